//! Transactions that ask for the same: how many, how many failed, how long they took.

use super::{Histogram, Members};
use std::collections::BTreeMap;

/// Transactions by kind and what they ask for. Bounded: what is over [`Groups::MOST`] is `(others)`.
#[derive(Debug, Default)]
pub struct Groups {
    groups: BTreeMap<(String, String), Group>,
}

/// Transactions that ask for the same.
#[derive(Debug, Default)]
pub struct Group {
    /// How many.
    pub count: u64,
    /// How many of them failed.
    pub errors: u64,
    /// How long they took, in microseconds.
    pub micros: Histogram,
}

impl Groups {
    /// Groups that are told apart.
    pub const MOST: usize = 1_000;

    /// Takes a record; kinds without an answer are none.
    pub fn add(&mut self, members: &Members<'_>) {
        let kind = members.plain("kind");
        let (what, bad, latency) = match kind {
            "http" => {
                let status = members.int("status").unwrap_or(0);
                let what = format!("{} {}{}", members.text("method"), members.text("host"), members.text("path"));
                (what, status == 0 || status >= 400, "total_us")
            }
            "dns" => (members.text("qtype"), !members.is("rcode", "NOERROR"), "latency_us"),
            "redis" => (members.text("commands"), members.has("error"), "latency_us"),
            "sql" => (members.text("op"), members.has("error"), "latency_us"),
            "tls" => (members.text("sni"), members.raw("alert").is_some(), "hs_us"),
            "ws" | "quic" | "icmp" | "kafka" | "mq" | "mongo" => (members.text("op"), false, "latency_us"),
            _ => return,
        };
        let mut key = (kind.to_owned(), what);
        if self.groups.len() >= Self::MOST && !self.groups.contains_key(&key) {
            key.1 = "(others)".to_owned();
        }
        let group = self.groups.entry(key).or_default();
        group.count += 1;
        group.errors += u64::from(bad);
        if let Some(micros) = members.int(latency).and_then(|micros| u64::try_from(micros).ok()) {
            group.micros.add(micros);
        }
    }

    /// Kind, what is asked for, and the group, in that order.
    pub fn iter(&self) -> impl Iterator<Item = (&str, &str, &Group)> {
        self.groups.iter().map(|((kind, what), group)| (kind.as_str(), what.as_str(), group))
    }

    /// Nothing was taken.
    #[must_use]
    pub fn is_empty(&self) -> bool {
        self.groups.is_empty()
    }
}
