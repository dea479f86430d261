//! The fields of one header block, stored as they will be shown.

use crate::hpack::Field;
use crate::record::http::{Headers, Span};
use crate::redact::{Redaction, Spans, Why};

/// Decoded fields in one buffer, secrets already replaced. Kept and filled anew.
#[derive(Debug, Default)]
pub(crate) struct Head {
    bytes: Vec<u8>,
    /// Ordinary fields, in order; pseudo-header fields have places instead.
    spans: Vec<Span>,
    places: [Place; Known::COUNT],
    pub(crate) status: Option<u16>,
    /// A field's name or value stands in a table entry that is not known.
    pub(crate) has_unknown: bool,
    /// Fields are missing, because there were too many.
    pub(crate) is_truncated: bool,
    /// Rules that hid something, as bits.
    pub(crate) why: u16,
}

/// Fields that are looked up.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Known {
    Method,
    Scheme,
    Authority,
    Path,
    Protocol,
    Host,
    ContentType,
    ContentEncoding,
    ContentLength,
    GrpcStatus,
    GrpcMessage,
    GrpcTimeout,
    GrpcEncoding,
    Traceparent,
    B3,
    RequestId,
}

impl Known {
    const COUNT: usize = 16;

    fn of(name: &[u8]) -> Option<Self> {
        Some(match name {
            b":method" => Self::Method,
            b":scheme" => Self::Scheme,
            b":authority" => Self::Authority,
            b":path" => Self::Path,
            b":protocol" => Self::Protocol,
            b"host" => Self::Host,
            b"content-type" => Self::ContentType,
            b"content-encoding" => Self::ContentEncoding,
            b"content-length" => Self::ContentLength,
            b"grpc-status" => Self::GrpcStatus,
            b"grpc-message" => Self::GrpcMessage,
            b"grpc-timeout" => Self::GrpcTimeout,
            b"grpc-encoding" => Self::GrpcEncoding,
            b"traceparent" => Self::Traceparent,
            b"b3" => Self::B3,
            b"x-request-id" => Self::RequestId,
            _ => return None,
        })
    }
}

/// Where a value stands; of no length and at 0 when it was not there.
#[derive(Clone, Copy, Debug, Default)]
struct Place {
    at: u32,
    /// Its length and one more.
    len: u32,
}

impl Head {
    pub(crate) fn clear(&mut self) {
        self.bytes.clear();
        self.spans.clear();
        self.places = [Place::default(); Known::COUNT];
        self.status = None;
        (self.has_unknown, self.is_truncated, self.why) = (false, false, 0);
    }

    /// Takes a field. `spans` has its secrets afterwards.
    pub(crate) fn add(&mut self, field: &Field<'_>, redaction: &Redaction, spans: &mut Spans, most: usize) {
        spans.clear();
        if redaction.is_on() {
            secrets(field, redaction, spans);
            self.why |= spans.why();
        }
        self.has_unknown |= field.name.is_none() || field.value.is_none();
        let name = field.name.unwrap_or(UNKNOWN.as_bytes());
        let value = field.value.unwrap_or(UNKNOWN.as_bytes());
        let known = Known::of(name);
        if name == b":status" {
            self.status = std::str::from_utf8(value).ok().and_then(|text| text.parse().ok());
            return;
        }
        if self.bytes.len() + name.len() + value.len() > most || self.spans.len() >= MOST_FIELDS {
            self.is_truncated = true;
            return;
        }
        let is_pseudo = name.first() == Some(&b':');
        let name_at = self.bytes.len();
        if !is_pseudo {
            self.bytes.extend_from_slice(name);
        }
        let value_at = self.bytes.len();
        if spans.is_empty() {
            self.bytes.extend_from_slice(value);
        } else {
            redaction.write(value, spans, &mut self.bytes);
        }
        let value_len = self.bytes.len() - value_at;
        let short = |number: usize| u32::try_from(number).unwrap_or(u32::MAX);
        if !is_pseudo {
            self.spans.push(Span {
                name_at: short(name_at),
                name_len: short(name.len()),
                value_at: short(value_at),
                value_len: short(value_len),
            });
        }
        // The first of a name counts, as it does for those who read it.
        if let Some(place) = known.and_then(|known| self.places.get_mut(known as usize)).filter(|place| place.len == 0)
        {
            *place = Place { at: short(value_at), len: short(value_len + 1) };
        }
    }

    pub(crate) fn get(&self, known: Known) -> Option<&[u8]> {
        let place = self.places.get(known as usize).filter(|place| place.len > 0)?;
        let at = place.at as usize;
        self.bytes.get(at..at + place.len as usize - 1)
    }

    pub(crate) fn headers(&self) -> Headers<'_> {
        Headers { bytes: &self.bytes, spans: &self.spans, json: &[] }
    }

    pub(crate) fn heap(&self) -> usize {
        self.bytes.capacity() + self.spans.capacity() * size_of::<Span>()
    }
}

fn secrets(field: &Field<'_>, redaction: &Redaction, spans: &mut Spans) {
    match (field.name, field.value) {
        (Some(b":path" | b":authority"), Some(value)) => redaction.target(value, spans),
        (Some(b":method" | b":scheme" | b":status" | b":protocol"), _) | (_, None) => {}
        (Some(name), Some(value)) => redaction.header(name, value, spans),
        // Whose value it is cannot be told, so it may be a secret.
        (None, Some(value)) => spans.add(0, value.len(), Why::Header),
    }
}

/// Stands for what is in a table entry that is not known.
pub(crate) const UNKNOWN: &str = "«unknown»";
/// Fields kept of one block.
const MOST_FIELDS: usize = 1024;
