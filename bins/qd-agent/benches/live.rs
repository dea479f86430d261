//! The agent beside a web server under load, in network namespaces of its own (CAP-P-05): what the kernel dropped, of the
//! agent that parses and of tcpdump with its usual ring in the same run; what was seen of what was asked; and what the
//! agent took for it. Its owner writes the packets as pcapng. Needs root, nginx, wrk and tcpdump.
//! `cargo bench -p qd-agent --bench live`
//!
//! No time is measured. The row holds where an agent that lets packets go drops none of a load of 1.2 Gbit/s. What it does
//! where the load takes all that the machine gives is told for comparison: there load, server, agent, its owner and tcpdump
//! lack processors, and each of them what the others take.
#![allow(dead_code, clippy::unwrap_used, clippy::expect_used, clippy::panic, clippy::indexing_slicing)]

#[path = "../tests/it/owner.rs"]
mod owner;
#[path = "../tests/it/space.rs"]
mod space;

use owner::{Agent, Owner};
use proto::capture::{Body, Credit, Limits, PacketLevel, Ping, Start, Stats};
use space::Space;
use std::io::Read;
use std::process::{Child, Command, Stdio};

/// The load that the row speaks of, in megabits a second.
const LIMIT: u64 = 1_200;
/// Seconds of load.
const SECONDS: &str = "5";
const NGINX: &str = "daemon off; master_process off; pid /dev/null; error_log /dev/null;
events { worker_connections 512; }
http { access_log off; sendfile on; keepalive_requests 1000000;
server { listen 8080; location / { root DIR; default_type application/octet-stream; } } }";

fn main() {
    // Given by `cargo bench`, and by nobody else.
    if !std::env::args().any(|word| word == "--bench") {
        return;
    }
    let dir = std::env::temp_dir().join(format!("qd-live-{}", std::process::id()));
    std::fs::create_dir_all(&dir).unwrap();
    println!(
        "packets  size  limit  requests  seen      Mbit   packets  drops  lost  cut  cpu_ms  rss_KiB  level  tcpdump drops"
    );
    let mut bar = None;
    for (level, size, limit) in [
        (PacketLevel::Masked, 65_536, LIMIT),
        (PacketLevel::Full, 65_536, LIMIT),
        (PacketLevel::None, 65_536, 0),
        (PacketLevel::Masked, 65_536, 0),
        (PacketLevel::Full, 65_536, 0),
        (PacketLevel::Full, 1_024, 0),
        (PacketLevel::Masked, 1_024, 0),
    ] {
        std::fs::write(dir.join("body"), vec![b'x'; size]).unwrap();
        std::fs::write(dir.join("nginx.conf"), NGINX.replace("DIR", dir.to_str().unwrap())).unwrap();
        let (mbit, drops) = run(level, size, limit, dir.join("nginx.conf").to_str().unwrap());
        if limit > 0 && mbit >= 1_000 {
            bar = Some(bar.unwrap_or(0) + drops);
        }
    }
    std::fs::remove_dir_all(&dir).unwrap();
    match bar {
        Some(drops) => println!("ratio CAP-P-05 kernel drops at 1 Gbit/s and more {drops}"),
        None => println!("CAP-P-05: this machine did not come to 1 Gbit/s"),
    }
}

/// tcpdump as people start it, on the same interface.
struct Dump(Child);

impl Dump {
    fn start(space: &Space) -> Self {
        let words = [&space.by()[..], &["tcpdump", "-i", "srv", "-Z", "root", "-w", "/dev/null"]].concat();
        let (program, words) = words.split_first().unwrap();
        let mut child = Command::new(program).args(words).stderr(Stdio::piped()).spawn().unwrap();
        let mut said = [0; 1];
        child.stderr.as_mut().unwrap().read_exact(&mut said).expect("tcpdump starts");
        Self(child)
    }

    /// What the kernel dropped of it.
    fn drops(mut self) -> u64 {
        // By `ip netns exec` it is this very process.
        assert!(Command::new("kill").args(["-INT", &self.0.id().to_string()]).status().unwrap().success());
        let mut said = String::new();
        self.0.stderr.take().unwrap().read_to_string(&mut said).unwrap();
        let line = said.lines().find_map(|line| line.split_once(" packets dropped by kernel"));
        line.and_then(|(count, _)| count.trim().parse().ok()).unwrap_or_else(|| panic!("{said}"))
    }
}

impl Drop for Dump {
    fn drop(&mut self) {
        let _ = self.0.kill();
        let _ = self.0.wait();
    }
}

/// The megabits a second that came, and the packets that the kernel dropped.
fn run(level: PacketLevel, size: usize, limit: u64, config: &str) -> (u64, u64) {
    let (mut server, mut client) = (Space::new("serve"), Space::new("ask"));
    server.ip(&["link", "add", "srv", "type", "veth", "peer", "name", "cli", "netns", &client.name]);
    for (space, link, address) in [(&server, "srv", "10.8.0.1/24"), (&client, "cli", "10.8.0.2/24")] {
        space.ip(&["addr", "add", address, "dev", link]);
        space.ip(&["link", "set", link, "up"]);
    }
    if limit > 0 {
        let (rate, shape) = (format!("{limit}mbit"), ["tc", "qdisc", "add", "dev", "srv", "root", "tbf", "rate"]);
        server.run(&[&shape[..], &[&rate, "burst", "512kb", "latency", "50ms"]].concat());
    }
    server.start(&["nginx", "-c", config]);
    let agent = Agent::start_by(&server.by(), &[], "live", 60);
    let mut owner = agent.connect();
    let limits = Limits { cpu_percent: 100, ..Limits::default() };
    let mut start = Start { interfaces: vec!["srv".into()], ring: 0, limits: Some(limits), ..Owner::all() };
    start.packets = level as i32;
    owner.begin(start);
    owner.until("answer", |body| matches!(body, Body::FilterApplied(_)).then_some(()));
    let dump = Dump::start(&server);
    let mut file = Vec::new();
    let mut writer = pcap::Writer::start(&pcap::Section::default(), &mut file);
    writer.interface(&pcap::Interface::new(pcap::LinkType::ETHERNET), &mut file);
    let load = client.start(&["wrk", "-t1", "-c16", &format!("-d{SECONDS}s"), "http://10.8.0.1:8080/body"]);
    let mut output = load.stdout.take().unwrap();
    let report = std::thread::spawn(move || {
        let mut text = String::new();
        output.read_to_string(&mut text).unwrap();
        text
    });
    let (mut seen, mut cut, mut lost, mut last) = (0, 0, 0, Stats::default());
    let mut rss = 0;
    let mut quiet = 0;
    while quiet < 3 {
        let body = owner.until("frames", |body| Some(body.clone()));
        match body {
            Body::Packets(batch) => {
                // The bytes are made as for a disk, and thrown away.
                file.clear();
                for packet in proto::capture::codec::packets(batch.base_ns, &batch.packets) {
                    let packet = packet.unwrap();
                    cut += u64::from(packet.flags & proto::capture::codec::CUT != 0);
                    let (ts_ns, orig_len, bytes) = (packet.ts_ns, packet.orig_len, packet.bytes);
                    let out = pcap::Outgoing { ts_ns, orig_len, bytes, ..pcap::Outgoing::default() };
                    writer.packet(&out, &mut file).unwrap();
                }
                owner.send(Body::Credit(Credit { packets: batch.packets.len() as u64, records: 0 }));
            }
            Body::Records(batch) => {
                seen += memchr_count(&batch.lines);
                owner.send(Body::Credit(Credit { packets: 0, records: batch.lines.len() as u64 }));
            }
            Body::Loss(loss) => lost += loss.packets,
            Body::Stats(stats) => {
                rss = rss.max(stats.rss);
                quiet = if stats.packets == last.packets && stats.packets > 0 { quiet + 1 } else { 0 };
                last = stats;
                owner.send(Body::Ping(Ping { t1: 1 }));
            }
            _ => {}
        }
    }
    let report = report.join().unwrap();
    let dumped = dump.drops();
    let requests: u64 = report
        .lines()
        .find_map(|line| line.trim().split_once(" requests in ")?.0.parse().ok())
        .unwrap_or_else(|| panic!("{report}"));
    let seconds: u64 = SECONDS.parse().unwrap();
    let mbit = last.bytes * 8 / seconds / 1_000_000;
    println!(
        "{:8} {:5} {limit:5} {requests:9} {seen:9} {mbit:5} {:9} {:6} {lost:5} {cut:5} {:6} {:8} {:5} {dumped:8}",
        format!("{level:?}"),
        size,
        last.packets,
        last.kernel_drops,
        last.cpu_ms,
        rss / 1024,
        last.level,
    );
    (mbit, last.kernel_drops)
}

/// HTTP transactions among lines of records.
fn memchr_count(lines: &[u8]) -> u64 {
    const HTTP: &[u8] = b"\"kind\":\"http\"";
    lines
        .split(|byte| *byte == b'\n')
        .filter(|line| line.windows(HTTP.len()).take(64).any(|window| window == HTTP))
        .count() as u64
}
