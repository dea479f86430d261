//! Who is looked at next: each workspace once at a time, those that failed after a while. Sans-IO: the caller tells the
//! time.

use std::collections::{BTreeSet, HashMap};
use std::hash::Hash;
use std::time::Duration;

/// A queue of keys with a time at which each is due.
#[derive(Debug)]
pub struct Queue<K> {
    due: BTreeSet<(u64, K)>,
    known: HashMap<K, Entry>,
}

#[derive(Debug, Default)]
struct Entry {
    /// When it is due, if it waits.
    due: Option<u64>,
    /// It is being looked at.
    running: bool,
    /// It changed meanwhile.
    again: bool,
    /// How often it failed in a row.
    failures: u32,
}

impl<K: Clone + Eq + Hash + Ord> Default for Queue<K> {
    fn default() -> Self {
        Self { due: BTreeSet::new(), known: HashMap::new() }
    }
}

impl<K: Clone + Eq + Hash + Ord> Queue<K> {
    /// It changed: it is due now. While it is being looked at it is due right after.
    pub fn mark(&mut self, key: &K, now_ms: u64) {
        let entry = self.known.entry(key.clone()).or_default();
        if entry.running {
            entry.again = true;
        } else if entry.failures == 0 || entry.due.is_none() {
            self.at(key, now_ms);
        }
        // One that failed waits out its time: a change of what it is made of does not hurry it.
    }

    /// It is asked for anew, so that earlier failures do not count.
    pub fn hurry(&mut self, key: &K, now_ms: u64) {
        self.known.entry(key.clone()).or_default().failures = 0;
        self.mark(key, now_ms);
    }

    /// The next that is due. It counts as being looked at until [`Queue::done`] or [`Queue::failed`].
    pub fn take(&mut self, now_ms: u64) -> Option<K> {
        let (due, key) = self.due.first().cloned()?;
        if due > now_ms {
            return None;
        }
        self.due.pop_first();
        let entry = self.known.entry(key.clone()).or_default();
        (entry.due, entry.running, entry.again) = (None, true, false);
        Some(key)
    }

    /// When the next one is due.
    #[must_use]
    pub fn next_due(&self) -> Option<u64> {
        self.due.first().map(|(due, _)| *due)
    }

    /// It was looked at, and is to be again at that time, if one is given.
    pub fn done(&mut self, key: &K, again_ms: Option<u64>, now_ms: u64) {
        let Some(entry) = self.known.get_mut(key) else { return };
        (entry.running, entry.failures) = (false, 0);
        let again = std::mem::take(&mut entry.again);
        match (again, again_ms) {
            (true, _) => self.at(key, now_ms),
            (false, Some(due)) => self.at(key, due),
            (false, None) => {
                self.known.remove(key);
            }
        }
    }

    /// It failed: it is due again after a while, longer each time. The wait.
    pub fn failed(&mut self, key: &K, now_ms: u64) -> Duration {
        let entry = self.known.entry(key.clone()).or_default();
        (entry.running, entry.again) = (false, false);
        let wait = FIRST_MS.saturating_mul(1 << entry.failures.min(16)).min(LONGEST_MS);
        entry.failures = entry.failures.saturating_add(1);
        self.at(key, now_ms.saturating_add(wait));
        Duration::from_millis(wait)
    }

    fn at(&mut self, key: &K, due: u64) {
        let entry = self.known.entry(key.clone()).or_default();
        if let Some(old) = entry.due {
            if old <= due {
                return;
            }
            self.due.remove(&(old, key.clone()));
        }
        entry.due = Some(due);
        self.due.insert((due, key.clone()));
    }
}

/// The first wait after a failure.
const FIRST_MS: u64 = 200;
/// The longest.
const LONGEST_MS: u64 = 30_000;

#[cfg(test)]
mod tests;
