#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic, clippy::indexing_slicing)]

use super::{Error, resolve};
use crate::{Kind, ServedResource, builtin, kinds};
use base::{Code, Coded};
use std::sync::Arc;

fn foreign(group: &str, plural: &str, kind: &str, short: &str) -> ServedResource {
    ServedResource {
        group: group.to_owned(),
        version: "v1".to_owned(),
        preferred: true,
        kind: kind.to_owned(),
        plural: plural.to_owned(),
        short_names: vec![short.to_owned()],
        namespaced: true,
        verbs: vec!["list".to_owned(), "delete".to_owned()],
        ..ServedResource::default()
    }
}

fn served() -> Vec<Arc<Kind>> {
    let mut served: Vec<ServedResource> = builtin::all().map(builtin::Builtin::served).collect();
    served.push(foreign("metrics.k8s.io", "pods", "PodMetrics", ""));
    served.push(foreign("harbor.test", "services", "Service", "hs"));
    served.push(foreign("one.test", "gateways", "Gateway", "gw"));
    served.push(foreign("two.test", "gateways", "Gateway", "gw"));
    served.push(foreign("events.k8s.io", "events", "Event", "ev"));
    kinds(&served, &[])
}

#[test]
fn names_resolve_as_with_kubectl() {
    let kinds = served();
    for (name, id) in [
        ("po", "pods"),
        ("pods", "pods"),
        ("pod", "pods"),
        ("Pod", "pods"),
        ("PODS", "pods"),
        ("deploy", "deployments.apps"),
        ("deploy.apps", "deployments.apps"),
        ("deployments.apps", "deployments.apps"),
        ("deployments.v1.apps", "deployments.apps"),
        ("Deployment", "deployments.apps"),
        ("pods.metrics.k8s.io", "pods.metrics.k8s.io"),
        ("services.harbor.test", "services.harbor.test"),
        ("svc", "services"),
        ("services", "services"),
        ("pods.v1", "pods"),
        ("ing.networking", "ingresses.networking.k8s.io"),
        ("ev", "events"),
        ("crd", "customresourcedefinitions.apiextensions.k8s.io"),
        ("gw.two.test", "gateways.two.test"),
        (" sts ", "statefulsets.apps"),
    ] {
        assert_eq!(resolve(&kinds, name).unwrap().id, id, "{name}");
    }
}

#[test]
fn unknown_names_tell_the_nearest() {
    let kinds = served();
    let nearest = |name: &str| match resolve(&kinds, name) {
        Err(Error::NotServed { nearest, .. }) => nearest,
        other => panic!("{name}: {other:?}"),
    };
    assert_eq!(nearest("deploymens").first().map(String::as_str), Some("deployments.apps"));
    assert!(nearest("servces").contains(&"services".to_owned()));
    assert!(nearest("zzzzzzzz").is_empty());
    let error = resolve(&kinds, "deploymens").unwrap_err();
    assert_eq!(error.code(), Code::KindNotServed);
    assert!(error.to_string().contains("did you mean deployments.apps"), "{error}");
    assert!(resolve(&kinds, "").is_err());
    assert!(resolve(&kinds, "deployments.nope").is_err());
}

#[test]
fn a_name_of_two_foreign_kinds_is_ambiguous() {
    let error = resolve(&served(), "gw").unwrap_err();
    assert_eq!(error.code(), Code::KindAmbiguous);
    assert_eq!(
        error,
        Error::Ambiguous {
            name: "gw".to_owned(),
            candidates: vec!["gateways.one.test".to_owned(), "gateways.two.test".to_owned()]
        }
    );
}
