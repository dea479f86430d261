//! The rows of one table under a scope, a filter and a sort, kept in order as the table changes.
//!
//! Views with the same scope, filter and sort share a run. Catching up costs one pass over the list when a few rows
//! changed; after a burst it is built anew.

use crate::bits::Bits;
use crate::error::Error;
use crate::merge::merge;
use crate::order::{self, SortKey, Stand};
use crate::parts;
use crate::record::{Answers, Memory, TableRow};
use crate::ring::mask;
use crate::scope::Scope;
use crate::table::{RowId, Table};
use api::Cell;
use parking_lot::Mutex;
use query::Filter;
use std::sync::Arc;
use std::time::{Duration, Instant};

/// A run and its lock.
pub type SharedRun = Arc<Mutex<Run>>;

/// Sorted rows of one table.
#[derive(Debug)]
pub struct Run {
    scope: Scope,
    filter: Option<Arc<Filter>>,
    sort: Vec<SortKey>,
    rows: Vec<RowId>,
    members: Bits,
    /// The table that the rows are of; 0 before the first.
    table: u64,
    seq: u64,
    /// Lengths of what still runs are compared as of then.
    sorted_at: i64,
    /// When time alone may change the rows or their order.
    stale_at: Option<i64>,
    rebuilds: u64,
    work: u64,
}

/// Time that one pass of a filter may take.
const MAX_PASS: Duration = Duration::from_secs(1);
/// Time alone changes a run at most this often, in milliseconds.
const TICK_MS: i64 = 1_000;

impl Run {
    /// A run that has seen no table yet. An empty filter is none.
    #[must_use]
    pub fn new(scope: Scope, filter: Option<Arc<Filter>>, sort: Vec<SortKey>) -> Self {
        Self {
            scope,
            filter: filter.filter(|filter| !filter.is_empty()),
            sort,
            rows: Vec::new(),
            members: Bits::default(),
            table: 0,
            seq: 0,
            sorted_at: 0,
            stale_at: None,
            rebuilds: 0,
            work: 0,
        }
    }

    /// The run behind its lock.
    #[must_use]
    pub fn shared(scope: Scope, filter: Option<Arc<Filter>>, sort: Vec<SortKey>) -> SharedRun {
        Arc::new(Mutex::new(Self::new(scope, filter, sort)))
    }

    /// The rows in order, as of [`Run::seq`].
    #[must_use]
    pub fn rows(&self) -> &[RowId] {
        &self.rows
    }

    /// The table's sequence that the rows are of.
    #[must_use]
    pub const fn seq(&self) -> u64 {
        self.seq
    }

    pub(crate) const fn scope(&self) -> &Scope {
        &self.scope
    }

    /// The sort.
    #[must_use]
    pub fn sort(&self) -> &[SortKey] {
        &self.sort
    }

    /// When to look again although the table did not change, in epoch milliseconds: a filter on ages, or a sort by
    /// lengths of what still runs.
    #[must_use]
    pub const fn stale_at(&self) -> Option<i64> {
        self.stale_at
    }

    /// How often the run was built anew.
    #[must_use]
    pub const fn rebuilds(&self) -> u64 {
        self.rebuilds
    }

    /// Rows that were looked at to build the run anew, all told.
    pub(crate) const fn work(&self) -> u64 {
        self.work
    }

    /// Bytes of heap.
    #[must_use]
    pub fn heap_bytes(&self) -> usize {
        self.rows.capacity() * size_of::<RowId>() + self.members.heap_bytes()
    }

    /// Brings the rows up to the table's last change. The table may be another one than last time.
    ///
    /// # Errors
    /// [`Error::TooCostly`] when the filter takes longer than a second; the run is then empty and tries again.
    pub fn catch_up(&mut self, table: &Table, now_ms: i64) -> Result<(), Error> {
        let other = self.table != table.id();
        let late = self.stale_at.is_some_and(|at| now_ms >= at);
        if !other && !late && self.seq == table.seq() {
            return Ok(());
        }
        if other || late || !self.patch(table, now_ms) {
            self.build(table, now_ms)?;
        }
        self.table = table.id();
        self.seq = table.seq();
        Ok(())
    }

    pub(crate) fn stand<'t>(&'t self, table: &'t Table, row: RowId) -> Stand<'t> {
        Stand { table, row, keys: &self.sort, now_ms: self.sorted_at, cluster: 0 }
    }

    /// Moves the rows that changed; false when building anew is cheaper or the changes are forgotten.
    fn patch(&mut self, table: &Table, now_ms: i64) -> bool {
        let Some(changes) = table.changes(self.seq) else { return false };
        let moving = mask::MEMBER | order::looks_at(&self.sort);
        let (mut dirty, mut moved) = (Bits::default(), Bits::default());
        let mut list = Vec::with_capacity(changes.len().min(1024));
        let most = 64 + self.rows.len().max(table.len()) / 16;
        for (row, changed) in changes {
            if changed & moving != 0 {
                moved.add(row);
            }
            if dirty.add(row) {
                list.push(row);
                if list.len() > most {
                    return false;
                }
            }
        }
        let memory = Memory::none();
        let scope = self.scope.resolve(table);
        let filter = self.filter.clone();
        let mut dropped = Bits::default();
        let (mut any_dropped, mut fresh, mut changes_at) = (false, Vec::new(), None);
        for row in list {
            let was = self.members.has(row);
            let is = table.rows.alive(row)
                && scope.has(table, row)
                && wants(filter.as_deref(), &TableRow { table, row, memory: &memory }, now_ms, &mut changes_at);
            if was && is && !moved.has(row) {
                continue;
            }
            if was {
                dropped.add(row);
                self.members.remove(row);
                any_dropped = true;
            }
            if is {
                fresh.push(row);
            }
        }
        if let Some(at) = changes_at {
            self.look_again(at, now_ms);
        }
        if any_dropped {
            self.rows.retain(|&row| !dropped.has(row));
        }
        if order::moves_with_time(table, &self.sort) && fresh.iter().any(|&row| runs(table, row, &self.sort)) {
            self.look_again(now_ms + TICK_MS, now_ms);
        }
        for &row in &fresh {
            self.members.add(row);
        }
        let (keys, sorted_at) = (&self.sort, self.sorted_at);
        let stand = |row| Stand { table, row, keys, now_ms: sorted_at, cluster: 0 };
        fresh.sort_unstable_by(|&a, &b| order::compare(stand(a), stand(b)));
        merge(&mut self.rows, &fresh, |a, b| order::compare(stand(a), stand(b)).is_lt());
        true
    }

    fn build(&mut self, table: &Table, now_ms: i64) -> Result<(), Error> {
        self.rebuilds += 1;
        self.work += table.len() as u64;
        self.stale_at = None;
        self.sorted_at = now_ms;
        self.members.clear();
        self.rows.clear();
        // if the pass is cut short, the next catching up starts over
        self.table = 0;
        let mut rows = std::mem::take(&mut self.rows);
        let picked = table.with_rows_by_name(|all| self.pick(table, all, now_ms, &mut rows));
        if picked.is_err() {
            rows.clear();
        }
        self.rows = rows;
        picked?;
        order::sort(table, &mut self.rows, &self.sort, now_ms);
        for &row in &self.rows {
            self.members.add(row);
        }
        if order::moves_with_time(table, &self.sort) && self.rows.iter().any(|&row| runs(table, row, &self.sort)) {
            self.look_again(now_ms + TICK_MS, now_ms);
        }
        Ok(())
    }

    fn pick(&mut self, table: &Table, all: &[RowId], now_ms: i64, rows: &mut Vec<RowId>) -> Result<(), Error> {
        if self.filter.is_none() && self.scope == Scope::all() {
            rows.extend_from_slice(all);
            return Ok(());
        }
        let scope = self.scope.resolve(table);
        let filter = self.filter.clone();
        let began = Instant::now();
        // in the order of memory first, then put in the order of names
        let answers = Answers::of(table);
        let found = parts::each(table.rows.bound() as usize, |part| {
            // a pattern of one's own: threads that share one wait for each other
            let filter = filter.as_deref().cloned();
            let memory = Memory::of(&answers);
            let mut found = Found::default();
            for row in part.filter_map(|row| RowId::try_from(row).ok()).filter(|&row| table.rows.alive(row)) {
                let record = TableRow { table, row, memory: &memory };
                if scope.has(table, row) && wants(filter.as_ref(), &record, now_ms, &mut found.changes_at) {
                    found.rows.push(row);
                }
                if row % 256 == 0 && began.elapsed() > MAX_PASS {
                    return Err(Error::TooCostly { rows: table.len() });
                }
            }
            Ok(found)
        });
        let mut wanted = Bits::default();
        for found in found {
            let found = found?;
            found.rows.into_iter().for_each(|row| {
                wanted.add(row);
            });
            if let Some(at) = found.changes_at {
                self.look_again(at, now_ms);
            }
        }
        rows.extend(all.iter().copied().filter(|&row| wanted.has(row)));
        Ok(())
    }

    fn look_again(&mut self, at: i64, now_ms: i64) {
        let at = at.max(now_ms + TICK_MS);
        self.stale_at = Some(self.stale_at.map_or(at, |own| own.min(at)));
    }
}

/// What a part of a pass found.
#[derive(Default)]
struct Found {
    rows: Vec<RowId>,
    /// When time alone may change an answer.
    changes_at: Option<i64>,
}

/// The filter's answer; notes when time alone may change it.
fn wants(filter: Option<&Filter>, record: &TableRow<'_>, now_ms: i64, changes_at: &mut Option<i64>) -> bool {
    let Some(filter) = filter else { return true };
    if filter.is_timed()
        && let Some(at) = filter.next_change(record, now_ms)
    {
        *changes_at = Some(changes_at.map_or(at, |own| own.min(at)));
    }
    filter.matches(record, now_ms)
}

/// The row has a length that still grows, in a column of the sort.
fn runs(table: &Table, row: RowId, keys: &[SortKey]) -> bool {
    keys.iter().any(
        |key| matches!(key.column, order::SortColumn::Cell(col) if matches!(table.cell(row, col), Cell::Span(_, None))),
    )
}

#[cfg(test)]
mod tests;
