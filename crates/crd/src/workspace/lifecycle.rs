//! When a workspace stops, starts and ends.

use crate::scalar::{Span, Time};
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

/// When a workspace stops, starts and ends. A length of `0` is never; blueprint and quota may cap each.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "camelCase")]
pub struct Lifecycle {
    /// How long nobody has to use it before it is stopped; 2h when left out.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub idle_timeout: Option<Span>,
    /// How long before that it warns; 10m when left out.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub idle_warning: Option<Span>,
    /// How long it may run at a stretch.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub max_running: Option<Span>,
    /// When it is stopped by the clock.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub stop_at: Option<Schedule>,
    /// When it is started by the clock.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub start_at: Option<Schedule>,
    /// How long it may be stopped before it is deleted.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub delete_after_stopped: Option<Span>,
    /// When it is deleted in any case.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub expires_at: Option<Time>,
    /// What starts it when it is stopped; nothing but people when left out.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    #[schemars(length(max = 4), extend("x-kubernetes-list-type" = "set"))]
    pub wake_on: Vec<Wake>,
}

impl Lifecycle {
    /// The idle timeout where nobody says another, in seconds.
    pub const IDLE_TIMEOUT: u64 = 2 * 3_600;
    /// How long before the idle stop is warned where nobody says otherwise, in seconds.
    pub const IDLE_WARNING: u64 = 600;
}

/// Points in time by the clock.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub struct Schedule {
    /// Minute, hour, day of the month, month, day of the week, as cron has them: 0 19 * * 1-5.
    #[schemars(length(min = 9, max = 128), regex(pattern = r"^\S+ \S+ \S+ \S+ \S+$"))]
    pub cron: String,
    /// The zone of the clock: Europe/Berlin. UTC when left out.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[schemars(length(min = 1, max = 64))]
    pub timezone: Option<String>,
}

/// What starts a stopped workspace.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "lowercase")]
pub enum Wake {
    /// A login over SSH.
    Ssh,
    /// A request to one of its hosts.
    Http,
    /// A connection over the overlay network.
    Overlay,
    /// A call of the API.
    Api,
}
