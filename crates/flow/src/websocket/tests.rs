#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic, clippy::indexing_slicing)]

use miniz_oxide::deflate::core::{
    CompressorOxide, TDEFLFlush, TDEFLStatus, compress_to_output, create_comp_flags_from_zip_params,
};
use proptest::prelude::*;
use serde_json::{Value, json};

use super::inflate::Extension;
use crate::Side::{self, Client, Server};
use crate::rig::{Act, Rig, same_at_every_cut};
use crate::{AfterGap, App, End, FlowId, Upgrade};

fn rig_of(extensions: &str) -> Rig {
    let mut rig = Rig::without_redaction(App::WebSocket);
    agree(&mut rig, extensions);
    rig
}

fn agree(rig: &mut Rig, extensions: &str) {
    rig.facts.upgrade = Some(Box::new(Upgrade {
        record: FlowId(0).record(6),
        protocol: b"websocket".to_vec(),
        extensions: extensions.as_bytes().to_vec(),
        asked: None,
    }));
}

fn plain() -> Rig {
    rig_of("")
}

const FIN: u8 = 0x80;
const COMPRESSED: u8 = 0x40;
const MASK: [u8; 4] = [0x37, 0xfa, 0x21, 0x3d];

fn frame(first: u8, from: Side, payload: &[u8]) -> Vec<u8> {
    let bit = if from == Client { 0x80 } else { 0 };
    let mut out = vec![first];
    match payload.len() {
        len @ 0..126 => out.push(bit | len as u8),
        len @ 126..65536 => {
            out.push(bit | 126);
            out.extend((len as u16).to_be_bytes());
        }
        len => {
            out.push(bit | 127);
            out.extend((len as u64).to_be_bytes());
        }
    }
    if from == Client {
        out.extend(MASK);
        out.extend(payload.iter().zip(MASK.iter().cycle()).map(|(byte, mask)| byte ^ mask));
    } else {
        out.extend(payload);
    }
    out
}

fn send(from: Side, first: u8, payload: &[u8]) -> Act {
    Act::Send(from, 1000, frame(first, from, payload))
}

/// One sender's compressor, which may keep its window.
struct Deflate(CompressorOxide);

impl Deflate {
    fn new() -> Deflate {
        Deflate(CompressorOxide::new(create_comp_flags_from_zip_params(6, -15, 0)))
    }

    fn message(&mut self, text: &[u8]) -> Vec<u8> {
        let mut out = Vec::new();
        let (status, used) = compress_to_output(&mut self.0, text, TDEFLFlush::Sync, |part| {
            out.extend_from_slice(part);
            true
        });
        assert_eq!((status, used), (TDEFLStatus::Okay, text.len()));
        out.truncate(out.len() - 4);
        out
    }
}

#[test]
fn cap_n_01zc_messages_of_both_sides_are_records() {
    let long = "long ".repeat(20_000);
    let script = vec![
        send(Client, FIN | 1, b"Hello"),
        send(Server, FIN | 1, "gr\u{fc}\u{df}e".as_bytes()),
        send(Server, FIN | 2, &[0, 1, 254, 255]),
        send(Client, FIN | 9, b"are you there"),
        send(Server, FIN | 10, b"are you there"),
        send(Client, FIN | 2, &[7; 300]),
        send(Server, FIN | 1, long.as_bytes()),
        send(Client, FIN | 1, b""),
        send(Server, FIN | 8, &[&1001u16.to_be_bytes()[..], b"going away"].concat()),
        send(Client, FIN | 8, &[]),
    ];
    let records = same_at_every_cut(&script, plain);
    let want = [
        ("client", "text", 5, json!("Hello")),
        ("server", "text", 7, json!("gr\u{fc}\u{df}e")),
        ("server", "binary", 4, Value::Null),
        ("client", "ping", 13, Value::Null),
        ("server", "pong", 13, Value::Null),
        ("client", "binary", 300, Value::Null),
        ("server", "text", 100_000, json!(long[..4096])),
        ("client", "text", 0, Value::Null),
        ("server", "close", 12, json!("going away")),
        ("client", "close", 0, Value::Null),
    ];
    assert_eq!(records.len(), want.len());
    for (record, (from, opcode, len, text)) in records.iter().zip(want) {
        assert_eq!((&record["kind"], &record["from"], &record["opcode"]), (&json!("ws"), &json!(from), &json!(opcode)));
        assert_eq!((&record["len"], &record["fragments"]), (&json!(len), &json!(1)), "{record}");
        assert_eq!(record.get("text").unwrap_or(&Value::Null), &text);
        assert_eq!(record["http"], json!("00000000000000000000000000000007"));
    }
    assert_eq!(records[2]["b64"], json!("AAH+/w=="));
    assert_eq!(records[6]["truncated"], json!(["body"]));
    assert_eq!((&records[8]["close_code"], records[9].get("close_code")), (&json!(1001), None));
}

#[test]
fn cap_n_01zd_fragments_are_one_message_and_control_frames_come_between() {
    let script = vec![
        send(Client, 1, b"one "),
        send(Client, 0, b"two "),
        send(Client, FIN | 9, b"ping"),
        send(Client, FIN, b"three"),
    ];
    let records = same_at_every_cut(&script, plain);
    assert_eq!(records[0]["opcode"], json!("ping"));
    assert_eq!(
        (&records[1]["text"], &records[1]["fragments"], &records[1]["len"]),
        (&json!("one two three"), &json!(3), &json!(13))
    );
}

#[test]
fn cap_n_01ze_compressed_messages_with_and_without_a_window_that_is_kept() {
    let texts =
        ["{\"price\":100,\"name\":\"tea\"}", "{\"price\":101,\"name\":\"tea\"}", "{\"price\":102,\"name\":\"tea\"}"];
    for (extensions, keeps) in [
        ("permessage-deflate", true),
        (
            "foo, permessage-deflate; client_max_window_bits=15; server_no_context_takeover; client_no_context_takeover",
            false,
        ),
    ] {
        let mut script = Vec::new();
        let mut sizes = Vec::new();
        for from in [Client, Server] {
            let mut deflate = Deflate::new();
            for text in texts {
                if !keeps {
                    deflate = Deflate::new();
                }
                let coded = deflate.message(text.as_bytes());
                sizes.push(coded.len());
                let (first, rest) = coded.split_at(coded.len() / 2);
                script.push(send(from, COMPRESSED | 1, first));
                script.push(send(from, FIN, rest));
            }
            script.push(send(from, FIN | 1, b"not compressed"));
        }
        let records = same_at_every_cut(&script, || rig_of(extensions));
        assert_eq!(records.len(), 8);
        for (nth, record) in records.iter().enumerate() {
            let want = texts.get(nth % 4).copied().unwrap_or("not compressed");
            assert_eq!((&record["text"], &record["compressed"]), (&json!(want), &json!(nth % 4 != 3)), "{extensions}");
        }
        assert_eq!(sizes[1] < sizes[0], keeps, "the window makes the second smaller");
    }
}

#[test]
fn cap_n_01zf_a_loss_in_a_payload_is_counted_and_a_lost_window_stays_lost() {
    let mut deflate = Deflate::new();
    let texts: Vec<Vec<u8>> =
        (0..3).map(|nth| deflate.message(format!("message {nth} of the same kind").as_bytes())).collect();
    let mut rig = rig_of("permessage-deflate");
    rig.send(Server, 1, &frame(FIN | COMPRESSED | 1, Server, &texts[0]));
    let second = frame(FIN | COMPRESSED | 1, Server, &texts[1]);
    rig.send(Server, 2, &second[..6]);
    assert_eq!(rig.lose(Server, 2, 3), Some(AfterGap::Continue));
    rig.send(Server, 2, &second[9..]);
    rig.send(Server, 3, &frame(FIN | COMPRESSED | 1, Server, &texts[2]));
    rig.send(Server, 4, &frame(FIN | 1, Server, b"plain"));
    let records = rig.records();
    assert_eq!(records[0]["text"], json!("message 0 of the same kind"));
    assert_eq!((&records[1]["len"], &records[1]["partial"]), (&json!(texts[1].len()), &json!(["gap"])));
    assert_eq!((records[2].get("text"), &records[2]["partial"]), (None, &json!(["compression"])));
    assert_eq!(records[3]["text"], json!("plain"));
}

#[test]
fn cap_n_01zg_after_a_loss_of_frames_only_whole_messages_are_told_as_whole() {
    for from in [Client, Server] {
        let frames: Vec<Vec<u8>> = (0..40)
            .map(|nth| frame(FIN | 1, from, format!("message number {nth} is {}", "x".repeat(nth)).as_bytes()))
            .collect();
        let all = frames.concat();
        for lost in 60..100usize {
            let mut rig = plain();
            rig.send(from, 1, &all[..lost]);
            rig.lose(from, 2, 70);
            all[lost + 70..].chunks(100).for_each(|part| rig.send(from, 3, part));
            let whole = rig.records().iter().filter(|record| record.get("partial").is_none());
            let numbers: Vec<u64> = whole
                .map(|record| {
                    let text = record["text"].as_str().unwrap();
                    let number: usize = text.split(' ').nth(2).unwrap().parse().unwrap();
                    assert_eq!(text, format!("message number {number} is {}", "x".repeat(number)));
                    number as u64
                })
                .collect();
            assert!(numbers.len() >= 30, "{from:?} lost at {lost}: {numbers:?}");
            assert!(numbers.is_sorted());
        }
    }
}

#[test]
fn cap_f_24_a_compressed_bomb_ends_the_reading_and_not_the_connection() {
    let bomb = Deflate::new().message(&vec![b'a'; 20_000_000]);
    let mut rig = rig_of("permessage-deflate");
    frame(FIN | COMPRESSED | 1, Client, &bomb).chunks(1448).for_each(|part| rig.send(Client, 1, part));
    rig.send(Client, 2, &frame(FIN | 1, Client, b"next"));
    let record = &rig.records()[0];
    assert_eq!((record["text"].as_str().unwrap().len(), &record["len"]), (4096, &json!(bomb.len())));
    assert_eq!((&record["truncated"], &record["anomaly"]), (&json!(["body"]), &json!(["ws_compression"])));
    assert_eq!(rig.records()[1]["text"], json!("next"));
    assert!(rig.heap() < 128 << 10, "{}", rig.heap());
}

#[test]
fn cap_n_01zh_secrets_of_messages_are_replaced_and_masked() {
    let text = b"{\"password\":\"hunter2hunter2\",\"user\":\"u\"}";
    let make = || {
        let mut rig = Rig::new(App::WebSocket);
        agree(&mut rig, "");
        rig
    };
    let script = vec![send(Server, 1, &text[..20]), send(Server, FIN, &text[20..])];
    let records = same_at_every_cut(&script, make);
    let shown = records[0]["text"].as_str().unwrap();
    assert!(shown.starts_with("{\"password\":\"«redacted 9-16 #") && shown.ends_with("\"user\":\"u\"}"), "{shown}");
    let mut rig = make();
    rig.play(&script, usize::MAX);
    let mut wire = [frame(1, Server, &text[..20]), frame(FIN, Server, &text[20..])].concat();
    rig.out.masks.iter().for_each(|mask| wire[mask.offset as usize..][..mask.len as usize].fill(b'#'));
    assert!(memchr::memmem::find(&wire, b"hunter2").is_none());
    assert_eq!(rig.out.masks.iter().map(|mask| mask.len).sum::<u32>(), 14);
}

#[test]
fn what_the_protocol_forbids_is_a_violation() {
    for bytes in [
        &[0x83, 0x00][..],
        &[0xa1, 0x00],
        &[0xc1, 0x00],
        &[0x09, 0x00],
        &[0x89, 0x7e, 0, 200],
        &[0x81, 0x7e, 0, 5],
        &[0x81, 0x80, 1, 2, 3, 4],
        &[0x88, 0x01, 3],
    ] {
        let mut rig = plain();
        rig.send(Server, 1, bytes);
        assert_eq!(rig.violations, ["ws_frame"], "{bytes:?}");
    }
    assert_eq!(Extension::of(b"x-webkit-deflate-frame"), Extension::default());
}

proptest! {
    #[test]
    fn never_panics_on_any_bytes(
        acts in prop::collection::vec((any::<bool>(), prop::collection::vec(any::<u8>(), 0..100), 0u64..20, any::<bool>()), 0..20),
    ) {
        let mut rig = Rig::new(App::WebSocket);
        agree(&mut rig, "permessage-deflate");
        for (client, bytes, lost, is_lost) in acts {
            let from = if client { Client } else { Server };
            if is_lost {
                rig.lose(from, 1, lost);
            }
            rig.send(from, 1, &bytes);
        }
        rig.end(Client, End::Rst);
        rig.end(Server, End::Rst);
    }

    #[test]
    fn never_panics_on_any_frames(
        frames in prop::collection::vec((any::<bool>(), any::<u8>(), prop::collection::vec(any::<u8>(), 0..150)), 0..20),
    ) {
        let mut rig = Rig::new(App::WebSocket);
        agree(&mut rig, "permessage-deflate");
        for (client, first, payload) in frames {
            let from = if client { Client } else { Server };
            rig.send(from, 1, &frame(first & 0xcf, from, &payload));
        }
    }
}
