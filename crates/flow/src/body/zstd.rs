//! Zstandard (RFC 8878), block by block, with a window no larger than a block.

use ruzstd::decoding::FrameDecoder;
use ruzstd::io::Read;

use super::out::Out;
use super::preview::Progress;

/// One decoder.
///
/// A frame asks for a window of any size, of which only what was written so far can be referred to. The preview keeps all
/// of that, so the frame's head is replaced by one that asks for 128 KiB: a hostile frame cannot take memory.
pub(super) struct Zstd {
    decoder: FrameDecoder,
    /// Bytes of the frame's head or of a block that is not whole yet.
    held: Vec<u8>,
    has_head: bool,
    is_done: bool,
}

impl Zstd {
    pub(super) fn new() -> Self {
        Self { decoder: FrameDecoder::new(), held: Vec::new(), has_head: false, is_done: false }
    }

    pub(super) fn push(&mut self, bytes: &[u8], out: &mut Out) -> Progress {
        if self.held.is_empty() {
            let (used, progress) = self.blocks(bytes, out);
            self.held.extend_from_slice(bytes.get(used..).unwrap_or_default());
            return progress;
        }
        let mut held = std::mem::take(&mut self.held);
        held.extend_from_slice(bytes);
        let (used, progress) = self.blocks(&held, out);
        held.drain(..used.min(held.len()));
        self.held = held;
        progress
    }

    /// Nothing more comes: what was decoded so far goes out.
    pub(super) fn end(&mut self, out: &mut Out) {
        if self.has_head && !self.is_done {
            // The decoder keeps back a window until the last block: an empty one.
            self.is_done = true;
            if self.decoder.decode_from_to(&[1, 0, 0], &mut []).is_ok() {
                self.drain(out);
            }
        }
    }

    pub(super) fn heap(&self) -> usize {
        size_of::<Self>() + self.held.capacity() + if self.has_head { 2 * MOST_BLOCK + TABLES } else { 0 }
    }

    fn blocks(&mut self, bytes: &[u8], out: &mut Out) -> (usize, Progress) {
        let mut used = 0;
        if !self.has_head {
            used = match head_len(bytes) {
                Ok(Some(len)) => len,
                Ok(None) => return (0, Progress::More),
                Err(NotZstd) => return (0, Progress::Bad),
            };
            if self.decoder.reset(&HEAD[..]).is_err() {
                return (0, Progress::Bad);
            }
            self.has_head = true;
        }
        loop {
            let rest = bytes.get(used..).unwrap_or_default();
            let Some([low, middle, high]) = rest.first_chunk() else { return (used, Progress::More) };
            let head = u32::from_le_bytes([*low, *middle, *high, 0]);
            let size = (head >> 3) as usize;
            if size > MOST_BLOCK {
                return (used, Progress::Bad);
            }
            let len = 3 + if head >> 1 & 3 == 1 { 1 } else { size };
            let Some(block) = rest.get(..len) else { return (used, Progress::More) };
            if self.decoder.decode_from_to(block, &mut []).is_err() {
                self.end(out);
                return (used, Progress::Bad);
            }
            used += len;
            if head & 1 == 1 {
                self.is_done = true;
                self.drain(out);
                return (used, Progress::Done);
            }
            if self.decoder.can_collect() >= out.most() {
                self.drain(out);
                return (used, Progress::Full);
            }
        }
    }

    fn drain(&mut self, out: &mut Out) {
        while !out.is_full() {
            let (room, at) = out.room();
            match self.decoder.read(room.get_mut(at..).unwrap_or_default()) {
                Ok(0) | Err(_) => return,
                Ok(len) => out.wrote(len),
            }
        }
    }
}

/// It is not Zstandard, or needs a dictionary.
struct NotZstd;

/// The length of a frame's head, when it is whole.
fn head_len(bytes: &[u8]) -> Result<Option<usize>, NotZstd> {
    let common = bytes.len().min(MAGIC.len());
    if bytes.get(..common) != MAGIC.get(..common) {
        return Err(NotZstd);
    }
    let Some(descriptor) = bytes.get(MAGIC.len()) else { return Ok(None) };
    let is_single = descriptor & 0x20 != 0;
    if descriptor & 0x08 != 0 || descriptor & 3 != 0 {
        return Err(NotZstd);
    }
    let content_size = match descriptor >> 6 {
        0 => usize::from(is_single),
        1 => 2,
        2 => 4,
        _ => 8,
    };
    let len = MAGIC.len() + 1 + usize::from(!is_single) + content_size;
    Ok((bytes.len() >= len).then_some(len))
}

const MAGIC: [u8; 4] = [0x28, 0xb5, 0x2f, 0xfd];
/// A head without content size, dictionary and checksum, with a window of 128 KiB.
const HEAD: [u8; 6] = [0x28, 0xb5, 0x2f, 0xfd, 0, 7 << 3];
/// The longest block.
const MOST_BLOCK: usize = 128 << 10;
/// What the decoder's tables take, about.
const TABLES: usize = 64 << 10;
