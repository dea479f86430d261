//! gRPC over HTTP/2 and gRPC-Web over any HTTP: messages counted as they pass, and what headers and trailers say.
//!
//! Called by the HTTP parsers for bodies of `application/grpc*`. Holds a few bytes, and of gRPC-Web at most 4 KiB of
//! trailers.

mod messages;
pub mod protos;

#[cfg(test)]
mod tests;

pub use messages::Messages;

/// Which of the three framings a media type means.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Kind {
    /// Over HTTP/2, with real trailers.
    Grpc,
    /// gRPC-Web: trailers are the last frame of the body.
    Web,
    /// gRPC-Web in base64: its messages are not counted.
    WebText,
}

impl Kind {
    /// The kind of a content type, when it is gRPC at all.
    #[must_use]
    pub fn of(content_type: &[u8]) -> Option<Self> {
        let (head, rest) = content_type.split_at_checked(b"application/grpc".len())?;
        if !head.eq_ignore_ascii_case(b"application/grpc") {
            return None;
        }
        let is = |word: &[u8]| {
            rest.split_at_checked(word.len())
                .is_some_and(|(have, after)| have.eq_ignore_ascii_case(word) && ends(after))
        };
        match rest {
            _ if ends(rest) => Some(Self::Grpc),
            _ if is(b"-web-text") => Some(Self::WebText),
            _ if is(b"-web") => Some(Self::Web),
            _ => None,
        }
    }
}

/// Service and method of a path `/package.Service/Method`.
#[must_use]
pub fn service_method(path: &[u8]) -> (&[u8], &[u8]) {
    let path = path.strip_prefix(b"/").unwrap_or(path);
    match memchr::memrchr(b'/', path).and_then(|at| path.split_at_checked(at)) {
        Some((service, method)) => (service, method.get(1..).unwrap_or_default()),
        None => (&[], path),
    }
}

/// Microseconds of a `grpc-timeout`: up to eight digits and a unit.
#[must_use]
pub fn timeout_us(value: &[u8]) -> Option<u64> {
    let (unit, digits) = value.split_last()?;
    if digits.is_empty() || digits.len() > 8 {
        return None;
    }
    let count = number(digits)?;
    Some(match unit {
        b'H' => count * 3_600_000_000,
        b'M' => count * 60_000_000,
        b'S' => count * 1_000_000,
        b'm' => count * 1000,
        b'u' => count,
        b'n' => count / 1000,
        _ => return None,
    })
}

/// The number of a `grpc-status`.
#[must_use]
pub fn status(value: &[u8]) -> Option<u32> {
    if value.is_empty() || value.len() > 9 { None } else { number(value).and_then(|status| u32::try_from(status).ok()) }
}

/// Appends a `grpc-message` with its percent signs undone.
pub fn message(value: &[u8], out: &mut Vec<u8>) {
    let mut rest = value;
    while let Some((first, after)) = rest.split_first() {
        let digit = |at: usize| after.get(at).and_then(|byte| char::from(*byte).to_digit(16));
        match (first, digit(0), digit(1)) {
            (b'%', Some(high), Some(low)) => {
                out.push((high << 4 | low) as u8);
                rest = after.get(2..).unwrap_or_default();
            }
            _ => {
                out.push(*first);
                rest = after;
            }
        }
    }
}

/// The value of a name in the trailers that end a gRPC-Web body.
#[must_use]
pub fn web_trailer<'a>(trailers: &'a [u8], name: &[u8]) -> Option<&'a [u8]> {
    trailers.split(|byte| *byte == b'\n').find_map(|line| {
        let at = memchr::memchr(b':', line)?;
        let (have, value) = line.split_at_checked(at)?;
        have.trim_ascii().eq_ignore_ascii_case(name).then(|| value.get(1..).unwrap_or_default().trim_ascii())
    })
}

fn ends(rest: &[u8]) -> bool {
    matches!(rest.first(), None | Some(b'+' | b';' | b' '))
}

fn number(digits: &[u8]) -> Option<u64> {
    digits.iter().try_fold(0u64, |sum, digit| digit.is_ascii_digit().then(|| sum * 10 + u64::from(digit - b'0')))
}
