//! Payload in order: to the parser when its turn has come, else kept; holes declared when nothing fills them.
//!
//! Two orders are kept. Bytes of one direction come in sequence. And bytes whose sender had acknowledged bytes of the
//! other direction come after those: a response never reaches the parser before its request, unless that is missing, and
//! then the parser was told so. Holding back is bounded: 10 ms after an acknowledgement, one second at most.

use super::work::Work;
use crate::{
    Chunk, Dialog, End, Facts, Gap, GapCause, Marks, Side, Transport,
    record::{GapRecord, Place, Record},
    table::{Flow, Half},
    tcp::{Conn, Held, Segment, digest},
};

impl Work<'_, '_> {
    /// Takes the payload of a segment.
    pub(super) fn payload(&mut self, flow: &mut Flow, lane: usize, segment: &Segment<'_>, ts_us: i64) {
        if flow.conn.is_none() {
            self.connect(flow, lane, segment.payload);
        }
        let start = flow.half(lane).offset(segment.seq) + i64::from(segment.syn());
        let (mine, theirs) = flow.pair(lane);
        let ahead = start - mine.next as i64;
        // A keep-alive probe repeats the last byte, or a zero where it was.
        if ahead == -1 && segment.len() == 1 && !segment.fin() {
            return;
        }
        let end = start + segment.len() as i64;
        let acked = if segment.has_ack() { theirs.offset(segment.ack).max(0) as u64 } else { 0 };
        let acked = theirs.fin_at().map_or(acked, |fin| acked.min(fin));
        if mine.fin_at().is_some_and(|fin| start >= fin as i64) {
            return;
        }
        if let Ok(offset) = u64::try_from(start) {
            self.place(flow, lane, offset, segment.payload);
        }
        let Some(mut conn) = flow.conn.take() else { return };
        let (mine, theirs) = flow.pair(lane);
        let fresh = end > mine.sent as i64;
        if ahead < 0 {
            mine.retrans = mine.retrans.saturating_add(1);
            conn.lane(lane).rtt.spoil();
            if start >= 0 && conn.lane(lane).recent.differs(start as u64, segment.payload) {
                mine.conflict = mine.conflict.saturating_add(1);
                conflict(self, &mut conn, ts_us);
            }
        } else if !fresh {
            mine.ooo = mine.ooo.saturating_add(1);
        }
        if fresh {
            mine.sent = end as u64;
            conn.lane(lane).rtt.sent(end as u64, ts_us);
        }
        let known = (-ahead).max(0) as usize;
        if let Some(bytes) = segment.payload.get(known..).filter(|_| end > mine.next as i64) {
            let straight = ahead <= 0 && conn.lane_ref(lane).reorder.is_empty();
            if straight && (theirs.packets == 0 || acked <= theirs.next) {
                let chunk = Chunk { bytes, offset: mine.next, ts_us, first_ts_us: ts_us, acked, cut: 0 };
                self.deliver(flow, &mut conn, lane, &chunk);
                if segment.cut > 0 {
                    let upto = flow.half(lane).next + u64::from(segment.cut);
                    self.gap(flow, &mut conn, lane, upto, GapCause::Snaplen, ts_us);
                }
            } else {
                let offset = start.max(mine.next as i64) as u64;
                let held = Held { offset, bytes: bytes.to_vec(), cut: segment.cut, acked, ts_us };
                self.hold(flow, &mut conn, lane, held);
            }
        }
        flow.conn = Some(conn);
    }

    /// The first payload: decides who is the client, and makes room for a parser.
    pub(super) fn connect(&mut self, flow: &mut Flow, lane: usize, payload: &[u8]) {
        self.shared.decide(flow, lane, payload);
        let client = flow.client_lane();
        let transport = if flow.key.proto() == crate::table::TCP { Transport::Stream } else { Transport::Datagram };
        let mut facts = Facts::new(flow.id, flow.key.endpoint(client), flow.key.endpoint(client ^ 1), transport);
        facts.iface = flow.key.iface();
        facts.hs_us = flow.hs_us.checked_sub(1);
        facts.no_syn = transport == Transport::Stream && !flow.halves.iter().any(|half| half.is(Half::SYN));
        facts.records = u64::from(flow.records);
        let mut conn = Box::new(Conn::new(facts));
        if self.shared.config.limits.apps {
            conn.dialog = Dialog::hinted(self.shared.hints.app(flow.key.port(client ^ 1)));
        }
        flow.conn = Some(conn);
        self.show_open(flow);
    }

    /// Brings bytes to the parser. They are the next ones of their direction.
    fn deliver(&mut self, flow: &mut Flow, conn: &mut Conn, lane: usize, chunk: &Chunk<'_>) {
        let side = flow.side(lane);
        let half = flow.half_mut(lane);
        half.next = chunk.offset + chunk.bytes.len() as u64;
        conn.lane(lane).recent.add(chunk.offset, chunk.bytes.len(), digest(chunk.bytes));
        conn.facts.seen = [flow.half(flow.client_lane()).packets > 0, flow.half(flow.client_lane() ^ 1).packets > 0];
        if self.shared.config.limits.stream {
            self.sink.stream(flow.id, side, chunk);
        }
        if self.shared.config.limits.apps {
            self.shared.mesh.beside(&mut conn.facts, side, chunk.bytes.len() as u64, chunk.ts_us);
            let (mut cx, dialog) = self.context(conn);
            dialog.data(side, chunk, &mut cx);
        }
    }

    /// Keeps bytes for later.
    fn hold(&mut self, flow: &mut Flow, conn: &mut Conn, lane: usize, held: Held) {
        let first_wins = self.shared.config.limits.first_wins;
        let ts_us = held.ts_us;
        let (differ, fresh) = conn.lane(lane).reorder.insert(&held, first_wins);
        if differ > 0 {
            flow.half_mut(lane).conflict = flow.half(lane).conflict.saturating_add(1);
            conflict(self, conn, ts_us);
        }
        if !fresh {
            let half = flow.half_mut(lane);
            half.retrans = half.retrans.saturating_add(1);
        }
        conn.lane(lane).waiting_us.get_or_insert(ts_us);
    }

    /// After a packet: delivers what has its turn now, declares holes that are due, notes what is known to be missing.
    pub(super) fn advance(&mut self, flow: &mut Flow, ts_us: i64) {
        let Some(mut conn) = flow.conn.take() else { return };
        if !conn.is_straight() {
            self.drain(flow, &mut conn);
            let limits = &self.shared.config.limits;
            let (most, segments) = (limits.reorder, limits.segments);
            for lane in [0, 1] {
                let explained = self.explained(flow, &conn, lane, ts_us);
                let mut bound = 0;
                while bound < BOUND {
                    let reorder = &conn.lane_ref(lane).reorder;
                    let full = reorder.bytes() > most || reorder.len() > segments;
                    if !full && (explained.is_none() || reorder.is_empty()) {
                        break;
                    }
                    let cause = explained.unwrap_or(GapCause::Limit);
                    self.force(flow, &mut conn, lane, cause, ts_us);
                    bound += 1;
                }
            }
        }
        self.finish_lanes(flow, &mut conn);
        note(flow, &mut conn, ts_us);
        flow.conn = Some(conn);
    }

    /// Time has come for what waits too long.
    pub(super) fn overdue(&mut self, flow: &mut Flow, now_us: i64) {
        let Some(mut conn) = flow.conn.take() else { return };
        for _ in 0..BOUND {
            let Some((at, lane)) = [0, 1]
                .into_iter()
                .map(|lane| (conn.lane_ref(lane).due_us(), lane))
                .min()
                .filter(|(at, _)| *at <= now_us)
            else {
                break;
            };
            let cause = self.explained(flow, &conn, lane, at).unwrap_or(GapCause::NotCaptured);
            self.force(flow, &mut conn, lane, cause, at);
            self.finish_lanes(flow, &mut conn);
            note(flow, &mut conn, at);
        }
        if let Some(at) = conn.wake.filter(|at| *at <= now_us) {
            conn.wake = None;
            let (mut cx, dialog) = self.context(&mut conn);
            dialog.wake(at, &mut cx);
        }
        flow.conn = Some(conn);
        self.settled(flow);
    }

    /// Everything that waits is delivered, holes are declared, both directions end.
    pub(super) fn flush(&mut self, flow: &mut Flow, how: End, ts_us: i64) {
        let Some(mut conn) = flow.conn.take() else { return };
        for _ in 0..BOUND {
            self.drain(flow, &mut conn);
            let lane = [0, 1].into_iter().find(|lane| {
                let half = flow.half(*lane);
                !conn.lane_ref(*lane).reorder.is_empty() || (half.packets > 0 && half.known() > half.next)
            });
            let Some(lane) = lane else { break };
            let cause = self.explained(flow, &conn, lane, ts_us).unwrap_or(GapCause::NotCaptured);
            self.force(flow, &mut conn, lane, cause, ts_us);
        }
        self.finish_lanes(flow, &mut conn);
        for lane in [flow.client_lane(), flow.client_lane() ^ 1] {
            let half = flow.half_mut(lane);
            if !half.is(Half::ENDED) {
                half.set(Half::ENDED);
                let how = if half.is(Half::FIN) && how != End::Rst { End::Fin } else { how };
                let side = flow.side(lane);
                let (mut cx, dialog) = self.context(&mut conn);
                dialog.end(side, how, &mut cx);
            }
        }
        conn.dialog = Dialog::default();
        conn.wake = None;
        note(flow, &mut conn, ts_us);
        flow.conn = Some(conn);
        self.settled(flow);
    }

    /// Tells where the payload of the packet in hand stands.
    pub(super) fn place(&mut self, flow: &Flow, lane: usize, offset: u64, bytes: &[u8]) {
        if self.shared.config.limits.mask {
            self.sink.placed(&Place { flow: flow.id, side: flow.side(lane), offset, bytes });
        }
    }

    /// Tells up to where all secrets were told.
    pub(super) fn settled(&mut self, flow: &Flow) {
        let Some(conn) = flow.conn.as_ref().filter(|_| self.shared.config.limits.mask) else { return };
        let client = flow.client_lane();
        let upto = [(Side::Client, client), (Side::Server, client ^ 1)].map(|(side, lane)| {
            let next = flow.half(lane).next;
            conn.dialog.pending(side).map_or(next, |pending| pending.min(next))
        });
        self.sink.settled(flow.id, upto);
    }

    /// Turns the largest that waits into a gap, for the memory.
    pub(super) fn give_way(&mut self, flow: &mut Flow, ts_us: i64) {
        let Some(mut conn) = flow.conn.take() else { return };
        let lane = usize::from(conn.lane_ref(1).reorder.bytes() > conn.lane_ref(0).reorder.bytes());
        for _ in 0..BOUND {
            if conn.lane_ref(lane).reorder.is_empty() {
                break;
            }
            self.force(flow, &mut conn, lane, GapCause::Limit, ts_us);
        }
        self.finish_lanes(flow, &mut conn);
        note(flow, &mut conn, ts_us);
        flow.conn = Some(conn);
    }

    /// Delivers all that has its turn.
    fn drain(&mut self, flow: &mut Flow, conn: &mut Conn) {
        loop {
            let ready = [0, 1].into_iter().find(|lane| is_ready(flow, conn, *lane));
            let Some(lane) = ready else { return };
            self.release(flow, conn, lane);
        }
    }

    /// Delivers the first that waits in a direction, as far as it is new.
    fn release(&mut self, flow: &mut Flow, conn: &mut Conn, lane: usize) {
        let Some(held) = conn.lane(lane).reorder.pop() else { return };
        conn.lane(lane).waiting_us = conn.lane_ref(lane).reorder.first().map(|next| next.ts_us.max(held.ts_us));
        let next = flow.half(lane).next;
        let old = next.saturating_sub(held.offset) as usize;
        if let Some(bytes) = held.bytes.get(old..).filter(|bytes| !bytes.is_empty()) {
            let (ts_us, acked) = (held.ts_us, held.acked);
            let chunk = Chunk { bytes, offset: next.max(held.offset), ts_us, first_ts_us: ts_us, acked, cut: 0 };
            self.deliver(flow, conn, lane, &chunk);
        }
        if held.cut > 0 && held.end() > flow.half(lane).next {
            let upto = conn.lane_ref(lane).reorder.first().map_or(held.end(), |next| next.offset.min(held.end()));
            self.gap(flow, conn, lane, upto, GapCause::Snaplen, held.ts_us);
        }
    }

    /// Makes a direction go on: declares its hole, or delivers what waits for the other direction.
    fn force(&mut self, flow: &mut Flow, conn: &mut Conn, lane: usize, cause: GapCause, ts_us: i64) {
        let half = *flow.half(lane);
        let first = conn.lane_ref(lane).reorder.first().map(|held| held.offset);
        let known = if half.packets > 0 { half.known() } else { half.next };
        let upto = match first {
            Some(first) if first > half.next && known > half.next && known < first => known,
            Some(first) => first,
            None => known,
        };
        if upto > half.next {
            self.gap(flow, conn, lane, upto, cause, ts_us);
        } else if first.is_some() {
            self.release(flow, conn, lane);
        }
        conn.lane(lane).missing_us = None;
        self.drain(flow, conn);
    }

    /// Bytes up to there are missing.
    fn gap(&mut self, flow: &mut Flow, conn: &mut Conn, lane: usize, upto: u64, cause: GapCause, ts_us: i64) {
        let side = flow.side(lane);
        let half = flow.half_mut(lane);
        let gap = Gap { offset: half.next, len: upto.saturating_sub(half.next), cause, ts_us };
        half.lost += gap.len;
        half.next = upto;
        half.sent = half.sent.max(upto);
        let (mut cx, dialog) = self.context(conn);
        let resync_at = dialog.gap(side, &gap, &mut cx).then_some(upto);
        let record = GapRecord { side, offset: gap.offset, len: gap.len, cause, resync_at };
        cx.emit(ts_us, &Marks::default(), &Record::Gap(&record));
    }

    /// Tells the parser of directions whose FIN has been reached.
    fn finish_lanes(&mut self, flow: &mut Flow, conn: &mut Conn) {
        for lane in [0, 1] {
            let half = flow.half_mut(lane);
            if half.is(Half::FIN) && !half.is(Half::ENDED) && half.fin_at() <= Some(half.next) {
                half.set(Half::ENDED);
                let side = flow.side(lane);
                let (mut cx, dialog) = self.context(conn);
                dialog.end(side, End::Fin, &mut cx);
            }
        }
        if flow.halves.iter().all(|half| half.is(Half::ENDED)) {
            conn.dialog = Dialog::default();
        }
    }

    /// A loss that was reported and explains what is missing in a direction.
    fn explained(&self, flow: &Flow, conn: &Conn, lane: usize, ts_us: i64) -> Option<GapCause> {
        let lane = conn.lane_ref(lane);
        let since = lane.waiting_us.or(lane.missing_us)?;
        let loss = self.shared.loss_between(flow.key.iface(), since.saturating_sub(LOOK_BACK_US), ts_us)?;
        Some(if loss.cause == "ring" { GapCause::Ring } else { GapCause::Shed })
    }
}

/// Whether the first that waits in a direction has its turn.
fn is_ready(flow: &Flow, conn: &Conn, lane: usize) -> bool {
    let (half, other) = (flow.half(lane), flow.half(lane ^ 1));
    let reaches = |held: &Held| held.offset <= half.next && (other.packets == 0 || held.acked <= other.next);
    conn.lane_ref(lane).reorder.first().is_some_and(reaches)
}

/// Notes since when bytes are known to be missing.
fn note(flow: &Flow, conn: &mut Conn, ts_us: i64) {
    for lane in [0, 1] {
        let half = flow.half(lane);
        let lane = conn.lane(lane);
        // What is there and only waits for the other direction is not missing.
        let is_there = lane.reorder.first().is_some_and(|first| first.offset <= half.next);
        let missing = half.packets > 0 && half.known() > half.next && !half.is(Half::ENDED) && !is_there;
        if !missing {
            lane.missing_us = None;
        } else if lane.missing_us.is_none() {
            lane.missing_us = Some(ts_us);
        }
        if lane.reorder.is_empty() {
            lane.waiting_us = None;
        }
    }
}

/// Says once a flow that retransmitted bytes differ.
fn conflict(work: &mut Work<'_, '_>, conn: &mut Conn, ts_us: i64) {
    let code = "overlap_conflict";
    if conn.anomaly.iter().any(|have| have == code) {
        return;
    }
    conn.anomaly.add(code);
    let (mut cx, _) = work.context(conn);
    let record = crate::record::AnomalyRecord { code, detail: "retransmitted bytes differ", count: 1 };
    cx.emit(ts_us, &Marks::default(), &Record::Anomaly(&record));
}

/// Steps of one call: more than segments can wait.
const BOUND: usize = 4096;
/// A loss explains a hole that was noticed this long after it.
const LOOK_BACK_US: i64 = 10_000;
