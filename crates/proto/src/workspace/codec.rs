//! Frames to bytes and back, and what may come.

use bytes::{Buf, BufMut, BytesMut};
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
pub fn encode(frame: &Frame, out: &mut impl BufMut) {
    prost::encoding::encode_varint(frame.encoded_len() as u64, out);
    frame.encode_raw(out);
}

/// Cuts a stream into frames. Feed it what comes, then take frames until there is none.
#[derive(Debug, Default)]
pub struct Decoder {
    bytes: BytesMut,
    /// Of the room that is made next.
    size: usize,
    begun: bool,
}

impl Decoder {
    /// Takes bytes from the stream.
    pub fn feed(&mut self, bytes: &[u8]) {
        self.bytes.extend_from_slice(bytes);
    }

    /// Where bytes of the stream are read to, after `came` of them came the last time: it grows with what comes, and gives
    /// room back. Long data is not copied from there.
    pub fn room(&mut self, came: usize) -> &mut BytesMut {
        if came >= self.size {
            self.size = (4 * self.size).clamp(LEAST, ROOM);
        } else if came < self.size / 8 {
            self.size = (self.size / 4).max(LEAST);
        }
        let spare = self.bytes.capacity() - self.bytes.len();
        if spare < LEAST || spare < self.size / 4 {
            self.bytes.reserve(self.size);
        }
        &mut self.bytes
    }

    /// The next whole frame.
    ///
    /// # Errors
    /// As [`Error`] says; the position is lost then.
    pub fn next_frame(&mut self) -> Result<Option<Frame>, Error> {
        if !self.begun {
            let len = self.bytes.len().min(PREFACE.len());
            if self.bytes.get(..len) != PREFACE.get(..len) {
                return Err(Error::NotOurs);
            }
            if len < PREFACE.len() {
                return Ok(None);
            }
            self.bytes.advance(len);
            self.begun = true;
        }
        let mut rest: &[u8] = &self.bytes;
        let before = rest.len();
        let whole = rest.iter().take(LENGTH).any(|byte| byte & 0x80 == 0);
        if !whole {
            return if rest.len() >= LENGTH { Err(Error::TooLong) } else { Ok(None) };
        }
        let len = prost::encoding::decode_varint(&mut rest).map_err(|_| Error::Malformed)?;
        let len = usize::try_from(len).ok().filter(|len| *len <= MAX_FRAME).ok_or(Error::TooLong)?;
        let head = before - rest.len();
        if rest.len() < len {
            return Ok(None);
        }
        self.bytes.advance(head);
        let frame = Frame::decode(self.bytes.split_to(len).freeze()).map_err(|_| Error::Malformed)?;
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
/// Room to read into, at least and at most.
const LEAST: usize = 4 << 10;
const ROOM: usize = 64 << 10;

#[cfg(test)]
mod tests;
