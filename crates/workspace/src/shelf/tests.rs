#![allow(clippy::unwrap_used, clippy::indexing_slicing)]

use super::{Blueprint, Launched, Shelf};
use crate::blueprints::{Blueprints, Platform};
use crate::book::Standing;
use crate::desired::Desired;
use crate::key::Key;
use crate::render::Render;
use crate::rollout::Outcome;
use cluster::Owned;
use serde_json::{Value, json};
use std::collections::HashMap;

/// Blueprints, and the shelf that is told of them.
struct Both {
    blueprints: Blueprints,
    shelf: Shelf,
    specs: HashMap<(String, String), Value>,
}

impl Both {
    fn new() -> Self {
        let mut shelf = Shelf::default();
        shelf.open();
        Self {
            blueprints: Blueprints::new(Platform::new("dev", "images.invalid/agent:1")),
            shelf,
            specs: HashMap::new(),
        }
    }

    fn see(&mut self, namespace: &str, name: &str, spec: Value) {
        self.told(namespace, name, &spec, &Value::Null);
    }

    fn told(&mut self, namespace: &str, name: &str, spec: &Value, status: &Value) {
        let changed = self.blueprints.told(namespace, name, Some((spec, status)));
        self.shelf.see(namespace, name, Some(Blueprint { generation: 1, spec, status }), changed);
        self.specs.insert((namespace.to_owned(), name.to_owned()), spec.clone());
    }

    fn uses(&mut self, namespace: &str, name: &str, spec: &Value) -> bool {
        let key = Key { namespace: namespace.to_owned(), name: name.to_owned() };
        self.shelf.uses(&key, spec, "default")
    }

    /// All statuses that have to be written, as if each were written at once.
    fn written(&mut self) -> Vec<Standing> {
        let asked = self.shelf.asked();
        let found =
            asked.keys.iter().filter_map(|key| Some((key.clone(), self.blueprints.look(&key.namespace, &key.name)?)));
        let found = found.collect();
        self.shelf.looked(&asked, found);
        let stale = self.shelf.standing(5_000);
        for one in &stale {
            let (namespace, name) = (&one.key.namespace, &one.key.name);
            let spec = self.specs[&(namespace.clone(), name.clone())].clone();
            self.told(namespace, name, &spec, &one.object["status"]);
        }
        stale
    }
}

fn status(stale: &[Standing], kind: Owned, name: &str) -> Value {
    let of = stale.iter().find(|one| one.kind == kind && one.key.name == name);
    of.map_or(Value::Null, |one| one.object["status"].clone())
}

#[test]
fn ws_02b_a_blueprint_tells_whether_it_is_right_what_it_builds_on_and_how_many_use_it() {
    let mut both = Both::new();
    both.see("", "base", json!({ "isTemplate": true, "image": "images.invalid/base:1" }));
    both.see("", "go", json!({ "template": "base" }));
    both.see("lab", "go", json!({ "template": "go", "env": { "A": "b" } }));
    both.see("lab", "bad", json!({ "template": "go", "resources": { "cpu": "lots" }, "hostname": "x" }));
    assert!(both.uses("lab", "one", &json!({ "blueprintRef": { "name": "go" } })));
    assert!(both.uses("lab", "two", &json!({ "blueprintRef": { "name": "go", "kind": "ClusterBlueprint" } })));
    assert!(both.uses("other", "three", &json!({ "blueprintRef": { "name": "go" } })));
    assert!(!both.uses("other", "three", &json!({ "blueprintRef": { "name": "go" } })), "nothing new");
    let stale = both.written();
    assert_eq!(stale.len(), 4);
    let platform = status(&stale, Owned::ClusterBlueprint, "go");
    assert_eq!((&platform["usedBy"], &platform["chain"]), (&json!(2), &json!(["base"])), "{platform:#}");
    assert!(platform["digest"].as_str().unwrap().starts_with("sha256:"));
    let valid = |status: &Value| (status["conditions"][0]["type"].clone(), status["conditions"][0]["status"].clone());
    assert_eq!(valid(&platform), (json!("Valid"), json!("True")));
    assert_eq!(
        (&platform["conditions"][1]["type"], &platform["conditions"][1]["status"]),
        (&json!("Resolved"), &json!("True"))
    );
    let own = status(&stale, Owned::Blueprint, "go");
    assert_eq!((&own["usedBy"], &own["chain"]), (&json!(1), &json!(["base", "go"])), "{own:#}");
    assert_ne!(own["digest"], platform["digest"]);
    let bad = status(&stale, Owned::Blueprint, "bad");
    assert_eq!(valid(&bad), (json!("Valid"), json!("False")), "{bad:#}");
    let pointers: Vec<&str> =
        bad["problems"].as_array().unwrap().iter().map(|one| one["pointer"].as_str().unwrap()).collect();
    assert!(pointers.contains(&"/resources/cpu") && pointers.contains(&"/hostname"), "all at once: {pointers:?}");
    for one in bad["problems"].as_array().unwrap() {
        assert!(one["line"].as_u64() >= Some(1) && one["column"].as_u64() >= Some(1), "{one}");
    }
    assert!(both.written().is_empty(), "what is as it should be is not written");
}

#[test]
fn ws_02c_what_changes_below_is_told_above_and_what_is_gone_counts_no_more() {
    let mut both = Both::new();
    both.see("", "base", json!({ "image": "images.invalid/base:1" }));
    both.see("lab", "go", json!({ "template": "base" }));
    both.uses("lab", "one", &json!({ "blueprintRef": { "name": "go" } }));
    let before = status(&both.written(), Owned::Blueprint, "go");
    both.see("", "base", json!({ "template": "go", "image": "images.invalid/base:2" }));
    let stale = both.written();
    assert_eq!(status(&stale, Owned::ClusterBlueprint, "base")["conditions"][1]["reason"], "BlueprintNotFound");
    let broken = status(&stale, Owned::Blueprint, "go");
    assert_eq!((&broken["conditions"][0]["status"], &broken["digest"]), (&json!("False"), &Value::Null), "{broken:#}");
    both.see("", "base", json!({ "image": "images.invalid/base:2" }));
    let mended = status(&both.written(), Owned::Blueprint, "go");
    assert_eq!(mended["conditions"][0]["status"], "True");
    assert_ne!(mended["digest"], before["digest"]);
    assert!(both.shelf.forget(&Key { namespace: "lab".to_owned(), name: "one".to_owned() }));
    assert_eq!(status(&both.written(), Owned::Blueprint, "go")["usedBy"], 0);
    let gone = both.blueprints.learn("lab", "go", None);
    both.shelf.see("lab", "go", None, gone);
    assert!(both.written().is_empty());
}

/// What a workspace of somebody is made of, and the object as it is then.
fn launched(both: &Both, owner: &str, workspace: Option<Value>) -> (String, Value) {
    let mut object = workspace.unwrap_or_else(|| {
        let meta = json!({ "name": "w", "namespace": "lab", "uid": format!("uid-{owner}"), "generation": 1, "resourceVersion": "1" });
        json!({ "metadata": meta, "spec": { "owner": owner, "org": "lab", "blueprintRef": { "name": "go" } } })
    });
    let desired = Desired::of(&object).unwrap();
    let rendered = both.blueprints.render(&desired, &object, &crate::source::Sourced::None).unwrap();
    assert_eq!(rendered.revisions, both.blueprints.revisions(&desired, &object), "also where nothing could be made");
    object["status"] = json!({ "revisions": rendered.revisions });
    let pod = rendered.pod.unwrap().body;
    (pod["spec"]["containers"][0]["image"].as_str().unwrap().to_owned(), object)
}

#[test]
fn wb_02m_a_template_serves_some_who_build_on_it_and_is_held_when_they_fail() {
    let (old, new) = ("images.invalid/base:1", "images.invalid/base:2");
    let mut both = Both::new();
    both.see("", "base", json!({ "isTemplate": true, "image": old }));
    both.see("", "go", json!({ "template": "base" }));
    let stands = status(&both.written(), Owned::ClusterBlueprint, "base");
    let (image, before) = launched(&both, "ada", None);
    assert_eq!(image, old);
    let rollout = json!({ "groups": [{ "kind": "User", "name": "ada" }], "holdAfter": { "failures": 1, "of": 3 } });
    let spec = json!({ "isTemplate": true, "image": new, "rollout": rollout });
    both.told("", "base", &spec, &stands);
    assert_eq!(launched(&both, "bob", None).0, old, "he is of no group");
    let (image, made) = launched(&both, "ada", None);
    assert_eq!(image, new);
    assert_eq!(launched(&both, "ada", Some(before.clone())).0, old, "what is there keeps it");
    let revisions = &made["status"]["revisions"];
    assert_ne!(revisions["ClusterBlueprint/base"], before["status"]["revisions"]["ClusterBlueprint/base"]);
    assert_eq!(revisions["ClusterBlueprint/go"], before["status"]["revisions"]["ClusterBlueprint/go"]);
    let stale = both.written();
    let on = status(&stale, Owned::ClusterBlueprint, "base");
    assert_eq!((&on["rollout"]["state"], &on["stable"]), (&json!("Progressing"), &stands["stable"]), "{on:#}");

    // A failure of one that has the old one is none of the new one.
    let of = |workspace: &Value| serde_json::from_value(workspace["status"]["revisions"].clone()).unwrap();
    let revisions = of(&before);
    let other = Launched { namespace: "lab", uid: "uid-0", made_ms: 1_000, revisions: &revisions };
    assert!(!both.shelf.launched(&other, Outcome::Failed));
    let revisions = of(&made);
    let failed = Launched { namespace: "lab", uid: "uid-ada", made_ms: 2_000, revisions: &revisions };
    assert!(both.shelf.launched(&failed, Outcome::Failed));
    assert!(!both.shelf.launched(&failed, Outcome::Failed), "once");
    let held = status(&both.written(), Owned::ClusterBlueprint, "base");
    assert_eq!((&held["rollout"]["state"], &held["rollout"]["failed"]), (&json!("Held"), &json!(1)), "{held:#}");
    let told = held["conditions"].as_array().unwrap().iter().find(|one| one["type"] == "RolledOut").unwrap();
    assert_eq!((&told["status"], &told["reason"]), (&json!("False"), &json!("LaunchesFailed")));
    assert_eq!(launched(&both, "ada", Some(made)).0, old, "what failed with it has the one before with its next start");
    assert_eq!(launched(&both, "ada", None).0, old, "and so has what is new");
    assert!(both.written().is_empty(), "it rests");
    // Another revision is judged by itself; one without a rollout serves everybody.
    both.told("", "base", &json!({ "isTemplate": true, "image": new }), &held);
    assert_eq!(launched(&both, "bob", Some(before)).0, new);
    let whole = status(&both.written(), Owned::ClusterBlueprint, "base");
    assert_eq!((&whole["rollout"], whole["stable"] == stands["stable"]), (&Value::Null, false), "{whole:#}");
}
