//! Security contexts of both profiles, and the level of a whole pod.

use super::read::{int, text, typed};
use super::{Place, Profile, Said};
use crate::node::{Layer, LayerKind, Node, Origin};
use crate::pointer::Pointer;
use crate::problem::Mark;
use crate::validate::security::Level;
use k8s_openapi::api::core::v1::{
    Capabilities, Container, PodSecurityContext, PodSpec, SeccompProfile, SecurityContext,
};
use serde_json::Value as Json;
use std::collections::BTreeSet;
use std::sync::Arc;

/// What holds for all containers of a pod.
pub(super) fn of_pod(blueprint: &Node) -> PodSecurityContext {
    let seccomp_profile = Some(runtime_default());
    match Profile::of_node(blueprint) {
        Profile::Shell => PodSecurityContext { seccomp_profile, ..PodSecurityContext::default() },
        Profile::Service => {
            let (user, group) = service_ids(blueprint);
            PodSecurityContext {
                seccomp_profile,
                run_as_user: Some(user),
                run_as_group: Some(group),
                run_as_non_root: Some(true),
                fs_group: Some(group),
                fs_group_change_policy: Some("OnRootMismatch".to_owned()),
                ..PodSecurityContext::default()
            }
        }
    }
}

/// User and group of the service profile.
fn service_ids(blueprint: &Node) -> (i64, i64) {
    let context = blueprint.get("securityContext");
    let of = |key| context.and_then(|context| int::<i64>(context, key)).filter(|id| *id != 0).unwrap_or(SERVICE_ID);
    (of("runAsUser"), of("runAsGroup"))
}

/// The main container's context.
pub(super) fn of_main(blueprint: &Node, sudo: bool, said: &mut Said) -> SecurityContext {
    let mut context: SecurityContext = typed(blueprint, &Pointer::parse("/securityContext"), said).unwrap_or_default();
    let wants_escalation = context.allow_privilege_escalation;
    let written = context.capabilities.take().and_then(|capabilities| capabilities.add).unwrap_or_default();
    let mut add: BTreeSet<String> = written.into_iter().collect();
    context.seccomp_profile.get_or_insert_with(runtime_default);
    match Profile::of_node(blueprint) {
        Profile::Shell => {
            context.run_as_user = Some(0);
            context.run_as_group = Some(0);
            add.extend(["CHOWN", "SETGID", "SETUID"].map(str::to_owned));
            context.allow_privilege_escalation = Some(sudo && wants_escalation != Some(false));
        }
        Profile::Service => {
            let (user, group) = service_ids(blueprint);
            context.run_as_user = Some(user);
            context.run_as_group = Some(group);
            context.run_as_non_root = Some(true);
            context.allow_privilege_escalation = Some(false);
        }
    }
    context.capabilities = Some(Capabilities {
        drop: Some(vec!["ALL".to_owned()]),
        add: Some(add.into_iter().collect::<Vec<_>>()).filter(|add| !add.is_empty()),
    });
    context
}

/// The context of a container of ours that needs no right.
pub(super) fn of_helper(blueprint: &Node) -> SecurityContext {
    let (user, group) = match Profile::of_node(blueprint) {
        Profile::Shell => (HELPER_ID, HELPER_ID),
        Profile::Service => service_ids(blueprint),
    };
    SecurityContext {
        run_as_user: Some(user),
        run_as_group: Some(group),
        run_as_non_root: Some(true),
        allow_privilege_escalation: Some(false),
        read_only_root_filesystem: Some(true),
        capabilities: Some(Capabilities { drop: Some(vec!["ALL".to_owned()]), add: None }),
        seccomp_profile: Some(runtime_default()),
        ..SecurityContext::default()
    }
}

/// The engine's context: without rights of the node, but its own user namespace is made by programs that gain rights.
pub(super) fn of_engine(blueprint: &Node, said: &mut Said) -> SecurityContext {
    let at = Pointer::parse("/podman/securityContext");
    let mut context: SecurityContext = typed(blueprint, &at, said).unwrap_or_default();
    context.seccomp_profile.get_or_insert_with(runtime_default);
    if context.privileged == Some(true) {
        return context;
    }
    context.run_as_user.get_or_insert(SERVICE_ID);
    context.run_as_group.get_or_insert(SERVICE_ID);
    if Profile::of_node(blueprint) == Profile::Service {
        context.run_as_non_root.get_or_insert(true);
    }
    if context.capabilities.is_none() {
        context.capabilities = Some(Capabilities {
            drop: Some(vec!["ALL".to_owned()]),
            add: Some(vec!["SETGID".to_owned(), "SETUID".to_owned()]),
        });
    }
    context
}

/// The tightest level that lets the main container of a blueprint in.
pub(crate) fn main_level(blueprint: &Node) -> Level {
    let context = of_main(blueprint, false, &mut Said::default());
    serde_json::to_value(context).map_or(Level::Privileged, |context| level_of(&context))
}

/// The tightest level that lets a pod in. Its volumes, namespaces and ports are of kinds that every level lets in.
pub(super) fn level(spec: &PodSpec) -> Level {
    let all = || spec.init_containers.iter().flatten().chain(&spec.containers);
    all().map(|container| of_container(spec, container)).max().unwrap_or(Level::Restricted)
}

fn of_container(spec: &PodSpec, container: &Container) -> Level {
    let json = |value: Result<Json, serde_json::Error>| value.unwrap_or_default();
    let mut context = json(serde_json::to_value(spec.security_context.clone().unwrap_or_default()));
    let own = json(serde_json::to_value(container.security_context.clone().unwrap_or_default()));
    if let (Json::Object(context), Json::Object(own)) = (&mut context, own) {
        context.extend(own);
    }
    level_of(&context)
}

fn level_of(context: &Json) -> Level {
    let layer = Arc::new(Layer { kind: LayerKind::Default, name: String::new() });
    Level::of(&Node::from_json(context, &Origin { layer, mark: Mark::start("objects") }))
}

/// Whether the engine may do anything on its node.
pub(super) fn is_privileged_engine(blueprint: &Node) -> bool {
    text(blueprint, "/podman/securityContext/privileged") == Some("true")
}

/// Whether the owner may become root.
pub(super) const fn sudo(place: &Place) -> bool {
    place.user.sudo
}

fn runtime_default() -> SeccompProfile {
    SeccompProfile { type_: "RuntimeDefault".to_owned(), localhost_profile: None }
}

/// Who runs in the service profile.
const SERVICE_ID: i64 = 1000;

/// Who copies the agent in the shell profile.
const HELPER_ID: i64 = 65_532;
