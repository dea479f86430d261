//! Grants: who may do what with which workspaces, within which limits. Without a grant the answer is no.

mod deny;
mod matching;
mod ports;
#[cfg(test)]
mod tests;

pub use deny::{Denied, Limit};
pub use matching::{Asked, Subject, Wanted, decide};
pub use ports::PortRange;

use crate::blueprint::NetworkClass;
use crate::condition::Condition;
use crate::scalar::{Quantity, Span, Time};
use crate::selector::Selector;
use crate::workspace::ExposureType;
use kube_derive::CustomResource;
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};
use std::fmt;

/// Who may do what with which workspaces.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize, JsonSchema, CustomResource)]
#[kube(
    group = "quarterdeck.dev",
    version = "v1alpha1",
    kind = "Grant",
    crates(kube_core = "::kube_core"),
    plural = "grants",
    singular = "grant",
    category = "quarterdeck",
    namespaced,
    status = "GrantStatus",
    doc = "Who may do what with which workspaces. What no grant allows is denied.",
    derive = "PartialEq"
)]
#[serde(rename_all = "camelCase")]
pub struct GrantSpec {
    /// Who is allowed: one of them is enough.
    #[schemars(length(min = 1, max = 64), extend("x-kubernetes-list-type" = "map", "x-kubernetes-list-map-keys" = ["kind", "name"]))]
    pub subjects: Vec<GrantSubject>,
    /// What is allowed.
    #[schemars(length(min = 1, max = 32), extend("x-kubernetes-list-type" = "set"))]
    pub actions: Vec<Action>,
    /// Where, beside this grant's own namespace. Only grants in the system namespace may name others; * is every one.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    #[schemars(length(max = 64), inner(length(min = 1, max = 63)), extend("x-kubernetes-list-type" = "set"))]
    pub namespaces: Vec<String>,
    /// The workspaces by their labels; every one when left out.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub selector: Option<Selector>,
    /// The limits within which it is allowed.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub constraints: Option<Constraints>,
    /// From when on it holds; at once when left out.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub not_before: Option<Time>,
    /// Until when it holds; for ever when left out.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub not_after: Option<Time>,
}

/// Somebody who is allowed something.
#[derive(Clone, Debug, PartialEq, Eq, Hash, Serialize, Deserialize, JsonSchema)]
pub struct GrantSubject {
    /// A user, everybody with a role, everybody of an organization, or an agent that acts for somebody.
    pub kind: SubjectKind,
    /// The name; * is every one of the kind.
    #[schemars(length(min = 1, max = 100))]
    pub name: String,
}

/// What kind of somebody.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, Serialize, Deserialize, JsonSchema)]
pub enum SubjectKind {
    /// A user.
    User,
    /// Everybody with a role.
    Role,
    /// Everybody of an organization.
    Org,
    /// A program that acts for somebody.
    Agent,
}

/// Something that can be allowed.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "camelCase")]
pub enum Action {
    /// Make a workspace.
    Launch,
    /// Delete one.
    Delete,
    /// Stop or delete all that the grant selects.
    StopAll,
    /// Read logs.
    ReadLogs,
    /// Reach ports through the reverse proxy.
    Proxy,
    /// Start one that is stopped.
    Start,
    /// Stop one.
    Stop,
    /// Open terminals and run commands.
    Connect,
    /// Read and write files.
    Files,
    /// Start, stop and install apps.
    Apps,
    /// Expose one outside the cluster.
    Expose,
    /// Share one with others.
    Share,
    /// Inject one into a workload.
    Inject,
    /// Attach one to a running pod.
    Attach,
    /// Take snapshots.
    Snapshot,
    /// Make a copy of one.
    Fork,
    /// Change what one may use.
    Resize,
    /// Write the owner and organization of somebody else into a workspace.
    ImpersonateOwner,
    /// Everything of this list.
    Admin,
}

impl Action {
    /// All of them.
    pub const ALL: &'static [Self] = &[
        Self::Launch,
        Self::Delete,
        Self::StopAll,
        Self::ReadLogs,
        Self::Proxy,
        Self::Start,
        Self::Stop,
        Self::Connect,
        Self::Files,
        Self::Apps,
        Self::Expose,
        Self::Share,
        Self::Inject,
        Self::Attach,
        Self::Snapshot,
        Self::Fork,
        Self::Resize,
        Self::ImpersonateOwner,
        Self::Admin,
    ];

    /// The word in the object.
    #[must_use]
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Launch => "launch",
            Self::Delete => "delete",
            Self::StopAll => "stopAll",
            Self::ReadLogs => "readLogs",
            Self::Proxy => "proxy",
            Self::Start => "start",
            Self::Stop => "stop",
            Self::Connect => "connect",
            Self::Files => "files",
            Self::Apps => "apps",
            Self::Expose => "expose",
            Self::Share => "share",
            Self::Inject => "inject",
            Self::Attach => "attach",
            Self::Snapshot => "snapshot",
            Self::Fork => "fork",
            Self::Resize => "resize",
            Self::ImpersonateOwner => "impersonateOwner",
            Self::Admin => "admin",
        }
    }
}

impl fmt::Display for Action {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.as_str())
    }
}

/// Limits. A limit that is left out does not bind.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "camelCase")]
pub struct Constraints {
    /// Images that may run, with * as a wildcard.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    #[schemars(length(max = 64), inner(length(min = 1, max = 512)), extend("x-kubernetes-list-type" = "set"))]
    pub images: Vec<String>,
    /// Ports that may be listened on, reached and exposed.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    #[schemars(length(max = 64), extend("x-kubernetes-list-type" = "atomic"))]
    pub ports: Vec<PortRange>,
    /// How many workspaces of this grant may exist at once.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[schemars(range(min = 0, max = 1000000))]
    pub max_concurrent: Option<i32>,
    /// Blueprints that may be used, with * as a wildcard.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    #[schemars(length(max = 64), inner(length(min = 1, max = 63)), extend("x-kubernetes-list-type" = "set"))]
    pub blueprints: Vec<String>,
    /// Network classes that may be used; all but system when left out.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    #[schemars(length(max = 5), extend("x-kubernetes-list-type" = "set"))]
    pub network_classes: Vec<NetworkClass>,
    /// Ways of exposing that may be used.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    #[schemars(length(max = 4), extend("x-kubernetes-list-type" = "set"))]
    pub exposures: Vec<ExposureType>,
    /// The most that one workspace may use.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub max_resources: Option<MaxResources>,
    /// The longest that a workspace may exist.
    #[serde(default, rename = "maxTTL", skip_serializing_if = "Option::is_none")]
    pub max_ttl: Option<Span>,
}

/// The most that one workspace may use.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub struct MaxResources {
    /// Processors.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub cpu: Option<Quantity>,
    /// Memory in bytes.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub memory: Option<Quantity>,
    /// Storage of all its volumes, in bytes.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub storage: Option<Quantity>,
}

/// How a grant is. The operator alone writes it.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "camelCase")]
pub struct GrantStatus {
    /// The generation of the spec that this status was made for.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub observed_generation: Option<i64>,
    /// How many workspaces it selects now.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[schemars(range(min = 0))]
    pub matched: Option<i32>,
    /// How many workspaces were launched by it and exist.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[schemars(range(min = 0))]
    pub in_use: Option<i32>,
    /// What was found out about it.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    #[schemars(length(max = 16), extend("x-kubernetes-list-type" = "map", "x-kubernetes-list-map-keys" = ["type"]))]
    pub conditions: Vec<Condition>,
}
