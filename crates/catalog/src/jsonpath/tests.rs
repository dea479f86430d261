#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic, clippy::indexing_slicing)]

use super::JsonPath;
use proptest::prelude::*;
use wire::{Budget, Format, Node, object};

const OBJECT: &str = r#"{"metadata":{"annotations":{"harbor.test/pilot":"ann"}},"spec":{"n":[10,20,30],
  "ships":[{"name":"one","tons":5},{"name":"two","tons":50,"open":true},{"tons":500}],"map":{"k":"v"}},
  "status":{"conditions":[{"type":"Synced","status":"True"},{"type":"Ready","status":"False"}]}}"#;

fn first(path: &str) -> Option<String> {
    let node = object(Format::Json, OBJECT.as_bytes(), &Budget::default()).unwrap();
    JsonPath::parse(path).unwrap().first(node).and_then(Node::as_text).map(|text| text.into_owned())
}

#[test]
fn ex_64a_paths_of_printer_columns() {
    for (path, found) in [
        (".spec.map.k", Some("v")),
        ("{.spec.map.k}", Some("v")),
        ("$.spec.map.k", Some("v")),
        (".spec['map'].k", Some("v")),
        (r".metadata.annotations.harbor\.test/pilot", Some("ann")),
        (r".metadata.annotations['harbor\.test/pilot']", Some("ann")),
        (".metadata.annotations['harbor.test/pilot']", None),
        (".spec.n[0]", Some("10")),
        (".spec.n[-1]", Some("30")),
        (".spec.n[7]", None),
        (".spec.n[-7]", None),
        (".spec.n[1:]", Some("20")),
        (".spec.n[2,0]", Some("30")),
        (".spec.n[*]", Some("10")),
        (".spec.ships[*].open", Some("true")),
        (r#".status.conditions[?(@.type=="Ready")].status"#, Some("False")),
        (".status.conditions[?(@.type=='Ready')].status", Some("False")),
        (".status.conditions[?( @.type == \"Nope\" )].status", None),
        (".spec.ships[?(@.tons>10)].name", Some("two")),
        (".spec.ships[?(@.tons>=500)].tons", Some("500")),
        (".spec.ships[?(@.tons!=5)].tons", Some("50")),
        (".spec.ships[?(@.open==true)].name", Some("two")),
        (".spec.ships[?(@.open)].name", Some("two")),
        ("..open", Some("true")),
        (".spec.map.*", Some("v")),
        (".nothing.at.all", None),
    ] {
        assert_eq!(first(path).as_deref(), found, "{path}");
    }
}

#[test]
fn bad_paths_are_refused() {
    for path in [".a[", ".a[x]", ".a['b]", ".a[?(type)]", ".a b", ".a[?(@.b==)]", "..", ".a[\"b\"]"] {
        assert!(JsonPath::parse(path).is_err(), "{path}");
    }
}

proptest! {
    #[test]
    fn any_text_is_parsed_or_refused(text in r#"[.\[\]a-c'"?@()=<>!*:0-9\\ -]{0,24}"#) {
        if let Ok(path) = JsonPath::parse(&text) {
            let node = object(Format::Json, OBJECT.as_bytes(), &Budget::default()).unwrap();
            let _ = path.first(node);
        }
    }
}
