//! Packets with their secrets overwritten.
//!
//! ```text
//! packet ─ engine ─ placed, clear, mask, settled ─▶ Lanes
//!    └──── hold (first in, first out; a second, 2 MiB) ──┴─▶ release: rewrite, or cut
//! ```
//!
//! A byte of payload leaves only when the engine has looked at it and not called it secret. The rest is overwritten, length
//! and numbers unchanged, and the checksum made right; a packet of which nothing may be seen is cut behind its headers.

mod lanes;
mod ranges;
mod rewrite;

#[cfg(test)]
mod tests;

use crate::batch::{Meta, Out};
use crate::cut::{self, Layout};
use flow::{Envelope, FlowId, MaskSpan, Packet, Place, Record, Side, Sink};
use lanes::{Lane, Lanes};
use proto::capture::codec::{CUT, MASKED};
use ranges::Ranges;
use rewrite::FILL;
use std::collections::VecDeque;
use std::time::{Duration, Instant};

/// Holds packets until it is known what of them may be seen.
pub(crate) struct Masks {
    lanes: Lanes,
    queue: VecDeque<Held>,
    /// Bytes of all packets in the queue.
    held: usize,
    spare: Vec<Vec<u8>>,
    /// Where the packet in hand lies in memory, and where its payload stands in its connection.
    hand: (usize, usize),
    placed: Option<Stands>,
    now: Instant,
    swept: Instant,
    /// So many connections are too many: twice what the last sweep left.
    crowd: usize,
}

/// Where payload stands: in its connection and in its packet.
#[derive(Clone, Copy, Debug)]
struct Stands {
    flow: FlowId,
    side: Side,
    offset: u64,
    at: usize,
    len: usize,
    /// The engine has looked at these very bytes.
    is_sound: bool,
}

struct Held {
    bytes: Vec<u8>,
    packet: Meta,
    stands: Option<Stands>,
    layout: Layout,
    since: Instant,
}

impl Masks {
    pub(crate) fn new(now: Instant) -> Self {
        Self {
            lanes: Lanes::default(),
            queue: VecDeque::new(),
            held: 0,
            spare: Vec::new(),
            hand: (0, 0),
            placed: None,
            now,
            swept: now,
            crowd: CROWD,
        }
    }

    /// The next packet goes to the engine.
    pub(crate) fn take(&mut self, packet: &Packet<'_>, now: Instant) {
        self.hand = (packet.bytes.as_ptr().addr(), packet.bytes.len());
        self.placed = None;
        self.now = now;
    }

    /// The engine has seen the packet: it is held.
    pub(crate) fn hold(&mut self, packet: &Packet<'_>, number: u64) {
        let layout = cut::layout(packet.link, packet.bytes);
        // Payload that is not where it should be was put together from several packets.
        let stands = self.placed.take().filter(|stands| stands.at == layout.headers && layout.proto.is_some());
        if let Some(stands) = &stands {
            self.lanes.hold(stands.flow, true);
        }
        let mut bytes = self.spare.pop().unwrap_or_default();
        bytes.clear();
        bytes.extend_from_slice(packet.bytes);
        self.held += bytes.len();
        let packet = Meta::of(packet, number);
        self.queue.push_back(Held { bytes, packet, stands, layout, since: self.now });
    }

    /// The engine tells of bytes.
    fn tell(&mut self, span: MaskSpan, of: fn(&mut Lane) -> &mut Ranges) {
        let lane = self.lanes.lane(span.flow, span.side, self.now);
        of(lane).add(span.offset, span.offset.saturating_add(u64::from(span.len)));
        lane.trim();
    }

    /// Something is held.
    pub(crate) fn is_waiting(&self) -> bool {
        !self.queue.is_empty()
    }

    /// Bytes held.
    pub(crate) fn held(&self) -> usize {
        self.held
    }

    /// Lets go of packets that are ready, in order. `whole` says whether payload may leave at all.
    pub(crate) fn release(&mut self, now: Instant, all: bool, whole: bool, mut send: impl FnMut(&Out<'_>)) {
        self.now = now;
        while let Some(first) = self.queue.front() {
            let is_due = all || self.held > MOST || now.duration_since(first.since) >= PATIENCE;
            if !is_ready(&mut self.lanes, first, is_due) {
                break;
            }
            let Some(mut first) = self.queue.pop_front() else { break };
            self.held -= first.bytes.len();
            let (keep, flags) = if whole { judge(&mut self.lanes, &mut first) } else { bare(&first) };
            send(&Out { meta: first.packet, bytes: first.bytes.get(..keep).unwrap_or(&first.bytes), flags });
            if let Some(stands) = &first.stands {
                self.lanes.hold(stands.flow, false);
            }
            if self.spare.len() < SPARE && first.bytes.capacity() <= LARGE {
                self.spare.push(first.bytes);
            }
        }
        if now.duration_since(self.swept) >= Duration::from_secs(1) || self.lanes.len() > self.crowd {
            self.swept = now;
            self.lanes.sweep(now);
            self.crowd = CROWD.max(self.lanes.len() * 2);
        }
    }
}

/// All that will be told of a packet's bytes was told, or they were waited for long enough.
fn is_ready(lanes: &mut Lanes, held: &Held, is_due: bool) -> bool {
    let Some(stands) = held.stands.filter(|stands| stands.is_sound) else { return true };
    let Some(lane) = lanes.known(stands.flow, stands.side) else { return true };
    if lane.settled >= stands.offset + stands.len as u64 {
        return true;
    }
    if is_due {
        // What stands still is not waited for again: the packets behind it would wait as long.
        lane.stuck = Some(lane.settled);
    }
    is_due || lane.stuck == Some(lane.settled)
}

/// A packet without its payload.
fn bare(held: &Held) -> (usize, u32) {
    let has_payload = held.layout.headers < held.layout.end;
    if has_payload { (held.layout.headers, CUT) } else { (held.bytes.len(), 0) }
}

/// Overwrites what may not be seen; how many bytes may leave, and the flags.
fn judge(lanes: &mut Lanes, held: &mut Held) -> (usize, u32) {
    let (headers, len) = (held.layout.headers, held.bytes.len());
    let Some(stands) = held.stands else { return bare(held) };
    let lane = lanes.known(stands.flow, stands.side).filter(|_| stands.is_sound);
    let Some(lane) = lane else { return (headers, CUT) };
    let end = stands.at + stands.len;
    match overwrite(&mut held.bytes, &stands, lane) {
        Known::Open => (len, 0),
        Known::Nothing => (headers, CUT),
        Known::Masked if held.packet.orig_len as usize > len => (end, MASKED),
        Known::Masked if rewrite::checksum(&mut held.bytes, &held.layout, end) => (len, MASKED),
        Known::Masked => (headers, CUT),
    }
}

/// What is known of a payload.
enum Known {
    /// All of it may be seen.
    Open,
    /// Something was overwritten.
    Masked,
    /// Nothing of it was looked at.
    Nothing,
}

fn overwrite(bytes: &mut [u8], stands: &Stands, lane: &Lane) -> Known {
    let (from, to) = (stands.offset, stands.offset + stands.len as u64);
    let mut fill = |low: u64, high: u64| {
        let range = stands.at + (low - from) as usize..stands.at + (high - from) as usize;
        if let Some(bytes) = bytes.get_mut(range) {
            bytes.fill(FILL);
        }
        high - low
    };
    let (mut at, mut dark) = (from, 0);
    for (low, high) in lane.clear.inside(from, to) {
        dark += fill(at, low);
        at = high;
    }
    dark += fill(at, to);
    let secret: u64 = lane.secret.inside(from, to).map(|(low, high)| fill(low, high)).sum();
    match (dark, secret) {
        (0, 0) => Known::Open,
        (dark, 0) if dark == to - from => Known::Nothing,
        _ => Known::Masked,
    }
}

/// What the engine finds: records go on, what it tells of bytes is kept for the packets that are held.
pub(crate) struct Tee<'a, S> {
    pub(crate) records: &'a mut S,
    pub(crate) masks: Option<&'a mut Masks>,
}

impl<S: Sink> Sink for Tee<'_, S> {
    fn record(&mut self, envelope: &Envelope<'_>, record: &Record<'_>) {
        self.records.record(envelope, record);
    }

    fn mask(&mut self, span: MaskSpan) {
        if let Some(masks) = &mut self.masks {
            masks.tell(span, |lane| &mut lane.secret);
        }
    }

    fn clear(&mut self, span: MaskSpan) {
        if let Some(masks) = &mut self.masks {
            masks.tell(span, |lane| &mut lane.clear);
        }
    }

    fn placed(&mut self, place: &Place<'_>) {
        let Some(masks) = &mut self.masks else { return };
        let (start, len) = masks.hand;
        let Some(at) = place.bytes.as_ptr().addr().checked_sub(start) else { return };
        if at + place.bytes.len() > len {
            return;
        }
        let lane = masks.lanes.lane(place.flow, place.side, masks.now);
        let is_sound = lane.accept(place.offset, place.bytes, crc32c::crc32c(place.bytes));
        let (flow, side, offset) = (place.flow, place.side, place.offset);
        masks.placed = Some(Stands { flow, side, offset, at, len: place.bytes.len(), is_sound });
    }

    fn settled(&mut self, flow: FlowId, upto: [u64; 2]) {
        let Some(masks) = &mut self.masks else { return };
        for (side, upto) in [Side::Client, Side::Server].into_iter().zip(upto) {
            if let Some(lane) = masks.lanes.known(flow, side) {
                lane.settled = lane.settled.max(upto);
            }
        }
    }
}

/// A packet is held no longer than this.
const PATIENCE: Duration = Duration::from_secs(1);
/// Bytes that are held at most.
const MOST: usize = 2 << 20;
/// Buffers kept for the next packets, and the largest of them.
const SPARE: usize = 64;
const LARGE: usize = 4 << 10;
/// Connections after which those without packets are forgotten at once, at the least.
const CROWD: usize = 8192;
