//! Objects whose pods are tapped, and follow each other.

use e2e::fresh::Fresh;
use e2e::running::Running;
use e2e::tapped::{apply, done};
use e2e::tapping::{FRONT, alone, tap};
use e2e::{kubeconfig, kubectl};
use serde_json::{Value, json};
use std::process::Stdio;

#[test]
fn cap_n_06_pods_of_every_kind_of_object_and_of_a_node_come_and_go() {
    let _alone = alone();
    let home = tempfile::tempdir().unwrap();
    let space = Fresh::new("tap-kinds");
    let words = ["get", "pods", "-n", "shop", "-l", FRONT, "-o", "jsonpath={.items[0].spec.containers[0]}"];
    let front: Value = serde_json::from_str(&kubectl::stdout(&kubeconfig(), &words)).unwrap();
    let pods = |name: &str, restart: &str| {
        let container =
            json!({ "name": "main", "image": front["image"], "command": front["command"], "args": ["cart"] });
        let spec = json!({ "containers": [container], "restartPolicy": restart, "terminationGracePeriodSeconds": 1 });
        json!({ "metadata": { "labels": { "app": name } }, "spec": spec })
    };
    let meta = |name: &str| json!({ "name": name, "namespace": space.name() });
    let selector = |name: &str| json!({ "matchLabels": { "app": name } });
    apply(&json!({ "apiVersion": "apps/v1", "kind": "StatefulSet", "metadata": meta("kept"),
        "spec": { "serviceName": "kept", "selector": selector("kept"), "template": pods("kept", "Always") } }));
    apply(&json!({ "apiVersion": "apps/v1", "kind": "DaemonSet", "metadata": meta("each"),
        "spec": { "selector": selector("each"), "template": pods("each", "Always") } }));
    apply(&json!({ "apiVersion": "batch/v1", "kind": "Job", "metadata": meta("once"),
        "spec": { "template": pods("once", "Never") } }));
    apply(&json!({ "apiVersion": "v1", "kind": "Service", "metadata": meta("behind"),
        "spec": { "selector": { "app": "single" }, "ports": [{ "port": 80, "targetPort": 8080 }] } }));
    let mut single = pods("single", "Always");
    (single["apiVersion"], single["kind"]) = (json!("v1"), json!("Pod"));
    (single["metadata"]["name"], single["metadata"]["namespace"]) = (json!("single"), json!(space.name()));
    apply(&single);

    let names = ["kept-0", "each-", "once-", "single"].map(|name| format!("{}/{name}", space.name()));
    let captured = |running: &Running, name: &str, times: usize| {
        let said = running.said();
        let is = |line: &&str| line.contains(name) && line.ends_with("  capturing");
        said.lines().filter(is).count() >= times
    };
    let words = ["-n", space.name(), "sts/kept", "ds/each", "job/once", "svc/behind", "-o", "jsonl"];
    let objects = Running::start(tap(home.path(), &words).stdout(Stdio::null()));
    objects.wait("a pod of each", |running| names.iter().all(|name| captured(running, name, 1)));
    let path = "jsonpath={.items[0].spec.nodeName}";
    let node = kubectl::stdout(&kubeconfig(), &["get", "pods", "-n", space.name(), "-l", "app=each", "-o", path]);
    let words = ["-n", space.name(), &format!("node/{node}"), "-o", "jsonl"];
    let on_node = Running::start(tap(home.path(), &words).stdout(Stdio::null()));
    on_node.wait("what of it is on that node", |running| captured(running, &names[1], 1));
    // One goes, and the next one has its name, and not its number.
    done(&["delete", "pod", "kept-0", "-n", space.name()]);
    objects.wait("its pod is gone", |running| {
        running.said().lines().any(|line| line.contains(&names[0]) && line.ends_with("  gone"))
    });
    objects.wait("the next is there", |running| captured(running, &names[0], 2));
    for running in [objects, on_node] {
        let (status, said) = running.end();
        assert!(status.success() && !said.contains("failed: "), "{said}");
    }
}
