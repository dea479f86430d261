//! The containers of ours, and the main one.

use super::config::{CONFIG_FILE, config_mounts, file_mounts};
use super::egress::Egress;
use super::read::{is, text};
use super::requests::{requirements, small};
use super::volumes::{Volumes, mount};
use super::{Place, Port, Profile, Said, SecretNeed, engine, security};
use crate::compose::Effective;
use crate::node::Node;
use crate::pointer::Pointer;
use k8s_openapi::api::core::v1::{
    Container, ContainerPort, ContainerResizePolicy, EnvVar, EnvVarSource, ExecAction, Probe, SecretKeySelector,
    VolumeMount,
};
use std::collections::BTreeMap;

/// Name of the main container.
pub(super) const MAIN: &str = "main";

/// Copies the agent to where the others find it.
pub(super) fn install(blueprint: &Node, place: &Place) -> Container {
    Container {
        name: "install".to_owned(),
        command: Some(words(&["/qd-agent", "install", AGENT_FOLDER])),
        volume_mounts: Some(vec![mount("qd", AGENT_FOLDER, false)]),
        resources: Some(small("1", "64Mi")),
        ..helper(blueprint, place)
    }
}

/// The agent beside the main container, in the service profile.
pub(super) fn agent(blueprint: &Node, place: &Place) -> Container {
    let mut mounts = agent_mounts(blueprint);
    mounts.extend(own_mounts(place));
    Container {
        name: "agent".to_owned(),
        command: Some(agent_command()),
        volume_mounts: Some(mounts),
        resources: Some(small("500m", "128Mi")),
        startup_probe: Some(startup(place)),
        readiness_probe: Some(readiness()),
        ..helper(blueprint, place)
    }
}

/// The main container, and the Secret that it needs.
pub(super) fn main(
    effective: &Effective,
    place: &Place,
    ports: &[Port],
    volumes: &Volumes,
    said: &mut Said,
) -> (Container, Option<SecretNeed>) {
    let blueprint = &effective.node;
    let (env, secret) = env(effective, place, ports);
    let mut mounts = agent_mounts(blueprint);
    mounts.extend(file_mounts(blueprint, false));
    mounts.extend(volumes.main.clone());
    let not_required =
        |name: &str| ContainerResizePolicy { resource_name: name.to_owned(), restart_policy: "NotRequired".to_owned() };
    let mut container = Container {
        name: MAIN.to_owned(),
        image: text(blueprint, "/image").map(str::to_owned),
        image_pull_policy: text(blueprint, "/imagePullPolicy").map(str::to_owned),
        env: Some(env),
        resources: Some(requirements(blueprint.get("resources"), &place.extended)),
        resize_policy: Some(vec![not_required("cpu"), not_required("memory")]),
        termination_message_policy: Some(LAST_LINES.to_owned()),
        security_context: Some(security::of_main(blueprint, security::sudo(place), said)),
        ..Container::default()
    };
    let mut container_ports: Vec<ContainerPort> = ports.iter().map(container_port).collect();
    match Profile::of_node(blueprint) {
        Profile::Shell => {
            mounts.extend(own_mounts(place));
            container.command = Some(agent_command());
            container.startup_probe = Some(startup(place));
            container.readiness_probe = Some(readiness());
            container_ports.insert(0, container_port(&Port::tcp("agent", super::AGENT_PORT)));
            if !(place.command.is_empty() && place.args.is_empty()) {
                said.notes
                    .push("command and args have no effect: the agent is the first process of a shell".to_owned());
            }
        }
        Profile::Service => {
            container.command = Some(place.command.clone()).filter(|words| !words.is_empty());
            container.args = Some(place.args.clone()).filter(|words| !words.is_empty());
            container.startup_probe = probe(blueprint, "/probes/startup");
            container.readiness_probe = probe(blueprint, "/probes/readiness");
            container.liveness_probe = probe(blueprint, "/probes/liveness");
        }
    }
    container.ports = Some(container_ports).filter(|ports| !ports.is_empty());
    container.volume_mounts = Some(mounts);
    (container, secret)
}

/// What every container of ours has.
fn helper(blueprint: &Node, place: &Place) -> Container {
    Container {
        image: Some(text(blueprint, "/agent/image").unwrap_or(&place.agent_image).to_owned()),
        image_pull_policy: Some(text(blueprint, "/agent/imagePullPolicy").unwrap_or("IfNotPresent").to_owned()),
        security_context: Some(security::of_helper(blueprint)),
        termination_message_policy: Some(LAST_LINES.to_owned()),
        ..Container::default()
    }
}

/// Mounts of the main container and of the agent: the program, the configuration, the folder of sockets.
fn agent_mounts(blueprint: &Node) -> Vec<VolumeMount> {
    let mut mounts = vec![mount("qd", AGENT_FOLDER, true)];
    mounts.extend(config_mounts());
    mounts.push(mount("run", "/run/quarterdeck", false));
    if is(blueprint, "/podman/enabled") {
        mounts.push(mount(engine::SOCKET_VOLUME, engine::SOCKET_FOLDER, false));
    }
    mounts
}

/// Mounts of the agent's container alone: keys, and the proof of which pod this is.
fn own_mounts(place: &Place) -> Vec<VolumeMount> {
    let mut mounts = vec![mount("tls", "/run/quarterdeck/tls", false)];
    if place.audience.is_some() {
        mounts.push(mount("identity", "/run/quarterdeck/identity", true));
    }
    mounts
}

fn agent_command() -> Vec<String> {
    words(&["/qd/qd-agent", "workspaced", "--config", CONFIG_FILE])
}

fn check(more: &[&str]) -> Option<ExecAction> {
    Some(ExecAction { command: Some(words(&[&["/qd/qd-agent", "workspaced", "check"], more].concat())) })
}

/// A probe that the blueprint has, as Kubernetes writes it too.
fn probe(blueprint: &Node, pointer: &str) -> Option<Probe> {
    let node = blueprint.at(&Pointer::parse(pointer))?;
    serde_json::from_value(node.to_json()).ok()
}

/// The agent has this long to answer; the readiness check runs as soon as it has. Each look lasts until the next one, so
/// that nothing is waited for once the agent answers.
fn startup(place: &Place) -> Probe {
    Probe {
        exec: check(&["--wait", "900"]),
        period_seconds: Some(1),
        timeout_seconds: Some(5),
        failure_threshold: Some(i32::try_from(place.progress_timeout.max(1)).unwrap_or(i32::MAX)),
        ..Probe::default()
    }
}

fn readiness() -> Probe {
    Probe {
        exec: check(&[]),
        period_seconds: Some(10),
        timeout_seconds: Some(5),
        failure_threshold: Some(3),
        ..Probe::default()
    }
}

/// The variables of sessions, scripts and apps whose values are plain texts.
pub(super) fn plain_env(effective: &Effective, place: &Place) -> BTreeMap<String, String> {
    let mut all: BTreeMap<String, String> = blueprint_env(&effective.node);
    all.retain(|name, _| !effective.secrets.contains_key(name));
    for variable in &place.env {
        match &variable.value {
            Some(value) => all.insert(variable.name.clone(), value.clone()),
            None => all.remove(&variable.name),
        };
    }
    let given = given_env(effective, place);
    for (name, value) in egress_env(effective, place) {
        if given.iter().all(|given| given != name) {
            all.entry(name.to_owned()).or_insert(value);
        }
    }
    all.extend(platform_env(effective, place));
    all
}

/// The names of those whose values come from somewhere else: they reach sessions by the daemon's own environment.
pub(super) fn given_env(effective: &Effective, place: &Place) -> Vec<String> {
    let own = platform_env(effective, place);
    let mut all: BTreeMap<&str, bool> = effective.secrets.keys().map(|name| (name.as_str(), true)).collect();
    all.extend(place.env.iter().map(|variable| (variable.name.as_str(), variable.value_from.is_some())));
    all.retain(|name, given| *given && own.iter().all(|(platform, _)| platform != name));
    all.into_keys().map(str::to_owned).collect()
}

fn blueprint_env(blueprint: &Node) -> BTreeMap<String, String> {
    let all = blueprint.get("env").map_or(&[][..], Node::entries).iter();
    all.map(|entry| (entry.key.clone(), entry.node.text().unwrap_or_default().to_owned())).collect()
}

/// What the platform says of the workspace. What it says of a session comes with the session.
fn platform_env(effective: &Effective, place: &Place) -> [(String, String); 6] {
    let user = &place.user;
    [
        ("WORKSPACE", place.workspace.as_str()),
        ("BLUEPRINT", &effective.name),
        ("IMAGE", text(&effective.node, "/image").unwrap_or_default()),
        ("USERNAME", &user.username),
        ("USEREMAIL", &user.email),
        ("USERFULLNAME", &user.fullname),
    ]
    .map(|(name, value)| (name.to_owned(), value.to_owned()))
}

/// The variables by which programs find the proxy of the hosts that the blueprint lists, where nobody says other ones.
fn egress_env(effective: &Effective, place: &Place) -> Vec<(&'static str, String)> {
    Egress::of(&effective.node, place).map_or_else(Vec::new, |egress| egress.env(&place.cluster_domain).collect())
}

/// The variables: the blueprint's, the workspace's over them, and the platform's over both.
fn env(effective: &Effective, place: &Place, ports: &[Port]) -> (Vec<EnvVar>, Option<SecretNeed>) {
    let blueprint = &effective.node;
    let plain = |(name, value): (String, String)| (name.clone(), plain(&name, &value));
    let mut all: BTreeMap<String, EnvVar> = blueprint_env(blueprint).into_iter().map(plain).collect();
    all.extend(
        effective.secrets.iter().map(|(name, secret)| (name.clone(), of_secret(name, &secret.name, &secret.key))),
    );
    all.extend(place.env.iter().map(|variable| (variable.name.clone(), variable.clone())));
    all.extend(platform_env(effective, place).map(plain));
    for (name, value) in egress_env(effective, place) {
        all.entry(name.to_owned()).or_insert_with(|| self::plain(name, &value));
    }
    let mut secret = None;
    if Profile::of_node(blueprint) == Profile::Service {
        if let Some(port) = ports.iter().find(|port| !port.udp) {
            all.entry("PORT".to_owned()).or_insert_with(|| self::plain("PORT", &port.port.to_string()));
        }
        if is_code_server(text(blueprint, "/image").unwrap_or_default()) && !all.contains_key("PASSWORD") {
            let need = SecretNeed { name: format!("{}-password", place.id), key: "password".to_owned() };
            all.insert("PASSWORD".to_owned(), of_secret("PASSWORD", &need.name, &need.key));
            secret = Some(need);
        }
    }
    (all.into_values().collect(), secret)
}

/// A variable whose value is taken as it is: Kubernetes would put other variables in for `$(NAME)`.
fn plain(name: &str, value: &str) -> EnvVar {
    EnvVar { name: name.to_owned(), value: Some(value.replace("$(", "$$(")), value_from: None }
}

/// A variable that has the value of a Secret.
fn of_secret(name: &str, secret: &str, key: &str) -> EnvVar {
    let selector = SecretKeySelector { name: secret.to_owned(), key: key.to_owned(), optional: None };
    let from = EnvVarSource { secret_key_ref: Some(selector), ..EnvVarSource::default() };
    EnvVar { name: name.to_owned(), value: None, value_from: Some(from) }
}

/// Images that ask for a password at their start and have a known one where none is given.
fn is_code_server(image: &str) -> bool {
    image.contains("code-server") || image.contains("openvscode")
}

fn container_port(port: &Port) -> ContainerPort {
    // a container's port has a shorter name than a service's
    let fits = port.name.len() <= 15 && port.name.contains(|c: char| c.is_ascii_lowercase());
    ContainerPort {
        name: fits.then(|| port.name.clone()),
        container_port: i32::from(port.port),
        protocol: Some(port.protocol().to_owned()),
        ..ContainerPort::default()
    }
}

fn words(words: &[&str]) -> Vec<String> {
    words.iter().map(|word| (*word).to_owned()).collect()
}

/// Of a container that fails, the last lines of its log stand in its pod's status: whoever sees that it failed sees why.
pub(super) const LAST_LINES: &str = "FallbackToLogsOnError";
const AGENT_FOLDER: &str = "/qd";
