//! The certificate of the port, read from files, and anew when they have changed: connections that are open go on.

use base::{Code, Coded};
use parking_lot::RwLock;
use rustls::ServerConfig;
use rustls::pki_types::pem::PemObject;
use rustls::pki_types::{CertificateDer, PrivateKeyDer};
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
    now: RwLock<Arc<ServerConfig>>,
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
        let now = RwLock::new(config(certificate, key)?);
        Ok(Self(Arc::new(Inner { certificate: certificate.to_owned(), key: key.to_owned(), now })))
    }

    /// Reads the files anew. What is wrong with them leaves the certificate as it is.
    ///
    /// # Errors
    /// As [`TlsError`] says.
    pub fn reload(&self) -> Result<(), TlsError> {
        let next = config(&self.0.certificate, &self.0.key)?;
        *self.0.now.write() = next;
        Ok(())
    }

    pub(crate) fn accept(
        &self,
        stream: TcpStream,
    ) -> impl Future<Output = io::Result<TlsStream<TcpStream>>> + Send + use<> {
        let config = self.0.now.read().clone();
        TlsAcceptor::from(config).accept(stream)
    }
}

fn config(certificate: &Path, key: &Path) -> Result<Arc<ServerConfig>, TlsError> {
    let file = |path: &Path, message: String| TlsError::File { path: path.display().to_string(), message };
    let chain = CertificateDer::pem_file_iter(certificate)
        .and_then(|chain| chain.collect::<Result<Vec<_>, _>>())
        .map_err(|error| file(certificate, error.to_string()))?;
    if chain.is_empty() {
        return Err(file(certificate, "there is no certificate in it".to_owned()));
    }
    let secret = PrivateKeyDer::from_pem_file(key).map_err(|error| file(key, error.to_string()))?;
    let wrong =
        |error: rustls::Error| TlsError::Pair { path: certificate.display().to_string(), message: error.to_string() };
    let provider = Arc::new(rustls::crypto::aws_lc_rs::default_provider());
    let mut config = ServerConfig::builder_with_provider(provider)
        .with_safe_default_protocol_versions()
        .map_err(wrong)?
        .with_no_client_auth()
        .with_single_cert(chain, secret)
        .map_err(wrong)?;
    // WebSockets are of HTTP/1.1, so that is what browsers get. Clients of gRPC know HTTP/2 alone.
    config.alpn_protocols = vec![b"http/1.1".to_vec(), b"h2".to_vec()];
    Ok(Arc::new(config))
}
