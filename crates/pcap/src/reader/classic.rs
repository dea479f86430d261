//! Classic pcap: one header, then records.
//!
//! Format: draft-ietf-opsawg-pcap. The "modified" form (magic `a1b2cd34`) has eight more bytes in each record header.

use super::{LONGEST, Reader, Try};
use crate::reader::scan::Believe;
use crate::{Interface, Item, LinkType, Options, Order, Packet, Refused, Why};

/// Length of the file header.
pub(super) const HEADER: usize = 24;

/// How the records of a file are written.
#[derive(Clone, Copy, Debug)]
pub(super) struct Classic {
    order: Order,
    /// Nanoseconds of one unit of the fraction: 1000 or 1.
    unit: u32,
    /// Length of a record header: 16, or 24 in modified files.
    head: usize,
    /// The longest record that makes sense.
    longest: u32,
    /// Very old files have the two lengths the other way round.
    swapped: Swapped,
    link: LinkType,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Swapped {
    No,
    Yes,
    /// The smaller one is what was kept.
    Perhaps,
}

/// The fixed part of a record.
struct Record {
    seconds: u32,
    fraction: u32,
    kept: u32,
    orig: u32,
}

impl Classic {
    /// By the magic number.
    pub(super) fn of(magic: [u8; 4]) -> Option<Self> {
        let (order, unit, head) = match u32::from_be_bytes(magic) {
            0xa1b2_c3d4 => (Order::Big, 1000, 16),
            0xd4c3_b2a1 => (Order::Little, 1000, 16),
            0xa1b2_3c4d => (Order::Big, 1, 16),
            0x4d3c_b2a1 => (Order::Little, 1, 16),
            0xa1b2_cd34 => (Order::Big, 1000, 24),
            0x34cd_b2a1 => (Order::Little, 1000, 24),
            _ => return None,
        };
        Some(Self { order, unit, head, longest: PACKET, swapped: Swapped::No, link: LinkType(0) })
    }

    /// The rest of the file header.
    pub(super) fn header(mut self, header: &[u8; HEADER]) -> Result<(Self, Interface), Refused> {
        let u16_at = |at| self.order.u16(header, at).unwrap_or_default();
        let (major, minor) = (u16_at(4), u16_at(6));
        if major != 2 {
            return Err(Refused::Version(major, minor));
        }
        let snaplen = self.order.u32(header, 16).unwrap_or_default();
        let network = self.order.u32(header, 20).unwrap_or_default();
        self.swapped = match minor {
            0..=2 => Swapped::Yes,
            3 => Swapped::Perhaps,
            _ => Swapped::No,
        };
        self.longest = snaplen.clamp(PACKET, LONGEST as u32 - 1024);
        self.link = LinkType(network as u16);
        let mut interface = Interface::new(self.link);
        interface.snaplen = snaplen;
        interface.fcs_len = (network & 0x0400_0000 != 0).then_some(((network >> 28) * 2) as u8);
        Ok((self, interface))
    }

    #[inline]
    fn head_of(&self, bytes: &[u8]) -> Option<Record> {
        let head = bytes.first_chunk::<16>()?;
        let word = |at| self.order.u32(head, at).unwrap_or_default();
        let (mut kept, mut orig) = (word(8), word(12));
        if self.swapped == Swapped::Yes || (self.swapped == Swapped::Perhaps && kept > orig) {
            std::mem::swap(&mut kept, &mut orig);
        }
        Some(Record { seconds: word(0), fraction: word(4), kept, orig })
    }

    /// Whether records begin here: several in a row must make sense, and stand near the last good one in time.
    pub(super) fn believable(&self, bytes: &[u8], last: bool, last_ns: u64) -> Believe {
        let mut at = 0;
        let near = u32::try_from(last_ns / 1_000_000_000).unwrap_or(0);
        for _ in 0..CHAIN {
            let Some(rest) = bytes.get(at..).filter(|rest| rest.len() >= self.head) else {
                return match (last, bytes.len() == at && at > 0) {
                    (true, true) => Believe::Yes,
                    (true, false) => Believe::No,
                    (false, _) => Believe::Want(at + self.head),
                };
            };
            let Some(record) = self.head_of(rest) else { return Believe::No };
            let sane = record.kept > 0
                && record.kept <= self.longest
                && record.orig >= record.kept
                && record.orig <= self.longest.max(PACKET)
                && u64::from(record.fraction) * u64::from(self.unit) < 1_000_000_000
                && record.seconds > 0
                && (near == 0 || record.seconds.abs_diff(near) < DAY);
            if !sane {
                return Believe::No;
            }
            at += self.head + record.kept as usize;
            if bytes.len() < at {
                return if last { Believe::No } else { Believe::Want(at) };
            }
        }
        Believe::Yes
    }
}

impl Reader {
    #[inline]
    pub(super) fn record<'a>(&mut self, classic: Classic, input: &'a [u8]) -> Try<'a> {
        if input.len() < classic.head {
            return Try::Want(classic.head);
        }
        let Some(record) = classic.head_of(input) else { return Try::Want(classic.head) };
        if record.kept > classic.longest {
            return Try::Bad(Why::Length);
        }
        if record.kept == 0 && record.orig == 0 && record.seconds == 0 {
            return Try::Bad(Why::Zeros);
        }
        let used = classic.head + record.kept as usize;
        let Some(bytes) = input.get(classic.head..used) else { return Try::Want(used) };
        let ts_ns = u64::from(record.seconds) * 1_000_000_000 + u64::from(record.fraction) * u64::from(classic.unit);
        self.last_ns = ts_ns;
        let packet = Packet {
            iface: 0,
            ts_ns,
            link: classic.link,
            orig_len: record.orig.max(record.kept),
            bytes,
            options: Options::NONE,
            drops: None,
        };
        Try::Got(used, Item::Packet(packet))
    }
}

/// The longest packet of ordinary captures; more only where the header announces it.
const PACKET: u32 = 262_144;
/// Records in a row that must make sense before damage counts as over.
const CHAIN: usize = 3;
/// Seconds that believable records may be away from the last good one.
const DAY: u32 = 86_400;
