//! The command line of taps on a real cluster: what the doctor finds, the agent's image, files for Wireshark, and
//! Wireshark itself.
#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic, clippy::indexing_slicing, missing_docs)]

#[path = "live_tap_cli/after.rs"]
mod after;
#[path = "live_tap_cli/files.rs"]
mod files;
#[path = "live_tap_cli/store.rs"]
mod store;

use e2e::tapped::{done, qd};
use e2e::tapping::{FRONT, alone, tap};
use e2e::{console, errors, kubeconfig, kubectl, out, signal};
use serde_json::{Value, json};
use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};
use std::time::{Duration, Instant};

fn apply(objects: &Value) {
    kubectl::apply(&kubeconfig(), &objects.as_str().map_or_else(|| objects.to_string(), str::to_owned));
}

/// A namespace of the test's own with one pod that runs; gone when dropped.
struct Namespace(&'static str);

impl Namespace {
    fn new(name: &'static str, labels: Value) -> Self {
        let words = ["get", "pods", "-n", "shop", "-l", FRONT, "-o", "jsonpath={.items[0].spec.containers[0]}"];
        let front: Value = serde_json::from_str(&kubectl::stdout(&kubeconfig(), &words)).unwrap();
        apply(&json!({ "apiVersion": "v1", "kind": "Namespace", "metadata": { "name": name, "labels": labels } }));
        let container = json!({
            "name": "main", "image": front["image"], "args": front["args"], "command": front["command"], "env": front["env"],
            "securityContext": {
                "allowPrivilegeEscalation": false, "capabilities": { "drop": ["ALL"] },
                "seccompProfile": { "type": "RuntimeDefault" },
            },
        });
        apply(&json!({
            "apiVersion": "v1", "kind": "Pod", "metadata": { "name": "one", "namespace": name },
            "spec": { "containers": [container], "securityContext": { "runAsNonRoot": true, "runAsUser": 65532 } },
        }));
        let words = ["wait", "-n", name, "pod/one", "--for=jsonpath={.status.phase}=Running", "--timeout=180s"];
        done(&words);
        Self(name)
    }
}

impl Drop for Namespace {
    fn drop(&mut self) {
        done(&["delete", "namespace", self.0, "--wait=false"]);
    }
}

/// A small file system; gone when dropped.
struct Small(tempfile::TempDir);

impl Small {
    fn of(size: &str) -> Self {
        let folder = tempfile::tempdir().unwrap();
        let (size, path) = (format!("size={size}"), folder.path().to_owned());
        let mounted = Command::new("mount").args(["-t", "tmpfs", "-o", &size, "qd-test"]).arg(path).status();
        assert!(mounted.unwrap().success(), "run the tests as root");
        Self(folder)
    }
}

impl Drop for Small {
    fn drop(&mut self) {
        let _ = Command::new("umount").arg("-l").arg(self.0.path()).status();
    }
}

/// The kubeconfig of a service account that may nothing yet.
fn account(namespace: &str, home: &Path) -> PathBuf {
    done(&["create", "serviceaccount", "tapper", "-n", namespace]);
    kubectl::account(&kubeconfig(), namespace, "tapper", home)
}

#[test]
fn cap_n_05_the_doctor_names_each_missing_verb_and_its_role_gives_it() {
    let _alone = alone();
    let home = tempfile::tempdir().unwrap();
    let namespace = Namespace::new("tap-rights", json!({}));
    let user = account(namespace.0, home.path());
    let doctor = |form: &str| qd(home.path(), &user, &["tap", "doctor", "-o", form]);
    let all = [
        ("pods", "get"),
        ("pods", "list"),
        ("pods", "watch"),
        ("pods/ephemeralcontainers", "patch"),
        ("pods/exec", "create"),
        ("pods/exec", "get"),
    ];
    for lacking in all {
        let rules: Vec<Value> = all
            .iter()
            .filter(|right| **right != lacking)
            .map(|(resource, verb)| json!({ "apiGroups": [""], "resources": [resource], "verbs": [verb] }))
            .collect();
        let meta = json!({ "name": "some", "namespace": namespace.0 });
        apply(
            &json!({ "apiVersion": "rbac.authorization.k8s.io/v1", "kind": "Role", "metadata": meta, "rules": rules }),
        );
        apply(&json!({
            "apiVersion": "rbac.authorization.k8s.io/v1", "kind": "RoleBinding", "metadata": meta,
            "roleRef": { "apiGroup": "rbac.authorization.k8s.io", "kind": "Role", "name": "some" },
            "subjects": [{ "kind": "ServiceAccount", "name": "tapper", "namespace": namespace.0 }],
        }));
        let output = doctor("json");
        assert_eq!(output.status.code(), Some(3), "{lacking:?}: {} {}", out(&output), errors(&output));
        let answer: Value = serde_json::from_str(&out(&output)).unwrap();
        let there = &answer["namespaces"][0];
        // The other way to agents is not there either, and is not needed.
        let needed = |right: &&Value| right["there"] == false && right["resource"] != "pods/attach";
        let missing: Vec<_> = there["rights"].as_array().unwrap().iter().filter(needed).collect();
        assert_eq!(missing.len(), 1, "{answer}");
        assert_eq!((&missing[0]["resource"], &missing[0]["verb"]), (&lacking.0.into(), &lacking.1.into()));
        assert_eq!((&there["code"], answer["works"].as_bool()), (&"tap_forbidden".into(), Some(false)));
        if lacking == all[5] {
            apply(&there["role"]);
        }
    }
    let output = doctor("table");
    assert!(output.status.success() && out(&output).contains("a tap works"), "{} {}", out(&output), errors(&output));
    // and so it does, with these rights and no other
    let output = qd(home.path(), &user, &["tap", "--pod", "one", "--duration", "3", "-o", "jsonl"]);
    assert!(output.status.success() && errors(&output).contains("capturing"), "{}", errors(&output));
}

#[test]
fn cap_n_05d_the_doctor_says_that_attach_is_enough_and_asks_for_the_configured_image() {
    let _alone = alone();
    let home = tempfile::tempdir().unwrap();
    let namespace = Namespace::new("tap-attach-rights", json!({}));
    let user = account(namespace.0, home.path());
    let rules = json!([
        { "apiGroups": [""], "resources": ["pods"], "verbs": ["get", "list", "watch"] },
        { "apiGroups": [""], "resources": ["pods/ephemeralcontainers"], "verbs": ["patch"] },
        { "apiGroups": [""], "resources": ["pods/attach"], "verbs": ["get", "create"] },
    ]);
    let meta = json!({ "name": "some", "namespace": namespace.0 });
    let (api, group) = ("rbac.authorization.k8s.io/v1", "rbac.authorization.k8s.io");
    apply(&json!({ "apiVersion": api, "kind": "Role", "metadata": meta, "rules": rules }));
    apply(&json!({
        "apiVersion": api, "kind": "RoleBinding", "metadata": meta,
        "roleRef": { "apiGroup": group, "kind": "Role", "name": "some" },
        "subjects": [{ "kind": "ServiceAccount", "name": "tapper", "namespace": namespace.0 }],
    }));
    let mut command = console::command(home.path(), Some(&user));
    let output = command.args(["tap", "doctor", "-o", "json"]).env("QD__CAPTURE__AGENT_IMAGE", "images.invalid/a:1");
    let output = output.output().unwrap();
    assert!(output.status.success(), "{} {}", out(&output), errors(&output));
    let answer: Value = serde_json::from_str(&out(&output)).unwrap();
    assert_eq!((&answer["works"], &answer["image"]), (&true.into(), &"images.invalid/a:1".into()), "{answer}");
    assert_eq!(answer["namespaces"][0]["role"], Value::Null, "{answer}");
    // and so it does, by attach alone
    let output = qd(home.path(), &user, &["tap", "--pod", "one", "--duration", "3", "-o", "jsonl"]);
    assert!(output.status.success() && errors(&output).contains("capturing"), "{}", errors(&output));
}

#[test]
fn cap_11_what_admission_does_not_let_in_is_tried_told_and_replaced_by_nothing_else() {
    let _alone = alone();
    let home = tempfile::tempdir().unwrap();
    let level = json!({ "pod-security.kubernetes.io/enforce": "restricted" });
    let namespace = Namespace::new("tap-strict", level);
    let output = qd(home.path(), &kubeconfig(), &["tap", "doctor", "-n", namespace.0, "-o", "json"]);
    assert_eq!(output.status.code(), Some(3), "{}", errors(&output));
    let answer: Value = serde_json::from_str(&out(&output)).unwrap();
    let profiles = answer["namespaces"][0]["profiles"].as_array().unwrap();
    let passes: Vec<(&str, bool)> =
        profiles.iter().map(|one| (one["profile"].as_str().unwrap(), one["passes"].as_bool().unwrap())).collect();
    assert_eq!(passes, [("netraw", false), ("inherited", false), ("sockets", true)]);
    assert!(profiles[0]["refused"].as_str().unwrap().contains("PodSecurity"), "{answer}");
    assert_eq!(answer["namespaces"][0]["code"], "tap_admission");
    // nothing was added; nor is it by a tap, and the pod is not made anew
    let pod = || {
        let path = "jsonpath={.metadata.uid} {.spec.containers[*].name} {.spec.ephemeralContainers}";
        kubectl::stdout(&kubeconfig(), &["get", "pod", "one", "-n", namespace.0, "-o", path])
    };
    let before = pod();
    assert_eq!(before.split_whitespace().count(), 2, "{before}");
    let words = ["tap", "-n", namespace.0, "--packets", "headers", "--duration", "1", "-o", "json"];
    let output = qd(home.path(), &kubeconfig(), &words);
    assert!(output.status.code() == Some(3) && errors(&output).contains("tap_admission"), "{}", errors(&output));
    assert_eq!(pod(), before);
    let output = qd(home.path(), &kubeconfig(), &["tap", "doctor", "-n", "shop", "--read-only"]);
    assert!(output.status.code() == Some(3) && errors(&output).contains("read_only"), "{}", errors(&output));
}

#[test]
fn cap_30a_the_image_for_either_processor_holds_a_static_program_that_runs_there_and_nothing_else() {
    let home = tempfile::tempdir().unwrap();
    for (arch, machine, native) in [("amd64", 62, "x86_64"), ("arm64", 183, "aarch64")] {
        let archive = home.path().join(format!("{arch}.tar"));
        let words = ["tap", "image", "--arch", arch, "--output", archive.to_str().unwrap()];
        let output = qd(home.path(), &kubeconfig(), &words);
        assert!(output.status.success(), "this qd was built without the agent for {arch}: {}", errors(&output));
        assert!(std::fs::metadata(&archive).unwrap().len() <= 4 << 20, "{arch}");
        let member = |name: &str| Command::new("tar").arg("xOf").arg(&archive).arg(name).output().unwrap().stdout;
        let manifest: Value = serde_json::from_slice(&member("manifest.json")).unwrap();
        let config: Value = serde_json::from_slice(&member(manifest[0]["Config"].as_str().unwrap())).unwrap();
        assert_eq!((&config["architecture"], &config["os"]), (&arch.into(), &"linux".into()));
        assert_eq!(config["config"]["Entrypoint"], serde_json::json!(["/qd-agent"]));
        let layers = manifest[0]["Layers"].as_array().unwrap();
        assert_eq!(layers.len(), 1, "from scratch: {manifest}");
        let layer = home.path().join("layer.tar");
        std::fs::write(&layer, member(layers[0].as_str().unwrap())).unwrap();
        let files = out(&Command::new("tar").arg("tf").arg(&layer).output().unwrap());
        // beside it the empty folders that others are mounted over
        let files: Vec<&str> = files.lines().filter(|name| !name.ends_with('/')).collect();
        assert_eq!(files, ["qd-agent"], "{arch}");
        let unpacked = Command::new("tar").arg("xf").arg(&layer).arg("-C").arg(home.path()).status().unwrap();
        assert!(unpacked.success());
        let program = home.path().join("qd-agent");
        let bytes = std::fs::read(&program).unwrap();
        let short = |at: usize| usize::from(u16::from_le_bytes([bytes[at], bytes[at + 1]]));
        assert_eq!((&bytes[..4], short(18)), (&b"\x7fELF"[..], machine), "{arch}");
        // no part of it names a loader: it is static
        let (table, size, count) = (short(32), short(54), short(56));
        assert!((0..count).all(|number| bytes[table + number * size..][..4] != [3, 0, 0, 0]), "{arch}");
        let mut command = Command::new(&program);
        if std::env::consts::ARCH != native {
            command = Command::new(format!("qemu-{native}-static"));
            command.arg(&program);
        }
        let said = out(&command.arg("version").output().unwrap());
        assert!(said.starts_with("qd-agent ") && said.contains("qd.capture/1"), "{arch}: {said}");
    }
}

#[test]
fn cap_30e_the_image_that_qd_writes_is_the_one_that_runs() {
    let _alone = alone();
    let home = tempfile::tempdir().unwrap();
    let archive = home.path().join("agent.tar");
    let output = qd(home.path(), &kubeconfig(), &["tap", "image", "--output", archive.to_str().unwrap()]);
    assert!(output.status.success(), "this qd was built without the agent: {}", errors(&output));
    let version = qd(home.path(), &kubeconfig(), &["version", "-o", "json"]);
    let version: Value = serde_json::from_str(&out(&version)).unwrap();
    let told = &version["agent_images"][0];
    let manifest = Command::new("tar").arg("xOf").arg(&archive).arg("manifest.json").output().unwrap();
    let manifest: Value = serde_json::from_slice(&manifest.stdout).unwrap();
    assert_eq!(manifest[0]["RepoTags"][0], told["name"]);
    let id = told["id"].as_str().unwrap();
    assert_eq!(format!("sha256:{}", manifest[0]["Config"].as_str().unwrap().trim_end_matches(".json")), id);
    let output = qd(home.path(), &kubeconfig(), &["tap", "-n", "shop", "-l", FRONT, "--duration", "2", "-o", "jsonl"]);
    assert!(output.status.success(), "{}", errors(&output));
    let path = "{range .items[*].spec.ephemeralContainers[*]}{.image}{\"\\n\"}{end}";
    let words = ["get", "pods", "-n", "shop", "-l", FRONT, "-o", &format!("jsonpath={path}")];
    let images = kubectl::stdout(&kubeconfig(), &words);
    assert!(images.lines().any(|image| image == told["name"]), "{images}");
}

#[test]
fn cap_d_17_cap_01_what_a_pod_is_asked_to_run_is_by_name_and_digest_what_qd_writes() {
    let _alone = alone();
    let home = tempfile::tempdir().unwrap();
    let archive = home.path().join("agent.tar");
    let output = qd(home.path(), &kubeconfig(), &["tap", "image", "--output", archive.to_str().unwrap()]);
    assert!(output.status.success(), "this qd was built without the agent: {}", errors(&output));
    let member = |name: &str| Command::new("tar").arg("xOf").arg(&archive).arg(name).output().unwrap().stdout;
    let manifest: Value = serde_json::from_slice(&member("manifest.json")).unwrap();
    let file = home.path().join("config.json");
    std::fs::write(&file, member(manifest[0]["Config"].as_str().unwrap())).unwrap();
    let sum = out(&Command::new("sha256sum").arg(&file).output().unwrap());
    let digest = format!("sha256:{}", sum.split_whitespace().next().unwrap());
    let version = qd(home.path(), &kubeconfig(), &["version", "-o", "json"]);
    let version: Value = serde_json::from_str(&out(&version)).unwrap();
    assert_eq!(version["agent_images"][0]["id"], digest.as_str());
    let told = out(&qd(home.path(), &kubeconfig(), &["version"]));
    let told: Vec<&str> = told.lines().collect();
    assert!(told[0].starts_with("qd ") && told[1] == "agent protocol qd.capture/1", "{told:?}");
    assert!(told[2].starts_with("agent image ") && told[2].contains(&digest), "{told:?}");
    // What this tap asks for, and what the node runs then.
    let words = ["tap", "start", "-n", "shop", "-l", FRONT, "--duration", "2", "-o", "jsonl"];
    let output = qd(home.path(), &kubeconfig(), &words);
    let said = errors(&output);
    assert!(output.status.success(), "{said}");
    let name = said
        .split_whitespace()
        .find(|word| word.starts_with("qd-tap-"))
        .unwrap()
        .trim_matches(|own: char| ",;:()".contains(own));
    let words = ["get", "pods", "-n", "shop", "-l", FRONT, "-o", "json"];
    let pods: Value = serde_json::from_str(&kubectl::stdout(&kubeconfig(), &words)).unwrap();
    let of = |path: &str| {
        let pods = pods["items"].as_array().unwrap().iter();
        let mut all = pods.flat_map(|pod| pod.pointer(path).and_then(Value::as_array).into_iter().flatten());
        all.find(|one| one["name"] == name).unwrap_or_else(|| panic!("{name} is not in {path}: {said}")).clone()
    };
    assert_eq!(of("/spec/ephemeralContainers")["image"], manifest[0]["RepoTags"][0]);
    assert_eq!(
        of("/status/ephemeralContainerStatuses")["imageID"],
        digest.as_str(),
        "load this qd's image on the cluster"
    );
}

#[test]
fn cap_21b_agents_in_pods_are_listed_while_they_run_and_afterwards() {
    let _alone = alone();
    let home = tempfile::tempdir().unwrap();
    let list = |more: &[&str]| -> Vec<Value> {
        let words = [&["tap", "list", "-n", "shop", "-l", FRONT, "-o", "jsonl"], more].concat();
        let output = qd(home.path(), &kubeconfig(), &words);
        assert!(output.status.success(), "{}", errors(&output));
        out(&output).lines().map(|line| serde_json::from_str(line).unwrap()).collect()
    };
    let before = list(&["--ended"]).len();
    let mut command = tap(home.path(), &["-n", "shop", "-l", FRONT]);
    let mut child = command.stdout(Stdio::null()).stderr(Stdio::null()).spawn().unwrap();
    let until = Instant::now() + Duration::from_secs(40);
    while !list(&[]).iter().any(|one| one["state"] == "running") {
        assert!(Instant::now() < until, "{:?}", list(&["--ended"]));
        std::thread::sleep(Duration::from_millis(300));
    }
    let running = list(&[]);
    assert!(running.iter().all(|one| one["owner"].as_str().unwrap().len() == 64), "{running:?}");
    // asked to end by what a service manager sends
    signal(child.id(), "TERM");
    assert!(child.wait().unwrap().success());
    let until = Instant::now() + Duration::from_secs(10);
    while !list(&[]).is_empty() {
        assert!(Instant::now() < until, "{:?}", list(&[]));
        std::thread::sleep(Duration::from_millis(300));
    }
    let after = list(&["--ended"]);
    assert!(after.len() > before && after.iter().all(|one| one["state"] == "ended" && one["past"].as_u64() >= Some(1)));
}

#[test]
fn cap_19a_a_tap_that_is_stopped_while_its_container_begins_leaves_no_agent_behind() {
    let _alone = alone();
    let home = tempfile::tempdir().unwrap();
    let agents = || -> Vec<Value> {
        let words = ["tap", "list", "-n", "shop", "-l", FRONT, "-o", "jsonl", "--ended"];
        let output = qd(home.path(), &kubeconfig(), &words);
        assert!(output.status.success(), "{}", errors(&output));
        out(&output).lines().map(|line| serde_json::from_str(line).unwrap()).collect()
    };
    let before = agents().len();
    let mut command = tap(home.path(), &["-n", "shop", "-l", FRONT]);
    let mut child = command.stdout(Stdio::null()).stderr(Stdio::null()).spawn().unwrap();
    let until = Instant::now() + Duration::from_secs(40);
    while agents().len() == before {
        assert!(Instant::now() < until, "no container was added");
        std::thread::sleep(Duration::from_millis(20));
    }
    signal(child.id(), "INT");
    assert!(child.wait().unwrap().success());
    // An agent that nobody asked to end would go on for another fifteen seconds.
    let until = Instant::now() + Duration::from_secs(8);
    while !agents().iter().all(|one| one["state"] == "ended") {
        assert!(Instant::now() < until, "{:?}", agents());
        std::thread::sleep(Duration::from_millis(200));
    }
}
