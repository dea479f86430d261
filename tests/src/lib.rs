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

pub mod console;
pub mod curl;
pub mod kubectl;

use std::path::PathBuf;

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
