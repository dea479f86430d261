//! What a workspace is made from and for: a blueprint, a repository, a workload.

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

/// A blueprint by name.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub struct BlueprintRef {
    /// Blueprint (of the organization, in this namespace) or ClusterBlueprint (of the platform). When left out, that of
    /// the organization comes before that of the platform.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[schemars(with = "BlueprintKind")]
    pub kind: Option<BlueprintKind>,
    /// Its name.
    #[schemars(length(min = 1, max = 63))]
    pub name: String,
}

/// Whose blueprint it is.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub enum BlueprintKind {
    /// The organization's.
    Blueprint,
    /// The platform's.
    ClusterBlueprint,
}

/// How a workspace runs.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "lowercase")]
pub enum RunProfile {
    /// The agent is the first process and makes the user; PodSecurity level baseline.
    #[default]
    Shell,
    /// The image's own entrypoint, not as root; PodSecurity level restricted.
    Service,
}

/// What a workspace is for.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub struct Source {
    /// The repository that is cloned into it.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub repo: Option<Repo>,
    /// The file in the repository that says what the workspace needs. Found by the usual names when left out.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[schemars(length(min = 1, max = 1024))]
    pub file: Option<String>,
}

/// A repository.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "camelCase")]
pub struct Repo {
    /// The host it lies on; the platform's default when left out.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[schemars(length(min = 1, max = 253))]
    pub host: Option<String>,
    /// Its owner on that host, a person or an organization.
    #[schemars(length(min = 1, max = 253))]
    pub owner: String,
    /// Its name.
    #[schemars(length(min = 1, max = 253))]
    pub name: String,
    /// A branch, tag or commit; the default branch when left out.
    #[serde(default, rename = "ref", skip_serializing_if = "Option::is_none")]
    #[schemars(length(min = 1, max = 255))]
    pub ref_: Option<String>,
    /// The number of a pull request, instead of ref.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[schemars(range(min = 1, max = 2147483647))]
    pub pull_request: Option<i32>,
    /// A folder in the repository to begin in.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[schemars(length(min = 1, max = 1024))]
    pub path: Option<String>,
}

/// The dotfiles of whoever works in a workspace: those of a repository, or of a folder that the workspace has.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub struct Dotfiles {
    /// The address of a git repository, without user and password: https://host/owner/dotfiles.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[schemars(length(min = 1, max = 1024), regex(pattern = r"^https://[^/@\s]+/\S+$"))]
    pub repository: Option<String>,
    /// A branch or tag of it; its default branch when left out.
    #[serde(default, rename = "ref", skip_serializing_if = "Option::is_none")]
    #[schemars(length(min = 1, max = 255))]
    pub ref_: Option<String>,
    /// A folder in the workspace, instead of repository: /shared/dotfiles, ~/dotfiles.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[schemars(length(min = 1, max = 1024), regex(pattern = r"^(/|~/)"))]
    pub folder: Option<String>,
    /// What installs them, run in their folder; found by the usual names when left out (install.sh, bootstrap, setup), and where there
    /// is none, files that begin with a dot are linked into the home.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[schemars(length(min = 1, max = 4096))]
    pub command: Option<String>,
}

/// A pod of its own, or a part of a workload.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub enum Mode {
    /// A pod of its own.
    #[default]
    Standalone,
    /// A container in the pods of a workload, which are made again for it.
    Inject,
    /// An ephemeral container in a running pod, which is left as it is.
    Attach,
}

/// A workload, or one container of it.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub struct Target {
    /// Its kind.
    pub kind: WorkloadKind,
    /// Its name.
    #[schemars(length(min = 1, max = 253))]
    pub name: String,
    /// Its namespace; that of the workspace when left out.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[schemars(length(min = 1, max = 63))]
    pub namespace: Option<String>,
    /// The container in it; the first when left out.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[schemars(length(min = 1, max = 63))]
    pub container: Option<String>,
}

/// A kind of workload.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "lowercase")]
pub enum WorkloadKind {
    /// A Deployment.
    Deployment,
    /// A StatefulSet.
    StatefulSet,
    /// A DaemonSet.
    DaemonSet,
    /// A pod.
    Pod,
}
