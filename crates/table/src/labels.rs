//! Label sets, shared between the rows that have the same ones (the pods of one ReplicaSet).

use crate::grow;
use crate::texts::{TextId, Texts};
use hashbrown::{DefaultHashBuilder, HashTable};
use std::hash::BuildHasher;

/// Number of a label set.
pub(crate) type SetId = u32;

/// The empty set; needs no reference.
pub(crate) const EMPTY: SetId = u32::MAX;

#[derive(Debug, Default)]
pub(crate) struct LabelSets {
    sets: Vec<Set>,
    free: Vec<SetId>,
    index: HashTable<SetId>,
    hasher: DefaultHashBuilder,
    scratch: Vec<(TextId, TextId)>,
}

#[derive(Debug, Default)]
struct Set {
    /// Sorted by the keys' characters.
    pairs: Box<[(TextId, TextId)]>,
    refs: u32,
}

impl LabelSets {
    /// The set with these pairs, sorted by key, with one more reference.
    pub(crate) fn intern<'t>(&mut self, texts: &mut Texts, pairs: impl Iterator<Item = (&'t str, &'t str)>) -> SetId {
        let mut wanted = std::mem::take(&mut self.scratch);
        wanted.clear();
        wanted.extend(pairs.map(|(key, value)| (texts.intern(key), texts.intern(value))));
        let id = if wanted.is_empty() { EMPTY } else { self.find_or_add(texts, &wanted) };
        self.scratch = wanted;
        id
    }

    fn find_or_add(&mut self, texts: &mut Texts, wanted: &[(TextId, TextId)]) -> SetId {
        let hash = self.hasher.hash_one(wanted);
        let sets = &mut self.sets;
        let found =
            self.index.find(hash, |&id| sets.get(id as usize).is_some_and(|set| *set.pairs == *wanted)).copied();
        if let Some(id) = found {
            if let Some(set) = sets.get_mut(id as usize) {
                set.refs += 1;
            }
            // the set holds its texts once
            for &(key, value) in wanted {
                texts.release(key);
                texts.release(value);
            }
            return id;
        }
        let set = Set { pairs: wanted.into(), refs: 1 };
        let id = match self.free.pop() {
            Some(id) => {
                if let Some(place) = self.sets.get_mut(id as usize) {
                    *place = set;
                }
                id
            }
            None => {
                let id = u32::try_from(self.sets.len()).unwrap_or(EMPTY);
                grow::push(&mut self.sets, set);
                id
            }
        };
        let (sets, hasher) = (&self.sets, &self.hasher);
        self.index.insert_unique(hash, id, |&id| sets.get(id as usize).map_or(0, |set| hasher.hash_one(&*set.pairs)));
        id
    }

    /// One reference less.
    pub(crate) fn release(&mut self, texts: &mut Texts, id: SetId) {
        let Some(set) = self.sets.get_mut(id as usize) else { return };
        set.refs = set.refs.saturating_sub(1);
        if set.refs > 0 {
            return;
        }
        let pairs = std::mem::take(&mut set.pairs);
        if let Ok(found) = self.index.find_entry(self.hasher.hash_one(&*pairs), |&other| other == id) {
            found.remove();
        }
        for &(key, value) in &pairs {
            texts.release(key);
            texts.release(value);
        }
        grow::push(&mut self.free, id);
    }

    /// The pairs of a set.
    pub(crate) fn pairs(&self, id: SetId) -> &[(TextId, TextId)] {
        self.sets.get(id as usize).map_or(&[], |set| &set.pairs)
    }

    pub(crate) fn heap_bytes(&self) -> usize {
        let pairs: usize = self.sets.iter().map(|set| size_of_val(&*set.pairs)).sum();
        pairs + grow::heap(&self.sets) + grow::heap(&self.free) + self.index.allocation_size()
    }
}
