//! The buffer that JSON is written into: bytes up to a cursor, and room behind it whose content does not matter.
//!
//! Short pieces are copied as blocks of a fixed length, of which only the first bytes count: the next piece overwrites the
//! rest. A copy whose length is known costs a few instructions, one whose length is not a call.

use std::fmt;

/// Text up to `at`, then room.
pub(super) struct Buffer {
    bytes: Vec<u8>,
    at: usize,
}

/// What is copied at once.
pub(super) type Block = [u8; BLOCK];
pub(super) const BLOCK: usize = 32;

impl Buffer {
    /// Takes the vector; text is added behind what it holds.
    pub(super) fn new(mut bytes: Vec<u8>) -> Self {
        let at = bytes.len();
        bytes.resize(at + ROOM, 0);
        Self { bytes, at }
    }

    /// The vector with the text.
    pub(super) fn finish(mut self) -> Vec<u8> {
        self.bytes.truncate(self.at);
        self.bytes
    }

    /// Where text is written next.
    pub(super) fn at(&self) -> usize {
        self.at
    }

    /// Forgets what was written since.
    pub(super) fn back_to(&mut self, at: usize) {
        self.at = self.at.min(at);
    }

    /// Adds `len` bytes that `write` puts at the start of the room it is given. It writes straight to their place: what was
    /// just written in small pieces and is then read in a large one makes the processor wait.
    #[inline(always)]
    pub(super) fn place(&mut self, len: usize, write: impl FnOnce(&mut Block)) {
        if self.bytes.len() < self.at + BLOCK {
            self.grow(BLOCK);
        }
        if let Some(place) = self.bytes.get_mut(self.at..).and_then(|room| room.first_chunk_mut()) {
            write(place);
            self.at += len.min(BLOCK);
        }
    }

    /// Adds the first `len` bytes of a block.
    #[inline(always)]
    pub(super) fn put(&mut self, block: &Block, len: usize) {
        self.place(len, |place| *place = *block);
    }

    /// Adds one byte.
    #[inline(always)]
    pub(super) fn push(&mut self, byte: u8) {
        self.place(1, |[first, ..]| *first = byte);
    }

    /// Adds bytes.
    #[inline]
    pub(super) fn append(&mut self, bytes: &[u8]) {
        if self.bytes.len() < self.at + bytes.len() {
            self.grow(bytes.len());
        }
        if let Some(place) = self.bytes.get_mut(self.at..).and_then(|room| room.get_mut(..bytes.len())) {
            place.copy_from_slice(bytes);
            self.at += bytes.len();
        }
    }

    /// Adds a short text whose length is known when this is compiled.
    #[inline(always)]
    pub(super) fn fixed<const N: usize>(&mut self, text: &[u8; N]) {
        self.place(N, |place| {
            if let Some(place) = place.first_chunk_mut() {
                *place = *text;
            }
        });
    }

    #[cold]
    #[inline(never)]
    fn grow(&mut self, len: usize) {
        self.bytes.resize(self.bytes.len() + len.max(MORE), 0);
    }
}

impl fmt::Write for Buffer {
    fn write_str(&mut self, text: &str) -> fmt::Result {
        self.append(text.as_bytes());
        Ok(())
    }
}

/// What a small record takes: room is cleared before it is written to.
const ROOM: usize = 640;
/// What one with a body takes beside that, mostly.
const MORE: usize = 2048;
