//! Apps of a workspace on the console's own origin (`proxy.path_mode = "same-origin"`): at a real gateway, by curl and plain connections.
#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic, clippy::indexing_slicing, missing_docs)]

use e2e::app::App;
use e2e::console::Console;
use e2e::curl::{Answer, curl};
use e2e::fresh::Fresh;
use e2e::kubeconfig;
use e2e::opened::{Opened, comes};
use e2e::workspaces::{apply, get, operator, wait};
use serde_json::json;
use std::io::{Read, Write};

/// A workspace with an app, and a console that serves it in place.
struct Place {
    console: Console,
    _keeps: Console,
    _fresh: Fresh,
    app: App,
}

fn place(namespace: &'static str) -> Place {
    let fresh = Fresh::new(namespace);
    let keeps = operator();
    apply(namespace, "ada", &json!({ "ports": [{ "name": "web", "containerPort": 3000 }] }));
    wait(namespace, "ada", "condition=Ready");
    let object = get(namespace, "workspaces.quarterdeck.dev", "ada");
    let app = App::start(namespace, object["status"]["pod"]["name"].as_str().unwrap(), 3000, "ada");
    let variables = [
        ("QD__COMPAT__GUILDNET", "true"),
        ("QD__COMPAT__NAMESPACE", namespace),
        ("QD__PROXY__PATH_MODE", "same-origin"),
    ];
    let console = Console::start_with(Some(&kubeconfig()), &[], &variables);
    Place { console, _keeps: keeps, _fresh: fresh, app }
}

impl Place {
    fn ask(&self, path: &str, more: &[&str]) -> Answer {
        let token = format!("x-quarterdeck-token: {}", self.console.token());
        curl(&format!("{}{path}", self.console.base), &[&["-H", token.as_str()], more].concat())
    }

    /// Opens the app by a path of its own: that path.
    fn open(&self, path: &str) -> String {
        let answer = self.ask(path, &[]);
        assert_eq!(answer.status, 307, "{path}: {answer:?}");
        answer.header("location").unwrap().to_owned()
    }

    /// A stranger with cookies of the console and of the app, who asks by plain connections.
    fn plain(&self) -> Opened {
        let cookie = format!("qd_session_{}=secret; theme=dark", self.console.port);
        Opened { port: self.console.port, host: format!("127.0.0.1:{}", self.console.port), cookie }
    }
}

#[test]
fn wx_04h_an_app_is_served_in_place_only_where_that_is_configured_and_its_pages_have_no_origin() {
    let place = place("ws-in-place");
    let console = &place.console;
    assert!(console.said().contains("proxy.path_mode is \"same-origin\""), "{}", console.said());
    let opened = place.open("/proxy/server/ada/deep/link?x=1");
    let base = opened.strip_suffix("/deep/link?x=1").unwrap_or_else(|| panic!("{opened}"));
    let key = base.strip_prefix("/proxy/~").unwrap_or_else(|| panic!("{base}"));
    assert!(key.len() == 64 && key.bytes().all(|byte| byte.is_ascii_hexdigit()), "{base}");

    // The key alone lets in; the page is of no origin, and nobody else's.
    let page = curl(&format!("{}{opened}", console.base), &[]);
    assert_eq!((page.status, page.body.as_str()), (200, "ada /deep/link?x=1 0"), "{page:?}");
    let policies: Vec<_> = page.headers.iter().filter(|(name, _)| name == "content-security-policy").collect();
    assert!(policies.len() == 1 && policies[0].1.starts_with("sandbox "), "{page:?}");
    assert!(!policies[0].1.contains("allow-same-origin") && !policies[0].1.contains("top-navigation"), "{page:?}");
    assert_eq!(page.header("referrer-policy"), Some("no-referrer"));
    assert_eq!(page.header("access-control-allow-origin"), Some("null"));

    // The console's own paths answer no page of no origin, whatever it knows.
    for (path, method) in [("/api/v1/session", "GET"), ("/api/v1/codes", "POST"), ("/", "POST")] {
        let answer = curl(&format!("{}{path}", console.base), &["-X", method, "-H", "origin: null"]);
        assert_eq!((answer.status, answer.code().as_str()), (403, "origin_not_allowed"), "{path}: {answer:?}");
    }
    let as_key = curl(&format!("{}/api/v1/session", console.base), &["-H", &format!("x-quarterdeck-token: {key}")]);
    assert_eq!(as_key.status, 401, "the key is no token: {as_key:?}");

    // What the app gets: its own paths and cookies, and nothing that lets into the console.
    let plain = place.plain();
    let fields = "Origin: null\r\nAuthorization: Bearer t\r\nReferer: http://x/\r\nX-Quarterdeck-Token: t\r\n";
    let out = plain.get(&format!("{base}/seen"), fields);
    assert!(out.starts_with("HTTP/1.1 200 ") && out.ends_with("ada /seen 0"), "{out}");
    let head = place.app.heads().into_iter().find(|head| head.starts_with("GET /seen ")).unwrap().to_ascii_lowercase();
    assert!(
        head.contains("\r\ncookie: theme=dark\r\n") && head.contains(&format!("\r\nhost: {}\r\n", plain.host)),
        "{head}"
    );
    assert!(head.contains(&format!("\r\nx-forwarded-prefix: {base}\r\n")), "{head}");
    assert!(head.contains(&format!("\r\norigin: http://{}\r\n", plain.host)), "{head}");
    for not in ["qd_session", "bearer", "quarterdeck-token", "referer"] {
        assert!(!head.contains(not), "{not}: {head}");
    }

    // Others than whoever has the key, and scripts that would stay.
    for (path, fields, status) in [
        (format!("/proxy/~{}/x", "0".repeat(64)), "", 401),
        (format!("{base}/x"), "origin: https://evil.example", 403),
        (format!("{base}/sw.js"), "service-worker: script", 403),
    ] {
        let answer = curl(&format!("{}{path}", console.base), &["-H", fields]);
        assert_eq!(answer.status, status, "{path} {fields}: {answer:?}");
    }
    let elsewhere = curl(&format!("http://localhost:{}{base}/x", console.port), &["-4"]);
    assert_eq!(elsewhere.status, 401, "it is good at the host at which it was opened: {elsewhere:?}");
    let foreign = curl(&format!("{}{base}/x", console.base), &["-H", "host: evil.example"]);
    assert_eq!(foreign.code(), "host_not_allowed", "{foreign:?}");
    assert!(!place.app.heads().iter().any(|head| head.contains(" /x ") || head.contains(" /sw.js ")));

    // Keys are in no log, and who opened what is in the journal.
    assert!(!console.said().contains(key), "the key is in the log");
    assert!(console.journal().contains("workspace:proxy"));
}

#[test]
fn wx_07_cookies_urls_and_sockets_of_an_app_in_place_stay_below_its_path() {
    let place = place("ws-in-place-table");
    let opened = place.open("/proxy/ada:3000/");
    let base = opened.trim_end_matches('/');
    let plain = place.plain();
    let out = plain.get(&format!("{base}/cookies"), "");
    let set: Vec<&str> = out.lines().filter_map(|line| line.strip_prefix("set-cookie: ")).collect();
    assert_eq!(set, [format!("wide=1; Path={base}/; Secure"), "own=1; HttpOnly; Secure".to_owned()], "{out}");
    let away = plain.get(&format!("{base}/away"), "");
    assert!(away.contains("\r\nlocation: https://id.example.com/a?b#c\r\n"), "{away}");
    // in a frame its cookies are those of that frame
    let framed = place.ask("/proxy/ada:3000/", &["-H", "sec-fetch-dest: iframe"]);
    let framed = framed.header("location").unwrap().trim_end_matches('/').to_owned();
    let out = plain.get(&format!("{framed}/cookies"), "");
    let own = format!("set-cookie: wide=1; Path={framed}/; Secure; SameSite=None; Partitioned\r\n");
    assert!(out.contains(&own), "{out}");
    assert!(out.contains("\r\ncontent-security-policy: frame-ancestors 'self' http://qd.localhost:"), "{out}");

    // A body, a long answer, and a socket.
    let length = "Connection: close\r\nOrigin: null\r\nContent-Length: 5\r\n";
    let sent = [plain.head(&format!("POST {base}/p"), length), "hello".to_owned()].concat();
    assert!(plain.raw(sent.as_bytes()).ends_with("ada /p 5"));
    assert!(plain.get(&format!("{base}/big"), "").len() > 8 << 20);
    let mut socket = plain.connect();
    let fields = "Connection: Upgrade\r\nUpgrade: websocket\r\nOrigin: null\r\n";
    socket.write_all(plain.head(&format!("GET {base}/ws"), fields).as_bytes()).unwrap();
    let head = comes(&mut socket, "\r\n\r\n");
    assert!(head.starts_with("HTTP/1.1 101 "), "{head}");
    socket.write_all(&[0x81, 0x82, 1, 2, 3, 4, 5, 6]).unwrap();
    let mut eight = [0; 8];
    socket.read_exact(&mut eight).unwrap();
    assert_eq!(eight, [0x81, 0x82, 1, 2, 3, 4, 5, 6]);
    // what is not there is told without leaving the path
    let nothing = place.open("/proxy/ada:3999/");
    let out = plain.get(&nothing, "Accept: text/html\r\n");
    assert!(out.starts_with("HTTP/1.1 502 ") && out.contains("nothing listens on 3999"), "{out}");
}
