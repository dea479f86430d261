#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic, clippy::indexing_slicing)]

use super::{connecting, failed, set};
use api::socket::SourceState;
use cluster::Error;

fn away() -> Error {
    Error::Unreachable { server: "s".to_owned(), message: "m".to_owned(), source: None }
}

#[test]
fn rows_that_stand_become_stale_since_the_server_was_heard_last() {
    let first = failed(&SourceState::Live, &away(), 3, 500);
    assert!(matches!(first, SourceState::Stale { since_ms: 500, .. }));
    let second = failed(&first, &away(), 3, 900);
    assert!(matches!(second, SourceState::Stale { since_ms: 500, .. }), "{second:?}");
    assert!(matches!(failed(&SourceState::Connecting, &away(), 0, 1), SourceState::Unreachable { .. }));
    assert!(matches!(failed(&SourceState::Loading { loaded: 0 }, &away(), 0, 1), SourceState::Unreachable { .. }));
    assert!(matches!(failed(&SourceState::Live, &away(), 0, 7), SourceState::Stale { since_ms: 7, .. }), "known empty");
    let denied =
        Error::Denied { verb: "list".into(), kind: "pods".into(), namespace: String::new(), message: String::new() };
    assert!(matches!(failed(&first, &denied, 3, 1), SourceState::Denied { .. }));
}

#[test]
fn the_same_failure_again_is_no_news() {
    let state = connecting();
    assert!(set(&state, failed(&SourceState::Connecting, &away(), 0, 1)));
    assert!(!set(&state, failed(&SourceState::Connecting, &away(), 0, 2)), "each try has a request id of its own");
    assert!(set(&state, SourceState::Live));
}
