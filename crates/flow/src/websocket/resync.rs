//! Finds the begin of a frame after a loss. A frame head is short and most bytes could be one, so several must follow each
//! other, each where the one before ends.

use super::frame::FrameHead;
use crate::Side;

/// Where a frame begins.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Found {
    Frame(usize),
    /// Nothing before here; more bytes are needed to judge it.
    Wait(usize),
}

/// Searches forward in bytes of one side. `most` is how many bytes may be waited for.
pub(super) fn search(bytes: &[u8], from: Side, most: usize) -> Found {
    let mut at = 0;
    while let Some(rest) = bytes.get(at..).filter(|rest| !rest.is_empty()) {
        match judge(rest, from) {
            Some(true) => return Found::Frame(at),
            None if rest.len() < most => return Found::Wait(at),
            _ => at += 1,
        }
    }
    Found::Wait(bytes.len())
}

/// Whether frames begin here. None when more bytes are needed.
fn judge(bytes: &[u8], from: Side) -> Option<bool> {
    let mut rest = bytes;
    for _ in 0..CHAIN {
        let Ok(head) = FrameHead::read(rest) else { return Some(false) };
        let head = head?;
        if head.mask.is_some() != (from == Side::Client) || head.len > MOST_LIKELY {
            return Some(false);
        }
        rest = rest.get(head.size + head.len as usize..)?;
    }
    Some(true)
}

/// Heads that must follow each other: by chance one in 2^5 bytes begins a head, so one in 2^30 begins so many.
const CHAIN: usize = 6;
/// A longer frame does not count as one, because the next head would be too far away.
const MOST_LIKELY: u64 = 8 << 10;
