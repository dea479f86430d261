#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic)]

use super::{Right, Rules};
use catalog::Kind;
use serde_json::{Value, json};

fn rules(rules: Value, incomplete: bool) -> Rules {
    serde_json::from_value(json!({ "incomplete": incomplete, "resourceRules": rules, "nonResourceRules": [] })).unwrap()
}

#[test]
fn ex_24a_rules_are_read_as_rbac_reads_them() {
    let kind = |id: &str| Kind::builtin(id).unwrap();
    let own = rules(
        json!([
            { "verbs": ["get", "list"], "apiGroups": ["", "apps"], "resources": ["pods", "deployments"] },
            { "verbs": ["patch"], "apiGroups": ["apps"], "resources": ["*/scale"] },
            { "verbs": ["*"], "apiGroups": ["batch"], "resources": ["*"] },
            { "verbs": ["delete"], "apiGroups": [""], "resources": ["pods"], "resourceNames": ["web-0"] },
            { "verbs": ["list"], "apiGroups": ["*"], "resources": ["statefulsets/scale"] },
        ]),
        false,
    );
    let allow = |id: &str, right| own.allow(&kind(id), right);
    assert_eq!(allow("pods", Right::of("list")), Some(true));
    assert_eq!(allow("pods", Right::of("watch")), Some(false));
    assert_eq!(allow("deployments.apps", Right::of("list")), Some(true));
    assert_eq!(allow("deployments.apps", Right::of("patch")), Some(false), "the scale is not the object");
    assert_eq!(allow("deployments.apps", Right::on("patch", "scale")), Some(true));
    assert_eq!(allow("statefulsets.apps", Right::of("list")), Some(false), "nor is the object its scale");
    assert_eq!(allow("jobs.batch", Right::of("delete")), Some(true));
    assert_eq!(allow("jobs.batch", Right::on("patch", "scale")), Some(true), "* holds subresources");
    assert_eq!(allow("pods", Right::of("delete")), None, "some of them");
    assert_eq!(allow("nodes", Right::of("list")), Some(false));
}

#[test]
fn ex_24a_rules_that_are_not_all_deny_nothing() {
    let some = rules(json!([{ "verbs": ["get"], "apiGroups": [""], "resources": ["pods"] }]), true);
    let pods = Kind::builtin("pods").unwrap();
    assert_eq!(some.allow(&pods, Right::of("get")), Some(true));
    assert_eq!(some.allow(&pods, Right::of("list")), None);
    let none: Rules = serde_json::from_str("{}").unwrap();
    assert_eq!(none.allow(&pods, Right::of("list")), Some(false));
}
