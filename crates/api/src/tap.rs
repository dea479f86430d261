//! Bodies of `/api/v1/taps…`: running and ended taps, their targets, and one record whole.
//!
//! Lists of taps and records are views on the socket ([`crate::socket::What::List`]).

mod about;
mod board;

pub use about::{TapAgent, TapKeys, TapKind, TapLoss, TapMark, TapMarkRequest, TapPreview, TapSpool, TapStats};
pub use board::{TapCertificate, TapCertificateStanding, TapTls, TapTlsServer, TapTraceLine, TapTraceLogs, TapUnread};

use crate::error::ErrorBody;
use crate::rest::{Answers, ObjectRef};
use base::ClusterName;
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};
use ts_rs::TS;

/// How much of packets leaves a pod.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize, TS, JsonSchema)]
#[serde(rename_all = "snake_case")]
#[ts(export_to = "api.ts")]
pub enum TapPackets {
    /// Records alone.
    None,
    /// Headers up to the transport.
    Headers,
    /// With payload; secrets are masked.
    #[default]
    Masked,
    /// As captured.
    Full,
}

impl TapPackets {
    /// As it travels.
    #[must_use]
    pub const fn name(self) -> &'static str {
        match self {
            Self::None => "none",
            Self::Headers => "headers",
            Self::Masked => "masked",
            Self::Full => "full",
        }
    }
}

/// `POST /api/v1/taps`: taps pods; the answer is a [`Tap`]. Policy may ask for answers first (`confirmation_required`).
#[derive(Clone, Debug, Serialize, Deserialize, TS, JsonSchema)]
#[serde(deny_unknown_fields)]
#[ts(export_to = "api.ts")]
pub struct TapRequest {
    /// The cluster.
    #[ts(as = "String")]
    #[schemars(with = "String")]
    pub cluster: ClusterName,
    /// Pods, workloads and services; pods of workloads and services come and go with them.
    #[serde(default)]
    pub targets: Vec<ObjectRef>,
    /// Instead: namespaces, with `selector`; `*` is all that may be listed.
    #[serde(default)]
    pub namespaces: Vec<String>,
    /// Labels of the pods in `namespaces`; empty for all of them.
    #[serde(default)]
    pub selector: String,
    /// The capture filter (`docs/reference/filter.md`); empty for all.
    #[serde(default)]
    pub filter: String,
    /// What of packets is kept.
    #[serde(default)]
    pub packets: TapPackets,
    /// Secrets leave as they are: a decision of its own.
    #[serde(default)]
    pub unredacted: bool,
    /// Bytes of a body that a record shows; absent for 4,096, 262,144 at most.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[ts(optional)]
    pub body: Option<u32>,
    /// What happens when the disk for packets is full; absent for what is configured.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[ts(optional)]
    pub on_full: Option<TapOnFull>,
    /// Seconds after which it ends by itself.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[ts(type = "number", optional)]
    pub seconds: Option<u64>,
    /// Answers to what the policy needs.
    #[serde(default)]
    pub answers: Answers,
}

/// `GET /api/v1/taps/{id}`: one tap.
#[derive(Clone, Debug, Serialize, Deserialize, TS, JsonSchema)]
#[ts(export_to = "api.ts")]
pub struct Tap {
    /// 32 hexadecimal digits.
    pub id: String,
    /// The cluster.
    #[ts(as = "String")]
    #[schemars(with = "String")]
    pub cluster: ClusterName,
    /// Where it stands.
    pub state: TapState,
    /// What is tapped, as asked for: `-n shop -l app=front`, `deployments.apps shop/front`.
    pub title: String,
    /// Who started it.
    pub by: String,
    /// Epoch milliseconds.
    #[ts(type = "number")]
    pub started_ms: i64,
    /// Epoch milliseconds.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[ts(type = "number", optional)]
    pub ended_ms: Option<i64>,
    /// The capture filter in force.
    pub filter: String,
    /// Capture filters that were in force, the newest last; at most 50.
    pub filters: Vec<TapFilter>,
    /// Its agents let packets pass unseen.
    pub paused: bool,
    /// Bytes of a body that a record shows.
    pub body: u32,
    /// What of packets is kept, after the decision's obligations.
    pub packets: TapPackets,
    /// Secrets are masked at the source.
    pub redacted: bool,
    /// What policy obliges it to, in words; agents keep it at the source.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    #[ts(optional, as = "Option<Vec<String>>")]
    pub obliged: Vec<String>,
    /// Pods, in the order in which they came.
    pub targets: Vec<TapTarget>,
    /// Sums over all pods.
    pub totals: TapTotals,
    /// Something of what happened is not in it: lost, left out, cut, missing in a stream, or forgotten too early.
    #[serde(default, skip_serializing_if = "std::ops::Not::not")]
    #[ts(optional, as = "Option<bool>")]
    pub partial: bool,
    /// Why it ended, when it was not asked to.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[ts(optional)]
    pub error: Option<ErrorBody>,
}

/// What happens when the disk for packets is full.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize, TS, JsonSchema)]
#[serde(rename_all = "snake_case")]
#[ts(export_to = "api.ts")]
pub enum TapOnFull {
    /// The oldest packets make room.
    Drop,
    /// Packets end there, and records go on.
    Stop,
}

/// A capture filter of a tap.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, TS, JsonSchema)]
#[ts(export_to = "api.ts")]
pub struct TapFilter {
    /// Since when, epoch milliseconds.
    #[ts(type = "number")]
    pub since_ms: i64,
    /// As written; empty for none.
    pub filter: String,
    /// The pod of which it is alone, as `namespace/name`.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[ts(optional)]
    pub pod: Option<String>,
    /// Who asked for it.
    pub by: String,
}

/// Where a tap stands.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize, TS, JsonSchema)]
#[serde(rename_all = "snake_case")]
#[ts(export_to = "api.ts")]
pub enum TapState {
    /// No pod captures yet.
    Starting,
    /// At least one pod captures.
    Running,
    /// It waits for pods.
    Waiting,
    /// Agents send what they have.
    Stopping,
    /// Over; its records are still there.
    Ended,
}

/// One pod of a tap.
#[derive(Clone, Debug, Serialize, Deserialize, TS, JsonSchema)]
#[ts(export_to = "api.ts")]
pub struct TapTarget {
    /// Its namespace.
    pub namespace: String,
    /// Its name.
    pub pod: String,
    /// Where it stands: `starting`, `added`, `running`, `capturing`, `ended`, `failed`.
    pub state: String,
    /// The agent's container.
    #[serde(default, skip_serializing_if = "String::is_empty")]
    #[ts(as = "Option<String>", optional)]
    pub container: String,
    /// `netraw`, `inherited` or `sockets`.
    #[serde(default, skip_serializing_if = "String::is_empty")]
    #[ts(as = "Option<String>", optional)]
    pub profile: String,
    /// Why packets cannot be seen there, where they cannot: its connections alone are told.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[ts(optional)]
    pub no_packets: Option<String>,
    /// Since when its agent cannot be reached, in epoch milliseconds: its stream is opened again, and goes on after what came
    /// last.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[ts(type = "number", optional)]
    pub lost_ms: Option<i64>,
    /// Why it, or the agent's container, does not run yet: the cluster's reason, and what its newest event says beyond it.
    #[serde(default, skip_serializing_if = "String::is_empty")]
    #[ts(as = "Option<String>", optional)]
    pub waits: String,
    /// Its steps so far, each with its time.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    #[ts(as = "Option<Vec<TapStep>>", optional)]
    pub steps: Vec<TapStep>,
    /// Why it is not tapped.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[ts(optional)]
    pub error: Option<ErrorBody>,
    /// Its counters.
    pub totals: TapTotals,
}

/// A step of a pod on its way into a tap.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, TS, JsonSchema)]
#[ts(export_to = "api.ts")]
pub struct TapStep {
    /// When, epoch milliseconds.
    #[ts(type = "number")]
    pub at_ms: i64,
    /// `found`, `waiting`, `permitted`, `tried`, `added`, `reused`, `running`, `hello`, `capturing`, `lost`, `resumed`, `gone`, `ended` or `failed`.
    pub step: String,
}

/// Counters.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize, TS, JsonSchema)]
#[ts(export_to = "api.ts")]
pub struct TapTotals {
    /// Records that came.
    #[ts(type = "number")]
    pub records: u64,
    /// Records that are still kept.
    #[ts(type = "number")]
    pub kept: u64,
    /// Packets that the kernel gave to the agents.
    #[ts(type = "number")]
    pub packets: u64,
    /// Bytes of these packets.
    #[ts(type = "number")]
    pub bytes: u64,
    /// Packets lost or left out anywhere, by any cause.
    #[ts(type = "number")]
    pub lost: u64,
    /// Bytes of packets that are kept.
    #[ts(type = "number")]
    pub spooled: u64,
}

/// `PATCH /api/v1/taps/{id}`: what is given changes.
#[derive(Clone, Debug, Default, Serialize, Deserialize, TS, JsonSchema)]
#[serde(deny_unknown_fields)]
#[ts(export_to = "api.ts")]
pub struct TapChange {
    /// Another capture filter.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[ts(optional)]
    pub filter: Option<String>,
    /// That filter is of this pod alone, `namespace/name`; an empty one gives it that of the tap again.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[ts(optional)]
    pub pod: Option<String>,
    /// Its agents let packets pass unseen, or look at them again.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[ts(optional)]
    pub paused: Option<bool>,
}

/// `GET /api/v1/taps/{id}/records/{record}`: one record whole, and what belongs to the same flow.
#[derive(Clone, Debug, Serialize, Deserialize, TS, JsonSchema)]
#[ts(export_to = "api.ts")]
pub struct TapRecord {
    /// The record (`docs/reference/flow-records.md`).
    #[ts(type = "Record<string, unknown>")]
    pub record: serde_json::Value,
    /// The latest `flow` record of its flow, if there is one.
    #[ts(type = "Record<string, unknown> | null")]
    pub flow: Option<serde_json::Value>,
    /// The lookup of a name that its connection began with, if one was seen.
    #[ts(type = "Record<string, unknown> | null")]
    pub dns: Option<serde_json::Value>,
}

/// `GET /api/v1/taps/{id}/map?select=`: who asks whom, over the records that are kept.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize, TS, JsonSchema)]
#[ts(export_to = "api.ts")]
pub struct TapMap {
    /// Time of the first record, epoch microseconds; 0 without any.
    #[ts(type = "number")]
    pub from: i64,
    /// Time of the last.
    #[ts(type = "number")]
    pub to: i64,
    /// Who asks whom, the busiest first; at most 1,000.
    pub edges: Vec<TapEdge>,
    /// What the ends of these are.
    pub ends: Vec<TapEnd>,
    /// There are more.
    pub more: bool,
}

/// One end of edges.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, TS, JsonSchema)]
#[ts(export_to = "api.ts")]
pub struct TapEnd {
    /// As edges name it, without a port.
    pub name: String,
    /// What it is.
    pub kind: TapEndKind,
    /// What owns the pod: `deployment/front`.
    #[serde(default, skip_serializing_if = "String::is_empty")]
    #[ts(optional, as = "Option<String>")]
    pub workload: String,
    /// The namespace of the pod or service.
    #[serde(default, skip_serializing_if = "String::is_empty")]
    #[ts(optional, as = "Option<String>")]
    pub namespace: String,
}

/// What an end of an edge is.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize, TS, JsonSchema)]
#[serde(rename_all = "snake_case")]
#[ts(export_to = "api.ts")]
pub enum TapEndKind {
    /// A pod.
    Pod,
    /// A service.
    Service,
    /// A node, as kubelets are that ask for health.
    Node,
    /// Anything else: outside of the cluster, or not known to it.
    #[default]
    External,
}

/// One asks another by one protocol.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize, TS, JsonSchema)]
#[ts(export_to = "api.ts")]
pub struct TapEdge {
    /// Who asks: as the column `source` says it.
    pub source: String,
    /// Who is asked: as the column `destination` says it.
    pub destination: String,
    /// The protocol.
    pub protocol: String,
    /// Transactions, or connections where nothing is known of what they hold.
    #[ts(type = "number")]
    pub count: u64,
    /// Those that failed.
    #[ts(type = "number")]
    pub errors: u64,
    /// Connections that were never answered: refused on the way, as a rule.
    #[ts(type = "number")]
    pub unanswered: u64,
    /// Bytes both ways.
    #[ts(type = "number")]
    pub bytes: u64,
    /// How long answers took.
    pub us: TapShares,
}

/// Lengths of time in microseconds; absent where nothing was measured.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize, TS, JsonSchema)]
#[ts(export_to = "api.ts")]
pub struct TapShares {
    /// Half took no longer.
    #[ts(type = "number | null")]
    pub p50: Option<u64>,
    /// 95 of 100 took no longer.
    #[ts(type = "number | null")]
    pub p95: Option<u64>,
    /// 99 of 100 took no longer.
    #[ts(type = "number | null")]
    pub p99: Option<u64>,
    /// The longest.
    #[ts(type = "number | null")]
    pub max: Option<u64>,
}

/// `GET /api/v1/taps/{id}/histograms?select=&by=`: how long transactions took, by what they ask for.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize, TS, JsonSchema)]
#[ts(export_to = "api.ts")]
pub struct TapHistograms {
    /// Groups, the largest first; what is over 1,000 is `(others)`.
    pub groups: Vec<TapHistogram>,
}

/// Transactions that ask for the same.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize, TS, JsonSchema)]
#[ts(export_to = "api.ts")]
pub struct TapHistogram {
    /// The kind of record.
    pub kind: String,
    /// Method, host and path; type of question; command; or what `by` asks for, with ` · ` between.
    pub what: String,
    /// How many.
    #[ts(type = "number")]
    pub count: u64,
    /// Those that failed.
    #[ts(type = "number")]
    pub errors: u64,
    /// Shares of all.
    pub us: TapShares,
    /// Lengths and how often each was seen: `[[from_us, count], …]`, each up to an eighth longer than it says.
    #[ts(type = "Array<[number, number]>")]
    pub buckets: Vec<(u64, u64)>,
}

/// `GET /api/v1/taps/{id}/flows/{flow}`: everything of one connection, in order of time.
#[derive(Clone, Debug, Serialize, Deserialize, TS, JsonSchema)]
#[ts(export_to = "api.ts")]
pub struct TapFlow {
    /// Records of the flow, at most 1,000.
    #[ts(type = "Array<Record<string, unknown>>")]
    pub records: Vec<serde_json::Value>,
    /// There are more.
    pub more: bool,
}
