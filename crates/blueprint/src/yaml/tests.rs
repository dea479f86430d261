#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic, clippy::indexing_slicing)]

use super::*;
use crate::node::LayerKind;
use crate::pointer::Pointer;
use proptest::prelude::*;

struct NoFiles;

impl Resolve for NoFiles {
    fn include(&mut self, path: &str, mark: &Mark) -> Result<Node, Problem> {
        Err(wrong(mark, format!("include {path}")))
    }
    fn text(&mut self, path: &str, _: &Mark) -> Result<String, Problem> {
        Ok(format!("text of {path}"))
    }
}

fn read(text: &str) -> Result<Vec<Node>, Problem> {
    parse(text, "a.yaml", &Arc::new(Layer { kind: LayerKind::Platform, name: String::new() }), &mut NoFiles)
}

fn one(text: &str) -> Node {
    read(text).unwrap().remove(0)
}

#[test]
fn bc_01a_every_node_knows_its_place_and_scalars_are_those_of_the_core_schema() {
    let node = one("a: 1.10\nb:\n  - \"1.10\"\n  - yes\n  - True\n  - ~\nc: 1e3\nd: 0x10\ne: '!cel: a'\nf: 'x'\n");
    let at = |pointer: &str| node.at(&Pointer::parse(pointer)).unwrap();
    assert_eq!(at("/a").value, Value::Number("1.10".to_owned()));
    assert_eq!(at("/b/0").value, Value::Text("1.10".to_owned()));
    assert_eq!(at("/b/1").value, Value::Text("yes".to_owned()));
    assert_eq!(at("/b/2").value, Value::Bool(true));
    assert_eq!(at("/b/3").value, Value::Null);
    assert_eq!(at("/c").value, Value::Number("1e3".to_owned()));
    assert_eq!(at("/d").value, Value::Text("0x10".to_owned()));
    assert_eq!((at("/b/2").origin.mark.line, at("/b/2").origin.mark.column), (5, 5));
    assert_eq!(at("/b/2").origin.mark.to_string(), "a.yaml:5:5");
}

#[test]
fn bc_01b_expressions_by_tag_and_as_editors_of_k8shell_wrote_them() {
    for text in [
        "!cel user.username + \"x\"",
        "!cel:user.username + \"x\"",
        "'!cel:user.username + \"x\"'",
        "'!cel user.username + \"x\"'",
        "!cel |\n  user.username + \"x\"",
        "!cel 'user.username + \"x\"'",
    ] {
        assert_eq!(
            one(&format!("a: {text}\n")).get("a").unwrap().value,
            Value::Cel("user.username + \"x\"".to_owned()),
            "{text}"
        );
    }
    assert_eq!(one("a: !file x.sh").get("a").unwrap().text(), Some("text of x.sh"));
    for (text, expected) in [
        ("a: !nope x", "no such tag"),
        ("!cel a: 1", "may not stand in a key"),
        ("a: !cel [1]", "has no tag"),
        ("a: 1\na: 2", "stands twice"),
        ("a: [1", "no YAML"),
        ("? [a]\n: 1", "a key is a text"),
    ] {
        let problem = read(text).unwrap_err();
        assert!(problem.message.contains(expected), "{text}: {problem}");
        assert!(problem.mark.line >= 1 && problem.mark.column >= 1);
    }
}

#[test]
fn bc_01c_aliases_and_merge_keys_within_a_budget() {
    let node = one("x: &x {a: 1, b: 2}\ny:\n  <<: *x\n  b: 3\n");
    assert_eq!(node.get("y").unwrap().to_json(), serde_json::json!({ "a": 1, "b": 3 }));
    // ten aliases of ten aliases of …: ten to the ninth values in a few hundred bytes
    let mut bomb = "a0: &a0 [x, x, x, x, x, x, x, x, x, x]\n".to_owned();
    for level in 1..9 {
        let list = vec![format!("*a{}", level - 1); 10].join(", ");
        bomb.push_str(&format!("a{level}: &a{level} [{list}]\n"));
    }
    assert!(read(&bomb).unwrap_err().message.contains("aliases counted in full"));
    assert!(read(&"[".repeat(100_000)).is_err());
    assert!(read(&format!("{}x", "- ".repeat(100_000))).is_err());
    assert!(read(&"a: 1\n".repeat(1_000_000)).unwrap_err().message.contains("larger than"));
    assert!(read("&a [*a]").is_err(), "a node inside of itself");
}

proptest! {
    /// Any bytes: a tree or a problem with a place, never a panic, never without an end.
    #[test]
    fn bc_01d_any_text_is_a_tree_or_a_problem(text in prop_oneof![
        "\\PC{0,60}",
        "([a-c]: |- |\\[|\\]|\\{|\\}|, |!cel |!cel:x|!include |&a |\\*a|<<: |\n|  |'|\"|#|\\||>|%|---\n|\\.\\.\\.\n|[0-9.e+-]{1,4}){0,40}",
    ]) {
        match read(&text) {
            Ok(documents) => documents.iter().for_each(|node| drop(node.to_json())),
            Err(problem) => prop_assert!(problem.mark.line > 0 || text.is_empty()),
        }
    }
}
