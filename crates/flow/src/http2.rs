//! HTTP/2 (RFC 9113) as an observer sees it: frames of both sides, streams, one `http` record for each.
//!
//! ```text
//! bytes ─ Lane (frames, HPACK; one for each direction) ─▶ Connection ─ Stream (request, response) ─▶ record
//! ```
//!
//! A connection may be joined anywhere and may lose bytes anywhere. Bytes lost inside a DATA frame are counted. Bytes lost
//! elsewhere lose the framing and the header table of that direction: frames are then searched for, and fields that stand
//! in the lost table are shown as unknown. Requests and responses are joined by their stream's number and by nothing else.

pub(crate) mod connection;
mod frame;
mod half;
mod head;
mod lane;
mod resync;
mod stream;
mod streams;
mod windows;

#[cfg(test)]
mod tests;

use crate::{AfterGap, Chunk, Context, End, Gap, Parser, Side, Step};
use connection::Connection;
use frame::{FrameHead, PREFACE, SETTINGS};
use lane::Lane;

/// The parser of one HTTP/2 connection.
pub struct Http2 {
    lanes: [Lane; 2],
    connection: Connection,
    ended: [bool; 2],
    is_begun: bool,
}

impl Default for Http2 {
    fn default() -> Self {
        Self { lanes: Default::default(), connection: Connection::new(), ended: [false; 2], is_begun: false }
    }
}

impl Parser for Http2 {
    fn data(&mut self, from: Side, chunk: &Chunk<'_>, cx: &mut Context<'_, '_>) -> Step {
        if !std::mem::replace(&mut self.is_begun, true)
            && let Some(asked) = cx.facts.upgrade.as_ref().and_then(|upgrade| upgrade.asked.clone())
        {
            self.connection.upgraded(&asked, cx);
        }
        let [client, server] = &mut self.lanes;
        let lane = if from == Side::Client { client } else { server };
        let step = lane.data(from, chunk, &mut self.connection, cx);
        if from == Side::Client {
            self.connection.tell_answers(cx);
        }
        step
    }

    fn gap(&mut self, from: Side, gap: &Gap, cx: &mut Context<'_, '_>) -> AfterGap {
        let [client, server] = &mut self.lanes;
        let lane = if from == Side::Client { client } else { server };
        let after = lane.gap(from, gap, &mut self.connection, cx);
        if from == Side::Client {
            self.connection.tell_answers(cx);
        }
        after
    }

    fn end(&mut self, from: Side, how: End, cx: &mut Context<'_, '_>) {
        if let Some(ended) = self.ended.get_mut(from.index()) {
            *ended = true;
        }
        // After its FIN the client may still get what it asked for; nothing else can follow the end of the server.
        let is_over = from == Side::Server || how != End::Fin || self.ended == [true; 2];
        if is_over {
            self.connection.finish(cx);
        }
    }

    fn wake(&mut self, now_us: i64, cx: &mut Context<'_, '_>) {
        self.connection.wake(now_us, cx);
    }

    fn pending(&self, from: Side) -> Option<u64> {
        let [client, server] = &self.lanes;
        let lane = if from == Side::Client { client } else { server };
        lane.pending().into_iter().chain(self.connection.pending(from)).min()
    }

    fn heap(&self) -> usize {
        self.connection.heap() + self.lanes.iter().map(Lane::heap).sum::<usize>()
    }
}

/// Who sends bytes that begin like this, when they tell.
#[must_use]
pub fn sender(bytes: &[u8]) -> Option<Side> {
    if bytes.starts_with(PREFACE) { Some(Side::Client) } else { resync::sender(bytes) }
}

/// Whether the begin of a connection is HTTP/2, or a frame of one that was joined later. None when more bytes are needed.
#[must_use]
pub fn looks(from: Side, bytes: &[u8]) -> Option<bool> {
    match begins(from, bytes) {
        Some(false) => resync::looks_midway(bytes),
        answer => answer,
    }
}

fn begins(from: Side, bytes: &[u8]) -> Option<bool> {
    match from {
        Side::Client => {
            let common = bytes.len().min(PREFACE.len());
            if bytes.get(..common) != PREFACE.get(..common) {
                return Some(false);
            }
            (common == PREFACE.len()).then_some(true)
        }
        // A server begins with its settings, which acknowledge nothing.
        Side::Server => {
            let head = FrameHead::read(bytes)?;
            Some(head.kind == SETTINGS && head.flags == 0 && head.is_likely(MOST_SETTINGS))
        }
    }
}

/// The settings of a first frame: none has more than a dozen.
const MOST_SETTINGS: u32 = 256;
