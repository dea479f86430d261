//! What a client asked for, in order.

use std::sync::Arc;

use crate::sql::Statement;

/// One thing the server will answer.
#[derive(Debug)]
pub(super) struct Item {
    pub(super) ask: Ask,
    /// When its last byte came.
    pub(super) ts_us: i64,
    /// How far the client had acknowledged the server's bytes.
    pub(super) acked: u64,
}

/// What it is.
#[derive(Debug)]
pub(super) enum Ask {
    /// A log-in.
    Startup,
    /// TLS or GSSAPI: one byte answers.
    Encrypt,
    /// A simple query, or a function call.
    Query(Box<Run>),
    Parse(Arc<Statement>),
    Bind,
    Describe,
    Execute(Box<Run>),
    Close,
    Sync,
}

/// A statement that runs.
#[derive(Debug, Default)]
pub(super) struct Run {
    pub(super) statement: Option<Arc<Statement>>,
    /// The prepared statement's name.
    pub(super) prepared: Option<Vec<u8>>,
    pub(super) params: Vec<u8>,
    pub(super) param_ends: Vec<u32>,
    pub(super) params_cut: bool,
    /// Rules that hid something, as bits.
    pub(super) why: u16,
    pub(super) rows: u64,
    pub(super) first_row_us: Option<i64>,
    pub(super) tag: Vec<u8>,
    pub(super) affected: Option<u64>,
    pub(super) failed: Option<Failed>,
    pub(super) gap: bool,
}

/// An error, as it may be shown.
#[derive(Debug, Default)]
pub(super) struct Failed {
    pub(super) state: Vec<u8>,
    pub(super) text: Vec<u8>,
    pub(super) why: u16,
}

impl Item {
    /// Whether the server ends it with `ReadyForQuery`.
    pub(super) fn ends_unit(&self) -> bool {
        matches!(self.ask, Ask::Startup | Ask::Query(_) | Ask::Sync)
    }

    pub(super) fn heap(&self) -> usize {
        let own = size_of::<Item>();
        match &self.ask {
            Ask::Query(run) | Ask::Execute(run) => {
                let statement = run.statement.as_ref().map_or(0, |statement| statement.heap());
                own + size_of::<Run>() + run.params.capacity() + run.tag.capacity() + statement
            }
            Ask::Parse(statement) => own + statement.heap(),
            _ => own,
        }
    }
}
