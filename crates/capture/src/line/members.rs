//! The members of one record, found in one pass over its line.

use super::json;

/// Names and raw values of a record.
pub struct Members<'a>(Vec<(&'a [u8], &'a [u8])>);

impl<'a> Members<'a> {
    /// Those of a line. A line that is no object has none.
    #[must_use]
    pub fn of(line: &'a [u8]) -> Self {
        let mut all = Vec::with_capacity(MOST);
        all.extend(json::members(line).take(MOST));
        Self(all)
    }

    /// The raw value at a path of names with dots: `response.len`.
    #[must_use]
    pub fn raw(&self, path: &str) -> Option<&'a [u8]> {
        let (first, rest) = path.split_once('.').map_or((path, None), |(first, rest)| (first, Some(rest)));
        let value = self.0.iter().find(|(name, _)| *name == first.as_bytes())?.1;
        rest.map_or(Some(value), |rest| json::get(value, rest))
    }

    /// Appends the value as plain text; tells whether something was appended.
    pub fn push(&self, path: &str, out: &mut String) -> bool {
        let before = out.len();
        if let Some(raw) = self.raw(path) {
            json::text(raw, out);
        }
        out.len() > before
    }

    /// The value as plain text; empty where there is none.
    #[must_use]
    pub fn text(&self, path: &str) -> String {
        let mut out = String::new();
        self.push(path, &mut out);
        out
    }

    /// The value as a whole number.
    #[must_use]
    pub fn int(&self, path: &str) -> Option<i64> {
        std::str::from_utf8(self.raw(path)?).ok()?.parse().ok()
    }

    /// The first of these that is a whole number.
    #[must_use]
    pub fn first_int(&self, paths: &[&str]) -> Option<i64> {
        paths.iter().find_map(|path| self.int(path))
    }

    /// There is such a value, and it is not empty.
    #[must_use]
    pub fn has(&self, path: &str) -> bool {
        self.raw(path).is_some_and(|raw| !matches!(raw, b"null" | b"\"\"" | b"[]" | b"{}"))
    }

    /// The value is exactly this text.
    #[must_use]
    pub fn is(&self, path: &str, text: &str) -> bool {
        let raw = self.raw(path).and_then(|raw| raw.strip_prefix(b"\"")?.strip_suffix(b"\""));
        raw.is_some_and(|raw| raw == text.as_bytes())
    }

    /// A text without escapes, borrowed from the line; empty where it is none.
    #[must_use]
    pub fn plain(&self, path: &str) -> &'a str {
        let raw = self.raw(path).and_then(|raw| raw.strip_prefix(b"\"")?.strip_suffix(b"\""));
        raw.and_then(|raw| std::str::from_utf8(raw).ok()).filter(|text| !text.contains('\\')).unwrap_or("")
    }
}

/// No kind of record has more members.
const MOST: usize = 64;
