//! The packets socket, `/api/v1/taps/{tap}/packets?flow=…`: packets and the stream of one connection, in windows.
//!
//! A client asks by JSON text ([`PacketsAsk`]); each ask is the credit for one answer. What is asked for comes as one binary
//! frame, all else as JSON text ([`PacketsSay`]). Numbers of binary frames are little-endian:
//!
//! ```text
//! frame   0 u8 kind (1 packets, 2 stream)  1 u8 flags (1: the last there is now)  2 u16 entries  4 u32 id  8 u64 first
//! packet  0 u64 ts_ns  8 u32 orig_len  12 u32 len  16 u16 interface  18 u8 direction (0 unknown, 1 in, 2 out)
//!         19 u8 flags (1 payload left in the pod, 2 secrets masked, 4 payload withheld by policy)  20 bytes
//! piece   0 i64 ts_us  8 u64 offset  16 u64 len  24 u8 side (0 client, 1 server)  25 u8 gap (0: bytes follow; else why)
//!         26 u16 0  28 bytes, none of a gap
//! ```

use crate::error::ErrorBody;
use serde::{Deserialize, Serialize};
use ts_rs::TS;

/// What a client asks on the packets socket.
#[derive(Clone, Debug, Serialize, Deserialize, TS)]
#[serde(rename_all = "snake_case", deny_unknown_fields)]
#[ts(export_to = "api.ts")]
pub enum PacketsAsk {
    /// Packets, in the order of time.
    Packets(PacketsWindow),
    /// Pieces of the stream of both directions, in the order in which they came.
    Stream(PacketsWindow),
    /// Choose again: what came meanwhile is there then, in an `about`.
    Again(PacketsAgain),
}

/// A window of packets or pieces.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize, TS)]
#[serde(deny_unknown_fields)]
#[ts(export_to = "api.ts")]
pub struct PacketsWindow {
    /// Client-chosen; the answer has it.
    pub id: u32,
    /// The first of them, counted from 0.
    #[ts(type = "number")]
    pub first: u64,
    /// So many at most; 1,000 at most.
    pub count: u16,
    /// Bytes of packets at most, 1 MiB at most; the first comes whole whatever this is.
    pub bytes: u32,
}

/// Asks for another choice.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize, TS)]
#[serde(deny_unknown_fields)]
#[ts(export_to = "api.ts")]
pub struct PacketsAgain {
    /// Client-chosen; the answer has it.
    pub id: u32,
}

/// What the server says in text on the packets socket.
#[derive(Clone, Debug, Serialize, Deserialize, TS)]
#[serde(rename_all = "snake_case")]
#[ts(export_to = "api.ts")]
pub enum PacketsSay {
    /// What there is: the first frame, and the answer to `again`.
    About(PacketsAbout),
    /// An ask could not be answered. With `id` 0 the socket is over.
    Error(PacketsError),
}

/// What a packets socket shows.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, TS)]
#[ts(export_to = "api.ts")]
pub struct PacketsAbout {
    /// The ask that this answers; 0 for the first frame.
    pub id: u32,
    /// Packets of the connection that are kept.
    #[ts(type = "number")]
    pub packets: u64,
    /// There are more: only the first million is shown.
    pub more: bool,
    /// Epoch nanoseconds of the first, as a decimal number.
    pub from_ns: String,
    /// And of the last.
    pub to_ns: String,
    /// The end that opened the connection, `address:port`; empty where no record says it.
    pub client: String,
    /// The other one.
    pub server: String,
    /// What packets name by `interface`.
    pub interfaces: Vec<PacketsInterface>,
    /// Policy lets headers alone be shown: packets are cut behind them, and there is no stream.
    pub headers_only: bool,
    /// The tap still runs: more may come.
    pub running: bool,
}

/// An interface on which packets were seen.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, TS)]
#[ts(export_to = "api.ts")]
pub struct PacketsInterface {
    /// `namespace/pod/eth0`.
    pub name: String,
    /// Its link type, as in capture files: 1 is Ethernet.
    pub link: u16,
}

/// An ask that was not answered.
#[derive(Clone, Debug, Serialize, Deserialize, TS)]
#[ts(export_to = "api.ts")]
pub struct PacketsError {
    /// Its id; 0 when the socket is over.
    pub id: u32,
    /// Why.
    pub error: ErrorBody,
}

/// Packets or pieces of one answer.
pub const MOST_ENTRIES: u16 = 1_000;
/// Bytes of packets of one answer.
pub const MOST_BYTES: u32 = 1 << 20;
/// Asks that may wait for their answers.
pub const MOST_ASKS: usize = 4;

/// A binary frame that is written.
#[derive(Debug)]
pub struct PacketsFrame {
    bytes: Vec<u8>,
    entries: u16,
}

/// What a binary frame holds.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum FrameKind {
    /// Packets.
    Packets = 1,
    /// Pieces of a stream.
    Stream = 2,
}

/// The head of a packet in a frame.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct PacketHead {
    /// Epoch nanoseconds.
    pub ts_ns: u64,
    /// Its length on the wire.
    pub orig_len: u32,
    /// Its interface, of [`PacketsAbout::interfaces`].
    pub interface: u16,
    /// Whether it came into the pod, where that is known.
    pub inbound: Option<bool>,
    /// [`PACKET_CUT`], [`PACKET_MASKED`], [`PACKET_WITHHELD`].
    pub flags: u8,
}

/// Payload was left in the pod.
pub const PACKET_CUT: u8 = 1;
/// Secrets were masked in the pod.
pub const PACKET_MASKED: u8 = 2;
/// Policy lets headers alone be shown.
pub const PACKET_WITHHELD: u8 = 4;

/// A piece of a stream.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Piece<'a> {
    /// Epoch microseconds of the packet that brought its last byte; of a gap, when it was declared.
    pub ts_us: i64,
    /// Offset of its first byte in its direction.
    pub offset: u64,
    /// 0 for the client's, 1 for the server's.
    pub side: u8,
    /// Its bytes, or that they are missing.
    pub what: PieceWhat<'a>,
}

/// Bytes of a stream, or that they are missing.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum PieceWhat<'a> {
    /// They are there.
    Bytes(&'a [u8]),
    /// So many are missing.
    Gap {
        /// How many.
        len: u64,
        /// 1 the kernel's ring dropped packets, 2 shed under a budget, 3 never captured, 4 cut from packets, 5 a limit.
        why: u8,
    },
}

impl PacketsFrame {
    /// Begins a frame.
    #[must_use]
    pub fn begin(kind: FrameKind, window: &PacketsWindow) -> Self {
        let mut bytes = vec![kind as u8, 0, 0, 0];
        bytes.extend_from_slice(&window.id.to_le_bytes());
        bytes.extend_from_slice(&window.first.to_le_bytes());
        Self { bytes, entries: 0 }
    }

    /// Adds a packet.
    pub fn packet(&mut self, head: &PacketHead, bytes: &[u8]) {
        let len = u32::try_from(bytes.len()).unwrap_or(u32::MAX);
        let direction = match head.inbound {
            None => 0,
            Some(true) => 1,
            Some(false) => 2,
        };
        self.bytes.extend_from_slice(&head.ts_ns.to_le_bytes());
        self.bytes.extend_from_slice(&head.orig_len.to_le_bytes());
        self.bytes.extend_from_slice(&len.to_le_bytes());
        self.bytes.extend_from_slice(&head.interface.to_le_bytes());
        self.bytes.extend_from_slice(&[direction, head.flags]);
        self.bytes.extend_from_slice(bytes);
        self.entries += 1;
    }

    /// Adds a piece of a stream.
    pub fn piece(&mut self, piece: &Piece<'_>) {
        let (len, why, bytes) = match piece.what {
            PieceWhat::Bytes(bytes) => (bytes.len() as u64, 0, bytes),
            PieceWhat::Gap { len, why } => (len, why, &[][..]),
        };
        self.bytes.extend_from_slice(&piece.ts_us.to_le_bytes());
        self.bytes.extend_from_slice(&piece.offset.to_le_bytes());
        self.bytes.extend_from_slice(&len.to_le_bytes());
        self.bytes.extend_from_slice(&[piece.side, why, 0, 0]);
        self.bytes.extend_from_slice(bytes);
        self.entries += 1;
    }

    /// Entries so far.
    #[must_use]
    pub fn entries(&self) -> u16 {
        self.entries
    }

    /// The frame; `last` when nothing follows its entries now.
    #[must_use]
    pub fn end(mut self, last: bool) -> Vec<u8> {
        let entries = self.entries.to_le_bytes();
        for (to, from) in self.bytes.iter_mut().skip(1).zip([u8::from(last)].into_iter().chain(entries)) {
            *to = from;
        }
        self.bytes
    }
}

#[cfg(test)]
mod tests;
