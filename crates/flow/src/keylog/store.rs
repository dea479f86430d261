//! The secrets of many connections, within a budget; the oldest make room.

use std::collections::VecDeque;

use hashbrown::HashMap;
use zeroize::Zeroizing;

use super::{Label, Secret, line::parse};
use crate::KeyLine;

/// Secrets by client random.
pub struct Store {
    entries: HashMap<[u8; 32], Entry>,
    /// In the order they came, for what goes first.
    order: VecDeque<[u8; 32]>,
    secrets: usize,
    most: usize,
    generation: u64,
    is_in_use: bool,
    invalid: u64,
}

/// The secrets of one connection.
#[derive(Debug, Default)]
pub struct Entry {
    secrets: Vec<(Label, Secret)>,
    used: Used,
}

/// Whether an entry served a connection, and whether the caller knows.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
enum Used {
    #[default]
    No,
    Yes,
    Told,
}

impl Entry {
    /// One of its secrets.
    #[must_use]
    pub fn get(&self, label: Label) -> Option<&Secret> {
        self.secrets.iter().find(|(have, _)| *have == label).map(|(_, secret)| secret)
    }
}

impl Store {
    /// An empty store that holds about `most` bytes.
    #[must_use]
    pub fn new(most: usize) -> Self {
        Self {
            entries: HashMap::new(),
            order: VecDeque::new(),
            secrets: 0,
            most,
            generation: 0,
            is_in_use: false,
            invalid: 0,
        }
    }

    /// Takes lines of a key log. No lines at all still say that a key log is in use and lines may come.
    pub fn add(&mut self, lines: &[KeyLine]) {
        self.is_in_use = true;
        for line in lines {
            match parse(&line.text) {
                Ok(Some(key)) => self.insert(key.random, key.label, key.secret),
                Ok(None) => {}
                Err(_) => self.invalid += 1,
            }
        }
    }

    fn insert(&mut self, random: [u8; 32], label: Label, secret: Secret) {
        self.generation += 1;
        let order = &mut self.order;
        let entry = self.entries.entry(random).or_insert_with(|| {
            order.push_back(random);
            Entry::default()
        });
        match entry.secrets.iter_mut().find(|(have, _)| *have == label) {
            Some((_, old)) => *old = secret,
            None => {
                entry.secrets.reserve_exact(1);
                entry.secrets.push((label, secret));
                self.secrets += 1;
            }
        }
        while self.heap() > self.most && self.order.len() > 1 {
            let Some(oldest) = self.order.pop_front() else { return };
            if let Some(gone) = self.entries.remove(&oldest) {
                self.secrets -= gone.secrets.len();
            }
        }
    }

    /// The secrets of a connection.
    #[must_use]
    pub fn find(&self, random: &[u8; 32]) -> Option<&Entry> {
        self.entries.get(random)
    }

    /// Notes that the secrets of a connection opened something.
    pub fn mark_used(&mut self, random: &[u8; 32]) {
        if let Some(entry) = self.entries.get_mut(random).filter(|entry| entry.used == Used::No) {
            entry.used = Used::Yes;
        }
    }

    /// Appends the lines of connections that were decrypted since the last call: what a file of their packets needs
    /// beside them.
    pub fn drain_used(&mut self, out: &mut Zeroizing<Vec<u8>>) {
        for random in &self.order {
            let Some(entry) = self.entries.get_mut(random).filter(|entry| entry.used == Used::Yes) else { continue };
            entry.used = Used::Told;
            for (label, secret) in &entry.secrets {
                out.extend_from_slice(label.name().as_bytes());
                out.push(b' ');
                write_hex(random, out);
                out.push(b' ');
                write_hex(secret.bytes(), out);
                out.push(b'\n');
            }
        }
    }

    /// Counts what was added, so that a connection without keys knows when to look again.
    #[must_use]
    pub fn generation(&self) -> u64 {
        self.generation
    }

    /// Whether there is a key log at all.
    #[must_use]
    pub fn is_in_use(&self) -> bool {
        self.is_in_use
    }

    /// Whether no secret is there.
    #[must_use]
    pub fn is_empty(&self) -> bool {
        self.entries.is_empty()
    }

    /// Lines that were none.
    #[must_use]
    pub fn invalid(&self) -> u64 {
        self.invalid
    }

    /// Bytes of heap it holds.
    #[must_use]
    pub fn heap(&self) -> usize {
        self.order.len() * PER_ENTRY + self.secrets * PER_SECRET
    }
}

impl std::fmt::Debug for Store {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(f, "Store({} connections)", self.entries.len())
    }
}

fn write_hex(bytes: &[u8], out: &mut Vec<u8>) {
    for byte in bytes {
        for digit in [byte >> 4, byte & 15] {
            out.push(if digit < 10 { b'0' + digit } else { b'a' + digit - 10 });
        }
    }
}

/// What an entry costs with its place in the order and the slack of the tables.
const PER_ENTRY: usize = 2 * (32 + size_of::<Entry>()) + 48;
/// What a secret costs in its list.
const PER_SECRET: usize = size_of::<(Label, Secret)>();
