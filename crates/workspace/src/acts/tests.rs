#![allow(clippy::unwrap_used, clippy::expect_used)]

use super::{TRIES, unless_written_between};
use cluster::Error;
use std::cell::Cell;

fn conflict() -> Error {
    Error::Conflict { message: "the object has been modified".to_owned() }
}

#[tokio::test]
async fn wl_08i_a_status_that_is_written_in_between_is_no_conflict_of_who_asks() {
    let calls = Cell::new(0);
    let after = async |conflicts: usize| {
        calls.set(0);
        let change = || async {
            calls.set(calls.get() + 1);
            if calls.get() <= conflicts { Err(conflict()) } else { Ok(()) }
        };
        unless_written_between(change).await
    };
    assert!(after(0).await.is_ok() && calls.get() == 1);
    assert!(after(2).await.is_ok() && calls.get() == 3);
    // One that never rests is told.
    assert!(matches!(after(usize::MAX).await, Err(Error::Conflict { .. })));
    assert_eq!(calls.get(), TRIES);
    // And what is none is told at once.
    calls.set(0);
    let refused = unless_written_between(|| async {
        calls.set(calls.get() + 1);
        Err::<(), _>(Error::NotFound { message: "it".to_owned() })
    });
    assert!(refused.await.is_err() && calls.get() == 1);
}
