//! Addresses in the text of a filter: IPv4 with dots, IPv6, MAC, DECnet.

use std::net::Ipv6Addr;

/// The MAC address at the head of `rest` in one of the usual forms, and its length: six pairs of hexadecimal digits
/// with `:`, `-` or `.`, three groups of four with `.`, or twelve digits.
pub(crate) fn mac(rest: &str) -> Option<([u8; 6], usize)> {
    let mut best = None;
    for (groups, digits, separator) in
        [(6, 2, Some(b':')), (6, 2, Some(b'-')), (6, 2, Some(b'.')), (3, 4, Some(b'.')), (1, 12, None)]
    {
        if let Some(found) = grouped(rest.as_bytes(), groups, digits, separator)
            && best.is_none_or(|(_, length)| found.1 > length)
        {
            best = Some(found);
        }
    }
    best
}

/// `groups` groups of hexadecimal digits; groups of two may have one digit.
fn grouped(bytes: &[u8], groups: usize, digits: usize, separator: Option<u8>) -> Option<([u8; 6], usize)> {
    let mut value: u64 = 0;
    let mut at = 0;
    for group in 0..groups {
        if group > 0 {
            if bytes.get(at).copied() != separator {
                return None;
            }
            at += 1;
        }
        let taken = bytes.get(at..)?.iter().take(digits).take_while(|byte| byte.is_ascii_hexdigit()).count();
        if taken == 0 || (digits != 2 && taken != digits) {
            return None;
        }
        let text = std::str::from_utf8(bytes.get(at..at + taken)?).ok()?;
        value = (value << (4 * digits)) | u64::from_str_radix(text, 16).ok()?;
        at += taken;
    }
    let [_, _, address @ ..] = value.to_be_bytes();
    Some((address, at))
}

/// The IPv6 address at the head of `rest`, and its length.
pub(crate) fn ip6(rest: &str) -> Option<(Ipv6Addr, usize)> {
    let run = rest.bytes().take(45).take_while(|byte| byte.is_ascii_hexdigit() || matches!(byte, b':' | b'.')).count();
    let run = rest.get(..run)?;
    if !run.contains(':') {
        return None;
    }
    (2..=run.len()).rev().find_map(|length| Some((run.get(..length)?.parse().ok()?, length)))
}

/// The number of one to four decimal parts with dots, and how many bits they make; `None` when a part is over 255.
pub(crate) fn ip4(text: &str) -> Option<(u32, u32)> {
    let mut value = 0;
    let mut bits = 0;
    for part in text.split('.') {
        if part.is_empty() || !part.bytes().all(|byte| byte.is_ascii_digit()) {
            return None;
        }
        value = (value << 8) | u32::from(part.parse::<u8>().ok()?);
        bits += 8;
    }
    (bits <= 32).then_some((value, bits))
}

/// A DECnet address `area.node`: six bits and ten.
pub(crate) fn decnet(text: &str) -> Option<u16> {
    let (area, node) = text.split_once('.')?;
    let (area, node): (u16, u16) = (area.parse().ok()?, node.parse().ok()?);
    (area < 64 && node < 1024).then_some((area << 10) | node)
}
