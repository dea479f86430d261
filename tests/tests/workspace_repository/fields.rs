//! What the file of a repository may say of its workspaces, and what comes of it in the pod: the words that a terminal begins with,
//! init scripts, and apps.

use super::{GOOD, Place, source};
use e2e::alone;
use e2e::terminal::Terminal;
use e2e::workspaces::{act, apply, condition, pods, until, wait};
use e2e::{errors, kubeconfig, out};
use serde_json::{Value, json};
use std::process::{Command, Output, Stdio};

/// A splash with bytes that would clear the screen.
const SPLASH: &str = r#"blueprint:
  template: tool
  splash: "\e[2J\aWelcome {{ .User }} to {{ .Workspace -}}  {{/* a remark */}} of {{ .Blueprint }}\n{{ .Version }} {{ .Commit }}.\e]0;title\a\n"
  storages: {home: {path: /home/ada}}
"#;

/// Scripts of which the second fails.
const SCRIPTS: &str = r#"blueprint:
  template: tool
  storages: {home: {path: /home/ada}}
  showInitScriptStatus: true
  initScripts:
  - {name: one, script: "echo one $(id -un) >> ~/ran"}
  - {name: bad, script: "echo bad >> ~/ran; echo what it said >&2; test -e ~/mended"}
  - {name: two, script: "echo two >> ~/ran"}
"#;

/// Apps of every policy.
const APPS: &str = r#"blueprint:
  template: tool
  storages: {home: {path: /home/ada}}
  enableApps: true
  apps:
    there: {name: There, enabled: true, autoStart: true, binary: bash, install: "touch ~/installed-again", start: [sleep, "7301"]}
    absent: {name: Absent, enabled: true, binary: ~/absent, install: "echo fetching; exit 7", start: [~/absent]}
    made:
      name: Made
      enabled: true
      autoStart: true
      binary: ~/made
      install: "echo fetching; printf '#!/bin/sh\n[ \"$1\" = -v ] && echo made v7.1 && exit\nexec sleep 7302\n' > ~/made; chmod +x ~/made"
      versionCmd: [bash, -c, "~/made -v"]
      versionRegex: "v([0-9.]+)"
      start: [bash, -c, "exec ~/made"]
    always: {name: Always, enabled: true, autoStart: true, binary: bash, maxRestartBackoff: 2s, start: [bash, -c, "date +%s%N >> ~/always"]}
    failing: {name: Failing, enabled: true, autoStart: true, binary: bash, restartPolicy: on-failure, start: [bash, -c, "date +%s%N >> ~/failing; test $(wc -l < ~/failing) -gt 3"]}
    never: {name: Never, enabled: true, autoStart: true, binary: bash, restartPolicy: never, start: [bash, -c, "echo >> ~/never; exit 5"]}
    off: {name: Off, binary: bash, autoStart: true, start: [bash, -c, "touch ~/off"]}
"#;

impl Place {
    /// A workspace of this file of its repository, which runs.
    fn make(&self, file: &str) {
        let ns = self.fresh.name();
        self.push(file);
        apply(ns, "w", &source(&json!({ "blueprintRef": { "name": "repo-acme-shop" } })));
        wait(ns, "w", "condition=Ready");
    }

    /// Stops it, and starts it again.
    fn again(&self) {
        let ns = self.fresh.name();
        assert_eq!(act(&self.console, ns, "w", "stop", &[]).status, 202);
        wait(ns, "w", "jsonpath={.status.phase}=Stopped");
        assert_eq!(act(&self.console, ns, "w", "start", &[]).status, 202);
        wait(ns, "w", "condition=Ready");
    }

    fn qd(&self, words: &[&str]) -> Command {
        let mut command = self.console.qd(Some(&kubeconfig()));
        command.arg("ws").arg(words[0]).args(["-n", self.fresh.name()]).args(&words[1..]).stdin(Stdio::null());
        command
    }

    fn line(&self, line: &str) -> Output {
        self.qd(&["exec", "w", "--", "bash", "-c", line]).output().expect("qd runs")
    }

    fn says(&self, line: &str) -> String {
        let done = self.line(line);
        assert!(done.status.success(), "{line}: {}", errors(&done));
        out(&done)
    }

    fn app(&self, id: &str) -> Value {
        let all: Value = serde_json::from_str(&self.says("kbox apps --json")).expect("JSON");
        all["apps"].as_array().unwrap().iter().find(|app| app["id"] == id).cloned().unwrap_or_default()
    }

    /// Pushes a file of which no workspace is made, and waits until all of this is said of it.
    fn refused(&self, file: &str, words: &[&str]) {
        self.push(file);
        until(&words.join(" and "), 60, || {
            let shown = self.preview(&json!({}));
            let problems = shown["problems"].to_string();
            shown["valid"] == false && words.iter().all(|word| problems.contains(word))
        });
    }

    /// Seconds between the lines of a file of times.
    fn pauses(&self, file: &str) -> Vec<f64> {
        let text = self.says(&format!("cat ~/{file}"));
        let times: Vec<f64> = text.lines().map(|line| line.parse::<f64>().unwrap() / 1e9).collect();
        times.windows(2).map(|two| two[1] - two[0]).collect()
    }
}

/// The splash, byte for byte.
fn splash(place: &Place) -> String {
    let told: Value = serde_json::from_str(&place.says("kbox splash --json")).expect("JSON");
    told["splash"].as_str().unwrap().to_owned()
}

/// A file that says this and no more.
fn of(fields: &str) -> String {
    format!("blueprint:\n  template: tool\n  {fields}\n")
}

#[test]
fn bp_02_a_splash_is_filled_in_and_shown_on_terminals_and_where_it_is_asked_for_alone() {
    let _alone = alone();
    let place = Place::new("ws-repo-splash");
    // What no file may say.
    place.refused(&of(&format!("splash: {}", "s".repeat(4097))), &["/splash", "4096"]);
    place.refused(&of("splash: '{{ .Secret }}'"), &["/splash", "is none of .User"]);

    place.make(SPLASH);
    // Filled in, with nothing that steers a terminal, on a terminal and where it is asked for, and nowhere else.
    let shown = splash(&place);
    assert!(shown.starts_with("[2JWelcome ada to w of repo-acme-shop\n"), "{shown:?}");
    assert!(shown.ends_with(".]0;title\n") && shown.chars().all(|c| c == '\n' || !c.is_control()), "{shown:?}");
    let shell = Terminal::start(&place.qd(&["shell", "w"]), 24, 100);
    shell.wait("the splash", |screen| screen.contains("[2JWelcome ada to w of repo-acme-shop"));
    assert!(!shell.bytes().windows(9).any(|bytes| bytes == b"\x1b]0;title"));
    let plain = place.line("echo plain");
    assert_eq!((out(&plain).as_str(), errors(&plain).as_str()), ("plain\n", ""));
    place.says("echo copied > ~/copied");
    let there = place.console.home().join("copied");
    let copied = place.qd(&["cp", "w:copied", &there.display().to_string()]).output().unwrap();
    assert!(copied.status.success(), "{}", errors(&copied));
    assert_eq!(std::fs::read_to_string(&there).unwrap(), "copied\n");

    place.push(GOOD);
}

#[test]
fn bp_12_init_scripts_run_once_in_their_order_and_one_that_fails_is_told_and_runs_again() {
    let _alone = alone();
    let place = Place::new("ws-repo-init");
    // What no file may say.
    let long = "x".repeat((64 << 10) + 1);
    place.refused(&of(&format!("initScripts: [{{name: a, script: {long}}}]")), &["/initScripts/0/script"]);

    place.make(SCRIPTS);
    // Each once, in their order, as the user; one that fails is told in the log, the status and a terminal.
    until("all scripts have ended", 60, || place.says("cat ~/ran; true").contains("two"));
    assert_eq!(place.says("cat ~/ran; ls ~/.quarterdeck/flags"), "one ada\nbad\ntwo\none\ntwo\n");
    let log = place.says("kbox logs");
    assert!(log.contains("init:bad  what it said") && log.contains("init:bad  failed: exit code 1"), "{log}");
    until("its status says so", 180, || condition(&place.workspace("w"), "Degraded").1 == "InitScriptFailed");
    let degraded = place.workspace("w")["status"]["conditions"].to_string();
    assert!(degraded.contains("init script failed: bad (exit code 1)"), "{degraded}");
    let other = Terminal::start(&place.qd(&["shell", "w"]), 24, 100);
    other.wait("the script", |screen| screen.contains("init script bad failed exit code 1"));

    // The next start runs what failed, and nothing else a second time.
    place.says("touch ~/mended");
    place.again();
    until("it has run again", 60, || place.says("ls ~/.quarterdeck/flags").contains("bad"));
    assert_eq!(place.says("cat ~/ran"), "one ada\nbad\ntwo\nbad\n");
    until("the warning has gone", 180, || condition(&place.workspace("w"), "Degraded").1 == "AsExpected");
    place.push(GOOD);
}

#[test]
fn bp_15_apps_are_installed_where_they_are_missing_and_kept_as_their_policy_says() {
    let _alone = alone();
    let place = Place::new("ws-repo-apps");
    // What no file may say.
    place.refused(&of("apps: {a: {enabled: true}}"), &["/apps/a/name", "/apps/a/binary", "/apps/a/start"]);
    let root = "apps: {a: {name: A, binary: bash, start: [bash], installAsRoot: true}}";
    place.refused(&of(root), &["/apps/a/installAsRoot"]);

    place.make(APPS);
    // Installed where it is missing alone, with its version; what is not enabled is not there.
    until("it is installed and runs", 60, || place.app("made")["state"] == "running");
    assert_eq!((&place.app("made")["version"], &place.app("made")["installed"]), (&json!("7.1"), &json!(true)));
    assert!(place.says("kbox apps logs made").contains("install  fetching"));
    assert_eq!(place.app("there")["state"], "running");
    assert!(!place.line("test -e ~/installed-again").status.success(), "its program was there");
    assert_eq!(place.app("off"), Value::Null);
    assert!(!place.line("test -e ~/off").status.success());
    place.says("kbox apps start absent");
    until("it cannot be installed", 30, || place.app("absent")["state"] == "failed");
    assert_eq!(place.app("absent")["ended"], "the installation ended with exit code 7");
    assert!(place.says("kbox apps logs absent").contains("install  fetching"));
    assert_eq!((&place.app("never")["state"], &place.app("never")["ended"]), (&json!("failed"), &json!("exit code 5")));
    assert_eq!(place.says("wc -l < ~/never"), "1\n");
    until("it ended well", 60, || place.app("failing")["state"] == "stopped");
    let pauses = place.pauses("failing");
    assert_eq!(pauses.len(), 3, "again until it ended well");
    for (pause, least) in pauses.iter().zip([1.0, 2.0, 4.0]) {
        assert!(*pause >= least && *pause < least * 1.9 + 1.0, "{pauses:?}");
    }
    until("it is started again and again", 60, || place.pauses("always").len() > 4);
    let pauses = place.pauses("always");
    assert!(
        pauses[0] >= 1.0 && pauses[1..].iter().all(|pause| *pause >= 2.0 && *pause < 4.0),
        "2 s at most: {pauses:?}"
    );

    // Without `enableApps` nothing is started, and nothing is installed.
    // One that is started again and again would write after this.
    place.says("kbox apps stop always");
    until("it is not started any more", 30, || place.app("always")["state"] == "stopped");
    place.says("rm ~/always ~/failing ~/never");
    place.push(&APPS.replace("enableApps: true", "enableApps: false"));
    place.again();
    let started = place.line("rm ~/made; kbox apps start made");
    assert!(!started.status.success() && errors(&started).contains("enableApps"), "{}", errors(&started));
    assert!(!place.line("test -e ~/made -o -e ~/always -o -e ~/never").status.success());
    assert_eq!(pods(place.fresh.name(), "w").len(), 1);
    place.push(GOOD);
}
