//! Who writes jobs: one task, which takes all that waits and commits it as one. A commit waits for the disk, whose time is the same
//! for one as for a hundred.

use super::{KEPT_MS, KeptJob, MOST, kept};
use crate::error::StoreError;
use sqlx::sqlite::{Sqlite, SqlitePool};
use sqlx::{Error, Transaction};
use std::path::{Path, PathBuf};
use tokio::sync::{mpsc, oneshot};

/// What is to be written.
#[derive(Debug)]
pub(super) enum Write {
    /// A new job, unless its request is there.
    Add(Box<KeptJob>),
    /// How one goes.
    Change { id: String, open: bool, body: String },
    /// The name of a request is free again.
    Free { id: String },
}

/// Something that waits, and whoever waits for it.
#[derive(Debug)]
struct Waiting {
    write: Write,
    told: oneshot::Sender<Result<Option<KeptJob>, StoreError>>,
}

/// The way to the task. It ends with the last of these.
#[derive(Clone, Debug)]
pub(crate) struct Writing(mpsc::Sender<Waiting>);

impl Writing {
    /// Starts the task.
    pub(crate) fn start(path: &Path, writers: SqlitePool) -> Self {
        let (to, from) = mpsc::channel(MOST_WAITING);
        tokio::spawn(run(path.to_owned(), writers, from));
        Self(to)
    }

    /// Waits until it is on the disk; the job that was there before.
    pub(super) async fn write(&self, path: &Path, write: Write) -> Result<Option<KeptJob>, StoreError> {
        let (told, answer) = oneshot::channel();
        let closed = || StoreError::of(path, "the store is closed");
        self.0.send(Waiting { write, told }).await.map_err(|_| closed())?;
        answer.await.map_err(|_| closed())?
    }
}

async fn run(path: PathBuf, writers: SqlitePool, mut from: mpsc::Receiver<Waiting>) {
    let mut group = Vec::new();
    while from.recv_many(&mut group, GROUP).await > 0 {
        let writes: Vec<&Write> = group.iter().map(|waiting| &waiting.write).collect();
        match commit(&writers, &writes).await {
            Ok(found) => {
                for (waiting, found) in group.drain(..).zip(found) {
                    let _ = waiting.told.send(Ok(found)); // who asked may be gone
                }
            }
            Err(error) => {
                let error = error.to_string();
                for waiting in group.drain(..) {
                    let _ = waiting.told.send(Err(StoreError::of(&path, error.as_str())));
                }
            }
        }
    }
}

async fn commit(writers: &SqlitePool, writes: &[&Write]) -> Result<Vec<Option<KeptJob>>, Error> {
    let mut tx = writers.begin_with("BEGIN IMMEDIATE").await?;
    let newest =
        writes.iter().filter_map(|write| if let Write::Add(job) = write { Some(job.created_ms) } else { None });
    if let Some(newest) = newest.max() {
        make_room(&mut tx, newest).await?;
    }
    let mut found = Vec::with_capacity(writes.len());
    for write in writes {
        found.push(one(&mut tx, write).await?);
    }
    tx.commit().await?;
    Ok(found)
}

async fn make_room(tx: &mut Transaction<'_, Sqlite>, now_ms: i64) -> Result<(), Error> {
    let old = sqlx::query("DELETE FROM job WHERE open = 0 AND created_ms < ?").bind(now_ms.saturating_sub(KEPT_MS));
    old.execute(&mut **tx).await?;
    let many = "DELETE FROM job WHERE id IN (SELECT id FROM job ORDER BY created_ms DESC LIMIT -1 OFFSET ?)";
    sqlx::query(many).bind(MOST).execute(&mut **tx).await?;
    Ok(())
}

async fn one(tx: &mut Transaction<'_, Sqlite>, write: &Write) -> Result<Option<KeptJob>, Error> {
    match write {
        Write::Add(job) => {
            if let Some(request) = &job.request {
                let there = sqlx::query("SELECT * FROM job WHERE principal = ? AND request = ?");
                let there = there.bind(&job.principal).bind(request).fetch_optional(&mut **tx).await?;
                if let Some(row) = there {
                    return kept(&row).map(Some);
                }
            }
            sqlx::query(
                "INSERT INTO job (id, principal, request, digest, subject, likeness, created_ms, open, body)
                 VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?)",
            )
            .bind(&job.id)
            .bind(&job.principal)
            .bind(&job.request)
            .bind(&job.digest)
            .bind(&job.subject)
            .bind(&job.likeness)
            .bind(job.created_ms)
            .bind(job.open)
            .bind(&job.body)
            .execute(&mut **tx)
            .await?;
        }
        Write::Change { id, open, body } => {
            let change = sqlx::query("UPDATE job SET open = ?, body = ? WHERE id = ? AND open = 1");
            change.bind(open).bind(body).bind(id).execute(&mut **tx).await?;
        }
        Write::Free { id } => {
            sqlx::query("UPDATE job SET request = NULL WHERE id = ?").bind(id).execute(&mut **tx).await?;
        }
    }
    Ok(None)
}

/// Written as one at most.
const GROUP: usize = 256;
/// Who comes when so many wait, waits for a place.
const MOST_WAITING: usize = 1024;
