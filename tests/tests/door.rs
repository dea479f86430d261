//! The console's own door: the one-time URL, the token, Host, Origin and cookie rules. No cluster is needed.

#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic, clippy::indexing_slicing, missing_docs)]

use e2e::console::{Console, command};
use e2e::curl::curl;
use e2e::server::Server;
use std::net::TcpListener;
use std::process::Stdio;
use std::time::Duration;

const CHANGE: &[&str] = &["-X", "POST", "-H", "content-type: application/json", "-d", "{}"];

/// For what takes a moment.
const SOON: Duration = Duration::from_secs(10);

/// Opens the one-time URL like a browser; the cookie.
fn login(console: &Console) -> String {
    let path = console.url.split_once(&format!(":{}", console.port)).unwrap().1;
    let answer = curl(&format!("{}{path}", console.base), &[]);
    assert_eq!(answer.status, 200, "{answer:?}");
    answer.header("set-cookie").expect("a cookie").split(';').next().unwrap().to_owned()
}

fn session(console: &Console) -> String {
    format!("{}/api/v1/session", console.base)
}

#[test]
fn ex_01_the_console_is_one_process_on_its_usual_port_or_a_free_one_and_opens_the_browser_once() {
    use std::os::unix::fs::PermissionsExt;
    let (home, programs) = (tempfile::tempdir().unwrap(), tempfile::tempdir().unwrap());
    let (opener, opened) = (programs.path().join("xdg-open"), home.path().join("opened"));
    std::fs::write(&opener, format!("#!/bin/sh\nprintf '%s\\n' \"$*\" >> {}\n", opened.display())).unwrap();
    std::fs::set_permissions(&opener, std::fs::Permissions::from_mode(0o755)).unwrap();
    let path = format!("{}:{}", programs.path().display(), std::env::var("PATH").unwrap());
    let start = |words: &[&str]| {
        let mut qd = command(home.path(), None);
        Server::start(qd.arg("console").args(words).env("PATH", &path), true)
    };
    let port = |url: &str| -> u16 { url.split(['/', ':']).find_map(|part| part.parse().ok()).unwrap() };
    let one = start(&[]);
    // Somebody else on this machine may have the usual one.
    let usual = port(&one.first) == 5050 || TcpListener::bind("127.0.0.1:5050").is_err();
    assert!(usual, "{}: 5050 is free", one.first);
    let read = || std::fs::read_to_string(&opened).unwrap_or_default();
    e2e::until("the browser asked to open it", SOON, || read().ends_with('\n'));
    assert_eq!(read(), format!("{}\n", one.first));
    let children = |of: u32| {
        let tasks = std::fs::read_dir(format!("/proc/{of}/task")).unwrap();
        let lists = tasks.filter_map(|task| std::fs::read_to_string(task.ok()?.path().join("children")).ok());
        lists.collect::<String>()
    };
    e2e::until("the console alone", SOON, || children(one.pid()).is_empty());
    let two = start(&["--no-open"]);
    assert!(port(&two.first) != 5050 && port(&two.first) != port(&one.first), "{} {}", one.first, two.first);
    for server in [&one, &two] {
        assert_eq!(curl(&format!("http://127.0.0.1:{}/healthz", port(&server.first)), &[]).status, 200);
    }
    assert_eq!(read().lines().count(), 1, "--no-open opens nothing");
}

#[test]
fn ex_02_every_request_needs_the_token_and_only_healthz_does_not() {
    let console = Console::start(None, &[]);
    assert_eq!(curl(&format!("{}/healthz", console.base), &[]).status, 200);
    for path in ["/", "/assets/x.js", "/api/v1/session", "/api/v1/object", "/api/v1/socket", "/metrics", "/nope"] {
        let answer = curl(&format!("{}{path}", console.base), &[]);
        assert_eq!((answer.status, answer.code().as_str()), (401, "token_missing"), "{path}");
        assert!(answer.header("access-control-allow-origin").is_none());
    }
    let wrong = format!("x-quarterdeck-token: {}", "0".repeat(64));
    assert_eq!(curl(&session(&console), &["-H", &wrong]).code(), "token_invalid");
    let right = format!("x-quarterdeck-token: {}", console.token());
    assert_eq!(curl(&session(&console), &["-H", &right]).status, 200);
}

#[test]
fn ex_02_the_url_works_once_and_becomes_a_cookie() {
    let console = Console::start(None, &[]);
    let cookie = login(&console);
    assert!(cookie.starts_with(&format!("qd_session_{}=", console.port)), "{cookie}");
    assert_eq!(curl(&session(&console), &["-H", &format!("cookie: {cookie}")]).status, 200);
    let path = console.url.split_once(&format!(":{}", console.port)).unwrap().1.to_owned();
    let again = curl(&format!("{}{path}", console.base), &[]);
    assert_eq!(again.status, 401);
    assert!(again.body.contains("token_invalid") && again.header("set-cookie").is_none(), "{again:?}");
}

/// Entries of the journal about the opening of sessions: decision and reason.
fn logins(console: &Console) -> Vec<(String, String)> {
    let output = console.qd(None).args(["audit", "query", "--action", "session:open", "-o", "json"]).output().unwrap();
    assert!(output.status.success(), "{}", String::from_utf8_lossy(&output.stderr));
    let text = String::from_utf8(output.stdout).unwrap();
    let entries: Vec<serde_json::Value> = text.lines().map(|line| serde_json::from_str(line).unwrap()).collect();
    let entries: Vec<serde_json::Value> = match entries.as_slice() {
        [serde_json::Value::Array(all)] => all.clone(),
        many => many.to_vec(),
    };
    let decided = entries.iter().map(|entry| &entry["body"]).filter(|body| body["entry"] == "decided");
    let text = |value: &serde_json::Value| value.as_str().unwrap_or_default().to_owned();
    let mut found: Vec<_> = decided.map(|body| (text(&body["verdict"]), text(&body["reason"]))).collect();
    found.sort();
    found
}

#[test]
fn ex_02c_logins_and_refused_logins_are_in_the_journal() {
    let console = Console::start(None, &[]);
    let cookie = login(&console);
    assert_eq!(logins(&console), [("allow".to_owned(), String::new())]);
    let path = console.url.split_once(&format!(":{}", console.port)).unwrap().1.to_owned();
    assert_eq!(curl(&format!("{}{path}", console.base), &[]).status, 401);
    let deadline = std::time::Instant::now() + std::time::Duration::from_secs(10);
    while logins(&console).len() < 2 && std::time::Instant::now() < deadline {
        std::thread::sleep(std::time::Duration::from_millis(100));
    }
    let found = logins(&console);
    assert_eq!(found.len(), 2, "{found:?}");
    assert!(found[1].0 == "deny" && found[1].1.contains("wrong, used or too old"), "{found:?}");
    let journal = std::fs::read(console.home().join(".local/state/quarterdeck/journal.db")).unwrap();
    let code = path.split_once("code=").unwrap().1.to_owned();
    let session = cookie.split_once('=').unwrap().1.to_owned();
    for secret in [code, session] {
        assert!(!journal.windows(secret.len()).any(|bytes| bytes == secret.as_bytes()), "no key is in the journal");
    }
}

#[test]
fn ex_05c_a_list_of_kubeconfigs_is_read_from_the_environment() {
    let folder = tempfile::tempdir().unwrap();
    let file = |name: &str, context: &str| {
        let path = folder.path().join(name);
        let text = format!(
            "apiVersion: v1\nkind: Config\ncurrent-context: {context}\nclusters:\n- {{ name: c-{context}, cluster: {{ \
             server: \"https://127.0.0.1:1\" }} }}\ncontexts:\n- {{ name: {context}, context: {{ cluster: c-{context} }} }}\n"
        );
        std::fs::write(&path, text).unwrap();
        path
    };
    let list =
        std::env::join_paths([file("one", "first"), folder.path().join("absent"), file("two", "second")]).unwrap();
    let home = tempfile::tempdir().unwrap();
    let output = command(home.path(), None).env("KUBECONFIG", list).args(["contexts"]).output().unwrap();
    let text = String::from_utf8(output.stdout).unwrap();
    assert!(output.status.success(), "{}", String::from_utf8_lossy(&output.stderr));
    let rows: Vec<Vec<&str>> = text.lines().skip(1).map(|line| line.split_whitespace().collect()).collect();
    assert_eq!(rows[0][..2], ["*", "first"], "{text}");
    assert_eq!(rows[1][0], "second", "{text}");
}

#[test]
fn ex_02_qd_url_makes_another_one_time_url() {
    let console = Console::start(None, &[]);
    let output = console.qd(None).arg("url").output().unwrap();
    assert!(output.status.success(), "{}", String::from_utf8_lossy(&output.stderr));
    let url = String::from_utf8(output.stdout).unwrap().trim().to_owned();
    assert_ne!(url, console.url);
    assert!(url.starts_with(&format!("http://qd.localhost:{}/?code=", console.port)), "{url}");
    let path = url.split_once(&format!(":{}", console.port)).unwrap().1.to_owned();
    assert_eq!(curl(&format!("{}{path}", console.base), &[]).status, 200);
    assert!(!login(&console).is_empty(), "the first URL still works");
}

#[test]
fn the_host_must_be_one_of_ours() {
    let console = Console::start(None, &[]);
    let token = format!("x-quarterdeck-token: {}", console.token());
    for host in ["evil.example", "qd.localhost", "127.0.0.1:1", "qd.localhost.evil.example:5050"] {
        let answer = curl(&session(&console), &["-H", &token, "-H", &format!("host: {host}")]);
        assert_eq!((answer.status, answer.code().as_str()), (421, "host_not_allowed"), "{host}");
    }
    for host in ["qd.localhost", "localhost", "127.0.0.1"] {
        let answer = curl(&session(&console), &["-H", &token, "-H", &format!("host: {host}:{}", console.port)]);
        assert_eq!(answer.status, 200, "{host}");
    }
}

#[test]
fn the_origin_must_be_our_own() {
    let console = Console::start(None, &[]);
    let cookie = format!("cookie: {}", login(&console));
    for origin in ["http://evil.example", "null", "https://qd.localhost", "http://qd.localhost:1"] {
        let answer = curl(&session(&console), &["-H", &cookie, "-H", &format!("origin: {origin}")]);
        assert_eq!(answer.code(), "origin_not_allowed", "{origin}");
    }
    let plans = format!("{}/api/v1/plans", console.base);
    let bare = [CHANGE, &["-H", cookie.as_str()]].concat();
    assert_eq!(curl(&plans, &bare).code(), "origin_not_allowed", "a cookie alone changes nothing");
    let own = format!("origin: http://qd.localhost:{}", console.port);
    let with_origin = [CHANGE, &["-H", cookie.as_str(), "-H", own.as_str()]].concat();
    assert_eq!(curl(&plans, &with_origin).code(), "bad_request", "it gets as far as its body");
    let upgrade = ["-H", cookie.as_str(), "-H", "connection: upgrade", "-H", "upgrade: websocket"];
    assert_eq!(curl(&format!("{}/api/v1/socket", console.base), &upgrade).code(), "origin_not_allowed");
}

#[test]
fn answers_carry_a_strict_content_policy_and_a_request_id() {
    let console = Console::start(None, &[]);
    let answer = curl(&session(&console), &[]);
    let policy = answer.header("content-security-policy").unwrap();
    // WebAssembly of this origin may run; nothing else is made from strings.
    let rest = policy.replace("'wasm-unsafe-eval'", "");
    assert!(policy.contains("default-src 'none'") && !rest.contains("unsafe"), "{policy}");
    assert_eq!(answer.header("x-content-type-options"), Some("nosniff"));
    assert_eq!(answer.header("x-request-id"), answer.json()["request_id"].as_str());
}

#[test]
fn exd_21a_no_token_in_arguments_environment_or_lasting_urls() {
    let console = Console::start(None, &[]);
    let token = console.token();
    let read = |what: &str| {
        String::from_utf8_lossy(&std::fs::read(format!("/proc/{}/{what}", console.pid())).unwrap()).into_owned()
    };
    assert!(!read("cmdline").contains(&token) && !read("environ").contains(&token));
    assert!(!console.url.contains(&token), "the URL has a code that works once, not the token");
    use std::os::unix::fs::PermissionsExt;
    let mode = std::fs::metadata(console.state_file()).unwrap().permissions().mode();
    assert_eq!(mode & 0o777, 0o600);
}

#[test]
fn exf_20b_a_port_in_use_is_named_and_a_free_one_offered() {
    let console = Console::start(None, &[]);
    let home = tempfile::tempdir().unwrap();
    let taken = format!("127.0.0.1:{}", console.port);
    let output = command(home.path(), None)
        .args(["console", "--no-open", "--listen", &taken])
        .stdin(Stdio::null())
        .output()
        .unwrap();
    let text = String::from_utf8_lossy(&output.stderr);
    assert_eq!(output.status.code(), Some(1), "{text}");
    assert!(text.contains("port_in_use") && text.contains("is free now"), "{text}");
}

#[test]
fn exf_20c_a_port_of_the_system_is_refused_in_plain_words() {
    let home = tempfile::tempdir().unwrap();
    let listen = ["console", "--no-open", "--listen", "127.0.0.1:81"];
    // Root may have any port: without that right it is as everybody else.
    let mut qd = std::process::Command::new("setpriv");
    qd.args(["--bounding-set=-net_bind_service", "--inh-caps=-net_bind_service"]).arg(e2e::qd()).args(listen);
    qd.env_clear().env("HOME", home.path()).env("PATH", std::env::var_os("PATH").unwrap_or_default());
    let output = qd.stdin(Stdio::null()).output().unwrap();
    let text = String::from_utf8_lossy(&output.stderr);
    assert_eq!(output.status.code(), Some(1), "{text}");
    assert!(text.contains("port_privileged") && text.contains("81"), "{text}");
}

#[test]
fn exf_26c_two_consoles_of_one_user_stand_side_by_side() {
    let mut one = Console::start(None, &[]);
    let home = one.home().to_owned();
    let start = || {
        let mut two = command(&home, None);
        two.args(["console", "--no-open", "--listen", "127.0.0.1:0"]).stdout(Stdio::piped()).stderr(Stdio::null());
        two.spawn().unwrap()
    };
    let mut two = start();
    let mut url = String::new();
    std::io::BufRead::read_line(&mut std::io::BufReader::new(two.stdout.as_mut().unwrap()), &mut url).unwrap();
    let states = || {
        let folder = std::fs::read_dir(home.join(".local/state/quarterdeck")).unwrap();
        let names = folder.map(|entry| entry.unwrap().file_name().into_string().unwrap());
        names.filter(|name| name.starts_with("console-") && name.ends_with(".json")).count()
    };
    assert_eq!(states(), 2, "each has a state file of its own");
    // The token of one is none of the other.
    let other = url.trim().split("/?").next().unwrap().replace("qd.localhost", "127.0.0.1");
    let token = format!("x-quarterdeck-token: {}", one.token());
    assert_eq!(curl(&format!("{other}/api/v1/session"), &["-H", &token]).code(), "token_invalid");
    assert_eq!(one.stop(), Some(0));
    assert_eq!(states(), 1, "the end of one leaves the other alone");
    assert_eq!(curl(&format!("{other}/healthz"), &[]).status, 200);
    two.kill().unwrap();
    two.wait().unwrap();
}

#[test]
fn ex_04a_without_a_kubeconfig_the_console_starts_and_says_so() {
    let console = Console::start(None, &[]);
    let token = format!("x-quarterdeck-token: {}", console.token());
    let answer = curl(&session(&console), &["-H", &token]);
    assert_eq!(answer.json()["problem"]["code"], "kubeconfig_missing");
}

#[test]
fn ex_04d_a_kubeconfig_that_is_chosen_is_decided_and_in_the_journal() {
    let console = Console::start(None, &[]);
    let token = format!("x-quarterdeck-token: {}", console.token());
    let folder = tempfile::tempdir().unwrap();
    let file = folder.path().join("other");
    std::fs::write(&file, "apiVersion: v1\nkind: Config\nclusters: [{name: c, cluster: {server: 'https://127.0.0.1:9'}}]\nusers: [{name: u, user: {token: t0ken}}]\ncontexts: [{name: far, context: {cluster: c, user: u}}]\n").unwrap();
    let url = session(&console).replace("/session", "/kubeconfig");
    let post = |body: &str| curl(&url, &["-H", &token, "-H", "content-type: application/json", "--data", body]);
    let body = format!(r#"{{"file":"{}"}}"#, file.display());
    assert_eq!(post(&body).json(), serde_json::json!({ "added": ["far"], "known": [] }));
    assert_eq!(post(&body).json(), serde_json::json!({ "added": [], "known": ["far"] }));
    assert_eq!(post(r#"{"file":"other"}"#).code(), "bad_request");
    assert_eq!(post(r#"{"file":"/dev/zero"}"#).code(), "kubeconfig_invalid");
    let programs = r#"{"text":"users: [{name: u, user: {exec: {command: touch}}}]\ncontexts: [{name: x, context: {cluster: c, user: u}}]"}"#;
    assert_eq!(post(programs).code(), "kubeconfig_invalid");
    let audit = curl(&url.replace("/kubeconfig", "/audit?action=cluster:add"), &["-H", &token]);
    let text = audit.json().to_string();
    assert!(text.contains(&file.display().to_string()) && text.contains("1 clusters added: far"), "{text}");
    assert!(!text.contains("t0ken"), "no key is in the journal");
}

#[test]
fn a_broken_kubeconfig_is_named_with_its_place() {
    let file = tempfile::NamedTempFile::new().unwrap();
    std::fs::write(file.path(), "apiVersion: v1\nkind: Config\nclusters: [\n").unwrap();
    let console = Console::start(Some(file.path()), &[]);
    let token = format!("x-quarterdeck-token: {}", console.token());
    let problem = curl(&session(&console), &["-H", &token]).json()["problem"].clone();
    assert_eq!(problem["code"], "kubeconfig_invalid");
    let message = problem["message"].as_str().unwrap();
    assert!(message.contains(&file.path().display().to_string()), "{message}");
}

#[test]
fn sigterm_ends_it_cleanly() {
    let mut console = Console::start(None, &[]);
    let file = console.state_file();
    assert!(file.exists());
    assert_eq!(console.stop(), Some(0));
    assert!(!file.exists(), "the state file is gone");
}
