//! Frames to bytes and back, and what may come.

use prost::Message;

use super::{Body, Frame, MAX_DATA, MAX_FRAME, MAX_GRANTED, PREFACE, WINDOW};

/// What came is not the protocol: the connection is over.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
pub enum Error {
    /// The other end is something else.
    #[error("the other end speaks something else")]
    NotOurs,
    /// A frame is longer than allowed.
    #[error("a frame is longer than {MAX_FRAME} bytes")]
    TooLong,
    /// Not a message of this protocol.
    #[error("a frame cannot be read")]
    Malformed,
    /// More data came than was granted.
    #[error("more data came than was granted")]
    Overrun,
}

/// Appends a frame to `out`.
pub fn encode(frame: &Frame, out: &mut Vec<u8>) {
    let len = frame.encoded_len();
    out.reserve(len + 5);
    prost::encoding::encode_varint(len as u64, out);
    frame.encode_raw(out);
}

/// Cuts a stream into frames. Feed it what comes, then take frames until there is none.
#[derive(Debug, Default)]
pub struct Decoder {
    bytes: Vec<u8>,
    at: usize,
    begun: bool,
}

impl Decoder {
    /// Takes bytes from the stream.
    pub fn feed(&mut self, bytes: &[u8]) {
        if self.at > 0 {
            self.bytes.drain(..self.at);
            self.at = 0;
        }
        self.bytes.extend_from_slice(bytes);
    }

    /// The next whole frame.
    ///
    /// # Errors
    /// As [`Error`] says; the position is lost then.
    pub fn next_frame(&mut self) -> Result<Option<Frame>, Error> {
        if !self.begun {
            let rest = self.bytes.get(self.at..).unwrap_or_default();
            let len = rest.len().min(PREFACE.len());
            if rest.get(..len) != PREFACE.get(..len) {
                return Err(Error::NotOurs);
            }
            if len < PREFACE.len() {
                return Ok(None);
            }
            self.at += len;
            self.begun = true;
        }
        let mut rest = self.bytes.get(self.at..).unwrap_or_default();
        let before = rest.len();
        let whole = rest.iter().take(LENGTH).any(|byte| byte & 0x80 == 0);
        if !whole {
            return if rest.len() >= LENGTH { Err(Error::TooLong) } else { Ok(None) };
        }
        let len = prost::encoding::decode_varint(&mut rest).map_err(|_| Error::Malformed)?;
        let len = usize::try_from(len).ok().filter(|len| *len <= MAX_FRAME).ok_or(Error::TooLong)?;
        let head = before - rest.len();
        let Some(body) = rest.get(..len) else { return Ok(None) };
        let frame = Frame::decode(body).map_err(|_| Error::Malformed)?;
        self.at += head + len;
        if let Some(Body::Data(data)) = &frame.body
            && data.bytes.len() > MAX_DATA
        {
            return Err(Error::TooLong);
        }
        Ok(Some(frame))
    }
}

/// What the other end of a channel may still send.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Room {
    left: usize,
    taken: usize,
}

impl Default for Room {
    fn default() -> Self {
        Self { left: WINDOW, taken: 0 }
    }
}

impl Room {
    /// So much came.
    ///
    /// # Errors
    /// When it is more than was granted.
    pub fn came(&mut self, bytes: usize) -> Result<(), Error> {
        self.left = self.left.checked_sub(bytes).ok_or(Error::Overrun)?;
        Ok(())
    }

    /// So much was used up; what to grant now, if it is worth a frame.
    pub fn used(&mut self, bytes: usize) -> Option<u64> {
        self.taken = self.taken.saturating_add(bytes);
        if self.taken < WINDOW / 4 {
            return None;
        }
        let grant = std::mem::take(&mut self.taken);
        self.left = self.left.saturating_add(grant);
        Some(grant as u64)
    }
}

/// How much of a grant counts, with what its channel may send already.
///
/// # Errors
/// When nobody would grant so much.
pub fn granted(had: usize, more: u64) -> Result<usize, Error> {
    let more = usize::try_from(more).map_err(|_| Error::Overrun)?;
    had.checked_add(more).filter(|sum| *sum <= MAX_GRANTED).map(|_| more).ok_or(Error::Overrun)
}

/// Bytes of a frame's length at most.
const LENGTH: usize = 3;

#[cfg(test)]
mod tests;
