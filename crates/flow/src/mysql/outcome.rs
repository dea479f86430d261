//! Packets of the server.

use std::sync::Arc;

use crate::redact::Why;
use crate::redis::pairing::Pair;
use crate::sql::hidden_mysql;
use crate::{Chunk, Context, Side, Step};

use super::packets::{CURSOR, FULL, Fields, HEAD, IN_TRANSACTION, MORE_RESULTS, error, head, ok};
use super::parser::Mysql;
use super::pending::{Failed, Kind, Pending, Stage};

impl Mysql {
    pub(super) fn server(&mut self, chunk: &Chunk<'_>, cx: &mut Context<'_, '_>) -> Step {
        let mut used = 0;
        if self.is_lost(Side::Server) {
            // What follows all that the client had when it asked begins its outcome.
            let asked = self.queue.front().map(|first| first.acked);
            let here = asked.and_then(|asked| usize::try_from(asked.checked_sub(chunk.offset)?).ok());
            match here.filter(|at| chunk.bytes.get(*at..).and_then(head).is_some_and(|(_, number)| number == 1)) {
                Some(at) => {
                    used = at;
                    self.found(Side::Server);
                }
                None => {
                    let keep = here.map_or(0, |at| chunk.bytes.len().saturating_sub(at).min(3));
                    return Step::Consumed(chunk.bytes.len() - keep);
                }
            }
        }
        loop {
            let rest = chunk.bytes.get(used..).unwrap_or_default();
            let at = chunk.offset + used as u64;
            let Some((length, number)) = head(rest) else { return Step::Consumed(used) };
            if self.more.get(1) == Some(&true) {
                self.goes_on(Side::Server, length == FULL);
                used += 4;
                if length > 0 {
                    return self.skip(Side::Server, at + 4, used, length as u64);
                }
                continue;
            }
            // Of long packets the head says what they are.
            let first = rest.get(4).copied();
            let Some(first) = first.or((length == 0).then_some(0)) else { return Step::Consumed(used) };
            // The end of definitions, which some servers send and others leave out.
            let stray = !self.in_unit && number != 1 && first == 0xfe && length == 5;
            let known = !stray && self.unit(at, cx);
            if length > HEAD || self.is_counted(first) {
                self.goes_on(Side::Server, length == FULL);
                self.counted(first, chunk.ts_us);
                used += 4;
                if length > 0 {
                    return self.skip(Side::Server, at + 4, used, length as u64);
                }
                continue;
            }
            let Some(body) = rest.get(4..4 + length) else { return Step::Consumed(used) };
            used += 4 + length;
            if known {
                self.packet(body, at + 4, chunk.ts_us, cx);
            }
        }
    }

    /// Whether only the kind of this packet counts: descriptions of columns, and rows.
    fn is_counted(&self, first: u8) -> bool {
        let stage = self.queue.front().filter(|_| self.in_unit).map(|pending| pending.stage);
        match stage {
            Some(Stage::Columns(_)) => true,
            Some(Stage::Rows) => !matches!(first, 0xfe | 0xff),
            _ => false,
        }
    }

    fn counted(&mut self, first: u8, ts_us: i64) {
        let Some(pending) = self.queue.front_mut().filter(|_| self.in_unit) else { return };
        match pending.stage {
            Stage::Columns(left) => {
                pending.stage = if left > 1 { Stage::Columns(left - 1) } else { Stage::Rows };
            }
            Stage::Rows if first != 0xff => {
                pending.rows += 1;
                pending.first_row_us.get_or_insert(ts_us);
            }
            _ => {}
        }
    }

    /// Whether the packets that come belong to the oldest command.
    fn unit(&mut self, at: u64, cx: &mut Context<'_, '_>) -> bool {
        if self.in_unit {
            return true;
        }
        loop {
            match self.pairing.judge(self.queue.front().map(|first| first.acked), at) {
                Pair::Yes => {
                    self.in_unit = true;
                    return true;
                }
                Pair::NotThis => {
                    let Some(first) = self.queue.pop_front() else { return false };
                    self.alone(&first, cx);
                }
                Pair::None => return false,
            }
        }
    }

    fn packet(&mut self, body: &[u8], at: u64, ts_us: i64, cx: &mut Context<'_, '_>) {
        let first = body.first().copied();
        if first == Some(0xff) {
            // MariaDB tells how far a long statement is by an error that is none.
            if body.get(1..3) == Some(&[0xff, 0xff]) {
                return;
            }
            let failed = self.error(body, at, cx);
            return self.done(failed, None, ts_us, cx);
        }
        let Some(pending) = self.queue.front_mut() else { return };
        match pending.stage {
            Stage::First => self.begins(body, ts_us, cx),
            Stage::Rows => {
                let end = first == Some(0xfe) && body.len() < FULL;
                let state = match body.len() {
                    5 => Fields::new(body.get(3..).unwrap_or_default()).u16(),
                    _ => ok(body).map(|(_, state)| state),
                };
                let state = state.unwrap_or(0);
                // An end of columns before the rows; behind a cursor none follow.
                let columns = body.len() == 5 && pending.kind != Kind::Fetch && !pending.past_columns;
                pending.past_columns = true;
                if end && !(columns && state & CURSOR == 0) {
                    self.done(None, Some(state), ts_us, cx);
                }
            }
            Stage::Definitions(left) => {
                if first == Some(0xfe) && body.len() == 5 {
                    return;
                }
                if left > 1 {
                    pending.stage = Stage::Definitions(left - 1);
                } else {
                    self.done(None, None, ts_us, cx);
                }
            }
            Stage::Columns(_) | Stage::File => {}
        }
    }

    /// The first packet of an outcome.
    fn begins(&mut self, body: &[u8], ts_us: i64, cx: &mut Context<'_, '_>) {
        let Some(pending) = self.queue.front_mut() else { return };
        match (pending.kind, body.first()) {
            (Kind::Prepare, Some(0)) => {
                let mut fields = Fields::new(body.get(1..).unwrap_or_default());
                let (number, columns, params) = (fields.u32(), fields.u16().unwrap_or(0), fields.u16().unwrap_or(0));
                if let (Some(number), Some(statement)) = (number, pending.statement.take()) {
                    let mut statement = Arc::unwrap_or_clone(statement);
                    statement.params = Some(params);
                    self.statements.put(&number.to_le_bytes(), Arc::new(statement));
                    self.types.retain(|(own, _)| *own != number);
                }
                match u64::from(columns) + u64::from(params) {
                    0 => self.done(None, None, ts_us, cx),
                    left => pending.stage = Stage::Definitions(left),
                }
            }
            (Kind::Statistics, _) => self.done(None, None, ts_us, cx),
            (Kind::FieldList, Some(0xfe)) if body.len() == 5 => self.done(None, None, ts_us, cx),
            (Kind::FieldList, _) => pending.rows += 1,
            // More proof is wanted.
            (Kind::ChangeUser, Some(1 | 0xfe)) => {}
            (_, Some(0)) => {
                let found = ok(body);
                if let Some((affected, _)) = found {
                    pending.affected = Some(pending.affected.unwrap_or(0) + affected);
                }
                self.done(None, Some(found.map_or(0, |(_, state)| state)), ts_us, cx);
            }
            (_, Some(0xfe)) if body.len() < 9 => self.done(None, Some(0), ts_us, cx),
            (Kind::Query, Some(0xfb)) => pending.stage = Stage::File,
            _ => {
                let mut fields = Fields::new(body);
                let count = fields.number().unwrap_or(0);
                // MariaDB leaves out descriptions that the client has.
                let known = fields.rest() == [0];
                pending.stage = if count == 0 || known { Stage::Rows } else { Stage::Columns(count) };
                pending.past_columns = false;
            }
        }
    }

    /// The outcome is whole, unless more results follow.
    fn done(&mut self, failed: Option<Failed>, state: Option<u16>, ts_us: i64, cx: &mut Context<'_, '_>) {
        let Some(pending) = self.queue.front_mut() else { return };
        if failed.is_none() && state.is_some_and(|state| state & MORE_RESULTS != 0) {
            pending.stage = Stage::First;
            return;
        }
        self.in_unit = false;
        let Some(mut pending) = self.queue.pop_front() else { return };
        if failed.is_none() {
            match pending.kind {
                Kind::InitDb => self.database.clone_from(&pending.name),
                Kind::ChangeUser => self.user.clone_from(&pending.name),
                _ => {}
            }
        }
        pending.failed = failed;
        self.finished(&pending, Some(ts_us), cx);
        if let Some(state) = state {
            self.tx = Some(if state & IN_TRANSACTION != 0 { "open" } else { "idle" });
        }
    }

    /// An error as it may be shown.
    pub(super) fn error(&mut self, body: &[u8], at: u64, cx: &mut Context<'_, '_>) -> Option<Failed> {
        let (code, state, text, place) = error(body)?;
        self.spans.clear();
        if cx.redaction.sql()
            && let Some((from, to)) = hidden_mysql(code, text)
        {
            self.spans.add(from, to, Why::Sql);
        }
        cx.redaction.text(text, &mut self.spans);
        for span in self.spans.iter() {
            crate::redis::mask(cx, Side::Server, at + (place + span.start) as u64, (span.end - span.start) as u64);
        }
        let mut out = Vec::new();
        cx.redaction.write(text, &self.spans, &mut out);
        out.truncate(1024);
        Some(Failed { code, state: state.to_vec(), text: out, why: self.spans.why() })
    }
}

/// A command whose outcome was not seen.
impl Mysql {
    pub(super) fn alone(&mut self, pending: &Pending, cx: &mut Context<'_, '_>) {
        self.finished(pending, None, cx);
    }
}
