//! Signs the heads at intervals.

use crate::file;
use crate::keys::Keys;
use crate::rows;
use base::Clock;
use evidence::{Head, Statement};
use sqlx::{Connection, SqliteConnection};
use std::io;
use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::time::Duration;
use tokio::time::{Instant, sleep_until};

/// Signs every head that moved since it was last signed, of all writers of the file: what a killed process left is
/// sealed by the next one.
pub(crate) struct Sealer {
    heads: PathBuf,
    keys: Arc<Keys>,
    clock: Arc<dyn Clock>,
    every: Duration,
    /// When to sign next; `None` while nothing was written.
    next: Option<Instant>,
}

impl Sealer {
    pub(crate) fn new(path: &Path, keys: Arc<Keys>, clock: Arc<dyn Clock>, every: Duration) -> Self {
        Self { heads: file::beside(path, ".heads"), keys, clock, every, next: None }
    }

    /// Something was written: it is to be signed within the interval.
    pub(crate) fn wrote(&mut self) {
        self.next.get_or_insert_with(|| Instant::now() + self.every);
    }

    /// Whether the interval is over.
    pub(crate) fn is_due(&self) -> bool {
        self.next.is_some_and(|next| Instant::now() >= next)
    }

    /// Waits until it is; for ever while nothing was written.
    pub(crate) async fn due(&self) {
        match self.next {
            Some(next) => sleep_until(next).await,
            None => std::future::pending().await,
        }
    }

    /// Signs. The file of heads is written first, so that there is one whenever the database has a statement.
    pub(crate) async fn seal(&mut self, connection: &mut SqliteConnection) -> Result<(), SealError> {
        let mut tx = connection.begin_with("BEGIN IMMEDIATE").await?;
        let moved = sqlx::query("SELECT writer, seq, hash FROM writer WHERE sealed < seq ORDER BY writer")
            .fetch_all(&mut *tx)
            .await?;
        let heads = moved
            .iter()
            .map(|row| {
                Ok(Head {
                    writer: rows::writer(row, "writer")?,
                    seq: rows::unsigned(row, "seq")?,
                    hash: rows::hash(row, "hash")?,
                })
            })
            .collect::<Result<Vec<_>, sqlx::Error>>()?;
        if !heads.is_empty() {
            let statement = Statement { at_ms: self.clock.now_ms(), heads };
            let signed = statement.sign(&*self.keys).map_err(|_| SealError::Key)?;
            let text = serde_json::to_string(&signed)?;
            let (path, content) = (self.heads.clone(), text.clone());
            tokio::task::spawn_blocking(move || file::replace(&path, content.as_bytes()))
                .await
                .map_err(io::Error::other)??;
            sqlx::query("INSERT INTO statement (signed) VALUES (?)").bind(text).execute(&mut *tx).await?;
            sqlx::query("UPDATE writer SET sealed = seq WHERE sealed < seq").execute(&mut *tx).await?;
        }
        tx.commit().await?;
        self.next = None;
        Ok(())
    }
}

/// Why the heads could not be signed.
#[derive(Debug, thiserror::Error)]
pub(crate) enum SealError {
    #[error(transparent)]
    Database(#[from] sqlx::Error),
    #[error(transparent)]
    File(#[from] io::Error),
    #[error(transparent)]
    Json(#[from] serde_json::Error),
    #[error("the key does not sign")]
    Key,
}
