//! What frames mean: streams begin, go on and end, and their records go out.

use super::frame::{self, END_STREAM, FrameHead, MOST_PAYLOAD};
use super::head::{Head, Known};
use super::stream::{Stream, Version};
use super::streams::Streams;
use super::windows::Windows;
use crate::hpack::Field;
use crate::redact::{Redaction, Spans};
use crate::{Asked, Context, Side};

/// Both directions together.
#[derive(Default)]
pub(crate) struct Connection {
    pub(crate) streams: Streams,
    pub(super) windows: Windows,
    /// The block that is being decoded; it trades places with the head or the trailers it becomes.
    pub(crate) draft: Head,
    pub(crate) spans: Spans,
    /// Stream offset behind what was used, by direction.
    pub(crate) next: [Option<u64>; 2],
    /// The longest payload each side may send, as far as the other said.
    pub(crate) most_payload: [u32; 2],
    /// The highest stream so far.
    pub(crate) newest: u32,
    /// A header block was read: it is HTTP/2 for certain.
    pub(crate) is_certain: bool,
    /// Answers without a request wait for the client's bytes.
    is_waiting: bool,
}

/// A header block that came to its end.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Block {
    pub(crate) stream: u32,
    /// The stream that a PUSH_PROMISE announces.
    pub(crate) promised: Option<u32>,
    pub(crate) flags: u8,
    pub(crate) first_us: i64,
    /// Its bytes on the wire, with frame heads.
    pub(crate) wire: u64,
    /// It could not be read: `draft` is what was read before that.
    pub(crate) is_lost: bool,
}

/// When and by whom.
#[derive(Clone, Copy, Debug)]
pub(crate) struct At {
    pub(crate) side: Side,
    pub(crate) now_us: i64,
    /// How far the sender had acknowledged the other direction.
    pub(crate) acked: u64,
}

impl Connection {
    pub(crate) fn new() -> Self {
        Self { most_payload: [MOST_PAYLOAD; 2], ..Self::default() }
    }

    /// Of HTTP/3, whose frames are others and whose windows are those of QUIC.
    pub(crate) fn of_three() -> Self {
        let mut connection = Self::new();
        connection.streams.version = Version::Three;
        connection.lose_windows();
        connection
    }

    /// The connection was upgraded from HTTP/1: its first stream answers that request, whose headers stand in its record.
    pub(crate) fn upgraded(&mut self, asked: &Asked, cx: &mut Context<'_, '_>) {
        // The request may have said what they are.
        self.lose_windows();
        let Some(stream) = self.streams.begin(1, asked.last_us) else { return };
        let half = &mut stream.request;
        let fields: [(&[u8], &[u8]); 4] = [
            (b":method", &asked.method),
            (b":scheme", b"http"),
            (b":authority", &asked.host),
            (b":path", &asked.target),
        ];
        for (name, value) in fields {
            let field = Field { name: Some(name), value: Some(value), wire: 0..0 };
            half.head.add(&field, &Redaction::off(), &mut self.spans, cx.limits.head);
        }
        (half.is_seen, half.is_ended) = (true, true);
        (half.first_us, half.last_us) = (Some(asked.first_us), asked.last_us);
        half.begin_body(cx);
        self.newest = 1;
    }

    /// A block stands in `draft`.
    pub(crate) fn block(&mut self, block: &Block, at: At, cx: &mut Context<'_, '_>) {
        self.is_certain |= !block.is_lost;
        self.newest = self.newest.max(block.stream);
        match (block.promised, at.side) {
            (Some(promised), _) => self.promise(promised, block, at, cx),
            (None, Side::Client) => self.request(block, at, cx),
            (None, Side::Server) => self.response(block, at, cx),
        }
        self.make_room(cx);
    }

    fn make_room(&mut self, cx: &mut Context<'_, '_>) {
        while let Some(mut oldest) = self.streams.overflow() {
            oldest.is_evicted = true;
            oldest.emit(cx);
            self.streams.give_back(oldest);
        }
    }

    fn request(&mut self, block: &Block, at: At, cx: &mut Context<'_, '_>) {
        let draft = &mut self.draft;
        if draft.status.is_some() {
            // A response: who is the client was taken wrongly.
            return;
        }
        let is_head = draft.get(Known::Method).is_some() || draft.has_unknown || block.is_lost;
        let stream = if is_head { self.streams.begin(block.stream, at.now_us) } else { self.streams.get(block.stream) };
        let Some(stream) = stream else { return };
        let half = &mut stream.request;
        if half.is_seen || !is_head {
            std::mem::swap(&mut half.trailers, draft);
        } else {
            std::mem::swap(&mut half.head, draft);
            half.is_seen = true;
            half.is_head_lost = block.is_lost;
            half.first_us = Some(block.first_us);
            half.begin_body(cx);
        }
        self.after_block(block, at, cx);
    }

    fn response(&mut self, block: &Block, at: At, cx: &mut Context<'_, '_>) {
        let draft = &mut self.draft;
        if draft.get(Known::Method).is_some() {
            // A request: who is the client was taken wrongly.
            return;
        }
        let Some(stream) = self.streams.begin(block.stream, at.now_us) else { return };
        let is_end = block.flags & END_STREAM != 0;
        if let Some(status) = draft.status.filter(|status| (100..200).contains(status) && !is_end) {
            stream.interim.add(status);
            stream.response.head_len += block.wire;
            return self.streams.settle(block.stream);
        }
        let half = &mut stream.response;
        if half.is_seen && draft.status.is_none() {
            std::mem::swap(&mut half.trailers, draft);
        } else if draft.status.is_none() && !draft.has_unknown && !block.is_lost {
            // Trailers of a response whose head was not seen.
            std::mem::swap(&mut half.trailers, draft);
            (half.is_seen, half.is_head_lost, half.has_gap) = (true, true, true);
        } else {
            // A head before this one whose status was not known was that of an interim response.
            std::mem::swap(&mut half.head, draft);
            half.is_seen = true;
            half.is_head_lost = block.is_lost;
            half.first_us = Some(block.first_us);
            half.begin_body(cx);
        }
        self.after_block(block, at, cx);
    }

    fn promise(&mut self, promised: u32, block: &Block, at: At, cx: &mut Context<'_, '_>) {
        let Some(stream) = self.streams.begin(promised, at.now_us) else { return };
        stream.is_pushed = true;
        let half = &mut stream.request;
        std::mem::swap(&mut half.head, &mut self.draft);
        (half.is_seen, half.is_ended, half.is_head_lost) = (true, true, block.is_lost);
        (half.first_us, half.last_us, half.head_len) = (Some(block.first_us), at.now_us, block.wire);
        half.begin_body(cx);
        self.streams.settle(promised);
    }

    fn after_block(&mut self, block: &Block, at: At, cx: &mut Context<'_, '_>) {
        let Some(stream) = self.streams.get(block.stream) else { return };
        stream.active_us = at.now_us;
        let half = stream.half(at.side);
        half.head_len += block.wire;
        half.last_us = at.now_us;
        self.streams.settle(block.stream);
        if block.flags & END_STREAM != 0 {
            self.end_half(block.stream, at, cx);
        }
    }

    /// A DATA frame begins.
    pub(super) fn data_frame(&mut self, head: &FrameHead, at: At) {
        self.on_wire(head.stream, head.total() as u64, at.side);
        self.spend(head, at);
    }

    /// A frame of a body takes so many bytes, with its head.
    pub(crate) fn on_wire(&mut self, id: u32, len: u64, side: Side) {
        if let Some(stream) = self.streams.get(id) {
            stream.half(side).wire_len += len;
        }
    }

    /// Bytes of a body.
    pub(crate) fn data(&mut self, id: u32, bytes: &[u8], offset: u64, at: At, cx: &mut Context<'_, '_>) {
        let Some(stream) = self.streams.get(id) else { return };
        stream.active_us = at.now_us;
        let half = stream.half(at.side);
        half.last_us = at.now_us;
        half.body(bytes, offset, at.side, cx);
        self.streams.settle(id);
        self.make_room(cx);
    }

    /// Bytes of a body are missing.
    pub(crate) fn data_lost(&mut self, id: u32, len: u64, side: Side) {
        if let Some(stream) = self.streams.get(id) {
            stream.half(side).lose(len);
        }
    }

    /// Frames of this side are missing: any message that was open may lack something.
    pub(crate) fn frames_lost(&mut self, side: Side, cx: &mut Context<'_, '_>, now_us: i64) {
        self.lose_windows();
        for stream in self.streams.iter_mut() {
            stream.half(side).doubt();
        }
        if !self.streams.is_empty() {
            cx.wake_at(now_us + ONE_SIDED_US);
        }
    }

    /// A message ended.
    pub(crate) fn end_half(&mut self, id: u32, at: At, cx: &mut Context<'_, '_>) {
        let Some(stream) = self.streams.get(id) else { return };
        stream.active_us = at.now_us;
        let half = stream.half(at.side);
        (half.is_ended, half.last_us) = (true, at.now_us);
        half.seal(at.side, cx);
        if at.side == Side::Server {
            stream.answered = at.acked;
        }
        let has_request = stream.request.is_seen;
        if stream.response.is_ended && stream.request.is_ended {
            self.tell(id, cx);
        } else if stream.response.is_ended && !has_request {
            self.is_waiting = true;
            cx.wake_at(at.now_us + ONE_SIDED_US);
            self.tell_answers(cx);
        } else if at.side == Side::Client && !cx.facts.has_seen(Side::Server) {
            cx.wake_at(at.now_us + ONE_SIDED_US);
        }
    }

    /// RST_STREAM: the stream is over for both.
    pub(crate) fn reset(&mut self, id: u32, code: u32, at: At, cx: &mut Context<'_, '_>) {
        self.give_up_window(id, at.now_us);
        self.cut(id, code != 0, frame::error_word(code), at, cx);
    }

    /// A stream is over for both. A server that needs no more of the request says so without an error, after its response.
    pub(crate) fn cut(&mut self, id: u32, is_error: bool, word: &'static str, at: At, cx: &mut Context<'_, '_>) {
        let Some(stream) = self.streams.get(id) else { return };
        stream.active_us = at.now_us;
        if is_error || !stream.response.is_ended {
            stream.reset.get_or_insert(word);
        }
        self.tell(id, cx);
    }

    /// GOAWAY: streams of the other side above `last` were not and will not be looked at.
    pub(crate) fn go_away(&mut self, last: u32, at: At, cx: &mut Context<'_, '_>) {
        let own = if at.side == Side::Server { 1 } else { 0 };
        self.refuse(|id| id > last && id % 2 == own, cx);
    }

    /// These streams were not and will not be looked at.
    pub(crate) fn refuse(&mut self, is_refused: impl Fn(u32) -> bool, cx: &mut Context<'_, '_>) {
        while let Some(mut stream) = self.streams.take_if(|stream| is_refused(stream.id)) {
            stream.reset = Some("goaway");
            stream.emit(cx);
            self.streams.give_back(stream);
        }
    }

    /// Answers without a request: those whose request would have been seen by now go out.
    pub(crate) fn tell_answers(&mut self, cx: &mut Context<'_, '_>) {
        if !self.is_waiting {
            return;
        }
        let [client, _] = self.next;
        let is_one_sided = !cx.facts.has_seen(Side::Client);
        let is_due = |stream: &Stream| {
            let is_answer = stream.response.is_ended && !stream.request.is_seen;
            is_answer && (is_one_sided || client.unwrap_or(0) >= stream.answered)
        };
        while let Some(mut stream) = self.streams.take_if(is_due) {
            stream.emit(cx);
            self.streams.give_back(stream);
        }
        self.is_waiting = self.streams.iter_mut().any(|stream| stream.response.is_ended && !stream.request.is_seen);
    }

    /// Time has passed: what waited too long for its other half goes out.
    pub(crate) fn wake(&mut self, now_us: i64, cx: &mut Context<'_, '_>) {
        let is_one_sided = !cx.facts.has_seen(Side::Server);
        let waits = |stream: &Stream| {
            let is_answer = stream.response.is_ended && !stream.request.is_seen;
            let is_damaged = stream.request.is_doubtful() || stream.response.is_doubtful();
            is_answer || is_damaged || (is_one_sided && stream.request.is_ended)
        };
        let is_due = |stream: &Stream| waits(stream) && now_us - stream.active_us >= ONE_SIDED_US;
        while let Some(mut stream) = self.streams.take_if(is_due) {
            stream.emit(cx);
            self.streams.give_back(stream);
        }
        let next = self.streams.iter_mut().filter(|stream| waits(stream)).map(|stream| stream.active_us).min();
        if let Some(active_us) = next {
            cx.wake_at(active_us + ONE_SIDED_US);
        }
    }

    /// The connection ended: everything open goes out as it is.
    pub(crate) fn finish(&mut self, cx: &mut Context<'_, '_>) {
        while let Some(mut stream) = self.streams.take_if(|_| true) {
            stream.emit(cx);
            self.streams.give_back(stream);
        }
    }

    /// The first offset of a direction of which secrets of a body are still to be told.
    pub(crate) fn pending(&self, side: Side) -> Option<u64> {
        let half = |stream: &Stream| match side {
            Side::Client => stream.request.pending(),
            Side::Server => stream.response.pending(),
        };
        self.streams.iter().filter_map(half).min()
    }

    pub(crate) fn heap(&self) -> usize {
        self.streams.heap() + self.draft.heap()
    }

    fn tell(&mut self, id: u32, cx: &mut Context<'_, '_>) {
        if let Some(mut stream) = self.streams.take(id) {
            stream.emit(cx);
            self.streams.give_back(stream);
        }
    }
}

/// How long one half of a transaction waits for the other.
const ONE_SIDED_US: i64 = 30_000_000;
