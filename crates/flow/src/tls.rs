//! TLS: what handshakes say, and what records hold when a key log has their secrets.
//!
//! ```text
//! bytes ─ records (wire) ─┬─ clear handshake ─ hello, certificate ─▶ Session ─▶ tls record, verdict
//!                         └─ sealed ─ Held? ─ Opener ─┬─ handshake ─▶ Session
//!                                                     └─ data ─▶ inner Dialog ─▶ http, redis, … records
//! ```
//!
//! Without keys a data record costs its header. With a key log in use, records whose secrets are not there yet wait a
//! moment ([`Held`](held::Held)), in the order they came; later they are passed over. RFC 8446, RFC 5246.

mod certificate;
mod crypto;
mod fingerprint;
mod half;
mod held;
mod hello;
mod inner;
mod messages;
pub mod names;
mod opening;
mod parser;
pub(crate) mod reader;
mod session;
pub(crate) mod verdict;
mod wire;

#[cfg(test)]
mod tests;

pub use certificate::Certificate;
pub(crate) use crypto::{Hash, expand_label};
pub use fingerprint::{Carrier, ja3, ja3_text, ja4, ja4s};
pub use hello::{ClientHello, ServerHello};
pub(crate) use hello::{chosen_alpn, extension};
pub use parser::Tls;
pub use wire::looks;
