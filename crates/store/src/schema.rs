//! The database's tables and how they came to be. `PRAGMA user_version` counts the steps taken.

use crate::error::StoreError;
use sqlx::{AssertSqlSafe, Connection, Row, SqliteConnection};
use std::path::Path;

/// Each step brings the database from one version to the next; a step that was released never changes.
const STEPS: &[&str] = &[
    "
    CREATE TABLE entry (
        position    INTEGER PRIMARY KEY AUTOINCREMENT,
        writer      BLOB    NOT NULL,
        seq         INTEGER NOT NULL,
        stamp_ns    INTEGER NOT NULL,
        error_ns    INTEGER NOT NULL,
        kind        TEXT    NOT NULL,
        anchors     TEXT    NOT NULL,
        summary     TEXT    NOT NULL,
        body        TEXT,
        body_digest BLOB    NOT NULL,
        hash        BLOB    NOT NULL,
        UNIQUE (writer, seq)
    ) STRICT;
    CREATE INDEX entry_stamp ON entry (stamp_ns);

    -- Finds entries by what they join with; what they say themselves is in entry.anchors.
    CREATE TABLE entry_anchor (
        tag      TEXT    NOT NULL,
        value    TEXT    NOT NULL,
        position INTEGER NOT NULL,
        PRIMARY KEY (tag, value, position)
    ) STRICT, WITHOUT ROWID;

    -- The head of each chain, and up to where it was signed.
    CREATE TABLE writer (
        writer BLOB    PRIMARY KEY,
        seq    INTEGER NOT NULL,
        hash   BLOB    NOT NULL,
        sealed INTEGER NOT NULL DEFAULT 0
    ) STRICT, WITHOUT ROWID;

    -- Signed statements, as JSON.
    CREATE TABLE statement (
        number INTEGER PRIMARY KEY AUTOINCREMENT,
        signed TEXT    NOT NULL
    ) STRICT;
",
    "
    -- What takes longer than one request. request is the name that its principal gave it, so that it is done once.
    CREATE TABLE job (
        id         TEXT    PRIMARY KEY,
        principal  TEXT    NOT NULL,
        request    TEXT,
        digest     TEXT    NOT NULL,
        subject    TEXT    NOT NULL,
        likeness   TEXT    NOT NULL,
        created_ms INTEGER NOT NULL,
        open       INTEGER NOT NULL,
        body       TEXT    NOT NULL
    ) STRICT, WITHOUT ROWID;
    CREATE UNIQUE INDEX job_request ON job (principal, request) WHERE request IS NOT NULL;
    CREATE INDEX job_created ON job (created_ms);
    CREATE INDEX job_likeness ON job (likeness, created_ms);
",
    "
    -- Browsers that are signed in. cookie and mark are digests.
    CREATE TABLE session (
        cookie  BLOB    PRIMARY KEY,
        mark    BLOB    NOT NULL,
        made_ms INTEGER NOT NULL,
        used_ms INTEGER NOT NULL
    ) STRICT, WITHOUT ROWID;
    CREATE INDEX session_used ON session (used_ms);
",
];

/// Takes the steps that are missing. Two processes may do this at once: the write lock lets one wait for the other.
pub(crate) async fn migrate(connection: &mut SqliteConnection, path: &Path) -> Result<(), StoreError> {
    let failed = |error| StoreError::of(path, error);
    let mut tx = connection.begin_with("BEGIN IMMEDIATE").await.map_err(failed)?;
    let row = sqlx::query("PRAGMA user_version").fetch_one(&mut *tx).await.map_err(failed)?;
    let version = usize::try_from(row.try_get::<i64, _>(0).map_err(failed)?).unwrap_or(usize::MAX);
    let missing = STEPS.get(version..).ok_or_else(|| StoreError::Newer { path: path.to_owned() })?;
    for step in missing {
        sqlx::raw_sql(*step).execute(&mut *tx).await.map_err(failed)?;
    }
    if !missing.is_empty() {
        let done = format!("PRAGMA user_version = {}", STEPS.len());
        sqlx::raw_sql(AssertSqlSafe(done)).execute(&mut *tx).await.map_err(failed)?;
    }
    tx.commit().await.map_err(failed)
}
