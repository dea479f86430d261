//! The door to the apps and ports of workspaces, each on an origin of its own.
//!
//! ```text
//! connection ─► head (strict) ─► Host: {port or app}--{route}.{apps domain}
//!                  ├─ /.quarterdeck/enter: a code from the console becomes a cookie of that host ─┐
//!                  └─ cookie ─► Login (a Permit for life) ─► fields to the app ─► Pool ─► Way ─────┴─► link tunnel
//!                                                        ◄─ fields to the browser ◄─ answer, bytes, sockets
//! ```
//!
//! Called by `app`, which hands it connections whose first request is for one of its hosts, and opens apps for whoever
//! is signed in to the console. Invariants: nothing is passed on that this door did not read as the app will; no byte of
//! a body is held back or kept beyond one piece; no cookie or header of ours reaches an app.

mod answer;
mod body;
mod connection;
mod exchange;
mod fields;
mod hold;
mod host;
mod http2;
mod in_place;
mod limits;
mod login;
#[cfg(feature = "measured")]
mod measured;
mod own;
mod proxy;
mod pulse;
mod relay;
mod signed;
mod tls;
mod tunnel;
mod wait;
mod way;
mod ways;

pub use exchange::Times;
pub use host::{AppHost, Domain, Service};
pub use http2::Streamed;
pub use limits::{Limits, Rate, Route};
#[cfg(feature = "measured")]
pub use measured::Accounting;
pub use proxy::{Config, Led, Open, OpenError, Proxy, Services};
pub use signed::Signer;
pub use way::{Stream, Tried};
pub use ways::By;

#[cfg(test)]
mod tests;
