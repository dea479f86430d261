//! A workspace is stopped while somebody works in it, and started again: what its shells showed is still told.
#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic, clippy::indexing_slicing, missing_docs)]

use e2e::curl::curl;
use e2e::fresh::Fresh;
use e2e::socket::Socket;
use e2e::workspaces::{apply, get, operator, until, wait};
use e2e::{errors, kubeconfig, kubectl, out};
use serde_json::{Value, json};
use std::process::Stdio;

#[test]
fn wb_08c_after_a_stop_and_a_start_a_shell_is_listed_as_ended_and_shows_its_last_screen_and_its_command() {
    let (fresh, console) = (Fresh::new("ws-kept"), operator());
    let namespace = fresh.name();
    apply(namespace, "w", &json!({}));
    wait(namespace, "w", "condition=Ready");
    let context = e2e::context();
    let path = |rest: &str| format!("/api/v1/workspaces/{namespace}/w/{rest}cluster={context}");
    let ask = |method: &str, rest: &str| {
        let token = format!("x-quarterdeck-token: {}", console.token());
        let body = json!({ "answers": { "confirm": true } }).to_string();
        let mut words = vec!["-X", method, "-H", &token];
        if method == "POST" {
            words.extend(["-H", "content-type: application/json", "-d", &body]);
        }
        curl(&format!("{}{}", console.base, path(rest)), &words)
    };
    let open = |more: &str| {
        let query = format!("interactive?cols=80&rows=24{more}&");
        Socket::open(&console, &path(&query), "qd.term.v1").expect("a socket")
    };

    let mut shell = open("");
    shell.until("the shell is named", |one| one.said.iter().any(|one| one["is"] == "open"));
    let id = shell.said[0]["shell"].as_str().unwrap().to_owned();
    shell.type_in("cd /tmp; echo le''ft-behind; sleep 7777\r");
    shell.until("its words", |one| one.screen().contains("left-behind"));
    let pod = get(namespace, "workspaces.quarterdeck.dev", "w")["status"]["pod"]["name"].as_str().unwrap().to_owned();
    let runs = ["exec", "-n", namespace, &pod, "-c", "main", "--", "pgrep", "-f", "^sleep 7777"];
    until("its program runs", 60, || kubectl::kubectl(&kubeconfig(), &runs).status.success());
    drop(shell);

    let stopped = ask("POST", "stop?");
    assert_eq!(stopped.status, 202, "{stopped:?}");
    wait(namespace, "w", "jsonpath={.status.phase}=Stopped");
    let started = ask("POST", "start?");
    assert_eq!(started.status, 202, "{started:?}");
    wait(namespace, "w", "jsonpath={.status.phase}=Running");
    wait(namespace, "w", "condition=Ready");

    let mut told = Value::Null;
    until("the shell is told", 60, || {
        let all = ask("GET", "shells?").json();
        told = all["shells"].as_array().into_iter().flatten().find(|one| one["id"] == id).cloned().unwrap_or_default();
        !told.is_null()
    });
    assert_eq!((&told["state"], &told["resume"]), (&json!("STOPPED"), &json!("sleep 7777")), "{told}");
    assert!(told["folder"] == "/tmp" && told["stopped_ms"].is_u64(), "{told}");
    let mut command = console.qd(Some(&kubeconfig()));
    command.args(["ws", "shells", "w", "-n", namespace]).stdin(Stdio::null());
    let listed = command.output().expect("qd runs");
    assert!(out(&listed).contains(&id) && out(&listed).contains("sleep 7777"), "{} {}", out(&listed), errors(&listed));

    let mut again = open(&format!("&shell={id}"));
    again.until("its end", |one| one.said.iter().any(|one| one["is"] == "exit"));
    let screen = again.screen();
    assert!(screen.contains("to go on: cd /tmp && sleep 7777"), "{screen}");
    // Nothing ran again by itself.
    let pod = get(namespace, "workspaces.quarterdeck.dev", "w")["status"]["pod"]["name"].as_str().unwrap().to_owned();
    let runs = ["exec", "-n", namespace, &pod, "-c", "main", "--", "pgrep", "-f", "^sleep 7777"];
    assert_eq!(kubectl::kubectl(&kubeconfig(), &runs).status.code(), Some(1));
}
