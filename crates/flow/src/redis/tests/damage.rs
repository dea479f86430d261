//! Gaps, mid-stream starts, one direction only, and bytes that are no Redis.

use proptest::prelude::*;
use serde_json::json;

use super::{client, line, rows, script, server};
use crate::rig::Rig;
use crate::{AfterGap, App, End, Side};

#[test]
fn cap_d_22a_after_a_gap_order_proves_nothing() {
    let mut rig = Rig::without_redaction(App::Redis);
    rig.send(Side::Client, 0, &[line("GET a"), line("GET b")].concat());
    // The reply to `GET a` is lost: what comes next is not its reply, and nobody can tell whose it is.
    assert_eq!(rig.lose(Side::Server, 5, 7), Some(AfterGap::Resync));
    rig.send(Side::Server, 6, b"$1\r\n2\r\n");
    rig.send(Side::Client, 7, &line("GET c"));
    rig.send(Side::Server, 8, b"$1\r\n3\r\n");
    assert_eq!(rows(rig.records()), ["GET(a) a = -", "GET(b) b = -", "GET(c) c = -", "() - = 3"]);
    // After a pause all is clear.
    rig.send(Side::Client, 200_000, &line("GET d"));
    rig.send(Side::Server, 200_010, b"$1\r\n4\r\n");
    assert_eq!(rows(rig.records()).last().unwrap(), "GET(d) d = 4");
}

#[test]
fn cap_d_22a_without_pipelining_acknowledgements_tell() {
    let mut rig = Rig::without_redaction(App::Redis);
    rig.send(Side::Client, 0, &line("GET a"));
    rig.send(Side::Server, 1, b"$1\r\n1\r\n");
    // `GET b` is lost, its reply is seen.
    rig.lose(Side::Client, 2, 20);
    rig.send(Side::Server, 3, b"$1\r\n2\r\n");
    rig.send(Side::Client, 4, &line("GET c"));
    rig.send(Side::Server, 5, b"$1\r\n3\r\n");
    // `GET d` is seen, its reply is lost.
    rig.send(Side::Client, 6, &line("GET d"));
    rig.lose(Side::Server, 7, 7);
    rig.send(Side::Client, 8, &line("GET e"));
    rig.send(Side::Server, 9, b"$1\r\n5\r\n");
    let rows = rows(rig.records());
    assert_eq!(rows, ["GET(a) a = 1", "() - = 2", "GET(c) c = 3", "GET(d) d = -", "GET(e) e = 5"]);
    assert_eq!(rig.records()[1]["partial"], json!(["request"]));
    assert_eq!(rig.records()[3]["partial"], json!(["reply"]));
}

#[test]
fn cap_n_03b_a_start_in_the_middle() {
    let mut rig = Rig::without_redaction(App::Redis);
    rig.facts.no_syn = true;
    rig.send(Side::Server, 0, b"rest of a value\r\n");
    rig.send(Side::Client, 1, b"lue\r\n*2\r\n$3\r\nGET\r\n$1\r\na\r\n");
    rig.send(Side::Server, 2, b"$1\r\n1\r\n");
    rig.send(Side::Client, 3, &line("GET b"));
    rig.send(Side::Server, 4, b"$1\r\n2\r\n");
    assert_eq!(rows(rig.records()), ["GET(a) a = 1", "GET(b) b = 2"]);
    assert_eq!(rig.records()[0]["partial"], json!(["no_syn"]));
    // A subscriber that only listens.
    let mut rig = Rig::without_redaction(App::Redis);
    rig.facts.no_syn = true;
    rig.send(Side::Server, 0, b"lo\r\n*3\r\n$7\r\nmessage\r\n$1\r\nc\r\n$1\r\nx\r\n");
    assert_eq!(rows(rig.records()), ["message() - = [message, c, x]"]);
}

#[test]
fn cap_n_03b_a_gap_inside_a_long_value_is_counted() {
    let mut rig = Rig::without_redaction(App::Redis);
    rig.send(Side::Client, 0, &line("GET big"));
    rig.send(Side::Server, 1, b"$20000\r\n");
    rig.send(Side::Server, 1, &[b'x'; 5000]);
    assert_eq!(rig.lose(Side::Server, 2, 10_000), Some(AfterGap::Continue));
    rig.send(Side::Server, 3, &[b'x'; 5000]);
    rig.send(Side::Server, 4, b"\r\n");
    assert_eq!(rig.records()[0]["partial"], json!(["gap"]));
    assert_eq!(rig.records()[0]["latency_us"], 4);
}

#[test]
fn cap_n_03b_one_direction_only() {
    let mut rig = Rig::without_redaction(App::Redis);
    rig.send(Side::Server, 0, b"+OK\r\n:1\r\n");
    assert_eq!(rows(rig.records()), ["() - = OK", "() - = 1"]);
    let mut rig = Rig::without_redaction(App::Redis);
    rig.send(Side::Client, 1_000, &line("GET a"));
    rig.wake(30_000_999);
    assert!(rig.records().is_empty());
    rig.wake(30_001_000);
    assert_eq!(rows(rig.records()), ["GET(a) a = -"]);
    // Where the server was heard, a command may wait for hours.
    let mut rig = Rig::without_redaction(App::Redis);
    rig.send(Side::Client, 0, &line("PING"));
    rig.send(Side::Server, 0, b"+PONG\r\n");
    rig.send(Side::Client, 1_000, &line("BLPOP a 0"));
    rig.wake(90_000_000);
    assert_eq!(rig.records().len(), 1);
    rig.end(Side::Client, End::Fin);
    assert_eq!(rig.records().len(), 1);
    rig.end(Side::Server, End::Fin);
    assert_eq!(rows(rig.records())[1], "BLPOP(a) a 0 = -");
    assert_eq!(rig.records()[1]["partial"], json!(["reply"]));
}

#[test]
fn what_is_no_redis_is_a_violation() {
    for bytes in [&b"*1\r\n:5\r\n"[..], b"\x16\x03\x01", b"*1\r\n$3\r\nGETxx", b"*x\r\n"] {
        let mut rig = Rig::without_redaction(App::Redis);
        rig.send(Side::Client, 0, bytes);
        assert_eq!(rig.violations.len(), 1, "{bytes:?}");
    }
    let deep = b"*1\r\n".repeat(100);
    let mut rig = Rig::without_redaction(App::Redis);
    rig.send(Side::Server, 0, &deep);
    assert_eq!(rig.violations, ["redis_depth"]);
}

fn piece() -> impl Strategy<Value = Vec<u8>> {
    prop_oneof![
        Just(line("GET a")),
        Just(line("MULTI")),
        Just(line("EXEC")),
        Just(line("SUBSCRIBE a b")),
        Just(line("MONITOR")),
        Just(line("CLIENT REPLY OFF")),
        Just(line("XREAD STREAMS a b 0")),
        Just(line("EVAL x 99999999999 a")),
        Just(line("MIGRATE h 1 k 0 1 AUTH2 a")),
        Just(line("HELLO 3 AUTH")),
        Just(b"PING\r\n".to_vec()),
        Just(b"+OK\r\n".to_vec()),
        Just(b"+QUEUED\r\n".to_vec()),
        Just(b"$5000\r\n".to_vec()),
        Just(b"*3\r\n$7\r\nmessage\r\n".to_vec()),
        Just(b">2\r\n$10\r\ninvalidate\r\n*1\r\n$1\r\na\r\n".to_vec()),
        Just(b"|1\r\n+a\r\n".to_vec()),
        Just(b"%2\r\n".to_vec()),
        Just(b"*-1\r\n$-1\r\n_\r\n".to_vec()),
        Just(b"+1.1 [0 x] \"get\" \"a\"\r\n".to_vec()),
        Just(vec![b'x'; 4100]),
        proptest::collection::vec(any::<u8>(), 0..20),
    ]
}

proptest! {
    #[test]
    fn no_bytes_make_it_panic(bytes in proptest::collection::vec(any::<u8>(), 0..200), server in any::<bool>()) {
        let mut rig = Rig::new(App::Redis);
        rig.send(if server { Side::Server } else { Side::Client }, 0, &bytes);
        rig.end(Side::Server, End::Eof);
        let _ = crate::redis::looks(Side::Client, &bytes, true);
        let _ = crate::redis::looks(Side::Server, &bytes, true);
    }

    #[test]
    fn no_talk_makes_it_panic(acts in proptest::collection::vec((any::<bool>(), 0_u8..12, piece()), 0..40), no_syn in any::<bool>()) {
        let mut rig = Rig::new(App::Redis);
        rig.facts.no_syn = no_syn;
        for (at, (server, how, bytes)) in acts.into_iter().enumerate() {
            let from = if server { Side::Server } else { Side::Client };
            if how == 0 {
                rig.lose(from, at as i64, 10);
            }
            rig.send(from, at as i64, &bytes);
        }
        rig.end(Side::Client, End::Eof);
        rig.end(Side::Server, End::Eof);
        prop_assert!(rig.heap() < 1 << 20);
    }
}

#[test]
fn records_come_as_soon_as_the_reply_is_whole() {
    let talk = [client("GET a"), server("$1|1")];
    let mut rig = Rig::new(App::Redis);
    rig.play(&script(&talk), usize::MAX);
    assert!(rig.records().is_empty());
    rig.send(Side::Server, 20, b"\r\n");
    assert_eq!(rig.records().len(), 1);
}
