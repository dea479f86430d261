//! One TCP segment: the connection it belongs to, its counters, handshake, acknowledgement, reset.

use super::{Engine, intake::Origin, work::Work};
use crate::{
    End, Sink,
    ip::{self, Datagram},
    malformed::Malformed,
    table::{DirBy, Flow, Half, Key, NEVER, Phase, SECOND, TCP},
    tcp::Segment,
};

impl Engine {
    pub(super) fn tcp(
        &mut self,
        datagram: &Datagram<'_>,
        origin: &Origin,
        sink: &mut dyn Sink,
    ) -> Result<(), Malformed> {
        let segment = Segment::read(datagram)?;
        if self.shared.config.limits.checksums && datagram.cut == 0 && !ip::transport_sum_is_right(datagram) {
            return Err(Malformed::TcpChecksum);
        }
        let (src, dst) = ((datagram.src, segment.src), (datagram.dst, segment.dst));
        let (key, lane) = Key::new(src, dst, datagram.v6, TCP, origin.iface);
        let mut found = self.table.find(&key);
        if segment.syn()
            && let Some(slot) = found
            && self.table.get_mut(slot).is_some_and(|flow| is_new_connection(flow, lane, &segment))
        {
            self.close(slot, End::Reused, origin.ts_us, sink);
            found = None;
        }
        let slot = match found {
            Some(slot) => slot,
            None => self.open(key, origin, Phase::HalfOpen, sink),
        };
        let Some(flow) = self.table.get_mut(slot) else { return Ok(()) };
        Work::new(&mut self.shared, sink).segment(flow, lane, &segment, datagram, origin.ts_us);
        // Many packets only acknowledge, where nothing waits for that: what is held stays as it was.
        self.is_as_before =
            found.is_some() && segment.is_bare() && flow.conn.as_ref().is_none_or(|conn| conn.is_straight());
        if !self.is_as_before {
            self.charge(slot);
        }
        self.settle(slot);
        Ok(())
    }
}

/// Whether a SYN begins a connection of its own on the addresses of an old one.
fn is_new_connection(flow: &Flow, lane: usize, segment: &Segment<'_>) -> bool {
    let half = flow.half(lane);
    if !half.is(Half::BASE) || half.base == segment.seq.wrapping_add(1) {
        return false;
    }
    // A server that keeps no state may answer a repeated SYN with another number.
    !(segment.has_ack() && flow.phase == Phase::HalfOpen)
}

impl Work<'_, '_> {
    /// Everything that one segment does to its flow.
    fn segment(&mut self, flow: &mut Flow, lane: usize, segment: &Segment<'_>, datagram: &Datagram<'_>, ts_us: i64) {
        count(flow, lane, segment, datagram, ts_us);
        if segment.syn() {
            syn(flow, lane, segment, ts_us);
        } else if flow.phase == Phase::HalfOpen && !segment.rst() {
            self.establish(flow, lane, ts_us);
        }
        if segment.rst() {
            return self.reset(flow, lane, segment, ts_us);
        }
        if segment.has_ack() {
            acknowledge(flow, lane, segment, ts_us);
        }
        if flow.phase == Phase::Reset {
            return;
        }
        if segment.len() > 0 {
            self.payload(flow, lane, segment, ts_us);
        }
        if segment.fin() {
            fin(flow, lane, segment);
        }
        if flow.conn.is_some() {
            self.advance(flow, ts_us);
            self.settled(flow);
        }
    }

    /// The first packet after the handshake, or any packet of a connection that was open before.
    fn establish(&mut self, flow: &mut Flow, lane: usize, ts_us: i64) {
        let [first, second] = flow.halves;
        match (first.is(Half::SYN), second.is(Half::SYN)) {
            (true, true) if flow.syn_us > 0 && flow.client_lane() == lane => {
                flow.hs_us = since(flow.first_us, ts_us);
            }
            (true, true) => {}
            // The SYN-ACK was not seen, or has not come yet: the client's further packets need an ACK to count.
            (true, false) | (false, true) if flow.half(lane).packets < 2 => return,
            _ => {}
        }
        flow.phase = Phase::Open;
        if flow.client.is_some() {
            self.show_open(flow);
        }
    }

    fn reset(&mut self, flow: &mut Flow, lane: usize, segment: &Segment<'_>, ts_us: i64) {
        let half = *flow.half(lane);
        let other = *flow.half(lane ^ 1);
        let room = other.window_bytes(half.is(Half::SCALE) && other.is(Half::SCALE)).max(65_535) as i64;
        let away = half.offset(segment.seq) - half.next as i64;
        // A SYN is refused with number 0 by a side that has none of its own.
        let refused = flow.phase == Phase::HalfOpen && segment.has_ack();
        if half.packets > 1 && !refused && half.is(Half::BASE) && !(-room..=room).contains(&away) {
            return Engine::odd(self, flow, "rst_out_of_window", ts_us);
        }
        if matches!(flow.phase, Phase::Reset) {
            return;
        }
        // A reset after both sides closed says nothing new.
        if flow.phase != Phase::Closed {
            flow.end = Some(End::Rst);
        }
        self.flush(flow, End::Rst, ts_us);
        flow.phase = Phase::Reset;
    }
}

fn count(flow: &mut Flow, lane: usize, segment: &Segment<'_>, datagram: &Datagram<'_>, ts_us: i64) {
    flow.last_us = flow.last_us.max(ts_us);
    if flow.update_us == NEVER {
        flow.update_us = ts_us.saturating_add(5 * SECOND);
    }
    let syn = segment.syn();
    let half = flow.half_mut(lane);
    half.packets = half.packets.saturating_add(1);
    half.bytes += segment.len();
    half.ttl = datagram.ttl;
    if datagram.ecn != 0 {
        half.set(Half::ECN);
    }
    // A refused SYN is answered with number 0, which says nothing of this direction.
    if !segment.rst() {
        half.begin(segment.seq.wrapping_add(u32::from(syn)));
    }
}

fn syn(flow: &mut Flow, lane: usize, segment: &Segment<'_>, ts_us: i64) {
    let options = segment.options();
    let half = flow.half_mut(lane);
    let again = half.is(Half::SYN);
    if segment.has_ack() && again && half.sent == 0 {
        half.base = segment.seq.wrapping_add(1);
    }
    half.set(Half::SYN);
    half.window = segment.window;
    half.mss = options.mss;
    if options.sack {
        half.set(Half::SACK);
    }
    if let Some(scale) = options.wscale {
        half.set(Half::SCALE);
        half.wscale = scale;
    }
    if segment.has_ack() {
        if flow.client.is_none() {
            flow.client = Some((lane ^ 1) as u8);
            flow.dir_by = DirBy::SynAck;
        }
        if !again && flow.half(lane ^ 1).is(Half::SYN) {
            flow.syn_us = since(flow.first_us, ts_us);
        }
    } else if flow.client.is_none() {
        flow.client = Some(lane as u8);
        flow.dir_by = DirBy::Syn;
    }
}

fn acknowledge(flow: &mut Flow, lane: usize, segment: &Segment<'_>, ts_us: i64) {
    let (mine, theirs) = flow.pair(lane);
    theirs.begin(segment.ack);
    let upto = theirs.offset(segment.ack);
    let forward = upto - theirs.acked as i64;
    if forward > 0 && upto - (theirs.next as i64) < FARTHEST {
        theirs.acked = upto as u64;
        if let Some(conn) = &mut flow.conn {
            conn.lane(lane ^ 1).rtt.acked(upto as u64, ts_us);
        }
    } else if forward == 0
        && segment.len() == 0
        && !segment.syn()
        && !segment.fin()
        && mine.window == segment.window
        && theirs.sent > theirs.acked
    {
        mine.dup_ack = mine.dup_ack.saturating_add(1);
    }
    let (mine, _) = flow.pair(lane);
    mine.window = segment.window;
    if segment.window == 0 && !segment.syn() {
        mine.zero_win = mine.zero_win.saturating_add(1);
    }
}

fn fin(flow: &mut Flow, lane: usize, segment: &Segment<'_>) {
    let half = flow.half_mut(lane);
    if !half.is(Half::FIN) {
        let at = half.offset(segment.seq) + segment.len() as i64;
        half.fin = at.max(half.next as i64) as u32;
        half.set(Half::FIN);
    }
    if flow.halves.iter().all(|half| half.is(Half::FIN)) && flow.phase != Phase::Reset {
        flow.phase = Phase::Closed;
        flow.end.get_or_insert(End::Fin);
    }
}

/// Microseconds between two times plus one; 0 stands for unknown.
fn since(from_us: i64, to_us: i64) -> u32 {
    u32::try_from((to_us - from_us).max(0)).unwrap_or(u32::MAX - 1).saturating_add(1)
}

/// An acknowledgement further ahead than this is noise.
const FARTHEST: i64 = 1 << 30;
