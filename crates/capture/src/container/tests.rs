#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic, clippy::indexing_slicing)]

use super::{Profile, alike, default_of, name, patch};
use serde_json::json;

#[test]
fn cap_08b_the_agent_is_beside_the_default_container_then_the_first() {
    let running = |name: &str| json!({"name": name, "state": {"running": {}}});
    let mut pod = json!({
        "metadata": {"annotations": {"kubernetes.io/default-container": "app"}},
        "spec": {"containers": [{"name": "proxy"}, {"name": "app"}]},
        "status": {"containerStatuses": [running("proxy"), running("app")]},
    });
    assert_eq!(default_of(&pod), Some("app"));
    pod["metadata"]["annotations"]["kubernetes.io/default-container"] = json!("nobody");
    assert_eq!(default_of(&pod), Some("proxy"));
    pod["metadata"] = json!({});
    assert_eq!(default_of(&pod), Some("proxy"));
    // Beside a container that does not run none can be started.
    pod["status"]["containerStatuses"][0] = json!({"name": "proxy", "state": {"waiting": {}}});
    assert_eq!(default_of(&pod), None);
}

#[test]
fn cap_08c_no_target_leaves_the_field_out() {
    let with = patch("qd-tap-aaaaaa", "image", "key", 15, Profile::NetRaw, Some("app"));
    assert_eq!(with["spec"]["ephemeralContainers"][0]["targetContainerName"], "app");
    let without = patch("qd-tap-aaaaaa", "image", "key", 15, Profile::NetRaw, None);
    assert!(without["spec"]["ephemeralContainers"][0].get("targetContainerName").is_none());
}

#[test]
fn cap_17a_an_agent_that_runs_is_taken_again_by_its_owner_alone_and_only_as_it_was() {
    let made = |name: &str, image, owner, profile, beside| patch(name, image, owner, 15, profile, beside);
    let here = made("qd-tap-aaaaaa", "a:1", "0a", Profile::NetRaw, Some("web"));
    let status = json!([{ "name": "qd-tap-aaaaaa", "state": { "running": {} } }]);
    let mut pod = json!({ "spec": here["spec"], "status": { "ephemeralContainerStatuses": status } });
    let again = made("qd-tap-bbbbbb", "a:1", "0a", Profile::NetRaw, Some("web"));
    assert_eq!(alike(&pod, &again), ["qd-tap-aaaaaa"]);
    for other in [
        made("qd-tap-bbbbbb", "a:2", "0a", Profile::NetRaw, Some("web")),
        made("qd-tap-bbbbbb", "a:1", "0b", Profile::NetRaw, Some("web")),
        made("qd-tap-bbbbbb", "a:1", "0a", Profile::Inherited, Some("web")),
        made("qd-tap-bbbbbb", "a:1", "0a", Profile::NetRaw, None),
    ] {
        assert!(alike(&pod, &other).is_empty(), "{other}");
    }
    pod["status"]["ephemeralContainerStatuses"][0]["state"] = json!({ "terminated": {} });
    assert!(alike(&pod, &again).is_empty());
}

#[test]
fn cap_17b_the_container_has_static_arguments_and_nothing_of_a_surrounding() {
    let one = patch("qd-tap-aaaaaa", "a:1", "0a", 15, Profile::NetRaw, None);
    let container = &one["spec"]["ephemeralContainers"][0];
    assert_eq!(container["args"], json!(["capture", "qd-tap-aaaaaa", "0a", "15"]));
    let flags = ["stdin", "stdinOnce", "tty"].map(|flag| container[flag].as_bool().unwrap());
    assert_eq!(flags, [true, false, false]);
    assert_eq!(
        (&container["terminationMessagePolicy"], &container["imagePullPolicy"]),
        (&json!("File"), &json!("IfNotPresent"))
    );
    assert!(container.get("env").is_none() && container.get("envFrom").is_none());
    assert_eq!(container["securityContext"]["capabilities"], json!({ "drop": ["ALL"], "add": ["NET_RAW"] }));
    assert!(container["securityContext"].get("privileged").is_none());
    let name = name().unwrap();
    let digits = name.strip_prefix("qd-tap-").unwrap();
    assert!(digits.len() == 6 && digits.bytes().all(|byte| matches!(byte, b'a'..=b'z' | b'2'..=b'7')), "{name}");
}

#[test]
fn cap_06a_everything_is_asked_for_only_where_it_was_said_and_before_packets_are_done_without() {
    let names = |privileged| Profile::of(privileged).map(Profile::name).collect::<Vec<_>>();
    assert_eq!(names(false), ["netraw", "inherited", "sockets"]);
    assert_eq!(names(true), ["netraw", "inherited", "privileged", "sockets"]);
    let one = patch("qd-tap-aaaaaa", "a:1", "0a", 15, Profile::Privileged, None);
    assert_eq!(one["spec"]["ephemeralContainers"][0]["securityContext"]["privileged"], true);
}
