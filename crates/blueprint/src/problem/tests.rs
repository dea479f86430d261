//! The table of what is wrong with blueprints: each with its code, its place and what to do.

#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic, clippy::indexing_slicing)]

use super::Problems;
use crate::testing::Ask;
use crate::user::User;
use base::{Code, Coded};
use serde_json::json;

const PLATFORM: &str = r#"
- name: base
  isTemplate: true
  image: base:1
  params:
  - {name: CPU, type: size, default: 1, min: 500m, max: 4}
  allow:
    /resources/cpu: {max: 2}
    /resources/memory: {}
    /env/*: {}
- {name: go, template: base, image: "go:1"}
- {name: rust, template: base, image: "rust:1"}
"#;

fn named(name: &'static str) -> Ask<'static> {
    Ask { platform: PLATFORM, name: Some(name), ..Ask::default() }
}

fn repo(fields: &str) -> Problems {
    let text = format!("blueprint:\n  template: go\n{fields}");
    Ask { platform: PLATFORM, repo: Some(&text), ..Ask::default() }.compose().unwrap_err()
}

#[test]
fn wf_02_a_blueprint_that_there_is_not_or_that_is_not_for_one_is_told_with_those_that_are() {
    let unknown = named("nope").compose().unwrap_err();
    assert_eq!(unknown.code(), Code::BlueprintNotFound);
    assert!(unknown.to_string().contains("go, rust"), "{unknown}");
    let parent = named("base").compose().unwrap_err();
    assert_eq!(parent.code(), Code::BlueprintForbidden);
    assert!(parent.to_string().contains("go, rust"), "{parent}");
    let user = User { blueprints: vec!["go".to_owned()], ..User::plain("dev") };
    let other = Ask { user, ..named("rust") }.compose().unwrap_err();
    assert_eq!(other.code(), Code::BlueprintForbidden);
    assert!(other.to_string().contains("go"), "{other}");
}

#[test]
fn wf_03_a_file_that_is_wrong_is_told_with_every_problem_its_line_column_and_pointer() {
    let wrong = repo("  imag: x\n  env: 5\n");
    assert_eq!(wrong.code(), Code::BlueprintInvalid);
    let details = wrong.details().unwrap();
    let told: Vec<_> = details["problems"].as_array().unwrap().iter().collect();
    let places: Vec<_> = told.iter().map(|one| (&one["pointer"], &one["file"], &one["line"], &one["column"])).collect();
    let file = json!(".k8shell.yaml");
    assert_eq!(places[0], (&json!("/imag"), &file, &json!(3), &json!(3)), "{wrong}");
    assert_eq!(places[1], (&json!("/env"), &file, &json!(4), &json!(8)), "{wrong}");
    assert!(wrong.to_string().contains(".k8shell.yaml:3:3: /imag: "), "{wrong}");
    for one in told {
        assert!(!one["message"].as_str().unwrap().is_empty(), "{one}");
    }
}

#[test]
fn wf_03b_blueprints_that_go_in_a_circle_are_told_with_the_way_round() {
    let platform = "- {name: a, template: b, image: x}\n- {name: b, template: a}\n";
    let circle = Ask { platform, name: Some("a"), ..Ask::default() }.compose().unwrap_err();
    assert_eq!(circle.code(), Code::BlueprintCycle);
    assert!(circle.to_string().contains("a → b → a"), "{circle}");
}

#[test]
fn wf_04_an_expression_that_fails_is_told_with_its_place_and_what_to_ask() {
    let deep = "[0,1,2,3,4,5,6,7,8,9]";
    let deep = (0..9).fold("true".to_owned(), |inner, at| format!("{deep}.all(a{at}, {inner})"));
    for (expression, expected) in [
        ("user.username +", "does not compile at 1:"),
        ("nobody", "no variable nobody; there are "),
        ("user.gitAddress", "ask has("),
        ("exec('ls')", "no function exec"),
        (deep.as_str(), "costs too much"),
    ] {
        let platform = format!("blueprint:\n  name: a\n  image: !cel \"{expression}\"\n");
        let wrong = Ask { platform: &platform, name: Some("a"), ..Ask::default() }.compose().unwrap_err();
        let first = &wrong.list()[0];
        assert_eq!((first.code, first.pointer.as_str()), (Code::CelError, "/image"), "{wrong}");
        assert_eq!((first.mark.line, first.mark.column), (3, 10), "{wrong}");
        assert!(first.message.contains(expected), "{expression}: {first}");
    }
}

#[test]
fn wf_05_a_parameter_or_a_field_out_of_its_bounds_is_told_with_the_bound_and_who_set_it() {
    let params = [("CPU".to_owned(), json!("8"))].into();
    let wrong = Ask { params, ..named("go") }.compose().unwrap_err();
    assert_eq!((wrong.code(), wrong.list()[0].pointer.as_str()), (Code::ParamInvalid, "/params/0"));
    assert!(wrong.to_string().contains("is at most 4, not 8"), "{wrong}");
    let wrong = repo("  resources: {cpu: 4}\n");
    assert_eq!((wrong.code(), wrong.list()[0].pointer.as_str()), (Code::FieldNotAllowed, "/resources/cpu"));
    let text = wrong.to_string();
    assert!(text.contains("4 is not at most 2, says /resources/cpu at p.yaml:"), "who set it, and where: {text}");
}
