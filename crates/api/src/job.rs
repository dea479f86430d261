//! Bodies of `/api/v1/jobs…`: what takes longer than one request. A job is kept for 48 hours and survives a restart.

use crate::error::ErrorBody;
use crate::workspace::WorkspaceAct;
use base::ClusterName;
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};
use ts_rs::TS;

/// `GET /api/v1/jobs/{id}`
#[derive(Clone, Debug, Serialize, Deserialize, TS, JsonSchema)]
#[ts(export_to = "api.ts")]
pub struct Job {
    /// Its id, a UUID.
    pub id: String,
    /// What is done.
    pub act: WorkspaceAct,
    /// To the workspace of this cluster …
    #[ts(as = "String")]
    #[schemars(with = "String")]
    pub cluster: ClusterName,
    /// … this namespace …
    pub namespace: String,
    /// … and this name; empty of a job on all workspaces of somebody …
    pub name: String,
    /// … who is this user.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[ts(optional)]
    pub user: Option<String>,
    /// Who asked for it: the id of the principal.
    pub principal: String,
    /// How far it is.
    pub state: JobState,
    /// The stage that the workspace is in, or was in at the end.
    pub stage: String,
    /// How it went, in a sentence.
    pub message: String,
    /// When it was asked for, epoch milliseconds.
    #[ts(type = "number")]
    pub created_ms: i64,
    /// When it changed last, epoch milliseconds.
    #[ts(type = "number")]
    pub changed_ms: i64,
    /// Why it failed.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[ts(optional)]
    pub error: Option<ErrorBody>,
}

/// `GET /api/v1/jobs?cluster=&namespace=&name=&state=&limit=`
#[derive(Clone, Debug, Default, Serialize, Deserialize, TS, JsonSchema)]
#[ts(export_to = "api.ts")]
pub struct JobList {
    /// The newest first: those of whoever asks, and those of workspaces that they may see.
    pub jobs: Vec<Job>,
}

/// How far a job is.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize, TS, JsonSchema)]
#[serde(rename_all = "snake_case")]
#[ts(export_to = "api.ts")]
pub enum JobState {
    /// Written down; nothing is done yet.
    Queued,
    /// It is being done.
    Running,
    /// It is done.
    Succeeded,
    /// It was not done; the error says why.
    Failed,
    /// Somebody wanted something else.
    Cancelled,
}

impl JobState {
    /// It will not change any more.
    #[must_use]
    pub const fn is_over(self) -> bool {
        matches!(self, Self::Succeeded | Self::Failed | Self::Cancelled)
    }

    /// Its word.
    #[must_use]
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Queued => "queued",
            Self::Running => "running",
            Self::Succeeded => "succeeded",
            Self::Failed => "failed",
            Self::Cancelled => "cancelled",
        }
    }
}
