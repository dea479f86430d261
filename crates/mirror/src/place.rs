//! One cluster in the mirror: its live tables and the supervisor that learns what it serves and who we are there.

use crate::feed;
use crate::live::Live;
use crate::mirror::MirrorConfig;
use crate::state::{self, SharedState, connecting};
use api::socket::SourceState;
use base::{Clock, ClusterName};
use catalog::Kind;
use cluster::{Cluster, Reader};
use parking_lot::{Mutex, RwLock};
use policy::UserInfo;
use std::collections::HashMap;
use std::future::Future;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::Duration;
use tokio::sync::watch;
use tokio_util::sync::CancellationToken;
use tokio_util::task::TaskTracker;

/// A cluster.
pub(crate) struct Place {
    pub(crate) cluster: Cluster,
    pub(crate) config: MirrorConfig,
    clock: Arc<dyn Clock>,
    tasks: TaskTracker,
    pub(crate) end: CancellationToken,
    asked: AtomicBool,
    started: AtomicBool,
    pub(crate) state: SharedState,
    pub(crate) known: RwLock<Known>,
    lives: Mutex<HashMap<String, Arc<Live>>>,
    /// Moves when the state, the kinds or the user have changed.
    pub(crate) moved: watch::Sender<u64>,
    /// Kinds are known.
    discovered: watch::Sender<bool>,
}

/// What the supervisor has learnt.
#[derive(Default)]
pub(crate) struct Known {
    pub(crate) kinds: Arc<Vec<Arc<Kind>>>,
    pub(crate) version: Option<String>,
    pub(crate) user: Option<UserInfo>,
}

impl Place {
    pub(crate) fn new(
        cluster: Cluster,
        config: MirrorConfig,
        clock: Arc<dyn Clock>,
        tasks: TaskTracker,
        end: CancellationToken,
    ) -> Arc<Self> {
        Arc::new(Self {
            cluster,
            config,
            clock,
            tasks,
            end,
            asked: AtomicBool::new(false),
            started: AtomicBool::new(false),
            state: connecting(),
            known: RwLock::default(),
            lives: Mutex::default(),
            moved: watch::channel(0).0,
            discovered: watch::channel(false).0,
        })
    }

    pub(crate) fn name(&self) -> &ClusterName {
        self.cluster.name()
    }

    pub(crate) fn reader(&self) -> Reader {
        self.cluster.reader()
    }

    pub(crate) fn now_ms(&self) -> i64 {
        i64::try_from(self.clock.now_ms()).unwrap_or(i64::MAX)
    }

    pub(crate) fn clock(&self) -> Arc<dyn Clock> {
        self.clock.clone()
    }

    /// Runs a task until the place ends.
    pub(crate) fn spawn(self: &Arc<Self>, task: impl Future<Output = ()> + Send + 'static) {
        let end = self.end.clone();
        self.tasks.spawn(async move {
            end.run_until_cancelled(task).await;
        });
    }

    /// The cluster is asked about from now on: what it serves and who we are there.
    pub(crate) fn ask(self: &Arc<Self>) {
        if !self.asked.swap(true, Ordering::SeqCst) {
            self.spawn(supervise(self.clone()));
            self.spawn(sweep(self.clone()));
        }
    }

    /// The cluster is in use from now on: its core kinds are kept live.
    pub(crate) fn start(self: &Arc<Self>) {
        self.ask();
        if self.started.swap(true, Ordering::SeqCst) {
            return;
        }
        for id in &self.config.core {
            if let Some(kind) = Kind::builtin(id) {
                self.live(&kind);
            }
        }
    }

    /// The live table of a kind; it is started if there is none.
    pub(crate) fn live(self: &Arc<Self>, kind: &Arc<Kind>) -> Arc<Live> {
        let mut lives = self.lives.lock();
        if let Some(live) = lives.get(&kind.id).filter(|live| !live.end.is_cancelled()) {
            return live.clone();
        }
        let live = Live::new(kind.clone(), self.end.child_token());
        lives.insert(kind.id.clone(), live.clone());
        drop(lives);
        self.spawn(feed::run(live.clone(), self.clone(), None));
        live
    }

    /// The live tables that there are.
    pub(crate) fn lives(&self) -> Vec<Arc<Live>> {
        self.lives.lock().values().cloned().collect()
    }

    /// A kind by the words of a user. Built-in kinds are known before discovery; for others it is waited for.
    pub(crate) async fn kind(&self, name: &str) -> Result<Arc<Kind>, crate::Error> {
        if !*self.discovered.borrow() {
            if let Some(kind) = Kind::builtin(name) {
                return Ok(kind);
            }
            let mut discovered = self.discovered.subscribe();
            // The supervisor's error, if it has one, says more than a timeout.
            let wait = discovered.wait_for(|done| *done);
            if tokio::time::timeout(self.config.discovery_wait, wait).await.is_err() {
                return Err(cluster::Error::TimedOut {
                    server: self.cluster.context().server.clone(),
                    seconds: self.config.discovery_wait.as_secs(),
                }
                .into());
            }
        }
        let kinds = self.known.read().kinds.clone();
        Ok(catalog::resolve(&kinds, name)?)
    }

    /// Namespaces to look at where the whole cluster may not be listed.
    pub(crate) fn known_namespaces(&self) -> Vec<String> {
        let mut names = vec![self.cluster.context().namespace.clone().unwrap_or_else(|| "default".to_owned())];
        if let Some(live) = self.lives.lock().get("namespaces") {
            let table = live.table.read();
            names.extend(table.iter().map(|row| table.name(row).to_owned()));
        }
        names.sort();
        names.dedup();
        names
    }

    /// A feed or question was answered.
    pub(crate) fn reached(&self) {
        if state::set(&self.state, SourceState::Live) {
            self.publish();
        }
    }

    /// A feed or question failed.
    pub(crate) fn failed(&self, error: &cluster::Error) {
        // That one kind is not served, or one object not readable, says nothing of the cluster.
        let connection = matches!(
            error,
            cluster::Error::Unreachable { .. }
                | cluster::Error::Tls { .. }
                | cluster::Error::Auth { .. }
                | cluster::Error::Kubeconfig { .. }
                | cluster::Error::TimedOut { .. }
                | cluster::Error::Throttled { .. }
        );
        if !connection {
            return;
        }
        let before = self.state.read().clone();
        let rows = usize::from(matches!(before, SourceState::Live | SourceState::Stale { .. }));
        if state::set(&self.state, state::failed(&before, error, rows, self.now_ms())) {
            self.publish();
        }
    }

    pub(crate) fn publish(&self) {
        self.moved.send_modify(|seq| *seq = seq.wrapping_add(1));
    }
}

/// Learns what the cluster is, then again whenever its CRDs change.
async fn supervise(place: Arc<Place>) {
    let mut pause = Duration::from_secs(1);
    loop {
        match learn(&place).await {
            Ok(()) => {
                pause = Duration::from_secs(1);
                place.reached();
                crds_changed(&place).await;
            }
            Err(error) => {
                tracing::debug!(%error, cluster = %place.name(), "discovery failed");
                place.failed(&error);
                tokio::time::sleep(pause).await;
                pause = (pause * 2).min(Duration::from_secs(30));
            }
        }
    }
}

async fn learn(place: &Arc<Place>) -> Result<(), cluster::Error> {
    let reader = place.reader();
    let (served, crds) = tokio::try_join!(reader.discover(), reader.crds())?;
    let kinds = catalog::kinds(&served, &crds);
    {
        let mut known = place.known.write();
        known.kinds = Arc::new(kinds);
    }
    place.discovered.send_replace(true);
    place.publish();
    // Who we are and what runs there is nice to know; a server without these answers is still a cluster.
    let (version, user) = tokio::join!(reader.version(), reader.whoami());
    {
        let mut known = place.known.write();
        known.version = version.ok().or_else(|| known.version.take());
        known.user = user.ok().or_else(|| known.user.take());
    }
    place.publish();
    Ok(())
}

/// Waits until a CRD came, went or changed, and half a second more for its friends.
async fn crds_changed(place: &Arc<Place>) {
    let Some(kind) = Kind::builtin("customresourcedefinitions.apiextensions.k8s.io") else {
        return std::future::pending().await;
    };
    let live = place.live(&kind);
    let mut moved = live.moved.subscribe();
    // The first list is what discovery has just seen.
    let mut seen = (*live.state.read() == SourceState::Live).then(|| live.table.read().seq());
    while moved.changed().await.is_ok() {
        let synced = *live.state.read() == SourceState::Live;
        let seq = live.table.read().seq();
        match seen {
            None if synced => seen = Some(seq),
            Some(before) if before != seq => {
                tokio::time::sleep(Duration::from_millis(500)).await;
                return;
            }
            _ => {}
        }
    }
    std::future::pending().await
}

/// Ends tables that nobody has looked at for a while.
async fn sweep(place: Arc<Place>) {
    let mut tick = tokio::time::interval(place.config.idle / 10);
    loop {
        tick.tick().await;
        let now = place.clock.now_ms();
        let idle = u64::try_from(place.config.idle.as_millis()).unwrap_or(u64::MAX);
        place.lives.lock().retain(|id, live| {
            let over = !KEPT.contains(&id.as_str())
                && !place.config.core.contains(id)
                && live.idle_ms(now).is_some_and(|ms| ms > idle);
            if over {
                live.end.cancel();
            }
            !over
        });
    }
}

/// The core kinds, unless the configuration says otherwise.
pub(crate) const CORE: &[&str] = &["namespaces", "nodes", "pods", "deployments.apps", "services", "events"];
/// Kinds that the supervisor itself watches.
const KEPT: &[&str] = &["customresourcedefinitions.apiextensions.k8s.io"];
