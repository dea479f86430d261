#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic, clippy::indexing_slicing)]

use super::Selector;
use serde_json::json;
use std::collections::HashMap;

fn matches(selector: &str, labels: &[(&str, &str)]) -> bool {
    let labels: HashMap<&str, &str> = labels.iter().copied().collect();
    Selector::parse(selector).unwrap().matches(|key| labels.get(key).copied())
}

#[test]
fn cap_03a_selectors_have_equality_and_sets() {
    let front = [("app", "front"), ("tier", "web"), ("app.kubernetes.io/name", "front")];
    for yes in [
        "",
        "app=front",
        "app==front",
        "app = front , tier=web",
        "app!=back",
        "nothing!=back",
        "app in (back, front)",
        "app in (front),tier notin (db,cache)",
        "app",
        "!canary",
        "app.kubernetes.io/name=front",
        "missing notin (a)",
    ] {
        assert!(matches(yes, &front), "{yes}");
    }
    for no in ["app=back", "app!=front", "app in (a,b)", "tier notin (web)", "canary", "!app", "app=front,tier=db"] {
        assert!(!matches(no, &front), "{no}");
    }
}

#[test]
fn cap_03b_what_is_no_selector_is_refused_with_its_term() {
    for wrong in ["app=a=b", "app in front", "app within (a)", "(a)", "=a", "app front", "! ", "a$b=c"] {
        let error = Selector::parse(wrong).unwrap_err().to_string();
        assert!(error.contains("label selector"), "{wrong}: {error}");
    }
}

#[test]
fn cap_n_06a_selectors_of_objects_are_written_as_text() {
    let deploy = json!({"matchLabels": {"app": "front"}, "matchExpressions": [
        {"key": "tier", "operator": "In", "values": ["web", "api"]},
        {"key": "old", "operator": "DoesNotExist"},
        {"key": "env", "operator": "NotIn", "values": ["test"]},
        {"key": "run", "operator": "Exists"},
    ]});
    let text = Selector::of_object(&deploy).unwrap();
    assert_eq!(text, "app=front,tier in (web,api),!old,env notin (test),run");
    assert!(matches(&text, &[("app", "front"), ("tier", "api"), ("run", "")]));
    assert!(!matches(&text, &[("app", "front"), ("tier", "api"), ("run", ""), ("env", "test")]));
    assert_eq!(Selector::of_object(&json!({"app": "shop", "tier": "db"})).unwrap(), "app=shop,tier=db");
    assert_eq!(Selector::of_object(&json!({})), None);
}
