//! Two captures compared, endpoint by endpoint.

use std::collections::BTreeSet;

use super::odds;
use super::side::{Endpoint, Side};

/// What is different.
#[derive(Clone, Debug, PartialEq)]
pub(super) enum Change {
    /// An endpoint that was not asked before; how often it is now.
    New { what: String, count: u64 },
    /// An endpoint that is not asked any more; how often it was.
    Gone { what: String, count: u64 },
    /// A status comes more or less often: how often of how many, before and after.
    Status { what: String, status: String, before: (u64, u64), after: (u64, u64), sure: f64 },
    /// It takes longer or shorter: half and 95 % of all are done within, before and after.
    Latency { what: String, before: (u64, u64), after: (u64, u64), sure: f64 },
    /// A header or a member of a body that every message had, or none, and now the other way round or only some.
    Shape { what: String, shape: String, before: (u64, u64), after: (u64, u64), sure: f64 },
}

impl Change {
    /// The endpoint.
    pub(super) fn what(&self) -> &str {
        match self {
            Self::New { what, .. }
            | Self::Gone { what, .. }
            | Self::Status { what, .. }
            | Self::Latency { what, .. }
            | Self::Shape { what, .. } => what,
        }
    }
}

/// Every difference that is at least so sure, by kind and endpoint.
pub(super) fn compare(before: &Side, after: &Side, least: f64) -> Vec<Change> {
    let (old, new) = (&before.endpoints, &after.endpoints);
    let mut changes = Vec::new();
    let lone = |one: &std::collections::BTreeMap<String, Endpoint>, other: &std::collections::BTreeMap<_, _>| {
        let alone = one.iter().filter(|(what, _)| !other.contains_key(*what));
        alone.map(|(what, endpoint)| (what.clone(), endpoint.count)).collect::<Vec<_>>()
    };
    changes.extend(lone(new, old).into_iter().map(|(what, count)| Change::New { what, count }));
    changes.extend(lone(old, new).into_iter().map(|(what, count)| Change::Gone { what, count }));
    let both = || old.iter().filter_map(|(what, one)| new.get(what).map(|other| (what, one, other)));
    both().for_each(|(what, one, other)| statuses(what, one, other, least, &mut changes));
    both().for_each(|(what, one, other)| latency(what, one, other, least, &mut changes));
    both().for_each(|(what, one, other)| shapes(what, one, other, least, &mut changes));
    changes
}

fn statuses(what: &str, old: &Endpoint, new: &Endpoint, least: f64, changes: &mut Vec<Change>) {
    let all: BTreeSet<&String> = old.statuses.keys().chain(new.statuses.keys()).collect();
    for status in all {
        let of = |one: &Endpoint| (one.statuses.get(status).copied().unwrap_or(0), one.count);
        let (before, after) = (of(old), of(new));
        if let Some(sure) = odds::differs(before, after).filter(|sure| *sure >= least) {
            changes.push(Change::Status { what: what.to_owned(), status: status.clone(), before, after, sure });
        }
    }
}

fn latency(what: &str, old: &Endpoint, new: &Endpoint, least: f64, changes: &mut Vec<Change>) {
    let of = |one: &Endpoint| Some((one.micros.at(0.5)?, one.micros.at(0.95)?));
    let (Some(before), Some(after)) = (of(old), of(new)) else { return };
    let Some(sure) = odds::shifted(&old.micros, &new.micros).filter(|sure| *sure >= least) else { return };
    // sure is not yet worth telling: a shift has a size too
    let moved = |one: u64, other: u64| one.abs_diff(other) as f64 >= SMALLEST * one.max(1) as f64;
    if moved(before.0, after.0) || moved(before.1, after.1) {
        changes.push(Change::Latency { what: what.to_owned(), before, after, sure });
    }
}

fn shapes(what: &str, old: &Endpoint, new: &Endpoint, least: f64, changes: &mut Vec<Change>) {
    let all: BTreeSet<&String> = old.shapes.keys().chain(new.shapes.keys()).collect();
    for shape in all {
        let of = |one: &Endpoint| {
            let looked = one.looked.iter().find(|(group, _)| shape.starts_with(**group)).map_or(0, |(_, count)| *count);
            (one.shapes.get(shape).copied().unwrap_or(0), looked)
        };
        let (before, after) = (of(old), of(new));
        let Some(sure) = odds::differs(before, after).filter(|sure| *sure >= least) else { continue };
        changes.push(Change::Shape { what: what.to_owned(), shape: shape.clone(), before, after, sure });
    }
}

/// A shift under this part of what was is not told.
const SMALLEST: f64 = 0.02;

#[cfg(test)]
mod tests;
