//! In which forms agents come into pods of a real cluster, how they are reached, and where they are refused.
#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic, clippy::indexing_slicing, missing_docs)]

#[path = "live_tap_forms/beside.rs"]
mod beside;
#[path = "live_tap_forms/hostile.rs"]
mod hostile;
#[path = "live_tap_forms/mesh.rs"]
mod mesh;
#[path = "live_tap_forms/obliged.rs"]
mod obliged;

use e2e::running::Running;
use e2e::tapped::{Namespace, agents, apply, done, files, journal, qd};
use e2e::tapping::{FRONT, Tapping, alone, tap};
use e2e::{console, errors, kubeconfig, kubectl, until};
use serde_json::{Value, json};
use std::collections::BTreeSet;
use std::io::{BufRead, BufReader, Read, Write};
use std::net::{TcpListener, TcpStream};
use std::path::{Path, PathBuf};
use std::process::{Child, Command, Stdio};
use std::time::{Duration, Instant};

/// The kubeconfig of a service account that has these rights in its namespace.
fn account(namespace: &str, home: &Path, rights: &[(&str, &str)]) -> PathBuf {
    done(&["create", "serviceaccount", "tapper", "-n", namespace]);
    let rule = |(resource, verb): &(&str, &str)| json!({ "apiGroups": [""], "resources": [resource], "verbs": [verb] });
    let (meta, group) = (json!({ "name": "some", "namespace": namespace }), "rbac.authorization.k8s.io");
    let (api, rules) = (format!("{group}/v1"), rights.iter().map(rule).collect::<Vec<_>>());
    apply(&json!({ "apiVersion": api, "kind": "Role", "metadata": meta, "rules": rules }));
    apply(&json!({
        "apiVersion": api, "kind": "RoleBinding", "metadata": meta,
        "roleRef": { "apiGroup": group, "kind": "Role", "name": "some" },
        "subjects": [{ "kind": "ServiceAccount", "name": "tapper", "namespace": namespace }],
    }));
    kubectl::account(&kubeconfig(), namespace, "tapper", home)
}

const LOOK: [(&str, &str); 4] =
    [("pods", "get"), ("pods", "list"), ("pods", "watch"), ("pods/ephemeralcontainers", "patch")];

/// An admission policy for the namespace of this name; gone when dropped.
struct Refusal(&'static str);

impl Refusal {
    fn new(namespace: &'static str, expression: &str, message: &str) -> Self {
        let (api, group) = ("admissionregistration.k8s.io/v1", json!({ "name": namespace }));
        let rules = json!([{
            "apiGroups": [""], "apiVersions": ["v1"], "operations": ["UPDATE"], "resources": ["pods/ephemeralcontainers"],
        }]);
        apply(&json!({
            "apiVersion": api, "kind": "ValidatingAdmissionPolicy", "metadata": group,
            "spec": {
                "matchConstraints": { "resourceRules": rules },
                "validations": [{ "expression": expression, "message": message }],
            },
        }));
        let there = json!({ "matchLabels": { "kubernetes.io/metadata.name": namespace } });
        apply(&json!({
            "apiVersion": api, "kind": "ValidatingAdmissionPolicyBinding", "metadata": group,
            "spec": {
                "policyName": namespace, "validationActions": ["Deny"],
                "matchResources": { "namespaceSelector": there },
            },
        }));
        // The API server takes a moment until it keeps to it.
        let patch = json!({ "spec": { "ephemeralContainers": [{ "name": "try", "image": "images.invalid/none:1" }] } });
        let patch = patch.to_string();
        let words = ["patch", "pod", "one", "-n", namespace, "--subresource=ephemeralcontainers", "--type=strategic"];
        let words = [&words[..], &["--dry-run=server", "-p", &patch]].concat();
        until("refused", Duration::from_secs(60), || !kubectl::kubectl(&kubeconfig(), &words).status.success());
        Self(namespace)
    }
}

impl Drop for Refusal {
    fn drop(&mut self) {
        done(&["delete", "validatingadmissionpolicybinding", self.0]);
        done(&["delete", "validatingadmissionpolicy", self.0]);
    }
}

#[test]
fn cap_61_the_network_of_a_node_is_tapped_only_where_that_was_said_and_decided() {
    let _alone = alone();
    let home = tempfile::tempdir().unwrap();
    let namespace = Namespace::new("tap-node", &json!({}), &json!({ "hostNetwork": true }), &json!({}));
    let words = ["tap", "-n", namespace.name(), "--duration", "2", "-o", "json"];
    let refused = |more: &[&str], code: &str| {
        let output = qd(home.path(), &kubeconfig(), &[&words[..], more].concat());
        assert_eq!(output.status.code(), Some(3), "{}", errors(&output));
        assert!(errors(&output).contains(&format!("\"code\":\"{code}\"")), "{}", errors(&output));
    };
    refused(&[], "tap_host_network");
    refused(&["--allow-host-network"], "needs_unmet");
    assert!(agents(home.path(), namespace.name()).is_empty());
    let decided = Value::from(journal(home.path(), "tap:host-network")).to_string();
    assert!(!decided.contains("tap:host-network allow"), "{decided}");
    let output = qd(home.path(), &kubeconfig(), &[&words[..], &["--allow-host-network", "--yes"]].concat());
    assert!(output.status.success() && errors(&output).contains("capturing"), "{}", errors(&output));
    let decided = Value::from(journal(home.path(), "tap:host-network")).to_string();
    assert!(decided.contains("tap:host-network allow") && decided.contains("tap:host-network done"), "{decided}");
}

#[test]
fn cap_06_a_privileged_container_is_asked_for_only_where_nothing_less_passes_and_never_silently() {
    let _alone = alone();
    let home = tempfile::tempdir().unwrap();
    let namespace = Namespace::plain("tap-privileged");
    let words = ["tap", "-n", namespace.name(), "--duration", "2", "-o", "jsonl"];
    let forced = [&words[..], &["--force-privileged"]].concat();
    // Where less is let in, it is not used.
    let output = qd(home.path(), &kubeconfig(), &forced);
    assert!(output.status.success() && errors(&output).contains(" added (netraw)"), "{}", errors(&output));
    until("ended", Duration::from_secs(10), || agents(home.path(), namespace.name()).is_empty());
    let rule = "object.spec.ephemeralContainers.all(c, c.name in oldObject.spec.?ephemeralContainers.orValue([]).map(o, o.name) || \
                (has(c.securityContext) && has(c.securityContext.privileged) && c.securityContext.privileged))";
    let _refusal = Refusal::new(namespace.name(), rule, "only privileged ones here");
    let output = qd(home.path(), &kubeconfig(), &words);
    assert_eq!(output.status.code(), Some(3), "{}", errors(&output));
    assert!(errors(&output).contains("tap_admission"), "{}", errors(&output));
    let output = qd(home.path(), &kubeconfig(), &forced);
    assert!(output.status.success(), "{}", errors(&output));
    let said = errors(&output);
    assert_eq!(said.lines().filter(|line| line.contains("WARNING")).count(), 1, "{said}");
    assert!(said.contains(" added (privileged)") && said.contains("capturing"), "{said}");
    let decided = Value::from(journal(home.path(), "tap:start")).to_string();
    assert!(decided.contains("1 by a privileged container") && decided.contains("\"privileged\":true"), "{decided}");
}

#[test]
fn cap_10b_the_agents_image_is_that_of_the_variable_unless_one_is_named() {
    let _alone = alone();
    let home = tempfile::tempdir().unwrap();
    let namespace = Namespace::plain("tap-image");
    let image = |more: &[&str]| {
        let words = [&["-n", namespace.name(), "-o", "jsonl"], more].concat();
        let mut command = tap(home.path(), &words);
        command.env("QD__CAPTURE__AGENT_IMAGE", "images.invalid/of-the-variable:1");
        let running = Running::start(command.stdout(Stdio::null()));
        running.wait("added", |running| running.said().contains(" added ("));
        let words =
            ["get", "pod", "one", "-n", namespace.name(), "-o", "jsonpath={.spec.ephemeralContainers[*].image}"];
        let images = kubectl::stdout(&kubeconfig(), &words);
        images.split_whitespace().map(str::to_owned).collect::<BTreeSet<_>>()
    };
    let (variable, named) = ("images.invalid/of-the-variable:1".to_owned(), "images.invalid/named:1".to_owned());
    assert_eq!(image(&[]), [variable.clone()].into());
    assert_eq!(image(&["--image", &named]), [variable, named].into());
}

#[test]
fn cap_10c_in_a_pod_it_is_the_account_of_that_pod_unless_a_kubeconfig_is_there() {
    let _alone = alone();
    let home = tempfile::tempdir().unwrap();
    let namespace = Namespace::plain("tap-inside");
    let rights = [&LOOK[..], &[("pods/exec", "create"), ("pods/exec", "get"), ("pods/attach", "create")]].concat();
    let path = account(namespace.name(), home.path(), &rights);
    let config: Value = serde_json::from_str(&std::fs::read_to_string(&path).unwrap()).unwrap();
    std::fs::remove_file(&path).unwrap();
    let (cluster, token) = (&config["clusters"][0]["cluster"], config["users"][0]["user"]["token"].as_str().unwrap());
    // what a kubelet mounts into a pod, and tells it
    let secret = home.path().join("account");
    std::fs::create_dir(&secret).unwrap();
    let authority = cluster["certificate-authority-data"].as_str().unwrap();
    let decoded = Command::new("sh").args(["-c", "echo \"$0\" | base64 -d", authority]).output().unwrap();
    for (name, bytes) in
        [("token", token.as_bytes()), ("ca.crt", &decoded.stdout), ("namespace", namespace.name().as_bytes())]
    {
        std::fs::write(secret.join(name), bytes).unwrap();
    }
    let (host, port) = cluster["server"].as_str().unwrap().trim_start_matches("https://").split_once(':').unwrap();
    let inside = |words: &[&str], more: &[(&str, &str)]| {
        let at = "/run/secrets/kubernetes.io/serviceaccount";
        let script = format!("mount -t tmpfs none /run; mkdir -p {at}; mount --bind \"$0\" {at}; exec \"$@\"");
        let mut command = Command::new("unshare");
        command
            .args(["--mount", "--propagation=private", "sh", "-ec", &script])
            .arg(&secret)
            .arg(e2e::qd())
            .args(words);
        command.env_clear().env("HOME", home.path()).env("PATH", std::env::var_os("PATH").unwrap_or_default());
        command.env("KUBERNETES_SERVICE_HOST", host).env("KUBERNETES_SERVICE_PORT", port);
        command.envs(more.iter().copied()).output().unwrap()
    };
    // its own namespace is that of the pod
    let output = inside(&["tap", "--pod", "one", "--duration", "2", "-o", "jsonl"], &[]);
    let said = errors(&output);
    assert!(output.status.success() && said.contains("capturing") && said.contains("one"), "{said}");
    let decided = Value::from(journal(home.path(), "tap:start")).to_string();
    assert!(decided.contains("in-cluster") && decided.contains(namespace.name()), "{decided}");
    // it has the rights of that account and no others
    let output = inside(&["tap", "-n", "shop", "-l", FRONT, "--duration", "2", "-o", "jsonl"], &[]);
    let said = errors(&output);
    assert!(!output.status.success() && said.contains("forbidden"), "{said}");
    // a kubeconfig that is there is meant
    let nowhere = home.path().join("nowhere");
    std::fs::write(&nowhere, config.to_string().replace(token, "none")).unwrap();
    let output = inside(&["tap", "--pod", "one", "--duration", "2"], &[("KUBECONFIG", nowhere.to_str().unwrap())]);
    assert!(errors(&output).contains("cluster_auth_expired"), "{}", errors(&output));
}

#[test]
fn cap_62_under_restricted_pod_security_sockets_are_told_unless_packets_were_asked_for() {
    let _alone = alone();
    let home = tempfile::tempdir().unwrap();
    let level = json!({ "pod-security.kubernetes.io/enforce": "restricted" });
    let namespace = Namespace::new("tap-restricted", &level, &json!({}), &json!({}));
    let words = ["tap", "-n", namespace.name(), "--duration", "3", "-o", "jsonl"];
    let file = home.path().join("packets.pcapng");
    for more in [&["--write", file.to_str().unwrap()][..], &["--packets", "headers"]] {
        let output = qd(home.path(), &kubeconfig(), &[&words[..], more].concat());
        assert_eq!(output.status.code(), Some(3), "{}", errors(&output));
        let said = errors(&output);
        for word in ["tap_admission", "netraw: ", "inherited: ", "PodSecurity", "sockets: it alone would be let in"] {
            assert!(said.contains(word), "{word}: {said}");
        }
    }
    assert!(agents(home.path(), namespace.name()).is_empty());
    // With it, what may less is tried first all the same, and it is refused by a dry run before any container is added.
    for (more, tried) in [(&[][..], false), (&["--force-privileged"], true)] {
        until("nobody is left", Duration::from_secs(20), || agents(home.path(), namespace.name()).is_empty());
        let output = qd(home.path(), &kubeconfig(), &[&words[..], more].concat());
        let said = errors(&output);
        assert!(output.status.success(), "{said}");
        let form =
            |line: &&str| ["(sockets)", "(netraw)", "(inherited)", "(privileged)"].iter().any(|one| line.contains(one));
        let first = said.lines().find(form).unwrap_or_default();
        assert!(first.ends_with("(sockets): no packets, its connections alone"), "{said}");
        assert!(said.contains("agent says hello; no packets here: "), "{said}");
        assert!(!said.contains("WARNING"), "{said}");
        let records: Vec<Value> =
            output.stdout.split(|byte| *byte == b'\n').filter_map(|line| serde_json::from_slice(line).ok()).collect();
        assert!(records.iter().any(|record| record["kind"] == "socket"), "{said}");
        for record in &records {
            assert!(record["kind"] == "socket" || record["kind"] == "tap", "{record}");
        }
        let decided = Value::from(journal(home.path(), "tap:start")).to_string();
        assert_eq!(decided.contains("\"privileged\":true"), tried, "{decided}");
        assert!(!decided.contains("by a privileged container"), "{decided}");
    }
}

#[test]
fn cap_d_20_a_tap_without_a_pod_ends_with_the_reasons() {
    let _alone = alone();
    let home = tempfile::tempdir().unwrap();
    let namespace = Namespace::plain("tap-none");
    let _refusal = Refusal::new(namespace.name(), "false", "no debugging in here");
    let began = Instant::now();
    let output = qd(home.path(), &kubeconfig(), &["tap", "-n", namespace.name(), "-o", "jsonl"]);
    assert_eq!(output.status.code(), Some(3), "{}", errors(&output));
    assert!(began.elapsed() < Duration::from_secs(30));
    let said = errors(&output);
    assert!(said.contains("tap_admission") && said.matches("no debugging in here").count() >= 3, "{said}");
    assert_eq!(files(home.path()), Vec::<String>::new());
}

#[test]
fn cap_f_03_what_admission_says_is_told_for_each_form() {
    let _alone = alone();
    let home = tempfile::tempdir().unwrap();
    let namespace = Namespace::plain("tap-refused");
    let _refusal = Refusal::new(namespace.name(), "false", "not in this namespace");
    let output = qd(home.path(), &kubeconfig(), &["tap", "-n", namespace.name(), "-o", "jsonl"]);
    assert_eq!(output.status.code(), Some(3), "{}", errors(&output));
    for form in ["netraw: ", "inherited: ", "sockets: "] {
        let said = errors(&output);
        let at = said.find(form).unwrap_or_else(|| panic!("{form}: {said}"));
        assert!(said[at..].contains("not in this namespace"), "{said}");
    }
}

#[test]
fn cap_d_24_nothing_of_the_tapped_image_is_needed() {
    let _alone = alone();
    let home = tempfile::tempdir().unwrap();
    // The image holds one program; the user is nobody's, and the root cannot be written.
    let security = json!({
        "allowPrivilegeEscalation": false, "capabilities": { "drop": ["ALL"] }, "readOnlyRootFilesystem": true,
        "seccompProfile": { "type": "RuntimeDefault" },
    });
    let namespace = Namespace::new("tap-scratch", &json!({}), &json!({}), &json!({ "securityContext": security }));
    let shell =
        kubectl::kubectl(&kubeconfig(), &["exec", "-n", namespace.name(), "one", "--", "/bin/sh", "-c", "true"]);
    assert!(!shell.status.success(), "the image has a shell");
    let tapping = Tapping::start(home.path(), &["-n", namespace.name()]);
    namespace.ask("/scratch");
    let seen = tapping.wait(1, |record| record["kind"] == "http" && record["path"] == "/scratch");
    assert_eq!(seen[0]["pod"], "tap-scratch/one");
    assert_eq!(tapping.stop(), Some(0));
}

#[test]
fn cap_d_25_the_user_of_the_pod_is_not_that_of_the_agent() {
    let _alone = alone();
    let home = tempfile::tempdir().unwrap();
    let user = json!({ "securityContext": { "runAsUser": 1000, "runAsNonRoot": true } });
    let namespace = Namespace::new("tap-user", &json!({}), &user, &json!({}));
    let tapping = Tapping::start(home.path(), &["-n", namespace.name()]);
    namespace.ask("/user");
    let _ = tapping.wait(1, |record| record["kind"] == "http" && record["path"] == "/user");
    assert_eq!(tapping.stop(), Some(0));
    let path = "jsonpath={.spec.ephemeralContainers[0].securityContext.runAsUser}";
    assert_eq!(kubectl::stdout(&kubeconfig(), &["get", "pod", "one", "-n", namespace.name(), "-o", path]), "0");
    // Where that is refused, the reason is told and sockets are.
    let level = json!({ "pod-security.kubernetes.io/enforce": "restricted" });
    let namespace = Namespace::new("tap-user-strict", &level, &user, &json!({}));
    let output = qd(home.path(), &kubeconfig(), &["tap", "-n", namespace.name(), "--duration", "2", "-o", "jsonl"]);
    assert!(output.status.success() && errors(&output).contains("no packets here: "), "{}", errors(&output));
}

#[test]
fn cap_f_02_missing_rights_are_named_with_the_role_that_gives_them() {
    let _alone = alone();
    let home = tempfile::tempdir().unwrap();
    let namespace = Namespace::plain("tap-forbidden");
    let user = account(namespace.name(), home.path(), &LOOK[..3]);
    let output = qd(home.path(), &user, &["tap", "-n", namespace.name(), "-o", "json"]);
    assert_eq!(output.status.code(), Some(3), "{}", errors(&output));
    let said = errors(&output);
    for word in ["tap_forbidden", "patch", "pods/ephemeralcontainers", namespace.name(), "kubectl create role"] {
        assert!(said.contains(word), "{word}: {said}");
    }
}

#[test]
fn cap_f_02a_where_no_agent_could_be_reached_none_is_added() {
    let _alone = alone();
    let home = tempfile::tempdir().unwrap();
    let namespace = Namespace::plain("tap-unreachable");
    let user = account(namespace.name(), home.path(), &LOOK);
    let output = qd(home.path(), &user, &["tap", "-n", namespace.name(), "-o", "json"]);
    assert_eq!(output.status.code(), Some(3), "{}", errors(&output));
    let said = errors(&output);
    for word in ["tap_forbidden", "pods/exec", namespace.name(), "kubectl create role"] {
        assert!(said.contains(word), "{word}: {said}");
    }
    let path = "jsonpath={.spec.ephemeralContainers}";
    assert_eq!(kubectl::stdout(&kubeconfig(), &["get", "pod", "one", "-n", namespace.name(), "-o", path]), "");
}

#[test]
fn cap_d_26_payload_is_in_no_log_where_only_attach_is_permitted() {
    const CANARY: &str = "canary-5b1e77";
    let _alone = alone();
    let home = tempfile::tempdir().unwrap();
    let namespace = Namespace::plain("tap-attach");
    let rights = [&LOOK[..], &[("pods/attach", "get"), ("pods/attach", "create")]].concat();
    let user = account(namespace.name(), home.path(), &rights);
    // By exec alone it is refused.
    let output = qd(home.path(), &user, &["tap", "-n", namespace.name(), "--transport", "exec", "-o", "json"]);
    assert!(output.status.code() == Some(3) && errors(&output).contains("pods/exec"), "{}", errors(&output));
    assert!(agents(home.path(), namespace.name()).is_empty(), "nothing was added that could not be reached");
    let mut command = console::command(home.path(), Some(&user));
    command
        .args(["tap", "-n", namespace.name(), "--packets", "full", "--no-redact", "--write"])
        .arg(home.path().join("packets"));
    let records = home.path().join("records");
    command.args(["-o", "jsonl"]).stdout(std::fs::File::create(&records).unwrap());
    let running = Running::start(&mut command);
    running.wait("captured", |running| running.said().contains("capturing"));
    for _ in 0..3 {
        namespace.ask(&format!("/{CANARY}"));
    }
    // Frames unseal to it.
    let holds = |bytes: &[u8]| bytes.windows(CANARY.len()).any(|window| window == CANARY.as_bytes());
    until("seen", Duration::from_secs(20), || holds(&std::fs::read(&records).unwrap()));
    let container =
        agents(home.path(), namespace.name()).iter().find(|one| one["state"] == "running").unwrap()["container"]
            .clone();
    let (status, said) = running.end();
    assert!(status.success() && !said.contains("failed"), "{said}");
    assert!(holds(&std::fs::read(home.path().join("packets")).unwrap()));
    // The log, as kubectl shows it and as the node keeps it.
    let container = container.as_str().unwrap();
    let shown = kubectl::kubectl(&kubeconfig(), &["logs", "one", "-n", namespace.name(), "-c", container]);
    assert!(shown.stdout.len() > 1_000 && !holds(&shown.stdout), "{} bytes", shown.stdout.len());
    let about = "jsonpath={.spec.nodeName} {.metadata.uid}";
    let about = kubectl::stdout(&kubeconfig(), &["get", "pod", "one", "-n", namespace.name(), "-o", about]);
    let (node, uid) = about.split_once(' ').unwrap();
    let path = format!("/api/v1/nodes/{node}/proxy/logs/pods/{}_one_{uid}/{container}/0.log", namespace.name());
    let kept = kubectl::kubectl(&kubeconfig(), &["get", "--raw", &path]);
    assert!(kept.status.success() && kept.stdout.len() > 1_000 && !holds(&kept.stdout), "{}", errors(&kept));
}

/// `kubectl proxy`, which speaks to the API server as its administrator; gone when dropped.
struct Proxy(Child, String);

impl Proxy {
    fn start() -> Self {
        let mut command = Command::new(e2e::env("QD_KUBECTL"));
        command.arg("--kubeconfig").arg(kubeconfig()).args(["proxy", "--port=0", "--reject-paths=^$"]);
        let mut child = command.stdout(Stdio::piped()).spawn().unwrap();
        let mut line = String::new();
        BufReader::new(child.stdout.take().unwrap()).read_line(&mut line).unwrap();
        let address = line.trim().rsplit(' ').next().unwrap().to_owned();
        Self(child, address)
    }
}

impl Drop for Proxy {
    fn drop(&mut self) {
        let _ = self.0.kill();
        let _ = self.0.wait();
    }
}

/// An API server of an older time: it has no ephemeral containers, and says which version it is.
fn older(server: String) -> u16 {
    let listener = TcpListener::bind("127.0.0.1:0").unwrap();
    let port = listener.local_addr().unwrap().port();
    std::thread::spawn(move || {
        for near in listener.incoming().map_while(Result::ok) {
            let server = server.clone();
            std::thread::spawn(move || pass(near, &server));
        }
    });
    port
}

/// Answers one request: by itself, or with what the real server says.
fn pass(mut near: TcpStream, server: &str) -> Option<()> {
    let mut head = Vec::new();
    let mut byte = [0];
    while !head.ends_with(b"\r\n\r\n") {
        near.read_exact(&mut byte).ok()?;
        head.push(byte[0]);
    }
    let text = String::from_utf8(head).ok()?;
    let line = text.lines().next()?.to_owned();
    let answer = if line.contains("/ephemeralcontainers") {
        Some((
            "404 Not Found",
            json!({ "kind": "Status", "apiVersion": "v1", "status": "Failure", "reason": "NotFound",
            "code": 404, "message": "the server could not find the requested resource" }),
        ))
    } else if line.contains(" /version") {
        Some(("200 OK", json!({ "major": "1", "minor": "22", "gitVersion": "v1.22.17" })))
    } else {
        None
    };
    if let Some((status, body)) = answer {
        let body = body.to_string();
        let head = format!(
            "HTTP/1.1 {status}\r\nContent-Type: application/json\r\nContent-Length: {}\r\nConnection: close\r\n\r\n",
            body.len()
        );
        return near.write_all(format!("{head}{body}").as_bytes()).ok();
    }
    let mut far = TcpStream::connect(server).ok()?;
    let (first, rest) = text.split_once("\r\n")?;
    far.write_all(format!("{first}\r\nConnection: close\r\n{rest}").as_bytes()).ok()?;
    let (mut from, mut to) = (near.try_clone().ok()?, far.try_clone().ok()?);
    std::thread::spawn(move || std::io::copy(&mut from, &mut to));
    std::io::copy(&mut far, &mut near).ok()?;
    let _ = near.shutdown(std::net::Shutdown::Both);
    Some(())
}

#[test]
fn cap_f_01_a_server_without_ephemeral_containers_is_named_with_its_version() {
    let _alone = alone();
    let home = tempfile::tempdir().unwrap();
    let proxy = Proxy::start();
    let port = older(proxy.1.clone());
    let config = json!({
        "apiVersion": "v1", "kind": "Config", "current-context": "old",
        "clusters": [{ "name": "old", "cluster": { "server": format!("http://127.0.0.1:{port}") } }],
        "users": [{ "name": "old", "user": {} }],
        "contexts": [{ "name": "old", "context": { "cluster": "old", "user": "old" } }],
    });
    let path = home.path().join("kubeconfig");
    std::fs::write(&path, config.to_string()).unwrap();
    let output = qd(home.path(), &path, &["tap", "-n", "shop", "-l", FRONT, "-o", "json"]);
    assert_eq!(output.status.code(), Some(1), "{}", errors(&output));
    let said = errors(&output);
    assert!(said.contains("ephemeral_unsupported") && said.contains("v1.22.17"), "{said}");
}
