//! The order of rows: what each sort column compares by, for two rows at a time and for a whole column at once.
//!
//! A cell compares by the number behind it, as one or two words, or by its characters. Absent cells come last in
//! both directions. Rows that are equal so far stand by namespace, then name.

use crate::error::Error;
use crate::parts;
use crate::ring::mask;
use crate::schema::Schema;
use crate::table::{RowId, Table};
use crate::texts::{TextId, Texts};
use api::socket::Sort;
use api::{Cell, ColumnType};
use std::cmp::Ordering;

/// What a sort compares.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum SortColumn {
    /// The cells of a column, by its index in the table's schema.
    Cell(usize),
    /// The name.
    Name,
    /// The namespace.
    Namespace,
    /// The cluster: all rows of one table are equal in it.
    Cluster,
}

/// One column of a sort.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub struct SortKey {
    /// What to compare.
    pub column: SortColumn,
    /// Largest first; absent cells stay last.
    pub descending: bool,
}

/// Most columns of a sort.
const MAX_KEYS: usize = 8;

impl Schema {
    /// The keys of a sort as the wire names its columns; more than eight are not looked at.
    pub fn sort_keys(&self, sort: &[Sort]) -> Result<Vec<SortKey>, Error> {
        let key = |sort: &Sort| {
            let column = match (self.index(&sort.column), sort.column.as_str()) {
                (Some(index), _) => SortColumn::Cell(index),
                (None, "name") => SortColumn::Name,
                (None, "namespace") => SortColumn::Namespace,
                (None, "cluster") => SortColumn::Cluster,
                (None, name) => {
                    let columns: Vec<&str> = self.columns().iter().map(|column| column.id.as_str()).collect();
                    return Err(Error::UnknownColumn { name: name.to_owned(), columns: columns.join(", ") });
                }
            };
            Ok(SortKey { column, descending: sort.descending })
        };
        sort.iter().take(MAX_KEYS).map(key).collect()
    }
}

/// What a cell compares by. Words already stand in the order of their direction.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
enum By<'a> {
    Words(u64, u64),
    Text(&'a str),
}

/// The word of an absent cell: after all others. Present cells stay below it.
const LAST: u64 = u64::MAX;

/// Where a row stands, as one side of a comparison.
#[derive(Clone, Copy)]
pub(crate) struct Stand<'t> {
    pub(crate) table: &'t Table,
    pub(crate) row: RowId,
    pub(crate) keys: &'t [SortKey],
    /// Lengths of what still runs are taken at this moment.
    pub(crate) now_ms: i64,
    /// Place of the cluster's name among the clusters'.
    pub(crate) cluster: usize,
}

/// Compares two rows, of one table or of two whose sorts mean the same.
pub(crate) fn compare(a: Stand<'_>, b: Stand<'_>) -> Ordering {
    for (key_a, key_b) in a.keys.iter().zip(b.keys) {
        let order = match (a.by(*key_a), b.by(*key_b)) {
            (None, None) => Ordering::Equal,
            (None, Some(_)) => Ordering::Greater,
            (Some(_), None) => Ordering::Less,
            // words carry their direction, texts do not
            (Some(By::Text(a)), Some(By::Text(b))) if key_a.descending => b.cmp(a),
            (Some(a), Some(b)) => a.cmp(&b),
        };
        if order.is_ne() {
            return order;
        }
    }
    let (ta, tb) = (a.table, b.table);
    ta.namespace(a.row).cmp(tb.namespace(b.row)).then_with(|| ta.name(a.row).cmp(tb.name(b.row)))
}

impl<'t> Stand<'t> {
    fn by(&self, key: SortKey) -> Option<By<'t>> {
        match key.column {
            SortColumn::Name => Some(By::Text(self.table.name(self.row))),
            SortColumn::Namespace => Some(By::Text(self.table.namespace(self.row))),
            SortColumn::Cluster => {
                let place = self.cluster as u64;
                Some(By::Words(if key.descending { !place - 1 } else { place }, 0))
            }
            SortColumn::Cell(col) => match self.table.cell(self.row, col) {
                Cell::Text(text) | Cell::Status(text, _) => Some(By::Text(text)),
                cell => words(cell, key.descending, self.now_ms).map(|(first, second)| By::Words(first, second)),
            },
        }
    }
}

/// The words that a cell compares by, or `None` for absent cells and texts.
fn words(cell: Cell<'_>, descending: bool, now_ms: i64) -> Option<(u64, u64)> {
    let (first, second) = match cell {
        Cell::Absent | Cell::Text(_) | Cell::Status(..) => return None,
        Cell::Int(number) => (ordered(number), 0),
        // ascending is youngest first
        Cell::Age(ms) => (!ordered(ms), 0),
        Cell::Ratio(have, want) => (quotient(have, want).to_bits(), u64::from(want)),
        Cell::Restarts(count, _) => (u64::from(count), 0),
        Cell::Span(start, end) => (ordered(end.unwrap_or(now_ms).saturating_sub(start)), 0),
        Cell::Bool(value) => (u64::from(value), 0),
    };
    // below LAST in both directions; only the very largest number shares its word with the one before it
    let turn = |word: u64| if descending { (LAST - 1).saturating_sub(word) } else { word.min(LAST - 1) };
    Some((turn(first), turn(second)))
}

/// A signed number as an unsigned one in the same order.
const fn ordered(number: i64) -> u64 {
    (number as u64) ^ (1 << 63)
}

/// `have` of `want`; nothing of nothing is whole.
pub(crate) fn quotient(have: u32, want: u32) -> f64 {
    match (have, want) {
        (0, 0) => 1.0,
        (_, 0) => f64::MAX,
        (have, want) => f64::from(have) / f64::from(want),
    }
}

/// The parts of a row that the sort looks at, as bits of a change.
pub(crate) fn looks_at(keys: &[SortKey]) -> u32 {
    keys.iter().fold(0, |bits, key| match key.column {
        SortColumn::Cell(col) => bits | mask::column(col),
        _ => bits,
    })
}

/// The sort compares lengths of things that may still run, so that its order moves with time.
pub(crate) fn moves_with_time(table: &Table, keys: &[SortKey]) -> bool {
    keys.iter().any(|key| matches!(key.column, SortColumn::Cell(col) if table.schema().ty(col) == ColumnType::Span))
}

/// Sorts rows that stand by namespace and name, by `keys`.
pub(crate) fn sort(table: &Table, rows: &mut Vec<RowId>, keys: &[SortKey], now_ms: i64) {
    let mut keyed: Vec<(u64, RowId)> = Vec::new();
    // the last key first: each pass is stable and keeps the order of the passes before it
    for key in keys.iter().rev() {
        let descending = key.descending;
        let col = match key.column {
            SortColumn::Cluster => continue,
            SortColumn::Name => {
                sort_by_text(table, rows, |row| table.rows.name(row), descending);
                continue;
            }
            SortColumn::Namespace => {
                sort_by_text(table, rows, |row| table.rows.namespace(row), descending);
                continue;
            }
            SortColumn::Cell(col) => col,
        };
        let ty = table.schema().ty(col);
        if matches!(ty, ColumnType::Text | ColumnType::Status) {
            sort_by_text(table, rows, |row| table.text_id(row, col), descending);
            continue;
        }
        for second in if ty == ColumnType::Ratio { &[true, false][..] } else { &[false][..] } {
            let word = |row| {
                let words = words(table.cell(row, col), descending, now_ms);
                words.map_or(LAST, |(first, then)| if *second { then } else { first })
            };
            keyed.clear();
            keyed.extend(rows.iter().map(|&row| (word(row), row)));
            keyed.sort_by_key(|(word, _)| *word);
            for (place, (_, row)) in rows.iter_mut().zip(&keyed) {
                *place = *row;
            }
        }
    }
}

/// Every row by namespace, then name.
pub(crate) fn by_name(table: &Table) -> Vec<RowId> {
    let mut rows = Vec::with_capacity(table.len());
    rows.extend(table.iter());
    sort_by_text(table, &mut rows, |row| table.rows.name(row), false);
    sort_by_text(table, &mut rows, |row| table.rows.namespace(row), false);
    rows
}

/// A stable sort by texts: ranks the distinct ones, then counts rows into their ranks.
fn sort_by_text(table: &Table, rows: &mut Vec<RowId>, id: impl Fn(RowId) -> TextId, descending: bool) {
    let ranks = Ranks::of(&table.texts, rows.iter().map(|&row| id(row)));
    let place = |row| ranks.place(id(row), descending);
    // first how many rows stand at each place, then where each place begins
    let mut starts = vec![0_u32; ranks.distinct + 1];
    for &row in rows.iter() {
        if let Some(count) = starts.get_mut(place(row)) {
            *count += 1;
        }
    }
    let mut sum = 0;
    for start in &mut starts {
        sum += std::mem::replace(start, sum);
    }
    let mut sorted = vec![0; rows.len()];
    for &row in rows.iter() {
        if let Some(start) = starts.get_mut(place(row)) {
            if let Some(slot) = sorted.get_mut(*start as usize) {
                *slot = row;
            }
            *start += 1;
        }
    }
    *rows = sorted;
}

/// The places of texts among each other.
struct Ranks {
    by_id: Vec<u32>,
    distinct: usize,
}

impl Ranks {
    fn of(texts: &Texts, ids: impl Iterator<Item = TextId>) -> Self {
        let mut by_id = vec![0_u32; texts.bound()];
        let mut distinct: Vec<(u128, TextId)> = Vec::new();
        for id in ids {
            if let Some(rank) = by_id.get_mut(id as usize)
                && *rank == 0
            {
                *rank = 1;
                distinct.push((0, id));
            }
        }
        sort_texts(texts, &mut distinct);
        for (place, (_, id)) in distinct.iter().enumerate() {
            if let Some(rank) = by_id.get_mut(*id as usize) {
                *rank = u32::try_from(place).unwrap_or(u32::MAX);
            }
        }
        Self { by_id, distinct: distinct.len() }
    }

    /// From 0 on; absent texts after all others.
    fn place(&self, id: TextId, descending: bool) -> usize {
        let Some(&rank) = self.by_id.get(id as usize) else { return self.distinct };
        let rank = rank as usize;
        if descending { self.distinct.saturating_sub(rank + 1) } else { rank }
    }
}

/// Sorts texts by sixteen bytes at a time: most comparisons are of two words that lie beside each other.
fn sort_texts(texts: &Texts, items: &mut [(u128, TextId)]) {
    let size = items.len().div_ceil(parts::many(items.len())).max(1);
    parts::on_each(items.chunks_mut(size).collect(), |part| {
        part.iter_mut().for_each(|(word, id)| *word = sixteen(texts.get(*id), 0));
        part.sort_unstable();
    });
    // what is in order already is found to be, and merged
    items.sort();
    // texts that begin alike stay together
    let (mut rest, mut shares) = (items, Vec::new());
    while rest.len() > size {
        let last = rest.get(size - 1).map_or(0, |(word, _)| *word);
        let end = rest.partition_point(|(word, _)| *word <= last);
        let (share, after) = rest.split_at_mut(end);
        shares.push(share);
        rest = after;
    }
    shares.push(rest);
    parts::on_each(shares, |share| sort_alike(texts, share, 0));
}

/// Sorts on where the words, of the bytes from `from` on, are equal.
fn sort_alike(texts: &Texts, items: &mut [(u128, TextId)], from: usize) {
    for group in items.chunk_by_mut(|a, b| a.0 == b.0).filter(|group| group.len() > 1) {
        let longest = group.iter().map(|(_, id)| texts.get(*id).len()).max().unwrap_or(0);
        if group.len() > FEW && longest > from + 16 {
            group.iter_mut().for_each(|(word, id)| *word = sixteen(texts.get(*id), from + 16));
            group.sort_unstable();
            sort_alike(texts, group, from + 16);
        } else {
            group.sort_unstable_by(|a, b| texts.get(a.1).cmp(texts.get(b.1)));
        }
    }
}

/// Sixteen bytes of a text as a word that stands as they do; zeros where it ends.
fn sixteen(text: &str, from: usize) -> u128 {
    let rest = text.as_bytes().get(from..).unwrap_or(&[]);
    match rest.first_chunk::<16>() {
        Some(sixteen) => u128::from_be_bytes(*sixteen),
        None => rest.iter().enumerate().fold(0, |word, (at, byte)| word | u128::from(*byte) << (120 - 8 * at)),
    }
}

const FEW: usize = 3;

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    proptest! {
        #[test]
        fn texts_stand_as_their_characters_do_however_alike_they_begin(
            own in proptest::collection::hash_set("(GET /cart/0000001){0,3}[ab\u{0}é]{0,18}", 0..60)
        ) {
            let mut texts = Texts::default();
            let mut items: Vec<(u128, TextId)> = own.iter().map(|text| (0, texts.intern(text))).collect();
            sort_texts(&texts, &mut items);
            let sorted: Vec<&str> = items.iter().map(|(_, id)| texts.get(*id)).collect();
            let mut wanted: Vec<&str> = own.iter().map(String::as_str).collect();
            wanted.sort_unstable();
            prop_assert_eq!(sorted, wanted);
        }
    }
}
