//! gRPC calls.

use serde_json::{Value, json};

use super::wire::{Talk, field, rig};
use crate::Side::{Client, Server};
use crate::grpc::protos::tests::{add_request, add_request_json, cart_file, text};
use crate::rig::same_at_every_cut;

fn call(timeout: &str) -> [(&str, &str); 7] {
    [
        (":method", "POST"),
        (":scheme", "http"),
        (":path", "/shop.v1.Cart/Add"),
        (":authority", "cart:50051"),
        ("content-type", "application/grpc+proto"),
        ("grpc-timeout", timeout),
        ("te", "trailers"),
    ]
}

fn message(bytes: &[u8]) -> Vec<u8> {
    [&[0][..], &(bytes.len() as u32).to_be_bytes(), bytes].concat()
}

#[test]
fn cap_n_01v_grpc_calls_say_service_method_status_and_messages() {
    let mut talk = Talk::begun();
    talk.headers(Client, 1, false, &call("1500m"));
    talk.data(Client, 1, true, &message(b"\x0a\x01a"));
    talk.headers(
        Server,
        1,
        false,
        &[(":status", "200"), ("content-type", "application/grpc"), ("grpc-encoding", "gzip")],
    );
    // Three messages in two frames.
    let all = [message(b"one"), message(b""), message(b"three")].concat();
    talk.data(Server, 1, false, &all[..9]);
    talk.data(Server, 1, false, &all[9..]);
    talk.headers(Server, 1, true, &[("grpc-status", "0")]);
    // Trailers only, with a message.
    talk.headers(Client, 3, false, &call("2S"));
    talk.data(Client, 3, true, &message(b"x"));
    let refused =
        [(":status", "200"), ("content-type", "application/grpc"), ("grpc-status", "5"), ("grpc-message", "no%20cart")];
    talk.headers(Server, 3, true, &refused);
    let records = same_at_every_cut(&talk.script, rig);
    assert_eq!(
        records[0]["grpc"],
        json!({
            "service": "shop.v1.Cart", "method": "Add", "status": 0, "req_msgs": 1, "resp_msgs": 3, "encoding": "gzip",
            "deadline_us": 1_500_000, "req_sizes": [3], "resp_sizes": [3, 0, 5]
        })
    );
    assert_eq!(
        records[1]["grpc"],
        json!({
            "service": "shop.v1.Cart", "method": "Add", "status": 5, "message": "no cart", "req_msgs": 1, "resp_msgs": 0,
            "deadline_us": 2_000_000, "req_sizes": [1]
        })
    );
}

#[test]
fn cap_n_01w_grpc_streams_of_both_sides_are_one_record_when_both_are_done() {
    let mut talk = Talk::begun();
    talk.headers(Client, 1, false, &call("1H"));
    talk.headers(Server, 1, false, &[(":status", "200"), ("content-type", "application/grpc")]);
    for turn in 0..5u8 {
        talk.data(Client, 1, false, &message(&[turn; 10]));
        talk.data(Server, 1, false, &message(&[turn; 20]));
    }
    // The server ends first; the client's end follows.
    talk.headers(Server, 1, true, &[("grpc-status", "0")]);
    talk.data(Client, 1, true, b"");
    let records = same_at_every_cut(&talk.script, rig);
    assert_eq!(records.len(), 1);
    assert_eq!((&records[0]["grpc"]["req_msgs"], &records[0]["grpc"]["resp_msgs"]), (&json!(5), &json!(5)));
    assert_eq!(field(&records[0], "/partial"), &Value::Null);
}

#[test]
fn cap_n_01x_grpc_web_over_http_2_has_its_trailers_in_the_body() {
    let mut talk = Talk::begun();
    let mut fields = call("1S").to_vec();
    fields[4] = ("content-type", "application/grpc-web+proto");
    talk.headers(Client, 1, false, &fields);
    talk.data(Client, 1, true, &message(b"ask"));
    talk.headers(Server, 1, false, &[(":status", "200"), ("content-type", "application/grpc-web+proto")]);
    let mut trailers = message(b"grpc-status:14\r\ngrpc-message:try later\r\n");
    trailers[0] = 0x80;
    talk.data(Server, 1, true, &[message(b"answer"), trailers].concat());
    let records = same_at_every_cut(&talk.script, rig);
    let grpc = &records[0]["grpc"];
    assert_eq!((&grpc["status"], &grpc["message"], &grpc["resp_msgs"]), (&json!(14), &json!("try later"), &json!(1)));
}

const OK: [(&str, &str); 2] = [(":status", "200"), ("content-type", "application/grpc")];

fn add(talk: &mut Talk, stream: u32) {
    talk.headers(Client, stream, false, &call("1S"));
    talk.data(Client, stream, true, &message(&add_request()));
    talk.headers(Server, stream, false, &OK);
    talk.data(Server, stream, false, &[message(&text(1, "c1")), message(&text(1, "c2"))].concat());
    talk.headers(Server, stream, true, &[("grpc-status", "0")]);
}

#[test]
fn cap_n_01zt_messages_have_the_names_of_the_descriptors_that_were_given() {
    let mut talk = Talk::begun();
    add(&mut talk, 1);
    let told = |redact: bool| {
        let mut rig = if redact {
            crate::rig::Rig::new(crate::App::Http2)
        } else {
            crate::rig::Rig::without_redaction(crate::App::Http2)
        };
        assert!(rig.protos.add(&text(1, cart_file())));
        rig
    };
    let records = same_at_every_cut(&talk.script, || told(false));
    let grpc = &records[0]["grpc"];
    assert_eq!((grpc["schema"].as_str(), &grpc["requests"]), (Some("file"), &json!([add_request_json()])));
    assert_eq!(grpc["responses"], json!([{"id": "c1"}, {"id": "c2"}]));
    // Names tell of a secret that bytes alone do not: it stands nowhere in the record.
    let records = same_at_every_cut(&talk.script, || told(true));
    assert!(records[0]["grpc"]["requests"][0]["password"].as_str().unwrap().starts_with("«redacted"), "{}", records[0]);
    assert_eq!((&records[0]["redacted"], &records[0]["request"]["body_b64"]), (&json!(["key"]), &Value::Null));
    // Without descriptors there are numbers alone, which who looks at the bytes sees.
    let records = same_at_every_cut(&talk.script, rig);
    assert!(records[0]["grpc"].get("schema").is_none() && records[0]["request"]["body_b64"].is_string());
}

#[test]
fn cap_n_01zu_descriptors_that_a_server_sent_by_reflection_name_later_messages() {
    let mut talk = Talk::begun();
    let ask = call("1S").map(|(name, value)| match name {
        ":path" => (name, "/grpc.reflection.v1.ServerReflection/ServerReflectionInfo"),
        _ => (name, value),
    });
    talk.headers(Client, 1, false, &ask);
    talk.data(Client, 1, true, &message(&text(4, "shop.v1.Cart")));
    talk.headers(Server, 1, false, &OK);
    talk.data(Server, 1, false, &message(&[text(1, ""), text(4, text(1, cart_file()))].concat()));
    talk.headers(Server, 1, true, &[("grpc-status", "0")]);
    add(&mut talk, 3);
    let records = same_at_every_cut(&talk.script, || crate::rig::Rig::without_redaction(crate::App::Http2));
    let grpc = &records[1]["grpc"];
    assert_eq!((grpc["schema"].as_str(), &grpc["requests"]), (Some("reflection"), &json!([add_request_json()])));
}
