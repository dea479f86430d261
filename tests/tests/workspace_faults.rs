//! Parts that are killed, paused or without room while workspaces are made, stopped and started: nothing is lost, nothing is made
//! twice, and what was asked for comes true soon after.

#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic, clippy::indexing_slicing, missing_docs)]

use e2e::console::Console;
use e2e::curl::curl;
use e2e::fresh::Fresh;
use e2e::workspaces::{self, act, apply, list, operator, phase, pods, seen, until, wait};
use e2e::{alone, context, kubeconfig, signal};
use serde_json::{Value, json};
use std::path::Path;
use std::process::{Child, Command, Stdio};
use std::time::{Duration, Instant};

const SHELL: &str = "images.invalid/shell:1";

/// What a test may have to wait for.
const PATIENT: [&str; 2] = ["--max-time", "120"];

fn claim(namespace: &str, name: &str) -> Value {
    workspaces::claim(namespace, name)["metadata"]["uid"].clone()
}

#[test]
fn wf_13b_without_an_operator_doors_work_and_the_next_one_does_what_was_asked() {
    let _alone = alone();
    let fresh = Fresh::new("ws-bereft");
    let ns = fresh.name();
    let gateway = Console::start(Some(&kubeconfig()), &[]);
    let kept = operator();
    apply(ns, "w", &json!({}));
    wait(ns, "w", "condition=Ready");
    let home = claim(ns, "w");
    signal(kept.pid(), "KILL");
    let run = |line: &str| {
        let mut command = gateway.qd(Some(&kubeconfig()));
        command.args(["ws", "exec", "-n", ns, "w", "--", "bash", "-c", line]).stdin(Stdio::null());
        let done = command.output().unwrap();
        assert!(done.status.success(), "{}", e2e::errors(&done));
        e2e::out(&done)
    };
    assert_eq!(run("echo by; echo a file > ~/file; cat ~/file"), "by\na file\n");
    let asked = act(&gateway, ns, "w", "stop", &PATIENT);
    assert_eq!(asked.status, 202, "{asked:?}");
    assert_eq!(seen(ns, "w")["spec"]["state"], "Stopped", "it stands in the object, and nowhere else");
    let _next = operator();
    let took = phase(ns, "w", "Stopped");
    println!("the next operator stopped it within {took:?}");
    let _ = act(&gateway, ns, "w", "start", &PATIENT);
    let _ = phase(ns, "w", "Running");
    wait(ns, "w", "condition=Ready");
    assert_eq!((run("cat ~/file").as_str(), claim(ns, "w")), ("a file\n", home));
}

/// A console in the place of one that was killed; ended when dropped.
struct Next(Child);

impl Next {
    fn of(console: &Console) -> Self {
        until("its port is free", 30, || std::net::TcpListener::bind(("127.0.0.1", console.port)).is_ok());
        let old = console.token();
        let mut next = console.qd(Some(&kubeconfig()));
        next.args(["console", "--no-open", "--listen"]);
        let next = next.arg(format!("127.0.0.1:{}", console.port)).stdout(Stdio::null()).stderr(Stdio::null());
        let next = Self(next.spawn().expect("qd starts"));
        until("the next server is there", 60, || console.token() != old);
        until("it answers", 60, || {
            let health = format!("{}/healthz", console.base);
            Command::new("curl").args(["-sf", "--noproxy", "*", &health]).output().unwrap().status.success()
        });
        next
    }

    fn kill(mut self) {
        signal(self.0.id(), "KILL");
        self.0.wait().unwrap();
        std::mem::forget(self);
    }
}

impl Drop for Next {
    fn drop(&mut self) {
        signal(self.0.id(), "TERM");
        self.0.wait().unwrap();
    }
}

#[test]
fn wf_13c_a_gateway_killed_at_each_boundary_of_a_job_leaves_it_to_the_next() {
    let _alone = alone();
    let fresh = Fresh::new("ws-boundary");
    let ns = fresh.name();
    let _kept = operator();
    let console = Console::start(Some(&kubeconfig()), &[]);
    let mut next: Option<Next> = None;
    // Killed once this is seen, after the answer; the last one before it.
    for (round, seen) in ["answer", "object", "claim", "pod", "request"].into_iter().enumerate() {
        let name = format!("w{round}");
        let body = || json!({ "cluster": context(), "namespace": ns, "name": name, "image": SHELL });
        let key = format!("Idempotency-Key: {name}");
        let kill = |next: Option<Next>| match next {
            Some(next) => next.kill(),
            None => signal(console.pid(), "KILL"),
        };
        let id = if seen == "request" {
            // The request is on its way: whether it was heard nobody knows.
            let token = format!("x-quarterdeck-token: {}", console.token());
            let mut curl = Command::new("curl");
            curl.args([
                "-s",
                "--noproxy",
                "*",
                "--max-time",
                "60",
                "-H",
                &token,
                "-H",
                &key,
                "-H",
                "content-type: application/json",
            ]);
            curl.args(["-d", &body().to_string(), &format!("{}/api/v1/workspaces", console.base)])
                .stdout(Stdio::null());
            let mut asked = curl.spawn().unwrap();
            kill(next.take());
            let _ = asked.wait().unwrap();
            None
        } else {
            let made = console.ask("POST", "/workspaces", Some(&body()), &[&PATIENT[..], &["-H", &key]].concat());
            assert_eq!(made.status, 202, "{made:?}");
            match seen {
                "object" => until("the object", 60, || !workspaces::seen(ns, &name).is_null()),
                "claim" => until("the claim", 60, || {
                    !list(ns, "persistentvolumeclaims", &format!("quarterdeck.dev/workspace={name}")).is_empty()
                }),
                "pod" => until("the pod", 60, || !pods(ns, &name).is_empty()),
                _ => {}
            }
            kill(next.take());
            made.json()["job"]["id"].as_str().map(str::to_owned)
        };
        next = Some(Next::of(&console));
        // The same request again is the same job, or makes what was not made.
        let again = console.ask("POST", "/workspaces", Some(&body()), &[&PATIENT[..], &["-H", &key]].concat());
        let told = again.json()["job"]["id"].as_str().map(str::to_owned);
        assert!(matches!(again.status, 200 | 202) && told.is_some(), "{seen}: {again:?}");
        assert!(id.is_none() || id == told, "{seen}: {id:?} {told:?}");
        let job = told.unwrap();
        until("the job is over", 90, || {
            let state = console.ask("GET", &format!("/jobs/{job}"), None, &PATIENT).json()["state"].clone();
            assert!(!matches!(state.as_str(), Some("failed" | "cancelled")), "{seen}: {state}");
            state == "succeeded"
        });
        assert_eq!(pods(ns, &name).len(), 1, "{seen}");
        let _ = claim(ns, &name);
    }
}

/// A small file system of its own.
struct Small(tempfile::TempDir);

impl Small {
    fn new() -> Self {
        let folder = tempfile::tempdir().unwrap();
        let words = ["-t", "tmpfs", "-o", "size=24m,mode=700", "tmpfs"];
        assert!(
            Command::new("mount").args(words).arg(folder.path()).status().unwrap().success(),
            "these tests run as root"
        );
        Self(folder)
    }

    fn path(&self) -> &Path {
        self.0.path()
    }

    fn fill(&self) {
        use std::io::Write;
        let mut file = std::fs::File::create(self.path().join("filler")).unwrap();
        for size in [1 << 16, 1 << 10, 1] {
            while file.write_all(&vec![7_u8; size]).is_ok() {}
        }
    }

    fn empty(&self) {
        std::fs::remove_file(self.path().join("filler")).unwrap();
    }
}

impl Drop for Small {
    fn drop(&mut self) {
        let _ = Command::new("umount").arg("--lazy").arg(self.path()).status();
    }
}

#[test]
fn wf_13d_without_room_for_the_journal_nothing_is_changed_and_it_goes_on_with_room() {
    let _alone = alone();
    let fresh = Fresh::new("ws-full");
    let ns = fresh.name();
    let disk = Small::new();
    let state = disk.path().display().to_string();
    let console =
        Console::start_with(Some(&kubeconfig()), &["--with-operator", "--yes"], &[("XDG_STATE_HOME", &state)]);
    let record =
        std::fs::read_to_string(disk.path().join(format!("quarterdeck/console-{}.json", console.port))).unwrap();
    let token = serde_json::from_str::<Value>(&record).unwrap()["token"].as_str().unwrap().to_owned();
    let stop = || {
        let path = format!("{}/api/v1/workspaces/{ns}/w/stop?cluster={}", console.base, context());
        let body = json!({ "answers": { "confirm": true } }).to_string();
        let header = format!("x-quarterdeck-token: {token}");
        curl(
            &path,
            &["-X", "POST", "-H", &header, "-H", "content-type: application/json", "-d", &body, "--max-time", "120"],
        )
    };
    apply(ns, "w", &json!({}));
    wait(ns, "w", "condition=Ready");
    let (pod, home) = (pods(ns, "w")[0]["metadata"]["uid"].clone(), claim(ns, "w"));
    disk.fill();
    let refused = stop();
    assert!(refused.status >= 500, "what cannot be written down is not done: {refused:?}");
    assert!(!refused.code().is_empty(), "{refused:?}");
    // What comes by the object itself waits as well: the operator decides, and cannot write that down.
    apply(ns, "w", &json!({ "env": [{ "name": "MORE", "value": "1" }] }));
    let began = Instant::now();
    while began.elapsed() < Duration::from_secs(5) {
        let now = pods(ns, "w");
        assert!(now.len() == 1 && now[0]["metadata"]["uid"] == pod, "{now:#?}");
        assert_ne!(seen(ns, "w")["spec"]["state"], "Stopped");
        std::thread::sleep(Duration::from_millis(300));
    }
    disk.empty();
    let began = Instant::now();
    until("it is written down and done", 60, || stop().status == 202);
    let _ = phase(ns, "w", "Stopped");
    println!("stopped {:?} after there was room", began.elapsed());
    assert_eq!(claim(ns, "w"), home);
}
