//! Ranges of numbers that were seen, in order and apart from each other.

/// Half-open ranges. Never more than [`MOST`]: then the two lowest become one, with what is between them.
#[derive(Debug, Default)]
pub(super) struct Ranges(Vec<(u64, u64)>);

impl Ranges {
    pub(super) fn add(&mut self, mut from: u64, mut to: u64) {
        // What is new mostly goes on where the last range ends.
        if let Some(last) = self.0.last_mut().filter(|last| last.1 == from) {
            last.1 = to;
            return;
        }
        self.0.retain(|(start, end)| {
            let apart = *end < from || *start > to;
            if !apart {
                (from, to) = (from.min(*start), to.max(*end));
            }
            apart
        });
        let at = self.0.partition_point(|range| range.0 < from);
        self.0.insert(at, (from, to));
        if self.0.len() > MOST {
            let (lowest, _) = self.0.remove(0);
            if let Some(next) = self.0.first_mut() {
                next.0 = lowest;
            }
        }
    }

    pub(super) fn has(&self, number: u64) -> bool {
        let at = self.0.partition_point(|range| range.1 <= number);
        self.0.get(at).is_some_and(|range| range.0 <= number)
    }

    /// How many there are from 0 on without a hole.
    pub(super) fn whole(&self) -> u64 {
        self.0.first().filter(|range| range.0 == 0).map_or(0, |range| range.1)
    }

    pub(super) fn heap(&self) -> usize {
        self.0.capacity() * size_of::<(u64, u64)>()
    }
}

/// Pieces that may be apart.
const MOST: usize = 64;
