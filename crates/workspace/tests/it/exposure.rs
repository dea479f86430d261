//! Workspaces that are reached from outside: what the operator makes of it, and what it tells. What a load balancer and an
//! ingress controller write, kubectl writes here.

use crate::server::{Place, get, kubectl, until};
use serde_json::{Value, json};
use workspace::Platform;
use workspace::exposing::{Exposing, Visitors};

fn ports() -> Value {
    json!([{ "name": "web", "containerPort": 3000 }, { "containerPort": 9000 }])
}

/// Writes the status of an object, as whoever carries it does.
fn carried(place: &Place, kind: &str, name: &str, address: &Value) {
    let status = json!({ "status": { "loadBalancer": { "ingress": [address] } } }).to_string();
    let words = ["patch", kind, name, "-n", &place.namespace, "--subresource=status", "--type=merge", "-p", &status];
    let _ = kubectl(&words, "");
}

fn object(place: &Place, kind: &str, name: &str) -> Value {
    get(&["-n", &place.namespace, kind, name])
}

/// Status and reason of the condition Exposed.
fn exposed(place: &Place) -> (String, String) {
    let told = place.workspace();
    let all = told["status"]["conditions"].as_array().cloned().unwrap_or_default();
    let one = all.into_iter().find(|one| one["type"] == "Exposed").unwrap_or_default();
    let text = |key: &str| one[key].as_str().unwrap_or_default().to_owned();
    (text("status"), text("reason"))
}

fn is(place: &Place, status: &str, reason: &str) -> bool {
    exposed(place) == (status.to_owned(), reason.to_owned())
}

fn url(place: &Place) -> String {
    place.workspace()["status"]["externalURL"].as_str().unwrap_or_default().to_owned()
}

#[tokio::test(flavor = "multi_thread")]
async fn ge_03_a_balanced_workspace_has_the_url_of_its_address_until_nobody_asks_for_it() {
    let place = Place::of("exposed-lb", |platform: &mut Platform| {
        platform.exposing = Exposing { pool: Some("red".to_owned()), ..Exposing::default() };
    })
    .await;
    place.apply(&json!({ "ports": ports(), "exposure": { "type": "LoadBalancer" } }));
    until("it waits for an address", 40, || is(&place, "False", "AddressPending"));
    let service = object(&place, "service", "w-lb");
    assert_eq!(service["spec"]["type"], "LoadBalancer");
    assert_eq!(service["metadata"]["annotations"]["metallb.io/address-pool"], "red");
    let numbers: Vec<&Value> = service["spec"]["ports"].as_array().unwrap().iter().map(|port| &port["port"]).collect();
    assert_eq!(numbers, [3000, 9000], "the agent's is not among them");
    assert_eq!(url(&place), "");
    assert_eq!(object(&place, "service", "w")["spec"]["type"], "ClusterIP");

    carried(&place, "service", "w-lb", &json!({ "ip": "192.0.2.7" }));
    until("it has a URL", 40, || url(&place) == "http://192.0.2.7:3000/");
    until("it says that it is exposed", 40, || is(&place, "True", "AsExpected"));
    assert_eq!(place.workspace()["status"]["urls"], json!(["http://192.0.2.7:3000/"]));
    assert!(place.workspace()["status"]["proxyTarget"].as_str().unwrap().ends_with(":3000"));
    carried(&place, "service", "w-lb", &json!({ "hostname": "lb.test" }));
    until("its address is another", 40, || url(&place) == "http://lb.test:3000/");

    place.apply(&json!({ "ports": ports() }));
    until("nobody asks for it", 40, || is(&place, "False", "NotExposed"));
    until("its Service is gone", 40, || object(&place, "service", "w-lb").is_null());
    assert_eq!(url(&place), "");
    assert!(!object(&place, "service", "w").is_null(), "its own stays");
}

/// The folder of an authority.
fn authority() -> std::path::PathBuf {
    std::env::temp_dir().join(format!("qd-it-authority-{}", std::process::id()))
}

/// A folder that goes with this.
struct Gone(std::path::PathBuf);

impl Drop for Gone {
    fn drop(&mut self) {
        let _ = std::fs::remove_dir_all(&self.0);
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn ws_13d_an_ingress_with_a_certificate_of_ours_and_our_question_to_its_visitors() {
    let _gone = Gone(authority());
    let place = Place::of("exposed-host", |platform: &mut Platform| {
        platform.exposing = Exposing {
            domain: Some("ws.test".to_owned()),
            visitors: Visitors::Gateway("https://qd.test".to_owned()),
            certifies: true,
            ..Exposing::default()
        };
        platform.authority = Some(authority());
    })
    .await;
    place.apply(&json!({ "ports": ports(), "exposure": { "type": "Ingress", "domain": "ws.test" } }));
    until("nobody has taken it yet", 40, || is(&place, "False", "AddressPending"));
    let ingress = object(&place, "ingress", "w");
    let host = ingress["spec"]["rules"][0]["host"].as_str().unwrap().to_owned();
    assert!(host.starts_with("w-") && host.ends_with(".ws.test"), "{host}");
    assert_eq!(ingress["spec"]["ingressClassName"], "nginx");
    let asks = ingress["metadata"]["annotations"]["nginx.ingress.kubernetes.io/auth-url"].as_str().unwrap();
    assert!(asks.starts_with("https://qd.test/forward-auth/check/") && asks.ends_with("/w"), "{asks}");
    until("its certificate is there", 40, || !object(&place, "secret", "workspace-w-tls").is_null());
    let secret = object(&place, "secret", "workspace-w-tls");
    assert_eq!(secret["type"], "kubernetes.io/tls");
    assert_eq!(secret["metadata"]["ownerReferences"][0]["kind"], "Workspace");
    carried(&place, "ingress", "w", &json!({ "ip": "192.0.2.8" }));
    until("it is exposed", 40, || is(&place, "True", "AsExpected"));
    assert_eq!(url(&place), format!("https://{host}/"));
    // it is made once
    let version = |object: &Value| object["metadata"]["resourceVersion"].clone();
    place.apply(&json!({ "ports": ports(), "notes": "x", "exposure": { "type": "Ingress", "domain": "ws.test" } }));
    until("it was looked at again", 40, || {
        let told = place.workspace();
        told["status"]["observedGeneration"] == told["metadata"]["generation"]
    });
    assert_eq!(version(&object(&place, "secret", "workspace-w-tls")), version(&secret));

    // by another way the first is taken away; a Gateway asks nobody, so it is refused here
    let exposure = json!({ "type": "Gateway", "domain": "ws.test", "ingressClass": "edge" });
    place.apply(&json!({ "ports": ports(), "exposure": exposure }));
    until("its Ingress is gone", 40, || object(&place, "ingress", "w").is_null());
    assert_eq!(exposed(&place), ("False".to_owned(), "NotExposed".to_owned()));
    assert_eq!(url(&place), "");
}

#[tokio::test(flavor = "multi_thread")]
async fn ge_05d_a_certificate_of_somebody_else_is_waited_for_and_what_cannot_be_says_why() {
    let place = Place::of("exposed-issuer", |platform: &mut Platform| {
        platform.exposing =
            Exposing { issuer: Some("le".to_owned()), visitors: Visitors::Anybody, ..Exposing::default() };
    })
    .await;
    place.apply(&json!({ "ports": ports(), "exposure": { "type": "Ingress", "domain": "any.test" } }));
    until("its Ingress is there", 40, || !object(&place, "ingress", "w").is_null());
    let annotations = object(&place, "ingress", "w")["metadata"]["annotations"].clone();
    assert_eq!(annotations["cert-manager.io/cluster-issuer"], "le");
    assert!(annotations["nginx.ingress.kubernetes.io/auth-url"].is_null());
    carried(&place, "ingress", "w", &json!({ "hostname": "in.test" }));
    until("the certificate is awaited", 40, || is(&place, "False", "CertificatePending"));
    // what cert-manager does
    let words = ["create", "secret", "generic", "workspace-w-tls", "-n", &place.namespace, "--from-literal=tls.crt=x"];
    let _ = kubectl(&words, "");
    until("it is seen", 60, || is(&place, "True", "AsExpected"));
    // without a port there is nothing to reach, and the workspace runs all the same
    place.apply(&json!({ "ports": [], "exposure": { "type": "Ingress", "domain": "any.test" } }));
    until("nothing leads to it", 40, || is(&place, "False", "NotExposed") && object(&place, "ingress", "w").is_null());
    until("it runs", 60, || place.phase() == "Running");
}

#[tokio::test(flavor = "multi_thread")]
async fn ge_07_pull_secrets_and_the_password_of_the_platform_are_those_of_its_workspaces() {
    let place = Place::of("platform-secrets", |platform: &mut Platform| {
        platform.pull_secrets = vec!["registry".to_owned()];
        platform.password = Some(base::Secret::new("of the platform".to_owned()));
    })
    .await;
    place.apply(&json!({ "image": "images.invalid/code-server:1", "runProfile": "service" }));
    until("it has a pod", 40, || !place.pod().is_null());
    let pod = place.pod();
    assert_eq!(pod["spec"]["imagePullSecrets"], json!([{ "name": "registry" }]));
    let containers = pod["spec"]["containers"].as_array().unwrap();
    let main = containers.iter().find(|one| one["name"] == "main").unwrap();
    let password = main["env"].as_array().unwrap().iter().find(|one| one["name"] == "PASSWORD").unwrap();
    let of = &password["valueFrom"]["secretKeyRef"];
    let secret = object(&place, "secret", of["name"].as_str().unwrap());
    assert_eq!(secret["data"][of["key"].as_str().unwrap()], "b2YgdGhlIHBsYXRmb3Jt");
    assert!(password["value"].is_null(), "it stands in the Secret alone");
}
