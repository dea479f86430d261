//! The journal and timeline model: what was decided and done, by whom, on what, provable afterwards.
//!
//! ```text
//! Draft ──Chain::link──► Entry ──► Entry ──► …        one chain per writer (a process that writes)
//!                                     │
//!                                  Head{writer, seq, hash} ──► Statement ──Sign──► Signed   all heads, at intervals
//!
//! Verifier::feed(entry) … Verifier::heads(signed) ──► Report, or Broken{writer, seq, why}
//! ```
//!
//! An [`Entry`] never changes. Its hash covers the previous hash, the [`Envelope`] and the *digest* of the body, so
//! that retention may drop a body and the chain still verifies. A cut tail shows because a later [`Signed`] statement
//! names a head that is no longer there.
//!
//! Pure: no IO; keys are behind [`Sign`] and [`CheckSignature`].

mod anchor;
mod body;
mod chain;
mod entry;
mod head;
mod id;
mod verify;

pub use anchor::{Anchor, Tag};
pub use body::{Body, Decided, Ended, Outcome, Verdict};
pub use chain::{Chain, Hash};
pub use entry::{Draft, Entry, Envelope, Stamp};
pub use head::{CheckSignature, Head, Sign, Signed, Statement};
pub use id::{DecisionId, WriterId};
pub use verify::{Break, Broken, Report, Verifier};
