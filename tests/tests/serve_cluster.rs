//! The example of deploy/gateway: the team gateway in the cluster, with an account of its own.
#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic, clippy::indexing_slicing, missing_docs)]

use e2e::curl::curl;
use e2e::forward::Forward;
use e2e::fresh::Fresh;
use e2e::gateway::{prepared, token};
use e2e::workspaces::{apply, operator, wait};
use e2e::{env, errors, kubeconfig, kubectl, out};
use serde_json::json;
use std::path::Path;
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

/// `qd serve` in a place of its own: what Kubernetes mounts into a pod is at its place there, or is not.
fn inside(mut command: Command, account: Option<&Path>) -> Command {
    let mut placed = Command::new("unshare");
    // A mount of this process and its children alone.
    let script = match account {
        Some(_) => {
            "mount -t tmpfs none /run && mkdir -p /run/secrets/kubernetes.io && cp -r \"$0\" /run/secrets/kubernetes.io/serviceaccount && \
             exec \"$@\""
        }
        None => "exec \"$@\"",
    };
    placed.args(["--mount", "sh", "-c", script]).arg(account.unwrap_or(Path::new("none")));
    placed.arg(command.get_program()).args(command.get_args()).env_clear();
    placed.envs(command.get_envs().filter_map(|(name, value)| Some((name.to_owned(), value?.to_owned()))));
    command.stdin(std::process::Stdio::null());
    placed
}

#[test]
fn ge_02_the_account_of_the_pod_goes_first_then_what_kubeconfig_lists_and_old_names_say_where_and_by_which_way() {
    LazyLock::force(&KINDS);
    let fresh = Fresh::new("serve-names");
    let (ns, kubeconfig) = (fresh.name(), kubeconfig());
    apply(ns, "only-here", &json!({ "owner": "root", "state": "Stopped", "paused": true }));

    // What a pod of an account has.
    let account =
        json!({ "apiVersion": "v1", "kind": "ServiceAccount", "metadata": { "name": "gateway", "namespace": ns } });
    kubectl::apply(&kubeconfig, &account.to_string());
    let role = json!({ "apiGroup": "rbac.authorization.k8s.io", "kind": "ClusterRole", "name": "cluster-admin" });
    let subjects = json!([{ "kind": "ServiceAccount", "name": "gateway", "namespace": ns }]);
    let binding = json!({ "apiVersion": "rbac.authorization.k8s.io/v1", "kind": "ClusterRoleBinding",
        "metadata": { "name": "serve-names" }, "roleRef": role, "subjects": subjects });
    let _binding = Everywhere::new(binding.to_string());
    let words = ["create", "rolebinding", "names", "-n", ns, "--clusterrole=cluster-admin", "--user=qde2e:root"];
    let _ = kubectl::stdout(&kubeconfig, &words);
    let folder = tempfile::tempdir().unwrap();
    let at = |name: &str| folder.path().join(name);
    let config = kubectl::stdout(&kubeconfig, &["config", "view", "--raw", "--minify", "--flatten", "-o", "json"]);
    let config: serde_json::Value = serde_json::from_str(&config).unwrap();
    let cluster = &config["clusters"][0]["cluster"];
    let address = cluster["server"].as_str().unwrap().strip_prefix("https://").unwrap().to_owned();
    let (host, port) = address.rsplit_once(':').unwrap();
    std::fs::create_dir(at("account")).unwrap();
    std::fs::write(at("ca64"), cluster["certificate-authority-data"].as_str().unwrap()).unwrap();
    let ca = Command::new("base64").arg("-d").arg(at("ca64")).output().unwrap();
    std::fs::write(at("account/ca.crt"), &ca.stdout).unwrap();
    std::fs::write(at("account/namespace"), ns).unwrap();
    let token_of = kubectl::stdout(&kubeconfig, &["create", "token", "gateway", "-n", ns]);
    std::fs::write(at("account/token"), token_of.trim()).unwrap();
    // A kubeconfig of a cluster that is not there.
    let dead = config.to_string().replace(&address, "127.0.0.1:1");
    std::fs::write(at("dead"), dead).unwrap();
    let pod = [("KUBERNETES_SERVICE_HOST", host), ("KUBERNETES_SERVICE_PORT", port)];

    let asked = |what: &str, account: bool, list: &str, variables: &[(&str, &str)]| {
        let prepared = prepared("apps_domain = \"apps.test\"\n[compat]\nguildnet = true\n");
        let (home, port) = (prepared.0.path(), prepared.1);
        let root = token(home, &kubeconfig, &["root", "--role", "admin"]);
        let mut command = e2e::gateway::serve(home, &kubeconfig, &[]);
        command.env("KUBECONFIG", list).env("K8S_NAMESPACE", ns).envs(variables.iter().copied());
        let server = e2e::server::Server::start(&mut inside(command, account.then_some(&at("account"))), false);
        let (trusted, bearer) = (home.join("tls.crt").display().to_string(), format!("authorization: Bearer {root}"));
        let ask = |path: &str| curl(&format!("https://localhost:{port}{path}"), &["--cacert", &trusted, "-H", &bearer]);
        let mut last = String::new();
        e2e::until(&format!("{what}: its cluster answers"), std::time::Duration::from_secs(60), || {
            let answer = ask("/api/servers");
            last = format!("{answer:?} {}", server.said());
            answer.status == 200
        });
        let servers = ask("/api/servers").json();
        let names: Vec<&str> = servers.as_array().unwrap().iter().filter_map(|one| one["name"].as_str()).collect();
        assert_eq!(names, ["only-here"], "{what}: of that namespace alone");
        let ways = ask("/api/proxy-debug?server=only-here&path=/").json();
        assert!(ways["ways"].is_array(), "{what}: {ways} {last}");
        ways["ways"].clone()
    };
    let dead = at("dead").display().to_string();
    let list = format!("{}:{}", at("none").display(), kubeconfig.display());
    let all = json!(["tunnel", "pod", "forward", "api"]);
    // The pod's own account, though a kubeconfig names another cluster.
    assert_eq!(asked("in a pod", true, &dead, &pod), all);
    // Without one what `KUBECONFIG` lists, file by file; from outside no pod has an address.
    assert_eq!(asked("outside", false, &list, &[]), json!(["tunnel", "forward", "api"]));
    for value in ["1", "true"] {
        let variables = [&pod[..], &[("HOSTAPP_DISABLE_API_PROXY", value)]].concat();
        assert_eq!(asked("directly", true, &dead, &variables), json!(["pod"]), "{value}");
    }
}
