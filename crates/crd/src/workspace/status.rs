//! How a workspace is. The operator alone writes it.

use crate::blueprint::{StorageType, WebProxy};
use crate::condition::{Condition, ConditionStatus, ConditionType};
use crate::scalar::{Quantity, Time};
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};
use std::collections::BTreeMap;
use std::fmt;

/// How a workspace is.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "camelCase")]
pub struct WorkspaceStatus {
    /// The generation of the spec that this status was made for.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub observed_generation: Option<i64>,
    /// In one word.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[schemars(with = "Phase")]
    pub phase: Option<Phase>,
    /// The step that is being carried out: Scheduling, Pulling, Initializing, Starting and so on.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[schemars(length(max = 63))]
    pub stage: Option<String>,
    /// When that step began.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub stage_since: Option<Time>,
    /// How far it is, in percent; 100 only when it runs.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[schemars(range(min = 0, max = 100))]
    pub progress: Option<i32>,
    /// The name of its pod and Service.
    #[serde(default, rename = "canonicalID", skip_serializing_if = "Option::is_none")]
    #[schemars(length(max = 63))]
    pub canonical_id: Option<String>,
    /// The name in its host names.
    #[serde(default, rename = "routeID", skip_serializing_if = "Option::is_none")]
    #[schemars(length(max = 63))]
    pub route_id: Option<String>,
    /// The blueprint that it runs with.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub blueprint: Option<BlueprintStatus>,
    /// The revision of each blueprint object that it is made from: by Blueprint/NAME or ClusterBlueprint/NAME.
    #[serde(default, skip_serializing_if = "BTreeMap::is_empty")]
    #[schemars(extend("maxProperties" = 32, "maxLength" = 64))]
    pub revisions: BTreeMap<String, String>,
    /// The image that it runs with.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[schemars(length(max = 512))]
    pub image: Option<String>,
    /// Where it comes from, for people: the repository and ref, the workload or the blueprint.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[schemars(length(max = 1024))]
    pub origin: Option<String>,
    /// The version of the agent in it.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[schemars(length(max = 63))]
    pub agent_version: Option<String>,
    /// Its pod.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub pod: Option<PodStatus>,
    /// How many of its pods are ready: 0 or 1, more where it is injected.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[schemars(range(min = 0))]
    pub ready_replicas: Option<i32>,
    /// The name of its Service in the cluster's DNS.
    #[serde(default, rename = "serviceDNS", skip_serializing_if = "Option::is_none")]
    #[schemars(length(max = 253))]
    pub service_dns: Option<String>,
    /// The address of its Service.
    #[serde(default, rename = "serviceIP", skip_serializing_if = "Option::is_none")]
    #[schemars(length(max = 64))]
    pub service_ip: Option<String>,
    /// Where it is reached from outside.
    #[serde(default, rename = "externalURL", skip_serializing_if = "Option::is_none")]
    #[schemars(length(max = 2048))]
    pub external_url: Option<String>,
    /// Its main route: the port, and the host name that it asks for.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub web_proxy: Option<WebProxy>,
    /// Where the reverse proxy leads to: scheme, host and port.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[schemars(length(max = 2048))]
    pub proxy_target: Option<String>,
    /// What went wrong last, in a sentence.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[schemars(length(max = 4096))]
    pub last_error: Option<String>,
    /// All its URLs.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    #[schemars(length(max = 128), inner(length(max = 2048)))]
    pub urls: Vec<String>,
    /// What its main container may use now.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub applied_resources: Option<AppliedResources>,
    /// Its volumes.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    #[schemars(length(max = 64), extend("x-kubernetes-list-type" = "map", "x-kubernetes-list-map-keys" = ["name"]))]
    pub volumes: Vec<VolumeStatus>,
    /// The job that works on it, or did last.
    #[serde(default, rename = "jobID", skip_serializing_if = "Option::is_none")]
    #[schemars(length(max = 64))]
    pub job_id: Option<String>,
    /// When and through which door it was used last.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub last_activity: Option<LastActivity>,
    /// Since when nobody uses it; absent while somebody does.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub idle_since: Option<Time>,
    /// When it will be stopped, if nothing changes.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub stop_at: Option<Time>,
    /// Who or what stopped it.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[schemars(length(max = 1024))]
    pub stop_reason: Option<String>,
    /// The workload it is injected into.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub injected: Option<InjectedStatus>,
    /// Its addresses on the overlay network.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    #[schemars(length(max = 16), inner(length(max = 64)), extend("x-kubernetes-list-type" = "set"))]
    pub addresses: Vec<String>,
    /// A newer blueprint that has not taken effect.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub update_available: Option<UpdateAvailable>,
    /// What was found out about it, aspect by aspect.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    #[schemars(length(max = 32), extend("x-kubernetes-list-type" = "map", "x-kubernetes-list-map-keys" = ["type"]))]
    pub conditions: Vec<Condition>,
}

impl WorkspaceStatus {
    /// The condition of that type, if it is known.
    #[must_use]
    pub fn condition(&self, type_: ConditionType) -> Option<&Condition> {
        self.conditions.iter().find(|one| one.is(type_))
    }

    /// Whether the condition of that type holds.
    #[must_use]
    pub fn holds(&self, type_: ConditionType) -> bool {
        self.condition(type_).is_some_and(|one| one.status == ConditionStatus::True)
    }
}

/// A workspace in one word.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Hash, Serialize, Deserialize, JsonSchema)]
pub enum Phase {
    /// The operator has not begun.
    #[default]
    Pending,
    /// It is being made.
    Provisioning,
    /// It runs.
    Running,
    /// It is being stopped.
    Stopping,
    /// It is stopped; volumes are there.
    Stopped,
    /// It is being deleted.
    Terminating,
    /// It failed; the conditions say why.
    Failed,
    /// Nobody can tell: its node is silent.
    Unknown,
}

impl Phase {
    /// The word in the object.
    #[must_use]
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Pending => "Pending",
            Self::Provisioning => "Provisioning",
            Self::Running => "Running",
            Self::Stopping => "Stopping",
            Self::Stopped => "Stopped",
            Self::Terminating => "Terminating",
            Self::Failed => "Failed",
            Self::Unknown => "Unknown",
        }
    }
}

impl fmt::Display for Phase {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.as_str())
    }
}

/// The blueprint that a workspace runs with.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub struct BlueprintStatus {
    /// Its name.
    #[schemars(length(max = 63))]
    pub name: String,
    /// The digest of everything that was composed: sha256 and hexadecimal digits.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[schemars(length(max = 128))]
    pub digest: Option<String>,
    /// The parameters that cannot be changed, with the values that they have for good.
    #[serde(default, skip_serializing_if = "BTreeMap::is_empty")]
    #[schemars(extend("maxProperties" = 64, "maxLength" = 4096))]
    pub fixed: BTreeMap<String, String>,
    /// The layers it was composed of, lowest first.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    #[schemars(length(max = 32), extend("x-kubernetes-list-type" = "atomic"))]
    pub layers: Vec<LayerStatus>,
}

/// A layer of a composed blueprint.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub struct LayerStatus {
    /// Whose layer it is: default, platform, org, repo, overrides, personal, policy.
    #[schemars(length(max = 32))]
    pub kind: String,
    /// The blueprint, file or patch.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[schemars(length(max = 1024))]
    pub name: Option<String>,
    /// The digest of this layer alone.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[schemars(length(max = 128))]
    pub digest: Option<String>,
}

/// The pod of a workspace.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "camelCase")]
pub struct PodStatus {
    /// Its name.
    #[schemars(length(max = 253))]
    pub name: String,
    /// Its unique id.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[schemars(length(max = 64))]
    pub uid: Option<String>,
    /// The node it runs on.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[schemars(length(max = 253))]
    pub node: Option<String>,
    /// Its address.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[schemars(length(max = 64))]
    pub ip: Option<String>,
    /// When it was started.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub started_at: Option<Time>,
    /// How often its main container was started again.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[schemars(range(min = 0))]
    pub restarts: Option<i32>,
}

/// What a main container may use.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub struct AppliedResources {
    /// Processors.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub cpu: Option<Quantity>,
    /// Memory in bytes.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub memory: Option<Quantity>,
}

/// A volume of a workspace.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub struct VolumeStatus {
    /// Its name in the blueprint.
    #[schemars(length(min = 1, max = 63))]
    pub name: String,
    /// The claim behind it.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[schemars(length(max = 253))]
    pub claim: Option<String>,
    /// What it is made of.
    #[serde(default, rename = "type", skip_serializing_if = "Option::is_none")]
    #[schemars(with = "StorageType")]
    pub type_: Option<StorageType>,
    /// How much it may hold.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub size: Option<Quantity>,
    /// How much it holds.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub used: Option<Quantity>,
}

/// The last use of a workspace.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub struct LastActivity {
    /// When.
    pub at: Time,
    /// Through which door: ssh, http, terminal, api, exec, files, cpu, keep.
    #[schemars(length(max = 32))]
    pub door: String,
    /// What was done, for people.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[schemars(length(max = 1024))]
    pub detail: Option<String>,
}

/// The workload that a workspace is injected into.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub struct InjectedStatus {
    /// Its kind and name: deployment/web.
    #[schemars(length(max = 320))]
    pub workload: String,
    /// How many pods it has.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[schemars(range(min = 0))]
    pub replicas: Option<i32>,
    /// The pods with a container of this workspace.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    #[schemars(length(max = 256), inner(length(max = 253)))]
    pub pods: Vec<String>,
}

/// A newer blueprint.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub struct UpdateAvailable {
    /// Its digest.
    #[schemars(length(max = 128))]
    pub digest: String,
    /// Where the difference is shown.
    #[serde(default, rename = "diffURL", skip_serializing_if = "Option::is_none")]
    #[schemars(length(max = 2048))]
    pub diff_url: Option<String>,
    /// What it changes of the pod, field by field; values that may hold a secret are not shown.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    #[schemars(length(max = 64))]
    pub changes: Vec<Change>,
}

/// A field that becomes another.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub struct Change {
    /// Which: `spec.containers[main].image`.
    #[schemars(length(max = 256))]
    pub field: String,
    /// As it is; absent where there is none.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[schemars(length(max = 256))]
    pub from: Option<String>,
    /// As it will be; absent where it goes.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[schemars(length(max = 256))]
    pub to: Option<String>,
}
