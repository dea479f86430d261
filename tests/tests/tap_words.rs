//! Words of `qd tap` on a real cluster: which pods, which cluster, which image, where it is shown, and what is refused.
#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic, clippy::indexing_slicing, missing_docs)]

use e2e::fresh::Fresh;
use e2e::running::Running;
use e2e::tapping::{FRONT, alone, tap};
use e2e::terminal::Terminal;
use e2e::{console, curl, errors, kubeconfig, kubectl, out, signal};
use serde_json::{Value, json};
use std::io::{BufRead, BufReader};
use std::os::unix::fs::PermissionsExt;
use std::path::Path;
use std::process::{Command, Stdio};
use std::time::{Duration, Instant};

/// The pods that a tap names while it runs.
fn captured(running: &Running) -> Vec<String> {
    let said = running.said();
    //   1.2 s  shop/front-1  capturing
    let pod = |line: &str| Some(line.strip_suffix("  capturing")?.rsplit("  ").next()?.to_owned());
    let mut pods: Vec<String> = said.lines().filter_map(pod).collect();
    pods.sort();
    pods
}

fn start(home: &Path, words: &[&str]) -> Running {
    Running::start(tap(home, words).args(["-o", "jsonl"]).stdout(Stdio::null()))
}

#[test]
fn cap_02_namespaces_are_the_context_s_or_those_that_are_named_with_signs() {
    let _alone = alone();
    let home = tempfile::tempdir().unwrap();
    let spaces = [Fresh::new("words-a"), Fresh::new("words-b"), Fresh::new("other-c")];
    for space in &spaces {
        space.pod("one", &json!({}));
    }
    spaces.iter().for_each(|space| space.running("one"));
    let all = |words: &[&str], pods: &[&str]| {
        let running = start(home.path(), words);
        running.wait("captured", |running| captured(running).len() >= pods.len());
        // nobody else comes
        std::thread::sleep(Duration::from_secs(1));
        assert_eq!(captured(&running), pods, "{words:?}");
        assert!(running.end().0.success());
    };
    all(&["-n", "words-a", "-n", "other-c", "-l", "app=one"], &["other-c/one", "words-a/one"]);
    all(&["-n", "words-*,other-c,!words-b", "-l", "app=one"], &["other-c/one", "words-a/one"]);
    all(&["-A", "-l", "app=one"], &["other-c/one", "words-a/one", "words-b/one"]);
    // the namespace of the context, then `default`
    let config = home.path().join("config");
    let mut text: Value =
        serde_json::from_str(&kubectl::stdout(&kubeconfig(), &["config", "view", "--raw", "-o", "json"])).unwrap();
    text["contexts"][0]["context"]["namespace"] = "words-b".into();
    std::fs::write(&config, text.to_string()).unwrap();
    all(&["--kubeconfig", config.to_str().unwrap(), "-l", "app=one"], &["words-b/one"]);
    let output = tap(home.path(), &["-l", "app=one", "--no-wait", "-o", "jsonl"]).output().unwrap();
    assert_eq!(output.status.code(), Some(4), "none is in `default`: {}", errors(&output));
}

#[test]
fn cap_04_a_pod_that_is_pending_is_waited_for() {
    let _alone = alone();
    let home = tempfile::tempdir().unwrap();
    let space = Fresh::new("words-pending");
    space.pod("one", &json!({}));
    space.pod("two", &json!({ "schedulingGates": [{ "name": "example.com/later" }] }));
    space.running("one");
    let running = start(home.path(), &["-n", space.name(), "--pod", "one", "--pod", "two"]);
    running.wait("captured", |running| captured(running) == ["words-pending/one"]);
    running.wait("waiting", |running| running.said().contains("words-pending/two  waiting until it runs"));
    let patch = r#"[{"op":"remove","path":"/spec/schedulingGates"}]"#;
    let done =
        kubectl::kubectl(&kubeconfig(), &["patch", "pod", "two", "-n", space.name(), "--type=json", "-p", patch]);
    assert!(done.status.success(), "{}", errors(&done));
    running.wait("both", |running| captured(running) == ["words-pending/one", "words-pending/two"]);
    assert!(running.end().0.success());
}

#[test]
fn cap_05b_more_pods_than_the_measure_are_counted_and_want_a_yes() {
    let home = tempfile::tempdir().unwrap();
    let output = tap(home.path(), &["-A", "--max-pods", "2", "-o", "jsonl"]).output().unwrap();
    let said = errors(&output);
    assert_eq!(output.status.code(), Some(2), "{said}");
    assert!(said.contains("pods match, and --max-pods is 2") && said.contains("--yes"), "{said}");
    assert!(!said.contains("added"), "{said}");
}

#[test]
fn cap_05_pods_of_every_namespace_are_counted_and_asked_for_where_they_are_many() {
    let _alone = alone();
    let home = tempfile::tempdir().unwrap();
    let space = Fresh::new("words-many");
    let names = ["many-a", "many-b", "many-c"];
    names.iter().for_each(|name| space.pod(name, &json!({})));
    names.iter().for_each(|name| space.running(name));
    let words = ["-A", "-l", "app in (many-a,many-b,many-c)", "--max-pods", "2"];
    let asked = || {
        let terminal = Terminal::start(&tap(home.path(), &words), 30, 140);
        terminal
            .wait("the question", |screen| screen.contains("3 pods match, and --max-pods is 2: tap them all? [y/N]"));
        terminal
    };
    let mut no = asked();
    no.write("n\r");
    assert!(!no.ended().success());
    let screen = no.screen();
    assert!(screen.contains("nothing was done") && !screen.contains("added"), "{screen}");
    let mut yes = asked();
    yes.write("y\r");
    yes.wait("all of them", |screen| screen.contains("3/3 pods"));
    yes.write("q");
    assert!(yes.ended().success());
    let said = start(home.path(), &[&words[..], &["--yes"]].concat());
    said.wait("all of them", |running| captured(running).len() == names.len());
    assert!(said.end().0.success());
}

#[test]
fn cap_09_a_key_as_an_argument_is_refused_and_not_repeated() {
    let home = tempfile::tempdir().unwrap();
    let key = "sk-ant-canary-77aa12";
    for words in [
        vec!["-n", "shop", "--anthropic-api-key", key],
        vec!["--anthropic-api-key=sk-ant-canary-77aa12", "-A", "-o", "json"],
        vec!["doctor", "--anthropic-api-key", key],
    ] {
        let output = tap(home.path(), &words).output().unwrap();
        let said = errors(&output) + &out(&output);
        assert_eq!(output.status.code(), Some(2), "{said}");
        assert!(said.contains("secret_in_argument") && said.contains("ANTHROPIC_API_KEY"), "{said}");
        assert!(!said.contains("canary") && !said.contains("added"), "{said}");
    }
    let output =
        console::command(home.path(), None).args(["filter", "--ask", "slow"]).env("ANTHROPIC_API_KEY", key).output();
    let said = errors(&output.unwrap());
    assert!(said.contains("filter_words_off") && !said.contains("canary"), "{said}");
}

#[test]
fn cap_10a_kubeconfig_lists_contexts_exec_plugins_and_images() {
    let _alone = alone();
    let home = tempfile::tempdir().unwrap();
    let text = kubectl::stdout(&kubeconfig(), &["config", "view", "--raw", "--minify", "-o", "json"]);
    let whole: Value = serde_json::from_str(&text).unwrap();
    let token = kubectl::stdout(&kubeconfig(), &["create", "token", "default", "-n", "shop"]);
    // a program that gives the credentials, as a cloud's does
    let plugin = home.path().join("plugin");
    let credential = json!({
        "apiVersion": "client.authentication.k8s.io/v1", "kind": "ExecCredential", "status": { "token": token.trim() },
    });
    std::fs::write(&plugin, format!("#!/bin/sh\necho '{credential}'\n")).unwrap();
    std::fs::set_permissions(&plugin, std::fs::Permissions::from_mode(0o755)).unwrap();
    let exec =
        json!({ "apiVersion": "client.authentication.k8s.io/v1", "command": plugin, "interactiveMode": "Never" });
    let base = |more: Value| {
        let mut file = json!({ "apiVersion": "v1", "kind": "Config" });
        file.as_object_mut().unwrap().extend(more.as_object().unwrap().clone());
        file.to_string()
    };
    let cluster = &whole["clusters"][0];
    let (name, user) = (&cluster["name"], &whole["users"][0]);
    let files = [
        base(json!({ "clusters": [cluster] })),
        base(json!({ "users": [user, { "name": "plugged", "user": { "exec": exec } }] })),
        base(json!({ "current-context": "plugged", "contexts": [
            { "name": "plugged", "context": { "cluster": name, "user": "plugged", "namespace": "shop" } },
            { "name": "second", "context": { "cluster": name, "user": user["name"], "namespace": "shop" } },
        ]})),
    ];
    let mut list = Vec::new();
    for (at, file) in files.iter().enumerate() {
        let path = home.path().join(format!("part-{at}"));
        std::fs::write(&path, file).unwrap();
        list.push(path.display().to_string());
    }
    let command = |words: &[&str]| {
        let mut command = console::command(home.path(), None);
        command.env("KUBECONFIG", list.join(":")).arg("tap").args(words);
        command
    };
    // a context of the third file, with a user of the second, in the cluster of the first
    let output = command(&["--context", "second", "-l", FRONT, "--duration", "2", "-o", "jsonl"]).output().unwrap();
    assert!(output.status.success() && errors(&output).contains("capturing"), "{}", errors(&output));
    // the current one is the plugin's: it is known who asks, and he may nothing
    let output = command(&["doctor", "-o", "json"]).output().unwrap();
    assert_eq!(output.status.code(), Some(3), "{} {}", out(&output), errors(&output));
    assert!(out(&output).contains("tap_forbidden"), "{}", out(&output));
    let output = command(&["--context", "third", "-l", FRONT]).output().unwrap();
    assert!(!output.status.success() && errors(&output).contains("third"), "{}", errors(&output));
    // the image by a variable, and by a word before it
    for (words, variable, image) in [
        (&["--image", "qd.example/none:1"][..], None, "qd.example/none:1"),
        (&[], Some("qd.example/other:2"), "qd.example/other:2"),
    ] {
        let mut command = command(&[&["--context", "second", "-l", FRONT, "-o", "jsonl"], words].concat());
        if let Some(variable) = variable {
            command.env("QD__CAPTURE__AGENT_IMAGE", variable);
        }
        let running = Running::start(command.stdout(Stdio::null()));
        running.wait("added", |running| running.said().contains(" added ("));
        let said = running.said();
        let name = said.split("container ").nth(1).and_then(|rest| rest.split(' ').next()).unwrap();
        let path = format!("jsonpath={{.items[0].spec.ephemeralContainers[?(@.name=='{name}')].image}}");
        let now = kubectl::stdout(&kubeconfig(), &["get", "pods", "-n", "shop", "-l", FRONT, "-o", &path]);
        assert_eq!(now, image);
        drop(running);
    }
}

#[test]
fn cap_07_the_view_in_the_browser_takes_another_port_where_its_own_is_taken() {
    let _alone = alone();
    let home = tempfile::tempdir().unwrap();
    let taken = std::net::TcpListener::bind("127.0.0.1:0").unwrap();
    let port = taken.local_addr().unwrap().port().to_string();
    let words = ["start", "-n", "shop", "-l", FRONT, "--ui", "--ui-port", &port];
    let mut child: std::process::Child =
        tap(home.path(), &words).stdout(Stdio::piped()).stderr(Stdio::piped()).spawn().unwrap();
    let mut url = String::new();
    BufReader::new(child.stdout.take().unwrap()).read_line(&mut url).unwrap();
    let url = url.trim();
    let (base, query) = url.split_once("/?").unwrap_or_else(|| panic!("{url}"));
    let other = base.rsplit(':').next().unwrap();
    assert!(other != port && base.starts_with("http://qd.localhost:"), "{url}");
    let tap = query.split("tap=").nth(1).unwrap().to_owned();
    let local = url.replace("qd.localhost", "127.0.0.1");
    let jar = home.path().join("jar");
    let jar = jar.to_str().unwrap();
    let page = curl::curl(&local, &["-c", jar, "-H", "accept: text/html"]);
    assert!(page.status == 200 && page.body.contains(&format!("/?view=traffic&amp;tap={tap}")), "{page:?}");
    let again = curl::curl(&local, &["-H", "accept: text/html"]);
    assert_eq!(again.status, 401, "the URL works once: {again:?}");
    let base = base.replace("qd.localhost", "127.0.0.1");
    let until = Instant::now() + Duration::from_secs(40);
    loop {
        let records = curl::curl(&format!("{base}/api/v1/taps/{tap}/records?limit=5"), &["-b", jar]);
        if records.status == 200 && records.body.lines().count() == 5 {
            break;
        }
        assert!(Instant::now() < until, "{records:?}");
        std::thread::sleep(Duration::from_millis(300));
    }
    signal(child.id(), "INT");
    let output = child.wait_with_output().unwrap();
    assert!(output.status.success(), "{}", errors(&output));
    assert!(errors(&output).contains(&format!("taking port {other}")), "{}", errors(&output));
    drop(taken);
}

#[test]
fn cap_12a_xtask_has_the_commands_of_development() {
    let output = Command::new(e2e::env("QD_XTASK")).arg("--help").output().unwrap();
    for word in ["run", "test", "bench", "demo"] {
        assert!(out(&output).lines().any(|line| line.trim_start().starts_with(word)), "{word}: {}", out(&output));
    }
}

#[test]
fn cap_12b_each_part_that_was_tested_before_has_the_tests_that_a_table_names() {
    let root = Path::new(env!("CARGO_MANIFEST_DIR")).join("..");
    let mut written = Vec::new();
    for (folder, ends) in
        [("crates", &["rs"][..]), ("tests/tests", &["rs"]), ("web/src", &["ts", "tsx"]), ("web/e2e", &["ts"])]
    {
        sources(&root.join(folder), ends, &mut written);
    }
    let text = std::fs::read_to_string(root.join("docs/spec/parts-tested.txt")).unwrap();
    let mut parts = Vec::new();
    for line in text.lines().filter(|line| !line.starts_with('#') && !line.trim().is_empty()) {
        let (part, names) = line.split_once(": ").unwrap();
        assert!(names.split(' ').count() >= 3, "{line}");
        for name in names.split(' ') {
            // a function of that name, or a test whose title begins with that row
            let forms = [format!("fn {name}("), format!("test('{name} ")];
            assert!(written.iter().any(|text| forms.iter().any(|form| text.contains(form))), "{part}: {name} is gone");
        }
        parts.push(part);
    }
    let before = "ring buffer,pcap,HTTP API,assembler,capture,client,session,cleanup,UI components";
    for part in before.split(',') {
        assert!(parts.contains(&part), "{part} has no tests");
    }
}

/// The text of each source below a folder.
fn sources(folder: &Path, ends: &[&str], into: &mut Vec<String>) {
    for entry in std::fs::read_dir(folder).unwrap() {
        let path = entry.unwrap().path();
        if path.is_dir() {
            sources(&path, ends, into);
        } else if path.extension().is_some_and(|end| ends.iter().any(|one| end == *one)) {
            into.push(std::fs::read_to_string(&path).unwrap());
        }
    }
}

#[test]
fn cap_12c_the_demo_has_a_program_that_makes_its_traffic_and_what_is_tapped_is_that() {
    let _alone = alone();
    let home = tempfile::tempdir().unwrap();
    let demo = Command::new(e2e::env("QD_XTASK")).args(["demo", "--help"]).output().unwrap();
    for word in ["up", "down"] {
        assert!(out(&demo).lines().any(|line| line.trim_start().starts_with(word)), "{word}: {}", out(&demo));
    }
    // the generator of load is a workload of the cluster, and its container runs that program
    let path = "jsonpath={.items[*].spec.containers[*].args}";
    let args = kubectl::stdout(&kubeconfig(), &["get", "pods", "-n", "shop", "-o", path]);
    assert!(args.contains("\"load\""), "{args}");
    // what a tap tells has both ends at pods or services of the cluster
    let output = tap(home.path(), &["-n", "shop", "-l", FRONT, "--duration", "3", "-o", "jsonl"]).output().unwrap();
    let lines = out(&output);
    let records: Vec<Value> = lines.lines().map(|line| serde_json::from_str(line).unwrap()).collect();
    let requests: Vec<&Value> = records.iter().filter(|record| record["kind"] == "http").collect();
    assert!(!requests.is_empty(), "{lines}{}", errors(&output));
    let addresses = kubectl::stdout(&kubeconfig(), &["get", "pods", "-A", "-o", "jsonpath={.items[*].status.podIP}"]);
    let known: Vec<&str> = addresses.split(' ').collect();
    let from_pods = requests.iter().filter(|record| known.contains(&record["src"]["ip"].as_str().unwrap_or_default()));
    assert!(from_pods.count() > 0, "{requests:?}");
}
