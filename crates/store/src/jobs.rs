//! Jobs: what takes longer than one request. What a job is knows who keeps it here; the store knows when it came, from whom
//! and whether it goes on.
//!
//! Bounded: a job that is over goes 48 hours after it came, and no more than 10,000 are kept.

mod writing;

use crate::error::StoreError;
use crate::store::Store;
use sqlx::Row;
use sqlx::sqlite::SqliteRow;
use writing::Write;

pub(crate) use writing::Writing;

/// A job as it is kept.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct KeptJob {
    /// Its id.
    pub id: String,
    /// Who asked for it.
    pub principal: String,
    /// The name that they gave the request, so that it is carried out once.
    pub request: Option<String>,
    /// Digest of what they asked.
    pub digest: String,
    /// What it is about: `cluster/namespace/name`.
    pub subject: String,
    /// Jobs of one likeness take about as long.
    pub likeness: String,
    /// When it came, epoch milliseconds.
    pub created_ms: i64,
    /// It is not over.
    pub open: bool,
    /// All else, as text.
    pub body: String,
}

impl Store {
    /// Keeps a new job. Where the same principal gave a request the same name before, that one's job is the answer, and
    /// nothing is kept.
    ///
    /// # Errors
    /// When the store cannot be written.
    pub async fn add_job(&self, job: &KeptJob) -> Result<Option<KeptJob>, StoreError> {
        self.writing().write(self.path(), Write::Add(Box::new(job.clone()))).await
    }

    /// Writes how a job goes. One that is over stays so.
    ///
    /// # Errors
    /// When the store cannot be written.
    pub async fn change_job(&self, id: &str, open: bool, body: &str) -> Result<(), StoreError> {
        let write = Write::Change { id: id.to_owned(), open, body: body.to_owned() };
        self.writing().write(self.path(), write).await.map(drop)
    }

    /// Forgets the name that was given to a job's request: the same may be asked again.
    ///
    /// # Errors
    /// When the store cannot be written.
    pub async fn free_job_request(&self, id: &str) -> Result<(), StoreError> {
        self.writing().write(self.path(), Write::Free { id: id.to_owned() }).await.map(drop)
    }

    /// The job of an id.
    ///
    /// # Errors
    /// When the store cannot be read.
    pub async fn job(&self, id: &str) -> Result<Option<KeptJob>, StoreError> {
        let row = sqlx::query("SELECT * FROM job WHERE id = ?").bind(id).fetch_optional(self.readers()).await;
        let row = row.map_err(|error| self.error(error))?;
        row.map(|row| kept(&row)).transpose().map_err(|error| self.error(error))
    }

    /// Jobs that are not over, the oldest first.
    ///
    /// # Errors
    /// When the store cannot be read.
    pub async fn open_jobs(&self) -> Result<Vec<KeptJob>, StoreError> {
        self.jobs("SELECT * FROM job WHERE open = 1 ORDER BY created_ms LIMIT 1000", None).await
    }

    /// The last jobs of a likeness that are over, the newest first.
    ///
    /// # Errors
    /// When the store cannot be read.
    pub async fn jobs_like(&self, likeness: &str) -> Result<Vec<KeptJob>, StoreError> {
        let sql = "SELECT * FROM job WHERE likeness = ? AND open = 0 ORDER BY created_ms DESC LIMIT 20";
        self.jobs(sql, Some(likeness)).await
    }

    /// Jobs, the newest first: those that come after this one (its time and id), or the first ones.
    ///
    /// # Errors
    /// When the store cannot be read.
    pub async fn jobs_after(&self, last: Option<(i64, &str)>, most: u32) -> Result<Vec<KeptJob>, StoreError> {
        let (created_ms, id) = last.unwrap_or((i64::MAX, ""));
        let sql = "SELECT * FROM job WHERE (created_ms, id) < (?, ?) ORDER BY created_ms DESC, id DESC LIMIT ?";
        let rows = sqlx::query(sql).bind(created_ms).bind(id).bind(most).fetch_all(self.readers()).await;
        let rows = rows.map_err(|error| self.error(error))?;
        rows.iter().map(kept).collect::<Result<_, _>>().map_err(|error| self.error(error))
    }

    async fn jobs(&self, sql: &'static str, bound: Option<&str>) -> Result<Vec<KeptJob>, StoreError> {
        let mut query = sqlx::query(sql);
        if let Some(bound) = bound {
            query = query.bind(bound);
        }
        let rows = query.fetch_all(self.readers()).await.map_err(|error| self.error(error))?;
        rows.iter().map(kept).collect::<Result<_, _>>().map_err(|error| self.error(error))
    }
}

fn kept(row: &SqliteRow) -> Result<KeptJob, sqlx::Error> {
    Ok(KeptJob {
        id: row.try_get("id")?,
        principal: row.try_get("principal")?,
        request: row.try_get("request")?,
        digest: row.try_get("digest")?,
        subject: row.try_get("subject")?,
        likeness: row.try_get("likeness")?,
        created_ms: row.try_get("created_ms")?,
        open: row.try_get("open")?,
        body: row.try_get("body")?,
    })
}

/// How long a job that is over is kept.
pub(crate) const KEPT_MS: i64 = 48 * 3_600_000;
/// So many at most, whatever they are.
const MOST: i64 = 10_000;

#[cfg(test)]
mod tests;
