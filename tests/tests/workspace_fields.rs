//! Fields of a Workspace as a real API server takes them, at kubectl and at the doors, and what comes of them in the pod.
#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic, clippy::indexing_slicing, missing_docs)]

use e2e::console::Console;
use e2e::curl::Answer;
use e2e::fresh::Fresh;
use e2e::workspaces::{apply, get, list, operator, run, until, wait, workspace};
use e2e::{context, errors, kubeconfig, kubectl, out};
use serde_json::{Value, json};

/// A namespace, and a console that keeps workspaces in it.
struct Place {
    fresh: Fresh,
    console: Console,
    context: String,
}

impl Place {
    fn new(namespace: &'static str) -> Self {
        let context = context();
        Self { fresh: Fresh::new(namespace), console: operator(), context }
    }

    /// What the API server says to a workspace with this in its spec, which it does not keep; empty when it takes it.
    fn refusal(&self, more: &Value) -> String {
        let folder = tempfile::tempdir().unwrap();
        let file = folder.path().join("workspace.json");
        std::fs::write(&file, workspace(self.fresh.name(), "tried", more).to_string()).unwrap();
        let output =
            kubectl::kubectl(&kubeconfig(), &["create", "--dry-run=server", "-f", &file.display().to_string()]);
        if output.status.success() { String::new() } else { errors(&output) }
    }

    /// The same of a change of one that is there.
    fn change(&self, name: &str, spec: &Value) -> String {
        let patch = json!({ "spec": spec }).to_string();
        let words = ["patch", "workspaces.quarterdeck.dev", name, "-n", self.fresh.name(), "--type=merge"];
        let output = kubectl::kubectl(&kubeconfig(), &[&words[..], &["--dry-run=server", "-p", &patch]].concat());
        if output.status.success() { String::new() } else { errors(&output) }
    }

    fn ask(&self, method: &str, path: &str, body: &Value) -> Answer {
        self.console.ask(method, path, Some(body), &[])
    }

    /// All of these are refused with these words, the rest is taken.
    fn table(&self, table: &[(Value, &str)]) {
        for (more, words) in table {
            let said = self.refusal(more);
            if words.is_empty() {
                assert!(said.is_empty(), "{more}: {said}");
            } else {
                assert!(said.contains(words), "{more}: {words:?} is not in {said:?}");
            }
        }
    }
}

#[test]
fn ws_10_a_mode_has_the_target_that_it_needs_and_neither_changes() {
    let place = Place::new("ws-mode");
    let target = |kind: &str| json!({ "kind": kind, "name": "front" });
    place.table(&[
        (json!({}), ""),
        (json!({ "mode": "Standalone" }), ""),
        (json!({ "mode": "Attach", "target": target("pod") }), ""),
        (json!({ "mode": "Inject", "target": target("deployment") }), ""),
        (json!({ "mode": "Inject" }), "a target is there exactly when"),
        (json!({ "mode": "Standalone", "target": target("pod") }), "a target is there exactly when"),
        (json!({ "target": target("pod") }), "a target is there exactly when"),
        (json!({ "mode": "Inject", "target": target("pod") }), "attach it to a pod"),
        (json!({ "mode": "Attach", "target": target("job") }), "Unsupported value"),
        (json!({ "mode": "Else" }), "Unsupported value"),
    ]);
    apply(place.fresh.name(), "alone", &json!({ "paused": true }));
    apply(place.fresh.name(), "beside", &json!({ "paused": true, "mode": "Attach", "target": target("pod") }));
    assert_eq!(get(place.fresh.name(), "workspaces.quarterdeck.dev", "alone")["spec"]["mode"], "Standalone");
    let other = json!({ "mode": "Attach", "target": target("pod") });
    assert!(place.change("alone", &other).contains("the mode cannot be changed"));
    assert!(place.change("beside", &json!({ "target": { "name": "back" } })).contains("the target cannot be changed"));
    assert_eq!(place.change("beside", &json!({ "notes": "for a look" })), "");
    let path = format!("/workspaces/{}/alone?cluster={}", place.fresh.name(), place.context);
    for spec in [json!({ "mode": "Inject" }), json!({ "target": target("pod") })] {
        let refused = place.ask("PATCH", &path, &json!({ "spec": spec, "answers": { "confirm": true } }));
        assert_eq!((refused.status, refused.code().as_str()), (403, "field_not_allowed"), "{refused:?}");
    }
}

#[test]
fn ws_15a_what_is_shared_is_there_and_volumes_are_filled_once() {
    let place = Place::new("ws-share");
    let ports = json!([{ "name": "web", "containerPort": 3000 }]);
    let shared = |share: Value| json!({ "ports": ports, "portSharing": [share] });
    let until = "2030-01-02T03:04:05Z";
    place.table(&[
        (shared(json!({ "port": 3000, "level": "org" })), ""),
        (shared(json!({ "app": "ide", "level": "users" })), ""),
        (shared(json!({ "port": 4000, "level": "org" })), "or a port of the list of ports"),
        (shared(json!({ "port": 3000, "app": "ide", "level": "org" })), "not both"),
        (shared(json!({ "port": 3000, "level": "everybody" })), "Unsupported value"),
        (json!({ "sharing": [{ "kind": "User", "name": "bob", "role": "viewer", "until": until }] }), ""),
        (json!({ "sharing": [{ "kind": "Team", "name": "bob", "role": "viewer" }] }), "Unsupported value"),
        (json!({ "sharing": [{ "kind": "Org", "name": "lab", "role": "owner" }] }), "Unsupported value"),
        (json!({ "storage": { "onDelete": "Snapshot", "retainFor": "24h" } }), ""),
        (json!({ "storage": { "onDelete": "Forget" } }), "Unsupported value"),
        (json!({ "storage": { "from": { "snapshot": "a", "workspace": "b" } } }), "exactly one"),
        (json!({ "storage": { "from": {} } }), "exactly one"),
    ]);
    apply(place.fresh.name(), "w", &json!({ "paused": true, "storage": { "from": { "workspace": "before" } } }));
    let other = json!({ "storage": { "from": { "workspace": "another" } } });
    assert!(place.change("w", &other).contains("storage.from cannot be changed"));
    assert!(place.change("w", &json!({ "storage": null })).contains("storage.from cannot be changed"));
    assert_eq!(place.change("w", &json!({ "storage": { "onDelete": "Delete" } })), "");
}

#[test]
fn ws_16_a_workspace_says_where_its_pod_runs_and_what_it_is_called_and_takes_no_label_of_ours() {
    let place = Place::new("ws-place");
    let namespace = place.fresh.name();
    place.table(&[
        (json!({ "podLabels": { "team": "red" }, "update": "Manual", "notes": "n" }), ""),
        (json!({ "podLabels": { "quarterdeck.dev/workspace": "other" } }), "labels of quarterdeck.dev"),
        (json!({ "podLabels": { "x.quarterdeck.dev/a": "b" } }), "labels of quarterdeck.dev"),
        (json!({ "update": "Sometimes" }), "Unsupported value"),
        (json!({ "placement": { "tolerations": [{ "operator": "Maybe" }] } }), "Unsupported value"),
    ]);
    let asked = |labels: Value| {
        json!({
            "cluster": place.context, "namespace": namespace, "name": "made", "image": "images.invalid/shell:1",
            "labels": labels, "stopped": true, "answers": { "confirm": true },
        })
    };
    let ours = place.ask("POST", "/workspaces", &asked(json!({ "quarterdeck.dev/owner": "eve" })));
    assert!(matches!(ours.status, 400 | 422), "{ours:?}");
    assert!(get(namespace, "workspaces.quarterdeck.dev", "made").is_null());

    let node = out(&kubectl::kubectl(&kubeconfig(), &["get", "nodes", "-o", "jsonpath={.items[0].metadata.labels}"]));
    let labels: Value = serde_json::from_str(&node).expect("labels are JSON");
    let host = json!({ "kubernetes.io/hostname": labels["kubernetes.io/hostname"] });
    let toleration = json!({ "key": "only.test/some", "operator": "Exists", "effect": "NoSchedule" });
    let placement = json!({ "nodeSelector": host, "tolerations": [toleration] });
    apply(namespace, "w", &json!({ "placement": placement, "podLabels": { "team": "red" }, "notes": "for a test" }));
    let pods = || list(namespace, "pods", "quarterdeck.dev/workspace=w");
    until("its pod is there", 90, || !pods().is_empty());
    let pod = pods().remove(0);
    assert_eq!(pod["spec"]["nodeSelector"]["kubernetes.io/hostname"], labels["kubernetes.io/hostname"]);
    assert_eq!(pod["metadata"]["labels"]["team"], "red");
    assert!(pod["spec"]["tolerations"].as_array().unwrap().contains(&toleration), "{:#}", pod["spec"]["tolerations"]);

    // Nothing is done for one that is paused.
    apply(namespace, "rests", &json!({ "paused": true }));
    until("the operator has seen it", 60, || {
        !get(namespace, "workspaces.quarterdeck.dev", "rests")["status"].is_null()
    });
    assert!(list(namespace, "pods", "quarterdeck.dev/workspace=rests").is_empty());
}

#[test]
fn ws_08_an_image_or_a_blueprint_is_named_and_the_profile_says_what_is_the_first_process_and_how_hardened_it_is() {
    let level = |level: &str| json!({ "pod-security.kubernetes.io/enforce": level });
    let hardened = Fresh::labelled("ws-profile-service", &level("restricted"));
    let fresh = Fresh::labelled("ws-profile-shell", &level("baseline"));
    let place = Place { fresh, console: operator(), context: context() };
    let named = json!({ "name": "default" });
    place.table(&[
        (json!({ "image": null }), "a workspace needs a blueprintRef or an image"),
        (json!({ "image": "" }), "spec.image"),
        (json!({ "image": null, "blueprintRef": named }), ""),
        (json!({ "blueprintRef": named }), ""),
        (json!({ "blueprintRef": { "kind": "Other", "name": "default" } }), "Unsupported value"),
        (json!({ "runProfile": "shell", "command": ["a"], "args": ["b", "c"] }), ""),
        (json!({ "runProfile": "other" }), "Unsupported value"),
    ]);
    // An image alone lies over the default blueprint: its image takes the place, the rest stays.
    let (ns, other) = (place.fresh.name(), hardened.name());
    let blueprint = json!({
        "apiVersion": "quarterdeck.dev/v1alpha1", "kind": "Blueprint", "metadata": { "name": "default", "namespace": ns },
        "spec": { "image": "images.invalid/not-there:1", "env": { "OF": "the blueprint" } },
    });
    kubectl::apply(&kubeconfig(), &blueprint.to_string());
    apply(ns, "shell", &json!({}));
    let service = json!({ "runProfile": "service", "command": ["sh", "-c"], "args": ["exec sleep 100001"] });
    apply(other, "service", &service);
    apply(other, "shell", &json!({}));
    wait(ns, "shell", "condition=Ready");
    run(ns, "shell", "test \"$OF\" = 'the blueprint'");
    // The daemon is the first process, and made the user.
    run(ns, "shell", "tr '\\0' ' ' < /proc/1/cmdline | grep -q 'qd-agent workspaced' && id ada && test $(id -u) = 0");
    // The image's own program is, as somebody without rights.
    wait(other, "service", "condition=Ready");
    run(other, "service", "tr '\\0' ' ' < /proc/1/cmdline | grep -q '^sleep 100001' && test $(id -u) != 0");
    // What is no service does not come where only restricted pods may.
    until("it is refused", 60, || {
        get(other, "workspaces.quarterdeck.dev", "shell")["status"].to_string().contains("violates PodSecurity")
    });
    assert!(get(other, "pod", "shell").is_null());
}
