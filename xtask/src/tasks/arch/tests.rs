#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic, clippy::indexing_slicing)]

use serde_json::{Value, json};

use super::{Metadata, impure_lines, impure_sources, violations};

#[test]
fn this_workspace_keeps_the_rule() {
    let metadata = Metadata::load().unwrap();
    let mut found = violations(&metadata);
    found.extend(impure_sources(&metadata).unwrap());
    assert!(found.is_empty(), "{found:#?}");
}

#[test]
fn each_break_is_found_and_named() {
    for (importer, imported, part) in [
        ("base", "store", "arrows"),
        ("store", "cluster", "leftward"),
        ("store", "store-of-nobody", ""),
        ("operate", "session", "services never import services"),
        ("gateway", "cli", "doors never import doors"),
        ("cluster", "operate", "arrows"),
        ("qd", "gateway", "thin mains"),
        ("packet", "store", "pure crates and pki"),
        ("app", "packet", "qd-agent alone"),
        ("app", "xtask", "imported by nobody"),
        ("operate", "axum", "HTTP is served at two doors"),
        ("mirror", "sqlx", "no feature writes SQL"),
        ("operate", "kube", "one client"),
        ("gateway", "regorus", "policy::Decide"),
        ("table", "tokio", "is pure and declares `tokio`"),
    ] {
        let found = violations(&workspace(&[(importer, imported, None)]));
        if part.is_empty() {
            assert!(found.iter().all(|line| !line.contains("leftward")), "{importer} → {imported}: {found:?}");
        } else {
            assert!(found.iter().any(|line| line.contains(part)), "{importer} → {imported}: {found:?}");
        }
    }
}

#[test]
fn what_the_rule_allows_passes() {
    let good = [
        ("store", "policy", None),
        ("mirror", "cluster", None),
        ("gateway", "axum", None),
        ("app", "gateway", None),
        ("qd", "app", None),
        ("qd-agent", "packet", None),
        ("packet", "pki", None),
        ("policy", "tokio-util", None),
        ("operate", "session", Some("dev")),
        ("cluster", "axum", Some("dev")),
        ("xtask", "gateway", None),
    ];
    assert_eq!(violations(&workspace(&good)), Vec::<String>::new());
}

#[test]
fn a_crate_without_a_layer_is_refused() {
    let found = violations(&workspace(&[("stowaway", "base", None)]));
    assert!(found.iter().any(|line| line.contains("`stowaway` stands in no layer")), "{found:?}");
}

#[test]
fn pure_crates_stay_pure_in_their_tests_and_through_others() {
    let found = violations(&workspace(&[("wire", "tokio", Some("dev"))]));
    assert!(found.iter().any(|line| line.contains("`wire` is pure and declares `tokio`")), "{found:?}");
    let found = violations(&workspace(&[("wire", "innocent", None), ("innocent", "mio", None)]));
    assert!(found.iter().any(|line| line.contains("`innocent` brings `mio`")), "{found:?}");
}

#[test]
fn io_in_the_source_of_a_pure_crate_is_found_with_its_line() {
    let text = "// std::fs is what we avoid\nlet a = 1;\nuse std::fs::File;\n";
    assert_eq!(impure_lines(text).collect::<Vec<_>>(), [(3, "std::fs")]);
}

/// A synthetic workspace: every name that stands left of an arrow, or that our table knows, is a member.
fn workspace(arrows: &[(&str, &str, Option<&str>)]) -> Metadata {
    let outside = ["axum", "sqlx", "kube", "regorus", "tokio", "tokio-util", "innocent", "mio", "store-of-nobody"];
    let mut names: Vec<&str> = arrows.iter().flat_map(|(from, to, _)| [*from, *to]).collect();
    names.sort_unstable();
    names.dedup();
    let packages: Vec<Value> = names
        .iter()
        .map(|name| {
            let declared: Vec<Value> = arrows
                .iter()
                .filter(|(from, _, _)| from == name)
                .map(|(_, to, kind)| json!({"name": to, "kind": kind}))
                .collect();
            json!({"id": name, "name": name, "version": "1.0.0", "license": null, "targets": [],
                   "manifest_path": format!("/nowhere/{name}/Cargo.toml"), "dependencies": declared})
        })
        .collect();
    let nodes: Vec<Value> = names
        .iter()
        .map(|name| {
            let deps: Vec<Value> = arrows
                .iter()
                .filter(|(from, _, _)| from == name)
                .map(|(_, to, kind)| json!({"pkg": to, "dep_kinds": [{"kind": kind}]}))
                .collect();
            json!({"id": name, "deps": deps})
        })
        .collect();
    let members: Vec<&&str> = names.iter().filter(|name| !outside.contains(name)).collect();
    let all = json!({"packages": packages, "workspace_members": members, "resolve": {"nodes": nodes},
                     "target_directory": "/nowhere"});
    Metadata::parse(all.to_string().as_bytes()).unwrap()
}
