//! Writes how quotas and grants stand, a moment after something changed: many changes at once are one status.

use crate::book::{BACKSTOP, Backstop, Book, Standing};
use base::Clock;
use cluster::{Error, Owner};
use parking_lot::Mutex;
use std::sync::Arc;
use std::time::Duration;
use tokio::sync::Notify;

/// The book, and that it changed.
pub(crate) struct Shared {
    pub(crate) book: Mutex<Book>,
    pub(crate) changed: Notify,
}

/// Writes until it is dropped.
pub(crate) async fn run(owner: Arc<Owner>, shared: Arc<Shared>, clock: Arc<dyn Clock>) {
    let mut next_ms = None;
    let mut held = Vec::new();
    loop {
        let now = || i64::try_from(clock.now_ms()).unwrap_or(i64::MAX);
        let ahead =
            next_ms.map(|due: i64| u64::try_from(due.saturating_sub(now())).unwrap_or_default().min(LONGEST_MS));
        tokio::select! {
            () = shared.changed.notified() => {}
            () = async { tokio::time::sleep(Duration::from_millis(ahead.unwrap_or(0))).await }, if ahead.is_some() => {}
        }
        tokio::time::sleep(TOGETHER).await;
        let (stale, next) = shared.book.lock().standing(now());
        next_ms = next;
        let wanted = shared.book.lock().backstops();
        hold(&owner, &wanted, &mut held).await;
        let mut failed = false;
        for one in stale {
            failed |= !write(&owner, &one).await;
        }
        if failed {
            tokio::time::sleep(PAUSE).await;
            shared.changed.notify_one();
        }
    }
}

/// Has the API server hold what the quotas of namespaces say. What fails is tried again with the next change, and what is refused
/// once that quota changes: the book holds it in any case.
async fn hold(owner: &Owner, wanted: &[Backstop], held: &mut Vec<Backstop>) {
    let (keep, gone): (Vec<_>, Vec<_>) = std::mem::take(held).into_iter().partition(|one| wanted.contains(one));
    *held = keep;
    let is_of = |one: &Backstop, other: &Backstop| (one.kind, &one.namespace) == (other.kind, &other.namespace);
    for one in gone.into_iter().filter(|one| !wanted.iter().any(|new| is_of(one, new))) {
        if let Err(error) = owner.backstop(one.kind, &one.namespace, BACKSTOP, None).await {
            tracing::warn!(%error, kind = one.kind.kind(), of = one.namespace, "what holds a quota stays");
            if error.is_passing() {
                held.push(one);
            }
        }
    }
    for one in wanted {
        if held.contains(one) {
            continue;
        }
        match owner.backstop(one.kind, &one.namespace, BACKSTOP, Some(&one.object)).await {
            Ok(()) => held.push(one.clone()),
            // There is no such namespace yet.
            Err(Error::NotFound { .. }) => {}
            Err(error) => {
                tracing::warn!(%error, kind = one.kind.kind(), of = one.namespace, "a quota is held by the operator alone");
                if !error.is_passing() {
                    held.push(one.clone());
                }
            }
        }
    }
}

async fn write(owner: &Owner, one: &Standing) -> bool {
    match owner.apply_status(one.kind, &one.key.namespace, &one.key.name, &one.object).await {
        // It is gone, and so is its status.
        Ok(_) | Err(Error::NotFound { .. }) => true,
        Err(error) => {
            tracing::warn!(%error, kind = one.kind.kind(), of = %one.key, "a status cannot be written");
            false
        }
    }
}

/// Changes of so long are one.
const TOGETHER: Duration = Duration::from_millis(300);
/// After a failure.
const PAUSE: Duration = Duration::from_secs(5);
/// The longest sleep: clocks are set.
const LONGEST_MS: u64 = 600_000;
