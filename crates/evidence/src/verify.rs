//! Checks chains and signed heads, streaming, and says exactly where one breaks.

use crate::chain::Hash;
use crate::entry::{Entry, body_digest};
use crate::head::{CheckSignature, Signed};
use crate::id::WriterId;
use std::collections::HashMap;
use std::fmt;

/// Where a journal does not verify.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error, serde::Serialize)]
#[error("the journal is broken at entry {seq} of writer {writer}: {why}")]
pub struct Broken {
    /// The chain.
    pub writer: WriterId,
    /// The first entry that does not fit.
    pub seq: u64,
    /// What does not fit.
    pub why: Break,
}

/// What does not fit.
#[derive(Clone, Copy, Debug, PartialEq, Eq, serde::Serialize)]
#[serde(rename_all = "snake_case")]
pub enum Break {
    /// An entry is missing here: cut out, or put elsewhere.
    Missing,
    /// The envelope, the link or an earlier entry was changed.
    Link,
    /// The body was changed.
    Body,
    /// A signed statement names this entry as the last at its time, and it is not there: the tail was cut.
    TailCut,
    /// A signed statement names another hash for this entry: the chain was written anew.
    Rewritten,
    /// The signature of a statement with this head is not of the journal's key.
    Signature,
}

impl fmt::Display for Break {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::Missing => "it is missing",
            Self::Link => "it does not link to the entry before it, or was changed",
            Self::Body => "its body was changed",
            Self::TailCut => "it was signed as written and is gone: the end of the chain was cut off",
            Self::Rewritten => "it is not the entry that was signed",
            Self::Signature => "the signature over it is not of the journal's key",
        })
    }
}

/// What was checked.
#[derive(Clone, Debug, Default, PartialEq, Eq, serde::Serialize)]
pub struct Report {
    /// Chains.
    pub writers: u64,
    /// Entries.
    pub entries: u64,
    /// Entries whose body was dropped by retention.
    pub bodies_dropped: u64,
    /// Signed statements.
    pub statements: u64,
    /// Entries after the last signed head of their chain: linked, and not yet sealed.
    pub unsealed: u64,
}

/// Checks a journal in one pass. Feed every entry, each writer's in ascending order (writers may be interleaved),
/// after having announced every signed statement: memory is bounded by the number of statements and writers.
#[derive(Debug, Default)]
pub struct Verifier {
    chains: HashMap<WriterId, (u64, Hash)>,
    /// Signed hashes still to be met: writer → seq → hash.
    signed: HashMap<WriterId, HashMap<u64, Hash>>,
    /// Last signed place of a chain.
    sealed: HashMap<WriterId, u64>,
    report: Report,
}

impl Verifier {
    /// A verifier that has seen nothing.
    #[must_use]
    pub fn new() -> Self {
        Self::default()
    }

    /// Takes a signed statement.
    ///
    /// # Errors
    /// When the signature is wrong, or the statement contradicts an earlier one.
    pub fn statement(&mut self, signed: &Signed, keys: &dyn CheckSignature) -> Result<(), Broken> {
        let good = keys.check(&signed.key, &signed.statement.digest().0, &signed.signature);
        for head in &signed.statement.heads {
            if !good {
                return Err(Broken { writer: head.writer, seq: head.seq, why: Break::Signature });
            }
            if head.seq == 0 {
                continue;
            }
            let known = self.signed.entry(head.writer).or_default().insert(head.seq, head.hash);
            if known.is_some_and(|hash| hash != head.hash) {
                return Err(Broken { writer: head.writer, seq: head.seq, why: Break::Rewritten });
            }
            let last = self.sealed.entry(head.writer).or_default();
            *last = (*last).max(head.seq);
        }
        self.report.statements += 1;
        Ok(())
    }

    /// Takes the next entry of its writer.
    ///
    /// # Errors
    /// When it does not fit.
    pub fn entry(&mut self, entry: &Entry) -> Result<(), Broken> {
        let writer = entry.envelope.writer;
        let (seq, previous) = *self.chains.entry(writer).or_insert_with(|| (0, Hash::origin(writer)));
        let expected = seq + 1;
        let broken = |why| Err(Broken { writer, seq: expected, why });
        if entry.envelope.seq != expected {
            return broken(Break::Missing);
        }
        match &entry.body {
            Some(body) if body_digest(body) != entry.body_digest => return broken(Break::Body),
            Some(_) => {}
            None => self.report.bodies_dropped += 1,
        }
        if Hash::link(previous, entry.envelope.digest(), entry.body_digest) != entry.hash {
            return broken(Break::Link);
        }
        let promised = self.signed.get_mut(&writer).and_then(|heads| heads.remove(&expected));
        if promised.is_some_and(|hash| hash != entry.hash) {
            return broken(Break::Rewritten);
        }
        if self.sealed.get(&writer).is_none_or(|last| expected > *last) {
            self.report.unsealed += 1;
        }
        self.report.entries += 1;
        self.chains.insert(writer, (expected, entry.hash));
        Ok(())
    }

    /// Everything was fed.
    ///
    /// # Errors
    /// When a signed head was never met: the tail of a chain, or all of it, is gone.
    pub fn finish(mut self) -> Result<Report, Broken> {
        self.report.writers = self.chains.len() as u64;
        let chains = &self.chains;
        let cut = self
            .signed
            .iter()
            .filter(|(_, heads)| !heads.is_empty())
            .map(|(writer, _)| (*writer, chains.get(writer).map_or(0, |(seq, _)| *seq) + 1))
            .min();
        match cut {
            Some((writer, seq)) => Err(Broken { writer, seq, why: Break::TailCut }),
            None => Ok(self.report),
        }
    }
}
