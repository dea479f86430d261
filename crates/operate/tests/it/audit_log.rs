//! What the API server's own audit log says of us.

use crate::rig::{Rig, delete, until, workload};
use api::rest::Act;
use evidence::Tag;
use policy::desk::Desk;
use serde_json::Value;
use store::EntryFilter;

/// Entries of the server's audit log about a namespace that some `qd` made, oldest first.
pub(crate) fn entries(namespace: &str) -> Vec<Value> {
    let path = std::env::var("QD_TEST_AUDIT_LOG")
        .expect("QD_TEST_AUDIT_LOG is the API server's audit log: run these tests with `cargo xtask test it`");
    let text = std::fs::read_to_string(&path).unwrap_or_else(|error| panic!("{path}: {error}"));
    let of_us = |entry: &Value| entry["userAgent"].as_str().is_some_and(|agent| agent.starts_with("qd/"));
    text.lines()
        .filter(|line| line.contains(namespace))
        .filter_map(|line| serde_json::from_str(line).ok())
        .filter(|entry: &Value| of_us(entry) && entry["objectRef"]["namespace"] == namespace)
        .collect()
}

fn is_write(entry: &Value) -> bool {
    !matches!(entry["verb"].as_str(), Some("get" | "list" | "watch"))
}

fn is_dry_run(entry: &Value) -> bool {
    entry["requestURI"].as_str().is_some_and(|uri| uri.contains("dryRun=All"))
}

fn decision(entry: &Value) -> Option<&str> {
    entry["userAgent"].as_str()?.split_once(" decision/").map(|(_, id)| id)
}

#[tokio::test]
async fn exn_06d_delete_scale_and_restart_stand_in_the_servers_audit_log_with_our_decision() {
    let rig = Rig::new(Desk::default()).await;
    rig.apply(&workload("Deployment", "web"));
    let web = [("deployments.apps", "web")];
    let acts = [(Act::Scale { replicas: 3 }, "patch", "scale"), (Act::Restart, "patch", ""), (delete(), "delete", "")];
    let mut wanted = Vec::new();
    for (act, verb, subresource) in acts {
        let (_, committed) = rig.carry_out(act, &web).await;
        wanted.push((committed.results[0].decision.clone(), verb, subresource));
    }
    let settled = || entries(&rig.namespace).into_iter().filter(is_write).collect::<Vec<_>>();
    let done = |id: &String| settled().iter().any(|e| decision(e) == Some(id) && e["responseStatus"]["code"] == 200);
    until("the acts in the audit log", async || wanted.iter().all(|(id, ..)| done(id))).await;
    let writes = settled();
    for (id, verb, subresource) in &wanted {
        // A controller that wrote the status meanwhile costs a refused attempt or two.
        let (of_it, refused): (Vec<_>, Vec<_>) = writes
            .iter()
            .filter(|entry| decision(entry) == Some(id))
            .partition(|entry| entry["responseStatus"]["code"] != 409);
        assert_eq!(of_it.len(), 1, "decision {id}: {of_it:#?}");
        assert!(refused.iter().all(|entry| entry["verb"] == *verb));
        let entry = of_it[0];
        assert_eq!(entry["verb"], *verb);
        assert_eq!(entry["objectRef"]["name"], "web");
        assert_eq!(entry["objectRef"]["subresource"].as_str().unwrap_or_default(), *subresource);
        assert!(!is_dry_run(entry));
        assert_eq!(entry["responseStatus"]["code"], 200);
    }
    let others: Vec<_> =
        writes.iter().filter(|e| wanted.iter().all(|(id, ..)| decision(e) != Some(id.as_str()))).collect();
    assert_eq!(others.len(), 3, "one dry-run for each plan: {others:#?}");
    assert!(others.iter().all(|entry| is_dry_run(entry) && decision(entry).is_some()), "{others:#?}");

    // Our own journal has the same decisions, each with its end, and verifies.
    for (id, ..) in &wanted {
        let filter = EntryFilter { anchors: vec![(Tag::Decision, id.clone())], ..EntryFilter::default() };
        until("the end of the act in the journal", async || {
            rig.store.query(&filter, None, 10).await.unwrap().entries.len() == 2
        })
        .await;
        let kinds: Vec<_> = rig.store.query(&filter, None, 10).await.unwrap().entries;
        assert_eq!(kinds.iter().map(|entry| entry.envelope.kind.as_str()).collect::<Vec<_>>(), ["ended", "decided"]);
    }
    rig.store.verify().await.unwrap();
}

#[tokio::test]
async fn exn_06d_a_plan_that_is_not_committed_changes_nothing() {
    let rig = Rig::new(Desk::default()).await;
    rig.apply(&workload("Deployment", "web"));
    let before = rig.get("deployment/web")["metadata"]["generation"].clone();
    let web = [("deployments.apps", "web")];
    let scale = rig.plan(Act::Scale { replicas: 9 }, &web).await;
    assert!(scale.steps[0].diff.contains("-  replicas: 1\n+  replicas: 9"), "{}", scale.steps[0].diff);
    let restart = rig.plan(Act::Restart, &web).await;
    assert!(
        restart.steps[0].diff.contains("+        kubectl.kubernetes.io/restartedAt: "),
        "{}",
        restart.steps[0].diff
    );
    assert!(!restart.steps[0].diff.contains("managedFields"));
    assert!(rig.plan(delete(), &web).await.ready);
    let after = rig.get("deployment/web");
    assert_eq!(after["metadata"]["generation"], before);
    assert_eq!(after["spec"]["replicas"], 1);
    until("the dry-runs in the audit log", async || {
        entries(&rig.namespace).iter().filter(|e| is_write(e)).count() >= 3
    })
    .await;
    assert!(entries(&rig.namespace).iter().filter(|entry| is_write(entry)).all(is_dry_run));
}
