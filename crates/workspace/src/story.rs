//! What happens to a workspace, as it happens: one watch of it and of its events for any number of watchers.
//!
//! ```text
//! feeds (the workspace, events of its pod, events of claims) ──► Teller ──► ring of events, the object ──► Watcher
//! ```
//!
//! A story begins with the first watcher and ends a minute after the last, so that one that comes again goes on where it was.
//! Bounded: 512 events each, 1,000 stories.

mod feed;
mod teller;

pub(crate) use teller::{expected, likeness};

use crate::acts::ActError;
use crate::key::Key;
use api::workspace::WorkspaceEvent;
use base::ClusterName;
use cluster::Cluster;
use feed::Heard;
use parking_lot::Mutex;
use policy::Permit;
use policy::action::WorkspaceView;
use serde_json::Value;
use std::collections::{HashMap, VecDeque};
use std::sync::Arc;
use std::time::Duration;
use store::Store;
use teller::Teller;
use tokio::sync::{mpsc, watch};
use tokio::time::{Instant, sleep_until};
use tokio_util::sync::CancellationToken;
use tokio_util::task::TaskTracker;

/// The stories that somebody listens to. Clones are the same.
#[derive(Clone)]
pub struct Stories(Arc<Inner>);

struct Inner {
    store: Store,
    hubs: Mutex<HashMap<Place, Arc<Hub>>>,
    tasks: TaskTracker,
    end: CancellationToken,
}

/// The cluster, on whose behalf it is asked, and the workspace.
type Place = (ClusterName, String, Key);

/// One story.
struct Hub {
    /// Before the numbers of its events, in their ids.
    epoch: String,
    told: watch::Sender<Told>,
}

#[derive(Default)]
struct Told {
    /// The number of the first event that is kept.
    first: u64,
    events: VecDeque<Arc<WorkspaceEvent>>,
    /// How often anything was told.
    moves: u64,
    seen: Seen,
    /// Why nothing more comes.
    failed: Option<Arc<ActError>>,
}

/// The workspace as it was seen last.
#[derive(Clone, Debug, Default)]
pub enum Seen {
    /// Nothing was told yet.
    #[default]
    Unknown,
    /// It is there.
    There(Arc<Value>),
    /// It is not there.
    Gone,
}

/// What came since one looked last.
#[derive(Debug)]
pub struct News {
    /// Events, in order.
    pub events: Vec<Arc<WorkspaceEvent>>,
    /// The workspace.
    pub seen: Seen,
}

/// Somebody who listens. The permit is held as long.
pub struct Watcher {
    told: watch::Receiver<Told>,
    next: u64,
    moves: Option<u64>,
    resumed: bool,
    permit: Permit<WorkspaceView>,
}

impl Stories {
    /// No story yet. The store knows how long stages took.
    #[must_use]
    pub fn new(store: Store) -> Self {
        let (tasks, end) = (TaskTracker::new(), CancellationToken::new());
        Self(Arc::new(Inner { store, hubs: Mutex::default(), tasks, end }))
    }

    /// Listens to the workspace that the permit names: after the event of this id, if that is still known.
    ///
    /// # Errors
    /// When too many are listened to.
    pub fn listen(
        &self,
        cluster: &Cluster,
        permit: Permit<WorkspaceView>,
        after: Option<&str>,
    ) -> Result<Watcher, ActError> {
        let asked = permit.target();
        let key = Key { namespace: asked.namespace.clone(), name: asked.name.clone() };
        // What is seen on somebody's behalf is nobody else's to see.
        let who = permit.principal();
        let who = if who.acts_as().is_some() { who.id().to_owned() } else { String::new() };
        let place = (cluster.name().clone(), who, key);
        let mut hubs = self.0.hubs.lock();
        let (hub, told) = match hubs.get(&place) {
            Some(hub) => (hub.clone(), hub.told.subscribe()),
            None if hubs.len() >= MOST => {
                return Err(ActError::Busy("too many workspaces are watched at once".to_owned()));
            }
            None => {
                let (sender, told) = watch::channel(Told::default());
                let epoch = uuid::Uuid::new_v4().simple().to_string().get(..12).unwrap_or_default().to_owned();
                let hub = Arc::new(Hub { epoch, told: sender });
                hubs.insert(place.clone(), hub.clone());
                let (inner, cluster, kept) = (self.0.clone(), cluster.clone(), hub.clone());
                self.0.tasks.spawn(async move { inner.keep(place, &cluster, &kept).await });
                (hub, told)
            }
        };
        drop(hubs);
        let number = after.and_then(|id| id.split_once('-')).filter(|(epoch, _)| *epoch == hub.epoch);
        let number = number.and_then(|(_, number)| number.parse::<u64>().ok());
        let next = number.and_then(|number| number.checked_add(1));
        let resumed = next.is_some_and(|next| {
            let told = told.borrow();
            (told.first..=told.first + told.events.len() as u64).contains(&next)
        });
        let next = next.filter(|_| resumed).unwrap_or_default();
        Ok(Watcher { told, next, moves: None, resumed, permit })
    }

    /// Ends all of them.
    pub async fn shutdown(&self) {
        self.0.end.cancel();
        self.0.tasks.close();
        self.0.tasks.wait().await;
    }
}

impl Watcher {
    /// It goes on after the event that was named.
    #[must_use]
    pub const fn resumed(&self) -> bool {
        self.resumed
    }

    /// Ends when the permit does.
    #[must_use]
    pub fn end(&self) -> CancellationToken {
        self.permit.end_token()
    }

    /// Waits for what is new; the first time for what there is. Events may be none, where the object alone has moved. Cancelling it
    /// loses nothing.
    ///
    /// # Errors
    /// When nothing more comes: as [`ActError`] says.
    pub async fn news(&mut self) -> Result<News, Arc<ActError>> {
        loop {
            {
                let told = self.told.borrow_and_update();
                let from = self.next.max(told.first);
                let skip = usize::try_from(from - told.first).unwrap_or(usize::MAX);
                let events: Vec<_> = told.events.iter().skip(skip).cloned().collect();
                if let Some(failed) = told.failed.as_ref().filter(|_| events.is_empty()) {
                    return Err(failed.clone());
                }
                if !matches!(told.seen, Seen::Unknown) {
                    self.next = told.first + told.events.len() as u64;
                    if !events.is_empty() || self.moves != Some(told.moves) {
                        self.moves = Some(told.moves);
                        return Ok(News { events, seen: told.seen.clone() });
                    }
                }
            }
            if self.told.changed().await.is_err() {
                return Err(Arc::new(ActError::Busy("the server is ending".to_owned())));
            }
        }
    }
}

impl Inner {
    /// Keeps one story until nobody has listened for a while.
    async fn keep(&self, place: Place, cluster: &Cluster, hub: &Hub) {
        let (tell, mut heard) = mpsc::channel(256);
        let mut feeds = feed::start(cluster, &place.2, &tell);
        drop(tell);
        let mut teller = Teller::new(&place.2, &hub.epoch);
        let mut left: Option<Instant> = None;
        loop {
            let alone = hub.told.receiver_count() == 0;
            left = alone.then(|| left.unwrap_or_else(|| Instant::now() + LINGER));
            let at = left.unwrap_or_else(|| Instant::now() + LINGER);
            tokio::select! {
                next = heard.recv() => {
                    let Some(next) = next else { break };
                    self.take(next, &place.0, hub, &mut teller).await;
                }
                () = hub.told.closed(), if left.is_none() => {}
                () = sleep_until(at), if left.is_some() => {
                    let mut hubs = self.hubs.lock();
                    if hub.told.receiver_count() == 0 {
                        hubs.remove(&place);
                        break;
                    }
                }
                () = self.end.cancelled() => break,
            }
        }
        feeds.abort_all();
        // Whoever listens still is told that it is over; the next one begins a new story.
        self.hubs.lock().remove(&place);
        hub.told.send_modify(|told| {
            let over = || Arc::new(ActError::Busy("the watch of it has ended: ask again".to_owned()));
            told.failed.get_or_insert_with(over);
        });
    }

    async fn take(&self, next: Heard, cluster: &ClusterName, hub: &Hub, teller: &mut Teller) {
        if let Heard::Failed(error) = next {
            hub.told.send_modify(|told| told.failed = Some(Arc::new(error)));
            return;
        }
        let events = teller.take(next);
        if let Some(likeness) = teller.wants_history(cluster) {
            match self.store.jobs_like(&likeness).await {
                Ok(jobs) => teller.learn(expected(&jobs)),
                Err(error) => tracing::debug!(%error, "how long stages take is not known"),
            }
        }
        let seen = teller.seen();
        hub.told.send_modify(|told| {
            told.moves += 1;
            told.seen = seen;
            for event in events {
                if told.events.len() >= RING {
                    told.events.pop_front();
                    told.first += 1;
                }
                let number = told.first + told.events.len() as u64;
                let id = format!("{}-{number}", hub.epoch);
                told.events.push_back(Arc::new(WorkspaceEvent { id, ..event }));
            }
        });
    }
}

/// Stories at once.
const MOST: usize = 1_000;
/// Events of one.
const RING: usize = 512;
/// A story goes on so long without anybody who listens.
const LINGER: Duration = Duration::from_secs(60);
