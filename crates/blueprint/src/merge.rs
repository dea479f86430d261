//! Laying one tree over another, before anything is evaluated.
//!
//! A scalar, and an expression, replaces what is there. Maps merge key by key. Lists append, but for those that [`STRATEGIES`]
//! names. `null` deletes. What is absent overrides nothing.

#[cfg(test)]
mod tests;

use crate::node::{Entry, Node, Value};
use crate::pointer::Pointer;

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
    lay(base, over, &Pointer::default())
}

fn lay(base: Node, over: Node, path: &Pointer) -> Option<Node> {
    match (base.value, over.value) {
        (_, Value::Null) => None,
        (Value::Map(mut entries), Value::Map(others)) => {
            for other in others {
                let path = path.join(&other.key);
                match entries.iter().position(|entry| entry.key == other.key) {
                    Some(at) => {
                        let entry = entries.remove(at);
                        if let Some(node) = lay(entry.node, other.node, &path) {
                            entries.insert(at, Entry { node, ..entry });
                        }
                    }
                    None => entries.extend(clean(other.node).map(|node| Entry { node, ..other })),
                }
            }
            Some(Node { value: Value::Map(entries), origin: over.origin })
        }
        (Value::List(items), Value::List(others)) => {
            let others = others.into_iter().filter_map(clean);
            let items = match strategy(path) {
                Strategy::Append => items.into_iter().chain(others).collect(),
                Strategy::Replace => others.collect(),
                Strategy::ByName => by_name(items, others),
            };
            Some(Node { value: Value::List(items), origin: over.origin })
        }
        (_, value) => clean(Node { value, origin: over.origin }),
    }
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

const STRATEGIES: &[(Match, &[&str], Strategy)] = &[
    (Match::Exact, &["params"], Strategy::ByName),
    (Match::Exact, &["presets"], Strategy::ByName),
    (Match::Suffix, &["claimSpec", "accessModes"], Strategy::Replace),
    (Match::Glob, &["apps", "*", "start"], Strategy::Replace),
    (Match::Glob, &["apps", "*", "versionCmd"], Strategy::Replace),
    (Match::Key, &["initScripts"], Strategy::ByName),
];
