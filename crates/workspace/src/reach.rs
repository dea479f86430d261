//! The way to the daemon of a workspace: the API server's exec of its relay in the main container, and a link over that.
//!
//! Each way in is under a permit, whose decision is on disk before the API server is asked.

use crate::about::condition;
use crate::acts::{ActError, kind, narrow};
use base::{Code, Coded};
use catalog::Kind;
use cluster::{Cluster, LastWords, Target, joined};
use link::Link;
use policy::action::{
    Changes, ObjectTarget, WorkspaceApps, WorkspaceConnect, WorkspaceExec, WorkspaceFiles, WorkspaceProxy,
    WorkspaceReconcile,
};
use policy::{Action, Permit};
use serde_json::Value;
use std::net::IpAddr;
use std::time::Duration;
use tokio::time::timeout;

/// An action that needs the daemon of a workspace.
pub trait Reaches: Action<Effect = Changes> {
    /// Which workspace.
    fn workspace(&self) -> &ObjectTarget;
}

impl Reaches for WorkspaceConnect {
    fn workspace(&self) -> &ObjectTarget {
        &self.object
    }
}

impl Reaches for WorkspaceExec {
    fn workspace(&self) -> &ObjectTarget {
        &self.object
    }
}

impl Reaches for WorkspaceFiles {
    fn workspace(&self) -> &ObjectTarget {
        &self.object
    }
}

impl Reaches for WorkspaceApps {
    fn workspace(&self) -> &ObjectTarget {
        &self.object
    }
}

impl Reaches for WorkspaceProxy {
    fn workspace(&self) -> &ObjectTarget {
        &self.object
    }
}

/// The operator asks how it is, under the permit of the generation that it carries out.
impl Reaches for WorkspaceReconcile {
    fn workspace(&self) -> &ObjectTarget {
        &self.object
    }
}

/// Why there is no link.
#[derive(Debug, thiserror::Error)]
pub enum ReachError {
    /// The workspace cannot be looked at.
    #[error(transparent)]
    Act(#[from] ActError),
    /// It is stopped, or about to be.
    #[error("workspace {workspace} is stopped{}{why}", if why.is_empty() { "" } else { ": " })]
    Stopped {
        /// Which.
        workspace: String,
        /// Why, in words.
        why: String,
    },
    /// It has no pod yet.
    #[error("workspace {0} has no pod that runs")]
    NoPod(String),
    /// It has none, since it waits for room.
    #[error("workspace {workspace} waits in a queue: {why}")]
    Queued {
        /// Which.
        workspace: String,
        /// The quota, the bound in its way and how many are before it.
        why: String,
    },
    /// Its pod cannot be entered.
    #[error("{0}")]
    Closed(#[source] cluster::Error),
    /// Its daemon does not answer as it should.
    #[error("{error}{}{words}", if words.is_empty() { "" } else { ": " })]
    Daemon {
        /// What is wrong.
        #[source]
        error: link::Error,
        /// What was said on the way.
        words: String,
    },
}

impl From<link::Error> for ReachError {
    fn from(error: link::Error) -> Self {
        Self::Daemon { error, words: String::new() }
    }
}

/// The code of what a link says.
pub(crate) fn of_link(error: &link::Error) -> Code {
    match error {
        link::Error::Refused { code, .. } if code == "not_found" => Code::NotFound,
        link::Error::Version { .. } => Code::AgentVersion,
        link::Error::Closed | link::Error::Late | link::Error::Unreachable(_) => Code::AgentUnreachable,
        _ => Code::WorkspaceDaemon,
    }
}

impl Coded for ReachError {
    fn code(&self) -> Code {
        match self {
            Self::Act(error) => error.code(),
            Self::Stopped { .. } => Code::WorkspaceStopped,
            Self::NoPod(_) => Code::WorkspaceDaemon,
            Self::Queued { .. } => Code::Queued,
            Self::Closed(error) => error.code(),
            Self::Daemon { error, .. } => of_link(error),
        }
    }

    fn details(&self) -> Option<Value> {
        match self {
            Self::Act(error) => error.details(),
            Self::Closed(error) => error.details(),
            Self::Stopped { .. } | Self::NoPod(_) | Self::Queued { .. } | Self::Daemon { .. } => None,
        }
    }
}

impl ReachError {
    /// The API server does not answer, or has nothing behind it that does.
    pub(crate) fn is_away(&self) -> bool {
        match self {
            Self::Act(ActError::Cluster(error)) => error.is_away(),
            // The node behind it may be what is away.
            Self::Closed(error) => {
                matches!(error, cluster::Error::Unreachable { .. } | cluster::Error::TimedOut { .. })
            }
            _ => false,
        }
    }

    /// The API server says that whoever asks may not.
    pub(crate) fn is_denied(&self) -> bool {
        let denied = |error: &cluster::Error| matches!(error, cluster::Error::Denied { .. });
        matches!(self, Self::Act(ActError::Cluster(error)) | Self::Closed(error) if denied(error))
    }

    /// Trying again soon, as it is, may help.
    #[must_use]
    pub fn is_passing(&self) -> bool {
        match self {
            Self::Act(ActError::Cluster(error)) => error.is_passing(),
            Self::Act(_) | Self::Stopped { .. } => false,
            Self::NoPod(_) | Self::Queued { .. } => true,
            // A container that starts again is not found meanwhile.
            Self::Closed(error) => error.is_passing() || matches!(error, cluster::Error::NotFound { .. }),
            Self::Daemon { error, .. } => !matches!(error, link::Error::Refused { .. } | link::Error::Version { .. }),
        }
    }
}

/// Opens a link to the daemon of the workspace that the permit names.
///
/// # Errors
/// As [`ReachError`] says.
pub async fn reach<A: Reaches>(cluster: &Cluster, permit: &Permit<A>) -> Result<Link, ReachError> {
    by(cluster, permit, RELAY).await
}

/// The same to the pod's own daemon, which stands beside the main container of a service.
///
/// # Errors
/// As [`ReachError`] says.
pub(crate) async fn reach_beside<A: Reaches>(cluster: &Cluster, permit: &Permit<A>) -> Result<Link, ReachError> {
    by(cluster, permit, BESIDE).await
}

/// Where the pod of a workspace is.
pub(crate) struct Place {
    /// Namespace and name of the workspace.
    pub(crate) workspace: String,
    /// The uid of the workspace.
    pub(crate) uid: String,
    /// The name of its pod.
    pub(crate) pod: String,
    /// The pod's address, once it has one.
    pub(crate) ip: Option<IpAddr>,
}

/// Looks where the pod of the workspace is that the permit names.
pub(crate) async fn look<A: Reaches>(cluster: &Cluster, permit: &Permit<A>) -> Result<Place, ReachError> {
    permit.settled().await.map_err(ActError::from)?;
    let seen = ask(cluster, permit).await?;
    place(permit.target().workspace(), &seen)
}

/// The workspace that the permit names, as the API server has it.
pub(crate) async fn ask<A: Reaches>(cluster: &Cluster, permit: &Permit<A>) -> Result<Value, ActError> {
    let object = permit.target().workspace();
    let workspaces = kind()?;
    let target = Target { kind: &workspaces, namespace: &object.namespace, name: &object.name };
    let seen = cluster.acting(permit).get(target, "").await;
    seen.map_err(|error| narrow(error, &object.namespace, &object.name))
}

/// Where the pod of a workspace is.
pub(crate) fn place(object: &ObjectTarget, seen: &Value) -> Result<Place, ReachError> {
    let workspace = format!("{}/{}", object.namespace, object.name);
    if let Some(why) = stopped(seen) {
        return Err(ReachError::Stopped { workspace, why });
    }
    let text = |at: &str| seen.pointer(at).and_then(Value::as_str).filter(|text| !text.is_empty());
    let Some(pod) = text("/status/pod/name").map(str::to_owned) else {
        return Err(match queued(seen) {
            Some(why) => ReachError::Queued { workspace, why },
            None => ReachError::NoPod(workspace),
        });
    };
    let uid = text("/metadata/uid").unwrap_or_default().to_owned();
    Ok(Place { workspace, uid, pod, ip: text("/status/pod/ip").and_then(|ip| ip.parse().ok()) })
}

/// Why it waits for room; `None` for one that does not.
fn queued(workspace: &Value) -> Option<String> {
    let accepted = condition(workspace, "Accepted").filter(|one| one.reason == "QuotaExceeded")?;
    (crate::about::text(workspace, "/status/stage") == "Queued").then_some(accepted.message)
}

async fn by<A: Reaches>(cluster: &Cluster, permit: &Permit<A>, relay: &[&str]) -> Result<Link, ReachError> {
    let place = look(cluster, permit).await?;
    let acting = cluster.acting(permit);
    let pods = Kind::builtin("pods").ok_or(ActError::NotInstalled)?;
    let target = Target { kind: &pods, namespace: &permit.target().workspace().namespace, name: &place.pod };
    let streams = timeout(PATIENCE, acting.exec(target, CONTAINER, relay)).await;
    let late = |_| ReachError::from(link::Error::Late);
    let (input, output) = streams.map_err(late)?.map_err(ReachError::Closed)?;
    let (stream, words) = joined(input, output);
    let (principal, decision) = (permit.principal().id(), permit.decision_id().to_string());
    Link::open(stream, principal, &decision).await.map_err(|error| said(error, &words))
}

/// Why a workspace is stopped, or about to be; `None` when it is to run.
#[must_use]
pub fn stopped(workspace: &Value) -> Option<String> {
    let text = |at: &str| workspace.pointer(at).and_then(Value::as_str).unwrap_or_default();
    (text("/spec/state") == "Stopped").then(|| text("/status/stopReason").to_owned())
}

fn said(error: link::Error, words: &LastWords) -> ReachError {
    ReachError::Daemon { error, words: words.text() }
}

const CONTAINER: &str = "main";
const RELAY: &[&str] = &["/qd/qd-agent", "workspaced", "relay"];
const BESIDE: &[&str] = &["/qd/qd-agent", "workspaced", "relay", "--pod"];
/// For the way into the container; the link has its own.
const PATIENCE: Duration = Duration::from_secs(15);

#[cfg(test)]
mod tests {
    use super::ReachError;
    use base::{Code, Coded};
    use link::Error;

    #[test]
    fn wf_15c_an_agent_that_is_gone_is_told_apart_from_one_that_refuses_or_speaks_otherwise() {
        let gone = || std::io::Error::from(std::io::ErrorKind::ConnectionRefused);
        let refused = |code: &str| Error::Refused { code: code.to_owned(), message: String::new() };
        for (error, code) in [
            (Error::Closed, Code::AgentUnreachable),
            (Error::Late, Code::AgentUnreachable),
            (Error::Unreachable(gone()), Code::AgentUnreachable),
            (Error::Version { agent: "0.1.0".to_owned(), theirs: 0 }, Code::AgentVersion),
            (refused("not_found"), Code::NotFound),
            (refused("no_apps"), Code::WorkspaceDaemon),
        ] {
            let words = error.to_string();
            assert_eq!(ReachError::from(error).code(), code, "{words}");
        }
    }
}
