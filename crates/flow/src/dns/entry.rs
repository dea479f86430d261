//! One query that was seen: what it asked, when, and what has become of it.

use std::net::IpAddr;

use crate::{Envelope, FlowId, Marks, RecordId, record::Endpoint};

/// What a record needs of the flow that carried the query, as the flow may be gone when the record is made.
#[derive(Debug, Clone, Copy)]
pub(super) struct Ticket {
    pub(super) flow: FlowId,
    pub(super) id: RecordId,
    pub(super) client: Endpoint,
    pub(super) server: Endpoint,
    pub(super) iface: u32,
    pub(super) transport: &'static str,
}

impl Ticket {
    pub(super) fn envelope(&self, seq: u64, ts_us: i64, marks: Marks) -> Envelope<'static> {
        Envelope {
            seq,
            id: self.id,
            ts_us,
            flow: Some(self.flow),
            src: Some(self.client),
            dst: Some(self.server),
            vantage: None,
            iface: self.iface,
            marks,
            names: [None; 2],
        }
    }
}

/// What makes a message belong to a query. The server is no part of it: a retry may go to another one.
#[derive(Debug, Clone, Copy)]
pub(super) struct Key<'a> {
    pub(super) client: Endpoint,
    pub(super) xid: u16,
    pub(super) kind: u16,
    pub(super) name: &'a str,
}

impl Key<'_> {
    pub(super) fn hash(&self) -> u64 {
        let numbers = u64::from(self.xid) << 32 | u64::from(self.kind) << 16 | u64::from(self.client.port.unwrap_or(0));
        hash_name(mix(hash_ip(self.client.ip), numbers), self.name)
    }
}

/// Where an entry stands.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum State {
    /// In no use.
    Free,
    /// No answer yet.
    Waiting,
    /// NXDOMAIN came; the next name of a search list may follow.
    Held,
    /// Its record is out; a second answer is not another transaction.
    Done,
    /// Its record said that no answer came; a retry or late answer still belongs to it.
    Ghost,
}

/// One query.
#[derive(Debug)]
pub(super) struct Entry {
    pub(super) state: State,
    /// Changes with every change of state, so that an older deadline is known to be stale.
    pub(super) stamp: u32,
    pub(super) hash: u64,
    pub(super) ticket: Ticket,
    pub(super) xid: u16,
    pub(super) kind: u16,
    pub(super) class: u16,
    pub(super) retries: u32,
    pub(super) first_us: i64,
    pub(super) answer_us: i64,
    /// When the first name of a search list was asked for.
    pub(super) search_us: i64,
    pub(super) name: String,
    /// The names of a search list that were tried before this one, one a line.
    pub(super) searched: String,
    /// The query, cut at [`Entry::MOST`].
    pub(super) query: Vec<u8>,
    /// The answer, while it is held; cut as well.
    pub(super) response: Vec<u8>,
}

impl Entry {
    /// Bytes kept of a message.
    pub(super) const MOST: usize = 1232;

    pub(super) fn new(ticket: Ticket) -> Entry {
        Entry {
            state: State::Free,
            stamp: 0,
            hash: 0,
            ticket,
            xid: 0,
            kind: 0,
            class: 0,
            retries: 0,
            first_us: 0,
            answer_us: 0,
            search_us: 0,
            name: String::new(),
            searched: String::new(),
            query: Vec::new(),
            response: Vec::new(),
        }
    }

    pub(super) fn is(&self, key: &Key<'_>) -> bool {
        self.state != State::Free
            && self.xid == key.xid
            && self.kind == key.kind
            && self.ticket.client == key.client
            && self.name.eq_ignore_ascii_case(key.name)
    }

    pub(super) fn heap(&self) -> usize {
        self.name.capacity() + self.searched.capacity() + self.query.capacity() + self.response.capacity()
    }
}

/// Keeps the head of `from` in `to`.
pub(super) fn keep(to: &mut Vec<u8>, from: &[u8]) {
    to.clear();
    to.extend_from_slice(from.get(..Entry::MOST).unwrap_or(from));
}

/// Stirs a number into a hash.
pub(super) fn mix(hash: u64, value: u64) -> u64 {
    (hash.rotate_left(5) ^ value).wrapping_mul(0x517c_c1b7_2722_0a95)
}

pub(super) fn hash_ip(ip: IpAddr) -> u64 {
    match ip {
        IpAddr::V4(ip) => mix(4, u64::from(ip.to_bits())),
        IpAddr::V6(ip) => mix(mix(6, ip.to_bits() as u64), (ip.to_bits() >> 64) as u64),
    }
}

/// Without case.
pub(super) fn hash_name(hash: u64, name: &str) -> u64 {
    let (words, rest) = name.as_bytes().as_chunks::<8>();
    let hash = words.iter().fold(hash, |hash, word| mix(hash, u64::from_le_bytes(*word) | CASE));
    rest.iter().fold(hash, |hash, byte| mix(hash, u64::from(byte | 0x20)))
}

const CASE: u64 = 0x2020_2020_2020_2020;
