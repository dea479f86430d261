#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic, clippy::indexing_slicing)]

use super::*;
use crate::testing::{Ask, node};

fn ask() -> Ask<'static> {
    Ask {
        platform: "- name: base\n  image: a\n  resources: {cpu: 1}\n  env: {A: x, B: y}\n- name: go\n  template: base\n  resources: {cpu: !cel \"1 + 1\"}\n  env: {A: null}\n  initScripts: [{name: s, script: t}]\n",
        name: Some("go"),
        ..Ask::default()
    }
}

#[test]
fn wb_01a_why_is_my_cpu_2_in_one_line() {
    let effective = ask().compose().unwrap();
    let sentence = |pointer: &str| explain(&effective, &Pointer::parse(pointer)).map(|one| one.sentence());
    assert_eq!(
        sentence("/resources/cpu").unwrap(),
        "/resources/cpu is 2: set by platform go at p.yaml:7:20 with !cel 1 + 1, over 1 of platform base"
    );
    assert_eq!(sentence("/resources/memory").unwrap(), "/resources/memory is \"512Mi\": set by default");
    assert_eq!(
        sentence("env/A").unwrap(),
        "/env/A is not set: deleted by platform go at p.yaml:8:12, over \"x\" of platform base"
    );
    assert_eq!(
        sentence("/initScripts/0/script").unwrap(),
        "/initScripts/0/script is \"t\": set by platform go at p.yaml:9:35"
    );
    assert_eq!(sentence("/env/NOPE"), None);
    let whole = explain(&effective, &Pointer::parse("/env")).unwrap();
    assert_eq!(whole.said.len(), 2);
    let patched =
        Ask { patches: vec![(Pointer::parse("/resources/cpu"), serde_json::json!("1"))], ..ask() }.compose().unwrap();
    let told = explain(&patched, &Pointer::parse("/resources/cpu")).unwrap().sentence();
    assert!(told.starts_with("/resources/cpu is \"1\": set by policy, over \"!cel 1 + 1\" of platform go"), "{told}");
}

#[test]
fn wb_01b_two_blueprints_differ_in_these_fields() {
    let changes = diff(&node("{a: 1, b: {c: 2, d: 3}, l: [1]}"), &node("{a: 1, b: {c: 4}, l: [1, 2], n: {m: 5}}"));
    let told: Vec<String> = changes
        .iter()
        .map(|one| {
            let side =
                |side: &Option<(Json, Origin)>| side.as_ref().map_or("-".to_owned(), |(value, _)| value.to_string());
            format!("{} {} {}", one.pointer, side(&one.left), side(&one.right))
        })
        .collect();
    assert_eq!(told, ["/b/c 2 4", "/b/d 3 -", "/l [1] [1,2]", "/n/m - 5"]);
    assert!(diff(&node("{a: {}}"), &node("{a: {}}")).is_empty());
}
