//! What was seen of an object when it was planned, to tell later whether it moved.

use serde_json::Value;
use sha2::{Digest, Sha256};

/// An object as it was seen.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Seen {
    pub(crate) uid: String,
    /// resourceVersion.
    pub(crate) version: String,
    /// Digest of all of it but the status, what the server counts and what controllers annotate.
    digest: [u8; 32],
}

impl Seen {
    pub(crate) fn of(object: &Value) -> Self {
        let text = |name: &str| {
            object.pointer(&format!("/metadata/{name}")).and_then(Value::as_str).unwrap_or_default().to_owned()
        };
        Self { uid: text("uid"), version: text("resourceVersion"), digest: digest(object) }
    }

    /// Whether it is still what was planned for. A new resourceVersion alone does not tell: pods that crash and nodes
    /// that report have one every few seconds, by their status only, and a plan for them must be able to live.
    pub(crate) fn is_same(&self, now: &Self) -> bool {
        self.uid == now.uid && (self.version == now.version || self.digest == now.digest)
    }
}

fn digest(object: &Value) -> [u8; 32] {
    let mut hasher = Sha256::new();
    if let Some(fields) = object.as_object() {
        for (name, value) in fields {
            match (name.as_str(), value) {
                ("status", _) => {}
                ("metadata", Value::Object(metadata)) => {
                    for (name, value) in metadata {
                        match (name.as_str(), value) {
                            ("resourceVersion" | "managedFields", _) => {}
                            ("annotations", Value::Object(annotations)) => {
                                let told = annotations.iter().filter(|(name, _)| !CONTROLLERS.contains(&name.as_str()));
                                told.for_each(|(name, value)| feed(&mut hasher, name, value));
                            }
                            (name, value) => feed(&mut hasher, name, value),
                        }
                    }
                }
                (name, value) => feed(&mut hasher, name, value),
            }
        }
    }
    hasher.finalize().into()
}

/// Annotations in which controllers keep their own state: they are status under another name.
const CONTROLLERS: &[&str] = &["deployment.kubernetes.io/revision", "control-plane.alpha.kubernetes.io/leader"];

/// Members are sorted by name in a parsed object, so equal values have equal texts.
fn feed(hasher: &mut Sha256, name: &str, value: &Value) {
    let text = value.to_string();
    hasher.update((name.len() as u64).to_be_bytes());
    hasher.update(name.as_bytes());
    hasher.update((text.len() as u64).to_be_bytes());
    hasher.update(text.as_bytes());
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used, clippy::indexing_slicing)]
    use super::Seen;
    use serde_json::{Value, json};

    fn object() -> Value {
        json!({
            "metadata": { "uid": "u", "resourceVersion": "1", "labels": { "a": "b" }, "managedFields": [1],
                "annotations": { "deployment.kubernetes.io/revision": "1", "mine": "1" } },
            "spec": { "replicas": 2 }, "status": { "ready": 1 },
        })
    }

    fn changed(pointer: &str, value: Value) -> bool {
        let mut now = object();
        now["metadata"]["resourceVersion"] = json!("2");
        *now.pointer_mut(pointer).unwrap() = value;
        !Seen::of(&object()).is_same(&Seen::of(&now))
    }

    #[test]
    fn exn_06b_a_plan_is_stale_when_anything_but_the_status_moved() {
        assert!(changed("/metadata/uid", json!("v")));
        assert!(changed("/metadata/labels/a", json!("c")));
        assert!(changed("/spec/replicas", json!(3)));
        assert!(!changed("/status/ready", json!(0)));
        assert!(!changed("/metadata/managedFields", json!([2])));
        assert!(!changed("/metadata/annotations/deployment.kubernetes.io~1revision", json!("2")));
        assert!(changed("/metadata/annotations/mine", json!("2")));
    }
}
