//! What a running tap tells of itself.

use super::Record;
use policy::action::ObjectTarget;
use proto::capture::Stats;
use serde::{Deserialize, Serialize};

/// A tap, as its process tells it.
#[derive(Clone, Debug, Serialize, Deserialize)]
pub(crate) struct Board {
    pub(crate) id: String,
    pub(crate) pid: u32,
    pub(crate) since_ms: u64,
    pub(crate) cluster: String,
    pub(crate) title: String,
    pub(crate) pods: Vec<PodState>,
    /// All its agents have said their last word.
    pub(crate) ended: bool,
}

/// A pod of it.
#[derive(Clone, Debug, Default, Serialize, Deserialize)]
pub(crate) struct PodState {
    pub(crate) namespace: String,
    pub(crate) pod: String,
    pub(crate) container: String,
    pub(crate) state: String,
    pub(crate) packets: u64,
    pub(crate) records: u64,
    pub(crate) dropped: u64,
    /// Why it failed.
    #[serde(default, skip_serializing_if = "String::is_empty")]
    pub(crate) error: String,
}

impl Board {
    pub(super) fn new(record: &Record) -> Self {
        Self {
            id: record.id.clone(),
            pid: record.pid,
            since_ms: record.since_ms,
            cluster: record.cluster.clone(),
            title: record.title.clone(),
            pods: Vec::new(),
            ended: false,
        }
    }

    pub(super) fn joined(&mut self, pod: usize, target: &ObjectTarget) {
        if self.pods.len() <= pod {
            self.pods.resize(pod + 1, PodState::default());
        }
        if let Some(own) = self.pods.get_mut(pod) {
            own.namespace.clone_from(&target.namespace);
            own.pod.clone_from(&target.name);
            "joined".clone_into(&mut own.state);
        }
    }

    pub(super) fn container(&mut self, pod: usize, container: &str) {
        if let Some(own) = self.pods.get_mut(pod) {
            container.clone_into(&mut own.container);
        }
    }

    pub(super) fn state(&mut self, pod: usize, state: &str) {
        if let Some(own) = self.pods.get_mut(pod) {
            state.clone_into(&mut own.state);
        }
    }

    pub(super) fn stats(&mut self, pod: usize, stats: &Stats) {
        if let Some(own) = self.pods.get_mut(pod) {
            (own.packets, own.records, own.dropped) = (stats.packets, stats.records, stats.kernel_drops);
        }
    }

    /// The pod's part is over; its container, where one was added.
    pub(super) fn ended(
        &mut self,
        pod: usize,
        error: Option<&capture::Error>,
        stats: Option<&Stats>,
    ) -> Option<String> {
        if let Some(stats) = stats {
            self.stats(pod, stats);
        }
        let own = self.pods.get_mut(pod)?;
        "ended".clone_into(&mut own.state);
        if let Some(error) = error {
            "failed".clone_into(&mut own.state);
            own.error = error.to_string();
        }
        Some(own.container.clone()).filter(|container| !container.is_empty())
    }
}
