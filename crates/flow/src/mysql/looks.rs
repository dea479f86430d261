//! Signatures.

use super::packets::{Fields, PROTOCOL_41, head};
use crate::Side;

/// Whether these first bytes of one direction are MySQL. None when more are needed.
#[must_use]
pub fn looks(from: Side, bytes: &[u8]) -> Option<bool> {
    let Some((length, number)) = head(bytes) else {
        let possible = bytes.get(2).is_none_or(|high| *high == 0);
        return if possible { None } else { Some(false) };
    };
    let body = bytes.get(4..).unwrap_or_default();
    match (from, number) {
        (Side::Server, 0) => greeting(body, length),
        (Side::Client, 0) => command(body, length),
        (Side::Client, 1..=3) => response(body, length),
        _ => Some(false),
    }
}

/// A server's greeting; or its refusal of the connection.
fn greeting(body: &[u8], length: usize) -> Option<bool> {
    if !(9..=1024).contains(&length) {
        return Some(false);
    }
    match body.first()? {
        10 => {
            let version = body.get(1..).unwrap_or_default();
            let end = version.iter().position(|byte| *byte == 0);
            let text = version.get(..end.unwrap_or(version.len())).unwrap_or_default();
            if !text.iter().all(|byte| byte.is_ascii_graphic() || *byte == b' ') || text.len() > 128 {
                return Some(false);
            }
            end.map(|end| end > 0 && text.first().is_some_and(u8::is_ascii_digit))
        }
        0xff => {
            let code = body.get(1..3)?;
            let code = u16::from_le_bytes([*code.first()?, *code.get(1)?]);
            Some((1000..5000).contains(&code) && body.iter().skip(9).all(|byte| *byte >= b' '))
        }
        _ => Some(false),
    }
}

/// What a client says of itself after the greeting.
fn response(body: &[u8], length: usize) -> Option<bool> {
    if !(32..=4096).contains(&length) {
        return Some(false);
    }
    let mut fields = Fields::new(body);
    let flags = fields.u32()?;
    let most = fields.u32()?;
    fields.u8()?;
    // Nineteen zeros, and four bytes that MariaDB uses.
    let filler = fields.take(19)?;
    Some(flags & PROTOCOL_41 != 0 && most < 1 << 31 && filler.iter().all(|byte| *byte == 0))
}

/// A query in the middle of a connection.
fn command(body: &[u8], length: usize) -> Option<bool> {
    let (kind, text) = body.split_first()?;
    let text = text.strip_prefix(&[0, 1]).unwrap_or(text);
    if !matches!(kind, 3 | 0x16) || length < 5 {
        return Some(false);
    }
    let word: Vec<u8> = text.iter().take_while(|byte| byte.is_ascii_alphabetic()).map(u8::to_ascii_uppercase).collect();
    if word.len() == text.len() && word.len() < 10 {
        return None;
    }
    Some(VERBS.contains(&word.as_slice()))
}

/// Whether a command begins here whose packet ends with these bytes or behind them.
pub(super) fn is_command(bytes: &[u8]) -> bool {
    match head(bytes) {
        Some((length, 0)) => {
            let kind = bytes.get(4).copied().unwrap_or(0);
            length > 0
                && length + 4 >= bytes.len()
                && (matches!(kind, 1..=0x1f | 0xfa))
                && (!matches!(kind, 3 | 0x16) || command(bytes.get(4..).unwrap_or_default(), length) == Some(true))
        }
        _ => false,
    }
}

const VERBS: &[&[u8]] = &[
    b"ALTER",
    b"ANALYZE",
    b"BEGIN",
    b"CALL",
    b"COMMIT",
    b"CREATE",
    b"DELETE",
    b"DESC",
    b"DESCRIBE",
    b"DROP",
    b"EXPLAIN",
    b"GRANT",
    b"INSERT",
    b"KILL",
    b"LOAD",
    b"LOCK",
    b"REPLACE",
    b"REVOKE",
    b"ROLLBACK",
    b"SAVEPOINT",
    b"SELECT",
    b"SET",
    b"SHOW",
    b"START",
    b"TRUNCATE",
    b"UNLOCK",
    b"UPDATE",
    b"USE",
    b"WITH",
    b"XA",
];
