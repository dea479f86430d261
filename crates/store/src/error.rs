//! What can go wrong, by what the caller can do.

use base::{Code, Coded};
use evidence::Broken;
use std::path::{Path, PathBuf};

/// The store cannot be used.
#[derive(Debug, thiserror::Error)]
pub enum StoreError {
    /// The file cannot be opened, read or written.
    #[error("the store {} cannot be used: check that its folder exists, is writable and has space", path.display())]
    Unavailable {
        /// The file.
        path: PathBuf,
        /// For the log.
        source: Box<dyn std::error::Error + Send + Sync>,
    },
    /// A later version wrote the file.
    #[error("the store {} was written by a later version: use that version, or another state folder", path.display())]
    Newer {
        /// The file.
        path: PathBuf,
    },
}

impl StoreError {
    pub(crate) fn of(path: &Path, source: impl Into<Box<dyn std::error::Error + Send + Sync>>) -> Self {
        Self::Unavailable { path: path.to_owned(), source: source.into() }
    }
}

impl Coded for StoreError {
    fn code(&self) -> Code {
        Code::StoreUnavailable
    }

    fn details(&self) -> Option<serde_json::Value> {
        let (Self::Unavailable { path, .. } | Self::Newer { path }) = self;
        Some(serde_json::json!({ "path": path }))
    }
}

/// The journal could not be verified, or does not verify.
#[derive(Debug, thiserror::Error)]
pub enum VerifyError {
    /// It cannot be read.
    #[error(transparent)]
    Store(#[from] StoreError),
    /// It was changed.
    #[error(transparent)]
    Broken(#[from] Broken),
    /// The file with the last signed heads is gone or is not one: what was cut after it cannot be known.
    #[error("the file {} with the last signed heads is missing or damaged, so that a cut end would not show", path.display())]
    HeadsMissing {
        /// The file.
        path: PathBuf,
    },
}

impl Coded for VerifyError {
    fn code(&self) -> Code {
        match self {
            Self::Store(error) => error.code(),
            Self::Broken(_) | Self::HeadsMissing { .. } => Code::AuditBroken,
        }
    }

    fn details(&self) -> Option<serde_json::Value> {
        match self {
            Self::Store(error) => error.details(),
            Self::Broken(broken) => serde_json::to_value(broken).ok(),
            Self::HeadsMissing { path } => Some(serde_json::json!({ "path": path })),
        }
    }
}
