//! What other systems got wrong: storage that goes with time, and objects that nobody owns.

use crate::server::{Place, candidate, get, kubectl, until};
use serde_json::{Value, json};
use std::time::Duration;
use workspace::decide::Limits;

const DAY_MS: u64 = 24 * 3_600_000;

#[tokio::test(flavor = "multi_thread")]
async fn wd_24_a_week_and_more_after_it_was_stopped_and_deleted_its_storage_is_there() {
    let mut place = Place::new("week", Limits::default()).await;
    place.apply(&json!({}));
    until("it runs", 60, || place.phase() == "Running");
    let claim = || get(&["-n", &place.namespace, "pvc", "pvc-w-home"])["metadata"]["uid"].clone();
    let before = claim();
    assert!(!before.is_null());
    place.apply(&json!({ "state": "Stopped" }));
    until("it is stopped", 60, || place.phase() == "Stopped" && place.pod().is_null());
    // Whoever leads eight days later does nothing to it.
    place.kill().await;
    place.ahead_ms = 8 * DAY_MS;
    place.start(Limits::default());
    place.apply(&json!({ "state": "Running" }));
    until("it runs after a week", 60, || place.phase() == "Running");
    let claim = || get(&["-n", &place.namespace, "pvc", "pvc-w-home"])["metadata"]["uid"].clone();
    assert_eq!(claim(), before);
    // It is not given to somebody else, nor to another organization: that would be another workspace.
    for other in [json!({ "org": "other" }), json!({ "owner": "bob" })] {
        let patch = json!({ "spec": other }).to_string();
        let words = ["-n", &place.namespace, "patch", "workspaces.quarterdeck.dev", "w", "--type=merge", "-p", &patch];
        let refused = std::panic::catch_unwind(|| kubectl(&words, ""));
        assert!(refused.is_err(), "{other}");
    }
    let words = ["-n", &place.namespace, "delete", "workspaces.quarterdeck.dev", "w", "--wait=false"];
    let _ = kubectl(&words, "");
    until("it is gone", 60, || place.workspace().is_null() && place.pod().is_null());
    until("it is told since when it is left", 60, || !annotation(&place, LEFT_SINCE).is_null());
    place.kill().await;
    // Seven days, to the hour.
    place.ahead_ms = 15 * DAY_MS - 3_600_000;
    place.start(Limits::default());
    // One of its name has what it left.
    place.apply(&json!({}));
    until("it is there again", 60, || place.phase() == "Running");
    let claim = get(&["-n", &place.namespace, "pvc", "pvc-w-home"]);
    assert_eq!(claim["metadata"]["uid"], before);
    assert!(claim["metadata"]["deletionTimestamp"].is_null());
    until("it is left no more", 60, || annotation(&place, LEFT_SINCE).is_null());
}

const LEFT_SINCE: &str = "quarterdeck.dev/left-since";

fn annotation(place: &Place, name: &str) -> Value {
    get(&["-n", &place.namespace, "pvc", "pvc-w-home"])["metadata"]["annotations"][name].clone()
}

#[tokio::test(flavor = "multi_thread")]
async fn ws_15f_what_a_workspace_left_goes_after_the_time_that_it_said_and_not_before() {
    let mut place = Place::new("left", Limits::default()).await;
    place.apply(&json!({ "storage": { "retainFor": "48h" } }));
    until("it runs", 60, || place.phase() == "Running");
    assert_eq!(annotation(&place, "quarterdeck.dev/retain-for"), "48h");
    let words = ["-n", &place.namespace, "delete", "workspaces.quarterdeck.dev", "w", "--wait=false"];
    let _ = kubectl(&words, "");
    until("it is told since when it is left", 60, || !annotation(&place, LEFT_SINCE).is_null());
    place.kill().await;
    let claim = || get(&["-n", &place.namespace, "pvc", "pvc-w-home"]);
    let is_there = || claim()["metadata"]["deletionTimestamp"].is_null() && !claim().is_null();
    // The operator of two days and an hour later.
    assert!(is_there());
    place.ahead_ms = 2 * DAY_MS + 3_600_000;
    place.start(Limits::default());
    let claim = || get(&["-n", &place.namespace, "pvc", "pvc-w-home"]);
    until("its time is over", 60, || claim().is_null() || !claim()["metadata"]["deletionTimestamp"].is_null());
    let decided = place.journal.decided();
    let told = decided.iter().map(|one| format!("{one:?}")).filter(|one| one.contains("workspace:expire"));
    assert!(told.count() >= 1, "each is a decision in the journal");
}

/// The objects of a namespace that are some workspace's, but its storage and itself.
fn objects(place: &Place) -> Vec<String> {
    let kinds = "pods,services,configmaps,secrets,networkpolicies,ingresses,endpointslices";
    let found = get(&["-n", &place.namespace, kinds, "-l", "quarterdeck.dev/workspace"]);
    let items = found["items"].as_array().cloned().unwrap_or_default();
    items.iter().map(|one| format!("{} {}", one["kind"], one["metadata"]["name"])).collect()
}

fn claims(place: &Place) -> Vec<String> {
    let found = get(&["-n", &place.namespace, "pvc", "-l", "quarterdeck.dev/workspace"]);
    let items = found["items"].as_array().cloned().unwrap_or_default();
    items.iter().filter_map(|one| one["metadata"]["name"].as_str().map(str::to_owned)).collect()
}

#[tokio::test(flavor = "multi_thread")]
async fn wd_25b_nothing_is_left_of_many_that_were_made_and_deleted_but_the_storage_that_is_kept() {
    const EACH: usize = 100;
    let place = Place::new("orphans", Limits::default()).await;
    let mut kept = Vec::new();
    for round in 0..5 {
        let names: Vec<String> = (0..EACH).map(|at| format!("o-{round}-{at:03}")).collect();
        let one = |(at, name): (usize, &String)| {
            let on_delete = if at % 2 == 0 { "Delete" } else { "Retain" };
            json!({
                "apiVersion": "quarterdeck.dev/v1alpha1", "kind": "Workspace",
                "metadata": { "name": name, "namespace": place.namespace },
                "spec": { "owner": "ada", "org": "lab", "image": "images.invalid/shell:1", "storage": { "onDelete": on_delete } },
            })
        };
        let all: Vec<Value> = names.iter().enumerate().map(one).collect();
        let _ =
            kubectl(&["create", "-f", "-"], &json!({ "apiVersion": "v1", "kind": "List", "items": all }).to_string());
        // One round is deleted while it is made.
        if round != 1 {
            until("all have storage and a pod", 240, || {
                let there = objects(&place);
                names.iter().all(|name| there.iter().any(|one| one == &format!("\"Pod\" \"{name}\"")))
            });
            kept.extend(
                names.iter().enumerate().filter(|(at, _)| at % 2 == 1).map(|(_, name)| format!("pvc-{name}-home")),
            );
        }
        let words = ["-n", &place.namespace, "delete", "workspaces.quarterdeck.dev", "--all", "--wait=false"];
        let _ = kubectl(&words, "");
        until("they are gone", 240, || {
            let left = get(&["-n", &place.namespace, "workspaces.quarterdeck.dev"]);
            left["items"].as_array().is_none_or(Vec::is_empty)
        });
    }
    let left = std::cell::RefCell::new(Vec::new());
    until("nothing is left of them", 120, || {
        *left.borrow_mut() = objects(&place);
        left.borrow().is_empty()
    });
    let claims = claims(&place);
    assert!(kept.iter().all(|one| claims.contains(one)), "what is to be kept is there: {claims:?}");
    let at = |name: &String| name.split('-').nth(3).and_then(|at| at.parse::<usize>().ok()).unwrap_or(1);
    assert!(claims.iter().all(|one| at(one) % 2 == 1), "what was to go with its workspace went: {claims:?}");
}

/// Objects of a workspace that is called after their kind are refused, until this is dropped.
struct Refusal(String);

impl Refusal {
    fn new(place: &Place) -> Self {
        let name = format!("refusal-{}", place.namespace);
        let here = json!({ "matchLabels": { "kubernetes.io/metadata.name": place.namespace } });
        let rule = |group: &str, resources: &[&str]| json!({ "apiGroups": [group], "apiVersions": ["*"], "operations": ["CREATE"], "resources": resources });
        let policy = json!({
            "apiVersion": "admissionregistration.k8s.io/v1", "kind": "ValidatingAdmissionPolicy", "metadata": { "name": name },
            "spec": {
                "matchConstraints": {
                    "namespaceSelector": here,
                    "resourceRules": [
                        rule("", &["configmaps", "services", "persistentvolumeclaims", "secrets", "pods"]),
                        rule("networking.k8s.io", &["networkpolicies"]),
                    ],
                },
                "validations": [{
                    "expression": "object.metadata.?labels['quarterdeck.dev/workspace'].orValue('') != 'no-' + request.resource.resource",
                    "messageExpression": "'there are to be no ' + request.resource.resource",
                }],
            },
        });
        let binding = json!({
            "apiVersion": "admissionregistration.k8s.io/v1", "kind": "ValidatingAdmissionPolicyBinding", "metadata": { "name": name },
            "spec": { "policyName": name, "validationActions": ["Deny"], "matchResources": { "namespaceSelector": here } },
        });
        for object in [policy, binding] {
            let _ = kubectl(&["create", "-f", "-"], &object.to_string());
        }
        let this = Self(name);
        let try_one = json!({
            "apiVersion": "v1", "kind": "ConfigMap",
            "metadata": { "name": "try", "namespace": place.namespace, "labels": { "quarterdeck.dev/workspace": "no-configmaps" } },
        });
        let words = ["create", "--dry-run=server", "-f", "-"];
        until("it is refused", 60, || std::panic::catch_unwind(|| kubectl(&words, &try_one.to_string())).is_err());
        this
    }
}

impl Drop for Refusal {
    fn drop(&mut self) {
        for kind in ["validatingadmissionpolicybinding", "validatingadmissionpolicy"] {
            let _ = kubectl(&["delete", kind, &self.0], "");
        }
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn wd_07c_each_step_that_fails_is_told_by_a_condition_and_done_once_it_can_be() {
    let place = Place::new("refused", Limits::default()).await;
    let refusal = Refusal::new(&place);
    let kinds = ["configmaps", "services", "persistentvolumeclaims", "secrets", "pods", "networkpolicies"];
    for kind in kinds {
        // One of its kind has a password, which is kept in a Secret.
        let (image, profile) = match kind {
            "secrets" => ("images.invalid/code-server:1", "service"),
            _ => ("images.invalid/shell:1", "shell"),
        };
        let object = json!({
            "apiVersion": "quarterdeck.dev/v1alpha1", "kind": "Workspace",
            "metadata": { "name": format!("no-{kind}"), "namespace": place.namespace },
            "spec": { "owner": "ada", "org": "lab", "image": image, "runProfile": profile },
        });
        let _ = kubectl(&["create", "-f", "-"], &object.to_string());
    }
    let seen = |kind: &str| get(&["-n", &place.namespace, "workspaces.quarterdeck.dev", &format!("no-{kind}")]);
    let told = |kind: &str| {
        let words = format!("there are to be no {kind}");
        let conditions = seen(kind)["status"]["conditions"].as_array().cloned().unwrap_or_default();
        conditions.iter().any(|one| one["message"].as_str().is_some_and(|said| said.contains(&words)))
    };
    for kind in kinds {
        until(&format!("{kind} are missed"), 60, || told(kind));
        assert_ne!(seen(kind)["status"]["phase"], "Running", "{kind}");
    }
    drop(refusal);
    for kind in kinds {
        until(&format!("{kind} are there"), 120, || seen(kind)["status"]["phase"] == "Running" && !told(kind));
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn wd_16b_what_takes_many_times_as_long_as_a_lease_is_made_once_whoever_asks_again() {
    let place = Place::new("long", Limits::default()).await;
    let other = candidate(&place.namespace, "another");
    // No node has it yet: it waits for far longer than the lease of whoever makes it lasts.
    let label = format!("quarterdeck.test/{}", place.namespace);
    place.apply(&json!({ "placement": { "nodeSelector": { label.clone(): "yes" } } }));
    until("it has a pod", 60, || !place.pod().is_null());
    let lease = || get(&["-n", &place.namespace, "lease", workspace::LEASE])["spec"].clone();
    let (pod, before) = (place.pod()["metadata"]["uid"].clone(), lease());
    for _ in 0..15 {
        // A second caller, of the same words and of others.
        place.apply(&json!({ "placement": { "nodeSelector": { label.clone(): "yes" } } }));
        let create = json!({
            "apiVersion": "quarterdeck.dev/v1alpha1", "kind": "Workspace", "metadata": { "name": "w", "namespace": place.namespace },
            "spec": { "owner": "ada", "org": "lab", "image": "images.invalid/other:1" },
        });
        assert!(std::panic::catch_unwind(|| kubectl(&["create", "-f", "-"], &create.to_string())).is_err());
        let pods = get(&["-n", &place.namespace, "pods", "-l", "quarterdeck.dev/workspace"]);
        let uids: Vec<&Value> = pods["items"].as_array().unwrap().iter().map(|one| &one["metadata"]["uid"]).collect();
        assert_eq!(uids, [&pod]);
        tokio::time::sleep(Duration::from_secs(1)).await;
    }
    let after = lease();
    assert_eq!(
        (&before["holderIdentity"], &before["leaseTransitions"]),
        (&after["holderIdentity"], &after["leaseTransitions"])
    );
    assert_ne!(before["renewTime"], after["renewTime"], "who leads goes on leading");
    let node = get(&["nodes"])["items"][0]["metadata"]["name"].as_str().unwrap().to_owned();
    let _ = kubectl(&["label", "node", &node, &format!("{label}=yes")], "");
    until("it runs", 60, || place.phase() == "Running");
    assert_eq!(place.pod()["metadata"]["uid"], pod);
    let _ = kubectl(&["label", "node", &node, &format!("{label}-")], "");
    other.abort();
}
