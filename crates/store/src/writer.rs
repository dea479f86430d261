//! The one task that writes: takes what waits, links it, and commits it as one group.

use crate::error::StoreError;
use crate::journal::Shared;
use crate::rows;
use crate::sealer::Sealer;
use crate::store::{Store, connect};
use base::Clock;
use evidence::{Body, Chain, Draft, Entry, Head, Stamp, WriterId};
use sqlx::{Connection, SqliteConnection};
use std::path::PathBuf;
use std::sync::Arc;
use std::time::Duration;
use tokio::time::{Instant, sleep};

/// Owns this process's chain and the connection that writes it.
pub(crate) struct Writer {
    path: PathBuf,
    connection: Option<SqliteConnection>,
    shared: Arc<Shared>,
    /// The last entry that is committed.
    head: Head,
    sealer: Sealer,
}

impl Writer {
    /// Opens a chain with its first entry on disk.
    pub(crate) async fn open(
        store: &Store,
        shared: Arc<Shared>,
        version: &str,
        clock: Arc<dyn Clock>,
    ) -> Result<Self, StoreError> {
        let head = Chain::new(WriterId::new()).head();
        let opened = Draft {
            stamp: Stamp::from_ms(clock.now_ms()),
            anchors: Vec::new(),
            summary: format!("qd {version} opened the journal"),
            body: Body::Opened { version: version.to_owned(), pid: std::process::id() },
        };
        let sealer = Sealer::new(store.path(), store.keys().clone(), clock, shared.config.sign_every);
        let mut writer = Self { path: store.path().to_owned(), connection: None, shared, head, sealer };
        let (entries, head) = writer.link(vec![opened]);
        writer.write(&entries, head).await?;
        Ok(writer)
    }

    /// Writes until the queue is closed and empty, or closed and lost for too long.
    pub(crate) async fn run(mut self) {
        while let Some(group) = self.next().await {
            if !self.settle(group).await {
                break;
            }
            self.seal_if(|sealer| sealer.is_due()).await;
        }
        self.seal_if(|_| true).await;
        if let Some(connection) = self.connection.take()
            && let Err(error) = connection.close().await
        {
            tracing::warn!(%error, "the journal's connection did not close well");
        }
    }

    /// The next group to write; `None` when there will be no more.
    async fn next(&mut self) -> Option<Vec<Draft>> {
        loop {
            {
                let mut queue = self.shared.queue.lock();
                let count = queue.waiting.len().min(GROUP);
                if count > 0 {
                    return Some(queue.waiting.drain(..count).collect());
                }
                if queue.closed {
                    return None;
                }
            }
            tokio::select! {
                () = self.shared.wake.notified() => {}
                () = self.sealer.due() => self.seal_if(|_| true).await,
            }
        }
    }

    /// Writes a group however long it takes; false when the queue was closed and the store stayed lost.
    async fn settle(&mut self, group: Vec<Draft>) -> bool {
        let count = group.len() as u64;
        let (entries, head) = self.link(group);
        let mut pause = FIRST_PAUSE;
        let mut closing: Option<Instant> = None;
        loop {
            match self.write(&entries, head).await {
                Ok(()) => {
                    self.settled(count);
                    return true;
                }
                Err(error) => self.lost(&error),
            }
            let closed = self.shared.queue.lock().closed;
            let since = if closed { *closing.get_or_insert_with(Instant::now) } else { Instant::now() };
            if closed && since.elapsed() >= self.shared.config.close_within {
                tracing::error!(entries = count, "the journal was closed while its store is lost: entries are lost");
                return false;
            }
            tokio::select! {
                () = sleep(pause) => {}
                // Appends wake too: only closing cuts the pause short.
                () = self.shared.wake.notified(), if !closed => sleep(FIRST_PAUSE).await,
            }
            pause = (pause * 2).min(LAST_PAUSE);
        }
    }

    fn link(&self, group: Vec<Draft>) -> (Vec<Entry>, Head) {
        let mut chain = Chain::after(self.head);
        let mut entries = Vec::with_capacity(group.len());
        for draft in group {
            match chain.link(draft) {
                Ok(entry) => entries.push(entry),
                // Bodies are plain data, whose JSON form cannot fail.
                Err(error) => tracing::error!(%error, "an entry has no JSON form and is lost"),
            }
        }
        (entries, chain.head())
    }

    /// Commits entries that end in `head`. After an error nobody knows whether a commit reached the disk, so a new
    /// connection is asked first.
    async fn write(&mut self, entries: &[Entry], head: Head) -> Result<(), StoreError> {
        if self.connection.is_none() {
            let mut connection = connect(&self.path).await?;
            let stored = stored_seq(&mut connection, head.writer).await.map_err(|e| StoreError::of(&self.path, e))?;
            self.connection = Some(connection);
            if stored == head.seq {
                self.head = head;
                self.sealer.wrote();
                return Ok(());
            }
        }
        let Some(connection) = self.connection.as_mut() else {
            return Err(StoreError::of(&self.path, "no connection"));
        };
        if let Err(error) = commit(connection, entries, head).await {
            // Dropped, not closed: closing waits for what just failed.
            self.connection = None;
            return Err(StoreError::of(&self.path, error));
        }
        self.head = head;
        self.sealer.wrote();
        Ok(())
    }

    fn settled(&self, count: u64) {
        if self.shared.queue.lock().lost_since.take().is_some() {
            tracing::info!("the journal's store takes entries again");
        }
        self.shared.progress.send_modify(|progress| {
            progress.settled += count;
            progress.failing = false;
        });
    }

    fn lost(&self, error: &StoreError) {
        let mut queue = self.shared.queue.lock();
        if queue.lost_since.is_none() {
            queue.lost_since = Some(Instant::now());
            let source = std::error::Error::source(error).map(ToString::to_string).unwrap_or_default();
            tracing::error!(%error, source, "the journal's store is lost: changes are refused, views for a minute not");
        }
        drop(queue);
        self.shared.progress.send_modify(|progress| progress.failing = true);
    }

    async fn seal_if(&mut self, when: impl FnOnce(&Sealer) -> bool) {
        if !when(&self.sealer) {
            return;
        }
        if let Some(connection) = self.connection.as_mut()
            && let Err(error) = self.sealer.seal(connection).await
        {
            tracing::warn!(%error, "the journal's heads could not be signed; the next interval tries again");
        }
    }
}

async fn commit(connection: &mut SqliteConnection, entries: &[Entry], head: Head) -> Result<(), sqlx::Error> {
    let mut tx = connection.begin_with("BEGIN IMMEDIATE").await?;
    for entry in entries {
        rows::insert(&mut tx, entry).await?;
    }
    sqlx::query(
        "INSERT INTO writer (writer, seq, hash) VALUES (?1, ?2, ?3)
         ON CONFLICT (writer) DO UPDATE SET seq = ?2, hash = ?3",
    )
    .bind(head.writer.bytes().to_vec())
    .bind(rows::number(head.seq))
    .bind(head.hash.0.to_vec())
    .execute(&mut *tx)
    .await?;
    tx.commit().await
}

async fn stored_seq(connection: &mut SqliteConnection, writer: WriterId) -> Result<u64, sqlx::Error> {
    let row = sqlx::query("SELECT coalesce(max(seq), 0) AS seq FROM entry WHERE writer = ?")
        .bind(writer.bytes().to_vec())
        .fetch_one(connection)
        .await?;
    rows::unsigned(&row, "seq")
}

/// Most entries in one transaction.
const GROUP: usize = 512;
/// Pauses between attempts while the store is lost.
const FIRST_PAUSE: Duration = Duration::from_millis(100);
const LAST_PAUSE: Duration = Duration::from_secs(2);
