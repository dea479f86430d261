#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic, clippy::indexing_slicing)]

use crate::list::List;
use crate::sample::{Msg, envelope, pod};
use crate::watch::FrameReader;
use crate::{Budget, Error, Extract, Format, Message, Node, Slots, object, to_json};
use base::{Code, Coded};
use bytes::Bytes;
use proptest::prelude::*;

#[test]
fn errors_say_what_the_caller_can_do() {
    let budget = Budget { object: 10, ..Budget::default() };
    let error = object(Format::Json, &[b' '; 11], &budget).unwrap_err();
    assert_eq!(error.code(), Code::TooLarge);
    let error = object(Format::Protobuf, b"{}", &Budget::default()).unwrap_err();
    assert_eq!((error.code(), matches!(error, Error::Malformed { .. })), (Code::DecodePartial, true));
    let bytes = envelope("harbor.test/v1", "Berth", &Msg::new());
    assert!(matches!(object(Format::Protobuf, &bytes, &Budget::default()), Err(Error::UnknownKind { .. })));
    assert_eq!(object(Format::Json, b"{\"a\":", &Budget::default()).unwrap_err(), Error::Truncated);
    assert!(object(Format::Json, &[0xff, 0xfe], &Budget::default()).is_err());
}

/// Reads everything that can be read of a node.
fn exhaust(node: Node<'_>) {
    let _ = to_json(node);
    let _ = node.count();
    for (_, value) in node.entries().take(50) {
        let _ = (value.as_text(), value.as_i64(), value.as_f64(), value.as_bool(), value.as_time_ms());
        let _ = (value.as_quantity_milli(), value.as_bytes_len(), value.is_list(), value.is_object());
        value.items().take(50).for_each(|item| {
            let _ = (item.as_text(), item.get("name").and_then(Node::as_str));
        });
    }
    let extract = Extract::new(
        Message::of("v1", "Pod"),
        &[&["metadata", "labels", "app"], &["spec", "containers"], &["status", "conditions"], &["metadata", "name"]],
    );
    let _ = extract.run(node, &mut Slots::default());
}

fn read_all(bytes: &[u8]) {
    let budget = Budget { object: 1 << 16, list: 1 << 16 };
    for format in [Format::Protobuf, Format::Json] {
        if let Ok(node) = object(format, bytes, &budget) {
            exhaust(node);
        }
        if let Ok(list) = List::open(format, bytes, &budget) {
            let _ = (list.continue_token(), list.resource_version(), list.remaining());
            list.items().take(100).flatten().for_each(exhaust);
        }
        let mut reader = FrameReader::new(format, &budget);
        for piece in bytes.chunks(7) {
            reader.feed(Bytes::copy_from_slice(piece));
            while let Ok(Some(event)) = reader.next_event() {
                if let Ok(node) = event.node(&budget) {
                    exhaust(node);
                }
            }
        }
        let _ = reader.finish();
    }
}

proptest! {
    #[test]
    fn any_bytes_are_read_or_refused(bytes in prop::collection::vec(any::<u8>(), 0..300)) {
        read_all(&bytes);
        read_all(&envelope("v1", "Pod", &Msg(bytes.clone())));
        read_all(&envelope("v1", "PodList", &Msg(bytes)));
    }

    #[test]
    fn a_damaged_object_is_read_or_refused(edits in prop::collection::vec((any::<prop::sample::Index>(), any::<u8>()), 1..8), cut in any::<prop::sample::Index>()) {
        let mut bytes = envelope("v1", "Pod", &pod());
        for (at, byte) in edits {
            let at = at.index(bytes.len());
            bytes[at] = byte;
        }
        read_all(&bytes);
        bytes.truncate(cut.index(bytes.len()));
        read_all(&bytes);
    }

    #[test]
    fn a_damaged_json_object_is_read_or_refused(at in any::<prop::sample::Index>(), byte in any::<u8>()) {
        let whole = envelope("v1", "Pod", &pod());
        let mut bytes = to_json(object(Format::Protobuf, &whole, &Budget::default()).unwrap()).to_string().into_bytes();
        let at = at.index(bytes.len());
        bytes[at] = byte;
        read_all(&bytes);
    }
}

#[test]
fn depth_is_bounded() {
    // A schema inside a schema inside …: 30,000 levels.
    let mut schema = Msg::new();
    for _ in 0..3000 {
        schema = Msg::new().msg(33, schema);
    }
    let version = Msg::new().str(1, "v1").msg(4, Msg::new().msg(1, schema));
    let crd = Msg::new().msg(2, Msg::new().msg(7, version));
    let bytes = envelope("apiextensions.k8s.io/v1", "CustomResourceDefinition", &crd);
    exhaust(object(Format::Protobuf, &bytes, &Budget::default()).unwrap());
    let deep = [vec![b'['; 100_000], vec![b']'; 100_000]].concat();
    if let Ok(node) = object(Format::Json, &deep, &Budget::default()) {
        exhaust(node);
    }
}
