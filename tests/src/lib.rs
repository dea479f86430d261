//! Harness of the end-to-end suites: starts the real `qd`, speaks to it with real clients, stops what it started.
//!
//! `cargo xtask test e2e` builds the binary, starts the cluster and the demo, and says where they are:
//! `QD_BIN`, `QD_E2E_KUBECONFIG`, `QD_E2E_AUDIT_LOG`, `QD_KUBECTL`.

#![allow(
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::panic,
    clippy::indexing_slicing,
    reason = "a test harness fails loudly"
)]

pub mod app;
pub mod between;
pub mod console;
pub mod curl;
pub mod forward;
pub mod fresh;
pub mod gateway;
pub mod kubectl;
pub mod network;
pub mod node;
pub mod opened;
pub mod place;
pub mod running;
pub mod server;
pub mod socket;
pub mod tapped;
pub mod tapping;
pub mod terminal;
pub mod tshark;
pub mod workspaces;

use std::path::PathBuf;
use std::process::{Command, Output};
use std::sync::{Mutex, MutexGuard, PoisonError};
use std::time::{Duration, Instant};

/// A path from the environment that `cargo xtask test e2e` sets.
///
/// # Panics
/// When it is not set, with what to do.
#[must_use]
pub fn env(name: &str) -> PathBuf {
    std::env::var_os(name).map(PathBuf::from).unwrap_or_else(|| panic!("{name} is not set: run `cargo xtask test e2e`"))
}

/// The `qd` binary under test.
#[must_use]
pub fn qd() -> PathBuf {
    env("QD_BIN")
}

/// The kubeconfig of the cluster with the demo in it.
#[must_use]
pub fn kubeconfig() -> PathBuf {
    env("QD_E2E_KUBECONFIG")
}

/// The name of that cluster in a console: its current context.
///
/// # Panics
/// When the kubeconfig has none.
#[must_use]
pub fn context() -> String {
    let text = std::fs::read_to_string(kubeconfig()).expect("the kubeconfig is there");
    let line = text.lines().find_map(|line| line.strip_prefix("current-context:")).expect("it has a current context");
    line.trim().trim_matches('"').to_owned()
}

/// What a command wrote on stdout.
#[must_use]
pub fn out(output: &Output) -> String {
    String::from_utf8_lossy(&output.stdout).into_owned()
}

/// What a command wrote on stderr.
#[must_use]
pub fn errors(output: &Output) -> String {
    String::from_utf8_lossy(&output.stderr).into_owned()
}

/// Sends a child that was not waited for a signal: `INT`, `TERM`, `KILL`.
///
/// # Panics
/// When it cannot be sent.
pub fn signal(child: u32, name: &str) {
    let sent = Command::new("kill").args([&format!("-{name}"), &child.to_string()]).status().expect("kill runs");
    assert!(sent.success(), "{child} is gone");
}

/// Held by a test to which the other tests of its suite must not happen: what one stops, or leads alone, another one needs.
pub fn alone() -> MutexGuard<'static, ()> {
    static ALONE: Mutex<()> = Mutex::new(());
    ALONE.lock().unwrap_or_else(PoisonError::into_inner)
}

/// Waits until it is so; how long that took.
///
/// # Panics
/// When it is not so in time, or in three times that on a machine that builds for everybody.
pub fn until(what: &str, most: Duration, mut so: impl FnMut() -> bool) -> Duration {
    let began = Instant::now();
    let most = if std::env::var_os("CI").is_some() { most * 3 } else { most };
    while !so() {
        assert!(began.elapsed() < most, "not {what} within {most:?}");
        std::thread::sleep(STEP);
    }
    began.elapsed()
}

/// Between two looks: most of them start a program, on a machine that many suites share.
const STEP: Duration = Duration::from_millis(300);
