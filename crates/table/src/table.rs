//! One kind in one cluster: columns of cells, the identity of each row, and what changed lately.
//!
//! Only a feed writes (`apply`, `remove`, relists); runs and views read. A row keeps its id while the object lives;
//! ids of removed rows are used again, keys never.

use crate::bits::Bits;
use crate::buf::RowBuf;
use crate::by_name::ByName;
use crate::column::Column;
use crate::identity::Identity;
use crate::notes::Notes;
use crate::ring::{Ring, mask};
use crate::schema::Schema;
use crate::scope::Scope;
use crate::texts::{TextId, Texts};
use api::Cell;
use parking_lot::Mutex;
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};

/// Number of a row in its table; valid while the table stays locked.
pub type RowId = u32;

/// A table and its lock.
pub type SharedTable = Arc<parking_lot::RwLock<Table>>;

/// What [`Table::apply`] did.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Applied {
    /// A new row, or another object under an old name.
    Inserted,
    /// Some cell or label changed.
    Updated,
    /// Nothing that can be seen changed.
    Unchanged,
}

/// Rows of one schema.
#[derive(Debug)]
pub struct Table {
    id: u64,
    schema: Arc<Schema>,
    pub(crate) texts: Texts,
    pub(crate) rows: Identity,
    columns: Vec<Column>,
    ring: Ring,
    relists: Vec<Relist>,
    /// Moves whenever a row comes or goes.
    members_seq: u64,
    by_name: Mutex<ByName>,
    notes: Notes,
}

/// A relist under way: which rows came again.
#[derive(Debug)]
struct Relist {
    namespace: Option<Box<str>>,
    seen: Bits,
}

static NEXT_TABLE: AtomicU64 = AtomicU64::new(1);

impl Table {
    /// An empty table.
    #[must_use]
    pub fn new(schema: Arc<Schema>) -> Self {
        Self {
            id: NEXT_TABLE.fetch_add(1, Ordering::Relaxed),
            columns: schema.columns().iter().map(|column| Column::new(column.ty)).collect(),
            schema,
            texts: Texts::default(),
            rows: Identity::default(),
            ring: Ring::default(),
            relists: Vec::new(),
            members_seq: 0,
            by_name: Mutex::default(),
            notes: Notes::default(),
        }
    }

    /// The table behind its lock.
    #[must_use]
    pub fn shared(schema: Arc<Schema>) -> SharedTable {
        Arc::new(parking_lot::RwLock::new(Self::new(schema)))
    }

    /// The columns.
    #[must_use]
    pub fn schema(&self) -> &Arc<Schema> {
        &self.schema
    }

    /// Tells tables of this process apart.
    #[must_use]
    pub fn id(&self) -> u64 {
        self.id
    }

    /// Puts the row in: by namespace and name. A different uid under the same name is a new object with a new key.
    pub fn apply(&mut self, row: &RowBuf) -> Applied {
        let found = self.row(row.namespace(), row.name());
        let (id, applied) = match found {
            Some(id) if self.rows.same_uid(&self.texts, id, row.uid()) => (id, self.update(id, row)),
            Some(id) => {
                self.take_out(id);
                (self.insert(row), Applied::Inserted)
            }
            None => (self.insert(row), Applied::Inserted),
        };
        for relist in &mut self.relists {
            relist.seen.add(id);
        }
        applied
    }

    /// Takes the row out; tells whether it was there.
    pub fn remove(&mut self, namespace: &str, name: &str) -> bool {
        let Some(id) = self.row(namespace, name) else { return false };
        self.take_out(id);
        self.settle();
        true
    }

    /// Starts a relist of the whole table: rows stay as they are until [`Table::end_relist`].
    pub fn begin_relist(&mut self) {
        self.relists.retain(|relist| relist.namespace.is_some());
        self.relists.push(Relist { namespace: None, seen: Bits::default() });
    }

    /// Ends the relist: rows that did not come since it began go. Tells how many; 0 if none was begun.
    pub fn end_relist(&mut self) -> usize {
        self.sweep(None)
    }

    /// Starts a relist of one namespace.
    pub fn begin_relist_in(&mut self, namespace: &str) {
        self.relists.retain(|relist| relist.namespace.as_deref() != Some(namespace));
        self.relists.push(Relist { namespace: Some(namespace.into()), seen: Bits::default() });
    }

    /// Ends the relist of one namespace.
    pub fn end_relist_in(&mut self, namespace: &str) -> usize {
        self.sweep(Some(namespace))
    }

    /// Ends the relist of a namespace, or of the whole table, that could not be read whole: rows that did not come stay,
    /// marked with `why`, because they may be there. Tells how many.
    pub fn end_relist_in_part(&mut self, namespace: Option<&str>, why: &str) -> usize {
        let unseen = self.unseen(namespace);
        for &row in &unseen {
            self.mark(row, Some(why));
        }
        unseen.len()
    }

    /// What is to be known of the rows.
    #[must_use]
    pub fn notes(&self) -> &Notes {
        &self.notes
    }

    /// The same, for the feed that writes it.
    pub fn notes_mut(&mut self) -> &mut Notes {
        &mut self.notes
    }

    /// What of it concerns a scope.
    pub(crate) fn notes_of(&self, scope: &Scope) -> api::socket::Notes {
        let resolved = scope.resolve(self);
        self.notes.of(scope, |row| resolved.has(self, row))
    }

    /// Why the row is not whole, if it is not.
    #[must_use]
    pub fn row_mark(&self, row: RowId) -> Option<&str> {
        self.notes.mark(row)
    }

    /// Removes every row of a namespace; tells how many.
    pub fn remove_namespace(&mut self, namespace: &str) -> usize {
        self.begin_relist_in(namespace);
        self.end_relist_in(namespace)
    }

    /// Removes every row.
    pub fn clear(&mut self) {
        self.relists.clear();
        self.begin_relist();
        self.end_relist();
    }

    /// Rows.
    #[must_use]
    pub fn len(&self) -> usize {
        self.rows.len()
    }

    /// No rows.
    #[must_use]
    pub fn is_empty(&self) -> bool {
        self.len() == 0
    }

    /// The sequence of the last change; 0 before the first.
    #[must_use]
    pub fn seq(&self) -> u64 {
        self.ring.seq()
    }

    /// The row of an object.
    #[must_use]
    pub fn row(&self, namespace: &str, name: &str) -> Option<RowId> {
        self.rows.find(&self.texts, namespace, name)
    }

    /// Every row, in no order.
    pub fn iter(&self) -> impl Iterator<Item = RowId> + '_ {
        (0..self.rows.bound()).filter(|&row| self.rows.alive(row))
    }

    /// A cell; absent when there is no such row or column.
    #[must_use]
    pub fn cell(&self, row: RowId, col: usize) -> Cell<'_> {
        self.columns.get(col).map_or(Cell::Absent, |column| column.cell(row, &self.texts))
    }

    /// The object's name.
    #[must_use]
    pub fn name(&self, row: RowId) -> &str {
        self.texts.get(self.rows.name(row))
    }

    /// The object's namespace; empty for cluster-scoped objects.
    #[must_use]
    pub fn namespace(&self, row: RowId) -> &str {
        self.texts.get(self.rows.namespace(row))
    }

    /// The object's uid.
    #[must_use]
    pub fn uid(&self, row: RowId) -> String {
        self.rows.uid(&self.texts, row)
    }

    /// The object's resourceVersion.
    #[must_use]
    pub fn version(&self, row: RowId) -> String {
        self.rows.version(&self.texts, row)
    }

    /// The object's labels, sorted by key.
    pub fn labels(&self, row: RowId) -> impl ExactSizeIterator<Item = (&str, &str)> {
        self.rows.labels(row).iter().map(|&(key, value)| (self.texts.get(key), self.texts.get(value)))
    }

    /// The value of one label.
    #[must_use]
    pub fn label(&self, row: RowId, key: &str) -> Option<&str> {
        let pairs = self.rows.labels(row);
        let at = pairs.binary_search_by(|&(own, _)| self.texts.get(own).cmp(key)).ok()?;
        pairs.get(at).map(|&(_, value)| self.texts.get(value))
    }

    /// The key of the row: unique in this process, never used again.
    #[must_use]
    pub fn key(&self, row: RowId) -> u64 {
        self.rows.key(row)
    }

    /// The sequence at which the row last changed.
    #[must_use]
    pub fn changed_at(&self, row: RowId) -> u64 {
        self.rows.changed(row)
    }

    /// Rows in these namespaces, or all.
    #[must_use]
    pub fn count(&self, namespaces: Option<&[Arc<str>]>) -> u32 {
        let count = match namespaces {
            None => self.len(),
            Some(wanted) => self.rows.count_in(&self.texts, wanted),
        };
        u32::try_from(count).unwrap_or(u32::MAX)
    }

    /// Bytes of heap that the table holds.
    #[must_use]
    pub fn heap_bytes(&self) -> usize {
        self.texts.heap_bytes()
            + self.rows.heap_bytes()
            + self.columns.iter().map(Column::heap_bytes).sum::<usize>()
            + self.ring.heap_bytes()
            + self.by_name.lock().heap_bytes()
            + self.notes.heap_bytes()
            + self.relists.iter().map(|relist| relist.seen.heap_bytes()).sum::<usize>()
    }

    /// The text id of a text or status cell, for memories of answers by text.
    pub(crate) fn text_id(&self, row: RowId, col: usize) -> TextId {
        self.columns.get(col).map_or(crate::texts::NONE, |column| column.text_id(row))
    }

    /// Rows and what changed in them after `seq`; `None` when the ring was overrun.
    pub(crate) fn changes(&self, seq: u64) -> Option<impl ExactSizeIterator<Item = (RowId, u32)> + '_> {
        self.ring.since(seq)
    }

    /// Shows `read` every row by namespace and name.
    pub(crate) fn with_rows_by_name<T>(&self, read: impl FnOnce(&[RowId]) -> T) -> T {
        read(self.by_name.lock().rows(self))
    }

    /// The sequence at which a row last came or went.
    pub(crate) fn members_seq(&self) -> u64 {
        self.members_seq
    }

    fn insert(&mut self, row: &RowBuf) -> RowId {
        let id = self.rows.insert(&mut self.texts, row);
        for (col, column) in self.columns.iter_mut().enumerate() {
            column.set(id, row.input(col), &mut self.texts);
        }
        self.notes.set_mark(id, row.marked());
        self.log(id, mask::MEMBER);
        id
    }

    fn update(&mut self, id: RowId, row: &RowBuf) -> Applied {
        let mut changed = 0;
        for (col, column) in self.columns.iter_mut().enumerate() {
            if column.set(id, row.input(col), &mut self.texts) {
                changed |= mask::column(col);
            }
        }
        if self.rows.set_labels(&mut self.texts, id, row) {
            changed |= mask::LABELS;
        }
        if self.notes.set_mark(id, row.marked()) {
            changed |= mask::MARK;
        }
        self.rows.set_version(&mut self.texts, id, row.version());
        if changed == 0 {
            return Applied::Unchanged;
        }
        self.log(id, changed);
        Applied::Updated
    }

    fn take_out(&mut self, id: RowId) {
        for column in &mut self.columns {
            column.set(id, crate::buf::Input::Absent, &mut self.texts);
        }
        self.rows.remove(&mut self.texts, id);
        self.notes.set_mark(id, None);
        self.log(id, mask::MEMBER);
        for relist in &mut self.relists {
            relist.seen.remove(id);
        }
    }

    fn mark(&mut self, row: RowId, why: Option<&str>) {
        if self.notes.set_mark(row, why) {
            self.log(row, mask::MARK);
        }
    }

    /// Ends a relist; the rows that did not come in it.
    fn unseen(&mut self, namespace: Option<&str>) -> Vec<RowId> {
        let Some(at) = self.relists.iter().position(|relist| relist.namespace.as_deref() == namespace) else {
            return Vec::new();
        };
        let relist = self.relists.swap_remove(at);
        self.iter()
            .filter(|&row| !relist.seen.has(row) && namespace.is_none_or(|wanted| self.namespace(row) == wanted))
            .collect()
    }

    fn sweep(&mut self, namespace: Option<&str>) -> usize {
        let gone = self.unseen(namespace);
        for &row in &gone {
            self.take_out(row);
        }
        self.settle();
        gone.len()
    }

    /// Returns the memory of free rows at the end.
    fn settle(&mut self) {
        let Some(bound) = self.rows.trim(&self.texts) else { return };
        for column in &mut self.columns {
            column.truncate(bound);
        }
    }

    fn log(&mut self, id: RowId, changed: u32) {
        let keep = (self.len() / 4).clamp(RING_MIN, RING_MAX);
        let seq = self.ring.push(id, changed, keep);
        self.rows.set_changed(id, seq);
        if changed & mask::MEMBER != 0 {
            self.members_seq = seq;
        }
    }
}

/// Bytes that the table holds for each row, for benchmarks and metrics.
#[must_use]
pub fn bytes_per_row(table: &Table) -> usize {
    table.heap_bytes().checked_div(table.len()).unwrap_or(0)
}

const RING_MIN: usize = if cfg!(test) { 16 } else { 4096 };
const RING_MAX: usize = if cfg!(test) { 32 } else { 1 << 16 };

#[cfg(test)]
mod tests;
