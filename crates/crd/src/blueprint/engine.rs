//! The container engine beside a workspace, and the agent in it.

use super::security::SecurityContext;
use super::volumes::StorageVolume;
use crate::workspace::Amounts;
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};
use std::collections::BTreeMap;

/// When an image is pulled.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub enum PullPolicy {
    /// Before each start.
    Always,
    /// Not at all: it has to be on the node.
    Never,
    /// When the node does not have it.
    IfNotPresent,
}

/// A rootless container engine in a sidecar.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "camelCase")]
pub struct Engine {
    /// Whether it is there; false when left out.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub enabled: Option<bool>,
    /// Its image, required where it is enabled.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[schemars(length(min = 1, max = 512))]
    pub image: Option<String>,
    /// What it may use; 500m and 512Mi when left out.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub resources: Option<Amounts>,
    /// Whether /var/run/docker.sock leads to its socket.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub create_docker_sock_symlink: Option<bool>,
    /// Whether it sees the workspace's storages; true when left out.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub parent_storages: Option<bool>,
    /// Files that stand in it, by path.
    #[serde(default, skip_serializing_if = "BTreeMap::is_empty")]
    #[schemars(extend("maxProperties" = 64, "maxLength" = 262144))]
    pub ext_files: BTreeMap<String, String>,
    /// Storages of its own, by name.
    #[serde(default, skip_serializing_if = "BTreeMap::is_empty")]
    #[schemars(extend("maxProperties" = 32))]
    pub storages: BTreeMap<String, StorageVolume>,
    /// Rights of its container.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub security_context: Option<SecurityContext>,
}

/// The agent in a workspace.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "camelCase")]
pub struct Agent {
    /// Its image; that of this release when left out.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[schemars(length(min = 1, max = 512))]
    pub image: Option<String>,
    /// When its image is pulled; IfNotPresent when left out.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[schemars(with = "PullPolicy")]
    pub image_pull_policy: Option<PullPolicy>,
    /// Expressions over commands: processes that outlive their session and are left alone.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    #[schemars(length(max = 64), inner(length(max = 1024)))]
    pub ignore_orphans: Vec<String>,
    /// Read from older files, and without effect: only the gateway's certificate opens an agent.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub connection: Option<AgentConnection>,
}

/// Settings of older files, without effect.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub struct AgentConnection {
    /// Without effect.
    #[serde(default, rename = "allowAnyNS", skip_serializing_if = "Option::is_none")]
    pub allow_any_ns: Option<bool>,
    /// Without effect.
    #[serde(default, rename = "allowAnySA", skip_serializing_if = "Option::is_none")]
    pub allow_any_sa: Option<bool>,
}
