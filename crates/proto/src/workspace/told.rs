//! What a daemon tells of its workspace in answers to requests, as JSON: ports, apps, lines of logs, the machine.
//!
//! Members are added, never renamed: a caller of another version reads what it knows.

use std::borrow::Cow;

use serde::{Deserialize, Serialize};

/// A port that somebody in the workspace listens on: `GET /api/v1/ports`.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(default)]
pub struct Port {
    /// Which one.
    pub port: u16,
    /// Where: `0.0.0.0`, `127.0.0.1`, `::`. In their order, each once.
    pub addresses: Vec<String>,
    /// Only the workspace itself, and who tunnels, reaches it.
    pub loopback: bool,
    /// The account that opened it.
    pub uid: u32,
    /// Who listens, when the daemon can see it.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub pid: Option<i32>,
    /// The name of that process; empty when it cannot be seen.
    pub process: String,
    /// The app that is said to listen here.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub app: Option<String>,
    /// The name that the blueprint gives the port.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub name: Option<String>,
}

/// An app of the workspace: `GET /api/v1/apps`.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(default)]
pub struct App {
    /// Its key in the blueprint.
    pub id: String,
    /// For people.
    pub name: String,
    /// What it is doing.
    pub state: AppState,
    /// Its program is there.
    pub installed: bool,
    /// Somebody listens on its port; of one without a port: it runs.
    pub ready: bool,
    /// What it says its version is; empty until it was asked.
    pub version: String,
    /// Where it listens.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub port: Option<u16>,
    /// What it speaks there: `http`, `https`, `ws`, `wss`, `tcp` or `udp`.
    pub protocol: String,
    /// Its first process.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub pid: Option<i32>,
    /// When it was started last, epoch milliseconds.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub started_ms: Option<u64>,
    /// When it is started again.
    #[serde(skip_serializing_if = "Option::is_none")]
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

/// What an app is doing.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum AppState {
    /// Nothing, as was asked for.
    #[default]
    Stopped,
    /// It is being installed.
    Installing,
    /// It was started, and does not listen yet.
    Starting,
    /// It runs.
    Running,
    /// It is asked to end.
    Stopping,
    /// It ended, and is started again in a while.
    Waiting,
    /// It ended, or could not be installed or started, and is left so.
    Failed,
}

/// A line of a log: `GET /api/v1/logs`, `GET /api/v1/apps/ID/logs`.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(default)]
pub struct Line {
    /// Counts the lines of its log, from 1.
    pub id: u64,
    /// Epoch milliseconds.
    pub ms: u64,
    /// `info`, `warn` or `error`; of a program's output `out` or `err`.
    pub level: Cow<'static, str>,
    /// Which part of the daemon, or `init:NAME`; in an app's own log `app` or `install`.
    pub component: String,
    /// What happened.
    pub text: String,
}

/// Which lines of a log.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Lines {
    /// Those after this one.
    pub after: u64,
    /// Of this component alone.
    pub component: Option<String>,
    /// Of this level alone.
    pub level: Option<String>,
    /// The newest, at most so many; 200 unless said.
    pub limit: Option<u32>,
}

impl Lines {
    /// As the query of a path: empty, or with its question mark.
    #[must_use]
    pub fn query(&self) -> String {
        let plain = |text: &Option<String>| {
            let fits = |one: &char| one.is_ascii_alphanumeric() || "-_.:".contains(*one);
            text.as_ref().map(|text| text.chars().filter(fits).collect::<String>())
        };
        let parts = [
            Some(self.after).filter(|after| *after > 0).map(|after| format!("after={after}")),
            plain(&self.component).map(|component| format!("component={component}")),
            plain(&self.level).map(|level| format!("level={level}")),
            self.limit.map(|limit| format!("limit={limit}")),
        ];
        let parts: Vec<String> = parts.into_iter().flatten().collect();
        if parts.is_empty() { String::new() } else { format!("?{}", parts.join("&")) }
    }
}

/// The machine as the workspace has it: `GET /api/v1/sysinfo`.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
#[serde(default)]
pub struct System {
    /// Processor time in use, thousandths of a core.
    pub cpu_millicores: u64,
    /// How much may be in use; `None` without a limit.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub cpu_limit_millicores: Option<u64>,
    /// Memory in use that cannot be given back at once, bytes.
    pub memory_bytes: u64,
    /// How much may be in use; `None` without a limit.
    #[serde(skip_serializing_if = "Option::is_none")]
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
    pub mounts: Vec<Mount>,
}

/// A file system of the workspace.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(default)]
pub struct Mount {
    /// Where it is seen.
    pub path: String,
    /// `ext4`, `overlay` and so on.
    pub kind: String,
    /// How large it is.
    pub bytes: u64,
    /// How much the user may still write.
    pub bytes_free: u64,
    /// How many files it can hold; 0 where that is not said.
    pub inodes: u64,
    /// How many more.
    pub inodes_free: u64,
}
