//! The flight recorder of taps on a real node: what stays in the pod, and what leaves when a record fires a trigger.
#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic, clippy::indexing_slicing, missing_docs)]

use e2e::tapping::{FRONT, Tapping, alone, pods};
use e2e::{kubeconfig, kubectl, out};
use serde_json::Value;
use std::path::Path;
use std::process::Command;
use std::time::Duration;

/// Asks the front for a path that it has not: an answer with 404.
fn miss(pod: &str, path: &str) {
    let path = format!("/api/v1/namespaces/shop/pods/{pod}:8080/proxy/{path}");
    let output = kubectl::kubectl(&kubeconfig(), &["get", "--raw", &path]);
    assert!(!output.status.success(), "{path}: {}", out(&output));
}

/// The paths that packets of a capture file ask for.
fn asked(file: &Path) -> Vec<String> {
    let output = Command::new("tshark")
        .args(["-r", file.to_str().unwrap(), "-Y", "http.request", "-T", "fields", "-e", "http.request.uri"])
        .output();
    out(&output.expect("tshark is missing: install the Debian package tshark")).lines().map(str::to_owned).collect()
}

fn packets(file: &Path) -> u64 {
    let output = Command::new("capinfos").args(["-T", "-r", "-c", file.to_str().unwrap()]).output();
    let text = out(&output.expect("capinfos is missing: install the Debian package wireshark-common"));
    text.split_whitespace().last().unwrap().parse().unwrap()
}

#[test]
fn cap_n_14_packets_leave_when_a_trigger_fires_with_those_of_before_and_after_and_none_else() {
    let _turn = alone();
    let home = tempfile::tempdir().unwrap();
    let file = |name: &str| home.path().join(name);
    let (fires, never) = (file("fires.pcapng"), file("never.pcapng"));
    let start = |until: &str, file: &Path| {
        let words = ["--pre", "30s", "--post", "4s", "--write", file.to_str().unwrap()];
        let words =
            [&["-n", "shop", "-l", FRONT, "--until", "qname = \"none\"", "--until", until], &words[..]].concat();
        Tapping::start(home.path(), &words)
    };
    let tap = start("status = 404 and path = \"/fires\"", &fires);
    let silent = start("status = 599", &never);
    let pod = pods(FRONT).remove(0);
    miss(&pod, "earlier");
    // The demo's own traffic goes on all the time: what would leave has had the time to.
    std::thread::sleep(Duration::from_secs(3));
    assert_eq!(tap.records(|_| true), Vec::<Value>::new());
    assert_eq!(packets(&fires), 0);

    miss(&pod, "fires");
    let marks = tap.wait(1, |record| record["kind"] == "tap");
    miss(&pod, "later");
    let by = |path: &'static str| move |record: &Value| record["path"] == path;
    let cause = tap.wait(1, by("/fires"));
    let (earlier, later) = (tap.wait(1, by("/earlier")), tap.wait(1, by("/later")));
    let mark = &marks[0];
    assert_eq!((mark["state"].as_str(), mark["trigger"].as_u64()), (Some("trigger"), Some(2)), "{mark}");
    assert_eq!(mark["reason"], "status = 404 and path = \"/fires\"");
    assert_eq!(mark["record"], cause[0]["id"]);
    assert!(earlier[0]["ts"].as_i64() < mark["ts"].as_i64() && mark["ts"].as_i64() < later[0]["ts"].as_i64());
    assert_eq!(mark["missed"], 0);

    // Shut again: what comes now stays.
    std::thread::sleep(Duration::from_secs(6));
    miss(&pod, "too-late");
    assert_eq!((tap.stop(), silent.stop()), (Some(0), Some(0)));
    let uris = asked(&fires);
    for path in ["/earlier", "/fires", "/later"] {
        assert_eq!(uris.iter().filter(|uri| *uri == path).count(), 1, "{path} in {uris:?}");
    }
    assert!(!uris.iter().any(|uri| uri == "/too-late"), "{uris:?}");
    assert!(packets(&fires) > mark["packets"].as_u64().unwrap());
    assert_eq!(packets(&never), 0, "nothing matched");
}
