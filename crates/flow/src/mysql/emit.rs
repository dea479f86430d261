//! Records.

use crate::record::sql::{Params, SqlError, SqlRecord};
use crate::redact::Why;
use crate::sql::UNKNOWN;
use crate::{Context, Marks, Record};

use super::parser::Mysql;
use super::pending::{Failed, Kind, Pending};

impl Mysql {
    /// A command with its outcome; `done_us` is None when that was not seen.
    pub(super) fn finished(&mut self, pending: &Pending, done_us: Option<i64>, cx: &mut Context<'_, '_>) {
        let failed = pending.failed.as_ref();
        if matches!(pending.kind, Kind::Prepare | Kind::Quiet(_)) && failed.is_none() {
            return;
        }
        let mut marks = Marks::default();
        Why::words(pending.why | failed.map_or(0, |failed| failed.why), &mut marks.redacted);
        if done_us.is_none() {
            marks.partial.add("reply");
        }
        if pending.gap {
            marks.partial.add("gap");
        }
        let statement = pending.statement.as_deref();
        let wants_statement = matches!(pending.kind, Kind::Query | Kind::Prepare | Kind::Execute | Kind::Fetch);
        if wants_statement && statement.is_none() {
            marks.partial.add("statement");
        }
        if statement.is_some_and(|statement| statement.cut) {
            marks.truncated.add("query");
        }
        if pending.params_cut {
            marks.truncated.add("params");
        }
        let number = pending.prepared.map(|number| number.to_string());
        let since = |at: i64| u64::try_from(at - pending.ts_us).ok();
        let execute = pending.kind == Kind::Execute;
        let record = SqlRecord {
            engine: "mysql",
            op: op(pending),
            query: match pending.kind {
                Kind::InitDb => Some(pending.name.as_slice()),
                _ if wants_statement => Some(statement.map_or(UNKNOWN, |statement| &statement.text)),
                _ => None,
            }
            .filter(|text| !text.is_empty()),
            fingerprint: statement.map(|statement| statement.fingerprint),
            prepared: number.as_deref().map(str::as_bytes),
            params: execute.then_some(Params { bytes: &pending.params, ends: &pending.param_ends }),
            rows: done_us.filter(|_| failed.is_none() && wants_statement).map(|_| pending.rows),
            affected: pending.affected.filter(|_| wants_statement),
            tag: None,
            error: failed.map(shown),
            tx: self.tx,
            user: Some(&self.user),
            database: Some(&self.database),
            latency_us: done_us.and_then(since),
            ttfr_us: pending.first_row_us.and_then(since),
        };
        cx.facts.transactions += 1;
        cx.emit(pending.ts_us, &marks, &Record::Sql(&record));
    }

    /// The end of a log-in.
    pub(super) fn connected(&mut self, failed: Option<&Failed>, ts_us: i64, cx: &mut Context<'_, '_>) {
        let mut marks = Marks::default();
        Why::words(failed.map_or(0, |failed| failed.why), &mut marks.redacted);
        if self.compressed {
            marks.anomaly.add("mysql_compressed");
        }
        let record = SqlRecord {
            engine: "mysql",
            op: Some(b"CONNECT"),
            error: failed.map(shown),
            user: Some(&self.user),
            database: Some(&self.database),
            latency_us: self.login_us.and_then(|from| u64::try_from(ts_us - from).ok()),
            ..SqlRecord::default()
        };
        cx.facts.transactions += 1;
        cx.emit(self.login_us.unwrap_or(ts_us), &marks, &Record::Sql(&record));
    }
}

fn op(pending: &Pending) -> Option<&[u8]> {
    match pending.kind {
        Kind::Query | Kind::Prepare | Kind::Execute => {
            pending.statement.as_ref().map(|statement| statement.op.as_slice())
        }
        Kind::Fetch => Some(b"FETCH"),
        Kind::InitDb => Some(b"USE"),
        Kind::FieldList => Some(b"FIELD LIST"),
        Kind::Statistics => Some(b"STATISTICS"),
        Kind::ChangeUser => Some(b"CHANGE USER"),
        Kind::Named(name) | Kind::Quiet(name) => Some(name.as_bytes()),
    }
}

fn shown(failed: &Failed) -> SqlError<'_> {
    SqlError { code: Some(failed.code), state: &failed.state, text: &failed.text }
}
