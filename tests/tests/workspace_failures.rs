//! What does not start on a real cluster: each says what is wrong, in the cluster's own words, and what to do next.

#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic, clippy::indexing_slicing)]

use e2e::console::Console;
use e2e::curl::Answer;
use e2e::fresh::Fresh;
use e2e::gateway::{Serving, prepared, served, token};
use e2e::workspaces::{apply, condition, get, message, operator, until};
use e2e::{context, errors, kubeconfig, kubectl, out};
use serde_json::{Value, json};
use std::net::{Shutdown, TcpListener, TcpStream};
use std::path::PathBuf;
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Arc, Mutex};

const SHELL: &str = "images.invalid/shell:1";

/// Workspaces of one namespace that do not start.
struct Place {
    console: Console,
    fresh: Fresh,
}

impl Place {
    /// A workspace of a blueprint of its own.
    fn of(&self, name: &str, blueprint: &Value, more: &Value) {
        let object = json!({
            "apiVersion": "quarterdeck.dev/v1alpha1", "kind": "Blueprint",
            "metadata": { "name": name, "namespace": self.fresh.name() }, "spec": blueprint,
        });
        kubectl::apply(&kubeconfig(), &object.to_string());
        let mut spec = json!({ "image": null, "blueprintRef": { "kind": "Blueprint", "name": name } });
        spec.as_object_mut().unwrap().extend(more.as_object().unwrap().clone());
        apply(self.fresh.name(), name, &spec);
    }

    /// A service whose own program is this line.
    fn service(&self, name: &str, line: &str, more: &Value) {
        let mut spec = json!({ "runProfile": "service", "command": ["bash", "-c", line] });
        spec.as_object_mut().unwrap().extend(more.as_object().unwrap().clone());
        apply(self.fresh.name(), name, &spec);
    }

    fn workspace(&self, name: &str) -> Value {
        get(self.fresh.name(), "workspaces.quarterdeck.dev", name)
    }

    /// Waits until a condition of a workspace says all of this; the workspace.
    fn says(&self, name: &str, kind: &str, words: &[&str]) -> Value {
        let mut last = Value::Null;
        let so = || {
            last = self.workspace(name);
            let message = message(&last, kind);
            words.iter().all(|word| message.contains(word))
        };
        let caught = std::panic::catch_unwind(std::panic::AssertUnwindSafe(|| {
            until(&format!("{kind} of {name} says {words:?}"), 150, so);
        }));
        assert!(caught.is_ok(), "{kind} of {name} does not say {words:?}: {last:#}");
        last
    }

    /// The same by REST.
    fn create(&self, asked: &Value) -> Answer {
        let mut body = json!({ "cluster": context(), "namespace": self.fresh.name() });
        body.as_object_mut().unwrap().extend(asked.as_object().unwrap().clone());
        self.ask("POST", "/workspaces", Some(&body))
    }

    /// The path of a workspace, or of something of it.
    fn path(&self, name: &str, more: &str) -> String {
        format!("/workspaces/{}/{name}{more}?cluster={}", self.fresh.name(), context())
    }

    /// Asks the console.
    fn ask(&self, method: &str, path: &str, body: Option<&Value>) -> Answer {
        self.console.ask(method, path, body, &[])
    }
}

fn error(object: &Value) -> &str {
    object["status"]["lastError"].as_str().unwrap_or_default()
}

/// All of them are asked for at once: much of it is waiting for the kubelet.
#[test]
fn wf_08c_what_does_not_start_says_why_and_what_to_do() {
    let place = Place { console: operator(), fresh: Fresh::new("ws-failures") };
    let ns = place.fresh.name();
    // It is started again three times before it counts as a loop.
    place.service("loops", "for i in $(seq 30); do echo line $i; done; exit 3", &json!({}));
    place.service("eats", "x=x; while :; do x=$x$x; done", &json!({ "resources": { "memory": "128Mi" } }));
    let job = asked(&place);
    apply(ns, "name", &json!({ "image": "Images.invalid/Not A Name" }));
    apply(ns, "large", &json!({ "resources": { "cpu": "4000" } }));
    apply(ns, "nowhere", &json!({ "placement": { "nodeSelector": { "nowhere": "true" } } }));
    let from = json!({ "secretKeyRef": { "name": "not-there", "key": "token" } });
    apply(ns, "config", &json!({ "env": [{ "name": "TOKEN", "valueFrom": from }] }));
    let claim = json!({
        "accessModes": ["ReadWriteOnce"], "storageClassName": "not-there", "resources": { "requests": { "storage": "1Gi" } },
    });
    let storages = json!({ "home": { "path": "/home/ada", "claimSpec": claim } });
    place.of("class", &json!({ "image": SHELL, "storages": storages }), &json!({}));
    // The image of the agent is one that has none: what runs first cannot be run.
    place.of("init", &json!({ "image": SHELL, "agent": { "image": SHELL } }), &json!({}));

    images(&place, &job);
    unscheduled(&place);
    storage(&place);
    ended(&place);
}

/// Asks for one by REST; the path of its job.
fn asked(place: &Place) -> String {
    let made = place.create(&json!({ "name": "image", "image": "images.invalid/shell:none" }));
    assert_eq!(made.status, 202, "{made:?}");
    format!("/jobs/{}", made.json()["job"]["id"].as_str().unwrap())
}

fn images(place: &Place, job: &str) {
    let words = ["main: image images.invalid/shell:none: ", "no pull secret was used", "these tags: 1; put the name"];
    let image = place.says("image", "Ready", &words);
    assert!(error(&image).starts_with("image_missing: main: image"), "{image:#}");
    assert_eq!((image["status"]["phase"].as_str(), condition(&image, "Ready").0.as_str()), (Some("Failed"), "False"));
    assert!(image["status"]["progress"].as_i64().unwrap() < 100, "{image:#}");
    let mut over = Value::Null;
    until("its job is over", 60, || {
        over = place.ask("GET", job, None).json();
        over["state"] == "failed"
    });
    assert_eq!(over["error"]["code"], "workspace_failed", "{over:#}");
    assert_eq!(over["error"]["details"]["reason"], "image_missing", "{over:#}");
    let hint = over["error"]["details"]["hint"].as_str().unwrap();
    assert!(over["error"]["message"].as_str().unwrap().ends_with(hint), "{over:#}");

    // A name that is none does not get as far as a node.
    let name = place.says("name", "Accepted", &["an image is [HOST[:PORT]/]NAME"]);
    assert_eq!(condition(&name, "Accepted").1, "BlueprintInvalid", "{name:#}");
    assert!(get(place.fresh.name(), "pod", "name").is_null());
}

fn unscheduled(place: &Place) {
    let large = place.says("large", "Ready", &["cpu short by ", "(1000 asked for, a node has ", "ask for less"]);
    assert_eq!(condition(&large, "Ready").1, "Scheduling", "{large:#}");
    assert_eq!(condition(&large, "Progressing").0, "True", "a node may come: {large:#}");
    let nowhere = place.says("nowhere", "Ready", &["node: not one that its placement asks for; ask for less"]);
    assert!(!message(&nowhere, "Ready").contains("preemption"), "{nowhere:#}");
}

fn storage(place: &Place) {
    let words = ["its claims are not bound yet", "claim pvc-class-home of class not-there: ", "see what the driver"];
    let class = place.says("class", "Ready", &words);
    assert_eq!(condition(&class, "StorageReady"), ("False".into(), "Provisioning".into()), "{class:#}");
}

fn ended(place: &Place) {
    let config = place.says("config", "Ready", &["main: ", "not-there", "make what it names, or leave it out"]);
    assert_eq!(condition(&config, "Ready").1, "CreateContainerConfigError", "{config:#}");
    assert!(error(&config).starts_with("config: "), "{config:#}");
    let init = place.says("init", "Ready", &["install ended with exit code ", "put right what runs before it"]);
    assert!(error(&init).starts_with("init: "), "{init:#}");
    let eats = place.says(
        "eats",
        "Ready",
        &["main ended with exit code 137 (OOMKilled)", "all of its limit of 128Mi; give it"],
    );
    assert!(error(&eats).starts_with("oom: "), "{eats:#}");
    let loops =
        place.says("loops", "Ready", &["main ended with exit code 3 (Error), ", " restarts; put right what it runs"]);
    assert!(error(&loops).starts_with("crash_loop: "), "{loops:#}");
    assert!(loops["status"]["pod"]["restarts"].as_i64().unwrap() >= 3, "{loops:#}");
    let told = message(&loops, "Ready");
    let (_, lines) = told.split_once("its last lines:\n").expect("the last lines of its log");
    let lines: Vec<&str> = lines.lines().collect();
    assert_eq!((lines.len(), lines[0], lines[19]), (20, "line 11", "line 30"), "{told}");
}

#[test]
fn wf_01a_a_name_that_is_bad_or_taken_comes_with_one_that_is_free_and_who_is_not_there_is_not_found() {
    let place = Place { console: operator(), fresh: Fresh::new("ws-names") };
    let bad = place.create(&json!({ "name": "Not_A Name", "image": SHELL }));
    assert_eq!((bad.status, bad.code().as_str()), (400, "workspace_name_invalid"), "{bad:?}");
    assert_eq!(bad.json()["details"]["free"], "not-a-name", "{bad:?}");
    for (name, status) in [("w", 202), ("w-2", 202), ("w", 409)] {
        let made = place.create(&json!({ "name": name, "image": SHELL, "stopped": true }));
        assert_eq!(made.status, status, "{made:?}");
        if status == 409 {
            assert_eq!((made.code().as_str(), &made.json()["details"]["free"]), ("workspace_exists", &json!("w-3")));
            assert!(made.json()["message"].as_str().unwrap().contains("w-3 is free"), "{made:?}");
        }
    }
    for (method, more) in [("GET", ""), ("GET", "/why"), ("POST", "/start"), ("POST", "/stop"), ("GET", "/apps")] {
        let none = place.ask(method, &place.path("nobody", more), None);
        assert_eq!((none.status, none.code().as_str()), (404, "workspace_not_found"), "{method} {more}: {none:?}");
    }
}

/// A way to the API server that can be cut.
struct Way {
    port: u16,
    cut: Arc<AtomicBool>,
    open: Arc<Mutex<Vec<TcpStream>>>,
    server: String,
    folder: tempfile::TempDir,
}

impl Way {
    fn open() -> Self {
        let text = std::fs::read_to_string(kubeconfig()).unwrap();
        let line = text.lines().find_map(|line| line.trim().strip_prefix("server: https://")).unwrap();
        let server = line.trim().trim_matches('"').to_owned();
        let listener = TcpListener::bind("127.0.0.1:0").unwrap();
        let port = listener.local_addr().unwrap().port();
        let (cut, open) = (Arc::new(AtomicBool::new(false)), Arc::new(Mutex::new(Vec::new())));
        let way = Self {
            port,
            cut: cut.clone(),
            open: open.clone(),
            server: server.clone(),
            folder: tempfile::tempdir().unwrap(),
        };
        std::thread::spawn(move || {
            for here in listener.incoming().map_while(Result::ok) {
                let Ok(there) = TcpStream::connect(&server) else { continue };
                {
                    let mut open = open.lock().unwrap();
                    if cut.load(Ordering::SeqCst) {
                        continue;
                    }
                    open.push(here.try_clone().unwrap());
                }
                let (mut from, mut to) = (here.try_clone().unwrap(), there.try_clone().unwrap());
                let (mut back, mut answer) = (here, there);
                std::thread::spawn(move || {
                    let _ = std::io::copy(&mut from, &mut to);
                    let _ = to.shutdown(Shutdown::Both);
                });
                std::thread::spawn(move || {
                    let _ = std::io::copy(&mut answer, &mut back);
                    let _ = back.shutdown(Shutdown::Both);
                });
            }
        });
        way
    }

    fn kubeconfig(&self) -> PathBuf {
        let text = std::fs::read_to_string(kubeconfig()).unwrap();
        let path = self.folder.path().join("kubeconfig");
        std::fs::write(&path, text.replace(&self.server, &format!("127.0.0.1:{}", self.port))).unwrap();
        path
    }

    fn cut(&self) {
        let mut open = self.open.lock().unwrap();
        self.cut.store(true, Ordering::SeqCst);
        for stream in open.drain(..) {
            let _ = stream.shutdown(Shutdown::Both);
        }
    }

    fn heal(&self) {
        self.cut.store(false, Ordering::SeqCst);
    }
}

#[test]
fn wf_13a_without_its_api_server_changes_are_503_and_nothing_is_done_later() {
    let way = Way::open();
    let fresh = Fresh::new("ws-cut");
    let console = Console::start(Some(&way.kubeconfig()), &["--with-operator", "--yes"]);
    let place = Place { console, fresh };
    let made = place.create(&json!({ "name": "w", "image": SHELL, "stopped": true }));
    assert_eq!(made.status, 202, "{made:?}");
    way.cut();
    let asked = [
        place.create(&json!({ "name": "later", "image": SHELL, "stopped": true })),
        place.ask("POST", &place.path("w", "/start"), None),
        place.ask("GET", &place.path("w", ""), None),
    ];
    for answer in asked {
        assert_eq!((answer.status, answer.code().as_str()), (503, "cluster_unreachable"), "{answer:?}");
    }
    way.heal();
    until("it is told again", 60, || place.ask("GET", &place.path("w", ""), None).status == 200);
    // Whoever was told no may ask again; nobody does it for them.
    let jobs = place.ask("GET", &format!("/jobs?cluster={}&namespace={}", context(), place.fresh.name()), None).json();
    let all = jobs["jobs"].as_array().unwrap().clone();
    let open = |job: &&Value| matches!(job["state"].as_str(), Some("queued" | "running"));
    assert!(all.iter().filter(open).all(|job| job["name"] == "w" && job["act"] == "create"), "{all:#?}");
    assert!(place.workspace("later").is_null(), "it was not made");
    assert_eq!(place.workspace("w")["spec"]["state"], "Stopped");
    assert_eq!(place.create(&json!({ "name": "later", "image": SHELL, "stopped": true })).status, 202);
}

#[test]
fn wf_07b_a_door_of_what_waits_for_room_says_that_it_is_queued_and_where() {
    let place = Place { console: operator(), fresh: Fresh::new("ws-queued") };
    let ns = place.fresh.name();
    // A quota of this namespace alone.
    let quota = json!({
        "apiVersion": "quarterdeck.dev/v1alpha1", "kind": "Quota", "metadata": { "name": ns },
        "spec": { "subject": { "namespace": ns }, "hard": { "running": 1 }, "overflow": "Queue" },
    });
    kubectl::apply(&kubeconfig(), &quota.to_string());
    let _quota = Gone(ns.to_owned());
    until("the quota is known", 60, || get("", "qdquotas.quarterdeck.dev", ns)["status"]["shown"]["running"] == "0/1");
    apply(ns, "first", &json!({}));
    until("the first has its room", 90, || !get(ns, "pods", "first").is_null());
    apply(ns, "second", &json!({}));
    let _ = place.says("second", "Accepted", &["hard.running: 1 of 1 in use", "its place in the queue is 1"]);
    for more in ["/apps", "/ports", "/sysinfo"] {
        let answer = place.ask("GET", &place.path("second", more), None);
        assert_eq!((answer.status, answer.code().as_str()), (503, "queued"), "{more}: {answer:?}");
        let message = answer.json()["message"].as_str().unwrap().to_owned();
        assert!(message.contains(ns) && message.contains("its place in the queue is 1"), "{message}");
    }
    // Room comes, and it goes on by itself.
    let stopped = place.ask("POST", &place.path("first", "/stop"), Some(&json!({ "answers": { "confirm": true } })));
    assert_eq!(stopped.status, 202, "{stopped:?}");
    until("it has the room by itself", 120, || !get(ns, "pods", "second").is_null());
}

/// A quota that goes at the end.
struct Gone(String);

impl Drop for Gone {
    fn drop(&mut self) {
        let _ = kubectl::kubectl(&kubeconfig(), &["delete", "qdquotas.quarterdeck.dev", &self.0, "--wait=false"]);
    }
}

#[test]
fn wf_12b_what_is_being_deleted_is_busy_and_names_the_job_that_is_at_it() {
    let place = Place { console: operator(), fresh: Fresh::new("ws-busy") };
    let ns = place.fresh.name();
    let made = place.create(&json!({ "name": "w", "image": SHELL, "stopped": true }));
    assert_eq!(made.status, 202, "{made:?}");
    // Somebody else holds it, so that it goes on going.
    let held = |finalizers: &Value| {
        let patch = json!({ "metadata": { "finalizers": finalizers } }).to_string();
        let words = ["patch", "-n", ns, "workspaces.quarterdeck.dev", "w", "--type=merge", "-p", &patch];
        let _ = kubectl::stdout(&kubeconfig(), &words);
    };
    held(&json!(["test.quarterdeck.dev/held"]));
    let yes = json!({ "answers": { "confirm": true } });
    let path = format!("{}&mode=full", place.path("w", ""));
    let deleted = place.ask("DELETE", &path, Some(&yes));
    assert_eq!(deleted.status, 202, "{deleted:?}");
    let job = deleted.json()["job"]["id"].clone();
    // The same again is the same operation; anything else waits until it is over.
    let again = place.ask("DELETE", &path, Some(&yes));
    assert_eq!((again.status, &again.json()["job"]["id"]), (202, &job), "{again:?}");
    for act in ["/start", "/stop"] {
        let answer = place.ask("POST", &place.path("w", act), Some(&yes));
        assert_eq!((answer.status, answer.code().as_str()), (409, "workspace_busy"), "{act}: {answer:?}");
        assert_eq!((&answer.json()["details"]["job"], &answer.json()["details"]["act"]), (&job, &json!("delete")));
    }
    held(&json!([]));
    until("it is gone, and its job is over", 90, || {
        place.workspace("w").is_null()
            && place.ask("GET", &format!("/jobs/{}", job.as_str().unwrap()), None).json()["state"] == "succeeded"
    });
}

/// Whether a definition is known to be of some version.
fn is_known(name: &str) -> bool {
    get("", "customresourcedefinitions", name)["metadata"]["annotations"]["quarterdeck.dev/manifest-hash"].is_string()
}

#[test]
fn wf_14d_kinds_of_another_version_are_named_by_the_start_and_its_check_and_installed_where_somebody_says_so() {
    drop(operator());
    let (home, kubeconfig) = (prepared("").0, kubeconfig());
    let _ = token(home.path(), &kubeconfig, &["ada", "--role", "developer", "--org", "lab"]);
    // As a version before this one left it.
    let words = ["annotate", "customresourcedefinition", "qdquotas.quarterdeck.dev", "quarterdeck.dev/manifest-hash-"];
    let _ = kubectl::stdout(&kubeconfig, &words);
    let check = served(home.path(), &kubeconfig, &["check"]);
    let said = out(&check);
    let line =
        said.lines().find(|line| line.contains("crd_outdated")).unwrap_or_else(|| panic!("{said}{}", errors(&check)));
    assert!(line.starts_with("missing") && line.contains("qdquotas.quarterdeck.dev (of another version)"), "{line}");
    assert!(line.contains("--yes") && check.status.code() == Some(1), "{line}");
    // Nobody said yes: it does not start, and changes nothing.
    let start = served(home.path(), &kubeconfig, &["--roles", "console,operator"]);
    let said = errors(&start);
    assert!(!start.status.success() && said.contains("qdquotas.quarterdeck.dev (of another version)"), "{said}");
    assert!(said.contains("crd_outdated") || said.contains("--yes"), "{said}");
    assert!(!is_known("qdquotas.quarterdeck.dev"));
    // One that runs no operator starts, and its log names them.
    let ready = prepared("");
    let _ = token(ready.0.path(), &kubeconfig, &["ada", "--role", "developer", "--org", "lab"]);
    let gateway = Serving::start(ready, &kubeconfig, &["--roles", "console"]);
    let named =
        |said: &str| said.contains("crd_outdated") && said.contains("qdquotas.quarterdeck.dev (of another version)");
    until("its log names them", 30, || named(&gateway.said()));
    drop(gateway);
    drop(operator());
    assert!(is_known("qdquotas.quarterdeck.dev"), "with --yes it is made good");
    assert!(!out(&served(home.path(), &kubeconfig, &["check"])).contains("crd_outdated"));
}
