//! The names of all tests of the project, read from its sources, and the benchmarks.

use std::path::Path;

use regex::Regex;
use walkdir::{DirEntry, WalkDir};

/// One test or benchmark.
#[derive(Debug, PartialEq)]
pub(super) struct Found {
    /// Its name; for a benchmark, its source.
    pub(super) name: String,
    /// File and line, relative to the project.
    pub(super) place: String,
    pub(super) kind: Kind,
}

/// How a row is covered.
#[derive(Clone, Copy, Debug, PartialEq)]
pub(super) enum Kind {
    Test,
    /// Marked to be left out: it covers nothing.
    Ignored,
    Bench,
}

/// Every test under the folders that hold code.
pub(super) fn read(root: &Path) -> anyhow::Result<Vec<Found>> {
    let scanner = Scanner::new()?;
    let mut found = Vec::new();
    for folder in ["crates", "bins", "tests", "benches", "xtask", "web", "dev"] {
        let walk = WalkDir::new(root.join(folder)).sort_by_file_name().into_iter().filter_entry(is_source);
        for entry in walk.filter_map(Result::ok).filter(|entry| entry.file_type().is_file()) {
            let path = entry.path();
            let place = path.strip_prefix(root).unwrap_or(path).display().to_string();
            let Some(extension) = path.extension().and_then(|extension| extension.to_str()) else { continue };
            if !["rs", "ts", "tsx", "mjs", "go"].contains(&extension) {
                continue;
            }
            let text = std::fs::read_to_string(path)?;
            if folder == "benches" {
                found.push(Found { name: text.clone(), place: place.clone(), kind: Kind::Bench });
            }
            found.extend(scanner.file(&text, extension, &place));
        }
    }
    Ok(found)
}

fn is_source(entry: &DirEntry) -> bool {
    let name = entry.file_name().to_string_lossy();
    !(name.starts_with('.') || ["node_modules", "dist", "target"].contains(&name.as_ref()))
}

/// Knows what a test looks like in each language.
pub(super) struct Scanner {
    rust: Regex,
    spoken: Regex,
    go: Regex,
}

impl Scanner {
    pub(super) fn new() -> anyhow::Result<Self> {
        Ok(Scanner {
            rust: Regex::new(r"^(?:pub(?:\([a-z]+\))? )?(?:async )?fn ([a-z][a-z0-9_]*)\s*[(<]")?,
            spoken: Regex::new(
                r#"(?m)\b(?:test|it|describe|scenario)(\.[a-z]+)?[^\n]{0,80}?\(\s*(?:"([^"]+)"|'([^']+)'|`([^`]+)`)"#,
            )?,
            go: Regex::new(r"(?m)^func (Test[A-Z][A-Za-z0-9_]*)\(")?,
        })
    }

    /// The tests of one file.
    pub(super) fn file(&self, text: &str, extension: &str, path: &str) -> Vec<Found> {
        match extension {
            "rs" => self.rust(text, path),
            "go" => self.matches(&self.go, text, path),
            _ => self.matches(&self.spoken, text, path),
        }
    }

    /// Functions under a `#[test]`-like attribute.
    fn rust(&self, text: &str, path: &str) -> Vec<Found> {
        let mut found = Vec::new();
        let (mut test, mut ignored) = (false, false);
        for (number, line) in text.lines().enumerate() {
            let line = line.trim();
            if line.starts_with("#[") {
                let attribute = line.split(']').next().unwrap_or(line);
                test |= attribute == "#[test" || attribute.contains("::test");
                ignored |= attribute.starts_with("#[ignore");
            } else if let Some(name) = self.rust.captures(line).and_then(|captures| captures.get(1)) {
                if test {
                    let kind = if ignored { Kind::Ignored } else { Kind::Test };
                    found.push(Found { name: name.as_str().to_owned(), place: format!("{path}:{}", number + 1), kind });
                }
                (test, ignored) = (false, false);
            } else if !line.starts_with("//") && !line.is_empty() {
                (test, ignored) = (false, false);
            }
        }
        found
    }

    fn matches(&self, pattern: &Regex, text: &str, path: &str) -> Vec<Found> {
        let mut found = Vec::new();
        for captures in pattern.captures_iter(text) {
            let modifier = captures.get(1).map_or("", |group| group.as_str());
            let name =
                (1..captures.len()).rev().find_map(|group| captures.get(group)).map_or("", |group| group.as_str());
            let line =
                captures.get(0).map_or(0, |whole| text.get(..whole.start()).unwrap_or_default().lines().count() + 1);
            let kind = if [".skip", ".todo", ".fixme"].contains(&modifier) { Kind::Ignored } else { Kind::Test };
            found.push(Found { name: name.to_owned(), place: format!("{path}:{line}"), kind });
        }
        found
    }
}
