//! What a client says: what it wants to see, and that it saw it.

use super::SubId;
use base::ClusterName;
use serde::{Deserialize, Serialize};
use ts_rs::TS;

/// A frame from the client.
#[derive(Clone, Debug, Serialize, Deserialize, TS)]
#[serde(rename_all = "snake_case", deny_unknown_fields)]
#[ts(export_to = "api.ts")]
pub enum ClientFrame {
    /// Open a subscription.
    Sub(Sub),
    /// Show another part of the same list.
    Move(Move),
    /// The frame with this sequence is painted.
    Ack(Ack),
    /// Close a subscription.
    Unsub(Unsub),
}

/// Opens a subscription.
#[derive(Clone, Debug, Serialize, Deserialize, TS)]
#[serde(deny_unknown_fields)]
#[ts(export_to = "api.ts")]
pub struct Sub {
    /// Client-chosen number.
    pub id: SubId,
    /// What to show.
    pub what: What,
    /// Where an earlier subscription stopped, to go on without a new snapshot when the server still knows it.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[ts(optional)]
    pub resume: Option<Resume>,
}

/// What a subscription shows.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, TS)]
#[serde(rename_all = "snake_case", deny_unknown_fields)]
#[ts(export_to = "api.ts")]
pub enum What {
    /// Rows of one kind.
    Rows(RowsQuery),
    /// How many objects of each kind there are, pushed as they change.
    Counts(CountsQuery),
    /// The clusters, their states and what each serves.
    Clusters,
    /// Rows of a list that is no kind of a cluster: taps, and what they saw.
    List(ListQuery),
    /// How many rows of such a list each of several filters chooses, pushed as they change: [`Counts`] by filter.
    Tally(TallyQuery),
}

/// A list: kind x clusters x namespaces, filter and sort, and the window of it that is on the screen.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, TS)]
#[serde(deny_unknown_fields)]
#[ts(export_to = "api.ts")]
pub struct RowsQuery {
    /// `plural` or `plural.group`: `pods`, `deployments.apps`.
    pub kind: String,
    /// Clusters to merge.
    #[ts(as = "Vec<String>")]
    pub clusters: Vec<ClusterName>,
    /// Namespaces; empty is all of them.
    #[serde(default)]
    pub namespaces: Vec<String>,
    /// The filter box: a word, `/-l a=b`, or `where …` (EXN-03, EX-91).
    #[serde(default)]
    pub filter: String,
    /// Sort columns, most important first; empty is namespace, name.
    #[serde(default)]
    pub sort: Vec<Sort>,
    /// First row of the window.
    #[serde(default)]
    pub at: u32,
    /// Rows in the window; at most 1,000.
    pub len: u32,
}

/// A list that is no kind of a cluster, and the window of it that is on the screen. It is answered as rows are.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, TS)]
#[serde(deny_unknown_fields)]
#[ts(export_to = "api.ts")]
pub struct ListQuery {
    /// Which list.
    pub list: List,
    /// The filter box: a word, or `where …`.
    #[serde(default)]
    pub filter: String,
    /// Sort columns, most important first; empty is the list's own order.
    #[serde(default)]
    pub sort: Vec<Sort>,
    /// First row of the window.
    #[serde(default)]
    pub at: u32,
    /// Rows in the window; at most 1,000.
    pub len: u32,
}

/// Filters over a list that is no kind of a cluster.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, TS)]
#[serde(deny_unknown_fields)]
#[ts(export_to = "api.ts")]
pub struct TallyQuery {
    /// Which list.
    pub list: List,
    /// What is counted, each as the filter box takes it; at most 32, none of them on ages.
    pub filters: Vec<String>,
}

/// Which list.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, TS)]
#[serde(rename_all = "snake_case", deny_unknown_fields)]
#[ts(export_to = "api.ts")]
pub enum List {
    /// All taps of this server; a row's name is the tap's id.
    Taps,
    /// Records of one tap, by its id; a row's name is the record's id.
    Records(String),
}

/// One sort column.
#[derive(Clone, Debug, PartialEq, Eq, Hash, Serialize, Deserialize, TS)]
#[serde(deny_unknown_fields)]
#[ts(export_to = "api.ts")]
pub struct Sort {
    /// Column id.
    pub column: String,
    /// Largest first.
    #[serde(default)]
    pub descending: bool,
}

/// Which counts.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, TS)]
#[serde(deny_unknown_fields)]
#[ts(export_to = "api.ts")]
pub struct CountsQuery {
    /// Clusters to add up.
    #[ts(as = "Vec<String>")]
    pub clusters: Vec<ClusterName>,
    /// Namespaces; empty is all.
    #[serde(default)]
    pub namespaces: Vec<String>,
}

/// Where an earlier subscription stopped.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize, TS)]
#[ts(export_to = "api.ts")]
pub struct Resume {
    /// The server process that counted `seq`.
    #[ts(type = "number")]
    pub epoch: u64,
    /// The last sequence that was painted.
    #[ts(type = "number")]
    pub seq: u64,
}

/// Moves the window.
#[derive(Clone, Copy, Debug, Serialize, Deserialize, TS)]
#[serde(deny_unknown_fields)]
#[ts(export_to = "api.ts")]
pub struct Move {
    /// The subscription.
    pub id: SubId,
    /// First row.
    pub at: u32,
    /// Rows.
    pub len: u32,
}

/// Acknowledges a frame.
#[derive(Clone, Copy, Debug, Serialize, Deserialize, TS)]
#[serde(deny_unknown_fields)]
#[ts(export_to = "api.ts")]
pub struct Ack {
    /// The subscription.
    pub id: SubId,
    /// The frame's sequence.
    #[ts(type = "number")]
    pub seq: u64,
}

/// Closes a subscription.
#[derive(Clone, Copy, Debug, Serialize, Deserialize, TS)]
#[serde(deny_unknown_fields)]
#[ts(export_to = "api.ts")]
pub struct Unsub {
    /// The subscription.
    pub id: SubId,
}
