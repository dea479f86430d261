//! HTTP/3 by quinn and h3, over a forwarder that keeps what passes: the engine tells what client and server saw.

use std::collections::BTreeMap;
use std::net::{Ipv4Addr, SocketAddr};
use std::sync::{Arc, Mutex};
use std::time::Duration;

use bytes::{Buf, Bytes};
use flow::{Config, Engine, KeyLine, Packet};
use http::{HeaderMap, Request, Response};
use quinn::crypto::rustls::{QuicClientConfig, QuicServerConfig};
use rustls::CipherSuite;
use rustls::crypto::{CryptoProvider, aws_lc_rs};
use serde_json::{Value, json};

use crate::capture::Records;
use crate::net::Net;
use crate::relay::{Dice, Passed, Relay, Weather, packets};

/// One exchange as client and server know it.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
struct Call {
    method: String,
    path: String,
    status: u64,
    sent: u64,
    got: u64,
    answer: String,
    trailer: Option<String>,
}

/// Lines of a key log.
#[derive(Clone, Debug, Default)]
struct Log(Arc<Mutex<Vec<String>>>);

impl Log {
    fn lines(&self) -> Vec<KeyLine> {
        self.0.lock().unwrap().iter().map(|text| KeyLine { text: text.clone() }).collect()
    }
}

impl rustls::KeyLog for Log {
    fn log(&self, label: &str, random: &[u8], secret: &[u8]) {
        let hex = |bytes: &[u8]| bytes.iter().map(|byte| format!("{byte:02x}")).collect::<String>();
        self.0.lock().unwrap().push(format!("{label} {} {}", hex(random), hex(secret)));
    }
}

/// With one suite before all others. That of Initial packets has to be there.
fn provider(first: CipherSuite) -> Arc<CryptoProvider> {
    let mut provider = aws_lc_rs::default_provider();
    provider.cipher_suites.sort_by_key(|suite| suite.suite() != first);
    Arc::new(provider)
}

/// Client and server of one connection.
struct Ends {
    server: quinn::Endpoint,
    client: quinn::ClientConfig,
    log: Log,
}

impl Ends {
    fn new(suite: CipherSuite) -> Ends {
        let key = rcgen::KeyPair::generate().unwrap();
        let params = rcgen::CertificateParams::new(vec!["server.example".to_owned()]).unwrap();
        let certificate = params.self_signed(&key).unwrap().der().clone();
        let private = rustls::pki_types::PrivatePkcs8KeyDer::from(key.serialize_der());
        let mut tls = rustls::ServerConfig::builder_with_provider(provider(suite))
            .with_protocol_versions(&[&rustls::version::TLS13])
            .unwrap()
            .with_no_client_auth()
            .with_single_cert(vec![certificate.clone()], private.into())
            .unwrap();
        tls.alpn_protocols = vec![b"h3".to_vec()];
        let config = quinn::ServerConfig::with_crypto(Arc::new(QuicServerConfig::try_from(tls).unwrap()));
        let server = quinn::Endpoint::server(config, SocketAddr::from((Ipv4Addr::LOCALHOST, 0))).unwrap();
        let mut roots = rustls::RootCertStore::empty();
        roots.add(certificate).unwrap();
        let mut tls = rustls::ClientConfig::builder_with_provider(provider(suite))
            .with_protocol_versions(&[&rustls::version::TLS13])
            .unwrap()
            .with_root_certificates(roots)
            .with_no_client_auth();
        tls.alpn_protocols = vec![b"h3".to_vec()];
        let log = Log::default();
        tls.key_log = Arc::new(log.clone());
        let client = quinn::ClientConfig::new(Arc::new(QuicClientConfig::try_from(tls).unwrap()));
        Ends { server, client, log }
    }
}

/// Answers until the connection is over: `/size/N` with so many bytes, `/grpc.Echo/Say` with what was asked and trailers of gRPC.
async fn serve(server: quinn::Endpoint, seen: Arc<Mutex<BTreeMap<String, (String, u64)>>>) {
    let connection = server.accept().await.unwrap().await.unwrap();
    let mut http = h3::server::builder().build::<_, Bytes>(h3_quinn::Connection::new(connection)).await.unwrap();
    while let Ok(Some(resolver)) = http.accept().await {
        let seen = seen.clone();
        tokio::spawn(async move {
            let Ok((request, mut stream)) = resolver.resolve_request().await else { return };
            let mut body = Vec::new();
            while let Ok(Some(mut part)) = stream.recv_data().await {
                body.extend_from_slice(&part.copy_to_bytes(part.remaining()));
            }
            let id = request.headers()["x-id"].to_str().unwrap().to_owned();
            seen.lock().unwrap().insert(id.clone(), (request.uri().path().to_owned(), body.len() as u64));
            let path = request.uri().path();
            let size = path.strip_prefix("/size/").and_then(|size| size.parse::<usize>().ok());
            let mut response = Response::builder().status(if size.is_some() { 200 } else { 404 });
            let is_grpc = path == "/grpc.Echo/Say";
            if is_grpc {
                response = Response::builder().status(200).header("content-type", "application/grpc");
            }
            let response = response.header("x-answer", format!("to {id}")).body(()).unwrap();
            if stream.send_response(response).await.is_err() {
                return;
            }
            let answer = if is_grpc { body } else { letters(size.unwrap_or(9)) };
            for part in answer.chunks(20_000) {
                if stream.send_data(Bytes::copy_from_slice(part)).await.is_err() {
                    return;
                }
            }
            if is_grpc {
                let mut trailers = HeaderMap::new();
                trailers.insert("grpc-status", "0".parse().unwrap());
                let _ = stream.send_trailers(trailers).await;
            }
            let _ = stream.finish().await;
        });
    }
}

fn letters(len: usize) -> Vec<u8> {
    (0..len).map(|at| b'a' + (at % 26) as u8).collect()
}

/// What is asked: method, path, bytes of the body.
type Asked = (&'static str, String, usize);

/// Asks all of it at once on one connection; gives what passed, the key log, and what the client knows.
async fn talk(suite: CipherSuite, weather: Weather, asked: Vec<Asked>, updates: usize) -> Talk {
    let ends = Ends::new(suite);
    let relay = Relay::start(ends.server.local_addr().unwrap(), weather).await;
    let seen = Arc::new(Mutex::new(BTreeMap::new()));
    let server = tokio::spawn(serve(ends.server, seen.clone()));
    let endpoint = quinn::Endpoint::client(SocketAddr::from((Ipv4Addr::LOCALHOST, 0))).unwrap();
    let connection = endpoint.connect_with(ends.client, relay.address, "server.example").unwrap().await.unwrap();
    let quic = h3_quinn::Connection::new(connection.clone());
    let (mut driver, requests) = h3::client::new(quic).await.unwrap();
    let driving = tokio::spawn(async move { driver.wait_idle().await });
    let calls = Arc::new(Mutex::new(BTreeMap::new()));
    let rounds = updates + 1;
    let per_round = asked.len().div_ceil(rounds);
    for (round, part) in asked.chunks(per_round.max(1)).enumerate() {
        let mut running = Vec::new();
        for (nth, (method, path, len)) in part.iter().cloned().enumerate() {
            let (mut requests, calls) = (requests.clone(), calls.clone());
            let id = format!("{}", round * per_round + nth);
            running.push(tokio::spawn(async move {
                let mut request = Request::builder()
                    .method(method)
                    .uri(format!("https://server.example{path}"))
                    .header("x-id", &id)
                    .header("x-filler", "f".repeat(nth % 50));
                if path.starts_with("/grpc.") {
                    request = request.header("content-type", "application/grpc").header("te", "trailers");
                }
                let mut stream = requests.send_request(request.body(()).unwrap()).await.unwrap();
                let body = if path.starts_with("/grpc.") { message(len) } else { letters(len) };
                for part in body.chunks(7_000) {
                    stream.send_data(Bytes::copy_from_slice(part)).await.unwrap();
                }
                stream.finish().await.unwrap();
                let response = stream.recv_response().await.unwrap();
                let mut got = 0;
                while let Some(part) = stream.recv_data().await.unwrap() {
                    got += part.remaining() as u64;
                }
                let trailers = stream.recv_trailers().await.unwrap();
                let text = |value: &http::HeaderValue| value.to_str().unwrap().to_owned();
                let call = Call {
                    method: method.to_owned(),
                    path,
                    status: u64::from(response.status().as_u16()),
                    sent: body.len() as u64,
                    got,
                    answer: text(&response.headers()["x-answer"]),
                    trailer: trailers.and_then(|all| all.get("grpc-status").map(text)),
                };
                calls.lock().unwrap().insert(id, call);
            }));
        }
        for one in running {
            one.await.unwrap();
        }
        if round < updates {
            connection.force_key_update();
        }
    }
    tokio::time::sleep(Duration::from_millis(50)).await;
    drop(requests);
    connection.close(0x100_u32.into(), b"");
    endpoint.wait_idle().await;
    let _ = driving.await;
    server.abort();
    tokio::time::sleep(Duration::from_millis(50)).await;
    let calls = calls.lock().unwrap().clone();
    let seen = seen.lock().unwrap().clone();
    for (id, call) in &calls {
        assert_eq!(seen[id], (call.path.clone(), call.sent), "the server saw otherwise");
    }
    Talk { passed: relay.passed(), log: ends.log, calls }
}

/// What came of it.
struct Talk {
    passed: Vec<Passed>,
    log: Log,
    calls: BTreeMap<String, Call>,
}

/// A message of gRPC.
fn message(len: usize) -> Vec<u8> {
    [&[0][..], &(len as u32).to_be_bytes(), &letters(len)].concat()
}

fn read(net: &Net, keys: &[KeyLine]) -> Vec<Value> {
    let mut engine = Engine::new(Config::default());
    engine.keys(keys);
    let mut records = Records::default();
    for made in &net.packets {
        engine.packet(&packet(made), &mut records);
        assert!(engine.usage().bytes <= engine.budget());
    }
    engine.finish(&mut records);
    records.0
}

fn packet(made: &crate::net::Made) -> Packet<'_> {
    Packet {
        iface: 0,
        ts_ns: made.ts_us as u64 * 1000,
        link: pcap::LinkType(made.link),
        orig_len: made.orig_len,
        dir: flow::Direction::Unknown,
        bytes: &made.bytes,
    }
}

fn header(message: &Value, name: &str) -> Option<String> {
    let all = message["headers"].as_array()?.iter().chain(message["trailers"].as_array().into_iter().flatten());
    all.filter(|pair| pair[0] == name).find_map(|pair| pair[1].as_str().map(str::to_owned))
}

fn of_record(record: &Value) -> (String, Call) {
    let (request, response) = (&record["request"], &record["response"]);
    let call = Call {
        method: record["method"].as_str().unwrap().to_owned(),
        path: record["path"].as_str().unwrap().to_owned(),
        status: record["status"].as_u64().unwrap(),
        sent: request["len"].as_u64().unwrap(),
        got: response["len"].as_u64().unwrap(),
        answer: header(response, "x-answer").unwrap(),
        trailer: header(response, "grpc-status"),
    };
    (header(request, "x-id").unwrap(), call)
}

/// Every exchange is one record that says what its ends know, and nothing of it is marked.
fn check(talk: &Talk, records: &[Value]) {
    let http: Vec<&Value> = records.iter().filter(|record| record["kind"] == "http").collect();
    let told: BTreeMap<String, Call> = http.iter().map(|record| of_record(record)).collect();
    for (id, call) in &talk.calls {
        assert_eq!(
            told.get(id),
            Some(call),
            "{:?}",
            http.iter().find(|record| header(&record["request"], "x-id").as_ref() == Some(id))
        );
    }
    assert_eq!(http.len(), talk.calls.len());
    for record in http {
        assert_eq!((&record["version"], &record["pair"]), (&json!("3"), &json!("ok")), "{record}");
        assert_eq!((&record["scheme"], &record["host"]), (&json!("https"), &json!("server.example")));
        assert!(record.get("partial").is_none() && record.get("anomaly").is_none(), "{record}");
        let (body, len) = (record["response"]["body"].as_str().unwrap_or_default(), record["response"]["len"].as_u64());
        if record["grpc"].is_null() {
            assert_eq!(body.as_bytes(), letters(len.unwrap().min(4096) as usize), "{record}");
        }
    }
    let quic: Vec<&Value> = records.iter().filter(|record| record["kind"] == "quic").collect();
    assert_eq!(quic.len(), 1);
    assert_eq!((&quic[0]["sni"], &quic[0]["verdict"]["code"]), (&json!("server.example"), &json!("decrypted")));
    let closed = records.iter().find(|record| record["kind"] == "flow" && record["state"] == "close").unwrap();
    assert_eq!((&closed["app"], &closed["verdict"]["code"]), (&json!("http3"), &json!("decrypted")));
    assert_eq!(closed["transactions"], talk.calls.len());
}

fn usual() -> Vec<Asked> {
    let mut asked: Vec<Asked> = (0..40).map(|nth| ("GET", format!("/size/{}", nth * 317), 0)).collect();
    asked.extend((0..10).map(|nth| ("POST", "/size/10".to_owned(), nth * 2_500)));
    asked.push(("GET", "/none".to_owned(), 0));
    asked.push(("GET", "/size/300000".to_owned(), 0));
    asked.push(("POST", "/grpc.Echo/Say".to_owned(), 77));
    asked
}

fn on<T>(run: impl Future<Output = T>) -> T {
    tokio::runtime::Builder::new_multi_thread().worker_threads(2).enable_all().build().unwrap().block_on(run)
}

#[test]
fn cap_n_04h_what_client_and_server_said_by_each_suite() {
    for suite in [
        CipherSuite::TLS13_AES_128_GCM_SHA256,
        CipherSuite::TLS13_AES_256_GCM_SHA384,
        CipherSuite::TLS13_CHACHA20_POLY1305_SHA256,
    ] {
        let talk = on(talk(suite, Weather::default(), usual(), 0));
        let records = read(&packets(&talk.passed), &talk.log.lines());
        check(&talk, &records);
        let grpc = records.iter().find(|record| !record["grpc"].is_null()).unwrap();
        assert_eq!((&grpc["grpc"]["service"], &grpc["grpc"]["method"]), (&json!("grpc.Echo"), &json!("Say")));
        assert_eq!((&grpc["grpc"]["status"], &grpc["grpc"]["req_sizes"]), (&json!(0), &json!([77])));
    }
}

#[test]
fn cap_n_04m_packets_that_are_late_double_and_lost_on_the_way_and_keys_that_are_updated() {
    for seed in 1..=4 {
        let weather = Weather { seed, lost: 4, twice: 4, late: 20 };
        let talk = on(talk(CipherSuite::TLS13_AES_128_GCM_SHA256, weather, usual(), 3));
        check(&talk, &read(&packets(&talk.passed), &talk.log.lines()));
    }
}

/// Datagrams of one side that follow each other, as a capture sees them whose network card cuts them apart.
fn rows(passed: &[Passed]) -> (Vec<Passed>, usize) {
    let mut out: Vec<Passed> = Vec::new();
    let (mut segment, mut is_open, mut joined) = (0, false, 0);
    for one in passed {
        let len = one.bytes.len();
        let fits = |last: &Passed| {
            last.from_client == one.from_client && len <= segment && last.bytes.len() + len < 60_000 && segment >= 1200
        };
        match out.last_mut().filter(|last| is_open && fits(last)) {
            Some(last) => {
                last.bytes.extend_from_slice(&one.bytes);
                is_open = len == segment;
                joined += 1;
            }
            None => {
                (segment, is_open) = (len, true);
                out.push(one.clone());
            }
        }
    }
    (out, joined)
}

#[test]
fn cap_n_04n_datagrams_that_a_network_card_cuts_apart() {
    let talk = on(talk(CipherSuite::TLS13_AES_256_GCM_SHA384, Weather::default(), usual(), 1));
    let (rows, joined) = rows(&talk.passed);
    assert!(joined > 50, "{joined}");
    check(&talk, &read(&packets(&rows), &talk.log.lines()));
}

#[test]
fn cap_n_04o_keys_that_come_a_moment_later() {
    let talk = on(talk(CipherSuite::TLS13_AES_128_GCM_SHA256, Weather::default(), usual(), 0));
    let net = packets(&talk.passed);
    for after in [1, 2, 5, 20, 60] {
        let mut engine = Engine::new(Config::default());
        let mut records = Records::default();
        engine.keys(&[]);
        for (nth, made) in net.packets.iter().enumerate() {
            if nth == after {
                engine.keys(&talk.log.lines());
            }
            engine.packet(&packet(made), &mut records);
        }
        engine.finish(&mut records);
        check(&talk, &records.0);
    }
}

#[test]
fn cap_n_04p_packets_that_were_not_captured_make_no_record_wrong() {
    let weather = Weather { seed: 9, ..Weather::default() };
    let talk = on(talk(CipherSuite::TLS13_CHACHA20_POLY1305_SHA256, weather, usual(), 2));
    for percent in [1, 3, 10, 30] {
        let mut dice = Dice(percent);
        let captured: Vec<Passed> = talk.passed.iter().filter(|_| dice.roll() >= percent).cloned().collect();
        let records = read(&packets(&captured), &talk.log.lines());
        let http: Vec<&Value> = records.iter().filter(|record| record["kind"] == "http").collect();
        let (mut whole, mut streams) = (0, BTreeMap::new());
        for record in &http {
            *streams.entry(record["stream"].as_u64().unwrap()).or_insert(0) += 1;
            let (id, answer) = (header(&record["request"], "x-id"), header(&record["response"], "x-answer"));
            if let (Some(id), Some(answer)) = (&id, &answer) {
                assert!(answer == &format!("to {id}") || answer.contains('«'), "{record}");
            }
            if record.get("partial").is_none() && record["pair"] == "ok" {
                let (id, call) = of_record(record);
                assert_eq!(talk.calls[&id], call);
                whole += 1;
            }
        }
        assert!(streams.values().all(|count| *count == 1), "one stream is one record: {streams:?}");
        assert!(percent > 3 || whole >= talk.calls.len() / 2, "{whole} of {} at {percent} %", talk.calls.len());
        println!("{percent} %: {whole} whole of {}, {} records", talk.calls.len(), http.len());
    }
}

#[test]
fn cap_n_04q_without_its_keys_a_connection_is_counted_and_its_begin_told() {
    let talk =
        on(talk(CipherSuite::TLS13_AES_128_GCM_SHA256, Weather::default(), vec![("GET", "/size/9".to_owned(), 0)], 0));
    let others: Vec<KeyLine> = talk
        .log
        .lines()
        .iter()
        .map(|line| {
            let mut words: Vec<String> = line.text.split(' ').map(str::to_owned).collect();
            words[1] = "ab".repeat(32);
            KeyLine { text: words.join(" ") }
        })
        .collect();
    let net = packets(&talk.passed);
    for (keys, code) in [(Vec::new(), "quic_no_keys"), (others, "keys_for_other_connections")] {
        let records = read(&net, &keys);
        let kinds: Vec<&str> = records.iter().map(|record| record["kind"].as_str().unwrap()).collect();
        assert!(!kinds.contains(&"http") && kinds.contains(&"quic"), "{kinds:?}");
        let closed = records.iter().find(|record| record["state"] == "close").unwrap();
        assert_eq!((&closed["app"], &closed["verdict"]["code"]), (&json!("quic"), &json!(code)));
        let quic = records.iter().find(|record| record["kind"] == "quic").unwrap();
        assert_eq!(quic["verdict"]["code"], code);
    }
}
