//! The `http` record: one transaction of HTTP/1, HTTP/2 or HTTP/3.

use crate::json::{Array, Object};
use crate::{Endpoint, FlowId};

use super::writer::{BODY, Ready};

/// One request with its response, or what was seen of them.
#[derive(Clone, Copy, Debug, Default)]
pub struct HttpRecord<'a> {
    /// `1.0`, `1.1`, `2`, `3`.
    pub version: &'a str,
    /// The method.
    pub method: &'a [u8],
    /// `http` or `https`, where known.
    pub scheme: &'a str,
    /// Host or authority.
    pub host: &'a [u8],
    /// The path, without the query.
    pub path: &'a [u8],
    /// After the question mark.
    pub query: Option<&'a [u8]>,
    /// The status, of a response that was seen.
    pub status: Option<u16>,
    /// The reason phrase (HTTP/1).
    pub reason: &'a [u8],
    /// How request and response were joined.
    pub pair: Pair,
    /// The stream (HTTP/2, HTTP/3).
    pub stream: Option<u64>,
    /// Counts the transactions of the connection.
    pub index: u64,
    /// What the connection became.
    pub upgrade: Option<&'a [u8]>,
    /// Status codes of interim responses, at most as many as fit.
    pub informational: &'a [u16],
    /// The request, when seen.
    pub request: Option<Message<'a>>,
    /// The response, when seen.
    pub response: Option<Message<'a>>,
    /// First to last byte of the request.
    pub req_us: Option<u64>,
    /// Last byte of the request to first byte of the response.
    pub wait_us: Option<u64>,
    /// First to last byte of the response.
    pub resp_us: Option<u64>,
    /// First byte of the request to first byte of the response.
    pub ttfb_us: Option<u64>,
    /// First byte of the request to last byte of the response.
    pub total_us: Option<u64>,
    /// Ids that join it with spans and logs.
    pub trace: Option<Trace<'a>>,
    /// gRPC, where it is.
    pub grpc: Option<Grpc<'a>>,
    /// GraphQL, where it is.
    pub graphql: Option<Graphql<'a>>,
    /// Server-sent events seen in the response.
    pub sse_events: Option<u64>,
    /// Of a request between a proxy of the pod and its application: the TLS connection that carries it outside.
    pub outer: Option<Outer>,
}

/// The TLS connection that carries a request outside the pod, as bytes and times tell.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Outer {
    /// That connection.
    pub flow: FlowId,
    /// Whether the request came by it or left by it.
    pub way: Way,
    /// Its end outside the pod.
    pub peer: Endpoint,
    /// From the first byte on the one side of the proxy to that on the other.
    pub proxy_us: u64,
    /// What agrees.
    pub agreed: Agreed,
}

/// Which way a request goes through the proxy.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Way {
    /// From outside to the application.
    In,
    /// From the application to outside.
    Out,
}

/// What of an exchange agrees with a request and its response.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Agreed {
    /// The request alone: its response was not outside yet.
    Request,
    /// Both.
    Both,
}

impl Outer {
    fn write(&self, mut object: Object<'_>) {
        // The end comes first: whoever knows names finds it there.
        let mut peer = object.object("peer");
        peer.ip("ip", self.peer.ip);
        peer.maybe("port", self.peer.port.map(u64::from));
        drop(peer);
        object.hex128("flow", self.flow.0);
        object.word("way", if self.way == Way::In { "in" } else { "out" });
        object.uint("proxy_us", self.proxy_us);
        object.word("agreed", if self.agreed == Agreed::Both { "both" } else { "request" });
    }
}

/// How request and response were joined.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Pair {
    /// Both seen and certain.
    Ok,
    /// No response was seen.
    RequestOnly,
    /// No request was seen.
    ResponseOnly,
    /// After a loss: what belongs to what cannot be said.
    #[default]
    Unknown,
}

impl Pair {
    /// Its name in records.
    #[must_use]
    pub fn name(self) -> &'static str {
        match self {
            Self::Ok => "ok",
            Self::RequestOnly => "request_only",
            Self::ResponseOnly => "response_only",
            Self::Unknown => "unknown",
        }
    }
}

/// One message: a request or a response.
#[derive(Clone, Copy, Debug, Default)]
pub struct Message<'a> {
    /// In order, with duplicates.
    pub headers: Headers<'a>,
    /// After the body.
    pub trailers: Headers<'a>,
    /// What the content type says, without parameters.
    pub content_type: Option<&'a [u8]>,
    /// What the content encoding says.
    pub encoding: Option<&'a [u8]>,
    /// The begin of the body, decoded where possible.
    pub body: &'a [u8],
    /// The length of the body as sent, after removal of the transfer coding.
    pub len: u64,
    /// The length of the message's body on the wire, with the transfer coding.
    pub wire_len: u64,
    /// The length of the head on the wire.
    pub head_len: u64,
    /// How long its receiver's windows let nothing more of it come. HTTP/2.
    pub stalled_us: u64,
}

/// Where a header's name and value stand in the buffer of [`Headers`].
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Span {
    /// Start of the name.
    pub name_at: u32,
    /// Length of the name.
    pub name_len: u32,
    /// Start of the value.
    pub value_at: u32,
    /// Length of the value.
    pub value_len: u32,
}

/// Header fields as spans of one buffer, so that no list of slices is ever made.
#[derive(Clone, Copy, Debug, Default)]
pub struct Headers<'a> {
    /// The buffer.
    pub bytes: &'a [u8],
    /// One span a field.
    pub spans: &'a [Span],
    /// All of them as JSON, where that is known already.
    pub(crate) json: &'a [u8],
}

impl<'a> Headers<'a> {
    /// Names and values, in order.
    pub fn iter(&self) -> impl Iterator<Item = (&'a [u8], &'a [u8])> + '_ {
        let bytes = self.bytes;
        self.spans
            .iter()
            .map(move |span| (part(bytes, span.name_at, span.name_len), part(bytes, span.value_at, span.value_len)))
    }

    /// The first value of a name, whatever its case.
    #[must_use]
    pub fn get(&self, name: &[u8]) -> Option<&'a [u8]> {
        self.iter().find(|(have, _)| have.eq_ignore_ascii_case(name)).map(|(_, value)| value)
    }
}

/// What a gRPC call adds.
#[derive(Clone, Copy, Debug, Default)]
pub struct Grpc<'a> {
    /// The service with its package.
    pub service: &'a [u8],
    /// The method.
    pub method: &'a [u8],
    /// `grpc-status`.
    pub status: Option<u32>,
    /// `grpc-message`, percent-decoded.
    pub message: Option<&'a [u8]>,
    /// Messages of the request.
    pub req_msgs: u64,
    /// Messages of the response.
    pub resp_msgs: u64,
    /// Bytes of each message of the request, of the first 64.
    pub req_sizes: &'a [u32],
    /// And of the response.
    pub resp_sizes: &'a [u32],
    /// `grpc-encoding`.
    pub encoding: Option<&'a [u8]>,
    /// `grpc-timeout`.
    pub deadline_us: Option<u64>,
    /// Where the descriptors of its messages are from; empty where there are none.
    pub schema: &'a str,
    /// Lists of JSON objects: the messages of the request and of the response.
    pub(crate) requests: &'a [u8],
    pub(crate) responses: &'a [u8],
}

/// What a GraphQL request adds.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Graphql<'a> {
    /// `query`, `mutation`, `subscription`.
    pub op: &'a str,
    /// The operation's name.
    pub name: Option<&'a [u8]>,
}

/// Ids of a distributed trace.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Trace<'a> {
    /// The trace, or the request id.
    pub id: &'a [u8],
    /// The span that called.
    pub span: Option<&'a [u8]>,
}

impl<'a> Trace<'a> {
    /// Reads a W3C `traceparent`: `00-<trace>-<span>-<flags>`; none when it is not that, or zero.
    #[must_use]
    pub fn of(traceparent: &'a [u8]) -> Option<Self> {
        let mut parts = traceparent.trim_ascii().split(|byte| *byte == b'-');
        let version = parts.next().filter(|part| is_id(part, 2))?;
        let id = parts.next().filter(|part| is_id(part, 32) && !is_zero(part))?;
        let span = parts.next().filter(|part| is_id(part, 16) && !is_zero(part))?;
        parts.next().filter(|part| is_id(part, 2))?;
        let is_known = version != b"ff" && (version != b"00" || parts.next().is_none());
        is_known.then_some(Self { id, span: Some(span) })
    }

    /// Reads a `b3` header: `<trace>-<span>-<sampled>-<parent>`, the last two optional.
    #[must_use]
    pub fn of_b3(value: &'a [u8]) -> Option<Self> {
        let mut parts = value.trim_ascii().split(|byte| *byte == b'-');
        let id = parts.next().filter(|part| is_id(part, 32) || is_id(part, 16))?;
        let span = parts.next().filter(|part| is_id(part, 16))?;
        Some(Self { id, span: Some(span) })
    }
}

fn is_id(part: &[u8], len: usize) -> bool {
    part.len() == len && part.iter().all(u8::is_ascii_hexdigit)
}

fn is_zero(part: &[u8]) -> bool {
    part.iter().all(|byte| *byte == b'0')
}

impl HttpRecord<'_> {
    pub(crate) fn write(&self, ready: &Ready<'_>, object: &mut Object<'_>) {
        object.word("version", self.version);
        if ready.asked.is_empty() {
            self.write_asked(object)
        } else {
            object.members(ready.asked)
        }
        object.maybe("status", self.status.map(u64::from));
        if !self.reason.is_empty() {
            object.bytes("reason", self.reason);
        }
        object.word("pair", self.pair.name());
        object.maybe("stream", self.stream);
        object.uint("index", self.index);
        object.maybe_bytes("upgrade", self.upgrade);
        if !self.informational.is_empty() {
            let mut list = object.array("informational");
            self.informational.iter().for_each(|status| list.uint(u64::from(*status)));
        }
        if let Some(message) = &self.request {
            message.write(ready.request, &mut object.object("request"));
        }
        if let Some(message) = &self.response {
            message.write(ready.response, &mut object.object("response"));
        }
        object.maybe("req_us", self.req_us);
        object.maybe("wait_us", self.wait_us);
        object.maybe("resp_us", self.resp_us);
        object.maybe("ttfb_us", self.ttfb_us);
        object.maybe("total_us", self.total_us);
        if let Some(trace) = &self.trace {
            let mut inner = object.object("trace");
            inner.bytes("id", trace.id);
            inner.maybe_bytes("span", trace.span);
        }
        if let Some(grpc) = &self.grpc {
            grpc.write(&mut object.object("grpc"));
        }
        if let Some(graphql) = &self.graphql {
            let mut inner = object.object("graphql");
            inner.text("op", graphql.op);
            inner.maybe_bytes("name", graphql.name);
        }
        if let Some(events) = self.sse_events {
            object.object("sse").uint("events", events);
        }
        if let Some(outer) = &self.outer {
            outer.write(object.object("outer"));
        }
    }

    /// What was asked for.
    pub(super) fn write_asked(&self, object: &mut Object<'_>) {
        if !self.method.is_empty() {
            object.bytes("method", self.method);
        }
        if !self.scheme.is_empty() {
            object.text("scheme", self.scheme);
        }
        if !self.host.is_empty() {
            object.exact("host", "host_b64", self.host);
        }
        if !self.path.is_empty() {
            object.exact("path", "path_b64", self.path);
        }
        if let Some(query) = self.query {
            object.exact("query", "query_b64", query);
        }
        if !self.host.is_empty() && !self.path.is_empty() && !self.scheme.is_empty() {
            let query = self.query.unwrap_or_default();
            let mark: &[u8] = if self.query.is_some() { b"?" } else { b"" };
            object.joined("url", &[self.scheme.as_bytes(), b"://", self.host, self.path, mark, query]);
        }
    }
}

impl Message<'_> {
    fn write(&self, body: &[u8], object: &mut Object<'_>) {
        if self.headers.json.is_empty() {
            write_headers(object.array("headers"), &self.headers);
            write_exact(object, &self.headers);
        } else {
            object.raw("headers", self.headers.json);
        }
        if !self.trailers.spans.is_empty() {
            write_headers(object.array("trailers"), &self.trailers);
        }
        object.maybe_bytes("type", self.content_type);
        object.maybe_bytes("encoding", self.encoding);
        if !body.is_empty() {
            object.members(body);
        } else if !self.body.is_empty() {
            object.body(BODY.0, BODY.1, self.body);
        }
        object.uint("len", self.len);
        object.uint("wire_len", self.wire_len);
        object.uint("head_len", self.head_len);
        if self.stalled_us > 0 {
            object.uint("stalled_us", self.stalled_us);
        }
    }
}

impl Grpc<'_> {
    fn write(&self, object: &mut Object<'_>) {
        object.bytes("service", self.service);
        object.bytes("method", self.method);
        object.maybe("status", self.status.map(u64::from));
        object.maybe_bytes("message", self.message);
        object.uint("req_msgs", self.req_msgs);
        object.uint("resp_msgs", self.resp_msgs);
        for (name, sizes) in [("req_sizes", self.req_sizes), ("resp_sizes", self.resp_sizes)] {
            if !sizes.is_empty() {
                let mut list = object.array(name);
                sizes.iter().for_each(|size| list.uint(u64::from(*size)));
            }
        }
        object.maybe_bytes("encoding", self.encoding);
        object.maybe("deadline_us", self.deadline_us);
        if self.schema.is_empty() {
            return;
        }
        object.word("schema", self.schema);
        for (name, messages) in [("requests", self.requests), ("responses", self.responses)] {
            if !messages.is_empty() {
                object.raw(name, messages);
            }
        }
    }
}

fn part(bytes: &[u8], at: u32, len: u32) -> &[u8] {
    let at = at as usize;
    bytes.get(at..at.saturating_add(len as usize)).unwrap_or_default()
}

/// Writes every field as a pair.
pub(crate) fn write_headers(mut list: Array<'_>, headers: &Headers<'_>) {
    for (name, value) in headers.iter() {
        list.pair(name, value);
    }
}

/// Writes the fields that are not UTF-8 once more, byte for byte.
fn write_exact(object: &mut Object<'_>, headers: &Headers<'_>) {
    let is_text = |bytes: &[u8]| std::str::from_utf8(bytes).is_ok();
    if is_text(headers.bytes) || headers.iter().all(|(name, value)| is_text(name) && is_text(value)) {
        return;
    }
    let mut list = object.array("headers_b64");
    for (name, value) in headers.iter().filter(|(name, value)| !is_text(name) || !is_text(value)) {
        list.pair_base64(name, value);
    }
}
