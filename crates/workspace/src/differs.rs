//! In what a pod differs from the one that is to be: field by field, for people. Pure.
//!
//! Called by `reconcile` where a newer blueprint waits. Of what the API server has, only fields that the operator applied are compared:
//! defaults and what others added are no difference. Values that may hold a secret (variables, arguments, annotations) are never told.

use crate::key::MANIFEST_HASH;
use serde_json::{Map, Value, json};
use std::collections::{BTreeMap, BTreeSet};

/// The differences, as the status of a workspace has them.
pub(crate) fn changes(there: &Value, wants: &Value) -> Vec<Value> {
    let (mut before, mut after) = (Fields::new(), Fields::new());
    let owned = owned(there);
    for part in PARTS {
        let at = part.rsplit('/').next().unwrap_or_default();
        let ours = owned.map(|owned| part.split('/').skip(1).try_fold(owned, |at, name| at.get(format!("f:{name}"))));
        if let (Some(value), false) = (there.pointer(part), ours == Some(None)) {
            flatten(value, at, ours.flatten(), &mut before);
        }
        if let Some(value) = wants.pointer(part) {
            flatten(value, at, None, &mut after);
        }
    }
    let fields: BTreeSet<&String> = before.keys().chain(after.keys()).collect();
    let differs = |field: &&&String| !same(field, before.get(**field), after.get(**field));
    let all = fields.iter().filter(differs).filter(|field| !is_left_out(field));
    all.take(MOST).map(|field| told(field, before.get(*field), after.get(*field))).collect()
}

type Fields = BTreeMap<String, Value>;

/// The fields of an object that the operator applied, as the API server keeps them; `None` where it says nothing of them.
fn owned(object: &Value) -> Option<&Value> {
    let all = object.pointer("/metadata/managedFields")?.as_array()?;
    let text = |one: &Value, key: &str| one.get(key).and_then(Value::as_str).unwrap_or_default().to_owned();
    let ours = |one: &&Value| {
        text(one, "manager") == cluster::MANAGER
            && text(one, "operation") == "Apply"
            && text(one, "subresource").is_empty()
    };
    all.iter().find(ours)?.get("fieldsV1")
}

/// Enters the leaves of a value, those that are owned.
fn flatten(value: &Value, path: &str, owned: Option<&Value>, into: &mut Fields) {
    // `{}` below a field is the whole of it.
    let owned = owned.and_then(Value::as_object).filter(|owned| !owned.is_empty());
    match value {
        Value::Object(fields) => {
            for (name, value) in fields {
                let Some(below) = below(owned, &format!("f:{name}")) else { continue };
                let plain = name.bytes().all(|byte| byte.is_ascii_alphanumeric());
                let at = if plain { format!("{path}.{name}") } else { format!("{path}[{name}]") };
                flatten(value, &at, below, into);
            }
        }
        Value::Array(items) => match keys(path) {
            Some(keys) => items.iter().for_each(|item| {
                let key = key(item, keys);
                let Some(below) = owned.map_or(Some(None), |owned| item_of(owned, &key).map(Some)) else { return };
                let shown: Vec<String> = key.values().map(plain).collect();
                let at = format!("{path}[{}]", shown.join("/"));
                if path.ends_with(".env") {
                    into.insert(at, item.clone());
                } else {
                    flatten(item, &at, below, into);
                }
            }),
            None if items.is_empty() => {}
            None => drop(into.insert(path.to_owned(), value.clone())),
        },
        Value::Null => {}
        leaf => drop(into.insert(path.to_owned(), leaf.clone())),
    }
}

/// What is owned below a field: `None` where it is not owned at all.
fn below<'a>(owned: Option<&'a Map<String, Value>>, name: &str) -> Option<Option<&'a Value>> {
    match owned {
        None => Some(None),
        Some(owned) => owned.get(name).map(Some),
    }
}

/// By which fields the items of a list are known.
fn keys(path: &str) -> Option<&'static [&'static str]> {
    match path.rsplit('.').next().unwrap_or_default() {
        "containers" | "initContainers" | "volumes" | "env" | "imagePullSecrets" => Some(&["name"]),
        "volumeMounts" => Some(&["mountPath"]),
        "ports" => Some(&["containerPort", "protocol"]),
        _ => None,
    }
}

fn key(item: &Value, keys: &[&str]) -> Map<String, Value> {
    let of = |name: &&str| {
        let usual = if *name == "protocol" { "TCP".into() } else { Value::Null };
        ((*name).to_owned(), item.get(*name).cloned().unwrap_or(usual))
    };
    keys.iter().map(of).collect()
}

/// What is owned of an item of a list.
fn item_of<'a>(owned: &'a Map<String, Value>, key: &Map<String, Value>) -> Option<&'a Value> {
    let is = |name: &str| {
        let said = name.strip_prefix("k:").and_then(|key| serde_json::from_str::<Map<String, Value>>(key).ok());
        said.is_some_and(|said| said == *key)
    };
    owned.iter().find(|(name, _)| is(name)).map(|(_, below)| below)
}

/// Whether two values mean the same.
fn same(field: &str, before: Option<&Value>, after: Option<&Value>) -> bool {
    let (Some(before), Some(after)) = (before, after) else { return before == after };
    if before == after {
        return true;
    }
    let milli = |value: &Value| value.as_str().and_then(base::quantity::milli);
    let amounts = field.contains(".resources.") || field.ends_with("sizeLimit");
    // The API server adds tolerations of its own.
    let holds = |all: &Value, some: &Value| {
        let (all, some) = (all.as_array().map_or(&[][..], Vec::as_slice), some.as_array());
        some.is_some_and(|some| some.iter().all(|one| all.contains(one)))
    };
    amounts && milli(before).is_some() && milli(before) == milli(after)
        || field.ends_with(".tolerations") && holds(before, after)
}

/// Digests, and sizes that take hold without a new pod.
fn is_left_out(field: &str) -> bool {
    let sizes = field.strip_prefix("spec.containers[main].resources.").and_then(|rest| rest.split_once('.'));
    sizes.is_some_and(|(_, name)| matches!(name, "cpu" | "memory")) || field.contains(MANIFEST_HASH)
}

fn told(field: &str, before: Option<&Value>, after: Option<&Value>) -> Value {
    let hidden = HIDDEN.iter().any(|part| field.contains(part));
    let mut change = json!({ "field": cut(field) });
    for (name, value) in [("from", before), ("to", after)] {
        if let (Some(value), Some(fields)) = (value, change.as_object_mut()) {
            let shown = match value.get("valueFrom") {
                Some(source) => plain(source),
                None if hidden => NOT_SHOWN.to_owned(),
                None => plain(value),
            };
            fields.insert(name.to_owned(), cut(&shown).into());
        }
    }
    change
}

fn plain(value: &Value) -> String {
    value.as_str().map_or_else(|| value.to_string(), str::to_owned)
}

fn cut(text: &str) -> String {
    if text.chars().count() <= MOST_CHARS {
        return text.to_owned();
    }
    text.chars().take(MOST_CHARS - 1).chain(['…']).collect()
}

/// What a pod is made of.
const PARTS: &[&str] = &["/metadata/labels", "/metadata/annotations", "/spec"];
/// What may hold a secret.
const HIDDEN: &[&str] = &[".env[", ".command", ".args", "annotations"];
const NOT_SHOWN: &str = "(not shown)";
/// More are not told.
const MOST: usize = 64;
const MOST_CHARS: usize = 256;

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used, clippy::indexing_slicing)]

    use super::changes;
    use serde_json::{Value, json};

    fn main(more: &Value) -> Value {
        let mut main = json!({ "name": "main", "image": "x:1" });
        main.as_object_mut().unwrap().extend(more.as_object().unwrap().clone());
        json!({ "metadata": { "labels": { "quarterdeck.dev/org": "lab" } }, "spec": { "containers": [main] } })
    }

    #[test]
    fn wo_11h_a_newer_blueprint_is_told_field_by_field_and_no_secret_is() {
        let env = |value: &str| json!([{ "name": "TOKEN", "value": value }, { "name": "SAME", "value": "1" }]);
        let before = main(&json!({ "env": env("canary-1"), "args": ["--password=canary-2"], "tty": true }));
        let mut after = main(&json!({ "image": "x:2", "env": env("canary-3"), "args": ["--password=canary-4"] }));
        after["spec"]["volumes"] = json!([{ "name": "data", "persistentVolumeClaim": { "claimName": "d" } }]);
        let told = changes(&before, &after);
        assert_eq!(
            json!(told),
            json!([
                { "field": "spec.containers[main].args", "from": "(not shown)", "to": "(not shown)" },
                { "field": "spec.containers[main].env[TOKEN]", "from": "(not shown)", "to": "(not shown)" },
                { "field": "spec.containers[main].image", "from": "x:1", "to": "x:2" },
                { "field": "spec.containers[main].tty", "from": "true" },
                { "field": "spec.volumes[data].name", "to": "data" },
                { "field": "spec.volumes[data].persistentVolumeClaim.claimName", "to": "d" },
            ])
        );
        assert!(!json!(told).to_string().contains("canary"));
        let source =
            json!({ "env": [{ "name": "TOKEN", "valueFrom": { "secretKeyRef": { "name": "s", "key": "k" } } }] });
        let told = changes(&main(&json!({ "env": [{ "name": "TOKEN", "value": "canary-1" }] })), &main(&source));
        assert_eq!(told[0]["from"], "(not shown)");
        assert_eq!(told[0]["to"], r#"{"secretKeyRef":{"key":"k","name":"s"}}"#, "a name is no secret");
    }

    #[test]
    fn wo_11i_what_the_api_server_and_others_added_is_no_difference() {
        let resources = json!({ "limits": { "ephemeral-storage": "1024Mi", "cpu": "1" } });
        let wants = main(&json!({
            "ports": [{ "containerPort": 80 }], "resources": resources, "volumeMounts": [{ "name": "a", "mountPath": "/a" }],
        }));
        let mut there = main(&json!({
            "imagePullPolicy": "Always", "env": [{ "name": "INJECTED", "value": "1" }, { "name": "OLD", "value": "1" }],
            "ports": [{ "containerPort": 80, "protocol": "TCP" }, { "containerPort": 9, "protocol": "UDP" }],
            "resources": { "limits": { "ephemeral-storage": "1Gi", "cpu": "2" } },
            "volumeMounts": [{ "name": "a", "mountPath": "/a" }, { "name": "injected", "mountPath": "/b" }],
        }));
        there["spec"]["containers"].as_array_mut().unwrap().push(json!({ "name": "injected", "image": "y" }));
        there["spec"]["tolerations"] = json!([{ "key": "theirs" }]);
        let ours = json!({
            "f:metadata": { "f:labels": { "f:quarterdeck.dev/org": {} } },
            "f:spec": { "f:containers": { "k:{\"name\":\"main\"}": {
                ".": {}, "f:name": {}, "f:image": {},
                "f:env": { "k:{\"name\":\"OLD\"}": { ".": {}, "f:name": {}, "f:value": {} } },
                "f:ports": { "k:{\"containerPort\":80,\"protocol\":\"TCP\"}": { ".": {}, "f:containerPort": {} } },
                "f:resources": { "f:limits": { "f:ephemeral-storage": {}, "f:cpu": {} } },
                "f:volumeMounts": { "k:{\"mountPath\":\"/a\"}": { ".": {}, "f:mountPath": {}, "f:name": {} } },
            } } },
        });
        there["metadata"]["managedFields"] = json!([
            { "manager": "kubelet", "operation": "Update", "fieldsV1": {} },
            { "manager": "quarterdeck-operator", "operation": "Apply", "fieldsV1": ours },
        ]);
        assert_eq!(
            json!(changes(&there, &wants)),
            json!([{ "field": "spec.containers[main].env[OLD]", "from": "(not shown)" }]),
            "what it applied itself and wants no more"
        );
    }
}
