#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic, clippy::indexing_slicing)]

use super::table::{Detect, REQUIREMENTS};
use super::{program, version};

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
