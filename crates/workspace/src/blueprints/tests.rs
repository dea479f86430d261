#![allow(clippy::unwrap_used, clippy::indexing_slicing)]

use super::{Blueprints, Platform};
use crate::desired::Desired;
use crate::render::{Refused, Render, Rendered};
use cluster::Owned;
use serde_json::{Value, json};

fn blueprints() -> Blueprints {
    Blueprints::new(Platform::new("dev", "images.invalid/agent:1"))
}

fn render(blueprints: &Blueprints, spec: Value) -> Result<Rendered, Refused> {
    let object = json!({
        "metadata": { "name": "w", "namespace": "team", "uid": "uid-1", "generation": 1, "resourceVersion": "1" },
        "spec": spec,
    });
    blueprints.render(&Desired::of(&object).unwrap(), &object, &crate::source::Sourced::None)
}

#[test]
fn ws_08a_an_image_alone_is_laid_over_the_default_blueprint() {
    let rendered =
        render(&blueprints(), json!({ "owner": "ada", "org": "lab", "image": "images.invalid/shell:1" })).unwrap();
    let pod = rendered.pod.unwrap();
    assert_eq!((pod.name.as_str(), pod.kind), ("w", Owned::Pod));
    assert_eq!(pod.body["spec"]["containers"][0]["image"], "images.invalid/shell:1");
    assert_eq!(pod.body["metadata"]["ownerReferences"][0]["uid"], "uid-1");
    assert_eq!(pod.body["metadata"]["annotations"][crate::key::MANIFEST_HASH], rendered.pod_hash.as_str());
    let claims: Vec<_> = rendered.parts.iter().filter(|part| part.kind == Owned::Claim).collect();
    assert_eq!(claims.len(), 1, "it has a home");
    assert!(!claims[0].own, "which nothing owns");
    assert!(claims[0].name.starts_with("pvc-w-"), "{}", claims[0].name);
    for part in &rendered.parts {
        assert_eq!(part.body["metadata"]["annotations"][crate::key::MANIFEST_HASH], part.hash.as_str());
        assert_eq!(part.body["metadata"]["labels"][crate::key::WORKSPACE], "w", "{}", part.body);
    }
    assert_eq!(rendered.blueprint["name"], "default");
    assert_eq!(rendered.service_dns, "w.team.svc.cluster.local");
}

#[test]
fn wo_02e_the_same_workspace_is_the_same_objects() {
    let spec = json!({ "owner": "ada", "org": "lab", "image": "images.invalid/shell:1", "env": [{ "name": "A", "value": "b" }] });
    let (one, two) = (render(&blueprints(), spec.clone()).unwrap(), render(&blueprints(), spec).unwrap());
    let hashes = |of: &Rendered| of.parts.iter().map(|part| part.hash.clone()).collect::<Vec<_>>();
    assert_eq!((hashes(&one), &one.pod_hash), (hashes(&two), &two.pod_hash));
}

#[test]
fn ws_08b_what_is_wrong_is_told_by_its_condition() {
    let blueprints = blueprints();
    let named =
        |name: &str| render(&blueprints, json!({ "owner": "ada", "org": "lab", "blueprintRef": { "name": name } }));
    let refused = named("nowhere").unwrap_err();
    assert_eq!((refused.condition, refused.reason), ("Accepted", "BlueprintNotFound"));
    assert!(refused.message.contains("default"), "it lists those that there are: {}", refused.message);
    blueprints.learn("", "base", Some(json!({ "image": "a:1", "isTemplate": true })));
    assert_eq!(named("base").unwrap_err().reason, "PolicyDenied");
    blueprints.learn("", "bad", Some(json!({ "image": "a:1", "resources": { "cpu": "lots" } })));
    let refused = named("bad").unwrap_err();
    assert_eq!(refused.reason, "BlueprintInvalid");
    assert!(refused.message.contains("/resources/cpu"), "{}", refused.message);
    blueprints.learn("", "good", Some(json!({ "image": "images.invalid/a:1" })));
    assert!(named("good").is_ok());
    // An organisation's blueprint shadows the platform's in its namespace.
    blueprints.learn("team", "good", Some(json!({ "image": "images.invalid/b:1" })));
    assert_eq!(named("good").unwrap().pod.unwrap().body["spec"]["containers"][0]["image"], "images.invalid/b:1");
    blueprints.learn("team", "good", None);
    assert_eq!(named("good").unwrap().pod.unwrap().body["spec"]["containers"][0]["image"], "images.invalid/a:1");
    let odd = json!({ "owner": "ada", "org": "lab", "image": "a:1", "params": { "NONE": "1" } });
    assert_eq!(render(&blueprints, odd).unwrap_err().reason, "ParamInvalid");
}

#[test]
fn wc_02_a_blueprint_that_is_not_resolved_says_what_kind_of_thing_is_wrong() {
    let blueprints = blueprints();
    let ask = |name: &str, more: Value| {
        let mut spec = json!({ "owner": "ada", "org": "lab", "blueprintRef": { "name": name } });
        spec.as_object_mut().unwrap().extend(more.as_object().unwrap().clone());
        render(&blueprints, spec)
    };
    let allow = json!({ "env": true });
    let size = json!([{ "name": "SIZE", "type": "number", "default": 1 }]);
    blueprints.learn("", "good", Some(json!({ "image": "images.invalid/a:1", "params": size, "allow": allow })));
    blueprints.learn("", "one", Some(json!({ "template": "two", "image": "a:1" })));
    blueprints.learn("", "two", Some(json!({ "template": "one", "image": "a:1" })));
    blueprints.learn("", "cel", Some(json!({ "image": "a:1", "expressions": { "/hostname": "nothing.there" } })));
    let digest = |rendered: Rendered| rendered.blueprint["digest"].as_str().unwrap_or_default().to_owned();
    let good = digest(ask("good", json!({})).unwrap());
    assert!(good.len() > 20, "{good}");
    assert_ne!(digest(ask("good", json!({ "params": { "SIZE": "2" } })).unwrap()), "");
    for (name, more, reason) in [
        ("one", json!({}), "Cycle"),
        ("cel", json!({}), "CELError"),
        ("good", json!({ "params": { "SIZE": "much" } }), "ParamInvalid"),
        ("good", json!({ "overrides": { "securityContext": { "privileged": true } } }), "FieldNotAllowed"),
    ] {
        let refused = ask(name, more).unwrap_err();
        assert_eq!((refused.condition, refused.reason), ("BlueprintResolved", reason), "{}", refused.message);
    }
}

#[test]
fn wo_04c_labels_of_earlier_products_stand_on_all_objects_where_that_is_configured() {
    let platform = Platform { compat_labels: true, ..Platform::new("dev", "images.invalid/agent:1") };
    let rendered = render(&Blueprints::new(platform), json!({ "owner": "ada", "org": "lab", "image": "a:1" })).unwrap();
    for object in rendered.parts.iter().chain(&rendered.pod) {
        let labels = &object.body["metadata"]["labels"];
        for (name, value) in [("guildnet.io/managed", "true"), ("guildnet.io/id", "w"), ("k8shell.io/username", "ada")]
        {
            assert_eq!(labels[name], value, "{name} of {}", object.kind.kind());
        }
    }
}

#[test]
fn wd_08a_all_that_is_asked_for_reaches_the_pod() {
    let launch = crate::launch::Launch {
        owner: "ada".to_owned(),
        org: "lab".to_owned(),
        image: Some("images.invalid/shell:1".to_owned()),
        args: vec!["--port".to_owned(), "3000 x".to_owned()],
        env: [("A".to_owned(), "1 \"$(B)\"".to_owned())].into(),
        ports: vec![(3000, "http".to_owned()), (4000, String::new())],
        labels: [("team".to_owned(), "red".to_owned())].into(),
        cpu: Some("300m".to_owned()),
        memory: Some("200Mi".to_owned()),
        overrides: Some([("runProfile".to_owned(), "service".into())].into_iter().collect()),
        ..crate::launch::Launch::default()
    };
    let rendered = render(&blueprints(), launch.spec()).unwrap();
    let pod = rendered.pod.unwrap().body;
    let main = &pod["spec"]["containers"][0];
    assert_eq!((&main["name"], &main["args"]), (&json!("main"), &json!(["--port", "3000 x"])));
    assert_eq!(main["resources"]["limits"], json!({ "cpu": "300m", "memory": "200Mi" }));
    assert_eq!(pod["metadata"]["labels"]["team"], "red");
    let env = main["env"].as_array().unwrap();
    assert!(env.contains(&json!({ "name": "A", "value": "1 \"$(B)\"" })), "{env:?}");
    let ports = main["ports"].as_array().unwrap();
    assert!(ports.iter().any(|port| port["containerPort"] == 3000 && port["name"] == "http"), "{ports:?}");
    let service = rendered.parts.iter().find(|part| part.kind == Owned::Service).unwrap();
    let ports = service.body["spec"]["ports"].as_array().unwrap();
    assert!([3000, 4000].iter().all(|port| ports.iter().any(|one| one["port"] == *port)), "{ports:?}");
}

#[test]
fn wd_16a_no_lookup_misses_while_blueprints_are_read_again_and_again() {
    let blueprints = blueprints();
    let spec =
        |round: u32| json!({ "image": format!("images.invalid/a:{round}"), "env": { "ROUND": round.to_string() } });
    blueprints.learn("", "kept", Some(spec(0)));
    blueprints.learn("team", "own", Some(json!({ "template": "kept" })));
    let (over, looked) = (std::sync::atomic::AtomicBool::new(false), std::sync::atomic::AtomicUsize::new(0));
    let order = std::sync::atomic::Ordering::SeqCst;
    std::thread::scope(|threads| {
        for _ in 0..4 {
            threads.spawn(|| {
                let mut last = 0;
                let mut rounds = 0;
                while !over.load(order) || rounds < 2_500 {
                    let (library, problems) = blueprints.library("team");
                    assert!(problems.is_empty(), "{problems:?}");
                    assert!(
                        library.get("kept").is_some() && library.get("own").is_some() && library.chain("own").is_ok()
                    );
                    rounds += 1;
                    looked.fetch_add(1, order);
                    if rounds % 100 == 0 {
                        let rendered = render(
                            &blueprints,
                            json!({ "owner": "ada", "org": "lab", "blueprintRef": { "name": "own" } }),
                        );
                        let image = rendered.unwrap().pod.unwrap().body["spec"]["containers"][0]["image"].clone();
                        let round: u32 = image.as_str().unwrap().rsplit(':').next().unwrap().parse().unwrap();
                        assert!(round >= last, "an old set came back: {round} after {last}");
                        last = round;
                    }
                }
            });
        }
        for round in 1..=100 {
            blueprints.learn("", "kept", Some(spec(round)));
            blueprints.learn("", &format!("other-{}", round % 7), (round % 2 == 0).then(|| spec(round)));
            // As a watch that begins anew tells all of them again.
            blueprints.learn("team", "own", Some(json!({ "template": "kept" })));
            let seen = looked.load(order);
            while looked.load(order) < seen + 100 {
                std::thread::yield_now();
            }
        }
        over.store(true, order);
    });
    assert!(looked.load(order) >= 10_000);
}

#[test]
fn ws_08c_a_workspace_may_say_whose_blueprint_it_means() {
    let blueprints = blueprints();
    blueprints.learn("", "go", Some(json!({ "image": "images.invalid/platform:1" })));
    blueprints.learn("", "rust", Some(json!({ "image": "images.invalid/rust:1" })));
    blueprints.learn("team", "go", Some(json!({ "image": "images.invalid/team:1" })));
    let image = |reference: Value| {
        let rendered = render(&blueprints, json!({ "owner": "ada", "org": "lab", "blueprintRef": reference }));
        rendered.map(|one| one.pod.unwrap().body["spec"]["containers"][0]["image"].as_str().unwrap().to_owned())
    };
    assert_eq!(image(json!({ "name": "go" })).unwrap(), "images.invalid/team:1");
    assert_eq!(image(json!({ "name": "go", "kind": "Blueprint" })).unwrap(), "images.invalid/team:1");
    assert_eq!(image(json!({ "name": "go", "kind": "ClusterBlueprint" })).unwrap(), "images.invalid/platform:1");
    assert_eq!(image(json!({ "name": "rust", "kind": "ClusterBlueprint" })).unwrap(), "images.invalid/rust:1");
    let refused = image(json!({ "name": "rust", "kind": "Blueprint" })).unwrap_err();
    assert_eq!((refused.condition, refused.reason), ("Accepted", "BlueprintNotFound"));
    assert!(refused.message.contains("there are go"), "{}", refused.message);
}

#[test]
fn ws_10b_what_cannot_be_done_here_is_refused_and_nothing_else_is_made() {
    let tried = |more: Value| {
        let mut spec = json!({ "owner": "ada", "org": "lab", "image": "images.invalid/shell:1" });
        spec.as_object_mut().unwrap().extend(more.as_object().unwrap().clone());
        render(&blueprints(), spec).map(drop).map_err(|refused| (refused.condition, refused.reason))
    };
    let target = json!({ "kind": "deployment", "name": "front" });
    assert_eq!(tried(json!({ "mode": "Standalone" })), Ok(()));
    for mode in ["Inject", "Attach"] {
        assert_eq!(tried(json!({ "mode": mode, "target": target })), Err(("Accepted", "InjectDisabled")), "{mode}");
    }
    let from = json!({ "from": { "workspace": "before" } });
    assert_eq!(tried(json!({ "storage": from })), Err(("Accepted", "FeatureUnavailable")));
    assert_eq!(tried(json!({ "storage": { "onDelete": "Delete" } })), Ok(()));
}

#[test]
fn ws_17b_every_field_of_a_blueprints_object_is_taken() {
    let blueprints = blueprints();
    let spec = json!({
        "image": "images.invalid/shell:1", "kubernetesAccess": true, "pool": { "size": 2, "ttl": "1h" },
        "activity": { "ignorePaths": ["/healthz"], "cpuPercent": 20, "cpuFor": "2m", "urls": ["http://localhost:8888/api"] },
        "network": { "networkPolicyClass": "user" },
    });
    blueprints.learn("", "go", Some(spec));
    let rendered =
        render(&blueprints, json!({ "owner": "ada", "org": "lab", "blueprintRef": { "name": "go" } })).unwrap();
    assert_eq!(rendered.activity.ignore_paths, ["/healthz"]);
    assert_eq!(rendered.activity.cpu_percent, Some(20));
    assert_eq!(rendered.activity.cpu_for.as_ref().and_then(crd::Span::seconds), Some(120));
    assert!(rendered.notes.iter().any(|note| note.contains("stand ready")), "{:?}", rendered.notes);
    assert_eq!(rendered.activity.urls, ["http://localhost:8888/api"]);
    let looked = blueprints.look("", "go").unwrap();
    assert!(looked.valid.holds && looked.resolved.holds, "{looked:?}");
    let (made, _) = blueprints.library("team");
    assert_eq!(made.get("go").unwrap().fields()["network"]["kubernetesAccess"], true);
}

#[test]
fn wb_03i_what_is_set_once_stands_in_the_status_and_dotfiles_are_a_layer_of_their_own() {
    let blueprints = blueprints();
    let spec = json!({
        "image": "images.invalid/go:1", "expressions": { "/env/DISK": "params.DISK" },
        "params": [{ "name": "DISK", "default": "fast", "mutable": false }, { "name": "WORD", "default": "a" }],
    });
    blueprints.learn("", "go", Some(spec));
    let made = |status: Value, more: Value| {
        let mut spec = json!({ "owner": "ada", "org": "lab", "blueprintRef": { "name": "go" } });
        spec.as_object_mut().unwrap().extend(more.as_object().unwrap().clone());
        let metadata =
            json!({ "name": "w", "namespace": "team", "uid": "uid-1", "generation": 1, "resourceVersion": "1" });
        let object = json!({ "metadata": metadata, "spec": spec, "status": { "blueprint": status } });
        blueprints.render(&Desired::of(&object).unwrap(), &object, &crate::source::Sourced::None)
    };
    let first = made(Value::Null, json!({ "params": { "DISK": "slow" } })).unwrap();
    assert_eq!(first.blueprint["fixed"], json!({ "DISK": "slow" }), "{}", first.blueprint);
    let changed = made(first.blueprint.clone(), json!({ "params": { "DISK": "fast", "WORD": "b" } })).unwrap_err();
    assert_eq!((changed.condition, changed.reason), ("BlueprintResolved", "ParamInvalid"));
    assert!(changed.message.contains("DISK is set once") && changed.message.contains("slow"), "{}", changed.message);
    let left_out = made(first.blueprint.clone(), json!({ "params": { "WORD": "b" } })).unwrap();
    assert_eq!(left_out.blueprint["fixed"], json!({ "DISK": "slow" }), "its default is of today, its value is not");
    let mut other = first.blueprint.clone();
    other["name"] = "another".into();
    assert!(made(other, json!({ "params": { "DISK": "fast" } })).is_ok(), "of another blueprint");

    let dotfiles = json!({ "dotfiles": { "repository": "https://git.example/ada/dots", "ref": "main" } });
    let with = made(Value::Null, dotfiles).unwrap();
    let layers = with.blueprint["layers"].as_array().unwrap().iter().map(|one| one["kind"].as_str().unwrap());
    assert_eq!(layers.collect::<Vec<_>>(), ["platform", "overrides", "personal"]);
    let bad = made(Value::Null, json!({ "dotfiles": { "repository": "https://ada:x@git.example/dots" } })).unwrap_err();
    assert!(bad.message.contains("/dotfiles") && !bad.message.contains("ada:x"), "{}", bad.message);
}

#[test]
fn ws_11b_params_presets_and_overrides_hold_within_what_the_blueprint_allows() {
    let blueprints = blueprints();
    let spec = json!({
        "image": "images.invalid/go:1", "expressions": { "/env/SIZE": "string(params.SIZE)" },
        "params": [{ "name": "SIZE", "type": "number", "default": 1, "max": 9 }],
        "presets": [{ "name": "big", "params": { "SIZE": "5" } }],
        "allow": { "/resources/cpu": { "max": "2" } },
    });
    blueprints.learn("", "go", Some(spec));
    let made = |more: Value| {
        let mut spec = json!({ "owner": "ada", "org": "lab", "blueprintRef": { "name": "go" } });
        spec.as_object_mut().unwrap().extend(more.as_object().unwrap().clone());
        render(&blueprints, spec).map(|one| one.pod.unwrap().body["spec"]["containers"][0].clone())
    };
    let size = |more: Value| {
        let main = made(more).unwrap();
        let env = main["env"].as_array().unwrap().clone();
        env.iter().find(|one| one["name"] == "SIZE").unwrap()["value"].clone()
    };
    assert_eq!(size(json!({})), "1");
    assert_eq!(size(json!({ "params": { "SIZE": "3" } })), "3");
    assert_eq!(size(json!({ "presetsRef": "big" })), "5");
    assert_eq!(
        size(json!({ "presetsRef": "big", "params": { "SIZE": "3" } })),
        "3",
        "what is said itself stands first"
    );
    let main = made(json!({ "overrides": { "env": { "A": "b" }, "resources": { "cpu": "1500m" } } })).unwrap();
    assert_eq!(main["resources"]["limits"]["cpu"], "1500m");
    assert!(main["env"].as_array().unwrap().contains(&json!({ "name": "A", "value": "b" })));
    for (more, reason) in [
        (json!({ "params": { "NONE": "1" } }), "ParamInvalid"),
        (json!({ "params": { "SIZE": "10" } }), "ParamInvalid"),
        (json!({ "presetsRef": "none" }), "ParamInvalid"),
        (json!({ "overrides": { "resources": { "cpu": "3" } } }), "FieldNotAllowed"),
        (json!({ "overrides": { "network": { "networkPolicyClass": "system" } } }), "FieldNotAllowed"),
        (json!({ "overrides": { "storages": { "d": { "path": "/d", "existingClaim": "x" } } } }), "FieldNotAllowed"),
    ] {
        assert_eq!(made(more.clone()).unwrap_err().reason, reason, "{more}");
    }
}

#[test]
fn ws_12_variables_ports_and_devices_reach_the_pod_as_they_are_written() {
    let env = json!([
        { "name": "PLAIN", "value": "1 $(B)" },
        { "name": "KEY", "valueFrom": { "secretKeyRef": { "name": "keys", "key": "one", "optional": true } } },
        { "name": "SETTING", "valueFrom": { "configMapKeyRef": { "name": "settings", "key": "two" } } },
        { "name": "NODE", "valueFrom": { "fieldRef": { "fieldPath": "spec.nodeName" } } },
        { "name": "CORES", "valueFrom": { "resourceFieldRef": { "resource": "limits.cpu" } } },
    ]);
    let spec = json!({
        "owner": "ada", "org": "lab", "image": "images.invalid/shell:1", "env": env,
        "ports": [{ "name": "web", "containerPort": 3000, "protocol": "TCP" }, { "containerPort": 5353, "protocol": "UDP" }],
        "resources": { "cpu": "300m", "memory": "200Mi", "extended": { "nvidia.com/gpu": "2" } },
    });
    let rendered = render(&blueprints(), spec).unwrap();
    let main = rendered.pod.unwrap().body["spec"]["containers"][0].clone();
    let has = main["env"].as_array().unwrap();
    for one in env.as_array().unwrap() {
        let there = has.iter().find(|other| other["name"] == one["name"]).unwrap();
        for key in ["value", "valueFrom"] {
            assert_eq!(there[key], one[key], "{there}");
        }
    }
    let limits = json!({ "cpu": "300m", "memory": "200Mi", "nvidia.com/gpu": "2" });
    assert_eq!(main["resources"]["limits"], limits);
    let service = rendered.parts.iter().find(|part| part.kind == Owned::Service).unwrap();
    let ports = service.body["spec"]["ports"].as_array().unwrap();
    for (port, protocol) in [(3000, "TCP"), (5353, "UDP")] {
        assert!(ports.iter().any(|one| one["port"] == port && one["protocol"] == protocol), "{port}: {ports:?}");
    }
}

#[test]
fn wn_06e_the_addresses_that_are_found_are_closed_and_the_api_server_is_opened_where_a_blueprint_says_so() {
    let blueprints = blueprints();
    blueprints.learn("", "api", Some(json!({ "image": "a:1", "kubernetesAccess": true })));
    let node = json!({ "image": "a:1", "network": { "allowEgressToCIDRs": ["203.0.113.0/24"] } });
    blueprints.learn("", "wide", Some(node));
    blueprints.learn(
        "",
        "node",
        Some(json!({ "image": "a:1", "network": { "allowEgressToCIDRs": ["203.0.113.9/32"] } })),
    );
    let of = |name: &str| {
        let rendered =
            render(&blueprints, json!({ "owner": "ada", "org": "lab", "blueprintRef": { "name": name } })).unwrap();
        let policy = rendered.parts.iter().find(|part| part.kind == Owned::NetworkPolicy).unwrap().body.clone();
        (policy["spec"]["egress"].as_array().unwrap().clone(), rendered.notes)
    };
    let opens = |rules: &[Value], range: &str| {
        let mut to = rules.iter().flat_map(|rule| rule["to"].as_array().cloned().unwrap_or_default());
        to.find(|peer| peer["ipBlock"]["cidr"] == range)
    };
    let (before, notes) = of("api");
    assert!(opens(&before, "198.51.100.7/32").is_none());
    assert!(notes.iter().any(|note| note.starts_with("kubernetesAccess opens nothing")), "{notes:?}");

    let texts = |all: &[&str]| all.iter().map(|one| (*one).to_owned()).collect::<Vec<_>>();
    blueprints.finds(crate::Addresses {
        nodes: texts(&["203.0.113.9", "192.168.7.4"]),
        pods: texts(&["10.244.1.0/24"]),
        services: texts(&["203.0.112.0/24"]),
        api_server: texts(&["198.51.100.7"]),
        api_ports: vec![8443],
    });
    let (rules, notes) = of("api");
    let rule = rules.iter().find(|rule| opens(std::slice::from_ref(*rule), "198.51.100.7/32").is_some()).unwrap();
    assert_eq!(rule["ports"], json!([{ "port": 8443, "protocol": "TCP" }]), "at its own port");
    assert!(notes.iter().all(|note| !note.contains("kubernetesAccess")), "{notes:?}");
    let (rules, _) = of("default");
    assert!(opens(&rules, "198.51.100.7/32").is_none(), "nobody else reaches it");
    let except = opens(&rules, "0.0.0.0/0").unwrap()["ipBlock"]["except"].clone();
    for closed in ["203.0.113.9/32", "203.0.112.0/24", "198.51.100.7/32"] {
        assert!(except.as_array().unwrap().iter().any(|one| one == closed), "{closed}: {except}");
    }
    assert!(!except.to_string().contains("192.168.7.4"), "it lies in what is closed anyway: {except}");
    let (rules, _) = of("wide");
    assert_eq!(opens(&rules, "203.0.113.0/24").unwrap()["ipBlock"]["except"], json!(["203.0.113.9/32"]));
    let refused =
        render(&blueprints, json!({ "owner": "ada", "org": "lab", "blueprintRef": { "name": "node" } })).unwrap_err();
    assert_eq!(refused.reason, "FieldNotAllowed", "{}", refused.message);
}

#[test]
fn ws_16d_where_a_pod_runs_is_as_the_workspace_says() {
    let hosts = json!({ "key": "kubernetes.io/hostname", "operator": "In", "values": ["one", "two"] });
    let affinity = json!({ "nodeAffinity": { "requiredDuringSchedulingIgnoredDuringExecution": {
        "nodeSelectorTerms": [{ "matchExpressions": [hosts] }],
    } } });
    let placement = json!({
        "nodeSelector": { "disk": "fast" }, "affinity": affinity, "runtimeClassName": "gvisor", "hostUsers": false,
        "tolerations": [{ "key": "only", "operator": "Exists", "effect": "NoSchedule" }],
    });
    let spec = json!({ "owner": "ada", "org": "lab", "image": "a:1", "placement": placement });
    let pod = render(&blueprints(), spec).unwrap().pod.unwrap().body;
    for key in ["nodeSelector", "affinity", "runtimeClassName", "hostUsers"] {
        assert_eq!(pod["spec"][key], placement[key], "{key}");
    }
    let tolerations = pod["spec"]["tolerations"].as_array().unwrap();
    assert!(tolerations.contains(&placement["tolerations"][0]), "{tolerations:?}");
}
