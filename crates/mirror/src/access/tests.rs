#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic, clippy::indexing_slicing)]

use super::{Access, LIST, WATCH};
use catalog::Kind;
use cluster::{Right, Rules};
use serde_json::json;

fn in_shop() -> Access {
    let shop: Rules = serde_json::from_value(json!({
        "resourceRules": [{ "verbs": ["list", "watch", "delete"], "apiGroups": [""], "resources": ["pods"] }],
    }))
    .unwrap();
    let denied = [LIST, WATCH, Right::of("delete")].map(|right| (("pods".to_owned(), right), false));
    let access = Access {
        cluster: denied.into_iter().chain([(("nodes".to_owned(), LIST), true)]).collect(),
        namespaces: [("shop".to_owned(), shop), ("other".to_owned(), Rules::default())].into(),
        ..Access::default()
    };
    access.tell(&[Kind::builtin("pods").unwrap(), Kind::builtin("nodes").unwrap()])
}

#[test]
fn ex_09a_a_right_is_allowed_denied_or_not_known() {
    let (access, pods, nodes) = (in_shop(), Kind::builtin("pods").unwrap(), Kind::builtin("nodes").unwrap());
    assert_eq!(access.allows(&pods, LIST, ""), Some(false));
    assert_eq!(access.allows(&pods, LIST, "shop"), Some(true));
    assert_eq!(access.allows(&pods, LIST, "other"), Some(false));
    assert_eq!(access.allows(&pods, LIST, "elsewhere"), None, "nobody asked");
    assert_eq!(access.allows(&nodes, LIST, ""), Some(true));
    assert_eq!(access.allows(&nodes, WATCH, ""), None);
    assert!(access.denies_rows(&pods, "other") && access.denies_rows(&pods, ""));
    assert!(!access.denies_rows(&pods, "shop") && !access.denies_rows(&nodes, ""));
    assert_eq!(Access::default().allows(&pods, LIST, ""), None, "before the first question nothing is denied");
    assert!(!Access::default().denies_rows(&pods, ""));
}

#[test]
fn ex_09a_what_is_denied_names_where_it_is_allowed() {
    let access = in_shop();
    let limits = access.told("pods");
    assert_eq!(limits.denied, ["list", "watch", "delete"]);
    assert_eq!(limits.only_in.values().collect::<Vec<_>>(), [&0, &0, &0], "one set is told once");
    assert_eq!(access.places(), [["shop"]]);
    assert_eq!(access.told("nodes").denied, [""; 0]);
    assert_eq!(Access::default().told("pods"), Default::default());
}

#[test]
fn ex_24b_what_incomplete_rules_leave_open_is_asked_one_by_one() {
    let some: Rules = serde_json::from_value(json!({
        "incomplete": true,
        "resourceRules": [{ "verbs": ["list"], "apiGroups": [""], "resources": ["pods"] }],
    }))
    .unwrap();
    let (pods, nodes) = (Kind::builtin("pods").unwrap(), Kind::builtin("nodes").unwrap());
    let mut access = Access {
        cluster: [(("pods".to_owned(), WATCH), true)].into(),
        namespaces: [("shop".to_owned(), some), ("other".to_owned(), Rules::default())].into(),
        ..Access::default()
    };
    let wanted = ["shop", "other", "unheard-of"].map(str::to_owned);
    let questions = access.unknown(&[pods.clone(), nodes], &wanted);
    let asked: Vec<_> = questions.iter().map(|(kind, right, name)| (kind.id.as_str(), *right, name.as_str())).collect();
    assert_eq!(asked, [("pods", Right::of("delete"), "shop")], "neither what is known nor what is of no namespace");
    access.single.entry(("pods".to_owned(), Right::of("delete"))).or_default().insert("shop".to_owned(), false);
    assert_eq!(access.allows(&pods, Right::of("delete"), "shop"), Some(false));
    assert_eq!(access.allows(&pods, LIST, "shop"), Some(true));
}
