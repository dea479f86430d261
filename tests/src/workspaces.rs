//! Workspaces of a test, kept by the operator of a console of its own.

use crate::console::Console;
use crate::curl::Answer;
use crate::{context, errors, kubeconfig, kubectl};
use serde_json::{Value, json};
use std::path::PathBuf;
use std::time::Duration;

/// A console with the operator. Several of one cluster agree on who acts.
#[must_use]
pub fn operator() -> Console {
    Console::start(Some(&kubeconfig()), &["--with-operator", "--yes"])
}

/// A Workspace object of the image of a plain shell, with more in its `spec`.
#[must_use]
pub fn workspace(namespace: &str, name: &str, more: &Value) -> Value {
    let mut spec = json!({ "owner": "ada", "org": "lab", "image": "images.invalid/shell:1" });
    if let (Some(spec), Some(more)) = (spec.as_object_mut(), more.as_object()) {
        spec.extend(more.clone());
    }
    json!({
        "apiVersion": "quarterdeck.dev/v1alpha1", "kind": "Workspace",
        "metadata": { "name": name, "namespace": namespace }, "spec": spec,
    })
}

/// Applies a Workspace.
pub fn apply(namespace: &str, name: &str, more: &Value) {
    kubectl::apply(&kubeconfig(), &workspace(namespace, name, more).to_string());
}

/// `kubectl wait` for a condition of the workspace.
///
/// # Panics
/// When it does not come true in time.
pub fn wait(namespace: &str, name: &str, what: &str) {
    let object = format!("workspaces.quarterdeck.dev/{name}");
    let words = ["wait", "-n", namespace, &object, &format!("--for={what}"), "--timeout=180s"];
    let output = kubectl::kubectl(&kubeconfig(), &words);
    assert!(
        output.status.success(),
        "{what}: {}\n{:#}",
        errors(&output),
        get(namespace, "workspaces.quarterdeck.dev", name)
    );
}

/// An object; null when there is none.
///
/// # Panics
/// When the answer is no JSON.
#[must_use]
pub fn get(namespace: &str, kind: &str, name: &str) -> Value {
    let words = ["get", kind, name, "-n", namespace, "-o", "json", "--ignore-not-found", "--show-managed-fields"];
    let text = kubectl::stdout(&kubeconfig(), &words);
    if text.trim().is_empty() { Value::Null } else { serde_json::from_str(&text).expect("kubectl prints JSON") }
}

/// Objects of a kind with labels.
///
/// # Panics
/// When the answer is no JSON.
#[must_use]
pub fn list(namespace: &str, kind: &str, labels: &str) -> Vec<Value> {
    let words = ["get", kind, "-n", namespace, "-l", labels, "-o", "json", "--show-managed-fields"];
    let text = kubectl::stdout(&kubeconfig(), &words);
    let list: Value = serde_json::from_str(&text).expect("kubectl prints JSON");
    list["items"].as_array().cloned().unwrap_or_default()
}

/// The pods of a workspace.
#[must_use]
pub fn pods(namespace: &str, workspace: &str) -> Vec<Value> {
    list(namespace, "pods", &format!("quarterdeck.dev/workspace={workspace}"))
}

/// The claim of a workspace's home.
///
/// # Panics
/// When there is not exactly one.
#[must_use]
pub fn claim(namespace: &str, workspace: &str) -> Value {
    let mut claims = list(namespace, "persistentvolumeclaims", &format!("quarterdeck.dev/workspace={workspace}"));
    assert_eq!(claims.len(), 1, "{workspace} has one claim");
    claims.remove(0)
}

/// Waits until a workspace is in a phase, and has no second pod on its way; how long that took.
///
/// # Panics
/// When it is not in time.
pub fn phase(namespace: &str, name: &str, phase: &str) -> Duration {
    crate::until(&format!("{name} is {phase}"), Duration::from_secs(60), || {
        assert!(pods(namespace, name).len() < 2, "two pods of {name}");
        get(namespace, "workspaces.quarterdeck.dev", name)["status"]["phase"] == phase
    })
}

/// Starts or stops a workspace over REST.
#[must_use]
pub fn act(console: &Console, namespace: &str, name: &str, act: &str, more: &[&str]) -> Answer {
    let path = format!("/workspaces/{namespace}/{name}/{act}?cluster={}", context());
    console.ask("POST", &path, Some(&json!({ "answers": { "confirm": true } })), more)
}

/// A Workspace as it is; null when there is none.
#[must_use]
pub fn seen(namespace: &str, name: &str) -> Value {
    get(namespace, "workspaces.quarterdeck.dev", name)
}

/// Changes a Workspace, by `kubectl patch`.
pub fn patch(namespace: &str, name: &str, patch: &Value) {
    let (object, patch) = (format!("workspaces.quarterdeck.dev/{name}"), patch.to_string());
    let _ = kubectl::stdout(&kubeconfig(), &["patch", "-n", namespace, &object, "--type=merge", "-p", &patch]);
}

/// Waits until something is so.
///
/// # Panics
/// When it is not so in time.
pub fn until(what: &str, seconds: u64, so: impl FnMut() -> bool) {
    crate::until(what, Duration::from_secs(seconds), so);
}

/// The folder of a workspace's home, as the node has it: the node is this machine.
///
/// # Panics
/// When there is not exactly one, bound to a folder.
#[must_use]
pub fn home(namespace: &str, workspace: &str) -> PathBuf {
    let volume = claim(namespace, workspace)["spec"]["volumeName"].as_str().expect("it is bound").to_owned();
    let text = kubectl::stdout(&kubeconfig(), &["get", "pv", &volume, "-o", "json"]);
    let volume: Value = serde_json::from_str(&text).expect("kubectl prints JSON");
    let path = volume["spec"]["local"]["path"].as_str().or_else(|| volume["spec"]["hostPath"]["path"].as_str());
    PathBuf::from(path.expect("it is a folder"))
}

/// Runs a line in the shell of a workspace's pod.
pub fn run(namespace: &str, pod: &str, line: &str) {
    let words = ["exec", "-n", namespace, pod, "-c", "main", "--", "bash", "-c", line];
    let output = kubectl::kubectl(&kubeconfig(), &words);
    assert!(output.status.success(), "{line}: {}", errors(&output));
}

/// The condition of a Workspace: its status and reason.
#[must_use]
pub fn condition(object: &Value, name: &str) -> (String, String) {
    (of_condition(object, name, "status"), of_condition(object, name, "reason"))
}

/// The words of a condition of a Workspace.
#[must_use]
pub fn message(object: &Value, name: &str) -> String {
    of_condition(object, name, "message")
}

fn of_condition(object: &Value, name: &str, field: &str) -> String {
    let all = object["status"]["conditions"].as_array();
    let one = all.and_then(|all| all.iter().find(|one| one["type"] == name));
    one.and_then(|one| one[field].as_str()).unwrap_or_default().to_owned()
}
