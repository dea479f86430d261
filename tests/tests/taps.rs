//! Taps behind the console: started over REST on the demo's pods, read through the socket, exported, stopped.

#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic, clippy::indexing_slicing, missing_docs)]

use e2e::console::Console;
use e2e::curl::{Answer, curl};
use e2e::tapping::{FRONT, PODS, alone};
use e2e::tshark::tshark;
use e2e::{kubeconfig, kubectl};
use futures::{SinkExt, StreamExt};
use serde_json::{Value, json};
use std::collections::BTreeMap;
use std::path::PathBuf;
use std::process::Command;
use std::time::{Duration, Instant};
use tokio::net::TcpStream;
use tokio_tungstenite::WebSocketStream;
use tokio_tungstenite::tungstenite::Message;
use tokio_tungstenite::tungstenite::client::IntoClientRequest;

/// A console and its token.
struct Desk {
    console: Console,
    token: String,
    cluster: String,
}

impl Desk {
    fn start(args: &[&str]) -> Self {
        let kubeconfig = kubeconfig();
        let console = Console::start(Some(&kubeconfig), args);
        let text = std::fs::read_to_string(&kubeconfig).unwrap();
        let line = text.lines().find_map(|line| line.strip_prefix("current-context:")).unwrap();
        let (token, cluster) = (console.token(), line.trim().trim_matches('"').to_owned());
        Self { console, token, cluster }
    }

    fn call(&self, method: &str, path: &str, body: Option<&Value>) -> Answer {
        let token = format!("x-quarterdeck-token: {}", self.token);
        let (url, text) = (format!("{}/api/v1{path}", self.console.base), body.map(Value::to_string));
        let mut args = vec!["-X", method, "-H", &token];
        if let Some(text) = &text {
            args.extend(["-H", "content-type: application/json", "-d", text]);
        }
        curl(&url, &args)
    }

    /// Taps the front of the demo's shop.
    fn tap(&self) -> String {
        let body = json!({ "cluster": self.cluster, "namespaces": ["shop"], "selector": FRONT });
        let answer = self.call("POST", "/taps", Some(&body));
        assert_eq!(answer.status, 200, "{}", answer.body);
        answer.json()["id"].as_str().unwrap().to_owned()
    }

    fn detail(&self, tap: &str) -> Value {
        let answer = self.call("GET", &format!("/taps/{tap}"), None);
        assert_eq!(answer.status, 200, "{}", answer.body);
        answer.json()
    }

    /// Waits until the tap is as wanted.
    fn until(&self, tap: &str, what: &str, wanted: impl Fn(&Value) -> bool) -> Value {
        let until = Instant::now() + Duration::from_secs(40);
        loop {
            let now = self.detail(tap);
            if wanted(&now) {
                return now;
            }
            assert!(Instant::now() < until, "{what}: {now}");
            std::thread::sleep(Duration::from_millis(200));
        }
    }

    async fn socket(&self) -> WebSocketStream<TcpStream> {
        self.upgraded("socket").await
    }

    async fn packets(&self, path: &str) -> WebSocketStream<TcpStream> {
        self.upgraded(&format!("taps/{path}")).await
    }

    /// What is at this path, kept as a file.
    fn file(&self, path: &str) -> PathBuf {
        let file = self.console.home().join("kept");
        let token = format!("x-quarterdeck-token: {}", self.token);
        let url = format!("{}/api/v1{path}", self.console.base);
        let words = ["-sS", "--fail-with-body", "--noproxy", "*", "-H", &token, "-o"];
        let output = Command::new("curl").args(words).arg(&file).arg(&url).output().unwrap();
        assert!(output.status.success(), "{path}: {}", std::fs::read_to_string(&file).unwrap_or_default());
        file
    }

    async fn upgraded(&self, path: &str) -> WebSocketStream<TcpStream> {
        let stream = TcpStream::connect(("127.0.0.1", self.console.port)).await.unwrap();
        let url = format!("ws://127.0.0.1:{}/api/v1/{path}", self.console.port);
        let mut request = url.into_client_request().unwrap();
        request.headers_mut().insert("x-quarterdeck-token", self.token.parse().unwrap());
        tokio_tungstenite::client_async(request, stream).await.unwrap().0
    }
}

/// A list as a client of the socket keeps it.
#[derive(Default)]
struct View {
    columns: Vec<String>,
    rows: BTreeMap<u64, Vec<Value>>,
    names: BTreeMap<u64, String>,
    total: u64,
    frames: u32,
}

impl View {
    fn take(&mut self, frame: &Value) {
        if let Some(columns) = frame.get("columns").and_then(Value::as_array) {
            self.columns = columns.iter().map(|column| column["id"].as_str().unwrap().to_owned()).collect();
            self.rows.clear();
        }
        for row in frame.get("rows").and_then(Value::as_array).into_iter().flatten() {
            let key = row[0].as_u64().unwrap();
            self.rows.insert(key, row[4].as_array().unwrap().clone());
            self.names.insert(key, row[3].as_str().unwrap().to_owned());
        }
        for change in frame.get("cells").and_then(Value::as_array).into_iter().flatten() {
            let Some(row) = self.rows.get_mut(&change[0].as_u64().unwrap()) else { continue };
            for cell in change[1].as_array().unwrap() {
                row[cell[0].as_u64().unwrap() as usize] = cell[1].clone();
            }
        }
        self.total = frame["total"].as_u64().unwrap();
        self.frames += 1;
    }

    fn cells(&self, column: &str) -> Vec<&Value> {
        let at = self.columns.iter().position(|own| own == column).unwrap_or_else(|| panic!("{column} is no column"));
        self.rows.values().map(|row| &row[at]).collect()
    }
}

/// Subscribes to a list and follows it until it is as wanted.
async fn follow(desk: &Desk, query: Value, what: &str, wanted: impl Fn(&View) -> bool) -> View {
    let mut socket = desk.socket().await;
    let sub = json!({ "sub": { "id": 1, "what": { "list": query } } });
    socket.send(Message::text(sub.to_string())).await.unwrap();
    let mut view = View::default();
    let until = tokio::time::Instant::now() + Duration::from_secs(40);
    while !wanted(&view) {
        let next = tokio::time::timeout_at(until, socket.next()).await;
        let next = next.unwrap_or_else(|_| panic!("{what}: {} rows after {} frames", view.total, view.frames));
        let Message::Text(text) = next.unwrap().unwrap() else { continue };
        let frame: Value = serde_json::from_str(&text).unwrap();
        assert!(frame.get("end").is_none(), "{text}");
        let Some(body) = frame.get("snap").or(frame.get("delta")) else { continue };
        view.take(body);
        let ack = json!({ "ack": { "id": 1, "seq": body["seq"] } });
        socket.send(Message::text(ack.to_string())).await.unwrap();
    }
    view
}

#[tokio::test(flavor = "multi_thread")]
async fn cap_46a_records_of_a_tap_are_a_live_view_and_rest() {
    let _alone = PODS.lock().await;
    let desk = Desk::start(&[]);
    let tap = desk.tap();
    let list = json!({ "list": "taps", "len": 10 });
    let view = follow(&desk, list, "the tap runs", |view| {
        view.total == 1 && view.cells("state").iter().any(|state| state[0] == "running")
    });
    let view = view.await;
    assert_eq!(view.names.values().next().unwrap(), &tap);
    assert_eq!(*view.cells("title")[0], format!("-n shop -l {FRONT}"));

    // The view grows while nothing is asked for again.
    let query = json!({ "list": { "records": tap }, "len": 200, "filter": "where protocol = http and status != \"\"" });
    let view = follow(&desk, query, "requests come", |view| view.frames > 3 && view.total > 20).await;
    for (protocol, status) in view.cells("protocol").iter().zip(view.cells("status")) {
        assert_eq!(**protocol, "http");
        assert!(status[0].as_str().is_some_and(|text| !text.is_empty()), "{status}");
    }
    let times: Vec<i64> = view.cells("time").iter().map(|time| time.as_i64().unwrap()).collect();
    assert!(times.len() > 20 && times.iter().all(|time| *time > 1_700_000_000_000_000), "{times:?}");
    assert!(view.cells("wait").iter().any(|wait| wait.as_i64().is_some_and(|us| us > 0)));

    // A row's name is the record.
    let name = view.names.values().next().unwrap();
    let record = desk.call("GET", &format!("/taps/{tap}/records/{name}"), None).json();
    assert_eq!((&record["record"]["kind"], &record["record"]["n"]), (&json!("http"), &json!(name)));
    let flow = record["record"]["flow"].as_str().unwrap();
    let flow = desk.call("GET", &format!("/taps/{tap}/flows/{flow}"), None).json();
    assert!(flow["records"].as_array().unwrap().iter().any(|one| one["n"] == json!(name)), "{flow}");

    // The same as lines, chosen by an expression and cut to a number.
    let lines = desk.call("GET", &format!("/taps/{tap}/records?select=kind%3Dhttp&limit=5"), None);
    assert_eq!(lines.header("content-type"), Some("application/x-ndjson"));
    let lines: Vec<Value> = lines.body.lines().map(|line| serde_json::from_str(line).unwrap()).collect();
    assert!(lines.len() == 5 && lines.iter().all(|line| line["kind"] == "http" && line["tap"] == json!(tap)));
    let since = lines[4]["n"].as_str().unwrap();
    let more = desk.call("GET", &format!("/taps/{tap}/records?since={since}&limit=1"), None).json();
    assert!(more["n"].as_str().unwrap() > since, "{more}");
    let archive = desk.call("GET", &format!("/taps/{tap}/har"), None).json();
    assert_eq!(archive["log"]["version"], "1.2");
    assert!(!archive["log"]["entries"].as_array().unwrap().is_empty());

    // Stopped, its records stay; forgotten, nothing does.
    assert_eq!(desk.call("DELETE", &format!("/taps/{tap}"), None).status, 200);
    let ended = desk.until(&tap, "it ends", |tap| tap["state"] == "ended");
    assert!(ended["error"].is_null() && ended["totals"]["kept"].as_u64().unwrap() > 20, "{ended}");
    assert_eq!(desk.call("DELETE", &format!("/taps/{tap}?forget=true"), None).status, 200);
    assert_eq!(desk.call("GET", &format!("/taps/{tap}"), None).code(), "not_found");
}

#[test]
fn cap_49a_packets_are_a_file_that_tshark_reads_in_order_whole_by_flow_and_by_filter() {
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

    // The stream of both ends, as tshark follows it.
    let frame = ask(&mut socket, json!({ "stream": { "id": 8, "first": 0, "count": 1000, "bytes": 1_000_000 } })).await;
    let frame = frame.into_data();
    assert_eq!((frame[0], number(&frame, 4, 4)), (2, 8));
    let (mut at, mut said_by) = (16, [Vec::new(), Vec::new()]);
    for _ in 0..number(&frame, 2, 2) {
        assert_eq!(frame[at + 25], 0, "nothing is missing");
        let len = number(&frame, at + 16, 8) as usize;
        said_by[frame[at + 24] as usize].extend_from_slice(&frame[at + 28..at + 28 + len]);
        at += 28 + len;
    }
    let [client, server] = said_by.map(|bytes| String::from_utf8_lossy(&bytes).into_owned());
    assert!(client.contains(&format!("GET {path}")) && server.contains("HTTP/1.1 200"), "{client} {server}");
    let shark = tshark(&file, &["-q", "-z", "follow,tcp,raw,0"]).join("\n");
    let hex =
        |line: &str| line.strip_prefix('\t').map(|own| (true, own.to_owned())).unwrap_or((false, line.to_owned()));
    let lines =
        shark.lines().map(hex).filter(|(_, line)| line.len() > 1 && line.bytes().all(|byte| byte.is_ascii_hexdigit()));
    let (theirs, ours): (Vec<_>, Vec<_>) = lines.partition(|(indented, _)| *indented);
    for (name, said, shark) in [("client", &client, ours), ("server", &server, theirs)] {
        let shark: String = shark.into_iter().map(|(_, line)| line).collect();
        let said: String = said.bytes().map(|byte| format!("{byte:02x}")).collect();
        assert!(!said.is_empty() && shark.starts_with(&said), "{name}: {said} and {shark}");
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

#[test]
fn cap_n_10j_requests_between_two_tapped_pods_are_one_record_with_network_and_server_apart() {
    let _alone = alone();
    let desk = Desk::start(&[]);
    let selector = "app.kubernetes.io/name in (front,catalog)";
    let body = json!({ "cluster": desk.cluster, "namespaces": ["shop"], "selector": selector });
    let tap = desk.call("POST", "/taps", Some(&body)).json()["id"].as_str().unwrap().to_owned();
    desk.until(&tap, "pods of both are tapped", |tap| {
        let own = |name: &str| {
            let mut targets = tap["targets"].as_array().unwrap().iter();
            targets.any(|own| own["state"] == "capturing" && own["pod"].as_str().unwrap().starts_with(name))
        };
        own("front-") && own("catalog-")
    });
    let lines = |select: &str| -> Vec<Value> {
        let all = desk.call("GET", &format!("/taps/{tap}/records?select={select}"), None);
        all.body.lines().map(|line| serde_json::from_str(line).unwrap()).collect()
    };
    desk.until(&tap, "exchanges are joined", |_| lines("vantage%3Dboth").len() > 60);
    let both = lines("vantage%3Dboth");
    let (mut timed, mut seen) = (0, std::collections::BTreeSet::new());
    for record in &both {
        let int = |name: &str| record[name].as_i64().unwrap_or_else(|| panic!("{name} of {record}"));
        let (net, server) = (int("net_us"), int("server_us"));
        assert!(net >= 0 && server >= 0, "{record}");
        let whole = record["ttfb_us"].as_i64().or(record["latency_us"].as_i64()).unwrap();
        assert_eq!(net + server, whole, "{record}");
        assert!(record["pod"].as_str().unwrap().starts_with("shop/front-"), "{record}");
        let end = &record["peer"]["end"];
        assert!(end["pod"].as_str().is_some_and(|pod| pod.starts_with("catalog-")), "{record}");
        if let Some(way) = record.get("one_way") {
            let part = |name: &str| way[name].as_i64().unwrap();
            assert_eq!(part("there_us") + part("back_us"), net);
            let error = part("error_us") + 1_000;
            assert!(part("there_us") >= -error && part("back_us") >= -error, "{record}");
            timed += 1;
        }
        let key = (record["flow"].to_string(), record["stream"].to_string(), record["ts"].to_string());
        assert!(seen.insert(key), "twice: {record}");
    }
    assert!(timed > 0, "clocks are known after the first pings");
    // Calls over connections that are older than the tap, whose heads cannot be read: their streams and lengths tell them.
    assert!(both.iter().any(|record| record["method"] == "POST" && record["stream"].is_u64()), "{}", both[0]);
    // What the catalog saw of front's requests is in those records, and nowhere else.
    let alone = lines(
        "vantage%3Dserver+and+kind%3Dhttp+and+src.workload%3Ddeployment%2Ffront+and+dst.workload%3Ddeployment%2Fcatalog",
    );
    assert!(alone.len() * 10 < both.len(), "{} of {} stand alone: {}", alone.len(), both.len(), alone[0]);
    let query = desk.call("GET", &format!("/taps/{tap}/stats"), None).json();
    assert!(query["kinds"].as_array().unwrap().iter().any(|kind| kind["name"] == "http"), "{query}");
    let agents = desk.call("GET", &format!("/taps/{tap}/agents"), None).json();
    let agents = agents.as_array().unwrap();
    assert!(
        agents.iter().any(|one| one["clock_error_us"].as_u64().is_some() && one["mode"] == "packets"),
        "{agents:?}"
    );
}

/// The pods' address and port of a service of the shop.
fn endpoint(service: &str) -> String {
    let words = [
        "get",
        "endpoints",
        "-n",
        "shop",
        service,
        "-o",
        "jsonpath={.subsets[0].addresses[0].ip}:{.subsets[0].ports[0].port}",
    ];
    kubectl::stdout(&kubeconfig(), &words)
}

#[test]
fn cap_n_20n_keys_that_come_after_the_connection_read_what_is_kept_of_it() {
    let _alone = alone();
    let desk = Desk::start(&[]);
    let body = json!({ "cluster": desk.cluster, "namespaces": ["shop"], "selector": "app.kubernetes.io/name=pay" });
    let tap = desk.call("POST", "/taps", Some(&body)).json()["id"].as_str().unwrap().to_owned();
    desk.until(&tap, "it captures", |tap| tap["state"] == "running");
    let log = desk.console.home().join("keys.log");
    let url = format!("https://{}/late-keys", endpoint("pay"));
    let visit = || {
        let words = ["-sk", "--max-time", "10", "--noproxy", "*", "--http1.1", "-o", "/dev/null", &url];
        Command::new("curl").env("SSLKEYLOGFILE", &log).args(words).status().unwrap()
    };
    assert!(visit().success());
    let seen = || desk.call("GET", &format!("/taps/{tap}/records?select=path%3D%2Flate-keys"), None).body;
    std::thread::sleep(Duration::from_secs(2));
    assert_eq!(seen(), "", "without keys nothing is read");
    let send = || {
        let token = format!("x-quarterdeck-token: {}", desk.token);
        let data = format!("@{}", log.display());
        let words = ["-X", "POST", "-H", &token, "-H", "content-type: text/plain", "--data-binary", &data];
        curl(&format!("{}/api/v1/taps/{tap}/keys", desk.console.base), &words)
    };
    let taken = send();
    assert_eq!(taken.status, 200, "{}", taken.body);
    let taken = taken.json();
    assert!(taken["keys"].as_u64().unwrap() > 3 && taken["agents"].as_u64().unwrap() > 0, "{taken}");
    assert_eq!((&taken["records"], &taken["invalid"]), (&json!(1), &json!(0)), "{taken}");
    let record: Value = serde_json::from_str(&seen()).unwrap();
    let flow = record["flow"].as_str().unwrap();
    let flow = desk.call("GET", &format!("/taps/{tap}/flows/{flow}"), None).json();
    let kinds: Vec<&str> =
        flow["records"].as_array().unwrap().iter().map(|one| one["kind"].as_str().unwrap()).collect();
    assert!(
        kinds.contains(&"flow") && kinds.contains(&"tls") && kinds.contains(&"http"),
        "it is that connection's: {kinds:?}"
    );
    // The same keys again read nothing twice.
    assert_eq!(send().json()["records"], 0);
    assert_eq!(seen().lines().count(), 1);
    // An ended tap takes keys too; nobody can be told then.
    assert!(visit().success());
    std::thread::sleep(Duration::from_secs(1));
    assert_eq!(desk.call("DELETE", &format!("/taps/{tap}"), None).status, 200);
    desk.until(&tap, "it ends", |tap| tap["state"] == "ended");
    let taken = send().json();
    assert_eq!((&taken["agents"], &taken["records"]), (&json!(0), &json!(1)), "{taken}");
    let secret = std::fs::read_to_string(&log).unwrap();
    let secret = secret.lines().find(|line| line.starts_with("CLIENT_TRAFFIC")).unwrap();
    let secret = secret.rsplit(' ').next().unwrap();
    let grep = Command::new("grep").args(["-rlaF", secret]).arg(desk.console.home()).output().unwrap();
    let files = String::from_utf8(grep.stdout).unwrap();
    assert!(files.lines().all(|file| file.ends_with("keys.log")), "a key is in a file of ours: {files}");
}

#[test]
fn cap_27c_a_pause_lets_packets_pass_unseen_and_a_filter_can_be_tried_before() {
    let _alone = alone();
    let desk = Desk::start(&[]);
    let body = json!({ "cluster": desk.cluster, "namespaces": ["shop"], "selector": FRONT, "body": 100 });
    let too_much = json!({ "cluster": desk.cluster, "namespaces": ["shop"], "body": 300_000 });
    assert_eq!(desk.call("POST", "/taps", Some(&too_much)).code(), "limit_reached");
    let tap = desk.call("POST", "/taps", Some(&body)).json()["id"].as_str().unwrap().to_owned();
    desk.until(&tap, "packets come", |tap| tap["totals"]["spooled"].as_u64().unwrap() > 200_000);
    let tried = |filter: &str| desk.call("GET", &format!("/taps/{tap}/preview?bpf={filter}"), None).json();
    let (all, tcp, none) = (tried(""), tried("tcp"), tried("tcp+port+1"));
    assert!(all["matches"] == all["of"] && all["of"].as_u64().unwrap() > 200, "{all}");
    assert!(tcp["matches"].as_u64().unwrap() > 100 && none["matches"] == 0, "{tcp} {none}");
    let longest = |records: &str| -> usize {
        let bodies = records.lines().map(|line| serde_json::from_str::<Value>(line).unwrap());
        bodies.filter_map(|one| one["response"]["body"].as_str().map(str::len)).max().unwrap_or(0)
    };
    let records = desk.call("GET", &format!("/taps/{tap}/records?select=kind%3Dhttp"), None).body;
    assert!((1..=100).contains(&longest(&records)), "{}", longest(&records));

    let paused = desk.call("PATCH", &format!("/taps/{tap}"), Some(&json!({ "paused": true }))).json();
    assert_eq!((&paused["paused"], &paused["filter"]), (&json!(true), &json!("")));
    std::thread::sleep(Duration::from_secs(2));
    let count = || desk.detail(&tap)["totals"]["packets"].as_u64().unwrap();
    let before = count();
    std::thread::sleep(Duration::from_secs(3));
    assert_eq!(count(), before, "a paused tap looks at packets");
    let mark = desk.call("POST", &format!("/taps/{tap}/marks"), Some(&json!({ "text": "while it was paused" })));
    assert_eq!(mark.status, 200, "{}", mark.body);
    desk.call("PATCH", &format!("/taps/{tap}"), Some(&json!({ "paused": false })));
    desk.until(&tap, "packets come again", |tap| tap["totals"]["packets"].as_u64().unwrap() > before + 50);
    let told = desk.call("GET", &format!("/taps/{tap}/records?select=kind%3Dtap"), None).body;
    let told: Vec<Value> = told.lines().map(|line| serde_json::from_str(line).unwrap()).collect();
    let told: Vec<&str> = told.iter().map(|one| one["state"].as_str().unwrap()).collect();
    assert!(told.windows(3).any(|three| three == ["paused", "mark", "resumed"]), "{told:?}");
    assert_eq!(desk.call("GET", &format!("/taps/{tap}/marks"), None).json()[0]["text"], "while it was paused");
    let schema = desk.call("GET", &format!("/taps/{tap}/schemas"), None);
    assert!(schema.json()["$defs"]["flow"].is_object(), "{}", &schema.body[..200]);
}

#[test]
fn cap_27a_another_filter_is_in_force_at_once_and_stands_in_the_list() {
    let _alone = alone();
    let desk = Desk::start(&[]);
    let tap = desk.tap();
    desk.until(&tap, "records come", |tap| tap["totals"]["records"].as_u64().unwrap() > 5);
    let wrong = desk.call("PATCH", &format!("/taps/{tap}"), Some(&json!({ "filter": "port nonsense" })));
    assert_eq!(wrong.code(), "filter_syntax");
    let changed = desk.call("PATCH", &format!("/taps/{tap}"), Some(&json!({ "filter": "udp port 53" })));
    assert_eq!(changed.json()["filter"], "udp port 53", "{}", changed.body);
    std::thread::sleep(Duration::from_secs(1));
    let told = desk.call("GET", &format!("/taps/{tap}/records?select=kind%3Dtap"), None);
    assert!(told.body.contains("filter_changed"), "{}", told.body);
    let since = desk.detail(&tap)["totals"]["records"].as_u64().unwrap();
    std::thread::sleep(Duration::from_secs(4));
    let lines = desk.call("GET", &format!("/taps/{tap}/records?since={since}&select=kind%3Dhttp"), None);
    assert_eq!(lines.body, "", "requests come through a filter of DNS");
    let map = desk.call("GET", &format!("/taps/{tap}/map"), None).json();
    assert!(map["edges"].as_array().unwrap().iter().any(|edge| edge["protocol"] == "http"), "{map}");
    let sums = desk.call("GET", &format!("/taps/{tap}/histograms?select=kind%3Dhttp"), None).json();
    let measured = |group: &Value| group["us"]["p50"].as_u64().is_some_and(|us| us > 0);
    assert!(sums["groups"].as_array().unwrap().iter().any(measured), "{sums}");
}

#[test]
fn cap_n_27d_what_is_done_with_a_tap_is_decided_and_in_the_journal() {
    let _alone = alone();
    let mut desk = Desk::start(&[]);
    let tap = desk.tap();
    desk.until(&tap, "records come", |tap| tap["totals"]["records"].as_u64().unwrap() > 5);
    let first = desk.call("GET", &format!("/taps/{tap}/records?limit=1"), None).json();
    let name = first["n"].as_str().unwrap().to_owned();
    assert_eq!(desk.call("GET", &format!("/taps/{tap}/records/{name}"), None).status, 200);
    assert_eq!(desk.call("POST", &format!("/taps/{tap}/reset"), None).status, 200);
    assert_eq!(desk.call("GET", &format!("/taps/{tap}/records/{name}"), None).code(), "not_found");
    // The end of the console ends the agents: each has said its last word by then.
    let began = Instant::now();
    assert_eq!(desk.console.stop(), Some(0));
    assert!(began.elapsed() < Duration::from_secs(15));
    let output = desk.console.qd(None).args(["audit", "query", "--output", "jsonl"]).output().unwrap();
    let journal = String::from_utf8(output.stdout).unwrap();
    for entry in ["tap:start allow", "tap:export allow", "tap:payload allow", "tap:control allow", "tap:start done"] {
        assert!(journal.contains(entry), "{entry} is missing in {journal}");
    }
    assert!(!journal.contains("items.shop"), "what was captured is in the journal");
}

#[test]
fn cap_20i_agents_of_a_console_are_its_users_and_clean_leaves_them_while_it_leads_them() {
    let _alone = alone();
    let desk = Desk::start(&[]);
    let tap = desk.tap();
    desk.until(&tap, "packets come", |tap| tap["totals"]["packets"].as_u64().unwrap() > 0);
    let kubeconfig = kubeconfig();
    let qd = |words: &[&str]| {
        let output = desk.console.qd(Some(&kubeconfig)).args(words).output().unwrap();
        assert!(output.status.success(), "{words:?}: {}", e2e::errors(&output));
        let lines = e2e::out(&output);
        lines.lines().map(|line| serde_json::from_str::<Value>(line).unwrap()).collect::<Vec<_>>()
    };
    let cleaned = qd(&["tap", "clean", "-n", "shop", "-o", "jsonl"]);
    let mine: Vec<&Value> = cleaned.iter().filter(|row| row["whose"] == "yours").collect();
    assert!(mine.len() == desk.detail(&tap)["targets"].as_array().unwrap().len(), "{cleaned:?}");
    assert!(mine.iter().all(|row| row["done"] == "left"), "{cleaned:?}");
    let before = desk.detail(&tap)["totals"]["packets"].as_u64().unwrap();
    desk.until(&tap, "it goes on", |tap| tap["totals"]["packets"].as_u64().unwrap() > before + 10);
    // The same user's next tap does not take them from it.
    let words = ["tap", "-n", "shop", "-l", FRONT, "--duration", "3", "-o", "jsonl"];
    assert!(!qd(&words).is_empty(), "a tap beside that of the console sees nothing");
    assert_eq!(desk.detail(&tap)["state"], "running");
}

#[test]
fn cap_53d_a_filter_with_objects_of_the_cluster_can_be_tried_before() {
    let _alone = alone();
    let desk = Desk::start(&[]);
    let tap = desk.tap();
    desk.until(&tap, "packets come", |tap| tap["totals"]["spooled"].as_u64().unwrap() > 100_000);
    let tried = |filter: &str| desk.call("GET", &format!("/taps/{tap}/preview?bpf={filter}"), None);
    let chosen = tried("svc+orders").json();
    let matches = chosen["matches"].as_u64().unwrap();
    assert!(matches > 0 && matches < chosen["of"].as_u64().unwrap(), "{chosen}");
    assert_eq!(tried("svc+nobody").code(), "filter_host_unknown");
}

#[test]
fn cap_61a_read_only_denies_taps_and_strangers_get_nothing() {
    let desk = Desk::start(&["--read-only"]);
    let body = json!({ "cluster": desk.cluster, "namespaces": ["shop"] });
    assert_eq!(desk.call("POST", "/taps", Some(&body)).code(), "read_only");
    assert_eq!(desk.call("GET", "/taps", None).body.trim(), "[]");
    for (method, path) in [("GET", "/taps"), ("POST", "/taps"), ("GET", "/taps/0f/records"), ("DELETE", "/taps/0f")] {
        let url = format!("{}/api/v1{path}", desk.console.base);
        assert_eq!(curl(&url, &["-X", method]).status, 401, "{method} {path}");
        let token = format!("x-quarterdeck-token: {}", desk.token);
        let foreign = curl(&url, &["-X", method, "-H", &token, "-H", "origin: http://evil.example"]);
        assert_eq!(foreign.status, 403, "{method} {path}");
    }
}
