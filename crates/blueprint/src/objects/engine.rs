//! The engine beside the main container: builds and runs containers without rights on the node.

use super::config::file_mounts;
use super::read::{is, text};
use super::requests::requirements;
use super::volumes::{Volumes, mount};
use super::{Said, security};
use crate::node::Node;
use crate::pointer::Pointer;
use k8s_openapi::api::core::v1::{Container, EmptyDirVolumeSource, Volume};
use std::collections::BTreeMap;

/// The engine's socket, in both containers.
pub(super) const SOCKET: &str = "/var/run/podman/podman.sock";

/// Where the engine keeps images and containers.
pub(super) fn graph_root(blueprint: &Node) -> &'static str {
    if security::is_privileged_engine(blueprint) {
        "/var/lib/containers/storage"
    } else {
        "/home/podman/.local/share/containers"
    }
}

/// The engine's container, where the blueprint enables one.
pub(super) fn container(blueprint: &Node, volumes: &Volumes, said: &mut Said) -> Option<Container> {
    if !is(blueprint, "/podman/enabled") {
        return None;
    }
    let resources = blueprint.at(&Pointer::parse("/podman/resources"));
    let mut mounts = vec![mount(SOCKET_VOLUME, SOCKET_FOLDER, false)];
    mounts.extend(file_mounts(blueprint, true));
    mounts.extend(volumes.engine.clone());
    if security::is_privileged_engine(blueprint) {
        said.notes.push("the engine is privileged: it can do anything on its node".to_owned());
    }
    let command = ["podman", "system", "service", "--time=0"].map(str::to_owned);
    let socket = format!("unix://{SOCKET}");
    Some(Container {
        name: "engine".to_owned(),
        image: text(blueprint, "/podman/image").map(str::to_owned),
        image_pull_policy: text(blueprint, "/imagePullPolicy").map(str::to_owned),
        command: Some(command.into_iter().chain([socket]).collect()),
        resources: Some(requirements(resources, &BTreeMap::new())),
        security_context: Some(security::of_engine(blueprint, said)),
        volume_mounts: Some(mounts),
        termination_message_policy: Some(super::containers::LAST_LINES.to_owned()),
        ..Container::default()
    })
}

/// The folder of the socket, which both containers share.
pub(super) fn socket_volume() -> Volume {
    Volume { name: SOCKET_VOLUME.to_owned(), empty_dir: Some(EmptyDirVolumeSource::default()), ..Volume::default() }
}

pub(super) const SOCKET_VOLUME: &str = "engine-socket";
pub(super) const SOCKET_FOLDER: &str = "/var/run/podman";
