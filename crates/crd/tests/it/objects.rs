//! Objects as kubectl lists, selects and keeps them.

use crate::server;
use serde_json::{Value, json};

fn workspace(name: &str, owner: &str) -> Value {
    json!({ "apiVersion": "quarterdeck.dev/v1alpha1", "kind": "Workspace", "metadata": { "name": name },
        "spec": { "owner": owner, "org": "acme", "image": "busybox" } })
}

fn header_and_row(text: &str) -> (Vec<String>, Vec<String>) {
    let mut lines = text.lines().map(|line| {
        // columns are two or more blanks apart, and names may hold one
        line.split("  ").map(str::trim).filter(|cell| !cell.is_empty()).map(str::to_owned).collect()
    });
    (lines.next().unwrap(), lines.next().unwrap())
}

#[test]
fn ws_01_wide_columns_of_an_object() {
    let namespace = server().namespace("crd-columns");
    namespace.run(&["create", "-f", "-"], &workspace("shop", "dev1")).good();
    let status = json!({ "status": {
        "phase": "Running", "idleSince": "2026-01-01T00:00:00Z", "image": "busybox", "origin": "acme/shop@main",
        "blueprint": { "name": "go" }, "appliedResources": { "cpu": "500m", "memory": "512Mi" },
        "pod": { "name": "p", "node": "node-1", "ip": "10.0.0.7" }, "agentVersion": "0.1.0",
        "externalURL": "https://shop.example.com/",
        "conditions": [{ "type": "Ready", "status": "True", "reason": "AsExpected", "message": "", "lastTransitionTime": "2026-01-01T00:00:00Z" }],
    } });
    let patch = status.to_string();
    namespace.run(&["patch", "ws/shop", "--subresource=status", "--type=merge", "-p", &patch], &Value::Null).good();
    let (header, row) = header_and_row(&namespace.run(&["get", "ws", "-o", "wide"], &Value::Null).good());
    let names = [
        "NAME",
        "OWNER",
        "BLUEPRINT",
        "PHASE",
        "READY",
        "IDLE",
        "AGE",
        "IMAGE",
        "ORIGIN",
        "CPU",
        "MEMORY",
        "NODE",
        "IP",
        "VERSION",
        "URL",
    ];
    assert_eq!(header, names);
    assert_eq!(row[..5], ["shop", "dev1", "go", "Running", "True"]);
    assert!(row[5].ends_with('d') || row[5].ends_with('y'), "{row:?}");
    assert_eq!(
        row[7..],
        ["busybox", "acme/shop@main", "500m", "512Mi", "node-1", "10.0.0.7", "0.1.0", "https://shop.example.com/"]
    );
    let (header, _) = header_and_row(&namespace.run(&["get", "workspaces"], &Value::Null).good());
    assert_eq!(header, names[..7]);
}

#[test]
fn ws_01f_workspaces_are_selected_by_owner_org_and_state() {
    let namespace = server().namespace("crd-selecting");
    let mut stopped = workspace("b", "dev2");
    stopped["spec"]["state"] = "Stopped".into();
    for object in [workspace("a", "dev1"), stopped] {
        namespace.run(&["create", "-f", "-"], &object).good();
    }
    let table = [
        ("spec.owner=dev1", "workspace.quarterdeck.dev/a\n"),
        ("spec.owner=dev2,spec.org=acme", "workspace.quarterdeck.dev/b\n"),
        ("spec.org=other", ""),
        ("spec.state=Running", "workspace.quarterdeck.dev/a\n"),
        ("spec.state=Stopped", "workspace.quarterdeck.dev/b\n"),
    ];
    for (selector, found) in table {
        let said = namespace.run(&["get", "ws", "-o", "name", "--field-selector", selector], &Value::Null);
        assert_eq!(said.good(), found, "{selector}");
    }
}

#[test]
fn ws_02a_short_names_and_the_category_find_our_kinds() {
    let namespace = server().namespace("crd-names");
    let make = |kind: &str, spec: Value| {
        let object = json!({ "apiVersion": "quarterdeck.dev/v1alpha1", "kind": kind, "metadata": { "name": "names" }, "spec": spec });
        namespace.run(&["create", "-f", "-"], &object).good();
    };
    make("Workspace", json!({ "owner": "dev1", "org": "acme", "image": "busybox" }));
    make("Blueprint", json!({ "image": "busybox", "template": "base" }));
    make("ClusterBlueprint", json!({ "image": "busybox", "isTemplate": true }));
    make(
        "Grant",
        json!({ "subjects": [{ "kind": "User", "name": "dev1" }, { "kind": "Role", "name": "ops" }], "actions": ["launch", "stop"] }),
    );
    make("Quota", json!({ "subject": { "user": "dev1" } }));
    let cluster_wide = ClusterWide(&namespace);
    for (word, name) in [
        ("ws", "workspace.quarterdeck.dev/names"),
        ("bp", "blueprint.quarterdeck.dev/names"),
        ("cbp", "clusterblueprint.quarterdeck.dev/names"),
        ("grant", "grant.quarterdeck.dev/names"),
        ("qdquota", "quota.quarterdeck.dev/names"),
        ("qdq", "quota.quarterdeck.dev/names"),
    ] {
        assert_eq!(namespace.run(&["get", word, "names", "-o", "name"], &Value::Null).good().trim(), name);
        let all = namespace.run(&["get", "quarterdeck", "-o", "name"], &Value::Null).good();
        assert!(all.lines().any(|line| line == name), "{name} in {all}");
    }
    let table = namespace.run(&["get", "grant"], &Value::Null).good();
    let (header, row) = header_and_row(&table);
    assert_eq!(header[..5], ["NAME", "SUBJECTS", "ACTIONS", "VALID UNTIL", "MATCHES"], "{table}");
    assert!(row[1].contains("dev1") && row[2].contains("launch"), "{row:?}");
    drop(cluster_wide);
}

/// The objects of `ws_02a` that no namespace takes with it.
struct ClusterWide<'a>(&'a crate::server::Namespace<'a>);

impl Drop for ClusterWide<'_> {
    fn drop(&mut self) {
        self.0.run(&["delete", "cbp/names", "qdq/names"], &Value::Null);
    }
}

#[test]
fn ws_04_the_word_quota_keeps_its_meaning_and_ours_shows_used_beside_hard() {
    let namespace = server().namespace("crd-quota");
    let quota = json!({ "apiVersion": "v1", "kind": "ResourceQuota", "metadata": { "name": "pods" }, "spec": { "hard": { "pods": "3" } } });
    namespace.run(&["create", "-f", "-"], &quota).good();
    let said = namespace.run(&["get", "quota", "-o", "name"], &Value::Null).good();
    assert_eq!(said, "resourcequota/pods\n");

    let ours = json!({
        "apiVersion": "quarterdeck.dev/v1alpha1", "kind": "Quota", "metadata": { "name": "crd-shown" },
        "spec": { "subject": { "user": "dev1" }, "hard": { "running": 10, "cpu": "8" } },
    });
    namespace.run(&["apply", "-f", "-"], &ours).good();
    let shown =
        json!({ "running": "3/10", "cpu": "1500m/8", "memory": "2Gi", "storage": "20Gi/100Gi", "workspaces": "5" });
    let patch = json!({ "status": { "subject": "user dev1", "shown": shown } }).to_string();
    let status = ["patch", "qdq/crd-shown", "--subresource=status", "--type=merge", "-p", &patch];
    namespace.run(&status, &Value::Null).good();
    for word in ["qdq", "qdquota"] {
        let table = namespace.run(&["get", word, "crd-shown"], &Value::Null).good();
        assert_eq!(
            header_and_row(&table).0,
            ["NAME", "SUBJECT", "RUNNING", "CPU", "MEMORY", "STORAGE", "AGE"],
            "{table}"
        );
        let row: Vec<&str> = table.lines().nth(1).unwrap().split_whitespace().collect();
        assert_eq!(row[..7], ["crd-shown", "user", "dev1", "3/10", "1500m/8", "2Gi", "20Gi/100Gi"], "{table}");
    }
    namespace.run(&["delete", "qdq/crd-shown", "--wait=false"], &Value::Null).good();
}

#[test]
fn wd_01a_nothing_that_is_written_is_pruned() {
    let namespace = server().namespace("crd-pruning");
    let all: Vec<Value> = serde_json::from_str(include_str!("../rules.json")).unwrap();
    let folder = tempfile::tempdir().unwrap();
    let mut written = Vec::new();
    for (at, case) in all.iter().enumerate() {
        let mut object = case["object"].clone();
        let kind = object["kind"].as_str().unwrap().to_owned();
        let update = case.get("old").is_some();
        if update || case.get("refused").is_some() || kind == "ClusterBlueprint" || kind == "Quota" {
            continue;
        }
        object["metadata"] = json!({ "name": format!("p{at}"), "namespace": namespace.name });
        std::fs::write(folder.path().join(format!("{at:03}.json")), object.to_string()).unwrap();
        written.push((format!("{} of {kind}", case["name"]), object));
    }
    assert!(written.len() > 30, "{}", written.len());
    let path = folder.path().to_str().unwrap();
    let said = namespace.run(&["create", "--dry-run=server", "-o", "json", "-f", path], &Value::Null).good();
    let kept = serde_json::Deserializer::from_str(&said).into_iter::<Value>().map(Result::unwrap);
    let kept: Vec<Value> = kept.collect();
    assert_eq!(kept.len(), written.len());
    for (kept, (name, object)) in kept.iter().zip(&written) {
        assert_eq!(kept["metadata"]["name"], object["metadata"]["name"]);
        includes(&kept["spec"], &object["spec"], name);
    }
}

/// Whether all of `part` stands in `whole`; defaults may have come.
fn includes(whole: &Value, part: &Value, at: &str) {
    match (whole, part) {
        (Value::Object(whole), Value::Object(part)) => {
            for (key, value) in part {
                includes(
                    whole.get(key).unwrap_or_else(|| panic!("{at}: {key} is gone")),
                    value,
                    &format!("{at}.{key}"),
                );
            }
        }
        (Value::Array(whole), Value::Array(part)) => {
            assert_eq!(whole.len(), part.len(), "{at}");
            whole.iter().zip(part).for_each(|(whole, part)| includes(whole, part, at));
        }
        _ => assert_eq!(whole, part, "{at}"),
    }
}
