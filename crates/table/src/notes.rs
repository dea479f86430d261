//! What is to be known of a table's rows beside their cells: objects that could be read only in part, times in which
//! changes may have been missed, namespaces that may not be listed. Almost always empty.

use crate::scope::Scope;
use crate::table::RowId;
use api::ErrorBody;
use api::socket::Gap;
use rustc_hash::FxHashMap;
use std::collections::BTreeMap;

/// Notes of one table. `None` as a namespace stands for the feed of the whole cluster.
#[derive(Debug, Default)]
pub struct Notes {
    marks: FxHashMap<RowId, Box<str>>,
    gaps: BTreeMap<Option<Box<str>>, Gap>,
    unreadable: BTreeMap<Option<Box<str>>, u32>,
    denied: BTreeMap<Box<str>, ErrorBody>,
    way: String,
}

impl Notes {
    /// Changes in this time may have been missed. One gap is kept for each feed: the last.
    pub fn gap(&mut self, namespace: Option<&str>, gap: Gap) {
        self.gaps.insert(namespace.map(Box::from), gap);
    }

    /// So many objects of the feed cannot be read at all.
    pub fn unreadable(&mut self, namespace: Option<&str>, objects: u32) {
        if objects == 0 {
            self.unreadable.remove(&namespace.map(Box::from));
        } else {
            self.unreadable.insert(namespace.map(Box::from), objects);
        }
    }

    /// The namespace may not be listed; `None`: it may.
    pub fn denied(&mut self, namespace: &str, error: Option<ErrorBody>) {
        match error {
            Some(error) => self.denied.insert(namespace.into(), error),
            None => self.denied.remove(namespace),
        };
    }

    /// How the server is asked; empty for the best way.
    pub fn way(&mut self, way: &str) {
        if self.way != way {
            way.clone_into(&mut self.way);
        }
    }

    /// Why the row is not whole.
    pub(crate) fn mark(&self, row: RowId) -> Option<&str> {
        self.marks.get(&row).map(|why| &**why)
    }

    pub(crate) fn is_marked(&self) -> bool {
        !self.marks.is_empty()
    }

    /// Sets or takes away the mark of a row; tells whether it is another one.
    pub(crate) fn set_mark(&mut self, row: RowId, why: Option<&str>) -> bool {
        match (self.marks.get(&row), why) {
            (None, None) => false,
            (Some(own), Some(why)) if **own == *why => false,
            (_, Some(why)) => {
                self.marks.insert(row, why.into());
                true
            }
            (Some(_), None) => {
                self.marks.remove(&row);
                if self.marks.is_empty() {
                    self.marks.shrink_to_fit();
                }
                true
            }
        }
    }

    /// What of it concerns a scope. `within` tells whether a row does.
    pub(crate) fn of(&self, scope: &Scope, within: impl Fn(RowId) -> bool) -> api::socket::Notes {
        let wanted = |namespace: &str| scope.namespaces.as_ref().is_none_or(|set| set.contains(namespace));
        let concerns = |namespace: &Option<Box<str>>| namespace.as_deref().is_none_or(wanted);
        let partial = self.marks.keys().filter(|row| within(**row)).count();
        api::socket::Notes {
            // Several at once are told as one that spans them.
            gap: self
                .gaps
                .iter()
                .filter(|(namespace, _)| concerns(namespace))
                .map(|(_, gap)| *gap)
                .reduce(|a, b| Gap { from_ms: a.from_ms.min(b.from_ms), until_ms: a.until_ms.max(b.until_ms) }),
            partial: u32::try_from(partial).unwrap_or(u32::MAX),
            unreadable: self
                .unreadable
                .iter()
                .filter(|(namespace, _)| concerns(namespace))
                .fold(0_u32, |sum, (_, count)| sum.saturating_add(*count)),
            denied: self
                .denied
                .iter()
                .filter(|(namespace, _)| wanted(namespace))
                .take(MOST_DENIED)
                .map(|(_, error)| error.clone())
                .collect(),
            way: self.way.clone(),
        }
    }

    pub(crate) fn heap_bytes(&self) -> usize {
        self.marks.capacity() * size_of::<(RowId, Box<str>)>() + self.marks.values().map(|why| why.len()).sum::<usize>()
    }
}

/// Most denied namespaces that are named; whoever may list so few of many knows it.
const MOST_DENIED: usize = 20;

#[cfg(test)]
mod tests;
