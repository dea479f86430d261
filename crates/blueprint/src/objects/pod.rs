//! The pod.

use super::config::config_volumes;
use super::labels::{key, meta};
use super::read::{is, text};
use super::volumes::Volumes;
use super::{Place, Port, Profile, Said, SecretNeed, containers, engine, network, security};
use crate::compose::Effective;
use crate::node::Node;
use base::Code;
use k8s_openapi::api::core::v1::{
    EmptyDirVolumeSource, LocalObjectReference, Pod, PodSpec, ProjectedVolumeSource, ServiceAccountTokenProjection,
    Toleration, Volume, VolumeProjection,
};
use k8s_openapi::apimachinery::pkg::api::resource::Quantity;

/// The pod around its spec.
pub(super) fn pod(spec: PodSpec, blueprint: &Node, place: &Place) -> Pod {
    let mut metadata = meta(&place.id, blueprint, place);
    let labels = metadata.labels.get_or_insert_default();
    for (name, value) in &place.pod_labels {
        labels.entry(name.clone()).or_insert_with(|| value.clone());
    }
    labels.extend(network::names_systems(blueprint));
    let annotations = metadata.annotations.get_or_insert_default();
    annotations.insert("kubectl.kubernetes.io/default-container".to_owned(), containers::MAIN.to_owned());
    Pod { metadata, spec: Some(spec), ..Pod::default() }
}

/// What runs, and the Secret that it needs.
pub(super) fn spec(
    effective: &Effective,
    place: &Place,
    ports: &[Port],
    volumes: &Volumes,
    said: &mut Said,
) -> (PodSpec, Option<SecretNeed>) {
    let blueprint = &effective.node;
    check_labels(blueprint, place, said);
    let (main, secret) = containers::main(effective, place, ports, volumes, said);
    let mut init = vec![containers::install(blueprint, place)];
    let mut running = vec![main];
    let agent = (Profile::of_node(blueprint) == Profile::Service).then(|| containers::agent(blueprint, place));
    for mut sidecar in engine::container(blueprint, volumes, said).into_iter().chain(agent) {
        if place.native_sidecars {
            sidecar.restart_policy = Some("Always".to_owned());
            init.push(sidecar);
        } else {
            running.push(sidecar);
        }
    }
    let placement = &place.placement;
    let pull_secrets = place.pull_secrets.iter().map(|name| LocalObjectReference { name: name.clone() });
    let spec = PodSpec {
        init_containers: Some(init),
        containers: running,
        volumes: Some(all_volumes(blueprint, place, volumes)),
        restart_policy: Some("OnFailure".to_owned()),
        termination_grace_period_seconds: Some(30),
        automount_service_account_token: Some(false),
        service_account_name: place.service_account.clone(),
        enable_service_links: Some(false),
        hostname: text(blueprint, "/hostname").map(str::to_owned),
        subdomain: text(blueprint, "/subdomain").map(str::to_owned),
        security_context: Some(security::of_pod(blueprint)),
        image_pull_secrets: Some(pull_secrets.collect::<Vec<_>>()).filter(|all| !all.is_empty()),
        node_selector: Some(placement.node_selector.clone()).filter(|all| !all.is_empty()),
        tolerations: Some(tolerations(place)).filter(|all| !all.is_empty()),
        affinity: placement.affinity.clone(),
        runtime_class_name: placement.runtime_class_name.clone(),
        host_users: placement.host_users,
        ..PodSpec::default()
    };
    (spec, secret)
}

fn all_volumes(blueprint: &Node, place: &Place, volumes: &Volumes) -> Vec<Volume> {
    let empty = |name: &str, medium: Option<&str>, limit: &str| Volume {
        name: name.to_owned(),
        empty_dir: Some(EmptyDirVolumeSource {
            medium: medium.map(str::to_owned),
            size_limit: Some(Quantity(limit.to_owned())),
        }),
        ..Volume::default()
    };
    let mut all = vec![empty("qd", None, "64Mi")];
    all.extend(config_volumes(blueprint, place));
    all.push(empty("run", Some("Memory"), "8Mi"));
    all.push(empty("tls", Some("Memory"), "1Mi"));
    if let Some(audience) = &place.audience {
        let token = ServiceAccountTokenProjection {
            audience: Some(audience.clone()),
            expiration_seconds: Some(TOKEN_SECONDS),
            path: "token".to_owned(),
        };
        let source = VolumeProjection { service_account_token: Some(token), ..VolumeProjection::default() };
        all.push(Volume {
            name: "identity".to_owned(),
            projected: Some(ProjectedVolumeSource { sources: Some(vec![source]), default_mode: Some(0o400) }),
            ..Volume::default()
        });
    }
    if is(blueprint, "/podman/enabled") {
        all.push(engine::socket_volume());
    }
    all.extend(volumes.volumes.clone());
    all
}

/// What the workspace asks for, and the control plane's where there is no other node.
fn tolerations(place: &Place) -> Vec<Toleration> {
    let mut all = place.placement.tolerations.clone();
    if place.single_node {
        all.push(Toleration {
            key: Some("node-role.kubernetes.io/control-plane".to_owned()),
            operator: Some("Exists".to_owned()),
            effect: Some("NoSchedule".to_owned()),
            ..Toleration::default()
        });
    }
    all
}

/// Labels of ours are facts that policies lean on; a workspace sets none of them.
fn check_labels(blueprint: &Node, place: &Place, said: &mut Said) {
    let domain = super::PREFIX.trim_end_matches('/');
    for name in place.pod_labels.keys() {
        let owner = name.split_once('/').map_or("", |(owner, _)| owner);
        if owner == domain || owner.strip_suffix(domain).is_some_and(|rest| rest.ends_with('.')) {
            let message = format!("the label {name} is the platform's: {} and all below it are", key(""));
            said.wrong(Code::FieldNotAllowed, "", &blueprint.origin.mark, message);
        }
    }
}

/// The shortest life of a token that Kubernetes gives.
const TOKEN_SECONDS: i64 = 600;
