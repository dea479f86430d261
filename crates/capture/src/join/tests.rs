#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic, clippy::indexing_slicing)]

use super::{HOLD_US, Join};
use crate::clock::Clock;
use serde_json::{Value, json};

const CLIENT: usize = 0;
const SERVER: usize = 1;

fn join() -> Join {
    let mut join = Join::default();
    join.pod(CLIENT, ["10.1.0.1".parse().unwrap(), "127.0.0.1".parse().unwrap()]);
    join.pod(SERVER, ["10.1.0.2".parse().unwrap(), "127.0.0.1".parse().unwrap()]);
    join
}

fn http(port: u16, dst: &str, dst_port: u16, ts: i64, ttfb_us: i64, path: &str) -> Value {
    json!({"v": 1, "kind": "http", "ts": ts, "src": {"ip": "10.1.0.1", "port": port}, "dst": {"ip": dst, "port": dst_port},
        "vantage": "client", "method": "GET", "path": path, "status": 200, "ttfb_us": ttfb_us})
}

#[derive(Default)]
struct Came(Vec<(usize, Value)>);

impl Came {
    fn take(&mut self, join: &mut Join, pod: usize, record: &Value, now_us: i64) {
        join.take(pod, record.to_string().as_bytes(), now_us, &mut |pod, line| {
            self.0.push((pod, serde_json::from_slice(line).unwrap()));
        });
    }

    fn due(&mut self, join: &mut Join, now_us: i64) {
        join.due(now_us, &mut |pod, line| self.0.push((pod, serde_json::from_slice(line).unwrap())));
    }
}

#[test]
fn cap_n_10_a_request_seen_at_both_ends_of_a_service_is_one_record() {
    // Which end comes first does not matter, nor do clocks that are apart by an hour, once that is known.
    for first in [CLIENT, SERVER] {
        let (mut join, mut came) = (join(), Came::default());
        let ahead = 3_600_000_000;
        join.clock(SERVER, Clock { offset_us: ahead, error_us: 70 });
        join.clock(CLIENT, Clock { offset_us: 0, error_us: 30 });
        let client = http(4000, "10.96.0.9", 80, 1_000_000, 5_000, "/a");
        let server = http(4000, "10.1.0.2", 8080, 1_001_000 + ahead, 3_200, "/a");
        let mut both = [(CLIENT, &client), (SERVER, &server)];
        both.rotate_left(first);
        for (pod, record) in both {
            came.take(&mut join, pod, record, 0);
        }
        assert_eq!(came.0.len(), 1);
        let (pod, record) = &came.0[0];
        assert_eq!(*pod, CLIENT);
        assert_eq!((record["vantage"].as_str(), record["net_us"].as_i64()), (Some("both"), Some(1_800)));
        assert_eq!(record["server_us"], 3_200);
        assert_eq!(record["dst"], client["dst"]);
        assert_eq!(record["one_way"], json!({"there_us": 1_000, "back_us": 800, "error_us": 100}));
        assert_eq!(join.behind("10.96.0.9:80".parse().unwrap()), ["10.1.0.2:8080".parse().unwrap()]);
    }
}

#[test]
fn cap_n_10m_what_came_before_it_was_sent_is_of_another_exchange() {
    let (mut join, mut came) = (join(), Came::default());
    for pod in [CLIENT, SERVER] {
        join.clock(pod, Clock { offset_us: 0, error_us: 1_000 });
    }
    // The tap began at the server a little sooner: the same was asked there before.
    let sooner = http(4000, "10.1.0.2", 8080, 986_000, 3_000, "/a");
    let client = http(4000, "10.1.0.2", 8080, 1_000_000, 3_100, "/a");
    let server = http(4000, "10.1.0.2", 8080, 1_000_020, 3_000, "/a");
    for (pod, record) in [(SERVER, &sooner), (CLIENT, &client), (SERVER, &server)] {
        came.take(&mut join, pod, record, 0);
    }
    assert_eq!(came.0.len(), 1);
    assert_eq!(came.0[0].1["one_way"], json!({"there_us": 20, "back_us": 80, "error_us": 2_000}));
    came.due(&mut join, HOLD_US);
    assert_eq!((came.0.len(), &came.0[1].1["ts"]), (2, &sooner["ts"]), "and stands alone");
}

#[test]
fn cap_n_10n_the_way_is_told_by_what_is_known_of_clocks_when_both_ends_are_there() {
    let (mut join, mut came) = (join(), Came::default());
    // The first answer to a ping was slow on its way back.
    join.clock(CLIENT, Clock { offset_us: -14_000, error_us: 15_000 });
    join.clock(SERVER, Clock { offset_us: 0, error_us: 500 });
    came.take(&mut join, CLIENT, &http(4000, "10.1.0.2", 8080, 1_000_000, 3_100, "/a"), 0);
    join.clock(CLIENT, Clock { offset_us: 100, error_us: 500 });
    came.take(&mut join, SERVER, &http(4000, "10.1.0.2", 8080, 1_000_020, 3_000, "/a"), 0);
    assert_eq!(came.0[0].1["one_way"], json!({"there_us": 120, "back_us": -20, "error_us": 1_000}));
}

#[test]
fn cap_n_10d_requests_of_one_connection_find_each_its_own_other_end() {
    let (mut join, mut came) = (join(), Came::default());
    for number in 0..20 {
        let path = if number % 2 == 0 { "/even" } else { "/odd" };
        came.take(&mut join, SERVER, &http(4000, "10.1.0.2", 8080, number * 1_000, 100 + number, path), 0);
    }
    for number in 0..20 {
        let path = if number % 2 == 0 { "/even" } else { "/odd" };
        came.take(&mut join, CLIENT, &http(4000, "10.96.0.9", 80, number * 1_000 - 50, 300 + number, path), 0);
    }
    assert_eq!(came.0.len(), 20);
    for (number, (_, record)) in came.0.iter().enumerate() {
        assert_eq!(record["server_us"].as_u64(), Some(100 + number as u64), "{record}");
        assert_eq!(record["net_us"], 200);
    }
}

#[test]
fn cap_n_10e_what_is_not_one_exchange_stays_two_records() {
    for (what, server) in [
        ("another port of the client", http(4001, "10.1.0.2", 8080, 0, 50, "/a")),
        ("another path", http(4000, "10.1.0.2", 8080, 0, 50, "/b")),
        ("long after", http(4000, "10.1.0.2", 8080, 60_000_000, 50, "/a")),
        ("a server that took longer than its client waited", http(4000, "10.1.0.2", 8080, 0, 900, "/a")),
    ] {
        let (mut join, mut came) = (join(), Came::default());
        came.take(&mut join, CLIENT, &http(4000, "10.96.0.9", 80, 0, 100, "/a"), 0);
        came.take(&mut join, SERVER, &server, 0);
        assert!(came.0.is_empty(), "{what}");
        came.due(&mut join, HOLD_US - 1);
        assert!(came.0.is_empty(), "{what}");
        came.due(&mut join, HOLD_US);
        assert_eq!(came.0.len(), 2, "{what}");
        assert!(
            came.0.iter().all(|(_, record)| record["vantage"] == "client" && record.get("net_us").is_none()),
            "{what}"
        );
    }
    // Two tapped pods behind one address: the client asked another than this one.
    let (mut join, mut came) = (join(), Came::default());
    join.pod(2, ["10.1.0.3".parse().unwrap()]);
    came.take(&mut join, CLIENT, &http(4000, "10.1.0.3", 8080, 0, 100, "/a"), 0);
    came.take(&mut join, SERVER, &http(4000, "10.1.0.2", 8080, 0, 50, "/a"), 0);
    assert!(came.0.is_empty());
}

#[test]
fn cap_n_10f_what_has_no_other_end_is_given_on_at_once() {
    let (mut join, mut came) = (join(), Came::default());
    let mut from_outside = http(4000, "10.1.0.2", 8080, 0, 100, "/a");
    from_outside["src"]["ip"] = json!("203.0.113.7");
    came.take(&mut join, SERVER, &from_outside, 0);
    came.take(&mut join, CLIENT, &http(4000, "203.0.113.7", 443, 0, 100, "/a"), 0);
    came.take(&mut join, CLIENT, &json!({"v": 1, "kind": "stats"}), 0);
    let mut open = http(4000, "10.96.0.9", 80, 0, 100, "/a");
    open.as_object_mut().unwrap().remove("ttfb_us");
    came.take(&mut join, CLIENT, &open, 0);
    assert_eq!(came.0.len(), 4);
    // A pod that is tapped no more sends no other ends.
    join.gone(CLIENT, &mut |_, _| panic!("nothing waits"));
    came.take(&mut join, SERVER, &http(4000, "10.1.0.2", 8080, 0, 100, "/a"), 0);
    assert_eq!(came.0.len(), 5);
}

#[test]
fn cap_n_10g_every_record_comes_out_once_whatever_the_order() {
    let (mut join, mut came) = (join(), Came::default());
    let mut state = 7_u64;
    let (mut all, mut now) = (0, 0);
    for number in 0..2_000_i64 {
        state = state.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1);
        now += (state >> 40) as i64 % 5_000;
        let port = 4000 + (state >> 33) as u16 % 3;
        if state >> 62 != 0 {
            came.take(&mut join, CLIENT, &http(port, "10.96.0.9", 80, number * 500, 400, "/a"), now);
            all += 1;
        }
        if state >> 60 & 3 != 0 {
            came.take(&mut join, SERVER, &http(port, "10.1.0.2", 8080, number * 500, 300, "/a"), now);
            all += 1;
        }
        came.due(&mut join, now);
    }
    join.finish(&mut |pod, line| came.0.push((pod, serde_json::from_slice(line).unwrap())));
    let joined = came.0.iter().filter(|(_, record)| record["vantage"] == "both").count();
    assert_eq!(came.0.len() + joined, all);
    assert!(joined > 500, "{joined}");
}

/// A flow record with the numbers of its handshake.
fn flow(id: u32, src: &str, dst: &str, numbers: (u32, u32)) -> Value {
    json!({"v": 1, "kind": "flow", "state": "open", "flow": format!("{id:032x}"), "src": {"ip": src, "port": 4000},
        "dst": {"ip": dst, "port": 80}, "c": {"isn": numbers.0}, "s": {"isn": numbers.1}})
}

fn of_flow(mut record: Value, id: u32) -> Value {
    record["flow"] = json!(format!("{id:032x}"));
    record
}

#[test]
fn cap_n_10h_handshakes_tell_one_connection_through_any_translation_of_addresses() {
    let (mut join, mut came) = (join(), Came::default());
    came.take(&mut join, CLIENT, &flow(1, "10.1.0.1", "10.96.0.9", (7, 8)), 0);
    came.take(&mut join, SERVER, &flow(2, "10.1.255.1", "10.1.0.2", (7, 8)), 0);
    came.0.clear();
    let client = of_flow(http(4000, "10.96.0.9", 80, 0, 5_000, "/a"), 1);
    let mut server = of_flow(http(61_234, "10.1.0.2", 8080, 100, 3_000, "/a"), 2);
    // The node put its own address there.
    server["src"]["ip"] = json!("10.1.255.1");
    came.take(&mut join, CLIENT, &client, 0);
    came.take(&mut join, SERVER, &server, 0);
    assert_eq!(came.0.len(), 1, "{:?}", came.0);
    let record = &came.0[0].1;
    assert_eq!((record["vantage"].as_str(), record["net_us"].as_i64()), (Some("both"), Some(2_000)));
    assert_eq!(record["peer"], json!({"flow": format!("{:032x}", 2), "end": {"ip": "10.1.0.2", "port": 8080}}));
    assert!(record.get("one_way").is_none(), "no clock is known");

    // The same ends by chance, and other handshakes: another connection.
    let (mut join, mut came) = (self::join(), Came::default());
    came.take(&mut join, CLIENT, &flow(1, "10.1.0.1", "10.96.0.9", (7, 8)), 0);
    came.take(&mut join, SERVER, &flow(2, "10.1.0.1", "10.1.0.2", (9, 8)), 0);
    came.0.clear();
    came.take(&mut join, CLIENT, &client, 0);
    came.take(&mut join, SERVER, &of_flow(http(4000, "10.1.0.2", 8080, 100, 3_000, "/a"), 2), 0);
    assert!(came.0.is_empty(), "both wait: {:?}", came.0);
    join.gone(CLIENT, &mut |pod, line| came.0.push((pod, serde_json::from_slice(line).unwrap())));
    assert_eq!((came.0.len(), came.0[0].0), (1, CLIENT), "what waits of a pod that goes is given on");
}

#[test]
fn cap_n_10i_nothing_waits_for_ever_for_pods_that_are_not_tapped() {
    let (mut join, mut came) = (join(), Came::default());
    let outside = |number: i64| http(4000, "10.96.0.77", 80, number, 400, "/a");
    for number in 0..3 {
        came.take(&mut join, CLIENT, &outside(number), 0);
        assert_eq!(came.0.len() as i64, number);
        came.due(&mut join, HOLD_US);
    }
    came.take(&mut join, CLIENT, &outside(3), 0);
    assert_eq!((came.0.len(), join.waits()), (4, false), "nobody is behind that address");
    // Another service still waits, and a pod that joins may be behind the first.
    came.take(&mut join, CLIENT, &http(4000, "10.96.0.9", 80, 0, 400, "/a"), 0);
    assert!(join.waits());
    join.pod(2, ["10.1.0.3".parse().unwrap()]);
    came.take(&mut join, CLIENT, &outside(4), 0);
    assert_eq!(came.0.len(), 4);
}

#[test]
fn cap_n_10l_bytes_tell_one_connection_where_neither_ports_nor_numbers_do() {
    let ask = |flow: u32, port: u16, path: &str, ts: i64, took: i64| {
        let mut client = of_flow(http(port, "10.96.0.9", 80, ts, took, path), flow);
        client["request"] = json!({"headers": [["host", "shop"]], "len": 0, "wire_len": 0});
        client
    };
    let answer = |flow: u32, port: u16, path: &str, ts: i64, took: i64| {
        let mut server = ask(flow, port, path, ts, took);
        // The node's address and a port of its own stand there.
        (server["src"]["ip"], server["dst"]) = (json!("10.1.255.1"), json!({"ip": "10.1.0.2", "port": 8080}));
        server
    };
    let joined = |came: &Came| came.0.iter().filter(|(_, record)| record["vantage"] == "both").count();

    // Two connections of one client, whose requests come in turn: each finds its own other end, once two were telling.
    // Where the handshakes were seen, somebody on the way changed their numbers.
    for (numbers, first) in [(false, CLIENT), (true, CLIENT), (false, SERVER), (true, SERVER)] {
        let (mut join, mut came) = (join(), Came::default());
        for flow in [1, 2].into_iter().filter(|_| numbers) {
            came.take(&mut join, CLIENT, &flow_of(flow, "10.1.0.1", "10.96.0.9"), 0);
            came.take(&mut join, SERVER, &flow_of(flow + 10, "10.1.255.1", "10.1.0.2"), 0);
        }
        came.0.clear();
        for turn in 0..20_u32 {
            let (flow, ts) = (1 + turn % 2, i64::from(turn) * 400_000);
            let path = format!("/item/{turn}");
            let client = ask(flow, 4_000, &path, ts, 100);
            let server = answer(flow + 10, 50_000 + flow as u16, &path, ts + 40, 60);
            let mut both = [(CLIENT, &client), (SERVER, &server)];
            both.rotate_left(first);
            both.into_iter().for_each(|(pod, record)| came.take(&mut join, pod, record, ts));
            came.due(&mut join, ts + HOLD_US);
        }
        // What the server saw is given on at once as long as nothing tells that it has another end.
        let alone = if first == CLIENT { 1 } else { 2 };
        assert_eq!((joined(&came), came.0.len()), (20 - 2 * alone, 20 + 2 * alone), "{numbers} {first}");
        for (_, record) in came.0.iter().filter(|(_, record)| record["vantage"] == "both") {
            let flow = u32::from_str_radix(record["flow"].as_str().unwrap(), 16).unwrap();
            assert_eq!(record["peer"]["flow"], format!("{:032x}", flow + 10));
            assert_eq!((record["net_us"].as_i64(), record["server_us"].as_i64()), (Some(40), Some(60)));
        }
    }

    // What everybody asks for tells nothing: probes of one client are not what another is asked.
    let (mut join, mut came) = (self::join(), Came::default());
    for turn in 0..20 {
        let ts = turn * 400_000;
        came.take(&mut join, CLIENT, &ask(1, 4_000, "/healthz", ts, 100), ts);
        came.take(&mut join, SERVER, &answer(11, 50_001, "/healthz", ts + 40, 60), ts);
        came.due(&mut join, ts + HOLD_US);
    }
    assert_eq!((joined(&came), came.0.len()), (0, 40));

    // Nor what is said on several connections of one side, nor at other times.
    let (mut join, mut came) = (self::join(), Came::default());
    for turn in 0..20 {
        let (path, ts) = (format!("/item/{turn}"), i64::from(turn) * 4_000_000);
        came.take(&mut join, CLIENT, &ask(1, 4_000, &path, ts, 100), ts);
        came.take(&mut join, CLIENT, &ask(2, 4_001, &path, ts, 100), ts);
        came.take(&mut join, SERVER, &answer(11, 50_001, &path, ts, 60), ts);
        came.take(&mut join, CLIENT, &ask(3, 4_002, &format!("{path}/late"), ts, 100), ts);
        came.take(&mut join, SERVER, &answer(13, 50_002, &format!("{path}/late"), ts + 3_000_000, 60), ts);
        came.due(&mut join, ts + HOLD_US);
    }
    assert_eq!((joined(&came), came.0.len()), (0, 100));
}

/// A flow record whose numbers are its own.
fn flow_of(id: u32, src: &str, dst: &str) -> Value {
    flow(id, src, dst, (id, id + 100))
}
