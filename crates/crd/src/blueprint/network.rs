//! What may reach a workspace, and what it may reach.

use crate::workspace::Protocol;
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};
use std::collections::BTreeMap;

/// The network of a workspace: one class, and exceptions from it.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "camelCase")]
pub struct Network {
    /// Who may reach the workspace, and whom it may reach. A lower layer may only choose a tighter class.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[schemars(with = "NetworkClass")]
    pub network_policy_class: Option<NetworkClass>,
    /// Address ranges that it may reach beside its class, IPv4 or IPv6: 10.1.0.0/16.
    #[serde(default, rename = "allowEgressToCIDRs", skip_serializing_if = "Vec::is_empty")]
    #[schemars(length(max = 64), inner(length(max = 64)))]
    pub allow_egress_to_cidrs: Vec<String>,
    /// Labels of pods that it may reach beside its class, one map for each set of pods.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    #[schemars(length(max = 32))]
    pub allow_egress_to_pods: Vec<BTreeMap<String, String>>,
    /// Hosts that it may reach by name: registry.example.com, *.example.com.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    #[schemars(length(max = 64), inner(length(max = 253)))]
    pub allow_egress_to_hosts: Vec<String>,
    /// Address ranges that it may not reach, whatever its class says.
    #[serde(default, rename = "denyEgressToCIDRs", skip_serializing_if = "Vec::is_empty")]
    #[schemars(length(max = 64), inner(length(max = 64)))]
    pub deny_egress_to_cidrs: Vec<String>,
    /// Ports on which it takes connections.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    #[schemars(length(max = 64), extend("x-kubernetes-list-type" = "map", "x-kubernetes-list-map-keys" = ["containerPort", "protocol"]))]
    pub ports: Vec<NetworkPort>,
}

/// A class of networks, the tightest first.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "lowercase")]
pub enum NetworkClass {
    /// Only the gateway comes in; DNS and the internet are reached.
    Isolated,
    /// And workspaces of the same owner.
    User,
    /// And workspaces of the same blueprint and organization.
    Workspace,
    /// And workspaces of the organization.
    Organization,
    /// Open inside the ranges that the administrator lists.
    System,
}

/// A port of a workspace's network.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "camelCase")]
pub struct NetworkPort {
    /// Its name.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[schemars(length(min = 1, max = 63))]
    pub name: Option<String>,
    /// Its number.
    #[schemars(range(min = 1, max = 65535))]
    pub container_port: u16,
    /// Its protocol.
    #[serde(default)]
    pub protocol: Protocol,
}
