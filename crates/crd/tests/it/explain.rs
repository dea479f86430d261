//! `kubectl explain`, complete.

use crate::server;
use crd::Kind;
use serde_json::Value;

/// Words of a text, however its lines are broken.
fn words(text: &str) -> String {
    text.split_whitespace().collect::<Vec<_>>().join(" ")
}

fn check(kind: Kind, path: &str, schema: &Value) -> usize {
    let properties = match schema.get("properties").or_else(|| schema.pointer("/items/properties")) {
        Some(Value::Object(properties)) => properties,
        _ => return 0,
    };
    let said = words(&server().run(&["explain", path], "").good());
    for (name, inner) in properties {
        let description = words(inner["description"].as_str().unwrap());
        assert!(said.contains(&format!("{name} <")), "{path}: {name} is not told: {said}");
        assert!(said.contains(&description), "{path}.{name}: {description}");
    }
    assert!(!said.contains("<no description>"), "{path} of {}", kind.as_str());
    properties.len()
}

#[test]
fn ws_01c_explain_tells_every_field_of_spec_and_status() {
    let mut fields = 0;
    for kind in Kind::ALL {
        let schema = kind.schema();
        for part in ["spec", "status"] {
            let path = format!("{}.quarterdeck.dev.{part}", kind.plural());
            let part = &schema["properties"][part];
            fields += check(*kind, &path, part);
            for (name, inner) in part["properties"].as_object().unwrap() {
                fields += check(*kind, &format!("{path}.{name}"), inner);
            }
        }
    }
    assert!(fields > 300, "{fields}");
}

#[test]
fn ws_01d_explain_finds_the_deepest_fields() {
    let said = server().run(&["explain", "workspaces.quarterdeck.dev", "--recursive"], "").good();
    for field in [
        "resourceFieldRef",
        "topologyKey",
        "volumeAttributesClassName",
        "maxRestartBackoff",
        "diffURL",
        "seLinuxOptions",
    ] {
        let kind = if field == "seLinuxOptions" { "blueprints.quarterdeck.dev" } else { "" };
        let text =
            if kind.is_empty() { said.clone() } else { server().run(&["explain", kind, "--recursive"], "").good() };
        assert!(text.contains(&format!("{field}\t<")), "{field}");
    }
}
