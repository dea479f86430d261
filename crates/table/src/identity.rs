//! Who each row is: namespace, name, uid, version, labels, key; and the index by namespace and name.

use crate::buf::RowBuf;
use crate::grow;
use crate::labels::{EMPTY, LabelSets, SetId};
use crate::table::RowId;
use crate::texts::{NONE, TextId, Texts};
use hashbrown::{DefaultHashBuilder, HashTable};
use std::hash::BuildHasher;
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};

/// Columns of identity. A free row has no name.
#[derive(Debug, Default)]
pub(crate) struct Identity {
    namespace: Vec<TextId>,
    name: Vec<TextId>,
    /// A UUID, or [`PLAIN`] and a text id.
    uid: Vec<u128>,
    /// A decimal number, or `PLAIN` bits and a text id.
    version: Vec<u64>,
    labels: Vec<SetId>,
    key: Vec<u64>,
    changed: Vec<u64>,
    free: Vec<RowId>,
    index: HashTable<RowId>,
    hasher: DefaultHashBuilder,
    sets: LabelSets,
}

/// Marks an id that is kept as a text; no UUID has these bits, and no version is that large.
const PLAIN: u128 = u128::MAX << 64;
const PLAIN_VERSION: u64 = (u32::MAX as u64) << 32;

/// Keys are unique in the process, so that rows of several tables can stand in one view.
static NEXT_KEY: AtomicU64 = AtomicU64::new(1);

impl Identity {
    pub(crate) fn len(&self) -> usize {
        self.index.len()
    }

    /// One more than the largest row id.
    pub(crate) fn bound(&self) -> RowId {
        u32::try_from(self.name.len()).unwrap_or(u32::MAX)
    }

    pub(crate) fn alive(&self, row: RowId) -> bool {
        self.name(row) != NONE
    }

    pub(crate) fn find(&self, texts: &Texts, namespace: &str, name: &str) -> Option<RowId> {
        let hash = self.hasher.hash_one((namespace, name));
        let same = |&row: &RowId| texts.get(self.name(row)) == name && texts.get(self.namespace(row)) == namespace;
        self.index.find(hash, same).copied()
    }

    pub(crate) fn insert(&mut self, texts: &mut Texts, row: &RowBuf) -> RowId {
        let id = self.free.pop().unwrap_or_else(|| self.push());
        put(&mut self.namespace, id, texts.intern(row.namespace()));
        put(&mut self.name, id, texts.intern(row.name()));
        put(&mut self.uid, id, pack_uid(texts, row.uid()));
        put(&mut self.version, id, pack_version(texts, row.version()));
        put(&mut self.labels, id, self.sets.intern(texts, row.label_pairs()));
        put(&mut self.key, id, NEXT_KEY.fetch_add(1, Ordering::Relaxed));
        let hash = self.hasher.hash_one((row.namespace(), row.name()));
        let (namespaces, names, hasher) = (&self.namespace, &self.name, &self.hasher);
        self.index.insert_unique(hash, id, |&row| {
            hasher.hash_one((texts.get(get(namespaces, row, NONE)), texts.get(get(names, row, NONE))))
        });
        id
    }

    pub(crate) fn remove(&mut self, texts: &mut Texts, id: RowId) {
        let hash = self.hasher.hash_one((texts.get(self.namespace(id)), texts.get(self.name(id))));
        if let Ok(found) = self.index.find_entry(hash, |&row| row == id) {
            found.remove();
        }
        texts.release(self.namespace(id));
        texts.release(self.name(id));
        release_uid(texts, get(&self.uid, id, 0));
        release_version(texts, get(&self.version, id, 0));
        self.sets.release(texts, get(&self.labels, id, EMPTY));
        put(&mut self.namespace, id, NONE);
        put(&mut self.name, id, NONE);
        put(&mut self.uid, id, 0);
        put(&mut self.version, id, 0);
        put(&mut self.labels, id, EMPTY);
        put(&mut self.key, id, 0);
        grow::push(&mut self.free, id);
    }

    /// Drops free rows at the end once they are half of all; tells the new bound if it did.
    pub(crate) fn trim(&mut self, texts: &Texts) -> Option<usize> {
        if self.free.len() < 64 || self.free.len() < self.name.len() / 2 {
            return None;
        }
        let keep = self.name.iter().rposition(|&name| name != NONE).map_or(0, |last| last + 1);
        if keep > self.name.len() / 2 {
            return None;
        }
        self.free.retain(|&row| (row as usize) < keep);
        grow::trim(&mut self.free);
        cut(&mut self.namespace, keep);
        cut(&mut self.name, keep);
        cut(&mut self.uid, keep);
        cut(&mut self.version, keep);
        cut(&mut self.labels, keep);
        cut(&mut self.key, keep);
        cut(&mut self.changed, keep);
        let (namespaces, names, hasher) = (&self.namespace, &self.name, &self.hasher);
        self.index.shrink_to_fit(|&row| {
            hasher.hash_one((texts.get(get(namespaces, row, NONE)), texts.get(get(names, row, NONE))))
        });
        Some(keep)
    }

    pub(crate) fn namespace(&self, row: RowId) -> TextId {
        get(&self.namespace, row, NONE)
    }

    pub(crate) fn name(&self, row: RowId) -> TextId {
        get(&self.name, row, NONE)
    }

    pub(crate) fn key(&self, row: RowId) -> u64 {
        get(&self.key, row, 0)
    }

    pub(crate) fn changed(&self, row: RowId) -> u64 {
        get(&self.changed, row, 0)
    }

    pub(crate) fn set_changed(&mut self, row: RowId, seq: u64) {
        put(&mut self.changed, row, seq);
    }

    pub(crate) fn labels(&self, row: RowId) -> &[(TextId, TextId)] {
        self.sets.pairs(get(&self.labels, row, EMPTY))
    }

    /// Takes the labels of the buffer; tells whether they are others.
    pub(crate) fn set_labels(&mut self, texts: &mut Texts, id: RowId, row: &RowBuf) -> bool {
        let old = get(&self.labels, id, EMPTY);
        let own = self.sets.pairs(old);
        let wanted = row.label_pairs();
        if own.len() == wanted.len()
            && own.iter().zip(wanted).all(|(own, wanted)| (texts.get(own.0), texts.get(own.1)) == wanted)
        {
            return false;
        }
        let new = self.sets.intern(texts, row.label_pairs());
        self.sets.release(texts, old);
        put(&mut self.labels, id, new);
        true
    }

    pub(crate) fn same_uid(&self, texts: &Texts, id: RowId, uid: &str) -> bool {
        let own = get(&self.uid, id, 0);
        match parse_uid(uid) {
            Some(number) => own == number,
            None => own & PLAIN == PLAIN && texts.get(own as u32) == uid,
        }
    }

    pub(crate) fn set_version(&mut self, texts: &mut Texts, id: RowId, version: &str) {
        let old = get(&self.version, id, 0);
        if parse_version(version) == Some(old) {
            return;
        }
        let new = pack_version(texts, version);
        release_version(texts, old);
        put(&mut self.version, id, new);
    }

    pub(crate) fn uid(&self, texts: &Texts, row: RowId) -> String {
        let uid = get(&self.uid, row, 0);
        if uid & PLAIN == PLAIN {
            return texts.get(uid as u32).to_owned();
        }
        let digits = format!("{uid:032x}");
        let part = |from, to| digits.get(from..to).unwrap_or("").to_owned();
        [part(0, 8), part(8, 12), part(12, 16), part(16, 20), part(20, 32)].join("-")
    }

    pub(crate) fn version(&self, texts: &Texts, row: RowId) -> String {
        let version = get(&self.version, row, 0);
        if version & PLAIN_VERSION == PLAIN_VERSION {
            return texts.get(version as u32).to_owned();
        }
        version.to_string()
    }

    pub(crate) fn count_in(&self, texts: &Texts, wanted: &[Arc<str>]) -> usize {
        // each namespace is one text, so comparing ids is enough
        let mut ids: Vec<TextId> = wanted.iter().filter_map(|name| texts.find(name)).collect();
        ids.sort_unstable();
        ids.dedup();
        self.namespace.iter().filter(|id| **id != NONE && ids.binary_search(id).is_ok()).count()
    }

    pub(crate) fn heap_bytes(&self) -> usize {
        grow::heap(&self.namespace)
            + grow::heap(&self.name)
            + grow::heap(&self.uid)
            + grow::heap(&self.version)
            + grow::heap(&self.labels)
            + grow::heap(&self.key)
            + grow::heap(&self.changed)
            + grow::heap(&self.free)
            + self.index.allocation_size()
            + self.sets.heap_bytes()
    }

    fn push(&mut self) -> RowId {
        let id = self.bound();
        grow::push(&mut self.namespace, NONE);
        grow::push(&mut self.name, NONE);
        grow::push(&mut self.uid, 0);
        grow::push(&mut self.version, 0);
        grow::push(&mut self.labels, EMPTY);
        grow::push(&mut self.key, 0);
        grow::push(&mut self.changed, 0);
        id
    }
}

fn get<T: Copy>(column: &[T], row: RowId, none: T) -> T {
    column.get(row as usize).copied().unwrap_or(none)
}

fn put<T>(column: &mut [T], row: RowId, value: T) {
    if let Some(place) = column.get_mut(row as usize) {
        *place = value;
    }
}

fn cut<T>(column: &mut Vec<T>, rows: usize) {
    column.truncate(rows);
    grow::trim(column);
}

/// A lower-case UUID in its usual form.
fn parse_uid(uid: &str) -> Option<u128> {
    let bytes = uid.as_bytes();
    if bytes.len() != 36 {
        return None;
    }
    let mut number = 0_u128;
    for (at, &byte) in bytes.iter().enumerate() {
        let digit = match byte {
            b'-' if matches!(at, 8 | 13 | 18 | 23) => continue,
            b'0'..=b'9' if !matches!(at, 8 | 13 | 18 | 23) => byte - b'0',
            b'a'..=b'f' if !matches!(at, 8 | 13 | 18 | 23) => byte - b'a' + 10,
            _ => return None,
        };
        number = (number << 4) | u128::from(digit);
    }
    (number & PLAIN != PLAIN).then_some(number)
}

fn pack_uid(texts: &mut Texts, uid: &str) -> u128 {
    parse_uid(uid).unwrap_or_else(|| PLAIN | u128::from(texts.intern(uid)))
}

fn release_uid(texts: &mut Texts, uid: u128) {
    if uid & PLAIN == PLAIN {
        texts.release(uid as u32);
    }
}

/// A decimal number without leading zeros.
fn parse_version(version: &str) -> Option<u64> {
    let canonical = !version.is_empty()
        && version.bytes().all(|byte| byte.is_ascii_digit())
        && (version == "0" || !version.starts_with('0'));
    let number = if canonical { version.parse::<u64>().ok()? } else { return None };
    (number < PLAIN_VERSION).then_some(number)
}

fn pack_version(texts: &mut Texts, version: &str) -> u64 {
    parse_version(version).unwrap_or_else(|| PLAIN_VERSION | u64::from(texts.intern(version)))
}

fn release_version(texts: &mut Texts, version: u64) {
    if version & PLAIN_VERSION == PLAIN_VERSION {
        texts.release(version as u32);
    }
}
