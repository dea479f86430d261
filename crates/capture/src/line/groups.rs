//! Transactions that ask for the same: how many, how many failed, how long they took.

use super::{Histogram, Members, told};
use std::collections::BTreeMap;

/// What tells transactions apart.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum By {
    /// What they ask for: method, host and path; type of question; command.
    Route,
    /// The method of a request, or the command.
    Method,
    /// What came of it.
    Status,
    /// Who was asked.
    Peer,
    /// At which end it was seen.
    Vantage,
}

impl By {
    /// By its name.
    #[must_use]
    pub fn named(name: &str) -> Option<Self> {
        Some(match name {
            "route" => Self::Route,
            "method" => Self::Method,
            "status" => Self::Status,
            "peer" => Self::Peer,
            "vantage" => Self::Vantage,
            _ => return None,
        })
    }

    fn of(self, members: &Members<'_>, kind: &str, route: &str) -> String {
        let mut text = String::new();
        match self {
            Self::Route => text.push_str(route),
            Self::Method if kind == "http" => text = members.text("method"),
            Self::Method if kind == "tls" => {}
            Self::Method => text.push_str(route),
            Self::Status => told::status(kind, members, &mut text),
            Self::Peer => {
                let end = Members::of(members.raw("dst").unwrap_or_default());
                let _ = end.push("name", &mut text) || end.push("ip", &mut text);
                if let Some(port) = end.int("port") {
                    text.push_str(&format!(":{port}"));
                }
            }
            Self::Vantage => text = members.text("vantage"),
        }
        text
    }
}

/// Transactions by kind and what they ask for. Bounded: what is over [`Groups::MOST`] is `(others)`.
#[derive(Debug, Default)]
pub struct Groups {
    by: Vec<By>,
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

    /// Groups that are told apart by all of these; by what they ask for without any.
    #[must_use]
    pub fn by(by: Vec<By>) -> Self {
        Self { by, groups: BTreeMap::new() }
    }

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
        let what = match self.by.as_slice() {
            [] => what,
            by => by.iter().map(|by| by.of(members, kind, &what)).collect::<Vec<_>>().join(" · "),
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
