//! The parser of one connection.

use std::collections::VecDeque;

use crate::redact::Spans;
use crate::redis::pairing::Pairing;
use crate::sql::Store;
use crate::{AfterGap, Chunk, Context, End, Gap, Parser, Side, Step, Vouch};

use super::pending::Pending;

/// MySQL of one connection.
#[derive(Debug, Default)]
pub struct Mysql {
    pub(super) started: bool,
    pub(super) phase: Phase,
    /// The next bytes of this side may be in the middle of something.
    pub(super) lost: [bool; 2],
    /// Up to where bytes of a long packet need not be seen.
    pub(super) skip_to: [u64; 2],
    /// The next packet of this side goes on with the last one.
    pub(super) more: [bool; 2],
    /// The last byte of a long command is still to come, and what it completes.
    pub(super) tail: Option<Pending>,
    pub(super) queue: VecDeque<Pending>,
    pub(super) statements: Store,
    /// Types of parameters, which a client sends once.
    pub(super) types: Vec<(u32, Vec<u16>)>,
    pub(super) pairing: Pairing,
    pub(super) in_unit: bool,
    pub(super) tx: Option<&'static str>,
    pub(super) user: Vec<u8>,
    pub(super) database: Vec<u8>,
    /// What the server can do, and what both agreed on.
    pub(super) offered: Option<u32>,
    pub(super) compressed: bool,
    /// When the connection's log-in began.
    pub(super) login_us: Option<i64>,
    pub(super) spans: Spans,
    pub(super) server_seen: bool,
}

/// What comes next.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub(super) enum Phase {
    /// The server's greeting, or after TLS the client's answer to it.
    #[default]
    Greeting,
    /// The client's proofs and the server's verdict.
    Login,
    Commands,
    /// Nothing that can be read.
    Passive,
}

impl Parser for Mysql {
    fn data(&mut self, from: Side, chunk: &Chunk<'_>, cx: &mut Context<'_, '_>) -> Step {
        if !std::mem::replace(&mut self.started, true) && cx.facts.no_syn {
            self.pairing = Pairing::midstream();
            self.lost = [true; 2];
            self.phase = Phase::Commands;
        }
        if self.phase == Phase::Passive {
            return Step::Skip { used: chunk.bytes.len(), skip: u64::MAX >> 1 };
        }
        self.server_seen |= from == Side::Server;
        let step = match (self.phase, from) {
            (Phase::Commands, Side::Client) => self.client(chunk, cx),
            (Phase::Commands, Side::Server) => self.server(chunk, cx),
            _ => self.login(from, chunk, cx),
        };
        if let Step::Violation(_) = step {
            self.resync(from, chunk.ts_us, cx);
        }
        self.pairing.saw(chunk.ts_us);
        step
    }

    fn gap(&mut self, from: Side, gap: &Gap, cx: &mut Context<'_, '_>) -> AfterGap {
        if self.phase == Phase::Passive {
            return AfterGap::Continue;
        }
        if self.skip_to.get(from.index()).is_some_and(|to| gap.offset + gap.len <= *to) {
            if let Some(first) = self.queue.front_mut() {
                first.gap |= from == Side::Server;
            }
            self.pairing.saw(gap.ts_us);
            return AfterGap::Continue;
        }
        self.resync(from, gap.ts_us, cx);
        AfterGap::Resync
    }

    fn end(&mut self, from: Side, how: End, cx: &mut Context<'_, '_>) {
        if from == Side::Server || how != End::Fin {
            self.give_up(cx);
        }
    }

    fn wake(&mut self, now_us: i64, cx: &mut Context<'_, '_>) {
        while !self.server_seen && self.queue.front().is_some_and(|first| first.ts_us + ONE_SIDED_US <= now_us) {
            let Some(first) = self.queue.pop_front() else { return };
            self.alone(&first, cx);
        }
        if let Some(first) = self.queue.front().filter(|_| !self.server_seen) {
            cx.wake_at(first.ts_us + ONE_SIDED_US);
        }
    }

    fn vouch(&self, from: Side) -> Vouch {
        if self.phase == Phase::Passive || self.is_lost(from) { Vouch::Nothing } else { Vouch::Used }
    }

    fn heap(&self) -> usize {
        let queue: usize = self.queue.iter().map(Pending::heap).sum();
        let types: usize = self.types.iter().map(|(_, types)| 32 + types.capacity() * 2).sum();
        self.statements.heap() + queue + types + self.user.capacity() + self.database.capacity()
    }
}

impl Mysql {
    pub(super) fn is_lost(&self, side: Side) -> bool {
        self.lost.get(side.index()).copied().unwrap_or(false)
    }

    pub(super) fn found(&mut self, side: Side) {
        if let Some(lost) = self.lost.get_mut(side.index()) {
            *lost = false;
        }
    }

    /// Whether this packet goes on with the last one of its side; remembers it of this one.
    pub(super) fn goes_on(&mut self, side: Side, full: bool) -> bool {
        self.more.get_mut(side.index()).is_some_and(|more| std::mem::replace(more, full))
    }

    pub(super) fn skip(&mut self, side: Side, from: u64, used: usize, skip: u64) -> Step {
        if let Some(to) = self.skip_to.get_mut(side.index()) {
            *to = from.saturating_add(skip);
        }
        Step::Skip { used, skip }
    }

    /// A command is whole.
    pub(super) fn ask(&mut self, mut pending: Pending, chunk: &Chunk<'_>, cx: &mut Context<'_, '_>) {
        (pending.ts_us, pending.acked) = (chunk.ts_us, chunk.acked);
        if self.pairing.in_doubt() {
            // Its outcome has passed already, or cannot be told from another's.
            while self.queue.front().is_some_and(|first| first.acked < pending.acked || self.pairing.hopeless()) {
                let Some(first) = self.queue.pop_front() else { break };
                self.in_unit = false;
                self.alone(&first, cx);
            }
        }
        self.pairing.request(self.queue.len());
        if !self.server_seen {
            cx.wake_at(pending.ts_us + ONE_SIDED_US);
        }
        if self.queue.len() >= MOST_WAITING
            && let Some(first) = self.queue.pop_front()
        {
            self.pairing.gap(chunk.ts_us);
            self.alone(&first, cx);
        }
        self.queue.push_back(pending);
    }

    pub(super) fn resync(&mut self, from: Side, ts_us: i64, cx: &mut Context<'_, '_>) {
        if let Some(lost) = self.lost.get_mut(from.index()) {
            *lost = true;
        }
        if let Some(more) = self.more.get_mut(from.index()) {
            *more = false;
        }
        self.phase = Phase::Commands;
        if from == Side::Client {
            self.tail = None;
        }
        self.pairing.gap(ts_us);
        if self.pairing.hopeless() || self.queue.len() > 1 || self.in_unit || from == Side::Client {
            self.give_up(cx);
        }
        self.in_unit = false;
    }

    /// Nothing that was asked gets its outcome any more.
    pub(super) fn give_up(&mut self, cx: &mut Context<'_, '_>) {
        self.in_unit = false;
        while let Some(pending) = self.queue.pop_front() {
            self.alone(&pending, cx);
        }
    }
}

const ONE_SIDED_US: i64 = 30_000_000;
const MOST_WAITING: usize = 1024;
