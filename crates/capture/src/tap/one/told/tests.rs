#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic, clippy::indexing_slicing)]

use super::{newest, with};
use serde_json::{Value, json};

fn event(container: &str, kind: &str, reason: &str, message: &str, last: &str) -> Value {
    json!({
        "metadata": { "name": format!("one.{last}"), "namespace": "shop" }, "type": kind, "reason": reason,
        "message": message, "lastTimestamp": last,
        "involvedObject": { "kind": "Pod", "name": "one", "fieldPath": format!("spec.ephemeralContainers{{{container}}}") },
    })
}

fn of(events: &[Value]) -> Option<String> {
    let list = json!({ "apiVersion": "v1", "kind": "EventList", "metadata": {}, "items": events });
    newest(list.to_string().as_bytes(), "qd-tap-a")
}

#[test]
fn cap_16d_the_newest_event_that_says_more_than_the_state_is_told_with_it() {
    let pull = "Failed to pull image \"images.invalid/a:1\": no such host";
    let failed = event("qd-tap-a", "Warning", "Failed", pull, "2026-01-01T00:00:02Z");
    let events = [
        event("qd-tap-a", "Normal", "Pulling", "Pulling image \"images.invalid/a:1\"", "2026-01-01T00:00:01Z"),
        failed.clone(),
        event("qd-tap-a", "Warning", "Failed", "Error: ErrImagePull", "2026-01-01T00:00:03Z"),
        event("qd-tap-b", "Warning", "Failed", "another container", "2026-01-01T00:00:09Z"),
        event("qd-tap-a", "Normal", "BackOff", "Back-off pulling image", "2026-01-01T00:00:09Z"),
    ];
    assert_eq!(of(&events).unwrap(), format!("Failed: {pull}"));
    assert_eq!(of(&events[..1]).unwrap(), "Pulling: Pulling image \"images.invalid/a:1\"");
    assert_eq!(of(&events[2..]), None);
    assert_eq!(of(&[]), None);
    let told = of(&[failed]);
    assert_eq!(with("ErrImagePull", told.as_deref()), format!("ErrImagePull; event Failed: {pull}"));
    let said = format!("ErrImagePull: {pull}");
    assert_eq!(with(&said, told.as_deref()), said, "nothing is said twice");
    assert_eq!(with("ErrImagePull ", None), "ErrImagePull");
}
