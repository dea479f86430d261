//! Tests that need nothing but the code: libraries, programs, the suites of crates that ask for no cluster, and the Go modules.

use std::collections::BTreeSet;
use std::process::Command;

use super::suites::{self, Queue};
use super::{Count, Runner, Scope, cargo_test, watch};
use crate::tasks::{doctor, lint};

pub(super) fn run(scope: &Scope<'_>, count: &mut Count) -> anyhow::Result<()> {
    doctor::ensure(&[doctor::Need::Build])?;
    let mut command = cargo_test(&["--lib", "--bins"]);
    command.args(scope.packages());
    let suites = suites::build(command)?;
    suites::run(&Queue::of(&suites), BESIDE, count, |_| Ok(()))?;
    let (packages, targets) = scope.with_target(|name| name != super::it::TARGET);
    if !packages.is_empty() {
        let mut command = cargo_test(&[]);
        let targets = targets.iter().flat_map(|target| ["--test", target]);
        watch(Runner::Cargo, command.args(packages).args(targets), count)?;
    }
    if scope.only.is_empty() {
        for module in lint::go_modules() {
            let packages = tested_packages(&module);
            if packages.is_empty() {
                continue;
            }
            // As programs are built, so that what they compiled is not compiled again.
            let mut go = Command::new("go");
            go.env("CGO_ENABLED", "0").args(["test", "-v", "-trimpath"]).args(packages).current_dir(&module);
            watch(Runner::Go, &mut go, count)?;
        }
    }
    Ok(())
}

/// Programs beside each other: some of their tests wait.
const BESIDE: usize = 2;

/// The packages of a module that have tests: asking Go for all would compile the ones that have none.
fn tested_packages(module: &std::path::Path) -> BTreeSet<String> {
    let inside = walkdir::WalkDir::new(module).into_iter().filter_entry(|entry| {
        // a module inside a module is another module
        entry.depth() == 0 || !entry.path().join("go.mod").exists()
    });
    let tests = inside.filter_map(Result::ok).filter(|entry| entry.file_name().to_string_lossy().ends_with("_test.go"));
    let folder = |entry: walkdir::DirEntry| {
        let folder = entry.path().parent()?.strip_prefix(module).ok()?.display().to_string();
        Some(format!("./{folder}"))
    };
    tests.filter_map(folder).collect()
}
