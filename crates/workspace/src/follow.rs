//! The watches of the operator: each tells what comes, changes and goes. Nothing is asked twice.

use crate::addresses::Told;
use crate::event::Event;
use crate::index::{Item, Seen};
use crate::key::{Key, MANIFEST_HASH, WORKSPACE};
use crate::observed::Claim;
use crate::pod::{Pod, words};
use catalog::{Kind, ServedResource};
use cluster::{Error, Feed, Owned, Reader, Step};
use serde_json::Value;
use sha2::{Digest, Sha256};
use std::collections::{HashMap, HashSet};
use std::sync::Arc;
use std::time::Duration;
use tokio::sync::mpsc;
use tokio::time::Instant;
use wire::watch::EventType;
use wire::{Budget, Format, Node};

/// A watch.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub(crate) enum Watched {
    Workspaces,
    Pods,
    Claims,
    Parts(Owned),
    PodEvents,
    ClaimEvents,
    Nodes,
    ApiServer,
    Services,
    ClusterBlueprints,
    Blueprints,
    Quotas,
    Grants,
}

/// What a watch tells.
#[derive(Debug)]
pub(crate) enum Change {
    Seen(Item),
    Gone(Item),
    /// All there is was told.
    Whole(Watched),
    /// It may not be watched, or is not served: nothing more comes.
    Refused(Watched, Error),
    /// For a while nobody could be asked: what was told may not hold any more.
    Silent(Watched),
    /// It goes on, and nothing was missed.
    Back(Watched),
}

impl Change {
    /// The Workspace that was seen.
    pub(crate) fn workspace(&self) -> Option<Value> {
        let Self::Seen(Item::Workspace { json, .. }) = self else { return None };
        serde_json::from_slice(json).ok()
    }
}

impl Watched {
    /// All of them; the first is begun first.
    pub(crate) const ALL: &[Self] = &[
        Self::Workspaces,
        Self::Pods,
        Self::Claims,
        Self::Parts(Owned::ConfigMap),
        Self::Parts(Owned::Service),
        Self::Parts(Owned::NetworkPolicy),
        Self::Parts(Owned::Ingress),
        Self::Parts(Owned::HttpRoute),
        Self::ClusterBlueprints,
        Self::Blueprints,
        Self::Quotas,
        Self::Grants,
        Self::Nodes,
        Self::ApiServer,
        Self::Services,
        Self::PodEvents,
        Self::ClaimEvents,
    ];

    /// Without it nothing can be done.
    pub(crate) const fn needed(self) -> bool {
        // Without these two workspaces are reached as before, and only what leads to them from outside is not seen.
        if matches!(self, Self::Parts(Owned::Ingress | Owned::HttpRoute)) {
            return false;
        }
        matches!(self, Self::Workspaces | Self::Pods | Self::Claims | Self::Parts(_) | Self::Quotas | Self::Grants)
    }

    fn kind(self) -> Option<Arc<Kind>> {
        let id = match self {
            Self::Workspaces => return ours("Workspace", "workspaces", true),
            Self::ClusterBlueprints => return ours("ClusterBlueprint", "clusterblueprints", false),
            Self::Blueprints => return ours("Blueprint", "blueprints", true),
            Self::Quotas => return ours("Quota", "qdquotas", false),
            Self::Grants => return ours("Grant", "grants", true),
            Self::Pods => "pods",
            Self::Parts(Owned::HttpRoute) => return crate::outside::http_routes(),
            Self::Claims => Owned::Claim.id(),
            Self::Parts(kind) => kind.id(),
            Self::PodEvents | Self::ClaimEvents => "events",
            Self::Nodes => "nodes",
            Self::ApiServer => "endpointslices.discovery.k8s.io",
            Self::Services => "servicecidrs.networking.k8s.io",
        };
        let kind = Kind::builtin(id)?;
        if let Self::Parts(_) = self {
            // As the answers to what we apply are written, so that both can be compared.
            let mut kind = Kind::clone(&kind);
            kind.format = Format::Json;
            return Some(Arc::new(kind));
        }
        Some(kind)
    }

    fn selectors(self) -> (&'static str, &'static str) {
        match self {
            Self::Workspaces
            | Self::ClusterBlueprints
            | Self::Blueprints
            | Self::Quotas
            | Self::Grants
            | Self::Nodes
            | Self::Services => ("", ""),
            Self::ApiServer => ("kubernetes.io/service-name=kubernetes", ""),
            Self::Pods | Self::Claims | Self::Parts(_) => (WORKSPACE, ""),
            Self::PodEvents => ("", "involvedObject.kind=Pod"),
            Self::ClaimEvents => ("", "involvedObject.kind=PersistentVolumeClaim"),
        }
    }

    fn read(self, node: Node<'_>) -> Option<Item> {
        let namespace = words(node, &["metadata", "namespace"]);
        let uid = words(node, &["metadata", "uid"]);
        let name = words(node, &["metadata", "name"]);
        if name.is_empty() {
            return None;
        }
        let key = |name: String| Key { namespace: namespace.clone(), name };
        let of = || key(words(node, &["metadata", "labels", WORKSPACE]));
        Some(match self {
            Self::Workspaces => {
                let mut object = wire::to_json(node);
                if let Some(meta) = object.get_mut("metadata").and_then(Value::as_object_mut) {
                    meta.remove("managedFields");
                }
                let generation = node.path(&["metadata", "generation"]).and_then(Node::as_i64).unwrap_or_default();
                let deleting = node.path(&["metadata", "deletionTimestamp"]).is_some();
                Item::Workspace {
                    key: key(name),
                    uid,
                    generation,
                    deleting,
                    json: object.to_string().into_bytes().into(),
                }
            }
            Self::Pods => Item::Pod(of(), Box::new(Pod::of(node))),
            Self::Claims => Item::Claim(of(), Claim::of(node)),
            Self::Parts(kind) => Item::Part { key: of(), kind, name, seen: part(&wire::to_json(node)) },
            Self::ClusterBlueprints | Self::Blueprints => {
                let generation = node.path(&["metadata", "generation"]).and_then(Node::as_i64).unwrap_or_default();
                let status = node.get("status").map(wire::to_json).unwrap_or_default();
                Item::Blueprint { namespace, name, spec: node.get("spec").map(wire::to_json), generation, status }
            }
            Self::Quotas => Item::Quota { name, object: Some(wire::to_json(node)) },
            Self::Grants => Item::Grant { key: key(name), object: Some(wire::to_json(node)) },
            Self::PodEvents | Self::ClaimEvents => Item::Event { uid, namespace, event: Event::of(node) },
            Self::Nodes => {
                let mut conditions = node.path(&["status", "conditions"]).into_iter().flat_map(Node::items);
                let ready = conditions.find(|condition| words(*condition, &["type"]) == "Ready");
                let lost = ready.filter(|ready| words(*ready, &["status"]) == "Unknown");
                let since = lost.and_then(|lost| lost.get("lastTransitionTime")).and_then(Node::as_time_ms);
                let may = |what: &str| node.path(&["status", "allocatable", what]).and_then(Node::as_quantity_milli);
                let room = (may("cpu").unwrap_or_default(), may("memory").unwrap_or_default());
                let images = node.path(&["status", "images"]).into_iter().flat_map(Node::items);
                let names = images.filter_map(|image| image.get("names")).flat_map(Node::items);
                let names = names.filter_map(Node::as_text).filter(|name| !name.contains('@'));
                let images = names.map(std::borrow::Cow::into_owned).collect();
                Item::Node { name, lost_since_ms: since, room, images, told: Told::node(node) }
            }
            Self::ApiServer => Item::ApiServer { name, told: Told::slice(node) },
            Self::Services => Item::Services { name, told: Told::services(node) },
        })
    }
}

/// A part of a workspace as the operator compares it.
pub(crate) fn part(object: &Value) -> Seen {
    let text = |at: &str| object.pointer(at).and_then(Value::as_str).unwrap_or_default().to_owned();
    let says = object.pointer("/metadata/annotations").and_then(|all| all.get(MANIFEST_HASH)).and_then(Value::as_str);
    let content = hex::encode(Sha256::digest(meant(object).to_string().as_bytes()));
    Seen {
        uid: text("/metadata/uid"),
        version: text("/metadata/resourceVersion"),
        content,
        says: says.unwrap_or_default().to_owned(),
        outside: crate::outside::seen(object),
    }
}

/// An object without what the API server itself writes on it.
pub(crate) fn meant(object: &Value) -> Value {
    let mut object = object.clone();
    if let Some(fields) = object.as_object_mut() {
        for own in ["apiVersion", "kind", "status"] {
            fields.remove(own);
        }
    }
    if let Some(meta) = object.get_mut("metadata").and_then(Value::as_object_mut) {
        for own in ["managedFields", "resourceVersion", "generation", "creationTimestamp", "uid"] {
            meta.remove(own);
        }
    }
    object
}

/// A kind of ours, as the operator asks for it; it needs no discovery.
pub(crate) fn ours(kind: &str, plural: &str, namespaced: bool) -> Option<Arc<Kind>> {
    let served = ServedResource {
        group: "quarterdeck.dev".to_owned(),
        version: "v1alpha1".to_owned(),
        preferred: true,
        kind: kind.to_owned(),
        plural: plural.to_owned(),
        namespaced,
        verbs: ["get", "list", "watch", "patch"].map(str::to_owned).to_vec(),
        ..ServedResource::default()
    };
    catalog::kinds(&[served], &[]).into_iter().find(|kind| kind.plural == plural)
}

/// Tells of one watch until nobody listens.
pub(crate) async fn run(reader: Reader, watched: Watched, namespace: Option<String>, tell: mpsc::Sender<Change>) {
    let Some(kind) = watched.kind() else {
        let error = Error::NotServed { kind: format!("{watched:?}") };
        // Nobody listens: there is nobody to tell.
        let _ = tell.send(Change::Refused(watched, error)).await;
        return;
    };
    let namespace = match watched {
        Watched::ApiServer => Some("default".to_owned()),
        _ => namespace.filter(|_| kind.namespaced),
    };
    let (labels, fields) = watched.selectors();
    let feed = reader.feed(kind, namespace.as_deref()).with_selectors(labels, fields);
    let (there, listed) = (HashMap::new(), None);
    Watch { watched, feed, tell, there, listed, failures: 0, failing: None, silent: false }.run().await;
}

struct Watch {
    watched: Watched,
    feed: Feed,
    tell: mpsc::Sender<Change>,
    /// What was told, by uid, without its content.
    there: HashMap<String, Item>,
    /// Between the begin of a list and its end: the uids that came.
    listed: Option<HashSet<String>>,
    failures: u32,
    /// Since when nobody can be asked.
    failing: Option<Instant>,
    /// That was told.
    silent: bool,
}

impl Watch {
    async fn run(mut self) {
        while !self.tell.is_closed() {
            let told = match self.step().await {
                Ok(told) => told,
                Err(error) if self.is_final(&error) => {
                    // Nobody listens: there is nobody to tell.
                    let _ = self.tell.send(Change::Refused(self.watched, error)).await;
                    return;
                }
                Err(error) => {
                    tracing::debug!(%error, watch = ?self.watched, "a watch of the operator");
                    self.failures = self.failures.saturating_add(1);
                    let failing = *self.failing.get_or_insert_with(Instant::now);
                    if !self.silent && failing.elapsed() >= SILENT {
                        self.silent = true;
                        if self.tell.send(Change::Silent(self.watched)).await.is_err() {
                            return;
                        }
                    }
                    tokio::time::sleep(PAUSE * self.failures.min(10)).await;
                    continue;
                }
            };
            for change in told {
                if self.tell.send(change).await.is_err() {
                    return;
                }
            }
        }
    }

    /// Asking again will not help.
    fn is_final(&self, error: &Error) -> bool {
        match error {
            Error::Denied { .. } | Error::Invalid { .. } => true,
            Error::NotServed { .. } | Error::NotFound { .. } => !self.watched.needed(),
            _ => false,
        }
    }

    /// Somebody answers.
    fn well(&mut self, told: &mut Vec<Change>) {
        (self.failures, self.failing) = (0, None);
        if std::mem::take(&mut self.silent) {
            told.push(Change::Back(self.watched));
        }
    }

    async fn step(&mut self) -> Result<Vec<Change>, Error> {
        let (budget, mut told) = (Budget::default(), Vec::new());
        let watched = self.watched;
        match self.feed.next().await? {
            Step::Begin { .. } => self.listed = Some(HashSet::new()),
            Step::Page(format, bytes) => {
                let list = wire::list::List::open(format, &bytes, &budget);
                let list = list.map_err(|error| Error::Decode(error.to_string()))?;
                for node in list.items().flatten() {
                    told.extend(seen(watched, node, &mut self.there, &mut self.listed));
                }
            }
            Step::Events(events) => {
                for event in events {
                    let Ok(node) = event.node(&budget) else { continue };
                    if event.ty == EventType::Deleted {
                        if let Some(item) = self.there.remove(&words(node, &["metadata", "uid"])) {
                            told.push(Change::Gone(item));
                        }
                    } else {
                        told.extend(seen(watched, node, &mut self.there, &mut self.listed));
                    }
                }
            }
            Step::Synced => {
                if let Some(listed) = self.listed.take() {
                    let gone: Vec<String> = self.there.keys().filter(|uid| !listed.contains(*uid)).cloned().collect();
                    told.extend(gone.iter().filter_map(|uid| self.there.remove(uid)).map(Change::Gone));
                }
                self.well(&mut told);
                told.push(Change::Whole(watched));
            }
            Step::Resumed => self.well(&mut told),
        }
        Ok(told)
    }
}

fn seen(
    watched: Watched,
    node: Node<'_>,
    there: &mut HashMap<String, Item>,
    listed: &mut Option<HashSet<String>>,
) -> Option<Change> {
    let item = watched.read(node)?;
    let uid = words(node, &["metadata", "uid"]);
    if let Some(listed) = listed {
        listed.insert(uid.clone());
    }
    there.insert(uid, slim(&item));
    Some(Change::Seen(item))
}

/// What has to be known of an object to tell that it is gone.
fn slim(item: &Item) -> Item {
    match item {
        Item::Workspace { key, uid, .. } => {
            Item::Workspace { key: key.clone(), uid: uid.clone(), generation: 0, deleting: false, json: Arc::default() }
        }
        Item::Pod(key, pod) => {
            Item::Pod(key.clone(), Box::new(Pod { uid: pod.uid.clone(), name: pod.name.clone(), ..Pod::default() }))
        }
        Item::Blueprint { namespace, name, .. } => {
            let (namespace, name) = (namespace.clone(), name.clone());
            Item::Blueprint { namespace, name, spec: None, generation: 0, status: Value::Null }
        }
        Item::Quota { name, .. } => Item::Quota { name: name.clone(), object: None },
        Item::Grant { key, .. } => Item::Grant { key: key.clone(), object: None },
        Item::Event { uid, namespace, .. } => {
            Item::Event { uid: uid.clone(), namespace: namespace.clone(), event: Event::default() }
        }
        Item::Node { name, .. } => {
            let (room, images, told) = ((0, 0), Vec::new(), Told::default());
            Item::Node { name: name.clone(), lost_since_ms: None, room, images, told }
        }
        Item::ApiServer { name, .. } => Item::ApiServer { name: name.clone(), told: Told::default() },
        Item::Services { name, .. } => Item::Services { name: name.clone(), told: Told::default() },
        other => other.clone(),
    }
}

/// After the first failure; longer after more.
const PAUSE: Duration = Duration::from_secs(1);
/// From then on it is told that nobody can be asked.
const SILENT: Duration = Duration::from_secs(30);
