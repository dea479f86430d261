//! `qd ws` on a real cluster.
#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic, clippy::indexing_slicing)]

use e2e::console::Console;
use e2e::fresh::Fresh;
use e2e::workspaces::{get, list, operator, until};
use e2e::{errors, kubeconfig, out};
use serde_json::Value;
use std::process::Output;

fn qd(console: &Console, namespace: &str, words: &[&str]) -> Output {
    console.qd(Some(&kubeconfig())).arg("ws").args(words).args(["-n", namespace]).output().expect("qd runs")
}

#[test]
fn wl_08f_workspaces_are_made_stopped_started_and_deleted_from_the_command_line() {
    let fresh = Fresh::new("ws-cli");
    let ns = fresh.name();
    let console = operator();
    let run = |words: &[&str]| qd(&console, ns, words);
    let made = run(&["create", "w", "--image", "images.invalid/shell:1", "--owner", "ada", "--timeout", "90"]);
    assert!(made.status.success(), "{}", errors(&made));
    assert_eq!(out(&made), format!("workspace {ns}/w created\n"));
    assert!(errors(&made).contains("Starting"), "its stages are told: {}", errors(&made));
    assert_eq!(get(ns, "workspaces.quarterdeck.dev", "w")["status"]["phase"], "Running");

    let again = run(&["create", "w", "--image", "images.invalid/shell:1", "--owner", "ada"]);
    assert_eq!(again.status.code(), Some(1));
    assert!(errors(&again).contains("workspace_exists"), "{}", errors(&again));
    let listed = run(&["list"]);
    assert!(
        out(&listed)
            .starts_with("NAME   OWNER   BLUEPRINT   PHASE     READY   AGE\nw      ada     default     Running   True"),
        "{}",
        out(&listed)
    );
    let shown: Value = serde_json::from_str(&out(&run(&["show", "w", "-o", "json"]))).expect("an object");
    assert_eq!(shown["metadata"]["name"], "w");
    let logs = run(&["logs", "w"]);
    assert!(logs.status.success(), "{}", errors(&logs));
    let events = run(&["events", "w"]);
    assert!(out(&events).contains("Scheduled") && out(&events).contains("pod/w"), "{}", out(&events));

    let unasked = run(&["stop", "w"]);
    assert!(errors(&unasked).contains("say --yes"), "{}", errors(&unasked));
    let stopped = run(&["stop", "w", "--yes", "--timeout", "60"]);
    assert!(stopped.status.success(), "{}", errors(&stopped));
    until("the pod is gone", 60, || get(ns, "pod", "w").is_null());
    let why: Value = serde_json::from_str(&out(&run(&["why", "w", "-o", "json"]))).expect("why");
    assert_eq!((why["wanted"].as_str(), why["phase"].as_str()), (Some("Stopped"), Some("Stopped")), "{why}");
    assert!(why["stop_reason"].as_str().unwrap().starts_with("stopped by desk:"), "{why}");
    let started = run(&["start", "w", "--timeout", "90"]);
    assert!(started.status.success(), "{}", errors(&started));
    let pod = || get(ns, "pod", "w")["metadata"]["uid"].clone();
    let before = pod();
    let equal = run(&["update", "w", "--yes"]);
    assert!(out(&equal).contains("runs as it asks for") && pod() == before, "{}", out(&equal));
    let anew = run(&["update", "w", "--force", "--yes", "--timeout", "90"]);
    assert_eq!(out(&anew), format!("workspace {ns}/w updated\n"), "{}", errors(&anew));
    assert_ne!(pod(), before, "made anew, with the volumes of before");
    assert_eq!(list(ns, "persistentvolumeclaims", "quarterdeck.dev/workspace=w").len(), 1);
    let deleted = run(&["delete", "w", "--yes", "--timeout", "60"]);
    assert!(deleted.status.success(), "{}", errors(&deleted));
    assert_eq!(list(ns, "persistentvolumeclaims", "quarterdeck.dev/workspace=w").len(), 1);
    assert_eq!(run(&["show", "w"]).status.code(), Some(4));
    assert_eq!(run(&["create", "Bad_Name", "--image", "x"]).status.code(), Some(2));

    // What it did is in the journal, each under its decision.
    let journal = console.journal();
    for action in ["workspace:create", "workspace:stop", "workspace:start", "workspace:delete", "workspace:reconcile"] {
        assert!(journal.contains(action), "{action}: {journal}");
    }
}

#[test]
fn wl_05b_a_workspace_that_cannot_start_fails_the_command_with_its_reason() {
    let fresh = Fresh::new("ws-cli-bad");
    let ns = fresh.name();
    let console = operator();
    let bad =
        qd(&console, ns, &["create", "w", "--image", "images.invalid/nothing:1", "--owner", "ada", "--timeout", "60"]);
    assert_eq!(bad.status.code(), Some(1), "{}", errors(&bad));
    assert!(errors(&bad).contains("workspace_failed: image_missing: "), "{}", errors(&bad));
    let late =
        qd(&console, ns, &["create", "late", "--image", "images.invalid/shell:1", "--owner", "ada", "--timeout", "0"]);
    assert_eq!(late.status.code(), Some(5), "{}", errors(&late));
}
