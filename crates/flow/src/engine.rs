//! The engine: packets in, records out.
//!
//! It owns the flow table, what crosses flows (DNS, fragments, names) and the clock, which is packet time. Each `packet`
//! first runs what was due before it, then finds its flow, then drives the flow's dialog. Memory is one budget: after
//! each call what is too much goes, the oldest first.

mod close;
mod datagram;
mod deliver;
mod direction;
mod icmp;
mod intake;
mod room;
mod show;
mod tcp;
mod work;

#[cfg(test)]
pub(crate) mod tests;

use std::collections::VecDeque;

use zeroize::Zeroizing;

use crate::{
    Config, Hint, KeyLine, Limits, Loss, Packet, Sink, dns,
    ip::fragments::Fragments,
    malformed::MalformedCounts,
    record::{LossRecord, Record, StatsRecord},
    table::Table,
};

use icmp::Echo;
use work::{Shared, Work};

/// Turns packets into records. Pure: its time is packet time, its memory is bounded, and the same calls give the same
/// records.
pub struct Engine {
    table: Table,
    shared: Shared,
    fragments: Fragments,
    echoes: VecDeque<Echo>,
    malformed: MalformedCounts,
    packets: u64,
    bytes: u64,
    flows: u64,
    /// The packet in hand changed nothing of what is held.
    is_as_before: bool,
}

/// What an engine holds.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Usage {
    /// Bytes of memory in all pools.
    pub bytes: usize,
    /// Flows in the table.
    pub flows: usize,
    /// Packets taken so far.
    pub packets: u64,
    /// Flows ever opened.
    pub flows_total: u64,
    /// Packets that could not be read.
    pub malformed: u64,
}

impl Engine {
    /// An engine with nothing in it. A budget under 1 MiB counts as 1 MiB.
    #[must_use]
    pub fn new(mut config: Config) -> Self {
        config.budget = config.budget.max(1 << 20);
        Self {
            table: Table::new(config.budget / 5 * 2, config.seed),
            fragments: Fragments::default(),
            echoes: VecDeque::new(),
            malformed: MalformedCounts::default(),
            packets: 0,
            bytes: 0,
            flows: 0,
            is_as_before: false,
            shared: Shared::new(config),
        }
    }

    /// Takes one packet. Ends in bounded work.
    pub fn packet(&mut self, packet: &Packet<'_>, sink: &mut impl Sink) {
        self.take(packet, sink);
    }

    /// Packets were lost before they came here.
    pub fn lost(&mut self, loss: &Loss, sink: &mut impl Sink) {
        let record = LossRecord::of(loss);
        self.shared.lost(loss);
        Work::new(&mut self.shared, sink).alone((loss.to_ns / 1000) as i64, loss.iface, &Record::Loss(&record));
    }

    /// No packet is there, and it is now this late: idle flows end.
    pub fn advance(&mut self, now_ns: u64, sink: &mut impl Sink) {
        self.run_timers((now_ns / 1000) as i64, sink);
        self.make_room(sink);
    }

    /// More keys for TLS. No lines at all still say that keys may come: bytes that need them are then held for a moment.
    pub fn keys(&mut self, lines: &[KeyLine]) {
        self.shared.keys.add(lines);
    }

    /// Appends the lines of the key log that opened something since the last call: what a file of the same packets needs
    /// to be readable. The caller decides who may have them.
    pub fn used_keys(&mut self, out: &mut Zeroizing<Vec<u8>>) {
        self.shared.keys.drain_used(out);
    }

    /// Lines given as keys that are none.
    #[must_use]
    pub fn invalid_keys(&self) -> u64 {
        self.shared.keys.invalid()
    }

    /// Descriptors of gRPC's messages: a `FileDescriptorSet`. False when these bytes are none, or there is too much of it.
    pub fn protos(&mut self, set: &[u8]) -> bool {
        self.shared.protos.add(set)
    }

    /// Something packets do not say.
    pub fn hint(&mut self, hint: Hint) {
        self.shared.hints.add(hint);
    }

    /// Other limits from here on.
    pub fn set(&mut self, limits: Limits) {
        self.shared.config.limits = limits;
    }

    /// The capture ended: everything open is closed.
    pub fn finish(&mut self, sink: &mut impl Sink) {
        self.close_all(sink);
        let shared = &mut self.shared;
        shared.dns.finish(&mut shared.seq, sink);
    }

    /// What the engine counted so far, as a record.
    pub fn stats(&mut self, ts_ns: u64, sink: &mut impl Sink) {
        let record = StatsRecord {
            packets: self.packets,
            bytes: self.bytes,
            flows: self.flows,
            records: self.shared.seq,
            memory: self.usage().bytes as u64,
            malformed: self.malformed,
            keys_invalid: self.shared.keys.invalid(),
        };
        Work::new(&mut self.shared, sink).alone((ts_ns / 1000) as i64, 0, &Record::Stats(&record));
    }

    /// What is held now.
    #[must_use]
    pub fn usage(&self) -> Usage {
        Usage {
            bytes: self.held(),
            flows: self.table.len(),
            packets: self.packets,
            flows_total: self.flows,
            malformed: self.malformed.total(),
        }
    }

    /// The packets that could not be read, by reason.
    #[must_use]
    pub fn unread(&self) -> MalformedCounts {
        self.malformed
    }

    /// The name of an address and where it is from: told by the caller (`api`), or resolved in the capture (`dns`).
    #[must_use]
    pub fn name(&self, ip: std::net::IpAddr) -> Option<(&str, &'static str)> {
        self.shared.name(ip)
    }

    /// Bytes that may be held.
    #[must_use]
    pub fn budget(&self) -> usize {
        self.shared.config.budget
    }

    fn held(&self) -> usize {
        size_of::<Self>()
            + self.table.heap()
            + self.shared.heap()
            + self.fragments.heap()
            + self.echoes.capacity() * size_of::<Echo>()
    }
}

/// DNS transactions and names: this part of the budget.
fn dns_table(budget: usize) -> dns::Table {
    dns::Table::new(budget / 16)
}
