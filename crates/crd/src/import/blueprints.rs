//! Blueprints of files made into objects: values in the types of the kind's schema, without what it does not know.

use super::{IMPORTED, Imported, Refused, Report, shortened, wrong};
use crate::schema::Kind;
use crate::{GROUP, VERSION};
use serde_json::{Value, json};

/// A blueprint that was read of a file.
#[derive(Clone, Debug)]
pub struct Source<'a> {
    /// The place that it was read from: `blueprints/go.yaml:3`.
    pub from: &'a str,
    /// Its name.
    pub name: &'a str,
    /// The namespace that it is for; of the platform, where there is none.
    pub namespace: Option<&'a str>,
    /// Its fields.
    pub spec: Value,
    /// What became of its fields so far.
    pub report: Report,
}

/// Makes an object of a blueprint.
///
/// # Errors
/// When what comes of it keeps the rules of its kind not.
pub fn blueprint(source: Source<'_>) -> Result<Imported, Refused> {
    let Source { from, name, namespace, mut spec, mut report } = source;
    let kind = if namespace.is_some() { Kind::Blueprint } else { Kind::ClusterBlueprint };
    for field in spec.as_object().into_iter().flat_map(|fields| fields.keys()).filter(|field| *field != "expressions") {
        if !report.lines().iter().any(|line| line.field == *field || line.field.starts_with(&format!("{field}."))) {
            report.taken(field.as_str());
        }
    }
    fit(&mut spec, kind.schema().pointer("/properties/spec").unwrap_or(&Value::Null), "", &mut report);
    let new = shortened(namespace.unwrap_or_default(), name, BLUEPRINT_NAME_MAX);
    let renamed = (new != name).then(|| name.to_owned());
    if renamed.is_some() {
        let why = format!("its name is longer than {BLUEPRINT_NAME_MAX} characters and becomes {new}");
        report.changed("name", why);
    }
    let mut made = json!({
        "apiVersion": format!("{GROUP}/{VERSION}"),
        "kind": kind.as_str(),
        "metadata": { "name": new, "annotations": { IMPORTED: from } },
        "spec": spec,
    });
    if let (Some(namespace), Some(Value::Object(metadata))) = (namespace, made.get_mut("metadata")) {
        metadata.insert("namespace".to_owned(), namespace.into());
    }
    let problems = wrong(kind, &made);
    if problems.is_empty() {
        Ok(Imported { from: from.to_owned(), renamed, object: made, report })
    } else {
        Err(Refused::Invalid { from: from.to_owned(), problems })
    }
}

/// Gives each value the type that its schema wants, and takes out what it does not know.
fn fit(value: &mut Value, schema: &Value, at: &str, report: &mut Report) {
    let below = |key: &str| if at.is_empty() { key.to_owned() } else { format!("{at}.{key}") };
    let wanted = schema.get("type").and_then(Value::as_str);
    let scalar = match (wanted, &*value) {
        (Some("string"), Value::Number(_) | Value::Bool(_)) => Some(Value::String(value.to_string())),
        (Some("integer" | "number"), Value::String(text)) => serde_json::from_str(text).ok().filter(Value::is_number),
        (Some("boolean"), Value::String(text)) => text.parse().ok().map(Value::Bool),
        _ => None,
    };
    if let Some(scalar) = scalar {
        *value = scalar;
        return;
    }
    match value {
        Value::Object(fields) => {
            let (properties, rest) = (schema.get("properties"), schema.get("additionalProperties"));
            fields.retain(|key, value| {
                match properties.and_then(|all| all.get(key)).or(rest) {
                    Some(schema) => fit(value, schema, &below(key), report),
                    None if properties.is_some() => {
                        report.unsupported(below(key), "objects have no such field: it is left out");
                        return false;
                    }
                    None => {}
                }
                true
            });
        }
        Value::Array(items) => {
            let of = schema.get("items").unwrap_or(&Value::Null);
            items.iter_mut().enumerate().for_each(|(index, item)| fit(item, of, &below(&index.to_string()), report));
        }
        _ => {}
    }
}

/// The longest name of a blueprint.
const BLUEPRINT_NAME_MAX: usize = 40;
