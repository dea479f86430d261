//! `update: Manual`: the pod is made from what it was made from before, until somebody asks for what its blueprint says by now.
//!
//! What a pod was made from is kept in a ConfigMap, as long as the Workspace itself asks for the same. Another field of its
//! `spec` is somebody's wish, and takes hold with the next start as everywhere.

use crate::acts::UPDATED;
use crate::desired::{Desired, Update};
use crate::key::MANIFEST_HASH;
use crate::observed::Observed;
use crate::render::Rendered;
use cluster::Owned;
use serde_json::{Value, json};
use sha2::{Digest, Sha256};

/// What is to be done about it.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Pin {
    /// Nothing: what is asked for is made.
    Free,
    /// What its pod was made from is to be kept.
    Write,
    /// What was kept is what its pod is made from.
    Holds,
}

/// Looks. Pure.
pub(crate) fn look(desired: &Desired, rendered: &Rendered, observed: &Observed) -> Pin {
    if desired.update != Update::Manual {
        return Pin::Free;
    }
    let kept = observed.parts.get(&(Owned::ConfigMap, name(desired))).and_then(|part| part.verified.as_deref());
    let current = mark(desired, rendered);
    let ours = observed.pod.as_ref().filter(|pod| pod.controller == desired.uid && pod.deleting_ms.is_none());
    if ours.is_some_and(|pod| pod.hash == rendered.pod_hash) && kept != Some(current.as_str()) {
        return Pin::Write;
    }
    let asked = desired.cause.strip_prefix(UPDATED).and_then(|cause| cause.rsplit_once(" to "));
    let taken = asked.is_some_and(|(_, digest)| rendered.pod_hash.starts_with(digest) && digest.len() >= SHORT);
    match kept.and_then(|kept| kept.split_once('.')) {
        Some((pod, asks)) if pod != rendered.pod_hash && asks == desired.asks && !taken => Pin::Holds,
        _ => Pin::Free,
    }
}

/// The name of what is kept.
pub(crate) fn name(desired: &Desired) -> String {
    format!("{}-pinned", desired.key.name)
}

/// By what it is known again: the pod, and what the Workspace asked for.
pub(crate) fn mark(desired: &Desired, rendered: &Rendered) -> String {
    format!("{}.{}", rendered.pod_hash, desired.asks)
}

/// A digest of what a Workspace asks for, but whether it is to run and for how long.
pub(crate) fn asks(spec: &Value) -> String {
    let mut spec = spec.clone();
    if let Some(fields) = spec.as_object_mut() {
        for other in ["state", "update", "paused", "lifecycle", "sharing", "portSharing", "notes"] {
            fields.remove(other);
        }
    }
    hex::encode(Sha256::digest(spec.to_string())).get(..SHORT).unwrap_or_default().to_owned()
}

/// What is kept.
pub(crate) fn object(desired: &Desired, rendered: &Rendered) -> Option<Value> {
    let pod = &rendered.pod.as_ref()?.body;
    let labels = pod.pointer("/metadata/labels").cloned().unwrap_or_default();
    Some(json!({
        "apiVersion": "v1", "kind": "ConfigMap",
        "metadata": {
            "name": name(desired), "namespace": desired.key.namespace, "labels": labels,
            "annotations": { MANIFEST_HASH: mark(desired, rendered) },
            "ownerReferences": pod.pointer("/metadata/ownerReferences").cloned().unwrap_or_default(),
        },
        "data": { POD: pod.to_string() },
    }))
}

/// The pod that is kept, if it is of this very Workspace.
pub(crate) fn pod(desired: &Desired, kept: &Value) -> Option<Value> {
    let text = kept.get("data")?.get(POD)?.as_str()?;
    let pod: Value = serde_json::from_str(text).ok()?;
    let owner = pod.pointer("/metadata/ownerReferences/0/uid").and_then(Value::as_str);
    (owner == Some(desired.uid.as_str())).then_some(pod)
}

const POD: &str = "pod.json";
/// Letters of a digest that are enough.
pub(crate) const SHORT: usize = 16;

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used)]

    use super::{Pin, asks, look, mark, name, object, pod};
    use crate::desired::Desired;
    use crate::observed::{Observed, Part};
    use crate::pod::Pod;
    use crate::render::{Object, Rendered};
    use cluster::Owned;
    use serde_json::{Value, json};

    fn desired(spec: &Value, cause: &str) -> Desired {
        let annotations = json!({ "quarterdeck.dev/state-cause": cause });
        let meta = json!({ "name": "a", "namespace": "n", "uid": "u", "annotations": annotations });
        Desired::of(&json!({ "metadata": meta, "spec": spec })).unwrap()
    }

    fn rendered(hash: &str) -> Rendered {
        let body = json!({
            "apiVersion": "v1", "kind": "Pod",
            "metadata": { "name": "a", "ownerReferences": [{ "uid": "u" }] }, "spec": { "of": hash },
        });
        Rendered { pod: Object::of(body), pod_hash: hash.to_owned(), ..Rendered::default() }
    }

    fn observed(runs: Option<&str>, kept: Option<String>) -> Observed {
        let pod = runs.map(|hash| Pod { controller: "u".into(), hash: hash.into(), ..Pod::default() });
        let part = kept.map(|kept| Part { verified: Some(kept), ..Part::default() });
        let parts = part.map(|part| ((Owned::ConfigMap, "a-pinned".to_owned()), part)).into_iter().collect();
        Observed { pod, parts, ..Observed::default() }
    }

    #[test]
    fn ws_16b_an_update_by_hand_waits_for_whoever_asks_for_it() {
        let spec = json!({ "update": "Manual", "image": "x:1" });
        let (old, new) = ("1".repeat(64), "2".repeat(64));
        let manual = desired(&spec, "");
        assert_eq!(name(&manual), "a-pinned");
        let kept = || Some(mark(&manual, &rendered(&old)));
        let at = |desired: &Desired, hash: &str, runs, kept| look(desired, &rendered(hash), &observed(runs, kept));
        assert_eq!(at(&manual, &old, Some(&old), None), Pin::Write, "what runs is kept");
        assert_eq!(at(&manual, &old, Some(&old), kept()), Pin::Free, "once");
        assert_eq!(at(&manual, &new, Some(&old), kept()), Pin::Holds, "a newer blueprint waits");
        assert_eq!(at(&manual, &new, None, kept()), Pin::Holds, "through a stop and a start, too");
        assert_eq!(at(&manual, &new, None, None), Pin::Free, "nothing is kept");
        let asked = desired(&spec, &format!("updated by ada to {}", "2".repeat(16)));
        assert_eq!(at(&asked, &new, None, kept()), Pin::Free, "somebody asked for this one");
        assert_eq!(at(&asked, &"3".repeat(64), None, kept()), Pin::Holds, "and not for the one after it");
        assert_eq!(at(&asked, &new, Some(&new), kept()), Pin::Write, "which is kept from then on");
        for other in ["", "updated by ada", "updated by ada to ", "started by ada", "updated by ada to 2"] {
            assert_eq!(at(&desired(&spec, other), &new, None, kept()), Pin::Holds, "{other}");
        }
        let other = desired(&json!({ "update": "Manual", "image": "x:2" }), "");
        assert_eq!(at(&other, &new, None, kept()), Pin::Free, "the workspace asks for something else itself");
        for update in ["OnRestart", "Auto"] {
            let own = desired(&json!({ "update": update, "image": "x:1" }), "");
            assert_eq!(at(&own, &new, None, kept()), Pin::Free, "{update}");
        }
        assert_eq!(
            asks(&spec),
            asks(&json!({ "image": "x:1", "state": "Stopped" })),
            "whether it runs is no wish of it"
        );

        let map = object(&manual, &rendered(&old)).unwrap();
        assert_eq!(pod(&manual, &map), Some(rendered(&old).pod.unwrap().body));
        let meta = json!({ "name": "a", "namespace": "n", "uid": "other" });
        let another = Desired::of(&json!({ "metadata": meta, "spec": spec })).unwrap();
        assert_eq!(pod(&another, &map), None, "another workspace of this name");
    }
}
