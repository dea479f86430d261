//! The rules of a pod's Ready, Status and Restarts, one case each (EX-30).

use super::{cells, extras};
use serde_json::{Value, json};

fn pod(spec: Value, status: Value) -> Value {
    json!({"metadata": {"name": "p", "namespace": "ns", "creationTimestamp": "2025-12-31T23:00:00Z"},
        "spec": spec, "status": status})
}

/// `ready status restarts`.
fn told(pod: &Value) -> String {
    cells("pods", pod)[1..4].join(" ")
}

fn one() -> Value {
    json!({"containers": [{"name": "a", "image": "i"}]})
}

fn two() -> Value {
    json!({"containers": [{"name": "a"}, {"name": "b"}]})
}

fn running(name: &str) -> Value {
    json!({"name": name, "ready": true, "started": true, "state": {"running": {}}})
}

fn ended(name: &str, terminated: Value) -> Value {
    json!({"name": name, "state": {"terminated": terminated}})
}

#[test]
fn ex_30b_pod_cells_equal_kubectl_wide() {
    let whole = json!({
        "metadata": {"name": "web-0", "namespace": "ns", "creationTimestamp": "2025-12-31T23:59:10Z",
            "ownerReferences": [{"kind": "Node", "name": "x"}, {"kind": "ReplicaSet", "name": "web", "controller": true}]},
        "spec": {"nodeName": "n1", "containers": [{"name": "a", "image": "i:1"}, {"name": "b", "image": "j:2"}],
            "readinessGates": [{"conditionType": "x"}, {"conditionType": "y"}]},
        "status": {"phase": "Running", "qosClass": "Burstable", "podIPs": [{"ip": "10.0.0.1"}, {"ip": "::1"}],
            "conditions": [{"type": "x", "status": "True"}, {"type": "Ready", "status": "True"}],
            "containerStatuses": [
                {"name": "a", "ready": true, "restartCount": 2, "state": {"running": {}},
                 "lastState": {"terminated": {"exitCode": 137, "reason": "OOMKilled", "finishedAt": "2025-12-31T23:59:20Z"}}},
                {"name": "b", "ready": false, "restartCount": 1, "state": {"running": {}},
                 "lastState": {"terminated": {"exitCode": 1, "finishedAt": "2025-12-31T23:50:00Z"}}}]}
    });
    assert_eq!(
        cells("pods", &whole),
        ["web-0", "1/2", "Running", "3 (40s ago)", "50s", "10.0.0.1", "n1", "<none>", "1/2"]
    );
    assert_eq!(extras("pods", &whole), ["ReplicaSet/web", "i:1,j:2", "Burstable", "OOMKilled 137"]);
}

#[test]
fn ex_30b_status_is_the_phase_then_its_reason() {
    assert_eq!(told(&pod(one(), json!({"phase": "Pending"}))), "0/1 Pending 0");
    assert_eq!(told(&pod(one(), json!({"phase": "Failed", "reason": "Evicted"}))), "0/1 Evicted 0");
    assert_eq!(told(&pod(one(), json!({}))), "0/1  0");
    let gated = json!({"phase": "Pending", "conditions": [{"type": "PodScheduled", "reason": "SchedulingGated"}]});
    assert_eq!(told(&pod(one(), gated)), "0/1 SchedulingGated 0");
}

#[test]
fn ex_30b_of_several_containers_the_first_with_a_reason_decides() {
    let status = |first: Value, second: Value| json!({"phase": "Running", "containerStatuses": [first, second]});
    let waiting = |name: &str, reason: &str| json!({"name": name, "state": {"waiting": {"reason": reason}}});
    assert_eq!(
        told(&pod(two(), status(waiting("a", "ErrImagePull"), waiting("b", "CrashLoopBackOff")))),
        "0/2 ErrImagePull 0"
    );
    assert_eq!(told(&pod(two(), status(running("a"), waiting("b", "CrashLoopBackOff")))), "1/2 CrashLoopBackOff 0");
    assert_eq!(told(&pod(two(), status(ended("a", json!({"exitCode": 3})), running("b")))), "1/2 ExitCode:3 0");
    assert_eq!(
        told(&pod(two(), status(ended("a", json!({"exitCode": 1, "signal": 9})), running("b")))),
        "1/2 Signal:9 0"
    );
    assert_eq!(
        told(&pod(two(), status(json!({"name": "a", "state": {"waiting": {}}}), running("b")))),
        "1/2 Running 0"
    );
}

#[test]
fn ex_30b_completed_beside_a_running_container() {
    let status = |ready: &str| {
        json!({"phase": "Running", "conditions": [{"type": "Ready", "status": ready}],
            "containerStatuses": [ended("a", json!({"exitCode": 0, "reason": "Completed"})), running("b")]})
    };
    assert_eq!(told(&pod(two(), status("True"))), "1/2 Running 0");
    assert_eq!(told(&pod(two(), status("False"))), "1/2 NotReady 0");
}

#[test]
fn ex_30b_init_containers() {
    let spec = json!({"initContainers": [{"name": "i"}, {"name": "j"}], "containers": [{"name": "a"}]});
    let of = |first: Value, second: Value| {
        told(&pod(spec.clone(), json!({"phase": "Pending", "initContainerStatuses": [first, second]})))
    };
    let done = || ended("i", json!({"exitCode": 0}));
    assert_eq!(of(done(), running("j")), "0/1 Init:1/2 0");
    assert_eq!(of(done(), ended("j", json!({"exitCode": 2}))), "0/1 Init:ExitCode:2 0");
    assert_eq!(of(done(), ended("j", json!({"exitCode": 2, "signal": 9}))), "0/1 Init:Signal:9 0");
    assert_eq!(of(done(), ended("j", json!({"exitCode": 2, "reason": "Error"}))), "0/1 Init:Error 0");
    assert_eq!(
        of(json!({"name": "i", "state": {"waiting": {"reason": "PodInitializing"}}}), json!({"name": "j"})),
        "0/1 Init:0/2 0"
    );
    assert_eq!(
        of(json!({"name": "i", "state": {"waiting": {"reason": "ErrImagePull"}}}), json!({"name": "j"})),
        "0/1 Init:ErrImagePull 0"
    );
}

#[test]
fn ex_30b_restartable_init_containers_count() {
    let spec = json!({"initContainers": [{"name": "side", "restartPolicy": "Always"}, {"name": "i"}], "containers": [{"name": "a"}]});
    let side = json!({"name": "side", "ready": true, "started": true, "restartCount": 2, "state": {"running": {}}});
    let first = json!({"name": "i", "restartCount": 5, "state": {"terminated": {"exitCode": 0}}});
    let status =
        json!({"phase": "Running", "initContainerStatuses": [side, first], "containerStatuses": [running("a")]});
    assert_eq!(told(&pod(spec, status)), "2/2 Running 2", "restarts of a finished init container no longer count");
}

#[test]
fn ex_30b_deleting() {
    let mut leaving = pod(one(), json!({"phase": "Running", "containerStatuses": [running("a")]}));
    leaving["metadata"]["deletionTimestamp"] = json!("2025-12-31T23:59:00Z");
    assert_eq!(told(&leaving), "1/1 Terminating 0");
    leaving["status"]["reason"] = json!("NodeLost");
    assert_eq!(told(&leaving), "1/1 Unknown 0");
    let mut done = pod(
        one(),
        json!({"phase": "Succeeded", "containerStatuses": [ended("a", json!({"exitCode": 0, "reason": "Completed"}))]}),
    );
    done["metadata"]["deletionTimestamp"] = json!("2025-12-31T23:59:00Z");
    assert_eq!(told(&done), "0/1 Completed 0");
}
