//! `qd tap map`: who talks to whom in a capture, as a table, JSON, or a graph.
//!
//! An edge is a client and a server with its port. Its latencies and errors are those of transactions; its bytes and its
//! connections that nobody answered are those of flows.

mod print;

use std::collections::btree_map::Entry;
use std::collections::{BTreeMap, BTreeSet};
use std::io::Write;

use capture::line::{Histogram, Members};
use flow::record::FlowState;
use flow::{Envelope, Record, Sink};

use super::asked::Asked;
use super::drive::{self, Target};
use super::lines::Chosen;
use crate::error::Error;
use crate::grammar::Output;
use crate::grammar::tap::MapArgs;

/// Runs `qd tap map`.
///
/// # Errors
/// When the capture cannot be read, or stdout fails.
pub(super) fn map(args: &MapArgs, output: Output, out: &mut impl Write) -> Result<(), Error> {
    let mut map = Map::new(Chosen::of(&args.read)?);
    let summary = drive::drive(&args.read, None, &mut map)?;
    let (from, to) = summary.span_ns.unwrap_or_default();
    let seconds = (to - from) as f64 / 1e9;
    let edges = map.named();
    if args.dot {
        print::dot(&edges, seconds, out)?;
    } else {
        print::print(&edges, seconds, output, out)?;
    }
    summary.end()
}

/// Counts edges.
struct Map {
    chosen: Chosen,
    line: Vec<u8>,
    edges: BTreeMap<Ends, Edge>,
    /// Not every record says the names of its ends.
    names: BTreeMap<String, String>,
}

/// Client, server, port of the server.
#[derive(Clone, Debug, Default, PartialEq, Eq, PartialOrd, Ord)]
struct Ends {
    client: String,
    server: String,
    port: u16,
}

/// What runs between two ends.
#[derive(Debug, Default)]
struct Edge {
    /// What is spoken; `tcp`, `udp` where that is not known.
    protocols: BTreeSet<&'static str>,
    flows: u64,
    /// Connections whose client heard nothing back: dropped on the way, or nobody there.
    unanswered: u64,
    up: u64,
    down: u64,
    transactions: u64,
    errors: u64,
    micros: Histogram,
}

impl Map {
    fn new(chosen: Chosen) -> Self {
        Self { chosen, line: Vec::new(), edges: BTreeMap::new(), names: BTreeMap::new() }
    }

    /// The edges by names, where they are known: addresses of one name are one end.
    fn named(self) -> BTreeMap<Ends, Edge> {
        let name = |ip: String| self.names.get(&ip).cloned().unwrap_or(ip);
        let mut named = BTreeMap::<Ends, Edge>::new();
        for (ends, edge) in self.edges {
            let ends = Ends { client: name(ends.client), server: name(ends.server), port: ends.port };
            match named.entry(ends) {
                Entry::Vacant(place) => drop(place.insert(edge)),
                Entry::Occupied(mut have) => have.get_mut().take(&edge),
            }
        }
        named
    }

    fn edge(&mut self) -> &mut Edge {
        let members = Members::of(&self.line);
        let port = members.int("dst.port").and_then(|port| u16::try_from(port).ok()).unwrap_or(0);
        let [client, server] = ["src", "dst"].map(|side| {
            let (ip, name) = (members.text(&format!("{side}.ip")), members.text(&format!("{side}.name")));
            if !name.is_empty() && self.names.len() < MOST {
                self.names.insert(ip.clone(), name);
            }
            ip
        });
        let mut ends = Ends { client, server, port };
        if self.edges.len() >= MOST && !self.edges.contains_key(&ends) {
            ends = Ends { client: OTHERS.to_owned(), server: OTHERS.to_owned(), port: 0 };
        }
        self.edges.entry(ends).or_default()
    }
}

impl Edge {
    fn take(&mut self, other: &Self) {
        self.protocols.extend(&other.protocols);
        self.flows += other.flows;
        self.unanswered += other.unanswered;
        self.up += other.up;
        self.down += other.down;
        self.transactions += other.transactions;
        self.errors += other.errors;
        for (micros, count) in other.micros.buckets() {
            (0..count).for_each(|_| self.micros.add(micros));
        }
    }
}

impl Sink for Map {
    fn record(&mut self, envelope: &Envelope<'_>, record: &Record<'_>) {
        if !self.chosen.kind(record) {
            return;
        }
        let whole = matches!(record, Record::Flow(flow) if flow.state == FlowState::Close);
        if !whole && matches!(record, Record::Flow(_) | Record::Stats(_)) {
            return;
        }
        self.line.clear();
        record.write_json(envelope, &mut self.line);
        if !self.chosen.line(&self.line) {
            return;
        }
        if let Record::Flow(flow) = record {
            let edge = self.edge();
            match known(flow.app.name()) {
                Some(app) => edge.protocols.insert(app),
                None => edge.protocols.insert(known(flow.proto).unwrap_or("other")),
            };
            edge.flows += 1;
            edge.unanswered += u64::from(flow.proto == "tcp" && flow.server.packets == 0);
            edge.up += flow.client.bytes;
            edge.down += flow.server.bytes;
        } else if let Some(asked) = Asked::of(record.kind(), &Members::of(&self.line)) {
            // a handshake is no transaction, unless it was all there was
            if matches!(record, Record::Tls(_)) && !asked.error {
                return;
            }
            let edge = self.edge();
            edge.transactions += 1;
            edge.errors += u64::from(asked.error);
            if let Some(micros) = asked.micros {
                edge.micros.add(micros);
            }
        }
    }
}

/// Names of protocols, as they are shown.
fn known(name: &str) -> Option<&'static str> {
    PROTOCOLS.iter().find(|known| **known == name).copied()
}

const PROTOCOLS: &[&str] = &[
    "http",
    "http2",
    "websocket",
    "tls",
    "quic",
    "http3",
    "dns",
    "redis",
    "postgres",
    "mysql",
    "tcp",
    "udp",
    "icmp",
    "icmpv6",
    "sctp",
    "arp",
];

impl Target for Map {
    fn flush(&mut self, _now: bool) -> Result<(), Error> {
        Ok(())
    }
}

/// Edges that are told apart.
const MOST: usize = 10_000;
/// The ends of all edges beyond them.
const OTHERS: &str = "(others)";

#[cfg(test)]
mod tests;
