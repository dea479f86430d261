//! Quotas: how much a user, role, organization or namespace may have at once.

mod hours;
mod ledger;
mod load;
#[cfg(test)]
mod tests;

pub use hours::{Hours, next_hour};
pub use ledger::{Key, Ledger, Pot, Refused, Reservation, Who, idle_timeout};
pub use load::{Bound, Broken, Load};

use crate::condition::Condition;
use crate::scalar::{Quantity, Span, Time};
use kube_derive::CustomResource;
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

/// How much somebody may have at once.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize, JsonSchema, CustomResource)]
#[kube(
    group = "quarterdeck.dev",
    version = "v1alpha1",
    kind = "Quota",
    crates(kube_core = "::kube_core"),
    plural = "qdquotas",
    singular = "qdquota",
    shortname = "qdq",
    category = "quarterdeck",
    status = "QuotaStatus",
    doc = "How many workspaces somebody may have at once, and how much they may use. Of several, the tightest counts.",
    derive = "PartialEq"
)]
#[serde(rename_all = "camelCase")]
pub struct QuotaSpec {
    /// Whom it binds: exactly one of the fields.
    pub subject: QuotaSubject,
    /// How much there may be in all.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub hard: Option<Hard>,
    /// How much one workspace may have.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub per_workspace: Option<PerWorkspace>,
    /// What becomes of a workspace that does not fit.
    #[serde(default)]
    pub overflow: Overflow,
}

/// Whom a quota binds.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub struct QuotaSubject {
    /// One user; * is each user for himself.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[schemars(length(min = 1, max = 64))]
    pub user: Option<String>,
    /// All with a role together.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[schemars(length(min = 1, max = 100))]
    pub role: Option<String>,
    /// All of an organization together; * is each organization for itself.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[schemars(length(min = 1, max = 63))]
    pub org: Option<String>,
    /// All in a namespace together; * is each namespace for itself.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[schemars(length(min = 1, max = 63))]
    pub namespace: Option<String>,
    /// Everybody together, when true.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub all: Option<bool>,
}

/// How much there may be in all. What is left out is not bounded.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "camelCase")]
pub struct Hard {
    /// Workspaces, stopped ones too.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[schemars(range(min = 0, max = 1000000))]
    pub workspaces: Option<i64>,
    /// Workspaces that run.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[schemars(range(min = 0, max = 1000000))]
    pub running: Option<i64>,
    /// Processors of those that run.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub cpu: Option<Quantity>,
    /// Memory of those that run, in bytes.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub memory: Option<Quantity>,
    /// Storage of all volumes, in bytes; that of stopped ones too.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub storage: Option<Quantity>,
    /// Volumes.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[schemars(range(min = 0, max = 1000000))]
    pub volumes: Option<i64>,
    /// Snapshots.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[schemars(range(min = 0, max = 1000000))]
    pub snapshots: Option<i64>,
    /// Ports that are exposed outside the cluster.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[schemars(range(min = 0, max = 1000000))]
    pub exposed_ports: Option<i64>,
    /// Workspaces that are injected into workloads.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[schemars(range(min = 0, max = 1000000))]
    pub injected: Option<i64>,
    /// Hours of one processor within a time.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub cpu_hours: Option<CpuHours>,
}

/// Hours of one processor: two processors for an hour are two.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "camelCase")]
pub struct CpuHours {
    /// In the last 24 hours.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub per_day: Option<Quantity>,
    /// In the last 7 days.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub per_week: Option<Quantity>,
}

/// How much one workspace may have.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "camelCase")]
pub struct PerWorkspace {
    /// Processors.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub cpu: Option<Quantity>,
    /// Memory in bytes.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub memory: Option<Quantity>,
    /// Storage of all its volumes, in bytes.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub storage: Option<Quantity>,
    /// The longest idle timeout. A longer one, or none at all, is cut to it.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub idle_timeout: Option<Span>,
}

/// What becomes of a workspace that does not fit.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize, JsonSchema)]
pub enum Overflow {
    /// It is refused.
    #[default]
    Deny,
    /// It waits for its turn.
    Queue,
    /// The one that is idle longest is stopped for it.
    StopOldestIdle,
}

/// How a quota is. The operator alone writes it.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "camelCase")]
pub struct QuotaStatus {
    /// The generation of the spec that this status was made for.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub observed_generation: Option<i64>,
    /// Whom it binds, in a word: user dev1, org acme, all.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[schemars(length(max = 128))]
    pub subject: Option<String>,
    /// What workspaces of it have.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub used: Option<Amount>,
    /// What is promised to workspaces that are being made, on top of used.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub reserved: Option<Amount>,
    /// Used and hard beside each other, for tables: 3/10.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub shown: Option<Shown>,
    /// Workspaces that wait for room, the first of them first.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    #[schemars(length(max = 256), extend("x-kubernetes-list-type" = "atomic"))]
    pub queued: Vec<Queued>,
    /// Who has most of it.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    #[schemars(length(max = 10), extend("x-kubernetes-list-type" = "atomic"))]
    pub top: Vec<Top>,
    /// Until when hours of processors were counted.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub counted_at: Option<Time>,
    /// Processors that were used in the last 7 days, where the quota bounds them.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    #[schemars(length(max = 256), extend("x-kubernetes-list-type" = "atomic"))]
    pub spent: Vec<Spent>,
    /// What was found out about it.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    #[schemars(length(max = 16), extend("x-kubernetes-list-type" = "map", "x-kubernetes-list-map-keys" = ["type"]))]
    pub conditions: Vec<Condition>,
}

/// An amount of everything that quotas count.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "camelCase")]
pub struct Amount {
    /// Workspaces, stopped ones too.
    #[serde(default)]
    pub workspaces: i64,
    /// Workspaces that run.
    #[serde(default)]
    pub running: i64,
    /// Processors.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub cpu: Option<Quantity>,
    /// Memory in bytes.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub memory: Option<Quantity>,
    /// Storage in bytes.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub storage: Option<Quantity>,
    /// Volumes.
    #[serde(default)]
    pub volumes: i64,
    /// Snapshots.
    #[serde(default)]
    pub snapshots: i64,
    /// Ports that are exposed.
    #[serde(default)]
    pub exposed_ports: i64,
    /// Workspaces that are injected.
    #[serde(default)]
    pub injected: i64,
    /// Hours of one processor in the last 24 hours.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub cpu_hours_day: Option<Quantity>,
    /// Hours of one processor in the last 7 days.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub cpu_hours_week: Option<Quantity>,
}

/// Used and hard beside each other.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub struct Shown {
    /// Workspaces.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[schemars(length(max = 64))]
    pub workspaces: Option<String>,
    /// Workspaces that run.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[schemars(length(max = 64))]
    pub running: Option<String>,
    /// Processors.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[schemars(length(max = 64))]
    pub cpu: Option<String>,
    /// Memory.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[schemars(length(max = 64))]
    pub memory: Option<String>,
    /// Storage.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[schemars(length(max = 64))]
    pub storage: Option<String>,
}

/// A workspace that waits for room.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub struct Queued {
    /// Its namespace.
    #[schemars(length(max = 63))]
    pub namespace: String,
    /// Its name.
    #[schemars(length(max = 63))]
    pub name: String,
    /// Since when.
    pub since: Time,
    /// The bound that is in the way.
    #[schemars(length(max = 63))]
    pub bound: String,
}

/// What somebody used of processors.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub struct Spent {
    /// Whose amount it is, in a word: user dev1, org acme, all.
    #[schemars(length(max = 128))]
    pub of: String,
    /// The first hour.
    pub from: Time,
    /// Seconds of one processor in each hour from then on.
    #[schemars(length(max = 168), extend("x-kubernetes-list-type" = "atomic"))]
    pub seconds: Vec<i64>,
}

/// Somebody who has much of a quota.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub struct Top {
    /// The user.
    #[schemars(length(max = 64))]
    pub user: String,
    /// His workspaces that run.
    pub running: i64,
    /// Their processors.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub cpu: Option<Quantity>,
    /// Their memory.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub memory: Option<Quantity>,
}
