//! What a blueprint asks, what it lets others set, and what it keeps ready.

use crate::scalar::{Quantity, Span};
use crate::workspace::Schedule;
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};
use std::collections::BTreeMap;

/// Something that a blueprint asks of whoever makes a workspace. Values are texts, read in the parameter's type.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub struct Param {
    /// Its name: letters, digits and underscores, no digit first.
    #[schemars(length(min = 1, max = 40), regex(pattern = r"^[A-Za-z_][A-Za-z0-9_]*$"))]
    pub name: String,
    /// The type of its value; string when left out.
    #[serde(default, rename = "type", skip_serializing_if = "Option::is_none")]
    #[schemars(with = "ParamType")]
    pub type_: Option<ParamType>,
    /// What it is for.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[schemars(length(max = 500))]
    pub description: Option<String>,
    /// Its value when none is given; without it one has to be given.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[schemars(length(max = 4096))]
    pub default: Option<String>,
    /// The values it may have.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    #[schemars(length(max = 64), extend("x-kubernetes-list-type" = "atomic"))]
    pub options: Vec<Choice>,
    /// The least number or size.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[schemars(length(max = 64))]
    pub min: Option<String>,
    /// The greatest number or size.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[schemars(length(max = 64))]
    pub max: Option<String>,
    /// A CEL expression over value and params that has to hold.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[schemars(length(max = 4096))]
    pub check: Option<String>,
    /// What is said when it does not.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[schemars(length(max = 500))]
    pub message: Option<String>,
    /// A CEL expression over earlier parameters: whether it is asked at all.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[schemars(length(max = 4096))]
    pub when: Option<String>,
    /// Whether it may be changed later; true when left out.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub mutable: Option<bool>,
    /// Of a secret: the variable of the main container that has the value of its key.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[schemars(length(min = 1, max = 128), regex(pattern = r"^[A-Za-z_][A-Za-z0-9_]*$"))]
    pub env: Option<String>,
}

/// The type of a parameter.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "lowercase")]
pub enum ParamType {
    /// A text.
    String,
    /// A number.
    Number,
    /// true or false.
    Bool,
    /// One of the options.
    Enum,
    /// A quantity: 4Gi.
    Size,
    /// A key of a Secret of the namespace: NAME/KEY.
    Secret,
}

/// A value that a parameter may have.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub struct Choice {
    /// The value.
    #[schemars(length(max = 4096))]
    pub value: String,
    /// What it means.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[schemars(length(max = 500))]
    pub description: Option<String>,
    /// A CEL expression over earlier parameters: whether it is offered.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[schemars(length(max = 4096))]
    pub when: Option<String>,
}

/// A set of parameters with a name.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub struct Preset {
    /// Its name.
    #[schemars(length(min = 1, max = 40))]
    pub name: String,
    /// What it is for.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[schemars(length(max = 500))]
    pub description: Option<String>,
    /// Values by parameter.
    #[serde(default, skip_serializing_if = "BTreeMap::is_empty")]
    #[schemars(extend("maxProperties" = 64, "maxLength" = 4096))]
    pub params: BTreeMap<String, String>,
}

/// Whether, and within which bounds, lower layers may set a field.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub struct Bound {
    /// Whether they may set it; true when left out.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub set: Option<bool>,
    /// The least quantity; of a field of lifecycle, the shortest.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub min: Option<Quantity>,
    /// The greatest quantity; of a field of lifecycle, the longest: never is longer than any.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub max: Option<Quantity>,
    /// The values it may have, with * as a wildcard.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    #[schemars(length(max = 64), inner(length(max = 512)))]
    pub values: Vec<String>,
}

/// Workspaces that stand ready before anybody asks.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub struct Pool {
    /// How many.
    #[schemars(range(min = 0, max = 1000))]
    pub size: i32,
    /// When the pool is kept; always when left out.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub schedule: Option<Schedule>,
    /// How old one may become before it is made anew.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub ttl: Option<Span>,
}

/// What counts as use of a workspace beside people at its doors.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "camelCase")]
pub struct Activity {
    /// Paths of HTTP requests that do not count, with * as a wildcard: heartbeats of an IDE.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    #[schemars(length(max = 64), inner(length(max = 512)))]
    pub ignore_paths: Vec<String>,
    /// URLs of apps that tell when they were used last.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    #[schemars(length(max = 16), inner(length(max = 2048)))]
    pub urls: Vec<String>,
    /// How busy a processor core has to be for it to count, in percent; 5 when left out, 0 never counts.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[schemars(range(min = 0, max = 100))]
    pub cpu_percent: Option<i32>,
    /// For how long it has to be as busy as that; 5m when left out.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub cpu_for: Option<Span>,
}

/// How long a workspace may take until it is ready. One that takes longer is left as it is, and marked as stalled.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "camelCase")]
pub struct Timeouts {
    /// Without any progress; 5m when left out.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub progress: Option<Span>,
    /// In all; 15m when left out.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub total: Option<Span>,
}
