#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic, clippy::indexing_slicing)]

use super::Joined;
use crate::Event;
use crate::clock::Clock;
use proto::capture::{Hello, Interface, RecordBatch};
use serde_json::{Value, json};
use tokio::sync::mpsc;

fn hello(pod: usize) -> Event {
    let own = Interface { addresses: vec![vec![10, 1, 0, 1 + pod as u8], vec![127, 0, 0, 1]], ..Interface::default() };
    Event::Hello { pod, hello: Box::new(Hello { interfaces: vec![own], ..Hello::default() }) }
}

fn records(pod: usize, records: &[Value]) -> Event {
    let lines: String = records.iter().map(|record| format!("{record}\n")).collect();
    Event::Records { pod, batch: RecordBatch { lines: lines.into_bytes().into(), count: records.len() as u32 } }
}

fn http(dst: &str, ts: i64, ttfb_us: i64, path: &str) -> Value {
    json!({"v": 1, "kind": "http", "ts": ts, "flow": format!("{ts:032x}"), "src": {"ip": "10.1.0.1", "port": 4000},
        "dst": {"ip": dst, "port": 80}, "vantage": "client", "method": "GET", "path": path, "status": 200, "ttfb_us": ttfb_us})
}

/// Everything that comes out: for records their pod and values, else nothing.
async fn all(joined: &mut Joined, events: Vec<Event>) -> Vec<(usize, Value)> {
    let (send, mut taken) = mpsc::channel(64);
    for event in events {
        send.send(event).await.unwrap();
    }
    drop(send);
    let mut out = Vec::new();
    while let Some(event) = joined.next(&mut taken).await {
        if let Event::Records { pod, batch } = event {
            let text = String::from_utf8(batch.lines.to_vec()).unwrap();
            assert_eq!(text.lines().count(), batch.count as usize);
            out.extend(text.lines().map(|line| (pod, serde_json::from_str(line).unwrap())));
        }
    }
    out
}

#[tokio::test]
async fn cap_42_an_exchange_between_two_tapped_pods_comes_out_as_one_record() {
    let clock = |pod, offset_us| Event::Clock { pod, clock: Clock { offset_us, error_us: 40 } };
    let client = [http("10.96.0.9", 1_000, 900, "/a"), json!({"kind": "stats", "ts": 1})];
    let mut joined = Joined::default();
    let out = all(
        &mut joined,
        vec![
            hello(0),
            hello(1),
            clock(0, 0),
            clock(1, 5),
            records(0, &client),
            records(1, &[http("10.1.0.2", 1_305, 300, "/a"), http("10.1.0.2", 5_000, 300, "/b")]),
        ],
    );
    let out = out.await;
    assert_eq!(out.len(), 3, "{out:?}");
    let both = out.iter().find(|(_, record)| record["vantage"] == "both").unwrap();
    assert_eq!((both.0, &both.1["net_us"], &both.1["server_us"]), (0, &json!(600), &json!(300)));
    assert_eq!(both.1["one_way"], json!({"there_us": 300, "back_us": 300, "error_us": 80}));
    assert!(out.iter().any(|(pod, record)| *pod == 1 && record["path"] == "/b"), "what has no other end comes too");
}

#[tokio::test]
async fn cap_42b_one_pod_alone_holds_nothing_back() {
    let (send, mut taken) = mpsc::channel(64);
    let mut joined = Joined::default();
    for event in [hello(0), records(0, &[http("10.96.0.9", 1_000, 900, "/a")])] {
        send.send(event).await.unwrap();
    }
    assert!(matches!(joined.next(&mut taken).await, Some(Event::Hello { .. })));
    let at_once = tokio::time::timeout(std::time::Duration::from_millis(100), joined.next(&mut taken)).await;
    assert!(matches!(at_once, Ok(Some(Event::Records { .. }))));
    // With a second one it waits, for a moment and not for ever.
    send.send(hello(1)).await.unwrap();
    send.send(records(0, &[http("10.96.0.9", 2_000, 900, "/a")])).await.unwrap();
    assert!(matches!(joined.next(&mut taken).await, Some(Event::Hello { .. })));
    let late = tokio::time::timeout(std::time::Duration::from_secs(5), joined.next(&mut taken)).await;
    assert!(matches!(late, Ok(Some(Event::Records { pod: 0, .. }))));
}
