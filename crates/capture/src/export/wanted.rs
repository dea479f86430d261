//! Which packets belong to chosen flows: by pod, ends and time.

use crate::line::Members;
use std::collections::HashMap;
use std::net::IpAddr;

/// The two ends of a flow, the smaller one first; ports are 0 where there are none.
type Ends = [(IpAddr, u16); 2];

/// Begin and end of flows between the same ends, in epoch microseconds.
type Spans = Vec<(i64, i64)>;

/// Flows of chosen records.
#[derive(Debug, Default)]
pub(crate) struct Wanted {
    flows: HashMap<u128, (Ends, usize)>,
    /// When flows that are over began and ended, in epoch microseconds.
    spans: HashMap<u128, (i64, i64)>,
    by_ends: HashMap<(usize, Ends), Spans>,
    by_ips: HashMap<(usize, [IpAddr; 2]), Spans>,
}

impl Wanted {
    /// A chosen record.
    pub(crate) fn take(&mut self, flow: u128, pod: usize, members: &Members<'_>) {
        if flow != 0
            && let (Some(src), Some(dst)) = (end(members, "src"), end(members, "dst"))
        {
            self.flows.entry(flow).or_insert((sorted(src, dst), pod));
        }
    }

    /// Any `flow` record: the last one of a flow says when it was.
    pub(crate) fn flow(&mut self, flow: u128, members: &Members<'_>) {
        if members.is("state", "close")
            && let (Some(start), Some(end)) = (members.int("start"), members.int("end"))
        {
            self.spans.insert(flow, (start, end));
        }
    }

    /// Everything was taken: makes ready to be asked.
    pub(crate) fn ready(mut self) -> Self {
        for (flow, (ends, pod)) in std::mem::take(&mut self.flows) {
            let span = self.spans.get(&flow).copied().unwrap_or((i64::MIN, i64::MAX));
            self.by_ends.entry((pod, ends)).or_default().push(span);
            let [(first, _), (second, _)] = ends;
            self.by_ips.entry((pod, [first, second])).or_default().push(span);
        }
        self.spans.clear();
        self
    }

    /// Whether a packet of a pod belongs to a chosen flow. Later fragments have no ports: they belong when their
    /// addresses do.
    pub(crate) fn has(&self, packet: &flow::Ends, pod: usize, ts_us: i64) -> bool {
        let (from, to) = packet.ports.unwrap_or_default();
        let ends = sorted((packet.src, from), (packet.dst, to));
        let [(first, _), (second, _)] = ends;
        let spans = self.by_ends.get(&(pod, ends)).or_else(|| {
            let fragment = packet.ports.is_none() && matches!(packet.proto, 6 | 17);
            self.by_ips.get(&(pod, [first, second])).filter(|_| fragment)
        });
        spans.is_some_and(|spans| spans.iter().any(|(start, end)| (*start..=*end).contains(&ts_us)))
    }
}

fn end(members: &Members<'_>, side: &str) -> Option<(IpAddr, u16)> {
    let inner = Members::of(members.raw(side)?);
    let port = inner.int("port").and_then(|port| u16::try_from(port).ok()).unwrap_or(0);
    Some((inner.plain("ip").parse().ok()?, port))
}

fn sorted(one: (IpAddr, u16), other: (IpAddr, u16)) -> Ends {
    if one <= other { [one, other] } else { [other, one] }
}
