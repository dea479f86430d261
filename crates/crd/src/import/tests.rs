#![allow(clippy::unwrap_used, clippy::panic, clippy::indexing_slicing)]

use super::{BlueprintSource, Given, Imported, Refused, import, short_name};
use serde_json::{Value, json};

const GIVEN: Given<'_> = Given { owner: "dev1", org: "acme", namespace: None };

fn old(kind: &str, name: &str, spec: &Value) -> Value {
    json!({ "apiVersion": "guildnet.io/v1alpha1", "kind": kind, "metadata": { "name": name, "namespace": "team-a" }, "spec": spec, "status": { "phase": "Running" } })
}

fn made(object: &Value) -> Imported {
    import(object, &GIVEN).pop().unwrap().unwrap()
}

#[test]
fn ws_06a_a_workspace_keeps_what_it_says() {
    let spec = json!({
        "image": "code-server:4", "args": ["--auth", "none"], "notes": "mine", "presetsRef": "small",
        "env": [{ "name": "A", "value": "1" }, { "name": " ", "value": "x" }, { "name": "A", "value": "2" },
                { "name": "S", "valueFrom": { "secretKeyRef": { "name": "s", "key": "k" } } }],
        "ports": [{ "name": "http", "containerPort": 8080 }, { "containerPort": 2822 }, { "port": 8443, "protocol": "TCP" }],
        "resources": { "limits": { "cpu": "1", "memory": "1Gi" }, "requests": { "cpu": "100m" } },
        "labels": { "team": "red", "guildnet.io/id": "x" },
        "exposure": { "type": "LoadBalancer" },
        "ingress": { "host": "a.example.com" },
    });
    let imported = made(&old("Workspace", "web", &spec));
    assert_eq!(imported.object["apiVersion"], "quarterdeck.dev/v1alpha1");
    assert_eq!(imported.object["metadata"]["name"], "web");
    assert_eq!(imported.object["metadata"]["namespace"], "team-a");
    assert_eq!(imported.renamed, None);
    assert_eq!(
        imported.object["spec"],
        json!({
            "owner": "dev1", "org": "acme", "image": "code-server:4", "args": ["--auth", "none"], "notes": "mine", "presetsRef": "small",
            "env": [{ "name": "A", "value": "2" }, { "name": "S", "valueFrom": { "secretKeyRef": { "name": "s", "key": "k" } } }],
            "ports": [{ "name": "http", "containerPort": 8080, "protocol": "TCP" }, { "containerPort": 8443, "protocol": "TCP" }],
            "resources": { "cpu": "1", "memory": "1Gi" }, "podLabels": { "team": "red" }, "exposure": { "type": "LoadBalancer" },
        })
    );
    for word in ["without a name", "A stands twice", "2822", "requests", "guildnet.io/id", "spec.ingress"] {
        assert!(imported.report.notes().iter().any(|note| note.contains(word)), "{word}: {:?}", imported.report);
    }
    assert_eq!(imported.report.notes().len(), 6, "{:?}", imported.report);
    let fate = |field: &str| {
        let mut lines = imported.report.lines().iter().filter(|line| line.field == field);
        lines.next().map(|line| line.fate.as_str())
    };
    let wanted = [
        ("spec.image", Some("taken")),
        ("spec.env", Some("changed")),
        ("spec.ports", Some("changed")),
        ("spec.ingress", Some("not supported")),
        ("spec.resources.requests", Some("not supported")),
        ("spec.nothing", None),
    ];
    wanted.into_iter().for_each(|(field, wanted)| assert_eq!(fate(field), wanted, "{field}"));
}

#[test]
fn ws_06b_a_capability_becomes_a_grant_with_its_limits() {
    let spec = json!({
        "actions": ["launch", "stopAll"], "selector": { "matchLabels": { "team": "red" } },
        "constraints": { "images": ["busybox*"], "ports": [8080, { "from": 9000, "to": 9009 }], "maxConcurrent": 2, "cost": 3 },
    });
    let imported = made(&old("Capability", "ops", &spec));
    assert_eq!(imported.object["kind"], "Grant");
    assert_eq!(
        imported.object["spec"],
        json!({
            "subjects": [{ "kind": "User", "name": "dev1" }], "actions": ["launch", "stopAll"],
            "selector": { "matchLabels": { "team": "red" } },
            "constraints": { "images": ["busybox*"], "ports": [{ "from": 8080 }, { "from": 9000, "to": 9009 }], "maxConcurrent": 2 },
        })
    );
    assert_eq!(imported.report.notes().len(), 2, "{:?}", imported.report);
    let unknown = import(&old("Capability", "ops", &json!({ "actions": ["fly"] })), &GIVEN).pop().unwrap();
    assert!(unknown.unwrap_err().to_string().contains("fly"));
}

#[test]
fn ws_06c_long_names_are_cut_and_stay_apart() {
    let long = |tail: &str| format!("{}{tail}", "a".repeat(60));
    let one = short_name("team-a", &long("1"));
    assert_eq!(one.len(), 52);
    assert_ne!(one, short_name("team-a", &long("2")));
    assert_ne!(one, short_name("team-b", &long("1")));
    assert_eq!(one, short_name("team-a", &long("1")));
    assert_eq!(short_name("team-a", &"a".repeat(52)), "a".repeat(52));
    assert!(one.bytes().all(|byte| byte.is_ascii_lowercase() || byte.is_ascii_digit() || byte == b'-'), "{one}");
    let imported = made(&old("Workspace", &long("1"), &json!({ "image": "busybox" })));
    assert_eq!(imported.renamed, Some(long("1")));
    assert_eq!(imported.object["metadata"]["name"], one);
    assert!(imported.report.notes().iter().any(|note| note.contains(&one)));
}

#[test]
fn ws_06d_what_would_break_rules_is_not_made() {
    let table = [
        (old("Workspace", "a", &json!({})), "blueprintRef or an image"),
        (old("Workspace", "a", &json!({ "image": "b", "env": [{ "name": "A-B", "value": "" }] })), "spec.env"),
        (old("Workspace", "a", &json!({ "image": "b", "exposure": { "type": "Ingress" } })), "domain"),
        (old("Workspace", "a", &json!({ "image": "b", "ports": [{ "name": "x" }] })), "u16"),
        (old("Tenant", "a", &json!({})), "Tenant of guildnet.io/v1alpha1 is not imported"),
        (json!({ "apiVersion": "v1", "kind": "Pod", "metadata": { "name": "a" } }), "Pod of v1 is not imported"),
    ];
    for (object, word) in table {
        let refused = import(&object, &GIVEN).pop().unwrap().unwrap_err();
        assert!(refused.to_string().contains(word), "{word}: {refused}");
    }
    assert_eq!(import(&old("Workspace", "", &json!({})), &GIVEN), [Err(Refused::Name)]);
}

#[test]
fn ws_06e_lists_are_read_object_by_object() {
    let list = json!({ "apiVersion": "v1", "kind": "List", "items": [
        old("Workspace", "a", &json!({ "image": "busybox" })), old("Workspace", "b", &json!({})), old("Capability", "c", &json!({ "actions": ["stopAll"] })) ] });
    let given = Given { namespace: Some("imported"), ..GIVEN };
    let all = import(&list, &given);
    assert_eq!(all.iter().map(Result::is_ok).collect::<Vec<_>>(), [true, false, true]);
    assert_eq!(all[2].as_ref().unwrap().object["metadata"]["namespace"], "imported");
}

#[test]
fn ws_06i_a_blueprint_of_a_file_becomes_an_object_in_the_types_of_its_kind() {
    let spec = json!({
        "image": "images.invalid/go:1", "env": { "PORT": 8080 }, "enableApps": "true",
        "params": [{ "name": "CPU", "type": "number", "default": 2 }], "network": { "networkPolicyClass": "user", "own": 1 },
    });
    let source = |spec: &Value, name| BlueprintSource {
        from: "go.yaml:1",
        name,
        namespace: Some("lab"),
        spec: spec.clone(),
        report: super::Report::default(),
    };
    let imported = super::blueprint(source(&spec, "go")).unwrap();
    let object = &imported.object;
    assert_eq!((&object["kind"], &object["metadata"]["namespace"]), (&json!("Blueprint"), &json!("lab")));
    assert_eq!(object["spec"]["env"]["PORT"], "8080");
    assert_eq!((&object["spec"]["enableApps"], &object["spec"]["params"][0]["default"]), (&json!(true), &json!("2")));
    assert_eq!(object["spec"]["network"], json!({ "networkPolicyClass": "user" }));
    let gone = imported.report.lines().iter().find(|line| line.field == "network.own").unwrap();
    assert_eq!(gone.fate, super::Fate::Unsupported);
    let name = "a".repeat(50);
    let long = super::blueprint(source(&spec, &name)).unwrap();
    assert_eq!((long.object["metadata"]["name"].as_str().unwrap().len(), long.renamed), (40, Some(name.clone())));
    let wrong = json!({ "image": "images.invalid/go:1", "network": { "networkPolicyClass": "open" } });
    assert!(super::blueprint(source(&wrong, "go")).unwrap_err().to_string().contains("open"));
}
