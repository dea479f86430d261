//! The `stats` record: what the engine counted so far.

use crate::{json::Object, malformed::MalformedCounts};

/// Counters.
#[derive(Clone, Copy, Debug, Default)]
pub struct StatsRecord {
    /// Packets taken.
    pub packets: u64,
    /// Their bytes on the wire.
    pub bytes: u64,
    /// Flows opened.
    pub flows: u64,
    /// Records made.
    pub records: u64,
    /// Bytes of memory held.
    pub memory: u64,
    /// Packets that could not be read, by reason.
    pub malformed: MalformedCounts,
    /// Lines given as keys that are none.
    pub keys_invalid: u64,
}

impl StatsRecord {
    pub(crate) fn write(&self, object: &mut Object<'_>) {
        object.uint("packets", self.packets);
        object.uint("bytes", self.bytes);
        let mut inner = object.object("malformed");
        self.malformed.iter().for_each(|(name, count)| inner.uint(name, count));
        drop(inner);
        object.uint("flows", self.flows);
        object.uint("records", self.records);
        object.uint("memory", self.memory);
        object.uint("keys_invalid", self.keys_invalid);
    }
}
