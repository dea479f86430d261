//! The `loss` record: packets that were lost before the engine.

use crate::{Loss, json::Object};

/// Lost packets of one interval.
#[derive(Clone, Copy, Debug)]
pub struct LossRecord {
    /// Epoch microseconds of the interval's begin.
    pub from_us: u64,
    /// And of its end.
    pub to_us: u64,
    /// How many, where counted.
    pub packets: Option<u64>,
    /// How many bytes, where counted.
    pub bytes: Option<u64>,
    /// Where they were lost.
    pub cause: &'static str,
    /// The shedding level.
    pub level: u8,
}

impl LossRecord {
    /// The record of a loss.
    #[must_use]
    pub fn of(loss: &Loss) -> Self {
        Self {
            from_us: loss.from_ns / 1000,
            to_us: loss.to_ns / 1000,
            packets: loss.packets,
            bytes: loss.bytes,
            cause: loss.cause,
            level: loss.level,
        }
    }

    pub(crate) fn write(&self, object: &mut Object<'_>) {
        object.uint("from", self.from_us);
        object.uint("to", self.to_us);
        object.maybe("packets", self.packets);
        object.maybe("bytes", self.bytes);
        object.text("cause", self.cause);
        object.uint("level", u64::from(self.level));
    }
}
