//! What a dialog keeps of one direction.

use crate::Chunk;

/// One direction.
#[derive(Debug, Default)]
pub(super) struct Lane {
    /// Bytes that no parser used yet.
    pub(super) kept: Vec<u8>,
    /// Stream offset of the first of them.
    pub(super) at: u64,
    /// When the first and the last of them came.
    pub(super) first_us: i64,
    pub(super) last_us: i64,
    /// What their sender had acknowledged when the first came.
    pub(super) acked: u64,
    /// Bytes to come that need not be shown.
    pub(super) skip: u64,
    /// Bytes in which no message start was found.
    pub(super) unparsed: u64,
    /// Chunks at whose start no signature was.
    pub(super) tries: u8,
    /// No signature fits.
    pub(super) refused: bool,
    /// Bytes of it were dropped before a protocol was found.
    pub(super) holed: bool,
    pub(super) ended: bool,
}

impl Lane {
    /// Keeps what was left of a chunk. `used`: something before it was used, so it began with the last packet.
    pub(super) fn keep(&mut self, left: &Chunk<'_>, used: bool) {
        self.kept.extend_from_slice(left.bytes);
        self.at = left.offset;
        self.first_us = if used { left.ts_us } else { left.first_ts_us };
        self.last_us = left.ts_us;
        self.acked = left.acked;
    }

    /// Drops what is kept.
    pub(super) fn clear(&mut self) {
        self.kept = Vec::new();
    }

    /// Ready for another search of a signature.
    pub(super) fn restart(&mut self) {
        (self.skip, self.tries, self.refused) = (0, 0, false);
    }

    pub(super) fn heap(&self) -> usize {
        self.kept.capacity()
    }
}

/// The chunk without its first `used` bytes.
pub(super) fn advance<'a>(chunk: &Chunk<'a>, used: usize) -> Chunk<'a> {
    let used = used.min(chunk.bytes.len());
    Chunk { bytes: chunk.bytes.get(used..).unwrap_or_default(), offset: chunk.offset + used as u64, ..*chunk }
}
