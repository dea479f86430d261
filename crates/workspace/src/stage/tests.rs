#![allow(clippy::unwrap_used, clippy::indexing_slicing)]

use super::{Seen, Stage, seen};
use crate::event::Event;
use crate::pod::{Container, Ended, Phase, Pod, State};

const NOW: i64 = 1_000_000;

fn pod() -> Pod {
    Pod { uid: "u".into(), name: "w".into(), node: "n1".into(), ..Pod::default() }
}

fn container(state: State) -> Container {
    Container { name: "main".into(), state, ..Container::default() }
}

fn waiting(reason: &str, message: &str) -> State {
    State::Waiting(reason.into(), message.into())
}

fn ended(reason: &str, code: i64) -> State {
    State::Ended(Ended { reason: reason.into(), message: String::new(), code })
}

fn event(reason: &str, ago_ms: i64) -> Event {
    Event {
        kind: "Pod".into(),
        reason: reason.into(),
        message: "words".into(),
        at_ms: NOW - ago_ms,
        ..Event::default()
    }
}

fn of(pod: &Pod, events: &[Event]) -> Seen {
    seen(pod, events, false, NOW)
}

#[test]
fn wl_02a_stages_by_the_first_match() {
    let with = |state| Pod { containers: vec![container(state)], ..pod() };
    let init = |state| Pod {
        containers: vec![Container { init: true, ..container(state) }, container(waiting("PodInitializing", ""))],
        ..pod()
    };
    let running = Pod { phase: Phase::Running, ready: true, ..with(State::Running) };
    let table: Vec<(&str, Pod, Vec<Event>, Stage, &str)> = vec![
        ("deleted", Pod { deleting_ms: Some(1), ..running.clone() }, vec![], Stage::Terminating, "Terminating"),
        ("ended", Pod { phase: Phase::Succeeded, ..pod() }, vec![], Stage::Stopped, "Stopped"),
        (
            "evicted",
            Pod { phase: Phase::Failed, reason: "Evicted".into(), ..pod() },
            vec![],
            Stage::Failed,
            "PodFailed/evicted",
        ),
        ("lost", Pod { phase: Phase::Unknown, ..pod() }, vec![], Stage::Unknown, "NodeLost"),
        ("no place", Pod { node: String::new(), ..pod() }, vec![], Stage::Scheduling, "Scheduling"),
        ("a pull", with(waiting("ContainerCreating", "")), vec![event("Pulling", 9_000)], Stage::Pulling, "Pulling"),
        (
            "a short pull",
            with(waiting("ContainerCreating", "")),
            vec![event("Pulling", 7_000)],
            Stage::Starting,
            "Starting",
        ),
        (
            "pulled",
            with(waiting("ContainerCreating", "")),
            vec![event("Pulling", 9_000), event("Pulled", 100)],
            Stage::Starting,
            "Starting",
        ),
        ("no image", with(waiting("ErrImagePull", "not found")), vec![], Stage::Failed, "ErrImagePull/image_missing"),
        (
            "no such name",
            with(waiting("InvalidImageName", "x")),
            vec![],
            Stage::Failed,
            "InvalidImageName/image_invalid",
        ),
        (
            "no login",
            with(waiting("ErrImagePull", "401 Unauthorized")),
            vec![],
            Stage::Failed,
            "ErrImagePull/image_auth",
        ),
        (
            "limit",
            with(waiting("ImagePullBackOff", "toomanyrequests: x")),
            vec![],
            Stage::Failed,
            "ImagePullBackOff/image_rate",
        ),
        (
            "config",
            with(waiting("CreateContainerConfigError", "secret x")),
            vec![],
            Stage::Failed,
            "CreateContainerConfigError/config",
        ),
        ("init waits", init(waiting("PodInitializing", "")), vec![], Stage::Initializing, "Initializing"),
        ("init runs", init(State::Running), vec![], Stage::Initializing, "Initializing"),
        ("init failed", init(ended("Error", 2)), vec![], Stage::Failed, "CrashLoopBackOff/init"),
        ("init done", init(ended("Completed", 0)), vec![], Stage::Starting, "Starting"),
        ("oom", with(ended("OOMKilled", 137)), vec![], Stage::Failed, "OOMKilled/oom"),
        ("starting", with(State::Running), vec![], Stage::Starting, "Starting"),
        ("running", running.clone(), vec![], Stage::Running, "Ready"),
        ("got over it", running.clone(), vec![event("ErrImagePull", 50_000)], Stage::Running, "Ready"),
    ];
    for (what, pod, events, stage, reason) in table {
        let seen = of(&pod, &events);
        let said = format!("{}/{}", seen.reason, seen.cause);
        assert_eq!((seen.stage, said.trim_end_matches('/')), (stage, reason), "{what}: {seen:?}");
    }
    assert_eq!(seen(&Pod { deleting_ms: Some(1), ..pod() }, &[], true, NOW).stage, Stage::Stopping);
}

#[test]
fn wl_03b_a_loop_of_crashes_counts_after_the_second_restart() {
    let crash = |restarts| Pod {
        containers: vec![Container {
            restarts,
            last: Some(Ended { reason: "Error".into(), message: "no file\n".into(), code: 3 }),
            ..container(waiting("CrashLoopBackOff", "back-off"))
        }],
        ..pod()
    };
    assert_eq!(of(&crash(2), &[]).stage, Stage::Starting);
    let seen = of(&crash(3), &[]);
    assert_eq!((seen.stage, seen.reason), (Stage::Failed, "CrashLoopBackOff"));
    assert_eq!(seen.cause, "crash_loop");
    assert_eq!(seen.message, "main ended with exit code 3 (Error): no file, 3 restarts");
}

#[test]
fn wl_03c_a_claim_that_cannot_be_bound_fails_a_pod_without_a_place() {
    let unplaced = Pod { node: String::new(), unplaced: Some("0/1 nodes are available".into()), ..pod() };
    let event = Event {
        kind: "PersistentVolumeClaim".into(),
        name: "pvc-w-home".into(),
        reason: "FailedBinding".into(),
        message: "no class".into(),
        ..Event::default()
    };
    let failed = of(&unplaced, std::slice::from_ref(&event));
    assert_eq!((failed.stage, failed.reason), (Stage::Failed, "FailedBinding"));
    assert!(failed.message.contains("pvc-w-home"), "{failed:?}");
    let warned = of(&unplaced, &[self::event("FailedScheduling", 0)]);
    assert_eq!(warned.stage, Stage::Scheduling);
    assert_eq!(warned.message, "0/1 nodes are available");
    assert_eq!(warned.warning.map(|one| one.to_string()).as_deref(), Some("FailedScheduling: words"));
}
