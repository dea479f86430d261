//! Edits by hand are found, at their place.

use crate::support::{draft, open};
use base::{Code, Coded};
use evidence::{Break, Broken};
use policy::Journal as _;
use sqlx::{Connection, SqliteConnection};
use std::path::{Path, PathBuf};
use store::{Store, VerifyError};

/// A closed journal of ten entries and the first one that opens it.
async fn written(folder: &Path) -> PathBuf {
    let path = folder.join("journal.db");
    let (store, journal) = open(&path).await;
    for n in 0..10 {
        journal.append(draft(n, "desk:ada", &format!("dev/pods/shop/{n}"))).unwrap();
    }
    journal.close().await;
    store.close().await;
    path
}

async fn edit(path: &Path, sql: &'static str) -> u64 {
    let mut connection = SqliteConnection::connect(&format!("sqlite://{}", path.display())).await.unwrap();
    let done = sqlx::raw_sql(sql).execute(&mut connection).await.unwrap().rows_affected();
    connection.close().await.unwrap();
    done
}

async fn broken(path: &Path) -> Broken {
    match Store::open(path).await.unwrap().verify().await {
        Err(VerifyError::Broken(broken)) => broken,
        other => panic!("not broken: {other:?}"),
    }
}

#[tokio::test]
async fn an_untouched_journal_verifies() {
    let folder = tempfile::tempdir().unwrap();
    let path = written(folder.path()).await;
    let report = Store::open(&path).await.unwrap().verify().await.unwrap();
    assert_eq!((report.writers, report.entries, report.unsealed), (1, 11, 0));
    assert!(report.statements >= 1);
}

#[tokio::test]
async fn every_edited_column_breaks_at_the_entry() {
    let edits = [
        ("UPDATE entry SET summary = 'nothing' WHERE seq = 5", Break::Link),
        ("UPDATE entry SET stamp_ns = stamp_ns + 1 WHERE seq = 5", Break::Link),
        ("UPDATE entry SET kind = 'opened' WHERE seq = 5", Break::Link),
        ("UPDATE entry SET anchors = replace(anchors, 'ada', 'eve') WHERE seq = 5", Break::Link),
        ("UPDATE entry SET body = replace(body, 'closed', 'done') WHERE seq = 5", Break::Body),
        ("UPDATE entry SET body_digest = zeroblob(32), body = NULL WHERE seq = 5", Break::Link),
        ("UPDATE entry SET hash = zeroblob(32) WHERE seq = 5", Break::Link),
        ("DELETE FROM entry WHERE seq = 5", Break::Missing),
    ];
    for (sql, why) in edits {
        let folder = tempfile::tempdir().unwrap();
        let path = written(folder.path()).await;
        assert_eq!(edit(&path, sql).await, 1, "{sql}");
        let found = broken(&path).await;
        assert_eq!((found.seq, found.why), (5, why), "{sql}");
    }
}

#[tokio::test]
async fn a_cut_tail_shows_even_when_the_statements_are_cut_with_it() {
    let folder = tempfile::tempdir().unwrap();
    let path = written(folder.path()).await;
    edit(&path, "DELETE FROM entry WHERE seq > 7; UPDATE writer SET sealed = 0; DELETE FROM statement;").await;
    let found = broken(&path).await;
    assert_eq!((found.seq, found.why), (8, Break::TailCut));
    // A journal that goes on afterwards does not heal it.
    let (_store, journal) = open(&path).await;
    journal.append(draft(1, "desk:ada", "o")).unwrap();
    drop(journal);
    let found = broken(&path).await;
    assert_eq!((found.seq, found.why), (8, Break::TailCut));
}

#[tokio::test]
async fn missing_heads_and_forged_signatures_show() {
    let folder = tempfile::tempdir().unwrap();
    let path = written(folder.path()).await;
    let heads = folder.path().join("journal.db.heads");
    let signed = std::fs::read_to_string(&heads).unwrap();
    std::fs::remove_file(&heads).unwrap();
    let error = Store::open(&path).await.unwrap().verify().await.unwrap_err();
    assert!(matches!(error, VerifyError::HeadsMissing { .. }));
    assert_eq!(error.code(), Code::AuditBroken);
    let mut forged: serde_json::Value = serde_json::from_str(&signed).unwrap();
    forged["at_ms"] = serde_json::json!(1);
    std::fs::write(&heads, forged.to_string()).unwrap();
    assert_eq!(broken(&path).await.why, Break::Signature);
}

#[tokio::test]
async fn a_lost_signing_key_does_not_end_verification() {
    let folder = tempfile::tempdir().unwrap();
    let path = written(folder.path()).await;
    std::fs::remove_file(folder.path().join("journal.db.key")).unwrap();
    let (store, journal) = open(&path).await;
    journal.append(draft(1, "desk:ada", "o")).unwrap();
    journal.close().await;
    let report = store.verify().await.unwrap();
    assert_eq!((report.writers, report.entries, report.unsealed), (2, 13, 0));
    let keys = std::fs::read_to_string(folder.path().join("journal.db.pub")).unwrap();
    assert_eq!(keys.lines().count(), 2);
}

#[tokio::test]
async fn retention_drops_bodies_and_the_chain_stays_whole() {
    let folder = tempfile::tempdir().unwrap();
    let path = written(folder.path()).await;
    let store = Store::open(&path).await.unwrap();
    assert_eq!(store.drop_bodies(4).await.unwrap(), 4);
    let report = store.verify().await.unwrap();
    assert_eq!((report.entries, report.bodies_dropped), (11, 4));
}
