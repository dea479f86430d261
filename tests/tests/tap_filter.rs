//! Capture filters that name objects, on a real cluster: their addresses change while the tap runs.
#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic, clippy::indexing_slicing, missing_docs)]

use e2e::tapping::{FRONT, Tapping, alone, pods, tap};
use e2e::{errors, kubeconfig, kubectl};

#[test]
fn cap_n_11o_a_filter_follows_the_pods_of_a_workload_and_others_are_not_seen() {
    let _alone = alone();
    let home = tempfile::tempdir().unwrap();
    let old = pods(FRONT).remove(0);
    let tap = Tapping::start(home.path(), &["deploy/cart", "-n", "shop", "-f", "workload deploy/front and tcp"]);
    let of_front = |record: &serde_json::Value| {
        record["src"]["workload"] == "deployment/front" || record["dst"]["workload"] == "deployment/front"
    };
    let http = |record: &serde_json::Value| record["kind"] == "http";
    let first = tap.wait(5, http);
    assert!(first.iter().all(of_front), "{first:?}");
    let done = kubectl::kubectl(&kubeconfig(), &["delete", "pod", "-n", "shop", &old, "--wait=false"]);
    assert!(done.status.success(), "{}", errors(&done));
    let new = |record: &serde_json::Value| http(record) && record["src"]["pod"].as_str().is_some_and(|pod| pod != old);
    let later = tap.wait_for(60, 3, new);
    assert!(later.iter().all(of_front), "{later:?}");
    assert!(tap.records(http).iter().all(of_front));
    assert_eq!(tap.stop(), Some(0));
}

#[test]
fn cap_n_11p_an_object_that_nobody_sees_is_told_with_its_place() {
    let home = tempfile::tempdir().unwrap();
    for (filter, place) in [("tcp and svc nowhere", "line 1, column 13"), ("pod", "line 1, column 4")] {
        let output = tap(home.path(), &["-n", "shop", "-l", FRONT, "-f", filter]).output().unwrap();
        let said = errors(&output);
        assert_eq!(output.status.code(), Some(2), "{said}");
        assert!(said.contains("filter_") && said.contains(place) && !said.contains("added"), "{said}");
    }
}
