//! Where the body of a message ends: by length, by chunks, with the connection, or at once (RFC 9112 section 6.3).

use memchr::memchr;

use crate::{Chunk, Context, Side, Words};

use super::{draft::Draft, head};

/// What one direction is in the middle of.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(super) enum State {
    /// Between messages, or in a head that is not whole.
    #[default]
    Head,
    /// After a gap: the next message start is looked for.
    Sync,
    /// A body that ends before that offset.
    Length(u64),
    /// At the line with the size of a chunk.
    Size,
    /// In a chunk that ends before that offset.
    Data(u64),
    /// At the line end behind a chunk.
    DataEnd,
    /// In the trailers.
    Trailers,
    /// A body that ends with the connection.
    UntilClose,
    /// After CONNECT: nothing is read until the answer says what follows.
    Hold,
}

/// How far a body came.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Progress {
    /// So many bytes were used; more are needed.
    More(usize),
    /// So many were used, and the next need not be shown.
    Skip(usize, u64),
    /// So many were used, and the message is whole.
    Done(usize),
    /// It is not a body of this kind.
    Bad(&'static str),
}

/// Takes body bytes at `used` of the chunk.
pub(super) fn body(
    state: &mut State,
    draft: &mut Draft,
    chunk: &Chunk<'_>,
    mut used: usize,
    from: Side,
    cx: &mut Context<'_, '_>,
) -> Progress {
    let mask = cx.limits.mask && cx.redaction.is_on();
    loop {
        let rest = chunk.bytes.get(used..).unwrap_or_default();
        let at = chunk.offset + used as u64;
        match *state {
            State::Length(until) | State::Data(until) => {
                let missing = until.saturating_sub(at);
                let take = missing.min(rest.len() as u64) as usize;
                draft.push(rest.get(..take).unwrap_or_default(), at, mask);
                used += take;
                let left = missing - take as u64;
                if left > 0 {
                    // What the preview does not want is counted without being shown.
                    if draft.wants() {
                        return Progress::More(used);
                    }
                    draft.skip(left);
                    return Progress::Skip(used, left);
                }
                if matches!(*state, State::Length(_)) {
                    return Progress::Done(used);
                }
                *state = State::DataEnd;
            }
            State::DataEnd => match rest {
                [b'\r', b'\n', ..] => {
                    cx.clear(from, at, 2);
                    used += 2;
                    *state = State::Size;
                }
                [b'\n', ..] => {
                    used += 1;
                    *state = State::Size;
                }
                [] | [b'\r'] => return Progress::More(used),
                _ => return Progress::Bad("chunk_end"),
            },
            State::Size => {
                let Some(end) = memchr(b'\n', rest) else {
                    return if rest.len() > LONGEST_SIZE { Progress::Bad("chunk_size") } else { Progress::More(used) };
                };
                let line = rest.get(..end).unwrap_or_default();
                let Some(size) = size(line) else {
                    return Progress::Bad("chunk_size");
                };
                // Extensions are not looked at.
                let digits = line.iter().take_while(|byte| byte.is_ascii_hexdigit()).count();
                cx.clear(from, at, digits as u64);
                let ending = if line.ends_with(b"\r") { 2 } else { 1 };
                cx.clear(from, at + (end + 1 - ending) as u64, ending as u64);
                used += end + 1;
                let begin = chunk.offset + used as u64;
                *state = if size == 0 { State::Trailers } else { State::Data(begin.saturating_add(size)) };
            }
            State::Trailers => {
                let before = draft.spans().len();
                let mut head = head::Head::blank();
                let Some(len) = head::fields(rest, 0, draft.spans(), &mut head) else {
                    draft.spans().truncate(before);
                    return Progress::More(used);
                };
                if len <= 2 {
                    cx.clear(from, at, len as u64);
                } else {
                    draft.trailers(rest.get(..len).unwrap_or_default(), before);
                }
                add(&mut draft.odd, &head.odd);
                return Progress::Done(used + len);
            }
            State::UntilClose => {
                draft.push(rest, at, mask);
                draft.end = at + rest.len() as u64;
                draft.last_us = chunk.ts_us;
                return Progress::More(chunk.bytes.len());
            }
            State::Head | State::Sync | State::Hold => return Progress::Done(used),
        }
    }
}

/// The size of a chunk; extensions after it are skipped.
fn size(line: &[u8]) -> Option<u64> {
    let digits = line.iter().take_while(|byte| byte.is_ascii_hexdigit()).count();
    let rest = line.get(digits..)?.trim_ascii();
    if !(1..=15).contains(&digits) || !matches!(rest.first(), None | Some(b';')) {
        return None;
    }
    let text = std::str::from_utf8(line.get(..digits)?).ok()?;
    u64::from_str_radix(text, 16).ok()
}

fn add(to: &mut Words, from: &Words) {
    from.iter().for_each(|word| to.add(word));
}

/// The line with a chunk's size and extensions.
const LONGEST_SIZE: usize = 4096;
