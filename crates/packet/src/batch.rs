//! Packets and records on their way into frames.

use crate::recorder::triggers::{Fired, Triggers};
use flow::{Direction, Envelope, Packet, Record, Sink};
use proto::capture::codec::{OUTGOING, PacketView, put_packet};
use proto::capture::{PacketBatch, RecordBatch};

/// What a packet is beside its bytes.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Meta {
    pub(crate) iface: u32,
    pub(crate) ts_ns: u64,
    pub(crate) orig_len: u32,
    pub(crate) dir: Direction,
    /// Counts the packets of the agent.
    pub(crate) number: u64,
}

impl Meta {
    pub(crate) fn of(packet: &Packet<'_>, number: u64) -> Self {
        let (iface, ts_ns, orig_len, dir) = (packet.iface, packet.ts_ns, packet.orig_len, packet.dir);
        Self { iface, ts_ns, orig_len, dir, number }
    }
}

/// A packet on its way out.
pub(crate) struct Out<'a> {
    pub(crate) meta: Meta,
    /// What may leave of it.
    pub(crate) bytes: &'a [u8],
    /// [`proto::capture::codec::CUT`] and [`proto::capture::codec::MASKED`].
    pub(crate) flags: u32,
}

/// Packets of one interface that go out in one frame.
#[derive(Default)]
pub(crate) struct Packets {
    bytes: Vec<u8>,
    count: u32,
    interface: u32,
    first: u64,
    base_ns: u64,
    last_ns: u64,
}

impl Packets {
    /// Adds a packet.
    pub(crate) fn add(&mut self, packet: &Out<'_>) {
        let meta = &packet.meta;
        if self.count == 0 {
            (self.interface, self.first) = (meta.iface, meta.number);
            (self.base_ns, self.last_ns) = (meta.ts_ns, meta.ts_ns);
        }
        let flags = packet.flags | if meta.dir == Direction::Out { OUTGOING } else { 0 };
        let view = PacketView { ts_ns: meta.ts_ns, orig_len: meta.orig_len, flags, bytes: packet.bytes };
        put_packet(self.last_ns, &view, &mut self.bytes);
        self.last_ns = meta.ts_ns;
        self.count += 1;
    }

    /// A packet of another interface, or one that does not fit, begins another frame.
    pub(crate) fn full_for(&self, packet: &Out<'_>) -> bool {
        self.count > 0 && (self.interface != packet.meta.iface || self.bytes.len() + packet.bytes.len() > MOST)
    }

    pub(crate) fn len(&self) -> usize {
        self.bytes.len()
    }

    pub(crate) fn count(&self) -> u32 {
        self.count
    }

    /// The frame's body, and an empty batch.
    pub(crate) fn take(&mut self) -> Option<PacketBatch> {
        if self.count == 0 {
            return None;
        }
        let packets = self.bytes.as_slice().to_vec().into();
        self.bytes.clear();
        let count = std::mem::take(&mut self.count);
        Some(PacketBatch { interface: self.interface, base_ns: self.base_ns, first: self.first, packets, count })
    }
}

/// Records, as lines.
pub(crate) struct Records {
    /// Without, the engine runs for what it tells of packets alone.
    wanted: bool,
    lines: Vec<u8>,
    count: u32,
    pub(crate) total: u64,
    /// What the flight recorder waits for.
    triggers: Option<Triggers>,
}

impl Records {
    pub(crate) fn new(wanted: bool, triggers: Option<Triggers>) -> Self {
        Self { wanted, lines: Vec::new(), count: 0, total: 0, triggers }
    }

    /// A trigger has fired.
    pub(crate) fn has_fired(&self) -> bool {
        self.triggers.as_ref().is_some_and(Triggers::have_fired)
    }

    /// The triggers that have fired since the last call, each as it was written.
    pub(crate) fn take_fired(&mut self) -> Vec<(Fired, String)> {
        let Some(triggers) = &mut self.triggers else { return Vec::new() };
        let fired = triggers.take();
        fired.into_iter().map(|fired| (fired.clone(), triggers.text(fired.trigger).to_owned())).collect()
    }

    pub(crate) fn len(&self) -> usize {
        self.lines.len()
    }

    pub(crate) fn count(&self) -> u32 {
        self.count
    }

    /// The bodies of as many frames as they need.
    pub(crate) fn take(&mut self) -> Vec<RecordBatch> {
        if self.count == 0 {
            return Vec::new();
        }
        self.count = 0;
        let mut batches = Vec::new();
        let (mut from, mut at, mut count) = (0, 0, 0);
        for line in self.lines.split_inclusive(|byte| *byte == b'\n') {
            if count > 0 && at + line.len() - from > MOST {
                batches.push(batch(&self.lines, from, at, count));
                (from, count) = (at, 0);
            }
            at += line.len();
            count += 1;
        }
        batches.push(batch(&self.lines, from, at, count));
        self.lines.clear();
        self.lines.shrink_to(MOST);
        batches
    }
}

fn batch(lines: &[u8], from: usize, to: usize, count: u32) -> RecordBatch {
    RecordBatch { lines: lines.get(from..to).unwrap_or_default().to_vec().into(), count }
}

impl Sink for Records {
    fn record(&mut self, envelope: &Envelope<'_>, record: &Record<'_>) {
        if !self.wanted && self.triggers.is_none() {
            return;
        }
        let from = self.lines.len();
        record.write_json(envelope, &mut self.lines);
        if let (Some(triggers), Some(line)) = (&mut self.triggers, self.lines.get(from..)) {
            triggers.look(line);
        }
        if !self.wanted {
            return self.lines.truncate(from);
        }
        self.lines.push(b'\n');
        self.count += 1;
        self.total += 1;
    }
}

/// Bytes of payload in a frame: far below the longest frame.
pub(crate) const MOST: usize = 512 << 10;
