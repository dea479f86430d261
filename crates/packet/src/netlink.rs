//! The framing of netlink: messages, and attributes in them, each behind its length.

use crate::words::{u16_at, u32_at};

/// The first message, and what follows it. Lengths are rounded up to four bytes.
pub(crate) fn message(bytes: &[u8]) -> Option<(&[u8], &[u8])> {
    let len = u32_at(bytes, 0) as usize;
    if len < HEADER {
        return None;
    }
    Some((bytes.get(..len)?, bytes.get(len.next_multiple_of(4)..).unwrap_or_default()))
}

/// The first attribute, with its head of four bytes, and what follows it.
pub(crate) fn attribute(bytes: &[u8]) -> Option<(&[u8], &[u8])> {
    let len = usize::from(u16_at(bytes, 0));
    if len < 4 {
        return None;
    }
    Some((bytes.get(..len)?, bytes.get(len.next_multiple_of(4)..).unwrap_or_default()))
}

/// The head of a message: length, kind, flags, number, port.
pub(crate) const HEADER: usize = 16;
