//! What clients had on their screens when their sockets broke, for a while: they go on where they stopped.

use crate::shown::Shown;
use api::socket::{Resume, What};
use parking_lot::Mutex;
use std::collections::VecDeque;

/// States of closed subscriptions, shared by all sockets of a process. Bounded in number and age.
#[derive(Debug, Default)]
pub struct Parking(Mutex<VecDeque<Parked>>);

#[derive(Debug)]
struct Parked {
    seq: u64,
    query: What,
    shown: Shown,
    since_ms: u64,
}

const MAX_PARKED: usize = 256;
const MAX_AGE_MS: u64 = 120_000;

impl Parking {
    /// An empty one.
    #[must_use]
    pub fn new() -> Self {
        Self::default()
    }

    pub(crate) fn park(&self, seq: u64, query: What, shown: Shown, now_ms: u64) {
        let mut parked = self.0.lock();
        while parked.len() >= MAX_PARKED {
            parked.pop_front();
        }
        parked.push_back(Parked { seq, query, shown, since_ms: now_ms });
    }

    /// The state after the frame with this sequence, if it is known and was of the same list.
    pub(crate) fn take(&self, resume: Resume, query: &What, now_ms: u64) -> Option<Shown> {
        let mut parked = self.0.lock();
        parked.retain(|own| now_ms.saturating_sub(own.since_ms) <= MAX_AGE_MS);
        let at = parked.iter().position(|own| own.seq == resume.seq && same_list(&own.query, query))?;
        parked.remove(at).map(|own| own.shown)
    }
}

/// The same rows in the same order; the window may be another.
fn same_list(a: &What, b: &What) -> bool {
    match (a, b) {
        (What::Rows(a), What::Rows(b)) => {
            a.kind == b.kind
                && a.clusters == b.clusters
                && a.namespaces == b.namespaces
                && a.filter == b.filter
                && a.sort == b.sort
        }
        (What::List(a), What::List(b)) => a.list == b.list && a.filter == b.filter && a.sort == b.sort,
        _ => false,
    }
}
