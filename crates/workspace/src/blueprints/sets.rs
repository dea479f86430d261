//! The blueprints that were told, and what was read of them, as namespaces see them.

use super::{BUILT_IN, DEFAULT};
use crate::folder::Set;
use crate::rollout::{Told, Whose};
use blueprint::{Layer, LayerKind, Library, Problem};
use serde_json::{Value, json};
use std::collections::{BTreeMap, BTreeSet, HashMap};
use std::sync::Arc;

/// Blueprint objects of which the revision is meant that serves everybody: by namespace, empty for the platform's, and name.
pub(super) type Others = BTreeSet<(String, String)>;

/// The blueprints that there are.
#[derive(Debug, Default)]
pub(super) struct Sets {
    /// By name: each ClusterBlueprint.
    cluster: BTreeMap<String, Told>,
    /// By namespace and name: each Blueprint.
    org: BTreeMap<(String, String), Told>,
    /// Those with a revision that serves some.
    rolling: BTreeSet<(String, String)>,
    /// The version of the folder that they were read with.
    version: u64,
    /// What was read of them, as a namespace sees them.
    read: HashMap<String, HashMap<Others, Arc<Seen>>>,
}

/// Blueprints that were read, and what is wrong with them.
#[derive(Debug)]
pub(super) struct Seen {
    pub(super) library: Library,
    pub(super) problems: Vec<Problem>,
    /// The revision of each object among them, by kind and name.
    revisions: BTreeMap<String, String>,
}

impl Seen {
    /// One that is tried, and is no object.
    pub(super) fn tried(library: Library) -> Self {
        Self { library, problems: Vec::new(), revisions: BTreeMap::new() }
    }

    /// The revisions of the objects among layers.
    pub(super) fn revisions<'a>(&self, layers: impl Iterator<Item = &'a Layer>) -> BTreeMap<String, String> {
        let revision = |layer: &Layer| {
            let of = match layer.kind {
                LayerKind::Platform => CLUSTER,
                LayerKind::Org => NAMESPACED,
                _ => return None,
            };
            let title = format!("{of}/{}", layer.name);
            let revision = self.revisions.get(&title)?.clone();
            Some((title, revision))
        };
        layers.filter_map(revision).collect()
    }
}

impl Sets {
    /// What was read already.
    pub(super) fn known(&self, namespace: &str, others: &Others, version: u64) -> Option<Arc<Seen>> {
        self.read.get(namespace).filter(|_| self.version == version)?.get(others).cloned()
    }

    /// Reads them.
    pub(super) fn see(&mut self, namespace: &str, others: Others, version: u64, set: &Set) -> Arc<Seen> {
        if self.version != version {
            self.read.clear();
            self.version = version;
        }
        let seen = Arc::new(self.made(namespace, &others, set));
        let read = self.read.entry(namespace.to_owned()).or_default();
        if read.len() >= MOST {
            read.clear();
        }
        read.insert(others, seen.clone());
        seen
    }

    /// Takes a blueprint, or that it is gone. Whether it is something else than before.
    pub(super) fn take(&mut self, namespace: &str, name: &str, told: Option<Told>) -> bool {
        let key = (namespace.to_owned(), name.to_owned());
        let before = if namespace.is_empty() { self.cluster.get(name) } else { self.org.get(&key) };
        if before == told.as_ref() {
            return false;
        }
        if told.as_ref().is_some_and(|told| told.rolling.is_some()) {
            self.rolling.insert(key.clone());
        } else {
            self.rolling.remove(&key);
        }
        match (namespace, told) {
            ("", Some(told)) => drop(self.cluster.insert(key.1, told)),
            ("", None) => drop(self.cluster.remove(name)),
            (_, Some(told)) => drop(self.org.insert(key, told)),
            (_, None) => drop(self.org.remove(&key)),
        }
        if namespace.is_empty() {
            self.read.clear();
        } else {
            self.read.remove(namespace);
        }
        true
    }

    /// Of which of them a workspace gets the revision that serves everybody. What it is made of so far its status says.
    pub(super) fn others(&self, namespace: &str, workspace: &Value, roles: &[String]) -> Others {
        let text = |at: &str| workspace.pointer(at).and_then(Value::as_str).unwrap_or_default();
        let (owner, org, uid) = (text("/spec/owner"), text("/spec/org"), text("/metadata/uid"));
        let whose = Whose { owner, org, roles, uid };
        let revisions = workspace.pointer("/status/revisions");
        let near = self.rolling.iter().filter(|(of, _)| of.is_empty() || of == namespace);
        let other = |(of, name): &&(String, String)| {
            let told = self.one(of, name);
            let rolling = told.and_then(|told| Some((&told.revision, told.rolling.as_ref()?)));
            let had = revisions.and_then(|all| all.get(title(of, name))).and_then(Value::as_str);
            rolling.is_some_and(|(newest, rolling)| !rolling.takes(newest, had, whose))
        };
        near.filter(other).cloned().collect()
    }

    fn one(&self, namespace: &str, name: &str) -> Option<&Told> {
        if namespace.is_empty() {
            return self.cluster.get(name);
        }
        self.org.get(&(namespace.to_owned(), name.to_owned()))
    }

    fn made(&self, namespace: &str, others: &Others, set: &Set) -> Seen {
        let (mut library, mut revisions) = (Library::default(), BTreeMap::new());
        let mut written = |of: &str, name: &str, told: &Told| {
            let other = told.rolling.as_ref().filter(|_| others.contains(&(of.to_owned(), name.to_owned())));
            let (revision, spec) =
                other.map_or((&told.revision, &told.spec), |rolling| (&rolling.stable.0, &rolling.stable.1));
            revisions.insert(title(of, name), revision.clone());
            (title(of, name), document(name, spec))
        };
        let documents: BTreeMap<String, String> =
            self.cluster.iter().map(|(name, told)| written("", name, told)).collect();
        let paths: Vec<String> = documents.keys().cloned().collect();
        let mut problems = library.add(&documents, &paths, LayerKind::Platform);
        problems.extend(library.add(&set.texts, &set.paths, LayerKind::Platform));
        problems.extend(set.problems.iter().cloned());
        if !self.cluster.contains_key(DEFAULT) && library.get(DEFAULT).is_none() {
            let built_in = BTreeMap::from([("built-in/default".to_owned(), BUILT_IN.to_owned())]);
            let paths: Vec<String> = built_in.keys().cloned().collect();
            problems.extend(library.add(&built_in, &paths, LayerKind::Platform));
        }
        let own = self.org.iter().filter(|((of, _), _)| of == namespace);
        let own: BTreeMap<String, String> = own.map(|((of, name), told)| written(of, name, told)).collect();
        let paths: Vec<String> = own.keys().cloned().collect();
        problems.extend(library.add(&own, &paths, LayerKind::Org));
        Seen { library, problems, revisions }
    }
}

/// A blueprint object as messages and statuses name it: `Blueprint/go`.
fn title(namespace: &str, name: &str) -> String {
    format!("{}/{name}", if namespace.is_empty() { CLUSTER } else { NAMESPACED })
}

/// A blueprint's object as a document. JSON is YAML.
fn document(name: &str, spec: &Value) -> String {
    let mut fields = spec.as_object().cloned().unwrap_or_default();
    fields.insert("name".to_owned(), name.into());
    json!({ "blueprint": fields }).to_string()
}

const CLUSTER: &str = "ClusterBlueprint";
const NAMESPACED: &str = "Blueprint";
/// So many readings are kept of one namespace: one for each set of revisions that somebody got.
const MOST: usize = 16;
