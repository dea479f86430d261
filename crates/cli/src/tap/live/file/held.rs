//! Packets that wait for a moment, so that those of several pods come in the order of their times, and so that what is
//! known of a transaction a little later can stand at its first packet.

use capture::line::Members;
use pcap::LinkType;
use std::cmp::{Ordering, Reverse};
use std::collections::{BinaryHeap, HashMap};
use std::net::IpAddr;
use std::time::{Duration, Instant};

/// A packet that waits.
pub(super) struct Held {
    pub(super) pod: usize,
    /// Its interface's place.
    pub(super) place: usize,
    pub(super) ts_ns: u64,
    pub(super) orig_len: u32,
    pub(super) link: LinkType,
    /// As the agent sent them.
    pub(super) flags: u32,
    /// Packets lost just before it.
    pub(super) lost: u64,
    pub(super) bytes: Box<[u8]>,
    pub(super) arrived: Instant,
}

/// Those that wait.
pub(super) struct Holding {
    hold: Duration,
    packets: BinaryHeap<Reverse<Ordered>>,
    added: u64,
    bytes: usize,
    comments: HashMap<Key, String>,
}

/// Which packet a comment is for: the pod, the ends, the smaller one first, and the time in microseconds.
type Key = (usize, [(IpAddr, u16); 2], i64);

/// By time, then as they came.
struct Ordered(u64, Held);

impl Holding {
    pub(super) fn new(hold: Duration) -> Self {
        Self { hold, packets: BinaryHeap::new(), added: 0, bytes: 0, comments: HashMap::new() }
    }

    pub(super) fn add(&mut self, held: Held) {
        self.bytes += held.bytes.len() + OVERHEAD;
        self.added += 1;
        self.packets.push(Reverse(Ordered(self.added, held)));
    }

    /// What is said at the packet with which a record began.
    pub(super) fn comment(&mut self, pod: usize, members: &Members<'_>, text: impl FnOnce() -> String) {
        let end = |side: &str| {
            let ip: IpAddr = members.plain(&format!("{side}.ip")).parse().ok()?;
            let port = members.int(&format!("{side}.port")).and_then(|port| u16::try_from(port).ok()).unwrap_or(0);
            Some((ip, port))
        };
        let (Some(src), Some(dst), Some(ts)) = (end("src"), end("dst"), members.int("ts")) else { return };
        if self.comments.len() >= MOST_COMMENTS {
            // those of packets that were never here
            self.comments.clear();
        }
        self.comments.entry((pod, sorted(src, dst), ts)).or_insert_with(text);
    }

    /// The next packet that waited long enough, with what is said of it; all of them without a time.
    pub(super) fn next(&mut self, now: Option<Instant>) -> Option<(Held, Option<String>)> {
        let Reverse(Ordered(_, first)) = self.packets.peek()?;
        let waits = now.is_some_and(|now| now.duration_since(first.arrived) < self.hold);
        if waits && self.bytes < MOST_BYTES {
            return None;
        }
        let Reverse(Ordered(_, held)) = self.packets.pop()?;
        self.bytes -= held.bytes.len() + OVERHEAD;
        let comment = self.said(&held);
        Some((held, comment))
    }

    fn said(&mut self, held: &Held) -> Option<String> {
        if self.comments.is_empty() {
            return None;
        }
        let ends = flow::ends(held.link, &held.bytes, held.orig_len)?;
        let (from, to) = ends.ports.unwrap_or_default();
        let ts_us = i64::try_from(held.ts_ns / 1000).ok()?;
        self.comments.remove(&(held.pod, sorted((ends.src, from), (ends.dst, to)), ts_us))
    }
}

fn sorted(one: (IpAddr, u16), other: (IpAddr, u16)) -> [(IpAddr, u16); 2] {
    if one <= other { [one, other] } else { [other, one] }
}

impl Ord for Ordered {
    fn cmp(&self, other: &Self) -> Ordering {
        (self.1.ts_ns, self.0).cmp(&(other.1.ts_ns, other.0))
    }
}

impl PartialOrd for Ordered {
    fn partial_cmp(&self, other: &Self) -> Option<Ordering> {
        Some(self.cmp(other))
    }
}

impl PartialEq for Ordered {
    fn eq(&self, other: &Self) -> bool {
        self.cmp(other) == Ordering::Equal
    }
}

impl Eq for Ordered {}

/// What a packet takes beside its bytes.
const OVERHEAD: usize = 128;
/// With more than this nothing waits.
const MOST_BYTES: usize = 32 << 20;
/// Comments whose packets have not come.
const MOST_COMMENTS: usize = 50_000;
