#![allow(clippy::unwrap_used, clippy::panic, clippy::indexing_slicing)]

use super::{Making, Trouble, read, route, time};
use crate::decide::{Limits, decide};
use crate::desired::Desired;
use crate::event::Event;
use crate::key::Key;
use crate::life::{Known, Life};
use crate::observed::Observed;
use crate::pod::{Container, Phase, Pod, State};
use crate::render::{Object, Refused, Rendered};
use serde_json::{Value, json};

mod conditions;

fn object(state: &str) -> Value {
    json!({
        "metadata": { "name": "w", "namespace": "n", "uid": "uid", "generation": 3, "resourceVersion": "9" },
        "spec": { "owner": "ada", "state": state },
    })
}

struct Case {
    state: &'static str,
    rendered: Result<Rendered, Refused>,
    observed: Observed,
    trouble: Option<Trouble>,
    previous: Value,
    now_ms: i64,
    life: Option<Life>,
    known: Known,
    outside: Option<String>,
}

fn case() -> Case {
    Case {
        state: "Running",
        rendered: Ok(Rendered { pod_hash: "h".into(), ..Rendered::default() }),
        observed: Observed::default(),
        trouble: None,
        previous: Value::Null,
        now_ms: 1_000_000,
        life: None,
        known: Known::default(),
        outside: None,
    }
}

fn made(case: &Case) -> (Value, Option<i64>) {
    let desired = Desired::of(&object(case.state)).unwrap();
    let limits = Limits::default();
    let limits = case.rendered.as_ref().map_or(limits, |rendered| limits.of(&rendered.timeouts));
    let decision = decide(&desired, &case.rendered, &case.observed, limits, case.now_ms);
    let making = Making {
        desired: &desired,
        rendered: case.rendered.as_ref(),
        observed: &case.observed,
        decision: &decision,
        newer: &[],
        trouble: case.trouble.as_ref(),
        outside: case.outside.as_deref(),
        life: case.life.as_ref(),
        known: &case.known,
        previous: &case.previous,
        limits,
        now_ms: case.now_ms,
    };
    let made = making.make();
    (made.status, made.again_ms)
}

fn condition<'a>(status: &'a Value, name: &str) -> (&'a str, &'a str) {
    let all = status["conditions"].as_array().unwrap();
    let one = all.iter().find(|one| one["type"] == name).unwrap_or(&Value::Null);
    (one["status"].as_str().unwrap_or(""), one["reason"].as_str().unwrap_or(""))
}

fn pod(state: State, ready: bool) -> Pod {
    Pod {
        uid: "p".into(),
        name: "w".into(),
        node: "n1".into(),
        phase: if ready { Phase::Running } else { Phase::Pending },
        ready,
        hash: "h".into(),
        controller: "uid".into(),
        created_ms: 900_000,
        containers: vec![Container { name: "main".into(), ready, state, ..Container::default() }],
        ..Pod::default()
    }
}

#[test]
fn wl_02b_phase_stage_and_conditions_follow_the_pod() {
    let mut case = case();
    let (status, _) = made(&case);
    assert_eq!((status["phase"].as_str(), status["stage"].as_str()), (Some("Pending"), Some("Queued")));
    assert_eq!(condition(&status, "Ready"), ("False", "Scheduling"));
    assert_eq!(condition(&status, "Progressing").0, "True");
    assert_eq!(status["observedGeneration"], 3);
    case.observed.pod = Some(pod(State::Running, true));
    let (status, again) = made(&case);
    assert_eq!((status["phase"].as_str(), status["progress"].as_i64()), (Some("Running"), Some(100)));
    assert_eq!(condition(&status, "Ready"), ("True", "AsExpected"));
    assert_eq!(condition(&status, "Progressing"), ("False", "Idle"));
    assert_eq!((status["readyReplicas"].as_i64(), again), (Some(1), None));
    case.observed.pod = Some(Pod { phase: Phase::Succeeded, ..pod(State::Running, false) });
    let (status, _) = made(&case);
    assert_eq!(
        (status["phase"].as_str(), status["stopReason"].as_str()),
        (Some("Stopped"), Some("it ended by itself"))
    );
    case.observed.pod = None;
    case.state = "Stopped";
    let (status, _) = made(&case);
    assert_eq!(status["phase"], "Stopped");
    assert_eq!(condition(&status, "Ready"), ("False", "Stopped"));
    assert_eq!(status["stopReason"], "spec.state is Stopped");
}

#[test]
fn wl_04_progress_never_goes_back_and_is_never_100_on_failure() {
    let mut case = case();
    let waiting = |reason: &str| State::Waiting(reason.into(), "not found".into());
    case.observed.pod = Some(pod(waiting("ContainerCreating"), false));
    case.previous = made(&case).0;
    assert_eq!(case.previous["progress"], 75);
    case.observed.pod.as_mut().unwrap().node = String::new();
    let (status, _) = made(&case);
    assert_eq!((status["stage"].as_str(), status["progress"].as_i64()), (Some("Scheduling"), Some(75)));
    case.observed.pod = Some(pod(waiting("ErrImagePull"), false));
    let (status, _) = made(&case);
    assert_eq!((status["phase"].as_str(), status["progress"].as_i64()), (Some("Failed"), Some(75)));
    assert!(status["lastError"].as_str().unwrap().starts_with("image_missing: main: image : not found; "), "{status}");
    // What ran and fails then is not complete either.
    case.previous["progress"] = json!(100);
    assert_eq!(made(&case).0["progress"], 99);
    case.observed.pod = Some(Pod { uid: "another".into(), ..pod(waiting("ContainerCreating"), false) });
    case.previous["pod"] = json!({ "uid": "p" });
    assert_eq!(made(&case).0["progress"], 75, "another run begins anew");
}

#[test]
fn wl_04b_each_step_on_the_way_up_has_its_place_of_a_hundred() {
    let mut case = case();
    let waiting = |reason: &str| State::Waiting(reason.into(), String::new());
    let init = |state: State, main: State| {
        let mut pod = pod(main, false);
        pod.containers.insert(0, Container { name: "agent".into(), init: true, state, ..Container::default() });
        Some(pod)
    };
    let pull = Event { about: "p".into(), reason: "Pulling".into(), at_ms: 980_000, ..Event::default() };
    let ended = State::Ended(crate::pod::Ended { reason: "Completed".into(), ..Default::default() });
    for (seen, events, stage, progress) in [
        (None, vec![], "Queued", 0),
        (Some(Pod { node: String::new(), ..pod(waiting(""), false) }), vec![], "Scheduling", 20),
        (init(waiting("PodInitializing"), waiting("PodInitializing")), vec![], "Initializing", 40),
        (init(waiting("PodInitializing"), waiting("PodInitializing")), vec![pull], "Pulling", 50),
        (init(State::Running, waiting("PodInitializing")), vec![], "Initializing", 60),
        (init(ended, State::Running), vec![], "Starting", 75),
        (Some(pod(State::Running, true)), vec![], "Running", 100),
    ] {
        (case.observed.pod, case.observed.events) = (seen, events);
        let (status, _) = made(&case);
        assert_eq!((status["stage"].as_str(), status["progress"].as_i64()), (Some(stage), Some(progress)));
        case.previous = status;
    }
}

#[test]
fn wl_07a_without_progress_it_is_told_as_stalled_and_left_for_inspection() {
    let mut case = case();
    case.observed.pod = Some(Pod { created_ms: 1_000_000, ..pod(State::Running, false) });
    let (status, again) = made(&case);
    assert_eq!(again, Some(1_300_000), "it is looked at again when the time is over");
    case.previous = status;
    case.now_ms = 1_300_000;
    let (status, _) = made(&case);
    assert_eq!(condition(&status, "Progressing"), ("False", "DeadlineExceeded"));
    assert_eq!(condition(&status, "Stalled"), ("True", "DeadlineExceeded"));
    assert!(status["lastError"].as_str().unwrap().contains("no progress for 5 min in stage Starting"), "{status}");
    assert_eq!(status["stageSince"], "1970-01-01T00:16:40Z");
}

#[test]
fn wl_07b_a_blueprint_says_how_long_its_workspaces_may_take() {
    let usual = Limits::default();
    let said = |progress: &str, total: &str| {
        let span = |text: &str| (!text.is_empty()).then(|| text.into());
        let limits = usual.of(&crd::blueprint::Timeouts { progress: span(progress), total: span(total) });
        (limits.progress_ms, limits.total_ms)
    };
    assert_eq!(said("", ""), (300_000, 900_000));
    assert_eq!(said("20s", "2m"), (20_000, 120_000));
    assert_eq!(said("1h", ""), (3_600_000, 3_600_000), "the whole takes as long as one of its steps");
    let mut case = case();
    let timeouts = crd::blueprint::Timeouts { progress: Some("20s".into()), total: Some("30s".into()) };
    case.rendered.as_mut().unwrap().timeouts = timeouts;
    case.observed.pod = Some(Pod { created_ms: 1_000_000, ..pod(State::Running, false) });
    let (status, again) = made(&case);
    assert_eq!(again, Some(1_020_000));
    case.previous = status;
    case.now_ms = 1_020_000;
    let (status, _) = made(&case);
    assert_eq!(condition(&status, "Stalled"), ("True", "DeadlineExceeded"));
    assert!(status["lastError"].as_str().unwrap().starts_with("no progress for 20 s in stage Starting"), "{status}");
    // There was progress a moment ago, but too little in all.
    case.previous["stage"] = "Pulling".into();
    case.now_ms = 1_031_000;
    case.previous = made(&case).0;
    let (status, _) = made(&case);
    assert_eq!(condition(&status, "Stalled"), ("True", "DeadlineExceeded"));
    let told = status["lastError"].as_str().unwrap();
    assert!(told.starts_with("not ready after 30 s in all, and in stage Starting"), "{told}");
}

#[test]
fn wo_03e_the_time_of_a_condition_is_that_of_its_last_change() {
    let mut case = case();
    let before = made(&case).0;
    case.previous = before.clone();
    case.now_ms += 60_000;
    assert_eq!(made(&case).0, before, "nothing changed, so nothing is written");
    case.trouble = Some(Trouble { reason: "ApplyConflict", message: "Service w cannot be applied: conflict".into() });
    let (status, _) = made(&case);
    assert_eq!(condition(&status, "Degraded"), ("True", "ApplyConflict"));
    assert_eq!(status["lastError"], "Service w cannot be applied: conflict");
    case.trouble = None;
    case.rendered = Err(Refused {
        condition: "Accepted",
        reason: "BlueprintNotFound",
        message: "there are: a, b".into(),
        queued: false,
    });
    let (status, _) = made(&case);
    assert_eq!(condition(&status, "Accepted"), ("False", "BlueprintNotFound"));
    assert_eq!(condition(&status, "Ready"), ("False", "BlueprintNotFound"));
}

#[test]
fn wo_03g_what_does_not_go_well_has_a_reason_of_its_own() {
    let event =
        |reason: &str| Event { about: "p".into(), kind: "Pod".into(), reason: reason.into(), ..Event::default() };
    let mut case = case();
    let waiting = State::Waiting("ContainerCreating".into(), String::new());
    case.observed.pod = Some(pod(waiting, false));
    case.observed.events = vec![Event { message: "volume busy".into(), ..event("FailedMount") }];
    let (status, _) = made(&case);
    assert_eq!(condition(&status, "Degraded"), ("False", "AsExpected"), "it does not work yet");
    let ready = status["conditions"].as_array().unwrap().iter().find(|one| one["type"] == "Ready").unwrap();
    assert_eq!(
        ready["message"],
        "main: ContainerCreating, for longer than a minute: its events say what it waits for (`qd ws events`) (FailedMount: volume busy; see whether its node reaches the volume, and whether what is mounted is there)"
    );
    let held = "Multi-Attach error for volume: used by pod(s) v";
    case.observed.events = vec![Event { message: held.into(), ..event("FailedAttachVolume") }];
    assert_eq!(condition(&made(&case).0, "StorageReady"), ("False", "VolumeInUse"));
    case.observed.pod = Some(pod(State::Running, true));
    assert_eq!(condition(&made(&case).0, "StorageReady").0, "True", "it has it by now");
    case.observed.pod = Some(pod(State::Running, false));
    case.observed.events = vec![event("Unhealthy")];
    assert_eq!(condition(&made(&case).0, "Degraded"), ("True", "ProbeFailing"));
    case.observed.pod = Some(Pod { resize: Some("Deferred: no room".into()), ..pod(State::Running, true) });
    assert_eq!(condition(&made(&case).0, "Degraded"), ("True", "ResizeDeferred"));
    case.observed.pod = Some(Pod { agent_version: "0.1".into(), ..pod(State::Running, true) });
    case.rendered.as_mut().unwrap().agent_version = "0.2".into();
    let (status, _) = made(&case);
    assert_eq!(condition(&status, "Degraded"), ("True", "AgentOutdated"));
    assert_eq!(condition(&status, "Ready").0, "True", "it works");
    case.rendered.as_mut().unwrap().agent_version = "0.1".into();
    assert_eq!(condition(&made(&case).0, "Degraded").0, "False");
    let engine = json!({
        "apiVersion": "v1", "kind": "Pod", "metadata": { "name": "w" },
        "spec": { "initContainers": [{ "name": "engine", "securityContext": { "privileged": true } }] },
    });
    case.rendered.as_mut().unwrap().pod = Object::of(engine);
    assert_eq!(condition(&made(&case).0, "Degraded"), ("True", "PrivilegedEngine"));
    case.trouble = Some(Trouble { reason: "ApplyFailed", message: "no".into() });
    assert_eq!(condition(&made(&case).0, "Degraded"), ("True", "ApplyFailed"));
}

#[test]
fn wo_03h_what_nothing_measures_is_unknown_and_every_reason_is_of_the_list() {
    let mut case = case();
    case.observed.pod = Some(pod(State::Running, true));
    let (status, _) = made(&case);
    for name in ["Reachable", "Idle"] {
        assert_eq!(condition(&status, name), ("Unknown", "NotMeasured"), "{name}");
    }
    assert_eq!(condition(&status, "Exposed"), ("False", "NotExposed"));
    for one in status["conditions"].as_array().unwrap() {
        let (name, reason) = (one["type"].as_str().unwrap(), one["reason"].as_str().unwrap());
        assert!(crd::ConditionType::parse(name).is_some(), "{name}");
        assert!(crd::Reason::parse(reason).is_some(), "{name}: {reason}");
    }
}

#[test]
fn ws_19o_who_waits_in_a_queue_has_not_failed_and_is_not_late() {
    let mut case = case();
    let refused = |queued| Refused { condition: "Accepted", reason: "QuotaExceeded", message: "full".into(), queued };
    case.rendered = Err(refused(true));
    let (status, again) = made(&case);
    assert_eq!((status["phase"].as_str(), again), (Some("Pending"), None));
    assert_eq!(condition(&status, "Accepted"), ("False", "QuotaExceeded"));
    case.previous = status;
    case.now_ms += 10_000_000;
    assert_eq!(condition(&made(&case).0, "Stalled"), ("", ""));
    case.rendered = Err(refused(false));
    assert_eq!(made(&case).0["phase"], "Failed");
}

#[test]
fn a_route_has_a_name_that_no_other_workspace_has() {
    let of = |namespace: &str, name: &str| route::id(&Key { namespace: namespace.into(), name: name.into() });
    assert_eq!(of("team", "web"), "web-uxfr75rpr3");
    let long = "x".repeat(52);
    assert_eq!(of("team-a", &long), format!("{}-2lfos2vc7g", "x".repeat(41)));
    assert_ne!(of("team", "web"), of("other", "web"));
    let canonical = "dev1-bssxjuxatvofbbcrzocje56c6e";
    assert_eq!(of("team", canonical), canonical, "a canonical id is one already");
    assert_ne!(of("team", "dev1-bssxjuxatvofbbcrzocje56c61"), "dev1-bssxjuxatvofbbcrzocje56c61");
    assert!(!of("team", &format!("{}-b", "a".repeat(40))).contains("--"));
}

#[test]
fn wl_05a_times_are_rfc_3339_with_a_zone() {
    assert_eq!(time(1_700_000_000_999), "2023-11-14T22:13:20Z");
    assert_eq!(read("2023-11-14T22:13:20Z"), Some(1_700_000_000_000));
}
