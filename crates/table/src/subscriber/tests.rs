#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic, clippy::indexing_slicing)]

mod screen;

use crate::fixture::{FILTERS, Model, NOW, Pod, any_event, any_sort, fill, happen, pod, schema};
use crate::view::tests::source;
use crate::{Command, Content, Limits, Parking, RowBuf, Rows, Scope, SharedTable, Subscriber, Table, View};
use api::ErrorBody;
use api::socket::{Resume, RowsQuery, ServerFrame, Sort, SourceState, What};
use base::{Code, RequestId};
use proptest::prelude::*;
use screen::Screen;
use std::collections::BTreeMap;
use std::sync::Arc;
use std::sync::atomic::{AtomicU32, Ordering};

fn query(sort: &[Sort], filter: &str, at: u32, len: u32) -> RowsQuery {
    RowsQuery {
        kind: "pods".to_owned(),
        clusters: Vec::new(),
        namespaces: Vec::new(),
        filter: filter.to_owned(),
        sort: sort.to_vec(),
        at,
        len,
    }
}

fn sub(id: u32, query: &RowsQuery, resume: Option<Resume>) -> String {
    let what = What::Rows(query.clone());
    serde_json::to_string(&api::socket::ClientFrame::Sub(api::socket::Sub { id, what, resume })).unwrap()
}

fn ack(id: u32, seq: u64) -> String {
    format!(r#"{{"ack":{{"id":{id},"seq":{seq}}}}}"#)
}

fn rows(tables: &[SharedTable], query: &RowsQuery) -> Content {
    let of =
        |(at, table): (usize, &SharedTable)| source(&format!("c{at}"), table, Scope::all(), &query.filter, &query.sort);
    Content::Rows(Rows::new(View::new(tables.iter().enumerate().map(of).collect(), false), ()))
}

fn parse(frame: &str) -> ServerFrame {
    serde_json::from_str(frame).unwrap_or_else(|error| panic!("{error}: {frame}"))
}

const T0: u64 = NOW as u64;

/// A subscriber with one list open as number 1, greeted.
fn opened(tables: &[SharedTable], query: &RowsQuery, limits: Limits) -> Subscriber {
    let mut subscriber = Subscriber::new(7, limits);
    assert!(matches!(parse(&subscriber.poll(T0).unwrap()), ServerFrame::Hello(hello) if hello.epoch == 7));
    let commands = subscriber.receive(&sub(1, query, None), T0);
    assert!(matches!(&commands[..], [Command::Open { id: 1, .. }]), "{commands:?}");
    subscriber.attach(1, rows(tables, query));
    subscriber
}

fn limits() -> Limits {
    Limits::default()
}

/// What a client that comes now would see.
fn fresh(tables: &[SharedTable], query: &RowsQuery, now: u64) -> Screen {
    let mut screen = Screen::default();
    screen.take(&parse(&opened(tables, query, limits()).poll(now).unwrap()));
    screen
}

fn put(table: &SharedTable, pod: &Pod, version: u64) {
    let mut buf = RowBuf::new(&schema());
    fill(&mut buf, pod, version);
    table.write().apply(&buf);
}

fn table(names: &[&str]) -> SharedTable {
    let table = Table::shared(schema());
    names.iter().for_each(|name| put(&table, &pod("ns", name), 1));
    table
}

proptest! {
    #[test]
    fn exf_19a_a_snapshot_with_its_deltas_is_a_fresh_snapshot(
        events in prop::collection::vec((0..2_usize, any_event(), prop::option::of((0..30_u32, 0..12_u32)), any::<bool>()), 1..50),
        picked in 0..FILTERS.len(),
        sort in any_sort(),
        clusters in 1..3_usize,
    ) {
        let tables: Vec<SharedTable> = (0..clusters).map(|_| Table::shared(schema())).collect();
        let mut models = vec![Model::new(); 2];
        let mut buf = RowBuf::new(&schema());
        let mut query = query(&sort, FILTERS[picked].0, 0, 10);
        let mut subscriber = opened(&tables, &query, limits());
        let (mut screen, mut now) = (Screen::default(), T0);
        for (version, (at, event, moved, acked)) in events.iter().enumerate() {
            let at = at % clusters;
            happen(&mut tables[at].write(), &mut models[at], &mut buf, event, version as u64);
            subscriber.mark_dirty(1);
            if let Some((at, len)) = moved {
                (query.at, query.len) = (*at, *len);
                let frame = format!(r#"{{"move":{{"id":1,"at":{at},"len":{len}}}}}"#);
                prop_assert!(subscriber.receive(&frame, now).is_empty());
            }
            if let Some(frame) = subscriber.poll(now) {
                screen.take(&parse(&frame));
            }
            prop_assert!(subscriber.poll(now).is_none(), "one frame until it is acknowledged");
            if *acked {
                subscriber.receive(&ack(1, screen.seq), now);
            }
            // not so far that an age passes a bound of the filters
            now += 1;
        }
        // the client catches up and is then where a new client would be
        for _ in 0..2 {
            subscriber.receive(&ack(1, screen.seq), now);
            now += 10_000_000;
            subscriber.mark_dirty(1);
            if let Some(frame) = subscriber.poll(now) {
                screen.take(&parse(&frame));
            }
        }
        prop_assert_eq!(screen.seen(), fresh(&tables, &query, now).seen());
    }

    #[test]
    fn exf_19a_no_frame_of_a_client_makes_the_subscriber_panic(text in "\\PC{0,60}|\\{\"(sub|move|ack|unsub)\":\\{\"id\":[0-9]{1,3}(,\"(at|len|seq)\":[0-9-]{1,12}){0,3}\\}\\}") {
        let table = table(&["a"]);
        let mut subscriber = opened(&[table], &query(&[], "", 0, 10), limits());
        subscriber.receive(&text, T0);
        let mut frames = 0;
        while subscriber.poll(T0).is_some() { frames += 1; }
        prop_assert!(frames < 5);
    }
}

#[test]
fn exp_05b_a_changed_cell_travels_alone() {
    let table = table(&["a", "b", "c"]);
    let query = query(&[], "", 0, 10);
    let mut subscriber = opened(std::slice::from_ref(&table), &query, limits());
    let ServerFrame::Snap(snap) = parse(&subscriber.poll(T0).unwrap()) else { panic!() };
    assert_eq!(snap.rows.len(), 3);
    subscriber.receive(&ack(1, snap.seq), T0);
    put(&table, &Pod { status: Some("Failed"), ..pod("ns", "b") }, 2);
    subscriber.mark_dirty(1);
    let ServerFrame::Delta(delta) = parse(&subscriber.poll(T0 + 50).unwrap()) else { panic!() };
    assert_eq!((delta.order, delta.rows.len(), delta.total), (None, 0, 3));
    let status = snap.columns.iter().position(|column| column.id == "status").unwrap() as u32;
    assert_eq!(delta.cells, [(snap.rows[1].0, vec![(status, serde_json::json!(["Failed", 4]))])]);
}

#[test]
fn exp_05b_at_most_one_frame_in_fifty_milliseconds_and_the_deadline_says_when() {
    let table = table(&["a"]);
    let query = query(&[], "", 0, 10);
    let mut subscriber = opened(std::slice::from_ref(&table), &query, limits());
    let mut screen = Screen::default();
    screen.take(&parse(&subscriber.poll(T0).unwrap()));
    subscriber.receive(&ack(1, screen.seq), T0 + 1);
    assert_eq!(subscriber.next_deadline(), None, "nothing waits");
    put(&table, &Pod { status: Some("Failed"), ..pod("ns", "a") }, 2);
    subscriber.mark_dirty(1);
    assert_eq!(subscriber.next_deadline(), Some(T0 + 50));
    assert!(subscriber.poll(T0 + 49).is_none());
    put(&table, &Pod { status: Some("Pending"), ..pod("ns", "a") }, 3);
    screen.take(&parse(&subscriber.poll(T0 + 50).unwrap()));
    assert!(format!("{:?}", screen.seen()).contains("Pending"), "the latest wins");
}

#[test]
fn exf_19a_a_client_that_does_not_acknowledge_gets_nothing_and_costs_nothing() {
    let table = table(&["a"]);
    let query = query(&[], "", 0, 10);
    let mut subscriber = opened(std::slice::from_ref(&table), &query, limits());
    let mut screen = Screen::default();
    screen.take(&parse(&subscriber.poll(T0).unwrap()));
    let held = subscriber.heap_bytes();
    for turn in 0..1_000 {
        put(&table, &Pod { memory: Some(turn), ..pod("ns", "a") }, 2);
        subscriber.mark_dirty(1);
        assert!(subscriber.poll(T0 + 100 * turn as u64).is_none());
    }
    assert_eq!(subscriber.heap_bytes(), held);
    assert_eq!(subscriber.next_deadline(), None, "only its word wakes it");
    subscriber.receive(&ack(1, screen.seq), T0 + 200_000);
    screen.take(&parse(&subscriber.poll(T0 + 200_000).unwrap()));
    assert_eq!(screen.seen(), fresh(&[table], &query, T0 + 200_000).seen());
}

#[test]
fn exf_19a_a_client_holds_at_most_four_mebibytes() {
    let table = Table::shared(schema());
    for at in 0..1_200 {
        put(&table, &pod("ns", &format!("web-{at:05}")), 1);
    }
    let query = query(&[], "", 0, 1_000);
    let mut subscriber = Subscriber::new(7, limits());
    for id in 0..50 {
        subscriber.receive(&sub(id, &query, None), T0);
        subscriber.attach(id, rows(std::slice::from_ref(&table), &query));
    }
    while subscriber.poll(T0).is_some() {}
    assert!(subscriber.heap_bytes() > 50 * 1_000 * 8);
    assert!(subscriber.heap_bytes() < 4 << 20, "{}", subscriber.heap_bytes());
}

#[test]
fn exf_19a_an_impatient_host_ends_a_slow_client_with_slow_client() {
    let table = table(&["a"]);
    let mut subscriber =
        opened(std::slice::from_ref(&table), &query(&[], "", 0, 10), Limits { patience_ms: Some(30_000), ..limits() });
    subscriber.poll(T0).unwrap();
    assert!(subscriber.poll(T0 + 40_000).is_none(), "nothing waits for it");
    put(&table, &pod("ns", "b"), 1);
    subscriber.mark_all_dirty();
    assert_eq!(subscriber.next_deadline(), Some(T0 + 30_000));
    let ServerFrame::End(end) = parse(&subscriber.poll(T0 + 40_000).unwrap()) else { panic!() };
    assert_eq!((end.id, end.error.unwrap().code), (1, Code::SlowClient));
    assert_eq!((subscriber.take_closed(), subscriber.len()), (vec![1], 0));
}

#[test]
fn exf_26a_limits_are_named_when_they_are_reached() {
    let mut subscriber = Subscriber::new(7, limits());
    subscriber.poll(T0);
    for id in 0..50 {
        assert_eq!(subscriber.receive(&sub(id, &query(&[], "", 0, 10), None), T0).len(), 1);
    }
    assert!(subscriber.receive(&sub(50, &query(&[], "", 0, 10), None), T0).is_empty());
    let ServerFrame::End(end) = parse(&subscriber.poll(T0).unwrap()) else { panic!() };
    let error = end.error.unwrap();
    assert_eq!((end.id, error.code), (50, Code::LimitReached));
    assert!(error.message.contains("50 views") && error.message.contains("max_views"), "{}", error.message);
    // closing one makes room
    assert!(matches!(subscriber.receive(r#"{"unsub":{"id":3}}"#, T0)[..], [Command::Close { id: 3 }]));
    assert!(
        matches!(parse(&subscriber.poll(T0).unwrap()), ServerFrame::End(end) if end.id == 3 && end.error.is_none())
    );
    assert_eq!(subscriber.receive(&sub(50, &query(&[], "", 0, 10), None), T0).len(), 1);
    // a window that is too long ends its subscription, at once or when it moves
    subscriber.receive(r#"{"unsub":{"id":4}}"#, T0);
    subscriber.poll(T0);
    assert!(subscriber.receive(&sub(51, &query(&[], "", 0, 1_001), None), T0).is_empty());
    let ServerFrame::End(end) = parse(&subscriber.poll(T0).unwrap()) else { panic!() };
    assert!(end.error.unwrap().message.contains("max_window"));
    let commands = subscriber.receive(r#"{"move":{"id":5,"at":0,"len":5000}}"#, T0);
    assert!(matches!(commands[..], [Command::Close { id: 5 }]));
}

/// Opens a list, lets `between` happen after the socket broke, and comes back with what the client painted last.
fn come_back(
    parking: bool,
    epoch: u64,
    between: impl FnOnce(&SharedTable),
) -> (Screen, ServerFrame, SharedTable, RowsQuery) {
    let parking = parking.then(|| Arc::new(Parking::new()));
    let limits = Limits { parking, ..limits() };
    let table = table(&["a", "b", "c"]);
    let query = query(&[], "", 0, 10);
    let mut screen = Screen::default();
    let mut first = opened(std::slice::from_ref(&table), &query, limits.clone());
    screen.take(&parse(&first.poll(T0).unwrap()));
    drop(first);
    between(&table);
    let mut second = Subscriber::new(epoch, limits);
    second.poll(T0);
    second.receive(&sub(4, &query, Some(Resume { epoch: 7, seq: screen.seq })), T0 + 5_000);
    second.attach(4, rows(std::slice::from_ref(&table), &query));
    let frame = parse(&second.poll(T0 + 5_000).unwrap());
    (screen, frame, table, query)
}

#[test]
fn exf_26a_a_client_goes_on_where_its_socket_broke() {
    let (mut screen, frame, table, query) = come_back(true, 7, |table| {
        put(table, &Pod { status: Some("Failed"), ..pod("ns", "b") }, 2);
        table.write().remove("ns", "a");
        put(table, &pod("ns", "d"), 3);
    });
    let ServerFrame::Delta(delta) = &frame else { panic!("{frame:?}") };
    assert_eq!((delta.rows.len(), delta.cells.len()), (1, 1), "only what is new travels");
    screen.take(&frame);
    assert_eq!(screen.seen().0.len(), 3);
    let fresh = fresh(&[table], &query, T0 + 5_000);
    assert_eq!(screen.seen(), fresh.seen());
}

#[test]
fn exf_26a_a_client_that_missed_nothing_is_told_so() {
    let (_, frame, ..) = come_back(true, 7, |_| {});
    assert!(matches!(frame, ServerFrame::Delta(delta) if delta.order.is_none() && delta.cells.is_empty()));
}

#[test]
fn exf_26a_a_restarted_server_and_an_unknown_sequence_send_a_snapshot() {
    assert!(matches!(come_back(true, 8, |_| {}).1, ServerFrame::Snap(_)), "another epoch");
    assert!(matches!(come_back(false, 7, |_| {}).1, ServerFrame::Snap(_)), "nothing parked");
}

#[test]
fn frames_that_are_no_frames_fail_with_a_code() {
    let mut subscriber = Subscriber::new(7, limits());
    let long = format!(r#"{{"ack":{}1}}"#, " ".repeat(70_000));
    let table: &[(&str, Code)] = &[
        ("", Code::BadRequest),
        ("[]", Code::BadRequest),
        (r#"{"sub":{"id":1}}"#, Code::BadRequest),
        (r#"{"hello":{}}"#, Code::BadRequest),
        (r#"{"ack":{"id":1,"seq":2,"more":3}}"#, Code::BadRequest),
        (&long, Code::TooLarge),
    ];
    for (frame, code) in table {
        let commands = subscriber.receive(frame, T0);
        assert!(matches!(&commands[..], [Command::Fail(error)] if error.code == *code), "{frame:.40}: {commands:?}");
    }
    // frames about what is not there may have crossed its end
    for frame in [r#"{"ack":{"id":9,"seq":2}}"#, r#"{"move":{"id":9,"at":0,"len":3}}"#, r#"{"unsub":{"id":9}}"#] {
        assert!(subscriber.receive(frame, T0).is_empty());
    }
    subscriber.receive(&sub(1, &query(&[], "", 0, 10), None), T0);
    assert!(matches!(subscriber.receive(&sub(1, &query(&[], "", 0, 10), None), T0)[..], [Command::Fail(_)]));
}

#[test]
fn a_refusal_ends_a_subscription_before_and_after_it_opened() {
    let table = table(&["a"]);
    let mut subscriber = opened(&[table], &query(&[], "", 0, 10), limits());
    subscriber.poll(T0).unwrap();
    subscriber.receive(&sub(2, &query(&[], "", 0, 10), None), T0);
    for id in [1, 2] {
        let error = ErrorBody {
            code: Code::RbacDenied,
            message: "no".to_owned(),
            details: Some(serde_json::json!({ "verb": "list" })),
            request_id: RequestId::new(),
        };
        subscriber.refuse(id, error.clone());
        let ServerFrame::End(end) = parse(&subscriber.poll(T0).unwrap()) else { panic!() };
        assert_eq!((end.id, end.error), (id, Some(error)));
    }
    assert!(subscriber.is_empty() && subscriber.poll(T0).is_none());
}

#[test]
fn a_source_that_changes_state_is_sent_without_rows() {
    let table = table(&["a"]);
    let query = query(&[], "", 0, 10);
    let mut subscriber = opened(&[], &query, limits());
    let of = source("c", &table, Scope::all(), "", &[]);
    let state = Arc::clone(&of.state);
    subscriber.attach(1, Content::Rows(Rows::new(View::new(vec![of], false), ())));
    let mut screen = Screen::default();
    screen.take(&parse(&subscriber.poll(T0).unwrap()));
    subscriber.receive(&ack(1, screen.seq), T0);
    *state.write() = SourceState::Loading { loaded: 3 };
    subscriber.mark_dirty(1);
    let ServerFrame::Delta(delta) = parse(&subscriber.poll(T0 + 50).unwrap()) else { panic!() };
    assert!(delta.order.is_none() && delta.rows.is_empty());
    assert_eq!(delta.sources.unwrap()[0].state, SourceState::Loading { loaded: 3 });
}

#[test]
fn counts_and_clusters_are_sent_when_they_change() {
    let mut subscriber = Subscriber::new(7, limits());
    subscriber.poll(T0);
    subscriber.receive(r#"{"sub":{"id":1,"what":{"counts":{"clusters":["a"]}}}}"#, T0);
    subscriber.receive(r#"{"sub":{"id":2,"what":"clusters"}}"#, T0);
    let pods = Arc::new(AtomicU32::new(3));
    let read = Arc::clone(&pods);
    subscriber.attach(
        1,
        Content::Counts(Arc::new(move || BTreeMap::from([("pods".to_owned(), read.load(Ordering::SeqCst))]))),
    );
    subscriber.attach(2, Content::Clusters(Arc::new(Vec::new)));
    let mut frames: Vec<ServerFrame> = std::iter::from_fn(|| subscriber.poll(T0).map(|frame| parse(&frame))).collect();
    assert_eq!(frames.len(), 2);
    let ServerFrame::Clusters(clusters) = frames.pop().unwrap() else { panic!() };
    let ServerFrame::Counts(counts) = frames.pop().unwrap() else { panic!() };
    assert_eq!((counts.kinds["pods"], clusters.clusters.len()), (3, 0));
    subscriber.receive(&ack(1, counts.seq), T0);
    subscriber.receive(&ack(2, clusters.seq), T0);
    subscriber.mark_all_dirty();
    assert!(subscriber.poll(T0 + 50).is_none(), "nothing changed");
    pods.store(4, Ordering::SeqCst);
    subscriber.mark_all_dirty();
    assert!(
        matches!(parse(&subscriber.poll(T0 + 100).unwrap()), ServerFrame::Counts(counts) if counts.kinds["pods"] == 4)
    );
}

#[test]
fn exd_15_a_window_at_the_end_of_the_list_is_live() {
    let table = Table::shared(schema());
    for at in 0..2_000 {
        put(&table, &pod("ns", &format!("web-{at:05}")), 1);
    }
    let query = query(&[], "", 1_990, 30);
    let mut subscriber = opened(std::slice::from_ref(&table), &query, limits());
    let ServerFrame::Snap(snap) = parse(&subscriber.poll(T0).unwrap()) else { panic!() };
    assert_eq!((snap.total, snap.at, snap.rows.len()), (2_000, 1_990, 10));
    assert_eq!(snap.rows[9].3, "web-01999");
    subscriber.receive(&ack(1, snap.seq), T0);
    put(&table, &Pod { status: Some("Failed"), ..pod("ns", "web-01999") }, 2);
    subscriber.mark_dirty(1);
    let ServerFrame::Delta(delta) = parse(&subscriber.poll(T0 + 50).unwrap()) else { panic!() };
    assert_eq!(delta.cells[0].0, snap.rows[9].0);
}

#[test]
fn exd_23_what_happens_outside_the_window_costs_the_client_nothing() {
    let table = table(&["a", "b"]);
    for at in 0..100 {
        put(&table, &pod("ns", &format!("web-{at:05}")), 1);
    }
    let mut subscriber = opened(std::slice::from_ref(&table), &query(&[], "", 0, 2), limits());
    let ServerFrame::Snap(snap) = parse(&subscriber.poll(T0).unwrap()) else { panic!() };
    subscriber.receive(&ack(1, snap.seq), T0);
    put(&table, &Pod { status: Some("Failed"), ..pod("ns", "web-00099") }, 2);
    subscriber.mark_dirty(1);
    assert!(subscriber.poll(T0 + 50).is_none());
}

#[test]
fn a_filter_on_age_moves_rows_without_any_event() {
    let table = Table::shared(schema());
    put(&table, &Pod { born: Some(NOW - 299_000), ..pod("ns", "a") }, 1);
    let query = query(&[], "where age > 5m", 0, 10);
    let mut subscriber = opened(std::slice::from_ref(&table), &query, limits());
    let mut screen = Screen::default();
    screen.take(&parse(&subscriber.poll(T0).unwrap()));
    assert_eq!(screen.total, 0);
    subscriber.receive(&ack(1, screen.seq), T0);
    let mut now = T0;
    while screen.total == 0 {
        now = subscriber.next_deadline().expect("the subscriber asks to be polled").max(now);
        assert!(now < T0 + 5_000);
        if let Some(frame) = subscriber.poll(now) {
            screen.take(&parse(&frame));
        }
    }
    assert_eq!(screen.order.len(), 1);
}
