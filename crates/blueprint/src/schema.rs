//! The fields of a blueprint: names, types, limits, defaults, and which of them a repository may set.
//!
//! One table ([`fields`]) drives validation, the types that expressions have to give, and the rights of repositories.

mod checks;
mod fields;

pub(crate) use checks::host_of_image;
pub(crate) use fields::{BLUEPRINT, CLASSES};

use crate::node::{Entry, Node, Value};
use crate::pointer::{Path, Pointer};
use crate::problem::Problem;
use base::Code;
use serde_json::Value as Json;

/// What may stand somewhere.
pub(crate) enum Shape {
    /// A text of so many bytes at most, that a check lets through. Numbers and truth values are taken as they are written.
    Text { max: usize, check: fn(&str) -> Result<(), String> },
    /// A truth value.
    Bool,
    /// A whole number.
    Int { min: i64, max: i64 },
    /// A Kubernetes quantity over 0.
    Quantity,
    /// One of these words.
    Choice(&'static [&'static str]),
    /// A list.
    List { of: &'static Shape, max: usize },
    /// A map with keys of its own.
    Map { key: fn(&str) -> Result<(), String>, of: &'static Shape, max: usize },
    /// A map with these keys.
    Fields(&'static [Field]),
    /// Any scalar.
    Scalar,
}

/// A field.
pub(crate) struct Field {
    pub(crate) name: &'static str,
    pub(crate) shape: Shape,
    /// Who may set it beside blueprints.
    pub(crate) repo: Repo,
}

/// Whether a repository's file, or a workspace's overrides, may set a field.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Repo {
    /// It may, within the bounds of `allow`.
    May,
    /// Only where `allow` names the field.
    Asks,
    /// Never.
    Never,
}

/// Finds the shape at a pointer, and what a repository may do there: the strictest word on the way counts.
pub(crate) fn shape_at(pointer: &Pointer) -> Option<(&'static Shape, Repo)> {
    let mut shape = &BLUEPRINT;
    let mut repo = Repo::May;
    for segment in pointer.segments() {
        shape = match shape {
            Shape::Fields(fields) => {
                let field = fields.iter().find(|field| field.name == segment)?;
                repo = match (repo, field.repo) {
                    (Repo::Never, _) | (_, Repo::Never) => Repo::Never,
                    (Repo::Asks, _) | (_, Repo::Asks) => Repo::Asks,
                    _ => Repo::May,
                };
                &field.shape
            }
            Shape::Map { of, .. } | Shape::List { of, .. } => of,
            _ => return None,
        };
    }
    Some((shape, repo))
}

/// Checks a tree against a shape. Expressions are let through: their results are checked when there are some.
pub(crate) fn check(node: &Node, shape: &Shape, at: &Path<'_>, problems: &mut Vec<Problem>) {
    let mut wrong = |message: String| {
        problems.push(Problem::new(Code::BlueprintInvalid, at, &node.origin.mark, message));
    };
    if matches!(node.value, Value::Null) {
        return;
    }
    match (shape, &node.value) {
        (
            Shape::Text { .. } | Shape::Bool | Shape::Int { .. } | Shape::Quantity | Shape::Choice(_) | Shape::Scalar,
            value,
        ) => {
            if !matches!(value, Value::Cel(_))
                && let Err(message) = scalar(node, shape)
            {
                wrong(message);
            }
        }
        (_, Value::Cel(_)) => {
            wrong(
                "an expression gives a text, a number or a truth value; it cannot stand for a list or a map".to_owned(),
            );
        }
        (Shape::List { of, max }, Value::List(items)) => {
            if items.len() > *max {
                wrong(format!("a list of at most {max}, this has {}", items.len()));
            }
            for (index, item) in items.iter().enumerate() {
                check(item, of, &Path::Item(at, index), problems);
            }
        }
        (Shape::Map { key, of, max }, Value::Map(entries)) => {
            if entries.len() > *max {
                wrong(format!("a map of at most {max} keys, this has {}", entries.len()));
            }
            for entry in entries {
                let at = Path::Key(at, &entry.key);
                if let Err(message) = key(&entry.key) {
                    problems.push(Problem::new(Code::BlueprintInvalid, at, &entry.mark, message));
                }
                check(&entry.node, of, &at, problems);
            }
        }
        (Shape::Fields(fields), Value::Map(entries)) => {
            for entry in entries {
                let at = Path::Key(at, &entry.key);
                match fields.iter().find(|field| field.name == entry.key) {
                    Some(field) => check(&entry.node, &field.shape, &at, problems),
                    None => {
                        let names: Vec<&str> = fields.iter().map(|field| field.name).collect();
                        let message = format!("no such field: {}; there are {}", entry.key, names.join(", "));
                        problems.push(Problem::new(Code::BlueprintInvalid, at, &entry.mark, message));
                    }
                }
            }
        }
        (Shape::List { .. }, _) => wrong(format!("a list is expected, this is {}", node.type_word())),
        (Shape::Map { .. } | Shape::Fields(_), _) => wrong(format!("a map is expected, this is {}", node.type_word())),
    }
}

/// Checks a scalar, or the result of an expression.
pub(crate) fn scalar(node: &Node, shape: &Shape) -> Result<(), String> {
    let other = |expected: &str| Err(format!("{expected} is expected, this is {}", node.type_word()));
    match (shape, &node.value) {
        (Shape::Scalar, Value::List(_) | Value::Map(_)) => other("a text, a number or a truth value"),
        (Shape::Scalar, _) => Ok(()),
        (Shape::Bool, Value::Bool(_)) => Ok(()),
        (Shape::Bool, _) => other("true or false"),
        (Shape::Int { min, max }, Value::Number(text)) => match text.parse::<i64>() {
            Ok(number) if (*min..=*max).contains(&number) => Ok(()),
            _ => Err(format!("a whole number from {min} to {max} is expected, this is {text}")),
        },
        (Shape::Int { min, max }, _) => other(&format!("a whole number from {min} to {max}")),
        (Shape::Quantity, _) => match node.text().map(|text| (text, base::quantity::milli(text))) {
            Some((_, Some(milli))) if milli > 0 => Ok(()),
            Some((text, _)) => Err(format!("a quantity over 0 is expected (500m, 2, 4Gi), this is {text}")),
            None => other("a quantity"),
        },
        (Shape::Choice(words), _) => match node.text() {
            Some(text) if words.contains(&text) => Ok(()),
            Some(text) => Err(format!("one of {} is expected, this is {text}", words.join(", "))),
            None => other(&format!("one of {}", words.join(", "))),
        },
        (Shape::Text { max, check }, _) => match node.text() {
            Some(text) if text.len() > *max => Err(format!("a text of at most {max} bytes, this has {}", text.len())),
            Some(text) => check(text),
            None => other("a text"),
        },
        _ => other("something else"),
    }
}

/// A value as JSON with the types of its shape: what is written `1.10` in a field of text is the text `1.10`.
pub(crate) fn json(node: &Node, shape: &Shape) -> Json {
    match (shape, &node.value) {
        (_, Value::Null) => Json::Null,
        (Shape::Text { .. } | Shape::Quantity | Shape::Choice(_), _) => {
            node.text().map_or_else(|| node.to_json(), Json::from)
        }
        (Shape::List { of, .. }, Value::List(items)) => items.iter().map(|item| json(item, of)).collect(),
        (Shape::Map { of, .. }, Value::Map(entries)) => {
            let entries = entries.iter().filter(|entry| !matches!(entry.node.value, Value::Null));
            entries.map(|entry| (entry.key.clone(), json(&entry.node, of))).collect()
        }
        (Shape::Fields(fields), Value::Map(entries)) => {
            let entries = entries.iter().filter(|entry| !matches!(entry.node.value, Value::Null));
            let typed = |entry: &Entry| {
                let field = fields.iter().find(|field| field.name == entry.key);
                field.map_or_else(|| entry.node.to_json(), |field| json(&entry.node, &field.shape))
            };
            entries.map(|entry| (entry.key.clone(), typed(entry))).collect()
        }
        _ => node.to_json(),
    }
}
