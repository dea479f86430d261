#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic, clippy::indexing_slicing)]

use std::process::Command;
use std::time::{Duration, Instant};

use super::{Silent, lines, lines_within, output, run, spawn, stop};

#[test]
fn a_failing_command_is_named_with_its_arguments() {
    let error = run(Command::new("sh").args(["-c", "exit 3"])).unwrap_err().to_string();
    assert!(error.contains("sh -c exit 3") && error.contains('3'), "{error}");
}

#[test]
fn lines_arrive_in_order_and_without_their_ends() {
    let mut seen = Vec::new();
    let status = lines(Command::new("printf").arg("a\\r\\nb\\n"), |line| seen.push(line.to_owned())).unwrap();
    assert!(status.success());
    assert_eq!(seen, ["a", "b"]);
    assert_eq!(output(Command::new("echo").arg("x")).unwrap(), "x\n");
}

#[test]
fn what_a_program_leaves_behind_is_ended_and_told() {
    let (begin, mut seen) = (Instant::now(), Vec::new());
    let script = "$| = 1; if (fork) { print \"x\\n\"; exit } sleep 60";
    let left = lines(Command::new("perl").args(["-e", script]), |line| seen.push(line.to_owned())).unwrap_err();
    assert!(left.to_string().contains("something that it started has not"), "{left}");
    assert_eq!(seen, ["x"]);
    assert!(begin.elapsed() < Duration::from_secs(30));
}

#[test]
fn what_says_nothing_for_too_long_is_ended_and_told() {
    let (begin, mut seen) = (Instant::now(), Vec::new());
    let mut command = Command::new("sh");
    command.args(["-c", "echo one; sleep 60"]);
    let silent = lines_within(&mut command, Duration::from_secs(1), |line| seen.push(line.to_owned())).unwrap_err();
    assert!(silent.is::<Silent>() && silent.to_string().contains("sleep 60 said nothing"), "{silent}");
    assert_eq!(seen, ["one"]);
    assert!(begin.elapsed() < Duration::from_secs(30));
}

#[test]
fn stop_ends_the_whole_group() {
    let begin = Instant::now();
    let mut child = spawn(Command::new("sh").args(["-c", "sleep 60 & sleep 60"])).unwrap();
    stop(&mut child);
    assert!(begin.elapsed() < Duration::from_secs(16));
    assert!(child.try_wait().unwrap().is_some());
}
