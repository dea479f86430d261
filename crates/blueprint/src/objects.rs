//! The objects of a workspace: what its blueprint and its place make of it.
//!
//! ```text
//! Effective + Place ─► pod, service, headless service, config maps, claims, network policy
//! ```
//!
//! Pure and deterministic: the same blueprint and place are the same bytes. No secret is in any of them; where a container
//! needs one, [`Objects::secret`] names it. Claims and the headless service have no owner: nothing that ends a workspace
//! ends a volume.

mod config;
mod containers;
mod egress;
mod engine;
mod exposure;
mod joined;
mod labels;
mod network;
mod place;
mod pod;
mod ranges;
mod read;
mod requests;
mod security;
mod services;
#[cfg(test)]
mod tests;
mod volumes;

pub use egress::{Closed, Egress};
pub use exposure::{Auth, Opening, Outside, Route};
pub use joined::{Joined, Joining, joined};
pub use labels::{PREFIX, value as label_value};
pub use place::{Claims, Exposure, Network, Place, Placement, Pods, Port};
pub(crate) use ranges::Range;
pub use ranges::is_listed_range;
pub(crate) use security::main_level;
pub use services::AGENT_PORT;

use crate::compose::Effective;
use crate::problem::{Mark, Problem, Problems};
use crate::validate::security::Level;
use base::Code;
use k8s_openapi::api::core::v1::{ConfigMap, PersistentVolumeClaim, Pod, Service};
use k8s_openapi::api::networking::v1::NetworkPolicy;
use serde_json::Value as Json;

/// How a workspace's main container runs.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Profile {
    /// The agent is its first process and becomes the user: Pod Security `baseline`.
    Shell,
    /// The image's own entrypoint, with no rights; the agent runs beside it: `restricted`.
    Service,
}

impl Profile {
    /// The profile that a blueprint says: `runProfile`.
    #[must_use]
    pub fn of(effective: &Effective) -> Self {
        Self::of_node(&effective.node)
    }

    pub(crate) fn of_node(node: &crate::node::Node) -> Self {
        match node.get("runProfile").and_then(crate::node::Node::text) {
            Some("service") => Self::Service,
            _ => Self::Shell,
        }
    }

    /// The word of it.
    #[must_use]
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Shell => "shell",
            Self::Service => "service",
        }
    }
}

/// A value that a container reads from a Secret, which whoever applies the objects makes once, at random.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct SecretNeed {
    /// Name of the Secret.
    pub name: String,
    /// Its key.
    pub key: String,
}

/// The objects of a workspace.
#[derive(Clone, Debug)]
pub struct Objects {
    /// The pod; its name is the canonical id.
    pub pod: Pod,
    /// The service of that name: the agent's port, and those that are declared.
    pub service: Service,
    /// The service that gives `HOSTNAME.SUBDOMAIN` its address; shared by the workspaces of a namespace, owned by none.
    pub headless: Option<Service>,
    /// What is mounted from config maps.
    pub config_maps: Vec<ConfigMap>,
    /// The volumes' claims, owned by nobody.
    pub claims: Vec<PersistentVolumeClaim>,
    /// Who it talks to.
    pub network_policy: NetworkPolicy,
    /// What it reaches by name.
    pub egress: Option<Egress>,
    /// What leads to it from outside.
    pub opening: Option<Opening>,
    /// The Secret that the pod needs.
    pub secret: Option<SecretNeed>,
    /// The ports that the service has beside the agent's.
    pub ports: Vec<Port>,
    /// The tightest Pod Security level that lets the pod in.
    pub pod_security: Level,
    /// What is not as the blueprint may lead one to think, in sentences.
    pub notes: Vec<String>,
}

impl Objects {
    /// Every object as JSON, in the order in which they are applied: the pod is the last.
    ///
    /// # Errors
    /// When an object cannot be written, which is a fault of this program.
    pub fn to_json(&self) -> Result<Vec<Json>, serde_json::Error> {
        let mut all = Vec::new();
        for claim in &self.claims {
            all.push(serde_json::to_value(claim)?);
        }
        for map in &self.config_maps {
            all.push(serde_json::to_value(map)?);
        }
        all.push(serde_json::to_value(&self.network_policy)?);
        all.push(serde_json::to_value(&self.service)?);
        all.extend(self.opening.iter().map(|opening| opening.object.clone()));
        if let Some(headless) = &self.headless {
            all.push(serde_json::to_value(headless)?);
        }
        all.push(serde_json::to_value(&self.pod)?);
        Ok(all)
    }
}

/// Renders the objects of a workspace.
///
/// # Errors
/// What the place does not allow of the blueprint: a range that is never opened, a port twice, more text than a config map
/// holds.
pub fn objects(effective: &Effective, place: &Place) -> Result<Objects, Problems> {
    let mut said = Said::default();
    let blueprint = &effective.node;
    let ports = services::ports(blueprint, place, &mut said);
    let volumes = volumes::volumes(blueprint, place, &mut said);
    let config_maps = config::config_maps(effective, place, &ports, &volumes, &mut said);
    let (spec, secret) = pod::spec(effective, place, &ports, &volumes, &mut said);
    let pod_security = security::level(&spec);
    let network_policy = network::policy(blueprint, place, &ports, &mut said);
    let opening = exposure::opening(blueprint, place, &ports).unwrap_or_else(|error| {
        let mark = &blueprint.origin.mark;
        said.wrong(Code::Internal, "/network/ports", mark, format!("what leads to it cannot be written: {error}"));
        None
    });
    let mut objects = Objects {
        pod: pod::pod(spec, blueprint, place),
        service: services::service(blueprint, place, &ports),
        headless: services::headless(blueprint, place),
        config_maps,
        claims: volumes.claims,
        network_policy,
        egress: Egress::of(blueprint, place),
        opening,
        secret,
        ports,
        pod_security,
        notes: said.notes,
    };
    labels::stamp(&mut objects);
    Problems::check(said.problems)?;
    Ok(objects)
}

/// What is told while objects are rendered.
#[derive(Default)]
struct Said {
    problems: Vec<Problem>,
    notes: Vec<String>,
}

impl Said {
    fn wrong(&mut self, code: Code, pointer: impl std::fmt::Display, mark: &Mark, message: impl Into<String>) {
        self.problems.push(Problem::new(code, pointer, mark, message));
    }
}
