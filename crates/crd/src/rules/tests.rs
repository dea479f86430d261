#![allow(clippy::unwrap_used, clippy::panic, clippy::indexing_slicing)]

use super::{RULES, Rules};
use crate::schema::Kind;
use serde_json::{Value, json};

/// Objects with the message of the rule that each breaks. The suite `it` asks the API server about the same file.
fn cases() -> Vec<Value> {
    serde_json::from_str(include_str!("../../tests/rules.json")).unwrap()
}

fn kind(object: &Value) -> Kind {
    let name = object["kind"].as_str().unwrap();
    Kind::ALL.iter().copied().find(|kind| kind.as_str() == name).unwrap()
}

#[test]
fn ws_07d_rules_say_here_what_the_table_says() {
    let rules: Vec<(Kind, Rules)> = Kind::ALL.iter().map(|kind| (*kind, Rules::of(*kind))).collect();
    for case in cases() {
        let object = &case["object"];
        let (_, rules) = rules.iter().find(|(of, _)| *of == kind(object)).unwrap();
        let broken = rules.check(object, case.get("old"));
        let messages: Vec<&str> = broken.iter().map(|one| one.message.as_str()).collect();
        match case["refused"].as_str() {
            None => assert!(broken.is_empty(), "{}: {broken:?}", case["name"]),
            Some(message) => assert!(messages.contains(&message), "{}: {broken:?}", case["name"]),
        }
    }
}

#[test]
fn ws_07e_the_table_of_cases_breaks_and_keeps_every_rule() {
    let cases = cases();
    let mut never = Vec::new();
    for rule in RULES {
        for at in rule.kinds {
            let broken = cases.iter().any(|case| kind(&case["object"]) == *at && case["refused"] == rule.message);
            let kept = cases.iter().any(|case| kind(&case["object"]) == *at && case["refused"] == json!(null));
            if !(broken && kept) {
                never.push((at.as_str(), rule.message));
            }
        }
    }
    assert!(never.is_empty(), "{never:#?}");
}

#[test]
fn ws_07f_every_rule_compiles() {
    fn walk(schema: &kube_cel::CompiledSchema) {
        assert!(!schema.has_errors(), "{:?}", schema.compilation_errors());
        schema.properties.values().for_each(walk);
        schema.items.iter().for_each(|inner| walk(inner));
        schema.additional_properties.iter().for_each(|inner| walk(inner));
    }
    for kind in Kind::ALL {
        walk(&kube_cel::compile_schema(&kind.schema()));
    }
}
