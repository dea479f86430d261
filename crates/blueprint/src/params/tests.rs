#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic, clippy::indexing_slicing)]

use crate::compose::Beside;
use crate::params::{Given, Offers, SecretKey};
use crate::testing::Ask;
use base::Code;
use serde_json::{Value as Json, json};
use std::cell::RefCell;

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

const ONCE: &str = r#"
- name: a
  image: go
  env: {DISK: !cel params.DISK, TOKEN: none}
  params:
  - {name: DISK, type: enum, default: fast, options: [{value: fast}, {value: slow}], mutable: false}
  - {name: SIZE, type: number, default: 1, mutable: false}
  - {name: KIND, type: enum, default: small, options: [{value: small}, {value: large, when: "params.DISK == 'fast'"}]}
  - {name: KEY, type: secret, default: store/token, env: TOKEN}
"#;

fn once<'a>(params: &[(&str, &str)], beside: Beside<'a>) -> Ask<'a> {
    let params = params.iter().map(|(name, value)| ((*name).to_owned(), json!(value))).collect();
    Ask { platform: ONCE, name: Some("a"), params, beside, ..Ask::default() }
}

#[test]
fn wb_03f_what_cannot_be_changed_keeps_the_value_that_it_was_made_with() {
    let first = once(&[("DISK", "slow")], Beside::default()).compose().unwrap();
    assert_eq!(first.fixed, [("DISK".to_owned(), json!("slow")), ("SIZE".to_owned(), json!(1))].into());
    // as a status has them: texts
    let fixed: Given = [("DISK".to_owned(), json!("slow")), ("SIZE".to_owned(), json!("1"))].into();
    let beside = Beside { fixed: Some(&fixed), ..Beside::default() };
    let later = once(&[], beside).compose().unwrap();
    assert_eq!((&later.params["DISK"], &later.params["SIZE"]), (&json!("slow"), &json!(1)), "not today's default");
    assert!(once(&[("DISK", "slow"), ("KIND", "small")], beside).compose().is_ok(), "the same is no change");
    let problems = once(&[("DISK", "fast")], beside).problems();
    assert_eq!(problems, ["/params/0: the parameter DISK is set once, when a workspace is made: it is slow here"]);
}

#[test]
fn wb_03g_what_may_be_chosen_is_told_whatever_else_is_wrong() {
    let offered = |params: &[(&str, &str)]| {
        let offers = RefCell::new(Offers::new());
        let valid = once(params, Beside { offers: Some(&offers), ..Beside::default() }).compose().is_ok();
        let offers = offers.into_inner();
        (valid, offers["KIND"].clone(), offers["DISK"].clone())
    };
    let all = |words: &[&str]| words.iter().map(|word| (*word).to_owned()).collect::<Vec<_>>();
    let disks = all(&["fast", "slow"]);
    assert_eq!(offered(&[]), (true, all(&["small", "large"]), disks.clone()));
    assert_eq!(offered(&[("DISK", "slow")]), (true, all(&["small"]), disks.clone()));
    assert_eq!(offered(&[("DISK", "slow"), ("KIND", "large")]), (false, all(&["small"]), disks));
}

#[test]
fn wb_03h_a_secret_reaches_its_variable_by_reference_alone() {
    let made = once(&[("KEY", "mine/api-token")], Beside::default()).compose().unwrap();
    let key = SecretKey { name: "mine".to_owned(), key: "api-token".to_owned() };
    assert_eq!(made.secrets, [("TOKEN".to_owned(), key)].into());
    let place = crate::objects::Place::new("w", "team", "w", crate::User::plain("ada"), "agent");
    let objects = crate::objects::objects(&made, &place).unwrap();
    let pod = serde_json::to_value(&objects.pod).unwrap();
    let env = pod["spec"]["containers"][0]["env"].as_array().unwrap();
    let token: Vec<&Json> = env.iter().filter(|one| one["name"] == "TOKEN").collect();
    let wanted = json!({ "name": "TOKEN", "valueFrom": { "secretKeyRef": { "name": "mine", "key": "api-token" } } });
    assert_eq!(token, [&wanted], "over what the blueprint says in the clear");
    for config in objects.to_json().unwrap().iter().filter(|one| one["kind"] == "ConfigMap") {
        let Some(text) = config["data"]["config.yaml"].as_str() else { continue };
        let config: Json = serde_json::from_str(text).unwrap();
        assert_eq!((&config["env"]["TOKEN"], &config["envFrom"]), (&Json::Null, &json!(["TOKEN"])), "its name alone");
    }
    let plain = Ask {
        platform: "- {name: a, image: go, params: [{name: A, default: b, env: A}]}",
        name: Some("a"),
        ..Ask::default()
    };
    assert!(plain.problems()[0].contains("names a variable, which a secret alone does"));
}
