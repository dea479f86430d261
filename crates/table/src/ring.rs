//! The last changes of a table, by sequence: what runs and subscribers catch up from.

use std::collections::VecDeque;

/// Which parts of a row a change touched: a bit per column, and these.
pub(crate) mod mask {
    /// The row came, went, or became another object.
    pub(crate) const MEMBER: u32 = 1 << 31;
    /// Labels.
    pub(crate) const LABELS: u32 = 1 << 30;
    /// The mark of an object that could be read only in part.
    pub(crate) const MARK: u32 = 1 << 29;
    /// Columns from this one on share its bit.
    pub(crate) const LAST: usize = 28;

    /// The bit of a column.
    pub(crate) const fn column(col: usize) -> u32 {
        1 << if col < LAST { col } else { LAST }
    }
}

/// A bounded list of `(row, mask)`; entry `n` has the sequence `base + n + 1`.
#[derive(Debug, Default)]
pub(crate) struct Ring {
    entries: VecDeque<(u32, u32)>,
    base: u64,
}

impl Ring {
    /// The sequence of the last change.
    pub(crate) fn seq(&self) -> u64 {
        self.base + self.entries.len() as u64
    }

    /// Adds a change and forgets the oldest beyond `keep`.
    pub(crate) fn push(&mut self, row: u32, mask: u32, keep: usize) -> u64 {
        while self.entries.len() >= keep.max(1) {
            self.entries.pop_front();
            self.base += 1;
        }
        self.entries.push_back((row, mask));
        self.seq()
    }

    /// The changes after `seq`, or `None` when some of them are forgotten.
    pub(crate) fn since(&self, seq: u64) -> Option<impl ExactSizeIterator<Item = (u32, u32)> + '_> {
        let skip = seq.checked_sub(self.base)?;
        let skip = usize::try_from(skip).ok()?.min(self.entries.len());
        Some(self.entries.range(skip..).copied())
    }

    pub(crate) fn heap_bytes(&self) -> usize {
        self.entries.capacity() * size_of::<(u32, u32)>()
    }
}
