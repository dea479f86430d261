//! What is kept on disk: the journal, jobs and sessions, in one SQLite file that several processes may share.
//!
//! ```text
//! Journal::append ─► bounded queue ─► writer task ─► one transaction per group ─► FILE (write-ahead log)
//!      └─ Receipt.settled() ◄─────────── progress         │
//!                                                         └─ heads, signed at intervals ─► FILE.heads, and in FILE
//! Store::job, …  what takes longer than one request, for 48 hours
//! Store::sessions who is signed in, by digests
//! Store::query   pages of entries, newest first
//! Store::verify  every chain, every signed head: Report, or Broken{writer, seq, why}
//! ```
//!
//! Beside `FILE` stand `FILE.key` (the signing key, mode 0600), `FILE.pub` (public keys, one a line, the newest last)
//! and `FILE.heads` (the last signed heads). The heads stand outside the database so that cutting its tail shows.
//!
//! **Invariants.** Only this crate knows SQL. An entry is never changed, except that retention may drop its body. A
//! lost store never blocks what is open; nothing new is accepted once it has been lost for a minute.

mod error;
mod file;
mod jobs;
mod journal;
mod keys;
mod query;
mod rows;
mod schema;
mod sealer;
mod sessions;
mod store;
mod verify;
mod writer;

pub use error::{StoreError, VerifyError};
pub use jobs::KeptJob;
pub use journal::{Journal, JournalConfig};
pub use query::{EntryFilter, Page};
pub use sessions::KeptSession;
pub use store::Store;
