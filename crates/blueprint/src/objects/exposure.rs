//! How a workspace is reached from outside of the cluster: a Service with an address, an Ingress, or a route of a Gateway.
//!
//! The agent's port is in none of them. An Ingress and a route lead to one port, the main one; a load balancer to all that are
//! declared. Where no TCP port is declared there is nothing to reach, and no object.

use super::labels::{key, meta, value};
use super::read::int;
use super::{Exposure, Place, Port};
use crate::node::Node;
use k8s_openapi::api::core::v1::{Service, ServicePort, ServiceSpec};
use k8s_openapi::api::networking::v1::{
    HTTPIngressPath, HTTPIngressRuleValue, Ingress, IngressBackend, IngressRule, IngressServiceBackend, IngressSpec,
    IngressTLS, ServiceBackendPort,
};
use k8s_openapi::apimachinery::pkg::util::intstr::IntOrString;
use serde_json::{Value as Json, json};
use std::collections::BTreeMap;

/// How a workspace is to be reached from outside.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Outside {
    /// By an address of a load balancer, from this pool.
    LoadBalancer {
        /// The pool of addresses.
        pool: Option<String>,
    },
    /// By a host name of an ingress controller.
    Ingress(Route),
    /// By a host name of a Gateway.
    Gateway(Route),
}

/// A host name that leads to a workspace.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Route {
    /// The host name.
    pub host: String,
    /// The class of the Ingress; of a Gateway its name, or `NAMESPACE/NAME`.
    pub class: Option<String>,
    /// The Secret with the certificate of the host.
    pub secret: Option<String>,
    /// The cluster issuer of cert-manager that writes it.
    pub issuer: Option<String>,
    /// Who is asked about each request.
    pub auth: Option<Auth>,
}

/// Who is asked about each request to an Ingress.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Auth {
    /// The URL that is asked.
    pub url: String,
    /// The URL that visitors without a login are sent to.
    pub signin: Option<String>,
}

/// What leads to a workspace from outside.
#[derive(Clone, Debug, PartialEq)]
pub struct Opening {
    /// The object.
    pub object: Json,
    /// The port that a visitor comes to: that of the workspace.
    pub port: u16,
    /// The workspace itself speaks TLS there.
    pub secure: bool,
}

/// The port that an exposed workspace is about: its web proxy's, else its first of TCP.
fn main<'a>(blueprint: &Node, ports: &'a [Port]) -> Option<&'a Port> {
    let said = blueprint.get("webProxy").and_then(|proxy| int::<u16>(proxy, "port"));
    let tcp = || ports.iter().filter(|port| !port.udp);
    tcp().find(|port| Some(port.port) == said).or_else(|| tcp().next())
}

/// Whether a port speaks TLS, by its name and number.
fn is_secure(port: &Port) -> bool {
    port.name == "https" || port.name.starts_with("https-") || matches!(port.port, 443 | 8443)
}

/// Who reaches its ports by what it is reached by.
pub(super) fn admits(blueprint: &Node, place: &Place, ports: &[Port]) -> Exposure {
    match (&place.outside, main(blueprint, ports)) {
        (None, _) | (Some(_), None) => place.exposure.clone(),
        (Some(Outside::LoadBalancer { .. }), Some(_)) => {
            Exposure::Anywhere(ports.iter().map(|port| port.port).collect())
        }
        (Some(Outside::Ingress(_) | Outside::Gateway(_)), Some(main)) => Exposure::Ingress(vec![main.port]),
    }
}

/// What leads to it from outside.
pub(super) fn opening(blueprint: &Node, place: &Place, ports: &[Port]) -> Result<Option<Opening>, serde_json::Error> {
    let (Some(outside), Some(main)) = (&place.outside, main(blueprint, ports)) else { return Ok(None) };
    let object = match outside {
        Outside::LoadBalancer { pool } => {
            with_kind("v1", "Service", &balancer(blueprint, place, ports, pool.as_ref()))?
        }
        Outside::Ingress(route) => {
            with_kind("networking.k8s.io/v1", "Ingress", &ingress(blueprint, place, main, route))?
        }
        Outside::Gateway(route) => http_route(blueprint, place, main, route),
    };
    Ok(Some(Opening { object, port: main.port, secure: is_secure(main) }))
}

fn with_kind(version: &str, kind: &str, object: &impl serde::Serialize) -> Result<Json, serde_json::Error> {
    let mut json = serde_json::to_value(object)?;
    if let Some(fields) = json.as_object_mut() {
        fields.insert("apiVersion".to_owned(), version.into());
        fields.insert("kind".to_owned(), kind.into());
    }
    Ok(json)
}

/// A service of its own beside the workspace's, so that the agent's port gets no address.
fn balancer(blueprint: &Node, place: &Place, ports: &[Port], pool: Option<&String>) -> Service {
    let mut metadata = meta(&format!("{}-lb", place.id), blueprint, place);
    let annotations = metadata.annotations.get_or_insert_default();
    for name in POOLS {
        if let Some(pool) = pool {
            annotations.insert((*name).to_owned(), pool.clone());
        }
    }
    let ports = ports.iter().map(|port| ServicePort {
        name: Some(port.name.clone()),
        port: i32::from(port.port),
        protocol: Some(port.protocol().to_owned()),
        target_port: Some(IntOrString::Int(i32::from(port.port))),
        ..ServicePort::default()
    });
    Service {
        metadata,
        spec: Some(ServiceSpec {
            type_: Some("LoadBalancer".to_owned()),
            selector: Some(BTreeMap::from([(key("canonical-id"), value(&place.id))])),
            ports: Some(ports.collect()),
            ..ServiceSpec::default()
        }),
        ..Service::default()
    }
}

fn ingress(blueprint: &Node, place: &Place, main: &Port, route: &Route) -> Ingress {
    let mut metadata = meta(&place.id, blueprint, place);
    let annotations = metadata.annotations.get_or_insert_default();
    let nginx = |name: &str| format!("nginx.ingress.kubernetes.io/{name}");
    annotations.insert(nginx("enable-websocket"), "true".to_owned());
    for wait in ["proxy-read-timeout", "proxy-send-timeout"] {
        annotations.insert(nginx(wait), SECONDS.to_owned());
    }
    let protocol = if is_secure(main) { "HTTPS" } else { "HTTP" };
    annotations.insert(nginx("backend-protocol"), protocol.to_owned());
    if let Some(auth) = &route.auth {
        annotations.insert(nginx("auth-url"), auth.url.clone());
        if let Some(signin) = &auth.signin {
            annotations.insert(nginx("auth-signin"), signin.clone());
        }
    }
    if let Some(issuer) = &route.issuer {
        annotations.insert("cert-manager.io/cluster-issuer".to_owned(), issuer.clone());
    }
    let backend = IngressBackend {
        service: Some(IngressServiceBackend {
            name: place.id.clone(),
            port: Some(ServiceBackendPort { number: Some(i32::from(main.port)), name: None }),
        }),
        resource: None,
    };
    let path = HTTPIngressPath { backend, path: Some("/".to_owned()), path_type: "Prefix".to_owned() };
    let tls = IngressTLS { hosts: Some(vec![route.host.clone()]), secret_name: route.secret.clone() };
    Ingress {
        metadata,
        spec: Some(IngressSpec {
            ingress_class_name: route.class.clone(),
            rules: Some(vec![IngressRule {
                host: Some(route.host.clone()),
                http: Some(HTTPIngressRuleValue { paths: vec![path] }),
            }]),
            tls: route.secret.is_some().then(|| vec![tls]),
            default_backend: None,
        }),
        ..Ingress::default()
    }
}

/// Gateway API is no part of Kubernetes itself: its types are written here.
fn http_route(blueprint: &Node, place: &Place, main: &Port, route: &Route) -> Json {
    let class = route.class.as_deref().unwrap_or_default();
    let parent = match class.split_once('/') {
        Some((namespace, name)) => json!({ "name": name, "namespace": namespace }),
        None => json!({ "name": class }),
    };
    let metadata = meta(&place.id, blueprint, place);
    json!({
        "apiVersion": "gateway.networking.k8s.io/v1", "kind": "HTTPRoute", "metadata": metadata,
        "spec": {
            "parentRefs": [parent],
            "hostnames": [route.host],
            "rules": [{
                "matches": [{ "path": { "type": "PathPrefix", "value": "/" } }],
                "backendRefs": [{ "name": place.id, "port": main.port }],
            }],
        },
    })
}

/// By which MetalLB is told a pool, in its old words and its new ones.
const POOLS: &[&str] = &["metallb.universe.tf/address-pool", "metallb.io/address-pool"];
/// So long nothing may come: WebSockets rest.
const SECONDS: &str = "3600";
