//! One direction of one stream: head, body, trailers.

use super::head::{Head, Known};
use super::windows::Window;
use crate::body::{Coding, Preview};
use crate::graphql;
use crate::grpc::{Kind, Messages, protos::Body};
use crate::record::http::{Graphql, Message};
use crate::redact::Spans;
use crate::sse::{self, Events};
use crate::{Context, Side};

/// A request or a response as far as it was seen. Kept after use for another.
#[derive(Default)]
pub(crate) struct Half {
    pub(crate) head: Head,
    pub(crate) trailers: Head,
    /// A header block of it came, whether or not it could be read.
    pub(crate) is_seen: bool,
    /// Its header block is missing or could not be read.
    pub(crate) is_head_lost: bool,
    pub(crate) is_ended: bool,
    /// Bytes of it are missing.
    pub(crate) has_gap: bool,
    /// Frames of its direction were lost while it was open: how much of the preview was there before that.
    may_lack: Option<usize>,
    pub(crate) first_us: Option<i64>,
    pub(crate) last_us: i64,
    pub(crate) len: u64,
    pub(crate) wire_len: u64,
    pub(crate) head_len: u64,
    pub(super) window: Window,
    pub(crate) grpc: Option<Kind>,
    /// Its content type stands in a table entry that is not known: it may be gRPC.
    may_be_grpc: bool,
    pub(crate) messages: Messages,
    events: Option<Events>,
    preview: Preview,
    /// Where the pieces of the preview stand in the connection: offset in the body, in the connection.
    pieces: Vec<(u64, u64, u64)>,
    /// The preview with its secrets replaced, when it has some.
    shown: Option<Vec<u8>>,
    is_sealed: bool,
    pub(crate) why: u16,
}

impl Half {
    pub(crate) fn clear(&mut self) {
        self.head.clear();
        self.trailers.clear();
        self.pieces.clear();
        (self.is_seen, self.is_head_lost, self.is_ended, self.has_gap) = (false, false, false, false);
        (self.first_us, self.last_us) = (None, 0);
        (self.len, self.wire_len, self.head_len) = (0, 0, 0);
        self.window = Window::default();
        (self.grpc, self.events, self.shown, self.is_sealed, self.why) = (None, None, None, false, 0);
        (self.may_lack, self.may_be_grpc) = (None, false);
        self.preview.start(Coding::Identity, 0);
    }

    /// The head stands: the body follows.
    pub(crate) fn begin_body(&mut self, cx: &Context<'_, '_>) {
        let content_type = self.head.get(Known::ContentType).unwrap_or_default();
        let coding = Coding::of(self.head.get(Known::ContentEncoding));
        self.grpc = Kind::of(content_type);
        self.may_be_grpc = content_type.is_empty() && self.head.has_unknown;
        self.messages.start(self.grpc == Some(Kind::Web));
        let has_events = sse::is_stream(content_type) && coding == Coding::Identity;
        self.events = has_events.then(Events::default);
        self.preview.start(coding, cx.limits.body);
    }

    /// Bytes of the body, which stand at `offset` of the connection.
    pub(crate) fn body(&mut self, bytes: &[u8], offset: u64, side: Side, cx: &mut Context<'_, '_>) {
        let before = self.len;
        self.len += bytes.len() as u64;
        if self.may_be_grpc || self.grpc.is_some_and(|kind| kind != Kind::WebText) {
            self.messages.push(bytes);
        }
        if let Some(events) = &mut self.events {
            events.push(bytes);
        }
        if !self.preview.wants() {
            return self.preview.skip(bytes.len() as u64);
        }
        if cx.limits.mask && cx.redaction.is_on() {
            self.place(before, offset, bytes.len() as u64);
        }
        self.preview.push(bytes);
        if (!self.preview.wants() || self.pieces.len() >= MOST_PIECES) && self.may_lack.is_none() {
            // As early as possible: packets with its secrets may still be held.
            self.seal(side, cx);
        }
    }

    /// Remembers where bytes of the preview stand.
    fn place(&mut self, at: u64, offset: u64, len: u64) {
        match self.pieces.last_mut() {
            Some((last_at, last_offset, last_len))
                if *last_at + *last_len == at && *last_offset + *last_len == offset =>
            {
                *last_len += len;
            }
            _ => self.pieces.push((at, offset, len)),
        }
    }

    /// So many bytes of the body are missing.
    pub(crate) fn lose(&mut self, len: u64) {
        self.has_gap = true;
        self.len += len;
        self.messages.gap(len);
        self.preview.gap(len);
        if let Some(events) = &mut self.events {
            events.gap();
        }
    }

    /// Frames of its direction are lost, perhaps some of its own.
    pub(crate) fn doubt(&mut self) {
        if self.is_ended || !self.is_seen {
            return;
        }
        self.may_lack.get_or_insert(self.preview.bytes().len());
        self.messages.gap(u64::MAX);
        if let Some(events) = &mut self.events {
            events.gap();
        }
    }

    /// What it is was said before the capture began, and all of its body is messages of gRPC.
    pub(crate) fn looks_like_grpc(&self) -> bool {
        self.may_be_grpc && self.is_ended && !self.is_doubtful() && self.messages.is_plausible()
    }

    /// Bytes of it are missing, or may be.
    pub(crate) fn is_doubtful(&self) -> bool {
        self.has_gap || self.may_lack.is_some()
    }

    /// The preview was whole before frames were lost: it stands, and so does what was replaced in it.
    fn settle_doubt_after(&mut self) {
        if self.may_lack.is_some() {
            self.may_lack = Some(usize::MAX);
            self.settle_doubt();
        }
    }

    /// A doubt ends where the length that was announced is the length that came.
    fn settle_doubt(&mut self) {
        let Some(sure) = self.may_lack.take() else { return };
        let announced =
            self.head.get(Known::ContentLength).and_then(|text| std::str::from_utf8(text).ok()?.parse().ok());
        if self.has_gap || !self.is_ended || announced != Some(self.len) {
            self.has_gap = true;
            self.preview.cut(sure);
        }
    }

    /// Nothing more of it comes: finds and reports the secrets of the preview, once.
    pub(crate) fn seal(&mut self, side: Side, cx: &mut Context<'_, '_>) {
        if std::mem::replace(&mut self.is_sealed, true) {
            return self.settle_doubt_after();
        }
        self.preview.end();
        self.settle_doubt();
        let bytes = self.preview.bytes();
        if !cx.redaction.is_on() || bytes.is_empty() {
            return;
        }
        let mut spans = Spans::new();
        cx.redaction.body(self.head.get(Known::ContentType).unwrap_or_default(), bytes, &mut spans);
        self.clear_body(spans.is_empty(), side, cx);
        if spans.is_empty() {
            return;
        }
        self.why |= spans.why();
        let mut shown = Vec::with_capacity(bytes.len());
        cx.redaction.write(bytes, &spans, &mut shown);
        self.shown = Some(shown);
        for (at, offset, len) in &self.pieces {
            if !self.preview.is_as_sent() {
                // Compressed: which of its bytes give the secret cannot be told.
                cx.mask(side, *offset, u32::try_from(*len).unwrap_or(u32::MAX));
                continue;
            }
            for span in spans.iter() {
                let low = (span.start as u64).max(*at);
                let high = (span.end as u64).min(at + len);
                if low < high {
                    cx.mask(side, offset + (low - at), (high - low) as u32);
                }
            }
        }
    }

    /// Reports what was looked at of the body. Where it was cut a secret may have begun, so its end does not count; of a
    /// coded body all was looked at or nothing.
    fn clear_body(&self, is_harmless: bool, side: Side, cx: &mut Context<'_, '_>) {
        let is_cut = self.preview.is_truncated() || self.has_gap || !self.is_ended;
        let packed = self.head.get(Known::GrpcEncoding).is_some_and(|coding| coding != b"identity");
        if self.preview.is_opaque() || (self.grpc.is_some() && packed) {
            return;
        }
        if !self.preview.is_as_sent() {
            let is_whole = is_harmless && !is_cut && !self.preview.is_damaged();
            let pieces = self.pieces.iter().filter(|_| is_whole);
            return pieces.for_each(|(_, offset, len)| cx.clear(side, *offset, *len));
        }
        let shown = self.preview.bytes().len().saturating_sub(if is_cut { SHORT } else { 0 }) as u64;
        for (at, offset, len) in &self.pieces {
            cx.clear(side, *offset, shown.saturating_sub(*at).min(*len));
        }
    }

    /// The first offset of the connection of which secrets of this body are still to be told.
    pub(crate) fn pending(&self) -> Option<u64> {
        let first = self.pieces.first().map(|(_, offset, _)| *offset);
        if self.is_sealed { None } else { first }
    }

    pub(crate) fn sse_events(&self) -> Option<u64> {
        self.events.map(|events| events.count())
    }

    /// The GraphQL operation that the body asks for.
    pub(crate) fn graphql(&self) -> Option<Graphql<'_>> {
        let kind = self.head.get(Known::ContentType)?;
        graphql::of(kind.split(|byte| *byte == b';').next()?.trim_ascii(), self.preview.bytes())
    }

    /// The begin of a body of gRPC, with its secrets.
    pub(crate) fn messages_as_sent(&self) -> Body<'_> {
        Body { bytes: self.preview.bytes(), coding: self.head.get(Known::GrpcEncoding).unwrap_or_default() }
    }

    pub(crate) fn is_truncated(&self) -> bool {
        self.preview.is_truncated()
    }

    pub(crate) fn is_damaged(&self) -> bool {
        self.preview.is_damaged()
    }

    /// What a record says of it.
    pub(crate) fn message(&self) -> Message<'_> {
        let kind = self.head.get(Known::ContentType);
        let media_type = kind.and_then(|kind| kind.split(|byte| *byte == b';').next()).map(<[u8]>::trim_ascii);
        Message {
            headers: self.head.headers(),
            trailers: self.trailers.headers(),
            content_type: media_type.filter(|kind| !kind.is_empty()),
            encoding: self.head.get(Known::ContentEncoding),
            body: self.shown.as_deref().unwrap_or(self.preview.bytes()),
            len: self.len,
            wire_len: self.wire_len,
            head_len: self.head_len,
            stalled_us: self.window.stalled_us,
        }
    }

    pub(crate) fn heap(&self) -> usize {
        self.head.heap()
            + self.trailers.heap()
            + self.messages.heap()
            + self.preview.heap()
            + self.pieces.capacity() * size_of::<(u64, u64, u64)>()
            + self.shown.as_ref().map_or(0, Vec::capacity)
    }
}

/// A secret whose begin is shorter than this may not be known as one.
const SHORT: usize = 24;
/// Pieces of a preview whose places are kept; one that comes in more ends there.
const MOST_PIECES: usize = 4096;
