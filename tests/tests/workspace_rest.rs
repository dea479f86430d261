//! Workspaces over REST on a real cluster: made, watched, changed, stopped, started, deleted; jobs that outlive the server.

#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic, clippy::indexing_slicing, missing_docs)]

#[path = "workspace_rest/all.rs"]
mod all;
#[path = "workspace_rest/desk.rs"]
mod desk;

use desk::Desk;
use e2e::console::Console;
use e2e::curl::Answer;
use e2e::fresh::Fresh;
use e2e::kubeconfig;
use e2e::workspaces::{list, operator, until};
use serde_json::{Value, json};
use std::process::{Command, Stdio};

const SHELL: &str = "images.invalid/shell:1";

#[test]
fn ar_05_a_workspace_lives_over_rest() {
    let fresh = Fresh::new("ws-rest");
    let console = operator();
    let desk = Desk::new(&console, fresh.name());
    asks_badly(&desk);
    let id = made_once(&desk);
    told_as_it_happens(&desk, &id);
    shown(&desk);
    changed_and_stopped(&desk);
    started_and_deleted(&desk);
    failed(&desk);
    taken_back(&desk);
    listed_jobs(&desk);
}

/// What is wrong is said with its code, and nothing is made.
fn asks_badly(desk: &Desk<'_>) {
    let me = desk.get("/session").json()["user"].as_str().unwrap().to_owned();
    for (body, status, code) in [
        (json!({}), 400, "bad_request"),
        (json!({ "name": "w", "user_string": "a~b" }), 400, "bad_request"),
        (json!({ "name": "Bad_Name", "image": SHELL }), 400, "workspace_name_invalid"),
        (json!({ "name": "w", "blueprint": "nowhere" }), 404, "blueprint_not_found"),
        (json!({ "user_string": "somebody-else", "image": SHELL }), 403, "policy_denied"),
        (json!({ "user_string": format!("{me}~nope=1"), "image": SHELL }), 400, "userstr_unknown_key"),
        (json!({ "name": "w", "image": SHELL, "params": { "X": "1" } }), 422, "param_invalid"),
        (json!({ "name": "w", "image": SHELL, "hack": 1 }), 400, "bad_request"),
    ] {
        let answer = desk.create(body.clone(), &[]);
        assert_eq!((answer.status, answer.code().as_str()), (status, code), "{body}: {answer:?}");
    }
    let bad = desk.create(json!({ "name": "Bad_Name", "image": SHELL }), &[]).json();
    assert_eq!(bad["details"]["free"], "bad-name");
    for (method, path) in [("GET", ""), ("POST", "/start"), ("POST", "/stop"), ("GET", "/why"), ("GET", "/events")] {
        let answer = desk.call(method, &desk.of("w", path), None, &[]);
        assert_eq!((answer.status, answer.code().as_str()), (404, "workspace_not_found"), "{method} {path}");
    }
    let unknown = desk.get("/jobs/none");
    assert_eq!((unknown.status, unknown.code().as_str()), (404, "job_not_found"));
    assert_eq!(desk.get("/workspaces").code(), "cluster_required");

    let blueprints = desk.get(&format!("/blueprints?cluster={}&namespace={}", desk.cluster, desk.namespace)).json();
    let usual = blueprints["blueprints"].as_array().unwrap().iter().find(|one| one["name"] == "default").unwrap();
    assert_eq!(usual["valid"], true, "{usual:#}");
    let body = json!({ "cluster": desk.cluster, "namespace": desk.namespace, "image": SHELL, "memory": "256Mi" });
    let preview = desk.call("POST", "/blueprints/preview", Some(body), &[]).json();
    let field =
        |pointer: &str| preview["fields"].as_array().unwrap().iter().find(|one| one["pointer"] == pointer).cloned();
    assert_eq!(field("/image").unwrap()["layer"], "overrides", "{preview:#}");
    assert_eq!(field("/resources/memory").unwrap()["value"], "256Mi");
    let body = json!({ "cluster": desk.cluster, "namespace": desk.namespace, "blueprint": "nowhere" });
    let preview = desk.call("POST", "/blueprints/preview", Some(body), &[]).json();
    assert_eq!(
        (preview["valid"].as_bool(), preview["problems"][0]["code"].as_str()),
        (Some(false), Some("blueprint_not_found"))
    );
    let text = "blueprint: {name: mine, image: images.invalid/shell:1, resources: {cpu: lots}}";
    let body = json!({ "cluster": desk.cluster, "namespace": desk.namespace, "text": text });
    let tried = desk.call("POST", "/blueprints/validate", Some(body), &[]);
    assert_eq!((tried.status, tried.json()["valid"].as_bool()), (200, Some(false)), "bc-08: {tried:?}");
    let wrong = tried.json()["problems"][0].clone();
    assert_eq!((wrong["pointer"].as_str(), wrong["line"].as_u64()), (Some("/resources/cpu"), Some(1)), "{wrong:#}");
}

/// One request under one name is carried out once; the job's id.
fn made_once(desk: &Desk<'_>) -> String {
    let body = json!({ "name": "w", "image": SHELL, "memory": "256Mi", "notes": "for a test" });
    let key = ["Idempotency-Key: one"];
    let made = desk.create(body.clone(), &key);
    assert_eq!(made.status, 202, "{made:?}");
    let made = made.json();
    assert_eq!(made["workspace"]["owner"], desk.get("/session").json()["user"]);
    let id = made["job"]["id"].as_str().unwrap().to_owned();
    let again = desk.create(body.clone(), &key);
    assert_eq!((again.status, again.json()["job"]["id"].as_str()), (202, Some(id.as_str())));
    let other = desk.create(json!({ "name": "w", "image": SHELL }), &key);
    assert_eq!((other.status, other.code().as_str()), (422, "idempotency_reused"));
    let taken = desk.create(body, &[]);
    assert_eq!((taken.status, taken.code().as_str()), (409, "workspace_exists"));
    assert_eq!(taken.json()["details"]["workspace"]["uid"], made["workspace"]["uid"]);
    id
}

/// A stream says each stage, and goes on where it was.
fn told_as_it_happens(desk: &Desk<'_>, job: &str) {
    let mut stream = desk.listen(&desk.of("w", "/events"), &[]);
    let mut told = stream.until("it runs", |_, data| data["stage"] == "Running" && data["type"] == "status");
    // That its object moved without an event is no event, and has no number.
    told.retain(|(event, ..)| event != "changed");
    assert_eq!(told[0].0, "handshake");
    assert_eq!(told[0].2["workspace"], format!("{}/w", desk.namespace));
    assert_eq!(told[0].2["resumed"], false);
    let mut highest = 0;
    for (event, id, data) in &told[1..] {
        assert_eq!((event.as_str(), id.as_str()), (data["type"].as_str().unwrap(), data["id"].as_str().unwrap()));
        let time = data["timestamp"].as_str().unwrap();
        assert!(
            time.len() == 24 && time.ends_with('Z') && time.as_bytes()[10] == b'T',
            "RFC 3339 with its zone: {time}"
        );
        if let (Some(progress), "status" | "progress") = (data["progress"].as_i64(), event.as_str()) {
            assert!(progress >= highest, "never back: {told:#?}");
            highest = progress;
        }
    }
    assert_eq!(highest, 100);
    drop(stream);
    let (second, third) = (&told[1].1, told.get(2).map(|one| &one.1));
    let mut on = desk.listen(&desk.of("w", "/events"), &[&format!("Last-Event-ID: {second}")]);
    let handshake = on.next().unwrap();
    assert_eq!(handshake.2["resumed"], true, "{handshake:?}");
    if let Some(third) = third {
        assert_eq!(&on.next().unwrap().1, third);
    }
    drop(on);

    let done = desk.over(job);
    assert_eq!((done["state"].as_str(), done["act"].as_str()), (Some("succeeded"), Some("create")), "{done:#}");
    let mut of_job = desk.listen(&format!("/jobs/{job}/events"), &[]);
    let mut all = Vec::new();
    while let Some(one) = of_job.next() {
        all.push(one);
    }
    assert_eq!(all[0].2["jobid"], job);
    assert!(all.iter().any(|(event, _, data)| event == "event" && data["reason"] == "Scheduled"), "{all:#?}");
    assert_eq!(all.last().unwrap().2["state"], "succeeded", "it ends by itself: {all:#?}");
}

/// All that was done to these workspaces stands in one list, the newest first.
fn listed_jobs(desk: &Desk<'_>) {
    let path = |more: &str| format!("/jobs?cluster={}&namespace={}{more}", desk.cluster, desk.namespace);
    let all = desk.get(&path("")).json()["jobs"].as_array().unwrap().clone();
    let said = |job: &Value| format!("{} {} {}", job["act"], job["name"], job["state"]).replace('"', "");
    let told: Vec<String> = all.iter().map(said).collect();
    for one in
        ["create w succeeded", "stop w succeeded", "delete w succeeded", "create bad failed", "create back cancelled"]
    {
        assert!(told.contains(&one.to_owned()), "{one}: {told:?}");
    }
    assert!(all.windows(2).all(|pair| pair[0]["created_ms"].as_i64() >= pair[1]["created_ms"].as_i64()), "{told:?}");
    let failed = desk.get(&path("&state=failed")).json()["jobs"].as_array().unwrap().clone();
    assert!(failed.iter().all(|job| job["state"] == "failed") && !failed.is_empty(), "{failed:#?}");
    let one = desk.get(&path("&name=w&limit=1")).json();
    assert_eq!((one["jobs"].as_array().unwrap().len(), said(&one["jobs"][0]).as_str()), (1, "delete w succeeded"));
}

fn shown(desk: &Desk<'_>) {
    let whole = desk.get(&desk.of("w", "")).json();
    assert_eq!((whole["ready"].as_bool(), whole["phase"].as_str()), (Some(true), Some("Running")), "{whole:#}");
    assert_eq!(whole["canonical_id"], "w");
    assert_eq!(
        (whole["spec"]["notes"].as_str(), whole["resources"]["memory"].as_str()),
        (Some("for a test"), Some("256Mi"))
    );
    let act = |name: &str| whole["acts"].as_array().unwrap().iter().find(|one| one["act"] == name).cloned().unwrap();
    assert_eq!((act("start")["applies"].as_bool(), act("stop")["decision"].as_str()), (Some(false), Some("needs")));
    let listed = desk.get(&format!("/workspaces?cluster={}&namespace={}", desk.cluster, desk.namespace)).json();
    assert_eq!(listed["workspaces"][0]["uid"], whole["uid"]);
    assert_eq!(listed["problems"], json!([]));
    let other = desk.get("/workspaces?cluster=nowhere").json();
    assert_eq!(other["problems"][0]["error"]["code"], "cluster_unknown");
    assert_eq!(desk.get(&desk.of("w", "/why")).json()["wanted"], "Running");
    for (path, member) in [("/apps", "apps"), ("/ports", "ports")] {
        let inside = desk.get(&desk.of("w", path));
        assert!(inside.status == 200 && inside.json()[member].is_array(), "ar-08: {path}: {inside:?}");
    }
    let none = desk.call("POST", &desk.of("w", "/apps/none/start"), None, &[]);
    assert_eq!((none.status, none.code().as_str()), (404, "not_found"), "{none:?}");
    assert_eq!(desk.get(&desk.of("w", "/sysinfo")).status, 200);
    let log = desk.get(&desk.of("w", "/logs?tail=5"));
    assert_eq!((log.status, log.header("content-type")), (200, Some("text/plain; charset=utf-8")));
}

fn changed_and_stopped(desk: &Desk<'_>) {
    let patch = |body: Value| desk.call("PATCH", &desk.of("w", ""), Some(body), &[]);
    let yes = json!({ "confirm": true });
    let owner = patch(json!({ "spec": { "owner": "other" }, "answers": yes }));
    assert_eq!((owner.status, owner.code().as_str()), (403, "field_not_allowed"));
    assert_eq!(patch(json!({ "spec": { "notes": "x" } })).code(), "needs_unmet");
    let stale = patch(json!({ "spec": { "notes": "x" }, "generation": 99, "answers": yes }));
    assert_eq!((stale.status, stale.code().as_str()), (409, "apply_conflict"));
    let changed = patch(json!({ "spec": { "notes": "changed" }, "answers": yes }));
    assert_eq!((changed.status, changed.json()["spec"]["notes"].as_str()), (200, Some("changed")), "{changed:?}");

    let unasked = desk.call("POST", &desk.of("w", "/stop"), None, &[]);
    assert_eq!(
        (unasked.code().as_str(), &unasked.json()["details"]["needs"]),
        ("needs_unmet", &json!([{ "need": "confirm" }]))
    );
    let yes = json!({ "answers": { "confirm": true } });
    let stopped = desk.call("POST", &desk.of("w", "/stop"), Some(yes), &[]);
    assert_eq!(stopped.status, 202, "{stopped:?}");
    let job = desk.over(stopped.json()["job"]["id"].as_str().unwrap());
    assert_eq!((job["state"].as_str(), job["message"].as_str()), (Some("succeeded"), Some("it is stopped")), "{job:#}");
    assert!(desk.get(&desk.of("w", "/why")).json()["stop_reason"].as_str().unwrap().starts_with("stopped by desk:"));
    let seen = e2e::workspaces::get(desk.namespace, "workspaces.quarterdeck.dev", "w");
    let managers = seen["metadata"]["managedFields"].as_array().unwrap();
    let of_state =
        managers.iter().find(|one| one["manager"] == "quarterdeck-state").expect("ws-11: a manager of its own");
    assert_eq!((&of_state["operation"], &of_state["fieldsV1"]["f:spec"]), (&json!("Apply"), &json!({ "f:state": {} })));
    let cause = seen["metadata"]["annotations"]["quarterdeck.dev/state-cause"].as_str().unwrap();
    assert!(cause.starts_with("stopped by desk:"), "{cause}");
}

fn started_and_deleted(desk: &Desk<'_>) {
    let started = desk.call("POST", &desk.of("w", "/start"), None, &[]);
    assert_eq!(started.status, 202, "{started:?}");
    let again = desk.call("POST", &desk.of("w", "/start"), None, &[]);
    assert_eq!(again.json()["job"]["id"], started.json()["job"]["id"], "the same act is done once at a time");
    let job = desk.over(started.json()["job"]["id"].as_str().unwrap());
    assert_eq!(job["state"], "succeeded", "{job:#}");
    let unsaid = desk.call("DELETE", &desk.of("w", ""), None, &[]);
    assert_eq!((unsaid.status, unsaid.code().as_str()), (400, "bad_request"));
    let yes = json!({ "answers": { "confirm": true } });
    let stopped = desk.call("DELETE", &desk.of("w", "?mode=stop"), Some(yes.clone()), &[]);
    assert_eq!((stopped.status, stopped.json()["job"]["act"].as_str()), (202, Some("stop")), "{stopped:?}");
    assert_eq!(desk.over(stopped.json()["job"]["id"].as_str().unwrap())["state"], "succeeded");
    let deleted = desk.call("DELETE", &desk.of("w", "?mode=full"), Some(yes), &[]);
    assert_eq!(deleted.status, 202, "{deleted:?}");
    let job = desk.over(deleted.json()["job"]["id"].as_str().unwrap());
    assert_eq!(job["message"], "it is gone", "{job:#}");
    assert_eq!(desk.get(&desk.of("w", "")).status, 404);
    assert_eq!(
        list(desk.namespace, "persistentvolumeclaims", "quarterdeck.dev/workspace=w").len(),
        1,
        "its home stays"
    );
}

/// What fails is no success: never 100, and the job says why.
fn failed(desk: &Desk<'_>) {
    let made = desk.create(json!({ "name": "bad", "image": "images.invalid/none:1" }), &[]);
    assert_eq!(made.status, 202, "{made:?}");
    let id = made.json()["job"]["id"].as_str().unwrap().to_owned();
    let job = desk.over(&id);
    assert_eq!(
        (job["state"].as_str(), job["error"]["code"].as_str()),
        (Some("failed"), Some("workspace_failed")),
        "{job:#}"
    );
    let mut stream = desk.listen(&format!("/jobs/{id}/events"), &[]);
    let mut last = Value::Null;
    while let Some((event, _, data)) = stream.next() {
        assert!(data["progress"].as_i64().is_none_or(|progress| progress < 100), "wd-19: {data:#}");
        if event == "status" {
            last = data;
        }
    }
    assert_eq!((last["status"].as_str(), last["severity"].as_str()), (Some("Failing"), Some("critical")), "{last:#}");
}

/// A job that is taken back is cancelled, and what it made goes; its volume stays.
fn taken_back(desk: &Desk<'_>) {
    let made = desk.create(json!({ "name": "back", "image": SHELL }), &[]).json();
    let id = made["job"]["id"].as_str().unwrap().to_owned();
    let path = format!("/jobs/{id}");
    assert_eq!(desk.call("DELETE", &path, None, &[]).code(), "needs_unmet");
    let back = desk.call("DELETE", &path, Some(json!({ "answers": { "confirm": true } })), &[]);
    assert_eq!((back.status, back.json()["job"]["act"].as_str()), (202, Some("delete")), "{back:?}");
    assert_eq!(desk.over(&id)["state"], "cancelled");
    assert_eq!(desk.over(back.json()["job"]["id"].as_str().unwrap())["state"], "succeeded");
    assert_eq!(desk.get(&desk.of("back", "")).status, 404);
}

#[test]
fn ar_09_a_job_survives_the_server_that_began_it() {
    let fresh = Fresh::new("ws-rest-jobs");
    let console = operator();
    let desk = Desk::new(&console, fresh.name());
    let me = desk.get("/session").json()["user"].as_str().unwrap().to_owned();
    let made = desk.create(json!({ "user_string": me, "image": SHELL }), &["Idempotency-Key: k"]);
    assert_eq!(made.status, 202, "{made:?}");
    let made = made.json();
    let id = made["job"]["id"].as_str().unwrap().to_owned();
    assert!(made["workspace"]["name"].as_str().unwrap().len() > 26, "a canonical id: {made:#}");
    killed(&console, || {
        let job = desk.over(&id);
        assert_eq!(job["state"], "succeeded", "{job:#}");
        let again = desk.create(json!({ "user_string": me, "image": SHELL }), &["Idempotency-Key: k"]);
        assert_eq!(again.json()["job"]["id"].as_str(), Some(id.as_str()), "the name of the request is known still");
    });
}

/// Kills a console, starts another in its place, and does this with it.
fn killed(console: &Console, then: impl FnOnce()) {
    e2e::signal(console.pid(), "KILL");
    until("its port is free", 10, || std::net::TcpListener::bind(("127.0.0.1", console.port)).is_ok());
    let mut next = console.qd(Some(&kubeconfig()));
    next.args(["console", "--no-open", "--with-operator", "--yes", "--listen"])
        .arg(format!("127.0.0.1:{}", console.port));
    let old = console.token();
    let mut next = next.stdout(Stdio::null()).spawn().expect("qd starts");
    let ended = std::panic::catch_unwind(std::panic::AssertUnwindSafe(|| {
        until("the next server is there", 30, || console.token() != old);
        until("it answers", 30, || {
            Command::new("curl")
                .args(["-sf", "--noproxy", "*", &format!("{}/healthz", console.base)])
                .output()
                .unwrap()
                .status
                .success()
        });
        then();
    }));
    e2e::signal(next.id(), "TERM");
    next.wait().unwrap();
    ended.unwrap();
}

#[test]
fn wl_09e_workspaces_are_found_by_member_expression_order_and_page() {
    let fresh = Fresh::new("ws-rest-find");
    let console = operator();
    let desk = Desk::new(&console, fresh.name());
    for (name, cpu, repository) in [("small", "100m", None), ("large", "2", Some("https://git.example/org/proj#main"))]
    {
        let body = json!({ "name": name, "image": SHELL, "cpu": cpu, "repository": repository, "stopped": true,
            "args": ["--quiet"], "labels": { "app": name }, "ports": [{ "port": 8080, "name": "web" }] });
        let made = desk.create(body, &[]);
        assert_eq!(made.status, 202, "{made:?}");
        let spec = &made.json()["workspace"]["spec"];
        assert_eq!((&spec["args"], &spec["podLabels"]), (&json!(["--quiet"]), &json!({ "app": name })), "{spec:#}");
        assert_eq!(spec["ports"][0]["containerPort"], 8080, "{spec:#}");
    }
    let named = desk.create(json!({ "repository": "org/other", "image": SHELL, "stopped": true }), &[]).json();
    let named = &named["workspace"];
    assert_eq!(named["spec"]["source"]["repo"], json!({ "owner": "org", "name": "other" }), "{named:#}");
    let refused = desk.create(json!({ "name": "w", "image": SHELL, "repository": "https://a:b@git.example/o/n" }), &[]);
    assert_eq!((refused.status, refused.code().as_str()), (400, "bad_request"));
    let find = |more: &str| {
        let all = desk.get(&format!("/workspaces?cluster={}&namespace={}{more}", desk.cluster, desk.namespace));
        assert_eq!(all.status, 200, "{all:?}");
        let all = all.json();
        let names = all["workspaces"].as_array().unwrap().iter().map(|one| one["name"].as_str().unwrap().to_owned());
        (all["total"].as_u64().unwrap(), names.collect::<Vec<_>>())
    };
    assert_eq!(find("&repo_owner=org&repo_name=proj&repo_ref=main"), (1, vec!["large".to_owned()]));
    assert_eq!(find("&query=cpu%20%3E%3D%201"), (1, vec!["large".to_owned()]));
    let me = desk.get("/session").json()["user"].as_str().unwrap().to_owned();
    let (total, page) = find(&format!(
        "&usernames={me}&query=name%20%3D%20%22small%22%20or%20name%20%3D%20%22large%22&sort=-cpu&limit=1"
    ));
    assert_eq!((total, page), (2, vec!["large".to_owned()]));
    assert_eq!(find("&usernames=nobody").0, 0);
    let by = find(&format!("&user_string={me}~repo%3Dorg~other"));
    assert_eq!(by, (1, vec![named["name"].as_str().unwrap().to_owned()]));
    let wrong = desk.get(&format!("/workspaces?cluster={}&query=nonsense%20%3D%201", desk.cluster));
    assert_eq!((wrong.status, wrong.code().as_str()), (400, "query_syntax"), "{wrong:?}");
}

#[test]
fn wd_02b_a_log_is_followed_a_workspace_is_kept_and_its_home_goes_when_its_name_is_typed() {
    let fresh = Fresh::new("ws-rest-log");
    let console = operator();
    let desk = Desk::new(&console, fresh.name());
    let made = desk.create(json!({ "name": "w", "image": SHELL, "memory": "256Mi" }), &[]);
    assert_eq!(made.status, 202, "{made:?}");
    let job = desk.over(made.json()["job"]["id"].as_str().unwrap());
    assert_eq!(job["state"], "succeeded", "{job:#}");
    followed(&desk);

    let yes = json!({ "confirm": true });
    let kept = desk.call("POST", &desk.of("w", "/keep"), Some(json!({ "seconds": 3600, "answers": yes })), &[]);
    assert_eq!(kept.status, 200, "{kept:?}");
    assert!(kept.json()["until_ms"].as_u64().unwrap() > 1_700_000_000_000, "{kept:?}");
    let long = desk.call("POST", &desk.of("w", "/keep"), Some(json!({ "seconds": 9_999_999, "answers": yes })), &[]);
    assert_eq!((long.status, long.code().as_str()), (400, "bad_request"));

    let claims = || list(desk.namespace, "persistentvolumeclaims", "quarterdeck.dev/workspace=w").len();
    let before = claims();
    assert!(before > 0, "it has a home");
    let gone = desk.call("DELETE", &desk.of("w", "?mode=full"), Some(json!({ "answers": yes })), &[]);
    assert_eq!(gone.status, 202, "{gone:?}");
    desk.over(gone.json()["job"]["id"].as_str().unwrap());
    let remains = desk.get(&desk.of("w", "/remains"));
    assert_eq!((remains.status, remains.json()["volumes"].as_array().unwrap().len()), (200, before), "{remains:?}");
    let purge = |name: &str| {
        let answers = json!({ "answers": { "confirm": true, "typed_name": name } });
        desk.call("DELETE", &desk.of("w", "/remains"), Some(answers), &[])
    };
    for wrong in ["", "W", "w "] {
        assert_eq!(purge(wrong).code(), "needs_unmet", "{wrong:?}");
    }
    assert_eq!(claims(), before, "nothing went");
    assert_eq!(purge("w").status, 200);
    until("its home is gone", 60, || claims() == 0);
}

/// A line that is written after it was opened comes; so it does over a WebSocket, and events do.
fn followed(desk: &Desk<'_>) {
    let mut stream = desk.listen(&desk.of("w", "/logs?follow=true&tail=1000"), &[]);
    let told = stream.until("a line of the daemon", |event, data| event == "line" && data["text"].is_string());
    let (_, id, line) = told.last().unwrap();
    assert_eq!(line["at"].as_str(), Some(id.as_str()), "{told:?}");
    drop(stream);
    let other = desk.get(&desk.of("w", "/logs?follow=true&previous=true"));
    assert_eq!((other.status, other.code().as_str()), (400, "bad_request"));
}

#[test]
fn wl_08h_a_purge_takes_a_workspace_and_its_home_once_its_name_is_typed() {
    let fresh = Fresh::new("ws-rest-purge");
    let console = operator();
    let desk = Desk::new(&console, fresh.name());
    let made = desk.create(json!({ "name": "w", "image": SHELL, "memory": "256Mi" }), &[]);
    let job = desk.over(made.json()["job"]["id"].as_str().unwrap());
    assert_eq!(job["state"], "succeeded", "{job:#}");
    let claims = || list(desk.namespace, "persistentvolumeclaims", "quarterdeck.dev/workspace=w").len();
    assert!(claims() > 0);
    let there = desk.get(&desk.of("w", "/remains"));
    assert_eq!((there.status, there.code().as_str()), (400, "bad_request"), "its volumes are no remains: {there:?}");
    let purge = |typed: &str| {
        let answers = json!({ "answers": { "confirm": true, "typed_name": typed } });
        desk.call("DELETE", &desk.of("w", "?mode=full&purge=true"), Some(answers), &[])
    };
    let unmet = purge("");
    assert_eq!((unmet.status, unmet.code().as_str()), (403, "needs_unmet"), "{unmet:?}");
    assert_eq!(unmet.json()["details"]["needs"], json!([{ "need": "typed_name", "name": "w" }]));
    let purged = purge("w");
    assert_eq!(purged.status, 202, "{purged:?}");
    let job = desk.over(purged.json()["job"]["id"].as_str().unwrap());
    assert_eq!((job["state"].as_str(), job["message"].as_str()), (Some("succeeded"), Some("it is gone")), "{job:#}");
    until("its home is gone", 60, || claims() == 0);
    assert_eq!(desk.get(&desk.of("w", "/remains")).json()["volumes"], json!([]));
}

#[test]
fn wl_08j_a_stop_that_waits_is_done_by_the_next_server_and_not_once_somebody_starts_it() {
    let fresh = Fresh::new("ws-rest-later");
    let console = operator();
    let desk = Desk::new(&console, fresh.name());
    let id = |answer: &Answer| answer.json()["job"]["id"].as_str().expect("a job").to_owned();
    let made = desk.create(json!({ "name": "later", "image": SHELL }), &[]);
    assert_eq!(desk.over(&id(&made))["state"], "succeeded");
    let stop = |seconds: u32| {
        let body = json!({ "delay_seconds": seconds, "answers": { "confirm": true } });
        desk.call("POST", &desk.of("later", "/stop"), Some(body), &[])
    };
    let waits = stop(60);
    assert_eq!((waits.status, waits.json()["job"]["state"].as_str()), (202, Some("queued")), "{waits:?}");
    let started = desk.call("POST", &desk.of("later", "/start"), Some(json!({})), &[]);
    assert_eq!(desk.over(&id(&started))["state"], "succeeded");
    assert_eq!(desk.over(&id(&waits))["state"], "cancelled", "somebody wants it to run");
    let waits = stop(10);
    assert_eq!(waits.status, 202, "{waits:?}");
    killed(&console, || {
        let job = desk.over(&id(&waits));
        assert_eq!(job["state"], "succeeded", "{job:#}");
        assert_eq!(desk.get(&desk.of("later", "")).json()["phase"], "Stopped");
    });
}
