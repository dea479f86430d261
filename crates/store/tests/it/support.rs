//! Makes stores and entries.

use base::SystemClock;
use evidence::{Anchor, Body, DecisionId, Draft, Ended, Outcome, Stamp, Tag};
use std::path::Path;
use std::sync::Arc;
use std::time::Duration;
use store::{Journal, JournalConfig, Store};

pub(crate) async fn open(path: &Path) -> (Store, Journal) {
    open_with(path, JournalConfig::default()).await
}

pub(crate) async fn open_with(path: &Path, config: JournalConfig) -> (Store, Journal) {
    let store = Store::open(path).await.unwrap();
    let journal = store.journal("1.2.3", Arc::new(SystemClock), config).await.unwrap();
    (store, journal)
}

/// An entry about one object by one principal.
pub(crate) fn draft(at_ms: u64, principal: &str, object: &str) -> Draft {
    let decision = DecisionId::new();
    Draft {
        stamp: Stamp::from_ms(at_ms),
        anchors: vec![
            Anchor::new(Tag::Decision, decision.to_string()),
            Anchor::new(Tag::Principal, principal),
            Anchor::new(Tag::Object, object),
        ],
        summary: format!("{principal} on {object}"),
        body: Body::Ended(Ended { decision, action: "object:delete".to_owned(), outcome: Outcome::Closed, bytes: 1 }),
    }
}

/// Waits for a condition, at most ten seconds.
pub(crate) async fn until(what: &str, mut holds: impl AsyncFnMut() -> bool) {
    for _ in 0..500 {
        if holds().await {
            return;
        }
        tokio::time::sleep(Duration::from_millis(20)).await;
    }
    panic!("waited ten seconds for: {what}");
}
