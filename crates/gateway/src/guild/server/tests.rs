#![allow(clippy::unwrap_used, clippy::indexing_slicing)]

use super::server;
use base::ClusterName;
use serde_json::{Value, json};

fn told(object: &Value) -> api::workspace::Workspace {
    workspace::about::whole(&ClusterName::new("c"), object)
}

fn object() -> Value {
    json!({
        "metadata": { "name": "w", "namespace": "ns", "uid": "u", "creationTimestamp": "2026-01-02T03:04:05Z" },
        "spec": {
            "owner": "ada", "org": "lab", "image": "nginx:1", "args": ["-q"],
            "ports": [{ "containerPort": 9000, "protocol": "UDP" }, { "containerPort": 7000 }, { "containerPort": 8443, "name": "https" }],
            "resources": { "cpu": "500m", "memory": "1Gi" },
            "env": [
                { "name": "A", "value": "1" }, { "name": "DB_PASSWORD", "value": "x" }, { "name": "API_KEY", "value": "x" },
                { "name": "githubToken", "value": "x" }, { "name": "KEYBOARD", "value": "de" }, { "name": "EMPTY_TOKEN", "value": "" },
                { "name": "S", "valueFrom": { "secretKeyRef": { "name": "s", "key": "k" } } },
            ],
        },
        "status": {
            "phase": "Running", "stage": "Running", "stageSince": "2026-01-02T03:05:00Z", "pod": { "name": "w", "node": "n1" },
            "conditions": [{ "type": "Ready", "status": "True", "reason": "Ready", "message": "it runs", "lastTransitionTime": "2026-01-02T03:06:00Z" }],
        },
    })
}

#[test]
fn gn_03a_a_workspace_is_told_as_a_server() {
    let one = server(&told(&object()));
    assert_eq!(
        (one.id.as_str(), one.name.as_str(), one.image.as_str(), one.node.as_str()),
        ("w", "w", "nginx:1", "n1")
    );
    assert_eq!(one.status, "running");
    assert_eq!((one.created_at.as_str(), one.updated_at.as_str()), ("2026-01-02T03:04:05Z", "2026-01-02T03:06:00Z"));
    assert_eq!((one.resources.cpu.as_str(), one.resources.memory.as_str()), ("500m", "1Gi"));
    assert_eq!(one.args, ["-q"]);
    assert_eq!(one.ports.iter().map(|port| port.port).collect::<Vec<_>>(), [9000, 7000, 8443]);
    let env = serde_json::to_value(&one.env).unwrap();
    let masked = json!({
        "A": "1", "DB_PASSWORD": "***", "API_KEY": "***", "githubToken": "***", "KEYBOARD": "de", "EMPTY_TOKEN": "", "S": "***",
    });
    assert_eq!(env, masked);
    let event = serde_json::to_value(&one.events[0]).unwrap();
    assert_eq!(event, json!({ "t": "2026-01-02T03:06:00Z", "type": "Ready", "message": "it runs", "status": "True" }));
    assert_eq!(one.url, "/proxy/server/w/");
}

#[test]
fn gn_03b_a_status_is_one_of_three_words() {
    let table = [
        (json!({ "phase": "Running", "conditions": [] }), "pending"),
        (json!({ "phase": "Failed" }), "failed"),
        (json!({ "phase": "Stopped" }), "pending"),
        (Value::Null, "pending"),
    ];
    for (status, word) in table {
        let mut object = object();
        object["status"] = status.clone();
        assert_eq!(server(&told(&object)).status, word, "{status}");
    }
    let mut leaving = object();
    leaving["metadata"]["deletionTimestamp"] = "2026-01-02T03:07:00Z".into();
    assert_eq!(server(&told(&leaving)).status, "pending");
}
