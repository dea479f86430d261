//! What is set of the paths of earlier products: `[compat]`.

use serde::{Deserialize, Serialize};

/// `[compat]`
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields, default)]
pub struct Compat {
    /// Serves the paths of GuildNet beside our own.
    pub guildnet: bool,
    /// Labels of earlier products stand on objects of workspaces as well, for what selects by them.
    pub labels: bool,
    /// The cluster that they are about. Unset: that of the current context.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub cluster: Option<String>,
    /// The namespace that they are about. Unset: that of the cluster's context.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub namespace: Option<String>,
    /// What this place is called there.
    pub name: String,
    /// One other origin whose pages may ask them, with cookies: `https://localhost:5173`.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub origin: Option<String>,
}

impl Default for Compat {
    fn default() -> Self {
        let (guildnet, labels, name) = (false, false, "Quarterdeck".to_owned());
        Self { guildnet, labels, cluster: None, namespace: None, name, origin: None }
    }
}
