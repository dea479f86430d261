//! `qd tap` in a terminal: a real one, with a program in it that draws what vt100 reads.
#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic, clippy::indexing_slicing, missing_docs)]

use e2e::forward::Forward;
use e2e::tapping::{FRONT, alone, pods, tap};
use e2e::terminal::Terminal;
use e2e::{errors, kubeconfig, out, signal};
use std::io::Write;
use std::net::TcpStream;
use std::process::Stdio;
use std::time::{Duration, Instant};

fn view(home: &std::path::Path, more: &[&str]) -> Terminal {
    let words = [&["-n", "shop", "-l", FRONT], more].concat();
    let terminal = Terminal::start(&tap(home, &words), 30, 140);
    terminal.wait("captured", |screen| screen.contains("1/1 pods") && screen.contains("capturing"));
    terminal
}

#[test]
fn cap_16b_a_terminal_shows_steps_records_and_one_in_full_and_follows_its_size() {
    let _alone = alone();
    let home = tempfile::tempdir().unwrap();
    let mut terminal = view(home.path(), &[]);
    terminal.wait("records", |screen| screen.contains("→ shop/") && screen.contains(" GET "));
    let lines: Vec<String> = terminal.screen().lines().map(str::to_owned).collect();
    assert!(lines[0].contains(&format!("-n shop -l {FRONT}")), "{lines:#?}");
    assert!(lines[1].contains("shop/front-") && lines[1].contains("capturing"), "{lines:#?}");
    assert!(lines[29].contains("records") && lines[29].contains(" lost") && lines[29].contains("agent "), "{lines:#?}");
    terminal.write(" ");
    terminal.wait("paused", |screen| screen.lines().next().unwrap().contains("paused, "));
    terminal.wait("news", |screen| !screen.lines().next().unwrap().contains("paused, 0 new"));
    terminal.write(" ");
    terminal.write("/status = 200 and kind = \"http\"\r");
    terminal.wait("chosen", |screen| screen.contains("shown)") && screen.contains("where status = 200"));
    terminal.write("\u{1b}[A\r");
    terminal.wait("one in full", |screen| screen.contains("headers") && screen.contains("status  200"));
    terminal.write("\u{1b}");
    terminal.wait("the list", |screen| screen.contains("SOURCE"));
    terminal.resize(18, 90);
    let fits = |screen: &str| screen.lines().count() == 18 && screen.lines().last().unwrap().contains("1/1 pods");
    terminal.wait("the new size", fits);
    terminal.write("q");
    assert!(terminal.ended().success());
    assert!(terminal.screen().contains("ended: "), "its last counters stay:\n{}", terminal.screen());
}

#[test]
fn cap_f_27c_escapes_in_headers_and_paths_reach_no_terminal() {
    let _alone = alone();
    let home = tempfile::tempdir().unwrap();
    let pod = pods(FRONT).remove(0);
    let mut terminal = view(home.path(), &["--where", "path ~ \"evil\"", "--no-redact"]);
    let forward = Forward::start(&kubeconfig(), "shop", &format!("pod/{pod}"), 8080);
    let request =
        b"GET /evil\x1b]0;pwned\x07\x1b[2J HTTP/1.1\r\nHost: x\r\nX-Evil: \x1b]0;pwned\x07\x1b[?1049l\x9b31m\r\n\r\n";
    let mut stream = TcpStream::connect(("127.0.0.1", forward.port)).unwrap();
    stream.write_all(request).unwrap();
    terminal.wait("the record", |screen| screen.contains("/evil"));
    terminal.write("\r");
    terminal.wait("it in full", |screen| screen.contains("X-Evil"));
    let shown = terminal.screen();
    assert!(shown.contains("pwned") && shown.contains(r"\u{1b}]0;pwned"), "{shown}");
    terminal.write("qq");
    assert!(terminal.ended().success());
    let bytes = terminal.bytes();
    let has = |what: &[u8]| bytes.windows(what.len()).any(|window| window == what);
    assert!(!has(b"\x1b]") && !has(b"\x07") && !has(b"\xc2\x9b"), "an escape of a header reached the terminal");
    // Neither does it in lines.
    let words = ["-n", "shop", "-l", FRONT, "-o", "table", "--where", "path ~ \"evil\"", "--count", "1"];
    let mut command = tap(home.path(), &words);
    let mut child = command.stdout(Stdio::piped()).stderr(Stdio::piped()).spawn().unwrap();
    let until = Instant::now() + Duration::from_secs(30);
    while child.try_wait().unwrap().is_none() {
        assert!(Instant::now() < until, "no record");
        TcpStream::connect(("127.0.0.1", forward.port)).unwrap().write_all(request).unwrap();
        std::thread::sleep(Duration::from_millis(500));
    }
    let output = child.wait_with_output().unwrap();
    assert!(out(&output).contains("pwned") && !out(&output).contains('\u{1b}'), "{} {}", out(&output), errors(&output));
}

#[test]
fn cap_19b_the_terminal_is_given_back_whichever_way_the_tap_ends() {
    let _alone = alone();
    let home = tempfile::tempdir().unwrap();
    for way in ["q", "\u{3}", "TERM", "HUP", "twice"] {
        let mut terminal = view(home.path(), &[]);
        match way {
            "TERM" | "HUP" => signal(terminal.pid(), way),
            "twice" => terminal.write("\u{3}\u{3}"),
            key => terminal.write(key),
        }
        let status = terminal.ended();
        assert_eq!(status.success(), way != "twice", "{way:?} {status:?}\n{}", terminal.screen());
    }
    let mut terminal = view(home.path(), &["--duration", "3"]);
    assert!(terminal.ended().success());
}

#[test]
fn cap_16c_who_names_an_output_gets_lines_in_a_terminal_as_well() {
    let _alone = alone();
    let home = tempfile::tempdir().unwrap();
    let words = ["-n", "shop", "-l", FRONT, "--duration", "3", "-o", "jsonl"];
    let mut terminal = Terminal::start(&tap(home.path(), &words), 50, 400);
    assert!(terminal.ended().success());
    let bytes = String::from_utf8(terminal.bytes()).unwrap();
    // colours of this program's own log may be there, a screen may not
    assert!(bytes.contains("{\"pod\":\"shop/front-") && !bytes.contains("\u{1b}[?"), "{bytes}");
}
