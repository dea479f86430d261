//! Writes how quotas, grants and blueprints stand, a moment after something changed: many changes at once are one status.

use crate::aliases::Aliases;
use crate::book::{BACKSTOP, Backstop, Book, Standing};
use crate::enforced::Enforced;
use crate::imaged;
use crate::key::Key;
use crate::mounts::Mounts;
use crate::render::Render;
use crate::roles::Roles;
use crate::shelf::Shelf;
use base::Clock;
use cluster::{Error, Owner};
use parking_lot::Mutex;
use std::sync::Arc;
use std::time::Duration;
use tokio::sync::Notify;

/// The book and the shelf, and that one of them changed.
pub(crate) struct Shared {
    pub(crate) book: Mutex<Book>,
    pub(crate) shelf: Mutex<Shelf>,
    pub(crate) enforced: Enforced,
    pub(crate) aliases: Mutex<Aliases>,
    pub(crate) mounts: Mounts,
    pub(crate) roles: Roles,
    /// Asks registries what images say; nothing where none are asked.
    pub(crate) images: Option<imaged::Desk>,
    pub(crate) changed: Notify,
}

/// Writes until it is dropped.
pub(crate) async fn run(owner: Arc<Owner>, shared: Arc<Shared>, render: Arc<dyn Render>, clock: Arc<dyn Clock>) {
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
        look(&shared, &render).await;
        let (mut stale, next) = shared.book.lock().standing(now());
        next_ms = next;
        stale.extend(shared.shelf.lock().standing(now()));
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

/// Looks at blueprints that something changed for. It takes as long as trying them does, so it is done beside the runtime.
async fn look(shared: &Shared, render: &Arc<dyn Render>) {
    let mut asked = shared.shelf.lock().asked();
    if asked.keys.is_empty() {
        return;
    }
    let (render, keys) = (render.clone(), std::mem::take(&mut asked.keys));
    let found = tokio::task::spawn_blocking(move || {
        let look = |key: Key| render.look(&key.namespace, &key.name).map(|looked| (key, looked));
        keys.into_iter().filter_map(look).collect::<Vec<_>>()
    });
    match found.await {
        Ok(found) => shared.shelf.lock().looked(&asked, found),
        Err(error) => tracing::error!(%error, "a look at blueprints broke off"),
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
