#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic, clippy::indexing_slicing)]

mod damage;
mod prepared;
mod text;

use serde_json::Value;

use crate::rig::{Act, Rig, same_at_every_cut};
use crate::{App, Side};

fn packet(number: u8, body: &[u8]) -> Vec<u8> {
    let mut out = u32::try_from(body.len()).unwrap().to_le_bytes()[..3].to_vec();
    out.push(number);
    out.extend(body);
    out
}

/// Packets numbered from one.
fn answer(bodies: &[Vec<u8>]) -> Vec<u8> {
    bodies.iter().enumerate().flat_map(|(at, body)| packet(u8::try_from(at + 1).unwrap(), body)).collect()
}

fn command(kind: u8, body: &[u8]) -> Vec<u8> {
    packet(0, &[&[kind], body].concat())
}

fn query(text: &str) -> Vec<u8> {
    command(3, text.as_bytes())
}

fn ok(affected: u8, state: u16) -> Vec<u8> {
    [&[0, affected, 0][..], &state.to_le_bytes(), &[0, 0]].concat()
}

fn eof(state: u16) -> Vec<u8> {
    [&[0xfe, 0, 0][..], &state.to_le_bytes()].concat()
}

/// How newer servers end rows.
fn ok_eof(state: u16) -> Vec<u8> {
    [&[0xfe, 0, 0][..], &state.to_le_bytes(), &[0, 0]].concat()
}

fn error(code: u16, state: &str, text: &str) -> Vec<u8> {
    [&[0xff][..], &code.to_le_bytes(), b"#", state.as_bytes(), text.as_bytes()].concat()
}

fn column() -> Vec<u8> {
    b"\x03def\x00\x01t\x01t\x01a\x01a\x0c\x3f\x00\x0b\x00\x00\x00\x03\x00\x00\x00\x00\x00".to_vec()
}

fn row() -> Vec<u8> {
    b"\x011\x02bb".to_vec()
}

const CAPS: u32 = 0x00ff_f7df & !0x800;

fn greeting(caps: u32) -> Vec<u8> {
    let caps = caps.to_le_bytes();
    let body = [
        &[10][..],
        b"5.5.5-10.11.6-MariaDB\0",
        &[7, 0, 0, 0],
        b"saltsalt\0",
        &caps[..2],
        &[45, 2, 0],
        &caps[2..],
        &[21],
        &[0; 10],
        b"saltsaltsalt\0mysql_native_password\0",
    ]
    .concat();
    packet(0, &body)
}

fn response(number: u8, caps: u32) -> Vec<u8> {
    let body = [
        &caps.to_le_bytes()[..],
        &[0, 0, 0, 1, 45],
        &[0; 23],
        b"bob\0",
        b"\x07hunter2",
        b"shop\0mysql_native_password\0",
    ]
    .concat();
    packet(number, &body)
}

fn log_in() -> Vec<(Side, Vec<u8>)> {
    vec![
        (Side::Server, greeting(CAPS)),
        (Side::Client, response(1, CAPS)),
        (Side::Server, packet(2, b"\xfecaching_sha2_password\0saltsalt")),
        (Side::Client, packet(3, b"hunter2 proof")),
        (Side::Server, packet(4, &ok(0, 2))),
    ]
}

fn script(talk: Vec<(Side, Vec<u8>)>) -> Vec<Act> {
    talk.into_iter().enumerate().map(|(at, (from, bytes))| Act::Send(from, at as i64 * 10, bytes)).collect()
}

/// The records of a talk after the log-in's, the same at every cut.
fn records(talk: Vec<(Side, Vec<u8>)>) -> Vec<Value> {
    let all = [log_in(), talk].concat();
    let mut records = same_at_every_cut(&script(all), || Rig::new(App::Mysql));
    assert_eq!(records.remove(0)["op"], "CONNECT");
    records
}

fn rows(records: &[Value]) -> Vec<String> {
    let row = |one: &Value| {
        let text = |name: &str| one[name].as_str().unwrap_or("-").to_owned();
        let number = |name: &str| one[name].as_u64().map_or("-".to_owned(), |value| value.to_string());
        let error = one["error"]["code"].as_u64().map_or(String::new(), |code| format!(" !{code}"));
        format!("{}: {} rows {} affected {}{error}", text("op"), text("query"), number("rows"), number("affected"))
    };
    records.iter().map(row).collect()
}
