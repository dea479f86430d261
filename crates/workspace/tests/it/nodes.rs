//! Nodes that are gone, and nodes of which nothing is heard.

use crate::server::{Place, get, kubectl, until};
use serde_json::{Value, json};
use workspace::decide::Limits;

/// A node as it was, which is there again when this is dropped.
struct Node(Value);

impl Node {
    fn of(pod: &Value) -> Self {
        Self(get(&["node", pod["spec"]["nodeName"].as_str().unwrap()]))
    }

    fn name(&self) -> &str {
        self.0["metadata"]["name"].as_str().unwrap()
    }

    fn ready(&self, status: &str) {
        let now = jiff::Timestamp::now().strftime("%Y-%m-%dT%H:%M:%SZ").to_string();
        let one = json!({
            "type": "Ready", "status": status, "reason": "Test", "message": "",
            "lastTransitionTime": now, "lastHeartbeatTime": now,
        });
        let patch = json!({ "status": { "conditions": [one] } }).to_string();
        let _ = kubectl(&["patch", "node", self.name(), "--subresource=status", "-p", &patch], "");
    }
}

impl Drop for Node {
    fn drop(&mut self) {
        if get(&["node", self.name()]).is_null() {
            let mut node = self.0.clone();
            let meta = node["metadata"].as_object_mut().unwrap();
            for name in ["uid", "resourceVersion", "creationTimestamp", "managedFields"] {
                meta.remove(name);
            }
            let _ = kubectl(&["create", "-f", "-"], &node.to_string());
        }
        self.ready("True");
    }
}

pub(crate) fn reason(workspace: &Value, name: &str) -> String {
    let all = workspace["status"]["conditions"].as_array().cloned().unwrap_or_default();
    let one = all.into_iter().find(|one| one["type"] == name).unwrap_or_default();
    one["reason"].as_str().unwrap_or_default().to_owned()
}

#[tokio::test(flavor = "multi_thread")]
async fn wo_09e_a_pod_on_a_node_of_which_nothing_is_heard_is_made_elsewhere_after_a_while() {
    let limits = Limits { node_loss_ms: 4_000, ..Limits::default() };
    let place = Place::alone("node-silent", limits).await;
    place.apply(&json!({}));
    until("it runs", 40, || place.phase() == "Running");
    let (pod, claim) = (place.pod(), get(&["-n", &place.namespace, "pvc", "pvc-w-home"]));
    let node = Node::of(&pod);
    node.ready("Unknown");
    until("that it is unknown is told", 10, || place.phase() == "Unknown");
    let told = place.workspace();
    assert_eq!(reason(&told, "Ready"), "NodeLost", "{told:#}");
    assert_eq!(place.pod()["metadata"]["uid"], pod["metadata"]["uid"], "it may come back");
    until("it runs elsewhere", 30, || {
        place.phase() == "Running" && place.pod()["metadata"]["uid"] != pod["metadata"]["uid"]
    });
    assert_ne!(place.pod()["spec"]["nodeName"], node.name());
    let after = get(&["-n", &place.namespace, "pvc", "pvc-w-home"]);
    assert_eq!(after["metadata"]["uid"], claim["metadata"]["uid"], "its home goes with it");
}

#[tokio::test(flavor = "multi_thread")]
async fn wd_22_the_pod_of_a_node_that_is_deleted_runs_elsewhere() {
    let place = Place::alone("node-gone", Limits { node_loss_ms: 2_000, ..Limits::default() }).await;
    place.apply(&json!({ "resources": { "cpu": "300m", "memory": "256Mi" } }));
    until("it runs", 40, || place.phase() == "Running");
    let pod = place.pod();
    let node = Node::of(&pod);
    let _ = kubectl(&["delete", "node", node.name()], "");
    let took = until("it runs elsewhere", 30, || {
        place.phase() == "Running" && place.pod()["metadata"]["uid"] != pod["metadata"]["uid"]
    });
    assert_ne!(place.pod()["spec"]["nodeName"], node.name(), "{took:?}");
    assert_eq!(place.pod()["spec"]["containers"][0]["resources"]["limits"]["cpu"], "300m");
}
