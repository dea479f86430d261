//! `qd ws` on a real cluster.
#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic, clippy::indexing_slicing)]

use e2e::console::Console;
use e2e::fresh::Fresh;
use e2e::workspaces::{get, list, operator, until};
use e2e::{alone, context, errors, kubeconfig, kubectl, out};
use serde_json::{Value, json};
use std::process::Output;

fn qd(console: &Console, namespace: &str, words: &[&str]) -> Output {
    console.qd(Some(&kubeconfig())).arg("ws").args(words).args(["-n", namespace]).output().expect("qd runs")
}

#[test]
fn wl_08f_workspaces_are_made_stopped_started_and_deleted_from_the_command_line() {
    let fresh = Fresh::new("ws-cli");
    let ns = fresh.name();
    let console = operator();
    let run = |words: &[&str]| qd(&console, ns, words);
    let made = run(&["create", "w", "--image", "images.invalid/shell:1", "--owner", "ada", "--timeout", "90"]);
    assert!(made.status.success(), "{}", errors(&made));
    assert_eq!(out(&made), format!("workspace {ns}/w created\n"));
    assert!(errors(&made).contains("Starting"), "its stages are told: {}", errors(&made));
    assert_eq!(get(ns, "workspaces.quarterdeck.dev", "w")["status"]["phase"], "Running");

    let again = run(&["create", "w", "--image", "images.invalid/shell:1", "--owner", "ada"]);
    assert_eq!(again.status.code(), Some(1));
    assert!(errors(&again).contains("workspace_exists"), "{}", errors(&again));
    let listed = run(&["list"]);
    assert!(
        out(&listed)
            .starts_with("NAME   OWNER   BLUEPRINT   PHASE     READY   AGE\nw      ada     default     Running   True"),
        "{}",
        out(&listed)
    );
    let shown: Value = serde_json::from_str(&out(&run(&["show", "w", "-o", "json"]))).expect("an object");
    assert_eq!(shown["metadata"]["name"], "w");
    let logs = run(&["logs", "w"]);
    assert!(logs.status.success(), "{}", errors(&logs));
    let events = run(&["events", "w"]);
    assert!(out(&events).contains("Scheduled") && out(&events).contains("pod/w"), "{}", out(&events));

    let unasked = run(&["stop", "w"]);
    assert!(errors(&unasked).contains("say --yes"), "{}", errors(&unasked));
    let stopped = run(&["stop", "w", "--yes", "--timeout", "60"]);
    assert!(stopped.status.success(), "{}", errors(&stopped));
    until("the pod is gone", 60, || get(ns, "pod", "w").is_null());
    let why: Value = serde_json::from_str(&out(&run(&["why", "w", "-o", "json"]))).expect("why");
    assert_eq!((why["wanted"].as_str(), why["phase"].as_str()), (Some("Stopped"), Some("Stopped")), "{why}");
    assert!(why["stop_reason"].as_str().unwrap().starts_with("stopped by desk:"), "{why}");
    let started = run(&["start", "w", "--timeout", "90"]);
    assert!(started.status.success(), "{}", errors(&started));
    let pod = || get(ns, "pod", "w")["metadata"]["uid"].clone();
    let before = pod();
    let equal = run(&["update", "w", "--yes"]);
    assert!(out(&equal).contains("runs as it asks for") && pod() == before, "{}", out(&equal));
    let anew = run(&["update", "w", "--force", "--yes", "--timeout", "90"]);
    assert_eq!(out(&anew), format!("workspace {ns}/w updated\n"), "{}", errors(&anew));
    assert_ne!(pod(), before, "made anew, with the volumes of before");
    assert_eq!(list(ns, "persistentvolumeclaims", "quarterdeck.dev/workspace=w").len(), 1);
    let deleted = run(&["delete", "w", "--yes", "--timeout", "60"]);
    assert!(deleted.status.success(), "{}", errors(&deleted));
    assert_eq!(list(ns, "persistentvolumeclaims", "quarterdeck.dev/workspace=w").len(), 1);
    assert_eq!(run(&["show", "w"]).status.code(), Some(4));
    assert_eq!(run(&["create", "Bad_Name", "--image", "x"]).status.code(), Some(2));

    // What it did is in the journal, each under its decision.
    let journal = console.journal();
    for action in ["workspace:create", "workspace:stop", "workspace:start", "workspace:delete", "workspace:reconcile"] {
        assert!(journal.contains(action), "{action}: {journal}");
    }
}

#[test]
fn wl_08n_all_of_somebody_go_or_are_kept_from_the_command_line_and_a_purge_wants_the_name() {
    let fresh = Fresh::new("ws-cli-all");
    let ns = fresh.name();
    let console = operator();
    let run = |words: &[&str]| qd(&console, ns, words);
    for (name, owner) in [("a", "ada"), ("b", "ada"), ("c", "bob")] {
        let made = run(&["create", name, "--image", "images.invalid/shell:1", "--owner", owner, "--timeout", "90"]);
        assert!(made.status.success(), "{}", errors(&made));
    }
    let claims = |name: &str| list(ns, "persistentvolumeclaims", &format!("quarterdeck.dev/workspace={name}")).len();
    let unasked = run(&["delete-all", "ada"]);
    assert!(errors(&unasked).contains("2 workspaces of ada"), "{}", errors(&unasked));
    assert_eq!(run(&["delete-all", "eve", "--yes"]).status.code(), Some(4), "she has none");
    let kept = run(&["delete-all", "ada", "--preserve", "--yes", "--timeout", "60"]);
    assert_eq!(out(&kept), format!("workspace {ns}/a stopped\nworkspace {ns}/b stopped\n"), "{}", errors(&kept));
    let one = get(ns, "workspaces.quarterdeck.dev", "a");
    assert_eq!(one["metadata"]["annotations"]["quarterdeck.dev/kept-for"], "168h");
    let gone = run(&["delete-all", "ada", "--yes", "--timeout", "60"]);
    assert_eq!(out(&gone), format!("workspace {ns}/a deleted\nworkspace {ns}/b deleted\n"), "{}", errors(&gone));
    assert_eq!((claims("a"), claims("b")), (1, 1), "their volumes stay");
    let names: Vec<Value> = list(ns, "workspaces.quarterdeck.dev", "");
    assert_eq!(names.iter().map(|one| &one["metadata"]["name"]).collect::<Vec<_>>(), ["c"], "bob's stays");
    let unnamed = run(&["delete", "c", "--purge", "--yes"]);
    assert!(errors(&unnamed).contains("--confirm c"), "{}", errors(&unnamed));
    let purged = run(&["delete", "c", "--purge", "--confirm", "c", "--timeout", "90"]);
    assert_eq!(out(&purged), format!("workspace {ns}/c deleted with its volumes\n"), "{}", errors(&purged));
    until("its home is gone", 60, || claims("c") == 0);
}

#[test]
fn wl_05b_a_workspace_that_cannot_start_fails_the_command_with_its_reason() {
    let fresh = Fresh::new("ws-cli-bad");
    let ns = fresh.name();
    let console = operator();
    let bad =
        qd(&console, ns, &["create", "w", "--image", "images.invalid/nothing:1", "--owner", "ada", "--timeout", "60"]);
    assert_eq!(bad.status.code(), Some(1), "{}", errors(&bad));
    assert!(errors(&bad).contains("workspace_failed: image_missing: "), "{}", errors(&bad));
    let late =
        qd(&console, ns, &["create", "late", "--image", "images.invalid/shell:1", "--owner", "ada", "--timeout", "0"]);
    assert_eq!(late.status.code(), Some(5), "{}", errors(&late));
}

/// What an earlier system called `dev1`, `dev1~go`, and `dev1~go+workload=deployment~web+ns=team-a` without its namespace and with it.
const OLD: [&str; 4] = ["dev1-d979fa8", "dev1-77cde91", "dev1-2ced23d", "dev1-71da71a"];
const WORKLOAD: &str = "dev1~go+workload=deployment~web+ns=team-a";

#[test]
fn ac_07_an_imported_workspace_is_found_by_the_user_string_of_its_old_id_and_of_two_none_is_guessed() {
    let fresh = Fresh::new("ws-old-ids");
    let ns = fresh.name();
    let console = operator();
    let run = |words: &[&str]| qd(&console, ns, words);
    let imported = |names: &[&str]| {
        let one = |name: &&str| {
            json!({ "apiVersion": "guildnet.io/v1alpha1", "kind": "Workspace",
            "metadata": { "name": name, "namespace": "team-a" }, "spec": { "image": "images.invalid/shell:1" } })
        };
        let file = console.home().join("old.json");
        let list = json!({ "apiVersion": "v1", "kind": "List", "items": names.iter().map(one).collect::<Vec<_>>() });
        std::fs::write(&file, list.to_string()).unwrap();
        let done = run(&["import", &file.display().to_string(), "--owner", "dev1", "--org", "lab", "--yes"]);
        assert!(done.status.success(), "{}", errors(&done));
    };
    let shown = |text: &str| {
        let shown = run(&["show", text, "-o", "json"]);
        let name = serde_json::from_str::<Value>(&out(&shown)).unwrap_or_default()["metadata"]["name"].clone();
        (shown.status.code(), name.as_str().unwrap_or_default().to_owned(), errors(&shown))
    };
    let asked = |text: &str| {
        let text = text.replace('~', "%7E").replace('=', "%3D").replace('+', "%2B");
        console.ask("GET", &format!("/workspaces?cluster={}&namespace={ns}&user_string={text}", context()), None, &[])
    };
    let found = |text: &str| {
        let answer = asked(text);
        assert_eq!(answer.status, 200, "{answer:?}");
        let all = answer.json();
        let names = all["workspaces"].as_array().unwrap().iter().map(|one| one["name"].as_str().unwrap().to_owned());
        names.collect::<Vec<_>>()
    };
    // One that only has such a name is not meant: it was not imported.
    e2e::workspaces::apply(ns, OLD[0], &json!({ "state": "Stopped", "paused": true }));
    assert_eq!(shown("dev1~go").0, Some(4));
    assert!(found("dev1").is_empty() && found("dev1~go").is_empty());

    imported(&[OLD[1], OLD[2]]);
    let seen = shown("dev1~go");
    assert_eq!(seen.1, OLD[1], "{seen:?}");
    assert_eq!(found("dev1~go"), [OLD[1]]);
    assert_eq!(shown(WORKLOAD).1, OLD[2], "as its code named it: without the namespace");
    assert_eq!(found(WORKLOAD), [OLD[2]]);
    assert_eq!(shown("dev2~go").0, Some(4));
    // What is done to it is done by the user string too.
    let stopped = run(&["stop", "dev1~go", "--yes", "--no-wait", "-o", "name"]);
    assert_eq!(out(&stopped).trim(), format!("workspaces.quarterdeck.dev/{}", OLD[1]), "{}", errors(&stopped));
    assert_eq!(get(ns, "workspaces.quarterdeck.dev", OLD[1])["spec"]["state"], "Stopped");

    // As its documents named it: with the namespace. Now there are two.
    imported(&[OLD[3]]);
    let (code, _, said) = shown(WORKLOAD);
    assert_eq!(code, Some(2), "{said}");
    assert!(said.contains("workspace_ambiguous") && said.contains(OLD[2]) && said.contains(OLD[3]), "{said}");
    let answer = asked(WORKLOAD);
    assert_eq!((answer.status, answer.code().as_str()), (409, "workspace_ambiguous"), "{answer:?}");
    assert_eq!(answer.json()["details"]["workspaces"].as_array().unwrap().len(), 2, "{answer:?}");
    assert_eq!(found("dev1~go"), [OLD[1]]);

    // One that is made under the id of today goes first.
    let made =
        run(&["create", "dev1~go", "--image", "images.invalid/shell:1", "--owner", "dev1", "--stopped", "--no-wait"]);
    assert!(made.status.success(), "{}", errors(&made));
    let (_, name, _) = shown("dev1~go");
    assert!(name.starts_with("dev1-") && name.len() == "dev1-".len() + 26, "{name}");
    assert_eq!(found("dev1~go"), [name]);
}

#[test]
fn wf_23_what_another_system_had_is_told_field_by_field_and_nothing_is_made_before_a_yes() {
    let fresh = Fresh::new("ws-import");
    let ns = fresh.name();
    let console = operator();
    let folder = console.home().join("import");
    std::fs::create_dir_all(folder.join("tree/more")).unwrap();
    let write = |name: &str, text: &str| std::fs::write(folder.join(name), text).unwrap();
    write(
        "tree/base.yaml",
        "blueprints:\n- {name: base, isTemplate: true, docker: {enabled: false}, params: [{name: WORD, default: 7}]}\n\
         - !include more/shell.yaml\n",
    );
    write(
        "tree/more/shell.yaml",
        "{name: shell, template: base, image: 'images.invalid/shell:1', k8sOnly: {a: 1},\n\
         env: {WORD: !cel params.WORD, WHO: !cel user.username}}",
    );
    write(".k8shell.yaml", "blueprint: {template: shell, env: {STAGE: dev}}");
    let long = "w".repeat(60);
    let old = json!({ "apiVersion": "v1", "kind": "List", "items": [
        { "apiVersion": "guildnet.io/v1alpha1", "kind": "Workspace", "metadata": { "name": long, "namespace": "team-a" },
          "spec": { "image": "images.invalid/shell:1", "ingress": { "host": "a.example.com" } } },
        { "apiVersion": "guildnet.io/v1alpha1", "kind": "Capability", "metadata": { "name": "ops", "namespace": "team-a" },
          "spec": { "actions": ["stopAll"] } },
    ] });
    write("old.json", &old.to_string());
    let paths: Vec<String> =
        ["tree", ".k8shell.yaml", "old.json"].map(|one| folder.join(one).display().to_string()).to_vec();
    let run = |more: &[&str]| {
        let mut words: Vec<&str> = vec!["import"];
        words.extend(paths.iter().map(String::as_str));
        words.extend(["--owner", "ada", "--org", "lab", "--repo-name", "acme/shop"]);
        words.extend(more);
        qd(&console, ns, &words)
    };
    let there = || {
        ["workspaces.quarterdeck.dev", "blueprints.quarterdeck.dev", "grants.quarterdeck.dev"]
            .map(|kind| list(ns, kind, "").len())
    };

    // Nobody says yes: the table, the code, and nothing is made.
    let unasked = run(&[]);
    let told = errors(&unasked);
    assert!(told.contains("import_report: nothing was made"), "{told}");
    assert!(!unasked.status.success() && there() == [0, 0, 0]);
    let lines: Vec<String> = told.lines().map(|line| line.split_whitespace().collect::<Vec<_>>().join(" ")).collect();
    for line in [
        "OBJECT FIELD RESULT WHY",
        "docker changed docker is written podman now",
        "network.networkPolicyClass changed no class was said: it becomes workspace",
        "k8sOnly not supported blueprints have no such field",
        "image taken",
        "spec.image taken",
    ] {
        assert!(lines.iter().any(|one| one == line), "{line}: {told}");
    }
    assert!(lines.iter().any(|one| one.starts_with("spec.ingress not supported")), "{told}");
    assert!(lines.iter().any(|one| one.starts_with(&format!("Workspace team-a/{long} becomes Workspace {ns}/www"))));
    let dry = run(&["--dry-run", "-o", "jsonl"]);
    let objects: Vec<Value> = out(&dry).lines().map(|line| serde_json::from_str(line).unwrap()).collect();
    assert_eq!((objects.len(), there()), (5, [0, 0, 0]), "{}", errors(&dry));
    let name = objects.last().unwrap()["metadata"]["name"].as_str().unwrap().to_owned();
    assert!(name.len() == 52 && name.starts_with("wwww"), "{name}");

    // With a yes all of it is there, as the operator reads it.
    let made = run(&["--yes"]);
    assert!(made.status.success(), "{}", errors(&made));
    assert_eq!(there(), [1, 3, 1], "{}", out(&made));
    for blueprint in ["base", "shell", "repo-acme-shop"] {
        until("the operator finds it right", 30, || {
            let one = get(ns, "blueprints.quarterdeck.dev", blueprint);
            e2e::workspaces::condition(&one, "Valid").0 == "True"
        });
    }
    let shell = run(&["--yes"]);
    assert!(!shell.status.success() && errors(&shell).contains("already exists"), "{}", errors(&shell));
    let own = "create w --blueprint repo-acme-shop --own-blueprint --owner ada --org lab --timeout 90";
    let own = qd(&console, ns, &own.split(' ').collect::<Vec<_>>());
    assert!(own.status.success(), "{}", errors(&own));
    let pod = get(ns, "pod", "w");
    let env = pod["spec"]["containers"][0]["env"].as_array().unwrap();
    let value = |name: &str| env.iter().find(|one| one["name"] == name).map(|one| one["value"].clone());
    assert_eq!((value("WORD"), value("WHO")), (Some(json!("7")), Some(json!("ada"))), "expressions came along");
    assert_eq!(value("STAGE"), Some(json!("dev")));
    let shown: Value = serde_json::from_str(&out(&qd(&console, ns, &["show", "w", "-o", "json"]))).unwrap();
    assert_eq!(shown["status"]["blueprint"]["name"], "repo-acme-shop");
    let policies = list(ns, "networkpolicies", "quarterdeck.dev/workspace=w");
    let text = json!(policies).to_string();
    assert!(text.contains("quarterdeck.dev/blueprint"), "workspaces of one blueprint meet: {text}");
    assert!(console.journal().contains("workspace:import"));
}

/// The older kind of workspaces, whose short name is that of ours. It goes with this.
struct Older;

impl Older {
    fn new() -> Self {
        let open = json!({ "type": "object", "x-kubernetes-preserve-unknown-fields": true });
        let schema = json!({ "openAPIV3Schema": { "type": "object", "properties": { "spec": open } } });
        let version = json!({ "name": "v1alpha1", "served": true, "storage": true, "schema": schema });
        let names =
            json!({ "plural": "workspaces", "singular": "workspace", "kind": "Workspace", "shortNames": ["ws"] });
        let object = json!({
            "apiVersion": "apiextensions.k8s.io/v1", "kind": "CustomResourceDefinition",
            "metadata": { "name": "workspaces.guildnet.io" },
            "spec": { "group": "guildnet.io", "scope": "Namespaced", "names": names, "versions": [version] },
        });
        kubectl::apply(&kubeconfig(), &object.to_string());
        let words = ["wait", "--for=condition=Established", "crd/workspaces.guildnet.io", "--timeout=60s"];
        let _ = kubectl::stdout(&kubeconfig(), &words);
        Self
    }
}

impl Drop for Older {
    fn drop(&mut self) {
        let words = ["delete", "crd", "workspaces.guildnet.io", "--ignore-not-found", "--wait=false"];
        let _ = kubectl::kubectl(&kubeconfig(), &words);
    }
}

#[test]
fn ws_06m_both_groups_of_workspaces_live_beside_each_other_and_the_older_is_imported_as_kubectl_prints_it() {
    let _alone = alone();
    let fresh = Fresh::new("ws-both-groups");
    let ns = fresh.name();
    let console = operator();
    let older = Older::new();
    let one = json!({
        "apiVersion": "guildnet.io/v1alpha1", "kind": "Workspace", "metadata": { "name": "old", "namespace": ns },
        "spec": { "image": "images.invalid/shell:1", "env": [{ "name": "A", "value": "1" }] },
    });
    kubectl::apply(&kubeconfig(), &one.to_string());
    let printed = kubectl::stdout(&kubeconfig(), &["get", "workspaces.guildnet.io", "-n", ns, "-o", "yaml"]);
    let file = console.home().join("older.yaml");
    std::fs::write(&file, &printed).unwrap();
    let done = qd(&console, ns, &["import", &file.display().to_string(), "--owner", "ada", "--org", "lab", "--yes"]);
    assert!(done.status.success(), "{}", errors(&done));
    let ours = get(ns, "workspaces.quarterdeck.dev", "old");
    assert_eq!(ours["metadata"]["annotations"]["quarterdeck.dev/imported-from"], format!("Workspace {ns}/old"));
    assert_eq!(ours["metadata"]["labels"], Value::Null);
    e2e::workspaces::wait(ns, "old", "condition=Ready");
    // Each is what it was, and `ws` is one of both: ours has a name that is its own.
    assert_eq!(get(ns, "workspaces.guildnet.io", "old")["spec"], one["spec"]);
    let shown = qd(&console, ns, &["show", "old", "-o", "json"]);
    let shown: Value = serde_json::from_str(&out(&shown)).unwrap();
    assert_eq!(shown["apiVersion"], "quarterdeck.dev/v1alpha1");
    let both = console.qd(Some(&kubeconfig())).args(["get", "ws", "-n", ns]).output().expect("qd runs");
    assert!(errors(&both).contains("kind_ambiguous"), "{} {}", out(&both), errors(&both));
    let named = console.qd(Some(&kubeconfig())).args(["get", "workspaces.quarterdeck.dev", "-n", ns]).output().unwrap();
    assert!(named.status.success() && out(&named).contains("old"), "{}", errors(&named));
    drop(older);
    assert!(!get(ns, "workspaces.quarterdeck.dev", "old").is_null());
}

#[test]
fn wb_03l_a_secret_by_reference_what_is_set_once_and_dotfiles_after_the_scripts() {
    let fresh = Fresh::new("ws-params");
    let ns = fresh.name();
    let console = operator();
    let long = "long ".repeat(40);
    let blueprint = json!({
        "apiVersion": "quarterdeck.dev/v1alpha1", "kind": "Blueprint", "metadata": { "name": "go", "namespace": ns },
        "spec": {
            "image": "images.invalid/shell:1",
            "storages": { "home": { "type": "local", "path": "/home/ada" } },
            "params": [
                { "name": "DISK", "type": "enum", "default": "fast", "mutable": false,
                  "options": [{ "value": "fast" }, { "value": "slow" }] },
                { "name": "KEY", "type": "secret", "env": "TOKEN" },
            ],
            "expressions": { "/env/DISK": "params.DISK" },
            "env": { "LONG": long },
            "initScripts": [{ "name": "dots", "script": "mkdir -p ~/dots && echo from-the-script > ~/dots/.marker" }],
        },
    });
    kubectl::apply(&kubeconfig(), &blueprint.to_string());
    let secret = json!({ "apiVersion": "v1", "kind": "Secret", "metadata": { "name": "mine", "namespace": ns },
        "stringData": { "token": "s3cr3t-value" } });
    kubectl::apply(&kubeconfig(), &secret.to_string());
    until("the operator knows the blueprint", 30, || {
        e2e::workspaces::condition(&get(ns, "blueprints.quarterdeck.dev", "go"), "Valid").0 == "True"
    });
    let made = "create w --blueprint go --own-blueprint --owner ada --org lab --param KEY=mine/token --param DISK=slow \
                --dotfiles ~/dots --timeout 120";
    let made = qd(&console, ns, &made.split_whitespace().collect::<Vec<_>>());
    assert!(made.status.success(), "{}", errors(&made));

    // The secret is where it is used, and nowhere else.
    let said = |line: &str| {
        let words = ["ws", "exec", "-n", ns, "w", "--", "sh", "-c", line];
        out(&console.qd(Some(&kubeconfig())).args(words).output().expect("qd runs"))
    };
    assert_eq!(said("printf %s \"$TOKEN\""), "s3cr3t-value");
    assert_eq!(said("printf %s \"$LONG\""), long, "values of maps are no labels");
    let object = get(ns, "workspaces.quarterdeck.dev", "w");
    let pod = get(ns, "pod", "w");
    assert!(!object.to_string().contains("s3cr3t") && !pod.to_string().contains("s3cr3t"));
    assert_eq!(object["status"]["blueprint"]["fixed"], json!({ "DISK": "slow" }));
    let layers = object["status"]["blueprint"]["layers"].as_array().unwrap();
    assert_eq!(layers.last().unwrap()["kind"], "personal", "{layers:?}");
    // What the dotfiles link was made by the script before them.
    until("the dotfiles are applied", 60, || said("cat ~/.marker 2>/dev/null").contains("from-the-script"));

    // What is set once is refused at the door, and where somebody writes past it nothing is made of it.
    let changed = qd(&console, ns, &["update", "w", "--param", "DISK=fast", "--yes", "--no-wait"]);
    assert_eq!(changed.status.code(), Some(2), "{}", errors(&changed));
    assert!(errors(&changed).contains("param_invalid") && errors(&changed).contains("slow"), "{}", errors(&changed));
    e2e::workspaces::patch(ns, "w", &json!({ "spec": { "params": { "DISK": "fast", "KEY": "mine/token" } } }));
    until("the condition says so", 30, || {
        let object = get(ns, "workspaces.quarterdeck.dev", "w");
        e2e::workspaces::message(&object, "BlueprintResolved").contains("DISK is set once")
    });
    assert_eq!(get(ns, "pod", "w")["metadata"]["uid"], pod["metadata"]["uid"], "the pod stays");
}
