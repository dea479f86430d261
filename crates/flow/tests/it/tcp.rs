//! The TCP core against tshark: connections, repeated and late segments, zero windows, stream bytes.

use std::collections::BTreeMap;
use std::path::Path;
use std::process::Command;

use flow::Config;
use serde_json::Value;

use crate::capture::{ours, program, run};
use crate::net::{ACK, Client, From, Net, Server, Tcp};

/// What tshark says of each packet: its stream and some fields.
fn fields(file: &Path, filter: &str, names: &[&str]) -> Vec<Vec<String>> {
    let mut command: Command = program("tshark", "tshark");
    command.arg("-n").arg("-r").arg(file).args([
        "-o",
        "tcp.analyze_sequence_numbers:TRUE",
        "-T",
        "fields",
        "-Y",
        filter,
    ]);
    command.args(names.iter().flat_map(|name| ["-e", name]));
    run(&mut command).lines().map(|line| line.split('\t').map(str::to_owned).collect()).collect()
}

fn closed(records: &[Value]) -> Vec<&Value> {
    records.iter().filter(|record| record["kind"] == "flow" && record["state"] == "close").collect()
}

fn write(net: &Net, file: &Path) {
    net.write_pcap(&mut std::fs::File::create(file).unwrap());
}

/// Many short connections, one after the other and beside each other.
fn many(connections: u16, v6: bool) -> Net {
    let mut net = Net::new();
    let mut open: Vec<Tcp> = Vec::new();
    for n in 0..connections {
        let mut tcp = if v6 { Tcp::v6(20_000 + n) } else { Tcp::new(20_000 + n) };
        tcp.open(&mut net);
        tcp.send(&mut net, Client, format!("GET /{n} HTTP/1.1\r\nHost: a\r\n\r\n").as_bytes());
        let body = "c".repeat(usize::from(n) * 7 % 4000);
        let head = format!("HTTP/1.1 200 OK\r\nContent-Length: {}\r\n\r\n", body.len());
        tcp.send(&mut net, Server, [head.as_bytes(), body.as_bytes()].concat().as_slice());
        open.push(tcp);
        if open.len() > 5 {
            open.remove(usize::from(n) % 5).close(&mut net);
        }
    }
    open.iter_mut().for_each(|tcp| tcp.close(&mut net));
    net
}

#[test]
fn cap_d_02_connections_are_those_of_tshark_also_after_late_packets() {
    let dir = tempfile::tempdir().unwrap();
    for v6 in [false, true] {
        let mut net = many(400, v6);
        // Some ports are used again, and some packets come once more after their connection's end.
        for port in [20_003, 20_010, 20_333] {
            let mut again = if v6 { Tcp::v6(port) } else { Tcp::new(port) };
            again.seq = [77_000_000, 88_000_000];
            net.wait(3_000_000);
            again.open(&mut net);
            again.send(&mut net, Client, b"GET /again HTTP/1.1\r\n\r\n");
            again.close(&mut net);
            again.raw(&mut net, Server, ACK, 0, &[]);
        }
        let file = dir.path().join("short.pcap");
        write(&net, &file);
        let streams: std::collections::BTreeSet<String> =
            fields(&file, "tcp", &["tcp.stream"]).into_iter().map(|mut one| one.remove(0)).collect();
        let records = ours(&file, Config::default());
        assert_eq!(closed(&records).len(), streams.len(), "IPv6: {v6}");
        let pairs = records.iter().filter(|record| record["kind"] == "http" && record["pair"] == "ok").count();
        assert_eq!(pairs, 400, "IPv6: {v6}");
    }
}

/// Both directions of each connection as SHA-256, as tshark follows them.
fn followed(file: &Path, stream: usize) -> (Vec<u8>, Vec<u8>) {
    let mut command: Command = program("tshark", "tshark");
    let follow = format!("follow,tcp,raw,{stream}");
    let said = run(command.arg("-n").arg("-r").arg(file).args(["-q", "-z", &follow]));
    let (mut client, mut server) = (Vec::new(), Vec::new());
    let body = said.lines().skip_while(|line| !line.starts_with("Node 1")).skip(1);
    for line in body.take_while(|line| !line.starts_with('=')) {
        let (to, text) = match line.strip_prefix('\t') {
            Some(text) => (&mut server, text),
            None => (&mut client, line),
        };
        to.extend((0..text.len() / 2).map(|at| u8::from_str_radix(&text[at * 2..at * 2 + 2], 16).unwrap()));
    }
    (client, server)
}

#[test]
fn cap_d_05_stream_bytes_are_the_senders_in_whatever_order_segments_come() {
    let dir = tempfile::tempdir().unwrap();
    for seed in 0..6_u64 {
        let mut random = seed.wrapping_mul(0x9e37_79b9_7f4a_7c15) | 1;
        let mut next = move |most: usize| {
            random = random.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1_442_695_040_888_963_407);
            (random >> 33) as usize % most
        };
        let mut net = Net::new();
        let mut tcp = Tcp::new(30_000);
        tcp.mss = 100;
        tcp.open(&mut net);
        let body: String = (0..3000).map(|n| char::from(b'a' + (n * 7 % 26) as u8)).collect();
        tcp.send(&mut net, Client, b"GET /a HTTP/1.1\r\nHost: a\r\n\r\n");
        let begin = net.packets.len();
        tcp.send(&mut net, Server, format!("HTTP/1.1 200 OK\r\nContent-Length: 3000\r\n\r\n{body}").as_bytes());
        // Exchanged, repeated: by a few places, as networks do.
        for _ in 0..12 {
            let at = begin + next(net.packets.len() - begin - 3);
            let to = at + 1 + next(2);
            let (one, two) = (net.packets[at].ts_us, net.packets[to].ts_us);
            net.packets.swap(at, to);
            (net.packets[at].ts_us, net.packets[to].ts_us) = (one, two);
            if next(3) == 0 {
                let twice = net.packets[at].clone();
                net.packets.insert(at + 1, twice);
            }
        }
        tcp.close(&mut net);
        let file = dir.path().join("order.pcap");
        write(&net, &file);
        let (client, server) = followed(&file, 0);
        let records = ours(&file, Config::default());
        let http = records.iter().find(|record| record["kind"] == "http").unwrap();
        assert_eq!(http["response"]["body"], body, "seed {seed}");
        assert!(server.ends_with(body.as_bytes()), "seed {seed}: tshark reads something else");
        let flow = closed(&records)[0];
        assert_eq!(flow["c"]["unique"], client.len(), "seed {seed}");
        assert_eq!(flow["s"]["unique"], server.len(), "seed {seed}");
        assert_eq!(flow["s"]["lost"], 0);
    }
}

#[test]
fn cap_35m_repeated_and_late_segments_and_zero_windows_are_those_of_tshark() {
    let dir = tempfile::tempdir().unwrap();
    let mut net = Net::new();
    let mut all: Vec<Tcp> = (0..4).map(|n| Tcp::new(30_000 + n)).collect();
    all.iter_mut().for_each(|tcp| tcp.open(&mut net));
    let data = |tcp: &mut Tcp, net: &mut Net, from: From| tcp.send(net, from, &[b'x'; 200]);
    for turn in 0..40 {
        for (n, tcp) in all.iter_mut().enumerate() {
            data(tcp, &mut net, Server);
            net.wait(1000);
            match (turn + n) % 8 {
                // Sent again before it was acknowledged, long after the first time.
                0 => {
                    net.wait(300_000);
                    tcp.raw(&mut net, Server, ACK, -200, &[b'x'; 200]);
                }
                // The window is closed, then opened.
                1 => {
                    let mut packet = tcp.packet(Client, ACK, tcp.seq[0], tcp.seq[1], &[], &[]);
                    packet[34..36].copy_from_slice(&[0, 0]);
                    net.frame(&packet);
                    net.wait(1000);
                }
                _ => {}
            }
            net.wait(1000);
            tcp.ack(&mut net, Client);
            net.wait(1000);
        }
    }
    all.iter_mut().for_each(|tcp| tcp.close(&mut net));
    let file = dir.path().join("analysis.pcap");
    write(&net, &file);
    let count = |filter: &str| {
        let mut by_port: BTreeMap<String, usize> = BTreeMap::new();
        for row in fields(&file, filter, &["tcp.port"]) {
            let port = row[0].split(',').find(|port| *port != "80").unwrap().to_owned();
            *by_port.entry(port).or_default() += 1;
        }
        by_port
    };
    let (again, zero) = (count("tcp.analysis.retransmission"), count("tcp.analysis.zero_window"));
    let records = ours(&file, Config::default());
    for flow in closed(&records) {
        let port = flow["src"]["port"].to_string();
        assert_eq!(flow["s"]["retrans"], again.get(&port).copied().unwrap_or(0), "retransmissions of {port}");
        assert_eq!(flow["c"]["zero_win"], zero.get(&port).copied().unwrap_or(0), "zero windows of {port}");
    }
    assert!(!again.is_empty() && !zero.is_empty());
}
