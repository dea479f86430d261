#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic, clippy::indexing_slicing)]

use crate::fixture::{Pod, fill, pod, schema};
use crate::{Applied, RowBuf, Table};
use api::{Cell, Level};

fn put(table: &mut Table, buf: &mut RowBuf, pod: &Pod, version: u64) -> Applied {
    fill(buf, pod, version);
    table.apply(buf)
}

#[test]
fn a_cell_comes_back_as_it_went_in() {
    let (mut table, mut buf) = (Table::new(schema()), RowBuf::new(&schema()));
    let full = Pod {
        restarts: Some((7, Some(123))),
        memory: Some(-9),
        duration: Some((5, Some(9))),
        bound: Some(false),
        ..pod("shop", "web-1")
    };
    assert_eq!(put(&mut table, &mut buf, &full, 42), Applied::Inserted);
    let row = table.row("shop", "web-1").unwrap();
    let cells: Vec<Cell<'_>> = (0..9).map(|col| table.cell(row, col)).collect();
    let born = full.born.unwrap();
    let wanted = [
        Cell::Ratio(1, 1),
        Cell::Status("Running", Level::Ok),
        Cell::Restarts(7, Some(123)),
        Cell::Age(born),
        Cell::Text("node-a"),
        Cell::Int(-9),
        Cell::Span(5, Some(9)),
        Cell::Bool(false),
        Cell::Absent,
    ];
    assert_eq!(cells, wanted);
    assert_eq!((table.namespace(row), table.name(row)), ("shop", "web-1"));
    assert_eq!((table.uid(row).as_str(), table.version(row).as_str()), ("0b0e7a52-1111-4222-8333-444444444401", "42"));
    assert_eq!(table.labels(row).collect::<Vec<_>>(), [("app", "web")]);
    assert_eq!(table.label(row, "app"), Some("web"));
    let empty =
        Pod { ready: None, status: None, restarts: None, born: None, node: None, app: None, ..pod("shop", "web-1") };
    assert_eq!(put(&mut table, &mut buf, &empty, 43), Applied::Updated);
    assert!((0..8).all(|col| table.cell(row, col) == Cell::Absent) && table.labels(row).len() == 0);
}

#[test]
fn ids_that_are_no_uuid_and_versions_that_are_no_number_are_kept() {
    let (mut table, mut buf) = (Table::new(schema()), RowBuf::new(&schema()));
    for (uid, version) in
        [("", ""), ("node/a", "opaque"), ("0B0E7A52-1111-4222-8333-444444444401", "007"), ("x", "18446744073709551615")]
    {
        buf.clear();
        buf.set_identity("", "one", uid, version);
        table.apply(&buf);
        let row = table.row("", "one").unwrap();
        assert_eq!((table.uid(row).as_str(), table.version(row).as_str()), (uid, version));
        assert_eq!(table.apply(&buf), Applied::Unchanged);
    }
    assert_eq!(table.len(), 1);
}

#[test]
fn an_event_that_shows_nothing_new_changes_nothing() {
    let (mut table, mut buf) = (Table::new(schema()), RowBuf::new(&schema()));
    put(&mut table, &mut buf, &pod("shop", "web"), 1);
    let (seq, row) = (table.seq(), table.row("shop", "web").unwrap());
    assert_eq!(put(&mut table, &mut buf, &pod("shop", "web"), 2), Applied::Unchanged);
    assert_eq!((table.seq(), table.version(row).as_str()), (seq, "2"));
    assert_eq!(put(&mut table, &mut buf, &Pod { app: None, ..pod("shop", "web") }, 3), Applied::Updated);
    assert!(table.seq() > seq && table.changed_at(row) == table.seq());
}

#[test]
fn a_key_belongs_to_one_object_for_ever() {
    let (mut table, mut buf) = (Table::new(schema()), RowBuf::new(&schema()));
    let mut keys = Vec::new();
    for uid in 1..4 {
        // the same name again, with and without a deletion between
        put(&mut table, &mut buf, &Pod { uid, ..pod("shop", "web") }, 1);
        keys.push(table.key(table.row("shop", "web").unwrap()));
        table.remove("shop", "web");
        put(&mut table, &mut buf, &Pod { uid, ..pod("shop", "web") }, 1);
        keys.push(table.key(table.row("shop", "web").unwrap()));
    }
    let count = keys.len();
    keys.sort_unstable();
    keys.dedup();
    assert_eq!(keys.len(), count);
    assert_eq!(table.len(), 1);
}

#[test]
fn exf_05c_rows_do_not_blink_during_a_relist() {
    let (mut table, mut buf) = (Table::new(schema()), RowBuf::new(&schema()));
    for name in ["a", "b", "c"] {
        put(&mut table, &mut buf, &pod("shop", name), 1);
    }
    put(&mut table, &mut buf, &pod("other", "z"), 1);
    let key = table.key(table.row("shop", "a").unwrap());
    let seq = table.seq();
    table.begin_relist();
    assert_eq!(table.len(), 4);
    put(&mut table, &mut buf, &pod("shop", "a"), 9);
    put(&mut table, &mut buf, &pod("shop", "new"), 9);
    assert_eq!(table.len(), 5, "rows stay until the relist ends");
    assert_eq!(table.end_relist(), 3);
    assert_eq!(table.len(), 2);
    assert_eq!(table.key(table.row("shop", "a").unwrap()), key, "the same object keeps its key");
    assert!(table.changed_at(table.row("shop", "a").unwrap()) <= seq, "and was not touched");
    assert_eq!(table.end_relist(), 0, "only one that was begun ends");
}

#[test]
fn exf_05c_a_relist_of_one_namespace_leaves_the_others() {
    let (mut table, mut buf) = (Table::new(schema()), RowBuf::new(&schema()));
    for (namespace, name) in [("a", "1"), ("a", "2"), ("b", "1")] {
        put(&mut table, &mut buf, &pod(namespace, name), 1);
    }
    table.begin_relist_in("a");
    table.begin_relist_in("b");
    put(&mut table, &mut buf, &pod("a", "2"), 2);
    assert_eq!(table.end_relist_in("a"), 1);
    assert!(table.row("b", "1").is_some() && table.row("a", "2").is_some());
    assert_eq!(table.end_relist_in("b"), 1);
    assert_eq!(table.remove_namespace("a"), 1);
    assert!(table.is_empty());
}

#[test]
fn exp_01a_memory_returns_when_rows_go() {
    let (mut table, mut buf) = (Table::new(schema()), RowBuf::new(&schema()));
    for at in 0..20_000 {
        put(
            &mut table,
            &mut buf,
            &Pod { node: Some(format!("10.1.{at}")), ..pod("shop", &format!("web-{at:05}")) },
            at,
        );
    }
    let full = table.heap_bytes();
    for at in 0..20_000 {
        table.remove("shop", &format!("web-{at:05}"));
    }
    assert_eq!(table.texts.len(), 0, "no text is left behind");
    assert!(table.heap_bytes() < full / 10, "{} of {full} bytes are left", table.heap_bytes());
}

#[test]
fn exp_01a_texts_are_kept_once_and_let_go_when_replaced() {
    let (mut table, mut buf) = (Table::new(schema()), RowBuf::new(&schema()));
    for at in 0..100 {
        put(&mut table, &mut buf, &pod("shop", &format!("web-{at}")), 1);
    }
    // 100 names; namespace, node, status, label key and value once each
    assert_eq!(table.texts.len(), 105);
    for turn in 0..200 {
        for at in 0..100 {
            let node = Some(format!("a-node-with-a-long-name-{turn}-{at}"));
            put(&mut table, &mut buf, &Pod { node, ..pod("shop", &format!("web-{at}")) }, turn);
        }
    }
    assert_eq!(table.texts.len(), 204);
    assert!(table.texts.heap_bytes() < 40_000, "{}", table.texts.heap_bytes());
}

#[test]
fn counts_follow_namespaces() {
    let (mut table, mut buf) = (Table::new(schema()), RowBuf::new(&schema()));
    for (namespace, name) in [("a", "1"), ("a", "2"), ("b", "1")] {
        put(&mut table, &mut buf, &pod(namespace, name), 1);
    }
    let count = |names: &[&str]| table.count(Some(&names.iter().map(|name| (*name).into()).collect::<Vec<_>>()));
    assert_eq!((table.count(None), count(&["a"]), count(&["a", "b", "a"]), count(&["c"]), count(&[])), (3, 2, 3, 0, 0));
}

#[test]
fn a_text_that_is_too_long_is_cut_at_a_character() {
    let (mut table, mut buf) = (Table::new(schema()), RowBuf::new(&schema()));
    buf.set_identity("a", "b", "c", "1");
    buf.text(4, &"ü".repeat(20_000));
    buf.text_with(4, |text| (0..30_000).for_each(|_| text.push('ü')));
    buf.status(1, "Running", Level::Ok);
    table.apply(&buf);
    let row = table.row("a", "b").unwrap();
    assert_eq!(table.cell(row, 4), Cell::Text(&"ü".repeat(8_192)));
    assert_eq!(table.cell(row, 1), Cell::Status("Running", Level::Ok));
}
