//! Who asks. A [`Principal`] is proof that somebody was verified; only a [`Verifier`] makes one.

use base::{ClusterName, RequestId};
use serde::{Deserialize, Serialize};
use std::collections::BTreeMap;
use std::sync::Arc;

/// What an API server says of a user (SelfSubjectReview, KEP-3325).
#[derive(Clone, Debug, Default, PartialEq, Eq, Hash, Serialize, Deserialize)]
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
    /// Stable id: `desk:ada`, `user:ada`.
    pub id: String,
    /// Name to show.
    pub name: String,
    /// The door.
    pub door: Door,
    /// What each cluster's API server says of this user; a cluster not reached yet is absent.
    #[serde(default, skip_serializing_if = "BTreeMap::is_empty")]
    pub clusters: BTreeMap<ClusterName, UserInfo>,
    /// The roles of somebody of a team.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub roles: Vec<String>,
    /// The organisation of somebody of a team.
    #[serde(default, skip_serializing_if = "String::is_empty")]
    pub org: String,
    /// Whom API servers are told that this is (impersonation); absent where the process acts as itself.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub acts_as: Option<UserInfo>,
}

impl Who {
    pub(crate) fn new(id: String, name: &str) -> Self {
        Self {
            id,
            name: name.to_owned(),
            door: Door::default(),
            clusters: BTreeMap::new(),
            roles: Vec::new(),
            org: String::new(),
            acts_as: None,
        }
    }

    /// It is the process itself, and nobody who came through a door.
    #[must_use]
    pub fn is_process(&self) -> bool {
        self.id.starts_with(PROCESS)
    }
}

/// Somebody of a team, as whoever keeps the list of its people knows them.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Member {
    /// The name: that of the owner of their workspaces.
    pub name: String,
    /// The organisation.
    pub org: String,
    /// The roles.
    pub roles: Vec<String>,
    /// Whom API servers are told that this is.
    pub acts_as: UserInfo,
}

/// Somebody verified. Cheap to clone; never read from outside.
#[derive(Clone, Debug)]
pub struct Principal {
    who: Arc<Who>,
    request: Option<RequestId>,
}

impl Principal {
    /// Somebody that a door could not verify. Never leaves the gate: nothing is permitted to them.
    pub(crate) fn stranger(door: Door, request: RequestId) -> Self {
        let who = Who { door, ..Who::new("unknown".to_owned(), "somebody without a valid key") };
        Self { who: Arc::new(who), request: Some(request) }
    }

    fn of(who: Who) -> Self {
        Self { who: Arc::new(who), request: None }
    }

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

    /// Whom API servers are told that this is; `None` where the process acts as itself.
    #[must_use]
    pub fn acts_as(&self) -> Option<&UserInfo> {
        self.who.acts_as.as_ref()
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
        let clusters = clusters.into_iter().collect();
        Principal::of(Who { clusters, ..Who::new(format!("desk:{user}"), user) })
    }

    /// Somebody of a team who has shown a key of theirs.
    #[must_use]
    pub fn member(&self, member: Member) -> Principal {
        let Member { name, org, roles, acts_as } = member;
        Principal::of(Who { roles, org, acts_as: Some(acts_as), ..Who::new(format!("user:{name}"), &name) })
    }

    /// The process itself, in what it does for nobody in particular: its operator.
    #[must_use]
    pub fn process(&self, name: &str) -> Principal {
        Principal::of(Who { door: Door::Process, ..Who::new(format!("{PROCESS}{name}"), name) })
    }
}

/// Ids of processes begin so.
const PROCESS: &str = "process:";
