//! All clusters.

use crate::engine::Engine;
use crate::place::{CORE, Place};
use base::{Clock, ClusterName};
use catalog::Kind;
use cluster::{Cluster, ConnectOptions, Kubeconfig, Rate};
use parking_lot::{Mutex, RwLock};
use policy::action::ClusterAdd;
use policy::{Outcome, Permit, Principal, UserInfo};
use std::collections::HashMap;
use std::sync::Arc;
use std::time::Duration;
use tokio::sync::watch;

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
    /// Contexts that are production.
    pub production: Vec<ClusterName>,
    /// How fast a cluster may be asked.
    pub rate: Rate,
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
            production: Vec::new(),
            rate: Rate::default(),
        }
    }
}

/// Live tables of all clusters. Cheap to clone.
#[derive(Clone)]
pub struct Mirror(pub(crate) Arc<Inner>);

pub(crate) struct Inner {
    places: RwLock<Vec<Arc<Place>>>,
    /// Moves when anything of any place has, and when a place has come.
    any: watch::Sender<u64>,
    config: MirrorConfig,
    clock: Arc<dyn Clock>,
    engine: Engine,
    /// The mirrors of people for whom the process asks: by whom it asks for.
    viewers: Mutex<HashMap<Vec<u8>, Mirror>>,
    /// Whom all this is read for; the process's own account when there is nobody.
    viewer: Option<Principal>,
}

/// What came of a kubeconfig more.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Added {
    /// Clusters that were not known before.
    pub added: Vec<ClusterName>,
    /// Those that were, and stay as they are.
    pub known: Vec<ClusterName>,
}

impl Drop for Inner {
    fn drop(&mut self) {
        if self.viewer.is_none() {
            self.engine.stop();
        }
    }
}

impl Mirror {
    /// A mirror of these clusters. None of them is asked anything until somebody looks at it.
    #[must_use]
    pub fn new(config: &MirrorConfig, clusters: Vec<Cluster>, clock: &Arc<dyn Clock>) -> Self {
        Self::over(config, clusters, clock, Engine::start(), None)
    }

    fn over(
        config: &MirrorConfig,
        clusters: Vec<Cluster>,
        clock: &Arc<dyn Clock>,
        engine: Engine,
        viewer: Option<Principal>,
    ) -> Self {
        let (config, clock, any) = (config.clone(), clock.clone(), watch::channel(0).0);
        let inner = Inner { places: RwLock::default(), any, config, clock, engine, viewers: Mutex::default(), viewer };
        let places = clusters.into_iter().map(|cluster| inner.place(cluster)).collect();
        *inner.places.write() = places;
        Self(Arc::new(inner))
    }

    /// The mirror in which a principal looks: this one, or for people on whose behalf the process asks one of their own, read by
    /// their own rights. Nothing of it is anybody else's; its feeds run on the same thread and end as all others do.
    #[must_use]
    pub fn of(&self, principal: &Principal) -> Self {
        let Some(user) = principal.acts_as() else { return self.clone() };
        if self.0.viewer.as_ref().is_some_and(|viewer| viewer.acts_as() == Some(user)) {
            return self.clone();
        }
        // Serializing two lists of texts does not fail; were it to, nobody would share anything.
        let key = serde_json::to_vec(user).unwrap_or_else(|_| principal.id().as_bytes().to_vec());
        // As in `add`, the places first: one that comes now is in both mirrors.
        let places = self.0.places.read();
        let mut viewers = self.0.viewers.lock();
        let mirror = viewers.entry(key).or_insert_with(|| {
            let clusters = places.iter().map(|place| place.cluster.on_behalf(principal)).collect();
            Self::over(&self.0.config, clusters, &self.0.clock, self.0.engine.clone(), Some(principal.clone()))
        });
        mirror.clone()
    }

    /// The contexts of a kubeconfig as clusters. None of them is asked anything.
    ///
    /// # Errors
    /// When one of them cannot be connected to as it stands.
    pub fn clusters_of(config: &MirrorConfig, kubeconfig: &Kubeconfig) -> Result<Vec<Cluster>, cluster::Error> {
        let connect = |context: cluster::Context| {
            let production = config.production.iter().any(|name| name.as_str() == context.name);
            Cluster::connect(kubeconfig, &context.name, ConnectOptions { production, rate: config.rate })
        };
        kubeconfig.contexts().into_iter().map(connect).collect()
    }

    /// Makes the clusters of another kubeconfig known. `read` reads it: after the decision is on disk.
    ///
    /// # Errors
    /// When the decision cannot be written down, or there is something wrong with the kubeconfig: nothing is added then.
    pub async fn add(
        &self,
        permit: Permit<ClusterAdd>,
        read: impl FnOnce() -> Result<Kubeconfig, cluster::Error> + Send + 'static,
    ) -> Result<Added, crate::Error> {
        permit.settled().await?;
        let config = self.0.config.clone();
        let reading = tokio::task::spawn_blocking(move || Self::clusters_of(&config, &read()?)).await;
        let clusters = reading.map_err(|error| cluster::Error::Decode(error.to_string()))?;
        let clusters = match clusters {
            Ok(clusters) => clusters,
            Err(error) => {
                permit.finish(Outcome::Failed {
                    code: base::Coded::code(&error).to_string(),
                    message: error.to_string(),
                });
                return Err(error.into());
            }
        };
        let mut out = Added::default();
        {
            let mut places = self.0.places.write();
            let viewers = self.0.viewers.lock();
            for cluster in clusters {
                let name = cluster.name().clone();
                if places.iter().any(|place| *place.name() == name) {
                    out.known.push(name);
                    continue;
                }
                for viewer in viewers.values() {
                    if let Some(principal) = &viewer.0.viewer {
                        viewer.0.places.write().push(viewer.0.place(cluster.on_behalf(principal)));
                    }
                }
                places.push(self.0.place(cluster));
                out.added.push(name);
            }
            for viewer in viewers.values() {
                viewer.0.any.send_modify(|seq| *seq = seq.wrapping_add(1));
            }
        }
        self.0.any.send_modify(|seq| *seq = seq.wrapping_add(1));
        let names = out.added.iter().map(ClusterName::as_str).collect::<Vec<_>>().join(", ");
        permit.finish(Outcome::Done { message: format!("{} clusters added: {names}", out.added.len()) });
        Ok(out)
    }

    /// Ends every feed, those of all viewers too, and waits for them.
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
        changed.add(self.0.any.subscribe());
        changed
    }

    /// What each cluster that was reached says of us.
    #[must_use]
    pub fn users(&self) -> Vec<(ClusterName, UserInfo)> {
        let known = |place: &Arc<Place>| Some((place.name().clone(), place.known.read().user.clone()?));
        self.places().iter().filter_map(known).collect()
    }

    pub(crate) fn place(&self, name: &ClusterName) -> Result<Arc<Place>, crate::Error> {
        let places = self.0.places.read();
        let found = places.iter().find(|place| place.name() == name).cloned();
        found.ok_or_else(|| crate::Error::UnknownCluster { name: name.clone() })
    }

    pub(crate) fn places(&self) -> Vec<Arc<Place>> {
        self.0.places.read().clone()
    }
}

impl Inner {
    fn place(&self, cluster: Cluster) -> Arc<Place> {
        Place::new(cluster, self.config.clone(), self.clock.clone(), self.engine.clone(), self.any.clone())
    }
}
