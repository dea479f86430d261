//! Messages of the server.

use crate::redact::Why;
use crate::redis::pairing::Pair;
use crate::sql::hidden_postgres;
use crate::{App, Chunk, Context, Side, Step};

use super::item::{Ask, Failed, Item};
use super::looks;
use super::messages::{self, HEAD, affected, head};
use super::parser::{Orphan, Postgres};

impl Postgres {
    pub(super) fn server(&mut self, chunk: &Chunk<'_>, cx: &mut Context<'_, '_>) -> Step {
        let mut used = 0;
        if self.is_lost(Side::Server) {
            // What follows all that the client had when it asked begins its replies; else a ready ends the unknown.
            let asked = self.queue.front().map(|first| first.acked);
            let here = asked.and_then(|asked| usize::try_from(asked.checked_sub(chunk.offset)?).ok());
            let here = here.filter(|at| chunk.bytes.get(*at).is_some_and(|kind| KINDS.contains(kind)));
            match here.or_else(|| looks::find_ready(chunk.bytes)) {
                Some(at) => {
                    used = at;
                    self.found(Side::Server);
                }
                None => return Step::Consumed(chunk.bytes.len().saturating_sub(5)),
            }
        }
        loop {
            let rest = chunk.bytes.get(used..).unwrap_or_default();
            let Some(first) = rest.first() else { return Step::Consumed(used) };
            let at = chunk.offset + used as u64;
            if matches!(self.queue.front(), Some(Item { ask: Ask::Encrypt, .. })) {
                self.queue.pop_front();
                used += 1;
                match first {
                    b'S' => return Step::Become { used, app: App::Tls },
                    b'G' => {
                        self.passive = true;
                        return Step::Consumed(used);
                    }
                    b'N' => continue,
                    _ => used -= 1,
                }
            }
            let Some((kind, length)) = head(rest) else { return Step::Consumed(used) };
            if !KINDS.contains(&kind) || !(4..=1 << 31).contains(&length) {
                return Step::Violation("postgres_message");
            }
            let body_len = length - 4;
            if !self.unit(at, cx) {
                self.orphan.get_or_insert_default().ts_us = chunk.ts_us;
            }
            // Rows and their descriptions are counted by their heads.
            if matches!(kind, b'D' | b'd' | b'T' | b't' | b'S' | b'N' | b'K' | b'R' | b'A' | b'V' | b'v') {
                self.counted(kind, chunk.ts_us);
                if kind == b'K' {
                    // Who knows these bytes may cancel.
                    crate::redis::mask(cx, Side::Server, at + 9, body_len.saturating_sub(4));
                }
                used += 5;
                let here = (rest.len() - 5) as u64;
                if body_len > here {
                    return self.skip(Side::Server, at + 5, used, body_len);
                }
                used += body_len as usize;
                continue;
            }
            if body_len > HEAD as u64 {
                return Step::Violation("postgres_length");
            }
            let Some(body) = rest.get(5..5 + body_len as usize) else { return Step::Consumed(used) };
            used += 5 + body.len();
            self.reply(kind, body, at + 5, chunk.ts_us, cx);
        }
    }

    /// Whether the replies that come belong to what is at the front of the queue.
    fn unit(&mut self, at: u64, cx: &mut Context<'_, '_>) -> bool {
        if self.in_unit {
            return true;
        }
        if self.orphan.is_some() {
            return false;
        }
        loop {
            match self.pairing.judge(self.queue.front().map(|first| first.acked), at) {
                Pair::Yes => {
                    self.in_unit = true;
                    return true;
                }
                Pair::NotThis => {
                    let Some(first) = self.queue.pop_front() else { return false };
                    self.alone(first, cx);
                }
                Pair::None => return false,
            }
        }
    }

    /// A message of which only the kind counts.
    fn counted(&mut self, kind: u8, ts_us: i64) {
        if let Some(orphan) = &mut self.orphan {
            orphan.rows += u64::from(kind == b'D');
            return;
        }
        match (kind, self.queue.front_mut()) {
            (b'D' | b'd', Some(Item { ask: Ask::Query(run) | Ask::Execute(run), .. })) => {
                run.rows += 1;
                run.first_row_us.get_or_insert(ts_us);
            }
            (b'T', Some(Item { ask: Ask::Describe, .. })) => {
                self.queue.pop_front();
            }
            _ => {}
        }
    }

    fn reply(&mut self, kind: u8, body: &[u8], at: u64, ts_us: i64, cx: &mut Context<'_, '_>) {
        match kind {
            b'1' => self.pop(|ask| matches!(ask, Ask::Parse(_))),
            b'2' => self.pop(|ask| matches!(ask, Ask::Bind)),
            b'3' => self.pop(|ask| matches!(ask, Ask::Close)),
            b'n' => self.pop(|ask| matches!(ask, Ask::Describe)),
            b'C' | b'I' | b's' => self.completed(kind, body, ts_us, cx),
            // COPY has begun: the server will not answer a sync that was sent along.
            b'G' | b'W' => {
                if let Some(Item { ask: Ask::Execute(_), .. }) = self.queue.front() {
                    self.queue.truncate(1);
                }
            }
            b'E' => self.failed(body, at, ts_us, cx),
            b'Z' => self.ready(body.first().copied(), ts_us, cx),
            _ => {}
        }
    }

    fn pop(&mut self, is: impl Fn(&Ask) -> bool) {
        if self.queue.front().is_some_and(|first| is(&first.ask)) {
            self.queue.pop_front();
        }
    }

    /// A command is complete, was empty, or stopped at its row limit.
    fn completed(&mut self, kind: u8, body: &[u8], ts_us: i64, cx: &mut Context<'_, '_>) {
        let tag = body.strip_suffix(b"\0").unwrap_or(body);
        let tag = tag.get(..64).unwrap_or(tag);
        if let Some(orphan) = &mut self.orphan {
            orphan.tag = tag.to_vec();
            return;
        }
        let Some(Item { ask: Ask::Query(run) | Ask::Execute(run), .. }) = self.queue.front_mut() else { return };
        if kind == b'C' {
            run.tag = tag.to_vec();
            if let Some(changed) = affected(tag) {
                run.affected = Some(run.affected.unwrap_or(0) + changed);
                // Lines that COPY sent are no rows of a result, but changed ones are known by the tag.
            }
        }
        if matches!(self.queue.front(), Some(Item { ask: Ask::Execute(_), .. }))
            && let Some(item) = self.queue.pop_front()
        {
            self.finished(item, ts_us, cx);
        }
    }

    /// An error ends what is at the front; in an extended query the server skips all up to the next sync.
    fn failed(&mut self, body: &[u8], at: u64, ts_us: i64, cx: &mut Context<'_, '_>) {
        let failed = self.error(body, at, cx);
        match self.queue.front_mut() {
            Some(Item { ask: Ask::Query(run), .. }) => run.failed = Some(failed),
            Some(Item { ask: Ask::Startup, .. }) => {
                if let Some(item) = self.queue.pop_front() {
                    self.logged_in(&item, Some(&failed), ts_us, cx);
                }
            }
            Some(_) => self.skipped(failed, ts_us, cx),
            None => self.unasked(&failed, ts_us, cx),
        }
    }

    /// Of a failed batch the first statement that was to run has the error; else the one that could not be prepared.
    fn skipped(&mut self, failed: Failed, ts_us: i64, cx: &mut Context<'_, '_>) {
        let mut failed = Some(failed);
        let mut prepared = None;
        while let Some(item) = self.queue.pop_front_if(|item| !item.ends_unit()) {
            match item.ask {
                Ask::Parse(statement) if prepared.is_none() => prepared = Some((statement, item.ts_us, item.acked)),
                Ask::Execute(mut run) if failed.is_some() => {
                    run.failed = failed.take();
                    self.finished(Item { ask: Ask::Execute(run), ..item }, ts_us, cx);
                }
                _ => {}
            }
        }
        let Some(failed) = failed else { return };
        match prepared {
            Some((statement, asked_us, acked)) => {
                let why = statement.why;
                let run =
                    super::item::Run { statement: Some(statement), why, failed: Some(failed), ..Default::default() };
                self.finished(Item { ask: Ask::Execute(Box::new(run)), ts_us: asked_us, acked }, ts_us, cx);
            }
            None => self.unasked(&failed, ts_us, cx),
        }
    }

    /// The server waits for the next request.
    fn ready(&mut self, state: Option<u8>, ts_us: i64, cx: &mut Context<'_, '_>) {
        if let Some(orphan) = self.orphan.take() {
            self.unpaired(&orphan, cx);
        } else {
            // What was not answered up to here was skipped.
            while let Some(item) = self.queue.pop_front() {
                let last = item.ends_unit();
                match item.ask {
                    Ask::Startup => self.logged_in(&item, None, ts_us, cx),
                    Ask::Query(_) => self.finished(item, ts_us, cx),
                    _ => {}
                }
                if last {
                    break;
                }
            }
        }
        self.in_unit = false;
        self.tx = match state {
            Some(b'I') => Some("idle"),
            Some(b'T') => Some("open"),
            Some(b'E') => Some("failed"),
            _ => None,
        };
    }

    /// An error as it may be shown.
    fn error(&mut self, body: &[u8], at: u64, cx: &mut Context<'_, '_>) -> Failed {
        let (state, text, place) = messages::error(body);
        self.spans.clear();
        if cx.redaction.sql()
            && let Some((from, to)) = hidden_postgres(state, text)
        {
            self.spans.add(from, to, Why::Sql);
        }
        cx.redaction.text(text, &mut self.spans);
        for span in self.spans.iter() {
            crate::redis::mask(cx, Side::Server, at + (place + span.start) as u64, (span.end - span.start) as u64);
        }
        let mut out = Vec::new();
        cx.redaction.write(text.get(..1024).unwrap_or(text), &self.spans, &mut out);
        Failed { state: state.get(..5).unwrap_or(state).to_vec(), text: out, why: self.spans.why() }
    }
}

const KINDS: &[u8] = b"12345ACDEGHIKNRSTVWZcdnstv";

/// What is known of replies nobody was seen to ask for.
impl Orphan {
    pub(super) fn is_empty(&self) -> bool {
        self.rows == 0 && self.tag.is_empty()
    }
}
