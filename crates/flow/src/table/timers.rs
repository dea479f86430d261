//! When to look at which flow. An entry is a promise to look, not an event: what is due is asked of the flow itself, so
//! entries that a flow has outlived cost one look and nothing else.

use std::cmp::Reverse;
use std::collections::BinaryHeap;

/// Looks to come, the earliest first.
#[derive(Debug, Default)]
pub(crate) struct Timers {
    heap: BinaryHeap<Reverse<(i64, u32)>>,
}

impl Timers {
    pub(crate) fn push(&mut self, at_us: i64, slot: u32) {
        self.heap.push(Reverse((at_us, slot)));
    }

    /// The next look that is due by then.
    #[inline]
    pub(crate) fn pop(&mut self, now_us: i64) -> Option<(i64, u32)> {
        match self.heap.peek() {
            Some(Reverse((at, _))) if *at <= now_us => self.heap.pop().map(|entry| entry.0),
            _ => None,
        }
    }

    pub(crate) fn len(&self) -> usize {
        self.heap.len()
    }

    /// Forgets entries that no flow waits for any more.
    pub(crate) fn retain(&mut self, wanted: impl Fn(i64, u32) -> bool) {
        self.heap.retain(|Reverse((at, slot))| wanted(*at, *slot));
        self.heap.shrink_to(self.heap.len() * 2);
    }

    pub(crate) fn heap(&self) -> usize {
        self.heap.capacity() * size_of::<Reverse<(i64, u32)>>()
    }
}
