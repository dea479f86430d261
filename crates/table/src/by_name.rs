//! All rows of a table by namespace and name: where every other order starts from.

use crate::bits::Bits;
use crate::merge::merge;
use crate::order::{self, Stand};
use crate::ring::mask;
use crate::table::{RowId, Table};

/// The order, as of a sequence of the table.
#[derive(Debug, Default)]
pub(crate) struct ByName {
    rows: Vec<RowId>,
    seq: u64,
    began: bool,
}

impl ByName {
    /// The rows, brought up to date.
    pub(crate) fn rows(&mut self, table: &Table) -> &[RowId] {
        if !self.began || self.seq < table.members_seq() {
            self.catch_up(table);
        }
        self.seq = table.seq();
        self.began = true;
        &self.rows
    }

    pub(crate) fn heap_bytes(&self) -> usize {
        self.rows.capacity() * size_of::<RowId>()
    }

    fn catch_up(&mut self, table: &Table) {
        let changes = if self.began { table.changes(self.seq) } else { None };
        let Some(changes) = changes else {
            self.rows = order::by_name(table);
            return;
        };
        let (mut dirty, mut fresh) = (Bits::default(), Vec::new());
        for (row, changed) in changes {
            if changed & mask::MEMBER != 0 && dirty.add(row) {
                fresh.push(row);
            }
        }
        if fresh.len() > 64 + self.rows.len() / 16 {
            self.rows = order::by_name(table);
            return;
        }
        self.rows.retain(|&row| !dirty.has(row));
        fresh.retain(|&row| table.rows.alive(row));
        let stand = |row| Stand { table, row, keys: &[], now_ms: 0, cluster: 0 };
        fresh.sort_unstable_by(|&a, &b| order::compare(stand(a), stand(b)));
        merge(&mut self.rows, &fresh, |a, b| order::compare(stand(a), stand(b)).is_lt());
    }
}
