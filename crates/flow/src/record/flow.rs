//! The `flow` record: one connection, or one exchange of datagrams.

use crate::{App, End, Verdict, json::Object};

/// A flow as it stands.
#[derive(Clone, Copy, Debug)]
pub struct FlowRecord<'a> {
    /// Opened, changed, ended.
    pub state: FlowState,
    /// `tcp`, `udp`, `icmp`, …
    pub proto: &'a str,
    /// The innermost protocol.
    pub app: App,
    /// `open`, `closed`, `reset`, `timeout`, `reused`, `evicted`, `eof`.
    pub status: &'a str,
    /// How it ended.
    pub end_by: Option<End>,
    /// How the client was told from the server.
    pub dir_by: &'a str,
    /// Epoch microseconds of the first and the last packet.
    pub start_us: i64,
    /// See `start_us`.
    pub end_us: i64,
    /// Transactions found in it.
    pub transactions: u64,
    /// SYN to the ACK of the SYN-ACK.
    pub hs_us: Option<u64>,
    /// SYN to SYN-ACK.
    pub syn_us: Option<u64>,
    /// SYN-ACK to its ACK.
    pub ack_us: Option<u64>,
    /// The TLS handshake.
    pub tls_us: Option<u64>,
    /// Round trips.
    pub rtt: Option<RoundTrip>,
    /// Whether its content can be read.
    pub verdict: Option<Verdict>,
    /// Bytes before the first message start that was found.
    pub unparsed: u64,
    /// Of a TLS connection to a proxy of the pod or from it: the requests in the clear that it carried.
    pub inner: Option<Inner>,
    /// What the client sent.
    pub client: FlowSide,
    /// What the server sent.
    pub server: FlowSide,
}

/// Requests in the clear that a TLS connection carried.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Inner {
    /// That were linked with it.
    pub requests: u64,
    /// Of those, the ones whose responses agree in bytes too.
    pub answers: u64,
}

/// Why a flow record was made.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum FlowState {
    /// The first of a flow.
    Open,
    /// It changed.
    Update,
    /// The last of a flow.
    Close,
}

/// Round-trip times in microseconds; the middle one to about an eighth.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct RoundTrip {
    /// The shortest.
    pub min_us: u32,
    /// The middle one.
    pub p50_us: u32,
    /// The longest.
    pub max_us: u32,
}

/// Counters of one direction.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct FlowSide {
    /// Packets seen.
    pub packets: u64,
    /// Payload bytes on the wire, with repetitions.
    pub bytes: u64,
    /// Payload bytes without repetitions.
    pub unique: Option<u64>,
    /// Segments that repeated bytes.
    pub retrans: u64,
    /// Segments that came after a later one.
    pub ooo: u64,
    /// Acknowledgements that were repeated.
    pub dup_ack: u64,
    /// Packets that announced a closed window.
    pub zero_win: u64,
    /// Bytes that are missing.
    pub lost: u64,
    /// Segments whose bytes differ from what was there.
    pub conflict: u64,
    /// Its initial sequence number, of a SYN that was seen: the same at both ends, whatever addresses a translation put
    /// there.
    pub isn: Option<u32>,
    /// The largest segment it takes.
    pub mss: Option<u16>,
    /// Its window scale.
    pub wscale: Option<u8>,
    /// It offered selective acknowledgements.
    pub sack: bool,
    /// A packet had an ECN code point.
    pub ecn: bool,
    /// The hop limit of its last packet.
    pub ttl: u8,
    /// It is a side of a TCP connection.
    pub tcp: bool,
}

impl FlowState {
    /// Its name in records.
    #[must_use]
    pub fn name(self) -> &'static str {
        match self {
            Self::Open => "open",
            Self::Update => "update",
            Self::Close => "close",
        }
    }
}

impl FlowRecord<'_> {
    pub(crate) fn write(&self, object: &mut Object<'_>) {
        object.word("state", self.state.name());
        object.word("proto", self.proto);
        object.word("app", self.app.name());
        object.word("status", self.status);
        if let Some(how) = self.end_by {
            object.word("end_by", how.name());
        }
        object.word("dir_by", self.dir_by);
        object.int("start", self.start_us);
        object.int("end", self.end_us);
        object.uint("transactions", self.transactions);
        object.maybe("hs_us", self.hs_us);
        object.maybe("syn_us", self.syn_us);
        object.maybe("ack_us", self.ack_us);
        object.maybe("tls_us", self.tls_us);
        if let Some(rtt) = self.rtt {
            let mut inner = object.object("rtt");
            inner.uint("min", u64::from(rtt.min_us));
            inner.uint("p50", u64::from(rtt.p50_us));
            inner.uint("max", u64::from(rtt.max_us));
        }
        if let Some(verdict) = self.verdict {
            let mut inner = object.object("verdict");
            inner.word("code", verdict.code);
            inner.text("why", verdict.why);
        }
        if self.unparsed > 0 {
            object.uint("unparsed_before_sync", self.unparsed);
        }
        if let Some(inner) = self.inner {
            let mut object = object.object("inner");
            object.uint("requests", inner.requests);
            object.uint("answers", inner.answers);
        }
        self.client.write(&mut object.object("c"));
        self.server.write(&mut object.object("s"));
    }
}

impl FlowSide {
    fn write(&self, object: &mut Object<'_>) {
        object.uint("packets", self.packets);
        object.uint("bytes", self.bytes);
        if self.tcp {
            object.maybe("unique", self.unique);
            if self.retrans | self.ooo | self.dup_ack | self.zero_win | self.lost | self.conflict == 0 {
                object.members(UNDISTURBED);
            } else {
                object.uint("retrans", self.retrans);
                object.uint("ooo", self.ooo);
                object.uint("dup_ack", self.dup_ack);
                object.uint("zero_win", self.zero_win);
                object.uint("lost", self.lost);
                object.uint("conflict", self.conflict);
            }
            object.maybe("isn", self.isn.map(u64::from));
            object.maybe("mss", self.mss.map(u64::from));
            object.maybe("wscale", self.wscale.map(u64::from));
            object.bool("sack", self.sack);
        }
        object.bool("ecn", self.ecn);
        object.uint("ttl", u64::from(self.ttl));
    }
}

/// The counters of a side of which nothing is odd.
const UNDISTURBED: &[u8] = br#""retrans":0,"ooo":0,"dup_ack":0,"zero_win":0,"lost":0,"conflict":0"#;
