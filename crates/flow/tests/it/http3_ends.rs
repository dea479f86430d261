//! A client and a server of HTTP/3 by quinn and h3, what they say to each other, and what both know of it.

use std::collections::BTreeMap;
use std::net::{Ipv4Addr, SocketAddr};
use std::sync::{Arc, Mutex};
use std::time::Duration;

use bytes::{Buf, Bytes};
use flow::KeyLine;
use http::{HeaderMap, Request, Response};
use quinn::crypto::rustls::{QuicClientConfig, QuicServerConfig};
use rustls::CipherSuite;
use rustls::crypto::{CryptoProvider, aws_lc_rs};

use crate::relay::{Passed, Relay, Weather};

/// One exchange as client and server know it.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub(crate) struct Call {
    pub(crate) method: String,
    pub(crate) path: String,
    pub(crate) status: u64,
    pub(crate) sent: u64,
    pub(crate) got: u64,
    pub(crate) answer: String,
    pub(crate) trailer: Option<String>,
}

/// Lines of a key log.
#[derive(Clone, Debug, Default)]
pub(crate) struct Log(Arc<Mutex<Vec<String>>>);

impl Log {
    pub(crate) fn lines(&self) -> Vec<KeyLine> {
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
    provider.kx_groups.sort_by_key(|group| group.name() != rustls::NamedGroup::X25519MLKEM768);
    Arc::new(provider)
}

/// Client and server of one connection.
struct Ends {
    pub(crate) server: quinn::Endpoint,
    pub(crate) client: quinn::ClientConfig,
    pub(crate) log: Log,
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
async fn serve(server: quinn::Endpoint, retry: bool, seen: Arc<Mutex<BTreeMap<String, (String, u64)>>>) {
    let connection = loop {
        let incoming = server.accept().await.unwrap();
        if retry && !incoming.remote_address_validated() {
            incoming.retry().unwrap();
            continue;
        }
        break incoming.await.unwrap();
    };
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

pub(crate) fn letters(len: usize) -> Vec<u8> {
    (0..len).map(|at| b'a' + (at % 26) as u8).collect()
}

/// What is asked: method, path, bytes of the body.
pub(crate) type Asked = (&'static str, String, usize);

/// What is to happen.
pub(crate) struct Talking {
    pub(crate) suite: CipherSuite,
    pub(crate) weather: Weather,
    pub(crate) asked: Vec<Asked>,
    pub(crate) updates: usize,
    /// The server wants a token first.
    pub(crate) retry: bool,
}

impl Talking {
    pub(crate) fn new(suite: CipherSuite, weather: Weather, asked: Vec<Asked>) -> Talking {
        Talking { suite, weather, asked, updates: 0, retry: false }
    }

    pub(crate) async fn run(self) -> Talk {
        converse(self).await
    }
}

pub(crate) async fn talk(suite: CipherSuite, weather: Weather, asked: Vec<Asked>, updates: usize) -> Talk {
    Talking { updates, ..Talking::new(suite, weather, asked) }.run().await
}

/// Asks all of it on one connection, with updates of keys in between; gives what passed, the key log, and what the client knows.
async fn converse(talking: Talking) -> Talk {
    let Talking { suite, weather, asked, updates, retry } = talking;
    let ends = Ends::new(suite);
    let relay = Relay::start(ends.server.local_addr().unwrap(), weather).await;
    let seen = Arc::new(Mutex::new(BTreeMap::new()));
    let server = tokio::spawn(serve(ends.server, retry, seen.clone()));
    let endpoint = quinn::Endpoint::client(SocketAddr::from((Ipv4Addr::LOCALHOST, 0))).unwrap();
    let connection = endpoint.connect_with(ends.client, relay.address, "server.example").unwrap().await.unwrap();
    let quic = h3_quinn::Connection::new(connection.clone());
    let (mut driver, requests) = h3::client::new(quic).await.unwrap();
    let driving = tokio::spawn(async move { driver.wait_idle().await });
    let calls = Arc::new(Mutex::new(BTreeMap::new()));
    let per_round = asked.len().div_ceil(updates + 1);
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
pub(crate) struct Talk {
    pub(crate) passed: Vec<Passed>,
    pub(crate) log: Log,
    pub(crate) calls: BTreeMap<String, Call>,
}

/// A message of gRPC.
fn message(len: usize) -> Vec<u8> {
    [&[0][..], &(len as u32).to_be_bytes(), &letters(len)].concat()
}
