//! What a certificate says, of those that a handshake shows (RFC 5280).

use std::net::IpAddr;

use aws_lc_rs::digest;
use x509_parser::{certificate::X509Certificate, extensions::GeneralName, prelude::FromDer, public_key::PublicKey};

/// One certificate of a chain.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Certificate {
    /// Whose it is: `CN=..., O=...`.
    pub subject: String,
    /// Who signed it.
    pub issuer: String,
    /// The names and addresses it is for.
    pub sans: Vec<String>,
    /// Epoch seconds from which on it is valid.
    pub from: i64,
    /// Epoch seconds until which it is valid.
    pub to: i64,
    /// In hexadecimal digits.
    pub serial: String,
    /// Kind and size of its key: `RSA 2048`, `EC P-256`, `Ed25519`.
    pub key: String,
    /// SHA-256 of the whole.
    pub sha256: [u8; 32],
}

impl Certificate {
    /// Reads a certificate in DER. One that cannot be read has its hash alone.
    #[must_use]
    pub fn parse(der: &[u8]) -> Self {
        let mut out = Self::default();
        let sum = digest::digest(&digest::SHA256, der);
        out.sha256 = sum.as_ref().first_chunk().copied().unwrap_or_default();
        if let Ok((_, certificate)) = X509Certificate::from_der(der) {
            out.read(&certificate);
        }
        out
    }

    fn read(&mut self, from: &X509Certificate<'_>) {
        self.subject = cut(from.subject().to_string());
        self.issuer = cut(from.issuer().to_string());
        self.from = from.validity().not_before.timestamp();
        self.to = from.validity().not_after.timestamp();
        let serial = from.raw_serial();
        let serial = serial.strip_prefix(&[0]).filter(|rest| !rest.is_empty()).unwrap_or(serial);
        self.serial = serial.iter().take(MOST_SERIAL).map(|byte| format!("{byte:02x}")).collect();
        self.key = key_text(from);
        if let Ok(Some(names)) = from.subject_alternative_name() {
            self.sans = names.value.general_names.iter().filter_map(name_text).take(MOST_NAMES).collect();
        }
    }

    /// Whether it could be read.
    #[must_use]
    pub fn is_read(&self) -> bool {
        !self.key.is_empty()
    }

    /// Whether it is for a host: an exact name, or one label for a star (RFC 6125 section 6.4.3).
    #[must_use]
    pub fn is_for(&self, host: &[u8]) -> bool {
        let host = host.strip_suffix(b".").unwrap_or(host);
        self.sans.iter().any(|name| is_match(name.as_bytes(), host))
    }

    /// Bytes of heap it holds.
    #[must_use]
    pub fn heap(&self) -> usize {
        let names: usize = self.sans.iter().map(|name| name.capacity() + size_of::<String>()).sum();
        size_of::<Self>()
            + names
            + self.subject.capacity()
            + self.issuer.capacity()
            + self.serial.capacity()
            + self.key.capacity()
    }
}

fn is_match(name: &[u8], host: &[u8]) -> bool {
    if name.eq_ignore_ascii_case(host) {
        return true;
    }
    let Some(parent) = name.strip_prefix(b"*.") else { return false };
    let Some(dot) = host.iter().position(|byte| *byte == b'.') else { return false };
    dot > 0 && host.get(dot + 1..).is_some_and(|rest| rest.eq_ignore_ascii_case(parent))
}

fn name_text(name: &GeneralName<'_>) -> Option<String> {
    Some(cut(match name {
        GeneralName::DNSName(text) | GeneralName::URI(text) | GeneralName::RFC822Name(text) => (*text).to_owned(),
        GeneralName::IPAddress(bytes) => match bytes.len() {
            4 => IpAddr::from(*bytes.first_chunk::<4>()?).to_string(),
            16 => IpAddr::from(*bytes.first_chunk::<16>()?).to_string(),
            _ => return None,
        },
        GeneralName::DirectoryName(name) => name.to_string(),
        _ => return None,
    }))
}

fn key_text(from: &X509Certificate<'_>) -> String {
    let info = from.public_key();
    let algorithm = info.algorithm.algorithm.to_id_string();
    if let Some((_, name)) = KEYS.iter().find(|(id, _)| *id == algorithm) {
        return (*name).to_owned();
    }
    match info.parsed() {
        Ok(PublicKey::RSA(key)) => format!("RSA {}", key.key_size()),
        Ok(PublicKey::EC(point)) => {
            let curve = info.algorithm.parameters.as_ref().and_then(|any| any.as_oid().ok());
            let curve = curve.map(|oid| oid.to_id_string()).unwrap_or_default();
            match CURVES.iter().find(|(id, _)| *id == curve) {
                Some((_, name)) => format!("EC {name}"),
                None => format!("EC {}", point.key_size()),
            }
        }
        Ok(PublicKey::DSA(key)) => format!("DSA {}", key.len() * 8),
        _ => cut(algorithm),
    }
}

/// A text from outside, no longer than is kept.
fn cut(mut text: String) -> String {
    if text.len() > MOST_TEXT {
        let at = (0..=MOST_TEXT).rev().find(|at| text.is_char_boundary(*at)).unwrap_or(0);
        text.truncate(at);
    }
    text
}

/// Keys whose kind says all.
const KEYS: &[(&str, &str)] = &[
    ("1.3.101.112", "Ed25519"),
    ("1.3.101.113", "Ed448"),
    ("1.2.840.113549.1.1.10", "RSA-PSS"),
    ("2.16.840.1.101.3.4.3.17", "ML-DSA-44"),
    ("2.16.840.1.101.3.4.3.18", "ML-DSA-65"),
    ("2.16.840.1.101.3.4.3.19", "ML-DSA-87"),
];
/// Curves that have a short name.
const CURVES: &[(&str, &str)] = &[
    ("1.2.840.10045.3.1.7", "P-256"),
    ("1.3.132.0.34", "P-384"),
    ("1.3.132.0.35", "P-521"),
    ("1.3.132.0.10", "secp256k1"),
];
/// Bytes of a name that are kept.
const MOST_TEXT: usize = 1024;
/// Names of one certificate that are kept.
const MOST_NAMES: usize = 128;
/// Bytes of a serial number that are kept; RFC 5280 allows 20.
const MOST_SERIAL: usize = 32;
