//! A command that waits for its outcome.

use std::sync::Arc;

use crate::sql::Statement;

/// One command.
#[derive(Debug, Default)]
pub(super) struct Pending {
    pub(super) kind: Kind,
    pub(super) stage: Stage,
    /// When its last byte came.
    pub(super) ts_us: i64,
    /// How far the client had acknowledged the server's bytes.
    pub(super) acked: u64,
    pub(super) statement: Option<Arc<Statement>>,
    /// The prepared statement's number.
    pub(super) prepared: Option<u32>,
    pub(super) params: Vec<u8>,
    pub(super) param_ends: Vec<u32>,
    pub(super) params_cut: bool,
    /// A name that counts once the server agrees: a database, a user.
    pub(super) name: Vec<u8>,
    /// Rules that hid something, as bits.
    pub(super) why: u16,
    pub(super) rows: u64,
    /// The end of the columns' descriptions was seen, where the server sends one.
    pub(super) past_columns: bool,
    pub(super) first_row_us: Option<i64>,
    pub(super) affected: Option<u64>,
    pub(super) failed: Option<Failed>,
    pub(super) gap: bool,
}

/// What it is.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub(super) enum Kind {
    #[default]
    Query,
    Prepare,
    Execute,
    Fetch,
    /// `USE`.
    InitDb,
    FieldList,
    Statistics,
    ChangeUser,
    /// Its outcome is a record under this name.
    Named(&'static str),
    /// Its outcome is a record only when it failed.
    Quiet(&'static str),
}

/// What the server's next packet is.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub(super) enum Stage {
    /// The first of an outcome.
    #[default]
    First,
    /// The description of a column; so many are left.
    Columns(u64),
    /// A row, or the end.
    Rows,
    /// Descriptions of what was prepared; so many are left.
    Definitions(u64),
    /// The client sends a file.
    File,
}

/// An error, as it may be shown.
#[derive(Debug, Default)]
pub(super) struct Failed {
    pub(super) code: u16,
    pub(super) state: Vec<u8>,
    pub(super) text: Vec<u8>,
    pub(super) why: u16,
}

impl Pending {
    pub(super) fn new(kind: Kind) -> Pending {
        Pending { kind, ..Pending::default() }
    }

    pub(super) fn heap(&self) -> usize {
        let statement = self.statement.as_ref().map_or(0, |statement| statement.heap());
        size_of::<Pending>()
            + self.params.capacity()
            + self.param_ends.capacity() * 4
            + self.name.capacity()
            + statement
    }
}
