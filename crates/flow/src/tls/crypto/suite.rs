//! Which cipher, hash and framing a cipher suite means, read from its registered name.

use super::Hash;
use crate::tls::names;

/// A suite whose records can be opened.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Suite {
    pub(crate) bulk: Bulk,
    /// Of the key schedule.
    pub(crate) hash: Hash,
}

/// How records are encrypted.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Bulk {
    Aes128Gcm,
    Aes256Gcm,
    ChaCha20Poly1305,
    /// AES-CCM with the lengths of key and tag.
    Ccm {
        key: usize,
        tag: usize,
    },
    /// AES-CBC with the length of its key.
    Cbc {
        key: usize,
        mac: Mac,
    },
    /// Not encrypted, only authenticated.
    Null {
        mac: usize,
    },
}

/// What authenticates records of suites that are not AEAD.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Mac {
    Sha1,
    Sha256,
    Sha384,
}

impl Mac {
    pub(crate) fn len(self) -> usize {
        match self {
            Self::Sha1 => 20,
            Self::Sha256 => 32,
            Self::Sha384 => 48,
        }
    }
}

impl Suite {
    /// None when records of this suite cannot be opened here.
    pub(crate) fn of(code: u16) -> Option<Self> {
        let name = names::cipher(code)?;
        let bulk = match name.split_once("_WITH_") {
            Some((_, bulk)) => bulk,
            None => name.strip_prefix("TLS_")?,
        };
        let hash = if bulk.ends_with("SHA384") { Hash::Sha384 } else { Hash::Sha256 };
        let bulk = match bulk {
            "AES_128_GCM_SHA256" => Bulk::Aes128Gcm,
            "AES_256_GCM_SHA384" => Bulk::Aes256Gcm,
            "CHACHA20_POLY1305_SHA256" => Bulk::ChaCha20Poly1305,
            "AES_128_CCM" | "AES_128_CCM_SHA256" => Bulk::Ccm { key: 16, tag: 16 },
            "AES_256_CCM" | "AES_256_CCM_SHA384" => Bulk::Ccm { key: 32, tag: 16 },
            "AES_128_CCM_8" | "AES_128_CCM_8_SHA256" => Bulk::Ccm { key: 16, tag: 8 },
            "AES_256_CCM_8" | "AES_256_CCM_8_SHA256" => Bulk::Ccm { key: 32, tag: 8 },
            "AES_128_CBC_SHA" => Bulk::Cbc { key: 16, mac: Mac::Sha1 },
            "AES_256_CBC_SHA" => Bulk::Cbc { key: 32, mac: Mac::Sha1 },
            "AES_128_CBC_SHA256" => Bulk::Cbc { key: 16, mac: Mac::Sha256 },
            "AES_256_CBC_SHA256" => Bulk::Cbc { key: 32, mac: Mac::Sha256 },
            "AES_256_CBC_SHA384" => Bulk::Cbc { key: 32, mac: Mac::Sha384 },
            "NULL_SHA" => Bulk::Null { mac: 20 },
            "NULL_SHA256" => Bulk::Null { mac: 32 },
            _ => return None,
        };
        Some(Self { bulk, hash })
    }

    /// Whether it does not encrypt at all.
    pub(crate) fn is_null(self) -> bool {
        matches!(self.bulk, Bulk::Null { .. })
    }

    /// Bytes of its key.
    pub(crate) fn key_len(self) -> usize {
        match self.bulk {
            Bulk::Aes128Gcm => 16,
            Bulk::Aes256Gcm | Bulk::ChaCha20Poly1305 => 32,
            Bulk::Ccm { key, .. } | Bulk::Cbc { key, .. } => key,
            Bulk::Null { .. } => 0,
        }
    }
}
