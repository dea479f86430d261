//! The HTTP door: console, REST, the socket, the embedded UI.
//!
//! ```text
//! connection ─► TLS, if any ─► request ─► guard (Host, Origin, token or cookie: a Caller) ─► routes (REST) ─► services
//!                                                  ├► socket: one Subscriber per tab
//!                                                  └► assets: the console's files
//! ```
//!
//! Called by `app`, which hands it the services. Invariant: whatever stands behind the guard was checked by it; only
//! `/healthz` and a fresh one-time URL pass without a token.

mod assets;
mod attempts;
mod auth;
mod beside;
mod caller;
mod connections;
mod cookies;
mod desk;
mod error;
mod figures;
mod files;
mod forward;
mod guard;
mod guild;
mod in_place;
mod listen;
mod login;
mod ops;
mod packets;
mod people;
mod place;
mod routes;
mod server;
mod serving;
mod socket;
mod team;
mod terminal;
mod tls;

pub use auth::{Doorkeeper, TOKEN_HEADER};
pub use beside::{Beside, Http2, Led, NamedApp, OpenApp, Refusal, Streamed, Wire};
pub use connections::{Connection, Connections};
pub use guard::Hosts;
pub use guild::{AppUrl, Guild};
pub use listen::{Listen, ListenError, listen};
pub use ops::{Check, Ops};
pub use people::People;
pub use server::{Config, Gateway, Services};
pub use tls::{Tls, TlsError};
