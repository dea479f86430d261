//! Why an image did not say what it is.

use base::{Code, Coded};

/// Why an image did not say what it is.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum Error {
    /// The text names no image.
    #[error("{image:?} is no name of an image: {why}")]
    Name {
        /// The text.
        image: String,
        /// What is wrong with it.
        why: String,
    },
    /// The platform does not ask there.
    #[error("{host} is not asked: {why}")]
    Refused {
        /// The host.
        host: String,
        /// The rule that says so.
        why: String,
    },
    /// Its registry has none of that name, or none for whoever asks.
    #[error("{0} is not there, or its registry wants other credentials")]
    NotFound(String),
    /// Nobody answers there, or not in time.
    #[error("{host} does not answer: {why}")]
    Unreachable {
        /// The host.
        host: String,
        /// What happened.
        why: String,
    },
    /// An answer is larger than is read.
    #[error("{host} answers more than {most} bytes")]
    TooLarge {
        /// The host.
        host: String,
        /// The budget, in bytes.
        most: usize,
    },
    /// What answers is no registry that is understood, or it has something else.
    #[error("{image} is not read: {why}")]
    Protocol {
        /// The image.
        image: String,
        /// What was not understood.
        why: String,
    },
}

impl Coded for Error {
    fn code(&self) -> Code {
        match self {
            Self::Name { .. } => Code::BadRequest,
            Self::Refused { .. } => Code::RepositoryRefused,
            Self::NotFound(_) => Code::RepositoryNotFound,
            Self::Unreachable { .. } | Self::Protocol { .. } => Code::RepositoryUnreachable,
            Self::TooLarge { .. } => Code::TooLarge,
        }
    }
}

impl From<net::Error> for Error {
    fn from(error: net::Error) -> Self {
        match error {
            net::Error::Refused { host, why } => Self::Refused { host, why },
            net::Error::Unreachable { host, why } => Self::Unreachable { host, why },
            net::Error::TooLarge { host, most } => Self::TooLarge { host, most },
        }
    }
}
