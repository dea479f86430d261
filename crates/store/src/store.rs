//! The database file.

use crate::error::StoreError;
use crate::file;
use crate::jobs::Writing;
use crate::journal::{Journal, JournalConfig};
use crate::keys::Keys;
use crate::schema;
use base::Clock;
use sqlx::sqlite::{SqliteConnectOptions, SqliteJournalMode, SqlitePool, SqlitePoolOptions, SqliteSynchronous};
use sqlx::{ConnectOptions, Connection, SqliteConnection};
use std::fs::OpenOptions;
use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::time::{Duration, Instant};

/// An open store. Clones are the same store.
#[derive(Clone, Debug)]
pub struct Store(Arc<Inner>);

#[derive(Debug)]
struct Inner {
    path: PathBuf,
    readers: SqlitePool,
    /// Writes what is no entry of the journal; opened by the first who writes.
    writers: SqlitePool,
    jobs: Writing,
    keys: Arc<Keys>,
}

impl Store {
    /// Opens the store in `path`, creating file and folder when they are not there, and brings it to this version's
    /// form. Other processes may have it open.
    ///
    /// # Errors
    /// When the file cannot be used, or a later version wrote it.
    pub async fn open(path: &Path) -> Result<Self, StoreError> {
        let failed = |error: std::io::Error| StoreError::of(path, error);
        file::folder_of(path).map_err(failed)?;
        file::private(path, OpenOptions::new().append(true).create(true)).map_err(failed)?;
        let mut writer = connect(path).await?;
        schema::migrate(&mut writer, path).await?;
        let keys = Keys::open(path)?;
        let readers = SqlitePoolOptions::new()
            .max_connections(READERS)
            .acquire_timeout(BUSY)
            .connect_with(options(path).pragma("query_only", "on"))
            .await
            .map_err(|error| StoreError::of(path, error))?;
        let writers = SqlitePoolOptions::new()
            .max_connections(1)
            .acquire_timeout(BUSY)
            // A transaction that a full disk ended is gone for SQLite and not for its connection: another one goes on.
            .before_acquire(|connection, _| Box::pin(async move { Ok(!connection.is_in_transaction()) }))
            .connect_lazy_with(options(path));
        // Not before there is another: the last connection that closes takes the log away.
        Connection::close(writer).await.map_err(|error| StoreError::of(path, error))?;
        let jobs = Writing::start(path, writers.clone());
        Ok(Self(Arc::new(Inner { path: path.to_owned(), readers, writers, jobs, keys: Arc::new(keys) })))
    }

    /// Starts this process's journal writer: a chain of its own in this store. `version` is that of the program.
    ///
    /// # Errors
    /// When its first entry cannot be written.
    pub async fn journal(
        &self,
        version: &str,
        clock: Arc<dyn Clock>,
        config: JournalConfig,
    ) -> Result<Journal, StoreError> {
        Journal::start(self, version, clock, config).await
    }

    /// The file.
    #[must_use]
    pub fn path(&self) -> &Path {
        &self.0.path
    }

    /// Closes the connections; a journal is closed first.
    pub async fn close(&self) {
        self.0.writers.close().await;
        self.0.readers.close().await;
    }

    pub(crate) fn readers(&self) -> &SqlitePool {
        &self.0.readers
    }

    pub(crate) fn writers(&self) -> &SqlitePool {
        &self.0.writers
    }

    pub(crate) fn writing(&self) -> &Writing {
        &self.0.jobs
    }

    pub(crate) fn keys(&self) -> &Arc<Keys> {
        &self.0.keys
    }

    pub(crate) fn error(&self, source: sqlx::Error) -> StoreError {
        StoreError::of(&self.0.path, source)
    }
}

/// A connection that writes. Making a new file one with a write-ahead log needs it alone for a moment, and SQLite does
/// not wait for that by itself: of several processes that begin at once, the others try again.
pub(crate) async fn connect(path: &Path) -> Result<SqliteConnection, StoreError> {
    let began = Instant::now();
    loop {
        match options(path).connect().await {
            Err(error) if is_busy(&error) && began.elapsed() < BUSY => tokio::time::sleep(AGAIN).await,
            result => return result.map_err(|error| StoreError::of(path, error)),
        }
    }
}

/// `SQLITE_BUSY`, whatever its extension.
fn is_busy(error: &sqlx::Error) -> bool {
    let code = error.as_database_error().and_then(sqlx::error::DatabaseError::code);
    code.and_then(|code| code.parse::<u32>().ok()).is_some_and(|code| code & 0xff == 5)
}

fn options(path: &Path) -> SqliteConnectOptions {
    SqliteConnectOptions::new()
        .filename(path)
        .create_if_missing(false)
        .journal_mode(SqliteJournalMode::Wal)
        // A commit is on the disk when it returns: `settled` promises it.
        .synchronous(SqliteSynchronous::Full)
        .busy_timeout(BUSY)
        .disable_statement_logging()
}

const READERS: u32 = 4;

/// How long one process waits for another's transaction.
const BUSY: Duration = Duration::from_secs(5);

/// Between two tries to have a new file alone.
const AGAIN: Duration = Duration::from_millis(20);
