//! Where a gate is built. Only the crate `app` names this module; `cargo xtask arch` refuses it anywhere else.

use crate::decide::Decide;
use crate::epoch::Epochs;
use crate::gate::Gate;
use crate::journal::Journal;
use crate::principal::Verifier;
use base::Clock;
use std::sync::Arc;

/// What a gate is made of.
pub struct Parts {
    /// The policy.
    pub decide: Arc<dyn Decide>,
    /// The journal.
    pub journal: Arc<dyn Journal>,
    /// The time.
    pub clock: Arc<dyn Clock>,
}

/// A gate, and what only its composer holds.
pub struct Composed {
    /// The gate: given to everybody who asks for permits.
    pub gate: Gate,
    /// Makes principals: given to whoever verifies people.
    pub verifier: Verifier,
    /// Ends permits.
    pub epochs: Epochs,
}

/// Builds a gate.
#[must_use]
pub fn compose(parts: Parts) -> Composed {
    let epochs = Epochs::default();
    let gate = Gate::new(parts.decide, parts.journal, parts.clock, epochs.clone());
    Composed { gate, verifier: Verifier(()), epochs }
}
