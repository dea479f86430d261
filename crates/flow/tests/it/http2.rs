//! HTTP/2 by nghttp, h2load and curl, field by field against tshark.

use std::collections::BTreeMap;
use std::path::Path;

use flow::Config;
use serde_json::{Value, json};

use crate::capture::{Capture, Running, each, free_port, ours, program, run, tshark, wait_for, with_keys};

/// One stream as either side tells it.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
struct Call {
    method: String,
    scheme: String,
    host: String,
    target: String,
    status: u64,
    request: Vec<(String, String)>,
    request_trailers: Vec<(String, String)>,
    response: Vec<(String, String)>,
    trailers: Vec<(String, String)>,
    request_len: u64,
    response_len: u64,
    /// Epoch microseconds of the packet with the request's head, and from there to the response's head.
    ts: u64,
    ttfb: u64,
}

type Key = (u64, u64);

fn text(value: &Value) -> String {
    value.as_str().unwrap_or_default().to_owned()
}

fn number(value: &Value) -> u64 {
    text(value).parse().unwrap_or_else(|_| panic!("{value} is no number"))
}

/// `1795259911.232236000` in microseconds.
fn micros(value: &Value) -> u64 {
    let text = text(value);
    let (seconds, fraction) = text.split_once('.').unwrap();
    seconds.parse::<u64>().unwrap() * 1_000_000 + fraction[..6].parse::<u64>().unwrap()
}

/// Streams by the client's port and their number.
fn theirs(file: &Path, port: u16, options: &[&str]) -> BTreeMap<Key, Call> {
    let mut calls: BTreeMap<Key, Call> = BTreeMap::new();
    for packet in tshark(file, "http2", "frame tcp http2", options) {
        let tcp = &packet["tcp"];
        let is_client = number(&tcp["tcp.dstport"]) == u64::from(port);
        let client = number(&tcp[if is_client { "tcp.srcport" } else { "tcp.dstport" }]);
        let now = micros(&packet["frame"]["frame.time_epoch"]);
        for frame in each(&packet["http2"]).into_iter().flat_map(|layer| each(&layer["http2.stream"])) {
            let Some(stream) = frame["http2.streamid"].as_str().and_then(|id| id.parse().ok()).filter(|id| *id > 0u64)
            else {
                continue;
            };
            let kind = frame["http2.type"].as_str().unwrap_or_default();
            if !matches!(kind, "0" | "1" | "5") {
                continue;
            }
            let promised = frame["http2.push_promise.promised_stream_id"].as_str().and_then(|id| id.parse().ok());
            let call = calls.entry((client, promised.unwrap_or(stream))).or_default();
            if kind == "0" {
                let len = if is_client { &mut call.request_len } else { &mut call.response_len };
                let is_padded = frame["http2.flags_tree"]["http2.flags.padded"] == json!("1");
                *len += number(&frame["http2.length"]);
                *len -= if is_padded { 1 + number(&frame["http2.pad_length"]) } else { 0 };
                continue;
            }
            let fields: Vec<(String, String)> = each(&frame["http2.header"])
                .into_iter()
                .map(|field| (text(&field["http2.header.name"]), text(&field["http2.header.value"])))
                .collect();
            let pseudo = |name: &str| fields.iter().find(|field| field.0 == name).map(|field| field.1.clone());
            let plain: Vec<_> = fields.iter().filter(|field| !field.0.starts_with(':')).cloned().collect();
            if let Some(method) = pseudo(":method") {
                call.method = method;
                call.scheme = pseudo(":scheme").unwrap_or_default();
                call.host = pseudo(":authority").unwrap_or_default();
                call.target = pseudo(":path").unwrap_or_default();
                call.request = plain;
                call.ts = now;
            } else if let Some(status) = pseudo(":status") {
                call.status = status.parse().unwrap();
                call.response = plain;
                call.ttfb = now - call.ts;
            } else if is_client {
                call.request_trailers = plain;
            } else {
                call.trailers = plain;
            }
        }
    }
    calls
}

fn pairs(value: &Value) -> Vec<(String, String)> {
    each(value).into_iter().map(|pair| (text(&pair[0]), text(&pair[1]))).collect()
}

fn of_record(record: &Value) -> (Key, Call) {
    let path = text(&record["path"]);
    let call = Call {
        method: text(&record["method"]),
        scheme: text(&record["scheme"]),
        host: text(&record["host"]),
        target: record["query"].as_str().map_or(path.clone(), |query| format!("{path}?{query}")),
        status: record["status"].as_u64().unwrap_or_default(),
        request: pairs(&record["request"]["headers"]),
        request_trailers: pairs(&record["request"]["trailers"]),
        response: pairs(&record["response"]["headers"]),
        trailers: pairs(&record["response"]["trailers"]),
        request_len: record["request"]["len"].as_u64().unwrap_or_default(),
        response_len: record["response"]["len"].as_u64().unwrap_or_default(),
        ts: record["ts"].as_u64().unwrap_or_default(),
        ttfb: record["ttfb_us"].as_u64().unwrap_or_default(),
    };
    ((record["src"]["port"].as_u64().unwrap(), record["stream"].as_u64().unwrap()), call)
}

fn http(records: &[Value]) -> Vec<&Value> {
    records.iter().filter(|record| record["kind"] == json!("http") && record["version"] == json!("2")).collect()
}

/// Every stream that tshark sees is a record that says the same; gives the records.
fn compare(file: &Path, port: u16) -> Vec<Value> {
    let records = ours(file, Config::default());
    check(&records, &theirs(file, port, &["-d", &format!("tcp.port=={port},http2")]));
    records
}

fn check(records: &[Value], want: &BTreeMap<Key, Call>) {
    let told: BTreeMap<Key, Call> = http(records).into_iter().map(of_record).collect();
    assert!(!want.is_empty(), "tshark sees no stream");
    assert_eq!(told.keys().collect::<Vec<_>>(), want.keys().collect::<Vec<_>>());
    for (key, want) in want {
        assert_eq!(&told[key], want, "client port and stream {key:?}");
    }
    assert_eq!(http(records).len(), want.len());
}

/// A server of some files, and the directory of it all.
fn server(more: &[&str]) -> (tempfile::TempDir, u16, Running) {
    let dir = tempfile::tempdir().unwrap();
    let (port, running) = serve(dir.path(), &["--no-tls"], more, &[]);
    (dir, port, running)
}

fn serve(dir: &Path, tls: &[&str], more: &[&str], last: &[&Path]) -> (u16, Running) {
    let www = dir.join("www");
    std::fs::create_dir(&www).unwrap();
    std::fs::write(www.join("index.html"), "<p>hello</p>\n").unwrap();
    std::fs::write(www.join("big.txt"), "0123456789abcdef\n".repeat(20_000)).unwrap();
    std::fs::write(www.join("style.css"), "p { color: teal }\n").unwrap();
    let port = free_port();
    let mut command = program("nghttpd", "nghttp2-server");
    command.args(tls).arg("--htdocs").arg(&www).args(more).arg(port.to_string()).args(last);
    let running = Running::start(&mut command);
    wait_for(port);
    (port, running)
}

#[test]
fn cap_n_01_nghttp_and_curl_say_the_same_as_tshark() {
    let (dir, port, _server) = server(&["--trailer", "x-sum: 77", "--push", "/index.html=/style.css"]);
    let capture = Capture::start(&dir.path().join("t.pcap"), &format!("tcp port {port}"));
    let url = |path: &str| format!("http://127.0.0.1:{port}{path}");
    let post = dir.path().join("post");
    std::fs::write(&post, "field=value&".repeat(5000)).unwrap();
    let mut nghttp = program("nghttp", "nghttp2-client");
    nghttp.args(["-n", "-H", "x-twice: 1", "-H", "x-twice: 2"]);
    run(nghttp.args([&url("/index.html"), &url("/big.txt"), &url("/none?a=b&c=d")]));
    let mut nghttp = program("nghttp", "nghttp2-client");
    run(nghttp.args(["-n", "--trailer", "x-end: 1", "-b", "100", "-d"]).arg(&post).arg(url("/index.html")));
    for path in ["/index.html", "/big.txt?x=%20"] {
        run(program("curl", "curl").args([
            "-s",
            "-o",
            "/dev/null",
            "--http2-prior-knowledge",
            "-A",
            "t/1",
            &url(path),
        ]));
    }
    let file = capture.stop();
    let records = compare(&file, port);
    let records = http(&records);
    for record in &records {
        assert_eq!(record["pair"], json!("ok"), "{record}");
        assert_eq!(record.get("partial"), None, "{record}");
    }
    assert!(records.iter().any(|record| record["stream"] == json!(2)), "the server pushed");
    let big = records.iter().find(|record| record["path"] == json!("/big.txt")).unwrap();
    assert_eq!(big["response"]["body"], json!("0123456789abcdef\n".repeat(241)[..4096]));
    assert_eq!(big["response"]["len"], json!(340_000));
    assert_eq!(big["truncated"], json!(["response_body"]));
}

#[test]
fn cap_d_07c_http_2_under_tls_with_a_key_log() {
    let dir = tempfile::tempdir().unwrap();
    let made = rcgen::generate_simple_self_signed(["localhost".to_owned()]).unwrap();
    let (key, certificate) = (dir.path().join("key.pem"), dir.path().join("certificate.pem"));
    std::fs::write(&key, made.signing_key.serialize_pem()).unwrap();
    std::fs::write(&certificate, made.cert.pem()).unwrap();
    let (port, _server) = serve(dir.path(), &[], &["--trailer", "x-sum: 77"], &[&key, &certificate]);
    let capture = Capture::start(&dir.path().join("t.pcap"), &format!("tcp port {port}"));
    let log = dir.path().join("keys");
    let mut curl = program("curl", "curl");
    curl.env("SSLKEYLOGFILE", &log).args(["-s", "-k", "--http2", "--parallel", "--parallel-max", "20"]);
    for nth in 0..60 {
        curl.args(["-o", "/dev/null"]).arg(format!("https://127.0.0.1:{port}/index.html?{nth}"));
    }
    run(&mut curl);
    let file = capture.stop();
    let keys = std::fs::read_to_string(&log).expect("curl writes its keys");
    let records = with_keys(&file, Config::default(), &keys);
    let option = format!("tls.keylog_file:{}", log.display());
    check(&records, &theirs(&file, port, &["-o", &option, "-d", &format!("tcp.port=={port},tls")]));
    let records = http(&records);
    assert_eq!(records.len(), 60);
    for record in records {
        assert_eq!((&record["pair"], &record["scheme"], record.get("partial")), (&json!("ok"), &json!("https"), None));
    }
    // Without keys nothing is made up.
    assert_eq!(http(&ours(&file, Config::default())).len(), 0);
}

/// tshark 4.0 cannot read this one: what the client asked for and got is known from its own output.
#[test]
fn cap_n_01zl_a_table_of_another_size_is_followed() {
    for size in ["0", "128", "4095", "65535"] {
        let (dir, port, _server) = server(&["--trailer", "x-sum: 77"]);
        let capture = Capture::start(&dir.path().join("t.pcap"), &format!("tcp port {port}"));
        let mut nghttp = program("nghttp", "nghttp2-client");
        nghttp.args(["-n", "-v", "--no-dep", &format!("--header-table-size={size}")]);
        for path in ["/index.html", "/style.css", "/none", "/index.html?again"] {
            nghttp.arg(format!("http://127.0.0.1:{port}{path}"));
        }
        let said = run(&mut nghttp);
        let records = ours(&capture.stop(), Config::default());
        let records = http(&records);
        assert_eq!(records.len(), 4);
        for record in records {
            assert_eq!((&record["pair"], record.get("partial")), (&json!("ok"), None), "{record}");
            let stream = record["stream"].as_u64().unwrap();
            for (name, value) in pairs(&record["response"]["headers"]) {
                let line = format!("recv (stream_id={stream}) {name}: {value}\n");
                assert!(plain(&said).contains(&line), "{line} {said}");
            }
            assert_eq!(pairs(&record["response"]["trailers"]), [("x-sum".to_owned(), "77".to_owned())]);
        }
    }
}

/// Without the colours of a terminal.
fn plain(said: &str) -> String {
    let mut parts = said.split('\u{1b}');
    let first = parts.next().unwrap_or_default().to_owned();
    parts.fold(first, |text, part| text + part.split_once('m').map_or("", |part| part.1))
}

#[test]
fn cap_n_01zj_an_upgrade_from_http_1_is_followed() {
    let (dir, backend, _server) = server(&[]);
    let port = free_port();
    let mut proxy = program("nghttpx", "nghttp2-proxy");
    proxy.arg("--conf=/dev/null").arg(format!("-f127.0.0.1,{port};no-tls"));
    let _proxy = Running::start(proxy.arg(format!("-b127.0.0.1,{backend};;proto=h2")));
    wait_for(port);
    let capture = Capture::start(&dir.path().join("t.pcap"), &format!("tcp port {port}"));
    let url = format!("http://127.0.0.1:{port}/index.html");
    run(program("curl", "curl").args([
        "-s",
        "-o",
        "/dev/null",
        "--http2",
        &url,
        "--next",
        "-s",
        "-o",
        "/dev/null",
        "--http2",
        &url,
    ]));
    let records = ours(&capture.stop(), Config::default());
    let first = records.iter().find(|record| record["version"] == json!("1.1")).expect("a record of the upgrade");
    assert_eq!((&first["status"], &first["upgrade"]), (&json!(101), &json!("h2c")));
    let second = http(&records);
    assert!(!second.is_empty());
    assert!(second.iter().all(|record| record["status"] == json!(200)), "{second:?}");
    assert_eq!((&second[0]["stream"], &second[0]["pair"]), (&json!(1), &json!("ok")));
    assert_eq!((&second[0]["url"], &second[0]["method"]), (&json!(url), &json!("GET")));
}

#[test]
fn cap_d_07b_h2load_20000_requests_are_20000_records() {
    let (dir, port, _server) = server(&[]);
    let capture = Capture::start(&dir.path().join("t.pcap"), &format!("tcp port {port}"));
    let url = format!("http://127.0.0.1:{port}/index.html");
    let said = run(program("h2load", "nghttp2-client").args(["-n", "20000", "-c", "4", "-m", "100", &url]));
    assert!(said.contains("20000 succeeded"), "{said}");
    let records = ours(&capture.stop(), Config::default());
    let records = http(&records);
    assert_eq!(records.len(), 20_000);
    for record in records {
        assert_eq!((&record["pair"], &record["status"]), (&json!("ok"), &json!(200)), "{record}");
        assert_eq!((&record["method"], &record["path"]), (&json!("GET"), &json!("/index.html")));
        assert_eq!(record["response"]["body"], json!("<p>hello</p>\n"));
        assert_eq!(record.get("partial"), None, "{record}");
    }
}

#[test]
fn cap_n_01zk_grpc_calls_have_their_status_and_messages() {
    // A content type for the answer, which tshark's dissector needs too.
    let types = tempfile::NamedTempFile::new().unwrap();
    std::fs::write(types.path(), "application/grpc grpc\n").unwrap();
    let option = format!("--mime-types-file={}", types.path().display());
    let (dir, port, _server) =
        server(&[&option, "--trailer", "grpc-status: 0", "--trailer", "grpc-message: all%20good"]);
    let body = dir.path().join("call");
    let message = |bytes: &[u8]| [&[0][..], &(bytes.len() as u32).to_be_bytes(), bytes].concat();
    std::fs::write(&body, [message(&[8, 1]), message(&[0x0a, 2, b'h', b'i'])].concat()).unwrap();
    let answer = dir.path().join("www/shop.v1.Cart");
    std::fs::create_dir(&answer).unwrap();
    std::fs::write(answer.join("Add.grpc"), [message(&[8, 7]), message(&[]), message(&[8, 9])].concat()).unwrap();
    let capture = Capture::start(&dir.path().join("t.pcap"), &format!("tcp port {port}"));
    let mut nghttp = program("nghttp", "nghttp2-client");
    nghttp.args([
        "-n",
        "-H",
        "content-type: application/grpc+proto",
        "-H",
        "grpc-timeout: 1500m",
        "-H",
        "te: trailers",
        "-d",
    ]);
    run(nghttp.arg(&body).arg(format!("http://127.0.0.1:{port}/shop.v1.Cart/Add.grpc")));
    let file = capture.stop();
    let records = compare(&file, port);
    let records = http(&records);
    assert_eq!(
        records[0]["grpc"],
        json!({
            "service": "shop.v1.Cart", "method": "Add.grpc", "status": 0, "message": "all good", "req_msgs": 2, "resp_msgs": 3,
            "deadline_us": 1_500_000, "req_sizes": [2, 4], "resp_sizes": [2, 0, 2]
        })
    );
    let decode = format!("tcp.port=={port},http2");
    let theirs = tshark(&file, "grpc", "grpc", &["-d", &decode]);
    let messages: usize = theirs
        .iter()
        .map(|packet| each(&packet["grpc"]).iter().flat_map(|layer| each(&layer["grpc.message_length"])).count())
        .sum();
    assert!(messages >= 2, "tshark counts {messages} messages");
}
