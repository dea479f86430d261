//! A workspace: what is wanted, and how it is.

mod environment;
mod exposure;
mod lifecycle;
mod placement;
mod sharing;
mod source;
mod status;
mod storage;

pub use environment::{Amounts, EnvVar, EnvVarSource, FieldKey, KeyOf, Port, Protocol, ResourceKey, Resources};
pub use exposure::{Exposure, ExposureType, ForwardAuth};
pub use lifecycle::{Lifecycle, Schedule, Wake};
pub use placement::{
    Affinity, NodeAffinity, NodeRequirement, NodeSelector, NodeSelectorTerm, Placement, PodAffinity, PodAffinityTerm,
    PreferredNodes, PreferredPods, Toleration,
};
pub use sharing::{PortLevel, PortShare, Share, ShareKind, ShareRole};
pub use source::{BlueprintKind, BlueprintRef, Dotfiles, Mode, Repo, RunProfile, Source, Target, WorkloadKind};
pub use status::{
    AppliedResources, BlueprintStatus, InjectedStatus, LastActivity, LayerStatus, Phase, PodStatus, UpdateAvailable,
    VolumeStatus, WorkspaceStatus,
};
pub use storage::{OnDelete, Storage, StorageFrom};

use crate::blueprint::{App, InitScript, Network, StorageVolume, WebProxy};
use kube_derive::CustomResource;
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};
use std::collections::BTreeMap;

/// A place to work: what is wanted of it.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize, JsonSchema, CustomResource)]
#[kube(
    group = "quarterdeck.dev",
    version = "v1alpha1",
    kind = "Workspace",
    crates(kube_core = "::kube_core"),
    plural = "workspaces",
    singular = "workspace",
    shortname = "ws",
    category = "quarterdeck",
    namespaced,
    status = "WorkspaceStatus",
    doc = "A place to work: a pod made from a blueprint, with a home that outlives it.",
    derive = "PartialEq",
    selectable = ".spec.owner",
    selectable = ".spec.org",
    selectable = ".spec.state"
)]
#[serde(rename_all = "camelCase")]
pub struct WorkspaceSpec {
    /// Whose workspace it is: a user name. It cannot be changed.
    #[schemars(length(min = 1, max = 64), regex(pattern = r"^[A-Za-z0-9][A-Za-z0-9._-]*$"))]
    pub owner: String,
    /// The organization it belongs to. It cannot be changed.
    #[schemars(length(min = 1, max = 63), regex(pattern = r"^[A-Za-z0-9]([A-Za-z0-9._-]*[A-Za-z0-9])?$"))]
    pub org: String,
    /// The blueprint it is made from. There has to be this or image.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub blueprint_ref: Option<BlueprintRef>,
    /// The image of its main container. Without blueprintRef it is laid over the platform's default blueprint.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[schemars(length(min = 1, max = 512))]
    pub image: Option<String>,
    /// Arguments of the image's entrypoint.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    #[schemars(length(max = 128), inner(length(max = 4096)))]
    pub args: Vec<String>,
    /// What runs instead of the image's entrypoint.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    #[schemars(length(max = 128), inner(length(max = 4096)))]
    pub command: Vec<String>,
    /// How it runs: as a machine for people, or as the image means it. The blueprint's when left out, else shell.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[schemars(with = "RunProfile")]
    pub run_profile: Option<RunProfile>,
    /// The repository it is for.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub source: Option<Source>,
    /// A pod of its own, or a part of a workload that is there. It cannot be changed.
    #[serde(default)]
    pub mode: Mode,
    /// The workload it becomes a part of; there exactly when the mode is not Standalone. It cannot be changed.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub target: Option<Target>,
    /// Whether it should run. Doors and schedules own this field: leave it out of manifests under version control.
    #[serde(default)]
    pub state: State,
    /// Values for the parameters of the blueprint, which gives them their types.
    #[serde(default, skip_serializing_if = "BTreeMap::is_empty")]
    #[schemars(extend("maxProperties" = 64, "maxLength" = 4096))]
    pub params: BTreeMap<String, String>,
    /// What whoever works in it brings along: applied after all init scripts, as a layer of its own.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub dotfiles: Option<Dotfiles>,
    /// Fields of the blueprint that this workspace sets otherwise, as far as the blueprint allows it.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub overrides: Option<Overrides>,
    /// Environment variables of the main container.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    #[schemars(length(max = 128), extend("x-kubernetes-list-type" = "map", "x-kubernetes-list-map-keys" = ["name"]))]
    pub env: Vec<EnvVar>,
    /// Ports that it listens on.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    #[schemars(length(max = 64), extend("x-kubernetes-list-type" = "map", "x-kubernetes-list-map-keys" = ["containerPort", "protocol"]))]
    pub ports: Vec<Port>,
    /// What it may use at most.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub resources: Option<Resources>,
    /// How it is reached from outside the cluster beside the gateway.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub exposure: Option<Exposure>,
    /// When it stops, starts and ends.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub lifecycle: Option<Lifecycle>,
    /// What its volumes begin with, and what becomes of them.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub storage: Option<Storage>,
    /// Who may use it beside its owner.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    #[schemars(length(max = 64), extend("x-kubernetes-list-type" = "map", "x-kubernetes-list-map-keys" = ["kind", "name"]))]
    pub sharing: Vec<Share>,
    /// Who may reach its ports and apps.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    #[schemars(length(max = 64), extend("x-kubernetes-list-type" = "atomic"))]
    pub port_sharing: Vec<PortShare>,
    /// Where its pod runs.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub placement: Option<Placement>,
    /// Labels of its pod, for meshes and monitoring. Those of quarterdeck.dev are refused.
    #[serde(default, skip_serializing_if = "BTreeMap::is_empty")]
    #[schemars(extend("maxProperties" = 32, "maxLength" = 63))]
    pub pod_labels: BTreeMap<String, String>,
    /// When a newer blueprint takes effect; OnRestart when left out.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[schemars(with = "Update")]
    pub update: Option<Update>,
    /// Whether the operator leaves everything as it is.
    #[serde(default, skip_serializing_if = "std::ops::Not::not")]
    pub paused: bool,
    /// A preset of the blueprint, whose parameters it takes.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[schemars(length(min = 1, max = 63))]
    pub presets_ref: Option<String>,
    /// What people should know about it.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[schemars(length(max = 4096))]
    pub notes: Option<String>,
}

/// Whether a workspace should run.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub enum State {
    /// It should run.
    #[default]
    Running,
    /// Its pod should be gone; volumes stay.
    Stopped,
}

/// When a newer blueprint takes effect.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub enum Update {
    /// When somebody asks for it.
    Manual,
    /// When the workspace is next started.
    #[default]
    OnRestart,
    /// At once: the pod is made again.
    Auto,
}

/// What a workspace may set otherwise than its blueprint: the fields that a file in a repository may set, too.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "camelCase")]
pub struct Overrides {
    /// Text that is shown in a new terminal.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[schemars(length(max = 4096))]
    pub splash: Option<String>,
    /// The image of the main container.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[schemars(length(min = 1, max = 512))]
    pub image: Option<String>,
    /// Environment variables by name.
    #[serde(default, skip_serializing_if = "BTreeMap::is_empty")]
    #[schemars(extend("maxProperties" = 128, "maxLength" = 32768))]
    pub env: BTreeMap<String, String>,
    /// The network: a tighter class, more that is denied.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub network: Option<Network>,
    /// What the main container may use at most.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub resources: Option<Amounts>,
    /// Volumes by name; neither ids nor claims that are there already.
    #[serde(default, skip_serializing_if = "BTreeMap::is_empty")]
    #[schemars(extend("maxProperties" = 32))]
    pub storages: BTreeMap<String, StorageVolume>,
    /// Scripts that run once, in this order.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    #[schemars(length(max = 32), extend("x-kubernetes-list-type" = "map", "x-kubernetes-list-map-keys" = ["name"]))]
    pub init_scripts: Vec<InitScript>,
    /// Whether terminals show how the scripts go.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub show_init_script_status: Option<bool>,
    /// Whether apps are installed and started at all.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub enable_apps: Option<bool>,
    /// Apps by name.
    #[serde(default, skip_serializing_if = "BTreeMap::is_empty")]
    #[schemars(extend("maxProperties" = 64))]
    pub apps: BTreeMap<String, App>,
    /// The main route through the proxy.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub web_proxy: Option<WebProxy>,
}
