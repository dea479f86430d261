//! How many rows of one table each of several filters chooses, kept as the table changes.
//!
//! Whoever wants numbers alone needs no lists: a tally remembers of each row which filters it passes, and looks again only
//! at rows that changed. Views that ask the same share one.

use crate::error::Error;
use crate::record::{Answers, Memory, TableRow};
use crate::table::{RowId, SharedTable, Table};
use parking_lot::Mutex;
use query::Filter;
use std::any::Any;
use std::collections::BTreeMap;
use std::fmt;
use std::sync::Arc;
use std::time::{Duration, Instant};

/// A tally and its lock.
pub type SharedTally = Arc<Mutex<Tally>>;

/// Filters that one tally counts at most.
pub const MAX_FILTERS: usize = 32;
/// Time that one pass over the whole table may take.
const MAX_PASS: Duration = Duration::from_secs(1);

/// Counts of rows by filter.
#[derive(Debug)]
pub struct Tally {
    filters: Vec<Filter>,
    counts: Vec<u32>,
    /// For each row, a bit for each filter that it passes.
    passes: Vec<u32>,
    /// The table that this is of; 0 before the first.
    table: u64,
    seq: u64,
    work: u64,
}

impl Tally {
    /// A tally that has seen no table yet, of at most [`MAX_FILTERS`] filters. Time alone changes no count: filters on
    /// ages are for runs.
    #[must_use]
    pub fn new(mut filters: Vec<Filter>) -> Self {
        filters.truncate(MAX_FILTERS);
        let counts = vec![0; filters.len()];
        Self { filters, counts, passes: Vec::new(), table: 0, seq: 0, work: 0 }
    }

    /// The counts, in the order of the filters, as of the last [`Tally::catch_up`].
    #[must_use]
    pub fn counts(&self) -> &[u32] {
        &self.counts
    }

    /// Rows that were looked at, all told.
    pub(crate) const fn work(&self) -> u64 {
        self.work
    }

    /// Bytes of heap.
    #[must_use]
    pub fn heap_bytes(&self) -> usize {
        (self.passes.capacity() + self.counts.capacity()) * size_of::<u32>()
    }

    /// Brings the counts up to the table's last change.
    ///
    /// # Errors
    /// [`Error::TooCostly`] when one pass takes longer than a second; the next time it begins anew.
    pub fn catch_up(&mut self, table: &Table, now_ms: i64) -> Result<(), Error> {
        if self.table == table.id() && self.seq == table.seq() {
            return Ok(());
        }
        let changes = if self.table == table.id() { table.changes(self.seq) } else { None };
        match changes {
            Some(changes) if changes.len() < table.len().max(64) => {
                let memories: Vec<Memory<'_>> = self.filters.iter().map(|_| Memory::none()).collect();
                for (row, _) in changes {
                    self.look(table, row, &memories, now_ms);
                }
            }
            _ => self.count(table, now_ms)?,
        }
        (self.table, self.seq) = (table.id(), table.seq());
        Ok(())
    }

    /// Counts all rows anew.
    fn count(&mut self, table: &Table, now_ms: i64) -> Result<(), Error> {
        self.table = 0;
        self.passes.clear();
        self.counts.fill(0);
        let answers: Vec<Answers> = self.filters.iter().map(|_| Answers::of(table)).collect();
        let memories: Vec<Memory<'_>> = answers.iter().map(Memory::of).collect();
        let began = Instant::now();
        for row in table.iter() {
            self.look(table, row, &memories, now_ms);
            if row % 256 == 0 && began.elapsed() > MAX_PASS {
                return Err(Error::TooCostly { rows: table.len() });
            }
        }
        Ok(())
    }

    /// Looks at one row again.
    fn look(&mut self, table: &Table, row: RowId, memories: &[Memory<'_>], now_ms: i64) {
        self.work += 1;
        let at = row as usize;
        if at >= self.passes.len() {
            self.passes.resize(at + 1, 0);
        }
        let Some(before) = self.passes.get_mut(at) else { return };
        let mut now = 0;
        if table.rows.alive(row) {
            for (bit, (filter, memory)) in self.filters.iter().zip(memories).enumerate() {
                now |= u32::from(filter.matches(&TableRow { table, row, memory }, now_ms)) << bit;
            }
        }
        let before = std::mem::replace(before, now);
        for (bit, count) in self.counts.iter_mut().enumerate() {
            *count = *count + (now >> bit & 1) - (before >> bit & 1);
        }
    }
}

/// A tally of one table, and what must live as long as it is shown: the permit.
pub struct Tallied {
    table: SharedTable,
    tally: SharedTally,
    /// The filters, as whoever asked wrote them.
    texts: Vec<String>,
    _guard: Box<dyn Any + Send>,
}

impl Tallied {
    /// Counts by these texts, which are the filters of the tally in its order.
    pub fn new(table: SharedTable, tally: SharedTally, texts: Vec<String>, guard: impl Any + Send) -> Self {
        Self { table, tally, texts, _guard: Box::new(guard) }
    }

    /// The counts by filter as of now, and how many rows were looked at for them.
    pub(crate) fn read(&self, now_ms: i64) -> Result<(BTreeMap<String, u32>, u64), Error> {
        let mut tally = self.tally.lock();
        let before = tally.work();
        tally.catch_up(&self.table.read(), now_ms)?;
        let counts = self.texts.iter().cloned().zip(tally.counts().iter().copied()).collect();
        Ok((counts, tally.work() - before))
    }
}

impl fmt::Debug for Tallied {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Tallied").field("texts", &self.texts).finish_non_exhaustive()
    }
}

#[cfg(test)]
mod tests;
