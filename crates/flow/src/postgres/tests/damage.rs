//! Gaps, mid-stream starts, and bytes that are no PostgreSQL.

use proptest::prelude::*;
use serde_json::json;

use super::{
    bind, described, done, error, execute, log_in, message, parse, query, ready, row, rows, script, startup, sync,
};
use crate::rig::Rig;
use crate::{AfterGap, App, End, Side};

fn logged_in() -> Rig {
    let mut rig = Rig::new(App::Postgres);
    rig.play(&script(log_in()), usize::MAX);
    rig.out.records.clear();
    rig
}

#[test]
fn cap_d_22b_replies_after_a_gap_belong_to_nobody_unless_acknowledged() {
    let mut rig = logged_in();
    rig.send(Side::Client, 100, &query("SELECT a"));
    rig.send(Side::Server, 101, &[row(), done("SELECT 1"), ready(b'I')].concat());
    // A query is lost; its reply is not taken for the next one's.
    rig.lose(Side::Client, 102, 20);
    rig.send(Side::Server, 103, &[row(), row(), done("SELECT 2"), ready(b'I')].concat());
    rig.send(Side::Client, 104, &query("SELECT c"));
    rig.send(Side::Server, 105, &[done("SELECT 0"), ready(b'I')].concat());
    // A reply is lost.
    rig.send(Side::Client, 106, &query("SELECT d"));
    assert_eq!(rig.lose(Side::Server, 107, 30), Some(AfterGap::Resync));
    rig.send(Side::Client, 108, &query("SELECT e"));
    rig.send(Side::Server, 109, &[done("SELECT 5"), ready(b'I')].concat());
    assert_eq!(
        rows(rig.records()),
        [
            "SELECT: SELECT a [SELECT 1] rows 1 affected -",
            "-: - [SELECT 2] rows 2 affected -",
            "SELECT: SELECT c [SELECT 0] rows 0 affected -",
            "SELECT: SELECT d [-] rows - affected -",
            "SELECT: SELECT e [SELECT 5] rows 0 affected -",
        ]
    );
    assert_eq!(rig.records()[1]["partial"], json!(["request"]));
    assert_eq!(rig.records()[3]["partial"], json!(["reply"]));
}

#[test]
fn cap_n_03e_a_gap_inside_a_row_is_counted() {
    let mut rig = logged_in();
    rig.send(Side::Client, 100, &query("SELECT a"));
    let long = message(b'D', &[b'x'; 9000]);
    rig.send(Side::Server, 101, &long[..4000]);
    assert_eq!(rig.lose(Side::Server, 102, 2000), Some(AfterGap::Continue));
    rig.send(Side::Server, 103, &long[6000..]);
    rig.send(Side::Server, 104, &[done("SELECT 1"), ready(b'I')].concat());
    assert_eq!(rows(rig.records()), ["SELECT: SELECT a [SELECT 1] rows 1 affected -"]);
    assert_eq!(rig.records()[0]["partial"], json!(["gap"]));
}

#[test]
fn cap_n_03e_a_start_in_the_middle() {
    let mut rig = Rig::new(App::Postgres);
    rig.facts.no_syn = true;
    rig.send(Side::Server, 0, &[&b"rest of a row"[..], &done("SELECT 9"), &ready(b'T')].concat());
    rig.send(Side::Client, 1, &[bind("", "s1", &[Some("1")]), execute(""), sync()].concat());
    rig.send(Side::Server, 2, &[message(b'2', b""), row(), done("SELECT 1"), ready(b'T')].concat());
    rig.send(Side::Client, 3, &query("COMMIT"));
    rig.send(Side::Server, 4, &[done("COMMIT"), ready(b'I')].concat());
    assert_eq!(
        rows(rig.records()),
        ["-: «unknown» [SELECT 1] rows 1 affected -", "COMMIT: COMMIT [COMMIT] rows 0 affected -"]
    );
    assert_eq!(rig.records()[0]["partial"], json!(["statement", "no_syn"]));
    assert_eq!(rig.records()[1]["tx"], "open");
}

#[test]
fn cap_n_03e_the_end_and_one_direction() {
    let mut rig = logged_in();
    rig.send(Side::Client, 100, &query("SELECT pg_sleep(9)"));
    rig.end(Side::Client, End::Fin);
    assert!(rig.records().is_empty());
    rig.send(Side::Server, 200, &error("57P01", "terminating connection due to administrator command"));
    rig.end(Side::Server, End::Fin);
    assert_eq!(rows(rig.records()), ["SELECT: SELECT pg_sleep(?) [-] rows - affected - !57P01"]);
    let mut rig = Rig::new(App::Postgres);
    rig.send(Side::Client, 0, &startup(&["user", "bob"]));
    rig.send(Side::Client, 1, &query("SELECT 1"));
    rig.wake(30_000_001);
    assert_eq!(rows(rig.records()), ["CONNECT: - [-] rows - affected -", "SELECT: SELECT ? [-] rows - affected -"]);
}

#[test]
fn a_client_that_never_waits_is_bounded() {
    let mut rig = logged_in();
    for at in 0..10_000 {
        rig.send(Side::Client, 100 + at, &query("SELECT a FROM some_table WHERE b = 5"));
    }
    assert!(rig.heap() < 2 << 20, "{}", rig.heap());
    rig.end(Side::Server, End::Rst);
    assert_eq!(rig.records().len(), 10_000);
}

fn piece() -> impl Strategy<Value = Vec<u8>> {
    prop_oneof![
        Just(startup(&["user", "bob"])),
        Just([8_u32.to_be_bytes(), 80_877_103_u32.to_be_bytes()].concat()),
        Just(query("SELECT 1")),
        Just(parse("a", "SELECT $1")),
        Just(bind("", "a", &[Some("x"), None])),
        Just(bind("p", "", &[])),
        Just(execute("")),
        Just(execute("p")),
        Just(sync()),
        Just(message(b'D', b"Sa\0")),
        Just(message(b'C', b"Sa\0")),
        Just(message(b'C', b"")),
        Just(message(b'B', b"\0\0\xff\xff")),
        Just(message(b'P', b"")),
        Just(message(b'F', b"abc")),
        Just(message(b'd', b"abc")),
        Just(message(b'1', b"")),
        Just(message(b'2', b"")),
        Just(message(b'G', b"")),
        Just(message(b'I', b"")),
        Just(message(b'n', b"")),
        Just(described()),
        Just(row()),
        Just(done("INSERT 0 99999999999999999999999")),
        Just(error("22000", "a \"b\" c")),
        Just(message(b'E', b"SC")),
        Just(ready(b'I')),
        Just(message(b'Z', b"")),
        Just(b"S".to_vec()),
        Just(b"Q\0\0\xff\xffSELECT".to_vec()),
        proptest::collection::vec(any::<u8>(), 0..20),
    ]
}

proptest! {
    #[test]
    fn no_bytes_make_it_panic(bytes in proptest::collection::vec(any::<u8>(), 0..200), server in any::<bool>()) {
        let mut rig = Rig::new(App::Postgres);
        rig.send(if server { Side::Server } else { Side::Client }, 0, &bytes);
        rig.end(Side::Server, End::Eof);
        let _ = crate::postgres::looks(Side::Client, &bytes);
        let _ = crate::postgres::looks(Side::Server, &bytes);
    }

    #[test]
    fn no_talk_makes_it_panic(acts in proptest::collection::vec((any::<bool>(), 0_u8..12, piece()), 0..40), no_syn in any::<bool>()) {
        let mut rig = Rig::new(App::Postgres);
        rig.facts.no_syn = no_syn;
        for (at, (server, how, bytes)) in acts.into_iter().enumerate() {
            let from = if server { Side::Server } else { Side::Client };
            if how == 0 {
                rig.lose(from, at as i64, 10);
            }
            rig.send(from, at as i64, &bytes);
        }
        rig.end(Side::Client, End::Eof);
        rig.end(Side::Server, End::Eof);
        prop_assert!(rig.heap() < 1 << 20);
    }
}
