//! A request with its response, and the record that is made of them.

use crate::{
    Context, Marks, Record,
    grpc::{
        self, Messages,
        protos::{Body, Protos, Shown},
    },
    record::{
        HttpRecord,
        http::{Grpc, Pair},
    },
};

use super::draft::{self, Draft};

/// A transaction that is being answered.
#[derive(Default)]
pub(super) struct Exchange {
    pub(super) request: Option<Box<Draft>>,
    pub(super) response: Option<Box<Draft>>,
    pub(super) pair: Pair,
    /// Status codes of interim responses.
    pub(super) interim: Interim,
}

/// The first few interim responses.
#[derive(Clone, Copy, Debug, Default)]
pub(super) struct Interim {
    list: [u16; 8],
    len: u8,
}

impl Interim {
    pub(super) fn add(&mut self, status: u16) {
        if let Some(slot) = self.list.get_mut(usize::from(self.len)) {
            *slot = status;
            self.len += 1;
        }
    }

    fn list(&self) -> &[u16] {
        self.list.get(..usize::from(self.len)).unwrap_or_default()
    }
}

impl Exchange {
    /// Sends its record.
    pub(super) fn emit(&self, index: u64, upgrade: Option<&[u8]>, cx: &mut Context<'_, '_>) {
        let (request, response) = (self.request.as_deref(), self.response.as_deref());
        let ts_us = request.or(response).map_or(0, |draft| draft.first_us);
        let minor = response.or(request).map_or(1, |draft| draft.minor);
        let mut record = HttpRecord {
            version: if minor == 0 { "1.0" } else { "1.1" },
            status: response.map(|response| response.status),
            reason: response.map(|response| response.word()).unwrap_or_default(),
            pair: self.pair,
            index,
            upgrade,
            informational: self.interim.list(),
            request: request.map(Draft::message),
            response: response.map(Draft::message),
            ..HttpRecord::default()
        };
        if let Some(request) = request {
            let default = if cx.facts.tls_us.is_some() || cx.facts.layers > 0 { "https" } else { "http" };
            record.method = request.word();
            let target = Target::of(request.target(), record.method, default);
            record.scheme = target.scheme;
            record.host = target.host.or_else(|| request.field(request.fields.host)).unwrap_or_default();
            (record.path, record.query) = (target.path, target.query);
            record.trace = request.trace();
            record.graphql = request.graphql();
            record.req_us = Some(between(request.first_us, request.last_us));
        }
        if let Some(response) = response {
            record.resp_us = Some(between(response.first_us, response.last_us));
            record.sse_events = response.sse_events();
        }
        let (mut message, mut shown) = (Vec::new(), Shown::default());
        if let Some(kind) = request.into_iter().chain(response).find_map(|draft| draft.grpc) {
            let call = grpc::service_method(record.path);
            shown = Protos::show(kind, call, [request, response].map(body), cx).unwrap_or_default();
            record.request = record.request.map(|said| shown.hide(said));
            record.response = record.response.map(|said| shown.hide(said));
            record.grpc = Some(shown.add(self.grpc(record.path, &mut message)));
        }
        if let (Some(request), Some(response)) = (request, response) {
            record.wait_us = Some(between(request.last_us, response.first_us));
            record.ttfb_us = Some(between(request.first_us, response.first_us));
            record.total_us = Some(between(request.first_us, response.last_us));
        }
        let mut marks = marks(request, response);
        draft::words(shown.why, &mut marks.redacted);
        record.outer = cx.outer(ts_us, &record);
        cx.emit(ts_us, &marks, &Record::Http(&record));
    }
}

impl Exchange {
    /// What gRPC-Web adds. Its status stands in trailers, in the last frame of the body, or among the header fields.
    fn grpc<'a>(&'a self, path: &'a [u8], message: &'a mut Vec<u8>) -> Grpc<'a> {
        let (request, response) = (self.request.as_deref(), self.response.as_deref());
        let (service, method) = grpc::service_method(path);
        let said = |name: &[u8]| {
            response.and_then(|response| {
                response.find(name).or_else(|| grpc::web_trailer(response.messages.trailers(), name))
            })
        };
        let coded = said(b"grpc-message");
        if let Some(coded) = coded {
            grpc::message(coded, message);
        }
        let counted =
            |draft: Option<&'a Draft>| draft.filter(|draft| draft.has_messages()).map(|draft| &draft.messages);
        let (requests, responses) = (counted(request), counted(response));
        let asked = |name: &[u8]| request.and_then(|request| request.find(name));
        Grpc {
            service,
            method,
            status: said(b"grpc-status").and_then(grpc::status),
            message: coded.map(|_| message.as_slice()),
            req_msgs: requests.map_or(0, Messages::count),
            resp_msgs: responses.map_or(0, Messages::count),
            req_sizes: requests.map_or(&[], Messages::sizes),
            resp_sizes: responses.map_or(&[], Messages::sizes),
            encoding: response.and_then(|response| response.find(b"grpc-encoding")).or_else(|| asked(b"grpc-encoding")),
            deadline_us: asked(b"grpc-timeout").and_then(grpc::timeout_us),
            ..Grpc::default()
        }
    }
}

fn body(draft: Option<&Draft>) -> Body<'_> {
    draft.map(Draft::messages_as_sent).unwrap_or_default()
}

fn marks(request: Option<&Draft>, response: Option<&Draft>) -> Marks {
    let mut marks = Marks::default();
    for (draft, body) in [(request, "request_body"), (response, "response_body")] {
        let Some(draft) = draft else { continue };
        if draft.has_gap || draft.is_cut {
            marks.partial.add(body);
        }
        if draft.has_gap {
            marks.partial.add("gap");
        }
        if draft.is_truncated() {
            marks.truncated.add(body);
        }
        if draft.is_damaged() {
            marks.anomaly.add("content_encoding");
        }
        draft.odd.iter().for_each(|word| marks.anomaly.add(word));
        draft::words(draft.why(), &mut marks.redacted);
    }
    marks
}

/// The parts of a request target.
struct Target<'a> {
    scheme: &'static str,
    host: Option<&'a [u8]>,
    path: &'a [u8],
    query: Option<&'a [u8]>,
}

impl<'a> Target<'a> {
    fn of(target: &'a [u8], method: &[u8], scheme: &'static str) -> Self {
        if method == b"CONNECT" {
            return Self { scheme: "", host: Some(target), path: &[], query: None };
        }
        let (mut scheme, mut host, mut rest) = (scheme, None, target);
        let absolute = [("http", &b"http://"[..]), ("https", b"https://")]
            .into_iter()
            .find_map(|(name, prefix)| Some((name, strip(target, prefix)?)));
        if let Some((name, after)) = absolute {
            let end = after.iter().position(|byte| matches!(byte, b'/' | b'?')).unwrap_or(after.len());
            let (authority, path) = after.split_at_checked(end).unwrap_or((after, &[]));
            (scheme, host, rest) = (name, Some(authority), if path.is_empty() { b"/" } else { path });
        }
        let question = memchr::memchr(b'?', rest).unwrap_or(rest.len());
        let (path, query) = rest.split_at_checked(question).unwrap_or((rest, &[]));
        Self { scheme, host, path, query: query.get(1..) }
    }
}

fn strip<'a>(target: &'a [u8], prefix: &[u8]) -> Option<&'a [u8]> {
    let (head, rest) = target.split_at_checked(prefix.len())?;
    head.eq_ignore_ascii_case(prefix).then_some(rest)
}

/// Never negative: packets may be stamped out of order.
fn between(from_us: i64, to_us: i64) -> u64 {
    u64::try_from(to_us.saturating_sub(from_us)).unwrap_or(0)
}
