#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic, clippy::indexing_slicing)]

use super::{begun, ids, named_in, pods};
use serde_json::json;

#[test]
fn cap_n_26d_lines_that_name_the_trace_or_one_of_its_requests_are_found_in_the_logs_of_its_pods() {
    let trace = "0af7651916cd43dd8448eb211c80319c";
    let records = [
        json!({
            "pod": "shop/front-1", "dst": { "ns": "shop", "pod": "items-1", "ip": "10.0.0.2" },
            "request": { "headers": [["Host", "items"], ["X-Request-Id", "req-77"]] },
        }),
        json!({ "pod": "shop/items-1", "src": { "ip": "10.0.0.1" }, "request": { "headers": [["x-request-id", "7"]] } }),
    ];
    let ids = ids(trace, &records);
    assert_eq!(ids, [trace, "req-77"], "an id of one letter is in every line");
    let pods: Vec<_> = pods(&records).into_iter().map(|(namespace, name)| format!("{namespace}/{name}")).collect();
    assert_eq!(pods, ["shop/front-1", "shop/items-1"]);
    let log = format!(
        "2026-01-01T00:00:01.5Z GET / of {trace}\n2026-01-01T00:00:02Z another\n2026-01-01T00:00:03Z answered req-77\n"
    );
    let mut lines = Vec::new();
    named_in(log.as_bytes(), &ids, |time, text| lines.push(format!("{time}|{text}")));
    let first = format!("2026-01-01T00:00:01.5Z|GET / of {trace}");
    assert_eq!(lines, [first.as_str(), "2026-01-01T00:00:03Z|answered req-77"]);
    let pod = json!({ "status": {
        "initContainerStatuses": [{ "name": "make", "state": { "terminated": {} } }],
        "containerStatuses": [{ "name": "main", "state": { "running": {} } }, { "name": "late", "state": { "waiting": {} } }],
        "ephemeralContainerStatuses": [{ "name": "qd-tap-a", "state": { "running": {} } }],
    }});
    assert_eq!(begun(&pod), ["make", "main"]);
}
