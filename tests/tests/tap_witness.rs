//! What others say of a tap: the kernel of its overload, strace and the namespace of what it does, the API server's audit
//! log of what it asks.
#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic, clippy::indexing_slicing, missing_docs)]

use e2e::console::Console;
use e2e::forward::Forward;
use e2e::running::Running;
use e2e::server::Server;
use e2e::tapped::Namespace;
use e2e::tapping::{FRONT, Tapping, alone, pods, tap};
use e2e::{curl, errors, kubeconfig, kubectl, node, out, signal};
use serde_json::{Value, json};
use std::collections::BTreeSet;
use std::io::{Read, Write};
use std::net::{TcpStream, UdpSocket};
use std::path::Path;
use std::process::{Command, Stdio};
use std::time::Duration;

/// Sends when it is the child, in the network of a pod.
fn sender() -> bool {
    let Some(count) = std::env::var("QD_TEST_SENDS").ok().and_then(|text| text.parse::<u32>().ok()) else {
        return false;
    };
    let to = UdpSocket::bind("127.0.0.1:0").unwrap();
    let from = UdpSocket::bind("127.0.0.1:0").unwrap();
    from.connect(to.local_addr().unwrap()).unwrap();
    println!("port {}", to.local_addr().unwrap().port());
    let payload = [7_u8; 1000];
    let mut line = String::new();
    std::io::stdin().read_line(&mut line).unwrap();
    for _ in 0..count {
        assert_eq!(from.send(&payload).unwrap(), payload.len());
    }
    println!("sent");
    true
}

#[test]
fn cap_d_09_what_an_overloaded_agent_saw_and_what_it_says_it_lost_is_what_was_sent() {
    if sender() {
        return;
    }
    const SENT: u64 = 200_000;
    let _alone = alone();
    let home = tempfile::tempdir().unwrap();
    let pod = pods(FRONT).remove(0);
    let uid = node::uid("shop", &pod);
    let inside = node::own(&uid);
    let name = std::thread::current().name().unwrap().to_owned();
    let mut child = Command::new("nsenter")
        .arg(format!("--net=/proc/{inside}/ns/net"))
        .arg(std::env::current_exe().unwrap())
        .args(["--exact", &name, "--nocapture", "--test-threads=1"])
        .env("QD_TEST_SENDS", SENT.to_string())
        .stdin(Stdio::piped())
        .stdout(Stdio::piped())
        .spawn()
        .unwrap();
    let mut said = child.stdout.take().unwrap();
    let mut text = String::new();
    while !text.contains("port ") || !text.ends_with('\n') {
        let mut byte = [0];
        said.read_exact(&mut byte).unwrap();
        text.push(char::from(byte[0]));
    }
    let port: u16 = text.split("port ").nth(1).unwrap().trim().parse().unwrap();
    let filter = format!("udp dst port {port}");
    let words = ["-n", "shop", "--pod", &pod, "-f", &filter, "-o", "jsonl"];
    let running = Running::start(tap(home.path(), &words).stdout(Stdio::null()));
    running.wait("captured", |running| running.said().contains("capturing"));
    let agent = node::agent(&uid, &running.said());
    // for a second it does not read, and its ring is full
    signal(agent, "STOP");
    child.stdin.take().unwrap().write_all(b"go\n").unwrap();
    std::thread::sleep(Duration::from_secs(1));
    signal(agent, "CONT");
    assert!(child.wait().unwrap().success());
    std::thread::sleep(Duration::from_secs(2));
    let (status, said) = running.end();
    assert!(status.success(), "{said}");
    // ended: 123 packets, 4 records, 5 dropped
    let ended = said.lines().find(|line| line.contains("  ended: ")).unwrap_or_else(|| panic!("{said}"));
    let numbers: Vec<u64> =
        ended.split("ended: ").nth(1).unwrap().split(' ').filter_map(|word| word.parse().ok()).collect();
    let (seen, lost) = (numbers[0], numbers[2]);
    assert_eq!(seen + lost, SENT, "{ended}");
    assert!(lost > SENT / 10, "it was no overload: {ended}");
    assert!(said.contains(" packets (ring)"), "the loss is told while it happens: {said}");
}

/// The addresses that traced system calls name.
fn peers(trace: &Path) -> BTreeSet<String> {
    let text = std::fs::read_to_string(trace).unwrap();
    assert!(text.contains("+++ exited"), "nothing was traced to its end: {text}");
    let of = |line: &str| -> Option<String> {
        if let Some(path) = line.split("sa_family=AF_UNIX, sun_path=").nth(1) {
            return Some(path.split(['}', ',']).next()?.to_owned());
        }
        let port = line.split("_port=htons(").nth(1)?.split(')').next()?;
        let four = line.split("sin_addr=inet_addr(\"").nth(1).and_then(|rest| rest.split('"').next());
        let six = line.split("inet_pton(AF_INET6, \"").nth(1).and_then(|rest| rest.split('"').next());
        Some(format!("{}:{port}", four.or(six)?))
    };
    text.lines().filter(|line| !line.contains("getsockname") && !line.contains("getpeername")).filter_map(of).collect()
}

#[test]
fn cap_d_30_command_console_and_agent_speak_to_nobody_but_the_api_server() {
    let _alone = alone();
    let home = tempfile::tempdir().unwrap();
    let (own, theirs) = (home.path().join("qd.trace"), home.path().join("agent.trace"));
    let calls = "trace=connect,sendto,sendmsg,sendmmsg";
    let mut command = Command::new("strace");
    command.env_clear().env("HOME", home.path()).env("KUBECONFIG", kubeconfig());
    command.env("PATH", std::env::var_os("PATH").unwrap_or_default());
    command.args(["-f", "-e", calls, "-o", own.to_str().unwrap()]).arg(e2e::qd());
    command.args(["tap", "-n", "shop", "-l", FRONT, "-o", "jsonl", "--duration", "10"]).stdout(Stdio::null());
    let running = Running::start(&mut command);
    running.wait("captured", |running| running.said().contains("capturing"));
    let agent = node::agent(&node::uid("shop", &pods(FRONT).remove(0)), &running.said());
    let words = ["-f", "-p", &agent.to_string(), "-e", calls, "-o", theirs.to_str().unwrap()];
    let mut tracer = Command::new("strace").args(words).stderr(Stdio::null()).spawn().unwrap();
    running.wait("ended", |running| running.said().contains("  ended"));
    assert!(tracer.wait().is_ok());
    drop(running);
    let words = ["config", "view", "--minify", "-o", "jsonpath={.clusters[0].cluster.server}"];
    let server = kubectl::stdout(&kubeconfig(), &words).trim_start_matches("https://").to_owned();
    assert_eq!(peers(&own), BTreeSet::from([server.clone()]));
    assert_eq!(peers(&theirs), BTreeSet::new(), "of the agent");
    // The console, from its begin on, with a tap that is looked at and downloaded.
    let hub = home.path().join("console.trace");
    let mut command = Command::new("strace");
    command.env_clear().env("HOME", home.path()).env("KUBECONFIG", kubeconfig());
    command.env("PATH", std::env::var_os("PATH").unwrap_or_default());
    command.args(["-f", "-e", calls, "-o", hub.to_str().unwrap()]).arg(e2e::qd());
    let mut console = Server::start(command.args(["console", "--no-open", "--listen", "127.0.0.1:0"]), false);
    let port: u16 = console.first.split(['/', ':']).find_map(|part| part.parse().ok()).unwrap();
    let file = home.path().join(format!(".local/state/quarterdeck/console-{port}.json"));
    let record: Value = serde_json::from_str(&std::fs::read_to_string(file).unwrap()).unwrap();
    let token = format!("x-quarterdeck-token: {}", record["token"].as_str().unwrap());
    let ask = |path: &str, more: &[&str]| {
        let url = format!("http://127.0.0.1:{port}/api/v1/taps{path}");
        let answer = curl::curl(&url, &[&["-H", &token], more].concat());
        assert_eq!(answer.status, 200, "{path}: {}", answer.body);
        answer
    };
    let context = kubectl::stdout(&kubeconfig(), &["config", "current-context"]).trim().to_owned();
    let body = json!({ "cluster": context, "namespaces": ["shop"], "selector": FRONT }).to_string();
    let tap = ask("", &["-H", "content-type: application/json", "-d", &body]).json()["id"].as_str().unwrap().to_owned();
    e2e::until("records", Duration::from_secs(60), || {
        let totals = &ask(&format!("/{tap}"), &[]).json()["totals"];
        totals["records"].as_u64() > Some(20) && totals["spooled"].as_u64() > Some(10_000)
    });
    for part in ["records", "pcapng", "map", "histograms", "stats"] {
        let _ = ask(&format!("/{tap}/{part}"), &[]);
    }
    // The tracer passes no signal on.
    let children = std::fs::read_to_string(format!("/proc/{0}/task/{0}/children", console.pid())).unwrap();
    signal(children.trim().parse().unwrap(), "TERM");
    assert_eq!(console.stop(), Some(0));
    assert_eq!(peers(&hub), BTreeSet::from([server]));
}

#[test]
fn cap_65_the_tapped_pod_is_as_it_was() {
    let _alone = alone();
    let home = tempfile::tempdir().unwrap();
    let pod = pods(FRONT).remove(0);
    let uid = node::uid("shop", &pod);
    let inside = node::own(&uid);
    let forward = Forward::start(&kubeconfig(), "shop", &format!("pod/{pod}"), 8080);
    let mut stream = TcpStream::connect(("127.0.0.1", forward.port)).unwrap();
    stream.set_read_timeout(Some(Duration::from_secs(10))).unwrap();
    let mut ask = || {
        stream.write_all(b"GET /healthz HTTP/1.1\r\nHost: x\r\n\r\n").unwrap();
        let mut buffer = [0; 4096];
        let count = stream.read(&mut buffer).unwrap();
        assert!(String::from_utf8_lossy(&buffer[..count]).starts_with("HTTP/1.1 "), "the connection goes on");
    };
    let state = || {
        let text = kubectl::stdout(&kubeconfig(), &["get", "pod", "-n", "shop", &pod, "-o", "json"]);
        let mut object: Value = serde_json::from_str(&text).unwrap();
        let spec = object["spec"].as_object_mut().unwrap();
        spec.remove("ephemeralContainers");
        let net = |words: &[&str]| {
            let output = node::within(inside, words);
            assert!(output.status.success(), "{words:?}: {}", errors(&output));
            out(&output)
        };
        let started = std::fs::read_to_string(format!("/proc/{inside}/stat")).unwrap();
        let started = started.rsplit(')').next().unwrap().split(' ').nth(20).unwrap().to_owned();
        let links: Vec<String> =
            net(&["ip", "-d", "link"]).lines().map(|line| line.split(" numtx").next().unwrap().to_owned()).collect();
        (
            object["spec"].clone(),
            object["metadata"]["labels"].clone(),
            object["status"]["containerStatuses"].clone(),
            started,
            [
                links.join("\n"),
                net(&["ip", "addr"]),
                net(&["ip", "route", "show", "table", "all"]),
                net(&["nft", "list", "ruleset"]),
                net(&["tc", "qdisc"]),
            ],
        )
    };
    ask();
    let before = state();
    let running = Running::start(tap(home.path(), &["-n", "shop", "--pod", &pod, "-o", "jsonl"]).stdout(Stdio::null()));
    running.wait("captured", |running| running.said().contains("capturing"));
    ask();
    assert_eq!(state(), before, "while it is tapped");
    assert!(running.end().0.success());
    ask();
    assert_eq!(state(), before, "and afterwards");
}

/// Every object of the cluster, as text.
fn objects() -> String {
    let kinds = kubectl::stdout(&kubeconfig(), &["api-resources", "--verbs=list", "-o", "name"]);
    let kinds: Vec<&str> = kinds.lines().filter(|kind| !kind.starts_with("componentstatuses")).collect();
    let text = kubectl::kubectl(&kubeconfig(), &["get", &kinds.join(","), "-A", "-o", "json", "--ignore-not-found"]);
    // Metrics may be away; everything else is there.
    assert!(text.stdout.len() > 100_000, "{}", errors(&text));
    out(&text)
}

/// Files under a folder that hold a text.
fn holding(folder: &Path, what: &[u8], found: &mut Vec<String>) {
    for entry in std::fs::read_dir(folder).into_iter().flatten().flatten() {
        let path = entry.path();
        let Ok(kind) = entry.file_type() else { continue };
        if kind.is_dir() {
            holding(&path, what, found);
        } else if kind.is_file()
            && let Ok(bytes) = std::fs::read(&path)
            && bytes.windows(what.len()).any(|window| window == what)
        {
            found.push(path.display().to_string());
        }
    }
}

#[test]
fn cap_d_19_a_key_in_the_environment_gets_nowhere() {
    let _alone = alone();
    const CANARY: &str = "sk-ant-canary-3f9a1c77e2d84b60";
    let home = tempfile::tempdir().unwrap();
    let words = ["-n", "shop", "-l", FRONT, "-o", "jsonl", "--duration", "4", "--log", "trace"];
    let output = tap(home.path(), &words).env("ANTHROPIC_API_KEY", CANARY).output().unwrap();
    assert!(output.status.success() && errors(&output).contains("capturing"), "{}", errors(&output));
    assert!(!errors(&output).contains(CANARY) && !out(&output).contains(CANARY));
    let console = Console::start_with(Some(&kubeconfig()), &["--log", "debug"], &[("ANTHROPIC_API_KEY", CANARY)]);
    let token = format!("x-quarterdeck-token: {}", console.token());
    let page = curl::curl(&format!("{}/", console.base), &["-H", &token]).body;
    let assets: Vec<&str> = page.split('"').filter(|word| word.starts_with("/assets/")).collect();
    assert!(!page.contains(CANARY) && !console.said().contains(CANARY));
    for asset in &assets {
        let body = curl::curl(&format!("{}{asset}", console.base), &["-H", &token, "--compressed"]).body;
        assert!(!body.contains(CANARY), "{asset}");
    }
    assert!(!assets.is_empty(), "{page}");
    let mut found = Vec::new();
    holding(home.path(), CANARY.as_bytes(), &mut found);
    holding(console.home(), CANARY.as_bytes(), &mut found);
    // the logs of the cluster's own programs, and of pods on the node
    let logs = e2e::env("QD_E2E_AUDIT_LOG").parent().unwrap().to_owned();
    holding(&logs, CANARY.as_bytes(), &mut found);
    holding(&logs.parent().unwrap().join("node/var/log"), CANARY.as_bytes(), &mut found);
    assert_eq!(found, Vec::<String>::new());
    let all = objects();
    assert!(all.contains("qd-tap-") && !all.contains(CANARY));
}

/// Rules in the network of a pod that are gone with this.
struct Wall(u32);

impl Wall {
    /// Nothing comes in or goes out but within the pod.
    fn around(pid: u32) -> Self {
        let wall = Self(pid);
        let rules = "table inet qdtest { \
            chain in { type filter hook input priority 0; policy drop; iif lo accept; }; \
            chain out { type filter hook output priority 0; policy drop; oif lo accept; }; }";
        let done = node::within(pid, &["nft", rules]);
        assert!(done.status.success(), "nft (Debian package nftables): {}", errors(&done));
        wall
    }
}

impl Drop for Wall {
    fn drop(&mut self) {
        let _ = node::within(self.0, &["nft", "delete table inet qdtest"]);
    }
}

#[test]
fn cap_d_16_a_pod_that_may_speak_to_nobody_is_tapped_and_its_loopback_is_seen() {
    let _alone = alone();
    let home = tempfile::tempdir().unwrap();
    let namespace = Namespace::plain("tap-walled");
    let inside = node::own(&node::uid(namespace.name(), "one"));
    let ask = |path: &str, host: &str| {
        let url = format!("http://{host}:8080{path}");
        node::within(inside, &["curl", "-sS", "--max-time", "2", "-o", "/dev/null", &url])
    };
    let words = ["get", "pod", "one", "-n", namespace.name(), "-o", "jsonpath={.status.podIP}"];
    let address = kubectl::stdout(&kubeconfig(), &words);
    let _wall = Wall::around(inside);
    let outside = Command::new("curl").args(["-sS", "--max-time", "2", &format!("http://{address}:8080/")]).output();
    assert!(!outside.unwrap().status.success(), "the wall stands");
    let tap = Tapping::start(home.path(), &["-n", namespace.name()]);
    assert!(ask("/within", "127.0.0.1").status.success());
    let seen = tap.wait(1, |record| record["kind"] == "http" && record["path"] == "/within");
    assert_eq!((&seen[0]["dst"]["ip"], &seen[0]["pair"]), (&"127.0.0.1".into(), &"ok".into()));
    assert_eq!(tap.stop(), Some(0));
}
