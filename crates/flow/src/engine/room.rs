//! The budget: who goes when memory is short.

use super::{Engine, work::Work};
use crate::{End, Sink, table::List};

impl Engine {
    /// Makes what is held fit the budget: the largest waiting segments become a gap, else the oldest flow goes.
    pub(super) fn make_room(&mut self, sink: &mut dyn Sink) {
        while self.shared.waiting > self.shared.config.budget / 4 {
            let Some(slot) = self.largest() else { break };
            let now_us = self.shared.now_us;
            if let Some(flow) = self.table.get_mut(slot) {
                Work::new(&mut self.shared, sink).give_way(flow, now_us);
            }
            self.charge(slot);
        }
        while self.held() > self.shared.config.budget {
            let lists = [List::Closing, List::Active, List::Quiet, List::HalfOpen];
            let Some(slot) = lists.into_iter().find_map(|list| self.table.oldest(list)) else { return };
            let now_us = self.shared.now_us;
            self.close(slot, End::Evicted, now_us, sink);
        }
    }

    /// The flow with most bytes that wait for their turn.
    fn largest(&mut self) -> Option<u32> {
        let Self { table, shared, .. } = self;
        let mut largest = None;
        shared.holders.retain(|slot| {
            let Some(conn) = table.get_mut(*slot).and_then(|flow| flow.conn.as_mut()) else { return false };
            if conn.waiting == 0 {
                conn.listed = false;
                return false;
            }
            largest = largest.max(Some((conn.waiting, *slot)));
            true
        });
        largest.map(|(_, slot)| slot)
    }

    /// The flow that is missed least.
    pub(super) fn victim(&mut self) -> Option<u32> {
        [List::Closing, List::Quiet, List::HalfOpen, List::Active].into_iter().find_map(|list| self.table.oldest(list))
    }
}
