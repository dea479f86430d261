//! The hash chain of one writer.

use crate::entry::{Draft, Entry, Envelope, body_digest};
use crate::head::Head;
use crate::id::WriterId;
use sha2::{Digest, Sha256};
use std::fmt;

/// A SHA-256 value. JSON and display are hexadecimal.
#[derive(Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub struct Hash(pub [u8; 32]);

impl Hash {
    /// What stands before the first entry of a writer: bound to the writer, so that chains cannot be exchanged.
    #[must_use]
    pub fn origin(writer: WriterId) -> Self {
        let mut hasher = Sha256::new();
        hasher.update(b"qd-origin-1");
        hasher.update(writer.bytes());
        Self(hasher.finalize().into())
    }

    /// The link over what came before, an envelope and the digest of a body.
    #[must_use]
    pub fn link(previous: Self, envelope: Self, body: Self) -> Self {
        let mut hasher = Sha256::new();
        hasher.update(b"qd-link-1");
        hasher.update(previous.0);
        hasher.update(envelope.0);
        hasher.update(body.0);
        Self(hasher.finalize().into())
    }

    /// From 32 bytes.
    #[must_use]
    pub fn from_slice(bytes: &[u8]) -> Option<Self> {
        bytes.try_into().ok().map(Self)
    }
}

impl fmt::Display for Hash {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&hex::encode(self.0))
    }
}

impl fmt::Debug for Hash {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        fmt::Display::fmt(self, f)
    }
}

impl serde::Serialize for Hash {
    fn serialize<S: serde::Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.collect_str(self)
    }
}

impl<'de> serde::Deserialize<'de> for Hash {
    fn deserialize<D: serde::Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        let text = std::borrow::Cow::<'de, str>::deserialize(deserializer)?;
        let bytes = hex::decode(&*text).map_err(serde::de::Error::custom)?;
        Self::from_slice(&bytes).ok_or_else(|| serde::de::Error::custom("a hash has 32 bytes"))
    }
}

/// Links drafts into entries. One per writer; whoever owns it writes what it returns, in order.
#[derive(Debug)]
pub struct Chain {
    head: Head,
}

impl Chain {
    /// A chain with nothing in it.
    #[must_use]
    pub fn new(writer: WriterId) -> Self {
        Self { head: Head { writer, seq: 0, hash: Hash::origin(writer) } }
    }

    /// Goes on after a head.
    #[must_use]
    pub const fn after(head: Head) -> Self {
        Self { head }
    }

    /// The last entry's place and hash.
    #[must_use]
    pub const fn head(&self) -> Head {
        self.head
    }

    /// Makes the next entry.
    ///
    /// # Errors
    /// When the body cannot be written as JSON; the chain has not moved then.
    pub fn link(&mut self, draft: Draft) -> Result<Entry, serde_json::Error> {
        let body = serde_json::to_string(&draft.body)?;
        let envelope = Envelope {
            writer: self.head.writer,
            seq: self.head.seq + 1,
            stamp: draft.stamp,
            kind: draft.body.kind().to_owned(),
            anchors: draft.anchors,
            summary: draft.summary,
        };
        let body_digest = body_digest(&body);
        let hash = Hash::link(self.head.hash, envelope.digest(), body_digest);
        self.head.seq = envelope.seq;
        self.head.hash = hash;
        Ok(Entry { envelope, body: Some(body), body_digest, hash })
    }
}

#[cfg(test)]
mod tests;
