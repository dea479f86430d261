//! The ways to an app of a workspace, each by itself and in their order; HTTP/2; and workspaces that wake for a socket.
#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic, clippy::indexing_slicing, missing_docs)]

use e2e::app::App;
use e2e::console::Console;
use e2e::curl::curl;
use e2e::fresh::Fresh;
use e2e::opened::{Opened, comes, open};
use e2e::place::{self, Borrowed};
use e2e::workspaces::{apply, get, operator, until, wait};
use e2e::{errors, kubeconfig, kubectl, out, signal};
use serde_json::json;
use std::io::{Read, Write};
use std::net::TcpStream;
use std::path::{Path, PathBuf};
use std::time::{Duration, Instant};

/// A workspace with two apps: one on the loopback of its pod, one at every address.
struct Place {
    console: Console,
    fresh: Fresh,
    _ada: App,
    open: App,
}

static PLACE: place::Place<Place> = place::Place::of(7);

fn place() -> Borrowed<Place> {
    PLACE.borrow(|| {
        let fresh = Fresh::new("ws-ways");
        let console = operator();
        apply(fresh.name(), "ada", &json!({}));
        wait(fresh.name(), "ada", "condition=Ready");
        let pod = pod(&fresh, "ada");
        let _ada = App::start(fresh.name(), &pod, 3000, "ada");
        let open = App::start_at(fresh.name(), &pod, ("0.0.0.0", 3001), "open");
        Place { console, fresh, _ada, open }
    })
}

fn pod(fresh: &Fresh, name: &str) -> String {
    get(fresh.name(), "workspaces.quarterdeck.dev", name)["status"]["pod"]["name"].as_str().unwrap().to_owned()
}

impl Place {
    fn at(&self, console: &Console, query: &str) -> Opened {
        open(console, self.fresh.name(), "ada", query)
    }
}

/// What the console wrote of requests, once it has told of this.
fn told(console: &Console, what: &str) -> String {
    until(what, 30, || console.said().contains(what));
    console.said()
}

/// What every way carries: bodies both ways, events as they come, a socket.
fn carries(opened: &Opened, name: &str) {
    assert!(opened.get("/x?y=%2f", "").ends_with(&format!("{name} /x?y=%2f 0")), "{}", opened.host);
    let sent = [opened.head("POST /p", "Connection: close\r\nContent-Length: 5\r\n"), "hello".to_owned()];
    assert!(opened.raw(sent.concat().as_bytes()).ends_with(&format!("{name} /p 5")));
    assert!(opened.get("/big", "").len() > 8 << 20);
    let mut events = opened.connect();
    events.write_all(opened.head("GET /events", "").as_bytes()).unwrap();
    comes(&mut events, "\n\n");
    comes(&mut events, "\n\n");
    echoed(&mut socket(opened));
}

#[test]
fn wx_02d_each_way_leads_to_the_app_and_stands_in_the_access_log() {
    let place = place();
    for (way, port, name) in
        [("tunnel", 3000, "ada"), ("forward", 3000, "ada"), ("pod", 3001, "open"), ("api", 3001, "open")]
    {
        let ways = format!("[\"{way}\"]");
        let variables = [("QD__PROXY__WAYS", ways.as_str()), ("NO_COLOR", "1")];
        let console = Console::start_with(Some(&kubeconfig()), &["--log", "warn,access=info"], &variables);
        let before = place.open.heads().len();
        carries(&place.at(&console, &format!("port={port}")), name);
        assert_eq!(place.open.heads().len() > before, port == 3001, "{way}");
        let said = told(&console, &format!("way=\"{way}\""));
        // one line for a request, with all that is asked about later
        let line = said.lines().find(|line| line.contains(&format!("way=\"{way}\"")) && line.contains("method=GET"));
        let line = line.unwrap_or_else(|| panic!("{said}"));
        for what in ["user=", "workspace=", &format!("port={port}"), "status=200", "up=", "down=", "ms=", "decision="] {
            assert!(line.contains(what), "{what}: {line}");
        }
        // what cannot be reached is said, and nothing else is asked instead
        let nothing = place.at(&console, "port=3999").get("/", "");
        assert!(nothing.starts_with("HTTP/1.1 50"), "{way}: {nothing}");
    }
    // the API server reads no path of a client
    let ways = [("QD__PROXY__WAYS", "[\"api\"]")];
    let console = Console::start_with(Some(&kubeconfig()), &[], &ways);
    let opened = place.at(&console, "port=3001");
    for path in ["/../../../../secrets", "/%2e%2e/%2e%2e/x", "/a/..%2f..%2fx"] {
        let out = opened.get(path, "Impersonate-User: system:admin\r\n");
        assert!(out.starts_with("HTTP/1.1 502 ") && out.contains("is not passed on"), "{path}: {out}");
    }
    assert!(opened.get("/x", "Impersonate-User: nobody\r\nAuthorization: Bearer x\r\n").ends_with("open /x 0"));
    let head = place.open.heads().last().unwrap().to_ascii_lowercase();
    assert!(!head.contains("impersonate-") && !head.contains("\r\nauthorization:"), "{head}");
}

/// A socket to the app.
fn socket(opened: &Opened) -> TcpStream {
    let mut socket = opened.connect();
    let fields = format!("Connection: Upgrade\r\nUpgrade: websocket\r\nOrigin: http://{}\r\n", opened.host);
    socket.write_all(opened.head("GET /ws", &fields).as_bytes()).unwrap();
    assert!(comes(&mut socket, "\r\n\r\n").starts_with("HTTP/1.1 101 "));
    socket
}

/// What is said on a socket comes back.
fn echoed(socket: &mut TcpStream) {
    let message = [0x81, 0x82, 1, 2, 3, 4, 5, 6];
    socket.write_all(&message).unwrap();
    let mut back = [0; 8];
    socket.read_exact(&mut back).unwrap();
    assert_eq!(back, message);
}

/// One socket that is spoken on each second, one that is silent until the end, and events that say when they were written.
fn held(place: &Place, way: &str, port: u16, time: Duration) {
    let console = Console::start_with(Some(&kubeconfig()), &[], &[("QD__PROXY__WAYS", &format!("[\"{way}\"]"))]);
    let opened = place.at(&console, &format!("port={port}"));
    let (mut busy, mut idle, mut events) = (socket(&opened), socket(&opened), opened.connect());
    events.write_all(opened.head("GET /events", "").as_bytes()).unwrap();
    comes(&mut events, "\r\n\r\n");
    let began = Instant::now();
    let (mut late, mut seen, mut next) = (Duration::ZERO, 0_u64, began);
    while began.elapsed() < time {
        let event = comes(&mut events, "\n\n");
        let written: u64 = event.lines().find_map(|line| line.strip_prefix("data: ")).unwrap().parse().unwrap();
        let now = std::time::SystemTime::now().duration_since(std::time::UNIX_EPOCH).unwrap();
        late = late.max(now.saturating_sub(Duration::from_micros(written)));
        seen += 1;
        if Instant::now() >= next {
            echoed(&mut busy);
            next += Duration::from_secs(1);
        }
    }
    echoed(&mut idle);
    echoed(&mut busy);
    assert!(
        seen > 5 * time.as_secs() && late < Duration::from_secs(1),
        "{way}: {seen} events, the latest after {late:?}"
    );
}

/// Longer than the ten seconds after which others ended them; the soak takes half an hour.
#[test]
fn wd_02_sockets_and_events_stay_open_by_each_way_idle_and_busy_and_what_is_said_comes_at_once() {
    let place = place();
    let seconds = std::env::var("QD_E2E_OPEN_SECONDS").map_or(12, |text| text.parse().unwrap());
    let place: &Place = &place;
    std::thread::scope(|threads| {
        for (way, port) in [("tunnel", 3000), ("forward", 3000), ("pod", 3001), ("api", 3001)] {
            threads.spawn(move || held(place, way, port, Duration::from_secs(seconds)));
        }
    });
}

/// An account of the namespace that may read workspaces and pods, and ask these of pods.
fn account(place: &Place, name: &str, may: &[&str], folder: &Path) -> PathBuf {
    let namespace = place.fresh.name();
    let rule = |groups: &[&str], resources: &[&str], verbs: &[&str]| json!({ "apiGroups": groups, "resources": resources, "verbs": verbs });
    let rules = json!([
        rule(&["quarterdeck.dev"], &["workspaces"], &["get", "list", "watch"]),
        rule(&[""], &["pods"], &["get"]),
        rule(&[""], may, &["get", "create", "update", "patch", "delete"]),
    ]);
    let meta = json!({ "name": name, "namespace": namespace });
    let subject = json!({ "kind": "ServiceAccount", "name": name, "namespace": namespace });
    let role = json!({ "apiGroup": "rbac.authorization.k8s.io", "kind": "Role", "name": name });
    for object in [
        json!({ "apiVersion": "v1", "kind": "ServiceAccount", "metadata": meta }),
        json!({ "apiVersion": "rbac.authorization.k8s.io/v1", "kind": "Role", "metadata": meta, "rules": rules }),
        json!({ "apiVersion": "rbac.authorization.k8s.io/v1", "kind": "RoleBinding", "metadata": meta, "roleRef": role, "subjects": [subject] }),
    ] {
        kubectl::apply(&kubeconfig(), &object.to_string());
    }
    kubectl::account(&kubeconfig(), namespace, name, folder)
}

/// The ways are tried in their order. What one cannot do the next does: by what an account may, and by where the app listens.
#[test]
fn wx_02_ways_are_tried_in_their_order_each_is_measured_and_the_one_that_led_is_told() {
    let place = place();
    let namespace = place.fresh.name();
    let folder = tempfile::tempdir().unwrap();
    let all = ["tunnel", "pod", "forward", "api"];
    // who may, where the app listens, and which way leads there: those before it were tried, and none behind it
    for (name, may, port, leads) in [
        ("execs", &["pods/exec", "pods/portforward", "pods/proxy"][..], 3000, "tunnel"),
        ("forwards", &["pods/portforward", "pods/proxy"], 3001, "pod"),
        ("forwards", &["pods/portforward", "pods/proxy"], 3000, "forward"),
        ("proxies", &["pods/proxy"], 3001, "api"),
    ] {
        let file = account(&place, name, may, folder.path());
        // the last is for where no address of a pod is reached
        let order: Vec<&str> = all.into_iter().filter(|way| leads != "api" || *way != "pod").collect();
        let ways = format!("{order:?}");
        let variables = [
            ("QD__PROXY__WAYS", ways.as_str()),
            ("QD__COMPAT__GUILDNET", "true"),
            ("QD__COMPAT__NAMESPACE", namespace),
            ("NO_COLOR", "1"),
        ];
        let console = Console::start_with(Some(&file), &["--log", "warn,access=info"], &variables);
        let debug = || {
            let token = format!("x-quarterdeck-token: {}", console.token());
            curl(&format!("{}/api/proxy-debug?server=ada&path=/x", console.base), &["-H", &token]).json()
        };
        let before = debug();
        assert_eq!(
            (&before["ways"], &before["way"], &before["tried"]),
            (&json!(order), &json!(null), &json!(null)),
            "{before}"
        );
        let opened = place.at(&console, &format!("port={port}"));
        let app = if port == 3000 { "ada" } else { "open" };
        carries(&opened, app);
        let debug = debug();
        assert_eq!(debug["way"], leads, "{debug}");
        let at = order.iter().position(|way| *way == leads).unwrap();
        let tried = debug["tried"].as_array().unwrap();
        let seen: Vec<(&str, bool)> =
            tried.iter().map(|one| (one["way"].as_str().unwrap(), one["reached"].as_bool().unwrap())).collect();
        let expected: Vec<(&str, bool)> = order[..=at].iter().map(|way| (*way, *way == leads)).collect();
        assert_eq!(seen, expected, "{debug}");
        assert!(tried.iter().all(|one| one["ms"].is_u64()), "{debug}");
        let said = told(&console, &format!("way=\"{leads}\""));
        assert!(
            order.iter().filter(|way| **way != leads).all(|way| !said.contains(&format!("way=\"{way}\""))),
            "{said}"
        );
    }
}

#[test]
fn wx_03h_calls_of_grpc_pass_from_curl_to_another_program_s_http2() {
    let place = place();
    let pod = pod(&place.fresh, "ada");
    let pid = e2e::node::processes(&e2e::node::uid(place.fresh.name(), &pod)).first().expect("the pod has processes").0;
    let app = "const s = require('http2').createServer(); s.on('stream', (stream, head) => { \
        stream.respond({ ':status': 200, 'content-type': 'application/grpc', 'x-seen': Object.keys(head).join(',') }, { waitForTrailers: true }); \
        stream.on('wantTrailers', () => stream.sendTrailers({ 'grpc-status': '0', 'grpc-message': 'fine' })); \
        stream.pipe(stream) }); s.listen(3002, '127.0.0.1', () => console.log('listens'))";
    let mut node = std::process::Command::new("nsenter");
    node.args([&format!("--net=/proc/{pid}/ns/net"), "--", "node", "-e", app]).stdout(std::process::Stdio::piped());
    let mut node = node.spawn().expect("node runs");
    let mut listens = [0; 7];
    node.stdout.as_mut().unwrap().read_exact(&mut listens).unwrap();
    let ada = place.at(&place.console, "port=3002");
    let mut call = std::process::Command::new("curl");
    call.args(["-sS", "--max-time", "30", "--noproxy", "*", "--http2-prior-knowledge", "-v", "--resolve"]);
    call.arg(format!("{}:127.0.0.1", ada.host)).args(["-H", "content-type: application/grpc", "-H", "te: trailers"]);
    call.args(["-H", &format!("cookie: {}", ada.cookie), "--data-binary", "12345hello"]);
    let output = call.arg(format!("http://{}/lab.Echo/Say", ada.host)).output().expect("curl runs");
    node.kill().unwrap();
    node.wait().unwrap();
    let words = String::from_utf8_lossy(&output.stderr).into_owned();
    assert_eq!(out(&output), "12345hello", "{words}");
    assert!(words.contains("< HTTP/2 200") && words.contains("< grpc-status: 0"), "{words}");
    let seen = words.lines().find(|line| line.contains("x-seen:")).unwrap();
    assert!(seen.contains(",te") && seen.contains("x-forwarded-for") && !seen.contains("cookie"), "{seen}");
}

#[test]
fn wb_07b_a_socket_is_held_until_the_workspace_and_its_app_are_there() {
    let place = place();
    let namespace = place.fresh.name();
    apply(namespace, "gil", &json!({ "state": "Stopped", "lifecycle": { "wakeOn": ["http"] } }));
    apply(namespace, "hal", &json!({ "state": "Stopped" }));
    for name in ["gil", "hal"] {
        wait(namespace, name, "jsonpath={.status.phase}=Stopped");
    }
    let upgrade = |opened: &Opened| {
        let mut socket = opened.connect();
        socket.set_read_timeout(Some(Duration::from_secs(60))).unwrap();
        let fields = format!("Connection: Upgrade\r\nUpgrade: websocket\r\nOrigin: http://{}\r\n", opened.host);
        socket.write_all(opened.head("GET /ws", &fields).as_bytes()).unwrap();
        socket
    };
    // one that is not woken answers at once
    let out = comes(&mut upgrade(&open(&place.console, namespace, "hal", "port=3000")), "\r\n\r\n");
    assert!(out.starts_with("HTTP/1.1 503 ") && out.contains("Retry-After: 5"), "{out}");
    let gil = open(&place.console, namespace, "gil", "port=3000");
    let began = Instant::now();
    let mut socket = upgrade(&gil);
    wait(namespace, "gil", "condition=Ready");
    let pod = pod(&place.fresh, "gil");
    let app = App::start(namespace, &pod, 3000, "gil");
    let out = comes(&mut socket, "\r\n\r\n");
    // a machine that needs longer than a socket is held says so, and the next one gets through
    if began.elapsed() > Duration::from_secs(29) && out.starts_with("HTTP/1.1 50") {
        socket = upgrade(&gil);
        assert!(comes(&mut socket, "\r\n\r\n").starts_with("HTTP/1.1 101 "));
    } else {
        assert!(out.starts_with("HTTP/1.1 101 "), "{out}");
    }
    socket.write_all(&[0x81, 0x80, 1, 2, 3, 4]).unwrap();
    let mut six = [0; 6];
    socket.read_exact(&mut six).unwrap();
    assert_eq!(app.heads().len(), 1);
}

#[test]
fn wb_07c_a_request_of_a_program_is_held_while_the_workspace_wakes_where_that_is_configured() {
    let place = place();
    let namespace = place.fresh.name();
    apply(namespace, "ivy", &json!({ "state": "Stopped", "lifecycle": { "wakeOn": ["http"] } }));
    wait(namespace, "ivy", "jsonpath={.status.phase}=Stopped");
    let console = Console::start_with(Some(&kubeconfig()), &[], &[("QD__PROXY__HOLD_SECONDS", "30")]);
    let ivy = open(&console, namespace, "ivy", "port=3000");
    let mut asks = ivy.connect();
    asks.set_read_timeout(Some(Duration::from_secs(60))).unwrap();
    let began = Instant::now();
    asks.write_all(ivy.head("GET /x", "").as_bytes()).unwrap();
    wait(namespace, "ivy", "condition=Ready");
    let _app = App::start(namespace, &pod(&place.fresh, "ivy"), 3000, "ivy");
    let out = comes(&mut asks, "\r\n\r\n");
    // a machine that needs longer than half a minute says so, and the next one gets through
    if began.elapsed() < Duration::from_secs(29) || out.starts_with("HTTP/1.1 200") {
        assert!(out.starts_with("HTTP/1.1 200 "), "{out}");
    } else {
        until("the app answers", 60, || ivy.get("/x", "").ends_with("ivy /x 0"));
    }
}

#[test]
fn wf_13f_a_gateway_killed_within_a_request_an_answer_events_or_a_socket_leaves_nothing_and_the_next_leads_there_again()
{
    let place = place();
    let pod = pod(&place.fresh, "ada");
    let tunnels = || {
        let words = ["exec", "-n", place.fresh.name(), &pod, "-c", "main", "--", "/qd/bin/kbox", "streams"];
        let streams = kubectl::kubectl(&kubeconfig(), &words);
        assert!(streams.status.success(), "{}", errors(&streams));
        out(&streams).matches("pf-").count()
    };
    for step in ["request", "answer", "events", "socket"] {
        let console = Console::start(Some(&kubeconfig()), &[]);
        let ada = place.at(&console, "port=3000");
        let mut one = ada.connect();
        one.set_read_timeout(Some(Duration::from_secs(60))).unwrap();
        let mut say = |line: &str, fields: &str, body: &str| {
            one.write_all((ada.head(line, fields) + body).as_bytes()).unwrap();
        };
        match step {
            // half of a body: the app waits for the other
            "request" => say("POST /p", "Content-Length: 10\r\n", "hello"),
            "answer" => say("GET /big", "", ""),
            "events" => say("GET /events", "", ""),
            _ => {
                let fields = format!("Connection: Upgrade\r\nUpgrade: websocket\r\nOrigin: http://{}\r\n", ada.host);
                say("GET /ws", &fields, "");
            }
        }
        if step == "request" {
            until("the app is asked", 60, || tunnels() > 0);
        } else {
            comes(&mut one, "\r\n\r\n");
        }
        signal(console.pid(), "KILL");
        // the browser learns of it: its connection ends, by whatever word
        let mut rest = Vec::new();
        let ended = one.read_to_end(&mut rest);
        let late = |error: &std::io::Error| error.kind() == std::io::ErrorKind::WouldBlock;
        assert!(!ended.is_err_and(|error| late(&error)), "{step}: it is still open");
        until("the daemon has let go of it", 60, || tunnels() == 0);
    }
    let console = Console::start(Some(&kubeconfig()), &[]);
    assert!(place.at(&console, "port=3000").get("/x", "").ends_with("ada /x 0"));
}
