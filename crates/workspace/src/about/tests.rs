#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic, clippy::indexing_slicing)]

use super::{row, whole, why};
use crate::cost::Prices;
use base::ClusterName;
use serde_json::json;

fn object() -> serde_json::Value {
    json!({
        "metadata": { "name": "dev", "namespace": "lab", "uid": "u1", "generation": 3,
            "creationTimestamp": "2026-01-02T03:04:05Z",
            "annotations": { "quarterdeck.dev/state-cause": "started by desk:ada" } },
        "spec": { "owner": "ada", "org": "lab", "blueprintRef": { "name": "rust" },
            "ports": [{ "name": "web", "containerPort": 8080 }, { "containerPort": 99999 }], "resources": { "cpu": "2" } },
        "status": { "phase": "Running", "stage": "Running", "stageSince": "2026-01-02T03:05:00.250Z", "progress": 100,
            "observedGeneration": 3, "canonicalID": "dev", "image": "images.invalid/rust:1",
            "pod": { "name": "dev", "uid": "p1", "node": "n1", "ip": "10.0.0.9", "restarts": 1 },
            "lastActivity": { "at": "2026-01-02T03:06:00Z", "door": "http" },
            "volumes": [{ "name": "home", "claim": "pvc-dev-home", "type": "local", "size": "10Gi" }],
            "blueprint": { "name": "rust", "layers": [{ "kind": "platform", "name": "rust" }, { "kind": "overrides" }] },
            "conditions": [{ "type": "Ready", "status": "True", "reason": "Ready", "message": "it runs and is ready" }] },
    })
}

#[test]
fn wl_09s_a_row_and_the_whole_say_what_the_object_says() {
    let cluster = ClusterName::new("c");
    let told = whole(&cluster, &object());
    assert_eq!(told.row, row(&cluster, &object()));
    assert_eq!((told.row.phase.as_str(), told.row.progress, told.row.ready), ("Running", Some(100), true));
    assert_eq!(told.row.stage_since_ms, Some(1_767_323_100_250));
    assert_eq!(told.row.blueprint, "rust");
    assert_eq!(told.layers, ["platform rust", "overrides"]);
    assert_eq!(told.ports.len(), 1, "what is no port is left out");
    assert_eq!(told.ports[0].protocol, "TCP");
    assert_eq!((told.generation, told.observed_generation), (3, 3));
    assert_eq!(told.last_activity.unwrap().door, "http");
    assert_eq!(told.volumes[0].claim, "pvc-dev-home");
    assert_eq!(told.cause, "started by desk:ada");
}

#[test]
fn wl_09b_one_that_nobody_looked_at_yet_waits_for_the_operator() {
    let object = json!({ "metadata": { "name": "dev", "namespace": "lab" }, "spec": { "image": "i" } });
    let told = row(&ClusterName::new("c"), &object);
    assert_eq!((told.phase.as_str(), told.stage.as_str(), told.ready), ("Pending", "Queued", false));
    assert_eq!(told.message, "waits for the operator");
    assert_eq!((told.wanted.as_str(), told.image.as_str()), ("Running", "i"));
}

#[test]
fn wl_02k_one_that_is_being_deleted_is_terminating_whatever_its_status_says() {
    let mut object = object();
    object["metadata"]["deletionTimestamp"] = json!("2026-01-02T04:00:00Z");
    let told = row(&ClusterName::new("c"), &object);
    assert_eq!((told.phase.as_str(), told.stage.as_str(), told.ready), ("Terminating", "Terminating", false));
}

#[test]
fn wl_08a_why_names_who_set_its_state() {
    let told = why(&ClusterName::new("east"), &object(), 0, &Prices::default());
    let query = form_urlencoded::parse(told.audit.as_bytes()).into_owned().collect::<Vec<(String, String)>>();
    let metadata = object()["metadata"].clone();
    let (namespace, name) = (metadata["namespace"].as_str().unwrap(), metadata["name"].as_str().unwrap());
    let anchor = format!("east/workspaces.quarterdeck.dev/{namespace}/{name}");
    assert_eq!(query, [("object".to_owned(), anchor)]);
    assert_eq!((told.wanted.as_str(), told.cause.as_str()), ("Running", "started by desk:ada"));
    assert_eq!(told.message, "it runs and is ready");
}
