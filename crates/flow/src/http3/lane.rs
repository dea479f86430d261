//! One direction of one stream: what kind it is, its frames, and of requests their fields and bodies.

use super::frame::{DATA, HEADERS, head, varint};
use super::{Http3, Times, at};
use crate::http2::connection::{Block, Connection};
use crate::qpack::Section;
use crate::{Context, Side};

/// What is known of one direction of one stream.
#[derive(Debug)]
pub(crate) struct Lane {
    pub(super) side: Side,
    pub(super) kind: Kind,
    /// The frame whose payload is passing, and how much of it is to come.
    pub(super) open: Option<(u64, u64)>,
    /// The frame that is waited for whole: its bytes with the head.
    awaited: Option<u64>,
    /// The first of the frames was there.
    has_begun: bool,
}

/// What a stream is for.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Kind {
    /// A request or its response, by the number of the request.
    Request(u32),
    /// Of one direction; its first byte says what it is.
    Uni,
    Control,
    Encoder,
    /// Nothing of it is read, or nothing more.
    Skipped,
}

/// What a lane did with bytes.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Used {
    pub(crate) bytes: usize,
    /// What follows needs entries of the header table that did not come yet.
    pub(crate) is_blocked: bool,
}

impl Lane {
    /// Of a stream by its id, whose two low bits say who opened it and whether both sides send on it.
    pub(crate) fn new(side: Side, stream: u64) -> Self {
        let kind = match (request(stream), stream & 3, side) {
            (Some(id), ..) => Kind::Request(id),
            (None, 2, Side::Client) | (None, 3, Side::Server) => Kind::Uni,
            _ => Kind::Skipped,
        };
        Self { side, kind, open: None, awaited: None, has_begun: false }
    }
}

impl Http3 {
    /// Takes bytes that are in order. `force`: entries that they need will not come any more.
    pub(crate) fn data(
        &mut self,
        lane: &mut Lane,
        bytes: &[u8],
        times: Times,
        force: bool,
        cx: &mut Context<'_, '_>,
    ) -> Used {
        lane.awaited = None;
        let used = match lane.kind {
            Kind::Request(id) => return self.request(lane, id, bytes, times, force, cx),
            Kind::Uni | Kind::Control => self.uni(lane, bytes, times, cx),
            Kind::Encoder => self.decoder(lane.side).inserts(bytes, times.now_us),
            Kind::Skipped => bytes.len(),
        };
        Used { bytes: used, is_blocked: false }
    }

    /// So many bytes are missing, with those that were shown and not used.
    pub(crate) fn lost(&mut self, lane: &mut Lane, len: u64, now_us: i64, cx: &mut Context<'_, '_>) {
        let Kind::Request(id) = lane.kind else {
            // It may have been, or is, the one with the entries of the header table.
            if matches!(lane.kind, Kind::Uni | Kind::Encoder) {
                self.decoder(lane.side).lose();
            }
            lane.kind = Kind::Skipped;
            return;
        };
        if let Some((kind, left)) = lane.open.filter(|(_, left)| len <= *left) {
            if kind == DATA {
                self.connection.data_lost(id, len, lane.side);
            }
            lane.open = Some((kind, left - len)).filter(|(_, left)| *left > 0);
            return;
        }
        match lane.awaited.take() {
            // Fields whose end is known.
            Some(whole) if len <= whole => {
                self.block_lost(lane, id, whole, now_us, cx);
                lane.open = Some((HEADERS, whole - len)).filter(|(_, left)| *left > 0);
            }
            _ => {
                // Where frames begin is not known any more.
                if !lane.has_begun {
                    self.block_lost(lane, id, 0, now_us, cx);
                }
                self.connection.data_lost(id, lane.open.map_or(0, |(_, left)| left.min(len)), lane.side);
                lane.kind = Kind::Skipped;
                lane.open = None;
            }
        }
    }

    /// Everything of this direction was there, or was said to be missing.
    pub(crate) fn end(&mut self, side: Side, stream: u64, now_us: i64, cx: &mut Context<'_, '_>) {
        if let Some(id) = request(stream) {
            self.connection.end_half(id, at(side, now_us), cx);
        }
    }

    fn request(
        &mut self,
        lane: &mut Lane,
        id: u32,
        bytes: &[u8],
        times: Times,
        force: bool,
        cx: &mut Context<'_, '_>,
    ) -> Used {
        let at = at(lane.side, times.now_us);
        let mut used = 0;
        while let Some(rest) = bytes.get(used..).filter(|rest| !rest.is_empty()) {
            if let Some((kind, left)) = lane.open {
                let len = rest.len().min(usize::try_from(left).unwrap_or(usize::MAX));
                if kind == DATA {
                    self.connection.data(id, rest.get(..len).unwrap_or_default(), 0, at, cx);
                }
                lane.open = Some((kind, left - len as u64)).filter(|(_, left)| *left > 0);
                used += len;
                continue;
            }
            let Some((kind, len, head)) = head(rest) else { break };
            let whole = len.saturating_add(head as u64);
            let payload = usize::try_from(len).ok().and_then(|len| rest.get(head..head.checked_add(len)?));
            match (kind, payload) {
                (HEADERS, _) if len > cx.limits.head as u64 => self.block_lost(lane, id, whole, times.now_us, cx),
                (HEADERS, None) => {
                    lane.awaited = Some(whole);
                    break;
                }
                (HEADERS, Some(payload)) => {
                    let first_us = if used == 0 { times.first_us } else { times.now_us };
                    let times = Times { first_us, ..times };
                    if !self.section(lane.side, id, payload, whole, times, force, cx) {
                        return Used { bytes: used, is_blocked: true };
                    }
                    lane.has_begun = true;
                    used += head + payload.len();
                    continue;
                }
                (DATA, _) => self.connection.on_wire(id, whole, lane.side),
                // Promises of pushes, and what nobody knows.
                _ => {}
            }
            lane.has_begun = true;
            lane.open = Some((kind, len)).filter(|(_, left)| *left > 0);
            used += head;
        }
        Used { bytes: used, is_blocked: false }
    }

    /// Reads a field section; false when it is blocked.
    #[expect(clippy::too_many_arguments, reason = "one place calls it, with what it just took apart")]
    fn section(
        &mut self,
        side: Side,
        id: u32,
        payload: &[u8],
        wire: u64,
        times: Times,
        force: bool,
        cx: &mut Context<'_, '_>,
    ) -> bool {
        let Self { connection, qpack } = self;
        let Connection { draft, spans, .. } = connection;
        draft.clear();
        let (redaction, most) = (cx.redaction, cx.limits.head);
        let [client, server] = qpack;
        let decoder = if side == Side::Client { client } else { server };
        let done =
            decoder.section(payload, times.first_us, force, &mut |field| draft.add(field, redaction, spans, most));
        if done == Ok(Section::Blocked) {
            return false;
        }
        let block =
            Block { stream: id, promised: None, flags: 0, first_us: times.first_us, wire, is_lost: done.is_err() };
        connection.block(&block, at(side, times.now_us), cx);
        true
    }

    /// Fields that are missing, or too many to be kept.
    fn block_lost(&mut self, lane: &Lane, id: u32, wire: u64, now_us: i64, cx: &mut Context<'_, '_>) {
        self.connection.draft.clear();
        let block = Block { stream: id, promised: None, flags: 0, first_us: now_us, wire, is_lost: true };
        self.connection.block(&block, at(lane.side, now_us), cx);
    }

    /// The streams of one direction: what they are, and what the control stream says.
    fn uni(&mut self, lane: &mut Lane, bytes: &[u8], times: Times, cx: &mut Context<'_, '_>) -> usize {
        let mut used = 0;
        if lane.kind == Kind::Uni {
            let Some((kind, len)) = varint(bytes) else { return 0 };
            used = len;
            lane.kind = match kind {
                0 => Kind::Control,
                2 => Kind::Encoder,
                // Pushes, what a decoder acknowledges, and what nobody knows.
                _ => Kind::Skipped,
            };
        }
        let rest = bytes.get(used..).unwrap_or_default();
        used + match lane.kind {
            Kind::Control => self.control(lane, rest, cx),
            Kind::Encoder => self.decoder(lane.side).inserts(rest, times.now_us),
            _ => rest.len(),
        }
    }
}

/// The number of a request by its stream, from 1 on; none for streams of other kinds, and for more than anybody asks.
pub(super) fn request(stream: u64) -> Option<u32> {
    if stream & 3 == 0 { u32::try_from(stream >> 2).ok()?.checked_add(1) } else { None }
}
