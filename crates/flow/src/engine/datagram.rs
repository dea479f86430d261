//! UDP, and what is only counted: SCTP, ARP, other protocols.

use super::{Engine, intake::Origin, work::Work};
use crate::{
    Chunk, Sink,
    bytes::{u16_at, u32_at},
    ip::{Address, Datagram},
    malformed::Malformed,
    table::{Flow, Half, Key, NEVER, Phase, SCTP},
};

impl Engine {
    pub(super) fn udp(
        &mut self,
        datagram: &Datagram<'_>,
        origin: &Origin,
        sink: &mut dyn Sink,
    ) -> Result<(), Malformed> {
        let bytes = datagram.payload;
        let (src, dst) = (u16_at(bytes, 0).ok_or(Malformed::Udp)?, u16_at(bytes, 2).ok_or(Malformed::Udp)?);
        let length = usize::from(u16_at(bytes, 4).ok_or(Malformed::Udp)?);
        let whole = bytes.len() + datagram.cut as usize;
        // 0 is a jumbogram or an offloaded frame: as long as the IP payload.
        let length = if length == 0 { whole } else { length };
        if !(8..=whole).contains(&length) {
            return Err(Malformed::Udp);
        }
        let payload = bytes.get(8..length.min(bytes.len())).unwrap_or_default();
        let cut = (length - 8 - payload.len()) as u32;
        let ports = (src, dst);
        let Some((slot, lane)) = self.exchange(datagram, ports, length - 8, origin, sink) else { return Ok(()) };
        let Some(flow) = self.table.get_mut(slot) else { return Ok(()) };
        if length > 8 {
            let mut work = Work::new(&mut self.shared, sink);
            work.datagram(flow, lane, payload, cut, origin.ts_us);
        }
        self.charge(slot);
        self.settle(slot);
        Ok(())
    }

    /// A protocol that is only counted.
    pub(super) fn other(
        &mut self,
        datagram: &Datagram<'_>,
        origin: &Origin,
        sink: &mut dyn Sink,
    ) -> Result<(), Malformed> {
        let mut ports = (0, 0);
        if datagram.proto == SCTP {
            let read = |at| u16_at(datagram.payload, at).ok_or(Malformed::IpLength);
            ports = (read(0)?, read(2)?);
        }
        self.count_only(datagram, ports, origin, sink);
        Ok(())
    }

    /// Counts a datagram on its flow.
    pub(super) fn count_only(
        &mut self,
        datagram: &Datagram<'_>,
        ports: (u16, u16),
        origin: &Origin,
        sink: &mut dyn Sink,
    ) -> Option<u32> {
        let length = datagram.payload.len() + datagram.cut as usize;
        let (slot, lane) = self.exchange(datagram, ports, length, origin, sink)?;
        if let Some(flow) = self.table.get_mut(slot) {
            self.shared.decide(flow, lane, &[]);
            Work::new(&mut self.shared, sink).show_open(flow);
        }
        self.charge(slot);
        self.settle(slot);
        Some(slot)
    }

    pub(super) fn arp(&mut self, bytes: &[u8], origin: &Origin, sink: &mut dyn Sink) -> Result<(), Malformed> {
        // Only IPv4 over six-byte hardware addresses is a flow; others are rare and carry no IP address.
        if u16_at(bytes, 2) != Some(0x0800) || u16_at(bytes, 4) != Some(0x0604) {
            return Ok(());
        }
        let sender = u32_at(bytes, 14).ok_or(Malformed::Link)?;
        let target = u32_at(bytes, 24).ok_or(Malformed::Link)?;
        let datagram = Datagram {
            src: Address::v4(sender),
            dst: Address::v4(target),
            v6: false,
            proto: ARP,
            ttl: 0,
            ecn: 0,
            payload: &[],
            cut: 0,
            fragment: None,
        };
        self.count_only(&datagram, (0, 0), origin, sink);
        Ok(())
    }

    /// The flow of a datagram, with the datagram counted.
    fn exchange(
        &mut self,
        datagram: &Datagram<'_>,
        ports: (u16, u16),
        length: usize,
        origin: &Origin,
        sink: &mut dyn Sink,
    ) -> Option<(u32, usize)> {
        let (src, dst) = ((datagram.src, ports.0), (datagram.dst, ports.1));
        let (key, lane) = Key::new(src, dst, datagram.v6, datagram.proto, origin.iface);
        let slot = match self.table.find(&key) {
            Some(slot) => slot,
            None => self.open(key, origin, Phase::Datagrams, sink),
        };
        let flow = self.table.get_mut(slot)?;
        count(flow, lane, datagram, length, origin.ts_us);
        Some((slot, lane))
    }
}

impl Work<'_, '_> {
    fn datagram(&mut self, flow: &mut Flow, lane: usize, bytes: &[u8], cut: u32, ts_us: i64) {
        if flow.conn.is_none() {
            if !self.shared.config.limits.apps {
                self.shared.decide(flow, lane, &[]);
                if self.shared.config.limits.stream {
                    let offset = flow.half(lane).next;
                    flow.half_mut(lane).next += bytes.len() as u64 + u64::from(cut);
                    let chunk = Chunk { bytes, offset, ts_us, first_ts_us: ts_us, acked: 0, cut };
                    self.sink.stream(flow.id, flow.side(lane), &chunk);
                }
                return self.show_open(flow);
            }
            self.shared.decide_datagram(flow, lane);
            self.connect(flow, lane, bytes);
        }
        let Some(mut conn) = flow.conn.take() else { return };
        let side = flow.side(lane);
        let offset = flow.half(lane).next;
        self.place(flow, lane, offset, bytes);
        flow.half_mut(lane).next += bytes.len() as u64 + u64::from(cut);
        let client = flow.client_lane();
        conn.facts.seen = [flow.half(client).packets > 0, flow.half(client ^ 1).packets > 0];
        let acked = flow.half(lane ^ 1).next;
        let chunk = Chunk { bytes, offset, ts_us, first_ts_us: ts_us, acked, cut };
        let (mut cx, dialog) = self.context(&mut conn);
        dialog.data(side, &chunk, &mut cx);
        flow.conn = Some(conn);
        self.settled(flow);
    }
}

fn count(flow: &mut Flow, lane: usize, datagram: &Datagram<'_>, length: usize, ts_us: i64) {
    flow.last_us = flow.last_us.max(ts_us);
    if flow.update_us == NEVER {
        flow.update_us = ts_us.saturating_add(super::close::UPDATE_US);
    }
    let half = flow.half_mut(lane);
    half.packets = half.packets.saturating_add(1);
    half.bytes += length as u64;
    half.ttl = datagram.ttl;
    if datagram.ecn != 0 {
        half.set(Half::ECN);
    }
}

/// The number that stands for ARP in keys: reserved by IANA for experiments, never on the wire here.
pub(super) const ARP: u8 = 254;
