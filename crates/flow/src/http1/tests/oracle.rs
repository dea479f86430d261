//! Heads against httparse: what it takes as a request or a response is read here in the same way.

use proptest::prelude::*;

use super::super::head::{self, Place, Start};
use crate::record::http::Span;

type Fields = Vec<(Vec<u8>, Vec<u8>)>;

/// The words of the start line, the fields, and the length, as read here.
fn ours(bytes: &[u8]) -> Option<(Vec<Vec<u8>>, Fields, usize)> {
    let mut spans: Vec<Span> = Vec::new();
    let head = head::read(bytes, &mut spans).ok()??;
    let of = |at: u32, len: u32| Place { at, len }.of(bytes).to_vec();
    let words = match head.start {
        Start::Request { method, target } => vec![of(method.at, method.len), of(target.at, target.len)],
        Start::Response { status, reason } => vec![status.to_string().into_bytes(), of(reason.at, reason.len)],
    };
    let fields = spans.iter().map(|span| (of(span.name_at, span.name_len), of(span.value_at, span.value_len)));
    Some((words, fields.collect(), head.len))
}

/// The same as httparse reads it, where it does.
fn theirs(bytes: &[u8]) -> Option<(Vec<Vec<u8>>, Fields, usize)> {
    let mut room = [httparse::EMPTY_HEADER; 64];
    let of = |headers: &[httparse::Header<'_>]| {
        headers.iter().map(|one| (one.name.as_bytes().to_vec(), one.value.trim_ascii().to_vec())).collect()
    };
    if bytes.starts_with(b"HTTP/") {
        let mut response = httparse::Response::new(&mut room);
        let httparse::Status::Complete(len) = response.parse(bytes).ok()? else { return None };
        let words = vec![response.code?.to_string().into_bytes(), response.reason?.as_bytes().to_vec()];
        return Some((words, of(response.headers), len));
    }
    let mut request = httparse::Request::new(&mut room);
    let httparse::Status::Complete(len) = request.parse(bytes).ok()? else { return None };
    let words = vec![request.method?.as_bytes().to_vec(), request.path?.as_bytes().to_vec()];
    Some((words, of(request.headers), len))
}

proptest! {
    #[test]
    fn cap_36j_a_head_that_httparse_takes_is_read_the_same(
        start in prop_oneof![
            "[A-Z]{1,8} /[!-~]{0,30} HTTP/1\\.[01]",
            "HTTP/1\\.[01] [1-5][0-9]{2}( [ -~]{0,12})?",
        ],
        fields in proptest::collection::vec(("[A-Za-z0-9-]{1,20}", "[ \t]{0,2}", "[ -~]{0,30}"), 0..12),
        // ASCII: of a reason that is not, httparse says nothing.
        flips in proptest::collection::vec((0_usize..400, 0_u8..0x80), 0..3),
        rest in "[ -~\r\n]{0,20}",
    ) {
        let mut text = format!("{start}\r\n");
        fields.iter().for_each(|(name, blank, value)| text.push_str(&format!("{name}:{blank}{value}\r\n")));
        text.push_str("\r\n");
        text.push_str(&rest);
        let mut bytes = text.into_bytes();
        for (at, byte) in flips {
            let at = at % bytes.len();
            bytes[at] = byte;
        }
        // It skips empty lines before a head; here the caller does.
        let bytes = head::skip_blank(&bytes);
        if let Some(want) = theirs(bytes) {
            prop_assert_eq!(ours(bytes), Some(want), "{}", String::from_utf8_lossy(bytes));
        }
    }
}
