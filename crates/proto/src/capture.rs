//! `qd.capture/1`: what the capture agent and its owner say to each other.
//!
//! ```text
//! agent ─ PREFACE, Hello ──────────────────────────────▶ owner
//! agent ◀───────── Start, signed by the owner's key ─ owner     without it the agent sends nothing more
//! agent ─ FilterApplied, Packets, Records, Loss, Stats ▶ owner
//! agent ◀──────── SetFilter, Credit, Ping, Ack, Stop ─ owner     each with its mac
//! ```
//!
//! A frame on the wire is its length (varint, at most [`MAX_FRAME`]), the protobuf of [`Frame`], and the CRC-32C of
//! those bytes (little endian). [`codec`] cuts and makes them; [`seal`] proves who the owner is.
//!
//! A start without a tap captures nothing: its owner has come to end the agent, whatever it is busy with.
//!
//! What an agent writes on its standard output is kept in the container's log. Over these streams (the owner has only
//! `pods/attach`) it says who it is in the clear, and everything after in [`Body::Sealed`].

pub mod codec;
pub mod messages;
pub mod seal;

pub use codec::{Decoder, Error, encode};
pub use messages::*;

/// What an agent writes first. At most [`MAX_JUNK`] bytes before it are some other program's words.
pub const PREFACE: &[u8; 8] = b"QDCAP\0\x01\n";
/// What an owner writes first where nobody tells the agent that a stream begins: on its standard input. It is written
/// again until the agent answers.
pub const KNOCK: &[u8; 8] = b"QDKNOCK\n";
/// The number of a frame that is about the stream alone: it stands in no order.
pub const ASIDE: u64 = u64::MAX;
/// Bytes of other output before the preface that are kept, to be shown as the container's error.
pub const MAX_JUNK: usize = 4 << 10;
/// The longest frame.
pub const MAX_FRAME: usize = 1 << 20;
/// The protocol versions that this build speaks.
pub const VERSIONS: std::ops::RangeInclusive<u32> = 1..=1;
/// Credit for packets and for records that the agent has before the owner gives any, in bytes each.
pub const FIRST_CREDIT: u64 = 4 << 20;
/// Records that were sent and not acknowledged, which the agent keeps to send again, in bytes.
pub const MAX_UNACKED: usize = 1 << 20;
/// How often the owner pings, in milliseconds.
pub const PING_MS: u64 = 5_000;
/// Without a ping for this long the agent stops capturing, in milliseconds.
pub const SILENCE_MS: u64 = 15_000;

#[cfg(test)]
mod tests;
