//! Regular expressions with a budget. The engine takes time linear in the text.

use crate::error::Error;
use regex::{Regex, RegexBuilder};
use std::ops::Range;

/// A compiled expression; equal when its source is.
#[derive(Clone, Debug)]
pub(crate) struct Pattern {
    source: Box<str>,
    regex: Regex,
}

/// Longest source in bytes.
const MAX_SOURCE: usize = 1_000;
/// Largest compiled program, and largest cache of the lazy automaton, in bytes.
const MAX_PROGRAM: usize = 256 * 1024;

impl Pattern {
    pub(crate) fn new(source: &str, fold: bool, text: &str, place: Range<usize>) -> Result<Self, Error> {
        if source.len() > MAX_SOURCE {
            return Err(Error::at(text, place, format!("a regular expression has at most {MAX_SOURCE} characters")));
        }
        let built = RegexBuilder::new(source)
            .case_insensitive(fold)
            .size_limit(MAX_PROGRAM)
            .dfa_size_limit(MAX_PROGRAM)
            .nest_limit(64)
            .build();
        match built {
            Ok(regex) => Ok(Self { source: source.into(), regex }),
            Err(regex::Error::CompiledTooBig(_)) => {
                Err(Error::at(text, place, "this regular expression is too large: repeat less"))
            }
            Err(error) => {
                let last =
                    error.to_string().lines().last().unwrap_or_default().trim_start_matches("error: ").to_owned();
                Err(Error::at(text, place, format!("not a regular expression: {last}")))
            }
        }
    }

    pub(crate) fn source(&self) -> &str {
        &self.source
    }

    pub(crate) fn inside(&self, text: &str) -> bool {
        self.regex.is_match(text)
    }
}

impl PartialEq for Pattern {
    fn eq(&self, other: &Self) -> bool {
        self.regex.as_str() == other.regex.as_str()
    }
}
