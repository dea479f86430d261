//! An API server that stands still: what cannot be done is refused, nothing is done later, nothing is lost.

#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic, clippy::indexing_slicing, missing_docs)]

use e2e::app::App;
use e2e::curl::{Answer, curl};
use e2e::fresh::Fresh;
use e2e::gateway::{Serving, prepared, token};
use e2e::opened::open;
use e2e::socket::Socket;
use e2e::workspaces::{self, act, apply, get, operator, phase, pods, seen, until, wait};
use e2e::{alone, context, kubeconfig, kubectl, node, signal};
use serde_json::{Value, json};
use std::time::{Duration, Instant};

const SHELL: &str = "images.invalid/shell:1";

/// What a test may have to wait for.
const PATIENT: [&str; 2] = ["--max-time", "120"];

fn claim(namespace: &str, name: &str) -> Value {
    workspaces::claim(namespace, name)["metadata"]["uid"].clone()
}

/// The API server of the cluster, which stands still until this is dropped.
struct Paused(u32);

impl Paused {
    fn new() -> Self {
        let folder = format!("{}/", kubeconfig().parent().unwrap().display());
        let is = |line: &str| {
            let mut words = line.split(' ');
            words.next().is_some_and(|program| program.ends_with("/kube-apiserver")) && line.contains(&folder)
        };
        let pid = node::running(is).expect("the API server of this cluster runs on this machine");
        signal(pid, "STOP");
        Self(pid)
    }
}

impl Drop for Paused {
    fn drop(&mut self) {
        // nsenter, which led it into the node, stands still as long as it sees that: both go on, whichever is told first.
        let field = |pid: u32, name: &str| {
            let status = std::fs::read_to_string(format!("/proc/{pid}/status")).unwrap_or_default();
            status
                .lines()
                .find_map(|line| line.strip_prefix(name).map(|rest| rest.trim().to_owned()))
                .unwrap_or_default()
        };
        let parent: Option<u32> = field(self.0, "PPid:").parse().ok().filter(|parent| *parent > 1);
        let both: Vec<u32> = parent.into_iter().chain([self.0]).collect();
        let mut quiet = 0;
        for _ in 0..200 {
            let still: Vec<_> = both.iter().filter(|pid| field(**pid, "State:").starts_with('T')).collect();
            quiet = if still.is_empty() { quiet + 1 } else { 0 };
            if quiet == 5 {
                return;
            }
            still.into_iter().for_each(|pid| signal(*pid, "CONT"));
            std::thread::sleep(Duration::from_millis(50));
        }
    }
}

#[test]
fn wf_13h_while_the_api_server_stands_still_changes_are_refused_and_nothing_is_done_later() {
    let _alone = alone();
    let fresh = Fresh::new("ws-paused");
    let ns = fresh.name();
    let console = operator();
    apply(ns, "w", &json!({}));
    wait(ns, "w", "condition=Ready");
    let (pod, home) = (pods(ns, "w")[0]["metadata"]["uid"].clone(), claim(ns, "w"));
    let paused = Paused::new();
    let body = json!({ "cluster": context(), "namespace": ns, "name": "later", "image": SHELL });
    let (answer, made) = std::thread::scope(|threads| {
        let stop = threads.spawn(|| act(&console, ns, "w", "stop", &PATIENT));
        let made = console.ask("POST", "/workspaces", Some(&body), &PATIENT);
        (stop.join().unwrap(), made)
    });
    assert_eq!((answer.status, answer.code().as_str()), (503, "cluster_unreachable"), "{answer:?}");
    assert_eq!((made.status, made.code().as_str()), (503, "cluster_unreachable"), "{made:?}");
    assert_eq!(curl(&format!("{}/healthz", console.base), &[]).status, 200, "the gateway itself answers");
    drop(paused);
    // Whoever leads goes on, or leads again; what was refused stays undone.
    until("the API server answers", 60, || get(ns, "pods", "w")["metadata"]["uid"] == pod);
    let began = Instant::now();
    while began.elapsed() < Duration::from_secs(5) {
        let now = seen(ns, "w");
        assert_ne!(now["spec"]["state"], "Stopped", "what was refused is not done later");
        assert_eq!(pods(ns, "w").len(), 1);
        std::thread::sleep(Duration::from_millis(300));
    }
    assert!(seen(ns, "later").is_null(), "nothing was made later");
    assert_eq!((pods(ns, "w")[0]["metadata"]["uid"].clone(), claim(ns, "w")), (pod, home.clone()));
    let stopped = act(&console, ns, "w", "stop", &PATIENT);
    assert_eq!(stopped.status, 202, "{stopped:?}");
    let took = phase(ns, "w", "Stopped");
    println!("stopped {took:?} after it was asked");
    assert_eq!(claim(ns, "w"), home);
    let _ = act(&console, ns, "w", "start", &PATIENT);
    let _ = phase(ns, "w", "Running");
    assert_eq!(claim(ns, "w"), home);
}

/// How often somebody but kubectl asked the API server for a workspace.
fn asked_for(namespace: &str, name: &str) -> usize {
    let log = std::fs::read_to_string(e2e::env("QD_E2E_AUDIT_LOG")).unwrap();
    let lines = log.lines().filter(|line| line.contains(namespace) && line.contains("\"verb\":\"get\""));
    let lines = lines.filter_map(|line| serde_json::from_str::<Value>(line).ok());
    let is = |line: &Value| {
        let object = &line["objectRef"];
        object["resource"] == "workspaces" && object["namespace"] == namespace && object["name"] == name
    };
    lines.filter(|line| is(line) && !line["userAgent"].as_str().unwrap_or_default().starts_with("kubectl")).count()
}

#[test]
fn wf_13j_while_the_api_server_stands_still_apps_terminals_and_files_of_what_runs_are_opened_anew() {
    let _alone = alone();
    let fresh = Fresh::new("ws-away");
    let ns = fresh.name();
    let console = operator();
    apply(ns, "w", &json!({}));
    wait(ns, "w", "condition=Ready");
    wait(ns, "w", "condition=Reachable");
    let pod = seen(ns, "w")["status"]["pod"]["name"].as_str().unwrap().to_owned();
    let _app = App::start(ns, &pod, 3000, "away");
    // Where it runs is told by a watch: whoever opens an app asks the API server for nothing.
    until("it is known where it runs", 60, || {
        let before = asked_for(ns, "w");
        assert!(open(&console, ns, "w", "port=3000").get("/x", "").ends_with("away /x 0"));
        asked_for(ns, "w") == before
    });
    let files = format!("/workspaces/{ns}/w/files/list?path=&cluster={}", context());
    let terminal = format!("/api/v1/workspaces/{ns}/w/interactive?cluster={}&cols=80&rows=24", context());
    let paused = Paused::new();
    for turn in ["first", "next"] {
        let began = Instant::now();
        assert!(open(&console, ns, "w", "port=3000").get("/x", "").ends_with("away /x 0"));
        println!("{turn}: an app after {:?}", began.elapsed());
        let began = Instant::now();
        let mut one = Socket::open(&console, &terminal, "qd.term.v1").expect("a socket");
        one.until("the shell is open", |one| one.said.iter().any(|one| one["is"] == "open"));
        one.type_in("echo $((41+1))-is-there\r");
        one.until("its answer", |one| one.screen().contains("42-is-there"));
        println!("{turn}: a terminal after {:?}", began.elapsed());
        let began = Instant::now();
        let listed = console.ask("GET", &files, None, &PATIENT);
        assert_eq!(listed.status, 200, "{listed:?}");
        println!("{turn}: files after {:?}", began.elapsed());
    }
    // Of what nobody told, nothing is known.
    let other = format!("/workspaces/{ns}/other/open?cluster={}&port=3000", context());
    let other = console.ask("POST", &other, None, &PATIENT);
    assert_eq!((other.status, other.code().as_str()), (503, "cluster_unreachable"), "{other:?}");
    drop(paused);
    until("the API server answers", 60, || !seen(ns, "w").is_null());
    // What is stopped is not led to any more, and what is gone is gone.
    until("it is stopped", 60, || act(&console, ns, "w", "stop", &PATIENT).status == 202);
    let _ = phase(ns, "w", "Stopped");
    let stopped = console.ask("GET", &files, None, &PATIENT);
    assert_eq!(stopped.code(), "workspace_stopped", "{stopped:?}");
}

/// A gateway of a team, in one namespace.
struct Team {
    serving: Serving,
    route: String,
    ns: String,
}

impl Team {
    fn files(&self, token: &str) -> Answer {
        let path = format!("/api/v1/workspaces/{}/w/files/list?path=&cluster={}", self.ns, context());
        self.serving.ask_as(token, &path, &PATIENT)
    }

    fn open(&self, token: &str) -> Answer {
        let path = format!("/api/v1/workspaces/{}/w/open?cluster={}&port=3000", self.ns, context());
        self.serving.ask_as(token, &path, &[&["-X", "POST"], &PATIENT[..]].concat())
    }

    /// What the app says to whom this let in.
    fn app(&self, opened: &Answer) -> String {
        assert_eq!(opened.status, 200, "{opened:?}");
        let to = format!("::127.0.0.1:{}", self.serving.port);
        let host = format!("https://3000--{}.apps.test:{}", self.route, self.serving.port);
        let words = ["-k", "--connect-to", &to, "--max-time", "60"];
        let entered = curl(opened.json()["url"].as_str().unwrap(), &words);
        assert_eq!(entered.status, 303, "{entered:?}");
        let cookie = entered.header("set-cookie").unwrap().split(';').next().unwrap().to_owned();
        let cookie = format!("cookie: {cookie}");
        curl(&format!("{host}/y"), &[&words[..], &["-H", &cookie]].concat()).body
    }
}

#[test]
fn wf_13k_while_the_api_server_stands_still_people_of_a_team_keep_what_it_let_them_and_get_nothing_else() {
    let _alone = alone();
    let (fresh, kubeconfig) = (Fresh::new("ws-away-team"), kubeconfig());
    let ns = fresh.name();
    let rule = |group: &str, resources: &[&str], verbs: &[&str]| json!({ "apiGroups": [group], "resources": resources, "verbs": verbs });
    let rules = json!([
        rule("quarterdeck.dev", &["workspaces"], &["get", "list", "watch"]),
        rule("", &["pods"], &["get"]),
        rule("", &["pods/exec"], &["get", "create"]),
    ]);
    let meta = json!({ "name": "developers", "namespace": ns });
    let api = "rbac.authorization.k8s.io/v1";
    let reference = json!({ "apiGroup": "rbac.authorization.k8s.io", "kind": "Role", "name": "developers" });
    let group = json!({ "apiGroup": "rbac.authorization.k8s.io", "kind": "Group", "name": "qde2e:role:developer" });
    for object in [
        json!({ "apiVersion": api, "kind": "Role", "metadata": meta, "rules": rules }),
        json!({ "apiVersion": api, "kind": "RoleBinding", "metadata": meta, "roleRef": reference, "subjects": [group] }),
        json!({
            "apiVersion": "quarterdeck.dev/v1alpha1", "kind": "Grant", "metadata": { "name": "all", "namespace": ns },
            "spec": {
                "subjects": [{ "kind": "User", "name": "ada" }, { "kind": "User", "name": "bob" }],
                "actions": ["launch", "connect", "files", "proxy"],
            },
        }),
    ] {
        kubectl::apply(&kubeconfig, &object.to_string());
    }
    let prepared = prepared(&format!(
        "apps_domain = \"apps.test\"\n[operator]\nnamespace = \"{ns}\"\nwatch_namespace = \"{ns}\"\n"
    ));
    let [ada, bob] = ["ada", "bob"]
        .map(|name| token(prepared.0.path(), &kubeconfig, &[name, "--role", "developer", "--org", "lab"]));
    let serving = Serving::start(prepared, &kubeconfig, &["--roles", "console,operator", "--yes"]);
    apply(ns, "w", &json!({}));
    wait(ns, "w", "condition=Ready");
    wait(ns, "w", "condition=Reachable");
    let status = seen(ns, "w")["status"].clone();
    let _app = App::start(ns, status["pod"]["name"].as_str().unwrap(), 3000, "away");
    let team = Team { serving, route: status["routeID"].as_str().unwrap().to_owned(), ns: ns.to_owned() };
    until("she is let in", 60, || team.files(&ada).status == 200);
    assert!(team.app(&team.open(&ada)).ends_with("away /y 0"));

    // Who was let in before goes on; of anybody else nobody knows.
    let paused = Paused::new();
    let listed = team.files(&ada);
    assert_eq!(listed.status, 200, "{listed:?}");
    assert!(team.app(&team.open(&ada)).ends_with("away /y 0"));
    let (files, opened) = (team.files(&bob), team.open(&bob));
    for answer in [files, opened] {
        assert!([403, 404, 503].contains(&answer.status), "he was never let in: {answer:?}");
    }
    drop(paused);
    until("the API server answers", 60, || !seen(ns, "w").is_null());

    // What was taken away meanwhile counts as soon as the API server has said so.
    let _ = kubectl::stdout(&kubeconfig, &["delete", "rolebinding", "-n", ns, "developers"]);
    until("she is refused", 60, || team.files(&ada).status == 403);
    let paused = Paused::new();
    let (files, opened) = (team.files(&ada), team.open(&ada));
    for answer in [files, opened] {
        assert!([403, 404, 503].contains(&answer.status), "it was taken from her: {answer:?}");
    }
    drop(paused);
    until("the API server answers", 60, || !seen(ns, "w").is_null());
}
