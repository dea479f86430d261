//! The typed tree of a filter: what the parser makes and what the generator and the tree interpreter walk.
//!
//! Names, numbers and qualifiers are resolved here: an address that does not fit its qualifiers cannot be written.
//! What depends on the link type (is there a VLAN tag to look for?) is decided by whoever walks the tree, because the
//! words `vlan`, `mpls`, `pppoes` and `geneve` change what the words behind them look at.

use crate::error::Position;

pub(crate) use crate::op::{Alu, Width};

/// An expression.
#[derive(Clone, Debug, PartialEq)]
pub(crate) enum Expr {
    /// `and` and `or` bind equally and go from left to right, so they are a chain and not a tree.
    Chain(Box<Expr>, Vec<(Joiner, Expr)>),
    Not(Box<Expr>),
    Test(Position, Primitive),
}

/// How two terms are joined.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Joiner {
    And,
    Or,
}

/// One test of a packet.
#[derive(Clone, Debug, PartialEq)]
pub(crate) enum Primitive {
    /// An IPv4 address in IP, ARP and RARP packets, or in one of them.
    Host4 {
        scope: Scope4,
        direction: Direction,
        address: u32,
        mask: u32,
    },
    Host6 {
        direction: Direction,
        address: [u32; 4],
        mask: [u32; 4],
    },
    Mac {
        direction: Direction,
        address: [u8; 6],
    },
    /// A DECnet address: six bits of area, ten of node.
    Decnet {
        direction: Direction,
        address: u16,
    },
    Port {
        transport: Transport,
        direction: Direction,
        port: u16,
    },
    PortRange {
        transport: Transport,
        direction: Direction,
        low: u16,
        high: u16,
    },
    /// A protocol by its name alone: `tcp`, `arp`.
    Protocol(Protocol),
    /// `proto N` under a layer.
    Carries(Carrier, u32),
    /// `protochain N`: somewhere in the chain of headers.
    Chain(Option<IpVersion>, u32),
    Broadcast,
    Broadcast4,
    Multicast,
    Multicast4,
    Multicast6,
    /// `less N`
    AtMost(u32),
    /// `greater N`
    AtLeast(u32),
    /// The old form `byte INDEX OP VALUE`.
    Byte(u32, ByteTest, u32),
    Inbound,
    Outbound,
    Interface(u32),
    Vlan(Option<u32>),
    Mpls(Option<u32>),
    PppoeDiscovery,
    PppoeSession(Option<u32>),
    Geneve(Option<u32>),
    Llc(Llc),
    Relation(Relation, Arith, Arith),
}

/// Which packets hold an IPv4 address that is looked for.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Scope4 {
    Any,
    Ip,
    Arp,
    Rarp,
}

/// Which of the two ends.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Direction {
    Source,
    Destination,
    Either,
    Both,
}

/// Which transports have the port.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Transport {
    Any,
    Tcp,
    Udp,
    Sctp,
}

/// An IP version.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum IpVersion {
    V4,
    V6,
}

/// What carries a protocol number.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Carrier {
    /// IPv4 or IPv6.
    Ip,
    Ip4,
    Ip6,
    /// The link layer: an EtherType or an LLC access point.
    Link,
    Iso,
    Isis,
}

/// The comparison of `byte`.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum ByteTest {
    Equal,
    Less,
    Greater,
    And,
    Or,
}

/// Kinds of 802.2 frames.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Llc {
    Any,
    Information,
    Supervisory,
    Unnumbered,
    /// A supervisory function, as its control byte.
    Function(u8),
    /// An unnumbered command, as its control byte.
    Command(u8),
}

/// A comparison of two values, unsigned.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Relation {
    Equal,
    NotEqual,
    Greater,
    AtLeast,
    Less,
    AtMost,
}

/// A value computed from the packet.
#[derive(Clone, Debug, PartialEq)]
pub(crate) enum Arith {
    Number(u32),
    /// The length of the packet on the wire.
    Length,
    /// `protocol[offset:width]`
    Load(Protocol, Box<Arith>, Width),
    Neg(Box<Arith>),
    Binary(Alu, Box<Arith>, Box<Arith>),
}

/// Protocols with a word of their own.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Protocol {
    Link,
    Ip,
    Ip6,
    Arp,
    Rarp,
    Tcp,
    Udp,
    Sctp,
    Icmp,
    Icmp6,
    Igmp,
    Igrp,
    Pim,
    Vrrp,
    Carp,
    Ah,
    Esp,
    Atalk,
    Aarp,
    Decnet,
    Lat,
    Sca,
    Moprc,
    Mopdl,
    Iso,
    Clnp,
    EsIs,
    IsIs,
    /// All PDUs of level 1.
    IsIsLevel1,
    IsIsLevel2,
    /// IS-IS hello.
    Iih,
    /// IS-IS link state.
    Lsp,
    /// IS-IS sequence numbers, of both kinds.
    Snp,
    Csnp,
    Psnp,
    Stp,
    Ipx,
    Netbeui,
}

impl Transport {
    /// Its word, for messages.
    pub(crate) const fn name(self) -> &'static str {
        match self {
            Self::Any => "tcp, udp and sctp",
            Self::Tcp => "tcp",
            Self::Udp => "udp",
            Self::Sctp => "sctp",
        }
    }
}

impl Arith {
    /// Whether `protocol[offset]` can be read.
    pub(crate) const fn has_fields(protocol: Protocol) -> bool {
        use Protocol as P;
        matches!(
            protocol,
            P::Link
                | P::Ip
                | P::Ip6
                | P::Arp
                | P::Rarp
                | P::Tcp
                | P::Udp
                | P::Sctp
                | P::Icmp
                | P::Icmp6
                | P::Igmp
                | P::Igrp
                | P::Pim
                | P::Vrrp
                | P::Carp
                | P::Atalk
                | P::Decnet
                | P::Lat
                | P::Sca
                | P::Moprc
                | P::Mopdl
        )
    }
}
