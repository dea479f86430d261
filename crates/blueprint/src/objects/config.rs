//! What is mounted from config maps: the agent's configuration, the blueprint, and files of the blueprint.
//!
//! `/etc/quarterdeck/config.yaml` is [`proto::workspace::Config`], written as JSON, which is YAML. The blueprint beside it is
//! for people; contents of files are left out of it.

use super::egress::Egress;
use super::labels::{hash, meta};
use super::read::{is, text, texts};
use super::volumes::{Volumes, mount};
use super::{AGENT_PORT, Place, Port, Profile, Said};
use crate::compose::Effective;
use crate::node::{Node, Value};
use crate::pointer::Pointer;
use crate::span::seconds;
use crate::splash::{self, Facts};
use base::Code;
use k8s_openapi::api::core::v1::{
    ConfigMap, ConfigMapProjection, ConfigMapVolumeSource, KeyToPath, ProjectedVolumeSource, Volume, VolumeMount,
    VolumeProjection,
};
use proto::workspace::{App, Config, Declared, Detach, Identity, InitScript, Owned, Restart};
use serde_json::{Value as Json, json};
use std::collections::BTreeMap;

/// Where the agent finds its configuration.
pub(super) const CONFIG_FILE: &str = "/etc/quarterdeck/config.yaml";

/// The config maps of a workspace.
pub(super) fn config_maps(
    effective: &Effective,
    place: &Place,
    ports: &[Port],
    volumes: &Volumes,
    said: &mut Said,
) -> Vec<ConfigMap> {
    let blueprint = &effective.node;
    let text = match agent(effective, place, ports, volumes) {
        Ok(config) => format!("{config:#}\n"),
        Err(error) => {
            said.wrong(Code::Internal, "", &blueprint.origin.mark, error.to_string());
            String::new()
        }
    };
    let mut config = BTreeMap::from([("config.yaml".to_owned(), text)]);
    if !place.trust.is_empty() {
        config.insert("ca.pem".to_owned(), place.trust.clone());
    }
    let shown = crate::render::render(&without_contents(blueprint), true);
    let mut maps = vec![
        (name(place, "config"), config),
        (name(place, "blueprint"), BTreeMap::from([("blueprint.yaml".to_owned(), shown)])),
    ];
    for (at, part) in EXT_FILES {
        let files: BTreeMap<String, String> = ext_files(blueprint, at)
            .into_iter()
            .map(|(path, node)| (file_key(path), node.text().unwrap_or_default().to_owned()))
            .collect();
        if !files.is_empty() {
            maps.push((name(place, part), files));
        }
    }
    maps.into_iter()
        .map(|(name, data)| {
            let bytes: usize = data.iter().map(|(key, text)| key.len() + text.len()).sum();
            if bytes > CONFIG_MAP_BYTES {
                let message = format!("{name} would hold {bytes} bytes, and a config map holds {CONFIG_MAP_BYTES}");
                said.wrong(Code::BlueprintInvalid, "", &blueprint.origin.mark, message);
            }
            ConfigMap { metadata: meta(&name, blueprint, place), data: Some(data), ..ConfigMap::default() }
        })
        .collect()
}

/// The data of a config map, but the ports that the agent's configuration declares.
pub(super) fn without_ports(data: &BTreeMap<String, String>) -> BTreeMap<&str, String> {
    let own = |text: &String| {
        let mut config: Json = serde_json::from_str(text).ok()?;
        config.as_object_mut()?.remove("ports");
        Some(config.to_string())
    };
    let value = |(key, text): (&String, &String)| match key.as_str() {
        "config.yaml" => own(text).unwrap_or_else(|| text.clone()),
        _ => text.clone(),
    };
    data.iter().map(|one| (one.0.as_str(), value(one))).collect()
}

/// What the agent reads at its start, and what it may do with it beside [`Config`]: the owners of folders, the ports that
/// are declared, and where the certificates stand that it trusts.
fn agent(effective: &Effective, place: &Place, ports: &[Port], volumes: &Volumes) -> Result<Json, serde_json::Error> {
    let blueprint = &effective.node;
    let user = &place.user;
    let account = account(&user.username);
    let link = is(blueprint, "/podman/enabled") && is(blueprint, "/podman/createDockerSockSymlink");
    let config = Config {
        workspace: Identity {
            uid: place.uid.clone().unwrap_or_default(),
            name: place.workspace.clone(),
            namespace: place.namespace.clone(),
            canonical_id: place.id.clone(),
            owner: user.username.clone(),
            organization: user.organization.clone(),
            blueprint: effective.name.clone(),
            image: text(blueprint, "/image").unwrap_or_default().to_owned(),
        },
        user: proto::workspace::User {
            home: text(blueprint, "/storages/home/path").map_or_else(|| format!("/home/{account}"), str::to_owned),
            name: account,
            uid: user.uid,
            gid: user.gid,
            shell: user.shell.clone(),
            full_name: user.fullname.chars().filter(|c| !c.is_control() && *c != ':').collect(),
            email: user.email.clone(),
            sudo: user.sudo,
        },
        profile: match Profile::of(effective) {
            Profile::Shell => proto::workspace::Profile::Shell,
            Profile::Service => proto::workspace::Profile::Service,
        },
        env: super::containers::plain_env(effective, place),
        env_from: super::containers::given_env(effective, place),
        splash: splash(effective, place),
        init_scripts: scripts(blueprint),
        show_init_script_status: is(blueprint, "/showInitScriptStatus"),
        enable_apps: is(blueprint, "/enableApps"),
        apps: apps(blueprint),
        ignore_orphans: texts(blueprint, "/agent/ignoreOrphans").into_iter().map(str::to_owned).collect(),
        detach: Detach::default(),
        listen: format!("[::]:{AGENT_PORT}"),
        trust: "quarterdeck".to_owned(),
        grace_seconds: GRACE_SECONDS,
        runtime_dir: "/run/quarterdeck".to_owned(),
        engine_socket: if link { super::engine::SOCKET.to_owned() } else { String::new() },
        // beside the main container the agent owns nothing; there the pod's group does
        volumes: if Profile::of(effective) == Profile::Shell { owned(volumes) } else { Vec::new() },
        ports: ports.iter().map(declared).collect(),
        egress_port: Egress::of(blueprint, place).map(|egress| egress.port),
    };
    let mut config = serde_json::to_value(config)?;
    if let (Json::Object(map), false) = (&mut config, place.trust.is_empty()) {
        map.insert("trustFile".to_owned(), json!("/etc/quarterdeck/ca.pem"));
    }
    Ok(config)
}

fn owned(volumes: &Volumes) -> Vec<Owned> {
    volumes.owned.iter().map(|one| Owned { path: one.path.clone(), uid: one.uid, gid: one.gid }).collect()
}

fn declared(port: &Port) -> Declared {
    Declared { name: port.name.clone(), port: port.port, protocol: port.protocol().to_owned() }
}

/// A user's name as that of an account: what accounts cannot be called by is replaced.
fn account(username: &str) -> String {
    let fits = |c: char| c.is_ascii_lowercase() || c.is_ascii_digit() || matches!(c, '_' | '-' | '.');
    let name: String = username.to_ascii_lowercase().chars().map(|c| if fits(c) { c } else { '-' }).collect();
    let begins = name.starts_with(|c: char| c.is_ascii_lowercase() || c == '_');
    let name = if begins { name } else { format!("u-{name}") };
    name.chars().take(32).collect()
}

fn scripts(blueprint: &Node) -> Vec<InitScript> {
    let all = blueprint.get("initScripts").map_or(&[][..], Node::items).iter();
    let owned = |node: &Node, key: &str| text(node, key).map(str::to_owned);
    all.filter_map(|node| Some(InitScript { name: owned(node, "/name")?, script: owned(node, "/script")? })).collect()
}

fn apps(blueprint: &Node) -> BTreeMap<String, App> {
    let all = blueprint.get("apps").map_or(&[][..], Node::entries).iter();
    all.map(|entry| (entry.key.clone(), app(&entry.node))).collect()
}

fn app(node: &Node) -> App {
    let owned = |key: &str| text(node, key).unwrap_or_default().to_owned();
    let list = |key: &str| texts(node, key).into_iter().map(str::to_owned).collect();
    App {
        name: owned("/name"),
        enabled: is(node, "/enabled"),
        binary: owned("/binary"),
        version_cmd: list("/versionCmd"),
        version_regex: owned("/versionRegex"),
        install: owned("/install"),
        start: list("/start"),
        listen: owned("/listen"),
        restart_policy: match text(node, "/restartPolicy") {
            Some("on-failure") => Restart::OnFailure,
            Some("never") => Restart::Never,
            _ => Restart::Always,
        },
        max_restart_backoff: text(node, "/maxRestartBackoff").and_then(seconds).unwrap_or_default(),
        install_as_root: is(node, "/installAsRoot"),
        auto_start: is(node, "/autoStart"),
        protocol: owned("/protocol"),
    }
}

/// The splash with its names filled in, without bytes that would steer a terminal.
fn splash(effective: &Effective, place: &Place) -> String {
    let user = &place.user;
    let facts = Facts {
        user: &user.username,
        full_name: &user.fullname,
        email: &user.email,
        organization: &user.organization,
        workspace: &place.workspace,
        blueprint: &effective.name,
        version: &place.agent_version,
        commit: &place.commit,
    };
    splash::render(text(&effective.node, "/splash").unwrap_or_default(), &facts)
}

/// The blueprint with sizes and hashes of files instead of their contents.
fn without_contents(blueprint: &Node) -> Node {
    let mut shown = blueprint.clone();
    for (at, _) in EXT_FILES {
        for (path, node) in ext_files(blueprint, at) {
            let text = node.text().unwrap_or_default();
            let told = Value::Text(format!("{} bytes, SHA-256 {}", text.len(), hash(text.as_bytes())));
            shown.set(&Pointer::parse(at).join(path), Node { value: told, origin: node.origin.clone() });
        }
    }
    shown
}

fn ext_files<'a>(blueprint: &'a Node, at: &str) -> Vec<(&'a str, &'a Node)> {
    let files = blueprint.at(&Pointer::parse(at)).map_or(&[][..], Node::entries);
    files.iter().map(|entry| (entry.key.as_str(), &entry.node)).collect()
}

/// The key of a file: a hash, so that no two paths become one.
fn file_key(path: &str) -> String {
    hash(path.as_bytes())
}

fn name(place: &Place, part: &str) -> String {
    format!("{}-{part}", place.id)
}

/// The volume of configuration and blueprint, and those of files.
pub(super) fn config_volumes(blueprint: &Node, place: &Place) -> Vec<Volume> {
    let projection = |part: &str, key_to_path: Option<&str>| VolumeProjection {
        config_map: Some(ConfigMapProjection {
            name: name(place, part),
            items: key_to_path.map(|key| vec![KeyToPath { key: key.to_owned(), path: key.to_owned(), mode: None }]),
            optional: None,
        }),
        ..VolumeProjection::default()
    };
    let projected = |name: &str, sources| Volume {
        name: name.to_owned(),
        projected: Some(ProjectedVolumeSource { sources: Some(sources), default_mode: Some(0o444) }),
        ..Volume::default()
    };
    let mut volumes =
        vec![projected("config", vec![projection("config", None), projection("blueprint", Some("blueprint.yaml"))])];
    for (at, part) in EXT_FILES {
        if !ext_files(blueprint, at).is_empty() {
            volumes.push(Volume {
                name: part.to_owned(),
                config_map: Some(ConfigMapVolumeSource {
                    name: name(place, part),
                    default_mode: Some(0o444),
                    ..ConfigMapVolumeSource::default()
                }),
                ..Volume::default()
            });
        }
    }
    volumes
}

/// Mounts of configuration and blueprint.
pub(super) fn config_mounts() -> Vec<VolumeMount> {
    let earlier = VolumeMount {
        sub_path: Some("blueprint.yaml".to_owned()),
        ..mount("config", "/etc/k8shell/blueprint.yaml", true)
    };
    vec![mount("config", "/etc/quarterdeck", true), earlier]
}

/// Mounts of the files of the main container, or of the engine.
pub(super) fn file_mounts(blueprint: &Node, of_engine: bool) -> Vec<VolumeMount> {
    let (at, part) = if of_engine { EXT_FILES[1] } else { EXT_FILES[0] };
    ext_files(blueprint, at)
        .into_iter()
        .map(|(path, _)| VolumeMount { sub_path: Some(file_key(path)), ..mount(part, path, true) })
        .collect()
}

/// Where files are in a blueprint, and the last part of their config map's name.
const EXT_FILES: [(&str, &str); 2] = [("/extFiles", "files"), ("/podman/extFiles", "engine-files")];

/// What processes have between being asked to end and being ended; the pod's own grace is longer.
const GRACE_SECONDS: u32 = 20;

const CONFIG_MAP_BYTES: usize = 1 << 20;
