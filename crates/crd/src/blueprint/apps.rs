//! What is started in a workspace: scripts once, apps as long as it runs.

use crate::scalar::Span;
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

/// A script that runs once, as the user, when the workspace is first started.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub struct InitScript {
    /// Its name: a script runs once per name.
    #[schemars(length(min = 1, max = 63))]
    pub name: String,
    /// Its text, at most 64 KiB.
    #[schemars(length(max = 65536))]
    pub script: String,
}

/// A program that the agent installs, starts and keeps running.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "camelCase")]
pub struct App {
    /// The name that people see.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[schemars(length(max = 100))]
    pub name: Option<String>,
    /// Whether it is there at all; false when left out.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub enabled: Option<bool>,
    /// Its program file. It is installed only where this is absent.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[schemars(length(max = 1024))]
    pub binary: Option<String>,
    /// The command that prints its version.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    #[schemars(length(max = 64), inner(length(max = 4096)))]
    pub version_cmd: Vec<String>,
    /// The expression that finds the version in what is printed.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[schemars(length(max = 1024))]
    pub version_regex: Option<String>,
    /// The script that installs it, at most 64 KiB.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[schemars(length(max = 65536))]
    pub install: Option<String>,
    /// The command that starts it.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    #[schemars(length(max = 64), inner(length(max = 4096)))]
    pub start: Vec<String>,
    /// Where it listens: a port, or an address and a port.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[schemars(length(max = 100))]
    pub listen: Option<String>,
    /// When it is started again; always when left out.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[schemars(with = "RestartPolicy")]
    pub restart_policy: Option<RestartPolicy>,
    /// The longest wait before it is started again; 60s when left out.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub max_restart_backoff: Option<Span>,
    /// Whether the install script runs as root; false when left out.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub install_as_root: Option<bool>,
    /// Whether it is started with the workspace; false when left out.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub auto_start: Option<bool>,
    /// What it speaks.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[schemars(with = "AppProtocol")]
    pub protocol: Option<AppProtocol>,
}

/// When an app is started again.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "kebab-case")]
pub enum RestartPolicy {
    /// Whenever it ends.
    Always,
    /// When it ends with an error.
    OnFailure,
    /// Not at all.
    Never,
}

/// What an app speaks.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "lowercase")]
pub enum AppProtocol {
    /// HTTP.
    Http,
    /// HTTP over TLS.
    Https,
    /// WebSocket.
    Ws,
    /// WebSocket over TLS.
    Wss,
    /// Bytes over TCP.
    Tcp,
    /// UDP.
    Udp,
}

/// The workspace's main route through the proxy.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub struct WebProxy {
    /// The port it leads to.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[schemars(range(min = 1, max = 65535))]
    pub port: Option<u16>,
    /// A short host name, unique in the organization.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[schemars(length(min = 1, max = 40))]
    pub alias: Option<String>,
    /// The roles that may use it; the owner alone when left out.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    #[schemars(length(max = 32), inner(length(max = 100)), extend("x-kubernetes-list-type" = "set"))]
    pub roles: Vec<String>,
}
