//! The parser of one connection.

use std::collections::VecDeque;
use std::sync::Arc;

use crate::redact::Spans;
use crate::redis::pairing::Pairing;
use crate::sql::{Statement, Store};
use crate::{AfterGap, Chunk, Context, End, Gap, Parser, Side, Step, Vouch};

use super::item::{Ask, Item};

/// PostgreSQL of one connection.
#[derive(Debug, Default)]
pub struct Postgres {
    pub(super) started: bool,
    /// Typed messages have begun.
    pub(super) typed: bool,
    /// The next bytes of this side may be in the middle of something.
    pub(super) lost: [bool; 2],
    /// Up to where bytes of a long message need not be seen.
    pub(super) skip_to: [u64; 2],
    /// The last byte of a long message is still to come, and what it completes.
    pub(super) tail: Option<Ask>,
    pub(super) queue: VecDeque<Item>,
    pub(super) statements: Store,
    /// Portals with the statement and parameters they were bound to.
    pub(super) portals: Vec<Portal>,
    pub(super) pairing: Pairing,
    pub(super) tx: Option<&'static str>,
    pub(super) user: Vec<u8>,
    pub(super) database: Vec<u8>,
    /// The items at the front are those of the replies that come now.
    pub(super) in_unit: bool,
    /// Replies up to the next ready belong to nothing that was seen.
    pub(super) orphan: Option<Orphan>,
    /// The rest cannot be read.
    pub(super) passive: bool,
    pub(super) spans: Spans,
    pub(super) server_seen: bool,
}

/// What came to a request that was not seen.
#[derive(Debug, Default)]
pub(super) struct Orphan {
    pub(super) rows: u64,
    pub(super) tag: Vec<u8>,
    pub(super) ts_us: i64,
}

/// A bound portal.
#[derive(Debug)]
pub(super) struct Portal {
    pub(super) name: Vec<u8>,
    pub(super) prepared: Vec<u8>,
    pub(super) statement: Option<Arc<Statement>>,
    pub(super) params: Vec<u8>,
    pub(super) param_ends: Vec<u32>,
    pub(super) cut: bool,
    pub(super) why: u16,
}

impl Parser for Postgres {
    fn data(&mut self, from: Side, chunk: &Chunk<'_>, cx: &mut Context<'_, '_>) -> Step {
        if !std::mem::replace(&mut self.started, true) && cx.facts.no_syn {
            self.pairing = Pairing::midstream();
            self.lost = [true; 2];
            self.typed = true;
        }
        if self.passive {
            return Step::Skip { used: chunk.bytes.len(), skip: u64::MAX >> 1 };
        }
        let step = match from {
            Side::Client => self.client(chunk, cx),
            Side::Server => {
                self.server_seen = true;
                self.server(chunk, cx)
            }
        };
        if let Step::Violation(_) = step {
            self.resync(from, chunk.ts_us, cx);
        }
        self.pairing.saw(chunk.ts_us);
        step
    }

    fn gap(&mut self, from: Side, gap: &Gap, cx: &mut Context<'_, '_>) -> AfterGap {
        if self.passive {
            return AfterGap::Continue;
        }
        if self.skip_to.get(from.index()).is_some_and(|to| gap.offset + gap.len <= *to) {
            if let Some(Item { ask: Ask::Query(run) | Ask::Execute(run), .. }) = self.queue.front_mut() {
                run.gap |= from == Side::Server;
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
            self.alone(first, cx);
        }
        if let Some(first) = self.queue.front().filter(|_| !self.server_seen) {
            cx.wake_at(first.ts_us + ONE_SIDED_US);
        }
    }

    fn vouch(&self, from: Side) -> Vouch {
        if self.passive || self.is_lost(from) { Vouch::Nothing } else { Vouch::Used }
    }

    fn heap(&self) -> usize {
        let portals: usize = self.portals.iter().map(|portal| portal.params.capacity() + size_of::<Portal>()).sum();
        let items: usize = self.queue.iter().map(Item::heap).sum();
        self.statements.heap() + portals + items + self.user.capacity() + self.database.capacity()
    }
}

impl Postgres {
    pub(super) fn is_lost(&self, side: Side) -> bool {
        self.lost.get(side.index()).copied().unwrap_or(false)
    }

    pub(super) fn found(&mut self, side: Side) {
        if let Some(lost) = self.lost.get_mut(side.index()) {
            *lost = false;
        }
    }

    pub(super) fn skip(&mut self, side: Side, from: u64, used: usize, skip: u64) -> Step {
        if let Some(to) = self.skip_to.get_mut(side.index()) {
            *to = from.saturating_add(skip);
        }
        Step::Skip { used, skip }
    }

    /// The client asks for something.
    pub(super) fn ask(&mut self, ask: Ask, chunk: &Chunk<'_>, cx: &mut Context<'_, '_>) {
        let item = Item { ask, ts_us: chunk.ts_us, acked: chunk.acked };
        if self.pairing.in_doubt() {
            // Its replies have passed already, or cannot be told from another's.
            while self.queue.front().is_some_and(|first| first.acked < item.acked || self.pairing.hopeless()) {
                let Some(first) = self.queue.pop_front() else { break };
                self.alone(first, cx);
            }
        }
        if matches!(item.ask, Ask::Query(_) | Ask::Sync | Ask::Startup) {
            let before = self.queue.iter().filter(|item| item.ends_unit()).count();
            self.pairing.request(before);
        }
        if !self.server_seen {
            cx.wake_at(item.ts_us + ONE_SIDED_US);
        }
        // A client that never waits gets no more room: what it asked first is given up.
        if self.queue.len() >= MOST_ITEMS
            && let Some(first) = self.queue.pop_front()
        {
            self.pairing.gap(chunk.ts_us);
            self.alone(first, cx);
        }
        self.queue.push_back(item);
    }

    pub(super) fn resync(&mut self, from: Side, ts_us: i64, cx: &mut Context<'_, '_>) {
        if let Some(lost) = self.lost.get_mut(from.index()) {
            *lost = true;
        }
        self.typed = true;
        match from {
            Side::Client => self.tail = None,
            Side::Server => {
                self.in_unit = false;
                self.orphan = None;
            }
        }
        self.pairing.gap(ts_us);
        let units = self.queue.iter().filter(|item| item.ends_unit()).count();
        if self.pairing.hopeless() || units > 1 || self.in_unit || from == Side::Client {
            self.give_up(cx);
        }
    }

    /// Nothing that was asked gets its replies any more.
    pub(super) fn give_up(&mut self, cx: &mut Context<'_, '_>) {
        self.in_unit = false;
        while let Some(item) = self.queue.pop_front() {
            self.alone(item, cx);
        }
    }
}

const ONE_SIDED_US: i64 = 30_000_000;
const MOST_ITEMS: usize = 2048;
