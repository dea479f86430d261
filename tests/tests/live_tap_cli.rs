//! The command line of taps on a real cluster: what the doctor finds, the agent's image, files for Wireshark, and
//! Wireshark itself.
#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic, clippy::indexing_slicing, missing_docs)]

use e2e::tapped::{done, qd};
use e2e::tapping::{FRONT, alone, tap};
use e2e::{console, errors, kubeconfig, kubectl, out, signal};
use serde_json::{Value, json};
use std::os::unix::fs::PermissionsExt;
use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};
use std::time::{Duration, Instant};

/// A program of Wireshark, without a word on stderr but the one about root.
fn quiet(name: &str, words: &[&str]) -> String {
    let output = Command::new(name).args(words).output();
    let output =
        output.unwrap_or_else(|_| panic!("{name} is missing: install the Debian packages tshark, wireshark-common"));
    let said: Vec<String> = errors(&output)
        .lines()
        .filter(|line| !line.is_empty() && !line.contains("as user \"root\""))
        .map(str::to_owned)
        .collect();
    assert!(output.status.success() && said.is_empty(), "{name} {words:?}: {said:?}");
    out(&output)
}

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

/// The kubeconfig of a service account that may nothing yet.
fn account(namespace: &str, home: &Path) -> PathBuf {
    done(&["create", "serviceaccount", "tapper", "-n", namespace]);
    kubectl::account(&kubeconfig(), namespace, "tapper", home)
}

#[test]
fn cap_n_05b_the_doctor_names_each_missing_verb_and_its_role_gives_it() {
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
fn cap_11a_the_doctor_tries_what_admission_says() {
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
    // nothing was added
    let words = ["get", "pod", "one", "-n", namespace.0, "-o", "jsonpath={.spec.ephemeralContainers}"];
    assert_eq!(kubectl::stdout(&kubeconfig(), &words), "");
    let output = qd(home.path(), &kubeconfig(), &["tap", "doctor", "-n", "shop", "--read-only"]);
    assert!(output.status.code() == Some(3) && errors(&output).contains("read_only"), "{}", errors(&output));
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

#[test]
fn cap_n_19d_packets_go_through_a_pipe_until_the_reader_has_enough() {
    let _alone = alone();
    let home = tempfile::tempdir().unwrap();
    let words = ["-n", "shop", "-l", FRONT, "--packets", "full", "--no-redact", "--write", "-"];
    let mut child = tap(home.path(), &words).stdout(Stdio::piped()).stderr(Stdio::piped()).spawn().unwrap();
    let stdout = child.stdout.take().unwrap();
    let words = ["-r", "-", "-c", "20", "-T", "fields", "-e", "frame.interface_name"];
    let seen = Command::new("tshark").args(words).stdin(stdout).output();
    let seen = seen.expect("tshark is missing: install the Debian package tshark");
    let lines = out(&seen);
    assert!(
        lines.lines().count() == 20 && lines.lines().all(|line| line.starts_with("shop/front-")),
        "{}",
        errors(&seen)
    );
    let output = child.wait_with_output().unwrap();
    assert!(output.status.success() && errors(&output).contains("ended: "), "{}", errors(&output));
}

#[test]
fn cap_f_14c_records_whose_reader_went_away_end_the_tap_and_leave_a_whole_file() {
    let _alone = alone();
    let home = tempfile::tempdir().unwrap();
    let file = home.path().join("front.pcapng");
    let words = ["-n", "shop", "-l", FRONT, "--packets", "full", "-o", "jsonl", "--write", file.to_str().unwrap()];
    let mut child = tap(home.path(), &words).stdout(Stdio::piped()).stderr(Stdio::piped()).spawn().unwrap();
    let mut line = String::new();
    std::io::BufRead::read_line(&mut std::io::BufReader::new(child.stdout.take().unwrap()), &mut line).unwrap();
    assert!(line.starts_with("{\"pod\":\"shop/front-"), "{line}");
    let output = child.wait_with_output().unwrap();
    assert!(output.status.success(), "{}", errors(&output));
    assert!(errors(&output).contains("ended: ") && !errors(&output).contains("ERROR"), "{}", errors(&output));
    assert!(qd(home.path(), &kubeconfig(), &["tap", "verify", file.to_str().unwrap()]).status.success());
}

#[test]
fn cap_f_16a_a_file_is_whole_after_a_kill_and_says_that_it_was_cut() {
    let _alone = alone();
    let home = tempfile::tempdir().unwrap();
    let file = home.path().join("front.pcapng");
    let words = ["-n", "shop", "-l", FRONT, "--packets", "full", "--write", file.to_str().unwrap()];
    let mut child = tap(home.path(), &words).stdout(Stdio::null()).stderr(Stdio::null()).spawn().unwrap();
    let until = Instant::now() + Duration::from_secs(60);
    while std::fs::metadata(&file).map_or(0, |about| about.len()) < 40_000 {
        assert!(Instant::now() < until && child.try_wait().unwrap().is_none());
        std::thread::sleep(Duration::from_millis(100));
    }
    child.kill().unwrap();
    child.wait().unwrap();
    let file = file.to_str().unwrap();
    assert!(quiet("tshark", &["-r", file, "-T", "fields", "-e", "frame.number"]).lines().count() > 20);
    quiet("capinfos", &[file]);
    let output = qd(home.path(), &kubeconfig(), &["tap", "verify", file, "-o", "json"]);
    assert_eq!(output.status.code(), Some(1), "{}", errors(&output));
    let told: Value = serde_json::from_str(&out(&output)).unwrap();
    assert!(told["ended"] == false && told["changed"] == json!([]), "{told}");
}

#[test]
fn cap_n_18e_rotated_files_are_read_and_merged_by_wireshark() {
    let _alone = alone();
    let home = tempfile::tempdir().unwrap();
    let file = home.path().join("front.pcapng");
    let words = ["tap", "-n", "shop", "-l", FRONT, "--packets", "full", "--duration", "12", "--rotate", "64K,20"];
    let words = [&words[..], &["--write", file.to_str().unwrap()]].concat();
    let output = qd(home.path(), &kubeconfig(), &words);
    assert!(output.status.success(), "{}", errors(&output));
    let mut parts: Vec<String> = std::fs::read_dir(home.path())
        .unwrap()
        .map(|entry| entry.unwrap().path().to_str().unwrap().to_owned())
        .filter(|path| path.ends_with(".pcapng"))
        .collect();
    parts.sort();
    assert!(parts.len() >= 2, "{parts:?}");
    let merged = home.path().join("merged");
    let mut words = vec!["-w", merged.to_str().unwrap()];
    words.extend(parts.iter().map(String::as_str));
    quiet("mergecap", &words);
    let count = |path: &str| quiet("tshark", &["-r", path, "-T", "fields", "-e", "frame.number"]).lines().count();
    assert_eq!(count(merged.to_str().unwrap()), parts.iter().map(|part| count(part)).sum::<usize>());
    for part in &parts {
        let about = quiet("capinfos", &[part]);
        assert!(about.contains("Strict time order:   True") && about.contains("Capture application: qd "), "{about}");
        assert!(qd(home.path(), &kubeconfig(), &["tap", "verify", part]).status.success(), "{part}");
    }
    // transactions are told at their packets, losses and names stand in the file
    let comments = quiet("tshark", &["-r", &parts[0], "-Y", "frame.comment", "-T", "fields", "-e", "frame.comment"]);
    assert!(comments.lines().filter(|line| line.starts_with("qd http ")).count() > 3, "{comments}");
    let names = quiet("tshark", &["-r", &parts[0], "-N", "n", "-T", "fields", "-e", "ip.src_host"]);
    assert!(names.lines().any(|name| name.starts_with("front-") && name.ends_with(".shop")), "{names}");
}

#[test]
fn cap_n_19e_wireshark_captures_on_a_pod_as_on_an_interface() {
    let _alone = alone();
    // Wireshark takes programs of its user's folder from others than root alone
    let folder = tempfile::tempdir().unwrap();
    let open = |path: &Path| std::fs::set_permissions(path, PermissionsExt::from_mode(0o755)).unwrap();
    open(folder.path());
    let (home, programs) = (folder.path().join("home"), folder.path().join("extcap"));
    [&home, &programs].iter().for_each(|path| std::fs::create_dir(path).unwrap());
    let (config, program) = (folder.path().join("kubeconfig"), folder.path().join("qd"));
    std::fs::copy(kubeconfig(), &config).unwrap();
    std::fs::copy(e2e::qd(), &program).unwrap();
    open(&program);
    let script = format!(
        "#!/bin/sh\nexport KUBECONFIG={} HOME={}\nexec {} \"$@\"\n",
        config.display(),
        home.display(),
        program.display()
    );
    std::fs::write(programs.join("qd"), script).unwrap();
    open(&programs.join("qd"));
    for path in [&home, &config] {
        std::os::unix::fs::chown(path, Some(65534), Some(65534)).unwrap();
    }
    let tshark = |words: &[&str]| {
        let mut command = Command::new("setpriv");
        command.args(["--reuid", "65534", "--regid", "65534", "--clear-groups", "tshark"]).args(words);
        command.env("WIRESHARK_EXTCAP_DIR", &programs).env("HOME", &home);
        command.output().expect("setpriv is missing: install the Debian package util-linux")
    };
    let listed = out(&tshark(&["-D"]));
    let named = |line: &str| line.split_whitespace().find(|word| word.starts_with("qd:shop/front-")).map(str::to_owned);
    let Some(interface) = listed.lines().find_map(named) else { panic!("{listed}") };
    let words = [
        "-i",
        &interface,
        "-f",
        "tcp port 8080",
        "-c",
        "15",
        "-T",
        "fields",
        "-e",
        "frame.interface_name",
        "-e",
        "tcp.port",
    ];
    let seen = tshark(&words);
    let lines = out(&seen);
    assert_eq!(lines.lines().count(), 15, "{lines} {}", errors(&seen));
    for line in lines.lines() {
        assert!(line.starts_with("shop/front-") && line.contains("8080"), "{line}");
    }
}

/// A file system of 128 K; gone when dropped.
struct Small(tempfile::TempDir);

impl Drop for Small {
    fn drop(&mut self) {
        let _ = Command::new("umount").arg("-l").arg(self.0.path()).status();
    }
}

#[test]
fn cap_f_13_a_full_disk_ends_the_packets_and_the_records_go_on() {
    let _alone = alone();
    let home = tempfile::tempdir().unwrap();
    let small = Small(tempfile::tempdir().unwrap());
    let words = ["-t", "tmpfs", "-o", "size=128k", "qd-test"];
    assert!(Command::new("mount").args(words).arg(small.0.path()).status().unwrap().success(), "run the tests as root");
    let file = small.0.path().join("front.pcapng");
    let to = ["--packets", "full", "-o", "jsonl", "--write", file.to_str().unwrap(), "--duration", "12"];
    let run =
        |more: &[&str]| tap(home.path(), &[&["-n", "shop", "-l", FRONT], &to[..], more].concat()).output().unwrap();
    let output = run(&["--on-full", "stop"]);
    assert!(output.status.success() && errors(&output).contains("spool_full"), "{}", errors(&output));
    let lines = out(&output);
    let records = lines.lines().map(|line| serde_json::from_str::<Value>(line).unwrap());
    let times: Vec<i64> = records.filter(|one| one["kind"] == "http").filter_map(|one| one["ts"].as_i64()).collect();
    let last: i64 = quiet("capinfos", &["-r", "-T", "-m", "-e", "-S", file.to_str().unwrap()])
        .trim()
        .rsplit(',')
        .next()
        .and_then(|text| text.trim_matches('"').parse::<f64>().ok())
        .map(|seconds| (seconds * 1e6) as i64)
        .unwrap();
    let after = times.iter().filter(|ts| **ts > last + 1_000_000).count();
    assert!(after > 0, "the file ends at {last}, records at {:?}", times.last());
    // Unless that is asked for, the tap fails.
    let output = run(&[]);
    assert_eq!(output.status.code(), Some(1), "{}", errors(&output));
    assert!(
        errors(&output).contains("write_failed") || errors(&output).contains("cannot write"),
        "{}",
        errors(&output)
    );
}

#[test]
fn cap_f_30a_every_limit_is_a_normal_end_with_counters_and_nothing_that_matched_is_one_of_its_own() {
    let _alone = alone();
    let home = tempfile::tempdir().unwrap();
    let file = home.path().join("front.pcapng");
    let file = file.to_str().unwrap();
    for words in [
        &["--duration", "3"][..],
        &["--count", "5"],
        &["--limit-size", "64K", "--write", file],
        &["--duration", "4", "--wait-for", "60s"],
        // What came before that is no reason to end.
        &["--count", "200", "--wait-for", "45s"],
    ] {
        let all = [&["-n", "shop", "-l", FRONT, "-o", "jsonl"], words].concat();
        let output = tap(home.path(), &all).output().unwrap();
        assert_eq!(output.status.code(), Some(0), "{words:?}: {}", errors(&output));
        let said = errors(&output);
        assert!(said.contains("  ended: ") && said.contains(" packets, "), "{words:?}: {said}");
        if let ["--count", count, ..] = words {
            assert_eq!(out(&output).lines().count().to_string(), **count);
        }
    }
    let words = ["-n", "shop", "-l", FRONT, "--where", "path = \"/nobody-asks\"", "--wait-for", "4s", "-o", "jsonl"];
    let output = tap(home.path(), &words).output().unwrap();
    assert_eq!(output.status.code(), Some(5), "{}", errors(&output));
    assert!(errors(&output).contains("timed_out") && errors(&output).contains("  ended: "), "{}", errors(&output));
    assert_eq!(out(&output), "");
}
