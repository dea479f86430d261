//! The task that fills a table from a feed.

use crate::backoff::pause;
use crate::live::Live;
use crate::place::Place;
use crate::state;
use api::socket::{Gap, SourceState};
use cluster::{Error, Step};
use std::sync::Arc;
use std::time::Duration;
use table::{RowBuf, Table};
use tokio::sync::watch;
use wire::watch::{Event, EventType};
use wire::{Budget, Node};

/// Runs until the table is ended, or the whole cluster may not be listed.
pub(crate) async fn run(live: Arc<Live>, place: Arc<Place>, namespace: Option<String>) {
    let mut task = Task {
        row: RowBuf::new(live.table.read().schema()),
        live: live.clone(),
        place,
        namespace,
        syncing: false,
        failures: 0,
        budget: Budget::default(),
        gap_from_ms: None,
        unreadable: 0,
    };
    let end = live.end.clone();
    // The end cancels whatever is waited for; table and state are consistent at every await.
    if end.run_until_cancelled(task.fill()).await.is_some() {
        live.split(&task.place);
    }
}

struct Task {
    live: Arc<Live>,
    place: Arc<Place>,
    namespace: Option<String>,
    row: RowBuf,
    /// Between `Begin` and `Synced`.
    syncing: bool,
    /// In a row.
    failures: u32,
    budget: Budget,
    /// The list under way stands in for a watch that was whole until then.
    gap_from_ms: Option<i64>,
    /// Objects that could not be read since the last list began.
    unreadable: u32,
}

impl Task {
    /// Returns when the whole cluster may not be listed.
    async fn fill(&mut self) {
        let place = self.place.clone();
        let feed = place.reader().feed(self.live.kind.clone(), self.namespace.as_deref());
        let mut feed = feed.with_silence(place.config.silence);
        let (mut lost, mut back) = (place.lost.subscribe(), place.back.subscribe());
        let mut lookers = self.live.lookers.subscribe();
        let mut denied = self.refused();
        loop {
            if let Some(error) = denied.take() {
                if self.failed(&error) {
                    return;
                }
                tokio::time::sleep(pause(self.failures, &error)).await;
                // Where somebody looks, it is tried now and then all the same: a new role is nowhere told.
                denied = self.refused().filter(|_| self.live.is_background());
                continue;
            }
            let background = self.live.is_background();
            feed.set_background(background);
            let error = tokio::select! {
                step = feed.next() => match step {
                    Ok(step) => {
                        let last = matches!(step, Step::Events(events) if events.len() < FULL);
                        let synced = matches!(step, Step::Synced);
                        self.take(step);
                        if synced {
                            let way = feed.ways();
                            self.live.table.write().notes_mut().way(if way == BEST { "" } else { &way });
                        }
                        if last {
                            // What comes meanwhile is read at one go: a busy server costs batches, not events.
                            tokio::time::sleep(LINGER).await;
                        }
                        continue;
                    }
                    Err(error) => error,
                },
                // Somebody looks now: what waits its turn behind everything else waits no longer.
                () = looked_at(&mut lookers), if background => continue,
                _ = lost.changed() => {
                    let message = lost.borrow_and_update().clone();
                    feed.disconnect();
                    Error::Unreachable { server: place.server(), message, source: None }
                }
            };
            back.mark_unchanged();
            if self.failed(&error) {
                return;
            }
            // What brings the cluster back for one feed brings it back for all.
            let passing = matches!(error, Error::Unreachable { .. } | Error::TimedOut { .. } | Error::Auth { .. });
            if matches!(error, Error::NotServed { .. }) && !place.may_serve(&self.live.kind.id) {
                place.serves(&self.live.kind.id).await;
                continue;
            }
            tokio::select! {
                () = tokio::time::sleep(pause(self.failures, &error)) => {}
                _ = back.changed(), if passing => {}
            }
        }
    }

    /// What the API server would answer, where it is known that it denies.
    fn refused(&self) -> Option<Error> {
        self.place.refusal(&self.live.kind, self.namespace.as_deref())
    }

    fn take(&mut self, step: Step<'_>) {
        match step {
            Step::Begin { missed } => {
                self.syncing = true;
                self.unreadable = 0;
                let missed = missed.and_then(|missed| i64::try_from(missed.as_millis()).ok());
                self.gap_from_ms = missed.map(|ms| self.place.now_ms().saturating_sub(ms)).or(self.gap_from_ms);
                let mut table = self.live.table.write();
                match &self.namespace {
                    None => table.begin_relist(),
                    Some(namespace) => table.begin_relist_in(namespace),
                }
                let loaded = count(&table);
                drop(table);
                // A relist behind rows that stand is not a loading: they stay as they are.
                if loaded == 0 {
                    self.state(SourceState::Loading { loaded });
                }
            }
            Step::Page(format, bytes) => {
                let mut table = self.live.table.write();
                match wire::list::List::open(format, &bytes, &self.budget) {
                    Ok(list) => {
                        for item in list.items() {
                            let done = item.is_ok_and(|node| apply(&self.live, &mut self.row, &mut table, node));
                            self.unreadable = self.unreadable.saturating_add(u32::from(!done));
                        }
                    }
                    Err(error) => {
                        tracing::warn!(%error, kind = %self.live.kind.id, "a page cannot be read");
                        self.unreadable = self.unreadable.saturating_add(1);
                    }
                }
                let loaded = count(&table);
                drop(table);
                self.progress(loaded);
            }
            Step::Events(events) => {
                let mut table = self.live.table.write();
                let before = self.unreadable;
                for event in events {
                    let done = take_event(&self.live, &mut self.row, &mut table, event, &self.budget);
                    self.unreadable = self.unreadable.saturating_add(u32::from(!done));
                }
                if self.unreadable != before && !self.syncing {
                    table.notes_mut().unreadable(self.namespace.as_deref(), self.unreadable);
                }
                let loaded = count(&table);
                drop(table);
                self.progress(loaded);
            }
            Step::Synced => {
                let mut table = self.live.table.write();
                match &self.namespace {
                    // What cannot be read may be any of the rows that did not come.
                    _ if self.unreadable > 0 => table.end_relist_in_part(self.namespace.as_deref(), UNSEEN),
                    None => table.end_relist(),
                    Some(namespace) => table.end_relist_in(namespace),
                };
                let until_ms = self.place.now_ms();
                let notes = table.notes_mut();
                notes.unreadable(self.namespace.as_deref(), self.unreadable);
                if let Some(from_ms) = self.gap_from_ms.take() {
                    notes.gap(self.namespace.as_deref(), Gap { from_ms, until_ms });
                    tracing::info!(cluster = %self.place.name(), kind = %self.live.kind.id, from_ms, until_ms, "history gap");
                }
                drop(table);
                self.syncing = false;
                self.live();
            }
            Step::Resumed => self.live(),
        }
        self.live.publish();
    }

    fn progress(&mut self, loaded: u32) {
        let before = self.live.feed_state(self.namespace.as_deref());
        if self.syncing && matches!(before, SourceState::Loading { .. } | SourceState::Connecting) {
            self.state(SourceState::Loading { loaded });
        }
    }

    fn live(&mut self) {
        self.failures = 0;
        if matches!(self.live.feed_state(self.namespace.as_deref()), SourceState::Denied { .. }) {
            self.place.stir();
        }
        self.state(SourceState::Live);
        self.place.reached();
    }

    /// Takes note of a failure; true when the whole cluster may not be listed.
    fn failed(&mut self, error: &Error) -> bool {
        self.failures = self.failures.saturating_add(1);
        let rows = self.live.table.read().len();
        tracing::debug!(%error, cluster = %self.place.name(), kind = %self.live.kind.id, "feed failed");
        match error {
            Error::Denied { .. } => {
                // Rights were taken away: rows of before are not ours to show any more.
                let mut table = self.live.table.write();
                match &self.namespace {
                    Some(namespace) => {
                        table.remove_namespace(namespace);
                    }
                    None => table.clear(),
                }
            }
            // A short wait that the server asks for is no news.
            Error::Throttled { retry_after, .. } if *retry_after <= QUIET_WAIT => return false,
            // A server that has just begun is ready in a moment.
            Error::NotReady { .. } if self.failures < 3 => return false,
            other => self.place.failed(other),
        }
        let before = self.live.feed_state(self.namespace.as_deref());
        if matches!(error, Error::Denied { .. }) && !matches!(before, SourceState::Denied { .. }) {
            self.place.stir();
        }
        self.state(state::failed(&before, error, rows, self.place.heard_ms()));
        self.live.publish();
        matches!(error, Error::Denied { .. }) && self.namespace.is_none() && self.live.kind.namespaced
    }

    fn state(&self, next: SourceState) {
        self.live.set_state(self.namespace.as_deref(), next);
    }
}

/// Waits until somebody looks.
async fn looked_at(lookers: &mut watch::Receiver<u32>) {
    if lookers.wait_for(|count| *count > 0).await.is_err() {
        std::future::pending().await
    }
}

/// Takes an event; false when its object cannot be read at all.
fn take_event(live: &Live, row: &mut RowBuf, table: &mut Table, event: &Event, budget: &Budget) -> bool {
    let node = match event.node(budget) {
        Ok(node) => node,
        Err(error) => {
            tracing::warn!(%error, kind = %live.kind.id, "an object cannot be read");
            return false;
        }
    };
    if event.ty == EventType::Deleted {
        let part = |name| node.path(&["metadata", name]).and_then(Node::as_str).unwrap_or_default();
        table.remove(&part("namespace"), &part("name"));
        return true;
    }
    apply(live, row, table, node)
}

/// Writes the object's row. One that can be read in part is shown with what could be read, and marked; false when not
/// even its name can be read.
fn apply(live: &Live, row: &mut RowBuf, table: &mut Table, node: Node<'_>) -> bool {
    if let Err(partial) = live.program.run(node, row) {
        tracing::warn!(error = %partial, kind = %live.kind.id, name = row.name(), "object read in part");
        if !partial.named {
            return false;
        }
        row.mark(&partial.reason());
    }
    table.apply(row);
    true
}

fn count(table: &Table) -> u32 {
    u32::try_from(table.len()).unwrap_or(u32::MAX)
}

/// The way of [`cluster::Feed::ways`] that nothing need be said about.
const BEST: &str = "watch-list";
/// The mark of rows that a list in part did not bring.
const UNSEEN: &str = "the last list could not be read whole, and this was not in the part that could: it may be gone";
/// A batch of this size was not the last that had come.
const FULL: usize = 500;
/// Between two batches of one feed. Far below what a frame to the browser waits anyway.
const LINGER: Duration = Duration::from_millis(5);
/// A wait longer than this is worth telling.
const QUIET_WAIT: Duration = Duration::from_secs(10);
