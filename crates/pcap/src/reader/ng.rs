//! pcapng: blocks in sections, each section in its own byte order.
//!
//! Format: draft-ietf-opsawg-pcapng.

use super::{LONGEST, Reader, Try};
use crate::reader::scan::Believe;
use crate::{Interface, Item, LinkType, Names, Options, Order, Packet, Why};

/// The first bytes of a section header, equal in both byte orders.
pub(super) const SECTION_BYTES: [u8; 4] = [0x0a, 0x0d, 0x0d, 0x0a];

/// The section that is being read.
#[derive(Clone, Copy, Debug)]
pub(super) struct Ng {
    order: Order,
    /// Number of the section's first interface.
    base: u32,
}

/// What reading a section header came to.
pub(super) enum SectionTry<'a> {
    Got(usize, Ng, Options<'a>),
    Want(usize),
    Version(u16, u16),
    Bad(Why),
}

/// Reads a section header.
pub(super) fn section(input: &[u8]) -> SectionTry<'_> {
    let Some(magic) = input.get(8..12) else { return SectionTry::Want(28) };
    let order = match magic {
        [0x1a, 0x2b, 0x3c, 0x4d] => Order::Big,
        [0x4d, 0x3c, 0x2b, 0x1a] => Order::Little,
        _ => return SectionTry::Bad(Why::Section),
    };
    let Some(len) = order.u32(input, 4) else { return SectionTry::Want(28) };
    let Some(len) = length(len).filter(|len| *len >= 28) else { return SectionTry::Bad(Why::Length) };
    let Some(block) = input.get(..len) else { return SectionTry::Want(len) };
    if order.u32(block, len - 4) != u32::try_from(len).ok() {
        return SectionTry::Bad(Why::Length);
    }
    let (major, minor) = (order.u16(block, 12).unwrap_or_default(), order.u16(block, 14).unwrap_or_default());
    // 1.2 was written by some programs and is read like 1.0
    if major != 1 || !matches!(minor, 0 | 2) {
        return SectionTry::Version(major, minor);
    }
    let options = Options::new(block.get(24..len - 4).unwrap_or_default(), order);
    SectionTry::Got(len, Ng { order, base: 0 }, options)
}

/// The length of a block, if it can be one.
#[inline]
fn length(len: u32) -> Option<usize> {
    let len = len as usize;
    (len >= 12 && len.is_multiple_of(4) && len <= LONGEST).then_some(len)
}

impl Ng {
    /// Whether a block of a known type begins here, with both its lengths equal.
    pub(super) fn believable(&self, bytes: &[u8]) -> Believe {
        let Some(head) = bytes.first_chunk::<12>() else { return Believe::Want(12) };
        let start = head.first_chunk::<4>();
        if start == Some(&SECTION_BYTES) {
            return match section(bytes) {
                SectionTry::Got(..) => Believe::Yes,
                SectionTry::Want(len) if len <= BELIEVED => Believe::Want(len),
                _ => Believe::No,
            };
        }
        let (Some(kind), Some(len)) = (self.order.u32(head, 0), self.order.u32(head, 4)) else { return Believe::No };
        if !matches!(kind, INTERFACE | PACKET | SIMPLE | NAMES | STATS | ENHANCED | SECRETS | CUSTOM | CUSTOM_KEPT) {
            return Believe::No;
        }
        let Some(size) = length(len).filter(|size| *size <= BELIEVED) else { return Believe::No };
        match bytes.get(size - 4..size) {
            Some(end) if self.order.u32(end, 0) == Some(len) => Believe::Yes,
            Some(_) => Believe::No,
            None => Believe::Want(size),
        }
    }

    fn names(self, body: &[u8]) -> Names<'_> {
        Names::new(body, self.order)
    }
}

impl Reader {
    #[inline]
    pub(super) fn block<'a>(&mut self, ng: Ng, input: &'a [u8]) -> Try<'a> {
        let Some(head) = input.first_chunk::<8>() else { return Try::Want(8) };
        if head.first_chunk::<4>() == Some(&SECTION_BYTES) {
            return self.next_section(input);
        }
        let (Some(kind), Some(len)) = (ng.order.u32(head, 0), ng.order.u32(head, 4)) else { return Try::Want(8) };
        let Some(size) = length(len) else {
            return Try::Bad(if kind == 0 && len == 0 { Why::Zeros } else { Why::Length });
        };
        let Some(block) = input.get(..size) else { return Try::Want(size) };
        if ng.order.u32(block, size - 4) != Some(len) {
            return Try::Bad(Why::Length);
        }
        let body = block.get(8..size - 4).unwrap_or_default();
        let item = match kind {
            ENHANCED => self.enhanced(ng, body),
            INTERFACE => self.describes(ng, body),
            SIMPLE => self.simple(ng, body),
            PACKET => self.obsolete(ng, body),
            NAMES => Ok(Item::Names(ng.names(body))),
            STATS => self.counters(ng, body),
            SECRETS => secrets(ng, body).ok_or(Why::Length),
            _ => Ok(Item::Other { kind, len }),
        };
        // A block that is whole but makes no sense is passed over, without a search.
        Try::Got(size, item.unwrap_or_else(|why| self.whole(size, why)))
    }

    fn whole<'a>(&self, size: usize, why: Why) -> Item<'a> {
        Item::Damage(crate::Damage { at: self.at, len: size as u64, why })
    }

    fn next_section<'a>(&mut self, input: &'a [u8]) -> Try<'a> {
        match section(input) {
            SectionTry::Got(used, ng, options) => {
                let base = u32::try_from(self.interfaces.len()).unwrap_or(u32::MAX);
                self.format = super::Format::Ng(Ng { base, ..ng });
                Try::Got(used, Item::Section(options))
            }
            SectionTry::Want(want) => Try::Want(want),
            SectionTry::Version(..) => Try::Bad(Why::Section),
            SectionTry::Bad(why) => Try::Bad(why),
        }
    }

    fn describes<'a>(&mut self, ng: Ng, body: &'a [u8]) -> Result<Item<'a>, Why> {
        let link = LinkType(ng.order.u16(body, 0).ok_or(Why::Length)?);
        let snaplen = ng.order.u32(body, 4).ok_or(Why::Length)?;
        let options = Options::new(body.get(8..).unwrap_or_default(), ng.order);
        let interface = Interface::read(link, snaplen, &options, &mut self.room);
        let number = self.describe(interface).ok_or(Why::Interfaces)?;
        Ok(Item::Interface(number, options))
    }

    #[inline]
    fn enhanced<'a>(&mut self, ng: Ng, body: &'a [u8]) -> Result<Item<'a>, Why> {
        let (head, rest) = body.split_first_chunk::<20>().ok_or(Why::Length)?;
        let word = |at| ng.order.u32(head, at).unwrap_or_default();
        let ticks = u64::from(word(4)) << 32 | u64::from(word(8));
        let place = Place { number: word(0), ticks, kept: word(12), orig: word(16), drops: None };
        self.packet(ng, place, rest)
    }

    fn obsolete<'a>(&mut self, ng: Ng, body: &'a [u8]) -> Result<Item<'a>, Why> {
        let (head, rest) = body.split_first_chunk::<20>().ok_or(Why::Length)?;
        let word = |at| ng.order.u32(head, at).unwrap_or_default();
        let short = |at| ng.order.u16(head, at).unwrap_or_default();
        let ticks = u64::from(word(4)) << 32 | u64::from(word(8));
        // all ones: it was not counted
        let drops = Some(short(2)).filter(|drops| *drops != u16::MAX);
        let place = Place { number: u32::from(short(0)), ticks, kept: word(12), orig: word(16), drops };
        self.packet(ng, place, rest)
    }

    #[inline]
    fn packet<'a>(&mut self, ng: Ng, place: Place, rest: &'a [u8]) -> Result<Item<'a>, Why> {
        let iface = ng.base.checked_add(place.number).ok_or(Why::Interface)?;
        let interface = self.interfaces.get(iface as usize).ok_or(Why::Interface)?;
        let kept = place.kept as usize;
        let bytes = rest.get(..kept).ok_or(Why::Length)?;
        let options = rest.get(kept.next_multiple_of(4)..).unwrap_or_default();
        let ts_ns = interface.clock.nanos(place.ticks).ok_or(Why::Time)?;
        let link = interface.link;
        self.last_ns = ts_ns;
        Ok(Item::Packet(Packet {
            iface,
            ts_ns,
            link,
            orig_len: place.orig.max(place.kept),
            bytes,
            options: Options::new(options, ng.order),
            drops: place.drops,
        }))
    }

    fn simple<'a>(&mut self, ng: Ng, body: &'a [u8]) -> Result<Item<'a>, Why> {
        let interface = self.interfaces.get(ng.base as usize).ok_or(Why::Interface)?;
        let orig = ng.order.u32(body, 0).ok_or(Why::Length)?;
        let limit = if interface.snaplen == 0 { u32::MAX } else { interface.snaplen };
        let rest = body.get(4..).unwrap_or_default();
        let bytes = rest.get(..orig.min(limit) as usize).ok_or(Why::Length)?;
        let packet = Packet {
            iface: ng.base,
            ts_ns: self.last_ns,
            link: interface.link,
            orig_len: orig,
            bytes,
            options: Options::NONE,
            drops: None,
        };
        Ok(Item::Packet(packet))
    }

    fn counters<'a>(&mut self, ng: Ng, body: &'a [u8]) -> Result<Item<'a>, Why> {
        let (head, rest) = body.split_first_chunk::<12>().ok_or(Why::Length)?;
        let word = |at| ng.order.u32(head, at).unwrap_or_default();
        let iface = ng.base.checked_add(word(0)).ok_or(Why::Interface)?;
        let interface = self.interfaces.get(iface as usize).ok_or(Why::Interface)?;
        let ticks = u64::from(word(4)) << 32 | u64::from(word(8));
        let ts_ns = interface.clock.nanos(ticks).ok_or(Why::Time)?;
        Ok(Item::Stats { iface, ts_ns, options: Options::new(rest, ng.order) })
    }
}

/// The fixed part of a packet block.
struct Place {
    number: u32,
    ticks: u64,
    kept: u32,
    orig: u32,
    drops: Option<u16>,
}

fn secrets(ng: Ng, body: &[u8]) -> Option<Item<'_>> {
    let kind = ng.order.u32(body, 0)?;
    let len = ng.order.u32(body, 4)? as usize;
    let data = body.get(8..)?.get(..len)?;
    Some(Item::Secrets { kind, data })
}

const INTERFACE: u32 = 1;
const PACKET: u32 = 2;
const SIMPLE: u32 = 3;
const NAMES: u32 = 4;
const STATS: u32 = 5;
const ENHANCED: u32 = 6;
const SECRETS: u32 = 10;
const CUSTOM: u32 = 0x0bad;
const CUSTOM_KEPT: u32 = 0x4000_0bad;
/// The longest block that is believed while looking for the end of damage.
const BELIEVED: usize = 1 << 20;
