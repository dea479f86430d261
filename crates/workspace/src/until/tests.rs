#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic, clippy::indexing_slicing)]

use super::{Look, Until, look};
use base::Code;
use serde_json::{Value, json};

fn object(observed: i64, phase: &str, ready: &str) -> Value {
    json!({
        "metadata": { "generation": 2 },
        "status": {
            "observedGeneration": observed, "phase": phase, "stage": "Starting", "lastError": "image_missing: x",
            "conditions": [{ "type": "Ready", "status": ready, "message": "main starts" }],
        },
    })
}

#[test]
fn wl_08e_what_is_waited_for_is_that_of_this_generation() {
    let old = object(1, "Running", "True");
    assert_eq!(look(Some(&old), Until::Ready, 2), Look::Going("waits for the operator".to_owned()));
    assert_eq!(look(Some(&object(2, "Running", "True")), Until::Ready, 2), Look::Done);
    let stopping = look(Some(&object(2, "Running", "True")), Until::Stopped, 2);
    assert_eq!(stopping, Look::Going("Starting: main starts".to_owned()));
    assert_eq!(look(Some(&object(2, "Stopped", "False")), Until::Stopped, 2), Look::Done);
    let failed = Look::Failed(Code::WorkspaceFailed, "image_missing: x".to_owned());
    assert_eq!(look(Some(&object(2, "Failed", "False")), Until::Ready, 2), failed);
    assert_eq!(look(None, Until::Gone, 2), Look::Done);
    assert!(matches!(look(None, Until::Ready, 2), Look::Failed(..)));
    assert!(matches!(look(Some(&old), Until::Gone, 2), Look::Going(_)));
}

#[test]
fn wp_01a_a_workspace_is_entered_as_soon_as_its_container_starts() {
    assert_eq!(look(Some(&object(2, "Provisioning", "False")), Until::Near, 2), Look::Done);
    assert!(matches!(look(Some(&object(2, "Provisioning", "False")), Until::Ready, 2), Look::Going(_)));
    assert!(
        matches!(look(Some(&object(1, "Running", "True")), Until::Near, 2), Look::Going(_)),
        "of another generation"
    );
    let mut before = object(2, "Provisioning", "False");
    before["status"]["stage"] = "Initializing".into();
    assert!(matches!(look(Some(&before), Until::Near, 2), Look::Going(_)));
    let failed = look(Some(&object(2, "Failed", "False")), Until::Near, 2);
    assert!(matches!(failed, Look::Failed(Code::WorkspaceFailed, _)), "{failed:?}");
}

#[test]
fn wl_01a_what_is_refused_says_so_with_its_code_and_what_waits_for_room_goes_on() {
    let refused = |stage: &str, reason: &str| {
        json!({ "metadata": { "generation": 1 }, "status": {
            "observedGeneration": 1, "phase": "Pending", "stage": stage, "lastError": format!("{reason}: why"),
            "conditions": [{ "type": "Accepted", "status": "False", "reason": reason }],
        } })
    };
    for (reason, code) in [
        ("BlueprintNotFound", Code::BlueprintNotFound),
        ("ParamInvalid", Code::ParamInvalid),
        ("QuotaExceeded", Code::QuotaExceeded),
        ("GrantMissing", Code::GrantMissing),
    ] {
        let seen = look(Some(&refused("Resolving", reason)), Until::Ready, 1);
        assert_eq!(seen, Look::Failed(code, format!("{reason}: why")));
    }
    assert!(matches!(look(Some(&refused("Queued", "QuotaExceeded")), Until::Ready, 1), Look::Going(_)));
}

#[test]
fn wl_07k_no_progress_is_a_timeout() {
    let mut object = object(2, "Provisioning", "False");
    let stalled = json!({ "type": "Stalled", "status": "True" });
    object["status"]["conditions"].as_array_mut().unwrap().push(stalled);
    object["status"]["lastError"] = "no progress for 5 min in stage Starting".into();
    assert!(matches!(look(Some(&object), Until::Ready, 2), Look::Failed(Code::WorkspaceTimeout, _)));
}
