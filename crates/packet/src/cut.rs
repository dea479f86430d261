//! Where the headers of a packet stand, and where its payload begins.

use pcap::LinkType;

/// The layers of a packet, as far as they are known.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Layout {
    /// Where the IP header begins.
    pub(crate) ip: usize,
    /// Where the header of the transport begins.
    pub(crate) transport: usize,
    /// Length of the headers up to and with TCP, UDP or ICMP. What follows is payload.
    pub(crate) headers: usize,
    /// Where the IP packet ends; behind it stands the padding of short frames.
    pub(crate) end: usize,
    /// The transport, where it is TCP or UDP that is whole and goes to the address in the IP header.
    pub(crate) proto: Option<u8>,
}

/// Length of the headers up to and with TCP, UDP or ICMP. Of what is neither IP nor ARP the link header alone.
pub(crate) fn headers(link: LinkType, bytes: &[u8]) -> usize {
    layout(link, bytes).headers
}

pub(crate) fn layout(link: LinkType, bytes: &[u8]) -> Layout {
    let (at, ether) = network(link, bytes);
    let length = match ether {
        0x0800 => usize::from(u16_at(bytes, at + 2)),
        0x86dd => usize::from(u16_at(bytes, at + 4)).checked_add(40).filter(|length| *length > 40).unwrap_or(0),
        _ => 0,
    };
    // Offloaded frames longer than the field say 0.
    let end = if length == 0 { bytes.len() } else { (at + length).min(bytes.len()) };
    let only = |headers: usize| Layout { ip: at, transport: at, headers: headers.min(bytes.len()), end, proto: None };
    let (next, start, is_plain) = match ether {
        0x0800 => {
            let own = usize::from(bytes.get(at).copied().unwrap_or(0) & 0xf) * 4;
            let fragment = u16_at(bytes, at + 6) & 0x3fff;
            // Later fragments have no header of the transport.
            if fragment & 0x1fff != 0 {
                return only(at + own);
            }
            (bytes.get(at + 9).copied().unwrap_or(0), at + own, fragment == 0)
        }
        0x86dd => match ipv6(bytes, at) {
            Ok(found) => found,
            Err(headers) => return only(headers),
        },
        ARP => return only(bytes.len()),
        _ => return only(at),
    };
    let own = match next {
        TCP => usize::from(bytes.get(start + 12).copied().unwrap_or(0x50) >> 4) * 4,
        UDP => 8,
        1 | 58 => 8,
        132 => 12,
        _ => 0,
    };
    let proto = (is_plain && matches!(next, TCP | UDP)).then_some(next);
    Layout { ip: at, transport: start, headers: (start + own).min(bytes.len()), end, proto }
}

/// A number that both directions of a connection have in common, and few others.
pub(crate) fn connection(link: LinkType, bytes: &[u8]) -> u32 {
    let layout = layout(link, bytes);
    let is_v6 = bytes.get(layout.ip).is_some_and(|byte| byte >> 4 == 6);
    let addresses = if is_v6 { layout.ip + 8..layout.ip + 40 } else { layout.ip + 12..layout.ip + 20 };
    let ports = layout.transport..layout.transport + 4;
    // Sums, so that it does not matter which end stands first.
    let sum = |range: std::ops::Range<usize>| {
        let (words, _) = bytes.get(range).unwrap_or_default().as_chunks::<2>();
        words.iter().fold(0_u32, |sum, word| sum.wrapping_add(u32::from(u16::from_be_bytes(*word)).pow(2)))
    };
    let ports = if layout.proto.is_some() { sum(ports) } else { 0 };
    sum(addresses).wrapping_add(ports).wrapping_mul(0x9e37_79b1) >> 16
}

/// Where the network layer begins, and its kind by EtherType.
fn network(link: LinkType, bytes: &[u8]) -> (usize, u16) {
    if link != LinkType::ETHERNET {
        let is_v6 = bytes.first().is_some_and(|byte| byte >> 4 == 6);
        return (0, if is_v6 { 0x86dd } else { 0x0800 });
    }
    let (mut at, mut ether) = (14, u16_at(bytes, 12));
    for _ in 0..TAGS {
        if !matches!(ether, 0x8100 | 0x88a8) {
            break;
        }
        ether = u16_at(bytes, at + 2);
        at += 4;
    }
    (at, ether)
}

/// Past the extension headers: the next header, where it begins, and that nothing there changes what checksums cover.
/// Of a later fragment the length of its headers.
fn ipv6(bytes: &[u8], at: usize) -> Result<(u8, usize, bool), usize> {
    let mut next = bytes.get(at + 6).copied().unwrap_or(NONE);
    let (mut start, mut is_plain) = (at + 40, true);
    for _ in 0..8 {
        let len = usize::from(bytes.get(start + 1).copied().unwrap_or(0));
        let own = match next {
            0 | 43 | 60 => (len + 1) * 8,
            44 => 8,
            51 => (len + 2) * 4,
            _ => break,
        };
        // The last address of a route stands elsewhere; a fragment is not whole.
        is_plain &= !matches!(next, 43 | 44);
        if next == 44 && u16_at(bytes, start + 2) & 0xfff8 != 0 {
            return Err(start + 8);
        }
        next = bytes.get(start).copied().unwrap_or(NONE);
        start += own;
    }
    Ok((next, start, is_plain))
}

pub(crate) const TCP: u8 = 6;
pub(crate) const UDP: u8 = 17;
const ARP: u16 = 0x0806;
/// No next header.
const NONE: u8 = 59;
/// VLAN tags around each other.
const TAGS: usize = 4;

pub(crate) fn u16_at(bytes: &[u8], at: usize) -> u16 {
    bytes.get(at..).and_then(<[u8]>::first_chunk).map_or(0, |word| u16::from_be_bytes(*word))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn cap_26a_headers_end_where_payload_begins() {
        let mut tcp = vec![0; 14];
        tcp[12] = 8;
        tcp.extend([0x45, 0, 0, 44, 0, 0, 0x40, 0, 64, 6, 0, 0, 10, 0, 0, 1, 10, 0, 0, 2]);
        tcp.extend([0, 1, 0, 2, 0, 0, 0, 0, 0, 0, 0, 0, 0x50, 0x10, 0, 0, 0, 0, 0, 0]);
        tcp.extend(b"text");
        assert_eq!(
            layout(LinkType::ETHERNET, &tcp),
            Layout { ip: 14, transport: 34, headers: 54, end: 58, proto: Some(6) }
        );
        let mut tagged = tcp.clone();
        tagged.splice(12..12, [0x81, 0, 0, 5]);
        assert_eq!(headers(LinkType::ETHERNET, &tagged), 58);
        // A later fragment is payload behind its IP header.
        let mut fragment = tcp.clone();
        fragment[21] = 9;
        assert_eq!(layout(LinkType::ETHERNET, &fragment).headers, 34);
        // Neither IP nor ARP: nothing of it is known.
        let mut other = tcp.clone();
        other[12..14].copy_from_slice(&[0x88, 0x64]);
        assert_eq!(headers(LinkType::ETHERNET, &other), 14);
        other[12..14].copy_from_slice(&[8, 6]);
        assert_eq!(headers(LinkType::ETHERNET, &other), other.len());
        let mut back = tcp.clone();
        back[26..34].rotate_left(4);
        back[34..38].rotate_left(2);
        assert_eq!(connection(LinkType::ETHERNET, &back), connection(LinkType::ETHERNET, &tcp));
        back[37] += 1;
        assert_ne!(connection(LinkType::ETHERNET, &back), connection(LinkType::ETHERNET, &tcp));
        for len in 0..tcp.len() {
            assert!(headers(LinkType::ETHERNET, &tcp[..len]) <= len);
        }
    }
}
