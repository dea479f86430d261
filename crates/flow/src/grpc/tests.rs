#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic, clippy::indexing_slicing)]

use proptest::prelude::*;

use super::{Kind, Messages, message, service_method, status, timeout_us, web_trailer};

fn framed(messages: &[&[u8]]) -> Vec<u8> {
    let mut out = Vec::new();
    for message in messages {
        out.push(0);
        out.extend_from_slice(&(message.len() as u32).to_be_bytes());
        out.extend_from_slice(message);
    }
    out
}

#[test]
fn cap_n_01i_grpc_messages_are_counted_at_every_cut() {
    let body = framed(&[b"", b"hello", &[7; 300], b""]);
    for cut in 0..=body.len() {
        let mut messages = Messages::default();
        messages.push(&body[..cut]);
        messages.push(&body[cut..]);
        assert_eq!((messages.count(), messages.is_open(), messages.is_lost()), (4, false, false));
    }
}

#[test]
fn cap_n_01j_grpc_gap_inside_a_message_is_counted_through_and_across_it_is_told() {
    let body = framed(&[&[1; 100], b"two"]);
    let mut messages = Messages::default();
    messages.push(&body[..20]);
    messages.gap(60);
    messages.push(&body[80..]);
    assert_eq!((messages.count(), messages.is_lost()), (2, false));
    messages.start(false);
    messages.push(&body[..20]);
    messages.gap(86);
    messages.push(&body[106..]);
    assert_eq!((messages.count(), messages.is_lost()), (0, true));
}

#[test]
fn cap_n_01k_grpc_web_trailers_are_the_last_frame() {
    let mut body = framed(&[b"one"]);
    let trailers = b"grpc-status: 5\r\ngrpc-message:not%20here\r\n";
    body.push(0x80);
    body.extend_from_slice(&(trailers.len() as u32).to_be_bytes());
    body.extend_from_slice(trailers);
    let mut messages = Messages::default();
    messages.start(true);
    body.chunks(3).for_each(|piece| messages.push(piece));
    assert_eq!(messages.count(), 1);
    assert_eq!(web_trailer(messages.trailers(), b"grpc-status").and_then(status), Some(5));
    let mut text = Vec::new();
    message(web_trailer(messages.trailers(), b"Grpc-Message").unwrap(), &mut text);
    assert_eq!(text, b"not here");
}

#[test]
fn headers_are_read_as_the_protocol_says() {
    assert_eq!(Kind::of(b"application/grpc"), Some(Kind::Grpc));
    assert_eq!(Kind::of(b"Application/gRPC+proto"), Some(Kind::Grpc));
    assert_eq!(Kind::of(b"application/grpc; charset=utf-8"), Some(Kind::Grpc));
    assert_eq!(Kind::of(b"application/grpc-web+proto"), Some(Kind::Web));
    assert_eq!(Kind::of(b"application/grpc-web-text"), Some(Kind::WebText));
    assert_eq!(Kind::of(b"application/grpcx"), None);
    assert_eq!(Kind::of(b"application/json"), None);
    assert_eq!(service_method(b"/a.b.C/Do"), (&b"a.b.C"[..], &b"Do"[..]));
    assert_eq!(service_method(b"Do"), (&b""[..], &b"Do"[..]));
    for (text, want) in [
        ("1H", Some(3_600_000_000)),
        ("2M", Some(120_000_000)),
        ("99999999S", Some(99_999_999_000_000)),
        ("1500m", Some(1_500_000)),
        ("7u", Some(7)),
        ("1999n", Some(1)),
        ("m", None),
        ("123456789S", None),
        ("5x", None),
        ("", None),
    ] {
        assert_eq!(timeout_us(text.as_bytes()), want, "{text}");
    }
    let mut text = Vec::new();
    message(b"100%25 %e2%82%ac %zz %4", &mut text);
    assert_eq!(String::from_utf8(text).unwrap(), "100% \u{20ac} %zz %4");
    assert_eq!((status(b"16"), status(b""), status(b"-1"), status(b"1234567890")), (Some(16), None, None, None));
}

proptest! {
    #[test]
    fn never_panics_on_any_bytes(pieces in prop::collection::vec((prop::collection::vec(any::<u8>(), 0..50), 0u64..10), 0..20), web: bool) {
        let mut messages = Messages::default();
        messages.start(web);
        for (bytes, gap) in pieces {
            messages.push(&bytes);
            messages.gap(gap);
            prop_assert!(messages.heap() <= 8192);
            let _ = (Kind::of(&bytes), timeout_us(&bytes), status(&bytes), service_method(&bytes));
            message(&bytes, &mut Vec::new());
        }
    }
}
