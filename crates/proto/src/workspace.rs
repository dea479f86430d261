//! `qd.workspace/1`: what the daemon of a workspace and its callers say to each other, and what the daemon is told at its start.
//!
//! ```text
//! caller ─ PREFACE, Hello ───────────────────────────▶ daemon
//! caller ◀────────────────────── PREFACE, Welcome ─ daemon
//! caller ─ Open on a channel of its own number ──────▶ daemon     shell, attach, exec, tunnel, files, request, watch,
//!                                                               upward, lock, socket, egress, accept
//! caller ◀──────────────────── Opened, or Refused ─ daemon
//!        ◀ Data, Eof, Credit ─ both ─ Data, Eof, Credit ▶
//! caller ─ Resize, Signal ─▶                        ◀─ Exit, Close ─ daemon
//! ```
//!
//! A frame on the wire is its length (varint, at most [`MAX_FRAME`]) and the protobuf of [`Frame`]; what carries it (TLS
//! with certificates of both, or the API server's exec stream) proves who speaks and that nothing was changed. Each
//! direction of a channel may send [`WINDOW`] bytes of data until the other grants more: who sends more is no caller of
//! ours. [`Decoder`] cuts frames, [`Room`] counts what may come.
//!
//! [`Config`] is the text of `/etc/quarterdeck/config.yaml`: the operator writes it, the daemon reads it once.

mod codec;
mod config;
mod inbox;
mod messages;
mod outgoing;
pub mod told;
mod upward;

pub use codec::{Decoder, Error, Room, encode, granted};
pub use config::{App, Config, Declared, Detach, Identity, InitScript, Owned, Profile, Restart, User};
pub use inbox::{Inbox, Input};
pub use messages::*;
pub use outgoing::Outgoing;
pub use upward::{Answered, Asked};

/// What each side writes first.
pub const PREFACE: &[u8; 8] = b"QDWSP\0\x01\n";
/// The longest frame.
pub const MAX_FRAME: usize = 64 << 10;
/// Bytes of data in one frame at most.
pub const MAX_DATA: usize = 32 << 10;
/// Bytes of data that a direction of a channel may send before it is granted any.
pub const WINDOW: usize = 256 << 10;
/// Bytes of data that may be granted and not sent at one time.
pub const MAX_GRANTED: usize = 4 << 20;
/// Channels that a connection may have open.
pub const MAX_CHANNELS: usize = 128;
/// The protocol versions that this build speaks.
pub const VERSIONS: std::ops::RangeInclusive<u32> = 1..=1;
/// The stream of [`Data`] that is the output, or the input.
pub const OUT: u32 = 0;
/// The stream of [`Data`] that is the output of errors.
pub const ERR: u32 = 1;
