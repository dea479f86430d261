//! From a packet to its flow: clock, link, IP, fragments, tunnels.

use super::{Engine, work::Work};
use crate::{
    Marks, Packet, Sink,
    bytes::{u8_at, u16_at},
    ip::{self, Datagram},
    link::{self, Network},
    malformed::Malformed,
    record::{AnomalyRecord, Record},
    table::{ICMP, ICMP6, TCP, UDP},
};

/// Where a datagram came from.
#[derive(Clone, Copy, Debug)]
pub(super) struct Origin {
    pub(super) iface: u32,
    pub(super) ts_ns: u64,
    pub(super) ts_us: i64,
    /// Tunnels around it.
    depth: u8,
}

impl Engine {
    pub(super) fn take(&mut self, packet: &Packet<'_>, sink: &mut dyn Sink) {
        self.packets += 1;
        self.bytes += u64::from(packet.orig_len);
        let ts_us = (packet.ts_ns / 1000) as i64;
        self.clock(ts_us, packet.iface, sink);
        let origin = Origin { iface: packet.iface, ts_ns: packet.ts_ns, ts_us, depth: 0 };
        let missing = packet.orig_len.saturating_sub(packet.bytes.len() as u32);
        let result = match link::network(packet.link, packet.bytes) {
            Ok(network) => self.network(network, missing, &origin, sink),
            Err(reason) => Err(reason),
        };
        if let Err(reason) = result {
            self.malformed(reason, &origin, sink);
        }
        if !std::mem::take(&mut self.is_as_before) {
            self.make_room(sink);
        }
    }

    /// Time goes on; what was due before this packet happens first.
    fn clock(&mut self, ts_us: i64, iface: u32, sink: &mut dyn Sink) {
        let now = self.shared.now_us;
        if ts_us >= now {
            self.shared.now_us = ts_us;
            self.run_timers(ts_us, sink);
        } else if now - ts_us > JUMP_US {
            self.shared.now_us = ts_us;
            self.restart_timers(ts_us);
            let record = AnomalyRecord { code: "time_jump", detail: "packets went back in time", count: 1 };
            Work::new(&mut self.shared, sink).alone(ts_us, iface, &Record::Anomaly(&record));
        }
    }

    fn network(
        &mut self,
        network: Network<'_>,
        missing: u32,
        origin: &Origin,
        sink: &mut dyn Sink,
    ) -> Result<(), Malformed> {
        match network {
            Network::Ip(bytes) => self.ip(bytes, missing, origin, sink),
            Network::Arp(bytes) => self.arp(bytes, origin, sink),
            Network::Other => Ok(()),
        }
    }

    fn ip(&mut self, bytes: &[u8], missing: u32, origin: &Origin, sink: &mut dyn Sink) -> Result<(), Malformed> {
        let datagram = ip::datagram(bytes, missing, self.shared.config.limits.checksums)?;
        let Some(part) = datagram.fragment else { return self.transport(&datagram, origin, sink) };
        let Some(whole) = self.fragments.add(&datagram, part, origin.ts_us)? else { return Ok(()) };
        let datagram = Datagram { payload: &whole, fragment: None, cut: 0, ..datagram };
        self.transport(&datagram, origin, sink)
    }

    fn transport(&mut self, datagram: &Datagram<'_>, origin: &Origin, sink: &mut dyn Sink) -> Result<(), Malformed> {
        match datagram.proto {
            TCP => self.tcp(datagram, origin, sink),
            UDP => {
                if self.shared.config.limits.decap && self.udp_tunnel(datagram, origin, sink)? {
                    return Ok(());
                }
                self.udp(datagram, origin, sink)
            }
            ICMP | ICMP6 => self.icmp(datagram, origin, sink),
            4 | 41 if self.shared.config.limits.decap => {
                self.ip(datagram.payload, datagram.cut, &deeper(origin)?, sink)
            }
            47 if self.shared.config.limits.decap => self.gre(datagram, origin, sink),
            _ => self.other(datagram, origin, sink),
        }
    }

    /// VXLAN and Geneve. False when it is neither.
    fn udp_tunnel(&mut self, datagram: &Datagram<'_>, origin: &Origin, sink: &mut dyn Sink) -> Result<bool, Malformed> {
        let bytes = datagram.payload;
        let inner = match u16_at(bytes, 2) {
            Some(4789) if u8_at(bytes, 8).is_some_and(|flags| flags & 8 != 0) => bytes.get(16..).map(link::ethernet),
            Some(6081) => {
                let options = usize::from(u8_at(bytes, 8).unwrap_or(0) & 0x3f) * 4;
                let kind = u16_at(bytes, 10);
                if kind == Some(0x6558) {
                    bytes.get(16 + options..).map(link::ethernet)
                } else {
                    Some(link::by_type(kind, bytes, 16 + options))
                }
            }
            _ => None,
        };
        let Some(network) = inner else { return Ok(false) };
        self.network(network?, datagram.cut, &deeper(origin)?, sink)?;
        Ok(true)
    }

    fn gre(&mut self, datagram: &Datagram<'_>, origin: &Origin, sink: &mut dyn Sink) -> Result<(), Malformed> {
        let bytes = datagram.payload;
        let flags = u16_at(bytes, 0).ok_or(Malformed::Tunnel)?;
        // Checksum, key and sequence number are four bytes each.
        let optional = [0x8000, 0x2000, 0x1000].iter().filter(|bit| flags & **bit != 0).count() * 4;
        if flags & 0x4007 != 0 {
            return self.other(datagram, origin, sink);
        }
        let kind = u16_at(bytes, 2);
        let network = if kind == Some(0x6558) {
            link::ethernet(bytes.get(4 + optional..).ok_or(Malformed::Tunnel)?)?
        } else {
            link::by_type(kind, bytes, 4 + optional)?
        };
        self.network(network, datagram.cut, &deeper(origin)?, sink)
    }

    fn malformed(&mut self, reason: Malformed, origin: &Origin, sink: &mut dyn Sink) {
        if self.malformed.add(reason) == 1 {
            let record = AnomalyRecord { code: reason.name(), detail: "a packet could not be read", count: 1 };
            Work::new(&mut self.shared, sink).alone(origin.ts_us, origin.iface, &Record::Anomaly(&record));
        }
    }

    /// Runs what is due.
    pub(super) fn run_timers(&mut self, now_us: i64, sink: &mut dyn Sink) {
        while let Some((at, slot)) = self.table.due(now_us) {
            self.due(slot, at, now_us, sink);
        }
        let shared = &mut self.shared;
        if shared.dns.due() <= now_us {
            shared.dns.advance(now_us, &mut shared.seq, sink);
        }
    }

    /// The clock went back: flows are as old as now at most.
    fn restart_timers(&mut self, now_us: i64) {
        for slot in self.table.slots() {
            let Some(flow) = self.table.get_mut(slot) else { continue };
            flow.last_us = flow.last_us.min(now_us);
            flow.first_us = flow.first_us.min(now_us);
            flow.update_us = flow.update_us.min(now_us.saturating_add(crate::table::SECOND * 5));
            if let Some(conn) = &mut flow.conn {
                conn.wake = conn.wake.map(|at| at.min(now_us));
                for lane in &mut conn.lanes {
                    lane.missing_us = lane.missing_us.map(|at| at.min(now_us));
                    lane.waiting_us = lane.waiting_us.map(|at| at.min(now_us));
                }
            }
            self.table.schedule(slot);
        }
    }

    /// Says something odd about a flow, once.
    pub(super) fn odd(work: &mut Work<'_, '_>, flow: &mut crate::table::Flow, code: &'static str, ts_us: i64) {
        if let Some(conn) = &mut flow.conn {
            if conn.anomaly.iter().any(|have| have == code) {
                return;
            }
            conn.anomaly.add(code);
        }
        let record = AnomalyRecord { code, detail: "", count: 1 };
        work.send(flow, ts_us, &Marks::default(), &Record::Anomaly(&record));
    }
}

fn deeper(origin: &Origin) -> Result<Origin, Malformed> {
    if origin.depth >= TUNNELS { Err(Malformed::Tunnel) } else { Ok(Origin { depth: origin.depth + 1, ..*origin }) }
}

/// Tunnels inside each other.
const TUNNELS: u8 = 4;
/// Packets may go back in time by this much.
const JUMP_US: i64 = 1_000_000;
