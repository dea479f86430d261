//! Signatures, and where a value begins in the middle of a stream.

use memchr::memmem;

use super::decoder::{Decoder, Item, Token, number};
use crate::Side;

/// Whether these first bytes of one direction are Redis. None when more are needed. `hinted`: the port is one of Redis',
/// which decides for replies that other protocols have too.
#[must_use]
pub fn looks(from: Side, bytes: &[u8], hinted: bool) -> Option<bool> {
    match from {
        Side::Client => client(bytes, hinted),
        Side::Server => server(bytes, hinted),
    }
}

fn client(bytes: &[u8], hinted: bool) -> Option<bool> {
    match bytes.first()? {
        b'*' => match command_start(bytes) {
            Some(false) => Some(find_command(bytes).is_some()),
            known => known,
        },
        byte if byte.is_ascii_alphabetic() => match inline(bytes, hinted) {
            Some(false) => Some(find_command(bytes).is_some()),
            known => known,
        },
        _ => Some(find_command(bytes).is_some()),
    }
}

/// A line that servers take for a command. Words that other protocols know too count only with the hint.
fn inline(bytes: &[u8], hinted: bool) -> Option<bool> {
    let end = memchr::memchr(b'\n', bytes);
    let line = bytes.get(..end.unwrap_or(bytes.len())).unwrap_or_default().trim_ascii_end();
    let word = line.split(|byte| *byte == b' ').next().unwrap_or_default();
    let known = OWN.iter().any(|own| word.eq_ignore_ascii_case(own))
        || hinted && SHARED.iter().any(|shared| word.eq_ignore_ascii_case(shared));
    match end {
        Some(_) => Some(known),
        None if line.len() <= 512 && line.iter().all(|byte| byte.is_ascii_graphic() || *byte == b' ') => {
            let possible = OWN.iter().chain(SHARED.iter().filter(|_| hinted)).any(|own| {
                own.len() >= word.len() && own.iter().zip(word).all(|(a, b)| a.eq_ignore_ascii_case(b)) || known
            });
            if possible { None } else { Some(false) }
        }
        None => Some(false),
    }
}

/// Replies: a line of a type that only this protocol has, whole and followed by nothing else or by another.
fn server(bytes: &[u8], hinted: bool) -> Option<bool> {
    let mut decoder = Decoder::default();
    let mut rest = bytes;
    let mut strong = false;
    for _ in 0..64 {
        match decoder.next(rest) {
            Token::Bad(_) => return Some(strong && !decoder.is_fresh()),
            Token::More if rest.is_empty() => {
                return if strong || hinted && decoder.is_fresh() && rest.len() < bytes.len() {
                    Some(true)
                } else {
                    None
                };
            }
            Token::More => return if strong { Some(true) } else { None },
            Token::Item(step) => {
                strong |= match step.item {
                    Item::Open(kind, _) => {
                        kind != b'*' || rest.get(step.used).is_none_or(|next| b"$:*+-_,#(!=%~>|".contains(next))
                    }
                    Item::Bulk(..) => true,
                    Item::Nil => true,
                    Item::Line(b'+', text) => text == b"PONG" || text == b"QUEUED",
                    Item::Line(b'-', text) => text.starts_with(b"NOAUTH ") || text.starts_with(b"WRONGTYPE "),
                    Item::Line(b':', digits) => number(digits).is_some() && hinted,
                    _ => false,
                };
                rest = rest.get(step.used..).unwrap_or_default();
                if step.skip > 0 {
                    return Some(true);
                }
            }
        }
    }
    Some(strong || hinted)
}

/// Whether a command begins here: `*2\r\n$3\r\nGET\r\n`. None when more bytes are needed.
pub(super) fn command_start(bytes: &[u8]) -> Option<bool> {
    let (count, rest) = match head(bytes, b'*')? {
        Some(found) => found,
        None => return Some(false),
    };
    let (len, rest) = match head(rest, b'$')? {
        Some(found) => found,
        None => return Some(false),
    };
    if count == 0 || count > 1 << 20 || len == 0 || len > 64 {
        return Some(false);
    }
    let word = rest.get(..len as usize).unwrap_or(rest);
    if !word.iter().all(|byte| byte.is_ascii_alphanumeric() || matches!(byte, b'.' | b'_' | b'-')) {
        return Some(false);
    }
    rest.get(len as usize..len as usize + 2).map(|end| end == b"\r\n")
}

/// A type byte and a number: the number and what follows the line.
fn head(bytes: &[u8], kind: u8) -> Option<Option<(u64, &[u8])>> {
    let (first, rest) = bytes.split_first()?;
    if *first != kind {
        return Some(None);
    }
    let digits = rest.iter().take_while(|byte| byte.is_ascii_digit()).count();
    if digits == rest.len() && digits <= 10 {
        return None;
    }
    match rest.get(digits..digits + 2) {
        Some(b"\r\n") => {
            Some(rest.get(..digits).and_then(number).map(|value| (value, rest.get(digits + 2..).unwrap_or_default())))
        }
        Some(_) => Some(None),
        None if rest.get(digits) == Some(&b'\r') => None,
        None => Some(None),
    }
}

/// Where the first command begins that follows something else.
pub(super) fn find_command(bytes: &[u8]) -> Option<usize> {
    if command_start(bytes) == Some(true) {
        return Some(0);
    }
    memmem::find_iter(bytes, b"\r\n*")
        .map(|at| at + 2)
        .find(|at| bytes.get(*at..).and_then(command_start) == Some(true))
}

/// Where the first message begins that cannot be anything else: a push, or a message of a subscription.
pub(super) fn find_push(bytes: &[u8]) -> Option<usize> {
    let is_push = |rest: &[u8]| {
        rest.starts_with(b">") && matches!(head(rest, b'>'), Some(Some((1..=64, after))) if after.starts_with(b"$"))
            || SUBSCRIBED.iter().any(|start| rest.starts_with(start))
    };
    if is_push(bytes) {
        return Some(0);
    }
    memmem::find_iter(bytes, b"\r\n").map(|at| at + 2).find(|at| bytes.get(*at..).is_some_and(is_push))
}

const SUBSCRIBED: &[&[u8]] = &[b"*3\r\n$7\r\nmessage\r\n", b"*4\r\n$8\r\npmessage\r\n", b"*3\r\n$8\r\nsmessage\r\n"];

const OWN: &[&[u8]] = &[b"PING", b"INFO", b"MONITOR", b"PSYNC", b"REPLCONF"];
const SHARED: &[&[u8]] = &[
    b"AUTH",
    b"CLIENT",
    b"COMMAND",
    b"CONFIG",
    b"DBSIZE",
    b"DEL",
    b"ECHO",
    b"EXISTS",
    b"GET",
    b"HELLO",
    b"HGETALL",
    b"INCR",
    b"KEYS",
    b"MGET",
    b"QUIT",
    b"SCAN",
    b"SELECT",
    b"SET",
    b"SUBSCRIBE",
    b"TTL",
];
