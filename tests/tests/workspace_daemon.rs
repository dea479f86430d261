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
    let images = std::env::var_os("QD_AGENT_IMAGE").expect("run these tests with `cargo xtask test e2e`");
    let image = std::env::split_paths(&images).find(|path| path.to_string_lossy().contains("workspaced"));
    let image = image.expect("the image of the daemon");
    let folder = tempfile::tempdir().unwrap();
    let run = |program: &str, words: &[&str]| {
        let output = std::process::Command::new(program).args(words).current_dir(folder.path()).output().unwrap();
        assert!(output.status.success(), "{program} {words:?}: {}", errors(&output));
        out(&output)
    };
    let files = run("tar", &["-xvf", image.to_str().unwrap()]);
    for layer in files.lines().filter(|name| name.ends_with("layer.tar")) {
        run("tar", &["-xf", layer]);
    }
    let found = run("find", &[".", "-type", "f", "-name", "qd-agent"]);
    let program = found.lines().next().expect("qd-agent in the image");
    assert!(std::fs::metadata(folder.path().join(program)).unwrap().len() < 5_000_000);
    let headers = run("readelf", &["-lW", program]);
    assert!(!headers.contains("INTERP"), "{headers}");
    assert!(!run("readelf", &["-dW", program]).contains("NEEDED"));
}
