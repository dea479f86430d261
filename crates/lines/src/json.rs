//! Members of records, found in the line that was just written: no tree, no copy.
//!
//! The lines are our own, so they are well formed; a line that is not has no members here.

use memchr::memchr2;

/// The raw value at a path of names with dots: `response.len`.
#[must_use]
pub fn get<'a>(object: &'a [u8], path: &str) -> Option<&'a [u8]> {
    let mut at = object;
    for name in path.split('.') {
        at = members(at).find(|(have, _)| *have == name.as_bytes())?.1;
    }
    Some(at)
}

/// Names and raw values of an object.
pub fn members(object: &[u8]) -> impl Iterator<Item = (&[u8], &[u8])> {
    let mut rest = object.strip_prefix(b"{").unwrap_or_default();
    std::iter::from_fn(move || {
        let (name, after) = rest.split_at_checked(value_len(rest)?)?;
        let name = name.strip_prefix(b"\"")?.strip_suffix(b"\"")?;
        let after = after.strip_prefix(b":")?;
        let (value, after) = after.split_at_checked(value_len(after)?)?;
        rest = after.strip_prefix(b",").unwrap_or_default();
        Some((name, value))
    })
}

/// Raw values of an array.
pub fn elements(array: &[u8]) -> impl Iterator<Item = &[u8]> {
    let mut rest = array.strip_prefix(b"[").unwrap_or_default();
    std::iter::from_fn(move || {
        let (value, after) = rest.split_at_checked(value_len(rest)?)?;
        rest = after.strip_prefix(b",").unwrap_or_default();
        Some(value)
    })
}

/// How long the value is that begins here.
fn value_len(bytes: &[u8]) -> Option<usize> {
    match bytes.first()? {
        b'"' => string_len(bytes),
        b'{' | b'[' => {
            let (mut depth, mut at) = (0_usize, 0);
            loop {
                match bytes.get(at)? {
                    b'"' => at += string_len(bytes.get(at..)?)?,
                    b'{' | b'[' => (depth, at) = (depth + 1, at + 1),
                    b'}' | b']' => {
                        (depth, at) = (depth - 1, at + 1);
                        if depth == 0 {
                            return Some(at);
                        }
                    }
                    _ => at += 1,
                }
            }
        }
        b'}' | b']' => None,
        _ => Some(bytes.iter().position(|byte| matches!(byte, b',' | b'}' | b']')).unwrap_or(bytes.len())),
    }
}

fn string_len(bytes: &[u8]) -> Option<usize> {
    let mut at = 1;
    loop {
        at += memchr2(b'"', b'\\', bytes.get(at..)?)?;
        match bytes.get(at)? {
            b'"' => return Some(at + 1),
            _ => at += 2,
        }
    }
}

/// Appends a value as plain text: strings without quotes and escapes, arrays as their elements with commas, the rest as
/// it is.
pub fn text(value: &[u8], out: &mut String) {
    match value.first() {
        Some(b'"') => unescape(value.get(1..value.len().saturating_sub(1)).unwrap_or_default(), out),
        Some(b'[') => {
            for (at, element) in elements(value).enumerate() {
                if at > 0 {
                    out.push(',');
                }
                text(element, out);
            }
        }
        _ => out.push_str(std::str::from_utf8(value).unwrap_or_default()),
    }
}

fn unescape(raw: &[u8], out: &mut String) {
    let raw = std::str::from_utf8(raw).unwrap_or_default();
    let Some(first) = raw.find('\\') else { return out.push_str(raw) };
    let (plain, rest) = raw.split_at_checked(first).unwrap_or_default();
    out.push_str(plain);
    let mut chars = rest.chars();
    let mut high = None;
    while let Some(char) = chars.next() {
        if char != '\\' {
            out.push(char);
            continue;
        }
        match chars.next() {
            Some('n') => out.push('\n'),
            Some('r') => out.push('\r'),
            Some('t') => out.push('\t'),
            Some('b') => out.push('\u{8}'),
            Some('f') => out.push('\u{c}'),
            Some('u') => {
                let digits: String = chars.by_ref().take(4).collect();
                let unit = u16::from_str_radix(&digits, 16).unwrap_or(0xfffd);
                if (0xd800..0xdc00).contains(&unit) {
                    high = Some(unit);
                } else {
                    let units = high.take().into_iter().chain([unit]);
                    out.extend(char::decode_utf16(units).map(|char| char.unwrap_or('\u{fffd}')));
                }
            }
            Some(other) => out.push(other),
            None => {}
        }
    }
}

#[cfg(test)]
mod tests;
