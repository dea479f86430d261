//! The daemon of workspaces on a real cluster: apps, init scripts, `kbox`, and sessions inside a service.
#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic, clippy::indexing_slicing, missing_docs)]

use e2e::console::Console;
use e2e::fresh::Fresh;
use e2e::workspaces::{apply, operator, until, wait};
use e2e::{errors, kubeconfig, kubectl, out};
use serde_json::{Value, json};
use std::process::{Output, Stdio};

struct Place {
    fresh: Fresh,
    console: Console,
}

impl Place {
    /// A blueprint, and a workspace of it with these words as its command.
    fn blueprint(&self, name: &str, spec: &Value, command: &[&str]) {
        let object = json!({
            "apiVersion": "quarterdeck.dev/v1alpha1", "kind": "Blueprint",
            "metadata": { "name": name, "namespace": self.fresh.name() }, "spec": spec,
        });
        kubectl::apply(&kubeconfig(), &object.to_string());
        let more = json!({ "image": null, "blueprintRef": { "kind": "Blueprint", "name": name }, "command": command });
        apply(self.fresh.name(), name, &more);
    }

    /// `qd ws exec` of a line in this workspace.
    fn line(&self, workspace: &str, line: &str) -> Output {
        let mut command = self.console.qd(Some(&kubeconfig()));
        command.args(["ws", "exec", "-n", self.fresh.name(), workspace, "--", "bash", "-c", line]);
        command.stdin(Stdio::null()).output().expect("qd runs")
    }

    fn says(&self, workspace: &str, line: &str) -> String {
        let done = self.line(workspace, line);
        assert!(done.status.success(), "{line}: {}", errors(&done));
        out(&done)
    }
}

#[test]
fn ac_71v_apps_scripts_and_kbox_of_a_shell_and_sessions_inside_a_service_on_a_cluster() {
    let place = Place { fresh: Fresh::new("ws-daemon"), console: operator() };
    place.blueprint(
        "shell",
        &json!({
            "image": "images.invalid/shell:1", "enableApps": true,
            "initScripts": [{ "name": "once", "script": "echo ran >> ~/ran" }],
            "apps": {
                "tick": {
                    "name": "Tick", "enabled": true, "autoStart": true, "binary": "/usr/bin/bash",
                    "versionCmd": ["bash", "--version"], "versionRegex": "version ([0-9]+)",
                    "start": ["bash", "-c", "echo up; sleep 1000"],
                },
                "made": {
                    "name": "Made", "enabled": true, "binary": "~/made", "install": "printf '#!/bin/sh\\nexec sleep 1000\\n' > ~/made; chmod +x ~/made",
                    "start": ["bash", "-c", "exec ~/made"],
                },
            },
        }),
        &[],
    );
    let service = json!({ "image": "images.invalid/shell:1", "runProfile": "service" });
    place.blueprint("service", &service, &["sleep", "100000"]);
    wait(place.fresh.name(), "shell", "condition=Ready");
    wait(place.fresh.name(), "service", "condition=Ready");

    let apps = || -> Value { serde_json::from_str(&place.says("shell", "kbox apps --json")).expect("JSON") };
    let app = |id: &str| apps()["apps"].as_array().unwrap().iter().find(|app| app["id"] == id).cloned().unwrap();
    until("the app that starts by itself runs", 20, || app("tick")["state"] == "running");
    assert_eq!((&app("tick")["version"], &app("tick")["ready"]), (&json!("5"), &json!(true)));
    assert_eq!((&app("made")["state"], &app("made")["installed"]), (&json!("stopped"), &json!(false)));
    assert_eq!(place.says("shell", "cat ~/ran; ls ~/.quarterdeck/flags"), "ran\nonce\n");
    assert!(place.says("shell", "kbox apps logs tick").contains("out  app  up"));
    place.says("shell", "kbox apps start made");
    until("it is installed and runs", 20, || app("made")["state"] == "running");
    place.says("shell", "kbox apps stop made");
    until("it is stopped", 20, || app("made")["state"] == "stopped");

    let info: Value = serde_json::from_str(&place.says("shell", "kbox info --json")).expect("JSON");
    let number = |name: &str| info["system"][name].as_u64().unwrap_or(0);
    assert!(number("memory_bytes") > 0 && number("memory_limit_bytes") > number("memory_bytes"), "{info:#}");
    assert!(info["system"]["mounts"].as_array().unwrap().iter().any(|one| one["path"] == "/"), "{info:#}");
    let missing = place.line("shell", "exec nothing-like-it");
    assert_eq!(missing.status.code(), Some(127));
    let credentials = place.line("shell", "echo host=git.example.org | git-credential-quarterdeck get");
    // whoever leads answers, once it has asked the daemon how it is
    let words = errors(&credentials);
    let none = ["no gateway is connected", "there are no credentials"].iter().any(|one| words.contains(one));
    assert!(!credentials.status.success() && none, "{credentials:?}");

    // the service's own program is the first process; who enters does so beside it, each time by the same daemon
    let told = place.says("service", "cat /proc/1/comm; echo $QD_SOCKET; id -u");
    assert!(told.starts_with("sleep\n/run/quarterdeck/main/agent.sock\n") && !told.ends_with("\n0\n"), "{told}");
    assert_eq!(place.says("service", "ps ax | grep -c '[w]orkspaced inside'"), "1\n");
    assert!(place.says("service", "kbox identity").contains("service"));
}

#[test]
fn ac_78c_what_the_daemon_says_is_in_the_pods_log_and_in_its_ring_and_its_settings_are_of_file_and_environment() {
    let place = Place { fresh: Fresh::new("ws-daemon-log"), console: operator() };
    let blueprint = json!({
        "image": "images.invalid/shell:1", "splash": "of the file",
        "env": { "QD_WORKSPACED_GRACE_SECONDS": "1" },
        "initScripts": [{ "name": "says", "script": "echo said once" }],
    });
    place.blueprint("kept", &blueprint, &[]);
    wait(place.fresh.name(), "kept", "condition=Ready");
    assert_eq!(place.says("kept", "kbox splash"), "of the file\n");
    until("the script has run", 20, || place.says("kept", "kbox logs").contains("said once"));
    let ring: Value = serde_json::from_str(&place.says("kept", "kbox logs --json")).expect("JSON");
    let ring = ring["lines"].as_array().unwrap_or_else(|| panic!("{ring:#}")).clone();
    let pod = e2e::workspaces::pods(place.fresh.name(), "kept").remove(0);
    let name = pod["metadata"]["name"].as_str().unwrap().to_owned();
    let logged = kubectl::stdout(&kubeconfig(), &["logs", "-n", place.fresh.name(), &name]);
    let logged: Vec<Value> = logged.lines().filter_map(|line| serde_json::from_str(line).ok()).collect();
    assert!(ring.len() >= 3, "{ring:?}");
    for line in &ring {
        assert!(logged.iter().any(|one| one["id"] == line["id"] && one["text"] == line["text"]), "{line} {logged:#?}");
    }
    // What may not be said there stops the daemon with the reason: the environment is not only the platform's.
    let mut wrong = blueprint;
    wrong["env"] = json!({ "QD_WORKSPACED_LISTEN": "0.0.0.0:1" });
    place.blueprint("wrong", &wrong, &[]);
    until("the daemon says why", 60, || {
        let pods = e2e::workspaces::pods(place.fresh.name(), "wrong");
        let Some(name) = pods.first().and_then(|pod| pod["metadata"]["name"].as_str()) else { return false };
        let said = kubectl::kubectl(&kubeconfig(), &["logs", "-n", place.fresh.name(), name]);
        (out(&said) + &errors(&said)).contains("QD_WORKSPACED_LISTEN is no setting of the environment")
    });
}

#[test]
fn ac_78d_the_daemon_is_one_static_file_of_less_than_five_megabytes() {
    let place = Place { fresh: Fresh::new("ws-daemon-file"), console: operator() };
    apply(place.fresh.name(), "w", &json!({}));
    wait(place.fresh.name(), "w", "condition=Ready");
    let pod = e2e::workspaces::pods(place.fresh.name(), "w").remove(0);
    let name = pod["metadata"]["name"].as_str().unwrap().to_owned();
    // The program that runs there, as it is.
    let words = ["exec", "-n", place.fresh.name(), &name, "--", "cat", "/qd/qd-agent"];
    let read = kubectl::kubectl(&kubeconfig(), &words);
    assert!(read.status.success(), "{}", errors(&read));
    assert!((1_000_000..5_000_000).contains(&read.stdout.len()), "{} bytes", read.stdout.len());
    let same = place.says("w", "sha256sum < /qd/qd-agent");
    let file = tempfile::NamedTempFile::new().unwrap();
    std::fs::write(file.path(), &read.stdout).unwrap();
    let run = |program: &str, words: &[&str]| {
        let output = std::process::Command::new(program).args(words).arg(file.path()).output().unwrap();
        assert!(output.status.success(), "{program} {words:?}: {}", errors(&output));
        out(&output)
    };
    assert_eq!(run("sha256sum", &["-b"]).split(' ').next(), same.split(' ').next());
    let headers = run("readelf", &["-lW"]);
    assert!(headers.contains("LOAD") && !headers.contains("INTERP"), "{headers}");
    assert!(!run("readelf", &["-dW"]).contains("NEEDED"));
}

/// A configuration of K8shell's provisioner.
const PROVISIONER: &str = "targetNamespace: shells\ninjectNamespaces: [shop]\nclusterDomain: lab.local\ndefaultRegistry: registry.example\n\
    privateRegistry: {secretName: pull, password: hunter2}\nk8shellCapabilities: [NET_RAW]\ncertManager: {issuer: letsencrypt}\n\
    nats: {kv: {provisionBucketTTL: 24h}}\nblueprints: {directory: FOLDER, defaultCustomBlueprint: base}\n\
    grpc: {port: 50051}\nidentity: {url: x}\nauthz: {url: y}\njwtVerifier: {secret: hunter2}\n";

#[test]
fn wl_10_a_pod_has_its_files_and_no_token_and_a_provisioners_configuration_becomes_settings() {
    let place = Place { fresh: Fresh::new("ws-files"), console: operator() };
    let ns = place.fresh.name();
    place.blueprint("files", &json!({ "image": "images.invalid/shell:1", "env": { "A": "b" } }), &[]);
    wait(ns, "files", "condition=Ready");
    // Files that say who and what it is, certificates in memory, and the names of the agent's programs.
    let config: Value =
        serde_json::from_str(&place.says("files", "cat /etc/quarterdeck/config.yaml")).expect("JSON is YAML");
    assert_eq!((&config["workspace"]["name"], &config["user"]["name"]), (&json!("files"), &json!("ada")));
    let blueprint = place.says("files", "cat /etc/quarterdeck/blueprint.yaml");
    let image = blueprint.lines().find(|line| line.starts_with("image:")).unwrap_or_default();
    assert!(image.contains("images.invalid/shell:1"), "{blueprint}");
    for folder in ["/run/quarterdeck", "/run/quarterdeck/tls"] {
        assert_eq!(place.says("files", &format!("stat -f -c %T {folder}")), "tmpfs\n", "{folder}");
    }
    let names = place.says("files", "ls /qd/bin");
    for name in ["kbox", "sftp-server", "uptime", "last", "shutdown", "git-credential-quarterdeck"] {
        assert!(names.lines().any(|one| one == name), "{names}");
    }
    // Who leads into the pod brings its daemon a certificate: that is the proof of whose it is.
    until("its daemon has a certificate", 120, || {
        place.says("files", "kbox logs").contains("a certificate was brought")
    });
    // No token: in no variable, in no Secret, in no mount.
    let env = place.says("files", "env; cat /proc/1/environ | tr '\\0' '\\n' || true");
    assert!(!env.to_ascii_uppercase().contains("TOKEN"), "{env}");
    assert!(!place.line("files", "test -e /var/run/secrets/kubernetes.io").status.success());
    let secrets = kubectl::stdout(&kubeconfig(), &["get", "secrets", "-n", ns, "-o", "json"]);
    let secrets: Value = serde_json::from_str(&secrets).unwrap();
    for secret in secrets["items"].as_array().unwrap() {
        assert!(!secret["type"].as_str().unwrap().contains("service-account-token"), "{secret:#}");
        assert!(!secret["type"].as_str().unwrap().contains("helm"), "{secret:#}");
    }

    // Settings, as this program takes them.
    let home = place.console.home();
    std::fs::create_dir(home.join("blueprints")).unwrap();
    let text = PROVISIONER.replace("FOLDER", &home.join("blueprints").display().to_string());
    std::fs::write(home.join("provisioner.yaml"), text).unwrap();
    let qd =
        |words: &[&str]| place.console.qd(Some(&kubeconfig())).current_dir(home).args(words).output().expect("qd runs");
    let made = qd(&["ws", "import", "provisioner.yaml"]);
    assert!(made.status.success(), "{}", errors(&made));
    std::fs::write(home.join("config.toml"), &made.stdout).unwrap();
    let shown = qd(&["--config", "config.toml", "config", "show"]);
    assert!(shown.status.success(), "{}\n{}", out(&made), errors(&shown));
    let shown = out(&shown);
    for line in [
        "namespace = \"shells\"",
        "watch_namespace = \"shells\"",
        "cluster_domain = \"lab.local\"",
        "registry = \"registry.example\"",
        "pull_secrets = [\"pull\"]",
        "issuer = \"letsencrypt\"",
        "default_blueprint = \"base\"",
        "/blueprints\"",
    ] {
        assert!(shown.contains(line), "{line}: {shown}");
    }
    assert!(out(&made).contains("roles = [\"console\", \"operator\"]"), "{}", out(&made));
    let notes = errors(&made);
    for word in ["injectNamespaces", "k8shellCapabilities", "provisionBucketTTL", "identity", "authz", "jwtVerifier"] {
        assert!(notes.contains(word), "{word}: {notes}");
    }
    assert!(!notes.contains("hunter2") && !out(&made).contains("hunter2"), "{notes}");
}
