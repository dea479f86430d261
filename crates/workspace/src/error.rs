//! Why the operator cannot run.

use base::{Code, Coded};

/// Why the operator cannot run.
#[derive(Debug, thiserror::Error)]
pub enum Error {
    /// The cluster says no, or nothing.
    #[error("{0}")]
    Cluster(#[from] cluster::Error),
    /// The decision to run it cannot be written down.
    #[error("the journal takes no entries: the operator does not run without them")]
    Journal(#[from] policy::AuditUnavailable),
    /// The kinds of workspaces are not installed.
    #[error(
        "the cluster does not serve workspaces.quarterdeck.dev: install the kinds with `qd console --with-operator`"
    )]
    NotInstalled,
    /// A watch that it cannot do without is refused.
    #[error("the operator may not watch what it has to: {0}")]
    Blind(#[source] cluster::Error),
}

impl Coded for Error {
    fn code(&self) -> Code {
        match self {
            Self::Cluster(error) | Self::Blind(error) => error.code(),
            Self::Journal(_) => Code::AuditUnavailable,
            Self::NotInstalled => Code::CrdOutdated,
        }
    }

    fn details(&self) -> Option<serde_json::Value> {
        match self {
            Self::Cluster(error) | Self::Blind(error) => error.details(),
            Self::Journal(_) | Self::NotInstalled => None,
        }
    }
}
