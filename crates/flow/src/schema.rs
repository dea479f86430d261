//! For tests: every record that a test sees is held against the published schema, so that a member nobody documented
//! fails whatever test makes it first.
#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic, clippy::indexing_slicing)]

use std::collections::HashMap;
use std::sync::OnceLock;

use jsonschema::Validator;
use serde_json::{Value, json};

/// Fails when a record is not what `docs/reference/flow-records.schema.json` says of its kind.
pub(crate) fn check(record: &Value) {
    static KINDS: OnceLock<HashMap<String, Validator>> = OnceLock::new();
    let kinds = KINDS.get_or_init(|| {
        let schema: Value = serde_json::from_str(SCHEMA).unwrap();
        let name = |kind: &Value| kind["$ref"].as_str().unwrap().rsplit('/').next().unwrap().to_owned();
        let kinds = schema["oneOf"].as_array().unwrap().iter().map(name);
        // Of one kind, so that an error names the member and not thirteen alternatives.
        let one = |kind: String| {
            let alone =
                json!({"$schema": schema["$schema"], "$defs": schema["$defs"], "$ref": format!("#/$defs/{kind}")});
            (kind, jsonschema::validator_for(&alone).unwrap())
        };
        kinds.map(one).collect()
    });
    let kind = record["kind"].as_str().unwrap_or_else(|| panic!("a record without a kind: {record}"));
    let validator = kinds.get(kind).unwrap_or_else(|| panic!("no schema of {kind}: {record}"));
    let faults: Vec<String> =
        validator.iter_errors(record).map(|fault| format!("{}: {fault}", fault.instance_path())).collect();
    assert!(faults.is_empty(), "{faults:#?}\n{record}");
}

const SCHEMA: &str = include_str!("../../../docs/reference/flow-records.schema.json");
