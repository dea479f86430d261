//! The closed list of actions, the gate, and the permits it gives.
//!
//! ```text
//! Principal ─┐                       ┌─► Permit<A> ──► an entry point takes it by value and acts
//! action A  ─┼─► Gate::permit ───────┤
//! Answers   ─┘     │  decide (pure)  └─► Refusal: Denied | Needs | AuditUnavailable
//!                  └─ journals what it decided, allow or refusal, before it answers
//!
//! Gate::preview ──► Decision   for plans: nothing is journalled, nothing can be done with it
//! ```
//!
//! **Invariant: nothing acts without a [`Permit`], a permit comes only from a [`Gate`], and only the composition
//! (crate `app`) builds a gate.** A gate and the [`Verifier`] that makes principals come from [`compose`] and, for
//! tests, from [`testing`]; `cargo xtask arch` refuses both module names in every other crate's sources.
//!
//! Pure: no IO, no runtime. `tokio::sync` and a cancellation token are used because holders wait on permits.

pub mod action;
mod answer;
pub mod compose;
mod decide;
pub mod desk;
mod epoch;
mod gate;
mod journal;
mod mounting;
mod permit;
mod principal;
pub mod provision;
mod refusal;
pub mod tapping;
pub mod team;
pub mod testing;

pub use action::{Action, ActionInfo, Asked, ObjectTarget};
pub use answer::{Answers, Need, Requirements};
pub use decide::{Decide, Decision, Denial, Denied, Facts, Input, Ruling, Sharing, WorkspaceFacts};
pub use epoch::Epochs;
pub use evidence::{DecisionId, Outcome, Verdict};
pub use gate::Gate;
pub use journal::{AuditUnavailable, Journal, Progress, Receipt};
pub use permit::Permit;
pub use principal::{Door, Member, Principal, UserInfo, Verifier, Who};
pub use refusal::Refusal;
