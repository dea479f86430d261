#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic, clippy::indexing_slicing)]

use serde_json::json;

use super::{Deny, Metadata, holds, violations};

#[test]
fn licence_expressions_are_judged_by_their_logic() {
    let allowed = |name: &str| ["MIT", "Apache-2.0", "Unicode-3.0"].contains(&name);
    for (expression, met) in [
        ("MIT", true),
        ("GPL-3.0", false),
        ("MIT OR GPL-3.0", true),
        ("MIT AND GPL-3.0", false),
        ("(MIT OR Apache-2.0) AND Unicode-3.0", true),
        ("(MIT OR Apache-2.0) AND GPL-2.0", false),
        ("Apache-2.0 WITH LLVM-exception OR GPL-2.0", true),
        ("Unlicense/MIT", true),
        ("", false),
    ] {
        assert_eq!(holds(expression, &allowed), met, "{expression}");
    }
}

#[test]
fn a_banned_crate_that_is_compiled_is_named_with_its_reason() {
    let deny: Deny = toml::from_str(
        "[licenses]\nallow = [\"MIT\"]\n[bans]\ndeny = [{ name = \"ring\", reason = \"a second crypto library\" }]\n",
    )
    .unwrap();
    let package = |name: &str| {
        json!({"id": name, "name": name, "version": "1.0.0", "license": "MIT", "manifest_path": "/n/Cargo.toml",
               "dependencies": [], "targets": []})
    };
    let metadata = |kind: serde_json::Value| {
        let all = json!({"packages": [package("ours"), package("ring")], "workspace_members": ["ours"],
            "target_directory": "/n", "resolve": {"nodes": [
                {"id": "ours", "deps": [{"pkg": "ring", "dep_kinds": [{"kind": kind}]}]},
                {"id": "ring", "deps": []}]}});
        Metadata::parse(all.to_string().as_bytes()).unwrap()
    };
    let found = violations(&deny, &metadata(serde_json::Value::Null).resolved());
    assert!(found.len() == 1 && found[0].contains("a second crypto library"), "{found:?}");
    assert!(violations(&deny, &metadata(json!("dev")).resolved()).is_empty());
}

#[test]
fn this_workspace_keeps_deny_toml() {
    super::run().unwrap();
}
