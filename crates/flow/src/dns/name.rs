//! Domain names on the wire: labels and compression (RFC 1035 section 4.1.4), as text.

use wide::i8x16;

/// Appends the name at `at` as text without the last dot (the root is `.`) and gives the offset behind it.
///
/// A pointer must lead backwards and past no pointer already followed, and a name has at most 255 bytes, so work is
/// bounded. None when the bytes are no name. Bytes that are no printable text are written `\xNN`, a dot inside a label `\.`.
pub fn name(message: &[u8], at: usize, out: &mut String) -> Option<usize> {
    plain(message, at, out).or_else(|| thorough(message, at, out))
}

/// A name as most are: letters, digits, `-` and `_` in labels that follow each other, at their end perhaps one pointer to
/// more of them. None, and nothing appended, when it is another.
fn plain(message: &[u8], at: usize, out: &mut String) -> Option<usize> {
    // Between labels stands a hyphen until all of it was looked at.
    let mut text = [b'-'; ROOM];
    let (mut ends, mut labels) = ([0_u8; LABELS], 0);
    let (start, mut from, mut at, mut len, mut behind) = (at, at, at, 0, None);
    loop {
        let length = usize::from(*message.get(at)?);
        match length {
            1..=63 => {
                at += length + 1;
                *ends.get_mut(labels)? = u8::try_from(len + at - from - 1).ok()?;
                labels += 1;
                continue;
            }
            0 if labels > 0 => {}
            0xc0.. if behind.is_none() => behind = Some(at + 2),
            _ => return None,
        }
        // Labels that follow each other stand in the message as in the text, but for what is between them.
        let run = message.get(from + 1..at.max(from + 1))?;
        text.get_mut(len..len + run.len())?.copy_from_slice(run);
        if at > from {
            len += at - from;
        }
        if length == 0 {
            break;
        }
        let target = usize::from(u16::from_be_bytes([length as u8 & 0x3f, *message.get(at + 1)?]));
        at = Some(target).filter(|target| *target < start)?;
        from = at;
    }
    if len > MOST {
        return None;
    }
    let ends = ends.get(..labels)?;
    for end in ends {
        *text.get_mut(usize::from(*end))? = b'-';
    }
    // Behind each label stands a dot.
    let len = len - 1;
    if !is_plain(&text, len) {
        return None;
    }
    for end in ends {
        *text.get_mut(usize::from(*end))? = b'.';
    }
    out.push_str(std::str::from_utf8(text.get(..len)?).ok()?);
    Some(behind.unwrap_or(at + 1))
}

/// Whether the first `len` bytes are letters, digits, `-` and `_`. Behind them stand such.
#[inline]
fn is_plain(text: &[u8; ROOM], len: usize) -> bool {
    let (blocks, _) = text.as_chunks::<16>();
    blocks.iter().take(len.div_ceil(16)).all(|block| {
        let bytes = i8x16::new(block.map(|byte| byte as i8));
        let is = |byte: u8| bytes.simd_eq(i8x16::splat(byte as i8));
        let lower = bytes | i8x16::splat(0x20);
        // Bytes that are not ASCII are negative here.
        let letter = lower.simd_gt(i8x16::splat(b'a' as i8 - 1)) & lower.simd_lt(i8x16::splat(b'z' as i8 + 1));
        let digit = bytes.simd_gt(i8x16::splat(b'0' as i8 - 1)) & bytes.simd_lt(i8x16::splat(b'9' as i8 + 1));
        (letter | digit | is(b'-') | is(b'_')).all()
    })
}

/// As [`name`], of any name.
fn thorough(message: &[u8], at: usize, out: &mut String) -> Option<usize> {
    let start = out.len();
    let mut at = at;
    let mut lowest = at;
    let mut behind = None;
    let mut size = 0;
    loop {
        let length = *message.get(at)?;
        match length {
            0 => {
                if out.len() == start {
                    out.push('.');
                }
                return Some(behind.unwrap_or(at + 1));
            }
            1..=63 => {
                let end = at + 1 + usize::from(length);
                size += 1 + usize::from(length);
                if size > 254 {
                    return None;
                }
                if out.len() > start {
                    out.push('.');
                }
                label(message.get(at + 1..end)?, out);
                at = end;
            }
            0xc0.. => {
                let low = *message.get(at + 1)?;
                behind = behind.or(Some(at + 2));
                let target = usize::from(u16::from_be_bytes([length & 0x3f, low]));
                if target >= lowest {
                    return None;
                }
                (at, lowest) = (target, target);
            }
            _ => return None,
        }
    }
}

/// Skips a name without reading what a pointer leads to. None when cut or malformed.
pub(crate) fn skip(message: &[u8], at: usize) -> Option<usize> {
    let mut at = at;
    loop {
        match *message.get(at)? {
            0 => return Some(at + 1),
            length @ 1..=63 => at += 1 + usize::from(length),
            0xc0.. => return message.get(at + 1).map(|_| at + 2),
            _ => return None,
        }
    }
}

fn label(bytes: &[u8], out: &mut String) {
    let plain =
        bytes.iter().fold(true, |plain, byte| plain & (byte.is_ascii_alphanumeric() | matches!(byte, b'-' | b'_')));
    match std::str::from_utf8(bytes) {
        Ok(label) if plain => out.push_str(label),
        _ => text(bytes, b".", out),
    }
}

/// Bytes as text: UTF-8 as it is, anything else and control characters as `\xNN`, with `\` before `escaped` and itself.
pub(crate) fn text(bytes: &[u8], escaped: &[u8], out: &mut String) {
    for chunk in bytes.utf8_chunks() {
        for char in chunk.valid().chars() {
            if char == '\\' || u8::try_from(char).is_ok_and(|byte| byte.is_ascii() && escaped.contains(&byte)) {
                out.push('\\');
                out.push(char);
            } else if char.is_control() {
                let mut buffer = [0; 4];
                char.encode_utf8(&mut buffer).bytes().for_each(|byte| hex_escape(byte, out));
            } else {
                out.push(char);
            }
        }
        chunk.invalid().iter().for_each(|byte| hex_escape(*byte, out));
    }
}

/// Two lower-case hexadecimal digits.
pub(crate) fn hex(byte: u8, out: &mut String) {
    for nibble in [byte >> 4, byte & 0xf] {
        out.push(char::from_digit(u32::from(nibble), 16).unwrap_or('0'));
    }
}

fn hex_escape(byte: u8, out: &mut String) {
    out.push_str("\\x");
    hex(byte, out);
}

/// Bytes of a name as text with a dot behind each label.
const MOST: usize = 254;
/// The same, up to whole blocks.
const ROOM: usize = 256;
/// A name of more labels is not usual.
const LABELS: usize = 32;

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic, clippy::indexing_slicing)]

    use proptest::prelude::*;

    use super::*;

    proptest! {
        #[test]
        fn the_quick_way_says_what_the_thorough_one_says(
            message in proptest::collection::vec(
                prop_oneof![0..5_u8, Just(0xc0_u8), Just(b'a'), Just(b'_'), Just(b'.'), any::<u8>()], 0..48),
            at in 0..24_usize,
        ) {
            let (mut quick, mut slow) = (String::from("before "), String::from("before "));
            if let Some(end) = plain(&message, at, &mut quick) {
                prop_assert_eq!(Some(end), super::thorough(&message, at, &mut slow));
                prop_assert_eq!(quick, slow);
            } else {
                prop_assert_eq!(quick, "before ");
            }
        }
    }
}
