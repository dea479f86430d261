//! Every case of the table, as the API server judges it. `rules::tests` judges the same table by the same texts.

use crate::server;
use serde_json::{Value, json};
use std::collections::BTreeMap;

fn cases(updates: bool) -> BTreeMap<String, Value> {
    let all: Vec<Value> = serde_json::from_str(include_str!("../rules.json")).unwrap();
    let numbered = all.into_iter().enumerate().map(|(at, case)| (format!("c{at:03}"), case));
    numbered.filter(|(_, case)| case.get("old").is_some() == updates).collect()
}

/// Runs kubectl over an object of each case; the cases whose verdict is another than the table's.
fn others(args: &[&str], cases: &BTreeMap<String, Value>) -> Vec<String> {
    let folder = tempfile::tempdir().unwrap();
    for (name, case) in cases {
        std::fs::write(folder.path().join(format!("{name}.json")), case["object"].to_string()).unwrap();
    }
    let mut errors: BTreeMap<String, String> = server().files(args, folder.path()).into_iter().collect();
    // an operator of the same cluster may write between the reading and the writing of kubectl
    for _ in 0..20 {
        if !errors.values().any(|error| error.contains("the object has been modified")) {
            break;
        }
        errors = server().files(args, folder.path()).into_iter().collect();
    }
    let mut others = Vec::new();
    for (name, case) in cases {
        let same = match (case["refused"].as_str(), errors.get(name)) {
            (None, None) => true,
            (Some(message), Some(error)) => error.contains(message),
            _ => false,
        };
        if !same {
            others.push(format!("{}: {:?}", case["name"], errors.get(name)));
        }
    }
    others
}

#[test]
fn ws_07g_the_api_server_says_what_the_table_says() {
    let cases = cases(false);
    assert!(cases.len() > 100, "{}", cases.len());
    let others = others(&["create", "--dry-run=server"], &cases);
    assert!(others.is_empty(), "{others:#?}");
}

#[test]
fn ws_07h_what_cannot_be_changed_is_refused_on_update() {
    let namespace = server().namespace("crd-verdicts");
    let mut cases = cases(true);
    assert!(cases.len() > 10, "{}", cases.len());
    for (name, case) in &mut cases {
        for part in ["old", "object"] {
            case[part]["metadata"] = json!({ "name": name, "namespace": namespace.name });
        }
        namespace.run(&["create", "-f", "-"], &case["old"]).good();
    }
    let others = others(&["replace", "--dry-run=server"], &cases);
    assert!(others.is_empty(), "{others:#?}");
}

#[test]
fn ws_08a_what_the_types_say_is_refused_too() {
    let namespace = server().namespace("crd-types");
    let workspace = |spec: Value| {
        let mut object = json!({ "apiVersion": "quarterdeck.dev/v1alpha1", "kind": "Workspace", "metadata": { "name": "x" },
            "spec": { "owner": "dev1", "org": "acme", "image": "busybox" } });
        for (key, value) in spec.as_object().unwrap() {
            object["spec"][key] = value.clone();
        }
        object
    };
    let table = [
        (json!({ "image": "" }), "spec.image"),
        (json!({ "owner": "" }), "spec.owner"),
        (json!({ "owner": "-a" }), "spec.owner"),
        (json!({ "ports": [{ "containerPort": 0 }] }), "spec.ports[0].containerPort"),
        (json!({ "ports": [{ "containerPort": 65536 }] }), "spec.ports[0].containerPort"),
        (json!({ "ports": [{ "containerPort": 80, "protocol": "SCTP" }] }), "spec.ports[0].protocol"),
        (json!({ "env": [{ "name": "", "value": "x" }] }), "spec.env[0].name"),
        (json!({ "env": [{ "value": "x" }] }), "spec.env[0].name"),
        (json!({ "mode": "Sidecar" }), "spec.mode"),
        (json!({ "state": "Paused" }), "spec.state"),
        (json!({ "runProfile": "root" }), "spec.runProfile"),
        (json!({ "lifecycle": { "idleTimeout": "2 hours" } }), "spec.lifecycle.idleTimeout"),
        (json!({ "lifecycle": { "expiresAt": "tomorrow" } }), "spec.lifecycle.expiresAt"),
        (json!({ "lifecycle": { "wakeOn": ["http", "http"] } }), "spec.lifecycle.wakeOn"),
        (json!({ "resources": { "extended": { "nvidia.com/gpu": 0 } } }), "spec.resources.extended"),
        (json!({ "resources": { "extended": { "nvidia.com/gpu": "-1" } } }), "spec.resources.extended"),
        (json!({ "placement": { "tolerations": [{ "operator": "Like" }] } }), "spec.placement.tolerations[0].operator"),
        (json!({ "notes": "x".repeat(5000) }), "spec.notes"),
        (json!({ "args": vec!["x"; 129] }), "spec.args"),
        (
            json!({ "sharing": [{ "kind": "User", "name": "a", "role": "user" }, { "kind": "User", "name": "a", "role": "admin" }] }),
            "spec.sharing[1]",
        ),
    ];
    for (spec, field) in table {
        let said = namespace.run(&["create", "--dry-run=server", "-f", "-"], &workspace(spec.clone()));
        assert!(!said.good && said.err.contains(field), "{spec}: {}", said.err);
    }
    let unknown = workspace(json!({ "flavour": "sweet" }));
    let said = namespace.run(&["create", "--dry-run=server", "--validate=strict", "-f", "-"], &unknown);
    assert!(said.err.contains("unknown field \"spec.flavour\""), "{}", said.err);
}
