//! The workspaces of a cluster, found by the names that stand in hosts: whoever comes to a door is looked up by one.

use super::Own;
use crate::key::Key;
use std::collections::{BTreeSet, HashMap};

/// Workspaces, and who says that a name in hosts is theirs.
#[derive(Default)]
pub(super) struct Directory {
    all: HashMap<Key, Own>,
    routes: Names,
    aliases: Names,
}

impl Directory {
    pub(super) fn insert(&mut self, key: Key, own: Own) {
        self.remove(&key);
        self.routes.add(&own.route, &key);
        self.aliases.add(own.alias_name(), &key);
        self.all.insert(key, own);
    }

    pub(super) fn remove(&mut self, key: &Key) {
        if let Some(own) = self.all.remove(key) {
            self.routes.take(&own.route, key);
            self.aliases.take(own.alias_name(), key);
        }
    }

    pub(super) fn clear(&mut self) {
        *self = Self::default();
    }

    pub(super) fn get(&self, key: &Key) -> Option<&Own> {
        self.all.get(key)
    }

    /// Those of this route.
    pub(super) fn of_route(&self, route: &str) -> impl Iterator<Item = &Key> {
        self.routes.of(route)
    }

    /// Those that ask for this alias.
    pub(super) fn of_alias(&self, alias: &str) -> impl Iterator<Item = (&Key, &Own)> {
        self.aliases.of(alias).filter_map(|key| Some((key, self.all.get(key)?)))
    }
}

/// Who has a name. Nobody has the empty one.
#[derive(Default)]
struct Names(HashMap<String, BTreeSet<Key>>);

impl Names {
    fn add(&mut self, name: &str, key: &Key) {
        if !name.is_empty() {
            self.0.entry(name.to_owned()).or_default().insert(key.clone());
        }
    }

    fn take(&mut self, name: &str, key: &Key) {
        if let Some(keys) = self.0.get_mut(name) {
            keys.remove(key);
            if keys.is_empty() {
                self.0.remove(name);
            }
        }
    }

    fn of(&self, name: &str) -> impl Iterator<Item = &Key> {
        self.0.get(name).into_iter().flatten()
    }
}
