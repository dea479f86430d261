//! Brotli (RFC 7932) with a window no larger than the preview needs.

use brotli_decompressor::{BrotliDecompressStream, BrotliResult, BrotliState, StandardAlloc};

use super::out::Out;
use super::preview::Progress;

/// One decoder.
///
/// A stream asks for a window of up to 16 MiB, of which only what was written so far can be referred to. The preview stops
/// long before that, so the size in the first byte is replaced by one that holds the preview: no output before its end
/// can differ, and a hostile stream cannot take memory.
pub(super) struct Brotli {
    state: BrotliState<StandardAlloc, StandardAlloc, StandardAlloc>,
    limit: usize,
    is_begun: bool,
}

impl Brotli {
    pub(super) fn new(limit: usize) -> Self {
        let alloc = StandardAlloc::default;
        Self { state: BrotliState::new_strict(alloc(), alloc(), alloc()), limit, is_begun: false }
    }

    pub(super) fn push(&mut self, bytes: &[u8], out: &mut Out) -> Progress {
        let mut rest = bytes;
        if !self.is_begun {
            let Some((first, after)) = bytes.split_first() else { return Progress::More };
            let Some(first) = smaller_window(*first, self.limit) else { return Progress::Bad };
            self.is_begun = true;
            rest = after;
            match self.feed(&[first], out) {
                Progress::More => {}
                other => return other,
            }
        }
        // In small pieces: the decoder gives its output at the end of each, and may stop soon after the preview is full.
        for piece in rest.chunks(256) {
            match self.feed(piece, out) {
                Progress::More => {}
                other => return other,
            }
        }
        Progress::More
    }

    /// About what the decoder takes: its state and tables, and the window.
    pub(super) fn heap(&self) -> usize {
        size_of::<Self>() + TABLES + (self.limit + 16).next_power_of_two().max(1 << 18)
    }

    fn feed(&mut self, piece: &[u8], out: &mut Out) -> Progress {
        let (mut left, mut used, mut total) = (piece.len(), 0, 0);
        loop {
            let (room, at) = out.room();
            let (mut free, mut end) = (room.len().saturating_sub(at), at);
            let result = BrotliDecompressStream(
                &mut left,
                &mut used,
                piece,
                &mut free,
                &mut end,
                room,
                &mut total,
                &mut self.state,
            );
            let wrote = end.saturating_sub(at);
            out.wrote(wrote);
            match result {
                BrotliResult::ResultSuccess => return Progress::Done,
                BrotliResult::NeedsMoreInput => return Progress::More,
                BrotliResult::NeedsMoreOutput if out.is_full() => return Progress::Full,
                BrotliResult::NeedsMoreOutput if wrote > 0 => {}
                BrotliResult::NeedsMoreOutput | BrotliResult::ResultFailure => return Progress::Bad,
            }
        }
    }
}

/// The first byte of a stream with its window size (RFC 7932 section 9.1) made as small as `limit` bytes of output allow.
/// None for the extension to windows over 16 MiB.
fn smaller_window(first: u8, limit: usize) -> Option<u8> {
    let size = (first >> 1) & 7;
    if first & 1 == 0 || size == 0 {
        // 16 bits, or by the next three bits 17, 10 to 15, or the extension.
        let is_extension = first & 0x7f == 0x11;
        return (!is_extension).then_some(first);
    }
    let enough = (1..=7u8).find(|bits| (1usize << (17 + bits)) - 16 > limit).unwrap_or(7);
    Some(first & !0b1110 | size.min(enough) << 1)
}

/// What Huffman tables and context maps of ordinary streams take, about.
const TABLES: usize = 64 << 10;

#[cfg(test)]
mod tests {
    #[test]
    fn windows_become_as_small_as_the_preview_allows() {
        let smaller = super::smaller_window;
        // 22 and 24 bits become 18, or 19 when 256 KiB are wanted; small ones stay.
        assert_eq!(smaller(0b0000_1011, 4096), Some(0b0000_0011));
        assert_eq!(smaller(0b1111_1111, 4096), Some(0b1111_0011));
        assert_eq!(smaller(0b1111_1111, 256 << 10), Some(0b1111_0101));
        assert_eq!(smaller(0b1010_0010, 4096), Some(0b1010_0010));
        assert_eq!(smaller(0b0000_0001, 4096), Some(0b0000_0001));
        assert_eq!(smaller(0b0001_0001, 4096), None);
    }
}
