//! Several writers of one object, by server-side apply.

use crate::server;
use serde_json::{Value, json};

fn workspace(spec: Value) -> Value {
    json!({ "apiVersion": "quarterdeck.dev/v1alpha1", "kind": "Workspace", "metadata": { "name": "shared" }, "spec": spec })
}

fn apply<'a>(manager: &'a str, more: &[&'a str]) -> Vec<&'a str> {
    let mut args = vec!["apply", "--server-side", "--field-manager", manager, "-f", "-"];
    args.extend(more);
    args
}

#[test]
fn ws_11_doors_own_the_state_and_manifests_leave_it_alone() {
    let namespace = server().namespace("crd-state");
    let manifest = workspace(json!({ "owner": "dev1", "org": "acme", "image": "busybox" }));
    namespace.run(&apply("gitops", &[]), &manifest).good();
    assert_eq!(namespace.get("ws/shared")["spec"]["state"], "Running");
    let stop = workspace(json!({ "state": "Stopped", "owner": "dev1", "org": "acme" }));
    namespace.run(&apply("quarterdeck-state", &["--force-conflicts"]), &stop).good();
    namespace.run(&apply("gitops", &[]), &manifest).good();
    assert_eq!(namespace.get("ws/shared")["spec"]["state"], "Stopped");
}

#[test]
fn ws_12b_lists_are_shared_by_their_keys() {
    let namespace = server().namespace("crd-lists");
    let of = |env: &str, port: u16| {
        workspace(json!({ "owner": "dev1", "org": "acme", "image": "busybox", "env": [{ "name": env, "value": env }],
            "ports": [{ "containerPort": port, "protocol": "TCP" }] }))
    };
    namespace.run(&apply("one", &[]), &of("A", 80)).good();
    namespace.run(&apply("two", &[]), &of("B", 81)).good();
    let spec = namespace.get("ws/shared")["spec"].clone();
    assert_eq!(spec["env"].as_array().unwrap().len(), 2, "{spec}");
    assert_eq!(spec["ports"].as_array().unwrap().len(), 2, "{spec}");
    namespace.run(&apply("two", &[]), &workspace(json!({ "owner": "dev1", "org": "acme", "image": "busybox" }))).good();
    let spec = namespace.get("ws/shared")["spec"].clone();
    assert_eq!(spec["env"], json!([{ "name": "A", "value": "A" }]), "{spec}");
    assert_eq!(spec["ports"][0]["containerPort"], 80, "{spec}");
}

#[test]
fn ws_12c_an_explicit_null_is_as_if_it_were_left_out() {
    let namespace = server().namespace("crd-null");
    let object = workspace(
        json!({ "owner": "dev1", "org": "acme", "image": "busybox", "target": null, "mode": null, "resources": { "cpu": null } }),
    );
    namespace.run(&["create", "-f", "-"], &object).good();
    let spec = namespace.get("ws/shared")["spec"].clone();
    assert_eq!(spec["mode"], "Standalone");
    assert_eq!(spec.get("target"), None::<&Value>);
}

#[test]
fn wo_03a_status_is_written_apart_from_the_spec() {
    let namespace = server().namespace("crd-status");
    let mut object = workspace(json!({ "owner": "dev1", "org": "acme", "image": "busybox" }));
    object["status"] = json!({ "phase": "Failed" });
    namespace.run(&["create", "-f", "-"], &object).good();
    assert_eq!(namespace.get("ws/shared").get("status"), None);
    let condition = |kind: &str| json!({ "type": kind, "status": "True", "reason": "AsExpected", "lastTransitionTime": "2026-01-01T00:00:00Z" });
    let status = |kind: &str| {
        let mut object = workspace(json!({}));
        object.as_object_mut().unwrap().remove("spec");
        object["status"] = json!({ "conditions": [condition(kind)] });
        object
    };
    namespace.run(&apply("one", &["--subresource=status"]), &status("Ready")).good();
    namespace.run(&apply("two", &["--subresource=status"]), &status("Reachable")).good();
    let conditions = namespace.get("ws/shared")["status"]["conditions"].clone();
    assert_eq!(conditions.as_array().unwrap().len(), 2, "{conditions}");
}
