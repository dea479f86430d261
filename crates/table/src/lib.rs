//! Columnar rows, runs, views and the subscriber that turns them into frames.
//!
//! ```text
//! feed ── RowBuf ──▶ Table ──▶ Run (sorted rows under scope, filter, sort) ──▶ View (merges runs) ──▶ Rows
//!                      └── ring of changes ──┘                                                        │
//!                                     socket, SSE, CLI ◀── frames ── Subscriber ◀─────────────────────┘
//! ```

mod bits;
mod buf;
mod column;
mod grow;
mod identity;
mod labels;
mod packed;
mod ring;
mod schema;
mod table;
mod texts;

pub use buf::{MAX_TEXT, RowBuf};
pub use schema::{MAX_COLUMNS, Schema};
pub use table::{Applied, RowId, SharedTable, Table, bytes_per_row};
