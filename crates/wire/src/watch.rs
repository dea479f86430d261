//! Cuts a watch stream into events.
//!
//! Protobuf: a 4-byte big-endian length, then `metav1.WatchEvent` (1 type, 2 RawExtension{1 object with its magic}).
//! JSON: one `{"type": …, "object": …}` a line. An object's bytes are a slice of what came from the network, except
//! where an event spans two chunks.

use crate::error::Error;
use crate::node::Node;
use crate::object::{Budget, Format, within};
use crate::proto::{Records, bytes_of};
use bytes::{Buf, Bytes, BytesMut};
use serde::Deserialize;
use serde_json::value::RawValue;

/// What happened to the object of an event.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum EventType {
    /// It is there now.
    Added,
    /// It changed.
    Modified,
    /// It is gone; the object is its last state.
    Deleted,
    /// Nothing: the object has no more than a resource version, up to which everything was sent.
    Bookmark,
    /// The watch failed; the object is a `Status`.
    Error,
}

/// One event.
#[derive(Clone, Debug)]
pub struct Event {
    /// What happened.
    pub ty: EventType,
    /// How `object` is written.
    pub format: Format,
    /// The object, for [`crate::object`].
    pub object: Bytes,
}

impl Event {
    /// The object.
    ///
    /// # Errors
    /// As for [`crate::object`].
    pub fn node(&self, budget: &Budget) -> Result<Node<'_>, Error> {
        crate::object(self.format, &self.object, budget)
    }
}

/// Cuts a stream into events. After an error the position is lost: start a new watch.
#[derive(Debug)]
pub struct FrameReader {
    format: Format,
    limit: usize,
    /// Bytes of an event that is not complete, or whole events that came with it.
    rest: Bytes,
    partial: BytesMut,
}

impl FrameReader {
    /// Reads a new stream.
    #[must_use]
    pub fn new(format: Format, budget: &Budget) -> Self {
        Self { format, limit: budget.object, rest: Bytes::new(), partial: BytesMut::new() }
    }

    /// Takes the next bytes from the network. Call [`FrameReader::next_event`] until it has no more before the next
    /// call.
    pub fn feed(&mut self, chunk: Bytes) {
        if self.rest.is_empty() {
            self.rest = chunk;
        } else {
            let mut all = BytesMut::from(std::mem::take(&mut self.rest));
            all.extend_from_slice(&chunk);
            self.rest = all.freeze();
        }
    }

    /// The next whole event.
    ///
    /// # Errors
    /// [`Error::TooLarge`] as soon as the size is known, [`Error::Malformed`] and [`Error::Truncated`] for an event
    /// that cannot be read.
    pub fn next_event(&mut self) -> Result<Option<Event>, Error> {
        loop {
            let frame = match self.format {
                Format::Protobuf => self.counted()?,
                Format::Json => self.line()?,
            };
            let Some(frame) = frame else { return Ok(None) };
            let event = match self.format {
                Format::Protobuf => Some(proto_event(&frame)?),
                // An empty line keeps a stream alive and says nothing.
                Format::Json if frame.iter().all(u8::is_ascii_whitespace) => None,
                Format::Json => Some(json_event(&frame)?),
            };
            if event.is_some() {
                return Ok(event);
            }
        }
    }

    /// The stream has ended.
    ///
    /// # Errors
    /// [`Error::Truncated`] when it ended inside an event.
    pub fn finish(&self) -> Result<(), Error> {
        let left = self.partial.iter().chain(self.rest.iter()).any(|byte| !byte.is_ascii_whitespace());
        if left { Err(Error::Truncated) } else { Ok(()) }
    }

    fn counted(&mut self) -> Result<Option<Bytes>, Error> {
        const HEAD: usize = 4;
        if self.partial.is_empty() {
            if let Some(head) = self.rest.first_chunk::<HEAD>() {
                let len = u32::from_be_bytes(*head) as usize;
                within(len, self.limit)?;
                if self.rest.len() - HEAD >= len {
                    self.rest.advance(HEAD);
                    return Ok(Some(self.rest.split_to(len)));
                }
            }
            self.partial.extend_from_slice(&std::mem::take(&mut self.rest));
            return Ok(None);
        }
        // An event over several chunks: fill its head, then the rest of it, and nothing more.
        self.fill(HEAD);
        let Some(head) = self.partial.first_chunk::<HEAD>() else { return Ok(None) };
        let len = u32::from_be_bytes(*head) as usize;
        within(len, self.limit)?;
        self.fill(HEAD + len);
        if self.partial.len() < HEAD + len {
            return Ok(None);
        }
        self.partial.advance(HEAD);
        Ok(Some(self.partial.split_to(len).freeze()))
    }

    /// Moves bytes from `rest` until `partial` has `want` of them.
    fn fill(&mut self, want: usize) {
        let take = want.saturating_sub(self.partial.len()).min(self.rest.len());
        self.partial.extend_from_slice(&self.rest.split_to(take));
    }

    fn line(&mut self) -> Result<Option<Bytes>, Error> {
        let Some(at) = memchr::memchr(b'\n', &self.rest) else {
            within(self.partial.len() + self.rest.len(), self.limit)?;
            self.partial.extend_from_slice(&std::mem::take(&mut self.rest));
            return Ok(None);
        };
        within(self.partial.len() + at, self.limit)?;
        let tail = self.rest.split_to(at);
        self.rest.advance(1);
        if self.partial.is_empty() {
            return Ok(Some(tail));
        }
        self.partial.extend_from_slice(&tail);
        Ok(Some(self.partial.split().freeze()))
    }
}

fn event_type(text: &[u8]) -> Result<EventType, Error> {
    Ok(match text {
        b"ADDED" => EventType::Added,
        b"MODIFIED" => EventType::Modified,
        b"DELETED" => EventType::Deleted,
        b"BOOKMARK" => EventType::Bookmark,
        b"ERROR" => EventType::Error,
        _ => return Err(Error::malformed("an unknown type of event")),
    })
}

fn proto_event(frame: &Bytes) -> Result<Event, Error> {
    let (mut ty, mut object) = (&b""[..], &b""[..]);
    let mut records = Records::new(frame);
    while let Some(record) = records.next()? {
        match (record.number, record.value.bytes()) {
            (1, Some(value)) => ty = value,
            (2, Some(value)) => object = bytes_of(value, 1).unwrap_or_default(),
            _ => {}
        }
    }
    Ok(Event { ty: event_type(ty)?, format: Format::Protobuf, object: slice(frame, object) })
}

fn json_event(frame: &Bytes) -> Result<Event, Error> {
    #[derive(Deserialize)]
    struct Line<'a> {
        #[serde(rename = "type")]
        ty: &'a str,
        #[serde(borrow)]
        object: &'a RawValue,
    }
    let line: Line<'_> = serde_json::from_slice(frame).map_err(|_| Error::malformed("a line is not a watch event"))?;
    Ok(Event {
        ty: event_type(line.ty.as_bytes())?,
        format: Format::Json,
        object: slice(frame, line.object.get().as_bytes()),
    })
}

/// `part` of `frame` without a copy; `Bytes::slice_ref` would panic on an empty slice from elsewhere.
fn slice(frame: &Bytes, part: &[u8]) -> Bytes {
    if part.is_empty() { Bytes::new() } else { frame.slice_ref(part) }
}

#[cfg(test)]
mod tests;
