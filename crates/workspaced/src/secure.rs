//! The port for callers of the network: TLS where both ends prove who they are.
//!
//! The daemon makes a key at its start, which never leaves the process. Somebody whom the API server let into the pod, or
//! a caller with a certificate, asks for the public half, has it certified, and brings the certificate. Until then the
//! port takes nobody in.

use std::sync::Arc;
use std::time::{Duration, SystemTime, UNIX_EPOCH};

use base64::Engine;
use base64::engine::general_purpose::STANDARD;
use pki::{Keys, Leaf, Name, Whom};
use rustls::pki_types::CertificateDer;
use serde::Deserialize;
use serde_json::json;
use tokio::io::BufReader;
use tokio::net::TcpListener;
use tokio::sync::Semaphore;
use tokio::time::timeout;
use tokio_rustls::TlsAcceptor;

use crate::Error;
use crate::connection;
use crate::daemon::Daemon;
use crate::rest::Answer;

/// Opens the port, if there is to be one.
///
/// # Errors
/// When it cannot be had.
pub(crate) async fn listen(daemon: &Daemon) -> Result<Option<TcpListener>, Error> {
    let place = daemon.config.listen.as_str();
    if place.is_empty() {
        return Ok(None);
    }
    let done = TcpListener::bind(place).await;
    // a node without IPv6 has no such address
    let done = match (done, place.strip_prefix("[::]:")) {
        (Err(_), Some(port)) => TcpListener::bind(format!("0.0.0.0:{port}")).await,
        (done, _) => done,
    };
    done.map(Some).map_err(Error::system(format!("cannot listen on {place}")))
}

/// Serves until it is dropped.
///
/// # Errors
/// When this build lacks what TLS needs.
pub(crate) async fn serve(daemon: Arc<Daemon>, listener: TcpListener) -> Result<(), pki::Error> {
    let roles = ROLES.iter().map(|role| Name::role(&daemon.config.trust, role)).collect();
    let acceptor = TlsAcceptor::from(pki::server(daemon.keys.clone(), Whom::Any(roles))?);
    let places = Arc::new(Semaphore::new(MAX_CONNECTIONS));
    loop {
        let Ok(place) = places.clone().acquire_owned().await else { return Ok(()) };
        let (stream, from) = match listener.accept().await {
            Ok(came) => came,
            Err(error) => {
                daemon.log.warn("callers", format!("cannot take a connection: {error}"));
                tokio::time::sleep(Duration::from_millis(100)).await;
                continue;
            }
        };
        let (daemon, acceptor) = (daemon.clone(), acceptor.clone());
        tokio::spawn(async move {
            let _ = stream.set_nodelay(true);
            // a TLS record is read in many pieces otherwise
            let stream = BufReader::with_capacity(READ, stream);
            match timeout(PATIENCE, acceptor.accept(stream)).await {
                Ok(Ok(stream)) => {
                    if let Err(broken) = connection::serve(daemon.clone(), stream).await {
                        daemon.log.warn("callers", format!("{from} was cut off: {broken}"));
                    }
                }
                Ok(Err(error)) => daemon.log.warn("callers", format!("{from} was not let in: {error}")),
                Err(_) => daemon.log.warn("callers", format!("{from} did not say who it is in time")),
            }
            drop(place);
        });
    }
}

/// What an authority certifies.
pub(crate) fn key(daemon: &Daemon) -> Answer {
    let name = Name::workspace(&daemon.config.trust, &daemon.config.workspace.uid);
    Answer::ok(json!({
        "name": name.to_string(),
        "public_key": hex::encode(daemon.keys.public()),
        "certified_until_ms": until_ms(daemon),
        "due": daemon.keys.due(SystemTime::now()),
        "listens": !daemon.config.listen.is_empty(),
    }))
}

#[derive(Deserialize)]
struct Certificate {
    chain: Vec<String>,
    roots: Vec<String>,
    until_ms: u64,
}

/// Shows a certificate from now on.
pub(crate) fn certify(daemon: &Daemon, body: &[u8]) -> Answer {
    let wrong = |text: String| Answer::error(422, "invalid", text);
    let asked: Certificate = match serde_json::from_slice(body) {
        Ok(asked) => asked,
        Err(error) => return wrong(error.to_string()),
    };
    let der = |all: &[String]| -> Result<Vec<CertificateDer<'static>>, base64::DecodeError> {
        all.iter().take(MAX_CHAIN).map(|one| STANDARD.decode(one).map(CertificateDer::from)).collect()
    };
    let (Ok(chain), Ok(roots)) = (der(&asked.chain), der(&asked.roots)) else {
        return wrong("certificates are base64 of their DER".to_owned());
    };
    let until = UNIX_EPOCH + Duration::from_millis(asked.until_ms.min(FAR_MS));
    match daemon.keys.take(Leaf { chain, roots, until }, SystemTime::now()) {
        Ok(()) => {
            daemon.log.info("callers", "a certificate was brought");
            Answer::ok(json!({ "certified_until_ms": until_ms(daemon) }))
        }
        Err(error) => wrong(error.to_string()),
    }
}

/// When the certificate ends; 0 while there is none.
pub(crate) fn until_ms(daemon: &Daemon) -> u64 {
    let since = daemon.keys.until().and_then(|until| until.duration_since(UNIX_EPOCH).ok());
    since.and_then(|since| u64::try_from(since.as_millis()).ok()).unwrap_or(0)
}

/// Make a new key, which nobody has certified yet.
pub(crate) fn keys() -> Result<Arc<Keys>, Error> {
    Keys::new().map_err(|error| Error::NotReady(error.to_string()))
}

/// Who may call.
const ROLES: [&str; 2] = ["gateway", "operator"];
const MAX_CONNECTIONS: usize = 64;
const MAX_CHAIN: usize = 8;
/// The year 9999.
const FAR_MS: u64 = 253_402_300_799_000;
const PATIENCE: Duration = Duration::from_secs(10);
const READ: usize = 64 << 10;
