#![allow(clippy::unwrap_used, clippy::indexing_slicing)]

use super::{calls, document};
use serde_json::Value;
use std::collections::BTreeSet;

fn references<'a>(value: &'a Value, found: &mut BTreeSet<&'a str>) {
    match value {
        Value::Object(members) => {
            found.extend(members.get("$ref").and_then(Value::as_str));
            members.values().for_each(|member| references(member, found));
        }
        Value::Array(items) => items.iter().for_each(|item| references(item, found)),
        _ => {}
    }
}

#[test]
fn every_schema_that_is_named_is_there_and_every_operation_has_a_name_of_its_own() {
    let document = document("1");
    let schemas = document["components"]["schemas"].as_object().unwrap();
    let mut found = BTreeSet::new();
    references(&document, &mut found);
    assert!(found.len() > 40, "{found:?}");
    for reference in &found {
        let name = reference.strip_prefix("#/components/schemas/").unwrap();
        assert!(schemas.contains_key(name), "{name}");
    }
    let mut names = BTreeSet::new();
    for operation in document["paths"].as_object().unwrap().values().flat_map(|path| path.as_object().unwrap().values())
    {
        assert!(names.insert(operation["operationId"].as_str().unwrap()), "{}", operation["operationId"]);
        assert!(!operation["summary"].as_str().unwrap().is_empty());
    }
    assert!(names.contains("get_workspaces_namespace_name_apps"), "{names:?}");
}

#[test]
fn no_call_is_said_twice_and_no_parameter_of_one() {
    let mut seen = BTreeSet::new();
    for call in calls() {
        assert!(seen.insert((call.method, call.path)), "{} {}", call.method, call.path);
        let mut names: Vec<&str> = call.query.iter().map(|param| param.name).collect();
        names.sort_unstable();
        let all = names.len();
        names.dedup();
        assert_eq!(names.len(), all, "{} {}", call.method, call.path);
    }
}
