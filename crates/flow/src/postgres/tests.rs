#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic, clippy::indexing_slicing)]

mod damage;
mod extended;
mod simple;

use serde_json::Value;

use crate::rig::{Act, Rig, same_at_every_cut};
use crate::{App, Side};

fn message(kind: u8, body: &[u8]) -> Vec<u8> {
    let mut out = vec![kind];
    out.extend(u32::try_from(body.len() + 4).unwrap().to_be_bytes());
    out.extend(body);
    out
}

fn texts(texts: &[&str]) -> Vec<u8> {
    texts.iter().flat_map(|text| [text.as_bytes(), b"\0"].concat()).collect()
}

fn startup(pairs: &[&str]) -> Vec<u8> {
    let mut body = 196_608_u32.to_be_bytes().to_vec();
    body.extend(texts(pairs));
    body.push(0);
    let mut out = u32::try_from(body.len() + 4).unwrap().to_be_bytes().to_vec();
    out.extend(body);
    out
}

fn query(text: &str) -> Vec<u8> {
    message(b'Q', &texts(&[text]))
}

fn parse(name: &str, text: &str) -> Vec<u8> {
    message(b'P', &[texts(&[name, text]), vec![0, 0]].concat())
}

fn bind(portal: &str, name: &str, params: &[Option<&str>]) -> Vec<u8> {
    let mut body = texts(&[portal, name]);
    body.extend([0, 0]);
    body.extend(u16::try_from(params.len()).unwrap().to_be_bytes());
    for param in params {
        match param {
            Some(text) => {
                body.extend(u32::try_from(text.len()).unwrap().to_be_bytes());
                body.extend(text.as_bytes());
            }
            None => body.extend([0xff; 4]),
        }
    }
    body.extend([0, 0]);
    message(b'B', &body)
}

fn execute(portal: &str) -> Vec<u8> {
    message(b'E', &[texts(&[portal]), vec![0; 4]].concat())
}

fn sync() -> Vec<u8> {
    message(b'S', b"")
}

fn row() -> Vec<u8> {
    message(b'D', &[0, 1, 0, 0, 0, 1, b'x'])
}

fn described() -> Vec<u8> {
    message(b'T', &[0, 1, b'a', 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 23, 0, 4, 0xff, 0xff, 0xff, 0xff, 0, 0])
}

fn done(tag: &str) -> Vec<u8> {
    message(b'C', &texts(&[tag]))
}

fn ready(state: u8) -> Vec<u8> {
    message(b'Z', &[state])
}

fn error(state: &str, text: &str) -> Vec<u8> {
    message(
        b'E',
        &[texts(&["SERROR", "VERROR", &format!("C{state}"), &format!("M{text}"), "Dsecret detail"]), vec![0]].concat(),
    )
}

/// A log-in with a password.
fn log_in() -> Vec<(Side, Vec<u8>)> {
    vec![
        (Side::Client, startup(&["user", "bob", "database", "shop"])),
        (Side::Server, message(b'R', &[0, 0, 0, 5, 1, 2, 3, 4])),
        (Side::Client, message(b'p', b"md5hunter2\0")),
        (
            Side::Server,
            [
                message(b'R', &[0; 4]),
                message(b'S', &texts(&["TimeZone", "UTC"])),
                message(b'K', &[0, 0, 0, 9, 1, 2, 3, 4]),
                ready(b'I'),
            ]
            .concat(),
        ),
    ]
}

fn script(talk: Vec<(Side, Vec<u8>)>) -> Vec<Act> {
    talk.into_iter().enumerate().map(|(at, (from, bytes))| Act::Send(from, at as i64 * 10, bytes)).collect()
}

/// The records of a talk after the log-in's, the same at every cut.
fn records(talk: Vec<(Side, Vec<u8>)>) -> Vec<Value> {
    let all = [log_in(), talk].concat();
    let mut records = same_at_every_cut(&script(all), || Rig::new(App::Postgres));
    assert_eq!(records.remove(0)["op"], "CONNECT");
    records
}

fn rows(records: &[Value]) -> Vec<String> {
    let row = |one: &Value| {
        let text = |name: &str| one[name].as_str().unwrap_or("-").to_owned();
        let number = |name: &str| one[name].as_u64().map_or("-".to_owned(), |value| value.to_string());
        let error = one["error"]["state"].as_str().map_or(String::new(), |state| format!(" !{state}"));
        format!(
            "{}: {} [{}] rows {} affected {}{error}",
            text("op"),
            text("query"),
            text("tag"),
            number("rows"),
            number("affected")
        )
    };
    records.iter().map(row).collect()
}
