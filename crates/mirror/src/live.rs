//! One kind of one cluster, live: its table, its state, and who uses it.

use crate::feed;
use crate::place::Place;
use crate::state::{self, SharedState, connecting};
use api::socket::SourceState;
use catalog::{Kind, Program};
use parking_lot::{Mutex, RwLock};
use std::collections::{BTreeMap, HashMap};
use std::sync::Arc;
use std::sync::atomic::{AtomicU32, AtomicU64, Ordering};
use table::{Runs, SharedTable, Table};
use tokio::sync::watch;
use tokio_util::sync::CancellationToken;

/// A live table. Ended when its token is cancelled.
pub(crate) struct Live {
    pub(crate) kind: Arc<Kind>,
    pub(crate) program: Arc<Program>,
    pub(crate) table: SharedTable,
    pub(crate) state: SharedState,
    /// Viewers with equal rights and questions share these.
    pub(crate) runs: Mutex<Runs>,
    /// Moves when rows or the state have changed.
    pub(crate) moved: watch::Sender<u64>,
    pub(crate) end: CancellationToken,
    users: AtomicU32,
    /// Users that look at rows; the others only count them.
    pub(crate) lookers: watch::Sender<u32>,
    /// Epoch milliseconds at which the last user went; meaningless while there are users.
    idle_since: AtomicU64,
    /// Moves with every table of the cluster: what counts wait on.
    pulse: watch::Sender<u64>,
    parts: Mutex<Parts>,
}

/// The feeds that fill the table: one for the whole cluster, or, where that is denied, one for each namespace.
#[derive(Default)]
struct Parts {
    /// The whole cluster may not be listed.
    split: bool,
    /// State of each namespace's feed.
    namespaces: BTreeMap<String, SourceState>,
    /// States of views of some namespaces only: one of them may be denied while the table is live.
    scoped: HashMap<Vec<String>, SharedState>,
}

impl Live {
    pub(crate) fn new(kind: Arc<Kind>, end: CancellationToken, pulse: watch::Sender<u64>, now_ms: u64) -> Arc<Self> {
        let program = Arc::new(catalog::compile(&kind));
        let schema = program.schema().clone();
        Arc::new(Self {
            kind,
            program,
            table: Table::shared(schema),
            state: connecting(),
            runs: Mutex::default(),
            moved: watch::channel(0).0,
            end,
            users: AtomicU32::new(0),
            lookers: watch::channel(0).0,
            idle_since: AtomicU64::new(now_ms),
            pulse,
            parts: Mutex::default(),
        })
    }

    /// Tells everybody that something moved.
    pub(crate) fn publish(&self) {
        self.moved.send_modify(|seq| *seq = seq.wrapping_add(1));
        self.pulse.send_modify(|seq| *seq = seq.wrapping_add(1));
    }

    /// One user more, until the guard is dropped.
    pub(crate) fn use_it(self: &Arc<Self>, now_ms: impl Fn() -> u64 + Send + Sync + 'static) -> User {
        self.users.fetch_add(1, Ordering::SeqCst);
        User { live: self.clone(), now_ms: Box::new(now_ms), looks: false }
    }

    /// Nobody looks at it: it is kept for counts, or for later.
    pub(crate) fn is_background(&self) -> bool {
        *self.lookers.borrow() == 0
    }

    /// How long it has had no user, in milliseconds; `None` while it has one.
    pub(crate) fn idle_ms(&self, now_ms: u64) -> Option<u64> {
        (self.users.load(Ordering::SeqCst) == 0).then(|| now_ms.saturating_sub(self.idle_since.load(Ordering::SeqCst)))
    }

    /// The whole cluster may not be listed: goes on namespace by namespace.
    pub(crate) fn split(self: &Arc<Self>, place: &Arc<Place>) {
        let mut wanted = place.known_namespaces();
        {
            let mut parts = self.parts.lock();
            parts.split = true;
            wanted.extend(parts.scoped.keys().flatten().cloned());
        }
        wanted.sort();
        wanted.dedup();
        self.want(place, &wanted);
    }

    /// Makes sure that these namespaces are fed, where the table is fed by namespace.
    pub(crate) fn want(self: &Arc<Self>, place: &Arc<Place>, namespaces: &[String]) {
        let fresh: Vec<String> = {
            let mut parts = self.parts.lock();
            if !parts.split || !self.kind.namespaced {
                return;
            }
            let fresh = namespaces.iter().filter(|name| !parts.namespaces.contains_key(*name)).cloned();
            let fresh: Vec<String> = fresh.take(MAX_NAMESPACES.saturating_sub(parts.namespaces.len())).collect();
            parts.namespaces.extend(fresh.iter().map(|name| (name.clone(), SourceState::Connecting)));
            fresh
        };
        for namespace in fresh {
            place.spawn(feed::run(self.clone(), place.clone(), Some(namespace)));
        }
    }

    /// The kind is something else now: views of it say so and move no more.
    pub(crate) fn retire(&self) {
        self.end.cancel();
        let error = api::ErrorBody {
            code: base::Code::KindNotServed,
            message: format!("the definition of {} has changed: open the view again", self.kind.id),
            details: None,
            request_id: base::RequestId::new(),
        };
        self.set_state(None, SourceState::Unreachable { error });
        self.publish();
    }

    /// Namespaces that views of it ask for by name.
    pub(crate) fn asked_namespaces(&self) -> Vec<String> {
        self.parts.lock().scoped.keys().flatten().cloned().collect()
    }

    /// The whole cluster may not be listed.
    pub(crate) fn is_split(&self) -> bool {
        self.parts.lock().split
    }

    /// The state of a view of these namespaces; of all of them when there are none.
    pub(crate) fn state_of(&self, namespaces: &[String]) -> SharedState {
        if namespaces.is_empty() || !self.kind.namespaced {
            return self.state.clone();
        }
        let mut parts = self.parts.lock();
        if let Some(state) = parts.scoped.get(namespaces) {
            return state.clone();
        }
        // Views that are over let go of their states.
        parts.scoped.retain(|_, state| Arc::strong_count(state) > 1);
        let now = if parts.split { parts.joint(namespaces) } else { self.state.read().clone() };
        let state: SharedState = Arc::new(RwLock::new(now));
        parts.scoped.insert(namespaces.to_vec(), state.clone());
        state
    }

    /// Writes the state of a feed: of one namespace, or of the whole table.
    pub(crate) fn set_state(&self, namespace: Option<&str>, next: SourceState) {
        if let Some(namespace) = namespace {
            let denied = if let SourceState::Denied { error } = &next { Some(error.clone()) } else { None };
            self.table.write().notes_mut().denied(namespace, denied);
        }
        let mut parts = self.parts.lock();
        let Some(namespace) = namespace else {
            for scoped in parts.scoped.values() {
                state::set(scoped, next.clone());
            }
            state::set(&self.state, next);
            return;
        };
        parts.namespaces.insert(namespace.to_owned(), next);
        state::set(&self.state, joint(parts.namespaces.values()));
        for (namespaces, scoped) in &parts.scoped {
            state::set(scoped, parts.joint(namespaces));
        }
    }

    /// The state that a feed has written last.
    pub(crate) fn feed_state(&self, namespace: Option<&str>) -> SourceState {
        match namespace {
            Some(namespace) => self.parts.lock().namespaces.get(namespace).cloned().unwrap_or(SourceState::Connecting),
            None => self.state.read().clone(),
        }
    }
}

impl Parts {
    fn joint(&self, namespaces: &[String]) -> SourceState {
        joint(namespaces.iter().filter_map(|name| self.namespaces.get(name)))
    }
}

/// The state of several feeds as one: stale where one is, live where one is, and denied only when every one is.
fn joint<'a>(states: impl Iterator<Item = &'a SourceState>) -> SourceState {
    let rank = |state: &SourceState| match state {
        SourceState::Stale { .. } => 5,
        SourceState::Live => 4,
        SourceState::Loading { .. } => 3,
        SourceState::Connecting => 2,
        SourceState::Unreachable { .. } => 1,
        SourceState::Denied { .. } => 0,
    };
    states.max_by_key(|state| rank(state)).cloned().unwrap_or(SourceState::Connecting)
}

/// Keeps a live table alive.
pub(crate) struct User {
    live: Arc<Live>,
    now_ms: Box<dyn Fn() -> u64 + Send + Sync>,
    looks: bool,
}

impl User {
    /// The user looks at the rows and waits for them.
    pub(crate) fn looking(mut self) -> Self {
        if !std::mem::replace(&mut self.looks, true) {
            self.live.lookers.send_modify(|count| *count += 1);
        }
        self
    }
}

impl Drop for User {
    fn drop(&mut self) {
        self.live.idle_since.store((self.now_ms)(), Ordering::SeqCst);
        self.live.users.fetch_sub(1, Ordering::SeqCst);
        if self.looks {
            self.live.lookers.send_modify(|count| *count = count.saturating_sub(1));
        }
    }
}

/// Most namespaces that are fed one by one.
const MAX_NAMESPACES: usize = 200;

#[cfg(test)]
mod tests;
