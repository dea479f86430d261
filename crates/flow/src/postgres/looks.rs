//! Signatures, and where a message begins in the middle of a stream.

use memchr::memmem;

use super::messages::{CANCEL_REQUEST, GSSENC_REQUEST, SSL_REQUEST, head};
use crate::Side;

/// Whether these first bytes of one direction are PostgreSQL. None when more are needed.
#[must_use]
pub fn looks(from: Side, bytes: &[u8]) -> Option<bool> {
    match from {
        Side::Client => match bytes.first()? {
            0 => startup(bytes),
            _ => frontend(bytes),
        },
        Side::Server => backend(bytes),
    }
}

/// The first message has no type: a length and a version or a code.
fn startup(bytes: &[u8]) -> Option<bool> {
    let Some([a, b, c, d, e, f, g, h]) = bytes.first_chunk::<8>() else {
        let possible = bytes.iter().zip([0, 0]).all(|(byte, wanted)| *byte == wanted);
        return if possible { None } else { Some(false) };
    };
    let length = u32::from_be_bytes([*a, *b, *c, *d]);
    Some(match u32::from_be_bytes([*e, *f, *g, *h]) {
        SSL_REQUEST | GSSENC_REQUEST => length == 8,
        CANCEL_REQUEST => (16..=268).contains(&length),
        version if version >> 16 == 3 && version & 0xffff < 100 => {
            let body = bytes.get(8..).unwrap_or_default();
            (9..=10_000).contains(&length)
                && body.iter().take(length as usize - 8).all(|byte| *byte == 0 || *byte >= b' ')
        }
        _ => false,
    })
}

/// Messages of a client, each with a type: a query, or a chain as drivers send it.
fn frontend(bytes: &[u8]) -> Option<bool> {
    match walk(bytes, b"QPBDECSHXFpdcf") {
        Walk::Whole(kinds) => Some(kinds.first == b'Q' && is_query(bytes) || kinds.first == b'P' && kinds.count > 1),
        Walk::Cut(kinds) if kinds.first == b'Q' || kinds.count > 1 => {
            if is_query(bytes) || kinds.first == b'P' && kinds.count > 2 { Some(true) } else { None }
        }
        Walk::Cut(_) => None,
        Walk::Bad => Some(false),
    }
}

/// `Q`, a length, and readable text.
fn is_query(bytes: &[u8]) -> bool {
    let text = bytes.get(5..).unwrap_or_default();
    bytes.first() == Some(&b'Q')
        && text.len() >= 4
        && text.iter().take(64).take_while(|byte| **byte != 0).all(|byte| *byte >= b' ' || byte.is_ascii_whitespace())
        && text
            .first()
            .is_some_and(|byte| byte.is_ascii_alphabetic() || matches!(byte, b'(' | b'/' | b'-' | b' ' | b'\n' | b';'))
}

/// Messages of a server: a log-in's, or a chain that ends ready.
fn backend(bytes: &[u8]) -> Option<bool> {
    if matches!(bytes, [b'S' | b'N' | b'G']) {
        return None;
    }
    if bytes.first() == Some(&b'R') {
        return match bytes.get(1..9) {
            Some([0, 0, _, _, 0, 0, 0, code]) => Some(*code <= 12),
            Some(_) => Some(false),
            None => None,
        };
    }
    match walk(bytes, b"12345ACDEGHIKNRSTVWZcdnstv") {
        Walk::Whole(kinds) => Some(kinds.ready || kinds.first == b'E' && bytes.get(5) == Some(&b'S')),
        Walk::Cut(kinds) if kinds.count > 3 => Some(kinds.ready),
        Walk::Cut(_) => None,
        Walk::Bad => Some(false),
    }
}

#[derive(Debug, Clone, Copy)]
struct Kinds {
    first: u8,
    count: usize,
    ready: bool,
}

enum Walk {
    /// Messages up to the last byte.
    Whole(Kinds),
    /// The last message is not all there.
    Cut(Kinds),
    Bad,
}

fn walk(bytes: &[u8], known: &[u8]) -> Walk {
    let mut kinds = Kinds { first: bytes.first().copied().unwrap_or(0), count: 0, ready: false };
    let mut at = 0;
    while at < bytes.len() {
        let rest = bytes.get(at..).unwrap_or_default();
        if !rest.first().is_some_and(|kind| known.contains(kind)) {
            return Walk::Bad;
        }
        let Some((kind, length)) = head(rest) else {
            let high = rest.get(1).copied().unwrap_or(0);
            return if high == 0 { Walk::Cut(kinds) } else { Walk::Bad };
        };
        if !(4..=1 << 24).contains(&length) {
            return Walk::Bad;
        }
        kinds.count += 1;
        if kind == b'Z' {
            if length != 5 || rest.get(5).is_some_and(|state| !b"ITE".contains(state)) {
                return Walk::Bad;
            }
            kinds.ready = true;
        }
        at = at.saturating_add(length as usize + 1);
    }
    if at == bytes.len() { Walk::Whole(kinds) } else { Walk::Cut(kinds) }
}

/// Whether messages of a client begin here and end with the last byte, a query or a statement first.
pub(super) fn is_request(bytes: &[u8]) -> bool {
    matches!(walk(bytes, b"QPBDECSHXF"), Walk::Whole(kinds) if matches!(kinds.first, b'Q' | b'P' | b'B' | b'E'))
}

/// Behind the first message that says the server is ready.
pub(super) fn find_ready(bytes: &[u8]) -> Option<usize> {
    memmem::find_iter(bytes, b"Z\0\0\0\x05")
        .find(|at| bytes.get(at + 5).is_some_and(|state| b"ITE".contains(state)))
        .map(|at| at + 6)
}
