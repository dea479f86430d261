//! Workspaces made from the file of a repository: a real git server, a real cluster, the console's API, kubectl and `qd`.
#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic, clippy::indexing_slicing)]

use e2e::console::Console;
use e2e::fresh::Fresh;
use e2e::workspaces::{apply, condition, get, pods, until, wait};
use e2e::{alone, context, errors, kubeconfig, kubectl};
use git::testing::{Host, Repository};
use serde_json::{Value, json};

#[path = "workspace_repository/fields.rs"]
mod fields;
#[path = "workspace_repository/platform.rs"]
mod platform;
#[path = "workspace_repository/pull.rs"]
mod pull;

/// The example of a repository's file.
const GOOD: &str = include_str!("../../blueprints/tests/tool/.quarterdeck.yaml");
const WRONG: &str = "blueprint:\n  template: tool\n  resources:\n    cpu: lots\n";
const GREEDY: &str = "blueprint:\n  template: tool\n  resources:\n    memory: 8Gi\n";

struct Place {
    fresh: Fresh,
    host: Host,
    repository: Repository,
    console: Console,
}

impl Place {
    /// A namespace with a blueprint, a repository whose file builds on it, and an operator that may read that.
    fn new(namespace: &'static str) -> Self {
        let (host, repository) = (Host::start(), Repository::new());
        repository.commit(&[(".quarterdeck.yaml", GOOD), ("src/main.go", "package main\n")], "one");
        host.keep("acme/shop", &repository);
        let fresh = Fresh::new(namespace);
        let here = format!("[{:?}]", host.name());
        let variables = [
            ("QD__REPOSITORIES__HOST", host.name()),
            ("QD__REPOSITORIES__PRIVATE_HOSTS", here.clone()),
            ("QD__REPOSITORIES__PLAIN_HOSTS", here),
        ];
        let variables: Vec<(&str, &str)> = variables.iter().map(|(name, value)| (*name, value.as_str())).collect();
        let console = Console::start_with(Some(&kubeconfig()), &["--with-operator", "--yes"], &variables);
        let blueprint = json!({
            "apiVersion": "quarterdeck.dev/v1alpha1", "kind": "Blueprint",
            "metadata": { "name": "tool", "namespace": namespace },
            "spec": { "image": "images.invalid/shell:1", "allow": { "/resources/memory": { "max": "1Gi" } } },
        });
        kubectl::apply(&kubeconfig(), &blueprint.to_string());
        Self { fresh, host, repository, console }
    }

    fn push(&self, file: &str) -> String {
        let commit = self.repository.commit(&[(".quarterdeck.yaml", file)], "next");
        self.host.keep("acme/shop", &self.repository);
        commit
    }

    fn address(&self) -> String {
        format!("https://{}/acme/shop", self.host.name())
    }

    fn workspace(&self, name: &str) -> Value {
        get(self.fresh.name(), "workspaces.quarterdeck.dev", name)
    }

    fn preview(&self, more: &Value) -> Value {
        let mut body = json!({ "cluster": context(), "namespace": self.fresh.name(), "repository": self.address() });
        body.as_object_mut().unwrap().extend(more.as_object().unwrap().clone());
        let answer = self.console.ask("POST", "/blueprints/preview", Some(&body), &[]);
        assert_eq!(answer.status, 200, "{}", answer.body);
        serde_json::from_str(&answer.body).unwrap()
    }
}

fn field<'a>(preview: &'a Value, pointer: &str) -> &'a Value {
    let fields = preview["fields"].as_array().unwrap();
    fields.iter().find(|one| one["pointer"] == pointer).unwrap_or_else(|| panic!("{pointer}: {preview:#}"))
}

/// A `spec` that names the repository, and no image.
fn source(more: &Value) -> Value {
    let mut spec = json!({ "image": null, "source": { "repo": { "owner": "acme", "name": "shop" } } });
    spec.as_object_mut().unwrap().extend(more.as_object().unwrap().clone());
    spec
}

#[test]
fn ws_09_a_workspace_is_made_from_the_file_of_its_repository_and_says_so() {
    let _alone = alone();
    let place = Place::new("ws-repo");
    let ns = place.fresh.name();
    // What it would be: who set what.
    let shown = place.preview(&json!({}));
    assert_eq!((&shown["valid"], &shown["name"]), (&json!(true), &json!("repo-acme-shop")), "{shown:#}");
    let memory = field(&shown, "/resources/memory");
    assert_eq!((&memory["layer"], &memory["value"]), (&json!("repo"), &json!("160Mi")));
    let why = memory["why"].as_str().unwrap();
    assert!(why.contains(".quarterdeck.yaml:9") && why.contains("by Ada"), "{why}");
    assert_eq!(field(&shown, "/image")["layer"], "org");
    assert!(
        shown["source"].as_str().unwrap().starts_with(&format!("{}/acme/shop at ", place.host.name())),
        "{shown:#}"
    );
    // It is made, by a request that names the repository alone beside its name.
    let body = json!({ "cluster": context(), "namespace": ns, "name": "shop", "repository": place.address() });
    let answer = place.console.ask("POST", "/workspaces", Some(&body), &[]);
    assert_eq!(answer.status, 202, "{}", answer.body);
    wait(ns, "shop", "condition=Ready");
    let object = place.workspace("shop");
    assert_eq!(object["spec"]["blueprintRef"]["name"], "repo-acme-shop");
    assert_eq!(object["status"]["blueprint"]["name"], "repo-acme-shop");
    let layers = object["status"]["blueprint"]["layers"].as_array().unwrap();
    let layer = layers.iter().find(|one| one["kind"] == "repo").unwrap();
    assert!(layer["name"].as_str().unwrap().starts_with(".quarterdeck.yaml of 127.0.0.1:"), "{layer}");
    assert_eq!(condition(&object, "Degraded").0, "False");
    let pod = pods(ns, "shop").remove(0);
    let main = &pod["spec"]["containers"][0];
    assert_eq!(main["resources"]["limits"]["memory"], "160Mi");
    for (name, value) in [("SHOP_STAGE", "production"), ("SHOP_FOR", "acme/shop")] {
        assert!(main["env"].as_array().unwrap().contains(&json!({ "name": name, "value": value })), "{main:#}");
    }
    // `qd` makes one by a user string alone.
    let name = "root~repo=acme~shop";
    let mut command = place.console.qd(Some(&kubeconfig()));
    let output = command.args(["ws", "create", name, "-n", ns, "--owner", "root", "--yes"]).output().unwrap();
    assert!(output.status.success(), "{}", errors(&output));
    let made = kubectl::stdout(&kubeconfig(), &["get", "workspaces.quarterdeck.dev", "-n", ns, "-o", "json"]);
    let made: Value = serde_json::from_str(&made).unwrap();
    let made = made["items"].as_array().unwrap().iter().find(|one| one["spec"]["owner"] == "root").unwrap().clone();
    assert_eq!(made["status"]["blueprint"]["name"], "repo-acme-shop", "{made:#}");
    // The journal has who read which repository for whom.
    let journal = place.console.journal();
    let read = journal.lines().find(|line| line.contains("workspace:source") && line.contains("acme/shop"));
    let read = read.unwrap_or_else(|| panic!("{journal}"));
    assert!(read.contains(&place.host.name()), "{read}");
}

#[test]
fn ws_09k_a_file_that_is_wrong_makes_nothing_until_it_is_right_and_what_runs_goes_on() {
    let _alone = alone();
    let place = Place::new("ws-repo-wrong");
    let ns = place.fresh.name();
    let by_file = source(&json!({ "blueprintRef": { "name": "repo-acme-shop" } }));
    apply(ns, "runs", &by_file);
    wait(ns, "runs", "condition=Ready");
    let pod = pods(ns, "runs").remove(0)["metadata"]["uid"].clone();
    place.push(WRONG);
    until("what is shown is young", 60, || place.preview(&json!({}))["valid"] == false);
    apply(ns, "wrong", &by_file);
    wait(ns, "wrong", "condition=BlueprintResolved=False");
    until("the reason is the file", 60, || {
        condition(&place.workspace("wrong"), "BlueprintResolved").1 == "RepoFileInvalid"
    });
    let told = place.workspace("wrong")["status"]["lastError"].as_str().unwrap().to_owned();
    assert!(told.contains(".quarterdeck.yaml:4:10 /resources/cpu"), "{told}");
    assert!(pods(ns, "wrong").is_empty(), "nothing is started in its place");
    // At the API the same, before there is an object; and whoever chooses a blueprint has that one, and is told.
    let shown = place.preview(&json!({}));
    let wrong = &shown["problems"][0];
    assert_eq!((&wrong["file"], &wrong["line"]), (&json!(".quarterdeck.yaml"), &json!(4)), "{shown:#}");
    let body = json!({ "cluster": context(), "namespace": ns, "name": "refused", "repository": place.address() });
    let answer = place.console.ask("POST", "/workspaces", Some(&body), &[]);
    assert_eq!(answer.status, 422, "{}", answer.body);
    assert!(place.workspace("refused").is_null());
    let chosen = place.preview(&json!({ "blueprint": "tool" }));
    assert!(
        chosen["valid"] == true && chosen["fallback"].as_str().unwrap().contains(".quarterdeck.yaml:4:10"),
        "{chosen:#}"
    );
    apply(ns, "chosen", &source(&json!({ "blueprintRef": { "name": "tool" } })));
    wait(ns, "chosen", "condition=Ready");
    until("it is told that the file is no part of it", 60, || {
        condition(&place.workspace("chosen"), "Degraded") == ("True".into(), "RepoFileFallback".into())
    });
    // More than the blueprint leaves to it is not its to set.
    place.push(GREEDY);
    until("a bound is a bound", 90, || {
        condition(&place.workspace("wrong"), "BlueprintResolved").1 == "FieldNotAllowed"
    });
    // Put right, it starts by itself.
    place.push(GOOD);
    wait(ns, "wrong", "condition=Ready");
    assert_eq!(pods(ns, "wrong")[0]["spec"]["containers"][0]["resources"]["limits"]["memory"], "160Mi");
    until("and is whole", 60, || condition(&place.workspace("chosen"), "Degraded").0 == "False");
    assert_eq!(pods(ns, "runs")[0]["metadata"]["uid"], pod, "what runs goes on");
}

#[test]
fn ws_09l_a_host_in_a_private_network_is_not_asked_unless_it_is_named() {
    let _alone = alone();
    let fresh = Fresh::new("ws-repo-closed");
    let (host, repository) = (Host::start(), Repository::new());
    repository.commit(&[(".quarterdeck.yaml", GOOD)], "one");
    host.keep("acme/shop", &repository);
    // Kinds of workspaces may not be installed yet.
    let installed = Console::start(Some(&kubeconfig()), &["--with-operator", "--yes"]);
    for name in [host.name(), format!("localhost:{}", host.port())] {
        let body = json!({
            "cluster": context(), "namespace": fresh.name(), "name": "closed", "repository": format!("https://{name}/acme/shop"),
        });
        let answer = installed.ask("POST", "/workspaces", Some(&body), &[]);
        assert_eq!(answer.status, 403, "{}", answer.body);
        assert!(answer.body.contains("repository_refused"), "{}", answer.body);
        let answer = installed.ask(
            "POST",
            "/blueprints/preview",
            Some(&json!({
                "cluster": context(), "namespace": fresh.name(), "repository": format!("https://{name}/acme/shop"),
            })),
            &[],
        );
        assert!(answer.body.contains("private network"), "{}", answer.body);
    }
    assert!(host.asked().is_empty(), "{:?}", host.asked());
}
