#![allow(clippy::unwrap_used)]

use super::Selector;
use serde_json::json;
use std::collections::BTreeMap;

#[test]
fn ws_18a_selectors_hold_as_those_of_kubernetes_do() {
    let labels: BTreeMap<String, String> =
        [("team", "red"), ("tier", "")].iter().map(|(k, v)| ((*k).to_owned(), (*v).to_owned())).collect();
    let one = |key: &str, operator: &str, values: &[&str]| json!({"matchExpressions": [{"key": key, "operator": operator, "values": values}]});
    let table = [
        (json!({}), true),
        (json!({"matchLabels": {"team": "red"}}), true),
        (json!({"matchLabels": {"team": "red", "tier": ""}}), true),
        (json!({"matchLabels": {"team": "blue"}}), false),
        (json!({"matchLabels": {"other": ""}}), false),
        (one("team", "In", &["blue", "red"]), true),
        (one("team", "In", &["blue"]), false),
        (one("other", "In", &["", "red"]), false),
        (one("team", "NotIn", &["red"]), false),
        (one("other", "NotIn", &["red"]), true),
        (one("tier", "Exists", &[]), true),
        (one("other", "Exists", &[]), false),
        (one("other", "DoesNotExist", &[]), true),
        (one("team", "DoesNotExist", &[]), false),
        (json!({"matchLabels": {"team": "red"}, "matchExpressions": [{"key": "other", "operator": "Exists"}]}), false),
    ];
    for (selector, selected) in table {
        let parsed: Selector = serde_json::from_value(selector.clone()).unwrap();
        assert_eq!(parsed.matches(&labels), selected, "{selector}");
    }
}
