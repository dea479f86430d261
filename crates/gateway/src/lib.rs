//! The HTTP door: console, REST, the socket, the embedded UI.
//!
//! ```text
//! request ─► guard (Host, Origin, token or cookie) ─► routes (REST) ─► services
//!                                                  ├► socket: one Subscriber per tab
//!                                                  └► assets: the console's files
//! ```
//!
//! Called by `app`, which hands it the services. Invariant: whatever stands behind the guard was checked by it; only
//! `/healthz` and a fresh one-time URL pass without a token.

mod assets;
mod auth;
mod error;
mod guard;
mod listen;
mod routes;
mod server;
mod socket;

pub use auth::{Doorkeeper, TOKEN_HEADER};
pub use guard::Hosts;
pub use listen::{Listen, ListenError, listen};
pub use server::{Config, Gateway, Services};
