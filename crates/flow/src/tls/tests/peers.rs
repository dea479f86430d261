//! Real handshakes in memory: rustls on both ends, every flight kept with its time, secrets logged.

use std::io::{Read, Write};
use std::sync::{Arc, Mutex};

use rustls::{
    ClientConfig, ClientConnection, Connection, KeyLog, RootCertStore, ServerConfig, ServerConnection,
    crypto::{CryptoProvider, aws_lc_rs},
    pki_types::{CertificateDer, PrivateKeyDer, PrivatePkcs8KeyDer, ServerName},
    server::WebPkiClientVerifier,
};

use crate::{
    App, End, KeyLine, Side,
    rig::{Act, Rig},
};

/// The secrets of a conversation, as lines of a key log.
#[derive(Debug, Default)]
pub(super) struct Lines(Mutex<Vec<String>>);

impl Lines {
    pub(super) fn all(&self) -> Vec<KeyLine> {
        self.0.lock().unwrap().iter().map(|text| KeyLine { text: text.clone() }).collect()
    }
}

impl KeyLog for Lines {
    fn log(&self, label: &str, client_random: &[u8], secret: &[u8]) {
        let hex = |bytes: &[u8]| bytes.iter().map(|byte| format!("{byte:02x}")).collect::<String>();
        self.0.lock().unwrap().push(format!("{label} {} {}", hex(client_random), hex(secret)));
    }
}

/// Two configurations that trust each other.
pub(super) struct Pair {
    pub(super) client: ClientConfig,
    pub(super) server: ServerConfig,
    pub(super) lines: Arc<Lines>,
    pub(super) leaf: Vec<u8>,
}

/// How a pair is made.
#[derive(Clone, Default)]
pub(super) struct Wish {
    pub(super) suite: Option<rustls::SupportedCipherSuite>,
    pub(super) version: Option<&'static rustls::SupportedProtocolVersion>,
    pub(super) client_cert: bool,
    /// The first group of the client is not one that the server takes.
    pub(super) retry: bool,
    pub(super) alpn: &'static [&'static str],
    pub(super) early_data: bool,
}

pub(super) fn pair(wish: &Wish) -> Pair {
    let mut provider = aws_lc_rs::default_provider();
    if let Some(suite) = wish.suite {
        provider.cipher_suites = vec![suite];
    }
    let server_provider = CryptoProvider {
        kx_groups: if wish.retry { vec![aws_lc_rs::kx_group::SECP384R1] } else { provider.kx_groups.clone() },
        ..provider.clone()
    };
    let versions = wish.version.map_or_else(|| rustls::ALL_VERSIONS.to_vec(), |version| vec![version]);
    let (certificate, key) = certificate("server.example");
    let (client_certificate, client_key) = self::certificate("client.example");
    let lines = Arc::new(Lines::default());
    let mut roots = RootCertStore::empty();
    roots.add(certificate.clone()).unwrap();
    let mut client_roots = RootCertStore::empty();
    client_roots.add(client_certificate.clone()).unwrap();

    let server_provider = Arc::new(server_provider);
    let builder =
        ServerConfig::builder_with_provider(server_provider.clone()).with_protocol_versions(&versions).unwrap();
    let builder = if wish.client_cert {
        let verifier = WebPkiClientVerifier::builder_with_provider(Arc::new(client_roots), server_provider);
        builder.with_client_cert_verifier(verifier.build().unwrap())
    } else {
        builder.with_no_client_auth()
    };
    let leaf = certificate.to_vec();
    let mut server = builder.with_single_cert(vec![certificate], key).unwrap();
    let builder = ClientConfig::builder_with_provider(Arc::new(provider)).with_protocol_versions(&versions).unwrap();
    let builder = builder.with_root_certificates(roots);
    let mut client = if wish.client_cert {
        builder.with_client_auth_cert(vec![client_certificate], client_key).unwrap()
    } else {
        builder.with_no_client_auth()
    };
    client.key_log = lines.clone();
    let alpn: Vec<Vec<u8>> = wish.alpn.iter().map(|name| name.as_bytes().to_vec()).collect();
    (client.alpn_protocols, server.alpn_protocols) = (alpn.clone(), alpn);
    client.enable_early_data = wish.early_data;
    if wish.early_data {
        server.max_early_data_size = 16384;
    }
    Pair { client, server, lines, leaf }
}

fn certificate(name: &str) -> (CertificateDer<'static>, PrivateKeyDer<'static>) {
    let key = rcgen::KeyPair::generate().unwrap();
    let mut params = rcgen::CertificateParams::new(vec![name.to_owned(), "*.wild.example".to_owned()]).unwrap();
    params.distinguished_name.push(rcgen::DnType::CommonName, name);
    let certificate = params.self_signed(&key).unwrap();
    (certificate.der().clone(), PrivateKeyDer::from(PrivatePkcs8KeyDer::from(key.serialize_der())))
}

/// What is on the wire of one connection.
pub(super) struct Talk {
    client: Connection,
    server: Connection,
    pub(super) acts: Vec<Act>,
    now_us: i64,
}

impl Talk {
    pub(super) fn new(pair: &Pair, name: &'static str) -> Self {
        let name = ServerName::try_from(name).unwrap();
        let client = ClientConnection::new(Arc::new(pair.client.clone()), name).unwrap();
        let server = ServerConnection::new(Arc::new(pair.server.clone())).unwrap();
        Self { client: client.into(), server: server.into(), acts: Vec::new(), now_us: 1_700_000_000_000_000 }
    }

    pub(super) fn client(&mut self) -> &mut ClientConnection {
        match &mut self.client {
            Connection::Client(client) => client,
            Connection::Server(_) => unreachable!("the client is one"),
        }
    }

    /// Moves flights until both are silent. 1 ms each.
    pub(super) fn settle(&mut self) {
        loop {
            let before = self.acts.len();
            for side in [Side::Client, Side::Server] {
                let (from, to) = match side {
                    Side::Client => (&mut self.client, &mut self.server),
                    Side::Server => (&mut self.server, &mut self.client),
                };
                let mut bytes = Vec::new();
                while from.wants_write() {
                    from.write_tls(&mut bytes).unwrap();
                }
                if bytes.is_empty() {
                    continue;
                }
                self.now_us += 1000;
                let mut rest = bytes.as_slice();
                while !rest.is_empty() {
                    to.read_tls(&mut rest).unwrap();
                    if to.process_new_packets().is_err() {
                        break;
                    }
                }
                self.acts.push(Act::Send(side, self.now_us, bytes));
            }
            if self.acts.len() == before {
                return;
            }
        }
    }

    pub(super) fn say(&mut self, side: Side, text: &[u8]) {
        let from = match side {
            Side::Client => &mut self.client,
            Side::Server => &mut self.server,
        };
        from.writer().write_all(text).unwrap();
        self.settle();
        for end in [&mut self.client, &mut self.server] {
            let mut sink = Vec::new();
            let _ = end.reader().read_to_end(&mut sink);
        }
    }

    pub(super) fn update_keys(&mut self, side: Side) {
        let from = match side {
            Side::Client => &mut self.client,
            Side::Server => &mut self.server,
        };
        from.refresh_traffic_keys().unwrap();
    }

    /// One request and its response, and the end.
    pub(super) fn exchange(&mut self, path: &str) {
        self.say(Side::Client, format!("GET {path} HTTP/1.1\r\nHost: server.example\r\n\r\n").as_bytes());
        self.say(Side::Server, b"HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\nhi");
    }

    pub(super) fn close(mut self) -> Vec<Act> {
        self.client.send_close_notify();
        self.settle();
        self.acts.push(Act::End(Side::Client, End::Fin));
        self.acts.push(Act::End(Side::Server, End::Fin));
        self.acts
    }
}

pub(super) fn rig(keys: &[KeyLine]) -> Rig {
    let mut rig = Rig::without_redaction(App::Tls);
    if !keys.is_empty() {
        rig.keys.add(keys);
    }
    rig
}

/// Records of one kind.
pub(super) fn of_kind<'a>(records: &'a [serde_json::Value], kind: &str) -> Vec<&'a serde_json::Value> {
    records.iter().filter(|record| record["kind"] == kind).collect()
}
