//! Sessions of browsers that are signed in, so that they outlive a restart. What is kept is digests: neither a cookie nor a token can
//! be made of them.
//!
//! Bounded: whoever keeps one says which are too old, and no more than 4,096 are kept.

use crate::error::StoreError;
use crate::store::Store;
use sqlx::Row;
use sqlx::sqlite::SqliteRow;

/// A session as it is kept.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct KeptSession {
    /// Digest of the cookie.
    pub cookie: [u8; 32],
    /// What it was made by: it goes on only while that is known.
    pub mark: [u8; 32],
    /// When it was made, epoch milliseconds.
    pub made_ms: i64,
    /// When it was used last, or a little before.
    pub used_ms: i64,
}

impl Store {
    /// Keeps a session. Those that were made before `since_ms` go.
    ///
    /// # Errors
    /// When the store cannot be written.
    pub async fn add_session(&self, session: &KeptSession, since_ms: i64) -> Result<(), StoreError> {
        let failed = |error| self.error(error);
        let mut tx = self.writers().begin_with("BEGIN IMMEDIATE").await.map_err(failed)?;
        sqlx::query("DELETE FROM session WHERE made_ms < ?").bind(since_ms).execute(&mut *tx).await.map_err(failed)?;
        sqlx::query(
            "DELETE FROM session WHERE cookie IN (SELECT cookie FROM session ORDER BY used_ms DESC LIMIT -1 OFFSET ?)",
        )
        .bind(MOST - 1)
        .execute(&mut *tx)
        .await
        .map_err(failed)?;
        sqlx::query("INSERT OR REPLACE INTO session (cookie, mark, made_ms, used_ms) VALUES (?, ?, ?, ?)")
            .bind(session.cookie.as_slice())
            .bind(session.mark.as_slice())
            .bind(session.made_ms)
            .bind(session.used_ms)
            .execute(&mut *tx)
            .await
            .map_err(failed)?;
        tx.commit().await.map_err(failed)
    }

    /// Writes that a session was used.
    ///
    /// # Errors
    /// When the store cannot be written.
    pub async fn touch_session(&self, cookie: &[u8; 32], used_ms: i64) -> Result<(), StoreError> {
        let touched =
            sqlx::query("UPDATE session SET used_ms = ? WHERE cookie = ?").bind(used_ms).bind(cookie.as_slice());
        touched.execute(self.writers()).await.map_err(|error| self.error(error))?;
        Ok(())
    }

    /// Forgets a session.
    ///
    /// # Errors
    /// When the store cannot be written.
    pub async fn drop_session(&self, cookie: &[u8; 32]) -> Result<(), StoreError> {
        let dropped = sqlx::query("DELETE FROM session WHERE cookie = ?").bind(cookie.as_slice());
        dropped.execute(self.writers()).await.map_err(|error| self.error(error))?;
        Ok(())
    }

    /// All of them that were made since then.
    ///
    /// # Errors
    /// When the store cannot be read.
    pub async fn sessions(&self, since_ms: i64) -> Result<Vec<KeptSession>, StoreError> {
        let read = sqlx::query("SELECT * FROM session WHERE made_ms >= ? ORDER BY used_ms DESC LIMIT ?");
        let rows = read.bind(since_ms).bind(MOST).fetch_all(self.readers()).await;
        let rows = rows.map_err(|error| self.error(error))?;
        rows.iter().map(kept).collect::<Result<_, _>>().map_err(|error| self.error(error))
    }
}

fn kept(row: &SqliteRow) -> Result<KeptSession, sqlx::Error> {
    let digest = |name: &str| {
        let bytes: Vec<u8> = row.try_get(name)?;
        <[u8; 32]>::try_from(bytes).map_err(|_| sqlx::Error::Decode(format!("{name} is no digest").into()))
    };
    Ok(KeptSession {
        cookie: digest("cookie")?,
        mark: digest("mark")?,
        made_ms: row.try_get("made_ms")?,
        used_ms: row.try_get("used_ms")?,
    })
}

const MOST: i64 = 4096;

#[cfg(test)]
mod tests;
