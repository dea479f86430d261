//! The table of conditions: when each holds, and why not otherwise.

use super::{Case, case, condition, made, pod};
use crate::event::Event;
use crate::exposing::{Certificate, Reached};
use crate::idle::{Idle, Judged, Last};
use crate::life::{Known, Life};
use crate::observed::{Claim, Outside, Part};
use crate::pod::{Container, Ended, Pod, State};
use crate::probe::{Canary, Inside, Probed, Script, Unreached};
use crate::render::{Object, Refused};
use cluster::Owned;
use crd::workspace::ExposureType;
use link::told::Mount;
use serde_json::{Value, json};

fn refused(condition: &'static str, reason: &'static str) -> Refused {
    Refused { condition, reason, message: format!("why {reason}"), queued: false }
}

fn waiting(reason: &str) -> State {
    State::Waiting(reason.into(), String::new())
}

fn running() -> Case {
    let mut case = case();
    case.observed.pod = Some(pod(State::Running, true));
    case
}

fn message(status: &Value, name: &str) -> String {
    let all = status["conditions"].as_array().unwrap();
    let one = all.iter().find(|one| one["type"] == name).unwrap();
    assert_eq!(one["observedGeneration"], 3, "{one}");
    assert!(one["lastTransitionTime"].as_str().unwrap().ends_with('Z'), "{one}");
    one["message"].as_str().unwrap().to_owned()
}

#[test]
fn wc_01_accepted_says_what_stands_against_it() {
    let mut case = case();
    assert_eq!(condition(&made(&case).0, "Accepted"), ("True", "AsExpected"));
    for reason in
        ["BlueprintNotFound", "BlueprintInvalid", "PolicyDenied", "GrantMissing", "QuotaExceeded", "NameConflict"]
    {
        case.rendered = Err(refused("Accepted", reason));
        let (status, _) = made(&case);
        assert_eq!(condition(&status, "Accepted"), ("False", reason));
        assert_eq!(message(&status, "Accepted"), format!("why {reason}"));
        assert_eq!(status["lastError"], format!("{reason}: why {reason}"));
        assert_eq!(condition(&status, "Ready"), ("False", reason), "nothing is made");
    }
}

#[test]
fn wc_02a_blueprint_resolved_says_what_is_wrong_and_the_status_has_the_digest() {
    let mut case = case();
    case.rendered.as_mut().unwrap().blueprint = json!({ "name": "dev", "digest": "sha256:1" });
    let (status, _) = made(&case);
    assert_eq!(condition(&status, "BlueprintResolved"), ("True", "AsExpected"));
    assert_eq!(status["blueprint"]["digest"], "sha256:1");
    case.previous = status;
    for reason in ["CELError", "ParamInvalid", "FieldNotAllowed", "RepoFileInvalid", "Cycle"] {
        case.rendered = Err(refused("BlueprintResolved", reason));
        let (status, _) = made(&case);
        assert_eq!(condition(&status, "BlueprintResolved"), ("False", reason));
        assert_eq!(condition(&status, "Accepted").0, "True");
        assert_eq!(message(&status, "BlueprintResolved"), format!("why {reason}"));
        assert_eq!(status["blueprint"]["digest"], "sha256:1", "what it ran with stands");
    }
}

#[test]
fn wc_03_storage_is_ready_when_every_claim_is_bound_or_waits_for_its_first_user() {
    let event = |kind: &str, reason: &str, message: &str| Event {
        about: "p".into(),
        kind: kind.into(),
        name: "pvc-w-home".into(),
        reason: reason.into(),
        message: message.into(),
        ..Event::default()
    };
    let claim = |phase: &str| Claim { name: "pvc-w-home".into(), phase: phase.into(), ..Claim::default() };
    let mut case = case();
    case.observed.claims = vec![claim("Bound")];
    assert_eq!(condition(&made(&case).0, "StorageReady"), ("True", "AsExpected"));
    case.observed.claims = vec![claim("Pending")];
    assert_eq!(condition(&made(&case).0, "StorageReady").0, "True", "nobody uses it yet");
    case.observed.pod = Some(Pod { node: String::new(), ..pod(waiting(""), false) });
    assert_eq!(condition(&made(&case).0, "StorageReady"), ("False", "Provisioning"));
    case.observed.events = vec![event("PersistentVolumeClaim", "FailedBinding", "no volume fits")];
    let (status, _) = made(&case);
    assert_eq!(condition(&status, "StorageReady"), ("False", "FailedBinding"));
    assert!(message(&status, "StorageReady").contains("claim pvc-w-home: no volume fits"), "{status}");
    assert_eq!(condition(&status, "Ready"), ("False", "FailedBinding"));
    case.observed.events = vec![];
    case.observed.claims = vec![Claim { source: "VolumeSnapshot before".into(), ..claim("Pending") }];
    let (status, _) = made(&case);
    assert_eq!(condition(&status, "StorageReady"), ("False", "Restoring"));
    assert_eq!(message(&status, "StorageReady"), "being filled: pvc-w-home from VolumeSnapshot before");
    assert_eq!((status["stage"].as_str(), condition(&status, "Ready").1), (Some("Restoring"), "Restoring"));
    case.observed.claims = vec![claim("Bound")];
    case.observed.pod = Some(pod(waiting("ContainerCreating"), false));
    case.observed.events = vec![event("Pod", "FailedAttachVolume", "Multi-Attach error: used by pod(s) other")];
    let (status, _) = made(&case);
    assert_eq!(condition(&status, "StorageReady"), ("False", "VolumeInUse"));
    assert!(message(&status, "StorageReady").contains("used by pod(s) other"), "{status}");
}

#[test]
fn wc_04_progressing_holds_while_a_change_is_carried_out_and_ends_in_idle_or_stalled() {
    let mut case = case();
    case.observed.pod = Some(Pod { created_ms: 1_000_000, ..pod(State::Running, false) });
    let (status, _) = made(&case);
    assert_eq!(condition(&status, "Progressing"), ("True", "Starting"));
    assert_eq!(condition(&status, "Stalled"), ("", ""), "kstatus: there is none unless it holds");
    case.previous = status;
    case.now_ms += 300_000;
    let (status, _) = made(&case);
    assert_eq!(condition(&status, "Progressing"), ("False", "DeadlineExceeded"));
    assert_eq!(condition(&status, "Stalled"), ("True", "DeadlineExceeded"));
    assert!(message(&status, "Stalled").contains("in stage Starting"), "{status}");
    case.observed.pod = Some(pod(State::Running, true));
    let (status, _) = made(&case);
    assert_eq!(condition(&status, "Progressing"), ("False", "Idle"));
    assert_eq!(condition(&status, "Stalled"), ("", ""));
}

#[test]
fn wc_05_ready_says_where_it_is_or_what_failed() {
    let mut case = case();
    assert_eq!(condition(&made(&case).0, "Ready"), ("False", "Scheduling"));
    let end = |reason: &str, code| Ended { reason: reason.into(), message: String::new(), code };
    let with = |state: State| Some(pod(state, false));
    let pull = Event {
        about: "p".into(),
        reason: "Pulling".into(),
        message: "Pulling image".into(),
        at_ms: 980_000,
        ..Event::default()
    };
    let init = |state: State| {
        let mut pod = pod(waiting("PodInitializing"), false);
        pod.containers.insert(0, Container { name: "install".into(), init: true, state, ..Container::default() });
        Some(pod)
    };
    for (pod, events, reason) in [
        (with(waiting("ContainerCreating")).map(|pod| Pod { node: String::new(), ..pod }), vec![], "Scheduling"),
        (with(waiting("ContainerCreating")), vec![pull], "Pulling"),
        (init(State::Running), vec![], "Initializing"),
        (with(State::Running), vec![], "Starting"),
        (with(waiting("ImagePullBackOff")), vec![], "ImagePullBackOff"),
        (with(waiting("ErrImagePull")), vec![], "ErrImagePull"),
        (with(waiting("InvalidImageName")), vec![], "InvalidImageName"),
        (with(waiting("ErrImageNeverPull")), vec![], "ErrImageNeverPull"),
        (with(waiting("CreateContainerConfigError")), vec![], "CreateContainerConfigError"),
        (with(State::Ended(end("OOMKilled", 137))), vec![], "OOMKilled"),
        (init(State::Ended(end("Error", 1))), vec![], "CrashLoopBackOff"),
    ] {
        (case.observed.pod, case.observed.events) = (pod, events);
        let (status, _) = made(&case);
        assert_eq!(condition(&status, "Ready"), ("False", reason), "{status:#}");
        assert!(!message(&status, "Ready").is_empty());
    }
    let ready = running();
    assert_eq!(condition(&made(&ready).0, "Ready"), ("True", "AsExpected"));
    case.observed.pod = None;
    case.state = "Stopped";
    assert_eq!(condition(&made(&case).0, "Ready"), ("False", "Stopped"));
}

fn probed(answer: Result<Inside, Unreached>) -> Known {
    let key = crate::key::Key { namespace: "n".into(), name: "w".into() };
    let probed = Probed { key, pod: "p".into(), asked_ms: 990_000, beside: false, told_ms: None, answer, link: None };
    let mut known = Known::default();
    known.daemon.take(&probed);
    known
}

#[test]
fn wc_06a_reachable_says_what_the_probe_through_the_door_found() {
    let mut case = running();
    assert_eq!(condition(&made(&case).0, "Reachable"), ("Unknown", "NotMeasured"));
    case.known = probed(Ok(Inside::default()));
    assert_eq!(condition(&made(&case).0, "Reachable"), ("True", "AsExpected"));
    for reason in ["AgentUnreachable", "TLSExpired", "PortClosed"] {
        case.known = probed(Err(Unreached { reason, message: format!("why {reason}") }));
        let (status, _) = made(&case);
        assert_eq!(condition(&status, "Reachable"), ("False", reason));
        assert_eq!(message(&status, "Reachable"), format!("why {reason}"));
        assert_eq!(condition(&status, "Ready").0, "True", "its pod is ready");
    }
    case.observed.pod.as_mut().unwrap().uid = "another".into();
    assert_eq!(condition(&made(&case).0, "Reachable").0, "Unknown", "that was another pod's");
}

#[test]
fn wc_06g_one_that_ran_and_is_not_ready_any_more_still_tells_how_it_is_reached() {
    let mut case = running();
    let pod = case.observed.pod.as_mut().unwrap();
    pod.ready = false;
    case.known = probed(Err(Unreached { reason: "PortClosed", message: "why".into() }));
    let (status, _) = made(&case);
    assert_eq!(condition(&status, "Ready").0, "False");
    assert_eq!(condition(&status, "Reachable"), ("Unknown", "NotMeasured"), "its agent has not answered yet");
    for one in &mut case.observed.pod.as_mut().unwrap().containers {
        one.started = true;
    }
    let (status, _) = made(&case);
    assert_eq!((condition(&status, "Ready").0, condition(&status, "Reachable")), ("False", ("False", "PortClosed")));
}

#[test]
fn wc_06b_reachable_is_unknown_once_the_last_answer_is_a_minute_old() {
    let mut case = running();
    case.known = probed(Ok(Inside::default()));
    let asked_ms = 990_000;
    case.now_ms = asked_ms + 59_999;
    assert_eq!(condition(&made(&case).0, "Reachable"), ("True", "AsExpected"));
    case.now_ms = asked_ms + 60_000;
    let (status, _) = made(&case);
    assert_eq!(condition(&status, "Reachable"), ("Unknown", "NotMeasured"));
    assert!(message(&status, "Reachable").contains("more than a minute ago"), "{status}");
    // That it does not answer stands until it does.
    case.known = probed(Err(Unreached { reason: "PortClosed", message: "why".into() }));
    case.now_ms = asked_ms + 90_000;
    assert_eq!(condition(&made(&case).0, "Reachable"), ("False", "PortClosed"));
}

#[test]
fn wc_06c_up_to_a_thousand_are_asked_within_a_minute_and_of_more_it_is_said_that_they_are_not() {
    let limits = crate::decide::Limits::default();
    let every_ms = |pods| crate::life::every_ms(limits, pods);
    assert!(every_ms(0) < 60_000 && every_ms(61) < 60_000 && every_ms(1_000) < 60_000);
    assert_eq!(every_ms(10_000), 10_000_000, "one a second");
    let mut case = running();
    case.known = probed(Ok(Inside::default()));
    case.known.every_ms = every_ms(1_001);
    let (before, _) = made(&case);
    assert_eq!(condition(&before, "Reachable"), ("Unknown", "NotMeasured"));
    (case.now_ms, case.previous) = (case.now_ms + 600_000, before.clone());
    case.known.every_ms = every_ms(1_002);
    assert_eq!(made(&case).0["conditions"], before["conditions"], "and nothing is written while nothing changes");
}

#[test]
fn wc_06d_what_the_operator_before_found_out_counts_for_a_moment_only() {
    let mut case = running();
    case.known = probed(Ok(Inside::default()));
    case.previous = made(&case).0;
    case.known = Known { since_ms: case.now_ms, ..Known::default() };
    assert_eq!(condition(&made(&case).0, "Reachable").0, "True");
    case.now_ms += 30_000;
    assert_eq!(condition(&made(&case).0, "Reachable"), ("Unknown", "NotMeasured"));
}

#[test]
fn wc_07_idle_names_the_doors_that_keep_it_up_or_when_it_is_stopped() {
    let mut case = running();
    let judged = |idle| {
        let last = Last { at_ms: 990_000, door: "ssh".into(), detail: String::new() };
        let stops = Some((1_600_000, "idleTimeout 2h".into()));
        Some(Life { judged: Judged { idle, last: Some(last), stops, ..Judged::default() }, ..Life::default() })
    };
    case.life = judged(Idle::Used("used through ssh, app 8080".into()));
    let (status, _) = made(&case);
    assert_eq!(condition(&status, "Idle"), ("False", "Active"));
    assert_eq!(message(&status, "Idle"), "used through ssh, app 8080");
    assert_eq!((status["lastActivity"]["door"].as_str(), &status["idleSince"]), (Some("ssh"), &Value::Null));
    case.life = judged(Idle::Since(995_000));
    let (status, _) = made(&case);
    assert_eq!(condition(&status, "Idle"), ("True", "AsExpected"));
    assert_eq!(message(&status, "Idle"), "nobody uses it; it is stopped at 1970-01-01T00:26:40Z (idleTimeout 2h)");
    assert_eq!(status["idleSince"], "1970-01-01T00:16:35Z");
}

#[test]
fn wc_08_network_isolated_holds_when_a_canary_proved_it() {
    let mut case = running();
    let (status, _) = made(&case);
    assert_eq!(condition(&status, "NetworkIsolated"), ("Unknown", "Unknown"));
    let policy = |cidr: &str| {
        Object::of(json!({
            "apiVersion": "networking.k8s.io/v1", "kind": "NetworkPolicy", "metadata": { "name": "w" },
            "spec": { "egress": [{ "to": [{ "ipBlock": { "cidr": cidr } }] }] },
        }))
    };
    let tried = |connected| {
        let canary = Canary { target: "10.96.0.1:443".into(), connected, detail: "timed out".into() };
        probed(Ok(Inside { canary: Some(canary), ..Inside::default() }))
    };
    case.rendered.as_mut().unwrap().parts = policy("192.0.2.0/24").into_iter().collect();
    case.known = tried(false);
    let (status, _) = made(&case);
    assert_eq!(condition(&status, "NetworkIsolated"), ("True", "AsExpected"));
    assert!(message(&status, "NetworkIsolated").contains("10.96.0.1:443"), "{status}");
    case.known = tried(true);
    let (status, _) = made(&case);
    assert_eq!(condition(&status, "NetworkIsolated"), ("False", "NotEnforced"));
    assert!(message(&status, "NetworkIsolated").contains("the network keeps no policies"), "{status}");
    case.rendered.as_mut().unwrap().parts = policy("10.0.0.0/8").into_iter().collect();
    assert_eq!(condition(&made(&case).0, "NetworkIsolated").0, "Unknown", "that may be reached");
}

#[test]
fn wd_06f_what_the_operator_before_found_out_stands_until_the_next_one_asks() {
    let mut case = running();
    let canary = Canary { target: "10.96.0.1:443".into(), connected: true, detail: String::new() };
    case.known = probed(Ok(Inside { canary: Some(canary), ..Inside::default() }));
    let policy = json!({
        "apiVersion": "networking.k8s.io/v1", "kind": "NetworkPolicy", "metadata": { "name": "w" }, "spec": {},
    });
    case.rendered.as_mut().unwrap().parts = Object::of(policy).into_iter().collect();
    let (before, _) = made(&case);
    assert_eq!(condition(&before, "NetworkIsolated"), ("False", "NotEnforced"));
    case.previous = before.clone();
    case.known = Known { since_ms: case.now_ms, ..Known::default() };
    assert_eq!(made(&case).0["conditions"], before["conditions"], "whoever leads now writes nothing");
    case.known = probed(Ok(Inside::default()));
    assert_eq!(condition(&made(&case).0, "NetworkIsolated"), ("False", "NotEnforced"), "the canary is still to come");
    case.known = probed(Err(Unreached { reason: "PortClosed", message: "gone".into() }));
    assert_eq!(condition(&made(&case).0, "Reachable"), ("False", "PortClosed"));
    case.known = Known::default();
    case.observed.pod.as_mut().unwrap().uid = "another".into();
    let (status, _) = made(&case);
    assert_eq!(condition(&status, "Reachable").0, "Unknown", "that was another pod's");
    assert_eq!(condition(&status, "NetworkIsolated").0, "Unknown");
}

#[test]
fn wc_09_exposed_says_what_is_still_to_come() {
    let mut case = running();
    assert_eq!(condition(&made(&case).0, "Exposed"), ("False", "NotExposed"));
    let certificate = Some(Certificate { secret: "w-tls".into(), own: true });
    let kind = ExposureType::Ingress;
    case.rendered.as_mut().unwrap().reached =
        Some(Reached { kind, host: Some("w.test".into()), certificate, port: 443, secure: true, problem: None });
    assert_eq!(condition(&made(&case).0, "Exposed"), ("False", "AddressPending"), "its object is being made");
    let mut part = Part::default();
    case.observed.parts.insert((Owned::Ingress, "w".into()), part.clone());
    assert_eq!(condition(&made(&case).0, "Exposed"), ("False", "AddressPending"), "nobody carries it");
    part.outside = Outside { addresses: vec!["192.0.2.7".into()], ..Outside::default() };
    case.observed.parts.insert((Owned::Ingress, "w".into()), part);
    let (status, _) = made(&case);
    assert_eq!(condition(&status, "Exposed"), ("False", "CertificatePending"));
    assert!(message(&status, "Exposed").contains("w-tls"), "{status}");
    case.observed.parts.insert((Owned::Secret, "w-tls".into()), Part::default());
    let (status, _) = made(&case);
    assert_eq!(condition(&status, "Exposed"), ("True", "AsExpected"));
    assert_eq!(status["externalURL"], "https://w.test/");
    case.outside = Some("host \"w.test\" is already defined in ingress other/w".into());
    assert_eq!(condition(&made(&case).0, "Exposed"), ("False", "HostConflict"));
}

#[test]
fn wc_10a_degraded_names_what_holds_though_it_works() {
    let mut case = running();
    assert_eq!(condition(&made(&case).0, "Degraded"), ("False", "AsExpected"));
    case.observed.pod.as_mut().unwrap().resize = Some("Deferred: Node didn't have enough resource: cpu".into());
    let (status, _) = made(&case);
    assert_eq!(condition(&status, "Degraded"), ("True", "ResizeDeferred"));
    assert!(
        message(&status, "Degraded").starts_with("its node gives it other sizes as soon as it has room"),
        "{status}"
    );
    assert_eq!(condition(&status, "Ready").0, "True", "it works");
    case.observed.pod = Some(Pod { agent_version: "0.1".into(), ..pod(State::Running, true) });
    case.rendered.as_mut().unwrap().agent_version = "0.2".into();
    let (status, _) = made(&case);
    assert_eq!(condition(&status, "Degraded"), ("True", "AgentOutdated"));
    assert!(message(&status, "Degraded").contains("0.1"), "{status}");
    case.observed.pod = Some(pod(State::Running, false));
    case.observed.events = vec![Event { about: "p".into(), reason: "Unhealthy".into(), ..Event::default() }];
    assert_eq!(condition(&made(&case).0, "Degraded"), ("True", "ProbeFailing"));
}

#[test]
fn bp_12d_an_init_script_that_failed_is_a_warning_where_the_blueprint_has_that_shown() {
    let script =
        |name: &str, state: &str| Script { name: name.into(), state: state.into(), detail: "exit code 3".into() };
    let mut case = running();
    let scripts = vec![script("one", "done"), script("bad", "failed"), script("two", "done_before")];
    case.known = probed(Ok(Inside { scripts, ..Inside::default() }));
    assert_eq!(condition(&made(&case).0, "Degraded"), ("False", "AsExpected"), "nobody asked to see it");
    case.rendered.as_mut().unwrap().shows_scripts = true;
    let (status, _) = made(&case);
    assert_eq!(condition(&status, "Degraded"), ("True", "InitScriptFailed"));
    assert!(message(&status, "Degraded").starts_with("init script failed: bad (exit code 3);"), "{status}");
    let scripts = vec![script("one", "done_before"), script("bad", "done")];
    case.known = probed(Ok(Inside { scripts, ..Inside::default() }));
    assert_eq!(condition(&made(&case).0, "Degraded"), ("False", "AsExpected"));
}

#[test]
fn wc_10b_a_volume_that_is_nearly_full_is_named_and_its_use_is_told_in_steps() {
    const GIB: u64 = 1 << 30;
    let mut case = running();
    let claim = Claim { name: "pvc-w-home".into(), phase: "Bound".into(), size: "1Gi".into(), ..Claim::default() };
    case.observed.claims = vec![claim];
    case.rendered.as_mut().unwrap().pod = Object::of(json!({
        "apiVersion": "v1", "kind": "Pod", "metadata": { "name": "w" },
        "spec": {
            "volumes": [{ "name": "home", "persistentVolumeClaim": { "claimName": "pvc-w-home" } }],
            "containers": [{ "name": "main", "volumeMounts": [{ "name": "home", "mountPath": "/home/ada" }] }],
        },
    }));
    let with = |bytes: u64, free: u64, inodes_free: u64| {
        let path = "/home/ada".to_owned();
        let mount = Mount { path, bytes, bytes_free: free, inodes: 1000, inodes_free, ..Mount::default() };
        probed(Ok(Inside { mounts: Some(vec![mount]), ..Inside::default() }))
    };
    assert_eq!(made(&case).0["volumes"][0]["used"], Value::Null, "nobody looked");
    for (bytes, free, files, reason, words, used) in [
        (GIB, GIB / 2, 900, "AsExpected", "no warning holds", json!("512Mi")),
        (GIB, GIB / 2 - 1, 900, "AsExpected", "no warning holds", json!("563Mi")),
        (GIB, GIB / 10, 900, "VolumeNearlyFull", "the volume at /home/ada (1Gi) is 90 % full or more", json!("972Mi")),
        (GIB, GIB / 5, 900, "VolumeNearlyFull", "the volume at /home/ada (1Gi) is 80 % full or more", json!("870Mi")),
        (GIB, GIB / 2, 30, "VolumeNearlyFull", "the volume at /home/ada has 95 % or more of the files", json!("512Mi")),
        (9 * GIB, GIB / 100, 10, "AsExpected", "no warning holds", Value::Null), // the node's
    ] {
        case.known = with(bytes, free, files);
        let (status, _) = made(&case);
        assert_eq!(condition(&status, "Degraded").1, reason, "{status:#}");
        assert!(message(&status, "Degraded").starts_with(words), "{status:#}");
        assert_eq!(status["volumes"][0]["used"], used);
    }
}

#[test]
fn wf_15a_a_resize_that_is_not_possible_now_says_so_and_offers_a_restart() {
    let mut case = running();
    for (words, told) in [
        ("Deferred: Node didn't have enough resource: cpu", "as soon as it has room"),
        ("Infeasible: Node didn't have enough capacity: memory", "stop and start it, or ask for less"),
    ] {
        case.observed.pod.as_mut().unwrap().resize = Some(words.into());
        let said = message(&made(&case).0, "Degraded");
        assert!(said.contains(told) && said.contains(words), "{said}");
    }
    for (has, ours, told) in [
        ("0.3.0", "0.2.9", "update this program, or start the workspace again with the older agent"),
        ("0.9.0-dev", "0.10.0", "start the workspace again, and it has this one"),
    ] {
        case.observed.pod = Some(Pod { agent_version: has.into(), ..pod(State::Running, true) });
        case.rendered.as_mut().unwrap().agent_version = ours.into();
        let said = message(&made(&case).0, "Degraded");
        assert_eq!(said, format!("its agent is of version {has}, this program's of {ours}: {told}"));
    }
}

#[test]
fn wf_14c_where_a_cluster_changes_no_sizes_of_pods_that_run_that_is_told_and_what_to_do() {
    use crate::reconcile::{NO_RESIZE, resizes_nothing};
    assert!(resizes_nothing(&cluster::Error::NotServed { kind: "pods/resize".into() }));
    assert!(
        !resizes_nothing(&cluster::Error::NotFound { message: "pods \"w\" not found".into() }),
        "a pod that is gone is no older cluster"
    );
    let mut case = running();
    case.trouble = Some(super::Trouble { reason: "ResizeDeferred", message: NO_RESIZE.into() });
    let (status, _) = made(&case);
    assert_eq!(condition(&status, "Degraded"), ("True", "ResizeDeferred"));
    let said = message(&status, "Degraded");
    assert!(
        said.starts_with("feature_unavailable: ") && said.ends_with("stop and start it for the new ones"),
        "{said}"
    );
    assert_eq!(condition(&status, "Ready").0, "True", "it works");
}

#[test]
fn wf_09b_what_found_no_node_in_time_is_unschedulable_and_no_timeout() {
    use crate::until::{Look, Until, details, look};
    let mut case = case();
    let words = "0/2 nodes are available: 2 Insufficient cpu. preemption: none";
    case.observed.pod = Some(Pod {
        node: String::new(),
        unplaced: Some(words.into()),
        cpu_request: 3_500,
        created_ms: 1_000_000,
        ..pod(waiting(""), false)
    });
    case.observed.nodes.cpu_milli = 2_000;
    let (status, again) = made(&case);
    assert_eq!((condition(&status, "Ready"), again), (("False", "Scheduling"), Some(1_300_000)));
    assert!(message(&status, "Ready").starts_with("2 nodes: cpu short by 1.5 (3.5 asked for"), "{status}");
    assert!(status.get("lastError").is_none(), "a node may come");
    case.previous = status;
    case.now_ms = 1_300_000;
    let (status, _) = made(&case);
    let object = json!({ "metadata": { "generation": 3 }, "status": status });
    let Look::Failed(code, said) = look(Some(&object), Until::Ready, 3) else { panic!("{object:#}") };
    assert_eq!(code, base::Code::WorkspaceFailed);
    assert!(said.starts_with("unschedulable: no progress for 5 min in stage Scheduling"), "{said}");
    assert!(said.contains("2 nodes: cpu short by 1.5") && said.ends_with("or add a node"), "{said}");
    let details = details(&said).unwrap();
    assert_eq!(details["reason"], "unschedulable");
    assert_eq!(details["hint"], "ask for less, stop what nobody needs, or add a node");
}

#[test]
fn wf_12_what_takes_too_long_says_the_stage_since_when_and_what_it_waits_for() {
    use crate::until::{Look, Until, look};
    let mut case = case();
    case.observed.pod = Some(Pod { created_ms: 1_000_000, ..pod(State::Running, false) });
    case.previous = made(&case).0;
    case.now_ms = 1_300_000;
    let (status, _) = made(&case);
    let object = json!({ "metadata": { "generation": 3 }, "status": status });
    let Look::Failed(code, said) = look(Some(&object), Until::Ready, 3) else { panic!("{object:#}") };
    assert_eq!(code, base::Code::WorkspaceTimeout);
    assert_eq!(
        said,
        "no progress for 5 min in stage Starting, in which it is since 1970-01-01T00:16:40Z: main runs and is not ready yet"
    );
    let held = Event {
        about: "p".into(),
        kind: "Pod".into(),
        reason: "FailedAttachVolume".into(),
        message: "Multi-Attach error: used by pod(s) other".into(),
        ..Event::default()
    };
    case.observed.pod = Some(Pod { created_ms: 1_000_000, ..pod(waiting("ContainerCreating"), false) });
    case.observed.events = vec![held];
    let object = json!({ "metadata": { "generation": 3 }, "status": made(&case).0 });
    let Look::Failed(code, said) = look(Some(&object), Until::Ready, 3) else { panic!("{object:#}") };
    assert_eq!(code, base::Code::VolumeInUse, "{said}");
    assert!(said.starts_with("volume_in_use: ") && said.contains("used by pod(s) other"), "{said}");
}
