//! QUIC: what the first packets of a connection say, and what the others carry when a key log has their secrets (RFC 9000,
//! RFC 9001, RFC 9369).
//!
//! ```text
//! datagram ─ packets ─┬─ Initial ─ InitialKeys ─ CRYPTO frames ─ Crypto ─ ClientHello, ServerHello ─▶ quic record, verdict
//!                     └─ Handshake, 1-RTT ─ Held? ─ Sealed ─ frames ─┬─ Crypto ─ the protocol that was chosen
//!                                                                   └─ Streams ─ Ordered ─ http3 ─▶ http records
//! ```
//!
//! Initial packets are encrypted with keys that anybody who saw the first of them can make, so no key log is needed for
//! them. What follows is counted only, where there is none. Packets whose secrets are not there yet wait a moment; packets
//! of a connection that moved to another address are a flow of their own, which nothing opens.

mod crypto;
mod frames;
mod held;
mod ids;
mod initial;
mod keys;
mod ordered;
mod packet;
mod parser;
mod phases;
mod ranges;
mod sealed;
mod segments;
mod short;
mod streams;
mod verdict;

#[cfg(test)]
mod tests;

pub use packet::looks;
pub use parser::Quic;
