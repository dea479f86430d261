//! Every blueprint of a library, tried: fields and expressions as they are written, then composed for each synthetic user.

#[cfg(test)]
mod tests;

use crate::cel::Expression;
use crate::compose::{Request, compose};
use crate::defaults::Settings;
use crate::library::{Definition, Library};
use crate::node::{Node, Value};
use crate::params::Given;
use crate::pointer::{Path, Pointer};
use crate::problem::Problem;
use crate::schema;
use crate::user::User;
use base::Code;
use std::collections::BTreeMap;

/// All that is wrong with the blueprints of a library, each problem once.
#[must_use]
pub fn lint(library: &Library, settings: &Settings, env: &BTreeMap<String, String>) -> Vec<Problem> {
    let mut found = Vec::new();
    for definition in library.all() {
        one(library, definition, settings, env, &mut found);
    }
    sorted(found)
}

/// All that is wrong with one of them, and with those that it builds on as far as it shows in it.
#[must_use]
pub fn lint_one(
    library: &Library,
    definition: &Definition,
    settings: &Settings,
    env: &BTreeMap<String, String>,
) -> Vec<Problem> {
    let mut found = Vec::new();
    one(library, definition, settings, env, &mut found);
    sorted(found)
}

fn sorted(mut found: Vec<Problem>) -> Vec<Problem> {
    found.sort_by(|a, b| (&a.mark, &a.pointer).cmp(&(&b.mark, &b.pointer)));
    found
}

fn one(
    library: &Library,
    definition: &Definition,
    settings: &Settings,
    env: &BTreeMap<String, String>,
    found: &mut Vec<Problem>,
) {
    written(definition, found);
    if definition.is_abstract {
        if let Err(problem) = library.chain_from(definition) {
            add(problem, found);
        }
        return;
    }
    for (label, user) in User::synthetic() {
        tried(library, definition, label, &user, settings, env, found);
    }
}

/// The blueprint alone, with nothing evaluated.
fn written(definition: &Definition, found: &mut Vec<Problem>) {
    let mut problems = Vec::new();
    schema::check(&definition.node, &schema::BLUEPRINT, &Path::Root, &mut problems);
    compiled(&definition.node, &Pointer::default(), &mut problems);
    for problem in problems {
        add(problem.of(&definition.name), found);
    }
}

fn compiled(node: &Node, at: &Pointer, problems: &mut Vec<Problem>) {
    match &node.value {
        Value::Cel(text) => {
            if let Err(why) = Expression::compile(text, VARIABLES) {
                problems.push(Problem::new(Code::CelError, at, &node.origin.mark, why));
            }
        }
        Value::Map(entries) => {
            entries.iter().for_each(|entry| compiled(&entry.node, &at.join(&entry.key), problems));
        }
        Value::List(items) => {
            items.iter().enumerate().for_each(|(index, item)| compiled(item, &at.join(index), problems));
        }
        _ => {}
    }
}

/// The blueprint, composed for one user.
fn tried(
    library: &Library,
    definition: &Definition,
    label: &str,
    user: &User,
    settings: &Settings,
    env: &BTreeMap<String, String>,
    found: &mut Vec<Problem>,
) {
    let params = samples(library, definition);
    let request = Request {
        library,
        name: Some(&definition.name),
        user,
        repo: None,
        overrides: None,
        params: &params,
        preset: None,
        beside: crate::compose::Beside::default(),
        patches: &[],
        settings,
        env,
        workspace: "workspace",
        cluster: "cluster",
    };
    let problems = match compose(&request) {
        Ok(effective) => effective.warnings,
        Err(problems) => problems.list().to_vec(),
    };
    for mut problem in problems {
        // a sample that does not hold is no fault of the blueprint
        if problem.code == Code::ParamInvalid && !params.is_empty() {
            continue;
        }
        if label != "plain" && !is_known(&problem, found) {
            problem.message = format!("for a user like {} ({label}): {}", user.username, problem.message);
        }
        add(problem, found);
    }
}

/// Values for parameters that have no default.
fn samples(library: &Library, definition: &Definition) -> Given {
    let chain = library.chain_from(definition).unwrap_or_default();
    let params = chain.iter().flat_map(|one| one.node.get("params").map_or(&[][..], Node::items));
    params
        .filter(|param| param.get("default").is_none())
        .filter_map(|param| {
            let name = param.get("name").and_then(Node::text)?;
            let least = param.get("min").and_then(Node::text);
            let value = match param.get("type").and_then(Node::text).unwrap_or("string") {
                "bool" => "false",
                "number" | "size" => least.unwrap_or("1"),
                "secret" => "name/key",
                "enum" => param.get("options")?.items().first()?.get("value")?.text()?,
                _ => "sample",
            };
            Some((name.to_owned(), value.into()))
        })
        .collect()
}

fn add(problem: Problem, found: &mut Vec<Problem>) {
    if !is_known(&problem, found) {
        found.push(problem);
    }
}

/// Whether it is told already, for this user or another, of this blueprint or one that inherits the field.
fn is_known(problem: &Problem, found: &[Problem]) -> bool {
    found.iter().any(|one| {
        one.mark == problem.mark && one.pointer == problem.pointer && one.message.ends_with(problem.message.as_str())
    })
}

/// The variables of expressions, in the order in which evaluation names them.
const VARIABLES: &[&str] = &["blueprint", "cluster", "metadata", "org", "params", "user", "workspaceName"];
