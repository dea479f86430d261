//! Actions on single objects, and the making of plans.

use base::ClusterName;
use serde::{Deserialize, Serialize};

/// Names one object.
#[derive(Clone, Debug, PartialEq, Eq, Hash, PartialOrd, Ord, Serialize, Deserialize)]
pub struct ObjectTarget {
    /// The cluster.
    pub cluster: ClusterName,
    /// `plural` or `plural.group`.
    pub kind: String,
    /// Empty for cluster-scoped kinds.
    #[serde(default, skip_serializing_if = "String::is_empty")]
    pub namespace: String,
    /// The name.
    pub name: String,
}

impl ObjectTarget {
    /// The kind of workspaces.
    pub const WORKSPACES: &'static str = "workspaces.quarterdeck.dev";

    /// Names a workspace.
    pub fn workspace(cluster: &ClusterName, namespace: impl Into<String>, name: impl Into<String>) -> Self {
        let (namespace, name) = (namespace.into(), name.into());
        Self { cluster: cluster.clone(), kind: Self::WORKSPACES.to_owned(), namespace, name }
    }

    /// `cluster/kind/namespace/name`: the value of an object's anchor.
    #[must_use]
    pub fn anchor(&self) -> String {
        format!("{}/{}/{}/{}", self.cluster, self.kind, self.namespace, self.name)
    }
}

impl std::fmt::Display for ObjectTarget {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(f, "{} ", self.kind)?;
        if !self.namespace.is_empty() {
            write!(f, "{}/", self.namespace)?;
        }
        write!(f, "{} in {}", self.name, self.cluster)
    }
}

/// What becomes of an object's dependents.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Propagation {
    /// They are deleted afterwards.
    #[default]
    Background,
    /// They are deleted first.
    Foreground,
    /// They stay.
    Orphan,
}

/// Reads one object for its detail; values of Secrets stay masked.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct ObjectRead {
    /// Which.
    pub object: ObjectTarget,
}

/// Reads the value of one key of a Secret.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct SecretReveal {
    /// The Secret.
    pub object: ObjectTarget,
    /// The key.
    pub key: String,
}

/// Asks the API server to try (dry-run) what a plan would do.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct PlanMake {
    /// Name of the action that is planned.
    pub action: String,
    /// On these.
    pub objects: Vec<ObjectTarget>,
}

/// Deletes an object.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct ObjectDelete {
    /// Which.
    pub object: ObjectTarget,
    /// What becomes of its dependents.
    pub propagation: Propagation,
    /// Seconds to end in; the object's own when absent.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub grace_seconds: Option<u32>,
    /// Only if it is still this one: an object of the same name made since is left alone.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub uid: Option<String>,
    /// How many objects the plan deletes in all; 1 for this alone.
    pub batch: u32,
}

/// Sets the number of replicas.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct ObjectScale {
    /// Which.
    pub object: ObjectTarget,
    /// Replicas wanted.
    pub replicas: u32,
    /// How many objects the plan scales in all.
    pub batch: u32,
}

/// Restarts a deployment, daemon set or stateful set.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct RolloutRestart {
    /// Which.
    pub object: ObjectTarget,
    /// How many objects the plan restarts in all.
    pub batch: u32,
}
