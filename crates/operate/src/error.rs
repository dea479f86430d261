//! What can go wrong, by what the caller can do.

use api::ErrorBody;
use base::{Code, Coded};
use policy::{AuditUnavailable, Refusal};
use serde_json::{Value, json};
use store::{StoreError, VerifyError};

/// Why something was not done.
#[derive(Debug, thiserror::Error)]
pub enum Error {
    /// Policy, or the journal, does not let it.
    #[error(transparent)]
    Refused(#[from] Refusal),
    /// The decision cannot be written down.
    #[error(transparent)]
    AuditUnavailable(#[from] AuditUnavailable),
    /// The cluster does not do it. The body has plain words.
    #[error("{}", .0.message)]
    Cluster(Box<ErrorBody>),
    /// The request asks for something that cannot be.
    #[error("{message}")]
    Invalid {
        /// What, and what to do instead.
        message: String,
    },
    /// Over the limit of objects in a plan, or of plans.
    #[error("{message}")]
    Limit {
        /// Which limit, and what to do.
        message: String,
    },
    /// No such plan.
    #[error("there is no plan {id}: make a new one")]
    PlanUnknown {
        /// The id.
        id: String,
    },
    /// The plan is too old.
    #[error("the plan is older than ten minutes: make a new one")]
    PlanExpired,
    /// Somebody else made the plan.
    #[error("the plan belongs to somebody else: make your own")]
    PlanForeign,
    /// Objects moved since the plan was made. Nothing was done.
    #[error("{}, so nothing was done: make a new plan", stale(.objects))]
    PlanStale {
        /// Which.
        objects: Vec<String>,
    },
    /// The plan has steps that cannot be done. Nothing was done.
    #[error("the plan cannot be carried out: {}", .first.message)]
    NotReady {
        /// The first step's error.
        first: Box<ErrorBody>,
    },
    /// The Secret has no such key.
    #[error("the Secret has no key {key}")]
    KeyUnknown {
        /// The key.
        key: String,
    },
    /// Policy limits what may be shown.
    #[error("the value has {bytes} bytes, and policy shows at most {most}")]
    TooLarge {
        /// Its size.
        bytes: u64,
        /// The limit.
        most: u64,
    },
    /// The journal cannot be read.
    #[error(transparent)]
    Store(#[from] StoreError),
    /// The journal does not verify.
    #[error(transparent)]
    Verify(#[from] VerifyError),
    /// A fault of ours.
    #[error("something went wrong here: the log has the rest")]
    Internal(#[source] Box<dyn std::error::Error + Send + Sync>),
}

fn stale(objects: &[String]) -> String {
    match objects {
        [only] => format!("{only} changed since the plan was made"),
        [first, rest @ ..] => format!("{first} and {} more changed since the plan was made", rest.len()),
        [] => "something changed since the plan was made".to_owned(),
    }
}

impl Error {
    pub(crate) fn internal(source: impl Into<Box<dyn std::error::Error + Send + Sync>>) -> Self {
        Self::Internal(source.into())
    }
}

impl Coded for Error {
    fn code(&self) -> Code {
        match self {
            Self::Refused(refusal) => refusal.code(),
            Self::AuditUnavailable(_) => Code::AuditUnavailable,
            Self::Cluster(body) | Self::NotReady { first: body } => body.code,
            Self::Invalid { .. } => Code::BadRequest,
            Self::Limit { .. } => Code::LimitReached,
            Self::PlanUnknown { .. } | Self::KeyUnknown { .. } => Code::NotFound,
            Self::PlanExpired => Code::PlanExpired,
            Self::PlanForeign => Code::PlanForeign,
            Self::PlanStale { .. } => Code::PlanStale,
            Self::TooLarge { .. } => Code::TooLarge,
            Self::Store(error) => error.code(),
            Self::Verify(error) => error.code(),
            Self::Internal(_) => Code::Internal,
        }
    }

    fn details(&self) -> Option<Value> {
        match self {
            Self::Refused(refusal) => refusal.details(),
            Self::Cluster(body) | Self::NotReady { first: body } => body.details.clone(),
            Self::PlanStale { objects } => Some(json!({ "objects": objects })),
            Self::Store(error) => error.details(),
            Self::Verify(error) => error.details(),
            _ => None,
        }
    }
}
