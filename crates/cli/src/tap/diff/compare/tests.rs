#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic, clippy::indexing_slicing)]

use clap::Parser;

use super::{Change, compare};
use crate::grammar::tap::TapCommand;
use crate::grammar::{Cli, Command};
use crate::tap::diff::side::Side;

/// A capture of these transactions.
fn side(lines: &[String]) -> Side {
    let cli = Cli::try_parse_from(["qd", "tap", "stats", "--read", "x"]).unwrap();
    let Some(Command::Tap(tap)) = cli.command else { panic!() };
    let Some(TapCommand::Stats(read)) = tap.command else { panic!() };
    let mut side = Side::of(&read).unwrap();
    lines.iter().for_each(|line| side.take("http", line.as_bytes()));
    side
}

fn get(path: &str, status: u16, micros: u64, more: &str) -> String {
    format!(r#"{{"method":"GET","host":"shop","path":"{path}","status":{status},"total_us":{micros}{more}}}"#)
}

fn many(count: u64, line: impl Fn(u64) -> String) -> Vec<String> {
    (0..count).map(line).collect()
}

#[test]
fn cap_n_25_endpoints_that_are_new_or_gone_are_told() {
    let before =
        side(&[many(3, |at| get(&format!("/items/{at}"), 200, 1, "")), vec![get("/old", 200, 1, "")]].concat());
    let after = side(&[many(2, |at| get(&format!("/items/{at}"), 200, 1, "")), vec![get("/new", 200, 1, "")]].concat());
    let changes = compare(&before, &after, 0.95);
    let what = |path: &str| format!("http GET shop{path}");
    assert_eq!(changes, [Change::New { what: what("/new"), count: 1 }, Change::Gone { what: what("/old"), count: 1 }]);
    assert!(compare(&before, &before, 0.95).is_empty());
}

#[test]
fn cap_n_25d_a_status_that_comes_more_often_is_told_with_its_odds() {
    let mix = |bad: u64| side(&many(100, |at| get("/a", if at < bad { 503 } else { 200 }, 1000, "")));
    assert!(compare(&mix(2), &mix(4), 0.95).is_empty(), "chance explains it");
    let changes = compare(&mix(2), &mix(30), 0.95);
    let found: Vec<_> =
        changes.iter().filter(|one| matches!(one, Change::Status { status, .. } if status == "503")).collect();
    let [Change::Status { before, after, sure, .. }] = found[..] else { panic!("{changes:?}") };
    assert_eq!((*before, *after), ((2, 100), (30, 100)));
    assert!(*sure > 0.999, "{sure}");
}

#[test]
fn cap_n_25e_a_shift_of_latency_is_told_with_its_odds() {
    let slow = |by: u64| side(&many(200, |at| get("/a", 200, by + at * 37 % 500, "")));
    assert!(compare(&slow(1000), &slow(1001), 0.95).is_empty());
    let changes = compare(&slow(1000), &slow(1900), 0.95);
    let [Change::Latency { before, after, sure, .. }] = &changes[..] else { panic!("{changes:?}") };
    assert!(before.0.abs_diff(1250) < 20 && after.0.abs_diff(2150) < 20, "{before:?} {after:?}");
    assert!(*sure > 0.999_9);
}

#[test]
fn cap_n_25f_headers_and_members_of_bodies_that_come_or_go_are_told() {
    let with = |header: &str, body: &str| {
        let more = format!(r#","response":{{"headers":[["{header}","1"],["Date","x"]],"body":"{body}"}}"#);
        side(&many(20, |_| get("/a", 200, 1000, &more)))
    };
    let before = with("X-Old", r#"{\"items\":[{\"price\":1}],\"total\":1}"#);
    let after = with("X-New", r#"{\"items\":[{\"price\":\"1\"}],\"total\":1}"#);
    let changes = compare(&before, &after, 0.95);
    let shapes: Vec<(&str, u64, u64)> = changes
        .iter()
        .map(|change| match change {
            Change::Shape { shape, before, after, .. } => (shape.as_str(), before.0, after.0),
            other => panic!("{other:?}"),
        })
        .collect();
    let expected = [
        ("response body .items[].price: number", 20, 0),
        ("response body .items[].price: string", 0, 20),
        ("response header x-new", 0, 20),
        ("response header x-old", 20, 0),
    ];
    assert_eq!(shapes, expected);
}
