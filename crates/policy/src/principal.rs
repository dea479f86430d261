//! Who asks. A [`Principal`] is proof that somebody was verified; only a [`Verifier`] makes one.

use base::{ClusterName, RequestId};
use serde::{Deserialize, Serialize};
use std::collections::BTreeMap;
use std::sync::Arc;

/// What an API server says of a user (SelfSubjectReview, KEP-3325).
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct UserInfo {
    /// User name.
    pub username: String,
    /// Groups.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub groups: Vec<String>,
    /// uid, when the authenticator gives one.
    #[serde(default, skip_serializing_if = "String::is_empty")]
    pub uid: String,
}

/// The door through which a request came.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Door {
    /// The web console.
    #[default]
    Console,
    /// The command line.
    Cli,
    /// The REST API, by a program.
    Api,
    /// The process itself: start, upkeep.
    Process,
}

/// Plain data about a principal: what policy decides on and the journal keeps. Anybody can write one down; it proves
/// nothing.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Who {
    /// Stable id: `desk:ada`.
    pub id: String,
    /// Name to show.
    pub name: String,
    /// The door.
    pub door: Door,
    /// What each cluster's API server says of this user; a cluster not reached yet is absent.
    #[serde(default, skip_serializing_if = "BTreeMap::is_empty")]
    pub clusters: BTreeMap<ClusterName, UserInfo>,
}

/// Somebody verified. Cheap to clone; never read from outside.
#[derive(Clone, Debug)]
pub struct Principal {
    who: Arc<Who>,
    request: Option<RequestId>,
}

impl Principal {
    /// Stable id.
    #[must_use]
    pub fn id(&self) -> &str {
        &self.who.id
    }

    /// Name to show.
    #[must_use]
    pub fn name(&self) -> &str {
        &self.who.name
    }

    /// What policy sees of them.
    #[must_use]
    pub fn who(&self) -> &Who {
        &self.who
    }

    /// What a cluster's API server says of them, if it was asked.
    #[must_use]
    pub fn in_cluster(&self, cluster: &ClusterName) -> Option<&UserInfo> {
        self.who.clusters.get(cluster)
    }

    /// The request that this principal makes now, if it is known.
    #[must_use]
    pub const fn request(&self) -> Option<RequestId> {
        self.request
    }

    /// The same principal making this request, at this door: both go into the journal.
    #[must_use]
    pub fn asking(&self, request: RequestId, door: Door) -> Self {
        let who =
            if self.who.door == door { self.who.clone() } else { Arc::new(Who { door, ..Who::clone(&self.who) }) };
        Self { who, request: Some(request) }
    }
}

/// Makes principals. There is one per gate; whoever holds it answers for having verified what it says.
#[derive(Debug)]
pub struct Verifier(pub(crate) ());

impl Verifier {
    /// The person at this machine. `user` is the account that runs the process; `clusters` is what each API server
    /// that could be asked says of the kubeconfig's user.
    #[must_use]
    pub fn desk(&self, user: &str, clusters: impl IntoIterator<Item = (ClusterName, UserInfo)>) -> Principal {
        let who = Who {
            id: format!("desk:{user}"),
            name: user.to_owned(),
            door: Door::default(),
            clusters: clusters.into_iter().collect(),
        };
        Principal { who: Arc::new(who), request: None }
    }
}
