#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic, clippy::indexing_slicing)]
use super::{Asked, Exposing, Visitors};
use crate::desired::Desired;
use blueprint::objects::{Auth, Outside, Route};
use crd::workspace::ExposureType;
use serde_json::{Value, json};

fn asked(exposing: &Exposing, exposure: &Value) -> Asked {
    let mut object = json!({
        "metadata": { "namespace": "team", "name": "web", "uid": "u" }, "spec": { "owner": "ada", "org": "lab" },
    });
    if !exposure.is_null() {
        object["spec"]["exposure"] = exposure.clone();
    }
    let desired = Desired::of(&object).unwrap();
    exposing.asked(&desired, &object["spec"], "ship")
}

fn platform() -> Exposing {
    Exposing {
        domain: Some("ws.test".to_owned()),
        visitors: Visitors::Gateway("https://qd.test/".to_owned()),
        ..Exposing::default()
    }
}

fn route(asked: Asked) -> Route {
    match asked {
        Asked::For(_, Outside::Ingress(route) | Outside::Gateway(route)) => route,
        other => panic!("{other:?}"),
    }
}

fn why(asked: Asked) -> String {
    match asked {
        Asked::Never(_, why) => why,
        other => panic!("{other:?}"),
    }
}

#[test]
fn ws_13a_what_a_workspace_says_goes_over_what_the_platform_says() {
    let usual = Exposing { usual: ExposureType::LoadBalancer, pool: Some("red".to_owned()), ..platform() };
    let balancer = |pool: Option<&str>| {
        Asked::For(ExposureType::LoadBalancer, Outside::LoadBalancer { pool: pool.map(str::to_owned) })
    };
    assert_eq!(asked(&usual, &Value::Null), balancer(Some("red")));
    assert_eq!(asked(&usual, &json!({"type": "LoadBalancer", "loadBalancerPool": "blue"})), balancer(Some("blue")));
    assert_eq!(asked(&usual, &json!({"type": "ClusterIP"})), Asked::Nothing);
    assert_eq!(asked(&platform(), &Value::Null), Asked::Nothing);
    let said = json!({
        "type": "Ingress", "domain": "a.ws.test", "ingressClass": "haproxy", "tlsIssuer": "own",
        "auth": { "url": "https://a.test/ask", "signin": "https://a.test/in" },
    });
    let made = route(asked(&Exposing { tls_secret: Some("wild".to_owned()), ..platform() }, &said));
    assert!(made.host.starts_with("web-") && made.host.ends_with(".a.ws.test"), "{}", made.host);
    assert_eq!(made.class.as_deref(), Some("haproxy"));
    assert_eq!((made.secret.as_deref(), made.issuer.as_deref()), (Some("workspace-web-tls"), Some("own")));
    let auth = Auth { url: "https://a.test/ask".to_owned(), signin: Some("https://a.test/in".to_owned()) };
    assert_eq!(made.auth, Some(auth));
}

#[test]
fn ge_04c_hosts_stand_under_the_platforms_domains_alone() {
    let ingress = |domain: &str| json!({ "type": "Ingress", "domain": domain });
    assert!(route(asked(&platform(), &ingress("ws.test"))).host.ends_with(".ws.test"));
    for domain in ["bank.test", "evilws.test", "test"] {
        assert!(why(asked(&platform(), &ingress(domain))).contains("none of the platform's"), "{domain}");
    }
    let wider = Exposing { domains: vec!["bank.test".to_owned()], ..platform() };
    assert!(route(asked(&wider, &ingress("bank.test"))).host.ends_with(".bank.test"));
    let none = Exposing { domain: None, ..platform() };
    assert!(route(asked(&none, &ingress("any.test"))).host.ends_with(".any.test"));
    assert!(why(asked(&none, &json!({ "type": "Ingress" }))).contains("no domain"));
    assert_eq!(route(asked(&platform(), &ingress("ws.test"))).class.as_deref(), Some("nginx"));
    // a workspace of this name elsewhere has another host
    let host = |namespace: &str| {
        let object = json!({ "metadata": { "namespace": namespace, "name": "web", "uid": "u" }, "spec": {} });
        let spec = json!({ "exposure": { "type": "Ingress" } });
        route(platform().asked(&Desired::of(&object).unwrap(), &spec, "ship")).host
    };
    assert_ne!(host("team"), host("crew"));
}

#[test]
fn ge_05e_a_given_secret_then_an_issuer_then_the_operators_own() {
    let ingress = json!({ "type": "Ingress", "domain": "ws.test" });
    let of = |exposing: &Exposing| {
        let made = route(asked(exposing, &ingress));
        (made.secret, made.issuer)
    };
    let words = |text: &str| Some(text.to_owned());
    let given = Exposing { tls_secret: words("wild"), issuer: words("le"), certifies: true, ..platform() };
    assert_eq!(of(&given), (words("wild"), None));
    let issued = Exposing { issuer: words("le"), certifies: true, ..platform() };
    assert_eq!(of(&issued), (words("workspace-web-tls"), words("le")));
    let own = Exposing { certifies: true, ..platform() };
    assert_eq!(of(&own), (words("workspace-web-tls"), None));
    assert!(own.is_own(&route(asked(&own, &ingress)), &crate::Key { namespace: "team".into(), name: "web".into() }));
    assert_eq!(of(&platform()), (None, None));
    // the given one is for the platform's domain
    let apart = json!({ "type": "Ingress", "domain": "x.ws.test" });
    assert_eq!(route(asked(&given, &apart)).issuer, words("le"));
}

#[test]
fn ge_06b_nothing_is_open_because_nobody_said_who_is_asked() {
    let ingress = json!({ "type": "Ingress", "domain": "ws.test" });
    let auth = route(asked(&platform(), &ingress)).auth.unwrap();
    assert_eq!(auth.url, "https://qd.test/forward-auth/check/ship/team/web");
    assert_eq!(auth.signin.unwrap(), "https://qd.test/forward-auth/enter/ship/team/web");
    let unsaid = Exposing { visitors: Visitors::Unsaid, ..platform() };
    assert!(why(asked(&unsaid, &ingress)).contains("who is asked about visitors"));
    let open = Exposing { visitors: Visitors::Anybody, gateway: Some("edge".to_owned()), ..platform() };
    assert_eq!(route(asked(&open, &ingress)).auth, None);
    // a Gateway asks nobody: that has to be said
    let gateway = json!({ "type": "Gateway", "ingressClass": "edge" });
    assert!(why(asked(&platform(), &gateway)).contains("auth_url"));
    assert_eq!(route(asked(&open, &gateway)).class.as_deref(), Some("edge"));
    assert_eq!(route(asked(&open, &json!({ "type": "Gateway" }))).class.as_deref(), Some("edge"));
}
