//! Parts of datagrams that wait: their keys may come a moment later.

use std::collections::VecDeque;

use crate::Side;

/// What of a datagram was not opened.
#[derive(Debug)]
pub(super) struct Part {
    pub(super) side: Side,
    pub(super) ts_us: i64,
    /// Where in the datagram it begins.
    pub(super) at: usize,
    pub(super) bytes: Vec<u8>,
}

/// Parts in the order they came.
#[derive(Debug, Default)]
pub(super) struct Held {
    parts: VecDeque<Part>,
    bytes: usize,
    /// When the first of them came.
    pub(super) since_us: Option<i64>,
}

impl Held {
    pub(super) fn push(&mut self, side: Side, ts_us: i64, at: usize, bytes: &[u8]) {
        self.bytes += bytes.len() + size_of::<Part>();
        self.since_us.get_or_insert(ts_us);
        self.parts.push_back(Part { side, ts_us, at, bytes: bytes.to_vec() });
    }

    pub(super) fn pop(&mut self) -> Option<Part> {
        let part = self.parts.pop_front()?;
        self.bytes -= part.bytes.len() + size_of::<Part>();
        Some(part)
    }

    pub(super) fn unpop(&mut self, part: Part) {
        self.bytes += part.bytes.len() + size_of::<Part>();
        self.parts.push_front(part);
    }

    pub(super) fn is_empty(&self) -> bool {
        self.parts.is_empty()
    }

    pub(super) fn is_full(&self) -> bool {
        self.bytes > MOST
    }

    pub(super) fn heap(&self) -> usize {
        self.bytes
    }
}

/// Bytes of one connection that wait at most.
const MOST: usize = 128 << 10;
/// How long they wait at most.
pub(super) const WAIT_US: i64 = 2_000_000;
/// How often keys are looked for meanwhile.
pub(super) const LOOK_US: i64 = 200_000;
