#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic, clippy::indexing_slicing)]

use super::{of_delete, of_restart, of_scale};
use api::rest::{Act, Propagation};
use catalog::Kind;
use serde_json::{Value, json};

fn deleting(id: &str, object: &Value, propagation: Option<Propagation>, grace_seconds: Option<u32>) -> Vec<String> {
    of_delete(&Kind::builtin(id).unwrap(), object, &Act::Delete { propagation, grace_seconds })
}

#[test]
fn ex_120_a_deletion_says_what_goes_with_it() {
    let deployment = json!({ "status": { "replicas": 3 } });
    assert_eq!(deleting("deployments.apps", &deployment, None, None), ["ends 3 pods"]);
    assert_eq!(
        deleting("deployments.apps", &deployment, Some(Propagation::Orphan), None),
        ["leaves what belongs to it"]
    );
    assert_eq!(deleting("namespaces", &json!({}), None, None), ["deletes everything in the namespace"]);
    let owner = json!([{ "kind": "ReplicaSet", "name": "web-5", "controller": true }]);
    let pod = json!({ "metadata": { "ownerReferences": owner, "finalizers": ["a/b"] } });
    assert_eq!(
        deleting("pods", &pod, None, Some(0)),
        [
            "its ReplicaSet web-5 will make another one",
            "waits for a/b to finish",
            "is killed at once, with no time to end"
        ]
    );
    assert!(deleting("pods", &Value::Null, None, None).is_empty());
}

#[test]
fn ex_120_a_scale_says_how_many_pods_start_or_end() {
    assert_eq!(of_scale(Some(1), 3), ["starts 2 pods"]);
    assert_eq!(of_scale(Some(3), 2), ["ends 1 pod"]);
    assert_eq!(of_scale(Some(3), 0), ["ends all 3 pods"]);
    assert_eq!(of_scale(Some(3), 3), ["changes nothing: it has as many already"]);
}

#[test]
fn ex_121a_a_restart_says_what_is_replaced() {
    assert_eq!(of_restart(&json!({ "status": { "replicas": 2 } })), ["replaces 2 pods"]);
    assert_eq!(of_restart(&json!({ "status": { "currentNumberScheduled": 1 } })), ["replaces 1 pod"]);
    let on_delete =
        of_restart(&json!({ "spec": { "updateStrategy": { "type": "OnDelete" } }, "status": { "replicas": 2 } }));
    assert!(on_delete[0].contains("OnDelete"));
}
