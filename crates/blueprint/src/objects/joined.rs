//! Volumes that a workspace joins: those that are not its own alone. Whoever makes it decides on each of them, by what is said here
//! and never by the name of a claim.

use super::read::{is, text};
use super::{Place, volumes};
use crate::Effective;
use crate::node::Node;
use crate::pointer::Pointer;

/// How a volume comes to be joined.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum Joining {
    /// All of an organization share it, or all who say the same id.
    Shared,
    /// It is named by an id that is not the workspace's.
    Named,
    /// A claim that is there.
    Existing,
}

/// A volume that is not a workspace's own alone.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub struct Joined {
    /// The claim.
    pub claim: String,
    /// How.
    pub how: Joining,
    /// The id that is said; empty for none.
    pub id: String,
}

/// What a workspace joins, each claim once.
#[must_use]
pub fn joined(effective: &Effective, place: &Place) -> Vec<Joined> {
    let blueprint = &effective.node;
    let mut all = Vec::new();
    for (at, of_engine) in [("/storages", false), ("/podman/storages", true)] {
        if of_engine && !is(blueprint, "/podman/enabled") {
            continue;
        }
        let storages = blueprint.at(&Pointer::parse(at)).map_or(&[][..], Node::entries);
        all.extend(storages.iter().filter_map(|entry| one(&entry.node, entry.key.as_str(), of_engine, place)));
    }
    all.sort();
    all.dedup();
    all
}

fn one(storage: &Node, name: &str, of_engine: bool, place: &Place) -> Option<Joined> {
    text(storage, "/path")?;
    if storage.get("enabled").and_then(Node::bool) == Some(false) {
        return None;
    }
    let id = text(storage, "/id").unwrap_or_default().to_owned();
    if let Some(claim) = text(storage, "/existingClaim") {
        return Some(Joined { claim: claim.to_owned(), how: Joining::Existing, id: String::new() });
    }
    let how = match text(storage, "/type").unwrap_or("local") {
        "shared" => Joining::Shared,
        "local" if !id.is_empty() && id != place.id => Joining::Named,
        _ => return None,
    };
    place.claims.provided.then(|| Joined { claim: volumes::claim_of(storage, name, of_engine, place), how, id })
}
