//! Where the layers of a packet begin, at the place of the tree that is generated.

use pcap::LinkType;

use crate::op::{Alu, Operand, Stmt, Width};

/// The form of the link header in force.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Link {
    Ethernet,
    /// Linux cooked capture, both versions.
    Cooked,
    Cooked2,
    /// IPv4 or IPv6 without a header in front.
    Raw,
    Raw4,
    Raw6,
    /// BSD loopback: the family in the byte order of a little-endian machine.
    Null,
    /// BSD loopback: the family in network byte order.
    Loop,
    /// Behind PPPoE.
    Ppp,
}

impl Link {
    pub(crate) const fn of(link: LinkType) -> Option<Self> {
        Some(match link {
            LinkType::ETHERNET => Self::Ethernet,
            LinkType::SLL => Self::Cooked,
            LinkType::SLL2 => Self::Cooked2,
            LinkType::RAW | LinkType::RAW_12 | LinkType::RAW_14 => Self::Raw,
            LinkType::IPV4 => Self::Raw4,
            LinkType::IPV6 => Self::Raw6,
            LinkType::NULL => Self::Null,
            LinkType::LOOP => Self::Loop,
            _ => return None,
        })
    }

    /// Offsets of the type field and of the payload, and the length of an LLC header without SNAP.
    pub(crate) const fn shape(self) -> (u32, u32, u32) {
        match self {
            Self::Ethernet => (12, 14, 3),
            Self::Cooked => (14, 16, 0),
            Self::Cooked2 => (0, 20, 0),
            Self::Raw | Self::Raw4 | Self::Raw6 => (0, 0, 0),
            Self::Null | Self::Loop => (0, 4, 0),
            Self::Ppp => (0, 2, 0),
        }
    }

    /// For messages.
    pub(crate) const fn name(self) -> &'static str {
        match self {
            Self::Ethernet => "Ethernet",
            Self::Cooked => "Linux cooked capture",
            Self::Cooked2 => "Linux cooked capture version 2",
            Self::Raw => "raw IP",
            Self::Raw4 => "raw IPv4",
            Self::Raw6 => "raw IPv6",
            Self::Null | Self::Loop => "BSD loopback",
            Self::Ppp => "PPP",
        }
    }
}

/// The start of a layer: a fixed offset, and a word of scratch memory with what must be added, when only the packet knows.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Offset {
    pub(crate) fixed: u32,
    pub(crate) slot: Option<u8>,
}

/// What an offset counts from.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum From {
    /// The link header.
    Link,
    /// The type field of the link header.
    Type,
    /// Behind the link header: an LLC header, if there is one.
    Payload,
    /// The network header.
    Network,
    /// As [`Self::Network`], where there is LLC without SNAP.
    NetworkNoSnap,
    /// The MPLS label in front of the network header.
    LastLabel,
    /// Behind an IPv4 header, whose length stands in it.
    Transport4,
    /// Behind an IPv6 header of 40 bytes.
    Transport6,
}

/// Where the layers begin.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Layers {
    pub(crate) link: Link,
    pub(crate) header: Offset,
    pub(crate) kind: Offset,
    pub(crate) payload: Offset,
    /// From the payload to the network header.
    pub(crate) network: u32,
    pub(crate) network_no_snap: u32,
    /// MPLS labels seen.
    pub(crate) labels: u32,
    /// The header in force lies behind Geneve.
    pub(crate) is_geneve: bool,
}

impl Layers {
    pub(crate) fn new(link: LinkType) -> Option<Self> {
        let link = Link::of(link)?;
        let (kind, payload, network_no_snap) = link.shape();
        let at = |fixed| Offset { fixed, slot: None };
        Some(Self {
            link,
            header: at(0),
            kind: at(kind),
            payload: at(payload),
            network: 0,
            network_no_snap,
            labels: 0,
            is_geneve: false,
        })
    }

    /// A = a field.
    pub(crate) fn load(&self, from: From, offset: u32, width: Width) -> Vec<Stmt> {
        let (base, add) = match from {
            From::Link => (self.header, 0),
            From::Type => (self.kind, 0),
            From::Payload => (self.payload, 0),
            From::Network => (self.payload, self.network),
            From::NetworkNoSnap => (self.payload, self.network_no_snap),
            From::LastLabel => (self.payload, self.network.wrapping_sub(4)),
            From::Transport6 => (self.payload, self.network.wrapping_add(40)),
            From::Transport4 => {
                let mut load = self.header_length_x();
                load.push(Stmt::LoadAt(width, self.network_at(offset)));
                return load;
            }
        };
        let offset = base.fixed.wrapping_add(add).wrapping_add(offset);
        match base.slot {
            Some(slot) => vec![Stmt::LoadSlotX(slot), Stmt::LoadAt(width, offset)],
            None => vec![Stmt::Load(width, offset)],
        }
    }

    /// The fixed part of an offset in the network header.
    pub(crate) const fn network_at(&self, offset: u32) -> u32 {
        self.payload.fixed.wrapping_add(self.network).wrapping_add(offset)
    }

    /// X = what must be added to [`Self::network_at`] to be behind the IPv4 header.
    pub(crate) fn header_length_x(&self) -> Vec<Stmt> {
        let at = self.network_at(0);
        match self.payload.slot {
            None => vec![Stmt::HeaderLengthX(at)],
            Some(slot) => vec![
                Stmt::LoadSlotX(slot),
                Stmt::LoadAt(Width::Byte, at),
                Stmt::Alu(Alu::And, Operand::K(0xf)),
                Stmt::Alu(Alu::Shl, Operand::K(2)),
                Stmt::Alu(Alu::Add, Operand::X),
                Stmt::Tax,
            ],
        }
    }
}
