//! How a body is framed: how many of the bytes that come belong to it. Chunks pass as they are, once they are seen to be
//! chunks in the one way in which everybody reads them.

use head::{Bad, Head, token, words};

/// A body on its way.
#[derive(Debug)]
pub(crate) enum Body {
    /// None, or all of it has passed.
    Over,
    /// So many bytes are to come.
    Left(u64),
    /// In chunks.
    Chunks(Chunks),
    /// Until the connection ends.
    Rest,
}

impl Body {
    /// That of a request.
    ///
    /// # Errors
    /// When two readers could see different ends.
    pub(crate) fn of_request(head: &Head) -> Result<Self, Bad> {
        framed(head)?;
        let length = length(head)?;
        match (chunked(head)?, length) {
            (true, None) if !head.old => Ok(Self::Chunks(Chunks::default())),
            (true, _) => Err(Bad::Ambiguous),
            (false, Some(length)) => Ok(Self::left(length)),
            (false, None) => Ok(Self::Over),
        }
    }

    /// That of an answer to a request of this method.
    ///
    /// # Errors
    /// As for requests.
    pub(crate) fn of_answer(head: &Head, method: &[u8]) -> Result<Self, Bad> {
        framed(head)?;
        let (chunked, length) = (chunked(head)?, length(head)?);
        if method == b"HEAD" || matches!(head.status, 204 | 304) {
            return Ok(Self::Over);
        }
        match (chunked, length) {
            (true, None) if !head.old => Ok(Self::Chunks(Chunks::default())),
            (true, _) => Err(Bad::Ambiguous),
            (false, Some(length)) => Ok(Self::left(length)),
            (false, None) => Ok(Self::Rest),
        }
    }

    const fn left(length: u64) -> Self {
        if length == 0 { Self::Over } else { Self::Left(length) }
    }

    /// Nothing more belongs to it.
    pub(crate) const fn is_over(&self) -> bool {
        matches!(self, Self::Over)
    }

    /// How many of these bytes, from the first on, belong to it.
    ///
    /// # Errors
    /// When they are not framed as they must be; none of them may pass then.
    pub(crate) fn take(&mut self, bytes: &[u8]) -> Result<usize, Bad> {
        match self {
            Self::Over => Ok(0),
            Self::Rest => Ok(bytes.len()),
            Self::Left(left) => {
                let len = usize::try_from(*left).unwrap_or(usize::MAX).min(bytes.len());
                *left -= len as u64;
                if *left == 0 {
                    *self = Self::Over;
                }
                Ok(len)
            }
            Self::Chunks(chunks) => {
                let len = chunks.take(bytes)?;
                if chunks.at == At::Done {
                    *self = Self::Over;
                }
                Ok(len)
            }
        }
    }
}

/// Where in the chunks we are.
#[derive(Debug, Default)]
pub(crate) struct Chunks {
    at: At,
    left: u64,
    /// Bytes of sizes with their extensions, or of the trailer, that were seen in a row.
    seen: usize,
    name: Vec<u8>,
}

#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
enum At {
    #[default]
    Size,
    Extension,
    SizeEnd,
    Data,
    DataCr,
    DataLf,
    TrailerStart,
    TrailerName,
    TrailerValue,
    TrailerLf,
    LastLf,
    Done,
}

impl Chunks {
    fn take(&mut self, bytes: &[u8]) -> Result<usize, Bad> {
        let mut taken = 0;
        while let Some(byte) = bytes.get(taken) {
            if self.at == At::Data {
                let rest = bytes.len() - taken;
                let len = usize::try_from(self.left).unwrap_or(usize::MAX).min(rest);
                self.left -= len as u64;
                taken += len;
                if self.left == 0 {
                    self.at = At::DataCr;
                }
                continue;
            }
            self.step(*byte)?;
            taken += 1;
            if self.at == At::Done {
                break;
            }
        }
        Ok(taken)
    }

    fn step(&mut self, byte: u8) -> Result<(), Bad> {
        self.seen += 1;
        if self.seen > LONGEST {
            return Err(Bad::Long);
        }
        self.at = match (self.at, byte) {
            (At::Size, _) if byte.is_ascii_hexdigit() && self.seen <= 15 => {
                let digit = char::from(byte).to_digit(16).unwrap_or_default();
                self.left = self.left << 4 | u64::from(digit);
                At::Size
            }
            (At::Size, b'\r') if self.seen > 1 => At::SizeEnd,
            (At::Size, b';') if self.seen > 1 => At::Extension,
            (At::Extension, b'\r') => At::SizeEnd,
            (At::Extension, b'\t' | 0x20..=0x7e) => At::Extension,
            (At::SizeEnd, b'\n') => {
                self.seen = 0;
                if self.left == 0 { At::TrailerStart } else { At::Data }
            }
            (At::DataCr, b'\r') => At::DataLf,
            (At::DataLf, b'\n') => {
                self.seen = 0;
                At::Size
            }
            (At::TrailerStart, b'\r') => At::LastLf,
            (At::TrailerStart | At::TrailerName, _) if token(&byte) => {
                self.name.push(byte.to_ascii_lowercase());
                At::TrailerName
            }
            (At::TrailerName, b':') => {
                // what would have changed how the message is read comes too late
                if LATE.iter().any(|late| self.name == late.as_bytes()) {
                    return Err(Bad::Ambiguous);
                }
                self.name.clear();
                At::TrailerValue
            }
            (At::TrailerValue, b'\r') => At::TrailerLf,
            (At::TrailerValue, _) if head::text(&byte) => At::TrailerValue,
            (At::TrailerLf, b'\n') => At::TrailerStart,
            (At::LastLf, b'\n') => At::Done,
            _ => return Err(Bad::Body),
        };
        Ok(())
    }
}

/// What frames the message is of the message: no connection may take it away.
fn framed(head: &Head) -> Result<(), Bad> {
    let taken = ["content-length", "transfer-encoding", "host"].iter().any(|name| head.says("connection", name));
    if taken { Err(Bad::Ambiguous) } else { Ok(()) }
}

fn length(head: &Head) -> Result<Option<u64>, Bad> {
    let Some(value) = head.one("content-length")? else { return Ok(None) };
    if value.is_empty() || value.len() > 18 || !value.iter().all(u8::is_ascii_digit) {
        return Err(Bad::Ambiguous);
    }
    Ok(Some(value.iter().fold(0, |sum, digit| sum * 10 + u64::from(digit - b'0'))))
}

fn chunked(head: &Head) -> Result<bool, Bad> {
    match head.one("transfer-encoding")? {
        None => Ok(false),
        Some(value) if value.eq_ignore_ascii_case(b"chunked") && words(value).count() == 1 => Ok(true),
        // other codings end where only their decoder knows
        Some(_) => Err(Bad::Ambiguous),
    }
}

const LONGEST: usize = 8 << 10;
const LATE: &[&str] =
    &["content-length", "transfer-encoding", "host", "authorization", "cookie", "set-cookie", "trailer"];

#[cfg(test)]
mod tests;
