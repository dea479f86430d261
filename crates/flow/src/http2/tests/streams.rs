//! Whole connections: every kind of frame, cut at every byte.

use proptest::prelude::*;
use serde_json::{Value, json};

use super::wire::{Talk, field, frame, get, hiding, rig};
use crate::Side::{Client, Server};
use crate::http2::frame::{DATA, HEADERS, PING, PREFACE, SETTINGS, WINDOW_UPDATE};
use crate::http2::{looks, sender};
use crate::rig::{Act, same_at_every_cut};
use crate::{Asked, End, FlowId, Upgrade};

#[test]
fn cap_n_01l_a_request_and_its_response_are_one_record() {
    let mut talk = Talk::begun();
    talk.headers(
        Client,
        1,
        false,
        &[
            (":method", "POST"),
            (":scheme", "http"),
            (":authority", "shop.test:8080"),
            (":path", "/cart?id=7"),
            ("content-type", "application/json; charset=utf-8"),
            ("accept", "*/*"),
            ("traceparent", "00-0af7651916cd43dd8448eb211c80319c-b7ad6b7169203331-01"),
            ("accept", "text/html"),
        ],
    );
    talk.data(Client, 1, false, b"{\"item\":");
    talk.padded_data(Client, 1, true, b"1}", 5);
    talk.headers(Server, 1, false, &[(":status", "103"), ("link", "</a.css>")]);
    talk.headers_in_pieces(Server, 1, false, &[(":status", "201"), ("content-type", "text/plain"), ("x-a", "1")]);
    talk.data(Server, 1, false, b"ok");
    talk.headers(Server, 1, true, &[("x-sum", "77")]);
    let records = same_at_every_cut(&talk.script, rig);
    assert_eq!(records.len(), 1);
    let record = &records[0];
    for (pointer, want) in [
        ("/kind", json!("http")),
        ("/version", json!("2")),
        ("/method", json!("POST")),
        ("/scheme", json!("http")),
        ("/host", json!("shop.test:8080")),
        ("/path", json!("/cart")),
        ("/query", json!("id=7")),
        ("/url", json!("http://shop.test:8080/cart?id=7")),
        ("/status", json!(201)),
        ("/pair", json!("ok")),
        ("/stream", json!(1)),
        ("/index", json!(0)),
        ("/informational", json!([103])),
        (
            "/request/headers",
            json!([
                ["content-type", "application/json; charset=utf-8"],
                ["accept", "*/*"],
                ["traceparent", "00-0af7651916cd43dd8448eb211c80319c-b7ad6b7169203331-01"],
                ["accept", "text/html"]
            ]),
        ),
        ("/request/type", json!("application/json")),
        ("/request/body", json!("{\"item\":1}")),
        ("/request/len", json!(10)),
        ("/request/wire_len", json!(9 + 8 + 9 + 1 + 2 + 5)),
        ("/response/headers", json!([["content-type", "text/plain"], ["x-a", "1"]])),
        ("/response/trailers", json!([["x-sum", "77"]])),
        ("/response/body", json!("ok")),
        ("/req_us", json!(2000)),
        ("/wait_us", json!(2000)),
        ("/resp_us", json!(2000)),
        ("/ttfb_us", json!(4000)),
        ("/total_us", json!(6000)),
        ("/trace/id", json!("0af7651916cd43dd8448eb211c80319c")),
        ("/trace/span", json!("b7ad6b7169203331")),
        ("/partial", Value::Null),
        ("/anomaly", Value::Null),
        ("/grpc", Value::Null),
    ] {
        assert_eq!(field(record, pointer), &want, "{pointer}");
    }
}

#[test]
fn cap_d_07a_every_stream_of_a_connection_is_a_record() {
    let mut talk = Talk::begun();
    for stream in 0..300u32 {
        talk.get(2 * stream + 1, &format!("/{stream}"), b"body");
    }
    let mut rig = rig();
    rig.play(&talk.script, usize::MAX);
    let records = rig.records();
    assert_eq!(records.len(), 300);
    for (nth, record) in records.iter().enumerate() {
        assert_eq!(record["path"], json!(format!("/{nth}")));
        assert_eq!(record["response"]["headers"][1], json!(["x-path", format!("/{nth}")]));
        assert_eq!(record["index"], json!(nth));
    }
    // A table of 4 KiB on each side, a few streams' buffers: nothing grows with the number of requests.
    assert!(rig.heap() < 512 << 10, "{}", rig.heap());
}

#[test]
fn cap_n_01m_streams_that_interleave_are_told_as_they_complete() {
    let mut talk = Talk::begun();
    for stream in [1, 3, 5] {
        talk.headers(Client, stream, true, &get(&format!("/{stream}")));
    }
    for stream in [5, 1, 3] {
        talk.headers(Server, stream, false, &[(":status", "200")]);
    }
    for (stream, is_end) in [(1, false), (3, false), (5, true), (3, true), (1, true)] {
        talk.data(Server, stream, is_end, format!("of {stream};").as_bytes());
    }
    let records = same_at_every_cut(&talk.script, rig);
    let told: Vec<_> =
        records.iter().map(|record| (record["path"].clone(), record["response"]["body"].clone())).collect();
    assert_eq!(
        told,
        [("/5", "of 5;"), ("/3", "of 3;of 3;"), ("/1", "of 1;of 1;")].map(|(path, body)| (json!(path), json!(body)))
    );
}

#[test]
fn cap_n_01n_resets_say_who_gave_up_and_why() {
    let mut talk = Talk::begun();
    talk.headers(Client, 1, true, &get("/slow"));
    talk.reset(Client, 1, 8);
    // What the server had sent before it knew.
    talk.headers(Server, 1, false, &[(":status", "200")]);
    talk.data(Server, 1, true, b"late");
    talk.headers(Client, 3, false, &get("/refused"));
    talk.reset(Server, 3, 7);
    // A response before the end of the request, and a reset without an error, which is how that is done.
    talk.headers(Client, 5, false, &get("/enough"));
    talk.headers(Server, 5, true, &[(":status", "413")]);
    talk.reset(Server, 5, 0);
    let records = same_at_every_cut(&talk.script, rig);
    let told: Vec<_> = records
        .iter()
        .map(|record| (record["path"].clone(), record["pair"].clone(), field(record, "/anomaly").clone()))
        .collect();
    assert_eq!(
        told,
        [
            (json!("/slow"), json!("request_only"), json!(["reset_cancel"])),
            (json!("/refused"), json!("request_only"), json!(["reset_refused_stream"])),
            (json!("/enough"), json!("ok"), Value::Null),
        ]
    );
    assert_eq!(records[2]["status"], json!(413));
}

#[test]
fn cap_n_01o_goaway_ends_what_will_not_be_answered() {
    let mut talk = Talk::begun();
    talk.headers(Client, 1, true, &get("/taken"));
    talk.headers(Client, 3, true, &get("/not-taken"));
    talk.go_away(Server, 1);
    talk.headers(Server, 1, true, &[(":status", "204")]);
    let records = same_at_every_cut(&talk.script, rig);
    assert_eq!(records[0]["path"], json!("/not-taken"));
    assert_eq!(records[0]["anomaly"], json!(["goaway"]));
    assert_eq!((&records[1]["path"], &records[1]["status"]), (&json!("/taken"), &json!(204)));
}

#[test]
fn cap_n_01p_what_the_server_pushes_is_a_record_of_its_own() {
    let mut talk = Talk::begun();
    talk.headers(Client, 1, true, &get("/"));
    talk.promise(1, 2, &get("/style.css"));
    talk.headers(Server, 1, true, &[(":status", "200")]);
    talk.headers(Server, 2, false, &[(":status", "200"), ("content-type", "text/css")]);
    talk.data(Server, 2, true, b"a{}");
    let records = same_at_every_cut(&talk.script, rig);
    assert_eq!(records.len(), 2);
    assert_eq!((&records[1]["path"], &records[1]["stream"]), (&json!("/style.css"), &json!(2)));
    assert_eq!((&records[1]["pair"], &records[1]["response"]["body"]), (&json!("ok"), &json!("a{}")));
}

#[test]
fn cap_n_01q_bodies_are_decoded_and_events_counted() {
    let mut talk = Talk::begun();
    let text = "all work and no play ".repeat(300);
    let coded = miniz_oxide::deflate::compress_to_vec_zlib(text.as_bytes(), 6);
    talk.headers(Client, 1, true, &get("/zip"));
    talk.headers(Server, 1, false, &[(":status", "200"), ("content-encoding", "deflate")]);
    coded.chunks(20).for_each(|piece| talk.data(Server, 1, false, piece));
    talk.data(Server, 1, true, b"");
    talk.headers(Client, 3, true, &get("/events"));
    talk.headers(Server, 3, false, &[(":status", "200"), ("content-type", "text/event-stream")]);
    talk.data(Server, 3, false, b"data: one\n\ndata: t");
    talk.data(Server, 3, true, b"wo\n\n: ping\n\n");
    let records = same_at_every_cut(&talk.script, rig);
    assert_eq!(records[0]["response"]["body"], json!(text[..4096]));
    assert_eq!(records[0]["response"]["encoding"], json!("deflate"));
    assert_eq!(records[0]["response"]["len"], json!(coded.len()));
    assert_eq!(records[0]["truncated"], json!(["response_body"]));
    assert_eq!(records[1]["sse"]["events"], json!(2));
}

#[test]
fn cap_n_01r_frames_without_a_meaning_here_are_passed_over() {
    let mut talk = Talk::begun();
    talk.send(Client, frame(PING, 0, 0, &[0; 8]));
    talk.send(Client, frame(0xbe, 0xff, 77, &[1; 5000]));
    talk.headers(Client, 1, true, &get("/"));
    talk.send(Server, frame(WINDOW_UPDATE, 0, 0, &[0, 0, 1, 0]));
    talk.send(Server, frame(0x0a, 0, 0, b"\0\0alt"));
    talk.headers(Server, 1, true, &[(":status", "204")]);
    // A body of a stream that nobody opened.
    talk.data(Client, 99, true, b"stray");
    let records = same_at_every_cut(&talk.script, rig);
    assert_eq!(records.len(), 1);
    assert_eq!(records[0]["status"], json!(204));
}

#[test]
fn cap_n_01s_the_end_of_the_connection_tells_what_is_open() {
    let mut talk = Talk::begun();
    talk.headers(Client, 1, true, &get("/asked"));
    talk.headers(Client, 3, true, &get("/half"));
    talk.headers(Server, 3, false, &[(":status", "200")]);
    talk.data(Server, 3, false, b"half a ");
    talk.script.push(Act::End(Client, End::Fin));
    talk.script.push(Act::End(Server, End::Fin));
    let records = same_at_every_cut(&talk.script, rig);
    assert_eq!((&records[0]["path"], &records[0]["pair"]), (&json!("/asked"), &json!("request_only")));
    assert_eq!((&records[1]["path"], &records[1]["pair"]), (&json!("/half"), &json!("ok")));
    assert_eq!(records[1]["partial"], json!(["response_body"]));
    assert_eq!(field(&records[1], "/total_us"), &Value::Null);
}

#[test]
fn cap_n_01t_secrets_are_replaced_and_masked_where_they_stand() {
    let mut talk = Talk::begun();
    let fields = [
        (":method", "POST"),
        (":scheme", "https"),
        (":authority", "shop.test"),
        (":path", "/login?token=tokentoken&a=b"),
        ("authorization", "Bearer secretsecret"),
        ("cookie", "sid=cookiecookie"),
        ("content-type", "application/json"),
    ];
    for stream in [1, 3] {
        talk.headers_in_pieces(Client, stream, false, &fields);
        talk.data(Client, stream, false, b"{\"user\":\"u\",\"password\":\"hun");
        talk.data(Client, stream, true, b"ter2hunter2\"}");
        talk.headers(Server, stream, true, &[(":status", "200"), ("set-cookie", "sid=othercookie; Path=/")]);
    }
    let records = same_at_every_cut(&talk.script, hiding);
    let mut rig = hiding();
    rig.play(&talk.script, usize::MAX);
    let text = serde_json::to_string(&records).unwrap();
    let mut wire = [Vec::new(), Vec::new()];
    for act in &talk.script {
        if let Act::Send(from, _, bytes) = act {
            wire[from.index()].extend_from_slice(bytes);
        }
    }
    for mask in &rig.out.masks {
        wire[mask.side.index()][mask.offset as usize..][..mask.len as usize].fill(b'#');
    }
    for secret in ["tokentoken", "secretsecret", "cookiecookie", "hunter2", "othercookie"] {
        assert!(!text.contains(secret), "{secret} in a record");
        for wire in &wire {
            assert!(memchr::memmem::find(wire, secret.as_bytes()).is_none(), "{secret} in a packet");
        }
    }
    assert_eq!(records.len(), 2);
    assert_eq!(records[0]["request"]["headers"][0][0], json!("authorization"));
    assert!(records[1]["request"]["headers"][0][1].as_str().unwrap().starts_with("Bearer «redacted 9-16 #"));
    assert!(records[1]["query"].as_str().unwrap().ends_with("&a=b"));
    for word in ["authorization", "cookie", "key"] {
        assert!(records[1]["redacted"].as_array().unwrap().contains(&json!(word)), "{word}");
    }
}

#[test]
fn cap_n_01u_a_head_of_any_size_is_bounded() {
    let mut talk = Talk::begun();
    let long = "v".repeat(3000);
    let mut fields = get("/many").to_vec();
    // One entry of the table, named two hundred times by a byte each.
    fields.extend(std::iter::repeat_n(("x-long", long.as_str()), 200));
    talk.headers(Client, 1, true, &fields);
    talk.headers(Server, 1, true, &[(":status", "200")]);
    let mut rig = rig();
    rig.play(&talk.script, usize::MAX);
    let record = &rig.records()[0];
    assert_eq!(record["truncated"], json!(["headers"]));
    assert_eq!(record["request"]["headers"].as_array().unwrap().len(), 1 + 21);
    assert!(rig.heap() < 512 << 10, "{}", rig.heap());
}

#[test]
fn cap_d_12a_memory_is_bounded_however_many_streams_are_open() {
    let mut talk = Talk::begun();
    let long = "v".repeat(3500);
    for stream in 0..2000u32 {
        let path = format!("/{stream}");
        let mut fields = get(&path).to_vec();
        fields.extend(std::iter::repeat_n(("x-long", long.as_str()), 15));
        talk.headers(Client, 2 * stream + 1, false, &fields);
        talk.data(Client, 2 * stream + 1, false, &[b'b'; 6000]);
    }
    let mut rig = rig();
    for act in &talk.script {
        rig.play(std::slice::from_ref(act), usize::MAX);
        assert!(rig.heap() < 3 << 20, "{}", rig.heap());
    }
    rig.end(Client, End::Eof);
    let records = rig.records();
    assert_eq!(records.len(), 2000);
    assert!(records.iter().enumerate().all(|(nth, record)| record["path"] == json!(format!("/{nth}"))));
    assert_eq!(records[0]["partial"], json!(["request_body", "evicted"]));
}

#[test]
fn cap_n_01zm_an_upgrade_from_http_1_is_answered_on_the_first_stream() {
    let asked = Asked {
        method: b"GET".to_vec(),
        host: b"shop.test".to_vec(),
        target: b"/first?a=1".to_vec(),
        first_us: 100,
        last_us: 200,
    };
    let upgrade =
        Upgrade { record: FlowId(0).record(0), protocol: b"h2c".to_vec(), extensions: Vec::new(), asked: Some(asked) };
    let mut talk = Talk::default();
    talk.send(Server, frame(SETTINGS, 0, 0, &[]));
    talk.headers(Server, 1, false, &[(":status", "200")]);
    talk.send(Client, [PREFACE.to_vec(), frame(SETTINGS, 0, 0, &[])].concat());
    talk.data(Server, 1, true, b"answer");
    talk.get(3, "/second", b"");
    let records = same_at_every_cut(&talk.script, || {
        let mut rig = rig();
        rig.facts.upgrade = Some(Box::new(upgrade.clone()));
        rig
    });
    assert_eq!((&records[0]["url"], &records[0]["pair"]), (&json!("http://shop.test/first?a=1"), &json!("ok")));
    assert_eq!((&records[0]["req_us"], &records[0]["wait_us"]), (&json!(100), &json!(1800)));
    assert_eq!(records[1]["path"], json!("/second"));
}

#[test]
fn who_the_client_is_can_be_read_from_frames() {
    let mut talk = Talk::default();
    let block = talk.block(Client, &get("/"));
    let ping = frame(PING, 0, 0, &[0; 8]);
    assert_eq!(sender(&[ping.clone(), frame(HEADERS, 5, 7, &block)].concat()), Some(Client));
    let block = talk.block(Server, &[(":status", "200"), ("a", "b")]);
    assert_eq!(sender(&frame(HEADERS, 4, 7, &block)), Some(Server));
    assert_eq!(sender(PREFACE), Some(Client));
    assert_eq!(sender(&[ping.clone(), ping].concat()), None);
    assert_eq!(sender(b"GET / HTTP/1.1\r\n\r\n"), None);
}

#[test]
fn connections_are_known_by_their_first_bytes() {
    assert_eq!(looks(Client, PREFACE), Some(true));
    assert_eq!(looks(Client, &PREFACE[..10]), None);
    assert_eq!(looks(Client, b"GET / HTTP/1.1\r\n"), Some(false));
    assert_eq!(looks(Server, &frame(SETTINGS, 0, 0, &[0; 12])), Some(true));
    assert_eq!(looks(Server, b"HTTP/1.1 200 OK\r\n"), Some(false));
    // Joined later: one frame is not enough, unless it is a header block.
    let data = frame(DATA, 0, 1, b"12345");
    assert_eq!(looks(Server, &data), None);
    assert_eq!(looks(Server, &[data.clone(), frame(DATA, 1, 1, b"")].concat()), Some(true));
    assert_eq!(looks(Server, &[data, b"anything else".to_vec()].concat()), Some(false));
    let block = Talk::default().block(Client, &get("/"));
    assert_eq!(looks(Client, &frame(HEADERS, 5, 1, &block)), Some(true));
}

proptest! {
    #[test]
    fn never_panics_on_any_bytes(
        acts in prop::collection::vec((any::<bool>(), prop::collection::vec(any::<u8>(), 0..200), 0u64..40, any::<bool>()), 0..20),
        begun: bool,
        no_syn: bool,
    ) {
        let mut rig = hiding();
        rig.facts.no_syn = no_syn;
        if begun {
            let mut talk = Talk::begun();
            talk.get(1, "/", b"body");
            talk.headers(Client, 3, false, &get("/next"));
            rig.play(&talk.script, usize::MAX);
        }
        for (nth, (client, bytes, lost, is_lost)) in acts.into_iter().enumerate() {
            let from = if client { Client } else { Server };
            if is_lost {
                rig.lose(from, nth as i64, lost);
            }
            rig.send(from, nth as i64, &bytes);
        }
        rig.end(Client, End::Eof);
        rig.end(Server, End::Eof);
    }

    /// Frames of any content with sound heads get much further.
    #[test]
    fn never_panics_on_any_frames(
        frames in prop::collection::vec((any::<bool>(), 0u8..11, any::<u8>(), 0u32..6, prop::collection::vec(any::<u8>(), 0..40), 0u64..60), 0..40),
    ) {
        let mut rig = hiding();
        rig.send(Client, 0, PREFACE);
        for (nth, (client, kind, flags, stream, payload, lost)) in frames.into_iter().enumerate() {
            let from = if client { Client } else { Server };
            rig.send(from, nth as i64, &frame(kind, flags, stream, &payload));
            if lost < 20 {
                rig.lose(from, nth as i64, lost);
            }
        }
        rig.end(Client, End::Eof);
        rig.end(Server, End::Eof);
    }
}

#[test]
fn cap_n_01zv_bodies_that_wait_for_windows_say_how_long() {
    let update = |stream: u32, more: u32| frame(WINDOW_UPDATE, 0, stream, &more.to_be_bytes());
    let mut talk = Talk::begun();
    // Streams of the server may send 20,000 bytes, those of the client what is usual.
    talk.send(Client, frame(SETTINGS, 0, 0, &[0, 4, 0, 0, 0x4e, 0x20]));
    for stream in [1, 3, 5] {
        talk.headers(Client, stream, true, &get("/"));
        talk.headers(Server, stream, false, &[(":status", "200")]);
    }
    // Full after two frames: the next comes once the client takes more, two frames later.
    talk.data(Server, 1, false, &[b'a'; 10_000]);
    talk.data(Server, 1, false, &[b'a'; 10_000]);
    talk.data(Server, 3, false, &[b'b'; 1_000]);
    talk.send(Client, update(1, 30_000));
    // The connection is full with this one, which is the last of its body; another waits, and a third has all it sends.
    talk.data(Server, 5, true, &[b'c'; 100]);
    talk.data(Server, 1, false, &[b'a'; 16_000]);
    talk.data(Server, 1, false, &[b'a'; 14_000]);
    talk.send(Client, update(1, 30_000));
    talk.data(Server, 1, true, &[b'a'; 14_435]);
    talk.send(Client, update(0, 1));
    talk.data(Server, 3, true, b"b");
    let records = in_pieces(&talk);
    let told = |stream: u64| {
        let record = records.iter().find(|record| record["stream"] == stream).unwrap();
        (field(record, "/response/len").clone(), field(record, "/response/stalled_us").clone())
    };
    assert_eq!(told(5), (json!(100), Value::Null));
    assert_eq!(told(1), (json!(64_435), json!(3_000)), "two times, two frames and one after it was full");
    assert_eq!(told(3), (json!(1_001), json!(1_000)), "while the connection was full");

    // A stream that is given up while it waits.
    let mut talk = Talk::begun();
    talk.headers(Client, 1, false, &get("/"));
    for _ in 0..4 {
        talk.data(Client, 1, false, &[b'x'; 16_383]);
    }
    talk.data(Client, 1, false, b"xyz");
    talk.send(Server, frame(PING, 0, 0, &[0; 8]));
    talk.reset(Client, 1, 8);
    let records = in_pieces(&talk);
    assert_eq!(field(&records[0], "/request/stalled_us"), &json!(2_000), "{}", records[0]);

    // What was before the capture is not known: nothing is said.
    let mut late = rig();
    late.facts.no_syn = true;
    late.play(&talk.script, usize::MAX);
    assert!(late.records().iter().all(|record| field(record, "/request/stalled_us").is_null()));
}

/// In segments, as so many bytes are sent.
fn in_pieces(talk: &Talk) -> Vec<Value> {
    let mut rig = rig();
    rig.play(&talk.script, 1448);
    rig.records().to_vec()
}
