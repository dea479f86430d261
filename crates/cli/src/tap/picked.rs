//! Which packets belong to the records that were chosen: their flows by ends and time, and what to say of them.

use std::collections::HashMap;
use std::net::IpAddr;

use flow::{Endpoint, Envelope, FlowId, Record, record::FlowState};

use super::table;

/// The two ends of a flow, the smaller one first.
type Ends = [(IpAddr, u16); 2];

/// Flows of chosen records, and comments for packets.
#[derive(Default)]
pub(super) struct Picked {
    /// Where each chosen flow runs; without an end it is any time.
    flows: HashMap<FlowId, (Ends, Option<(i64, i64)>)>,
    /// The same by ends, once everything is known.
    by_ends: HashMap<Ends, Vec<(i64, i64)>>,
    by_ips: HashMap<[IpAddr; 2], Vec<(i64, i64)>>,
    comments: HashMap<(Ends, i64), String>,
}

impl Picked {
    /// A chosen record.
    pub(super) fn take(&mut self, envelope: &Envelope<'_>, record: &Record<'_>, line: &[u8]) {
        let (Some(flow), Some(ends)) = (envelope.flow, ends(envelope.src, envelope.dst)) else { return };
        self.flows.entry(flow).or_insert((ends, None));
        let told = !matches!(record, Record::Flow(_) | Record::Stats(_));
        if told && self.comments.len() < MOST_COMMENTS {
            self.comments.entry((ends, envelope.ts_us)).or_insert_with(|| table::comment(line));
        }
    }

    /// Any flow record: the last one of a chosen flow says when it was.
    pub(super) fn flow(&mut self, envelope: &Envelope<'_>, record: &Record<'_>) {
        let Record::Flow(flow) = record else { return };
        if flow.state == FlowState::Close
            && let Some((_, span)) = envelope.flow.and_then(|id| self.flows.get_mut(&id))
        {
            *span = Some((flow.start_us, flow.end_us));
        }
    }

    /// Everything was taken: makes ready to be asked.
    pub(super) fn ready(&mut self) {
        for (ends, span) in self.flows.drain().map(|(_, flow)| flow) {
            let span = span.unwrap_or((i64::MIN, i64::MAX));
            self.by_ends.entry(ends).or_default().push(span);
            let [(first, _), (second, _)] = ends;
            self.by_ips.entry(order([first, second])).or_default().push(span);
        }
    }

    /// Whether a packet belongs to a chosen flow. Later fragments, which have no ports, belong when their addresses do.
    pub(super) fn has(&self, packet: &flow::Ends, ts_us: i64) -> bool {
        let spans = match packet.ports {
            Some((from, to)) => self.by_ends.get(&sorted((packet.src, from), (packet.dst, to))),
            None => self.by_ends.get(&sorted((packet.src, 0), (packet.dst, 0))).or_else(|| {
                self.by_ips.get(&order([packet.src, packet.dst])).filter(|_| matches!(packet.proto, 6 | 17))
            }),
        };
        spans.is_some_and(|spans| spans.iter().any(|(from, to)| (*from..=*to).contains(&ts_us)))
    }

    /// What to say of a packet; said once.
    pub(super) fn comment(&mut self, packet: &flow::Ends, ts_us: i64) -> Option<String> {
        let (from, to) = packet.ports.unwrap_or_default();
        self.comments.remove(&(sorted((packet.src, from), (packet.dst, to)), ts_us))
    }
}

fn ends(src: Option<Endpoint>, dst: Option<Endpoint>) -> Option<Ends> {
    let end = |end: Endpoint| (end.ip, end.port.unwrap_or(0));
    Some(sorted(end(src?), end(dst?)))
}

fn sorted(one: (IpAddr, u16), other: (IpAddr, u16)) -> Ends {
    if one <= other { [one, other] } else { [other, one] }
}

fn order([one, other]: [IpAddr; 2]) -> [IpAddr; 2] {
    if one <= other { [one, other] } else { [other, one] }
}

/// Comments that are kept: about 100 bytes each.
const MOST_COMMENTS: usize = 500_000;
