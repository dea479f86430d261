#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic, clippy::indexing_slicing)]

use super::*;
use crate::testing::{node, tree_text};
use proptest::prelude::*;
use serde_json::json;

fn merged(base: &str, over: &str) -> serde_json::Value {
    merge(node(base), node(over)).map_or(serde_json::Value::Null, |node| node.to_json())
}

#[test]
fn bc_04_scalars_maps_lists_null_and_what_is_absent() {
    assert_eq!(merged("a: 1\nb: {c: 2, d: 3}", "b: {c: 4}"), json!({ "a": 1, "b": { "c": 4, "d": 3 } }));
    assert_eq!(merged("l: [a, b]", "l: [b, c]"), json!({ "l": ["a", "b", "b", "c"] }));
    assert_eq!(merged("a: !cel x", "a: 1"), json!({ "a": 1 }), "a literal replaces an expression");
    assert_eq!(merged("a: 1", "a: !cel x"), json!({ "a": "!cel x" }), "and the other way round");
    assert_eq!(merged("a: true", "a: false"), json!({ "a": false }), "false overrides true");
    assert_eq!(merged("a: {b: 1, c: 2}", "a: {b: null}"), json!({ "a": { "c": 2 } }));
    assert_eq!(merged("a: 1", "b: {c: null}"), json!({ "a": 1, "b": {} }), "null over nothing is nothing");
    assert_eq!(merged("a: {b: 1}", "a: 2"), json!({ "a": 2 }));
    assert_eq!(merged("a: {b: 1}", "a: null"), json!({}));
    // strategies
    let storages = "storages: {home: {claimSpec: {accessModes: [ReadWriteOnce]}}}";
    assert_eq!(
        merged(storages, "storages: {home: {claimSpec: {accessModes: [ReadWriteMany]}}}"),
        json!({ "storages": { "home": { "claimSpec": { "accessModes": ["ReadWriteMany"] } } } })
    );
    assert_eq!(
        merged("apps: {a: {start: [x]}}", "apps: {a: {start: [y]}}"),
        json!({ "apps": { "a": { "start": ["y"] } } })
    );
    assert_eq!(
        merged("other: {a: {start: [x]}}", "other: {a: {start: [y]}}"),
        json!({ "other": { "a": { "start": ["x", "y"] } } })
    );
    assert_eq!(
        merged(
            "initScripts: [{name: a, script: 1}, {name: b, script: 2}]",
            "initScripts: [{name: a, script: 3}, {name: c, script: 4}]"
        ),
        json!({ "initScripts": [{ "name": "a", "script": 3 }, { "name": "b", "script": 2 }, { "name": "c", "script": 4 }] })
    );
}

#[test]
fn wd_18_an_override_of_one_field_touches_that_field_alone() {
    let parent = "storages: {home: {enabled: true, path: /home/dev, type: local}}\napps: {code: {name: Code, enabled: true, binary: code, start: [code]}}\nenv: {A: x}";
    let mut expected = node(parent).to_json();
    expected["storages"]["home"]["enabled"] = json!(false);
    assert_eq!(merged(parent, "storages: {home: {enabled: false}}"), expected);
    let mut expected = node(parent).to_json();
    expected["apps"]["code"]["protocol"] = json!("https");
    assert_eq!(merged(parent, "apps: {code: {protocol: https}}"), expected);
    let mut expected = node(parent).to_json();
    expected["env"]["A"] = json!("!cel user.username");
    assert_eq!(merged(parent, "env: {A: !cel user.username}"), expected);
}

proptest! {
    /// Laws: nothing laid over a tree is the tree; a tree over nothing is the tree; a tree of maps and scalars over itself is
    /// itself; one field laid over a tree differs from it there and nowhere else.
    #[test]
    fn bc_04a_laws_of_merging(base in tree_text(), over in tree_text(), key in "[a-e]", value in "[a-z]{1,3}") {
        let (base, over) = (clean(node(&base)).unwrap(), clean(node(&over)).unwrap());
        let empty = node("{}");
        prop_assert_eq!(merge(base.clone(), empty.clone()).unwrap(), base.clone());
        prop_assert_eq!(merge(empty, base.clone()).unwrap(), base.clone());
        prop_assert_eq!(merge(base.clone(), base.clone()).unwrap(), base.clone());
        let once = merge(base.clone(), over.clone()).unwrap();
        prop_assert_eq!(merge(once.clone(), over).unwrap(), once, "what is laid over twice changes nothing more");
        let one = merge(base.clone(), node(&format!("{key}: {value}"))).unwrap();
        for entry in base.entries() {
            if entry.key == key {
                prop_assert_eq!(one.get(&key).unwrap().text(), Some(value.as_str()));
            } else {
                prop_assert_eq!(one.get(&entry.key), Some(&entry.node));
            }
        }
    }
}
