#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic, clippy::indexing_slicing)]

use super::List;
use crate::sample::{Msg, envelope, pod};
use crate::{Budget, Error, Format, Node};

fn names(list: &List<'_>) -> Vec<String> {
    list.items()
        .map(|item| item.unwrap().path(&["metadata", "name"]).and_then(Node::as_str).unwrap().into_owned())
        .collect()
}

fn proto_list() -> Vec<u8> {
    let metadata = Msg::new().str(1, "").str(2, "77").str(3, "next").int(4, 9);
    envelope("v1", "PodList", &Msg::new().msg(1, metadata).msg(2, pod()).msg(2, pod()))
}

#[test]
fn items_and_metadata_of_both_formats() {
    let json = br#"{"kind":"PodList","metadata":{"resourceVersion":"77","continue":"next","remainingItemCount":9},
        "items":[ {"metadata":{"name":"web-0"}} , {"metadata":{"name":"web-0"}}]}"#;
    for (format, bytes) in [(Format::Protobuf, proto_list()), (Format::Json, json.to_vec())] {
        let list = List::open(format, &bytes, &Budget::default()).unwrap();
        assert_eq!(names(&list), ["web-0", "web-0"], "{format:?}");
        assert_eq!((list.resource_version().as_ref(), list.continue_token().as_ref()), ("77", "next"));
        assert_eq!(list.remaining(), Some(9));
    }
}

#[test]
fn an_empty_list_has_no_items() {
    for (format, bytes) in [
        (Format::Protobuf, envelope("v1", "PodList", &Msg::new().msg(1, Msg::new().str(2, "1")))),
        (Format::Json, br#"{"items":null,"metadata":{"resourceVersion":"1"}}"#.to_vec()),
    ] {
        let list = List::open(format, &bytes, &Budget::default()).unwrap();
        assert_eq!(list.items().count(), 0);
        assert_eq!(list.continue_token(), "");
    }
}

#[test]
fn exf_08d_a_large_item_is_an_error_in_its_place() {
    let budget = Budget { object: 100, ..Budget::default() };
    let small = Msg::new().msg(1, Msg::new().str(1, "small"));
    let bytes = envelope("v1", "PodList", &Msg::new().msg(2, small.clone()).msg(2, pod()).msg(2, small));
    let list = List::open(Format::Protobuf, &bytes, &budget).unwrap();
    let found: Vec<_> = list.items().map(|item| item.is_ok()).collect();
    assert_eq!(found, [true, false, true]);
}

#[test]
fn what_is_not_a_list_is_refused() {
    let bytes = envelope("v1", "Pod", &pod());
    assert!(List::open(Format::Protobuf, &bytes, &Budget::default()).is_err());
    let bytes = envelope("harbor.test/v1", "BerthList", &Msg::new());
    let error = List::open(Format::Protobuf, &bytes, &Budget::default()).unwrap_err();
    assert!(matches!(error, Error::UnknownKind { .. }), "{error}");
    assert_eq!(List::open(Format::Json, b"{\"items\":[", &Budget::default()).unwrap_err(), Error::Truncated);
}

#[test]
fn damage_to_the_list_ends_the_walk() {
    let mut raw = Msg::new().msg(2, pod());
    raw.0.extend_from_slice(&[0x12, 0xff, 0x01, 0x00]);
    let bytes = envelope("v1", "PodList", &raw);
    let list = List::open(Format::Protobuf, &bytes, &Budget::default()).unwrap();
    let found: Vec<_> = list.items().collect();
    assert_eq!(found.len(), 2);
    assert!(found[0].is_ok());
    assert_eq!(found[1].as_ref().err(), Some(&Error::Truncated));
}
