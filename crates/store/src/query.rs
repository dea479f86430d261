//! Pages of entries, newest first.

use crate::error::StoreError;
use crate::rows::{self, columns};
use crate::store::Store;
use evidence::{Entry, Tag};
use sqlx::{QueryBuilder, Sqlite};

/// Which entries; what is `None` does not matter.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct EntryFilter {
    /// From this moment on, epoch milliseconds.
    pub from_ms: Option<i64>,
    /// Before this moment, epoch milliseconds.
    pub to_ms: Option<i64>,
    /// That have all of these anchors.
    pub anchors: Vec<(Tag, String)>,
    /// Of any of these actions; of all of them where none is named.
    pub actions: Vec<String>,
}

/// A page.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Page {
    /// Entries, newest first, in the order in which they were committed.
    pub entries: Vec<Entry>,
    /// Where the next page starts, if there is one: pass it as `before`.
    pub next: Option<u64>,
}

impl Store {
    /// At most `limit` (and 1,000) entries before `before`, or the newest.
    ///
    /// # Errors
    /// When the store cannot be read.
    pub async fn query(&self, filter: &EntryFilter, before: Option<u64>, limit: u32) -> Result<Page, StoreError> {
        let limit = limit.clamp(1, MOST);
        let mut sql = QueryBuilder::<Sqlite>::new(concat!("SELECT ", columns!(), " FROM entry WHERE 1"));
        if let Some(before) = before {
            sql.push(" AND position < ").push_bind(rows::number(before));
        }
        if let Some(from) = filter.from_ms {
            sql.push(" AND stamp_ns >= ").push_bind(from.saturating_mul(1_000_000));
        }
        if let Some(to) = filter.to_ms {
            sql.push(" AND stamp_ns < ").push_bind(to.saturating_mul(1_000_000));
        }
        for (tag, value) in &filter.anchors {
            sql.push(" AND position IN (SELECT position FROM entry_anchor WHERE tag = ").push_bind(tag.as_str());
            sql.push(" AND value = ").push_bind(value.clone()).push(")");
        }
        if !filter.actions.is_empty() {
            sql.push(" AND position IN (SELECT position FROM entry_anchor WHERE tag = ")
                .push_bind(Tag::Action.as_str());
            let mut values = sql.push(" AND value IN (").separated(", ");
            for action in &filter.actions {
                values.push_bind(action.clone());
            }
            values.push_unseparated("))");
        }
        // One more than asked tells whether there is a next page.
        sql.push(" ORDER BY position DESC LIMIT ").push_bind(i64::from(limit) + 1);
        let found = sql.build().fetch_all(self.readers()).await.map_err(|error| self.error(error))?;
        let mut entries =
            found.iter().map(rows::entry).collect::<Result<Vec<_>, _>>().map_err(|error| self.error(error))?;
        let more = entries.len() > limit as usize;
        entries.truncate(limit as usize);
        let next = if more { entries.last().map(|(position, _)| *position) } else { None };
        Ok(Page { entries: entries.into_iter().map(|(_, entry)| entry).collect(), next })
    }
}

/// Most entries in one page.
const MOST: u32 = 1000;
