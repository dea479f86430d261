#![allow(clippy::unwrap_used, clippy::indexing_slicing)]

use super::{Around, Seen, Stage, cause, next, seen, told_at_ms};
use crate::event::Event;
use crate::observed::{Claim, Nodes};
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
    seen(pod, Around { events, ..Around::default() }, NOW)
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
    let ends = |stop_requested| {
        let pod = Pod { deleting_ms: Some(1), stop_requested, ..pod() };
        seen(&pod, Around::default(), NOW).stage
    };
    assert_eq!((ends(true), ends(false)), (Stage::Stopping, Stage::Terminating), "its label says which");
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
    assert_eq!(
        seen.message,
        "main ended with exit code 3 (Error), 3 restarts; put right what it runs: its last lines say why it ended; its last lines:\nno file"
    );
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
    assert!(warned.message.starts_with("0/1 nodes are available; ask for less"), "{warned:?}");
    assert_eq!((warned.cause, warned.warning), ("unschedulable", None), "the scheduler's event says the same");
}

#[test]
fn wf_08_an_image_that_cannot_be_had_is_told_with_the_registry_s_answer_the_secret_and_the_tags() {
    let main = |reason: &str, message: &str| Pod {
        containers: vec![Container {
            image: "registry.example:5000/team/shell:9".into(),
            ..container(waiting(reason, message))
        }],
        ..pod()
    };
    let passed_on = |answer: &str| {
        let of = "registry.example:5000/team/shell:9";
        format!(
            "Back-off pulling image \"{of}\": ErrImagePull: rpc error: code = NotFound desc = failed to pull and unpack image \"{of}\": failed to resolve reference \"{of}\": {answer}"
        )
    };
    let nodes = Nodes {
        images: ["registry.example:5000/team/shell:2", "registry.example:5000/team/shell:1"].map(str::to_owned).into(),
        ..Nodes::default()
    };
    let of = |pod: &Pod| seen(pod, Around { nodes: Some(&nodes), ..Around::default() }, NOW);
    let missing = of(&main("ImagePullBackOff", &passed_on("registry.example:5000/team/shell:9: not found")));
    assert_eq!((missing.stage, missing.reason, missing.cause), (Stage::Failed, "ImagePullBackOff", "image_missing"));
    assert_eq!(
        missing.message,
        "main: image registry.example:5000/team/shell:9: registry.example:5000/team/shell:9: not found; no pull secret \
         was used; nodes have it with these tags: 1, 2; put the name or the tag of the image right, or push it"
    );
    let mut closed = main("ErrImagePull", &passed_on("unexpected status from HEAD request: 401 Unauthorized"));
    closed.pull_secrets = vec!["team-registry".into()];
    let closed = of(&closed);
    assert_eq!(closed.cause, "image_auth");
    assert!(closed.message.contains("401 Unauthorized; pull secret team-registry was used; name a pull"), "{closed:?}");
    assert_eq!(of(&main("ErrImagePull", &passed_on("429 Too Many Requests"))).cause, "image_rate");
    assert_eq!(of(&main("ErrImagePull", &passed_on("403 Forbidden"))).cause, "image_denied");
    let bad = of(&main("InvalidImageName", "Failed to apply default image tag \"A:b:c\": couldn't parse it"));
    assert_eq!((bad.reason, bad.cause), ("InvalidImageName", "image_invalid"));
    assert!(bad.message.ends_with("; put the name of the image right"), "{bad:?}");
    let long = of(&main("ErrImagePull", &passed_on(&"x".repeat(5_000))));
    assert!(long.message.len() < 500, "{}", long.message.len());
}

#[test]
fn wf_10_what_keeps_a_volume_away_is_told_with_the_claim_its_class_and_who_has_it() {
    let event = |kind: &str, reason: &str, message: &str| Event {
        kind: kind.into(),
        name: "pvc-w-home".into(),
        reason: reason.into(),
        message: message.into(),
        ..Event::default()
    };
    let claims = [Claim { name: "pvc-w-home".into(), class: "fast".into(), ..Claim::default() }];
    let unplaced = Pod { node: String::new(), unplaced: None, ..pod() };
    let of = |pod: &Pod, event: &Event| {
        let around = Around { events: std::slice::from_ref(event), claims: &claims, nodes: None, ignored: &[] };
        seen(pod, around, NOW)
    };
    let unbound = of(&unplaced, &event("PersistentVolumeClaim", "FailedBinding", "no volume fits"));
    assert_eq!((unbound.stage, unbound.cause), (Stage::Failed, "storage_binding"));
    assert!(unbound.message.starts_with("claim pvc-w-home of class fast: no volume fits; name a class"), "{unbound:?}");
    let words = |seen: &Seen| seen.warning.as_ref().map(ToString::to_string).unwrap_or_default();
    let failing = of(&unplaced, &event("PersistentVolumeClaim", "ProvisioningFailed", "storageclass fast not found"));
    assert_eq!((failing.stage, failing.cause), (Stage::Scheduling, "storage_provisioning"));
    assert!(words(&failing).contains("claim pvc-w-home of class fast: storageclass fast not found"), "{failing:?}");
    let starting = Pod { containers: vec![container(waiting("ContainerCreating", ""))], ..pod() };
    let waits = "0/1 nodes are available: pod has unbound immediate PersistentVolumeClaims. not found";
    let waits = Pod { unplaced: Some(waits.into()), ..unplaced.clone() };
    let waits = of(&waits, &event("Pod", "FailedScheduling", "0/1 nodes are available: pod has unbound"));
    assert_eq!((waits.message.as_str(), waits.cause), ("its claims are not bound yet", "storage_binding"));
    assert_eq!(waits.warning, None, "it says the same");
    let mount = of(&starting, &event("Pod", "FailedMount", "MountVolume.SetUp failed: no such folder"));
    assert_eq!((mount.stage, mount.cause), (Stage::Starting, "storage_mount"));
    let held = "Multi-Attach error for volume \"pv1\" Volume is already used by pod(s) other";
    let held = of(&starting, &event("Pod", "FailedAttachVolume", held));
    assert_eq!(held.cause, "volume_in_use");
    assert!(words(&held).ends_with("used by pod(s) other; stop what has it, or wait until that has ended"), "{held:?}");
}

#[test]
fn wf_11_a_container_that_ends_is_told_with_its_exit_code_its_limit_and_its_last_lines() {
    let lines: Vec<String> = (1..=30).map(|line| format!("line {line}")).collect();
    let end = |reason: &str, code| Ended { reason: reason.into(), message: lines.join("\n"), code };
    let with = |container: Container| Pod { containers: vec![container], ..pod() };
    let loops = of(
        &with(Container {
            restarts: 4,
            last: Some(end("Error", 3)),
            ..container(waiting("CrashLoopBackOff", "back-off 1m20s"))
        }),
        &[],
    );
    assert!(loops.message.starts_with("main ended with exit code 3 (Error), 4 restarts; put right what"), "{loops:?}");
    assert_eq!(loops.message.lines().count(), 21, "the last twenty: {loops:?}");
    assert!(loops.message.contains("its last lines:\nline 11\n") && loops.message.ends_with("\nline 30"), "{loops:?}");
    let oom = of(
        &with(Container {
            memory_limit: Some(64 * 1024 * 1024 * 1000),
            restarts: 1,
            ..container(State::Ended(Ended { message: String::new(), ..end("OOMKilled", 137) }))
        }),
        &[],
    );
    assert_eq!((oom.reason, oom.cause), ("OOMKilled", "oom"));
    assert_eq!(
        oom.message,
        "main ended with exit code 137 (OOMKilled), 1 restart, it used all of its limit of 64Mi; give it more memory, or \
         run less in it"
    );
    let again = with(Container {
        last: Some(end("OOMKilled", 137)),
        restarts: 1,
        ..container(waiting("CrashLoopBackOff", "back-off 10s"))
    });
    assert_eq!(of(&again, &[]).cause, "oom", "it stays so while it waits for its next start");
    let init =
        of(&with(Container { init: true, name: "install".into(), ..container(State::Ended(end("Error", 2))) }), &[]);
    assert_eq!(init.cause, "init");
    assert!(init.message.starts_with("install ended with exit code 2 (Error); put right what runs before"), "{init:?}");
    let config = of(&with(container(waiting("CreateContainerConfigError", "secret \"x\" not found"))), &[]);
    assert_eq!(config.message, "main: secret \"x\" not found; make what it names, or leave it out");
    let probe = of(&with(container(State::Running)), &[event("Unhealthy", 100)]);
    assert_eq!((probe.stage, probe.cause), (Stage::Starting, "probe"));
}

#[test]
fn every_kind_of_failure_is_known_again_and_says_what_to_do() {
    for word in ["image_missing", "unschedulable", "storage_mount", "volume_in_use", "init", "oom", "crash_loop"] {
        assert_eq!(cause(&format!("{word}: why")), Some(word));
        assert!(next(word).is_some());
    }
    assert_eq!(cause("QuotaExceeded: full"), None);
    assert_eq!(cause("oom"), None);
}

#[test]
fn wl_03e_a_blueprint_leaves_events_out_and_what_to_do_about_a_mount_is_told_when_it_lasts() {
    let event = |reason: &str| Event {
        kind: "Pod".into(),
        reason: reason.into(),
        message: "no such folder".into(),
        at_ms: NOW,
        ..Event::default()
    };
    let waits = |age_s: i64| Pod {
        containers: vec![container(waiting("ContainerCreating", ""))],
        created_ms: NOW - age_s * 1_000,
        ..pod()
    };
    let with = |age_s: i64, events: &[Event], ignored: &[&str]| {
        let ignored: Vec<String> = ignored.iter().map(|one| (*one).to_owned()).collect();
        seen(&waits(age_s), Around { events, ignored: &ignored, ..Around::default() }, NOW)
    };
    let words = |seen: &Seen| seen.warning.as_ref().map(ToString::to_string).unwrap_or_default();
    // The hint after half a minute, and a general one after a whole one.
    let mount = [event("FailedMount")];
    assert_eq!(words(&with(29, &mount, &[])), "FailedMount: no such folder");
    assert!(words(&with(30, &mount, &[])).starts_with("FailedMount: no such folder; see whether its node"));
    assert!(!with(59, &mount, &[]).message.contains("minute") && !with(59, &[], &[]).message.contains("minute"));
    for events in [&mount[..], &[]] {
        let late = with(60, events, &[]);
        assert!(late.message.ends_with("(`qd ws events`)"), "{late:?}");
        assert_eq!(told_at_ms(&waits(60), &late, NOW), None, "there is nothing more to tell");
    }
    let young = with(5, &mount, &[]);
    assert_eq!(told_at_ms(&waits(5), &young, NOW), Some(NOW + 25_000));
    assert_eq!(told_at_ms(&waits(30), &with(30, &mount, &[]), NOW), Some(NOW + 30_000));
    // What a blueprint leaves out neither warns nor fails.
    for ignored in ["FailedMount", "Failed*", "*"] {
        assert_eq!(with(30, &mount, &[ignored]).warning, None, "{ignored}");
    }
    assert!(with(30, &mount, &["Unhealthy", "failedmount"]).warning.is_some());
    let critical = [event("ErrImagePull")];
    assert_eq!(with(5, &critical, &[]).stage, Stage::Failed);
    assert_eq!(with(5, &critical, &["ErrImage*"]).stage, Stage::Starting);
}
