//! One direction: bytes to frames, header blocks to fields.

use super::connection::{At, Block, Connection};
use super::frame::{
    CONTINUATION, DATA, END_HEADERS, END_STREAM, FrameHead, GOAWAY, HEADERS, PADDED, PING, PREFACE, PRIORITY,
    PUSH_PROMISE, RST_STREAM, SETTINGS, WINDOW_UPDATE, fragment,
};
use super::resync::{Found, search};
use crate::bytes::{u16_at, u32_at};
use crate::hpack::Decoder;
use crate::{AfterGap, Chunk, Context, Gap, Side, Step};

/// The framing of one direction.
#[derive(Default)]
pub(super) struct Lane {
    phase: Phase,
    /// The frame whose payload is passing.
    open: Option<Open>,
    /// The frame that is waited for whole; its head was seen but not used.
    awaited: Option<FrameHead>,
    hpack: Decoder,
    pending: Option<Block>,
    /// Fragments of the pending block, and where they stand: offset in it, in the connection.
    fragments: Vec<u8>,
    places: Vec<(usize, u64)>,
}

#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
enum Phase {
    /// Nothing came yet.
    #[default]
    Start,
    /// The client's preface is to come.
    Preface,
    /// The next byte begins a frame, or stands in the open one.
    Frames,
    /// Where frames begin is not known.
    Lost,
}

/// A frame whose payload is used as it comes.
#[derive(Clone, Copy, Debug)]
struct Open {
    head: FrameHead,
    /// Bytes of payload to come.
    left: u32,
    /// How many of them are padding; none before the byte that says so.
    padding: Option<u32>,
}

/// These bytes cannot be HTTP/2.
struct Bad;

impl Lane {
    pub(super) fn data(
        &mut self,
        from: Side,
        chunk: &Chunk<'_>,
        connection: &mut Connection,
        cx: &mut Context<'_, '_>,
    ) -> Step {
        self.awaited = None;
        if self.phase == Phase::Start {
            self.begin(from, cx);
            if self.phase == Phase::Lost {
                connection.lose_windows();
            }
        }
        let mut at = 0;
        while let Some(rest) = chunk.bytes.get(at..).filter(|rest| !rest.is_empty()) {
            let here = Chunk {
                bytes: rest,
                offset: chunk.offset + at as u64,
                first_ts_us: if at == 0 { chunk.first_ts_us } else { chunk.ts_us },
                ..*chunk
            };
            let used = match (self.phase, self.open) {
                (Phase::Start | Phase::Preface, _) => {
                    let used = self.preface(rest);
                    cx.clear(from, here.offset, used.unwrap_or(0) as u64);
                    Ok(used)
                }
                (Phase::Lost, _) => Ok(self.seek(rest, connection)),
                (Phase::Frames, Some(open)) => self.payload(open, from, &here, connection, cx),
                (Phase::Frames, None) => self.frame(from, &here, connection, cx),
            };
            match used {
                Ok(Some(used)) => at += used,
                Ok(None) => break,
                Err(Bad) if connection.is_certain => {
                    self.lose(from, connection, cx, chunk.ts_us);
                    at += 1;
                }
                Err(Bad) if at > 0 => break,
                Err(Bad) => return Step::Violation("http2_frame"),
            }
        }
        set(&mut connection.next, from, Some(chunk.offset + at as u64));
        Step::Consumed(at)
    }

    pub(super) fn gap(
        &mut self,
        from: Side,
        gap: &Gap,
        connection: &mut Connection,
        cx: &mut Context<'_, '_>,
    ) -> AfterGap {
        let end = gap.offset + gap.len;
        let [client, server] = connection.next;
        let next = if from == Side::Client { client } else { server };
        set(&mut connection.next, from, Some(end));
        let awaited = self.awaited.take();
        if self.phase == Phase::Frames
            && let Some(mut lost) = next.map(|next| end.saturating_sub(next))
        {
            let at = At { side: from, now_us: gap.ts_us, acked: 0 };
            // The frame whose head was seen but not used is lost, however much of its payload there was.
            if let Some(head) = awaited
                && lost >= FrameHead::LEN as u64
            {
                if matches!(head.kind, WINDOW_UPDATE | SETTINGS) {
                    connection.lose_windows();
                }
                lost -= FrameHead::LEN as u64;
                self.block_lost(&head, at, connection, cx);
                self.open = Some(Open { head, left: head.len, padding: Some(0) });
            }
            if let Some(open) = self.open
                && lost <= u64::from(open.left)
            {
                if lost > 0 {
                    self.pass_lost(open, lost as u32, at, connection, cx);
                }
                return AfterGap::Continue;
            }
            if lost == 0 {
                return AfterGap::Continue;
            }
            if let Some(open) = self.open.filter(|open| open.head.kind == DATA) {
                self.pass_lost(open, open.left, at, connection, cx);
            }
        }
        self.lose(from, connection, cx, gap.ts_us);
        AfterGap::Resync
    }

    pub(super) fn heap(&self) -> usize {
        self.hpack.heap() + self.fragments.capacity() + self.places.capacity() * size_of::<(usize, u64)>()
    }

    fn begin(&mut self, from: Side, cx: &Context<'_, '_>) {
        self.phase = match from {
            _ if cx.facts.no_syn => Phase::Lost,
            Side::Client => Phase::Preface,
            Side::Server => Phase::Frames,
        };
        if self.phase == Phase::Lost {
            self.hpack.lose();
        }
    }

    fn preface(&mut self, rest: &[u8]) -> Option<usize> {
        let common = rest.len().min(PREFACE.len());
        if rest.get(..common) != PREFACE.get(..common) {
            self.hpack.lose();
            self.phase = Phase::Lost;
            return Some(0);
        }
        if common < PREFACE.len() {
            return None;
        }
        self.phase = Phase::Frames;
        Some(common)
    }

    /// The first offset of a header block that is not whole.
    pub(super) fn pending(&self) -> Option<u64> {
        self.places.first().map(|(_, offset)| *offset)
    }

    fn seek(&mut self, rest: &[u8], connection: &Connection) -> Option<usize> {
        match search(rest, connection.newest) {
            Found::Frame(at) => {
                self.phase = Phase::Frames;
                Some(at)
            }
            Found::Preface(at) => {
                self.phase = Phase::Frames;
                self.hpack = Decoder::default();
                Some(at + PREFACE.len())
            }
            Found::Wait(0) => None,
            Found::Wait(at) => Some(at),
        }
    }

    /// Where frames begin is not known any more, and with them what the header table holds.
    fn lose(&mut self, from: Side, connection: &mut Connection, cx: &mut Context<'_, '_>, now_us: i64) {
        self.phase = Phase::Lost;
        (self.open, self.pending) = (None, None);
        self.fragments.clear();
        self.places.clear();
        self.hpack.lose();
        connection.frames_lost(from, cx, now_us);
    }

    /// A frame begins here.
    fn frame(
        &mut self,
        from: Side,
        chunk: &Chunk<'_>,
        connection: &mut Connection,
        cx: &mut Context<'_, '_>,
    ) -> Result<Option<usize>, Bad> {
        let Some(head) = FrameHead::read(chunk.bytes) else { return Ok(None) };
        let [client, server] = connection.most_payload;
        let most = if from == Side::Client { client } else { server };
        let continues = self.pending.is_some_and(|block| block.stream == head.stream) && head.kind == CONTINUATION;
        if !head.is_possible(most) || continues != (self.pending.is_some() || head.kind == CONTINUATION) {
            return Err(Bad);
        }
        let at = At { side: from, now_us: chunk.ts_us, acked: chunk.acked };
        let needed = match head.kind {
            HEADERS | PUSH_PROMISE | CONTINUATION if head.len <= MOST_BLOCK => head.len as usize,
            HEADERS | PUSH_PROMISE | CONTINUATION => {
                self.block_lost(&head, at, connection, cx);
                0
            }
            SETTINGS if head.len <= MOST_SETTINGS => head.len as usize,
            RST_STREAM | WINDOW_UPDATE => 4,
            GOAWAY => 8,
            _ => 0,
        };
        let Some(payload) = chunk.bytes.get(FrameHead::LEN..FrameHead::LEN + needed) else {
            self.awaited = Some(head);
            return Ok(None);
        };
        cx.clear(from, chunk.offset, (FrameHead::LEN + if needed <= 8 { needed } else { 0 }) as u64);
        match head.kind {
            DATA => connection.data_frame(&head, at),
            HEADERS | PUSH_PROMISE | CONTINUATION if head.len <= MOST_BLOCK => {
                let (fragment, from_here, promised) = fragment(&head, payload).ok_or(Bad)?;
                let offset = chunk.offset + (FrameHead::LEN + from_here) as u64;
                cx.clear(from, chunk.offset, (FrameHead::LEN + from_here) as u64);
                self.fragment(&head, fragment, promised, offset, chunk.first_ts_us, at, connection, cx);
            }
            SETTINGS => {
                cx.clear(from, chunk.offset + FrameHead::LEN as u64, needed as u64);
                settings(payload, at, connection);
            }
            RST_STREAM => connection.reset(head.stream, u32_at(payload, 0).unwrap_or(0), at, cx),
            WINDOW_UPDATE => connection.allow(head.stream, u32_at(payload, 0).unwrap_or(0), at),
            GOAWAY => connection.go_away(u32_at(payload, 0).unwrap_or(0) & 0x7fff_ffff, at, cx),
            _ => {}
        }
        let open = Open {
            head,
            left: head.len - needed as u32,
            padding: if head.kind == DATA && head.has(PADDED) { None } else { Some(0) },
        };
        self.open = Some(open);
        self.end_if_whole(open, at, connection, cx);
        Ok(Some(FrameHead::LEN + needed))
    }

    /// Bytes of the open frame.
    fn payload(
        &mut self,
        mut open: Open,
        from: Side,
        chunk: &Chunk<'_>,
        connection: &mut Connection,
        cx: &mut Context<'_, '_>,
    ) -> Result<Option<usize>, Bad> {
        let at = At { side: from, now_us: chunk.ts_us, acked: chunk.acked };
        let used = match open.padding {
            None => {
                let padding = chunk.bytes.first().map_or(0, |byte| u32::from(*byte));
                if padding >= open.left {
                    return Err(Bad);
                }
                open.padding = Some(padding);
                cx.clear(from, chunk.offset, 1);
                1
            }
            Some(padding) if open.head.kind == DATA && open.left > padding => {
                let len = chunk.bytes.len().min((open.left - padding) as usize);
                connection.data(open.head.stream, chunk.bytes.get(..len).unwrap_or_default(), chunk.offset, at, cx);
                len
            }
            Some(_) => {
                let len = chunk.bytes.len().min(open.left as usize);
                if matches!(open.head.kind, PING | PRIORITY) {
                    cx.clear(from, chunk.offset, len as u64);
                }
                len
            }
        };
        open.left -= used as u32;
        self.open = Some(open);
        self.end_if_whole(open, at, connection, cx);
        Ok(Some(used))
    }

    fn end_if_whole(&mut self, open: Open, at: At, connection: &mut Connection, cx: &mut Context<'_, '_>) {
        if open.left == 0 {
            self.open = None;
            if open.head.kind == DATA && open.head.has(END_STREAM) {
                connection.end_half(open.head.stream, at, cx);
            }
        }
    }

    /// So many bytes of the open frame are missing.
    fn pass_lost(&mut self, mut open: Open, lost: u32, at: At, connection: &mut Connection, cx: &mut Context<'_, '_>) {
        if open.head.kind == DATA {
            // With the byte that tells the padding, how much of the frame is data is lost too.
            let data = lost.min(open.left.saturating_sub(open.padding.unwrap_or(0)));
            connection.data_lost(open.head.stream, u64::from(data), at.side);
            open.padding = open.padding.or(Some(0));
        }
        open.left -= lost.min(open.left);
        self.open = Some(open);
        self.end_if_whole(open, at, connection, cx);
    }

    /// A frame with a part of a header block is missing, or too long to be kept.
    fn block_lost(&mut self, head: &FrameHead, at: At, connection: &mut Connection, cx: &mut Context<'_, '_>) {
        let mut block = match (head.kind, self.pending) {
            (CONTINUATION, Some(block)) => block,
            (HEADERS | PUSH_PROMISE, _) => Block {
                stream: head.stream,
                // Which stream a promise was of is lost with it.
                promised: (head.kind == PUSH_PROMISE).then_some(0),
                flags: head.flags,
                first_us: at.now_us,
                wire: 0,
                is_lost: true,
            },
            _ => return,
        };
        self.hpack.lose();
        self.fragments.clear();
        self.places.clear();
        block.is_lost = true;
        block.wire += head.total() as u64;
        self.pending = Some(block);
        if head.has(END_HEADERS) {
            self.end_block(at, connection, cx);
        }
    }

    /// A fragment of a block.
    #[expect(clippy::too_many_arguments, reason = "one place calls it, with what it just took apart")]
    fn fragment(
        &mut self,
        head: &FrameHead,
        fragment: &[u8],
        promised: u32,
        offset: u64,
        first_us: i64,
        at: At,
        connection: &mut Connection,
        cx: &mut Context<'_, '_>,
    ) {
        let mut block = self.pending.unwrap_or(Block {
            stream: head.stream,
            promised: (head.kind == PUSH_PROMISE).then_some(promised),
            flags: head.flags,
            first_us,
            wire: 0,
            is_lost: false,
        });
        block.wire += head.total() as u64;
        if head.has(END_HEADERS) && self.pending.is_none() {
            // Whole in one frame, as nearly all are.
            block.is_lost = !decode(&mut self.hpack, fragment, &[(0, offset)], at.side, connection, cx);
            return tell(&block, at, connection, cx);
        }
        if self.fragments.len() + fragment.len() > cx.limits.head {
            block.is_lost = true;
            self.hpack.lose();
            self.fragments.clear();
            self.places.clear();
        } else if !block.is_lost {
            self.places.push((self.fragments.len(), offset));
            self.fragments.extend_from_slice(fragment);
        }
        self.pending = Some(block);
        if head.has(END_HEADERS) {
            self.end_block(at, connection, cx);
        }
    }

    /// The pending block is whole.
    fn end_block(&mut self, at: At, connection: &mut Connection, cx: &mut Context<'_, '_>) {
        let Some(mut block) = self.pending.take() else { return };
        connection.draft.clear();
        if !block.is_lost {
            block.is_lost = !decode(&mut self.hpack, &self.fragments, &self.places, at.side, connection, cx);
        }
        self.fragments.clear();
        self.places.clear();
        tell(&block, at, connection, cx);
    }
}

/// Hands a block over, unless it is a promise of which not even the stream is known.
fn tell(block: &Block, at: At, connection: &mut Connection, cx: &mut Context<'_, '_>) {
    if block.promised != Some(0) {
        connection.block(block, at, cx);
    }
}

/// Decodes a block into the draft; false when it could not be read to its end.
fn decode(
    hpack: &mut Decoder,
    bytes: &[u8],
    places: &[(usize, u64)],
    side: Side,
    connection: &mut Connection,
    cx: &mut Context<'_, '_>,
) -> bool {
    let Connection { draft, spans, .. } = connection;
    draft.clear();
    let most = cx.limits.head;
    let done = hpack.block(bytes, &mut |field| {
        draft.add(field, cx.redaction, spans, most);
        if spans.is_empty() || field.wire.is_empty() {
            return;
        }
        // Which bits of a coded value are the secret's cannot be told: all of it is hidden.
        for (nth, (begin, offset)) in places.iter().enumerate() {
            let end = places.get(nth + 1).map_or(bytes.len(), |next| next.0);
            let (low, high) = (field.wire.start.max(*begin), field.wire.end.min(end));
            if low < high {
                cx.mask(side, offset + (low - begin) as u64, (high - low) as u32);
            }
        }
    });
    for (nth, (begin, offset)) in places.iter().enumerate().filter(|_| done.is_ok()) {
        let end = places.get(nth + 1).map_or(bytes.len(), |next| next.0);
        cx.clear(side, *offset, end.saturating_sub(*begin) as u64);
    }
    done.is_ok()
}

/// What this side is willing to take: the other may send payloads of that length.
fn settings(payload: &[u8], at: At, connection: &mut Connection) {
    let (pairs, _) = payload.as_chunks::<6>();
    for pair in pairs {
        if let (Some(INITIAL_WINDOW), Some(most)) = (u16_at(pair, 0), u32_at(pair, 2)) {
            connection.begin_with(most, at);
        }
        if let (Some(MAX_FRAME_SIZE), Some(most)) = (u16_at(pair, 0), u32_at(pair, 2)) {
            let slot = at.side.other().index();
            if let Some(known) = connection.most_payload.get_mut(slot) {
                *known = (*known).max(most.min(MOST_FRAME));
            }
        }
    }
}

fn set(pair: &mut [Option<u64>; 2], side: Side, value: Option<u64>) {
    if let Some(slot) = pair.get_mut(side.index()) {
        *slot = value;
    }
}

/// The setting that tells the window of streams.
const INITIAL_WINDOW: u16 = 4;
/// The setting that allows longer payloads.
const MAX_FRAME_SIZE: u16 = 5;
const MOST_FRAME: u32 = (1 << 24) - 1;
/// A longer fragment of a header block is not kept.
const MOST_BLOCK: u32 = 32 << 10;
/// Longer ones are passed over.
const MOST_SETTINGS: u32 = 4 << 10;
