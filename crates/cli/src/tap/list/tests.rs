#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic, clippy::indexing_slicing)]

use serde_json::json;

use super::{of_pod, print};
use crate::grammar::Output;

#[test]
fn cap_21a_agents_of_a_pod_with_the_count_of_those_before_them() {
    let container =
        |name: &str| json!({"name": name, "image": "i", "args": ["capture", name, "0123456789abcdef", "15"]});
    let status = |name: &str, state: serde_json::Value| json!({"name": name, "state": state});
    let pod = json!({
        "metadata": {"namespace": "shop", "name": "front"},
        "spec": {"ephemeralContainers": [
            container("qd-tap-aaaaaa"), container("qd-tap-bbbbbb"), container("debugger"), container("qd-tap-cccccc"),
            container("qd-tap-dddddd"),
        ]},
        "status": {"ephemeralContainerStatuses": [
            status("qd-tap-aaaaaa", json!({"terminated": {"reason": "Completed", "finishedAt": "2026-01-01T00:00:00Z"}})),
            status("qd-tap-bbbbbb", json!({"running": {"startedAt": "2026-01-01T00:01:00Z"}})),
            status("qd-tap-cccccc", json!({"waiting": {"reason": "ErrImagePull"}})),
        ]},
    });
    let agents = of_pod(&pod);
    let shown: Vec<_> = agents.iter().map(|one| (one.container.as_str(), one.state, one.reason.as_str())).collect();
    let expected = [
        ("qd-tap-aaaaaa", "ended", "Completed"),
        ("qd-tap-bbbbbb", "running", ""),
        ("qd-tap-cccccc", "waiting", "ErrImagePull"),
        ("qd-tap-dddddd", "added", ""),
    ];
    assert_eq!(shown, expected);
    assert!(agents.iter().all(|one| one.past == 1));
    let mut out = Vec::new();
    let now = "2026-01-01T00:06:00Z".parse::<jiff::Timestamp>().unwrap().as_millisecond() as u64;
    print(&agents, Output::Table, now, &mut out).unwrap();
    let text = String::from_utf8(out).unwrap();
    let line = text.lines().nth(2).unwrap();
    assert!(line.contains("running") && line.contains("5m") && line.contains("01234567 "), "{text}");
    assert!(of_pod(&json!({"metadata": {"name": "x"}})).is_empty());
}
