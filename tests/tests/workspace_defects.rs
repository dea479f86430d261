//! Defects of other systems, on a real cluster: what is secret stays where it is, nothing that is asked for is lost, and what fails
//! says so.

#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic, clippy::indexing_slicing, missing_docs)]

use e2e::console::Console;
use e2e::curl::curl;

use e2e::fresh::Fresh;
use e2e::workspaces::{apply, get, list, operator, until, wait};
use e2e::{context, errors, kubeconfig, kubectl, out};
use serde_json::{Value, json};
use std::collections::BTreeSet;
use std::process::{Command, Output, Stdio};
use std::time::{Duration, Instant};

const SHELL: &str = "images.invalid/shell:1";
/// What must be nowhere.
const CANARIES: [&str; 3] = ["canary-of-git-4f1d", "canary-of-registry-9a2c", "canary-of-nobody-77b0"];

fn line(console: &Console, namespace: &str, workspace: &str, line: &str) -> Output {
    let mut command = console.qd(Some(&kubeconfig()));
    command.args(["ws", "exec", "-n", namespace, workspace, "--", "bash", "-c", line]);
    command.stdin(Stdio::null()).output().expect("qd runs")
}

fn says(console: &Console, namespace: &str, workspace: &str, words: &str) -> String {
    let done = line(console, namespace, workspace, words);
    assert!(done.status.success(), "{words}: {}", errors(&done));
    out(&done)
}

/// All objects of a namespace, of each kind that can be listed, but the Secrets of these names.
fn everything(namespace: &str, but: &[&str]) -> Vec<Value> {
    let kinds = kubectl::stdout(&kubeconfig(), &["api-resources", "--namespaced", "--verbs=list", "-o", "name"]);
    let kinds: Vec<&str> = kinds.lines().filter(|kind| !kind.contains("metrics.k8s.io")).collect();
    let words = ["get", &kinds.join(","), "-n", namespace, "-o", "json", "--show-managed-fields", "--ignore-not-found"];
    let found: Value = serde_json::from_str(&kubectl::stdout(&kubeconfig(), &words)).expect("kubectl prints JSON");
    let mut all = found["items"].as_array().cloned().expect("a list");
    all.retain(|one| !(one["kind"] == "Secret" && but.iter().any(|name| one["metadata"]["name"] == *name)));
    all
}

#[test]
fn wd_15_no_credential_is_in_an_object_an_environment_or_a_file_of_a_workspace() {
    let fresh = Fresh::new("ws-canaries");
    let (ns, console) = (fresh.name(), operator());
    let login = |secret: &str| json!({ "username": "ada", "secret": secret }).to_string();
    let values =
        json!({ "git.git.example.org": login(CANARIES[0]), "registry.images.example.org": login(CANARIES[1]) });
    let own = json!({ "apiVersion": "v1", "kind": "Secret", "stringData": values,
        "metadata": { "name": "quarterdeck-credentials-ada", "namespace": ns, "annotations": { "quarterdeck.dev/owner": "ada" } } });
    let others = json!({ "apiVersion": "v1", "kind": "Secret", "stringData": { "key": CANARIES[2] },
        "metadata": { "name": "of-somebody-else", "namespace": ns } });
    for secret in [own, others] {
        kubectl::apply(&kubeconfig(), &secret.to_string());
    }
    apply(ns, "shell", &json!({}));
    apply(ns, "service", &json!({ "runProfile": "service", "command": ["sleep", "100000"] }));
    wait(ns, "shell", "condition=Ready");
    wait(ns, "service", "condition=Ready");
    // The credential is used: it is in the helper's output alone.
    until("the helper answers", 120, || {
        let asked = line(&console, ns, "shell", "echo host=git.example.org | git-credential-quarterdeck get");
        out(&asked).contains(&format!("password={}", CANARIES[0]))
    });
    let secrets = ["quarterdeck-credentials-ada", "of-somebody-else"];
    for object in everything(ns, &secrets) {
        let text = object.to_string();
        let what = format!("{} {}", object["kind"], object["metadata"]["name"]);
        assert!(CANARIES.iter().all(|one| !text.contains(one)), "{what}");
        // Values of Secrets are written in base64.
        assert!(!CANARIES.iter().any(|one| text.contains(&base64(one))), "{what}");
        assert!(!text.contains("PRIVATE KEY"), "{what}");
        assert_ne!(object["type"], "kubernetes.io/service-account-token", "{what}");
        assert!(!text.contains("helm.sh/release"), "{what}");
        if object["kind"] == "Pod" {
            assert_eq!(object["spec"]["automountServiceAccountToken"], false, "{what}");
            assert!(!text.contains("serviceAccountToken"), "{what}");
        }
    }
    for workspace in ["shell", "service"] {
        assert_eq!(says(&console, ns, workspace, "ls -d /var/run/secrets/kubernetes.io 2>/dev/null | wc -l"), "0\n");
        let pod =
            kubectl::stdout(&kubeconfig(), &["get", "pod", "-n", ns, workspace, "-o", "jsonpath={.metadata.uid}"]);
        let processes = e2e::node::processes(&pod);
        assert!(!processes.is_empty(), "the node is this machine");
        for (process, words) in processes {
            let environment = std::fs::read(format!("/proc/{process}/environ")).unwrap_or_default();
            let environment = String::from_utf8_lossy(&environment).into_owned();
            for text in [&environment, &words] {
                assert!(CANARIES.iter().all(|one| !text.contains(one)), "{workspace}: process {process}");
                // The beginning of every JSON Web Token.
                assert!(
                    !text.contains("eyJhbGciOi") && !text.contains("PRIVATE KEY"),
                    "{workspace}: process {process}"
                );
            }
            let host = |part: &str| environment.split('\0').any(|one| one.starts_with(part));
            assert!(!host("KUBECONFIG=") && !host("XDG_STATE_HOME="), "{workspace}: the gateway's environment");
        }
    }
    let found =
        says(&console, ns, "shell", &format!("grep -rlsE '{}' /home /etc /run /tmp /qd | wc -l", CANARIES.join("|")));
    assert_eq!(found, "0\n", "no file of it holds one");
    for log in [("shell", "main"), ("service", "agent")] {
        let text = kubectl::stdout(&kubeconfig(), &["logs", "-n", ns, log.0, "-c", log.1]);
        assert!(CANARIES.iter().all(|one| !text.contains(one)), "{log:?}");
    }
    assert!(CANARIES.iter().all(|one| !console.said().contains(one)));
}

fn base64(text: &str) -> String {
    const SIGNS: &[u8; 64] = b"ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/";
    let mut all = String::new();
    for part in text.as_bytes().chunks(3) {
        let bits = part.iter().fold(0_u32, |bits, byte| (bits << 8) | u32::from(*byte)) << (8 * (3 - part.len()));
        for at in 0..=part.len() {
            all.push(char::from(SIGNS[(bits >> (18 - 6 * at)) as usize & 63]));
        }
    }
    all
}

#[test]
fn wd_07b_an_image_that_never_listens_stays_up_and_what_others_tolerate_is_kept() {
    let fresh = Fresh::new("ws-silent");
    let (ns, _console) = (fresh.name(), operator());
    let own = json!({ "key": "team", "operator": "Equal", "value": "red", "effect": "NoSchedule" });
    let service = json!({
        "runProfile": "service", "command": ["sleep", "100000"], "ports": [{ "containerPort": 8080 }],
        "placement": { "tolerations": [own] },
    });
    apply(ns, "w", &service);
    wait(ns, "w", "condition=Ready");
    let pod = || get(ns, "pod", "w");
    let first = pod();
    let tolerates =
        |pod: &Value, key: &str| pod["spec"]["tolerations"].as_array().unwrap().iter().any(|one| one["key"] == key);
    assert!(tolerates(&first, "team") && tolerates(&first, "node.kubernetes.io/not-ready"), "{:#}", first["spec"]);
    // Somebody else adds one; the operator writes its own objects again.
    let mut all = first["spec"]["tolerations"].as_array().unwrap().clone();
    all.push(json!({ "key": "of-somebody-else", "operator": "Exists", "effect": "NoExecute" }));
    let patch = json!({ "spec": { "tolerations": all } }).to_string();
    let _ = kubectl::stdout(&kubeconfig(), &["patch", "pod", "-n", ns, "w", "--type=merge", "-p", &patch]);
    let mut more = service;
    more["ports"] = json!([{ "containerPort": 8080 }, { "containerPort": 9090 }]);
    apply(ns, "w", &more);
    until("the operator wrote", 60, || get(ns, "service", "w").to_string().contains("9090"));
    // Longer than any probe of a kubelet would take to give up a port.
    let began = Instant::now();
    while began.elapsed() < Duration::from_secs(20) {
        let now = pod();
        assert_eq!(now["metadata"]["uid"], first["metadata"]["uid"]);
        let restarts = |of: &str| {
            now["status"][of]
                .as_array()
                .cloned()
                .unwrap_or_default()
                .iter()
                .map(|one| one["restartCount"].as_i64().unwrap())
                .sum::<i64>()
        };
        assert_eq!((restarts("containerStatuses"), restarts("initContainerStatuses")), (0, 0), "{:#}", now["status"]);
        std::thread::sleep(Duration::from_millis(500));
    }
    assert!(tolerates(&pod(), "of-somebody-else") && tolerates(&pod(), "team"));
}

#[test]
fn wd_09c_a_service_runs_as_any_user_that_is_not_root() {
    let fresh = Fresh::new("ws-any-uid");
    let (ns, console) = (fresh.name(), operator());
    for (name, uid) in [("usual", 1000), ("agents", 10_001), ("high", 1_000_650_000)] {
        let spec = json!({ "image": SHELL, "runProfile": "service", "securityContext": { "runAsUser": uid, "runAsGroup": uid } });
        let object = json!({
            "apiVersion": "quarterdeck.dev/v1alpha1", "kind": "Blueprint",
            "metadata": { "name": name, "namespace": ns }, "spec": spec,
        });
        kubectl::apply(&kubeconfig(), &object.to_string());
        let more = json!({ "image": null, "blueprintRef": { "kind": "Blueprint", "name": name }, "command": ["sleep", "100000"] });
        apply(ns, name, &more);
    }
    for (name, uid) in [("usual", 1000), ("agents", 10_001), ("high", 1_000_650_000)] {
        wait(ns, name, "condition=Ready");
        assert_eq!(says(&console, ns, name, "id -u; stat -c %u /proc/1"), format!("{uid}\n{uid}\n"));
    }
}

#[test]
fn wd_09d_the_tree_and_what_is_built_of_it_hold_no_keys_and_no_known_passwords() {
    let root = std::path::Path::new(env!("CARGO_MANIFEST_DIR")).parent().unwrap();
    let listed = Command::new("git").current_dir(root).args(["ls-files", "-z"]).output().expect("git runs");
    assert!(listed.status.success(), "{}", errors(&listed));
    let mut looked = 0;
    for name in out(&listed).split('\0').filter(|name| !name.is_empty()) {
        // One that was deleted and not committed yet is none.
        let Ok(bytes) = std::fs::read(root.join(name)) else { continue };
        looked += 1;
        assert_eq!(key_in(&bytes), None, "{name}");
    }
    assert!(looked > 500, "{looked} files");
    // The programs, and the images of agents beside them.
    let folder = e2e::qd().parent().unwrap().parent().unwrap().to_owned();
    let mut built = vec![e2e::qd()];
    built.extend(
        ["qd-agent.tar", "qd-agent-workspaced.tar"]
            .map(|name| folder.join(name))
            .into_iter()
            .filter(|path| path.exists()),
    );
    let key = r"PRIVATE KEY-----(\n|\\n)[A-Za-z0-9+/=]{48}|tskey-auth-[A-Za-z0-9]{16}|\bghp_[A-Za-z0-9]{36}";
    // Text ends at a NUL there; 1 says that there is none.
    let found = Command::new("grep").env("LC_ALL", "C").args(["-zaoP", key]).args(&built).output().expect("grep runs");
    assert_eq!(found.status.code(), Some(1), "{}{}", out(&found), errors(&found));
}

/// A private key, or a token of a well-known service, and where it begins.
fn key_in(bytes: &[u8]) -> Option<usize> {
    let is_base64 = |byte: &u8| byte.is_ascii_alphanumeric() || matches!(byte, b'+' | b'/' | b'=');
    let many = |at: usize, most: usize| bytes.get(at..at + most).is_some_and(|some| some.iter().all(is_base64));
    let marks: [(&[u8], usize); 5] =
        [(b"PRIVATE KEY-----\n", 48), (b"PRIVATE KEY-----\\n", 48), (b"tskey-auth-", 16), (b"ghp_", 36), (b"AKIA", 16)];
    marks.iter().find_map(|(mark, most)| {
        let mut all = bytes.windows(mark.len()).enumerate().filter(|(_, some)| some == mark);
        all.find(|(at, _)| {
            let begins = *at == 0 || !is_base64(&bytes[at - 1]);
            let after = at + mark.len();
            many(after, *most)
                && (mark.len() > 10 || begins && bytes[after..after + most].iter().any(u8::is_ascii_digit))
        })
        .map(|(at, _)| at)
    })
}

#[test]
fn wd_09e_two_workspaces_have_two_passwords() {
    let fresh = Fresh::new("ws-passwords");
    let (ns, _console) = (fresh.name(), operator());
    let names = ["one", "two"];
    for name in names {
        apply(ns, name, &json!({ "image": "images.invalid/code-server:1", "runProfile": "service" }));
    }
    let password = |name: &str| {
        let secret = get(ns, "secret", &format!("{name}-password"));
        secret["data"]["password"].as_str().unwrap_or_default().to_owned()
    };
    until("both have one", 90, || names.iter().all(|name| !password(name).is_empty()));
    assert_ne!(password("one"), password("two"));
    for name in names {
        assert!(password(name).len() >= 20 && password(name) != base64("changeme"), "{name}");
    }
}

#[test]
fn wd_19_what_fails_never_comes_to_100_and_its_times_have_a_zone() {
    let fresh = Fresh::new("ws-failing");
    let (ns, console) = (fresh.name(), operator());
    let body = json!({ "cluster": context(), "namespace": ns, "name": "bad", "image": "images.invalid/none:1" });
    let made = console.ask("POST", "/workspaces", Some(&body), &[]);
    assert_eq!(made.status, 202, "{made:?}");
    let id = made.json()["job"]["id"].as_str().unwrap().to_owned();
    let mut job = Value::Null;
    until("the job is over", 90, || {
        job = console.ask("GET", &format!("/jobs/{id}"), None, &[]).json();
        !matches!(job["state"].as_str(), Some("queued" | "running"))
    });
    assert_eq!(job["state"], "failed", "{job:#}");
    let events = console.ask("GET", &format!("/jobs/{id}/events"), None, &[]).body;
    let events: Vec<Value> = events
        .lines()
        .filter_map(|line| line.strip_prefix("data: "))
        .filter_map(|text| serde_json::from_str(text).ok())
        .collect();
    let progress: Vec<i64> = events.iter().filter_map(|one| one["progress"].as_i64()).collect();
    assert!(!events.is_empty() && progress.iter().all(|one| *one < 100), "{progress:?}");
    assert!(progress.is_sorted(), "never backwards: {progress:?}");
    assert!(events.iter().all(|one| one["status"] != "Running" && one["message"] != "completed"), "{events:#?}");
    let object = get(ns, "workspaces.quarterdeck.dev", "bad");
    assert!(object["status"]["progress"].as_i64().is_none_or(|one| one < 100), "{object:#}");
    let times = events.iter().filter_map(|one| one["timestamp"].as_str().map(str::to_owned));
    let conditions = object["status"]["conditions"].as_array().cloned().unwrap_or_default();
    let times: Vec<String> = times
        .chain(conditions.iter().filter_map(|one| one["lastTransitionTime"].as_str().map(str::to_owned)))
        .collect();
    assert!(times.len() > 3, "{times:?}");
    for time in times {
        let date = Command::new("date").args(["-u", "-d", &time, "+%s"]).output().unwrap();
        assert!(date.status.success(), "{time}");
        let zone = time.ends_with('Z') || time.get(time.len() - 6..).is_some_and(|zone| zone.starts_with(['+', '-']));
        assert!(zone && time.as_bytes()[10] == b'T', "RFC 3339, with its zone: {time}");
    }
}

#[test]
fn wd_08d_all_of_a_job_reaches_its_pod_and_what_is_told_of_it_has_the_shapes_that_programs_read() {
    let fresh = Fresh::new("ws-job");
    let (ns, _operator) = (fresh.name(), operator());
    let variables = [("QD__COMPAT__GUILDNET", "true"), ("QD__COMPAT__NAMESPACE", ns)];
    let console = Console::start_with(Some(&kubeconfig()), &[], &variables);
    let ask = |method: &str, path: &str, body: &Value| {
        let token = format!("x-quarterdeck-token: {}", console.token());
        let text = body.to_string();
        let mut words = vec!["-X", method, "-H", &token];
        if !body.is_null() {
            words.extend(["-H", "content-type: application/json", "-d", &text]);
        }
        curl(&format!("{}/api{path}", console.base), &words)
    };
    let none = Value::Null;
    assert_eq!(ask("GET", "/servers", &none).body.trim(), "[]", "none is an empty list");
    // What runs by its image's own entrypoint (here a shell) has arguments.
    let blueprint = json!({ "apiVersion": "quarterdeck.dev/v1alpha1", "kind": "Blueprint",
        "metadata": { "name": "default", "namespace": ns }, "spec": { "image": SHELL, "runProfile": "service" } });
    kubectl::apply(&kubeconfig(), &blueprint.to_string());
    let body = json!({ "name": "full", "image": SHELL, "args": ["-c", "sleep 100000"], "env": { "A": "$(B) \"c\"" },
        "resources": { "cpu": "200m", "memory": "128Mi" }, "labels": { "team": "red" }, "expose": [{ "name": "http", "port": 3000 }] });
    let made = ask("POST", "/jobs", &body);
    assert_eq!((made.status, &made.json()["id"]), (202, &json!("full")), "{made:?}");
    until("it runs", 120, || ask("GET", "/servers/full", &none).json()["status"] == "running");
    let pod = list(ns, "pods", "quarterdeck.dev/workspace=full").remove(0);
    let containers = pod["spec"]["containers"].as_array().unwrap();
    let main = containers.iter().find(|one| one["name"] == "main").unwrap();
    assert_eq!(main["args"], body["args"]);
    assert_eq!(main["resources"]["limits"], body["resources"]);
    assert_eq!(pod["metadata"]["labels"]["team"], "red");
    assert_eq!(main["ports"][0]["containerPort"], 3000, "{main:#}");
    let env = main["env"].as_array().unwrap();
    assert!(env.contains(&json!({ "name": "A", "value": "$(B) \"c\"" })), "{env:?}");
    // The same comes back, and nothing that is empty is null.
    let told = ask("GET", "/servers", &none).json();
    let told = &told.as_array().unwrap()[0];
    assert_eq!(
        (&told["args"], &told["resources"], &told["env"]["A"]),
        (&body["args"], &body["resources"], &body["env"]["A"])
    );
    assert_eq!(told["ports"], body["expose"]);
    assert!(told["url"].as_str().unwrap().contains("full"), "{told:#}");
    assert!(told.as_object().unwrap().values().all(|member| !member.is_null()), "{told:#}");
    let plain =
        ask("POST", "/jobs", &json!({ "name": "plain", "image": SHELL, "args": null, "env": null, "expose": null }));
    assert_eq!(plain.status, 202, "{plain:?}");
    let plain = ask("GET", "/servers/plain", &none).json();
    for (member, empty) in [("args", json!([])), ("env", json!({})), ("ports", json!([]))] {
        assert_eq!(plain[member], empty, "{plain:#}");
    }
    // What is not there is not what is refused, and neither is a cluster that fails.
    let missing = ask("DELETE", "/servers/none", &none);
    assert_eq!((missing.status, missing.code().as_str()), (404, "not_found"), "{missing:?}");
    for id in ["full", "plain"] {
        assert_eq!(ask("DELETE", &format!("/servers/{id}"), &none).status, 200);
    }
    until("both have gone", 120, || ask("GET", "/servers", &none).json() == json!([]));
}

#[test]
fn wd_08b_as_many_launches_of_one_long_name_at_once_are_as_many_workspaces() {
    const MANY: usize = 1000;
    let fresh = Fresh::new("ws-alike");
    let (ns, _operator) = (fresh.name(), operator());
    let quota = json!({
        "apiVersion": "quarterdeck.dev/v1alpha1", "kind": "Quota", "metadata": { "name": "ws-alike" },
        "spec": { "subject": { "namespace": ns }, "hard": { "running": 0 }, "overflow": "Queue" },
    });
    let _quota = Given::new(&quota);
    let mut variables = vec![("QD__COMPAT__GUILDNET", "true"), ("QD__COMPAT__NAMESPACE", ns)];
    // They come as fast as they can, not as one person has them.
    variables.extend([("QD__CLUSTERS__QPS", "500"), ("QD__CLUSTERS__BURST", "500")]);
    let console = Console::start_with(Some(&kubeconfig()), &[], &variables);
    let long = "a-name-that-is-as-long-as-sixty-characters-are-long-and-more";
    assert_eq!(long.len(), 60);
    let body = json!({ "name": long, "image": SHELL }).to_string();
    let url = format!("{}/api/jobs", console.base);
    let mut config = String::new();
    for at in 0..MANY {
        let next = if at > 0 { "next\n" } else { "" };
        let header = format!("x-quarterdeck-token: {}", console.token());
        config += &format!(
            "{next}url = {url:?}\nheader = {header:?}\nheader = \"content-type: application/json\"\ndata = {body:?}\nno-progress-meter\nnoproxy = \"*\"\nwrite-out = \"\\n\"\n"
        );
    }
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("curl");
    std::fs::write(&path, config).unwrap();
    let mut command = Command::new("curl");
    command.args(["-sS", "--parallel", "--parallel-max", "100", "--parallel-immediate", "-K"]).arg(&path);
    let done = command.output().expect("curl runs");
    let answers = out(&done);
    let ids: Vec<String> = answers
        .split_inclusive('}')
        .filter_map(|text| serde_json::from_str::<Value>(text.trim()).ok()?["id"].as_str().map(str::to_owned))
        .collect();
    let others: Vec<&str> = answers.split_inclusive('}').filter(|text| !text.contains("\"id\"")).collect();
    assert_eq!(ids.len(), MANY, "{others:?} {}", errors(&done));
    let apart: BTreeSet<&String> = ids.iter().collect();
    assert_eq!(apart.len(), MANY, "no two are told the same");
    let there: BTreeSet<String> = kubectl::stdout(
        &kubeconfig(),
        &["get", "workspaces.quarterdeck.dev", "-n", ns, "-o", "jsonpath={.items[*].metadata.name}"],
    )
    .split_whitespace()
    .map(str::to_owned)
    .collect();
    assert!(ids.iter().all(|id| there.contains(id)) && there.len() == MANY, "{} objects", there.len());
    assert!(there.iter().all(|name| name.len() <= 52), "{there:?}");
    assert!(list(ns, "pods", "quarterdeck.dev/workspace").is_empty(), "none may run");
}

/// An object of the whole cluster, which goes with this.
struct Given(String);

impl Given {
    fn new(object: &Value) -> Self {
        kubectl::apply(&kubeconfig(), &object.to_string());
        Self(object["metadata"]["name"].as_str().unwrap().to_owned())
    }
}

impl Drop for Given {
    fn drop(&mut self) {
        let words = ["delete", "qdquotas.quarterdeck.dev", &self.0, "--ignore-not-found", "--wait=false"];
        let _ = kubectl::kubectl(&kubeconfig(), &words);
    }
}
