#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic, clippy::indexing_slicing)]

use crate::testing::Ask;
use base::Code;
use serde_json::{Value as Json, json};

const PLATFORM: &str = r#"
- name: a
  image: !cel "'go:' + string(params.VERSION)"
  resources: {cpu: !cel params.CPU}
  params:
  - {name: VERSION, type: enum, default: "1.10", options: [{value: "1.10"}, {value: 2}, {value: edge, when: "'dev' in user.roles"}]}
  - {name: CPU, type: size, default: 1, min: 500m, max: 4}
  - {name: REPLICAS, type: number, default: 1, min: 1, max: 3}
  - {name: GPU, type: bool, default: false}
  - {name: GPU_KIND, type: string, default: none, when: params.GPU, check: "value != 'none'", message: has to name a kind}
  - {name: TEAM, check: "value.matches('^[a-z]+$')"}
  - {name: KEY, type: secret, default: store/key}
  presets:
  - {name: big, params: {CPU: 4, GPU: true, GPU_KIND: a100}}
"#;

fn ask(params: &[(&str, Json)], preset: Option<&'static str>) -> Ask<'static> {
    let mut all: crate::params::Given = [("TEAM".to_owned(), json!("core"))].into();
    all.extend(params.iter().map(|(name, value)| ((*name).to_owned(), value.clone())));
    Ask { platform: PLATFORM, name: Some("a"), params: all, preset, ..Ask::default() }
}

#[test]
fn wb_03a_types_defaults_presets_and_dependent_ones() {
    let value =
        |params: &[(&str, Json)], preset, name: &str| ask(params, preset).compose().unwrap().params.get(name).cloned();
    assert_eq!(value(&[], None, "VERSION"), Some(json!("1.10")));
    assert_eq!(
        value(&[("VERSION", json!("2"))], None, "VERSION"),
        Some(json!(2)),
        "an option has the type that it is written with"
    );
    assert_eq!(
        value(&[("REPLICAS", json!("3"))], None, "REPLICAS"),
        Some(json!(3)),
        "texts of a command line are typed"
    );
    assert_eq!(value(&[], None, "GPU_KIND"), None, "not asked for");
    assert_eq!(value(&[("GPU", json!(true)), ("GPU_KIND", json!("t4"))], None, "GPU_KIND"), Some(json!("t4")));
    assert_eq!(value(&[], Some("big"), "CPU"), Some(json!("4")));
    assert_eq!(
        value(&[("CPU", json!("2"))], Some("big"), "CPU"),
        Some(json!("2")),
        "what is given goes before the preset"
    );
    let effective = ask(&[("CPU", json!("1500m"))], None).compose().unwrap();
    assert_eq!(effective.node.to_json()["resources"]["cpu"], json!("1500m"));
    assert_eq!(effective.node.to_json()["image"], json!("go:1.10"));
    assert!(effective.node.get("params").is_none() && effective.node.get("allow").is_none());
}

#[test]
fn wb_03b_each_wrong_one_is_told_with_its_rule() {
    for (name, given, expected) in [
        ("VERSION", json!("3"), "is one of 1.10, 2, not 3"),
        ("VERSION", json!("edge"), "is one of 1.10, 2, not edge"),
        ("CPU", json!("8"), "is at most 4, not 8"),
        ("CPU", json!("x"), "is a quantity over 0"),
        ("REPLICAS", json!(0), "is at least 1, not 0"),
        ("REPLICAS", json!("many"), "is a number"),
        ("GPU", json!("maybe"), "is true or false"),
        ("GPU_KIND", json!("t4"), "is not asked for here"),
        ("TEAM", json!("Core!"), "does not hold value.matches"),
        ("KEY", json!("plain secret"), "names a Secret and its key"),
        ("NOPE", json!(1), "no parameter NOPE; there are VERSION, CPU"),
    ] {
        let problems = ask(&[(name, given.clone())], None).compose().unwrap_err();
        let first = problems.list().iter().find(|one| one.code == Code::ParamInvalid).expect("param_invalid");
        assert!(first.message.contains(expected), "{name}={given}: {first}");
    }
    let missing = Ask { params: crate::params::Given::new(), ..ask(&[], None) };
    assert!(missing.problems().iter().any(|one| one.contains("/params/5: the parameter TEAM has no default")));
    assert!(ask(&[], Some("huge")).problems().iter().any(|one| one.contains("no preset huge; there are: big")));
    let with_gpu = ask(&[("GPU", json!(true))], None);
    assert!(with_gpu.problems().iter().any(|one| one.contains("has to name a kind")));
}
