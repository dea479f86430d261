//! New revisions of a blueprint on a real cluster: they serve some first, are held when those fail, and serve all by a word.

#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic, clippy::indexing_slicing, missing_docs)]

use e2e::console::Console;
use e2e::fresh::Fresh;
use e2e::workspaces::{apply, condition, get, message, operator, patch, phase, pods, seen, until, wait};
use e2e::{errors, kubeconfig, kubectl, out};
use serde_json::{Value, json};

const SHELL: &str = "images.invalid/shell:1";
const NAME: &str = "rolled";

/// A blueprint of a namespace, and workspaces of it.
struct Place {
    fresh: Fresh,
    console: Console,
}

impl Place {
    fn says(&self, spec: &Value) {
        let object = json!({
            "apiVersion": "quarterdeck.dev/v1alpha1", "kind": "Blueprint",
            "metadata": { "name": NAME, "namespace": self.fresh.name() }, "spec": spec,
        });
        kubectl::apply(&kubeconfig(), &object.to_string());
    }

    fn blueprint(&self) -> Value {
        get(self.fresh.name(), "blueprints.quarterdeck.dev", NAME)
    }

    fn state(&self, state: &str) -> Value {
        let mut last = Value::Null;
        until(&format!("the rollout is {state}"), 120, || {
            last = self.blueprint();
            last["status"]["rollout"]["state"] == state
        });
        last
    }

    /// The revision that serves everybody, once it is another one.
    fn stable(&self, but: &str) -> String {
        let mut stable = String::new();
        until("a revision serves everybody", 60, || {
            let told = self.blueprint()["status"]["stable"]["revision"].clone();
            stable = told.as_str().unwrap_or_default().to_owned();
            !stable.is_empty() && stable != but
        });
        stable
    }

    fn launch(&self, name: &str) {
        let reference = json!({ "kind": "Blueprint", "name": NAME });
        apply(self.fresh.name(), name, &json!({ "image": null, "blueprintRef": reference }));
    }

    fn ready(&self, name: &str) {
        wait(self.fresh.name(), name, "condition=Ready");
    }

    fn of(&self, name: &str) -> String {
        let revision = &seen(self.fresh.name(), name)["status"]["revisions"][format!("Blueprint/{NAME}")];
        revision.as_str().unwrap_or_default().to_owned()
    }

    fn image(&self, name: &str) -> String {
        seen(self.fresh.name(), name)["status"]["image"].as_str().unwrap_or_default().to_owned()
    }

    fn pod(&self, name: &str) -> Value {
        let pods = pods(self.fresh.name(), name);
        assert_eq!(pods.len(), 1, "{name} has one pod");
        pods[0]["metadata"]["uid"].clone()
    }

    fn qd(&self, words: &[&str]) -> String {
        let mut command = self.console.qd(Some(&kubeconfig()));
        let all = [&["blueprint"], words, &[NAME, "-n", self.fresh.name(), "--yes"]].concat();
        let output = command.args(all).output().expect("qd runs");
        assert!(output.status.success(), "{words:?}: {}", errors(&output));
        out(&output)
    }
}

#[test]
fn wb_02k_a_revision_that_fails_is_held_and_the_next_launch_has_the_one_before() {
    let place = Place { fresh: Fresh::new("ws-rollout"), console: operator() };
    let ns = place.fresh.name();
    place.says(&json!({ "image": SHELL }));
    let first = place.stable("");
    place.launch("before");
    place.ready("before");
    assert_eq!(place.of("before"), first);
    let pod = place.pod("before");

    let hold = json!({ "failures": 1, "of": 4 });
    place.says(&json!({ "image": "images.invalid/shell:none", "rollout": { "percent": 100, "holdAfter": hold } }));
    let progressing = place.state("Progressing");
    let bad = progressing["status"]["rollout"]["revision"].as_str().unwrap().to_owned();
    assert_ne!(bad, first);
    assert_eq!(condition(&progressing, "RolledOut"), ("False".into(), "RollingOut".into()), "{progressing:#}");
    place.launch("one");
    let held = place.state("Held");
    let launches = held["status"]["rollout"]["launches"].as_array().unwrap();
    assert_eq!((launches.len(), &launches[0]["uid"]), (1, &seen(ns, "one")["metadata"]["uid"]), "{held:#}");
    assert!(pods(ns, "one")[0]["spec"]["containers"][0]["image"] == "images.invalid/shell:none", "made of the new one");
    assert_eq!(condition(&held, "RolledOut"), ("False".into(), "LaunchesFailed".into()), "{held:#}");
    assert!(message(&held, "RolledOut").contains(&first), "{held:#}");
    assert_eq!(
        (&held["status"]["rollout"]["failed"], &held["status"]["stable"]["revision"]),
        (&json!(1), &json!(first))
    );
    let table = place.qd(&["rollout"]);
    assert!(table.contains("Held") && table.contains(&bad) && table.contains(&first), "{table}");

    place.launch("two");
    place.ready("two");
    assert_eq!((place.of("two"), place.image("two")), (first.clone(), SHELL.to_owned()), "the one before");
    // What is there goes on as it is.
    let before = seen(ns, "before");
    assert_eq!((place.of("before"), place.pod("before")), (first.clone(), pod));
    assert_eq!(before["status"]["updateAvailable"], Value::Null, "{before:#}");
    // What failed with it has the one before with its next start.
    patch(ns, "one", &json!({ "spec": { "state": "Stopped" } }));
    phase(ns, "one", "Stopped");
    patch(ns, "one", &json!({ "spec": { "state": "Running" } }));
    place.ready("one");
    assert_eq!((place.of("one"), place.image("one")), (first, SHELL.to_owned()));
}

#[test]
fn wb_02l_a_revision_serves_its_group_and_all_when_it_is_promoted() {
    let place = Place { fresh: Fresh::new("ws-promoted"), console: operator() };
    place.says(&json!({ "image": SHELL }));
    let first = place.stable("");
    let groups = json!([{ "kind": "User", "name": "somebody-else" }]);
    place.says(&json!({ "image": SHELL, "env": { "MORE": "1" }, "rollout": { "groups": groups } }));
    let second = place.state("Progressing")["status"]["rollout"]["revision"].as_str().unwrap().to_owned();
    place.launch("others");
    place.ready("others");
    assert_eq!(place.of("others"), first, "its owner is of no group");
    let groups = json!([{ "kind": "User", "name": "ada" }]);
    place.says(&json!({ "image": SHELL, "env": { "MORE": "1" }, "rollout": { "groups": groups } }));
    place.launch("early");
    place.ready("early");
    assert_eq!(place.of("early"), second);
    assert_eq!(place.of("others"), first, "who has one keeps it");
    until("it was counted", 60, || place.blueprint()["status"]["rollout"]["ready"] == 1);

    assert!(place.qd(&["hold"]).contains(&second));
    let held = place.state("Held");
    assert_eq!(condition(&held, "RolledOut").1, "HeldByHand", "{held:#}");
    place.launch("late");
    place.ready("late");
    assert_eq!(place.of("late"), first);
    assert_eq!(place.of("early"), second, "it runs with it");
    let _ = place.qd(&["resume"]);
    let _ = place.state("Progressing");

    assert!(place.qd(&["promote"]).contains(&second));
    assert_eq!(place.stable(&first), second);
    let whole = place.blueprint();
    assert_eq!(whole["status"]["rollout"], Value::Null, "{whole:#}");
    assert_eq!(condition(&whole, "RolledOut").0, "True", "{whole:#}");
    until("the others may have it now", 60, || {
        place.of("others") == second && seen(place.fresh.name(), "others")["status"]["updateAvailable"].is_object()
    });
    let entries = place.console.journal();
    assert!(entries.contains("blueprint:rollout") && entries.contains("promote"), "{entries}");
}
