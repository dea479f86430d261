//! What must not be shown.

use serde_json::json;

use super::{client, redacted, rows, script, server};
use crate::App;
use crate::rig::Rig;

/// Secrets as `*`.
fn starred(rows: Vec<String>) -> Vec<String> {
    let star = |row: String| {
        let mut out = String::new();
        let mut rest = row.as_str();
        while let Some((before, after)) = rest.split_once("«redacted ") {
            out.push_str(before);
            out.push('*');
            rest = after.split_once('»').unwrap().1;
        }
        out + rest
    };
    rows.into_iter().map(star).collect()
}

#[test]
fn cap_n_15a_passwords_of_redis() {
    let records = redacted(&[
        client("AUTH hunter2"),
        server("+OK|"),
        client("AUTH bob hunter2"),
        server("-WRONGPASS invalid username-password pair or user is disabled.|"),
        client("HELLO 3 AUTH bob hunter2 SETNAME web"),
        server("+OK|"),
        client("CONFIG SET requirepass hunter2"),
        server("+OK|"),
        client("CONFIG GET require*"),
        server("*2|$11|requirepass|$7|hunter2|"),
        client("ACL SETUSER bob on >hunter2 ~* +@all"),
        server("+OK|"),
        client("MIGRATE host 6379 k 0 100 AUTH2 bob hunter2"),
        server("+OK|"),
        client("AUHT hunter2x"),
        server("-ERR unknown command 'AUHT', with args beginning with: 'hunter2x' |"),
    ]);
    let shown = serde_json::to_string(&records).unwrap();
    assert!(!shown.contains("hunter2"), "{shown}");
    let rows = starred(rows(&records));
    assert_eq!(
        rows[..7],
        [
            "AUTH() * = OK",
            "AUTH() bob * = WRONGPASS invalid username-password pair or user is disabled.",
            "HELLO() 3 AUTH bob * SETNAME web = OK",
            "CONFIG SET() requirepass * = OK",
            "CONFIG GET() require* = [*, *]",
            "ACL SETUSER() bob on * ~* +@all = OK",
            "MIGRATE(k) host 6379 k 0 100 AUTH2 bob * = OK",
        ]
    );
    assert_eq!(records[0]["redacted"], json!(["redis"]));
    let mark = |at: usize| {
        records[at]["args"].as_str().unwrap().split("«").nth(1).unwrap().split("»").next().unwrap().to_owned()
    };
    assert_eq!(mark(0), mark(1), "the same secret, the same mark");
}

#[test]
fn cap_n_15a_values_by_the_pattern_of_their_key() {
    let records = redacted(&[
        client("SET session:1 abc EX 60"),
        server("+OK|"),
        client("GET session:1"),
        server("$3|abc|"),
        client("HSET session:2 f v"),
        server(":1|"),
        client("HGETALL session:2"),
        server("*2|$1|f|$1|v|"),
        client("MSET a 1 token:b 2 c 3"),
        server("+OK|"),
        client("MGET a token:b"),
        server("*2|$1|1|$1|2|"),
        client("TTL session:1"),
        server(":60|"),
        client("HSET user:1 name bob password hunter2"),
        server(":2|"),
        client("HGETALL user:1"),
        server("%2|$4|name|$3|bob|$8|password|$7|hunter2|"),
        client("GET note"),
        server("$25|card 4111111111111111 ok!|"),
    ]);
    assert_eq!(
        starred(rows(&records)),
        [
            "SET(session:1) session:1 * EX 60 = OK",
            "GET(session:1) session:1 = *",
            "HSET(session:2) session:2 * * = 1",
            "HGETALL(session:2) session:2 = [*, *]",
            "MSET(a,token:b,c) a 1 token:b * c 3 = OK",
            "MGET(a,token:b) a token:b = [*, *]",
            "TTL(session:1) session:1 = 60",
            "HSET(user:1) user:1 name bob password * = 2",
            "HGETALL(user:1) user:1 = {name: bob, password: *}",
            "GET(note) note = \"card * ok!\"",
        ]
    );
}

#[test]
fn cap_n_15a_transactions_subscriptions_and_monitors_hide_too() {
    let records = redacted(&[
        client("MULTI"),
        server("+OK|"),
        client("GET session:1"),
        server("+QUEUED|"),
        client("EXEC"),
        server("*1|$3|abc|"),
        client("SUBSCRIBE token:x news"),
        server("*3|$9|subscribe|$7|token:x|:1|*3|$9|subscribe|$4|news|:2|"),
        server("*3|$7|message|$7|token:x|$3|abc|*3|$7|message|$4|news|$3|def|"),
        client("RESET"),
        server("+RESET|"),
        client("MONITOR"),
        server("+OK|"),
        server("+1700000000.000001 [0 10.0.0.9:5000] \"set\" \"session:9\" \"abc\"|"),
    ]);
    let rows = starred(rows(&records));
    assert_eq!(rows[2], "EXEC,GET() - = [*]");
    assert_eq!(rows[4..6], ["message() - = [message, token:x, *]", "message() - = [message, news, def]"]);
    assert_eq!(rows[8], "monitorSET(session:9) session:9 * = -");
}

#[test]
fn cap_n_15a_the_same_bytes_are_masked_in_packets() {
    let talk = [client("AUTH bob hunter2"), server("+OK|"), client("GET session:1"), server("$3|abc|")];
    let mut rig = Rig::new(App::Redis);
    rig.play(&script(&talk), usize::MAX);
    let masks = &rig.out.masks;
    let sent: Vec<u8> = [talk[0].1.clone(), talk[2].1.clone()].concat();
    let got: Vec<u8> = [talk[1].1.clone(), talk[3].1.clone()].concat();
    let bytes = |at: usize, from: &[u8]| {
        let start = masks[at].offset as usize;
        String::from_utf8_lossy(&from[start..start + masks[at].len as usize]).into_owned()
    };
    assert_eq!(masks.len(), 2);
    assert_eq!((bytes(0, &sent), bytes(1, &got)), ("hunter2".to_owned(), "abc".to_owned()));
}

#[test]
fn cap_n_15a_arguments_beyond_those_shown_are_masked() {
    let mut words = vec!["MSET".to_owned()];
    (0..300).for_each(|at| words.extend([format!("session:{at}"), "abc".to_owned()]));
    let words: Vec<&str> = words.iter().map(String::as_str).collect();
    let mut rig = Rig::new(App::Redis);
    rig.send(crate::Side::Client, 0, &super::resp(&words));
    assert_eq!(rig.out.masks.len(), 300);
    assert!(rig.out.masks.iter().all(|mask| mask.len == 3));
    let long = "x".repeat(100_000);
    let mut rig = Rig::new(App::Redis);
    rig.send(crate::Side::Client, 0, &super::resp(&["SET", "session:1", &long]));
    rig.send(crate::Side::Server, 0, b"+OK\r\n");
    assert_eq!(rig.out.masks.iter().map(|mask| mask.len).sum::<u32>(), 100_000);
    assert!(rig.records()[0]["args"].as_str().unwrap().contains("«redacted 1025+ #"));
}
