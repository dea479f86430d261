//! What a workspace has and would have, as far as grants and quotas look: read from what is seen of it, and from its objects
//! before they are made.

use crate::desired::Desired;
use crate::key::WRITER;
use crate::observed::Observed;
use crate::pod::Phase;
use crate::render::Rendered;
use crate::roles::Roles;
use cluster::Owned;
use crd::blueprint::NetworkClass;
use crd::grant::Wanted;
use crd::quota::{Load, Who};
use crd::workspace::ExposureType;
use crd::{Quantity, Time};
use serde::Deserialize;
use serde_json::Value;
use std::collections::BTreeMap;

/// What grants compare their limits with.
#[derive(Clone, Debug, Default)]
pub(crate) struct Launch {
    pub(crate) labels: BTreeMap<String, String>,
    /// Who wrote it past Quarterdeck; nothing where it was made through it, or by an administrator of the cluster.
    pub(crate) writer: Option<String>,
    /// A container of it may do all that its node may.
    pub(super) privileged: bool,
    images: Vec<String>,
    blueprint: String,
    ports: Vec<u16>,
    network_class: Option<NetworkClass>,
    exposure: Option<ExposureType>,
    cpu: Option<Quantity>,
    memory: Option<Quantity>,
    storage: Option<Quantity>,
    expires_at: Option<Time>,
}

impl Launch {
    /// Reads a Workspace and what it would become.
    pub(crate) fn of(object: &Value, rendered: &Rendered) -> Self {
        let pod = rendered.pod.as_ref().map_or(&Value::Null, |pod| &pod.body);
        let class = pod.pointer("/metadata/labels").and_then(|all| all.get(NETWORK_CLASS)).cloned().unwrap_or_default();
        let full = full(object, rendered);
        let amount = |milli: i128| (milli > 0).then(|| Quantity(format!("{milli}m")));
        Self {
            labels: labels(object),
            writer: writer(object),
            privileged: is_privileged(pod),
            images: rendered.images.clone(),
            blueprint: rendered.built_on.clone(),
            ports: ports(pod),
            network_class: NetworkClass::deserialize(class).ok(),
            exposure: exposure(object, rendered),
            cpu: amount(full.cpu),
            memory: amount(full.memory),
            storage: Some(Quantity(format!("{}m", full.storage))),
            expires_at: Time::deserialize(object.pointer("/spec/lifecycle/expiresAt").cloned().unwrap_or_default())
                .ok(),
        }
    }

    pub(super) fn images(&self) -> Vec<&str> {
        self.images.iter().map(String::as_str).collect()
    }

    pub(super) fn wanted<'a>(&'a self, images: &'a [&'a str]) -> Wanted<'a> {
        Wanted {
            images,
            blueprint: Some(&self.blueprint),
            ports: &self.ports,
            network_class: self.network_class,
            exposure: self.exposure,
            cpu: self.cpu.as_ref(),
            memory: self.memory.as_ref(),
            storage: self.storage.as_ref(),
            expires_at: self.expires_at,
        }
    }
}

/// Whether a container of a pod may do all that its node may.
pub(crate) fn is_privileged(pod: &Value) -> bool {
    let list = |name: &str| pod.pointer(name).and_then(Value::as_array).into_iter().flatten();
    let mut all = list("/spec/containers").chain(list("/spec/initContainers"));
    all.any(|one| one.pointer("/securityContext/privileged") == Some(&Value::Bool(true)))
}

/// The labels of a Workspace.
pub(crate) fn labels(object: &Value) -> BTreeMap<String, String> {
    object.pointer("/metadata/labels").and_then(|all| BTreeMap::deserialize(all).ok()).unwrap_or_default()
}

/// Who says of themselves that they wrote a Workspace: the owner guard sees to it that they do.
fn writer(object: &Value) -> Option<String> {
    object.pointer("/metadata/annotations")?.get(WRITER)?.as_str().map(str::to_owned)
}

/// Whose it is, with the roles that they have by now.
pub(crate) fn who(desired: &Desired, roles: &Roles) -> Who {
    Who { user: desired.owner.clone(), roles: roles.of(&desired.owner), org: desired.org.clone() }
}

/// What a workspace has, by what is seen of it; nothing at all where it has neither pod nor storage.
pub(crate) fn has(observed: &Observed) -> Load {
    let own = observed.claims.iter().filter(|claim| claim.own);
    let sizes = own.map(|claim| base::quantity::milli(&claim.size).unwrap_or_default());
    let mut load = Load::default();
    for size in sizes {
        load.volumes += 1;
        load.storage = load.storage.saturating_add(size);
    }
    // A pod that has done all it does uses nothing any more.
    if let Some(pod) = observed.pod.as_ref().filter(|pod| !matches!(pod.phase, Phase::Succeeded | Phase::Failed)) {
        (load.running, load.cpu, load.memory) = (1, pod.cpu_milli, pod.memory_milli);
    }
    // Storage alone is no workspace: it stays when one goes.
    Load { workspaces: i64::from(observed.pod.is_some()), ..load }
}

/// What a workspace asks for, beside what it has: its pod as it is while that goes on, else as it is to be.
pub(crate) fn wants(desired: &Desired, object: &Value, rendered: &Rendered, observed: &Observed) -> Load {
    let (has, full) = (has(observed), full(object, rendered));
    // What it has of storage it keeps, whatever its blueprint says now.
    let storage = full.storage.max(has.storage);
    let volumes = full.volumes.max(has.volumes);
    let full = Load { workspaces: 1, storage, volumes, ..full };
    let goes_on = observed.pod.as_ref().is_some_and(|pod| {
        let outdated = pod.hash != rendered.pod_hash && desired.update == crate::desired::Update::Auto;
        pod.deleting_ms.is_none() && !outdated && has.running > 0
    });
    if !desired.running || goes_on {
        return Load {
            running: has.running,
            cpu: has.cpu,
            memory: has.memory,
            ..if has.running > 0 { full } else { full.stopped() }
        };
    }
    // While its last pod ends, that still has its part.
    Load { cpu: full.cpu.max(has.cpu), memory: full.memory.max(has.memory), ..full }
}

/// All that it would take, running.
fn full(object: &Value, rendered: &Rendered) -> Load {
    let mut load = Load { workspaces: 1, running: 1, ..Load::default() };
    let pod = rendered.pod.as_ref().map_or(&Value::Null, |pod| &pod.body);
    let list = |name: &str| pod.pointer(name).and_then(Value::as_array).into_iter().flatten();
    let beside =
        list("/spec/initContainers").filter(|one| one.get("restartPolicy").is_some_and(|when| when == "Always"));
    for container in list("/spec/containers").chain(beside) {
        let amount = |resource: &str| {
            let of = |kind: &str| {
                container.get("resources")?.get(kind)?.get(resource)?.as_str().and_then(base::quantity::milli)
            };
            of("limits").or_else(|| of("requests")).unwrap_or_default()
        };
        load.cpu = load.cpu.saturating_add(amount("cpu"));
        load.memory = load.memory.saturating_add(amount("memory"));
    }
    for claim in rendered.parts.iter().filter(|part| part.kind == Owned::Claim && crate::observed::is_own(&part.body)) {
        let size = claim.body.pointer("/spec/resources/requests/storage").and_then(Value::as_str);
        load.volumes += 1;
        load.storage = load.storage.saturating_add(size.and_then(base::quantity::milli).unwrap_or_default());
    }
    if exposure(object, rendered).is_some_and(|exposure| exposure != ExposureType::ClusterIP) {
        load.exposed_ports = i64::try_from(ports(pod).len()).unwrap_or(i64::MAX);
    }
    if object.pointer("/spec/mode").is_some_and(|mode| mode == "Inject") {
        load.injected = 1;
    }
    load
}

/// How it is reached from outside: as it says itself, else as the platform says for all.
fn exposure(object: &Value, rendered: &Rendered) -> Option<ExposureType> {
    let usual = rendered.reached.as_ref().filter(|reached| reached.problem.is_none()).map(|reached| reached.kind);
    object.pointer("/spec/exposure/type").and_then(|kind| ExposureType::deserialize(kind).ok()).or(usual)
}

/// The ports of a pod's containers, but the agent's.
fn ports(pod: &Value) -> Vec<u16> {
    let containers = pod.pointer("/spec/containers").and_then(Value::as_array).into_iter().flatten();
    let ports = containers.flat_map(|one| one.get("ports").and_then(Value::as_array).into_iter().flatten());
    let numbers =
        ports.filter_map(|port| port.get("containerPort")?.as_u64().and_then(|port| u16::try_from(port).ok()));
    numbers.filter(|port| *port != crd::AGENT_PORT).collect()
}

const NETWORK_CLASS: &str = "quarterdeck.dev/network-class";
