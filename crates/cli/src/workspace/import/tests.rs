#![allow(clippy::unwrap_used)]

use super::{print, read, tell};
use crate::grammar::Output;
use crd::import::Given;
use serde_json::Value;

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

#[test]
fn ws_06f_files_are_printed_as_what_they_become() {
    let all = read(OLD, "old.yaml", &given()).unwrap();
    let mut out = Vec::new();
    print(&all, Output::Table, &mut out).unwrap();
    let made: Vec<Value> = serde_saphyr::from_multiple(&String::from_utf8(out).unwrap()).unwrap();
    let kinds: Vec<&str> = made.iter().map(|one| one.pointer("/kind").unwrap().as_str().unwrap()).collect();
    assert_eq!(kinds, ["Workspace", "Grant"]);
    assert_eq!(made.first().unwrap().pointer("/spec/owner").unwrap(), "dev1");
    let mut told = Vec::new();
    tell(&all, &mut told).unwrap();
    let told = String::from_utf8(told).unwrap();
    assert!(told.contains("Workspace team-a/web -> Workspace team-a/web"), "{told}");
    assert!(told.contains("Capability default/ops -> Grant default/ops"), "{told}");
    assert!(told.contains("spec.ingress has no place here"), "{told}");
}

#[test]
fn ws_06g_one_object_that_cannot_be_made_stops_the_file() {
    let bad = format!("{OLD}---\napiVersion: v1\nkind: Pod\nmetadata: {{ name: a }}\n");
    let error = read(&bad, "old.yaml", &given()).unwrap_err().to_string();
    assert!(error.contains("old.yaml: nothing was made") && error.contains("Pod of v1 is not imported"), "{error}");
    assert!(read("", "empty", &given()).unwrap_err().to_string().contains("no object"));
    assert!(read("{", "torn", &given()).is_err());
}
