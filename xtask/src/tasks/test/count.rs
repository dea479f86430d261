//! Reads from what the runners print how many tests passed, and which did not.

use std::fmt;

use regex::Regex;

/// How many tests passed and failed.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub(super) struct Count {
    pub(super) passed: usize,
    pub(super) failed: usize,
    /// Marked in the sources to be left out.
    pub(super) ignored: usize,
    /// Those that failed, and what else counts as a failure.
    pub(super) names: Vec<String>,
    /// Those that failed and then passed when they ran once more.
    pub(super) unsteady: Vec<String>,
    /// What tests of cargo said that failed, for the end of a long output.
    pub(super) said: Vec<String>,
}

impl Count {
    /// Something failed, and is named where the sum is told.
    pub(super) fn failure(&mut self, name: &str) {
        self.failed += 1;
        self.names.push(name.to_owned());
    }

    pub(super) fn add(&mut self, other: &Count) {
        self.passed += other.passed;
        self.failed += other.failed;
        self.ignored += other.ignored;
        self.names.extend_from_slice(&other.names);
        self.unsteady.extend_from_slice(&other.unsteady);
        self.said.extend_from_slice(&other.said);
    }
}

impl fmt::Display for Count {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{} passed, {} failed", self.passed, self.failed)
    }
}

/// Whose output it is.
#[derive(Clone, Copy, Debug)]
pub(super) enum Runner {
    /// `test result: ok. 3 passed; 0 failed; 1 ignored; …`, once for each test program.
    Cargo,
    /// `Tests  1 failed | 3 passed (4)`, once at the end.
    Vitest,
    /// `--- PASS: TestName (0.00s)`, unindented, once for each test.
    Go,
    /// `8 passed, 0 failed`, once at the end.
    Sum,
}

impl Runner {
    pub(super) fn reader(self) -> Reader {
        let number = |word: &str| Regex::new(&format!(r"(\d+) {word}\b")).ok();
        Reader {
            runner: self,
            failures: false,
            passed: number("passed"),
            failed: number("failed"),
            ignored: number("(?:ignored|skipped|todo)"),
        }
    }
}

/// Takes the lines of one runner as they come.
pub(super) struct Reader {
    runner: Runner,
    /// Within what failures said.
    failures: bool,
    passed: Option<Regex>,
    failed: Option<Regex>,
    ignored: Option<Regex>,
}

impl Reader {
    pub(super) fn line(&mut self, line: &str, count: &mut Count) {
        if matches!(self.runner, Runner::Cargo) {
            // the second of these begins the list of names
            self.failures = if line == "failures:" { !self.failures } else { self.failures };
            if self.failures && count.said.len() < SAID {
                count.said.push(line.to_owned());
            }
        }
        match self.runner {
            Runner::Cargo if line.starts_with("test result: ") => self.summary(line, count),
            Runner::Cargo if line.starts_with("test ") && line.ends_with(FAILED) => count.names.push(name(line)),
            Runner::Vitest if line.trim_start().starts_with(CROSS) => count.names.push(cross(line)),
            Runner::Vitest if line.contains(RETRIED) => count.unsteady.push(line.trim().to_owned()),
            Runner::Vitest if line.trim_start().starts_with("Tests  ") => self.summary(line, count),
            Runner::Go if line.starts_with("--- PASS: ") => count.passed += 1,
            Runner::Go if line.starts_with("--- FAIL: ") => count.failure(line),
            Runner::Go if line.starts_with("--- SKIP: ") => count.ignored += 1,
            Runner::Sum if line.ends_with(" failed") => self.summary(line, count),
            Runner::Cargo | Runner::Vitest | Runner::Go | Runner::Sum => {}
        }
    }

    fn summary(&self, line: &str, count: &mut Count) {
        let number = |pattern: &Option<Regex>| {
            let found = pattern.as_ref().and_then(|pattern| pattern.captures(line));
            found.and_then(|found| found.get(1)).and_then(|digits| digits.as_str().parse().ok()).unwrap_or(0)
        };
        count.add(&Count {
            passed: number(&self.passed),
            failed: number(&self.failed),
            ignored: number(&self.ignored),
            ..Count::default()
        });
    }
}

/// As many lines of what failures said are kept.
const SAID: usize = 200;
/// How the line of a test ends that failed.
const FAILED: &str = " ... FAILED";
/// What stands in the line of a test of Vitest that ran more than once.
const RETRIED: &str = "(retry x";

/// With what the line of a test of Vitest begins that failed.
const CROSS: &str = "× ";

/// The test's name in that line.
fn cross(line: &str) -> String {
    line.trim_start().trim_start_matches(CROSS).trim_end().to_owned()
}

/// The test's name in its line.
fn name(line: &str) -> String {
    let name = line.strip_prefix("test ").and_then(|line| line.strip_suffix(FAILED)).unwrap_or(line);
    name.strip_suffix(" - should panic").unwrap_or(name).to_owned()
}
