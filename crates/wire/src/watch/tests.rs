#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic, clippy::indexing_slicing)]

use super::{EventType, FrameReader};
use crate::sample::{Msg, envelope, pod};
use crate::{Budget, Error, Format, Node};
use bytes::Bytes;

fn frame(ty: &str, object: &[u8]) -> Vec<u8> {
    let event = Msg::new().str(1, ty).msg(2, Msg::new().bytes(1, object));
    [&u32::try_from(event.0.len()).unwrap().to_be_bytes()[..], &event.0].concat()
}

fn stream(format: Format) -> Vec<u8> {
    match format {
        Format::Protobuf => {
            let pod = envelope("v1", "Pod", &pod());
            [frame("ADDED", &pod), frame("MODIFIED", &pod), frame("BOOKMARK", &pod), frame("DELETED", &pod)].concat()
        }
        Format::Json => ["ADDED", "MODIFIED", "BOOKMARK", "DELETED"]
            .iter()
            .map(|ty| format!("{{\"type\":\"{ty}\",\"object\":{{\"metadata\":{{\"name\":\"web-0\"}}}}}}\n"))
            .collect::<String>()
            .into_bytes(),
    }
}

/// Types and names of all events when the stream comes in pieces of `size`.
fn read(format: Format, bytes: &[u8], size: usize) -> Result<Vec<(EventType, String)>, Error> {
    let budget = Budget::default();
    let mut reader = FrameReader::new(format, &budget);
    let mut events = Vec::new();
    for piece in bytes.chunks(size) {
        reader.feed(Bytes::copy_from_slice(piece));
        while let Some(event) = reader.next_event()? {
            let name = event
                .node(&budget)?
                .path(&["metadata", "name"])
                .and_then(Node::as_str)
                .unwrap_or_default()
                .into_owned();
            events.push((event.ty, name));
        }
    }
    reader.finish()?;
    Ok(events)
}

#[test]
fn events_come_whole_however_the_stream_is_cut() {
    for format in [Format::Protobuf, Format::Json] {
        let bytes = stream(format);
        for size in [1, 2, 3, 4, 5, 7, 64, 100, bytes.len() - 1, bytes.len()] {
            let events = read(format, &bytes, size).unwrap();
            let types: Vec<_> = events.iter().map(|(ty, _)| *ty).collect();
            use EventType::{Added, Bookmark, Deleted, Modified};
            assert_eq!(types, [Added, Modified, Bookmark, Deleted], "{format:?} in pieces of {size}");
            assert!(events.iter().all(|(_, name)| name == "web-0"));
        }
    }
}

#[test]
fn a_stream_that_ends_inside_an_event_is_truncated() {
    for format in [Format::Protobuf, Format::Json] {
        let bytes = stream(format);
        for cut in [1, 3, 10, bytes.len() - 2] {
            assert_eq!(read(format, &bytes[..cut], 64).err(), Some(Error::Truncated), "{format:?} at {cut}");
        }
    }
}

#[test]
fn a_frame_over_the_budget_is_refused_by_its_announced_size() {
    let budget = Budget { object: 1000, ..Budget::default() };
    let mut reader = FrameReader::new(Format::Protobuf, &budget);
    reader.feed(Bytes::from_static(&[0x7f, 0xff, 0xff, 0xff, 1]));
    assert!(matches!(reader.next_event(), Err(Error::TooLarge { limit: 1000, .. })));
    let mut reader = FrameReader::new(Format::Json, &budget);
    reader.feed(Bytes::from(vec![b' '; 2000]));
    assert!(matches!(reader.next_event(), Err(Error::TooLarge { .. })));
}

#[test]
fn objects_are_slices_of_what_came() {
    let whole = Bytes::from(stream(Format::Protobuf));
    let mut reader = FrameReader::new(Format::Protobuf, &Budget::default());
    reader.feed(whole.clone());
    let event = reader.next_event().unwrap().unwrap();
    let start = event.object.as_ptr() as usize - whole.as_ptr() as usize;
    assert!(start < whole.len(), "no copy was made");
}

#[test]
fn unknown_events_are_errors() {
    let bytes = frame("RENAMED", &envelope("v1", "Pod", &pod()));
    assert!(matches!(read(Format::Protobuf, &bytes, 100), Err(Error::Malformed { .. })));
    assert!(matches!(read(Format::Json, b"nonsense\n", 100), Err(Error::Malformed { .. })));
}
