//! The port to a policy: a pure function from an input and facts to a ruling.

use crate::action::Asked;
use crate::answer::Requirements;
use crate::principal::Who;
use base::Code;
use serde::{Deserialize, Serialize};

/// A policy. Pure and quick: called on every request, and again later over the journal's inputs.
pub trait Decide: Send + Sync + 'static {
    /// What else there is to know of an input: gathered once, kept in the journal, and the same for a decision that is
    /// taken again later.
    fn facts(&self, _: &Input, now_ms: u64) -> Facts {
        Facts { now_ms, workspace: None }
    }

    /// Rules on an input.
    fn decide(&self, input: &Input, facts: &Facts) -> Ruling;

    /// Digest of the policy and its data: two policies with the same digest rule the same.
    fn digest(&self) -> String;
}

/// Who wants to do what. Kept whole in the journal.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Input {
    /// Who.
    pub who: Who,
    /// What.
    pub asked: Asked,
}

/// What else a policy may look at.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Facts {
    /// The time, epoch milliseconds.
    pub now_ms: u64,
    /// The workspace that the input is about, where the policy looks at it.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub workspace: Option<WorkspaceFacts>,
}

/// What is known of a workspace, and of grants for it.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct WorkspaceFacts {
    /// Whose it is; empty when there is none of this name.
    #[serde(default, skip_serializing_if = "String::is_empty")]
    pub owner: String,
    /// Of which organisation.
    #[serde(default, skip_serializing_if = "String::is_empty")]
    pub org: String,
    /// The grant that allows what is asked, as `namespace/name`.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub grant: Option<String>,
    /// Why no grant does: what the nearest one says.
    #[serde(default, skip_serializing_if = "String::is_empty")]
    pub nearest: String,
    /// What its sharing says of this.
    #[serde(default, skip_serializing_if = "Sharing::is_nothing")]
    pub sharing: Sharing,
    /// The cluster's workspaces and grants are not known now.
    #[serde(default, skip_serializing_if = "std::ops::Not::not")]
    pub unknown: bool,
}

/// What the sharing of a workspace says of what somebody asks.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Sharing {
    /// It does not name them.
    #[default]
    Nothing,
    /// It allows it; by what, in a few words.
    Allows(String),
    /// It allowed it until this time.
    Ended(String),
    /// It names them, or the port, and does not allow this; for what it is shared.
    Less(String),
}

impl Sharing {
    const fn is_nothing(&self) -> bool {
        matches!(self, Self::Nothing)
    }
}

/// What a policy says, before its obligations are read as the action's own.
#[derive(Clone, Debug, PartialEq)]
pub struct Ruling {
    /// The rule that decided: `desk.allow`.
    pub rule: String,
    /// `None` allows.
    pub denied: Option<Denied>,
    /// What must be given first.
    pub requirements: Requirements,
    /// Obligations as an object; a key that the action does not know denies.
    pub obligations: serde_json::Value,
}

/// The words and code of a denial.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Denied {
    /// `policy_denied` or `read_only`.
    pub code: Code,
    /// Why, in words.
    pub reason: String,
}

impl Ruling {
    /// Allows, without obligations.
    pub fn allow(rule: impl Into<String>) -> Self {
        Self {
            rule: rule.into(),
            denied: None,
            requirements: Requirements::default(),
            obligations: serde_json::Value::Object(serde_json::Map::new()),
        }
    }

    /// Allows once these are given.
    pub fn needs(rule: impl Into<String>, requirements: Requirements) -> Self {
        Self { requirements, ..Self::allow(rule) }
    }

    /// Denies.
    pub fn deny(rule: impl Into<String>, code: Code, reason: impl Into<String>) -> Self {
        Self { denied: Some(Denied { code, reason: reason.into() }), ..Self::allow(rule) }
    }
}

/// A ruling on one action, typed.
#[derive(Clone, Debug, PartialEq)]
pub enum Decision<O> {
    /// Go on, keeping these obligations.
    Allow(O),
    /// Give these first.
    Needs(Requirements),
    /// No.
    Deny(Denial),
}

/// Why not.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct Denial {
    /// `policy_denied` or `read_only`.
    pub code: Code,
    /// The rule that denied.
    pub rule: String,
    /// Why, in words.
    pub reason: String,
}
