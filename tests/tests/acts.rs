//! `qd delete`, `qd scale`, `qd restart` on the real cluster: the plan, the decision, the journal, and the API server's
//! own audit log beside it.

#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic, clippy::indexing_slicing, missing_docs)]

use e2e::console::Console;
use e2e::curl::curl;
use e2e::kubeconfig;
use e2e::kubectl::{self, kubectl};
use serde_json::Value;
use std::path::{Path, PathBuf};
use std::process::Output;
use std::time::{Duration, Instant};

struct Desk {
    home: tempfile::TempDir,
    namespace: String,
}

impl Desk {
    /// A user with a journal of their own, and a namespace with a deployment of nothing but a name.
    fn new(name: &str) -> Self {
        let desk = Self { home: tempfile::tempdir().unwrap(), namespace: format!("qd-acts-{name}") };
        let _gone =
            kubectl(&kubeconfig(), &["delete", "namespace", &desk.namespace, "--ignore-not-found", "--wait=true"]);
        let _made = kubectl::stdout(&kubeconfig(), &["create", "namespace", &desk.namespace]);
        let create =
            ["create", "deployment", "web", "--image=images.invalid/demo:1", "--replicas=0", "-n", &desk.namespace];
        let _made = kubectl::stdout(&kubeconfig(), &create);
        desk
    }

    fn qd(&self, args: &[&str]) -> Output {
        e2e::console::command(self.home.path(), Some(&kubeconfig())).args(args).output().unwrap()
    }

    fn config(&self, text: &str) -> PathBuf {
        let path = self.home.path().join("qd.toml");
        std::fs::write(&path, text).unwrap();
        path
    }

    fn journal(&self) -> Vec<Value> {
        let output = self.qd(&["audit", "query", "--limit", "500", "-o", "jsonl"]);
        assert!(output.status.success(), "{}", text(&output));
        String::from_utf8(output.stdout).unwrap().lines().map(|line| serde_json::from_str(line).unwrap()).collect()
    }

    fn field(&self, path: &str) -> String {
        kubectl::stdout(
            &kubeconfig(),
            &["get", "deploy", "web", "-n", &self.namespace, "-o", &format!("jsonpath={path}")],
        )
    }
}

impl Drop for Desk {
    fn drop(&mut self) {
        let _going = kubectl(&kubeconfig(), &["delete", "namespace", &self.namespace, "--wait=false"]);
    }
}

fn text(output: &Output) -> String {
    format!("{}{}", String::from_utf8_lossy(&output.stdout), String::from_utf8_lossy(&output.stderr))
}

/// Lines of the API server's audit log about a namespace that qd is the cause of and that change something.
fn changes(namespace: &str) -> Vec<Value> {
    let log = std::fs::read_to_string(e2e::env("QD_E2E_AUDIT_LOG")).unwrap();
    let lines =
        log.lines().filter(|line| line.contains(namespace)).filter_map(|line| serde_json::from_str::<Value>(line).ok());
    lines
        .filter(|line| line["userAgent"].as_str().is_some_and(|agent| agent.starts_with("qd/")))
        .filter(|line| line["objectRef"]["namespace"] == namespace && line["stage"] == "ResponseComplete")
        .filter(|line| !matches!(line["verb"].as_str(), Some("get" | "list" | "watch")))
        .collect()
}

/// The API server writes its log a moment after it answers.
fn wait_for_changes(namespace: &str, count: usize) -> Vec<Value> {
    let deadline = Instant::now() + Duration::from_secs(20);
    loop {
        let found = changes(namespace);
        if found.len() >= count || Instant::now() > deadline {
            return found;
        }
        std::thread::sleep(Duration::from_millis(200));
    }
}

fn is_dry_run(line: &Value) -> bool {
    line["requestURI"].as_str().is_some_and(|uri| uri.contains("dryRun"))
        || line["annotations"].to_string().contains("dryRun")
}

#[test]
fn exn_06g_the_cluster_s_audit_log_agrees_with_ours_about_the_three_acts() {
    let desk = Desk::new("three");
    let ns = desk.namespace.clone();
    for args in
        [&["scale", "deploy", "web", "--replicas", "2"][..], &["restart", "deploy/web"], &["delete", "deploy", "web"]]
    {
        let output = desk.qd(&[args, &["-n", &ns, "--yes"]].concat());
        assert!(output.status.success(), "{args:?}: {}", text(&output));
    }
    let gone = kubectl(&kubeconfig(), &["get", "deploy", "web", "-n", &ns]);
    assert!(!gone.status.success(), "the deployment is gone");

    let decided: Vec<Value> = desk.journal().into_iter().filter(|entry| entry["kind"] == "decided").collect();
    let acts = ["object:scale", "rollout:restart", "object:delete"];
    let mut decisions = vec![];
    for action in acts {
        let entry = decided
            .iter()
            .find(|entry| entry["body"]["action"] == action)
            .unwrap_or_else(|| panic!("{action} is in the journal"));
        assert_eq!(entry["body"]["verdict"], "allow");
        decisions.push(entry["body"]["decision"].as_str().unwrap().to_owned());
    }
    let real: Vec<Value> = wait_for_changes(&ns, 6).into_iter().filter(|line| !is_dry_run(line)).collect();
    let seen: Vec<(String, String)> = real
        .iter()
        .map(|line| (line["verb"].as_str().unwrap().to_owned(), line["userAgent"].as_str().unwrap().to_owned()))
        .collect();
    for (decision, verb) in decisions.iter().zip(["patch", "patch", "delete"]) {
        let named =
            seen.iter().filter(|(own, agent)| own == verb && agent.ends_with(&format!("decision/{decision}"))).count();
        assert_eq!(named, 1, "{verb} under {decision}: {seen:?}");
    }
    assert_eq!(seen.len(), 3, "nothing else was changed: {seen:?}");
    let verify = desk.qd(&["audit", "verify"]);
    assert!(verify.status.success(), "{}", text(&verify));
}

#[test]
fn exn_06g_a_plan_changes_nothing_and_shows_the_difference() {
    let desk = Desk::new("plan");
    let output = desk.qd(&["scale", "deploy", "web", "--replicas", "3", "-n", &desk.namespace, "--plan"]);
    let shown = text(&output);
    assert!(output.status.success(), "{shown}");
    assert!(shown.contains("replicas: 0") && shown.contains("replicas: 3"), "{shown}");
    assert_eq!(desk.field("{.spec.replicas}"), "0");
    let asked = desk.qd(&["scale", "deploy", "web", "--replicas", "3", "-n", &desk.namespace]);
    assert_eq!(asked.status.code(), Some(3), "without a terminal a needed answer is refused: {}", text(&asked));
    assert_eq!(desk.field("{.spec.replicas}"), "0");
}

#[test]
fn exd_13_production_wants_the_exact_name() {
    let desk = Desk::new("prod");
    let context = kubectl::stdout(&kubeconfig(), &["config", "current-context"]);
    let config = desk.config(&format!("[clusters]\nproduction = [\"{}\"]\n", context.trim()));
    let config = config.to_str().unwrap();
    let delete = ["delete", "deploy", "web", "-n", &desk.namespace, "--yes", "--config", config];
    let refused = desk.qd(&delete);
    assert_eq!(refused.status.code(), Some(3), "--yes does not meet a typed confirmation: {}", text(&refused));
    let wrong = desk.qd(&[&delete[..], &["--confirm", "Web"]].concat());
    assert_ne!(wrong.status.code(), Some(0));
    assert_eq!(desk.field("{.metadata.name}"), "web", "it is still there");
    let right = desk.qd(&[&delete[..], &["--confirm", "web"]].concat());
    assert!(right.status.success(), "{}", text(&right));
}

#[test]
fn exn_06g_read_only_sends_nothing_but_reads() {
    let desk = Desk::new("ro");
    for args in [
        &["delete", "deploy", "web"][..],
        &["scale", "deploy", "web", "--replicas", "1"],
        &["restart", "deploy", "web"],
    ] {
        let output = desk.qd(&[args, &["-n", &desk.namespace, "--yes", "--read-only"]].concat());
        let shown = text(&output);
        assert_ne!(output.status.code(), Some(0), "{shown}");
        assert!(shown.contains("read-only") || shown.contains("read_only"), "{shown}");
    }
    // A change that is allowed comes after them in the log: when it is there, they would be.
    let fence = desk.qd(&["scale", "deploy", "web", "--replicas", "1", "-n", &desk.namespace, "--yes"]);
    assert!(fence.status.success(), "{}", text(&fence));
    let real = wait_for_changes(&desk.namespace, 2);
    assert!(real.iter().all(|line| line["verb"] == "patch"), "{real:?}");
    assert_eq!(real.iter().filter(|line| !is_dry_run(line)).count(), 1, "{real:?}");
}

#[test]
fn exd_21b_a_kubeconfig_is_never_written() {
    let desk = Desk::new("untouched");
    let copy = desk.home.path().join("kubeconfig");
    std::fs::copy(kubeconfig(), &copy).unwrap();
    let look = || (std::fs::read(&copy).unwrap(), std::fs::metadata(&copy).unwrap().modified().unwrap());
    let before = look();
    let console = Console::start(Some(&copy), &[]);
    let token = format!("x-quarterdeck-token: {}", console.token());
    assert_eq!(curl(&format!("{}/api/v1/session", console.base), &["-H", &token]).status, 200);
    let context = kubectl::stdout(&kubeconfig(), &["config", "current-context"]);
    for args in [
        &["contexts"][..],
        &["whoami"],
        &["get", "pods", "-A", "--context", context.trim()],
        &["scale", "deploy", "web", "--replicas", "1", "-n", &desk.namespace, "--yes"],
    ] {
        let output = e2e::console::command(desk.home.path(), Some(&copy)).args(args).output().unwrap();
        assert!(output.status.success(), "{args:?}: {}", text(&output));
    }
    drop(console);
    assert!(look() == before, "the file is as it was, and nobody wrote it anew");
}

#[test]
fn a_cut_journal_is_found() {
    let desk = Desk::new("cut");
    let scale = desk.qd(&["scale", "deploy", "web", "--replicas", "1", "-n", &desk.namespace, "--yes"]);
    assert!(scale.status.success(), "{}", text(&scale));
    let db = desk.home.path().join(".local/state/quarterdeck/journal.db");
    tamper(&db);
    let verify = desk.qd(&["audit", "verify"]);
    assert_eq!(verify.status.code(), Some(1), "{}", text(&verify));
    assert!(text(&verify).contains("audit_broken"), "{}", text(&verify));
}

/// Changes one letter of an allow that is on disk, behind the journal's back.
fn tamper(db: &Path) {
    let mut bytes = std::fs::read(db).unwrap();
    let wal = db.with_extension("db-wal");
    let mark = b"object:scale allow";
    let mut hit = false;
    for at in 0..bytes.len().saturating_sub(mark.len()) {
        if &bytes[at..at + mark.len()] == mark {
            bytes[at] = b'O';
            hit = true;
        }
    }
    assert!(hit, "the entry is in the file (write-ahead log left: {})", wal.exists());
    std::fs::write(db, bytes).unwrap();
}
