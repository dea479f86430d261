//! Escaping of text, and base64.

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
        out.put(block, plain);
        if plain == BLOCK {
            rest = after;
            continue;
        }
        let Some((first, after)) = rest.get(plain..).and_then(<[u8]>::split_first) else { return &[] };
        match LETTERS.get(usize::from(*first)) {
            Some(letter) if *letter != 0 => out.fixed(&[b'\\', *letter]),
            _ => return rest.get(plain..).unwrap_or_default(),
        }
        rest = after;
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
    if let (Some(head), Some(tail)) = (rest.first_chunk::<16>(), rest.last_chunk::<16>()) {
        if !has_special(head) && !has_special(tail) {
            out.place(len, |place| ends(place, len, head, tail));
            return &[];
        }
    } else if let (Some(head), Some(tail)) = (rest.first_chunk::<8>(), rest.last_chunk::<8>()) {
        if special(*head) | special(*tail) == 0 {
            out.place(len, |place| ends(place, len, head, tail));
            return &[];
        }
    } else if let (Some(head), Some(tail)) = (rest.first_chunk::<4>(), rest.last_chunk::<4>()) {
        let both = [head, tail].map(|half| u64::from(u32::from_le_bytes(*half)));
        let [low, high] = both;
        if special((low | high << 32).to_le_bytes()) == 0 {
            out.place(len, |place| ends(place, len, head, tail));
            return &[];
        }
    }
    if let (Some(first), Some(last)) = (rest.first(), rest.last()) {
        // Up to three: the first, the middle (either of two is the other end) and the last.
        let middle = rest.get(len / 2).unwrap_or(last);
        if len < 4 && !(is_special(*first) | is_special(*middle) | is_special(*last)) {
            out.place(len, |[one, two, three, ..]| (*one, *two, *three) = (*first, *middle, *last));
            return &[];
        }
    }
    let plain = rest.iter().position(|byte| is_special(*byte)).unwrap_or(len);
    let (head, tail) = rest.split_at_checked(plain).unwrap_or((rest, &[]));
    head.iter().for_each(|byte| out.push(*byte));
    tail
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

/// Whether any byte is not plain, without asking which: this becomes a few vector instructions.
#[inline]
fn has_special<const N: usize>(bytes: &[u8; N]) -> bool {
    bytes.iter().fold(false, |odd, byte| odd | is_special(*byte))
}

/// How many bytes at the start of a block can be copied as they are: printable ASCII but quote and backslash.
#[inline]
fn plain_len(block: &Block) -> usize {
    // A byte for each, then a bit for each: this becomes vector instructions and four products, without a branch.
    let mut flags = [0; BLOCK];
    for (flag, byte) in flags.iter_mut().zip(block) {
        *flag = u8::from(is_special(*byte));
    }
    let (words, _) = flags.as_chunks::<8>();
    let bits =
        words.iter().rev().fold(0, |bits, word| bits << 8 | u64::from_le_bytes(*word).wrapping_mul(GATHER) >> 56);
    (bits | 1 << BLOCK).trailing_zeros() as usize
}

/// Set in the high bit of each byte that is below 0x20, equal to quote, backslash or DEL, or not ASCII. A borrow can only
/// come from a lower byte that is set itself, so the lowest set bit is exact.
#[inline]
fn special(word: [u8; 8]) -> u64 {
    const ONES: u64 = 0x0101_0101_0101_0101;
    let word = u64::from_le_bytes(word);
    let quote = word ^ (ONES * u64::from(b'"'));
    let slash = word ^ (ONES * u64::from(b'\\'));
    let del = word ^ (ONES * 0x7f);
    (word.wrapping_sub(ONES * 0x20)
        | quote.wrapping_sub(ONES)
        | slash.wrapping_sub(ONES)
        | del.wrapping_sub(ONES)
        | word)
        & (ONES * 0x80)
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

/// The product of eight bytes, each 0 or 1, with this has them as bits in its high byte.
const GATHER: u64 = 0x0102_0408_1020_4080;

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
