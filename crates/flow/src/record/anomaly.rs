//! The `anomaly` record: something odd, at its first occurrence.

use crate::json::Object;

/// What was odd.
#[derive(Clone, Copy, Debug)]
pub struct AnomalyRecord<'a> {
    /// A stable word.
    pub code: &'a str,
    /// More of it, in words.
    pub detail: &'a str,
    /// How often so far.
    pub count: u64,
}

impl AnomalyRecord<'_> {
    pub(crate) fn write(&self, object: &mut Object<'_>) {
        object.text("code", self.code);
        if !self.detail.is_empty() {
            object.text("detail", self.detail);
        }
        object.uint("count", self.count);
    }
}
