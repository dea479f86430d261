//! Records.

use crate::record::sql::{Params, SqlError, SqlRecord};
use crate::redact::Why;
use crate::sql::UNKNOWN;
use crate::{Context, Marks, Record};

use super::item::{Ask, Failed, Item, Run};
use super::parser::{Orphan, Postgres};

impl Postgres {
    /// A statement with its outcome.
    pub(super) fn finished(&mut self, item: Item, ts_us: i64, cx: &mut Context<'_, '_>) {
        if let Ask::Query(run) | Ask::Execute(run) = &item.ask {
            self.ran(run, item.ts_us, Some(ts_us), Marks::default(), cx);
        }
    }

    /// A request whose replies were not seen.
    pub(super) fn alone(&mut self, item: Item, cx: &mut Context<'_, '_>) {
        let mut marks = Marks::default();
        marks.partial.add("reply");
        match &item.ask {
            Ask::Query(run) | Ask::Execute(run) => self.ran(run, item.ts_us, None, marks, cx),
            Ask::Startup => self.say(b"CONNECT", None, None, item.ts_us, marks, cx),
            _ => {}
        }
    }

    fn ran(&mut self, run: &Run, asked_us: i64, done_us: Option<i64>, mut marks: Marks, cx: &mut Context<'_, '_>) {
        let statement = run.statement.as_deref();
        let mut why = run.why;
        if let Some(failed) = &run.failed {
            why |= failed.why;
        }
        Why::words(why, &mut marks.redacted);
        if run.gap {
            marks.partial.add("gap");
        }
        if statement.is_none() {
            marks.partial.add("statement");
        }
        if statement.is_some_and(|statement| statement.cut) {
            marks.truncated.add("query");
        }
        if run.params_cut {
            marks.truncated.add("params");
        }
        let since = |at: i64| u64::try_from(at - asked_us).ok();
        let copied = run.tag.starts_with(b"COPY");
        let record = SqlRecord {
            engine: "postgres",
            op: statement.map(|statement| statement.op.as_slice()),
            query: Some(statement.map_or(UNKNOWN, |statement| &statement.text)).filter(|text| !text.is_empty()),
            fingerprint: statement.map(|statement| statement.fingerprint),
            prepared: run.prepared.as_deref(),
            params: run.prepared.as_ref().map(|_| Params { bytes: &run.params, ends: &run.param_ends }),
            rows: done_us.filter(|_| run.failed.is_none() && !copied).map(|_| run.rows),
            affected: run.affected,
            tag: Some(&run.tag),
            error: run.failed.as_ref().map(shown),
            tx: self.tx,
            user: Some(&self.user),
            database: Some(&self.database),
            latency_us: done_us.and_then(since),
            ttfr_us: run.first_row_us.and_then(since),
        };
        cx.facts.transactions += 1;
        cx.emit(asked_us, &marks, &Record::Sql(&record));
    }

    pub(super) fn logged_in(&mut self, item: &Item, failed: Option<&Failed>, ts_us: i64, cx: &mut Context<'_, '_>) {
        let mut marks = Marks::default();
        Why::words(failed.map_or(0, |failed| failed.why), &mut marks.redacted);
        self.say(b"CONNECT", failed, Some(ts_us), item.ts_us, marks, cx);
    }

    pub(super) fn cancelled(&mut self, ts_us: i64, cx: &mut Context<'_, '_>) {
        self.say(b"CANCEL", None, None, ts_us, Marks::default(), cx);
    }

    /// An error nobody asked for: the server ends the connection.
    pub(super) fn unasked(&mut self, failed: &Failed, ts_us: i64, cx: &mut Context<'_, '_>) {
        let mut marks = Marks::default();
        Why::words(failed.why, &mut marks.redacted);
        marks.partial.add("request");
        self.say(b"", Some(failed), None, ts_us, marks, cx);
    }

    /// Replies to a request that was not seen.
    pub(super) fn unpaired(&mut self, orphan: &Orphan, cx: &mut Context<'_, '_>) {
        if orphan.is_empty() {
            return;
        }
        let mut marks = Marks::default();
        marks.partial.add("request");
        let record = SqlRecord {
            engine: "postgres",
            rows: Some(orphan.rows),
            tag: Some(&orphan.tag),
            user: Some(&self.user),
            database: Some(&self.database),
            ..SqlRecord::default()
        };
        cx.emit(orphan.ts_us, &marks, &Record::Sql(&record));
    }

    fn say(
        &mut self,
        op: &[u8],
        failed: Option<&Failed>,
        done_us: Option<i64>,
        asked_us: i64,
        marks: Marks,
        cx: &mut Context<'_, '_>,
    ) {
        let record = SqlRecord {
            engine: "postgres",
            op: Some(op),
            error: failed.map(shown),
            user: Some(&self.user),
            database: Some(&self.database),
            latency_us: done_us.and_then(|at| u64::try_from(at - asked_us).ok()),
            ..SqlRecord::default()
        };
        cx.facts.transactions += 1;
        cx.emit(asked_us, &marks, &Record::Sql(&record));
    }
}

fn shown(failed: &Failed) -> SqlError<'_> {
    SqlError { code: None, state: &failed.state, text: &failed.text }
}
