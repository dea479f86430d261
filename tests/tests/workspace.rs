//! The operator of workspaces on a real cluster: from an object that kubectl applies to a pod with a home that stays.
#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic, clippy::indexing_slicing)]

use e2e::fresh::Fresh;
use e2e::workspaces::{apply, condition, get, home, list, operator, patch, run, seen, until, wait};
use e2e::{kubeconfig, kubectl};
use serde_json::{Value, json};

fn delete(namespace: &str, name: &str) {
    let object = format!("workspaces.quarterdeck.dev/{name}");
    let _ = kubectl::stdout(&kubeconfig(), &["delete", "-n", namespace, &object, "--timeout=180s"]);
}

#[test]
fn wo_02a_an_image_alone_becomes_a_workspace_that_keeps_its_home() {
    let fresh = Fresh::new("ws-life");
    let (ns, labels) = (fresh.name(), "quarterdeck.dev/workspace=w");
    let _operator = operator();
    apply(ns, "w", &json!({}));
    wait(ns, "w", "condition=Ready");
    // What it is made of, and whose that is.
    let object = get(ns, "workspaces.quarterdeck.dev", "w");
    let uid = object["metadata"]["uid"].as_str().unwrap();
    for kind in ["pods", "services", "configmaps", "networkpolicies"] {
        let there = list(ns, kind, labels);
        assert!(!there.is_empty(), "it has {kind}");
        for one in &there {
            assert_eq!(one["metadata"]["ownerReferences"][0]["uid"], uid, "{kind} go with it");
            let managers = one["metadata"]["managedFields"].as_array();
            let ours = |one: &Value| one["manager"] == "quarterdeck-operator" && one["operation"] == "Apply";
            assert!(managers.is_some_and(|all| all.iter().any(ours)), "{kind} are applied");
        }
    }
    let claims = list(ns, "persistentvolumeclaims", labels);
    assert_eq!(claims.len(), 1);
    assert!(claims[0]["metadata"].get("ownerReferences").is_none(), "nothing owns its home");
    assert_eq!(object["status"]["phase"], "Running");
    assert_eq!(object["status"]["observedGeneration"], object["metadata"]["generation"]);
    assert_eq!(condition(&object, "StorageReady").0, "True");
    assert_eq!(condition(&object, "Progressing"), ("False".into(), "Idle".into()));
    assert_eq!(object["status"]["progress"], 100);

    let file = home(ns, "w").join("file");
    std::fs::write(&file, "kept").unwrap();
    let first = get(ns, "pod", "w")["metadata"]["uid"].clone();
    patch(ns, "w", &json!({ "spec": { "state": "Stopped" } }));
    wait(ns, "w", "jsonpath={.status.phase}=Stopped");
    until("the pod is gone", 60, || get(ns, "pod", "w").is_null());
    for kind in ["services", "configmaps", "networkpolicies", "persistentvolumeclaims"] {
        assert!(!list(ns, kind, labels).is_empty(), "{kind} stay");
    }
    patch(ns, "w", &json!({ "spec": { "state": "Running" } }));
    wait(ns, "w", "condition=Ready");
    assert_ne!(get(ns, "pod", "w")["metadata"]["uid"], first);
    assert_eq!(std::fs::read_to_string(&file).unwrap(), "kept");
    run(ns, "w", "test -d /home/ada");

    delete(ns, "w");
    until("its objects are gone", 90, || {
        ["pods", "services", "configmaps"].iter().all(|kind| list(ns, kind, labels).is_empty())
    });
    assert_eq!(list(ns, "persistentvolumeclaims", labels).len(), 1, "its home stays");
    // Who comes back finds it again.
    apply(ns, "w", &json!({}));
    wait(ns, "w", "condition=Ready");
    assert_eq!(home(ns, "w").join("file"), file);
    assert_eq!(std::fs::read_to_string(&file).unwrap(), "kept");
    // Somebody else does not.
    delete(ns, "w");
    until("the pod is gone", 60, || get(ns, "pod", "w").is_null());
    apply(ns, "w", &json!({ "owner": "bob" }));
    wait(ns, "w", "condition=Accepted=False");
    let object = get(ns, "workspaces.quarterdeck.dev", "w");
    assert_eq!(condition(&object, "Accepted").1, "NameConflict");
    assert!(get(ns, "pod", "w").is_null(), "no pod of bob's mounts ada's home");
}

#[test]
fn wo_10b_a_workspace_that_says_so_takes_its_home_along() {
    let fresh = Fresh::new("ws-delete");
    let ns = fresh.name();
    let _operator = operator();
    apply(ns, "gone", &json!({ "storage": { "onDelete": "Delete" } }));
    wait(ns, "gone", "condition=Ready");
    delete(ns, "gone");
    until("its home is gone", 90, || list(ns, "persistentvolumeclaims", "quarterdeck.dev/workspace=gone").is_empty());
}

#[test]
fn wl_02c_what_does_not_start_says_why_and_starts_once_it_is_put_right() {
    let fresh = Fresh::new("ws-broken");
    let ns = fresh.name();
    let _operator = operator();
    apply(ns, "image", &json!({ "image": "images.invalid/nothing:1" }));
    apply(ns, "large", &json!({ "placement": { "nodeSelector": { "nowhere": "true" } } }));
    apply(ns, "unknown", &json!({ "image": null, "blueprintRef": { "name": "nowhere" } }));
    wait(ns, "image", "jsonpath={.status.phase}=Failed");
    let object = get(ns, "workspaces.quarterdeck.dev", "image");
    let (status, reason) = condition(&object, "Ready");
    assert!(status == "False" && ["ErrImagePull", "ImagePullBackOff"].contains(&reason.as_str()), "{object:#}");
    assert!(object["status"]["lastError"].as_str().unwrap().starts_with("image_missing: "), "{object:#}");
    assert!(object["status"]["progress"].as_i64().unwrap() < 100);
    wait(ns, "large", "jsonpath={.status.stage}=Scheduling");
    until("the scheduler's words are told", 60, || {
        let object = get(ns, "workspaces.quarterdeck.dev", "large");
        object["status"]["conditions"].to_string().contains("not one that its placement asks for")
    });
    wait(ns, "unknown", "condition=Accepted=False");
    let object = get(ns, "workspaces.quarterdeck.dev", "unknown");
    assert_eq!(condition(&object, "Accepted").1, "BlueprintNotFound");
    assert!(object["status"]["lastError"].as_str().unwrap().contains("default"), "it lists what there is: {object:#}");

    // A blueprint of that name comes.
    let blueprint = json!({
        "apiVersion": "quarterdeck.dev/v1alpha1", "kind": "Blueprint",
        "metadata": { "name": "nowhere", "namespace": ns }, "spec": { "image": "images.invalid/shell:1" },
    });
    kubectl::apply(&kubeconfig(), &blueprint.to_string());
    wait(ns, "unknown", "condition=Ready");
}

#[test]
fn wo_03_what_somebody_else_changes_is_put_right_and_a_pod_that_is_deleted_comes_back() {
    let fresh = Fresh::new("ws-drift");
    let ns = fresh.name();
    let _operator = operator();
    apply(ns, "w", &json!({ "ports": [{ "containerPort": 8080, "name": "web" }] }));
    wait(ns, "w", "condition=Ready");
    let port = || get(ns, "service", "w")["spec"]["ports"].to_string().contains("8080");
    assert!(port(), "{:#}", get(ns, "service", "w"));
    let policies = || list(ns, "networkpolicies", "quarterdeck.dev/workspace=w");
    let name = policies()[0]["metadata"]["name"].as_str().unwrap().to_owned();
    let _ = kubectl::stdout(&kubeconfig(), &["delete", "networkpolicy", "-n", ns, &name]);
    until("its network policy is back", 30, || !policies().is_empty());
    let change = json!({ "spec": { "selector": { "quarterdeck.dev/canonical-id": "another" } } }).to_string();
    let _ = kubectl::stdout(&kubeconfig(), &["patch", "service", "-n", ns, "w", "--type=merge", "-p", &change]);
    until("its service is as it was", 30, || {
        get(ns, "service", "w")["spec"]["selector"]["quarterdeck.dev/canonical-id"] == "w"
    });
    // What is not ours stays.
    let _ = kubectl::stdout(&kubeconfig(), &["label", "service", "-n", ns, "w", "team=blue"]);
    let first = get(ns, "pod", "w")["metadata"]["uid"].clone();
    let _ = kubectl::stdout(&kubeconfig(), &["delete", "pod", "-n", ns, "w", "--grace-period=1"]);
    until("another pod runs", 90, || {
        let pod = get(ns, "pod", "w");
        !pod.is_null() && pod["metadata"]["uid"] != first && pod["status"]["phase"] == "Running"
    });
    wait(ns, "w", "condition=Ready");
    assert_eq!(get(ns, "service", "w")["metadata"]["labels"]["team"], "blue");
    // It comes to rest, and then nothing is written.
    until("nothing is written for five seconds", 60, || {
        let version = || get(ns, "workspaces.quarterdeck.dev", "w")["metadata"]["resourceVersion"].clone();
        let before = version();
        std::thread::sleep(std::time::Duration::from_secs(5));
        version() == before
    });
}

#[test]
fn wl_08d_a_workspace_that_ends_by_itself_is_stopped_and_not_started_again() {
    let fresh = Fresh::new("ws-ends");
    let ns = fresh.name();
    let _operator = operator();
    apply(ns, "w", &json!({}));
    wait(ns, "w", "condition=Ready");
    // Its own shutdown: the first process ends in order. It would take the line that tells it so along.
    run(ns, "w", "(sleep 0.5; kill -TERM 1) </dev/null >/dev/null 2>&1 &");
    wait(ns, "w", "jsonpath={.spec.state}=Stopped");
    wait(ns, "w", "jsonpath={.status.phase}=Stopped");
    let object = get(ns, "workspaces.quarterdeck.dev", "w");
    assert_eq!(object["status"]["stopReason"], "it ended by itself");
    let managers = object["metadata"]["managedFields"].to_string();
    assert!(managers.contains("quarterdeck-state"), "who sets the state owns nothing else: {managers}");
}

#[test]
fn wo_04d_the_pod_of_a_workspace_that_is_to_be_stopped_says_so_while_it_ends() {
    let fresh = Fresh::new("ws-label");
    let ns = fresh.name();
    let _operator = operator();
    apply(ns, "w", &json!({}));
    wait(ns, "w", "condition=Ready");
    let label = |pod: &Value| pod["metadata"]["labels"]["quarterdeck.dev/stop-requested"].clone();
    assert!(label(&get(ns, "pod", "w")).is_null());
    // Somebody holds the pod, so that its end can be looked at.
    let hold = |names: Value| {
        let held = json!({ "metadata": { "finalizers": names } }).to_string();
        let _ = kubectl::kubectl(&kubeconfig(), &["patch", "pod", "w", "-n", ns, "--type=merge", "-p", &held]);
    };
    hold(json!(["test.example/hold"]));
    patch(ns, "w", &json!({ "spec": { "state": "Stopped" } }));
    until("its pod ends", 60, || get(ns, "pod", "w")["metadata"]["deletionTimestamp"].is_string());
    let (pod, phase) = (get(ns, "pod", "w"), seen(ns, "w")["status"]["phase"].clone());
    hold(json!([]));
    assert_eq!((label(&pod), phase), ("true".into(), "Stopping".into()));
    wait(ns, "w", "jsonpath={.status.phase}=Stopped");
    patch(ns, "w", &json!({ "spec": { "state": "Running" } }));
    wait(ns, "w", "condition=Ready");
    assert!(label(&get(ns, "pod", "w")).is_null(), "a new pod was not asked to stop");
}

/// Whether all of `part` stands in `whole`; defaults may have come.
fn includes(whole: &Value, part: &Value, at: &str) {
    match (whole, part) {
        (Value::Object(whole), Value::Object(part)) => {
            for (key, value) in part {
                let own = whole.get(key).unwrap_or_else(|| panic!("{at}: {key} is gone"));
                includes(own, value, &format!("{at}.{key}"));
            }
        }
        _ => assert_eq!(whole, part, "{at}"),
    }
}

#[test]
fn wd_01_what_is_applied_is_read_back_equal_its_environment_is_in_the_pod_and_a_wrong_one_makes_no_object() {
    let fresh = Fresh::new("ws-pruned");
    let ns = fresh.name();
    let _operator = operator();
    let given = json!({ "apiVersion": "v1", "kind": "ConfigMap", "metadata": { "name": "given", "namespace": ns },
        "data": { "word": "from the map" } });
    kubectl::apply(&kubeconfig(), &given.to_string());
    let spec = json!({
        "env": [
            { "name": "PLAIN", "value": "a b=\"c\" $HOME" },
            { "name": "EMPTY", "value": "" },
            { "name": "FROM", "valueFrom": { "configMapKeyRef": { "name": "given", "key": "word" } } },
        ],
        "ports": [{ "name": "http", "containerPort": 3000, "protocol": "TCP" }],
        "resources": { "cpu": "200m", "memory": "128Mi" },
        "podLabels": { "team": "red" },
        "placement": {
            "nodeSelector": { "kubernetes.io/os": "linux" },
            "tolerations": [{ "key": "lab", "operator": "Exists", "effect": "NoSchedule" }],
        },
        "lifecycle": { "idleTimeout": "3h", "wakeOn": ["http"] },
        "notes": "kept to the letter",
    });
    apply(ns, "w", &spec);
    includes(&get(ns, "workspaces.quarterdeck.dev", "w")["spec"], &spec, "spec");
    wait(ns, "w", "condition=Ready");
    run(ns, "w", r#"test "$PLAIN" = 'a b="c" $HOME' && test "$FROM" = 'from the map' && test "${EMPTY-unset}" = ''"#);
    let pod = get(ns, "pod", "w");
    assert_eq!(pod["metadata"]["labels"]["team"], "red");
    assert_eq!(pod["spec"]["nodeSelector"]["kubernetes.io/os"], "linux");
    // The API server says what is wrong, and there is nothing to try again.
    let home = tempfile::tempdir().unwrap();
    for (name, env) in [
        ("blank", json!([{ "name": "", "value": "x" }])),
        ("digit", json!([{ "name": "1A", "value": "x" }])),
        ("number", json!([{ "name": "A", "value": 7 }])),
        ("twice", json!([{ "name": "A", "value": "1" }, { "name": "A", "value": "2" }])),
        ("text", json!("A=1")),
    ] {
        let file = home.path().join(name);
        std::fs::write(&file, e2e::workspaces::workspace(ns, name, &json!({ "env": env })).to_string()).unwrap();
        let words = ["create", "--validate=false", "-f", file.to_str().unwrap()];
        let output = kubectl::kubectl(&kubeconfig(), &words);
        let said = e2e::errors(&output);
        assert!(!output.status.success() && said.contains("is invalid") && said.contains("spec.env"), "{name}: {said}");
        assert!(get(ns, "workspaces.quarterdeck.dev", name).is_null(), "{name} is there");
    }
}
