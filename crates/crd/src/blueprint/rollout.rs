//! How a new revision of a blueprint comes to workspaces: to some first, and to all once it has proved itself.

use crate::scalar::Time;
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

/// Whom a new revision serves before it serves everybody. Workspaces that are there keep the one that they have.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "camelCase")]
pub struct Rollout {
    /// How many of a hundred people get it with their next workspace; none when left out. With 100 it serves all by itself
    /// once as many launches as holdAfter looks at went well.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[schemars(range(min = 0, max = 100))]
    pub percent: Option<i32>,
    /// Who gets it whatever the percentage.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    #[schemars(length(max = 64), extend("x-kubernetes-list-type" = "atomic"))]
    pub groups: Vec<Group>,
    /// When it is held by itself; after 3 failures of the last 10 launches when left out.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub hold_after: Option<HoldAfter>,
    /// What somebody said of one revision.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub verdict: Option<Verdict>,
}

/// People who get a new revision first.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub struct Group {
    /// A user, everybody with a role, or everybody of an organization.
    pub kind: GroupKind,
    /// The name; * is every one of the kind.
    #[schemars(length(min = 1, max = 100))]
    pub name: String,
}

/// What kind of people.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub enum GroupKind {
    /// A user.
    User,
    /// Everybody with a role.
    Role,
    /// Everybody of an organization.
    Org,
}

/// How many failures hold a revision.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub struct HoldAfter {
    /// So many workspaces that failed before they were ready.
    #[schemars(range(min = 1, max = 50))]
    pub failures: i32,
    /// Of so many that were made of it last.
    #[schemars(range(min = 1, max = 50))]
    pub of: i32,
}

impl Default for HoldAfter {
    fn default() -> Self {
        Self { failures: 3, of: 10 }
    }
}

/// What somebody said of one revision. Another one is judged anew.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub struct Verdict {
    /// The revision that is meant.
    #[schemars(length(min = 1, max = 64))]
    pub revision: String,
    /// What becomes of it.
    pub act: RolloutAct,
}

/// What becomes of a revision.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub enum RolloutAct {
    /// It serves everybody.
    Promote,
    /// It serves nobody anew.
    Hold,
}

/// The revision that serves everybody.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub struct Stable {
    /// Its name: the first digits of the digest of its spec.
    #[schemars(length(max = 64))]
    pub revision: String,
    /// Its spec as JSON, so that it is there when another one is applied; absent where it is too long to be kept.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[schemars(length(max = 524288))]
    pub spec: Option<String>,
}

/// How it goes with a revision that serves some.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub struct RolloutStatus {
    /// The revision.
    #[schemars(length(max = 64))]
    pub revision: String,
    /// In one word.
    pub state: RolloutState,
    /// How many of the last launches were ready.
    #[schemars(range(min = 0))]
    pub ready: i32,
    /// How many of them failed before that.
    #[schemars(range(min = 0))]
    pub failed: i32,
    /// The last workspaces that were made of it, the oldest first.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    #[schemars(length(max = 50), extend("x-kubernetes-list-type" = "atomic"))]
    pub launches: Vec<Launch>,
}

/// Whether a revision serves anybody anew.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub enum RolloutState {
    /// It serves those whom the rollout names.
    Progressing,
    /// It serves nobody anew.
    Held,
}

/// A workspace that was made of a revision.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub struct Launch {
    /// When it was made.
    pub made: Time,
    /// Its uid.
    #[schemars(length(max = 64))]
    pub uid: String,
    /// Whether it failed before it was ready.
    pub failed: bool,
}
