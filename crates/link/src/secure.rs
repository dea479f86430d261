//! Links over the network, and how a daemon gets its certificate.

use std::sync::Arc;
use std::time::{Duration, SystemTime, UNIX_EPOCH};

use base64::Engine;
use base64::engine::general_purpose::STANDARD;
use pki::{Authority, Keys, Leaf, Name, Whom};
use rustls::pki_types::{CertificateDer, ServerName};
use serde_json::json;
use tokio::net::TcpStream;
use tokio::time::{sleep, timeout};
use tokio_rustls::TlsConnector;

use crate::{Error, Link};

impl Link {
    /// Calls the daemon of the workspace that is named, at this address, as whoever `keys` are certified to be.
    ///
    /// # Errors
    /// When nobody answers, or it is another, or it does not let this one in.
    pub async fn call(
        address: &str,
        keys: Arc<Keys>,
        workspace: Name,
        principal: &str,
        decision: &str,
    ) -> Result<Self, Error> {
        let config = pki::client(keys, Whom::One(workspace)).map_err(Error::Identity)?;
        let stream = timeout(PATIENCE, TcpStream::connect(address)).await.map_err(|_| Error::Late)?;
        let stream = stream.map_err(Error::Unreachable)?;
        let _ = stream.set_nodelay(true); // slower without, and no worse
        // the name that counts stands in the certificate; this one is not sent
        let name = ServerName::try_from("workspace").map_err(|_| Error::Closed)?;
        let tls = timeout(PATIENCE, TlsConnector::from(config).connect(name, stream)).await.map_err(|_| Error::Late)?;
        Self::open(tls.map_err(Error::NotProved)?, principal, decision).await
    }

    /// Brings the daemon a certificate for its key. The stream of this link is what proves that it is the daemon of the
    /// workspace with this name: the API server's exec into its pod, or a certificate that is still good.
    ///
    /// # Errors
    /// When the daemon is of another workspace, or refuses.
    pub async fn certify(&self, authority: &Authority, name: &Name, now: SystemTime) -> Result<SystemTime, Error> {
        self.certify_by(|key| authority.certify(key, name, now), name).await
    }

    async fn certify_by(
        &self,
        certify: impl FnOnce(&[u8]) -> Result<Leaf, pki::Error>,
        name: &Name,
    ) -> Result<SystemTime, Error> {
        let (_, told) = self.request("GET", "/api/v1/key", None).await?;
        let text = |member: &str| told.get(member).and_then(|value| value.as_str()).unwrap_or_default();
        if text("name") != name.to_string() {
            return Err(Error::Another { name: text("name").chars().take(200).collect() });
        }
        let key = hex::decode(text("public_key")).unwrap_or_default();
        let leaf = certify(&key).map_err(Error::Identity)?;
        let der = |all: &[CertificateDer<'_>]| all.iter().map(|one| STANDARD.encode(one)).collect::<Vec<String>>();
        let until = leaf.until.duration_since(UNIX_EPOCH).unwrap_or_default().as_millis();
        let body = json!({ "chain": der(&leaf.chain), "roots": der(&leaf.roots), "until_ms": u64::try_from(until).unwrap_or(0) });
        let (status, answer) = self.request("POST", "/api/v1/certificate", Some(&body)).await?;
        if status != 200 {
            let word =
                |member: &str| answer.get(member).and_then(|value| value.as_str()).unwrap_or_default().to_owned();
            return Err(Error::Refused { code: word("code"), message: word("message") });
        }
        Ok(leaf.until)
    }
}

/// Keeps a daemon certified, until it is dropped: at once, and again when half of a certificate's life is over. `open` makes a
/// link whose stream proves the daemon, over its certificate while that is good. What fails is tried again, later each time;
/// `told` hears of both.
pub async fn keep_certified<Open>(
    authority: &parking_lot::RwLock<Authority>,
    name: &Name,
    mut open: impl FnMut() -> Open,
    mut told: impl FnMut(&Result<SystemTime, Error>),
) -> std::convert::Infallible
where
    Open: Future<Output = Result<Link, Error>>,
{
    let mut pause = FIRST_PAUSE;
    loop {
        let now = SystemTime::now();
        let done = match open().await {
            Ok(link) => {
                // held for the signature alone
                link.certify_by(|key| authority.read().certify(key, name, now), name).await
            }
            Err(error) => Err(error),
        };
        told(&done);
        let next = match &done {
            Ok(until) => {
                pause = FIRST_PAUSE;
                until.duration_since(now).unwrap_or_default() / 2
            }
            Err(_) => {
                let now = pause;
                pause = (pause * 2).min(MOST_PAUSE);
                now
            }
        };
        sleep(next.max(SHORTEST)).await;
    }
}

const FIRST_PAUSE: Duration = Duration::from_secs(1);
const MOST_PAUSE: Duration = Duration::from_secs(300);
/// However short certificates live.
const SHORTEST: Duration = Duration::from_millis(100);
const PATIENCE: Duration = Duration::from_secs(10);
