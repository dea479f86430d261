//! Captures that are long: what they take of memory and of the processor.

use super::{Capture, tap};
use std::io::{BufRead, BufReader, Write};
use std::process::{Child, ChildStdin, Stdio};
use std::sync::mpsc::{Receiver, channel};
use std::time::Duration;

/// `qd tap --read -`, told of each record that has a path of `/after`.
struct Reader {
    child: Child,
    input: ChildStdin,
    after: Receiver<()>,
    _home: tempfile::TempDir,
}

impl Reader {
    fn start() -> Self {
        let home = tempfile::tempdir().unwrap();
        let mut command = tap(home.path(), &["--read", "-", "-o", "jsonl"]);
        let mut child = command.stdin(Stdio::piped()).stdout(Stdio::piped()).spawn().unwrap();
        let (input, output) = (child.stdin.take().unwrap(), BufReader::new(child.stdout.take().unwrap()));
        let (send, after) = channel();
        std::thread::spawn(move || {
            for line in output.split(b'\n').map_while(Result::ok) {
                if line.windows(8).any(|part| part == b"\"/after\"") {
                    let _ = send.send(());
                }
            }
        });
        Self { child, input, after, _home: home }
    }

    /// Waits until all that was written is read.
    fn read_all(&mut self, capture: &mut Capture) {
        capture.out.clear();
        capture.transaction(1_000, "/after");
        self.input.write_all(&capture.out).unwrap();
        self.input.flush().unwrap();
        self.after.recv_timeout(Duration::from_secs(120)).expect("the last record");
    }

    /// The most memory that it had, in bytes.
    fn peak(&self) -> u64 {
        let status = std::fs::read_to_string(format!("/proc/{}/status", self.child.id())).unwrap();
        let line = status.lines().find_map(|line| line.strip_prefix("VmHWM:")).unwrap();
        line.trim().trim_end_matches(" kB").parse::<u64>().unwrap() << 10
    }

    /// Processor time of all its threads, in nanoseconds.
    fn cpu(&self) -> u64 {
        let tasks = std::fs::read_dir(format!("/proc/{}/task", self.child.id())).unwrap();
        let of = |path: std::path::PathBuf| std::fs::read_to_string(path.join("schedstat")).unwrap_or_default();
        let times = tasks.flatten().map(|task| of(task.path()));
        times.filter_map(|text| text.split(' ').next()?.parse::<u64>().ok()).sum()
    }

    fn end(self) {
        let Self { mut child, input, .. } = self;
        drop(input);
        assert!(child.wait().unwrap().success());
    }
}

/// The time of the packets of a capture, later by so many seconds.
fn later(packets: &mut [u8], seconds: u32) {
    let mut at = 0;
    while at < packets.len() {
        let word = |at: usize| u32::from_le_bytes(packets[at..at + 4].try_into().unwrap());
        let (time, len) = (word(at) + seconds, word(at + 8) as usize);
        packets[at..at + 4].copy_from_slice(&time.to_le_bytes());
        at += 16 + len;
    }
}

#[test]
fn cap_d_08_memory_is_the_same_over_one_ten_and_a_hundred_copies_of_a_capture() {
    let mut capture = Capture::new();
    let mut reader = Reader::start();
    reader.input.write_all(&capture.out).unwrap();
    capture.out.clear();
    for port in 20_000..24_000 {
        capture.transaction(port, "/copied");
    }
    let mut packets = std::mem::take(&mut capture.out);
    let mut peaks = Vec::new();
    for copy in 1..=100 {
        reader.input.write_all(&packets).unwrap();
        later(&mut packets, 20);
        capture.micros += 20_000_000;
        if matches!(copy, 1 | 10 | 100) {
            reader.read_all(&mut capture);
            peaks.push(reader.peak());
        }
    }
    reader.end();
    let [one, ten, hundred] = peaks[..] else { panic!("{peaks:?}") };
    // One copy may not have filled what is bounded.
    assert!(ten <= one * 3 / 2 + (4 << 20), "{peaks:?}");
    assert!(hundred <= ten + ten / 10 + (1 << 20), "{peaks:?}");
    assert!(hundred < 64 << 20, "{peaks:?}");
}

/// One connection whose answer has a body of so many GiB; the most memory, and the processor time that it took.
fn body(gib: u64) -> (u64, u64) {
    const PIECE: usize = 65_000;
    let pieces = (gib << 30) / PIECE as u64;
    let mut capture = Capture::new();
    let mut reader = Reader::start();
    let (port, request) = (30_000, b"GET /big HTTP/1.1\r\nHost: shop\r\n\r\n");
    capture.packet(true, port, 0, 0, 0x02, b"");
    capture.packet(false, port, 0, 1, 0x12, b"");
    capture.packet(true, port, 1, 1, 0x10, b"");
    capture.packet(true, port, 1, 1, 0x18, request);
    let asked = 1 + request.len() as u32;
    let head = format!("HTTP/1.1 200 OK\r\nContent-Length: {}\r\n\r\n", pieces * PIECE as u64);
    capture.packet(false, port, 1, asked, 0x18, head.as_bytes());
    reader.input.write_all(&capture.out).unwrap();
    let mut seq = 1 + head.len() as u32;
    let payload = vec![b'x'; PIECE];
    for piece in 0..pieces {
        capture.out.clear();
        capture.packet(false, port, seq, asked, 0x10, &payload);
        seq = seq.wrapping_add(PIECE as u32);
        if piece % 2 == 1 {
            capture.packet(true, port, asked, seq, 0x10, b"");
        }
        reader.input.write_all(&capture.out).unwrap();
    }
    reader.read_all(&mut capture);
    let measured = (reader.peak(), reader.cpu());
    reader.end();
    measured
}

#[test]
fn cap_d_27_a_body_of_4_gib_takes_no_more_memory_than_one_of_1_and_four_times_its_time() {
    let (mut one, mut four, mut seen) = (u64::MAX, u64::MAX, Vec::new());
    // What else the machine does makes a process slower, never faster.
    for _ in 0..10 {
        let ((few, less), (many, more)) = (body(1), body(4));
        assert!(many <= few + few / 10 + (1 << 20), "{few} bytes, and {many}");
        (one, four) = (one.min(less), four.min(more));
        let share = four as f64 / (4 * one) as f64;
        seen.push(share);
        if (0.9..=1.1).contains(&share) {
            return;
        }
    }
    panic!("the time is not linear: {seen:?}");
}
