#![allow(clippy::unwrap_used, clippy::expect_used, clippy::indexing_slicing)]

use super::Folder;
use crate::blueprints::{Blueprints, Platform};
use crate::render::Render as _;
use serde_json::json;
use std::collections::BTreeMap;
use std::fs;
use std::os::unix::fs::symlink;
use std::path::Path;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};

fn none() -> BTreeMap<String, String> {
    BTreeMap::new()
}

fn write(folder: &Path, name: &str, text: &str) {
    let path = folder.join(name);
    fs::create_dir_all(path.parent().unwrap()).unwrap();
    fs::write(path, text).unwrap();
}

fn of(folder: &Arc<Folder>) -> Blueprints {
    Blueprints::new(Platform { folder: Some(folder.clone()), ..Platform::new("dev", "images.invalid/agent:1") })
}

fn names(blueprints: &Blueprints) -> Vec<String> {
    blueprints.library("team").0.names().into_iter().map(str::to_owned).collect()
}

#[test]
fn bc_02a_the_blueprints_of_a_folder_stand_beside_those_of_the_cluster() {
    let place = tempfile::tempdir().unwrap();
    write(place.path(), "base.yaml", "blueprint:\n  name: base\n  isTemplate: true\n  image: images.invalid/base:1\n");
    write(place.path(), "team/rust.yaml", "blueprint: !include parts/rust.yaml\n");
    write(place.path(), "team/parts/rust.yaml", "name: rust\ntemplate: base\n");
    write(place.path(), "team/rust.test.yaml", "no: blueprint\n");
    write(place.path(), "README.md", "# about\n");
    write(place.path(), ".hidden/x.yaml", "blueprint: [\n");
    let folder = Arc::new(Folder::open(place.path(), &none()).unwrap());
    let blueprints = of(&folder);
    blueprints.learn("", "go", Some(json!({ "template": "base", "image": "images.invalid/go:1" })));
    assert_eq!(names(&blueprints), ["default", "go", "rust"], "what is included is no blueprint of its own");
    let (library, problems) = blueprints.library("team");
    assert!(problems.is_empty(), "{problems:?}");
    assert_eq!(library.chain("go").unwrap().len(), 2, "one builds upon the other, wherever they are");
    // Two of one name are told with both places.
    blueprints.learn("", "rust", Some(json!({ "image": "images.invalid/rust:1" })));
    let (_, problems) = blueprints.library("team");
    let told = problems.iter().map(|one| one.message.clone()).collect::<String>();
    assert!(told.contains("two blueprints named rust") && told.contains("team/parts/rust.yaml"), "{told}");
}

#[test]
fn bc_02b_a_set_that_is_broken_is_not_taken_and_says_where_it_fails() {
    let place = tempfile::tempdir().unwrap();
    let wrong = |text: &str| {
        write(place.path(), "a.yaml", text);
        Folder::open(place.path(), &none()).map(drop).unwrap_err().join("\n")
    };
    assert!(
        wrong("blueprint:\n  name: a\n  image: [\n").starts_with("a.yaml:"),
        "at the start it is told and nothing runs"
    );
    assert!(
        wrong("blueprint:\n  name: a\n  image: x:1\n  resources: {cpu: lots}\n").contains("a.yaml:4:20 /resources/cpu")
    );
    write(place.path(), "a.yaml", "blueprint:\n  name: a\n  image: images.invalid/a:1\n");
    let folder = Arc::new(Folder::open(place.path(), &none()).unwrap());
    let blueprints = of(&folder);
    assert_eq!(names(&blueprints), ["a", "default"]);
    write(place.path(), "b.yaml", "blueprint:\n  name: b\n  imag: images.invalid/b:1\n");
    let told = folder.read(&none()).join("\n");
    assert!(told.contains("b.yaml:3:3 /imag"), "{told}");
    assert_eq!(names(&blueprints), ["a", "default"], "the set of before holds");
    let (_, problems) = blueprints.library("team");
    assert!(problems.iter().any(|one| one.pointer == "/imag" && one.mark.line == 3), "{problems:?}");
    write(place.path(), "b.yaml", "blueprint:\n  name: b\n  image: images.invalid/b:1\n");
    assert!(folder.read(&none()).is_empty());
    assert_eq!(names(&blueprints), ["a", "b", "default"]);
    assert!(blueprints.library("team").1.is_empty());
    fs::remove_file(place.path().join("a.yaml")).unwrap();
    assert!(folder.read(&none()).is_empty());
    assert_eq!(names(&blueprints), ["b", "default"]);
}

#[test]
fn bc_02c_what_kubernetes_mounts_is_read_through_its_links_and_nothing_else_is() {
    let place = tempfile::tempdir().unwrap();
    let version = |name: &str, image: &str| {
        write(place.path(), &format!("..{name}/a.yaml"), &format!("blueprint:\n  name: a\n  image: {image}\n"));
    };
    version("one", "images.invalid/a:1");
    symlink("..one", place.path().join("..data")).unwrap();
    symlink("..data/a.yaml", place.path().join("a.yaml")).unwrap();
    let folder = Arc::new(Folder::open(place.path(), &none()).unwrap());
    let blueprints = of(&folder);
    let image = || blueprints.library("").0.get("a").unwrap().fields()["image"].clone();
    assert_eq!(image(), "images.invalid/a:1");
    version("two", "images.invalid/a:2");
    symlink("..two", place.path().join("..next")).unwrap();
    fs::rename(place.path().join("..next"), place.path().join("..data")).unwrap();
    assert!(folder.read(&none()).is_empty());
    assert_eq!(image(), "images.invalid/a:2");
    assert_eq!(folder.folders(), [place.path().to_owned()].into());
    let outside = tempfile::tempdir().unwrap();
    write(outside.path(), "b.yaml", "blueprint:\n  name: b\n  image: x:1\n");
    symlink(outside.path().join("b.yaml"), place.path().join("b.yaml")).unwrap();
    assert!(folder.read(&none()).join("\n").contains("outside of the folder"));
}

#[test]
fn bc_02d_readers_never_see_a_gap_while_sets_are_replaced() {
    let place = tempfile::tempdir().unwrap();
    let set = |round: usize| {
        for name in ["a", "b", "c"] {
            write(place.path(), &format!("{name}.yaml"), &format!("blueprint:\n  name: {name}\n  image: x:{round}\n"));
        }
    };
    set(0);
    let folder = Arc::new(Folder::open(place.path(), &none()).unwrap());
    let (blueprints, over) = (Arc::new(of(&folder)), Arc::new(AtomicBool::new(false)));
    let readers: Vec<_> = (0..2)
        .map(|_| {
            let (blueprints, over) = (blueprints.clone(), over.clone());
            std::thread::spawn(move || {
                let (mut looked, mut missed) = (0, 0);
                while !over.load(Ordering::Acquire) || looked < 100 {
                    missed += usize::from(names(&blueprints) != ["a", "b", "c", "default"]);
                    looked += 1;
                }
                (looked, missed)
            })
        })
        .collect();
    for round in 1..50 {
        set(round);
        assert!(folder.read(&none()).is_empty());
        std::thread::yield_now();
    }
    over.store(true, Ordering::Release);
    let found: Vec<(usize, usize)> = readers.into_iter().map(|one| one.join().unwrap()).collect();
    assert!(found.iter().all(|(looked, missed)| *looked >= 100 && *missed == 0), "{found:?}");
}

/// What a workspace of a blueprint is made of.
fn made(blueprints: &Blueprints, name: &str) -> serde_json::Value {
    let object = json!({
        "metadata": { "name": "w", "namespace": "team", "uid": "u", "generation": 1, "resourceVersion": "1" },
        "spec": { "owner": "ada", "org": "lab", "blueprintRef": { "name": name } },
    });
    let desired = crate::desired::Desired::of(&object).unwrap();
    let rendered = blueprints.render(&desired, &object, &crate::source::Sourced::None).unwrap();
    let config = rendered.parts.iter().find(|part| part.name == "w-config").unwrap();
    json!([
        rendered.pod.unwrap().body["spec"],
        config.body["data"]["config.yaml"].as_str().unwrap().replace(name, "NAME")
    ])
}

#[test]
fn bc_01_files_of_each_form_and_the_cluster_say_the_same_and_what_is_wrong_with_files_names_them() {
    let fields = "  image: !cel \"'images.invalid/' + user.username + ':1'\"\n  env: !include parts/env.yaml\n  splash: !file parts/splash.txt\n";
    let place = tempfile::tempdir().unwrap();
    write(place.path(), "map.yaml", &format!("blueprint:\n  name: of-map\n{fields}"));
    let item = fields.replace("\n  ", "\n    ");
    write(place.path(), "list.yaml", &format!("blueprints:\n  - name: of-list\n  {item}"));
    write(
        place.path(),
        "top.yaml",
        &format!("- name: of-top\n{fields}---\n- {{name: other, image: images.invalid/o:1}}\n"),
    );
    write(place.path(), "parts/env.yaml", "A: plain\nHOME_OF: !cel user.username + '@' + org\n");
    write(place.path(), "parts/splash.txt", "Welcome {{ .User }}");
    let folder = Arc::new(Folder::open(place.path(), &none()).unwrap());
    let blueprints = of(&folder);
    let expressions = json!({
        "/image": "'images.invalid/' + user.username + ':1'", "/env/HOME_OF": "user.username + '@' + org",
    });
    let spec = json!({ "env": { "A": "plain" }, "splash": "Welcome {{ .User }}", "expressions": expressions });
    blueprints.learn("", "of-crd", Some(spec));
    assert_eq!(names(&blueprints), ["default", "of-crd", "of-list", "of-map", "of-top", "other"]);
    let expected = made(&blueprints, "of-crd");
    let main = &expected[0]["containers"][0];
    assert_eq!(main["image"], "images.invalid/ada:1");
    let env = main["env"].as_array().unwrap();
    assert!(env.contains(&json!({ "name": "HOME_OF", "value": "ada@lab" })), "{env:?}");
    assert!(expected[1].as_str().unwrap().contains("Welcome ada"), "{expected:#}");
    for name in ["of-map", "of-list", "of-top"] {
        let made =
            made(&blueprints, name).to_string().replace(&format!("\"value\":\"{name}\""), "\"value\":\"of-crd\"");
        assert_eq!(made, expected.to_string(), "{name}");
    }
    // What is wrong is told with all files that have to do with it, and nothing of it is taken.
    let wrong = |files: &[(&str, &str)]| {
        for (name, text) in files {
            write(place.path(), name, text);
        }
        let told = folder.read(&none()).join("\n");
        for (name, _) in files {
            fs::remove_file(place.path().join(name)).unwrap();
        }
        told
    };
    let cycle =
        [("x.yaml", "- !include y.yaml\n"), ("y.yaml", "- !include z.yaml\n"), ("z.yaml", "- !include x.yaml\n")];
    assert!(wrong(&cycle).contains("x.yaml → y.yaml → z.yaml → x.yaml"), "{}", wrong(&cycle));
    let twice = [("again.yaml", "blueprint: {name: Of_Map, image: images.invalid/x:1}\n")];
    let told = wrong(&twice);
    assert!(told.contains("again.yaml:1:12") && told.contains("map.yaml:2:"), "{told}");
    for path in ["../secret", "/etc/passwd"] {
        let text = format!("blueprint: {{name: a, image: b, splash: !file {path}}}\n");
        assert!(wrong(&[("out.yaml", text.as_str())]).contains("outside"), "{path}");
    }
    assert_eq!(
        names(&blueprints),
        ["default", "of-crd", "of-list", "of-map", "of-top", "other"],
        "the set of before holds"
    );
    assert!(folder.read(&none()).is_empty());
}
