//! What other systems got wrong, in what is made of a blueprint.

use super::evaluator::{End, connects, passes};
use super::*;
use base::Code;
use proptest::prelude::*;
use serde_json::json;
use std::collections::BTreeMap;

const CLASSES: [&str; 5] = ["isolated", "user", "workspace", "organization", "system"];

/// A cluster with an odd range of services, and both families.
fn cluster() -> Place {
    let mut place = place();
    let labels = BTreeMap::from([("app".to_owned(), "qd".to_owned())]);
    place.network.gateway = Some(Pods { namespace: "qd".to_owned(), labels });
    place.network.pods = vec!["10.244.0.0/16".to_owned(), "2a00:1::/64".to_owned()];
    place.network.services = vec!["203.0.113.0/24".to_owned(), "2a00:2::/112".to_owned()];
    place.network.nodes = vec!["192.0.2.0/24".to_owned(), "2a00:3::/64".to_owned()];
    place.network.api_server = vec!["192.0.2.7".to_owned()];
    place.network.system = vec!["10.244.0.0/16".to_owned()];
    place
}

/// A workspace of these, in this namespace: its policy, and the labels of its pod.
fn workspace(owner: &str, org: &str, class: &str, namespace: &str, more: &str) -> (Json, BTreeMap<String, String>) {
    let mut place = cluster();
    place.id = format!("{owner}-{org}-{class}-{namespace}");
    place.workspace.clone_from(&place.id);
    place.namespace = namespace.to_owned();
    place.user.username = owner.to_owned();
    place.user.organization = org.to_owned();
    let made = made_at(&format!("network: {{networkPolicyClass: {class}{more}}}"), &place);
    (json_of(&made.network_policy), made.pod.metadata.labels.unwrap())
}

#[test]
fn wd_12a_no_class_opens_another_workspace_and_all_policies_together_do_not_either() {
    let mut all = Vec::new();
    for owner in ["ada", "bob"] {
        for org in ["acme", "other"] {
            for namespace in ["team", "elsewhere"] {
                all.extend(CLASSES.map(|class| (owner, org, class, namespace)));
            }
        }
    }
    let made: Vec<_> =
        all.iter().map(|(owner, org, class, namespace)| workspace(owner, org, class, namespace, "")).collect();
    let policies: Vec<Json> = made.iter().map(|(policy, _)| policy.clone()).collect();
    let mut open = 0;
    for (from, (_, from_labels)) in all.iter().zip(&made) {
        for (to, (_, to_labels)) in all.iter().zip(&made) {
            let source = End::Pod { namespace: from.3, labels: from_labels };
            let target = End::Pod { namespace: to.3, labels: to_labels };
            let opened = connects(&policies, source, target, 3000);
            let (mine, orgs) = (from.0 == to.0 && from.1 == to.1, from.1 == to.1);
            let may = from.3 == to.3
                && match (from.2, to.2) {
                    ("user", "user") | ("workspace", "workspace") => {
                        if from.2 == "user" {
                            mine
                        } else {
                            orgs
                        }
                    }
                    // Its own class admits the other, and the other's admits this one.
                    ("user", "workspace") | ("workspace", "user") => mine,
                    ("organization" | "system", "organization") => orgs,
                    _ => false,
                };
            assert!(!opened || may, "{from:?} reaches {to:?}");
            assert!(to.2 != "isolated" || !opened, "{from:?} reaches one that is isolated");
            open += usize::from(opened);
        }
    }
    assert!(open > 0, "some reach each other");
}

#[test]
fn wd_12b_no_class_reaches_metadata_nodes_services_or_shared_ranges_of_either_family() {
    let closed = [
        "169.254.169.254",
        "169.254.170.2",
        "168.63.129.16",
        "100.64.0.1",
        "100.127.255.254",
        "127.0.0.1",
        "10.0.0.1",
        "172.16.0.1",
        "192.168.1.1",
        "203.0.113.9",
        "192.0.2.7",
        "192.0.2.200",
        "224.0.0.1",
        "255.255.255.255",
        "::1",
        "fe80::1",
        "fd00:ec2::254",
        "ff02::1",
        "64:ff9b::a9fe:a9fe",
        "2a00:2::1",
        "2a00:3::7",
    ];
    for class in CLASSES {
        for more in ["", ", allowEgressToCIDRs: [198.51.100.0/24]", ", kubernetesAccess: false"] {
            let (policy, labels) = workspace("ada", "acme", class, "team", more);
            let own = End::Pod { namespace: "team", labels: &labels };
            let reaches = |address: &str, port| {
                let address = End::Address(address.parse().unwrap());
                passes(std::slice::from_ref(&policy), own, address, port, "egress", "to")
            };
            for address in closed {
                assert!(!reaches(address, 80), "{class}{more}: {address}");
            }
            assert!(reaches("8.8.8.8", 443) && reaches("2606:4700::1111", 443), "{class}: the internet");
            assert!(reaches("10.244.1.1", 80) == (class == "system"), "{class}: pods of the cluster");
        }
    }
}

#[test]
fn wd_12c_pods_that_are_named_are_those_of_one_namespace() {
    let (policy, labels) = workspace(
        "ada",
        "acme",
        "isolated",
        "team",
        ", allowEgressToPods: [{app: db}, {app: web, kubernetes.io/metadata.name: shop}]",
    );
    let own = End::Pod { namespace: "team", labels: &labels };
    let reaches = |app: &str, namespace: &str| {
        let labels = BTreeMap::from([("app".to_owned(), app.to_owned())]);
        passes(std::slice::from_ref(&policy), own, End::Pod { namespace, labels: &labels }, 5432, "egress", "to")
    };
    for (app, namespace, open) in [
        ("db", "team", true),
        ("db", "shop", false),
        ("db", "kube-system", false),
        ("web", "shop", true),
        ("web", "team", false),
    ] {
        assert_eq!(reaches(app, namespace), open, "{app} in {namespace}");
    }
}

#[test]
fn wd_12d_a_repository_widens_no_class() {
    for (rank, given) in CLASSES.iter().enumerate() {
        for (wanted, asked) in CLASSES.iter().enumerate() {
            let platform = format!("- {{name: base, image: i, network: {{networkPolicyClass: {given}}}}}\n");
            let repo = format!("blueprint: {{template: base, network: {{networkPolicyClass: {asked}}}}}\n");
            let made = Ask { platform: &platform, repo: Some(&repo), ..Ask::default() }.compose();
            if wanted <= rank {
                assert!(made.is_ok(), "{given} to {asked}");
                continue;
            }
            let problems = made.expect_err("a wider class");
            let one = &problems.list()[0];
            assert_eq!((one.code, one.pointer.as_str()), (Code::FieldNotAllowed, "/network/networkPolicyClass"));
            assert!(one.mark.to_string().starts_with(".k8shell.yaml:1:"), "{given} to {asked}: {}", one.mark);
        }
    }
}

#[test]
fn wd_13_the_engine_is_as_the_blueprint_says_field_by_field() {
    let made = made(
        "podman: {enabled: true, image: 'images.invalid/podman:1', resources: {cpu: 1500m, memory: 3Gi}, parentStorages: false, \
         extFiles: {/opt/a__b: one, /opt/a/b: two}, storages: {kept: {path: /kept, existingClaim: mine, readonly: true}, \
         made: {path: /made, claimSpec: {accessModes: [ReadWriteOnce], resources: {requests: {storage: 7Gi}}}}}}, \
         storages: {home: {path: /home/ada, existingClaim: old-home}}, extFiles: {/opt/a__b: three, /opt/a/b: four}",
    );
    let pod = json_of(&made.pod);
    let (engine, main) = (container(&pod, "engine"), container(&pod, "main"));
    assert_eq!(engine["image"], "images.invalid/podman:1");
    assert_eq!(engine["resources"]["limits"], json!({"cpu": "1500m", "memory": "3Gi"}));
    let claim = |container: &Json, path: &str| {
        let mount = mounted(container, path);
        let volume = volume(&pod, mount["name"].as_str().unwrap());
        (volume["persistentVolumeClaim"]["claimName"].as_str().map(str::to_owned), mount["readOnly"] == true)
    };
    assert_eq!(claim(&engine, "/kept"), (Some("mine".to_owned()), true));
    assert_eq!(claim(&engine, "/made"), (Some("pvc-ada-x-podman-made".to_owned()), false));
    assert_eq!(claim(&main, "/home/ada"), (Some("old-home".to_owned()), false));
    let claims: Vec<&str> = made.claims.iter().filter_map(|one| one.metadata.name.as_deref()).collect();
    assert_eq!(claims, ["pvc-ada-x-podman-made", "pvc-ada-x-podman-graph"], "what is there is not made again");
    let size = &json_of(made.claims[0].spec.as_ref().unwrap())["resources"]["requests"]["storage"];
    assert_eq!(size, "7Gi");
    let content = |container: &Json, path: &str| {
        let mount = mounted(container, path);
        let volume = volume(&pod, mount["name"].as_str().unwrap());
        let map = volume["configMap"]["name"].as_str().unwrap().to_owned();
        let map = made.config_maps.iter().find(|one| one.metadata.name.as_deref() == Some(&map)).unwrap();
        map.data.as_ref().unwrap()[mount["subPath"].as_str().unwrap()].clone()
    };
    for (container, path, text) in [
        (&engine, "/opt/a__b", "one"),
        (&engine, "/opt/a/b", "two"),
        (&main, "/opt/a__b", "three"),
        (&main, "/opt/a/b", "four"),
    ] {
        assert_eq!(content(container, path), text, "{path} of {}", container["name"]);
    }
}

#[test]
fn wd_07a_nothing_ends_a_container_because_a_port_does_not_answer_and_foreign_tolerations_stay() {
    let mut place = place();
    let own =
        json!({"key": "team", "operator": "Equal", "value": "red", "effect": "NoExecute", "tolerationSeconds": 7});
    place.placement.tolerations = vec![serde_json::from_value(own.clone()).unwrap()];
    for profile in ["shell", "service"] {
        for ports in ["", ", network: {ports: [{containerPort: 8080}]}"] {
            let pod = json_of(&made_at(&format!("runProfile: {profile}{ports}"), &place).pod);
            assert!(!pod.to_string().contains("livenessProbe"), "{profile}{ports}");
            for probe in ["httpGet", "tcpSocket", "grpc"] {
                assert!(!pod.to_string().contains(probe), "{profile}{ports}: {probe}");
            }
            assert_eq!(pod["spec"]["tolerations"], json!([own]), "{profile}{ports}");
        }
    }
}

#[test]
fn wd_14a_paths_that_a_shell_would_read_are_refused() {
    for path in [
        "/a;b",
        "/a$(id)",
        "/a`id`",
        "/a\\nb",
        "/a/../b",
        "/..",
        "/a//b",
        "/a/",
        "a",
        "/",
        "/a|b",
        "/a&b",
        "/a>b",
        "/a'b",
        "/a*b",
        "/a\\u0000b",
        "/a\\\\b",
        "/a{b}",
        "/a:b",
        "/proc/self",
        "/sys",
        "/dev/x",
        "/etc",
        "/qd/x",
    ] {
        let platform = format!("- {{name: go, image: i, storages: {{d: {{path: \"{path}\"}}}}}}\n");
        let ask = Ask { platform: &platform, name: Some("go"), ..Ask::default() };
        assert!(ask.problems().iter().any(|one| one.starts_with("/storages/d/path")), "{path}: {:?}", ask.problems());
    }
}

#[test]
fn wd_14b_a_repository_joins_no_volume_of_somebody_else() {
    for (fields, pointer) in [
        ("{path: /d, id: blue}", "/storages/d/id"),
        ("{path: /d, type: shared}", "/storages/d/type"),
        ("{path: /d, type: shared, id: blue}", "/storages/d/type"),
        ("{path: /d, existingClaim: pvc-bob-home}", "/storages/d/existingClaim"),
    ] {
        let repo = format!("blueprint: {{template: base, storages: {{d: {fields}}}}}\n");
        let ask = Ask { platform: "- {name: base, image: i}\n", repo: Some(&repo), ..Ask::default() };
        let problems = ask.compose().expect_err("it joins");
        let told = problems.list().iter().any(|one| one.code == Code::FieldNotAllowed && one.pointer == pointer);
        assert!(told, "{fields}: {problems}");
    }
}

proptest! {
    #[test]
    fn wd_14c_any_path_that_is_taken_is_one_path_and_no_program_is_given_it(path in "/?[a-z;$()`'\"|&<>*?!#{}~ ./\\\\]{0,12}") {
        let platform = json!([{ "name": "go", "image": "i", "storages": { "d": { "path": path } } }]).to_string();
        let ask = Ask { platform: &platform, name: Some("go"), ..Ask::default() };
        if let Ok(effective) = ask.compose() {
            prop_assert!(path.starts_with('/') && path.len() > 1);
            prop_assert!(path.split('/').skip(1).all(|part| !part.is_empty() && part != "." && part != ".."));
            prop_assert!(!path.contains([';', '$', '(', ')', '`', '\'', '"', '|', '&', '<', '>', '*', '?', '\\']));
            let pod = json_of(&objects(&effective, &place()).unwrap().pod);
            let containers = pod["spec"]["containers"].as_array().unwrap().iter();
            for container in containers.chain(pod["spec"]["initContainers"].as_array().unwrap()) {
                for part in ["command", "args"] {
                    let words = container[part].as_array().cloned().unwrap_or_default();
                    prop_assert!(words.iter().all(|word| word.as_str() != Some(path.as_str())));
                }
            }
        }
    }
}
