#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic, clippy::indexing_slicing)]

use super::{Scope, Source, in_namespaces, like};
use crate::pod::Pod;
use base::ClusterName;
use policy::action::TapScope;

fn scope() -> TapScope {
    TapScope {
        cluster: ClusterName::new("dev"),
        namespaces: Vec::new(),
        selector: String::new(),
        names: Vec::new(),
        node: String::new(),
        object: String::new(),
    }
}

fn pod(namespace: &str, name: &str, labels: &[(&str, &str)]) -> Pod {
    Pod {
        namespace: namespace.to_owned(),
        name: name.to_owned(),
        node: "n1".to_owned(),
        labels: labels.iter().map(|(key, value)| ((*key).to_owned(), (*value).to_owned())).collect(),
        ..Pod::default()
    }
}

#[test]
fn cap_05a_namespaces_are_names_patterns_and_those_left_out() {
    let all = |text: &str| text.split(',').filter(|name| !name.is_empty()).map(str::to_owned).collect::<Vec<_>>();
    for (namespaces, yes, no) in [
        ("", "shop", ""),
        ("shop,jobs", "jobs", "job"),
        ("team-*", "team-a", "a-team-b"),
        ("!kube-*", "shop", "kube-system"),
        ("team-*,!team-b", "team-a", "team-b"),
        ("*-prod", "a-prod", "a-prod-b"),
        ("a*b*c", "a1b2c", "a1c2b"),
    ] {
        assert!(in_namespaces(&all(namespaces), yes), "{namespaces}: {yes}");
        assert!(no.is_empty() || !in_namespaces(&all(namespaces), no), "{namespaces}: {no}");
    }
    assert!(like("*", "") && like("a*", "a") && !like("a", "ab") && !like("ab*ab", "ab"));
}

#[test]
fn cap_n_06b_a_pod_outside_of_the_scope_is_not_covered() {
    let scope = |change: fn(&mut TapScope)| {
        let mut own = scope();
        change(&mut own);
        Scope::of(&own).unwrap()
    };
    let front = pod("shop", "front-1", &[("app", "front")]);
    assert!(scope(|_| {}).covers(&front));
    assert!(scope(|own| own.selector = "app in (front,back)".to_owned()).covers(&front));
    assert!(!scope(|own| own.selector = "app=back".to_owned()).covers(&front));
    assert!(!scope(|own| own.namespaces = vec!["jobs".to_owned()]).covers(&front));
    assert!(!scope(|own| own.names = vec!["front-2".to_owned()]).covers(&front));
    assert!(!scope(|own| own.node = "n2".to_owned()).covers(&front));
    assert!(scope(|own| own.node = "n1".to_owned()).covers(&front));
}

#[test]
fn cap_n_06c_a_scope_is_watched_in_its_namespaces_with_its_selectors() {
    let own = TapScope { namespaces: vec!["a".into(), "b".into(), "!b".into()], selector: "app=x".into(), ..scope() };
    let source = |namespace: Option<&str>, labels: &str, fields: &str| Source {
        namespace: namespace.map(str::to_owned),
        labels: labels.to_owned(),
        fields: fields.to_owned(),
    };
    assert_eq!(Scope::of(&own).unwrap().sources(), [source(Some("a"), "app=x", "")]);
    let own = TapScope { namespaces: vec!["team-*".into()], node: "n1".into(), ..scope() };
    assert_eq!(Scope::of(&own).unwrap().sources(), [source(None, "", "spec.nodeName=n1")]);
    let own = TapScope { namespaces: vec!["a".into()], names: vec!["p".into()], ..scope() };
    assert_eq!(Scope::of(&own).unwrap().sources(), [source(Some("a"), "", "metadata.name=p")]);
}
