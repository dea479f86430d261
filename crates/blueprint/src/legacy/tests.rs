#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic, clippy::indexing_slicing)]

use super::*;
use crate::testing::node;
use serde_json::json;

fn rewritten(text: &str) -> (serde_json::Value, Vec<String>) {
    let (mut node, mut problems) = (node(text), Vec::new());
    rewrite(&mut node, &mut problems);
    assert!(problems.iter().all(|problem| problem.warning));
    (node.to_json(), problems.into_iter().map(|problem| problem.pointer).collect())
}

#[test]
fn bp_17_legacy_forms_are_accepted_rewritten_and_listed() {
    for (old, new, listed) in [
        ("portForwarding: true\nname: a", json!({ "name": "a" }), vec!["/portForwarding"]),
        ("credentialHelpers: [x]\nname: a", json!({ "name": "a" }), vec!["/credentialHelpers"]),
        (
            "capabilities: [NET_RAW]\nsecurityContext: {capabilities: {add: [KILL]}}",
            json!({ "securityContext": { "capabilities": { "add": ["KILL", "NET_RAW"] } } }),
            vec!["/capabilities"],
        ),
        ("docker: {enabled: true}", json!({ "podman": { "enabled": true } }), vec!["/docker"]),
        (
            "network: {networkPolicy: isolated, allowEgress: [10.0.0.0/8, {app: db}]}",
            json!({ "network": {
                "networkPolicyClass": "isolated", "allowEgressToCIDRs": ["10.0.0.0/8"], "allowEgressToPods": [{ "app": "db" }]
            } }),
            vec!["/network/networkPolicy", "/network/allowEgress"],
        ),
        (
            "storages: {home: {path: /h, size: 5Gi, storageClass: fast}}",
            json!({ "storages": { "home": { "path": "/h", "claimSpec": {
                "accessModes": ["ReadWriteOnce"], "resources": { "requests": { "storage": "5Gi" } }, "storageClassName": "fast"
            } } } }),
            vec!["/storages/home/size", "/storages/home/storageClass"],
        ),
        (
            "initScripts:\n- hello@: echo\n- {name: b, script: c}",
            json!({ "initScripts": [{ "name": "hello", "script": "echo" }, { "name": "b", "script": "c" }] }),
            vec!["/initScripts"],
        ),
        (
            "initScripts: {hello@: echo}",
            json!({ "initScripts": [{ "name": "hello", "script": "echo" }] }),
            vec!["/initScripts"],
        ),
        (
            "k8shelld: {image: a}\nengine: {enabled: false}",
            json!({ "agent": { "image": "a" }, "podman": { "enabled": false } }),
            vec![],
        ),
        ("engine: {image: a}\npodman: {image: b}", json!({ "podman": { "image": "b" } }), vec!["/engine"]),
    ] {
        let (json, pointers) = rewritten(old);
        assert_eq!(json, new, "{old}");
        assert_eq!(pointers, listed, "{old}");
    }
}

#[test]
fn bp_17a_forms_that_make_no_sense_are_left_for_validation() {
    for odd in
        ["network: 5", "storages: [a]", "initScripts: x", "capabilities: 7", "storages: {home: 3}", "docker: null"]
    {
        rewritten(odd);
    }
}
