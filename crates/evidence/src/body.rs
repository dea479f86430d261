//! Bodies of journal entries. They are stored as JSON text and may be dropped by retention; the digest stays.

use crate::id::DecisionId;
use base::RequestId;
use serde::{Deserialize, Serialize};

/// What an entry says in full.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case", tag = "entry")]
pub enum Body {
    /// The first entry of a writer.
    Opened {
        /// Version of the program.
        version: String,
        /// Its process id.
        pid: u32,
    },
    /// The gate decided.
    Decided(Box<Decided>),
    /// What a permit allowed has ended.
    Ended(Ended),
    /// Retention dropped bodies.
    Retired {
        /// Bodies of entries before this moment, epoch milliseconds.
        before_ms: u64,
        /// How many.
        bodies: u64,
    },
}

impl Body {
    /// The kind of entry, as in the JSON.
    #[must_use]
    pub const fn kind(&self) -> &'static str {
        match self {
            Self::Opened { .. } => "opened",
            Self::Decided(_) => "decided",
            Self::Ended(_) => "ended",
            Self::Retired { .. } => "retired",
        }
    }
}

/// A decision with everything that is needed to take it again.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Decided {
    /// Its id.
    pub decision: DecisionId,
    /// The request it was taken for, if it was one.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub request: Option<RequestId>,
    /// Name of the action.
    pub action: String,
    /// What was decided.
    pub verdict: Verdict,
    /// The rule that decided.
    pub rule: String,
    /// Why, in words; empty for a plain allow.
    #[serde(default, skip_serializing_if = "String::is_empty")]
    pub reason: String,
    /// The whole input of the policy: who, and the action with its target.
    pub input: serde_json::Value,
    /// The facts that the policy was given.
    pub facts: serde_json::Value,
    /// Obligations of an allow.
    #[serde(default, skip_serializing_if = "serde_json::Value::is_null")]
    pub obligations: serde_json::Value,
    /// What the policy asked for first.
    #[serde(default, skip_serializing_if = "serde_json::Value::is_null")]
    pub needs: serde_json::Value,
    /// What was answered to it.
    #[serde(default, skip_serializing_if = "serde_json::Value::is_null")]
    pub answers: serde_json::Value,
    /// Digest of the policy that decided.
    pub policy: String,
}

/// What the gate said.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Verdict {
    /// Go on.
    Allow,
    /// Something must be given first; nothing was done.
    Needs,
    /// No.
    Deny,
}

impl Verdict {
    /// As in the JSON.
    #[must_use]
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Allow => "allow",
            Self::Needs => "needs",
            Self::Deny => "deny",
        }
    }
}

/// The end of what a permit allowed.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Ended {
    /// The decision that allowed it.
    pub decision: DecisionId,
    /// Name of the action.
    pub action: String,
    /// How it ended.
    pub outcome: Outcome,
    /// Bytes that went to the user under it, where they are counted.
    pub bytes: u64,
}

/// How something permitted ended.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case", tag = "result")]
pub enum Outcome {
    /// It was done.
    Done {
        /// In words: `scaled to 3`.
        message: String,
    },
    /// It failed, or was not tried.
    Failed {
        /// Stable error code.
        code: String,
        /// In words.
        message: String,
    },
    /// The view or stream was closed by its user.
    Closed,
    /// It was ended from here: a lock, a revocation, a shutdown.
    Revoked,
    /// The holder went away without saying how it ended. For a change this means that nobody knows.
    Abandoned,
}

impl Outcome {
    /// The word in summaries.
    #[must_use]
    pub const fn word(&self) -> &'static str {
        match self {
            Self::Done { .. } => "done",
            Self::Failed { .. } => "failed",
            Self::Closed => "closed",
            Self::Revoked => "revoked",
            Self::Abandoned => "abandoned",
        }
    }
}
