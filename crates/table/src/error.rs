//! What can be wrong with a view.

use base::{Code, Coded};

/// Why a list cannot be shown.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum Error {
    /// The sort names a column that is not there.
    #[error("cannot sort by `{name}`: the columns are {columns}")]
    UnknownColumn {
        /// What was asked for.
        name: String,
        /// What there is.
        columns: String,
    },
    /// Filtering took longer than a second.
    #[error("this filter takes longer than a second on {rows} rows: narrow it to a field or a namespace")]
    TooCostly {
        /// Rows in the table.
        rows: usize,
    },
}

impl Coded for Error {
    fn code(&self) -> Code {
        match self {
            Self::UnknownColumn { .. } => Code::BadRequest,
            Self::TooCostly { .. } => Code::QueryTooCostly,
        }
    }
}
