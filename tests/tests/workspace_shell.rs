//! `qd ws shell` and `qd ws exec` on a real cluster, in a real terminal.
#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic, clippy::indexing_slicing, missing_docs)]

use e2e::between::Between;
use e2e::console::{self, Console};
use e2e::fresh::Fresh;
use e2e::terminal::Terminal;
use e2e::workspaces::{apply, operator, until, wait};
use e2e::{errors, kubeconfig, kubectl, out, signal};
use serde_json::{Value, json};
use std::io::{BufRead, BufReader, Read, Write};
use std::net::{TcpListener, TcpStream};
use std::os::unix::net::{UnixListener, UnixStream};
use std::path::Path;
use std::process::{Command, Output, Stdio};
use std::time::{Duration, Instant};

/// A workspace that runs, and the console whose operator keeps it.
struct Place {
    fresh: Fresh,
    console: Console,
}

impl Place {
    fn new(name: &'static str) -> Self {
        let place = Self { fresh: Fresh::new(name), console: operator() };
        apply(place.fresh.name(), "w", &json!({}));
        wait(place.fresh.name(), "w", "condition=Ready");
        place
    }

    /// `qd ws` with these words, as another command of the console's user.
    fn command(&self, words: &[&str]) -> Command {
        self.by(&kubeconfig(), words)
    }

    fn by(&self, kubeconfig: &Path, words: &[&str]) -> Command {
        let mut command = self.console.qd(Some(kubeconfig));
        let (what, rest) = words.split_first().unwrap();
        command.args(["ws", what, "-n", self.fresh.name()]).args(rest);
        command
    }

    fn run(&self, words: &[&str]) -> Output {
        self.command(words).stdin(Stdio::null()).output().expect("qd runs")
    }

    fn shell(&self, words: &[&str]) -> Terminal {
        Terminal::start(&self.command(&[&["shell", "w"], words].concat()), 24, 100)
    }

    /// The shells that there are.
    fn shells(&self) -> Vec<Value> {
        let listed = self.run(&["shells", "w", "-o", "jsonl"]);
        assert!(listed.status.success(), "{}", errors(&listed));
        out(&listed).lines().map(|line| serde_json::from_str(line).expect("a line of JSON")).collect()
    }
}

/// Types a line whose output is not what was typed, and waits for that.
fn says(terminal: &mut Terminal, number: u32) {
    terminal.write(&format!("echo $(({number}+1))-is-there\r"));
    terminal.wait("its answer", |screen| screen.contains(&format!("{}-is-there", number + 1)));
}

#[test]
fn ac_75h_a_shell_in_a_terminal_is_left_and_come_back_to_with_its_screen_and_ends_with_its_code() {
    let place = Place::new("ws-shell");
    let mut first = place.shell(&[]);
    says(&mut first, 41);
    // Sizes follow.
    first.resize(31, 90);
    first.write("while [ \"$(stty size)\" != '31 90' ]; do sleep 0.1; done; echo size-$((1+1))\r");
    first.wait("the new size", |screen| screen.contains("size-2"));
    // Control-C goes to the program, and ends neither the shell nor us.
    first.write("sleep 1000\r");
    until("the program runs", 20, || out(&place.run(&["exec", "w", "--", "ps", "ax"])).contains("sleep 1000"));
    first.write("\u{3}");
    says(&mut first, 51);
    first.write("\u{1}D");
    assert!(first.ended().success(), "{}", first.screen());
    first.wait("how to come back", |screen| screen.contains("qd ws shell w -n ws-shell --attach sh-"));
    let shells = place.shells();
    let shell = shells.iter().find(|one| one["kind"] == "shell").expect("it is there");
    assert_eq!(shell["state"], "DETACHED", "{shells:?}");
    let id = shell["id"].as_str().unwrap().to_owned();
    let table = out(&place.run(&["shells", "w"]));
    assert!(table.starts_with("ID ") && table.contains("DETACHED") && table.contains(&id), "{table}");

    let mut again = place.shell(&["--attach", &id]);
    again.wait("the screen of before", |screen| screen.contains("42-is-there") && screen.contains("52-is-there"));
    again.write("exit 7\r");
    let status = again.ended();
    assert_eq!(status.exit_code(), 7, "{}", again.screen());
    // The one left last, where none is named; there is none any more.
    let none = place.shell(&["--attach"]).ended();
    assert_eq!(none.exit_code(), 4);
    // A program instead of the shell, and one behind whose screen the terminal is as before.
    let mut other =
        place.shell(&["--", "sh", "-c", "printf '\\033[?1049h\\033[?25l\\033[?1000hinside'; read x; exit 3"]);
    other.wait("the program", |screen| screen.contains("inside"));
    other.write("\u{1}D");
    assert!(other.ended().success());
    assert!(other.bytes().windows(8).any(|bytes| bytes == b"\x1b[?1000l"), "the mouse is given back");
}

#[test]
fn ac_75i_a_shell_outlives_a_killed_client_and_another_takes_it_or_looks_on() {
    let place = Place::new("ws-killed-client");
    let mut first = place.shell(&[]);
    says(&mut first, 61);
    let id = place.shells().iter().find(|one| one["kind"] == "shell").unwrap()["id"].as_str().unwrap().to_owned();
    signal(first.pid(), "KILL");
    until("the shell is left", 30, || place.shells().iter().any(|one| one["id"] == *id && one["state"] == "DETACHED"));
    let mut second = place.shell(&["--attach"]);
    second.wait("the screen of before", |screen| screen.contains("62-is-there"));
    says(&mut second, 71);
    // One looks on, and takes the place then.
    let mut third = place.shell(&["--attach", &id, "--view-only"]);
    third.wait("what the other sees", |screen| screen.contains("72-is-there"));
    says(&mut second, 81);
    third.wait("what the other did", |screen| screen.contains("82-is-there"));
    let mut fourth = place.shell(&["--attach", &id, "--take"]);
    second.wait("told that it looks on", |screen| screen.contains("you look on"));
    says(&mut fourth, 91);
    // Whoever is told to end gives the terminal back, and the shell runs on.
    signal(fourth.pid(), "TERM");
    assert_eq!(fourth.ended().exit_code(), 143);
    signal(second.pid(), "HUP");
    assert_eq!(second.ended().exit_code(), 129);
    signal(third.pid(), "TERM");
    let _ = third.ended();
    assert!(place.shells().iter().any(|one| one["id"] == *id && one["state"] == "DETACHED"));
}

#[test]
fn ac_75j_a_lost_connection_comes_back_to_the_same_shell_or_says_how_to() {
    let place = Place::new("ws-lost");
    let between = Between::start();
    let through = between.kubeconfig(place.console.home());
    let mut shell = Terminal::start(&place.by(&through, &["shell", "w"]), 24, 100);
    says(&mut shell, 11);
    shell.write("kept=yes\r");
    says(&mut shell, 21);
    between.cut(true);
    shell.wait("told", |screen| screen.contains("the connection was lost"));
    std::thread::sleep(Duration::from_secs(2));
    between.cut(false);
    shell.wait("the screen again", |screen| screen.contains("22-is-there") && !screen.contains("was lost"));
    shell.write("echo ${kept}-$((1+1))\r");
    shell.wait("the same shell", |screen| screen.contains("yes-2"));
    assert_eq!(place.shells().iter().filter(|one| one["kind"] == "shell").count(), 1);
    let cut = Instant::now();
    between.cut(true);
    let status = shell.ended();
    let took = cut.elapsed();
    assert_eq!(status.exit_code(), 1, "{}", shell.screen());
    assert!(took > Duration::from_secs(8) && took < Duration::from_secs(25), "{took:?}");
    let text = String::from_utf8_lossy(&shell.bytes()).into_owned();
    assert!(text.contains("shell_lost") && text.contains("--attach sh-"), "{text}");
    // A program with pipes cannot come back, and says so.
    between.cut(false);
    let exec = place.by(&through, &["exec", "w", "--", "sh", "-c", "echo begun; sleep 1000"]);
    let mut running = { exec }.stdin(Stdio::null()).stdout(Stdio::piped()).stderr(Stdio::piped()).spawn().unwrap();
    let mut line = [0; 6];
    std::io::Read::read_exact(running.stdout.as_mut().unwrap(), &mut line).unwrap();
    between.cut(true);
    let output = running.wait_with_output().unwrap();
    assert_eq!(output.status.code(), Some(1));
    assert!(errors(&output).contains("shell_lost"), "{}", errors(&output));
    until("the program is ended", 20, || !out(&place.run(&["exec", "w", "--", "ps", "ax"])).contains("sleep 1000"));
}

#[test]
fn ac_71j_a_program_has_its_outputs_apart_its_input_and_its_code_and_the_journal_has_the_acts_alone() {
    let place = Place::new("ws-exec");
    let both = place.run(&["exec", "w", "--", "sh", "-c", "echo to-out; echo to-err >&2; id -un; exit 42"]);
    assert_eq!(
        (both.status.code(), out(&both).as_str(), errors(&both).as_str()),
        (Some(42), "to-out\nada\n", "to-err\n")
    );
    // Input, byte for byte, and its end; without -i there is none.
    let mut command = place.command(&["exec", "w", "-i", "--", "sha256sum"]);
    let mut child = command.stdin(Stdio::piped()).stdout(Stdio::piped()).spawn().unwrap();
    let bytes: Vec<u8> = (0..3_000_000u32).map(|at| (at.wrapping_mul(2_654_435_761) >> 24) as u8).collect();
    let mut stdin = child.stdin.take().unwrap();
    let typing = std::thread::spawn({
        let bytes = bytes.clone();
        move || stdin.write_all(&bytes).unwrap()
    });
    let sum = out(&child.wait_with_output().unwrap());
    typing.join().unwrap();
    let file = place.console.home().join("bytes");
    std::fs::write(&file, &bytes).unwrap();
    let ours = out(&Command::new("sha256sum").arg(&file).output().unwrap());
    assert_eq!(sum.split(' ').next(), ours.split(' ').next());
    let mut command = place.command(&["exec", "w", "--", "wc", "-c"]);
    let mut child = command.stdin(Stdio::piped()).stdout(Stdio::piped()).spawn().unwrap();
    child.stdin.take().unwrap().write_all(b"not for it").unwrap();
    assert_eq!(out(&child.wait_with_output().unwrap()).trim(), "0");
    // Megabytes come whole; a reader that goes away is no failure.
    let many = place.run(&["exec", "w", "--", "head", "-c", "5000000", "/dev/zero"]);
    assert_eq!(many.stdout.len(), 5_000_000);
    let mut command = place.command(&["exec", "w", "--", "yes"]);
    let mut child = command.stdin(Stdio::null()).stdout(Stdio::piped()).spawn().unwrap();
    drop(child.stdout.take());
    assert!(child.wait().unwrap().success());
    // Control-C is for the program.
    let words = ["exec", "w", "--", "sh", "-c", "trap 'exit 9' INT; echo begun; while :; do sleep 0.1; done"];
    let mut child = place.command(&words).stdin(Stdio::null()).stdout(Stdio::piped()).spawn().unwrap();
    let mut line = [0; 6];
    std::io::Read::read_exact(child.stdout.as_mut().unwrap(), &mut line).unwrap();
    signal(child.id(), "INT");
    assert_eq!(child.wait().unwrap().code(), Some(9));
    // A program that is not there; no terminal for a shell.
    let none = place.run(&["exec", "w", "--", "no-such-program"]);
    assert!(!none.status.success() && !errors(&none).is_empty(), "{none:?}");
    let blind = place.run(&["shell", "w"]);
    assert_eq!(blind.status.code(), Some(2), "{}", errors(&blind));

    // With a terminal.
    let mut tty = Terminal::start(&place.command(&["exec", "w", "-it", "--", "sh"]), 24, 100);
    tty.write("test -t 0 && echo a-tty-$((1+1)); : hunter2-typed; exit 6\r");
    tty.wait("a terminal", |screen| screen.contains("a-tty-2"));
    assert_eq!(tty.ended().exit_code(), 6);
    let mut shell = place.shell(&[]);
    shell.write("read -s secret; echo got-${#secret}\r");
    shell.write("hunter2-secret\r");
    shell.wait("its length", |screen| screen.contains("got-14"));
    shell.write("exit\r");
    assert!(shell.ended().success());

    // Nothing but reads: refused before anything is asked, and journalled.
    let refused = place.command(&["exec", "w", "--read-only", "--", "touch", "/tmp/written"]).output().unwrap();
    assert_eq!(refused.status.code(), Some(3), "{}", errors(&refused));
    assert!(errors(&refused).contains("read_only"), "{}", errors(&refused));
    let mut refused = Terminal::start(&place.command(&["shell", "w", "--read-only"]), 24, 100);
    assert_eq!(refused.ended().exit_code(), 3);
    assert_eq!(place.run(&["exec", "w", "--", "test", "-e", "/tmp/written"]).status.code(), Some(1));

    let journal = place.console.journal();
    let lines: Vec<&str> = journal.lines().collect();
    let has = |words: &[&str]| lines.iter().any(|line| words.iter().all(|word| line.contains(word)));
    assert!(has(&["workspace:exec", "sh in workspaces.quarterdeck.dev ws-exec/w"]), "{journal}");
    assert!(has(&["workspace:connect", "a shell of workspaces.quarterdeck.dev ws-exec/w"]), "{journal}");
    assert!(journal.contains("it ended with 42") && journal.contains("ended with 6;"), "{journal}");
    assert!(has(&["workspace:exec", "read_only"]), "{journal}");
    for typed in ["hunter2", "to-out", "begun", "a-tty"] {
        assert!(!journal.contains(typed), "{typed} is in the journal");
    }
}

#[test]
fn ac_71y_ports_and_unix_sockets_are_carried_both_ways_until_control_c() {
    let place = Place::new("ws-forward");
    let home = place.console.home().to_owned();
    let (here, ours) = (home.join("f.sock"), home.join("o.sock"));
    // What answers here for a socket there: it says back what it is told, in capitals.
    let answers = UnixListener::bind(&ours).unwrap();
    std::thread::spawn(move || {
        for stream in answers.incoming().flatten() {
            let mut line = String::new();
            BufReader::new(&stream).read_line(&mut line).unwrap();
            (&stream).write_all(line.to_uppercase().as_bytes()).unwrap();
        }
    });
    let carries = format!("{}:/tmp/r.sock", here.display());
    let back = format!("/tmp/r.sock:{}", ours.display());
    let mut command = place.command(&["forward", "w", &carries, "0:7", "-R", &back]);
    let mut child = command.stdin(Stdio::null()).stdout(Stdio::piped()).spawn().unwrap();
    let mut lines = BufReader::new(child.stdout.take().unwrap());
    let mut told = String::new();
    for _ in 0..2 {
        lines.read_line(&mut told).unwrap();
    }
    assert!(told.contains("f.sock is /tmp/r.sock of ws-forward/w\n"), "{told}");
    let port = told.split("127.0.0.1:").nth(1).and_then(|rest| rest.split(' ').next()).unwrap().parse::<u16>().unwrap();
    // Through the socket here to the one there, and from there to ours.
    let round = || -> std::io::Result<String> {
        let mut stream = UnixStream::connect(&here)?;
        stream.set_read_timeout(Some(Duration::from_secs(30)))?;
        stream.write_all(b"there and back\n")?;
        let mut line = String::new();
        BufReader::new(&stream).read_line(&mut line)?;
        Ok(line)
    };
    until("both are made", 60, || round().is_ok_and(|line| line == "THERE AND BACK\n"));
    // Nothing listens on the port: the connection ends, the rest goes on.
    let mut none = TcpStream::connect(("127.0.0.1", port)).unwrap();
    none.set_read_timeout(Some(Duration::from_secs(30))).unwrap();
    assert_eq!(none.read(&mut [0; 1]).unwrap_or(0), 0);
    assert_eq!(round().unwrap(), "THERE AND BACK\n");
    signal(child.id(), "INT");
    assert!(child.wait().unwrap().success());
    assert!(!here.exists(), "the socket here is taken away");
    until("and the one there", 60, || !place.run(&["exec", "w", "--", "test", "-e", "/tmp/r.sock"]).status.success());
    let journal = place.console.journal();
    for words in ["connect /tmp/r.sock", "listen on /tmp/r.sock", "port 7 of"] {
        assert!(journal.contains(words), "{words}: {journal}");
    }
    let taken = TcpListener::bind("127.0.0.1:0").unwrap();
    let words = format!("{}:80", taken.local_addr().unwrap().port());
    let refused = place.run(&["forward", "w", &words]);
    assert!(!refused.status.success() && errors(&refused).contains("port_in_use"), "{}", errors(&refused));
}

#[test]
fn wl_09a_by_name_or_user_string_one_that_is_stopped_says_so_and_is_started_on_request() {
    let fresh = Fresh::new("ws-shell-start");
    let (ns, console) = (fresh.name(), operator());
    let qd = |words: &[&str]| {
        let (what, rest) = words.split_first().unwrap();
        let mut command = console::command(console.home(), Some(&kubeconfig()));
        command.args(["ws", what, "-n", ns]).args(rest).stdin(Stdio::null()).output().expect("qd runs")
    };
    let user = "ada~go";
    let blueprint = json!({
        "apiVersion": "quarterdeck.dev/v1alpha1", "kind": "Blueprint",
        "metadata": { "name": "go", "namespace": ns }, "spec": { "image": "images.invalid/none:1" },
    });
    kubectl::apply(&kubeconfig(), &blueprint.to_string());
    let made =
        qd(&["create", user, "--image", "images.invalid/shell:1", "--owner", "ada", "--stopped", "--timeout", "60"]);
    assert!(made.status.success(), "{}", errors(&made));
    let stopped = qd(&["exec", user, "--", "true"]);
    assert_eq!(stopped.status.code(), Some(1), "{}", errors(&stopped));
    let said = errors(&stopped);
    assert!(
        said.contains("workspace_stopped") && said.contains("qd ws start ada-") && said.contains("--start"),
        "{said}"
    );
    assert_eq!(qd(&["shells", user]).status.code(), Some(1));
    let started = qd(&["exec", user, "--start", "--timeout", "90", "--", "uname", "-n"]);
    assert!(started.status.success(), "{}", errors(&started));
    assert!(errors(&started).contains("Starting"), "its stages are told: {}", errors(&started));
    let name = out(&qd(&["list", "-o", "name"])).trim().trim_start_matches("workspaces.quarterdeck.dev/").to_owned();
    assert_eq!(out(&started).trim(), name);
    assert_eq!(out(&qd(&["exec", &name, "--", "echo", "$HOME"])), "$HOME\n", "no shell reads the words");
    // One that does not come: what it waits for, in time; one that is not there.
    apply(ns, "large", &json!({ "placement": { "nodeSelector": { "nowhere": "true" } } }));
    let late = qd(&["exec", "large", "--timeout", "5", "--", "true"]);
    assert_eq!(late.status.code(), Some(5), "{}", errors(&late));
    assert!(errors(&late).contains("workspace_timeout") && errors(&late).contains("Scheduling"), "{}", errors(&late));
    assert_eq!(qd(&["exec", "nobody", "--", "true"]).status.code(), Some(4));
    // Stopped while somebody is there: the shell ends with it, and does not wait to come back.
    let mut command = console::command(console.home(), Some(&kubeconfig()));
    command.args(["ws", "shell", &name, "-n", ns]);
    let mut shell = Terminal::start(&command, 24, 100);
    says(&mut shell, 31);
    let stopped = qd(&["stop", &name, "--yes", "--timeout", "60"]);
    assert!(stopped.status.success(), "{}", errors(&stopped));
    assert!(!shell.ended().success());
}
