//! Proof of having been allowed to do one thing.

use crate::action::Action;
use crate::journal::{AuditUnavailable, Journal, Receipt};
use crate::principal::Principal;
use base::Clock;
use evidence::{Anchor, Body, DecisionId, Draft, Ended, Outcome, Stamp};
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};
use tokio_util::sync::CancellationToken;

/// The holder may do `A`, once, or for as long as it holds this. Holding one at all means that the gate allowed
/// exactly what [`Permit::target`] says, and that the journal took the decision. It is neither copied nor stored nor
/// sent anywhere; dropping it journals the end.
#[must_use = "dropping a permit journals that what it allowed has ended"]
pub struct Permit<A: Action> {
    action: A,
    obligations: A::Obligations,
    held: Held,
}

/// What every permit has. Its drop writes the end.
pub(crate) struct Held {
    pub(crate) name: &'static str,
    pub(crate) changes: bool,
    pub(crate) decision: DecisionId,
    pub(crate) principal: Principal,
    pub(crate) receipt: Receipt,
    pub(crate) epoch: CancellationToken,
    pub(crate) journal: Arc<dyn Journal>,
    pub(crate) clock: Arc<dyn Clock>,
    pub(crate) bytes: AtomicU64,
    pub(crate) outcome: Option<Outcome>,
    pub(crate) anchors: Vec<Anchor>,
    pub(crate) summary: String,
}

impl<A: Action> Permit<A> {
    pub(crate) const fn new(action: A, obligations: A::Obligations, held: Held) -> Self {
        Self { action, obligations, held }
    }

    /// What was allowed, with its whole target.
    pub const fn target(&self) -> &A {
        &self.action
    }

    /// What the holder must keep. Destructure it without `..`.
    pub const fn obligations(&self) -> &A::Obligations {
        &self.obligations
    }

    /// The decision: in the journal, and in the user agent of every request made under this permit.
    pub const fn decision_id(&self) -> DecisionId {
        self.held.decision
    }

    /// Who was allowed.
    pub const fn principal(&self) -> &Principal {
        &self.held.principal
    }

    /// Waits until the decision is on disk. Actions with [`Action::BEFORE_EFFECT`] do nothing before.
    ///
    /// # Errors
    /// When it cannot be written: nothing may be done then.
    pub async fn settled(&self) -> Result<(), AuditUnavailable> {
        self.held.receipt.settled().await
    }

    /// Waits until the permit is over: revoked, locked, or the process ends. What lasts selects on this.
    pub async fn ended(&self) {
        self.held.epoch.cancelled().await;
    }

    /// A token that is cancelled when [`Permit::ended`] would return, for holders that give the permit away.
    #[must_use]
    pub fn end_token(&self) -> CancellationToken {
        self.held.epoch.clone()
    }

    /// Counts bytes that went to the user under this permit.
    pub fn count_bytes(&self, bytes: u64) {
        self.held.bytes.fetch_add(bytes, Ordering::Relaxed);
    }

    /// Ends it, saying how.
    pub fn finish(mut self, outcome: Outcome) {
        self.held.outcome = Some(outcome);
    }
}

impl<A: Action> std::fmt::Debug for Permit<A> {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Permit").field("action", &self.action).field("decision", &self.held.decision).finish()
    }
}

impl Drop for Held {
    fn drop(&mut self) {
        let outcome = self.outcome.take().unwrap_or_else(|| match (self.epoch.is_cancelled(), self.changes) {
            (true, _) => Outcome::Revoked,
            (false, true) => Outcome::Abandoned,
            (false, false) => Outcome::Closed,
        });
        self.journal.append_ending(Draft {
            stamp: Stamp::from_ms(self.clock.now_ms()),
            anchors: std::mem::take(&mut self.anchors),
            summary: format!("{} {}: {}", self.name, outcome.word(), self.summary),
            body: Body::Ended(Ended {
                decision: self.decision,
                action: self.name.to_owned(),
                outcome,
                bytes: self.bytes.load(Ordering::Relaxed),
            }),
        });
    }
}
