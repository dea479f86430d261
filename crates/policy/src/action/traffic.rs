//! Actions on taps that are there: to look, to see payload, to take it away, to change them.

use super::ObjectTarget;
use base::ClusterName;
use serde::{Deserialize, Serialize};

/// Names one tap.
#[derive(Clone, Debug, PartialEq, Eq, Hash, Serialize, Deserialize)]
pub struct TapTarget {
    /// The cluster whose pods it taps.
    pub cluster: ClusterName,
    /// Its id.
    pub tap: String,
}

impl std::fmt::Display for TapTarget {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(f, "tap {} in {}", self.tap, self.cluster)
    }
}

/// Opens the list of taps, or one of them: its pods, counters, and rows of records without their content. The permit of a
/// live view is held as long as the view is open.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct TapView {
    /// Which; absent for the list of all.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub tap: Option<TapTarget>,
}

/// Reads records whole, with headers and bodies.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct TapPayload {
    /// Of which tap.
    pub tap: TapTarget,
    /// The record, by its id; empty for all of `flow`.
    #[serde(default, skip_serializing_if = "String::is_empty")]
    pub record: String,
    /// The flow, by its id.
    #[serde(default, skip_serializing_if = "String::is_empty")]
    pub flow: String,
    /// The trace whose records are read, by its id.
    #[serde(default, skip_serializing_if = "String::is_empty")]
    pub trace: String,
}

impl TapPayload {
    /// The packets of a tap; or a record, a flow or a trace of it, where one is named beside.
    #[must_use]
    pub const fn of(tap: TapTarget) -> Self {
        Self { tap, record: String::new(), flow: String::new(), trace: String::new() }
    }
}

/// Reads lines of what containers of pods wrote.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct PodLogs {
    /// The pods.
    pub pods: Vec<ObjectTarget>,
    /// Only lines that name one of these.
    pub ids: Vec<String>,
}

/// Takes what was captured away, as a file.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct TapExport {
    /// Of which tap.
    pub tap: TapTarget,
    /// `jsonl`, `har`, `pcapng` or `pcap`.
    pub format: String,
    /// Which records, as an expression; empty for all.
    #[serde(default, skip_serializing_if = "String::is_empty")]
    pub select: String,
    /// The flow alone, by its id; empty for all.
    #[serde(default, skip_serializing_if = "String::is_empty")]
    pub flow: String,
    /// The capture filter, as asked for; empty for all.
    #[serde(default, skip_serializing_if = "String::is_empty")]
    pub filter: String,
}

/// Changes a tap that is there.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct TapControl {
    /// Which.
    pub tap: TapTarget,
    /// What becomes of it.
    pub change: TapChange,
}

/// What becomes of a tap.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum TapChange {
    /// Its agents end; what they captured stays.
    Stop,
    /// What was captured so far is erased; it runs on.
    Reset,
    /// It is erased with all that it captured.
    Forget,
    /// Another capture filter; empty for none.
    Filter(String),
    /// Another capture filter of one pod; empty for that of the tap.
    FilterOf {
        /// The pod.
        pod: ObjectTarget,
        /// The filter.
        filter: String,
    },
    /// Its agents let packets pass unseen (true), or look at them again.
    Pause(bool),
    /// A word in its records.
    Mark(String),
    /// Keys by which encrypted connections can be read. They are not in here.
    Keys,
    /// What is left of it in these pods ends: nobody leads it any more.
    End(Vec<ObjectTarget>),
}

impl TapChange {
    /// In a word or two.
    #[must_use]
    pub fn words(&self) -> String {
        match self {
            Self::Stop => "stop".to_owned(),
            Self::Reset => "reset".to_owned(),
            Self::Forget => "forget".to_owned(),
            Self::Filter(text) if text.is_empty() => "no filter".to_owned(),
            Self::Filter(text) => format!("filter `{text}`"),
            Self::FilterOf { pod, filter } if filter.is_empty() => {
                format!("no filter of its own for {}/{}", pod.namespace, pod.name)
            }
            Self::FilterOf { pod, filter } => format!("filter `{filter}` for {}/{}", pod.namespace, pod.name),
            Self::Pause(true) => "pause".to_owned(),
            Self::Pause(false) => "go on".to_owned(),
            Self::Mark(text) => format!("mark `{text}`"),
            Self::Keys => "keys".to_owned(),
            Self::End(pods) => match pods.as_slice() {
                [only] => format!("end in {}/{}", only.namespace, only.name),
                many => format!("end in {} pods", many.len()),
            },
        }
    }

    /// The pods that it is about alone.
    #[must_use]
    pub fn pods(&self) -> &[ObjectTarget] {
        match self {
            Self::End(pods) => pods,
            Self::FilterOf { pod, .. } => std::slice::from_ref(pod),
            _ => &[],
        }
    }
}
