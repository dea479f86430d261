//! Blueprints as watches told them, and what is made of them: what their statuses say.
//!
//! The active operator fills it, and the task that writes statuses asks it. How a blueprint is takes a while to find out, so that
//! is done outside of the lock, and only for those that something changed for.

use crate::blueprints::Looked;
use crate::book::{Standing, differs, with_conditions};
use crate::key::Key;
use crate::rollout::{self, Launches, Newest, Outcome};
use crate::status::condition::Conditions;
use cluster::Owned;
use serde_json::{Value, json};
use std::collections::{BTreeMap, HashMap};

/// Blueprints, and who is made of them.
#[derive(Default)]
pub(crate) struct Shelf {
    told: BTreeMap<Key, Told>,
    /// By workspace: what it is made of.
    made: HashMap<Key, Named>,
    /// All there is was seen: before that nobody is told anything.
    open: bool,
    revision: u64,
}

struct Told {
    generation: i64,
    /// Its status as it stands.
    status: Value,
    looked: Option<Looked>,
    newest: Newest,
    /// The last workspaces that were made of that, while it serves some.
    launches: Launches,
}

impl Told {
    fn of(told: Blueprint<'_>, before: Option<Self>) -> Self {
        let Blueprint { generation, spec, status } = told;
        let newest = Newest::of(spec);
        let (looked, known) = before.map(|before| (before.looked, (before.newest.revision, before.launches))).unzip();
        let same = known.filter(|(revision, _)| *revision == newest.revision);
        let mut launches = same.map(|(_, launches)| launches).unwrap_or_default();
        launches.join(rollout::told(status, &newest.revision));
        Self { generation, status: status.clone(), looked: looked.flatten(), newest, launches }
    }

    /// Whether another revision serves those whom this one does not.
    fn rolls(&self) -> bool {
        let stable = rollout::stable(&self.status);
        self.newest.rolls() && stable.is_some_and(|stable| stable.revision != self.newest.revision)
    }
}

/// A blueprint object as a watch tells it.
#[derive(Clone, Copy)]
pub(crate) struct Blueprint<'a> {
    pub(crate) generation: i64,
    pub(crate) spec: &'a Value,
    pub(crate) status: &'a Value,
}

/// A workspace that was made of something.
pub(crate) struct Launched<'a> {
    pub(crate) namespace: &'a str,
    pub(crate) uid: &'a str,
    pub(crate) made_ms: i64,
    /// Of what, by kind and name.
    pub(crate) revisions: &'a BTreeMap<String, String>,
}

/// The blueprint of a workspace.
#[derive(Clone, Debug, PartialEq, Eq)]
struct Named {
    kind: Option<Owned>,
    name: String,
}

/// Those that have to be looked at.
pub(crate) struct Asked {
    pub(crate) keys: Vec<Key>,
    revision: u64,
}

impl Shelf {
    /// Takes a blueprint as a watch told it; `changed` says that it is not what it was.
    pub(crate) fn see(&mut self, namespace: &str, name: &str, told: Option<Blueprint<'_>>, changed: bool) {
        let key = Key { namespace: namespace.to_owned(), name: name.to_owned() };
        match told {
            Some(told) => {
                let told = Told::of(told, self.told.remove(&key));
                self.told.insert(key, told);
            }
            None => drop(self.told.remove(&key)),
        }
        if changed {
            self.revision += 1;
            // Those of the platform are below those of every namespace.
            let of = self.told.iter_mut().filter(|(key, _)| namespace.is_empty() || key.namespace == namespace);
            of.for_each(|(_, told)| told.looked = None);
        }
    }

    /// Takes what a workspace is made of. Whether that is something else than before.
    pub(crate) fn uses(&mut self, key: &Key, spec: &Value, usual: &str) -> bool {
        let text = |at: &str| spec.pointer(at).and_then(Value::as_str);
        let name = text("/blueprintRef/name").unwrap_or(usual);
        let kind = text("/blueprintRef/kind").and_then(|kind| match kind {
            "Blueprint" => Some(Owned::Blueprint),
            "ClusterBlueprint" => Some(Owned::ClusterBlueprint),
            _ => None,
        });
        let named = Named { kind, name: name.to_owned() };
        self.made.insert(key.clone(), named.clone()) != Some(named)
    }

    /// A workspace is gone. Whether it was known.
    pub(crate) fn forget(&mut self, key: &Key) -> bool {
        self.made.remove(key).is_some()
    }

    /// Takes how the launch of a workspace went. Whether a blueprint counts it.
    pub(crate) fn launched(&mut self, launched: &Launched<'_>, outcome: Outcome) -> bool {
        let mut counted = false;
        for (title, revision) in launched.revisions {
            let (namespace, name) = match title.split_once('/') {
                Some(("Blueprint", name)) => (launched.namespace, name),
                Some((_, name)) => ("", name),
                None => continue,
            };
            let key = Key { namespace: namespace.to_owned(), name: name.to_owned() };
            let Some(told) = self.told.get_mut(&key) else { continue };
            if told.newest.revision == *revision && told.rolls() {
                counted |= told.launches.take(launched.uid, launched.made_ms, outcome);
            }
        }
        counted
    }

    /// All there is was seen.
    pub(crate) fn open(&mut self) {
        self.open = true;
    }

    /// Those that nobody has looked at since they or what they build on changed.
    pub(crate) fn asked(&self) -> Asked {
        let fresh = self.told.iter().filter(|(_, told)| told.looked.is_none());
        let keys = if self.open { fresh.map(|(key, _)| key.clone()).collect() } else { Vec::new() };
        Asked { keys, revision: self.revision }
    }

    /// Takes what came of looking, unless something has changed meanwhile.
    pub(crate) fn looked(&mut self, asked: &Asked, found: Vec<(Key, Looked)>) {
        if asked.revision != self.revision {
            return;
        }
        for (key, looked) in found {
            if let Some(told) = self.told.get_mut(&key) {
                told.looked = Some(looked);
            }
        }
    }

    /// The statuses that have to be written.
    pub(crate) fn standing(&self, now_ms: i64) -> Vec<Standing> {
        let mut used: HashMap<Key, i32> = HashMap::new();
        for (workspace, named) in &self.made {
            let own = Key { namespace: workspace.namespace.clone(), name: named.name.clone() };
            let platform = Key { namespace: String::new(), name: named.name.clone() };
            let of = match named.kind {
                Some(Owned::ClusterBlueprint) => platform,
                None if !self.told.contains_key(&own) => platform,
                _ => own,
            };
            *used.entry(of).or_default() += 1;
        }
        let stale = |(key, told): (&Key, &Told)| {
            let looked = told.looked.as_ref()?;
            let kind = if key.namespace.is_empty() { Owned::ClusterBlueprint } else { Owned::Blueprint };
            let mut list = Conditions::new(&told.status, told.generation, now_ms);
            for (name, found) in [("Valid", &looked.valid), ("Resolved", &looked.resolved)] {
                list.put(name, Some(found.holds), found.reason, &found.message);
            }
            let wrong = (!looked.valid.holds).then_some(looked.valid.message.as_str());
            let judged = rollout::judge(&told.newest, &told.status, &told.launches, wrong);
            let (whole, reason, message) = &judged.condition;
            if told.newest.rolls() {
                list.put("RolledOut", Some(*whole), reason, message);
            }
            let mut status = json!({
                "observedGeneration": told.generation,
                "chain": looked.chain,
                "usedBy": used.get(key).copied().unwrap_or_default(),
                "problems": looked.problems,
                "stable": judged.stable,
                "rollout": judged.rollout,
            });
            if let (Some(fields), false) = (status.as_object_mut(), looked.digest.is_empty()) {
                fields.insert("digest".to_owned(), looked.digest.as_str().into());
            }
            differs(kind, key, &told.status, with_conditions(status, list))
        };
        self.told.iter().filter_map(stale).collect()
    }
}

#[cfg(test)]
mod tests;
