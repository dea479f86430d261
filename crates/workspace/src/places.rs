//! Where workspaces run, as watches told it: doors look here and ask no API server first, so that they lead on while it is away.
//!
//! Whoever acts as the process itself sees what its watch sees. Of anybody else it is kept what the API server let them do: that
//! counts for a minute, and for eight hours while the API server does not answer; what it refuses once, is forgotten whole. What no
//! watch has told whole is not known here.

use crate::follow::{self, Change, Watched};
use crate::index::Item;
use crate::key::Key;
use base::ClusterName;
use cluster::Cluster;
use hashlink::LruCache;
use parking_lot::Mutex;
use policy::{Principal, UserInfo};
use serde_json::{Value, json};
use std::collections::HashMap;
use std::sync::Arc;
use std::time::Duration;
use tokio::sync::mpsc;
use tokio::task::JoinSet;
use tokio::time::Instant;

/// Where workspaces run. Clones are one.
#[derive(Clone, Debug, Default)]
pub struct Places(Arc<Inner>);

#[derive(Debug)]
struct Inner {
    clusters: Mutex<HashMap<ClusterName, Told>>,
    /// When; who was not seen for longest is forgotten first.
    let_in: Mutex<LruCache<LetIn, Instant>>,
    /// Watches of clusters that nobody else follows; they end with the process's doors.
    watches: Mutex<JoinSet<()>>,
}

impl Default for Inner {
    fn default() -> Self {
        let let_in = Mutex::new(LruCache::new(MOST_LET_IN));
        Self { clusters: Mutex::default(), let_in, watches: Mutex::default() }
    }
}

/// What was told of one cluster.
#[derive(Debug, Default)]
struct Told {
    workspaces: HashMap<Key, Arc<Value>>,
    whole: bool,
    /// Somebody follows it.
    followed: bool,
    /// Nobody tells any more.
    silent: bool,
    /// It did not answer: until when it is not asked first.
    away: Option<Instant>,
}

/// What the API server let somebody do to a workspace.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
struct LetIn {
    who: UserInfo,
    cluster: ClusterName,
    key: Key,
    right: Right,
}

/// What it was.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub(crate) enum Right {
    /// To see it.
    See,
    /// To start a program in its pod.
    Exec,
}

/// What is known here for somebody.
#[derive(Clone, Debug, PartialEq)]
pub(crate) enum Known {
    /// So it is.
    Stands(Arc<Value>),
    /// So it is; whether they may still see it is to be asked of whoever can say so.
    Doubtful(Arc<Value>),
    /// Nothing.
    Nothing,
}

impl Places {
    /// Takes what a watch of workspaces tells.
    pub(crate) fn take(&self, cluster: &ClusterName, change: &Change) {
        self.take_parsed(cluster, change, change.workspace().as_ref());
    }

    /// The same, of which whoever else takes it has read the [`Change::workspace`].
    pub(crate) fn take_parsed(&self, cluster: &ClusterName, change: &Change, object: Option<&Value>) {
        let mut clusters = self.0.clusters.lock();
        let told = clusters.entry(cluster.clone()).or_default();
        told.followed = true;
        match change {
            Change::Seen(Item::Workspace { key, deleting, .. }) => {
                match object.filter(|_| !deleting) {
                    Some(object) => told.workspaces.insert(key.clone(), Arc::new(slim(object))),
                    None => told.workspaces.remove(key),
                };
            }
            Change::Gone(Item::Workspace { key, .. }) => {
                told.workspaces.remove(key);
            }
            Change::Whole(Watched::Workspaces) => (told.whole, told.silent, told.away) = (true, false, None),
            Change::Back(Watched::Workspaces) => (told.silent, told.away) = (false, None),
            Change::Silent(Watched::Workspaces) => told.silent = true,
            Change::Refused(Watched::Workspaces, _) => (told.whole, told.workspaces) = (false, HashMap::new()),
            _ => {}
        }
    }

    /// Follows a cluster from now on, if nobody does: with the rights of whoever is served as the process itself.
    pub(crate) fn watch(&self, cluster: &Cluster, principal: &Principal) {
        if principal.acts_as().is_some() || tokio::runtime::Handle::try_current().is_err() {
            return;
        }
        let mut clusters = self.0.clusters.lock();
        let told = clusters.entry(cluster.name().clone()).or_default();
        if std::mem::replace(&mut told.followed, true) {
            return;
        }
        drop(clusters);
        // Held weakly: the watch ends with the last of those who look here.
        let (inner, cluster) = (Arc::downgrade(&self.0), cluster.clone());
        self.0.watches.lock().spawn(async move {
            let (tell, mut told) = mpsc::channel(256);
            let follows = follow::run(cluster.reader(), Watched::Workspaces, None, tell);
            let takes = async {
                while let Some(change) = told.recv().await {
                    let Some(inner) = inner.upgrade() else { return };
                    Self(inner).take(cluster.name(), &change);
                }
            };
            tokio::join!(follows, takes);
            // It may not be watched, or is not served: the next who comes tries again.
            if let Some(inner) = inner.upgrade()
                && let Some(told) = inner.clusters.lock().get_mut(cluster.name())
            {
                told.followed = false;
            }
        });
    }

    /// What is known of a workspace for whoever asks, where it runs.
    pub(crate) fn known(&self, cluster: &ClusterName, key: &Key, who: &Principal) -> Known {
        let clusters = self.0.clusters.lock();
        let Some(told) = clusters.get(cluster).filter(|told| told.whole) else { return Known::Nothing };
        let Some(object) = told.workspaces.get(key).filter(|object| runs(object)).cloned() else {
            return Known::Nothing;
        };
        let away = told.is_away();
        drop(clusters);
        match self.may(cluster, key, who, Right::See, away) {
            Some(true) => Known::Stands(object),
            Some(false) => Known::Doubtful(object),
            None => Known::Nothing,
        }
    }

    /// Whether somebody was let do this: since a moment ago (`true`), or before that (`false`).
    fn may(&self, cluster: &ClusterName, key: &Key, who: &Principal, right: Right, away: bool) -> Option<bool> {
        let Some(asked) = LetIn::of(cluster, key, who, right) else { return Some(true) };
        let age = self.0.let_in.lock().get(&asked)?.elapsed();
        (age < LONGEST).then_some(away || age < FRESH)
    }

    /// Whether somebody was let do this, and may be let do it again while nobody can be asked.
    pub(crate) fn was_let(&self, cluster: &ClusterName, key: &Key, who: &Principal, right: Right) -> bool {
        self.may(cluster, key, who, right, true).is_some()
    }

    /// The API server said that somebody may not: of all that it let them do to this workspace nothing counts any more.
    pub(crate) fn refuses(&self, cluster: &ClusterName, key: &Key, who: &Principal) {
        let mut let_in = self.0.let_in.lock();
        for right in [Right::See, Right::Exec] {
            if let Some(asked) = LetIn::of(cluster, key, who, right) {
                let_in.remove(&asked);
            }
        }
    }

    /// The API server let somebody do this.
    pub(crate) fn lets(&self, cluster: &ClusterName, key: &Key, who: &Principal, right: Right) {
        let Some(asked) = LetIn::of(cluster, key, who, right) else { return };
        self.0.let_in.lock().insert(asked, Instant::now());
    }

    /// The API server of a cluster did not answer.
    pub(crate) fn misses(&self, cluster: &ClusterName) {
        self.0.clusters.lock().entry(cluster.clone()).or_default().away = Some(Instant::now() + AWAY);
    }

    /// It answered.
    pub(crate) fn hears(&self, cluster: &ClusterName) {
        if let Some(told) = self.0.clusters.lock().get_mut(cluster) {
            told.away = None;
        }
    }

    /// Whether the API server of a cluster does not answer, as far as that is known.
    pub(crate) fn is_away(&self, cluster: &ClusterName) -> bool {
        self.0.clusters.lock().get(cluster).is_some_and(Told::is_away)
    }
}

impl Told {
    fn is_away(&self) -> bool {
        self.silent || self.away.is_some_and(|until| until > Instant::now())
    }
}

impl LetIn {
    /// Nothing for whoever acts as the process itself.
    fn of(cluster: &ClusterName, key: &Key, who: &Principal, right: Right) -> Option<Self> {
        let who = who.acts_as()?.clone();
        Some(Self { who, cluster: cluster.clone(), key: key.clone(), right })
    }
}

/// What doors need of a Workspace.
fn slim(object: &Value) -> Value {
    let of = |at: &str| object.pointer(at).cloned().unwrap_or_default();
    json!({
        "metadata": { "uid": of("/metadata/uid") },
        "spec": { "state": of("/spec/state"), "ports": of("/spec/ports") },
        "status": { "routeID": of("/status/routeID"), "pod": { "name": of("/status/pod/name"), "ip": of("/status/pod/ip") } },
    })
}

/// It is to run, and its pod has an address: of all else the API server knows more.
fn runs(object: &Value) -> bool {
    let is = |at: &str| object.pointer(at).is_some_and(Value::is_string);
    crate::reach::stopped(object).is_none() && is("/status/pod/name") && is("/status/pod/ip") && is("/status/routeID")
}

/// How long it counts what an API server let somebody do.
const FRESH: Duration = Duration::from_secs(60);
/// And how long while nobody can be asked: as long as a login to an app.
const LONGEST: Duration = Duration::from_hours(8);
/// How long one that did not answer is not asked first.
const AWAY: Duration = Duration::from_secs(5);
/// Of so many people and workspaces it is kept.
const MOST_LET_IN: usize = 20_000;

#[cfg(test)]
mod tests;
