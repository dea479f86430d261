//! CRYPTO frames of one side, joined by offset: they come split, shuffled and repeated (RFC 9000 section 19.6).

use super::{frames::Frame, ranges::Ranges};
use crate::tls::reader::Reader;

/// The handshake bytes of one side, as far as they came.
#[derive(Debug, Default)]
pub(super) struct Crypto {
    bytes: Vec<u8>,
    /// Which of them came.
    have: Ranges,
}

impl Crypto {
    /// Takes a frame, when it is one.
    pub(super) fn frame(&mut self, frame: &Frame<'_>) {
        let Frame::Crypto { offset, data } = frame else { return };
        let Ok(at) = usize::try_from(*offset) else { return };
        let Some(end) = at.checked_add(data.len()).filter(|end| *end <= MOST && !data.is_empty()) else { return };
        if self.bytes.len() < end {
            self.bytes.resize(end, 0);
        }
        if let Some(room) = self.bytes.get_mut(at..end) {
            room.copy_from_slice(data);
            self.have.add(at as u64, end as u64);
        }
    }

    /// The first message, once it is whole: its type and body.
    pub(super) fn message(&self) -> Option<(u8, &[u8])> {
        let mut reader = Reader::new(self.bytes.get(..self.have.whole() as usize)?);
        Some((reader.u8()?, reader.vec24()?))
    }

    /// Drops what is held.
    pub(super) fn clear(&mut self) {
        *self = Self::default();
    }

    pub(super) fn heap(&self) -> usize {
        self.bytes.capacity() + self.have.heap()
    }
}

/// Bytes of a handshake that are kept.
const MOST: usize = 64 << 10;
