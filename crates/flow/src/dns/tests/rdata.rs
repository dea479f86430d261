//! The data of each type in its presentation form.

use super::build::{answer, wire_name};
use crate::dns::{Message, data_text};

fn data(kind: u16, data: &[u8]) -> String {
    let bytes = answer(1, 0, "example.org", kind).rr(kind, 60, data).bytes();
    let message = Message::new(&bytes).unwrap();
    let resource = message.resources().next().expect("one record");
    let mut out = "before ".to_owned();
    assert!(!data_text(&bytes, &resource, &mut out));
    out.strip_prefix("before ").expect("it only appends").to_owned()
}

#[test]
fn cap_n_02c_everyday_types() {
    assert_eq!(data(1, &[192, 0, 2, 1]), "192.0.2.1");
    assert_eq!(data(28, &[0x20, 1, 0x0d, 0xb8, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 5]), "2001:db8::5");
    assert_eq!(data(5, &wire_name("web.example.net")), "web.example.net");
    assert_eq!(data(12, b"\x04host\xc0\x0c"), "host.example.org");
    assert_eq!(data(15, &[&[0, 10][..], &wire_name("mx.example")].concat()), "10 mx.example");
    assert_eq!(data(16, b"\x05a \"b\"\x02\xff!"), r#""a \"b\"" "\xff!""#);
    assert_eq!(data(33, &[&[0, 1, 0, 2, 0x14, 0xe9][..], &wire_name("s.example")].concat()), "1 2 5353 s.example");
    let numbers: Vec<u8> = [7_u32, 3600, 600, 86400, 60].iter().flat_map(|one| one.to_be_bytes()).collect();
    assert_eq!(data(6, &[wire_name("ns"), wire_name("root"), numbers].concat()), "ns root 7 3600 600 86400 60");
    assert_eq!(data(257, b"\x00\x05issueca.example"), "0 issue \"ca.example\"");
    assert_eq!(data(256, b"\x00\x0a\x00\x01ftp://a"), "10 1 \"ftp://a\"");
    let naptr = [&[0, 100, 0, 10, 1, b'u', 3, b'S', b'I', b'P', 1, b'!'][..], &[0]].concat();
    assert_eq!(data(35, &naptr), "100 10 \"u\" \"SIP\" \"!\" .");
    assert_eq!(data(108, &[0, 1, 2, 3, 4, 0xff]), "00-01-02-03-04-ff");
    assert_eq!(data(13, b"\x03x86\x05linux"), "\"x86\" \"linux\"");
}

#[test]
fn cap_n_02c_types_of_dnssec() {
    assert_eq!(data(43, &[0x12, 0x34, 13, 2, 0xab, 0xcd]), "4660 13 2 abcd");
    assert_eq!(data(48, &[1, 1, 3, 13, 0xff, 0xee]), "257 3 13 /+4=");
    assert_eq!(data(44, &[4, 2, 0xab]), "4 2 ab");
    assert_eq!(data(52, &[3, 1, 1, 0xab]), "3 1 1 ab");
    let nsec = [wire_name("b.example"), vec![0, 4, 0x40, 0, 0, 8, 1, 1, 0x40]].concat();
    assert_eq!(data(47, &nsec), "b.example A AAAA CAA");
    let nsec3 = [1, 0, 0, 5, 0, 2, 0xf8, 0x3e, 0, 1, 0x40];
    assert_eq!(data(50, &nsec3), "1 0 5 - v0v0 A");
    let rrsig = [
        &[0, 1, 13, 2][..],
        &60_u32.to_be_bytes(),
        &2_u32.to_be_bytes(),
        &1_u32.to_be_bytes(),
        &[0, 9],
        &wire_name("org"),
        &[1, 2, 3],
    ]
    .concat();
    assert_eq!(data(46, &rrsig), "A 13 2 60 2 1 9 org AQID");
}

#[test]
fn cap_n_02d_service_bindings() {
    let svcb = [
        &[0, 1, 0][..],
        &[0, 0, 0, 4, 0, 1, 0, 3],
        &[0, 1, 0, 6, 2, b'h', b'2', 2, b'h', b'3'],
        &[0, 2, 0, 0],
        &[0, 3, 0, 2, 0x20, 0xfb],
        &[0, 4, 0, 8, 192, 0, 2, 1, 192, 0, 2, 2],
        &[0, 5, 0, 3, 1, 2, 3],
        &[0, 6, 0, 16, 0x20, 1, 0x0d, 0xb8, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 5],
        &[0, 7, 0, 3, b'/', b'd', b'q'],
        &[0xff, 0, 0, 1, b'x'],
    ]
    .concat();
    let text = "1 . mandatory=alpn,port alpn=h2,h3 no-default-alpn port=8443 ipv4hint=192.0.2.1,192.0.2.2 ech=AQID \
                ipv6hint=2001:db8::5 dohpath=\"/dq\" key65280=\"x\"";
    assert_eq!(data(65, &svcb), text);
    assert_eq!(data(64, &[&[0, 0][..], &wire_name("alias.example")].concat()), "0 alias.example");
    assert_eq!(data(64, &[0, 1, 0, 0, 3, 0, 1, 9]), "\\# 8 0001000003000109", "a port of one byte");
}

#[test]
fn cap_n_02c_what_does_not_fit_is_shown_as_it_is() {
    assert_eq!(data(4711, &[1, 2]), "\\# 2 0102");
    assert_eq!(data(4711, &[]), "\\# 0");
    assert_eq!(data(1, &[192, 0, 2]), "\\# 3 c00002");
    assert_eq!(data(1, &[192, 0, 2, 1, 0]), "\\# 5 c000020100", "one byte too many");
    assert_eq!(data(16, &[5, b'a']), "\\# 2 0561");
    assert_eq!(data(5, &[0xc0, 0xff]), "\\# 2 c0ff");
    // A name that runs on behind its record.
    assert_eq!(data(5, &[3, b'a']), "\\# 2 0361");
}

#[test]
fn long_data_is_cut_at_a_character() {
    let mut long = Vec::new();
    (0..200).for_each(|_| {
        long.push(60);
        long.extend("é".repeat(30).as_bytes());
    });
    let bytes = answer(1, 0, "example.org", 16).rr(16, 60, &long).bytes();
    let message = Message::new(&bytes).unwrap();
    let mut out = String::new();
    assert!(data_text(&bytes, &message.resources().next().unwrap(), &mut out));
    assert!(out.len() <= 2048 && out.len() > 2040);
}
