//! CRYPTO frames of Initial packets, joined by offset: they come split, shuffled and repeated (RFC 9000 section 19.6).

use super::packet::varint;
use crate::tls::reader::Reader;

/// The handshake bytes of one side, as far as they came.
#[derive(Debug, Default)]
pub(super) struct Crypto {
    bytes: Vec<u8>,
    /// Which of them came: ranges in order, that do not touch.
    have: Vec<(usize, usize)>,
}

impl Crypto {
    /// Takes the frames of one packet; false when they are none.
    pub(super) fn frames(&mut self, frames: &[u8]) -> bool {
        let mut reader = Reader::new(frames);
        while let Some(kind) = reader.u8() {
            let ok = match kind {
                PADDING | PING => Some(()),
                ACK | ACK_ECN => acknowledgement(&mut reader, kind),
                CRYPTO => self.frame(&mut reader),
                // The connection is refused or ends.
                CLOSE | CLOSE_APP => return true,
                _ => None,
            };
            if ok.is_none() {
                return false;
            }
        }
        true
    }

    fn frame(&mut self, reader: &mut Reader<'_>) -> Option<()> {
        let offset = usize::try_from(varint(reader)?).ok()?;
        let len = usize::try_from(varint(reader)?).ok()?;
        let data = reader.take(len)?;
        let end = offset.checked_add(len)?;
        if end > MOST || data.is_empty() {
            return Some(());
        }
        if self.bytes.len() < end {
            self.bytes.resize(end, 0);
        }
        self.bytes.get_mut(offset..end)?.copy_from_slice(data);
        self.note(offset, end);
        Some(())
    }

    fn note(&mut self, mut from: usize, mut to: usize) {
        self.have.retain(|(start, end)| {
            let apart = *end < from || *start > to;
            if !apart {
                (from, to) = (from.min(*start), to.max(*end));
            }
            apart
        });
        let at = self.have.partition_point(|range| range.0 < from);
        if self.have.len() < RANGES {
            self.have.insert(at, (from, to));
        }
    }

    /// The first message, once it is whole: its type and body.
    pub(super) fn message(&self) -> Option<(u8, &[u8])> {
        let whole = self.have.first().filter(|range| range.0 == 0).map_or(0, |range| range.1);
        let mut reader = Reader::new(self.bytes.get(..whole)?);
        Some((reader.u8()?, reader.vec24()?))
    }

    /// Drops what is held.
    pub(super) fn clear(&mut self) {
        *self = Self::default();
    }

    pub(super) fn heap(&self) -> usize {
        self.bytes.capacity() + self.have.capacity() * size_of::<(usize, usize)>()
    }
}

fn acknowledgement(reader: &mut Reader<'_>, kind: u8) -> Option<()> {
    varint(reader)?;
    varint(reader)?;
    let ranges = varint(reader)?;
    varint(reader)?;
    for _ in 0..ranges {
        varint(reader)?;
        varint(reader)?;
    }
    if kind == ACK_ECN {
        for _ in 0..3 {
            varint(reader)?;
        }
    }
    Some(())
}

const PADDING: u8 = 0;
const PING: u8 = 1;
const ACK: u8 = 2;
const ACK_ECN: u8 = 3;
const CRYPTO: u8 = 6;
const CLOSE: u8 = 0x1c;
const CLOSE_APP: u8 = 0x1d;
/// Bytes of a handshake that are kept.
const MOST: usize = 64 << 10;
/// Pieces that may be apart.
const RANGES: usize = 64;
