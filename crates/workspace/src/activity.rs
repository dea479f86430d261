//! Who uses which workspace, through which door, and when: what doors tell and the operator of the same process asks.
//!
//! A door gets a [`Meter`] once per route, stream or session, and touches it with each thing that a person did or that somebody
//! wants done. A touch is a few atomic operations, and makes nothing; once a minute and door it writes a bit into the day's ring.
//! What goes on without input (a program that runs, a transfer) is held instead: it counts as use until the hold is dropped.
//!
//! Bounded: three kilobytes for each workspace that was used, and no more workspaces than doors can reach. Nothing here is
//! written anywhere: the operator writes the last use into the status, rarely.

use crate::key::Key;
use base::{Clock, ClusterName};
use parking_lot::{Mutex, RwLock};
use past::Past;
use policy::Action;
use policy::action::{WorkspaceConnect, WorkspaceExec, WorkspaceFiles, WorkspaceKeep, WorkspaceProxy};
use std::collections::{HashMap, HashSet};
use std::sync::Arc;
use std::sync::atomic::{AtomicU32, AtomicU64, Ordering};
use tokio::sync::Notify;

mod past;

pub use past::Stretch;

/// A way in which a workspace is used.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub enum Door {
    /// A login over SSH.
    Ssh,
    /// Requests of people, and what they send over sockets.
    Http,
    /// Input to a terminal.
    Terminal,
    /// A call of the API that is for this workspace.
    Api,
    /// A program that somebody runs in it.
    Exec,
    /// Files that come or go.
    Files,
    /// Its programs compute.
    Cpu,
    /// Somebody said that it is to be kept.
    Keep,
}

impl Door {
    /// All of them.
    pub const ALL: [Self; 8] =
        [Self::Ssh, Self::Http, Self::Terminal, Self::Api, Self::Exec, Self::Files, Self::Cpu, Self::Keep];

    /// Its word, as it stands in the status.
    #[must_use]
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Ssh => "ssh",
            Self::Http => "http",
            Self::Terminal => "terminal",
            Self::Api => "api",
            Self::Exec => "exec",
            Self::Files => "files",
            Self::Cpu => "cpu",
            Self::Keep => "keep",
        }
    }

    /// The action under which somebody is let in through it; `None` where nobody asks for anything.
    #[must_use]
    pub const fn action(self) -> Option<&'static str> {
        match self {
            Self::Ssh | Self::Terminal => Some(WorkspaceConnect::NAME),
            Self::Http => Some(WorkspaceProxy::NAME),
            Self::Exec => Some(WorkspaceExec::NAME),
            Self::Files => Some(WorkspaceFiles::NAME),
            Self::Keep => Some(WorkspaceKeep::NAME),
            Self::Api | Self::Cpu => None,
        }
    }

    /// The one with this word.
    #[must_use]
    pub fn parse(word: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|door| door.as_str() == word)
    }
}

/// Who uses which workspace. Clones are one.
#[derive(Clone)]
pub struct Activity(Arc<Inner>);

struct Inner {
    clock: Arc<dyn Clock>,
    clusters: RwLock<HashMap<ClusterName, Arc<OfCluster>>>,
}

/// The workspaces of one cluster.
#[derive(Default)]
struct OfCluster {
    slots: RwLock<HashMap<Key, Arc<Slot>>>,
    /// Those that were used since somebody asked to be told.
    told: Mutex<HashSet<Key>>,
    tell: Notify,
}

/// One workspace.
struct Slot {
    key: Key,
    last_ms: [AtomicU64; DOORS],
    held: [AtomicU32; DOORS],
    /// Whoever touches it at this time or later tells.
    alert_ms: AtomicU64,
    /// Paths whose requests are no use, with `*` for any text.
    ignored: RwLock<Arc<[String]>>,
    past: Mutex<Past>,
}

/// Takes the uses of one workspace. Cheap to clone; one for each route or stream.
#[derive(Clone)]
pub struct Meter {
    clock: Arc<dyn Clock>,
    cluster: Arc<OfCluster>,
    slot: Arc<Slot>,
}

/// Counts as use until it is dropped.
#[must_use = "what is not held is over at once"]
pub struct Held {
    meter: Meter,
    door: Door,
    since_ms: u64,
}

/// How a workspace is used.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Usage {
    /// Each door through which it was used, the last first.
    pub doors: Vec<Used>,
}

/// The use through one door.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Used {
    /// The door.
    pub door: Door,
    /// When last; now while it goes on.
    pub at_ms: u64,
    /// It goes on.
    pub now: bool,
    /// What was done, for people; may be of a minute before.
    pub detail: String,
}

impl Activity {
    /// Nobody has used anything yet.
    #[must_use]
    pub fn new(clock: Arc<dyn Clock>) -> Self {
        Self(Arc::new(Inner { clock, clusters: RwLock::default() }))
    }

    /// The meter of a workspace.
    #[must_use]
    pub fn meter(&self, cluster: &ClusterName, key: &Key) -> Meter {
        let cluster = self.of_cluster(cluster);
        let there = cluster.slots.read().get(key).cloned();
        let slot = there.unwrap_or_else(|| {
            let mut slots = cluster.slots.write();
            slots.entry(key.clone()).or_insert_with(|| Arc::new(Slot::new(key.clone()))).clone()
        });
        Meter { clock: self.0.clock.clone(), cluster, slot }
    }

    /// One use, where no meter is at hand.
    pub fn touch(&self, cluster: &ClusterName, key: &Key, door: Door, detail: &str) {
        self.meter(cluster, key).touch(door, detail);
    }

    /// How a workspace is used; nothing for one that nobody used since this process began.
    #[must_use]
    pub fn usage(&self, cluster: &ClusterName, key: &Key) -> Usage {
        self.slot(cluster, key).map(|slot| slot.usage(self.0.clock.now_ms())).unwrap_or_default()
    }

    /// When it was used within the last day, door by door, the oldest first; exact to a minute.
    #[must_use]
    pub fn history(&self, cluster: &ClusterName, key: &Key) -> Vec<Stretch> {
        let Some(slot) = self.slot(cluster, key) else { return Vec::new() };
        let now = self.0.clock.now_ms();
        let mut past = slot.past.lock();
        for (door, held) in Door::ALL.into_iter().zip(&slot.held) {
            if held.load(Ordering::Relaxed) > 0 {
                past.goes_on(door, now);
            }
        }
        past.stretches(now)
    }

    /// A use that was at that time: what a daemon says of itself.
    pub(crate) fn record(&self, cluster: &ClusterName, key: &Key, door: Door, at_ms: u64, detail: &str) {
        let slot = self.meter(cluster, key).slot;
        if let Some(last) = slot.last_ms.get(door as usize)
            && last.fetch_max(at_ms, Ordering::Relaxed) < at_ms
        {
            slot.past.lock().note(door, at_ms, detail);
        }
    }

    /// Asks to be told when the workspace is used at this time or later. Told once; ask again.
    pub fn alert(&self, cluster: &ClusterName, key: &Key, from_ms: u64) {
        self.meter(cluster, key).slot.alert_ms.store(from_ms, Ordering::Release);
    }

    /// Waits until some were used of which that was asked.
    pub async fn told(&self, cluster: &ClusterName) -> Vec<Key> {
        let cluster = self.of_cluster(cluster);
        loop {
            let keys = std::mem::take(&mut *cluster.told.lock());
            if !keys.is_empty() {
                return keys.into_iter().collect();
            }
            cluster.tell.notified().await;
        }
    }

    /// Requests of its apps for these paths are no use from now on: what an IDE asks by itself.
    pub(crate) fn ignore(&self, cluster: &ClusterName, key: &Key, paths: &[String]) {
        let slot = self.meter(cluster, key).slot;
        if **slot.ignored.read() != *paths {
            *slot.ignored.write() = Arc::from(paths);
        }
    }

    /// It is gone for good.
    pub(crate) fn forget(&self, cluster: &ClusterName, key: &Key) {
        self.of_cluster(cluster).slots.write().remove(key);
    }

    fn slot(&self, cluster: &ClusterName, key: &Key) -> Option<Arc<Slot>> {
        self.0.clusters.read().get(cluster)?.slots.read().get(key).cloned()
    }

    fn of_cluster(&self, cluster: &ClusterName) -> Arc<OfCluster> {
        if let Some(there) = self.0.clusters.read().get(cluster) {
            return there.clone();
        }
        self.0.clusters.write().entry(cluster.clone()).or_default().clone()
    }
}

impl Meter {
    /// It was used. `detail` says what was done, for people: it is taken once a minute and door.
    pub fn touch(&self, door: Door, detail: &str) {
        let now = self.clock.now_ms();
        let Some(last) = self.slot.last_ms.get(door as usize) else { return };
        let before = last.load(Ordering::Relaxed);
        if before != 0 && now.saturating_sub(before) < GRAIN_MS {
            return;
        }
        last.fetch_max(now, Ordering::Relaxed);
        if before / MINUTE_MS != now / MINUTE_MS {
            self.slot.past.lock().note(door, now, detail);
        }
        self.tell(now);
    }

    /// Whether a request for this path is a use, its query left out.
    #[must_use]
    pub fn counts(&self, path: &[u8]) -> bool {
        let ignored = self.slot.ignored.read();
        if ignored.is_empty() {
            return true;
        }
        let path = path.split(|byte| *byte == b'?').next().unwrap_or_default();
        !ignored.iter().any(|pattern| base::glob(pattern.as_bytes(), path))
    }

    /// It is in use until what comes back is dropped.
    pub fn hold(&self, door: Door, detail: &str) -> Held {
        let since_ms = self.clock.now_ms();
        let mut past = self.slot.past.lock();
        if let (Some(last), Some(held)) = (self.slot.last_ms.get(door as usize), self.slot.held.get(door as usize)) {
            if held.fetch_add(1, Ordering::AcqRel) == 0 {
                past.begin(door, since_ms);
            }
            last.fetch_max(since_ms, Ordering::Relaxed);
        }
        past.note(door, since_ms, detail);
        drop(past);
        self.tell(since_ms);
        Held { meter: self.clone(), door, since_ms }
    }

    fn tell(&self, now: u64) {
        let alert = &self.slot.alert_ms;
        if now >= alert.load(Ordering::Acquire) && alert.swap(NEVER, Ordering::AcqRel) != NEVER {
            self.cluster.told.lock().insert(self.slot.key.clone());
            self.cluster.tell.notify_one();
        }
    }
}

impl Drop for Held {
    fn drop(&mut self) {
        let now = self.meter.clock.now_ms();
        let slot = &self.meter.slot;
        slot.past.lock().fill(self.door, self.since_ms, now);
        if let (Some(last), Some(held)) = (slot.last_ms.get(self.door as usize), slot.held.get(self.door as usize)) {
            last.fetch_max(now, Ordering::Relaxed);
            held.fetch_sub(1, Ordering::AcqRel);
        }
        self.meter.tell(now);
    }
}

impl Slot {
    fn new(key: Key) -> Self {
        Self {
            key,
            last_ms: Default::default(),
            held: Default::default(),
            alert_ms: AtomicU64::new(NEVER),
            ignored: RwLock::new(Arc::from([])),
            past: Mutex::default(),
        }
    }

    fn usage(&self, now_ms: u64) -> Usage {
        let past = self.past.lock();
        let mut doors: Vec<Used> = Door::ALL
            .into_iter()
            .zip(self.last_ms.iter().zip(&self.held))
            .filter_map(|(door, (last, held))| {
                let now = held.load(Ordering::Acquire) > 0;
                let at_ms = if now { now_ms } else { last.load(Ordering::Relaxed) };
                (at_ms > 0).then(|| Used { door, at_ms, now, detail: past.detail(door).to_owned() })
            })
            .collect();
        doors.sort_by_key(|used| std::cmp::Reverse((used.now, used.at_ms)));
        Usage { doors }
    }
}

const DOORS: usize = Door::ALL.len();
/// Uses closer together are one.
const GRAIN_MS: u64 = 500;
const MINUTE_MS: u64 = 60_000;
const NEVER: u64 = u64::MAX;

#[cfg(test)]
mod tests;
