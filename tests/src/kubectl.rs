//! kubectl, the oracle.

use std::path::Path;
use std::process::{Command, Output};

/// Runs kubectl on a kubeconfig.
///
/// # Panics
/// When it cannot be started.
#[must_use]
pub fn kubectl(kubeconfig: &Path, args: &[&str]) -> Output {
    Command::new(crate::env("QD_KUBECTL"))
        .arg("--kubeconfig")
        .arg(kubeconfig)
        .args(args)
        .output()
        .expect("kubectl runs")
}

/// Runs kubectl and gives what it prints.
///
/// # Panics
/// When it fails.
#[must_use]
pub fn stdout(kubeconfig: &Path, args: &[&str]) -> String {
    let output = kubectl(kubeconfig, args);
    assert!(output.status.success(), "kubectl {args:?}: {}", String::from_utf8_lossy(&output.stderr));
    String::from_utf8(output.stdout).expect("kubectl prints text")
}
