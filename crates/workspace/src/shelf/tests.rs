#![allow(clippy::unwrap_used, clippy::indexing_slicing)]

use super::Shelf;
use crate::blueprints::{Blueprints, Platform};
use crate::book::Standing;
use crate::key::Key;
use crate::render::Render;
use cluster::Owned;
use serde_json::{Value, json};

/// Blueprints, and the shelf that is told of them.
struct Both {
    blueprints: Blueprints,
    shelf: Shelf,
}

impl Both {
    fn new() -> Self {
        let mut shelf = Shelf::default();
        shelf.open();
        Self { blueprints: Blueprints::new(Platform::new("dev", "images.invalid/agent:1")), shelf }
    }

    fn see(&mut self, namespace: &str, name: &str, spec: Value) {
        let changed = self.blueprints.learn(namespace, name, Some(spec));
        self.shelf.see(namespace, name, Some((1, &Value::Null)), changed);
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
            self.shelf.see(&one.key.namespace, &one.key.name, Some((1, &one.object["status"])), false);
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
