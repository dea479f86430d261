#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic, clippy::indexing_slicing)]

use super::{Extract, Slots};
use crate::sample::{envelope, pod};
use crate::{Budget, Error, Format, Message, Node, object, to_json};

const PATHS: &[&[&str]] = &[
    &["metadata", "name"],
    &["metadata", "labels"],
    &["metadata", "labels", "tier"],
    &["spec", "containers"],
    &["status", "conditions"],
    &["status", "nothing", "there"],
    &["metadata", "creationTimestamp"],
    &["spec"],
    &["spec", "nodeName"],
];

#[test]
fn one_pass_captures_what_single_reads_find() {
    let proto = envelope("v1", "Pod", &pod());
    let json = to_json(object(Format::Protobuf, &proto, &Budget::default()).unwrap()).to_string();
    for (format, bytes) in [(Format::Protobuf, proto), (Format::Json, json.into_bytes())] {
        let node = object(format, &bytes, &Budget::default()).unwrap();
        for message in [Message::of("v1", "Pod"), Message::of("v1", "Node"), None] {
            let extract = Extract::new(message, PATHS);
            let mut slots = Slots::default();
            extract.run(node, &mut slots).unwrap();
            for (at, path) in PATHS.iter().enumerate() {
                let single = node.path(path);
                assert_eq!(slots.get(at).map(to_json), single.map(to_json), "{path:?} of {format:?} by {message:?}");
            }
            assert_eq!(slots.get(8).and_then(Node::as_str).as_deref(), Some("node-1"));
            assert!(slots.get(5).is_none());
        }
    }
}

#[test]
fn inlined_fields_are_captured() {
    let volumes = envelope("v1", "Pod", &pod());
    let node = object(Format::Protobuf, &volumes, &Budget::default()).unwrap();
    let volume = node.path(&["spec", "volumes"]).unwrap().items().next().unwrap();
    let message = Message::of("v1", "Pod").unwrap().at(&["spec", "volumes"]).unwrap();
    let extract = Extract::new(Some(message), &[&["emptyDir"], &["name"]]);
    let mut slots = Slots::default();
    extract.run(volume, &mut slots).unwrap();
    assert!(slots.get(0).unwrap().is_object());
    assert_eq!(slots.get(1).and_then(Node::as_str).as_deref(), Some("tmp"));
}

#[test]
fn exf_08c_damage_is_reported_and_what_was_read_stays() {
    let mut bytes = pod().0;
    bytes.truncate(bytes.len() - 5);
    let whole = envelope("v1", "Pod", &crate::sample::Msg(bytes));
    let node = object(Format::Protobuf, &whole, &Budget::default()).unwrap();
    let extract = Extract::new(Message::of("v1", "Pod"), PATHS);
    let mut slots = Slots::default();
    assert_eq!(extract.run(node, &mut slots), Err(Error::Truncated));
    assert_eq!(slots.get(0).and_then(Node::as_str).as_deref(), Some("web-0"));
}
