//! Ids of flows and records: 128 bits, made of the seed and of what was seen, so that the same packets give the same ids.

use std::fmt;

/// The id of a flow.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub struct FlowId(pub u128);

/// The id of a record.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub struct RecordId(pub u128);

impl FlowId {
    /// The id of this flow's `n`th record.
    #[must_use]
    pub fn record(self, n: u64) -> RecordId {
        RecordId(self.0.wrapping_add(1).wrapping_add(u128::from(n)))
    }
}

impl fmt::Display for FlowId {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{:032x}", self.0)
    }
}

impl fmt::Display for RecordId {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{:032x}", self.0)
    }
}
