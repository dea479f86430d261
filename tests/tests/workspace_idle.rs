//! A workspace that nobody uses: what keeps it up, that it is told and stopped, and that nothing is lost; limits, other sizes, the end.
#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic, clippy::indexing_slicing)]

use e2e::fresh::Fresh;
use e2e::workspaces::{apply, condition, home, list, message, operator, run, seen, until, wait};
use e2e::{context, kubeconfig, kubectl};
use serde_json::{Value, json};
use std::process::{Command, Stdio};
use std::time::{Duration, Instant};

fn patch(namespace: &str, name: &str, spec: &Value) {
    let object = format!("workspaces.quarterdeck.dev/{name}");
    let patch = json!({ "spec": spec }).to_string();
    let _ = kubectl::stdout(&kubeconfig(), &["patch", "-n", namespace, &object, "--type=merge", "-p", &patch]);
}

fn pod(namespace: &str) -> Value {
    list(namespace, "pods", "quarterdeck.dev/workspace=w").pop().unwrap_or_default()
}

#[test]
fn wb_05m_what_runs_inside_keeps_it_up_then_it_is_told_and_stopped_and_its_home_stays() {
    let fresh = Fresh::new("ws-idle");
    let ns = fresh.name();
    let console = operator();
    apply(ns, "w", &json!({ "lifecycle": { "idleTimeout": "20s", "idleWarning": "10s" } }));
    wait(ns, "w", "condition=Ready");
    wait(ns, "w", "condition=Reachable");
    until("the network was tried", 30, || condition(&seen(ns, "w"), "NetworkIsolated").0 != "Unknown");
    let isolated = condition(&seen(ns, "w"), "NetworkIsolated");
    assert!(matches!(isolated.1.as_str(), "AsExpected" | "NotEnforced"), "{isolated:?}");
    std::fs::write(home(ns, "w").join("kept"), "by the stop").unwrap();
    // A program that somebody runs, longer than the timeout.
    let began = Instant::now();
    let mut words = Command::new(e2e::qd());
    words.env("KUBECONFIG", kubeconfig()).args(["ws", "exec", "-n", ns, "w", "--", "sleep", "35"]);
    let mut runs = words.stdin(Stdio::null()).stdout(Stdio::null()).spawn().expect("qd starts");
    until("the program is seen", 25, || seen(ns, "w")["status"]["lastActivity"]["detail"] == "sleep 35");
    assert_eq!(message(&seen(ns, "w"), "Idle"), "used lately: exec");
    let ask = |path: &str| {
        let answer = console.ask("GET", &format!("/workspaces/{ns}/w/{path}cluster={}", context()), None, &[]);
        assert_eq!(answer.status, 200, "{}", answer.body);
        answer.json()
    };
    let why = ask("why?");
    assert_eq!((&why["last_use"]["door"], &why["last_use"]["detail"]), (&json!("exec"), &json!("sleep 35")), "{why}");
    assert!(why["idle"].as_str().unwrap().starts_with("used lately: "), "{why}");
    // what this server itself was told of, whoever of several leads
    let _ = ask("files/list?path=&");
    let why = ask("why?");
    let uses = why["uses"].as_array().unwrap();
    assert!(uses.iter().any(|one| one["door"] == "files" && one["to_ms"].as_u64() > one["from_ms"].as_u64()), "{why}");
    while began.elapsed() < Duration::from_secs(33) {
        let seen = seen(ns, "w");
        assert_eq!(
            (&seen["status"]["phase"], condition(&seen, "Idle").0.as_str()),
            (&json!("Running"), "False"),
            "{seen:#}"
        );
        std::thread::sleep(Duration::from_millis(500));
    }
    assert!(runs.wait().unwrap().success());
    // Then somebody asks that it stays.
    run(ns, "w", "/qd/bin/kbox keep --for 25s --reason thinking");
    until("it is kept", 25, || message(&seen(ns, "w"), "Idle").contains("kept until"));
    wait(ns, "w", "condition=Idle");
    let told = seen(ns, "w");
    assert!(told["status"]["idleSince"].is_string() && told["status"]["stopAt"].is_string(), "{told:#}");
    assert!(message(&told, "Idle").contains("idleTimeout 20s"), "{}", message(&told, "Idle"));
    wait(ns, "w", "jsonpath={.status.phase}=Stopped");
    let stopped = seen(ns, "w");
    assert_eq!(stopped["spec"]["state"], "Stopped");
    let reason = stopped["status"]["stopReason"].as_str().unwrap_or_default();
    assert!(reason.starts_with("idle for 20s (last use: "), "{reason}");
    assert_eq!(std::fs::read_to_string(home(ns, "w").join("kept")).unwrap(), "by the stop");
}

#[test]
fn ws_14f_it_is_stopped_when_it_ran_long_enough_and_deleted_when_it_was_stopped_long_enough() {
    let fresh = Fresh::new("ws-limits");
    let ns = fresh.name();
    let _console = operator();
    let lifecycle = json!({ "idleTimeout": "0", "maxRunning": "40s", "deleteAfterStopped": "8s" });
    apply(ns, "w", &json!({ "lifecycle": lifecycle, "resources": { "cpu": "200m", "memory": "256Mi" } }));
    wait(ns, "w", "condition=Ready");
    let before = pod(ns);
    assert_eq!(seen(ns, "w")["status"]["appliedResources"]["cpu"], "200m");
    // Other sizes, while it runs.
    patch(ns, "w", &json!({ "resources": { "cpu": "300m", "memory": "320Mi" } }));
    until("it has other sizes", 15, || seen(ns, "w")["status"]["appliedResources"]["cpu"] == "300m");
    let after = pod(ns);
    assert_eq!(after["metadata"]["uid"], before["metadata"]["uid"], "the same pod");
    assert_eq!(after["status"]["containerStatuses"][0]["restartCount"], 0);
    assert_eq!(after["spec"]["containers"][0]["resources"]["limits"]["memory"], "320Mi");
    assert!(seen(ns, "w")["status"]["updateAvailable"].is_null(), "nothing waits for a restart");
    // More than the node has.
    patch(ns, "w", &json!({ "resources": { "cpu": "900", "memory": "320Mi" } }));
    until("that it cannot be is told", 25, || condition(&seen(ns, "w"), "Degraded").1 == "ResizeDeferred");
    let words = message(&seen(ns, "w"), "Degraded");
    assert!(words.contains("can never give it these sizes"), "{words}");
    wait(ns, "w", "jsonpath={.status.phase}=Stopped");
    assert_eq!(seen(ns, "w")["status"]["stopReason"], "maxRunning 40s");
    until("it is gone", 30, || seen(ns, "w").is_null());
    assert_eq!(list(ns, "persistentvolumeclaims", "quarterdeck.dev/workspace=w").len(), 1, "its home stays");
}

#[test]
fn wd_22b_other_sizes_of_a_pod_that_runs_are_those_of_the_next_one_too() {
    let fresh = Fresh::new("ws-resized");
    let ns = fresh.name();
    let _console = operator();
    apply(ns, "w", &json!({ "resources": { "cpu": "200m", "memory": "256Mi" } }));
    wait(ns, "w", "condition=Ready");
    let before = pod(ns);
    patch(ns, "w", &json!({ "resources": { "cpu": "300m", "memory": "320Mi" } }));
    until("it has other sizes", 60, || seen(ns, "w")["status"]["appliedResources"]["cpu"] == "300m");
    assert_eq!(pod(ns)["metadata"]["uid"], before["metadata"]["uid"], "the same pod");
    patch(ns, "w", &json!({ "state": "Stopped" }));
    wait(ns, "w", "jsonpath={.status.phase}=Stopped");
    patch(ns, "w", &json!({ "state": "Running" }));
    wait(ns, "w", "condition=Ready");
    let after = pod(ns);
    assert_ne!(after["metadata"]["uid"], before["metadata"]["uid"], "another pod");
    let limits = &after["spec"]["containers"][0]["resources"]["limits"];
    assert_eq!((&limits["cpu"], &limits["memory"]), (&json!("300m"), &json!("320Mi")));
}
