//! The dynamic table, as far as it is known: entries by their absolute index (RFC 9204 section 3.2).

use std::collections::VecDeque;

use super::statics;

/// Bytes of entries (as RFC 9204 counts them) that are kept, however large a table the peers agreed on.
pub const MOST_TABLE: usize = 64 << 10;

/// A name and a value, each as far as it is known.
pub(super) type Known<'a> = (Option<&'a [u8]>, Option<&'a [u8]>);

/// The entries of one direction.
#[derive(Debug, Default)]
pub(super) struct Table {
    /// Oldest first.
    list: VecDeque<Entry>,
    /// How many were ever added.
    count: u64,
    /// Sum of the entries' sizes; a lower bound where a name is unknown.
    size: usize,
    /// What the sender keeps at most; its own choice.
    capacity: u64,
}

#[derive(Debug)]
struct Entry {
    name: Option<Box<[u8]>>,
    value: Option<Box<[u8]>>,
    /// When it was added.
    ts_us: i64,
}

impl Entry {
    fn size(&self) -> usize {
        let len = |part: &Option<Box<[u8]>>| part.as_ref().map_or(0, |part| part.len());
        len(&self.name) + len(&self.value) + 32
    }
}

impl Table {
    /// How many entries were ever added.
    pub(super) fn count(&self) -> u64 {
        self.count
    }

    /// How many had been added at a time; none when that is longer ago than is known.
    pub(super) fn count_at(&self, ts_us: i64) -> Option<u64> {
        let before = self.list.partition_point(|entry| entry.ts_us <= ts_us) as u64;
        let gone = self.count - self.list.len() as u64;
        (before > 0 || gone == 0).then_some(gone + before)
    }

    /// The entry of an absolute index; unknown when it is not there any more, or not yet.
    pub(super) fn get(&self, index: u64) -> Known<'_> {
        let gone = self.count - self.list.len() as u64;
        let at = index.checked_sub(gone).and_then(|at| usize::try_from(at).ok());
        match at.and_then(|at| self.list.get(at)) {
            Some(entry) => (entry.name.as_deref(), entry.value.as_deref()),
            None => (None, None),
        }
    }

    /// A field of the static table.
    pub(super) fn fixed(index: u64) -> Option<(&'static [u8], &'static [u8])> {
        statics::get(index)
    }

    pub(super) fn insert(&mut self, name: Option<&[u8]>, value: Option<&[u8]>, ts_us: i64) {
        let entry = Entry { name: name.map(Into::into), value: value.map(Into::into), ts_us };
        self.size += entry.size();
        self.count += 1;
        self.list.push_back(entry);
        self.evict();
    }

    pub(super) fn resize(&mut self, capacity: u64) {
        self.capacity = capacity;
        self.evict();
    }

    /// Forgets all entries.
    pub(super) fn clear(&mut self) {
        *self = Self { count: self.count, ..Self::default() };
    }

    pub(super) fn heap(&self) -> usize {
        // What the allocator adds to the two parts of an entry is less than the 32 that count for it.
        self.size + self.list.capacity() * size_of::<Entry>()
    }

    fn evict(&mut self) {
        let most = usize::try_from(self.capacity).unwrap_or(usize::MAX).min(MOST_TABLE);
        while self.size > most {
            let Some(entry) = self.list.pop_front() else { break };
            self.size -= entry.size();
        }
    }
}
