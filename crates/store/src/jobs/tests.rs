#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic, clippy::indexing_slicing)]

use super::{KEPT_MS, KeptJob};
use crate::Store;

fn job(id: &str, request: Option<&str>, created_ms: i64) -> KeptJob {
    KeptJob {
        id: id.into(),
        principal: "desk:ada".into(),
        request: request.map(str::to_owned),
        digest: "d".into(),
        subject: "c/lab/dev".into(),
        likeness: "c/rust".into(),
        created_ms,
        open: true,
        body: "{}".into(),
    }
}

#[tokio::test]
async fn wl_06_jobs_are_there_after_a_restart_for_48_hours() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("journal.db");
    let store = Store::open(&path).await.unwrap();
    assert_eq!(store.add_job(&job("a", Some("k"), 1_000)).await.unwrap(), None);
    assert_eq!(store.add_job(&job("b", None, 2_000)).await.unwrap(), None);
    store.change_job("a", false, "{\"done\":true}").await.unwrap();
    store.close().await;

    let store = Store::open(&path).await.unwrap();
    let kept = store.job("a").await.unwrap().unwrap();
    assert_eq!((kept.open, kept.body.as_str()), (false, "{\"done\":true}"));
    assert_eq!(store.open_jobs().await.unwrap(), [job("b", None, 2_000)]);
    assert_eq!(store.jobs_like("c/rust").await.unwrap().len(), 1, "the one that is over");
    store.change_job("a", true, "{}").await.unwrap();
    assert!(!store.job("a").await.unwrap().unwrap().open, "what is over stays so");

    store.add_job(&job("c", None, 1_000 + KEPT_MS)).await.unwrap();
    assert!(store.job("a").await.unwrap().is_some(), "48 hours are not over");
    store.add_job(&job("d", None, 1_001 + KEPT_MS)).await.unwrap();
    assert!(store.job("a").await.unwrap().is_none());
    assert!(store.job("b").await.unwrap().is_some(), "what is not over is kept");
    store.close().await;
}

#[tokio::test]
async fn ar_05a_a_request_with_a_name_is_kept_once_for_each_principal() {
    let folder = tempfile::tempdir().unwrap();
    let store = Store::open(&folder.path().join("journal.db")).await.unwrap();
    let first = job("a", Some("k"), 1);
    assert_eq!(store.add_job(&first).await.unwrap(), None);
    assert_eq!(store.add_job(&job("b", Some("k"), 2)).await.unwrap(), Some(first));
    assert!(store.job("b").await.unwrap().is_none());
    let other = KeptJob { principal: "desk:bob".into(), ..job("c", Some("k"), 3) };
    assert_eq!(store.add_job(&other).await.unwrap(), None);
    store.free_job_request("a").await.unwrap();
    assert_eq!(store.add_job(&job("d", Some("k"), 4)).await.unwrap(), None);
    store.close().await;
}

#[tokio::test]
async fn ar_09a_jobs_are_told_page_by_page_the_newest_first() {
    let folder = tempfile::tempdir().unwrap();
    let store = Store::open(&folder.path().join("journal.db")).await.unwrap();
    for (id, created_ms) in [("a", 1), ("b", 2), ("c", 2), ("d", 3)] {
        store.add_job(&job(id, None, created_ms)).await.unwrap();
    }
    let ids = |page: Vec<KeptJob>| page.into_iter().map(|job| job.id).collect::<Vec<_>>();
    assert_eq!(ids(store.jobs_after(None, 2).await.unwrap()), ["d", "c"]);
    assert_eq!(ids(store.jobs_after(Some((2, "c")), 2).await.unwrap()), ["b", "a"]);
    assert!(store.jobs_after(Some((1, "a")), 2).await.unwrap().is_empty());
    store.close().await;
}

#[tokio::test]
async fn wf_13e_what_a_full_disk_cut_short_is_written_once_there_is_room() {
    let folder = tempfile::tempdir().unwrap();
    let store = Store::open(&folder.path().join("journal.db")).await.unwrap();
    // No page more for the connection that writes: as SQLite finds it on a full disk, it takes the transaction back itself.
    sqlx::query("PRAGMA max_page_count = 1").execute(store.writers()).await.unwrap();
    let large = KeptJob { body: "x".repeat(1 << 20), ..job("large", None, 1_000) };
    store.add_job(&large).await.unwrap_err();
    // Where that connection goes on, it says to be in a transaction for ever.
    sqlx::query("PRAGMA max_page_count = 1000000").execute(store.writers()).await.unwrap();
    store.add_job(&large).await.unwrap();
    assert_eq!(store.job("large").await.unwrap().unwrap().body.len(), 1 << 20);
    store.close().await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn wd_08c_a_thousand_jobs_at_once_are_written_and_each_request_is_kept_once() {
    let folder = tempfile::tempdir().unwrap();
    let store = Store::open(&folder.path().join("journal.db")).await.unwrap();
    let mut all = tokio::task::JoinSet::new();
    for at in 0..1_000_i64 {
        let (store, request) = (store.clone(), format!("k{}", at / 2));
        all.spawn(async move {
            let one = job(&format!("j{at}"), Some(&request), at);
            let there = store.add_job(&one).await.unwrap();
            if there.is_none() {
                for step in 0..4 {
                    store.change_job(&one.id, step < 3, &step.to_string()).await.unwrap();
                }
            }
            there.is_none()
        });
    }
    let new = all.join_all().await.into_iter().filter(|new| *new).count();
    assert_eq!(new, 500);
    assert!(store.open_jobs().await.unwrap().is_empty());
    assert_eq!(store.jobs_after(None, 2_000).await.unwrap().iter().filter(|one| one.body == "3").count(), 500);
    store.close().await;
}
