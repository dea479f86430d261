//! Interned text: every distinct string of a table once, counted, its memory returned when the last cell lets go.

use crate::grow;
use hashbrown::{DefaultHashBuilder, HashTable};
use std::hash::BuildHasher;

/// Number of a text. Stable while a reference is held.
pub(crate) type TextId = u32;

/// Stands for "no text".
pub(crate) const NONE: TextId = u32::MAX;

/// The strings of one table. Bytes lie in one arena; texts that nobody holds leave holes, and the arena is copied
/// together when over a quarter of it is holes.
#[derive(Debug, Default)]
pub(crate) struct Texts {
    arena: String,
    entries: Vec<Entry>,
    free: Vec<TextId>,
    index: HashTable<TextId>,
    hasher: DefaultHashBuilder,
    dead: usize,
}

#[derive(Clone, Copy, Debug, Default)]
struct Entry {
    start: u32,
    len: u32,
    refs: u32,
}

impl Texts {
    /// The text's id, with one more reference. [`NONE`] if the arena is full (4 GiB).
    pub(crate) fn intern(&mut self, text: &str) -> TextId {
        let hash = self.hasher.hash_one(text);
        let (entries, arena) = (&mut self.entries, &self.arena);
        if let Some(&id) = self.index.find(hash, |&id| read(arena, entries, id) == text) {
            if let Some(entry) = entries.get_mut(id as usize) {
                entry.refs += 1;
            }
            return id;
        }
        let (Ok(start), Ok(len)) = (u32::try_from(self.arena.len()), u32::try_from(text.len())) else { return NONE };
        if start.checked_add(len).is_none() {
            return NONE;
        }
        if self.arena.capacity() - self.arena.len() < text.len() {
            self.arena.reserve_exact(text.len().max(self.arena.len() / 8).max(256));
        }
        self.arena.push_str(text);
        let entry = Entry { start, len, refs: 1 };
        let id = match self.free.pop() {
            Some(id) => {
                if let Some(place) = self.entries.get_mut(id as usize) {
                    *place = entry;
                }
                id
            }
            None => {
                let Some(id) = u32::try_from(self.entries.len()).ok().filter(|&id| id < 1 << 29) else { return NONE };
                grow::push(&mut self.entries, entry);
                id
            }
        };
        let (entries, arena, hasher) = (&self.entries, &self.arena, &self.hasher);
        self.index.insert_unique(hash, id, |&id| hasher.hash_one(read(arena, entries, id)));
        id
    }

    /// The id of a text that some cell holds.
    pub(crate) fn find(&self, text: &str) -> Option<TextId> {
        self.index.find(self.hasher.hash_one(text), |&id| read(&self.arena, &self.entries, id) == text).copied()
    }

    /// One reference less; the last one frees the text.
    pub(crate) fn release(&mut self, id: TextId) {
        let Some(entry) = self.entries.get_mut(id as usize) else { return };
        entry.refs = entry.refs.saturating_sub(1);
        if entry.refs > 0 {
            return;
        }
        self.dead += entry.len as usize;
        let hash = self.hasher.hash_one(read(&self.arena, &self.entries, id));
        if let Ok(found) = self.index.find_entry(hash, |&other| other == id) {
            found.remove();
        }
        if let Some(entry) = self.entries.get_mut(id as usize) {
            *entry = Entry::default();
        }
        if self.index.is_empty() {
            *self = Self::default();
            return;
        }
        grow::push(&mut self.free, id);
        if self.dead > 4096 && self.dead > self.arena.len() / 4 {
            self.compact();
        }
    }

    /// The text; empty for [`NONE`].
    pub(crate) fn get(&self, id: TextId) -> &str {
        read(&self.arena, &self.entries, id)
    }

    /// One more than the largest id in use.
    pub(crate) fn bound(&self) -> usize {
        self.entries.len()
    }

    /// Distinct texts.
    #[cfg(test)]
    pub(crate) fn len(&self) -> usize {
        self.index.len()
    }

    pub(crate) fn heap_bytes(&self) -> usize {
        self.arena.capacity() + grow::heap(&self.entries) + grow::heap(&self.free) + self.index.allocation_size()
    }

    /// Copies the living texts into a new arena and drops free ids at the end.
    fn compact(&mut self) {
        let live = self.arena.len() - self.dead;
        let mut arena = String::with_capacity(live + live / 16);
        for entry in self.entries.iter_mut().filter(|entry| entry.refs > 0) {
            let start = entry.start as usize;
            let text = self.arena.get(start..start + entry.len as usize).unwrap_or("");
            entry.start = u32::try_from(arena.len()).unwrap_or(0);
            arena.push_str(text);
        }
        self.arena = arena;
        self.dead = 0;
        let keep = self.entries.iter().rposition(|entry| entry.refs > 0).map_or(0, |last| last + 1);
        self.entries.truncate(keep);
        self.free.retain(|&id| (id as usize) < keep);
        grow::trim(&mut self.entries);
        grow::trim(&mut self.free);
        if self.index.capacity() > 64 && self.index.len() < self.index.capacity() / 3 {
            let (entries, arena, hasher) = (&self.entries, &self.arena, &self.hasher);
            self.index.shrink_to_fit(|&id| hasher.hash_one(read(arena, entries, id)));
        }
    }
}

fn read<'a>(arena: &'a str, entries: &[Entry], id: TextId) -> &'a str {
    let Some(entry) = entries.get(id as usize) else { return "" };
    let start = entry.start as usize;
    arena.get(start..start + entry.len as usize).unwrap_or("")
}
