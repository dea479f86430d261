//! The tiers that take minutes and hours. Both run tests that the unit tier holds in a scaled form, with more of the same.

use super::{Count, Runner, Scope, cargo_test, watch};
use crate::tasks::doctor;

/// The properties of every reader of untrusted bytes, with many more cases than the unit tier has. New cases that fail are
/// written down beside the sources by proptest and are run first from then on.
pub(super) fn fuzz(scope: &Scope<'_>, count: &mut Count) -> anyhow::Result<()> {
    doctor::ensure(&[doctor::Need::Build])?;
    for package in scope.metadata.ours().filter(|package| scope.chosen(&package.name)) {
        if package.dependencies.iter().any(|declared| declared.name == "proptest") {
            let mut command = cargo_test(&["--release", "--lib", "-p", &package.name]);
            watch(Runner::Cargo, command.env("PROPTEST_CASES", FUZZ_CASES), count)?;
        }
    }
    Ok(())
}

/// Tests that are marked to be left out and whose name has `soak`.
pub(super) fn soak(scope: &Scope<'_>, count: &mut Count) -> anyhow::Result<()> {
    doctor::ensure(&[doctor::Need::Build])?;
    let mut command = cargo_test(&["--lib", "--bins"]);
    watch(Runner::Cargo, command.args(scope.packages()).args(["soak", "--", "--ignored"]), count)
}

const FUZZ_CASES: &str = "20000";
