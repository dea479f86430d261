//! Why a permit was not given.

use crate::answer::Requirements;
use crate::decide::Denial;
use crate::journal::AuditUnavailable;
use base::{Code, Coded};
use evidence::DecisionId;

/// Why a permit was not given. A refusal is in the journal unless the journal itself is why.
#[derive(Clone, Debug, PartialEq, thiserror::Error)]
pub enum Refusal {
    /// Policy says no.
    #[error("{}", denial.reason)]
    Denied {
        /// The decision.
        decision: DecisionId,
        /// Why.
        denial: Denial,
    },
    /// Policy wants something first.
    #[error("{action} needs {unmet} first")]
    Needs {
        /// The decision.
        decision: DecisionId,
        /// Name of the action.
        action: &'static str,
        /// What is still missing.
        unmet: Requirements,
    },
    /// The journal cannot take the decision, so there is none.
    #[error(transparent)]
    AuditUnavailable(#[from] AuditUnavailable),
}

impl Refusal {
    /// The decision in the journal, if it got there.
    #[must_use]
    pub const fn decision(&self) -> Option<DecisionId> {
        match self {
            Self::Denied { decision, .. } | Self::Needs { decision, .. } => Some(*decision),
            Self::AuditUnavailable(_) => None,
        }
    }
}

impl Coded for Refusal {
    fn code(&self) -> Code {
        match self {
            Self::Denied { denial, .. } => denial.code,
            Self::Needs { .. } => Code::NeedsUnmet,
            Self::AuditUnavailable(_) => Code::AuditUnavailable,
        }
    }

    fn details(&self) -> Option<serde_json::Value> {
        match self {
            Self::Denied { decision, denial } => Some(serde_json::json!({ "rule": denial.rule, "decision": decision })),
            Self::Needs { decision, action, unmet } => {
                Some(serde_json::json!({ "action": action, "needs": unmet, "decision": decision }))
            }
            Self::AuditUnavailable(_) => None,
        }
    }
}
