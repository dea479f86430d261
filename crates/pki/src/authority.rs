//! The authority: a root that signs issuers, an issuer that signs leaves.

use std::time::{Duration, SystemTime};

use rcgen::{
    BasicConstraints, CertificateParams, DistinguishedName, DnType, ExtendedKeyUsagePurpose, IsCa, Issuer, KeyPair,
    KeyUsagePurpose, PKCS_ECDSA_P256_SHA256, PublicKeyData, SanType, SignatureAlgorithm,
};
use rustls::pki_types::CertificateDer;
use zeroize::Zeroizing;

use crate::{Error, Keys, Name};

/// What an authority is made from again: certificates and keys as PEM, to be kept as a secret.
#[derive(Clone)]
pub struct Kept {
    /// The trust domain.
    pub trust: String,
    /// The root's certificate.
    pub root: String,
    /// The root's key; without it issuers cannot be renewed here.
    pub root_key: Option<Zeroizing<String>>,
    /// The issuer's certificate.
    pub issuer: String,
    /// The issuer's key.
    pub issuer_key: Zeroizing<String>,
    /// When the issuer's certificate ends.
    pub issuer_until: SystemTime,
}

/// A certificate for a key, with what proves it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Leaf {
    /// The leaf and its issuer.
    pub chain: Vec<CertificateDer<'static>>,
    /// The roots to trust.
    pub roots: Vec<CertificateDer<'static>>,
    /// When it ends.
    pub until: SystemTime,
}

/// Signs certificates.
pub struct Authority {
    kept: Kept,
    issuer: Issuer<'static, KeyPair>,
    root_der: CertificateDer<'static>,
    issuer_der: CertificateDer<'static>,
    /// How long leaves are good.
    leaves: Duration,
}

impl Authority {
    /// A new one.
    ///
    /// # Errors
    /// When keys cannot be made.
    pub fn new(trust: &str, now: SystemTime) -> Result<Self, Error> {
        let (root_key, issuer_key) = (key()?, key()?);
        let root_pem = Zeroizing::new(root_key.serialize_pem());
        let root = root_params(trust, now).self_signed(&root_key).map_err(crypto)?;
        let root_issuer = Issuer::new(root_params(trust, now), root_key);
        let issuer = issuer_params(trust, now).signed_by(&issuer_key, &root_issuer).map_err(crypto)?;
        Self::from_kept(Kept {
            trust: trust.to_owned(),
            root: root.pem(),
            root_key: Some(root_pem),
            issuer: issuer.pem(),
            issuer_key: Zeroizing::new(issuer_key.serialize_pem()),
            issuer_until: now + ISSUER,
        })
    }

    /// One that was kept.
    ///
    /// # Errors
    /// When what was kept cannot be read.
    pub fn from_kept(kept: Kept) -> Result<Self, Error> {
        let key = KeyPair::from_pem(&kept.issuer_key).map_err(|error| Error::Certificates(error.to_string()))?;
        let issuer = Issuer::new(issuer_params(&kept.trust, kept.issuer_until - ISSUER), key);
        let (root_der, issuer_der) = (der(&kept.root)?, der(&kept.issuer)?);
        Ok(Self { kept, issuer, root_der, issuer_der, leaves: LEAF })
    }

    /// Leaves are good for so long, instead of a day.
    #[must_use]
    pub fn with_leaves_of(self, leaves: Duration) -> Self {
        Self { leaves, ..self }
    }

    /// Certifies keys of this process when half of their certificate's life is over; whether they were. Connections that
    /// stand live on.
    ///
    /// # Errors
    /// As [`Authority::certify`].
    pub fn refresh(&self, keys: &Keys, name: &Name, now: SystemTime) -> Result<bool, Error> {
        if !keys.due(now) {
            return Ok(false);
        }
        keys.take(self.certify(keys.public(), name, now)?, now)?;
        Ok(true)
    }

    /// What it is made from again.
    #[must_use]
    pub fn kept(&self) -> &Kept {
        &self.kept
    }

    /// A new issuer when a third of the old one's time is left; whether there is one, which is to be kept then.
    ///
    /// # Errors
    /// When it is due and the root's key is not here.
    pub fn renew(&mut self, now: SystemTime) -> Result<bool, Error> {
        if now + ISSUER / 3 < self.kept.issuer_until {
            return Ok(false);
        }
        let missing = || Error::Certificates("the issuer ends soon, and the root's key is not here".to_owned());
        let root_key = KeyPair::from_pem(self.kept.root_key.as_ref().ok_or_else(missing)?).map_err(crypto)?;
        let root = Issuer::new(root_params(&self.kept.trust, now), root_key);
        let new = key()?;
        let issuer = issuer_params(&self.kept.trust, now).signed_by(&new, &root).map_err(crypto)?;
        let leaves = self.leaves;
        *self = Self::from_kept(Kept {
            issuer: issuer.pem(),
            issuer_key: Zeroizing::new(new.serialize_pem()),
            issuer_until: now + ISSUER,
            ..self.kept.clone()
        })?
        .with_leaves_of(leaves);
        Ok(true)
    }

    /// The roots that all who are certified here trust.
    #[must_use]
    pub fn roots(&self) -> Vec<CertificateDer<'static>> {
        vec![self.root_der.clone()]
    }

    /// Certifies that who holds the key is called so. The caller has made sure of it.
    ///
    /// # Errors
    /// When the name is of another domain, or no signature could be made.
    pub fn certify(&self, public_key: &[u8], name: &Name, now: SystemTime) -> Result<Leaf, Error> {
        if name.trust != self.kept.trust {
            return Err(Error::Name(name.to_string()));
        }
        let until = (now + self.leaves).min(self.kept.issuer_until);
        let uri = name.to_string().try_into().map_err(|_| Error::Name(name.to_string()))?;
        let mut params = CertificateParams::default();
        params.distinguished_name = called("Quarterdeck");
        params.not_before = (now - SKEW).into();
        params.not_after = until.into();
        params.subject_alt_names = vec![SanType::URI(uri)];
        params.key_usages = vec![KeyUsagePurpose::DigitalSignature];
        params.extended_key_usages = vec![ExtendedKeyUsagePurpose::ServerAuth, ExtendedKeyUsagePurpose::ClientAuth];
        params.use_authority_key_identifier_extension = true;
        let leaf = params.signed_by(&Public(public_key), &self.issuer).map_err(crypto)?;
        let chain = vec![leaf.der().clone(), self.issuer_der.clone()];
        Ok(Leaf { chain, roots: self.roots(), until })
    }
}

impl std::fmt::Debug for Authority {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Authority").field("trust", &self.kept.trust).finish_non_exhaustive()
    }
}

/// An uncompressed point of P-256.
struct Public<'a>(&'a [u8]);

impl PublicKeyData for Public<'_> {
    fn der_bytes(&self) -> &[u8] {
        self.0
    }

    fn algorithm(&self) -> &'static SignatureAlgorithm {
        &PKCS_ECDSA_P256_SHA256
    }
}

fn key() -> Result<KeyPair, Error> {
    KeyPair::generate_for(&PKCS_ECDSA_P256_SHA256).map_err(crypto)
}

fn root_params(trust: &str, now: SystemTime) -> CertificateParams {
    let constraints = IsCa::Ca(BasicConstraints::Constrained(1));
    authority_params(&format!("Quarterdeck root of {trust}"), constraints, now, ROOT)
}

fn issuer_params(trust: &str, now: SystemTime) -> CertificateParams {
    let constraints = IsCa::Ca(BasicConstraints::Constrained(0));
    let mut params = authority_params(&format!("Quarterdeck issuer of {trust}"), constraints, now, ISSUER);
    params.use_authority_key_identifier_extension = true;
    params
}

fn authority_params(name: &str, is_ca: IsCa, now: SystemTime, life: Duration) -> CertificateParams {
    let mut params = CertificateParams::default();
    params.distinguished_name = called(name);
    params.is_ca = is_ca;
    params.key_usages = vec![KeyUsagePurpose::KeyCertSign, KeyUsagePurpose::CrlSign];
    params.not_before = (now - SKEW).into();
    params.not_after = (now + life).into();
    params
}

fn called(name: &str) -> DistinguishedName {
    let mut called = DistinguishedName::new();
    called.push(DnType::CommonName, name);
    called
}

fn der(pem: &str) -> Result<CertificateDer<'static>, Error> {
    use rustls::pki_types::pem::PemObject;
    CertificateDer::from_pem_slice(pem.as_bytes()).map_err(|error| Error::Certificates(error.to_string()))
}

fn crypto(error: rcgen::Error) -> Error {
    Error::Crypto(error.to_string())
}

const DAY: Duration = Duration::from_secs(24 * 3600);
const ROOT: Duration = Duration::from_secs(10 * 365 * 24 * 3600);
const ISSUER: Duration = Duration::from_secs(90 * 24 * 3600);
const LEAF: Duration = DAY;
/// Clocks differ: certificates are good from a little earlier.
const SKEW: Duration = Duration::from_secs(300);
