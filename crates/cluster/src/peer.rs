//! Looks at the certificate of a server whose handshake failed, to say in words what is wrong with it.
//!
//! The look is a handshake that always ends before anything is sent: no certificate is ever accepted here.

use crate::certificate::Certificate;
use parking_lot::Mutex;
use rustls::client::danger::{HandshakeSignatureValid, ServerCertVerified, ServerCertVerifier};
use rustls::crypto::{CryptoProvider, aws_lc_rs};
use rustls::pki_types::{CertificateDer, ServerName, UnixTime};
use rustls::{ClientConfig, DigitallySignedStruct, Error, SignatureScheme};
use std::sync::Arc;
use std::time::Duration;
use tokio::net::TcpStream;

/// The certificate that the server shows; `None` behind a proxy, or when it shows none in time.
pub(crate) async fn look(config: &kube::Config) -> Option<Certificate> {
    if config.proxy_url.is_some() || config.cluster_url.scheme_str() != Some("https") {
        return None;
    }
    let host = config.cluster_url.host()?.trim_start_matches('[').trim_end_matches(']').to_owned();
    let port = config.cluster_url.port_u16().unwrap_or(443);
    let name = ServerName::try_from(config.tls_server_name.clone().unwrap_or_else(|| host.clone())).ok()?;
    let provider = Arc::new(aws_lc_rs::default_provider());
    let seen = Arc::new(Seen { provider: provider.clone(), first: Mutex::default() });
    let builder = ClientConfig::builder_with_provider(provider).with_safe_default_protocol_versions().ok()?;
    let client = builder.dangerous().with_custom_certificate_verifier(seen.clone()).with_no_client_auth();
    let handshake = async {
        let stream = TcpStream::connect((host.as_str(), port)).await.ok()?;
        // It fails, always; what it saw is in `seen`.
        tokio_rustls::TlsConnector::from(Arc::new(client)).connect(name, stream).await.err()
    };
    tokio::time::timeout(LOOK_TIME, handshake).await.ok()??;
    let der = seen.first.lock().take()?;
    Certificate::read(&der)
}

/// Keeps the server's certificate and refuses it.
#[derive(Debug)]
struct Seen {
    provider: Arc<CryptoProvider>,
    first: Mutex<Option<Vec<u8>>>,
}

impl ServerCertVerifier for Seen {
    fn verify_server_cert(
        &self,
        end_entity: &CertificateDer<'_>,
        _: &[CertificateDer<'_>],
        _: &ServerName<'_>,
        _: &[u8],
        _: UnixTime,
    ) -> Result<ServerCertVerified, Error> {
        *self.first.lock() = Some(end_entity.to_vec());
        Err(Error::General("seen".to_owned()))
    }

    fn verify_tls12_signature(
        &self,
        _: &[u8],
        _: &CertificateDer<'_>,
        _: &DigitallySignedStruct,
    ) -> Result<HandshakeSignatureValid, Error> {
        Err(Error::General("seen".to_owned()))
    }

    fn verify_tls13_signature(
        &self,
        _: &[u8],
        _: &CertificateDer<'_>,
        _: &DigitallySignedStruct,
    ) -> Result<HandshakeSignatureValid, Error> {
        Err(Error::General("seen".to_owned()))
    }

    fn supported_verify_schemes(&self) -> Vec<SignatureScheme> {
        self.provider.signature_verification_algorithms.supported_schemes()
    }
}

const LOOK_TIME: Duration = Duration::from_secs(5);
