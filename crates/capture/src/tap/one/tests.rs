#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic, clippy::indexing_slicing)]

use super::fit;
use base::{Code, Coded};
use serde_json::json;

#[test]
fn cap_f_07b_pods_that_cannot_be_given_a_container_are_refused_by_what_they_are() {
    let code = |pod| fit(&pod, "shop/front", false).err().map(|error| error.code());
    let running = json!({ "spec": { "os": { "name": "linux" } }, "status": { "phase": "Running" } });
    assert_eq!(code(running), None);
    for phase in ["Succeeded", "Failed"] {
        assert_eq!(code(json!({ "status": { "phase": phase } })), Some(Code::PodFinished));
    }
    let mirror = json!({ "metadata": { "annotations": { "kubernetes.io/config.mirror": "f00" } } });
    assert_eq!(code(mirror), Some(Code::TapStaticPod));
    assert_eq!(code(json!({ "spec": { "os": { "name": "windows" } } })), Some(Code::TapUnsupportedOs));
    let nodes = json!({ "spec": { "hostNetwork": true } });
    assert_eq!(code(nodes.clone()), Some(Code::TapHostNetwork));
    assert!(fit(&nodes, "shop/front", true).is_ok(), "where that was decided");
}
