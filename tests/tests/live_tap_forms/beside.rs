//! Beside which container an agent is, and what is said of those that stay in the pod's list.

use e2e::fresh::Fresh;
use e2e::tapped::{Namespace, agents, done, qd};
use e2e::tapping::{FRONT, alone};
use e2e::{errors, kubeconfig, kubectl, node, until};
use serde_json::{Value, json};
use std::path::Path;
use std::time::Duration;

fn pod(namespace: &str) -> Value {
    let words = ["get", "pod", "one", "-n", namespace, "-o", "json"];
    serde_json::from_str(&kubectl::stdout(&kubeconfig(), &words)).unwrap()
}

/// The namespace of processes that a process is in.
fn processes_of(pid: u32) -> String {
    std::fs::read_link(format!("/proc/{pid}/ns/pid")).unwrap().display().to_string()
}

#[test]
fn cap_08_an_agent_is_among_the_processes_of_the_container_that_is_named_of_the_default_one_or_of_none() {
    let _alone = alone();
    let home = tempfile::tempdir().unwrap();
    let space = Fresh::new("tap-beside");
    let words = ["get", "pods", "-n", "shop", "-l", FRONT, "-o", "jsonpath={.items[0].spec.containers[0]}"];
    let front: Value = serde_json::from_str(&kubectl::stdout(&kubeconfig(), &words)).unwrap();
    let one = |name: &str, args: Value| json!({ "name": name, "image": front["image"], "command": front["command"], "args": args });
    space.pod("one", &json!({ "containers": [one("main", json!(["cart"])), one("side", json!(["idle"]))] }));
    space.running("one");
    let uid = node::uid(space.name(), "one");
    until("both run", Duration::from_secs(60), || {
        let all = node::processes(&uid);
        ["cart", "idle"].iter().all(|word| all.iter().any(|(_, line)| line.contains(word)))
    });
    let of = |word: &str| {
        let all = node::processes(&uid);
        let own = all.iter().find(|(_, line)| !line.contains("qd-agent") && line.contains(word));
        processes_of(own.unwrap_or_else(|| panic!("{word}: {all:?}")).0)
    };
    let annotate = |word: &str| done(&["annotate", "pod", "one", "-n", space.name(), word, "--overwrite"]);
    // Each way adds its own agent, which waits for a moment so that its process is there to be looked at.
    let tapped = |more: &[&str]| {
        let entries = || pod(space.name())["spec"]["ephemeralContainers"].as_array().cloned().unwrap_or_default();
        let before = entries();
        let words = ["tap", "-n", space.name(), "--duration", "1", "--keep-agent=600", "-o", "jsonl"];
        let output = qd(home.path(), &kubeconfig(), &[&words[..], more].concat());
        assert!(output.status.success(), "{more:?}: {}", errors(&output));
        let is_new = |one: &Value| before.iter().all(|old| old["name"] != one["name"]);
        let added: Vec<Value> = entries().into_iter().filter(is_new).collect();
        assert_eq!(added.len(), 1, "{more:?}: {}", errors(&output));
        let name = added[0]["name"].as_str().unwrap();
        let agent = node::agent(&uid, &format!("container {name} added"));
        (added[0]["targetContainerName"].clone(), processes_of(agent))
    };
    // Without a word of the pod's it is the first container.
    assert_eq!(tapped(&[]), (json!("main"), of("cart")));
    assert_eq!(tapped(&["-t", "side"]), (json!("side"), of("idle")));
    let (beside, own) = tapped(&["--no-target"]);
    assert!(beside.is_null() && own != of("cart") && own != of("idle"), "{beside} {own}");
    // The pod's own word comes before the order, and ours before the pod's.
    annotate("kubernetes.io/default-container=side");
    let cleaned = qd(home.path(), &kubeconfig(), &["tap", "clean", "-n", space.name(), "-o", "jsonl"]);
    assert!(cleaned.status.success(), "{}", errors(&cleaned));
    until("ended", Duration::from_secs(30), || agents(home.path(), space.name()).is_empty());
    assert_eq!(tapped(&[]), (json!("side"), of("idle")));
    assert_eq!(tapped(&["--target", "main"]), (json!("main"), of("cart")));
}

/// Adds containers that end at once, as agents of earlier taps have.
fn past(namespace: &str, count: usize, home: &Path) {
    let mut pod = pod(namespace);
    let image = pod["spec"]["containers"][0]["image"].clone();
    let all = (0..count).map(|at| {
        json!({ "name": format!("qd-tap-past{}", char::from(b'a' + at as u8)), "image": image, "args": ["--help"] })
    });
    pod["spec"]["ephemeralContainers"] = all.collect();
    let file = home.join("pod.json");
    std::fs::write(&file, pod.to_string()).unwrap();
    let path = format!("/api/v1/namespaces/{namespace}/pods/one/ephemeralcontainers");
    done(&["replace", "--raw", &path, "-f", file.to_str().unwrap()]);
}

#[test]
fn cap_21_that_an_entry_stays_is_said_once_with_the_count_of_those_before_and_ten_are_a_warning() {
    let _alone = alone();
    let home = tempfile::tempdir().unwrap();
    let namespace = Namespace::plain("tap-entries");
    let said = || {
        let words = ["tap", "-n", namespace.name(), "--duration", "1", "-o", "jsonl"];
        let output = qd(home.path(), &kubeconfig(), &words);
        assert!(output.status.success(), "{}", errors(&output));
        until("ended", Duration::from_secs(30), || agents(home.path(), namespace.name()).is_empty());
        let said = errors(&output);
        let lines: Vec<&str> = said.lines().filter(|line| line.contains("stay")).collect();
        assert_eq!(lines.len(), 1, "{said}");
        lines[0].to_owned()
    };
    past(namespace.name(), 8, home.path());
    let few = said();
    assert!(few.contains("8 of earlier taps stay in the pod's list, as this one will"), "{few}");
    assert!(!few.contains("a new pod has none"), "{few}");
    let _ = said();
    let many = said();
    assert!(many.contains("10 of earlier taps stay") && many.contains("a new pod has none"), "{many}");
    // The pod is what it was but for them, and its own container was not touched.
    let pod = pod(namespace.name());
    assert_eq!(pod["spec"]["ephemeralContainers"].as_array().unwrap().len(), 11);
    assert_eq!(pod["status"]["containerStatuses"][0]["restartCount"], 0);
    let other = Namespace::plain("tap-entries-new");
    let words = ["tap", "-n", other.name(), "--duration", "1", "-o", "jsonl"];
    let first = errors(&qd(home.path(), &kubeconfig(), &words));
    assert!(first.contains("it stays in the pod's list when it has ended"), "{first}");
}

#[test]
fn cap_f_28b_a_tap_has_500_agents_at_most() {
    let home = tempfile::tempdir().unwrap();
    let words = ["tap", "-n", "shop", "-l", FRONT, "--max-pods", "501", "--duration", "1", "-o", "json"];
    let output = qd(home.path(), &kubeconfig(), &words);
    let said = errors(&output);
    assert_eq!(output.status.code(), Some(1), "{said}");
    assert!(said.contains("limit_reached") && said.contains("`agents_per_tap`, 500"), "{said}");
    assert!(!said.contains(" added ("), "{said}");
}
