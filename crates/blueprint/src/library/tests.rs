#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic, clippy::indexing_slicing)]

use super::*;
use crate::testing::tree;

fn load(files: &[(&str, &str)]) -> (Library, Vec<Problem>) {
    let tree = tree(files);
    let paths: Vec<String> = tree.keys().cloned().collect();
    let mut library = Library::default();
    let problems = library.add(&tree, &paths, LayerKind::Platform);
    (library, problems)
}

#[test]
fn bc_01h_documents_of_three_forms_and_several_in_a_file() {
    let (library, problems) = load(&[
        ("a.yaml", "blueprints:\n- {name: one}\n- !include parts/two.yaml\n---\nblueprint: {name: Three_X}\n"),
        ("b.yaml", "- {name: four}\n- !include parts/more.yaml\n"),
        ("parts/two.yaml", "blueprint: {name: two}"),
        ("parts/more.yaml", "- {name: five}\n- {name: base, isTemplate: true}"),
    ]);
    assert_eq!(problems, []);
    assert_eq!(
        library.names(),
        ["five", "four", "one", "three-x", "two"],
        "names are normalised; abstract ones are not offered"
    );
}

#[test]
fn bc_01i_two_of_one_name_are_an_error_that_names_both_files() {
    let (_, problems) = load(&[("a.yaml", "blueprint: {name: go}"), ("b.yaml", "\nblueprints: [{name: Go}]")]);
    assert_eq!(problems.len(), 1);
    assert!(
        problems[0].message.contains("a.yaml:1:12") && problems[0].message.contains("b.yaml:2:14"),
        "{}",
        problems[0]
    );
}

#[test]
fn bc_01j_what_is_no_blueprint_is_told_with_its_place() {
    let (library, problems) = load(&[
        ("a.yaml", "x: 1"),
        ("b.yaml", "blueprints: {name: a}"),
        ("c.yaml", "- 7\n- {image: x}\n- {name: !cel user.username}\n- {name: good}"),
    ]);
    assert_eq!(problems.len(), 6, "{problems:?}");
    assert!(problems.iter().any(|one| one.mark.to_string() == "c.yaml:3:10"));
    assert_eq!(library.names(), ["good"], "one bad blueprint does not take the others away");
}

#[test]
fn bc_03a_parents_are_found_and_cycles_are_named() {
    let (library, problems) = load(&[(
        "a.yaml",
        "- {name: a, template: b}\n- {name: b, template: c}\n- {name: c, template: a}\n- {name: x, template: root}\n- {name: root}\n- {name: y, template: gone}",
    )]);
    assert_eq!(problems, []);
    let error = library.chain("b").unwrap_err();
    assert_eq!(error.code, Code::BlueprintCycle);
    assert!(error.message.ends_with("b → c → a → b"), "{error}");
    let names: Vec<&str> = library.chain("x").unwrap().iter().map(|one| one.name.as_str()).collect();
    assert_eq!(names, ["root", "x"]);
    let error = library.chain("y").unwrap_err();
    assert_eq!((error.code, error.pointer.as_str()), (Code::BlueprintNotFound, "/template"));
    assert!(error.message.contains("there are a, b, c, root, x, y"), "{error}");
}

#[test]
fn ws_02a_a_blueprint_of_the_organization_shadows_the_platforms() {
    let (mut library, _) = load(&[("a.yaml", "- {name: go, image: platform}\n- {name: rust, template: go}")]);
    let org = tree(&[("o.yaml", "- {name: go, template: go, image: org}")]);
    assert_eq!(library.add(&org, &["o.yaml".to_owned()], LayerKind::Org), []);
    let layers =
        |name: &str| -> Vec<String> { library.chain(name).unwrap().iter().map(|one| one.layer.to_string()).collect() };
    assert_eq!(layers("go"), ["platform go", "org go"]);
    assert_eq!(layers("rust"), ["platform go", "platform rust"], "what the platform builds on stays the platform's");
}

#[test]
fn ws_17a_the_map_of_expressions_says_what_tags_say() {
    let (library, problems) = load(&[(
        "a.yaml",
        "- {name: a, image: x, expressions: {/image: user.username, /env/HOME: '\"/home/\" + user.username'}}",
    )]);
    assert_eq!(problems, []);
    let node = &library.get("a").unwrap().node;
    assert_eq!(node.get("image").unwrap().value, Value::Cel("user.username".to_owned()));
    assert!(matches!(node.at(&Pointer::parse("/env/HOME")).unwrap().value, Value::Cel(_)));
}
