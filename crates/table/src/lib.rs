//! Columnar rows, runs, views and the subscriber that turns them into frames.
//!
//! ```text
//! feed ── RowBuf ──▶ Table ──▶ Run (sorted rows under scope, filter, sort) ──▶ View (merges runs) ──▶ Rows
//!                      └── ring of changes ──┘                                                        │
//!                                     socket, SSE, CLI ◀── frames ── Subscriber ◀─────────────────────┘
//! ```
//!
//! A table is written by one feed and read by any number of runs; a run catches up when somebody looks. Nothing here
//! does IO or waits: the host says when something changed and what time it is.

mod bits;
mod buf;
mod by_name;
mod column;
mod error;
#[cfg(test)]
mod fixture;
mod grow;
mod identity;
mod json;
mod labels;
mod limits;
mod merge;
mod notes;
mod order;
mod packed;
mod parking;
mod parts;
mod record;
mod ring;
mod rows;
mod run;
mod runs;
mod schema;
mod scope;
mod select;
mod shown;
mod subscriber;
mod table;
mod tally;
mod texts;
mod view;

pub use buf::{MAX_TEXT, RowBuf};
pub use error::Error;
pub use limits::Limits;
pub use notes::Notes;
pub use order::{SortColumn, SortKey};
pub use parking::Parking;
pub use rows::Rows;
pub use run::{Run, SharedRun};
pub use runs::Runs;
pub use schema::{MAX_COLUMNS, Schema};
pub use scope::Scope;
pub use subscriber::{Command, Content, ReadClusters, ReadCounts, Subscriber};
pub use table::{Applied, RowId, SharedTable, Table, bytes_per_row};
pub use tally::{MAX_FILTERS, SharedTally, Tallied, Tally};
pub use view::{Place, Reading, Source, View};
