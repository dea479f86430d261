//! Numbers, hexadecimal digits and addresses as text.

use std::fmt::Write;
use std::net::{IpAddr, Ipv4Addr};

use super::buffer::{BLOCK, Buffer};

/// A number in decimal: blocks of eight digits, of which the first is without its zeros.
pub(super) fn write_uint(out: &mut Buffer, value: u64) {
    if value < 10 {
        return out.push(b'0' + value as u8);
    }
    if value < 10_000 {
        return write_four(out, value as u32);
    }
    if value < BLOCK_OF_DIGITS {
        return write_first(out, value as u32);
    }
    let (high, low) = (value / BLOCK_OF_DIGITS, (value % BLOCK_OF_DIGITS) as u32);
    if high < 10 {
        out.push(b'0' + high as u8);
    } else if high < 10_000 {
        write_four(out, high as u32);
    } else if high < BLOCK_OF_DIGITS {
        write_first(out, high as u32);
    } else {
        write_first(out, (high / BLOCK_OF_DIGITS) as u32);
        out.fixed(&(decimal((high % BLOCK_OF_DIGITS) as u32) + ZEROS).to_le_bytes());
    }
    out.fixed(&(decimal(low) + ZEROS).to_le_bytes());
}

/// Two, three or four digits.
#[inline]
fn write_four(out: &mut Buffer, value: u32) {
    let pair = |two: u32| PAIRS.get(two as usize).copied().unwrap_or_default();
    let digits = u32::from(pair(value / 100)) | u32::from(pair(value % 100)) << 16;
    let zeros = u32::from(value < 1000) + u32::from(value < 100);
    out.place(4 - zeros as usize, |place| {
        if let Some(four) = place.first_chunk_mut() {
            *four = (digits >> (zeros * 8)).to_le_bytes();
        }
    });
}

#[inline]
fn write_first(out: &mut Buffer, value: u32) {
    let digits = decimal(value);
    // The last digit stands even when it is zero.
    let zeros = (digits | 1 << 56).trailing_zeros() / 8;
    out.place(8 - zeros as usize, |place| {
        if let Some(eight) = place.first_chunk_mut() {
            *eight = ((digits + ZEROS) >> (zeros * 8)).to_le_bytes();
        }
    });
}

/// Eight decimal digits, the first in the lowest byte: halves, then quarters, then eighths divided side by side.
#[inline]
fn decimal(value: u32) -> u64 {
    let value = u64::from(value);
    let halves = (value / 10_000) | ((value % 10_000) << 32);
    let high = (halves * 10_486) >> 20 & 0x0000_007f_0000_007f;
    let quarters = high | (halves - 100 * high) << 16;
    let high = (quarters * 103) >> 10 & 0x000f_000f_000f_000f;
    high | (quarters - 10 * high) << 8
}

/// 128 bits as 32 digits.
#[inline]
pub(super) fn write_hex128(out: &mut Buffer, value: u128) {
    out.place(BLOCK, |place| {
        let (words, _) = place.as_chunks_mut::<8>();
        for (word, shift) in words.iter_mut().zip([96, 64, 32, 0]) {
            *word = eight_digits((value >> shift) as u32);
        }
    });
}

/// Bytes as two digits each.
pub(super) fn write_hex(out: &mut Buffer, bytes: &[u8]) {
    for &byte in bytes {
        out.fixed(&[hex(byte >> 4), hex(byte & 15)]);
    }
}

/// The digit of half a byte.
pub(super) fn hex(half: u8) -> u8 {
    if half < 10 { b'0' + half } else { b'a' + half - 10 }
}

/// An address as people write it.
pub(super) fn write_ip(out: &mut Buffer, ip: IpAddr) {
    match ip {
        IpAddr::V4(ip) => write_v4(out, ip),
        // Writing into a buffer cannot fail.
        IpAddr::V6(ip) => drop(write!(out, "{ip}")),
    }
}

/// All digits at once: each half byte gets a byte of its own, then all become text with the same few additions.
#[inline]
fn eight_digits(value: u32) -> [u8; 8] {
    let mut all = u64::from(value);
    all = (all << 16 | all) & 0x0000_ffff_0000_ffff;
    all = (all << 8 | all) & 0x00ff_00ff_00ff_00ff;
    all = (all << 4 | all) & 0x0f0f_0f0f_0f0f_0f0f;
    // 1 in every byte that holds ten or more; from `0` plus ten to `a` it is 39 more.
    let letters = (all + 0x0606_0606_0606_0606) >> 4 & 0x0101_0101_0101_0101;
    (all + 0x3030_3030_3030_3030 + letters * 39).to_be_bytes()
}

/// Each octet's text comes from a table and is moved to its place in one word: four writes would each wait for the length
/// of the one before.
fn write_v4(out: &mut Buffer, ip: Ipv4Addr) {
    let (mut text, mut len) = (0_u128, 0);
    for octet in ip.octets() {
        let word = OCTETS.get(usize::from(octet)).copied().unwrap_or_default();
        text |= u128::from(word) << (len * 8);
        len += 2 + u32::from(octet >= 10) + u32::from(octet >= 100);
    }
    // Without the last dot.
    out.place(len as usize - 1, |place| {
        if let Some(half) = place.first_chunk_mut() {
            *half = text.to_le_bytes();
        }
    });
}

/// The digits of each octet and a dot, the first in the lowest byte.
#[expect(clippy::indexing_slicing, reason = "done when this is compiled")]
const OCTETS: [u32; 256] = {
    let mut all = [0; 256];
    let mut octet = 0_u8;
    loop {
        let digits = [b'0' + octet / 100, b'0' + octet / 10 % 10, b'0' + octet % 10, b'.'];
        let skip = (octet < 100) as u32 + (octet < 10) as u32;
        // Digits that are not wanted are shifted out.
        all[octet as usize] = u32::from_le_bytes(digits) >> (skip * 8);
        if octet == 255 {
            break all;
        }
        octet += 1;
    }
};

/// The two digits of each number below a hundred, the first in the lower byte.
#[expect(clippy::indexing_slicing, reason = "done when this is compiled")]
const PAIRS: [u16; 100] = {
    let mut all = [0; 100];
    let mut two = 0;
    while two < 100 {
        all[two] = u16::from_le_bytes([b'0' + two as u8 / 10, b'0' + two as u8 % 10]);
        two += 1;
    }
    all
};

/// What eight digits hold.
const BLOCK_OF_DIGITS: u64 = 100_000_000;
/// Eight times the digit zero.
const ZEROS: u64 = 0x3030_3030_3030_3030;
