#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic, clippy::indexing_slicing)]

use super::{list, offers, preview};
use crate::blueprints::{Blueprints, Platform};
use crate::launch::Launch;
use crate::render::Render;
use crate::source::Sourced;
use api::blueprint::BlueprintValidate;
use serde_json::json;

fn blueprints() -> Blueprints {
    let blueprints = Blueprints::new(Platform::new("c", "images.invalid/agent:1"));
    let base = json!({ "isTemplate": true, "description": "under all", "image": "images.invalid/base:1",
        "params": [{ "name": "CPU", "type": "number", "default": "2", "min": "1", "max": "8", "description": "cores" }] });
    blueprints.learn("", "base", Some(base));
    let rust = json!({ "template": "base", "description": "Rust", "image": "images.invalid/rust:1",
        "params": [{ "name": "CHANNEL", "type": "enum", "options": [{ "value": "stable" }, { "value": "beta" }] }] });
    blueprints.learn("", "rust", Some(rust));
    blueprints.learn("lab", "broken", Some(json!({ "template": "nowhere" })));
    blueprints
}

#[test]
fn wb_03k_a_list_says_what_each_blueprint_asks_and_what_is_wrong() {
    let told = list(&blueprints(), "lab", "ada", "lab");
    let names: Vec<&str> = told.blueprints.iter().map(|one| one.name.as_str()).collect();
    assert_eq!(names, ["base", "broken", "default", "rust"]);
    let of = |name: &str| told.blueprints.iter().find(|one| one.name == name).unwrap();
    assert!(of("base").is_abstract && !of("base").valid);
    assert_eq!((of("default").kind.as_str(), of("default").valid), ("built-in", true));
    let broken = of("broken");
    assert!(
        broken.kind == "Blueprint" && !broken.valid && broken.problems[0].message.contains("nowhere"),
        "{broken:?}"
    );
    let rust = of("rust");
    assert_eq!(rust.chain, ["base", "rust"]);
    assert!(rust.valid, "{:?}", rust.problems);
    let [cpu, channel] = rust.params.as_slice() else { panic!("{:?}", rust.params) };
    assert_eq!((cpu.name.as_str(), cpu.kind.as_str(), cpu.required), ("CPU", "number", false));
    assert_eq!((cpu.min.as_deref(), cpu.max.as_deref()), (Some("1"), Some("8")));
    assert!(channel.required && channel.options.len() == 2);
    assert!(list(&blueprints(), "other", "ada", "lab").blueprints.iter().all(|one| one.name != "broken"));
}

#[test]
fn wb_01k_a_preview_has_every_field_with_its_layer() {
    let mut launch = Launch {
        owner: "ada".into(),
        org: "lab".into(),
        blueprint: Some("rust".into()),
        memory: Some("3Gi".into()),
        ..Launch::default()
    };
    let wrong = preview(&blueprints(), "lab", "dev", &launch, &Sourced::None);
    assert!(!wrong.valid && wrong.problems[0].code == "param_invalid", "{wrong:?}");
    assert_eq!(wrong.problems[0].pointer, "/params/1");
    launch.params.insert("CHANNEL".into(), "beta".into());
    let told = preview(&blueprints(), "lab", "dev", &launch, &Sourced::None);
    assert!(told.valid, "{:?}", told.problems);
    let of = |pointer: &str| told.fields.iter().find(|one| one.pointer == pointer).unwrap();
    assert_eq!((of("/image").value.as_str(), of("/image").layer.as_str()), (Some("images.invalid/rust:1"), "platform"));
    assert_eq!(
        (of("/resources/memory").value.as_str(), of("/resources/memory").layer.as_str()),
        (Some("3Gi"), "overrides")
    );
    assert!(of("/image").why.contains("images.invalid/base:1"), "{}", of("/image").why);
    assert_eq!(told.params["CHANNEL"], "beta");
    launch.params.insert("CPU".into(), "9".into());
    let wrong = preview(&blueprints(), "lab", "dev", &launch, &Sourced::None);
    assert!(wrong.problems[0].message.contains("at most 8"), "{wrong:?}");
}

#[test]
fn gn_02b_what_can_be_made_without_being_asked_is_offered_with_its_image() {
    let told = offers(&blueprints(), "lab", "ada", "lab");
    let names: Vec<&str> = told.iter().map(|one| one.blueprint.as_str()).collect();
    // `base` is a parent alone, `broken` is broken, and `rust` asks for a channel.
    assert_eq!(names, ["default"]);
    assert!(!told[0].image.is_empty());
}

#[test]
fn bc_08_a_file_is_tried_for_whoever_asks_with_all_its_problems_or_what_would_be_made_of_it() {
    let blueprints = blueprints();
    blueprints.learn("lab", "mine", Some(json!({ "image": "images.invalid/old:1" })));
    let asked = |text: &str, blueprint: Option<&str>| BlueprintValidate {
        cluster: base::ClusterName::new("dev"),
        namespace: None,
        org: None,
        text: text.to_owned(),
        file: None,
        blueprint: blueprint.map(str::to_owned),
        params: [("CPU".to_owned(), "4".to_owned())].into(),
    };
    let tried = |text: &str, blueprint: Option<&str>| {
        super::validate(&blueprints, "lab", &asked(text, blueprint), "ada", "lab")
    };
    let good = "- {name: parts, isTemplate: true, image: images.invalid/parts:1}\n- name: mine\n  template: parts\n  \
                params: [{name: CPU, type: number, default: 2}]\n  resources: {cpu: !cel params.CPU}\n  env: {ME: !cel user.username}\n";
    let told = tried(good, None);
    assert!(told.valid, "{:?}", told.problems);
    assert_eq!(told.names, ["parts", "mine"]);
    let preview = told.preview.expect("it can be made");
    let value = |pointer: &str| preview.fields.iter().find(|one| one.pointer == pointer).map(|one| one.value.clone());
    assert_eq!((preview.name.as_str(), value("/env/ME")), ("mine", Some(json!("ada"))), "for whoever asks");
    assert_eq!((value("/resources/cpu"), value("/image")), (Some(json!(4)), Some(json!("images.invalid/parts:1"))));

    let bad = "- name: mine\n  imag: x\n  image: images.invalid/x:1\n  env: {1A: x}\n  securityContext: {privileged: true}\n  \
               storages: {a: {path: /a, claimSpec: {size: 3}}}\n  network: {allowEgressToCIDRs: [10.0.0.1/8]}\n  \
               agent: {ignoreOrphans: ['(']}\n  resources: {cpu: !cel user.nothing}\n";
    let told = tried(bad, None);
    assert!(!told.valid && told.preview.is_none());
    let pointers: Vec<&str> = told.problems.iter().map(|one| one.pointer.as_str()).collect();
    for pointer in [
        "/imag",
        "/env/1A",
        "/securityContext/privileged",
        "/storages/a/claimSpec/size",
        "/network/allowEgressToCIDRs/0",
        "/agent/ignoreOrphans/0",
        "/resources/cpu",
    ] {
        assert!(pointers.contains(&pointer), "{pointer}: {pointers:?}");
    }
    let env = told.problems.iter().find(|one| one.pointer == "/env/1A").unwrap();
    assert_eq!((env.file.as_str(), env.line, env.severity.as_str()), ("blueprint.yaml", 4, "error"));
    let odd = "- {name: mine, image: images.invalid/x:1, env: {A: !cel 'user.username.matches(\"^[a-z]+$\") ? \"a\" : user.gitAddress'}}";
    let told = tried(odd, None);
    assert!(told.problems.iter().any(|one| one.message.contains("for a user like")), "{:?}", told.problems);
    for (text, code) in
        [("", "blueprint_invalid"), ("x: [", "blueprint_invalid"), ("- {name: a, template: b}", "blueprint_not_found")]
    {
        let told = tried(text, None);
        assert!(!told.valid && told.problems.iter().any(|one| one.code == code), "{text:?}: {:?}", told.problems);
    }
    assert_eq!(tried(good, Some("nowhere")).problems[0].code, "blueprint_not_found");
}
