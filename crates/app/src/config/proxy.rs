//! `[proxy]`: the door to apps of workspaces.

use proxy::By;
use serde::{Deserialize, Serialize};
use std::sync::Arc;

/// `[proxy]`
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields, default)]
pub struct Proxy {
    /// The ways to workspaces, in the order in which they are tried: `tunnel`, `pod`, `forward`, `api`. Empty: all of them,
    /// and `pod` only from within the cluster.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub ways: Vec<By>,
}

impl Proxy {
    /// The ways that are tried.
    pub(crate) fn ways(&self) -> Arc<[By]> {
        if !self.ways.is_empty() {
            return self.ways.as_slice().into();
        }
        let inside = std::env::var_os("KUBERNETES_SERVICE_HOST").is_some();
        By::ALL.into_iter().filter(|by| inside || *by != By::Pod).collect()
    }
}
