//! An API server that stands still: what cannot be done is refused, nothing is done later, nothing is lost.

#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic, clippy::indexing_slicing, missing_docs)]

use e2e::curl::curl;
use e2e::fresh::Fresh;
use e2e::workspaces::{self, act, apply, get, operator, phase, pods, until, wait};
use e2e::{context, kubeconfig, signal};
use serde_json::{Value, json};
use std::time::{Duration, Instant};

const SHELL: &str = "images.invalid/shell:1";

/// What a test may have to wait for.
const PATIENT: [&str; 2] = ["--max-time", "120"];

fn workspace(namespace: &str, name: &str) -> Value {
    get(namespace, "workspaces.quarterdeck.dev", name)
}

fn claim(namespace: &str, name: &str) -> Value {
    workspaces::claim(namespace, name)["metadata"]["uid"].clone()
}

/// The API server of the cluster, which stands still until this is dropped.
struct Paused(u32);

impl Paused {
    fn new() -> Self {
        let folder = kubeconfig().parent().unwrap().display().to_string();
        let all = std::fs::read_dir("/proc").unwrap().flatten();
        let mut ids = all.filter_map(|entry| entry.file_name().to_str().and_then(|name| name.parse::<u32>().ok()));
        let is = |pid: &u32| {
            let words = std::fs::read(format!("/proc/{pid}/cmdline")).unwrap_or_default();
            let words = String::from_utf8_lossy(&words).replace('\0', " ");
            words.split(' ').next().is_some_and(|program| program.ends_with("/kube-apiserver"))
                && words.contains(&format!("{folder}/"))
        };
        let pid = ids.find(is).expect("the API server of this cluster runs on this machine");
        signal(pid, "STOP");
        Self(pid)
    }
}

impl Drop for Paused {
    fn drop(&mut self) {
        // nsenter, which led it into the node, stands still as long as it sees that: both go on, whichever is told first.
        let field = |pid: u32, name: &str| {
            let status = std::fs::read_to_string(format!("/proc/{pid}/status")).unwrap_or_default();
            status
                .lines()
                .find_map(|line| line.strip_prefix(name).map(|rest| rest.trim().to_owned()))
                .unwrap_or_default()
        };
        let parent: Option<u32> = field(self.0, "PPid:").parse().ok().filter(|parent| *parent > 1);
        let both: Vec<u32> = parent.into_iter().chain([self.0]).collect();
        let mut quiet = 0;
        for _ in 0..200 {
            let still: Vec<_> = both.iter().filter(|pid| field(**pid, "State:").starts_with('T')).collect();
            quiet = if still.is_empty() { quiet + 1 } else { 0 };
            if quiet == 5 {
                return;
            }
            still.into_iter().for_each(|pid| signal(*pid, "CONT"));
            std::thread::sleep(Duration::from_millis(50));
        }
    }
}

#[test]
fn wf_13h_while_the_api_server_stands_still_changes_are_refused_and_nothing_is_done_later() {
    let fresh = Fresh::new("ws-paused");
    let ns = fresh.name();
    let console = operator();
    apply(ns, "w", &json!({}));
    wait(ns, "w", "condition=Ready");
    let (pod, home) = (pods(ns, "w")[0]["metadata"]["uid"].clone(), claim(ns, "w"));
    let paused = Paused::new();
    let body = json!({ "cluster": context(), "namespace": ns, "name": "later", "image": SHELL });
    let (answer, made) = std::thread::scope(|threads| {
        let stop = threads.spawn(|| act(&console, ns, "w", "stop", &PATIENT));
        let made = console.ask("POST", "/workspaces", Some(&body), &PATIENT);
        (stop.join().unwrap(), made)
    });
    assert_eq!((answer.status, answer.code().as_str()), (503, "cluster_unreachable"), "{answer:?}");
    assert_eq!((made.status, made.code().as_str()), (503, "cluster_unreachable"), "{made:?}");
    assert_eq!(curl(&format!("{}/healthz", console.base), &[]).status, 200, "the gateway itself answers");
    drop(paused);
    // Whoever leads goes on, or leads again; what was refused stays undone.
    until("the API server answers", 60, || get(ns, "pods", "w")["metadata"]["uid"] == pod);
    let began = Instant::now();
    while began.elapsed() < Duration::from_secs(5) {
        let now = workspace(ns, "w");
        assert_ne!(now["spec"]["state"], "Stopped", "what was refused is not done later");
        assert_eq!(pods(ns, "w").len(), 1);
        std::thread::sleep(Duration::from_millis(300));
    }
    assert!(workspace(ns, "later").is_null(), "nothing was made later");
    assert_eq!((pods(ns, "w")[0]["metadata"]["uid"].clone(), claim(ns, "w")), (pod, home.clone()));
    let stopped = act(&console, ns, "w", "stop", &PATIENT);
    assert_eq!(stopped.status, 202, "{stopped:?}");
    let took = phase(ns, "w", "Stopped");
    println!("stopped {took:?} after it was asked");
    assert_eq!(claim(ns, "w"), home);
    let _ = act(&console, ns, "w", "start", &PATIENT);
    let _ = phase(ns, "w", "Running");
    assert_eq!(claim(ns, "w"), home);
}
