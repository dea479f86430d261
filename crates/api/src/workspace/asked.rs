//! What is asked of workspaces.

use super::{Workspace, WorkspaceRow, WorkspaceVolume};
use crate::job::Job;
use crate::rest::Answers;
use base::ClusterName;
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};
use serde_json::Value;
use std::collections::BTreeMap;
use ts_rs::TS;

/// Something that is done to a workspace, or in it.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, Serialize, Deserialize, TS, JsonSchema)]
#[serde(rename_all = "snake_case")]
#[ts(export_to = "api.ts")]
pub enum WorkspaceAct {
    /// It is made.
    Create,
    /// It is to run.
    Start,
    /// It is to stop.
    Stop,
    /// What it asks for changes.
    Update,
    /// It goes.
    Delete,
    /// A shell is opened in it.
    Connect,
    /// Its files are looked at and changed.
    Files,
    /// Its apps are looked at.
    Apps,
    /// Its ports are opened in a browser.
    Proxy,
    /// What its programs wrote is read.
    Logs,
    /// It is not stopped for a while, though nobody uses it.
    Keep,
    /// It goes with its own volumes, or the volumes go that it left.
    Purge,
    /// All of somebody go.
    DeleteAll,
    /// All of somebody are stopped, and kept for a while.
    KeepAll,
}

/// `POST /api/v1/workspaces`: makes a workspace for whoever asks. With the header `Idempotency-Key` the same request is carried
/// out once, however often it comes. `POST /api/v1/blueprints/preview`: what it would be made of; nothing is made, and its name may
/// be absent.
#[derive(Clone, Debug, Serialize, Deserialize, TS, JsonSchema)]
#[serde(deny_unknown_fields)]
#[ts(export_to = "api.ts", optional_fields)]
pub struct WorkspaceCreate {
    /// The cluster.
    #[ts(as = "String")]
    #[schemars(with = "String")]
    pub cluster: ClusterName,
    /// The namespace; absent for that of the cluster's context.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub namespace: Option<String>,
    /// Its name. This or `user_string`.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub name: Option<String>,
    /// Instead: who and what (`ada~rust`, `ada~repo=org~proj`); its name is the canonical id of that.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub user_string: Option<String>,
    /// The address of a git repository (`https://host/owner/name`, `git@host:owner/name.git`, `owner/name`), with `#ref` behind it for
    /// a branch, tag or commit. Without a name it is the user string of that, and so is its name.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub repository: Option<String>,
    /// Its organization; absent for `default`.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub org: Option<String>,
    /// The blueprint by its name. This or `image`.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub blueprint: Option<String>,
    /// The image of its main container.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub image: Option<String>,
    /// Values of the blueprint's parameters.
    #[serde(default, skip_serializing_if = "BTreeMap::is_empty")]
    #[ts(as = "Option<BTreeMap<String, String>>")]
    pub params: BTreeMap<String, String>,
    /// A preset of parameters.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub preset: Option<String>,
    /// What whoever works in it brings along: the address of a git repository of dotfiles (`https://host/owner/dotfiles#ref`),
    /// or a folder in the workspace (`~/dotfiles`).
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub dotfiles: Option<String>,
    /// Fields of the blueprint that are to be otherwise.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[ts(type = "Record<string, unknown>")]
    pub overrides: Option<serde_json::Map<String, Value>>,
    /// Arguments of the image's entrypoint.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    #[ts(as = "Option<Vec<String>>")]
    pub args: Vec<String>,
    /// Variables of the main container.
    #[serde(default, skip_serializing_if = "BTreeMap::is_empty")]
    #[ts(as = "Option<BTreeMap<String, String>>")]
    pub env: BTreeMap<String, String>,
    /// TCP ports that it listens on.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    #[ts(as = "Option<Vec<WorkspacePortAsked>>")]
    pub ports: Vec<WorkspacePortAsked>,
    /// Labels of its pod.
    #[serde(default, skip_serializing_if = "BTreeMap::is_empty")]
    #[ts(as = "Option<BTreeMap<String, String>>")]
    pub labels: BTreeMap<String, String>,
    /// Processors, at most: `500m`, `2`.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub cpu: Option<String>,
    /// Memory, at most: `4Gi`.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub memory: Option<String>,
    /// What people should know about it.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub notes: Option<String>,
    /// It is made without being started.
    #[serde(default, skip_serializing_if = "std::ops::Not::not")]
    #[ts(as = "Option<bool>")]
    pub stopped: bool,
    /// Answers to what the policy needs.
    #[serde(default)]
    #[ts(as = "Option<Answers>")]
    pub answers: Answers,
}

/// A port that a new workspace listens on.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, TS, JsonSchema)]
#[serde(deny_unknown_fields)]
#[ts(export_to = "api.ts", optional_fields)]
pub struct WorkspacePortAsked {
    /// Its number.
    pub port: u16,
    /// Its name; may be left out.
    #[serde(default, skip_serializing_if = "String::is_empty")]
    #[ts(as = "Option<String>")]
    pub name: String,
}

/// `POST …/start` and `DELETE …?mode=`: the body may be left out.
#[derive(Clone, Debug, Default, Serialize, Deserialize, TS, JsonSchema)]
#[serde(deny_unknown_fields)]
#[ts(export_to = "api.ts", optional_fields)]
pub struct WorkspaceActing {
    /// Answers to what the policy needs.
    #[serde(default)]
    #[ts(as = "Option<Answers>")]
    pub answers: Answers,
}

/// `POST …/stop`: the body may be left out.
#[derive(Clone, Debug, Default, Serialize, Deserialize, TS, JsonSchema)]
#[serde(deny_unknown_fields)]
#[ts(export_to = "api.ts", optional_fields)]
pub struct WorkspaceStopping {
    /// Seconds to wait first: 60 at most.
    #[serde(default)]
    #[ts(as = "Option<u32>")]
    pub delay_seconds: u32,
    /// Answers to what the policy needs.
    #[serde(default)]
    #[ts(as = "Option<Answers>")]
    pub answers: Answers,
}

/// `POST …/keep`: it is not stopped for a while, though nobody uses it.
#[derive(Clone, Debug, Default, Serialize, Deserialize, TS, JsonSchema)]
#[serde(deny_unknown_fields)]
#[ts(export_to = "api.ts", optional_fields)]
pub struct WorkspaceKeeping {
    /// For how long from now: seven days at most; 0 takes back what was asked before.
    pub seconds: u32,
    /// Why; may be left out.
    #[serde(default, skip_serializing_if = "String::is_empty")]
    #[ts(as = "Option<String>")]
    pub reason: String,
    /// Answers to what the policy needs.
    #[serde(default)]
    #[ts(as = "Option<Answers>")]
    pub answers: Answers,
}

/// Until when it is kept.
#[derive(Clone, Debug, Serialize, Deserialize, TS, JsonSchema)]
#[ts(export_to = "api.ts")]
pub struct WorkspaceKept {
    /// Epoch milliseconds; that of now where it is kept no longer.
    #[ts(type = "number")]
    pub until_ms: u64,
}

/// `GET …/remains`: the volumes that a workspace left, which was deleted. `DELETE …/remains` answers with those that it deleted.
#[derive(Clone, Debug, Default, Serialize, Deserialize, TS, JsonSchema)]
#[ts(export_to = "api.ts")]
pub struct WorkspaceRemains {
    /// By the names of their claims.
    pub volumes: Vec<WorkspaceVolume>,
}

/// `PATCH …`: changes what a workspace asks for, but neither whether it runs nor whose it is.
#[derive(Clone, Debug, Default, Serialize, Deserialize, TS, JsonSchema)]
#[serde(deny_unknown_fields)]
#[ts(export_to = "api.ts", optional_fields)]
pub struct WorkspaceUpdate {
    /// A JSON merge patch of `spec` (RFC 7386): null takes a field away.
    #[ts(type = "Record<string, unknown>")]
    pub spec: serde_json::Map<String, Value>,
    /// Only if it is still of this generation.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[ts(type = "number")]
    pub generation: Option<i64>,
    /// Answers to what the policy needs.
    #[serde(default)]
    #[ts(as = "Option<Answers>")]
    pub answers: Answers,
}

/// `DELETE …?mode=`
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize, TS, JsonSchema)]
#[serde(rename_all = "snake_case")]
#[ts(export_to = "api.ts")]
pub enum WorkspaceDeleteMode {
    /// Its pod goes, all else stays.
    Stop,
    /// It goes; its volumes as it says itself.
    Full,
}

/// `202` of `DELETE /api/v1/workspaces?user=`: it is being done.
#[derive(Clone, Debug, Serialize, Deserialize, TS, JsonSchema)]
#[ts(export_to = "api.ts")]
pub struct WorkspaceAllAccepted {
    /// The job on all of them.
    pub job: Job,
    /// Them, as they were then.
    pub workspaces: Vec<WorkspaceRow>,
}

/// `202`: it is being done. The job tells how it goes.
#[derive(Clone, Debug, Serialize, Deserialize, TS, JsonSchema)]
#[ts(export_to = "api.ts")]
pub struct WorkspaceAccepted {
    /// The job.
    pub job: Job,
    /// The workspace as it was then.
    pub workspace: Workspace,
}
