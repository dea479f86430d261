//! Where a program writes the cells of a row, and the short-lived text that cells are built in.

use api::cell::Level;
use smallvec::SmallVec;
use std::borrow::Cow;
use std::fmt;
use table::RowBuf;

/// A row being written: the row buffer of a table, or a test's recorder. Columns count from 0.
pub trait Cells {
    /// Starts the row: what the last one held is forgotten.
    fn identity(&mut self, namespace: &str, name: &str, uid: &str, version: &str);
    /// The object's labels; they come after the identity.
    fn labels(&mut self, labels: &Labels<'_>);
    /// Nothing to show.
    fn absent(&mut self, column: usize);
    /// A string.
    fn text(&mut self, column: usize, text: &str);
    /// A whole number.
    fn int(&mut self, column: usize, number: i64);
    /// A moment in epoch milliseconds.
    fn age(&mut self, column: usize, ms: i64);
    /// Have and want.
    fn ratio(&mut self, column: usize, have: u32, want: u32);
    /// A word and how good it is.
    fn status(&mut self, column: usize, text: &str, level: Level);
    /// A count and the last time.
    fn restarts(&mut self, column: usize, count: u32, last_ms: Option<i64>);
    /// A length of time, still running without an end.
    fn span(&mut self, column: usize, start_ms: i64, end_ms: Option<i64>);
    /// A boolean.
    fn bool(&mut self, column: usize, value: bool);
}

/// Names and values of labels.
pub type Labels<'a> = SmallVec<[(Cow<'a, str>, Cow<'a, str>); 16]>;

impl Cells for RowBuf {
    fn identity(&mut self, namespace: &str, name: &str, uid: &str, version: &str) {
        self.clear();
        self.set_identity(namespace, name, uid, version);
    }
    fn labels(&mut self, labels: &Labels<'_>) {
        Self::labels(self, labels.iter().map(|(key, value)| (&**key, &**value)));
    }
    fn absent(&mut self, column: usize) {
        Self::absent(self, column);
    }
    fn text(&mut self, column: usize, text: &str) {
        Self::text(self, column, text);
    }
    fn int(&mut self, column: usize, number: i64) {
        Self::int(self, column, number);
    }
    fn age(&mut self, column: usize, ms: i64) {
        Self::age(self, column, ms);
    }
    fn ratio(&mut self, column: usize, have: u32, want: u32) {
        Self::ratio(self, column, have, want);
    }
    fn status(&mut self, column: usize, text: &str, level: Level) {
        Self::status(self, column, text, level);
    }
    fn restarts(&mut self, column: usize, count: u32, last_ms: Option<i64>) {
        Self::restarts(self, column, count, last_ms);
    }
    fn span(&mut self, column: usize, start_ms: i64, end_ms: Option<i64>) {
        Self::span(self, column, start_ms, end_ms);
    }
    fn bool(&mut self, column: usize, value: bool) {
        Self::bool(self, column, value);
    }
}

/// One cell to write.
pub(crate) struct Out<'r> {
    pub(crate) cells: &'r mut dyn Cells,
    pub(crate) column: usize,
}

impl Out<'_> {
    pub(crate) fn absent(&mut self) {
        self.cells.absent(self.column);
    }

    /// Empty text is no text.
    pub(crate) fn text(&mut self, text: &str) {
        if text.is_empty() { self.cells.absent(self.column) } else { self.cells.text(self.column, text) }
    }

    pub(crate) fn int(&mut self, number: i64) {
        self.cells.int(self.column, number);
    }

    pub(crate) fn age(&mut self, ms: Option<i64>) {
        match ms {
            Some(ms) => self.cells.age(self.column, ms),
            None => self.cells.absent(self.column),
        }
    }

    pub(crate) fn ratio(&mut self, have: i64, want: i64) {
        self.cells.ratio(self.column, clamp(have), clamp(want));
    }

    pub(crate) fn status(&mut self, text: &str, level: Level) {
        if text.is_empty() { self.cells.absent(self.column) } else { self.cells.status(self.column, text, level) }
    }

    pub(crate) fn span(&mut self, start_ms: i64, end_ms: Option<i64>) {
        self.cells.span(self.column, start_ms, end_ms);
    }

    pub(crate) fn bool(&mut self, value: bool) {
        self.cells.bool(self.column, value);
    }
}

pub(crate) fn clamp(number: i64) -> u32 {
    u32::try_from(number.max(0)).unwrap_or(u32::MAX)
}

/// Text that is built for a cell; up to 256 bytes of it need no memory of their own.
#[derive(Default)]
pub(crate) struct Buf(SmallVec<[u8; 256]>);

impl Buf {
    pub(crate) fn push(&mut self, text: &str) {
        self.0.extend_from_slice(text.as_bytes());
    }

    /// Adds `text`, behind `separator` unless it is the first.
    pub(crate) fn join(&mut self, separator: &str, text: &str) {
        if !self.0.is_empty() {
            self.push(separator);
        }
        self.push(text);
    }

    pub(crate) fn is_empty(&self) -> bool {
        self.0.is_empty()
    }

    pub(crate) fn clear(&mut self) {
        self.0.clear();
    }

    pub(crate) fn as_str(&self) -> &str {
        // Only whole strings go in.
        std::str::from_utf8(&self.0).unwrap_or_default()
    }
}

impl fmt::Write for Buf {
    fn write_str(&mut self, text: &str) -> fmt::Result {
        self.push(text);
        Ok(())
    }
}

/// `write!` into a [`Buf`], which cannot fail.
macro_rules! put {
    ($buf:expr, $($arg:tt)*) => {{
        use std::fmt::Write as _;
        let _ = write!($buf, $($arg)*);
    }};
}
pub(crate) use put;
