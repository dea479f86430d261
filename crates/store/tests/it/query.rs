//! What was appended is found again.

use crate::support::{draft, open};
use evidence::{Body, Tag};
use policy::Journal as _;
use store::{EntryFilter, Store};

async fn summaries(store: &Store, filter: EntryFilter) -> Vec<String> {
    let page = store.query(&filter, None, 100).await.unwrap();
    page.entries.into_iter().map(|entry| entry.envelope.summary).collect()
}

#[tokio::test]
async fn entries_are_found_by_time_principal_object_and_decision() {
    let folder = tempfile::tempdir().unwrap();
    let (store, journal) = open(&folder.path().join("state/journal.db")).await;
    let drafts = [
        draft(1_000, "desk:ada", "dev/pods/shop/a"),
        draft(2_000, "desk:bob", "dev/pods/shop/a"),
        draft(3_000, "desk:ada", "dev/pods/shop/b"),
    ];
    let decision = drafts[1].anchors[0].value.clone();
    for draft in drafts {
        journal.append(draft).unwrap().settled().await.unwrap();
    }
    let of = |anchors: &[(Tag, &str)]| EntryFilter {
        anchors: anchors.iter().map(|(tag, value)| (*tag, (*value).to_owned())).collect(),
        ..EntryFilter::default()
    };
    let ada = of(&[(Tag::Principal, "desk:ada")]);
    assert_eq!(summaries(&store, ada).await, ["desk:ada on dev/pods/shop/b", "desk:ada on dev/pods/shop/a"]);
    let both = of(&[(Tag::Principal, "desk:ada"), (Tag::Object, "dev/pods/shop/a")]);
    assert_eq!(summaries(&store, both).await, ["desk:ada on dev/pods/shop/a"]);
    assert_eq!(summaries(&store, of(&[(Tag::Decision, &decision)])).await, ["desk:bob on dev/pods/shop/a"]);
    assert!(summaries(&store, of(&[(Tag::Session, "desk:ada")])).await.is_empty());
    let middle = EntryFilter { from_ms: Some(2_000), to_ms: Some(3_000), ..EntryFilter::default() };
    assert_eq!(summaries(&store, middle).await, ["desk:bob on dev/pods/shop/a"]);
    let injected = of(&[(Tag::Principal, "x' OR '1'='1")]);
    assert!(summaries(&store, injected).await.is_empty());
    journal.close().await;
}

#[tokio::test]
async fn pages_go_from_newest_to_oldest_without_gap_or_repeat() {
    let folder = tempfile::tempdir().unwrap();
    let (store, journal) = open(&folder.path().join("journal.db")).await;
    let mut last = None;
    for n in 0..25 {
        last = Some(journal.append(draft(n, "desk:ada", &format!("dev/pods/shop/{n}"))).unwrap());
    }
    last.unwrap().settled().await.unwrap();
    let filter = EntryFilter { anchors: vec![(Tag::Principal, "desk:ada".to_owned())], ..EntryFilter::default() };
    let (mut before, mut seen) = (None, Vec::new());
    loop {
        let page = store.query(&filter, before, 10).await.unwrap();
        assert!(page.entries.len() <= 10);
        seen.extend(page.entries.iter().map(|entry| entry.envelope.stamp.ms()));
        // New entries do not move the pages that follow.
        journal.append(draft(999, "desk:ada", "dev/pods/shop/new")).unwrap().settled().await.unwrap();
        before = page.next;
        if before.is_none() {
            break;
        }
    }
    assert_eq!(seen, (0..25).rev().collect::<Vec<_>>());
    journal.close().await;
}

#[tokio::test]
async fn a_writer_opens_with_an_entry_and_bodies_read_back() {
    let folder = tempfile::tempdir().unwrap();
    let (store, journal) = open(&folder.path().join("journal.db")).await;
    let wanted = draft(5, "desk:ada", "dev/pods/shop/a");
    journal.append(wanted.clone()).unwrap().settled().await.unwrap();
    let page = store.query(&EntryFilter::default(), None, 10).await.unwrap();
    assert_eq!(page.entries[0].parsed().unwrap(), wanted.body);
    assert_eq!(page.entries[0].envelope.anchors, wanted.anchors);
    let opened = Body::Opened { version: "1.2.3".to_owned(), pid: std::process::id() };
    assert_eq!(page.entries[1].parsed().unwrap(), opened);
    journal.close().await;
}

#[cfg(unix)]
#[tokio::test]
async fn nobody_else_may_read_the_files() {
    use std::os::unix::fs::PermissionsExt;
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("state/journal.db");
    let (_store, journal) = open(&path).await;
    journal.append(draft(1, "desk:ada", "o")).unwrap().settled().await.unwrap();
    journal.close().await;
    let mut seen = Vec::new();
    for file in std::fs::read_dir(path.parent().unwrap()).unwrap() {
        let file = file.unwrap();
        assert_eq!(file.metadata().unwrap().permissions().mode() & 0o077, 0, "{:?}", file.path());
        seen.push(file.file_name().into_string().unwrap());
    }
    for wanted in ["journal.db", "journal.db.key", "journal.db.pub", "journal.db.heads"] {
        assert!(seen.iter().any(|name| name == wanted), "{wanted} in {seen:?}");
    }
}
