//! The key of this process and the certificate that it shows: renewed in place, seen by every connection that comes after.

use std::sync::Arc;
use std::time::{Duration, SystemTime};

use aws_lc_rs::signature::{ECDSA_P256_SHA256_ASN1_SIGNING, EcdsaKeyPair, KeyPair};
use parking_lot::RwLock;
use rustls::RootCertStore;
use rustls::client::ResolvesClientCert;
use rustls::crypto::aws_lc_rs::sign::any_ecdsa_type;
use rustls::pki_types::{CertificateDer, PrivatePkcs8KeyDer};
use rustls::server::{ClientHello, ResolvesServerCert};
use rustls::sign::{CertifiedKey, SigningKey};

use crate::{Error, Leaf};

/// A key, and what certifies it now.
#[derive(Debug)]
pub struct Keys {
    public: Vec<u8>,
    signing: Arc<dyn SigningKey>,
    shown: RwLock<Shown>,
}

#[derive(Debug, Default)]
struct Shown {
    key: Option<Arc<CertifiedKey>>,
    roots: Option<Arc<RootCertStore>>,
    from: Option<SystemTime>,
    until: Option<SystemTime>,
}

impl Keys {
    /// A new key, certified by nobody.
    ///
    /// # Errors
    /// When it cannot be made.
    pub fn new() -> Result<Arc<Self>, Error> {
        let wrong = |_| Error::Crypto("no key could be made".to_owned());
        let pair = EcdsaKeyPair::generate(&ECDSA_P256_SHA256_ASN1_SIGNING).map_err(wrong)?;
        let document = pair.to_pkcs8v1().map_err(wrong)?;
        let der = PrivatePkcs8KeyDer::from(document.as_ref().to_vec()).into();
        let signing = any_ecdsa_type(&der).map_err(|error| Error::Crypto(error.to_string()))?;
        Ok(Arc::new(Self { public: pair.public_key().as_ref().to_vec(), signing, shown: RwLock::default() }))
    }

    /// What an authority certifies.
    #[must_use]
    pub fn public(&self) -> &[u8] {
        &self.public
    }

    /// Shows this certificate, and trusts its roots, from now on.
    ///
    /// # Errors
    /// When it is for another key, or its roots cannot be read.
    pub fn take(&self, leaf: Leaf, now: SystemTime) -> Result<(), Error> {
        let wrong = |error: rustls::Error| Error::Certificates(error.to_string());
        let key = CertifiedKey::new(leaf.chain, self.signing.clone());
        let first = key.end_entity_cert().map_err(wrong)?;
        if !holds(first, &self.public) {
            return Err(Error::Certificates("the certificate is for another key".to_owned()));
        }
        let mut roots = RootCertStore::empty();
        for root in leaf.roots {
            roots.add(root).map_err(wrong)?;
        }
        *self.shown.write() =
            Shown { key: Some(Arc::new(key)), roots: Some(Arc::new(roots)), from: Some(now), until: Some(leaf.until) };
        Ok(())
    }

    /// When the certificate ends; `None` while there is none.
    #[must_use]
    pub fn until(&self) -> Option<SystemTime> {
        self.shown.read().until
    }

    /// Half of its life is over, or there is none.
    #[must_use]
    pub fn due(&self, now: SystemTime) -> bool {
        let shown = self.shown.read();
        let (Some(from), Some(until)) = (shown.from, shown.until) else { return true };
        let life = until.duration_since(from).unwrap_or(Duration::ZERO);
        now >= from + life / 2
    }

    pub(crate) fn roots(&self) -> Arc<RootCertStore> {
        self.shown.read().roots.clone().unwrap_or_else(|| Arc::new(RootCertStore::empty()))
    }
}

impl ResolvesServerCert for Keys {
    fn resolve(&self, _: ClientHello<'_>) -> Option<Arc<CertifiedKey>> {
        self.shown.read().key.clone()
    }
}

impl ResolvesClientCert for Keys {
    fn resolve(&self, _: &[&[u8]], _: &[rustls::SignatureScheme]) -> Option<Arc<CertifiedKey>> {
        self.shown.read().key.clone()
    }

    fn has_certs(&self) -> bool {
        self.shown.read().key.is_some()
    }
}

fn holds(certificate: &CertificateDer<'_>, public: &[u8]) -> bool {
    x509_parser::parse_x509_certificate(certificate)
        .is_ok_and(|(_, parsed)| parsed.public_key().subject_public_key.data.as_ref() == public)
}
