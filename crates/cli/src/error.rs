//! Why a command failed, with the code that its exit status comes from.

use base::{Code, Coded};

/// Why a command failed.
#[derive(Debug, thiserror::Error)]
pub enum Error {
    /// A service says no.
    #[error("{0}")]
    Failed(Box<dyn Coded + Send + Sync>),
    /// The command's words do not make sense.
    #[error("{0}")]
    Usage(String),
    /// A plan's step failed; the rest was done.
    #[error("{failed} of {all} failed")]
    Steps {
        /// How many.
        failed: usize,
        /// Of how many.
        all: usize,
        /// The first one's code.
        code: Code,
    },
    /// The user said no.
    #[error("nothing was done")]
    Declined,
    /// Control-C, or a signal.
    #[error("interrupted")]
    Interrupted,
    /// Somebody has to answer, and nobody is there.
    #[error("{0}")]
    Unanswered(String),
    /// A key as an argument; it is not repeated.
    #[error(
        "{0} as an argument is seen by every user of this machine, and stays in the shell's history: give it by the \
         variable ANTHROPIC_API_KEY, and make a new one if this one is real"
    )]
    SecretInArgument(&'static str),
    /// A filter asked for in words.
    #[error(
        "filters are not made from words: that is off until a provider is configured, and this build knows none; nothing \
         was sent anywhere. Write the filter: `qd filter --help`, docs/reference/filter.md"
    )]
    WordsOff,
    /// stdout or stdin failed.
    #[error("cannot write the output: {0}")]
    Output(#[from] std::io::Error),
}

impl Error {
    pub(crate) fn of(error: impl Coded + Send + Sync + 'static) -> Self {
        Self::Failed(Box::new(error))
    }
}

impl Coded for Error {
    fn code(&self) -> Code {
        match self {
            Self::Failed(error) => error.code(),
            Self::Usage(_) => Code::BadRequest,
            Self::Steps { code, .. } => *code,
            Self::Declined | Self::Interrupted => Code::Interrupted,
            Self::Unanswered(_) => Code::NeedsUnmet,
            Self::SecretInArgument(_) => Code::SecretInArgument,
            Self::WordsOff => Code::FilterWordsOff,
            Self::Output(_) => Code::Internal,
        }
    }

    fn details(&self) -> Option<serde_json::Value> {
        match self {
            Self::Failed(error) => error.details(),
            _ => None,
        }
    }
}
