#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic, clippy::indexing_slicing)]

use proptest::prelude::*;
use serde_json::{Value, json};

use super::{Http3, Lane, Times};
use crate::Side::{self, Client, Server};
use crate::qpack::encode::Encoder;
use crate::rig::Rig;
use crate::{App, Context};

fn rig() -> Rig {
    let mut rig = Rig::without_redaction(App::Quic);
    rig.limits.mask = false;
    rig
}

fn varint(value: u64) -> Vec<u8> {
    match value {
        0..64 => vec![value as u8],
        64..16_384 => (value as u16 | 0x4000).to_be_bytes().to_vec(),
        _ => (value | 0xc000_0000_0000_0000).to_be_bytes().to_vec(),
    }
}

fn frame(kind: u64, payload: &[u8]) -> Vec<u8> {
    [varint(kind), varint(payload.len() as u64), payload.to_vec()].concat()
}

/// Streams of one connection, each shown what is new with what was left of it.
struct Talk {
    http: Http3,
    lanes: std::collections::BTreeMap<(u64, usize), (Lane, Vec<u8>, bool)>,
    now_us: i64,
}

impl Talk {
    fn new() -> Talk {
        Talk { http: Http3::new(), lanes: Default::default(), now_us: 0 }
    }

    fn send(&mut self, side: Side, stream: u64, bytes: &[u8], force: bool, cx: &mut Context<'_, '_>) {
        self.now_us += 10;
        let times = Times { first_us: self.now_us, now_us: self.now_us };
        let lane =
            self.lanes.entry((stream, side.index())).or_insert_with(|| (Lane::new(side, stream), Vec::new(), false));
        lane.1.extend_from_slice(bytes);
        let used = self.http.data(&mut lane.0, &lane.1, times, force, cx);
        lane.1.drain(..used.bytes);
        lane.2 = used.is_blocked;
    }

    fn lose(&mut self, side: Side, stream: u64, len: u64, cx: &mut Context<'_, '_>) {
        let lane =
            self.lanes.entry((stream, side.index())).or_insert_with(|| (Lane::new(side, stream), Vec::new(), false));
        let kept = std::mem::take(&mut lane.1).len() as u64;
        self.http.lost(&mut lane.0, kept + len, self.now_us, cx);
    }
}

const GET: [(&str, &str); 5] =
    [(":method", "GET"), (":scheme", "https"), (":authority", "shop.test"), (":path", "/a?b=c"), ("x-turn", "one")];
const OK: [(&str, &str); 3] = [(":status", "200"), ("content-type", "text/plain"), ("x-of", "shop")];

fn records(rig: Rig) -> Vec<Value> {
    rig.out.records
}

/// Settings of both sides, and encoders with tables as they allow.
fn begin(talk: &mut Talk, cx: &mut Context<'_, '_>) -> [Encoder; 2] {
    let settings = [varint(0), frame(4, &[varint(1), varint(4096), varint(0x21), varint(7)].concat())].concat();
    talk.send(Client, 2, &settings, false, cx);
    talk.send(Server, 3, &settings, false, cx);
    [Encoder::new(4096), Encoder::new(4096)]
}

#[test]
fn cap_n_04t_a_lane_is_blocked_until_the_entries_it_needs_are_there() {
    let mut rig = rig();
    rig.with_context(|cx| {
        let mut talk = Talk::new();
        let [mut client, mut server] = begin(&mut talk, cx);
        let (first, second) = (client.section(&GET, false), client.section(&GET, true));
        talk.send(Client, 0, &frame(1, &first), false, cx);
        talk.send(Client, 4, &frame(1, &second), false, cx);
        assert!(talk.lanes[&(0, 0)].2 && talk.lanes[&(4, 0)].2, "both wait");
        talk.send(Client, 6, &[varint(2), client.stream.clone()].concat(), false, cx);
        assert!(talk.http.entries() > 0);
        for stream in [0, 4] {
            talk.send(Client, stream, &[], false, cx);
            talk.http.end(Client, stream, talk.now_us, cx);
            let head = server.section(&OK, stream == 0);
            talk.send(
                Server,
                7,
                &[if stream == 0 { varint(2) } else { Vec::new() }, std::mem::take(&mut server.stream)].concat(),
                false,
                cx,
            );
            let push = frame(5, b"\x00 promised");
            talk.send(
                Server,
                stream,
                &[frame(1, &head), push, frame(0, b"he"), frame(0, b"llo"), frame(0x21, b"?")].concat(),
                false,
                cx,
            );
            talk.http.end(Server, stream, talk.now_us, cx);
        }
        talk.http.finish(cx);
    });
    let records = records(rig);
    assert_eq!(records.len(), 2, "{records:?}");
    for (record, stream) in records.iter().zip([0, 4]) {
        assert_eq!((&record["stream"], &record["url"]), (&json!(stream), &json!("https://shop.test/a?b=c")));
        assert_eq!((&record["status"], &record["response"]["body"]), (&json!(200), &json!("hello")));
        assert_eq!(record["request"]["headers"], json!([["x-turn", "one"]]));
        assert!(record.get("partial").is_none(), "{record}");
    }
}

#[test]
fn cap_n_04u_what_is_missing_is_said_so_and_what_was_refused_too() {
    let mut rig = rig();
    rig.with_context(|cx| {
        let mut talk = Talk::new();
        let [mut client, mut server] = begin(&mut talk, cx);
        talk.send(Client, 6, &varint(2), false, cx);
        for stream in [0, 4, 8, 12] {
            let head = client.section(&[(":method", "GET"), (":path", "/")], false);
            talk.send(Client, stream, &frame(1, &head), false, cx);
            talk.http.end(Client, stream, talk.now_us, cx);
        }
        // A part of a body, whose length stands in the head of its frame.
        let head = server.section(&[(":status", "200")], false);
        talk.send(Server, 0, &[frame(1, &head), varint(0), varint(100), vec![b'a'; 10]].concat(), false, cx);
        talk.lose(Server, 0, 50, cx);
        talk.send(Server, 0, &[b'c'; 40], false, cx);
        talk.http.end(Server, 0, talk.now_us, cx);
        // Its head.
        talk.lose(Server, 4, 30, cx);
        talk.http.end(Server, 4, talk.now_us, cx);
        // Cut off by the server, and refused when it goes away.
        talk.send(Server, 8, &frame(1, &head), false, cx);
        talk.http.reset(Server, 8, 0x10c, talk.now_us, cx);
        talk.send(Server, 3, &frame(7, &varint(12)), false, cx);
        // Entries that never come are unknown.
        let late = client.section(&GET, false);
        talk.send(Client, 16, &frame(1, &late), false, cx);
        talk.send(Client, 16, &[], true, cx);
        talk.http.end(Client, 16, talk.now_us, cx);
        talk.http.finish(cx);
    });
    let records = records(rig);
    let of = |stream: u64| records.iter().find(|record| record["stream"] == stream).unwrap();
    assert_eq!((&of(0)["response"]["len"], &of(0)["partial"]), (&json!(100), &json!(["response_body", "gap"])));
    assert_eq!(of(4)["partial"], json!(["response_head", "response_body", "gap"]));
    assert_eq!((&of(8)["status"], &of(8)["anomaly"]), (&json!(200), &json!(["reset_cancel"])));
    assert_eq!((&of(12)["pair"], &of(12)["anomaly"]), (&json!("request_only"), &json!(["goaway"])));
    assert_eq!((&of(16)["method"], &of(16)["partial"][0]), (&json!("GET"), &json!("headers")));
}

proptest! {
    #[test]
    fn http3_never_panics_on_any_bytes(
        parts in prop::collection::vec((any::<bool>(), 0_u64..24, 0_u8..12, prop::collection::vec(any::<u8>(), 0..60)), 0..60),
    ) {
        let mut rig = rig();
        rig.with_context(|cx| {
            let mut talk = Talk::new();
            for (is_client, stream, act, bytes) in &parts {
                let side = if *is_client { Client } else { Server };
                match act {
                    0 => talk.lose(side, *stream, bytes.len() as u64 * 7, cx),
                    1 => talk.http.end(side, *stream, talk.now_us, cx),
                    2 => talk.http.reset(side, *stream, 0x100 + bytes.len() as u64, talk.now_us, cx),
                    3 => talk.http.stop(*stream, 0x10c),
                    4 => talk.http.wake(talk.now_us + 40_000_000, cx),
                    5 => talk.send(side, *stream, &frame(1, bytes), bytes.len() % 2 == 0, cx),
                    6 => talk.send(side, *stream, &frame(0, bytes), false, cx),
                    _ => talk.send(side, *stream, bytes, bytes.len() % 2 == 0, cx),
                }
            }
            talk.http.finish(cx);
            assert!(talk.http.heap() < 4 << 20);
        });
    }
}
