//! Keeping a sorted list of rows sorted.

use crate::table::RowId;

/// Puts `fresh`, sorted, into `rows`, sorted. `less(a, b)`: row `a` stands before row `b`.
pub(crate) fn merge(rows: &mut Vec<RowId>, fresh: &[RowId], less: impl Fn(RowId, RowId) -> bool) {
    let mut end = rows.len();
    rows.reserve_exact(if rows.capacity() - end < fresh.len() { fresh.len() + end / 16 } else { 0 });
    rows.resize(end + fresh.len(), 0);
    // from the back, so that each row moves once
    for (left, &new) in fresh.iter().enumerate().rev() {
        let place = rows.get(..end).unwrap_or(&[]).partition_point(|&row| less(row, new));
        rows.copy_within(place..end, place + left + 1);
        if let Some(slot) = rows.get_mut(place + left) {
            *slot = new;
        }
        end = place;
    }
}
