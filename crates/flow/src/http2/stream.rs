//! One stream: a request with its response, and the record that is made of them.

use super::half::Half;
use super::head::{Known, UNKNOWN};
use crate::grpc::protos::{Protos, Shown};
use crate::grpc::{self, Kind};
use crate::record::HttpRecord;
use crate::record::http::{Grpc, Pair, Trace};
use crate::redact::Why;
use crate::{Context, Marks, Record, Side};

/// A stream that is open, or waits for what its other direction brings. Kept after use for another.
#[derive(Default)]
pub(crate) struct Stream {
    pub(crate) version: Version,
    pub(crate) id: u32,
    /// Counts the streams of the connection.
    pub(crate) index: u64,
    pub(crate) request: Half,
    pub(crate) response: Half,
    pub(crate) interim: Interim,
    /// The server began it with a promise.
    pub(crate) is_pushed: bool,
    /// What ended it early.
    pub(crate) reset: Option<&'static str>,
    /// Its memory was needed before it ended.
    pub(crate) is_evicted: bool,
    /// How far the server had acknowledged the client's bytes when its response ended.
    pub(crate) answered: u64,
    /// When something of it was last seen.
    pub(crate) active_us: i64,
    /// Bytes of heap that were counted for it.
    pub(crate) counted: usize,
    /// Text of a `grpc-message`, decoded.
    message: Vec<u8>,
}

/// Whose streams they are. Those of requests of HTTP/3 are counted by fours from 0 on; their `id` is by ones from 1 on.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(crate) enum Version {
    #[default]
    Two,
    Three,
}

impl Version {
    fn name(self) -> &'static str {
        match self {
            Self::Two => "2",
            Self::Three => "3",
        }
    }

    fn stream(self, id: u32) -> u64 {
        match self {
            Self::Two => u64::from(id),
            Self::Three => u64::from(id.saturating_sub(1)) * 4,
        }
    }
}

/// Status codes of the first few interim responses.
#[derive(Clone, Copy, Debug, Default)]
pub(crate) struct Interim {
    list: [u16; 8],
    len: u8,
}

impl Interim {
    pub(crate) fn add(&mut self, status: u16) {
        if let Some(slot) = self.list.get_mut(usize::from(self.len)) {
            *slot = status;
            self.len += 1;
        }
    }

    fn list(&self) -> &[u16] {
        self.list.get(..usize::from(self.len)).unwrap_or_default()
    }
}

impl Stream {
    pub(crate) fn begin(&mut self, id: u32, index: u64, now_us: i64) {
        self.request.clear();
        self.response.clear();
        self.message.clear();
        (self.id, self.index, self.active_us) = (id, index, now_us);
        (self.interim, self.is_pushed, self.reset, self.answered) = (Interim::default(), false, None, 0);
        self.is_evicted = false;
    }

    pub(crate) fn half(&mut self, side: Side) -> &mut Half {
        match side {
            Side::Client => &mut self.request,
            Side::Server => &mut self.response,
        }
    }

    pub(crate) fn heap(&self) -> usize {
        size_of::<Self>() + self.request.heap() + self.response.heap() + self.message.capacity()
    }

    /// Sends its record, when there is anything to tell.
    pub(crate) fn emit(&mut self, cx: &mut Context<'_, '_>) {
        if !self.request.is_seen && !self.response.is_seen {
            return;
        }
        self.request.seal(Side::Client, cx);
        self.response.seal(Side::Server, cx);
        self.read_grpc_message();
        let shown = self.shown(cx).unwrap_or_default();
        let (request, response) = (&self.request, &self.response);
        let head = &request.head;
        let unknown = if request.is_seen && head.has_unknown { UNKNOWN.as_bytes() } else { b"" };
        let target = head.get(Known::Path).unwrap_or(unknown);
        let question = memchr::memchr(b'?', target).unwrap_or(target.len());
        let (path, query) = target.split_at_checked(question).unwrap_or((target, &[]));
        let (first, last) = (|half: &Half| half.first_us, |half: &Half| half.is_ended.then_some(half.last_us));
        let mut record = HttpRecord {
            version: self.version.name(),
            method: head.get(Known::Method).unwrap_or_default(),
            scheme: std::str::from_utf8(head.get(Known::Scheme).unwrap_or_default()).unwrap_or_default(),
            host: head.get(Known::Authority).or_else(|| head.get(Known::Host)).unwrap_or_default(),
            path,
            query: query.get(1..),
            status: response.head.status,
            pair: match (request.is_seen, response.is_seen) {
                (true, true) => Pair::Ok,
                (true, false) => Pair::RequestOnly,
                (false, _) => Pair::ResponseOnly,
            },
            stream: Some(self.version.stream(self.id)),
            index: self.index,
            upgrade: head.get(Known::Protocol),
            informational: self.interim.list(),
            request: request.is_seen.then(|| shown.hide(request.message())),
            response: response.is_seen.then(|| shown.hide(response.message())),
            req_us: between(first(request), last(request)),
            wait_us: between(last(request), first(response)),
            resp_us: between(first(response), last(response)),
            ttfb_us: between(first(request), first(response)),
            total_us: between(first(request), last(response)),
            trace: self.trace(),
            grpc: self.grpc().map(|grpc| shown.add(grpc)),
            graphql: request.graphql(),
            sse_events: response.sse_events(),
            ..HttpRecord::default()
        };
        let ts_us = first(request).or(first(response)).unwrap_or(self.active_us);
        cx.facts.transactions += 1;
        let mut marks = self.marks();
        Why::words(shown.why, &mut marks.redacted);
        record.outer = cx.outer(ts_us, &record);
        cx.emit(ts_us, &marks, &Record::Http(&record));
    }

    /// The messages by their descriptors.
    fn shown(&self, cx: &mut Context<'_, '_>) -> Option<Shown> {
        let kind = self.grpc_kind()?;
        let call = grpc::service_method(self.request.head.get(Known::Path).unwrap_or_default());
        Protos::show(kind, call, [&self.request, &self.response].map(Half::messages_as_sent), cx)
    }

    fn trace(&self) -> Option<Trace<'_>> {
        let head = &self.request.head;
        let parent = head.get(Known::Traceparent).and_then(Trace::of);
        let b3 = || head.get(Known::B3).and_then(Trace::of_b3);
        let id = || head.get(Known::RequestId).filter(|id| !id.is_empty()).map(|id| Trace { id, span: None });
        parent.or_else(b3).or_else(id)
    }

    /// A value that gRPC sends in trailers, or in the head of a response that is nothing but trailers.
    fn grpc_trailer(&self, known: Known, name: &[u8]) -> Option<&[u8]> {
        let response = &self.response;
        let web = || grpc::web_trailer(response.messages.trailers(), name);
        response.trailers.get(known).or_else(|| response.head.get(known)).or_else(web)
    }

    fn read_grpc_message(&mut self) {
        let mut message = std::mem::take(&mut self.message);
        if let Some(coded) = self.grpc_trailer(Known::GrpcMessage, b"grpc-message") {
            grpc::message(coded, &mut message);
        }
        self.message = message;
    }

    fn grpc_kind(&self) -> Option<Kind> {
        let (request, response) = (&self.request, &self.response);
        let guessed = || (request.looks_like_grpc() && response.looks_like_grpc()).then_some(Kind::Grpc);
        request.grpc.or(response.grpc).or_else(guessed)
    }

    fn grpc(&self) -> Option<Grpc<'_>> {
        let (request, response) = (&self.request, &self.response);
        let kind = self.grpc_kind()?;
        let (service, method) = grpc::service_method(request.head.get(Known::Path).unwrap_or_default());
        let is_counted = kind != Kind::WebText;
        Some(Grpc {
            service,
            method,
            status: self.grpc_trailer(Known::GrpcStatus, b"grpc-status").and_then(grpc::status),
            message: self.grpc_trailer(Known::GrpcMessage, b"grpc-message").map(|_| self.message.as_slice()),
            req_msgs: if is_counted { request.messages.count() } else { 0 },
            resp_msgs: if is_counted { response.messages.count() } else { 0 },
            req_sizes: if is_counted { request.messages.sizes() } else { &[] },
            resp_sizes: if is_counted { response.messages.sizes() } else { &[] },
            encoding: response.head.get(Known::GrpcEncoding).or_else(|| request.head.get(Known::GrpcEncoding)),
            deadline_us: request.head.get(Known::GrpcTimeout).and_then(grpc::timeout_us),
            ..Grpc::default()
        })
    }

    fn marks(&self) -> Marks {
        let mut marks = Marks::default();
        for (half, head, body) in
            [(&self.request, "request_head", "request_body"), (&self.response, "response_head", "response_body")]
        {
            if !half.is_seen {
                continue;
            }
            if half.is_head_lost {
                marks.partial.add(head);
            }
            if half.has_gap || !half.is_ended {
                marks.partial.add(body);
            }
            if half.has_gap {
                marks.partial.add("gap");
            }
            if half.head.has_unknown || half.trailers.has_unknown {
                marks.partial.add("headers");
            }
            if half.head.is_truncated || half.trailers.is_truncated {
                marks.truncated.add("headers");
            }
            if half.is_truncated() {
                marks.truncated.add(body);
            }
            if half.is_damaged() {
                marks.anomaly.add("content_encoding");
            }
        }
        if self.is_evicted {
            marks.partial.add("evicted");
        }
        if let Some(reset) = self.reset {
            marks.anomaly.add(reset);
        }
        let bits = [&self.request, &self.response]
            .into_iter()
            .fold(0, |bits, half| bits | half.why | half.head.why | half.trailers.why);
        Why::ALL.iter().filter(|why| bits & why.bit() != 0).for_each(|why| marks.redacted.add(why.text()));
        marks
    }
}

/// Never negative: the two directions are stamped apart, and packets may be out of order.
fn between(from_us: Option<i64>, to_us: Option<i64>) -> Option<u64> {
    Some(u64::try_from(to_us?.saturating_sub(from_us?)).unwrap_or(0))
}
