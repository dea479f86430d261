//! Records that wait: for keys that may come a moment later, or for the answer to early data.

use std::collections::VecDeque;

use super::crypto::Sealed;
use crate::Side;

/// When and where a record came.
#[derive(Clone, Copy, Debug)]
pub(super) struct Meta {
    pub(super) ts_us: i64,
    pub(super) first_us: i64,
    pub(super) acked: u64,
    /// Stream offset behind it.
    pub(super) end: u64,
}

/// A copy of a record.
#[derive(Debug)]
pub(super) struct HeldRecord {
    pub(super) side: Side,
    pub(super) meta: Meta,
    kind: u8,
    version: u16,
    body: Vec<u8>,
}

impl HeldRecord {
    pub(super) fn sealed(&self) -> Sealed<'_> {
        Sealed { kind: self.kind, version: self.version, body: &self.body }
    }
}

/// Records in the order they came.
#[derive(Debug, Default)]
pub(super) struct Held {
    records: VecDeque<HeldRecord>,
    bytes: usize,
}

impl Held {
    pub(super) fn push(&mut self, side: Side, record: &Sealed<'_>, meta: &Meta) {
        self.bytes += record.body.len() + size_of::<HeldRecord>();
        let body = record.body.to_vec();
        self.records.push_back(HeldRecord { side, meta: *meta, kind: record.kind, version: record.version, body });
    }

    pub(super) fn pop(&mut self) -> Option<HeldRecord> {
        let record = self.records.pop_front()?;
        self.bytes -= record.body.len() + size_of::<HeldRecord>();
        Some(record)
    }

    pub(super) fn unpop(&mut self, record: HeldRecord) {
        self.bytes += record.body.len() + size_of::<HeldRecord>();
        self.records.push_front(record);
    }

    pub(super) fn is_empty(&self) -> bool {
        self.records.is_empty()
    }

    pub(super) fn is_full(&self) -> bool {
        self.bytes > MOST
    }

    pub(super) fn heap(&self) -> usize {
        self.bytes
    }
}

/// Bytes of one connection that wait at most.
const MOST: usize = 96 << 10;
/// How long they wait at most.
pub(super) const WAIT_US: i64 = 2_000_000;
/// How often keys are looked for meanwhile.
pub(super) const LOOK_US: i64 = 200_000;
