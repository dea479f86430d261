//! A workspace as these paths tell it. Pure.

use api::guild::{Port, Resources, Server, ServerEvent};
use api::workspace::Workspace;
use jiff::Timestamp;
use serde_json::Value;
use std::collections::BTreeMap;

/// A workspace.
pub(super) fn server(one: &Workspace) -> Server {
    let row = &one.row;
    let said = one.conditions.iter().filter_map(|one| one.since_ms);
    let updated = said.chain(row.stage_since_ms).fold(row.created_ms, i64::max);
    let event = |one: &api::workspace::WorkspaceCondition| ServerEvent {
        t: one.since_ms.map(time).unwrap_or_default(),
        kind: one.kind.clone(),
        message: if one.message.is_empty() { one.reason.clone() } else { one.message.clone() },
        status: one.status.clone(),
    };
    Server {
        id: row.name.clone(),
        name: row.name.clone(),
        image: row.image.clone(),
        status: status(one).to_owned(),
        node: row.node.clone(),
        created_at: time(row.created_ms),
        updated_at: time(updated),
        ports: one.ports.iter().map(|port| Port { name: port.name.clone(), port: port.port }).collect(),
        resources: Resources { cpu: one.resources.cpu.clone(), memory: one.resources.memory.clone() },
        args: texts(one.spec.get("args")),
        env: env(one.spec.get("env")),
        events: one.conditions.iter().map(event).collect(),
        url: row.urls.first().cloned().unwrap_or_else(|| format!("/proxy/server/{}/", row.name)),
    }
}

fn status(one: &Workspace) -> &'static str {
    match one.row.phase.as_str() {
        "Running" if one.row.ready => "running",
        "Failed" => "failed",
        _ => "pending",
    }
}

fn texts(list: Option<&Value>) -> Vec<String> {
    let all = list.and_then(Value::as_array).into_iter().flatten();
    all.filter_map(Value::as_str).map(str::to_owned).collect()
}

/// Variables without what is secret.
fn env(list: Option<&Value>) -> BTreeMap<String, String> {
    let all = list.and_then(Value::as_array).into_iter().flatten();
    let one = |one: &Value| {
        let name = one.get("name")?.as_str()?;
        let value = match one.get("value").and_then(Value::as_str) {
            Some(value) if value.is_empty() || !is_secret(name) => value,
            None if one.get("valueFrom").is_none() => "",
            _ => MASK,
        };
        Some((name.to_owned(), value.to_owned()))
    };
    all.filter_map(one).collect()
}

/// What a variable is called says whether its value is anybody's to read.
fn is_secret(name: &str) -> bool {
    let upper = name.to_ascii_uppercase();
    upper.split(|byte: char| !byte.is_ascii_alphanumeric()).any(|word| SECRET.contains(&word))
        || LONG.iter().any(|word| upper.contains(word))
}

/// RFC 3339.
pub(super) fn time(ms: i64) -> String {
    Timestamp::from_millisecond(ms).map(|time| time.to_string()).unwrap_or_default()
}

const MASK: &str = "***";
const SECRET: &[&str] = &["KEY", "PASS", "PAT", "CREDENTIALS", "CREDENTIAL", "AUTH", "PRIVATE", "DSN"];
/// Words that are secret wherever they stand.
const LONG: &[&str] = &["PASSWORD", "PASSWD", "PASSPHRASE", "SECRET", "TOKEN", "APIKEY"];

#[cfg(test)]
mod tests;
