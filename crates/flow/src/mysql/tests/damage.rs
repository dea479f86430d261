//! Gaps, mid-stream starts, and bytes that are no MySQL.

use proptest::prelude::*;
use serde_json::json;

use super::{
    CAPS, answer, column, command, eof, error, greeting, log_in, ok, ok_eof, packet, query, response, row, rows, script,
};
use crate::rig::Rig;
use crate::{AfterGap, App, End, Side};

fn logged_in() -> Rig {
    let mut rig = Rig::new(App::Mysql);
    rig.play(&script(log_in()), usize::MAX);
    rig.out.records.clear();
    rig
}

#[test]
fn cap_d_22c_outcomes_after_a_gap_belong_to_nobody_unless_acknowledged() {
    let mut rig = logged_in();
    rig.send(Side::Client, 100, &query("SELECT a"));
    rig.send(Side::Server, 101, &answer(&[vec![1], column(), row(), ok_eof(2)]));
    rig.lose(Side::Client, 102, 20);
    rig.send(Side::Server, 103, &answer(&[ok(9, 2)]));
    rig.send(Side::Client, 104, &query("SELECT c"));
    rig.send(Side::Server, 105, &answer(&[vec![1], column(), ok_eof(2)]));
    rig.send(Side::Client, 106, &query("SELECT d"));
    assert_eq!(rig.lose(Side::Server, 107, 30), Some(AfterGap::Resync));
    rig.send(Side::Client, 108, &query("UPDATE e SET f = 1"));
    rig.send(Side::Server, 109, &answer(&[ok(5, 2)]));
    assert_eq!(
        rows(rig.records()),
        [
            "SELECT: SELECT a rows 1 affected -",
            "SELECT: SELECT c rows 0 affected -",
            "SELECT: SELECT d rows - affected -",
            "UPDATE: UPDATE e SET f = ? rows 0 affected 5",
        ]
    );
    assert_eq!(rig.records()[2]["partial"], json!(["reply"]));
}

#[test]
fn cap_n_03h_a_gap_inside_a_row_is_counted() {
    let mut rig = logged_in();
    rig.send(Side::Client, 100, &query("SELECT a"));
    rig.send(Side::Server, 101, &answer(&[vec![1], column(), eof(2)]));
    let long = packet(4, &[b'x'; 9000]);
    rig.send(Side::Server, 101, &long[..4000]);
    assert_eq!(rig.lose(Side::Server, 102, 2000), Some(AfterGap::Continue));
    rig.send(Side::Server, 103, &[&long[6000..], &packet(5, &eof(2))].concat());
    assert_eq!(rows(rig.records()), ["SELECT: SELECT a rows 1 affected -"]);
    assert_eq!(rig.records()[0]["partial"], json!(["gap"]));
}

#[test]
fn cap_n_03h_a_start_in_the_middle() {
    let mut rig = Rig::new(App::Mysql);
    rig.facts.no_syn = true;
    rig.send(Side::Server, 0, b"rest of a row");
    rig.send(Side::Client, 1, &query("SELECT a FROM t"));
    rig.send(Side::Server, 2, &answer(&[vec![1], column(), eof(3), row(), eof(3)]));
    rig.send(Side::Client, 3, &command(0x17, b"\x05\0\0\0\0\x01\0\0\0\0\x01\xfd\0\x07hunter2"));
    rig.send(Side::Server, 4, &answer(&[ok(1, 3)]));
    assert_eq!(rows(rig.records()), ["SELECT: SELECT a FROM t rows 1 affected -", "-: «unknown» rows 0 affected 1"]);
    assert_eq!(rig.records()[1]["partial"], json!(["statement", "no_syn"]));
    assert_eq!(rig.records()[1]["tx"], "open");
}

#[test]
fn cap_n_03h_the_end_and_one_direction() {
    let mut rig = logged_in();
    rig.send(Side::Client, 100, &query("SELECT SLEEP(9)"));
    rig.end(Side::Client, End::Fin);
    assert!(rig.records().is_empty());
    rig.end(Side::Server, End::Rst);
    assert_eq!(rows(rig.records()), ["SELECT: SELECT SLEEP(?) rows - affected -"]);
    let mut rig = Rig::new(App::Mysql);
    rig.facts.no_syn = true;
    rig.send(Side::Client, 0, &query("SELECT 1"));
    rig.wake(30_000_001);
    assert_eq!(rows(rig.records()), ["SELECT: SELECT ? rows - affected -"]);
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
        Just(greeting(CAPS)),
        Just(greeting(CAPS | 0x20)),
        Just(response(1, CAPS)),
        Just(packet(2, &ok(0, 2))),
        Just(query("SELECT 'a")),
        Just(query("\x01\x01x")),
        Just(command(0x16, b"SELECT ?, ?")),
        Just(answer(&[vec![0, 5, 0, 0, 0, 1, 0, 2, 0, 0, 0, 0]])),
        Just(command(0x17, b"\x05\0\0\0\0\x01\0\0\0\0\x01\xfd\0\x03\0\xff")),
        Just(command(0x17, b"\x05")),
        Just(command(0x18, b"")),
        Just(command(0x19, b"\x05\0\0\0")),
        Just(command(0x1c, b"\x05\0\0\0")),
        Just(command(0x11, b"eve")),
        Just(command(4, b"t")),
        Just(command(9, b"")),
        Just(command(0xfa, b"\x05\0\0\0")),
        Just(command(0x1f, b"")),
        Just(packet(0, b"")),
        Just(packet(1, b"\xfbx")),
        Just(packet(1, &[0xfe; 5])),
        Just(packet(1, &[0xff])),
        Just(packet(1, &[0xfd, 1])),
        Just(answer(&[vec![2], column(), column(), eof(2), row(), eof(10)])),
        Just(packet(3, &ok_eof(2))),
        Just(packet(1, &error(1064, "42000", "near 'x"))),
        Just(vec![0xff, 0xff, 0xff, 0, 3]),
        proptest::collection::vec(any::<u8>(), 0..20),
    ]
}

proptest! {
    #[test]
    fn no_bytes_make_it_panic(bytes in proptest::collection::vec(any::<u8>(), 0..200), server in any::<bool>(), no_syn in any::<bool>()) {
        let mut rig = Rig::new(App::Mysql);
        rig.facts.no_syn = no_syn;
        rig.send(if server { Side::Server } else { Side::Client }, 0, &bytes);
        rig.end(Side::Server, End::Eof);
        let _ = crate::mysql::looks(Side::Client, &bytes);
        let _ = crate::mysql::looks(Side::Server, &bytes);
    }

    #[test]
    fn no_talk_makes_it_panic(acts in proptest::collection::vec((any::<bool>(), 0_u8..12, piece()), 0..40), how in 0_u8..3) {
        let mut rig = if how == 0 { logged_in() } else { Rig::new(App::Mysql) };
        rig.facts.no_syn = how == 1;
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
