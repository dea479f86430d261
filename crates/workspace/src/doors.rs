//! What doors do with workspaces for whoever is at them: the same for the console's API and for programs.
//!
//! ```text
//! a request ─► who may see it? ─► what is meant ─► composed ─► Permit ─► job in the store ─► the cluster ─► 202
//! ```
//!
//! Whoever may not see a workspace is told that there is none. Invariant: nothing is sent to a cluster but under a permit of
//! whoever asks, and with the rights that they have there.

mod acting;
mod all;
mod error;
mod imaged;
mod inside;
mod keeping;
mod listed;
mod logs;
mod purging;
mod seeing;
mod several;

pub use crate::lookup::Wanted;
pub use all::AllOf;
pub use error::DoorError;
pub use inside::{AppLog, Inside};
pub use listed::JobsAsked;
pub use logs::{Following, Heard, PodLog};
pub use seeing::Named;

use crate::blueprints::Platform;
use crate::calling::Calling;
use crate::jobs::{Jobs, Parts};
use crate::story::Stories;
use base::{Clock, ClusterName};
use cluster::Cluster;
use mirror::Mirror;
use policy::action::ObjectTarget;
use policy::{Gate, Principal};
use std::sync::Arc;
use store::{Store, StoreError};
use tokio_util::task::TaskTracker;

/// Workspaces, for doors. Clones are the same.
#[derive(Clone)]
pub struct Workspaces(Arc<Inner>);

struct Inner {
    mirror: Mirror,
    gate: Gate,
    platform: Platform,
    jobs: Jobs,
    stories: Stories,
    calling: Calling,
    clock: Arc<dyn Clock>,
    /// Acts that were begun are finished, whether whoever asked waits or not.
    tasks: TaskTracker,
}

/// What they stand on.
pub struct Standing {
    /// Where clusters are.
    pub mirror: Mirror,
    /// Decides.
    pub gate: Gate,
    /// Keeps jobs.
    pub store: Store,
    /// As whom jobs are followed.
    pub process: Principal,
    /// What holds for all workspaces; whatever its cluster is called.
    pub platform: Platform,
    /// Calls daemons.
    pub calling: Calling,
    /// The time.
    pub clock: Arc<dyn Clock>,
}

impl Workspaces {
    /// Puts them together.
    #[must_use]
    pub fn new(standing: Standing) -> Self {
        let Standing { mirror, gate, store, process, platform, calling, clock } = standing;
        let stories = Stories::new(store.clone());
        let parts = Parts {
            store,
            mirror: mirror.clone(),
            gate: gate.clone(),
            process,
            clock: clock.clone(),
            stories: stories.clone(),
        };
        let jobs = Jobs::new(parts);
        Self(Arc::new(Inner { mirror, gate, platform, jobs, stories, calling, clock, tasks: TaskTracker::new() }))
    }

    /// Takes up jobs that another process left.
    ///
    /// # Errors
    /// When the store cannot be read.
    pub async fn resume(&self) -> Result<(), StoreError> {
        self.0.jobs.resume().await
    }

    /// Finishes what was begun, and lets go of jobs and stories.
    pub async fn shutdown(&self) {
        self.0.jobs.ending();
        self.0.tasks.close();
        self.0.tasks.wait().await;
        self.0.jobs.shutdown().await;
        self.0.stories.shutdown().await;
    }

    /// The cluster as a principal sees it.
    fn cluster(&self, principal: &Principal, name: &ClusterName) -> Result<Cluster, DoorError> {
        Ok(self.0.mirror.of(principal).cluster(name)?)
    }
}

fn target(cluster: &ClusterName, namespace: &str, name: &str) -> ObjectTarget {
    ObjectTarget::workspace(cluster, namespace, name)
}

/// The namespace that was said, or that of the cluster's context.
fn namespace(cluster: &Cluster, said: Option<&str>) -> String {
    let own = cluster.context().namespace.as_deref();
    said.or(own).filter(|name| !name.is_empty()).unwrap_or("default").to_owned()
}
