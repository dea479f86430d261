//! What can be wrong with bytes from an API server.

use base::{Code, Coded};

/// Why bytes could not be read. None of these end a watch by itself: the caller marks the row and goes on, except for
/// frame errors, after which the position in the stream is lost.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum Error {
    /// The bytes end in the middle of something.
    #[error("the object's bytes end too early")]
    Truncated,
    /// The bytes are not what they say they are.
    #[error("the object cannot be read: {what}")]
    Malformed {
        /// What does not fit.
        what: &'static str,
    },
    /// Over the budget.
    #[error("the object has {bytes} bytes, more than the {limit} that are read")]
    TooLarge {
        /// Size, as announced or as seen so far.
        bytes: usize,
        /// The budget.
        limit: usize,
    },
    /// Protobuf of a kind that has no message table.
    #[error("no protobuf description of {kind} in {api_version}")]
    UnknownKind {
        /// Group and version.
        api_version: String,
        /// The kind.
        kind: String,
    },
}

impl Error {
    pub(crate) const fn malformed(what: &'static str) -> Self {
        Self::Malformed { what }
    }
}

impl Coded for Error {
    fn code(&self) -> Code {
        match self {
            Self::Truncated | Self::Malformed { .. } | Self::UnknownKind { .. } => Code::DecodePartial,
            Self::TooLarge { .. } => Code::TooLarge,
        }
    }
}
