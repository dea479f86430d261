//! What changes under a workspace that runs: its blueprint, its rules, its agent, its daemon, its volume. What is told, and what is kept.

#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic, clippy::indexing_slicing)]

use e2e::fresh::Fresh;
use e2e::workspaces::{apply, condition, get, home, message, operator, pods, run, seen, until, wait};
use e2e::{context, errors, kubeconfig, kubectl, out, qd, signal};
use serde_json::{Value, json};
use std::process::Command;

const SHELL: &str = "images.invalid/shell:1";

fn blueprint(namespace: &str, spec: &Value) {
    let object = json!({
        "apiVersion": "quarterdeck.dev/v1alpha1", "kind": "Blueprint",
        "metadata": { "name": "own", "namespace": namespace }, "spec": spec,
    });
    kubectl::apply(&kubeconfig(), &object.to_string());
}

fn of_blueprint(namespace: &str, more: &Value) {
    let mut spec = json!({ "image": null, "blueprintRef": { "kind": "Blueprint", "name": "own" } });
    spec.as_object_mut().unwrap().extend(more.as_object().unwrap().clone());
    apply(namespace, "w", &spec);
}

/// What `qd ws …` prints.
fn ws(namespace: &str, words: &[&str]) -> String {
    let mut all = vec!["ws", words[0], "-n", namespace];
    all.extend(&words[1..]);
    let output = Command::new(qd()).env("KUBECONFIG", kubeconfig()).args(&all).output().expect("qd starts");
    assert!(output.status.success(), "{all:?}: {} {}", out(&output), errors(&output));
    out(&output)
}

fn uid(namespace: &str) -> Value {
    let all = pods(namespace, "w");
    assert_eq!(all.len(), 1, "{all:#?}");
    all[0]["metadata"]["uid"].clone()
}

#[test]
fn wo_11j_a_newer_blueprint_is_shown_field_by_field_and_an_update_keeps_the_files() {
    let fresh = Fresh::new("ws-newer");
    let ns = fresh.name();
    let _console = operator();
    let claim = json!({ "accessModes": ["ReadWriteOnce"], "resources": { "requests": { "storage": "1Gi" } } });
    let says = |token: &str, more: &Value| {
        let mut spec = json!({
            "image": SHELL, "env": { "TOKEN": token, "SAME": "1" },
            "storages": { "home": { "path": "/home/ada", "claimSpec": claim } },
        });
        spec.as_object_mut().unwrap().extend(more.as_object().unwrap().clone());
        blueprint(ns, &spec);
    };
    says("canary-old", &json!({}));
    of_blueprint(ns, &json!({}));
    wait(ns, "w", "condition=Ready");
    let first = uid(ns);
    std::fs::write(home(ns, "w").join("kept"), "by the update").unwrap();
    assert!(seen(ns, "w")["status"]["updateAvailable"].is_null());

    // The rules of its network change where it runs.
    let policy = || get(ns, "networkpolicy", "w")["spec"].clone();
    let before = policy();
    let network = json!({
        "networkPolicyClass": "user", "allowEgressToCIDRs": ["192.0.2.0/24"],
    });
    says("canary-old", &json!({ "network": network }));
    until("its rules are others", 60, || policy() != before && policy().to_string().contains("192.0.2.0/24"));
    assert_eq!(uid(ns), first, "the same pod");

    // The rest waits, and is shown.
    says("canary-new", &json!({ "network": network, "imagePullPolicy": "Never" }));
    until("a newer one is told", 60, || !seen(ns, "w")["status"]["updateAvailable"]["changes"].is_null());
    let told = seen(ns, "w")["status"]["updateAvailable"].clone();
    let changes = told["changes"].as_array().unwrap();
    let of = |field: &str| changes.iter().find(|one| one["field"] == field).cloned().unwrap_or_default();
    let hidden = json!({ "field": "spec.containers[main].env[TOKEN]", "from": "(not shown)", "to": "(not shown)" });
    assert_eq!(of("spec.containers[main].env[TOKEN]"), hidden, "{told:#}");
    assert!(of("spec.containers[main].env[SAME]").is_null(), "{told:#}");
    let pull = json!({ "field": "spec.containers[main].imagePullPolicy", "from": "IfNotPresent", "to": "Never" });
    assert_eq!(of("spec.containers[main].imagePullPolicy"), pull, "{told:#}");
    assert!(!told.to_string().contains("canary"), "{told:#}");
    assert!(!changes.iter().any(|one| one["field"].as_str().unwrap().contains("tolerations")), "{told:#}");
    for words in [["why", "w"], ["show", "w"]] {
        let said = ws(ns, &words);
        assert!(said.contains("a newer blueprint takes hold with the next start, or by `qd ws update w`"), "{said}");
        assert!(said.contains("  spec.containers[main].imagePullPolicy: IfNotPresent -> Never\n"), "{said}");
    }
    assert_eq!(uid(ns), first, "nothing is made anew by itself");

    // It is taken up with the same volume, once.
    let _ = ws(ns, &["update", "w", "--yes"]);
    let second = uid(ns);
    assert_ne!(second, first);
    assert_eq!(pods(ns, "w")[0]["spec"]["containers"][0]["imagePullPolicy"], "Never");
    assert_eq!(std::fs::read_to_string(home(ns, "w").join("kept")).unwrap(), "by the update");
    let said = ws(ns, &["exec", "w", "--", "bash", "-c", "echo $TOKEN; cat ~/kept"]);
    assert_eq!(said, "canary-new\nby the update");
    until("nothing newer is told", 60, || seen(ns, "w")["status"]["updateAvailable"].is_null());
    let said = ws(ns, &["update", "w", "--yes"]);
    assert!(said.contains("runs as it asks for; --force makes its pod anew all the same"), "{said}");
    assert_eq!(uid(ns), second);
    let _ = ws(ns, &["update", "w", "--force", "--yes"]);
    assert_ne!(uid(ns), second, "where nothing differs it is made anew only when that is said");
    assert_eq!(std::fs::read_to_string(home(ns, "w").join("kept")).unwrap(), "by the update");
}

/// The daemon of a workspace, as this machine sees it.
fn daemon(pod: &Value) -> u32 {
    let uid = pod["metadata"]["uid"].as_str().unwrap();
    let all = std::fs::read_dir("/proc").unwrap().flatten();
    let ids = all.filter_map(|entry| entry.file_name().to_str().and_then(|name| name.parse::<u32>().ok()));
    let text = |pid: u32, of: &str| {
        String::from_utf8_lossy(&std::fs::read(format!("/proc/{pid}/{of}")).unwrap_or_default()).replace('\0', " ")
    };
    let mut ours = ids.filter(|pid| {
        let within = text(*pid, "cgroup");
        (within.contains(uid) || within.contains(&uid.replace('-', "_")))
            && text(*pid, "cmdline").contains("qd-agent")
            && text(*pid, "status").lines().any(|line| line.starts_with("NSpid:") && line.ends_with("\t1"))
    });
    ours.next().expect("the daemon runs on this machine")
}

/// A process that stands still until this is dropped.
struct Still(u32);

impl Still {
    fn new(pid: u32) -> Self {
        signal(pid, "STOP");
        Self(pid)
    }
}

impl Drop for Still {
    fn drop(&mut self) {
        if std::path::Path::new(&format!("/proc/{}", self.0)).exists() {
            signal(self.0, "CONT");
        }
    }
}

#[test]
fn wc_06f_a_daemon_that_stands_still_or_has_no_door_is_told_and_what_it_is_about() {
    let fresh = Fresh::new("ws-still");
    let ns = fresh.name();
    let console = operator();
    apply(ns, "w", &json!({}));
    wait(ns, "w", "condition=Ready");
    wait(ns, "w", "condition=Reachable");
    let said = seen(ns, "w");
    assert_eq!(condition(&said, "Reachable"), ("True".to_owned(), "AsExpected".to_owned()));
    let first = uid(ns);

    // It stands still: the kubelet's probe fails, and so does the way in.
    let still = Still::new(daemon(&pods(ns, "w")[0]));
    until("its probe fails", 120, || message(&seen(ns, "w"), "Degraded").to_lowercase().contains("probe"));
    let said = seen(ns, "w");
    assert_eq!(condition(&said, "Degraded"), ("True".to_owned(), "ProbeFailing".to_owned()), "{said:#}");
    until("it is not reached", 60, || condition(&seen(ns, "w"), "Reachable").1 == "AgentUnreachable");
    let shells = format!("/workspaces/{ns}/w/shells?cluster={}", context());
    let shells = console.ask("GET", &shells, None, &["--max-time", "60"]);
    assert_eq!((shells.status, shells.code().as_str()), (502, "agent_unreachable"), "{shells:?}");
    drop(still);
    until("it is reached again", 60, || condition(&seen(ns, "w"), "Reachable").0 == "True");
    wait(ns, "w", "condition=Ready");
    assert_eq!(uid(ns), first, "nothing was made anew");

    // Its door is gone.
    run(ns, "w", "rm /run/quarterdeck/agent.sock /run/quarterdeck/link* || ls -la /run/quarterdeck");
    let closed = || condition(&seen(ns, "w"), "Reachable") == ("False".to_owned(), "PortClosed".to_owned());
    until("its port is closed", 60, closed);
    // And stays so told, though it is not ready any more by then.
    until("it is not ready", 90, || condition(&seen(ns, "w"), "Ready").0 == "False");
    assert!(closed(), "{:#}", seen(ns, "w"));
    assert_eq!(uid(ns), first);
}

#[test]
fn wc_10c_an_agent_of_another_version_is_named_with_which_side_to_update() {
    let fresh = Fresh::new("ws-versions");
    let ns = fresh.name();
    let _console = operator();
    apply(ns, "w", &json!({}));
    wait(ns, "w", "condition=Ready");
    assert_ne!(condition(&seen(ns, "w"), "Degraded").1, "AgentOutdated");
    let label = |version: &str| {
        let label = format!("quarterdeck.dev/agent-version={version}");
        let _ = kubectl::stdout(&kubeconfig(), &["label", "-n", ns, "pod", "w", "--overwrite", &label]);
    };
    for (version, todo) in
        [("0.0.1", "start the workspace again, and it has this one"), ("99.0.0", "update this program")]
    {
        label(version);
        until("it is named", 60, || message(&seen(ns, "w"), "Degraded").contains(todo));
        let said = seen(ns, "w");
        assert_eq!(condition(&said, "Degraded"), ("True".to_owned(), "AgentOutdated".to_owned()), "{said:#}");
        assert!(message(&said, "Degraded").contains(version), "{said:#}");
        // What speaks the same protocol goes on.
        assert!(ws(ns, &["exec", "w", "--", "echo", "still here"]).contains("still here"));
    }
    // Started again, it has ours.
    let _ = ws(ns, &["update", "w", "--force", "--yes"]);
    until("nothing is outdated", 60, || condition(&seen(ns, "w"), "Degraded").1 != "AgentOutdated");
}

/// A file system of the node that holds little.
struct Small {
    node: u32,
    path: String,
    volume: String,
}

impl Small {
    fn new(namespace: &str, claim: &str) -> Self {
        let folder = kubeconfig().parent().unwrap().display().to_string();
        let all = std::fs::read_dir("/proc").unwrap().flatten();
        let mut ids = all.filter_map(|entry| entry.file_name().to_str().and_then(|name| name.parse::<u32>().ok()));
        let is = |pid: &u32| {
            let words = std::fs::read(format!("/proc/{pid}/cmdline")).unwrap_or_default();
            let words = String::from_utf8_lossy(&words).replace('\0', " ");
            words.split(' ').next().is_some_and(|program| program.ends_with("/kubelet"))
                && words.contains(&format!("{folder}/"))
        };
        let node = ids.find(is).expect("the kubelet of this cluster runs on this machine");
        let path = format!("/run/qd-small-{}", std::process::id());
        let small = Self { node, path: path.clone(), volume: format!("{namespace}-small") };
        small.there(&["mkdir", "-p", &path]);
        small.there(&["mount", "-t", "tmpfs", "-o", "size=32m,mode=0777", "tmpfs", &path]);
        let volume = json!({
            "apiVersion": "v1", "kind": "PersistentVolume", "metadata": { "name": small.volume },
            "spec": {
                "capacity": { "storage": "32Mi" }, "accessModes": ["ReadWriteOnce"], "hostPath": { "path": path },
                "storageClassName": "", "claimRef": { "namespace": namespace, "name": claim },
            },
        });
        kubectl::apply(&kubeconfig(), &volume.to_string());
        small
    }

    /// Runs a program where the kubelet runs.
    fn there(&self, words: &[&str]) {
        let pid = self.node.to_string();
        let done = Command::new("nsenter").args(["--target", &pid, "--mount", "--"]).args(words).output().unwrap();
        assert!(done.status.success(), "{words:?}: {}", errors(&done));
    }
}

impl Drop for Small {
    fn drop(&mut self) {
        let _ = kubectl::kubectl(&kubeconfig(), &["delete", "pv", &self.volume, "--wait=false"]);
        let pid = self.node.to_string();
        let _ = Command::new("nsenter").args(["--target", &pid, "--mount", "--", "umount", "-l", &self.path]).output();
    }
}

#[test]
fn wc_10d_a_volume_that_is_nearly_full_is_told_until_there_is_room() {
    let fresh = Fresh::new("ws-small");
    let ns = fresh.name();
    let _small = Small::new(ns, "pvc-w-home");
    let _console = operator();
    let claim = json!({
        "accessModes": ["ReadWriteOnce"], "storageClassName": "", "resources": { "requests": { "storage": "32Mi" } },
    });
    let storages = json!({ "home": { "path": "/home/ada", "claimSpec": claim } });
    blueprint(ns, &json!({ "image": SHELL, "storages": storages }));
    of_blueprint(ns, &json!({}));
    wait(ns, "w", "condition=Ready");
    wait(ns, "w", "condition=Reachable");
    assert_ne!(condition(&seen(ns, "w"), "Degraded").1, "VolumeNearlyFull");
    let _ = ws(ns, &["exec", "w", "--", "bash", "-c", "head -c 28M /dev/zero >/home/ada/much"]);
    until("it is told", 90, || condition(&seen(ns, "w"), "Degraded").1 == "VolumeNearlyFull");
    let said = message(&seen(ns, "w"), "Degraded");
    assert!(said.contains("the volume at /home/ada (32Mi) is 80 % full or more: delete files there"), "{said}");
    let _ = ws(ns, &["exec", "w", "--", "rm", "/home/ada/much"]);
    until("there is room again", 90, || condition(&seen(ns, "w"), "Degraded").1 != "VolumeNearlyFull");
}

#[test]
fn wo_07d_a_service_that_its_blueprint_has_probed_is_ready_by_that_and_started_again_when_it_fails() {
    let fresh = Fresh::new("ws-probed");
    let ns = fresh.name();
    let _console = operator();
    let line = "touch /tmp/lives; sleep 8; touch /tmp/ready; exec sleep 3600";
    blueprint(
        ns,
        &json!({
            "image": SHELL, "runProfile": "service",
            "probes": {
                "readiness": { "exec": { "command": ["test", "-e", "/tmp/ready"] }, "periodSeconds": 1 },
                "liveness": { "exec": { "command": ["test", "-e", "/tmp/lives"] }, "periodSeconds": 2, "failureThreshold": 2, "initialDelaySeconds": 3 },
            },
        }),
    );
    of_blueprint(ns, &json!({ "command": ["bash", "-c", line] }));
    // The agent answers by then, and the service is not ready yet.
    until("its daemon answers", 60, || condition(&seen(ns, "w"), "Reachable").0 == "True");
    assert_ne!(condition(&seen(ns, "w"), "Ready").0, "True", "its own probe says when");
    wait(ns, "w", "condition=Ready");
    let words = ["exec", "-n", ns, "w", "-c", "main", "--", "rm", "/tmp/lives"];
    let _ = kubectl::stdout(&kubeconfig(), &words);
    until("it is started again", 60, || seen(ns, "w")["status"]["pod"]["restarts"].as_i64() >= Some(1));
    wait(ns, "w", "condition=Ready");
}
