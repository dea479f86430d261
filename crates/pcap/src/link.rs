//! The link types of captured packets, by their registered numbers.

/// A link type by its number in the registry of capture files (`LINKTYPE_…`).
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub struct LinkType(pub u16);

impl LinkType {
    /// BSD loopback: four bytes of address family in the byte order of the capturing machine.
    pub const NULL: Self = Self(0);
    /// Ethernet.
    pub const ETHERNET: Self = Self(1);
    /// Raw IP, the number some systems write.
    pub const RAW_12: Self = Self(12);
    /// Raw IP, the number OpenBSD writes.
    pub const RAW_14: Self = Self(14);
    /// Raw IPv4 or IPv6.
    pub const RAW: Self = Self(101);
    /// OpenBSD loopback: as [`Self::NULL`] in network byte order.
    pub const LOOP: Self = Self(108);
    /// Linux cooked capture.
    pub const SLL: Self = Self(113);
    /// Raw IPv4.
    pub const IPV4: Self = Self(228);
    /// Raw IPv6.
    pub const IPV6: Self = Self(229);
    /// Linux cooked capture, version 2.
    pub const SLL2: Self = Self(276);
}
