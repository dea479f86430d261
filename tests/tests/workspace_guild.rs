//! The paths of an earlier product on a real cluster: workspaces are made, listed, read, followed, opened, stopped and deleted there.

#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic, clippy::indexing_slicing, missing_docs)]

use e2e::console::Console;
use e2e::curl::{Answer, curl};
use e2e::fresh::Fresh;
use e2e::kubeconfig;
use e2e::workspaces::{apply, get, list, run, until, wait};
use serde_json::{Value, json};
use std::io::{BufRead, BufReader};
use std::process::{Child, Command, Stdio};
use std::sync::mpsc::{Receiver, channel};
use std::time::{Duration, Instant};

const SHELL: &str = "images.invalid/shell:1";
const OWN: &str = "https://ui.test:5173";

/// A console with the operator that serves the paths for one namespace.
struct Place {
    console: Console,
    fresh: Fresh,
}

fn place(namespace: &'static str) -> Place {
    let fresh = Fresh::new(namespace);
    let variables = [
        ("QD__COMPAT__GUILDNET", "true"),
        ("QD__COMPAT__NAMESPACE", namespace),
        ("QD__COMPAT__NAME", "Lab"),
        ("QD__COMPAT__ORIGIN", OWN),
    ];
    let console = Console::start_with(Some(&kubeconfig()), &["--with-operator", "--yes"], &variables);
    Place { console, fresh }
}

impl Place {
    fn ask(&self, method: &str, path: &str, body: Option<&Value>, headers: &[&str]) -> Answer {
        let token = format!("x-quarterdeck-token: {}", self.console.token());
        let text = body.map(Value::to_string);
        let mut args = vec!["-X", method, "-H", &token];
        headers.iter().for_each(|header| args.extend(["-H", header]));
        if let Some(text) = &text {
            args.extend(["-H", "content-type: application/json", "-d", text]);
        }
        curl(&format!("{}{path}", self.console.base), &args)
    }

    fn get(&self, path: &str) -> Answer {
        self.ask("GET", path, None, &[])
    }

    fn create(&self, body: &Value) -> Answer {
        self.ask("POST", "/api/jobs", Some(body), &[])
    }

    fn running(&self, id: &str) {
        wait(self.fresh.name(), id, "condition=Ready");
    }

    /// The lines of a log as they come: the id and the data of each message, and comments.
    fn follow(&self, query: &str, headers: &[&str]) -> Stream {
        let token = format!("x-quarterdeck-token: {}", self.console.token());
        let mut command = Command::new("curl");
        command.args(["-sSN", "--max-time", "300", "--noproxy", "*", "-H", &token]);
        for header in headers {
            command.args(["-H", header]);
        }
        let url = format!("{}/sse/logs?{query}", self.console.base);
        let mut child = command.arg(url).stdout(Stdio::piped()).spawn().expect("curl runs");
        let lines = BufReader::new(child.stdout.take().unwrap());
        let (tell, told) = channel();
        std::thread::spawn(move || {
            for line in lines.lines().map_while(Result::ok) {
                if tell.send(line).is_err() {
                    return;
                }
            }
        });
        Stream { child, told, id: String::new() }
    }
}

struct Stream {
    child: Child,
    told: Receiver<String>,
    id: String,
}

impl Stream {
    /// Reads until a message, or a comment, has this in it; all that came.
    fn until(&mut self, what: &str) -> Vec<String> {
        let end = Instant::now() + Duration::from_secs(120);
        let mut all = Vec::new();
        loop {
            let left = end.saturating_duration_since(Instant::now());
            let line = self.told.recv_timeout(left).unwrap_or_else(|_| panic!("no {what:?} in {all:#?}"));
            if let Some(id) = line.strip_prefix("id: ") {
                id.clone_into(&mut self.id);
            }
            let found = line.contains(what);
            all.push(line);
            if found {
                return all;
            }
        }
    }
}

impl Drop for Stream {
    fn drop(&mut self) {
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}

#[test]
fn gn_06d_a_workspace_is_made_read_opened_and_deleted() {
    let place = place("ws-guild");
    says_who_it_is(&place);
    refuses_what_is_wrong(&place);
    let id = makes(&place);
    tells(&place, &id);
    logs(&place, &id);
    opens(&place, &id);
    stops_and_deletes(&place, &id);
}

/// gn-01, gn-02, gn-03 of nothing, gn-11.
fn says_who_it_is(place: &Place) {
    for path in ["/healthz", "/readyz"] {
        let answer = curl(&format!("{}{path}", place.console.base), &[]);
        assert_eq!((answer.status, answer.body.as_str()), (200, "ok"), "{path}");
        assert!(answer.header("content-type").unwrap().starts_with("text/plain"), "{path}");
    }
    assert_eq!(place.get("/api/ui-config").json(), json!({ "name": "Lab" }));
    let images = place.get("/api/images").json();
    let one = images.as_array().unwrap().iter().find(|one| one["label"] == "default");
    assert!(one.is_some_and(|one| one["image"].is_string() && one["description"].is_string()), "{images:#}");
    let known = place.get("/api/image-defaults?image=guildnet/agent:1").json();
    assert_eq!((&known["ports"][1]["port"], &known["env"]["AGENT_HOST"]), (&json!(8443), &json!("")));
    assert_eq!(place.get("/api/image-defaults?image=nginx").json(), json!({}));
    let none = place.get("/api/servers");
    assert_eq!((none.status, none.body.as_str()), (200, "[]"));
    let page = place.ask("GET", "/", None, &["accept: text/html"]);
    assert!(page.status == 200 || page.body.contains("without the console"), "{page:?}");
}

/// gn-12: who asks, from where, and what for.
fn refuses_what_is_wrong(place: &Place) {
    let base = &place.console.base;
    let url = format!("{base}/api/servers");
    let unknown = curl(&url, &["-H", "x-request-id: mine.1"]);
    let body = unknown.json();
    assert_eq!((unknown.status, &body["code"], &body["request_id"]), (401, &json!("token_missing"), &json!("mine.1")));
    assert_eq!(unknown.header("x-request-id"), Some("mine.1"));
    let own = format!("origin: {OWN}");
    let asked = place.ask("GET", "/api/servers", None, &[&own]);
    assert_eq!((asked.status, asked.header("access-control-allow-origin")), (200, Some(OWN)));
    let other = place.ask("GET", "/api/servers", None, &["origin: https://evil.test"]);
    assert_eq!((other.status, other.header("access-control-allow-origin")), (403, None));
    let elsewhere = place.ask("GET", "/api/v1/session", None, &[&own]);
    assert_eq!(elsewhere.status, 403, "the other origin is let in on these paths alone");
    assert_eq!(curl(&url, &["-X", "OPTIONS", "-H", &own]).status, 204);
    for (body, code) in [
        (json!({ "name": "w" }), "invalid_spec"),
        (json!({ "image": SHELL, "expose": [{ "port": 0 }] }), "invalid_spec"),
        (json!({ "image": [SHELL] }), "bad_body"),
        (json!({ "image": SHELL, "labels": { "quarterdeck.dev/workspace": "x" } }), "invalid_spec"),
    ] {
        let answer = place.create(&body);
        assert_eq!((answer.status, answer.code().as_str()), (400, code), "{body}: {answer:?}");
    }
    for (method, path, status, code) in [
        ("GET", "/api/servers/none", 404, "not_found"),
        ("DELETE", "/api/servers/none", 404, "not_found"),
        ("GET", "/api/servers/none/logs", 404, "not_found"),
        ("GET", "/sse/logs", 400, "missing_target"),
        ("GET", "/sse/logs?target=none", 404, "not_found"),
        ("GET", "/proxy", 400, "missing_target"),
        ("GET", "/proxy/server/none/", 404, "not_found"),
        ("GET", "/proxy?to=169.254.169.254:80&path=/latest", 404, "not_found"),
        ("GET", "/proxy?to=http://10.0.0.1:80", 400, "invalid_target"),
        ("GET", "/proxy/kubernetes.default.svc:443/api", 404, "not_found"),
    ] {
        let answer = place.ask(method, path, None, &[]);
        assert_eq!((answer.status, answer.code().as_str()), (status, code), "{method} {path}: {answer:?}");
        assert!(answer.json()["details"].is_object());
    }
    let old = place.ask("GET", "/sse/logs?target=none", None, &["x-request-id: a b"]);
    assert!(old.header("x-request-id").is_some_and(|id| id.len() == 36));
}

/// gn-06: all that is said is used, and a name that is taken gets a tail.
fn makes(place: &Place) -> String {
    let spec = json!({
        "name": "Web", "image": SHELL, "env": { "A": "1", "API_TOKEN": "secret", "": "x", "BLANK": " " },
        "resources": { "cpu": "200m", "memory": "128Mi" }, "labels": { "team": "red" },
        "expose": [{ "name": "http", "port": 3000 }], "args": null,
    });
    let made = place.create(&spec);
    assert_eq!((made.status, made.json()), (202, json!({ "id": "web", "status": "pending" })), "{made:?}");
    let again = place.create(&spec);
    let other = again.json()["id"].as_str().unwrap_or_default().to_owned();
    assert!(again.status == 202 && other.starts_with("web-") && other.len() == 9, "{again:?}");
    let derived = place.create(&json!({ "image": "images.invalid/shell:1", "args": ["-c", "true"] })).json();
    let derived = derived["id"].as_str().unwrap().to_owned();
    assert!(derived.starts_with("shell-"), "{derived}");
    let object = get(place.fresh.name(), "workspaces.quarterdeck.dev", "web");
    let spec = &object["spec"];
    assert_eq!(spec["podLabels"], json!({ "team": "red" }));
    assert_eq!(spec["resources"], json!({ "cpu": "200m", "memory": "128Mi" }));
    assert_eq!(spec["env"], json!([{ "name": "A", "value": "1" }, { "name": "API_TOKEN", "value": "secret" }]));
    assert_eq!((&spec["ports"][0]["containerPort"], &spec["ports"][0]["name"]), (&json!(3000), &json!("http")));
    let derived_object = get(place.fresh.name(), "workspaces.quarterdeck.dev", &derived);
    assert_eq!(derived_object["spec"]["args"], json!(["-c", "true"]));
    for id in [&other, &derived] {
        let gone = place.ask("DELETE", &format!("/api/servers/{id}"), None, &[]);
        assert_eq!((gone.status, gone.json()), (200, json!({ "deleted": id })), "{gone:?}");
    }
    place.running("web");
    "web".to_owned()
}

/// gn-03, gn-04.
fn tells(place: &Place, id: &str) {
    let path = format!("/api/servers/{id}");
    until("it is told as running", 60, || place.get(&path).json()["status"] == "running");
    let one = place.get(&path).json();
    assert_eq!((one["id"].as_str(), one["name"].as_str(), one["image"].as_str()), (Some(id), Some(id), Some(SHELL)));
    assert_eq!(one["env"], json!({ "A": "1", "API_TOKEN": "***" }), "{one:#}");
    assert_eq!(one["resources"], json!({ "cpu": "200m", "memory": "128Mi" }));
    assert_eq!(one["ports"], json!([{ "name": "http", "port": 3000 }]));
    assert!(!one["node"].as_str().unwrap().is_empty() && !one["url"].as_str().unwrap().is_empty(), "{one:#}");
    assert!(one["created_at"].as_str().unwrap() <= one["updated_at"].as_str().unwrap());
    let ready = one["events"].as_array().unwrap().iter().find(|event| event["type"] == "Ready").cloned().unwrap();
    assert_eq!(ready["status"], "True", "{ready}");
    let all = place.get("/api/servers").json();
    assert!(all.as_array().unwrap().iter().any(|other| other["id"] == id), "{all:#}");
}

/// Writes a line into the log of a workspace: by the standard output of its first process.
fn write(namespace: &str, id: &str, line: &str) {
    run(namespace, id, &format!("echo '{line}' > /proc/1/fd/1"));
}

/// gn-05, gn-08.
fn logs(place: &Place, id: &str) {
    let namespace = place.fresh.name();
    write(namespace, id, "ERROR it broke");
    write(namespace, id, "level=debug no more than that");
    let path = |more: &str| format!("/api/servers/{id}/logs?{more}");
    let has = |lines: &Value, text: &str| {
        lines.as_array().unwrap().iter().any(|one| one["msg"].as_str().unwrap().contains(text))
    };
    until("both lines are read", 60, || {
        let all = place.get(&path("level=debug&limit=1000")).json();
        has(&all, "it broke") && has(&all, "no more than that")
    });
    let errors = place.get(&path("level=error&limit=1000")).json();
    let broke =
        errors.as_array().unwrap().iter().find(|one| one["msg"].as_str().unwrap().contains("it broke")).unwrap();
    assert_eq!((broke["lvl"].as_str(), broke["msg"].as_str()), (Some("error"), Some("[web] ERROR it broke")));
    let time = broke["t"].as_str().unwrap();
    assert!(time.len() > 20 && time.as_bytes()[10] == b'T', "{time}");
    assert!(!has(&place.get(&path("limit=1000")).json(), "no more than that"), "info leaves debug out");
    assert_eq!(place.get(&path("level=loud")).status, 400);

    let mut stream = place.follow(&format!("target={id}&tail=1000&level=debug"), &[]);
    stream.until("no more than that");
    write(namespace, id, "while it is followed");
    let told = stream.until("while it is followed");
    assert!(told.last().unwrap().starts_with("data: {\"t\":"), "{told:#?}");
    // the id stands behind the data or before it
    write(namespace, id, "one more");
    stream.until("one more");
    stream.until("id: ");
    let last = stream.id.clone();
    drop(stream);
    write(namespace, id, "after it was left");
    let mut on = place.follow(&format!("target={id}&level=debug"), &[&format!("last-event-id: {last}")]);
    let told = on.until("after it was left");
    assert!(!told.iter().any(|line| line.contains("it broke") || line.contains("while it is")), "{told:#?}");
    on.until(": ping");
    // another pod takes over
    let _ = e2e::kubectl::kubectl(&kubeconfig(), &["delete", "pod", id, "-n", namespace, "--wait=false"]);
    on.until("was started again");
    place.running(id);
    write(namespace, id, "in the new one");
    on.until("in the new one");
}

/// gn-09, gn-10.
fn opens(place: &Place, id: &str) {
    until("it has an address", 60, || {
        place.get(&format!("/api/proxy-debug?server={id}&path=/x")).json()["step"] == "open"
    });
    let debug = place.ask("GET", &format!("/api/proxy-debug?server={id}&path=/x"), None, &["x-request-id: r1"]).json();
    assert_eq!((&debug["server"], &debug["path"], &debug["rid"]), (&json!(id), &json!("/x"), &json!("r1")));
    assert!(debug["target"].as_str().unwrap().starts_with("http://3000--"), "{debug}");
    let hidden = place.get("/api/proxy-debug?server=none&path=/x").json();
    assert!(hidden.get("target").is_none() && hidden.get("policy").is_none(), "{hidden}");
    let namespace = place.fresh.name();
    for (path, service, to) in [
        (format!("/proxy/server/{id}/a%20b?x=1"), "3000--", "to=/a%2520b%3Fx%3D1"),
        (format!("/proxy/{id}:8080/a"), "8080--", "to=/a"),
        (format!("/proxy?to={id}.{namespace}.svc:3000&path=%2Fa&b=2"), "3000--", "to=/a%3Fb%3D2"),
    ] {
        let answer = place.get(&path);
        let location = answer.header("location").unwrap_or_default();
        assert_eq!(answer.status, 307, "{path}: {answer:?}");
        assert!(location.starts_with(&format!("http://{service}")) && location.ends_with(to), "{path}: {location}");
    }
}

/// gn-07, gn-04.
fn stops_and_deletes(place: &Place, id: &str) {
    let namespace = place.fresh.name();
    let dry = place.ask("POST", "/api/admin/stop-all/?dry_run=true", None, &[]).json();
    assert!(dry["selected"].as_array().unwrap().contains(&json!(id)) && dry["stopped"] == json!([]), "{dry:#}");
    // six more that ask for nothing: they are more than are stopped without another word
    for number in 0..6 {
        apply(namespace, &format!("more-{number}"), &json!({ "paused": true }));
    }
    let asked = place.ask("POST", "/api/stop-all", None, &[]);
    assert_eq!((asked.status, asked.code().as_str()), (403, "forbidden"), "{asked:?}");
    assert_eq!(asked.json()["details"]["cause"], "confirmation_required");
    let dry = place.ask("POST", "/api/stop-all?dry_run=true", None, &[]).json();
    let token = dry["confirm"].as_str().unwrap().to_owned();
    let other = place.ask("POST", &format!("/api/stop-all?delete=true&confirm={token}"), None, &[]);
    assert_eq!(other.status, 403, "a yes to stopping is none to deleting");
    let done = place.ask("POST", &format!("/api/stop-all?confirm={token}"), None, &[]);
    assert_eq!(done.status, 200, "{done:?}");
    let done = done.json();
    assert_eq!(done["stopped"].as_array().unwrap().len(), dry["selected"].as_array().unwrap().len(), "{done:#}");
    assert_eq!((&done["deleted"], &done["denied"], &done["failed"]), (&json!([]), &json!([]), &json!([])));
    let object = get(namespace, "workspaces.quarterdeck.dev", id);
    assert_eq!(object["spec"]["state"], "Stopped");
    until("its pod has gone", 90, || list(namespace, "pods", &format!("quarterdeck.dev/workspace={id}")).is_empty());
    let none = place.get(&format!("/api/servers/{id}/logs"));
    assert_eq!((none.status, none.code().as_str()), (404, "no_pods"), "{none:?}");
    assert_eq!(place.get(&format!("/sse/logs?target={id}")).code(), "no_pods");
    let dry = place.ask("POST", "/api/stop-all?delete=true&dry_run=1", None, &[]).json();
    let token = dry["confirm"].as_str().unwrap();
    let gone = place.ask("POST", &format!("/api/stop-all/?delete=true&confirm={token}"), None, &[]).json();
    assert!(gone["deleted"].as_array().unwrap().contains(&json!(id)), "{gone:#}");
    until("none is left", 120, || place.get("/api/servers").json() == json!([]));
}

#[test]
fn gn_04b_refusal_absence_and_a_cluster_that_does_not_answer_are_told_apart() {
    let place = place("ws-guild-del");
    let namespace = place.fresh.name();
    apply(namespace, "w", &json!({ "paused": true }));
    let none = place.ask("DELETE", "/api/servers/none", None, &[]);
    assert_eq!((none.status, none.code().as_str()), (404, "not_found"), "{none:?}");
    // Of a place that changes nothing, and of one whose cluster is not there.
    let text = std::fs::read_to_string(kubeconfig()).unwrap();
    let lost: String = text
        .lines()
        .map(|line| if line.trim_start().starts_with("server:") { "    server: https://127.0.0.1:1" } else { line })
        .flat_map(|line| [line, "\n"])
        .collect();
    let folder = tempfile::tempdir().unwrap();
    let elsewhere = folder.path().join("kubeconfig");
    std::fs::write(&elsewhere, lost).unwrap();
    let own = kubeconfig();
    for (file, words, status, code) in
        [(&own, &["--read-only"][..], 403, "forbidden"), (&elsewhere, &[][..], 502, "dyn_unavailable")]
    {
        let variables = [("QD__COMPAT__GUILDNET", "true"), ("QD__COMPAT__NAMESPACE", namespace)];
        let console = Console::start_with(Some(file), words, &variables);
        let token = format!("x-quarterdeck-token: {}", console.token());
        let answer = curl(&format!("{}/api/servers/w", console.base), &["-X", "DELETE", "-H", &token]);
        assert_eq!((answer.status, answer.code().as_str()), (status, code), "{answer:?}");
        assert!(answer.json()["details"]["cause"].is_string() && answer.json()["request_id"].is_string(), "{answer:?}");
    }
    assert_eq!(place.get("/api/servers/w").status, 200, "it is still there");
    let gone = place.ask("DELETE", "/api/servers/w", None, &[]);
    assert_eq!((gone.status, gone.json()), (200, json!({ "deleted": "w" })), "{gone:?}");
}

#[test]
fn wx_04a_the_path_form_leads_to_the_host_of_the_app_and_serves_nothing_itself() {
    let place = place("ws-guild-path");
    let namespace = place.fresh.name();
    apply(namespace, "w", &json!({ "ports": [{ "name": "web", "containerPort": 3000 }] }));
    place.running("w");
    let pod = get(namespace, "workspaces.quarterdeck.dev", "w")["status"]["pod"]["name"].as_str().unwrap().to_owned();
    let app = e2e::app::App::start(namespace, &pod, 3000, "w");
    let debug = || place.get("/api/proxy-debug?server=w&path=/x").json();
    until("it may be opened", 60, || debug()["step"] == "open");
    let before = debug();
    assert_eq!((&before["port"], &before["by"], before.get("way")), (&json!(3000), &json!("port"), None), "{before}");
    assert_eq!(before["ways"][0], "tunnel");
    for path in ["/proxy/server/w/x", "/proxy/w:3000/x", "/proxy?to=w:3000&path=/x"] {
        let answer = place.get(path);
        let to = answer.header("location").unwrap_or_default().to_owned();
        assert!(answer.status == 307 && to.starts_with("http://3000--w"), "{path}: {answer:?}");
        assert!(to.contains(".localhost:") && answer.body.is_empty(), "{path}: {answer:?}");
    }
    assert!(app.heads().is_empty(), "nothing came to the app by the console's origin");
    let opened = e2e::opened::open(&place.console, namespace, "w", "port=3000");
    assert!(opened.get("/x", "").ends_with("w /x 0"));
    assert_eq!(debug()["way"], "tunnel", "the way that led there");
}

#[test]
fn gn_12f_the_paths_are_off_unless_they_are_configured() {
    let console = Console::start(Some(&kubeconfig()), &[]);
    let token = format!("x-quarterdeck-token: {}", console.token());
    for path in ["/api/servers", "/api/jobs", "/api/images"] {
        let answer = curl(&format!("{}{path}", console.base), &["-H", &token]);
        assert_eq!(answer.status, 404, "{path}");
    }
    let ready = curl(&format!("{}/readyz", console.base), &[]);
    assert_eq!((ready.status, ready.body.as_str()), (200, "ok"));
}
