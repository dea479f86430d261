//! The Huffman code of RFC 7541 appendix B. It is canonical, so the lengths alone give all codes.

use super::Broken;

/// Appends the decoded text. Fails on the end-of-string symbol inside, and on padding that is not the begin of it.
pub fn decode(coded: &[u8], out: &mut Vec<u8>) -> Result<(), Broken> {
    out.reserve(coded.len() * 8 / 5);
    let mut input = coded.iter();
    // The next bits stand at the top.
    let mut bits: u64 = 0;
    let mut held: u32 = 0;
    loop {
        while held <= 56 {
            let Some(byte) = input.next() else { break };
            bits |= u64::from(*byte) << (56 - held);
            held += 8;
        }
        let Some((symbol, len)) = symbol(bits) else { break };
        if len > held {
            break;
        }
        out.push(symbol);
        bits <<= len;
        held -= len;
    }
    let padding = !(u64::MAX.checked_shr(held).unwrap_or(0));
    if held < 8 && bits & padding == padding { Ok(()) } else { Err(Broken::Huffman) }
}

/// The symbol at the top of `bits` and the length of its code. None when no symbol begins so: ones only.
fn symbol(bits: u64) -> Option<(u8, u32)> {
    let short = CODES.short.get((bits >> (64 - SHORT)) as usize).copied().unwrap_or(0);
    if short != 0 {
        return Some(((short & 0xff) as u8, u32::from(short >> 8)));
    }
    (SHORT + 1..=30).find_map(|len| {
        let at = len as usize;
        let code = (bits >> (64 - len)) as u32;
        let nth = code.checked_sub(*CODES.first.get(at)?)?;
        if nth >= u32::from(*CODES.count.get(at)?) {
            return None;
        }
        let symbol = CODES.symbols.get(usize::from(*CODES.start.get(at)?) + nth as usize)?;
        Some((*symbol, len))
    })
}

/// Everything that is looked up while decoding.
struct Codes {
    /// By the next [`SHORT`] bits: the symbol, and the length of its code above it; 0 where the code is longer.
    short: [u16; 1 << SHORT],
    /// By length: the first code of that length.
    first: [u32; 31],
    /// By length: how many there are.
    count: [u16; 31],
    /// By length: where their symbols begin in `symbols`.
    start: [u16; 31],
    /// In the order of their codes.
    symbols: [u8; 256],
}

/// Bits of the first look-up: it holds every printable character but a few.
const SHORT: u32 = 10;

static CODES: Codes = codes();

#[expect(clippy::indexing_slicing, reason = "evaluated when compiled; an index out of bounds would not compile")]
const fn codes() -> Codes {
    let mut codes = Codes { short: [0; 1 << SHORT], first: [0; 31], count: [0; 31], start: [0; 31], symbols: [0; 256] };
    let (mut len, mut code, mut placed) = (1, 0u32, 0);
    while len <= 30 {
        code <<= 1;
        codes.first[len] = code;
        codes.start[len] = placed as u16;
        let mut symbol = 0;
        while symbol < 256 {
            if LENGTHS[symbol] as usize == len {
                codes.symbols[placed] = symbol as u8;
                if len <= SHORT as usize {
                    let spare = SHORT as usize - len;
                    let mut tail = 0;
                    while tail < 1 << spare {
                        codes.short[((code as usize) << spare) + tail] = (len as u16) << 8 | symbol as u16;
                        tail += 1;
                    }
                }
                placed += 1;
                code += 1;
            }
            symbol += 1;
        }
        codes.count[len] = placed as u16 - codes.start[len];
        len += 1;
    }
    codes
}

/// Bits of the code of each octet (RFC 7541 appendix B).
#[rustfmt::skip]
const LENGTHS: [u8; 256] = [
    13, 23, 28, 28, 28, 28, 28, 28, 28, 24, 30, 28, 28, 30, 28, 28,
    28, 28, 28, 28, 28, 28, 30, 28, 28, 28, 28, 28, 28, 28, 28, 28,
     6, 10, 10, 12, 13,  6,  8, 11, 10, 10,  8, 11,  8,  6,  6,  6,
     5,  5,  5,  6,  6,  6,  6,  6,  6,  6,  7,  8, 15,  6, 12, 10,
    13,  6,  7,  7,  7,  7,  7,  7,  7,  7,  7,  7,  7,  7,  7,  7,
     7,  7,  7,  7,  7,  7,  7,  7,  8,  7,  8, 13, 19, 13, 14,  6,
    15,  5,  6,  5,  6,  5,  6,  6,  6,  5,  7,  7,  6,  6,  6,  5,
     6,  7,  6,  5,  5,  6,  7,  7,  7,  7,  7, 15, 11, 14, 13, 28,
    20, 22, 20, 20, 22, 22, 22, 23, 22, 23, 23, 23, 23, 23, 24, 23,
    24, 24, 22, 23, 24, 23, 23, 23, 23, 21, 22, 23, 22, 23, 23, 24,
    22, 21, 20, 22, 22, 23, 23, 21, 23, 22, 22, 24, 21, 22, 23, 23,
    21, 21, 22, 21, 23, 22, 23, 23, 20, 22, 22, 22, 23, 22, 22, 23,
    26, 26, 20, 19, 22, 23, 22, 25, 26, 26, 26, 27, 27, 26, 24, 25,
    19, 21, 26, 27, 27, 26, 27, 24, 21, 21, 26, 26, 28, 27, 27, 27,
    20, 24, 20, 21, 22, 21, 21, 23, 22, 22, 25, 25, 24, 24, 26, 23,
    26, 27, 26, 26, 27, 27, 27, 27, 27, 28, 27, 27, 27, 27, 27, 26,
];
