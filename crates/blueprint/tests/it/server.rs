//! A namespace of its own, through kubectl.

use std::io::Write;
use std::path::PathBuf;
use std::process::{Command, Output, Stdio};
use std::sync::atomic::{AtomicUsize, Ordering};

/// A namespace that enforces a Pod Security level; it goes with this.
pub(crate) struct Namespace {
    pub(crate) name: String,
}

impl Namespace {
    pub(crate) fn enforcing(level: &str) -> Self {
        static MADE: AtomicUsize = AtomicUsize::new(0);
        let name = format!("blueprint-{level}-{}-{}", std::process::id(), MADE.fetch_add(1, Ordering::Relaxed));
        let manifest = format!(
            "{{apiVersion: v1, kind: Namespace, metadata: {{name: {name}, labels: \
             {{pod-security.kubernetes.io/enforce: {level}, pod-security.kubernetes.io/enforce-version: v1.34}}}}}}"
        );
        succeeded(&["apply", "-f", "-"], &manifest);
        // a server without its controllers makes no accounts
        let account = kubectl(&["-n", &name, "create", "serviceaccount", "default"], "");
        let told = String::from_utf8_lossy(&account.stderr);
        assert!(account.status.success() || told.contains("already exists"), "{told}");
        Self { name }
    }

    /// Asks whether the server would take the objects; what it warns of, or why it refuses.
    pub(crate) fn try_apply(&self, objects: &[serde_json::Value]) -> Result<String, String> {
        let list = serde_json::json!({ "apiVersion": "v1", "kind": "List", "items": objects });
        let arguments = ["apply", "--server-side", "--field-manager=test", "--dry-run=server", "--validate=strict"];
        let output = kubectl(&[&["-n", &self.name], &arguments[..], &["-f", "-"]].concat(), &list.to_string());
        let told = String::from_utf8(output.stderr).unwrap();
        if output.status.success() { Ok(told) } else { Err(told) }
    }
}

impl Drop for Namespace {
    fn drop(&mut self) {
        if !std::thread::panicking() {
            succeeded(&["delete", "namespace", &self.name, "--wait=false"], "");
        }
    }
}

fn succeeded(args: &[&str], input: &str) {
    let output = kubectl(args, input);
    assert!(output.status.success(), "kubectl {args:?}: {}", String::from_utf8_lossy(&output.stderr));
}

fn kubectl(args: &[&str], input: &str) -> Output {
    let kubeconfig: PathBuf = std::env::var_os("QD_TEST_KUBECONFIG")
        .map(PathBuf::from)
        .expect("these tests need an API server: run them with `cargo xtask test it`");
    let program = std::env::var("QD_TEST_KUBECTL").unwrap_or_else(|_| "kubectl".to_owned());
    let mut child = Command::new(&program)
        .arg("--kubeconfig")
        .arg(kubeconfig)
        .args(args)
        .stdin(Stdio::piped())
        .stdout(Stdio::piped())
        .stderr(Stdio::piped())
        .spawn()
        .unwrap_or_else(|error| panic!("{program}: {error}; run these tests with `cargo xtask test it`"));
    child.stdin.take().unwrap().write_all(input.as_bytes()).unwrap();
    child.wait_with_output().unwrap()
}
