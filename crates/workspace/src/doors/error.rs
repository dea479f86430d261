//! Why a door does not do what it was asked.

use crate::acts::ActError;
use crate::earlier::Several;
use crate::jobs::JobError;
use crate::launch::LaunchError;
use crate::reach::ReachError;
use api::workspace::Workspace;
use base::{Code, Coded};
use blueprint::Problems;
use policy::Refusal;
use serde_json::{Value, json};

/// Why a door does not do what it was asked.
#[derive(Debug, thiserror::Error)]
pub enum DoorError {
    /// The policy says no, or wants something first.
    #[error(transparent)]
    Refused(#[from] Refusal),
    /// The cluster is not known.
    #[error(transparent)]
    Cluster(#[from] mirror::Error),
    /// The act failed.
    #[error(transparent)]
    Act(#[from] ActError),
    /// What was asked for is not right.
    #[error(transparent)]
    Launch(#[from] LaunchError),
    /// Several were imported under the id.
    #[error(transparent)]
    Several(#[from] Several),
    /// Nothing can be composed of it.
    #[error(transparent)]
    Composed(#[from] Problems),
    /// There is one of this name; a name like it that is free.
    #[error("there is a workspace {}/{} already: {}", .0.row.namespace, .0.row.name, another(.1.as_deref()))]
    Exists(Box<Workspace>, Option<String>),
    /// The job is not to be had.
    #[error(transparent)]
    Job(#[from] JobError),
    /// Its daemon is not reached.
    #[error(transparent)]
    Reach(#[from] ReachError),
    /// It is being deleted, which nothing undoes; the id of the job that does it.
    #[error("workspace {0} is being deleted: wait until it is gone, then make it again")]
    Ending(String, Option<String>),
    /// A workspace is made for whoever asks.
    #[error("the user string is of {user}, and you are {you}: workspaces are made for whoever asks")]
    Other {
        /// Of whom it is.
        user: String,
        /// Who asks.
        you: String,
    },
    /// A field that is not changed so.
    #[error("/spec/{field} cannot be changed: {why}")]
    Fixed {
        /// Its name.
        field: String,
        /// What to do instead.
        why: &'static str,
    },
    /// An image does not say what it is.
    #[error("{1}")]
    Image(Code, String),
    /// The request is not right.
    #[error("{0}")]
    Bad(String),
}

impl DoorError {
    /// Another workspace has the name.
    #[must_use]
    pub const fn is_taken(&self) -> bool {
        matches!(self, Self::Exists(..) | Self::Act(ActError::Exists(_)))
    }
}

/// What to do about a name that is taken.
fn another(free: Option<&str>) -> String {
    match free {
        Some(free) => format!("choose another name, {free} is free, or start that one"),
        None => "choose another name, or start that one".to_owned(),
    }
}

impl From<link::Error> for DoorError {
    fn from(error: link::Error) -> Self {
        Self::Reach(error.into())
    }
}

impl Coded for DoorError {
    fn code(&self) -> Code {
        match self {
            Self::Refused(error) => error.code(),
            Self::Cluster(error) => error.code(),
            Self::Act(error) => error.code(),
            Self::Launch(error) => error.code(),
            Self::Several(error) => error.code(),
            Self::Composed(error) => error.code(),
            Self::Exists(..) => Code::WorkspaceExists,
            Self::Job(error) => error.code(),
            Self::Reach(error) => error.code(),
            Self::Ending(..) => Code::WorkspaceBusy,
            Self::Other { .. } => Code::PolicyDenied,
            Self::Fixed { .. } => Code::FieldNotAllowed,
            Self::Image(code, _) => *code,
            Self::Bad(_) => Code::BadRequest,
        }
    }

    fn details(&self) -> Option<Value> {
        match self {
            Self::Refused(error) => error.details(),
            Self::Cluster(error) => error.details(),
            Self::Act(error) => error.details(),
            Self::Launch(error) => error.details(),
            Self::Several(error) => error.details(),
            Self::Composed(error) => error.details(),
            Self::Exists(workspace, free) => Some(json!({ "workspace": workspace, "free": free })),
            Self::Job(error) => error.details(),
            Self::Reach(error) => error.details(),
            Self::Fixed { field, .. } => Some(json!({ "pointer": format!("/spec/{field}") })),
            Self::Ending(_, job) => Some(json!({ "job": job, "act": "delete" })),
            Self::Other { .. } | Self::Image(..) | Self::Bad(_) => None,
        }
    }
}
