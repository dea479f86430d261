//! TLS by rustls, whose hello needs two segments.

use std::io::{Read, Write};
use std::net::TcpStream;
use std::path::PathBuf;
use std::sync::Arc;

use flow::Config;

use crate::capture::with_keys;
use crate::tls::{Bench, by_port, texts};

#[test]
fn cap_n_22f_a_client_certificate_and_hello_in_two_segments_of_rustls() {
    let bench = Bench::new();
    let server = bench.server(&["-tls1_3", "-verify", "1"]);
    let capture = bench.capture();
    let key = bench.path("key.pem");
    let cert = bench.path("cert.pem");
    bench.client("/mutual", &["-cert", cert.to_str().unwrap(), "-key", key.to_str().unwrap()]);
    bench.client("/none", &[]);
    rustls_request(&bench, "/rustls");
    let file = capture.stop();
    drop(server);
    let records = with_keys(&file, Config::default(), &bench.keys());
    let (tls, http) = (by_port(&records, "tls"), by_port(&records, "http"));
    let requests = bench.theirs(&file, "http.request", &["http.request.uri"], false);
    assert_eq!(requests.len(), 3, "{requests:?}");
    for (port, row) in &requests {
        assert_eq!(http[port][0]["path"], row[0].as_str());
        let record = tls[port][0];
        assert_eq!(record["client_cert"], row[0] == "/mutual", "{record}");
        if row[0] == "/rustls" {
            assert!(texts(&record["groups"]).contains(&"X25519MLKEM768".to_owned()), "{record}");
            assert_eq!(record["sni"], "server.example");
        }
    }
}

/// A client whose hello has a key of ML-KEM, so that it needs more than one segment on most links.
fn rustls_request(bench: &Bench, path: &str) {
    let mut provider = rustls::crypto::aws_lc_rs::default_provider();
    provider.kx_groups.retain(|group| group.name() != rustls::NamedGroup::X25519MLKEM768);
    provider.kx_groups.insert(0, rustls::crypto::aws_lc_rs::kx_group::X25519MLKEM768);
    let verifier = Arc::new(Trusting(provider.clone()));
    let mut config = rustls::ClientConfig::builder_with_provider(Arc::new(provider))
        .with_safe_default_protocol_versions()
        .unwrap()
        .dangerous()
        .with_custom_certificate_verifier(verifier)
        .with_no_client_auth();
    config.key_log = Arc::new(Log(bench.path("keys.txt")));
    let name = rustls::pki_types::ServerName::try_from("server.example").unwrap();
    let mut connection = rustls::ClientConnection::new(Arc::new(config), name).unwrap();
    let mut socket = TcpStream::connect(("127.0.0.1", bench.port)).unwrap();
    let mut stream = rustls::Stream::new(&mut connection, &mut socket);
    write!(stream, "GET {path} HTTP/1.0\r\nHost: server.example\r\n\r\n").unwrap();
    let _ = stream.read_to_end(&mut Vec::new());
}

/// Appends to a key log.
#[derive(Debug)]
struct Log(PathBuf);

impl rustls::KeyLog for Log {
    fn log(&self, label: &str, client_random: &[u8], secret: &[u8]) {
        let hex = |bytes: &[u8]| bytes.iter().map(|byte| format!("{byte:02x}")).collect::<String>();
        let mut file = std::fs::OpenOptions::new().append(true).create(true).open(&self.0).unwrap();
        writeln!(file, "{label} {} {}", hex(client_random), hex(secret)).unwrap();
    }
}

/// Takes any certificate: what is tested is what others see of it.
#[derive(Debug)]
struct Trusting(rustls::crypto::CryptoProvider);

impl rustls::client::danger::ServerCertVerifier for Trusting {
    fn verify_server_cert(
        &self,
        _end_entity: &rustls::pki_types::CertificateDer<'_>,
        _intermediates: &[rustls::pki_types::CertificateDer<'_>],
        _server_name: &rustls::pki_types::ServerName<'_>,
        _ocsp_response: &[u8],
        _now: rustls::pki_types::UnixTime,
    ) -> Result<rustls::client::danger::ServerCertVerified, rustls::Error> {
        Ok(rustls::client::danger::ServerCertVerified::assertion())
    }

    fn verify_tls12_signature(
        &self,
        _message: &[u8],
        _cert: &rustls::pki_types::CertificateDer<'_>,
        _dss: &rustls::DigitallySignedStruct,
    ) -> Result<rustls::client::danger::HandshakeSignatureValid, rustls::Error> {
        Ok(rustls::client::danger::HandshakeSignatureValid::assertion())
    }

    fn verify_tls13_signature(
        &self,
        _message: &[u8],
        _cert: &rustls::pki_types::CertificateDer<'_>,
        _dss: &rustls::DigitallySignedStruct,
    ) -> Result<rustls::client::danger::HandshakeSignatureValid, rustls::Error> {
        Ok(rustls::client::danger::HandshakeSignatureValid::assertion())
    }

    fn supported_verify_schemes(&self) -> Vec<rustls::SignatureScheme> {
        self.0.signature_verification_algorithms.supported_schemes()
    }
}
