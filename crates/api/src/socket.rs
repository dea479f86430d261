//! The views socket: `/api/v1/socket`, one WebSocket per tab, JSON text frames, each an object with one member that
//! names it. A client says `sub, move, ack, unsub`; the server says `hello, snap, delta, counts, clusters, end`.
//!
//! A subscription shows a window of a sorted, filtered list that the server keeps. `snap` gives the window whole;
//! each later `delta` changes it. The server sends at most one frame per subscription in 50 ms and only after the
//! last one was acknowledged: a slow client gets fewer frames with the latest state, never a queue.

mod client;
mod server;

pub use client::{
    Ack, ClientFrame, CountsQuery, List, ListQuery, Move, Resume, RowsQuery, Sort, Sub, TallyQuery, Unsub, What,
};
pub use server::{
    Cluster, Clusters, Column, Counts, Delta, End, Gap, Hello, Kind, Notes, Row, ServerFrame, Snap, Source, SourceState,
};

/// Client-chosen number of a subscription; unused so far on this socket.
pub type SubId = u32;

/// The largest window of one subscription.
pub const MAX_WINDOW: u32 = 1_000;
/// Subscriptions of one socket (EXF-26).
pub const MAX_VIEWS: u32 = 50;
/// Shortest time between two frames of one subscription, in milliseconds.
pub const FLUSH_MS: u64 = 50;
