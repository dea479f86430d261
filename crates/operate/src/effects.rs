//! What else happens, in words, from what the object itself says.

use api::rest::{Act, Propagation};
use catalog::Kind;
use serde_json::Value;

/// What deleting it does beyond the object.
pub(crate) fn of_delete(kind: &Kind, object: &Value, act: &Act) -> Vec<String> {
    let mut effects = Vec::new();
    let Act::Delete { propagation, grace_seconds } = act else { return effects };
    match (kind.id.as_str(), propagation) {
        ("namespaces", _) => effects.push("deletes everything in the namespace".to_owned()),
        ("customresourcedefinitions.apiextensions.k8s.io", _) => {
            effects.push("deletes every object of this kind".to_owned());
        }
        ("persistentvolumeclaims", _) => effects.push("gives its volume back: its reclaim policy decides".to_owned()),
        ("nodes", _) => effects.push("its pods are ended elsewhere only once they are found missing".to_owned()),
        (_, Some(Propagation::Orphan)) => effects.push("leaves what belongs to it".to_owned()),
        _ => {
            if let Some(pods) = pods_of(object).filter(|pods| *pods > 0) {
                effects.push(format!("ends {}", count(pods)));
            }
        }
    }
    if let Some((kind, name)) = controller(object) {
        effects.push(format!("its {kind} {name} will make another one"));
    }
    if let Some(finalizers) = object.pointer("/metadata/finalizers").and_then(Value::as_array).filter(|f| !f.is_empty())
    {
        let names: Vec<_> = finalizers.iter().filter_map(Value::as_str).collect();
        effects.push(format!("waits for {} to finish", names.join(", ")));
    }
    if grace_seconds == &Some(0) && kind.id == "pods" {
        effects.push("is killed at once, with no time to end".to_owned());
    }
    effects
}

/// What a new number of replicas does. `before` is what the scale said.
pub(crate) fn of_scale(before: Option<u64>, wanted: u32) -> Vec<String> {
    let wanted = u64::from(wanted);
    match before {
        Some(before) if wanted > before => vec![format!("starts {}", count(wanted - before))],
        Some(before) if wanted < before && wanted == 0 => vec![format!("ends all {}", count(before))],
        Some(before) if wanted < before => vec![format!("ends {}", count(before - wanted))],
        Some(_) => vec!["changes nothing: it has as many already".to_owned()],
        None => Vec::new(),
    }
}

/// What a restart does.
pub(crate) fn of_restart(object: &Value) -> Vec<String> {
    let mut effects = Vec::new();
    let on_delete = object.pointer("/spec/updateStrategy/type").and_then(Value::as_str) == Some("OnDelete");
    if on_delete {
        effects.push("its pods stay as they are until each is deleted (update strategy OnDelete)".to_owned());
    } else if let Some(pods) = pods_of(object).filter(|pods| *pods > 0) {
        effects.push(format!("replaces {}", count(pods)));
    }
    effects
}

/// Pods that a workload has now.
fn pods_of(object: &Value) -> Option<u64> {
    ["/status/replicas", "/status/currentNumberScheduled", "/status/active"]
        .iter()
        .find_map(|pointer| object.pointer(pointer)?.as_u64())
}

/// Kind and name of what controls it.
fn controller(object: &Value) -> Option<(&str, &str)> {
    let owners = object.pointer("/metadata/ownerReferences")?.as_array()?;
    let owner = owners.iter().find(|owner| owner.get("controller").and_then(Value::as_bool) == Some(true))?;
    let kind = owner.get("kind")?.as_str()?;
    REMAKES.contains(&kind).then_some((kind, owner.get("name")?.as_str()?))
}

/// Controllers that make an object anew when it is gone.
const REMAKES: &[&str] = &["ReplicaSet", "StatefulSet", "DaemonSet", "ReplicationController", "Deployment", "Job"];

fn count(pods: u64) -> String {
    if pods == 1 { "1 pod".to_owned() } else { format!("{pods} pods") }
}

#[cfg(test)]
mod tests;
