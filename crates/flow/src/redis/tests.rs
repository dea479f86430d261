#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic, clippy::indexing_slicing)]

mod damage;
mod secrets;
mod talk;
mod wire;

use serde_json::Value;

use crate::rig::{Act, Rig, same_at_every_cut};
use crate::{App, Side};

/// `*2\r\n$3\r\nGET\r\n$1\r\na\r\n` of `GET a`.
fn resp(words: &[&str]) -> Vec<u8> {
    let mut out = format!("*{}\r\n", words.len()).into_bytes();
    for word in words {
        out.extend(format!("${}\r\n{word}\r\n", word.len()).into_bytes());
    }
    out
}

fn line(text: &str) -> Vec<u8> {
    resp(&text.split(' ').collect::<Vec<_>>())
}

/// Commands and replies in turn, 10 µs apart.
fn script(talk: &[(Side, Vec<u8>)]) -> Vec<Act> {
    talk.iter().enumerate().map(|(at, (from, bytes))| Act::Send(*from, at as i64 * 10, bytes.clone())).collect()
}

fn client(text: &str) -> (Side, Vec<u8>) {
    (Side::Client, line(text))
}

fn server(text: &str) -> (Side, Vec<u8>) {
    (Side::Server, text.replace('|', "\r\n").into_bytes())
}

/// The records of a talk, the same however it is cut. Nothing is redacted.
fn records(talk: &[(Side, Vec<u8>)]) -> Vec<Value> {
    same_at_every_cut(&script(talk), || Rig::without_redaction(App::Redis))
}

fn redacted(talk: &[(Side, Vec<u8>)]) -> Vec<Value> {
    same_at_every_cut(&script(talk), || Rig::new(App::Redis))
}

fn text<'a>(record: &'a Value, name: &str) -> &'a str {
    record[name].as_str().unwrap_or("-")
}

/// Commands, arguments and what came of them, one line a record.
fn rows(records: &[Value]) -> Vec<String> {
    let row = |one: &Value| {
        let list = |name: &str| {
            let words =
                one[name].as_array().map(|list| list.iter().map(|word| word.as_str().unwrap()).collect::<Vec<_>>());
            words.unwrap_or_default().join(",")
        };
        let outcome = ["reply", "error"].iter().find_map(|name| one[*name].as_str()).unwrap_or("-");
        format!(
            "{}{}({}) {} = {outcome}",
            text(one, "push").trim_start_matches('-'),
            list("commands"),
            list("keys"),
            text(one, "args")
        )
    };
    records.iter().map(row).collect()
}
