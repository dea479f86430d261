//! What a certificate from an ACME server needs that is made here: the request for it, the answer to a challenge by TLS, and when
//! it is to be made anew (RFC 8555, RFC 8737).

use rcgen::{CertificateParams, CustomExtension, KeyPair, PKCS_ECDSA_P256_SHA256, SanType};
use rustls::pki_types::pem::PemObject;
use rustls::pki_types::{CertificateDer, PrivateKeyDer, PrivatePkcs8KeyDer};
use rustls::sign::CertifiedKey;
use std::sync::Arc;
use std::time::{Duration, SystemTime};
use zeroize::Zeroizing;

use crate::Error;
use crate::local::{crypto, hosts_of, name_of, seconds};

/// A request for a certificate.
pub struct Request {
    /// It, DER.
    pub der: Vec<u8>,
    /// The key that it is for, PEM.
    pub key: Zeroizing<String>,
}

/// A request for these hosts, with a key of its own.
///
/// # Errors
/// When a host is none, or no signature could be made.
pub fn request(hosts: &[String]) -> Result<Request, Error> {
    let key = KeyPair::generate_for(&PKCS_ECDSA_P256_SHA256).map_err(crypto)?;
    let mut params = CertificateParams::default();
    params.subject_alt_names = hosts.iter().map(|host| name_of(host)).collect::<Result<_, _>>()?;
    params.distinguished_name = rcgen::DistinguishedName::new();
    let request = params.serialize_request(&key).map_err(crypto)?;
    Ok(Request { der: request.der().to_vec(), key: Zeroizing::new(key.serialize_pem()) })
}

/// What is shown to who asks for a host by the protocol `acme-tls/1`: a certificate of nobody's with the digest (SHA-256) of what the server is to
/// be told.
///
/// # Errors
/// When the host is none, or no signature could be made.
pub fn challenge(host: &str, digest: &[u8]) -> Result<Arc<CertifiedKey>, Error> {
    let key = KeyPair::generate_for(&PKCS_ECDSA_P256_SHA256).map_err(crypto)?;
    let mut params = CertificateParams::default();
    params.subject_alt_names = match name_of(host)? {
        name @ SanType::DnsName(_) => vec![name],
        _ => return Err(Error::Name(host.to_owned())),
    };
    params.custom_extensions = vec![CustomExtension::new_acme_identifier(digest)];
    let certificate = params.self_signed(&key).map_err(crypto)?;
    let secret = PrivateKeyDer::Pkcs8(PrivatePkcs8KeyDer::from(key.serialize_der()));
    let key = rustls::crypto::aws_lc_rs::sign::any_supported_type(&secret)
        .map_err(|error| Error::Crypto(error.to_string()))?;
    Ok(Arc::new(CertifiedKey::new(vec![certificate.der().clone()], key)))
}

/// When a certificate (PEM) is to be made anew, which is with a third of its time left; nothing where it is not good for all of
/// the hosts.
#[must_use]
pub fn renew_at(pem: &[u8], hosts: &[String]) -> Option<SystemTime> {
    let der = CertificateDer::from_pem_slice(pem).ok()?;
    let (_, parsed) = x509_parser::parse_x509_certificate(&der).ok()?;
    let has = hosts_of(&parsed);
    if !hosts.iter().all(|host| has.contains(&host.to_ascii_lowercase())) {
        return None;
    }
    let validity = parsed.validity();
    let (from, until) = (validity.not_before.timestamp(), validity.not_after.timestamp());
    let at = until - (until - from) / 3;
    Some(SystemTime::UNIX_EPOCH + Duration::from_secs(u64::try_from(at).ok()?))
}

/// Whether a certificate has ended by now, or cannot be read.
#[must_use]
pub fn has_ended(pem: &[u8], now: SystemTime) -> bool {
    let Ok(der) = CertificateDer::from_pem_slice(pem) else { return true };
    let parsed = x509_parser::parse_x509_certificate(&der);
    parsed.map_or(true, |(_, parsed)| parsed.validity().not_after.timestamp() <= seconds(now))
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used)]

    use super::{challenge, request};
    use x509_parser::certification_request::X509CertificationRequest;
    use x509_parser::prelude::FromDer;

    #[test]
    fn ge_09d_a_request_names_its_hosts_and_an_answer_to_a_challenge_carries_its_digest() {
        let hosts = ["qd.test".to_owned(), "*.apps.test".to_owned()];
        let made = request(&hosts).unwrap();
        assert!(made.key.starts_with("-----BEGIN PRIVATE KEY"));
        let (_, read) = X509CertificationRequest::from_der(&made.der).unwrap();
        let names = format!("{:?}", read.requested_extensions().unwrap().collect::<Vec<_>>());
        assert!(names.contains(r#"DNSName("qd.test"), DNSName("*.apps.test")"#), "{names}");
        assert!(request(&["no host".to_owned()]).is_err());

        let digest = [7_u8; 32];
        let shown = challenge("qd.test", &digest).unwrap();
        let (_, parsed) = x509_parser::parse_x509_certificate(shown.cert.first().unwrap()).unwrap();
        let oid = x509_parser::der_parser::oid!(1.3.6.1.5.5.7.1.31);
        let told = parsed.extensions().iter().find(|one| one.oid == oid).unwrap();
        assert!(told.critical && told.value.ends_with(&digest), "RFC 8737");
        assert!(challenge("192.0.2.1", &digest).is_err(), "names alone are asked for by TLS");
    }
}
