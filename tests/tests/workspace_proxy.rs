//! Apps of workspaces in a browser's place: through the console's port, the daemon's tunnel and a real pod.
#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic, clippy::indexing_slicing, missing_docs)]

use e2e::app::App;
use e2e::console::Console;
use e2e::curl::Answer;
use e2e::fresh::Fresh;
use e2e::kubeconfig;
use e2e::opened::{self, Opened, comes};
use e2e::place::{self, Borrowed};
use e2e::workspaces::{apply, get, operator, until, wait};
use serde_json::json;
use std::io::{Read, Write};
use std::net::TcpStream;
use std::time::{Duration, Instant};

/// Two workspaces with an app each, and a console that leads to them.
struct Place {
    console: Console,
    fresh: Fresh,
    ada: App,
    bob: App,
}

static PLACE: place::Place<Place> = place::Place::of(7);

fn place() -> Borrowed<Place> {
    PLACE.borrow(|| {
        let fresh = Fresh::new("ws-proxy");
        let console = operator();
        let more = json!({ "ports": [{ "name": "web", "containerPort": 3000 }] });
        apply(fresh.name(), "ada", &more);
        apply(fresh.name(), "bob", &json!({}));
        for name in ["ada", "bob"] {
            wait(fresh.name(), name, "condition=Ready");
        }
        let pod = |name| {
            get(fresh.name(), "workspaces.quarterdeck.dev", name)["status"]["pod"]["name"].as_str().unwrap().to_owned()
        };
        let ada = App::start(fresh.name(), &pod("ada"), 3000, "ada");
        let bob = App::start(fresh.name(), &pod("bob"), 3000, "bob");
        Place { console, fresh, ada, bob }
    })
}

impl Place {
    /// Asks for the URL of an app.
    fn asked(&self, workspace: &str, query: &str) -> Answer {
        opened::asked(&self.console, self.fresh.name(), workspace, query)
    }

    fn open(&self, workspace: &str, query: &str) -> Opened {
        self.open_at(&self.console, workspace, query)
    }

    fn open_at(&self, console: &Console, workspace: &str, query: &str) -> Opened {
        opened::open(console, self.fresh.name(), workspace, query)
    }
}

#[test]
fn wx_03_ports_and_apps_have_hosts_of_their_own_and_two_workspaces_share_nothing() {
    let place = place();
    let (ada, web, bob) =
        (place.open("ada", "port=3000"), place.open("ada", "app=web"), place.open("bob", "port=3000"));
    assert!(ada.host.starts_with("3000--ada-") && web.host.starts_with("web--ada-"), "{} {}", ada.host, web.host);
    for (opened, name) in [(&ada, "ada"), (&web, "ada"), (&bob, "bob")] {
        let out = opened.get("/x?y=%2f", "");
        assert!(out.starts_with("HTTP/1.1 200 ") && out.ends_with(&format!("{name} /x?y=%2f 0")), "{out}");
    }
    // a cookie is good at its own host alone
    for host in [&bob.host, &web.host] {
        let stolen = Opened { host: host.clone(), cookie: ada.cookie.clone(), ..ada };
        assert!(stolen.get("/", "").contains("\"token_missing\""));
    }
    // what the app sees
    let head = place.ada.heads().into_iter().find(|head| head.contains(&ada.host)).unwrap();
    assert!(!head.contains("qdapp") && head.contains("X-Forwarded-For: 127.0.0.1\r\n"), "{head}");
    assert!(head.contains(&format!("X-Forwarded-Host: {}\r\n", ada.host)) && !head.contains("Cookie:"), "{head}");
    // a port on which nothing listens is told with those on which something does
    let nothing = place.open("ada", "port=3999").get("/", "");
    assert!(
        nothing.starts_with("HTTP/1.1 502 ") && nothing.contains("nothing listens on 3999, 3000 does"),
        "{nothing}"
    );
    let unknown = place.open("ada", "app=ide").get("/", "");
    assert!(unknown.starts_with("HTTP/1.1 404 ") && unknown.contains("proxy_port_unknown"), "{unknown}");
    assert_eq!(place.asked("nobody", "port=3000").code(), "workspace_not_found");
    assert_eq!(place.asked("ada", "port=0").code(), "bad_request");
    assert_eq!(place.asked("ada", "port=1&app=b").code(), "bad_request");
}

#[test]
fn wx_07d_cookies_and_urls_pass_by_the_table() {
    let place = place();
    let ada = place.open("ada", "port=3000");
    let out = ada.get("/cookies", "");
    assert!(
        out.contains("Set-Cookie: wide=1; Path=/\r\nSet-Cookie: own=1; HttpOnly\r\n") && !out.contains("stolen"),
        "{out}"
    );
    assert!(ada.get("/away", "").contains("\r\nLocation: https://id.example.com/a?b#c\r\n"));
    let sent = [
        ada.head("POST /p", "Connection: close\r\nContent-Length: 5\r\n").replace("Cookie: ", "Cookie: theme=dark; "),
        "hello".to_owned(),
    ];
    assert!(ada.raw(sent.concat().as_bytes()).ends_with("ada /p 5"));
    assert!(place.ada.heads().last().unwrap().contains("\r\nCookie: theme=dark\r\n"));
}

#[test]
fn wd_02a_sockets_and_events_go_on_without_being_asked_for_longer_than_anybody_waits_and_come_at_once() {
    let place = place();
    let ada = place.open("ada", "port=3000");
    let mut socket = ada.connect();
    let fields = format!("Connection: Upgrade\r\nUpgrade: websocket\r\nOrigin: http://{}\r\n", ada.host);
    socket.write_all(ada.head("GET /ws", &fields).as_bytes()).unwrap();
    comes(&mut socket, "\r\n\r\n");
    let mut events = ada.connect();
    events.write_all(ada.head("GET /events", "").as_bytes()).unwrap();
    comes(&mut events, "\r\n\r\n");
    let end = Instant::now() + Duration::from_secs(13);
    let mut late = Duration::ZERO;
    let mut seen = 0;
    while Instant::now() < end {
        let event = comes(&mut events, "\n\n");
        let said: u64 = event.lines().find_map(|line| line.strip_prefix("data: ")).unwrap().parse().unwrap();
        let now = std::time::SystemTime::now().duration_since(std::time::UNIX_EPOCH).unwrap();
        late = late.max(now.saturating_sub(Duration::from_micros(said)));
        seen += 1;
    }
    assert!(seen > 100 && late < Duration::from_secs(1), "{seen} events, the latest after {late:?}");
    // the socket was quiet all the while
    socket.write_all(&[0x81, 0x82, 1, 2, 3, 4, 5, 6]).unwrap();
    let mut eight = [0; 8];
    socket.read_exact(&mut eight).unwrap();
    assert_eq!(eight, [0x81, 0x82, 1, 2, 3, 4, 5, 6]);
    drop(events);
    let big = ada.get("/big", "");
    assert!(big.len() > 8 << 20, "{} bytes", big.len());
}

#[test]
fn wd_04a_malformed_requests_and_foreign_hosts_reach_no_app() {
    let place = place();
    let ada = place.open("ada", "port=3000");
    let before = (place.ada.heads().len(), place.bob.heads().len());
    let head = |fields: &str| ada.head("POST /hidden", fields);
    let hidden = "GET /hidden HTTP/1.1\r\nHost: x\r\n\r\n";
    for bytes in [
        format!("{}0\r\n\r\n{hidden}", head("Content-Length: 4\r\nTransfer-Encoding: chunked\r\n")),
        format!("{}0\r\n\r\n{hidden}", head("Transfer-Encoding: chunked\r\nContent-Length: 4\r\n")),
        format!("{}0\r\n\r\n{hidden}", head("Transfer-Encoding: xchunked\r\n")),
        format!("{}0\n\n{hidden}", head("Transfer-Encoding: chunked\r\n")),
        head("Content-Length: 1\r\nContent-Length: 2\r\n"),
        head(&format!("Host: {}\r\n", ada.host)),
        head("Host: qd.localhost\r\n"),
        head("X: a\nY: b\r\n"),
        head("X: \0\r\n"),
        head(" X: b\r\n"),
        head("X : b\r\n"),
        ada.head("GET http://localhost:3000/hidden", ""),
        ada.head("GET /hidden#x", ""),
        ada.head("CONNECT localhost:3000", ""),
    ] {
        let out = ada.raw(bytes.as_bytes());
        assert!(out.starts_with("HTTP/1.1 400 ") && out.contains("\"bad_request\""), "{bytes:?}: {out}");
        assert_eq!(out.matches("HTTP/1.1 ").count(), 1, "{bytes:?}: {out}");
    }
    for origin in ["http://evil.example", "null", "http://qd.localhost"] {
        let out = ada.raw(
            ada.head("POST /hidden", &format!("Connection: close\r\nOrigin: {origin}\r\nContent-Length: 0\r\n"))
                .as_bytes(),
        );
        assert!(out.contains("\"origin_not_allowed\""), "{origin}: {out}");
    }
    // names that are nobody's are the console's, which knows its own alone
    for host in ["evil.example", "3000--x.evil.example", "169.254.169.254", "x.localhost", "3000--.localhost"] {
        let foreign = Opened { host: format!("{host}:{}", ada.port), cookie: ada.cookie.clone(), ..ada };
        assert!(foreign.get("/hidden", "").contains("host_not_allowed"), "{host}");
    }
    assert_eq!((place.ada.heads().len(), place.bob.heads().len()), before, "an app was asked");
}

#[test]
fn wx_05d_who_is_not_signed_in_is_told_how_and_every_opening_is_in_the_journal() {
    let place = place();
    let ada = place.open("ada", "port=3000");
    assert!(ada.get("/", "").ends_with("ada / 0"));
    let stranger = Opened { cookie: "a=b".to_owned(), host: ada.host.clone(), ..ada };
    let out = stranger.get("/", "Accept: text/html\r\n");
    assert!(
        out.starts_with("HTTP/1.1 401 ") && out.contains("open it from the console") && out.contains("text/html"),
        "{out}"
    );
    assert!(stranger.get("/", "").contains("\"token_missing\""));
    // a code is good once
    let url = place.asked("ada", "port=3000").json()["url"].as_str().unwrap().to_owned();
    let path = url.split_once(&ada.host).unwrap().1;
    assert!(stranger.get(path, "").starts_with("HTTP/1.1 303 "));
    assert!(stranger.get(path, "").contains("\"token_invalid\""));
    let journal = place.console.journal();
    assert!(journal.contains("workspace:proxy") && journal.contains("ws-proxy"), "{journal}");
}

#[test]
fn wb_07a_a_stopped_workspace_is_woken_by_whoever_comes_and_says_how_far_it_is() {
    let place = place();
    let namespace = place.fresh.name();
    apply(namespace, "eve", &json!({ "state": "Stopped", "lifecycle": { "wakeOn": ["http"] } }));
    apply(namespace, "fay", &json!({ "state": "Stopped" }));
    for name in ["eve", "fay"] {
        wait(namespace, name, "jsonpath={.status.phase}=Stopped");
    }
    let (eve, fay) = (place.open("eve", "port=3000"), place.open("fay", "port=3000"));
    // one says nothing of waking: there is a button
    let out = fay.get("/", "Accept: text/html\r\n");
    assert!(out.starts_with("HTTP/1.1 503 ") && out.contains("Retry-After: 5"), "{out}");
    assert!(out.contains("action='/.quarterdeck/start'") && !out.contains("<script"), "{out}");
    assert!(fay.get("/", "").contains("\"workspace_stopped\""));
    let out = eve.get("/", "Accept: text/html\r\n");
    assert!(out.starts_with("HTTP/1.1 503 ") && out.contains("Retry-After: 2") && out.contains("wait.js"), "{out}");
    let mut stages = eve.connect();
    stages.write_all(eve.head("GET /.quarterdeck/stages", "").as_bytes()).unwrap();
    let told = comes(&mut stages, "event: ready");
    assert!(told.contains("event: stage"), "{told}");
    until("it answers again", 20, || eve.get("/", "").contains("nothing listens on 3000"));
    let start = |fields: &str| {
        let fields = format!("{fields}Connection: close\r\nContent-Length: 0\r\n");
        fay.raw(fay.head("POST /.quarterdeck/start", &fields).as_bytes())
    };
    assert!(start("").contains("\"origin_not_allowed\""));
    assert!(start(&format!("Origin: http://{}\r\n", fay.host)).starts_with("HTTP/1.1 303 "));
    wait(namespace, "fay", "condition=Ready");
}

#[test]
fn wx_05e_a_new_console_asks_to_open_again() {
    let place = place();
    let mut console = Console::start(Some(&kubeconfig()), &[]);
    let ada = place.open_at(&console, "ada", "port=3000");
    assert!(ada.get("/", "").ends_with("ada / 0"));
    console.stop();
    let home = tempfile::tempdir().unwrap();
    let mut again = e2e::console::command(home.path(), Some(&kubeconfig()));
    again.args(["console", "--no-open", "--listen", &format!("127.0.0.1:{}", ada.port)]);
    let mut again = again.stdout(std::process::Stdio::null()).spawn().unwrap();
    until("it listens", 20, || TcpStream::connect(("127.0.0.1", ada.port)).is_ok());
    let out = ada.get("/", "");
    e2e::signal(again.id(), "TERM");
    again.wait().unwrap();
    assert!(out.contains("\"token_missing\""), "{out}");
}
