//! Prepared statements, pipelines, their errors.

use serde_json::json;

use super::{
    bind, described, done, error, execute, log_in, message, parse, query, ready, records, row, rows, script, sync,
    texts,
};
use crate::rig::Rig;
use crate::{App, Side};

fn describe(kind: u8, name: &str) -> Vec<u8> {
    message(b'D', &[vec![kind], texts(&[name])].concat())
}

fn one(kind: u8) -> Vec<u8> {
    message(kind, b"")
}

#[test]
fn cap_n_03d_an_unnamed_statement() {
    let records = records(vec![
        (
            Side::Client,
            [
                parse("", "SELECT a FROM t WHERE b = $1 AND c = 5"),
                bind("", "", &[Some("hunter2")]),
                describe(b'P', ""),
                execute(""),
                sync(),
            ]
            .concat(),
        ),
        (Side::Server, [one(b'1'), one(b'2'), described(), row(), row(), done("SELECT 2"), ready(b'I')].concat()),
    ]);
    assert_eq!(rows(&records), ["SELECT: SELECT a FROM t WHERE b = $1 AND c = ? [SELECT 2] rows 2 affected -"]);
    assert_eq!(records[0]["prepared"], "");
    assert!(records[0]["params"][0].as_str().unwrap().starts_with("«redacted 1-8 #"));
    assert_eq!((&records[0]["latency_us"], &records[0]["ttfr_us"]), (&json!(10), &json!(10)));
}

#[test]
fn cap_n_03d_named_statements_are_remembered() {
    let records = records(vec![
        (Side::Client, [parse("s1", "UPDATE t SET a = $1"), describe(b'S', "s1"), sync()].concat()),
        (Side::Server, [one(b'1'), message(b't', &[0, 1, 0, 0, 0, 23]), one(b'n'), ready(b'I')].concat()),
        (Side::Client, [bind("", "s1", &[Some("1")]), execute(""), sync()].concat()),
        (Side::Server, [one(b'2'), done("UPDATE 3"), ready(b'I')].concat()),
        (
            Side::Client,
            [bind("p", "s1", &[None]), execute("p"), message(b'C', b"Pp\0"), message(b'C', b"Ss1\0"), sync()].concat(),
        ),
        (Side::Server, [one(b'2'), done("UPDATE 1"), one(b'3'), one(b'3'), ready(b'I')].concat()),
        (Side::Client, [bind("", "s1", &[None]), execute(""), sync()].concat()),
        (Side::Server, [error("26000", "prepared statement \"s1\" does not exist"), ready(b'I')].concat()),
    ]);
    assert_eq!(
        rows(&records),
        [
            "UPDATE: UPDATE t SET a = $1 [UPDATE 3] rows 0 affected 3",
            "UPDATE: UPDATE t SET a = $1 [UPDATE 1] rows 0 affected 1",
            "-: «unknown» [-] rows - affected - !26000",
        ]
    );
    assert_eq!((&records[0]["prepared"], &records[1]["params"]), (&json!("s1"), &json!(["NULL"])));
    assert_eq!(records[2]["partial"], json!(["statement"]));
}

#[test]
fn cap_n_03d_pipelines() {
    let batch = |text: &str| [parse("", text), bind("", "", &[]), execute("")].concat();
    let records = records(vec![
        (Side::Client, [batch("SELECT a"), batch("SELECT b"), batch("DELETE FROM c"), sync()].concat()),
        (Side::Client, [batch("SELECT d"), sync()].concat()),
        (
            Side::Server,
            [one(b'1'), one(b'2'), row(), done("SELECT 1"), one(b'1'), one(b'2'), done("SELECT 0")].concat(),
        ),
        (
            Side::Server,
            [one(b'1'), one(b'2'), done("DELETE 7"), ready(b'I'), one(b'1'), one(b'2'), row(), row()].concat(),
        ),
        (Side::Server, [done("SELECT 2"), ready(b'I')].concat()),
    ]);
    assert_eq!(
        rows(&records),
        [
            "SELECT: SELECT a [SELECT 1] rows 1 affected -",
            "SELECT: SELECT b [SELECT 0] rows 0 affected -",
            "DELETE: DELETE FROM c [DELETE 7] rows 0 affected 7",
            "SELECT: SELECT d [SELECT 2] rows 2 affected -",
        ]
    );
}

#[test]
fn cap_n_03d_an_error_skips_up_to_the_sync() {
    let batch = |text: &str| [parse("", text), bind("", "", &[]), execute("")].concat();
    let records = records(vec![
        (
            Side::Client,
            [batch("SELECT a"), batch("SELECT b"), batch("SELECT c"), sync(), batch("SELECT d"), sync()].concat(),
        ),
        (
            Side::Server,
            [one(b'1'), one(b'2'), done("SELECT 0"), error("42P01", "relation \"b\" does not exist"), ready(b'I')]
                .concat(),
        ),
        (Side::Server, [one(b'1'), one(b'2'), done("SELECT 0"), ready(b'I')].concat()),
        (Side::Client, [parse("s", "SELEC 1"), sync()].concat()),
        (Side::Server, [error("42601", "syntax error at or near \"SELEC\""), ready(b'I')].concat()),
    ]);
    assert_eq!(
        rows(&records),
        [
            "SELECT: SELECT a [SELECT 0] rows 0 affected -",
            "SELECT: SELECT b [-] rows - affected - !42P01",
            "SELECT: SELECT d [SELECT 0] rows 0 affected -",
            "SELEC: SELEC ? [-] rows - affected - !42601",
        ]
    );
    assert_eq!(records[1]["error"]["text"], "relation \"b\" does not exist");
}

#[test]
fn cap_n_03d_a_portal_may_stop_at_its_limit() {
    let records = records(vec![
        (Side::Client, [parse("", "SELECT a"), bind("p", "", &[]), execute("p"), message(b'H', b"")].concat()),
        (Side::Server, [one(b'1'), one(b'2'), row(), one(b's')].concat()),
        (Side::Client, [execute("p"), sync()].concat()),
        (Side::Server, [row(), row(), done("SELECT 2"), ready(b'I')].concat()),
    ]);
    assert_eq!(
        rows(&records),
        ["SELECT: SELECT a [-] rows 1 affected -", "SELECT: SELECT a [SELECT 2] rows 2 affected -"]
    );
}

#[test]
fn cap_n_03d_copy_in_an_extended_query_takes_no_sync() {
    let records = records(vec![
        (Side::Client, [parse("", "COPY t FROM STDIN"), bind("", "", &[]), execute(""), sync()].concat()),
        (Side::Server, [one(b'1'), one(b'2'), message(b'G', &[0, 0, 0])].concat()),
        (Side::Client, [message(b'd', b"1\n"), message(b'c', b""), sync()].concat()),
        (Side::Server, [done("COPY 1"), ready(b'I')].concat()),
        (Side::Client, query("SELECT 1")),
        (Side::Server, [row(), done("SELECT 1"), ready(b'I')].concat()),
    ]);
    assert_eq!(
        rows(&records),
        ["COPY: COPY t FROM STDIN [COPY 1] rows - affected 1", "SELECT: SELECT ? [SELECT 1] rows 1 affected -"]
    );
}

#[test]
fn cap_n_15c_parameters_are_masked_and_shown_when_allowed() {
    let talk = vec![
        (
            Side::Client,
            [parse("", "SELECT $1, $2"), bind("", "", &[Some("hunter2"), None]), execute(""), sync()].concat(),
        ),
        (Side::Server, [one(b'1'), one(b'2'), done("SELECT 0"), ready(b'I')].concat()),
    ];
    let script = script([log_in(), talk].concat());
    let mut rig = Rig::new(App::Postgres);
    rig.play(&script, usize::MAX);
    assert!(rig.out.masks.iter().any(|mask| mask.len == 7));
    assert_eq!(rig.records()[1]["redacted"], json!(["sql"]));
    let mut open = Rig::without_redaction(App::Postgres);
    open.play(&script, usize::MAX);
    assert_eq!(open.records()[1]["params"], json!(["hunter2", "NULL"]));
}
