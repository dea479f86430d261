#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic, clippy::indexing_slicing)]
use super::{Bad, Head};
use bytes::BytesMut;
use proptest::prelude::*;

fn request(text: &str) -> Result<Option<Head>, Bad> {
    Head::request(&mut BytesMut::from(text))
}

#[test]
fn wx_06a_a_head_is_read_as_it_came_and_what_follows_stays() {
    let mut buffer = BytesMut::from("GET /a?b HTTP/1.1\r\nHost: x\r\nX-Odd:  a b\t\r\nEmpty:\r\n\r\nrest");
    let head = Head::request(&mut buffer).unwrap().unwrap();
    assert_eq!((head.method(), head.target(), head.old), (&b"GET"[..], &b"/a?b"[..], false));
    let fields: Vec<_> = head.fields().collect();
    assert_eq!(fields, [(&b"Host"[..], &b"x"[..]), (b"X-Odd", b"a b"), (b"Empty", b"")]);
    assert_eq!(&buffer[..], b"rest");
    let mut buffer = BytesMut::from("HTTP/1.0 204\r\n\r\n");
    let head = Head::answer(&mut buffer).unwrap().unwrap();
    assert_eq!((head.status, head.target(), head.old), (204, &b""[..], true));
}

#[test]
fn wx_06b_what_two_readers_could_read_differently_is_no_head() {
    let bad = [
        ("GET / HTTP/1.1\nHost: x\n\n", Bad::Byte),
        ("GET / HTTP/1.1\r\nHost: x\n\r\n\r\n", Bad::Byte),
        ("GET / HTTP/1.1\r\nA: b\rc: d\r\n\r\n", Bad::Byte),
        ("GET / HTTP/1.1\r\nA: b\0\r\n\r\n", Bad::Byte),
        ("GET / HTTP/1.1\r\nA : b\r\n\r\n", Bad::Field),
        ("GET / HTTP/1.1\r\n folded: b\r\n\r\n", Bad::Field),
        ("GET / HTTP/1.1\r\nA: b\r\n more\r\n\r\n", Bad::Field),
        ("GET / HTTP/1.1\r\n: b\r\n\r\n", Bad::Field),
        ("GET / HTTP/1.1\r\nno colon\r\n\r\n", Bad::Field),
        ("GET  / HTTP/1.1\r\n\r\n", Bad::Start),
        ("GET / HTTP/1.1 \r\n\r\n", Bad::Start),
        ("GET / HTTP/2.0\r\n\r\n", Bad::Start),
        ("GET /\r\n\r\n", Bad::Start),
        ("GET /a#b HTTP/1.1\r\n\r\n", Bad::Start),
        ("GET /\u{e9} HTTP/1.1\r\n\r\n", Bad::Start),
        ("G(T / HTTP/1.1\r\n\r\n", Bad::Start),
        ("\r\nGET / HTTP/1.1\r\n\r\n", Bad::Start),
    ];
    for (text, why) in bad {
        assert_eq!(request(text).map(|_| ()).unwrap_err(), why, "{text:?}");
    }
    assert!(request("GET / HTTP/1.1\r\nHost: x\r\n").unwrap().is_none());
    assert_eq!(request(&format!("GET /{} HTTP/1.1\r\n", "a".repeat(70_000))).map(|_| ()).unwrap_err(), Bad::Long);
}

proptest::proptest! {
    #[test]
    fn fuzz_heads_read_the_same_in_pieces_of_any_size_and_never_as_something_else(
        bytes in proptest::collection::vec(piece(), 0..40), size in 1_usize..40
    ) {
        let bytes = bytes.concat();
        let whole = Head::request(&mut BytesMut::from(&bytes[..]));
        let mut buffer = BytesMut::new();
        let mut read = Ok(None);
        for piece in bytes.chunks(size) {
            buffer.extend_from_slice(piece);
            read = Head::request(&mut buffer);
            if !matches!(read, Ok(None)) {
                break;
            }
        }
        match (whole, read) {
            (Ok(Some(one)), Ok(Some(other))) => {
                let all = |head: &Head| head.fields().map(|(name, value)| [name, b": ", value].concat()).collect::<Vec<_>>();
                prop_assert_eq!(all(&one), all(&other));
                // written again it is the same head
                let mut again = [one.method(), b" ", one.target(), if one.old { b" HTTP/1.0" } else { b" HTTP/1.1" }].concat();
                for field in all(&one) {
                    again.extend(b"\r\n");
                    again.extend(field);
                }
                again.extend(b"\r\n\r\n");
                let third = Head::request(&mut BytesMut::from(&again[..])).unwrap().unwrap();
                prop_assert_eq!(all(&one), all(&third));
                prop_assert_eq!(one.target(), third.target());
            }
            (Ok(None), Ok(None)) | (Err(_), Err(_)) => {}
            (whole, read) => prop_assert!(false, "{:?} and {:?}", whole.is_ok(), read.is_ok()),
        }
    }
}

/// What heads are made of, and what they must not be.
fn piece() -> impl Strategy<Value = Vec<u8>> {
    prop_oneof![
        4 => prop::sample::select(vec![
            "GET / HTTP/1.1\r\n", "\r\n", "\r\n\r\n", "\n", "\r", "Host: x\r\n", ": ", " ", "\t", "Content-Length: 5\r\n",
            "Transfer-Encoding: chunked\r\n", "A:b\r\n", "HTTP/1.0",
        ])
        .prop_map(|text| text.as_bytes().to_vec()),
        1 => prop::collection::vec(any::<u8>(), 0..4),
    ]
}
