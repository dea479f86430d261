//! The task that fills a table from a feed.

use crate::live::Live;
use crate::place::Place;
use crate::state;
use api::socket::SourceState;
use cluster::{Error, Step};
use std::sync::Arc;
use std::time::Duration;
use table::{RowBuf, Table};
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
}

impl Task {
    /// Returns when the whole cluster may not be listed.
    async fn fill(&mut self) {
        let place = self.place.clone();
        let feed = place.reader().feed(self.live.kind.clone(), self.namespace.as_deref());
        let mut feed = feed.with_silence(place.config.silence);
        let (mut lost, mut back) = (place.lost.subscribe(), place.back.subscribe());
        loop {
            let error = tokio::select! {
                step = feed.next() => match step {
                    Ok(step) => {
                        let last = matches!(step, Step::Events(events) if events.len() < FULL);
                        self.take(step);
                        if last {
                            // What comes meanwhile is read at one go: a busy server costs batches, not events.
                            tokio::time::sleep(LINGER).await;
                        }
                        continue;
                    }
                    Err(error) => error,
                },
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
                () = tokio::time::sleep(self.pause(&error)) => {}
                _ = back.changed(), if passing => {}
            }
        }
    }

    fn take(&mut self, step: Step<'_>) {
        match step {
            Step::Begin => {
                self.syncing = true;
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
                let Ok(list) = wire::list::List::open(format, &bytes, &self.budget) else { return };
                let mut table = self.live.table.write();
                for item in list.items() {
                    match item {
                        Ok(node) => apply(&self.live, &mut self.row, &mut table, node),
                        Err(error) => tracing::warn!(%error, kind = %self.live.kind.id, "an object cannot be read"),
                    }
                }
                let loaded = count(&table);
                drop(table);
                self.progress(loaded);
            }
            Step::Events(events) => {
                let mut table = self.live.table.write();
                for event in events {
                    take_event(&self.live, &mut self.row, &mut table, event, &self.budget);
                }
                let loaded = count(&table);
                drop(table);
                self.progress(loaded);
            }
            Step::Synced => {
                let mut table = self.live.table.write();
                match &self.namespace {
                    None => table.end_relist(),
                    Some(namespace) => table.end_relist_in(namespace),
                };
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
            other => self.place.failed(other),
        }
        let before = self.live.feed_state(self.namespace.as_deref());
        self.state(state::failed(&before, error, rows, self.place.heard_ms()));
        self.live.publish();
        matches!(error, Error::Denied { .. }) && self.namespace.is_none() && self.live.kind.namespaced
    }

    fn state(&self, next: SourceState) {
        self.live.set_state(self.namespace.as_deref(), next);
    }

    /// 1 s doubling to 30 s with jitter; at least what the server asks for, where it does; a minute after a denial.
    fn pause(&self, error: &Error) -> Duration {
        let base = match error {
            Error::Throttled { retry_after, .. } => return retry_after.mul_f64(1.0 + 0.25 * jitter()),
            Error::Denied { .. } => Duration::from_secs(60),
            _ => Duration::from_secs(1 << self.failures.saturating_sub(1).min(5)).min(Duration::from_secs(30)),
        };
        base.mul_f64(0.75 + 0.5 * jitter())
    }
}

fn take_event(live: &Live, row: &mut RowBuf, table: &mut Table, event: &Event, budget: &Budget) {
    let node = match event.node(budget) {
        Ok(node) => node,
        Err(error) => {
            tracing::warn!(%error, kind = %live.kind.id, "an object cannot be read");
            return;
        }
    };
    if event.ty == EventType::Deleted {
        let part = |name| node.path(&["metadata", name]).and_then(Node::as_str).unwrap_or_default();
        table.remove(&part("namespace"), &part("name"));
    } else {
        apply(live, row, table, node);
    }
}

/// Writes the object's row. One that can be read in part is shown with what could be read.
fn apply(live: &Live, row: &mut RowBuf, table: &mut Table, node: Node<'_>) {
    match live.program.run(node, row) {
        Ok(()) => {
            table.apply(row);
        }
        Err(partial) => {
            tracing::warn!(error = %partial, kind = %live.kind.id, name = row.name(), "object read in part");
            if partial.named {
                table.apply(row);
            }
        }
    }
}

fn count(table: &Table) -> u32 {
    u32::try_from(table.len()).unwrap_or(u32::MAX)
}

/// From 0 to 1, from the low bits of the clock: enough to keep clients from coming all at once.
fn jitter() -> f64 {
    let nanos = std::time::SystemTime::now().duration_since(std::time::UNIX_EPOCH).map_or(0, |now| now.subsec_nanos());
    f64::from(nanos % 1000) / 1000.0
}

/// A batch of this size was not the last that had come.
const FULL: usize = 500;
/// Between two batches of one feed. Far below what a frame to the browser waits anyway.
const LINGER: Duration = Duration::from_millis(5);
/// A wait longer than this is worth telling.
const QUIET_WAIT: Duration = Duration::from_secs(10);
