#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic, clippy::indexing_slicing)]

use super::table::{Detect, REQUIREMENTS, Requirement};
use super::{Need, program, version};
use crate::paths;

/// What all tiers together ask for.
const TESTS: [Need; 8] =
    [Need::Build, Need::Web, Need::Node, Need::Images, Need::Browser, Need::Clients, Need::Captures, Need::Load];

#[test]
fn versions_are_read_from_what_programs_print() {
    for (said, expected) in [
        ("rustc 1.95.0 (59807616e 2026-04-14)", Some((1, 95))),
        ("go version go1.26.8 linux/amd64", Some((1, 26))),
        ("v20.20.2\n", Some((20, 20))),
        ("11.19.1", Some((11, 19))),
        ("no number", None),
    ] {
        assert_eq!(version(said), expected, "{said}");
    }
}

#[test]
fn programs_are_found_and_missing_ones_are_not() {
    assert!(program("sh").is_some());
    assert!(!Detect::Program("no-such-program-here").holds());
    assert!(Detect::AtLeast("rustc", &["--version"], (1, 60)).holds());
    assert!(!Detect::AtLeast("rustc", &["--version"], (99, 0)).holds());
}

#[test]
fn every_requirement_says_what_installs_it() {
    for requirement in REQUIREMENTS {
        assert!(!requirement.install.command().is_empty(), "{}", requirement.what);
    }
}

/// A program that tests start by `program(NAME, PACKAGE)` is missing on a fresh machine unless the tests' needs have it.
#[test]
fn programs_that_tests_start_are_among_what_tests_install() {
    let has = |name: &str, package: &str| {
        let is_it = |one: &&Requirement| {
            matches!(one.detect, Detect::Program(own) if own == name) || one.install.packages().contains(&package)
        };
        REQUIREMENTS.iter().filter(is_it).any(|one| TESTS.contains(&one.need))
    };
    let mut found = 0;
    for entry in walkdir::WalkDir::new(paths::root().join("crates")).into_iter().filter_map(Result::ok) {
        let path = entry.path();
        if path.extension().is_none_or(|end| end != "rs") || !path.components().any(|part| part.as_os_str() == "tests")
        {
            continue;
        }
        let text = std::fs::read_to_string(path).unwrap();
        for call in text.split("program(\"").skip(1) {
            let mut words = call.split('"');
            if let (Some(name), Some(", "), Some(package)) = (words.next(), words.next(), words.next()) {
                found += 1;
                assert!(has(name, package), "{name}, which {} starts, is no need of tests", path.display());
            }
        }
    }
    assert!(found > 20, "{found}");
}
