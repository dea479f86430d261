//! Names of addresses: pods, services and nodes of the cluster, kept by watches.
//!
//! ```text
//! pods, services, endpointslices, nodes ─ watches ─▶ Index: address ─▶ who has it
//! {"src":{"ip":"10.1.0.8","port":80},…}  ─ name ──▶ {"src":{"ip":"10.1.0.8","port":80,"name":"shop/front-1",…},…}
//! ```
//!
//! A pod is some hundred bytes here. A pod in its node's network has no address of its own, and gives none its name.

mod feed;
mod index;
mod objects;
mod splice;
mod words;

use base::ClusterName;
use bytes::Bytes;
use cluster::Cluster;
use feed::What;
use index::Index;
pub(crate) use objects::Objects;
use parking_lot::Mutex;
use std::collections::HashMap;
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Arc, Weak};
use tokio::sync::watch;
use tokio::task::AbortHandle;

/// Names of addresses of one cluster. Clones are the same; the watches end with the last.
#[derive(Clone)]
pub struct Names {
    kept: Arc<Kept>,
    /// Those that the tap names.
    namespaces: Arc<[String]>,
}

/// Names that are there as long as somebody else has them.
#[derive(Clone)]
pub(crate) struct WeakNames(Weak<Kept>);

impl std::fmt::Debug for WeakNames {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str("WeakNames")
    }
}

struct Kept {
    /// Each change of it is told to whoever waits for one.
    index: Arc<watch::Sender<Index>>,
    watches: Vec<AbortHandle>,
    /// The namespaces that are watched where the cluster may not be.
    namespaces: Arc<[String]>,
    /// The cluster may not be watched, or not all of it.
    narrow: Arc<AtomicBool>,
}

/// Who has an address, to compare with.
#[cfg(test)]
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub(crate) struct Named {
    /// For people: `shop/front-1`, or the node's name.
    pub(crate) name: String,
    /// The namespace.
    pub(crate) ns: Option<String>,
    /// The pod.
    pub(crate) pod: Option<String>,
    /// The pod's uid.
    pub(crate) uid: Option<String>,
    /// What the pod is of: `deployment/front`.
    pub(crate) workload: Option<String>,
    /// The service: whose address it is, or that the pod is behind.
    pub(crate) service: Option<String>,
    /// The node: that has it, or that the pod runs on.
    pub(crate) node: Option<String>,
}

impl std::fmt::Debug for Names {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str("Names")
    }
}

impl Names {
    /// Begins to watch. Where the whole cluster may not be watched, these namespaces are; what may not be watched at all
    /// has no names.
    #[must_use]
    pub fn watch(cluster: &Cluster, namespaces: &[String]) -> Self {
        let (index, narrow) = (Arc::new(watch::Sender::new(Index::default())), Arc::<AtomicBool>::default());
        let one = |what| {
            let reader = cluster.reader().in_background();
            tokio::spawn(feed::run(reader, what, namespaces.to_vec(), index.clone(), narrow.clone())).abort_handle()
        };
        let watches = What::ALL.into_iter().map(one).collect();
        let namespaces: Arc<[String]> = namespaces.into();
        Self { kept: Arc::new(Kept { index, watches, namespaces: namespaces.clone(), narrow }), namespaces }
    }

    /// To be found again by the next tap, and not to be held.
    pub(crate) fn weak(&self) -> WeakNames {
        WeakNames(Arc::downgrade(&self.kept))
    }

    /// Tells that something has changed.
    pub(crate) fn changes(&self) -> Changes {
        Changes(self.kept.index.subscribe())
    }

    /// Names the ends of records, one JSON object a line. What names nobody is as it was.
    #[must_use]
    pub fn name(&self, lines: Bytes) -> Bytes {
        match splice::name(&lines, &self.kept.index.borrow()) {
            Some(named) => named.into(),
            None => lines,
        }
    }
}

/// Changes of names, without what changed.
pub(crate) struct Changes(watch::Receiver<Index>);

impl Changes {
    /// Waits for a change after the last one that was waited for.
    pub(crate) async fn next(&mut self) {
        if self.0.changed().await.is_err() {
            std::future::pending::<()>().await;
        }
    }
}

impl WeakNames {
    /// The same names for a tap of these namespaces; none where nobody has them any more, or where not all that it names is
    /// watched.
    pub(crate) fn of(&self, namespaces: &[String]) -> Option<Names> {
        let kept = self.0.upgrade()?;
        let covers =
            !kept.narrow.load(Ordering::Relaxed) || namespaces.iter().all(|name| kept.namespaces.contains(name));
        covers.then(|| Names { kept, namespaces: namespaces.into() })
    }
}

/// Names that the taps of one process share: those of one cluster are watched once, as long as any tap runs there.
#[derive(Clone, Debug, Default)]
pub struct KnownNames(Arc<Mutex<HashMap<ClusterName, WeakNames>>>);

impl KnownNames {
    /// The names of a cluster, for a tap of these namespaces.
    pub(crate) fn of(&self, cluster: &Cluster, namespaces: &[String]) -> Names {
        let mut known = self.0.lock();
        if let Some(names) = known.get(cluster.name()).and_then(|weak| weak.of(namespaces)) {
            return names;
        }
        let names = Names::watch(cluster, namespaces);
        known.insert(cluster.name().clone(), names.weak());
        names
    }
}

impl Drop for Kept {
    fn drop(&mut self) {
        for watch in &self.watches {
            watch.abort();
        }
    }
}

#[cfg(test)]
mod tests;
