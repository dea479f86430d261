//! Who may have a workspace, on a real cluster: quotas, grants, and the operator's own rights.
#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic, clippy::indexing_slicing)]

use e2e::console::Console;
use e2e::fresh::Fresh;
use e2e::gateway::{prepared, served, token};
use e2e::workspaces::{apply, condition, get, list, message, operator, seen, until, wait};
use e2e::{alone, errors, kubeconfig, kubectl, out, signal};
use serde_json::{Value, json};

/// An object of ours, made, and deleted when it is dropped.
struct Made(&'static str, String, String);

impl Made {
    fn new(kind: &'static str, resource: &'static str, namespace: &str, name: &str, spec: &Value) -> Self {
        let object = json!({
            "apiVersion": "quarterdeck.dev/v1alpha1", "kind": kind,
            "metadata": { "name": name, "namespace": namespace }, "spec": spec,
        });
        kubectl::apply(&kubeconfig(), &object.to_string());
        Self(resource, namespace.to_owned(), name.to_owned())
    }

    fn seen(&self) -> Value {
        get(&self.1, self.0, &self.2)
    }
}

impl Drop for Made {
    fn drop(&mut self) {
        let _ = kubectl::kubectl(&kubeconfig(), &["delete", self.0, &self.2, "-n", &self.1, "--wait=false"]);
    }
}

/// The operator's account and roles, which go when it is dropped.
struct Roles(&'static str);

impl Roles {
    fn new(file: &'static str) -> Self {
        kubectl::apply(&kubeconfig(), &std::fs::read_to_string(file).unwrap());
        Self(file)
    }
}

impl Drop for Roles {
    fn drop(&mut self) {
        let _ = kubectl::kubectl(&kubeconfig(), &["delete", "-f", self.0, "--wait=false"]);
    }
}

fn state(namespace: &str, name: &str, state: &str) {
    let object = format!("workspaces.quarterdeck.dev/{name}");
    let patch = json!({ "spec": { "state": state } }).to_string();
    let _ = kubectl::stdout(&kubeconfig(), &["patch", "-n", namespace, &object, "--type=merge", "-p", &patch]);
}

/// Pods of workspaces that are not ending.
fn pods(namespace: &str) -> Vec<Value> {
    let mut pods = list(namespace, "pods", "quarterdeck.dev/workspace");
    pods.retain(|pod| pod["metadata"]["deletionTimestamp"].is_null());
    pods
}

#[test]
fn ws_19p_a_quota_is_never_exceeded_and_what_waits_goes_on_when_room_comes() {
    let _alone = alone();
    let fresh = Fresh::new("ws-quota");
    let ns = fresh.name();
    let first = operator();
    let spec = json!({ "subject": { "namespace": ns }, "hard": { "running": 2, "workspaces": 6 } });
    let quota = Made::new("Quota", "qdquotas.quarterdeck.dev", "", "ws-quota-e2e", &spec);
    until("the operator tells how the quota stands", 40, || quota.seen()["status"]["shown"]["running"] == "0/2");
    let names = ["a", "b", "c", "d", "e"];
    for name in names {
        apply(ns, name, &json!({}));
    }
    let runs = || {
        let count = pods(ns).len();
        assert!(count <= 2, "{count} pods run");
        names.iter().filter(|name| condition(&seen(ns, name), "Ready").0 == "True").count()
    };
    until("two run", 120, || runs() == 2);
    let (on, off): (Vec<&str>, Vec<&str>) =
        names.iter().partition(|name| condition(&seen(ns, name), "Ready").0 == "True");
    for name in &off {
        let object = seen(ns, name);
        assert_eq!(condition(&object, "Accepted"), ("False".into(), "QuotaExceeded".into()), "{object:#}");
        let told = message(&object, "Accepted");
        assert!(told.contains("ws-quota-e2e") && told.contains("hard.running: 2 of 2 in use"), "{told}");
        assert!(list(ns, "services", &format!("quarterdeck.dev/workspace={name}")).is_empty(), "nothing of it is made");
    }
    until("used and hard stand in its columns", 20, || {
        let table = kubectl::stdout(&kubeconfig(), &["get", "qdq", "ws-quota-e2e"]);
        table.contains("2/2") && table.contains(&format!("namespace {ns}"))
    });
    // The operator is killed; the next one knows from what is there.
    signal(first.pid(), "KILL");
    let _second = operator();
    until("the next one leads", 60, || !quota.seen().is_null() && runs() == 2);
    std::thread::sleep(std::time::Duration::from_secs(20));
    assert_eq!(runs(), 2);
    // One stops: one of the others takes its room by itself.
    state(ns, on[0], "Stopped");
    until("another runs by itself", 120, || {
        let _ = runs();
        off.iter().any(|name| condition(&seen(ns, name), "Ready").0 == "True")
    });
    // And more room is more workspaces.
    let patch = json!({ "spec": { "hard": { "running": 4, "workspaces": 6 } } }).to_string();
    let _ = kubectl::stdout(&kubeconfig(), &["patch", "qdq", "ws-quota-e2e", "--type=merge", "-p", &patch]);
    until("all that are asked for run", 120, || {
        names.iter().filter(|name| condition(&seen(ns, name), "Ready").0 == "True").count() == 4
    });
}

#[test]
fn ws_18t_without_a_grant_there_is_no_workspace_and_with_one_there_is() {
    let _alone = alone();
    let fresh = Fresh::new("ws-grant");
    let ns = fresh.name();
    let variables = [("QD__OPERATOR__REQUIRE_GRANTS", "true")];
    let _operator = Console::start_with(Some(&kubeconfig()), &["--with-operator", "--yes"], &variables);
    apply(ns, "w", &json!({}));
    wait(ns, "w", "condition=Accepted=False");
    let object = seen(ns, "w");
    assert_eq!(condition(&object, "Accepted").1, "GrantMissing");
    // A grant of a suite before this one may still be there, for its own namespace.
    let told = message(&object, "Accepted");
    let elsewhere = format!("is not for namespace {ns}");
    assert!(told.contains("no grant names you") || told.ends_with(&elsewhere), "{object:#}");
    let spec = |image: &str| {
        json!({
            "subjects": [{ "kind": "User", "name": "ada" }], "actions": ["launch"],
            "constraints": { "images": [image], "maxConcurrent": 1 },
        })
    };
    let grant = Made::new("Grant", "grants.quarterdeck.dev", ns, "ada", &spec("images.invalid/other:*"));
    until("the nearest grant says why", 30, || {
        message(&seen(ns, "w"), "Accepted").contains("grant ada: image images.invalid/shell:1")
    });
    assert!(pods(ns).is_empty());
    let changed = json!({ "spec": spec("images.invalid/shell:*") }).to_string();
    let _ = kubectl::stdout(&kubeconfig(), &["patch", "grant", "ada", "-n", ns, "--type=merge", "-p", &changed]);
    wait(ns, "w", "condition=Ready");
    until("its status counts", 20, || {
        let seen = grant.seen();
        seen["status"]["matched"] == 1 && seen["status"]["inUse"] == 1 && condition(&seen, "Valid").0 == "True"
    });
    apply(ns, "x", &json!({}));
    wait(ns, "x", "condition=Accepted=False");
    assert!(message(&seen(ns, "x"), "Accepted").contains("it has its 1 workspaces already"));
    // The grant goes: what runs goes on, and it is told.
    drop(grant);
    wait(ns, "w", "condition=Accepted=False");
    assert_eq!(pods(ns).len(), 1);
    assert_eq!(seen(ns, "w")["status"]["phase"], "Running");
}

#[test]
fn wo_12b_the_operator_works_with_its_role_and_nothing_else() {
    let _alone = alone();
    let fresh = Fresh::new("ws-role");
    let ns = fresh.name();
    // An administrator has installed the kinds.
    drop(operator());
    let file = "../deploy/rbac/operator.yaml";
    let _roles = Roles::new(file);
    let account = "--serviceaccount=kube-system:quarterdeck-operator";
    let role = "--clusterrole=quarterdeck-workspaces";
    let folder = tempfile::tempdir().unwrap();
    let config = kubectl::account(&kubeconfig(), "kube-system", "quarterdeck-operator", folder.path());
    let home = prepared("[operator]\nexec_guard = false\n").0;
    let _ = token(home.path(), &config, &["ada", "--role", "developer", "--org", "lab"]);
    let check = || {
        let check = served(home.path(), &config, &["--roles", "operator", "check", "--namespace", ns]);
        let lines: Vec<String> = out(&check).lines().map(str::to_owned).collect();
        assert!(!lines.is_empty(), "{}", errors(&check));
        move |part: &str| -> String {
            let line = lines.iter().find(|line| line.contains(part));
            line.cloned().unwrap_or_else(|| panic!("{part}: {}", lines.join("\n")))
        }
    };
    let told = check();
    assert!(
        told(": everywhere").starts_with("ok") && told(": in kube-system").starts_with("ok"),
        "what is bound is there"
    );
    let lacks = told(&format!("workspaces of {ns}: get,create,patch,delete pods"));
    assert!(lacks.starts_with("missing") && lacks.contains("quarterdeck-workspaces"), "{lacks}");
    assert!(told(&format!("workspaces of {ns}: create serviceaccounts/token")).starts_with("missing"));
    let _operator = Console::start(Some(&config), &["--with-operator", "--yes"]);
    apply(ns, "w", &json!({ "storage": { "onDelete": "Delete" } }));
    until("it tells what it may not do yet", 60, || {
        condition(&seen(ns, "w"), "Degraded") == ("True".into(), "ApplyFailed".into())
    });
    let words = ["create", "rolebinding", "quarterdeck-workspaces", "-n", ns, role, account];
    let _ = kubectl::stdout(&kubeconfig(), &words);
    wait(ns, "w", "condition=Ready");
    assert!(check()(&format!("workspaces of {ns}")).starts_with("ok"), "a binding in its namespace is enough");
    state(ns, "w", "Stopped");
    wait(ns, "w", "jsonpath={.status.phase}=Stopped");
    state(ns, "w", "Running");
    wait(ns, "w", "condition=Ready");
    let object = "workspaces.quarterdeck.dev/w";
    let _ = kubectl::stdout(&kubeconfig(), &["delete", "-n", ns, object, "--timeout=180s"]);
    until("its home is gone", 60, || list(ns, "persistentvolumeclaims", "quarterdeck.dev/workspace=w").is_empty());
    let may = |verb: &str, what: &str, namespace: &str| {
        kubectl::kubectl(&config, &["auth", "can-i", verb, what, "-n", namespace]).status.success()
    };
    assert!(may("get", "secrets", ns) && !may("get", "secrets", "kube-system") && !may("list", "secrets", ns));
    assert!(!may("patch", "customresourcedefinitions", "") && !may("delete", "nodes", ""));
    // Routes are asked for where the Gateway API is, by roles of their own.
    assert!(!may("list", "httproutes.gateway.networking.k8s.io", ns));
}
