#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic, clippy::indexing_slicing)]

use super::{list, offers, preview};
use crate::blueprints::{Blueprints, Platform};
use crate::launch::Launch;
use crate::render::Render;
use crate::source::Sourced;
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
