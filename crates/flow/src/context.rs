//! What a parser knows beside the bytes, and where its records go.

use crate::hints::Hints;
use crate::record::{Endpoint, HttpRecord, http::Outer};
use crate::{Called, Envelope, Limits, Marks, Record, Side, Sink, record::MaskSpan, redact::Redaction};
use crate::{FlowId, RecordId};

/// Facts about one connection. The flow table owns them; parsers read them and add what they learn.
#[derive(Clone, Debug)]
pub struct Facts {
    /// The flow.
    pub flow: FlowId,
    /// Who opened it.
    pub client: Endpoint,
    /// Who accepted it.
    pub server: Endpoint,
    /// Where it was seen.
    pub iface: u32,
    /// Stream or datagrams.
    pub transport: Transport,
    /// Microseconds of the TCP handshake, when it was seen.
    pub hs_us: Option<u32>,
    /// Microseconds of the TLS handshake, set by its parser.
    pub tls_us: Option<u32>,
    /// Why the content can or cannot be read, set by the parser of TLS or QUIC.
    pub verdict: Option<Verdict>,
    /// The innermost protocol, as it stands in `app` of the flow's records.
    pub app: crate::App,
    /// Transactions found so far; parsers count them.
    pub transactions: u64,
    /// The start of the connection was not seen.
    pub no_syn: bool,
    /// Records emitted so far; counts their ids.
    pub records: u64,
    /// Whether packets of the client and of the server were seen.
    pub seen: [bool; 2],
    /// What an HTTP upgrade said of the protocol that followed it.
    pub upgrade: Option<Box<Upgrade>>,
    /// What the connection spoke before it became what it speaks now.
    pub before: crate::App,
    /// How many layers of encryption were opened above what is parsed now.
    pub layers: u8,
    /// What the client called the server.
    pub called: Option<Box<Called>>,
    /// Its exchanges, or the TLS connections of the requests on it.
    pub(crate) talk: crate::mesh::Talk,
}

/// The HTTP transaction that made a connection something else.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Upgrade {
    /// Its record.
    pub record: RecordId,
    /// The server's `upgrade` header, or `connect`.
    pub protocol: Vec<u8>,
    /// The server's `sec-websocket-extensions`.
    pub extensions: Vec<u8>,
    /// What was asked, where the new protocol answers it: HTTP/2 on its first stream.
    pub asked: Option<Asked>,
}

/// The request that asked for an upgrade, secrets already replaced.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Asked {
    /// The method.
    pub method: Vec<u8>,
    /// The host.
    pub host: Vec<u8>,
    /// Path and query.
    pub target: Vec<u8>,
    /// Epoch microseconds of its first byte.
    pub first_us: i64,
    /// Epoch microseconds of its last byte.
    pub last_us: i64,
}

impl Facts {
    /// A connection of which nothing else is known.
    #[must_use]
    pub fn new(flow: FlowId, client: Endpoint, server: Endpoint, transport: Transport) -> Self {
        Self {
            flow,
            client,
            server,
            iface: 0,
            transport,
            hs_us: None,
            tls_us: None,
            verdict: None,
            app: crate::App::Unknown,
            transactions: 0,
            no_syn: false,
            records: 0,
            seen: [false; 2],
            upgrade: None,
            before: crate::App::Unknown,
            layers: 0,
            called: None,
            talk: crate::mesh::Talk::default(),
        }
    }

    /// Packets of this side were seen.
    #[must_use]
    pub fn has_seen(&self, side: Side) -> bool {
        let [client, server] = self.seen;
        match side {
            Side::Client => client,
            Side::Server => server,
        }
    }
}

/// Stream or datagrams.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Transport {
    /// TCP: in-order bytes.
    Stream,
    /// UDP: each chunk is one datagram.
    Datagram,
}

/// Whether the content of a connection can be read, and why.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Verdict {
    /// One of the codes of `verdict` in flow records.
    pub code: &'static str,
    /// What to do next, in words.
    pub why: &'static str,
}

/// Handed to a parser with every call.
pub struct Context<'a, 's> {
    /// The connection.
    pub facts: &'a mut Facts,
    /// Sizes.
    pub limits: &'a Limits,
    /// What to hide.
    pub redaction: &'a Redaction,
    /// Transactions of DNS, which cross flows.
    pub(crate) dns: &'a mut crate::dns::Table,
    /// What the caller knows.
    pub(crate) hints: &'a Hints,
    /// Secrets of TLS connections.
    pub(crate) keys: &'a mut crate::keylog::Store,
    /// What messages of gRPC are made of.
    pub(crate) protos: &'a mut crate::grpc::protos::Protos,
    /// Drafts of HTTP/1 messages.
    pub(crate) drafts: &'a mut crate::http1::Spare,
    /// What TLS connections carried.
    pub(crate) mesh: &'a mut crate::mesh::Mesh,
    pub(crate) seq: &'a mut u64,
    pub(crate) sink: &'a mut (dyn Sink + 's),
    pub(crate) wake: &'a mut Option<i64>,
}

impl Context<'_, '_> {
    /// Sends a record on its way. `ts_us` is the time of what it tells of, in epoch microseconds.
    pub fn emit(&mut self, ts_us: i64, marks: &Marks, record: &Record<'_>) {
        let said = record.calls(self.facts.server.port);
        if let Some(name) = said {
            Called::also(&mut self.facts.called, name);
        }
        let id = self.facts.flow.record(self.facts.records);
        self.facts.records += 1;
        let told = |end: Endpoint| self.hints.name(end.ip).map(|name| (name, "api"));
        let resolved = |end: Endpoint| self.dns.name(end.ip, ts_us).map(|name| (name, "dns"));
        let name = |end| told(end).or_else(|| resolved(end));
        // Where requests of a connection call it differently, each by its own words.
        let own = || self.facts.called.as_ref().and_then(|called| called.name()).or(said);
        let names = [name(self.facts.client), name(self.facts.server).or_else(own)];
        let mut envelope = Envelope {
            seq: *self.seq,
            id,
            ts_us,
            flow: Some(self.facts.flow),
            src: Some(self.facts.client),
            dst: Some(self.facts.server),
            vantage: None,
            iface: self.facts.iface,
            marks: *marks,
            names,
        };
        if self.facts.no_syn {
            envelope.marks.partial.add("no_syn");
        }
        *self.seq += 1;
        self.sink.record(&envelope, record);
    }

    /// The TLS connection that carries a request outside the pod.
    pub(crate) fn outer(&mut self, ts_us: i64, http: &HttpRecord<'_>) -> Option<Outer> {
        self.mesh.outer(self.facts, self.hints, ts_us, http)
    }

    /// Reports `len` stream bytes at `offset` as secret, so that the caller can mask them in packets it still holds.
    pub fn mask(&mut self, from: Side, offset: u64, len: u32) {
        if self.limits.mask {
            self.sink.mask(MaskSpan { flow: self.facts.flow, side: from, offset, len });
        }
    }

    /// Reports `len` stream bytes at `offset` as looked at: what [`Self::mask`] does not name in them is no secret.
    pub fn clear(&mut self, from: Side, offset: u64, len: u64) {
        if self.limits.mask && len > 0 {
            let len = u32::try_from(len).unwrap_or(u32::MAX);
            self.sink.clear(MaskSpan { flow: self.facts.flow, side: from, offset, len });
        }
    }

    /// Asks for [`crate::Parser::wake`] at that time or soon after. The earliest wish of a connection counts.
    pub fn wake_at(&mut self, ts_us: i64) {
        *self.wake = Some(self.wake.map_or(ts_us, |have| have.min(ts_us)));
    }
}
