//! The flight recorder: what was captured stays here, the oldest going first, until a record fires a trigger.
//!
//! ```text
//! batch ─ keep ─▶ queue: pre ms, `most` bytes ──▶ gone (too old, or counted: no room)
//!                   │ fire: those of the last `pre`, and those of the next `post`, are owed
//!                   └─ pour, as far as credit reaches ─▶ Outbox
//! ```
//!
//! Batches are kept as they are sent: a wait costs their bytes and nothing else, and nothing wakes for it.

pub(crate) mod triggers;

use crate::outbox::{Lost, Outbox};
use proto::capture::{Body, MAX_UNACKED};
use std::collections::VecDeque;
use std::time::{Duration, Instant};

/// Batches that wait for a trigger, and those that one let go.
pub(crate) struct Recorder {
    pre: Duration,
    post: Duration,
    /// Bytes that are kept at most.
    most: usize,
    queue: VecDeque<Held>,
    bytes: usize,
    /// What comes until then is owed.
    open: Option<Instant>,
    /// What went for want of room, not long ago: a trigger would have let it go.
    gone: VecDeque<(Instant, Lost)>,
    /// What was owed and went for want of room.
    lost: Lost,
    /// Triggers that have fired since it is open.
    told: Vec<usize>,
}

struct Held {
    at: Instant,
    body: Body,
    holds: Lost,
    bytes: usize,
    /// A trigger has let it go.
    owed: bool,
}

/// What a trigger let go that was there already.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(crate) struct Before {
    pub(crate) packets: u64,
    pub(crate) records: u64,
    pub(crate) bytes: u64,
    /// How far back it reaches.
    pub(crate) time: Duration,
    /// What would have been let go too, and went before for want of room.
    pub(crate) missed: Lost,
}

impl Recorder {
    pub(crate) fn new(pre: Duration, post: Duration, most: usize) -> Self {
        let (pre, post) = (pre.clamp(SHORTEST, LONGEST), post.min(LONGEST));
        Self {
            pre,
            post,
            most,
            queue: VecDeque::new(),
            bytes: 0,
            open: None,
            gone: VecDeque::new(),
            lost: Lost::default(),
            told: Vec::new(),
        }
    }

    /// Keeps packets or records.
    pub(crate) fn keep(&mut self, body: Body, now: Instant) {
        let (holds, bytes) = match &body {
            Body::Packets(batch) => (Lost { packets: batch.count.into(), records: 0 }, batch.packets.len()),
            Body::Records(batch) => (Lost { packets: 0, records: batch.count.into() }, batch.lines.len()),
            _ => (Lost::default(), 0),
        };
        let bytes = bytes + size_of::<Held>();
        self.bytes += bytes;
        let owed = self.is_open(now);
        self.queue.push_back(Held { at: now, body, holds, bytes, owed });
        self.expire(now);
        while self.bytes > self.most {
            let Some(held) = self.take_first() else { break };
            self.miss(&held);
        }
    }

    /// What comes now is owed.
    pub(crate) fn is_open(&self, now: Instant) -> bool {
        self.open.is_some_and(|until| now <= until)
    }

    /// A trigger is about to fire that has not fired since it was shut.
    pub(crate) fn is_news(&mut self, trigger: usize, now: Instant) -> bool {
        if !self.is_open(now) {
            self.told.clear();
        }
        let is_news = !self.told.contains(&trigger);
        if is_news {
            self.told.push(trigger);
        }
        is_news
    }

    /// How far back a trigger reaches.
    pub(crate) fn reach(&self) -> Duration {
        self.pre
    }

    /// A trigger fires: what came not long ago is owed, and what comes for a while.
    pub(crate) fn fire(&mut self, now: Instant) -> Before {
        self.expire(now);
        self.open = Some(now + self.post);
        let mut before = Before::default();
        for held in self.queue.iter_mut().filter(|held| !held.owed) {
            held.owed = true;
            before.packets += held.holds.packets;
            before.records += held.holds.records;
            before.bytes += held.bytes as u64;
            before.time = before.time.max(now.duration_since(held.at));
        }
        for (_, lost) in self.gone.drain(..) {
            before.missed.add(lost);
        }
        before
    }

    /// Sends what is owed, as far as credit reaches and the stream takes it; how many packets went. At the `end` the stream
    /// is not waited for.
    pub(crate) fn pour(&mut self, now: Instant, end: bool, outbox: &mut Outbox) -> u64 {
        self.expire(now);
        let mut packets = 0;
        while self.owes() && (end || outbox.held() < AHEAD) {
            let Some(first) = self.queue.front().filter(|held| outbox.spend(&held.body)) else { break };
            packets += first.holds.packets;
            if let Some(held) = self.take_first() {
                outbox.push(held.body);
            }
        }
        packets
    }

    /// Something that is owed waits.
    pub(crate) fn owes(&self) -> bool {
        self.queue.front().is_some_and(|held| held.owed)
    }

    /// The end: what nobody asked for goes, and what is owed still is counted as lost.
    pub(crate) fn close(&mut self) {
        while let Some(held) = self.take_first() {
            if held.owed {
                self.lost.add(held.holds);
            }
        }
    }

    /// What was owed and went since the last call.
    pub(crate) fn take_lost(&mut self) -> Lost {
        std::mem::take(&mut self.lost)
    }

    /// Bytes kept.
    pub(crate) fn held(&self) -> usize {
        self.bytes
    }

    /// Lets go of what is too old to be asked for.
    fn expire(&mut self, now: Instant) {
        while self.queue.front().is_some_and(|held| !held.owed && now.duration_since(held.at) > self.pre) {
            self.take_first();
        }
        while self.gone.front().is_some_and(|(at, _)| now.duration_since(*at) > self.pre) {
            self.gone.pop_front();
        }
    }

    /// There was no room for it.
    fn miss(&mut self, held: &Held) {
        if held.owed {
            return self.lost.add(held.holds);
        }
        match self.gone.back_mut() {
            Some((at, lost)) if held.at.duration_since(*at) < TOGETHER => lost.add(held.holds),
            _ => self.gone.push_back((held.at, held.holds)),
        }
    }

    fn take_first(&mut self) -> Option<Held> {
        let held = self.queue.pop_front()?;
        self.bytes -= held.bytes;
        if self.queue.is_empty() {
            // What a storm needed is not kept for the calm.
            self.queue.shrink_to(SMALL);
        }
        Some(held)
    }
}

/// So much may wait for the stream: where there is none, it is not given up as the rest is.
const AHEAD: usize = MAX_UNACKED / 2;
/// What fires a trigger, and its packets, were batched before this.
const SHORTEST: Duration = Duration::from_millis(100);
/// Neither time is longer.
const LONGEST: Duration = Duration::from_secs(3600);
/// What went for want of room within this time is counted as one.
const TOGETHER: Duration = Duration::from_secs(1);
/// Batches for which there is always a place.
const SMALL: usize = 64;

#[cfg(test)]
mod tests;
