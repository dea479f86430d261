//! ICMP and ICMPv6: echo exchanges are flows; errors are records that name the flow they are about.

use super::{Engine, intake::Origin, work::Work};
use crate::{
    Marks, Sink,
    bytes::{u8_at, u16_at},
    ip::{self, Datagram},
    malformed::Malformed,
    record::{IcmpRecord, Record},
    table::{ICMP6, Key, SCTP, TCP, UDP},
};

/// An echo request that waits for its reply.
#[derive(Clone, Copy, Debug)]
pub(super) struct Echo {
    slot: u32,
    seq: u16,
    ts_us: i64,
}

/// What a type means here.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Kind {
    Request,
    Reply,
    Error,
    Other,
}

impl Engine {
    pub(super) fn icmp(
        &mut self,
        datagram: &Datagram<'_>,
        origin: &Origin,
        sink: &mut dyn Sink,
    ) -> Result<(), Malformed> {
        let bytes = datagram.payload;
        let (kind, code) = (u8_at(bytes, 0).ok_or(Malformed::Icmp)?, u8_at(bytes, 1).ok_or(Malformed::Icmp)?);
        let what = meaning(datagram.proto, kind);
        let echo = matches!(what, Kind::Request | Kind::Reply);
        let id = if echo { u16_at(bytes, 4).ok_or(Malformed::Icmp)? } else { 0 };
        let Some(slot) = self.count_only(datagram, (id, id), origin, sink) else { return Ok(()) };
        let mut record = IcmpRecord { kind, code, echo_us: None, about: None };
        match what {
            Kind::Request => {
                if self.echoes.len() >= ECHOES {
                    self.echoes.pop_front();
                }
                let seq = u16_at(bytes, 6).ok_or(Malformed::Icmp)?;
                self.echoes.push_back(Echo { slot, seq, ts_us: origin.ts_us });
                return Ok(());
            }
            Kind::Reply => {
                let seq = u16_at(bytes, 6).ok_or(Malformed::Icmp)?;
                let sent = self.echoes.iter().rposition(|echo| echo.slot == slot && echo.seq == seq);
                let sent = sent.and_then(|at| self.echoes.remove(at));
                record.echo_us = sent.and_then(|echo| u64::try_from(origin.ts_us - echo.ts_us).ok());
            }
            Kind::Error => record.about = self.about(datagram, origin),
            Kind::Other => return Ok(()),
        }
        let Some(flow) = self.table.get_mut(slot) else { return Ok(()) };
        Work::new(&mut self.shared, sink).send(flow, origin.ts_us, &Marks::default(), &Record::Icmp(&record));
        Ok(())
    }

    /// The flow whose packet an error quotes.
    fn about(&mut self, datagram: &Datagram<'_>, origin: &Origin) -> Option<crate::FlowId> {
        let quoted = datagram.payload.get(8..)?;
        // Errors quote only the head of a packet: whatever lacks was cut.
        let inner = ip::datagram(quoted, 1 << 16, false).ok()?;
        let ports = match inner.proto {
            TCP | UDP | SCTP => (u16_at(inner.payload, 0)?, u16_at(inner.payload, 2)?),
            proto if meaning(proto, u8_at(inner.payload, 0)?) == Kind::Request => {
                let id = u16_at(inner.payload, 4)?;
                (id, id)
            }
            _ => (0, 0),
        };
        let (key, _) = Key::new((inner.src, ports.0), (inner.dst, ports.1), inner.v6, inner.proto, origin.iface);
        let slot = self.table.find(&key)?;
        self.table.get_mut(slot).map(|flow| flow.id)
    }
}

fn meaning(proto: u8, kind: u8) -> Kind {
    match (proto == ICMP6, kind) {
        (false, 8) | (true, 128) => Kind::Request,
        (false, 0) | (true, 129) => Kind::Reply,
        (false, 3 | 4 | 5 | 11 | 12) | (true, 1..=4) => Kind::Error,
        _ => Kind::Other,
    }
}

/// Echo requests that are remembered.
const ECHOES: usize = 1024;
