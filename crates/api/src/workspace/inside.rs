//! What a workspace's daemon tells doors, as they hand it on: apps, ports, lines, the machine. A test of the gateway holds these
//! forms against what daemons say.

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

/// `POST …/open`: leads one browser in.
#[derive(Clone, Debug, Serialize, Deserialize, JsonSchema)]
pub struct WorkspaceOpened {
    /// Works once, for half a minute, in the browser that asked.
    pub url: String,
}

/// `GET …/apps`
#[derive(Clone, Debug, Serialize, Deserialize, JsonSchema)]
pub struct WorkspaceApps {
    /// By their ids.
    pub apps: Vec<WorkspaceApp>,
}

/// `POST …/apps/{app}/{act}`: as it is then. What takes long is only begun.
#[derive(Clone, Debug, Serialize, Deserialize, JsonSchema)]
pub struct WorkspaceAppDone {
    /// The app.
    pub app: WorkspaceApp,
}

/// An app.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct WorkspaceApp {
    /// Its key in the blueprint.
    pub id: String,
    /// For people.
    pub name: String,
    /// `stopped`, `installing`, `starting`, `running`, `stopping`, `waiting` or `failed`.
    pub state: String,
    /// Its program is there.
    pub installed: bool,
    /// Somebody listens on its port; of one without a port: it runs.
    pub ready: bool,
    /// What it says its version is; empty where it says none.
    pub version: String,
    /// Where it listens.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub port: Option<u16>,
    /// What it speaks there: `http`, `https`, `ws`, `wss`, `tcp` or `udp`.
    pub protocol: String,
    /// Its first process.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub pid: Option<i32>,
    /// When it was started last, epoch milliseconds.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub started_ms: Option<u64>,
    /// When it is started again, epoch milliseconds.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub next_start_ms: Option<u64>,
    /// How often it was started again by itself.
    pub restarts: u32,
    /// How it, or its installation, ended last, in words.
    pub ended: String,
    /// Started with the workspace.
    pub auto_start: bool,
    /// It can be installed.
    pub installable: bool,
}

/// `GET …/apps/{app}/logs`
#[derive(Clone, Debug, Serialize, Deserialize, JsonSchema)]
pub struct WorkspaceLines {
    /// The oldest first.
    pub lines: Vec<WorkspaceLine>,
}

/// A line of an app's log; also each `event: line` of one that is followed.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct WorkspaceLine {
    /// Counts the lines of its log, from 1; also the message's `id`.
    pub id: u64,
    /// Epoch milliseconds.
    pub ms: u64,
    /// `info`, `warn` or `error`; of a program's output `out` or `err`.
    pub level: String,
    /// `app` or `install`.
    pub component: String,
    /// What happened.
    pub text: String,
}

/// `GET …/ports`
#[derive(Clone, Debug, Serialize, Deserialize, JsonSchema)]
pub struct WorkspacePorts {
    /// In their order.
    pub ports: Vec<WorkspacePortSeen>,
}

/// A port on which somebody listens, an app's or not.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct WorkspacePortSeen {
    /// Which one.
    pub port: u16,
    /// Where: `0.0.0.0`, `127.0.0.1`, `::`.
    pub addresses: Vec<String>,
    /// Only the workspace itself, and who is led through its daemon, reaches it.
    pub loopback: bool,
    /// The account that opened it.
    pub uid: u32,
    /// Who listens, when the daemon can see it.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub pid: Option<i32>,
    /// The name of that process; empty when it cannot be seen.
    pub process: String,
    /// The app that is said to listen here.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub app: Option<String>,
    /// The name that the blueprint gives the port.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub name: Option<String>,
}

/// `GET …/sysinfo`: the machine as the workspace has it.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct WorkspaceSystem {
    /// Processor time in use, thousandths of a core.
    pub cpu_millicores: u64,
    /// How much may be in use.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub cpu_limit_millicores: Option<u64>,
    /// Memory in use that cannot be given back at once, bytes.
    pub memory_bytes: u64,
    /// How much may be in use.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub memory_limit_bytes: Option<u64>,
    /// Of the node: processes that run or wait, over 1, 5 and 15 minutes.
    pub load: [f64; 3],
    /// Processes in the workspace.
    pub processes: u64,
    /// On whose behalf shells are open, each once.
    pub users: Vec<String>,
    /// Since the daemon started.
    pub uptime_seconds: u64,
    /// File systems.
    pub mounts: Vec<WorkspaceMount>,
}

/// A file system of the workspace.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct WorkspaceMount {
    /// Where it is seen.
    pub path: String,
    /// `ext4`, `overlay` and so on.
    pub kind: String,
    /// How large it is, bytes.
    pub bytes: u64,
    /// How much the user may still write.
    pub bytes_free: u64,
    /// How many files it can hold; 0 where that is not said.
    pub inodes: u64,
    /// How many more.
    pub inodes_free: u64,
}
