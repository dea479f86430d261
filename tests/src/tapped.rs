//! Pods of a test's own that are tapped, what `qd` says about it, and what is left of it.

use crate::fresh::{self, Fresh};
use crate::{console, errors, kubeconfig, kubectl, out};
use serde_json::{Value, json};
use std::io::{Read, Write};
use std::net::TcpStream;
use std::path::Path;
use std::process::Output;

/// Runs `qd WORDS` with this home and kubeconfig.
///
/// # Panics
/// When it cannot be started.
#[must_use]
pub fn qd(home: &Path, kubeconfig: &Path, words: &[&str]) -> Output {
    console::command(home, Some(kubeconfig)).args(words).output().unwrap()
}

/// Rows of a command that did what it was asked.
///
/// # Panics
/// When it did not.
#[must_use]
pub fn rows(output: &Output) -> Vec<Value> {
    assert!(output.status.success(), "{}", errors(output));
    out(output).lines().map(|line| serde_json::from_str(line).unwrap()).collect()
}

/// Agents of a namespace that have not ended, as `qd tap list` tells them.
#[must_use]
pub fn agents(home: &Path, namespace: &str) -> Vec<Value> {
    rows(&qd(home, &kubeconfig(), &["tap", "list", "-n", namespace, "-o", "jsonl"]))
}

/// Entries of the journal for this action.
#[must_use]
pub fn journal(home: &Path, action: &str) -> Vec<Value> {
    rows(&qd(home, &kubeconfig(), &["audit", "query", "--action", action, "-o", "jsonl"]))
}

/// What taps left in their folder, but for the key.
///
/// # Panics
/// When there is no such folder.
#[must_use]
pub fn files(home: &Path) -> Vec<String> {
    let folder = home.join(".local/state/quarterdeck/taps");
    let names = std::fs::read_dir(folder).unwrap().map(|entry| entry.unwrap().file_name().into_string().unwrap());
    let mut names: Vec<String> = names.filter(|name| name != "owner.key").collect();
    names.sort();
    names
}

/// Runs kubectl for what it does.
///
/// # Panics
/// When it does not.
pub fn done(words: &[&str]) {
    let output = kubectl::kubectl(&kubeconfig(), words);
    assert!(output.status.success(), "kubectl {words:?}: {}", errors(&output));
}

/// Applies an object.
pub fn apply(object: &Value) {
    kubectl::apply(&kubeconfig(), &object.to_string());
}

/// A namespace of the test's own with the pod `one` of the demo's front; gone when dropped.
pub struct Namespace(Fresh);

impl Namespace {
    /// Makes both; the pod and its container are the demo's, but for what is said here.
    ///
    /// # Panics
    /// When the pod is not ready within 90 s.
    #[must_use]
    pub fn new(name: &'static str, labels: &Value, pod: &Value, container: &Value) -> Self {
        let fresh = Fresh::labelled(name, labels);
        let mut main = fresh::container();
        main["securityContext"] = json!({
            "allowPrivilegeEscalation": false, "capabilities": { "drop": ["ALL"] },
            "seccompProfile": { "type": "RuntimeDefault" },
        });
        let mut spec = json!({
            "terminationGracePeriodSeconds": 1, "automountServiceAccountToken": false,
            "securityContext": { "runAsNonRoot": true, "runAsUser": 65532 },
        });
        for (to, from) in [(&mut main, container), (&mut spec, pod)] {
            for (key, value) in from.as_object().into_iter().flatten() {
                to[key] = value.clone();
            }
        }
        spec["containers"] = json!([main]);
        fresh.apply("one", &spec);
        done(&["wait", "-n", name, "pod/one", "--for=condition=Ready", "--timeout=180s"]);
        Self(fresh)
    }

    /// The same, and nothing else said.
    #[must_use]
    pub fn plain(name: &'static str) -> Self {
        Self::new(name, &json!({}), &json!({}), &json!({}))
    }

    /// Its name.
    #[must_use]
    pub fn name(&self) -> &'static str {
        self.0.name()
    }

    /// Asks the pod's server for a path, from this machine.
    ///
    /// # Panics
    /// When nobody listens there.
    pub fn ask(&self, path: &str) {
        let words = ["get", "pod", "one", "-n", self.name(), "-o", "jsonpath={.status.podIP}"];
        let address = kubectl::stdout(&kubeconfig(), &words);
        let mut stream = TcpStream::connect((address.as_str(), 8080)).unwrap();
        write!(stream, "GET {path} HTTP/1.1\r\nHost: one\r\nConnection: close\r\n\r\n").unwrap();
        let _ = stream.read_to_end(&mut Vec::new());
    }
}
