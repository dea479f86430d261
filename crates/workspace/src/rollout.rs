//! New revisions of blueprints that serve some before they serve all: who gets which, and when one is held. Pure.
//!
//! A blueprint object holds its newest revision, and its status the one that serves everybody (`stable`). Where they differ and
//! the spec has a `rollout`, a workspace that is new gets the newest if its owner is of a group or among the percentage, and
//! keeps what it got: its own status says which that was. Launches are counted by their uids, the last ones alone, so that
//! whoever leads the operators next comes to the same.

mod judged;

pub(crate) use judged::{Launches, Newest, Outcome, judge};

use crd::blueprint::{Group, GroupKind, Rollout, RolloutAct, RolloutState, RolloutStatus, Stable};
use serde::Deserialize as _;
use serde_json::Value;
use sha2::{Digest, Sha256};
use std::collections::BTreeSet;

/// A blueprint object as it is told: its spec without what says how it comes to workspaces, and what that says.
#[derive(Clone, Debug, PartialEq)]
pub(crate) struct Told {
    /// What workspaces are made from.
    pub(crate) spec: Value,
    /// The name of this revision.
    pub(crate) revision: String,
    /// Whom it serves, where it does not serve everybody.
    pub(crate) rolling: Option<Rolling>,
}

/// A revision that serves some.
#[derive(Clone, Debug, PartialEq)]
pub(crate) struct Rolling {
    /// The revision that serves the others, and its spec.
    pub(crate) stable: (String, Value),
    percent: u64,
    groups: Vec<Group>,
    held: bool,
    /// Of one that is held: the workspaces that failed with it.
    failed: BTreeSet<String>,
}

/// Whose workspace it is.
#[derive(Clone, Copy, Debug, Default)]
pub(crate) struct Whose<'a> {
    pub(crate) owner: &'a str,
    pub(crate) org: &'a str,
    pub(crate) roles: &'a [String],
    /// The uid of the workspace; empty before it is made.
    pub(crate) uid: &'a str,
}

impl Told {
    /// Reads the spec and the status of a blueprint object.
    pub(crate) fn of(spec: &Value, status: &Value) -> Self {
        let (spec, rollout) = split(spec);
        let revision = revision(&spec);
        let rolling = Rolling::of(&revision, rollout.as_ref(), status);
        Self { spec, revision, rolling }
    }
}

impl Rolling {
    fn of(revision: &str, rollout: Option<&Rollout>, status: &Value) -> Option<Self> {
        let rollout = rollout?;
        let stable = stable(status).filter(|stable| stable.revision != revision)?;
        let spec = serde_json::from_str(stable.spec.as_deref()?).ok()?;
        let verdict = rollout.verdict.as_ref().filter(|verdict| verdict.revision == revision);
        let verdict = verdict.map(|verdict| verdict.act);
        let told = told(status, revision);
        let held = match verdict {
            Some(RolloutAct::Promote) => false,
            Some(RolloutAct::Hold) => true,
            None => told.as_ref().is_some_and(|told| told.state == RolloutState::Held),
        };
        let failed = told.filter(|_| held).into_iter().flat_map(|told| told.launches).filter(|launch| launch.failed);
        let percent = match verdict {
            Some(RolloutAct::Promote) => 100,
            _ => u64::try_from(rollout.percent.unwrap_or_default()).unwrap_or_default(),
        };
        Some(Self {
            stable: (stable.revision, spec),
            percent,
            groups: rollout.groups.clone(),
            held,
            failed: failed.map(|launch| launch.uid).collect(),
        })
    }

    /// Whether a workspace is made of the newest revision; `had` is the one that it is made of so far.
    pub(crate) fn takes(&self, newest: &str, had: Option<&str>, whose: Whose<'_>) -> bool {
        match had {
            // What it failed with before it ever ran is nothing to keep.
            Some(had) if had == newest => !(self.held && self.failed.contains(whose.uid)),
            Some(_) => false,
            None => !self.held && (self.names(whose) || place(newest, whose) < self.percent * PLACES / 100),
        }
    }

    fn names(&self, whose: Whose<'_>) -> bool {
        let is = |named: &str, name: &str| named == name || (named == "*" && !name.is_empty());
        self.groups.iter().any(|group| match group.kind {
            GroupKind::User => is(&group.name, whose.owner),
            GroupKind::Org => is(&group.name, whose.org),
            GroupKind::Role => whose.roles.iter().any(|role| is(&group.name, role)),
        })
    }
}

/// The place of a person among all, for one revision: others are first with the next one.
fn place(revision: &str, whose: Whose<'_>) -> u64 {
    let Whose { owner, org, .. } = whose;
    let digest = Sha256::digest(format!("{revision}\0{org}\0{owner}"));
    digest.iter().take(8).fold(0, |sum: u64, byte| (sum << 8) | u64::from(*byte)) % PLACES
}

/// The spec of an object without its `rollout`, and that.
pub(crate) fn split(spec: &Value) -> (Value, Option<Rollout>) {
    let mut spec = spec.clone();
    let taken = spec.as_object_mut().and_then(|fields| fields.remove("rollout"));
    // One that cannot be read says nothing of whom it may serve first: the API server takes none.
    let rollout = taken.filter(|taken| !taken.is_null()).map(|taken| Rollout::deserialize(taken).unwrap_or_default());
    (spec, rollout)
}

/// The name of a revision: keys of objects are sorted, so equal specs have equal names.
pub(crate) fn revision(spec: &Value) -> String {
    let mut name = hex::encode(Sha256::digest(spec.to_string()));
    name.truncate(DIGITS);
    name
}

/// The revision that serves everybody, by a status.
pub(crate) fn stable(status: &Value) -> Option<Stable> {
    status.get("stable").and_then(|stable| Stable::deserialize(stable).ok())
}

/// How it goes with a revision, by a status.
pub(crate) fn told(status: &Value, revision: &str) -> Option<RolloutStatus> {
    let told = status.get("rollout").and_then(|told| RolloutStatus::deserialize(told).ok());
    told.filter(|told| told.revision == revision)
}

/// Digits of a revision's name.
const DIGITS: usize = 16;
/// People are told apart so finely.
const PLACES: u64 = 10_000;

#[cfg(test)]
mod tests;
