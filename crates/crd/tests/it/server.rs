//! A real API server, reached by kubectl.

use crd::Kind;
use serde_json::Value;
use std::io::Write;
use std::path::Path;
use std::process::{Command, Stdio};

pub(crate) struct Server {
    kubectl: String,
    kubeconfig: String,
}

/// What a command printed, and whether it succeeded.
pub(crate) struct Said {
    pub(crate) good: bool,
    pub(crate) out: String,
    pub(crate) err: String,
}

impl Said {
    pub(crate) fn good(self) -> String {
        assert!(self.good, "{}", self.err);
        self.out
    }
}

impl Server {
    pub(crate) fn start() -> Self {
        let kubeconfig = std::env::var("QD_TEST_KUBECONFIG")
            .expect("these tests need an API server: run them with `cargo xtask test it`");
        let kubectl = std::env::var("QD_TEST_KUBECTL").unwrap_or_else(|_| "kubectl".to_owned());
        let server = Self { kubectl, kubeconfig };
        for kind in Kind::ALL {
            let definition = kind.definition().to_string();
            let said = server.run(&["apply", "--server-side", "--force-conflicts", "-f", "-"], &definition);
            assert!(!said.err.contains("Warning"), "{}", said.err);
            said.good();
        }
        let names: Vec<String> =
            Kind::ALL.iter().map(|kind| format!("crd/{}.quarterdeck.dev", kind.plural())).collect();
        let mut wait = vec!["wait", "--for=condition=Established", "--timeout=60s"];
        wait.extend(names.iter().map(String::as_str));
        server.run(&wait, "").good();
        server
    }

    /// A namespace of this name, empty.
    pub(crate) fn namespace(&self, name: &str) -> Namespace<'_> {
        let object = serde_json::json!({ "apiVersion": "v1", "kind": "Namespace", "metadata": { "name": name } });
        self.run(&["create", "-f", "-"], &object.to_string()).good();
        Namespace { server: self, name: name.to_owned() }
    }

    pub(crate) fn run(&self, args: &[&str], input: &str) -> Said {
        let mut child = Command::new(&self.kubectl)
            .args(["--kubeconfig", &self.kubeconfig])
            .args(args)
            .stdin(Stdio::piped())
            .stdout(Stdio::piped())
            .stderr(Stdio::piped())
            .spawn()
            .unwrap();
        // a command that reads no input may have ended before it is written
        drop(child.stdin.take().unwrap().write_all(input.as_bytes()));
        let out = child.wait_with_output().unwrap();
        let text = |bytes: Vec<u8>| String::from_utf8(bytes).unwrap();
        Said { good: out.status.success(), out: text(out.stdout), err: text(out.stderr) }
    }

    /// Runs a command on all files of a folder; the errors by file.
    pub(crate) fn files(&self, args: &[&str], folder: &Path) -> Vec<(String, String)> {
        let folder = folder.to_str().unwrap();
        let mut all = args.to_vec();
        all.extend(["-f", folder]);
        let said = self.run(&all, "");
        let mut errors: Vec<(String, String)> = Vec::new();
        for line in said.err.lines() {
            match line.split_once(&format!("{folder}/")).and_then(|(_, rest)| rest.split_once(".json\": ")) {
                Some((file, message)) => errors.push((file.to_owned(), message.to_owned())),
                None => errors.last_mut().unwrap_or_else(|| panic!("{line}")).1.push_str(line),
            }
        }
        errors
    }
}

/// A namespace that goes with its test.
pub(crate) struct Namespace<'a> {
    server: &'a Server,
    pub(crate) name: String,
}

impl Namespace<'_> {
    pub(crate) fn run(&self, args: &[&str], input: &Value) -> Said {
        let mut all = vec!["-n", self.name.as_str()];
        all.extend(args);
        self.server.run(&all, &input.to_string())
    }

    pub(crate) fn get(&self, what: &str) -> Value {
        serde_json::from_str(&self.run(&["get", what, "-o", "json"], &Value::Null).good()).unwrap()
    }
}

impl Drop for Namespace<'_> {
    fn drop(&mut self) {
        self.server.run(&["delete", "namespace", &self.name, "--wait=false"], "");
    }
}
