//! Flow records: when a flow opens, every five seconds while it changes, when it ends.

use super::work::Work;
use crate::{
    App, End, Facts, Marks, Verdict,
    mesh::Talk,
    record::{FlowRecord, FlowSide, FlowState, Record, RoundTrip, flow::Inner},
    table::{Flow, Half, ICMP, ICMP6, NEVER, SCTP, TCP, UDP},
};

impl Work<'_, '_> {
    /// Shows a flow for the first time, once who is who is known.
    pub(super) fn show_open(&mut self, flow: &mut Flow) {
        if !flow.shown {
            flow.shown = true;
            self.show(flow, FlowState::Open, flow.first_us);
        }
    }

    /// Five seconds passed since something changed.
    pub(super) fn show_update(&mut self, flow: &mut Flow) {
        let at = flow.update_us;
        flow.update_us = NEVER;
        if flow.end.is_none() {
            self.shared.decide(flow, 0, &[]);
            let state = if flow.shown { FlowState::Update } else { FlowState::Open };
            flow.shown = true;
            self.show(flow, state, at);
        }
    }

    /// The last word about a flow.
    pub(super) fn show_close(&mut self, flow: &mut Flow) {
        self.shared.decide(flow, 0, &[]);
        if let Some(conn) = &mut flow.conn {
            self.shared.mesh.finish(&mut conn.facts.talk);
        }
        self.show(flow, FlowState::Close, flow.last_us);
    }

    fn show(&mut self, flow: &mut Flow, state: FlowState, ts_us: i64) {
        let client = flow.client_lane();
        let known = |us: u32| us.checked_sub(1).map(u64::from);
        let (hs_us, syn_us) = (known(flow.hs_us), known(flow.syn_us));
        let mut marks = Marks::default();
        if let Some(conn) = &flow.conn {
            marks.anomaly = conn.anomaly;
        }
        if flow.halves.iter().any(|half| half.lost > 0) {
            marks.partial.add("gap");
        }
        let number = self.number(flow);
        let envelope = self.shared.envelope(flow, number, ts_us, &marks);
        let facts = flow.conn.as_ref().map(|conn| &conn.facts);
        let record = FlowRecord {
            state,
            proto: proto_name(flow.key.proto()),
            app: facts.map_or(App::Unknown, |facts| facts.app),
            status: status(flow.end, state),
            end_by: flow.end.filter(|_| state == FlowState::Close),
            dir_by: flow.dir_by.name(),
            start_us: flow.first_us,
            end_us: flow.last_us,
            transactions: facts.map_or(0, |facts| facts.transactions),
            hs_us,
            syn_us,
            ack_us: hs_us.zip(syn_us).map(|(hs, syn)| hs.saturating_sub(syn)),
            tls_us: facts.and_then(|facts| facts.tls_us).map(u64::from),
            rtt: round_trip(flow),
            verdict: facts.and_then(verdict).or_else(|| uncertain(flow, state)),
            unparsed: flow.conn.as_ref().map_or(0, |conn| conn.dialog.unparsed()),
            inner: facts.map(|facts| facts.talk).and_then(inner),
            client: side(flow.half(client), flow.key.proto()),
            server: side(flow.half(client ^ 1), flow.key.proto()),
        };
        self.sink.record(&envelope, &Record::Flow(&record));
    }
}

/// The requests that a TLS connection carried, where any were linked with it.
fn inner(talk: Talk) -> Option<Inner> {
    (talk.requests > 0).then_some(Inner { requests: talk.requests, answers: talk.answers })
}

fn status(end: Option<End>, state: FlowState) -> &'static str {
    if state != FlowState::Close {
        return "open";
    }
    match end {
        None => "open",
        Some(End::Fin) => "closed",
        Some(End::Rst) => "reset",
        Some(End::Idle) => "timeout",
        Some(how) => how.name(),
    }
}

fn side(half: &Half, proto: u8) -> FlowSide {
    let tcp = proto == TCP;
    FlowSide {
        packets: u64::from(half.packets),
        bytes: half.bytes,
        unique: tcp.then(|| half.sent.saturating_sub(half.lost)),
        retrans: u64::from(half.retrans),
        ooo: u64::from(half.ooo),
        dup_ack: u64::from(half.dup_ack),
        zero_win: u64::from(half.zero_win),
        lost: half.lost,
        conflict: u64::from(half.conflict),
        isn: half.is(Half::SYN).then(|| half.base.wrapping_sub(1)),
        mss: Some(half.mss).filter(|mss| *mss > 0),
        wscale: half.is(Half::SCALE).then_some(half.wscale),
        sack: half.is(Half::SACK),
        ecn: half.is(Half::ECN),
        ttl: half.ttl,
        tcp,
    }
}

/// Round trips over the longer part of the path: the capture may stand right beside one end.
fn round_trip(flow: &Flow) -> Option<RoundTrip> {
    let conn = flow.conn.as_ref()?;
    let longer = conn.lanes.iter().map(|lane| &lane.rtt).filter(|rtt| rtt.samples() > 0).max_by_key(|rtt| rtt.min)?;
    Some(RoundTrip { min_us: longer.min, p50_us: longer.p50(), max_us: longer.max })
}

fn proto_name(proto: u8) -> &'static str {
    match proto {
        TCP => "tcp",
        UDP => "udp",
        ICMP => "icmp",
        ICMP6 => "icmpv6",
        SCTP => "sctp",
        47 => "gre",
        50 => "esp",
        51 => "ah",
        4 | 41 => "ipip",
        super::datagram::ARP => "arp",
        _ => "other",
    }
}

/// What TLS or QUIC said; else that a known protocol was spoken in the clear.
fn verdict(facts: &Facts) -> Option<Verdict> {
    let plain = Verdict { code: "plaintext", why: "the connection is not encrypted" };
    facts.verdict.or_else(|| (facts.app != App::Unknown).then_some(plain))
}

/// Bytes came, and no protocol that is known here is in them. Encrypted or not: that cannot be said of bytes alone.
fn uncertain(flow: &Flow, state: FlowState) -> Option<Verdict> {
    let carries = state != FlowState::Open
        && matches!(flow.key.proto(), TCP | UDP)
        && flow.halves.iter().any(|half| half.bytes > 0);
    carries.then_some(Verdict {
        code: "uncertain",
        why: "no protocol that is known here is spoken in it, in the clear or encrypted: save the packets and look at the bytes",
    })
}
