#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic, clippy::indexing_slicing)]

use super::{KeptSession, MOST};
use crate::Store;

fn session(number: i64, made_ms: i64) -> KeptSession {
    let mut cookie = [0; 32];
    cookie[..8].copy_from_slice(&number.to_be_bytes());
    KeptSession { cookie, mark: [7; 32], made_ms, used_ms: made_ms }
}

#[tokio::test]
async fn sessions_are_there_after_a_restart_until_they_are_too_old() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("journal.db");
    let store = Store::open(&path).await.unwrap();
    let (first, second) = (session(1, 1_000), session(2, 2_000));
    store.add_session(&first, 0).await.unwrap();
    store.add_session(&second, 0).await.unwrap();
    store.touch_session(&first.cookie, 3_000).await.unwrap();
    store.close().await;

    let store = Store::open(&path).await.unwrap();
    let used = KeptSession { used_ms: 3_000, ..first.clone() };
    assert_eq!(store.sessions(0).await.unwrap(), [used, second.clone()], "the one that was used last is first");
    assert_eq!(store.sessions(1_500).await.unwrap(), std::slice::from_ref(&second));
    store.drop_session(&second.cookie).await.unwrap();
    store.add_session(&session(3, 4_000), 1_500).await.unwrap();
    assert_eq!(store.sessions(0).await.unwrap(), [session(3, 4_000)], "those that are too old go");
}

#[tokio::test]
async fn no_more_are_kept_than_may_be() {
    let folder = tempfile::tempdir().unwrap();
    let store = Store::open(&folder.path().join("journal.db")).await.unwrap();
    let sql = format!(
        "WITH RECURSIVE n(x) AS (SELECT 1 UNION ALL SELECT x + 1 FROM n WHERE x <= {MOST})
         INSERT INTO session SELECT CAST(printf('%032d', x) AS BLOB), CAST(printf('%032d', 0) AS BLOB), x, x FROM n"
    );
    sqlx::raw_sql(sqlx::AssertSqlSafe(sql)).execute(store.writers()).await.unwrap();
    store.add_session(&session(9, 9_000), 0).await.unwrap();
    let kept = store.sessions(0).await.unwrap();
    assert_eq!(kept.len(), usize::try_from(MOST).unwrap());
    assert_eq!((kept[0].used_ms, kept.last().unwrap().used_ms), (9_000, 3));
}
