//! Connection ids: packets with a short header do not say how long theirs is (RFC 9000 section 17.3).

use std::collections::VecDeque;

/// The ids by which one side is called.
#[derive(Debug, Default)]
pub(super) struct Ids {
    known: VecDeque<Vec<u8>>,
    /// Of the one in the handshake.
    len: Option<usize>,
}

impl Ids {
    /// The side called itself so, in a long header.
    pub(super) fn own(&mut self, id: &[u8]) {
        self.len = Some(id.len());
        self.add(id);
    }

    /// It may be called so.
    pub(super) fn add(&mut self, id: &[u8]) {
        if self.known.iter().any(|known| known == id) {
            return;
        }
        if self.known.len() >= MOST {
            self.known.pop_front();
        }
        self.known.push_back(id.to_vec());
    }

    /// Bytes of the id at the begin of what follows the first byte of a packet.
    pub(super) fn len_of(&self, rest: &[u8]) -> Option<usize> {
        let known = self.known.iter().filter(|id| rest.starts_with(id)).map(Vec::len).max();
        known.or(self.len)
    }

    pub(super) fn heap(&self) -> usize {
        self.known.capacity() * size_of::<Vec<u8>>() + self.known.iter().map(Vec::capacity).sum::<usize>()
    }
}

/// Ids of one side that are remembered; peers keep a few.
const MOST: usize = 32;
