//! Heads of chains, and signed statements over all of them.

use crate::chain::Hash;
use crate::id::WriterId;
use serde::{Deserialize, Serialize};
use sha2::{Digest, Sha256};

/// The last entry of a chain.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Head {
    /// Whose chain.
    pub writer: WriterId,
    /// Place of the last entry; 0 when there is none.
    pub seq: u64,
    /// Its hash.
    pub hash: Hash,
}

/// The heads of all chains of a journal at one moment.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Statement {
    /// When, epoch milliseconds.
    pub at_ms: u64,
    /// Heads, sorted by writer.
    pub heads: Vec<Head>,
}

impl Statement {
    /// What is signed: SHA-256 over the time and the heads in order.
    #[must_use]
    pub fn digest(&self) -> Hash {
        let mut hasher = Sha256::new();
        hasher.update(b"qd-heads-1");
        hasher.update(self.at_ms.to_be_bytes());
        hasher.update((self.heads.len() as u64).to_be_bytes());
        for head in &self.heads {
            hasher.update(head.writer.bytes());
            hasher.update(head.seq.to_be_bytes());
            hasher.update(head.hash.0);
        }
        Hash(hasher.finalize().into())
    }

    /// Signs it.
    ///
    /// # Errors
    /// When the key cannot sign.
    pub fn sign<S: Sign + ?Sized>(self, key: &S) -> Result<Signed, S::Error> {
        let signature = key.sign(&self.digest().0)?;
        Ok(Signed { statement: self, key: key.public(), signature })
    }
}

/// A statement with its signature.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Signed {
    /// What was signed.
    #[serde(flatten)]
    pub statement: Statement,
    /// The public key, hexadecimal.
    pub key: String,
    /// The signature, hexadecimal.
    pub signature: String,
}

/// Signs statements; the private key is behind it.
pub trait Sign {
    /// Why it could not.
    type Error;

    /// The public key, hexadecimal.
    fn public(&self) -> String;

    /// Signature of `message`, hexadecimal.
    ///
    /// # Errors
    /// When the key cannot sign.
    fn sign(&self, message: &[u8]) -> Result<String, Self::Error>;
}

/// Checks signatures.
pub trait CheckSignature {
    /// Whether `key` is one of the journal's, and `signature` is its signature of `message`; both hexadecimal.
    fn check(&self, key: &str, message: &[u8], signature: &str) -> bool;
}
