//! `[proxy]`: the door to apps of workspaces.

use ipnet::IpNet;
use proxy::{By, Limits, Rate, Route, Times};
use serde::{Deserialize, Serialize};
use std::sync::Arc;
use std::time::Duration;

/// What `/proxy/…` on the console's origin does.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum PathMode {
    /// It leads to the host of the app.
    #[default]
    Redirect,
    /// It serves the app in place, below a path of its own.
    SameOrigin,
}

impl PathMode {
    fn is_usual(&self) -> bool {
        *self == Self::default()
    }
}

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
    /// Requests to apps that one person may make in a second; 0: as many as come. Nothing: 1,000.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub requests_per_second: Option<u32>,
    /// How many at once before that counts. Nothing: five seconds' worth.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub requests_at_once: Option<u32>,
    /// Seconds for which requests of programs to a workspace that wakes are held, 30 at most. Nothing: they are answered at once.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub hold_seconds: Option<u64>,
    /// Apps are told who comes, by a signed `X-Qd-User`.
    #[serde(skip_serializing_if = "std::ops::Not::not")]
    pub tell_user: bool,
    /// What `/proxy/…` does: `redirect` to the host of the app; `same-origin` serves it on the console's origin, for places that have no
    /// names for apps.
    #[serde(skip_serializing_if = "PathMode::is_usual")]
    pub path_mode: PathMode,
    /// Networks of proxies before this door, as `10.0.0.0/8`: what they say of who comes is told to apps. What others say is not.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub trusted: Vec<IpNet>,
    /// How long bodies of requests may be, and where: the first that fits counts. Where none does there is no bound.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub routes: Vec<Route>,
}

impl Proxy {
    /// What whoever runs this is to know, where apps are served on the console's origin.
    pub(crate) fn warning(&self) -> Option<&'static str> {
        let words = "proxy.path_mode is \"same-origin\": apps of workspaces are served on the console's own origin, kept apart from it by the \
                     browser's sandbox alone; hosts for apps (serve.apps_domain) keep them apart better";
        self.in_place().then_some(words)
    }

    /// Whether apps are served on the console's origin.
    pub(crate) fn in_place(&self) -> bool {
        self.path_mode == PathMode::SameOrigin
    }

    /// How long is waited, and for what; a second at least.
    pub(crate) fn times(&self) -> Times {
        let usual = Times::default();
        let of = |seconds: Option<u64>, usual| seconds.map_or(usual, |seconds| Duration::from_secs(seconds.max(1)));
        Times {
            rest: of(self.idle_seconds, usual.rest),
            upgraded: of(self.upgraded_idle_seconds, usual.upgraded),
            hold: Duration::from_secs(self.hold_seconds.unwrap_or_default().min(30)),
            ..usual
        }
    }

    /// What is bounded.
    pub(crate) fn limits(&self) -> Limits {
        let per_second = self.requests_per_second.unwrap_or(PER_SECOND);
        let burst = self.requests_at_once.unwrap_or(per_second.saturating_mul(5)).max(1);
        let rate = (per_second > 0).then_some(Rate { per_second, burst });
        Limits { rate, routes: self.routes.as_slice().into() }
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

/// Far more than pages of an IDE ask for.
const PER_SECOND: u32 = 1_000;
