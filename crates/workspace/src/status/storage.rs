//! What a status says of the storage of a workspace.

use super::Making;
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
                }
                (name, value)
            })
            .collect();
        volumes.sort_by(|a, b| a.0.cmp(&b.0));
        volumes.dedup_by(|a, b| a.0 == b.0);
        volumes.into_iter().map(|(_, value)| value).collect()
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
        (false, "Provisioning", format!("{} not bound yet", unbound.join(", ")))
    }
}
