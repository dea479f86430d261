//! Names, labels and annotations of a workspace's objects.

use super::containers::MAIN;
use super::{Objects, Place};
use crate::node::Node;
use base64::Engine as _;
use k8s_openapi::apimachinery::pkg::apis::meta::v1::{ObjectMeta, OwnerReference};
use sha2::{Digest as _, Sha256};
use std::collections::BTreeMap;

/// What labels and annotations of ours begin with.
pub const PREFIX: &str = "quarterdeck.dev/";

/// A label of ours.
pub(super) fn key(name: &str) -> String {
    format!("{PREFIX}{name}")
}

/// The labels of every object of a workspace.
pub(super) fn labels(blueprint: &Node, place: &Place) -> BTreeMap<String, String> {
    let text = |key: &str| blueprint.get(key).and_then(Node::text).unwrap_or_default();
    let class = blueprint.get("network").and_then(|node| node.get("networkPolicyClass")).and_then(Node::text);
    let mut labels = BTreeMap::from([
        ("app.kubernetes.io/managed-by".to_owned(), "quarterdeck".to_owned()),
        ("app.kubernetes.io/component".to_owned(), "workspace".to_owned()),
    ]);
    for (name, text) in [
        ("workspace", place.workspace.as_str()),
        ("canonical-id", &place.id),
        ("owner", &place.user.username),
        ("org", &place.user.organization),
        ("blueprint", text("name")),
        ("job-id", &place.job),
        ("agent-version", &place.agent_version),
        ("network-class", class.unwrap_or("isolated")),
    ] {
        if !text.is_empty() || matches!(name, "owner" | "org") {
            labels.insert(key(name), value(text));
        }
    }
    if place.compat_labels {
        for (name, text) in [
            ("k8shell.io/workspace", place.id.as_str()),
            ("k8shell.io/username", &place.user.username),
            ("k8shell.io/organization", &place.user.organization),
            ("k8shell.io/blueprint", text("name")),
            ("guildnet.io/managed", "true"),
            ("guildnet.io/id", &place.id),
            ("guildnet.io/workspace", &place.workspace),
        ] {
            labels.insert(name.to_owned(), value(text));
        }
    }
    labels
}

/// The annotations of every object of a workspace.
pub(super) fn annotations(place: &Place) -> BTreeMap<String, String> {
    let userstr = base64::engine::general_purpose::STANDARD.encode(&place.userstr);
    BTreeMap::from([(key("userstr"), userstr), (key("identity"), place.identity.clone())])
}

/// A text as a label's value: itself where it can be one, else what is left of it and a hash, so that two texts never
/// become the same value.
#[must_use]
pub fn value(text: &str) -> String {
    let inner = |c: char| c.is_ascii_alphanumeric() || matches!(c, '-' | '_' | '.');
    let ends = |text: &str| {
        text.starts_with(|c: char| c.is_ascii_alphanumeric()) && text.ends_with(|c: char| c.is_ascii_alphanumeric())
    };
    if text.is_empty() || (text.len() <= 63 && text.chars().all(inner) && ends(text)) {
        return text.to_owned();
    }
    let kept: String = text.chars().map(|c| if inner(c) { c } else { '-' }).take(40).collect();
    let kept = kept.trim_matches(|c: char| !c.is_ascii_alphanumeric());
    let hash = hash(text.as_bytes());
    let hash = hash.get(..16).unwrap_or_default();
    if kept.is_empty() { hash.to_owned() } else { format!("{kept}-{hash}") }
}

/// SHA-256 in hexadecimal.
pub(super) fn hash(bytes: &[u8]) -> String {
    hex::encode(Sha256::digest(bytes))
}

/// The metadata of an object that ends with the Workspace.
pub(super) fn meta(name: &str, blueprint: &Node, place: &Place) -> ObjectMeta {
    ObjectMeta { owner_references: owner(place), ..meta_that_stays(name, blueprint, place) }
}

/// The metadata of an object that the Workspace's end leaves alone.
pub(super) fn meta_that_stays(name: &str, blueprint: &Node, place: &Place) -> ObjectMeta {
    ObjectMeta {
        name: Some(name.to_owned()),
        namespace: Some(place.namespace.clone()),
        labels: Some(labels(blueprint, place)),
        annotations: Some(annotations(place)),
        ..ObjectMeta::default()
    }
}

fn owner(place: &Place) -> Option<Vec<OwnerReference>> {
    let uid = place.uid.clone()?;
    Some(vec![OwnerReference {
        api_version: "quarterdeck.dev/v1alpha1".to_owned(),
        kind: "Workspace".to_owned(),
        name: place.workspace.clone(),
        uid,
        controller: Some(true),
        block_owner_deletion: Some(true),
    }])
}

/// A hash over all that makes a new pod necessary, in the annotation `manifest-hash` of the pod. Labels that change with
/// every job are not in it, nor is what a pod that runs can be given: processors and memory of its main container. Nor are
/// the ports that it declares: the service and the network policy open them, and a container listens where it likes.
pub(super) fn stamp(objects: &mut Objects) {
    // The blueprint in the pod is for people, who see it as it is now.
    let data = objects.config_maps.iter().map(|map| (&map.metadata.name, &map.data));
    let shown = |data: &BTreeMap<String, String>| data.contains_key("blueprint.yaml");
    let data: Vec<_> = data.filter(|(_, data)| !data.as_ref().is_some_and(shown)).collect();
    let data: Vec<_> =
        data.into_iter().map(|(name, data)| (name, data.as_ref().map(super::config::without_ports))).collect();
    let mut spec = objects.pod.spec.clone();
    let containers = spec.iter_mut().flat_map(|spec| &mut spec.containers).filter(|one| one.name == MAIN);
    for main in containers {
        main.ports = None;
        let Some(resources) = &mut main.resources else { continue };
        for sizes in [&mut resources.limits, &mut resources.requests].into_iter().flatten() {
            sizes.retain(|name, _| !matches!(name.as_str(), "cpu" | "memory"));
        }
    }
    let text = serde_json::json!([spec, data]).to_string();
    let annotations = objects.pod.metadata.annotations.get_or_insert_default();
    annotations.insert(key("manifest-hash"), hash(text.as_bytes()));
}
