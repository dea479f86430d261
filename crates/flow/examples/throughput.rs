//! CPU time of the engine on a large capture made in memory: `cargo run --release -p flow --example throughput`.
//! With a file name, the capture is also written there, so that another program can read the same packets; with `--read`
//! and a file name, the records of that file go to stdout, redacted unless `--open` is there too.
#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic, clippy::indexing_slicing)]

#[path = "../src/engine/tests/net.rs"]
mod net;

use std::io::{BufWriter, Read, Write};

use flow::{
    Config, Direction, Engine, Envelope, Packet, Record, Sink, Writer,
    redact::{Redaction, Rules},
};
use net::{Client, Net, Server, Tcp};
use pcap::{Item, Step};

/// Writes every record as a line, as a program does, and counts.
#[derive(Default)]
struct Lines {
    out: Vec<u8>,
    writer: Writer,
    /// Lines are wanted by somebody.
    keep: bool,
    bytes: u64,
    http: u64,
    records: u64,
}

impl Sink for Lines {
    fn record(&mut self, envelope: &Envelope<'_>, record: &Record<'_>) {
        self.records += 1;
        self.http += u64::from(record.kind() == "http");
        self.writer.write(record, envelope, &mut self.out);
        self.out.push(b'\n');
        if self.out.len() > 1 << 16 {
            if self.keep {
                std::io::stdout().write_all(&self.out).unwrap();
            }
            self.bytes += self.out.len() as u64;
            self.out.clear();
        }
    }
}

fn main() {
    if let Some(path) = std::env::args().skip_while(|word| word != "--read").nth(1) {
        return read(&path);
    }
    let net = keep_alive(17, 194_000);
    let bytes: usize = net.packets.iter().map(|packet| packet.bytes.len()).sum();
    if let Some(path) = std::env::args().nth(1) {
        net.write_pcap(&mut BufWriter::new(std::fs::File::create(path).unwrap()));
    }
    for _ in 0..5 {
        let mut engine = Engine::new(Config::default());
        let mut lines = Lines::default();
        let begin = cpu_seconds();
        for made in &net.packets {
            let packet = Packet {
                iface: 0,
                ts_ns: made.ts_us as u64 * 1000,
                link: pcap::LinkType(made.link),
                orig_len: made.orig_len,
                dir: Direction::Unknown,
                bytes: &made.bytes,
            };
            engine.packet(&packet, &mut lines);
        }
        engine.finish(&mut lines);
        let spent = cpu_seconds() - begin;
        println!(
            "{} packets, {} MB, {} http, {} records, {} MB of JSON: {spent:.3} s CPU, {:.0} ns a packet, {} KiB held",
            net.packets.len(),
            bytes >> 20,
            lines.http,
            lines.records,
            (lines.bytes + lines.out.len() as u64) >> 20,
            spent * 1e9 / net.packets.len() as f64,
            engine.usage().bytes >> 10,
        );
    }
}

/// The records of a file, as `qd tap --read` makes them.
fn read(path: &str) {
    let open = std::env::args().any(|word| word == "--open");
    let redaction = if open { Redaction::off() } else { Redaction::new(Rules::default(), [7; 16]) };
    let mut engine = Engine::new(Config { redaction, budget: BUDGET, ..Config::default() });
    let mut lines = Lines { keep: true, ..Lines::default() };
    let mut file = std::fs::File::open(path).unwrap();
    let mut reader = pcap::Reader::new();
    let (mut buffer, mut start, mut end) = (vec![0; READ * 2], 0, 0);
    loop {
        match reader.next(&buffer[start..end], false).unwrap() {
            Step::Item { used, item } => {
                if let Item::Packet(packet) = item {
                    engine.packet(&Packet::from(&packet), &mut lines);
                }
                start += used;
            }
            Step::More { used, .. } => {
                start += used;
                buffer.copy_within(start..end, 0);
                (start, end) = (0, end - start);
                let got = file.read(&mut buffer[end..end + READ]).unwrap();
                if got == 0 {
                    break;
                }
                end += got;
            }
            Step::End => break,
        }
        if lines.out.len() > 1 << 15 {
            std::io::stdout().write_all(&lines.out).unwrap();
            lines.out.clear();
        }
    }
    engine.finish(&mut lines);
    std::io::stdout().write_all(&lines.out).unwrap();
    eprintln!("{} http, {} records, {:.2} s CPU", lines.http, lines.records, cpu_seconds());
}

/// Requests in turn on a few connections that stay open.
fn keep_alive(connections: u16, requests: usize) -> Net {
    let mut net = Net::new();
    net.step_us = 5;
    let mut all: Vec<Tcp> = (0..connections).map(|n| Tcp::new(40_000 + n)).collect();
    all.iter_mut().for_each(|tcp| tcp.open(&mut net));
    let body = "x".repeat(780);
    for n in 0..requests {
        let tcp = &mut all[n % usize::from(connections)];
        let request =
            format!("GET /item/{n} HTTP/1.1\r\nHost: shop.example\r\nUser-Agent: bench\r\nAccept: */*\r\n\r\n");
        tcp.send(&mut net, Client, request.as_bytes());
        let response = format!(
            "HTTP/1.1 200 OK\r\nServer: nginx\r\nDate: Sat, 21 Nov 2026 10:00:00 GMT\r\nContent-Type: text/plain\r\n\
             Content-Length: {}\r\nConnection: keep-alive\r\nETag: \"5f-{n}\"\r\n\r\n{body}",
            body.len()
        );
        tcp.send(&mut net, Server, response.as_bytes());
    }
    all.iter_mut().for_each(|tcp| tcp.close(&mut net));
    net
}

/// User and system time of this process.
fn cpu_seconds() -> f64 {
    let text = std::fs::read_to_string("/proc/self/stat").unwrap();
    let fields: Vec<&str> = text.rsplit_once(") ").unwrap().1.split(' ').collect();
    (fields[11].parse::<f64>().unwrap() + fields[12].parse::<f64>().unwrap()) / 100.0
}

/// Bytes of one read, as of `qd`.
const READ: usize = 256 << 10;
/// Memory of the engine, as of `qd`.
const BUDGET: usize = 12 << 20;
