//! What travels between the server and its clients: REST bodies, the error body and the views socket.
//!
//! ```text
//! error    {code, message, details?, request_id}
//! cell     one cell of a row, by the type of its column
//! socket   the views protocol: sub, move, ack, unsub → hello, snap, delta, counts, end
//! rest     bodies of /api/v1/…
//! tap      bodies of /api/v1/taps…
//! workspace, blueprint, job   bodies of /api/v1/workspaces…, /api/v1/blueprints…, /api/v1/jobs…
//! files    bodies of /api/v1/workspaces/…/files…
//! terminal the terminal socket of a workspace, and its shells
//! openapi  all calls of the REST API, as a document
//! packets  the packets socket: asks, and binary frames of packets and streams
//! ```
//!
//! The console's TypeScript types are generated from these (`cargo xtask gen`). JSON is snake_case; times are epoch
//! milliseconds. Pure: no IO.

pub mod blueprint;
pub mod cell;
pub mod error;
pub mod files;
pub mod guild;
pub mod job;
pub mod openapi;
pub mod packets;
pub mod rest;
pub mod socket;
pub mod tap;
pub mod terminal;
pub mod workspace;

pub use cell::{Cell, ColumnType, Level};
pub use error::ErrorBody;
