//! What does not start on a real cluster: each says what is wrong, in the cluster's own words, and what to do next.

#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic, clippy::indexing_slicing)]

use e2e::console::Console;
use e2e::curl::{Answer, curl};
use e2e::fresh::Fresh;
use e2e::workspaces::{apply, condition, get, operator, until};
use e2e::{kubeconfig, kubectl};
use serde_json::{Value, json};

const SHELL: &str = "images.invalid/shell:1";

/// Workspaces of one namespace that do not start.
struct Place {
    console: Console,
    fresh: Fresh,
}

impl Place {
    /// A workspace of a blueprint of its own.
    fn of(&self, name: &str, blueprint: &Value, more: &Value) {
        let object = json!({
            "apiVersion": "quarterdeck.dev/v1alpha1", "kind": "Blueprint",
            "metadata": { "name": name, "namespace": self.fresh.name() }, "spec": blueprint,
        });
        kubectl::apply(&kubeconfig(), &object.to_string());
        let mut spec = json!({ "image": null, "blueprintRef": { "kind": "Blueprint", "name": name } });
        spec.as_object_mut().unwrap().extend(more.as_object().unwrap().clone());
        apply(self.fresh.name(), name, &spec);
    }

    /// A service whose own program is this line.
    fn service(&self, name: &str, line: &str, more: &Value) {
        let mut spec = json!({ "runProfile": "service", "command": ["bash", "-c", line] });
        spec.as_object_mut().unwrap().extend(more.as_object().unwrap().clone());
        apply(self.fresh.name(), name, &spec);
    }

    fn workspace(&self, name: &str) -> Value {
        get(self.fresh.name(), "workspaces.quarterdeck.dev", name)
    }

    /// Waits until a condition of a workspace says all of this; the workspace.
    fn says(&self, name: &str, kind: &str, words: &[&str]) -> Value {
        let mut last = Value::Null;
        let so = || {
            last = self.workspace(name);
            let message = message(&last, kind);
            words.iter().all(|word| message.contains(word))
        };
        let caught = std::panic::catch_unwind(std::panic::AssertUnwindSafe(|| {
            until(&format!("{kind} of {name} says {words:?}"), 150, so);
        }));
        assert!(caught.is_ok(), "{kind} of {name} does not say {words:?}: {last:#}");
        last
    }

    /// Asks the console.
    fn ask(&self, method: &str, path: &str, body: Option<&Value>) -> Answer {
        let token = format!("x-quarterdeck-token: {}", self.console.token());
        let text = body.map(Value::to_string);
        let mut args = vec!["-X", method, "-H", &token];
        if let Some(text) = &text {
            args.extend(["-H", "content-type: application/json", "-d", text]);
        }
        curl(&format!("{}/api/v1{path}", self.console.base), &args)
    }
}

fn message(object: &Value, kind: &str) -> String {
    let all = object["status"]["conditions"].as_array().cloned().unwrap_or_default();
    let one = all.into_iter().find(|one| one["type"] == kind).unwrap_or_default();
    one["message"].as_str().unwrap_or_default().to_owned()
}

fn error(object: &Value) -> &str {
    object["status"]["lastError"].as_str().unwrap_or_default()
}

/// All of them are asked for at once: much of it is waiting for the kubelet.
#[test]
fn wf_08c_what_does_not_start_says_why_and_what_to_do() {
    let place = Place { console: operator(), fresh: Fresh::new("ws-failures") };
    let ns = place.fresh.name();
    // It is started again three times before it counts as a loop.
    place.service("loops", "for i in $(seq 30); do echo line $i; done; exit 3", &json!({}));
    place.service("eats", "x=x; while :; do x=$x$x; done", &json!({ "resources": { "memory": "128Mi" } }));
    let job = asked(&place);
    apply(ns, "name", &json!({ "image": "Images.invalid/Not A Name" }));
    apply(ns, "large", &json!({ "resources": { "cpu": "4000" } }));
    apply(ns, "nowhere", &json!({ "placement": { "nodeSelector": { "nowhere": "true" } } }));
    let from = json!({ "secretKeyRef": { "name": "not-there", "key": "token" } });
    apply(ns, "config", &json!({ "env": [{ "name": "TOKEN", "valueFrom": from }] }));
    let claim = json!({
        "accessModes": ["ReadWriteOnce"], "storageClassName": "not-there", "resources": { "requests": { "storage": "1Gi" } },
    });
    let storages = json!({ "home": { "path": "/home/ada", "claimSpec": claim } });
    place.of("class", &json!({ "image": SHELL, "storages": storages }), &json!({}));
    // The image of the agent is one that has none: what runs first cannot be run.
    place.of("init", &json!({ "image": SHELL, "agent": { "image": SHELL } }), &json!({}));

    images(&place, &job);
    unscheduled(&place);
    storage(&place);
    ended(&place);
}

/// Asks for one by REST; the path of its job.
fn asked(place: &Place) -> String {
    let text = std::fs::read_to_string(kubeconfig()).unwrap();
    let line = text.lines().find_map(|line| line.strip_prefix("current-context:")).unwrap();
    let cluster = line.trim().trim_matches('"');
    let body = json!({
        "cluster": cluster, "namespace": place.fresh.name(), "name": "image", "image": "images.invalid/shell:none",
    });
    let made = place.ask("POST", "/workspaces", Some(&body));
    assert_eq!(made.status, 202, "{made:?}");
    format!("/jobs/{}", made.json()["job"]["id"].as_str().unwrap())
}

fn images(place: &Place, job: &str) {
    let words = ["main: image images.invalid/shell:none: ", "no pull secret was used", "these tags: 1; put the name"];
    let image = place.says("image", "Ready", &words);
    assert!(error(&image).starts_with("image_missing: main: image"), "{image:#}");
    assert_eq!((image["status"]["phase"].as_str(), condition(&image, "Ready").0.as_str()), (Some("Failed"), "False"));
    assert!(image["status"]["progress"].as_i64().unwrap() < 100, "{image:#}");
    let mut over = Value::Null;
    until("its job is over", 60, || {
        over = place.ask("GET", job, None).json();
        over["state"] == "failed"
    });
    assert_eq!(over["error"]["code"], "workspace_failed", "{over:#}");
    assert_eq!(over["error"]["details"]["reason"], "image_missing", "{over:#}");
    let hint = over["error"]["details"]["hint"].as_str().unwrap();
    assert!(over["error"]["message"].as_str().unwrap().ends_with(hint), "{over:#}");

    // A name that is none does not get as far as a node.
    let name = place.says("name", "Accepted", &["an image is [HOST[:PORT]/]NAME"]);
    assert_eq!(condition(&name, "Accepted").1, "BlueprintInvalid", "{name:#}");
    assert!(get(place.fresh.name(), "pod", "name").is_null());
}

fn unscheduled(place: &Place) {
    let large = place.says("large", "Ready", &["cpu short by ", "(1000 asked for, a node has ", "ask for less"]);
    assert_eq!(condition(&large, "Ready").1, "Scheduling", "{large:#}");
    assert_eq!(condition(&large, "Progressing").0, "True", "a node may come: {large:#}");
    let nowhere = place.says("nowhere", "Ready", &["node: not one that its placement asks for; ask for less"]);
    assert!(!message(&nowhere, "Ready").contains("preemption"), "{nowhere:#}");
}

fn storage(place: &Place) {
    let words = ["its claims are not bound yet", "claim pvc-class-home of class not-there: ", "see what the driver"];
    let class = place.says("class", "Ready", &words);
    assert_eq!(condition(&class, "StorageReady"), ("False".into(), "Provisioning".into()), "{class:#}");
}

fn ended(place: &Place) {
    let config = place.says("config", "Ready", &["main: ", "not-there", "make what it names, or leave it out"]);
    assert_eq!(condition(&config, "Ready").1, "CreateContainerConfigError", "{config:#}");
    assert!(error(&config).starts_with("config: "), "{config:#}");
    let init = place.says("init", "Ready", &["install ended with exit code ", "put right what runs before it"]);
    assert!(error(&init).starts_with("init: "), "{init:#}");
    let eats = place.says(
        "eats",
        "Ready",
        &["main ended with exit code 137 (OOMKilled)", "all of its limit of 128Mi; give it"],
    );
    assert!(error(&eats).starts_with("oom: "), "{eats:#}");
    let loops =
        place.says("loops", "Ready", &["main ended with exit code 3 (Error), ", " restarts; put right what it runs"]);
    assert!(error(&loops).starts_with("crash_loop: "), "{loops:#}");
    assert!(loops["status"]["pod"]["restarts"].as_i64().unwrap() >= 3, "{loops:#}");
    let told = message(&loops, "Ready");
    let (_, lines) = told.split_once("its last lines:\n").expect("the last lines of its log");
    let lines: Vec<&str> = lines.lines().collect();
    assert_eq!((lines.len(), lines[0], lines[19]), (20, "line 11", "line 30"), "{told}");
}
