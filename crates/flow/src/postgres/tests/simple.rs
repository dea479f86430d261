//! Log-in, simple queries, COPY, cancellation, TLS.

use serde_json::json;

use super::{described, done, error, log_in, message, query, ready, records, row, rows, script, startup, texts};
use crate::postgres::looks;
use crate::rig::{Rig, same_at_every_cut};
use crate::{App, Side};

#[test]
fn cap_n_03c_a_log_in_shows_who_and_where_and_no_password() {
    let records = same_at_every_cut(&script(log_in()), || Rig::new(App::Postgres));
    assert_eq!(records.len(), 1);
    let one = &records[0];
    assert_eq!((&one["kind"], &one["engine"], &one["op"]), (&json!("sql"), &json!("postgres"), &json!("CONNECT")));
    assert_eq!((&one["user"], &one["database"], &one["latency_us"]), (&json!("bob"), &json!("shop"), &json!(30)));
    let mut rig = Rig::new(App::Postgres);
    rig.play(&script(log_in()), usize::MAX);
    let password = rig.out.masks.iter().find(|mask| mask.side == Side::Client).expect("the password is masked");
    assert_eq!(password.len, 11);
    assert!(rig.out.masks.iter().any(|mask| mask.side == Side::Server && mask.len == 4), "the key of cancellation");
    // The database has the user's name unless said otherwise; a refusal is an error.
    let refused = vec![
        (Side::Client, startup(&["user", "bob"])),
        (Side::Server, error("28P01", "password authentication failed for user \"bob\"")),
    ];
    let records = same_at_every_cut(&script(refused), || Rig::new(App::Postgres));
    assert_eq!(records[0]["database"], "bob");
    assert_eq!(
        records[0]["error"],
        json!({"state": "28P01", "text": "password authentication failed for user \"bob\""})
    );
}

#[test]
fn cap_n_03c_simple_queries() {
    let records = records(vec![
        (Side::Client, query("SELECT a FROM t WHERE b = 'hunter2'")),
        (Side::Server, [described(), row()].concat()),
        (Side::Server, [row(), done("SELECT 2"), ready(b'I')].concat()),
        (Side::Client, query("BEGIN")),
        (Side::Server, [done("BEGIN"), ready(b'T')].concat()),
        (Side::Client, query("INSERT INTO t VALUES (1); UPDATE t SET a = 2;")),
        (Side::Server, [done("INSERT 0 1"), done("UPDATE 3"), ready(b'T')].concat()),
        (Side::Client, query("SELECT 'hunter2'::int")),
        (Side::Server, [error("22P02", "invalid input syntax for type integer: \"hunter2\""), ready(b'E')].concat()),
        (Side::Client, query("ROLLBACK")),
        (Side::Server, [done("ROLLBACK"), ready(b'I')].concat()),
        (Side::Client, query("")),
        (Side::Server, [message(b'I', b""), ready(b'I')].concat()),
    ]);
    assert_eq!(
        rows(&records),
        [
            "SELECT: SELECT a FROM t WHERE b = ? [SELECT 2] rows 2 affected -",
            "BEGIN: BEGIN [BEGIN] rows 0 affected -",
            "INSERT: INSERT INTO t VALUES (?); UPDATE t SET a = ? [UPDATE 3] rows 0 affected 4",
            "SELECT: SELECT ?::int [-] rows - affected - !22P02",
            "ROLLBACK: ROLLBACK [ROLLBACK] rows 0 affected -",
            "-: - [-] rows 0 affected -",
        ]
    );
    let first = &records[0];
    assert_eq!((&first["latency_us"], &first["ttfr_us"], &first["tx"]), (&json!(20), &json!(10), &json!("idle")));
    assert_eq!(
        (&first["redacted"], &first["user"], &first["database"]),
        (&json!(["sql"]), &json!("bob"), &json!("shop"))
    );
    assert_eq!((&records[2]["tx"], &records[4]["tx"]), (&json!("open"), &json!("failed")));
    let all = serde_json::to_string(&records).unwrap();
    assert!(!all.contains("hunter2") && !all.contains("secret detail"), "{all}");
    assert_eq!(first["fingerprint"].as_str().unwrap().len(), 16);
}

#[test]
fn cap_n_03c_copy_in_and_out() {
    let lines = |kind| [message(kind, b"1\thunter2\n"), message(kind, b"2\tb\n")].concat();
    let talk = vec![
        (Side::Client, query("COPY t FROM STDIN")),
        (Side::Server, message(b'G', &[0, 0, 2, 0, 0, 0, 0])),
        (Side::Client, [lines(b'd'), message(b'c', b"")].concat()),
        (Side::Server, [done("COPY 2"), ready(b'I')].concat()),
        (Side::Client, query("COPY t TO STDOUT")),
        (
            Side::Server,
            [message(b'H', &[0, 0, 2, 0, 0, 0, 0]), lines(b'd'), message(b'c', b""), done("COPY 2"), ready(b'I')]
                .concat(),
        ),
        (Side::Client, query("COPY t FROM STDIN")),
        (Side::Server, message(b'G', &[0, 0, 2, 0, 0, 0, 0])),
        (Side::Client, message(b'f', &texts(&["no more"]))),
        (Side::Server, [error("57014", "COPY from stdin failed: no more"), ready(b'I')].concat()),
    ];
    let found = records(talk.clone());
    assert_eq!(
        rows(&found),
        [
            "COPY: COPY t FROM STDIN [COPY 2] rows - affected 2",
            "COPY: COPY t TO STDOUT [COPY 2] rows - affected 2",
            "COPY: COPY t FROM STDIN [-] rows - affected - !57014",
        ]
    );
    let mut rig = Rig::new(App::Postgres);
    rig.play(&script([log_in(), talk].concat()), usize::MAX);
    assert!(rig.out.masks.iter().any(|mask| mask.len == 10), "lines that are sent are masked");
}

#[test]
fn cap_n_03c_tls_and_its_refusal() {
    let ask = |code: u32| [8_u32.to_be_bytes(), code.to_be_bytes()].concat();
    let mut rig = Rig::new(App::Postgres);
    rig.send(Side::Client, 0, &ask(80_877_103));
    rig.send(Side::Server, 1, b"S");
    assert_eq!(rig.became, Some(App::Tls));
    let mut talk = vec![
        (Side::Client, ask(80_877_104)),
        (Side::Server, b"N".to_vec()),
        (Side::Client, ask(80_877_103)),
        (Side::Server, b"N".to_vec()),
    ];
    talk.extend(log_in());
    let records = same_at_every_cut(&script(talk), || Rig::new(App::Postgres));
    assert_eq!(records[0]["op"], "CONNECT");
    let mut rig = Rig::new(App::Postgres);
    rig.send(Side::Client, 0, &ask(80_877_104));
    rig.send(Side::Server, 1, b"G");
    rig.send(Side::Client, 2, b"sealed bytes of GSSAPI");
    assert!(rig.violations.is_empty() && rig.records().is_empty());
}

#[test]
fn cap_n_03c_a_cancellation_is_a_record() {
    let mut bytes = 16_u32.to_be_bytes().to_vec();
    bytes.extend(80_877_102_u32.to_be_bytes());
    bytes.extend([0, 0, 0, 9, 1, 2, 3, 4]);
    let records = same_at_every_cut(&script(vec![(Side::Client, bytes.clone())]), || Rig::new(App::Postgres));
    assert_eq!(records[0]["op"], "CANCEL");
    let mut rig = Rig::new(App::Postgres);
    rig.send(Side::Client, 0, &bytes);
    assert_eq!((rig.out.masks[0].offset, rig.out.masks[0].len), (12, 4));
}

#[test]
fn cap_n_03c_long_statements_and_rows_pass_in_bounded_memory() {
    let long = format!("SELECT '{}'", "hunter2".repeat(20_000));
    let talk = vec![
        (Side::Client, query(&long)),
        (Side::Server, [described(), message(b'D', &vec![b'x'; 200_000]), done("SELECT 1"), ready(b'I')].concat()),
        (Side::Client, query("SELECT 1")),
        (Side::Server, [done("SELECT 1"), ready(b'I')].concat()),
    ];
    let script = script([log_in(), talk].concat());
    let mut whole = Rig::new(App::Postgres);
    whole.play(&script, usize::MAX);
    let mut pieces = Rig::new(App::Postgres);
    pieces.play(&script, 1448);
    assert_eq!(whole.records(), pieces.records());
    assert!(pieces.heap() < 100 << 10, "{}", pieces.heap());
    assert_eq!(rows(&whole.records()[1..2]), ["SELECT: SELECT ? [SELECT 1] rows 1 affected -"]);
    assert_eq!(whole.records()[1]["truncated"], json!(["query"]));
    assert_eq!(whole.records().len(), 3);
    let masked: u64 = whole.out.masks.iter().map(|mask| u64::from(mask.len)).sum();
    assert!(masked >= 140_000, "{masked}");
}

#[test]
fn signatures() {
    let start = startup(&["user", "bob"]);
    for cut in 0..start.len() {
        assert_eq!(looks(Side::Client, &start[..cut]), if cut < 8 { None } else { Some(true) }, "{cut}");
    }
    assert_eq!(looks(Side::Client, &[0, 0, 0, 8, 4, 210, 22, 47]), Some(true));
    assert_eq!(looks(Side::Client, &query("SELECT 1")), Some(true));
    assert_eq!(
        looks(Side::Client, &[super::parse("", "SELECT $1"), super::bind("", "", &[None]), super::sync()].concat()),
        Some(true)
    );
    assert_eq!(looks(Side::Server, &[message(b'R', &[0; 4]), ready(b'I')].concat()), Some(true));
    assert_eq!(looks(Side::Server, &[row(), done("SELECT 1"), ready(b'I')].concat()), Some(true));
    assert_eq!(looks(Side::Server, &error("28000", "no")), Some(true));
    for other in [
        &b"GET / HTTP/1.1\r\n\r\n"[..],
        b"\x16\x03\x01\x02\x00\x01",
        b"*1\r\n$4\r\nPING\r\n",
        b"SSH-2.0-x\r\n",
        b"\x00\x1d\x12\x34\x01\x00\x00\x01\x00\x00",
    ] {
        assert_eq!(looks(Side::Client, other), Some(false), "{other:?}");
    }
    for other in [&b"HTTP/1.1 200 OK\r\n"[..], b"J\0\0\0\x0a8.0.33", b"+OK\r\n", b"220 mail\r\n"] {
        assert_eq!(looks(Side::Server, other), Some(false), "{other:?}");
    }
}
