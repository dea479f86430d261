//! The capture filters of a tap: one of all its pods, and those of single pods, which go before it.

use proto::capture::SetFilter;
use std::collections::BTreeMap;

/// What agents are to keep to. Each filter has a number of its own, in the order in which they came into force.
#[derive(Clone, Default)]
pub(super) struct Filters {
    all: SetFilter,
    own: BTreeMap<usize, SetFilter>,
    last: u32,
}

impl Filters {
    /// One of all pods.
    pub(super) fn new(all: SetFilter) -> Self {
        let mut this = Self::default();
        this.set(None, all);
        this
    }

    /// The one that a pod keeps to.
    pub(super) fn of(&self, pod: usize) -> &SetFilter {
        self.own.get(&pod).unwrap_or(&self.all)
    }

    /// Another one: of a pod, or of all, those with one of their own too. An empty one of a pod gives it that of all again.
    pub(super) fn set(&mut self, pod: Option<usize>, next: SetFilter) {
        self.last = self.last.wrapping_add(1).max(1);
        let next = SetFilter { id: self.last, ..next };
        match pod {
            None => {
                self.own.clear();
                self.all = next;
            }
            Some(pod) if next.text.trim().is_empty() => drop(self.own.remove(&pod)),
            Some(pod) => drop(self.own.insert(pod, next)),
        }
    }

    /// The texts of all of them, with whose they are.
    pub(super) fn texts(&self) -> impl Iterator<Item = (Option<usize>, &str)> {
        let own = self.own.iter().map(|(pod, filter)| (Some(*pod), filter.text.as_str()));
        std::iter::once((None, self.all.text.as_str())).chain(own)
    }

    /// The same text means other addresses; false where another filter has come meanwhile, or nothing is different.
    pub(super) fn renew(&mut self, pod: Option<usize>, next: SetFilter) -> bool {
        let now = match pod {
            None => Some(&mut self.all),
            Some(pod) => self.own.get_mut(&pod),
        };
        let Some(now) = now.filter(|now| now.text == next.text && now.programs != next.programs) else { return false };
        self.last = self.last.wrapping_add(1).max(1);
        *now = SetFilter { id: self.last, ..next };
        true
    }
}

#[cfg(test)]
mod tests;
