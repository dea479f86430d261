#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic, clippy::indexing_slicing)]

use super::record::{Line, read};
use super::{Agent, Board, Folder, Record, ask, follow, found, named, socket};
use parking_lot::Mutex;
use std::io::Write;
use std::os::unix::fs::PermissionsExt;
use std::sync::Arc;
use std::time::Duration;
use tokio::io::AsyncBufReadExt;
use tokio::sync::{mpsc, watch};

fn record() -> Record {
    Record::new("dev".to_owned(), "0a".repeat(32), "-n shop".to_owned()).unwrap()
}

fn agent(name: &str) -> Agent {
    Agent { namespace: "shop".to_owned(), pod: "front".to_owned(), container: name.to_owned() }
}

fn lines(all: &[Line]) -> String {
    all.iter().map(|line| serde_json::to_string(line).unwrap() + "\n").collect()
}

#[test]
fn cap_15a_ids_of_taps_are_128_random_bits() {
    let ids: Vec<String> = (0..100).map(|_| record().id).collect();
    assert!(ids.iter().all(|id| id.len() == 32 && id.bytes().all(|byte| byte.is_ascii_hexdigit())));
    let mut once = ids.clone();
    once.sort();
    once.dedup();
    assert_eq!(once.len(), ids.len());
}

#[test]
fn cap_20e_what_a_crash_has_cut_does_not_hide_what_is_left() {
    let tap = record();
    let text = lines(&[
        Line::Tap(tap.clone()),
        Line::Added(agent("qd-tap-a")),
        Line::Added(agent("qd-tap-b")),
        Line::Added(agent("qd-tap-a")),
        Line::Ended("qd-tap-b".to_owned()),
    ]);
    for cut in 0..20 {
        let (read_tap, agents) = read(&(text.clone() + &"{\"added\":{\"namespace\":\""[..cut]));
        assert_eq!((read_tap, agents), (Some(tap.clone()), vec![agent("qd-tap-a")]));
    }
}

#[test]
fn cap_20f_only_a_tap_that_nobody_looks_after_is_left_over() {
    let state = tempfile::tempdir().unwrap();
    let folder = Folder::open(state.path()).unwrap();
    assert_eq!(folder.path().metadata().unwrap().permissions().mode() & 0o777, 0o700);
    let tap = record();
    let (path, mut file) = folder.create(&tap.id).unwrap();
    file.write_all(lines(&[Line::Tap(tap.clone()), Line::Added(agent("qd-tap-a"))]).as_bytes()).unwrap();
    assert!(folder.orphans().is_empty(), "its guard lives");
    drop(file);
    let left = folder.orphans();
    assert_eq!((left.len(), &left[0].record, &left[0].agents), (1, &tap, &vec![agent("qd-tap-a")]));
    let ended = lines(&[Line::Ended("qd-tap-a".to_owned())]);
    std::fs::OpenOptions::new().append(true).open(&path).unwrap().write_all(ended.as_bytes()).unwrap();
    assert!(folder.orphans().is_empty() && !path.exists());
}

#[tokio::test]
async fn cap_20g_a_running_tap_is_found_and_its_end_is_waited_for() {
    let state = tempfile::tempdir().unwrap();
    let folder = Folder::open(state.path()).unwrap();
    let tap = record();
    let board = Arc::new(Mutex::new(Board::new(&tap)));
    let (send, mut asked) = mpsc::channel(1);
    let (over, seen) = watch::channel(false);
    let records = tokio::sync::broadcast::channel(4).0;
    let about = socket::About { board: board.clone(), ask: send, records, over: seen };
    let server = socket::Server::open(&folder, &tap.id, about).unwrap();
    let path = folder.socket(&tap.id);
    assert_eq!(path.metadata().unwrap().permissions().mode() & 0o777, 0o600);
    let taps = found(&folder).await;
    assert_eq!((taps.len(), &taps[0].board.id, taps[0].board.ended), (1, &tap.id, false));
    let process = async {
        asked.recv().await.unwrap();
        tokio::time::sleep(Duration::from_millis(50)).await;
        board.lock().ended = true;
        over.send_replace(true);
        server.close().await;
    };
    let (told, ()) = tokio::join!(ask(&taps[0], Duration::from_secs(5)), process);
    assert!(told.unwrap().ended);
    assert!(found(&folder).await.is_empty() && !path.exists());
    // What a killed process leaves is no tap.
    drop(std::os::unix::net::UnixListener::bind(&path).unwrap());
    assert!(found(&folder).await.is_empty() && !path.exists());
}

#[tokio::test]
async fn cap_n_29a_who_joins_gets_the_records_from_then_on_and_is_told_what_he_missed() {
    let home = tempfile::tempdir().unwrap();
    let folder = Folder::open(home.path()).unwrap();
    let tap = record();
    let (ask, _asked) = tokio::sync::mpsc::channel(1);
    let (over, seen) = tokio::sync::watch::channel(false);
    let records = tokio::sync::broadcast::channel::<Arc<[u8]>>(4).0;
    let board = Arc::new(Mutex::new(Board::new(&tap)));
    let about = socket::About { board, ask, records: records.clone(), over: seen };
    let server = socket::Server::open(&folder, &tap.id, about).unwrap();
    let found = named(&folder, Some(&tap.id[..8])).await;
    assert!(found.len() == 1 && named(&folder, Some("zz")).await.is_empty());
    let mut lines = follow(&found[0]).await.unwrap().lines();
    while records.receiver_count() == 0 {
        tokio::task::yield_now().await;
    }
    // More than there is room for, before anybody reads.
    for at in 0..10 {
        records.send(format!("{{\"n\":{at}}}").as_bytes().into()).unwrap();
    }
    let missed: serde_json::Value = serde_json::from_str(&lines.next_line().await.unwrap().unwrap()).unwrap();
    assert_eq!((&missed["kind"], &missed["records"]), (&"loss".into(), &6.into()));
    for at in 6..10 {
        assert_eq!(lines.next_line().await.unwrap().unwrap(), format!("{{\"n\":{at}}}"));
    }
    over.send_replace(true);
    assert_eq!(lines.next_line().await.unwrap(), None, "the end of the tap is the end of its records");
    server.close().await;
}
