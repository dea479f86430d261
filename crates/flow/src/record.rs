//! What comes out of the engine: records with their envelope, and their JSON.
//!
//! Records borrow from packets and parser buffers; a sink that keeps one writes it out. Each kind has its file.

pub mod anomaly;
pub mod dns;
pub mod flow;
pub mod gap;
pub mod http;
pub mod icmp;
pub mod loss;
pub mod quic;
pub mod redis;
pub mod socket;
pub mod sql;
pub mod stats;
pub mod tls;
mod writer;
pub mod ws;

use std::net::IpAddr;

use writer::Ready;

use crate::{
    FlowId, Marks, Named, RecordId, Side,
    json::{Object, write_object},
    named,
};

pub use anomaly::AnomalyRecord;
pub use dns::DnsRecord;
pub use flow::{FlowRecord, FlowSide, FlowState, RoundTrip};
pub use gap::GapRecord;
pub use http::HttpRecord;
pub use icmp::IcmpRecord;
pub use loss::LossRecord;
pub use quic::QuicRecord;
pub use redis::RedisRecord;
pub use socket::{SocketRecord, TcpRecord};
pub use sql::SqlRecord;
pub use stats::StatsRecord;
pub use tls::TlsRecord;
pub use writer::Writer;
pub use ws::WsRecord;

/// Takes what the engine finds, in completion order.
pub trait Sink {
    /// One record.
    fn record(&mut self, envelope: &Envelope<'_>, record: &Record<'_>);

    /// Bytes to hide in packets that are still held.
    fn mask(&mut self, span: MaskSpan) {
        let _ = span;
    }

    /// Bytes that were looked at: nothing in them is secret but what [`Self::mask`] says, before or after this.
    fn clear(&mut self, span: MaskSpan) {
        let _ = span;
    }

    /// Where the payload of the packet in hand stands in its connection. Said before anything is said of its bytes.
    fn placed(&mut self, place: &Place<'_>) {
        let _ = place;
    }

    /// The next bytes of one direction of a connection, or a datagram, where [`crate::Limits::stream`] asks for them. What
    /// is missing between two is a gap record.
    fn stream(&mut self, flow: FlowId, side: Side, chunk: &crate::Chunk<'_>) {
        let _ = (flow, side, chunk);
    }

    /// Nothing more will be said of the bytes before these offsets, of the client and of the server.
    fn settled(&mut self, flow: FlowId, upto: [u64; 2]) {
        let _ = (flow, upto);
    }
}

/// Where payload stands in its connection.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Place<'a> {
    /// The connection.
    pub flow: FlowId,
    /// Who sent it.
    pub side: Side,
    /// Stream offset of its first byte.
    pub offset: u64,
    /// The payload itself: a part of the packet, unless it was put together from fragments.
    pub bytes: &'a [u8],
}

/// Stream bytes that hold a secret.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct MaskSpan {
    /// The connection.
    pub flow: FlowId,
    /// Who sent them.
    pub side: Side,
    /// Stream offset of the first.
    pub offset: u64,
    /// How many.
    pub len: u32,
}

/// One end of a flow.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Endpoint {
    /// Its address.
    pub ip: IpAddr,
    /// Its port, for protocols that have ports.
    pub port: Option<u16>,
}

/// Where a flow was seen.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Vantage {
    /// At its client.
    Client,
    /// At its server.
    Server,
    /// At both ends.
    Both,
    /// In between.
    Transit,
}

impl Vantage {
    /// Its name in records.
    #[must_use]
    pub fn name(self) -> &'static str {
        match self {
            Self::Client => "client",
            Self::Server => "server",
            Self::Both => "both",
            Self::Transit => "transit",
        }
    }
}

/// What every record says beside its own fields.
#[derive(Clone, Copy, Debug)]
pub struct Envelope<'a> {
    /// Counts the engine's records.
    pub seq: u64,
    /// The record.
    pub id: RecordId,
    /// Epoch microseconds.
    pub ts_us: i64,
    /// The flow it belongs to.
    pub flow: Option<FlowId>,
    /// The client.
    pub src: Option<Endpoint>,
    /// The server.
    pub dst: Option<Endpoint>,
    /// Where it was seen.
    pub vantage: Option<Vantage>,
    /// The interface.
    pub iface: u32,
    /// What is partial, redacted, truncated or odd.
    pub marks: Marks,
    /// What client and server are called.
    pub names: [Option<Named<'a>>; 2],
}

/// One record of any kind.
#[derive(Clone, Copy, Debug)]
pub enum Record<'a> {
    /// A flow as it stands.
    Flow(&'a FlowRecord<'a>),
    /// Stream bytes are missing.
    Gap(&'a GapRecord),
    /// Packets were lost before the engine.
    Loss(&'a LossRecord),
    /// Something odd.
    Anomaly(&'a AnomalyRecord<'a>),
    /// Counters.
    Stats(&'a StatsRecord),
    /// An ICMP message.
    Icmp(&'a IcmpRecord),
    /// An HTTP transaction, of any version.
    Http(&'a HttpRecord<'a>),
    /// A WebSocket message.
    Ws(&'a WsRecord<'a>),
    /// A DNS query with its answer.
    Dns(&'a DnsRecord<'a>),
    /// A TLS handshake.
    Tls(&'a TlsRecord<'a>),
    /// The begin of a QUIC connection.
    Quic(&'a QuicRecord<'a>),
    /// A Redis command with its reply.
    Redis(&'a RedisRecord<'a>),
    /// An SQL statement with its outcome.
    Sql(&'a SqlRecord<'a>),
    /// A socket, where packets may not be captured.
    Socket(&'a SocketRecord),
}

impl Record<'_> {
    /// Its name in `kind`.
    #[must_use]
    pub fn kind(&self) -> &'static str {
        match self {
            Self::Flow(_) => "flow",
            Self::Gap(_) => "gap",
            Self::Loss(_) => "loss",
            Self::Anomaly(_) => "anomaly",
            Self::Stats(_) => "stats",
            Self::Icmp(_) => "icmp",
            Self::Http(_) => "http",
            Self::Ws(_) => "ws",
            Self::Dns(_) => "dns",
            Self::Tls(_) => "tls",
            Self::Quic(_) => "quic",
            Self::Redis(_) => "redis",
            Self::Sql(_) => "sql",
            Self::Socket(_) => "socket",
        }
    }

    /// Writes it with its envelope as one line of JSON without the line end.
    pub fn write_json(&self, envelope: &Envelope<'_>, out: &mut Vec<u8>) {
        self.write_with(envelope, &Ready::default(), out);
    }

    /// As [`Self::write_json`], with what is text already.
    fn write_with(&self, envelope: &Envelope<'_>, ready: &Ready<'_>, out: &mut Vec<u8>) {
        write_object(out, |mut object| self.write(envelope, ready, &mut object));
    }

    fn write(&self, envelope: &Envelope<'_>, ready: &Ready<'_>, object: &mut Object<'_>) {
        envelope.write(self.kind(), ready.ends, object);
        match self {
            Self::Flow(record) => record.write(object),
            Self::Gap(record) => record.write(object),
            Self::Loss(record) => record.write(object),
            Self::Anomaly(record) => record.write(object),
            Self::Stats(record) => record.write(object),
            Self::Icmp(record) => record.write(object),
            Self::Http(record) => record.write(ready, object),
            Self::Ws(record) => record.write(object),
            Self::Dns(record) => record.write(object),
            Self::Tls(record) => record.write(object),
            Self::Quic(record) => record.write(object),
            Self::Redis(record) => record.write(object),
            Self::Sql(record) => record.write(object),
            Self::Socket(record) => record.write(object),
        }
    }
}

impl Record<'_> {
    /// What it calls the server, which has this port.
    pub(crate) fn calls(&self, port: Option<u16>) -> Option<Named<'_>> {
        match self {
            Self::Http(http) if http.method != b"CONNECT" => named::of_host(http.host, http.scheme, port),
            Self::Tls(tls) => tls.sni.and_then(named::of_sni),
            Self::Quic(quic) => quic.sni.and_then(named::of_sni),
            _ => None,
        }
    }
}

impl Endpoint {
    fn write(&self, name: Option<Named<'_>>, mut object: Object<'_>) {
        object.ip("ip", self.ip);
        if let Some(port) = self.port {
            object.uint("port", u64::from(port));
        }
        if let Some((name, by)) = name {
            object.text("name", name);
            object.text("name_by", by);
        }
    }
}

impl Envelope<'_> {
    fn write(&self, kind: &'static str, ends: &[u8], object: &mut Object<'_>) {
        object.uint("v", 1);
        object.word("kind", kind);
        object.hex128("id", self.id.0);
        object.uint("seq", self.seq);
        object.int("ts", self.ts_us);
        if ends.is_empty() {
            self.write_ends(object)
        } else {
            object.members(ends)
        }
        if let Some(vantage) = self.vantage {
            object.text("vantage", vantage.name());
        }
        object.uint("if", u64::from(self.iface));
        for (name, words) in [
            ("partial", &self.marks.partial),
            ("redacted", &self.marks.redacted),
            ("truncated", &self.marks.truncated),
            ("anomaly", &self.marks.anomaly),
        ] {
            if !words.is_empty() {
                let mut list = object.array(name);
                for word in words.iter() {
                    list.text(word);
                }
            }
        }
    }

    /// The flow and its ends.
    fn write_ends(&self, object: &mut Object<'_>) {
        if let Some(flow) = self.flow {
            object.hex128("flow", flow.0);
        }
        let [client, server] = self.names;
        if let Some(endpoint) = &self.src {
            endpoint.write(client, object.object("src"));
        }
        if let Some(endpoint) = &self.dst {
            endpoint.write(server, object.object("dst"));
        }
    }
}
