//! The `gap` record: stream bytes known to be missing.

use crate::{GapCause, Side, json::Object};

/// A gap.
#[derive(Clone, Copy, Debug)]
pub struct GapRecord {
    /// Who sent what is missing.
    pub side: Side,
    /// Stream offset of the first missing byte.
    pub offset: u64,
    /// How many.
    pub len: u64,
    /// Why.
    pub cause: GapCause,
    /// Where parsing went on, where that is known already.
    pub resync_at: Option<u64>,
}

impl GapRecord {
    pub(crate) fn write(&self, object: &mut Object<'_>) {
        object.text("side", self.side.name());
        object.uint("offset", self.offset);
        object.uint("len", self.len);
        object.text("cause", self.cause.name());
        object.maybe("resync_at", self.resync_at);
    }
}
