//! The authority of one machine: what its people's browsers are told to trust, and the certificates of its servers.
//!
//! A folder holds the authority (`ca.pem`, `ca.key`) and one pair for the console (`leaf.pem`, `leaf.key`). Keys are readable
//! by their owner alone; files are replaced whole, so that a reader never sees half of one.

use std::collections::BTreeSet;
use std::io::Write;
use std::net::IpAddr;
use std::path::{Path, PathBuf};
use std::time::{Duration, SystemTime};

use rcgen::{
    BasicConstraints, CertificateParams, DistinguishedName, DnType, ExtendedKeyUsagePurpose, IsCa, Issuer, KeyPair,
    KeyUsagePurpose, PKCS_ECDSA_P256_SHA256, SanType,
};
use rustls::pki_types::CertificateDer;
use rustls::pki_types::pem::PemObject;
use x509_parser::certificate::X509Certificate;
use x509_parser::extensions::GeneralName;
use zeroize::Zeroizing;

use crate::Error;

/// The authority of one machine.
pub struct Local {
    folder: PathBuf,
    root: String,
    issuer: Issuer<'static, KeyPair>,
    name: String,
}

/// A certificate with its key.
#[derive(Clone)]
pub struct Pair {
    /// The certificate and the authority's, PEM.
    pub certificate: String,
    /// Its key, PEM.
    pub key: Zeroizing<String>,
    /// When it ends.
    pub until: SystemTime,
}

impl Pair {
    /// When another one is to be made: with a third of its time left.
    #[must_use]
    pub fn renew_at(&self) -> SystemTime {
        self.until - RENEWED_BEFORE
    }
}

impl Local {
    /// The authority of a folder, which is made where there is none.
    ///
    /// # Errors
    /// When the folder cannot be used, or holds what is no authority.
    pub fn open(folder: &Path, now: SystemTime) -> Result<Self, Error> {
        let (at, key_at) = (folder.join(ROOT), folder.join(ROOT_KEY));
        if !at.exists() && !key_at.exists() {
            make(folder, now)?;
        }
        let root = read(&at)?;
        let key = KeyPair::from_pem(&Zeroizing::new(read(&key_at)?)).map_err(|error| wrong(&key_at, error))?;
        let der = CertificateDer::from_pem_slice(root.as_bytes()).map_err(|error| wrong(&at, error))?;
        let (_, parsed) = x509_parser::parse_x509_certificate(&der).map_err(|error| wrong(&at, error))?;
        if parsed.public_key().subject_public_key.data.as_ref() != key.public_key_raw() {
            return Err(wrong(&at, "its key is another one's"));
        }
        if parsed.validity().not_after.timestamp() <= seconds(now) {
            return Err(wrong(&at, "it has ended: move the folder away, and trust the new one"));
        }
        let name = parsed.subject().iter_common_name().next().and_then(|name| name.as_str().ok()).unwrap_or_default();
        let name = name.to_owned();
        let issuer = Issuer::new(params(&name), key);
        Ok(Self { folder: folder.to_owned(), root, issuer, name })
    }

    /// The authority's certificate, PEM: what is to be trusted.
    #[must_use]
    pub fn root(&self) -> &str {
        &self.root
    }

    /// Where that stands.
    #[must_use]
    pub fn root_path(&self) -> PathBuf {
        self.folder.join(ROOT)
    }

    /// Its name, as lists of trusted authorities show it.
    #[must_use]
    pub fn name(&self) -> &str {
        &self.name
    }

    /// A certificate for these hosts: names, names of all hosts of a domain (`*.apps.test`), addresses.
    ///
    /// # Errors
    /// When a host is none, or no signature could be made.
    pub fn issue(&self, hosts: &[String], now: SystemTime) -> Result<Pair, Error> {
        let key = KeyPair::generate_for(&PKCS_ECDSA_P256_SHA256).map_err(crypto)?;
        let mut params = CertificateParams::default();
        params.subject_alt_names = hosts.iter().map(|host| name_of(host)).collect::<Result<_, _>>()?;
        let Some(first) = hosts.first() else { return Err(Error::Name(String::new())) };
        // a common name is 64 characters at most; nobody reads it but people
        params.distinguished_name = called(&first.chars().take(64).collect::<String>());
        let until = now + LEAF;
        (params.not_before, params.not_after) = ((now - SKEW).into(), until.into());
        params.key_usages = vec![KeyUsagePurpose::DigitalSignature];
        params.extended_key_usages = vec![ExtendedKeyUsagePurpose::ServerAuth];
        params.use_authority_key_identifier_extension = true;
        let leaf = params.signed_by(&key, &self.issuer).map_err(crypto)?;
        let key = Zeroizing::new(key.serialize_pem());
        Ok(Pair { certificate: format!("{}{}", leaf.pem(), self.root), key, until })
    }

    /// The console's pair in the folder, made anew where it is missing, has a third of its time left, or lacks a host: its
    /// files, and whether it is new.
    ///
    /// # Errors
    /// As [`Local::issue`], and when files cannot be written.
    pub fn keep(&self, hosts: &[String], now: SystemTime) -> Result<([PathBuf; 2], bool), Error> {
        let files = [self.folder.join("leaf.pem"), self.folder.join("leaf.key")];
        let [certificate, key] = &files;
        if key.exists() && std::fs::read(certificate).is_ok_and(|pem| is_good(&pem, hosts, now)) {
            return Ok((files, false));
        }
        write_pair(&self.issue(hosts, now)?, certificate, key)?;
        Ok((files, true))
    }
}

impl std::fmt::Debug for Local {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Local").field("name", &self.name).field("folder", &self.folder).finish_non_exhaustive()
    }
}

/// The hosts of every certificate for a console on this machine.
#[must_use]
pub fn own_hosts() -> Vec<String> {
    // clients that take no `*` right under a top name know the console by its own
    ["localhost", "qd.localhost", "*.localhost", "127.0.0.1", "::1"].map(str::to_owned).to_vec()
}

/// Writes a pair: the key first, so that a certificate never stands without its own.
///
/// # Errors
/// When a file cannot be written.
pub fn write_pair(pair: &Pair, certificate: &Path, key: &Path) -> Result<(), Error> {
    write_secret(key, pair.key.as_bytes())?;
    write(certificate, pair.certificate.as_bytes(), PUBLIC)
}

/// Replaces a file whole, which its owner alone may read.
///
/// # Errors
/// When it cannot be written.
pub fn write_secret(path: &Path, bytes: &[u8]) -> Result<(), Error> {
    write(path, bytes, SECRET)
}

/// Whether a certificate is good for all hosts, and for more than a third of its time yet.
fn is_good(pem: &[u8], hosts: &[String], now: SystemTime) -> bool {
    let Ok(der) = CertificateDer::from_pem_slice(pem) else { return false };
    let Ok((_, parsed)) = x509_parser::parse_x509_certificate(&der) else { return false };
    let has = hosts_of(&parsed);
    let renew_at = parsed.validity().not_after.timestamp() - seconds(SystemTime::UNIX_EPOCH + RENEWED_BEFORE);
    seconds(now) < renew_at && hosts.iter().all(|host| has.contains(&host.to_ascii_lowercase()))
}

/// What a certificate is good for, as hosts are written.
pub(crate) fn hosts_of(parsed: &X509Certificate<'_>) -> BTreeSet<String> {
    let names = parsed.subject_alternative_name().ok().flatten();
    names.iter().flat_map(|names| &names.value.general_names).filter_map(written).collect()
}

/// A name of a certificate as hosts are written.
fn written(name: &GeneralName<'_>) -> Option<String> {
    match name {
        GeneralName::DNSName(name) => Some(name.to_ascii_lowercase()),
        GeneralName::IPAddress(bytes) => match bytes.len() {
            4 => <[u8; 4]>::try_from(*bytes).ok().map(|bytes| IpAddr::from(bytes).to_string()),
            _ => <[u8; 16]>::try_from(*bytes).ok().map(|bytes| IpAddr::from(bytes).to_string()),
        },
        _ => None,
    }
}

pub(crate) fn name_of(host: &str) -> Result<SanType, Error> {
    if let Ok(address) = host.parse::<IpAddr>() {
        return Ok(SanType::IpAddress(address));
    }
    let wrong = || Error::Name(host.chars().take(200).collect());
    let host = host.to_ascii_lowercase();
    let labels = host.strip_prefix("*.").unwrap_or(&host);
    let fits = |label: &str| {
        (1..=63).contains(&label.len())
            && label.bytes().all(|byte| byte.is_ascii_alphanumeric() || byte == b'-')
            && !label.starts_with('-')
            && !label.ends_with('-')
    };
    if host.len() > 253 || !labels.split('.').all(fits) {
        return Err(wrong());
    }
    Ok(SanType::DnsName(host.as_str().try_into().map_err(|_| wrong())?))
}

fn make(folder: &Path, now: SystemTime) -> Result<(), Error> {
    std::fs::create_dir_all(folder).map_err(|error| wrong(folder, error))?;
    let key = KeyPair::generate_for(&PKCS_ECDSA_P256_SHA256).map_err(crypto)?;
    // so that two machines' authorities are told from each other
    let mark: String = key.public_key_raw().iter().rev().take(4).map(|byte| format!("{byte:02x}")).collect();
    let mut params = params(&format!("Quarterdeck local authority {mark}"));
    (params.not_before, params.not_after) = ((now - SKEW).into(), (now + AUTHORITY).into());
    let root = params.self_signed(&key).map_err(crypto)?;
    write(&folder.join(ROOT_KEY), Zeroizing::new(key.serialize_pem()).as_bytes(), SECRET)?;
    write(&folder.join(ROOT), root.pem().as_bytes(), PUBLIC)
}

/// Of an authority with this name.
fn params(name: &str) -> CertificateParams {
    let mut params = CertificateParams::default();
    params.distinguished_name = called(name);
    params.is_ca = IsCa::Ca(BasicConstraints::Constrained(0));
    params.key_usages = vec![KeyUsagePurpose::KeyCertSign, KeyUsagePurpose::CrlSign];
    params
}

fn called(name: &str) -> DistinguishedName {
    let mut called = DistinguishedName::new();
    called.push(DnType::CommonName, name);
    called
}

fn read(path: &Path) -> Result<String, Error> {
    std::fs::read_to_string(path).map_err(|error| wrong(path, error))
}

/// Replaces a file whole.
fn write(path: &Path, bytes: &[u8], mode: u32) -> Result<(), Error> {
    let written = || -> std::io::Result<()> {
        let mut name = path.file_name().unwrap_or_default().to_owned();
        name.push(format!(".{}", std::process::id()));
        let beside = path.with_file_name(name);
        let mut options = std::fs::OpenOptions::new();
        options.write(true).create(true).truncate(true);
        #[cfg(unix)]
        std::os::unix::fs::OpenOptionsExt::mode(&mut options, mode);
        #[cfg(not(unix))]
        let _ = mode;
        let mut file = options.open(&beside)?;
        file.write_all(bytes)?;
        file.sync_all()?;
        std::fs::rename(&beside, path)
    };
    written().map_err(|error| wrong(path, error))
}

fn wrong(path: &Path, error: impl std::fmt::Display) -> Error {
    Error::Certificates(format!("{}: {error}", path.display()))
}

pub(crate) fn crypto(error: rcgen::Error) -> Error {
    Error::Crypto(error.to_string())
}

pub(crate) fn seconds(time: SystemTime) -> i64 {
    let since = time.duration_since(SystemTime::UNIX_EPOCH).unwrap_or_default();
    i64::try_from(since.as_secs()).unwrap_or(i64::MAX)
}

const ROOT: &str = "ca.pem";
const ROOT_KEY: &str = "ca.key";
const PUBLIC: u32 = 0o644;
const SECRET: u32 = 0o600;
const AUTHORITY: Duration = Duration::from_secs(10 * 365 * 24 * 3600);
const LEAF: Duration = Duration::from_secs(90 * 24 * 3600);
/// So long before its end a certificate is made anew: at 60 of 90 days.
const RENEWED_BEFORE: Duration = Duration::from_secs(30 * 24 * 3600);
/// Clocks differ: certificates are good from a little earlier.
const SKEW: Duration = Duration::from_secs(300);

#[cfg(test)]
mod tests;
