//! What is said of a tap beside its records: counters, agents, marks, what a filter would choose, what keys did.

use crate::error::ErrorBody;
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};
use ts_rs::TS;

/// `GET /api/v1/taps/{id}/stats`: what a tap came to.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize, TS, JsonSchema)]
#[ts(export_to = "api.ts")]
pub struct TapStats {
    /// Sums over all pods.
    pub totals: super::TapTotals,
    /// Records that came, by kind.
    pub kinds: Vec<TapKind>,
    /// Losses, by cause.
    pub losses: Vec<TapLoss>,
    /// Packets that could not be read, by reason.
    pub malformed: Vec<TapKind>,
    /// Bytes of memory that records take.
    #[ts(type = "number")]
    pub record_bytes: u64,
    /// Bytes that records may take.
    #[ts(type = "number")]
    pub record_budget: u64,
    /// The packets that are kept; absent where none are.
    #[ts(type = "TapSpool | null")]
    pub spool: Option<TapSpool>,
    /// Who looks at packets of it now.
    #[ts(type = "number")]
    pub viewers: u64,
}

/// How often something came.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, TS, JsonSchema)]
#[ts(export_to = "api.ts")]
pub struct TapKind {
    /// What.
    pub name: String,
    /// How often.
    #[ts(type = "number")]
    pub count: u64,
}

/// What was lost by one cause.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize, TS, JsonSchema)]
#[ts(export_to = "api.ts")]
pub struct TapLoss {
    /// `ring`, `credit`, `throttle`, `stream`, `spool`, `recorder`.
    pub cause: String,
    /// Packets.
    #[ts(type = "number")]
    pub packets: u64,
    /// Records.
    #[ts(type = "number")]
    pub records: u64,
    /// Bytes, where counted.
    #[ts(type = "number")]
    pub bytes: u64,
}

/// The packets that a tap keeps.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize, TS, JsonSchema)]
#[ts(export_to = "api.ts")]
pub struct TapSpool {
    /// Bytes on disk.
    #[ts(type = "number")]
    pub bytes: u64,
    /// Bytes that may be there; over it the oldest go.
    #[ts(type = "number")]
    pub budget: u64,
    /// Packets that went to make room, or could not be written.
    #[ts(type = "number")]
    pub dropped: u64,
    /// Why no more packets are kept (`spool_full`); records go on.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[ts(optional)]
    pub error: Option<ErrorBody>,
}

/// One of `GET /api/v1/taps/{id}/agents`.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize, TS, JsonSchema)]
#[ts(export_to = "api.ts")]
pub struct TapAgent {
    /// The pod's namespace.
    pub namespace: String,
    /// The pod.
    pub pod: String,
    /// Its uid.
    pub uid: String,
    /// As in [`super::TapTarget`].
    pub state: String,
    /// The agent's container.
    pub container: String,
    /// `netraw`, `inherited` or `sockets`.
    pub profile: String,
    /// `packets` or `sockets`; empty until it said who it is.
    pub mode: String,
    /// Why it sees no packets, where it sees none.
    pub reason: String,
    /// Its version.
    pub version: String,
    /// `x86_64`, `aarch64`.
    pub arch: String,
    /// The kernel's release.
    pub kernel: String,
    /// The node.
    pub node: String,
    /// Names of the interfaces that it captures on.
    pub interfaces: Vec<String>,
    /// How far the node's clock is from ours, in microseconds.
    #[ts(type = "number | null")]
    pub clock_us: Option<i64>,
    /// By how much that may be wrong.
    #[ts(type = "number | null")]
    pub clock_error_us: Option<u64>,
    /// Packets that passed the filter.
    #[ts(type = "number")]
    pub packets: u64,
    /// Their bytes.
    #[ts(type = "number")]
    pub bytes: u64,
    /// Packets that the kernel dropped.
    #[ts(type = "number")]
    pub kernel_drops: u64,
    /// Packets lost or left out, by any cause.
    #[ts(type = "number")]
    pub lost: u64,
    /// Processor time, in milliseconds.
    #[ts(type = "number")]
    pub cpu_ms: u64,
    /// Bytes of memory.
    #[ts(type = "number")]
    pub rss: u64,
    /// 0, or what is left out to stay within the budget: 1 bodies, 2 parsing of new connections, 3 payload of packets, 4 flows.
    pub level: u32,
    /// Why it is not there.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[ts(optional)]
    pub error: Option<ErrorBody>,
}

/// `POST /api/v1/taps/{id}/marks`.
#[derive(Clone, Debug, Serialize, Deserialize, TS, JsonSchema)]
#[serde(deny_unknown_fields)]
#[ts(export_to = "api.ts")]
pub struct TapMarkRequest {
    /// A word or a sentence; 500 bytes at most.
    pub text: String,
}

/// One of `GET /api/v1/taps/{id}/marks`.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, TS, JsonSchema)]
#[ts(export_to = "api.ts")]
pub struct TapMark {
    /// Epoch microseconds.
    #[ts(type = "number")]
    pub ts: i64,
    /// The words.
    pub text: String,
    /// Whose they are.
    pub by: String,
}

/// `POST /api/v1/taps/{id}/keys`, a key log as text: what became of it.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize, TS, JsonSchema)]
#[ts(export_to = "api.ts")]
pub struct TapKeys {
    /// Lines that are keys.
    #[ts(type = "number")]
    pub keys: u64,
    /// Lines that are neither keys nor comments.
    #[ts(type = "number")]
    pub invalid: u64,
    /// Agents that were given them: connections that begin from now on are read.
    #[ts(type = "number")]
    pub agents: u64,
    /// Records of earlier connections that could be read now, from packets that are kept.
    #[ts(type = "number")]
    pub records: u64,
}

/// `GET /api/v1/taps/{id}/preview?bpf=`: what a capture filter would choose of the packets that came last.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize, TS, JsonSchema)]
#[ts(export_to = "api.ts")]
pub struct TapPreview {
    /// So many match.
    #[ts(type = "number")]
    pub matches: u64,
    /// Of so many: the last 10,000, or all there are.
    #[ts(type = "number")]
    pub of: u64,
}
