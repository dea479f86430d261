//! A manifest beside a file: hashes of its segments in a chain, so that a changed byte range is named later.
//!
//! ```text
//! {"manifest":1,"file":"shop.pcapng","before":"…"}        before: the last link of the file before it, if there is one
//! {"at":0,"len":1048576,"sha256":"…","chain":"…"}         chain: SHA-256 of the link before, at, len and sha256
//! {"end":1500000,"chain":"…"}                             the writer's end: without it the file was cut short
//! ```
//!
//! A file and its manifest can both be made anew by whoever can write both: only a link that is kept elsewhere (a journal,
//! the next file's `before`) proves more than that nothing was changed by accident.

mod check;

pub use check::{Checker, Report};

use sha2::{Digest, Sha256};

/// Makes the manifest of a file while it is written.
#[derive(Clone, Debug)]
pub struct Ledger {
    link: Link,
    hash: Sha256,
    at: u64,
    len: u64,
}

/// A link of the chain.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Link([u8; 32]);

impl Ledger {
    /// Begins: the first line. `before` is the last link of the file that this one continues.
    pub fn begin(file: &str, before: Option<Link>, out: &mut Vec<u8>) -> Self {
        let file = serde_json::Value::from(file);
        let said = before.map(|link| format!(",\"before\":\"{link}\"")).unwrap_or_default();
        out.extend_from_slice(format!("{{\"manifest\":1,\"file\":{file}{said}}}\n").as_bytes());
        Self { link: Link::first(before), hash: Sha256::new(), at: 0, len: 0 }
    }

    /// The next bytes of the file: a line for each segment that is full.
    pub fn bytes(&mut self, mut bytes: &[u8], out: &mut Vec<u8>) {
        while !bytes.is_empty() {
            let room = usize::try_from(SEGMENT - self.len).unwrap_or(usize::MAX);
            let (now, later) = bytes.split_at_checked(room).unwrap_or((bytes, &[]));
            self.hash.update(now);
            self.len += now.len() as u64;
            bytes = later;
            if self.len == SEGMENT {
                self.segment(out);
            }
        }
    }

    /// The end: the last segment, and that there is no more. The link is what to keep elsewhere.
    pub fn end(mut self, out: &mut Vec<u8>) -> Link {
        if self.len > 0 {
            self.segment(out);
        }
        let link = self.link.ended(self.at);
        out.extend_from_slice(format!("{{\"end\":{},\"chain\":\"{link}\"}}\n", self.at).as_bytes());
        link
    }

    fn segment(&mut self, out: &mut Vec<u8>) {
        let hash: [u8; 32] = std::mem::take(&mut self.hash).finalize().into();
        self.link = self.link.next(self.at, self.len, hash);
        let (at, len, link, hash) = (self.at, self.len, self.link, hex::encode(hash));
        let line = format!("{{\"at\":{at},\"len\":{len},\"sha256\":\"{hash}\",\"chain\":\"{link}\"}}\n");
        out.extend_from_slice(line.as_bytes());
        self.at += self.len;
        self.len = 0;
    }
}

impl Link {
    fn first(before: Option<Self>) -> Self {
        let mut hash = Sha256::new();
        hash.update(b"qd.manifest/1");
        hash.update(before.map_or([0; 32], |link| link.0));
        Self(hash.finalize().into())
    }

    fn next(self, at: u64, len: u64, sha256: [u8; 32]) -> Self {
        let mut hash = Sha256::new();
        hash.update(self.0);
        hash.update(at.to_be_bytes());
        hash.update(len.to_be_bytes());
        hash.update(sha256);
        Self(hash.finalize().into())
    }

    fn ended(self, len: u64) -> Self {
        let mut hash = Sha256::new();
        hash.update(self.0);
        hash.update(b"end");
        hash.update(len.to_be_bytes());
        Self(hash.finalize().into())
    }

    fn read(text: &str) -> Option<Self> {
        let mut link = [0; 32];
        hex::decode_to_slice(text, &mut link).ok().map(|()| Self(link))
    }
}

impl std::fmt::Display for Link {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str(&hex::encode(self.0))
    }
}

/// Bytes of a segment: how exactly a change is named.
const SEGMENT: u64 = 1 << 20;

#[cfg(test)]
mod tests;
