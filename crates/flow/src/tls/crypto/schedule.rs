//! Keys out of secrets: HKDF-Expand-Label (RFC 8446 section 7.1) and the PRF of TLS 1.2 (RFC 5246 section 5).

use aws_lc_rs::{hkdf, tls_prf};
use zeroize::Zeroizing;

/// The hash of a key schedule.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Hash {
    Sha256,
    Sha384,
}

impl Hash {
    /// Bytes of its output, which is the length of secrets.
    pub(crate) fn len(self) -> usize {
        match self {
            Self::Sha256 => 32,
            Self::Sha384 => 48,
        }
    }

    fn hkdf(self) -> hkdf::Algorithm {
        match self {
            Self::Sha256 => hkdf::HKDF_SHA256,
            Self::Sha384 => hkdf::HKDF_SHA384,
        }
    }
}

/// HKDF-Expand-Label with an empty context. The label stands without its prefix `tls13 `.
pub(crate) fn expand_label(hash: Hash, secret: &[u8], label: &str, len: usize) -> Option<Zeroizing<Vec<u8>>> {
    let total = (len as u16).to_be_bytes();
    let label_len = [6 + label.len() as u8];
    let info: [&[u8]; 5] = [&total, &label_len, b"tls13 ", label.as_bytes(), &[0]];
    let mut out = Zeroizing::new(vec![0; len]);
    let prk = hkdf::Prk::new_less_safe(hash.hkdf(), secret);
    prk.expand(&info, Length(len)).and_then(|okm| okm.fill(&mut out)).ok()?;
    Some(out)
}

/// The key block of TLS 1.2: `len` bytes out of the master secret and both randoms.
pub(crate) fn key_block(
    hash: Hash,
    master: &[u8],
    client: &[u8; 32],
    server: &[u8; 32],
    len: usize,
) -> Option<tls_prf::Secret> {
    let algorithm = match hash {
        Hash::Sha256 => &tls_prf::P_SHA256,
        Hash::Sha384 => &tls_prf::P_SHA384,
    };
    let master = tls_prf::Secret::new(algorithm, master).ok()?;
    master.derive_with_seed_concatination(b"key expansion", server, client, len).ok()
}

struct Length(usize);

impl hkdf::KeyType for Length {
    fn len(&self) -> usize {
        self.0
    }
}
