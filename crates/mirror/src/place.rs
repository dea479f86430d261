//! One cluster in the mirror: its live tables, and what is known of it.

use crate::access::Access;
use crate::engine::Engine;
use crate::feed;
use crate::live::{Live, User};
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
use tokio::sync::watch;
use tokio_util::sync::CancellationToken;

/// A cluster.
pub(crate) struct Place {
    pub(crate) cluster: Cluster,
    pub(crate) config: MirrorConfig,
    clock: Arc<dyn Clock>,
    engine: Engine,
    pub(crate) end: CancellationToken,
    asked: AtomicBool,
    started: AtomicBool,
    pub(crate) state: SharedState,
    pub(crate) known: RwLock<Known>,
    lives: Mutex<HashMap<String, Arc<Live>>>,
    /// Moves when the state, the kinds or the user have changed.
    pub(crate) moved: watch::Sender<u64>,
    /// Moves with that of every place.
    any: watch::Sender<u64>,
    /// Kinds are known.
    pub(crate) discovered: watch::Sender<bool>,
    /// Moves with every table: what counts wait on.
    pub(crate) pulse: watch::Sender<u64>,
    /// Says why the connection is thought dead, though no feed has noticed.
    pub(crate) lost: watch::Sender<String>,
    /// Moves when the cluster answers again.
    pub(crate) back: watch::Sender<u64>,
    pub(crate) access: RwLock<Access>,
    /// Moves when our rights may be others than they were.
    pub(crate) stirred: watch::Sender<u64>,
    /// It was asked what we may.
    pub(crate) rights_asked: watch::Sender<bool>,
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
        engine: Engine,
        any: watch::Sender<u64>,
    ) -> Arc<Self> {
        let end = engine.end.child_token();
        Arc::new(Self {
            cluster,
            config,
            clock,
            engine,
            end,
            asked: AtomicBool::new(false),
            started: AtomicBool::new(false),
            state: connecting(),
            known: RwLock::default(),
            lives: Mutex::default(),
            moved: watch::channel(0).0,
            any,
            discovered: watch::channel(false).0,
            pulse: watch::channel(0).0,
            lost: watch::channel(String::new()).0,
            back: watch::channel(0).0,
            access: RwLock::default(),
            stirred: watch::channel(0).0,
            rights_asked: watch::channel(false).0,
        })
    }

    pub(crate) fn name(&self) -> &ClusterName {
        self.cluster.name()
    }

    pub(crate) fn reader(&self) -> Reader {
        self.cluster.reader()
    }

    /// The server's address, for the words of an error.
    pub(crate) fn server(&self) -> String {
        self.cluster.context().server.clone()
    }

    /// The time, epoch milliseconds.
    pub(crate) fn now_ms(&self) -> i64 {
        i64::try_from(self.clock.now_ms()).unwrap_or(i64::MAX)
    }

    /// When the server was heard last: epoch milliseconds.
    pub(crate) fn heard_ms(&self) -> i64 {
        let silence = u64::try_from(self.reader().silence().as_millis()).unwrap_or(u64::MAX);
        i64::try_from(self.clock.now_ms().saturating_sub(silence)).unwrap_or(i64::MAX)
    }

    /// Runs a task until the place ends.
    pub(crate) fn spawn(self: &Arc<Self>, task: impl Future<Output = ()> + Send + 'static) {
        self.engine.spawn(self.end.clone(), task);
    }

    /// The cluster is asked about from now on: what it serves and who we are there.
    pub(crate) fn ask(self: &Arc<Self>) {
        if !self.asked.swap(true, Ordering::SeqCst) {
            self.spawn(crate::watchdog::supervise(self.clone()));
            self.spawn(crate::watchdog::heart(self.clone()));
            self.spawn(crate::watchdog::follow_namespaces(self.clone()));
            self.spawn(crate::access::follow(self.clone()));
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
        self.live_in(&mut self.lives.lock(), kind)
    }

    /// The live table of a kind with a user more and the namespaces that are wanted of it; the cluster is in use.
    pub(crate) fn look(self: &Arc<Self>, kind: &Arc<Kind>, namespaces: &[String]) -> (Arc<Live>, User) {
        self.start();
        let (live, user) = self.live_used(kind);
        live.want(self, namespaces);
        (live, user)
    }

    /// The live table of a kind with a user more, so that nothing ends it in between.
    fn live_used(self: &Arc<Self>, kind: &Arc<Kind>) -> (Arc<Live>, User) {
        let mut lives = self.lives.lock();
        let live = self.live_in(&mut lives, kind);
        let clock = self.clock.clone();
        let user = live.use_it(move || clock.now_ms());
        (live, user)
    }

    fn live_in(self: &Arc<Self>, lives: &mut HashMap<String, Arc<Live>>, kind: &Arc<Kind>) -> Arc<Live> {
        if let Some(live) = lives.get(&kind.id).filter(|live| !live.end.is_cancelled()) {
            return live.clone();
        }
        let live = Live::new(kind.clone(), self.end.child_token(), self.pulse.clone(), self.clock.now_ms());
        lives.insert(kind.id.clone(), live.clone());
        self.spawn(feed::run(live.clone(), self.clone(), None));
        live
    }

    /// Ends tables of kinds that are something else than they were: another version, other columns. Their views say
    /// so; core kinds begin anew.
    pub(crate) fn retire_changed(self: &Arc<Self>, kinds: &[Arc<Kind>]) {
        let mut lives = self.lives.lock();
        for kind in kinds {
            let Some(live) = lives.get(&kind.id) else { continue };
            if live.kind.version == kind.version && live.kind.columns == kind.columns {
                continue;
            }
            live.retire();
            lives.remove(&kind.id);
            if self.config.core.contains(&kind.id) {
                self.live_in(&mut lives, kind);
            }
        }
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
            self.wait_for_kinds().await?;
        }
        let kinds = self.known.read().kinds.clone();
        Ok(catalog::resolve(&kinds, name)?)
    }

    async fn wait_for_kinds(&self) -> Result<(), crate::Error> {
        let (mut discovered, mut moved) = (self.discovered.subscribe(), self.moved.subscribe());
        let wait = async {
            loop {
                // The supervisor's error, if it has one, says more than a timeout.
                if let SourceState::Unreachable { error } = &*self.state.read() {
                    return Err(crate::Error::Unavailable { body: Box::new(error.clone()) });
                }
                tokio::select! {
                    _ = discovered.wait_for(|done| *done) => return Ok(()),
                    _ = moved.changed() => {}
                }
            }
        };
        let seconds = self.config.discovery_wait.as_secs();
        let late = |_| crate::Error::from(cluster::Error::TimedOut { server: self.server(), seconds });
        tokio::time::timeout(self.config.discovery_wait, wait).await.map_err(late)?
    }

    /// The cluster serves this kind, or it is not known yet what it serves.
    pub(crate) fn may_serve(&self, id: &str) -> bool {
        !*self.discovered.borrow() || self.known.read().kinds.iter().any(|kind| kind.id == id)
    }

    /// Waits until the cluster serves this kind: nobody asks for what is known not to be there.
    pub(crate) async fn serves(&self, id: &str) {
        let mut moved = self.moved.subscribe();
        while !self.may_serve(id) {
            if moved.changed().await.is_err() {
                return std::future::pending().await;
            }
        }
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
        let was = std::mem::discriminant(&*self.state.read());
        if state::set(&self.state, SourceState::Live) {
            if was != std::mem::discriminant(&SourceState::Connecting) {
                self.back.send_modify(|seq| *seq = seq.wrapping_add(1));
            }
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
        if state::set(&self.state, state::failed(&before, error, 0, self.heard_ms())) {
            self.publish();
        }
    }

    pub(crate) fn publish(&self) {
        self.moved.send_modify(|seq| *seq = seq.wrapping_add(1));
        self.any.send_modify(|seq| *seq = seq.wrapping_add(1));
    }
}

/// Ends tables that nobody has looked at for a while.
async fn sweep(place: Arc<Place>) {
    let mut tick = tokio::time::interval(place.config.idle / 10);
    loop {
        tick.tick().await;
        let now = place.clock.now_ms();
        let idle = u64::try_from(place.config.idle.as_millis()).unwrap_or(u64::MAX);
        place.lives.lock().retain(|id, live| {
            let over = id != CRDS && !place.config.core.contains(id) && live.idle_ms(now).is_some_and(|ms| ms > idle);
            if over {
                live.end.cancel();
            }
            !over
        });
    }
}

/// The core kinds, unless the configuration says otherwise.
pub(crate) const CORE: &[&str] = &["namespaces", "nodes", "pods", "deployments.apps", "services", "events"];
/// What changes the kinds of a cluster.
pub(crate) const CRDS: &str = "customresourcedefinitions.apiextensions.k8s.io";
