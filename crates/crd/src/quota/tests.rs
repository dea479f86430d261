#![allow(clippy::unwrap_used, clippy::panic)]

use super::{Bound, Key, Ledger, Load, Overflow, Pot, Quota, Refused, Reservation, Who, idle_timeout};
use crate::scalar::{Quantity, Time};
use serde_json::{Value, json};
use std::collections::BTreeMap;

fn quota(name: &str, spec: &Value) -> Quota {
    serde_json::from_value(json!({ "apiVersion": "quarterdeck.dev/v1alpha1", "kind": "Quota", "metadata": { "name": name }, "spec": spec })).unwrap()
}

fn key(name: &str) -> Key {
    Key { namespace: "team-a".to_owned(), name: name.to_owned() }
}

/// A workspace of dev1 that runs with so much.
fn running(cpu: &str, memory: &str, storage: &str) -> Reservation {
    let milli = |text: &str| Quantity::from(text).milli().unwrap();
    let load = Load {
        workspaces: 1,
        running: 1,
        cpu: milli(cpu),
        memory: milli(memory),
        storage: milli(storage),
        volumes: 1,
        ..Load::default()
    };
    let who = Who { user: "dev1".to_owned(), roles: vec!["dev".to_owned()], org: "acme".to_owned() };
    Reservation { who, load, idle_since: None }
}

fn small() -> Reservation {
    running("1", "1Gi", "1Gi")
}

fn bounds(refused: &Refused) -> Vec<Bound> {
    refused.broken.iter().map(|one| one.bound).collect()
}

#[test]
fn ws_19a_room_is_taken_up_to_the_bound_and_not_beyond() {
    let quotas = [quota("q", &json!({ "subject": { "user": "dev1" }, "hard": { "running": 2, "cpu": "2500m" } }))];
    let mut ledger = Ledger::default();
    ledger.reserve(&key("a"), small(), &quotas).unwrap();
    ledger.reserve(&key("b"), running("1500m", "1Gi", "1Gi"), &quotas).unwrap();
    let refused = ledger.reserve(&key("c"), small(), &quotas).unwrap_err();
    assert_eq!(bounds(&refused), [Bound::Running, Bound::Cpu]);
    assert_eq!(
        refused.to_string(),
        "quota q of user dev1: hard.running: 2 of 2 in use, 1 more asked for; hard.cpu: 2500m of 2500m in use, 1 more asked for"
    );
    assert_eq!(ledger.get(&key("c")), None);
    ledger.release(&key("a"));
    ledger.reserve(&key("c"), small(), &quotas).unwrap();
}

#[test]
fn ws_19b_every_bound_binds() {
    let load = Load {
        workspaces: 1,
        running: 1,
        cpu: 2_000,
        memory: 2_000,
        storage: 2_000,
        volumes: 2,
        snapshots: 2,
        exposed_ports: 2,
        injected: 1,
        cpu_hours_day: 0,
        cpu_hours_week: 0,
    };
    let used = Load { cpu_hours_day: 5_000, cpu_hours_week: 9_000, ..Load::default() };
    let table = [
        (json!({ "workspaces": 0 }), Bound::Workspaces),
        (json!({ "running": 0 }), Bound::Running),
        (json!({ "cpu": "1999m" }), Bound::Cpu),
        (json!({ "memory": "1" }), Bound::Memory),
        (json!({ "storage": 1 }), Bound::Storage),
        (json!({ "volumes": 1 }), Bound::Volumes),
        (json!({ "snapshots": 1 }), Bound::Snapshots),
        (json!({ "exposedPorts": 1 }), Bound::ExposedPorts),
        (json!({ "injected": 0 }), Bound::Injected),
        (json!({ "cpuHours": { "perDay": 5 } }), Bound::CpuHoursPerDay),
        (json!({ "cpuHours": { "perWeek": "9" } }), Bound::CpuHoursPerWeek),
    ];
    for (hard, bound) in table {
        let broken = used.broken(&load, &serde_json::from_value(hard.clone()).unwrap());
        assert_eq!(broken.iter().map(|one| one.bound).collect::<Vec<_>>(), [bound], "{hard}");
    }
    let wide = json!({ "workspaces": 1, "running": 1, "cpu": 2, "memory": 2, "storage": 2, "volumes": 2, "snapshots": 2, "exposedPorts": 2,
        "injected": 1, "cpuHours": { "perDay": "5001m", "perWeek": 10 } });
    assert_eq!(used.broken(&load, &serde_json::from_value(wide).unwrap()), []);
    let per = serde_json::from_value(json!({ "cpu": 1, "memory": 1, "storage": 1 })).unwrap();
    let large: Vec<Bound> = load.too_large(&per).iter().map(|one| one.bound).collect();
    assert_eq!(large, [Bound::WorkspaceCpu, Bound::WorkspaceMemory, Bound::WorkspaceStorage]);
}

#[test]
fn ws_19c_what_does_not_grow_always_fits() {
    let wide = [quota("q", &json!({ "subject": { "all": true }, "hard": { "running": 5, "cpu": 10 } }))];
    let mut ledger = Ledger::default();
    ledger.reserve(&key("a"), running("4", "1Gi", "1Gi"), &wide).unwrap();
    ledger.reserve(&key("b"), running("4", "1Gi", "1Gi"), &wide).unwrap();
    let lowered = [quota(
        "q",
        &json!({ "subject": { "all": true }, "hard": { "running": 1, "cpu": 1 }, "perWorkspace": { "cpu": 1 } }),
    )];
    let mut stopped = running("4", "1Gi", "1Gi");
    stopped.load = stopped.load.stopped();
    ledger.reserve(&key("a"), running("3", "1Gi", "1Gi"), &lowered).unwrap();
    ledger.reserve(&key("a"), stopped, &lowered).unwrap();
    assert_eq!(ledger.used(&Pot::All).running, 1);
    assert_eq!(ledger.used(&Pot::All).storage, Quantity::from("2Gi").milli().unwrap());
    assert!(ledger.reserve(&key("a"), running("1", "1Gi", "1Gi"), &lowered).is_err());
}

#[test]
fn ws_19d_of_several_quotas_the_tightest_counts() {
    let quotas = [
        quota("wide", &json!({ "subject": { "all": true }, "hard": { "running": 9 } })),
        quota("tight", &json!({ "subject": { "org": "acme" }, "hard": { "running": 1 } })),
        quota("other", &json!({ "subject": { "org": "other" }, "hard": { "running": 0 } })),
    ];
    let mut ledger = Ledger::default();
    ledger.reserve(&key("a"), small(), &quotas).unwrap();
    assert_eq!(ledger.reserve(&key("b"), small(), &quotas).unwrap_err().quota, "tight");
}

#[test]
fn ws_19e_subjects_and_what_each_shares() {
    let who = small().who;
    let table = [
        (json!({ "user": "dev1" }), Some(Pot::User("dev1".to_owned()))),
        (json!({ "user": "*" }), Some(Pot::User("dev1".to_owned()))),
        (json!({ "user": "dev2" }), None),
        (json!({ "role": "dev" }), Some(Pot::Role("dev".to_owned()))),
        (json!({ "role": "ops" }), None),
        (json!({ "org": "acme" }), Some(Pot::Org("acme".to_owned()))),
        (json!({ "org": "*" }), Some(Pot::Org("acme".to_owned()))),
        (json!({ "namespace": "team-a" }), Some(Pot::Namespace("team-a".to_owned()))),
        (json!({ "namespace": "team-b" }), None),
        (json!({ "all": true }), Some(Pot::All)),
        (json!({ "all": false }), None),
    ];
    for (subject, pot) in table {
        let quota = quota("q", &json!({ "subject": subject }));
        assert_eq!(quota.spec.subject.pot(&key("a"), &who), pot, "{subject}");
    }
    // each user for himself
    let quotas = [quota("q", &json!({ "subject": { "user": "*" }, "hard": { "running": 1 } }))];
    let mut ledger = Ledger::default();
    ledger.reserve(&key("a"), small(), &quotas).unwrap();
    let mut other = small();
    other.who.user = "dev2".to_owned();
    ledger.reserve(&key("b"), other, &quotas).unwrap();
    assert_eq!(ledger.reserve(&key("c"), small(), &quotas).unwrap_err().pot, Pot::User("dev1".to_owned()));
    let status = ledger.status(&quotas.first().unwrap().spec, &BTreeMap::new());
    assert_eq!(status.subject.as_deref(), Some("each user"));
    assert_eq!(status.shown.unwrap().running.as_deref(), Some("1/1"));
    assert_eq!(status.used.unwrap().running, 2);
}

#[test]
fn ws_19f_what_is_done_about_it_and_what_waiting_never_helps() {
    let of = |overflow: &str, cpu: &str| {
        let spec = json!({ "subject": { "all": true }, "hard": { "cpu": cpu }, "overflow": overflow });
        quota(overflow, &spec)
    };
    let mut ledger = Ledger::default();
    ledger.enter(key("a"), running("4", "1Gi", "1Gi"));
    let mut ask = |quotas: &[Quota], cpu: &str| {
        ledger.reserve(&key("b"), running(cpu, "1Gi", "1Gi"), quotas).unwrap_err().overflow
    };
    assert_eq!(ask(&[of("Queue", "5")], "2"), Overflow::Queue);
    assert_eq!(ask(&[of("StopOldestIdle", "5")], "2"), Overflow::StopOldestIdle);
    assert_eq!(ask(&[of("StopOldestIdle", "5"), of("Queue", "5")], "2"), Overflow::Queue);
    assert_eq!(ask(&[of("Queue", "5"), of("Deny", "5")], "2"), Overflow::Deny);
    // more than there is at all
    assert_eq!(ask(&[of("Queue", "5")], "6"), Overflow::Deny);
    let one = quota("q", &json!({ "subject": { "all": true }, "perWorkspace": { "cpu": 1 }, "overflow": "Queue" }));
    assert_eq!(ask(&[one], "2"), Overflow::Deny);
}

#[test]
fn ws_19g_the_one_that_is_idle_longest_makes_room() {
    let at = |text: &str| Some(Time(text.parse().unwrap()));
    let spec = json!({ "subject": { "user": "dev1" }, "hard": { "running": 3 }, "overflow": "StopOldestIdle" });
    let quotas = [quota("q", &spec)];
    let mut ledger = Ledger::default();
    for (name, idle) in [("a", at("2026-01-01T02:00:00Z")), ("b", at("2026-01-01T01:00:00Z")), ("c", None)] {
        ledger.enter(key(name), Reservation { idle_since: idle, ..small() });
    }
    let mut other = small();
    other.who.user = "dev2".to_owned();
    ledger.enter(key("z"), Reservation { idle_since: at("2025-01-01T00:00:00Z"), ..other });
    let refused = ledger.reserve(&key("d"), small(), &quotas).unwrap_err();
    assert_eq!(ledger.oldest_idle(&refused, &key("d")), Some(&key("b")));
    ledger.idle(&key("b"), None);
    assert_eq!(ledger.oldest_idle(&refused, &key("d")), Some(&key("a")));
    // stopping gives no storage back
    let spec = json!({ "subject": { "user": "dev1" }, "hard": { "storage": "3Gi" }, "overflow": "StopOldestIdle" });
    let refused = ledger.reserve(&key("d"), small(), &[quota("q", &spec)]).unwrap_err();
    assert_eq!(ledger.oldest_idle(&refused, &key("d")), None);
}

#[test]
fn ws_19h_idle_timeouts_are_cut_to_the_shortest_that_is_allowed() {
    let specs: Vec<_> = ["1h", "4h", "0"]
        .iter()
        .map(|most| quota("q", &json!({ "subject": { "all": true }, "perWorkspace": { "idleTimeout": most } })).spec)
        .collect();
    assert_eq!(idle_timeout(7_200, &specs), 3_600);
    assert_eq!(idle_timeout(0, &specs), 3_600);
    assert_eq!(idle_timeout(600, &specs), 600);
    assert_eq!(idle_timeout(0, []), 0);
}

#[test]
fn ws_19i_a_status_shows_used_beside_hard() {
    let spec = json!({ "subject": { "org": "acme" }, "hard": { "running": 10, "cpu": 20, "memory": "64Gi" } });
    let quotas = [quota("q", &spec)];
    let mut ledger = Ledger::default();
    ledger.reserve(&key("a"), running("500m", "1536Mi", "10Gi"), &quotas).unwrap();
    ledger.reserve(&key("b"), running("1", "512Mi", "10Gi"), &quotas).unwrap();
    let promised = BTreeMap::from([(key("b"), running("1", "512Mi", "0").load)]);
    let status = ledger.status(&quotas.first().unwrap().spec, &promised);
    assert_eq!(status.used.as_ref().map(|used| (used.workspaces, used.running)), Some((1, 1)));
    assert_eq!(status.reserved.and_then(|more| more.cpu), Some("1".into()), "what is not there yet is told beside it");
    let shown = status.shown.unwrap();
    assert_eq!(status.subject.as_deref(), Some("org acme"));
    assert_eq!(shown.running.as_deref(), Some("2/10"));
    assert_eq!(shown.cpu.as_deref(), Some("1500m/20"));
    assert_eq!(shown.memory.as_deref(), Some("2Gi/64Gi"));
    assert_eq!(shown.storage.as_deref(), Some("20Gi"));
    assert_eq!(status.top.first().map(|one| (one.user.as_str(), one.running)), Some(("dev1", 2)));
}
