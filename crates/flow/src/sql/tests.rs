#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic, clippy::indexing_slicing)]

use proptest::prelude::*;

use super::errors::{hidden_mysql, hidden_postgres};
use super::tokens::tokens;
use super::{Dialect, Statement, Store};
use crate::redact::{Redaction, Rules};

fn read(text: &str, dialect: Dialect) -> (Statement, Vec<String>) {
    let mut secrets = Vec::new();
    let redaction = Redaction::new(Rules::default(), [1; 16]);
    let keep = |from, to| secrets.push(text[from..to].to_owned());
    let statement = Statement::read(text.as_bytes(), false, dialect, &redaction, 4096, keep);
    (statement, secrets)
}

fn shown(text: &str, dialect: Dialect) -> String {
    String::from_utf8(read(text, dialect).0.text).unwrap()
}

fn postgres(text: &str) -> String {
    shown(text, Dialect::Postgres)
}

fn mysql(text: &str) -> String {
    shown(text, Dialect::Mysql)
}

#[test]
fn cap_n_15b_literals_of_postgres() {
    assert_eq!(postgres("SELECT * FROM a WHERE b = 'it''s' AND c=5;"), "SELECT * FROM a WHERE b = ? AND c=?");
    assert_eq!(postgres(r"SELECT E'a\'b', 'a\', x'1F', B'01', U&'d\0061', N'z'"), "SELECT ?, ?, ?, ?, ?, ?");
    assert_eq!(postgres("SELECT $$a'b$$, $q$ $$ $q$, $1, $2::int"), "SELECT ?, ?, $1, $2::int");
    assert_eq!(
        postgres("SELECT 1, 1.5e-10, .5, 0x1F, 1_000, a1, t.c2, \"A 'b' 1\""),
        "SELECT ?, ?, ?, ?, ?, a1, t.c2, \"A 'b' 1\""
    );
    assert_eq!(postgres("SELECT 1 -- a comment 'x'\n, 2 /* and /* a nested */ one */ + 3"), "SELECT ? , ? + ?");
    assert_eq!(postgres("  select\n\t a ->> 'k'  ;  "), "select a ->> ?");
    assert_eq!(postgres("SELECT 'cut off"), "SELECT ?");
    assert_eq!(postgres("SELECT $x$cut off"), "SELECT ?");
    assert_eq!(postgres("SELECT 1 /* cut off"), "SELECT ?");
    assert_eq!(postgres("ALTER ROLE bob PASSWORD 'hunter2'"), "ALTER ROLE bob PASSWORD ?");
}

#[test]
fn cap_n_15b_literals_of_mysql() {
    assert_eq!(mysql(r#"SELECT "a\"b", 'a\'b', `c 1`, _utf8mb4'x', x'1f' # rest"#), "SELECT ?, ?, `c 1`, ?, ?");
    assert_eq!(mysql("INSERT INTO t VALUES (1,'a'),(2,'b')"), "INSERT INTO t VALUES (?,?),(?,?)");
    assert_eq!(mysql("SELECT @@version, @a, ? FROM db.t -- x"), "SELECT @@version, @a, ? FROM db.t");
    assert_eq!(mysql("SELECT /*!40101 1 */ 2"), "SELECT ?");
}

#[test]
fn cap_n_15b_what_is_taken_out_is_told() {
    let (statement, secrets) = read("SELECT 'a', 5 /* b */ FROM t", Dialect::Postgres);
    assert_eq!(secrets, ["'a'", "5", "/* b */"]);
    assert_eq!(statement.why, crate::redact::Why::Sql.bit());
    let (statement, secrets) = read("SELECT a FROM t", Dialect::Postgres);
    assert!(secrets.is_empty() && statement.why == 0);
    let raw = Statement::read(b"SELECT 'a'", false, Dialect::Postgres, &Redaction::off(), 4096, |_, _| panic!());
    assert_eq!(raw.text, b"SELECT 'a'");
    assert_eq!(raw.fingerprint, read("select 'b'", Dialect::Postgres).0.fingerprint);
}

#[test]
fn statements_of_one_shape_have_one_fingerprint() {
    let print = |text: &str| read(text, Dialect::Postgres).0.fingerprint;
    assert_eq!(print("SELECT a FROM t WHERE b=1"), print("select  a\nfrom T where b = 'x' ; "));
    assert_eq!(print("SELECT a WHERE b IN (1,2,3)"), print("SELECT a WHERE b IN ($1)"));
    assert_eq!(print("INSERT INTO t VALUES (1,2),(3,4)"), print("INSERT INTO t VALUES (1,2)"));
    assert_ne!(print("SELECT a FROM t"), print("SELECT b FROM t"));
    assert_ne!(print("SELECT a, b FROM t"), print("SELECT a FROM t"));
    assert_ne!(print("SELECT f(1), a"), print("SELECT f(1)"));
    assert_ne!(print("SELECT 1, a"), print("SELECT 1"));
}

#[test]
fn the_verb_of_a_statement() {
    let op = |text: &str| String::from_utf8(read(text, Dialect::Postgres).0.op).unwrap();
    assert_eq!(op(" /* x */ select 1"), "SELECT");
    assert_eq!(op("WITH a AS (SELECT 1) , b AS (DELETE FROM t) insert into t select 1"), "INSERT");
    assert_eq!(op("(SELECT 1) UNION (SELECT 2)"), "SELECT");
    assert_eq!(op("BEGIN"), "BEGIN");
    assert_eq!(op(""), "");
    assert_eq!(op("WITH a"), "WITH");
}

#[test]
fn errors_hide_values() {
    let part = |text: &str, found: Option<(usize, usize)>| found.map(|(from, to)| text[from..to].to_owned());
    let text = "invalid input syntax for type integer: \"hunter2\"";
    assert_eq!(part(text, hidden_postgres(b"22P02", text.as_bytes())).as_deref(), Some("hunter2"));
    assert_eq!(hidden_postgres(b"42P01", b"relation \"users\" does not exist"), None);
    let text = "Duplicate entry 'it's' for key 'users.email'";
    assert_eq!(part(text, hidden_mysql(1062, text.as_bytes())).as_deref(), Some("it's"));
    let text = "You have an error near ''hunter2' x' at line 1";
    assert_eq!(part(text, hidden_mysql(1064, text.as_bytes())).as_deref(), Some("'hunter2' x"));
    assert_eq!(hidden_mysql(1146, b"Table 'a.b' doesn't exist"), None);
}

#[test]
fn the_store_keeps_the_newest_within_its_budget() {
    let mut store = Store::default();
    let statement = std::sync::Arc::new(Statement { text: vec![b'x'; 2000], ..Statement::default() });
    for at in 0..10_000_u32 {
        store.put(&at.to_be_bytes(), statement.clone());
        assert!(store.heap() < 300 << 10);
    }
    assert!(store.get(&9_999_u32.to_be_bytes()).is_some() && store.get(&0_u32.to_be_bytes()).is_none());
    store.put(b"a", std::sync::Arc::new(Statement::default()));
    store.put(b"a", statement.clone());
    assert_eq!(store.get(b"a").unwrap().text.len(), 2000);
    store.remove(b"a");
    assert!(store.get(b"a").is_none());
    store.clear();
    assert_eq!(store.heap(), 0);
}

proptest! {
    #[test]
    fn no_statement_makes_it_panic(text in r#"(['"`$?#*/().,;\\-]|--|/\*|\*/|\$a\$|[0-9]{1,3}|e|E'|[a-z]{1,4}| |é){0,60}"#) {
        for dialect in [Dialect::Postgres, Dialect::Mysql] {
            for cut in 0..=text.len() {
                let head = &text.as_bytes()[..cut];
                let mut at = 0;
                for (_, from, to) in tokens(head, dialect) {
                    prop_assert!(from == at && to > from);
                    at = to;
                }
                prop_assert_eq!(at, cut);
                Statement::read(head, true, dialect, &Redaction::new(Rules::default(), [1; 16]), 30, |from, to| assert!(from < to && to <= cut));
            }
        }
    }

    /// Whatever stands in a string is not shown.
    #[test]
    fn a_string_is_hidden(secret in "[a-z '\\\\$\"#/*-]{0,20}") {
        let quoted = secret.replace('\'', "''");
        prop_assert_eq!(postgres(&format!("SELECT a FROM t WHERE b = '{quoted}' AND c = d")), "SELECT a FROM t WHERE b = ? AND c = d");
        let escaped = secret.replace('\\', "\\\\").replace('\'', "\\'");
        prop_assert_eq!(mysql(&format!("SELECT a FROM t WHERE b = '{escaped}' AND c = d")), "SELECT a FROM t WHERE b = ? AND c = d");
    }
}
