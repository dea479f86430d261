//! Bodies of `/api/v1/workspaces…`: workspaces as they are, and what is asked of them.
//!
//! Paths, parameters and errors stand in `docs/reference/workspaces-api.md`.

mod asked;
mod inside;
mod told;

pub use asked::{
    WorkspaceAccepted, WorkspaceAct, WorkspaceActing, WorkspaceAllAccepted, WorkspaceCreate, WorkspaceDeleteMode,
    WorkspaceKeeping, WorkspaceKept, WorkspacePortAsked, WorkspaceRemains, WorkspaceStopping, WorkspaceUpdate,
};
pub use inside::{
    WorkspaceApp, WorkspaceAppDone, WorkspaceApps, WorkspaceLine, WorkspaceLines, WorkspaceMount, WorkspaceOpened,
    WorkspacePortSeen, WorkspacePorts, WorkspaceSystem,
};
pub use told::{
    WorkspaceCost, WorkspaceEvent, WorkspaceEventKind, WorkspaceHandshake, WorkspaceLogLine, WorkspaceSeverity,
    WorkspaceUse, WorkspaceWhy,
};

use crate::error::ErrorBody;
use crate::rest::{Need, Verdict};
use base::ClusterName;
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};
use ts_rs::TS;

/// `GET /api/v1/workspaces?cluster=&namespace=&query=&sort=&limit=…`: the workspaces of clusters that are wanted.
#[derive(Clone, Debug, Default, Serialize, Deserialize, TS, JsonSchema)]
#[ts(export_to = "api.ts")]
pub struct WorkspaceList {
    /// By cluster, namespace and name, or as `sort` says.
    pub workspaces: Vec<WorkspaceRow>,
    /// How many are wanted, on this page or not.
    #[ts(type = "number")]
    pub total: u64,
    /// Clusters that could not be asked.
    pub problems: Vec<ClusterProblem>,
}

/// Why a cluster is not in a list.
#[derive(Clone, Debug, Serialize, Deserialize, TS, JsonSchema)]
#[ts(export_to = "api.ts")]
pub struct ClusterProblem {
    /// The cluster.
    #[ts(as = "String")]
    #[schemars(with = "String")]
    pub cluster: ClusterName,
    /// What is wrong.
    pub error: ErrorBody,
}

/// A workspace in a list.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, TS, JsonSchema)]
#[ts(export_to = "api.ts")]
pub struct WorkspaceRow {
    /// Its cluster.
    #[ts(as = "String")]
    #[schemars(with = "String")]
    pub cluster: ClusterName,
    /// Its namespace.
    pub namespace: String,
    /// Its name, which is its canonical id.
    pub name: String,
    /// Its uid: another one is another workspace of the same name.
    pub uid: String,
    /// Whose it is.
    pub owner: String,
    /// Of which organization.
    pub org: String,
    /// The blueprint it is made from; empty where an image alone is named.
    pub blueprint: String,
    /// The image of its main container, as far as it is known.
    pub image: String,
    /// `Running` or `Stopped`: what is asked for.
    pub wanted: String,
    /// In one word: `Pending`, `Provisioning`, `Running`, `Stopping`, `Stopped`, `Terminating`, `Failed`, `Unknown`.
    pub phase: String,
    /// The step on the way: `Queued`, `Resolving`, `Scheduling`, `Pulling`, `Initializing`, `Starting`, `Running`, …
    pub stage: String,
    /// Since when, epoch milliseconds.
    #[ts(type = "number | null")]
    pub stage_since_ms: Option<i64>,
    /// In percent; 100 only when it runs, and null where it is on no way up.
    pub progress: Option<i32>,
    /// It can be entered.
    pub ready: bool,
    /// How it is, in a sentence.
    pub message: String,
    /// What went wrong last; empty when nothing did.
    pub error: String,
    /// Who or what stopped it; empty while it is to run.
    pub stop_reason: String,
    /// The node it runs on; empty while it has none.
    pub node: String,
    /// When it was made, epoch milliseconds.
    #[ts(type = "number")]
    pub created_ms: i64,
    /// When it was used last, epoch milliseconds.
    #[ts(type = "number | null")]
    pub last_activity_ms: Option<i64>,
    /// Since when nobody uses it, epoch milliseconds; null while somebody does.
    #[ts(type = "number | null")]
    pub idle_since_ms: Option<i64>,
    /// When it will be stopped, if nothing changes; epoch milliseconds.
    #[ts(type = "number | null")]
    pub stop_at_ms: Option<i64>,
    /// Its URLs.
    pub urls: Vec<String>,
}

/// `GET /api/v1/workspaces/{namespace}/{name}?cluster=`: one workspace, with all that is known of it.
#[derive(Clone, Debug, Serialize, Deserialize, TS, JsonSchema)]
#[ts(export_to = "api.ts")]
pub struct Workspace {
    /// What lists show.
    #[serde(flatten)]
    #[ts(flatten)]
    pub row: WorkspaceRow,
    /// The name of its pod and Service.
    pub canonical_id: String,
    /// The name in its host names.
    pub route_id: String,
    /// Changes with each change of what is asked for.
    #[ts(type = "number")]
    pub generation: i64,
    /// The generation that the rest was made for.
    #[ts(type = "number")]
    pub observed_generation: i64,
    /// What was found out about it, aspect by aspect.
    pub conditions: Vec<WorkspaceCondition>,
    /// Its volumes.
    pub volumes: Vec<WorkspaceVolume>,
    /// Ports that are said of it; which of them listen is told by `…/ports`.
    pub ports: Vec<WorkspacePort>,
    /// What its main container may use.
    pub resources: WorkspaceResources,
    /// Its pod; null where it has none.
    pub pod: Option<WorkspacePod>,
    /// Its last use; null where none is known.
    pub last_activity: Option<WorkspaceActivity>,
    /// Why and by whom its state was set last; empty where nobody said.
    pub cause: String,
    /// The name of its Service in the cluster's DNS.
    pub service_dns: String,
    /// The version of the agent in it.
    pub agent_version: String,
    /// The digest of a newer blueprint that has not taken effect; empty where there is none.
    pub update_available: String,
    /// What that changes of its pod.
    pub update_changes: Vec<WorkspaceChange>,
    /// The job that works on it, or did last; empty where none is known.
    pub job: String,
    /// The layers that it was composed of, lowest first: `platform rust`, `overrides`.
    pub layers: Vec<String>,
    /// What may be done to it by whoever asks.
    pub acts: Vec<WorkspaceMay>,
    /// Its `spec` as it stands.
    #[ts(type = "unknown")]
    pub spec: serde_json::Value,
}

/// A field of its pod that becomes another.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, TS, JsonSchema)]
#[ts(export_to = "api.ts")]
pub struct WorkspaceChange {
    /// Which: `spec.containers[main].image`.
    pub field: String,
    /// As it is; empty where there is none. Values that may hold a secret are not shown.
    pub from: String,
    /// As it will be; empty where it goes.
    pub to: String,
}

/// What was found out about one aspect.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, TS, JsonSchema)]
#[ts(export_to = "api.ts")]
pub struct WorkspaceCondition {
    /// `Ready`, `Accepted`, `BlueprintResolved`, …
    #[serde(rename = "type")]
    pub kind: String,
    /// `True`, `False` or `Unknown`.
    pub status: String,
    /// In one word.
    pub reason: String,
    /// In a sentence.
    pub message: String,
    /// Since when, epoch milliseconds.
    #[ts(type = "number | null")]
    pub since_ms: Option<i64>,
}

/// A volume.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, TS, JsonSchema)]
#[ts(export_to = "api.ts")]
pub struct WorkspaceVolume {
    /// Its name in the blueprint.
    pub name: String,
    /// The claim behind it.
    pub claim: String,
    /// `local` or `shared`.
    #[serde(rename = "type")]
    pub kind: String,
    /// How much it may hold: `10Gi`.
    pub size: String,
    /// How much it holds; empty where that is not known.
    pub used: String,
    /// Of one that a workspace left: until when it is kept, epoch milliseconds; absent where that is for ever, or its workspace
    /// is there.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[ts(optional, type = "number")]
    pub kept_until_ms: Option<i64>,
}

/// A port that is said of a workspace.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, TS, JsonSchema)]
#[ts(export_to = "api.ts")]
pub struct WorkspacePort {
    /// Its number.
    pub port: u16,
    /// Its name; may be empty.
    pub name: String,
    /// `TCP` or `UDP`.
    pub protocol: String,
}

/// What a main container may use; empty where nobody said.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize, TS, JsonSchema)]
#[ts(export_to = "api.ts")]
pub struct WorkspaceResources {
    /// Processors asked for: `500m`.
    pub cpu: String,
    /// Memory asked for: `4Gi`.
    pub memory: String,
    /// Processors that it may use now.
    pub applied_cpu: String,
    /// Memory that it may use now.
    pub applied_memory: String,
}

/// The pod of a workspace.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, TS, JsonSchema)]
#[ts(export_to = "api.ts")]
pub struct WorkspacePod {
    /// Its name.
    pub name: String,
    /// Its uid.
    pub uid: String,
    /// Its address; may be empty.
    pub ip: String,
    /// Since when it runs, epoch milliseconds.
    #[ts(type = "number | null")]
    pub started_ms: Option<i64>,
    /// How often its main container was started again.
    pub restarts: i32,
}

/// The last use of a workspace.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, TS, JsonSchema)]
#[ts(export_to = "api.ts")]
pub struct WorkspaceActivity {
    /// When, epoch milliseconds.
    #[ts(type = "number")]
    pub at_ms: i64,
    /// Through which door: `ssh`, `http`, `terminal`, `api`, `exec`, `files`, `cpu`, `keep`.
    pub door: String,
    /// What was done; may be empty.
    pub detail: String,
}

/// Whether an act may be done by whoever asks.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, TS, JsonSchema)]
#[ts(export_to = "api.ts")]
pub struct WorkspaceMay {
    /// Which.
    pub act: WorkspaceAct,
    /// What the policy says.
    pub decision: Verdict,
    /// Why not; empty when it is allowed.
    pub reason: String,
    /// What has to be given first.
    pub needs: Vec<Need>,
    /// It makes sense now: what runs is not started.
    pub applies: bool,
}
