//! What waits to be sent, within credit; and what was sent and may have to be sent again.

use proto::capture::{Body, FIRST_CREDIT, Frame, MAX_UNACKED, encode};
use std::collections::VecDeque;

/// Frames on their way to the owner.
pub(crate) struct Outbox {
    frames: VecDeque<Sent>,
    /// Bytes of all `frames`.
    held: usize,
    /// Frames before this one are written to the stream of now.
    written: usize,
    /// Bytes of the frame at `written` that are written.
    offset: usize,
    next: u64,
    pub(crate) packet_credit: u64,
    pub(crate) record_credit: u64,
    lost: Lost,
    /// Frames that were let go after they had been written, and are not acknowledged: whether they arrived is known when
    /// the owner says what came last.
    unsure: VecDeque<(u64, Lost)>,
}

struct Sent {
    seq: u64,
    bytes: Vec<u8>,
    packets: u64,
    records: u64,
    /// What it says of losses: let go, it takes their numbers along.
    told: Lost,
    /// Credit that it took.
    cost: u64,
    /// It was written to a stream, of now or before.
    sent: bool,
}

impl Sent {
    /// What the owner never hears of without it.
    fn holds(&self) -> Lost {
        Lost { packets: self.packets + self.told.packets, records: self.records + self.told.records }
    }
}

/// What was made and will never arrive.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(crate) struct Lost {
    pub(crate) packets: u64,
    pub(crate) records: u64,
}

impl Lost {
    pub(crate) fn add(&mut self, other: Self) {
        self.packets += other.packets;
        self.records += other.records;
    }
}

impl Outbox {
    pub(crate) fn new() -> Self {
        Self::after(0)
    }

    /// Numbers go on after this frame.
    pub(crate) fn after(seq: u64) -> Self {
        Self {
            frames: VecDeque::new(),
            held: 0,
            written: 0,
            offset: 0,
            next: seq + 1,
            packet_credit: FIRST_CREDIT,
            record_credit: FIRST_CREDIT,
            lost: Lost::default(),
            unsure: VecDeque::new(),
        }
    }

    /// Queues a frame.
    pub(crate) fn push(&mut self, body: Body) {
        let (packets, records, cost) = match &body {
            Body::Packets(batch) => (u64::from(batch.count), 0, batch.packets.len() as u64),
            Body::Records(batch) => (0, u64::from(batch.count), batch.lines.len() as u64),
            _ => (0, 0, 0),
        };
        let told = match &body {
            Body::Loss(loss) if loss.records => Lost { packets: 0, records: loss.packets },
            Body::Loss(loss) => Lost { packets: loss.packets, records: 0 },
            _ => Lost::default(),
        };
        let frame = Frame { seq: self.next, ..body.into() };
        self.next += 1;
        let mut bytes = Vec::new();
        encode(&frame, &mut bytes);
        self.held += bytes.len();
        self.frames.push_back(Sent { seq: frame.seq, bytes, packets, records, told, cost, sent: false });
    }

    /// Takes the credit that packets or records need; false where there is not enough, and nothing is taken.
    pub(crate) fn spend(&mut self, body: &Body) -> bool {
        let (credit, cost) = match body {
            Body::Packets(batch) => (&mut self.packet_credit, batch.packets.len() as u64),
            Body::Records(batch) => (&mut self.record_credit, batch.lines.len() as u64),
            _ => return true,
        };
        // Whoever gives more credit than he reads does not get the pod's memory for it.
        let left = credit.checked_sub(cost).filter(|_| self.held as u64 + cost <= MOST_HELD);
        *credit = left.unwrap_or(*credit);
        left.is_some()
    }

    /// The bytes to write next; empty when all are written.
    pub(crate) fn waiting(&self) -> &[u8] {
        self.frames.get(self.written).and_then(|frame| frame.bytes.get(self.offset..)).unwrap_or_default()
    }

    /// So many of the waiting bytes were written.
    pub(crate) fn wrote(&mut self, count: usize) {
        self.offset += count;
        if let Some(frame) = self.frames.get_mut(self.written).filter(|frame| self.offset >= frame.bytes.len()) {
            frame.sent = true;
            self.written += 1;
            self.offset = 0;
        }
        self.trim();
    }

    /// Frames up to this one have arrived.
    pub(crate) fn acknowledged(&mut self, seq: u64) {
        while self.written > 0 && self.frames.front().is_some_and(|frame| frame.seq <= seq) {
            self.take_first();
            self.written -= 1;
        }
        while self.unsure.front().is_some_and(|(unsure, _)| *unsure <= seq) {
            self.unsure.pop_front();
        }
    }

    /// A new stream begins: what was not acknowledged is written again, after this frame. Credit is counted anew, but for
    /// what is written again.
    pub(crate) fn resume(&mut self, after: u64) {
        self.written = 0;
        self.offset = 0;
        while self.frames.front().is_some_and(|frame| frame.seq <= after) {
            self.take_first();
        }
        for (_, lost) in self.unsure.drain(..).filter(|(seq, _)| *seq > after) {
            self.lost.add(lost);
        }
        let again = |is: fn(&Sent) -> bool| self.frames.iter().filter(|frame| is(frame)).map(|frame| frame.cost).sum();
        self.packet_credit = FIRST_CREDIT.saturating_sub(again(|frame| frame.packets > 0));
        self.record_credit = FIRST_CREDIT.saturating_sub(again(|frame| frame.records > 0));
    }

    /// Nobody reads: packets are let go first, then the oldest of what was understood of them; all are counted.
    pub(crate) fn shed(&mut self) {
        self.written = 0;
        self.offset = 0;
        let mut at = 0;
        while self.held > MAX_UNACKED && at < self.frames.len() {
            self.empty(at);
            at += 1;
        }
        while self.held > MAX_UNACKED {
            let Some(frame) = self.take_first() else { break };
            self.lose(&frame);
        }
    }

    /// Leaves nothing of a frame of packets but its number: numbers have no holes on a stream.
    fn empty(&mut self, at: usize) {
        let Some(frame) = self.frames.get_mut(at).filter(|frame| frame.packets > 0) else { return };
        let mut bytes = Vec::new();
        encode(&Frame { seq: frame.seq, mac: Vec::new(), body: None }, &mut bytes);
        self.held = self.held + bytes.len() - frame.bytes.len();
        let gone = Sent { bytes: Vec::new(), ..*frame };
        *frame = Sent { bytes, packets: 0, records: 0, cost: 0, ..*frame };
        self.lose(&gone);
    }

    /// A frame is let go that may not have arrived.
    fn lose(&mut self, frame: &Sent) {
        let holds = frame.holds();
        if !frame.sent {
            self.lost.add(holds);
        } else if holds != Lost::default() {
            self.unsure.push_back((frame.seq, holds));
            if self.unsure.len() > UNSURE {
                self.unsure.pop_front();
            }
        }
    }

    /// What was let go since the last call.
    pub(crate) fn take_lost(&mut self) -> Lost {
        std::mem::take(&mut self.lost)
    }

    /// Written frames are kept for a resume, up to a limit.
    fn trim(&mut self) {
        while self.written > 0 && self.held > MAX_UNACKED {
            let Some(frame) = self.take_first() else { break };
            self.written -= 1;
            self.lose(&frame);
        }
    }

    fn take_first(&mut self) -> Option<Sent> {
        let frame = self.frames.pop_front()?;
        self.held -= frame.bytes.len();
        Some(frame)
    }

    /// Bytes held, for the agent's budget.
    pub(crate) fn held(&self) -> usize {
        self.held
    }
}

/// Bytes that are held whatever the credit: what may have to be sent again, and what the credit of a stream begins with.
const MOST_HELD: u64 = MAX_UNACKED as u64 + 2 * FIRST_CREDIT;
/// Frames of which it is remembered that they may not have arrived. An owner acknowledges far oftener.
const UNSURE: usize = 4096;

#[cfg(test)]
mod tests;
