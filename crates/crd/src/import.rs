//! Objects of the group `guildnet.io/v1alpha1`, read and made into ours: its Workspace a Workspace, its Capability a Grant.
//!
//! Nothing is lost in silence: what became of each field stands in the report of what was made. What was made keeps the rules of
//! its kind, or it is not made.

mod blueprints;
mod report;
#[cfg(test)]
mod tests;

pub use blueprints::{Source as BlueprintSource, blueprint};
pub use report::{Fate, Line, Report};

use crate::rules::{Broken, Rules};
use crate::schema::Kind;
use crate::{AGENT_PORT, GROUP, NAME_MAX, VERSION};
use serde_json::{Map, Value, json};
use sha2::{Digest, Sha256};
use std::fmt;

/// The group and version that are read.
pub const READS: &str = "guildnet.io/v1alpha1";

/// What the old objects do not say.
#[derive(Clone, Debug)]
pub struct Given<'a> {
    /// Whose the workspaces become, and who is granted what capabilities allow.
    pub owner: &'a str,
    /// The organization of the workspaces.
    pub org: &'a str,
    /// The namespace of what is made; that of the old object when there is none.
    pub namespace: Option<&'a str>,
}

/// What was made of one object.
#[derive(Clone, Debug, PartialEq)]
pub struct Imported {
    /// The old object: `Workspace default/web`.
    pub from: String,
    /// The old name, where the new one is another.
    pub renamed: Option<String>,
    /// The new object.
    pub object: Value,
    /// What became of each of its fields.
    pub report: Report,
}

/// Why an object could not be imported.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Refused {
    /// It is no object that is read.
    Kind(String),
    /// It has no name.
    Name,
    /// What would be made breaks rules, or has a wrong type.
    Invalid {
        /// The old object.
        from: String,
        /// What is wrong.
        problems: Vec<String>,
    },
}

impl fmt::Display for Refused {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Kind(kind) => write!(f, "{kind} is not imported: Workspace and Capability of {READS} are"),
            Self::Name => f.write_str("an object without a name"),
            Self::Invalid { from, problems } => write!(f, "{from}: {}", problems.join("; ")),
        }
    }
}

impl std::error::Error for Refused {}

/// The name that an object gets: its own, or when that is longer than workspaces may have, its beginning and ten letters that
/// depend on namespace and name, so that two long names stay two.
#[must_use]
pub fn short_name(namespace: &str, name: &str) -> String {
    shortened(namespace, name, NAME_MAX)
}

fn shortened(namespace: &str, name: &str, most: usize) -> String {
    if name.len() <= most {
        return name.to_owned();
    }
    let digest = Sha256::digest(format!("{namespace}/{name}"));
    let bits = digest.iter().take(7).fold(0_u64, |bits, byte| (bits << 8) | u64::from(*byte)) >> 6;
    let letters = (0..10).rev().filter_map(|at| LETTERS.get(usize::try_from((bits >> (at * 5)) & 31).unwrap_or(0)));
    let letters: String = letters.map(|byte| char::from(*byte)).collect();
    let cut: String = name.chars().take(most.saturating_sub(11)).collect();
    format!("{}-{letters}", cut.trim_end_matches(['-', '.']))
}

/// Makes our objects of an old one, or of a list of them.
#[must_use]
pub fn import(object: &Value, given: &Given<'_>) -> Vec<Result<Imported, Refused>> {
    match object.get("items").and_then(Value::as_array) {
        Some(items) => items.iter().map(|item| one(item, given)).collect(),
        None => vec![one(object, given)],
    }
}

fn one(object: &Value, given: &Given<'_>) -> Result<Imported, Refused> {
    let word = |key: &str| object.get(key).and_then(Value::as_str).unwrap_or_default();
    let (version, kind) = (word("apiVersion"), word("kind"));
    if version != READS || !matches!(kind, "Workspace" | "Capability") {
        return Err(Refused::Kind(format!("{kind} of {version}")));
    }
    let metadata = |key: &str| object.pointer("/metadata").and_then(|m| m.get(key));
    let old = metadata("name").and_then(Value::as_str).filter(|name| !name.is_empty()).ok_or(Refused::Name)?;
    let stood = metadata("namespace").and_then(Value::as_str).unwrap_or("default");
    let from = format!("{kind} {stood}/{old}");
    let mut source = Source::of(object.get("spec"));
    let (kind, spec) = match kind {
        "Workspace" => (Kind::Workspace, workspace(&mut source, given)),
        _ => (Kind::Grant, grant(&mut source, given)),
    };
    source.leftovers();
    let name = short_name(stood, old);
    let mut report = source.report;
    let renamed = (name != old).then(|| old.to_owned());
    if renamed.is_some() {
        report.changed("metadata.name", format!("its name is longer than {NAME_MAX} characters and becomes {name}"));
    }
    let namespace = given.namespace.unwrap_or(stood);
    let mut made = json!({
        "apiVersion": format!("{GROUP}/{VERSION}"),
        "kind": kind.as_str(),
        "metadata": { "name": name, "namespace": namespace, "annotations": { IMPORTED: from } },
        "spec": spec,
    });
    if let Some(labels) = own_labels(metadata("labels"), "metadata.labels", &mut report)
        && let Some(Value::Object(metadata)) = made.get_mut("metadata")
    {
        metadata.insert("labels".to_owned(), labels);
    }
    let problems = wrong(kind, &made);
    if problems.is_empty() {
        Ok(Imported { from, renamed, object: made, report })
    } else {
        Err(Refused::Invalid { from, problems })
    }
}

/// What is wrong with an object that was made.
fn wrong(kind: Kind, object: &Value) -> Vec<String> {
    let typed = match kind {
        Kind::Workspace => serde_json::from_value::<crate::Workspace>(object.clone()).map(|_| ()),
        Kind::Blueprint => serde_json::from_value::<crate::blueprint::Blueprint>(object.clone()).map(|_| ()),
        Kind::ClusterBlueprint => {
            serde_json::from_value::<crate::blueprint::ClusterBlueprint>(object.clone()).map(|_| ())
        }
        _ => serde_json::from_value::<crate::grant::Grant>(object.clone()).map(|_| ()),
    };
    match typed {
        Err(error) => vec![error.to_string()],
        Ok(()) => Rules::of(kind).check(object, None).iter().map(Broken::to_string).collect(),
    }
}

/// A spec whose fields are taken out one after another: what is left at the end has no place here.
struct Source {
    fields: Map<String, Value>,
    report: Report,
}

impl Source {
    fn of(spec: Option<&Value>) -> Self {
        Self { fields: spec.and_then(Value::as_object).cloned().unwrap_or_default(), report: Report::default() }
    }

    fn take(&mut self, key: &str) -> Option<Value> {
        let value = self.fields.remove(key).filter(|value| !is_empty(value))?;
        self.report.taken(format!("spec.{key}"));
        Some(value)
    }

    fn list(&mut self, key: &str) -> Vec<Value> {
        match self.take(key) {
            Some(Value::Array(items)) => items,
            Some(one) => vec![one],
            None => Vec::new(),
        }
    }

    fn leftovers(&mut self) {
        for (key, value) in std::mem::take(&mut self.fields) {
            if !is_empty(&value) {
                let why = format!("spec.{key} has no place here and is left out: {value}");
                self.report.unsupported(format!("spec.{key}"), why);
            }
        }
    }
}

fn is_empty(value: &Value) -> bool {
    match value {
        Value::Null => true,
        Value::String(text) => text.is_empty(),
        Value::Array(items) => items.is_empty(),
        Value::Object(fields) => fields.is_empty(),
        _ => false,
    }
}

fn workspace(source: &mut Source, given: &Given<'_>) -> Value {
    let mut spec = json!({ "owner": given.owner, "org": given.org });
    let Some(fields) = spec.as_object_mut() else { return spec };
    // fields that are the same in both
    for key in ["image", "args", "command", "notes", "presetsRef", "exposure"] {
        if let Some(value) = source.take(key) {
            fields.insert(key.to_owned(), value);
        }
    }
    let env = env(source);
    let ports = ports(source);
    for (key, list) in [("env", env), ("ports", ports)] {
        if !list.is_empty() {
            fields.insert(key.to_owned(), Value::Array(list));
        }
    }
    if let Some(resources) = source.take("resources") {
        let limits = resources.get("limits").filter(|limits| limits.is_object()).unwrap_or(&resources);
        let kept: Map<String, Value> = ["cpu", "memory"]
            .iter()
            .filter_map(|key| Some(((*key).to_owned(), limits.get(*key).filter(|v| !is_empty(v))?.clone())))
            .collect();
        if resources.get("requests").is_some_and(|requests| !is_empty(requests)) {
            let why = "resources.requests are the operator's here and are left out";
            source.report.unsupported("spec.resources.requests", why);
        }
        if !kept.is_empty() {
            fields.insert("resources".to_owned(), Value::Object(kept));
        }
    }
    if let Some(labels) = source.take("labels")
        && let Some(labels) = own_labels(Some(&labels), "spec.labels", &mut source.report)
    {
        fields.insert("podLabels".to_owned(), labels);
    }
    spec
}

/// Variables: without those that have no name, and the last of those that stand twice.
fn env(source: &mut Source) -> Vec<Value> {
    let mut kept: Vec<Value> = Vec::new();
    for variable in source.list("env") {
        let name = variable.get("name").and_then(Value::as_str).unwrap_or_default().to_owned();
        if name.trim().is_empty() {
            source.report.changed("spec.env", "a variable without a name is left out");
            continue;
        }
        if let Some(twin) = kept.iter_mut().find(|one| one.get("name").and_then(Value::as_str) == Some(&name)) {
            source.report.changed("spec.env", format!("variable {name} stands twice: the last one is kept"));
            *twin = variable;
        } else {
            kept.push(variable);
        }
    }
    kept
}

fn ports(source: &mut Source) -> Vec<Value> {
    let mut kept: Vec<Value> = Vec::new();
    for port in source.list("ports") {
        let number = port.get("containerPort").or_else(|| port.get("port")).and_then(Value::as_i64);
        if number == Some(i64::from(AGENT_PORT)) {
            source.report.changed("spec.ports", format!("port {AGENT_PORT} is the agent's here and is left out"));
            continue;
        }
        let protocol = port.get("protocol").and_then(Value::as_str).filter(|text| !text.is_empty()).unwrap_or("TCP");
        let mut made = json!({ "containerPort": number, "protocol": protocol });
        if let (Some(fields), Some(name)) = (made.as_object_mut(), port.get("name").filter(|name| !is_empty(name))) {
            fields.insert("name".to_owned(), name.clone());
        }
        if !kept.contains(&made) {
            kept.push(made);
        }
    }
    kept
}

fn grant(source: &mut Source, given: &Given<'_>) -> Value {
    let mut subjects = source.list("subjects");
    if subjects.is_empty() {
        source.report.changed("spec.subjects", format!("it names nobody: it becomes a grant to user {}", given.owner));
        subjects.push(json!({ "kind": "User", "name": given.owner }));
    }
    let mut spec = json!({ "subjects": subjects, "actions": source.list("actions") });
    let Some(fields) = spec.as_object_mut() else { return spec };
    for key in ["selector", "notBefore", "notAfter"] {
        if let Some(value) = source.take(key) {
            fields.insert(key.to_owned(), value);
        }
    }
    let Some(Value::Object(mut old)) = source.take("constraints") else { return spec };
    let mut limits = Map::new();
    for key in ["images", "maxConcurrent"] {
        if let Some(value) = old.remove(key).filter(|value| !is_empty(value)) {
            limits.insert(key.to_owned(), value);
        }
    }
    if let Some(Value::Array(ports)) = old.remove("ports") {
        // plain numbers become ranges of one
        let range = |port: Value| if port.is_number() { json!({ "from": port }) } else { port };
        limits.insert("ports".to_owned(), ports.into_iter().map(range).collect());
    }
    for (key, value) in old {
        let why = format!("spec.constraints.{key} has no place here and is left out: {value}");
        source.report.unsupported(format!("spec.constraints.{key}"), why);
    }
    if !limits.is_empty() {
        fields.insert("constraints".to_owned(), Value::Object(limits));
    }
    spec
}

/// Labels without those of the old group and of ours, which operators set.
fn own_labels(labels: Option<&Value>, field: &str, report: &mut Report) -> Option<Value> {
    let mut kept = Map::new();
    for (key, value) in labels.and_then(Value::as_object).into_iter().flatten() {
        let group = key.split_once('/').map_or("", |(group, _)| group);
        if ["guildnet.io", GROUP].iter().any(|own| group == *own || group.ends_with(&format!(".{own}"))) {
            report.unsupported(format!("{field}.{key}"), format!("label {key} is set by operators and is left out"));
        } else {
            kept.insert(key.clone(), value.clone());
        }
    }
    if kept.is_empty() {
        return None;
    }
    report.taken(field);
    Some(Value::Object(kept))
}

/// The annotation that says what an object was made from.
pub const IMPORTED: &str = "quarterdeck.dev/imported-from";
/// Lower base32 (RFC 4648).
const LETTERS: &[u8; 32] = b"abcdefghijklmnopqrstuvwxyz234567";
