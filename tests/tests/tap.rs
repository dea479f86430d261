//! `qd tap --read` as a process: stdin, a file that grows, a reader that goes away, exit codes.

#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic, clippy::indexing_slicing, missing_docs)]

#[path = "tap/long.rs"]
mod long;

use std::io::{BufRead, BufReader, Read, Write};
use std::path::Path;
use std::process::{Command, Output, Stdio};
use std::time::{Duration, Instant};

use serde_json::Value;

/// `qd tap` with a home of its own; it needs no kubeconfig.
fn tap(home: &Path, words: &[&str]) -> Command {
    let mut command = e2e::console::command(home, None);
    command.arg("tap").args(words);
    command
}

/// A classic capture: its header, then one HTTP transaction per connection, as raw IP packets.
struct Capture {
    out: Vec<u8>,
    micros: u64,
}

impl Capture {
    fn new() -> Self {
        let words: [u32; 6] = [0xa1b2_c3d4, 0x0004_0002, 0, 0, 65_535, 101];
        Self { out: words.iter().flat_map(|word| word.to_le_bytes()).collect(), micros: 1_700_000_000_000_000 }
    }

    fn packet(&mut self, from_client: bool, port: u16, seq: u32, ack: u32, flags: u8, payload: &[u8]) {
        let mut tcp = Vec::new();
        let (src, dst) = if from_client { (port, 80_u16) } else { (80, port) };
        tcp.extend([src.to_be_bytes(), dst.to_be_bytes()].concat());
        tcp.extend([seq.to_be_bytes(), ack.to_be_bytes()].concat());
        tcp.extend([0x50, flags, 0xff, 0xff, 0, 0, 0, 0]);
        tcp.extend(payload);
        let mut ip = vec![0x45, 0];
        ip.extend((20 + tcp.len() as u16).to_be_bytes());
        ip.extend([0, 0, 0, 0, 64, 6, 0, 0]);
        ip.extend(if from_client { [10, 0, 0, 1, 10, 0, 0, 2] } else { [10, 0, 0, 2, 10, 0, 0, 1] });
        ip.extend(tcp);
        self.micros += 100;
        let len = ip.len() as u32;
        let head = [(self.micros / 1_000_000) as u32, (self.micros % 1_000_000) as u32, len, len];
        self.out.extend(head.iter().flat_map(|word| word.to_le_bytes()));
        self.out.extend(ip);
    }

    /// One connection with one transaction.
    fn transaction(&mut self, port: u16, path: &str) {
        let request = format!("GET {path} HTTP/1.1\r\nHost: shop\r\n\r\n");
        let response = b"HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\nhi";
        let (asked, answered) = (1 + request.len() as u32, 1 + response.len() as u32);
        self.packet(true, port, 0, 0, 0x02, b"");
        self.packet(false, port, 0, 1, 0x12, b"");
        self.packet(true, port, 1, 1, 0x10, b"");
        self.packet(true, port, 1, 1, 0x18, request.as_bytes());
        self.packet(false, port, 1, asked, 0x18, response);
        self.packet(true, port, asked, answered, 0x11, b"");
        self.packet(false, port, answered, asked + 1, 0x11, b"");
        self.packet(true, port, asked + 1, answered + 1, 0x10, b"");
    }
}

fn paths(output: &Output) -> Vec<String> {
    assert!(output.status.success(), "{}", String::from_utf8_lossy(&output.stderr));
    let lines = String::from_utf8(output.stdout.clone()).unwrap();
    let records = lines.lines().map(|line| serde_json::from_str::<Value>(line).unwrap());
    records
        .filter(|record| record["kind"] == "http")
        .map(|record| record["path"].as_str().unwrap().to_owned())
        .collect()
}

#[test]
fn cap_n_23l_stdin_and_a_growing_file_are_shown_as_they_come() {
    let home = tempfile::tempdir().unwrap();
    let mut capture = Capture::new();
    capture.transaction(40_000, "/one");
    let first = capture.out.clone();
    capture.transaction(40_001, "/two");
    let all = capture.out;

    // stdin: the first transaction is there while the writer still has more to say
    let mut child = tap(home.path(), &["--read", "-", "-o", "jsonl", "--where", "kind = 'http'"])
        .stdin(Stdio::piped())
        .stdout(Stdio::piped())
        .spawn()
        .unwrap();
    let mut stdin = child.stdin.take().unwrap();
    let mut lines = BufReader::new(child.stdout.take().unwrap()).lines().map(Result::unwrap);
    stdin.write_all(&first).unwrap();
    assert!(lines.next().unwrap().contains("\"/one\""));
    stdin.write_all(&all[first.len()..]).unwrap();
    assert!(lines.next().unwrap().contains("\"/two\""));
    drop(stdin);
    assert_eq!(lines.next(), None);
    assert!(child.wait().unwrap().success());

    // a file: the second transaction comes in two parts, cut within a packet
    let path = home.path().join("growing.pcap");
    std::fs::write(&path, &first).unwrap();
    let mut child =
        tap(home.path(), &["--read", path.to_str().unwrap(), "--follow", "-o", "jsonl", "--where", "kind = 'http'"])
            .stdout(Stdio::piped())
            .spawn()
            .unwrap();
    let mut lines = BufReader::new(child.stdout.take().unwrap()).lines().map(Result::unwrap);
    assert!(lines.next().unwrap().contains("\"/one\""));
    let mut file = std::fs::File::options().append(true).open(&path).unwrap();
    let rest = &all[first.len()..];
    file.write_all(&rest[..77]).unwrap();
    std::thread::sleep(Duration::from_millis(300));
    file.write_all(&rest[77..]).unwrap();
    assert!(lines.next().unwrap().contains("\"/two\""));
    let pid = child.id().to_string();
    assert!(Command::new("kill").args(["-INT", &pid]).status().unwrap().success());
    let asked = Instant::now();
    assert!(child.wait().unwrap().success(), "Ctrl-C is how following ends");
    assert!(asked.elapsed() < Duration::from_secs(5));
}

#[test]
fn cap_f_20a_the_process_ends_with_the_codes_of_the_reference() {
    let home = tempfile::tempdir().unwrap();
    let mut capture = Capture::new();
    capture.transaction(40_000, "/one");
    let good = home.path().join("good.pcap");
    std::fs::write(&good, &capture.out).unwrap();
    assert_eq!(
        paths(&tap(home.path(), &["--read", good.to_str().unwrap(), "-o", "jsonl"]).output().unwrap()),
        ["/one"]
    );
    let empty = home.path().join("empty");
    std::fs::write(&empty, b"").unwrap();
    for (words, code, said) in [
        (vec!["--read", "/no/such/file"], 4, "not_found"),
        (vec!["--read", empty.to_str().unwrap()], 2, "not_a_capture"),
        (vec!["--read", home.path().to_str().unwrap()], 2, "not_a_capture"),
        (vec!["--read", good.to_str().unwrap(), "--where", "stauts = 1"], 2, "select_syntax"),
        (vec!["--read", good.to_str().unwrap(), "-f", "tcp prot 1"], 2, "filter_syntax"),
        (vec!["--read", good.to_str().unwrap(), "--write", "/dev/full"], 1, "write_failed"),
        (vec!["--read", good.to_str().unwrap(), "--body", "9999999"], 1, "limit_reached"),
        (vec![], 2, "--read"),
    ] {
        let output = tap(home.path(), &words).output().unwrap();
        assert_eq!(output.status.code(), Some(code), "{words:?}");
        let told = String::from_utf8(output.stderr).unwrap();
        assert!(told.contains(said), "{words:?}: {told}");
    }
}

#[test]
fn cap_f_14c_a_reader_that_goes_away_is_a_normal_end() {
    let home = tempfile::tempdir().unwrap();
    let mut capture = Capture::new();
    for at in 0..3_000 {
        capture.transaction(20_000 + at, "/many");
    }
    let path = home.path().join("many.pcap");
    std::fs::write(&path, &capture.out).unwrap();
    for words in [vec!["-o", "jsonl"], vec!["--write", "-"]] {
        let mut child = tap(home.path(), &[&["--read", path.to_str().unwrap()][..], &words].concat())
            .stdout(Stdio::piped())
            .stderr(Stdio::piped())
            .spawn()
            .unwrap();
        let mut some = [0; 100];
        child.stdout.take().unwrap().read_exact(&mut some).unwrap();
        let output = child.wait_with_output().unwrap();
        assert!(output.status.success(), "{words:?}: {}", String::from_utf8_lossy(&output.stderr));
        assert!(output.stderr.is_empty());
    }
}
