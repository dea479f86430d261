//! Several processes on one file, and processes that are killed.

use crate::child::start;
use crate::support::open;
use evidence::Tag;
use std::io::{BufRead, BufReader};
use store::{EntryFilter, Store};

/// Runs a child until it has said `lines` lines, then kills it with SIGKILL. Returns what it said.
fn kill_after(path: &std::path::Path, lines: usize) -> Vec<String> {
    let mut child = start("appends_until_killed", path);
    let out = BufReader::new(child.stdout.take().unwrap());
    let mut settled = Vec::new();
    for line in out.lines() {
        if let Some(decision) = line.unwrap().strip_prefix("settled ") {
            settled.push(decision.to_owned());
        }
        if settled.len() == lines {
            child.kill().unwrap();
        }
    }
    child.wait().unwrap();
    assert!(settled.len() >= lines, "the child said only {}", settled.len());
    settled
}

#[tokio::test]
async fn a_killed_process_loses_nothing_that_was_settled() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("journal.db");
    let mut settled = Vec::new();
    for lines in [1, 7, 40, 111] {
        let path = path.clone();
        settled.extend(tokio::task::spawn_blocking(move || kill_after(&path, lines)).await.unwrap());
    }
    let store = Store::open(&path).await.unwrap();
    let report = store.verify().await.unwrap();
    assert_eq!(report.writers, 4);
    for decision in settled {
        let filter = EntryFilter { anchors: vec![(Tag::Decision, decision.clone())], ..EntryFilter::default() };
        assert_eq!(store.query(&filter, None, 2).await.unwrap().entries.len(), 1, "{decision}");
    }
    // The next process seals what the killed ones left.
    let (store, journal) = open(&path).await;
    journal.close().await;
    let report = store.verify().await.unwrap();
    assert_eq!((report.writers, report.unsealed), (5, 0));
}

#[tokio::test]
async fn processes_share_a_file_each_with_its_own_chain() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("journal.db");
    let children: Vec<_> = (0..3).map(|_| start("appends_five_hundred", &path)).collect();
    for child in children {
        let output = tokio::task::spawn_blocking(move || child.wait_with_output()).await.unwrap().unwrap();
        assert!(output.status.success(), "{}", String::from_utf8_lossy(&output.stdout));
    }
    let report = Store::open(&path).await.unwrap().verify().await.unwrap();
    assert_eq!((report.writers, report.entries, report.unsealed), (3, 3 * 501, 0));
}
