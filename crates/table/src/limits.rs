//! What one client may ask for.

use crate::parking::Parking;
use api::socket::{FLUSH_MS, MAX_VIEWS, MAX_WINDOW};
use base::RequestId;
use std::sync::Arc;

/// Limits of one subscriber, and what it shares with the others.
#[derive(Clone, Debug)]
pub struct Limits {
    /// Subscriptions at a time.
    pub views: u32,
    /// Rows in a window.
    pub window: u32,
    /// Shortest time between two frames of one subscription, in milliseconds.
    pub flush_ms: u64,
    /// A subscription whose last frame is not acknowledged for this long ends with `slow_client`. Off by default: a
    /// tab in the background does not paint, costs nothing, and goes on when it is looked at.
    pub patience_ms: Option<u64>,
    /// Where states of broken sockets wait for their clients; without it every subscription starts with a snapshot.
    pub parking: Option<Arc<Parking>>,
    /// The request that opened the socket, for errors.
    pub request: RequestId,
}

impl Default for Limits {
    fn default() -> Self {
        Self {
            views: MAX_VIEWS,
            window: MAX_WINDOW,
            flush_ms: FLUSH_MS,
            patience_ms: None,
            parking: None,
            request: RequestId::new(),
        }
    }
}

/// Longest frame from a client, in bytes.
pub(crate) const MAX_FRAME: usize = 64 * 1024;
