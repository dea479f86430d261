//! The rules that a schema cannot say, as CEL: one text each, which the API server evaluates on admission, and this code for
//! the command line, the console and tests.
//!
//! A rule stands at a place of the schema and sees what is there as `self`, on an update also as `oldSelf`. Rules that need
//! the time or other objects are no rules of a schema: the operator makes them Accepted=False.

mod table;
#[cfg(test)]
mod tests;

pub use table::RULES;

use crate::schema::Kind;
use serde_json::{Value, json};

/// A rule.
#[derive(Clone, Copy, Debug)]
pub struct Rule {
    /// The kinds that have it.
    pub kinds: &'static [Kind],
    /// Where it stands: the names of fields from the object on; `items` and `*` go into lists and maps.
    pub at: &'static [&'static str],
    /// The expression that has to hold.
    pub rule: &'static str,
    /// What is said when it does not.
    pub message: &'static str,
}

/// A rule that an object breaks.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Broken {
    /// The field, as the API server names it: `spec.exposure`.
    pub field: String,
    /// What is said.
    pub message: String,
}

impl std::fmt::Display for Broken {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        if self.field.is_empty() { f.write_str(&self.message) } else { write!(f, "{}: {}", self.field, self.message) }
    }
}

/// The rules of one kind, compiled.
#[derive(Debug)]
pub struct Rules {
    schema: kube_cel::CompiledSchema,
}

impl Rules {
    /// The rules of a kind. Making them compiles each, so keep them.
    #[must_use]
    pub fn of(kind: Kind) -> Self {
        Self { schema: kube_cel::compile_schema(&kind.schema()) }
    }

    /// The rules that an object breaks; with the object that it replaces, where it replaces one. A rule that cannot be
    /// evaluated on an object counts as broken.
    #[must_use]
    pub fn check(&self, object: &Value, old: Option<&Value>) -> Vec<Broken> {
        let Err(errors) = kube_cel::Validator::new().validate_compiled(&self.schema, object, old) else {
            return Vec::new();
        };
        let broken = errors.into_vec().into_iter();
        broken.map(|error| Broken { field: error.field_path, message: error.message }).collect()
    }
}

/// Puts the rules of a kind into its schema.
pub(crate) fn install(kind: Kind, schema: &mut Value) {
    for rule in RULES.iter().filter(|rule| rule.kinds.contains(&kind)) {
        let Some(Value::Object(place)) = find(schema, rule.at) else { continue };
        let list = place.entry("x-kubernetes-validations").or_insert_with(|| json!([]));
        if let Value::Array(list) = list {
            list.push(json!({ "rule": rule.rule, "message": rule.message }));
        }
    }
}

/// The schema of a place.
fn find<'a>(schema: &'a mut Value, at: &[&str]) -> Option<&'a mut Value> {
    at.iter().try_fold(schema, |schema, step| match *step {
        "items" => schema.get_mut("items"),
        "*" => schema.get_mut("additionalProperties"),
        name => schema.get_mut("properties")?.get_mut(name),
    })
}
