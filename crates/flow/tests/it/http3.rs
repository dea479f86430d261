//! HTTP/3 by quinn and h3, over a forwarder that keeps what passes: the engine tells what client and server saw.

use std::collections::BTreeMap;
use std::path::Path;

use flow::{Config, Engine, KeyLine, Packet};
use rustls::CipherSuite;
use serde_json::{Value, json};

use crate::capture::{Records, each, tshark};
use crate::http3_ends::{Asked, Call, Talk, Talking, letters, talk};
use crate::net::Net;
use crate::relay::{Dice, Passed, Weather, packets};

fn read(net: &Net, keys: &[KeyLine]) -> Vec<Value> {
    let mut engine = Engine::new(Config::default());
    engine.keys(keys);
    let mut records = Records::default();
    for made in &net.packets {
        engine.packet(&packet(made), &mut records);
        assert!(engine.usage().bytes <= engine.budget());
    }
    engine.finish(&mut records);
    records.0
}

fn packet(made: &crate::net::Made) -> Packet<'_> {
    Packet {
        iface: 0,
        ts_ns: made.ts_us as u64 * 1000,
        link: pcap::LinkType(made.link),
        orig_len: made.orig_len,
        dir: flow::Direction::Unknown,
        bytes: &made.bytes,
    }
}

fn header(message: &Value, name: &str) -> Option<String> {
    let all = message["headers"].as_array()?.iter().chain(message["trailers"].as_array().into_iter().flatten());
    all.filter(|pair| pair[0] == name).find_map(|pair| pair[1].as_str().map(str::to_owned))
}

fn of_record(record: &Value) -> (String, Call) {
    let (request, response) = (&record["request"], &record["response"]);
    let call = Call {
        method: record["method"].as_str().unwrap().to_owned(),
        path: record["path"].as_str().unwrap().to_owned(),
        status: record["status"].as_u64().unwrap(),
        sent: request["len"].as_u64().unwrap(),
        got: response["len"].as_u64().unwrap(),
        answer: header(response, "x-answer").unwrap(),
        trailer: header(response, "grpc-status"),
    };
    (header(request, "x-id").unwrap(), call)
}

/// Every exchange is one record that says what its ends know, and nothing of it is marked.
fn check(talk: &Talk, records: &[Value]) {
    let http: Vec<&Value> = records.iter().filter(|record| record["kind"] == "http").collect();
    let told: BTreeMap<String, Call> = http.iter().map(|record| of_record(record)).collect();
    for (id, call) in &talk.calls {
        assert_eq!(
            told.get(id),
            Some(call),
            "{:?}",
            http.iter().find(|record| header(&record["request"], "x-id").as_ref() == Some(id))
        );
    }
    assert_eq!(http.len(), talk.calls.len());
    for record in http {
        assert_eq!((&record["version"], &record["pair"]), (&json!("3"), &json!("ok")), "{record}");
        assert_eq!((&record["scheme"], &record["host"]), (&json!("https"), &json!("server.example")));
        assert!(record.get("partial").is_none() && record.get("anomaly").is_none(), "{record}");
        let (body, len) = (record["response"]["body"].as_str().unwrap_or_default(), record["response"]["len"].as_u64());
        if record["grpc"].is_null() {
            assert_eq!(body.as_bytes(), letters(len.unwrap().min(4096) as usize), "{record}");
        }
    }
    let quic: Vec<&Value> = records.iter().filter(|record| record["kind"] == "quic").collect();
    assert_eq!(quic.len(), 1);
    assert_eq!((&quic[0]["sni"], &quic[0]["verdict"]["code"]), (&json!("server.example"), &json!("decrypted")));
    let closed = records.iter().find(|record| record["kind"] == "flow" && record["state"] == "close").unwrap();
    assert_eq!((&closed["app"], &closed["verdict"]["code"]), (&json!("http3"), &json!("decrypted")));
    assert_eq!(closed["transactions"], talk.calls.len());
}

fn usual() -> Vec<Asked> {
    let mut asked: Vec<Asked> = (0..40).map(|nth| ("GET", format!("/size/{}", nth * 317), 0)).collect();
    asked.extend((0..10).map(|nth| ("POST", "/size/10".to_owned(), nth * 2_500)));
    asked.push(("GET", "/none".to_owned(), 0));
    asked.push(("GET", "/size/300000".to_owned(), 0));
    asked.push(("POST", "/grpc.Echo/Say".to_owned(), 77));
    asked
}

fn on<T>(run: impl Future<Output = T>) -> T {
    tokio::runtime::Builder::new_multi_thread().worker_threads(2).enable_all().build().unwrap().block_on(run)
}

#[test]
fn cap_n_04h_what_client_and_server_said_by_each_suite() {
    for suite in [
        CipherSuite::TLS13_AES_128_GCM_SHA256,
        CipherSuite::TLS13_AES_256_GCM_SHA384,
        CipherSuite::TLS13_CHACHA20_POLY1305_SHA256,
    ] {
        let talk = on(talk(suite, Weather::default(), usual(), 0));
        let records = read(&packets(&talk.passed), &talk.log.lines());
        check(&talk, &records);
        let grpc = records.iter().find(|record| !record["grpc"].is_null()).unwrap();
        assert_eq!((&grpc["grpc"]["service"], &grpc["grpc"]["method"]), (&json!("grpc.Echo"), &json!("Say")));
        assert_eq!((&grpc["grpc"]["status"], &grpc["grpc"]["req_sizes"]), (&json!(0), &json!([77])));
    }
}

#[test]
fn cap_n_04m_packets_that_are_late_double_and_lost_on_the_way_and_keys_that_are_updated() {
    for seed in 1..=4 {
        let weather = Weather { seed, lost: 4, twice: 4, late: 20 };
        let talk = on(talk(CipherSuite::TLS13_AES_128_GCM_SHA256, weather, usual(), 3));
        check(&talk, &read(&packets(&talk.passed), &talk.log.lines()));
    }
}

/// Datagrams of one side that follow each other, as a capture sees them whose network card cuts them apart.
fn rows(passed: &[Passed]) -> (Vec<Passed>, usize) {
    let mut out: Vec<Passed> = Vec::new();
    let (mut segment, mut is_open, mut joined) = (0, false, 0);
    for one in passed {
        let len = one.bytes.len();
        let fits = |last: &Passed| {
            last.from_client == one.from_client && len <= segment && last.bytes.len() + len < 60_000 && segment >= 1200
        };
        match out.last_mut().filter(|last| is_open && fits(last)) {
            Some(last) => {
                last.bytes.extend_from_slice(&one.bytes);
                is_open = len == segment;
                joined += 1;
            }
            None => {
                (segment, is_open) = (len, true);
                out.push(one.clone());
            }
        }
    }
    (out, joined)
}

#[test]
fn cap_n_04n_datagrams_that_a_network_card_cuts_apart() {
    let talk = on(talk(CipherSuite::TLS13_AES_256_GCM_SHA384, Weather::default(), usual(), 1));
    let (rows, joined) = rows(&talk.passed);
    assert!(joined > 50, "{joined}");
    check(&talk, &read(&packets(&rows), &talk.log.lines()));
}

#[test]
fn cap_n_04o_keys_that_come_a_moment_later() {
    let talk = on(talk(CipherSuite::TLS13_AES_128_GCM_SHA256, Weather::default(), usual(), 0));
    let net = packets(&talk.passed);
    for after in [1, 2, 5, 20, 60] {
        let mut engine = Engine::new(Config::default());
        let mut records = Records::default();
        engine.keys(&[]);
        for (nth, made) in net.packets.iter().enumerate() {
            if nth == after {
                engine.keys(&talk.log.lines());
            }
            engine.packet(&packet(made), &mut records);
        }
        engine.finish(&mut records);
        check(&talk, &records.0);
    }
}

#[test]
fn cap_n_04p_packets_that_were_not_captured_make_no_record_wrong() {
    let weather = Weather { seed: 9, ..Weather::default() };
    let talk = on(talk(CipherSuite::TLS13_CHACHA20_POLY1305_SHA256, weather, usual(), 2));
    for percent in [1, 3, 10, 30] {
        let mut dice = Dice(percent);
        let captured: Vec<Passed> = talk.passed.iter().filter(|_| dice.roll() >= percent).cloned().collect();
        let records = read(&packets(&captured), &talk.log.lines());
        let http: Vec<&Value> = records.iter().filter(|record| record["kind"] == "http").collect();
        let (mut whole, mut streams) = (0, BTreeMap::new());
        for record in &http {
            *streams.entry(record["stream"].as_u64().unwrap()).or_insert(0) += 1;
            let (id, answer) = (header(&record["request"], "x-id"), header(&record["response"], "x-answer"));
            if let (Some(id), Some(answer)) = (&id, &answer) {
                assert!(answer == &format!("to {id}") || answer.contains('«'), "{record}");
            }
            if record.get("partial").is_none() && record["pair"] == "ok" {
                let (id, call) = of_record(record);
                assert_eq!(talk.calls[&id], call);
                whole += 1;
            }
        }
        assert!(streams.values().all(|count| *count == 1), "one stream is one record: {streams:?}");
        assert!(percent > 3 || whole >= talk.calls.len() / 2, "{whole} of {} at {percent} %", talk.calls.len());
        println!("{percent} %: {whole} whole of {}, {} records", talk.calls.len(), http.len());
    }
}

#[test]
fn cap_n_04q_without_its_keys_a_connection_is_counted_and_its_begin_told() {
    let talk =
        on(talk(CipherSuite::TLS13_AES_128_GCM_SHA256, Weather::default(), vec![("GET", "/size/9".to_owned(), 0)], 0));
    let others: Vec<KeyLine> = talk
        .log
        .lines()
        .iter()
        .map(|line| {
            let mut words: Vec<String> = line.text.split(' ').map(str::to_owned).collect();
            words[1] = "ab".repeat(32);
            KeyLine { text: words.join(" ") }
        })
        .collect();
    let net = packets(&talk.passed);
    for (keys, code) in [(Vec::new(), "quic_no_keys"), (others, "keys_for_other_connections")] {
        let records = read(&net, &keys);
        let kinds: Vec<&str> = records.iter().map(|record| record["kind"].as_str().unwrap()).collect();
        assert!(!kinds.contains(&"http") && kinds.contains(&"quic"), "{kinds:?}");
        let closed = records.iter().find(|record| record["state"] == "close").unwrap();
        assert_eq!((&closed["app"], &closed["verdict"]["code"]), (&json!("quic"), &json!(code)));
        let quic = records.iter().find(|record| record["kind"] == "quic").unwrap();
        assert_eq!(quic["verdict"]["code"], code);
    }
}

#[test]
fn cap_n_04r_hundreds_of_packets_in_a_row_that_were_not_captured() {
    let asked = (0..60).map(|_| ("GET", "/size/60000".to_owned(), 0)).collect();
    let talk = on(talk(CipherSuite::TLS13_AES_128_GCM_SHA256, Weather::default(), asked, 5));
    let from = talk.passed.len() / 4;
    let captured: Vec<Passed> = [&talk.passed[..from], &talk.passed[from * 2..]].concat();
    assert!(from > 600, "{from}");
    let records = read(&packets(&captured), &talk.log.lines());
    let whole = records.iter().filter(|record| record["kind"] == "http" && record.get("partial").is_none()).count();
    // What was asked behind the hole is told whole, and a quarter before it.
    assert!(whole >= 30, "{whole}");
}

/// By stream, and whether the server sent it: bytes of HEADERS frames, of DATA frames, and of the bodies in these.
type Lengths = BTreeMap<(u64, bool), (u64, u64, u64)>;

/// What is in the streams as tshark opens them. Its own HTTP/3 knows no frame that comes in two packets.
fn theirs(file: &Path, keys: &Path) -> Lengths {
    let (keys, decode) = (format!("tls.keylog_file:{}", keys.display()), ["-d", "udp.port==443,quic"]);
    let more = [&["-o", keys.as_str()][..], &decode].concat();
    let mut streams: BTreeMap<(u64, bool), BTreeMap<u64, Vec<u8>>> = BTreeMap::new();
    let number = |value: &Value| value.as_str().and_then(|text| text.parse::<u64>().ok());
    for layers in tshark(file, "quic.stream.stream_id", "udp quic", &more) {
        let from_server = layers["udp"]["udp.dstport"] != "443";
        for frame in each(&layers["quic"]).into_iter().flat_map(|packet| each(&packet["quic.frame"])) {
            let Some(id) = number(&frame["quic.stream.stream_id"]) else { continue };
            let hex = frame["quic.stream_data"].as_str().unwrap_or_default();
            let bytes = hex.split(':').filter_map(|byte| u8::from_str_radix(byte, 16).ok()).collect();
            let offset = number(&frame["quic.stream.offset"]).unwrap_or(0);
            streams.entry((id, from_server)).or_default().insert(offset, bytes);
        }
    }
    streams.retain(|(id, _), _| id % 4 == 0);
    streams.into_iter().map(|(key, parts)| (key, lengths(&parts))).collect()
}

fn lengths(parts: &BTreeMap<u64, Vec<u8>>) -> (u64, u64, u64) {
    let mut bytes = Vec::new();
    for (offset, part) in parts {
        bytes.truncate(*offset as usize);
        assert_eq!(bytes.len() as u64, *offset, "a part is missing");
        bytes.extend_from_slice(part);
    }
    let (mut rest, mut all) = (bytes.as_slice(), (0, 0, 0));
    let varint = |rest: &mut &[u8]| {
        let (number, left) = rest.split_at(1 << (rest[0] >> 6));
        *rest = left;
        number[1..].iter().fold(u64::from(number[0] & 0x3f), |sum, byte| sum << 8 | u64::from(*byte))
    };
    while !rest.is_empty() {
        let before = rest.len();
        let (kind, len) = (varint(&mut rest), varint(&mut rest));
        rest = &rest[len as usize..];
        let whole = (before - rest.len()) as u64;
        match kind {
            0 => all = (all.0, all.1 + whole, all.2 + len),
            1 => all.0 += whole,
            _ => {}
        }
    }
    all
}

#[test]
fn cap_n_04_quic_is_told_from_its_first_packets_and_http_3_with_a_key_log() {
    let weather = Weather { seed: 5, lost: 3, twice: 3, late: 15 };
    let mut asked = usual();
    asked.truncate(50);
    let talk = on(Talking { retry: true, ..Talking::new(CipherSuite::TLS13_AES_256_GCM_SHA384, weather, asked) }.run());
    // The client's hello has a key of ML-KEM and comes in two datagrams: the second of them first, and split.
    let mut passed = talk.passed.clone();
    let firsts: Vec<usize> = (0..passed.len()).filter(|at| passed[*at].from_client).take(2).collect();
    assert!(firsts.iter().all(|at| passed[*at].bytes[0] & 0xf0 == 0xc0), "both are Initial packets");
    let (one, two) = (passed[firsts[0]].bytes.clone(), passed[firsts[1]].bytes.clone());
    (passed[firsts[0]].bytes, passed[firsts[1]].bytes) = (two, one);
    let net = packets(&passed);
    let without = read(&net, &[]);
    let quic: Vec<&Value> = without.iter().filter(|record| record["kind"] == "quic").collect();
    assert_eq!(quic.len(), 1);
    for records in [&without, &read(&net, &talk.log.lines())] {
        let quic = records.iter().find(|record| record["kind"] == "quic").unwrap();
        assert_eq!((&quic["sni"], &quic["alpn"]), (&json!("server.example"), &json!(["h3"])));
        assert_eq!((&quic["version"], &quic["retry"]), (&json!("1"), &json!(true)));
    }
    assert!(without.iter().all(|record| record["kind"] != "http"));
    let records = read(&net, &talk.log.lines());
    check(&talk, &records);
}

#[test]
fn cap_n_04s_heads_and_bodies_are_as_long_as_in_the_streams_that_tshark_opens() {
    let talk = on(talk(CipherSuite::TLS13_AES_128_GCM_SHA256, Weather::default(), usual(), 1));
    let folder = tempfile::tempdir().unwrap();
    let (file, keys) = (folder.path().join("h3.pcap"), folder.path().join("keys.txt"));
    let net = packets(&talk.passed);
    let mut bytes = Vec::new();
    let writer = pcap::ClassicWriter::start(pcap::LinkType(1), false, 262_144, &mut bytes);
    for made in &net.packets {
        writer.packet(made.ts_us as u64 * 1000, made.orig_len, &made.bytes, &mut bytes).unwrap();
    }
    std::fs::write(&file, bytes).unwrap();
    let lines: Vec<String> = talk.log.lines().iter().map(|line| line.text.clone()).collect();
    std::fs::write(&keys, lines.join("\n") + "\n").unwrap();
    let records = read(&net, &talk.log.lines());
    check(&talk, &records);
    let http: Vec<&Value> = records.iter().filter(|record| record["kind"] == "http").collect();
    let mut ours = Lengths::new();
    for record in http {
        for side in ["request", "response"] {
            let number = |name: &str| record[side][name].as_u64().unwrap();
            let lengths = (number("head_len"), number("wire_len"), number("len"));
            ours.insert((record["stream"].as_u64().unwrap(), side == "response"), lengths);
        }
    }
    assert_eq!(ours.len(), 2 * talk.calls.len());
    assert_eq!(ours, theirs(&file, &keys));
}
