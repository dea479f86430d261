//! Prints `docs/reference/flow-records.md` from the JSON Schema beside it: `cargo xtask gen`.
#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic, clippy::indexing_slicing)]

use serde_json::{Map, Value};

fn main() {
    let schema: Value = serde_json::from_str(SCHEMA).unwrap();
    let defs = schema["$defs"].as_object().unwrap();
    print!("{HEAD}");
    println!("\n## Every record\n");
    members(&defs["envelope"], "");
    for shared in ["endpoint", "verdict"] {
        println!("\n### {shared}\n\n{}\n", text(&defs[shared]));
        members(&defs[shared], "");
    }
    for kind in schema["oneOf"].as_array().unwrap() {
        let name = kind["$ref"].as_str().unwrap().rsplit('/').next().unwrap();
        println!("\n## {name}\n\n{}\n", text(&defs[name]));
        members(&defs[name], "");
        for (shared, owner) in [("side", "flow"), ("message", "http")] {
            if owner == name {
                println!("\n### {shared}\n\n{}\n", text(&defs[shared]));
                members(&defs[shared], "");
            }
        }
    }
}

/// A table of an object's members, with those of objects inside it behind them.
fn members(object: &Value, prefix: &str) {
    if prefix.is_empty() {
        println!("| member | type | what it says |\n|---|---|---|");
    }
    let required: Vec<&str> = object["required"].as_array().into_iter().flatten().filter_map(Value::as_str).collect();
    for (name, member) in object["properties"].as_object().unwrap_or(&Map::new()) {
        if prefix.is_empty() && name == "kind" && member["const"].is_string() {
            continue;
        }
        let always = if required.contains(&name.as_str()) { "" } else { "?" };
        println!("| `{prefix}{name}`{always} | {} | {} |", kind(member), text(member));
        let inner = if member["type"] == "array" { &member["items"] } else { member };
        let mark = if member["type"] == "array" { "[]" } else { "" };
        members(inner, &format!("{prefix}{name}{mark}."));
    }
}

fn kind(member: &Value) -> String {
    if let Some(words) = member["enum"].as_array() {
        return words.iter().map(|word| format!("`{}`", word.as_str().unwrap())).collect::<Vec<_>>().join(" ");
    }
    if let Some(name) = member["$ref"].as_str() {
        let name = name.rsplit('/').next().unwrap();
        return format!("[{name}](#{name})");
    }
    if let Some(any) = member["anyOf"].as_array() {
        return any.iter().map(kind).collect::<Vec<_>>().join(" or ");
    }
    if member["type"] == "array" {
        return format!("list of {}", kind(&member["items"]));
    }
    member["type"].as_str().map_or_else(|| format!("`{}`", member["const"]), str::to_owned)
}

fn text(value: &Value) -> &str {
    value["description"].as_str().unwrap_or_default()
}

const SCHEMA: &str = include_str!("../../../docs/reference/flow-records.schema.json");
const HEAD: &str = "\
# Flow records

What the capture engine says about traffic: one JSON object a line, from `qd tap --output jsonl` and from everything that
passes records on. [flow-records.schema.json](flow-records.schema.json) is the same as a JSON Schema, and this page is made
of it; a record with a member that is not listed here fails a test. `?` marks what is absent when it is unknown.

Numbers are integers. Points in time are microseconds since 1970, times between them are in microseconds and end in `_us`,
sizes are bytes. Text is UTF-8; a byte that is not part of it is shown as `\\xNN`. Bodies that are not text stand in base64
under a name that ends in `b64`. Records come in the order in which they become complete; `v` changes when a member goes.
";
