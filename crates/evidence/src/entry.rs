//! Entries: what is appended (a draft), and what it becomes when a writer has linked it.

use crate::anchor::Anchor;
use crate::body::Body;
use crate::chain::Hash;
use crate::id::WriterId;
use serde::{Deserialize, Serialize};
use sha2::{Digest, Sha256};

/// When something happened, and how wrong that may be.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
pub struct Stamp {
    /// Epoch nanoseconds.
    pub ns: i64,
    /// The true time is at most this far away, as far as the writer knows.
    pub error_ns: u64,
}

impl Stamp {
    /// A stamp from a clock of milliseconds.
    #[must_use]
    pub fn from_ms(ms: u64) -> Self {
        Self { ns: i64::try_from(ms).unwrap_or(i64::MAX).saturating_mul(1_000_000), error_ns: 1_000_000 }
    }

    /// Epoch milliseconds.
    #[must_use]
    pub const fn ms(&self) -> i64 {
        self.ns.div_euclid(1_000_000)
    }
}

/// An entry that no writer has linked yet.
#[derive(Clone, Debug, PartialEq)]
pub struct Draft {
    /// When it happened.
    pub stamp: Stamp,
    /// What it joins with.
    pub anchors: Vec<Anchor>,
    /// One line for people.
    pub summary: String,
    /// All of it.
    pub body: Body,
}

/// The part of an entry that stays for ever. Its canonical bytes are hashed.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Envelope {
    /// Who wrote it.
    pub writer: WriterId,
    /// Place in the writer's chain, from 1 without gaps.
    pub seq: u64,
    /// When it happened.
    pub stamp: Stamp,
    /// Kind of body.
    pub kind: String,
    /// What it joins with.
    pub anchors: Vec<Anchor>,
    /// One line for people.
    pub summary: String,
}

impl Envelope {
    /// SHA-256 over the fields in order; texts and lists are preceded by their lengths (64 bits, big endian), so that
    /// no two envelopes have the same bytes.
    #[must_use]
    pub fn digest(&self) -> Hash {
        let mut hasher = Sha256::new();
        hasher.update(b"qd-envelope-1");
        hasher.update(self.writer.bytes());
        hasher.update(self.seq.to_be_bytes());
        hasher.update(self.stamp.ns.to_be_bytes());
        hasher.update(self.stamp.error_ns.to_be_bytes());
        text(&mut hasher, &self.kind);
        text(&mut hasher, &self.summary);
        hasher.update((self.anchors.len() as u64).to_be_bytes());
        for anchor in &self.anchors {
            text(&mut hasher, anchor.tag.as_str());
            text(&mut hasher, &anchor.value);
        }
        Hash(hasher.finalize().into())
    }
}

/// A linked entry as it is stored and read back.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Entry {
    /// What stays.
    #[serde(flatten)]
    pub envelope: Envelope,
    /// The body's JSON text, byte for byte as it was hashed; `None` once retention dropped it.
    pub body: Option<String>,
    /// Digest of the body.
    pub body_digest: Hash,
    /// The link: covers the previous link, the envelope and the body's digest.
    pub hash: Hash,
}

impl Entry {
    /// The body, if it is still there and is one that this version knows.
    #[must_use]
    pub fn parsed(&self) -> Option<Body> {
        serde_json::from_str(self.body.as_deref()?).ok()
    }
}

/// Digest of a body's JSON text.
pub(crate) fn body_digest(body: &str) -> Hash {
    let mut hasher = Sha256::new();
    hasher.update(b"qd-body-1");
    text(&mut hasher, body);
    Hash(hasher.finalize().into())
}

fn text(hasher: &mut Sha256, text: &str) {
    hasher.update((text.len() as u64).to_be_bytes());
    hasher.update(text.as_bytes());
}
