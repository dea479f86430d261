//! Ranges of addresses, of both families.

use std::fmt;
use std::net::{IpAddr, Ipv4Addr, Ipv6Addr};

/// A range of addresses whose host bits are zero.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(crate) struct Range {
    is_v6: bool,
    address: u128,
    bits: u32,
}

/// Whether this is a CIDR without host bits, or one address: what administrators list.
#[must_use]
pub fn is_listed_range(text: &str) -> bool {
    Range::listed(text).is_some()
}

impl Range {
    /// Reads a CIDR.
    pub(crate) fn parse(text: &str) -> Option<Self> {
        let (address, bits) = text.split_once('/')?;
        let range = Self::of(address.parse().ok()?, bits.parse().ok()?)?;
        (range.address & range.host_mask() == 0).then_some(range)
    }

    /// Reads a CIDR or one address, as administrators list them.
    pub(super) fn listed(text: &str) -> Option<Self> {
        match text.parse::<IpAddr>() {
            Ok(address) => Self::of(address, if address.is_ipv6() { 128 } else { 32 }),
            Err(_) => Self::parse(text),
        }
    }

    fn of(address: IpAddr, bits: u32) -> Option<Self> {
        let (is_v6, address) = match address {
            IpAddr::V4(address) => (false, u128::from(address.to_bits())),
            // other readers take ::ffff:a.b.c.d for IPv4
            IpAddr::V6(address) if address.to_ipv4_mapped().is_some() => return None,
            IpAddr::V6(address) => (true, address.to_bits()),
        };
        (bits <= if is_v6 { 128 } else { 32 }).then_some(Self { is_v6, address, bits })
    }

    /// The bits that name hosts.
    fn host_mask(self) -> u128 {
        let width = if self.is_v6 { 128 } else { 32 };
        1_u128.checked_shl(width - self.bits).map_or(u128::MAX, |one| one - 1)
    }

    /// Whether another range lies in this one; a range lies in itself.
    pub(super) fn contains(self, other: Self) -> bool {
        self.is_v6 == other.is_v6 && self.bits <= other.bits && (self.address ^ other.address) & !self.host_mask() == 0
    }
}

impl fmt::Display for Range {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let address = if self.is_v6 {
            IpAddr::V6(Ipv6Addr::from_bits(self.address))
        } else {
            // an IPv4 range holds 32 bits
            IpAddr::V4(Ipv4Addr::from_bits(u32::try_from(self.address).unwrap_or_default()))
        };
        write!(f, "{address}/{}", self.bits)
    }
}

/// What is left of a range without others: itself and the exceptions inside of it, none of which lies in another; `None`
/// when nothing is left.
pub(super) fn without(range: Range, others: &[Range]) -> Option<Vec<Range>> {
    if others.iter().any(|other| other.contains(range)) {
        return None;
    }
    let mut inside: Vec<Range> = others.iter().copied().filter(|other| range.contains(*other)).collect();
    inside.sort_unstable();
    inside.dedup();
    let all = inside.clone();
    inside.retain(|one| !all.iter().any(|other| other != one && other.contains(*one)));
    Some(inside)
}
