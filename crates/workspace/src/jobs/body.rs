//! A job as the store has it.

use crate::until::Until;
use api::ErrorBody;
use api::job::{Job, JobState};
use api::workspace::WorkspaceEvent;
use policy::action::ObjectTarget;
use serde::{Deserialize, Serialize};

/// A job, what was told of it, and where it goes.
#[derive(Clone, Debug, Serialize, Deserialize)]
pub(super) struct Body {
    pub(super) job: Job,
    pub(super) events: Vec<WorkspaceEvent>,
    /// Once the act was done.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub(super) goal: Option<Goal>,
    /// Where the act is for later, and was not done yet.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub(super) later: Option<Later>,
    /// Of a job on all workspaces of somebody, once the acts were done.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub(super) all: Option<super::all::All>,
}

/// An act that is for later: whoever leads then does it.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub(super) struct Later {
    /// When, epoch milliseconds.
    pub(super) due_ms: i64,
    /// To the workspace of this uid alone.
    pub(super) uid: String,
}

/// Where the workspace is to come to.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub(super) struct Goal {
    pub(super) uid: String,
    pub(super) generation: i64,
    pub(super) until: Until,
}

impl Body {
    pub(super) fn new(job: Job) -> Self {
        Self { job, events: Vec::new(), goal: None, later: None, all: None }
    }

    /// As it is kept. Plain data is always text.
    pub(super) fn text(&self) -> String {
        serde_json::to_string(self).unwrap_or_default()
    }

    pub(super) fn target(&self) -> ObjectTarget {
        ObjectTarget::workspace(&self.job.cluster, &self.job.namespace, &self.job.name)
    }

    pub(super) fn fail(&mut self, error: ErrorBody) {
        self.job.state = JobState::Failed;
        self.job.message.clone_from(&error.message);
        self.job.error = Some(error);
    }

    /// Another job wants something else of the same workspace.
    pub(super) fn give_way(&mut self, later: &str) {
        self.job.state = JobState::Cancelled;
        self.job.message = format!("job {later} wants something else");
    }

    /// Adds what happened, each under an id of this job.
    pub(super) fn tell(&mut self, events: impl Iterator<Item = WorkspaceEvent>) {
        for event in events {
            if self.events.len() >= MOST {
                return;
            }
            let id = format!("{}-{}", self.job.id.get(..8).unwrap_or_default(), self.events.len());
            self.job.stage.clone_from(&event.stage);
            self.events.push(WorkspaceEvent { id, ..event });
        }
    }
}

/// Events of one job.
const MOST: usize = 400;
