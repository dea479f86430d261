//! Running and ended taps of this process: who looks at them, what they captured, and what may be done with them.
//!
//! ```text
//! Permit<TapStart> ─▶ start ─▶ One: task ◀─ Event ─ agents      Permit<TapView>    ─▶ open, tap, map, histograms
//!                               │ lines ─▶ Records (64 MiB)     Permit<TapPayload> ─▶ record, flow
//!                               │ rows  ─▶ List (table, runs)   Permit<TapExport>  ─▶ records, packets
//!                               └ packets ─▶ Spool (1 GiB)      Permit<TapControl> ─▶ stop, reset, forget, filter
//! ```
//!
//! A tap has one task, which ends when its agents have ended; `shutdown` ends them all. Nothing of a tap is sent anywhere
//! without a permit, and everything is bounded: records, rows, pods, ended taps.

mod about;
mod change;
mod columns;
mod error;
mod files;
mod keys;
mod list;
mod logs;
mod lookups;
mod one;
mod packets;
mod read;
mod request;
mod room;
mod row;
mod sums;

pub use error::TapsError;
pub use files::Pieces;
pub use packets::{Packets, Shown};
pub use read::Lines;
pub use room::{Disk, Room};

use crate::owner::random;
use crate::spool::{Folder, Job, Pool, Size, Spool};
use crate::{Event, Options, Resting, Rests, Tap, start};
use api::Level;
use api::socket::{List as ListName, ListQuery, TallyQuery};
use api::tap::TapState;
use base::{Clock, ClusterName, Code, RequestId};
use columns::tap as column;
use list::List;
use mirror::{Changed, Mirror, Opened};
use one::{One, Order};
use parking_lot::{Mutex, RwLock};
use policy::Permit;
use policy::action::{PacketLevel, TapChange, TapControl, TapStart, TapTarget, TapView};
use std::path::PathBuf;
use std::sync::Arc;
use std::time::Duration;
use table::{RowBuf, Tallied};
use tokio::sync::mpsc;
use tokio::time::Instant;
use tokio_util::sync::CancellationToken;
use tokio_util::task::TaskTracker;

/// How taps of this process are.
#[derive(Clone, Debug, Default)]
pub struct TapsConfig {
    /// How pods are tapped.
    pub options: Options,
    /// Where packets are kept as long as their tap is; without it none are.
    pub folder: Option<PathBuf>,
    /// How much of them.
    pub disk: Disk,
    /// How much of records.
    pub room: Room,
    /// What is there when the process ends stays, beside that folder's own, in `kept`.
    pub keep: bool,
}

/// What is asked of a tap beside what policy decides.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct How {
    /// What is tapped, in the words of who asked.
    pub title: String,
    /// Bytes of a body that a record shows; 0 for the usual.
    pub body: u32,
    /// A full disk ends its packets, rather than to drop the oldest; else as configured.
    pub stops: Option<bool>,
}

/// All taps of this process. Cheap to clone.
#[derive(Clone)]
pub struct Taps(Arc<Inner>);

struct Inner {
    config: TapsConfig,
    mirror: Mirror,
    clock: Arc<dyn Clock>,
    /// In the order of their starts.
    taps: RwLock<Vec<Arc<One>>>,
    list: List,
    row: Mutex<RowBuf>,
    /// The folder of this process's packets, from the first tap that keeps any.
    folder: Mutex<Option<Folder>>,
    /// What all of them may take on disk.
    pool: Arc<Pool>,
    tasks: TaskTracker,
    end: CancellationToken,
}

impl Taps {
    /// A registry without taps.
    #[must_use]
    pub fn new(mut config: TapsConfig, mirror: Mirror, clock: Arc<dyn Clock>) -> Self {
        config.options.known.get_or_insert_default();
        config.options.rests.get_or_insert_default();
        let schema = column::schema();
        Self(Arc::new(Inner {
            pool: Pool::new(config.disk.all),
            config,
            folder: Mutex::default(),
            mirror,
            clock,
            taps: RwLock::default(),
            row: Mutex::new(RowBuf::new(&schema)),
            list: List::new(ClusterName::new(""), schema, "since", false),
            tasks: TaskTracker::new(),
            end: CancellationToken::new(),
        }))
    }

    /// Starts a tap; its id.
    ///
    /// # Errors
    /// When too many run, or the tap cannot begin.
    pub async fn start(&self, permit: Permit<TapStart>, how: How) -> Result<String, TapsError> {
        let body = how.body;
        let inner = &self.0;
        if inner.end.is_cancelled() {
            return Err(TapsError::Ended);
        }
        inner.make_room(permit.principal().name()).await?;
        let asked = permit.target();
        let named = asked.pods.iter().map(|pod| &pod.cluster).chain(asked.scope.iter().map(|scope| &scope.cluster));
        let name = named.into_iter().next().cloned().ok_or(mirror::Error::NoCluster)?;
        let cluster = inner.mirror.of(permit.principal()).cluster(&name)?;
        let id = hex::encode(random::<16>()?);
        let (orders, taken) = mpsc::channel(ORDERS);
        let spool = inner.spool(&permit, &id, how.stops)?;
        let one = Arc::new(One::new(id.clone(), how, name, &permit, inner.now(), orders, (inner.config.room, spool)));
        let options = Options { body, ..inner.config.options.clone() };
        let tap = start(&cluster, permit, options).await?;
        inner.taps.write().push(one.clone());
        inner.share().await;
        inner.show(&one);
        inner.tasks.spawn(run(self.0.clone(), one, tap, taken));
        Ok(id)
    }

    /// What a tap is called in a permit.
    ///
    /// # Errors
    /// When there is no such tap.
    pub fn target(&self, id: &str) -> Result<TapTarget, TapsError> {
        let one = self.0.find(id)?;
        Ok(TapTarget { cluster: one.cluster.clone(), tap: one.id.clone() })
    }

    /// All there is to say of a tap.
    ///
    /// # Errors
    /// When it was forgotten meanwhile.
    pub fn tap(&self, permit: &Permit<TapView>) -> Result<api::tap::Tap, TapsError> {
        Ok(self.0.viewed(permit)?.detail())
    }

    /// All taps, in the order of their starts.
    ///
    /// # Errors
    /// When the permit is for one of them alone.
    pub fn all(&self, permit: &Permit<TapView>) -> Result<Vec<api::tap::Tap>, TapsError> {
        if permit.target().tap.is_some() {
            return Err(TapsError::NotCovered);
        }
        Ok(self.0.taps.read().iter().map(|one| one.detail()).collect())
    }

    /// Opens a live view: the list of taps, or the records of one. The permit is held as long as the rows are.
    ///
    /// # Errors
    /// When the tap is not there, or the query is not right.
    pub fn open(&self, permit: Permit<TapView>, query: &ListQuery) -> Result<Opened, TapsError> {
        match (&query.list, &permit.target().tap) {
            (ListName::Taps, None) => self.0.list.open(permit, query),
            (ListName::Records(id), Some(tap)) if tap.tap == *id => {
                let one = self.0.find(id)?;
                one.list.open(permit, query)
            }
            _ => Err(TapsError::NotCovered),
        }
    }

    /// Counts of the rows of a list by filter.
    ///
    /// # Errors
    /// When the tap is not there, or a filter is not right.
    pub fn tally(&self, permit: Permit<TapView>, query: TallyQuery) -> Result<(Tallied, Changed), TapsError> {
        match (&query.list, &permit.target().tap) {
            (ListName::Taps, None) => self.0.list.tally(permit, query.filters),
            (ListName::Records(id), Some(tap)) if tap.tap == *id => {
                let one = self.0.find(id)?;
                one.list.tally(permit, query.filters)
            }
            _ => Err(TapsError::NotCovered),
        }
    }

    /// Changes a tap: stops, empties or forgets it, or gives it another filter.
    ///
    /// # Errors
    /// When the decision cannot be written down, or the tap is over.
    pub async fn control(&self, permit: Permit<TapControl>) -> Result<api::tap::Tap, TapsError> {
        permit.settled().await?;
        let TapControl { tap, change } = permit.target();
        let one = self.0.find(&tap.tap)?;
        match change {
            TapChange::Stop | TapChange::End(_) => self.0.stop(&one).await,
            TapChange::Reset => {
                one.reset().await;
                one.say("reset", "what was captured before is erased");
            }
            TapChange::Forget => {
                self.0.stop(&one).await;
                self.0.forget(&one).await;
            }
            TapChange::Filter(text) => self.0.filter(&one, None, text, permit.principal().name()).await?,
            TapChange::FilterOf { pod, filter } => {
                self.0.filter(&one, Some(pod), filter, permit.principal().name()).await?;
            }
            TapChange::Pause(paused) => self.0.pause(&one, *paused).await?,
            // These answer with more than the tap.
            TapChange::Mark(_) | TapChange::Keys => return Err(TapsError::NotCovered),
        }
        self.0.show(&one);
        let detail = one.detail();
        permit.finish(policy::Outcome::Done { message: change_words(&detail) });
        Ok(detail)
    }

    /// Agents that wait for a tap of this process: each is told once. After [`Taps::shutdown`] none comes, and
    /// [`Resting::end`] ends them.
    #[must_use]
    pub fn resting(&self) -> Vec<Resting> {
        self.0.config.options.rests.as_ref().map(Rests::take).unwrap_or_default()
    }

    /// Ends an agent that waits. `None` where it serves a tap of another process of its owner, which goes on.
    ///
    /// # Errors
    /// As [`crate::end`].
    pub async fn end(&self, permit: &Permit<TapControl>, agent: &Resting) -> Result<crate::Ended, TapsError> {
        let cluster = self.0.mirror.of(permit.principal()).cluster(&agent.pod.cluster)?;
        let owner = self.0.config.options.owner.as_deref();
        Ok(crate::end(&cluster, permit, owner, &agent.pod, &agent.container, Duration::ZERO).await?)
    }

    /// Ends all taps: agents are stopped, and waited for, 30 s at most. The folders of packets that stay.
    pub async fn shutdown(&self) -> Vec<PathBuf> {
        if let Some(rests) = &self.0.config.options.rests {
            rests.close();
        }
        self.0.end.cancel();
        self.0.tasks.close();
        if tokio::time::timeout(STOP, self.0.tasks.wait()).await.is_err() {
            tracing::warn!("some agents did not say that they ended; without us they end within seconds");
        }
        let taps = self.0.taps.read().clone();
        let TapsConfig { folder, keep, .. } = &self.0.config;
        let kept = folder.as_ref().filter(|_| *keep).map(|folder| folder.join(KEPT));
        let mut left = Vec::new();
        for one in taps {
            let Some(spool) = &one.spool else { continue };
            match kept.as_ref().map(|kept| kept.join(&one.id)) {
                Some(folder) if spool.keep(folder.clone()).await => left.push(folder),
                Some(_) => {}
                None => spool.end().await,
            }
        }
        self.0.folder.lock().take();
        left
    }
}

impl Inner {
    fn now(&self) -> i64 {
        i64::try_from(self.clock.now_ms()).unwrap_or(i64::MAX)
    }

    fn find(&self, id: &str) -> Result<Arc<One>, TapsError> {
        self.taps.read().iter().find(|one| one.id == id).cloned().ok_or(TapsError::NoTap)
    }

    fn viewed(&self, permit: &Permit<TapView>) -> Result<Arc<One>, TapsError> {
        let tap = permit.target().tap.as_ref().ok_or(TapsError::NotCovered)?;
        self.find(&tap.tap)
    }

    /// Forgets somebody's oldest ended tap when he has as many as he may have; nobody's makes room for another's.
    async fn make_room(&self, by: &str) -> Result<(), TapsError> {
        let oldest = {
            let taps = self.taps.read();
            if taps.len() >= MAX_ALL {
                return Err(TapsError::Limit("taps", MAX_ALL as u64));
            }
            let own = || taps.iter().filter(|one| one.by == by);
            if own().count() < MAX_TAPS {
                return Ok(());
            }
            own().find(|one| one.stands() == TapState::Ended).cloned()
        };
        let oldest = oldest.ok_or(TapsError::TooMany(MAX_TAPS))?;
        self.forget(&oldest).await;
        Ok(())
    }

    /// Where the packets of a tap go, if any are asked for.
    fn spool(&self, permit: &Permit<TapStart>, id: &str, stops: Option<bool>) -> Result<Option<Spool>, TapsError> {
        let Some(parent) = &self.config.folder else { return Ok(None) };
        if permit.target().packets == PacketLevel::None {
            return Ok(None);
        }
        let mut folder = self.folder.lock();
        if folder.is_none() {
            *folder = Some(Folder::make(parent, &format!("run-{}", std::process::id())).map_err(TapsError::Folder)?);
        }
        let Disk { tap, stops: usual, .. } = self.config.disk;
        let stops = stops.unwrap_or(usual);
        let size = Size { budget: tap, stops, pool: self.pool.clone(), ..Size::default() };
        Ok(folder.as_ref().map(|folder| Spool::begin(folder.join(id), size)))
    }

    /// The disk is shared among more: the others give some of it back.
    async fn share(&self) {
        let taps = self.taps.read().clone();
        for spool in taps.iter().filter_map(|one| one.spool.as_ref()) {
            spool.give(Job::Shrink).await;
        }
    }

    async fn stop(&self, one: &One) {
        one.state.write().stopping = true;
        if one.orders.send(Order::Stop).await.is_err() {
            tracing::debug!(tap = one.id, "has ended already");
        }
    }

    async fn forget(&self, one: &One) {
        self.taps.write().retain(|other| other.id != one.id);
        self.list.table.write().remove("", &one.id);
        self.list.publish();
        one.records.lock().clear();
        if let Some(spool) = &one.spool {
            spool.end().await;
        }
        one.list.close(api::ErrorBody {
            code: Code::NotFound,
            message: TapsError::NoTap.to_string(),
            details: None,
            request_id: RequestId::new(),
        });
    }

    /// Writes the row of a tap.
    fn show(&self, one: &One) {
        if self.taps.read().iter().all(|other| other.id != one.id) {
            return;
        }
        let (stands, totals, (capturing, pods)) = (one.stands(), one.totals(), one.pods());
        let (filter, failed, paused, lost, partial) = {
            let state = one.state.read();
            let lost = state.targets.iter().any(|own| own.lost_ms.is_some());
            (state.filter.clone(), state.error.is_some(), state.paused, lost, state.is_partial())
        };
        let (word, level) = match stands {
            TapState::Starting => ("starting", Level::Info),
            TapState::Running if lost => ("reconnecting", Level::Warn),
            TapState::Running if paused => ("paused", Level::Info),
            TapState::Running if partial => ("running", Level::Warn),
            TapState::Running => ("running", Level::Ok),
            TapState::Waiting => ("waiting", Level::Info),
            TapState::Stopping => ("stopping", Level::Info),
            TapState::Ended if failed => ("ended", Level::Bad),
            TapState::Ended => ("ended", Level::Plain),
        };
        let int = |number: u64| i64::try_from(number).unwrap_or(i64::MAX);
        let mut row = self.row.lock();
        row.clear();
        row.set_identity("", &one.id, &one.id, "");
        row.text(column::TITLE, &one.title);
        row.status(column::STATE, word, level);
        row.text(column::CLUSTER, one.cluster.as_str());
        row.text(column::BY, &one.by);
        row.age(column::SINCE, one.started_ms);
        row.ratio(column::PODS, capturing, pods);
        row.int(column::RECORDS, int(totals.records));
        row.int(column::PACKETS, int(totals.packets));
        row.int(column::BYTES, int(totals.bytes));
        row.int(column::LOST, int(totals.lost));
        if !filter.is_empty() {
            row.text(column::FILTER, &filter);
        }
        row.text(column::LEVEL, one.packets.name());
        row.int(column::KEPT, int(totals.kept));
        row.text(column::NAME, &one.id);
        self.list.table.write().apply(&row);
        drop(row);
        self.list.publish();
    }
}

/// The life of a tap: takes what comes until its agents have ended. Its row is written again soon after something moved,
/// and at once when it is more than a counter.
async fn run(inner: Arc<Inner>, one: Arc<One>, mut tap: Tap, mut orders: mpsc::Receiver<Order>) {
    let (mut due, mut late): (Option<Instant>, Option<Instant>) = (None, None);
    let far = Instant::now() + Duration::from_secs(10 * 365 * 86_400);
    loop {
        tokio::select! {
            event = tap.next() => match event {
                Some(Event::Packets { pod, batch }) => {
                    one.keep(pod, batch).await;
                    due = due.or(Some(Instant::now() + COUNTERS));
                }
                Some(event) => match one.hear(event).await {
                    true => {
                        inner.show(&one);
                        due = None;
                    }
                    false => due = due.or(Some(Instant::now() + COUNTERS)),
                },
                None => break,
            },
            order = orders.recv(), if late.is_none() => match order {
                Some(Order::Filter(pod, text, tell)) => {
                    // Whoever asked may have gone.
                    let _ = tell.send(tap.set_filter(pod, &text));
                }
                Some(Order::Names(tell)) => {
                    let _ = tell.send(tap.names().cloned());
                }
                Some(Order::Pause(paused)) => tap.pause(paused),
                Some(Order::Keys(keys)) => tap.keys(keys),
                Some(Order::Stop) | None => {
                    tap.stop();
                    late = Some(Instant::now() + STOP);
                    inner.show(&one);
                }
            },
            () = inner.end.cancelled(), if late.is_none() => {
                one.state.write().stopping = true;
                tap.stop();
                late = Some(Instant::now() + STOP);
            }
            () = tokio::time::sleep_until(due.unwrap_or(far)), if due.is_some() => {
                due = None;
                inner.show(&one);
            }
            () = tokio::time::sleep_until(late.unwrap_or(far)), if late.is_some() => break,
        }
    }
    drop(tap);
    one.end(inner.now());
    one.say("ended", "");
    inner.show(&one);
}

fn change_words(tap: &api::tap::Tap) -> String {
    format!("{} of {} records kept, {} pods", tap.totals.kept, tap.totals.records, tap.targets.len())
}

/// Taps of one user that are kept, running and ended; and those of all.
const MAX_TAPS: usize = 20;
const MAX_ALL: usize = 200;
/// What stays of taps, in the folder of their packets.
pub const KEPT: &str = "kept";
/// Orders that wait for a task.
const ORDERS: usize = 8;
/// Agents have this long to confirm that they ended.
const STOP: Duration = Duration::from_secs(30);
/// Counters are shown this long after they moved.
const COUNTERS: Duration = Duration::from_millis(250);

#[cfg(test)]
mod tests;
