//! The streams of a connection: frames to bytes in order, shown to the parser of HTTP/3.
//!
//! A hole is waited for as long as a retransmission may take ([`PATIENCE_US`]), then it is said to be missing. So is what
//! is behind a hole when too much waits ([`MOST_HELD`]).

use std::collections::BTreeMap;

use super::{frames::Frame, ordered::Ordered, ranges::Ranges};
use crate::{
    Context, Side,
    http3::{Http3, Lane, Times},
};

#[cfg(test)]
mod tests;

/// All streams of one connection.
pub(super) struct Streams {
    http: Http3,
    /// Those of requests, by stream and side.
    requests: BTreeMap<Key, Open>,
    /// Those of one direction, which are few and last as long as the connection.
    singles: BTreeMap<Key, Open>,
    /// Which are over, by their kind and side.
    over: [Ranges; 8],
    /// Entries of the header tables when lanes that are blocked were last tried.
    entries: u64,
    held: usize,
}

/// A stream, and 0 for what the client sends on it.
type Key = (u64, u8);

struct Open {
    ordered: Ordered,
    lane: Lane,
    /// Since when it needs entries that did not come.
    blocked_us: Option<i64>,
}

impl Open {
    /// Since when it waits for something.
    fn waits_us(&self) -> Option<i64> {
        self.ordered.holed_us().into_iter().chain(self.blocked_us).min()
    }
}

impl Streams {
    pub(super) fn new() -> Self {
        Self {
            http: Http3::new(),
            requests: BTreeMap::new(),
            singles: BTreeMap::new(),
            over: Default::default(),
            entries: 0,
            held: 0,
        }
    }

    /// Takes a frame, when it is of a stream.
    pub(super) fn frame(&mut self, from: Side, frame: &Frame<'_>, now_us: i64, cx: &mut Context<'_, '_>) {
        match *frame {
            Frame::Stream { id, offset, data, fin } => {
                let key = (id, from.index() as u8);
                if !self.begin(key, from, now_us, cx) {
                    return;
                }
                let Some(open) = self.get(key) else { return };
                let before = open.ordered.held();
                open.ordered.add(offset, data, fin, now_us);
                let after = open.ordered.held();
                self.held += after.saturating_sub(before);
                self.feed(key, now_us, false, cx);
                self.go_on(now_us, cx);
                self.make_room(key, now_us, cx);
                self.ask(key, cx);
            }
            Frame::Reset { id, code, size } => {
                let key = (id, from.index() as u8);
                if let Some(open) = self.get(key) {
                    open.ordered.end_at(size);
                }
                self.close(key);
                self.http.reset(from, id, code, now_us, cx);
            }
            Frame::Stop { id, code } => self.http.stop(id, code),
            _ => {}
        }
    }

    /// Time has passed: holes and blocks that lasted too long are given up.
    pub(super) fn wake(&mut self, now_us: i64, cx: &mut Context<'_, '_>) {
        self.give_up(now_us, |since| now_us.saturating_sub(since) >= PATIENCE_US, cx);
        let waits = self.singles.values().chain(self.requests.values()).filter_map(Open::waits_us).min();
        if let Some(since) = waits {
            cx.wake_at(since + PATIENCE_US);
        }
        self.http.wake(now_us, cx);
    }

    /// Nothing more comes.
    pub(super) fn finish(&mut self, now_us: i64, cx: &mut Context<'_, '_>) {
        self.give_up(now_us, |_| true, cx);
        self.http.finish(cx);
        self.requests.clear();
        self.singles.clear();
        self.held = 0;
    }

    pub(super) fn heap(&self) -> usize {
        let open = |map: &BTreeMap<Key, Open>| map.values().map(|open| open.ordered.heap() + PER_STREAM).sum::<usize>();
        self.http.heap()
            + open(&self.requests)
            + open(&self.singles)
            + self.over.iter().map(Ranges::heap).sum::<usize>()
    }

    fn map(&mut self, key: Key) -> &mut BTreeMap<Key, Open> {
        if key.0 & 2 == 0 { &mut self.requests } else { &mut self.singles }
    }

    fn get(&mut self, key: Key) -> Option<&mut Open> {
        self.map(key).get_mut(&key)
    }

    /// Makes sure that a stream is there; false when it is over, or one too many.
    fn begin(&mut self, key: Key, from: Side, now_us: i64, cx: &mut Context<'_, '_>) -> bool {
        if self.get(key).is_some() {
            return true;
        }
        if self.over(key).is_some_and(|over| over.has(key.0 >> 2)) {
            return false;
        }
        let most = if key.0 & 2 == 0 { MOST_REQUESTS } else { MOST_SINGLES };
        if self.map(key).len() >= most {
            // Those of one direction that came first are the ones that matter.
            if key.0 & 2 != 0 {
                return false;
            }
            if let Some(oldest) = self.requests.keys().next().copied() {
                self.abandon(oldest, now_us, cx);
            }
        }
        let open = Open { ordered: Ordered::default(), lane: Lane::new(from, key.0), blocked_us: None };
        self.map(key).insert(key, open);
        true
    }

    fn over(&mut self, key: Key) -> Option<&mut Ranges> {
        self.over.get_mut((key.0 & 3) as usize * 2 + usize::from(key.1))
    }

    /// Nothing more of a direction is looked at.
    fn close(&mut self, key: Key) {
        let number = key.0 >> 2;
        if let Some(over) = self.over(key) {
            over.add(number, number + 1);
        }
        if let Some(open) = self.map(key).remove(&key) {
            self.held = self.held.saturating_sub(open.ordered.held());
        }
    }

    /// Its room is needed: what comes of it later is missing.
    fn abandon(&mut self, key: Key, now_us: i64, cx: &mut Context<'_, '_>) {
        if let Some(open) = self.requests.get_mut(&key) {
            self.http.lost(&mut open.lane, u64::MAX, now_us, cx);
        }
        self.close(key);
    }

    /// Shows a stream's bytes that are in order, as far as they are taken.
    fn feed(&mut self, key: Key, now_us: i64, force: bool, cx: &mut Context<'_, '_>) {
        let map = if key.0 & 2 == 0 { &mut self.requests } else { &mut self.singles };
        let Some(open) = map.get_mut(&key) else { return };
        let ready = open.ordered.ready();
        if !ready.bytes.is_empty() {
            let times = Times { first_us: ready.first_us, now_us: ready.last_us };
            let used = self.http.data(&mut open.lane, ready.bytes, times, force, cx);
            open.ordered.used(used.bytes);
            self.held = self.held.saturating_sub(used.bytes);
            open.blocked_us = used.is_blocked.then(|| open.blocked_us.unwrap_or(now_us));
        }
        if open.ordered.is_done() {
            let side = if key.1 == 0 { Side::Client } else { Side::Server };
            self.close(key);
            self.http.end(side, key.0, now_us, cx);
        }
    }

    /// Lanes that were blocked are tried again when there are more entries.
    fn go_on(&mut self, now_us: i64, cx: &mut Context<'_, '_>) {
        let entries = self.http.entries();
        if std::mem::replace(&mut self.entries, entries) == entries {
            return;
        }
        for key in self.those(|open| open.blocked_us.is_some()) {
            self.feed(key, now_us, false, cx);
        }
    }

    /// Gives up what waits since a time for which this is true.
    fn give_up(&mut self, now_us: i64, is_due: impl Fn(i64) -> bool, cx: &mut Context<'_, '_>) {
        for key in self.those(|open| open.waits_us().is_some_and(&is_due)) {
            // Behind a hole there may be another.
            for _ in 0..HOLES {
                let Some(open) = self.get(key) else { break };
                if !open.waits_us().is_some_and(&is_due) {
                    break;
                }
                self.give_way(key, now_us, cx);
            }
        }
    }

    /// What a stream waits for is missing.
    fn give_way(&mut self, key: Key, now_us: i64, cx: &mut Context<'_, '_>) {
        self.feed(key, now_us, true, cx);
        let map = if key.0 & 2 == 0 { &mut self.requests } else { &mut self.singles };
        let Some(open) = map.get_mut(&key) else { return };
        open.blocked_us = None;
        let before = open.ordered.held();
        if let Some(lost) = open.ordered.give_up(now_us) {
            self.http.lost(&mut open.lane, lost, now_us, cx);
        }
        self.held = self.held.saturating_sub(before - open.ordered.held().min(before));
        self.feed(key, now_us, true, cx);
    }

    /// Too much waits, on this stream or on all: what it waits for is given up.
    fn make_room(&mut self, key: Key, now_us: i64, cx: &mut Context<'_, '_>) {
        for _ in 0..HOLES {
            let is_full = self.get(key).is_some_and(|open| open.ordered.is_full());
            if !is_full && self.held <= MOST_HELD {
                return;
            }
            let largest = |map: &BTreeMap<Key, Open>| map.iter().map(|(key, open)| (open.ordered.held(), *key)).max();
            let most = largest(&self.requests).max(largest(&self.singles)).map(|(_, key)| key);
            let Some(full) = most.filter(|_| !is_full).or(is_full.then_some(key)) else { return };
            let before = self.held;
            self.give_way(full, now_us, cx);
            if self.held == before && !is_full {
                // Bytes in order that are no whole frame: fields longer than are kept.
                self.drop_ready(full, now_us, cx);
            }
        }
    }

    /// What is in order and was not used is more than is kept.
    fn drop_ready(&mut self, key: Key, now_us: i64, cx: &mut Context<'_, '_>) {
        let map = if key.0 & 2 == 0 { &mut self.requests } else { &mut self.singles };
        let Some(open) = map.get_mut(&key) else { return };
        let len = open.ordered.ready().bytes.len();
        self.http.lost(&mut open.lane, len as u64, now_us, cx);
        open.ordered.used(len);
        self.held = self.held.saturating_sub(len);
    }

    /// Asks to be woken when a stream has waited long enough.
    fn ask(&mut self, key: Key, cx: &mut Context<'_, '_>) {
        if let Some(since) = self.get(key).and_then(|open| open.waits_us()) {
            cx.wake_at(since + PATIENCE_US);
        }
    }

    fn those(&self, wanted: impl Fn(&Open) -> bool) -> Vec<Key> {
        // Those of one direction first: what others wait for comes on them.
        let all = self.singles.iter().chain(&self.requests);
        all.filter(|(_, open)| wanted(open)).map(|(key, _)| *key).collect()
    }
}

/// How long a hole may wait for a retransmission, and a lane for entries of the header table.
const PATIENCE_US: i64 = 3_000_000;
/// Bytes of all streams together that wait.
const MOST_HELD: usize = 512 << 10;
/// Directions of requests that are open at once.
const MOST_REQUESTS: usize = 2048;
/// Streams of one direction that are open at once; HTTP/3 has three a side.
const MOST_SINGLES: usize = 32;
/// Holes of one stream that are given up at once.
const HOLES: usize = 300;
/// What a stream costs beside its bytes, with its share of the tree.
const PER_STREAM: usize = size_of::<(Key, Open)>() + 32;
