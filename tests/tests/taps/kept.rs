//! What a tap that runs is asked: other filters, figures, keys in its files; and how it stands while it cannot be reached.

use super::desk::Desk;
use super::endpoint;
use e2e::between::Between;
use e2e::console::Console;
use e2e::curl::curl;
use e2e::node;
use e2e::tapping::alone;
use e2e::tshark::tshark;
use serde_json::{Value, json};
use std::cell::Cell;
use std::process::Command;
use std::time::Duration;

#[test]
fn cap_d_29_what_keys_have_opened_is_opened_in_the_file_too_by_those_of_its_connections_alone() {
    let _alone = alone();
    let desk = Desk::start(&[]);
    let pods = json!({ "cluster": desk.cluster, "namespaces": ["shop"], "selector": "app.kubernetes.io/name=pay" });
    let begin = |more: Value| {
        let mut body = pods.clone();
        body.as_object_mut().unwrap().extend(more.as_object().unwrap().clone());
        let answer = desk.call("POST", "/taps", Some(&body));
        assert_eq!(answer.status, 200, "{}", answer.body);
        answer.json()["id"].as_str().unwrap().to_owned()
    };
    let full = begin(json!({ "packets": "full", "unredacted": true, "answers": { "confirm": true } }));
    let masked = begin(json!({ "packets": "masked" }));
    for tap in [&full, &masked] {
        desk.until(tap, "it captures", |tap| tap["state"] == "running");
    }
    let (log, server) = (desk.console.home().join("keys.log"), endpoint("pay"));
    let port = server.rsplit(':').next().unwrap();
    for path in ["one-by-keys", "two-by-keys"] {
        let url = format!("https://{server}/{path}");
        let words = ["-sk", "--max-time", "10", "--noproxy", "*", "--http1.1", "-o", "/dev/null", &url];
        assert!(Command::new("curl").env("SSLKEYLOGFILE", &log).args(words).status().unwrap().success());
    }
    let decode = format!("tls.port=={port},http");
    let requests = |query: &str| {
        let file = desk.file(&format!("/taps/{full}/pcapng{query}"));
        let words = ["-d", &format!("tcp.port=={port},tls"), "-d", &decode, "-Y", "http.request", "-T", "fields"];
        let all = tshark(&file, &[&words[..], &["-e", "http.request.uri"]].concat());
        (all, std::fs::read(file).unwrap())
    };
    std::thread::sleep(Duration::from_secs(2));
    assert_eq!(requests("").0, Vec::<String>::new(), "without keys nothing is to be read");
    for tap in [&full, &masked] {
        let token = format!("x-quarterdeck-token: {}", desk.token);
        let data = format!("@{}", log.display());
        let words = ["-X", "POST", "-H", &token, "-H", "content-type: text/plain", "--data-binary", &data];
        let taken = curl(&format!("{}/api/v1/taps/{tap}/keys", desk.console.base), &words);
        assert_eq!(taken.json()["records"], 2, "{}", taken.body);
    }
    let (all, _) = requests("");
    assert_eq!(all, ["/one-by-keys", "/two-by-keys"]);
    // Of one connection the file has its own keys, and the other's not.
    let chosen = desk.call("GET", &format!("/taps/{full}/records?select=path%3D%22%2Ftwo-by-keys%22"), None).json();
    let (one, bytes) = requests(&format!("?flow={}", chosen["flow"].as_str().unwrap()));
    assert_eq!(one, ["/two-by-keys"]);
    let text = std::fs::read_to_string(&log).unwrap();
    let mut randoms: Vec<&str> = text.lines().filter_map(|line| line.split(' ').nth(1)).collect();
    randoms.sort_unstable();
    randoms.dedup();
    let has = |bytes: &[u8], word: &str| bytes.windows(word.len()).any(|part| part == word.as_bytes());
    assert_eq!(randoms.iter().filter(|random| has(&bytes, random)).count(), 1, "of {}", randoms.len());
    // Keys would take the mask away that a masked tap lays over secrets.
    let bytes = std::fs::read(desk.file(&format!("/taps/{masked}/pcapng"))).unwrap();
    assert!(bytes.len() > 2_000 && !randoms.iter().any(|random| has(&bytes, random)));
}

#[test]
fn cap_45_clear_erases_records_and_packets_and_what_comes_next_is_kept() {
    let _alone = alone();
    let desk = Desk::start(&[]);
    let tap = desk.tap();
    let token = format!("x-quarterdeck-token: {}", desk.token);
    // Epoch seconds of the first record and of the first packet that are kept.
    let first = || -> (f64, f64) {
        let all = curl(&format!("{}/api/v1/taps/{tap}/records?limit=10000", desk.console.base), &["-H", &token]);
        let record = all.body.lines().map(|line| serde_json::from_str::<Value>(line).unwrap());
        let record = record.filter(|one| one["kind"] != "tap").filter_map(|one| one["ts"].as_f64()).reduce(f64::min);
        let file = desk.file(&format!("/taps/{tap}/pcapng"));
        let packet = tshark(&file, &["-T", "fields", "-e", "frame.time_epoch"]);
        let packet = packet.iter().map(|line| line.parse::<f64>().unwrap()).reduce(f64::min);
        (record.unwrap() / 1e6, packet.unwrap())
    };
    let enough = |tap: &Value, than: u64| tap["totals"]["records"].as_u64() > Some(than + 60);
    desk.until(&tap, "records come", |tap| enough(tap, 0));
    let before = first();
    std::thread::sleep(Duration::from_secs(8));
    let told = desk.detail(&tap)["totals"]["records"].as_u64().unwrap();
    let cleared = desk.call("POST", &format!("/taps/{tap}/reset"), None);
    assert_eq!((cleared.status, &cleared.json()["state"]), (200, &json!("running")), "{}", cleared.body);
    desk.until(&tap, "it goes on", |tap| enough(tap, told));
    let after = first();
    // What was on its way from the pod is of the second before.
    assert!(after.0 > before.0 + 6.0 && after.1 > before.1 + 6.0, "{before:?} {after:?}");
    let said = desk.call("GET", &format!("/taps/{tap}/records?select=kind%3Dtap"), None);
    assert!(said.body.contains("erased"), "{}", said.body);
}

#[test]
fn cap_f_08_a_filter_that_is_none_is_refused_with_its_place_and_the_one_before_stays() {
    let _alone = alone();
    let desk = Desk::start(&[]);
    let tap = desk.tap();
    desk.until(&tap, "records come", |tap| tap["totals"]["records"].as_u64().unwrap() > 5);
    let set = |filter: &str| desk.call("PATCH", &format!("/taps/{tap}"), Some(&json!({ "filter": filter })));
    assert_eq!(set("tcp port 8080").json()["filter"], "tcp port 8080");
    let long: Vec<String> = (0..3_000).map(|n| format!("host 10.{}.{}.1", n / 250, n % 250)).collect();
    for (wrong, code, column) in [
        ("tcp port 80 and\n (host )", "filter_syntax", Some((2, 8))),
        ("tcp port 80 and host shop.example", "filter_host_unknown", Some((1, 22))),
        ("tcp and svc nobody", "filter_host_unknown", Some((1, 13))),
        (&long.join(" or "), "filter_too_long", None),
    ] {
        let answer = set(wrong);
        assert!(answer.status >= 400 && answer.code() == code, "{}", answer.body);
        let details = &answer.json()["details"];
        assert_eq!(details["line"].as_u64().zip(details["column"].as_u64()), column, "{}", answer.body);
        let expects = details["expected"].as_array().is_some_and(|words| !words.is_empty());
        assert_eq!(expects, code == "filter_syntax", "{}", answer.body);
    }
    let now = desk.detail(&tap);
    assert_eq!((&now["filter"], now["filters"].as_array().unwrap().len()), (&json!("tcp port 8080"), 2), "{now}");
    let before = now["totals"]["packets"].as_u64().unwrap();
    desk.until(&tap, "it goes on", |tap| tap["totals"]["packets"].as_u64().unwrap() > before + 20);
    let file = desk.file(&format!(
        "/taps/{tap}/pcapng?from={}",
        now["filters"][1]["since_ms"].as_i64().unwrap() * 1000 + 2_000_000
    ));
    assert_eq!(tshark(&file, &["-Y", "!(tcp.port == 8080)"]), Vec::<String>::new(), "through the filter of before");
}

#[test]
fn cap_n_17_latencies_are_by_what_is_asked_for_and_figures_are_read_by_prometheus() {
    let _alone = alone();
    let desk = Desk::start(&[]);
    let tap = desk.tap();
    desk.until(&tap, "records come", |tap| tap["totals"]["records"].as_u64().unwrap() > 60);
    let groups = |by: &str| {
        let sums = desk.call("GET", &format!("/taps/{tap}/histograms?select=kind%3Dhttp&by={by}"), None).json();
        let all = sums["groups"].as_array().unwrap().clone();
        assert!(all.iter().any(|group| group["us"]["p99"].as_u64() > Some(0)), "{by}: {sums}");
        all.iter().map(|group| group["what"].as_str().unwrap().to_owned()).collect::<Vec<_>>()
    };
    assert!(groups("method").iter().any(|what| what == "GET"));
    assert!(groups("status").iter().any(|what| what == "200"));
    assert!(groups("peer").iter().any(|what| what.contains(':')));
    assert!(groups("vantage").iter().all(|what| ["client", "server", "both", "transit", ""].contains(&what.as_str())));
    assert!(groups("route,status").iter().any(|what| what.starts_with("GET ") && what.ends_with(" · 200")));
    assert_eq!(desk.call("GET", &format!("/taps/{tap}/histograms?by=color"), None).code(), "bad_request");
    let figures = desk.call("GET", &format!("/taps/{tap}/metrics?by=status"), None);
    assert!(figures.header("content-type").unwrap().starts_with("text/plain; version=0.0.4"));
    let value = |name: &str, labels: &[&str]| -> f64 {
        let mine = |line: &&str| {
            line.starts_with(&format!("{name}{{"))
                && labels.iter().all(|label| line.contains(label))
                && line.contains(&tap)
        };
        let line = figures.body.lines().find(mine).unwrap_or_else(|| panic!("{name}: {}", figures.body));
        line.rsplit(' ').next().unwrap().parse().unwrap()
    };
    assert!(value("qd_tap_records_total", &["kind=\"http\""]) > 5.0);
    assert!(value("qd_tap_packets_total", &[]) > 50.0);
    assert!(value("qd_tap_pods", &["state=\"capturing\""]) >= 1.0);
    let shares = ["0.5", "0.95", "0.99", "1"].map(|share| {
        let quantile = format!("quantile=\"{share}\"");
        value("qd_tap_kept_duration_seconds", &["kind=\"http\"", "what=\"200\"", &quantile])
    });
    assert!(shares.is_sorted() && shares[0] > 0.0 && shares[3] < 60.0, "{shares:?}");
    // Every line is one of the format.
    for line in figures.body.lines().filter(|line| !line.starts_with('#')) {
        let (name, number) = line.rsplit_once("} ").unwrap_or_else(|| panic!("{line}"));
        assert!(name.starts_with("qd_tap_") && number.parse::<f64>().is_ok(), "{line}");
    }
}

/// Asks the pod's loopback so many questions of DNS, and answers them.
const QUESTIONS: &str = "
import socket, struct, sys
server = socket.socket(socket.AF_INET, socket.SOCK_DGRAM); server.bind(('127.0.0.1', 53))
client = socket.socket(socket.AF_INET, socket.SOCK_DGRAM); client.connect(('127.0.0.1', 53))
for number in range(int(sys.argv[1])):
    question = b'\\x04name\\x07example\\x00\\x00\\x01\\x00\\x01'
    client.send(struct.pack('>HHHHHH', number, 0x0100, 1, 0, 0, 0) + question)
    asked, sender = server.recvfrom(512)
    server.sendto(asked[:2] + b'\\x81\\x80' + asked[4:], sender)
    client.recv(512)
";

#[test]
fn cap_f_10_what_did_not_fit_while_an_agent_was_not_to_be_reached_is_a_loss_of_exactly_so_many() {
    let _alone = alone();
    let home = tempfile::tempdir().unwrap();
    let between = Between::start();
    let console = Console::start(Some(&between.kubeconfig(home.path())), &[]);
    let usual = Desk::start(&[]);
    let desk = Desk { token: console.token(), cluster: usual.cluster.clone(), console };
    let space = e2e::tapped::Namespace::plain("tap-unreached");
    let inside = node::own(&node::uid(space.name(), "one"));
    let body =
        json!({ "cluster": desk.cluster, "namespaces": [space.name()], "filter": "udp port 53", "packets": "none" });
    let answer = desk.call("POST", "/taps", Some(&body));
    assert_eq!(answer.status, 200, "{}", answer.body);
    let tap = answer.json()["id"].as_str().unwrap().to_owned();
    let ask = |count: u32| {
        let done = node::within(inside, &["python3", "-c", QUESTIONS, &count.to_string()]);
        assert!(done.status.success(), "{}", e2e::errors(&done));
    };
    let lines = |select: &str| -> Vec<Value> {
        let all = desk.call("GET", &format!("/taps/{tap}/records?select={select}"), None);
        all.body.lines().map(|line| serde_json::from_str(line).unwrap()).collect()
    };
    desk.until(&tap, "it captures", |tap| tap["state"] == "running");
    ask(20);
    desk.until(&tap, "records come", |_| lines("kind%3Ddns").len() == 20);
    between.cut(true);
    let lost = desk.until(&tap, "it is told", |tap| tap["targets"][0]["lost_ms"].is_i64());
    assert_eq!(lost["state"], "running", "a stream that is opened again is no end: {lost}");
    ask(12_000);
    std::thread::sleep(Duration::from_secs(3));
    between.cut(false);
    let back = desk.until(&tap, "it is back", |tap| tap["targets"][0]["lost_ms"].is_null());
    assert_eq!(
        (&back["targets"][0]["state"], &back["targets"][0]["error"]),
        (&json!("capturing"), &Value::Null),
        "{back}"
    );
    // The next records stand behind those that are lost.
    ask(20);
    let last = |all: &[Value]| all.iter().filter_map(|one| one["seq"].as_u64()).max().unwrap_or(0);
    let sum = Cell::new((0, 0, 0));
    desk.until(&tap, "what came and what is lost is all there was", |_| {
        let all = lines("");
        let numbered = all.iter().filter(|one| one["seq"].is_u64()).count() as u64;
        let losses = all.iter().filter(|one| one["kind"] == "loss");
        let lost: u64 = losses.filter_map(|one| one["records"].as_u64()).sum();
        let whole = last(&all) + 1;
        if sum.replace((numbered, lost, whole)) != (numbered, lost, whole) {
            println!("{numbered} came, {lost} are lost, of {whole}");
        }
        lost > 0 && numbered + lost == whole && numbered > 40
    });
    let (came, lost, all) = sum.get();
    assert!(lost > 1_000 && came + lost == all && all > 12_000, "{sum:?}");
    assert!(desk.detail(&tap)["totals"]["lost"].is_u64());
    let mut numbers: Vec<u64> = lines("").iter().filter_map(|one| one["seq"].as_u64()).collect();
    numbers.sort_unstable();
    assert!(numbers.windows(2).all(|two| two[0] < two[1]), "none came twice");
}

/// A tap that follows a label, with one pod of it captured and some of its packets counted.
struct Followed {
    space: e2e::fresh::Fresh,
    tap: String,
    /// The process of the pod's agent.
    agent: u32,
}

impl Followed {
    fn one(desk: &Desk, name: &'static str) -> Self {
        let space = e2e::fresh::Fresh::new(name);
        space.pod("one", &json!({}));
        space.running("one");
        label(&space, "one");
        let body = json!({ "cluster": desk.cluster, "namespaces": [space.name()], "selector": "tapped=yes" });
        let tap = desk.call("POST", "/taps", Some(&body)).json()["id"].as_str().unwrap().to_owned();
        let running = desk.until(&tap, "it captures", |tap| tap["state"] == "running");
        let uid = node::uid(space.name(), "one");
        let words = ["curl", "-sS", "--max-time", "5", "-o", "/dev/null", "http://127.0.0.1:8080/before"];
        let _ = node::within(node::own(&uid), &words);
        desk.until(&tap, "counters came", |tap| tap["targets"][0]["totals"]["packets"].as_u64() > Some(4));
        let container = running["targets"][0]["container"].as_str().unwrap();
        let agent = node::agent(&uid, &format!("container {container} "));
        Self { space, tap, agent }
    }
}

fn label(space: &e2e::fresh::Fresh, pod: &str) {
    e2e::tapped::done(&["label", "pod", pod, "-n", space.name(), "tapped=yes"]);
}

#[test]
fn cap_f_15b_an_agent_that_was_killed_is_told_with_its_reason_and_counters_and_the_next_pod_is_tapped() {
    let _alone = alone();
    let desk = Desk::start(&[]);
    let Followed { space, tap, agent } = Followed::one(&desk, "tap-evicted");
    // As the kernel does for want of memory: the agent is what it ends first.
    e2e::signal(agent, "KILL");
    let failed = desk.until(&tap, "it is told", |tap| tap["targets"][0]["state"] == "failed");
    let own = &failed["targets"][0];
    let words = own["error"]["message"].as_str().unwrap();
    assert!(
        words.contains("ended") && (words.contains("137") || words.contains("Error")),
        "the kubelet's reason: {own}"
    );
    assert!(own["totals"]["packets"].as_u64() > Some(4), "its last counters: {own}");
    assert_eq!(failed["state"], "waiting", "pods of the selector are waited for: {failed}");
    // A pod that is evicted goes, and the one that comes in its stead is tapped.
    space.pod("two", &json!({}));
    label(&space, "two");
    let two = |tap: &Value, state: &str| tap["targets"][1]["pod"] == "two" && tap["targets"][1]["state"] == state;
    desk.until(&tap, "the second is captured", |tap| two(tap, "capturing"));
    let eviction = json!({ "apiVersion": "policy/v1", "kind": "Eviction",
        "metadata": { "name": "two", "namespace": space.name() } });
    let file = desk.console.home().join("eviction.json");
    std::fs::write(&file, eviction.to_string()).unwrap();
    let path = format!("/api/v1/namespaces/{}/pods/two/eviction", space.name());
    e2e::tapped::done(&["create", "--raw", &path, "-f", file.to_str().unwrap()]);
    let gone = desk.until(&tap, "it is gone", |tap| two(tap, "ended"));
    assert!(gone["targets"][1]["error"].is_null(), "to go is no failure: {gone}");
    space.pod("three", &json!({}));
    label(&space, "three");
    desk.until(&tap, "the third is captured", |tap| tap["targets"][2]["state"] == "capturing");
}

#[test]
fn cap_f_15_a_node_that_is_lost_is_an_agent_that_cannot_be_reached_and_the_next_pod_is_tapped() {
    let _alone = alone();
    let desk = Desk::start(&[]);
    let Followed { space, tap, agent } = Followed::one(&desk, "tap-lost");
    // Nothing of the node answers any more, and nobody says why.
    e2e::signal(agent, "STOP");
    e2e::until("it is opened again", Duration::from_secs(60), || {
        let own = &desk.detail(&tap)["targets"][0];
        own["lost_ms"].is_i64() || own["state"] == "failed"
    });
    e2e::until("it is told", Duration::from_secs(60), || desk.detail(&tap)["targets"][0]["state"] == "failed");
    let own = desk.detail(&tap)["targets"][0].clone();
    assert!(own["error"]["message"].as_str().unwrap().contains("cannot be reached again"), "{own}");
    assert!(own["totals"]["packets"].as_u64() > Some(4), "its last counters: {own}");
    // The cluster takes pods of such a node away without asking it, and others come elsewhere.
    e2e::tapped::done(&["delete", "pod", "one", "-n", space.name(), "--force", "--grace-period=0"]);
    space.pod("two", &json!({}));
    label(&space, "two");
    e2e::until("the second is captured", Duration::from_secs(90), || {
        let tap = desk.detail(&tap);
        tap["targets"][1]["pod"] == "two" && tap["targets"][1]["state"] == "capturing"
    });
}
