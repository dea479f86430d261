//! Several operators of one cluster: one acts, and another goes on where it was killed.
#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic, clippy::indexing_slicing)]

use e2e::console::Console;
use e2e::fresh::Fresh;
use e2e::workspaces::{apply, get, home, list, operator, until, wait};
use e2e::{kubeconfig, kubectl, signal};
use serde_json::{Value, json};
use std::sync::Mutex;
use std::time::Instant;

/// Who is killed here leads here: these tests come one after the other.
static ALONE: Mutex<()> = Mutex::new(());

fn holder() -> String {
    let lease = get("kube-system", "lease", "quarterdeck-operator");
    lease["spec"]["holderIdentity"].as_str().unwrap_or_default().to_owned()
}

fn leads(console: &Console) -> bool {
    holder().starts_with(&format!("{}-", console.pid()))
}

fn state(namespace: &str, name: &str, state: &str) {
    let object = format!("workspaces.quarterdeck.dev/{name}");
    let patch = json!({ "spec": { "state": state } }).to_string();
    let _ = kubectl::stdout(&kubeconfig(), &["patch", "-n", namespace, &object, "--type=merge", "-p", &patch]);
}

#[test]
fn wo_01e_when_the_active_operator_is_killed_another_goes_on_within_half_a_minute() {
    let _alone = ALONE.lock().unwrap_or_else(std::sync::PoisonError::into_inner);
    let fresh = Fresh::new("ws-lead");
    let ns = fresh.name();
    let first = operator();
    until("the first operator leads", 40, || leads(&first));
    apply(ns, "w", &json!({}));
    wait(ns, "w", "condition=Ready");
    let second = operator();
    // The second one waits: what is asked for is done by the first.
    std::thread::sleep(std::time::Duration::from_secs(5));
    assert!(leads(&first) && !leads(&second));
    signal(first.pid(), "KILL");
    let killed = Instant::now();
    state(ns, "w", "Stopped");
    wait(ns, "w", "jsonpath={.status.phase}=Stopped");
    let took = killed.elapsed();
    assert!(took.as_secs() < 30, "{took:?}");
    assert!(leads(&second));
    // Who leaves in order hands over at once.
    let third = operator();
    drop(second);
    let left = Instant::now();
    until("the third operator leads", 15, || leads(&third));
    assert!(left.elapsed().as_secs() < 6, "{:?}", left.elapsed());
}

#[test]
fn wd_11b_an_operator_killed_again_and_again_makes_no_second_pod_and_loses_no_home() {
    let _alone = ALONE.lock().unwrap_or_else(std::sync::PoisonError::into_inner);
    let fresh = Fresh::new("ws-killed");
    let ns = fresh.name();
    let labels = "quarterdeck.dev/workspace=w";
    // Killed as soon as each of these is seen: somewhere between the steps of making, stopping and starting.
    let claims = || !list(ns, "persistentvolumeclaims", labels).is_empty();
    let pods = || list(ns, "pods", labels).len();
    let mut two = [operator(), operator()];
    let mut kept = None;
    for round in 0..4 {
        until("one of the two leads", 40, || two.iter().any(leads));
        match round {
            0 => {
                apply(ns, "w", &json!({}));
                until("its home is there", 60, claims);
            }
            1 => until("its pod is there", 60, || pods() == 1),
            2 => {
                wait(ns, "w", "condition=Ready");
                let file = home(ns, "w").join("file");
                std::fs::write(&file, "kept").unwrap();
                kept = Some(file);
                state(ns, "w", "Stopped");
                until("its pod ends", 60, || {
                    list(ns, "pods", labels).iter().all(|pod| pod["metadata"]["deletionTimestamp"].is_string())
                });
            }
            _ => {
                until("its pod is gone", 60, || pods() == 0);
                state(ns, "w", "Running");
            }
        }
        let active = two.iter_mut().find(|console| leads(console)).expect("who leads goes on leading");
        signal(active.pid(), "KILL");
        *active = operator();
        assert!(pods() <= 1, "two pods");
    }
    until("one of the last two leads", 40, || two.iter().any(leads));
    wait(ns, "w", "condition=Ready");
    assert_eq!(pods(), 1);
    assert_eq!(std::fs::read_to_string(kept.unwrap()).unwrap(), "kept");
    assert_eq!(list(ns, "persistentvolumeclaims", labels).len(), 1);
}

/// How often somebody deleted a claim of a namespace, by the API server's own log.
fn deleted_claims(namespace: &str) -> usize {
    let log = std::fs::read_to_string(e2e::env("QD_E2E_AUDIT_LOG")).unwrap();
    let lines = log.lines().filter(|line| line.contains(namespace) && line.contains("persistentvolumeclaims"));
    let events = lines.filter_map(|line| serde_json::from_str::<Value>(line).ok());
    let of = |event: &Value| {
        let object = &event["objectRef"];
        let deletes = matches!(event["verb"].as_str(), Some("delete" | "deletecollection"));
        deletes && object["resource"] == "persistentvolumeclaims" && object["namespace"] == namespace
    };
    events.filter(of).count()
}

#[test]
fn wd_11g_a_program_that_crashes_again_and_again_is_upgraded_stopped_started_and_deleted_and_its_home_stays() {
    let _alone = ALONE.lock().unwrap_or_else(std::sync::PoisonError::into_inner);
    let fresh = Fresh::new("ws-loops");
    let ns = fresh.name();
    let crashes = |code: u8| {
        let line = format!("exit {code}");
        json!({ "update": "Auto", "runProfile": "service", "command": ["bash", "-c", line] })
    };
    let restarts = |least: i64| {
        let pod = get(ns, "pod", "w");
        let main = pod["status"]["containerStatuses"]
            .as_array()
            .into_iter()
            .flatten()
            .find(|one| one["name"] == "main")
            .cloned();
        main.is_some_and(|main| main["restartCount"].as_i64() >= Some(least))
    };
    let kill = |console: &mut Console| {
        until("it leads", 40, || leads(console));
        signal(console.pid(), "KILL");
        *console = operator();
    };
    let mut console = operator();
    apply(ns, "w", &json!({ "update": "Auto" }));
    wait(ns, "w", "condition=Ready");
    let file = home(ns, "w").join("file");
    std::fs::write(&file, "kept").unwrap();
    let claim = || get(ns, "persistentvolumeclaim", "pvc-w-home")["metadata"]["uid"].clone();
    let before = claim();
    assert!(before.is_string());
    // An upgrade to what crashes, and another one while it does.
    for code in [3, 4] {
        apply(ns, "w", &crashes(code));
        let command = format!("exit {code}");
        until("the next one crashes", 90, || restarts(1) && get(ns, "pod", "w")["spec"].to_string().contains(&command));
        kill(&mut console);
        assert_eq!(std::fs::read_to_string(&file).unwrap(), "kept");
    }
    state(ns, "w", "Stopped");
    wait(ns, "w", "jsonpath={.status.phase}=Stopped");
    state(ns, "w", "Running");
    until("it crashes again", 60, || restarts(1));
    kill(&mut console);
    let _ = kubectl::stdout(&kubeconfig(), &["delete", "-n", ns, "workspaces.quarterdeck.dev/w", "--timeout=180s"]);
    // Made anew under its name, it has its home again, and runs.
    apply(ns, "w", &json!({ "update": "Auto" }));
    wait(ns, "w", "condition=Ready");
    assert_eq!((claim(), std::fs::read_to_string(&file).unwrap()), (before, "kept".to_owned()));
    assert_eq!(deleted_claims(ns), 0, "nobody deletes storage on the way");
    drop(console);
}
