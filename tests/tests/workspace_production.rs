//! Doors to a workspace of a cluster that is marked as production: each asks first, and takes the answer.
#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic, clippy::indexing_slicing, missing_docs)]

use e2e::console::Console;
use e2e::curl::{Answer, curl};
use e2e::fresh::Fresh;
use e2e::socket::Socket;
use e2e::terminal::Terminal;
use e2e::workspaces::{apply, operator, wait};
use e2e::{errors, kubeconfig, kubectl};
use serde_json::json;
use std::process::{Command, Output, Stdio};
use std::time::Duration;

/// A workspace that runs, and a console to which its cluster is production.
struct Place {
    fresh: Fresh,
    _operator: Console,
    console: Console,
    cluster: String,
}

impl Place {
    fn new(name: &'static str) -> Self {
        let (fresh, operator) = (Fresh::new(name), operator());
        apply(fresh.name(), "w", &json!({}));
        wait(fresh.name(), "w", "condition=Ready");
        let cluster = kubectl::stdout(&kubeconfig(), &["config", "current-context"]).trim().to_owned();
        let marked = json!([cluster]).to_string();
        let console = Console::start_with(Some(&kubeconfig()), &[], &[("QD__CLUSTERS__PRODUCTION", &marked)]);
        Self { fresh, _operator: operator, console, cluster }
    }

    fn path(&self, rest: &str, query: &str) -> String {
        format!("/api/v1/workspaces/{}/w/{rest}?cluster={}{query}", self.fresh.name(), self.cluster)
    }

    fn ask(&self, rest: &str, query: &str, args: &[&str]) -> Answer {
        let token = format!("x-quarterdeck-token: {}", self.console.token());
        let url = format!("{}{}", self.console.base, self.path(rest, query));
        curl(&url, &[&["-H", &token, "-H", "expect:"], args].concat())
    }

    fn post(&self, rest: &str, query: &str, body: &serde_json::Value) -> Answer {
        self.ask(rest, query, &["-X", "POST", "-H", "content-type: application/json", "-d", &body.to_string()])
    }

    /// It is refused until this is given.
    fn needs_a_yes(&self, refused: &Answer) {
        assert_eq!((refused.status, refused.code().as_str()), (403, "needs_unmet"), "{}", refused.body);
        assert_eq!(refused.json()["details"]["needs"], json!([{ "need": "confirm" }]), "{}", refused.body);
    }

    /// `qd ws …` where the cluster is production.
    fn command(&self, words: &[&str]) -> Command {
        let mut command = self.console.qd(Some(&kubeconfig()));
        let (what, rest) = words.split_first().unwrap();
        command.env("QD__CLUSTERS__PRODUCTION", json!([self.cluster]).to_string());
        command.args(["ws", what, "-n", self.fresh.name()]).args(rest);
        command
    }

    fn run(&self, words: &[&str]) -> Output {
        self.command(words).stdin(Stdio::null()).output().expect("qd runs")
    }
}

#[test]
fn ex_11d_terminals_files_and_apps_of_production_ask_first_and_take_the_answer() {
    let place = Place::new("ws-production");

    // a terminal
    let terminal = |more: &str| {
        let path = place.path("interactive", &format!("&cols=80&rows=24{more}"));
        Socket::open(&place.console, &path, "qd.term.v1").expect("a socket")
    };
    let mut refused = terminal("");
    refused.until("it is refused", |one| one.error.is_some());
    let error = refused.error.take().unwrap();
    assert_eq!(error["code"], "needs_unmet", "{error}");
    assert_eq!(error["details"]["needs"], json!([{ "need": "confirm" }]), "{error}");
    let mut open = terminal("&confirm=true&reason=looking%20after%20it");
    open.until("the shell is there", |one| one.said.iter().any(|one| one["is"] == "open"));
    open.type_in("echo $((41+1))-is-there\r");
    open.until("its answer", |one| one.screen().contains("42-is-there"));
    open.type_in("exit\r");
    open.until("its end", |one| one.said.iter().any(|one| one["is"] == "exit"));
    open.rest(Duration::from_secs(5));

    // files: what changes them asks, looking does not
    let put = ["-X", "PUT", "--data-binary", "cargo"];
    place.needs_a_yes(&place.ask("files", "&path=crate.txt", &put));
    let sent = place.ask("files", "&path=crate.txt&confirm=true", &put);
    assert_eq!(sent.status, 200, "{}", sent.body);
    let folder =
        |answers: &serde_json::Value| place.post("files/mkdir", "", &json!({ "path": "hold", "answers": answers }));
    let (none, yes) = (json!({}), json!({ "confirm": true, "reason": "to stow it" }));
    place.needs_a_yes(&folder(&none));
    assert_eq!(folder(&yes).status, 200);
    let rename = |answers: &serde_json::Value| {
        let asked = json!({ "from": "crate.txt", "to": "hold/crate.txt", "answers": answers });
        place.post("files/rename", "", &asked)
    };
    place.needs_a_yes(&rename(&none));
    assert_eq!(rename(&yes).status, 200);
    assert_eq!(place.ask("files", "&path=hold/crate.txt", &[]).body, "cargo");
    place.needs_a_yes(&place.ask("files", "&path=hold/crate.txt", &["-X", "DELETE"]));
    assert_eq!(place.ask("files", "&path=hold/crate.txt&confirm=true", &["-X", "DELETE"]).status, 200);

    // an app
    place.needs_a_yes(&place.post("open", "&port=3000", &json!({})));
    let opened = place.post("open", "&port=3000", &json!({ "answers": yes }));
    assert_eq!(opened.status, 200, "{}", opened.body);
    assert!(opened.json()["url"].as_str().unwrap().starts_with("http://"), "{}", opened.body);

    // the journal has the refusals, and the reason beside what was allowed
    let journal = place.console.journal();
    for words in ["workspace:connect", "workspace:files", "workspace:proxy", "to stow it", "looking after it"] {
        assert!(journal.contains(words), "{words}: {journal}");
    }
}

#[test]
fn ex_11e_the_command_line_asks_before_it_comes_to_a_workspace_of_production() {
    let place = Place::new("ws-prod-cli");
    let folder = tempfile::tempdir().unwrap();
    let (here, back) = (folder.path().join("crate.txt"), folder.path().join("back.txt"));
    std::fs::write(&here, "cargo").unwrap();
    let (here, back) = (here.display().to_string(), back.display().to_string());
    let refused = place.run(&["cp", &here, "w:crate.txt"]);
    assert!(!refused.status.success() && errors(&refused).contains("--yes"), "{}", errors(&refused));
    let copied = place.run(&["cp", "--yes", &here, "w:crate.txt"]);
    assert!(copied.status.success(), "{}", errors(&copied));
    // What only looks asks nothing.
    let fetched = place.run(&["cp", "w:crate.txt", &back]);
    assert!(fetched.status.success(), "{}", errors(&fetched));
    assert_eq!(std::fs::read_to_string(&back).unwrap(), "cargo");

    let mut left = Terminal::start(&place.command(&["shell", "w"]), 24, 100);
    left.wait("it asks", |screen| screen.contains("go on? [y/N]"));
    left.write("n\r");
    assert!(!left.ended().success());
    let mut shell = Terminal::start(&place.command(&["shell", "w"]), 24, 100);
    shell.wait("it asks", |screen| screen.contains("go on? [y/N]"));
    shell.write("y\r");
    shell.wait("a prompt", |screen| screen.contains('$') || screen.contains('#'));
    shell.write("echo $((41+1))-is-there\r");
    shell.wait("its answer", |screen| screen.contains("42-is-there"));
    shell.write("exit\r");
    assert!(shell.ended().success());
}
