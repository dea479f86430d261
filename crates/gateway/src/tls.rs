//! The certificate of the port, read from files, and anew when they have changed: connections that are open go on.

use base::{Code, Coded};
use parking_lot::RwLock;
use rustls::ServerConfig;
use rustls::pki_types::pem::PemObject;
use rustls::pki_types::{CertificateDer, PrivateKeyDer};
use rustls::server::{ClientHello, ResolvesServerCert};
use rustls::sign::CertifiedKey;
use std::collections::HashMap;
use std::future::Future;
use std::io;
use std::path::{Path, PathBuf};
use std::sync::Arc;
use tokio::net::TcpStream;
use tokio_rustls::TlsAcceptor;
use tokio_rustls::server::TlsStream;

/// The certificate in force. Clones are the same.
#[derive(Clone)]
pub struct Tls(Arc<Inner>);

struct Inner {
    certificate: PathBuf,
    key: PathBuf,
    config: Arc<ServerConfig>,
    shown: Arc<Shown>,
}

/// What is shown to who comes: the certificate in force, or the answer to a challenge of an ACME server.
#[derive(Debug, Default)]
struct Shown {
    pair: RwLock<Option<Arc<CertifiedKey>>>,
    /// By host in lower case.
    challenges: RwLock<HashMap<String, Arc<CertifiedKey>>>,
}

impl ResolvesServerCert for Shown {
    fn resolve(&self, hello: ClientHello<'_>) -> Option<Arc<CertifiedKey>> {
        if hello.alpn().is_some_and(|mut all| all.any(|one| one == ACME_TLS)) {
            let host = hello.server_name()?.to_ascii_lowercase();
            return self.challenges.read().get(&host).cloned();
        }
        self.pair.read().clone()
    }
}

/// Why there is no certificate.
#[derive(Debug, thiserror::Error)]
pub enum TlsError {
    /// A file cannot be read.
    #[error("{path}: {message}")]
    File {
        /// Its path.
        path: String,
        /// Why.
        message: String,
    },
    /// Certificate and key do not go together, or are of no use.
    #[error("the certificate {path} cannot be used with its key: {message}")]
    Pair {
        /// The certificate's path.
        path: String,
        /// Why.
        message: String,
    },
}

impl Coded for TlsError {
    fn code(&self) -> Code {
        Code::ConfigInvalid
    }
}

impl Tls {
    /// Reads a certificate chain and its key, both PEM.
    ///
    /// # Errors
    /// As [`TlsError`] says.
    pub fn read(certificate: &Path, key: &Path) -> Result<Self, TlsError> {
        let shown = Arc::new(Shown::default());
        *shown.pair.write() = Some(pair(certificate, key)?);
        let config = config(shown.clone()).map_err(|error| wrong(certificate, &error))?;
        let (certificate, key) = (certificate.to_owned(), key.to_owned());
        Ok(Self(Arc::new(Inner { certificate, key, config, shown })))
    }

    /// Reads the files anew. What is wrong with them leaves the certificate as it is.
    ///
    /// # Errors
    /// As [`TlsError`] says.
    pub fn reload(&self) -> Result<(), TlsError> {
        let next = pair(&self.0.certificate, &self.0.key)?;
        *self.0.shown.pair.write() = Some(next);
        Ok(())
    }

    /// Shows this to an ACME server that comes to see the answer to its challenge for a host; nothing any more without one.
    pub fn challenge(&self, host: &str, answer: Option<Arc<CertifiedKey>>) {
        let mut challenges = self.0.shown.challenges.write();
        match answer {
            Some(answer) => challenges.insert(host.to_ascii_lowercase(), answer),
            None => challenges.remove(&host.to_ascii_lowercase()),
        };
    }

    pub(crate) fn accept(
        &self,
        stream: TcpStream,
    ) -> impl Future<Output = io::Result<TlsStream<TcpStream>>> + Send + use<> {
        let accept = TlsAcceptor::from(self.0.config.clone()).accept(stream);
        async move {
            let stream = accept.await?;
            if stream.get_ref().1.alpn_protocol() == Some(ACME_TLS) {
                // It has seen what it came for.
                return Err(io::Error::new(io::ErrorKind::ConnectionAborted, "an ACME server has seen its answer"));
            }
            Ok(stream)
        }
    }
}

fn wrong(certificate: &Path, error: &rustls::Error) -> TlsError {
    TlsError::Pair { path: certificate.display().to_string(), message: error.to_string() }
}

/// A chain with its key.
fn pair(certificate: &Path, key: &Path) -> Result<Arc<CertifiedKey>, TlsError> {
    let file = |path: &Path, message: String| TlsError::File { path: path.display().to_string(), message };
    let chain = CertificateDer::pem_file_iter(certificate)
        .and_then(|chain| chain.collect::<Result<Vec<_>, _>>())
        .map_err(|error| file(certificate, error.to_string()))?;
    if chain.is_empty() {
        return Err(file(certificate, "there is no certificate in it".to_owned()));
    }
    let secret = PrivateKeyDer::from_pem_file(key).map_err(|error| file(key, error.to_string()))?;
    let provider = rustls::crypto::aws_lc_rs::default_provider();
    let pair = CertifiedKey::from_der(chain, secret, &provider).map_err(|error| wrong(certificate, &error))?;
    Ok(Arc::new(pair))
}

fn config(shown: Arc<Shown>) -> Result<Arc<ServerConfig>, rustls::Error> {
    let provider = Arc::new(rustls::crypto::aws_lc_rs::default_provider());
    let mut config = ServerConfig::builder_with_provider(provider)
        .with_safe_default_protocol_versions()?
        .with_no_client_auth()
        .with_cert_resolver(shown);
    // WebSockets are of HTTP/1.1, so that is what browsers get. Clients of gRPC know HTTP/2 alone.
    config.alpn_protocols = vec![b"http/1.1".to_vec(), b"h2".to_vec(), ACME_TLS.to_vec()];
    Ok(Arc::new(config))
}

/// What an ACME server offers that comes to see the answer to its challenge (RFC 8737).
const ACME_TLS: &[u8] = b"acme-tls/1";
