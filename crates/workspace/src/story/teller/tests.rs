#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic, clippy::indexing_slicing)]

use super::super::Seen;
use super::super::feed::Heard;
use super::{Teller, expected, now, word};
use crate::event::Event;
use crate::key::Key;
use api::workspace::{WorkspaceEventKind, WorkspaceSeverity};
use serde_json::{Value, json};
use store::KeptJob;

fn teller() -> Teller {
    Teller::new(&Key { namespace: "lab".into(), name: "dev".into() }, "e")
}

fn object(stage: &str, progress: i64, pod: &str) -> Value {
    json!({
        "metadata": { "name": "dev", "namespace": "lab", "uid": "w" }, "spec": { "image": "i" },
        "status": { "phase": "Provisioning", "stage": stage, "stageSince": "2026-01-02T03:04:05Z", "progress": progress,
            "pod": { "name": "dev", "uid": pod }, "lastError": if stage == "Failed" { "image_missing: no" } else { "" },
            "volumes": [{ "name": "home", "claim": "pvc-dev-home" }],
            "conditions": [{ "type": "Ready", "status": "False", "reason": "Starting", "message": stage }] },
    })
}

fn event(about: &str, kind: &str, name: &str, reason: &str, at_ms: i64) -> Event {
    let (about, kind, name, reason) = (about.into(), kind.into(), name.into(), reason.into());
    Event { about, kind, name, reason, message: "words".into(), at_ms, count: 1 }
}

#[test]
fn wl_02e_stages_have_a_phase_and_the_words_of_the_older_api() {
    use crate::stage::Stage;
    for (stage, phase, said) in [
        (Stage::Queued, "Pending", "Starting"),
        (Stage::Waking, "Pending", "Starting"),
        (Stage::Resolving, "Pending", "Starting"),
        (Stage::Restoring, "Provisioning", "Starting"),
        (Stage::Scheduling, "Provisioning", "Starting"),
        (Stage::Pulling, "Provisioning", "Pulling"),
        (Stage::Initializing, "Provisioning", "Starting"),
        (Stage::Starting, "Provisioning", "Starting"),
        (Stage::Running, "Running", "Running"),
        (Stage::Stopping, "Stopping", "Stopping"),
        (Stage::Terminating, "Terminating", "Terminating"),
        (Stage::Stopped, "Stopped", "Stopped"),
        (Stage::Failed, "Failed", "Failing"),
        (Stage::Unknown, "Unknown", "Unknown"),
    ] {
        assert_eq!((stage.phase(), word(stage.as_str())), (phase, said), "{}", stage.as_str());
    }
    // What happens meanwhile is a warning or an error of its own.
    let mut teller = teller();
    let told = [Heard::Object(Some(object("Starting", 75, "p"))), Heard::Whole, Heard::Whole, Heard::Whole];
    told.into_iter().for_each(|heard| drop(teller.take(heard)));
    let words = |teller: &mut Teller, reason: &str| {
        let told = teller.take(Heard::Event(event("p", "Pod", "dev", reason, now())));
        told.iter().map(|one| one.status.clone()).collect::<Vec<_>>()
    };
    assert_eq!(words(&mut teller, "FailedMount"), ["Warning"]);
    assert_eq!(words(&mut teller, "ErrImagePull"), ["Error"]);
    assert_eq!(words(&mut teller, "Pulled"), ["Starting"]);
}

#[test]
fn wl_05k_what_was_comes_first_by_its_time_then_what_happens() {
    let mut teller = teller();
    assert!(teller.take(Heard::Event(event("p", "Pod", "dev", "Scheduled", 5))).is_empty());
    assert!(teller.take(Heard::Whole).is_empty());
    assert!(teller.take(Heard::Object(Some(object("Starting", 75, "p")))).is_empty());
    assert!(matches!(teller.seen(), Seen::Unknown));
    assert!(teller.take(Heard::Whole).is_empty());
    let first = teller.take(Heard::Whole);
    let told: Vec<(&str, &str)> = first.iter().map(|one| (one.object_name.as_str(), one.stage.as_str())).collect();
    assert_eq!(told, [("pod/dev", "Starting"), ("workspace/dev", "Starting")]);
    assert_eq!(first[1].timestamp, "2026-01-02T03:04:05.000Z");
    assert!(matches!(teller.seen(), Seen::There(_)));

    assert!(teller.take(Heard::Object(Some(object("Starting", 75, "p")))).is_empty(), "nothing changed");
    let on = teller.take(Heard::Object(Some(object("Running", 100, "p"))));
    assert_eq!((on[0].kind, on[0].status.as_str(), on[0].progress), (WorkspaceEventKind::Status, "Running", Some(100)));
    let failed = teller.take(Heard::Object(Some(object("Failed", 75, "p"))));
    assert_eq!((failed[0].status.as_str(), failed[0].message.as_str()), ("Failing", "image_missing: no"));
    assert_eq!((failed[0].severity, failed[0].progress), (WorkspaceSeverity::Critical, Some(75)));
    let gone = teller.take(Heard::Object(None));
    assert_eq!(gone[0].kind, WorkspaceEventKind::Gone);
    assert!(matches!(teller.seen(), Seen::Gone));
}

#[test]
fn wl_03k_only_events_of_this_pod_and_its_claims_count_each_once() {
    let mut teller = teller();
    for _ in 0..3 {
        teller.take(Heard::Whole);
    }
    teller.take(Heard::Object(Some(object("Starting", 75, "p"))));
    let at = now();
    let mut tell = |event: Event| teller.take(Heard::Event(event));
    let told = tell(event("p", "Pod", "dev", "FailedMount", at));
    assert_eq!((told[0].severity, told[0].status.as_str()), (WorkspaceSeverity::Warning, "Warning"));
    assert!(tell(event("p", "Pod", "dev", "FailedMount", at)).is_empty(), "it was told");
    assert_eq!(tell(Event { count: 2, ..event("p", "Pod", "dev", "FailedMount", at + 1) }).len(), 1, "it came again");
    assert!(tell(event("old", "Pod", "dev", "Killing", at - 3_600_000)).is_empty(), "of the pod before");
    assert!(tell(event("x", "PersistentVolumeClaim", "pvc-dev-b-home", "FailedBinding", at)).is_empty());
    let told = tell(event("c", "PersistentVolumeClaim", "pvc-dev-home", "FailedBinding", at));
    assert_eq!((told[0].severity, told[0].status.as_str()), (WorkspaceSeverity::Critical, "Error"));
    assert!(tell(event("next", "Pod", "dev", "Scheduled", at)).is_empty(), "that pod is not known yet");
    let told = teller.take(Heard::Object(Some(object("Starting", 75, "next"))));
    assert_eq!(told.iter().filter(|one| one.reason == "Scheduled").count(), 1, "{told:?}");
}

#[test]
fn wl_04c_how_long_stages_take_is_the_median_of_those_that_came_to_their_end() {
    let job = |state: &str, seconds: i64| {
        let at = |s: i64| format!("2026-01-02T03:04:{s:02}Z");
        let body = json!({ "job": { "state": state, "act": "create" }, "events": [
            { "type": "status", "stage": "Scheduling", "timestamp": at(0) },
            { "type": "status", "stage": "Starting", "timestamp": at(1) },
            { "type": "event", "stage": "Starting", "timestamp": at(2) },
            { "type": "status", "stage": "Starting", "timestamp": at(3) },
            { "type": "status", "stage": "Running", "timestamp": at(1 + seconds) },
        ] });
        KeptJob { body: body.to_string(), ..KeptJob::default() }
    };
    let told = expected(&[job("succeeded", 5), job("succeeded", 9), job("succeeded", 7), job("failed", 50)]);
    assert_eq!((told.get("Scheduling"), told.get("Starting"), told.get("Running")), (Some(&1_000), Some(&7_000), None));
}
