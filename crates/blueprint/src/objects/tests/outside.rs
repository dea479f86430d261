//! What leads to a workspace from outside.

use super::*;
use serde_json::json;
use std::collections::BTreeMap;

fn at(outside: Outside) -> Place {
    let mut place = place();
    place.outside = Some(outside);
    let labels = BTreeMap::from([("app".to_owned(), "nginx".to_owned())]);
    place.network.ingress = Some(Pods { namespace: "in".to_owned(), labels });
    place
}

fn route() -> Route {
    Route {
        host: "ada-x.ws.test".to_owned(),
        class: Some("nginx".to_owned()),
        secret: Some("workspace-ada-x-tls".to_owned()),
        issuer: None,
        auth: None,
    }
}

const PORTS: &str =
    "network: {ports: [{containerPort: 53, protocol: UDP}, {containerPort: 3000, name: web}, {containerPort: 8443}]}";

fn opened(fields: &str, outside: Outside) -> Option<Opening> {
    made_at(fields, &at(outside)).opening
}

#[test]
fn ge_03a_a_load_balancer_has_a_service_of_its_own_without_the_agent() {
    let pool = Some("red".to_owned());
    let opening = opened(PORTS, Outside::LoadBalancer { pool }).unwrap();
    assert_eq!((opening.port, opening.secure), (3000, false));
    let service = &opening.object;
    assert_eq!(service["metadata"]["name"], "ada-x-lb");
    assert_eq!(service["metadata"]["ownerReferences"][0]["uid"], "u-1");
    for name in ["metallb.universe.tf/address-pool", "metallb.io/address-pool"] {
        assert_eq!(service["metadata"]["annotations"][name], "red", "{name}");
    }
    assert_eq!(service["spec"]["type"], "LoadBalancer");
    assert_eq!(service["spec"]["selector"], json!({"quarterdeck.dev/canonical-id": "ada-x"}));
    let ports: Vec<&Json> = service["spec"]["ports"].as_array().unwrap().iter().map(|port| &port["port"]).collect();
    assert_eq!(ports, [53, 3000, 8443]);
    let objects = made_at(PORTS, &at(Outside::LoadBalancer { pool: None }));
    let rule = &json_of(&objects.network_policy)["spec"]["ingress"][0];
    assert!(rule["from"].is_null() && rule["ports"].as_array().unwrap().len() == 3, "{rule}");
    assert!(objects.opening.unwrap().object["metadata"]["annotations"]["metallb.io/address-pool"].is_null());
    let all = made_at(PORTS, &at(Outside::LoadBalancer { pool: None })).to_json().unwrap();
    assert_eq!(all.iter().filter(|one| one["kind"] == "Service").count(), 2);
    let only = "network: {ports: [{containerPort: 443}]}";
    assert!(opened(only, Outside::LoadBalancer { pool: None }).unwrap().secure);
}

#[test]
fn ge_04a_an_ingress_leads_to_the_main_port_and_waits_for_websockets() {
    let objects = made_at(PORTS, &at(Outside::Ingress(route())));
    let ingress = objects.opening.unwrap().object;
    assert_eq!(ingress["apiVersion"], "networking.k8s.io/v1");
    let nginx = |name: &str| ingress["metadata"]["annotations"][format!("nginx.ingress.kubernetes.io/{name}")].clone();
    assert_eq!(nginx("enable-websocket"), "true");
    assert_eq!((nginx("proxy-read-timeout"), nginx("proxy-send-timeout")), (json!("3600"), json!("3600")));
    assert_eq!(nginx("backend-protocol"), "HTTP");
    assert!(nginx("auth-url").is_null());
    assert_eq!(
        ingress["spec"],
        json!({
            "ingressClassName": "nginx",
            "rules": [{"host": "ada-x.ws.test", "http": {"paths": [{
                "path": "/", "pathType": "Prefix",
                "backend": {"service": {"name": "ada-x", "port": {"number": 3000}}},
            }]}}],
            "tls": [{"hosts": ["ada-x.ws.test"], "secretName": "workspace-ada-x-tls"}],
        })
    );
    // the controller's pods come in, at that port alone
    let rule = &json_of(&objects.network_policy)["spec"]["ingress"][0];
    assert_eq!(rule["ports"], json!([{"port": 3000, "protocol": "TCP"}]));
    assert_eq!(rule["from"][0]["podSelector"]["matchLabels"], json!({"app": "nginx"}));
    // the port of the web proxy goes before the first, and TLS is spoken to one that speaks it
    let fields = format!("webProxy: {{port: 8443, alias: go}}, {PORTS}");
    let ingress = opened(&fields, Outside::Ingress(route())).unwrap().object;
    assert_eq!(ingress["metadata"]["annotations"]["nginx.ingress.kubernetes.io/backend-protocol"], "HTTPS");
    assert_eq!(ingress.pointer("/spec/rules/0/http/paths/0/backend/service/port/number").unwrap(), 8443);
}

#[test]
fn ge_05a_the_issuer_of_cert_manager_is_named() {
    let issued = Route { issuer: Some("letsencrypt".to_owned()), ..route() };
    let ingress = opened(PORTS, Outside::Ingress(issued)).unwrap().object;
    assert_eq!(ingress["metadata"]["annotations"]["cert-manager.io/cluster-issuer"], "letsencrypt");
    assert_eq!(ingress["spec"]["tls"][0]["secretName"], "workspace-ada-x-tls");
}

#[test]
fn ge_06a_visitors_are_asked_who_they_are() {
    let auth = Auth { url: "https://qd.test/a".to_owned(), signin: Some("https://qd.test/s".to_owned()) };
    let ingress = opened(PORTS, Outside::Ingress(Route { auth: Some(auth), ..route() })).unwrap().object;
    let annotations = &ingress["metadata"]["annotations"];
    assert_eq!(annotations["nginx.ingress.kubernetes.io/auth-url"], "https://qd.test/a");
    assert_eq!(annotations["nginx.ingress.kubernetes.io/auth-signin"], "https://qd.test/s");
}

#[test]
fn ge_04b_a_route_of_a_gateway_and_nothing_where_there_is_no_port() {
    let route = Route { class: Some("edge/public".to_owned()), ..route() };
    let object = opened(PORTS, Outside::Gateway(route.clone())).unwrap().object;
    assert_eq!((&object["apiVersion"], &object["kind"]), (&json!("gateway.networking.k8s.io/v1"), &json!("HTTPRoute")));
    assert_eq!(object["metadata"]["name"], "ada-x");
    assert_eq!(object["metadata"]["labels"]["quarterdeck.dev/workspace"], "ada-go");
    assert_eq!(object["spec"]["parentRefs"], json!([{"name": "public", "namespace": "edge"}]));
    assert_eq!(object["spec"]["hostnames"], json!(["ada-x.ws.test"]));
    assert_eq!(object["spec"]["rules"][0]["backendRefs"], json!([{"name": "ada-x", "port": 3000}]));
    for outside in [Outside::Gateway(route.clone()), Outside::Ingress(route), Outside::LoadBalancer { pool: None }] {
        assert_eq!(opened("", outside.clone()), None, "{outside:?}");
        let objects = made_at("", &at(outside));
        assert_eq!(json_of(&objects.network_policy)["spec"]["ingress"], json!([]));
    }
}
