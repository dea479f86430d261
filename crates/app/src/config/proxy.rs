//! `[proxy]`: the door to apps of workspaces.

use proxy::{By, Times};
use serde::{Deserialize, Serialize};
use std::sync::Arc;
use std::time::Duration;

/// `[proxy]`
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields, default)]
pub struct Proxy {
    /// The ways to workspaces, in the order in which they are tried: `tunnel`, `pod`, `forward`, `api`. Empty: all of them,
    /// and `pod` only from within the cluster.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub ways: Vec<By>,
    /// Seconds after which a connection on which nothing moves is closed. Nothing: ten minutes.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub idle_seconds: Option<u64>,
    /// The same for WebSockets and other connections that became another protocol. Nothing: an hour.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub upgraded_idle_seconds: Option<u64>,
}

impl Proxy {
    /// How long is waited, and for what; a second at least.
    pub(crate) fn times(&self) -> Times {
        let usual = Times::default();
        let of = |seconds: Option<u64>, usual| seconds.map_or(usual, |seconds| Duration::from_secs(seconds.max(1)));
        Times {
            rest: of(self.idle_seconds, usual.rest),
            upgraded: of(self.upgraded_idle_seconds, usual.upgraded),
            ..usual
        }
    }

    /// The ways that are tried.
    pub(crate) fn ways(&self) -> Arc<[By]> {
        if !self.ways.is_empty() {
            return self.ways.as_slice().into();
        }
        let inside = std::env::var_os("KUBERNETES_SERVICE_HOST").is_some();
        By::ALL.into_iter().filter(|by| inside || *by != By::Pod).collect()
    }
}
