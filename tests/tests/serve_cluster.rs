//! The example of deploy/gateway: the team gateway in the cluster, with an account of its own.
#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic, clippy::indexing_slicing, missing_docs)]

use e2e::curl::curl;
use e2e::forward::Forward;
use e2e::fresh::Fresh;
use e2e::gateway::{prepared, token};
use e2e::workspaces::{apply, operator, wait};
use e2e::{env, errors, kubeconfig, kubectl, out};
use serde_json::json;
use std::process::Command;
use std::sync::LazyLock;

/// Somebody has installed the kinds, once, before anything here has workspaces.
static KINDS: LazyLock<()> = LazyLock::new(|| drop(operator()));

/// Objects of the whole cluster, which go when this is dropped.
struct Everywhere(String);

impl Everywhere {
    fn new(objects: String) -> Self {
        kubectl::apply(&kubeconfig(), &objects);
        Self(objects)
    }
}

impl Drop for Everywhere {
    fn drop(&mut self) {
        let file = tempfile::NamedTempFile::new().unwrap();
        std::fs::write(file.path(), &self.0).unwrap();
        let path = file.path().display().to_string();
        let _ = kubectl::kubectl(&kubeconfig(), &["delete", "-f", &path, "--wait=false", "--ignore-not-found"]);
    }
}

#[test]
fn wo_12c_the_example_of_a_gateway_in_the_cluster_starts_and_keeps_workspaces() {
    LazyLock::force(&KINDS);
    let fresh = Fresh::new("serve-pod");
    let (ns, kubeconfig) = (fresh.name(), kubeconfig());
    // The image of the program under test, on the node; the folder of a cluster has its name.
    let cluster = kubeconfig.parent().and_then(|folder| folder.file_name()).unwrap().to_string_lossy().into_owned();
    let folder = tempfile::tempdir().unwrap();
    let archive = folder.path().join("qd.tar").display().to_string();
    let xtask = |words: &[&str]| {
        let output = Command::new(env("QD_XTASK")).current_dir("..").args(words).output().expect("xtask runs");
        assert!(output.status.success(), "{words:?}: {}", errors(&output));
    };
    xtask(&["gateway", "--program", &env("QD_BIN").display().to_string(), "--archive", &archive]);
    xtask(&["cluster", "load-image", &archive, "--name", &cluster]);

    // A certificate, somebody with a token, and the roles.
    let (home, _, _) = prepared("");
    let ada = token(home.path(), &kubeconfig, &["ada", "--role", "developer", "--org", "lab"]);
    let at = |name: &str| home.path().join(name).display().to_string();
    let (certificate, key) = (format!("--cert={}", at("tls.crt")), format!("--key={}", at("tls.key")));
    let _ = kubectl::stdout(&kubeconfig, &["create", "secret", "tls", "quarterdeck-tls", "-n", ns, &certificate, &key]);
    let people = format!("--from-file=tokens.toml={}", at("tokens.toml"));
    let _ = kubectl::stdout(&kubeconfig, &["create", "secret", "generic", "quarterdeck-tokens", "-n", ns, &people]);
    let _roles = Everywhere::new(std::fs::read_to_string("../deploy/rbac/operator.yaml").unwrap());
    let account = format!("--serviceaccount={ns}:quarterdeck-gateway");
    let role = "--clusterrole=quarterdeck-workspaces";
    let _ =
        kubectl::stdout(&kubeconfig, &["create", "rolebinding", "quarterdeck-workspaces", "-n", ns, role, &account]);

    // The example, in the namespace of this test, and for it alone.
    let example = std::fs::read_to_string("../deploy/gateway/gateway.yaml").unwrap();
    let example = example
        .replace("namespace: quarterdeck\n", &format!("namespace: {ns}\n"))
        .replace("namespace = \"quarterdeck\"\n", &format!("namespace = \"{ns}\"\n    watch_namespace = \"{ns}\"\n"))
        .replace("gateway_namespace = \"quarterdeck\"", &format!("gateway_namespace = \"{ns}\""))
        .replace("https://quarterdeck.example.com", "https://localhost");
    let _gateway = Everywhere::new(example);
    let words = ["rollout", "status", "deployment/quarterdeck-gateway", "-n", ns, "--timeout=180s"];
    let rolled = kubectl::kubectl(&kubeconfig, &words);
    let told = |what: &[&str]| out(&kubectl::kubectl(&kubeconfig, &[what, &["-n", ns]].concat()));
    assert!(
        rolled.status.success(),
        "{}\n{}\n{}",
        errors(&rolled),
        told(&["describe", "pods", "-l", "app.kubernetes.io/name=quarterdeck-gateway"]),
        told(&["logs", "deployment/quarterdeck-gateway", "--tail=50"])
    );

    // A Workspace that kubectl makes becomes ready through it, for whom a Grant says.
    let grant = json!({
        "apiVersion": "quarterdeck.dev/v1alpha1", "kind": "Grant", "metadata": { "name": "launch", "namespace": ns },
        "spec": { "subjects": [{ "kind": "Org", "name": "lab" }], "actions": ["launch"] },
    });
    kubectl::apply(&kubeconfig, &grant.to_string());
    apply(ns, "hers", &json!({}));
    wait(ns, "hers", "condition=Ready");

    // People come in over its port.
    let forward = Forward::start(&kubeconfig, ns, "deployment/quarterdeck-gateway", 8443);
    let url = format!("https://localhost:{}/api/v1/session", forward.port);
    let bearer = format!("authorization: Bearer {ada}");
    let trusted = at("tls.crt");
    let session = curl(&url, &["--cacert", &trusted, "-H", "host: localhost", "-H", &bearer]);
    assert_eq!((session.status, &session.json()["user"]), (200, &json!("ada")), "{}", session.body);
    let nobody = curl(&url, &["--cacert", &trusted, "-H", "host: localhost"]);
    assert_eq!(nobody.code(), "token_missing");
}
