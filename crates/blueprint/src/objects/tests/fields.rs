//! One field of a blueprint at a time.

use super::*;
use serde_json::json;

#[test]
fn wo_04a_labels_stand_on_every_object_and_never_collide() {
    let mut place = place();
    place.job = "j1".to_owned();
    place.userstr = "ada~go".to_owned();
    place.user.organization = "Acme & Söhne".to_owned();
    let made = made_at("storages: {home: {path: /home/ada}}", &place);
    let objects = made.to_json().unwrap();
    let kinds: Vec<&str> = objects.iter().filter_map(|one| one["kind"].as_str()).collect();
    assert_eq!(kinds, ["PersistentVolumeClaim", "ConfigMap", "ConfigMap", "NetworkPolicy", "Service", "Pod"]);
    for object in &objects {
        let labels = &object["metadata"]["labels"];
        for (name, value) in [
            ("workspace", "ada-go"),
            ("canonical-id", "ada-x"),
            ("owner", "ada"),
            ("blueprint", "go"),
            ("job-id", "j1"),
            ("agent-version", env!("CARGO_PKG_VERSION")),
            ("network-class", "isolated"),
        ] {
            assert_eq!(labels[format!("quarterdeck.dev/{name}")], value, "{name} of {}", object["kind"]);
        }
        let org = labels["quarterdeck.dev/org"].as_str().unwrap();
        assert!(org.starts_with("Acme---S-hne-") && org.len() <= 63, "{org}");
        assert_eq!(object["metadata"]["annotations"]["quarterdeck.dev/userstr"], "YWRhfmdv");
        assert_eq!(object["metadata"]["annotations"]["quarterdeck.dev/identity"], "local/acme");
        assert_eq!(object["metadata"]["namespace"], "team");
    }
    assert_ne!(label_value("Acme & Söhne"), label_value("Acme + Söhne"));
    assert_eq!(label_value("a.b_c-d"), "a.b_c-d");
    assert!(label_value(&"a".repeat(64)).len() <= 63);
    place.compat_labels = true;
    let labels = made_at("", &place).pod.metadata.labels.unwrap();
    assert_eq!((&*labels["guildnet.io/managed"], &*labels["guildnet.io/id"]), ("true", "ada-x"));
}

#[test]
fn wo_04b_a_workspace_sets_no_label_of_the_platform() {
    let mut place = place();
    place.pod_labels.insert("team".to_owned(), "blue".to_owned());
    assert_eq!(made_at("", &place).pod.metadata.labels.unwrap()["team"], "blue");
    for name in ["quarterdeck.dev/owner", "to.quarterdeck.dev/x"] {
        let mut place = place.clone();
        place.pod_labels.insert(name.to_owned(), "x".to_owned());
        assert!(refused("", &place)[0].contains("is the platform's"), "{name}");
    }
}

#[test]
fn wo_03a_all_but_claims_and_what_is_shared_end_with_the_workspace() {
    let made = made("hostname: desk, subdomain: desks, storages: {home: {path: /home/ada}}");
    for object in made.to_json().unwrap() {
        let owner = &object["metadata"]["ownerReferences"];
        let stays = object["kind"] == "PersistentVolumeClaim" || object["metadata"]["name"] == "desks";
        assert_eq!(owner.is_null(), stays, "{}", object["kind"]);
        if !stays {
            assert_eq!((&owner[0]["kind"], &owner[0]["uid"]), (&json!("Workspace"), &json!("u-1")));
        }
    }
}

#[test]
fn bp_02b_a_splash_steers_no_terminal() {
    let made = made("splash: \"a\\u001b[2Jb\\nc {{ .User }} {{ .Blueprint }}\"");
    assert_eq!(config(&made).splash, "a[2Jb\nc ada go");
}

#[test]
fn bp_03_image_and_pull_policy() {
    let main = container(&pod("imagePullPolicy: Always"), "main");
    assert_eq!((&main["image"], &main["imagePullPolicy"]), (&json!("img:1"), &json!("Always")));
    let ask = Ask {
        platform: "- {name: go, image: tools/go}\n",
        name: Some("go"),
        registry: Some("registry.example/"),
        ..Ask::default()
    };
    let pod = json_of(&objects(&ask.compose().unwrap(), &place()).unwrap().pod);
    assert_eq!(container(&pod, "main")["image"], "registry.example/tools/go");
    let mut place = place();
    place.pull_secrets = vec!["pull".to_owned()];
    assert_eq!(json_of(&made_at("", &place).pod)["spec"]["imagePullSecrets"], json!([{"name": "pull"}]));
}

#[test]
fn bp_04_a_name_of_its_own_in_dns() {
    let made = made("hostname: desk, subdomain: desks");
    let spec = made.pod.spec.unwrap();
    assert_eq!((spec.hostname.as_deref(), spec.subdomain.as_deref()), (Some("desk"), Some("desks")));
    let headless = made.headless.unwrap();
    assert_eq!(headless.metadata.name.as_deref(), Some("desks"));
    let service = headless.spec.unwrap();
    assert_eq!((service.cluster_ip.as_deref(), service.publish_not_ready_addresses), (Some("None"), Some(true)));
    let labels = made.pod.metadata.labels.unwrap();
    assert!(service.selector.unwrap().iter().all(|(key, value)| labels.get(key) == Some(value)));
    assert_eq!(made.service.metadata.name.as_deref(), Some("ada-x"));
    assert!(super::made("").headless.is_none());
}

#[test]
fn bp_05_the_agent_of_a_blueprint() {
    let fields = "agent: {image: other-agent, imagePullPolicy: Always, ignoreOrphans: [tmux]}";
    let made = made(fields);
    let install = container(&json_of(&made.pod), "install");
    assert_eq!((&install["image"], &install["imagePullPolicy"]), (&json!("other-agent"), &json!("Always")));
    assert_eq!(config(&made).ignore_orphans, ["tmux"]);
}

#[test]
fn bp_06b_env_is_literal_and_the_platform_wins() {
    let mut place = place();
    place.env = serde_json::from_value(json!([
        {"name": "A", "value": "mine"},
        {"name": "USERNAME", "value": "root"},
        {"name": "KEY", "valueFrom": {"secretKeyRef": {"name": "s", "key": "k"}}},
    ]))
    .unwrap();
    let made = made_at("env: {A: theirs, N: 1.10, HOMES: '$(HOME)'}", &place);
    let main = container(&json_of(&made.pod), "main");
    for (name, value) in [
        ("A", "mine"),
        ("N", "1.10"),
        ("HOMES", "$$(HOME)"),
        ("WORKSPACE", "ada-go"),
        ("BLUEPRINT", "go"),
        ("IMAGE", "img:1"),
        ("USERNAME", "ada"),
        ("USEREMAIL", "ada@example.com"),
        ("USERFULLNAME", "ada"),
    ] {
        assert_eq!(variable(&main, name)["value"], value, "{name}");
    }
    assert_eq!(variable(&main, "KEY")["valueFrom"]["secretKeyRef"]["name"], "s");
    let env = config(&made).env;
    assert_eq!((env["HOMES"].as_str(), env["USERNAME"].as_str()), ("$(HOME)", "ada"));
    assert!(!env.contains_key("KEY"));
}

#[test]
fn bp_09c_the_engine_is_rendered_with_its_resources() {
    let fields = "podman: {enabled: true, image: podman, resources: {cpu: 2}, createDockerSockSymlink: true, \
                  extFiles: {/etc/containers/registries.conf: x}, storages: {cache: {path: /cache}}}, \
                  storages: {home: {path: /home/ada}}";
    let made = made(fields);
    let pod = json_of(&made.pod);
    let engine = container(&pod, "engine");
    assert_eq!(engine["restartPolicy"], "Always");
    assert_eq!(engine["resources"]["limits"], json!({"cpu": "2", "memory": "512Mi"}));
    assert_eq!(engine["resources"]["requests"], json!({"cpu": "500m", "memory": "128Mi"}));
    assert_eq!(engine["securityContext"]["runAsUser"], 1000);
    assert_eq!(engine["command"][4], "unix:///var/run/podman/podman.sock");
    for path in ["/var/run/podman", "/home/ada", "/cache", "/home/podman/.local/share/containers"] {
        assert_ne!(mounted(&engine, path), Json::Null, "{path}");
    }
    assert_ne!(mounted(&engine, "/etc/containers/registries.conf")["subPath"], Json::Null);
    let main = container(&pod, "main");
    assert_ne!(mounted(&main, "/var/run/podman"), Json::Null);
    assert_eq!(mounted(&main, "/cache"), Json::Null);
    assert_eq!(config(&made).engine_socket, "/var/run/podman/podman.sock");
    let alone = fields.replace("createDockerSockSymlink: true", "parentStorages: false");
    let alone = super::made(&alone);
    assert_eq!(mounted(&container(&json_of(&alone.pod), "engine"), "/home/ada"), Json::Null);
    assert_eq!(config(&alone).engine_socket, "");
    let off = super::made(&fields.replace("enabled: true", "enabled: false"));
    assert!(!json_of(&off.pod).to_string().contains("podman") && off.claims.len() == 1);
    let full = super::made("podman: {enabled: true, image: podman, securityContext: {privileged: true}}");
    assert_eq!(full.pod_security.as_str(), "privileged");
    assert_ne!(mounted(&container(&json_of(&full.pod), "engine"), "/var/lib/containers/storage"), Json::Null);
    assert!(full.notes.iter().any(|note| note.contains("privileged")));
}

#[test]
fn bp_12b_scripts_are_told_to_the_agent_in_order() {
    let made = made("initScripts: [{name: b, script: one}, {name: a, script: two}], showInitScriptStatus: true");
    let config = config(&made);
    let names: Vec<&str> = config.init_scripts.iter().map(|script| script.name.as_str()).collect();
    assert_eq!((names.as_slice(), config.show_init_script_status), (["b", "a"].as_slice(), true));
    config.check().unwrap();
}

#[test]
fn bp_14_paths_of_files_never_become_one() {
    let made = made("extFiles: {/opt/a__b: one, /opt/a/b: two}");
    let main = container(&json_of(&made.pod), "main");
    let files = made.config_maps.iter().find(|map| map.metadata.name.as_deref() == Some("ada-x-files")).unwrap();
    let data = files.data.as_ref().unwrap();
    for (path, text) in [("/opt/a__b", "one"), ("/opt/a/b", "two")] {
        let mount = mounted(&main, path);
        assert_eq!((&mount["readOnly"], data[mount["subPath"].as_str().unwrap()].as_str()), (&json!(true), text));
    }
    let shown = &made.config_maps[1].data.as_ref().unwrap()["blueprint.yaml"];
    assert!(shown.contains("/opt/a__b: \"3 bytes, SHA-256 ") && shown.contains("# platform go"), "{shown}");
    let ask = Ask { platform: "- {name: go, image: a, extFiles: {/qd/x: y}}\n", name: Some("go"), ..Ask::default() };
    assert_eq!(ask.problems(), ["/extFiles/~1qd~1x: nothing can be mounted at or under /qd"]);
}

#[test]
fn bp_15b_apps_are_told_to_the_agent() {
    let fields = "enableApps: true, apps: {web: {name: Web, enabled: true, binary: web, start: [web, -p, 3000], \
                  listen: 3000, restartPolicy: on-failure, maxRestartBackoff: 2m, versionCmd: [web, -v], autoStart: true}}";
    let config = config(&made(fields));
    let web = &config.apps["web"];
    assert!(config.enable_apps && web.enabled && web.auto_start && !web.install_as_root);
    assert_eq!((web.start.join(" ").as_str(), web.listen.as_str()), ("web -p 3000", "3000"));
    assert_eq!((web.max_restart_backoff, web.protocol.as_str()), (120, "http"));
    assert_eq!(web.restart_policy, proto::workspace::Restart::OnFailure);
    assert!(!super::config(&made("")).enable_apps);
}

#[test]
fn wl_10a_the_agent_reads_who_and_what_it_serves() {
    let mut place = place();
    place.user.username = "4711.X".to_owned();
    place.user.fullname = "Ada: L\nx".to_owned();
    let made = made_at("", &place);
    let config = config(&made);
    config.check().unwrap();
    assert_eq!((config.user.name.as_str(), config.user.uid), ("u-4711.x", 1001));
    assert_eq!((config.user.home.as_str(), config.user.full_name.as_str()), ("/home/u-4711.x", "Ada Lx"));
    assert_eq!((config.workspace.canonical_id.as_str(), config.workspace.uid.as_str()), ("ada-x", "u-1"));
    let main = container(&json_of(&made.pod), "main");
    assert_eq!(mounted(&main, "/etc/quarterdeck")["readOnly"], true);
    assert_eq!(mounted(&main, "/etc/k8shell/blueprint.yaml")["subPath"], "blueprint.yaml");
    place.audience = Some("quarterdeck".to_owned());
    place.trust = "pem".to_owned();
    let made = made_at("", &place);
    let pod = json_of(&made.pod);
    let token = &volume(&pod, "identity")["projected"]["sources"][0]["serviceAccountToken"];
    assert_eq!(token["audience"], "quarterdeck");
    assert_ne!(mounted(&container(&pod, "main"), "/run/quarterdeck/identity"), Json::Null);
    assert_eq!(made.config_maps[0].data.as_ref().unwrap()["ca.pem"], "pem");
}

#[test]
fn wl_10b_what_no_config_map_holds_is_refused() {
    let script = "x".repeat(60 << 10);
    let scripts: Vec<String> = (0..20).map(|at| format!("{{name: s{at}, script: {script}}}")).collect();
    let told = refused(&format!("initScripts: [{}]", scripts.join(", ")), &place());
    assert!(told.iter().all(|one| one.contains("a config map holds 1048576")) && !told.is_empty(), "{}", told.len());
}
