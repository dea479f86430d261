//! What is written is JSON, and says what was given.
#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic, clippy::indexing_slicing)]

use std::net::{IpAddr, Ipv4Addr, Ipv6Addr};

use proptest::prelude::*;
use serde_json::{Value, json};

use super::{Object, write_object};

fn written(members: impl FnOnce(Object<'_>)) -> Value {
    let mut out = b"before".to_vec();
    write_object(&mut out, members);
    let text = out.strip_prefix(b"before").expect("what was there stays");
    serde_json::from_slice(text).unwrap_or_else(|error| panic!("{error}: {}", String::from_utf8_lossy(text)))
}

/// Text as records show it: bytes that are not UTF-8 as `\xNN`.
fn shown(bytes: &[u8]) -> String {
    let mut text = String::new();
    for chunk in bytes.utf8_chunks() {
        text.push_str(chunk.valid());
        chunk.invalid().iter().for_each(|byte| text.push_str(&format!("\\x{byte:02x}")));
    }
    text
}

#[test]
fn empty_objects_and_arrays_have_their_brackets() {
    let made = written(|mut object| {
        drop(object.object("o"));
        drop(object.array("a"));
        let mut list = object.array("l");
        drop(list.object());
        drop(list.array());
        list.uint(7);
    });
    assert_eq!(made, json!({"o": {}, "a": [], "l": [{}, [], 7]}));
    assert_eq!(written(|object| drop(object)), json!({}));
}

#[test]
fn controls_never_reach_a_terminal() {
    let mut out = Vec::new();
    let all: Vec<u8> = (0..=0x20).chain([0x7f, 0xc2, 0x80, 0xc2, 0x9f]).collect();
    write_object(&mut out, |mut object| object.bytes("t", &all));
    assert!(out.iter().all(|byte| (0x20..0x7f).contains(byte)), "{}", String::from_utf8_lossy(&out));
    assert_eq!(serde_json::from_slice::<Value>(&out).unwrap()["t"], String::from_utf8(all).unwrap());
}

#[test]
fn a_body_that_is_no_text_leaves_nothing_of_the_attempt() {
    let made = written(|mut object| object.body("body", "body_b64", b"plain \"text\", then \xff"));
    assert_eq!(made, json!({"body_b64": "cGxhaW4gInRleHQiLCB0aGVuIP8="}));
    let cut = written(|mut object| object.body("body", "body_b64", "tür ü".as_bytes().split_last().unwrap().1));
    assert_eq!(cut, json!({"body": "tür "}));
}

#[test]
fn numbers_around_every_power_of_ten_are_written_as_they_are() {
    let powers = std::iter::successors(Some(1_u64), |power| power.checked_mul(10));
    for power in powers.flat_map(|power| [power - 1, power, power + 1, power / 7, u64::MAX / power]) {
        assert_eq!(written(|mut object| object.uint("n", power))["n"], power);
    }
    for small in 0..20_000 {
        assert_eq!(written(|mut object| object.uint("n", small))["n"], small);
    }
}

proptest! {
    #[test]
    fn text_is_what_it_was(bytes in proptest::collection::vec(any::<u8>(), 0..200), plain in "[ -~äö\n]{0,200}") {
        let made = written(|mut object| {
            object.bytes("any", &bytes);
            object.text("plain", &plain);
            let mut list = object.array("list");
            list.bytes(&bytes);
            list.pair(plain.as_bytes(), &bytes);
        });
        prop_assert_eq!(&made["any"], &shown(&bytes));
        prop_assert_eq!(&made["plain"], &plain);
        prop_assert_eq!(&made["list"], &json!([shown(&bytes), [plain, shown(&bytes)]]));
    }

    #[test]
    fn a_body_is_text_exactly_when_it_is_utf8(text in "[ -~äöü€😀\t\"]{0,120}", cut in 0_usize..400, bad in any::<bool>()) {
        let mut bytes = text.as_bytes()[..cut.min(text.len())].to_vec();
        if bad {
            bytes.extend_from_slice(b"\xffrest");
        }
        let made = written(|mut object| object.body("body", "body_b64", &bytes));
        let sure = bytes.utf8_chunks().next().map(|chunk| chunk.valid().to_owned()).unwrap_or_default();
        if bad {
            prop_assert!(made.get("body").is_none());
            prop_assert!(made["body_b64"].is_string());
        } else {
            prop_assert_eq!(&made["body"], &sure);
        }
    }

    #[test]
    fn numbers_and_addresses_are_what_they_were(
        uint in any::<u64>(), shift in 0_u32..64, int in any::<i64>(), id in any::<u128>(), v4 in any::<u32>(), v6 in any::<u128>(),
    ) {
        let uint = uint >> shift;
        let (v4, v6) = (Ipv4Addr::from(v4), Ipv6Addr::from(v6));
        let made = written(|mut object| {
            object.uint("u", uint);
            object.int("i", int);
            object.hex128("h", id);
            object.ip("v4", IpAddr::V4(v4));
            object.ip("v6", IpAddr::V6(v6));
        });
        let want = json!({"u": uint, "i": int, "h": format!("{id:032x}"), "v4": v4.to_string(), "v6": v6.to_string()});
        prop_assert_eq!(made, want);
    }
}
