//! Every path of a tap, the pace of its lists, and taps that see no packets.

use super::desk::Desk;
use e2e::curl::curl;
use e2e::kubeconfig;
use e2e::kubectl;
use e2e::tapped::Namespace;
use e2e::tapping::{PODS, alone};
use futures::{SinkExt, StreamExt};
use serde_json::{Value, json};
use std::collections::BTreeSet;
use std::io::{Read, Write};
use std::net::TcpStream;
use std::time::Duration;
use tokio::time::{Instant, timeout_at};
use tokio_tungstenite::tungstenite::Message;

#[test]
fn cap_47_every_path_of_a_tap_answers_to_who_may_and_to_nobody_else() {
    const LINES: &str = "application/x-ndjson";
    const JSON: &str = "application/json";
    const FILE: &str = "application/x-pcapng";
    const TEXT: &str = "text/plain";
    let _alone = alone();
    let desk = Desk::start(&[]);
    let tap = desk.tap();
    desk.until(&tap, "packets and records come", |tap| {
        tap["totals"]["spooled"].as_u64() > Some(50_000) && tap["totals"]["records"].as_u64() > Some(20)
    });
    let one = desk.call("GET", &format!("/taps/{tap}/records?select=kind%3Dhttp&limit=1"), None).json();
    let (record, flow) = (one["n"].as_str().unwrap(), one["flow"].as_str().unwrap());
    let start = json!({ "cluster": desk.cluster, "namespaces": ["shop"], "selector": "app=nobody" });
    let all: [(&str, &str, &str, Option<Value>, &str); 22] = [
        ("GET", "", "", None, JSON),
        ("POST", "", "", Some(start), JSON),
        ("GET", "/{id}", "", None, JSON),
        ("PATCH", "/{id}", "", Some(json!({ "filter": "tcp", "paused": false })), JSON),
        ("GET", "/{id}/records", "?select=kind%3Dhttp&since=1&limit=10000", None, LINES),
        ("GET", "/{id}/records/{record}", "", None, JSON),
        ("GET", "/{id}/flows/{flow}", "", None, JSON),
        ("GET", "/{id}/har", "?select=status%3D200", None, JSON),
        ("GET", "/{id}/pcapng", "?bpf=tcp&from=1&format=pcapng", None, FILE),
        ("GET", "/{id}/packets", "?flow=0a", None, ""),
        ("GET", "/{id}/stats", "", None, JSON),
        ("GET", "/{id}/agents", "", None, JSON),
        ("GET", "/{id}/marks", "", None, JSON),
        ("POST", "/{id}/marks", "", Some(json!({ "text": "here" })), JSON),
        ("POST", "/{id}/keys", "", Some(json!({})), JSON),
        ("GET", "/{id}/schemas", "", None, "application/"),
        ("GET", "/{id}/preview", "?bpf=tcp", None, JSON),
        ("GET", "/{id}/map", "?select=kind%3Dhttp", None, JSON),
        ("GET", "/{id}/histograms", "?select=kind%3Dhttp&by=route", None, JSON),
        ("GET", "/{id}/metrics", "", None, TEXT),
        ("POST", "/{id}/reset", "", None, JSON),
        ("DELETE", "/{id}", "", None, JSON),
    ];
    // All of it is documented, and nothing that is documented is open to strangers.
    let documented = std::fs::read_to_string("../docs/reference/openapi.json").unwrap();
    let documented: Value = serde_json::from_str(&documented).unwrap();
    let paths = documented["paths"].as_object().unwrap().iter().filter_map(|(path, methods)| {
        let rest = path.strip_prefix("/api/v1/taps")?.to_owned();
        Some(methods.as_object()?.keys().map(move |method| (method.to_uppercase(), rest.clone())).collect::<Vec<_>>())
    });
    let known: BTreeSet<(String, String)> = paths.flatten().collect();
    let tried = all.iter().map(|(method, path, ..)| ((*method).to_owned(), (*path).to_owned())).collect();
    assert!(known.is_superset(&tried), "{known:?}");
    let filled = |path: &str| path.replace("{id}", &tap).replace("{record}", record).replace("{flow}", flow);
    for (method, path) in &known {
        let url = format!("{}/api/v1/taps{}", desk.console.base, filled(path).replace(['{', '}'], ""));
        let token = format!("x-quarterdeck-token: {}", desk.token);
        assert_eq!(curl(&url, &["-X", method]).status, 401, "{method} {path}");
        let foreign = curl(&url, &["-X", method, "-H", &token, "-H", "origin: http://evil.example"]);
        assert_eq!(foreign.status, 403, "{method} {path}");
    }
    for (method, path, query, body, ty) in all {
        let path = filled(path);
        let answer = desk.call(method, &format!("/taps{path}{query}"), body.as_ref());
        if ty.is_empty() {
            assert!((400..427).contains(&answer.status), "that one is a socket: {}", answer.status);
            continue;
        }
        assert_eq!(answer.status, 200, "{method} {path}: {}", answer.body);
        let told = answer.header("content-type").unwrap_or_default();
        assert!(told.starts_with(ty) && !answer.body.is_empty(), "{method} {path}: {told}");
    }
    // An answer that names a number of records has 10,000 at most; without one it is a file of all that is kept.
    let many = desk.call("GET", &format!("/taps/{tap}/records?limit=10001"), None);
    assert_eq!(
        (many.code().as_str(), many.body.contains("`records`, 10000")),
        ("limit_reached", true),
        "{}",
        many.body
    );
}

#[tokio::test(flavor = "multi_thread")]
async fn cap_46f_what_comes_waits_until_the_client_has_taken_what_came_before() {
    let _alone = PODS.lock().await;
    let desk = Desk::start(&[]);
    let tap = desk.tap();
    let records = || desk.detail(&tap)["totals"]["records"].as_u64().unwrap();
    desk.until(&tap, "records come", |tap| tap["totals"]["records"].as_u64() > Some(20));
    let mut socket = desk.socket().await;
    let newest = json!([{ "column": "time", "descending": true }]);
    let query = json!({ "list": { "records": tap }, "len": 20, "sort": newest });
    socket.send(Message::text(json!({ "sub": { "id": 1, "what": { "list": query } } }).to_string())).await.unwrap();
    // The next rows of the list within a time, and how many records it tells.
    let mut next = async |within: Duration, ack: Option<u64>| -> Option<(u64, u64)> {
        if let Some(seq) = ack {
            socket.send(Message::text(json!({ "ack": { "id": 1, "seq": seq } }).to_string())).await.unwrap();
        }
        let until = Instant::now() + within;
        while let Ok(message) = timeout_at(until, socket.next()).await {
            let Message::Text(text) = message.unwrap().unwrap() else { continue };
            let frame: Value = serde_json::from_str(&text).unwrap();
            if let Some(body) = frame.get("snap").or(frame.get("delta")) {
                return Some((body["seq"].as_u64().unwrap(), body["total"].as_u64().unwrap()));
            }
        }
        None
    };
    let (mut seq, mut total) = next(Duration::from_secs(20), None).await.expect("the list");
    for _ in 0..3 {
        let before = records();
        // Nothing is sent on top of what is not taken, whatever comes.
        assert_eq!(next(Duration::from_secs(2), None).await, None, "a frame that nobody asked for");
        desk.until(&tap, "more records", |tap| tap["totals"]["records"].as_u64() > Some(before + 5));
        let began = Instant::now();
        let (new, more) = next(Duration::from_secs(20), Some(seq)).await.expect("what came meanwhile");
        assert!(new > seq && more > total, "{new} after {seq}, {more} after {total}");
        assert!(began.elapsed() < Duration::from_secs(5), "it was there already: {:?}", began.elapsed());
        (seq, total) = (new, more);
    }
}

#[test]
fn cap_n_32_where_packets_are_not_allowed_connections_are_rows_of_the_same_list() {
    let _alone = alone();
    let desk = Desk::start(&[]);
    let level = json!({ "pod-security.kubernetes.io/enforce": "restricted" });
    let namespace = Namespace::new("tap-sockets", &level, &json!({}), &json!({}));
    let body = json!({ "cluster": desk.cluster, "namespaces": [namespace.name()], "packets": "none" });
    let tap = desk.call("POST", "/taps", Some(&body)).json()["id"].as_str().unwrap().to_owned();
    let running = desk.until(&tap, "it runs", |tap| tap["state"] == "running");
    let target = &running["targets"][0];
    assert!(target["profile"] == "sockets" && target["no_packets"].as_str() > Some(""), "the banner's words: {target}");
    // A connection that says something, and stays.
    let words = ["get", "pod", "one", "-n", namespace.name(), "-o", "jsonpath={.status.podIP}"];
    let address = kubectl::stdout(&kubeconfig(), &words);
    let mut stream = TcpStream::connect((address.as_str(), 8080)).unwrap();
    write!(stream, "GET /items HTTP/1.1\r\nHost: one\r\n\r\n").unwrap();
    assert!(stream.read(&mut [0; 4096]).unwrap() > 0);
    let port = stream.local_addr().unwrap().port();
    let lines = |select: &str| -> Vec<Value> {
        let all = desk.call("GET", &format!("/taps/{tap}/records?select={select}"), None);
        all.body.lines().map(|line| serde_json::from_str(line).unwrap()).collect()
    };
    let own = format!("kind%3Dsocket+and+src.port%3D{port}");
    desk.until(&tap, "the connection is told", |_| !lines(&own).is_empty());
    let record = lines(&own).pop().unwrap();
    assert_eq!(
        (&record["state"], &record["proto"], &record["dst"]["port"]),
        (&json!("established"), &json!("tcp"), &json!(8080))
    );
    for measure in ["rtt_us", "bytes_received", "bytes_acked"] {
        assert!(record[measure].as_u64() > Some(0), "{measure}: {record}");
    }
    assert!(record["retrans"].is_u64() && record["delivery_bps"].is_u64(), "{record}");
    // What it is, every record says; and it is a row as any other.
    assert!(lines("").iter().all(|one| one["kind"] == "socket" || one["kind"] == "tap"), "{:?}", lines(""));
    let n = record["n"].as_str().unwrap();
    let shown = desk.call("GET", &format!("/taps/{tap}/records/{n}"), None).json();
    assert_eq!(shown["record"]["kind"], "socket", "{shown}");
    let query = json!({ "list": { "records": tap }, "len": 200, "filter": "where protocol = socket" });
    let runtime = tokio::runtime::Runtime::new().unwrap();
    let view = runtime.block_on(super::follow(&desk, query, "it is a row", |view| {
        view.total > 0 && view.cells("source").iter().any(|cell| cell.as_str().is_some_and(|text| !text.is_empty()))
    }));
    assert!(view.names.values().any(|name| lines(&own).iter().any(|one| one["n"] == json!(name))), "{:?}", view.names);
    // It ends, and that is told.
    drop(stream);
    desk.until(&tap, "its end is told", |_| lines(&own).iter().any(|one| one["state"] == "closed"));
}
