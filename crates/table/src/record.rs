//! A row as the filter sees it.

use crate::schema::identity;
use crate::table::{RowId, Table};
use crate::texts::{NONE, TextId};
use api::{Cell, ColumnType};
use query::{Record, Value};
use std::cell::Cell as Slot;
use std::fmt::Write;
use std::sync::OnceLock;
use std::sync::atomic::{AtomicU64, Ordering::Relaxed};

/// Answers of a filter's terms by text, shared among the parts of a pass: a node's name is looked at once, not once for
/// each of its pods. Text ids are only good while the table is locked, so this lives for one pass.
#[derive(Debug)]
pub(crate) struct Answers {
    /// For each term, two bits a text: asked, and the answer.
    terms: [OnceLock<Box<[AtomicU64]>>; TERMS],
    words: usize,
}

/// Terms whose answers are remembered.
const TERMS: usize = 16;

impl Answers {
    pub(crate) fn of(table: &Table) -> Self {
        Self { terms: Default::default(), words: table.texts.bound() / 32 + 1 }
    }

    fn ask(&self, term: u16, id: TextId, test: impl FnOnce() -> bool) -> bool {
        let Some(answers) = self.terms.get(usize::from(term)) else { return test() };
        let answers = answers.get_or_init(|| (0..self.words).map(|_| AtomicU64::new(0)).collect());
        let Some(word) = answers.get(id as usize / 32) else { return test() };
        let shift = id % 32 * 2;
        let known = word.load(Relaxed) >> shift;
        if known & 1 == 1 {
            return known & 2 != 0;
        }
        // two parts that ask at once find the same
        let answer = test();
        word.fetch_or((1 | u64::from(answer) << 1) << shift, Relaxed);
        answer
    }
}

/// What one part of a pass remembers.
#[derive(Debug, Default)]
pub(crate) struct Memory<'a> {
    answers: Option<&'a Answers>,
    /// The last ratio that was asked about: most are `1/1`.
    ratio: Slot<Option<(u16, u32, u32, bool)>>,
}

impl<'a> Memory<'a> {
    pub(crate) fn of(answers: &'a Answers) -> Self {
        Self { answers: Some(answers), ratio: Slot::default() }
    }

    /// Remembers nothing of texts: for a few rows, asking is cheaper.
    pub(crate) fn none() -> Self {
        Self::default()
    }

    fn ask(&self, term: u16, id: TextId, test: impl FnOnce() -> bool) -> bool {
        match self.answers {
            Some(answers) => answers.ask(term, id, test),
            None => test(),
        }
    }
}

impl Memory<'_> {
    fn ask_ratio(&self, term: u16, have: u32, want: u32, test: &mut dyn FnMut(&str) -> bool) -> bool {
        if let Some((own, had, wanted, answer)) = self.ratio.get()
            && (own, had, wanted) == (term, have, want)
        {
            return answer;
        }
        let mut text = Short::default();
        let answer = write!(text, "{have}/{want}").is_ok() && test(text.as_str());
        self.ratio.set(Some((term, have, want, answer)));
        answer
    }
}

/// A row of a locked table.
pub(crate) struct TableRow<'t> {
    pub(crate) table: &'t Table,
    pub(crate) row: RowId,
    pub(crate) memory: &'t Memory<'t>,
}

impl Record for TableRow<'_> {
    fn value(&self, id: u16) -> Value<'_> {
        match id {
            identity::NAME => Value::Text(self.table.name(self.row)),
            identity::NAMESPACE => Value::Text(self.table.namespace(self.row)),
            _ => {
                let col = usize::from(id);
                value(self.table.cell(self.row, col), self.table.schema().ty(col))
            }
        }
    }

    fn map(&self, id: u16, key: &str) -> Value<'_> {
        let label = if id == identity::LABELS { self.table.label(self.row, key) } else { None };
        label.map_or(Value::Absent, Value::Text)
    }

    fn words(&self, term: u16, test: &mut dyn FnMut(&str) -> bool) -> bool {
        let table = self.table;
        if test(table.name(self.row)) {
            return true;
        }
        let namespace = table.rows.namespace(self.row);
        if self.memory.ask(term, namespace, || test(table.texts.get(namespace))) {
            return true;
        }
        for (col, column) in table.schema().columns().iter().enumerate() {
            match column.ty {
                ColumnType::Text | ColumnType::Status => {
                    let id = table.text_id(self.row, col);
                    if id != NONE && self.memory.ask(term, id, || test(table.texts.get(id))) {
                        return true;
                    }
                }
                ColumnType::Ratio => {
                    let Cell::Ratio(have, want) = table.cell(self.row, col) else { continue };
                    if self.memory.ask_ratio(term, have, want, &mut *test) {
                        return true;
                    }
                }
                _ => {}
            }
        }
        false
    }

    fn name(&self) -> &str {
        self.table.name(self.row)
    }
}

/// The value behind a cell, in whole units.
fn value(cell: Cell<'_>, ty: ColumnType) -> Value<'_> {
    match cell {
        Cell::Absent => Value::Absent,
        Cell::Text(text) | Cell::Status(text, _) => Value::Text(text),
        Cell::Int(us) if ty == ColumnType::Clock => Value::Time(us / 1_000),
        Cell::Int(number) => Value::Number(match ty {
            ColumnType::MilliCpu => number as f64 / 1000.0,
            ColumnType::Percent => number as f64 / 10.0,
            _ => number as f64,
        }),
        Cell::Age(ms) => Value::Time(ms),
        Cell::Ratio(have, want) => Value::Number(crate::order::quotient(have, want)),
        Cell::Restarts(count, _) => Value::Number(f64::from(count)),
        Cell::Span(start, end) => Value::Span(start, end),
        Cell::Bool(value) => Value::Bool(value),
    }
}

/// A few characters on the stack.
#[derive(Default)]
struct Short {
    bytes: [u8; 24],
    len: usize,
}

impl Short {
    fn as_str(&self) -> &str {
        self.bytes.get(..self.len).and_then(|bytes| std::str::from_utf8(bytes).ok()).unwrap_or("")
    }
}

impl Write for Short {
    fn write_str(&mut self, text: &str) -> std::fmt::Result {
        let end = self.len + text.len();
        self.bytes.get_mut(self.len..end).ok_or(std::fmt::Error)?.copy_from_slice(text.as_bytes());
        self.len = end;
        Ok(())
    }
}
