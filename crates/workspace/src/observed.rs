//! What watches told of the objects of one workspace.

use crate::event::Event;
use crate::pod::{Pod, words};
use cluster::Owned;
use serde_json::Value;
use std::collections::BTreeMap;
use wire::Node;

/// All that is seen of one workspace, as of now.
#[derive(Clone, Debug, Default)]
pub struct Observed {
    /// Its pod.
    pub pod: Option<Pod>,
    /// Its storage.
    pub claims: Vec<Claim>,
    /// Its other objects.
    pub parts: BTreeMap<(Owned, String), Part>,
    /// What happened to its pod and claims.
    pub events: Vec<Event>,
    /// Since when nothing is heard of its pod's node, epoch milliseconds.
    pub node_lost_ms: Option<i64>,
    /// What nodes have, where its pod does not get on.
    pub nodes: Nodes,
}

/// What the nodes of a cluster have, as far as it tells why a pod does not get on.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Nodes {
    /// The most processors that pods may have on one node, in thousandths.
    pub cpu_milli: i128,
    /// The same of bytes of memory.
    pub memory_milli: i128,
    /// Images that nodes hold under the names that the pod's images have, with other tags.
    pub images: Vec<String>,
}

/// Something applied.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Part {
    /// Its uid.
    pub uid: String,
    /// Its version.
    pub version: String,
    /// Digest of what was applied when it had this version: it is as we want it then.
    pub verified: Option<String>,
    /// It says that we applied it.
    pub ours: bool,
    /// Where it is reached from outside.
    pub outside: Outside,
}

/// What an object says of how it is reached from outside.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Outside {
    /// Addresses and host names that it was given.
    pub addresses: Vec<String>,
    /// A Gateway has taken the route, or refuses it.
    pub taken: Option<bool>,
    /// What whoever carries it says of it.
    pub message: String,
}

/// A claim of storage.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Claim {
    /// Its name.
    pub name: String,
    /// Its uid.
    pub uid: String,
    /// `Pending`, `Bound`, `Lost`.
    pub phase: String,
    /// Whose it is, by its label.
    pub owner: String,
    /// Its workspace, by its label.
    pub workspace: String,
    /// It is being deleted.
    pub deleting: bool,
    /// It is of this workspace alone, by the mark that it was made with.
    pub own: bool,
    /// The class that provides it.
    pub class: String,
    /// How much it holds, as the cluster says; what it asks for while it says nothing.
    pub size: String,
    /// How long it is kept after its workspace has gone, milliseconds; nothing for ever.
    pub retain_ms: Option<i64>,
    /// Since when that is gone, epoch milliseconds.
    pub left_ms: Option<i64>,
    /// What it is filled from (`VolumeSnapshot before-update`); empty where it begins empty.
    pub source: String,
}

impl Claim {
    /// Reads what is needed.
    #[must_use]
    pub fn of(node: Node<'_>) -> Self {
        let text = |path: &[&str]| node.path(path).and_then(Node::as_text).map(std::borrow::Cow::into_owned);
        let size = text(&["status", "capacity", "storage"]);
        let size = size.or_else(|| text(&["spec", "resources", "requests", "storage"]));
        Self {
            name: words(node, &["metadata", "name"]),
            uid: words(node, &["metadata", "uid"]),
            phase: words(node, &["status", "phase"]),
            owner: words(node, &["metadata", "labels", crate::key::OWNER]),
            workspace: words(node, &["metadata", "labels", crate::key::WORKSPACE]),
            deleting: node.path(&["metadata", "deletionTimestamp"]).is_some(),
            own: words(node, &["metadata", "labels", crate::key::STORAGE]) == OWN,
            class: words(node, &["spec", "storageClassName"]),
            size: size.unwrap_or_default(),
            retain_ms: crate::remains::retained(&words(node, &["metadata", "annotations", crate::key::RETAIN_FOR])),
            left_ms: crate::status::read(&words(node, &["metadata", "annotations", crate::key::LEFT_SINCE])),
            source: source(node),
        }
    }
}

/// What a claim is filled from.
fn source(node: Node<'_>) -> String {
    let of = |field: &str| {
        let name = words(node, &["spec", field, "name"]);
        (!name.is_empty()).then(|| format!("{} {name}", words(node, &["spec", field, "kind"])))
    };
    of("dataSourceRef").or_else(|| of("dataSource")).unwrap_or_default()
}

/// Whether a claim, as it is to be made, is of one workspace alone.
pub(crate) fn is_own(claim: &Value) -> bool {
    claim.pointer("/metadata/labels").and_then(|all| all.get(crate::key::STORAGE)).is_some_and(|mark| mark == OWN)
}

const OWN: &str = "own";
