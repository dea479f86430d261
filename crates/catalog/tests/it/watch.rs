//! Watch streams of a real server, cut into odd pieces.

use crate::server::Server;
use bytes::Bytes;
use catalog::{Kind, compile};
use table::{RowBuf, Table};
use wire::list::List;
use wire::watch::{EventType, FrameReader};
use wire::{Budget, Format, Node};

const QUERY: &str =
    "watch=1&sendInitialEvents=true&resourceVersionMatch=NotOlderThan&allowWatchBookmarks=true&timeoutSeconds=2";

/// Rows of a kind's WatchList up to the bookmark that ends the initial events.
pub(crate) fn initial_rows(server: &Server, id: &str, format: Format, piece: usize) -> usize {
    let kind = Kind::builtin(id).unwrap();
    let accept = match format {
        Format::Protobuf => "application/vnd.kubernetes.protobuf;stream=watch",
        Format::Json => "application/json",
    };
    let stream = server.get(&format!("/api/v1/{}?{QUERY}", kind.plural), accept).expect("a watch");
    let budget = Budget::default();
    let program = compile(&kind);
    let mut row = RowBuf::new(program.schema());
    let mut table = Table::new(program.schema().clone());
    let mut reader = FrameReader::new(format, &budget);
    let mut ended = None;
    for piece in stream.chunks(piece) {
        reader.feed(Bytes::copy_from_slice(piece));
        while let Some(event) = reader.next_event().unwrap() {
            let node = event.node(&budget).unwrap();
            match event.ty {
                EventType::Bookmark => {
                    let end = ["metadata", "annotations", "k8s.io/initial-events-end"];
                    if node.path(&end).and_then(Node::as_str).as_deref() == Some("true") {
                        ended = Some(table.len());
                        assert!(node.path(&["metadata", "resourceVersion"]).is_some());
                    }
                }
                EventType::Error => panic!("{}", wire::to_json(node)),
                EventType::Deleted => {}
                EventType::Added | EventType::Modified => {
                    program.run(node, &mut row).unwrap();
                    table.apply(&row);
                }
            }
        }
    }
    reader.finish().unwrap();
    ended.expect("the bookmark that ends the initial events")
}

/// How many there are by a list.
pub(crate) fn listed(server: &Server, id: &str) -> usize {
    let path = format!("/api/v1/{id}");
    let body = server.get(&path, Format::Protobuf.media_type()).unwrap();
    List::open(Format::Protobuf, &body, &Budget::default()).unwrap().items().count()
}
