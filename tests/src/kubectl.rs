//! kubectl, the oracle.

use serde_json::{Value, json};
use std::io::Write;
use std::path::{Path, PathBuf};
use std::process::{Command, Output, Stdio};

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

/// Applies objects: YAML, or the JSON of one.
///
/// # Panics
/// When the API server does not take them.
pub fn apply(kubeconfig: &Path, objects: &str) {
    let mut child = Command::new(crate::env("QD_KUBECTL"))
        .arg("--kubeconfig")
        .arg(kubeconfig)
        .args(["apply", "-f", "-"])
        .stdin(Stdio::piped())
        .stdout(Stdio::null())
        .spawn()
        .expect("kubectl runs");
    child.stdin.take().expect("its input").write_all(objects.as_bytes()).expect("it reads");
    assert!(child.wait().expect("it ends").success(), "{objects}");
}

/// Writes the kubeconfig of a service account, in its own namespace, into a folder.
///
/// # Panics
/// When the account is not there.
#[must_use]
pub fn account(kubeconfig: &Path, namespace: &str, name: &str, folder: &Path) -> PathBuf {
    let token = stdout(kubeconfig, &["create", "token", name, "-n", namespace]);
    let text = stdout(kubeconfig, &["config", "view", "--raw", "--minify", "-o", "json"]);
    let mut config: Value = serde_json::from_str(&text).expect("kubectl prints JSON");
    config["users"][0]["user"] = json!({ "token": token.trim() });
    config["contexts"][0]["context"]["namespace"] = namespace.into();
    let path = folder.join("kubeconfig");
    std::fs::write(&path, config.to_string()).expect("the folder takes files");
    path
}
