//! What is told of a workspace while it goes its way.

use super::WorkspaceActivity;
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};
use ts_rs::TS;

/// `GET …/events`, first message (`event: handshake`).
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, TS, JsonSchema)]
#[ts(export_to = "api.ts")]
pub struct WorkspaceHandshake {
    /// The workspace: `namespace/name`.
    pub workspace: String,
    /// The job that works on it; empty where none does.
    pub jobid: String,
    /// Why nothing follows; empty when something does.
    pub error: String,
    /// It goes on after the event that `Last-Event-ID` names. When not, it begins again: what was shown before is of no use.
    pub resumed: bool,
}

/// What a message is about.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize, TS, JsonSchema)]
#[serde(rename_all = "snake_case")]
#[ts(export_to = "api.ts")]
pub enum WorkspaceEventKind {
    /// The workspace came to another stage.
    Status,
    /// An event of its pod or of one of its claims.
    Event,
    /// It came further.
    Progress,
    /// It is gone; nothing follows.
    Gone,
}

/// What it weighs.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize, TS, JsonSchema)]
#[serde(rename_all = "snake_case")]
#[ts(export_to = "api.ts")]
pub enum WorkspaceSeverity {
    /// It tells.
    Info,
    /// Something does not go well.
    Warning,
    /// It will not get better by itself.
    Critical,
}

/// `GET …/events` and `GET /api/v1/jobs/{id}/events`, each further message (`event: status`, `event`, `progress` or `gone`).
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, TS, JsonSchema)]
#[ts(export_to = "api.ts")]
pub struct WorkspaceEvent {
    /// Names it; also the message's `id`, for `Last-Event-ID`.
    pub id: String,
    /// What it is about.
    #[serde(rename = "type")]
    pub kind: WorkspaceEventKind,
    /// When, RFC 3339 with its zone.
    pub timestamp: String,
    /// What it is of: `pod/dev`, `workspace/dev`.
    pub object_name: String,
    /// In one word: `Starting`, `Pulling`, `Running`, `Stopping`, `Terminating`, `Stopped`, `Failing`, `Unknown`, `Warning`, `Error`.
    pub status: String,
    /// In a sentence.
    pub message: String,
    /// The stage of the workspace then.
    pub stage: String,
    /// In one word why: the kubelet's where it has one.
    pub reason: String,
    /// What it weighs.
    pub severity: WorkspaceSeverity,
    /// In percent, never back, and 100 only when it runs; null where there is none.
    pub progress: Option<i32>,
    /// How long this stage took of late for workspaces of its blueprint, in milliseconds; null where nobody knows.
    #[ts(type = "number | null")]
    pub expected_ms: Option<i64>,
}

/// `GET …/logs?follow=true`, each `event: line`.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, TS, JsonSchema)]
#[ts(export_to = "api.ts")]
pub struct WorkspaceLogLine {
    /// When it was written, RFC 3339; also the message's `id`, for `Last-Event-ID`.
    pub at: String,
    /// What it says.
    pub text: String,
}

/// `GET …/why`: why it is as it is.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, TS, JsonSchema)]
#[ts(export_to = "api.ts")]
pub struct WorkspaceWhy {
    /// `Running` or `Stopped`: what is asked for.
    pub wanted: String,
    /// Why and by whom that was set; empty where nobody said.
    pub cause: String,
    /// In one word.
    pub phase: String,
    /// The step on the way.
    pub stage: String,
    /// Since when, RFC 3339.
    pub since: String,
    /// How it is, in a sentence.
    pub message: String,
    /// What is wrong; empty when nothing is.
    pub error: String,
    /// Who or what stopped it; empty while it is to run.
    pub stop_reason: String,
    /// Whether somebody uses it and by which rule it would be stopped, in a sentence; empty while that is not known.
    pub idle: String,
    /// When it is stopped if nobody uses it, epoch milliseconds; null while that is not near.
    #[ts(type = "number | null")]
    pub stop_at_ms: Option<i64>,
    /// Its last use; null where none is known.
    pub last_use: Option<WorkspaceActivity>,
    /// By what it was used within the last day, the oldest first, as this server knows it: exact to a minute.
    pub uses: Vec<WorkspaceUse>,
    /// What it took since it was started; null while it does not run.
    pub cost: Option<WorkspaceCost>,
    /// The parameters of `GET /api/v1/audit` that give who made, started and stopped it, and all else that was decided of it.
    pub audit: String,
}

/// What a workspace took since it was started: what it may use, for as long as its pod stands.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, TS, JsonSchema)]
#[ts(export_to = "api.ts")]
pub struct WorkspaceCost {
    /// Since when, epoch milliseconds.
    #[ts(type = "number")]
    pub since_ms: i64,
    /// Thousandths of hours of a processor.
    #[ts(type = "number")]
    pub cpu_milli_hours: u64,
    /// Hours of a MiB of memory.
    #[ts(type = "number")]
    pub memory_mib_hours: u64,
    /// By `[prices]`: `0.42 EUR`; null where nobody said what it costs.
    pub amount: Option<String>,
}

/// A time in which a workspace was used through one door, or by what ran inside.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, TS, JsonSchema)]
#[ts(export_to = "api.ts")]
pub struct WorkspaceUse {
    /// `ssh`, `http`, `terminal`, `api`, `exec`, `files`, `cpu`, `keep`.
    pub door: String,
    /// Its first minute, epoch milliseconds.
    #[ts(type = "number")]
    pub from_ms: u64,
    /// The end of its last minute.
    #[ts(type = "number")]
    pub to_ms: u64,
    /// What it was, where it is the newest through its door: a path, a command, the program that computes.
    pub detail: String,
    /// The parameters of `GET /api/v1/audit` that give who was let in for it; empty for what nobody asked for.
    pub audit: String,
}
