#![allow(clippy::unwrap_used, clippy::indexing_slicing)]

use super::{Converted, convert, convert_repo, is_one};
use crate::files::Files;
use crate::library::Library;
use crate::node::LayerKind;
use serde_json::json;
use std::collections::BTreeMap;

fn tree(files: &[(&str, &str)]) -> BTreeMap<String, String> {
    files.iter().map(|(name, text)| ((*name).to_owned(), (*text).to_owned())).collect()
}

fn read(files: &BTreeMap<String, String>) -> Vec<Converted> {
    convert(files, &files.keys().cloned().collect::<Vec<_>>()).unwrap()
}

const BASE: &str = "\
blueprints:
- name: base
  isTemplate: true
  docker: {enabled: false}
  portForwarding: true
  kubernetesAccess: true
  storages: {home: {type: local, path: !cel \"'/home/' + user.username\", size: 2Gi}}
  params:
  - {name: CPU, type: number, default: 2, check: !cel value <= 4}
  resources: {cpu: !cel params.CPU}
  network: {denyEgressToCIDRs: [!cel \"'10.0.0.0/8'\"]}
- !include go.yaml
";
const GO: &str = "{name: go, template: base, image: images.invalid/go:1, env: {A: 1, B: null}, unknown: {x: 1}}";

#[test]
fn ws_06j_a_tree_of_files_becomes_objects_with_their_expressions_in_a_map() {
    let files = tree(&[("base.yaml", BASE), ("go.yaml", GO)]);
    assert!(is_one(&files, "base.yaml"));
    let all = read(&files);
    assert_eq!(all.iter().map(|one| one.name.as_str()).collect::<Vec<_>>(), ["base", "go"]);
    let (base, go) = (&all[0], &all[1]);
    let expressions = json!({
        "/storages/home/path": "'/home/' + user.username", "/resources/cpu": "params.CPU",
        "/network/denyEgressToCIDRs/0": "'10.0.0.0/8'",
    });
    assert_eq!(base.spec["expressions"], expressions);
    assert_eq!((&base.spec["isTemplate"], &base.spec["kubernetesAccess"]), (&json!(true), &json!(true)));
    assert_eq!(base.spec["params"][0]["check"], "value <= 4");
    assert_eq!(base.spec["storages"]["home"]["claimSpec"]["resources"]["requests"]["storage"], "2Gi");
    assert_eq!(base.spec.pointer("/storages/home/path"), None);
    let told = |one: &Converted, pointer: &str| one.changed.iter().any(|(at, _)| at == pointer);
    for pointer in ["/docker", "/portForwarding", "/storages/home/size"] {
        assert!(told(base, pointer), "{pointer}: {:?}", base.changed);
    }
    assert_eq!(go.spec, json!({ "template": "base", "image": "images.invalid/go:1", "env": { "A": "1" } }));
    let gone: Vec<&str> = go.left_out.iter().map(|(at, _)| at.as_str()).collect();
    assert_eq!(gone, ["/env/B", "/unknown"]);

    // What comes of it is what an operator reads again.
    let object = |one: &Converted| {
        let mut fields = one.spec.clone();
        fields["name"] = one.name.as_str().into();
        json!({ "blueprint": fields }).to_string()
    };
    let objects: BTreeMap<String, String> = all.iter().map(|one| (one.name.clone(), object(one))).collect();
    let mut library = Library::default();
    let problems = library.add(&objects, &objects.keys().cloned().collect::<Vec<_>>(), LayerKind::Platform);
    assert_eq!(problems, []);
    assert_eq!(crate::lint(&library, &crate::Settings::default(), &BTreeMap::new()), []);
}

#[test]
fn wn_03c_workspace_is_the_class_of_imported_files_that_name_none() {
    let files = tree(&[(
        "all.yaml",
        "[{name: a, image: x}, {name: b, image: x, network: {networkPolicy: user}}, {name: c, template: b}]",
    )]);
    let all = read(&files);
    let class = |at: usize| all[at].spec.pointer("/network/networkPolicyClass").cloned();
    assert_eq!((class(0), class(1), class(2)), (Some(json!("workspace")), Some(json!("user")), None));
    let told = |at: usize| all[at].changed.iter().any(|(_, why)| why.contains("no class was said"));
    assert_eq!([told(0), told(1), told(2)], [true, false, false], "what a parent says is not said again");
}

#[test]
fn ws_06k_the_file_of_a_repository_becomes_a_blueprint_of_its_own() {
    let files = tree(&[(".k8shell.yaml", "blueprint: {template: go, env: {STAGE: !cel metadata.repoName}}")]);
    let one = convert_repo(&files, ".k8shell.yaml", "repo-acme-shop").unwrap();
    assert_eq!((one.name.as_str(), one.template.as_deref()), ("repo-acme-shop", Some("go")));
    assert_eq!(one.spec, json!({ "template": "go", "env": {}, "expressions": { "/env/STAGE": "metadata.repoName" } }));
}

#[test]
fn ws_06l_what_is_no_blueprint_is_told_with_its_place_and_nothing_comes_of_the_rest() {
    let files = tree(&[("a.yaml", "blueprints: [{name: a, image: x}, {name: b, image: x, hostname: UPPER case}]")]);
    let problems = convert(&files, &["a.yaml".to_owned()]).unwrap_err();
    assert_eq!(problems.list()[0].pointer, "/hostname");
    assert!(problems.list()[0].mark.to_string().starts_with("a.yaml:1:"));
    let circle = tree(&[("a.yaml", "blueprints: [{name: a, template: b}, {name: b, template: a}]")]);
    assert!(convert(&circle, &["a.yaml".to_owned()]).unwrap_err().to_string().contains("its own ancestor"));
    let objects = tree(&[("a.yaml", "apiVersion: v1\nkind: List\nitems: []\n"), ("b.yaml", "[]: {")]);
    assert!(!is_one(&objects, "a.yaml") && !is_one(&objects, "b.yaml") && !is_one(&objects, "c.yaml"));
    assert!(objects.read("c.yaml").is_err());
}
