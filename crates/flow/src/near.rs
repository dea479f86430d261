//! Bytes that are looked for nearby: an end of a line, a colon. Where the answer is mostly some ten bytes away, a search that is
//! a call costs more than what it finds.

use wide::u8x16;

/// The first of these two.
#[inline]
pub(crate) fn either(one: u8, other: u8, bytes: &[u8]) -> Option<usize> {
    let (first, second) = (u8x16::splat(one), u8x16::splat(other));
    search(
        bytes,
        |block| (block.simd_eq(first) | block.simd_eq(second)).to_bitmask(),
        |rest| memchr::memchr2(one, other, rest),
    )
}

/// The first of this.
#[inline]
pub(crate) fn one(byte: u8, bytes: &[u8]) -> Option<usize> {
    let wanted = u8x16::splat(byte);
    search(bytes, |block| block.simd_eq(wanted).to_bitmask(), |rest| memchr::memchr(byte, rest))
}

/// How many bytes stand before any digit; fewer when that is not known.
#[inline]
pub(crate) fn before_digits(bytes: &[u8]) -> usize {
    let (zero, nine) = (u8x16::splat(b'0'), u8x16::splat(9));
    let digits = |block: &[u8; 16]| {
        let above = u8x16::new(*block) - zero;
        above.min(nine).simd_eq(above)
    };
    let (strides, _) = bytes.as_chunks::<64>();
    let without = |stride: &&[u8; 64]| {
        let ([a, b, c, d], _) = stride.as_chunks::<16>() else { return false };
        (digits(a) | digits(b) | digits(c) | digits(d)).to_bitmask() == 0
    };
    let far = strides.iter().take_while(without).count() * 64;
    let (blocks, _) = bytes.get(far..).unwrap_or_default().as_chunks::<16>();
    far + blocks.iter().take_while(|block| digits(block).to_bitmask() == 0).count() * 16
}

#[inline(always)]
fn search(bytes: &[u8], hits: impl Fn(u8x16) -> u32, far: impl Fn(&[u8]) -> Option<usize>) -> Option<usize> {
    let (blocks, _) = bytes.as_chunks::<16>();
    for (nth, block) in blocks.iter().take(NEAR).enumerate() {
        let bits = hits(u8x16::new(*block));
        if bits != 0 {
            return Some(nth * 16 + bits.trailing_zeros() as usize);
        }
    }
    let looked = blocks.len().min(NEAR) * 16;
    far(bytes.get(looked..)?).map(|at| looked + at)
}

/// Blocks that are near.
const NEAR: usize = 8;

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn digits_are_where_they_are_said_to_be() {
        for at in 0..100 {
            let mut bytes = vec![b'/'; 100];
            assert_eq!(before_digits(&bytes), 96);
            for digit in b'0'..=b'9' {
                if let Some(byte) = bytes.get_mut(at) {
                    *byte = digit;
                }
                assert_eq!(before_digits(&bytes), at.min(96) / 16 * 16);
            }
        }
        assert_eq!(before_digits(b":::::::::::::::: 0"), 16);
    }

    #[test]
    fn what_is_near_is_found_as_what_is_far() {
        for len in 0..300 {
            let mut bytes = vec![b'a'; len];
            assert_eq!((one(b':', &bytes), either(b'\r', b'\n', &bytes)), (None, None), "{len}");
            for at in 0..len {
                if let Some(byte) = bytes.get_mut(at) {
                    *byte = b'\n';
                }
                assert_eq!((one(b'\n', &bytes), either(b'\r', b'\n', &bytes)), (Some(at), Some(at)), "{at} of {len}");
                assert_eq!(either(b'\n', b'\r', &bytes), Some(at), "{at} of {len}");
                if let Some(byte) = bytes.get_mut(at) {
                    *byte = b'a';
                }
            }
        }
    }
}
