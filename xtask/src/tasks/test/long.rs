//! The tiers that take minutes and hours. Both are tests that other tiers hold in a scaled form, with more of the same.

use super::stage::{Large, NODE, Node, Programs, With, script};
use super::{Count, Runner, Scope, cargo_test, watch};
use crate::paths;
use crate::tasks::doctor;

/// The properties of every reader of untrusted bytes, with many more cases than the unit tier has. New cases that fail are
/// written down beside the sources by proptest and are run first from then on.
pub(super) fn fuzz(scope: &Scope<'_>, cases: u32, count: &mut Count) -> anyhow::Result<()> {
    doctor::ensure(&[doctor::Need::Build])?;
    let deaf = deaf()?;
    anyhow::ensure!(deaf.is_empty(), "these fix how many cases they try, so that fuzz adds none: {}", deaf.join(", "));
    for package in scope.metadata.ours().filter(|package| scope.chosen(&package.name)) {
        if package.dependencies.iter().any(|declared| declared.name == "proptest") {
            let mut command = cargo_test(&["--release", "--lib", "-p", &package.name]);
            watch(Runner::Cargo, command.env("PROPTEST_CASES", cases.to_string()), count)?;
        }
    }
    Ok(())
}

/// Files whose properties have a number of cases of their own.
fn deaf() -> anyhow::Result<Vec<String>> {
    let mut found = Vec::new();
    for entry in walkdir::WalkDir::new(paths::root().join("crates")).sort_by_file_name() {
        let entry = entry?;
        if entry.path().extension().is_some_and(|extension| extension == "rs")
            && std::fs::read_to_string(entry.path())?.contains("ProptestConfig::with_cases(")
        {
            found.push(entry.path().display().to_string());
        }
    }
    Ok(found)
}

/// A tab on changes at full rate, one on a cluster at rest, and one on an app with open sockets: each must stay as it is, however
/// long that is.
pub(super) fn soak(scope: &Scope<'_>, seconds: u32, count: &mut Count) -> anyhow::Result<()> {
    let programs = Programs::build(scope, "soak")?;
    let (node, large) = (Node::start(&programs, NODE, With::DEMO)?, Large::start()?);
    let mut command = script(&node, "e2e")?;
    large.tell(&mut command);
    command.args(["--", "e2e/idle.e2e.ts", "e2e/large.e2e.ts", "e2e/apps.e2e.ts", "--testNamePattern", SOAKED]);
    command.env("QD_E2E_OPEN_SECONDS", seconds.to_string());
    command.env("QD_E2E_CHURN_SECONDS", seconds.to_string());
    command.env("QD_E2E_IDLE_SECONDS", (seconds / 6).max(40).to_string());
    watch(Runner::Vitest, &mut command, count)
}

/// Names of the tests that last as long as they are told.
const SOAKED: &str = "EXD-01|EXD-16|WD-26s";
