#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic, clippy::indexing_slicing)]

use super::*;
use crate::node::LayerKind;
use crate::testing::tree;

fn told(text: &str) -> Vec<String> {
    let mut library = Library::default();
    let found = library.add(&tree(&[("p.yaml", text)]), &["p.yaml".to_owned()], LayerKind::Platform);
    assert!(found.iter().all(|one| one.warning), "{found:?}");
    let problems = lint(&library, &Settings::default(), &BTreeMap::new());
    problems.iter().map(|one| format!("{} {} {} {}", one.code, one.mark, one.pointer, one.message)).collect()
}

#[test]
fn bc_08e_every_blueprint_is_tried_with_synthetic_users_and_each_problem_is_told_once() {
    let found = told(
        "- {name: base, isTemplate: true, env: {A-B: x}, splash: !cel nobody}\n\
         - {name: a, template: base, image: x}\n\
         - {name: b, template: base, image: !cel \"'x/' + user.username\"}\n\
         - {name: c, image: x, hostname: !cel user.username, subdomain: ws}\n\
         - {name: d, image: x, template: gone}\n",
    );
    assert_eq!(found.len(), 5, "{found:#?}");
    for expected in [
        "blueprint_invalid p.yaml:1:40 /env/A-B",
        "cel_error p.yaml:1:57 /splash there is no variable nobody",
        "cel_error p.yaml:4:33 /hostname for a user like aaaa",
        "cel_error p.yaml:4:33 /hostname for a user like a.b_c-d (odd-dots): what the expression gives does not fit",
        "blueprint_not_found p.yaml:5:33 /template",
    ] {
        assert!(found.iter().any(|one| one.starts_with(expected)), "{expected}: {found:#?}");
    }
}

#[test]
fn bc_08f_parameters_without_a_default_are_given_a_sample() {
    assert_eq!(
        told("- {name: a, image: !cel \"'x:' + params.TAG\", params: [{name: TAG}, {name: N, type: number, min: 3}]}"),
        [""; 0]
    );
    assert!(
        told("- {name: a, image: !cel params.TAG, params: [{name: TAG, default: 'A B'}]}")[0].starts_with("cel_error")
    );
}
