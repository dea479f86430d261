//! Where packets may not be captured: the kernel's table of sockets, looked at again and again.
//!
//! Records of what is new, has changed or is gone. Connections shorter than the interval between two looks may be missed,
//! unless the kernel tells of their end.

pub(crate) mod diag;
pub(crate) mod listen;

use diag::{Diag, ENDED, Entry};
use flow::record::{Endpoint, SocketRecord};
use flow::{Envelope, FlowId, Marks, Record, Sink};
use std::collections::hash_map::Entry as Slot;
use std::collections::{HashMap, HashSet};
use std::io;
use std::time::{Duration, Instant};

#[cfg(test)]
mod tests;

/// The table as it was seen last.
pub(crate) struct Watch {
    known: HashMap<u64, Known>,
    /// Ports that are listened on: who is connected to them is the client.
    listened: HashSet<u16>,
    seed: u64,
    /// Records so far.
    seq: u64,
    /// Sockets ever seen.
    pub(crate) seen: u64,
    looks: u64,
    every: Duration,
    next: Instant,
}

/// A socket as it was told of last.
struct Known {
    entry: Entry,
    /// Counts its records: also past its end, for the kernel may tell of the end of what waits on (`TIME_WAIT`).
    nth: u64,
    look: u64,
}

impl Watch {
    pub(crate) fn new(seed: u64, now: Instant) -> Self {
        Self {
            known: HashMap::new(),
            listened: HashSet::new(),
            seed,
            seq: 0,
            seen: 0,
            looks: 0,
            every: USUAL,
            next: now,
        }
    }

    /// When it looks again.
    pub(crate) fn due(&self, now: Instant) -> Duration {
        self.next.saturating_duration_since(now)
    }

    /// Looks at the table, when it is time.
    ///
    /// # Errors
    /// The system's.
    pub(crate) fn look(&mut self, diag: &Diag, now: Instant, ts_us: i64, sink: &mut impl Sink) -> io::Result<()> {
        if now < self.next {
            return Ok(());
        }
        self.next = now + self.every;
        let began = crate::budget::cpu_ms();
        self.looks += 1;
        let mut changes = 0;
        let mut buffer = vec![0; BUFFER];
        for proto in [TCP, UDP] {
            for family in [libc::AF_INET as u8, libc::AF_INET6 as u8] {
                diag.ask(family, proto, u32::MAX)?;
                for _ in 0..PATIENCE {
                    let take = |entry| changes += usize::from(self.take(entry, ts_us, sink));
                    if diag.read(proto, &mut buffer, take)? {
                        break;
                    }
                }
            }
        }
        changes += self.gone(ts_us, sink);
        let cost = Duration::from_millis(crate::budget::cpu_ms().saturating_sub(began));
        self.every = pace(self.every, cost, changes);
        self.next = now + self.every;
        Ok(())
    }

    /// One socket; true when there is something to say of it.
    fn take(&mut self, entry: Entry, ts_us: i64, sink: &mut impl Sink) -> bool {
        if entry.proto == TCP && entry.state == LISTEN {
            self.listened.insert(entry.local.1);
        }
        let (look, crowded) = (self.looks, self.known.len() >= MOST);
        let nth = match self.known.entry(entry.cookie) {
            Slot::Occupied(mut known) => {
                let known = known.get_mut();
                known.look = look;
                if known.entry == entry {
                    return false;
                }
                known.entry = entry;
                known.nth += 1;
                known.nth
            }
            // The last counters are told also of one that was never seen alive.
            Slot::Vacant(_) if crowded && entry.state != ENDED => return false,
            Slot::Vacant(slot) => {
                slot.insert(Known { entry, nth: 0, look });
                self.seen += 1;
                0
            }
        };
        self.tell(&entry, nth, ts_us, sink);
        true
    }

    /// Sockets that were not seen in this look are gone; how many of which nothing had told it.
    fn gone(&mut self, ts_us: i64, sink: &mut impl Sink) -> usize {
        let look = self.looks;
        let gone: Vec<Known> = self
            .known
            .extract_if(|_, known| known.look != look)
            .map(|(_, known)| known)
            .filter(|known| known.entry.state != ENDED)
            .collect();
        for Known { entry, nth, .. } in &gone {
            self.tell(&Entry { state: ENDED, ..*entry }, nth + 1, ts_us, sink);
        }
        gone.len()
    }

    fn tell(&mut self, entry: &Entry, nth: u64, ts_us: i64, sink: &mut impl Sink) {
        let is_tcp = entry.proto == TCP;
        let end = |(ip, port)| Endpoint { ip, port: Some(port) };
        let is_server = self.listened.contains(&entry.local.1) && is_tcp;
        let remote = (entry.remote.1 != 0).then(|| end(entry.remote));
        let (src, dst) = match remote {
            // Nobody is at the other end: a server waits here.
            None => (None, Some(end(entry.local))),
            Some(remote) if is_server => (Some(remote), Some(end(entry.local))),
            Some(remote) => (Some(end(entry.local)), Some(remote)),
        };
        let flow = FlowId(u128::from(self.seed) << 64 | u128::from(entry.cookie << 24));
        let envelope = Envelope {
            seq: self.seq,
            id: flow.record(nth),
            ts_us,
            flow: Some(flow),
            src,
            dst,
            vantage: None,
            iface: entry.interface,
            marks: Marks::default(),
            names: [None; 2],
        };
        self.seq += 1;
        let record = SocketRecord {
            state: state(entry),
            proto: if is_tcp { "tcp" } else { "udp" },
            recvq: entry.recvq.into(),
            sendq: entry.sendq.into(),
            uid: entry.uid.into(),
            inode: (entry.inode != 0).then_some(entry.inode.into()),
            tcp: entry.tcp.filter(|_| entry.state != LISTEN),
        };
        sink.record(&envelope, &Record::Socket(&record));
    }
}

/// The kernel's name of a state.
fn state(entry: &Entry) -> &'static str {
    match entry.state {
        1 => "established",
        2 => "syn_sent",
        3 | 12 => "syn_recv",
        4 => "fin_wait1",
        5 => "fin_wait2",
        6 => "time_wait",
        7 if entry.proto == UDP => "unconnected",
        8 => "close_wait",
        9 => "last_ack",
        LISTEN => "listen",
        11 => "closing",
        _ => "closed",
    }
}

/// The time to the next look: longer when a look costs much, shorter while much happens at little cost.
fn pace(every: Duration, cost: Duration, changes: usize) -> Duration {
    let next = if cost * COST > every {
        every * 2
    } else if changes >= BUSY && cost * COST * 4 < every {
        every / 2
    } else if every < USUAL {
        (every * 2).min(USUAL)
    } else {
        (every / 2).max(USUAL)
    };
    next.clamp(SHORTEST, LONGEST)
}

const TCP: u8 = libc::IPPROTO_TCP as u8;
const UDP: u8 = libc::IPPROTO_UDP as u8;
const LISTEN: u8 = 10;
/// Between two looks.
const USUAL: Duration = Duration::from_secs(1);
const SHORTEST: Duration = Duration::from_millis(250);
const LONGEST: Duration = Duration::from_secs(5);
/// A look may take this part of the time between two.
const COST: u32 = 20;
/// So many changes are much.
const BUSY: usize = 64;
/// Sockets that are known.
const MOST: usize = 16 << 10;
/// Answers that are not there at once are waited for so often.
const PATIENCE: usize = 64;
const BUFFER: usize = 32 << 10;
