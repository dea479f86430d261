//! IPv4 and IPv6 headers: one datagram, trimmed to its own length.

pub(crate) mod fragments;

use std::net::{IpAddr, Ipv4Addr, Ipv6Addr};

use crate::{
    bytes::{u8_at, u16_at, u32_at},
    malformed::Malformed,
};

/// An address of either family as two words, IPv4 in the low 32 bits. [`Datagram::v6`] says which family it is.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, PartialOrd, Ord)]
pub(crate) struct Address(pub(crate) [u64; 2]);

impl Address {
    /// As the standard library has it.
    pub(crate) fn ip(self, v6: bool) -> IpAddr {
        let [high, low] = self.0;
        if v6 {
            IpAddr::V6(Ipv6Addr::from(u128::from(high) << 64 | u128::from(low)))
        } else {
            IpAddr::V4(Ipv4Addr::from(low as u32))
        }
    }

    pub(crate) fn v4(bits: u32) -> Self {
        Self([0, u64::from(bits)])
    }

    fn v6(bytes: &[u8], at: usize) -> Option<Self> {
        let sixteen: &[u8; 16] = bytes.get(at..)?.first_chunk()?;
        let all = u128::from_be_bytes(*sixteen);
        Some(Self([(all >> 64) as u64, all as u64]))
    }
}

/// One IP datagram or a fragment of one.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Datagram<'a> {
    pub(crate) src: Address,
    pub(crate) dst: Address,
    pub(crate) v6: bool,
    /// The protocol of the payload, after IPv6 extension headers.
    pub(crate) proto: u8,
    pub(crate) ttl: u8,
    /// The two ECN bits.
    pub(crate) ecn: u8,
    /// What was captured of the payload, without padding.
    pub(crate) payload: &'a [u8],
    /// Bytes of the payload that the snap length cut off.
    pub(crate) cut: u32,
    pub(crate) fragment: Option<Fragment>,
}

/// Which part of a datagram a fragment is.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Fragment {
    pub(crate) id: u32,
    pub(crate) offset: u32,
    pub(crate) more: bool,
}

/// Reads an IP header. `missing` is what the snap length cut off the packet.
pub(crate) fn datagram(bytes: &[u8], missing: u32, checksums: bool) -> Result<Datagram<'_>, Malformed> {
    match u8_at(bytes, 0).map(|first| first >> 4) {
        Some(4) => v4(bytes, missing, checksums),
        Some(6) => v6(bytes, missing),
        _ => Err(Malformed::IpHeader),
    }
}

#[inline]
fn v4(bytes: &[u8], missing: u32, checksums: bool) -> Result<Datagram<'_>, Malformed> {
    let fixed: &[u8; 20] = bytes.first_chunk().ok_or(Malformed::IpHeader)?;
    let [first, tos, l0, l1, i0, i1, f0, f1, ttl, proto, _, _, s0, s1, s2, s3, d0, d1, d2, d3] = *fixed;
    let header = usize::from(first & 15) * 4;
    let total = usize::from(u16::from_be_bytes([l0, l1]));
    // An offloaded frame says 0: it is as long as the frame.
    let total = if total == 0 { bytes.len() + missing as usize } else { total };
    if header < 20 || total < header {
        return Err(if header < 20 { Malformed::IpHeader } else { Malformed::IpLength });
    }
    if checksums && bytes.get(..header).is_some_and(|header| checksum(header, 0) != 0) {
        return Err(Malformed::IpChecksum);
    }
    let payload = bytes.get(header..total.min(bytes.len())).ok_or(Malformed::IpHeader)?;
    let cut = cut(total - header - payload.len(), missing)?;
    let flags = u16::from_be_bytes([f0, f1]);
    let fragment = (flags & 0x3fff != 0).then(|| Fragment {
        id: u32::from(u16::from_be_bytes([i0, i1])),
        offset: u32::from(flags & 0x1fff) * 8,
        more: flags & 0x2000 != 0,
    });
    Ok(Datagram {
        src: Address::v4(u32::from_be_bytes([s0, s1, s2, s3])),
        dst: Address::v4(u32::from_be_bytes([d0, d1, d2, d3])),
        v6: false,
        proto,
        ttl,
        ecn: tos & 3,
        payload,
        cut,
        fragment,
    })
}

fn v6(bytes: &[u8], missing: u32) -> Result<Datagram<'_>, Malformed> {
    let word = u32_at(bytes, 0).ok_or(Malformed::IpHeader)?;
    let length = usize::from(u16_at(bytes, 4).ok_or(Malformed::IpHeader)?);
    let mut next = u8_at(bytes, 6).ok_or(Malformed::IpHeader)?;
    let ttl = u8_at(bytes, 7).ok_or(Malformed::IpHeader)?;
    let src = Address::v6(bytes, 8).ok_or(Malformed::IpHeader)?;
    let dst = Address::v6(bytes, 24).ok_or(Malformed::IpHeader)?;
    let rest = bytes.get(40..).ok_or(Malformed::IpHeader)?;
    // 0 is an offloaded frame or a jumbogram: it is as long as the frame.
    let length = if length == 0 && next != NO_NEXT { rest.len() + missing as usize } else { length };
    let mut payload = rest.get(..length.min(rest.len())).unwrap_or(rest);
    let cut = cut(length - payload.len(), missing)?;
    let mut fragment = None;
    for _ in 0..MAX_EXTENSIONS {
        let (size, following) = match next {
            // Hop-by-hop, routing, destination options, mobility, HIP, shim6: length in units of eight after the first.
            0 | 43 | 60 | 135 | 139 | 140 => (usize::from(extension(payload, 1)?) * 8 + 8, extension(payload, 0)?),
            // Authentication: length in units of four, less two.
            51 => (usize::from(extension(payload, 1)?) * 4 + 8, extension(payload, 0)?),
            44 => {
                let bits = u16_at(payload, 2).ok_or(Malformed::Extensions)?;
                let id = u32_at(payload, 4).ok_or(Malformed::Extensions)?;
                let part = Fragment { id, offset: u32::from(bits & 0xfff8), more: bits & 1 != 0 };
                // An atomic fragment is whole.
                fragment = (part.offset != 0 || part.more).then_some(part);
                (8, extension(payload, 0)?)
            }
            _ => {
                return Ok(Datagram {
                    src,
                    dst,
                    v6: true,
                    proto: next,
                    ttl,
                    ecn: (word >> 20) as u8 & 3,
                    payload,
                    cut,
                    fragment,
                });
            }
        };
        payload = payload.get(size..).ok_or(Malformed::Extensions)?;
        next = following;
        if fragment.is_some_and(|part| part.offset != 0) {
            // What stands here is the middle of something: no header to follow.
            return Ok(Datagram {
                src,
                dst,
                v6: true,
                proto: next,
                ttl,
                ecn: (word >> 20) as u8 & 3,
                payload,
                cut,
                fragment,
            });
        }
    }
    Err(Malformed::Extensions)
}

fn extension(payload: &[u8], at: usize) -> Result<u8, Malformed> {
    u8_at(payload, at).ok_or(Malformed::Extensions)
}

/// Missing bytes are the snap length's doing, or the header lies.
fn cut(lacking: usize, missing: u32) -> Result<u32, Malformed> {
    if lacking == 0 {
        return Ok(0);
    }
    if missing == 0 { Err(Malformed::IpLength) } else { u32::try_from(lacking).map_err(|_| Malformed::IpLength) }
}

/// The Internet checksum over `bytes`, begun with `sum`; 0 when the bytes hold a right one.
pub(crate) fn checksum(bytes: &[u8], sum: u32) -> u16 {
    let mut sum = u64::from(sum);
    let (pairs, rest) = bytes.as_chunks::<2>();
    for pair in pairs {
        sum += u64::from(u16::from_be_bytes(*pair));
    }
    if let [last] = rest {
        sum += u64::from(*last) << 8;
    }
    while sum >> 16 != 0 {
        sum = (sum & 0xffff) + (sum >> 16);
    }
    !(sum as u16)
}

/// Whether the checksum of a whole TCP segment (or other transport with one over a pseudo header) is right.
pub(crate) fn transport_sum_is_right(datagram: &Datagram<'_>) -> bool {
    let words = [datagram.src, datagram.dst].into_iter().flat_map(|address| address.0);
    let sum: u64 = words.map(|word| (0..4).map(|at| word >> (at * 16) & 0xffff).sum::<u64>()).sum();
    let sum = sum + u64::from(datagram.proto) + datagram.payload.len() as u64;
    checksum(datagram.payload, sum as u32) == 0
}

/// IPv6: nothing follows.
const NO_NEXT: u8 = 59;
/// Extension headers that are followed.
const MAX_EXTENSIONS: usize = 10;
