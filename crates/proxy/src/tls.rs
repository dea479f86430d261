//! TLS to apps that speak nothing else. What leads to them ends on the loopback of their pod, where there is nobody between:
//! a certificate that the app made itself is as good as any. Nowhere else is one taken unchecked.

use crate::way::{NoWay, Stream};
use base::Code;
use rustls::client::danger::{HandshakeSignatureValid, ServerCertVerified, ServerCertVerifier};
use rustls::crypto::{CryptoProvider, aws_lc_rs, verify_tls12_signature, verify_tls13_signature};
use rustls::pki_types::{CertificateDer, ServerName, UnixTime};
use rustls::{ClientConfig, DigitallySignedStruct, Error, SignatureScheme};
use serde_json::Value;
use std::sync::Arc;
use tokio_rustls::TlsConnector;

/// Whether what listens on a port speaks TLS, where nothing says so: by its number.
pub(crate) const fn usual(port: u16) -> bool {
    matches!(port, 443 | 8443)
}

/// Whether it does by what the workspace calls the port: `https`, `wss-2`, `http-web`. A name that is no protocol says nothing.
pub(crate) fn said(workspace: &Value, port: u16) -> Option<bool> {
    let ports = workspace.pointer("/spec/ports").and_then(Value::as_array)?;
    let port = ports.iter().find(|one| one.get("containerPort").and_then(Value::as_u64) == Some(port.into()))?;
    let name = port.get("name").and_then(Value::as_str)?;
    protocol(name.split('-').next().unwrap_or_default())
}

/// Whether a protocol is spoken under TLS.
pub(crate) fn protocol(name: &str) -> Option<bool> {
    match name {
        "https" | "wss" => Some(true),
        "http" | "ws" => Some(false),
        _ => None,
    }
}

/// The same connection under TLS.
pub(crate) async fn under(
    stream: Box<dyn Stream>,
    port: u16,
    protocol: &'static [u8],
) -> Result<Box<dyn Stream>, NoWay> {
    let failed = |error: &dyn std::fmt::Display| {
        NoWay::Failed(Code::ProxyTls, format!("what listens on port {port} does not speak TLS as it should: {error}"))
    };
    let config = config(protocol).map_err(|error| failed(&error))?;
    let name = ServerName::try_from("localhost").map_err(|error| failed(&error))?;
    let stream = TlsConnector::from(Arc::new(config)).connect(name, stream).await.map_err(|error| failed(&error))?;
    Ok(Box::new(stream))
}

/// What is spoken inside.
pub(crate) const HTTP1: &[u8] = b"http/1.1";
pub(crate) const HTTP2: &[u8] = b"h2";

fn config(protocol: &[u8]) -> Result<ClientConfig, Error> {
    let provider = Arc::new(aws_lc_rs::default_provider());
    let builder = ClientConfig::builder_with_provider(provider.clone()).with_safe_default_protocol_versions()?;
    let builder = builder.dangerous().with_custom_certificate_verifier(Arc::new(Loopback(provider)));
    let mut config = builder.with_no_client_auth();
    config.alpn_protocols = vec![protocol.to_vec()];
    Ok(config)
}

/// Takes any certificate whose key the other end has.
#[derive(Debug)]
struct Loopback(Arc<CryptoProvider>);

impl ServerCertVerifier for Loopback {
    fn verify_server_cert(
        &self,
        _: &CertificateDer<'_>,
        _: &[CertificateDer<'_>],
        _: &ServerName<'_>,
        _: &[u8],
        _: UnixTime,
    ) -> Result<ServerCertVerified, Error> {
        Ok(ServerCertVerified::assertion())
    }

    fn verify_tls12_signature(
        &self,
        message: &[u8],
        certificate: &CertificateDer<'_>,
        signed: &DigitallySignedStruct,
    ) -> Result<HandshakeSignatureValid, Error> {
        verify_tls12_signature(message, certificate, signed, &self.0.signature_verification_algorithms)
    }

    fn verify_tls13_signature(
        &self,
        message: &[u8],
        certificate: &CertificateDer<'_>,
        signed: &DigitallySignedStruct,
    ) -> Result<HandshakeSignatureValid, Error> {
        verify_tls13_signature(message, certificate, signed, &self.0.signature_verification_algorithms)
    }

    fn supported_verify_schemes(&self) -> Vec<SignatureScheme> {
        self.0.signature_verification_algorithms.supported_schemes()
    }
}
