//! What can be wrong with a filter, with the place where it is wrong.

use std::fmt;

use crate::objects::Object;
use base::{Code, Coded};

/// A place in the text of a filter.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Position {
    /// Byte offset from the start.
    pub offset: usize,
    /// Line, from 1.
    pub line: usize,
    /// Column in characters, from 1.
    pub column: usize,
}

impl Position {
    /// The place of byte `offset` in `text`.
    pub(crate) fn of(text: &str, offset: usize) -> Self {
        let before = text.get(..offset).unwrap_or(text);
        let line = before.bytes().filter(|byte| *byte == b'\n').count() + 1;
        let column = before.rsplit('\n').next().unwrap_or_default().chars().count() + 1;
        Self { offset, line, column }
    }
}

impl fmt::Display for Position {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "line {}, column {}", self.line, self.column)
    }
}

/// Why a filter is not compiled. A running filter stays as it is.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum Error {
    /// The text is not a filter; to be corrected at the place.
    #[error("{at}: {problem}{}", or_list(expected))]
    Syntax {
        /// Where.
        at: Position,
        /// What is wrong there.
        problem: String,
        /// What may stand there; empty when the form is right and the meaning is not.
        expected: Vec<&'static str>,
    },
    /// A host, network or gateway by name: names are not looked up, because what a name means changes while a filter
    /// runs. To be written as an address.
    #[error("{at}: host name `{name}` is not looked up: write its address")]
    HostUnknown {
        /// Where.
        at: Position,
        /// The name.
        name: String,
    },
    /// An object of a cluster that is not known: to be named as it is, or by its addresses.
    #[error("{at}: `{object}`: {why}")]
    ObjectUnknown {
        /// Where.
        at: Position,
        /// What is named.
        object: Object,
        /// Why.
        why: String,
    },
    /// Packets of this link type cannot be filtered: to be captured as another one.
    #[error(
        "packets of link type {link} cannot be filtered: known are Ethernet (1), raw IP (12, 14, 101, 228, 229), Linux cooked capture (113, 276) and BSD loopback (0, 108)"
    )]
    LinkType {
        /// Its registered number.
        link: u16,
    },
    /// Over [`crate::MAX_INSTRUCTIONS`] instructions: to be made simpler.
    #[error("the filter needs {needs} and may have {limit}")]
    TooLong {
        /// What it needs, with its unit.
        needs: String,
        /// The limit, with its unit.
        limit: String,
    },
}

impl Coded for Error {
    fn code(&self) -> Code {
        match self {
            Self::Syntax { .. } => Code::FilterSyntax,
            Self::HostUnknown { .. } | Self::ObjectUnknown { .. } => Code::FilterHostUnknown,
            Self::TooLong { .. } => Code::FilterTooLong,
            Self::LinkType { .. } => Code::FilterLinkType,
        }
    }

    fn details(&self) -> Option<serde_json::Value> {
        let at = self.position()?;
        let expected = self.expected();
        Some(serde_json::json!({ "offset": at.offset, "line": at.line, "column": at.column, "expected": expected }))
    }
}

impl Error {
    /// Where it is wrong, if it is at one place.
    #[must_use]
    pub const fn position(&self) -> Option<Position> {
        match self {
            Self::Syntax { at, .. } | Self::HostUnknown { at, .. } | Self::ObjectUnknown { at, .. } => Some(*at),
            Self::TooLong { .. } | Self::LinkType { .. } => None,
        }
    }

    /// What may stand at that place; empty when the form is right and the meaning is not.
    #[must_use]
    pub fn expected(&self) -> &[&'static str] {
        match self {
            Self::Syntax { expected, .. } => expected,
            _ => &[],
        }
    }

    /// A text of the right form that means nothing.
    pub(crate) fn meaning(at: Position, problem: impl Into<String>) -> Self {
        Self::Syntax { at, problem: problem.into(), expected: Vec::new() }
    }
}

fn or_list(words: &[&str]) -> String {
    match words.split_last() {
        None => String::new(),
        Some((last, [])) => format!(", expected {last}"),
        Some((last, rest)) => format!(", expected {} or {last}", rest.join(", ")),
    }
}
