//! What a blueprint lets workspaces say of their life, on a real cluster.

#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic, clippy::indexing_slicing, missing_docs)]

use e2e::fresh::Fresh;
use e2e::workspaces::{apply, condition, message, operator, patch, pods, seen, until, wait};
use e2e::{kubeconfig, kubectl};
use serde_json::{Value, json};

#[test]
fn ws_14k_what_is_beyond_a_blueprints_bounds_is_refused_and_held_to_them() {
    let fresh = Fresh::new("ws-bounds");
    let ns = fresh.name();
    let _console = operator();
    let object = json!({
        "apiVersion": "quarterdeck.dev/v1alpha1", "kind": "Blueprint",
        "metadata": { "name": "bounded", "namespace": ns },
        "spec": {
            "image": "images.invalid/shell:1",
            "allow": { "/lifecycle/maxRunning": { "max": "45s" }, "/lifecycle/stopAt": { "set": false } },
        },
    });
    kubectl::apply(&kubeconfig(), &object.to_string());
    let of = |lifecycle: Value| json!({ "image": null, "blueprintRef": { "kind": "Blueprint", "name": "bounded" }, "lifecycle": lifecycle });
    apply(ns, "beyond", &of(json!({ "maxRunning": "1h" })));
    apply(ns, "never", &of(json!({ "maxRunning": "0" })));
    apply(ns, "closed", &of(json!({ "stopAt": { "cron": "0 19 * * 1-5" } })));
    apply(ns, "silent", &of(json!({ "idleTimeout": "0" })));
    apply(ns, "changed", &of(json!({ "maxRunning": "40s" })));
    for (name, words) in [
        (
            "beyond",
            "/lifecycle/maxRunning: overrides may not set this: 1h is not at most 45s, says /lifecycle/maxRunning",
        ),
        ("never", "0 (never) is not at most 45s"),
        ("closed", "/lifecycle/stopAt/cron: overrides may not set this: it is closed"),
    ] {
        until("it is refused", 60, || condition(&seen(ns, name), "BlueprintResolved").1 == "FieldNotAllowed");
        let told = message(&seen(ns, name), "BlueprintResolved");
        assert!(told.contains(words), "{name}: {told}");
        assert_eq!(pods(ns, name), [] as [Value; 0], "{name}");
    }
    wait(ns, "changed", "condition=Ready");
    // What is refused while it runs is held to the bound all the same.
    patch(ns, "changed", &json!({ "spec": { "lifecycle": { "maxRunning": "0" } } }));
    until("that is refused", 30, || condition(&seen(ns, "changed"), "BlueprintResolved").1 == "FieldNotAllowed");
    for name in ["silent", "changed"] {
        wait(ns, name, "jsonpath={.status.phase}=Stopped");
        assert_eq!(seen(ns, name)["status"]["stopReason"], "maxRunning 45s", "{name}");
    }
}
