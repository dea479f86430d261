//! Cells that fit a word. One bit pattern, [`ABSENT`], stands for "absent" in every type.

use api::{Cell, ColumnType};

/// The word of an absent cell.
pub(crate) const ABSENT: u64 = 1 << 63;

const TIME_BITS: u32 = 44;
const NO_TIME: u64 = (1 << TIME_BITS) - 1;

/// How a column keeps its cells.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Layout {
    /// A text id.
    Text,
    /// A text id and a level.
    Status,
    /// One word.
    Word,
    /// Two words.
    Span,
    /// A byte.
    Bool,
}

pub(crate) const fn layout(ty: ColumnType) -> Layout {
    match ty {
        ColumnType::Text => Layout::Text,
        ColumnType::Status => Layout::Status,
        ColumnType::Span => Layout::Span,
        ColumnType::Bool => Layout::Bool,
        _ => Layout::Word,
    }
}

pub(crate) const fn int(value: i64) -> u64 {
    // i64::MIN shares its bits with ABSENT; no cell is that small
    value as u64
}

pub(crate) fn ratio(have: u32, want: u32) -> u64 {
    (u64::from(have.min(u32::MAX >> 1)) << 32) | u64::from(want)
}

/// A count of at most 524,287 and a time of 44 bits: up to the year 2527.
pub(crate) fn restarts(count: u32, last_ms: Option<i64>) -> u64 {
    let time = last_ms.map_or(NO_TIME, |ms| u64::try_from(ms).unwrap_or(0).min(NO_TIME - 1));
    (u64::from(count.min((1 << 19) - 1)) << TIME_BITS) | time
}

/// Reads a word back as a cell of a column of type `ty`.
pub(crate) fn unpack(ty: ColumnType, word: u64) -> Cell<'static> {
    if word == ABSENT {
        return Cell::Absent;
    }
    let number = word as i64;
    match ty {
        ColumnType::Int
        | ColumnType::Bytes
        | ColumnType::Micros
        | ColumnType::Clock
        | ColumnType::MilliCpu
        | ColumnType::Percent => Cell::Int(number),
        ColumnType::Age => Cell::Age(number),
        ColumnType::Ratio => Cell::Ratio((word >> 32) as u32, word as u32),
        ColumnType::Restarts => {
            let time = word & NO_TIME;
            Cell::Restarts((word >> TIME_BITS) as u32, (time != NO_TIME).then_some(time as i64))
        }
        ColumnType::Bool => Cell::Bool(word != 0),
        ColumnType::Text | ColumnType::Status | ColumnType::Span => Cell::Absent,
    }
}
