#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic, clippy::indexing_slicing)]

use super::compile;
use crate::Kind;
use base::{Code, Coded};
use proptest::prelude::*;
use table::{RowBuf, Table};
use wire::{Budget, Format, MAGIC, object};

fn len(bytes: &[u8]) -> u8 {
    u8::try_from(bytes.len()).unwrap()
}

/// A field of bytes, short enough for one byte of length.
fn field(number: u8, bytes: &[u8]) -> Vec<u8> {
    [&[number << 3 | 2, len(bytes)], bytes].concat()
}

fn pod(raw: &[u8]) -> Vec<u8> {
    let type_meta = [field(1, b"v1"), field(2, b"Pod")].concat();
    [MAGIC.to_vec(), field(1, &type_meta), field(2, raw)].concat()
}

fn named(name: &[u8]) -> Vec<u8> {
    field(1, &[field(1, name), field(3, b"ns")].concat())
}

#[test]
fn exf_08a_a_damaged_object_keeps_its_row() {
    let program = compile(&Kind::builtin("pods").unwrap());
    let mut row = RowBuf::new(program.schema());
    // The status says that it has 100 bytes, and has 2.
    let bytes = pod(&[named(b"web-0"), vec![0x1a, 100, 1, 1]].concat());
    let partial = program.run(object(Format::Protobuf, &bytes, &Budget::default()).unwrap(), &mut row).unwrap_err();
    assert!(partial.named && partial.error.is_some());
    assert_eq!(partial.code(), Code::DecodePartial);
    let mut table = Table::new(program.schema().clone());
    table.apply(&row);
    assert!(table.row("ns", "web-0").is_some());
}

#[test]
fn exf_08a_damage_inside_a_container_is_told() {
    let program = compile(&Kind::builtin("pods").unwrap());
    let mut row = RowBuf::new(program.schema());
    // status(3) { containerStatuses(8) { name(1) of 9 bytes, of which there are 2 } }
    let status = field(3, &field(8, &[0x0a, 9, b'a', b'b']));
    let bytes = pod(&[named(b"web-0"), status].concat());
    let partial = program.run(object(Format::Protobuf, &bytes, &Budget::default()).unwrap(), &mut row).unwrap_err();
    assert!(partial.named);
    assert_eq!(partial.error, Some(wire::Error::Truncated));
}

#[test]
fn an_object_without_a_name_has_no_row() {
    let program = compile(&Kind::builtin("pods").unwrap());
    let mut row = RowBuf::new(program.schema());
    let partial = program.run(object(Format::Json, b"{}", &Budget::default()).unwrap(), &mut row).unwrap_err();
    assert!(!partial.named);
    assert!(partial.error.is_none());
}

#[test]
fn exf_08a_ten_thousand_labels_are_read() {
    let program = compile(&Kind::builtin("pods").unwrap());
    let labels: serde_json::Map<_, _> = (0..10_000).map(|at| (format!("label-{at}"), "x".into())).collect();
    let object_json = serde_json::json!({"metadata": {"name": "p", "namespace": "ns", "labels": labels}}).to_string();
    let mut row = RowBuf::new(program.schema());
    program.run(object(Format::Json, object_json.as_bytes(), &Budget::default()).unwrap(), &mut row).unwrap();
    let mut table = Table::new(program.schema().clone());
    table.apply(&row);
    assert_eq!(table.labels(table.row("ns", "p").unwrap()).len(), 10_000);
}

proptest! {
    /// Whatever the bytes, each kind writes a row or says that it cannot.
    #[test]
    fn exf_08a_any_bytes_give_a_row_or_an_error(raw in prop::collection::vec(any::<u8>(), 0..120)) {
        for spec in crate::builtin::all() {
            let kind = Kind::builtin(spec.id).unwrap();
            let program = compile(&kind);
            let type_meta = [field(1, kind.api_version().as_bytes()), field(2, kind.kind.as_bytes())].concat();
            let bytes = [MAGIC.to_vec(), field(1, &type_meta), field(2, &raw)].concat();
            let mut row = RowBuf::new(program.schema());
            if let Ok(node) = object(Format::Protobuf, &bytes, &Budget::default()) {
                let _ = program.run(node, &mut row);
            }
        }
    }
}
