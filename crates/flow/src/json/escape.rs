//! Escaping of text, and base64.

use wide::i8x16;

use super::buffer::{BLOCK, Block, Buffer};
use super::number::hex;

/// Writes text for a JSON string: quotes, backslashes and controls (also DEL and U+0080 to U+009F, which terminals obey)
/// are escaped; bytes that are not UTF-8 become `\xNN`.
#[inline]
pub(super) fn write_text(out: &mut Buffer, text: &[u8]) {
    let mut rest = write_plain(out, text);
    while !rest.is_empty() {
        rest = write_special(out, rest);
        rest = write_plain(out, rest);
    }
}

/// Writes a body preview as [`write_text`] does, if it is UTF-8 but for a character cut at its end. False when it is not;
/// the caller takes back what was written by then. Bytes are looked at while they are copied, once.
pub(super) fn write_body(out: &mut Buffer, body: &[u8]) -> bool {
    let mut rest = body;
    let mut checked = false;
    loop {
        rest = write_lines(out, rest);
        let Some(first) = rest.first() else { return true };
        if !checked && !first.is_ascii() {
            checked = true;
            match text_of(rest) {
                Some(text) => rest = text.as_bytes(),
                None => return false,
            }
        }
        rest = write_special(out, rest);
    }
}

/// As [`write_plain`], and the usual escapes too: most text is lines, and most JSON is quotes.
#[inline]
fn write_lines<'a>(out: &mut Buffer, mut rest: &'a [u8]) -> &'a [u8] {
    while let Some((block, after)) = rest.split_first_chunk() {
        let plain = plain_len(block);
        let Some(first) = block.get(plain) else {
            out.put(block, BLOCK);
            rest = after;
            continue;
        };
        let letter = LETTERS.get(usize::from(*first)).copied().unwrap_or_default();
        if letter == 0 || plain + 2 > BLOCK {
            out.put(block, plain);
            return rest.get(plain..).unwrap_or_default();
        }
        out.place(plain + 2, |place| {
            *place = *block;
            if let Some(two) = place.get_mut(plain..plain + 2) {
                two.copy_from_slice(&[b'\\', letter]);
            }
        });
        rest = rest.get(plain + 1..).unwrap_or_default();
    }
    write_tail(out, rest)
}

/// The text of bytes, when they are UTF-8 but for a character cut at the end.
fn text_of(bytes: &[u8]) -> Option<&str> {
    match std::str::from_utf8(bytes) {
        Ok(text) => Some(text),
        Err(error) if error.error_len().is_none() => {
            bytes.get(..error.valid_up_to()).and_then(|head| std::str::from_utf8(head).ok())
        }
        Err(_) => None,
    }
}

/// Standard base64 with padding.
pub(super) fn write_base64(out: &mut Buffer, bytes: &[u8]) {
    const ALPHABET: &[u8; 64] = b"ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/";
    let digit = |bits: u32| ALPHABET.get((bits & 63) as usize).copied().unwrap_or(b'A');
    for three in bytes.chunks(3) {
        let byte = |at: usize| u32::from(three.get(at).copied().unwrap_or(0));
        let bits = byte(0) << 16 | byte(1) << 8 | byte(2);
        let digits = [
            digit(bits >> 18),
            digit(bits >> 12),
            if three.len() > 1 { digit(bits >> 6) } else { b'=' },
            if three.len() > 2 { digit(bits) } else { b'=' },
        ];
        out.fixed(&digits);
    }
}

/// Copies plain bytes; what is left begins with one that is not.
#[inline]
fn write_plain<'a>(out: &mut Buffer, mut rest: &'a [u8]) -> &'a [u8] {
    while let Some((block, after)) = rest.split_first_chunk() {
        let plain = plain_len(block);
        out.put(block, plain);
        if plain < BLOCK {
            return rest.get(plain..).unwrap_or_default();
        }
        rest = after;
    }
    write_tail(out, rest)
}

/// As [`write_plain`], of less than a block. The two ends, which may overlap, are looked at and copied in one go each.
#[inline]
fn write_tail<'a>(out: &mut Buffer, rest: &'a [u8]) -> &'a [u8] {
    let len = rest.len();
    let plain = if let (Some(head), Some(tail)) = (rest.first_chunk::<16>(), rest.last_chunk::<16>()) {
        let plain = first_of(odd(head) | odd(tail) << (len - 16), len);
        out.place(plain, |place| ends(place, len, head, tail));
        plain
    } else if let (Some(head), Some(tail)) = (rest.first_chunk::<8>(), rest.last_chunk::<8>()) {
        let bits = odd(&joined(u64::from_le_bytes(*head), u64::from_le_bytes(*tail)));
        let plain = first_of(bits & 0xff | bits >> 8 << (len - 8), len);
        out.place(plain, |place| ends(place, len, head, tail));
        plain
    } else if let (Some(head), Some(tail)) = (rest.first_chunk::<4>(), rest.last_chunk::<4>()) {
        let both = u64::from(u32::from_le_bytes(*head)) | u64::from(u32::from_le_bytes(*tail)) << 32;
        let bits = odd(&joined(both, PLAIN));
        let plain = first_of(bits & 0xf | (bits >> 4 & 0xf) << (len - 4), len);
        out.place(plain, |place| ends(place, len, head, tail));
        plain
    } else if let (Some(first), Some(last)) = (rest.first(), rest.last()) {
        // Up to three: the first, the middle (either of two is the other end) and the last.
        let middle = rest.get(len / 2).unwrap_or(last);
        let plain = rest.iter().take_while(|byte| !is_special(**byte)).count();
        out.place(plain, |[one, two, three, ..]| (*one, *two, *three) = (*first, *middle, *last));
        plain
    } else {
        return &[];
    };
    rest.get(plain..).unwrap_or_default()
}

/// Where the lowest set bit stands, `len` when there is none below that.
#[inline(always)]
fn first_of(bits: u64, len: usize) -> usize {
    (bits | 1 << len).trailing_zeros() as usize
}

#[inline(always)]
fn joined(low: u64, high: u64) -> [u8; 16] {
    (u128::from(low) | u128::from(high) << 64).to_le_bytes()
}

/// Text of `len` bytes by its two ends.
#[inline(always)]
fn ends<const N: usize>(place: &mut Block, len: usize, head: &[u8; N], tail: &[u8; N]) {
    if let Some(to) = place.first_chunk_mut() {
        *to = *head;
    }
    if let Some(to) = place.get_mut(len - N..).and_then(|rest| rest.first_chunk_mut()) {
        *to = *tail;
    }
}

/// How many bytes at the start of a block can be copied as they are: printable ASCII but quote and backslash.
#[inline(always)]
fn plain_len(block: &Block) -> usize {
    let (halves, _) = block.as_chunks::<16>();
    let [low, high] = halves else { return 0 };
    first_of(odd(low) | odd(high) << 16, BLOCK)
}

/// A bit for each byte that is not plain, that of the first the lowest.
#[inline(always)]
fn odd(bytes: &[u8; 16]) -> u64 {
    let bytes = i8x16::new(bytes.map(|byte| byte as i8));
    let is = |byte: u8| bytes.simd_eq(i8x16::splat(byte as i8));
    // Bytes that are not ASCII are negative here.
    let odd = bytes.simd_lt(i8x16::splat(0x20)) | is(0x7f) | is(b'"') | is(b'\\');
    u64::from(odd.to_bitmask())
}

#[inline]
fn is_special(byte: u8) -> bool {
    !(0x20..0x7f).contains(&byte) | (byte == b'"') | (byte == b'\\')
}

/// Writes the first character, which is not plain, and returns what follows it.
fn write_special<'a>(out: &mut Buffer, bytes: &'a [u8]) -> &'a [u8] {
    let Some((&first, rest)) = bytes.split_first() else { return &[] };
    match LETTERS.get(usize::from(first)) {
        Some(0) => write_unicode(out, first),
        Some(letter) => out.fixed(&[b'\\', *letter]),
        None => return write_wide(out, bytes),
    }
    rest
}

/// Writes the character of more than one byte at the start, or one bad byte.
fn write_wide<'a>(out: &mut Buffer, bytes: &'a [u8]) -> &'a [u8] {
    let head = bytes.get(..4).unwrap_or(bytes);
    let valid = match std::str::from_utf8(head) {
        Ok(text) => text,
        Err(error) => {
            head.get(..error.valid_up_to()).and_then(|head| std::str::from_utf8(head).ok()).unwrap_or_default()
        }
    };
    if let Some(character) = valid.chars().next() {
        if ('\u{80}'..='\u{9f}').contains(&character) {
            write_unicode(out, character as u8);
        } else {
            out.append(character.encode_utf8(&mut [0; 4]).as_bytes());
        }
        return bytes.get(character.len_utf8()..).unwrap_or_default();
    }
    if let Some((&bad, rest)) = bytes.split_first() {
        out.fixed(&[b'\\', b'\\', b'x', hex(bad >> 4), hex(bad & 15)]);
        return rest;
    }
    &[]
}

fn write_unicode(out: &mut Buffer, byte: u8) {
    out.fixed(&[b'\\', b'u', b'0', b'0', hex(byte >> 4), hex(byte & 15)]);
}

/// Eight plain bytes.
const PLAIN: u64 = 0x2020_2020_2020_2020;
/// The letter behind the backslash, of characters that have one.
#[expect(clippy::indexing_slicing, reason = "done when this is compiled")]
const LETTERS: [u8; 128] = {
    let mut letters = [0; 128];
    letters[b'\n' as usize] = b'n';
    letters[b'\r' as usize] = b'r';
    letters[b'\t' as usize] = b't';
    letters[b'"' as usize] = b'"';
    letters[b'\\' as usize] = b'\\';
    letters
};
