//! The team gateway on a real cluster: who comes in and how, what each of them may, and who API servers see.
#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic, clippy::indexing_slicing, missing_docs)]

use e2e::curl::Answer;
use e2e::fresh::Fresh;
use e2e::gateway::{Serving, certificate, prepared, served};
use e2e::workspaces::{condition, get, until};
use e2e::{errors, kubeconfig, kubectl, out};
use serde_json::{Value, json};
use std::io::Read;
use std::process::{Command, Stdio};

fn context() -> String {
    kubectl::stdout(&kubeconfig(), &["config", "current-context"]).trim().to_owned()
}

fn cookie(answer: &Answer) -> String {
    answer.header("set-cookie").expect("a cookie").to_owned()
}

#[test]
fn ac_116c_a_gateway_that_cannot_be_says_all_that_is_wrong_and_opens_nothing() {
    let home = tempfile::tempdir().unwrap();
    let file = home.path().join("qd.toml");
    std::fs::write(&file, "[serve]\npublic_url = \"http://x\"\n").unwrap();
    let output = served(home.path(), &kubeconfig(), &[]);
    assert_eq!(output.status.code(), Some(2), "{}", errors(&output));
    for words in ["--insecure-http", "is not https", "qd serve token add"] {
        assert!(errors(&output).contains(words), "{words}: {}", errors(&output));
    }
    std::fs::write(&file, "[serve]\nlisten = 1\nroels = []\n[policy]\ndeny = 1\n").unwrap();
    let output = served(home.path(), &kubeconfig(), &[]);
    assert_eq!(output.status.code(), Some(2));
    for words in ["3 things", "roels", "[serve] listen", "[policy] deny"] {
        assert!(errors(&output).contains(words), "{words}: {}", errors(&output));
    }
}

#[test]
fn ac_117b_people_come_in_by_token_over_tls_and_go_when_it_is_taken_away() {
    let prepared = prepared("");
    let kubeconfig = kubeconfig();
    let first = e2e::gateway::token(prepared.0.path(), &kubeconfig, &["root", "--role", "admin"]);
    let mut serving = Serving::start(prepared, &kubeconfig, &[]);
    let origin = format!("origin: {}", serving.base);

    // nobody comes in without a key; a person is led to the page, and back
    assert_eq!(serving.ask("/api/v1/session", &[]).code(), "token_missing");
    assert_eq!(serving.ask("/healthz", &[]).status, 200);
    let led = serving.ask("/?view=pods", &["-H", "accept: text/html"]);
    assert_eq!((led.status, led.header("location")), (303, Some("/sign-in?next=/%3Fview%3Dpods")));
    let page = serving.ask("/sign-in?next=/%3Fview%3Dpods", &["-H", "accept: text/html"]);
    assert!(page.body.contains("value=\"/?view=pods\"") && !page.body.contains("<script"), "{}", page.body);
    assert!(page.header("content-security-policy").unwrap().contains("form-action 'self'"));

    // a token becomes a cookie
    let form = ["--data-urlencode", &format!("token={first}"), "--data-urlencode", "next=/?view=pods"];
    let foreign = serving.ask("/sign-in", &[&["-H", "origin: https://evil.test"], form.as_slice()].concat());
    assert_eq!((foreign.status, foreign.header("set-cookie")), (403, None));
    let signed = serving.ask("/sign-in", &[&["-H", &origin], form.as_slice()].concat());
    assert_eq!((signed.status, signed.header("location")), (303, Some("/?view=pods")), "{}", signed.body);
    let set = cookie(&signed);
    assert!(
        set.starts_with("__Host-qd=") && set.contains("; Path=/; Secure; HttpOnly; SameSite=Lax; Max-Age=86400"),
        "{set}"
    );
    let with = format!("cookie: {}", set.split(';').next().unwrap());
    assert_eq!(serving.ask("/api/v1/session", &["-H", &with]).json()["user"], "root");
    // a change rides on no cookie from elsewhere
    let post = ["-H", &with, "-X", "POST", "-H", "content-type: application/json", "-d", "{}"];
    assert_eq!(serving.ask("/api/v1/plans", &post).code(), "origin_not_allowed");
    assert_eq!(serving.ask("/api/v1/codes", &[&["-H", &origin], post.as_slice()].concat()).code(), "not_found");

    // names
    assert_eq!(serving.ask_as(&first, "/api/v1/session", &[]).json()["user"], "root");
    assert_eq!(serving.ask_as(&first, "/api/v1/session", &["-H", "host: evil.test"]).code(), "host_not_allowed");
    let evil = serving.ask_as(&first, "/api/v1/session", &["-H", "origin: https://evil.test"]);
    assert_eq!(evil.code(), "origin_not_allowed");

    // another certificate is taken without a restart
    certificate(serving.home());
    until("the new certificate is shown", 10, || {
        let at = serving.home().join("tls.crt");
        let url = format!("{}/healthz", serving.base);
        Command::new("curl").args(["-sS", "--cacert"]).arg(at).arg(url).output().unwrap().status.success()
    });
    assert_eq!(serving.ask("/api/v1/session", &["-H", &with]).status, 200, "sessions go on");

    // a token that is taken away ends what is open, and nothing else
    let other = serving.token(&["vic", "--role", "viewer"]);
    until("a new token is good", 10, || serving.ask_as(&other, "/api/v1/session", &[]).status == 200);
    let mut socket = Command::new("curl")
        .args(["-sSN", "--http1.1", "--max-time", "60", "--cacert"])
        .arg(serving.home().join("tls.crt"))
        .args(["-H", &with, "-H", &origin, "-H", "connection: Upgrade", "-H", "upgrade: websocket"])
        .args(["-H", "sec-websocket-version: 13", "-H", "sec-websocket-key: dGhlIHNhbXBsZSBub25jZQ=="])
        .arg(format!("{}/api/v1/socket", serving.base))
        .stdout(Stdio::piped())
        .spawn()
        .unwrap();
    let mut said = socket.stdout.take().unwrap();
    let (tell, told) = std::sync::mpsc::channel();
    std::thread::spawn(move || {
        let (mut all, mut buffer) = (Vec::new(), [0; 1024]);
        while let Ok(count @ 1..) = said.read(&mut buffer) {
            all.extend_from_slice(&buffer[..count]);
            let _ = tell.send(String::from_utf8_lossy(&all).into_owned());
        }
    });
    until("the socket is open", 10, || serving.ops("/metrics").body.contains("qd_sockets 1"));
    assert!(serving.ops("/metrics").body.contains("qd_sessions 1"));
    let revoked = serving.serve(&["token", "revoke", "root"]);
    assert!(revoked.status.success(), "{}", errors(&revoked));
    until("the socket is told", 10, || told.try_iter().any(|all| all.contains("signed_out")));
    socket.kill().unwrap();
    socket.wait().unwrap();
    assert_eq!(serving.ask("/api/v1/session", &["-H", &with]).code(), "token_missing");
    assert_eq!(serving.ask_as(&first, "/api/v1/session", &[]).code(), "token_invalid");
    assert_eq!(serving.ask_as(&other, "/api/v1/session", &[]).status, 200);

    // what is wrong with a file is said, and what was there before holds
    std::fs::write(serving.home().join("tokens.toml"), "[[person]]\n").unwrap();
    until("readiness names the part", 10, || {
        let ready = serving.ops("/readyz");
        ready.status == 503 && ready.body.contains("files: ") && ready.body.contains("missing field `name`")
    });
    assert_eq!(serving.ask_as(&other, "/api/v1/session", &[]).status, 200);

    // the log is JSON, names requests, and holds no token
    assert_eq!(serving.stop(), Some(0), "{}", serving.said());
    let said = serving.said();
    assert!(!said.contains(&first) && !said.contains(&other) && !said.contains("__Host-qd="), "{said}");
    let lines: Vec<Value> = said.lines().map(|line| serde_json::from_str(line).expect(line)).collect();
    assert!(
        lines.iter().any(|line| line["request_id"].is_string() && line["who"] == "user:root" && line["status"] == 200),
        "{said}"
    );
}

/// What the API server logged of requests on somebody's behalf in a namespace.
fn seen(namespace: &str, user: &str) -> Vec<Value> {
    let log = std::fs::read_to_string(e2e::env("QD_E2E_AUDIT_LOG")).unwrap();
    let lines = log.lines().filter(|line| line.contains(namespace) && line.contains(user));
    let lines = lines.filter_map(|line| serde_json::from_str::<Value>(line).ok());
    lines
        .filter(|line| line["impersonatedUser"]["username"] == user && line["objectRef"]["namespace"] == namespace)
        .collect()
}

/// A role of the whole cluster for everybody of a group, which goes when it is dropped.
struct Everywhere(&'static str);

impl Everywhere {
    fn new(name: &'static str, resources: &[&str], subjects: &[Value]) -> Self {
        let role = json!({
            "apiVersion": "rbac.authorization.k8s.io/v1", "kind": "ClusterRole", "metadata": { "name": name },
            "rules": [{ "apiGroups": ["quarterdeck.dev"], "resources": resources, "verbs": ["get", "list", "watch"] }],
        });
        let binding = json!({
            "apiVersion": "rbac.authorization.k8s.io/v1", "kind": "ClusterRoleBinding", "metadata": { "name": name },
            "roleRef": { "apiGroup": "rbac.authorization.k8s.io", "kind": "ClusterRole", "name": name },
            "subjects": subjects,
        });
        for object in [role, binding] {
            kubectl::apply(&kubeconfig(), &object.to_string());
        }
        Self(name)
    }
}

impl Drop for Everywhere {
    fn drop(&mut self) {
        for kind in ["clusterrolebinding", "clusterrole"] {
            let _ = kubectl::kubectl(&kubeconfig(), &["delete", kind, self.0, "--wait=false"]);
        }
    }
}

#[test]
fn ws_18_two_people_see_and_may_what_is_theirs_and_what_is_granted() {
    let fresh = Fresh::new("serve-e2e");
    let (ns, cluster, kubeconfig) = (fresh.name(), context(), kubeconfig());
    let bound = |name: &str, role: &str, subjects: &[Value]| {
        kubectl::apply(
            &kubeconfig,
            &json!({
                "apiVersion": "rbac.authorization.k8s.io/v1", "kind": "RoleBinding",
                "metadata": { "name": name, "namespace": ns },
                "roleRef": { "apiGroup": "rbac.authorization.k8s.io", "kind": role, "name": name },
                "subjects": subjects,
            })
            .to_string(),
        );
    };
    let role = json!({
        "apiVersion": "rbac.authorization.k8s.io/v1", "kind": "Role", "metadata": { "name": "developers", "namespace": ns },
        "rules": [{ "apiGroups": ["quarterdeck.dev"], "resources": ["workspaces"], "verbs": ["*"] },
                  { "apiGroups": ["quarterdeck.dev"], "resources": ["blueprints"], "verbs": ["get", "list"] }],
    });
    kubectl::apply(&kubeconfig, &role.to_string());
    let of = |kind: &str, name: &str| json!({ "apiGroup": "rbac.authorization.k8s.io", "kind": kind, "name": name });
    // The cluster would let everybody do everything with workspaces here: what is refused below the policy refuses.
    let everybody = [of("Group", "qde2e:role:developer"), of("Group", "qde2e:role:viewer")];
    bound("developers", "Role", &everybody);
    let _catalogue = Everywhere::new("serve-e2e-catalogue", &["clusterblueprints"], &everybody);
    bound("view", "ClusterRole", &[of("User", "qde2e:vic")]);
    let more = format!(
        "[operator]\nnamespace = \"{ns}\"\nwatch_namespace = \"{ns}\"\n\
        [[policy.deny]]\nname = \"no-secrets\"\nactions = [\"secret:reveal\"]\n"
    );
    let prepared = prepared(&more);
    let person = |words: &[&str]| e2e::gateway::token(prepared.0.path(), &kubeconfig, words);
    let root = person(&["root", "--role", "admin"]);
    let (vic, val) = (person(&["vic", "--role", "viewer"]), person(&["val", "--role", "viewer"]));
    let ada = person(&["ada", "--role", "developer", "--org", "lab"]);
    let bob = person(&["bob", "--role", "developer", "--org", "lab"]);
    let serving = Serving::start(prepared, &kubeconfig, &["--roles", "console,operator", "--yes"]);

    // two viewers: the same policy, and each sees what the cluster lets them see
    let path = format!("/api/v1/object?cluster={cluster}&kind=configmaps&namespace={ns}&name=kube-root-ca.crt");
    until("the first object of the namespace is there", 20, || serving.ask_as(&vic, &path, &[]).status == 200);
    assert_eq!(serving.ask_as(&val, &path, &[]).code(), "rbac_denied");
    assert_eq!(serving.ask_as(&ada, &path, &[]).code(), "policy_denied", "a developer looks at workspaces alone");
    until("the API server saw both", 20, || !seen(ns, "qde2e:vic").is_empty() && !seen(ns, "qde2e:val").is_empty());
    let line = seen(ns, "qde2e:vic").into_iter().find(|line| line["objectRef"]["resource"] == "configmaps").unwrap();
    assert!(line["userAgent"].as_str().unwrap().contains("decision/"), "{line}");
    assert!(line["impersonatedUser"]["groups"].to_string().contains("qde2e:role:viewer"), "{line}");

    // a workspace of one's own: the role lets it be asked for, a grant lets it be
    let ask = |who: &str, method: &str, path: &str, body: &Value| {
        let body = body.to_string();
        serving.ask_as(who, path, &["-X", method, "-H", "content-type: application/json", "-d", &body])
    };
    let asked = json!({ "cluster": cluster, "namespace": ns, "name": "hers", "image": "images.invalid/shell:1" });
    let refused = ask(&vic, "POST", "/api/v1/workspaces", &asked);
    assert_eq!(refused.code(), "policy_denied", "{}", refused.body);
    let made = ask(&ada, "POST", "/api/v1/workspaces", &asked);
    assert!(matches!(made.status, 200..=202), "{}", made.body);
    until("the workspace is there", 20, || !get(ns, "workspaces.quarterdeck.dev", "hers").is_null());
    let object = || get(ns, "workspaces.quarterdeck.dev", "hers");
    assert_eq!((object()["spec"]["owner"].as_str(), object()["spec"]["org"].as_str()), (Some("ada"), Some("lab")));
    until("it is refused without a grant", 40, || {
        object()["status"]["conditions"].to_string().contains("no grant names you")
    });
    let grant = |name: &str, spec: Value| {
        let object = json!({
            "apiVersion": "quarterdeck.dev/v1alpha1", "kind": "Grant", "metadata": { "name": name, "namespace": ns }, "spec": spec,
        });
        kubectl::apply(&kubeconfig, &object.to_string());
    };
    grant("launch", json!({ "subjects": [{ "kind": "Role", "name": "developer" }], "actions": ["launch"] }));
    until("the grant lets it be", 60, || {
        let (_, reason) = condition(&object(), "Ready");
        !get(ns, "pods", "hers").is_null()
            || !reason.is_empty() && !object()["status"]["conditions"].to_string().contains("no grant names you")
    });

    // somebody else may not, until a grant says so; and then what it says alone
    let shown = format!("/api/v1/workspaces/{ns}/hers?cluster={cluster}");
    let stop = format!("/api/v1/workspaces/{ns}/hers/stop?cluster={cluster}");
    let yes = json!({ "answers": { "confirm": true, "typed_name": "", "reason": "" } });
    assert_eq!(serving.ask_as(&ada, &shown, &[]).status, 200);
    let refused = ask(&bob, "POST", &stop, &yes);
    assert_eq!(refused.status / 100, 4, "{}", refused.body);
    grant("helper", json!({ "subjects": [{ "kind": "User", "name": "bob" }], "actions": ["stop"] }));
    until("the grant lets bob stop it", 20, || matches!(ask(&bob, "POST", &stop, &yes).status, 200..=202));
    assert_eq!(object()["spec"]["state"], "Stopped");
    let delete =
        serving.ask_as(&bob, &shown, &["-X", "DELETE", "-H", "content-type: application/json", "-d", &yes.to_string()]);
    assert_eq!(delete.status / 100, 4, "{}", delete.body);
    assert!(!object()["metadata"]["deletionTimestamp"].is_string());
    until("the API server saw bob", 20, || {
        seen(ns, "qde2e:bob").iter().any(|line| line["verb"] == "patch" && line["objectRef"]["name"] == "hers")
    });

    // the journal names each, and the rule
    let journal = |query: &str| serving.ask_as(&root, &format!("/api/v1/audit?{query}"), &[]).json().to_string();
    let entries = journal("principal=user:bob&limit=100");
    assert!(entries.contains(&format!("team.grant {ns}/helper")) && entries.contains("team.default"), "{entries}");
    assert!(journal("principal=user:ada&limit=100").contains("team.own"));
    assert_eq!(serving.ask_as(&bob, "/api/v1/audit", &[]).code(), "policy_denied");

    // what the configuration denies, nobody may
    let reveal = json!({
        "object": { "cluster": cluster, "kind": "secrets", "namespace": ns, "name": "x" }, "key": "k",
        "answers": { "confirm": true, "typed_name": "", "reason": "" },
    });
    let denied = ask(&root, "POST", "/api/v1/secret/reveal", &reveal);
    assert_eq!(denied.code(), "policy_denied", "{}", denied.body);
    assert_eq!(denied.json()["details"]["rule"], "team.deny.no-secrets");

    // and what it lacks is said
    let check = serving.serve(&["check"]);
    let said = out(&check);
    assert!(said.contains("impersonate users"), "{said}{}", errors(&check));
    for part in ["cert-manager", "operator.registry", "overlay"] {
        let line = said.lines().find(|line| line.contains(part)).unwrap_or_else(|| panic!("{part}: {said}"));
        assert!(line.starts_with("without "), "{line}");
    }
    assert!(!said.contains("storage classes"), "it has one: {said}");
}

#[test]
fn wo_01_an_operator_in_the_gateway_leads_by_its_lease_and_its_figures_have_a_port_of_their_own() {
    let fresh = Fresh::new("serve-operator");
    let (ns, kubeconfig) = (fresh.name(), kubeconfig());
    let more = format!("[operator]\nnamespace = \"{ns}\"\nwatch_namespace = \"{ns}\"\n");
    let ready = prepared(&more);
    let root = e2e::gateway::token(ready.0.path(), &kubeconfig, &["root", "--role", "admin"]);
    let serving = Serving::start(ready, &kubeconfig, &["--roles", "console,operator", "--yes"]);
    let figures = || serving.ops("/metrics").body;
    until("its operator leads", 60, || figures().lines().any(|line| line == "qd_operator_active 1"));
    let lease = get(ns, "lease", "quarterdeck-operator");
    assert_eq!(lease["spec"]["leaseDurationSeconds"], 15, "{lease}");
    assert!(lease["spec"]["holderIdentity"].as_str().is_some_and(|who| !who.is_empty()), "{lease}");
    let looked = |figures: &str| {
        let line = figures.lines().find(|line| line.starts_with("qd_operator_looks_total ")).unwrap().to_owned();
        line.split(' ').nth(1).unwrap().parse::<u64>().unwrap()
    };
    e2e::workspaces::apply(ns, "w", &json!({ "state": "Stopped" }));
    until("a workspace is looked at", 60, || {
        let figures = figures();
        figures.lines().any(|line| line == "qd_operator_workspaces 1") && looked(&figures) > 0
    });
    // the port where people are tells none of it, not even to who may do everything
    let told = serving.ask_as(&root, "/metrics", &[]);
    assert!(!told.body.contains("qd_operator"), "{}", told.body);
    assert_eq!(serving.ops("/api/v1/session").status, 404, "and the other one lets nobody in");

    // both on one port are refused before anything is opened
    let (home, port, metrics) = prepared(&more);
    let _ = e2e::gateway::token(home.path(), &kubeconfig, &["root", "--role", "admin"]);
    let file = home.path().join("qd.toml");
    let text = std::fs::read_to_string(&file).unwrap().replace(&metrics.to_string(), &port.to_string());
    std::fs::write(&file, text).unwrap();
    let output = served(home.path(), &kubeconfig, &["--roles", "console,operator", "--yes"]);
    assert!(!output.status.success() && errors(&output).contains(&port.to_string()), "{}", errors(&output));
}
