//! A workspace that nobody uses: what keeps it up, that it is told and stopped, and that nothing is lost; limits, other sizes, the end.
#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic, clippy::indexing_slicing)]

use e2e::console::Console;
use e2e::fresh::Fresh;
use e2e::workspaces::{apply, condition, get, home, list, operator, run, until, wait};
use e2e::{context, kubeconfig, kubectl};
use serde_json::{Value, json};
use std::process::{Command, Stdio};
use std::time::{Duration, Instant};

fn workspace(namespace: &str, name: &str) -> Value {
    get(namespace, "workspaces.quarterdeck.dev", name)
}

fn patch(namespace: &str, name: &str, spec: &Value) {
    let object = format!("workspaces.quarterdeck.dev/{name}");
    let patch = json!({ "spec": spec }).to_string();
    let _ = kubectl::stdout(&kubeconfig(), &["patch", "-n", namespace, &object, "--type=merge", "-p", &patch]);
}

fn message(object: &Value, name: &str) -> String {
    let all = object["status"]["conditions"].as_array().cloned().unwrap_or_default();
    let one = all.into_iter().find(|one| one["type"] == name).unwrap_or_default();
    one["message"].as_str().unwrap_or_default().to_owned()
}

fn pod(namespace: &str) -> Value {
    list(namespace, "pods", "quarterdeck.dev/workspace=w").pop().unwrap_or_default()
}

#[test]
fn wb_05m_what_runs_inside_keeps_it_up_then_it_is_told_and_stopped_and_its_home_stays() {
    let fresh = Fresh::new("ws-idle");
    let ns = fresh.name();
    let console = operator();
    apply(ns, "w", &json!({ "lifecycle": { "idleTimeout": "20s", "idleWarning": "10s" } }));
    wait(ns, "w", "condition=Ready");
    wait(ns, "w", "condition=Reachable");
    until("the network was tried", 30, || condition(&workspace(ns, "w"), "NetworkIsolated").0 != "Unknown");
    let isolated = condition(&workspace(ns, "w"), "NetworkIsolated");
    assert!(matches!(isolated.1.as_str(), "AsExpected" | "NotEnforced"), "{isolated:?}");
    std::fs::write(home(ns, "w").join("kept"), "by the stop").unwrap();
    // A program that somebody runs, longer than the timeout.
    let began = Instant::now();
    let mut words = Command::new(e2e::qd());
    words.env("KUBECONFIG", kubeconfig()).args(["ws", "exec", "-n", ns, "w", "--", "sleep", "35"]);
    let mut runs = words.stdin(Stdio::null()).stdout(Stdio::null()).spawn().expect("qd starts");
    until("the program is seen", 25, || workspace(ns, "w")["status"]["lastActivity"]["detail"] == "sleep 35");
    assert_eq!(message(&workspace(ns, "w"), "Idle"), "used lately: exec");
    let ask = |path: &str| {
        let answer = console.ask("GET", &format!("/workspaces/{ns}/w/{path}cluster={}", context()), None, &[]);
        assert_eq!(answer.status, 200, "{}", answer.body);
        answer.json()
    };
    let why = ask("why?");
    assert_eq!((&why["last_use"]["door"], &why["last_use"]["detail"]), (&json!("exec"), &json!("sleep 35")), "{why}");
    assert!(why["idle"].as_str().unwrap().starts_with("used lately: "), "{why}");
    // what this server itself was told of, whoever of several leads
    let _ = ask("files/list?path=&");
    let why = ask("why?");
    let uses = why["uses"].as_array().unwrap();
    assert!(uses.iter().any(|one| one["door"] == "files" && one["to_ms"].as_u64() > one["from_ms"].as_u64()), "{why}");
    while began.elapsed() < Duration::from_secs(33) {
        let seen = workspace(ns, "w");
        assert_eq!(
            (&seen["status"]["phase"], condition(&seen, "Idle").0.as_str()),
            (&json!("Running"), "False"),
            "{seen:#}"
        );
        std::thread::sleep(Duration::from_millis(500));
    }
    assert!(runs.wait().unwrap().success());
    // Then somebody asks that it stays.
    run(ns, "w", "/qd/bin/kbox keep --for 25s --reason thinking");
    until("it is kept", 25, || message(&workspace(ns, "w"), "Idle").contains("kept until"));
    wait(ns, "w", "condition=Idle");
    let told = workspace(ns, "w");
    assert!(told["status"]["idleSince"].is_string() && told["status"]["stopAt"].is_string(), "{told:#}");
    assert!(message(&told, "Idle").contains("idleTimeout 20s"), "{}", message(&told, "Idle"));
    wait(ns, "w", "jsonpath={.status.phase}=Stopped");
    let stopped = workspace(ns, "w");
    assert_eq!(stopped["spec"]["state"], "Stopped");
    let reason = stopped["status"]["stopReason"].as_str().unwrap_or_default();
    assert!(reason.starts_with("idle for 20s (last use: "), "{reason}");
    assert_eq!(std::fs::read_to_string(home(ns, "w").join("kept")).unwrap(), "by the stop");
}

#[test]
fn ws_14f_it_is_stopped_when_it_ran_long_enough_and_deleted_when_it_was_stopped_long_enough() {
    let fresh = Fresh::new("ws-limits");
    let ns = fresh.name();
    let _console = operator();
    let lifecycle = json!({ "idleTimeout": "0", "maxRunning": "40s", "deleteAfterStopped": "8s" });
    apply(ns, "w", &json!({ "lifecycle": lifecycle, "resources": { "cpu": "200m", "memory": "256Mi" } }));
    wait(ns, "w", "condition=Ready");
    let before = pod(ns);
    assert_eq!(workspace(ns, "w")["status"]["appliedResources"]["cpu"], "200m");
    // Other sizes, while it runs.
    patch(ns, "w", &json!({ "resources": { "cpu": "300m", "memory": "320Mi" } }));
    until("it has other sizes", 15, || workspace(ns, "w")["status"]["appliedResources"]["cpu"] == "300m");
    let after = pod(ns);
    assert_eq!(after["metadata"]["uid"], before["metadata"]["uid"], "the same pod");
    assert_eq!(after["status"]["containerStatuses"][0]["restartCount"], 0);
    assert_eq!(after["spec"]["containers"][0]["resources"]["limits"]["memory"], "320Mi");
    assert!(workspace(ns, "w")["status"]["updateAvailable"].is_null(), "nothing waits for a restart");
    // More than the node has.
    patch(ns, "w", &json!({ "resources": { "cpu": "900", "memory": "320Mi" } }));
    until("that it cannot be is told", 25, || condition(&workspace(ns, "w"), "Degraded").1 == "ResizeDeferred");
    let words = message(&workspace(ns, "w"), "Degraded");
    assert!(words.contains("can never give it these sizes"), "{words}");
    wait(ns, "w", "jsonpath={.status.phase}=Stopped");
    assert_eq!(workspace(ns, "w")["status"]["stopReason"], "maxRunning 40s");
    until("it is gone", 30, || workspace(ns, "w").is_null());
    assert_eq!(list(ns, "persistentvolumeclaims", "quarterdeck.dev/workspace=w").len(), 1, "its home stays");
}

#[test]
fn wd_22b_other_sizes_of_a_pod_that_runs_are_those_of_the_next_one_too() {
    let fresh = Fresh::new("ws-resized");
    let ns = fresh.name();
    let _console = operator();
    apply(ns, "w", &json!({ "resources": { "cpu": "200m", "memory": "256Mi" } }));
    wait(ns, "w", "condition=Ready");
    let before = pod(ns);
    patch(ns, "w", &json!({ "resources": { "cpu": "300m", "memory": "320Mi" } }));
    until("it has other sizes", 60, || workspace(ns, "w")["status"]["appliedResources"]["cpu"] == "300m");
    assert_eq!(pod(ns)["metadata"]["uid"], before["metadata"]["uid"], "the same pod");
    patch(ns, "w", &json!({ "state": "Stopped" }));
    wait(ns, "w", "jsonpath={.status.phase}=Stopped");
    patch(ns, "w", &json!({ "state": "Running" }));
    wait(ns, "w", "condition=Ready");
    let after = pod(ns);
    assert_ne!(after["metadata"]["uid"], before["metadata"]["uid"], "another pod");
    let limits = &after["spec"]["containers"][0]["resources"]["limits"];
    assert_eq!((&limits["cpu"], &limits["memory"]), (&json!("300m"), &json!("320Mi")));
}

#[test]
fn wb_06h_each_line_of_why_leads_to_entries_of_the_journal_and_what_it_took_has_a_price() {
    let fresh = Fresh::new("ws-why");
    let ns = fresh.name();
    let prices = [("CPU_HOUR", "3600"), ("MEMORY_GIB_HOUR", "0"), ("CURRENCY", "EUR")]
        .map(|(name, value)| (format!("QD__PRICES__{name}"), value));
    let prices: Vec<(&str, &str)> = prices.iter().map(|(name, value)| (name.as_str(), *value)).collect();
    let console = Console::start_with(Some(&kubeconfig()), &["--with-operator", "--yes"], &prices);
    apply(
        ns,
        "w",
        &json!({ "resources": { "cpu": "250m", "memory": "256Mi" }, "lifecycle": { "idleTimeout": "20s", "idleWarning": "10s" } }),
    );
    wait(ns, "w", "condition=Ready");
    let ask = |path: &str| {
        let answer = console.ask("GET", path, None, &[]);
        assert_eq!(answer.status, 200, "{path}: {}", answer.body);
        answer.json()
    };
    let why = || ask(&format!("/workspaces/{ns}/w/why?cluster={}", context()));
    let entries =
        |query: &Value| ask(&format!("/audit?{}", query.as_str().unwrap()))["entries"].as_array().unwrap().clone();
    // A program that computes, for whoever runs it, and files that come.
    let mut words = console.qd(Some(&kubeconfig()));
    let line = "timeout 90 sh -c 'while :; do :; done'; true";
    let mut runs = words
        .args(["ws", "exec", "-n", ns, "w", "--", "sh", "-c", line])
        .stdin(Stdio::null())
        .stdout(Stdio::null())
        .spawn()
        .expect("qd starts");
    let _ = ask(&format!("/workspaces/{ns}/w/files/list?path=&cluster={}", context()));
    let used = |why: &Value, door: &str| {
        why["uses"].as_array().unwrap().iter().rev().find(|one| one["door"] == door).cloned().unwrap_or_default()
    };
    until("both doors are told", 40, || {
        let told = why();
        ["exec", "files"].iter().all(|door| used(&told, door)["audit"].is_string())
    });
    let told = why();
    assert_eq!(used(&told, "exec")["detail"], format!("sh -c {line}"), "{told:#}");
    for (door, action) in [("exec", "workspace:exec"), ("files", "workspace:files")] {
        let found = entries(&used(&told, door)["audit"]);
        let named = |one: &Value, tag: &str, value: &str| {
            one["anchors"].as_array().unwrap().iter().any(|anchor| anchor["tag"] == tag && anchor["value"] == value)
        };
        assert!(!found.is_empty() && found.iter().all(|one| named(one, "action", action)), "{door}: {found:#?}");
    }
    assert!(told["idle"].as_str().unwrap().starts_with("used lately: "), "{told:#}");
    // What it took: a quarter of a processor since its start.
    let cost = &told["cost"];
    let since = cost["since_ms"].as_i64().unwrap();
    let now = std::time::SystemTime::now().duration_since(std::time::UNIX_EPOCH).unwrap().as_millis();
    let seconds = (i64::try_from(now).unwrap() - since) / 1000;
    let amount: f64 = cost["amount"].as_str().unwrap().strip_suffix(" EUR").unwrap().parse().unwrap();
    assert!((amount - seconds as f64 / 4.0).abs() < 2.0 + seconds as f64 / 10.0, "{cost} {seconds}");
    let mut command = console.qd(Some(&kubeconfig()));
    for (name, value) in &prices {
        command.env(name, value);
    }
    let printed = e2e::out(&command.args(["ws", "why", "-n", ns, "w"]).output().unwrap());
    assert!(printed.contains("took       0.") && printed.contains(" EUR\n"), "{printed}");
    let _ = runs.kill();
    let _ = runs.wait();
    // Who stopped it: the same words as its state, and the entry that they are of.
    let yes = json!({ "answers": { "confirm": true } });
    let stopped = console.ask("POST", &format!("/workspaces/{ns}/w/stop?cluster={}", context()), Some(&yes), &[]);
    assert_eq!(stopped.status, 202, "{}", stopped.body);
    wait(ns, "w", "jsonpath={.status.phase}=Stopped");
    let told = why();
    assert!(
        told["stop_reason"].as_str().unwrap().starts_with("stopped by desk:") && told["cost"].is_null(),
        "{told:#}"
    );
    let found = entries(&told["audit"]);
    assert!(found.iter().any(|one| one.to_string().contains("workspace:stop")), "{found:#?}");
    let mut command = console.qd(Some(&kubeconfig()));
    let printed = e2e::out(&command.args(["ws", "why", "-n", ns, "w"]).output().unwrap());
    let query =
        printed.lines().find_map(|line| line.strip_prefix("evidence   qd ")).unwrap_or_else(|| panic!("{printed}"));
    let mut command = console.qd(Some(&kubeconfig()));
    let words: Vec<&str> = query.split(' ').map(|word| word.trim_matches('\'')).collect();
    let printed = e2e::out(&command.args(words).output().unwrap());
    assert!(printed.contains("workspace:stop"), "{query}: {printed}");
}
