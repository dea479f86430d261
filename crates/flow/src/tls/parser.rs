//! The parser of one TLS connection: cuts the stream into records and keeps them in order while they wait for keys.

use super::{
    crypto::Sealed,
    half::{Epoch, Half},
    held::{Held, LOOK_US, Meta, WAIT_US},
    session::Session,
    wire::{DATA, HEAD, Head, Read},
};
use crate::mesh::Carried;
use crate::{AfterGap, Chunk, Context, Dialog, End, Gap, Parser, Side, Step, Vouch};

/// One connection.
#[derive(Default)]
pub struct Tls {
    pub(super) session: Session,
    pub(super) halves: [Half; 2],
    /// All records since the first that waits for its keys.
    held: Held,
    held_since_us: Option<i64>,
    /// Waiting was in vain.
    waited: bool,
    /// The key store's generation when the records that wait were last tried.
    tried: u64,
    /// The client's early data, until the server has said whether it takes it.
    pub(super) early: Held,
    pub(super) inner: Option<Box<Dialog>>,
    pub(super) inner_wake: Option<i64>,
    pub(super) scratch: Vec<u8>,
}

/// What became of a record.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Taken {
    Done,
    /// Its keys may still come.
    Wait,
}

impl Tls {
    pub(super) fn half(&mut self, side: Side) -> &mut Half {
        let [client, server] = &mut self.halves;
        match side {
            Side::Client => client,
            Side::Server => server,
        }
    }

    fn half_ref(&self, side: Side) -> &Half {
        let [client, server] = &self.halves;
        match side {
            Side::Client => client,
            Side::Server => server,
        }
    }

    /// Whether records without keys may wait for them.
    pub(super) fn may_wait(&self, cx: &Context<'_, '_>) -> bool {
        cx.keys.is_in_use() && !self.waited && self.session.random.is_some() && cx.facts.layers < LAYERS
    }

    /// Whether the body of a record has to be seen.
    fn wants(&self, side: Side, head: &Head, cx: &Context<'_, '_>) -> bool {
        let half = self.half_ref(side);
        if !self.held.is_empty() {
            // What waits before it decides under which keys it is.
            return true;
        }
        if head.kind != DATA {
            return half.epoch != Epoch::Sealed || self.wants_sealed(half, cx);
        }
        match half.epoch {
            Epoch::EarlyOffered => self.may_wait(cx),
            Epoch::Clear => false,
            _ => self.wants_sealed(half, cx),
        }
    }

    fn wants_sealed(&self, half: &Half, cx: &Context<'_, '_>) -> bool {
        !half.dead
            && cx.facts.layers < LAYERS
            && (half.opener.is_some()
                || (cx.keys.is_in_use() && half.checked != Some(cx.keys.generation()))
                || self.may_wait(cx)
                || self.session.is_null())
    }

    /// Takes a record, or lets it wait behind those that do.
    fn record(&mut self, side: Side, record: &Sealed<'_>, meta: &Meta, cx: &mut Context<'_, '_>) {
        if !self.held.is_empty() {
            self.held.push(side, record, meta);
            return self.look_again(meta.ts_us, false, cx);
        }
        if self.take(side, record, meta, cx) == Taken::Wait {
            self.held.push(side, record, meta);
            let since = *self.held_since_us.get_or_insert(meta.ts_us);
            self.tried = cx.keys.generation();
            cx.wake_at((meta.ts_us + LOOK_US).min(since + WAIT_US));
        }
    }

    /// Tries records that wait again when there are new keys; `finally`: or passes over what has none.
    fn look_again(&mut self, now_us: i64, finally: bool, cx: &mut Context<'_, '_>) {
        if self.held.is_empty() {
            return;
        }
        let late = self.held_since_us.is_some_and(|since| now_us >= since + WAIT_US);
        self.waited |= finally || late || self.held.is_full();
        let generation = cx.keys.generation();
        if !self.waited && generation == self.tried {
            return cx.wake_at(now_us + LOOK_US);
        }
        self.tried = generation;
        while let Some(held) = self.held.pop() {
            if self.take(held.side, &held.sealed(), &held.meta, cx) == Taken::Wait {
                self.held.unpop(held);
                return cx.wake_at(now_us + LOOK_US);
            }
        }
        self.tell_ends(cx);
    }

    /// A record whose body was not wanted.
    fn pass(&mut self, side: Side, head: &Head, meta: &Meta, cx: &mut Context<'_, '_>) {
        self.note_sealed(side, head.kind, head.len, meta);
        let half = self.half(side);
        if half.epoch == Epoch::Clear {
            // Data without a handshake: it began before the capture.
            if self.session.random.is_none() {
                cx.facts.verdict.get_or_insert(self.session.verdict(cx.keys));
            }
            return;
        }
        half.seq += 1;
        self.session.passed |= half.epoch != Epoch::EarlyOffered;
        self.settle(cx);
    }

    /// Tells how much a record of data carries, whether it can be opened or not.
    fn carried(&self, from: Side, head: &Head, meta: &Meta, cx: &mut Context<'_, '_>) {
        if head.kind != DATA {
            return;
        }
        let is_13 = self.session.is_13();
        let added = if is_13 { ADDED_13 } else { ADDED_12 };
        let carried = Carried {
            from,
            len: head.len.saturating_sub(added) as u64,
            may_be_handshake: is_13,
            first_us: meta.first_us,
            last_us: meta.ts_us,
        };
        cx.mesh.carried(cx.facts, &carried);
    }

    /// Where to go on after a gap or a violation: the step to take, or how many bytes hold nothing.
    fn resume(&mut self, from: Side, chunk: &Chunk<'_>) -> Result<usize, Step> {
        let half = self.half(from);
        if let Some(end) = half.skip_to {
            if chunk.offset < end {
                return Err(Step::Skip { used: 0, skip: end - chunk.offset });
            }
            half.skip_to = None;
        }
        if half.resync {
            match Head::search(chunk.bytes) {
                Ok(at) => {
                    half.resync = false;
                    return Ok(at);
                }
                Err(none) => return Err(Step::Consumed(none)),
            }
        }
        Ok(0)
    }

    /// Sends the record when the handshake is done, and says what is known of readability.
    pub(super) fn settle(&mut self, cx: &mut Context<'_, '_>) {
        let session = &mut self.session;
        if session.emitted || session.done_us.is_none() {
            return;
        }
        let verdict = session.verdict(cx.keys);
        cx.facts.verdict = Some(verdict);
        session.emit(verdict, cx);
    }

    /// The handshake will not be done any more.
    pub(super) fn fail(&mut self, cx: &mut Context<'_, '_>) {
        if !self.session.emitted && self.session.random.is_some() {
            let verdict = self.session.verdict(cx.keys);
            cx.facts.verdict = Some(verdict);
            self.session.emit(verdict, cx);
        }
    }
}

impl Parser for Tls {
    fn data(&mut self, from: Side, chunk: &Chunk<'_>, cx: &mut Context<'_, '_>) -> Step {
        let mut used = match self.resume(from, chunk) {
            Ok(used) => used,
            Err(step) => return step,
        };
        loop {
            let rest = chunk.bytes.get(used..).unwrap_or_default();
            let head = match Head::read(rest) {
                Read::More => return Step::Consumed(used),
                Read::Bad => return Step::Violation("tls_record"),
                Read::Head(head) => head,
            };
            let end = chunk.offset + (used + HEAD + head.len) as u64;
            let first_us = if used == 0 { chunk.first_ts_us } else { chunk.ts_us };
            let meta = Meta { ts_us: chunk.ts_us, first_us, acked: chunk.acked, end };
            let half = self.half(from);
            (half.head, half.record_end) = (Some(head), end);
            if !self.wants(from, &head, cx) {
                self.carried(from, &head, &meta, cx);
                self.pass(from, &head, &meta, cx);
                return Step::Skip { used: used + HEAD, skip: head.len as u64 };
            }
            let Some(body) = rest.get(HEAD..HEAD + head.len) else { return Step::Consumed(used) };
            self.carried(from, &head, &meta, cx);
            let record = Sealed { kind: head.kind, version: head.version, body };
            self.record(from, &record, &meta, cx);
            used += HEAD + head.len;
        }
    }

    fn gap(&mut self, from: Side, gap: &Gap, cx: &mut Context<'_, '_>) -> AfterGap {
        self.look_again(gap.ts_us, true, cx);
        self.session.gap |= !self.session.emitted;
        let end = gap.offset + gap.len;
        let half = self.half(from);
        half.messages = Vec::new();
        half.overlong = 0;
        let inside = half.head.filter(|_| !half.resync && gap.offset < half.record_end && end <= half.record_end);
        match inside {
            Some(head) => {
                half.skip_to = Some(half.record_end);
                half.head = None;
                self.lost(from, &head, gap, cx);
                AfterGap::Continue
            }
            None if half.skip_to.is_some_and(|to| end <= to) => AfterGap::Continue,
            None => {
                half.skip_to = None;
                half.resync = true;
                half.slack = (half.slack + 1 + gap.len / 64).min(SLACK);
                self.inner_gap(from, gap.len, gap, cx);
                AfterGap::Resync
            }
        }
    }

    fn end(&mut self, from: Side, how: End, cx: &mut Context<'_, '_>) {
        self.half(from).ended = Some(how);
        if self.halves.iter().all(|half| half.ended.is_some()) {
            self.look_again(i64::MIN, true, cx);
            self.fail(cx);
        }
        if self.held.is_empty() {
            self.tell_ends(cx);
        }
    }

    fn wake(&mut self, now_us: i64, cx: &mut Context<'_, '_>) {
        self.look_again(now_us, false, cx);
        self.wake_inner(now_us, cx);
    }

    /// What is encrypted stays so, and handshakes hold no secret.
    fn vouch(&self, _from: Side) -> Vouch {
        Vouch::All
    }

    fn heap(&self) -> usize {
        let inner = self.inner.as_ref().map_or(0, |dialog| size_of::<Dialog>() + dialog.heap());
        self.session.heap()
            + self.halves.iter().map(Half::heap).sum::<usize>()
            + self.held.heap()
            + self.early.heap()
            + self.scratch.capacity()
            + inner
    }
}

/// Layers of TLS inside each other that are opened.
pub(super) const LAYERS: u8 = 3;
/// What a record of TLS 1.3 adds: its content type and a tag.
const ADDED_13: usize = 17;
/// And one of TLS 1.2, of the suites that are in use: a nonce and a tag.
const ADDED_12: usize = 24;
/// Record numbers that are tried after a loss.
const SLACK: u64 = 64;
