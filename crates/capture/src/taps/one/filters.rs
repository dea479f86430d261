//! The capture filters of a tap: what is remembered of them, and the records that say when they changed.

use super::{NOBODY, One, now_us};
use api::tap::TapFilter;
use serde_json::json;

impl One {
    /// Takes note of another filter: of the tap, or of one pod.
    pub(in crate::taps) fn filtered(&self, pod: Option<String>, text: &str, by: &str, since_ms: i64) {
        let mut state = self.state.write();
        if pod.is_none() {
            text.clone_into(&mut state.filter);
        }
        if state.filters.len() >= MAX_FILTERS {
            state.filters.pop_front();
        }
        state.filters.push_back(TapFilter { since_ms, filter: text.to_owned(), pod, by: by.to_owned() });
    }

    /// A `tap` record with a filter.
    pub(in crate::taps) fn say_filter(&self, state: &str, reason: &str, filter: &str) {
        let mut line = json!({ "v": 1, "kind": "tap", "ts": now_us(), "state": state, "reason": reason });
        if let (false, Some(members)) = (filter.is_empty(), line.as_object_mut()) {
            members.insert("filter".to_owned(), filter.into());
        }
        self.lines(NOBODY, line.to_string().as_bytes());
    }

    /// The agent of a pod has another filter: packets from this one on came under it.
    pub(super) fn say_applied(&self, pod: usize, filter: &str, packet: u64, at_ns: u64) {
        let line = json!({
            "v": 1, "kind": "tap", "ts": at_ns / 1_000, "state": "filter_applied", "filter": filter, "packet": packet,
            "reason": format!("from packet {packet} of the pod on"),
        });
        self.lines(pod, line.to_string().as_bytes());
    }
}

/// Capture filters that are remembered of a tap.
const MAX_FILTERS: usize = 50;
