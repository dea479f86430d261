//! The flow table: a slab of flows, an index by key, queues by age, and timers.
//!
//! The slab never moves and never grows past its limit: the caller makes room first. Each flow is in exactly one queue;
//! the first of a queue was silent longest.

mod flow;
mod half;
mod key;
mod timers;

use hashbrown::HashTable;

pub(crate) use flow::{DirBy, Flow, List, NEVER, NONE, Phase, SECOND};
pub(crate) use half::Half;
pub(crate) use key::{ICMP, ICMP6, Key, SCTP, TCP, UDP};
pub(crate) use timers::Timers;

/// All flows.
#[derive(Debug)]
pub(crate) struct Table {
    flows: Vec<Flow>,
    index: HashTable<u32>,
    free: Vec<u32>,
    queues: [Queue; List::COUNT],
    pub(crate) timers: Timers,
    seed: u64,
    most: usize,
}

/// A list through the flows themselves.
#[derive(Clone, Copy, Debug)]
struct Queue {
    head: u32,
    tail: u32,
    count: u32,
}

impl Table {
    /// A table of at most `bytes`.
    pub(crate) fn new(bytes: usize, seed: u64) -> Self {
        let most = (bytes / (size_of::<Flow>() + PER_FLOW)).max(16);
        Self {
            flows: Vec::with_capacity(most),
            index: HashTable::with_capacity(most),
            free: Vec::new(),
            queues: [Queue { head: NONE, tail: NONE, count: 0 }; List::COUNT],
            timers: Timers::default(),
            seed,
            most,
        }
    }

    #[inline]
    pub(crate) fn find(&self, key: &Key) -> Option<u32> {
        let is = |slot: &u32| self.flows.get(*slot as usize).is_some_and(|flow| flow.key == *key);
        self.index.find(key.hash(self.seed), is).copied()
    }

    #[inline]
    pub(crate) fn get_mut(&mut self, slot: u32) -> Option<&mut Flow> {
        self.flows.get_mut(slot as usize).filter(|flow| flow.list != List::Free)
    }

    /// Whether a new flow needs an old one to go.
    pub(crate) fn is_full(&self) -> bool {
        self.len() >= self.most
    }

    pub(crate) fn most(&self) -> usize {
        self.most
    }

    pub(crate) fn len(&self) -> usize {
        self.flows.len() - self.free.len()
    }

    pub(crate) fn count(&self, list: List) -> usize {
        self.queues.get(list as usize).map_or(0, |queue| queue.count as usize)
    }

    /// Who was silent longest in a queue.
    pub(crate) fn oldest(&self, list: List) -> Option<u32> {
        self.queues.get(list as usize).map(|queue| queue.head).filter(|slot| *slot != NONE)
    }

    /// Puts a flow in. There must be room.
    pub(crate) fn insert(&mut self, flow: Flow) -> u32 {
        let hash = flow.key.hash(self.seed);
        let slot = match self.free.pop() {
            Some(slot) => {
                if let Some(place) = self.flows.get_mut(slot as usize) {
                    *place = flow;
                }
                slot
            }
            None => {
                self.flows.push(flow);
                (self.flows.len() - 1) as u32
            }
        };
        let (flows, seed) = (&self.flows, self.seed);
        let again = |slot: &u32| flows.get(*slot as usize).map_or(0, |flow| flow.key.hash(seed));
        self.index.insert_unique(hash, slot, again);
        self.touch(slot);
        slot
    }

    /// Takes a flow out.
    pub(crate) fn remove(&mut self, slot: u32) {
        self.unlink(slot);
        let Some(flow) = self.flows.get_mut(slot as usize) else { return };
        flow.conn = None;
        let hash = flow.key.hash(self.seed);
        if let Ok(found) = self.index.find_entry(hash, |at| *at == slot) {
            found.remove();
        }
        self.free.push(slot);
    }

    /// It was active just now: last of the queue it belongs into.
    #[inline]
    pub(crate) fn touch(&mut self, slot: u32) {
        let Some(flow) = self.flows.get(slot as usize) else { return };
        let place = flow.place();
        if flow.list == place && flow.next == NONE {
            return;
        }
        self.unlink(slot);
        self.link(slot, place);
    }

    /// Makes sure that the timers look at a flow when it is due.
    #[inline]
    pub(crate) fn schedule(&mut self, slot: u32) {
        let Some(flow) = self.flows.get_mut(slot as usize) else { return };
        let due = flow.due_us();
        if due < flow.timer_us {
            flow.timer_us = due;
            self.timers.push(due, slot);
            if self.timers.len() > self.flows.len() * 4 + 1024 {
                let flows = &self.flows;
                self.timers.retain(|at, slot| {
                    flows.get(slot as usize).is_some_and(|flow| flow.list != List::Free && flow.timer_us == at)
                });
            }
        }
    }

    /// The next flow to look at by then.
    #[inline]
    pub(crate) fn due(&mut self, now_us: i64) -> Option<(i64, u32)> {
        while let Some((at, slot)) = self.timers.pop(now_us) {
            if let Some(flow) = self.get_mut(slot).filter(|flow| flow.timer_us == at) {
                flow.timer_us = NEVER;
                return Some((at, slot));
            }
        }
        None
    }

    /// Slots of all flows, in the order of the slab.
    pub(crate) fn slots(&self) -> impl Iterator<Item = u32> + use<> {
        0..self.flows.len() as u32
    }

    /// Bytes of heap.
    pub(crate) fn heap(&self) -> usize {
        self.flows.len() * size_of::<Flow>() + self.most * INDEX + self.free.capacity() * 4 + self.timers.heap()
    }

    fn unlink(&mut self, slot: u32) {
        let Some(flow) = self.flows.get_mut(slot as usize) else { return };
        let (prev, next, list) = (flow.prev, flow.next, flow.list);
        if list == List::Free {
            return;
        }
        (flow.prev, flow.next, flow.list) = (NONE, NONE, List::Free);
        if let Some(before) = self.flows.get_mut(prev as usize) {
            before.next = next;
        }
        if let Some(after) = self.flows.get_mut(next as usize) {
            after.prev = prev;
        }
        let Some(queue) = self.queues.get_mut(list as usize) else { return };
        if prev == NONE {
            queue.head = next;
        }
        if next == NONE {
            queue.tail = prev;
        }
        queue.count -= 1;
    }

    fn link(&mut self, slot: u32, list: List) {
        let Some(queue) = self.queues.get_mut(list as usize) else { return };
        let tail = std::mem::replace(&mut queue.tail, slot);
        queue.count += 1;
        if tail == NONE {
            queue.head = slot;
        }
        if let Some(last) = self.flows.get_mut(tail as usize) {
            last.next = slot;
        }
        if let Some(flow) = self.flows.get_mut(slot as usize) {
            (flow.prev, flow.next, flow.list) = (tail, NONE, list);
        }
    }
}

/// Bytes of the index a flow: its number and a byte of hash, at 7/8 load and worst growth.
const INDEX: usize = 12;
/// Bytes beside the flow itself: index, free list, timers.
const PER_FLOW: usize = INDEX + 4 + 2 * 16;
