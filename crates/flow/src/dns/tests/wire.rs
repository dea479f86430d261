//! Names, messages and EDNS as they stand on the wire.

use proptest::prelude::*;

use super::build::{A, answer, query, wire_name};
use crate::dns::{Edns, Message, data_text, flags, looks, looks_framed, name, opcode_name, rcode_name, type_name};

fn text(message: &[u8], at: usize) -> Option<(String, usize)> {
    let mut out = String::new();
    name(message, at, &mut out).map(|end| (out, end))
}

#[test]
fn cap_n_02a_names_are_read_as_text() {
    assert_eq!(text(&[0], 0), Some((".".to_owned(), 1)));
    assert_eq!(text(&wire_name("db.shop.svc"), 0), Some(("db.shop.svc".to_owned(), 13)));
    assert_eq!(text(b"\x03a.b\x02c\x07\x03\xc3\xa9d\x00", 0).unwrap().0, "a\\.b.c\\x07.éd");
    assert_eq!(text(b"\x02\xff\\\x00", 0).unwrap().0, "\\xff\\\\");
}

#[test]
fn cap_n_02a_compression_leads_backwards_only() {
    // 0: "svc", 5: "db" then pointer to 0, 10: pointer to 5.
    let bytes = b"\x03svc\x00\x02db\xc0\x00\xc0\x05";
    assert_eq!(text(bytes, 5), Some(("db.svc".to_owned(), 10)));
    assert_eq!(text(bytes, 10), Some(("db.svc".to_owned(), 12)));
    // Itself, forwards, and two that point at each other.
    assert_eq!(text(b"\xc0\x00", 0), None);
    assert_eq!(text(b"\xc0\x02\x01a\x00", 0), None);
    assert_eq!(text(b"\x01a\xc0\x00", 0), None);
    assert_eq!(text(b"\x01a\xc0\x04\x01b\xc0\x00", 4), None);
    // A chain of pointers that each go back is fine.
    let mut chain = vec![0];
    for at in 0..64_u8 {
        let to = if at == 0 { 0 } else { at * 2 - 1 };
        chain.extend([0xc0, to]);
    }
    assert_eq!(text(&chain, chain.len() - 2), Some((".".to_owned(), chain.len())));
}

#[test]
fn cap_n_02a_names_have_their_limits() {
    let longest = "a".repeat(63);
    let full = format!("{longest}.{longest}.{longest}.{}", "b".repeat(61));
    assert_eq!(text(&wire_name(&full), 0).map(|(text, _)| text), Some(full.clone()));
    assert_eq!(text(&wire_name(&format!("{full}b")), 0), None);
    for reserved in [0x40, 0x80, 0xbf] {
        assert_eq!(text(&[reserved, 0, 0], 0), None);
    }
    let bytes = wire_name("db.shop");
    (0..bytes.len()).for_each(|cut| assert_eq!(text(&bytes[..cut], 0), None));
}

#[test]
fn numbers_have_names() {
    assert_eq!(type_name(65), "HTTPS");
    assert_eq!(type_name(4711), "TYPE4711");
    assert_eq!(rcode_name(3), "NXDOMAIN");
    assert_eq!(rcode_name(23), "BADCOOKIE");
    assert_eq!(rcode_name(4000), "RCODE4000");
    assert_eq!(opcode_name(5), "UPDATE");
    assert_eq!(flags(0x8583).collect::<Vec<_>>(), ["aa", "rd", "ra"]);
    assert_eq!(flags(0x0230).collect::<Vec<_>>(), ["tc", "ad", "cd"]);
    let kinds: Vec<String> = (0..=u16::MAX).map(|kind| type_name(kind).into_owned()).collect();
    assert_eq!(kinds.iter().collect::<std::collections::HashSet<_>>().len(), kinds.len(), "no name twice");
}

#[test]
fn cap_n_02b_edns_tells_payload_flags_and_options() {
    let options = [
        &[0, 8, 0, 7, 0, 1, 24, 0, 192, 0, 2][..],
        &[0, 8, 0, 8, 0, 2, 32, 16, 0x20, 0x01, 0x0d, 0xb8],
        &[0, 10, 0, 8, 1, 2, 3, 4, 5, 6, 7, 8],
        &[0, 12, 0, 3, 0, 0, 0],
        &[0, 15, 0, 8, 0, 22, b'n', b'o', b' ', b'n', b's', b'1'],
        &[0, 11, 0, 2, 0, 100],
        &[0xfd, 0xe8, 0, 1, 0xab],
        &[0, 8, 0, 1, 9],
    ]
    .concat();
    let bytes = answer(1, 0, "x", A).opt(1232, 0x0100_8000, &options).bytes();
    let message = Message::new(&bytes).unwrap();
    let edns = Edns::of(&message).unwrap();
    assert_eq!((edns.payload, edns.extended, edns.version, edns.dnssec_ok), (1232, 1, 0, true));
    let mut list = Vec::new();
    edns.options(|one| list.push(one.to_owned()));
    assert_eq!(
        list,
        [
            "ecs 192.0.2.0/24/0",
            "ecs 2001:db8::/32/16",
            "cookie 0102030405060708",
            "padding",
            "ede 22 no ns1",
            "keepalive 10",
            "option65000 ab",
            "ecs 09",
        ]
    );
    assert!(Edns::of(&Message::new(&query(1, "x", A).bytes()).unwrap()).is_none());
}

#[test]
fn a_message_is_known_by_its_inside() {
    let whole = answer(7, 0, "example.org", A).rr(A, 60, &[192, 0, 2, 1]).bytes();
    assert!(looks(&whole, false));
    assert!(!looks(&[whole.clone(), vec![0]].concat(), false), "something is left over");
    for cut in 0..whole.len() {
        assert!(!looks(&whole[..cut], false), "cut at {cut}");
        assert_eq!(looks(&whole[..cut], true), cut >= 12 + 13 + 4, "cut at {cut}");
    }
    // Multicast announcements have answers and no question.
    let owner = wire_name("printer.local");
    let mdns = super::build::Build::default().bits(0x8400).record(1, &owner, A, 0x8001, 120, &[10, 0, 0, 9]).bytes();
    assert!(looks(&mdns, false));
    assert!(!looks(b"GET / HTTP/1.1\r\nhost: a\r\n\r\n", false));
    assert!(!looks(&[0; 12], false));
}

#[test]
fn a_stream_is_known_by_its_first_message() {
    let framed = query(7, "example.org", A).framed();
    assert_eq!(looks_framed(&framed), Some(true));
    for cut in 0..framed.len() {
        assert_ne!(looks_framed(&framed[..cut]), Some(false), "cut at {cut}");
    }
    assert_eq!(looks_framed(b"GET / HTTP/1.1\r\nhost: a\r\n\r\n"), Some(false));
    assert_eq!(looks_framed(b"\x16\x03\x01\x02\x00\x01\x00\x01\xfc\x03\x03aaaaaaaaaaaaaaaa"), Some(false));
    assert_eq!(looks_framed(b"\x00\x05hello"), Some(false));
}

/// Reads everything there is in a message.
fn read_all(bytes: &[u8]) {
    let mut out = String::new();
    for at in 0..bytes.len().min(64) {
        let _ = name(bytes, at, &mut out);
    }
    looks(bytes, true);
    looks(bytes, false);
    looks_framed(bytes);
    let Some(message) = Message::new(bytes) else { return };
    message.question();
    if let Some(edns) = Edns::of(&message) {
        edns.options(|_| {});
    }
    for one in message.resources() {
        out.clear();
        data_text(bytes, &one, &mut out);
        assert!(out.len() <= 2048);
    }
}

proptest! {
    #[test]
    fn no_bytes_make_it_panic(bytes in proptest::collection::vec(any::<u8>(), 0..300)) {
        read_all(&bytes);
    }

    #[test]
    fn no_data_makes_it_panic(kind in prop_oneof![0_u16..70, Just(257), any::<u16>()], data in proptest::collection::vec(any::<u8>(), 0..80)) {
        let bytes = answer(1, 0, "example.org", kind).rr(kind, 1, &data).opt(1, 1, &data).bytes();
        read_all(&bytes);
        (0..bytes.len()).for_each(|cut| read_all(&bytes[..cut]));
    }
}
