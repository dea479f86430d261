//! When something moved last: told and asked on both ways of a connection.

use std::sync::atomic::{AtomicU64, Ordering};
use std::time::Duration;
use tokio::time::Instant;

/// The time of the last beat, exact to a millisecond.
pub(crate) struct Pulse {
    began: Instant,
    after_ms: AtomicU64,
}

impl Pulse {
    pub(crate) fn new() -> Self {
        Self { began: Instant::now(), after_ms: AtomicU64::new(0) }
    }

    pub(crate) fn beat(&self) {
        let after = u64::try_from(self.began.elapsed().as_millis()).unwrap_or(u64::MAX);
        self.after_ms.store(after, Ordering::Relaxed);
    }

    pub(crate) fn last(&self) -> Instant {
        self.began + Duration::from_millis(self.after_ms.load(Ordering::Relaxed))
    }
}
