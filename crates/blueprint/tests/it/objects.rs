//! Objects of both profiles, in namespaces that enforce what the profiles promise.

use crate::server::Namespace;
use blueprint::objects::{Exposure, Network, Place, Pods, Port};
use blueprint::{Given, LayerKind, Library, Objects, Request, Settings, User, compose, objects};
use serde_json::Value;
use std::collections::BTreeMap;

/// Every field that becomes part of an object.
const FULL: &str = r#"
blueprint:
  name: full
  image: images.invalid/shell:1
  hostname: desk
  subdomain: desks
  splash: Hello
  env: {A: 1, LITERAL: $(HOME)}
  agent: {ignoreOrphans: [tmux]}
  network:
    networkPolicyClass: PROFILE_CLASS
    allowEgressToCIDRs: [10.1.0.0/16, "fd00:1::/64"]
    allowEgressToPods:
    - {app: db, kubernetes.io/metadata.name: data}
    - {quarterdeck.dev/workspace: shared}
    denyEgressToCIDRs: [8.8.8.0/24]
    kubernetesAccess: true
    ports: [{name: web, containerPort: 3000}, {containerPort: 5353, protocol: UDP}]
  resources: {cpu: 2, memory: 2Gi}
  storages:
    home: {path: /home/dev, fsOwnerUid: 1000, fsOwnerGid: 1000, claimSpec: {accessModes: [ReadWriteOnce], resources: {requests: {storage: 5Gi}}}}
    team: {type: shared, path: /team}
    given: {path: /given, existingClaim: given, readonly: true}
    scratch: {type: emptyDir, path: /scratch, sizeLimit: 1Gi}
    fast: {type: memory, path: /fast}
  initScripts: [{name: one, script: "echo one"}]
  extFiles: {/opt/a__b: one, /opt/a/b: two}
  enableApps: true
  apps: {web: {name: Web, enabled: true, binary: web, start: [web], listen: 3000}}
  webProxy: {port: 3000}
"#;

fn composed(text: &str) -> blueprint::Effective {
    let files = BTreeMap::from([("full.yaml".to_owned(), text.to_owned())]);
    let mut library = Library::default();
    let problems = library.add(&files, &["full.yaml".to_owned()], LayerKind::Platform);
    assert!(problems.is_empty(), "{problems:?}");
    compose(&Request {
        library: &library,
        name: None,
        user: &User::plain("dev"),
        repo: None,
        overrides: None,
        params: &Given::new(),
        preset: None,
        beside: blueprint::Beside::default(),
        patches: &[],
        settings: &Settings::default(),
        env: &BTreeMap::new(),
        workspace: "ws",
        cluster: "test",
    })
    .expect("a blueprint that is right")
}

fn place(namespace: &str) -> Place {
    let mut place = Place::new("dev-abc", namespace, "dev", User::plain("dev"), "images.invalid/agent:1");
    place.uid = Some("9e1f6d9c-0000-4000-8000-000000000000".to_owned());
    place.job = "4d1c".to_owned();
    place.ports = vec![Port::tcp("", 8443)];
    place.audience = Some("quarterdeck".to_owned());
    place.trust = "-----BEGIN CERTIFICATE-----\n".to_owned();
    place.pull_secrets = vec!["pull".to_owned()];
    place.single_node = true;
    place.exposure = Exposure::Anywhere(vec![8443]);
    place.network = Network {
        gateway: Some(Pods {
            namespace: "quarterdeck".to_owned(),
            labels: BTreeMap::from([("app".to_owned(), "qd".to_owned())]),
        }),
        node_dns: vec!["169.254.20.10".to_owned()],
        pods: vec!["10.244.0.0/16".to_owned(), "fd00:244::/48".to_owned()],
        services: vec!["10.96.0.0/12".to_owned()],
        nodes: vec!["203.0.113.0/24".to_owned()],
        api_server: vec!["203.0.113.7".to_owned()],
        system: vec!["10.244.0.0/16".to_owned()],
        ..Network::default()
    };
    place
}

fn made(text: &str, namespace: &str) -> Objects {
    objects(&composed(text), &place(namespace)).expect("objects")
}

/// The server takes all of them and warns of nothing.
fn is_taken(objects: &Objects, namespace: &Namespace) {
    assert_eq!(namespace.try_apply(&objects.to_json().unwrap()).map(|told| told.contains("Warning")), Ok(false));
}

const CLASSES: [&str; 5] = ["isolated", "user", "workspace", "organization", "system"];

#[test]
fn wo_06a_baseline_takes_all_of_a_shell() {
    let (baseline, restricted) = (Namespace::enforcing("baseline"), Namespace::enforcing("restricted"));
    for class in CLASSES {
        let made = made(&FULL.replace("PROFILE_CLASS", class), &baseline.name);
        assert_eq!(made.pod_security.as_str(), "baseline");
        is_taken(&made, &baseline);
    }
    let made = made(&FULL.replace("PROFILE_CLASS", "user"), &restricted.name);
    let pod: Vec<Value> = made.to_json().unwrap().into_iter().filter(|one| one["kind"] == "Pod").collect();
    assert!(restricted.try_apply(&pod).is_err_and(|why| why.contains("violates PodSecurity")));
}

#[test]
fn wo_06b_restricted_takes_all_of_a_service() {
    let restricted = Namespace::enforcing("restricted");
    let text = FULL.replace("PROFILE_CLASS", "isolated").replace("image:", "runProfile: service\n  image:");
    let made = made(&text, &restricted.name);
    assert_eq!(made.pod_security.as_str(), "restricted");
    is_taken(&made, &restricted);
    let text = text.replace("images.invalid/shell:1", "images.invalid/code-server:1");
    is_taken(&objects(&composed(&text), &place(&restricted.name)).unwrap(), &restricted);
    let mut before_sidecars = place(&restricted.name);
    before_sidecars.native_sidecars = false;
    is_taken(&objects(&composed(&text), &before_sidecars).unwrap(), &restricted);
}

#[test]
fn bp_09b_the_engine_is_taken_by_the_level_that_is_told() {
    let (baseline, privileged) = (Namespace::enforcing("baseline"), Namespace::enforcing("privileged"));
    let engine = "  podman: {enabled: true, image: images.invalid/podman:1, storages: {own: {path: /own}}}\n";
    let text = format!("{}{engine}", FULL.replace("PROFILE_CLASS", "isolated"));
    let rootless = made(&text, &baseline.name);
    assert_eq!(rootless.pod_security.as_str(), "baseline");
    is_taken(&rootless, &baseline);
    let text = text.replace("storages: {own", "securityContext: {privileged: true}, storages: {own");
    let full = made(&text, &privileged.name);
    assert_eq!(full.pod_security.as_str(), "privileged");
    is_taken(&full, &privileged);
    let full = made(&text, &baseline.name);
    assert!(baseline.try_apply(&full.to_json().unwrap()).is_err_and(|why| why.contains("violates PodSecurity")));
}
