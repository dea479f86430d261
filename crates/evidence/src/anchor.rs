//! Anchors: the values by which entries of different sources join.

use serde::{Deserialize, Serialize};

/// What an anchor's value names.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Tag {
    /// Id of a principal.
    Principal,
    /// A decision id.
    Decision,
    /// A request id.
    Request,
    /// Name of an action.
    Action,
    /// Name of a cluster.
    Cluster,
    /// An object: `cluster/kind/namespace/name`; the namespace is empty for cluster-scoped kinds.
    Object,
    /// uid of an object.
    Uid,
    /// Id of a session.
    Session,
    /// Id of a container.
    Container,
}

impl Tag {
    /// The text in canonical bytes and in storage.
    #[must_use]
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Principal => "principal",
            Self::Decision => "decision",
            Self::Request => "request",
            Self::Action => "action",
            Self::Cluster => "cluster",
            Self::Object => "object",
            Self::Uid => "uid",
            Self::Session => "session",
            Self::Container => "container",
        }
    }
}

/// One (tag, value).
#[derive(Clone, Debug, PartialEq, Eq, Hash, Serialize, Deserialize)]
pub struct Anchor {
    /// What the value names.
    pub tag: Tag,
    /// The value.
    pub value: String,
}

impl Anchor {
    /// An anchor.
    pub fn new(tag: Tag, value: impl Into<String>) -> Self {
        Self { tag, value: value.into() }
    }
}
