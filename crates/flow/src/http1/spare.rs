//! Drafts of messages that are over, for the next ones of any connection: a connection allocates none of its own.

use super::{draft::Draft, known::Known};

/// The drafts of one engine.
#[derive(Default)]
pub(crate) struct Spare {
    #[expect(clippy::vec_box, reason = "drafts move in and out as they are, without a copy")]
    list: Vec<Box<Draft>>,
    bytes: usize,
    /// Heads that may come again.
    pub(super) known: Known,
}

impl Spare {
    /// One to fill. What it held is cleared when a message begins in it.
    pub(super) fn take(&mut self) -> Box<Draft> {
        let Some(draft) = self.list.pop() else { return Box::default() };
        self.bytes -= draft.heap();
        draft
    }

    /// One that is done with.
    pub(super) fn put(&mut self, draft: Box<Draft>) {
        let heap = draft.heap();
        if self.list.len() < MOST && heap < LARGE {
            self.bytes += heap;
            self.list.push(draft);
        }
    }

    /// Bytes of heap.
    pub(crate) fn heap(&self) -> usize {
        self.bytes + self.list.capacity() * size_of::<usize>() + self.known.heap()
    }
}

/// Drafts that are kept.
const MOST: usize = 32;
/// A draft larger than this is not kept.
const LARGE: usize = 16 << 10;
