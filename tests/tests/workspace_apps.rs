//! Apps and ports of a workspace on a real cluster: over REST, by `qd ws`, and in a browser's place.
#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic, clippy::indexing_slicing, missing_docs)]

use e2e::app::App;
use e2e::console::Console;
use e2e::curl::{Answer, curl};
use e2e::fresh::Fresh;
use e2e::opened;
use e2e::workspaces::{apply, get, operator, until, wait};
use e2e::{context, errors, kubeconfig, kubectl, out};
use serde_json::{Value, json};
use std::io::{BufRead, BufReader};
use std::process::{Child, Command, Output, Stdio};

/// A workspace with apps.
struct Place {
    fresh: Fresh,
    console: Console,
    context: String,
}

impl Place {
    fn new(namespace: &'static str) -> Self {
        let place = Self { fresh: Fresh::new(namespace), console: operator(), context: context() };
        let install = "echo fetching; printf '#!/bin/sh\\necho made of v7.1\\n[ \"$1\" = -v ] || exec sleep 1000\\n' > ~/made; chmod +x ~/made";
        let blueprint = json!({
            "apiVersion": "quarterdeck.dev/v1alpha1", "kind": "Blueprint",
            "metadata": { "name": "apps", "namespace": namespace },
            "spec": {
                "image": "images.invalid/shell:1", "enableApps": true,
                "apps": {
                    "web": {
                        "name": "Web", "enabled": true, "autoStart": true, "binary": "/usr/bin/bash", "listen": "127.0.0.1:3000",
                        "versionCmd": ["bash", "--version"], "versionRegex": "version ([0-9]+)",
                        "start": ["bash", "-c", "echo serving; sleep 1000"],
                    },
                    "made": {
                        "name": "Made", "enabled": true, "binary": "~/made", "install": install,
                        "start": ["bash", "-c", "exec ~/made"], "versionCmd": ["bash", "-c", "~/made -v"], "versionRegex": "v([0-9.]+)",
                    },
                },
            },
        });
        kubectl::apply(&kubeconfig(), &blueprint.to_string());
        apply(namespace, "dev", &json!({ "image": null, "blueprintRef": { "kind": "Blueprint", "name": "apps" } }));
        wait(namespace, "dev", "condition=Ready");
        place
    }

    fn url(&self, more: &str) -> String {
        let (separator, base) = (if more.contains('?') { '&' } else { '?' }, &self.console.base);
        format!("{base}/api/v1/workspaces/{}/dev{more}{separator}cluster={}", self.fresh.name(), self.context)
    }

    fn token(&self) -> String {
        format!("x-quarterdeck-token: {}", self.console.token())
    }

    fn ask(&self, method: &str, more: &str) -> Answer {
        curl(&self.url(more), &["-X", method, "-H", &self.token()])
    }

    /// How an app is now.
    fn app(&self, id: &str) -> Value {
        let all = self.ask("GET", "/apps").json();
        all["apps"].as_array().and_then(|all| all.iter().find(|app| app["id"] == id)).cloned().unwrap_or_default()
    }

    fn qd(&self, words: &[&str]) -> Output {
        let mut command = self.console.qd(Some(&kubeconfig()));
        command.args(["ws"]).args(words).args(["-n", self.fresh.name(), "--yes"]);
        command.stdin(Stdio::null()).output().expect("qd runs")
    }

    fn says(&self, words: &[&str]) -> String {
        let done = self.qd(words);
        assert!(done.status.success(), "{words:?}: {}", errors(&done));
        out(&done)
    }

    /// Lines of an app's log as they come.
    fn follow(&self, app: &str) -> Lines {
        let mut command = Command::new("curl");
        command.args(["-sSN", "--max-time", "90", "--noproxy", "*", "-H", &self.token()]);
        let mut child =
            command.arg(self.url(&format!("/apps/{app}/logs?follow=true"))).stdout(Stdio::piped()).spawn().unwrap();
        let lines = BufReader::new(child.stdout.take().unwrap());
        Lines { child, lines }
    }
}

struct Lines {
    child: Child,
    lines: BufReader<std::process::ChildStdout>,
}

impl Lines {
    /// Reads until a message says this; the message.
    fn until(&mut self, what: &str) -> Value {
        let mut line = String::new();
        while self.lines.read_line(&mut line).unwrap() > 0 {
            if let Some(data) = line.strip_prefix("data: ").filter(|data| data.contains(what)) {
                return serde_json::from_str(data).unwrap();
            }
            line.clear();
        }
        panic!("the log ended before {what:?}");
    }
}

impl Drop for Lines {
    fn drop(&mut self) {
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}

#[test]
fn ar_08_apps_are_listed_installed_started_and_stopped_their_log_is_followed_and_ports_are_told() {
    let place = Place::new("ws-apps");
    until("the app that starts by itself is up", 60, || place.app("web")["pid"].is_number());
    let web = place.app("web");
    assert_eq!(
        (&web["version"], &web["installed"], &web["port"]),
        (&json!("5"), &json!(true), &json!(3000)),
        "{web:#}"
    );
    let made = place.app("made");
    assert_eq!((&made["state"], &made["installed"], &made["version"]), (&json!("stopped"), &json!(false), &json!("")));

    // Installed, with its version, and its output as it is written.
    let mut log = place.follow("made");
    let begun = place.ask("POST", "/apps/made/install");
    assert_eq!((begun.status, &begun.json()["app"]["id"]), (200, &json!("made")), "{begun:?}");
    let line = log.until("fetching");
    assert_eq!((&line["component"], &line["level"]), (&json!("install"), &json!("out")), "{line}");
    until("it is installed", 60, || place.app("made")["installed"] == true && place.app("made")["state"] == "stopped");
    assert_eq!(place.app("made")["version"], "7.1");
    assert_eq!(place.ask("POST", "/apps/made/start").status, 200);
    log.until("made of v7.1");
    until("it runs", 60, || place.app("made")["state"] == "running");
    let lines = place.ask("GET", "/apps/made/logs?tail=1000").json();
    assert!(lines["lines"].as_array().unwrap().iter().any(|line| line["text"] == "fetching"), "{lines:#}");
    assert_eq!(place.ask("POST", "/apps/made/stop").status, 200);
    until("it is stopped", 60, || place.app("made")["state"] == "stopped");

    // Who asks for what is not there.
    for (method, path, status) in
        [("POST", "/apps/none/start", 404), ("POST", "/apps/made/fly", 404), ("GET", "/apps/none/logs", 404)]
    {
        assert_eq!(place.ask(method, path).status, status, "{method} {path}");
    }

    // Every port on which somebody listens, an app's or not.
    let pod = get(place.fresh.name(), "workspaces.quarterdeck.dev", "dev")["status"]["pod"]["name"]
        .as_str()
        .unwrap()
        .to_owned();
    let _other = App::start(place.fresh.name(), &pod, 4567, "other");
    let ports = place.ask("GET", "/ports").json();
    let port = ports["ports"].as_array().unwrap().iter().find(|one| one["port"] == 4567).cloned().unwrap_or_default();
    assert_eq!((&port["loopback"], &port["addresses"]), (&json!(true), &json!(["127.0.0.1"])), "{ports:#}");
    assert!(port.get("app").is_none() && ports["ports"].as_array().unwrap().iter().all(|one| one["port"] != 2822));

    // The same from the command line.
    let table = place.says(&["apps", "dev"]);
    assert!(table.starts_with("APP ") && table.contains("web") && table.contains("stopped"), "{table}");
    assert!(place.says(&["ports", "dev"]).contains("4567"));
    let started: Value = serde_json::from_str(&place.says(&["apps", "dev", "start", "made", "-o", "json"])).unwrap();
    assert_eq!(started["apps"][0]["id"], "made");
    until("it runs again", 60, || place.says(&["apps", "dev", "-o", "jsonl"]).contains("\"state\":\"running\""));
    assert!(place.says(&["apps", "dev", "logs", "made"]).contains("fetching"));
    let wrong = place.qd(&["apps", "dev", "start", "none"]);
    assert!(!wrong.status.success() && errors(&wrong).contains("no such app"), "{}", errors(&wrong));
}

#[test]
fn wx_11_an_app_on_the_loopback_alone_is_opened_by_its_name_and_told_with_its_version() {
    let place = Place::new("ws-app-host");
    let pod = get(place.fresh.name(), "workspaces.quarterdeck.dev", "dev")["status"]["pod"]["name"]
        .as_str()
        .unwrap()
        .to_owned();
    let _web = App::start(place.fresh.name(), &pod, 3000, "web");
    until("the app is seen to listen", 60, || place.app("web")["ready"] == true);
    assert_eq!(place.app("web")["version"], "5");
    let opened = opened::open(&place.console, place.fresh.name(), "dev", "app=web");
    assert!(opened.host.starts_with("web--"), "{}", opened.host);
    let answer = opened.get("/x", "");
    assert!(answer.starts_with("HTTP/1.1 200 ") && answer.ends_with("web /x 0"), "{answer}");
    // The journal has who did what with which app.
    assert_eq!(place.ask("POST", "/apps/web/stop").status, 200);
    let journal =
        curl(&format!("{}/api/v1/audit?action=workspace:apps&limit=50", place.console.base), &["-H", &place.token()]);
    let stopped = |entry: &Value| entry.to_string().contains("\"stop\"") && entry.to_string().contains("\"web\"");
    assert!(journal.json()["entries"].as_array().unwrap().iter().any(stopped), "{}", journal.body);
}
