//! Blueprints: what workspaces are made from. The platform's are cluster wide, those of an organization have a namespace.

mod apps;
mod engine;
mod network;
mod params;
mod probes;
mod rollout;
mod security;
mod volumes;

pub use apps::{App, AppProtocol, InitScript, RestartPolicy, WebProxy};
pub use engine::{Agent, AgentConnection, Engine, PullPolicy};
pub use network::{Network, NetworkClass, NetworkPort};
pub use params::{Activity, Bound, Choice, Param, ParamType, Pool, Preset, Timeouts};
pub use probes::{Exec, HttpGet, Probe, Probes, TcpSocket};
pub use rollout::{
    Group, GroupKind, HoldAfter, Launch, Rollout, RolloutAct, RolloutState, RolloutStatus, Stable, Verdict,
};
pub use security::{Capabilities, Profile, ProfileType, SeLinuxOptions, SecurityContext};
pub use volumes::{AccessMode, ClaimResources, ClaimSource, ClaimSpec, StorageType, StorageVolume, VolumeMode};

use crate::condition::Condition;
use crate::workspace::{Amounts, RunProfile};
use kube_derive::CustomResource;
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};
use std::collections::BTreeMap;

macro_rules! blueprint {
    ($(#[$doc:meta])* $name:ident, $(#[$kube:meta])*) => {
        $(#[$doc])*
        #[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize, JsonSchema, CustomResource)]
        $(#[$kube])*
        #[kube(
            group = "quarterdeck.dev",
            version = "v1alpha1",
            crates(kube_core = "::kube_core"),
            category = "quarterdeck",
            status = "BlueprintObjectStatus",
            derive = "PartialEq"
        )]
        #[serde(rename_all = "camelCase")]
        pub struct $name {
            /// What it is for, in a sentence or two.
            #[serde(default, skip_serializing_if = "Option::is_none")]
            #[schemars(length(max = 500))]
            pub description: Option<String>,
            /// Whether it is a pattern for others alone: no workspace is made from it.
            #[serde(default, skip_serializing_if = "Option::is_none")]
            pub is_template: Option<bool>,
            /// The blueprint it inherits from.
            #[serde(default, skip_serializing_if = "Option::is_none")]
            #[schemars(length(min = 1, max = 63))]
            pub template: Option<String>,
            /// How the kubelet looks after the main container of a service.
            #[serde(default, skip_serializing_if = "Option::is_none")]
            pub probes: Option<Probes>,
            /// Text that is shown in a new terminal.
            #[serde(default, skip_serializing_if = "Option::is_none")]
            #[schemars(length(max = 4096))]
            pub splash: Option<String>,
            /// The image of the main container. A name without a host is looked for in the platform's registry.
            #[serde(default, skip_serializing_if = "Option::is_none")]
            #[schemars(length(min = 1, max = 512))]
            pub image: Option<String>,
            /// When the image is pulled; IfNotPresent when left out.
            #[serde(default, skip_serializing_if = "Option::is_none")]
            #[schemars(with = "PullPolicy")]
            pub image_pull_policy: Option<PullPolicy>,
            /// How it runs: as a machine for people, or as the image means it; shell when left out.
            #[serde(default, skip_serializing_if = "Option::is_none")]
            #[schemars(with = "RunProfile")]
            pub run_profile: Option<RunProfile>,
            /// The pod's host name; set together with subdomain.
            #[serde(default, skip_serializing_if = "Option::is_none")]
            #[schemars(length(min = 1, max = 63))]
            pub hostname: Option<String>,
            /// The name of the headless Service that the host name stands under; set together with hostname.
            #[serde(default, skip_serializing_if = "Option::is_none")]
            #[schemars(length(min = 1, max = 63))]
            pub subdomain: Option<String>,
            /// The agent in the workspace.
            #[serde(default, skip_serializing_if = "Option::is_none")]
            pub agent: Option<Agent>,
            /// Environment variables by name. Those of the platform cannot be set.
            #[serde(default, skip_serializing_if = "BTreeMap::is_empty")]
            #[schemars(extend("maxProperties" = 128, "maxLength" = 32768))]
            pub env: BTreeMap<String, String>,
            /// The network: one class, and exceptions from it.
            #[serde(default, skip_serializing_if = "Option::is_none")]
            pub network: Option<Network>,
            /// Whether the workspace may reach the API server.
            #[serde(default, skip_serializing_if = "Option::is_none")]
            pub kubernetes_access: Option<bool>,
            /// What the main container may use at most; 500m and 512Mi when left out.
            #[serde(default, skip_serializing_if = "Option::is_none")]
            pub resources: Option<Amounts>,
            /// A rootless container engine in a sidecar.
            #[serde(default, skip_serializing_if = "Option::is_none")]
            pub podman: Option<Engine>,
            /// Volumes by name.
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
            /// Rights of the main container.
            #[serde(default, skip_serializing_if = "Option::is_none")]
            pub security_context: Option<SecurityContext>,
            /// Read-only files by path, at most 1 MiB in all.
            #[serde(default, skip_serializing_if = "BTreeMap::is_empty")]
            #[schemars(extend("maxProperties" = 64, "maxLength" = 262144))]
            pub ext_files: BTreeMap<String, String>,
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
            /// What !cel tags say in files: the pointer of a field, and the CEL expression that gives its value.
            #[serde(default, skip_serializing_if = "BTreeMap::is_empty")]
            #[schemars(extend("maxProperties" = 128, "maxLength" = 4096))]
            pub expressions: BTreeMap<String, String>,
            /// What it asks of whoever makes a workspace, in the order of a form.
            #[serde(default, skip_serializing_if = "Vec::is_empty")]
            #[schemars(length(max = 64), extend("x-kubernetes-list-type" = "map", "x-kubernetes-list-map-keys" = ["name"]))]
            pub params: Vec<Param>,
            /// Sets of parameters with a name.
            #[serde(default, skip_serializing_if = "Vec::is_empty")]
            #[schemars(length(max = 64), extend("x-kubernetes-list-type" = "map", "x-kubernetes-list-map-keys" = ["name"]))]
            pub presets: Vec<Preset>,
            /// What lower layers may set: the pointer of a field, and its bounds.
            #[serde(default, skip_serializing_if = "BTreeMap::is_empty")]
            #[schemars(extend("maxProperties" = 128))]
            pub allow: BTreeMap<String, Bound>,
            /// Workspaces that stand ready before anybody asks.
            #[serde(default, skip_serializing_if = "Option::is_none")]
            pub pool: Option<Pool>,
            /// What counts as use.
            #[serde(default, skip_serializing_if = "Option::is_none")]
            pub activity: Option<Activity>,
            /// Reasons of Kubernetes events that say nothing of whether a workspace starts, with * as a wildcard.
            #[serde(default, skip_serializing_if = "Vec::is_empty")]
            #[schemars(length(max = 64), inner(length(min = 1, max = 128)))]
            pub ignore_events: Vec<String>,
            /// How long a workspace may take until it is ready.
            #[serde(default, skip_serializing_if = "Option::is_none")]
            pub timeouts: Option<Timeouts>,
            /// Whom a new revision serves first; everybody at once when left out. It is no part of the revision itself.
            #[serde(default, skip_serializing_if = "Option::is_none")]
            pub rollout: Option<Rollout>,
        }
    };
}

blueprint! {
    /// A blueprint of an organization.
    BlueprintSpec,
    #[kube(
        kind = "Blueprint",
        plural = "blueprints",
        singular = "blueprint",
        shortname = "bp",
        namespaced,
        doc = "What workspaces of an organization are made from. It stands before a ClusterBlueprint of the same name."
    )]
}

blueprint! {
    /// A blueprint of the platform.
    ClusterBlueprintSpec,
    #[kube(
        kind = "ClusterBlueprint",
        plural = "clusterblueprints",
        singular = "clusterblueprint",
        shortname = "cbp",
        doc = "What workspaces of every organization are made from."
    )]
}

/// How a blueprint is. The operator alone writes it.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "camelCase")]
pub struct BlueprintObjectStatus {
    /// The generation of the spec that this status was made for.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub observed_generation: Option<i64>,
    /// The digest of what was composed: sha256 and hexadecimal digits.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[schemars(length(max = 128))]
    pub digest: Option<String>,
    /// The blueprints it inherits from, the first of them first.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    #[schemars(length(max = 32), inner(length(max = 128)), extend("x-kubernetes-list-type" = "atomic"))]
    pub chain: Vec<String>,
    /// The revision that serves everybody.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub stable: Option<Stable>,
    /// How it goes with the one that serves some; absent while there is none.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub rollout: Option<RolloutStatus>,
    /// How many workspaces are made from it.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[schemars(range(min = 0))]
    pub used_by: Option<i32>,
    /// Everything that is wrong with it.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    #[schemars(length(max = 256), extend("x-kubernetes-list-type" = "atomic"))]
    pub problems: Vec<BlueprintProblem>,
    /// What was found out about it: Valid, Resolved, RolledOut.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    #[schemars(length(max = 16), extend("x-kubernetes-list-type" = "map", "x-kubernetes-list-map-keys" = ["type"]))]
    pub conditions: Vec<Condition>,
}

/// Something that is wrong with a blueprint.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub struct BlueprintProblem {
    /// The pointer of the field.
    #[schemars(length(max = 1024))]
    pub pointer: String,
    /// What is wrong, and what to do about it.
    #[schemars(length(max = 4096))]
    pub message: String,
    /// The file or object it stands in.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[schemars(length(max = 1024))]
    pub file: Option<String>,
    /// The line there, from 1.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[schemars(range(min = 1))]
    pub line: Option<i32>,
    /// The column there, from 1.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[schemars(range(min = 1))]
    pub column: Option<i32>,
}
