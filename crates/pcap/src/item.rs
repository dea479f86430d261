//! What a reader gives back.

use std::net::{IpAddr, Ipv4Addr, Ipv6Addr};

use crate::{LinkType, Options, Order};

/// What became of a call of the reader.
#[derive(Clone, Copy, Debug)]
pub enum Step<'a> {
    /// Something was read.
    Item {
        /// How many bytes of the input are done with.
        used: usize,
        /// What it is.
        item: Item<'a>,
    },
    /// The input does not hold a whole block.
    More {
        /// How many bytes of the input are done with.
        used: usize,
        /// How many bytes, after those, the next call needs at least. Never more than 16 MiB.
        want: usize,
    },
    /// The input is over.
    End,
}

/// One thing in a capture file.
#[derive(Clone, Copy, Debug)]
pub enum Item<'a> {
    /// A packet.
    Packet(Packet<'a>),
    /// A section begins, with its options.
    Section(Options<'a>),
    /// A new interface; [`crate::Reader::interface`] has it by this number.
    Interface(u32, Options<'a>),
    /// Names of addresses.
    Names(Names<'a>),
    /// Secrets, such as [`crate::TLS_KEY_LOG`].
    Secrets {
        /// What they are.
        kind: u32,
        /// The secrets.
        data: &'a [u8],
    },
    /// Counters of an interface.
    Stats {
        /// The interface.
        iface: u32,
        /// When they held, in epoch nanoseconds.
        ts_ns: u64,
        /// The counters: `isb_ifrecv` (4), `isb_ifdrop` (5), `isb_osdrop` (7) and so on.
        options: Options<'a>,
    },
    /// A block that this reader does not know, passed over.
    Other {
        /// Its type.
        kind: u32,
        /// How long it is.
        len: u32,
    },
    /// Something that makes no sense, passed over.
    Damage(Damage),
}

/// One packet, borrowed from the input.
#[derive(Clone, Copy, Debug)]
pub struct Packet<'a> {
    /// Number of its interface, counted through all sections.
    pub iface: u32,
    /// Epoch nanoseconds. A simple packet block has no time: it gets that of the packet before it.
    pub ts_ns: u64,
    /// How the bytes begin.
    pub link: LinkType,
    /// Its length on the wire.
    pub orig_len: u32,
    /// What was kept of it.
    pub bytes: &'a [u8],
    /// What else the file says of it.
    pub options: Options<'a>,
    /// Packets lost just before it, where an obsolete packet block says so.
    pub(crate) drops: Option<u16>,
}

impl Packet<'_> {
    /// `epb_flags`.
    #[must_use]
    pub fn flags(&self) -> Option<u32> {
        self.options.u32(FLAGS)
    }

    /// Whether it came in (true) or went out (false) of the interface, where the file says.
    #[must_use]
    pub fn inbound(&self) -> Option<bool> {
        match self.flags()? & 3 {
            1 => Some(true),
            2 => Some(false),
            _ => None,
        }
    }

    /// Packets lost between this one and the one before it on the same interface.
    #[must_use]
    pub fn lost_before(&self) -> Option<u64> {
        self.drops.map(u64::from).or_else(|| self.options.u64(DROPS))
    }

    /// `epb_packetid`: equal for the same packet seen on several interfaces.
    #[must_use]
    pub fn id(&self) -> Option<u64> {
        self.options.u64(ID)
    }
}

/// Bytes of a file that make no sense.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Damage {
    /// Offset of the first one in the file.
    pub at: u64,
    /// How many were left out.
    pub len: u64,
    /// What is wrong.
    pub why: Why,
}

/// What is wrong with a place of a file.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Why {
    /// The file ends within a packet or block: its writer was stopped.
    Cut,
    /// A length that cannot be.
    Length,
    /// A section header without a byte-order mark, or of an unknown version.
    Section,
    /// A packet of an interface that was not described.
    Interface,
    /// A time before 1970 or after 2262.
    Time,
    /// A hole filled with zeros.
    Zeros,
    /// More interfaces than a reader keeps.
    Interfaces,
}

impl Why {
    /// For a person.
    #[must_use]
    pub fn text(self) -> &'static str {
        match self {
            Self::Cut => "the file ends within a packet",
            Self::Length => "a length that cannot be",
            Self::Section => "a section header that cannot be",
            Self::Interface => "a packet of an interface that is not described",
            Self::Time => "a time that cannot be",
            Self::Zeros => "a hole of zeros",
            Self::Interfaces => "too many interfaces",
        }
    }
}

/// The input is no capture file.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
pub enum Refused {
    /// Nothing is there.
    #[error("it is empty")]
    Empty,
    /// It begins with other bytes than a capture.
    #[error("it does not begin like a pcap or pcapng file")]
    Magic,
    /// It ends within the file header.
    #[error("it ends within the file header")]
    Header,
    /// A version that nobody defined.
    #[error("version {0}.{1} of the file format is not known")]
    Version(u16, u16),
}

/// Names of addresses, from one name block.
#[derive(Clone, Copy, Debug)]
pub struct Names<'a> {
    bytes: &'a [u8],
    order: Order,
}

/// One name of an address.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Name<'a> {
    /// The address.
    pub ip: IpAddr,
    /// Its name.
    pub name: &'a str,
}

impl<'a> Names<'a> {
    pub(crate) fn new(bytes: &'a [u8], order: Order) -> Self {
        Self { bytes, order }
    }

    /// Each name; an address with several names comes once for each. What is no UTF-8 is left out.
    pub fn iter(&self) -> impl Iterator<Item = Name<'a>> + use<'a> {
        let (mut rest, order) = (self.bytes, self.order);
        let records = std::iter::from_fn(move || {
            let kind = order.u16(rest, 0)?;
            let len = usize::from(order.u16(rest, 2)?);
            if kind == 0 {
                return None;
            }
            let value = rest.get(4..4 + len)?;
            rest = rest.get(4 + len.next_multiple_of(4)..).unwrap_or_default();
            Some((kind, value))
        });
        records.filter_map(Self::record).flat_map(|(ip, names)| {
            names.split(|byte| *byte == 0).filter_map(move |name| {
                let name = std::str::from_utf8(name).ok().filter(|name| !name.is_empty())?;
                Some(Name { ip, name })
            })
        })
    }

    fn record((kind, value): (u16, &'a [u8])) -> Option<(IpAddr, &'a [u8])> {
        match kind {
            1 => value.split_first_chunk::<4>().map(|(ip, names)| (IpAddr::V4(Ipv4Addr::from(*ip)), names)),
            2 => value.split_first_chunk::<16>().map(|(ip, names)| (IpAddr::V6(Ipv6Addr::from(*ip)), names)),
            _ => None,
        }
    }
}

pub(crate) const FLAGS: u16 = 2;
pub(crate) const DROPS: u16 = 4;
pub(crate) const ID: u16 = 5;
