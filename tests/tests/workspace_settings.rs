//! Operators with settings of their own, on a real cluster. One leads: they come one after the other.
#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic, clippy::indexing_slicing)]

use e2e::app::App;
use e2e::console::Console;
use e2e::fresh::Fresh;
use e2e::gateway::{Serving, prepared, token};
use e2e::opened;
use e2e::workspaces::{apply, condition, get, list, message, patch, seen, until, wait};
use e2e::{alone, context, errors, kubeconfig, kubectl};
use serde_json::{Value, json};
use std::process::Stdio;

#[test]
fn wb_06h_each_line_of_why_leads_to_entries_of_the_journal_and_what_it_took_has_a_price() {
    let _alone = alone();
    let fresh = Fresh::new("ws-why");
    let ns = fresh.name();
    let prices = [("CPU_HOUR", "3600"), ("MEMORY_GIB_HOUR", "0"), ("CURRENCY", "EUR")]
        .map(|(name, value)| (format!("QD__PRICES__{name}"), value));
    let prices: Vec<(&str, &str)> = prices.iter().map(|(name, value)| (name.as_str(), *value)).collect();
    let console = Console::start_with(Some(&kubeconfig()), &["--with-operator", "--yes"], &prices);
    apply(
        ns,
        "w",
        &json!({ "resources": { "cpu": "250m", "memory": "256Mi" }, "lifecycle": { "idleTimeout": "20s", "idleWarning": "10s" } }),
    );
    wait(ns, "w", "condition=Ready");
    let ask = |path: &str| {
        let answer = console.ask("GET", path, None, &[]);
        assert_eq!(answer.status, 200, "{path}: {}", answer.body);
        answer.json()
    };
    let why = || ask(&format!("/workspaces/{ns}/w/why?cluster={}", context()));
    let entries =
        |query: &Value| ask(&format!("/audit?{}", query.as_str().unwrap()))["entries"].as_array().unwrap().clone();
    // A program that computes, for whoever runs it, and files that come.
    let mut words = console.qd(Some(&kubeconfig()));
    let line = "timeout 90 sh -c 'while :; do :; done'; true";
    let mut runs = words
        .args(["ws", "exec", "-n", ns, "w", "--", "sh", "-c", line])
        .stdin(Stdio::null())
        .stdout(Stdio::null())
        .spawn()
        .expect("qd starts");
    let _ = ask(&format!("/workspaces/{ns}/w/files/list?path=&cluster={}", context()));
    let used = |why: &Value, door: &str| {
        why["uses"].as_array().unwrap().iter().rev().find(|one| one["door"] == door).cloned().unwrap_or_default()
    };
    until("both doors are told", 40, || {
        let told = why();
        ["exec", "files"].iter().all(|door| used(&told, door)["audit"].is_string())
    });
    let told = why();
    assert_eq!(used(&told, "exec")["detail"], format!("sh -c {line}"), "{told:#}");
    for (door, action) in [("exec", "workspace:exec"), ("files", "workspace:files")] {
        let found = entries(&used(&told, door)["audit"]);
        let named = |one: &Value, tag: &str, value: &str| {
            one["anchors"].as_array().unwrap().iter().any(|anchor| anchor["tag"] == tag && anchor["value"] == value)
        };
        assert!(!found.is_empty() && found.iter().all(|one| named(one, "action", action)), "{door}: {found:#?}");
    }
    assert!(told["idle"].as_str().unwrap().starts_with("used lately: "), "{told:#}");
    // What it took: a quarter of a processor since its start.
    let cost = &told["cost"];
    let since = cost["since_ms"].as_i64().unwrap();
    let now = std::time::SystemTime::now().duration_since(std::time::UNIX_EPOCH).unwrap().as_millis();
    let seconds = (i64::try_from(now).unwrap() - since) / 1000;
    let amount: f64 = cost["amount"].as_str().unwrap().strip_suffix(" EUR").unwrap().parse().unwrap();
    assert!((amount - seconds as f64 / 4.0).abs() < 2.0 + seconds as f64 / 10.0, "{cost} {seconds}");
    let mut command = console.qd(Some(&kubeconfig()));
    for (name, value) in &prices {
        command.env(name, value);
    }
    let printed = e2e::out(&command.args(["ws", "why", "-n", ns, "w"]).output().unwrap());
    assert!(printed.contains("took       0.") && printed.contains(" EUR\n"), "{printed}");
    let _ = runs.kill();
    let _ = runs.wait();
    // Who stopped it: the same words as its state, and the entry that they are of.
    let yes = json!({ "answers": { "confirm": true } });
    let stopped = console.ask("POST", &format!("/workspaces/{ns}/w/stop?cluster={}", context()), Some(&yes), &[]);
    assert_eq!(stopped.status, 202, "{}", stopped.body);
    wait(ns, "w", "jsonpath={.status.phase}=Stopped");
    let told = why();
    assert!(
        told["stop_reason"].as_str().unwrap().starts_with("stopped by desk:") && told["cost"].is_null(),
        "{told:#}"
    );
    let found = entries(&told["audit"]);
    assert!(found.iter().any(|one| one.to_string().contains("workspace:stop")), "{found:#?}");
    let mut command = console.qd(Some(&kubeconfig()));
    let printed = e2e::out(&command.args(["ws", "why", "-n", ns, "w"]).output().unwrap());
    let query =
        printed.lines().find_map(|line| line.strip_prefix("evidence   qd ")).unwrap_or_else(|| panic!("{printed}"));
    let mut command = console.qd(Some(&kubeconfig()));
    let words: Vec<&str> = query.split(' ').map(|word| word.trim_matches('\'')).collect();
    let printed = e2e::out(&command.args(words).output().unwrap());
    assert!(printed.contains("workspace:stop"), "{query}: {printed}");
}

#[test]
fn wb_26c_without_volumes_a_workspace_runs_and_says_what_that_costs() {
    let _alone = alone();
    let fresh = Fresh::new("ws-small");
    let ns = fresh.name();
    let variables = [("QD__OPERATOR__VOLUMES", "false")];
    let console = Console::start_with(Some(&kubeconfig()), &["--with-operator", "--yes"], &variables);
    apply(ns, "w", &json!({}));
    wait(ns, "w", "condition=Ready");
    assert!(list(ns, "persistentvolumeclaims", "quarterdeck.dev/workspace").is_empty());
    let pod = get(ns, "pod", "w");
    let volumes = pod["spec"]["volumes"].as_array().unwrap();
    assert!(volumes.iter().any(|one| one["name"] == "storage-home" && one["emptyDir"].is_object()), "{volumes:#?}");
    let said = seen(ns, "w")["status"].to_string();
    assert!(said.contains("lasts as long as the pod: the cluster provides no volumes"), "{said}");
    let line = "echo kept > ~/file; cat ~/file";
    let ran =
        console.qd(Some(&kubeconfig())).args(["ws", "exec", "-n", ns, "w", "--", "bash", "-c", line]).output().unwrap();
    assert_eq!(e2e::out(&ran), "kept\n", "{}", e2e::errors(&ran));
}

#[test]
fn wo_11m_ports_open_and_close_where_it_runs_and_the_rest_waits_with_the_page_that_shows_it() {
    let _alone = alone();
    let fresh = Fresh::new("ws-ports");
    let ns = fresh.name();
    let variables = [("QD__SERVE__PUBLIC_URL", "https://qd.test")];
    let console = Console::start_with(Some(&kubeconfig()), &["--with-operator", "--yes"], &variables);
    apply(ns, "w", &json!({ "ports": [{ "name": "web", "containerPort": 3000 }] }));
    wait(ns, "w", "condition=Ready");
    let first = get(ns, "pod", "w")["metadata"]["uid"].clone();
    let serves =
        |port: u16| get(ns, "service", "w")["spec"]["ports"].to_string().contains(&format!("\"port\":{port},"));
    assert!(serves(3000) && !serves(4000), "{:#}", get(ns, "service", "w"));

    // Another port, and a door to it.
    let _app = App::start(ns, "w", 4000, "ada");
    patch(ns, "w", &json!({ "spec": { "ports": [{ "name": "api", "containerPort": 4000 }] } }));
    until("the other port is open", 30, || serves(4000) && !serves(3000));
    let answer = opened::open(&console, ns, "w", "port=4000").get("/hello", "");
    assert!(answer.starts_with("HTTP/1.1 200 "), "{answer}");
    let object = || get(ns, "workspaces.quarterdeck.dev", "w");
    until("it is settled", 30, || object()["status"]["observedGeneration"] == object()["metadata"]["generation"]);
    assert!(object()["status"]["updateAvailable"].is_null(), "{:#}", object());
    assert_eq!(get(ns, "pod", "w")["metadata"]["uid"], first);

    // What only another pod has is told with where it is shown.
    patch(ns, "w", &json!({ "spec": { "env": [{ "name": "A", "value": "1" }] } }));
    until("what waits is told", 30, || !object()["status"]["updateAvailable"].is_null());
    let page = format!("https://qd.test/?view=workspaces&ws={}/{ns}/w", e2e::context());
    assert_eq!(object()["status"]["updateAvailable"]["diffURL"], page);
    assert_eq!(get(ns, "pod", "w")["metadata"]["uid"], first);
    // It is spec, so it stays when it stops and starts.
    patch(ns, "w", &json!({ "spec": { "state": "Stopped" } }));
    wait(ns, "w", "jsonpath={.status.phase}=Stopped");
    patch(ns, "w", &json!({ "spec": { "state": "Running" } }));
    wait(ns, "w", "condition=Ready");
    let pod = get(ns, "pod", "w");
    assert_ne!(pod["metadata"]["uid"], first);
    assert!(serves(4000) && !serves(3000));
    assert!(pod["spec"]["containers"][0]["ports"].to_string().contains("4000"), "{pod:#}");
    assert!(object()["status"]["updateAvailable"].is_null(), "{:#}", object());
}

/// The owner guard of a namespace, and the right to look at blueprints, which go when it is dropped.
struct OwnerGuard(String);

impl Drop for OwnerGuard {
    fn drop(&mut self) {
        for kind in
            ["validatingadmissionpolicybinding", "validatingadmissionpolicy", "clusterrolebinding", "clusterrole"]
        {
            let _ = kubectl::kubectl(&kubeconfig(), &["delete", kind, &self.0, "--ignore-not-found"]);
        }
    }
}

#[test]
fn ws_07j_who_writes_a_workspace_past_the_gateway_says_whose_it_is_by_a_grant_alone() {
    let _alone = alone();
    let fresh = Fresh::new("ws-owner");
    let (ns, kubeconfig) = (fresh.name(), kubeconfig());
    let api = "rbac.authorization.k8s.io/v1";
    let meta = json!({ "name": "writers", "namespace": ns });
    let role = json!({ "apiGroup": "rbac.authorization.k8s.io", "kind": "Role", "name": "writers" });
    let group = json!({ "apiGroup": "rbac.authorization.k8s.io", "kind": "Group", "name": "system:authenticated" });
    for object in [
        json!({ "apiVersion": api, "kind": "Role", "metadata": meta, "rules": [{
            "apiGroups": ["quarterdeck.dev"], "resources": ["workspaces", "blueprints"], "verbs": ["get", "list", "create", "patch", "delete"],
        }] }),
        json!({ "apiVersion": api, "kind": "RoleBinding", "metadata": meta, "roleRef": role, "subjects": [group] }),
    ] {
        kubectl::apply(&kubeconfig, &object.to_string());
    }
    let ready =
        prepared(&format!("[operator]\nnamespace = \"{ns}\"\nwatch_namespace = \"{ns}\"\nowner_guard = true\n"));
    let words = ["ada", "--role", "developer", "--org", "lab"];
    let ada = token(ready.0.path(), &kubeconfig, &words);
    let name = format!("quarterdeck-owner-guard-{ns}");
    let _guard = OwnerGuard(name.clone());
    let words = ["create", "clusterrole", &name, "--verb=list", "--resource=clusterblueprints.quarterdeck.dev"];
    let _ = kubectl::stdout(&kubeconfig, &words);
    let words = ["create", "clusterrolebinding", &name, "--clusterrole", &name, "--user=qde2e:ada"];
    let _ = kubectl::stdout(&kubeconfig, &words);
    let serving = Serving::start(ready, &kubeconfig, &["--roles", "console,operator", "--yes"]);

    let file = tempfile::NamedTempFile::new().unwrap();
    let path = file.path().display().to_string();
    let creates = |who: &[&str], writer: Option<&str>, dry: bool| {
        let object = json!({
            "apiVersion": "quarterdeck.dev/v1alpha1", "kind": "Workspace",
            "metadata": { "name": "theirs", "namespace": ns, "annotations": writer.map(|one| json!({ "quarterdeck.dev/writer": one })) },
            "spec": { "owner": "ada", "org": "lab", "image": "images.invalid/shell:1", "state": "Stopped" },
        });
        std::fs::write(file.path(), object.to_string()).unwrap();
        let words = [who, &["create", "-f", &path], if dry { &["--dry-run=server"][..] } else { &[] }].concat();
        let output = kubectl::kubectl(&kubeconfig, &words);
        (output.status.success(), errors(&output))
    };
    let mallory = ["--as", "mallory", "--as-group", "system:authenticated"];
    let denied = |writer: Option<&str>| {
        let (done, said) = creates(&mallory, writer, true);
        !done && said.contains(&name) && said.contains("annotate it with quarterdeck.dev/writer: mallory")
    };
    until("the guard stands", 60, || denied(None));
    let (_, said) = creates(&mallory, None, true);
    assert!(said.contains(&serving.base), "where to go instead: {said}");
    assert!(denied(Some("chief")), "nobody writes in the name of another");
    // Administrators of the cluster, and people through the gateway, say nothing of themselves.
    for who in
        [["--as", "chief", "--as-group", "system:masters"], ["--as", "qde2e:ada", "--as-group", "system:authenticated"]]
    {
        let (done, said) = creates(&who, None, true);
        assert!(done, "{who:?}: {said}");
    }
    let grant = |grant: &str, user: &str, action: &str| {
        let object = json!({
            "apiVersion": "quarterdeck.dev/v1alpha1", "kind": "Grant", "metadata": { "name": grant, "namespace": ns },
            "spec": { "subjects": [{ "kind": "User", "name": user }], "actions": [action] },
        });
        kubectl::apply(&kubeconfig, &object.to_string());
    };
    grant("launch", "ada", "launch");
    // She says who she is: it is there, and nothing is made of it until somebody grants it to her.
    let (done, said) = creates(&mallory, Some("mallory"), false);
    assert!(done, "{said}");
    let accepted = || condition(&seen(ns, "theirs"), "Accepted");
    until("it is told what lacks", 30, || accepted() == ("False".into(), "GrantMissing".into()));
    let told = message(&seen(ns, "theirs"), "Accepted");
    assert!(told.starts_with("mallory wrote it, and may not say whose it is"), "{told}");
    grant("writer", "mallory", "impersonateOwner");
    until("the grant lets it be", 30, || accepted().0 == "True");
    let _ = kubectl::stdout(&kubeconfig, &["delete", "grant", "writer", "-n", ns]);
    until("it is gone", 30, || accepted().0 == "False");
    // What is there may be changed: whose it is, and who wrote it, stay.
    let patch = |patch: Value| {
        let (patch, object) = (patch.to_string(), "workspaces.quarterdeck.dev/theirs");
        let words = ["patch", object, "-n", ns, "--type=merge", "-p", &patch];
        kubectl::kubectl(&kubeconfig, &[&mallory[..], &words].concat())
    };
    let fine = patch(json!({ "spec": { "notes": "x" } }));
    assert!(fine.status.success(), "{}", errors(&fine));
    assert!(errors(&patch(json!({ "spec": { "owner": "mallory" } }))).contains("owner"), "it is immutable");
    for writer in [Value::Null, json!("chief")] {
        let changed = patch(json!({ "metadata": { "annotations": { "quarterdeck.dev/writer": writer } } }));
        assert!(errors(&changed).contains("quarterdeck.dev/writer stays as it was"), "{}", errors(&changed));
    }
    // Through the gateway it is whose token it is, whatever the request says.
    let make = |more: Value| {
        let mut body = json!({ "namespace": ns, "cluster": context(), "name": "made", "image": "images.invalid/shell:1", "stopped": true });
        body.as_object_mut().unwrap().extend(more.as_object().unwrap().clone());
        let args = ["-H", "content-type: application/json", "-d", &body.to_string()];
        serving.ask_as(&ada, "/api/v1/workspaces", &args)
    };
    assert_eq!(make(json!({ "owner": "eve" })).code(), "bad_request");
    let made = make(json!({}));
    assert_eq!(made.status, 202, "{}", made.body);
    let spec = get(ns, "workspaces.quarterdeck.dev", "made")["spec"].clone();
    assert_eq!((&spec["owner"], &spec["org"]), (&json!("ada"), &json!("lab")));
    until("it may be, with nobody's grant but her own", 30, || condition(&seen(ns, "made"), "Accepted").0 == "True");
}
