//! What is wrong with a blueprint, and where: every problem at once, each with a stable code.

use base::{Code, Coded};
use std::fmt;
use std::sync::Arc;

/// A place in a file; line and column count from 1.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub struct Mark {
    /// Path inside the tree, or a word for what has no file (`overrides`).
    pub file: Arc<str>,
    /// Line.
    pub line: u32,
    /// Column, in characters.
    pub column: u32,
}

impl Mark {
    /// The first place of a file.
    #[must_use]
    pub fn start(file: &str) -> Self {
        Self { file: Arc::from(file), line: 1, column: 1 }
    }
}

impl fmt::Display for Mark {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}:{}:{}", self.file, self.line, self.column)
    }
}

/// One problem.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Problem {
    /// Its stable code.
    pub code: Code,
    /// Whether the blueprint works nevertheless.
    pub warning: bool,
    /// The blueprint's name, where one is known.
    pub blueprint: String,
    /// JSON pointer of the field; empty where the problem is that of a file.
    pub pointer: String,
    /// Where it stands.
    pub mark: Mark,
    /// What is wrong, and what to do.
    pub message: String,
}

impl Problem {
    /// An error about a field.
    pub(crate) fn new(code: Code, pointer: impl fmt::Display, mark: &Mark, message: impl Into<String>) -> Self {
        Self {
            code,
            warning: false,
            blueprint: String::new(),
            pointer: pointer.to_string(),
            mark: mark.clone(),
            message: message.into(),
        }
    }

    pub(crate) fn warning(pointer: impl fmt::Display, mark: &Mark, message: impl Into<String>) -> Self {
        Self { warning: true, ..Self::new(Code::BlueprintInvalid, pointer, mark, message) }
    }

    pub(crate) fn of(self, blueprint: &str) -> Self {
        Self { blueprint: blueprint.to_owned(), ..self }
    }

    /// The problem in one line, with its pointer where there is none too.
    #[must_use]
    pub fn line(&self) -> String {
        format!("{} {}: {}", self.mark, self.pointer, self.message)
    }

    /// The problem as a JSON object.
    #[must_use]
    pub fn to_json(&self) -> serde_json::Value {
        serde_json::json!({
            "code": self.code,
            "severity": if self.warning { "warning" } else { "error" },
            "blueprint": self.blueprint,
            "pointer": self.pointer,
            "file": &*self.mark.file,
            "line": self.mark.line,
            "column": self.mark.column,
            "message": self.message,
        })
    }
}

impl fmt::Display for Problem {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}: ", self.mark)?;
        if !self.pointer.is_empty() {
            write!(f, "{}: ", self.pointer)?;
        }
        f.write_str(&self.message)
    }
}

/// All that is wrong; at least one is an error.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Problems(Vec<Problem>);

impl Problems {
    /// `Err` when one of them is an error; else the warnings.
    ///
    /// # Errors
    /// When one of them is an error.
    pub fn check(mut problems: Vec<Problem>) -> Result<Vec<Problem>, Self> {
        if problems.iter().all(|problem| problem.warning) {
            return Ok(problems);
        }
        problems.sort_by(|a, b| (a.warning, &a.mark, &a.pointer).cmp(&(b.warning, &b.mark, &b.pointer)));
        Err(Self(problems))
    }

    /// Each of them, errors first, by place.
    #[must_use]
    pub fn list(&self) -> &[Problem] {
        &self.0
    }
}

impl From<Problem> for Problems {
    fn from(problem: Problem) -> Self {
        Self(vec![Problem { warning: false, ..problem }])
    }
}

impl fmt::Display for Problems {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        for (at, problem) in self.0.iter().filter(|problem| !problem.warning).enumerate() {
            if at > 0 {
                f.write_str("\n")?;
            }
            write!(f, "{problem}")?;
        }
        Ok(())
    }
}

impl std::error::Error for Problems {}

impl Coded for Problems {
    fn code(&self) -> Code {
        self.0.first().map_or(Code::Internal, |problem| problem.code)
    }

    fn details(&self) -> Option<serde_json::Value> {
        Some(serde_json::json!({ "problems": self.0.iter().map(Problem::to_json).collect::<Vec<_>>() }))
    }
}

#[cfg(test)]
mod tests;
