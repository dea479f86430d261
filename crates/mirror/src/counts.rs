//! Counts by kind, and the clusters as the rail and the navigation show them.

use crate::access::Limits;
use crate::live::{Live, User};
use crate::mirror::Mirror;
use crate::open::Changed;
use crate::place::{CORE, Place};
use api::socket::{Cluster, CountsQuery, Kind as KindBody, SourceState};
use catalog::Kind;
use parking_lot::Mutex;
use policy::Permit;
use policy::action::ClusterView;
use std::collections::BTreeMap;
use std::sync::Arc;
use std::time::Duration;

/// Counts of objects by kind, and what tells that they moved.
pub struct CountsSource {
    mirror: Mirror,
    query: CountsQuery,
    users: Arc<Mutex<Vec<User>>>,
    _permit: Permit<ClusterView>,
}

/// The clusters, and what tells that they moved.
pub struct Overview {
    mirror: Mirror,
    _permit: Permit<ClusterView>,
}

impl Mirror {
    /// Opens the counts. Every kind of the navigation is kept live from now on, the most wanted first.
    ///
    /// # Errors
    /// When a cluster is not known.
    pub fn counts(
        &self,
        permit: Permit<ClusterView>,
        query: CountsQuery,
    ) -> Result<(CountsSource, Changed), crate::Error> {
        let mirror = self.of(permit.principal());
        let mut changed = Changed::default();
        let users = Arc::new(Mutex::new(Vec::new()));
        for name in &query.clusters {
            let place = mirror.place(name)?;
            place.start();
            changed.add(place.pulse.subscribe());
            place.spawn(warm(place.clone(), Arc::downgrade(&users), query.namespaces.clone()));
        }
        Ok((CountsSource { mirror, query, users, _permit: permit }, changed))
    }

    /// Opens the list of clusters.
    pub fn overview(&self, permit: Permit<ClusterView>) -> (Overview, Changed) {
        let mirror = self.of(permit.principal());
        let changed = mirror.moved();
        (Overview { mirror, _permit: permit }, changed)
    }
}

impl CountsSource {
    /// How many objects of each kind there are; a kind that may not be counted, or was not read yet, is absent.
    #[must_use]
    pub fn counts(&self) -> BTreeMap<String, u32> {
        let namespaces: Vec<Arc<str>> = self.query.namespaces.iter().map(|name| name.as_str().into()).collect();
        let mut counts = BTreeMap::new();
        for name in &self.query.clusters {
            let Ok(place) = self.mirror.place(name) else { continue };
            for live in place.lives() {
                if matches!(*live.state.read(), SourceState::Live | SourceState::Stale { .. }) {
                    let scoped = live.kind.namespaced && !namespaces.is_empty();
                    let count = live.table.read().count(scoped.then_some(&namespaces));
                    *counts.entry(live.kind.id.clone()).or_insert(0) += count;
                }
            }
        }
        counts
    }

    /// Tables that are kept live for these counts.
    #[must_use]
    pub fn kept(&self) -> usize {
        self.users.lock().len()
    }
}

/// Opens the kinds of the navigation one after the other, each when the one before has its rows, so that they never
/// compete with what somebody looks at.
async fn warm(place: Arc<Place>, users: std::sync::Weak<Mutex<Vec<User>>>, namespaces: Vec<String>) {
    let mut moved = place.moved.subscribe();
    place.knows_rights().await;
    loop {
        let kinds = place.known.read().kinds.clone();
        for kind in kinds.iter().filter(|kind| counted(kind)) {
            let Some(users) = users.upgrade() else { return };
            let (live, user) = place.look(kind, &namespaces);
            users.lock().push(user);
            drop(users);
            settled(&live).await;
        }
        // Discovery may bring more.
        loop {
            if moved.changed().await.is_err() || users.strong_count() == 0 {
                return;
            }
            if !Arc::ptr_eq(&kinds, &place.known.read().kinds) {
                break;
            }
        }
        let Some(users) = users.upgrade() else { return };
        users.lock().clear();
    }
}

/// Waits until a table has its rows, or is known not to get them, or takes long.
async fn settled(live: &Arc<Live>) {
    let mut moved = live.moved.subscribe();
    let wait = async {
        while matches!(*live.state.read(), SourceState::Connecting | SourceState::Loading { .. }) {
            if moved.changed().await.is_err() {
                return;
            }
        }
    };
    let late = tokio::time::timeout(Duration::from_secs(10), wait).await.is_err();
    if late {
        tracing::debug!(kind = %live.kind.id, "still loading; going on with the next kind");
    }
}

/// Kinds that the navigation counts: what can be watched, but for what only the machine reads.
fn counted(kind: &Kind) -> bool {
    const NOISE: &[&str] = &["leases.coordination.k8s.io", "endpointslices.discovery.k8s.io", "events.events.k8s.io"];
    kind.has_verb("watch") && !NOISE.contains(&kind.id.as_str()) && !CORE.contains(&kind.id.as_str())
}

impl Overview {
    /// The clusters as they are now.
    #[must_use]
    pub fn clusters(&self) -> Vec<Cluster> {
        self.mirror.places().iter().map(body).collect()
    }
}

fn body(place: &Arc<Place>) -> Cluster {
    let known = place.known.read();
    let context = place.cluster.context();
    Cluster {
        name: place.name().clone(),
        current: context.current,
        production: place.cluster.production(),
        state: place.state.read().clone(),
        version: known.version.clone(),
        user: known.user.as_ref().map(|user| user.username.clone()),
        namespace: context.namespace.clone(),
        kinds: known.kinds.iter().map(|kind| kind_body(kind, place)).collect(),
        places: place.access().places().to_vec(),
    }
}

fn kind_body(kind: &Arc<Kind>, place: &Arc<Place>) -> KindBody {
    let live = place.lives().into_iter().find(|live| live.kind.id == kind.id);
    let Limits { mut denied, only_in } = place.access().told(&kind.id);
    if live.is_some_and(|live| matches!(*live.state.read(), SourceState::Denied { .. })) {
        denied.extend(["list", "watch"].map(str::to_owned));
        denied.sort();
        denied.dedup();
    }
    KindBody {
        id: kind.id.clone(),
        version: kind.version.clone(),
        kind: kind.kind.clone(),
        section: kind.section.as_str().to_owned(),
        title: kind.title.clone(),
        short_names: kind.short_names.clone(),
        namespaced: kind.namespaced,
        acts: kind.acts.iter().map(|act| act.as_str().to_owned()).collect(),
        denied,
        only_in,
    }
}
