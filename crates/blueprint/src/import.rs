//! Blueprints of files in the form that objects have: expressions in a map of their own, every value in the type of its field.
//!
//! `qd ws import` calls it. Nothing is lost in silence: what was written otherwise or left out is told, by the pointer of its field.

#[cfg(test)]
mod tests;

use crate::files::{Files, read_all};
use crate::library::{Definition, Library, is_wrapper, single};
use crate::node::{Entry, LayerKind, Node, Value};
use crate::pointer::{Path, Pointer};
use crate::problem::{Mark, Problem, Problems};
use crate::schema::{BLUEPRINT, Shape, check, json, shape_at};
use serde_json::{Map, Value as Json};

/// A blueprint in the form of objects.
#[derive(Clone, Debug)]
pub struct Converted {
    /// Its name.
    pub name: String,
    /// The blueprint that it builds on.
    pub template: Option<String>,
    /// Where it is written.
    pub mark: Mark,
    /// The fields of its object.
    pub spec: Json,
    /// What is written otherwise there: pointers, and why.
    pub changed: Vec<(String, String)>,
    /// What has no place there: pointers, and why.
    pub left_out: Vec<(String, String)>,
}

/// Whether a file holds blueprints, and no objects.
#[must_use]
pub fn is_one(files: &dyn Files, path: &str) -> bool {
    let read = read_all(files, &[path.to_owned()], LayerKind::Platform).pop();
    let Some(Ok(documents)) = read.map(|read| read.documents) else { return false };
    let is = |one: &Node| match &one.value {
        Value::Map(entries) => is_wrapper(entries),
        Value::List(items) => items.iter().all(|item| item.get("apiVersion").is_none()),
        _ => false,
    };
    !documents.is_empty() && documents.iter().all(is)
}

/// Reads the blueprints of files. Those without a parent that name no network class get the one that lets workspaces of one
/// blueprint meet, as they did where they come from.
///
/// # Errors
/// All that is wrong with them, at once.
pub fn convert(files: &dyn Files, paths: &[String]) -> Result<Vec<Converted>, Problems> {
    let mut library = Library::default();
    let told = Problems::check(library.add(files, paths, LayerKind::Platform))?;
    let mut all: Vec<&Definition> = library.all().collect();
    all.sort_by(|a, b| a.mark.cmp(&b.mark));
    let mut wrong = Vec::new();
    let mut converted = Vec::new();
    for definition in all {
        // A parent that is missing, and a circle, are wrong whoever reads them; one of the cluster may be meant.
        if let Err(problem) = library.chain(&definition.name)
            && problem.code == base::Code::BlueprintCycle
        {
            wrong.push(problem);
        }
        let own: Vec<&Problem> = told.iter().filter(|one| one.blueprint == definition.name).collect();
        match one(definition, &own) {
            Ok(done) => converted.push(done),
            Err(problems) => wrong.extend(problems),
        }
    }
    Problems::check(wrong).map(|_| converted)
}

/// Reads the blueprint of a repository's file, which has this name where it says none.
///
/// # Errors
/// All that is wrong with it, at once.
pub fn convert_repo(files: &dyn Files, path: &str, name: &str) -> Result<Converted, Problems> {
    let (definition, problems) = single(files, path, LayerKind::Repo, name)?;
    let told = Problems::check(problems)?;
    one(&definition, &told.iter().collect::<Vec<_>>()).map_err(|wrong| match Problems::check(wrong) {
        Err(problems) => problems,
        Ok(mut rest) => {
            rest.pop().map_or_else(|| Problem::new(base::Code::Internal, "", &definition.mark, "").into(), Into::into)
        }
    })
}

fn one(definition: &Definition, told: &[&Problem]) -> Result<Converted, Vec<Problem>> {
    let mut node = Node::clone(&definition.node);
    let mut changed: Vec<(String, String)> =
        told.iter().map(|one| (one.pointer.clone(), one.message.clone())).collect();
    let mut left_out = Vec::new();
    prune(&mut node, &BLUEPRINT, &Pointer::default(), &mut left_out);
    let mut wrong = Vec::new();
    check(&node, &BLUEPRINT, &Path::Root, &mut wrong);
    if !wrong.is_empty() {
        return Err(wrong.into_iter().map(|problem| problem.of(&definition.name)).collect());
    }
    let class = Pointer::parse("/network/networkPolicyClass");
    if definition.template.is_none() && node.at(&class).is_none() {
        let origin = node.origin.clone();
        node.set(&class, Node { value: Value::Text(IMPORTED_CLASS.to_owned()), origin });
        changed.push((class.to_string(), format!("no class was said: it becomes {IMPORTED_CLASS}")));
    }
    let mut expressions = Map::new();
    lift(&mut node, &Pointer::default(), &mut expressions);
    node.take("name");
    // Objects have it beside the network.
    let access = match node.entries().iter().position(|entry| entry.key == "network") {
        Some(at) => match &mut node.value {
            Value::Map(entries) => entries.get_mut(at).and_then(|entry| entry.node.take("kubernetesAccess")),
            _ => None,
        },
        None => None,
    };
    if let Some(Entry { node: access, .. }) = access {
        node.put("kubernetesAccess", access);
    }
    if let Some(access) = expressions.remove("/network/kubernetesAccess") {
        expressions.insert("/kubernetesAccess".to_owned(), access);
    }
    let mut spec = json(&node, &BLUEPRINT);
    if let (Some(fields), false) = (spec.as_object_mut(), expressions.is_empty()) {
        fields.insert("expressions".to_owned(), Json::Object(expressions));
    }
    let Definition { name, template, mark, .. } = definition;
    Ok(Converted { name: name.clone(), template: template.clone(), mark: mark.clone(), spec, changed, left_out })
}

/// Takes out what no blueprint has, and what takes a value of a parent away.
fn prune(node: &mut Node, shape: &Shape, at: &Pointer, gone: &mut Vec<(String, String)>) {
    match (shape, &mut node.value) {
        (Shape::Fields(fields), Value::Map(entries)) => entries.retain_mut(|entry| {
            let at = at.join(&entry.key);
            match fields.iter().find(|field| field.name == entry.key) {
                None => gone.push((at.to_string(), "blueprints have no such field".to_owned())),
                Some(_) if matches!(entry.node.value, Value::Null) => gone.push((at.to_string(), NOTHING.to_owned())),
                Some(field) => {
                    prune(&mut entry.node, &field.shape, &at, gone);
                    return true;
                }
            }
            false
        }),
        (Shape::Map { of, .. }, Value::Map(entries)) => entries.retain_mut(|entry| {
            let at = at.join(&entry.key);
            let keeps = !matches!(entry.node.value, Value::Null);
            if keeps {
                prune(&mut entry.node, of, &at, gone);
            } else {
                gone.push((at.to_string(), NOTHING.to_owned()));
            }
            keeps
        }),
        (Shape::List { of, .. }, Value::List(items)) => {
            items.iter_mut().enumerate().for_each(|(index, item)| prune(item, of, &at.join(index), gone));
        }
        _ => {}
    }
}

/// Takes expressions out of a tree: by their pointers. Conditions of parameters are texts in any case.
fn lift(node: &mut Node, at: &Pointer, found: &mut Map<String, Json>) {
    let taken = |text: &str, at: &Pointer, found: &mut Map<String, Json>| {
        found.insert(at.to_string(), text.into());
    };
    match &mut node.value {
        Value::Map(entries) => entries.retain_mut(|entry| {
            let at = at.join(&entry.key);
            let Value::Cel(text) = &entry.node.value else {
                lift(&mut entry.node, &at, found);
                return true;
            };
            let is_condition = ["when", "check"].contains(&entry.key.as_str());
            if is_condition && at.segments().first().is_some_and(|first| first == "params") {
                entry.node.value = Value::Text(text.clone());
                return true;
            }
            taken(text, &at, found);
            false
        }),
        Value::List(items) => {
            for (index, item) in items.iter_mut().enumerate() {
                let at = at.join(index);
                match &item.value {
                    Value::Cel(text) => {
                        taken(text, &at, found);
                        item.value = stand_in(&at);
                    }
                    _ => lift(item, &at, found),
                }
            }
        }
        _ => {}
    }
}

/// What stands in a list where an expression will give the value.
fn stand_in(at: &Pointer) -> Value {
    match shape_at(at) {
        Some((Shape::Bool, _)) => Value::Bool(false),
        Some((Shape::Int { min, .. }, _)) => Value::Number(min.to_string()),
        Some((Shape::Quantity, _)) => Value::Number("1".to_owned()),
        Some((Shape::Choice(words), _)) => Value::Text(words.first().copied().unwrap_or_default().to_owned()),
        _ => Value::Text("expression".to_owned()),
    }
}

/// The network class of imported files that name none.
const IMPORTED_CLASS: &str = "workspace";
const NOTHING: &str = "nothing, which took a value of its parent away: an object cannot say that";
