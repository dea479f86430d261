#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic, clippy::indexing_slicing)]

use super::{Activity, Door, Stretch};
use crate::key::Key;
use base::{ClusterName, ManualClock};
use std::sync::Arc;
use std::time::Duration;

const START: u64 = 1_700_000_040_000;

fn made() -> (Activity, ManualClock, ClusterName, Key) {
    let clock = ManualClock::at(START);
    let key = Key { namespace: "lab".to_owned(), name: "one".to_owned() };
    (Activity::new(Arc::new(clock.clone())), clock, ClusterName::new("c"), key)
}

#[test]
fn wb_05a_a_use_is_known_by_its_door_time_and_what_was_done() {
    let (activity, clock, cluster, key) = made();
    assert!(activity.usage(&cluster, &key).doors.is_empty());
    let meter = activity.meter(&cluster, &key);
    meter.touch(Door::Http, "GET /\u{1b}[2J of port 8080");
    clock.advance(2_000);
    activity.touch(&cluster, &key, Door::Terminal, "input");
    let usage = activity.usage(&cluster, &key);
    let seen: Vec<_> = usage.doors.iter().map(|used| (used.door, used.at_ms - START, used.detail.as_str())).collect();
    assert_eq!(seen, [(Door::Terminal, 2_000, "input"), (Door::Http, 0, "GET /[2J of port 8080")]);
    let other = Key { name: "two".to_owned(), ..key };
    assert!(activity.usage(&cluster, &other).doors.is_empty(), "another is not in use");
}

#[test]
fn wb_05b_what_runs_is_in_use_until_it_ends() {
    let (activity, clock, cluster, key) = made();
    let meter = activity.meter(&cluster, &key);
    let first = meter.hold(Door::Exec, "cargo build");
    let second = meter.hold(Door::Exec, "cargo test");
    clock.advance(3_600_000);
    drop(first);
    let usage = activity.usage(&cluster, &key);
    assert_eq!((usage.doors[0].at_ms, usage.doors[0].now), (START + 3_600_000, true), "one of them goes on");
    drop(second);
    clock.advance(60_000);
    let usage = activity.usage(&cluster, &key);
    assert_eq!((usage.doors[0].at_ms, usage.doors[0].now), (START + 3_600_000, false));
}

#[test]
fn wb_06a_the_last_day_is_kept_minute_by_minute() {
    let (activity, clock, cluster, key) = made();
    let meter = activity.meter(&cluster, &key);
    for _ in 0..3 {
        meter.touch(Door::Http, "GET /");
        clock.advance(60_000);
    }
    clock.advance(600_000);
    let held = meter.hold(Door::Exec, "make");
    clock.advance(300_000);
    let minute = |door, from: u64, to: u64| {
        let first = START / 60_000;
        let detail = match door {
            Door::Http => "GET /",
            Door::Exec => "make",
            _ => "get",
        };
        Stretch { door, from_ms: (first + from) * 60_000, to_ms: (first + to) * 60_000, detail: detail.to_owned() }
    };
    let whole = [minute(Door::Http, 0, 3), minute(Door::Exec, 13, 19)];
    assert_eq!(activity.history(&cluster, &key), whole, "with what goes on");
    drop(held);
    assert_eq!(activity.history(&cluster, &key), whole);
    clock.advance(24 * 3_600_000);
    meter.touch(Door::Files, "get");
    let now = 18 + 24 * 60;
    assert_eq!(activity.history(&cluster, &key), [minute(Door::Files, now, now + 1)], "a day later that is gone");
}

#[tokio::test]
async fn wb_05c_whoever_asked_is_told_once() {
    let (activity, clock, cluster, key) = made();
    let meter = activity.meter(&cluster, &key);
    let told = async || tokio::time::timeout(Duration::from_millis(20), activity.told(&cluster)).await.ok();
    meter.touch(Door::Http, "GET /");
    assert_eq!(told().await, None, "nobody asked");
    activity.alert(&cluster, &key, START + 5_000);
    clock.advance(2_000);
    meter.touch(Door::Http, "GET /");
    assert_eq!(told().await, None, "it is not that time yet");
    clock.advance(3_000);
    meter.touch(Door::Http, "GET /");
    clock.advance(1_000);
    meter.touch(Door::Http, "GET /");
    assert_eq!(told().await, Some(vec![key.clone()]));
    assert_eq!(told().await, None);
    activity.forget(&cluster, &key);
    assert!(activity.usage(&cluster, &key).doors.is_empty());
}

#[test]
fn ws_17c_paths_that_a_blueprint_ignores_are_no_use() {
    let (activity, _, cluster, key) = made();
    let meter = activity.meter(&cluster, &key);
    assert!(meter.counts(b"/healthz"), "nobody said otherwise");
    let patterns = ["/healthz", "/api/*/heartbeat", "*.map"].map(str::to_owned);
    activity.ignore(&cluster, &key, &patterns);
    for (path, counts) in [
        ("/healthz", false),
        ("/healthz?now=1", false),
        ("/healthz/more", true),
        ("/api/v2/heartbeat", false),
        ("/api/a/b/heartbeat", false),
        ("/api/heartbeat", true),
        ("/static/x.map", false),
        ("/static/x.map?y", false),
        ("/x?file=a.map", true),
        ("/", true),
    ] {
        assert_eq!(meter.counts(path.as_bytes()), counts, "{path}");
    }
    activity.ignore(&cluster, &key, &[]);
    assert!(meter.counts(b"/healthz"));
}
