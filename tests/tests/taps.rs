//! Taps behind the console: started over REST on the demo's pods, read through the socket, exported, stopped.

#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic, clippy::indexing_slicing, missing_docs)]

#[path = "taps/desk.rs"]
mod desk;
#[path = "taps/filters.rs"]
mod filters;
#[path = "taps/kept.rs"]
mod kept;
#[path = "taps/packets.rs"]
mod packets;
#[path = "taps/rest.rs"]
mod rest;

use desk::{Desk, follow};
use e2e::curl::curl;
use e2e::tapping::{FRONT, PODS, alone};
use e2e::{kubeconfig, kubectl};
use serde_json::{Value, json};
use std::process::Command;
use std::time::{Duration, Instant};

#[tokio::test(flavor = "multi_thread")]
async fn cap_46a_records_of_a_tap_are_a_live_view_and_rest() {
    let _alone = PODS.lock().await;
    let desk = Desk::start(&[]);
    let tap = desk.tap();
    let list = json!({ "list": "taps", "len": 10 });
    let view = follow(&desk, list, "the tap runs", |view| {
        view.total == 1 && view.cells("state").iter().any(|state| state[0] == "running")
    });
    let view = view.await;
    assert_eq!(view.names.values().next().unwrap(), &tap);
    assert_eq!(*view.cells("title")[0], format!("-n shop -l {FRONT}"));

    // The view grows while nothing is asked for again.
    let query = json!({ "list": { "records": tap }, "len": 200, "filter": "where protocol = http and status != \"\"" });
    let view = follow(&desk, query, "requests come", |view| view.frames > 3 && view.total > 20).await;
    for (protocol, status) in view.cells("protocol").iter().zip(view.cells("status")) {
        assert_eq!(**protocol, "http");
        assert!(status[0].as_str().is_some_and(|text| !text.is_empty()), "{status}");
    }
    let times: Vec<i64> = view.cells("time").iter().map(|time| time.as_i64().unwrap()).collect();
    assert!(times.len() > 20 && times.iter().all(|time| *time > 1_700_000_000_000_000), "{times:?}");
    assert!(view.cells("wait").iter().any(|wait| wait.as_i64().is_some_and(|us| us > 0)));

    // A row's name is the record.
    let name = view.names.values().next().unwrap();
    let record = desk.call("GET", &format!("/taps/{tap}/records/{name}"), None).json();
    assert_eq!((&record["record"]["kind"], &record["record"]["n"]), (&json!("http"), &json!(name)));
    let flow = record["record"]["flow"].as_str().unwrap();
    let flow = desk.call("GET", &format!("/taps/{tap}/flows/{flow}"), None).json();
    assert!(flow["records"].as_array().unwrap().iter().any(|one| one["n"] == json!(name)), "{flow}");

    // The same as lines, chosen by an expression and cut to a number.
    let lines = desk.call("GET", &format!("/taps/{tap}/records?select=kind%3Dhttp&limit=5"), None);
    assert_eq!(lines.header("content-type"), Some("application/x-ndjson"));
    let lines: Vec<Value> = lines.body.lines().map(|line| serde_json::from_str(line).unwrap()).collect();
    assert!(lines.len() == 5 && lines.iter().all(|line| line["kind"] == "http" && line["tap"] == json!(tap)));
    let since = lines[4]["n"].as_str().unwrap();
    let more = desk.call("GET", &format!("/taps/{tap}/records?since={since}&limit=1"), None).json();
    assert!(more["n"].as_str().unwrap() > since, "{more}");
    let archive = desk.call("GET", &format!("/taps/{tap}/har"), None).json();
    assert_eq!(archive["log"]["version"], "1.2");
    assert!(!archive["log"]["entries"].as_array().unwrap().is_empty());

    // Stopped, its records stay; forgotten, nothing does.
    assert_eq!(desk.call("DELETE", &format!("/taps/{tap}"), None).status, 200);
    let ended = desk.until(&tap, "it ends", |tap| tap["state"] == "ended");
    assert!(ended["error"].is_null() && ended["totals"]["kept"].as_u64().unwrap() > 20, "{ended}");
    assert_eq!(desk.call("DELETE", &format!("/taps/{tap}?forget=true"), None).status, 200);
    assert_eq!(desk.call("GET", &format!("/taps/{tap}"), None).code(), "not_found");
}

#[test]
fn cap_n_10j_requests_between_two_tapped_pods_are_one_record_with_network_and_server_apart() {
    let _alone = alone();
    let desk = Desk::start(&[]);
    let selector = "app.kubernetes.io/name in (front,catalog)";
    let body = json!({ "cluster": desk.cluster, "namespaces": ["shop"], "selector": selector });
    let tap = desk.call("POST", "/taps", Some(&body)).json()["id"].as_str().unwrap().to_owned();
    desk.until(&tap, "pods of both are tapped", |tap| {
        let own = |name: &str| {
            let mut targets = tap["targets"].as_array().unwrap().iter();
            targets.any(|own| own["state"] == "capturing" && own["pod"].as_str().unwrap().starts_with(name))
        };
        own("front-") && own("catalog-")
    });
    let lines = |select: &str| -> Vec<Value> {
        let all = desk.call("GET", &format!("/taps/{tap}/records?select={select}"), None);
        all.body.lines().map(|line| serde_json::from_str(line).unwrap()).collect()
    };
    desk.until(&tap, "exchanges are joined", |_| lines("vantage%3Dboth").len() > 60);
    let both = lines("vantage%3Dboth");
    let (mut timed, mut seen) = (0, std::collections::BTreeSet::new());
    for record in &both {
        let int = |name: &str| record[name].as_i64().unwrap_or_else(|| panic!("{name} of {record}"));
        let (net, server) = (int("net_us"), int("server_us"));
        assert!(net >= 0 && server >= 0, "{record}");
        let whole = record["ttfb_us"].as_i64().or(record["latency_us"].as_i64()).unwrap();
        assert_eq!(net + server, whole, "{record}");
        assert!(record["pod"].as_str().unwrap().starts_with("shop/front-"), "{record}");
        let end = &record["peer"]["end"];
        assert!(end["pod"].as_str().is_some_and(|pod| pod.starts_with("catalog-")), "{record}");
        if let Some(way) = record.get("one_way") {
            let part = |name: &str| way[name].as_i64().unwrap();
            assert_eq!(part("there_us") + part("back_us"), net);
            let error = part("error_us") + 1_000;
            assert!(part("there_us") >= -error && part("back_us") >= -error, "{record}");
            timed += 1;
        }
        let key = (record["flow"].to_string(), record["stream"].to_string(), record["ts"].to_string());
        assert!(seen.insert(key), "twice: {record}");
    }
    assert!(timed > 0, "clocks are known after the first pings");
    // Calls over connections that are older than the tap, whose heads cannot be read: their streams and lengths tell them.
    assert!(both.iter().any(|record| record["method"] == "POST" && record["stream"].is_u64()), "{}", both[0]);
    // What the catalog saw of front's requests is in those records, and nowhere else.
    let alone = lines(
        "vantage%3Dserver+and+kind%3Dhttp+and+src.workload%3Ddeployment%2Ffront+and+dst.workload%3Ddeployment%2Fcatalog",
    );
    assert!(alone.len() * 10 < both.len(), "{} of {} stand alone: {}", alone.len(), both.len(), alone[0]);
    let query = desk.call("GET", &format!("/taps/{tap}/stats"), None).json();
    assert!(query["kinds"].as_array().unwrap().iter().any(|kind| kind["name"] == "http"), "{query}");
    let agents = desk.call("GET", &format!("/taps/{tap}/agents"), None).json();
    let agents = agents.as_array().unwrap();
    assert!(
        agents.iter().any(|one| one["clock_error_us"].as_u64().is_some() && one["mode"] == "packets"),
        "{agents:?}"
    );
}

/// The pods' address and port of a service of the shop.
fn endpoint(service: &str) -> String {
    let words = [
        "get",
        "endpoints",
        "-n",
        "shop",
        service,
        "-o",
        "jsonpath={.subsets[0].addresses[0].ip}:{.subsets[0].ports[0].port}",
    ];
    kubectl::stdout(&kubeconfig(), &words)
}

#[test]
fn cap_n_20n_keys_that_come_after_the_connection_read_what_is_kept_of_it() {
    let _alone = alone();
    let desk = Desk::start(&[]);
    let body = json!({ "cluster": desk.cluster, "namespaces": ["shop"], "selector": "app.kubernetes.io/name=pay" });
    let tap = desk.call("POST", "/taps", Some(&body)).json()["id"].as_str().unwrap().to_owned();
    desk.until(&tap, "it captures", |tap| tap["state"] == "running");
    let log = desk.console.home().join("keys.log");
    let url = format!("https://{}/late-keys", endpoint("pay"));
    let visit = || {
        let words = ["-sk", "--max-time", "10", "--noproxy", "*", "--http1.1", "-o", "/dev/null", &url];
        Command::new("curl").env("SSLKEYLOGFILE", &log).args(words).status().unwrap()
    };
    assert!(visit().success());
    let seen = || desk.call("GET", &format!("/taps/{tap}/records?select=path%3D%2Flate-keys"), None).body;
    std::thread::sleep(Duration::from_secs(2));
    assert_eq!(seen(), "", "without keys nothing is read");
    let send = || {
        let token = format!("x-quarterdeck-token: {}", desk.token);
        let data = format!("@{}", log.display());
        let words = ["-X", "POST", "-H", &token, "-H", "content-type: text/plain", "--data-binary", &data];
        curl(&format!("{}/api/v1/taps/{tap}/keys", desk.console.base), &words)
    };
    let taken = send();
    assert_eq!(taken.status, 200, "{}", taken.body);
    let taken = taken.json();
    assert!(taken["keys"].as_u64().unwrap() > 3 && taken["agents"].as_u64().unwrap() > 0, "{taken}");
    assert_eq!((&taken["records"], &taken["invalid"]), (&json!(1), &json!(0)), "{taken}");
    let record: Value = serde_json::from_str(&seen()).unwrap();
    let flow = record["flow"].as_str().unwrap();
    let flow = desk.call("GET", &format!("/taps/{tap}/flows/{flow}"), None).json();
    let kinds: Vec<&str> =
        flow["records"].as_array().unwrap().iter().map(|one| one["kind"].as_str().unwrap()).collect();
    assert!(
        kinds.contains(&"flow") && kinds.contains(&"tls") && kinds.contains(&"http"),
        "it is that connection's: {kinds:?}"
    );
    // The same keys again read nothing twice.
    assert_eq!(send().json()["records"], 0);
    assert_eq!(seen().lines().count(), 1);
    // An ended tap takes keys too; nobody can be told then.
    assert!(visit().success());
    std::thread::sleep(Duration::from_secs(1));
    assert_eq!(desk.call("DELETE", &format!("/taps/{tap}"), None).status, 200);
    desk.until(&tap, "it ends", |tap| tap["state"] == "ended");
    let taken = send().json();
    assert_eq!((&taken["agents"], &taken["records"]), (&json!(0), &json!(1)), "{taken}");
    let secret = std::fs::read_to_string(&log).unwrap();
    let secret = secret.lines().find(|line| line.starts_with("CLIENT_TRAFFIC")).unwrap();
    let secret = secret.rsplit(' ').next().unwrap();
    let grep = Command::new("grep").args(["-rlaF", secret]).arg(desk.console.home()).output().unwrap();
    let files = String::from_utf8(grep.stdout).unwrap();
    assert!(files.lines().all(|file| file.ends_with("keys.log")), "a key is in a file of ours: {files}");
}

#[test]
fn cap_27c_a_pause_lets_packets_pass_unseen_and_a_filter_can_be_tried_before() {
    let _alone = alone();
    let desk = Desk::start(&[]);
    let body = json!({ "cluster": desk.cluster, "namespaces": ["shop"], "selector": FRONT, "body": 100 });
    let too_much = json!({ "cluster": desk.cluster, "namespaces": ["shop"], "body": 300_000 });
    assert_eq!(desk.call("POST", "/taps", Some(&too_much)).code(), "limit_reached");
    let tap = desk.call("POST", "/taps", Some(&body)).json()["id"].as_str().unwrap().to_owned();
    desk.until(&tap, "packets come", |tap| tap["totals"]["spooled"].as_u64().unwrap() > 200_000);
    let tried = |filter: &str| desk.call("GET", &format!("/taps/{tap}/preview?bpf={filter}"), None).json();
    let (all, tcp, none) = (tried(""), tried("tcp"), tried("tcp+port+1"));
    assert!(all["matches"] == all["of"] && all["of"].as_u64().unwrap() > 200, "{all}");
    assert!(tcp["matches"].as_u64().unwrap() > 100 && none["matches"] == 0, "{tcp} {none}");
    let longest = |records: &str| -> usize {
        let bodies = records.lines().map(|line| serde_json::from_str::<Value>(line).unwrap());
        bodies.filter_map(|one| one["response"]["body"].as_str().map(str::len)).max().unwrap_or(0)
    };
    let records = desk.call("GET", &format!("/taps/{tap}/records?select=kind%3Dhttp"), None).body;
    assert!((1..=100).contains(&longest(&records)), "{}", longest(&records));

    let paused = desk.call("PATCH", &format!("/taps/{tap}"), Some(&json!({ "paused": true }))).json();
    assert_eq!((&paused["paused"], &paused["filter"]), (&json!(true), &json!("")));
    std::thread::sleep(Duration::from_secs(2));
    let count = || desk.detail(&tap)["totals"]["packets"].as_u64().unwrap();
    let before = count();
    std::thread::sleep(Duration::from_secs(3));
    assert_eq!(count(), before, "a paused tap looks at packets");
    let mark = desk.call("POST", &format!("/taps/{tap}/marks"), Some(&json!({ "text": "while it was paused" })));
    assert_eq!(mark.status, 200, "{}", mark.body);
    desk.call("PATCH", &format!("/taps/{tap}"), Some(&json!({ "paused": false })));
    desk.until(&tap, "packets come again", |tap| tap["totals"]["packets"].as_u64().unwrap() > before + 50);
    let told = desk.call("GET", &format!("/taps/{tap}/records?select=kind%3Dtap"), None).body;
    let told: Vec<Value> = told.lines().map(|line| serde_json::from_str(line).unwrap()).collect();
    let told: Vec<&str> = told.iter().map(|one| one["state"].as_str().unwrap()).collect();
    assert!(told.windows(3).any(|three| three == ["paused", "mark", "resumed"]), "{told:?}");
    assert_eq!(desk.call("GET", &format!("/taps/{tap}/marks"), None).json()[0]["text"], "while it was paused");
    let schema = desk.call("GET", &format!("/taps/{tap}/schemas"), None);
    assert!(schema.json()["$defs"]["flow"].is_object(), "{}", &schema.body[..200]);
}

#[test]
fn cap_27a_another_filter_is_in_force_at_once_and_stands_in_the_list() {
    let _alone = alone();
    let desk = Desk::start(&[]);
    let tap = desk.tap();
    desk.until(&tap, "records come", |tap| tap["totals"]["records"].as_u64().unwrap() > 5);
    let wrong = desk.call("PATCH", &format!("/taps/{tap}"), Some(&json!({ "filter": "port nonsense" })));
    assert_eq!(wrong.code(), "filter_syntax");
    let changed = desk.call("PATCH", &format!("/taps/{tap}"), Some(&json!({ "filter": "udp port 53" })));
    assert_eq!(changed.json()["filter"], "udp port 53", "{}", changed.body);
    std::thread::sleep(Duration::from_secs(1));
    let told = desk.call("GET", &format!("/taps/{tap}/records?select=kind%3Dtap"), None);
    assert!(told.body.contains("filter_changed"), "{}", told.body);
    let since = desk.detail(&tap)["totals"]["records"].as_u64().unwrap();
    std::thread::sleep(Duration::from_secs(4));
    let lines = desk.call("GET", &format!("/taps/{tap}/records?since={since}&select=kind%3Dhttp"), None);
    assert_eq!(lines.body, "", "requests come through a filter of DNS");
    let map = desk.call("GET", &format!("/taps/{tap}/map"), None).json();
    assert!(map["edges"].as_array().unwrap().iter().any(|edge| edge["protocol"] == "http"), "{map}");
    let sums = desk.call("GET", &format!("/taps/{tap}/histograms?select=kind%3Dhttp"), None).json();
    let measured = |group: &Value| group["us"]["p50"].as_u64().is_some_and(|us| us > 0);
    assert!(sums["groups"].as_array().unwrap().iter().any(measured), "{sums}");
}

#[test]
fn cap_n_27_what_is_done_with_a_tap_from_start_to_stop_is_decided_and_in_the_journal() {
    let _alone = alone();
    let mut desk = Desk::start(&[]);
    let tap = desk.tap();
    desk.until(&tap, "records come", |tap| tap["totals"]["records"].as_u64().unwrap() > 5);
    let first = desk.call("GET", &format!("/taps/{tap}/records?limit=1"), None).json();
    let name = first["n"].as_str().unwrap().to_owned();
    assert_eq!(desk.call("GET", &format!("/taps/{tap}/records/{name}"), None).status, 200);
    assert_eq!(desk.call("GET", &format!("/taps/{tap}/pcapng"), None).status, 200);
    let changed = desk.call("PATCH", &format!("/taps/{tap}"), Some(&json!({ "filter": "tcp port 4321" })));
    assert_eq!(changed.status, 200, "{}", changed.body);
    assert_eq!(desk.call("POST", &format!("/taps/{tap}/reset"), None).status, 200);
    assert_eq!(desk.call("GET", &format!("/taps/{tap}/records/{name}"), None).code(), "not_found");
    assert_eq!(desk.call("DELETE", &format!("/taps/{tap}"), None).status, 200);
    desk.until(&tap, "it ends", |tap| tap["state"] == "ended");
    let _second = desk.tap();
    // The end of the console ends the agents: each has said its last word by then.
    let began = Instant::now();
    assert_eq!(desk.console.stop(), Some(0));
    assert!(began.elapsed() < Duration::from_secs(15));
    let journal = desk.console.journal();
    for entry in ["tap:start allow", "tap:export allow", "tap:payload allow", "tap:control allow", "tap:start done"] {
        assert!(journal.contains(entry), "{entry} is missing in {journal}");
    }
    let of = |action: &str, words: &str| {
        let is = |line: &&str| line.contains(action) && line.contains(words) && line.contains(&tap);
        journal.lines().filter(is).count()
    };
    for (action, words) in [("tap:export", "jsonl"), ("tap:export", "pcapng"), ("tap:payload", &name)] {
        assert!(of(action, words) > 0, "{action} {words} is missing in {journal}");
    }
    for words in ["tcp port 4321", "reset", "stop"] {
        assert!(of("tap:control", words) > 0, "{words} is missing in {journal}");
    }
    assert!(!journal.contains("items.shop"), "what was captured is in the journal");
}

#[test]
fn cap_20i_agents_of_a_console_are_its_users_and_clean_leaves_them_while_it_leads_them() {
    let _alone = alone();
    let desk = Desk::start(&[]);
    let tap = desk.tap();
    desk.until(&tap, "packets come", |tap| tap["totals"]["packets"].as_u64().unwrap() > 0);
    let kubeconfig = kubeconfig();
    let qd = |words: &[&str]| {
        let output = desk.console.qd(Some(&kubeconfig)).args(words).output().unwrap();
        assert!(output.status.success(), "{words:?}: {}", e2e::errors(&output));
        let lines = e2e::out(&output);
        lines.lines().map(|line| serde_json::from_str::<Value>(line).unwrap()).collect::<Vec<_>>()
    };
    let cleaned = qd(&["tap", "clean", "-n", "shop", "-o", "jsonl"]);
    let mine: Vec<&Value> = cleaned.iter().filter(|row| row["whose"] == "yours").collect();
    assert!(mine.len() == desk.detail(&tap)["targets"].as_array().unwrap().len(), "{cleaned:?}");
    assert!(mine.iter().all(|row| row["done"] == "left"), "{cleaned:?}");
    let before = desk.detail(&tap)["totals"]["packets"].as_u64().unwrap();
    desk.until(&tap, "it goes on", |tap| tap["totals"]["packets"].as_u64().unwrap() > before + 10);
    // The same user's next tap does not take them from it.
    let words = ["tap", "-n", "shop", "-l", FRONT, "--duration", "3", "-o", "jsonl"];
    assert!(!qd(&words).is_empty(), "a tap beside that of the console sees nothing");
    assert_eq!(desk.detail(&tap)["state"], "running");
}

#[test]
fn cap_19f_agents_of_the_console_wait_for_its_next_tap_and_end_with_it() {
    let _alone = alone();
    let mut desk = Desk::start(&[]);
    let kubeconfig = kubeconfig();
    let home = tempfile::tempdir().unwrap();
    let listed = |home: &std::path::Path| {
        e2e::tapped::rows(&e2e::tapped::qd(home, &kubeconfig, &["tap", "list", "-n", "shop", "-o", "jsonl"]))
    };
    let before: Vec<Value> = listed(home.path()).iter().map(|one| one["container"].clone()).collect();
    let ours =
        |rows: Vec<Value>| rows.into_iter().filter(|one| !before.contains(&one["container"])).collect::<Vec<_>>();
    let tapped = || {
        let tap = desk.tap();
        let detail = desk.until(&tap, "packets come", |tap| tap["totals"]["packets"].as_u64().unwrap() > 0);
        let stopped = desk.call("DELETE", &format!("/taps/{tap}"), None);
        assert_eq!(stopped.status, 200, "{}", stopped.body);
        desk.until(&tap, "it ended", |tap| tap["state"] == "ended");
        detail
    };
    tapped();
    let first = ours(listed(home.path()));
    assert!(!first.is_empty() && first.iter().all(|one| one["tap"] == "" && one["state"] == "running"), "{first:?}");
    // The next takes them again: nothing is added to any pod.
    let detail = tapped();
    let names =
        |rows: &[Value]| rows.iter().map(|one| one["container"].to_string()).collect::<std::collections::BTreeSet<_>>();
    let second = ours(listed(home.path()));
    assert_eq!(names(&first), names(&second), "{detail}");
    // So does a tap of the same user beside it, who has the same key; it ends what it took.
    let words = ["tap", "-n", "shop", "-l", FRONT, "--duration", "2", "-o", "jsonl"];
    let output = desk.console.qd(Some(&kubeconfig)).args(words).output().unwrap();
    let said = e2e::errors(&output);
    assert!(output.status.success() && said.contains("is taken again") && !said.contains(" added ("), "{said}");
    e2e::until("gone", Duration::from_secs(20), || ours(listed(home.path())).is_empty());
    // What waits when the console ends, ends with it, by a decision of its own.
    tapped();
    assert!(!ours(listed(home.path())).is_empty());
    desk.console.stop();
    let left = ours(listed(home.path()));
    assert!(left.is_empty(), "{left:?}");
    let output = desk
        .console
        .qd(Some(&kubeconfig))
        .args(["audit", "query", "--action", "tap:control", "-o", "jsonl"])
        .output()
        .unwrap();
    let ended = e2e::out(&output);
    let pod = first[0]["pod"].as_str().unwrap();
    assert!(ended.contains(&format!("end in shop/{pod}")), "{ended}");
}

#[test]
fn cap_53d_a_filter_with_objects_of_the_cluster_can_be_tried_before() {
    let _alone = alone();
    let desk = Desk::start(&[]);
    let tap = desk.tap();
    desk.until(&tap, "packets come", |tap| tap["totals"]["spooled"].as_u64().unwrap() > 100_000);
    let tried = |filter: &str| desk.call("GET", &format!("/taps/{tap}/preview?bpf={filter}"), None);
    let chosen = tried("svc+orders").json();
    let matches = chosen["matches"].as_u64().unwrap();
    assert!(matches > 0 && matches < chosen["of"].as_u64().unwrap(), "{chosen}");
    assert_eq!(tried("svc+nobody").code(), "filter_host_unknown");
}

#[test]
fn cap_61a_read_only_denies_taps_and_strangers_get_nothing() {
    let desk = Desk::start(&["--read-only"]);
    let body = json!({ "cluster": desk.cluster, "namespaces": ["shop"] });
    assert_eq!(desk.call("POST", "/taps", Some(&body)).code(), "read_only");
    assert_eq!(desk.call("GET", "/taps", None).body.trim(), "[]");
    for (method, path) in [("GET", "/taps"), ("POST", "/taps"), ("GET", "/taps/0f/records"), ("DELETE", "/taps/0f")] {
        let url = format!("{}/api/v1{path}", desk.console.base);
        assert_eq!(curl(&url, &["-X", method]).status, 401, "{method} {path}");
        let token = format!("x-quarterdeck-token: {}", desk.token);
        let foreign = curl(&url, &["-X", method, "-H", &token, "-H", "origin: http://evil.example"]);
        assert_eq!(foreign.status, 403, "{method} {path}");
    }
}
