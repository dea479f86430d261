//! How fresh a table is, worked out from its feeds.

use api::ErrorBody;
use api::socket::SourceState;
use base::RequestId;
use parking_lot::RwLock;
use std::sync::Arc;

/// A state that views read and feeds write.
pub(crate) type SharedState = Arc<RwLock<SourceState>>;

/// A state before anything was asked.
pub(crate) fn connecting() -> SharedState {
    Arc::new(RwLock::new(SourceState::Connecting))
}

/// The state after a failure: rows that are there are stale, else the source is denied or unreachable.
pub(crate) fn failed(before: &SourceState, error: &cluster::Error, rows: usize, now_ms: i64) -> SourceState {
    let body = ErrorBody::of(error, RequestId::new());
    match (error, before) {
        (cluster::Error::Denied { .. }, _) => SourceState::Denied { error: body },
        (_, SourceState::Stale { since_ms, .. }) => SourceState::Stale { since_ms: *since_ms, error: body },
        // A list that was known to be empty is known as much as one with rows.
        (_, SourceState::Live) => SourceState::Stale { since_ms: now_ms, error: body },
        (_, SourceState::Loading { .. }) if rows > 0 => SourceState::Stale { since_ms: now_ms, error: body },
        _ => SourceState::Unreachable { error: body },
    }
}

/// Writes a state; tells whether it is another one than before.
pub(crate) fn set(state: &SharedState, next: SourceState) -> bool {
    let mut now = state.write();
    let moved = !same(&now, &next);
    *now = next;
    moved
}

/// Errors with the same code and words are the same state: each attempt has a request id of its own.
fn same(a: &SourceState, b: &SourceState) -> bool {
    use SourceState::{Connecting, Denied, Live, Loading, Stale, Unreachable};
    let alike = |a: &ErrorBody, b: &ErrorBody| a.code == b.code && a.message == b.message;
    match (a, b) {
        (Connecting, Connecting) | (Live, Live) => true,
        (Loading { loaded: a }, Loading { loaded: b }) => a == b,
        (Stale { since_ms: a, error: e }, Stale { since_ms: b, error: f }) => a == b && alike(e, f),
        (Unreachable { error: a }, Unreachable { error: b }) | (Denied { error: a }, Denied { error: b }) => {
            alike(a, b)
        }
        _ => false,
    }
}

#[cfg(test)]
mod tests;
