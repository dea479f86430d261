//! The link layer: from the first captured byte to the network header, over tags and labels.

use pcap::LinkType;

use crate::{
    bytes::{u8_at, u16_at, u32_at},
    malformed::Malformed,
};

/// What the link header carried, by its protocol. The slice starts at the network header and may hold padding.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Network<'a> {
    /// IPv4 or IPv6; its first four bits say which.
    Ip(&'a [u8]),
    /// ARP.
    Arp(&'a [u8]),
    /// Something that is not followed.
    Other,
}

/// Finds the network header.
pub(crate) fn network(link: LinkType, bytes: &[u8]) -> Result<Network<'_>, Malformed> {
    match link.0 {
        1 => ethernet(bytes),
        0 => family(bytes, false),
        108 => family(bytes, true),
        12 | 14 | 101 | 228 | 229 => Ok(Network::Ip(bytes)),
        113 => by_type(u16_at(bytes, 14), bytes, 16),
        276 => by_type(u16_at(bytes, 0), bytes, 20),
        _ => Err(Malformed::LinkType),
    }
}

/// An Ethernet frame; also what VXLAN, Geneve and GRE carry.
pub(crate) fn ethernet(bytes: &[u8]) -> Result<Network<'_>, Malformed> {
    by_type(u16_at(bytes, 12), bytes, 14)
}

/// What an EtherType says follows at `at`: through VLAN tags, PPPoE and MPLS labels to the network header.
pub(crate) fn by_type(kind: Option<u16>, bytes: &[u8], at: usize) -> Result<Network<'_>, Malformed> {
    let (mut kind, mut at) = (kind.ok_or(Malformed::Link)?, at);
    for _ in 0..=MAX_TAGS {
        let rest = bytes.get(at..).ok_or(Malformed::Link)?;
        match kind {
            0x0800 | 0x86dd => return Ok(Network::Ip(rest)),
            0x0806 => return Ok(Network::Arp(rest)),
            0x8100 | 0x88a8 | 0x9100 | 0x9200 => {
                kind = u16_at(rest, 2).ok_or(Malformed::Tags)?;
                at += 4;
            }
            0x8864 => {
                // PPPoE session: six bytes of header, then the protocol of PPP.
                kind = match u16_at(rest, 6).ok_or(Malformed::Tags)? {
                    0x0021 => 0x0800,
                    0x0057 => 0x86dd,
                    0x0281 => 0x8847,
                    _ => return Ok(Network::Other),
                };
                at += 8;
            }
            0x8847 | 0x8848 => return labels(rest),
            _ => return Ok(Network::Other),
        }
    }
    Err(Malformed::Tags)
}

/// MPLS labels; what follows the last one is told by its first four bits.
fn labels(bytes: &[u8]) -> Result<Network<'_>, Malformed> {
    let mut rest = bytes;
    for _ in 0..=MAX_LABELS {
        let label = u32_at(rest, 0).ok_or(Malformed::Tags)?;
        rest = rest.get(4..).ok_or(Malformed::Tags)?;
        if label & 0x100 != 0 {
            return Ok(match u8_at(rest, 0).map(|first| first >> 4) {
                Some(4 | 6) => Network::Ip(rest),
                // A pseudowire: a control word of zero, then a frame.
                Some(0) => return ethernet(rest.get(4..).ok_or(Malformed::Tags)?),
                _ => Network::Other,
            });
        }
    }
    Err(Malformed::Tags)
}

/// BSD loopback: an address family, whose number for IPv6 differs between systems.
fn family(bytes: &[u8], network_order: bool) -> Result<Network<'_>, Malformed> {
    let value = u32_at(bytes, 0).ok_or(Malformed::Link)?;
    let rest = bytes.get(4..).ok_or(Malformed::Link)?;
    // Written in the byte order of the capturing machine, which nothing says: families are small numbers.
    let value = if !network_order && value > 0xffff { value.swap_bytes() } else { value };
    Ok(match value {
        2 | 10 | 24 | 28 | 30 => Network::Ip(rest),
        _ => Network::Other,
    })
}

/// Nested VLAN and PPPoE tags that are followed.
const MAX_TAGS: usize = 8;
/// MPLS labels that are followed.
const MAX_LABELS: usize = 16;
