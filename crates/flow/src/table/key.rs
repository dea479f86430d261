//! What tells flows apart: addresses, ports, protocol and interface, the same for both directions.

use std::net::IpAddr;

use crate::{Endpoint, FlowId, ip::Address};

/// The identity of a flow. The smaller end stands first, so both directions have one key.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(crate) struct Key {
    ends: [Address; 2],
    /// Ports of the two ends, high and low half.
    ports: u32,
    /// Interface, family and protocol.
    kind: u32,
}

impl Key {
    /// The key, and which of its ends sent this packet.
    #[inline]
    pub(crate) fn new(from: (Address, u16), to: (Address, u16), v6: bool, proto: u8, iface: u32) -> (Self, usize) {
        let lane = usize::from(from > to);
        let (first, second) = if lane == 0 { (from, to) } else { (to, from) };
        let key = Self {
            ends: [first.0, second.0],
            ports: u32::from(first.1) << 16 | u32::from(second.1),
            kind: iface << 9 | u32::from(v6) << 8 | u32::from(proto),
        };
        (key, lane)
    }

    #[inline]
    pub(crate) fn hash(&self, seed: u64) -> u64 {
        let [a, b] = self.ends;
        let first = fold(a.0[1] ^ seed, b.0[1] ^ K[0]);
        let second = fold(a.0[0] ^ K[1], b.0[0] ^ seed.rotate_left(17));
        fold(first ^ K[2], second ^ (u64::from(self.ports) << 32 | u64::from(self.kind)))
    }

    /// The id of the `n`th flow, which has this key and began then.
    pub(crate) fn id(&self, seed: u64, first_ns: u64, n: u64) -> FlowId {
        let low = fold(self.hash(seed) ^ first_ns, fold(n ^ K[3], seed ^ K[1]));
        let high = fold(self.hash(!seed) ^ n.rotate_left(32), fold(first_ns ^ K[2], !seed ^ K[0]));
        // The counter stands in the id as it is, under a bijection: two flows of one engine never share an id.
        FlowId(u128::from(high) << 64 | u128::from(low.rotate_left(7) ^ n.wrapping_mul(K[0] | 1)))
    }

    pub(crate) fn proto(&self) -> u8 {
        self.kind as u8
    }

    pub(crate) fn v6(&self) -> bool {
        self.kind & 0x100 != 0
    }

    pub(crate) fn iface(&self) -> u32 {
        self.kind >> 9
    }

    pub(crate) fn port(&self, lane: usize) -> u16 {
        if lane == 0 { (self.ports >> 16) as u16 } else { self.ports as u16 }
    }

    pub(crate) fn ip(&self, lane: usize) -> IpAddr {
        let [first, second] = self.ends;
        if lane == 0 { first } else { second }.ip(self.v6())
    }

    pub(crate) fn endpoint(&self, lane: usize) -> Endpoint {
        let has_ports = matches!(self.proto(), TCP | UDP | SCTP);
        Endpoint { ip: self.ip(lane), port: has_ports.then(|| self.port(lane)) }
    }
}

/// Both halves of a product: every bit of either factor reaches every bit of it.
#[inline]
fn fold(a: u64, b: u64) -> u64 {
    let product = u128::from(a) * u128::from(b);
    product as u64 ^ (product >> 64) as u64
}

const K: [u64; 4] = [0xa076_1d64_78bd_642f, 0xe703_7ed1_a0b4_28db, 0x8ebc_6af0_9c88_c6e3, 0x5899_65cc_7537_4cc3];

pub(crate) const ICMP: u8 = 1;
pub(crate) const TCP: u8 = 6;
pub(crate) const UDP: u8 = 17;
pub(crate) const ICMP6: u8 = 58;
pub(crate) const SCTP: u8 = 132;
