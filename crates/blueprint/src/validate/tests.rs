#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic, clippy::indexing_slicing)]

use crate::testing::{Ask, node};
use crate::validate::security::Level;
use serde_json::json;

/// What is wrong with a blueprint of these fields: the pointers of errors, then those of warnings with a `?`.
fn pointers(fields: &str) -> Vec<String> {
    let fields = fields.trim().replace('\n', "\n  ");
    let image = if fields.contains("\n  image:") || fields.starts_with("image:") { "" } else { "\n  image: x" };
    let text = format!("- name: a{image}\n  {fields}\n");
    let told = |one: &crate::Problem| format!("{}{}", one.pointer, if one.warning { "?" } else { "" });
    match (Ask { platform: &text, name: Some("a"), ..Ask::default() }).compose() {
        Ok(effective) => effective.warnings.iter().map(told).collect(),
        Err(problems) => problems.list().iter().map(told).collect(),
    }
}

fn table(rows: &[(&str, &[&str])]) {
    for (fields, expected) in rows {
        assert_eq!(pointers(fields), *expected, "{fields}");
    }
}

#[test]
fn bp_01_names_and_descriptions() {
    let text = |name: &str| format!("- {{name: '{name}', image: x}}");
    for (name, normal) in [("Go", "go"), ("my_go.2", "my-go-2"), (&"a".repeat(40), &"a".repeat(40))] {
        let text = text(name);
        let effective = Ask { platform: &text, ..Ask::default() }.compose().unwrap();
        assert_eq!(effective.name, normal);
    }
    table(&[(&format!("description: {}", "d".repeat(501)), &["/description"]), ("description: short", &[])]);
}

#[test]
fn bp_02a_splash_is_bounded() {
    table(&[
        ("splash: 'Welcome {{ .User }}'", &[]),
        ("splash: 'Welcome {{ .Nobody }}'", &["/splash"]),
        (&format!("splash: {}", "s".repeat(4097)), &["/splash"]),
    ]);
}

#[test]
fn bp_04a_hostname_and_subdomain_together() {
    table(&[
        ("hostname: a\nsubdomain: b", &[]),
        ("hostname: a", &["/hostname"]),
        ("subdomain: a", &["/subdomain"]),
        ("hostname: A_b\nsubdomain: b", &["/hostname"]),
    ]);
}

#[test]
fn bp_05a_agent_and_its_alias() {
    table(&[
        ("agent: {image: a, imagePullPolicy: Never, ignoreOrphans: ['^ssh-agent']}", &[]),
        ("k8shelld: {ignoreOrphans: ['(']}", &["/agent/ignoreOrphans/0"]),
        (
            "agent: {connection: {allowAnyNS: true, allowAnySA: false}}",
            &["/agent/connection/allowAnyNS?", "/agent/connection/allowAnySA?"],
        ),
        ("agent: {imagePullPolicy: Sometimes}", &["/agent/imagePullPolicy"]),
    ]);
}

#[test]
fn bp_06_env() {
    table(&[
        ("env: {A: 1, _b: true, C: ''}", &[]),
        (
            "env: {1A: x, 'A-B': x, WORKSPACE: x, SSH_AUTH_SOCK: x}",
            &["/env/1A", "/env/A-B", "/env/WORKSPACE", "/env/SSH_AUTH_SOCK"],
        ),
        ("env: {A: [x]}", &["/env/A"]),
    ]);
}

#[test]
fn wo_07c_a_probe_asks_in_one_way() {
    for (probes, wrong) in [
        (
            "readiness: {httpGet: {port: 8080}}, liveness: {exec: {command: [a]}}, startup: {tcpSocket: {port: 1}}",
            vec![],
        ),
        ("readiness: {}", vec!["/probes/readiness"]),
        ("liveness: {httpGet: {port: 1}, exec: {command: [a]}}", vec!["/probes/liveness"]),
        ("startup: {httpGet: {path: /}}", vec!["/probes/startup/httpGet/port"]),
        (
            "startup: {tcpSocket: {port: 70000}, periodSeconds: 0}",
            vec!["/probes/startup/tcpSocket/port", "/probes/startup/periodSeconds"],
        ),
    ] {
        table(&[(&format!("runProfile: service\nprobes: {{{probes}}}"), &wrong)]);
    }
    table(&[("probes: {liveness: {tcpSocket: {port: 80}}}", &["/probes?"])]);
}

#[test]
fn bp_07a_network() {
    table(&[
        (
            "network: {networkPolicyClass: user, allowEgressToCIDRs: [10.0.0.0/8, fd00::/8], allowEgressToPods: [{app: db}], allowEgressToHosts: ['*.example.com'], denyEgressToCIDRs: [10.1.0.0/16], ports: [{name: web, containerPort: 8080, protocol: TCP}]}",
            &[],
        ),
        ("network: {networkPolicyClass: open}", &["/network/networkPolicyClass"]),
        (
            "network: {allowEgressToCIDRs: [10.0.0.1/8, 10.0.0.0/33, fd00::1/8, x]}",
            &[
                "/network/allowEgressToCIDRs/0",
                "/network/allowEgressToCIDRs/1",
                "/network/allowEgressToCIDRs/2",
                "/network/allowEgressToCIDRs/3",
            ],
        ),
        ("network: {ports: [{containerPort: 0}]}", &["/network/ports/0/containerPort"]),
        ("network: {ports: [{name: a}]}", &["/network/ports/0/containerPort"]),
        ("network: {ports: [{containerPort: 2822}]}", &["/network/ports/0/containerPort"]),
        ("network: {ports: [{containerPort: 53}, {containerPort: 53, protocol: UDP}]}", &[]),
        ("network: {ports: [{containerPort: 53}, {containerPort: 53}]}", &["/network/ports/1/containerPort"]),
    ]);
}

#[test]
fn bp_08_resources() {
    let effective = Ask { platform: "- {name: a, image: x, resources: {cpu: 2}}", ..Ask::default() }.compose().unwrap();
    assert_eq!(effective.node.to_json()["resources"], json!({ "cpu": 2, "memory": "512Mi" }), "both or either");
    table(&[
        ("resources: {cpu: 0}", &["/resources/cpu"]),
        ("resources: {memory: 1GB}", &["/resources/memory"]),
        ("resources: {gpu: 1}", &["/resources/gpu"]),
    ]);
}

#[test]
fn bp_09a_podman() {
    table(&[
        ("engine: {enabled: true}", &["/podman/image"]),
        (
            "podman: {enabled: true, image: p, securityContext: {privileged: true}}",
            &["/podman/securityContext/privileged?"],
        ),
        ("podman: {enabled: false}", &[]),
    ]);
    let effective = Ask { platform: "- {name: a, image: x, podman: {enabled: true, image: p}}", ..Ask::default() }
        .compose()
        .unwrap();
    let podman = &effective.node.to_json()["podman"];
    assert_eq!(
        (&podman["resources"], &podman["parentStorages"]),
        (&json!({ "cpu": "500m", "memory": "512Mi" }), &json!(true))
    );
}

#[test]
fn bp_10a_storages() {
    let claim = "accessModes: [ReadWriteOnce], resources: {requests: {storage: 5Gi}}";
    table(&[
        (&format!("storages: {{home: {{path: /home/dev, id: a-1, claimSpec: {{{claim}}}}}}}"), &[]),
        ("storages: {home: {path: /home/dev}}", &[]),
        ("storages: {home: {type: emptyDir}}", &["/storages/home/path"]),
        ("storages: {home: {enabled: false}}", &[]),
        (
            "storages: {a: {path: /proc/x}, b: {path: /etc}, c: {path: /}, d: {path: a}, e: {path: /a/../b}, f: {path: /a/}, g: {path: '/a;$(x)'}, h: {path: \"/a\\nb\"}}",
            &[
                "/storages/a/path",
                "/storages/b/path",
                "/storages/c/path",
                "/storages/d/path",
                "/storages/e/path",
                "/storages/f/path",
                "/storages/g/path",
                "/storages/h/path",
            ],
        ),
        ("storages: {a: {path: /x, type: nfs}}", &["/storages/a/type"]),
        ("storages: {a: {path: /x, id: A_b}}", &["/storages/a/id"]),
        ("storages: {a: {path: /x, sizeLimit: 1Gi}}", &["/storages/a/sizeLimit"]),
        ("storages: {a: {path: /x, type: emptyDir, sizeLimit: 1Gi}}", &[]),
        (&format!("storages: {{a: {{path: /x, type: memory, claimSpec: {{{claim}}}}}}}"), &["/storages/a/claimSpec"]),
        (
            &format!("storages: {{a: {{path: /x, existingClaim: c, claimSpec: {{{claim}}}}}}}"),
            &["/storages/a/existingClaim"],
        ),
        ("storages: {a: {path: /x, existingClaim: c, type: shared}}", &[]),
        (
            "storages: {a: {path: /x, claimSpec: {accessModes: [Many], size: 3}}}",
            &[
                "/storages/a/claimSpec/resources/requests/storage",
                "/storages/a/claimSpec/accessModes/0",
                "/storages/a/claimSpec/size",
            ],
        ),
        ("storages: {a: {path: /x}, b: {path: /x}}", &["/storages/b/path"]),
    ]);
    let effective = Ask {
        platform: "- {name: a, image: x, resources: {memory: 2Gi}, storages: {m: {type: memory, path: /m}}}",
        ..Ask::default()
    }
    .compose()
    .unwrap();
    let limit = effective.node.to_json()["storages"]["m"]["sizeLimit"].clone();
    assert_eq!(limit, json!((512_u64 << 20).to_string()), "a quarter of the pod's memory");
}

#[test]
fn ws_17e_what_does_nothing_yet_is_taken_and_said() {
    table(&[
        ("activity: {ignorePaths: [/healthz], cpuPercent: 10, cpuFor: 5m}", &[]),
        ("activity: {cpuPercent: 101, cpuFor: long}", &["/activity/cpuPercent", "/activity/cpuFor"]),
        ("activity: {urls: ['http://localhost:8888/api/status', 'http://127.0.0.1/']}", &[]),
        (
            "activity: {urls: ['http://example.com/', 'https://localhost/', 'http://localhost:x/']}",
            &["/activity/urls/0", "/activity/urls/1", "/activity/urls/2"],
        ),
        ("pool: {size: 2, ttl: 1h, schedule: {cron: '0 8 * * *'}}", &["/pool?"]),
        ("kubernetesAccess: true", &[]),
    ]);
}

#[test]
fn bp_12a_init_scripts() {
    table(&[
        ("initScripts: [{name: a, script: x}, {name: b, script: y}]\nshowInitScriptStatus: true", &[]),
        ("initScripts: [{name: a}]", &["/initScripts/0/script"]),
        ("initScripts: [{name: a, script: x}, {name: a, script: y}]", &["/initScripts/1/name"]),
        (&format!("initScripts: [{{name: a, script: {}}}]", "x".repeat((64 << 10) + 1)), &["/initScripts/0/script"]),
    ]);
}

#[test]
fn bp_13_the_security_context_lets_the_agent_start_and_keeps_to_baseline() {
    table(&[
        ("securityContext: {runAsUser: 0, runAsGroup: 0, capabilities: {add: [KILL], drop: [MKNOD]}}", &[]),
        ("securityContext: {runAsUser: 1000}", &["/securityContext/runAsUser"]),
        ("securityContext: {runAsNonRoot: true}", &["/securityContext/runAsNonRoot"]),
        ("securityContext: {readOnlyRootFilesystem: true}", &["/securityContext/readOnlyRootFilesystem"]),
        ("securityContext: {capabilities: {drop: [SETUID]}}", &["/securityContext/capabilities/drop"]),
        ("securityContext: {capabilities: {drop: [ALL], add: [CHOWN, SETUID, SETGID]}}", &[]),
        ("securityContext: {privileged: true}", &["/securityContext/privileged"]),
        ("securityContext: {capabilities: {add: [NET_ADMIN]}}", &["/securityContext/capabilities/add/0"]),
        (
            "securityContext: {capabilities: {add: [CAP_KILL]}}",
            &["/securityContext/capabilities/add/0", "/securityContext/capabilities/add/0"],
        ),
        ("securityContext: {seccompProfile: {type: Unconfined}}", &["/securityContext/seccompProfile/type"]),
        ("securityContext: {hostPID: true}", &["/securityContext/hostPID"]),
    ]);
    let level = |text: &str| Level::of(&node(text));
    assert_eq!(level("{}"), Level::Baseline);
    assert_eq!(
        level(
            "{runAsNonRoot: true, allowPrivilegeEscalation: false, seccompProfile: {type: RuntimeDefault}, capabilities: {drop: [ALL]}}"
        ),
        Level::Restricted
    );
    assert_eq!(level("{procMount: Unmasked}"), Level::Privileged);
}

#[test]
fn bp_13b_a_service_is_nobody_special() {
    table(&[
        (
            "runProfile: service\nsecurityContext: {runAsUser: 2000, runAsGroup: 2000, readOnlyRootFilesystem: true}",
            &[],
        ),
        ("runProfile: service\nsecurityContext: {runAsNonRoot: true, capabilities: {drop: [ALL]}}", &[]),
        ("runProfile: service\nsecurityContext: {runAsUser: 0}", &["/securityContext/runAsUser"]),
        ("runProfile: service\nsecurityContext: {runAsNonRoot: false}", &["/securityContext/runAsNonRoot"]),
        (
            "runProfile: service\nsecurityContext: {allowPrivilegeEscalation: true}",
            &["/securityContext/allowPrivilegeEscalation"],
        ),
        ("runProfile: service\nsecurityContext: {privileged: true}", &["/securityContext/privileged"]),
        ("runProfile: sandbox", &["/runProfile"]),
        ("runProfile: service\ninitScripts: [{name: a, script: b}]\napps: {}", &["/initScripts?"]),
    ]);
    assert_eq!(pointers("runProfile: service\napps: {a: {name: A}}"), ["/apps?"]);
}

#[test]
fn bp_14c_files_stand_beside_the_platforms_and_volumes() {
    for path in ["/qd/kbox", "/etc/quarterdeck/config.yaml", "/proc/x", "/run/quarterdeck/agent.sock"] {
        let pointer = path.replace('/', "~1");
        assert_eq!(pointers(&format!("extFiles: {{{path}: x}}")), [format!("/extFiles/{pointer}")]);
    }
    table(&[
        ("extFiles: {/etc/motd: x, /etc/quarterdeck.d: y}", &[]),
        ("extFiles: {/a: x}\nstorages: {a: {path: /a}}", &["/extFiles"]),
        ("extFiles: {/a/b: x}\nstorages: {a: {path: /a}}", &[]),
    ]);
}

#[test]
fn bp_14a_ext_files() {
    table(&[
        ("extFiles: {/etc/motd: hello, /a__b: x, /a/b: y}", &[]),
        ("extFiles: {motd: hello, /a/../b: x}", &["/extFiles/motd", "/extFiles/~1a~1..~1b"]),
        (&format!("extFiles: {{/a: {0}, /b: {0}}}", "x".repeat(600 << 10)), &["/extFiles"]),
    ]);
}

#[test]
fn bp_15a_apps() {
    table(&[
        (
            "enableApps: true\napps: {code: {name: Code, enabled: true, binary: code, start: [code, serve], listen: 8080, restartPolicy: on-failure, maxRestartBackoff: 30s, protocol: wss, versionCmd: [code, -v], versionRegex: '(\\d+)'}}",
            &[],
        ),
        ("apps: {code: {enabled: true}}", &["/apps/code/binary", "/apps/code/name", "/apps/code/start"]),
        ("apps: {code: {enabled: false}}", &[]),
        (
            "apps: {code: {listen: 2822, restartPolicy: sometimes, versionRegex: '(', protocol: smtp, maxRestartBackoff: soon}}",
            &[
                "/apps/code/listen",
                "/apps/code/restartPolicy",
                "/apps/code/versionRegex",
                "/apps/code/protocol",
                "/apps/code/maxRestartBackoff",
            ],
        ),
    ]);
}

#[test]
fn bp_16a_web_proxy() {
    table(&[
        ("webProxy: {port: 8080}", &[]),
        ("webProxy: {port: 8080, alias: my-app, roles: [dev]}", &[]),
        ("webProxy: {alias: my-app}", &["/webProxy/alias?"]),
        ("webProxy: {roles: [dev]}", &["/webProxy/roles?"]),
        ("webProxy: {port: 70000, alias: My.App}", &["/webProxy/port", "/webProxy/alias"]),
    ]);
}

#[test]
fn bc_08c_all_problems_at_once_and_unknown_fields_name_those_there_are() {
    let text = "- name: a\n  imag: x\n  env: {1: x}\n  resources: {cpu: none}\n  apps: [x]\n";
    let problems = Ask { platform: text, ..Ask::default() }.compose().unwrap_err();
    let told: Vec<String> = problems.list().iter().map(|one| format!("{} {}", one.mark, one.pointer)).collect();
    assert_eq!(
        told,
        [
            "p.yaml:1:3 /image",
            "p.yaml:2:3 /imag",
            "p.yaml:3:9 /env/1",
            "p.yaml:4:20 /resources/cpu",
            "p.yaml:5:9 /apps"
        ]
    );
    assert!(problems.list()[1].message.contains("there are name, description, isTemplate"));
}
