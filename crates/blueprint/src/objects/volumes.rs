//! Storages: volumes, where they are mounted, and the claims behind them.

use super::labels::{self, key, value};
use super::read::{int, is, text, typed};
use super::{Place, Said};
use crate::names::normalize_dns;
use crate::node::Node;
use crate::pointer::Pointer;
use k8s_openapi::api::core::v1::{
    EmptyDirVolumeSource, PersistentVolumeClaim, PersistentVolumeClaimSpec, PersistentVolumeClaimVolumeSource, Volume,
    VolumeMount, VolumeResourceRequirements,
};
use k8s_openapi::apimachinery::pkg::api::resource::Quantity;
use k8s_openapi::apimachinery::pkg::apis::meta::v1::ObjectMeta;
use std::collections::BTreeMap;

/// What storages become.
#[derive(Default)]
pub(super) struct Volumes {
    pub(super) claims: Vec<PersistentVolumeClaim>,
    /// The volumes of the pod.
    pub(super) volumes: Vec<Volume>,
    /// Mounts of the main container.
    pub(super) main: Vec<VolumeMount>,
    /// Mounts of the engine.
    pub(super) engine: Vec<VolumeMount>,
    /// Folders whose owner the agent sets.
    pub(super) owned: Vec<Owned>,
}

/// A folder whose owner the agent sets.
pub(super) struct Owned {
    pub(super) path: String,
    pub(super) uid: Option<u32>,
    pub(super) gid: Option<u32>,
}

/// Reads the storages of the main container and of the engine.
pub(super) fn volumes(blueprint: &Node, place: &Place, said: &mut Said) -> Volumes {
    let mut all = Volumes::default();
    let engine = is(blueprint, "/podman/enabled");
    add(&Pointer::parse("/storages"), blueprint, place, &mut all, said);
    if !engine {
        return all;
    }
    let own = all.main.len();
    add(&Pointer::parse("/podman/storages"), blueprint, place, &mut all, said);
    let engine = all.main.split_off(own);
    if blueprint.at(&Pointer::parse("/podman/parentStorages")).and_then(Node::bool) != Some(false) {
        all.engine.clone_from(&all.main);
    }
    // at one path the engine's own storage wins
    all.engine.retain(|mount| !engine.iter().any(|own| own.mount_path == mount.mount_path));
    all.engine.extend(engine);
    let graph = super::engine::graph_root(blueprint);
    if !all.engine.iter().any(|mount| mount.mount_path == graph) {
        let name = "engine-graph";
        let claim = format!("pvc-{}-podman-graph", place.id);
        let source = Source { kind: "local", claim, is_own: true, pointer: None };
        let volume = source.volume(name, blueprint, place, &mut all.claims, said);
        all.volumes.push(volume);
        all.engine.push(mount(name, graph, false));
    }
    all
}

fn add(at: &Pointer, blueprint: &Node, place: &Place, all: &mut Volumes, said: &mut Said) {
    let is_engine = at.segments().len() > 1;
    let storages = blueprint.at(at).map_or(&[][..], Node::entries);
    for entry in storages {
        let (storage, name) = (&entry.node, entry.key.as_str());
        let Some(path) = text(storage, "/path") else { continue };
        if storage.get("enabled").and_then(Node::bool) == Some(false) {
            continue;
        }
        let volume_name = fitted(&format!("{}-{name}", if is_engine { "engine" } else { "storage" }));
        let kind = text(storage, "/type").unwrap_or("local");
        let id = text(storage, "/id");
        let source = Source {
            kind,
            claim: claim_of(storage, name, is_engine, place),
            is_own: kind == "local" && id.is_none(),
            pointer: Some(at.join(name)),
        };
        all.volumes.push(source.volume(&volume_name, blueprint, place, &mut all.claims, said));
        all.main.push(mount(&volume_name, path, is(storage, "/readonly")));
        let (uid, gid) = (int(storage, "fsOwnerUid"), int(storage, "fsOwnerGid"));
        if !is_engine && (uid.is_some() || gid.is_some()) {
            all.owned.push(Owned { path: path.to_owned(), uid, gid });
        }
    }
}

/// The name of the claim behind a storage.
pub(super) fn claim_of(storage: &Node, name: &str, is_engine: bool, place: &Place) -> String {
    let id = text(storage, "/id");
    match (text(storage, "/type"), is_engine) {
        (Some("shared"), _) => shared_claim(name, id, place),
        (_, true) => format!("pvc-{}-podman-{name}", id.unwrap_or(&place.id)),
        (_, false) => format!("pvc-{}-{name}", id.unwrap_or(&place.id)),
    }
}

/// The claim that all of an organization share under a name.
fn shared_claim(name: &str, id: Option<&str>, place: &Place) -> String {
    let org = normalize_dns(&place.user.organization);
    match id {
        Some(id) if id != org && !org.is_empty() => format!("pvc-{name}-{org}-{id}"),
        Some(id) => format!("pvc-{name}-{id}"),
        None => format!("pvc-{name}-{org}"),
    }
    .trim_end_matches('-')
    .to_owned()
}

/// What a volume is made from.
struct Source<'a> {
    kind: &'a str,
    claim: String,
    /// The claim is of this workspace alone.
    is_own: bool,
    /// The storage in the blueprint; absent where the platform adds one.
    pointer: Option<Pointer>,
}

impl Source<'_> {
    fn volume(
        &self,
        name: &str,
        blueprint: &Node,
        place: &Place,
        claims: &mut Vec<PersistentVolumeClaim>,
        said: &mut Said,
    ) -> Volume {
        let storage = self.pointer.as_ref().and_then(|at| blueprint.at(at));
        let volume = Volume { name: name.to_owned(), ..Volume::default() };
        let limit = storage.and_then(|node| text(node, "/sizeLimit")).map(|text| Quantity(text.to_owned()));
        let empty = |medium: Option<&str>, size_limit| {
            Some(EmptyDirVolumeSource { medium: medium.map(str::to_owned), size_limit })
        };
        let claim = match storage.and_then(|node| text(node, "/existingClaim")) {
            Some(claim) => claim.to_owned(),
            None if self.kind == "memory" => return Volume { empty_dir: empty(Some("Memory"), limit), ..volume },
            None if self.kind == "emptyDir" => return Volume { empty_dir: empty(None, limit), ..volume },
            None if !place.claims.provided => {
                let path = storage.and_then(|node| text(node, "/path")).unwrap_or("the engine's folder");
                said.notes.push(format!("{path} lasts as long as the pod: the cluster provides no volumes"));
                return Volume { empty_dir: empty(None, None), ..volume };
            }
            None => {
                claims.push(self.claim(storage, blueprint, place, said));
                self.claim.clone()
            }
        };
        let source = PersistentVolumeClaimVolumeSource { claim_name: claim, read_only: None };
        Volume { persistent_volume_claim: Some(source), ..volume }
    }

    fn claim(&self, storage: Option<&Node>, blueprint: &Node, place: &Place, said: &mut Said) -> PersistentVolumeClaim {
        let at = self.pointer.as_ref().map(|pointer| pointer.join("claimSpec"));
        let written = at.and_then(|at| typed::<PersistentVolumeClaimSpec>(blueprint, &at, said));
        let mut spec = written.unwrap_or_else(|| PersistentVolumeClaimSpec {
            access_modes: Some(vec![if self.kind == "shared" { "ReadWriteMany" } else { "ReadWriteOnce" }.to_owned()]),
            resources: Some(VolumeResourceRequirements {
                requests: Some(BTreeMap::from([("storage".to_owned(), Quantity(place.claims.size.clone()))])),
                limits: None,
            }),
            ..PersistentVolumeClaimSpec::default()
        });
        if spec.storage_class_name.is_none() {
            spec.storage_class_name.clone_from(&place.claims.class);
        }
        let mut meta = labels::meta_that_stays(&self.claim, blueprint, place);
        // said of itself, so that nobody has to guess what may go with a workspace
        let mark = if self.is_own { "own" } else { "shared" };
        if !self.is_own {
            // workspaces that share a claim would each write their own name on it
            meta.labels = Some(common(self.kind, place));
            meta.annotations = None;
        }
        meta.labels.get_or_insert_default().insert(key("storage"), mark.to_owned());
        let written = storage.and_then(|node| node.get("claimSpecAnnotations")).map_or(&[][..], Node::entries);
        if !written.is_empty() {
            let annotations = meta.annotations.get_or_insert_default();
            for entry in written {
                if let Some(text) = entry.node.text() {
                    annotations.insert(entry.key.clone(), text.to_owned());
                }
            }
        }
        PersistentVolumeClaim {
            metadata: ObjectMeta { owner_references: None, ..meta },
            spec: Some(spec),
            ..PersistentVolumeClaim::default()
        }
    }
}

/// The labels that all workspaces which share a claim agree on.
fn common(kind: &str, place: &Place) -> BTreeMap<String, String> {
    let mut labels = BTreeMap::from([
        ("app.kubernetes.io/managed-by".to_owned(), "quarterdeck".to_owned()),
        (key("org"), value(&place.user.organization)),
    ]);
    if kind != "shared" {
        labels.insert(key("owner"), value(&place.user.username));
    }
    labels
}

pub(super) fn mount(name: &str, path: &str, read_only: bool) -> VolumeMount {
    VolumeMount {
        name: name.to_owned(),
        mount_path: path.to_owned(),
        read_only: read_only.then_some(true),
        ..VolumeMount::default()
    }
}

/// A name of at most 63 characters: a longer one is cut and gets a hash.
fn fitted(name: &str) -> String {
    if name.len() <= 63 {
        return name.to_owned();
    }
    let hash = labels::hash(name.as_bytes());
    format!("{}-{}", name.get(..50).unwrap_or_default().trim_end_matches('-'), hash.get(..12).unwrap_or_default())
}
