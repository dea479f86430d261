#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic, clippy::indexing_slicing)]

use std::collections::BTreeMap;

use serde_json::json;

use super::kubectl::Apply;
use super::manifests::{self, CLUSTER, KINDS};
use super::parts::{Part, parts};

#[test]
fn manifests_come_in_order_and_say_how_they_are_applied() {
    let all = manifests::all().unwrap();
    let names: Vec<&str> = all.iter().map(|manifest| manifest.name.as_str()).collect();
    assert_eq!(names[..2], [CLUSTER, KINDS]);
    assert!(names.is_sorted());
    for manifest in &all {
        let expected = match manifest.name.as_str() {
            "16-custom.status.yaml" => Apply::Status,
            "70-credentials.client.yaml" => Apply::Client,
            _ => Apply::Server,
        };
        assert_eq!(manifest.apply, expected, "{}", manifest.name);
    }
}

#[test]
fn batches_keep_the_order_and_leave_what_others_wait_for_alone() {
    let all = manifests::all().unwrap();
    let names: Vec<String> = all.iter().map(|manifest| manifest.name.clone()).collect();
    let batches = manifests::batches(all);
    assert_eq!(batches.iter().flat_map(|batch| batch.names.clone()).collect::<Vec<_>>(), names);
    assert!(batches.len() < names.len());
    for batch in &batches {
        assert!(batch.names.len() == 1 || !(batch.has(CLUSTER) || batch.has(KINDS)));
        assert_eq!(batch.apply == Apply::Status, batch.has("16-custom.status.yaml"));
    }
}

#[test]
fn no_manifest_names_an_image_that_a_real_registry_could_have() {
    for manifest in manifests::all().unwrap() {
        for line in manifest.text.lines().filter(|line| line.trim_start().starts_with("image: ")) {
            assert!(line.contains("image: images.invalid/"), "{}: {line}", manifest.name);
        }
    }
}

#[test]
fn marks_replace_the_word_local_of_their_own_image_alone() {
    let marks = BTreeMap::from([("demo", "abc".to_owned())]);
    let text = "annotations: {demo.quarterdeck.dev/demo-image: local}\nannotations: {demo.quarterdeck.dev/redis-image: local}\n";
    let marked = manifests::marked(text, &marks);
    assert_eq!(marked, text.replace("demo-image: local", "demo-image: abc"));
    let templates = manifests::all().unwrap().iter().filter(|manifest| manifest.text.contains("-image: local")).count();
    assert!(templates >= 4, "{templates} manifests have templates that follow their image");
}

#[test]
fn a_workload_is_ready_when_its_newest_state_is() {
    let deployment = |generation: i64, observed: i64, updated: i64, available: i64| {
        json!({"kind": "Deployment", "metadata": {"name": "front", "namespace": "shop", "generation": generation},
            "spec": {"replicas": 1},
            "status": {"observedGeneration": observed, "updatedReplicas": updated, "availableReplicas": available}})
    };
    let ready = |item: serde_json::Value| {
        parts(&json!({"items": [item]})).into_values().flatten().next().map(|part| part.ready)
    };
    assert_eq!(ready(deployment(2, 2, 1, 1)), Some(true));
    assert_eq!(ready(deployment(2, 1, 1, 1)), Some(false), "the controller has not seen the change");
    assert_eq!(ready(deployment(2, 2, 0, 1)), Some(false), "the pod is of the former state");
    assert_eq!(ready(deployment(2, 2, 1, 0)), Some(false));
    let job = |succeeded: i64| {
        json!({"kind": "Job", "metadata": {"name": "import", "namespace": "jobs"},
            "spec": {"completions": 2}, "status": {"succeeded": succeeded}})
    };
    assert_eq!(ready(job(1)), Some(false));
    assert_eq!(ready(job(2)), Some(true));
    let set = json!({"kind": "DaemonSet", "metadata": {"name": "agent", "namespace": "platform", "generation": 1},
        "status": {"observedGeneration": 1, "desiredNumberScheduled": 0}});
    assert_eq!(ready(set), Some(false), "no node is none");
}

#[test]
fn jobs_of_a_cron_job_are_not_waited_for() {
    let list = json!({"items": [
        {"kind": "Job", "metadata": {"name": "report-1", "namespace": "jobs", "ownerReferences": [{"kind": "CronJob"}]}},
        {"kind": "Job", "metadata": {"name": "import", "namespace": "jobs"}},
    ]});
    let found = parts(&list);
    assert_eq!(found["jobs"], [Part { name: "job/import".to_owned(), ready: false }]);
}
