#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic, clippy::indexing_slicing)]
use super::Body;
use bytes::BytesMut;
use head::{Bad, Head};

fn head(fields: &str) -> Head {
    Head::request(&mut BytesMut::from(format!("POST / HTTP/1.1\r\nHost: x\r\n{fields}\r\n").as_str())).unwrap().unwrap()
}

fn chunks() -> Body {
    Body::of_request(&head("Transfer-Encoding: chunked\r\n")).unwrap()
}

#[test]
fn wx_06c_a_body_has_one_end_that_everybody_sees() {
    assert!(Body::of_request(&head("")).unwrap().is_over());
    assert!(matches!(Body::of_request(&head("Content-Length: 7\r\n")).unwrap(), Body::Left(7)));
    for fields in [
        "Content-Length: 7\r\nTransfer-Encoding: chunked\r\n",
        "Transfer-Encoding: chunked\r\nContent-Length: 7\r\n",
        "Content-Length: 7\r\nContent-Length: 7\r\n",
        "Content-Length: 7, 7\r\n",
        "Content-Length: +7\r\n",
        "Content-Length: -1\r\n",
        "Content-Length:\r\n",
        "Content-Length: 0x7\r\n",
        "Content-Length: 99999999999999999999\r\n",
        "Transfer-Encoding: chunked\r\nTransfer-Encoding: chunked\r\n",
        "Transfer-Encoding: gzip, chunked\r\n",
        "Transfer-Encoding: chunked, identity\r\n",
        "Transfer-Encoding: identity\r\n",
        "Transfer-Encoding: xchunked\r\n",
        "Transfer-Encoding:\r\n",
        "Content-Length: 7\r\nConnection: content-length\r\n",
    ] {
        assert_eq!(Body::of_request(&head(fields)).map(|_| ()).unwrap_err(), Bad::Ambiguous, "{fields:?}");
    }
}

#[test]
fn wx_06d_chunks_end_where_they_say_however_they_come() {
    let whole = b"5;a=b\r\nhello\r\nA\r\n0123456789\r\n0\r\nX-Sum: 1\r\n\r\n";
    let text = [&whole[..], b"GET / "].concat();
    for size in 1..text.len() {
        let (mut body, mut taken) = (chunks(), 0);
        for piece in text.chunks(size) {
            taken += body.take(piece).unwrap();
        }
        assert!(body.is_over() && taken == whole.len(), "in pieces of {size}");
    }
}

#[test]
fn wx_06e_chunks_that_are_none_never_pass() {
    for text in [
        "5\nhello\r\n0\r\n\r\n",
        "5\r\nhello0\r\n\r\n",
        "5\r\nhelloX\r\n0\r\n\r\n",
        "0x5\r\nhello\r\n0\r\n\r\n",
        "-5\r\n",
        " 5\r\nhello\r\n",
        "5 \r\nhello\r\n",
        "\r\n",
        ";a\r\n",
        "ffffffffffffffff1\r\n",
        "5;a\nb\r\nhello\r\n0\r\n\r\n",
        "0\r\nContent-Length: 5\r\n\r\n",
        "0\r\nTransfer-Encoding: chunked\r\n\r\n",
        "0\r\n bad\r\n\r\n",
        "0\r\n\n",
    ] {
        assert!(chunks().take(text.as_bytes()).is_err(), "{text:?}");
    }
}

proptest::proptest! {
    #[test]
    fn fuzz_chunks_end_at_the_same_byte_in_pieces_of_any_size(
        parts in proptest::collection::vec(proptest::sample::select(vec![
            "5\r\nhello\r\n", "0\r\n\r\n", "0\r\n", "\r\n", "a\r\n0123456789\r\n", "1;x=y\r\nz\r\n", "X: y\r\n", "\n", "ff", " ",
        ]), 0..12),
        size in 1_usize..20
    ) {
        let text = parts.concat().into_bytes();
        let mut one = chunks();
        let whole = one.take(&text);
        let (mut other, mut taken, mut bad) = (chunks(), 0, false);
        for piece in text.chunks(size) {
            match other.take(piece) {
                Ok(len) => taken += len,
                Err(_) => {
                    bad = true;
                    break;
                }
            }
        }
        proptest::prop_assert_eq!(whole.is_err(), bad);
        if let Ok(whole) = whole {
            proptest::prop_assert_eq!((whole, one.is_over()), (taken, other.is_over()));
        }
    }
}
