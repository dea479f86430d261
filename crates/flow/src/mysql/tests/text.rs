//! Log-in and text queries.

use serde_json::json;

use super::{
    CAPS, answer, column, command, eof, error, greeting, log_in, ok, ok_eof, packet, query, records, response, row,
    rows, script,
};
use crate::mysql::looks;
use crate::rig::{Rig, same_at_every_cut};
use crate::{App, Side};

#[test]
fn cap_n_03f_a_log_in_shows_who_and_where_and_no_password() {
    let records = same_at_every_cut(&script(log_in()), || Rig::new(App::Mysql));
    assert_eq!(records.len(), 1);
    let one = &records[0];
    assert_eq!(
        (&one["engine"], &one["op"], &one["user"], &one["database"]),
        (&json!("mysql"), &json!("CONNECT"), &json!("bob"), &json!("shop"))
    );
    assert_eq!(one["latency_us"], 40);
    let mut rig = Rig::new(App::Mysql);
    rig.play(&script(log_in()), usize::MAX);
    assert_eq!(rig.out.masks.iter().map(|mask| mask.len).collect::<Vec<_>>(), [8, 13]);
    let refused = vec![
        (Side::Server, greeting(CAPS)),
        (Side::Client, response(1, CAPS)),
        (
            Side::Server,
            packet(2, &error(1045, "28000", "Access denied for user 'bob'@'10.0.0.7' (using password: YES)")),
        ),
    ];
    let records = same_at_every_cut(&script(refused), || Rig::new(App::Mysql));
    assert_eq!((&records[0]["error"]["code"], &records[0]["error"]["state"]), (&json!(1045), &json!("28000")));
    let full = vec![(Side::Server, packet(0, b"\xff\x10\x04Too many connections"))];
    let records = same_at_every_cut(&script(full), || Rig::new(App::Mysql));
    assert_eq!(records[0]["error"], json!({"code": 1040, "text": "Too many connections"}));
}

#[test]
fn cap_n_03f_queries_with_both_ways_to_end_rows() {
    let found = records(vec![
        (Side::Client, query("SELECT a, b FROM t WHERE c = 'hunter2'")),
        (Side::Server, answer(&[vec![2], column(), column(), eof(2), row(), row(), eof(2)])),
        (Side::Client, query("SELECT a, b FROM t")),
        (Side::Server, answer(&[vec![2], column(), column(), row()])),
        (Side::Server, packet(5, &ok_eof(3))),
        (Side::Client, query("SELECT a FROM t WHERE 1 = 0")),
        (Side::Server, answer(&[vec![1], column(), eof(3), eof(3)])),
        (Side::Client, query("SELECT a FROM t WHERE 1 = 0")),
        (Side::Server, answer(&[vec![1], column(), ok_eof(3)])),
        (Side::Client, query("UPDATE t SET a = 5")),
        (Side::Server, answer(&[ok(7, 2)])),
        (Side::Client, query("INSERT INTO t VALUES ('hunter2')")),
        (Side::Server, answer(&[error(1062, "23000", "Duplicate entry 'hunter2' for key 't.a'")])),
    ]);
    assert_eq!(
        rows(&found),
        [
            "SELECT: SELECT a, b FROM t WHERE c = ? rows 2 affected -",
            "SELECT: SELECT a, b FROM t rows 1 affected -",
            "SELECT: SELECT a FROM t WHERE ? = ? rows 0 affected -",
            "SELECT: SELECT a FROM t WHERE ? = ? rows 0 affected -",
            "UPDATE: UPDATE t SET a = ? rows 0 affected 7",
            "INSERT: INSERT INTO t VALUES (?) rows - affected - !1062",
        ]
    );
    assert!(!serde_json::to_string(&found).unwrap().contains("hunter2"));
    assert_eq!((&found[2]["tx"], &found[5]["tx"]), (&json!("open"), &json!("idle")));
    assert_eq!((&found[1]["ttfr_us"], &found[1]["latency_us"]), (&json!(10), &json!(20)));
    assert_eq!(found[0]["redacted"], json!(["sql"]));
}

#[test]
fn cap_n_03f_several_results_and_files() {
    let found = records(vec![
        (Side::Client, query("CALL p()")),
        (
            Side::Server,
            answer(&[
                vec![1],
                column(),
                eof(10),
                row(),
                eof(10),
                vec![1],
                column(),
                eof(10),
                row(),
                row(),
                eof(10),
                ok(0, 2),
            ]),
        ),
        (Side::Client, query("LOAD DATA LOCAL INFILE 'x' INTO TABLE t")),
        (Side::Server, answer(&[b"\xfbx".to_vec()])),
        (Side::Client, [packet(2, b"1,hunter2\n"), packet(3, b"")].concat()),
        (Side::Server, packet(4, &ok(1, 2))),
        (Side::Client, query("SELECT 1")),
        (Side::Server, answer(&[vec![1], column(), eof(2), row(), eof(2)])),
    ]);
    assert_eq!(
        rows(&found),
        [
            "CALL: CALL p() rows 3 affected 0",
            "LOAD: LOAD DATA LOCAL INFILE ? INTO TABLE t rows 0 affected 1",
            "SELECT: SELECT ? rows 1 affected -",
        ]
    );
}

#[test]
fn cap_n_03f_other_commands() {
    let found = records(vec![
        (Side::Client, command(2, b"stock")),
        (Side::Server, answer(&[ok(0, 2)])),
        (Side::Client, command(14, b"")),
        (Side::Server, answer(&[ok(0, 2)])),
        (Side::Client, command(9, b"")),
        (Side::Server, answer(&[b"Uptime: 5  Threads: 1".to_vec()])),
        (Side::Client, command(4, b"t\0")),
        (Side::Server, answer(&[column(), column(), eof(2)])),
        (Side::Client, command(0x11, b"eve\0\x07hunter2shop\0")),
        (Side::Server, packet(1, b"\xfemysql_native_password\0salt")),
        (Side::Client, packet(2, b"hunter2 proof")),
        (Side::Server, packet(3, &ok(0, 2))),
        (Side::Client, command(0x1f, b"")),
        (Side::Server, answer(&[ok(0, 2)])),
        (Side::Client, query("SELECT 1")),
        (Side::Server, answer(&[vec![1], column(), row(), ok_eof(2)])),
        (Side::Client, command(1, b"")),
    ]);
    let ops: Vec<_> = found.iter().map(|one| one["op"].as_str().unwrap()).collect();
    assert_eq!(ops, ["USE", "PING", "STATISTICS", "FIELD LIST", "CHANGE USER", "SELECT"]);
    assert_eq!(
        (&found[0]["query"], &found[1]["database"], &found[5]["user"]),
        (&json!("stock"), &json!("stock"), &json!("eve"))
    );
    assert!(!serde_json::to_string(&found).unwrap().contains("hunter2"));
}

#[test]
fn cap_n_03f_tls_and_compression() {
    let mut rig = Rig::new(App::Mysql);
    rig.send(Side::Server, 0, &greeting(CAPS | 0x800));
    let caps = (CAPS | 0x800).to_le_bytes();
    rig.send(Side::Client, 1, &packet(1, &[&caps[..], &[0, 0, 0, 1, 45], &[0; 23]].concat()));
    assert_eq!(rig.became, Some(App::Tls));
    // Inside TLS the client goes on with its answer.
    let inside = vec![
        (Side::Client, response(2, CAPS | 0x800)),
        (Side::Server, packet(3, &ok(0, 2))),
        (Side::Client, query("SELECT 1")),
        (Side::Server, answer(&[vec![1], column(), row(), ok_eof(2)])),
    ];
    let records = same_at_every_cut(&script(inside), || Rig::new(App::Mysql));
    assert_eq!((&records[0]["user"], &records[1]["op"]), (&json!("bob"), &json!("SELECT")));
    let squeezed = vec![
        (Side::Server, greeting(CAPS | 0x20)),
        (Side::Client, response(1, CAPS | 0x20)),
        (Side::Server, packet(2, &ok(0, 2))),
        (Side::Client, b"\x0d\0\0\0\0\0\0\x09\0\0\0\x03SELECT 1".to_vec()),
        (Side::Server, b"\x10\0\0\x01\0\0\0 anything".to_vec()),
    ];
    let records = same_at_every_cut(&script(squeezed), || Rig::new(App::Mysql));
    assert_eq!(records.len(), 1);
    assert_eq!(records[0]["anomaly"], json!(["mysql_compressed"]));
}

#[test]
fn cap_n_03f_long_statements_and_rows_pass_in_bounded_memory() {
    let long = format!("INSERT INTO t VALUES ('{}')", "hunter2".repeat(20_000));
    let talk = vec![
        (Side::Client, query(&long)),
        (Side::Server, answer(&[ok(1, 2)])),
        (Side::Client, query("SELECT a FROM t")),
        (Side::Server, answer(&[vec![1], column(), eof(2), vec![b'x'; 200_000], row(), eof(2)])),
        (Side::Client, query("SELECT 1")),
        (Side::Server, answer(&[vec![1], column(), row(), ok_eof(2)])),
    ];
    let script = script([log_in(), talk].concat());
    let mut whole = Rig::new(App::Mysql);
    whole.play(&script, usize::MAX);
    let mut pieces = Rig::new(App::Mysql);
    pieces.play(&script, 1448);
    assert_eq!(whole.records(), pieces.records());
    assert!(pieces.heap() < 100 << 10);
    assert_eq!(
        rows(&whole.records()[1..]),
        [
            "INSERT: INSERT INTO t VALUES (? rows 0 affected 1",
            "SELECT: SELECT a FROM t rows 2 affected -",
            "SELECT: SELECT ? rows 1 affected -",
        ]
    );
    assert_eq!(whole.records()[1]["truncated"], json!(["query"]));
    let masked: u64 = whole.out.masks.iter().map(|mask| u64::from(mask.len)).sum();
    assert!(masked >= 140_000, "{masked}");
}

#[test]
fn cap_n_03f_packets_that_go_on() {
    let full = vec![b'x'; 0xff_ffff];
    let mut rig = Rig::new(App::Mysql);
    rig.play(&script(log_in()), usize::MAX);
    rig.send(Side::Client, 100, &query("SELECT a FROM t"));
    let reply = [
        packet(1, &[1]),
        packet(2, &column()),
        packet(3, &eof(2)),
        packet(4, &full),
        packet(5, b"rest"),
        packet(6, &row()),
        packet(7, &eof(2)),
    ];
    for part in reply.concat().chunks(60_000) {
        rig.send(Side::Server, 101, part);
    }
    assert_eq!(rows(&rig.records()[1..]), ["SELECT: SELECT a FROM t rows 2 affected -"]);
}

#[test]
fn signatures() {
    let hello = greeting(CAPS);
    for cut in 0..hello.len() {
        assert_eq!(looks(Side::Server, &hello[..cut]), if cut < 27 { None } else { Some(true) }, "{cut}");
    }
    assert_eq!(looks(Side::Server, &packet(0, b"\xff\x10\x04Too many connections")), Some(true));
    assert_eq!(looks(Side::Client, &response(1, CAPS)), Some(true));
    assert_eq!(looks(Side::Client, &query("select 1")), Some(true));
    assert_eq!(looks(Side::Client, &command(3, b"\x00\x01SELECT 1")), Some(true));
    for other in [
        &b"GET / HTTP/1.1\r\n\r\n"[..],
        b"\x16\x03\x01\x02\x00\x01",
        b"*1\r\n$4\r\nPING\r\n",
        b"\0\0\0\x08\x04\xd2\x16\x2f",
        b"SSH-2.0-x\r\n",
    ] {
        assert_eq!(looks(Side::Client, other), Some(false), "{other:?}");
    }
    for other in [&b"HTTP/1.1 200 OK\r\n"[..], b"R\0\0\0\x08\0\0\0\0", b"+OK\r\n", b"220 mail\r\n"] {
        assert_eq!(looks(Side::Server, other), Some(false), "{other:?}");
    }
}
