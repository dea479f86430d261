//! What goes into the engine: one captured packet.

use pcap::LinkType;

/// One captured packet, borrowed from the reader's buffer or the ring.
#[derive(Clone, Copy, Debug)]
pub struct Packet<'a> {
    /// The interface it was seen on, as the caller numbers them.
    pub iface: u32,
    /// Epoch nanoseconds.
    pub ts_ns: u64,
    /// How the first bytes are to be read.
    pub link: LinkType,
    /// Its length on the wire; more than `bytes.len()` when the snap length cut it.
    pub orig_len: u32,
    /// Into or out of the captured interface, where known.
    pub dir: Direction,
    /// The captured bytes, link header first.
    pub bytes: &'a [u8],
}

impl<'a> From<&pcap::Packet<'a>> for Packet<'a> {
    /// As a capture file has it.
    fn from(packet: &pcap::Packet<'a>) -> Self {
        let dir = match packet.inbound() {
            Some(true) => Direction::In,
            Some(false) => Direction::Out,
            None => Direction::Unknown,
        };
        let &pcap::Packet { iface, ts_ns, link, orig_len, bytes, .. } = packet;
        Self { iface, ts_ns, link, orig_len, dir, bytes }
    }
}

/// Which way a packet crossed the captured interface.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Direction {
    /// The capture does not say.
    #[default]
    Unknown,
    /// Received by the captured host.
    In,
    /// Sent by the captured host.
    Out,
}
