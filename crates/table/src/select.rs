//! A window of the merge of several sorted lists, without merging what lies before it.

use crate::table::RowId;
use crate::view::Place;

/// Puts rows `at … at + len` of the merged lists in `out`. `before` is a strict order of all places.
///
/// Finds for each list how many of its rows stand before the window: the middle of the longest range still in doubt
/// is compared with all other lists, which halves that range. Then merges the window's rows only.
pub(crate) fn window(
    lists: &[&[RowId]],
    at: usize,
    len: usize,
    before: impl Fn(Place, Place) -> bool,
    out: &mut Vec<Place>,
) {
    let mut heads = split(lists, at, &before);
    while out.len() < len {
        let mut best: Option<Place> = None;
        for (source, (list, head)) in lists.iter().zip(&heads).enumerate() {
            let Some(&row) = list.get(*head) else { continue };
            let place = Place { source, row };
            if best.is_none_or(|best| before(place, best)) {
                best = Some(place);
            }
        }
        let Some(best) = best else { return };
        out.push(best);
        if let Some(head) = heads.get_mut(best.source) {
            *head += 1;
        }
    }
}

/// How many rows of each list are among the first `at` of the merge.
fn split(lists: &[&[RowId]], at: usize, before: &impl Fn(Place, Place) -> bool) -> Vec<usize> {
    let mut low = vec![0; lists.len()];
    let mut high: Vec<usize> = lists.iter().map(|list| list.len()).collect();
    if at >= high.iter().sum() {
        return high;
    }
    let mut counts = vec![0; lists.len()];
    loop {
        let widest = low.iter().zip(&high).map(|(low, high)| high - low).enumerate().max_by_key(|(_, width)| *width);
        let Some((source, width)) = widest.filter(|(_, width)| *width > 0) else { return low };
        let middle = low.get(source).copied().unwrap_or(0) + width / 2;
        let Some(&row) = lists.get(source).and_then(|list| list.get(middle)) else { return low };
        let pivot = Place { source, row };
        for (other, count) in counts.iter_mut().enumerate() {
            let (Some(list), Some(&from), Some(&to)) = (lists.get(other), low.get(other), high.get(other)) else {
                continue;
            };
            *count = if other == source {
                middle
            } else {
                let range = list.get(from..to).unwrap_or(&[]);
                from + range.partition_point(|&row| before(Place { source: other, row }, pivot))
            };
        }
        // `counts` rows stand before the pivot, all told
        if counts.iter().sum::<usize>() < at {
            low.copy_from_slice(&counts);
            if let Some(low) = low.get_mut(source) {
                *low = middle + 1;
            }
        } else {
            high.copy_from_slice(&counts);
        }
    }
}
