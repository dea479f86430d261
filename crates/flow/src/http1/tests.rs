//! HTTP/1 over the whole engine: framing, pairing, what is odd.
#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic, clippy::indexing_slicing)]

mod bodies;
mod damage;
mod oracle;

use proptest::prelude::*;
use serde_json::{Value, json};

use crate::Config;
use crate::engine::tests::net::{Client, From, Made, Net, Server, Tcp};
use crate::engine::tests::run::{Out, run, run_with};
use crate::redact::{Redaction, Rules};

/// One connection of scripted parts, cut into segments of `mss` bytes.
fn talk(mss: usize, script: &[(From, &[u8])]) -> Net {
    let mut net = Net::new();
    let mut tcp = Tcp::new(40_000);
    tcp.open(&mut net);
    tcp.mss = mss;
    for (from, bytes) in script {
        tcp.send(&mut net, *from, bytes);
    }
    tcp.close(&mut net);
    net
}

fn http(script: &[(From, &[u8])]) -> Vec<Value> {
    run(&talk(1460, script)).kind("http")
}

/// What stays the same however the bytes are cut: all but times and ids.
fn essence(out: &Out) -> Vec<Value> {
    let mut list = out.kind("http");
    for value in &mut list {
        let object = value.as_object_mut().unwrap();
        object.retain(|name, _| !name.ends_with("_us") && !matches!(name.as_str(), "ts" | "id" | "flow" | "seq"));
    }
    list
}

const GET: &[u8] = b"GET / HTTP/1.1\r\nHost: a\r\n\r\n";
const EMPTY: &[u8] = b"HTTP/1.1 200 OK\r\nContent-Length: 0\r\n\r\n";

#[test]
fn cap_36b_keep_alive_and_pipelining_pair_in_order() {
    let two = [GET, b"GET /2 HTTP/1.1\r\nHost: a\r\n\r\n"].concat();
    let answers = [EMPTY, b"HTTP/1.1 404 Not Found\r\nContent-Length: 2\r\n\r\nno"].concat();
    let records = http(&[(Client, &two), (Server, &answers), (Client, GET), (Server, EMPTY)]);
    let seen: Vec<_> =
        records.iter().map(|http| (http["path"].clone(), http["status"].clone(), http["index"].clone())).collect();
    assert_eq!(
        seen,
        [(json!("/"), json!(200), json!(0)), (json!("/2"), json!(404), json!(1)), (json!("/"), json!(200), json!(2))]
    );
    assert!(records.iter().all(|http| http["pair"] == "ok"));
}

#[test]
fn cap_36l_heads_that_come_again_are_told_as_the_first_and_secrets_each_time() {
    let rules = || Redaction::new(Rules::default(), [7; 16]);
    let other = b"HTTP/1.1 200 OK\r\nContent-Length: 0\r\nX-A: \"1\"\r\n\r\n";
    let secret = b"GET /s HTTP/1.1\r\nHost: a\r\nAuthorization: Bearer abc\r\n\r\n";
    let rounds =
        [(GET, EMPTY), (GET, EMPTY), (secret, other), (secret, other), (GET, other), (secret, EMPTY), (GET, EMPTY)];
    let script: Vec<(From, &[u8])> =
        rounds.iter().flat_map(|(asked, answer)| [(Client, *asked), (Server, *answer)]).collect();
    for redaction in [rules(), Redaction::off()] {
        let config = || Config { redaction: redaction.clone(), ..Config::default() };
        let told = essence(&run_with(&talk(1460, &script), config()));
        assert_eq!(told.len(), rounds.len());
        for (at, (asked, answer)) in rounds.iter().enumerate() {
            let mut alone = essence(&run_with(&talk(1460, &[(Client, asked), (Server, answer)]), config())).remove(0);
            alone["index"] = json!(at);
            assert_eq!(told[at], alone, "{at}");
        }
        let shown = told.iter().filter(|http| http.to_string().contains("Bearer abc")).count();
        assert_eq!(shown, if redaction.is_on() { 0 } else { 3 });
    }
}

#[test]
fn cap_28c_4_k_of_a_body_are_shown_or_as_many_as_is_asked_for_and_all_of_it_counts() {
    let body = "y".repeat(10_000);
    let answer = format!("HTTP/1.1 200 OK\r\nContent-Length: {}\r\n\r\n{body}", body.len());
    let net = talk(1460, &[(Client, GET), (Server, answer.as_bytes())]);
    for (limit, shown) in [(None, 4096), (Some(0), 0), (Some(9_999), 9_999), (Some(256 << 10), 10_000)] {
        let mut config = Config::default();
        config.limits.body = limit.unwrap_or(config.limits.body);
        let http = run_with(&net, config).kind("http").remove(0);
        let response = &http["response"];
        assert_eq!(response["body"].as_str().map_or(0, str::len), shown, "{limit:?}");
        assert_eq!((&response["len"], &response["wire_len"]), (&json!(10_000), &json!(10_000)));
        assert_eq!(http["truncated"] == json!(["response_body"]), shown < 10_000 && shown > 0, "{limit:?}: {http}");
    }
}

#[test]
fn cap_36c_chunks_with_extensions_and_trailers() {
    let response = b"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n4;a=b\r\nWiki\r\n5\r\npedia\r\n0\r\nX-Sum: 9\r\nX-Sum: 8\r\n\r\n";
    let records = http(&[(Client, GET), (Server, response), (Client, GET), (Server, EMPTY)]);
    assert_eq!(records.len(), 2);
    let message = &records[0]["response"];
    assert_eq!(message["body"], "Wikipedia");
    assert_eq!(message["len"], 9);
    assert_eq!(message["wire_len"], response.len() - 47);
    assert_eq!(message["trailers"], json!([["X-Sum", "9"], ["X-Sum", "8"]]));
    assert_eq!(records[1]["status"], 200);
}

#[test]
fn cap_n_26a_ids_of_traces_are_lifted_from_the_headers_that_carry_them() {
    let trace = "0af7651916cd43dd8448eb211c80319c";
    let parent = format!("traceparent: 00-{trace}-b7ad6b7169203331-01\r\n");
    let b3 = format!("b3: {trace}-00f067aa0ba902b7-1\r\n");
    let zero = format!("traceparent: 00-{}-b7ad6b7169203331-01\r\n", "0".repeat(32));
    let cases = [
        (parent.clone(), json!({ "id": trace, "span": "b7ad6b7169203331" })),
        (b3.clone(), json!({ "id": trace, "span": "00f067aa0ba902b7" })),
        ("X-Request-Id: req-7\r\n".to_owned(), json!({ "id": "req-7" })),
        (format!("x-request-id: req-7\r\n{b3}{parent}"), json!({ "id": trace, "span": "b7ad6b7169203331" })),
        (format!("{zero}x-request-id: req-8\r\n"), json!({ "id": "req-8" })),
        (String::new(), Value::Null),
    ];
    for (headers, expected) in cases {
        let request = format!("GET / HTTP/1.1\r\nHost: a\r\n{headers}\r\n");
        let records = http(&[(Client, request.as_bytes()), (Server, EMPTY)]);
        assert_eq!(records[0]["trace"], expected, "{headers}");
    }
}

#[test]
fn cap_36d_messages_without_a_body() {
    let head = b"HEAD /h HTTP/1.1\r\nHost: a\r\n\r\n";
    let long = b"HTTP/1.1 200 OK\r\nContent-Length: 1000\r\n\r\n";
    let records = http(&[
        (Client, head),
        (Server, long),
        (Client, GET),
        (Server, b"HTTP/1.1 204 No Content\r\n\r\n"),
        (Client, GET),
        (Server, b"HTTP/1.1 304 Not Modified\r\nContent-Length: 77\r\n\r\n"),
        (Client, b"POST /p HTTP/1.1\r\nHost: a\r\nContent-Length: 4\r\nExpect: 100-continue\r\n\r\n"),
        (Server, b"HTTP/1.1 100 Continue\r\n\r\n"),
        (Client, b"body"),
        (Server, b"HTTP/1.1 103 Early Hints\r\nLink: </a>\r\n\r\nHTTP/1.1 201 Created\r\nContent-Length: 0\r\n\r\n"),
    ]);
    let seen: Vec<_> = records.iter().map(|http| http["status"].as_u64().unwrap()).collect();
    assert_eq!(seen, [200, 204, 304, 201]);
    assert_eq!(records[3]["informational"], json!([100, 103]));
    assert_eq!(records[3]["request"]["body"], "body");
    assert!(records.iter().all(|http| http["pair"] == "ok"));
}

#[test]
fn cap_36e_a_body_until_the_connection_closes() {
    let records = http(&[(Client, b"GET / HTTP/1.0\r\n\r\n"), (Server, b"HTTP/1.0 200 OK\r\n\r\nall of it")]);
    assert_eq!(records[0]["response"]["body"], "all of it");
    assert_eq!(records[0]["response"]["len"], 9);
    assert_eq!(records[0]["version"], "1.0");
    assert_eq!(records[0]["partial"], Value::Null);
}

#[test]
fn cap_36f_connect_tunnels_what_follows_and_upgrade_names_it() {
    let records = http(&[
        (Client, b"CONNECT shop:80 HTTP/1.1\r\nHost: shop:80\r\n\r\n"),
        (Server, b"HTTP/1.1 200 Established\r\n\r\n"),
        (Client, GET),
        (Server, EMPTY),
    ]);
    assert_eq!(records.len(), 2, "{records:#?}");
    assert_eq!((&records[0]["method"], &records[0]["upgrade"]), (&json!("CONNECT"), &json!("connect")));
    assert_eq!(records[0]["host"], "shop:80");
    assert_eq!(records[1]["path"], "/");
    let refused = http(&[
        (Client, b"CONNECT shop:80 HTTP/1.1\r\nHost: shop:80\r\n\r\n"),
        (Server, b"HTTP/1.1 403 No\r\nContent-Length: 0\r\n\r\n"),
        (Client, GET),
        (Server, EMPTY),
    ]);
    assert_eq!(refused.len(), 2);
    assert_eq!(refused[1]["status"], 200);
}

#[test]
fn cap_36g_absolute_form_and_duplicate_headers_in_order() {
    let records = http(&[
        (Client, b"GET http://shop:8080/a/b?c=d&e HTTP/1.1\r\nHost: proxy\r\nAccept: x\r\nX: 1\r\naccept: y\r\n\r\n"),
        (Server, EMPTY),
    ]);
    let http = &records[0];
    assert_eq!(http["url"], "http://shop:8080/a/b?c=d&e");
    assert_eq!((&http["host"], &http["path"], &http["query"]), (&json!("shop:8080"), &json!("/a/b"), &json!("c=d&e")));
    assert_eq!(http["request"]["headers"], json!([["Host", "proxy"], ["Accept", "x"], ["X", "1"], ["accept", "y"]]));
}

#[test]
fn cap_f_23_smuggling_shapes_are_told_with_what_they_say_and_parsing_goes_on() {
    let odd = |request: &[u8]| {
        let records = http(&[(Client, request), (Server, EMPTY)]);
        records[0]["anomaly"].clone()
    };
    assert_eq!(
        odd(b"POST / HTTP/1.1\r\nContent-Length: 4\r\nTransfer-Encoding: chunked\r\n\r\n0\r\n\r\n"),
        json!(["length_and_transfer_encoding"])
    );
    assert_eq!(
        odd(b"POST / HTTP/1.1\r\nContent-Length: 1\r\nContent-Length: 2\r\n\r\nx"),
        json!(["content_length_conflict"])
    );
    assert_eq!(odd(b"GET / HTTP/1.1\r\nA: b\r\n c\r\n\r\n"), json!(["obs_fold"]));
    assert_eq!(odd(b"GET / HTTP/1.1\r\nA: b\rc\r\n\r\n"), json!(["bare_cr"]));
    assert_eq!(odd(b"GET / HTTP/1.1\r\nA : b\r\n\r\n"), json!(["space_before_colon"]));
    // Both lengths are shown, and the next request is found where this one ends for a server.
    let both = b"POST /odd HTTP/1.1\r\nContent-Length: 40\r\nTransfer-Encoding: chunked\r\n\r\n0\r\n\r\n";
    let records = http(&[(Client, both), (Server, EMPTY), (Client, GET), (Server, EMPTY)]);
    let headers = json!([["Content-Length", "40"], ["Transfer-Encoding", "chunked"]]);
    assert_eq!((records.len(), &records[0]["request"]["headers"]), (2, &headers));
    assert_eq!((&records[1]["method"], &records[1]["pair"]), (&json!("GET"), &json!("ok")));
}

#[test]
fn cap_f_27_bytes_that_are_not_text_are_escaped_and_stand_exactly_beside() {
    let odd: &[u8] = b"GET /\xe9\x1b[31m?\xc3 HTTP/1.1\r\nHost: s\xfc\r\nX: a\xffb\x07\r\nY: \xc3\xa9\r\n\r\n";
    // Also of a head that comes again, whose text is remembered.
    let records =
        http(&[(Client, odd), (Server, EMPTY), (Client, odd), (Server, EMPTY), (Client, odd), (Server, EMPTY)]);
    assert_eq!(records.len(), 3);
    for record in &records {
        assert_eq!(record["path"], "/\\xe9\u{1b}[31m");
        assert_eq!((&record["path_b64"], &record["query_b64"]), (&json!("L+kbWzMxbQ=="), &json!("ww==")));
        assert_eq!((&record["host"], &record["host_b64"]), (&json!("s\\xfc"), &json!("c/w=")));
        let request = &record["request"];
        assert_eq!(request["headers"][1][1], "a\\xffb\u{7}");
        assert_eq!(request["headers"][2][1], "é");
        assert_eq!(request["headers_b64"], json!([["SG9zdA==", "c/w="], ["WA==", "Yf9iBw=="]]));
    }
    let plain = http(&[(Client, b"GET /\xc3\xa9 HTTP/1.1\r\nX: \xc3\xa9\r\n\r\n"), (Server, EMPTY)]);
    assert!(plain[0].get("path_b64").is_none() && plain[0]["request"].get("headers_b64").is_none(), "{plain:?}");
    let out = run(&talk(1460, &[(Client, b"GET /\x1b[31m HTTP/1.1\r\n\r\n"), (Server, EMPTY)]));
    assert!(out.lines.iter().all(|line| !line.contains('\u{1b}')));
}

#[test]
fn cap_n_15a_secrets_of_head_and_body_are_hidden_and_their_places_told() {
    let request: &[u8] = b"POST /in?token=sesame HTTP/1.1\r\nAuthorization: Bearer abcdef\r\nCookie: id=7\r\n\
        Content-Type: application/json\r\nContent-Length: 23\r\n\r\n{\"password\":\"swordfish\"}";
    let request = [request, b""].concat();
    let net = talk(1460, &[(Client, &request), (Server, EMPTY)]);
    let mut config = Config { redaction: Redaction::new(Rules::default(), [1; 16]), ..Config::default() };
    config.limits.mask = true;
    let out = run_with(&net, config);
    for secret in ["sesame", "abcdef", "swordfish"] {
        assert!(out.lines.iter().all(|line| !line.contains(secret)), "{secret} in {:#?}", out.kind("http"));
    }
    for secret in ["sesame", "abcdef"] {
        let at = request.windows(secret.len()).position(|part| part == secret.as_bytes()).unwrap();
        let hit = out.masks.iter().any(|span| span.offset == at as u64 && span.len as usize == secret.len());
        assert!(hit, "{secret} at {at}: {:?}", out.masks);
    }
    let at = request.windows(9).position(|part| part == b"swordfish").unwrap() as u64;
    assert!(out.masks.iter().any(|span| span.offset <= at && span.offset + u64::from(span.len) >= at + 9));
    assert!(out.kind("http")[0]["redacted"].as_array().unwrap().len() >= 3);
}

#[test]
fn cap_d_22a_a_lost_response_is_never_given_to_the_next_request() {
    let mut net = Net::new();
    let mut tcp = Tcp::new(40_000);
    tcp.open(&mut net);
    for n in 0..6 {
        tcp.send(&mut net, Client, format!("GET /{n} HTTP/1.1\r\n\r\n").as_bytes());
        tcp.send(&mut net, Server, format!("HTTP/1.1 200 R{n}\r\nContent-Length: 1\r\n\r\n{n}").as_bytes());
        net.wait(50_000);
    }
    let whole = net.packets.len();
    tcp.close(&mut net);
    for lost in 3..whole {
        let mut less = net.clone();
        less.packets.remove(lost);
        let records = run(&less).kind("http");
        let paired: Vec<_> = records.iter().filter(|http| http["pair"] == "ok").collect();
        for http in &paired {
            assert_eq!(format!("/{}", &http["reason"].as_str().unwrap()[1..]), http["path"], "without packet {lost}");
        }
        assert!(paired.len() >= 4, "without packet {lost}: {records:#?}");
        let told = records.iter().filter(|http| http["pair"] == "unknown").count();
        assert!(paired.len() + told >= 6, "without packet {lost}: {records:#?}");
    }
}

#[test]
fn cap_d_22b_the_first_answer_on_a_connection_whose_syn_ack_was_lost() {
    let mut net = Net::new();
    let mut tcp = Tcp::new(40_000);
    tcp.open(&mut net);
    for n in 0..3 {
        tcp.send(&mut net, Client, format!("GET /{n} HTTP/1.1\r\n\r\n").as_bytes());
    }
    for n in 0..3 {
        tcp.send(&mut net, Server, format!("HTTP/1.1 200 R{n}\r\nContent-Length: 0\r\n\r\n").as_bytes());
    }
    net.packets.remove(1);
    for http in run(&net).kind("http").iter().filter(|http| http["pair"] == "ok") {
        assert_eq!(format!("/{}", &http["reason"].as_str().unwrap()[1..]), http["path"]);
    }
}

#[test]
fn cap_36h_only_one_direction() {
    let net = talk(1460, &[(Client, GET), (Server, EMPTY), (Client, GET), (Server, EMPTY)]);
    for (port, pair) in [(80_u16, "request_only"), (40_000, "response_only")] {
        let mut one = net.clone();
        one.packets.retain(|packet| packet.bytes[36..38] == port.to_be_bytes());
        let pairs: Vec<_> = run(&one).kind("http").iter().map(|http| http["pair"].clone()).collect();
        assert_eq!(pairs, [pair, pair]);
    }
}

#[test]
fn cap_d_27a_a_long_body_is_counted_and_only_its_begin_kept() {
    let mut response = b"HTTP/1.1 200 OK\r\nContent-Length: 3000000\r\n\r\n".to_vec();
    response.resize(response.len() + 3_000_000, b'z');
    let out = run(&talk(1460, &[(Client, GET), (Server, &response), (Client, GET), (Server, EMPTY)]));
    let records = out.kind("http");
    assert_eq!(records.len(), 2);
    assert_eq!(records[0]["response"]["len"], 3_000_000);
    assert_eq!(records[0]["response"]["body"].as_str().unwrap().len(), 4096);
    assert_eq!(records[0]["truncated"], json!(["response_body"]));
    assert!(records[0]["resp_us"].as_u64().unwrap() > 100_000);
}

const SCRIPT: &[(From, &[u8])] = &[
    (Client, b"POST /a HTTP/1.1\r\nHost: a\r\nContent-Length: 5\r\n\r\nhello"),
    (Server, b"HTTP/1.1 100 Continue\r\n\r\nHTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n3\r\nabc\r\n0\r\nT: x\r\n\r\n"),
    (Client, b"GET /b HTTP/1.1\r\n\r\nHEAD /c HTTP/1.1\r\n\r\n"),
    (Server, b"HTTP/1.1 404 No\r\nContent-Length: 3\r\n\r\nyesHTTP/1.1 200 OK\r\nContent-Length: 9\r\n\r\n"),
    (Client, b"GET /d HTTP/1.0\r\n\r\n"),
    (Server, b"HTTP/1.1 200 OK\r\n\r\nuntil the end"),
];

#[test]
fn cap_36_cut_at_every_byte_gives_the_same_records() {
    let whole = essence(&run(&talk(1460, SCRIPT)));
    assert_eq!(whole.len(), 4);
    assert!(whole.iter().all(|http| http["pair"] == "ok"), "{whole:#?}");
    for mss in 1..80 {
        assert_eq!(essence(&run(&talk(mss, SCRIPT))), whole, "{mss}");
    }
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 256, ..ProptestConfig::default() })]

    #[test]
    fn any_bytes_do_not_panic(parts in proptest::collection::vec((any::<bool>(), proptest::collection::vec(any::<u8>(), 0..200)), 0..20)) {
        let mut script: Vec<(From, Vec<u8>)> = vec![(Client, GET.to_vec())];
        script.extend(parts.into_iter().map(|(client, bytes)| (if client { Client } else { Server }, bytes)));
        let script: Vec<(From, &[u8])> = script.iter().map(|(from, bytes)| (*from, bytes.as_slice())).collect();
        run(&talk(50, &script));
    }
}
