#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic, clippy::indexing_slicing)]
use super::{due_ms, seen, steps};
use crate::decide::Step;
use crate::desired::Desired;
use crate::exposing::{Certificate, Reached};
use crate::observed::{Observed, Part};
use crate::render::{Object, Rendered};
use cluster::Owned;
use crd::workspace::ExposureType;
use serde_json::json;

fn desired() -> Desired {
    Desired::of(&json!({ "metadata": { "namespace": "team", "name": "web", "uid": "u" }, "spec": {} })).unwrap()
}

fn reached(own: bool) -> Rendered {
    let ingress = json!({
        "apiVersion": "networking.k8s.io/v1", "kind": "Ingress", "metadata": { "name": "web", "namespace": "team" },
    });
    Rendered {
        parts: vec![Object::of(ingress).unwrap()],
        reached: Some(Reached {
            kind: ExposureType::Ingress,
            host: Some("web.test".to_owned()),
            certificate: Some(Certificate { secret: "tls".to_owned(), own }),
            port: 80,
            secure: false,
            problem: None,
        }),
        ..Rendered::default()
    }
}

fn with(parts: &[(Owned, &str, bool, &str)]) -> Observed {
    let parts = parts.iter().map(|(kind, name, ours, mark)| {
        let part = Part { uid: "p".into(), ours: *ours, verified: Some((*mark).to_owned()), ..Part::default() };
        ((*kind, (*name).to_owned()), part)
    });
    Observed { parts: parts.collect(), ..Observed::default() }
}

#[test]
fn ws_13b_what_nobody_asks_for_any_more_is_taken_away_and_nothing_else() {
    let all = with(&[
        (Owned::Ingress, "web", true, ""),
        (Owned::Ingress, "mine", true, ""),
        (Owned::HttpRoute, "web", false, ""),
        (Owned::Service, "web-lb", true, ""),
        (Owned::Service, "web", true, ""),
        (Owned::ConfigMap, "web", true, ""),
    ]);
    let taken = |rendered: &Rendered| -> Vec<(Owned, String)> {
        let steps = steps(&desired(), rendered, &all, 0).0.into_iter();
        steps
            .filter_map(|step| if let Step::Withdraw { kind, name, .. } = step { Some((kind, name)) } else { None })
            .collect()
    };
    let named = |kind, name: &str| (kind, name.to_owned());
    assert_eq!(taken(&Rendered::default()), [named(Owned::Service, "web-lb"), named(Owned::Ingress, "web")]);
    assert_eq!(taken(&reached(true)), [named(Owned::Service, "web-lb")]);
}

#[test]
fn ge_05c_a_certificate_is_made_when_it_is_due_and_looked_for_where_others_make_it() {
    let certify = Step::Certify { secret: "tls".into(), host: "web.test".into() };
    let of = |own: bool, observed: &Observed| steps(&desired(), &reached(own), observed, 5_000);
    assert_eq!(of(true, &Observed::default()).0, std::slice::from_ref(&certify));
    let good = with(&[(Owned::Secret, "tls", true, "9000 web.test")]);
    assert_eq!(of(true, &good), (Vec::new(), Some(9_000)));
    for mark in ["4000 web.test", "9000 other.test", ""] {
        assert_eq!(of(true, &with(&[(Owned::Secret, "tls", true, mark)])).0, std::slice::from_ref(&certify), "{mark}");
    }
    assert_eq!(of(false, &Observed::default()), (vec![Step::SeeSecret("tls".into())], Some(15_000)));
    assert_eq!(of(false, &with(&[(Owned::Secret, "tls", false, "")])), (Vec::new(), None));
    assert_eq!(due_ms("9000 web.test", "web.test"), Some(9_000));
}

#[test]
fn ws_13c_what_carries_it_says_where_and_whether() {
    let service =
        json!({ "status": { "loadBalancer": { "ingress": [{ "ip": "192.0.2.7" }, { "hostname": "lb.test" }] } } });
    assert_eq!(seen(&service).addresses, ["192.0.2.7", "lb.test"]);
    let route = |status: &str| {
        let condition = json!({ "type": "Accepted", "status": status, "message": "no such listener" });
        seen(&json!({ "status": { "parents": [{ "conditions": [condition] }] } }))
    };
    assert_eq!((route("True").taken, route("False").taken), (Some(true), Some(false)));
    assert_eq!(route("False").message, "no such listener");
    assert_eq!(seen(&json!({})).taken, None);
}
