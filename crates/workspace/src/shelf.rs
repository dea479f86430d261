//! Blueprints as watches told them, and what is made of them: what their statuses say.
//!
//! The active operator fills it, and the task that writes statuses asks it. How a blueprint is takes a while to find out, so that
//! is done outside of the lock, and only for those that something changed for.

use crate::blueprints::Looked;
use crate::book::{Standing, differs, with_conditions};
use crate::key::Key;
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
    pub(crate) fn see(&mut self, namespace: &str, name: &str, told: Option<(i64, &Value)>, changed: bool) {
        let key = Key { namespace: namespace.to_owned(), name: name.to_owned() };
        match told {
            Some((generation, status)) => {
                let looked = self.told.remove(&key).and_then(|told| told.looked);
                self.told.insert(key, Told { generation, status: status.clone(), looked });
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
            let mut status = json!({
                "observedGeneration": told.generation,
                "chain": looked.chain,
                "usedBy": used.get(key).copied().unwrap_or_default(),
                "problems": looked.problems,
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
