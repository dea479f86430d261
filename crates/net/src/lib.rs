//! Requests over HTTP/1.1 to hosts that somebody else names: a repository's, an image's.
//!
//! ```text
//! request ─► https, or http where a list names the host ─► its addresses ─► a public one, or one of a host that may be private ─► answer
//! ```
//!
//! `git` and `registry` ask by it. The very address that was looked at is connected to, and an answer is read within its budget.
//! It follows no redirects, keeps no connections and knows no credentials: who asks decides what is told to whom. The time that a
//! request may take is the caller's too.

mod address;

pub use address::is_public;

use bytes::{Bytes, BytesMut};
use http::{HeaderMap, HeaderValue, Request, StatusCode, Uri, header};
use http_body_util::{BodyExt, Full};
use hyper_util::rt::TokioIo;
use rustls::pki_types::{CertificateDer, ServerName};
use rustls::{ClientConfig, RootCertStore};
use std::net::SocketAddr;
use std::sync::{Arc, OnceLock};
use std::time::Duration;
use tokio::io::{AsyncRead, AsyncWrite};
use tokio::net::TcpStream;
use tokio_rustls::TlsConnector;

/// Which hosts may be where.
#[derive(Clone, Debug, Default)]
pub struct Rules {
    /// Hosts that are connected to though they are in a private network.
    pub private_hosts: Vec<String>,
    /// Hosts that are asked without TLS.
    pub plain_hosts: Vec<String>,
    /// Certificate authorities beside those of the system.
    pub authorities: Vec<CertificateDer<'static>>,
}

impl Rules {
    /// Whether a host is one that is asked without TLS.
    #[must_use]
    pub fn is_plain(&self, host: &str) -> bool {
        names(&self.plain_hosts, host)
    }

    fn may_be_private(&self, host: &str) -> bool {
        names(&self.private_hosts, host)
    }
}

/// Whether a list names a host: alone, or with its port.
#[must_use]
pub fn names(list: &[String], host: &str) -> bool {
    let alone = host.rsplit_once(':').map_or(host, |(alone, _)| alone);
    list.iter().any(|one| one.eq_ignore_ascii_case(host) || one.eq_ignore_ascii_case(alone))
}

/// The host of an address, with its port where it has one.
#[must_use]
pub fn host_of(uri: &Uri) -> String {
    uri.authority().map(|authority| authority.as_str()).unwrap_or_default().to_ascii_lowercase()
}

/// Why there is no answer.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum Error {
    /// The rules do not let it be asked.
    #[error("{host} is not asked: {why}")]
    Refused {
        /// The host.
        host: String,
        /// The rule that says so.
        why: String,
    },
    /// Nobody answers there.
    #[error("{host} does not answer: {why}")]
    Unreachable {
        /// The host.
        host: String,
        /// What happened.
        why: String,
    },
    /// The answer is larger than is read.
    #[error("{host} answers more than {most} bytes")]
    TooLarge {
        /// The host.
        host: String,
        /// The budget, in bytes.
        most: usize,
    },
}

/// What came.
#[derive(Clone, Debug)]
pub struct Answer {
    /// How it went.
    pub status: StatusCode,
    /// Its header.
    pub headers: HeaderMap,
    /// Its body, whole.
    pub body: Bytes,
}

/// Asks hosts. Clones are the same.
#[derive(Clone)]
pub struct Client(Arc<Inner>);

struct Inner {
    rules: Rules,
    /// Made for the first question: the authorities of the system are many.
    tls: OnceLock<Arc<ClientConfig>>,
}

impl std::fmt::Debug for Client {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Client").field("rules", &self.0.rules).finish_non_exhaustive()
    }
}

impl Client {
    /// Asks as the rules allow.
    #[must_use]
    pub fn new(rules: Rules) -> Self {
        Self(Arc::new(Inner { rules, tls: OnceLock::new() }))
    }

    /// The rules.
    #[must_use]
    pub fn rules(&self) -> &Rules {
        &self.0.rules
    }

    /// Sends a request to the host of its address, and reads at most `most` bytes of what it answers.
    ///
    /// # Errors
    /// As [`Error`] says.
    pub async fn ask(&self, mut request: Request<Bytes>, most: usize) -> Result<Answer, Error> {
        let uri = request.uri().clone();
        let host = host_of(&uri);
        let gone = |why: String| Error::Unreachable { host: host.clone(), why };
        let secure = match uri.scheme_str() {
            Some("https") => true,
            Some("http") if self.0.rules.is_plain(&host) => false,
            _ => return Err(Error::Refused { host, why: "only https leads to it".to_owned() }),
        };
        let name = uri.host().unwrap_or_default().trim_matches(['[', ']']).to_owned();
        let port = uri.port_u16().unwrap_or(if secure { 443 } else { 80 });
        let stream = self.connect(&host, &name, port).await?;
        let path = uri.path_and_query().map_or("/", |path| path.as_str());
        *request.uri_mut() = path.parse().map_err(|_| gone("its address is none".to_owned()))?;
        let headers = request.headers_mut();
        headers.insert(header::HOST, HeaderValue::try_from(host.as_str()).map_err(|error| gone(error.to_string()))?);
        headers.insert(header::ACCEPT_ENCODING, HeaderValue::from_static("identity"));
        headers.entry(header::USER_AGENT).or_insert(HeaderValue::from_static(AGENT));
        let request = request.map(Full::new);
        if secure {
            let server = ServerName::try_from(name).map_err(|error| gone(error.to_string()))?;
            let connector = TlsConnector::from(self.tls()?);
            let stream = connector.connect(server, stream).await.map_err(|why| gone(why.to_string()))?;
            send(stream, request, &host, most).await
        } else {
            send(stream, request, &host, most).await
        }
    }

    /// Connects to the first address of a host that is let through: the very address that was looked at.
    async fn connect(&self, host: &str, name: &str, port: u16) -> Result<TcpStream, Error> {
        let gone = |why: String| Error::Unreachable { host: host.to_owned(), why };
        let found = tokio::net::lookup_host((name, port)).await.map_err(|error| gone(error.to_string()))?;
        let all: Vec<SocketAddr> = found.collect();
        let private = self.0.rules.may_be_private(host);
        let may: Vec<SocketAddr> = all.iter().copied().filter(|one| private || is_public(one.ip())).collect();
        if may.is_empty() && !all.is_empty() {
            let why = "its address is of a private network, and the platform does not name it among those that may be";
            return Err(Error::Refused { host: host.to_owned(), why: why.to_owned() });
        }
        let mut last = "it has no address".to_owned();
        for address in may.into_iter().take(MOST_ADDRESSES) {
            match tokio::time::timeout(CONNECT_TIME, TcpStream::connect(address)).await {
                Ok(Ok(stream)) => return Ok(stream),
                Ok(Err(error)) => last = error.to_string(),
                Err(_) => last = "nobody answers at its address".to_owned(),
            }
        }
        Err(gone(last))
    }

    /// The authorities that certificates of hosts are checked by.
    fn tls(&self) -> Result<Arc<ClientConfig>, Error> {
        if let Some(made) = self.0.tls.get() {
            return Ok(made.clone());
        }
        let mut roots = RootCertStore::empty();
        let system = rustls_native_certs::load_native_certs();
        for error in &system.errors {
            tracing::warn!(%error, "certificate authorities of the system cannot be read");
        }
        roots.add_parsable_certificates(system.certs);
        roots.add_parsable_certificates(self.0.rules.authorities.iter().cloned());
        let provider = Arc::new(rustls::crypto::aws_lc_rs::default_provider());
        let builder = ClientConfig::builder_with_provider(provider)
            .with_safe_default_protocol_versions()
            .map_err(|error| Error::Unreachable { host: "any host".to_owned(), why: error.to_string() })?;
        let mut config = builder.with_root_certificates(roots).with_no_client_auth();
        config.alpn_protocols = vec![b"http/1.1".to_vec()];
        Ok(self.0.tls.get_or_init(|| Arc::new(config)).clone())
    }
}

async fn send<S>(stream: S, request: Request<Full<Bytes>>, host: &str, most: usize) -> Result<Answer, Error>
where
    S: AsyncRead + AsyncWrite + Unpin + Send + 'static,
{
    let gone = |error: hyper::Error| Error::Unreachable { host: host.to_owned(), why: error.to_string() };
    let (mut sender, connection) = hyper::client::conn::http1::handshake(TokioIo::new(stream)).await.map_err(gone)?;
    // It ends with whoever waits for the answer.
    let mut connection = std::pin::pin!(connection);
    let answered = async {
        let answer = sender.send_request(request).await.map_err(gone)?;
        let (parts, mut body) = answer.into_parts();
        let mut read = BytesMut::new();
        while let Some(frame) = body.frame().await {
            let Ok(data) = frame.map_err(gone)?.into_data() else { continue };
            if read.len() + data.len() > most {
                return Err(Error::TooLarge { host: host.to_owned(), most });
            }
            read.extend_from_slice(&data);
        }
        Ok(Answer { status: parts.status, headers: parts.headers, body: read.freeze() })
    };
    let mut answered = std::pin::pin!(answered);
    tokio::select! {
        answer = &mut answered => answer,
        ended = &mut connection => match ended {
            // What came before it ended is read to its end.
            Ok(()) => answered.await,
            Err(error) => Err(gone(error)),
        },
    }
}

const AGENT: &str = concat!("quarterdeck/", env!("CARGO_PKG_VERSION"));
const CONNECT_TIME: Duration = Duration::from_secs(5);
const MOST_ADDRESSES: usize = 4;

#[cfg(test)]
mod tests;
