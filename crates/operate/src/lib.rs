//! Acts on objects: plans, delete, scale, restart; reads one object, one secret value, the journal.
//!
//! ```text
//! Plans::plan    ─► preview per object, server dry-run, diff, needs ─► Plan     (nothing changed)
//! Plans::commit  ─► permit per object ─► settled ─► still the same? ─► act ─► outcome into the journal
//!                                                        │
//!                                   port Clusters ─► Reading, Trying, Changing (by the permit's effect)
//! detail, reveal, audit: one permit in, one answer out
//! ```
//!
//! **Invariants.** Every change goes through a plan. Nothing is sent to a cluster but under a permit; a change only
//! after its decision is on disk. Under `--read-only` a plan sends nothing at all. Values of Secrets leave only by
//! [`reveal`].

mod act;
mod audit;
mod commit;
mod detail;
mod effects;
mod error;
mod plans;
mod port;
mod preview;
mod reveal;
mod seen;
mod text;
mod words;

pub use audit::{AuditLog, query as audit_query, verify as audit_verify};
pub use detail::detail;
pub use error::Error;
pub use plans::{PLAN_LIFE_MS, Plans};
pub use port::{Changing, Clusters, Grant, Pending, Reading, Trying};
pub use reveal::reveal;
pub use words::plain;
