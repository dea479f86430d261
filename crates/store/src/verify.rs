//! Checks the whole journal, and drops bodies that retention no longer wants.

use crate::error::{StoreError, VerifyError};
use crate::file;
use crate::rows::{self, columns};
use crate::store::{Store, connect};
use evidence::{Report, Signed, Verifier};
use futures::TryStreamExt;
use sqlx::Row;
use std::io::ErrorKind;
use std::path::PathBuf;

impl Store {
    /// Checks every chain and every signed head, streaming: memory is bounded by the number of statements.
    /// A row that cannot be read as an entry counts as a broken store, not as a broken chain.
    ///
    /// # Errors
    /// When the journal was changed, with the place; or cannot be read.
    pub async fn verify(&self) -> Result<Report, VerifyError> {
        // The file first: entries and statements only grow, so the database that is read later has all it names.
        let last = self.last_heads().await?;
        let failed = |error| VerifyError::Store(self.error(error));
        let mut tx = self.readers().begin().await.map_err(failed)?;
        let mut verifier = Verifier::new();
        let mut any = false;
        {
            let mut statements = sqlx::query("SELECT signed FROM statement ORDER BY number").fetch(&mut *tx);
            while let Some(row) = statements.try_next().await.map_err(failed)? {
                let text: String = row.try_get("signed").map_err(failed)?;
                let signed: Signed = serde_json::from_str(&text).map_err(|error| {
                    VerifyError::Store(StoreError::of(self.path(), format!("a signed statement is damaged: {error}")))
                })?;
                verifier.statement(&signed, &**self.keys())?;
                any = true;
            }
        }
        match last {
            Some(signed) => verifier.statement(&signed, &**self.keys())?,
            None if any => return Err(VerifyError::HeadsMissing { path: self.heads_path() }),
            None => {}
        }
        let mut entries =
            sqlx::query(concat!("SELECT ", columns!(), " FROM entry ORDER BY writer, seq")).fetch(&mut *tx);
        while let Some(row) = entries.try_next().await.map_err(failed)? {
            let (_, entry) = rows::entry(&row).map_err(failed)?;
            verifier.entry(&entry)?;
        }
        drop(entries);
        Ok(verifier.finish()?)
    }

    /// Drops the bodies of entries before a moment (epoch milliseconds); the chains still verify. Returns how many.
    /// Whoever calls this journals it.
    ///
    /// # Errors
    /// When the store cannot be written.
    pub async fn drop_bodies(&self, before_ms: i64) -> Result<u64, StoreError> {
        let mut connection = connect(self.path()).await?;
        let done = sqlx::query("UPDATE entry SET body = NULL WHERE body IS NOT NULL AND stamp_ns < ?")
            .bind(before_ms.saturating_mul(1_000_000))
            .execute(&mut connection)
            .await
            .map_err(|error| self.error(error))?;
        Ok(done.rows_affected())
    }

    fn heads_path(&self) -> PathBuf {
        file::beside(self.path(), ".heads")
    }

    async fn last_heads(&self) -> Result<Option<Signed>, VerifyError> {
        let path = self.heads_path();
        let read = tokio::task::spawn_blocking({
            let path = path.clone();
            move || std::fs::read_to_string(path)
        });
        match read.await {
            Ok(Ok(text)) => serde_json::from_str(&text).map(Some).map_err(|_| VerifyError::HeadsMissing { path }),
            Ok(Err(error)) if error.kind() == ErrorKind::NotFound => Ok(None),
            Ok(Err(error)) => Err(StoreError::of(&path, error).into()),
            Err(error) => Err(StoreError::of(&path, error).into()),
        }
    }
}
