//! The journal's queue: what `policy::Journal` pushes into and the writer task empties.

use crate::error::StoreError;
use crate::store::Store;
use crate::writer::Writer;
use base::Clock;
use evidence::Draft;
use parking_lot::Mutex;
use policy::{AuditUnavailable, Progress, Receipt};
use std::collections::VecDeque;
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};
use std::time::Duration;
use tokio::sync::{Notify, watch};
use tokio::task::JoinHandle;
use tokio::time::Instant;

/// How a journal behaves.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct JournalConfig {
    /// Entries that may wait to be written. Endings have as much room again.
    pub capacity: usize,
    /// After the store was lost for so long nothing new is accepted.
    pub lost_after: Duration,
    /// How often the heads are signed while entries are written.
    pub sign_every: Duration,
    /// How long closing waits for a store that is lost.
    pub close_within: Duration,
}

impl Default for JournalConfig {
    fn default() -> Self {
        Self {
            capacity: 8192,
            lost_after: Duration::from_secs(60),
            sign_every: Duration::from_secs(5),
            close_within: Duration::from_secs(5),
        }
    }
}

/// This process's journal. Dropping it ends the writer once the queue is empty; [`Journal::close`] waits for that.
#[derive(Debug)]
pub struct Journal {
    shared: Arc<Shared>,
    writer: Mutex<Option<JoinHandle<()>>>,
}

/// What the queue's two ends share.
#[derive(Debug)]
pub(crate) struct Shared {
    pub(crate) config: JournalConfig,
    pub(crate) queue: Mutex<Queue>,
    pub(crate) wake: Notify,
    pub(crate) progress: watch::Sender<Progress>,
    /// Endings that found no room.
    pub(crate) lost_endings: AtomicU64,
}

#[derive(Debug, Default)]
pub(crate) struct Queue {
    /// Not yet taken by the writer.
    pub(crate) waiting: VecDeque<Draft>,
    /// Tickets given out.
    pub(crate) tickets: u64,
    /// Since when writing fails.
    pub(crate) lost_since: Option<Instant>,
    /// Nothing more comes.
    pub(crate) closed: bool,
}

impl Journal {
    pub(crate) async fn start(
        store: &Store,
        version: &str,
        clock: Arc<dyn Clock>,
        config: JournalConfig,
    ) -> Result<Self, StoreError> {
        let shared = Arc::new(Shared {
            config,
            queue: Mutex::default(),
            wake: Notify::new(),
            progress: watch::channel(Progress::default()).0,
            lost_endings: AtomicU64::new(0),
        });
        let writer = Writer::open(store, shared.clone(), version, clock).await?;
        let task = tokio::spawn(writer.run());
        Ok(Self { shared, writer: Mutex::new(Some(task)) })
    }

    /// Writes what waits, signs the heads and ends the writer. What is appended afterwards is refused.
    pub async fn close(&self) {
        self.shared.queue.lock().closed = true;
        self.shared.wake.notify_one();
        let task = self.writer.lock().take();
        if let Some(task) = task
            && let Err(error) = task.await
        {
            tracing::error!(%error, "the journal's writer did not end well");
        }
    }

    /// Since when the store is lost; `None` while it takes entries.
    #[must_use]
    pub fn lost_for(&self) -> Option<Duration> {
        self.shared.queue.lock().lost_since.map(|since| since.elapsed())
    }

    fn push(&self, draft: Draft, room: usize) -> Result<Receipt, AuditUnavailable> {
        let mut queue = self.shared.queue.lock();
        let settled = self.shared.progress.borrow().settled;
        let unsettled = queue.tickets.saturating_sub(settled);
        if queue.closed || unsettled >= room as u64 {
            return Err(AuditUnavailable);
        }
        queue.tickets += 1;
        queue.waiting.push_back(draft);
        let receipt = Receipt::new(queue.tickets, self.shared.progress.subscribe());
        drop(queue);
        self.shared.wake.notify_one();
        Ok(receipt)
    }
}

impl policy::Journal for Journal {
    fn append(&self, draft: Draft) -> Result<Receipt, AuditUnavailable> {
        if self.lost_for().is_some_and(|lost| lost >= self.shared.config.lost_after) {
            return Err(AuditUnavailable);
        }
        self.push(draft, self.shared.config.capacity)
    }

    fn append_ending(&self, draft: Draft) {
        let summary = draft.summary.clone();
        if self.push(draft, self.shared.config.capacity.saturating_mul(2)).is_err() {
            let lost = self.shared.lost_endings.fetch_add(1, Ordering::Relaxed) + 1;
            tracing::error!(summary, lost, "the journal has no room for the end of this");
        }
    }
}

impl Drop for Journal {
    fn drop(&mut self) {
        self.shared.queue.lock().closed = true;
        self.shared.wake.notify_one();
    }
}
