//! A tap of a crowd: what it asks of the API server, by the server's own audit log.
//!
//! The pods are objects on a node that nobody runs, so their agents never begin: what is counted is every request of the
//! console with its watches, and of a tap of fifty of them that begins with eight at a time and gives each up after a minute.
//! The streams of agents, which are one request each for as long as they run, are not in it.
#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic, clippy::indexing_slicing, missing_docs)]

use e2e::console::Console;
use e2e::fresh::Fresh;
use e2e::tapping::alone;
use e2e::{context, curl, errors, kubeconfig, kubectl};
use serde_json::{Value, json};
use std::collections::BTreeMap;
use std::time::{Duration, Instant};

const NODE: &str = "tap-crowd-node";
const CROWD: usize = 1000;
const TAPPED: usize = 50;
/// So many begin at the same time.
const AT_ONCE: usize = 8;
/// How long requests are counted, in seconds: the first ones are given up within, and others begin.
const WINDOW: u64 = 75;

/// A node without a machine; gone with its pods when dropped.
struct Nobody<'a>(&'a Fresh);

impl<'a> Nobody<'a> {
    fn new(space: &'a Fresh) -> Self {
        let taint = json!({ "key": "example.com/nobody", "effect": "NoExecute" });
        let node = json!({
            "apiVersion": "v1", "kind": "Node", "metadata": { "name": NODE },
            "spec": { "unschedulable": true, "taints": [taint] },
        });
        kubectl::apply(&kubeconfig(), &node.to_string());
        Self(space)
    }
}

impl Drop for Nobody<'_> {
    fn drop(&mut self) {
        // No kubelet confirms the end of such pods.
        let words = ["delete", "pods", "-n", self.0.name(), "--all", "--grace-period=0", "--force", "--wait=false"];
        let _ = kubectl::kubectl(&kubeconfig(), &words);
        let _ = kubectl::kubectl(&kubeconfig(), &["delete", "node", NODE, "--wait=false"]);
    }
}

fn pod(space: &str, number: usize) -> Value {
    json!({
        "apiVersion": "v1", "kind": "Pod",
        "metadata": { "name": format!("crowd-{number:04}"), "namespace": space, "labels": { "app": "crowd" } },
        "spec": {
            "nodeName": NODE, "tolerations": [{ "operator": "Exists" }], "automountServiceAccountToken": false,
            "containers": [{ "name": "main", "image": "example.com/nobody:1" }],
        },
        "status": {
            "phase": "Running", "podIPs": [], "conditions": [{ "type": "Ready", "status": "True" }],
            "containerStatuses": [{
                "name": "main", "image": "example.com/nobody:1", "imageID": "", "ready": true, "restartCount": 0, "started": true,
                "state": { "running": { "startedAt": "2026-01-01T00:00:00Z" } },
            }],
        },
    })
}

fn kubectl_on(list: &Value, words: &[&str]) {
    let folder = tempfile::tempdir().unwrap();
    let file = folder.path().join("list.json");
    std::fs::write(&file, list.to_string()).unwrap();
    let output = kubectl::kubectl(&kubeconfig(), &[words, &["-f", file.to_str().unwrap()]].concat());
    assert!(output.status.success(), "kubectl {words:?}: {}", errors(&output));
}

/// Requests of a user so far: verb, path and when they came, each once.
fn requests(user: &str) -> BTreeMap<String, (String, String)> {
    let log = std::fs::read_to_string(e2e::env("QD_E2E_AUDIT_LOG")).unwrap();
    let lines =
        log.lines().filter(|line| line.contains(user)).filter_map(|line| serde_json::from_str::<Value>(line).ok());
    let text = |value: &Value| value.as_str().unwrap_or_default().to_owned();
    lines
        .filter(|line| line["user"]["username"] == user)
        .map(|line| {
            let what = format!("{} {}", text(&line["verb"]), text(&line["requestURI"]));
            (text(&line["auditID"]), (what, text(&line["requestReceivedTimestamp"])))
        })
        .collect()
}

#[test]
fn cap_d_23_a_thousand_pods_match_fifty_are_tapped_and_the_api_server_is_left_alone() {
    let _alone = alone();
    let space = Fresh::new("tap-crowd");
    let _nobody = Nobody::new(&space);
    let pods: Vec<Value> = (0..CROWD).map(|number| pod(space.name(), number)).collect();
    let list = |pods: &[Value]| json!({ "apiVersion": "v1", "kind": "List", "items": pods });
    kubectl_on(&list(&pods), &["create"]);
    // the first ones run, as far as the API server knows
    kubectl_on(&list(&pods[..TAPPED + 10]), &["replace", "--subresource=status"]);
    // the log remembers those of earlier runs
    let name = format!("tapper-{}", std::process::id());
    let done = kubectl::kubectl(&kubeconfig(), &["create", "serviceaccount", &name, "-n", space.name()]);
    assert!(done.status.success(), "{}", errors(&done));
    let rule = json!({
        "apiVersion": "rbac.authorization.k8s.io/v1", "kind": "RoleBinding",
        "metadata": { "name": "tapper", "namespace": space.name() },
        "roleRef": { "apiGroup": "rbac.authorization.k8s.io", "kind": "ClusterRole", "name": "cluster-admin" },
        "subjects": [{ "kind": "ServiceAccount", "name": name, "namespace": space.name() }],
    });
    kubectl::apply(&kubeconfig(), &rule.to_string());
    let home = tempfile::tempdir().unwrap();
    let config = kubectl::account(&kubeconfig(), space.name(), &name, home.path());
    let context = kubectl::stdout(&config, &["config", "current-context"]).trim().to_owned();
    let user = format!("system:serviceaccount:{}:{name}", space.name());
    let console = Console::start(Some(&config), &[]);
    let request = json!({
        "cluster": context, "namespaces": [space.name()], "selector": "app=crowd", "packets": "none",
        "answers": { "confirm": true },
    });
    let token = format!("x-quarterdeck-token: {}", console.token());
    let words = ["-H", &token, "-H", "content-type: application/json", "-d", &request.to_string()];
    let answer = curl::curl(&format!("{}/api/v1/taps", console.base), &words);
    assert!(answer.status < 300, "{answer:?}");
    let asked_for = || {
        let all = requests(&user);
        let patch = |what: &&(String, String)| {
            what.0.starts_with("patch ") && what.0.contains("/ephemeralcontainers") && !what.0.contains("dryRun")
        };
        all.values().filter(patch).count()
    };
    let added = |wanted: usize| {
        let until = Instant::now() + Duration::from_secs(120);
        while asked_for() < wanted {
            assert!(Instant::now() < until, "{} containers: {:?}", asked_for(), requests(&user).values());
            std::thread::sleep(Duration::from_millis(300));
        }
    };
    added(AT_ONCE);
    std::thread::sleep(Duration::from_secs(1));
    let before = requests(&user);
    std::thread::sleep(Duration::from_secs(WINDOW));
    let after = requests(&user);
    let new: Vec<&(String, String)> =
        after.iter().filter(|(id, _)| !before.contains_key(*id)).map(|(_, what)| what).collect();
    let id = answer.json()["id"].as_str().unwrap().to_owned();
    let tap = curl::curl(&format!("{}/api/v1/taps/{id}", console.base), &["-H", &token]).body;
    println!("{} requests before, {} in {WINDOW} s, {} containers", before.len(), new.len(), asked_for());
    // The tap goes on, as fast as the kubelet is.
    added(AT_ONCE + 1);
    assert!(asked_for() <= TAPPED, "{} containers", asked_for());
    assert!(tap.contains("crowd-0000") && !tap.contains("crowd-0900"), "{tap}");
    assert!(new.len() as u64 <= 5 * WINDOW, "{} requests in {WINDOW} s: {new:?}", new.len());
}

/// What the kubelet of nobody's node says of a capture container: an event, and then its state.
fn says(space: &str, found: &Value, state: &Value, event: &str) {
    let (name, uid) = (found["metadata"]["name"].as_str().unwrap(), &found["metadata"]["uid"]);
    let container = found["spec"]["ephemeralContainers"][0]["name"].as_str().unwrap();
    let about = json!({
        "apiVersion": "v1", "kind": "Pod", "namespace": space, "name": name, "uid": uid,
        "fieldPath": format!("spec.ephemeralContainers{{{container}}}"),
    });
    let event = json!({
        "apiVersion": "v1", "kind": "Event", "metadata": { "name": format!("{name}.{container}"), "namespace": space },
        "involvedObject": about, "type": "Warning", "reason": "Failed", "message": event, "count": 1,
        "firstTimestamp": "2026-01-01T00:00:00Z", "lastTimestamp": "2026-01-01T00:00:00Z",
        "source": { "component": "kubelet", "host": NODE },
    });
    kubectl_on(&event, &["create"]);
    let status = json!({
        "name": container, "image": "example.com/agent:1", "imageID": "", "ready": false, "restartCount": 0, "state": state,
    });
    let patch = json!({ "status": { "ephemeralContainerStatuses": [status] } }).to_string();
    let words = ["patch", "pod", name, "-n", space, "--subresource=status", "--type=merge", "-p", &patch];
    let done = kubectl::kubectl(&kubeconfig(), &words);
    assert!(done.status.success(), "{}", errors(&done));
}

#[test]
fn cap_16_eight_begin_at_a_time_and_a_failing_pod_has_the_kubelets_reason_and_its_event_while_others_go_on() {
    let _alone = alone();
    let space = Fresh::new("tap-steps");
    let _nobody = Nobody::new(&space);
    let pods: Vec<Value> = (0..AT_ONCE + 4).map(|number| pod(space.name(), number)).collect();
    let list = json!({ "apiVersion": "v1", "kind": "List", "items": pods });
    kubectl_on(&list, &["create"]);
    kubectl_on(&list, &["replace", "--subresource=status"]);
    let console = Console::start(Some(&kubeconfig()), &[]);
    let request = json!({
        "cluster": context(), "namespaces": [space.name()], "selector": "app=crowd", "packets": "none",
        "answers": { "confirm": true },
    });
    let token = format!("x-quarterdeck-token: {}", console.token());
    let words = ["-H", &token, "-H", "content-type: application/json", "-d", &request.to_string()];
    let answer = curl::curl(&format!("{}/api/v1/taps", console.base), &words);
    assert!(answer.status < 300, "{answer:?}");
    let tap = format!("{}/api/v1/taps/{}", console.base, answer.json()["id"].as_str().unwrap());
    let row = |name: &str| {
        let detail = curl::curl(&tap, &["-H", &token]).json();
        let targets = detail["targets"].as_array().cloned().unwrap_or_default();
        targets.into_iter().find(|own| own["pod"] == name).unwrap_or_default()
    };
    // Those that have a container; never more than eight beyond those that failed.
    let begun = || {
        let found = kubectl::stdout(&kubeconfig(), &["get", "pods", "-n", space.name(), "-o", "json"]);
        let found: Value = serde_json::from_str(&found).unwrap();
        let all = found["items"].as_array().unwrap().iter();
        let begun: Vec<Value> = all.filter(|pod| pod["spec"]["ephemeralContainers"].is_array()).cloned().collect();
        let detail = curl::curl(&tap, &["-H", &token]).json();
        let failed = detail["targets"].as_array().unwrap().iter().filter(|own| own["state"] == "failed").count();
        assert!(begun.len() <= AT_ONCE + failed, "{} begun, {failed} failed", begun.len());
        begun
    };
    let wait = |what: &str, is_so: &dyn Fn() -> bool| {
        let until = Instant::now() + Duration::from_secs(90);
        while !is_so() {
            assert!(Instant::now() < until, "{what}: {}", curl::curl(&tap, &["-H", &token]).body);
            std::thread::sleep(Duration::from_millis(200));
        }
    };
    wait("eight begin", &|| begun().len() >= AT_ONCE);
    let (slow, broken) = (begun()[0].clone(), begun()[1].clone());
    let name = |pod: &Value| pod["metadata"]["name"].as_str().unwrap().to_owned();
    // One has no image yet: it is waited for, and its row says why.
    let waiting = json!({ "waiting": { "reason": "ErrImagePull", "message": "not found" } });
    says(space.name(), &slow, &waiting, "Failed to pull image: registry.example.com does not answer");
    wait("what one waits for", &|| {
        let waits = row(&name(&slow))["waits"].as_str().unwrap_or_default().to_owned();
        waits.contains("ErrImagePull: not found") && waits.contains("registry.example.com does not answer")
    });
    // One cannot be started: its row says why, and the ninth begins in its place.
    let end = json!({ "terminated": { "exitCode": 128, "reason": "StartError", "message": "no such file" } });
    says(space.name(), &broken, &end, "failed to create containerd task: exec format error");
    wait("one fails", &|| row(&name(&broken))["state"] == "failed");
    let failed = row(&name(&broken));
    let message = failed["error"]["message"].as_str().unwrap();
    for word in ["StartError no such file (exit code 128)", "event Failed: failed to create", "exec format error"] {
        assert!(message.contains(word), "{word}: {message}");
    }
    assert_eq!(failed["error"]["code"], "agent_image");
    let steps: Vec<&str> =
        failed["steps"].as_array().unwrap().iter().map(|one| one["step"].as_str().unwrap()).collect();
    assert_eq!(steps, ["found", "permitted", "tried", "added", "failed"]);
    wait("the next begins", &|| begun().len() > AT_ONCE);
}
