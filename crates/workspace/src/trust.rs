//! The certificate authority of the operator, and the certificates of workspaces.
//!
//! It is kept in a Secret of the operator's namespace, so that whoever leads next signs on: a root of ten years and an issuer
//! of 90 days, which is renewed when a third of that is left. Daemons get certificates of a day, renewed at half of it, each
//! time the operator asks how they are. Without the Secret nothing is certified, and all else goes on.

use crate::calling::Calling;
use crate::probe::Certified;
use base::{Clock, ClusterName};
use base64::Engine;
use base64::engine::general_purpose::STANDARD;
use cluster::{Error, Owner};
use link::{Link, Renewed};
use parking_lot::RwLock;
use pki::{Authority, Kept, Name};
use serde_json::{Value, json};
use std::sync::Arc;
use std::time::{Duration, SystemTime, UNIX_EPOCH};
use zeroize::Zeroizing;

/// Who certifies; nobody until the Secret was read or made.
#[derive(Clone, Default)]
pub(crate) struct Trust(Arc<RwLock<Option<Authority>>>);

/// Why there is no authority.
#[derive(Debug, thiserror::Error)]
enum Fault {
    #[error(transparent)]
    Cluster(#[from] Error),
    #[error(transparent)]
    Pki(#[from] pki::Error),
    #[error("its Secret is not whole: {0} is missing")]
    Missing(&'static str),
}

impl Trust {
    /// Brings a daemon a certificate when it is due; `None` while nobody certifies.
    pub(crate) async fn certify(&self, link: &Link, uid: &str) -> Option<Certified> {
        if self.0.read().is_none() {
            return None;
        }
        let name = Name::workspace(TRUST, uid);
        let sign = |key: &[u8]| {
            let authority = self.0.read(); // held for the signature alone
            let missing = || pki::Error::Certificates("nobody certifies".to_owned());
            authority.as_ref().ok_or_else(missing)?.certify(key, &name, SystemTime::now())
        };
        Some(match link.renew(&name, sign).await {
            Ok(Renewed::Until(until)) => {
                tracing::info!(uid, ?until, "a workspace has a new certificate");
                Certified::Stands
            }
            Ok(Renewed::Stands) => Certified::Stands,
            Ok(Renewed::NoPort) => Certified::NoPort,
            Err(error) => {
                tracing::warn!(uid, %error, "a workspace gets no certificate");
                Certified::Failed
            }
        })
    }
}

/// Reads the authority or makes it, and renews its issuer, until it is dropped. The doors of this process are certified as well.
pub(crate) async fn keep(owner: Arc<Owner>, trust: Trust, doors: (Calling, ClusterName), clock: Arc<dyn Clock>) {
    let (calling, cluster) = doors;
    let mut pause = FIRST_PAUSE;
    loop {
        let now = UNIX_EPOCH + Duration::from_millis(clock.now_ms());
        let wait = match hold(&owner, now).await {
            Ok(authority) => {
                if let Err(error) = calling.certify(&cluster, &authority, now) {
                    tracing::warn!(%error, "doors call daemons by the API server: they get no certificate");
                }
                *trust.0.write() = Some(authority);
                pause = FIRST_PAUSE;
                LOOK
            }
            Err(Fault::Cluster(Error::Conflict { .. })) => FIRST_PAUSE, // somebody else made it
            Err(error) => {
                tracing::warn!(%error, "no certificates for workspaces");
                let now = pause;
                pause = (pause * 2).min(LOOK);
                now
            }
        };
        tokio::time::sleep(wait).await;
    }
}

async fn hold(owner: &Owner, now: SystemTime) -> Result<Authority, Fault> {
    let (mut authority, secret) = match owner.authority().await? {
        Some(secret) => {
            let authority = read(&secret)?;
            (authority, Some(secret))
        }
        None => (Authority::new(TRUST, now)?, None),
    };
    let renewed = authority.renew(now)?;
    if renewed || secret.is_none() {
        let version = secret.as_ref().and_then(|secret| secret.pointer("/metadata/resourceVersion"));
        owner.write_authority(&write(authority.kept(), version)).await?;
        tracing::info!(renewed, "the certificate authority of workspaces is written");
    }
    Ok(authority)
}

fn read(secret: &Value) -> Result<Authority, Fault> {
    let text = |name: &'static str| -> Option<Zeroizing<String>> {
        let text = secret.get("data")?.get(name)?.as_str()?;
        let bytes = Zeroizing::new(STANDARD.decode(text).ok()?);
        std::str::from_utf8(&bytes).ok().map(|text| Zeroizing::new(text.to_owned()))
    };
    let need = |name| text(name).ok_or(Fault::Missing(name));
    let until: u64 = need(UNTIL)?.parse().map_err(|_| Fault::Missing(UNTIL))?;
    let kept = Kept {
        trust: TRUST.to_owned(),
        root: need(ROOT)?.to_string(),
        root_key: text(ROOT_KEY), // it may be kept elsewhere
        issuer: need(ISSUER)?.to_string(),
        issuer_key: need(ISSUER_KEY)?,
        issuer_until: UNIX_EPOCH + Duration::from_secs(until.min(FAR_S)),
    };
    Ok(Authority::from_kept(kept)?)
}

fn write(kept: &Kept, version: Option<&Value>) -> Value {
    let until = kept.issuer_until.duration_since(UNIX_EPOCH).unwrap_or_default().as_secs();
    let mut data = serde_json::Map::new();
    let mut put = |name: &str, text: &str| data.insert(name.to_owned(), STANDARD.encode(text).into());
    put(ROOT, &kept.root);
    if let Some(key) = &kept.root_key {
        put(ROOT_KEY, key);
    }
    put(ISSUER, &kept.issuer);
    put(ISSUER_KEY, &kept.issuer_key);
    put(UNTIL, &until.to_string());
    let mut metadata =
        json!({ "name": cluster::AUTHORITY, "labels": { "app.kubernetes.io/managed-by": "quarterdeck" } });
    if let (Some(metadata), Some(version)) = (metadata.as_object_mut(), version) {
        metadata.insert("resourceVersion".to_owned(), version.clone());
    }
    json!({ "apiVersion": "v1", "kind": "Secret", "type": "quarterdeck.dev/authority", "metadata": metadata, "data": data })
}

/// The trust domain, as daemons are told it.
pub(crate) const TRUST: &str = "quarterdeck";
const ROOT: &str = "root.pem";
const ROOT_KEY: &str = "root-key.pem";
const ISSUER: &str = "issuer.pem";
const ISSUER_KEY: &str = "issuer-key.pem";
/// Seconds since 1970.
const UNTIL: &str = "issuer-until";
const FIRST_PAUSE: Duration = Duration::from_secs(1);
/// How often it is looked whether the issuer is to be renewed.
const LOOK: Duration = Duration::from_secs(3_600);
/// The year 9999.
const FAR_S: u64 = 253_402_300_799;

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used, clippy::indexing_slicing)]

    use super::{ROOT_KEY, TRUST, read, write};
    use pki::{Authority, Keys, Name};
    use std::time::{Duration, SystemTime};

    #[test]
    fn ac_113a_an_authority_comes_back_from_its_secret_and_its_issuer_is_renewed_in_time() {
        let now = SystemTime::now();
        let made = Authority::new(TRUST, now).unwrap();
        let secret = write(made.kept(), None);
        let mut back = read(&secret).unwrap();
        assert_eq!(back.roots(), made.roots(), "whoever leads next is trusted by those who are certified");
        let (keys, name) = (Keys::new().unwrap(), Name::workspace(TRUST, "u"));
        keys.take(back.certify(keys.public(), &name, now).unwrap(), now).unwrap();
        let day = Duration::from_secs(86_400);
        assert!(!back.renew(now + 59 * day).unwrap());
        assert!(back.renew(now + 61 * day).unwrap());
        assert_eq!(read(&write(back.kept(), None)).unwrap().roots(), made.roots());
        // the root's key may be kept elsewhere: what is certified goes on, and the issuer cannot be renewed
        let mut offline = secret.clone();
        offline["data"].as_object_mut().unwrap().remove(ROOT_KEY).unwrap();
        let mut offline = read(&offline).unwrap();
        assert!(offline.certify(keys.public(), &name, now).is_ok());
        assert!(offline.renew(now + 61 * day).is_err());
        assert!(read(&serde_json::json!({ "data": {} })).is_err());
    }
}
