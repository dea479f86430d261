//! What travels between the server and its clients: REST bodies, the error body and the views socket.
//!
//! ```text
//! error    {code, message, details?, request_id}
//! cell     one cell of a row, by the type of its column
//! socket   the views protocol: sub, move, ack, unsub → hello, snap, delta, counts, end
//! rest     bodies of /api/v1/…
//! ```
//!
//! The console's TypeScript types are generated from these (`cargo xtask gen`). JSON is snake_case; times are epoch
//! milliseconds. Pure: no IO.

pub mod cell;
pub mod error;
pub mod rest;
pub mod socket;

pub use cell::{Cell, ColumnType, Level};
pub use error::ErrorBody;
