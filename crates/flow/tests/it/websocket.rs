//! WebSocket on loopback: the handshake and frames of both sides, message by message against tshark.

use std::io::{Read, Write};
use std::net::{TcpListener, TcpStream};

use flow::Config;
use miniz_oxide::deflate::core::{CompressorOxide, TDEFLFlush, compress_to_output, create_comp_flags_from_zip_params};
use serde_json::{Value, json};

use crate::capture::{Capture, each, ours, tshark};

const FIN: u8 = 0x80;
const COMPRESSED: u8 = 0x40;

fn frame(first: u8, mask: Option<[u8; 4]>, payload: &[u8]) -> Vec<u8> {
    let bit = if mask.is_some() { 0x80 } else { 0 };
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
    let mask = mask.inspect(|mask| out.extend(mask)).unwrap_or_default();
    out.extend(payload.iter().zip(mask.iter().cycle()).map(|(byte, mask)| byte ^ mask));
    out
}

/// A message of a sender that keeps its window.
fn deflate(window: &mut CompressorOxide, text: &[u8]) -> Vec<u8> {
    let mut out = Vec::new();
    compress_to_output(window, text, TDEFLFlush::Sync, |part| {
        out.extend_from_slice(part);
        true
    });
    out.truncate(out.len() - 4);
    out
}

/// Sends each to the other side and waits until it is there, so that packets are in this order.
fn talk(client: &mut TcpStream, server: &mut TcpStream, frames: &[(bool, Vec<u8>)]) {
    for (is_client, bytes) in frames {
        let (from, to) = if *is_client { (&mut *client, &mut *server) } else { (&mut *server, &mut *client) };
        from.write_all(bytes).unwrap();
        to.read_exact(&mut vec![0; bytes.len()]).unwrap();
    }
}

#[test]
fn cap_n_01zn_websocket_messages_are_what_tshark_sees() {
    let dir = tempfile::tempdir().unwrap();
    let listener = TcpListener::bind("127.0.0.1:0").unwrap();
    let port = listener.local_addr().unwrap().port();
    let capture = Capture::start(&dir.path().join("t.pcap"), &format!("tcp port {port}"));
    let mut client = TcpStream::connect(("127.0.0.1", port)).unwrap();
    let (mut server, _) = listener.accept().unwrap();
    let ask = format!(
        "GET /chat?room=1 HTTP/1.1\r\nHost: 127.0.0.1:{port}\r\nUpgrade: websocket\r\nConnection: Upgrade\r\n\
         Sec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==\r\nSec-WebSocket-Version: 13\r\n\
         Sec-WebSocket-Extensions: permessage-deflate\r\n\r\n"
    );
    let answer = "HTTP/1.1 101 Switching Protocols\r\nUpgrade: websocket\r\nConnection: Upgrade\r\n\
                  Sec-WebSocket-Accept: s3pPLMBiTxaQ9kYGzzhZRbK+xOo=\r\n\
                  Sec-WebSocket-Extensions: permessage-deflate\r\n\r\n";
    let mut window = CompressorOxide::new(create_comp_flags_from_zip_params(6, -15, 0));
    let mut coded = |text: &str| deflate(&mut window, text.as_bytes());
    let mask = Some([0x12, 0x00, 0xfe, 0x77]);
    let frames = [
        (true, ask.into_bytes()),
        (false, answer.as_bytes().to_vec()),
        (true, frame(FIN | 1, mask, b"hello")),
        (false, frame(FIN | 1, None, "gr\u{fc}\u{df}e".as_bytes())),
        (true, frame(FIN | 2, mask, &[0, 1, 2, 255])),
        (false, frame(FIN | 1, None, "x".repeat(70_000).as_bytes())),
        (false, frame(FIN | COMPRESSED | 1, None, &coded("{\"price\":100,\"name\":\"tea\"}"))),
        (false, frame(FIN | COMPRESSED | 1, None, &coded("{\"price\":101,\"name\":\"tea\"}"))),
        (true, frame(1, mask, b"in ")),
        (true, frame(FIN | 9, mask, b"between")),
        (false, frame(FIN | 10, None, b"between")),
        (true, frame(FIN, mask, b"pieces")),
        (true, frame(FIN | 8, mask, &[&1000u16.to_be_bytes()[..], b"done"].concat())),
        (false, frame(FIN | 8, None, &1000u16.to_be_bytes())),
    ];
    talk(&mut client, &mut server, &frames);
    drop((client, server));
    let file = capture.stop();

    let records = ours(&file, Config::default());
    let upgrade = records.iter().find(|record| record["kind"] == json!("http")).expect("a record of the upgrade");
    assert_eq!((&upgrade["status"], &upgrade["upgrade"]), (&json!(101), &json!("websocket")));
    let ours: Vec<&Value> = records.iter().filter(|record| record["kind"] == json!("ws")).collect();
    assert!(ours.iter().all(|record| record["http"] == upgrade["id"]));
    assert!(ours.iter().all(|record| record.get("partial").is_none()), "{ours:?}");

    // tshark tells frames: fragments are added up here.
    let mut theirs = Vec::new();
    let mut pieces: Option<(bool, String, u64, u64)> = None;
    for packet in tshark(&file, "websocket", "tcp websocket", &[]) {
        let is_client = packet["tcp"]["tcp.dstport"] == json!(port.to_string());
        for frame in each(&packet["websocket"]) {
            let field = |name: &str| frame[name].as_str().unwrap_or_default().to_owned();
            let len: u64 = field("websocket.payload_length").parse().unwrap();
            let len = [&frame["websocket.payload_length_ext_16"], &frame["websocket.payload_length_ext_64"]]
                .into_iter()
                .find_map(|long| long.as_str())
                .map_or(len, |long| long.parse().unwrap());
            let name = match field("websocket.opcode").as_str() {
                "1" => "text",
                "2" => "binary",
                "8" => "close",
                "9" => "ping",
                "10" => "pong",
                _ => "continuation",
            };
            let is_final = field("websocket.fin") == "1";
            match (&mut pieces, name) {
                (Some(begun), "continuation") => {
                    begun.2 += len;
                    begun.3 += 1;
                    if is_final {
                        theirs.extend(pieces.take());
                    }
                }
                _ if is_final => theirs.push((is_client, name.to_owned(), len, 1)),
                _ => pieces = Some((is_client, name.to_owned(), len, 1)),
            }
        }
    }
    let told: Vec<_> = ours
        .iter()
        .map(|record| {
            let text = |name: &str| record[name].as_str().unwrap().to_owned();
            let count = |name: &str| record[name].as_u64().unwrap();
            (text("from") == "client", text("opcode"), count("len"), count("fragments"))
        })
        .collect();
    assert_eq!(told, theirs);
    let texts: Vec<_> =
        ours.iter().filter_map(|record| record["text"].as_str()).map(|text| &text[..text.len().min(40)]).collect();
    let long = "x".repeat(40);
    assert_eq!(
        texts,
        [
            "hello",
            "gr\u{fc}\u{df}e",
            &long,
            "{\"price\":100,\"name\":\"tea\"}",
            "{\"price\":101,\"name\":\"tea\"}",
            "in pieces",
            "done"
        ]
    );
    let codes: Vec<_> = ours.iter().filter_map(|record| record["close_code"].as_u64()).collect();
    assert_eq!(codes, [1000, 1000]);
}
