//! What a status says of the storage of a workspace.

use super::Making;
use crate::observed::Claim;
use link::told::Mount;
use serde_json::{Value, json};

impl Making<'_> {
    pub(super) fn volumes(&self) -> Value {
        let prefix = format!("pvc-{}-", self.desired.key.name);
        let mut volumes: Vec<(String, Value)> = self
            .observed
            .claims
            .iter()
            .map(|claim| {
                let name = claim.name.strip_prefix(&prefix).unwrap_or(&claim.name).to_owned();
                let mut value =
                    json!({ "name": name, "claim": claim.name, "type": if claim.own { "local" } else { "shared" } });
                if let (Some(fields), false) = (value.as_object_mut(), claim.size.is_empty()) {
                    fields.insert("size".to_owned(), claim.size.as_str().into());
                    let now = self.mounted(claim).map(|mount| used(mount).into());
                    if let Some(used) = now.or_else(|| self.before(&name)) {
                        fields.insert("used".to_owned(), used);
                    }
                }
                (name, value)
            })
            .collect();
        volumes.sort_by(|a, b| a.0.cmp(&b.0));
        volumes.dedup_by(|a, b| a.0 == b.0);
        volumes.into_iter().map(|(_, value)| value).collect()
    }

    /// How much was used of a volume when the daemon was asked last, by whoever led before.
    fn before(&self, name: &str) -> Option<Value> {
        let stands = self.daemon().is_none() && self.is_as_before();
        let mut volumes = self.previous.get("volumes").filter(|_| stands)?.as_array()?.iter();
        volumes.find(|one| text(one, "/name") == Some(name))?.get("used").cloned()
    }

    /// The file system of a claim, as the daemon sees it: where it is the claim's own. One that many share, as folders of a node
    /// do, tells nothing of what this claim may hold.
    fn mounted(&self, claim: &Claim) -> Option<&Mount> {
        let pod = self.rendered.ok()?.pod.as_ref()?;
        let mut volumes = pod.body.pointer("/spec/volumes")?.as_array()?.iter();
        let volume = volumes.find(|one| text(one, "/persistentVolumeClaim/claimName") == Some(&claim.name))?;
        let name = text(volume, "/name")?;
        let mut mounts = pod.body.pointer("/spec/containers/0/volumeMounts")?.as_array()?.iter();
        let path = text(mounts.find(|one| text(one, "/name") == Some(name))?, "/mountPath")?;
        let size = u64::try_from(base::quantity::milli(&claim.size)? / 1000).ok()?;
        let mount = self.daemon()?.mounts.iter().find(|mount| mount.path == path)?;
        (mount.bytes > 0 && mount.bytes <= size.saturating_mul(5) / 4).then_some(mount)
    }

    /// The volumes that have little room left, in words.
    pub(super) fn nearly_full(&self) -> Vec<String> {
        let of = |claim: &Claim| {
            let mount = self.mounted(claim)?;
            let over = |free: u64, all: u64| {
                let used = all.saturating_sub(free).saturating_mul(100).checked_div(all)?;
                LEVELS.iter().find(|level| used >= **level)
            };
            let (path, size) = (&mount.path, &claim.size);
            match (over(mount.bytes_free, mount.bytes), over(mount.inodes_free, mount.inodes)) {
                (Some(level), _) => {
                    Some(format!("the volume at {path} ({size}) is {level} % full or more: delete files there"))
                }
                (None, Some(level)) => {
                    Some(format!("the volume at {path} has {level} % or more of the files that it can hold"))
                }
                (None, None) => None,
            }
        };
        self.observed.claims.iter().filter_map(of).collect()
    }

    /// Whether every claim is bound, why not, and the words for it.
    pub(super) fn storage(&self) -> (bool, &'static str, String) {
        let broken = self
            .observed
            .events
            .iter()
            .find(|event| event.kind == "PersistentVolumeClaim" && event.class(0) == crate::event::Class::Critical);
        let waits = self.observed.pod.as_ref().is_some_and(|pod| !pod.ready);
        let held = |event: &&crate::event::Event| {
            event.reason == "FailedAttachVolume" && event.message.contains("Multi-Attach")
        };
        if let Some(event) = self.observed.events.iter().find(held).filter(|_| waits) {
            return (false, "VolumeInUse", event.message.clone());
        }
        let unbound: Vec<&str> = self
            .observed
            .claims
            .iter()
            .filter(|claim| claim.phase != "Bound")
            .map(|claim| claim.name.as_str())
            .collect();
        if unbound.is_empty() {
            return (true, "AsExpected", "every claim is bound".to_owned());
        }
        if let Some(event) = broken {
            return (false, "FailedBinding", format!("claim {}: {}", event.name, event.message));
        }
        if self.observed.pod.is_none() {
            return (true, "AsExpected", format!("{} wait for their first user", unbound.join(", ")));
        }
        let filled = self.observed.claims.iter().filter(|claim| claim.phase != "Bound" && !claim.source.is_empty());
        let filled: Vec<String> = filled.map(|claim| format!("{} from {}", claim.name, claim.source)).collect();
        if !filled.is_empty() {
            return (false, "Restoring", format!("being filled: {}", filled.join(", ")));
        }
        (false, "Provisioning", format!("{} not bound yet", unbound.join(", ")))
    }
}

fn text<'a>(value: &'a Value, path: &str) -> Option<&'a str> {
    value.pointer(path).and_then(Value::as_str)
}

/// How much is used, in steps of a twentieth: a status that followed each file would be written all the time.
fn used(mount: &Mount) -> String {
    let used = mount.bytes.saturating_sub(mount.bytes_free);
    let parts = used.saturating_mul(20).div_ceil(mount.bytes.max(1));
    format!("{}Mi", (mount.bytes.saturating_mul(parts) / 20 / MIB).max(1))
}

/// Of 100, the highest first.
const LEVELS: &[u64] = &[95, 90, 80];
const MIB: u64 = 1 << 20;
