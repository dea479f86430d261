#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic, clippy::indexing_slicing)]

use super::{What, gone, put};
use crate::names::Named;
use crate::names::index::Index;
use serde_json::{Value, json};
use wire::{Budget, Format};

fn with(what: What, object: &Value, index: &mut Index, is_gone: bool) {
    let bytes = object.to_string();
    let budget = Budget::default();
    let node = wire::object(Format::Json, bytes.as_bytes(), &budget).unwrap();
    if is_gone { gone(index, what, node) } else { put(index, what, 1, node) }
}

fn find(index: &Index, ip: &str) -> Option<Named> {
    index.find(ip.parse().unwrap()).map(Named::from)
}

fn pod(owner: &Value, change: impl Fn(&mut Value)) -> Value {
    let mut pod = json!({
        "metadata": {"namespace": "shop", "name": "front-1", "uid": "2f9c1b6e-0d3a-4c55-9d5b-0b4f4f1f0a01",
            "labels": {"pod-template-hash": "949f4c98f"}, "ownerReferences": [owner]},
        "spec": {"nodeName": "n1"},
        "status": {"phase": "Running", "podIPs": [{"ip": "10.1.0.8"}]},
    });
    change(&mut pod);
    pod
}

#[test]
fn cap_41j_a_pod_is_of_its_deployment_or_of_what_controls_it() {
    let owner = |kind: &str, name: &str| json!({"kind": kind, "name": name, "controller": true});
    for (owner, workload) in [
        (owner("ReplicaSet", "front-949f4c98f"), Some("deployment/front")),
        (owner("ReplicaSet", "own"), Some("replicaset/own")),
        (owner("StatefulSet", "store"), Some("statefulset/store")),
        (owner("Job", "import"), Some("job/import")),
        (json!({"kind": "Thing", "name": "x"}), None),
    ] {
        let mut index = Index::default();
        with(What::Pods, &pod(&owner, |_| {}), &mut index, false);
        assert_eq!(find(&index, "10.1.0.8").unwrap().workload.as_deref(), workload);
    }
}

#[test]
fn cap_41k_pods_of_the_nodes_network_and_those_that_ended_have_no_address() {
    let owner = json!({"kind": "DaemonSet", "name": "agent", "controller": true});
    let mut index = Index::default();
    with(What::Pods, &pod(&owner, |pod| pod["spec"]["hostNetwork"] = json!(true)), &mut index, false);
    assert_eq!(find(&index, "10.1.0.8"), None);
    with(What::Pods, &pod(&owner, |_| {}), &mut index, false);
    assert!(find(&index, "10.1.0.8").is_some());
    with(What::Pods, &pod(&owner, |pod| pod["status"]["phase"] = json!("Succeeded")), &mut index, false);
    assert_eq!(find(&index, "10.1.0.8"), None);
    with(What::Pods, &pod(&owner, |_| {}), &mut index, false);
    with(What::Pods, &pod(&owner, |_| {}), &mut index, true);
    assert_eq!(find(&index, "10.1.0.8"), None);
}

#[test]
fn cap_41l_services_their_endpoints_and_nodes_come_and_go() {
    let mut index = Index::default();
    let service = json!({"metadata": {"namespace": "shop", "name": "cart"},
        "spec": {"clusterIPs": ["10.96.0.7", "fd00::7"], "externalIPs": ["203.0.113.4"]},
        "status": {"loadBalancer": {"ingress": [{"ip": "203.0.113.9"}]}}});
    let headless = json!({"metadata": {"namespace": "shop", "name": "store"}, "spec": {"clusterIPs": ["None"]}});
    let slice = json!({"metadata": {"namespace": "shop", "name": "cart-x",
        "labels": {"kubernetes.io/service-name": "cart"}}, "endpoints": [{"addresses": ["10.1.0.8"]}]});
    let node = json!({"metadata": {"name": "n1"}, "status": {"addresses": [
        {"type": "InternalIP", "address": "192.168.0.1"}, {"type": "Hostname", "address": "n1"}]}});
    with(What::Services, &service, &mut index, false);
    with(What::Services, &headless, &mut index, false);
    with(What::Slices, &slice, &mut index, false);
    with(What::Nodes, &node, &mut index, false);
    with(What::Pods, &pod(&json!({}), |_| {}), &mut index, false);
    for ip in ["10.96.0.7", "fd00::7", "203.0.113.4", "203.0.113.9"] {
        assert_eq!(find(&index, ip).unwrap().name, "shop/cart", "{ip}");
    }
    assert_eq!(find(&index, "10.1.0.8").unwrap().service.as_deref(), Some("cart"));
    assert_eq!(find(&index, "192.168.0.1").unwrap().node.as_deref(), Some("n1"));
    with(What::Slices, &slice, &mut index, true);
    assert_eq!(find(&index, "10.1.0.8").unwrap().service, None);
    with(What::Services, &service, &mut index, true);
    assert_eq!(find(&index, "203.0.113.9"), None);
    with(What::Nodes, &node, &mut index, true);
    assert_eq!(find(&index, "192.168.0.1"), None);
}
