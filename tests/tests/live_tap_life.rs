//! How taps live and end on a real cluster: their guard, what stops them, what they leave, and whose agents they are.
#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic, clippy::indexing_slicing, missing_docs)]

#[path = "live_tap_life/kinds.rs"]
mod kinds;

use e2e::running::Running;
use e2e::tapped::{Namespace, agents, apply, done, files, journal, qd, rows};
use e2e::tapping::{FRONT, Tapping, alone, tap};
use e2e::{errors, kubeconfig, kubectl, node, out, signal, until};
use serde_json::{Value, json};
use std::collections::BTreeSet;
use std::io::{BufRead, BufReader};
use std::path::Path;
use std::process::{Command, Stdio};
use std::time::Duration;

/// A tap of the demo's front that captures.
fn captures(home: &Path, more: &[&str]) -> Running {
    let words = [&["-n", "shop", "-l", FRONT, "-o", "jsonl"], more].concat();
    let running = Running::start(tap(home, &words).stdout(Stdio::null()));
    running.wait("captured", |running| running.said().contains("capturing"));
    running
}

/// Processes of this tap's guard.
fn guards(of: u32) -> Vec<u32> {
    let output = Command::new("ps").args(["--ppid", &of.to_string(), "-o", "pid=,args="]).output().unwrap();
    let guard = |line: &str| line.contains("tap guard").then(|| line.split_whitespace().next()?.parse().ok()).flatten();
    out(&output).lines().filter_map(guard).collect()
}

/// All objects of a namespace, and those of no namespace, by what they are called.
fn objects(namespace: &str) -> BTreeSet<String> {
    let mut all = BTreeSet::new();
    for (namespaced, place) in [("true", vec!["-n", namespace]), ("false", vec![])] {
        let which = format!("--namespaced={namespaced}");
        let kinds = kubectl::stdout(&kubeconfig(), &["api-resources", "--verbs=list", "-o", "name", &which]);
        let kinds: Vec<&str> =
            kinds.lines().filter(|kind| !kind.starts_with("events") && !kind.contains("metrics")).collect();
        let kinds = kinds.join(",");
        let words = [&["get", &kinds, "-o", "name", "--ignore-not-found"], &place[..]].concat();
        all.extend(kubectl::stdout(&kubeconfig(), &words).lines().map(str::to_owned));
    }
    all
}

#[test]
fn cap_a_08_nothing_runs_twenty_seconds_after_any_signal_and_nothing_is_left_but_the_entry() {
    let _alone = alone();
    let home = tempfile::tempdir().unwrap();
    let namespace = Namespace::plain("tap-signals");
    let before = objects(namespace.name());
    for name in ["INT", "TERM", "HUP", "KILL"] {
        let mut command = tap(home.path(), &["-n", namespace.name(), "-o", "jsonl"]);
        let mut child = command.stdout(Stdio::null()).stderr(Stdio::null()).spawn().unwrap();
        until("running", Duration::from_secs(40), || {
            agents(home.path(), namespace.name()).iter().any(|agent| agent["state"] == "running" && agent["tap"] != "")
        });
        let guard = guards(child.id());
        assert_eq!(guard.len(), 1, "{name}");
        signal(child.id(), name);
        let status = child.wait().unwrap();
        assert_eq!(status.success(), name != "KILL", "{name}: {status}");
        let took = until("ended", Duration::from_secs(20), || agents(home.path(), namespace.name()).is_empty());
        // Without the guard an agent would go on for fifteen seconds.
        assert!(name != "KILL" || took < Duration::from_secs(12), "{took:?}");
        until("gone", Duration::from_secs(5), || {
            !Path::new(&format!("/proc/{}", guard[0])).exists()
                && files(home.path()).iter().all(|name| name.ends_with(".sock"))
        });
    }
    // No namespace, role, binding, service or lease more than there was; each container is one that has ended.
    let after = objects(namespace.name());
    let own = |name: &&String| name.contains("qd-tap") || name.contains("quarterdeck");
    let more: Vec<&String> = after.difference(&before).filter(own).collect();
    assert!(more.is_empty(), "{more:?}");
    until("terminated", Duration::from_secs(20), || {
        let path = "jsonpath={range .status.ephemeralContainerStatuses[*]}{.state}{\"\\n\"}{end}";
        let words = ["get", "pod", "one", "-n", namespace.name(), "-o", path];
        let states = kubectl::stdout(&kubeconfig(), &words);
        states.lines().count() == 4 && states.lines().all(|state| state.contains("terminated"))
    });
    // What the guard did is in the journal.
    let acts = journal(home.path(), "tap:control");
    let text = Value::from(acts).to_string();
    assert!(
        text.contains("tap:control allow") && text.contains("tap:control done") && text.contains("tap-signals/one"),
        "{text}"
    );
}

#[test]
fn cap_n_29b_a_running_tap_is_shown_and_joined_from_another_terminal() {
    let _alone = alone();
    let home = tempfile::tempdir().unwrap();
    let home = home.path();
    let words = |words: &[&str]| {
        let output = qd(home, &kubeconfig(), words);
        assert!(output.status.success(), "{words:?}: {}", errors(&output));
        out(&output)
    };
    assert_eq!(words(&["tap", "show", "-o", "json"]).trim(), "[]");
    let running = captures(home, &[]);
    let shown: Value = serde_json::from_str(&words(&["tap", "show", "-o", "json"])).unwrap();
    assert!(shown[0]["title"].as_str().unwrap().contains(FRONT), "{shown}");
    assert_eq!(shown[0]["pods"][0]["state"], "capturing");
    let id = &shown[0]["id"].as_str().unwrap()[..8];
    let joined = words(&["tap", "join", id, "--where", "kind = http", "--count", "3", "-o", "jsonl"]);
    let joined: Vec<Value> = joined.lines().map(|line| serde_json::from_str(line).unwrap()).collect();
    assert_eq!(joined.len(), 3);
    let whose = |one: &Value| one["pod"].as_str().is_some_and(|pod| pod.starts_with("shop/front-"));
    assert!(joined.iter().all(|one| one["kind"] == "http" && whose(one)), "{joined:?}");
    assert!(!journal(home, "tap:export").is_empty(), "who takes records along is in the journal");
    let (status, said) = running.end();
    assert!(status.success(), "who leaves does not end the tap: {said}");
    assert!(!qd(home, &kubeconfig(), &["tap", "join"]).status.success());
}

#[test]
fn cap_20_taps_are_named_and_stopped_and_clean_ends_what_is_left_and_of_others_only_what_is_named() {
    let _alone = alone();
    let (home, other) = (tempfile::tempdir().unwrap(), tempfile::tempdir().unwrap());
    let home = home.path();
    let namespace = Namespace::plain("tap-ends");
    let here = |home: &Path, more: &[&str]| {
        let mut command = tap(home, &[&["-n", namespace.name(), "-o", "jsonl"], more].concat());
        let running = Running::start(command.stdout(Stdio::null()));
        running.wait("captured", |running| running.said().contains("capturing"));
        running
    };
    let (first, second) = (here(home, &["--keep-agent=300"]), here(home, &[]));
    namespace.ask("/items");
    let led: BTreeSet<String> =
        agents(home, namespace.name()).iter().map(|one| one["tap"].as_str().unwrap().to_owned()).collect();
    assert!(led.len() == 2 && !led.contains(""), "{led:?}");
    // Which of them is not said.
    let output = qd(home, &kubeconfig(), &["tap", "stop"]);
    assert!(
        output.status.code() == Some(2) && led.iter().all(|tap| errors(&output).contains(tap)),
        "{}",
        errors(&output)
    );
    // clean leaves those alone that are led; and those of somebody else.
    let theirs = here(other.path(), &["--keep-agent=300"]);
    let cleaned = rows(&qd(home, &kubeconfig(), &["tap", "clean", "-n", namespace.name(), "-o", "jsonl"]));
    assert!(cleaned.len() == 3 && cleaned.iter().all(|row| row["done"] == "left"), "{cleaned:?}");
    for running in [&first, &second, &theirs] {
        assert!(!running.said().contains("  ended"), "{}", running.said());
    }
    // Counters come each second.
    std::thread::sleep(Duration::from_secs(2));
    let stopped = rows(&qd(home, &kubeconfig(), &["tap", "stop", "--all", "-o", "jsonl"]));
    assert_eq!(stopped.len(), 2, "{stopped:?}");
    for tap in &stopped {
        let pod = &tap["pods"][0];
        assert!(pod["state"] == "ended" && pod["records"].as_u64() > Some(0) && tap["ended"] == true, "{tap}");
    }
    for running in [first, second] {
        let (status, said) = running.wait_end();
        assert!(status.success() && said.contains("asked to stop"), "{said}");
    }
    assert_eq!(qd(home, &kubeconfig(), &["tap", "stop"]).status.code(), Some(4));
    // One of them waits for the next tap: clean ends it, by the key.
    until("one", Duration::from_secs(10), || {
        agents(home, namespace.name()).iter().filter(|one| one["tap"] == "").count() == 2
    });
    let cleaned = rows(&qd(home, &kubeconfig(), &["tap", "clean", "-n", namespace.name(), "-o", "jsonl"]));
    let (mine, others): (Vec<&Value>, Vec<&Value>) = cleaned.iter().partition(|row| row["whose"] == "yours");
    assert!(mine.len() == 1 && mine[0]["done"] == "ended", "{cleaned:?}");
    assert!(others.len() == 1 && others[0]["done"] == "left", "{cleaned:?}");
    assert!(!theirs.said().contains("  ended"));
    // Somebody else's, named by his key: his tap sees that it was ended, and by a decision of ours.
    let owner = &others[0]["owner"].as_str().unwrap()[..8];
    let output = qd(home, &kubeconfig(), &["tap", "clean", "-n", namespace.name(), "--owner", owner, "-o", "jsonl"]);
    assert_eq!(rows(&output)[0]["done"], "ended", "{}", out(&output));
    assert!(errors(&output).contains("ended agents stay in their pods' lists"), "{}", errors(&output));
    theirs.wait("told", |running| running.said().contains("failed: the agent ended: terminated"));
    let decided = Value::from(journal(home, "tap:control")).to_string();
    assert!(decided.contains("end in tap-ends/one"), "{decided}");
    drop(theirs);
    until("none", Duration::from_secs(20), || agents(home, namespace.name()).is_empty());
}

#[test]
fn cap_f_16_what_a_crash_of_the_host_leaves_is_named_by_the_next_tap() {
    let _alone = alone();
    let home = tempfile::tempdir().unwrap();
    let home = home.path();
    let namespace = Namespace::plain("tap-crash");
    // An agent that outlives its tap; then tap and guard are gone at once.
    let mut command = tap(home, &["-n", namespace.name(), "--keep-agent=300", "-o", "jsonl"]);
    let mut child = command.stdout(Stdio::null()).stderr(Stdio::null()).spawn().unwrap();
    until("running", Duration::from_secs(40), || {
        agents(home, namespace.name()).iter().any(|one| one["state"] == "running")
    });
    std::thread::sleep(Duration::from_secs(1));
    let guard = guards(child.id());
    signal(guard[0], "KILL");
    signal(child.id(), "KILL");
    child.wait().unwrap();
    let running = captures(home, &["--count", "1"]);
    let (_, said) = running.wait_end();
    assert!(
        said.contains("was cut off") && said.contains("runs in tap-crash/one still, `qd tap clean` ends it"),
        "{said}"
    );
    // It ends by itself, and is forgotten then.
    until("ended", Duration::from_secs(20), || agents(home, namespace.name()).is_empty());
    let (_, said) = captures(home, &["--count", "1"]).wait_end();
    assert!(said.contains("was cut off; its agents have ended"), "{said}");
    let (_, said) = captures(home, &["--count", "1"]).wait_end();
    assert!(!said.contains("was cut off"), "{said}");
    assert_eq!(files(home), Vec::<String>::new());
}

#[test]
fn cap_19c_the_second_ctrl_c_prints_what_is_left_to_do_and_that_does_it() {
    let _alone = alone();
    let home = tempfile::tempdir().unwrap();
    let namespace = Namespace::plain("tap-twice");
    let mut command = tap(home.path(), &["-n", namespace.name(), "-o", "jsonl"]);
    let mut child = command.stdout(Stdio::null()).stderr(Stdio::piped()).spawn().unwrap();
    let mut said = BufReader::new(child.stderr.take().unwrap()).lines().map_while(Result::ok);
    assert!(said.any(|line| line.contains("capturing")));
    // The agent does not answer, and the guard is no help.
    let (guard, agent) = (guards(child.id())[0], process(&agents(home.path(), namespace.name())[0]));
    signal(guard, "STOP");
    signal(agent, "STOP");
    for _ in 0..2 {
        signal(child.id(), "INT");
        std::thread::sleep(Duration::from_millis(500));
    }
    let told: Vec<String> = said.collect();
    let code = child.wait().unwrap().code();
    signal(agent, "CONT");
    let last: Value = serde_json::from_str(told.last().unwrap()).unwrap();
    let command = last["details"]["commands"][0].as_str().unwrap_or_else(|| panic!("{last}"));
    let words: Vec<&str> = command.split_whitespace().skip(1).collect();
    let output = kubectl::kubectl(&kubeconfig(), &words);
    // The first process of its container takes the command with it.
    assert!(output.status.success() || output.status.code() == Some(137), "{}", errors(&output));
    until("ended", Duration::from_secs(8), || agents(home.path(), namespace.name()).is_empty());
    signal(guard, "CONT");
    assert_eq!(code, Some(130), "{told:?}");
    until("gone", Duration::from_secs(10), || !Path::new(&format!("/proc/{guard}")).exists());
}

/// The process of an agent, on the machine that is the node.
fn process(agent: &Value) -> u32 {
    let pattern = format!("^/qd-agent capture {} ", agent["container"].as_str().unwrap());
    let found = Command::new("pgrep").args(["-f", &pattern]).output().unwrap();
    out(&found).trim().parse().unwrap_or_else(|_| panic!("one process of {agent}: {}", out(&found)))
}

#[test]
fn cap_17_an_agent_is_taken_again_by_its_owner_alone_and_owners_live_beside_each_other() {
    let _alone = alone();
    let (home, other) = (tempfile::tempdir().unwrap(), tempfile::tempdir().unwrap());
    let namespace = Namespace::plain("tap-again");
    let words = ["tap", "-n", namespace.name(), "--duration", "2", "--keep-agent=60", "-o", "jsonl"];
    let once = |home: &Path| {
        let output = qd(home, &kubeconfig(), &words);
        assert!(output.status.success(), "{}", errors(&output));
        errors(&output)
    };
    assert!(once(home.path()).contains(" added (netraw)"));
    let said = once(home.path());
    assert!(said.contains("is taken again") && !said.contains(" added ("), "{said}");
    // Somebody else has an agent of his own, while ours waits.
    assert!(once(other.path()).contains(" added (netraw)"));
    assert_eq!(agents(home.path(), namespace.name()).len(), 2);
    // One that serves a tap serves no other: the second adds its own.
    let mut command = tap(home.path(), &["-n", namespace.name(), "-o", "jsonl"]);
    let first = Running::start(command.stdout(Stdio::null()));
    first.wait("captured", |running| running.said().contains("capturing"));
    assert!(first.said().contains("is taken again"), "{}", first.said());
    let said = once(home.path());
    assert!(said.contains(" added (netraw)") && !said.contains("is taken again"), "{said}");
    let (status, said) = first.end();
    assert!(status.success() && said.matches("  ended").count() == 1, "{said}");
}

#[test]
fn cap_15_a_tap_creates_nothing_but_the_entry() {
    let _alone = alone();
    let home = tempfile::tempdir().unwrap();
    let namespace = Namespace::plain("tap-objects");
    let pod = || -> Value {
        let text = kubectl::stdout(&kubeconfig(), &["get", "pod", "one", "-n", namespace.name(), "-o", "json"]);
        serde_json::from_str(&text).unwrap()
    };
    let (before, mut spec) = (objects(namespace.name()), pod()["spec"].clone());
    let output = qd(home.path(), &kubeconfig(), &["tap", "-n", namespace.name(), "--duration", "2", "-o", "jsonl"]);
    assert!(output.status.success(), "{}", errors(&output));
    let after = objects(namespace.name());
    // Namespaces of other tests go meanwhile.
    let more: Vec<&String> = after.difference(&before).collect();
    assert!(more.is_empty(), "{more:?}");
    let gone = |name: &&String| before.contains(*name) && !after.contains(*name) && !name.starts_with("namespace/tap-");
    assert!(!before.iter().any(|name| gone(&name)), "{:?}", before.difference(&after));
    let now = pod()["spec"].clone();
    let entries = now["ephemeralContainers"].clone();
    assert_eq!(entries.as_array().unwrap().len(), 1);
    spec["ephemeralContainers"] = entries;
    assert_eq!(spec, now);
}

#[test]
fn cap_d_18_the_start_of_a_tap_ends_nobody_elses() {
    let _alone = alone();
    let (ada, bob) = (tempfile::tempdir().unwrap(), tempfile::tempdir().unwrap());
    let first = captures(ada.path(), &[]);
    // All that tells of it is two hours old, as far as files can be.
    let folder = ada.path().join(".local/state/quarterdeck/taps");
    let names: Vec<_> = std::fs::read_dir(&folder).unwrap().map(|entry| entry.unwrap().path()).collect();
    assert!(!names.is_empty());
    let touched = Command::new("touch").args(["-h", "-d", "2 hours ago"]).args(&names).status().unwrap();
    assert!(touched.success());
    let second = captures(bob.path(), &[]);
    let third = captures(ada.path(), &[]);
    std::thread::sleep(Duration::from_secs(3));
    for running in [first, second, third] {
        assert!(!running.said().contains("  ended") && !running.said().contains("failed"), "{}", running.said());
        let (status, said) = running.end();
        assert!(status.success(), "{said}");
    }
}

#[test]
fn cap_f_15a_an_agent_that_is_killed_is_told_with_its_counters_and_a_new_pod_is_tapped() {
    let _alone = alone();
    let home = tempfile::tempdir().unwrap();
    let namespace = Namespace::plain("tap-killed");
    let mut command = tap(home.path(), &["-n", namespace.name(), "-l", "app=one", "-o", "jsonl"]);
    let running = Running::start(command.stdout(Stdio::null()));
    running.wait("captured", |running| running.agents() == 1);
    namespace.ask("/before");
    std::thread::sleep(Duration::from_secs(3));
    // As the node's kernel would for want of memory.
    signal(process(&agents(home.path(), namespace.name())[0]), "KILL");
    running.wait("told", |running| running.said().contains("failed: "));
    let said = running.said();
    let line = said.lines().find(|line| line.contains("failed: ")).unwrap();
    assert!(line.contains("tap-killed/one") && line.contains(" packets, ") && !line.contains(": 0 packets"), "{line}");
    // The pod is gone, and another comes in its place.
    let words = ["get", "pod", "one", "-n", namespace.name(), "-o", "json"];
    let mut pod: Value = serde_json::from_str(&kubectl::stdout(&kubeconfig(), &words)).unwrap();
    done(&["delete", "pod", "one", "-n", namespace.name()]);
    let meta = json!({ "name": "two", "namespace": namespace.name(), "labels": { "app": "one" } });
    (pod["metadata"], pod["status"]) = (meta, json!({}));
    for field in ["ephemeralContainers", "nodeName"] {
        pod["spec"].as_object_mut().unwrap().remove(field);
    }
    apply(&pod);
    running.wait("captured again", |running| running.said().contains("tap-killed/two  capturing"));
    let (status, said) = running.end();
    assert!(status.success(), "{said}");
}

#[test]
fn cap_n_06f_a_container_that_begins_anew_keeps_its_tap_however_often() {
    let _alone = alone();
    let home = tempfile::tempdir().unwrap();
    let namespace = Namespace::plain("tap-restart");
    let tapping = Tapping::start(home.path(), &["-n", namespace.name(), "-l", "app=one"]);
    let uid = node::uid(namespace.name(), "one");
    let text = |path: &str| {
        let path = format!("jsonpath={path}");
        kubectl::stdout(&kubeconfig(), &["get", "pod", "one", "-n", namespace.name(), "-o", &path])
    };
    let entries = || text("{.spec.ephemeralContainers[*].name}").split_whitespace().count();
    // Asked until it is seen: the server comes back before or after the agent.
    let seen = |path: &str| {
        until(path, Duration::from_secs(90), || {
            let address = text("{.status.podIP}");
            let url = format!("http://{address}:8080{path}");
            let words = ["-s", "--max-time", "2", "--noproxy", "*", "-o", "/dev/null", &url];
            let _ = Command::new("curl").args(words).status();
            !tapping.records(|record| record["kind"] == "http" && record["path"] == path).is_empty()
        });
    };
    seen("/before");
    for (times, path) in ["/after", "/again"].into_iter().enumerate() {
        signal(node::own(&uid), "KILL");
        until("begun anew", Duration::from_secs(120), || {
            text("{.status.containerStatuses[0].restartCount}") == (times + 1).to_string()
                && text("{.status.containerStatuses[0].ready}") == "true"
        });
        seen(path);
        // The first agent went with its container; the next one is beside none, and stays.
        assert_eq!(entries(), 2, "{}", tapping.said());
    }
    assert_eq!(text("{.spec.ephemeralContainers[*].targetContainerName}"), "main");
    let said = tapping.said();
    assert!(said.contains("main ended, and its agent with it"), "{said}");
    assert!(!said.contains("failed: "), "{said}");
    let uids = tapping.records(|record| record["kind"] == "http" && record["path"] == "/again");
    assert_eq!(uids[0]["dst"]["uid"], uid.as_str(), "{}", uids[0]);
    assert_eq!(tapping.stop(), Some(0));
}
