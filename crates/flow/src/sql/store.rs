//! Prepared statements of one connection, by their name or number.

use std::sync::Arc;

use super::Statement;

/// The newest statements that fit a budget.
#[derive(Debug, Default)]
pub(crate) struct Store {
    list: Vec<(Vec<u8>, Arc<Statement>)>,
    heap: usize,
}

impl Store {
    pub(crate) fn get(&self, name: &[u8]) -> Option<&Arc<Statement>> {
        self.list.iter().rev().find(|(own, _)| own == name).map(|(_, statement)| statement)
    }

    /// Another one of this name takes its place; the oldest make room.
    pub(crate) fn put(&mut self, name: &[u8], statement: Arc<Statement>) {
        if name.len() > LONGEST_NAME {
            return;
        }
        self.remove(name);
        self.heap += name.len() + statement.heap();
        self.list.push((name.to_vec(), statement));
        while self.list.len() > 1 && (self.list.len() > MOST || self.heap > MOST_BYTES) {
            let (name, statement) = self.list.remove(0);
            self.heap -= name.len() + statement.heap();
        }
    }

    pub(crate) fn remove(&mut self, name: &[u8]) {
        if let Some(at) = self.list.iter().position(|(own, _)| own == name) {
            let (name, statement) = self.list.remove(at);
            self.heap -= name.len() + statement.heap();
        }
    }

    pub(crate) fn clear(&mut self) {
        *self = Store::default();
    }

    pub(crate) fn heap(&self) -> usize {
        self.heap + self.list.capacity() * size_of::<(Vec<u8>, Arc<Statement>)>()
    }
}

const MOST: usize = 512;
const MOST_BYTES: usize = 256 << 10;
const LONGEST_NAME: usize = 256;
