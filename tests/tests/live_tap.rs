//! `qd tap` of the demo's running pods: what they say to each other, in the cluster and out of it again.
#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic, clippy::indexing_slicing, missing_docs)]

use e2e::between::Between;
use e2e::running::Running;
use e2e::tapping::{FRONT, alone, pods, tap};
use e2e::tshark::tshark;
use e2e::{console, errors, kubeconfig, kubectl, out, signal};
use serde_json::Value;
use std::process::{Output, Stdio};
use std::time::{Duration, Instant};

fn records(output: &Output) -> Vec<Value> {
    out(output).lines().map(|line| serde_json::from_str(line).unwrap()).collect()
}

/// The states of the capture containers of the front's pods, as the kubelet tells them.
fn states() -> Vec<Value> {
    let path = "{range .items[*].status.ephemeralContainerStatuses[*]}{.state}{\"\\n\"}{end}";
    let words = ["get", "pods", "-n", "shop", "-l", FRONT, "-o", &format!("jsonpath={path}")];
    let text = kubectl::stdout(&kubeconfig(), &words);
    text.lines().filter(|line| !line.is_empty()).map(|line| serde_json::from_str(line).unwrap()).collect()
}

/// Waits until none of them runs, so long at most.
fn all_end_within(time: Duration) -> bool {
    let until = Instant::now() + time;
    while Instant::now() < until {
        if states().iter().all(|state| state.get("running").is_none()) {
            return true;
        }
        std::thread::sleep(Duration::from_millis(300));
    }
    false
}

#[test]
fn cap_a_02a_the_requests_of_every_matching_pod_are_seen_whole() {
    let _alone = alone();
    let home = tempfile::tempdir().unwrap();
    let output = tap(home.path(), &["-n", "shop", "-l", FRONT, "--duration", "12", "-o", "jsonl"]).output().unwrap();
    assert!(output.status.success(), "{}", errors(&output));
    let all = records(&output);
    let http: Vec<&Value> = all.iter().filter(|record| record["kind"] == "http").collect();
    assert!(http.len() > 5, "{} http of {} records\n{}", http.len(), all.len(), errors(&output));
    let asked: Vec<&&Value> = http.iter().filter(|record| record["pair"] == "ok").collect();
    assert!(asked.len() * 10 >= http.len() * 9, "{} of {} are pairs", asked.len(), http.len());
    for record in asked {
        assert!(record["pod"].as_str().unwrap().starts_with("shop/front-"), "{record}");
        assert!(record["status"].is_u64() && !record["request"]["headers"].as_array().unwrap().is_empty(), "{record}");
        // Long-lived HTTP/2 connections began before the tap: what their compression knew is not known here.
        assert!(record["version"] == "2" || record["path"].as_str().unwrap().starts_with('/'), "{record}");
    }
    // Each running pod of the selector is one of them.
    for name in pods(FRONT) {
        assert!(errors(&output).contains(&format!("shop/{name}  capturing")), "{name}: {}", errors(&output));
    }
    assert!(all_end_within(Duration::from_secs(20)), "{:?}", states());
}

#[test]
fn cap_a_08a_ctrl_c_and_a_kill_leave_no_agent_running() {
    let _alone = alone();
    let objects =
        || kubectl::stdout(&kubeconfig(), &["get", "ns,sa,roles,rolebindings,leases", "-n", "shop", "-o", "name"]);
    let before = objects();
    for name in ["INT", "KILL"] {
        let home = tempfile::tempdir().unwrap();
        let mut child = tap(home.path(), &["-n", "shop", "-l", FRONT])
            .stdout(Stdio::null())
            .stderr(Stdio::piped())
            .spawn()
            .unwrap();
        let until = Instant::now() + Duration::from_secs(40);
        while !states().iter().any(|state| state.get("running").is_some()) {
            assert!(Instant::now() < until, "no agent runs: {:?}", child.try_wait());
            std::thread::sleep(Duration::from_millis(200));
        }
        std::thread::sleep(Duration::from_secs(1));
        signal(child.id(), name);
        let output = child.wait_with_output().unwrap();
        if name == "INT" {
            assert!(output.status.success(), "{}", errors(&output));
        }
        assert!(all_end_within(Duration::from_secs(30)), "after {name}: {:?}", states());
    }
    assert_eq!(objects(), before);
}

#[test]
fn cap_a_07d_packets_of_a_live_tap_are_read_by_wireshark() {
    let _alone = alone();
    let home = tempfile::tempdir().unwrap();
    let file = home.path().join("front.pcapng");
    let words = ["-n", "shop", "-l", FRONT, "--duration", "8", "--packets", "full", "-o", "jsonl", "--write"];
    let output = tap(home.path(), &words).arg(&file).output().unwrap();
    assert!(output.status.success(), "{}", errors(&output));
    let seen = tshark(&file, &["-Y", "http.response", "-T", "fields", "-e", "http.response.code"]);
    let theirs = seen.iter().filter(|line| !line.is_empty()).count();
    let is_ours = |record: &&Value| record["version"] == "1.1" && record["status"].is_u64();
    let ours = records(&output).iter().filter(is_ours).count();
    assert!(theirs > 3 && theirs.abs_diff(ours) * 10 <= theirs, "tshark sees {theirs} responses, we {ours}");
}

#[test]
fn cap_n_27a_a_tap_is_a_decision_in_the_journal_and_read_only_denies_it() {
    let _alone = alone();
    let home = tempfile::tempdir().unwrap();
    let output = tap(home.path(), &["-n", "shop", "-l", FRONT, "--count", "1", "-o", "jsonl"]).output().unwrap();
    assert!(output.status.success(), "{}", errors(&output));
    let journal = || {
        let mut command = console::command(home.path(), None);
        let output = command.args(["audit", "query", "--output", "jsonl"]).output().unwrap();
        String::from_utf8(output.stdout).unwrap()
    };
    assert!(journal().contains("tap:start allow"), "{}", journal());
    assert!(journal().contains("tap:start done"), "{}", journal());
    assert!(!journal().contains("/items"), "what was captured is in the journal");

    let before = states().len();
    let output = tap(home.path(), &["-n", "shop", "-l", FRONT, "--count", "1", "--read-only"]).output().unwrap();
    assert_eq!(output.status.code(), Some(3), "{}", errors(&output));
    assert!(errors(&output).contains("read_only"), "{}", errors(&output));
    assert_eq!(states().len(), before, "a container was added");
}

#[test]
fn cap_f_07_pods_that_cannot_be_tapped_are_named() {
    let _alone = alone();
    let home = tempfile::tempdir().unwrap();
    let output = tap(home.path(), &["-n", "shop", "--pod", "nobody"]).output().unwrap();
    assert_eq!(output.status.code(), Some(4), "{}", errors(&output));
    assert!(errors(&output).contains("pod_not_found"), "{}", errors(&output));
    let output = tap(home.path(), &["-n", "shop", "-l", "app=nothing", "--no-wait"]).output().unwrap();
    assert_eq!(output.status.code(), Some(4), "{}", errors(&output));
}

const FOLLOWED: &str = "tap-followed";

/// A namespace with a deployment of its own, which goes with it.
struct Followed;

impl Followed {
    fn begin(replicas: u32) -> Self {
        let kubeconfig = kubeconfig();
        let _ = kubectl::kubectl(&kubeconfig, &["delete", "namespace", FOLLOWED, "--ignore-not-found", "--wait=true"]);
        let _ = kubectl::stdout(&kubeconfig, &["create", "namespace", FOLLOWED]);
        let path = "{.items[0].spec.containers[0].image}";
        let words = ["get", "pods", "-n", "shop", "-l", FRONT, "-o", &format!("jsonpath={path}")];
        let image = kubectl::stdout(&kubeconfig, &words);
        let manifest = serde_json::json!({
            "apiVersion": "apps/v1", "kind": "Deployment", "metadata": {"name": "web", "namespace": FOLLOWED},
            "spec": {"replicas": replicas, "selector": {"matchLabels": {"app": "frontend"}}, "template": {
                "metadata": {"labels": {"app": "frontend"}},
                "spec": {"terminationGracePeriodSeconds": 1, "containers": [{
                    "name": "web", "image": image, "imagePullPolicy": "IfNotPresent", "args": ["cart"],
                }]},
            }},
        });
        kubectl::apply(&kubeconfig, &manifest.to_string());
        let _ = kubectl::stdout(&kubeconfig, &["rollout", "status", "-n", FOLLOWED, "deploy/web", "--timeout=180s"]);
        Self
    }

    fn scale(&self, replicas: u32) {
        let words = ["scale", "-n", FOLLOWED, "deploy/web", &format!("--replicas={replicas}")];
        let _ = kubectl::stdout(&kubeconfig(), &words);
    }
}

impl Drop for Followed {
    fn drop(&mut self) {
        let words = ["delete", "namespace", FOLLOWED, "--wait=false"];
        let _ = kubectl::kubectl(&kubeconfig(), &words);
    }
}

#[test]
fn cap_a_02_five_pods_then_six_then_five() {
    let _alone = alone();
    let home = tempfile::tempdir().unwrap();
    let followed = Followed::begin(5);
    let mut command = tap(home.path(), &["-n", FOLLOWED, "-l", "app in (frontend),tier!=db", "-o", "jsonl"]);
    let running = Running::start(command.stdout(Stdio::null()));
    running.wait("5 agents", |running| running.agents() == 5);
    followed.scale(6);
    running.wait("a 6th agent", |running| running.agents() == 6);
    followed.scale(5);
    running.wait("5 agents again", |running| running.agents() == 5);
    // The last pod goes, and the tap waits for another.
    followed.scale(0);
    running.wait("none", |running| running.agents() == 0);
    followed.scale(1);
    running.wait("a new agent", |running| running.agents() == 1);
    let (status, said) = running.end();
    assert!(status.success(), "{said}");
    assert!(!said.contains("failed"), "{said}");
    assert_eq!(said.lines().filter(|line| line.ends_with("  gone")).count(), 6, "{said}");
}

#[test]
fn cap_n_06e_pods_of_objects_are_followed_and_no_watch_follows_none() {
    let _alone = alone();
    let home = tempfile::tempdir().unwrap();
    let followed = Followed::begin(1);
    let mut command = tap(home.path(), &["-n", FOLLOWED, "deploy/web", "-o", "jsonl"]);
    let of_object = Running::start(command.stdout(Stdio::null()));
    let mut command = tap(home.path(), &["-n", FOLLOWED, "-l", "app=frontend", "--no-watch", "-o", "jsonl"]);
    let fixed = Running::start(command.stdout(Stdio::null()));
    of_object.wait("an agent", |running| running.agents() == 1);
    fixed.wait("an agent", |running| running.agents() == 1);
    let mut command = tap(home.path(), &["-n", FOLLOWED, "-l", "app=frontend", "--max-pods", "1", "--no-target"]);
    let few = Running::start(command.stdout(Stdio::null()));
    few.wait("an agent", |running| running.agents() == 1);
    followed.scale(2);
    of_object.wait("a second agent", |running| running.agents() == 2);
    assert_eq!(fixed.agents(), 1, "{}", fixed.said());
    few.wait("told that one waits", |running| running.said().contains("1 more pods wait"));
    assert_eq!(few.agents(), 1, "{}", few.said());
    // The others are beside the pod's container, as its default is.
    let path = "jsonpath={.items[*].spec.ephemeralContainers[*].targetContainerName}";
    let beside = kubectl::stdout(&kubeconfig(), &["get", "pods", "-n", FOLLOWED, "-o", path]);
    assert_eq!(beside.split_whitespace().collect::<Vec<_>>(), ["web"; 3], "{beside}");
    for running in [of_object, fixed, few] {
        let (status, said) = running.end();
        assert!(status.success(), "{said}");
    }
    // An object that is not there, one without pods of its own, and a kind that has none.
    for (words, code) in [(["-n", "shop", "deploy/nobody"], 4), (["-n", "shop", "secret/x"], 2)] {
        let output = tap(home.path(), &words).output().unwrap();
        assert_eq!(output.status.code(), Some(code), "{words:?}: {}", errors(&output));
    }
}

#[test]
fn cap_f_10a_a_lost_stream_is_resumed_without_a_record_lost_or_doubled() {
    let _alone = alone();
    let home = tempfile::tempdir().unwrap();
    let between = Between::start();
    let kubeconfig = between.kubeconfig(home.path());
    let file = home.path().join("records");
    let mut command = console::command(home.path(), Some(&kubeconfig));
    command.args(["tap", "-n", "shop", "deploy/front", "-o", "jsonl"]);
    let running = Running::start(command.stdout(std::fs::File::create(&file).unwrap()));
    running.wait("an agent", |running| running.agents() > 0);
    std::thread::sleep(Duration::from_secs(3));
    for cut in 1..=2 {
        between.cut(true);
        running.wait("lost", |running| running.said().matches("stream lost").count() == cut);
        std::thread::sleep(Duration::from_secs(3));
        between.cut(false);
        running.wait("resumed", |running| running.said().matches("stream resumed").count() == cut);
        std::thread::sleep(Duration::from_secs(3));
    }
    let (status, said) = running.end();
    assert!(status.success(), "{said}");
    let text = std::fs::read_to_string(&file).unwrap();
    let numbers = text.lines().map(|line| serde_json::from_str::<Value>(line).unwrap()["seq"].as_u64().unwrap());
    let numbers: Vec<u64> = numbers.collect();
    assert!(numbers.len() > 100, "{} records\n{said}", numbers.len());
    let whole: Vec<u64> = (0..numbers.len() as u64).collect();
    assert_eq!(numbers, whole, "{said}");
}

#[test]
fn cap_03_what_matches_nothing_is_waited_for() {
    let _alone = alone();
    let home = tempfile::tempdir().unwrap();
    let followed = Followed::begin(0);
    let mut command = tap(home.path(), &["-n", "tap-fol*,!shop", "-l", "app=frontend"]);
    let running = Running::start(command.stdout(Stdio::null()));
    running.wait("told that none is there", |running| running.said().contains("no pod matches: waiting"));
    followed.scale(1);
    running.wait("an agent", |running| running.agents() == 1);
    let (status, said) = running.end();
    assert!(status.success(), "{said}");
}

#[test]
fn cap_41n_the_ends_of_records_are_named_by_the_cluster() {
    let _alone = alone();
    let home = tempfile::tempdir().unwrap();
    let output = tap(home.path(), &["-n", "shop", "deploy/front", "--count", "80", "-o", "jsonl"]).output().unwrap();
    assert!(output.status.success(), "{}", errors(&output));
    let all = records(&output);
    let has = |side: &str, members: &[(&str, &str)]| {
        let is = |end: &Value| members.iter().all(|(name, value)| end[*name].as_str() == Some(*value));
        all.iter().any(|record| is(&record[side]))
    };
    assert!(has("src", &[("workload", "deployment/load"), ("ns", "shop"), ("name_by", "api")]), "{:?}", all.last());
    assert!(has("dst", &[("workload", "deployment/front"), ("service", "front")]), "{:?}", all.last());
    assert!(has("dst", &[("name", "shop/cart"), ("service", "cart")]), "{:?}", all.last());
    let path = "jsonpath={.items[0].metadata.uid}";
    let uid = kubectl::stdout(&kubeconfig(), &["get", "pods", "-n", "shop", "-l", FRONT, "-o", path]);
    assert!(has("dst", &[("uid", uid.trim())]), "{uid}");
}
