//! One message in the making: its head, the preview of its body, its times. Kept after use for the next one.

use crate::{
    Chunk, Context, Side, Words,
    body::{Coding, Preview},
    graphql,
    grpc::{self, Messages, protos::Body},
    record::http::{Graphql, Headers, Message, Span, Trace},
    redact::{Spans, Why},
    sse::{self, Events},
};

use super::{
    head::{Fields, Head, Place, Start},
    known::Slot,
};

/// A request or a response.
#[derive(Default)]
pub(super) struct Draft {
    /// The head as it was sent, then trailers, then values with secrets replaced.
    bytes: Vec<u8>,
    spans: Vec<Span>,
    /// The header fields as they stand in a record, of a head that came before.
    json: Vec<u8>,
    /// How many of the spans are header fields; trailers follow.
    headers: usize,
    /// Method or reason, and target.
    word: Place,
    target: Place,
    pub(super) status: u16,
    pub(super) minor: u8,
    pub(super) fields: Fields,
    pub(super) odd: Words,
    preview: Preview,
    /// What is counted of a body as it passes.
    events: Option<Events>,
    pub(super) grpc: Option<grpc::Kind>,
    pub(super) messages: Messages,
    /// Where pieces of the preview stand in the stream: preview offset, stream offset, length in the stream. Of a coded
    /// body the first says nothing.
    pieces: Vec<(u32, u64, u32)>,
    /// The secrets of the preview were told.
    examined: bool,
    redacted_body: Vec<u8>,
    body_is_redacted: bool,
    why: u16,
    /// Stream offsets of its first byte, of its body, behind its last byte.
    pub(super) start: u64,
    pub(super) body_at: u64,
    pub(super) end: u64,
    /// Length of the body without its transfer coding.
    pub(super) len: u64,
    pub(super) first_us: i64,
    pub(super) last_us: i64,
    /// How far its sender had acknowledged the other direction when it began.
    pub(super) acked: u64,
    /// All of it was seen.
    pub(super) complete: bool,
    /// Bytes of it are missing.
    pub(super) has_gap: bool,
    /// It ended before its end.
    pub(super) is_cut: bool,
    /// Requests before it may be missing, and that was answered before it.
    pub(super) after_hole: bool,
    pub(super) hole_answered: bool,
}

impl Draft {
    /// Takes a head that begins `chunk`. `known`: its fields were recalled.
    pub(super) fn begin(&mut self, head: &Head, chunk: &Chunk<'_>, first_us: i64, known: bool) {
        self.bytes.clear();
        self.bytes.extend_from_slice(chunk.bytes.get(..head.len).unwrap_or_default());
        self.headers = self.spans.len();
        (self.word, self.target, self.status) = match head.start {
            Start::Request { method, target } => (method, target, 0),
            Start::Response { status, reason } => (reason, Place::default(), status),
        };
        (self.minor, self.fields, self.odd) = (head.minor, head.fields, head.odd);
        self.pieces.clear();
        (self.body_is_redacted, self.why) = (false, 0);
        (self.start, self.body_at) = (chunk.offset, chunk.offset + head.len as u64);
        (self.end, self.len) = (self.body_at, 0);
        (self.first_us, self.last_us, self.acked) = (first_us, chunk.ts_us, chunk.acked);
        (self.complete, self.has_gap, self.is_cut, self.examined) = (false, false, false, false);
        if !known {
            self.json.clear();
        }
    }

    /// Hides what is secret in the head. In one that is known nothing is.
    pub(super) fn look(&mut self, known: bool, len: usize, from: Side, cx: &mut Context<'_, '_>) {
        if cx.redaction.is_on() {
            cx.clear(from, self.start, len as u64);
            if !known {
                self.hide_head(from, cx);
            }
        }
    }

    /// Takes the fields of a head that is known.
    pub(super) fn recall(&mut self, slot: &Slot) {
        self.spans.clone_from(&slot.spans);
        self.json.clone_from(&slot.json);
    }

    /// Ready to take spans of a new head.
    pub(super) fn spans(&mut self) -> &mut Vec<Span> {
        &mut self.spans
    }

    pub(super) fn clear_spans(&mut self) {
        self.spans.clear();
    }

    /// The body begins.
    pub(super) fn begin_body(&mut self, limit: usize) {
        let coding = Coding::of(self.field(self.fields.encoding));
        self.preview.start(coding, limit);
        (self.events, self.grpc) = (None, None);
        let Some(kind) = self.field(self.fields.kind) else { return };
        let has_events = sse::is_stream(kind) && coding == Coding::Identity;
        self.grpc = grpc::Kind::of(kind);
        self.events = has_events.then(Events::default);
        if let Some(kind) = self.grpc {
            self.messages.start(kind == grpc::Kind::Web);
        }
    }

    /// Bytes of the body.
    pub(super) fn push(&mut self, bytes: &[u8], offset: u64, mask: bool) {
        self.len += bytes.len() as u64;
        if let Some(events) = &mut self.events {
            events.push(bytes);
        }
        if self.has_messages() {
            self.messages.push(bytes);
        }
        if self.preview.wants() {
            if mask && self.pieces.len() < MOST_PIECES && !bytes.is_empty() {
                self.pieces.push((self.preview.bytes().len() as u32, offset, bytes.len() as u32));
            }
            self.preview.push(bytes);
        } else {
            self.preview.skip(bytes.len() as u64);
        }
    }

    /// Bytes of the body that were not shown.
    pub(super) fn skip(&mut self, len: u64) {
        self.len += len;
        self.preview.skip(len);
    }

    /// Bytes of the body that are missing.
    pub(super) fn lose(&mut self, len: u64) {
        self.has_gap = true;
        if self.wants() {
            // What is skipped was counted when the skip began.
            self.len += len;
        }
        self.preview.gap(len);
        if let Some(events) = &mut self.events {
            events.gap();
        }
        self.messages.gap(len);
    }

    /// Whether bytes of the body need to be shown.
    pub(super) fn wants(&self) -> bool {
        self.preview.wants() || self.events.is_some() || self.has_messages()
    }

    /// Whether messages of gRPC are counted.
    pub(super) fn has_messages(&self) -> bool {
        self.grpc.is_some_and(|kind| kind != grpc::Kind::WebText)
    }

    /// The begin of a body of gRPC-Web, with its secrets.
    pub(super) fn messages_as_sent(&self) -> Body<'_> {
        Body { bytes: self.preview.bytes(), coding: self.find(b"grpc-encoding").unwrap_or_default() }
    }

    /// Server-sent events of the body, where it has such.
    pub(super) fn sse_events(&self) -> Option<u64> {
        self.events.map(|events| events.count())
    }

    /// The GraphQL operation that the body asks for.
    pub(super) fn graphql(&self) -> Option<Graphql<'_>> {
        graphql::of(media_type(self.field(self.fields.kind)?), self.preview.bytes())
    }

    /// The first value of a field or trailer.
    pub(super) fn find(&self, name: &[u8]) -> Option<&[u8]> {
        Headers { bytes: &self.bytes, spans: &self.spans, json: &[] }.get(name)
    }

    /// Trailers stand at the start of `bytes`; their spans were pushed relative to it.
    pub(super) fn trailers(&mut self, bytes: &[u8], from: usize) {
        let shift = self.bytes.len() as u32;
        self.bytes.extend_from_slice(bytes);
        for span in self.spans.iter_mut().skip(from) {
            span.name_at += shift;
            span.value_at += shift;
        }
    }

    /// The message is whole, or nothing more of it comes.
    pub(super) fn finish(&mut self, from: Side, cx: &mut Context<'_, '_>) {
        self.complete = true;
        self.preview.end();
        self.examine(from, cx);
    }

    /// What the preview shows will not change any more: its secrets are told as early as can be, for packets with them
    /// may still be held. How much a coded body may show depends on its length.
    pub(super) fn examine_early(&mut self, from: Side, cx: &mut Context<'_, '_>) {
        if !self.preview.wants() && self.preview.is_as_sent() {
            self.examine(from, cx);
        }
    }

    fn examine(&mut self, from: Side, cx: &mut Context<'_, '_>) {
        if std::mem::replace(&mut self.examined, true) || !cx.redaction.is_on() || self.preview.bytes().is_empty() {
            return;
        }
        let mut found = Spans::new();
        let kind = self.field(self.fields.kind).unwrap_or_default();
        cx.redaction.body(kind, self.preview.bytes(), &mut found);
        self.clear_body(found.is_empty(), from, cx);
        if found.is_empty() {
            return;
        }
        self.why |= found.why();
        self.body_is_redacted = true;
        self.redacted_body.clear();
        cx.redaction.write(self.preview.bytes(), &found, &mut self.redacted_body);
        for span in found.iter() {
            self.mask_body(span.start as u32, span.end as u32, from, cx);
        }
    }

    /// Method of a request, reason of a response.
    pub(super) fn word(&self) -> &[u8] {
        self.word.of(&self.bytes)
    }

    pub(super) fn target(&self) -> &[u8] {
        self.target.of(&self.bytes)
    }

    /// The value of a field by its position plus one.
    pub(super) fn field(&self, nth: u16) -> Option<&[u8]> {
        let span = self.spans.get(usize::from(nth).checked_sub(1)?)?;
        Some(Place { at: span.value_at, len: span.value_len }.of(&self.bytes))
    }

    pub(super) fn trace(&self) -> Option<Trace<'_>> {
        let fields = &self.fields;
        let parent = self.field(fields.traceparent).and_then(Trace::of);
        let b3 = || self.field(fields.b3).and_then(Trace::of_b3);
        let id = || self.field(fields.request_id).filter(|id| !id.is_empty()).map(|id| Trace { id, span: None });
        parent.or_else(b3).or_else(id)
    }

    /// What a record says of it.
    pub(super) fn message(&self) -> Message<'_> {
        let (headers, trailers) = self.spans.split_at_checked(self.headers).unwrap_or((&self.spans, &[]));
        let body = if self.body_is_redacted { &self.redacted_body } else { self.preview.bytes() };
        Message {
            headers: Headers { bytes: &self.bytes, spans: headers, json: &self.json },
            trailers: Headers { bytes: &self.bytes, spans: trailers, json: &[] },
            content_type: self.field(self.fields.kind).map(media_type).filter(|kind| !kind.is_empty()),
            encoding: self.field(self.fields.encoding),
            body,
            len: self.len,
            wire_len: self.end.saturating_sub(self.body_at),
            head_len: self.body_at - self.start,
            stalled_us: 0,
        }
    }

    pub(super) fn is_truncated(&self) -> bool {
        self.preview.is_truncated()
    }

    pub(super) fn is_damaged(&self) -> bool {
        self.preview.is_damaged()
    }

    /// The rules that hid something, as bits.
    pub(super) fn why(&self) -> u16 {
        self.why
    }

    pub(super) fn heap(&self) -> usize {
        size_of::<Self>()
            + self.bytes.capacity()
            + self.spans.capacity() * size_of::<Span>()
            + self.json.capacity()
            + self.pieces.capacity() * size_of::<(u32, u64, u32)>()
            + self.redacted_body.capacity()
            + self.preview.heap()
            + self.messages.heap()
    }

    fn hide_head(&mut self, from: Side, cx: &mut Context<'_, '_>) {
        let mut found = Spans::new();
        if self.target.len > 0 {
            let place = self.target;
            cx.redaction.target(place.of(&self.bytes), &mut found);
            self.target = self.hide(place, &found, from, cx);
        }
        let shapes = cx.redaction.may_hold(&self.bytes);
        for at in 0..self.spans.len() {
            let Some(span) = self.spans.get(at).copied() else { return };
            let name = Place { at: span.name_at, len: span.name_len };
            let value = Place { at: span.value_at, len: span.value_len };
            found.clear();
            cx.redaction.header_in(name.of(&self.bytes), value.of(&self.bytes), shapes, &mut found);
            let value = self.hide(value, &found, from, cx);
            if let Some(span) = self.spans.get_mut(at) {
                (span.value_at, span.value_len) = (value.at, value.len);
            }
        }
    }

    /// Replaces secrets: the new text stands behind the head, and what pointed to the old one points there.
    fn hide(&mut self, place: Place, found: &Spans, from: Side, cx: &mut Context<'_, '_>) -> Place {
        if found.is_empty() {
            return place;
        }
        self.why |= found.why();
        let mut text = Vec::new();
        cx.redaction.write(place.of(&self.bytes), found, &mut text);
        for span in found.iter() {
            let offset = self.start + u64::from(place.at) + span.start as u64;
            cx.mask(from, offset, (span.end - span.start) as u32);
        }
        let new = Place::new(self.bytes.len(), text.len());
        self.bytes.extend_from_slice(&text);
        new
    }

    /// Reports a secret of the body where it stands in the stream.
    fn mask_body(&self, start: u32, end: u32, from: Side, cx: &mut Context<'_, '_>) {
        for (begin, offset, len) in self.pieces.iter().filter(|_| self.preview.is_as_sent()) {
            let (low, high) = (start.max(*begin), end.min(begin.saturating_add(*len)));
            if low < high {
                cx.mask(from, offset + u64::from(low - begin), high - low);
            }
        }
    }

    /// Reports what was looked at of the body. Where it was cut a secret may have begun, so its end does not count; of a
    /// coded body all was looked at or nothing.
    fn clear_body(&self, is_harmless: bool, from: Side, cx: &mut Context<'_, '_>) {
        let is_cut = self.preview.is_truncated() || self.has_gap || self.is_cut || !self.complete;
        if self.preview.is_opaque() {
            return;
        }
        if !self.preview.is_as_sent() {
            let is_whole = is_harmless && !is_cut && !self.preview.is_damaged();
            let pieces = self.pieces.iter().filter(|_| is_whole);
            return pieces.for_each(|(_, offset, len)| cx.clear(from, *offset, u64::from(*len)));
        }
        let shown = self.preview.bytes().len().saturating_sub(if is_cut { SHORT } else { 0 }) as u32;
        for (begin, offset, len) in &self.pieces {
            cx.clear(from, *offset, u64::from(shown.saturating_sub(*begin).min(*len)));
        }
    }

    /// The first stream offset of the body of which secrets are still to be told.
    pub(super) fn pending(&self) -> Option<u64> {
        let first = self.pieces.first().map(|(_, offset, _)| *offset);
        if self.examined { None } else { first }
    }
}

/// Pieces of a body whose places are kept.
const MOST_PIECES: usize = 4096;
/// A secret whose begin is shorter than this may not be known as one.
const SHORT: usize = 24;

/// The media type without its parameters.
fn media_type(value: &[u8]) -> &[u8] {
    value.split(|byte| *byte == b';').next().unwrap_or_default().trim_ascii()
}

/// The words of the rules in `bits`.
pub(super) fn words(bits: u16, words: &mut Words) {
    for why in Why::ALL.iter().filter(|why| bits & why.bit() != 0) {
        words.add(why.text());
    }
}
