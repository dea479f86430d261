//! Ports and services.

use super::labels::{key, meta, meta_that_stays, value};
use super::read::{int, text};
use super::{Place, Port, Profile, Said};
use crate::node::Node;
use crate::pointer::Pointer;
use base::Code;
use k8s_openapi::api::core::v1::{Service, ServicePort, ServiceSpec};
use k8s_openapi::apimachinery::pkg::apis::meta::v1::ObjectMeta;
use k8s_openapi::apimachinery::pkg::util::intstr::IntOrString;
use std::collections::BTreeMap;

/// The port of the agent.
pub const AGENT_PORT: u16 = 2822;

/// The ports of a workspace: those of its blueprint and of itself; where neither names one, an image with an entrypoint of
/// its own has those that it names, else 8080.
pub(super) fn ports(blueprint: &Node, place: &Place, said: &mut Said) -> Vec<Port> {
    let mut ports: Vec<Port> = Vec::new();
    let listed = blueprint.at(&Pointer::parse("/network/ports")).map_or(&[][..], Node::items);
    for node in listed {
        let Some(port) = int(node, "containerPort") else { continue };
        let name = text(node, "/name").unwrap_or_default().to_owned();
        add(Port { name, port, udp: text(node, "/protocol") == Some("UDP") }, &mut ports);
    }
    for port in &place.ports {
        add(port.clone(), &mut ports);
    }
    if ports.is_empty() && Profile::of_node(blueprint) == Profile::Service {
        for port in &place.image_ports {
            add(port.clone(), &mut ports);
        }
        if ports.is_empty() {
            ports.push(Port::tcp("http", 8080));
        }
    }
    if ports.iter().any(|port| port.port == AGENT_PORT || port.port == 0) {
        let mark = &blueprint.origin.mark;
        said.wrong(Code::BlueprintInvalid, "/network/ports", mark, format!("the port {AGENT_PORT} is the agent's"));
    }
    // names are of a service, where none stands twice
    let mut names: Vec<String> = vec![AGENT.to_owned()];
    for port in &mut ports {
        if port.name.is_empty() || names.contains(&port.name) {
            port.name = format!("{}-{}", port.protocol().to_ascii_lowercase(), port.port);
        }
        names.push(port.name.clone());
    }
    ports
}

fn add(port: Port, ports: &mut Vec<Port>) {
    match ports.iter_mut().find(|one| one.port == port.port && one.udp == port.udp) {
        Some(there) if there.name.is_empty() => there.name = port.name,
        Some(_) => {}
        None => ports.push(port),
    }
}

/// The service of a workspace.
pub(super) fn service(blueprint: &Node, place: &Place, ports: &[Port]) -> Service {
    let agent = Port::tcp(AGENT, AGENT_PORT);
    let ports = std::iter::once(&agent).chain(ports).map(|port| ServicePort {
        name: Some(port.name.clone()),
        port: i32::from(port.port),
        protocol: Some(port.protocol().to_owned()),
        target_port: Some(IntOrString::Int(i32::from(port.port))),
        ..ServicePort::default()
    });
    Service {
        metadata: meta(&place.id, blueprint, place),
        spec: Some(ServiceSpec {
            type_: Some("ClusterIP".to_owned()),
            selector: Some(BTreeMap::from([(key("canonical-id"), value(&place.id))])),
            ports: Some(ports.collect()),
            ..ServiceSpec::default()
        }),
        ..Service::default()
    }
}

/// The service that gives pods of a subdomain their addresses: one for all workspaces of the namespace.
pub(super) fn headless(blueprint: &Node, place: &Place) -> Option<Service> {
    let subdomain = text(blueprint, "/subdomain")?;
    let labels = BTreeMap::from([
        ("app.kubernetes.io/managed-by".to_owned(), "quarterdeck".to_owned()),
        ("app.kubernetes.io/component".to_owned(), "workspace".to_owned()),
    ]);
    Some(Service {
        metadata: ObjectMeta {
            labels: Some(labels.clone()),
            annotations: None,
            ..meta_that_stays(subdomain, blueprint, place)
        },
        spec: Some(ServiceSpec {
            type_: Some("ClusterIP".to_owned()),
            cluster_ip: Some("None".to_owned()),
            publish_not_ready_addresses: Some(true),
            selector: Some(labels),
            ..ServiceSpec::default()
        }),
        ..Service::default()
    })
}

const AGENT: &str = "agent";
