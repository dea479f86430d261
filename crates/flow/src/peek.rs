//! The ends of one packet, without an engine: what exports choose packets by.

use std::net::IpAddr;

use pcap::LinkType;

use crate::{bytes::u16_at, ip, link};

/// Who sent a packet to whom.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Ends {
    /// The IP protocol.
    pub proto: u8,
    /// The sender.
    pub src: IpAddr,
    /// The receiver.
    pub dst: IpAddr,
    /// Ports of sender and receiver: none for protocols without, and in all but the first fragment.
    pub ports: Option<(u16, u16)>,
}

/// Reads the outermost IP header of a packet; none when there is no IP in it.
#[must_use]
pub fn ends(link: LinkType, bytes: &[u8], orig_len: u32) -> Option<Ends> {
    let link::Network::Ip(network) = link::network(link, bytes).ok()? else { return None };
    let missing = orig_len.saturating_sub(u32::try_from(bytes.len()).ok()?);
    let datagram = ip::datagram(network, missing, false).ok()?;
    let first = datagram.fragment.is_none_or(|fragment| fragment.offset == 0);
    let ports = || Some((u16_at(datagram.payload, 0)?, u16_at(datagram.payload, 2)?));
    Some(Ends {
        proto: datagram.proto,
        src: datagram.src.ip(datagram.v6),
        dst: datagram.dst.ip(datagram.v6),
        ports: if first && matches!(datagram.proto, 6 | 17) { ports() } else { None },
    })
}

/// Where the payload of a packet begins: behind the headers of TCP, UDP, ICMP and SCTP. A packet of which nothing else is
/// understood has none: all of it stands before that place.
#[must_use]
pub fn payload_at(link: LinkType, bytes: &[u8], orig_len: u32) -> usize {
    let Ok(link::Network::Ip(network)) = link::network(link, bytes) else { return bytes.len() };
    let missing = orig_len.saturating_sub(u32::try_from(bytes.len()).unwrap_or(u32::MAX));
    let Ok(datagram) = ip::datagram(network, missing, false) else { return bytes.len() };
    // A part of `bytes`: as far behind their begin as its address says.
    let at = (datagram.payload.as_ptr() as usize).saturating_sub(bytes.as_ptr() as usize);
    let first = datagram.fragment.is_none_or(|fragment| fragment.offset == 0);
    let head = match datagram.proto {
        _ if !first => 0,
        6 => datagram.payload.get(12).map_or(20, |byte| usize::from(byte >> 4) * 4).max(20),
        17 | 1 | 58 => 8,
        132 => 12,
        _ => 0,
    };
    (at + head).min(bytes.len())
}

#[cfg(test)]
mod tests;
