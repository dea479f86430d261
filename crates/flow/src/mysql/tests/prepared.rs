//! Prepared statements and their parameters.

use serde_json::json;

use super::{answer, column, command, eof, error, log_in, ok, ok_eof, records, row, rows, script};
use crate::rig::Rig;
use crate::{App, Side};

fn prepared(number: u32, columns: u16, params: u16, ends: bool) -> Vec<u8> {
    let first = [&[0][..], &number.to_le_bytes(), &columns.to_le_bytes(), &params.to_le_bytes(), &[0, 0, 0]].concat();
    let mut bodies = vec![first];
    for count in [params, columns] {
        bodies.extend((0..count).map(|_| column()));
        if ends && count > 0 {
            bodies.push(eof(2));
        }
    }
    answer(&bodies)
}

fn execute(number: u32, types: Option<&[u8]>, nulls: u8, values: &[u8]) -> Vec<u8> {
    let mut body = [&number.to_le_bytes()[..], &[0, 1, 0, 0, 0], &[nulls, u8::from(types.is_some())]].concat();
    body.extend(types.unwrap_or_default());
    body.extend(values);
    command(0x17, &body)
}

fn talk() -> Vec<(Side, Vec<u8>)> {
    vec![
        (Side::Client, command(0x16, b"SELECT a FROM t WHERE b = ? AND c = ? AND d = 'x'")),
        (Side::Server, prepared(5, 1, 2, true)),
        (Side::Client, execute(5, Some(&[0xfd, 0, 3, 0]), 0, b"\x07hunter2\xff\xff\xff\xff")),
        (Side::Server, answer(&[vec![1], column(), eof(2), b"\0\0\x01a".to_vec(), eof(2)])),
        (Side::Client, execute(5, None, 1, b"\x05\0\0\0")),
        (Side::Server, answer(&[vec![1], column(), b"\0\0\x01a".to_vec(), b"\0\0\x01b".to_vec(), ok_eof(2)])),
        (Side::Client, command(0x18, b"\x05\0\0\0\0\0hunter2")),
        (Side::Client, command(0x19, b"\x05\0\0\0")),
        (Side::Client, command(0x16, b"UPDATE t SET a = 1")),
        (Side::Server, prepared(6, 0, 0, false)),
        (Side::Client, command(0x17, b"\x06\0\0\0\0\x01\0\0\0")),
        (Side::Server, answer(&[ok(4, 2)])),
        (Side::Client, command(0x16, b"SELEC 1")),
        (Side::Server, answer(&[error(1064, "42000", "You have an error near 'SELEC 1' at line 1")])),
        (Side::Client, execute(77, None, 0, b"\x01\0\0\0")),
        (Side::Server, answer(&[error(1243, "HY000", "Unknown prepared statement handler (77) given to EXECUTE")])),
    ]
}

#[test]
fn cap_n_03g_statements_are_known_by_their_number() {
    let found = records(talk());
    assert_eq!(
        rows(&found),
        [
            "SELECT: SELECT a FROM t WHERE b = ? AND c = ? AND d = ? rows 1 affected -",
            "SELECT: SELECT a FROM t WHERE b = ? AND c = ? AND d = ? rows 2 affected -",
            "UPDATE: UPDATE t SET a = ? rows 0 affected 4",
            "SELEC: SELEC ? rows - affected - !1064",
            "-: «unknown» rows - affected - !1243",
        ]
    );
    assert_eq!((&found[0]["prepared"], &found[4]["partial"]), (&json!("5"), &json!(["statement"])));
    assert!(found[0]["params"][0].as_str().unwrap().starts_with("«redacted 1-8 #"));
    assert_eq!(found[1]["params"][0], "NULL");
    assert!(!serde_json::to_string(&found).unwrap().contains("hunter2"));
}

#[test]
fn cap_n_15d_parameters_are_masked_and_shown_when_allowed() {
    let script = script([log_in(), talk()].concat());
    let mut rig = Rig::new(App::Mysql);
    rig.play(&script, usize::MAX);
    let lens: Vec<u32> = rig.out.masks.iter().map(|mask| mask.len).collect();
    // The log-in, the literal, two executions, the long parameter, two literals, …
    assert_eq!(lens[..6], [8, 13, 3, 18, 6, 7]);
    let mut open = Rig::without_redaction(App::Mysql);
    open.play(&script, usize::MAX);
    assert_eq!(open.records()[1]["params"], json!(["hunter2", "-1"]));
    assert_eq!(open.records()[2]["params"], json!(["NULL", "5"]));
    assert_eq!(open.records()[1]["query"], "SELECT a FROM t WHERE b = ? AND c = ? AND d = 'x'");
}

#[test]
fn cap_n_03g_cursors() {
    let found = records(vec![
        (Side::Client, command(0x16, b"SELECT a FROM t")),
        (Side::Server, prepared(5, 1, 0, true)),
        (Side::Client, command(0x17, b"\x05\0\0\0\x01\x01\0\0\0")),
        (Side::Server, answer(&[vec![1], column(), eof(0x42)])),
        (Side::Client, command(0x1c, b"\x05\0\0\0\x02\0\0\0")),
        (Side::Server, answer(&[b"\0\0\x01a".to_vec(), b"\0\0\x01b".to_vec(), eof(0x82)])),
        (Side::Client, super::query("SELECT 1")),
        (Side::Server, answer(&[vec![1], column(), row(), ok_eof(2)])),
    ]);
    assert_eq!(
        rows(&found),
        [
            "SELECT: SELECT a FROM t rows 0 affected -",
            "FETCH: SELECT a FROM t rows 2 affected -",
            "SELECT: SELECT ? rows 1 affected -",
        ]
    );
}

#[test]
fn cap_n_03g_mariadb_leaves_out_descriptions_and_tells_progress() {
    let found = records(vec![
        (Side::Client, command(0x16, b"SELECT a, b FROM t")),
        (Side::Server, prepared(5, 2, 0, false)),
        (Side::Client, command(0x17, b"\x05\0\0\0\0\x01\0\0\0")),
        (Side::Server, answer(&[vec![2, 0], b"\0\0\x01a\x01b".to_vec(), ok_eof(2)])),
        (Side::Client, command(0x17, b"\x05\0\0\0\0\x01\0\0\0")),
        (Side::Server, answer(&[vec![2, 1], column(), column(), b"\0\0\x01a\x01b".to_vec(), ok_eof(2)])),
        (Side::Client, super::query("ALTER TABLE t FORCE")),
        (Side::Server, answer(&[error(0xffff, "01000", "1 1 copy")])),
        (Side::Server, packet_2_ok()),
        (Side::Client, command(0xfa, b"\x05\0\0\0\x80\0\xfd\0\0\x07hunter2")),
        (Side::Server, answer(&[ok(1, 2)])),
    ]);
    assert_eq!(
        rows(&found),
        [
            "SELECT: SELECT a, b FROM t rows 1 affected -",
            "SELECT: SELECT a, b FROM t rows 1 affected -",
            "ALTER: ALTER TABLE t FORCE rows 0 affected 0",
            "SELECT: SELECT a, b FROM t rows 0 affected 1",
        ]
    );
}

fn packet_2_ok() -> Vec<u8> {
    super::packet(2, &ok(0, 2))
}
