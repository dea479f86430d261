//! What is wrong with an expression, and where.

use base::{Code, Coded};
use std::ops::Range;

/// An expression that cannot be used. The position counts characters of the text that was parsed.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error("{message}")]
pub struct Error {
    /// For a person: what is wrong and what would be right.
    pub message: String,
    /// First character that is wrong.
    pub at: usize,
    /// How many characters are wrong; 0 at the end of the text.
    pub len: usize,
}

impl Error {
    /// An error at a place given in bytes.
    pub(crate) fn at(text: &str, place: Range<usize>, message: impl Into<String>) -> Self {
        let chars = |to: usize| text.get(..text.floor_char_boundary(to)).unwrap_or(text).chars().count();
        let at = chars(place.start);
        Self { message: message.into(), at, len: chars(place.end).saturating_sub(at) }
    }
}

impl Coded for Error {
    fn code(&self) -> Code {
        Code::QuerySyntax
    }

    fn details(&self) -> Option<serde_json::Value> {
        Some(serde_json::json!({ "at": self.at, "len": self.len }))
    }
}
