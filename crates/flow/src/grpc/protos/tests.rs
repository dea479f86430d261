#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic, clippy::indexing_slicing)]

use proptest::prelude::*;

use super::*;
use crate::redact::{Redaction, Rules};

/// Numbers in bytes of seven bits.
fn number(mut value: u64) -> Vec<u8> {
    let mut out = Vec::new();
    loop {
        let byte = (value & 0x7f) as u8;
        value >>= 7;
        out.push(byte | if value > 0 { 0x80 } else { 0 });
        if value == 0 {
            return out;
        }
    }
}

/// A field of text, bytes or a message.
pub(crate) fn text(field: u64, value: impl AsRef<[u8]>) -> Vec<u8> {
    [number(field << 3 | 2), number(value.as_ref().len() as u64), value.as_ref().to_vec()].concat()
}

/// A field of a number.
pub(crate) fn int(field: u64, value: u64) -> Vec<u8> {
    [number(field << 3), number(value)].concat()
}

fn field(name: &str, at: u64, kind: u8, repeated: bool, of: &str) -> Vec<u8> {
    let all = [text(1, name), int(3, at), int(4, if repeated { 3 } else { 1 }), int(5, u64::from(kind)), text(6, of)];
    text(2, all.concat())
}

/// A file of `shop.v1` with a cart, as `protoc` would make it.
pub(crate) fn cart_file() -> Vec<u8> {
    let entry =
        [text(1, "TagsEntry"), field("key", 1, 9, false, ""), field("value", 2, 5, false, ""), text(7, int(7, 1))];
    let item = [text(1, "Item"), field("sku", 1, 9, false, ""), field("price", 2, 1, false, "")];
    let add = [
        text(1, "AddRequest"),
        field("user", 1, 9, false, ""),
        field("items", 2, 11, true, ".shop.v1.AddRequest.Item"),
        field("counts", 3, 5, true, ""),
        field("state", 4, 14, false, ".shop.v1.State"),
        field("password", 5, 9, false, ""),
        field("total", 6, 4, false, ""),
        field("tags", 7, 11, true, ".shop.v1.AddRequest.TagsEntry"),
        field("change", 8, 17, false, ""),
        field("gift", 9, 8, false, ""),
        field("raw", 10, 12, false, ""),
        text(3, item.concat()),
        text(3, entry.concat()),
    ];
    let reply = [text(1, "AddReply"), field("id", 1, 9, false, "")];
    let value = |name: &str, number: u64| text(2, [text(1, name), int(2, number)].concat());
    let state = [text(1, "State"), value("NEW", 0), value("PAID", 1)];
    let method = [text(1, "Add"), text(2, ".shop.v1.AddRequest"), text(3, ".shop.v1.AddReply")];
    let service = [text(1, "Cart"), text(2, method.concat())];
    [
        text(1, "shop.proto"),
        text(2, "shop.v1"),
        text(4, add.concat()),
        text(4, reply.concat()),
        text(5, state.concat()),
        text(6, service.concat()),
    ]
    .concat()
}

/// A request with every kind of field.
pub(crate) fn add_request() -> Vec<u8> {
    let item = |sku: &str, price: f64| {
        text(2, [text(1, sku), number(2 << 3 | 1), price.to_bits().to_le_bytes().to_vec()].concat())
    };
    [
        text(1, "ann"),
        item("tea", 2.5),
        item("cup", 7.0),
        text(3, [number(1), number(300), number(u64::MAX)].concat()),
        int(4, 1),
        text(5, "hunter2"),
        int(6, u64::MAX),
        text(7, [text(1, "gift"), int(2, 3)].concat()),
        int(8, 3),
        int(9, 1),
        text(10, [0xff, 0]),
        int(77, 5),
        text(78, "more"),
    ]
    .concat()
}

/// What [`add_request`] is, without redaction.
pub(crate) fn add_request_json() -> serde_json::Value {
    serde_json::json!({
        "user": "ann", "items": [{"sku": "tea", "price": 2.5}, {"sku": "cup", "price": 7}], "counts": [1, 300, -1],
        "state": "PAID", "password": "hunter2", "total": "18446744073709551615", "tags": {"gift": 3}, "change": -2,
        "gift": true, "raw": "/wA=", "77": [{"varint": "5"}], "78": [{"text": "more"}]
    })
}

pub(crate) fn framed(message: &[u8]) -> Vec<u8> {
    [&[0][..], &(message.len() as u32).to_be_bytes(), message].concat()
}

fn shown(protos: &Protos, redaction: &Redaction, body: &[u8]) -> (serde_json::Value, u16) {
    let (show, mut why) = (show::Show { protos, redaction }, 0);
    let list = show.list(Body { bytes: body, coding: b"" }, "shop.v1.AddRequest", &mut why);
    (serde_json::from_slice(&list).unwrap(), why)
}

#[test]
fn cap_n_01zq_messages_are_shown_by_the_descriptors_of_the_user() {
    let mut protos = Protos::default();
    assert!(protos.add(&text(1, cart_file())));
    let body = [framed(&add_request()), framed(&[]), framed(&add_request())[..20].to_vec()].concat();
    let (all, why) = shown(&protos, &Redaction::off(), &body);
    assert_eq!(all, serde_json::json!([add_request_json(), {}, {"user": "ann"}]), "the last is cut");
    assert_eq!(why, 0);
    // What names tell of secrets counts.
    let (all, why) = shown(&protos, &Redaction::new(Rules::default(), [7; 16]), &framed(&add_request()));
    assert!(all[0]["password"].as_str().unwrap().starts_with("«redacted 1-8 #"), "{all}");
    assert_eq!(why, Why::Key.bit());

    assert!(!Protos::default().add(b"syntax = \"proto3\";"), "a text is no set of descriptors");
    assert!(!Protos::default().add(b""));
}

#[test]
fn cap_n_01zr_descriptors_are_bounded_and_damage_is_no_harm() {
    let mut protos = Protos::default();
    let name = "x".repeat(1000);
    let message = |at: u64| text(4, [text(1, format!("{name}{at}")), field(&name, 1, 9, false, "")].concat());
    let file: Vec<u8> = (0..10_000).flat_map(message).collect();
    assert!(!protos.add(&text(1, file)), "too much is told");
    assert!(protos.heap() <= MOST);
    // Again and again the same: it takes the room of itself.
    let mut protos = Protos::default();
    assert!(protos.add(&text(1, cart_file())));
    let once = protos.heap();
    for _ in 0..100 {
        protos.add(&text(1, cart_file()));
    }
    assert!(protos.heap() < once * 2, "{once} {}", protos.heap());
}

#[test]
fn cap_n_01zw_what_a_server_says_of_itself_replaces_nothing_of_the_users_and_stays_within_bounds() {
    let redaction = Redaction::new(Rules::default(), [7; 16]);
    let renamed = |name: &str| {
        let add = [text(1, "AddRequest"), field(name, 5, 9, false, "")].concat();
        let value = text(2, [text(1, "LATER"), int(2, 1)].concat());
        let state = [text(1, "State"), value].concat();
        [text(1, "shop.proto"), text(2, "shop.v1"), text(4, add), text(5, state)].concat()
    };
    let said = |protos: &mut Protos, file: &[u8]| {
        let answer = framed(&text(4, text(1, file)));
        read::reflected(protos, Body { bytes: &answer, coding: b"" });
    };
    let mut protos = Protos::default();
    assert!(protos.add(&text(1, cart_file())));
    said(&mut protos, &renamed("comment"));
    let (all, why) = shown(&protos, &redaction, &framed(&add_request()));
    assert!(!all.to_string().contains("hunter2") && all[0]["state"] == "PAID", "{all}");
    assert_eq!(why, Why::Key.bit());
    // What it says of one enumeration, small first and large then, takes the room of the large one.
    let file = |values: u64| {
        let value = |number: u64| text(2, [text(1, format!("VALUE_{number}")), int(2, number)].concat());
        let all: Vec<u8> = (0..values).flat_map(value).collect();
        let state = [text(1, "State"), all].concat();
        [text(1, "state.proto"), text(2, "shop.v2"), text(5, state)].concat()
    };
    let mut protos = Protos::default();
    said(&mut protos, &file(1));
    let small = protos.heap();
    said(&mut protos, &file(1000));
    let large = protos.heap();
    said(&mut protos, &file(1));
    assert!(large > small + 1000 * 8 && protos.heap() == small, "{small} {large} {}", protos.heap());
}

#[test]
fn cap_n_01zx_a_message_of_nothing_but_fields_is_read_once() {
    let mut protos = Protos::default();
    assert!(protos.add(&text(1, cart_file())));
    let body: Vec<u8> = (1000..60_000).flat_map(|at| int(at, 1)).collect();
    let (all, _) = shown(&protos, &Redaction::off(), &framed(&body));
    let all = all[0].as_object().unwrap();
    assert_eq!((all.len(), &all["1000"]), (20_000, &serde_json::json!([{ "varint": "1" }])), "as many as are shown");
}

proptest! {
    #[test]
    fn any_bytes_are_read(set in proptest::collection::vec(any::<u8>(), 0..200), body in proptest::collection::vec(any::<u8>(), 0..200)) {
        let mut protos = Protos::default();
        protos.add(&set);
        protos.add(&text(1, cart_file()));
        shown(&protos, &Redaction::new(Rules::default(), [7; 16]), &framed(&body));
        shown(&protos, &Redaction::off(), &body);
    }
}
