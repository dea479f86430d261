//! Records as lines of JSON by one writer: what it wrote before and what comes again is copied.
//!
//! All records of a connection have the same ends, a client asks for the same again and again, and a server answers many
//! requests with the same bytes. Such a piece is kept as text beside what it was made of; before the text is used, what it
//! is to be made of is compared with that, byte for byte. What is kept is bounded: so many places, of so many bytes each.

use crate::{Endpoint, Envelope, FlowId, Named, Record, json};

use super::http::{HttpRecord, Message};

/// Writes records: the same lines as [`Record::write_json`].
#[derive(Default)]
pub struct Writer {
    ends: Places<Ends, 64>,
    asked: Places<Asked, 16>,
    requests: Places<Body, 8>,
    responses: Places<Body, 8>,
}

/// Members of a record that are text already. Empty: to be written.
#[derive(Clone, Copy, Default)]
pub(crate) struct Ready<'a> {
    /// The flow and its ends.
    pub(crate) ends: &'a [u8],
    /// What was asked for.
    pub(crate) asked: &'a [u8],
    /// The body of the request.
    pub(crate) request: &'a [u8],
    /// The body of the response.
    pub(crate) response: &'a [u8],
}

impl Writer {
    /// Writes a record with its envelope as one line without the line end.
    pub fn write(&mut self, record: &Record<'_>, envelope: &Envelope<'_>, out: &mut Vec<u8>) {
        let mut ready = Ready::default();
        if let Some(flow) = envelope.flow {
            ready.ends = self.ends.of(flow).map_or(NONE, |ends| ends.text(flow, envelope));
            if let Record::Http(http) = record {
                ready.asked = self.asked.of(flow).map_or(NONE, |asked| asked.text(http));
                ready.request = body(&mut self.requests, flow, http.request.as_ref());
                ready.response = body(&mut self.responses, flow, http.response.as_ref());
            }
        }
        record.write_with(envelope, &ready, out);
    }
}

/// Places that connections share.
#[derive(Default)]
struct Places<T, const N: usize>(Vec<T>);

impl<T: Default, const N: usize> Places<T, N> {
    #[inline]
    fn of(&mut self, flow: FlowId) -> Option<&mut T> {
        if self.0.is_empty() {
            self.0.resize_with(N, T::default);
        }
        self.0.get_mut((flow.0 >> 7) as usize % N)
    }
}

/// A connection.
#[derive(Default)]
struct Ends {
    of: Option<(FlowId, Endpoint, Endpoint)>,
    names: [Option<(Box<str>, &'static str)>; 2],
    text: Vec<u8>,
}

impl Ends {
    fn text(&mut self, flow: FlowId, envelope: &Envelope<'_>) -> &[u8] {
        let (Some(src), Some(dst)) = (envelope.src, envelope.dst) else { return &[] };
        let of = Some((flow, src, dst));
        let same = |(have, name): (&Option<(Box<str>, &str)>, &Option<Named<'_>>)| match (have, name) {
            (Some((have, was)), Some((name, by))) => was == by && **have == **name,
            (None, None) => true,
            _ => false,
        };
        if self.of != of || !self.names.iter().zip(&envelope.names).all(same) {
            self.of = of;
            self.names = envelope.names.map(|name| name.map(|(name, by)| (name.into(), by)));
            self.text.clear();
            json::write_object(&mut self.text, |mut object| envelope.write_ends(&mut object));
        }
        json::members(&self.text)
    }
}

/// What was asked for.
#[derive(Default)]
struct Asked {
    method: Vec<u8>,
    scheme: String,
    host: Vec<u8>,
    path: Vec<u8>,
    query: Option<Vec<u8>>,
    text: Vec<u8>,
}

impl Asked {
    fn text(&mut self, http: &HttpRecord<'_>) -> &[u8] {
        let same = self.path == http.path
            && self.host == http.host
            && self.method == http.method
            && self.scheme == http.scheme
            && self.query.as_deref() == http.query;
        if !same || self.text.is_empty() {
            if http.host.len() + http.path.len() + http.query.map_or(0, <[u8]>::len) > LONGEST {
                return &[];
            }
            for (have, new) in
                [(&mut self.path, http.path), (&mut self.host, http.host), (&mut self.method, http.method)]
            {
                have.clear();
                have.extend_from_slice(new);
            }
            self.scheme.clear();
            self.scheme.push_str(http.scheme);
            self.query = http.query.map(<[u8]>::to_vec);
            self.text.clear();
            json::write_object(&mut self.text, |mut object| http.write_asked(&mut object));
        }
        json::members(&self.text)
    }
}

/// A body.
#[derive(Default)]
struct Body {
    bytes: Vec<u8>,
    text: Vec<u8>,
}

fn body<'a>(places: &'a mut Places<Body, 8>, flow: FlowId, message: Option<&Message<'_>>) -> &'a [u8] {
    let bytes = message.map_or(&[][..], |message| message.body);
    if bytes.is_empty() || bytes.len() > LONGEST {
        return &[];
    }
    let Some(body) = places.of(flow) else { return &[] };
    if body.bytes != bytes {
        body.bytes.clear();
        body.bytes.extend_from_slice(bytes);
        body.text.clear();
        json::write_object(&mut body.text, |mut object| object.body(BODY.0, BODY.1, bytes));
    }
    json::members(&body.text)
}

/// The members of a message that hold its body: as text, in base64.
pub(super) const BODY: (&str, &str) = ("body", "body_b64");
/// Nothing that is ready.
const NONE: &[u8] = &[];
/// A longer piece is not kept.
const LONGEST: usize = 4096;

#[cfg(test)]
mod tests;
