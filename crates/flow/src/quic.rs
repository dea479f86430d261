//! QUIC: what the first packets of a connection say (RFC 9000, RFC 9001, RFC 9369).
//!
//! ```text
//! datagram ─ packets ─ Initial ─ InitialKeys ─ CRYPTO frames ─ Crypto (by offset) ─ ClientHello, ServerHello ─▶ quic record
//! ```
//!
//! Initial packets are encrypted with keys that anybody who saw the first of them can make, so no key log is needed for
//! them. What follows is counted only.

mod crypto;
mod initial;
mod packet;
mod parser;

#[cfg(test)]
mod tests;

pub use packet::looks;
pub use parser::Quic;
