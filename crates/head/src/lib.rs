//! Heads of requests and answers, read strictly (RFC 9112): what two readers could understand differently is refused, so
//! that nothing reaches an app that its door has not seen as the app sees it.
//!
//! ```text
//! bytes of a connection ─► hosts (whom it may be for) ─► one door or the other ─► Head (strict)
//! ```
//!
//! Called by the doors. A head is never longer than [`LONGEST`].

use bytes::{Buf, Bytes, BytesMut};
use smallvec::SmallVec;
use std::ops::Range;

/// The start line and the fields, in the order and the spelling in which they came.
#[derive(Debug)]
pub struct Head {
    bytes: Bytes,
    first: Range<usize>,
    second: Range<usize>,
    /// `HTTP/1.0`.
    pub old: bool,
    /// Of an answer.
    pub status: u16,
    fields: Fields,
}

/// Where names and values stand.
type Fields = SmallVec<[(Range<usize>, Range<usize>); 24]>;

/// Why bytes are no head.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
pub enum Bad {
    /// Over the budget.
    #[error("the head is longer than 64 KiB")]
    Long,
    /// A line ends in another way than by CR LF, or holds a byte that it may not.
    #[error("a byte stands where HTTP has none")]
    Byte,
    /// The first line is neither a request nor an answer.
    #[error("the first line is not that of HTTP/1.1")]
    Start,
    /// A field without a name, folded, or with blanks before the colon.
    #[error("a header field is malformed")]
    Field,
    /// A field that may stand once stands twice, or where it may not.
    #[error("the header fields contradict each other")]
    Ambiguous,
    /// The body is not framed as the head says.
    #[error("the body is not framed as HTTP frames it")]
    Body,
}

impl Head {
    /// Takes a request's head off the buffer; `None` as long as it is not whole.
    ///
    /// # Errors
    /// As [`Bad`] says.
    pub fn request(buffer: &mut BytesMut) -> Result<Option<Self>, Bad> {
        let Some(mut head) = Self::cut(buffer)? else { return Ok(None) };
        let bytes = head.bytes.clone();
        let line = line(&bytes)?;
        let mut words = line.split(|byte| *byte == b' ');
        let (method, target) = (words.next().unwrap_or_default(), words.next().unwrap_or_default());
        head.old = match (words.next(), words.next()) {
            (Some(b"HTTP/1.1"), None) => false,
            (Some(b"HTTP/1.0"), None) => true,
            _ => return Err(Bad::Start),
        };
        let plain = |byte: &u8| (0x21..=0x7e).contains(byte) && *byte != b'#';
        if method.is_empty() || !method.iter().all(token) || target.is_empty() || !target.iter().all(plain) {
            return Err(Bad::Start);
        }
        let (first, second) = (method.len(), method.len() + 1 + target.len());
        (head.first, head.second) = (0..first, first + 1..second);
        Ok(Some(head))
    }

    /// Takes an answer's head off the buffer; `None` as long as it is not whole.
    ///
    /// # Errors
    /// As [`Bad`] says.
    pub fn answer(buffer: &mut BytesMut) -> Result<Option<Self>, Bad> {
        let Some(mut head) = Self::cut(buffer)? else { return Ok(None) };
        let bytes = head.bytes.clone();
        let line = line(&bytes)?;
        head.old = match line.get(..9) {
            Some(b"HTTP/1.1 ") => false,
            Some(b"HTTP/1.0 ") => true,
            _ => return Err(Bad::Start),
        };
        let digits = line.get(9..12).filter(|digits| digits.iter().all(u8::is_ascii_digit)).ok_or(Bad::Start)?;
        let status = digits.iter().fold(0_u16, |sum, digit| sum * 10 + u16::from(digit - b'0'));
        if !(100..=599).contains(&status) || !matches!(line.get(12), None | Some(b' ')) || !line.iter().all(text) {
            return Err(Bad::Start);
        }
        let end = line.len();
        (head.status, head.first, head.second) = (status, 9..12, 13.min(end)..end);
        Ok(Some(head))
    }

    /// The method of a request.
    #[must_use]
    pub fn method(&self) -> &[u8] {
        self.at(&self.first)
    }

    /// The status of an answer as it came: three digits.
    #[must_use]
    pub fn digits(&self) -> &[u8] {
        self.method()
    }

    /// The target of a request, or what an answer says beside its status.
    #[must_use]
    pub fn target(&self) -> &[u8] {
        self.at(&self.second)
    }

    /// Names and values, as they came.
    pub fn fields(&self) -> impl Iterator<Item = (&[u8], &[u8])> {
        self.fields.iter().map(|(name, value)| (self.at(name), self.at(value)))
    }

    /// All values of a field.
    pub fn all<'a>(&'a self, name: &'a str) -> impl Iterator<Item = &'a [u8]> {
        self.fields().filter(|(is, _)| is.eq_ignore_ascii_case(name.as_bytes())).map(|(_, value)| value)
    }

    /// The one value of a field.
    ///
    /// # Errors
    /// When there are several.
    pub fn one<'a>(&'a self, name: &'a str) -> Result<Option<&'a [u8]>, Bad> {
        let mut all = self.all(name);
        let first = all.next();
        if all.next().is_some() { Err(Bad::Ambiguous) } else { Ok(first) }
    }

    /// Whether one of the comma-separated words of a field is this.
    #[must_use]
    pub fn says(&self, name: &str, word: &str) -> bool {
        self.all(name).flat_map(words).any(|said| said.eq_ignore_ascii_case(word.as_bytes()))
    }

    fn at(&self, range: &Range<usize>) -> &[u8] {
        self.bytes.get(range.clone()).unwrap_or_default()
    }

    fn cut(buffer: &mut BytesMut) -> Result<Option<Self>, Bad> {
        let Some(end) = end(buffer) else {
            // a line that ends otherwise would be waited for until nobody waits any more
            let odd = memchr::memchr_iter(b'\n', buffer).any(|at| at == 0 || buffer.get(at - 1) != Some(&b'\r'));
            return match (odd, buffer.len() > LONGEST) {
                (true, _) => Err(Bad::Byte),
                (false, true) => Err(Bad::Long),
                (false, false) => Ok(None),
            };
        };
        if end > LONGEST {
            return Err(Bad::Long);
        }
        // a copy of its own: a head may last as long as its connection, and what was read for it is read into again
        let bytes = Bytes::copy_from_slice(buffer.get(..end + 4).unwrap_or_default());
        buffer.advance(end + 4);
        let fields = fields(&bytes, end + 2)?;
        Ok(Some(Self { bytes, first: 0..0, second: 0..0, old: false, status: 0, fields }))
    }
}

/// The comma-separated words of a value.
pub fn words(value: &[u8]) -> impl Iterator<Item = &[u8]> {
    value.split(|byte| *byte == b',').map(<[u8]>::trim_ascii).filter(|word| !word.is_empty())
}

/// Where the first head ends, without the empty line after it; `None` as long as it is not whole.
#[must_use]
pub fn end(bytes: &[u8]) -> Option<usize> {
    memchr::memmem::find(bytes, b"\r\n\r\n")
}

/// The hosts that a first head names anywhere, however badly it is written: in its target and in every `Host`. Whom a
/// connection is for is known from them; whether its head is one is for that door to say.
pub fn hosts(bytes: &[u8]) -> impl Iterator<Item = &str> {
    let head = bytes.get(..end(bytes).unwrap_or(bytes.len())).unwrap_or_default();
    let mut lines = head.split(|byte| *byte == b'\n').map(<[u8]>::trim_ascii);
    let target = lines.next().and_then(|line| line.split(|byte| *byte == b' ').nth(1)).unwrap_or_default();
    let url = ["http://", "https://"].iter().find_map(|scheme| target.strip_prefix(scheme.as_bytes()));
    let authority = url.map(|rest| rest.split(|byte| *byte == b'/').next().unwrap_or_default());
    let hosts = lines.filter_map(|line| {
        let (name, value) = line.split_at_checked(line.iter().position(|byte| *byte == b':')?)?;
        name.trim_ascii().eq_ignore_ascii_case(b"host").then(|| value.get(1..).unwrap_or_default().trim_ascii())
    });
    authority.into_iter().chain(hosts).filter_map(|host| std::str::from_utf8(host).ok())
}

/// Whether a byte may stand in a name or a method.
#[must_use]
pub fn token(byte: &u8) -> bool {
    byte.is_ascii_alphanumeric() || b"!#$%&'*+-.^_`|~".contains(byte)
}

/// Whether a byte may stand in a value.
#[must_use]
pub fn text(byte: &u8) -> bool {
    *byte >= 0x20 && *byte != 0x7f || *byte == b'\t'
}

fn line(bytes: &[u8]) -> Result<&[u8], Bad> {
    let end = memchr::memchr(b'\r', bytes).ok_or(Bad::Start)?;
    bytes.get(..end).ok_or(Bad::Start)
}

fn fields(bytes: &Bytes, end: usize) -> Result<Fields, Bad> {
    let mut fields = SmallVec::new();
    let mut at = 0;
    let mut first = true;
    while at < end {
        let rest = bytes.get(at..end).unwrap_or_default();
        let len = memchr::memchr(b'\n', rest).ok_or(Bad::Byte)?;
        let line = rest.get(..len).and_then(|line| line.strip_suffix(b"\r")).ok_or(Bad::Byte)?;
        if !std::mem::take(&mut first) {
            let colon = memchr::memchr(b':', line).ok_or(Bad::Field)?;
            let (name, value) = line.split_at_checked(colon).ok_or(Bad::Field)?;
            let value = value.get(1..).unwrap_or_default();
            if name.is_empty() || !name.iter().all(token) {
                return Err(Bad::Field);
            }
            if !value.iter().all(text) {
                return Err(Bad::Byte);
            }
            if fields.len() >= MOST {
                return Err(Bad::Long);
            }
            let blank = |byte: &&u8| matches!(byte, b' ' | b'\t');
            let lead = value.iter().take_while(blank).count();
            let tail = value.iter().skip(lead).rev().take_while(blank).count();
            let start = at + colon + 1;
            fields.push((at..at + colon, start + lead..start + value.len() - tail));
        } else if line.is_empty() {
            return Err(Bad::Start);
        }
        at += len + 1;
    }
    Ok(fields)
}

/// Bytes of a head.
pub const LONGEST: usize = 64 << 10;
/// Fields of a head.
const MOST: usize = 200;

#[cfg(test)]
mod tests;
