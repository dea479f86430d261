//! The functions of expressions: those of the standard that are listed here, and ours.

use super::meter::{Meter, TICKS};
use crate::names::normalize_dns;
use cel::common::ast::operators;
use cel::objects::Value;
use cel::{Context, DeclarationError, ExecutionError};
use std::collections::BTreeMap;
use std::sync::Arc;

/// Adds ours.
pub(super) fn add(
    context: &mut Context<'_, '_>,
    meter: &Meter,
    env: &BTreeMap<String, String>,
) -> Result<(), DeclarationError> {
    let ticks = meter.clone();
    context.add_function(TICKS, move |value: Value| ticks.tick(value))?;
    let pays = meter.clone();
    context.add_function("@matches", move |text: Arc<String>, pattern: Arc<String>| matches(&pays, &text, &pattern))?;
    let env = env.clone();
    context.add_function("env", move |name: Arc<String>| {
        env.get(name.as_str()).map(|value| Arc::new(value.clone())).ok_or_else(|| {
            let message = format!("env({name:?}): the platform lists no such name in blueprints.env");
            ExecutionError::function_error("env", message)
        })
    })?;
    let pays = meter.clone();
    context.add_function("distinct", move |items: Arc<Vec<Value>>| distinct(&pays, &items))?;
    context.add_function("normalizeDNS", |text: Arc<String>| normalize_dns(&text))
}

/// Each value once, in the order of its first place.
fn distinct(meter: &Meter, items: &[Value]) -> Result<Value, ExecutionError> {
    let mut seen: Vec<Value> = Vec::new();
    for item in items {
        meter.pay(1 + seen.len() as u64)?;
        if !seen.contains(item) {
            seen.push(item.clone());
        }
    }
    Ok(Value::List(Arc::new(seen)))
}

/// RE2's language, without a way to take long: linear in the text, bounded in the pattern.
fn matches(meter: &Meter, text: &str, pattern: &str) -> Result<bool, ExecutionError> {
    meter.pay(5_000 + text.len() as u64 / 4 + 20 * pattern.len() as u64)?;
    let regex = regex::RegexBuilder::new(pattern)
        .size_limit(PATTERN_BYTES)
        .dfa_size_limit(PATTERN_BYTES)
        .build()
        .map_err(|error| ExecutionError::function_error("matches", format!("matches: {}", last_line(&error))))?;
    Ok(regex.is_match(text))
}

fn last_line(error: &regex::Error) -> String {
    error.to_string().lines().last().unwrap_or_default().trim().to_owned()
}

/// Whether an expression may call it.
pub(super) fn is_allowed(name: &str) -> bool {
    FUNCTIONS.contains(&name) || OPERATORS.contains(&name)
}

const FUNCTIONS: &[&str] = &[
    "env",
    "distinct",
    "normalizeDNS",
    "size",
    "int",
    "uint",
    "double",
    "string",
    "bool",
    "bytes",
    "dyn",
    "type",
    "timestamp",
    "duration",
    "contains",
    "startsWith",
    "endsWith",
    "matches",
    "getFullYear",
    "getMonth",
    "getDate",
    "getDayOfMonth",
    "getDayOfWeek",
    "getDayOfYear",
    "getHours",
    "getMinutes",
    "getSeconds",
    "getMilliseconds",
];

const OPERATORS: &[&str] = &[
    operators::CONDITIONAL,
    operators::LOGICAL_AND,
    operators::LOGICAL_OR,
    operators::LOGICAL_NOT,
    operators::ADD,
    operators::SUBSTRACT,
    operators::MULTIPLY,
    operators::DIVIDE,
    operators::MODULO,
    operators::EQUALS,
    operators::NOT_EQUALS,
    operators::GREATER,
    operators::GREATER_EQUALS,
    operators::LESS,
    operators::LESS_EQUALS,
    operators::IN,
    operators::INDEX,
    operators::NEGATE,
    operators::NOT_STRICTLY_FALSE,
];

/// A pattern, compiled.
const PATTERN_BYTES: usize = 64 << 10;
