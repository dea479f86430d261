//! Actions on workspaces, and of the operator that keeps them.

use super::ObjectTarget;
use base::ClusterName;
use serde::{Deserialize, Serialize};

/// Sees workspaces: all of a namespace or cluster, or one with what it is made of.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct WorkspaceView {
    /// The cluster.
    pub cluster: ClusterName,
    /// The namespace; empty for all.
    #[serde(default, skip_serializing_if = "String::is_empty")]
    pub namespace: String,
    /// The workspace; empty for all.
    #[serde(default, skip_serializing_if = "String::is_empty")]
    pub name: String,
}

/// Reads what the programs of a workspace wrote.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct WorkspaceLogs {
    /// The workspace.
    pub object: ObjectTarget,
}

/// Opens a shell in a workspace, comes back to one, or looks which there are. The permit is held as long as that lasts.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct WorkspaceConnect {
    /// The workspace.
    pub object: ObjectTarget,
    /// What for.
    pub purpose: ShellPurpose,
}

/// What somebody connects to a workspace for.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(tag = "for", rename_all = "snake_case")]
pub enum ShellPurpose {
    /// A new shell.
    Shell {
        /// The program, without its arguments; empty for the user's shell.
        #[serde(default, skip_serializing_if = "String::is_empty")]
        program: String,
    },
    /// A shell that is there.
    Attach {
        /// Its id; empty for the one that was detached last.
        #[serde(default, skip_serializing_if = "String::is_empty")]
        shell: String,
    },
    /// To see which shells and streams there are.
    List,
}

impl ShellPurpose {
    /// In a few words.
    #[must_use]
    pub fn words(&self) -> String {
        match self {
            Self::Shell { program } if program.is_empty() => "a shell".to_owned(),
            Self::Shell { program } => format!("{program} on a terminal"),
            Self::Attach { shell } if shell.is_empty() => "the shell detached last".to_owned(),
            Self::Attach { shell } => format!("shell {shell}"),
            Self::List => "the list of shells".to_owned(),
        }
    }
}

/// Runs a program in a workspace. The permit is held as long as it runs.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct WorkspaceExec {
    /// The workspace.
    pub object: ObjectTarget,
    /// The program, without its arguments: those may hold what is nobody else's.
    pub program: String,
    /// It has a terminal.
    #[serde(default, skip_serializing_if = "std::ops::Not::not")]
    pub terminal: bool,
}

/// Opens a port or an app of a workspace in a browser. The permit is held as long as that login lasts.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct WorkspaceProxy {
    /// The workspace.
    pub object: ObjectTarget,
    /// The port in the workspace.
    pub port: u16,
    /// The app that listens there, where one is named.
    #[serde(default, skip_serializing_if = "String::is_empty")]
    pub app: String,
}

/// Looks at, fetches or changes files in a workspace. The permit is held for one request, or as long as a view of them is open.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct WorkspaceFiles {
    /// The workspace.
    pub object: ObjectTarget,
    /// What is done: `list`, `get`, `put`, `mkdir`, `rename`, `delete`.
    pub act: String,
    /// Where, as the caller said it.
    pub path: String,
    /// It changes something there.
    pub writes: bool,
}

/// Looks at the apps of a workspace and the ports on which it listens, or starts and stops an app.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct WorkspaceApps {
    /// The workspace.
    pub object: ObjectTarget,
    /// What is done: `list`, `logs`, `install`, `start`, `stop`, `restart`.
    pub act: String,
    /// Which app; empty for all.
    #[serde(default, skip_serializing_if = "String::is_empty")]
    pub app: String,
}

/// Reads what a repository, of files or of images, says of what a workspace is made from.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct WorkspaceSource {
    /// The workspace, or the one that is to be.
    pub object: ObjectTarget,
    /// Whose it is.
    pub owner: String,
    /// The host of the repository.
    pub host: String,
    /// Its path there: `owner/name`.
    pub repository: String,
    /// What is meant of it, in words: `branch, tag or commit main`, `image 1.2`.
    pub reference: String,
}

/// Makes objects of what a workspace's layers come to.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct WorkspaceProvision {
    /// The workspace.
    pub object: ObjectTarget,
    /// Whose it is.
    pub owner: String,
    /// Of which organization.
    pub org: String,
    /// The blueprint: of a repository's file, the one that it builds on.
    pub blueprint: String,
    /// The evaluated fields; what may hold a secret says only that it is there.
    pub fields: serde_json::Value,
}

/// Joins a volume that is not a workspace's own alone: before it is made, and before each pod that mounts it.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct WorkspaceMount {
    /// The workspace.
    pub object: ObjectTarget,
    /// Whose it is.
    pub owner: String,
    /// Of which organization.
    pub org: String,
    /// Which roles they have, as far as that is known.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub roles: Vec<String>,
    /// The claim.
    pub claim: String,
    /// How it is joined.
    pub how: MountKind,
    /// The id that is said; empty for none.
    #[serde(default, skip_serializing_if = "String::is_empty")]
    pub id: String,
    /// What its labels say; absent where nobody looked.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub whose: Option<MountOwner>,
}

/// How a volume is joined.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum MountKind {
    /// All of an organization share it, or all who say the same id.
    Shared,
    /// It is named by an id that is not the workspace's.
    Named,
    /// A claim that is there.
    Existing,
}

/// Whose a claim is, by its labels.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum MountOwner {
    /// There is none yet.
    Absent,
    /// It says nothing of that.
    Unsaid,
    /// The workspace's owner, or their organization where it is nobody's alone.
    Same,
    /// Another person.
    Person(String),
    /// Another organization.
    Org(String),
}

/// Reads the blueprints of the platform again, from where the configuration says that they are.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct BlueprintReload {
    /// Where that is.
    pub source: String,
}

/// Says what becomes of a new revision of a blueprint, which serves some alone.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct BlueprintRollout {
    /// The blueprint.
    pub object: ObjectTarget,
    /// The revision.
    pub revision: String,
    /// What becomes of it.
    pub act: RolloutAct,
}

/// What becomes of a revision.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum RolloutAct {
    /// It serves everybody.
    Promote,
    /// It serves nobody anew.
    Hold,
    /// It goes on as its blueprint says.
    Resume,
}

impl RolloutAct {
    /// Its word.
    #[must_use]
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Promote => "promote",
            Self::Hold => "hold",
            Self::Resume => "resume",
        }
    }
}

/// Does what a workspace asks for its user, from inside: credentials, its own deletion, the check of a blueprint.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct WorkspaceAsk {
    /// The workspace.
    pub object: ObjectTarget,
    /// Whose it is.
    pub owner: String,
    /// What it asks: `credentials`, `delete`, `validate`, `passwd`, `connect`.
    pub ask: String,
    /// Of credentials: `git`, `registry` or `kubernetes`.
    #[serde(default, skip_serializing_if = "String::is_empty")]
    pub service: String,
    /// Of credentials: the host they are for. Of a connection: where to, as `host:port`.
    #[serde(default, skip_serializing_if = "String::is_empty")]
    pub host: String,
}

/// Changes what a workspace asks for, but not whether it runs.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct WorkspaceUpdate {
    /// The workspace.
    pub object: ObjectTarget,
    /// The fields of its spec that change, by their JSON pointers.
    pub fields: Vec<String>,
}

/// Starts a workspace that sleeps, because somebody came to one of its doors.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct WorkspaceWake {
    /// The workspace.
    pub object: ObjectTarget,
    /// Which door: `http`, `api`, `ssh`.
    pub door: String,
}

/// Makes a workspace.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct WorkspaceCreate {
    /// The workspace.
    pub object: ObjectTarget,
    /// For whom.
    pub owner: String,
    /// Of which organisation.
    #[serde(default, skip_serializing_if = "String::is_empty")]
    pub org: String,
    /// The blueprint, as `Kind/name`; empty for the usual one.
    #[serde(default, skip_serializing_if = "String::is_empty")]
    pub blueprint: String,
    /// The image; empty for the blueprint's.
    #[serde(default, skip_serializing_if = "String::is_empty")]
    pub image: String,
}

/// Wants a workspace to run.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct WorkspaceStart {
    /// The workspace.
    pub object: ObjectTarget,
}

/// Wants a workspace to stop: its pod goes, all else stays.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct WorkspaceStop {
    /// The workspace.
    pub object: ObjectTarget,
    /// Seconds to wait first.
    #[serde(default)]
    pub delay_seconds: u32,
}

/// Deletes a workspace. What becomes of its volumes stands in the workspace.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct WorkspaceDelete {
    /// The workspace.
    pub object: ObjectTarget,
    /// Only if it is still this one.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub uid: Option<String>,
}

/// Makes a blueprint or a Grant of what another system had.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct WorkspaceImport {
    /// What is made.
    pub object: ObjectTarget,
    /// What it is made of.
    pub from: String,
}

/// Deletes all workspaces of somebody, or has them stopped and kept for a while instead.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct WorkspaceDeleteAll {
    /// The cluster.
    pub cluster: ClusterName,
    /// Whose they are.
    pub owner: String,
    /// Only those of this organization; empty for those of any.
    #[serde(default, skip_serializing_if = "String::is_empty")]
    pub org: String,
    /// They are stopped, and deleted after so long; 0 deletes them now.
    #[serde(default)]
    pub kept_seconds: u64,
    /// Which.
    pub workspaces: Vec<ObjectTarget>,
    /// Only if they are still these: in the same order.
    pub uids: Vec<String>,
}

/// Keeps a workspace from being stopped while nobody uses it, for a while.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct WorkspaceKeep {
    /// The workspace.
    pub object: ObjectTarget,
    /// For how long from now; 0 takes back what was asked before.
    pub seconds: u64,
    /// Why, in words of whoever asks.
    #[serde(default, skip_serializing_if = "String::is_empty")]
    pub reason: String,
}

/// Deletes a workspace with its own volumes, or the volumes that one left.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct WorkspacePurge {
    /// The workspace.
    pub object: ObjectTarget,
    /// Only if it is still this one; absent where there is none any more.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub uid: Option<String>,
    /// The claims of its volumes.
    pub claims: Vec<String>,
}

/// Looks after volumes that a workspace left which was deleted: says since when they are left, and deletes those whose time is over.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct WorkspaceExpire {
    /// The workspace that is gone.
    pub object: ObjectTarget,
    /// The claims that are told since when they are left.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub left: Vec<String>,
    /// The claims that are deleted.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub over: Vec<String>,
}

/// Carries out what a workspace asks for: once for each generation of it, by the operator.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct WorkspaceReconcile {
    /// The workspace.
    pub object: ObjectTarget,
    /// Whose it is.
    pub owner: String,
    /// The generation of its object.
    pub generation: i64,
}

/// Installs the kinds of workspaces in a cluster.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct OperatorInstall {
    /// The custom resource definitions and what else is made.
    pub objects: Vec<ObjectTarget>,
}

/// Runs the operator of workspaces in a cluster. The permit is held as long as it runs.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct OperatorRun {
    /// The cluster.
    pub cluster: ClusterName,
    /// Where its lease is.
    pub namespace: String,
}
