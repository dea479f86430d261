//! All clusters.

use crate::engine::Engine;
use crate::place::{CORE, Place};
use base::{Clock, ClusterName};
use catalog::Kind;
use cluster::Cluster;
use policy::UserInfo;
use std::sync::Arc;
use std::time::Duration;

/// How the mirror behaves.
#[derive(Clone, Debug)]
pub struct MirrorConfig {
    /// A table without users ends after this time.
    pub idle: Duration,
    /// How long a view of a kind that is not built in waits for discovery.
    pub discovery_wait: Duration,
    /// An open watch of which nothing comes for this long counts as broken.
    pub silence: Duration,
    /// A cluster of which nothing was heard for this long is asked whether it is there.
    pub quiet: Duration,
    /// How long it has to answer that.
    pub probe: Duration,
    /// Kinds that are live as long as their cluster is in use, most wanted first.
    pub core: Vec<String>,
}

impl Default for MirrorConfig {
    fn default() -> Self {
        Self {
            idle: Duration::from_secs(300),
            discovery_wait: Duration::from_secs(15),
            silence: Duration::from_secs(90),
            quiet: Duration::from_secs(15),
            probe: Duration::from_secs(10),
            core: CORE.iter().map(|id| (*id).to_owned()).collect(),
        }
    }
}

/// Live tables of all clusters. Cheap to clone.
#[derive(Clone)]
pub struct Mirror(pub(crate) Arc<Inner>);

pub(crate) struct Inner {
    pub(crate) places: Vec<Arc<Place>>,
    engine: Engine,
}

impl Drop for Inner {
    fn drop(&mut self) {
        self.engine.stop();
    }
}

impl Mirror {
    /// A mirror of these clusters. None of them is asked anything until somebody looks at it.
    #[must_use]
    pub fn new(config: &MirrorConfig, clusters: Vec<Cluster>, clock: &Arc<dyn Clock>) -> Self {
        let engine = Engine::start();
        let places = clusters
            .into_iter()
            .map(|cluster| Place::new(cluster, config.clone(), clock.clone(), engine.clone()))
            .collect();
        Self(Arc::new(Inner { places, engine }))
    }

    /// Ends every feed and waits for them.
    pub async fn shutdown(&self) {
        self.0.engine.stop();
        self.0.engine.stopped().await;
    }

    /// The kinds that a cluster serves; empty until it was asked.
    ///
    /// # Errors
    /// When there is no such cluster.
    pub fn kinds(&self, cluster: &ClusterName) -> Result<Arc<Vec<Arc<Kind>>>, crate::Error> {
        Ok(self.place(cluster)?.known.read().kinds.clone())
    }

    /// A kind of a cluster by the words of a user; waits for discovery where it must.
    ///
    /// # Errors
    /// When there is no such cluster or kind.
    pub async fn kind(&self, cluster: &ClusterName, name: &str) -> Result<Arc<Kind>, crate::Error> {
        let place = self.place(cluster)?;
        place.ask();
        place.kind(name).await
    }

    /// The client of a cluster.
    ///
    /// # Errors
    /// When there is no such cluster.
    pub fn cluster(&self, name: &ClusterName) -> Result<Cluster, crate::Error> {
        Ok(self.place(name)?.cluster.clone())
    }

    /// Tells when a cluster's state, its kinds or what it says of us has changed.
    #[must_use]
    pub fn moved(&self) -> crate::Changed {
        let mut changed = crate::Changed::default();
        self.0.places.iter().for_each(|place| changed.add(place.moved.subscribe()));
        changed
    }

    /// What each cluster that was reached says of us.
    #[must_use]
    pub fn users(&self) -> Vec<(ClusterName, UserInfo)> {
        let known = |place: &Arc<Place>| Some((place.name().clone(), place.known.read().user.clone()?));
        self.0.places.iter().filter_map(known).collect()
    }

    pub(crate) fn place(&self, name: &ClusterName) -> Result<&Arc<Place>, crate::Error> {
        let found = self.0.places.iter().find(|place| place.name() == name);
        found.ok_or_else(|| crate::Error::UnknownCluster { name: name.clone() })
    }
}
