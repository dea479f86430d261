//! Where a file is, as callers say it.
//!
//! `/a/b` is a whole path; all else begins in the home of the workspace's user, and so does `~/a`. What the user may reach is
//! the system's to say: requests are carried out as the user, so that no path needs to be kept inside of anything.

use super::FilesError;

/// A path that may be asked for.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct FilePath(String);

impl FilePath {
    /// Takes what a caller says.
    ///
    /// # Errors
    /// When no file can be called that.
    pub fn parse(text: &str) -> Result<Self, FilesError> {
        if text.contains('\0') {
            return Err(FilesError::Path("a path holds no NUL"));
        }
        if text.len() > LONGEST {
            return Err(FilesError::Path("a path has at most 4,095 bytes"));
        }
        if text.split('/').any(|part| part.len() > LONGEST_NAME) {
            return Err(FilesError::Path("a name has at most 255 bytes"));
        }
        let within = match text {
            "~" => Some(""),
            _ => text.strip_prefix("~/"),
        };
        // `~//a` is in the home too.
        let text = within.map_or(text, |rest| rest.trim_start_matches('/'));
        let text = if text.is_empty() { "." } else { text };
        Ok(Self(text.to_owned()))
    }

    /// As it is sent.
    #[must_use]
    pub fn as_bytes(&self) -> &[u8] {
        self.0.as_bytes()
    }

    /// For people.
    #[must_use]
    pub fn text(&self) -> &str {
        &self.0
    }

    pub(super) fn into_bytes(self) -> Vec<u8> {
        self.0.into_bytes()
    }
}

const LONGEST: usize = 4095;
const LONGEST_NAME: usize = 255;
