//! Laying one tree over another, before anything is evaluated.
//!
//! A scalar, and an expression, replaces what is there. Maps merge key by key. Lists append, but for those that [`STRATEGIES`]
//! names. `null` deletes. What is absent overrides nothing.

#[cfg(test)]
mod tests;

use crate::node::{Entry, Node, Value};
use crate::pointer::{Path, Pointer};
use std::collections::HashMap;

/// What becomes of a list over a list.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Strategy {
    Append,
    Replace,
    /// Items of a `name` that is there replace that item; others are appended.
    ByName,
}

/// Lays a tree over another; `None` when it deletes it.
#[must_use]
pub(crate) fn merge(base: Node, over: Node) -> Option<Node> {
    lay(base, over, &Path::Root)
}

fn lay(base: Node, over: Node, path: &Path<'_>) -> Option<Node> {
    match (base.value, over.value) {
        (_, Value::Null) => None,
        (Value::Map(mut entries), Value::Map(others)) => {
            // neither map has a key twice
            let there = places(&entries, &others);
            let mut gone = Vec::new();
            for (other, place) in others.into_iter().zip(there) {
                match place.and_then(|at| entries.get_mut(at).map(|entry| (at, entry))) {
                    Some((at, entry)) => {
                        let base = Node { value: Value::Null, origin: entry.node.origin.clone() };
                        let base = std::mem::replace(&mut entry.node, base);
                        match lay(base, other.node, &Path::Key(path, &other.key)) {
                            Some(node) => entry.node = node,
                            None => gone.push(at),
                        }
                    }
                    None => entries.extend(clean(other.node).map(|node| Entry { node, ..other })),
                }
            }
            gone.sort_unstable();
            gone.into_iter().rev().for_each(|at| drop(entries.remove(at)));
            Some(Node { value: Value::Map(entries), origin: over.origin })
        }
        (Value::List(items), Value::List(others)) => {
            let others = others.into_iter().filter_map(clean);
            let items = match strategy(&path.pointer()) {
                Strategy::Append => items.into_iter().chain(others).collect(),
                Strategy::Replace => others.collect(),
                Strategy::ByName => by_name(items, others),
            };
            Some(Node { value: Value::List(items), origin: over.origin })
        }
        (_, value) => clean(Node { value, origin: over.origin }),
    }
}

/// Where the keys of a map stand in another.
fn places(entries: &[Entry], others: &[Entry]) -> Vec<Option<usize>> {
    if entries.len() * others.len() < FEW {
        return others.iter().map(|other| entries.iter().position(|entry| entry.key == other.key)).collect();
    }
    let known: HashMap<&str, usize> = entries.iter().enumerate().map(|(at, entry)| (entry.key.as_str(), at)).collect();
    others.iter().map(|other| known.get(other.key.as_str()).copied()).collect()
}

fn by_name(mut items: Vec<Node>, others: impl Iterator<Item = Node>) -> Vec<Node> {
    for other in others {
        let name = other.get("name").and_then(Node::text);
        match items.iter_mut().find(|item| name.is_some() && item.get("name").and_then(Node::text) == name) {
            Some(item) => *item = other,
            None => items.push(other),
        }
    }
    items
}

/// A tree that lies over nothing: `null` in it deletes nothing, and is gone.
pub(crate) fn clean(node: Node) -> Option<Node> {
    let value = match node.value {
        Value::Null => return None,
        Value::Map(entries) => Value::Map(
            entries
                .into_iter()
                .filter_map(|entry| clean(entry.node).map(|node| Entry { node, key: entry.key, mark: entry.mark }))
                .collect(),
        ),
        Value::List(items) => Value::List(items.into_iter().filter_map(clean).collect()),
        value => value,
    };
    Some(Node { value, origin: node.origin })
}

/// The strategy of a list: the exact path, then the longest end of a path, then patterns, then the bare key.
fn strategy(path: &Pointer) -> Strategy {
    let segments = path.segments();
    let find = |kind: Match, holds: &dyn Fn(&[&str]) -> bool| {
        STRATEGIES
            .iter()
            .filter(|(of, pattern, _)| *of == kind && holds(pattern))
            .max_by_key(|(_, pattern, _)| pattern.len())
            .map(|(_, _, strategy)| *strategy)
    };
    let equal = |pattern: &[&str], tail: &[String]| {
        pattern.len() == tail.len() && pattern.iter().zip(tail).all(|(want, have)| *want == "*" || want == have)
    };
    let ends = |pattern: &[&str]| {
        segments
            .len()
            .checked_sub(pattern.len())
            .and_then(|at| segments.get(at..))
            .is_some_and(|tail| equal(pattern, tail))
    };
    find(Match::Exact, &|pattern| equal(pattern, segments))
        .or_else(|| find(Match::Suffix, &ends))
        .or_else(|| find(Match::Glob, &|pattern| equal(pattern, segments)))
        .or_else(|| find(Match::Key, &ends))
        .unwrap_or(Strategy::Append)
}

#[derive(Clone, Copy, PartialEq, Eq)]
enum Match {
    Exact,
    Suffix,
    Glob,
    Key,
}

/// So many comparisons cost less than a table of keys.
const FEW: usize = 256;

const STRATEGIES: &[(Match, &[&str], Strategy)] = &[
    (Match::Exact, &["params"], Strategy::ByName),
    (Match::Exact, &["presets"], Strategy::ByName),
    (Match::Suffix, &["claimSpec", "accessModes"], Strategy::Replace),
    (Match::Glob, &["apps", "*", "start"], Strategy::Replace),
    (Match::Glob, &["apps", "*", "versionCmd"], Strategy::Replace),
    (Match::Key, &["initScripts"], Strategy::ByName),
];
