#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic, clippy::indexing_slicing)]

use super::*;
use std::thread;
use std::time::Duration;

#[test]
fn a_process_is_found_by_its_mark_and_only_by_it() {
    let dir = tempfile::tempdir().unwrap();
    let mut ours = Command::new("sleep").arg("60").env(MARK, dir.path()).spawn().unwrap();
    let mut other = Command::new("sleep").arg("60").env(MARK, dir.path().join("other")).spawn().unwrap();
    // `spawn` may return an instant before the kernel shows the new environment.
    let mut found = marked(dir.path());
    for _ in 0..100 {
        if found.as_ref().is_ok_and(|processes| !processes.is_empty()) {
            break;
        }
        thread::sleep(Duration::from_millis(10));
        found = marked(dir.path());
    }
    for child in [&mut ours, &mut other] {
        child.kill().unwrap();
    }
    let pids: Vec<u32> = found.unwrap().iter().map(|process| process.pid as u32).collect();
    assert_eq!(pids, [ours.id()]);
    for mut child in [ours, other] {
        child.wait().unwrap();
    }
}

#[test]
fn only_the_first_process_of_a_namespace_below_is_a_holder() {
    assert!(is_first("Name:\tpause\nNSpid:\t4711\t1\n"));
    assert!(!is_first("NSpid:\t4712\t2\n"));
    assert!(!is_first("NSpid:\t1\n"), "the first process of the machine itself");
    assert!(!is_first("Name:\tsleep\n"));
}
