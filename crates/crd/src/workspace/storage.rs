//! What the volumes of a workspace begin with, and what becomes of them.

use crate::scalar::Span;
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

/// What volumes begin with, and what becomes of them.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "camelCase")]
pub struct Storage {
    /// What they are filled from; empty volumes when left out. It cannot be changed.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub from: Option<StorageFrom>,
    /// What becomes of them when the workspace is deleted; Retain when left out.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[schemars(with = "OnDelete")]
    pub on_delete: Option<OnDelete>,
    /// How long they are kept after that; 168h when left out.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub retain_for: Option<Span>,
}

impl Storage {
    /// How long volumes are kept where nobody says otherwise, in seconds.
    pub const RETAIN_FOR: u64 = 168 * 3_600;
}

/// What volumes are filled from: one of the two.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub struct StorageFrom {
    /// A snapshot in this namespace.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[schemars(length(min = 1, max = 253))]
    pub snapshot: Option<String>,
    /// Another workspace in this namespace, as it is then.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[schemars(length(min = 1, max = 253))]
    pub workspace: Option<String>,
}

/// What becomes of volumes when a workspace is deleted.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub enum OnDelete {
    /// They stay.
    #[default]
    Retain,
    /// A snapshot stays.
    Snapshot,
    /// They go.
    Delete,
}
