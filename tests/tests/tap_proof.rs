//! `qd tap` against witnesses: requests whose every byte is known, tshark on the packets, the API server's own lists.
#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic, clippy::indexing_slicing, missing_docs)]

use e2e::forward::Forward;
use e2e::tapped::Namespace;
use e2e::tapping::{FRONT, Tapping, alone, pods, tap};
use e2e::tshark::tshark;
use e2e::{console, errors, kubeconfig, kubectl, out};
use serde_json::Value;
use std::collections::BTreeSet;
use std::path::{Path, PathBuf};
use std::process::Command;

fn curl(words: &[&str]) -> String {
    let output = Command::new("curl").args(["-sS", "--max-time", "20"]).args(words).output().unwrap();
    assert!(output.status.success(), "{}", errors(&output));
    out(&output)
}

/// The name of one running pod of the shop.
fn pod(labels: &str) -> String {
    pods(labels).into_iter().next().expect("a running pod")
}

fn headers(side: &Value) -> Vec<(String, String)> {
    let text = |value: &Value| value.as_str().unwrap().to_owned();
    side["headers"].as_array().unwrap().iter().map(|pair| (text(&pair[0]), text(&pair[1]))).collect()
}

/// `> Name: value` lines of `curl -v`.
fn lines(verbose: &str, mark: &str) -> Vec<(String, String)> {
    let lines = verbose.lines().filter_map(|line| line.strip_prefix(mark)).map(str::trim_end);
    lines.filter_map(|line| line.split_once(": ")).map(|(name, value)| (name.to_owned(), value.to_owned())).collect()
}

#[test]
fn cap_a_03a_cap_a_05_requests_of_curl_are_there_with_every_header() {
    let _alone = alone();
    let home = tempfile::tempdir().unwrap();
    let front = pod(FRONT);
    let way = Forward::start(&kubeconfig(), "shop", &format!("pod/{front}"), 8080);
    let tap = Tapping::start(home.path(), &["-n", "shop", "--pod", &front]);
    let base = format!("http://127.0.0.1:{}", way.port);
    let mark = format!("proof-{}", std::process::id());
    let of_ours = |path: String| move |record: &Value| record["kind"] == "http" && record["path"] == path.as_str();

    // 200, with a header twice and one that is long.
    let verbose = {
        let url = format!("{base}/api/products?{mark}");
        let words =
            ["-sSv", "-H", "X-Twice: one", "-H", "X-Twice: two", "-H", &format!("X-Long: {}", "y".repeat(3000))];
        let output = Command::new("curl").args(words).arg(&url).output().unwrap();
        assert!(output.status.success());
        errors(&output)
    };
    let found = tap.wait(1, |record| record["kind"] == "http" && record["query"] == mark.as_str());
    let record = &found[0];
    assert_eq!((&record["method"], &record["status"], &record["pair"]), (&"GET".into(), &200.into(), &"ok".into()));
    assert_eq!(headers(&record["request"]), lines(&verbose, "> "));
    assert_eq!(headers(&record["response"]), lines(&verbose, "< "));

    // 404.
    assert!(curl(&["-o", "/dev/null", "-w", "%{http_code}", &format!("{base}/{mark}/none")]).contains("404"));
    let found = tap.wait(1, of_ours(format!("/{mark}/none")));
    assert_eq!(found[0]["status"], 404);

    // A body of known length, and one in chunks.
    let body = format!(r#"{{"product":"p-1","note":"{mark}"}}"#);
    for chunked in [false, true] {
        let path = format!("/api/cart/{mark}-{chunked}");
        let mut words = vec!["-o", "/dev/null", "-H", "Content-Type: application/json", "-d", &body];
        if chunked {
            words.extend(["-H", "Transfer-Encoding: chunked"]);
        }
        let url = format!("{base}{path}");
        words.push(&url);
        curl(&words);
        let found = tap.wait(1, of_ours(path));
        assert_eq!(found[0]["method"], "POST");
        assert_eq!(found[0]["request"]["len"], body.len(), "{}", found[0]["request"]);
        assert_eq!(found[0]["request"]["body"], body.as_str());
    }
    assert_eq!(tap.stop(), Some(0));
}

#[test]
fn cap_d_01a_each_request_of_one_connection_is_a_record() {
    let _alone = alone();
    let home = tempfile::tempdir().unwrap();
    let front = pod(FRONT);
    let way = Forward::start(&kubeconfig(), "shop", &format!("pod/{front}"), 8080);
    let tap = Tapping::start(home.path(), &["-n", "shop", "--pod", &front]);
    let mark = format!("/keep-{}", std::process::id());
    let url = format!("http://127.0.0.1:{}{mark}/[1-200]", way.port);
    // As many lines as requests; `0` where the connection was used again.
    let connects = curl(&["-o", "/dev/null", "-w", "%{num_connects}\\n", &url]);
    assert_eq!(connects.lines().filter(|line| *line == "1").count(), 1, "curl used one connection: {connects}");
    let ours = |record: &Value| {
        record["kind"] == "http" && record["path"].as_str().is_some_and(|path| path.starts_with(mark.as_str()))
    };
    let found = tap.wait(200, ours);
    assert_eq!(found.len(), 200);
    let paths: BTreeSet<&str> = found.iter().map(|record| record["path"].as_str().unwrap()).collect();
    let flows: BTreeSet<String> = found.iter().map(|record| record["flow"].to_string()).collect();
    assert_eq!((paths.len(), flows.len()), (200, 1), "each once, all of one flow");
    assert!(found.iter().all(|record| record["status"] == 404 && record["pair"] == "ok"));
    assert_eq!(tap.stop(), Some(0));
}

#[test]
fn cap_a_06_tls_is_what_tshark_says_of_the_same_packets() {
    let _alone = alone();
    let home = tempfile::tempdir().unwrap();
    let pay = pod("app.kubernetes.io/name=pay");
    let file = home.path().join("pay.pcapng");
    let way = Forward::start(&kubeconfig(), "shop", &format!("pod/{pay}"), 8443);
    let words = ["-n", "shop", "--pod", &pay, "--packets", "full", "--write", file.to_str().unwrap()];
    let tap = Tapping::start(home.path(), &words);
    for version in ["-tls1_2", "-tls1_3"] {
        let words =
            ["s_client", "-connect", &format!("127.0.0.1:{}", way.port), "-servername", "proof.example", version];
        let output = Command::new("openssl")
            .args(words)
            .args(["-alpn", "h2,http/1.1"])
            .stdin(std::process::Stdio::null())
            .output()
            .unwrap();
        assert!(out(&output).contains("Cipher"), "{}", errors(&output));
    }
    let found = tap.wait(2, |record| record["kind"] == "tls" && record["sni"] == "proof.example");
    assert_eq!(tap.stop(), Some(0));
    let words = ["-d", "tcp.port==8443,tls", "-Y", "tls.handshake.type == 2", "-T", "fields", "-e", "tcp.stream"];
    let fields = ["tls.handshake.ciphersuite", "tls.handshake.extensions.supported_version", "tls.handshake.version"];
    let theirs = tshark(&file, &[&words[..], &fields.map(|field| ["-e", field]).concat()].concat());
    let number = |text: &str| u32::from_str_radix(text.trim_start_matches("0x"), 16).unwrap();
    let versions: BTreeSet<u32> = theirs
        .iter()
        .map(|line| line.split('\t').collect::<Vec<_>>())
        .map(|cells| number(if cells[2].is_empty() { cells[3] } else { cells[2] }))
        .collect();
    for (record, wanted, code) in [(&found[0], "1.2", 0x0303), (&found[1], "1.3", 0x0304)] {
        assert!(record["version"].as_str().unwrap().contains(wanted), "{record}");
        assert!(versions.contains(&code), "{theirs:?}");
        assert!(record["cipher"].as_str().is_some_and(|cipher| cipher.starts_with("TLS_")), "{record}");
        assert!(record["hs_us"].as_u64().is_some_and(|us| us > 0 && us < 20_000_000), "{record}");
    }
}

/// A folder with `qd`, the C library it is linked to and a kubeconfig: what a container has that has nothing else.
fn empty_place(root: &Path) {
    for folder in ["proc", "dev", "tmp", "home"] {
        std::fs::create_dir_all(root.join(folder)).unwrap();
    }
    std::fs::copy(e2e::qd(), root.join("qd")).unwrap();
    std::fs::copy(kubeconfig(), root.join("config")).unwrap();
    let linked = out(&Command::new("ldd").arg(e2e::qd()).output().unwrap());
    let libraries: Vec<&str> = linked.split_whitespace().filter(|word| word.starts_with('/')).collect();
    let usual = ["libc.so", "libm.so", "libgcc_s.so", "ld-linux"];
    for library in libraries {
        assert!(usual.iter().any(|name| library.contains(name)), "a library that a machine may lack: {library}");
        let to = root.join(library.trim_start_matches('/'));
        std::fs::create_dir_all(to.parent().unwrap()).unwrap();
        std::fs::copy(library, to).unwrap();
    }
}

/// `/qd WORDS` in there, with the devices and the processes that every container has.
fn in_place(root: &Path, words: &[&str]) -> std::process::Output {
    let script = "mount -t proc proc \"$0/proc\" && mount --bind /dev \"$0/dev\" && \
        exec env -i HOME=/home KUBECONFIG=/config \"$(command -v chroot)\" \"$0\" /qd \"$@\"";
    let mut command = Command::new("unshare");
    command.args(["--mount", "--pid", "--fork", "--kill-child", "sh", "-c", script]).arg(root).args(words);
    command.env("PATH", "/usr/sbin:/usr/bin:/sbin:/bin").output().unwrap()
}

#[test]
fn cap_a_01_one_program_in_an_empty_place_is_enough_and_adds_the_ephemeral_entry_alone() {
    let _alone = alone();
    let home = tempfile::tempdir().unwrap();
    let kinds = kubectl::stdout(&kubeconfig(), &["api-resources", "--verbs=list", "-o", "name"]);
    // Events are how the kubelet tells of it; leases and metrics come and go by themselves.
    let apart = ["events", "events.events.k8s.io", "leases.coordination.k8s.io", "pods.metrics.k8s.io"];
    let kinds: Vec<&str> = kinds.lines().filter(|kind| !apart.contains(kind)).collect();
    let list = || {
        let words = ["get", &kinds.join(","), "-n", "shop", "-o", "name", "--ignore-not-found"];
        let text = kubectl::stdout(&kubeconfig(), &words);
        text.lines().map(str::to_owned).collect::<BTreeSet<_>>()
    };
    let front = pod(FRONT);
    let entries = || {
        let path = "jsonpath={.spec.ephemeralContainers[*].name}";
        kubectl::stdout(&kubeconfig(), &["get", "pod", &front, "-n", "shop", "-o", path]).split_whitespace().count()
    };
    let (before, had) = (list(), entries());
    let root = home.path().join("root");
    empty_place(&root);
    let output = in_place(&root, &["tap", "-n", "shop", "--pod", &front, "--count", "3", "-o", "jsonl"]);
    assert!(output.status.success(), "{}", errors(&output));
    assert_eq!(out(&output).lines().count(), 3, "{}", errors(&output));
    let during = list();
    // The shop's autoscaler may add a pod at any time.
    let new: Vec<&String> = during.difference(&before).filter(|name| !name.starts_with("pod/")).collect();
    assert!(new.is_empty(), "{new:?}");
    assert_eq!(entries(), had + 1);
}

#[test]
fn cap_d_26a_nothing_of_the_traffic_is_in_the_container_log() {
    let _alone = alone();
    let home = tempfile::tempdir().unwrap();
    let front = pod(FRONT);
    let way = Forward::start(&kubeconfig(), "shop", &format!("pod/{front}"), 8080);
    let tap = Tapping::start(home.path(), &["-n", "shop", "--pod", &front]);
    let canary = format!("/canary-{}", std::process::id());
    curl(&["-o", "/dev/null", &format!("http://127.0.0.1:{}{canary}", way.port)]);
    let _ = tap.wait(1, |record| record["path"] == canary.as_str());
    let path = "jsonpath={.spec.ephemeralContainers[-1:].name}";
    let container = kubectl::stdout(&kubeconfig(), &["get", "pod", &front, "-n", "shop", "-o", path]);
    let log = kubectl::kubectl(&kubeconfig(), &["logs", &front, "-n", "shop", "-c", container.trim()]);
    assert!(log.status.success(), "{}", errors(&log));
    assert!(!out(&log).contains("canary"), "{}", out(&log));
    assert_eq!(tap.stop(), Some(0));
}

/// A kubeconfig whose user is a service account with these rules in the shop.
fn user_with(home: &Path, name: &str, rules: &str) -> PathBuf {
    let objects = format!(
        "apiVersion: v1\nkind: ServiceAccount\nmetadata: {{name: {name}, namespace: shop}}\n---\n\
         apiVersion: rbac.authorization.k8s.io/v1\nkind: Role\nmetadata: {{name: {name}, namespace: shop}}\nrules: {rules}\n---\n\
         apiVersion: rbac.authorization.k8s.io/v1\nkind: RoleBinding\nmetadata: {{name: {name}, namespace: shop}}\n\
         roleRef: {{apiGroup: rbac.authorization.k8s.io, kind: Role, name: {name}}}\n\
         subjects: [{{kind: ServiceAccount, name: {name}, namespace: shop}}]\n"
    );
    kubectl::apply(&kubeconfig(), &objects);
    kubectl::account(&kubeconfig(), "shop", name, home)
}

fn without(name: &str) {
    let _ =
        kubectl::kubectl(&kubeconfig(), &["delete", "sa,role,rolebinding", name, "-n", "shop", "--ignore-not-found"]);
}

const PODS_ONLY: &str = r#"[{apiGroups: [""], resources: [pods], verbs: [get, list, watch]}]"#;
const ENOUGH: &str = r#"[{apiGroups: [""], resources: [pods], verbs: [get, list, watch]}, {apiGroups: [""], resources: [pods/ephemeralcontainers], verbs: [patch]}, {apiGroups: [""], resources: [pods/exec], verbs: [get, create]}]"#;

#[test]
fn cap_n_05a_cap_f_02a_the_rights_of_one_namespace_are_enough_and_a_missing_one_is_named() {
    let _alone = alone();
    let home = tempfile::tempdir().unwrap();
    let name = format!("tapper-{}", std::process::id());
    let front = pod(FRONT);
    let words = ["tap", "-n", "shop", "--pod", &front, "--duration", "3", "-o", "jsonl"];
    let config = user_with(home.path(), &name, PODS_ONLY);
    let output = console::command(home.path(), Some(&config)).args(words).output().unwrap();
    let text = errors(&output);
    assert_eq!(output.status.code(), Some(3), "{text}");
    assert!(text.contains("tap_forbidden") && text.contains("ephemeralcontainers") && text.contains("shop"), "{text}");
    let config = user_with(home.path(), &name, ENOUGH);
    let output = console::command(home.path(), Some(&config)).args(words).output().unwrap();
    without(&name);
    assert!(output.status.success(), "{}", errors(&output));
    assert!(!output.stdout.is_empty(), "{}", errors(&output));
}

#[test]
fn cap_f_05a_an_image_that_is_not_there_is_said_with_the_kubelets_reason() {
    let _alone = alone();
    let home = tempfile::tempdir().unwrap();
    // a container that waits for its image stays in the pod for as long as the pod is there
    let namespace = Namespace::plain("tap-absent");
    let words = ["-n", namespace.name(), "--pod", "one", "--image", "images.invalid/absent:1", "-o", "jsonl"];
    let output = tap(home.path(), &words).output().unwrap();
    let text = errors(&output);
    assert!(!output.status.success(), "{text}");
    assert!(text.contains("agent_image") && text.contains("qd tap image"), "{text}");
    assert!(text.contains("Pull") || text.contains("pull"), "the kubelet's reason: {text}");
}

#[test]
fn cap_43a_live_records_are_what_the_reference_says() {
    let _alone = alone();
    let home = tempfile::tempdir().unwrap();
    let text = include_str!("../../docs/reference/flow-records.schema.json");
    let schema: Value = serde_json::from_str(text).unwrap();
    let valid = jsonschema::validator_for(&schema).unwrap();
    // All that the shop says: HTTP/1.1, gRPC, TLS, Redis, PostgreSQL, DNS and a WebSocket.
    let words = ["-n", "shop,data", "--duration", "12", "-o", "jsonl"];
    let output = tap(home.path(), &words).output().unwrap();
    assert!(output.status.success(), "{}", errors(&output));
    let mut kinds = BTreeSet::new();
    let mut named = 0;
    for line in out(&output).lines() {
        let record: Value = serde_json::from_str(line).unwrap();
        // What is lost on the way from an agent is told by the command, and has no number of the engine's.
        if record["kind"] == "loss" && record["seq"].is_null() {
            continue;
        }
        let faults: Vec<String> =
            valid.iter_errors(&record).map(|error| format!("{}: {error}", error.instance_path())).collect();
        assert!(faults.is_empty(), "{faults:?}\n{line}");
        named += usize::from(record["dst"]["name_by"] == "api");
        kinds.insert(record["kind"].as_str().unwrap().to_owned());
    }
    for kind in ["http", "redis", "sql", "tls", "flow"] {
        assert!(kinds.contains(kind), "no {kind} among {kinds:?}\n{}", errors(&output));
    }
    assert!(named > 50, "{named} records name whom they were for");
}
