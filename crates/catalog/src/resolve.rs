//! From what a user types to a kind, as kubectl does it.

use crate::kind::Kind;
use base::{Code, Coded};
use std::sync::Arc;

/// Why no kind can be named.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum Error {
    /// Nothing answers to the name.
    #[error("{}", not_served(.name, .nearest))]
    NotServed {
        /// What was asked for.
        name: String,
        /// Ids of kinds with names like it.
        nearest: Vec<String>,
    },
    /// Custom resources of several groups do.
    #[error("\"{name}\" is the name of several kinds: say {}", .candidates.join(" or "))]
    Ambiguous {
        /// What was asked for.
        name: String,
        /// Their ids.
        candidates: Vec<String>,
    },
}

fn not_served(name: &str, nearest: &[String]) -> String {
    match nearest {
        [] => format!("the cluster serves no kind \"{name}\""),
        names => format!("the cluster serves no kind \"{name}\": did you mean {}?", names.join(", ")),
    }
}

impl Coded for Error {
    fn code(&self) -> Code {
        match self {
            Self::NotServed { .. } => Code::KindNotServed,
            Self::Ambiguous { .. } => Code::KindAmbiguous,
        }
    }

    fn details(&self) -> Option<serde_json::Value> {
        Some(match self {
            Self::NotServed { name, nearest } => serde_json::json!({ "kind": name, "nearest": nearest }),
            Self::Ambiguous { name, candidates } => serde_json::json!({ "kind": name, "candidates": candidates }),
        })
    }
}

/// Finds a kind by plural, singular, short name or kind, alone or as `name.group` or `name.version.group`, whatever the
/// case. A built-in kind goes before custom resources of the same name; a full name goes before a short one.
///
/// # Errors
/// [`Error`].
pub fn resolve(kinds: &[Arc<Kind>], name: &str) -> Result<Arc<Kind>, Error> {
    let wanted = name.trim().to_lowercase();
    for matches in [full_name, short_name].into_iter().filter(|_| !wanted.is_empty()) {
        let found: Vec<&Arc<Kind>> = kinds.iter().filter(|kind| qualified(kind, &wanted, matches)).collect();
        match found.as_slice() {
            [] => {}
            [one] => return Ok(Arc::clone(one)),
            several => {
                // The core group, then the API server's own groups, then everybody else's.
                let rank = |kind: &Kind| u8::from(!kind.group.is_empty()) + u8::from(is_foreign(kind));
                let best = several.iter().map(|kind| rank(kind)).min().unwrap_or(0);
                let mut best = several.iter().filter(|kind| rank(kind) == best);
                if let (Some(first), None) = (best.next(), best.next()) {
                    return Ok(Arc::clone(first));
                }
                let mut candidates: Vec<String> = several.iter().map(|kind| kind.id.clone()).collect();
                candidates.sort();
                return Err(Error::Ambiguous { name: name.to_owned(), candidates });
            }
        }
    }
    Err(Error::NotServed { name: name.to_owned(), nearest: nearest(kinds, &wanted) })
}

/// `name`, `name.group`, `name.version.group` or `name.version` for the core group.
fn qualified(kind: &Kind, wanted: &str, matches: fn(&Kind, &str) -> bool) -> bool {
    if matches(kind, wanted) {
        return true;
    }
    let Some((name, rest)) = wanted.split_once('.') else { return false };
    let in_group = |group: &str| kind.group.eq_ignore_ascii_case(group);
    let of_version = match rest.split_once('.') {
        Some((version, group)) => version == kind.version && in_group(group),
        None => rest == kind.version && kind.group.is_empty(),
    };
    // kubectl also takes the beginning of a group for it: `ingresses.networking`.
    let of_group = !kind.group.is_empty()
        && (in_group(rest) || kind.group.strip_prefix(rest).is_some_and(|left| left.starts_with('.')));
    (of_version || of_group) && matches(kind, name)
}

fn full_name(kind: &Kind, wanted: &str) -> bool {
    kind.plural == wanted || kind.singular == wanted || kind.kind.eq_ignore_ascii_case(wanted)
}

fn short_name(kind: &Kind, wanted: &str) -> bool {
    kind.short_names.iter().any(|name| name == wanted)
}

fn is_foreign(kind: &Kind) -> bool {
    kind.group.contains('.') && !kind.group.ends_with(".k8s.io") || kind.section == crate::Section::Custom
}

/// Up to three kinds whose name differs by little.
fn nearest(kinds: &[Arc<Kind>], wanted: &str) -> Vec<String> {
    let wanted = wanted.split('.').next().unwrap_or(wanted);
    let limit = (wanted.chars().count() / 3).clamp(1, 3);
    let mut near: Vec<(usize, &str)> = kinds
        .iter()
        .filter_map(|kind| {
            let names = [&kind.plural, &kind.singular].into_iter().chain(&kind.short_names);
            let distance = names.map(|name| distance(name, wanted)).min()?;
            let begins = wanted.len() >= 3 && kind.plural.starts_with(wanted);
            (distance <= limit || begins).then_some((distance, kind.id.as_str()))
        })
        .collect();
    near.sort_unstable();
    near.into_iter().take(3).map(|(_, id)| id.to_owned()).collect()
}

/// Edits (insert, drop, replace a letter) between two words; cut off at 64 letters.
fn distance(a: &str, b: &str) -> usize {
    let b: Vec<char> = b.chars().take(64).collect();
    let mut row: Vec<usize> = (0..=b.len()).collect();
    for (line, letter) in a.chars().take(64).enumerate() {
        let mut diagonal = line;
        let mut left = line + 1;
        for (own, cell) in b.iter().zip(row.iter_mut().skip(1)) {
            let best = (diagonal + usize::from(*own != letter)).min(left + 1).min(*cell + 1);
            diagonal = *cell;
            *cell = best;
            left = best;
        }
        if let Some(first) = row.first_mut() {
            *first = line + 1;
        }
    }
    row.last().copied().unwrap_or(0)
}

#[cfg(test)]
mod tests;
