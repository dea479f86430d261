//! Links over the network, and how a daemon gets its certificate.

use std::sync::Arc;
use std::time::{Duration, SystemTime, UNIX_EPOCH};

use base64::Engine;
use base64::engine::general_purpose::STANDARD;
use pki::{Authority, Keys, Leaf, Name, Whom};
use rustls::pki_types::{CertificateDer, ServerName};
use serde_json::{Value, json};
use tokio::io::BufReader;
use tokio::net::TcpStream;
use tokio::time::timeout;
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
        // a TLS record is read in many pieces otherwise
        let stream = BufReader::with_capacity(READ, stream);
        let name = ServerName::try_from("workspace").map_err(|_| Error::Closed)?;
        let tls = timeout(PATIENCE, TlsConnector::from(config).connect(name, stream)).await.map_err(|_| Error::Late)?;
        Self::open(tls.map_err(Error::NotProved)?, principal, decision).await
    }

    /// Brings the daemon a certificate for its key when it has none, or half of the life of its own is over. The stream of
    /// this link is what proves that it is the daemon of the workspace with this name: the API server's exec into its pod, or
    /// a certificate that is still good. `certify` signs.
    ///
    /// # Errors
    /// When the daemon is of another workspace, or refuses.
    pub async fn renew(
        &self,
        name: &Name,
        certify: impl FnOnce(&[u8]) -> Result<Leaf, pki::Error>,
    ) -> Result<Renewed, Error> {
        let told = self.key(name).await?;
        let says = |member: &str| told.get(member).and_then(Value::as_bool).unwrap_or(true);
        if !says("listens") {
            return Ok(Renewed::NoPort);
        }
        if !says("due") {
            return Ok(Renewed::Stands);
        }
        self.bring(&told, certify).await.map(Renewed::Until)
    }

    /// The same, whatever it has.
    ///
    /// # Errors
    /// As [`Link::renew`].
    pub async fn certify(&self, authority: &Authority, name: &Name, now: SystemTime) -> Result<SystemTime, Error> {
        let told = self.key(name).await?;
        self.bring(&told, |key| authority.certify(key, name, now)).await
    }

    /// What it says of its key, when it is the daemon that is meant.
    async fn key(&self, name: &Name) -> Result<Value, Error> {
        let (_, told) = self.request("GET", "/api/v1/key", None).await?;
        let called = told.get("name").and_then(Value::as_str).unwrap_or_default();
        if called != name.to_string() {
            return Err(Error::Another { name: called.chars().take(200).collect() });
        }
        Ok(told)
    }

    async fn bring(
        &self,
        told: &Value,
        certify: impl FnOnce(&[u8]) -> Result<Leaf, pki::Error>,
    ) -> Result<SystemTime, Error> {
        let key = hex::decode(told.get("public_key").and_then(Value::as_str).unwrap_or_default()).unwrap_or_default();
        let leaf = certify(&key).map_err(Error::Identity)?;
        let der = |all: &[CertificateDer<'_>]| all.iter().map(|one| STANDARD.encode(one)).collect::<Vec<String>>();
        let until = leaf.until.duration_since(UNIX_EPOCH).unwrap_or_default().as_millis();
        let body = json!({ "chain": der(&leaf.chain), "roots": der(&leaf.roots), "until_ms": u64::try_from(until).unwrap_or(0) });
        let (status, answer) = self.request("POST", "/api/v1/certificate", Some(&body)).await?;
        if status != 200 {
            let word = |member: &str| answer.get(member).and_then(Value::as_str).unwrap_or_default().to_owned();
            return Err(Error::Refused { code: word("code"), message: word("message") });
        }
        Ok(leaf.until)
    }
}

/// What became of a daemon's certificate.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Renewed {
    /// It has a new one, until then.
    Until(SystemTime),
    /// Its own is good for a while.
    Stands,
    /// It has no port, and needs none.
    NoPort,
}

const PATIENCE: Duration = Duration::from_secs(10);
const READ: usize = 64 << 10;
