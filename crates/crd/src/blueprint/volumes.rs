//! Volumes of workspaces, and claims for them.

use crate::scalar::Quantity;
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};
use std::collections::BTreeMap;

/// A volume of a workspace.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "camelCase")]
pub struct StorageVolume {
    /// Whether it is there.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub enabled: Option<bool>,
    /// The name under which a shared volume is joined.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[schemars(length(min = 1, max = 40), regex(pattern = r"^[a-z0-9-]+$"))]
    pub id: Option<String>,
    /// What it is made of; local when left out.
    #[serde(default, rename = "type", skip_serializing_if = "Option::is_none")]
    #[schemars(with = "StorageType")]
    pub type_: Option<StorageType>,
    /// Where it is mounted: an absolute path.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[schemars(length(min = 2, max = 1024), regex(pattern = r"^/.+$"))]
    pub path: Option<String>,
    /// Whether it cannot be written.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub readonly: Option<bool>,
    /// The most it may hold, with the types emptyDir and memory.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub size_limit: Option<Quantity>,
    /// A claim that is there already; excludes claimSpec.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[schemars(length(min = 1, max = 253))]
    pub existing_claim: Option<String>,
    /// The user id that owns its root folder.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[schemars(range(min = 0, max = 4294967295_i64))]
    pub fs_owner_uid: Option<i64>,
    /// The group id that owns its root folder.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[schemars(range(min = 0, max = 4294967295_i64))]
    pub fs_owner_gid: Option<i64>,
    /// The claim that is made for it.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub claim_spec: Option<ClaimSpec>,
    /// Annotations of the claim that is made for it.
    #[serde(default, skip_serializing_if = "BTreeMap::is_empty")]
    #[schemars(extend("maxProperties" = 64, "maxLength" = 4096))]
    pub claim_spec_annotations: BTreeMap<String, String>,
}

/// What a volume is made of.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "camelCase")]
pub enum StorageType {
    /// A claim of this workspace.
    Local,
    /// A claim that several workspaces of the organization share.
    Shared,
    /// A folder on the node that ends with the pod.
    EmptyDir,
    /// Memory that ends with the pod.
    Memory,
}

/// What is asked of storage: the fields of a PersistentVolumeClaim's spec.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "camelCase")]
pub struct ClaimSpec {
    /// Who may mount it, and how.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    #[schemars(length(max = 4))]
    pub access_modes: Vec<AccessMode>,
    /// The class of storage; the cluster's default when left out.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[schemars(length(max = 253))]
    pub storage_class_name: Option<String>,
    /// How much is asked for.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub resources: Option<ClaimResources>,
    /// Labels of the volumes that will do.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub selector: Option<crate::selector::Selector>,
    /// The volume that is wanted.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[schemars(length(max = 253))]
    pub volume_name: Option<String>,
    /// A file system or a bare device; Filesystem when left out.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[schemars(with = "VolumeMode")]
    pub volume_mode: Option<VolumeMode>,
    /// The class of the volume's attributes.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[schemars(length(max = 253))]
    pub volume_attributes_class_name: Option<String>,
    /// What it is filled from, in the same namespace.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub data_source: Option<ClaimSource>,
    /// What it is filled from.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub data_source_ref: Option<ClaimSource>,
}

/// Who may mount a volume.
#[expect(clippy::enum_variant_names, reason = "the words of Kubernetes")]
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub enum AccessMode {
    /// One node, to read and write.
    ReadWriteOnce,
    /// Many nodes, to read.
    ReadOnlyMany,
    /// Many nodes, to read and write.
    ReadWriteMany,
    /// One pod, to read and write.
    ReadWriteOncePod,
}

/// A file system or a bare device.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub enum VolumeMode {
    /// A file system.
    Filesystem,
    /// A bare device.
    Block,
}

/// How much storage is asked for.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub struct ClaimResources {
    /// At least so much: the key storage.
    #[serde(default, skip_serializing_if = "BTreeMap::is_empty")]
    #[schemars(extend("maxProperties" = 4))]
    pub requests: BTreeMap<String, Quantity>,
    /// At most so much: the key storage.
    #[serde(default, skip_serializing_if = "BTreeMap::is_empty")]
    #[schemars(extend("maxProperties" = 4))]
    pub limits: BTreeMap<String, Quantity>,
}

/// What a claim is filled from.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "camelCase")]
pub struct ClaimSource {
    /// The group of its kind; empty for claims.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[schemars(length(max = 253))]
    pub api_group: Option<String>,
    /// Its kind: PersistentVolumeClaim, VolumeSnapshot.
    #[schemars(length(min = 1, max = 63))]
    pub kind: String,
    /// Its name.
    #[schemars(length(min = 1, max = 253))]
    pub name: String,
    /// Its namespace, with dataSourceRef alone.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[schemars(length(max = 63))]
    pub namespace: Option<String>,
}
