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
