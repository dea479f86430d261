#![allow(clippy::unwrap_used, clippy::panic, clippy::indexing_slicing)]

use super::Kind;
use crate::rules::RULES;
use serde_json::{Value, json};

/// Calls with every field of a schema: its pointer and its own schema.
fn walk(at: &str, schema: &Value, see: &mut dyn FnMut(&str, &Value)) {
    see(at, schema);
    if let Some(properties) = schema.get("properties").and_then(Value::as_object) {
        for (name, inner) in properties {
            walk(&format!("{at}.{name}"), inner, see);
        }
    }
    if let Some(items) = schema.get("items") {
        walk(&format!("{at}[]"), items, see);
    }
    if let Some(values) = schema.get("additionalProperties") {
        walk(&format!("{at}{{}}"), values, see);
    }
}

fn every(see: &mut dyn FnMut(&str, &Value)) {
    for kind in Kind::ALL {
        walk(kind.as_str(), &kind.schema(), see);
    }
}

#[test]
fn ws_01a_every_field_says_what_it_is() {
    let mut silent = Vec::new();
    every(&mut |at, schema| {
        let named = !at.ends_with("[]") && !at.ends_with("{}");
        let text = schema.get("description").and_then(Value::as_str).unwrap_or_default();
        if named && (text.len() < 5 || !text.ends_with(['.', '+'])) {
            silent.push(format!("{at}: {text}"));
        }
    });
    assert!(silent.is_empty(), "{silent:#?}");
}

#[test]
fn ws_07a_every_list_map_and_text_is_bounded_and_every_object_has_fields() {
    let mut wrong = Vec::new();
    every(&mut |at, schema| {
        let has = |key: &str| schema.get(key).is_some();
        let good = match schema.get("type").and_then(Value::as_str) {
            Some("array") => has("maxItems") && has("items"),
            Some("string") => has("maxLength") || has("enum"),
            Some("object") if has("additionalProperties") => has("maxProperties"),
            Some("object") => has("properties"),
            Some("integer" | "boolean") => true,
            None => has("x-kubernetes-int-or-string"),
            Some(_) => false,
        };
        let loose = ["anyOf", "oneOf", "allOf", "nullable", "x-kubernetes-preserve-unknown-fields", "$ref", "title"];
        if !good || loose.iter().any(|key| has(key)) {
            wrong.push(format!("{at}: {schema}"));
        }
    });
    assert!(wrong.is_empty(), "{wrong:#?}");
}

#[test]
fn ws_07b_lists_of_objects_say_how_appliers_share_them() {
    let mut wrong = Vec::new();
    every(&mut |at, schema| {
        let keys = schema.get("x-kubernetes-list-map-keys").and_then(Value::as_array);
        match schema.get("x-kubernetes-list-type").and_then(Value::as_str) {
            Some("map") => {
                for key in keys.unwrap() {
                    let key = key.as_str().unwrap();
                    let field = &schema["items"]["properties"][key];
                    let required =
                        schema["items"]["required"].as_array().is_some_and(|all| all.iter().any(|one| one == key));
                    if field.is_null() || !(required || field.get("default").is_some()) {
                        wrong.push(format!("{at}: {key} is neither required nor has a default"));
                    }
                }
            }
            Some("set" | "atomic") => {}
            _ => {}
        }
    });
    assert!(wrong.is_empty(), "{wrong:#?}");
}

#[test]
fn ws_07c_every_rule_stands_in_a_schema() {
    for kind in Kind::ALL {
        let mut count = 0;
        walk(kind.as_str(), &kind.schema(), &mut |_, schema| {
            count += schema.get("x-kubernetes-validations").and_then(Value::as_array).map_or(0, Vec::len);
        });
        assert_eq!(count, RULES.iter().filter(|rule| rule.kinds.contains(kind)).count(), "{}", kind.as_str());
    }
}

#[test]
fn ws_01b_names_columns_and_fields_to_select_by() {
    let workspace = Kind::Workspace.definition();
    assert_eq!(workspace["metadata"]["name"], "workspaces.quarterdeck.dev");
    assert_eq!(workspace["spec"]["scope"], "Namespaced");
    let columns = |kind: Kind| {
        let definition = kind.definition();
        let all = definition["spec"]["versions"][0]["additionalPrinterColumns"].as_array().unwrap().clone();
        let name = |wide: bool| {
            let of = all.iter().filter(|one| (one["priority"] == 1) == wide);
            of.map(|one| one["name"].as_str().unwrap().to_owned()).collect::<Vec<_>>().join(", ")
        };
        (name(false), name(true))
    };
    assert_eq!(
        columns(Kind::Workspace),
        (
            "Owner, Blueprint, Phase, Ready, Idle, Age".to_owned(),
            "Image, Origin, CPU, Memory, Node, IP, Version, URL".to_owned()
        )
    );
    let fields = &workspace["spec"]["versions"][0]["selectableFields"];
    let paths: Vec<&str> = fields.as_array().unwrap().iter().map(|one| one["jsonPath"].as_str().unwrap()).collect();
    assert_eq!(paths, [".spec.owner", ".spec.org", ".spec.state"]);
    for kind in [Kind::Blueprint, Kind::ClusterBlueprint] {
        assert_eq!(columns(kind), ("Template, Abstract, Image, Valid, Used, Age".to_owned(), "Rollout".to_owned()));
    }
    assert_eq!(columns(Kind::Grant).0, "Subjects, Actions, Valid Until, Matches, Age");
    assert_eq!(columns(Kind::Quota).0, "Subject, Running, CPU, Memory, Storage, Age");
    let names = |kind: Kind| kind.definition()["spec"]["names"].clone();
    let table = [
        (Kind::Workspace, "workspace", Some("ws")),
        (Kind::Blueprint, "blueprint", Some("bp")),
        (Kind::ClusterBlueprint, "clusterblueprint", Some("cbp")),
        (Kind::Grant, "grant", None),
        (Kind::Quota, "qdquota", Some("qdq")),
    ];
    for (kind, singular, short) in table {
        assert_eq!(names(kind)["singular"], singular);
        assert_eq!(names(kind)["plural"], kind.plural());
        assert_eq!(names(kind)["kind"], kind.as_str());
        assert_eq!(names(kind)["shortNames"][0].as_str(), short);
        assert_eq!(names(kind)["categories"][0], "quarterdeck");
        let version = &kind.definition()["spec"]["versions"][0];
        assert!(version["subresources"]["status"].is_object(), "{singular}");
        assert_eq!(Kind::of_plural(kind.plural()), Some(kind));
    }
}

#[test]
fn ws_17f_values_of_maps_are_as_long_as_their_fields_say() {
    let blueprint = Kind::Blueprint.schema();
    let most = |schema: &Value, at: &str| schema.pointer(&format!("{at}/additionalProperties/maxLength")).cloned();
    let spec = "/properties/spec/properties";
    for (at, length) in [("env", 32_768), ("extFiles", 262_144), ("expressions", 4_096)] {
        assert_eq!(most(&blueprint, &format!("{spec}/{at}")), Some(json!(length)), "{at}");
        assert_eq!(blueprint.pointer(&format!("{spec}/{at}/maxLength")), None, "{at}");
    }
    let workspace = Kind::Workspace.schema();
    assert_eq!(most(&workspace, &format!("{spec}/params")), Some(json!(4_096)));
    assert_eq!(most(&workspace, &format!("{spec}/podLabels")), Some(json!(63)));
}
