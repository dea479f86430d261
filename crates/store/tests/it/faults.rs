//! Stores that cannot be used, or are lost on the way.

use crate::child::command;
use crate::support::{draft, open_with, until};
use base::{Code, Coded};
use policy::Journal as _;
use sqlx::{Connection, SqliteConnection};
use std::time::Duration;
use store::{JournalConfig, Store, StoreError};

#[tokio::test]
async fn an_unusable_path_is_store_unavailable() {
    let folder = tempfile::tempdir().unwrap();
    let file = folder.path().join("file");
    std::fs::write(&file, "text").unwrap();
    let garbage = folder.path().join("garbage.db");
    std::fs::write(&garbage, "not a database, but long enough to be looked at ".repeat(100)).unwrap();
    for path in [folder.path().to_owned(), file.join("journal.db"), garbage, "/proc/journal.db".into()] {
        let error = Store::open(&path).await.expect_err(&path.display().to_string());
        assert_eq!(error.code(), Code::StoreUnavailable, "{}", path.display());
        assert!(std::error::Error::source(&error).is_some(), "the log learns why");
    }
}

#[tokio::test]
async fn a_later_versions_file_is_left_alone() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("journal.db");
    drop(Store::open(&path).await.unwrap());
    let mut connection = SqliteConnection::connect(&format!("sqlite://{}", path.display())).await.unwrap();
    sqlx::raw_sql("PRAGMA user_version = 1000").execute(&mut connection).await.unwrap();
    connection.close().await.unwrap();
    assert!(matches!(Store::open(&path).await, Err(StoreError::Newer { .. })));
}

#[tokio::test]
async fn a_full_queue_refuses_and_leaves_room_for_endings() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("journal.db");
    let config = JournalConfig { capacity: 10, ..JournalConfig::default() };
    let (store, journal) = open_with(&path, config).await;
    let mut blocker = SqliteConnection::connect(&format!("sqlite://{}", path.display())).await.unwrap();
    let lock = blocker.begin_with("BEGIN IMMEDIATE").await.unwrap();
    let taken: Vec<_> = (0..30).filter_map(|n| journal.append(draft(n, "desk:ada", "o")).ok()).collect();
    assert_eq!(taken.len(), 10);
    for n in 0..30 {
        journal.append_ending(draft(n, "desk:ada", "ending"));
    }
    lock.rollback().await.unwrap();
    for receipt in &taken {
        receipt.settled().await.unwrap();
    }
    journal.append(draft(0, "desk:ada", "after")).unwrap().settled().await.unwrap();
    journal.close().await;
    assert_eq!(store.verify().await.unwrap().entries, 1 + 10 + 10 + 1);
    assert!(journal.append(draft(0, "desk:ada", "closed")).is_err());
}

#[tokio::test]
async fn a_lost_store_refuses_changes_at_once_and_everything_later() {
    assert_eq!(JournalConfig::default().lost_after, Duration::from_secs(60));
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("journal.db");
    let config = JournalConfig { lost_after: Duration::from_millis(500), ..JournalConfig::default() };
    let (store, journal) = open_with(&path, config).await;
    // Another program holds the write lock for longer than a writer waits.
    let mut blocker = SqliteConnection::connect(&format!("sqlite://{}", path.display())).await.unwrap();
    let lock = blocker.begin_with("BEGIN IMMEDIATE").await.unwrap();
    let change = journal.append(draft(1, "desk:ada", "change")).unwrap();
    assert!(change.settled().await.is_err(), "a change is not made");
    let view = journal.append(draft(2, "desk:ada", "view")).expect("a view may still open");
    until("lost for long", async || journal.lost_for().is_some_and(|lost| lost > Duration::from_millis(500))).await;
    assert!(journal.append(draft(3, "desk:ada", "late")).is_err());
    lock.rollback().await.unwrap();
    until("the store is back", async || journal.lost_for().is_none()).await;
    view.settled().await.unwrap();
    journal.append(draft(4, "desk:ada", "after")).unwrap().settled().await.unwrap();
    journal.close().await;
    assert_eq!(store.verify().await.unwrap().entries, 5 - 1);
}

#[cfg(unix)]
#[tokio::test]
async fn a_full_disk_is_survived() {
    let folder = tempfile::tempdir().unwrap();
    let child = command("fills_the_disk_and_recovers", &folder.path().join("journal.db"));
    // Ignored signals stay ignored in what is started; a write over the limit then fails like one to a full disk.
    let mut shell = std::process::Command::new("sh");
    shell.args(["-c", "trap '' XFSZ; ulimit -S -f 1024; exec \"$0\" \"$@\""]);
    shell.arg(child.get_program()).args(child.get_args());
    shell.envs(child.get_envs().filter_map(|(key, value)| Some((key, value?))));
    let output = tokio::task::spawn_blocking(move || shell.output()).await.unwrap().unwrap();
    let out = String::from_utf8_lossy(&output.stdout);
    assert!(output.status.success(), "{out}\n{}", String::from_utf8_lossy(&output.stderr));
    assert!(out.contains("recovered after "), "{out}");
}
