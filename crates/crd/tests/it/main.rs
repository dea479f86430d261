//! The definitions on a real API server, used by the real kubectl.
#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic, clippy::indexing_slicing)]

mod explain;
mod objects;
mod server;
mod sharing;
mod verdicts;

use server::Server;
use std::sync::OnceLock;

/// The server, with the definitions installed once.
fn server() -> &'static Server {
    static SERVER: OnceLock<Server> = OnceLock::new();
    SERVER.get_or_init(Server::start)
}
