#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic, clippy::indexing_slicing)]

use super::*;
use crate::grammar::{Cli, Command};
use clap::Parser;
use serde_json::{Value, json};
use std::fs;
use std::path::Path;

/// Runs `qd blueprint …`: what it prints, and the code it fails with.
fn run(words: &[&str]) -> (String, Option<(String, u8)>) {
    let cli = Cli::try_parse_from(["qd", "blueprint"].iter().chain(words)).unwrap_or_else(|error| panic!("{error}"));
    let Some(Command::Blueprint(command)) = cli.command else { panic!("{words:?}") };
    let mut out = Vec::new();
    let result = blueprint(&command, cli.global.output, &mut out);
    let code = result.err().map(|error| (format!("{}: {error}", error.code()), error.code().exit_code()));
    (String::from_utf8(out).unwrap(), code)
}

/// The examples of this project.
fn examples() -> String {
    let path = Path::new(env!("CARGO_MANIFEST_DIR")).join("../../blueprints");
    fs::canonicalize(path).unwrap().display().to_string()
}

fn write(folder: &Path, files: &[(&str, &str)]) {
    for (name, text) in files {
        let path = folder.join(name);
        fs::create_dir_all(path.parent().unwrap()).unwrap();
        fs::write(path, text).unwrap();
    }
}

#[test]
fn wb_02b_the_examples_are_right_and_their_fixtures_pass() {
    let (out, failed) = run(&["validate", &examples()]);
    assert_eq!((out.as_str(), failed), ("7 blueprints are right\n", None));
    let (out, failed) = run(&["test", &examples(), "-o", "jsonl"]);
    assert_eq!(failed, None, "{out}");
    let results: Vec<Value> = out.lines().map(|line| serde_json::from_str(line).unwrap()).collect();
    assert!(results.len() >= 7 && results.iter().all(|one| one["passed"] == json!(true)), "{out}");
}

#[test]
fn wb_02c_a_fixture_that_does_not_hold_fails_with_what_is_wrong() {
    let folder = tempfile::tempdir().unwrap();
    write(
        folder.path(),
        &[
            ("a.yaml", "blueprint: {name: a, image: x}"),
            (
                "a.test.yaml",
                "tests:\n- {name: good, expect: {fields: {/image: x}}}\n- {name: bad, expect: {fields: {/image: y}}}\n",
            ),
        ],
    );
    let path = folder.path().display().to_string();
    let (out, failed) = run(&["test", &path]);
    assert_eq!(failed, Some(("fixture_failed: 1 fixtures failed".to_owned(), 1)));
    assert!(
        out.contains("passed   good")
            && out.contains("failed   bad")
            && out.contains("/image is \"x\", from platform a at a.yaml:1:29; expected \"y\""),
        "{out}"
    );
    let (_, failed) = run(&["test", &format!("{path}/a.yaml")]);
    assert_eq!(failed.unwrap().1, 2, "a file that holds no fixtures is wrong usage");
}

#[test]
fn bc_08g_lint_tells_every_problem_with_its_place_and_code() {
    let folder = tempfile::tempdir().unwrap();
    write(
        folder.path(),
        &[
            ("a.yaml", "- {name: a, imag: x}\n- {name: b, image: x, docker: {enabled: false}}\n"),
            ("deep/b.yaml", "- {name: c, image: !cel nobody}\n- !include ../../outside.yaml\n"),
            (".hidden.yaml", "x: ["),
        ],
    );
    let path = folder.path().display().to_string();
    let (out, failed) = run(&["validate", &path]);
    assert_eq!(failed.unwrap().1, 1);
    let table: Vec<String> = out.lines().map(|line| line.split_whitespace().collect::<Vec<_>>().join(" ")).collect();
    for line in [
        "a.yaml:1:3 error blueprint_invalid a /image image is required",
        "a.yaml:2:23 warning - b /docker docker is written podman now",
        "deep/b.yaml:2:3 error blueprint_invalid ../../outside.yaml is outside of the tree: only files inside of it can be included",
    ] {
        assert!(table.iter().any(|one| one == line), "{line}\n{out}");
    }
    let (out, _) = run(&["lint", &path, "-o", "jsonl"]);
    let all: Vec<Value> = out.lines().map(|line| serde_json::from_str(line).unwrap()).collect();
    assert!(
        all.iter().any(|one| one["pointer"] == "/imag"
            && one["line"] == 1
            && one["column"] == 13
            && one["code"] == "blueprint_invalid"),
        "{out}"
    );
    assert!(!out.contains("hidden"));
    let (_, failed) = run(&["lint", &format!("{path}/none")]);
    assert!(failed.unwrap().0.starts_with("read_failed"));
}

#[test]
fn bc_11_resolve_says_the_layer_of_each_field() {
    let repo = format!("{}/tests/shop/.k8shell.yaml", examples());
    let (out, failed) = run(&[
        "resolve",
        "--from",
        &examples(),
        "--repo",
        &repo,
        "--repo-name",
        "acme/shop",
        "--ref",
        "main",
        "--user",
        "{username: ada}",
        "--param",
        "CPU=2",
    ]);
    assert_eq!(failed, None);
    for line in [
        "cpu: \"2\"  # platform base, base.yaml:12:10\n",
        "memory: 2Gi  # repo repo-acme-shop, .k8shell.yaml:5:13\n",
        "SHOP_STAGE: production  # repo repo-acme-shop",
        "path: /home/ada  # platform base",
        "imagePullPolicy: IfNotPresent  # default\n",
    ] {
        assert!(out.contains(line), "{line}\n{out}");
    }
    let (plain, _) = run(&["resolve", "shell", "--from", &examples(), "--plain"]);
    assert!(!plain.contains('#') && plain.starts_with("name: shell\n"), "{plain}");
    let (out, _) = run(&["resolve", "shell", "--from", &examples(), "-o", "json", "--registry", "registry.example"]);
    let object: Value = serde_json::from_str(&out).unwrap();
    assert_eq!(object["blueprint"]["image"], "registry.example/debian:stable-slim");
    assert_eq!(object["origins"]["/env/LANG"]["name"], "base");
    assert_eq!(object["pod_security"], "baseline");
}

#[test]
fn bc_11d_what_is_refused_has_its_code() {
    let from = examples();
    for (words, code, exit) in [
        (vec!["resolve", "nope"], "blueprint_not_found", 4),
        (vec!["resolve", "base"], "blueprint_forbidden", 3),
        (vec!["resolve", "rust", "--user", "{username: ada, blueprints: [shell]}"], "blueprint_forbidden", 3),
        (vec!["resolve", "rust", "--param", "CPU=64"], "param_invalid", 2),
        (vec!["resolve", "rust", "--user", "nobody"], "bad_request", 2),
        (vec!["explain", "rust", "/nope"], "not_found", 4),
    ] {
        let (out, failed) = run(&[words.as_slice(), &["--from", &from]].concat());
        let (message, status) = failed.expect(code);
        assert!(out.is_empty() && message.starts_with(code) && status == exit, "{words:?}: {message} {status}");
    }
}

#[test]
fn wb_01c_explain_and_diff() {
    let from = examples();
    let (out, _) = run(&["explain", "rust", "/env/EDITOR", "--from", &from]);
    assert!(out.starts_with("/env/EDITOR is \"vi\": set by platform base at base.yaml:10:13\n\nLAYER"), "{out}");
    let (out, _) = run(&["explain", "rust", "/resources/cpu", "--from", &from, "-o", "json"]);
    let object: Value = serde_json::from_str(&out).unwrap();
    assert_eq!(
        (&object["said"][0]["value"], &object["said"][0]["origin"]["line"]),
        (&json!("!cel params.CPU"), &json!(12))
    );
    let (out, _) = run(&["diff", "shell", "rust", "--from", &from, "-o", "jsonl"]);
    assert!(
        out.contains("\"pointer\":\"/image\"")
            && out.contains("\"pointer\":\"/env/CARGO_TARGET_DIR\"")
            && !out.contains("/env/LANG"),
        "{out}"
    );
    let (out, _) = run(&["diff", "shell", "--with-user", "{username: ada}", "--from", &from]);
    let line = out.lines().find(|line| line.starts_with("/storages/home/path")).unwrap();
    assert!(line.contains("\"/home/dev\"") && line.contains("\"/home/ada\""), "{out}");
    assert_eq!(run(&["diff", "shell", "--from", &from]).0, "there is no difference\n");
    // repository: what its file says beside what it says without one
    let repo = tempfile::tempdir().unwrap();
    write(repo.path(), &[(".quarterdeck.yaml", "blueprint: {template: shell, env: {STAGE: production}}")]);
    let file = repo.path().join(".quarterdeck.yaml").display().to_string();
    let (out, failed) = run(&["diff", "shell", "--from", &from, "--with-repo", &file]);
    let line = out.lines().find(|line| line.starts_with("/env/STAGE")).unwrap_or_else(|| panic!("{out} {failed:?}"));
    assert!(line.contains("\"production\""), "{out}");
    // time: the same files as they were
    let before = tempfile::tempdir().unwrap();
    write(before.path(), &[("s.yaml", "blueprint: {name: shell, image: debian:oldstable}")]);
    let (out, _) = run(&["diff", "shell", "--from", &from, "--with-from", &before.path().display().to_string()]);
    assert!(out.contains("debian:oldstable"), "{out}");
}

#[test]
fn bp_01b_list_and_show() {
    let from = examples();
    let (out, failed) = run(&["list", &from]);
    assert_eq!(failed, None);
    let table: Vec<String> = out.lines().map(|line| line.split_whitespace().collect::<Vec<_>>().join(" ")).collect();
    assert_eq!(table[0], "NAME LAYER TEMPLATE ABSTRACT PLACE DESCRIPTION");
    assert_eq!(table[2], "base platform - yes base.yaml:3:3 Home, limits and network of every workspace");
    assert_eq!(table[7], "web platform base no web.yaml:3:3 An editor in the browser, and the application beside it");
    let (out, _) = run(&["list", &from, "-o", "jsonl"]);
    let names: Vec<String> = out
        .lines()
        .map(|line| serde_json::from_str::<Value>(line).unwrap()["name"].as_str().unwrap().to_owned())
        .collect();
    assert_eq!(names, ["agent", "base", "ide", "rust", "shell", "tool", "web"]);
    let (out, failed) = run(&["show", "rust", "--from", &from]);
    assert_eq!(failed, None);
    assert!(out.starts_with("rust: Rust with cargo, clippy and rustfmt\nbase → rust\n\nPARAMETER"), "{out}");
    assert!(out.contains("TOOLCHAIN   enum") && out.contains("CPU") && out.contains("large"), "{out}");
    let (out, _) = run(&["show", "base", "--from", &from, "-o", "json"]);
    let object: Value = serde_json::from_str(&out).unwrap();
    assert_eq!((&object["abstract"], &object["params"][0]["max"]), (&json!(true), &json!(4)));
    let (_, failed) = run(&["show", "nope", "--from", &from]);
    assert!(failed.as_ref().unwrap().0.starts_with("blueprint_not_found"), "{failed:?}");
}

#[test]
fn wo_02c_render_prints_the_objects_in_the_order_in_which_they_are_applied() {
    let from = examples();
    let words = ["render", "rust", "--from", &from, "--user", "{username: ada}", "-n", "team", "-o"];
    let (out, failed) = run(&[&words[..], &["jsonl"]].concat());
    assert_eq!(failed, None);
    let objects: Vec<Value> = out.lines().map(|line| serde_json::from_str(line).unwrap()).collect();
    let kinds: Vec<&str> = objects.iter().map(|one| one["kind"].as_str().unwrap()).collect();
    let claims = ["PersistentVolumeClaim", "PersistentVolumeClaim"];
    assert_eq!(kinds, [&claims[..], &["ConfigMap", "ConfigMap", "NetworkPolicy", "Service", "Pod"]].concat());
    let pod = objects.last().unwrap();
    assert_eq!((&pod["metadata"]["namespace"], &pod["apiVersion"]), (&json!("team"), &json!("v1")));
    let id = pod["metadata"]["name"].as_str().unwrap();
    assert!(id.starts_with("ada-") && id.len() == 30, "the canonical id: {id}");
    let (out, _) = run(&[&words[..], &["json"]].concat());
    let list: Value = serde_json::from_str(&out).unwrap();
    assert_eq!((&list["kind"], list["items"].as_array().unwrap()), (&json!("List"), &objects));
    let (out, _) = run(&[&words[..], &["yaml"]].concat());
    let parts: Vec<Value> = out.split("---\n").skip(1).map(|part| serde_saphyr::from_str(part).unwrap()).collect();
    assert_eq!(parts, objects);
}

#[cfg(unix)]
#[test]
fn bc_01k_a_link_that_leads_out_of_the_tree_is_not_followed() {
    let folder = tempfile::tempdir().unwrap();
    write(
        folder.path(),
        &[("secret", "top: secret"), ("tree/a.yaml", "blueprint: {name: a, image: x, splash: !file link}")],
    );
    std::os::unix::fs::symlink(folder.path().join("secret"), folder.path().join("tree/link")).unwrap();
    std::os::unix::fs::symlink(folder.path().join("secret"), folder.path().join("tree/b.yaml")).unwrap();
    let (out, failed) = run(&["lint", &folder.path().join("tree").display().to_string()]);
    assert!(failed.is_some() && out.matches("outside of the tree").count() == 2 && !out.contains("top"), "{out}");
}

#[test]
fn wb_02e_the_rules_of_a_configuration_are_asked_as_a_server_asks_them() {
    let folder = tempfile::tempdir().unwrap();
    write(
        folder.path(),
        &[
            (
                "a.yaml",
                "blueprints: [{name: a, image: x, resources: {cpu: '4'}}, {name: b, image: x, env: {WORD: secret}}]",
            ),
            (
                "a.test.yaml",
                "tests:\n\
                 - {name: denied, blueprint: a, expect: {policy: {verdict: deny, rule: large}}}\n\
                 - {name: patched, blueprint: b, expect: {policy: {verdict: patch, rule: bob}, fields: {/resources/memory: 1Gi}, podSecurity: baseline}, user: {username: bob}}\n\
                 - {name: neither, blueprint: b, expect: {policy: {verdict: allow}}}\n",
            ),
            (
                "rules.toml",
                "[[policy.provision]]\nname = 'large'\nfields = { '/resources/cpu' = ['4'] }\ndeny = true\nreason = 'too large'\n\
                 [[policy.provision]]\nname = 'bob'\npeople = ['bob']\npatch = { '/resources/memory' = '1Gi' }\n\
                 [[policy.provision]]\nname = 'never'\nfields = { '/env/WORD' = ['secret'] }\ndeny = true\n",
            ),
        ],
    );
    let (path, rules) = (folder.path().display().to_string(), folder.path().join("rules.toml").display().to_string());
    let (out, failed) = run(&["test", &path, "--rules", &rules]);
    assert_eq!(failed, None, "{out}");
    let (out, failed) = run(&["test", &path]);
    assert!(failed.is_some() && out.contains("the policy's verdict is allow; expected deny by large"), "{out}");
    let (_, failed) = run(&["test", &path, "--rules", &folder.path().join("a.yaml").display().to_string()]);
    assert_eq!(failed.unwrap().1, 2);
}
