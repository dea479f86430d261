//! The last segments that were delivered, by checksum: a retransmission that differs is a conflict.

/// Offset, length and digest of the last sixteen.
#[derive(Debug, Default)]
pub(crate) struct Recent {
    /// Most connections have no more.
    few: [Entry; FEW],
    more: Vec<Entry>,
    /// Segments so far.
    count: u32,
}

type Entry = (u64, u32, u32);

impl Recent {
    #[inline]
    pub(crate) fn add(&mut self, offset: u64, len: usize, digest: u32) {
        let entry = (offset, len as u32, digest);
        let at = self.count as usize % MOST;
        self.count = self.count.wrapping_add(1);
        if let Some(slot) = self.few.get_mut(at) {
            *slot = entry;
        } else if let Some(slot) = self.more.get_mut(at - FEW) {
            *slot = entry;
        } else {
            self.more.push(entry);
        }
    }

    /// Whether these bytes differ from what was delivered at their place, as far as that is remembered.
    pub(crate) fn differs(&self, offset: u64, bytes: &[u8]) -> bool {
        // Of an empty segment nothing can differ.
        let all = self.few.iter().chain(&self.more).filter(|(_, len, _)| *len > 0);
        all.into_iter().any(|(have, len, was)| {
            let Some(at) = have.checked_sub(offset) else { return false };
            // A segment that holds the old one whole: compare that part.
            let Ok(at) = usize::try_from(at) else { return false };
            let part = bytes.get(at..at.saturating_add(*len as usize));
            part.is_some_and(|part| digest(part) != *was)
        })
    }

    pub(crate) fn heap(&self) -> usize {
        self.more.capacity() * size_of::<Entry>()
    }
}

/// A fast digest; not for adversaries, who could as well send the same bytes.
#[inline]
pub(crate) fn digest(bytes: &[u8]) -> u32 {
    let mut lanes = [0x9e37_79b9_7f4a_7c15_u64, 0xc2b2_ae3d_27d4_eb4f, 0x1656_67b1_9e37_79f9, 0x27d4_eb2f_1656_67c5];
    let (blocks, rest) = bytes.as_chunks::<32>();
    for block in blocks {
        let (words, _) = block.as_chunks::<8>();
        for (lane, word) in lanes.iter_mut().zip(words) {
            *lane = lane.rotate_left(5) ^ u64::from_le_bytes(*word);
        }
    }
    let [a, b, c, d] = lanes;
    let mut sum = a.wrapping_mul(P) ^ b.wrapping_mul(P).rotate_left(13) ^ c.wrapping_mul(P).rotate_left(29) ^ d;
    let (words, rest) = rest.as_chunks::<8>();
    for word in words {
        sum = (sum ^ u64::from_le_bytes(*word)).wrapping_mul(P).rotate_left(23);
    }
    for byte in rest {
        sum = (sum ^ u64::from(*byte)).wrapping_mul(P);
    }
    sum = (sum ^ bytes.len() as u64).wrapping_mul(P);
    (sum ^ sum >> 32) as u32
}

const P: u64 = 0x9fb2_1c65_1e98_df25;
const MOST: usize = 16;
/// Those that are kept without an allocation.
const FEW: usize = 2;
