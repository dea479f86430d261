//! Why `qd` ended without success.

use api::ErrorBody;
use base::{Code, Coded, RequestId};

/// Why `qd` ended without success.
#[derive(Debug)]
pub(crate) enum Failed {
    Coded(Box<dyn Coded + Send + Sync>),
    Io(std::io::Error),
    Interrupted,
}

impl Failed {
    pub(crate) fn of(error: impl Coded + Send + Sync + 'static) -> Self {
        Self::Coded(Box::new(error))
    }

    pub(crate) fn interrupted() -> Self {
        Self::Interrupted
    }

    pub(crate) fn code(&self) -> Code {
        match self {
            Self::Coded(error) => error.code(),
            Self::Io(_) => Code::Internal,
            Self::Interrupted => Code::Interrupted,
        }
    }

    pub(crate) fn exit_code(&self) -> u8 {
        self.code().exit_code()
    }

    pub(crate) fn is_broken_pipe(&self) -> bool {
        let broken = |error: &std::io::Error| error.kind() == std::io::ErrorKind::BrokenPipe;
        match self {
            Self::Io(error) => broken(error),
            Self::Coded(error) => {
                let mut cause: Option<&(dyn std::error::Error + 'static)> = error.source();
                while let Some(next) = cause {
                    if next.downcast_ref::<std::io::Error>().is_some_and(broken) {
                        return true;
                    }
                    cause = next.source();
                }
                false
            }
            Self::Interrupted => false,
        }
    }

    pub(crate) fn body(&self) -> ErrorBody {
        let details = if let Self::Coded(error) = self { error.details() } else { None };
        ErrorBody { code: self.code(), message: self.to_string(), details, request_id: RequestId::new() }
    }
}

impl std::fmt::Display for Failed {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        match self {
            Self::Coded(error) => error.fmt(f),
            Self::Io(error) => error.fmt(f),
            Self::Interrupted => f.write_str("interrupted"),
        }
    }
}

impl From<std::io::Error> for Failed {
    fn from(error: std::io::Error) -> Self {
        Self::Io(error)
    }
}
