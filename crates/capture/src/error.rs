//! What can go wrong with a tap, by what its user can do.

use base::{Code, Coded};

/// Why a pod is not tapped, or a tap not begun.
#[derive(Debug, thiserror::Error)]
pub enum Error {
    /// Policy, or the journal, does not let it.
    #[error(transparent)]
    Audit(#[from] policy::AuditUnavailable),
    /// The cluster does not do it.
    #[error(transparent)]
    Cluster(#[from] cluster::Error),
    /// Every profile is refused by admission.
    #[error("admission refuses the capture container: {message}")]
    Admission {
        /// What each profile was told.
        message: String,
    },
    /// What is needed is not known to this program.
    #[error("pods are not known to this program")]
    Unsupported,
    /// The API server has no ephemeral containers.
    #[error("this API server ({version}) has no ephemeral containers: Kubernetes has them from 1.25 on")]
    NoEphemeral {
        /// What it says it is.
        version: String,
    },
    /// The pod cannot be tapped, for what it is.
    #[error("{message}")]
    Pod {
        /// Why, and what to do.
        message: String,
        /// Which kind of refusal.
        code: Code,
    },
    /// The container does not start.
    #[error("the capture container does not start: {message}; `qd tap image` writes the image for a registry")]
    Image {
        /// The kubelet's reason.
        message: String,
    },
    /// The agent says something that is not the protocol, or is too old or too new.
    #[error("the agent {message}")]
    Agent {
        /// What.
        message: String,
    },
    /// Another stream leads the agent now.
    #[error("the agent serves its owner on another stream")]
    Busy,
    /// The filter is none.
    #[error(transparent)]
    Filter(#[from] bpf::Error),
    /// A trigger is no expression over records.
    #[error("{0}")]
    Trigger(#[from] query::Error),
    /// The agent and we speak no protocol in common, or it cannot do what it is asked for.
    #[error("the agent {message}")]
    Version {
        /// Which side is older.
        message: String,
    },
    /// The words name no pods.
    #[error("{message}")]
    Selector {
        /// Which word, and what was expected.
        message: String,
    },
    /// Over a limit.
    #[error("over a limit of taps (limit `{0}`, {1})")]
    Limit(&'static str, u64),
    /// No entropy.
    #[error("no key can be made on this machine")]
    Key,
}

impl Coded for Error {
    fn code(&self) -> Code {
        match self {
            Self::Audit(error) => error.code(),
            Self::Cluster(cluster::Error::Denied { .. }) => Code::TapForbidden,
            Self::Cluster(error) => error.code(),
            Self::Admission { .. } => Code::TapAdmission,
            Self::Unsupported | Self::NoEphemeral { .. } => Code::EphemeralUnsupported,
            Self::Pod { code, .. } => *code,
            Self::Image { .. } => Code::AgentImage,
            Self::Agent { .. } | Self::Busy => Code::AgentProtocol,
            Self::Filter(error) => error.code(),
            Self::Trigger(_) => Code::SelectSyntax,
            Self::Version { .. } => Code::AgentVersion,
            Self::Selector { .. } => Code::BadRequest,
            Self::Limit(..) => Code::LimitReached,
            Self::Key => Code::Internal,
        }
    }

    fn details(&self) -> Option<serde_json::Value> {
        match self {
            Self::Cluster(error) => error.details(),
            Self::Filter(error) => error.details(),
            Self::Trigger(error) => error.details(),
            _ => None,
        }
    }
}
