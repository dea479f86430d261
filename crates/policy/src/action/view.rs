//! Actions that look: rows, clusters, the journal.

use base::ClusterName;
use serde::{Deserialize, Serialize};

/// Opens live rows of a kind. The permit is held as long as the view is open.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct ObjectView {
    /// `plural` or `plural.group`.
    pub kind: String,
    /// Clusters to merge.
    pub clusters: Vec<ClusterName>,
    /// Namespaces; empty is all of them.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub namespaces: Vec<String>,
}

/// Opens the live list of clusters, their states, kinds and counts.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct ClusterView {
    /// Clusters; empty is all that are configured.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub clusters: Vec<ClusterName>,
    /// Namespaces that are counted; empty is all of them.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub namespaces: Vec<String>,
}

/// Makes the clusters of another kubeconfig known to this process.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct ClusterAdd {
    /// The kubeconfig: a file of this machine; empty when its text was given.
    pub file: String,
}

/// Reads entries of the journal.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct AuditQuery {
    /// From this moment on, epoch milliseconds.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub from_ms: Option<i64>,
    /// Before this moment, epoch milliseconds.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub to_ms: Option<i64>,
    /// Only of this principal.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub principal: Option<String>,
    /// Only this action, or several with commas between them.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub action: Option<String>,
    /// Only about this object: `cluster/kind/namespace/name`.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub object: Option<String>,
    /// Only of this decision.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub decision: Option<String>,
}

/// Checks the chains of the whole journal.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct AuditVerify {}

/// Opens the console in a browser: a one-time code is exchanged for a session.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct SessionOpen {
    /// What was shown.
    pub key: SessionKey,
    /// Attempts that the entry stands for: refused ones that come in a flock are told together.
    pub attempts: u32,
}

/// What somebody shows to be let in.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum SessionKey {
    /// The code of a one-time URL.
    Code,
    /// The run token of a program.
    Token,
}
