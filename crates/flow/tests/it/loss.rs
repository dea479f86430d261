//! Real HTTP/2 traffic in small segments of which some are lost: nothing may be paired wrongly, and what is there must
//! be found.

use std::collections::BTreeMap;
use std::path::Path;

use flow::{Config, Direction, Engine, Packet};
use pcap::LinkType;
use serde_json::{Value, json};

use crate::capture::{Capture, Records, Running, free_port, program, run, wait_for};

/// A packet of Ethernet, IPv4 and TCP.
struct Segment {
    ts_ns: u64,
    link: LinkType,
    bytes: Vec<u8>,
    head: usize,
}

impl Segment {
    /// Where it goes.
    fn port(&self) -> u16 {
        let tcp = 14 + usize::from(self.bytes[14] & 15) * 4;
        u16::from_be_bytes([self.bytes[tcp + 2], self.bytes[tcp + 3]])
    }
}

/// The packets of a capture on loopback, cut into segments of at most `most` bytes.
fn segments(file: &Path, most: usize) -> Vec<Segment> {
    let bytes = std::fs::read(file).unwrap();
    let mut all = Vec::new();
    for packet in pcap::packets(&bytes) {
        let (_, packet) = packet.unwrap();
        let tcp = 14 + usize::from(packet.bytes[14] & 15) * 4;
        let head = tcp + usize::from(packet.bytes[tcp + 12] >> 4) * 4;
        let (top, payload) = packet.bytes.split_at(head);
        let seq = u32::from_be_bytes(top[tcp + 4..tcp + 8].try_into().unwrap());
        let pieces: Vec<&[u8]> = if payload.is_empty() { vec![payload] } else { payload.chunks(most).collect() };
        let mut at = 0;
        for (nth, piece) in pieces.iter().enumerate() {
            let mut bytes = [top, piece].concat();
            let len = (bytes.len() - 14) as u16;
            bytes[16..18].copy_from_slice(&len.to_be_bytes());
            bytes[tcp + 4..tcp + 8].copy_from_slice(&seq.wrapping_add(at).to_be_bytes());
            if nth + 1 < pieces.len() {
                // Only the last has what ends the stream.
                bytes[tcp + 13] &= !1;
            }
            at += piece.len() as u32;
            all.push(Segment { ts_ns: packet.ts_ns, link: packet.link, bytes, head });
        }
    }
    all
}

fn records<'s>(segments: impl Iterator<Item = &'s Segment>) -> Vec<Value> {
    let mut engine = Engine::new(Config::default());
    let mut records = Records::default();
    for segment in segments {
        let packet = Packet {
            iface: 0,
            ts_ns: segment.ts_ns,
            link: segment.link,
            orig_len: segment.bytes.len() as u32,
            dir: Direction::Unknown,
            bytes: &segment.bytes,
        };
        engine.packet(&packet, &mut records);
    }
    engine.finish(&mut records);
    records.0
}

/// Streams of HTTP/2 by their number.
fn streams(records: &[Value]) -> BTreeMap<u64, &Value> {
    let http = records.iter().filter(|record| record["kind"] == json!("http"));
    http.map(|record| (record["stream"].as_u64().unwrap(), record)).collect()
}

/// Numbers that look random and are the same each time.
struct Seeded(u64);

impl Seeded {
    fn percent(&mut self) -> u64 {
        self.0 = self.0.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1_442_695_040_888_963_407);
        (self.0 >> 33) % 1000
    }
}

/// A segment holds so much at most.
const MOST: usize = 400;
/// The head of a frame: a frame of HEADERS is never smaller.
const HEADERS: usize = 9;

#[test]
fn cap_d_22b_losses_in_real_http_2_make_no_wrong_pair() {
    let dir = tempfile::tempdir().unwrap();
    let www = dir.path().join("www");
    std::fs::create_dir(&www).unwrap();
    let count = 300;
    for nth in 0..count {
        std::fs::write(www.join(nth.to_string()), format!("file {nth} ").repeat(40 + nth)).unwrap();
    }
    let port = free_port();
    let _server =
        Running::start(program("nghttpd", "nghttp2-server").args(["--no-tls", "-d"]).arg(&www).arg(port.to_string()));
    wait_for(port);
    let capture = Capture::start(&dir.path().join("t.pcap"), &format!("tcp port {port}"));
    let mut nghttp = program("nghttp", "nghttp2-client");
    nghttp.args(["-n", "--no-dep"]).args((0..count).map(|nth| format!("http://127.0.0.1:{port}/{nth}")));
    run(&mut nghttp);
    let all = segments(&capture.stop(), MOST);

    let whole = records(all.iter());
    let want = streams(&whole);
    assert_eq!(want.len(), count);
    for record in want.values() {
        let nth: usize = record["path"].as_str().unwrap()[1..].parse().unwrap();
        let body = format!("file {nth} ").repeat(40 + nth);
        assert_eq!(record["response"]["len"], json!(body.len()));
        assert_eq!(record["response"]["body"], json!(body[..body.len().min(4096)]));
        assert_eq!(record.get("partial"), None);
    }

    for (seed, per_mille) in [(1, 1), (2, 5), (3, 10), (4, 20), (5, 50), (6, 100), (7, 200)] {
        let mut seeded = Seeded(seed);
        let kept: Vec<&Segment> =
            all.iter().filter(|segment| segment.bytes.len() == segment.head || seeded.percent() >= per_mille).collect();
        let lost = all.len() - kept.len();
        let to_server = |segment: &&Segment| segment.bytes.len() > segment.head && segment.port() == port;
        let lost_from_client = all.iter().filter(to_server).count() - kept.iter().copied().filter(to_server).count();
        let damaged = records(kept.into_iter());
        let (mut paired, mut named, mut gaps) = (0, 0, 0);
        for record in &damaged {
            gaps += usize::from(record["kind"] == json!("gap"));
            if record["kind"] != json!("http") {
                continue;
            }
            let stream = record["stream"].as_u64().unwrap();
            let Some(want) = want.get(&stream) else { panic!("stream {stream} was never there: {record}") };
            for name in ["method", "path", "host", "status"] {
                assert!(record.get(name).is_none_or(|have| *have == want[name]), "{name} of {record} and of {want}");
            }
            for side in ["request", "response"] {
                for pair in record[side]["headers"].as_array().into_iter().flatten() {
                    let all = want[side]["headers"].as_array().unwrap();
                    let fits = |one: &Value| {
                        let same = |at: usize| pair[at] == json!("«unknown»") || pair[at] == one[at];
                        same(0) && same(1)
                    };
                    assert!(all.iter().any(fits), "{pair} of {record}");
                }
            }
            if record["pair"] == json!("ok") {
                paired += 1;
                let partial = record["partial"].as_array().map(Vec::as_slice).unwrap_or_default();
                if !partial.contains(&json!("gap")) && !partial.contains(&json!("response_body")) {
                    assert_eq!(record["response"]["len"], want["response"]["len"], "{record}");
                    assert_eq!(record["response"]["body"], want["response"]["body"]);
                    named += 1;
                }
            }
        }
        println!(
            "{per_mille} per mille: {lost} of {} lost, {gaps} gaps, {paired} paired, {named} without a gap",
            all.len()
        );
        assert!(lost == 0 || gaps > 0, "every loss is told");
        if per_mille <= 10 {
            // A lost segment of the client held as many requests as have room in it: of them nothing is there.
            let there = count.saturating_sub(lost_from_client * MOST / HEADERS);
            assert!(paired * 100 >= there * 90, "{per_mille} per mille: {paired} of {count}, {there} of which came");
        }
    }
}
