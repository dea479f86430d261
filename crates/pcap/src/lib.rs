//! Capture files: pcap and pcapng. Sans-IO: works on slices the caller read.
//!
//! ```text
//! bytes of a file ── Reader::next(slice, last) ──▶ Step: Item (packet, interface, names, keys, damage …) | More | End
//! packets         ── Writer, ClassicWriter ──────▶ Vec<u8>, whole blocks only
//! ```
//!
//! Packets are borrowed from the caller's slice and nothing is allocated for one. Every length is checked, every table
//! has a budget. A damaged file is read as far as it makes sense: the reader finds the next believable block and says
//! where and how much it left out.

mod clock;
mod interface;
mod item;
mod link;
pub mod manifest;
mod options;
mod order;
mod packets;
mod reader;
mod writer;

pub use interface::Interface;
pub use item::{Damage, Item, Name, Names, Packet, Refused, Step, Why};
pub use link::LinkType;
pub use options::Options;
pub use order::Order;
pub use packets::packets;
pub use reader::Reader;
pub use writer::{ClassicWriter, Counters, Outgoing, Section, WriteError, Writer};

/// The kind of secrets that are lines of a TLS key log (NSS format).
pub const TLS_KEY_LOG: u32 = 0x544c_534b;
