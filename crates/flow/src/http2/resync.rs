//! Finds the begin of a frame in bytes that begin anywhere: after a loss, or where a capture joins a connection.
//!
//! One frame head that is possible proves little. What counts: a whole header block that is valid HPACK, or a second
//! frame head exactly where the first frame ends. The answer does not depend on how the bytes are cut: a place that
//! cannot be judged yet is waited for.

use super::frame::{END_HEADERS, FrameHead, HEADERS, MOST_PAYLOAD, PREFACE, fragment};
use crate::Side;
use crate::hpack::Decoder;

/// What a search found.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Found {
    /// A frame begins here.
    Frame(usize),
    /// The client's preface begins here.
    Preface(usize),
    /// Nothing before here; more bytes are needed to judge it.
    Wait(usize),
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Verdict {
    Yes,
    No,
    More,
}

/// Searches forward. `newest` is the highest stream known, 0 for none.
pub(super) fn search(bytes: &[u8], newest: u32) -> Found {
    let mut at = 0;
    while let Some(rest) = bytes.get(at..).filter(|rest| !rest.is_empty()) {
        let common = rest.len().min(PREFACE.len());
        if rest.get(..common) == PREFACE.get(..common) {
            return if common == PREFACE.len() { Found::Preface(at) } else { Found::Wait(at) };
        }
        match judge(rest, newest) {
            Verdict::Yes => return Found::Frame(at),
            Verdict::More => return Found::Wait(at),
            Verdict::No => at += 1,
        }
    }
    Found::Wait(bytes.len())
}

/// Whether a stream that was joined somewhere is HTTP/2, and this is the begin of a frame. None when more bytes are needed.
pub(super) fn looks_midway(bytes: &[u8]) -> Option<bool> {
    match judge(bytes, 0) {
        Verdict::Yes => Some(true),
        Verdict::No => Some(false),
        Verdict::More => None,
    }
}

/// Who sends the first header block of frames that begin here: requests have a method, responses a status.
pub(super) fn sender(bytes: &[u8]) -> Option<Side> {
    if judge(bytes, 0) != Verdict::Yes {
        return None;
    }
    let mut rest = bytes;
    for _ in 0..16 {
        let head = FrameHead::read(rest).filter(|head| head.is_likely(MOST_PAYLOAD))?;
        let payload = rest.get(FrameHead::LEN..head.total())?;
        rest = rest.get(head.total()..)?;
        if head.kind != HEADERS || !head.has(END_HEADERS) {
            continue;
        }
        let (block, ..) = fragment(&head, payload)?;
        let mut sender = None;
        let read = Decoder::midway().block(block, &mut |field| match field.name {
            Some(b":method") => sender = Some(Side::Client),
            Some(b":status") => sender = Some(Side::Server),
            _ => {}
        });
        if read.is_err() || sender.is_some() {
            return sender.filter(|_| read.is_ok());
        }
    }
    None
}

fn judge(bytes: &[u8], newest: u32) -> Verdict {
    let Some(head) = FrameHead::read(bytes) else { return possible_prefix(bytes) };
    if !head.is_likely(MOST_PAYLOAD) || is_far(head.stream, newest) {
        return Verdict::No;
    }
    if head.kind == HEADERS && head.has(END_HEADERS) && head.len > 0 {
        let Some(payload) = bytes.get(FrameHead::LEN..head.total()) else { return Verdict::More };
        let is_block = fragment(&head, payload)
            .is_some_and(|(block, ..)| !block.is_empty() && Decoder::midway().block(block, &mut |_| ()).is_ok());
        if !is_block {
            return Verdict::No;
        }
        // A second head that is not one refutes it; one that is not there yet does not.
        return match bytes.get(head.total()..).and_then(FrameHead::read) {
            Some(next) if !next.is_likely(MOST_PAYLOAD) => Verdict::No,
            _ => Verdict::Yes,
        };
    }
    let next = bytes.get(head.total()..).unwrap_or_default();
    match FrameHead::read(next) {
        Some(next) if next.is_likely(MOST_PAYLOAD) && !is_far(next.stream, newest.max(head.stream)) => Verdict::Yes,
        Some(_) => Verdict::No,
        None => Verdict::More,
    }
}

/// The first bytes of a head: its length and kind alone rule out most places.
fn possible_prefix(bytes: &[u8]) -> Verdict {
    let mut padded = [0; FrameHead::LEN];
    padded.iter_mut().zip(bytes).for_each(|(to, from)| *to = *from);
    let [first, second, _, kind, ..] = padded;
    let is_too_long = first != 0 || (bytes.len() > 1 && second > 0x40);
    if is_too_long || (bytes.len() > 3 && kind > 9) { Verdict::No } else { Verdict::More }
}

/// Streams are numbered in order, so none is far above all others.
fn is_far(stream: u32, newest: u32) -> bool {
    newest > 0 && stream > newest.saturating_add(1 << 16)
}
