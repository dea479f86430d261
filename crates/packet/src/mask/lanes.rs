//! What the engine has told of the bytes of each connection.

use super::ranges::Ranges;
use flow::{FlowId, Side};
use std::collections::{HashMap, VecDeque};
use std::time::{Duration, Instant};

/// Both directions of every connection that has payload on the way.
#[derive(Default)]
pub(crate) struct Lanes {
    flows: HashMap<FlowId, Flow>,
}

struct Flow {
    lanes: [Lane; 2],
    used: Instant,
    /// Packets of it that are held.
    held: usize,
}

/// One direction.
#[derive(Default)]
pub(crate) struct Lane {
    /// Nothing more is told of bytes before this.
    pub(crate) settled: u64,
    /// Bytes that were looked at.
    pub(crate) clear: Ranges,
    /// Bytes that are secret.
    pub(crate) secret: Ranges,
    /// The last packets: stream offset, length, checksum of their payload.
    recent: VecDeque<(u64, usize, u32)>,
    /// Behind the last byte that was seen.
    top: u64,
    /// Bytes at this offset were waited for in vain.
    pub(crate) stuck: Option<u64>,
}

impl Lanes {
    pub(crate) fn lane(&mut self, flow: FlowId, side: Side, now: Instant) -> &mut Lane {
        let flow = self.flows.entry(flow).or_insert_with(|| Flow { lanes: Default::default(), used: now, held: 0 });
        flow.used = now;
        let [client, server] = &mut flow.lanes;
        if side == Side::Client { client } else { server }
    }

    /// A connection that is known.
    pub(crate) fn known(&mut self, flow: FlowId, side: Side) -> Option<&mut Lane> {
        let [client, server] = &mut self.flows.get_mut(&flow)?.lanes;
        Some(if side == Side::Client { client } else { server })
    }

    /// A packet of it is held, or not any more.
    pub(crate) fn hold(&mut self, flow: FlowId, is_held: bool) {
        if let Some(flow) = self.flows.get_mut(&flow) {
            flow.held = if is_held { flow.held + 1 } else { flow.held.saturating_sub(1) };
        }
    }

    /// Forgets connections in which nothing happens. What is sent again of them later is cut.
    pub(crate) fn sweep(&mut self, now: Instant) {
        let patience = if self.flows.len() > MOST { Duration::ZERO } else { IDLE };
        self.flows.retain(|_, flow| flow.held > 0 || now.duration_since(flow.used) < patience);
    }

    pub(crate) fn len(&self) -> usize {
        self.flows.len()
    }
}

impl Lane {
    /// Takes the payload of a packet. False when it overlaps what was sent before and is not the same packet again: the
    /// engine has looked at other bytes in its place.
    pub(crate) fn accept(&mut self, offset: u64, payload: &[u8], sum: u32) -> bool {
        let end = offset + payload.len() as u64;
        let same = |(at, len, have): &(u64, usize, u32)| (*at, *len, *have) == (offset, payload.len(), sum);
        if offset < self.top {
            if self.recent.iter().any(same) {
                return true;
            }
            let oldest = self.recent.iter().map(|(at, ..)| *at).min().unwrap_or(u64::MAX);
            let overlaps = |(at, len, _): &(u64, usize, u32)| *at < end && offset < at + *len as u64;
            if offset < oldest || self.recent.iter().any(overlaps) {
                return false;
            }
        }
        self.top = self.top.max(end);
        if self.recent.len() >= RECENT {
            self.recent.pop_front();
        }
        self.recent.push_back((offset, payload.len(), sum));
        true
    }

    /// Keeps what is known within bounds.
    pub(crate) fn trim(&mut self) {
        let mut before = self.settled.saturating_sub(WINDOW);
        for ranges in [&self.clear, &self.secret] {
            if ranges.len() > RANGES {
                before = before.max(ranges.end_of(ranges.len() - RANGES).unwrap_or(0));
            }
        }
        // Bytes of which secrets are forgotten are not clear any more either.
        self.clear.forget(before);
        self.secret.forget(before);
    }
}

/// Connections that are known; more are forgotten as soon as nothing of them is held.
const MOST: usize = 4096;
/// A connection is known so long after its last packet.
const IDLE: Duration = Duration::from_secs(5);
/// Packets of a direction that are known when they come again.
const RECENT: usize = 32;
/// Ranges of a direction.
const RANGES: usize = 512;
/// Bytes of a direction that are known, behind what is settled.
const WINDOW: u64 = 8 << 20;
