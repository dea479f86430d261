#![allow(clippy::unwrap_used, clippy::indexing_slicing)]

use super::found::{found, read};
use super::{print, told, words};
use crate::error::Error;
use crate::grammar::Output;
use crate::grammar::workspace::ImportArgs;
use base::Coded as _;
use crd::import::{Given, Imported};
use serde_json::{Value, json};
use std::fs;
use std::path::{Path, PathBuf};

const OLD: &str = "apiVersion: guildnet.io/v1alpha1
kind: Workspace
metadata: { name: web, namespace: team-a }
spec: { image: 'busybox:1.36', ports: [{ containerPort: 8080 }], ingress: { host: a.example.com } }
---
apiVersion: v1
kind: List
items:
  - apiVersion: guildnet.io/v1alpha1
    kind: Capability
    metadata: { name: ops }
    spec: { actions: [stopAll] }
";

fn given() -> Given<'static> {
    Given { owner: "dev1", org: "acme", namespace: None }
}

/// The lines of a table, their columns apart by one blank.
fn table(all: &[Imported]) -> Vec<String> {
    let mut told = Vec::new();
    told::table(all, &mut told).unwrap();
    let lines = String::from_utf8(told).unwrap();
    lines.lines().map(|line| line.split_whitespace().collect::<Vec<_>>().join(" ")).collect()
}

fn of(paths: &[PathBuf], namespace: Option<&str>) -> Result<Vec<Imported>, Error> {
    let args = ImportArgs {
        files: paths.to_vec(),
        owner: None,
        org: "acme".to_owned(),
        namespace: namespace.map(str::to_owned),
        repo_name: Some("Acme/Shop".to_owned()),
        dry_run: true,
    };
    found(&args, &Given { namespace, ..given() }).map(|found| found.objects)
}

fn write(folder: &Path, name: &str, text: &str) -> PathBuf {
    let path = folder.join(name);
    fs::create_dir_all(path.parent().unwrap()).unwrap();
    fs::write(&path, text).unwrap();
    path
}

#[test]
fn ws_06f_files_are_printed_as_what_they_become() {
    let all = read(OLD, "old.yaml", &given()).unwrap();
    let mut out = Vec::new();
    print(&all, Output::Table, &mut out).unwrap();
    let made: Vec<Value> = serde_saphyr::from_multiple(&String::from_utf8(out).unwrap()).unwrap();
    let kinds: Vec<&str> = made.iter().map(|one| one.pointer("/kind").unwrap().as_str().unwrap()).collect();
    assert_eq!(kinds, ["Workspace", "Grant"]);
    assert_eq!(made.first().unwrap().pointer("/spec/owner").unwrap(), "dev1");
    assert_eq!(words(&all), "1 Workspace, 1 Grant");
}

#[test]
fn wf_23a_a_table_says_what_was_taken_changed_and_not_supported() {
    let all = read(OLD, "old.yaml", &given()).unwrap();
    let told = table(&all);
    for line in [
        "OBJECT FIELD RESULT WHY",
        "Workspace team-a/web becomes Workspace team-a/web",
        "spec.image taken",
        "Capability default/ops becomes Grant default/ops",
        "spec.subjects changed it names nobody: it becomes a grant to user dev1",
    ] {
        assert!(told.iter().any(|one| one == line), "{line}: {told:#?}");
    }
    assert!(told.iter().any(|one| one.starts_with("spec.ingress not supported spec.ingress has no place here")));
    let details = told::details(&all, &[]);
    assert_eq!(details["objects"][0]["fields"][0], json!({ "field": "spec.image", "result": "taken", "why": "" }));
}

#[test]
fn ws_06g_one_object_that_cannot_be_made_stops_the_file() {
    let bad = format!("{OLD}---\napiVersion: v1\nkind: Pod\nmetadata: {{ name: a }}\n");
    let error = read(&bad, "old.yaml", &given()).unwrap_err();
    let (code, details) = (error.code().as_str(), error.details().unwrap());
    let error = error.to_string();
    assert!(error.contains("old.yaml: nothing was made") && error.contains("Pod of v1 is not imported"), "{error}");
    assert_eq!((code, details["refused"].as_array().unwrap().len()), ("import_report", 1));
    assert!(read("", "empty", &given()).unwrap_err().to_string().contains("no object"));
    assert!(read("{", "torn", &given()).is_err());
}

#[test]
fn ws_06h_trees_and_files_of_repositories_are_told_apart_from_objects() {
    let folder = tempfile::tempdir().unwrap();
    let tree = folder.path().join("tree");
    write(
        &tree,
        "base.yaml",
        "blueprints: [{name: base, isTemplate: true, docker: {enabled: false}}, !include more/go.yaml]",
    );
    write(
        &tree,
        "more/go.yaml",
        "{name: go, template: base, image: 'images.invalid/go:1', env: {A: !cel user.username}}",
    );
    write(&tree, "go.test.yaml", "tests: []");
    let file = write(folder.path(), "one.yml", "blueprint: {name: one, image: x}");
    let repo = write(folder.path(), ".k8shell.yaml", "blueprint: {template: go, env: {STAGE: dev}}");
    let old = write(folder.path(), "old.yaml", OLD);
    let all = of(&[tree.clone(), file.clone(), repo, old], None).unwrap();
    let becomes: Vec<String> = told::details(&all, &[])["objects"]
        .as_array()
        .unwrap()
        .iter()
        .map(|one| one["becomes"].as_str().unwrap().to_owned())
        .collect();
    let wanted = [
        "ClusterBlueprint base",
        "ClusterBlueprint go",
        "ClusterBlueprint one",
        "Blueprint default/repo-acme-shop",
        "Workspace team-a/web",
        "Grant default/ops",
    ];
    assert_eq!(becomes, wanted);
    assert_eq!(all[1].object["spec"]["expressions"], json!({ "/env/A": "user.username" }));
    let told = table(&all);
    assert!(told.iter().any(|one| one == "docker changed docker is written podman now"), "{told:#?}");
    assert!(
        told.iter().any(|one| one.starts_with("network.networkPolicyClass changed no class was said")),
        "{told:#?}"
    );
    // into a namespace they are its own
    let own = of(&[tree, file], Some("lab")).unwrap();
    assert!(own.iter().all(|one| one.object["kind"] == "Blueprint" && one.object["metadata"]["namespace"] == "lab"));
    let bad = write(folder.path(), "bad/a.yaml", "blueprint: {name: a, image: x, hostname: Not A Label}");
    let error = of(&[bad.parent().unwrap().to_owned()], None).unwrap_err().to_string();
    assert!(error.contains("a.yaml:1:") && error.contains("/hostname"), "{error}");
}
