//! One workspace, watched until it is where somebody wants it.

use crate::acts::{ActError, kind};
use cluster::{Cluster, Feed, Step};
use policy::Permit;
use policy::action::WorkspaceView;
use serde_json::Value;
use std::collections::VecDeque;
use std::time::Duration;
use wire::Budget;
use wire::watch::EventType;

/// Tells of one workspace as it changes. Whoever holds it has been allowed to see that one.
pub struct Watched<'a> {
    feed: Feed,
    told: VecDeque<Option<Value>>,
    listed: bool,
    /// Held as long as it is looked at.
    _permit: &'a Permit<WorkspaceView>,
}

impl<'a> Watched<'a> {
    /// Watches the workspace that the permit names.
    ///
    /// # Errors
    /// When the cluster has none.
    pub fn new(cluster: &Cluster, permit: &'a Permit<WorkspaceView>) -> Result<Self, ActError> {
        let asked = permit.target();
        let feed = cluster.reader().feed(kind()?, Some(&asked.namespace));
        let feed = feed.with_selectors("", &format!("metadata.name={}", asked.name));
        Ok(Self { feed, told: VecDeque::new(), listed: false, _permit: permit })
    }

    /// The workspace as it is next; `None` when it is not there.
    ///
    /// # Errors
    /// As [`ActError`] says; a connection that was lost is tried again.
    pub async fn next(&mut self) -> Result<Option<Value>, ActError> {
        let budget = Budget::default();
        loop {
            if let Some(told) = self.told.pop_front() {
                return Ok(told);
            }
            match self.feed.next().await {
                Ok(Step::Begin { .. }) => self.listed = false,
                Ok(Step::Page(format, bytes)) => {
                    let list = wire::list::List::open(format, &bytes, &budget);
                    let list = list.map_err(|error| ActError::Cluster(cluster::Error::Decode(error.to_string())))?;
                    let seen: Vec<Value> = list.items().flatten().map(wire::to_json).collect();
                    self.listed |= !seen.is_empty();
                    self.told.extend(seen.into_iter().map(Some));
                }
                Ok(Step::Events(events)) => {
                    for event in events {
                        let Ok(node) = event.node(&budget) else { continue };
                        let gone = event.ty == EventType::Deleted;
                        self.listed |= !gone;
                        self.told.push_back((!gone).then(|| wire::to_json(node)));
                    }
                }
                Ok(Step::Synced) if !self.listed => self.told.push_back(None),
                Ok(Step::Synced | Step::Resumed) => {}
                Err(error) if error.is_passing() => tokio::time::sleep(PAUSE).await,
                Err(cluster::Error::NotServed { .. }) => return Err(ActError::NotInstalled),
                Err(error) => return Err(ActError::Cluster(error)),
            }
        }
    }
}

/// Between two tries to reach a server that does not answer.
const PAUSE: Duration = Duration::from_secs(1);
