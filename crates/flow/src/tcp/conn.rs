//! What a flow with payload needs: facts for its parser, the parser, reordering, round-trip times.

use super::{Recent, Reorder, Rtt};
use crate::{Dialog, Facts, table::NEVER};

/// The state of one connection, or of one exchange of datagrams, that carries payload.
pub(crate) struct Conn {
    pub(crate) facts: Facts,
    pub(crate) dialog: Dialog,
    pub(crate) lanes: [Lane; 2],
    /// When the parser wants to be woken.
    pub(crate) wake: Option<i64>,
    /// Odd things of the flow, for its records.
    pub(crate) anomaly: crate::Words,
    /// What the budget knows of.
    pub(crate) charged: usize,
    /// Its part that waits for its turn.
    pub(crate) waiting: usize,
    /// It stands in the list of those that have such a part.
    pub(crate) listed: bool,
}

/// One direction, by the order of the key's ends.
#[derive(Debug, Default)]
pub(crate) struct Lane {
    pub(crate) reorder: Reorder,
    pub(crate) recent: Recent,
    pub(crate) rtt: Rtt,
    /// Since when bytes are known to be missing, as they were acknowledged.
    pub(crate) missing_us: Option<i64>,
    /// Since when something waits.
    pub(crate) waiting_us: Option<i64>,
}

impl Conn {
    pub(crate) fn new(facts: Facts) -> Self {
        Self {
            facts,
            dialog: Dialog::default(),
            lanes: <[Lane; 2]>::default(),
            wake: None,
            anomaly: crate::Words::default(),
            charged: 0,
            waiting: 0,
            listed: false,
        }
    }

    #[inline]
    pub(crate) fn lane(&mut self, lane: usize) -> &mut Lane {
        let [first, second] = &mut self.lanes;
        if lane == 0 { first } else { second }
    }

    pub(crate) fn lane_ref(&self, lane: usize) -> &Lane {
        let [first, second] = &self.lanes;
        if lane == 0 { first } else { second }
    }

    /// Nothing waits in either direction.
    #[inline]
    pub(crate) fn is_straight(&self) -> bool {
        self.lanes.iter().all(|lane| lane.reorder.is_empty() && lane.missing_us.is_none())
    }

    /// When it needs attention without a packet.
    pub(crate) fn due_us(&self) -> i64 {
        let lanes = self.lanes.iter().map(Lane::due_us).min().unwrap_or(NEVER);
        lanes.min(self.wake.unwrap_or(NEVER))
    }

    /// Bytes of heap, with its own size and what the allocator adds.
    pub(crate) fn heap(&self) -> usize {
        size_of::<Self>()
            + ADDED
            + self.dialog.heap()
            + self.facts.called.as_ref().map_or(0, |called| called.heap())
            + self.lanes.iter().map(|lane| lane.heap()).sum::<usize>()
    }
}

impl Lane {
    fn heap(&self) -> usize {
        self.reorder.heap() + self.recent.heap() + self.rtt.heap()
    }

    /// When what waits is given up: 10 ms after the other side acknowledged it, else after a second.
    pub(crate) fn due_us(&self) -> i64 {
        let missing = self.missing_us.map_or(NEVER, |at| at.saturating_add(PATIENCE_US));
        let waiting = self.waiting_us.map_or(NEVER, |at| at.saturating_add(LONGEST_US));
        missing.min(waiting)
    }
}

impl std::fmt::Debug for Conn {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Conn").field("facts", &self.facts).field("lanes", &self.lanes).finish_non_exhaustive()
    }
}

/// The allocator rounds up, keeps its own words beside each piece, and loses some between them.
const ADDED: usize = 192;
/// After an acknowledgement a hole is filled within this time or not at all.
pub(crate) const PATIENCE_US: i64 = 10_000;
/// Without one, within this.
pub(crate) const LONGEST_US: i64 = 1_000_000;
