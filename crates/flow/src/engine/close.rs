//! Flows begin and end.

use super::{Engine, intake::Origin, work::Work};
use crate::{
    End, Sink,
    table::{Flow, Key, List, Phase, SECOND},
};

impl Engine {
    /// A new flow; makes room for it.
    pub(super) fn open(&mut self, key: Key, origin: &Origin, phase: Phase, sink: &mut dyn Sink) -> u32 {
        let flood = phase == Phase::HalfOpen && self.table.count(List::HalfOpen) * 4 >= self.table.most();
        if flood && let Some(oldest) = self.table.oldest(List::HalfOpen) {
            self.close(oldest, End::Evicted, origin.ts_us, sink);
        }
        while self.table.is_full() {
            let Some(oldest) = self.victim() else { break };
            self.close(oldest, End::Evicted, origin.ts_us, sink);
        }
        let id = key.id(self.shared.config.seed, origin.ts_ns, self.flows);
        self.flows += 1;
        let mut flow = Flow::new(id, key, origin.ts_us);
        flow.phase = phase;
        self.table.insert(flow)
    }

    /// After work on a flow: its queue and its timers.
    pub(super) fn settle(&mut self, slot: u32) {
        self.table.touch(slot);
        self.table.schedule(slot);
    }

    /// Accounts for what a flow holds.
    pub(super) fn charge(&mut self, slot: u32) {
        let Some(conn) = self.table.get_mut(slot).and_then(|flow| flow.conn.as_mut()) else { return };
        let heap = conn.heap();
        self.shared.conns = self.shared.conns + heap - conn.charged;
        conn.charged = heap;
        let waiting = conn.lanes.iter().map(|lane| lane.reorder.heap()).sum::<usize>();
        if waiting != conn.waiting {
            self.shared.waiting = self.shared.waiting + waiting - conn.waiting;
            conn.waiting = waiting;
            if !std::mem::replace(&mut conn.listed, true) {
                self.shared.holders.push(slot);
            }
        }
    }

    /// A timer of a flow came up.
    pub(super) fn due(&mut self, slot: u32, _at: i64, now_us: i64, sink: &mut dyn Sink) {
        let Some(flow) = self.table.get_mut(slot) else { return };
        let mut work = Work::new(&mut self.shared, sink);
        work.overdue(flow, now_us);
        if flow.update_us <= now_us {
            work.show_update(flow);
        }
        let end = flow.last_us.saturating_add(flow.idle_us());
        if end <= now_us {
            let how = flow.end.unwrap_or(End::Idle);
            return self.close(slot, how, end, sink);
        }
        self.charge(slot);
        self.table.schedule(slot);
    }

    /// Ends a flow: what waits is delivered, what is open is closed, its last record goes out.
    pub(super) fn close(&mut self, slot: u32, how: End, ts_us: i64, sink: &mut dyn Sink) {
        let Some(flow) = self.table.get_mut(slot) else { return };
        let how = *flow.end.get_or_insert(how);
        let mut work = Work::new(&mut self.shared, sink);
        if flow.phase != Phase::Reset {
            work.flush(flow, how, ts_us);
        }
        work.show_close(flow);
        if let Some(conn) = &flow.conn {
            self.shared.conns -= conn.charged;
            self.shared.waiting -= conn.waiting;
        }
        self.table.remove(slot);
    }

    /// The capture ended.
    pub(super) fn close_all(&mut self, sink: &mut dyn Sink) {
        for list in [List::Closing, List::HalfOpen, List::Quiet, List::Active] {
            while let Some(slot) = self.table.oldest(list) {
                // Its own last time, not that of other flows: each flow's records depend on its packets alone.
                let ts_us = self.table.get_mut(slot).map_or(self.shared.now_us, |flow| flow.last_us);
                self.close(slot, End::Eof, ts_us, sink);
            }
        }
    }
}

/// An update record at most this often.
pub(super) const UPDATE_US: i64 = 5 * SECOND;
