//! Conversations, each the same at every cut.

use serde_json::json;

use super::{client, line, records, resp, rows, server};
use crate::Side;

#[test]
fn cap_n_03a_a_command_and_its_reply() {
    let records = records(&[
        client("SET user:1 bob"),
        server("+OK|"),
        client("get user:1"),
        server("$3|bob|"),
        client("LRANGE queue 0 -1"),
        server("*3|$1|a|$-1|*2|:4|+x y|"),
        client("CONFIG GET maxmemory"),
        server("*2|$9|maxmemory|$1|0|"),
        client("LPUSH user:1 x"),
        server("-WRONGTYPE Operation against a key holding the wrong kind of value|"),
        client("MGET a b c"),
        server("*-1|"),
    ]);
    assert_eq!(
        rows(&records),
        [
            "SET(user:1) user:1 bob = OK",
            "GET(user:1) user:1 = bob",
            "LRANGE(queue) queue 0 -1 = [a, nil, [4, x y]]",
            "CONFIG GET() maxmemory = [maxmemory, 0]",
            "LPUSH(user:1) user:1 x = WRONGTYPE Operation against a key holding the wrong kind of value",
            "MGET(a,b,c) a b c = nil",
        ]
    );
    let first = &records[0];
    assert_eq!((&first["kind"], &first["index"], &first["latency_us"]), (&json!("redis"), &json!(0), &json!(10)));
    assert_eq!(first["bytes"], line("SET user:1 bob").len() + 5);
    assert!(records[4].get("reply").is_none() && records[0].get("error").is_none());
}

#[test]
fn cap_n_03a_pipelines_are_answered_in_order() {
    let commands: Vec<u8> = (0..20).flat_map(|at| line(&format!("INCR key:{at}"))).collect();
    let replies: String = (0..20).map(|at| format!(":{at}|")).collect();
    let records = records(&[(Side::Client, commands), server(&replies)]);
    for (at, record) in records.iter().enumerate() {
        assert_eq!(record["keys"], json!([format!("key:{at}")]));
        assert_eq!((&record["reply"], &record["index"]), (&json!(at.to_string()), &json!(at)));
    }
    assert_eq!(records.len(), 20);
}

#[test]
fn cap_n_03a_resp3_types() {
    let records = records(
        &[
            client("HELLO 3"),
            server("%2|$6|server|$5|redis|$5|proto|:3|"),
            client("HGETALL h"),
            server("%1|$1|a|$1|b|"),
            client("SMEMBERS s"),
            server("~2|+a|#t|"),
            client("X"),
            server("*5|,1.5|(12345678901234567890|_|#f|=9|txt:a b c|"),
            client("Y"),
            server("!8|ERR a \"b|"),
            client("GET a"),
            server("|1|+ttl|%1|:3|:4|$1|v|".replacen('|', "\x01", 1).as_str()),
            client("Z"),
            server("*0|"),
            client("Z"),
            server("%0|"),
        ]
        .map(|(from, bytes)| (from, bytes.iter().map(|byte| if *byte == 1 { b'|' } else { *byte }).collect())),
    );
    assert_eq!(
        rows(&records),
        [
            "HELLO() 3 = {server: redis, proto: 3}",
            "HGETALL(h) h = {a: b}",
            "SMEMBERS(s) s = [a, true]",
            "X() - = [1.5, 12345678901234567890, nil, false, \"a b c\"]",
            "Y() - = ERR a \"b",
            "GET(a) a = v",
            "Z() - = []",
            "Z() - = {}",
        ]
    );
}

#[test]
fn cap_n_03a_inline_commands() {
    let records = records(&[
        (Side::Client, b"PING\r\n".to_vec()),
        server("+PONG|"),
        (Side::Client, b"\r\n  set  k 'a b' \n".to_vec()),
        server("+OK|"),
        (Side::Client, b"EXISTS \"k\"\r\nEXISTS j\r\n".to_vec()),
        server(":1|:0|"),
    ]);
    assert_eq!(rows(&records), ["PING() - = PONG", "SET(k) k \"a b\" = OK", "EXISTS(k) k = 1", "EXISTS(j) j = 0"]);
}

#[test]
fn cap_n_03a_subscriptions() {
    let records = records(&[
        client("SUBSCRIBE news sport"),
        server("*3|$9|subscribe|$4|news|:1|*3|$9|subscribe|$5|sport|:2|"),
        server("*3|$7|message|$4|news|$5|hello|"),
        client("PSUBSCRIBE n*"),
        server("*3|$7|message|$4|news|$1|2|*3|$10|psubscribe|$2|n*|:3|*4|$8|pmessage|$2|n*|$4|news|$1|3|"),
        client("PING"),
        server("*2|$4|pong|$0||"),
        client("UNSUBSCRIBE"),
        server("*3|$11|unsubscribe|$4|news|:2|*3|$11|unsubscribe|$5|sport|:1|"),
    ]);
    assert_eq!(
        rows(&records),
        [
            "SUBSCRIBE() news sport = [subscribe, sport, 2]",
            "message() - = [message, news, hello]",
            "message() - = [message, news, 2]",
            "PSUBSCRIBE() n* = [psubscribe, n*, 3]",
            "pmessage() - = [pmessage, n*, news, 3]",
            "PING() - = [pong, \"\"]",
            "UNSUBSCRIBE() - = [unsubscribe, news, 2]",
            "unsubscribe() - = [unsubscribe, sport, 1]",
        ]
    );
    assert!(records[1].get("latency_us").is_none() && records[1].get("index").is_none());
}

#[test]
fn cap_n_03a_pushes_stand_outside_of_the_order() {
    let records = records(&[
        (Side::Client, [line("SUBSCRIBE c"), line("GET a"), line("GET b")].concat()),
        server(">3|$9|subscribe|$1|c|:1|$1|1|>2|$10|invalidate|*1|$1|a|>3|$7|message|$1|c|$1|x|$1|2|"),
    ]);
    assert_eq!(
        rows(&records),
        [
            "SUBSCRIBE() c = [subscribe, c, 1]",
            "GET(a) a = 1",
            "invalidate() - = [invalidate, [a]]",
            "message() - = [message, c, x]",
            "GET(b) b = 2",
        ]
    );
}

#[test]
fn cap_n_03a_transactions() {
    let records = records(&[
        client("MULTI"),
        server("+OK|"),
        (Side::Client, [line("SET a 1"), line("INCR a"), line("EXEC")].concat()),
        server("+QUEUED|+QUEUED|*2|+OK|:2|"),
        client("MULTI"),
        server("+OK|"),
        client("GET a"),
        server("+QUEUED|"),
        client("DISCARD"),
        server("+OK|"),
        client("EXEC"),
        server("-ERR EXEC without MULTI|"),
    ]);
    assert_eq!(
        rows(&records),
        [
            "MULTI() - = OK",
            "SET(a) a 1 = QUEUED",
            "INCR(a) a = QUEUED",
            "EXEC,SET,INCR() - = [OK, 2]",
            "MULTI() - = OK",
            "GET(a) a = QUEUED",
            "DISCARD() - = OK",
            "EXEC() - = ERR EXEC without MULTI",
        ]
    );
}

#[test]
fn cap_n_03a_blocking_commands_wait() {
    let records = records(&[client("BLPOP a b 0"), server("*2|$1|b|$1|1|")]);
    assert_eq!(rows(&records), ["BLPOP(a,b) a b 0 = [b, 1]"]);
}

#[test]
fn cap_n_03a_what_monitor_tells_is_no_reply() {
    let records = records(&[
        client("MONITOR"),
        server("+OK|"),
        server("+1700000000.000001 [0 10.0.0.9:5000] \"set\" \"k\" \"a \\\"b\\\"\"|"),
        client("PING"),
        server("+1700000000.000002 [0 lua] \"config\" \"get\" \"x\"|+PONG|"),
    ]);
    assert_eq!(
        rows(&records),
        [
            "MONITOR() - = OK",
            "monitorSET(k) k \"a \\\\\\\"b\\\\\\\"\" = -",
            "monitorCONFIG GET() x = -",
            "PING() - = PONG"
        ]
    );
}

#[test]
fn cap_n_03a_clients_may_want_no_replies() {
    let records = records(&[
        client("CLIENT REPLY OFF"),
        (Side::Client, [line("SET a 1"), line("SET b 2"), line("CLIENT REPLY ON")].concat()),
        server("+OK|"),
        (Side::Client, [line("CLIENT REPLY SKIP"), line("SET c 3"), line("GET c")].concat()),
        server("$1|3|"),
    ]);
    assert_eq!(
        rows(&records),
        [
            "CLIENT REPLY() OFF = -",
            "SET(a) a 1 = -",
            "SET(b) b 2 = -",
            "CLIENT REPLY() ON = OK",
            "CLIENT REPLY() SKIP = -",
            "SET(c) c 3 = -",
            "GET(c) c = 3",
        ]
    );
}

#[test]
fn cap_n_03a_a_replica_is_left_alone() {
    let records = records(&[
        client("PSYNC ? -1"),
        server("+FULLRESYNC 8de1787ba490483314a4d30f1c628bc5025eb761 0|"),
        server("$5|REDIS*1|$4|PING|"),
        client("REPLCONF ACK 14"),
    ]);
    assert_eq!(records.len(), 1);
}

#[test]
fn cap_n_03a_empty_and_null_commands_get_no_reply() {
    let records = records(&[(Side::Client, [&b"*0\r\n*-1\r\n"[..], &line("PING")].concat()), server("+PONG|")]);
    assert_eq!(rows(&records), ["PING() - = PONG"]);
}

#[test]
fn cap_n_03a_words_are_quoted_where_they_need_it() {
    let records = records(&[(Side::Client, resp(&["SET", "a b", "", "\"q\"", "é\u{1b}[31m"])), server("+OK|")]);
    assert_eq!(records[0]["args"], "\"a b\" \"\" \"\\\"q\\\"\" \"é\u{1b}[31m\"");
    assert_eq!(records[0]["keys"], json!(["a b"]));
}

#[test]
fn cap_n_03a_long_values_pass_in_bounded_memory() {
    use crate::rig::{Act, Rig};
    let value = "v".repeat(300_000);
    let script = [
        Act::Send(Side::Client, 0, resp(&["SET", "big", &value])),
        Act::Send(Side::Server, 10, b"+OK\r\n".to_vec()),
        Act::Send(Side::Client, 20, line("GET big")),
        Act::Send(Side::Server, 30, format!("${}\r\n{value}\r\n", value.len()).into_bytes()),
        Act::Send(Side::Client, 40, line("PING")),
        Act::Send(Side::Server, 50, b"+PONG\r\n".to_vec()),
    ];
    let mut whole = Rig::without_redaction(crate::App::Redis);
    whole.play(&script, usize::MAX);
    let mut pieces = Rig::without_redaction(crate::App::Redis);
    pieces.play(&script, 1448);
    assert_eq!(whole.records(), pieces.records());
    assert!(pieces.heap() < 64 << 10, "{}", pieces.heap());
    let records = whole.records();
    assert_eq!(records.len(), 3);
    assert!(records[0]["args"].as_str().unwrap().starts_with("big vvvv"));
    assert_eq!((&records[0]["truncated"], &records[1]["truncated"]), (&json!(["args"]), &json!(["reply"])));
    assert!(records[1]["bytes"].as_u64().unwrap() > 300_000);
    assert!(records[1]["reply"].as_str().unwrap().len() < 4200);
}

#[test]
fn cap_n_03a_many_commands_ahead_of_their_replies() {
    use crate::rig::Rig;
    let mut rig = Rig::without_redaction(crate::App::Redis);
    let count = 30_000;
    for at in 0..count {
        rig.send(Side::Client, at, &line(&format!("SET key:{at} {at}")));
    }
    assert!(rig.heap() < 2 << 20, "{}", rig.heap());
    for at in 0..count {
        rig.send(Side::Server, count + at, b"+OK\r\n");
    }
    assert_eq!(rig.records().len(), count as usize);
    let known = rig.records().iter().filter(|one| one.get("commands").is_some()).count();
    assert!(known >= 1000);
    assert_eq!(rig.records()[known]["truncated"], json!(["commands"]));
    rig.send(Side::Client, 99_999, &line("PING"));
    rig.send(Side::Server, 99_999, b"+PONG\r\n");
    assert_eq!(rig.records().last().unwrap()["commands"], json!(["PING"]));
}
