//! The cells of one column. Memory is taken when the first cell that is not absent comes.

use crate::buf::Input;
use crate::grow;
use crate::packed::{self, ABSENT, Layout};
use crate::texts::{NONE, TextId, Texts};
use api::{Cell, ColumnType, Level};

#[derive(Debug)]
pub(crate) struct Column {
    ty: ColumnType,
    cells: Cells,
}

#[derive(Debug)]
enum Cells {
    Text(Vec<TextId>),
    /// Text id, shifted by three bits, and the level.
    Status(Vec<u32>),
    Word(Vec<u64>),
    Span(Vec<[u64; 2]>),
    Bool(Vec<u8>),
}

const NO_BOOL: u8 = 2;
const LEVEL_BITS: u32 = 3;

impl Column {
    pub(crate) fn new(ty: ColumnType) -> Self {
        let cells = match packed::layout(ty) {
            Layout::Text => Cells::Text(Vec::new()),
            Layout::Status => Cells::Status(Vec::new()),
            Layout::Word => Cells::Word(Vec::new()),
            Layout::Span => Cells::Span(Vec::new()),
            Layout::Bool => Cells::Bool(Vec::new()),
        };
        Self { ty, cells }
    }

    pub(crate) fn cell<'t>(&self, row: u32, texts: &'t Texts) -> Cell<'t> {
        let row = row as usize;
        match &self.cells {
            Cells::Text(ids) => match ids.get(row) {
                Some(&id) if id != NONE => Cell::Text(texts.get(id)),
                _ => Cell::Absent,
            },
            Cells::Status(ids) => match ids.get(row) {
                Some(&id) if id != NONE => Cell::Status(texts.get(id >> LEVEL_BITS), Level::from_u8((id & 7) as u8)),
                _ => Cell::Absent,
            },
            Cells::Word(words) => packed::unpack(self.ty, words.get(row).copied().unwrap_or(ABSENT)),
            Cells::Span(pairs) => match pairs.get(row) {
                Some(&[start, end]) if start != ABSENT => {
                    Cell::Span(start as i64, (end != ABSENT).then_some(end as i64))
                }
                _ => Cell::Absent,
            },
            Cells::Bool(bytes) => match bytes.get(row) {
                Some(&byte) if byte != NO_BOOL => Cell::Bool(byte != 0),
                _ => Cell::Absent,
            },
        }
    }

    /// The text id behind a text or status cell.
    pub(crate) fn text_id(&self, row: u32) -> TextId {
        match &self.cells {
            Cells::Text(ids) => ids.get(row as usize).copied().unwrap_or(NONE),
            Cells::Status(ids) => match ids.get(row as usize) {
                Some(&id) if id != NONE => id >> LEVEL_BITS,
                _ => NONE,
            },
            _ => NONE,
        }
    }

    /// Puts the input in the row's cell; tells whether that changed it.
    pub(crate) fn set(&mut self, row: u32, input: Input<'_>, texts: &mut Texts) -> bool {
        match &mut self.cells {
            Cells::Text(ids) => {
                let old = ids.get(row as usize).copied().unwrap_or(NONE);
                let wanted = if let Input::Text(text) = input { Some(text) } else { None };
                match wanted {
                    None if old == NONE => return false,
                    Some(text) if old != NONE && texts.get(old) == text => return false,
                    _ => {}
                }
                let new = wanted.map_or(NONE, |text| texts.intern(text));
                texts.release(old);
                put(ids, row, new, NONE);
                true
            }
            Cells::Status(ids) => {
                let old = ids.get(row as usize).copied().unwrap_or(NONE);
                let wanted = if let Input::Status(text, level) = input { Some((text, level)) } else { None };
                match wanted {
                    None if old == NONE => return false,
                    Some((text, level))
                        if old != NONE && old & 7 == level as u32 && texts.get(old >> LEVEL_BITS) == text =>
                    {
                        return false;
                    }
                    _ => {}
                }
                let new = wanted.map_or(NONE, |(text, level)| match texts.intern(text) {
                    NONE => NONE,
                    id => (id << LEVEL_BITS) | level as u32,
                });
                if old != NONE {
                    texts.release(old >> LEVEL_BITS);
                }
                put(ids, row, new, NONE);
                true
            }
            Cells::Word(words) => put(words, row, if let Input::Word(word) = input { word } else { ABSENT }, ABSENT),
            Cells::Span(pairs) => {
                let pair = match input {
                    Input::Span(start, end) => [packed::int(start), end.map_or(ABSENT, packed::int)],
                    _ => [ABSENT, ABSENT],
                };
                put(pairs, row, pair, [ABSENT, ABSENT])
            }
            Cells::Bool(bytes) => {
                let byte = if let Input::Word(word) = input { u8::from(word != 0) } else { NO_BOOL };
                put(bytes, row, byte, NO_BOOL)
            }
        }
    }

    /// Forgets the cells of rows from `rows` on, all of which are absent.
    pub(crate) fn truncate(&mut self, rows: usize) {
        match &mut self.cells {
            Cells::Text(ids) | Cells::Status(ids) => cut(ids, rows),
            Cells::Word(words) => cut(words, rows),
            Cells::Span(pairs) => cut(pairs, rows),
            Cells::Bool(bytes) => cut(bytes, rows),
        }
    }

    pub(crate) fn heap_bytes(&self) -> usize {
        match &self.cells {
            Cells::Text(ids) | Cells::Status(ids) => grow::heap(ids),
            Cells::Word(words) => grow::heap(words),
            Cells::Span(pairs) => grow::heap(pairs),
            Cells::Bool(bytes) => grow::heap(bytes),
        }
    }
}

/// Writes a cell; tells whether it changed. Rows past the end are absent, so an absent one is not written there.
fn put<T: Copy + PartialEq>(cells: &mut Vec<T>, row: u32, value: T, absent: T) -> bool {
    let row = row as usize;
    if let Some(place) = cells.get_mut(row) {
        let changed = *place != value;
        *place = value;
        return changed;
    }
    if value == absent {
        return false;
    }
    grow::reserve(cells, row + 1 - cells.len());
    cells.resize(row, absent);
    cells.push(value);
    true
}

fn cut<T>(cells: &mut Vec<T>, rows: usize) {
    cells.truncate(rows);
    grow::trim(cells);
}
