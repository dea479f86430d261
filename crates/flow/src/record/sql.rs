//! The `sql` record: a statement with its outcome, of any SQL protocol.

use crate::json::Object;

/// One statement; a connection's log-in and a cancellation are records too.
#[derive(Clone, Copy, Debug, Default)]
pub struct SqlRecord<'a> {
    /// `postgres` or `mysql`.
    pub engine: &'static str,
    /// The word that says what it does: `SELECT`, `INSERT`, …; `CONNECT`, `CANCEL`.
    pub op: Option<&'a [u8]>,
    /// The statement, literals as `?`; `«unknown»` for one that was prepared before the capture began.
    pub query: Option<&'a [u8]>,
    /// Equal for statements of one shape.
    pub fingerprint: Option<u64>,
    /// The name or number of the prepared statement; empty for the unnamed one.
    pub prepared: Option<&'a [u8]>,
    /// Parameters as they may be shown, one a line.
    pub params: Option<Params<'a>>,
    /// Rows of the result.
    pub rows: Option<u64>,
    /// Rows that were changed.
    pub affected: Option<u64>,
    /// What the server said it did.
    pub tag: Option<&'a [u8]>,
    /// What went wrong.
    pub error: Option<SqlError<'a>>,
    /// The state of the transaction in which it ran: `idle`, `open`, `failed`.
    pub tx: Option<&'static str>,
    /// Who.
    pub user: Option<&'a [u8]>,
    /// Where.
    pub database: Option<&'a [u8]>,
    /// From the last byte of the request to the end of its outcome.
    pub latency_us: Option<u64>,
    /// To the first row.
    pub ttfr_us: Option<u64>,
}

/// Texts side by side.
#[derive(Clone, Copy, Debug, Default)]
pub struct Params<'a> {
    /// All of them.
    pub bytes: &'a [u8],
    /// Where each ends.
    pub ends: &'a [u32],
}

/// An error of a server.
#[derive(Clone, Copy, Debug)]
pub struct SqlError<'a> {
    /// The number, where there is one.
    pub code: Option<u16>,
    /// SQLSTATE.
    pub state: &'a [u8],
    /// The message.
    pub text: &'a [u8],
}

impl<'a> Params<'a> {
    /// In order.
    pub fn iter(&self) -> impl Iterator<Item = &'a [u8]> {
        let (bytes, mut from) = (self.bytes, 0);
        self.ends.iter().map(move |end| {
            let end = *end as usize;
            let text = bytes.get(from..end).unwrap_or_default();
            from = end;
            text
        })
    }
}

impl SqlRecord<'_> {
    pub(crate) fn write(&self, object: &mut Object<'_>) {
        object.text("engine", self.engine);
        object.maybe_bytes("op", self.op.filter(|op| !op.is_empty()));
        object.maybe_bytes("query", self.query);
        if let Some(fingerprint) = self.fingerprint {
            object.hex("fingerprint", &fingerprint.to_be_bytes());
        }
        object.maybe_bytes("prepared", self.prepared);
        if let Some(params) = &self.params {
            let mut list = object.array("params");
            params.iter().for_each(|param| list.bytes(param));
        }
        object.maybe("rows", self.rows);
        object.maybe("affected", self.affected);
        object.maybe_bytes("tag", self.tag.filter(|tag| !tag.is_empty()));
        if let Some(error) = &self.error {
            let mut inner = object.object("error");
            inner.maybe("code", error.code.map(u64::from));
            inner.maybe_bytes("state", Some(error.state).filter(|state| !state.is_empty()));
            inner.bytes("text", error.text);
        }
        if let Some(tx) = self.tx {
            object.text("tx", tx);
        }
        object.maybe_bytes("user", self.user.filter(|user| !user.is_empty()));
        object.maybe_bytes("database", self.database.filter(|database| !database.is_empty()));
        object.maybe("latency_us", self.latency_us);
        object.maybe("ttfr_us", self.ttfr_us);
    }
}
