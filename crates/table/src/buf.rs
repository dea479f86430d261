//! One row on its way into a table: written by the catalog's program, event after event, into the same memory.

use crate::packed;
use crate::schema::Schema;
use api::{ColumnType, Level};
use std::sync::Arc;

/// A reusable row. After a few events it allocates nothing more.
///
/// A cell that is not set is absent. A setter that does not fit the type of its column, and a column that does not
/// exist, are ignored (and are an error of the program that wrote them: debug builds assert).
#[derive(Debug)]
pub struct RowBuf {
    pub(crate) schema: Arc<Schema>,
    text: String,
    namespace: Piece,
    name: Piece,
    uid: Piece,
    version: Piece,
    labels: Vec<(Piece, Piece)>,
    slots: Vec<Slot>,
    /// Why the row is not whole.
    mark: Option<Box<str>>,
}

/// A part of `RowBuf::text`.
#[derive(Clone, Copy, Debug, Default)]
struct Piece {
    start: u32,
    end: u32,
}

#[derive(Clone, Copy, Debug)]
enum Slot {
    Absent,
    Text(Piece),
    Status(Piece, Level),
    Word(u64),
    Span(i64, Option<i64>),
}

/// A cell of the buffer, as the table reads it.
#[derive(Clone, Copy, Debug)]
pub(crate) enum Input<'a> {
    Absent,
    Text(&'a str),
    Status(&'a str, Level),
    Word(u64),
    Span(i64, Option<i64>),
}

/// The longest text of a cell or label, in bytes; a longer one is cut.
pub const MAX_TEXT: usize = 16 * 1024;

impl RowBuf {
    /// An empty row of this schema.
    #[must_use]
    pub fn new(schema: &Arc<Schema>) -> Self {
        Self {
            schema: Arc::clone(schema),
            text: String::with_capacity(512),
            namespace: Piece::default(),
            name: Piece::default(),
            uid: Piece::default(),
            version: Piece::default(),
            labels: Vec::new(),
            slots: vec![Slot::Absent; schema.columns().len()],
            mark: None,
        }
    }

    /// Forgets the last row; keeps the memory.
    pub fn clear(&mut self) {
        self.text.clear();
        self.labels.clear();
        self.slots.fill(Slot::Absent);
        self.mark = None;
        (self.namespace, self.name, self.uid, self.version) = Default::default();
    }

    /// Who the row is: empty namespace for cluster-scoped objects; `version` is the resourceVersion.
    pub fn set_identity(&mut self, namespace: &str, name: &str, uid: &str, version: &str) {
        self.namespace = self.keep(namespace);
        self.name = self.keep(name);
        self.uid = self.keep(uid);
        self.version = self.keep(version);
    }

    /// The object could be read only in part, and why (EXF-08). Cells that are not set are then not known.
    pub fn mark(&mut self, why: &str) {
        self.mark = Some(why.into());
    }

    pub(crate) fn marked(&self) -> Option<&str> {
        self.mark.as_deref()
    }

    /// The object's labels, in any order.
    pub fn labels<'t>(&mut self, labels: impl IntoIterator<Item = (&'t str, &'t str)>) {
        self.labels.clear();
        for (key, value) in labels {
            let pair = (self.keep(key), self.keep(value));
            self.labels.push(pair);
        }
        let text = &self.text;
        if !self.labels.is_sorted_by(|a, b| slice(text, a.0) < slice(text, b.0)) {
            self.labels.sort_by(|a, b| slice(text, a.0).cmp(slice(text, b.0)));
            self.labels.dedup_by(|a, b| slice(text, a.0) == slice(text, b.0));
        }
    }

    /// The cell is not known, or not there.
    pub fn absent(&mut self, col: usize) {
        self.put(col, Slot::Absent);
    }

    /// A text.
    pub fn text(&mut self, col: usize, text: &str) {
        if self.takes(col, |ty| ty == ColumnType::Text) {
            let piece = self.keep(text);
            self.put(col, Slot::Text(piece));
        }
    }

    /// A text that `write` puts together at the end of the string it is given. It must only append.
    pub fn text_with(&mut self, col: usize, write: impl FnOnce(&mut String)) {
        if self.takes(col, |ty| ty == ColumnType::Text) {
            let start = self.text.len();
            write(&mut self.text);
            let piece = self.piece(start);
            self.put(col, Slot::Text(piece));
        }
    }

    /// A whole number: `Int`, `Bytes`, `Micros`, `Clock`, `MilliCpu` or `Percent` columns.
    pub fn int(&mut self, col: usize, number: i64) {
        use ColumnType::{Bytes, Clock, Int, Micros, MilliCpu, Percent};
        if self.takes(col, |ty| matches!(ty, Int | Bytes | Micros | Clock | MilliCpu | Percent)) {
            self.put(col, Slot::Word(packed::int(number)));
        }
    }

    /// A moment in epoch milliseconds.
    pub fn age(&mut self, col: usize, ms: i64) {
        if self.takes(col, |ty| ty == ColumnType::Age) {
            self.put(col, Slot::Word(packed::int(ms)));
        }
    }

    /// `have` of `want`.
    pub fn ratio(&mut self, col: usize, have: u32, want: u32) {
        if self.takes(col, |ty| ty == ColumnType::Ratio) {
            self.put(col, Slot::Word(packed::ratio(have, want)));
        }
    }

    /// A status and how good it is.
    pub fn status(&mut self, col: usize, text: &str, level: Level) {
        if self.takes(col, |ty| ty == ColumnType::Status) {
            let piece = self.keep(text);
            self.put(col, Slot::Status(piece, level));
        }
    }

    /// A status whose text `write` puts together at the end of the string it is given. It must only append.
    pub fn status_with(&mut self, col: usize, level: Level, write: impl FnOnce(&mut String)) {
        if self.takes(col, |ty| ty == ColumnType::Status) {
            let start = self.text.len();
            write(&mut self.text);
            let piece = self.piece(start);
            self.put(col, Slot::Status(piece, level));
        }
    }

    /// Restarts, and the moment of the last one in epoch milliseconds. Counts over 524,287 stay there.
    pub fn restarts(&mut self, col: usize, count: u32, last_ms: Option<i64>) {
        if self.takes(col, |ty| ty == ColumnType::Restarts) {
            self.put(col, Slot::Word(packed::restarts(count, last_ms)));
        }
    }

    /// A length of time from start to end, or still running.
    pub fn span(&mut self, col: usize, start_ms: i64, end_ms: Option<i64>) {
        if self.takes(col, |ty| ty == ColumnType::Span) {
            self.put(col, Slot::Span(start_ms, end_ms));
        }
    }

    /// True or false.
    pub fn bool(&mut self, col: usize, value: bool) {
        if self.takes(col, |ty| ty == ColumnType::Bool) {
            self.put(col, Slot::Word(u64::from(value)));
        }
    }

    /// The namespace that was set.
    #[must_use]
    pub fn namespace(&self) -> &str {
        slice(&self.text, self.namespace)
    }

    /// The name that was set.
    #[must_use]
    pub fn name(&self) -> &str {
        slice(&self.text, self.name)
    }

    pub(crate) fn uid(&self) -> &str {
        slice(&self.text, self.uid)
    }

    pub(crate) fn version(&self) -> &str {
        slice(&self.text, self.version)
    }

    /// Labels sorted by key.
    pub(crate) fn label_pairs(&self) -> impl ExactSizeIterator<Item = (&str, &str)> {
        self.labels.iter().map(|(key, value)| (slice(&self.text, *key), slice(&self.text, *value)))
    }

    pub(crate) fn input(&self, col: usize) -> Input<'_> {
        match self.slots.get(col).copied().unwrap_or(Slot::Absent) {
            Slot::Absent => Input::Absent,
            Slot::Text(piece) => Input::Text(slice(&self.text, piece)),
            Slot::Status(piece, level) => Input::Status(slice(&self.text, piece), level),
            Slot::Word(word) => Input::Word(word),
            Slot::Span(start, end) => Input::Span(start, end),
        }
    }

    fn keep(&mut self, text: &str) -> Piece {
        let start = self.text.len();
        self.text.push_str(text.get(..text.floor_char_boundary(MAX_TEXT)).unwrap_or(text));
        self.piece(start)
    }

    /// What was appended since `start`, cut to [`MAX_TEXT`].
    fn piece(&mut self, start: usize) -> Piece {
        let start = start.min(self.text.len());
        let end = self.text.floor_char_boundary(start + MAX_TEXT);
        self.text.truncate(end);
        Piece { start: u32::try_from(start).unwrap_or(0), end: u32::try_from(end).unwrap_or(0) }
    }

    fn takes(&self, col: usize, fits: impl FnOnce(ColumnType) -> bool) -> bool {
        let found = self.schema.columns().get(col).is_some_and(|column| fits(column.ty));
        debug_assert!(found, "column {col} does not take this cell");
        found
    }

    fn put(&mut self, col: usize, slot: Slot) {
        if let Some(place) = self.slots.get_mut(col) {
            *place = slot;
        }
    }
}

fn slice(text: &str, piece: Piece) -> &str {
    text.get(piece.start as usize..piece.end as usize).unwrap_or("")
}
