#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic, clippy::indexing_slicing)]

use super::*;
use crate::testing::{Ask, node};
use proptest::prelude::*;

#[test]
fn bc_11a_each_field_names_its_layer() {
    let ask = Ask {
        platform: "- {name: base, isTemplate: true, image: a, env: {TZ: UTC}}\n- name: go\n  template: base\n  initScripts:\n  - name: a\n    script: |\n      echo a\n      echo b\n",
        name: Some("go"),
        overrides: Some("env: {N: '1'}"),
        ..Ask::default()
    };
    let text = render(&ask.compose().unwrap().node, true);
    for line in [
        "name: go  # platform go, p.yaml:2:9\n",
        "image: a  # platform base, p.yaml:1:41\n",
        "env:\n  TZ: UTC  # platform base, p.yaml:1:54\n  \"N\": \"1\"  # overrides overrides, overrides.yaml:1:10\n",
        "initScripts:\n- name: a  # platform go, p.yaml:5:11\n  script: |  # platform go, p.yaml:7:7\n    echo a\n    echo b\n",
        "resources:\n  cpu: 500m  # default\n",
    ] {
        assert!(text.contains(line), "{line}\n---\n{text}");
    }
    assert!(!render(&ask.compose().unwrap().node, false).contains('#'));
    assert_eq!(render(&node("{}"), true), "{}\n");
}

proptest! {
    /// What is rendered reads back as the same values.
    #[test]
    fn bc_11b_what_is_rendered_is_read_back(texts in prop::collection::vec(prop_oneof![
        "\\PC{0,12}", "[a-z :#'\"\\-\n]{0,14}", "(1|1\\.5|true|~|null|yes|!cel x|0x1|- a|\\? b|&a|\\*a|\\[|\\{|%|@|`|\n\n|\t|a\nb\n| a\nb|\u{85}|\u{feff}x)",
    ], 1..5)) {
        let origin = node("a").origin;
        let leaf = |text: &str| Node { value: Value::Text(text.to_owned()), origin: origin.clone() };
        let list = Node { value: Value::List(texts.iter().map(|text| leaf(text)).collect()), origin: origin.clone() };
        let nested = Node { value: Value::List(vec![list.clone(), leaf("x"), Node { value: Value::Map(Vec::new()), origin: origin.clone() }]), origin: origin.clone() };
        let mut map = Node { value: Value::Map(Vec::new()), origin: origin.clone() };
        for (at, text) in texts.iter().enumerate() {
            map.put(&format!("k{at}{text}"), leaf(text));
        }
        map.put("list", list);
        map.put("nested", nested);
        map.put("number", Node { value: Value::Number("1.10".to_owned()), origin: origin.clone() });
        let mut root = Node { value: Value::Map(Vec::new()), origin };
        root.put("items", Node { value: Value::List(vec![map.clone()]), origin: map.origin.clone() });
        root.put("map", map);
        for comments in [true, false] {
            let text = render(&root, comments);
            prop_assert_eq!(&node(&text), &root, "{}", text);
        }
    }
}
