//! HTTP/1.0 and 1.1: every transaction of a connection.
//!
//! ```text
//! client ─ head ─ body ─▶ queue of requests ─┐
//! server ─ head ─────── pairing ◀────────────┘─ body ─▶ exchange ─▶ http record
//! ```
//!
//! Drafts of messages are kept by the engine and used again, so that a connection in steady state allocates nothing.

mod draft;
mod exchange;
mod framing;
mod head;
mod known;
mod pairing;
mod spare;

#[cfg(test)]
mod tests;

use std::collections::VecDeque;

use memchr::memchr;

use crate::{AfterGap, App, Asked, Chunk, Context, End, Gap, Parser, Side, Step, Upgrade, record::http::Pair};

use draft::Draft;
use exchange::{Exchange, Interim};
use framing::{Progress, State};
use head::{Head, Start};
use pairing::Pairing;

pub use head::{looks, sender};
pub(crate) use spare::Spare;

/// The parser of one HTTP/1 connection.
#[derive(Default)]
pub struct Http1 {
    client: Lane,
    server: Lane,
    /// Requests without a response, the oldest first. The last may still be coming in.
    queue: VecDeque<Box<Draft>>,
    /// What the server is answering.
    current: Option<Exchange>,
    /// What was answered before its request was whole.
    late: Option<Exchange>,
    interim: Interim,
    pairing: Pairing,
    index: u64,
    begun: bool,
}

#[derive(Debug, Default)]
struct Lane {
    state: State,
    /// Bytes of a head that is not whole, in which no line end is left to find.
    looked: usize,
}

impl Parser for Http1 {
    fn data(&mut self, from: Side, chunk: &Chunk<'_>, cx: &mut Context<'_, '_>) -> Step {
        if !std::mem::replace(&mut self.begun, true) && cx.facts.no_syn {
            self.pairing.joined_late();
        }
        if from == Side::Server {
            self.pairing.server_bytes(chunk.offset, chunk.acked);
        }
        let mut used = 0;
        loop {
            let rest = chunk.bytes.get(used..).unwrap_or_default();
            match self.lane(from).state {
                State::Hold => return Step::Consumed(used),
                State::Sync => match head::resync(rest, from) {
                    Some(at) => {
                        used += at;
                        self.lane(from).state = State::Head;
                    }
                    None => return Step::Consumed(used + head::searched(rest, from)),
                },
                State::Head => {
                    let blank = rest.len() - head::skip_blank(rest).len();
                    cx.clear(from, chunk.offset + used as u64, blank as u64);
                    used += blank;
                    match self.head(from, chunk, used, cx) {
                        Ok(0) => return Step::Consumed(used),
                        Ok(len) => used += len,
                        // What was used is used, before the violation is told.
                        Err(_) if used > 0 => return Step::Skip { used, skip: 0 },
                        Err(code) => return Step::Violation(code),
                    }
                    if let Some(app) = self.upgraded(from, cx) {
                        return Step::Become { used, app };
                    }
                }
                _ => match self.body(from, chunk, used, cx) {
                    Progress::Done(upto) => {
                        used = upto;
                        self.complete(from, chunk.offset + used as u64, chunk.ts_us, cx);
                    }
                    Progress::More(upto) => return Step::Consumed(upto),
                    Progress::Skip(upto, skip) => return Step::Skip { used: upto, skip },
                    Progress::Bad(code) => return self.bad_body(from, chunk, used, code, cx),
                },
            }
        }
    }

    fn gap(&mut self, from: Side, gap: &Gap, cx: &mut Context<'_, '_>) -> AfterGap {
        let end = gap.offset + gap.len;
        self.lane(from).looked = 0;
        let state = self.lane(from).state;
        match state {
            State::Length(until) | State::Data(until) if end <= until => {
                if gap.len > 0
                    && let Some(draft) = self.draft(from)
                {
                    draft.lose(gap.len);
                }
                return AfterGap::Continue;
            }
            State::UntilClose => {
                if let Some(draft) = self.draft(from) {
                    draft.lose(gap.len);
                    draft.end = end;
                }
                return AfterGap::Continue;
            }
            State::Length(until) => {
                if let Some(draft) = self.draft(from) {
                    draft.lose(until.saturating_sub(gap.offset));
                }
                self.complete(from, until, gap.ts_us, cx);
            }
            State::Head | State::Sync | State::Hold => {}
            _ => self.cut_short(from, gap.offset, gap.ts_us, true, cx),
        }
        self.lane(from).state = State::Sync;
        match from {
            Side::Client => self.pairing.client_hole(end),
            Side::Server => self.pairing.server_hole(),
        }
        AfterGap::Resync
    }

    fn end(&mut self, from: Side, how: End, cx: &mut Context<'_, '_>) {
        let until_close = self.lane(from).state == State::UntilClose && how == End::Fin;
        if self.draft(from).is_some() {
            let (end, ts_us) = self.draft(from).map_or((0, 0), |draft| (draft.end, draft.last_us));
            if until_close {
                self.complete(from, end, ts_us, cx);
            } else {
                self.cut_short(from, end, ts_us, false, cx);
            }
        }
        if from == Side::Server {
            while let Some(request) = self.queue.pop_front() {
                self.unanswered(request, cx);
            }
        }
        self.lane(from).state = State::Hold;
    }

    fn wake(&mut self, now_us: i64, cx: &mut Context<'_, '_>) {
        while self.queue.front().is_some_and(|first| first.complete && first.last_us + PATIENCE_US <= now_us) {
            if cx.facts.has_seen(Side::Server) {
                return;
            }
            if let Some(request) = self.queue.pop_front() {
                self.pairing.server_hole();
                self.unanswered(request, cx);
            }
        }
    }

    fn pending(&self, from: Side) -> Option<u64> {
        self.open(from)?.pending()
    }

    fn heap(&self) -> usize {
        // Asked after every packet: most often there is one request, or none.
        let mut heap = self.queue.capacity() * size_of::<usize>();
        for exchange in [&self.current, &self.late].into_iter().flatten() {
            heap += exchange.request.as_ref().map_or(0, |draft| draft.heap());
            heap += exchange.response.as_ref().map_or(0, |draft| draft.heap());
        }
        if !self.queue.is_empty() {
            heap += self.queue.iter().map(|draft| draft.heap()).sum::<usize>();
        }
        heap
    }
}

impl Http1 {
    /// The open message of a direction, to look at.
    fn open(&self, from: Side) -> Option<&Draft> {
        match from {
            Side::Server => self.current.as_ref()?.response.as_deref(),
            Side::Client => {
                let exchanges = [&self.late, &self.current].into_iter().flatten();
                let open = exchanges.filter_map(|exchange| exchange.request.as_deref()).find(|draft| !draft.complete);
                open.or_else(|| self.queue.back().map(|draft| &**draft).filter(|draft| !draft.complete))
            }
        }
    }

    fn lane(&mut self, side: Side) -> &mut Lane {
        match side {
            Side::Client => &mut self.client,
            Side::Server => &mut self.server,
        }
    }

    /// The message that a direction is in the middle of.
    fn draft(&mut self, from: Side) -> Option<&mut Draft> {
        match from {
            Side::Server => self.current.as_mut()?.response.as_deref_mut(),
            Side::Client => {
                let exchanges = [&mut self.late, &mut self.current].into_iter().flatten();
                let mut requests = exchanges.filter_map(|exchange| exchange.request.as_mut());
                let open = requests.find(|request| !request.complete);
                open.or_else(|| self.queue.back_mut().filter(|request| !request.complete)).map(|request| &mut **request)
            }
        }
    }

    /// Reads a head at `used`; its length, or 0 when it is not whole.
    fn head(
        &mut self,
        from: Side,
        chunk: &Chunk<'_>,
        used: usize,
        cx: &mut Context<'_, '_>,
    ) -> Result<usize, &'static str> {
        let rest = chunk.bytes.get(used..).unwrap_or_default();
        if rest.is_empty() {
            return Ok(0);
        }
        let looked = self.lane(from).looked;
        if looked > 0 && rest.get(looked..).is_none_or(|new| memchr(b'\n', new).is_none()) {
            self.lane(from).looked = rest.len();
            return Ok(0);
        }
        let mut draft = cx.drafts.take();
        draft.clear_spans();
        let flow = cx.facts.flow;
        let known = cx.drafts.known.find(flow, from, rest).map(|(head, slot)| {
            draft.recall(slot);
            head
        });
        let result = known.map_or_else(|| head::read(rest, draft.spans()), |head| Ok(Some(head)));
        let Ok(Some(head)) = result else {
            cx.drafts.put(draft);
            self.lane(from).looked = rest.len();
            return result.map(|_| 0);
        };
        self.lane(from).looked = 0;
        let fits = matches!(
            (from, head.start),
            (Side::Client, Start::Request { .. }) | (Side::Server, Start::Response { .. })
        );
        if !fits {
            cx.drafts.put(draft);
            return Err("http_wrong_side");
        }
        let at = Chunk { bytes: rest, offset: chunk.offset + used as u64, ..*chunk };
        let first_us = if used == 0 { chunk.first_ts_us } else { chunk.ts_us };
        draft.begin(&head, &at, first_us, known.is_some());
        draft.look(known.is_some(), head.len, from, cx);
        if known.is_none() && draft.why() == 0 {
            cx.drafts.known.add(flow, from, rest.get(..head.len).unwrap_or_default(), draft.spans(), &head);
        }
        match from {
            Side::Client => self.request(draft, &head, cx),
            Side::Server => self.response(draft, &head, &at, cx),
        }
        Ok(head.len)
    }

    fn request(&mut self, mut draft: Box<Draft>, head: &Head, cx: &mut Context<'_, '_>) {
        let one_sided = !cx.facts.has_seen(Side::Server);
        self.pairing.request(&mut draft, &self.queue, self.current.is_some());
        while self.queue.front().is_some_and(|old| old.complete && (one_sided || self.pairing.is_over(old, &draft))) {
            if let Some(old) = self.queue.pop_front() {
                // Should its answer come after all, it is not the next one's.
                self.pairing.server_hole();
                self.unanswered(old, cx);
            }
        }
        if self.queue.len() >= MOST_WAITING
            && let Some(old) = self.queue.pop_front()
        {
            self.pairing.server_hole();
            self.unanswered(old, cx);
        }
        let fields = &head.fields;
        let until = fields.length.map(|length| draft.body_at.saturating_add(length));
        self.client.state = match (fields.transfer, until) {
            _ if draft.word() == b"CONNECT" => State::Hold,
            (Some(true), _) => State::Size,
            (None, Some(until)) if until > draft.body_at => State::Length(until),
            _ => State::Head,
        };
        draft.begin_body(cx.limits.body);
        if matches!(self.client.state, State::Head | State::Hold) {
            draft.finish(Side::Client, cx);
        }
        if one_sided {
            cx.wake_at(draft.last_us + PATIENCE_US);
        }
        self.queue.push_back(draft);
    }

    fn response(&mut self, mut draft: Box<Draft>, head: &Head, at: &Chunk<'_>, cx: &mut Context<'_, '_>) {
        if (100..200).contains(&draft.status) && draft.status != 101 {
            self.interim.add(draft.status);
            return cx.drafts.put(draft);
        }
        let found = self.pairing.find(&self.queue, &draft);
        for _ in 0..found.unwrap_or(0) {
            if let Some(old) = self.queue.pop_front() {
                self.unanswered(old, cx);
            }
        }
        let request = found.and_then(|_| self.queue.pop_front());
        let pair = match &request {
            Some(_) => Pair::Ok,
            None if self.pairing.is_lossy() && cx.facts.has_seen(Side::Client) => Pair::Unknown,
            None => Pair::ResponseOnly,
        };
        let method = request.as_ref().map(|request| request.word()).unwrap_or_default();
        let status = draft.status;
        let tunnel = status == 101 || (method == b"CONNECT" && (200..300).contains(&status));
        let next = at.bytes.get(head.len..).unwrap_or_default();
        // The answer to a HEAD that was not seen has no body either.
        let bodiless = request.is_none() && next.starts_with(b"HTTP/1.");
        let fields = &head.fields;
        let until = fields.length.map(|length| draft.body_at.saturating_add(length));
        self.server.state = match (fields.transfer, until) {
            _ if tunnel || method == b"HEAD" || matches!(status, 204 | 304) || bodiless => State::Head,
            (Some(true), _) => State::Size,
            (Some(false), _) => State::UntilClose,
            (None, Some(until)) if until > draft.body_at => State::Length(until),
            (None, Some(_)) => State::Head,
            (None, None) => State::UntilClose,
        };
        if method == b"CONNECT" && !tunnel && self.client.state == State::Hold {
            self.client.state = State::Head;
        }
        draft.begin_body(cx.limits.body);
        let interim = std::mem::take(&mut self.interim);
        let (end, last_us) = (draft.body_at, draft.last_us);
        if let Some(old) = self.current.take() {
            self.emit(old, None, cx);
        }
        self.current = Some(Exchange { request, response: Some(draft), pair, interim });
        if self.server.state == State::Head && !tunnel {
            self.complete(Side::Server, end, last_us, cx);
        }
    }

    /// After a response that makes the connection something else: what follows.
    fn upgraded(&mut self, from: Side, cx: &mut Context<'_, '_>) -> Option<App> {
        let current = self.current.as_mut().filter(|_| from == Side::Server && self.server.state == State::Head)?;
        let response = current.response.as_deref_mut().filter(|response| !response.complete)?;
        response.finish(Side::Server, cx);
        let is_connect = response.status != 101;
        let protocol = match response.field(response.fields.upgrade) {
            Some(protocol) if !is_connect => protocol.to_vec(),
            _ => if is_connect { &b"connect"[..] } else { b"" }.to_vec(),
        };
        let extensions = response.field(response.fields.extensions).unwrap_or_default().to_vec();
        let app = match protocol.as_slice() {
            word if word.eq_ignore_ascii_case(b"websocket") => App::WebSocket,
            word if word.eq_ignore_ascii_case(b"h2c") => App::Http2,
            _ => App::Unknown,
        };
        let record = cx.facts.flow.record(cx.facts.records);
        let exchange = self.current.take()?;
        let asked = exchange.request.as_deref().map(|request| Asked {
            method: request.word().to_vec(),
            host: request.field(request.fields.host).unwrap_or_default().to_vec(),
            target: request.target().to_vec(),
            first_us: request.first_us,
            last_us: request.last_us,
        });
        self.emit(exchange, Some(&protocol), cx);
        cx.facts.upgrade = Some(Box::new(Upgrade { record, protocol, extensions, asked }));
        Some(app)
    }

    fn body(&mut self, from: Side, chunk: &Chunk<'_>, used: usize, cx: &mut Context<'_, '_>) -> Progress {
        let mut state = self.lane(from).state;
        let Some(draft) = self.draft(from) else {
            self.lane(from).state = State::Sync;
            return Progress::More(used);
        };
        let progress = framing::body(&mut state, draft, chunk, used, from, cx);
        draft.examine_early(from, cx);
        self.lane(from).state = state;
        progress
    }

    /// A message is whole.
    fn complete(&mut self, from: Side, end: u64, ts_us: i64, cx: &mut Context<'_, '_>) {
        self.lane(from).state = State::Head;
        let Some(draft) = self.draft(from) else { return };
        draft.end = end;
        draft.last_us = draft.last_us.max(ts_us);
        draft.finish(from, cx);
        self.settle(from, cx);
    }

    /// A message ends before its end.
    fn cut_short(&mut self, from: Side, end: u64, ts_us: i64, gap: bool, cx: &mut Context<'_, '_>) {
        let Some(draft) = self.draft(from) else { return };
        draft.end = draft.end.max(end);
        draft.last_us = draft.last_us.max(ts_us);
        (draft.is_cut, draft.has_gap) = (true, draft.has_gap || gap);
        draft.finish(from, cx);
        self.settle(from, cx);
    }

    /// Sends the record of what is whole now.
    fn settle(&mut self, from: Side, cx: &mut Context<'_, '_>) {
        let is_whole = |exchange: &Exchange| exchange.request.as_ref().is_none_or(|request| request.complete);
        if from == Side::Server
            && let Some(exchange) = self.current.take()
        {
            if is_whole(&exchange) {
                return self.emit(exchange, None, cx);
            }
            if let Some(old) = self.late.replace(exchange) {
                self.emit(old, None, cx);
            }
        } else if let Some(exchange) = self.late.take_if(|exchange| is_whole(exchange)) {
            self.emit(exchange, None, cx);
        }
    }

    fn bad_body(
        &mut self,
        from: Side,
        chunk: &Chunk<'_>,
        used: usize,
        code: &'static str,
        cx: &mut Context<'_, '_>,
    ) -> Step {
        if let Some(draft) = self.draft(from) {
            draft.odd.add(code);
        }
        self.cut_short(from, chunk.offset + used as u64, chunk.ts_us, false, cx);
        self.lane(from).state = State::Sync;
        match from {
            Side::Client => self.pairing.client_hole(chunk.offset + used as u64),
            Side::Server => self.pairing.server_hole(),
        }
        if used > 0 { Step::Skip { used, skip: 0 } } else { Step::Violation(code) }
    }

    /// A request that gets no response.
    fn unanswered(&mut self, request: Box<Draft>, cx: &mut Context<'_, '_>) {
        let lossy = self.pairing.is_lossy() && cx.facts.has_seen(Side::Server);
        let pair = if lossy { Pair::Unknown } else { Pair::RequestOnly };
        let exchange = Exchange { request: Some(request), response: None, pair, interim: Interim::default() };
        self.emit(exchange, None, cx);
    }

    fn emit(&mut self, exchange: Exchange, upgrade: Option<&[u8]>, cx: &mut Context<'_, '_>) {
        exchange.emit(self.index, upgrade, cx);
        if let (Pair::Ok, Some(request), Some(response)) = (exchange.pair, &exchange.request, &exchange.response) {
            self.pairing.answered(request, response);
        }
        self.index += 1;
        cx.facts.transactions += 1;
        [exchange.request, exchange.response].into_iter().flatten().for_each(|draft| cx.drafts.put(draft));
    }
}

/// Without a packet from the server, a request is shown alone after this.
const PATIENCE_US: i64 = 30_000_000;
/// Requests of one connection that wait.
const MOST_WAITING: usize = 1024;
