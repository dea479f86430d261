//! Names of workspaces, and of what the operator writes on its objects.

/// A workspace of a cluster.
#[derive(Clone, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub struct Key {
    /// Its namespace.
    pub namespace: String,
    /// Its name.
    pub name: String,
}

impl std::fmt::Display for Key {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(f, "{}/{}", self.namespace, self.name)
    }
}

/// On every object of a workspace: its name.
pub const WORKSPACE: &str = "quarterdeck.dev/workspace";
/// On every object of a workspace: whose it is.
pub const OWNER: &str = "quarterdeck.dev/owner";
/// On every object of a workspace: its organization.
pub const ORG: &str = "quarterdeck.dev/org";
/// On a claim of storage: `own` when it is of one workspace alone, `shared` when others may have it too.
pub const STORAGE: &str = "quarterdeck.dev/storage";
/// On a claim of storage: how long it is kept after its workspace has gone; `0` for ever.
pub const RETAIN_FOR: &str = "quarterdeck.dev/retain-for";
/// On a claim of storage: since when its workspace is gone (RFC 3339).
pub const LEFT_SINCE: &str = "quarterdeck.dev/left-since";
/// Digest of what was applied.
pub const MANIFEST_HASH: &str = "quarterdeck.dev/manifest-hash";
/// Why and by whom the state was set last.
pub const STATE_CAUSE: &str = "quarterdeck.dev/state-cause";
/// On a Workspace: until when it is not stopped for idleness (RFC 3339).
pub const KEEP_UNTIL: &str = "quarterdeck.dev/keep-until";
/// On a Workspace that somebody wrote past Quarterdeck: who did, as the API server knows them.
pub const WRITER: &str = "quarterdeck.dev/writer";
/// The job that made or changed it last.
pub const JOB: &str = "quarterdeck.dev/job";
/// Holds a workspace until its storage has gone, where it says that its storage goes with it.
pub const FINALIZER: &str = "quarterdeck.dev/volumes";
