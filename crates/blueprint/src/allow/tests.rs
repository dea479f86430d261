#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic, clippy::indexing_slicing)]

use super::*;
use crate::testing::Ask;

const PLATFORM: &str = r#"
- name: base
  image: base
  network: {networkPolicyClass: user}
  allow:
    /resources/cpu: {max: 2}
    /resources/memory: {min: 256Mi, max: 4Gi}
    /image: {values: ["registry.example/*", base]}
    /splash: {set: false}
    /storages/*/claimSpec/resources/requests/storage: {max: 20Gi}
    /storages/*/claimSpec/storageClassName: {values: [fast]}
    /apps/*/installAsRoot: {set: true}
- name: plain
  image: base
"#;

fn told(template: &str, fields: &str) -> Vec<String> {
    let repo = format!("blueprint:\n  template: {template}\n  {}\n", fields.replace('\n', "\n  "));
    match (Ask { platform: PLATFORM, repo: Some(&repo), ..Ask::default() }).compose() {
        Ok(_) => Vec::new(),
        Err(problems) => {
            assert!(problems.list().iter().all(|one| one.code == Code::FieldNotAllowed), "{fields}: {problems}");
            problems.list().iter().map(|one| format!("{} {} {}", one.mark, one.pointer, one.message)).collect()
        }
    }
}

#[test]
fn bc_08a_bounds_of_allow_hold_for_literals_and_for_expressions_and_say_who_set_them() {
    for good in [
        "resources: {cpu: 1500m, memory: 4Gi}",
        "image: registry.example/team/x:1",
        "env: {A: b}\ninitScripts: [{name: a, script: b}]\nwebProxy: {port: 8080}",
        "storages: {data: {path: /data, claimSpec: {accessModes: [ReadWriteOnce], storageClassName: fast, resources: {requests: {storage: 5Gi}}}}}",
        "apps: {x: {installAsRoot: true}}",
        "network: {networkPolicyClass: isolated, denyEgressToCIDRs: [10.0.0.0/8]}",
    ] {
        assert_eq!(told("base", good), [""; 0], "{good}");
    }
    for (bad, expected) in [
        (
            "resources: {cpu: 4}",
            ".k8shell.yaml:3:20 /resources/cpu repo may not set this: 4 is not at most 2, says /resources/cpu at p.yaml:6:21",
        ),
        ("resources: {cpu: !cel \"2 + 2\"}", "4 is not at most 2"),
        ("resources: {memory: 1Mi}", "1Mi is not at least 256Mi"),
        ("image: elsewhere/x", "elsewhere/x is none of registry.example/*, base"),
        ("splash: hello", "/splash at p.yaml:9:14 closes it"),
        (
            "storages: {d: {path: /d, claimSpec: {accessModes: [ReadWriteOnce], resources: {requests: {storage: 1Ti}}}}}",
            "1Ti is not at most 20Gi",
        ),
    ] {
        let told = told("base", bad);
        assert!(told.len() == 1 && told[0].contains(expected), "{bad}: {told:?}");
    }
}

#[test]
fn bp_07b_and_bp_10b_a_repository_may_make_tighter_and_joins_nothing() {
    for (bad, pointer) in [
        ("network: {networkPolicyClass: system}", "/network/networkPolicyClass"),
        ("network: {networkPolicyClass: !cel \"'sys' + 'tem'\"}", "/network/networkPolicyClass"),
        ("network: {allowEgressToCIDRs: [0.0.0.0/0]}", "/network/allowEgressToCIDRs"),
        ("network: {allowEgressToHosts: [a.example]}", "/network/allowEgressToHosts"),
        ("network: {denyEgressToCIDRs: null}", "/network/denyEgressToCIDRs"),
        ("network: null", "/network"),
        ("storages: {d: {path: /d, existingClaim: other}}", "/storages/d/existingClaim"),
        ("storages: {d: {path: /d, id: other}}", "/storages/d/id"),
        ("storages: {d: {path: /d, type: shared}}", "/storages/d/type"),
        (
            "storages: {d: {path: /d, claimSpec: {accessModes: [ReadWriteOnce], resources: {requests: {storage: 1Gi}}}}}",
            "/storages/d/claimSpec/resources/requests/storage",
        ),
        ("apps: {x: {installAsRoot: true}}", "/apps/x/installAsRoot"),
        ("securityContext: {runAsUser: 0}", "/securityContext"),
        ("podman: {enabled: false}", "/podman"),
        ("allow: {/image: {set: true}}", "/allow"),
        ("params: [{name: A}]", "/params"),
        ("hostname: a\nsubdomain: b", "/hostname"),
        ("imagePullPolicy: Always", "/imagePullPolicy"),
        ("extFiles: {/a: b}", "/extFiles"),
        ("agent: {image: x}", "/agent"),
        ("isTemplate: true", "/isTemplate"),
    ] {
        let told = told("plain", bad);
        assert!(told.iter().any(|one| one.contains(&format!(" {pointer} "))), "{bad}: {told:?}");
    }
}

/// What is wrong with what a workspace of a blueprint with this `allow` says of its life.
fn life(allow: &str, said: &serde_json::Value) -> Vec<String> {
    let platform = format!("- name: base\n  image: base\n  allow: {allow}\n- name: one\n  template: base\n");
    let beside = crate::Beside { lifecycle: Some(said), ..Default::default() };
    match (Ask { platform: &platform, name: Some("one"), beside, ..Ask::default() }).compose() {
        Ok(_) => Vec::new(),
        Err(problems) => {
            problems.list().iter().map(|one| format!("{:?} {} {}", one.code, one.pointer, one.message)).collect()
        }
    }
}

#[test]
fn ws_14i_a_blueprint_bounds_the_rules_of_a_workspaces_life() {
    use serde_json::json;
    let allow = "{/lifecycle/idleTimeout: {min: 5m, max: 8h}, /lifecycle/maxRunning: {max: 1d}, /lifecycle/stopAt: {set: false}, /lifecycle/wakeOn: {values: [ssh, http]}}";
    for good in [
        json!({}),
        json!({ "idleTimeout": "8h", "maxRunning": "24h", "deleteAfterStopped": "0", "wakeOn": ["ssh"] }),
        json!({ "idleTimeout": "5m", "idleWarning": "0", "startAt": { "cron": "0 7 * * 1-5" } }),
    ] {
        assert_eq!(life(allow, &good), [""; 0], "{good}");
    }
    for (bad, pointer, why) in [
        (
            json!({ "idleTimeout": "9h" }),
            "/lifecycle/idleTimeout",
            "9h is not at most 8h, says /lifecycle/idleTimeout at p.yaml:3:",
        ),
        (json!({ "idleTimeout": "0" }), "/lifecycle/idleTimeout", "0 (never) is not at most 8h"),
        (json!({ "idleTimeout": "1m" }), "/lifecycle/idleTimeout", "1m is not at least 5m"),
        (json!({ "maxRunning": "1d1s" }), "/lifecycle/maxRunning", "1d1s is not at most 1d"),
        (
            json!({ "stopAt": { "cron": "0 19 * * *" } }),
            "/lifecycle/stopAt/cron",
            "it is closed, says /lifecycle/stopAt",
        ),
        (json!({ "wakeOn": ["ssh", "api"] }), "/lifecycle/wakeOn/1", "api is none of ssh, http"),
    ] {
        let told = life(allow, &bad);
        let expected = format!("FieldNotAllowed {pointer} overrides may not set this: ");
        assert!(told.len() == 1 && told[0].starts_with(&expected) && told[0].contains(why), "{bad}: {told:?}");
    }
    let all = "{/lifecycle/*: {max: 7d}}";
    assert_eq!(life(all, &json!({ "deleteAfterStopped": "30d" })).len(), 1);
    assert_eq!(life("{/lifecycle: {set: false}}", &json!({ "idleTimeout": "1h", "wakeOn": ["ssh"] })).len(), 2);
    for (wrong, why) in [
        ("{/lifecycle/idle: {max: 8h}}", "lifecycle has no field idle; it has idleTimeout, "),
        ("{/lifecycle/idleTimeout: {max: 4Gi}}", "a length of time is expected"),
        ("{/lifecycle/stopAt: {max: 8h}}", "stopAt is no length of time"),
    ] {
        let told = life(wrong, &json!({}));
        assert!(told.len() == 1 && told[0].contains(why), "{wrong}: {told:?}");
    }
    let caps = |allow: &str| {
        let platform = format!("- name: base\n  image: base\n  allow: {allow}\n");
        (Ask { platform: &platform, name: Some("base"), ..Ask::default() }).compose().unwrap().caps
    };
    let some = Caps { idle: Some(28_800), running: Some(86_400), stopped: None };
    assert_eq!(caps(allow), some);
    let week = Some(604_800);
    assert_eq!(caps(all), Caps { idle: week, running: week, stopped: week });
}
