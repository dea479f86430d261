//! Ranges of stream bytes, in order and apart.

use std::collections::VecDeque;

/// Ranges of stream offsets. Mostly the next one follows the last.
#[derive(Debug, Default)]
pub(crate) struct Ranges(VecDeque<(u64, u64)>);

impl Ranges {
    /// Adds `from..to`; what it touches becomes one with it.
    pub(crate) fn add(&mut self, from: u64, to: u64) {
        if from >= to {
            return;
        }
        let (mut from, mut to) = (from, to);
        let first = self.0.partition_point(|(_, end)| *end < from);
        let mut after = first;
        while let Some((start, end)) = self.0.get(after).filter(|(start, _)| *start <= to) {
            (from, to) = (from.min(*start), to.max(*end));
            after += 1;
        }
        self.0.drain(first..after);
        self.0.insert(first, (from, to));
    }

    /// The parts that lie inside `from..to`, in order.
    pub(crate) fn inside(&self, from: u64, to: u64) -> impl Iterator<Item = (u64, u64)> {
        let first = self.0.partition_point(|(_, end)| *end <= from);
        let parts = self.0.iter().skip(first).take_while(move |(start, _)| *start < to);
        parts.map(move |(start, end)| ((*start).max(from), (*end).min(to)))
    }

    /// Forgets what lies before an offset.
    pub(crate) fn forget(&mut self, before: u64) {
        while let Some((start, end)) = self.0.front_mut() {
            if *end > before {
                *start = (*start).max(before);
                return;
            }
            self.0.pop_front();
        }
    }

    pub(crate) fn len(&self) -> usize {
        self.0.len()
    }

    /// The end of the range at this place.
    pub(crate) fn end_of(&self, at: usize) -> Option<u64> {
        self.0.get(at).map(|(_, end)| *end)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn all(ranges: &Ranges) -> Vec<(u64, u64)> {
        ranges.inside(0, u64::MAX).collect()
    }

    #[test]
    fn ranges_join_where_they_touch_and_are_cut_where_they_are_asked_for() {
        let mut ranges = Ranges::default();
        for (from, to) in [(10, 20), (30, 40), (20, 25), (5, 5), (50, 60), (0, 3)] {
            ranges.add(from, to);
        }
        assert_eq!(all(&ranges), [(0, 3), (10, 25), (30, 40), (50, 60)]);
        assert_eq!(ranges.inside(12, 33).collect::<Vec<_>>(), [(12, 25), (30, 33)]);
        assert_eq!(ranges.inside(25, 30).count(), 0);
        ranges.add(2, 55);
        assert_eq!(all(&ranges), [(0, 60)]);
        ranges.add(70, 80);
        ranges.forget(75);
        assert_eq!(all(&ranges), [(75, 80)]);
    }
}
