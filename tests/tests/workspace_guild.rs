//! The paths of an earlier product on a real cluster: workspaces are made, listed, read, followed, opened, stopped and deleted there.

#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic, clippy::indexing_slicing, missing_docs)]

#[path = "workspace_guild/place.rs"]
mod place;

use e2e::console::{Console, command, free_port};
use e2e::curl::curl;
use e2e::kubeconfig;
use e2e::server::Server;
use e2e::workspaces::{apply, get, list, run, until, wait};
use place::{OWN, SHELL, place, shared, spec};
use serde_json::{Value, json};

#[test]
fn gn_01_health_is_told_to_everybody_and_the_name_to_whoever_may_come_in() {
    let shared = shared();
    let place = &shared.place;
    for path in ["/healthz", "/readyz"] {
        let answer = curl(&format!("{}{path}", place.console.base), &[]);
        assert_eq!((answer.status, answer.body.as_str()), (200, "ok"), "{path}");
        assert!(answer.header("content-type").unwrap().starts_with("text/plain"), "{path}");
    }
    assert_eq!(place.get("/api/ui-config").json(), json!({ "name": "Lab" }));
    let page = place.ask("GET", "/", None, &["accept: text/html"]);
    assert!(page.status == 200 || page.body.contains("without the console"), "{page:?}");
}

#[test]
fn gn_02c_blueprints_are_offered_as_images_and_known_images_have_defaults() {
    let shared = shared();
    let place = &shared.place;
    let images = place.get("/api/images").json();
    let one = images.as_array().unwrap().iter().find(|one| one["label"] == "default");
    assert!(one.is_some_and(|one| one["image"].is_string() && one["description"].is_string()), "{images:#}");
    let known = place.get("/api/image-defaults?image=guildnet/agent:1").json();
    assert_eq!((&known["ports"][1]["port"], &known["env"]["AGENT_HOST"]), (&json!(8443), &json!("")));
    assert_eq!(place.get("/api/image-defaults?image=nginx").json(), json!({}));
}

#[test]
fn gn_12_who_asks_from_where_and_what_for_is_told_in_one_form() {
    let shared = shared();
    let place = &shared.place;
    let base = &place.console.base;
    let url = format!("{base}/api/servers");
    let unknown = curl(&url, &["-H", "x-request-id: mine.1"]);
    let body = unknown.json();
    assert_eq!((unknown.status, &body["code"], &body["request_id"]), (401, &json!("token_missing"), &json!("mine.1")));
    assert_eq!(unknown.header("x-request-id"), Some("mine.1"));
    let own = format!("origin: {OWN}");
    let asked = place.ask("GET", "/api/servers", None, &[&own]);
    assert_eq!((asked.status, asked.header("access-control-allow-origin")), (200, Some(OWN)));
    assert_eq!(asked.header("access-control-allow-credentials"), Some("true"));
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
    ] {
        let answer = place.ask(method, path, None, &[]);
        assert_eq!((answer.status, answer.code().as_str()), (status, code), "{method} {path}: {answer:?}");
        assert!(answer.json()["details"].is_object());
    }
    let old = place.ask("GET", "/sse/logs?target=none", None, &["x-request-id: a b"]);
    assert!(old.header("x-request-id").is_some_and(|id| id.len() == 36));
    // a stream is not for whoever speaks HTTP/1.0
    let token = format!("x-quarterdeck-token: {}", place.console.token());
    let old = curl(&format!("{base}/sse/logs?target=web"), &["--http1.0", "-H", &token]);
    assert_eq!((old.status, old.code().as_str()), (505, "stream_unsupported"), "{old:?}");
    // what changes something says by a token or an origin who asks: a cookie alone is none
    let cookie = place.ask("POST", "/api/v1/codes", None, &[]).json()["url"].as_str().map(str::to_owned);
    let entered = curl(&cookie.unwrap().replace("qd.localhost", "127.0.0.1"), &[]);
    let cookie = format!("cookie: {}", entered.header("set-cookie").unwrap().split(';').next().unwrap());
    assert_eq!(curl(&url, &["-H", &cookie]).status, 200, "{entered:?}");
    let silent = curl(&format!("{base}/api/jobs"), &["-X", "POST", "-H", &cookie, "-d", "{}"]);
    assert_eq!((silent.status, silent.code().as_str()), (403, "forbidden"), "{silent:?}");
    let named = curl(&format!("{base}/api/jobs"), &["-X", "POST", "-H", &cookie, "-H", &own, "-d", "{}"]);
    assert_eq!((named.status, named.code().as_str()), (400, "invalid_spec"), "{named:?}");
}

#[test]
fn gn_06_all_that_is_said_of_a_new_one_is_used_and_a_name_that_is_taken_gets_a_tail() {
    let shared = shared();
    let place = &shared.place;
    let made = &shared.made;
    assert_eq!((made.status, made.json()), (202, json!({ "id": "web", "status": "pending" })), "{made:?}");
    let again = place.create(&spec("Web"));
    let other = again.json()["id"].as_str().unwrap_or_default().to_owned();
    assert!(again.status == 202 && other.starts_with("web-") && other.len() == 9, "{again:?}");
    let derived = place.create(&json!({ "image": "images.invalid/shell:1", "args": ["-c", "true"] })).json();
    let derived = derived["id"].as_str().unwrap().to_owned();
    assert!(derived.starts_with("shell-"), "{derived}");
    let long = "a".repeat(60);
    let longs = [(); 2]
        .map(|()| place.create(&json!({ "name": long, "image": SHELL })).json()["id"].as_str().unwrap().to_owned());
    assert_eq!((longs[0].as_str(), longs[1].len()), ("a".repeat(52).as_str(), 52));
    assert!(longs[1].starts_with(&"a".repeat(46)) && longs[1].as_bytes()[46] == b'-', "{longs:?}");
    let object = get(place.fresh.name(), "workspaces.quarterdeck.dev", "web");
    let spec = &object["spec"];
    assert_eq!(spec["podLabels"], json!({ "team": "red" }));
    assert_eq!(spec["resources"], json!({ "cpu": "200m", "memory": "128Mi" }));
    assert_eq!(spec["env"], json!([{ "name": "A", "value": "1" }, { "name": "API_TOKEN", "value": "secret" }]));
    assert_eq!((&spec["ports"][0]["containerPort"], &spec["ports"][0]["name"]), (&json!(3000), &json!("http")));
    let derived_object = get(place.fresh.name(), "workspaces.quarterdeck.dev", &derived);
    assert_eq!(derived_object["spec"]["args"], json!(["-c", "true"]));
    for id in [&other, &derived, &longs[0], &longs[1]] {
        let gone = place.ask("DELETE", &format!("/api/servers/{id}"), None, &[]);
        assert_eq!((gone.status, gone.json()), (200, json!({ "deleted": id })), "{gone:?}");
    }
}

#[test]
fn gn_03_a_server_is_told_as_its_workspace_stands() {
    let shared = shared();
    let place = &shared.place;
    assert_eq!((shared.before.status, shared.before.body.as_str()), (200, "[]"));
    place.running("web");
    let path = "/api/servers/web";
    until("it is told as running", 60, || place.get(path).json()["status"] == "running");
    let one = place.get(path).json();
    assert_eq!(
        (one["id"].as_str(), one["name"].as_str(), one["image"].as_str()),
        (Some("web"), Some("web"), Some(SHELL))
    );
    assert_eq!(one["env"], json!({ "A": "1", "API_TOKEN": "***" }), "{one:#}");
    assert_eq!(one["resources"], json!({ "cpu": "200m", "memory": "128Mi" }));
    assert_eq!(one["ports"], json!([{ "name": "http", "port": 3000 }]));
    assert!(!one["node"].as_str().unwrap().is_empty() && !one["url"].as_str().unwrap().is_empty(), "{one:#}");
    assert!(one["created_at"].as_str().unwrap() <= one["updated_at"].as_str().unwrap());
    let ready = one["events"].as_array().unwrap().iter().find(|event| event["type"] == "Ready").cloned().unwrap();
    assert_eq!(ready["status"], "True", "{ready}");
    let all = place.get("/api/servers").json();
    assert!(all.as_array().unwrap().iter().any(|other| other["id"] == "web"), "{all:#}");
    // one that cannot be, and one that rests
    let namespace = place.fresh.name();
    apply(namespace, "lost", &json!({ "blueprintRef": { "kind": "ClusterBlueprint", "name": "nobody-wrote-it" } }));
    apply(namespace, "rests", &json!({ "state": "Stopped" }));
    until("one has failed", 60, || place.get("/api/servers/lost").json()["status"] == "failed");
    wait(namespace, "rests", "jsonpath={.status.phase}=Stopped");
    let rests = place.get("/api/servers/rests").json();
    assert_eq!((&rests["status"], &rests["ports"], &rests["args"]), (&json!("pending"), &json!([]), &json!([])));
    for id in ["lost", "rests"] {
        assert_eq!(place.ask("DELETE", &format!("/api/servers/{id}"), None, &[]).status, 200);
    }
}

/// Writes a line into the log of a workspace: by the standard output of its first process.
fn write(namespace: &str, id: &str, line: &str) {
    run(namespace, id, &format!("echo '{line}' > /proc/1/fd/1"));
}

#[test]
fn gn_05_a_log_has_times_weights_and_pods_and_what_weighs_less_is_left_out() {
    let shared = shared();
    let place = &shared.place;
    place.running("web");
    let namespace = place.fresh.name();
    write(namespace, "web", "ERROR it broke");
    write(namespace, "web", "level=debug no more than that");
    let path = |more: &str| format!("/api/servers/web/logs?{more}");
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
    apply(namespace, "without", &json!({ "state": "Stopped" }));
    wait(namespace, "without", "jsonpath={.status.phase}=Stopped");
    let none = place.get("/api/servers/without/logs");
    assert_eq!((none.status, none.code().as_str()), (404, "no_pods"), "{none:?}");
    assert_eq!(place.ask("DELETE", "/api/servers/without", None, &[]).status, 200);
}

#[test]
fn gn_08_a_log_is_followed_goes_on_where_it_was_left_and_survives_its_pod() {
    let shared = shared();
    let place = &shared.place;
    place.running("web");
    let (namespace, id) = (place.fresh.name(), "web");
    for (path, status, code) in [("/sse/logs", 400, "missing_target"), ("/sse/logs?target=none", 404, "not_found")] {
        let answer = place.get(path);
        assert_eq!((answer.status, answer.code().as_str()), (status, code), "{path}: {answer:?}");
    }
    write(namespace, id, "before it is followed");
    let mut stream = place.follow(&format!("target={id}&tail=1000&level=debug"), &[]);
    stream.until("before it is followed");
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
    assert!(!told.iter().any(|line| line.contains("before it is") || line.contains("while it is")), "{told:#?}");
    on.until(": ping");
    // another pod takes over
    let _ = e2e::kubectl::kubectl(&kubeconfig(), &["delete", "pod", id, "-n", namespace, "--wait=false"]);
    on.until("was started again");
    place.running(id);
    write(namespace, id, "in the new one");
    on.until("in the new one");
}

#[test]
fn gn_10_a_path_leads_to_a_port_of_a_workspace_and_to_nothing_else() {
    let shared = shared();
    let place = &shared.place;
    place.running("web");
    let namespace = place.fresh.name();
    for (path, service, to) in [
        ("/proxy/server/web/a%20b?x=1".to_owned(), "3000--", "to=/a%2520b%3Fx%3D1"),
        ("/proxy/web:8080/a".to_owned(), "8080--", "to=/a"),
        (format!("/proxy?to=web.{namespace}.svc:3000&path=%2Fa&b=2"), "3000--", "to=/a%3Fb%3D2"),
        (format!("/proxy?scheme=https&to=web.{namespace}:3000&path=a"), "3000--", "to=/a"),
    ] {
        let answer = place.get(&path);
        let location = answer.header("location").unwrap_or_default();
        assert_eq!(answer.status, 307, "{path}: {answer:?}");
        assert!(location.starts_with(&format!("http://{service}")) && location.ends_with(to), "{path}: {location}");
    }
    for (path, status, code) in [
        ("/proxy?to=169.254.169.254:80&path=/latest", 404, "not_found"),
        ("/proxy?to=http://10.0.0.1:80", 400, "invalid_target"),
        ("/proxy?to=web@10.0.0.1:80", 400, "invalid_target"),
        ("/proxy?to=web.kube-system:3000", 404, "not_found"),
        ("/proxy?to=web:3000&scheme=file", 400, "invalid_target"),
        ("/proxy/kubernetes.default.svc:443/api", 404, "not_found"),
        ("/proxy/localhost:3000/", 404, "not_found"),
    ] {
        let answer = place.get(path);
        assert_eq!((answer.status, answer.code().as_str()), (status, code), "{path}: {answer:?}");
    }
}

/// What is asked for by these names is in no request to the API server.
const CANARY: &str = "wd04-canary";
/// Hosts and ports that are not those of one's own workspaces, or are none at all.
const FOREIGN: &[&str] = &[
    "169.254.169.254:80",
    "2852039166:80",
    "0xa9fea9fe:80",
    "0251.0376.0251.0376:80",
    "169.254.43518:80",
    "[::ffff:169.254.169.254]:80",
    "[::ffff:a9fe:a9fe]:80",
    "[fd00:ec2::254]:80",
    "metadata.google.internal:80",
    "127.0.0.1:6443",
    "127.1:6443",
    "0:80",
    "0.0.0.0:80",
    "[::]:80",
    "[::1]:80",
    "localhost:3000",
    "LOCALHOST:3000",
    "localhost.:3000",
    "10.0.0.1:443",
    "kubernetes:443",
    "kubernetes.default:443",
    "kubernetes.default.svc:443",
    "kubernetes.default.svc.cluster.local:443",
    "coredns.kube-system.svc:53",
    "web.kube-system:3000",
    "web.kube-system.svc:3000",
    "web.default.svc.cluster.local:3000",
    "web.evil.example:3000",
    "evil.example:3000",
    "web@169.254.169.254:80",
    "web:3000@169.254.169.254:80",
    "web%40169.254.169.254:80",
    "web:3000%40169.254.169.254:80",
    "web%00.kube-system:3000",
    "web%23.evil.example:3000",
    "web%3F.evil.example:80",
    "web%2F..%2Fkubernetes:443",
    "web%252F..%252Fkubernetes:443",
    "..:80",
    "..%2F..:80",
    "%2e%2e:80",
    "%252e%252e:80",
    ".:80",
    "web%5C..%5Ckubernetes:443",
    "http://169.254.169.254:80",
    "http:%2F%2F169.254.169.254:80",
    "//169.254.169.254:80",
    "web%09:3000",
    "web%0d%0aHost%3A%20evil:3000",
    "*:3000",
];

#[test]
fn wd_04_sixty_ways_to_name_a_place_lead_to_ports_of_ones_own_workspaces_or_nowhere() {
    let shared = shared();
    let place = &shared.place;
    place.running("web");
    let (token, audit) = (format!("x-quarterdeck-token: {}", place.console.token()), e2e::env("QD_E2E_AUDIT_LOG"));
    let written = || std::fs::metadata(&audit).map_or(0, |about| about.len());
    let before = written();
    let ask = |path: &str| {
        let words = ["--path-as-is", "-H", &token, "-H", "X-Guild-Server-ID: kube-system/coredns"];
        curl(&format!("{}{path}", place.console.base), &words)
    };
    let mut asked = 0;
    for to in FOREIGN {
        let answer = ask(&format!("/proxy?to={to}&path=/{CANARY}"));
        let is_told = ["invalid_target", "not_found", "bad_request"].contains(&answer.code().as_str());
        assert!((400..500).contains(&answer.status) && is_told, "{to}: {answer:?}");
        asked += 1;
    }
    // Words around the host may lead to a port of the workspace itself, and then to its own name alone.
    for path in [
        "/proxy/169.254.169.254:80/latest/wd04-canary",
        "/proxy/kubernetes.default.svc:443/api/v1/secrets?wd04-canary",
        "/proxy/..%2f..%2fapi/v1/secrets?wd04-canary",
        "/proxy/../../api/v1/namespaces/kube-system/secrets?wd04-canary",
        "/proxy/server/..%2f..%2fkube-system/coredns/wd04-canary",
        "/proxy/server/web%2f..%2fother/wd04-canary",
        "/proxy/server/%2e%2e/wd04-canary",
        "/proxy/server/%252e%252e/wd04-canary",
        "/proxy/server/../../api/v1/namespaces/wd04-canary",
        "/proxy/server/web/../../../api/v1/wd04-canary",
        "/proxy/server/web/..%2f..%2fkube-system/wd04-canary",
        "/proxy/server/kube-system%2fcoredns/wd04-canary",
        "/proxy/web:3000/..%2f..%2fwd04-canary",
        "/proxy/web:3000/%252e%252e/%252e%252e/wd04-canary",
        "/proxy?to=web:3000&path=http://169.254.169.254/wd04-canary",
        "/proxy?to=web:3000&path=//169.254.169.254/wd04-canary",
        "/proxy?to=web:3000&path=%5C%5C169.254.169.254%5Cwd04-canary",
        "/proxy?to=web:3000&to=169.254.169.254:80&path=/wd04-canary",
        "/proxy?to=web:3000&scheme=gopher&path=/wd04-canary",
        "/proxy?to=%77eb:3000&path=/@169.254.169.254/wd04-canary",
    ] {
        let answer = ask(path);
        asked += 1;
        if (400..500).contains(&answer.status) {
            continue;
        }
        let location = answer.header("location").unwrap_or_default();
        let host = location.split('/').nth(2).unwrap_or_default();
        let port = place.console.base.rsplit(':').next().unwrap();
        assert_eq!(answer.status, 307, "{path}: {answer:?}");
        assert!(host.starts_with("3000--web") && host.ends_with(&format!(".localhost:{port}")), "{path}: {location}");
    }
    assert!(asked >= 60, "{asked}");
    // The log of the API server is written as requests come.
    until("the audit log goes on", 30, || written() > before);
    let log = std::fs::read(&audit).unwrap();
    let new = String::from_utf8_lossy(&log[usize::try_from(before).unwrap().min(log.len())..]).into_owned();
    assert!(!new.contains(CANARY), "the API server was asked for what a path says");
}

#[test]
fn wx_01_the_port_that_is_meant_is_that_of_the_workspace_itself_or_what_to_say_instead_is_told() {
    let shared = shared();
    let place = &shared.place;
    let namespace = place.fresh.name();
    let of = |host: &str| json!({ "state": "Stopped", "env": [{ "name": "AGENT_HOST", "value": host }] });
    apply(namespace, "own", &of(&format!("http://own.{namespace}.svc:3005/")));
    apply(namespace, "theirs", &of("web:3000"));
    apply(namespace, "far", &of("169.254.169.254:80"));
    apply(namespace, "says", &json!({ "state": "Stopped", "ports": [{ "name": "https", "containerPort": 8443 }] }));
    for name in ["own", "theirs", "far", "says"] {
        wait(namespace, name, "jsonpath={.status.phase}=Stopped");
    }
    let debug = |id: &str| place.get(&format!("/api/proxy-debug?server={id}&path=/x")).json();
    for (id, port, by) in [("own", 3005, "agent_host"), ("says", 8443, "port")] {
        let answer = place.get(&format!("/proxy/server/{id}/x"));
        let location = answer.header("location").unwrap_or_default();
        assert!(answer.status == 307 && location.starts_with(&format!("http://{port}--{id}")), "{id}: {answer:?}");
        let told = debug(id);
        assert_eq!((&told["port"], &told["by"], &told["step"]), (&json!(port), &json!(by), &json!("start")), "{told}");
    }
    for id in ["theirs", "far"] {
        let answer = place.get(&format!("/proxy/server/{id}/x"));
        assert_eq!((answer.status, answer.code().as_str()), (502, "proxy_failed"), "{answer:?}");
        assert!(answer.body.contains("say `expose` (spec.ports)"), "{}", answer.body);
        let told = debug(id);
        assert!(told["step"] == "port" && told["problem"].as_str().unwrap().contains("expose"), "{told}");
    }
    for name in ["own", "theirs", "far", "says"] {
        assert_eq!(place.ask("DELETE", &format!("/api/servers/{name}"), None, &[]).status, 200);
    }
}

#[test]
fn gn_07_all_that_may_be_stopped_is_looked_at_confirmed_and_stopped_or_deleted() {
    let place = &place("ws-guild-all");
    let (namespace, id) = (place.fresh.name(), "web");
    assert_eq!(place.create(&spec("Web")).status, 202);
    place.running(id);
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
fn gn_04_refusal_absence_and_a_cluster_that_does_not_answer_are_told_apart() {
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
fn wx_04a_the_path_form_leads_to_the_host_of_the_app_by_the_way_that_is_told_and_serves_nothing_itself() {
    let shared = shared();
    let place = &shared.place;
    let namespace = place.fresh.name();
    place.running("web");
    let pod = get(namespace, "workspaces.quarterdeck.dev", "web")["status"]["pod"]["name"].as_str().unwrap().to_owned();
    let app = e2e::app::App::start(namespace, &pod, 3000, "web");
    let debug = || place.get("/api/proxy-debug?server=web&path=/x").json();
    until("it may be opened", 60, || debug()["step"] == "open");
    let before = debug();
    assert_eq!((&before["port"], &before["by"], before.get("way")), (&json!(3000), &json!("port"), None), "{before}");
    assert_eq!(before["ways"][0], "tunnel");
    for path in ["/proxy/server/web/x", "/proxy/web:3000/x", "/proxy?to=web:3000&path=/x"] {
        let answer = place.get(path);
        let to = answer.header("location").unwrap_or_default().to_owned();
        assert!(answer.status == 307 && to.starts_with("http://3000--web"), "{path}: {answer:?}");
        assert!(to.contains(".localhost:") && answer.body.is_empty(), "{path}: {answer:?}");
    }
    assert!(app.heads().is_empty(), "nothing came to the app by the console's origin");
    let opened = e2e::opened::open(&place.console, namespace, "web", "port=3000");
    assert!(opened.get("/x", "").ends_with("web /x 0"));
    let led = debug();
    assert_eq!(led["way"], "tunnel", "the way that led there");
    assert!(led["tried"][0]["way"] == "tunnel" && led["tried"][0]["reached"] == true, "{led}");
    assert!(led["tried"][0]["ms"].is_u64(), "{led}");
    let named = place.ask("GET", "/api/proxy-debug?server=web&path=/x", None, &["x-request-id: r1"]).json();
    assert_eq!((&named["server"], &named["path"], &named["rid"]), (&json!("web"), &json!("/x"), &json!("r1")));
    assert!(named["policy"] == "allow" && named["target"].as_str().unwrap().starts_with("http://3000--"), "{named}");
    let hidden = place.get("/api/proxy-debug?server=none&path=/x").json();
    assert!(hidden.get("target").is_none() && hidden.get("policy").is_none(), "{hidden}");
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

#[test]
fn ge_01_a_port_and_an_origin_by_the_names_of_before_and_its_own_origin_where_none_is_said() {
    let home = tempfile::tempdir().unwrap();
    let start = |origin: Option<&str>| {
        let (named, filed) = (free_port(), free_port());
        let file = home.path().join("qd.toml");
        std::fs::write(&file, format!("listen_local = \"127.0.0.1:{filed}\"\n[compat]\nguildnet = true\n")).unwrap();
        let mut words = command(home.path(), Some(&kubeconfig()));
        words.env("LISTEN_LOCAL", format!("127.0.0.1:{named}")).env("VITE_API_BASE", "https://elsewhere.test");
        words.envs(origin.map(|origin| ("FRONTEND_ORIGIN", origin)));
        words.arg("--config").arg(&file).args(["console", "--no-open"]);
        (Server::start(&mut words, true), format!("http://127.0.0.1:{named}"))
    };
    let said = |base: &str, method: &str, origin: &str| {
        let answer = curl(&format!("{base}/api/servers"), &["-X", method, "-H", &format!("origin: {origin}")]);
        (answer.status, answer.header("access-control-allow-origin").map(str::to_owned))
    };
    let other = "https://ui.test";
    let (server, base) = start(Some(other));
    let port = base.rsplit(':').next().unwrap();
    assert!(server.first.contains(&format!(":{port}/")), "{}: the variable goes over the file", server.first);
    assert_eq!(said(&base, "OPTIONS", other), (204, Some(other.to_owned())));
    assert_eq!(said(&base, "GET", other), (401, Some(other.to_owned())), "it still has to say who it is");
    assert_eq!(said(&base, "GET", "https://elsewhere.test"), (403, None));
    drop(server);
    let (_server, base) = start(None);
    assert_eq!(said(&base, "GET", other), (403, None));
    assert_eq!(
        said(&base, "GET", &base).0,
        401,
        "its own origin is let in, as far as anybody who says nothing of themselves"
    );
}

#[test]
fn gn_11_the_pages_are_in_the_program_and_a_release_asks_no_other_server_for_them() {
    let listener = std::net::TcpListener::bind("127.0.0.1:0").unwrap();
    let origin = format!("http://127.0.0.1:{}", listener.local_addr().unwrap().port());
    let (tell, asked) = std::sync::mpsc::channel();
    std::thread::spawn(move || {
        for mut stream in listener.incoming().map_while(Result::ok) {
            let _ = tell.send(());
            let mut head = [0; 4096];
            let _ = std::io::Read::read(&mut stream, &mut head);
            let page = "HTTP/1.1 200 OK\r\nContent-Type: text/html\r\nContent-Length: 16\r\nConnection: close\r\n\r\nof another place";
            let _ = std::io::Write::write_all(&mut stream, page.as_bytes());
        }
    });
    let console = Console::start_with(Some(&kubeconfig()), &[], &[("UI_DEV_ORIGIN", origin.as_str())]);
    let token = format!("x-quarterdeck-token: {}", console.token());
    let page = curl(&format!("{}/", console.base), &["-H", &token, "-H", "accept: text/html"]);
    let release = e2e::qd().components().any(|part| part.as_os_str() == "release");
    if release {
        assert!(asked.try_recv().is_err() && !page.body.contains("of another place"), "{page:?}");
        assert!(page.status == 200 && page.body.contains("<script"), "{page:?}");
    } else {
        assert_eq!((page.status, page.body.as_str()), (200, "of another place"));
    }
}
