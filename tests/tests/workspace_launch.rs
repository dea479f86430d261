//! The way from a user string to a workspace on a real cluster: each step refuses before the next, and it is made once.

#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic, clippy::indexing_slicing, missing_docs)]

use e2e::console::Console;
use e2e::curl::Answer;
use e2e::fresh::Fresh;
use e2e::workspaces::{condition, get, list, pods, seen, until};
use e2e::{context, errors, kubeconfig, kubectl, out};
use serde_json::{Value, json};
use std::process::{Output, Stdio};
use std::thread;

const SHELL: &str = "images.invalid/shell:1";
const WORKSPACES: &str = "workspaces.quarterdeck.dev";

/// A console whose policy lets nobody have an open network, and a namespace with blueprints.
struct Place {
    fresh: Fresh,
    console: Console,
    me: String,
}

impl Place {
    fn new(name: &'static str) -> Self {
        let fresh = Fresh::new(name);
        let rule = "[{ name = \"closed\", fields = { \"/network/networkPolicyClass\" = [\"organization\"] }, deny = true, reason = \"open networks are for root\" }]";
        let variables = [("QD__POLICY__PROVISION", rule)];
        let console = Console::start_with(Some(&kubeconfig()), &["--with-operator", "--yes"], &variables);
        let session = console.ask("GET", "/session", None, &[]).json();
        let me = session["user"].as_str().unwrap().to_owned();
        for (name, spec) in [
            ("plain", json!({ "image": SHELL })),
            ("other", json!({ "image": SHELL })),
            ("open", json!({ "image": SHELL, "network": { "networkPolicyClass": "organization" } })),
        ] {
            let meta = json!({ "name": name, "namespace": fresh.name() });
            let object = json!({ "apiVersion": "quarterdeck.dev/v1alpha1", "kind": "Blueprint", "metadata": meta, "spec": spec });
            kubectl::apply(&kubeconfig(), &object.to_string());
        }
        Self { fresh, console, me }
    }

    fn launch(&self, user_string: &str, more: &[&str]) -> Answer {
        let body = json!({ "cluster": context(), "namespace": self.fresh.name(), "user_string": user_string });
        self.console.ask("POST", "/workspaces", Some(&body), more)
    }

    fn ws(&self, words: &[&str]) -> Output {
        let (what, rest) = words.split_first().unwrap();
        let mut command = self.console.qd(Some(&kubeconfig()));
        command.args(["ws", what, "-n", self.fresh.name()]).args(rest);
        command.stdin(Stdio::null()).output().expect("qd runs")
    }

    fn all(&self) -> Vec<Value> {
        list(self.fresh.name(), WORKSPACES, "")
    }
}

#[test]
fn wl_01h_each_step_refuses_before_the_next_one_and_a_workspace_is_made_once() {
    let place = Place::new("ws-launch");
    let (ns, me) = (place.fresh.name(), place.me.as_str());
    let refused = |user_string: &str, status: u16, code: &str| {
        let answer = place.launch(user_string, &[]);
        assert_eq!((answer.status, answer.code().as_str()), (status, code), "{user_string}: {answer:?}");
        answer
    };
    refused(&format!("{me}~nope=1"), 400, "userstr_unknown_key");
    refused("somebody-else~plain", 403, "policy_denied");
    refused(&format!("{me}~nowhere"), 404, "blueprint_not_found");
    let denied = refused(&format!("{me}~open"), 403, "policy_denied");
    assert!(denied.body.contains("open networks are for root"), "{denied:?}");
    assert_eq!(place.all(), [] as [Value; 0], "nothing is written");

    let quota = json!({
        "apiVersion": "quarterdeck.dev/v1alpha1", "kind": "Quota", "metadata": { "name": "ws-launch-e2e" },
        "spec": { "subject": { "namespace": ns }, "hard": { "running": 1 } },
    });
    kubectl::apply(&kubeconfig(), &quota.to_string());
    let _quota = Gone("qdquotas.quarterdeck.dev/ws-launch-e2e");
    // Many ask for the same at once: one is made, and the others are told which.
    let plain = format!("{me}~plain");
    let answers: Vec<Answer> = thread::scope(|scope| {
        let asks: Vec<_> = (0..4).map(|_| scope.spawn(|| place.launch(&plain, &[]))).collect();
        asks.into_iter().map(|ask| ask.join().unwrap()).collect()
    });
    let made: Vec<&Answer> = answers.iter().filter(|answer| answer.status == 202).collect();
    assert_eq!(made.len(), 1, "{answers:?}");
    let made = made[0].json();
    let (name, uid) = (made["workspace"]["name"].as_str().unwrap(), &made["workspace"]["uid"]);
    for other in answers.iter().filter(|answer| answer.status != 202) {
        assert_eq!((other.status, other.code().as_str()), (409, "workspace_exists"), "{other:?}");
        assert_eq!(&other.json()["details"]["workspace"]["uid"], uid, "{other:?}");
    }
    assert_eq!(place.all().len(), 1, "once");
    // What happens is streamed until it is over.
    let job = made["job"]["id"].as_str().unwrap();
    let told = place.console.ask("GET", &format!("/jobs/{job}/events"), None, &["-N", "--max-time", "120"]);
    assert!(told.body.contains("\"stage\":\"Running\""), "{}", told.body);
    assert_eq!(condition(&seen(ns, name), "Ready").0, "True");

    // A request with a name is carried out once; the quota keeps it from being more than an object.
    let second = format!("{me}~other");
    let key = ["-H", "Idempotency-Key: second"];
    let (one, two) = (place.launch(&second, &key), place.launch(&second, &key));
    assert_eq!((one.status, two.status), (202, 202), "{one:?} {two:?}");
    assert_eq!(one.json()["job"]["id"], two.json()["job"]["id"]);
    let waits = one.json()["workspace"]["name"].as_str().unwrap().to_owned();
    assert_ne!(waits, name);
    until("it waits for room", 60, || condition(&seen(ns, &waits), "Accepted").1 == "QuotaExceeded");
    assert_eq!(pods(ns, &waits), [] as [Value; 0]);
    assert!(list(ns, "services", &format!("quarterdeck.dev/workspace={waits}")).is_empty(), "nothing of it is made");
    let gone = place.ws(&["delete", &waits, "--yes"]);
    assert!(gone.status.success(), "{}", errors(&gone));

    // A door leads to the one that is there, and starts it if it is stopped.
    let pod = || get(ns, "pod", name)["metadata"]["uid"].clone();
    let before = pod();
    let there = place.ws(&["exec", &plain, "--", "uname", "-n"]);
    assert_eq!((out(&there).trim(), pod()), (name, before.clone()), "{}", errors(&there));
    let stopped = place.ws(&["stop", &plain, "--yes", "--timeout", "60"]);
    assert!(stopped.status.success(), "{}", errors(&stopped));
    let started = place.ws(&["exec", &plain, "--start", "--timeout", "120", "--", "uname", "-n"]);
    assert_eq!(out(&started).trim(), name, "{}", errors(&started));
    assert_ne!(pod(), before);
    assert_eq!(&seen(ns, name)["metadata"]["uid"], uid, "the same workspace");
}

/// An object of the whole cluster that goes when this is dropped.
struct Gone(&'static str);

impl Drop for Gone {
    fn drop(&mut self) {
        let _ = kubectl::kubectl(&kubeconfig(), &["delete", self.0, "--wait=false"]);
    }
}
