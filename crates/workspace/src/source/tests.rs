#![allow(clippy::unwrap_used, clippy::panic, clippy::indexing_slicing)]

use super::{Read, Repositories, Sourced, Wanted, blueprint_of};
use crate::blueprints::{Blueprints, Platform};
use crate::desired::Desired;
use crate::render::{Refused, Render, Rendered};
use git::testing::{Host, Repository};
use git::{Git, Settings};
use serde_json::{Value, json};
use std::sync::Arc;
use std::time::Duration;

fn repositories(host: &Host, usual: Option<&str>) -> Repositories {
    let here = vec![host.name()];
    let settings = Settings { private_hosts: here.clone(), plain_hosts: here, ..Settings::default() };
    Repositories::new(Git::new(settings), Some(host.name()), usual.map(str::to_owned))
}

fn spec(more: &Value) -> Value {
    let mut spec = json!({ "owner": "ada", "org": "lab", "source": { "repo": { "owner": "acme", "name": "shop" } } });
    for (key, value) in more.as_object().unwrap() {
        spec[key] = value.clone();
    }
    spec
}

async fn read(repositories: &Repositories, spec: &Value, age: Duration) -> Result<Arc<Read>, git::Error> {
    let wanted = Wanted::of(spec, repositories.host()).unwrap();
    repositories.read(&wanted, None, None, age).await
}

fn platform(usual: Option<&Repositories>) -> Blueprints {
    let mut platform = Platform::new("dev", "images.invalid/agent:1");
    platform.repositories = usual.cloned();
    let blueprints = Blueprints::new(platform);
    let allow = json!({ "/resources/memory": { "max": "1Gi" } });
    blueprints.learn("", "go", Some(json!({ "image": "images.invalid/go:1", "allow": allow, "env": { "A": "go" } })));
    blueprints.learn("", "plain", Some(json!({ "image": "images.invalid/plain:1" })));
    blueprints
}

fn render(blueprints: &Blueprints, spec: &Value, sourced: &Sourced) -> Result<Rendered, Refused> {
    let object = json!({ "metadata": { "name": "w", "namespace": "team", "uid": "u", "generation": 1 }, "spec": spec });
    blueprints.render(&Desired::of(&object).unwrap(), &object, sourced)
}

fn image(rendered: &Rendered) -> String {
    rendered.pod.as_ref().unwrap().body["spec"]["containers"][0]["image"].as_str().unwrap().to_owned()
}

const FILE: &str = "blueprint:\n  template: go\n  env: {A: repo}\n  resources: {memory: 600Mi}\n";

fn sourced(file: Option<&str>) -> Sourced {
    Sourced::Read(Arc::new(Read {
        owner: "acme".into(),
        name: "shop".into(),
        address: "https://git.example/acme/shop".into(),
        commit: "1a2b3c4d5e6f".into(),
        file: file.map(|_| ".quarterdeck.yaml".to_owned()),
        texts: file.map(|text| (".quarterdeck.yaml".to_owned(), Ok(text.to_owned()))).into_iter().collect(),
        ..Read::default()
    }))
}

#[tokio::test]
async fn ws_09g_the_file_is_found_by_its_usual_names_or_the_one_that_is_said_with_what_it_includes() {
    let (host, repository) = (Host::start(), Repository::new());
    let all = repositories(&host, None);
    let now = async |files: &[(&str, &str)], more: Value| {
        repository.commit(files, "next");
        host.keep("acme/shop", &repository);
        read(&all, &spec(&more), Duration::ZERO).await.unwrap()
    };
    assert_eq!(now(&[("README", "x")], json!({})).await.file, None);
    // Those of other tools, each before the one that was there.
    for (path, text) in [
        ("devfile.yaml", "components: [{name: dev, container: {image: 'images.invalid/own:1'}}]\n"),
        (".devcontainer/b/devcontainer.json", "{\"image\": \"images.invalid/own:1\"}"),
        (".devcontainer/a/devcontainer.json", "{\"image\": \"images.invalid/own:1\"}"),
        (".devcontainer.json", "{\"image\": \"images.invalid/own:1\", /* a comment */}"),
        (".devcontainer/devcontainer.json", "// a comment\n{\"image\": \"images.invalid/own:1\"}"),
    ] {
        let read = now(&[(path, text)], json!({})).await;
        assert_eq!((read.file.as_deref(), read.foreign), (Some(path), true));
        // It is laid over what is chosen, or over the usual one.
        for name in ["repo-acme-shop", "go"] {
            let chosen = spec(&json!({ "blueprintRef": { "name": name } }));
            let rendered = render(&platform(None), &chosen, &Sourced::Read(read.clone())).unwrap();
            assert_eq!(
                (image(&rendered).as_str(), &rendered.fallback),
                ("images.invalid/own:1", &None),
                "{path} {name}"
            );
        }
    }
    assert_eq!(now(&[(".k8shell", FILE)], json!({})).await.file.as_deref(), Some(".k8shell"));
    assert_eq!(now(&[(".k8shell.yaml", FILE)], json!({})).await.file.as_deref(), Some(".k8shell.yaml"));
    let whole =
        "blueprint:\n  template: go\n  env: !include ws/env.yaml\n  initScripts:\n  - {name: a, script: !file a.sh}\n";
    let files = [
        (".quarterdeck.yaml", whole),
        ("ws/env.yaml", "{A: !file deep.txt}\n"),
        ("ws/deep.txt", "deep"),
        ("a.sh", "echo"),
    ];
    let found = now(&files, json!({})).await;
    assert_eq!(found.file.as_deref(), Some(".quarterdeck.yaml"));
    let names: Vec<&str> = found.texts.keys().map(String::as_str).collect();
    assert_eq!(names, [".quarterdeck.yaml", "a.sh", "ws/deep.txt", "ws/env.yaml"]);
    assert_eq!((found.author.as_str(), found.commit.len()), ("Ada", 40));
    // In the folder to begin in first, then at the top; or the very one that is said.
    let folder = json!({ "source": { "repo": { "owner": "acme", "name": "shop", "path": "svc/" } } });
    assert_eq!(now(&[("x", "y")], folder.clone()).await.file.as_deref(), Some(".quarterdeck.yaml"));
    assert_eq!(now(&[("svc/.k8shell", FILE)], folder).await.file.as_deref(), Some("svc/.k8shell"));
    let said = |file: &str| json!({ "source": { "repo": { "owner": "acme", "name": "shop" }, "file": file } });
    let other = now(&[("dev/ws.yaml", FILE)], said("dev/ws.yaml")).await;
    assert_eq!(other.texts["dev/ws.yaml"].as_deref(), Ok(FILE));
    assert!(now(&[], said("none.yaml")).await.texts["none.yaml"].as_ref().unwrap_err().contains("no such file"));
    assert!(now(&[], said("../etc/passwd")).await.texts["../etc/passwd"].is_err());
    std::os::unix::fs::symlink("/etc/passwd", repository.path().join("link")).unwrap();
    assert!(now(&[], said("link")).await.texts["link"].as_ref().unwrap_err().contains("link"));
    let own = spec(&json!({ "source": { "repo": { "owner": "Acme", "name": "My.Shop" } } }));
    assert_eq!(blueprint_of(&own["source"]).as_deref(), Some("repo-acme-my-shop"));
}

#[tokio::test]
async fn ws_09h_what_was_read_is_kept_by_commit_and_a_host_that_is_away_changes_nothing() {
    let (host, repository) = (Host::start(), Repository::new());
    let first = repository.commit(&[(".quarterdeck.yaml", FILE)], "one");
    host.keep("acme/shop", &repository);
    let (all, spec) = (repositories(&host, None), spec(&json!({})));
    let (now, later) = (Duration::ZERO, Duration::from_secs(600));
    assert_eq!(read(&all, &spec, later).await.unwrap().commit, first);
    let asked = host.asked().len();
    // Several at once, and none of them asks.
    let again = futures::future::join_all((0..20).map(|_| read(&all, &spec, later))).await;
    assert!(again.iter().all(|one| one.as_ref().unwrap().commit == first));
    assert_eq!(host.asked().len(), asked);
    // Asked anew, the refs alone are: the commit is known.
    assert_eq!(read(&all, &spec, now).await.unwrap().commit, first);
    assert_eq!(host.asked().len(), asked + 2, "{:?}", host.asked());
    let second = repository.commit(&[(".quarterdeck.yaml", "blueprint: {template: plain}\n")], "two");
    host.keep("acme/shop", &repository);
    assert_eq!(read(&all, &spec, later).await.unwrap().commit, first, "it is young enough");
    assert_eq!(read(&all, &spec, now).await.unwrap().commit, second);
    drop(host);
    assert_eq!(read(&all, &spec, now).await.unwrap().commit, second, "what stands stands");
}

#[test]
fn wd_17_a_file_that_is_wrong_is_an_error_with_its_line_and_is_left_out_only_where_another_blueprint_was_chosen() {
    let blueprints = platform(None);
    let by_file = spec(&json!({ "blueprintRef": { "name": "repo-acme-shop" } }));
    let chosen = spec(&json!({ "blueprintRef": { "name": "go" } }));
    let rendered = render(&blueprints, &by_file, &sourced(Some(FILE))).unwrap();
    assert_eq!((image(&rendered).as_str(), &rendered.fallback), ("images.invalid/go:1", &None));
    let layers = rendered.blueprint["layers"].as_array().unwrap();
    let named: Vec<&str> = layers.iter().map(|one| one["kind"].as_str().unwrap()).collect();
    assert_eq!(
        (rendered.blueprint["name"].as_str(), named),
        (Some("repo-acme-shop"), vec!["platform", "repo", "overrides"])
    );
    assert_eq!(layers[1]["name"], ".quarterdeck.yaml of git.example/acme/shop at 1a2b3c4d5e");
    let env = rendered.pod.unwrap().body["spec"]["containers"][0]["env"].clone();
    assert!(env.as_array().unwrap().contains(&json!({ "name": "A", "value": "repo" })), "{env}");
    for (file, reason, at) in [
        ("blueprint:\n  template: go\n  resources: {cpu: lots}\n", "RepoFileInvalid", ".quarterdeck.yaml:3:"),
        ("blueprint:\n  template: go\n  image: [\n", "RepoFileInvalid", ".quarterdeck.yaml:"),
        ("blueprint:\n  env: {A: b}\n", "RepoFileInvalid", "template"),
        ("blueprint:\n  template: go\n  resources: {memory: 2Gi}\n", "FieldNotAllowed", "2Gi"),
        ("blueprint:\n  template: go\n  securityContext: {privileged: true}\n", "FieldNotAllowed", "/securityContext"),
        ("blueprint:\n  template: go\n  network: {networkPolicyClass: system}\n", "FieldNotAllowed", "system"),
        ("blueprint:\n  template: go\n  env: {A: !cel nothing.x}\n", "CELError", ".quarterdeck.yaml:3:"),
    ] {
        let refused = render(&blueprints, &by_file, &sourced(Some(file))).unwrap_err();
        assert_eq!((refused.condition, refused.reason), ("BlueprintResolved", reason), "{file}: {}", refused.message);
        assert!(refused.message.contains(at), "{}", refused.message);
        // Whoever chose the blueprint has it, and is told.
        let rendered = render(&blueprints, &chosen, &sourced(Some(file))).unwrap();
        assert_eq!(image(&rendered), "images.invalid/go:1");
        assert!(rendered.fallback.as_ref().unwrap().contains(at), "{:?}", rendered.fallback);
    }
    // A file that builds on another one is not laid over what was chosen.
    let other = spec(&json!({ "blueprintRef": { "name": "plain" } }));
    let rendered = render(&blueprints, &other, &sourced(Some(FILE))).unwrap();
    assert_eq!(image(&rendered), "images.invalid/plain:1");
    assert!(rendered.fallback.unwrap().contains("builds on go"));
    assert_eq!(render(&blueprints, &chosen, &sourced(Some(FILE))).unwrap().fallback, None);
}

#[test]
fn bc_09b_a_repository_without_a_file_is_made_of_the_platforms_blueprint_for_those_or_is_an_error() {
    let host = Host::start();
    let by_file = spec(&json!({ "blueprintRef": { "name": "repo-acme-shop" } }));
    let refused = render(&platform(None), &by_file, &sourced(None)).unwrap_err();
    assert_eq!(refused.reason, "BlueprintNotFound");
    assert!(refused.message.contains(".quarterdeck.yaml, .k8shell.yaml, .k8shell"), "{}", refused.message);
    let usual = platform(Some(&repositories(&host, Some("plain"))));
    let rendered = render(&usual, &by_file, &sourced(None)).unwrap();
    assert_eq!((image(&rendered).as_str(), &rendered.blueprint["name"]), ("images.invalid/plain:1", &json!("plain")));
    assert!(rendered.fallback.unwrap().contains("it is made of plain"));
    // A file that is wrong is no file that is absent.
    assert_eq!(render(&usual, &by_file, &sourced(Some("blueprint: 1\n"))).unwrap_err().reason, "RepoFileInvalid");
    // Nor is a host that is away.
    let away = Sourced::Failed(base::Code::RepositoryUnreachable, "git.example does not answer".into());
    let refused = render(&usual, &by_file, &away).unwrap_err();
    assert_eq!((refused.reason, refused.message.contains("does not answer")), ("RepoFileInvalid", true));
    let chosen = spec(&json!({ "image": "images.invalid/own:1" }));
    let rendered = render(&usual, &chosen, &away).unwrap();
    assert_eq!(image(&rendered), "images.invalid/own:1");
    assert!(rendered.fallback.unwrap().contains("does not answer"));
    assert_eq!(render(&usual, &chosen, &sourced(None)).unwrap().fallback, None, "nobody asked for a file");
    // While it is read, nothing is made, and nothing has failed.
    let waits = render(&usual, &by_file, &Sourced::Pending("it is being read".into())).unwrap_err();
    assert!(waits.queued);
    assert_eq!(render(&usual, &by_file, &Sourced::None).unwrap_err().reason, "RepoFileInvalid");
}
