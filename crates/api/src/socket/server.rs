//! What the server says: rows and what changed in them, where they come from, counts, clusters.

use super::SubId;
use crate::cell::ColumnType;
use crate::error::ErrorBody;
use base::ClusterName;
use serde::{Deserialize, Serialize};
use std::collections::BTreeMap;
use ts_rs::TS;

/// A frame from the server. `Snap` and `Delta` carry their rows as JSON that the subscriber wrote straight from the
/// table (`RawRows`), so that no row is copied into a tree first.
#[derive(Clone, Debug, Serialize, Deserialize, TS)]
#[serde(rename_all = "snake_case")]
#[ts(export_to = "api.ts")]
pub enum ServerFrame {
    /// First frame of a socket.
    Hello(Hello),
    /// The window, whole.
    Snap(Snap),
    /// What changed in the window.
    Delta(Delta),
    /// Counts by kind, or of a tally by filter.
    Counts(Counts),
    /// The clusters.
    Clusters(Clusters),
    /// The subscription is over.
    End(End),
}

/// First frame.
#[derive(Clone, Debug, Serialize, Deserialize, TS)]
#[ts(export_to = "api.ts")]
pub struct Hello {
    /// Names this server process; sequences of another epoch mean nothing.
    #[ts(type = "number")]
    pub epoch: u64,
    /// The server's clock, so that ages do not depend on the client's.
    #[ts(type = "number")]
    pub now_ms: i64,
    /// Views one socket may hold.
    pub max_views: u32,
}

/// A column of a list.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, TS)]
#[ts(export_to = "api.ts")]
pub struct Column {
    /// Stable id: what sort and filter name.
    pub id: String,
    /// Heading.
    pub title: String,
    /// How to read the cells.
    #[serde(rename = "type")]
    pub ty: ColumnType,
    /// kubectl prints it only with `-o wide`; the console hides it at first.
    pub wide: bool,
    /// Ours, not kubectl's.
    pub extra: bool,
    /// What an absent cell shows: `<none>`, `<unknown>`, or empty for `–`.
    pub absent: String,
    /// A first width in characters.
    pub width: u16,
    /// What the column means, for a tooltip.
    #[serde(default, skip_serializing_if = "String::is_empty")]
    pub help: String,
}

/// One row: `[key, source, namespace, name, cells]`. `key` is stable while the object lives; `source` indexes
/// [`Snap::sources`]; `cells` follow [`Snap::columns`].
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, TS)]
#[ts(export_to = "api.ts")]
pub struct Row(
    #[ts(type = "number")] pub u64,
    pub u32,
    pub String,
    pub String,
    #[ts(type = "Array<CellValue>")] pub Vec<serde_json::Value>,
);

/// The window, whole.
#[derive(Clone, Debug, Serialize, Deserialize, TS)]
#[ts(export_to = "api.ts")]
pub struct Snap {
    /// The subscription.
    pub id: SubId,
    /// Sequence of this frame, to acknowledge.
    #[ts(type = "number")]
    pub seq: u64,
    /// Rows in the whole list.
    pub total: u32,
    /// First row of this window.
    pub at: u32,
    /// Columns, in order.
    pub columns: Vec<Column>,
    /// The clusters this list merges, with their states.
    pub sources: Vec<Source>,
    /// The rows.
    pub rows: Vec<Row>,
    /// Rows of the window whose objects could be read only in part (`decode_partial`): `[key, why]`.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    #[ts(type = "Array<[number, string]>", optional)]
    pub marks: Vec<(u64, String)>,
}

/// What changed in the window since the last frame.
#[derive(Clone, Debug, Serialize, Deserialize, TS)]
#[ts(export_to = "api.ts")]
pub struct Delta {
    /// The subscription.
    pub id: SubId,
    /// Sequence of this frame.
    #[ts(type = "number")]
    pub seq: u64,
    /// Rows in the whole list.
    pub total: u32,
    /// First row of this window.
    pub at: u32,
    /// The keys of the window in order, when the order or the membership changed.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[ts(type = "Array<number>", optional)]
    pub order: Option<Vec<u64>>,
    /// Rows that the client does not have yet.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    #[ts(as = "Option<Vec<Row>>", optional)]
    pub rows: Vec<Row>,
    /// Cells that changed: `[key, [[column, cell], …]]`.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    #[ts(type = "Array<[number, Array<[number, CellValue]>]>", optional)]
    pub cells: Vec<(u64, Vec<(u32, serde_json::Value)>)>,
    /// The sources, when one of them changed.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[ts(optional)]
    pub sources: Option<Vec<Source>>,
    /// All marks of the window (see [`Snap::marks`]), when they are others than before.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[ts(type = "Array<[number, string]>", optional)]
    pub marks: Option<Vec<(u64, String)>>,
}

/// Where rows come from and how fresh they are.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, TS)]
#[ts(export_to = "api.ts")]
pub struct Source {
    /// The cluster.
    #[ts(as = "String")]
    pub cluster: ClusterName,
    /// How fresh.
    pub state: SourceState,
    /// What else is to be known of these rows.
    #[serde(flatten)]
    #[ts(flatten)]
    pub notes: Notes,
}

/// What is to be known of the rows of a source beside how fresh they are.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize, TS)]
#[ts(export_to = "api.ts")]
pub struct Notes {
    /// The last time in which changes may have been missed (`history_gap`): the rows are right again, but what came
    /// and went in between was not seen.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[ts(optional)]
    pub gap: Option<Gap>,
    /// Rows of the list whose objects could be read only in part; [`Snap::marks`] names those of the window.
    #[serde(default, skip_serializing_if = "is_zero")]
    #[ts(as = "Option<u32>", optional)]
    pub partial: u32,
    /// Objects that could not be read at all since the last whole list: they have no row, or that of before.
    #[serde(default, skip_serializing_if = "is_zero")]
    #[ts(as = "Option<u32>", optional)]
    pub unreadable: u32,
    /// Namespaces of the list that may not be listed, while others may.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    #[ts(as = "Option<Vec<ErrorBody>>", optional)]
    pub denied: Vec<ErrorBody>,
    /// How the server is asked, where it is not by the best way: `pages`, `lists` (each half minute, because the kind
    /// may not be watched), and `+json` where it has no protobuf for a kind that has one.
    #[serde(default, skip_serializing_if = "String::is_empty")]
    #[ts(as = "Option<String>", optional)]
    pub way: String,
}

/// A time in which changes may have been missed.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize, TS)]
#[ts(export_to = "api.ts")]
pub struct Gap {
    /// The last moment of before at which all was known: epoch milliseconds.
    #[ts(type = "number")]
    pub from_ms: i64,
    /// When the list was whole again: epoch milliseconds.
    #[ts(type = "number")]
    pub until_ms: i64,
}

#[expect(clippy::trivially_copy_pass_by_ref, reason = "serde passes a reference")]
fn is_zero(number: &u32) -> bool {
    *number == 0
}

/// How fresh the rows of a source are.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, TS)]
#[serde(rename_all = "snake_case", tag = "is")]
#[ts(export_to = "api.ts")]
pub enum SourceState {
    /// Not connected yet.
    Connecting,
    /// The first list is under way; `loaded` rows are there.
    Loading {
        /// Rows so far.
        loaded: u32,
    },
    /// Live: changes arrive as they happen.
    Live,
    /// The connection is lost; the rows are those of `since_ms`.
    Stale {
        /// Epoch milliseconds.
        #[ts(type = "number")]
        since_ms: i64,
        /// Why.
        error: ErrorBody,
    },
    /// Never reached.
    Unreachable {
        /// Why.
        error: ErrorBody,
    },
    /// Not allowed: `error.details` has `{verb, kind, namespace}`. Other namespaces of the same list may be live.
    Denied {
        /// Why.
        error: ErrorBody,
    },
}

/// Objects by kind (`plural` or `plural.group`), where one that may not be counted is absent; of a tally, rows by filter.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, TS)]
#[ts(export_to = "api.ts")]
pub struct Counts {
    /// The subscription.
    pub id: SubId,
    /// Sequence of this frame.
    #[ts(type = "number")]
    pub seq: u64,
    /// Counts.
    pub kinds: BTreeMap<String, u32>,
}

/// The clusters.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, TS)]
#[ts(export_to = "api.ts")]
pub struct Clusters {
    /// The subscription.
    pub id: SubId,
    /// Sequence of this frame.
    #[ts(type = "number")]
    pub seq: u64,
    /// Each cluster.
    pub clusters: Vec<Cluster>,
}

/// One cluster.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, TS)]
#[ts(export_to = "api.ts")]
pub struct Cluster {
    /// Its name here: the kubeconfig context.
    #[ts(as = "String")]
    pub name: ClusterName,
    /// The kubeconfig's current context.
    pub current: bool,
    /// Marked production: destructive plans ask for a typed name.
    pub production: bool,
    /// State of the connection.
    pub state: SourceState,
    /// The API server's version, once known: `v1.34.4`.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[ts(optional)]
    pub version: Option<String>,
    /// Who the API server says we are.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[ts(optional)]
    pub user: Option<String>,
    /// The context's own namespace.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[ts(optional)]
    pub namespace: Option<String>,
    /// Kinds that it serves, in the navigation's order; empty until discovered.
    pub kinds: Vec<Kind>,
    /// Sets of namespaces that kinds name.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    #[ts(as = "Option<Vec<Vec<String>>>", optional)]
    pub places: Vec<Vec<String>>,
}

/// A kind that a cluster serves.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, TS)]
#[ts(export_to = "api.ts")]
pub struct Kind {
    /// `plural` or `plural.group`.
    pub id: String,
    /// `v1`.
    pub version: String,
    /// `Deployment`.
    pub kind: String,
    /// Group of the navigation: `Cluster`, `Workloads`, `Network`, `Config`, `Storage`, `Access`, `Custom`.
    pub section: String,
    /// Heading: `Deployments`.
    pub title: String,
    /// Short names: `deploy`.
    pub short_names: Vec<String>,
    /// Lives in namespaces.
    pub namespaced: bool,
    /// Acts that exist for this kind: `delete`, `scale`, `restart`, `reveal`.
    pub acts: Vec<String>,
    /// Verbs that we know to be denied on the whole cluster: `list`, `watch`, `delete`, `patch`, `patch/scale`.
    pub denied: Vec<String>,
    /// For verbs of `denied`: the namespaces in which they are allowed all the same, as an index of
    /// [`Cluster::places`].
    #[serde(default, skip_serializing_if = "BTreeMap::is_empty")]
    #[ts(as = "Option<BTreeMap<String, u32>>", optional)]
    pub only_in: BTreeMap<String, u32>,
}

/// The subscription is over.
#[derive(Clone, Debug, Serialize, Deserialize, TS)]
#[ts(export_to = "api.ts")]
pub struct End {
    /// The subscription.
    pub id: SubId,
    /// Why, unless the client asked for it.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[ts(optional)]
    pub error: Option<ErrorBody>,
}
