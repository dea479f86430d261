//! The definitions of our kinds, as they are installed: the schemas of the types with the rules in them, every list, map and
//! text bounded, so that the API server can tell beforehand what the rules cost.

mod columns;
#[cfg(test)]
mod tests;

use crate::rules;
use kube_core::CustomResourceExt;
use serde_json::{Map, Value};

/// One of our kinds.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub enum Kind {
    /// A place to work.
    Workspace,
    /// What workspaces of an organization are made from.
    Blueprint,
    /// What workspaces of every organization are made from.
    ClusterBlueprint,
    /// Who may do what.
    Grant,
    /// How much somebody may have.
    Quota,
}

impl Kind {
    /// All of them.
    pub const ALL: &'static [Self] =
        &[Self::Workspace, Self::Blueprint, Self::ClusterBlueprint, Self::Grant, Self::Quota];

    /// Its name.
    #[must_use]
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Workspace => "Workspace",
            Self::Blueprint => "Blueprint",
            Self::ClusterBlueprint => "ClusterBlueprint",
            Self::Grant => "Grant",
            Self::Quota => "Quota",
        }
    }

    /// Its name in paths.
    #[must_use]
    pub const fn plural(self) -> &'static str {
        match self {
            Self::Workspace => "workspaces",
            Self::Blueprint => "blueprints",
            Self::ClusterBlueprint => "clusterblueprints",
            Self::Grant => "grants",
            Self::Quota => "qdquotas",
        }
    }

    /// The kind with that name in paths.
    #[must_use]
    pub fn of_plural(plural: &str) -> Option<Self> {
        Self::ALL.iter().copied().find(|kind| kind.plural() == plural)
    }

    /// Its CustomResourceDefinition, as it is applied.
    #[must_use]
    pub fn definition(self) -> Value {
        let definition = match self {
            Self::Workspace => crate::Workspace::crd(),
            Self::Blueprint => crate::blueprint::Blueprint::crd(),
            Self::ClusterBlueprint => crate::blueprint::ClusterBlueprint::crd(),
            Self::Grant => crate::grant::Grant::crd(),
            Self::Quota => crate::quota::Quota::crd(),
        };
        // what serializes into a map of texts cannot fail; were it to, an empty definition is refused by every API server
        let mut definition = serde_json::to_value(definition).unwrap_or_default();
        if let Some(Value::Object(version)) = definition.pointer_mut("/spec/versions/0") {
            version.insert("additionalPrinterColumns".to_owned(), columns::of(self));
        }
        if let Some(schema) = definition.pointer_mut(SCHEMA) {
            finish(schema);
            frame(schema);
            rules::install(self, schema);
        }
        definition
    }

    /// The schema of its version.
    #[must_use]
    pub fn schema(self) -> Value {
        self.definition().pointer(SCHEMA).cloned().unwrap_or_default()
    }
}

/// Where the schema stands in a definition.
const SCHEMA: &str = "/spec/versions/0/schema/openAPIV3Schema";

/// The parts that every object has, described; apiVersion, kind and metadata are described by the API server.
fn frame(schema: &mut Value) {
    let Some(object) = schema.as_object_mut() else { return };
    object.remove("title");
    let Some(Value::Object(properties)) = object.get_mut("properties") else { return };
    for (name, description) in [("spec", "What is wanted."), ("status", "How it is. The operator writes it.")] {
        if let Some(Value::Object(part)) = properties.get_mut(name) {
            part.insert("description".to_owned(), description.into());
        }
    }
}

/// Makes a generated schema one that the API server takes without a warning.
fn finish(schema: &mut Value) {
    match schema {
        Value::Object(object) if object.contains_key("type") || object.contains_key("x-kubernetes-int-or-string") => {
            one(object);
            for key in ["items", "additionalProperties"] {
                if let Some(inner) = object.get_mut(key) {
                    finish(inner);
                }
            }
            if let Some(Value::Object(properties)) = object.get_mut("properties") {
                properties.values_mut().for_each(finish);
            }
        }
        _ => {}
    }
}

fn one(object: &mut Map<String, Value>) {
    // an explicit null is then taken as if the field were left out
    object.remove("nullable");
    object.remove("title");
    let format = match object.get("format").and_then(Value::as_str) {
        Some("uint8" | "uint16" | "int8" | "int16") => Some("int32"),
        Some("uint32" | "uint64") => Some("int64"),
        _ => None,
    };
    if let Some(format) = format {
        object.insert("format".to_owned(), format.into());
    }
    for key in ["minimum", "maximum"] {
        let whole = object.get(key).and_then(Value::as_f64).filter(|number| number.fract() == 0.0);
        if let Some(number) = whole {
            // a bound of a whole number reads better as one
            #[expect(clippy::cast_possible_truncation, reason = "bounds of our types fit")]
            object.insert(key.to_owned(), (number as i64).into());
        }
    }
    // A member of schemas that the types' own form keeps, and objects have none of: how long the values of a map are.
    let is_map = object.get("type").and_then(Value::as_str) == Some("object");
    let values = if is_map { object.remove("maxLength") } else { None };
    let default = |object: &mut Map<String, Value>, key: &str, bound: u64| {
        object.entry(key).or_insert_with(|| bound.into());
    };
    match object.get("type").and_then(Value::as_str) {
        Some("array") => default(object, "maxItems", LIST_MAX),
        Some("string") if !object.contains_key("enum") => default(object, "maxLength", TEXT_MAX),
        Some("object") => {
            if let Some(Value::Object(inner)) = object.get_mut("additionalProperties") {
                if inner.get("type").and_then(Value::as_str) == Some("string") {
                    inner.insert("maxLength".to_owned(), values.unwrap_or_else(|| LABEL_MAX.into()));
                }
                default(object, "maxProperties", LIST_MAX);
            }
        }
        _ => {}
    }
}

/// How many items a list or map has at most where its type does not say.
const LIST_MAX: u64 = 64;
/// How long a text is at most where its type does not say.
const TEXT_MAX: u64 = 1024;
/// How long a value of a map is at most where its type does not say: as long as a label's.
const LABEL_MAX: u64 = 63;
