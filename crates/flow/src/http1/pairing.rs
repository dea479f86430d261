//! Which request a response belongs to.
//!
//! On a connection seen whole, the first answers the first. After bytes went missing order alone proves nothing. Then a
//! response is paired only on evidence: its sender had acknowledged all of the request and nothing of the next; the
//! client had received everything up to exactly this response when it sent the request; what was missing before the
//! request had been answered before it, or the client was seen to take turns with the server; and it was never seen to
//! send requests without waiting. Else both sides go out as they are, unpaired.
//!
//! A turn is one request, one whole response and the next request, with nothing between them, the next one sent when exactly
//! that response was received. A client that sends several requests at once leaves no such turns.

use std::collections::VecDeque;

use super::draft::Draft;

/// What is known about losses of a connection.
#[derive(Debug, Default)]
pub(super) struct Pairing {
    /// The last hole among the requests ends there.
    hole: Option<u64>,
    /// The server's first byte after it had acknowledged that hole.
    answer: Option<u64>,
    /// How much the server had acknowledged when it sent which byte first, the newest last: holes are told of late.
    acks: [(u64, u64); ACKS],
    /// Responses may be missing.
    server_lossy: bool,
    /// Requests were sent before earlier ones were answered.
    pipelined: bool,
    /// Behind the last request and its response, both whole and sure.
    last: Option<(u64, u64)>,
    /// How often the client waited for one response and then asked again.
    turns: u8,
}

impl Pairing {
    /// The begin of the connection was not seen.
    pub(super) fn joined_late(&mut self) {
        self.hole = Some(0);
        self.server_lossy = true;
    }

    /// Requests are missing up to there.
    pub(super) fn client_hole(&mut self, end: u64) {
        // What is older than is kept makes the answer later than it was, which proves less.
        let answer = self.acks.iter().find(|(acked, _)| *acked >= end).map(|(_, offset)| *offset);
        (self.hole, self.answer) = (Some(end), answer);
    }

    /// Responses are missing.
    pub(super) fn server_hole(&mut self) {
        self.server_lossy = true;
    }

    /// Whether anything is known to be missing.
    pub(super) fn is_lossy(&self) -> bool {
        self.server_lossy || self.hole.is_some()
    }

    /// Bytes of the server arrived.
    pub(super) fn server_bytes(&mut self, offset: u64, acked: u64) {
        if self.acks.last().is_some_and(|(before, _)| acked > *before) {
            self.acks.rotate_left(1);
            if let Some(last) = self.acks.last_mut() {
                *last = (acked, offset);
            }
        }
        if self.answer.is_none() && self.hole.is_some_and(|hole| acked >= hole) {
            self.answer = Some(offset);
        }
    }

    /// A request begins. Decides what order will prove for it.
    pub(super) fn request(&mut self, draft: &mut Draft, queue: &VecDeque<Box<Draft>>, answering: bool) {
        draft.after_hole = self.hole.is_some();
        draft.hole_answered = self.answer.is_some_and(|answer| draft.acked > answer);
        if self.last.take() == Some((draft.start, draft.acked)) {
            self.turns = self.turns.saturating_add(1);
        }
        self.pipelined |= answering || queue.back().is_some_and(|last| last.acked == draft.acked);
    }

    /// A request was answered by a response, for certain.
    pub(super) fn answered(&mut self, request: &Draft, response: &Draft) {
        let is_whole = |draft: &Draft| draft.complete && !draft.is_cut && !draft.has_gap;
        let is_turn = is_whole(request) && is_whole(response) && request.acked == response.start;
        self.last = is_turn.then_some((request.end, response.end));
    }

    /// Requests that can have no answer any more, as the client went on after what it received.
    pub(super) fn is_over(&self, old: &Draft, new: &Draft) -> bool {
        self.is_lossy() && !self.pipelined && old.complete && old.acked < new.acked
    }

    /// The position in the queue of the request that this response answers.
    pub(super) fn find(&self, queue: &VecDeque<Box<Draft>>, response: &Draft) -> Option<usize> {
        let first = queue.front()?;
        if !self.server_lossy && !first.after_hole {
            return Some(0);
        }
        if self.pipelined {
            return None;
        }
        let at = queue.iter().rposition(|request| request.complete && request.end <= response.acked)?;
        let request = queue.get(at)?;
        let proved = request.acked == response.start
            && !request.is_cut
            && (!request.after_hole || request.hole_answered || self.turns >= TURNS)
            && queue.get(at + 1).is_none_or(|next| next.end > response.acked);
        proved.then_some(at)
    }
}

/// Answers are kept in mind for so many requests.
const ACKS: usize = 4;
/// So many turns, and never anything else, are how a client is.
const TURNS: u8 = 3;
