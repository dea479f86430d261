//! The dynamic table, as far as it is known.
//!
//! Entries stand in one growing buffer, oldest first; what falls out leaves room that is taken back now and then, so
//! that steady state allocates nothing.

use std::collections::VecDeque;
use std::ops::Range;

use super::statics;

/// Bytes of entries (as RFC 7541 counts them) that are kept, however large a table the peers agreed on.
pub const MOST_TABLE: usize = 64 << 10;

/// What an index refers to.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Found<'a> {
    /// This field. The name is unknown when it was itself taken from an entry that is.
    Field(Option<&'a [u8]>, &'a [u8]),
    /// An entry that was added before this decoder could see it.
    Unknown,
    /// There is none.
    None,
}

/// The entries of one direction.
#[derive(Debug)]
pub(super) struct Entries {
    /// Names and values, in the order of `list`.
    bytes: Vec<u8>,
    /// Bytes ever taken off the front of `bytes`.
    taken: u64,
    /// Oldest first.
    list: VecDeque<Entry>,
    /// Sum of the entries' sizes; a lower bound where a name is unknown.
    size: usize,
    /// What the sender keeps at most; its own choice, told by size updates.
    max: usize,
    /// Whether every entry of the sender's table is here.
    complete: bool,
}

#[derive(Clone, Copy, Debug)]
struct Entry {
    /// Where it begins, counted from the first byte that ever was in `bytes`.
    at: u64,
    /// Length of the name; none when it is unknown.
    name: Option<u32>,
    value: u32,
}

impl Default for Entries {
    /// The empty table at the begin of a connection.
    fn default() -> Self {
        Self { bytes: Vec::new(), taken: 0, list: VecDeque::new(), size: 0, max: 4096, complete: true }
    }
}

impl Entries {
    /// What the table holds is no longer known: some header block was not seen.
    pub(super) fn lose(&mut self) {
        self.clear();
        self.complete = false;
        self.max = usize::MAX;
    }

    /// Whether an index behind the end is an error rather than unknown.
    pub(super) fn is_complete(&self) -> bool {
        self.complete
    }

    /// The sender keeps at most so many bytes from now on.
    pub(super) fn resize(&mut self, max: usize) {
        self.max = max;
        self.evict();
        if max == 0 {
            // Whatever was unknown is gone as well.
            self.complete = true;
        }
    }

    pub(super) fn get(&self, index: usize) -> Found<'_> {
        if let Some((name, value)) = statics::get(index) {
            return Found::Field(Some(name), value);
        }
        let Some(back) = index.checked_sub(statics::COUNT + 1) else { return Found::None };
        match self.list.len().checked_sub(back + 1).and_then(|at| self.list.get(at)) {
            Some(entry) => {
                let name = self.name(entry);
                let value = name.end..name.end + entry.value as usize;
                let text = |range: Range<usize>| self.bytes.get(range).unwrap_or_default();
                Found::Field(entry.name.map(|_| text(name)), text(value))
            }
            None if self.complete => Found::None,
            None => Found::Unknown,
        }
    }

    /// Adds a field as the newest.
    pub(super) fn insert(&mut self, name: Option<&[u8]>, value: &[u8]) {
        self.bytes.extend_from_slice(name.unwrap_or_default());
        self.push(name.map(<[u8]>::len), value);
    }

    /// Adds a field whose name is that of an index.
    pub(super) fn insert_named(&mut self, index: usize, value: &[u8]) {
        if let Some((name, _)) = statics::get(index) {
            return self.insert(Some(name), value);
        }
        let back = index.saturating_sub(statics::COUNT);
        let entry = self.list.len().checked_sub(back).and_then(|at| self.list.get(at)).copied();
        let name = entry.filter(|entry| entry.name.is_some()).map(|entry| self.name(&entry));
        let len = name.as_ref().map(Range::len);
        if let Some(name) = name.filter(|name| name.end <= self.bytes.len()) {
            self.bytes.extend_from_within(name);
        }
        self.push(len, value);
    }

    pub(super) fn heap(&self) -> usize {
        self.bytes.capacity() + self.list.capacity() * size_of::<Entry>()
    }

    /// Where an entry's name stands in `bytes`; empty when it is unknown.
    fn name(&self, entry: &Entry) -> Range<usize> {
        let start = usize::try_from(entry.at - self.taken).unwrap_or(usize::MAX);
        start..start.saturating_add(entry.name.unwrap_or(0) as usize)
    }

    /// The name, when known, is already at the end of `bytes`.
    fn push(&mut self, name: Option<usize>, value: &[u8]) {
        let at = self.taken + (self.bytes.len() - name.unwrap_or(0)) as u64;
        self.bytes.extend_from_slice(value);
        let short = |len: usize| u32::try_from(len).unwrap_or(u32::MAX);
        let entry = Entry { at, name: name.map(short), value: short(value.len()) };
        self.size += entry.size();
        self.list.push_back(entry);
        self.evict();
    }

    fn evict(&mut self) {
        while self.size > self.max.min(MOST_TABLE) {
            if self.size <= self.max {
                self.complete = false;
            }
            let Some(entry) = self.list.pop_front() else { break };
            self.size -= entry.size();
        }
        let stale = match self.list.front() {
            Some(oldest) => usize::try_from(oldest.at - self.taken).unwrap_or(0),
            None => self.bytes.len(),
        };
        if stale == self.bytes.len() || (stale > 2048 && stale * 2 > self.bytes.len()) {
            self.bytes.drain(..stale);
            self.taken += stale as u64;
        }
    }

    fn clear(&mut self) {
        self.taken += self.bytes.len() as u64;
        self.bytes.clear();
        self.list.clear();
        self.size = 0;
    }
}

impl Entry {
    fn size(&self) -> usize {
        self.name.unwrap_or(0) as usize + self.value as usize + 32
    }
}
