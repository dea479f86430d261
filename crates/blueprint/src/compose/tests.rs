#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic, clippy::indexing_slicing)]

use super::*;
use crate::testing::{Ask, node};
use crate::user::User;
use proptest::prelude::*;
use serde_json::json;

const PLATFORM: &str = r#"
blueprints:
- name: base
  isTemplate: true
  image: tools/base:1
  env: {TZ: UTC, HOME_OF: !cel "'/home/' + user.username"}
  resources: {cpu: 1}
  initScripts: [{name: hello, script: echo base}]
  network: {networkPolicyClass: workspace, denyEgressToCIDRs: [10.0.0.0/8]}
- name: go
  template: base
  image: !cel "'go' in user.roles ? 'tools/go:2' : 'tools/go:1'"
  env: {GOFLAGS: -mod=mod}
- name: rust
  template: base
  image: tools/rust:1
  env: {TZ: null}
"#;

fn at(effective: &Effective, pointer: &str) -> Json {
    effective.node.at(&Pointer::parse(pointer)).map_or(Json::Null, Node::to_json)
}

fn origin(effective: &Effective, pointer: &str) -> String {
    let origin = &effective.node.at(&Pointer::parse(pointer)).unwrap().origin;
    format!("{} {}", origin.layer, origin.mark)
}

#[test]
fn bc_03_layers_from_the_root_to_the_policy() {
    let ask = Ask {
        platform: PLATFORM,
        repo: Some("blueprint:\n  template: go\n  env: {STAGE: test}\n  resources: {memory: 1Gi}\n"),
        overrides: Some("env: {STAGE: mine}\n"),
        patches: vec![(Pointer::parse("/resources/cpu"), json!("250m"))],
        ..Ask::default()
    };
    let effective = ask.compose().unwrap();
    assert_eq!(effective.name, "repo-org-proj");
    assert_eq!(
        at(&effective, "/env"),
        json!({ "TZ": "UTC", "HOME_OF": "/home/dev", "GOFLAGS": "-mod=mod", "STAGE": "mine" })
    );
    assert_eq!(at(&effective, "/resources"), json!({ "cpu": "250m", "memory": "1Gi" }));
    assert_eq!(at(&effective, "/isTemplate"), Json::Null, "that a parent is abstract is not inherited");
    for (pointer, expected) in [
        ("/env/TZ", "platform base p.yaml:6:13"),
        ("/env/HOME_OF", "platform base p.yaml:6:27"),
        ("/image", "platform go p.yaml:12:10"),
        ("/resources/memory", "repo repo-org-proj .k8shell.yaml:4:23"),
        ("/env/STAGE", "overrides overrides overrides.yaml:1:14"),
        ("/resources/cpu", "policy policy:1:1"),
        ("/imagePullPolicy", "default defaults:1:1"),
    ] {
        assert_eq!(origin(&effective, pointer), expected, "wb-01: {pointer}");
    }
    assert_eq!(effective.layers.len(), 5);
    assert_eq!(effective.layers[4].origin.layer.to_string(), "policy", "bc-10: patches are a layer");
}

#[test]
fn bc_03b_null_deletes_and_a_bad_patch_is_an_error() {
    let ask = Ask { platform: PLATFORM, name: Some("rust"), ..Ask::default() };
    assert_eq!(at(&ask.compose().unwrap(), "/env/TZ"), Json::Null);
    let ask = Ask { patches: vec![(Pointer::parse("/resources/cpu"), json!("lots"))], ..ask };
    let problems = ask.compose().unwrap_err();
    assert!(
        problems.list()[0].pointer == "/resources/cpu" && problems.to_string().contains("policy:1:1"),
        "bc-10: patches are validated"
    );
}

#[test]
fn wf_06b_an_obligation_patch_that_does_not_resolve_is_told_as_such() {
    for (pointer, value) in
        [("/resources/cpu", json!("lots")), ("/nope", json!(1)), ("/image/name", json!("x")), ("/env", json!([1]))]
    {
        let patches = vec![(Pointer::parse(pointer), value)];
        let problems = Ask { platform: PLATFORM, name: Some("rust"), patches, ..Ask::default() }.compose().unwrap_err();
        let first = &problems.list()[0];
        assert_eq!(
            (first.code, &*first.mark.file),
            (base::Code::ObligationUnsupported, "policy"),
            "{pointer}: {problems}"
        );
    }
    // What is wrong elsewhere is not the policy's fault.
    let ask =
        Ask { platform: PLATFORM, name: Some("rust"), overrides: Some("resources: {cpu: much}\n"), ..Ask::default() };
    let patches = vec![(Pointer::parse("/resources/memory"), json!("1Gi"))];
    let problems = Ask { patches, ..ask }.compose().unwrap_err();
    assert!(problems.list().iter().all(|one| one.code == base::Code::BlueprintInvalid), "{problems}");
}

#[test]
fn bc_05_what_expressions_see() {
    for (expression, expected) in [
        ("user.username + user.organization + string(user.uid) + user.shell", "devorg1000/bin/bash"),
        ("workspaceName + '.' + cluster + '.' + org", "ws-1.east.org"),
        (
            "metadata.name + ' ' + metadata.repoOwner + '/' + metadata.repoName + '@' + metadata.repoRef",
            "repo-org-proj org/proj@main",
        ),
        ("has(metadata.repoAddress) ? 'yes' : 'no'", "no"),
        ("blueprint.name + '<' + blueprint.template", "repo-org-proj<base"),
        ("user.isValid && !user.locked && size(user.roles) == 0 ? user.email : ''", "dev@example.com"),
        ("env('REGION')", "north"),
        ("has(user.password) || has(user.token) ? 'leak' : 'none'", "none"),
    ] {
        let repo = format!("blueprint:\n  template: base\n  env:\n    X: !cel |\n      {expression}\n");
        let ask = Ask { platform: PLATFORM, repo: Some(&repo), ..Ask::default() };
        assert_eq!(at(&ask.compose().unwrap(), "/env/X"), json!(expected), "{expression}");
    }
}

#[test]
fn bc_07_only_scalars_that_fit_each_alone_and_every_failure_at_once() {
    let ask = Ask {
        platform: "blueprint:\n  name: a\n  image: !cel user.gitAddress\n  enableApps: !cel \"'yes'\"\n  resources: {cpu: !cel \"1 + 1\", memory: !cel \"'much'\"}\n  env: !cel user.roles\n  splash: !cel image\n",
        name: Some("a"),
        ..Ask::default()
    };
    let problems = ask.compose().unwrap_err();
    let told: Vec<(&str, u32)> = problems.list().iter().map(|one| (one.pointer.as_str(), one.mark.line)).collect();
    assert_eq!(
        told,
        [("/image", 3), ("/enableApps", 4), ("/resources/memory", 5), ("/env", 6), ("/env", 6), ("/splash", 7)],
        "{problems}"
    );
    let text = problems.to_string();
    for expected in [
        "ask has(",
        "true or false is expected",
        "a quantity over 0",
        "cannot stand for a list or a map",
        "no variable image",
    ] {
        assert!(text.contains(expected), "{expected}: {text}");
    }
}

#[test]
fn bc_09a_choice() {
    let names = |blueprints: &[&str]| User {
        blueprints: blueprints.iter().map(|one| (*one).to_owned()).collect(),
        ..User::plain("dev")
    };
    let ask = |user: &User, name| Ask { platform: PLATFORM, user: user.clone(), name, ..Ask::default() };
    let all = names(&["*"]);
    assert_eq!(ask(&all, None).compose().unwrap().name, "go", "the first by name, abstract ones left out");
    assert_eq!(ask(&names(&["rust"]), None).compose().unwrap().name, "rust");
    assert_eq!(ask(&all, Some("Rust")).compose().unwrap().name, "rust");
    for (user, name, code) in [
        (&all, Some("base"), Code::BlueprintForbidden),
        (&names(&["go"]), Some("rust"), Code::BlueprintForbidden),
        (&names(&[]), None, Code::BlueprintForbidden),
        (&all, Some("nope"), Code::BlueprintNotFound),
    ] {
        let problems = ask(user, name).compose().unwrap_err();
        assert_eq!(problems.list()[0].code, code);
        assert!(name != Some("nope") || problems.to_string().contains("go, rust"));
    }
    let repo = |text, user: &User| Ask { repo: Some(text), ..ask(user, None) }.compose();
    assert_eq!(repo("blueprint: {template: base}", &all).unwrap().name, "repo-org-proj");
    assert_eq!(repo("blueprint: {name: mine, template: go}", &all).unwrap().name, "mine");
    assert_eq!(
        repo("blueprint: {template: rust}", &names(&["go"])).unwrap_err().list()[0].code,
        Code::BlueprintForbidden
    );
    assert!(repo("blueprint: {image: x}", &all).unwrap_err().to_string().contains("names its template"));
}

#[test]
fn wd_17a_an_invalid_repo_file_is_an_error_with_its_line_never_replaced() {
    let ask =
        Ask { platform: PLATFORM, repo: Some("blueprint:\n  template: go\n  imag: x\n  env: 5\n"), ..Ask::default() };
    let problems = ask.compose().unwrap_err();
    let told: Vec<String> = problems.list().iter().map(|one| format!("{} {}", one.mark, one.pointer)).collect();
    assert_eq!(told, [".k8shell.yaml:3:3 /imag", ".k8shell.yaml:4:8 /env"]);
}

#[test]
fn bp_03_images_of_no_host_come_from_the_default_registry() {
    let image = |image: &str| {
        let text = format!("blueprint: {{name: a, image: '{image}'}}");
        let ask = Ask { platform: &text, name: Some("a"), registry: Some("registry.example:5000"), ..Ask::default() };
        ask.compose().map(|effective| (at(&effective, "/image"), at(&effective, "/imagePullPolicy")))
    };
    for (given, expected) in [
        ("go:1", "registry.example:5000/go:1"),
        ("team/go", "registry.example:5000/team/go"),
        ("localhost/go", "localhost/go"),
        ("ghcr.example/go:1", "ghcr.example/go:1"),
        ("host:5000/go", "host:5000/go"),
    ] {
        assert_eq!(image(given).unwrap(), (json!(expected), json!("IfNotPresent")));
    }
    for bad in ["", "Go", "go image", "/go", "go//x", "-x"] {
        assert!(image(bad).is_err(), "{bad}");
    }
    let none = Ask { platform: "blueprint: {name: a}", name: Some("a"), ..Ask::default() };
    assert!(none.compose().unwrap_err().to_string().contains("/image: image is required"));
}

#[test]
fn wd_20a_values_stay_what_they_were_written_as() {
    let user = User { username: "4711".to_owned(), organization: "true".to_owned(), ..User::plain("x") };
    let ask = Ask {
        platform: "blueprint: {name: a, image: x, env: {U: !cel user.username, O: !cel user.organization, V: 1.10, W: '0777', Q: 'a\"b: c'}}",
        name: Some("a"),
        user,
        ..Ask::default()
    };
    let effective = ask.compose().unwrap();
    let text = |pointer: &str| effective.node.at(&Pointer::parse(pointer)).unwrap().text().unwrap().to_owned();
    assert_eq!(
        ["/env/U", "/env/O", "/env/V", "/env/W", "/env/Q"].map(text),
        ["4711", "true", "1.10", "0777", "a\"b: c"]
    );
}

proptest! {
    /// WD-18: one field over a parent differs from the parent in that field alone.
    #[test]
    fn wd_18a_composing_one_field_changes_that_field_alone(
        (pointer, value) in prop::sample::select(vec![
            ("/storages/home/path", "/other"), ("/storages/home/readonly", "false"), ("/storages/home/enabled", "false"),
            ("/apps/code/enabled", "false"), ("/apps/code/protocol", "ws"), ("/apps/code/name", "Other"),
            ("/env/A", "!cel user.username"), ("/resources/memory", "3Gi"), ("/splash", "hi"),
        ])
    ) {
        let parent = "{name: p, image: x, splash: s, resources: {cpu: 1, memory: 2Gi}, env: {A: a, B: b}, \
            storages: {home: {type: local, path: /home/dev, readonly: true, enabled: true}}, \
            enableApps: true, apps: {code: {name: Code, enabled: true, binary: code, start: [code, serve], protocol: https}}}";
        let segments = Pointer::parse(pointer);
        let mut child = value.to_owned();
        for segment in segments.segments().iter().rev() {
            child = format!("{{{segment}: {child}}}");
        }
        let platform = format!("- {parent}\n- {{name: c, template: p, {}\n", child.strip_prefix('{').unwrap());
        let compose = |name| Ask { platform: &platform, name: Some(name), ..Ask::default() }.compose().unwrap().node;
        let (mut expected, mut have) = (compose("p"), compose("c"));
        prop_assert_ne!(expected.at(&segments), have.at(&segments));
        for tree in [&mut expected, &mut have] {
            tree.set(&segments, node("x"));
            tree.put("name", node("x"));
            tree.take("template");
        }
        prop_assert_eq!(expected, have);
    }

    /// Whatever bytes a repository's file has: an answer.
    #[test]
    fn bc_08d_any_repo_file_is_answered(text in prop_oneof![
        "blueprint:\n  template: go\n(  (env|image|apps|storages|network|resources|initScripts|webProxy|params|allow): (1|x|\\[a\\]|\\{a: 1\\}|\\{a: \\{path: /x\\}\\}|!cel user|null|\\{networkPolicyClass: system\\})\n){0,4}",
        "\\PC{0,60}",
    ]) {
        let ask = Ask { platform: PLATFORM, repo: Some(&text), ..Ask::default() };
        if let Err(problems) = ask.compose() {
            prop_assert!(problems.list().iter().any(|one| !one.warning));
        }
    }
}
