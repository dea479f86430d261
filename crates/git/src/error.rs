//! Why a repository could not be read.

use base::{Code, Coded};

/// Why a repository could not be read.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum Error {
    /// The platform does not connect there.
    #[error("{host} is not read: {why}")]
    Refused {
        /// The host.
        host: String,
        /// The rule that says so.
        why: String,
    },
    /// The host has no such repository, or none for whoever asks.
    #[error("{0} is not there, or is not public and there are no credentials for it")]
    NotFound(String),
    /// The repository has no such branch, tag, commit or pull request.
    #[error("{remote} has no {reference}")]
    NoReference {
        /// The repository.
        remote: String,
        /// What was asked for.
        reference: String,
    },
    /// Nobody answers there, or not in time.
    #[error("{host} does not answer: {why}")]
    Unreachable {
        /// The host.
        host: String,
        /// What happened.
        why: String,
    },
    /// It is larger than is read.
    #[error("{remote} is not read: {what} than {most} MiB")]
    TooLarge {
        /// The repository.
        remote: String,
        /// What is too large.
        what: &'static str,
        /// The limit.
        most: usize,
    },
    /// What answers there is no git server that is understood.
    #[error("{remote} is not read as a git repository: {why}")]
    Protocol {
        /// The repository.
        remote: String,
        /// What was not understood.
        why: String,
    },
}

impl Error {
    /// Whether asking again later may help.
    #[must_use]
    pub const fn may_pass(&self) -> bool {
        matches!(self, Self::Unreachable { .. })
    }
}

impl Coded for Error {
    fn code(&self) -> Code {
        match self {
            Self::Refused { .. } => Code::RepositoryRefused,
            Self::NotFound(_) | Self::NoReference { .. } => Code::RepositoryNotFound,
            Self::Unreachable { .. } | Self::Protocol { .. } => Code::RepositoryUnreachable,
            Self::TooLarge { .. } => Code::TooLarge,
        }
    }
}
