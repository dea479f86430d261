//! Actions on traffic.

use super::ObjectTarget;
use base::ClusterName;
use serde::{Deserialize, Serialize};

/// How much of packets leaves a pod.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Hash, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum PacketLevel {
    /// None: records alone.
    None,
    /// Headers up to the transport.
    #[default]
    Headers,
    /// With payload; secrets are masked.
    Masked,
    /// As captured.
    Full,
}

/// Taps the traffic of pods. The permit is held as long as the tap runs.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct TapStart {
    /// The pods that were there when it was asked for.
    pub pods: Vec<ObjectTarget>,
    /// What is followed: pods of these join while the tap runs. Without any, `pods` are all there will ever be.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub scope: Vec<TapScope>,
    /// How much of packets is asked for.
    pub packets: PacketLevel,
    /// Secrets leave as they are.
    pub unredacted: bool,
    /// The capture filter, as written; empty for all.
    #[serde(default, skip_serializing_if = "String::is_empty")]
    pub filter: String,
    /// Seconds after which it ends by itself.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub seconds: Option<u64>,
    /// Where admission lets nothing less through that sees packets, the container may be privileged.
    #[serde(default, skip_serializing_if = "std::ops::Not::not")]
    pub privileged: bool,
}

/// Taps pods that share the network of their nodes: what is seen is the traffic of the node. Decided beside the tap's own
/// start, and held as long as the tap runs.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct TapHostNetwork {
    /// The pods that were there when it was asked for, those with networks of their own among them.
    pub pods: Vec<ObjectTarget>,
    /// What is followed.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub scope: Vec<TapScope>,
}

/// Pods that a tap follows. Every member narrows it; a pod outside of all scopes of its permit is never tapped.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct TapScope {
    /// The cluster.
    pub cluster: ClusterName,
    /// Namespaces, with `*` for any text and `!` before those left out; empty is all of them.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub namespaces: Vec<String>,
    /// Label selector; empty takes every pod.
    #[serde(default, skip_serializing_if = "String::is_empty")]
    pub selector: String,
    /// Names of pods; empty takes every pod.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub names: Vec<String>,
    /// The node they run on; empty for any.
    #[serde(default, skip_serializing_if = "String::is_empty")]
    pub node: String,
    /// The object whose pods these are, as asked for: `deployments.apps/front`. Its selector stands in `selector`.
    #[serde(default, skip_serializing_if = "String::is_empty")]
    pub object: String,
}

impl std::fmt::Display for TapScope {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        let mut words = Vec::new();
        if self.object.is_empty() && !self.selector.is_empty() {
            words.push(format!("-l {}", self.selector));
        }
        if !self.object.is_empty() {
            words.push(self.object.clone());
        }
        words.extend(self.names.iter().cloned());
        if self.object.is_empty() && !self.node.is_empty() {
            words.push(format!("node {}", self.node));
        }
        if words.is_empty() {
            words.push("pods".to_owned());
        }
        let namespaces =
            if self.namespaces.is_empty() { "all namespaces".to_owned() } else { self.namespaces.join(",") };
        write!(f, "{} of {namespaces} in {}", words.join(" "), self.cluster)
    }
}
