//! What a tap keeps of packets: files of them, and windows over a socket.

use super::desk::Desk;
use e2e::curl::curl;
use e2e::tapping::{PODS, alone};
use e2e::tshark::tshark;
use futures::{SinkExt, StreamExt};
use serde_json::{Value, json};
use std::collections::BTreeSet;
use std::path::Path;
use std::process::Command;
use std::time::Duration;
use tokio::net::TcpStream;
use tokio_tungstenite::WebSocketStream;
use tokio_tungstenite::tungstenite::Message;

#[test]
fn cap_49_packets_are_a_file_that_tshark_reads_in_order_whole_by_flow_and_by_filter() {
    let _alone = alone();
    let desk = Desk::start(&[]);
    let tap = desk.tap();
    desk.until(&tap, "packets come", |tap| tap["totals"]["spooled"].as_u64().unwrap() > 100_000);
    let get = |query: &str| desk.file(&format!("/taps/{tap}/pcapng{query}"));
    let times = tshark(&get(""), &["-T", "fields", "-e", "frame.time_epoch"]);
    let times: Vec<f64> = times.iter().map(|time| time.parse().unwrap()).collect();
    assert!(times.len() > 200 && times.is_sorted(), "{} packets", times.len());
    let interfaces = tshark(&get(""), &["-T", "fields", "-e", "frame.interface_name"]);
    assert!(interfaces.iter().all(|name| name.starts_with("shop/front-")), "{:?}", interfaces.first());

    let record = desk.call("GET", &format!("/taps/{tap}/records?select=kind%3Dhttp+and+status%3D200&limit=1"), None);
    let record = record.json();
    let (flow, port) = (record["flow"].as_str().unwrap(), record["src"]["port"].to_string());
    let ports = tshark(&get(&format!("?flow={flow}")), &["-T", "fields", "-e", "tcp.port"]);
    assert!(!ports.is_empty() && ports.iter().all(|pair| pair.split(',').any(|one| one == port)));
    let dns = tshark(&get("?bpf=udp+port+53"), &["-Y", "!dns"]);
    assert!(dns.is_empty(), "{dns:?}");
    let classic = tshark(&get("?format=pcap&bpf=tcp"), &["-Y", "!tcp"]);
    assert!(classic.is_empty(), "{classic:?}");
    let wrong = desk.call("GET", &format!("/taps/{tap}/pcapng?bpf=port+nonsense"), None);
    assert_eq!((wrong.code().as_str(), wrong.json()["details"]["column"].is_u64()), ("filter_syntax", true));

    // Nobody else may read what is kept, and it goes with the tap.
    let kept = desk.console.home().join(".local/state/quarterdeck/taps");
    let listed = |words: &[&str]| {
        let output = Command::new("find").arg(&kept).args(words).output().unwrap();
        String::from_utf8(output.stdout).unwrap()
    };
    assert!(!listed(&["-name", "*.pcapng"]).is_empty());
    assert_eq!(listed(&["-type", "f", "-perm", "/077"]), "");
    assert_eq!(desk.call("DELETE", &format!("/taps/{tap}?forget=true"), None).status, 200);
    assert_eq!(listed(&["-name", "*.pcapng"]), "");
}

#[test]
fn cap_d_14_a_download_has_exactly_the_packets_that_were_asked_for() {
    let _alone = alone();
    let desk = Desk::start(&[]);
    let tap = desk.tap();
    desk.until(&tap, "packets come", |tap| tap["totals"]["spooled"].as_u64().unwrap() > 200_000);
    // Ended, it keeps what it has: all downloads are of the same packets.
    assert_eq!(desk.call("DELETE", &format!("/taps/{tap}"), None).status, 200);
    desk.until(&tap, "it ends", |tap| tap["state"] == "ended");
    let get = |query: &str| desk.file(&format!("/taps/{tap}/pcapng{query}"));
    let frames = |query: &str, filter: &str| {
        let fields = ["frame.time_epoch", "frame.interface_name", "frame.len", "ip.src", "ip.dst", "tcp.seq_raw"];
        let fields = fields.map(|field| ["-e", field]).concat();
        tshark(&get(query), &[&["-n", "-T", "fields", "-Y", filter], &fields[..]].concat())
    };
    let whole = frames("", "frame").len();
    let same = |query: &str, filter: &str| {
        let (ours, theirs) = (frames(query, "frame"), frames("", filter));
        assert!(!ours.is_empty() && ours.len() < whole, "{query}: {} of {whole}", ours.len());
        assert!(ours == theirs, "{query}: {} packets, tshark {}", ours.len(), theirs.len());
    };
    let lines = |select: &str| -> Vec<Value> {
        let all = desk.call("GET", &format!("/taps/{tap}/records?select={select}&limit=10000"), None);
        all.body.lines().map(|line| serde_json::from_str(line).unwrap()).collect()
    };
    let of = |record: &Value| {
        let (src, dst) = (&record["src"], &record["dst"]);
        let ip = |end: &Value| end["ip"].as_str().unwrap().to_owned();
        let (from, to) = (ip(src), ip(dst));
        let ports = format!("tcp.port == {} && tcp.port == {}", src["port"], dst["port"]);
        format!("(ip.addr == {from} && ip.addr == {to} && {ports})")
    };
    let http = lines("kind%3Dhttp+and+status%3D200");
    let one = &http[http.len() / 2];
    same(&format!("?flow={}", one["flow"].as_str().unwrap()), &of(one));
    // Of several connections, each once.
    let path = one["path"].as_str().unwrap();
    let select = format!("kind%3Dhttp+and+path%3D%22{path}%22");
    let filters: std::collections::BTreeSet<String> = lines(&select).iter().map(of).collect();
    same(&format!("?select={select}"), &filters.into_iter().collect::<Vec<_>>().join(" || "));
    same("?bpf=tcp+dst+port+8080", "tcp.dstport == 8080");
    let (from, to) = (one["ts"].as_i64().unwrap(), one["ts"].as_i64().unwrap() + 1_500_000);
    let seconds = |us: i64| format!("{}.{:06}", us / 1_000_000, us % 1_000_000);
    let within = format!("frame.time_epoch >= {} && frame.time_epoch < {}", seconds(from), seconds(to));
    same(&format!("?from={from}&to={}", to - 1), &within);
}

/// Asks on the packets socket, and takes the next answer.
async fn ask(socket: &mut WebSocketStream<TcpStream>, ask: Value) -> Message {
    socket.send(Message::text(ask.to_string())).await.unwrap();
    said(socket).await
}

async fn said(socket: &mut WebSocketStream<TcpStream>) -> Message {
    let until = tokio::time::Instant::now() + Duration::from_secs(20);
    loop {
        match tokio::time::timeout_at(until, socket.next()).await.unwrap().unwrap().unwrap() {
            Message::Ping(_) | Message::Pong(_) => {}
            message => return message,
        }
    }
}

fn text(message: &Message) -> Value {
    serde_json::from_str(message.to_text().unwrap()).unwrap()
}

fn number(bytes: &[u8], at: usize, len: usize) -> u64 {
    bytes[at..at + len].iter().rev().fold(0, |number, byte| number << 8 | u64::from(*byte))
}

/// So many connections of HTTP.
fn flows(desk: &Desk, tap: &str, most: usize) -> Vec<String> {
    let all = desk.call("GET", &format!("/taps/{tap}/records?select=kind%3Dhttp&limit=1000"), None);
    let records = all.body.lines().map(|line| serde_json::from_str::<Value>(line).unwrap());
    let flows: BTreeSet<String> = records.map(|record| record["flow"].as_str().unwrap().to_owned()).collect();
    flows.into_iter().take(most).collect()
}

/// What the two ends of a connection said: the client, and the server.
struct Said(Vec<u8>, Vec<u8>);

impl Said {
    /// From a frame of the packets socket that answers the ask of this number.
    fn of(frame: &[u8], id: u64) -> Self {
        assert_eq!((frame[0], number(frame, 4, 4)), (2, id));
        let (mut at, mut said) = (16, Self(Vec::new(), Vec::new()));
        for _ in 0..number(frame, 2, 2) {
            assert_eq!(frame[at + 25], 0, "nothing is missing");
            let len = number(frame, at + 16, 8) as usize;
            let end = if frame[at + 24] == 0 { &mut said.0 } else { &mut said.1 };
            end.extend_from_slice(&frame[at + 28..at + 28 + len]);
            at += 28 + len;
        }
        said
    }

    /// tshark calls the end that it hears first its node 0, and indents what the other says.
    fn is_as_tshark_follows_it(&self, file: &Path, client: &str) {
        let lines = tshark(file, &["-q", "-z", "follow,tcp,raw,0"]);
        let is_first = lines.iter().any(|line| *line == format!("Node 0: {client}"));
        assert!(is_first || lines.iter().any(|line| *line == format!("Node 1: {client}")), "{client}: {lines:?}");
        let theirs = |of_client: bool| -> String {
            let node = |line: &&String| line.starts_with('\t') != (of_client == is_first);
            let hex = |line: &&str| line.bytes().all(|byte| byte.is_ascii_hexdigit());
            lines.iter().filter(node).map(|line| line.trim_start()).filter(hex).collect()
        };
        for (name, said, shark) in [("client", &self.0, theirs(true)), ("server", &self.1, theirs(false))] {
            let said: String = said.iter().map(|byte| format!("{byte:02x}")).collect();
            assert!(!said.is_empty() && shark.starts_with(&said), "{name}: {said} and {shark}, {lines:?}");
        }
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn cap_46e_packets_and_the_stream_of_a_connection_come_in_windows_on_a_socket_of_their_own() {
    let _alone = PODS.lock().await;
    let desk = Desk::start(&[]);
    let tap = desk.tap();
    desk.until(&tap, "packets come", |tap| tap["totals"]["spooled"].as_u64().unwrap() > 100_000);
    let select = "kind%3Dhttp+and+status%3D200+and+method%3DGET&limit=1";
    let record = desk.call("GET", &format!("/taps/{tap}/records?select={select}"), None).json();
    let (flow, path) = (record["flow"].as_str().unwrap(), record["path"].as_str().unwrap());
    let mut socket = desk.packets(&format!("{tap}/packets?flow={flow}")).await;
    let about = text(&said(&mut socket).await)["about"].clone();
    let packets = about["packets"].as_u64().unwrap();
    assert!(packets > 4 && about["interfaces"][0]["name"].as_str().unwrap().starts_with("shop/front-"), "{about}");
    assert!(about["client"].as_str().unwrap().ends_with(&format!(":{}", record["src"]["port"])), "{about}");

    // The same packets as in the file, two at a time.
    let (mut frames, mut first) = (Vec::new(), 0);
    while first < packets {
        let frame =
            ask(&mut socket, json!({ "packets": { "id": 7, "first": first, "count": 2, "bytes": 9000 } })).await;
        let frame = frame.into_data();
        assert_eq!((frame[0], number(&frame, 4, 4), number(&frame, 8, 8)), (1, 7, first));
        let (entries, mut at) = (number(&frame, 2, 2), 16);
        assert!(entries == 1 || entries == 2);
        for _ in 0..entries {
            let len = number(&frame, at + 12, 4) as usize;
            frames.push(format!("{} {len}", number(&frame, at, 8)));
            at += 20 + len;
        }
        first += entries;
        assert_eq!((at, frame[1] == 1), (frame.len(), first == packets));
    }
    let file = desk.file(&format!("/taps/{tap}/pcapng?flow={flow}"));
    let shark = tshark(&file, &["-T", "fields", "-e", "frame.time_epoch", "-e", "frame.cap_len"]);
    let shark: Vec<String> = shark.iter().map(|line| line.replace('.', "").replace('\t', " ")).collect();
    assert!(shark.len() >= frames.len());
    assert_eq!(frames, shark[..frames.len()]);

    // The stream of both ends, as tshark follows it: of this connection, and of others.
    let stream = json!({ "stream": { "id": 8, "first": 0, "count": 1000, "bytes": 1_000_000 } });
    let said_by = Said::of(&ask(&mut socket, stream.clone()).await.into_data(), 8);
    let [client, server] = [&said_by.0, &said_by.1].map(|bytes| String::from_utf8_lossy(bytes));
    assert!(client.contains(&format!("GET {path}")) && server.contains("HTTP/1.1 200"), "{client} {server}");
    said_by.is_as_tshark_follows_it(&file, about["client"].as_str().unwrap());
    for flow in flows(&desk, &tap, 20) {
        let mut socket = desk.packets(&format!("{tap}/packets?flow={flow}")).await;
        let about = text(&said(&mut socket).await)["about"].clone();
        let file = desk.file(&format!("/taps/{tap}/pcapng?flow={flow}"));
        let said_by = Said::of(&ask(&mut socket, stream.clone()).await.into_data(), 8);
        said_by.is_as_tshark_follows_it(&file, about["client"].as_str().unwrap());
    }

    // Chosen anew, there may be more; what cannot be asked says so, and too many asks end the socket.
    let again = text(&ask(&mut socket, json!({ "again": { "id": 9 } })).await);
    assert!(again["about"]["id"] == 9 && again["about"]["packets"].as_u64().unwrap() >= packets, "{again}");
    for id in 0..50 {
        let ask = json!({ "stream": { "id": id, "first": 0, "count": 1, "bytes": 1 } });
        if socket.send(Message::text(ask.to_string())).await.is_err() {
            break;
        }
    }
    let mut last = Value::Null;
    while let Ok(Some(Ok(message))) = tokio::time::timeout(Duration::from_secs(20), socket.next()).await {
        if message.is_text() {
            last = text(&message);
        }
    }
    assert_eq!((&last["error"]["id"], &last["error"]["error"]["code"]), (&json!(0), &json!("limit_reached")), "{last}");

    for (query, code) in [("flow=00ab", "not_found"), ("", "not_found"), ("flow=XX", "not_found")] {
        let mut socket = desk.packets(&format!("{tap}/packets?{query}")).await;
        let error = text(&said(&mut socket).await);
        assert_eq!(error["error"]["error"]["code"], code, "{query}: {error}");
    }
    let mut socket = desk.packets(&format!("{tap}/packets?flow={flow}&bpf=port+nonsense")).await;
    assert_eq!(text(&said(&mut socket).await)["error"]["error"]["code"], "filter_syntax");
    let url = format!("{}/api/v1/taps/{tap}/packets?flow={flow}", desk.console.base);
    let upgrade = ["-H", "connection: upgrade", "-H", "upgrade: websocket", "-H", "sec-websocket-version: 13", "-H"];
    let key = "sec-websocket-key: dGhlIHNhbXBsZSBub25jZQ==";
    assert_eq!(curl(&url, &[&upgrade[..], &[key]].concat()).status, 401);
    let token = format!("x-quarterdeck-token: {}", desk.token);
    let foreign = [&upgrade[..], &[key, "-H", &token, "-H", "origin: http://evil.example"]].concat();
    assert_eq!(curl(&url, &foreign).status, 403);
}
