//! Nothing is written where nothing changes, and what somebody else writes again and again comes to rest.

use crate::server::{Place, get, kubectl, until};
use serde_json::json;
use std::time::Duration;
use workspace::decide::Limits;

#[tokio::test(flavor = "multi_thread")]
async fn wp_09b_a_steady_workspace_is_not_written() {
    let place = Place::new("steady", Limits { probe_ms: 1_000, ..Limits::default() }).await;
    place.apply(&json!({}));
    until("it runs, and its door was tried", 40, || {
        let told = place.workspace();
        let all = told["status"]["conditions"].as_array().cloned().unwrap_or_default();
        // There are no containers on a simulated node.
        place.phase() == "Running" && all.iter().any(|one| one["type"] == "Reachable" && one["status"] == "False")
    });
    // Its last words may be on their way.
    tokio::time::sleep(Duration::from_secs(2)).await;
    let version = || place.workspace()["metadata"]["resourceVersion"].as_str().unwrap_or_default().to_owned();
    let before = version();
    tokio::time::sleep(Duration::from_secs(8)).await;
    assert_eq!(version(), before, "{:#}", place.workspace());
}

#[tokio::test(flavor = "multi_thread")]
async fn wd_06d_who_else_writes_its_objects_again_and_again_does_not_keep_them() {
    let place = Place::new("second-manager", Limits::default()).await;
    place.apply(&json!({}));
    until("it runs", 40, || place.phase() == "Running");
    let pod = place.pod()["metadata"]["uid"].clone();
    let port = || get(&["-n", &place.namespace, "service", "w"])["spec"]["ports"][0]["port"].clone();
    let ours = port();
    for round in 0..15 {
        let theirs = json!({
            "apiVersion": "v1", "kind": "Service", "metadata": { "name": "w", "namespace": place.namespace, "labels": { "round": round.to_string() } },
            "spec": { "selector": { "quarterdeck.dev/workspace": "another" } },
        });
        let words = ["apply", "--server-side", "--force-conflicts", "--field-manager=another", "-f", "-"];
        let _ = kubectl(&words, &theirs.to_string());
    }
    until("its Service leads to it again", 30, || {
        get(&["-n", &place.namespace, "service", "w"])["spec"]["selector"]["quarterdeck.dev/workspace"] != "another"
    });
    let log = std::env::var("QD_TEST_AUDIT_LOG").expect("the API server's audit log");
    let tried = format!("/api/v1/namespaces/{}/services/w?", place.namespace);
    until("what it would change was looked at first", 20, || {
        let log = std::fs::read_to_string(&log).unwrap();
        log.lines().any(|line| line.contains(&tried) && line.contains("dryRun=All"))
    });
    assert_eq!((place.phase().as_str(), port()), ("Running", ours));
    assert_eq!(place.pod()["metadata"]["uid"], pod, "no second pod, no new one");
}

#[tokio::test(flavor = "multi_thread")]
async fn wd_11c_an_operator_that_crashes_at_any_time_leaves_one_pod_and_its_claim() {
    let mut place = Place::new("crashes", Limits::default()).await;
    let mut claims = Vec::new();
    for round in 0..6_u64 {
        let running = round % 2 == 0;
        place.apply(&json!({ "state": if running { "Running" } else { "Stopped" } }));
        // Somewhere between its steps.
        tokio::time::sleep(Duration::from_millis(round * 70)).await;
        place.crash(Limits::default()).await;
        let wanted = if running { "Running" } else { "Stopped" };
        until(wanted, 30, || place.phase() == wanted);
        let pods = get(&["-n", &place.namespace, "pods", "-l", "quarterdeck.dev/workspace=w"]);
        assert_eq!(pods["items"].as_array().map_or(0, Vec::len), usize::from(running), "round {round}");
        claims.push(get(&["-n", &place.namespace, "pvc", "pvc-w-home"])["metadata"]["uid"].clone());
    }
    claims.dedup();
    assert_eq!(claims.len(), 1, "the same storage all the time");
}
