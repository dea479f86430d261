//! Why a request about files was not carried out.

use crate::reach::{ReachError, of_link};
use base::{Code, Coded};
use link::files::{FileError, Wrong};
use serde_json::{Value, json};

/// Why a request about files was not carried out.
#[derive(Debug, thiserror::Error)]
pub enum FilesError {
    /// The workspace cannot be reached.
    #[error(transparent)]
    Reach(#[from] ReachError),
    /// The workspace's system says no, or its daemon is gone.
    #[error(transparent)]
    File(#[from] FileError),
    /// A path that no file can have.
    #[error("{0}")]
    Path(&'static str),
    /// The user's own home, or a folder above it.
    #[error("the home, and what is above it, is not deleted from here")]
    Home,
    /// A folder is fetched as an archive.
    #[error("this is a folder: fetch it as a zip archive")]
    Folder,
    /// Neither a file nor a folder.
    #[error("this is neither a file nor a folder, and cannot be fetched")]
    Odd,
    /// More of the file is there, or less, than the caller thinks.
    #[error("the upload goes on at byte {have}")]
    Elsewhere {
        /// So many bytes are there.
        have: u64,
    },
    /// More bytes came than were said.
    #[error("more bytes came than the upload was said to have")]
    Long,
    /// Fewer bytes came than were said.
    #[error("fewer bytes came than were said: {have} of {total} are there")]
    Short {
        /// So many bytes are there.
        have: u64,
        /// Of so many.
        total: u64,
    },
    /// What allowed this has ended.
    #[error("what allowed this has ended")]
    Revoked,
}

impl Coded for FilesError {
    fn code(&self) -> Code {
        match self {
            Self::Reach(error) => error.code(),
            Self::File(FileError::Link(error)) => of_link(error),
            Self::File(FileError::Many(_)) => Code::LimitReached,
            Self::File(FileError::Refused { wrong, .. }) => match wrong {
                Wrong::NotFound | Wrong::End => Code::NotFound,
                Wrong::Denied => Code::FileDenied,
                Wrong::Exists | Wrong::NotEmpty | Wrong::NotFolder | Wrong::IsFolder => Code::FileConflict,
                Wrong::Full => Code::FileFull,
                Wrong::Other => Code::FileFailed,
            },
            Self::Path(_) => Code::BadRequest,
            Self::Home | Self::Folder | Self::Odd | Self::Elsewhere { .. } => Code::FileConflict,
            Self::Long | Self::Short { .. } => Code::BadRequest,
            Self::Revoked => Code::PolicyDenied,
        }
    }

    fn details(&self) -> Option<Value> {
        match self {
            Self::Reach(error) => error.details(),
            Self::Elsewhere { have } => Some(json!({ "have": have })),
            Self::Short { have, total } => Some(json!({ "have": have, "total": total })),
            _ => None,
        }
    }
}
