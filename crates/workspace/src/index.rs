//! All that watches told, by workspace. One task owns it; nothing here waits.

use crate::addresses::Told;
use crate::event::Event;
use crate::key::Key;
use crate::observed::{Claim, Nodes, Observed, Outside, Part};
use crate::pod::{Pod, State};
use cluster::Owned;
use serde_json::Value;
use std::collections::{BTreeMap, BTreeSet, HashMap};
use std::sync::Arc;

/// What a watch tells of one object.
#[derive(Clone, Debug)]
pub(crate) enum Item {
    /// The Workspace itself: its object as JSON, without what only the API server keeps there.
    Workspace {
        key: Key,
        uid: String,
        generation: i64,
        deleting: bool,
        json: Arc<[u8]>,
    },
    Pod(Key, Box<Pod>),
    Claim(Key, Claim),
    Part {
        key: Key,
        kind: Owned,
        name: String,
        seen: Seen,
    },
    Event {
        uid: String,
        namespace: String,
        event: Event,
    },
    Node {
        name: String,
        lost_since_ms: Option<i64>,
        /// Thousandths of processors and of bytes of memory that pods may have on it.
        room: (i128, i128),
        /// Images that it holds.
        images: Vec<String>,
        /// Its addresses, and the ranges of its pods.
        told: Told,
    },
    /// Where the API server is, as one of its slices says. The index keeps none.
    ApiServer {
        name: String,
        told: Told,
    },
    /// Ranges of services. The index keeps none.
    Services {
        name: String,
        told: Told,
    },
    /// A quota; nothing of it when it is gone. The index keeps none.
    Quota {
        name: String,
        object: Option<Value>,
    },
    /// A grant; the same.
    Grant {
        key: Key,
        object: Option<Value>,
    },
    /// A blueprint of a namespace, or of the cluster where that is empty. The index keeps none.
    Blueprint {
        namespace: String,
        name: String,
        spec: Option<Value>,
        generation: i64,
        /// Its status as it stands.
        status: Value,
    },
}

/// A part as a watch shows it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Seen {
    pub(crate) uid: String,
    pub(crate) version: String,
    /// Digest of all of it that anybody could mean.
    pub(crate) content: String,
    /// Digest that it says it was applied with.
    pub(crate) says: String,
    /// Where it is reached from outside.
    pub(crate) outside: Outside,
}

/// What was seen.
#[derive(Default)]
pub(crate) struct Index {
    workspaces: HashMap<Key, Workspace>,
    /// Pods of workspaces, also of those that are gone.
    pods: HashMap<Key, Pod>,
    claims: HashMap<Key, BTreeMap<String, Claim>>,
    parts: HashMap<Key, BTreeMap<(Owned, String), Known>>,
    /// By namespace, kind and name of what they are about.
    events: HashMap<(String, String, String), Vec<(String, Event)>>,
    lost: HashMap<String, i64>,
    /// By node: what pods may have on it.
    room: HashMap<String, (i128, i128)>,
    /// Images that some node held.
    images: BTreeSet<String>,
}

/// A Workspace object.
#[derive(Clone)]
pub(crate) struct Workspace {
    pub(crate) uid: String,
    pub(crate) generation: i64,
    pub(crate) deleting: bool,
    pub(crate) json: Arc<[u8]>,
}

struct Known {
    seen: Seen,
    /// What was applied, and the content it came to.
    verified: Option<(String, String)>,
}

/// Whom a change concerns.
pub(crate) enum Concerns {
    Nobody,
    /// This one.
    One(Key),
    /// This one, which asks for something else than before.
    Anew(Key),
    /// These, whose node comes or goes.
    Many(Vec<Key>),
}

impl Index {
    /// Takes what a watch tells.
    pub(crate) fn see(&mut self, item: Item) -> Concerns {
        match item {
            Item::Workspace { key, uid, generation, deleting, json } => {
                let new = Workspace { uid, generation, deleting, json };
                let old = self.workspaces.insert(key.clone(), new.clone());
                let same = old.is_some_and(|old| {
                    (old.uid, old.generation, old.deleting) == (new.uid, new.generation, new.deleting)
                });
                if same { Concerns::One(key) } else { Concerns::Anew(key) }
            }
            Item::Pod(key, pod) => {
                if self.pods.get(&key) == Some(&*pod) {
                    return Concerns::Nobody;
                }
                self.pods.insert(key.clone(), *pod);
                Concerns::One(key)
            }
            Item::Claim(key, claim) => {
                self.claims.entry(key.clone()).or_default().insert(claim.name.clone(), claim);
                Concerns::One(key)
            }
            Item::Part { key, kind, name, seen } => {
                let parts = self.parts.entry(key.clone()).or_default();
                let known = parts.entry((kind, name)).or_insert_with(|| {
                    // What it says it was applied with is believed at first sight; changes after that are not.
                    let verified = (!seen.says.is_empty()).then(|| (seen.says.clone(), seen.content.clone()));
                    Known { seen: seen.clone(), verified }
                });
                if known.seen == seen {
                    return Concerns::One(key);
                }
                let moved = known.seen.content != seen.content || known.seen.outside != seen.outside;
                known.seen = seen;
                if moved { Concerns::One(key) } else { Concerns::Nobody }
            }
            Item::Event { uid, namespace, event } => {
                let key = Key { namespace: namespace.clone(), name: event.name.clone() };
                let concerns = match event.kind.as_str() {
                    "Pod" if self.workspaces.contains_key(&key) => Concerns::One(key),
                    "PersistentVolumeClaim" => match self.claimant(&namespace, &event.name) {
                        Some(key) => Concerns::One(key),
                        None => return Concerns::Nobody,
                    },
                    _ => return Concerns::Nobody,
                };
                let about = (namespace, event.kind.clone(), event.name.clone());
                let events = self.events.entry(about).or_default();
                events.retain(|(old, _)| *old != uid);
                events.push((uid, event));
                if events.len() > MOST_EVENTS {
                    events.remove(0);
                }
                concerns
            }
            Item::Blueprint { namespace, .. } => Concerns::Many(self.within(&namespace)),
            Item::Quota { .. } | Item::Grant { .. } | Item::ApiServer { .. } | Item::Services { .. } => {
                Concerns::Nobody
            }
            Item::Node { name, lost_since_ms, room, images, told: _ } => {
                self.room.insert(name.clone(), room);
                if self.images.len() < MOST_IMAGES {
                    self.images.extend(images);
                }
                let before = match lost_since_ms {
                    Some(since) => self.lost.insert(name.clone(), since),
                    None => self.lost.remove(&name),
                };
                if before.is_some() == lost_since_ms.is_some() {
                    return Concerns::Nobody;
                }
                Concerns::Many(self.on_node(&name))
            }
        }
    }

    /// Takes that an object is gone.
    pub(crate) fn gone(&mut self, item: &Item, now_ms: i64) -> Concerns {
        match item {
            Item::Workspace { key, uid, .. } => {
                if self.workspaces.get(key).is_some_and(|known| known.uid == *uid) {
                    self.workspaces.remove(key);
                    for kind in ["Pod", "PersistentVolumeClaim"] {
                        self.events.remove(&(key.namespace.clone(), kind.to_owned(), key.name.clone()));
                    }
                }
                Concerns::One(key.clone())
            }
            Item::Pod(key, pod) => {
                if self.pods.get(key).is_some_and(|known| known.uid == pod.uid) {
                    self.pods.remove(key);
                    self.events.remove(&(key.namespace.clone(), "Pod".to_owned(), key.name.clone()));
                }
                Concerns::One(key.clone())
            }
            Item::Claim(key, claim) => {
                if let Some(claims) = self.claims.get_mut(key) {
                    claims.remove(&claim.name);
                    if claims.is_empty() {
                        self.claims.remove(key);
                    }
                }
                // what was applied is gone with it: it is to be applied again
                self.drop_part(key, Owned::Claim, &claim.name);
                self.events.remove(&(key.namespace.clone(), "PersistentVolumeClaim".to_owned(), claim.name.clone()));
                Concerns::One(key.clone())
            }
            Item::Part { key, kind, name, .. } => {
                self.drop_part(key, *kind, name);
                Concerns::One(key.clone())
            }
            // They age out of the cluster; what they told goes with what they are about.
            Item::Event { .. }
            | Item::Quota { .. }
            | Item::Grant { .. }
            | Item::ApiServer { .. }
            | Item::Services { .. } => Concerns::Nobody,
            Item::Blueprint { namespace, .. } => Concerns::Many(self.within(namespace)),
            Item::Node { name, .. } => {
                self.room.remove(name);
                // Its pods are nowhere now.
                self.lost.insert(name.clone(), now_ms);
                Concerns::Many(self.on_node(name))
            }
        }
    }

    fn drop_part(&mut self, key: &Key, kind: Owned, name: &str) {
        if let Some(parts) = self.parts.get_mut(key) {
            parts.remove(&(kind, name.to_owned()));
            if parts.is_empty() {
                self.parts.remove(key);
            }
        }
    }

    /// We applied a part: it is as we want it until it changes.
    pub(crate) fn applied(&mut self, key: &Key, kind: Owned, name: &str, seen: Seen, hash: &str) {
        let verified = Some((hash.to_owned(), seen.content.clone()));
        self.parts.entry(key.clone()).or_default().insert((kind, name.to_owned()), Known { seen, verified });
    }

    pub(crate) fn workspace(&self, key: &Key) -> Option<&Workspace> {
        self.workspaces.get(key)
    }

    /// How many pods of workspaces there are.
    pub(crate) fn pods(&self) -> usize {
        self.pods.len()
    }

    /// Whether a pod of it is there, also of one that is gone itself.
    pub(crate) fn has_pod(&self, key: &Key) -> bool {
        self.pods.contains_key(key)
    }

    /// What a workspace left that is gone, as far as nothing of it runs any more.
    pub(crate) fn left(&self, key: &Key) -> Vec<Claim> {
        if self.workspaces.contains_key(key) || self.pods.contains_key(key) {
            return Vec::new();
        }
        self.claims.get(key).into_iter().flat_map(|claims| claims.values().cloned()).collect()
    }

    /// Those that left something.
    pub(crate) fn leavers(&self) -> impl Iterator<Item = &Key> {
        self.claims.keys().filter(|key| !self.workspaces.contains_key(key))
    }

    pub(crate) fn keys(&self) -> impl Iterator<Item = &Key> {
        self.workspaces.keys()
    }

    /// How many there are.
    pub(crate) fn len(&self) -> usize {
        self.workspaces.len()
    }

    /// All that is seen of one workspace.
    pub(crate) fn observed(&self, key: &Key) -> Observed {
        let pod = self.pods.get(key).cloned();
        let claims: Vec<Claim> = self.claims.get(key).into_iter().flat_map(|claims| claims.values().cloned()).collect();
        let about = |kind: &str, name: &str| (key.namespace.clone(), kind.to_owned(), name.to_owned());
        let of_pod = pod.iter().flat_map(|pod| {
            let events = self.events.get(&about("Pod", &pod.name));
            events.into_iter().flatten().filter(|(_, event)| event.about == pod.uid)
        });
        let of_claims = claims
            .iter()
            .flat_map(|claim| self.events.get(&about("PersistentVolumeClaim", &claim.name)).into_iter().flatten());
        let events = of_pod.chain(of_claims).map(|(_, event)| event.clone()).collect();
        let parts = self.parts.get(key).into_iter().flatten().map(|(name, known)| {
            let verified = known.verified.as_ref().filter(|(_, content)| *content == known.seen.content);
            let verified = verified.map(|(hash, _)| hash.clone());
            let Seen { uid, version, says, outside, .. } = known.seen.clone();
            (name.clone(), Part { uid, version, verified, ours: !says.is_empty(), outside })
        });
        let node_lost_ms = pod.as_ref().and_then(|pod| self.lost.get(&pod.node)).copied();
        let nodes = pod.as_ref().filter(|pod| !pod.ready).map(|pod| self.nodes(pod)).unwrap_or_default();
        Observed { parts: parts.collect(), pod, claims, events, node_lost_ms, nodes }
    }

    /// What nodes have of what a pod lacks.
    fn nodes(&self, pod: &Pod) -> Nodes {
        let most = |of: fn(&(i128, i128)) -> i128| self.room.values().map(of).max().unwrap_or_default();
        let waits = pod.containers.iter().filter(|one| matches!(one.state, State::Waiting(..)));
        let names: BTreeSet<&str> = waits.filter_map(|one| Some(image_name(&one.image)?.0)).collect();
        let of = |image: &&String| image_name(image).is_some_and(|(name, _)| names.contains(name));
        Nodes {
            cpu_milli: most(|room| room.0),
            memory_milli: most(|room| room.1),
            images: self.images.iter().filter(of).cloned().collect(),
        }
    }

    fn claimant(&self, namespace: &str, claim: &str) -> Option<Key> {
        let rest = claim.strip_prefix("pvc-")?;
        // Names of claims begin with the workspace's, which may have dashes itself.
        let cuts = rest.match_indices('-').map(|(at, _)| at);
        cuts.filter_map(|at| rest.get(..at))
            .map(|name| Key { namespace: namespace.to_owned(), name: name.to_owned() })
            .find(|key| self.workspaces.contains_key(key))
    }

    /// The workspaces of a namespace; all of them without one.
    fn within(&self, namespace: &str) -> Vec<Key> {
        let here = |key: &&Key| namespace.is_empty() || key.namespace == namespace;
        self.workspaces.keys().filter(here).cloned().collect()
    }

    fn on_node(&self, node: &str) -> Vec<Key> {
        self.pods.iter().filter(|(_, pod)| pod.node == node).map(|(key, _)| key.clone()).collect()
    }
}

/// The name and the tag of an image; nothing for one that is named by its digest.
pub(crate) fn image_name(image: &str) -> Option<(&str, &str)> {
    let image = image.strip_prefix("docker.io/").unwrap_or(image);
    let image = image.strip_prefix("library/").unwrap_or(image);
    let (name, tag) = image.rsplit_once(':').filter(|(_, tag)| !tag.contains('/')).unwrap_or((image, "latest"));
    (!name.is_empty() && !name.contains('@')).then_some((name, tag))
}

/// More names of images are not kept.
const MOST_IMAGES: usize = 2_000;
/// Events kept of one object.
const MOST_EVENTS: usize = 20;

#[cfg(test)]
mod tests;
