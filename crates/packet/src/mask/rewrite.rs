//! Overwrites bytes of a packet and makes its checksum right again.

use crate::cut::{Layout, TCP, u16_at};

/// What stands where bytes may not be seen.
pub(crate) const FILL: u8 = b'*';

/// Computes the checksum of TCP or UDP anew, over all of the packet: what the kernel hands over from its own sockets often
/// has none yet. `end` is where the payload ends. False when it cannot be done.
pub(crate) fn checksum(bytes: &mut [u8], layout: &Layout, end: usize) -> bool {
    let Some(proto) = layout.proto else { return false };
    let is_v6 = bytes.get(layout.ip).is_some_and(|byte| byte >> 4 == 6);
    let place = layout.transport + if proto == TCP { 16 } else { 6 };
    if place + 2 > layout.headers || end < layout.headers {
        return false;
    }
    // A datagram over IPv4 may go without.
    if proto != TCP && !is_v6 && u16_at(bytes, place) == 0 {
        return true;
    }
    let addresses = if is_v6 { layout.ip + 8..layout.ip + 40 } else { layout.ip + 12..layout.ip + 20 };
    if let Some(sum) = bytes.get_mut(place..place + 2) {
        sum.fill(0);
    }
    let (Some(addresses), Some(text)) = (bytes.get(addresses), bytes.get(layout.transport..end)) else { return false };
    let len = text.len() as u64;
    let total = add(addresses) + add(text) + u64::from(proto) + (len & 0xffff) + (len >> 16);
    let mut sum = !fold(total);
    if sum == 0 && proto != TCP {
        sum = 0xffff;
    }
    if let Some(place) = bytes.get_mut(place..place + 2) {
        place.copy_from_slice(&sum.to_be_bytes());
    }
    true
}

/// The sum of the 16-bit words; a last byte counts as the high one.
fn add(bytes: &[u8]) -> u64 {
    let (words, rest) = bytes.as_chunks::<4>();
    let sum: u64 = words.iter().map(|word| u64::from(u32::from_be_bytes(*word))).sum();
    let mut last = [0; 4];
    last.iter_mut().zip(rest).for_each(|(to, from)| *to = *from);
    sum + u64::from(u32::from_be_bytes(last))
}

fn fold(mut sum: u64) -> u16 {
    while sum > 0xffff {
        sum = (sum & 0xffff) + (sum >> 16);
    }
    sum as u16
}
