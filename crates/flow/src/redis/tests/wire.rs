//! Signatures, keys of commands, single items.

use super::{line, resp};
use crate::Side;
use crate::redis::decoder::{Decoder, Item, Token};
use crate::redis::keys::keys;
use crate::redis::looks;

#[test]
fn a_client_is_known_by_its_first_command() {
    let bytes = line("HELLO 3");
    for cut in 0..bytes.len() {
        assert_eq!(looks(Side::Client, &bytes[..cut], false), if cut < 15 { None } else { Some(true) }, "cut at {cut}");
    }
    assert_eq!(looks(Side::Client, b"PING\r\n", false), Some(true));
    assert_eq!(looks(Side::Client, b"PIN", false), None);
    assert_eq!(looks(Side::Client, b"GET k\r\n", false), Some(false));
    assert_eq!(looks(Side::Client, b"GET k\r\n", true), Some(true));
    for other in [
        &b"GET / HTTP/1.1\r\n"[..],
        b"\x16\x03\x01\x02\x00",
        b"SSH-2.0-x\r\n",
        b"* OK IMAP\r\n",
        b"\0\0\0\x08\x04\xd2\x16\x2f",
    ] {
        assert_eq!(looks(Side::Client, other, false), Some(false), "{other:?}");
    }
    // In the middle of a stream.
    assert_eq!(looks(Side::Client, b"rest\r\n*2\r\n$3\r\nGET\r\n$1\r\na\r\n", false), Some(true));
}

#[test]
fn a_server_is_known_by_types_of_its_own() {
    for own in [
        &b"*2\r\n$1\r\na\r\n"[..],
        b"$3\r\nabc\r\n",
        b"$-1\r\n",
        b"%1\r\n+a\r\n",
        b">2\r\n$10\r\n",
        b"+PONG\r\n",
        b"-NOAUTH Authentication required.\r\n",
    ] {
        assert_eq!(looks(Side::Server, own, false), Some(true), "{own:?}");
    }
    assert_eq!(looks(Side::Server, b"+OK\r\n", true), Some(true));
    assert_eq!(looks(Side::Server, b"+OK\r\n", false), None);
    for other in [&b"HTTP/1.1 200 OK\r\n"[..], b"* OK IMAP\r\n", b"220 mail\r\n", b"\x16\x03\x03", b"J\0\0\0\x0a5.5"] {
        assert_eq!(looks(Side::Server, other, false), Some(false), "{other:?}");
    }
}

#[test]
fn cap_n_03a_keys_of_commands() {
    let cases = [
        ("GET a", "1"),
        ("DEL a b c", "1 2 3"),
        ("MSET a 1 b 2", "1 3"),
        ("BLPOP a b 0", "1 2"),
        ("BITOP AND d a b", "2 3 4"),
        ("EVAL s 2 a b c", "3 4"),
        ("EVAL s 0 c", ""),
        ("ZUNIONSTORE d 2 a b WEIGHTS 1 2", "1 3 4"),
        ("ZINTER 2 a b WITHSCORES", "2 3"),
        ("BLMPOP 0 2 a b LEFT", "3 4"),
        ("XREAD COUNT 2 STREAMS a b 0 0", "4 5"),
        ("XREADGROUP GROUP g c STREAMS a >", "5"),
        ("SORT a BY w STORE d", "1 5"),
        ("GEORADIUS a 1 2 3 km STOREDIST d", "1 7"),
        ("MIGRATE h 1 k 0 1", "3"),
        ("COPY a b REPLACE", "1 2"),
        ("PING", ""),
        ("GET", ""),
        ("NOSUCH a", ""),
    ];
    for (text, wanted) in cases {
        let words: Vec<&[u8]> = text.split(' ').map(str::as_bytes).collect();
        let mut found = Vec::new();
        keys(words[0], &words, words.len(), |at| found.push(at.to_string()));
        assert_eq!(found.join(" "), wanted, "{text}");
    }
    let migrate: Vec<&[u8]> = vec![b"MIGRATE", b"h", b"1", b"", b"0", b"1", b"KEYS", b"a", b"b"];
    let mut found = Vec::new();
    keys(b"MIGRATE", &migrate, 9, |at| found.push(at));
    assert_eq!(found, [7, 8]);
    let group: Vec<&[u8]> = vec![b"XGROUP", b"CREATE", b"a", b"g", b"$"];
    let mut found = Vec::new();
    keys(b"XGROUP CREATE", &group, 5, |at| found.push(at));
    assert_eq!(found, [2]);
}

#[test]
fn items_of_every_length() {
    for len in [0, 1, 4095, 4096, 4097, 9000] {
        let bytes = resp(&[&"x".repeat(len)]);
        let mut decoder = Decoder::default();
        let Token::Item(open) = decoder.next(&bytes) else { panic!() };
        assert_eq!(open.item, Item::Open(b'*', 1));
        let Token::Item(bulk) = decoder.next(&bytes[open.used..]) else { panic!("{len}") };
        let Item::Bulk(b'$', head, all) = bulk.item else { panic!() };
        assert_eq!((head.len(), all), (len.min(4096), len as u64));
        let end = open.used + bulk.used + bulk.skip as usize;
        if len > 4096 {
            assert!(!bulk.done);
            let Token::Item(tail) = decoder.next(&bytes[end..]) else { panic!() };
            assert!(tail.done && tail.item == Item::Tail && end + 2 == bytes.len());
        } else {
            assert!(bulk.done && end == bytes.len());
        }
        assert!(decoder.is_fresh());
    }
    for bad in [&b"$1099511627777\r\n"[..], b"*99999999999\r\n", b"$-2\r\n", b"+a\rb", b"?1\r\n", b"$1\r\nab\r\n"] {
        assert!(matches!(Decoder::default().next(bad), Token::Bad(_)), "{bad:?}");
    }
}
